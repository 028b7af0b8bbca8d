//! What is past its time goes, and nothing else; what is under a hold stays whatever the rules say.

use serde_json::{Value, json};

use crate::{
    audit::{call, entries},
    files::{posted, send},
    on_both_databases,
    settings::put,
    support::{Client, Database, Engine, Server, token},
};

on_both_databases! {
    what_is_past_its_time_goes_with_all_that_hangs_on_it_and_the_rest_stays
    a_dry_run_counts_the_same_and_deletes_nothing
    a_hold_keeps_a_conversation_and_is_told_in_the_log
    a_long_conversation_goes_in_small_steps
    one_process_at_a_time_runs_it
    only_admins_decide_what_is_kept
}

/// A customer with one message in one conversation, of this age and standing.
fn conversation(server: &Server, database: &Database, status: &str, days: u32) -> (String, i64) {
    let mine = token();
    let (mut client, _) = Client::customer(server, &mine, json!({}));
    client.say(None, "first", "hello");
    let id = database.count("SELECT MAX(id) AS n FROM conversations");
    age(database, id, status, days);
    (mine, id)
}

fn age(database: &Database, id: i64, status: &str, days: u32) {
    let at = chrono::Utc::now() - chrono::TimeDelta::days(i64::from(days));
    let at = at.format("%Y-%m-%d %H:%M:%S.000");
    database.execute(&format!(
        "UPDATE conversations SET status = '{status}', last_message_at = '{at}', \
         current_of = CASE WHEN '{status}' = 'closed' THEN NULL ELSE current_of END WHERE id = {id}"
    ));
}

fn run(server: &Server, more: &[&str]) -> String {
    let arguments = [&["retention", "run"], more].concat();
    let done = server.command(&arguments, "");
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).unwrap()
}

fn ids(database: &Database) -> Vec<i64> {
    let query = "SELECT CAST(id AS CHAR) AS t FROM conversations ORDER BY id";
    let texts = database.texts(query).into_iter();
    texts.map(|id| id.unwrap().parse().unwrap()).collect()
}

fn rules(server: &Server, admin: &str, rules: Value) {
    let answer = put(server, admin, "retention", 0, json!({"rules": rules}));
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn what_is_past_its_time_goes_with_all_that_hangs_on_it_and_the_rest_stays(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let (mine, old) = conversation(&server, &database, "open", 0);
    let file = send(&server, &mine, "a.txt", b"words");
    let file = file.body["file"]["id"].as_str().unwrap().to_owned();
    let (mut client, _) = Client::customer(&server, &mine, json!({}));
    posted(&mut client, json!({"client_id": "f", "file": file})).unwrap();
    let tag = |id: i64, name: &str| {
        let path = format!("/conversations/{id}/tags");
        let answer = call(&server, "POST", &path, &admin, Some(&json!({"name": name})));
        assert_eq!(answer.status, 200, "{}", answer.body);
    };
    tag(old, "gone");
    database.execute(&format!(
        "INSERT INTO ratings (conversation_id, score, comment, rated_at, changed_at) \
         VALUES ({old}, 5, 'good', '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
    ));
    age(&database, old, "closed", 400);
    let (_, young) = conversation(&server, &database, "closed", 100);
    let (_, open) = conversation(&server, &database, "open", 400);
    let (_, vip) = conversation(&server, &database, "closed", 400);
    tag(vip, "VIP");
    let (_, spam) = conversation(&server, &database, "closed", 10);
    tag(spam, "spam");
    assert_eq!(
        run(&server, &[]),
        "deleted 0 conversations with 0 messages and 0 files (0 bytes)\n"
    );
    rules(
        &server,
        &admin,
        json!([{"tag": "vip", "days": null}, {"tag": "spam", "days": 7}, {"days": 365}]),
    );
    let done = run(&server, &[]);
    assert_eq!(
        done,
        "deleted 2 conversations with 3 messages and 1 files (5 bytes)\n"
    );
    assert_eq!(ids(&database), [young, open, vip]);
    for table in ["ratings", "files"] {
        assert_eq!(
            database.count(&format!("SELECT COUNT(*) AS n FROM {table}")),
            0
        );
    }
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM messages"), 3);
    assert_eq!(
        database.texts("SELECT name AS t FROM tags"),
        [Some("VIP".to_owned())]
    );
    let folder = std::fs::read_dir(database.folder().join("files")).unwrap();
    let left = folder
        .filter(|entry| entry.as_ref().unwrap().file_name() == *file)
        .count();
    assert_eq!(left, 0, "the bytes went, too");
    let told = entries(&server, &admin, "&action=retention_ran");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["details"]["conversations"], 2);
    // The customer is not stuck.
    let (mut client, _) = Client::customer(&server, &mine, json!({}));
    client.say(None, "again", "hello again");
}

fn a_dry_run_counts_the_same_and_deletes_nothing(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    for _ in 0..3 {
        conversation(&server, &database, "closed", 40);
    }
    let ask = |body: Value| call(&server, "POST", "/retention/dry-run", &admin, Some(&body));
    let none = json!({"conversations": 0, "messages": 0, "files": 0, "bytes": 0});
    assert_eq!(ask(json!({})).body["would_delete"], none);
    let three = json!({"conversations": 3, "messages": 3, "files": 0, "bytes": 0});
    assert_eq!(
        ask(json!({"rules": [{"days": 30}]})).body["would_delete"],
        three
    );
    assert_eq!(
        ask(json!({"rules": [{"days": 50}]})).body["would_delete"],
        none
    );
    let refused = ask(json!({"rules": [{"days": 0}]}));
    assert_eq!((refused.status, refused.code()), (400, "setting_invalid"));
    rules(&server, &admin, json!([{"days": 30}]));
    let would = run(&server, &["--dry-run"]);
    assert_eq!(
        would,
        "would delete 3 conversations with 3 messages and 0 files (0 bytes)\n"
    );
    assert_eq!(ids(&database).len(), 3);
}

