//! Pages of history, over the WebSocket and over HTTP.

use kefu::protocol::{HistoryView, ServerFrame};
use serde_json::{Value, json};

use crate::{
    on_both_databases,
    support::{Client, Database, Engine, Server, token},
};

on_both_databases! {
    pages_of_history_are_right_at_every_edge
    walking_back_through_history_finds_every_message_once
}

const MESSAGES: i64 = 260;

fn history(client: &mut Client, question: &Value) -> HistoryView {
    let mut frame = json!({"type": "history", "ref": "h", "conversation": "1"});
    for (name, value) in question.as_object().unwrap() {
        frame[name] = value.clone();
    }
    client.send(&frame);
    client.until(|frame| match frame {
        ServerFrame::History(history) => Some(history),
        ServerFrame::Error(error) => panic!("{error:?}"),
        _ => None,
    })
}

fn pages_of_history_are_right_at_every_edge(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    customer.say_many(None, "m", usize::try_from(MESSAGES).unwrap());
    // What is asked; the first and the last that come (0, 0: none); whether there is more.
    for (question, first, last, more) in [
        (json!({}), 211, 260, true),
        (json!({"limit": 1}), 260, 260, true),
        (json!({"limit": 200}), 61, 260, true),
        (
            json!({"before": null, "after": null, "limit": null}),
            211,
            260,
            true,
        ),
        (json!({"before": 261, "limit": 2}), 259, 260, true),
        (json!({"before": 260, "limit": 2}), 258, 259, true),
        (json!({"before": i64::MAX, "limit": 2}), 259, 260, true),
        (json!({"before": 52}), 2, 51, true),
        (json!({"before": 51}), 1, 50, false),
        (json!({"before": 3, "limit": 2}), 1, 2, false),
        (json!({"before": 4, "limit": 2}), 2, 3, true),
        (json!({"before": 2}), 1, 1, false),
        (json!({"before": 1}), 0, 0, false),
        (json!({"before": 0}), 0, 0, false),
        (json!({"after": 0, "limit": 2}), 1, 2, true),
        (json!({"after": 210}), 211, 260, false),
        (json!({"after": 209}), 210, 259, true),
        (json!({"after": 60, "limit": 200}), 61, 260, false),
        (json!({"after": 59, "limit": 200}), 60, 259, true),
        (json!({"after": 259}), 260, 260, false),
        (json!({"after": 260}), 0, 0, false),
        (json!({"after": i64::MAX}), 0, 0, false),
    ] {
        let expected: Vec<i64> = (first..=last).filter(|seq| *seq > 0).collect();
        let page = history(&mut customer, &question);
        let seqs: Vec<i64> = page.messages.iter().map(|message| message.seq.0).collect();
        assert_eq!((seqs, page.more), (expected, more), "{question}");
        assert_eq!((page.reference.as_str(), page.conversation.0), ("h", 1));

        let query: Vec<String> = (question.as_object().unwrap().iter())
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let path = format!("/api/v1/conversations/1/messages?{}", query.join("&"));
        let over_http = server.get(&path, &me).body;
        let same = json!({"messages": page.messages, "more": page.more});
        assert_eq!(over_http, same, "{path}");
    }
}

fn walking_back_through_history_finds_every_message_once(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    customer.say_many(None, "m", usize::try_from(MESSAGES).unwrap());
    let mut found = Vec::new();
    let mut before = json!(null);
    for page in 0.. {
        // What is new meanwhile does not move the pages.
        customer.say(None, &format!("new-{page}"), "hello");
        let question = json!({"before": before, "limit": 7});
        let HistoryView { messages, more, .. } = history(&mut customer, &question);
        assert!(messages.is_sorted_by_key(|message| message.seq));
        found.extend(messages.iter().rev().map(|message| message.seq.0));
        before = json!(messages[0].seq);
        if !more {
            break;
        }
    }
    let expected: Vec<i64> = (1..=MESSAGES + 1).rev().collect();
    assert_eq!(found, expected);
}
