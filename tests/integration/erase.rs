//! A customer is erased: what they said and were is gone, the rows stay; and what is held on one is taken out.

use serde_json::{Value, json};

use crate::{
    audit::{call, entries},
    files::{posted, send},
    on_both_databases,
    support::{Client, Database, Engine, Server, token},
};

on_both_databases! {
    nothing_that_a_customer_said_or_was_is_left_and_every_row_stays
    an_erased_customer_is_out_and_comes_back_as_somebody_new
    what_cannot_be_erased_is_refused_and_stays
    an_export_holds_what_the_customer_saw_and_ends_as_a_whole
}

struct Ana {
    token: String,
    id: String,
    client: Client,
    conversation: i64,
    file: String,
}

/// Somebody of whom everything is known, with a note about them and an agent's answer.
fn ana(server: &Server, database: &Database, admin: &str) -> Ana {
    let mine = token();
    let (mut client, _) = Client::customer(server, &mine, json!({}));
    client.say(None, "first", "SECRET words");
    let file = send(server, &mine, "SECRET.txt", b"SECRET bytes");
    let file = file.body["file"]["id"].as_str().unwrap().to_owned();
    posted(&mut client, json!({"client_id": "f", "file": file})).unwrap();
    let conversation = database.count("SELECT MAX(id) AS n FROM conversations");
    let (mut agent, _) = Client::agent(server, admin, json!({}));
    let conversation_id = conversation.to_string();
    for (client_id, kind) in [("a", "text"), ("n", "note")] {
        let more = json!({
            "conversation": conversation_id, "client_id": client_id,
            "text": "SECRET answer", "kind": kind,
        });
        posted(&mut agent, more).unwrap();
    }
    let id = database.count("SELECT MAX(id) AS n FROM customers");
    database.execute(&format!(
        "UPDATE customers SET name = 'SECRET', email = 'SECRET@x', external_id = 'SECRET', \
         page = 'SECRET', language = 'SECRET', user_agent = 'SECRET', attributes = '{{\"a\":\"SECRET\"}}' \
         WHERE id = {id}"
    ));
    database.execute(&format!(
        "INSERT INTO ratings (conversation_id, score, comment, rated_at, changed_at) \
         VALUES ({conversation}, 2, 'SECRET', '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
    ));
    Ana {
        token: mine,
        id: id.to_string(),
        client,
        conversation,
        file,
    }
}

fn close(database: &Database, id: i64) {
    database.execute(&format!(
        "UPDATE conversations SET status = 'closed', current_of = NULL, waiting_since = NULL WHERE id = {id}"
    ));
}

fn erase(server: &Server, admin: &str, id: &str) -> crate::support::Answer {
    let path = format!("/customers/{id}/erase");
    call(server, "POST", &path, admin, Some(&json!({"confirm": id})))
}

fn nothing_that_a_customer_said_or_was_is_left_and_every_row_stays(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let ana = ana(&server, &database, &admin);
    let (mut other, _) = Client::customer(&server, &token(), json!({}));
    other.say(None, "o", "somebody else's words");
    close(&database, ana.conversation);
    let before = database.messages();
    let answer = erase(&server, &admin, &ana.id);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let receipt = &answer.body["receipt"];
    assert_eq!(receipt["customer"], ana.id);
    assert_eq!(receipt["by"]["name"], "Admin");
    assert_eq!(receipt["files"], 1);
    assert_eq!(receipt["bytes"], 12);
    let after = database.messages();
    let place = |rows: &[crate::support::Row]| {
        let places = rows
            .iter()
            .map(|row| (row.conversation_id, row.seq, row.sender_id));
        places.collect::<Vec<_>>()
    };
    assert_eq!(place(&after), place(&before), "every row stays");
    assert_eq!(after.last().unwrap().text, "somebody else's words");
    for (table, column) in [
        ("messages", "text"),
        ("ratings", "comment"),
        ("customers", "name"),
        ("customers", "email"),
        ("customers", "external_id"),
        ("customers", "page"),
        ("customers", "language"),
        ("customers", "user_agent"),
        ("customers", "attributes"),
        ("audit_log", "details"),
    ] {
        let query = format!("SELECT COUNT(*) AS n FROM {table} WHERE {column} LIKE '%SECRET%'");
        assert_eq!(database.count(&query), 0, "{table}.{column}");
    }
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM files"), 0);
    assert!(!database.folder().join("files").join(&ana.file).exists());
    let erased =
        "SELECT COUNT(*) AS n FROM messages WHERE text = '[erased]' AND kind IN ('text', 'note')";
    assert_eq!(database.count(erased), 4);
    assert_eq!(
        database.count("SELECT score AS n FROM ratings"),
        2,
        "figures stay"
    );
    // The receipt can be had again, and is in the log.
    let list = call(&server, "GET", "/erasures", &admin, None);
    assert_eq!(list.body["erasures"][0], *receipt);
    let told = entries(&server, &admin, "&action=customer_erased");
    assert_eq!(
        told[0]["subject"],
        json!({"kind": "customer", "id": ana.id})
    );
    assert_eq!(told[0]["details"]["receipt"], receipt["id"]);
    // What was cut short is finished by asking again.
    assert_eq!(erase(&server, &admin, &ana.id).status, 200);
    let path = format!("/conversations/{}/messages", ana.conversation);
    let page = call(&server, "GET", &path, &admin, None);
    assert_eq!(page.body["messages"][0]["text"], "[erased]");
}

