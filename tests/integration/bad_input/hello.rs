//! The first frame.

use kefu::protocol::ServerFrame;
use serde_json::{Map, Value, json};

use super::{customer, server};
use crate::support::{Client, token};

#[test]
fn a_hello_that_is_refused_may_be_said_again() {
    let (server, _database) = server();
    let mine = token();
    let hello = |field: &str, value: Value| {
        let mut hello = json!({"type": "hello", "as": "customer", "token": mine});
        hello[field] = value;
        hello
    };
    let resume = |value: Value| hello("resume", value);
    let many: Map<String, Value> = (1..=1_001).map(|n| (n.to_string(), json!(0))).collect();
    let long = |chars| json!("é".repeat(chars));
    for (frame, code) in [
        (json!({"type": "hello"}), "bad_request"),
        (json!({"type": "hello", "as": "customer"}), "token_invalid"),
        (hello("as", json!(null)), "bad_request"),
        (hello("as", json!("Customer")), "bad_request"),
        (hello("as", json!("admin")), "bad_request"),
        (hello("as", json!(["customer"])), "bad_request"),
        (hello("as", json!({"customer": null})), "bad_request"),
        (hello("token", json!(null)), "token_invalid"),
        (hello("token", json!("")), "token_invalid"),
        (hello("token", json!(mine[1..])), "token_invalid"),
        (hello("token", json!(format!("{mine}A"))), "token_invalid"),
        (hello("token", json!("=".repeat(43))), "token_invalid"),
        (hello("token", json!("+".repeat(43))), "token_invalid"),
        (hello("token", json!("é".repeat(43))), "token_invalid"),
        // The last character holds two bits that must be zero: one token has one spelling.
        (
            hello("token", json!(format!("{}B", "A".repeat(42)))),
            "token_invalid",
        ),
        (hello("token", json!(7)), "bad_request"),
        (hello("token", json!([mine])), "bad_request"),
        (resume(json!([])), "bad_request"),
        (resume(json!("1")), "bad_request"),
        (resume(json!(7)), "bad_request"),
        (resume(json!({"": 1})), "bad_request"),
        (resume(json!({"0": 1})), "bad_request"),
        (resume(json!({"01": 1})), "bad_request"),
        (resume(json!({"x": 1})), "bad_request"),
        (resume(json!({"1": -1})), "bad_request"),
        (resume(json!({"1": 1.5})), "bad_request"),
        (resume(json!({"1": "1"})), "bad_request"),
        (resume(json!({"1": null})), "bad_request"),
        (resume(json!({"1": {}})), "bad_request"),
        (resume(Value::Object(many)), "bad_request"),
        (hello("page", long(2_001)), "bad_request"),
        (hello("page", json!("a\0")), "bad_request"),
        (hello("page", json!(7)), "bad_request"),
        (hello("language", long(36)), "bad_request"),
        (hello("language", json!(["en"])), "bad_request"),
        (
            json!({"type": "typing", "conversation": "1", "on": true}),
            "hello_expected",
        ),
        (
            json!({"type": "read", "conversation": "1", "seq": 1}),
            "hello_expected",
        ),
        (
            json!({"type": "history", "ref": "r", "conversation": "1"}),
            "hello_expected",
        ),
        (
            json!({"type": "message.post", "ref": "r", "client_id": "a", "text": "x"}),
            "hello_expected",
        ),
        (json!({"type": "nonsense"}), "unknown_type"),
        (json!([]), "bad_json"),
    ] {
        let mut client = Client::connect(&server);
        client.send(&frame);
        let (reference, seen) = client.error();
        assert_eq!(seen, code, "{frame}");
        assert_eq!(reference.as_deref(), frame["ref"].as_str(), "{frame}");
        client.send(&json!({"type": "ping"}));
        assert_eq!(client.frame(), ServerFrame::Pong, "{frame}");
        client.send(&hello("page", long(2_000)));
        client.welcome();
        client.say(None, "same", "hello");
    }
}

#[test]
fn an_agent_whom_nobody_knows_is_sent_away() {
    let (server, _database) = server();
    for token in [json!(null), json!(""), json!("abc"), json!(token())] {
        let mut client = Client::connect(&server);
        client.send(&json!({"type": "hello", "as": "agent", "token": token}));
        assert_eq!(client.error().1, "not_signed_in", "{token}");
        assert_eq!(client.closed().0, 4500, "{token}");
    }
}

#[test]
fn what_resume_names_may_not_be_there() {
    let (server, _database) = server();
    let (mut other, me) = (customer(&server), token());
    other.say(None, "first", "a secret");
    let names: Map<String, Value> = (1..=1_000).map(|n| (n.to_string(), json!(0))).collect();
    let (mut client, welcome) = Client::customer(&server, &me, Value::Object(names));
    assert!(welcome.conversations.is_empty());
    for _ in 0..1_000 {
        assert_eq!(client.error().1, "conversation_not_found");
    }
    client.until(|frame| matches!(frame, ServerFrame::Resumed).then_some(()));
    client.say(None, "first", "hello");
    client.leave();
    // More than there is: the rest comes when it is there.
    let (mut client, _) = Client::customer(&server, &me, json!({"2": i64::MAX}));
    client.say(None, "second", "hello again");
    assert_eq!(client.until(posted), 2);
}

fn posted(frame: ServerFrame) -> Option<i64> {
    match frame {
        ServerFrame::Posted(message) => Some(message.seq.0),
        _ => None,
    }
}

#[test]
fn hello_is_said_once() {
    let (server, _database) = server();
    let mut client = customer(&server);
    for role in ["customer", "agent"] {
        client.send(&json!({"type": "hello", "as": role, "token": token()}));
        assert_eq!(client.error().1, "hello_repeated");
    }
    client.say(None, "first", "still the same");
}
