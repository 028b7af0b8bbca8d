//! Search over HTTP.

use kefu::protocol::HitView;
use serde_json::json;

use super::{colleague, refused};
use crate::{
    on_both_databases,
    support::{Client, Database, Engine, Server, token},
};

on_both_databases! {
    an_agent_finds_what_was_said_and_noted
    what_cannot_be_searched_for_is_refused
    a_customer_finds_nothing
}

/// `search?` with what cannot stand in an address written as it must be.
fn path(q: &str, more: &str) -> String {
    let words: String = q.bytes().flat_map(percent).collect();
    format!("/api/v1/search?q={words}{more}")
}

fn percent(byte: u8) -> [char; 3] {
    let digit = |n: u8| char::from_digit(n.into(), 16).unwrap();
    ['%', digit(byte >> 4), digit(byte & 15)]
}

fn find(server: &Server, bearer: &str, q: &str) -> Vec<HitView> {
    let answer = server.get(&path(q, ""), bearer);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.body["next"], json!(null));
    serde_json::from_value(answer.body["hits"].clone()).unwrap()
}

fn an_agent_finds_what_was_said_and_noted(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let li = colleague(&server, "li");
    let (mut asker, _) = Client::customer(&server, &token(), json!({}));
    let (id, ..) = asker.say(None, "c1", "我的 <b>订单</b> 什么时候发货？");
    let (mut agent, _) = Client::agent(&server, &server.sign_in(), json!({}));
    agent.send(&json!({
        "type": "message.post", "ref": "n", "conversation": id, "client_id": "n1",
        "text": "Called twice", "kind": "note",
    }));
    agent.until(|frame| match frame {
        kefu::protocol::ServerFrame::Accepted { .. } => Some(()),
        _ => None,
    });
    let hits = find(&server, &li, "订单");
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].conversation.id, id);
    assert_eq!(hits[0].message.as_ref().unwrap().seq.0, 1);
    let pieces: Vec<_> = (hits[0].excerpt.iter())
        .map(|piece| (piece.text.as_str(), piece.hit))
        .collect();
    let expected = [
        ("我的 <b>", false),
        ("订单", true),
        ("</b> 什么时候发货？", false),
    ];
    assert_eq!(pieces, expected);
    let hits = find(&server, &li, "TWICE called");
    assert_eq!(hits[0].message.as_ref().unwrap().kind, "note");
    assert_eq!(find(&server, &li, "nothing").len(), 0);
}

fn what_cannot_be_searched_for_is_refused(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let li = colleague(&server, "li");
    let long = "x".repeat(101);
    for (q, more) in [
        ("", ""),
        (" ", ""),
        (long.as_str(), ""),
        ("1 2 3 4 5 6", ""),
        ("a", "&limit=51"),
        ("a", "&limit=0"),
        ("a", "&before=yesterday"),
        ("a", "&from=1"),
    ] {
        let answer = server.get(&path(q, more), &li);
        assert_eq!(refused(&answer), (400, "bad_request"), "{q} {more}");
    }
    let without = server.get("/api/v1/search", &li);
    assert_eq!(refused(&without), (400, "bad_request"));
}

fn a_customer_finds_nothing(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let asker = token();
    let (mut client, _) = Client::customer(&server, &asker, json!({}));
    client.say(None, "c1", "hello");
    for bearer in [asker.as_str(), ""] {
        let answer = server.get(&path("hello", ""), bearer);
        assert_eq!(refused(&answer), (401, "not_signed_in"));
    }
}