fn an_erased_customer_is_out_and_comes_back_as_somebody_new(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let mut ana = ana(&server, &database, &admin);
    close(&database, ana.conversation);
    assert_eq!(erase(&server, &admin, &ana.id).status, 200);
    let (code, _) = ana.client.closed();
    assert_eq!(code, 4500, "do not reconnect");
    let path = format!("/conversations/{}/messages", ana.conversation);
    let refused = call(&server, "GET", &path, &ana.token, None);
    assert_eq!((refused.status, refused.code()), (401, "token_ended"));
    let (mut client, _) = Client::customer(&server, &token(), json!({}));
    client.say(None, "new", "hello");
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM customers"), 2);
}

fn what_cannot_be_erased_is_refused_and_stays(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let ana = ana(&server, &database, &admin);
    let path = format!("/customers/{}/erase", ana.id);
    for body in [
        json!({}),
        json!({"confirm": "99"}),
        json!({"confirm": ana.id, "now": true}),
    ] {
        let refused = call(&server, "POST", &path, &admin, Some(&body));
        assert_eq!((refused.status, refused.code()), (400, "bad_request"));
    }
    for id in ["99", "x"] {
        let refused = erase(&server, &admin, id);
        assert_eq!(
            (refused.status, refused.code()),
            (404, "customer_not_found")
        );
    }
    let refused = erase(&server, &admin, &ana.id);
    assert_eq!((refused.status, refused.code()), (409, "conversation_open"));
    close(&database, ana.conversation);
    let hold = format!("/conversations/{}/hold", ana.conversation);
    let answer = call(
        &server,
        "PUT",
        &hold,
        &admin,
        Some(&json!({"reason": "a lawsuit"})),
    );
    assert_eq!(answer.status, 204);
    let refused = erase(&server, &admin, &ana.id);
    assert_eq!((refused.status, refused.code()), (409, "conversation_held"));
    assert_eq!(
        database.count("SELECT COUNT(*) AS n FROM messages WHERE text = '[erased]'"),
        0
    );
    assert_eq!(
        database.count("SELECT COUNT(*) AS n FROM customers WHERE name = 'SECRET'"),
        1
    );
    assert_eq!(call(&server, "DELETE", &hold, &admin, None).status, 204);
    assert_eq!(erase(&server, &admin, &ana.id).status, 200);
}

fn an_export_holds_what_the_customer_saw_and_ends_as_a_whole(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let mut ana = ana(&server, &database, &admin);
    ana.client.say_many(None, "m", 450);
    let fetch = |query: &str| -> Vec<Value> {
        let path = format!("/customers/{}/export{query}", ana.id);
        let answer = call(&server, "GET", &path, &admin, None);
        assert_eq!(answer.status, 200);
        let text = answer.body.as_str().unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let lines = fetch("");
    assert_eq!(lines[0]["customer"]["email"], "SECRET@x");
    assert_eq!(lines[1]["type"], "conversation");
    assert_eq!(lines[1]["rating"], json!({"score": 2, "comment": "SECRET"}));
    let all = database.count("SELECT COUNT(*) AS n FROM messages");
    let messages = lines
        .iter()
        .filter(|line| line["type"] == "message")
        .count();
    assert_eq!(
        i64::try_from(messages).unwrap(),
        all - 1,
        "all but the note"
    );
    assert!(lines.iter().all(|line| line["message"]["kind"] != "note"));
    let end = lines.last().unwrap();
    assert_eq!(
        *end,
        json!({"type": "end", "conversations": 1, "messages": all - 1})
    );
    let with_notes = fetch("?notes=true");
    assert_eq!(with_notes.last().unwrap()["messages"], all);
    let told = entries(&server, &admin, "&action=customer_exported");
    assert_eq!(told.len(), 2);
    assert_eq!(told[1]["details"]["notes"], true);
}
