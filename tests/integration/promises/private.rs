//! Private: a customer receives only their own conversation, and knowing an id opens nothing.

use kefu::protocol::ServerFrame;
use serde_json::{Value, json};

use crate::{
    on_both_databases,
    support::{Client, Database, Engine, Server, token},
};

on_both_databases! {
    guessing_ids_over_the_websocket_opens_nothing
    guessing_ids_over_http_opens_nothing
    what_is_said_in_one_conversation_is_heard_in_no_other
    the_list_of_conversations_is_for_agents_only
}

/// Everything about conversation 1 that somebody might change.
const STATE: &str = "SELECT CONCAT(last_seq, ' ', customer_read_seq, ' ', agent_read_seq, ' ', status) AS t \
                     FROM conversations WHERE id = 1";

/// A customer with a conversation, and some words in it.
fn customer(server: &Server, words: &str) -> (Client, String) {
    let me = token();
    let (mut client, _) = Client::customer(server, &me, json!({}));
    client.say(None, "a-key", words);
    client.say(None, "another-key", words);
    client.everything_so_far();
    (client, me)
}

/// Everything that can be asked of a conversation.
fn questions(id: i64, reference: &str) -> Vec<Value> {
    let id = id.to_string();
    vec![
        json!({"type": "message.post", "ref": reference, "conversation": id, "client_id": "a-key", "text": "let me in"}),
        json!({"type": "message.post", "ref": reference, "conversation": id, "client_id": "new-key", "text": "let me in"}),
        json!({"type": "history", "ref": reference, "conversation": id}),
        json!({"type": "history", "ref": reference, "conversation": id, "before": 9, "limit": 1}),
        json!({"type": "history", "ref": reference, "conversation": id, "after": 0, "limit": 200}),
        json!({"type": "typing", "conversation": id, "on": true}),
        json!({"type": "read", "conversation": id, "seq": 2}),
        json!({"type": "read", "conversation": id, "seq": 0}),
    ]
}

/// The next frame as it came, but for places in the queue, which come by the clock.
fn next_but_queue(client: &mut Client) -> (String, Value) {
    loop {
        let text = client.text();
        let frame: Value = serde_json::from_str(&text).unwrap();
        if frame["type"] != "queue" {
            return (text, frame);
        }
    }
}

fn guessing_ids_over_the_websocket_opens_nothing(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let (mut first, _) = customer(&server, "a secret");
    let (mut agent, _) = Client::agent(&server, &server.sign_in(), json!({}));
    agent.say(Some("1".parse().unwrap()), "answer", "another secret");
    first.everything_so_far();
    let before = database.texts(STATE);

    let (intruder, _) = customer(&server, "mine");
    let (stranger, _) = Client::customer(&server, &token(), json!({}));
    for (mut client, own) in [(intruder, Some(2)), (stranger, None)] {
        client.everything_so_far();
        let mut errors: Vec<Vec<String>> = Vec::new();
        for id in (1..=20).filter(|id| Some(*id) != own) {
            let mut of_this = Vec::new();
            for (n, question) in questions(id, "QUESTION").into_iter().enumerate() {
                let reference = format!("{id}-{n}");
                let question = question.to_string().replace("QUESTION", &reference);
                client.send_text(&question);
                let (error, frame) = next_but_queue(&mut client);
                assert_eq!(
                    (&frame["type"], &frame["code"]),
                    (&json!("error"), &json!("conversation_not_found")),
                    "{question} {error}"
                );
                assert_eq!(frame["ref"].is_string(), question.contains("\"ref\""));
                of_this.push(error.replace(&reference, "QUESTION"));
            }
            errors.push(of_this);
        }
        // 1 exists and belongs to somebody else, all the others do not exist.
        for other in &errors {
            assert_eq!(other, &errors[0], "a foreign id and an unknown one differ");
        }
        client.leave();
    }
    let after = database.texts(STATE);
    assert_eq!(before, after);
    assert_eq!(
        database.messages().len(),
        4 + 2,
        "one is the event of taking"
    );
    assert_eq!(first.everything_so_far(), [], "they notice nothing");
}