fn a_hold_keeps_a_conversation_and_is_told_in_the_log(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let (_, id) = conversation(&server, &database, "closed", 40);
    rules(&server, &admin, json!([{"days": 30}]));
    let path = format!("/conversations/{id}/hold");
    let body = json!({"reason": "a lawsuit"});
    assert_eq!(call(&server, "PUT", &path, &admin, Some(&body)).status, 204);
    assert_eq!(
        call(&server, "PUT", &path, &admin, Some(&body)).status,
        204,
        "said twice"
    );
    let held = call(&server, "GET", "/holds", &admin, None);
    assert_eq!(held.body["holds"][0]["conversation"], id.to_string());
    assert_eq!(held.body["holds"][0]["reason"], "a lawsuit");
    let told = call(&server, "GET", &path, &admin, None);
    assert_eq!(told.body["hold"], held.body["holds"][0]);
    run(&server, &[]);
    assert_eq!(ids(&database), [id]);
    assert_eq!(call(&server, "DELETE", &path, &admin, None).status, 204);
    let told = call(&server, "GET", &path, &admin, None);
    assert_eq!(told.body, json!({"hold": null}));
    run(&server, &[]);
    assert!(ids(&database).is_empty());
    let answer = call(&server, "PUT", &path, &admin, Some(&body));
    assert_eq!(
        (answer.status, answer.code()),
        (404, "conversation_not_found")
    );
    assert_eq!(entries(&server, &admin, "&action=hold_set").len(), 2);
    let lifted = entries(&server, &admin, "&action=hold_lifted");
    assert_eq!(lifted.len(), 1);
    assert_eq!(
        lifted[0]["subject"],
        json!({"kind": "conversation", "id": id.to_string()})
    );
}

fn a_long_conversation_goes_in_small_steps(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let (_, id) = conversation(&server, &database, "closed", 40);
    let rows: Vec<_> = (2..=1_100)
        .map(|seq| format!("({id}, {seq}, 'text', 'customer', 'x', '2026-01-01 00:00:00')"))
        .collect();
    database.execute(&format!(
        "INSERT INTO messages (conversation_id, seq, kind, sender_role, text, sent_at) VALUES {}",
        rows.join(", ")
    ));
    rules(&server, &admin, json!([{"days": 30}]));
    let done = run(&server, &[]);
    assert_eq!(
        done,
        "deleted 1 conversations with 1100 messages and 0 files (0 bytes)\n"
    );
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM messages"), 0);
}

fn one_process_at_a_time_runs_it(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    conversation(&server, &database, "closed", 40);
    rules(&server, &admin, json!([{"days": 30}]));
    let lease = |ends_at: &str| {
        database.execute("DELETE FROM leases");
        database.execute(&format!(
            "INSERT INTO leases (name, holder, ends_at) VALUES ('retention', 'another', '{ends_at}')"
        ));
    };
    lease("2999-01-01 00:00:00.000");
    let done = server.command(&["retention", "run"], "");
    assert!(!done.status.success());
    assert!(String::from_utf8_lossy(&done.stderr).contains("another process"));
    assert_eq!(ids(&database).len(), 1);
    // It was killed, and its time is over.
    lease("2026-01-01 00:00:00.000");
    run(&server, &[]);
    assert!(ids(&database).is_empty());
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM leases"), 0);
}

fn only_admins_decide_what_is_kept(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let made = server.command(
        &["agent", "add", "wu", "--role", "supervisor"],
        "her-password",
    );
    assert!(made.status.success());
    let wu = server.sign_in_as("wu", "her-password");
    let (mine, id) = conversation(&server, &database, "closed", 40);
    let hold = format!("/conversations/{id}/hold");
    let reason = json!({"reason": "x"});
    for (method, path, body) in [
        ("PUT", hold.as_str(), Some(&reason)),
        ("DELETE", &hold, None),
        ("POST", "/retention/dry-run", Some(&json!({}))),
        ("POST", "/customers/1/erase", Some(&json!({"confirm": "1"}))),
        ("GET", "/customers/1/export", None),
        ("GET", "/erasures", None),
    ] {
        let refused = call(&server, method, path, &wu, body);
        assert_eq!(
            (refused.status, refused.code()),
            (403, "forbidden"),
            "{path}"
        );
        let refused = call(&server, method, path, &mine, body);
        assert_eq!(
            (refused.status, refused.code()),
            (401, "not_signed_in"),
            "{path}"
        );
    }
    assert_eq!(entries(&server, &admin, "&action=refused").len(), 12);
    for path in ["/holds", "/conversations/1/hold"] {
        assert_eq!(call(&server, "GET", path, &wu, None).status, 200);
    }
    for reason in [
        json!({"reason": " "}),
        json!({"reason": "x".repeat(501)}),
        json!({}),
    ] {
        let refused = call(&server, "PUT", &hold, &admin, Some(&reason));
        assert_eq!((refused.status, refused.code()), (400, "bad_request"));
    }
}
