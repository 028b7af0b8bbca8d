//! The history over HTTP, for those who review.

use kefu::protocol::ReviewedView;
use serde_json::json;

use crate::{
    on_both_databases,
    support::{Client, Database, Engine, Server, token},
};

on_both_databases! {
    a_supervisor_finds_and_reads_without_taking
    every_bad_filter_is_answered_by_what_is_allowed
    agents_and_customers_get_nothing
}

const PASSWORD: &str = "a long password";

fn account(server: &Server, username: &str, role: &str) -> String {
    let made = server.command(&["agent", "add", username, "--role", role], PASSWORD);
    assert!(made.status.success(), "{made:?}");
    server.sign_in_as(username, PASSWORD)
}

fn rows(server: &Server, bearer: &str, query: &str) -> Vec<ReviewedView> {
    let answer = server.get(&format!("/api/v1/history{query}"), bearer);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    serde_json::from_value(answer.body["rows"].clone()).unwrap()
}

fn a_supervisor_finds_and_reads_without_taking(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let su = account(&server, "su", "supervisor");
    let (mut asker, _) = Client::customer(&server, &token(), json!({}));
    let (id, ..) = asker.say(None, "c1", "我的 <b>订单</b> 什么时候发货？");
    let (second, ..) = Client::customer(&server, &token(), json!({}))
        .0
        .say(None, "c2", "refund");
    let all = rows(&server, &su, "");
    let ids: Vec<_> = all.iter().map(|row| row.conversation.id).collect();
    assert_eq!(ids, [second, id]);
    assert_eq!((all[0].messages, &all[0].rating), (1, &None));
    let found = rows(
        &server,
        &su,
        "?status=waiting&agent=none&q=%E8%AE%A2%E5%8D%95",
    );
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .excerpt
            .iter()
            .any(|piece| piece.hit && piece.text == "订单")
    );
    let first = server.get("/api/v1/history?limit=1", &su);
    let next = first.body["next"].as_str().unwrap();
    let rest = rows(&server, &su, &format!("?limit=1&before={next}"));
    assert_eq!(rest[0].conversation.id, id);
    let read = server.get(&format!("/api/v1/conversations/{id}/messages"), &su);
    assert_eq!(read.status, 200);
    assert_eq!(read.body["messages"][0]["seq"], 1);
    assert_eq!(
        rows(&server, &su, "?status=waiting").len(),
        2,
        "nobody took it"
    );
}

fn every_bad_filter_is_answered_by_what_is_allowed(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let su = server.sign_in();
    for (query, named) in [
        ("from=yesterday", "from must be a date"),
        ("to=2026-11-23T08:00:00", "to must be a date"),
        ("from=2026-11-23&to=2026-11-22", "to must be later"),
        ("tz=Mars", "tz must be an IANA"),
        ("agent=li", "agent must be the id"),
        ("customer=Ana", "customer must be the id"),
        ("customer_text=", "customer_text must be 1 to 5"),
        ("status=done", "status must be waiting, open or closed"),
        ("tag=refund", "tag must be the id"),
        ("rating=0", "rating must be 1 to 5"),
        ("q=%20", "q must be 1 to 5"),
        ("limit=101", "limit must be from 1 to 100"),
        ("before=x", "before must be"),
        ("color=red", "only from, to, tz"),
    ] {
        let answer = server.get(&format!("/api/v1/history?{query}"), &su);
        assert_eq!(
            (answer.status, answer.code()),
            (400, "bad_request"),
            "{query}"
        );
        let message = answer.body["message"].as_str().unwrap();
        assert!(message.starts_with(named), "{query}: {message}");
    }
}

fn agents_and_customers_get_nothing(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let li = account(&server, "li", "agent");
    let refused = server.get("/api/v1/history", &li);
    assert_eq!((refused.status, refused.code()), (403, "forbidden"));
    for bearer in [token().as_str(), ""] {
        let refused = server.get("/api/v1/history", bearer);
        assert_eq!((refused.status, refused.code()), (401, "not_signed_in"));
    }
}

#[test]
fn who_reads_a_transcript_or_exports_is_in_the_audit_log() {
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let (id, ..) = Client::customer(&server, &token(), json!({}))
        .0
        .say(None, "c1", "secret words");
    let page = server.get(&format!("/api/v1/history/{id}/messages"), &admin);
    assert_eq!(page.body["messages"][0]["text"], "secret words");
    server.get(&format!("/api/v1/history/{id}/messages?after=1"), &admin);
    server.get("/api/v1/history/nonsense/messages", &admin);
    server.get(
        "/api/v1/history/export?format=csv&q=secret&status=open",
        &admin,
    );
    let log = server.get("/api/v1/audit", &admin);
    let of = |action: &str| {
        let entries = log.body["entries"].as_array().unwrap().iter();
        let found: Vec<_> = entries.filter(|one| one["action"] == action).collect();
        assert_eq!(found.len(), 1, "{action}: {}", log.body);
        found[0].clone()
    };
    assert_eq!(of("transcript_read")["subject"]["id"], id.to_string());
    let exported = of("exported")["details"].clone();
    assert_eq!(
        exported,
        json!({"format": "csv", "filter": ["status=open", "q"]})
    );

    // Whoever comes for a later page of what they have not begun is there as well.
    let li = account(&server, "li", "supervisor");
    for query in ["after=1", "before=2"] {
        server.get(&format!("/api/v1/history/{id}/messages?{query}"), &li);
    }
    let part = kefu::export::ExportCursor::default();
    let export = format!("/api/v1/history/export?format=jsonl&part={part}");
    assert_eq!(server.get(&export, &li).status, 200);
    let log = server.get("/api/v1/audit", &admin);
    let of_li = |action: &str| {
        let entries = log.body["entries"].as_array().unwrap().iter();
        entries
            .filter(|one| one["username"] == "li" && one["action"] == action)
            .count()
    };
    assert_eq!(
        (of_li("transcript_read"), of_li("exported")),
        (1, 1),
        "{}",
        log.body
    );

    // The page begins with what comes after nothing.
    let beginning = format!("/api/v1/history/{id}/messages?limit=200&after=0");
    assert_eq!(server.get(&beginning, &admin).status, 200);
    let read = server.get("/api/v1/audit?action=transcript_read", &admin);
    assert_eq!(read.body["entries"].as_array().unwrap().len(), 3);
}