fn guessing_ids_over_http_opens_nothing(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let (_first, owner) = customer(&server, "a secret");
    let (_intruder, intruder) = customer(&server, "mine");
    let stranger = token();
    for path in [
        "",
        "/messages",
        "/messages?after=0&limit=200",
        "/messages?before=9",
    ] {
        let address = |id: i64| format!("/api/v1/conversations/{id}{path}");
        for (who, own) in [(&intruder, 2), (&stranger, 0)] {
            let foreign = server.get(&address(1), who);
            for id in (1..=20).filter(|id| *id != own) {
                let answer = server.get(&address(id), who);
                assert_eq!(
                    (answer.status, answer.code()),
                    (404, "conversation_not_found")
                );
                assert_eq!(answer.body, foreign.body, "{id}");
            }
        }
        for header in [
            None,
            Some("Bearer garbage"),
            Some("Bearer "),
            Some("Basic YTpi"),
            Some("garbage"),
        ] {
            let headers: Vec<_> = header
                .iter()
                .map(|value| ("authorization", *value))
                .collect();
            for id in [1, 2, 20] {
                let answer = server.http("GET", &address(id), &headers, None);
                assert_eq!(
                    (answer.status, answer.code()),
                    (401, "not_signed_in"),
                    "{header:?}"
                );
            }
        }
        // A token belongs into the header, where no log and no history keeps it.
        let sep = if path.contains('?') { '&' } else { '?' };
        let in_address = format!("{}{sep}token={owner}", address(1));
        assert_eq!(server.http("GET", &in_address, &[], None).status, 401);
        let with_cookie = format!("kefu_session={owner}");
        let answer = server.http("GET", &address(1), &[("cookie", &with_cookie)], None);
        assert_eq!((answer.status, answer.code()), (401, "not_signed_in"));
        assert_eq!(
            server.get(&address(1), &owner).status,
            200,
            "one's own opens"
        );
    }
}

fn what_is_said_in_one_conversation_is_heard_in_no_other(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let (mut first, _) = customer(&server, "a secret");
    let (mut second, _) = customer(&server, "mine");
    let (mut stranger, _) = Client::customer(&server, &token(), json!({}));
    let (mut agent, _) = Client::agent(&server, &server.sign_in(), json!({}));
    for client in [&mut first, &mut second, &mut stranger] {
        client.everything_so_far();
    }
    let conversation = "1".parse().unwrap();
    for n in 0..10 {
        first.say(None, &format!("c{n}"), "a secret");
        agent.say(Some(conversation), &format!("a{n}"), "a secret");
        agent.send(&json!({"type": "typing", "conversation": "1", "on": true}));
        first.send(&json!({"type": "typing", "conversation": "1", "on": true}));
        agent.send(&json!({"type": "read", "conversation": "1", "seq": 3}));
        first.send(&json!({"type": "read", "conversation": "1", "seq": 3}));
    }
    agent.everything_so_far();
    let heard = first.everything_so_far();
    assert!(
        heard
            .iter()
            .any(|frame| matches!(frame, ServerFrame::Typing { .. }))
    );
    assert_eq!(second.everything_so_far(), []);
    assert_eq!(stranger.everything_so_far(), []);
}

fn the_list_of_conversations_is_for_agents_only(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let (_first, owner) = customer(&server, "a secret");
    let bearer = server.sign_in();
    let path = "/api/v1/conversations";
    for who in [owner.as_str(), &token(), "garbage"] {
        let answer = server.get(path, who);
        assert_eq!((answer.status, answer.code()), (401, "not_signed_in"));
    }
    let answer = server.http("GET", path, &[], None);
    assert_eq!((answer.status, answer.code()), (401, "not_signed_in"));
    let cookie = format!("kefu_session={bearer}");
    for answer in [
        server.get(path, &bearer),
        server.http("GET", path, &[("cookie", &cookie)], None),
    ] {
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body["conversations"].as_array().unwrap().len(), 1);
    }
    // Agents read every conversation, too.
    for path in [
        "/api/v1/conversations/1",
        "/api/v1/conversations/1/messages",
    ] {
        assert_eq!(server.get(path, &bearer).status, 200);
    }
}
