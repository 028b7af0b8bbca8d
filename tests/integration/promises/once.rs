//! Once: a retry gets the first answer again and never makes a second message, customer or
//! conversation. And nobody leaves a trace before their first message.

use std::time::{Duration, Instant};

use kefu::{domain::ConversationId, protocol::ServerFrame};
use serde_json::json;

use crate::{
    on_both_databases,
    support::{Client, Database, Engine, Server, token},
};

on_both_databases! {
    a_retry_from_two_connections_at_once_is_stored_once
    a_retry_gets_the_first_answer_again_wherever_it_comes_from
    a_retry_with_another_text_changes_nothing
    a_key_that_somebody_else_used_in_the_conversation_is_refused
    a_first_message_that_was_cut_off_by_kill_9_is_stored_once
    two_tabs_that_write_first_at_once_end_in_one_conversation
    the_other_tab_of_a_stranger_hears_of_the_conversation_and_then_its_messages
    nobody_leaves_a_trace_before_their_first_message
}

fn a_retry_from_two_connections_at_once_is_stored_once(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let me = token();
    let (mut a, _) = Client::customer(&server, &me, json!({}));
    let (mut b, _) = Client::customer(&server, &me, json!({}));
    for round in 0..20 {
        let key = format!("key-{round}");
        let (ref_a, ref_b) = (a.post(None, &key, "hello"), b.post(None, &key, "hello"));
        let mut answers = Vec::new();
        for (client, mine) in [(&mut a, ref_a), (&mut b, ref_b)] {
            answers.push(client.until(|frame| match frame {
                ServerFrame::Accepted {
                    reference,
                    seq,
                    duplicate,
                    ..
                } if reference == mine => Some((seq.0, duplicate)),
                _ => None,
            }));
        }
        assert_eq!(answers[0].0, answers[1].0, "both hear the same seq");
        assert_ne!(answers[0].1, answers[1].1, "one of them is the repeat");
    }
    let stored = database.messages();
    assert_eq!(stored.len(), 20);
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM customers"), 1);
}

/// Posts and waits for `accepted`, whole.
fn accepted(client: &mut Client, conversation: Option<ConversationId>, key: &str) -> ServerFrame {
    let mine = client.post(conversation, key, "hello");
    client.until(|frame| match &frame {
        ServerFrame::Accepted { reference, .. } if *reference == mine => Some(frame),
        ServerFrame::Error(error) => panic!("{error:?}"),
        _ => None,
    })
}

/// Where, when, and whether it was there before; without `ref`.
fn place(frame: &ServerFrame) -> (ConversationId, i64, &str, bool) {
    match frame {
        ServerFrame::Accepted {
            conversation,
            seq,
            sent_at,
            duplicate,
            ..
        } => (*conversation, seq.0, sent_at, *duplicate),
        other => panic!("{other:?}"),
    }
}

fn a_retry_gets_the_first_answer_again_wherever_it_comes_from(engine: Engine) {
    let database = Database::new(engine);
    let mut server = Server::on(&database).start();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    customer.say(None, "before", "hello");
    let first = accepted(&mut customer, None, "key");
    customer.say(None, "after", "hello");
    let (conversation, seq, sent_at, duplicate) = place(&first);
    assert_eq!((seq, duplicate), (2, false));
    let again = (conversation, seq, sent_at, true);

    let (mut tab, _) = Client::customer(&server, &me, json!({}));
    assert_eq!(
        place(&accepted(&mut customer, None, "key")),
        again,
        "same connection"
    );
    assert_eq!(
        place(&accepted(&mut tab, Some(conversation), "key")),
        again,
        "another tab"
    );
    drop(customer);
    let (mut back, _) = Client::customer(&server, &me, json!({}));
    assert_eq!(
        place(&accepted(&mut back, None, "key")),
        again,
        "a new connection"
    );
    // Nobody was shown it a second time.
    let shown = tab.everything_so_far();
    assert!(
        !shown
            .iter()
            .any(|frame| matches!(frame, ServerFrame::Posted(_))),
        "{shown:?}"
    );
    server.crash_and_restart();
    let (mut later, _) = Client::customer(&server, &me, json!({}));
    assert_eq!(
        place(&accepted(&mut later, None, "key")),
        again,
        "a new server"
    );
    assert_eq!(database.messages().len(), 3);
}

fn a_retry_with_another_text_changes_nothing(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    let (conversation, ..) = customer.say(None, "key", "the first text");
    let again = customer.say(Some(conversation), "key", "another text");
    assert_eq!(again, (conversation, 1, true));
    let stored: Vec<String> = database
        .messages()
        .into_iter()
        .map(|row| row.text)
        .collect();
    assert_eq!(stored, ["the first text"]);
    assert_eq!(
        customer.say(None, "next", "hello").1,
        2,
        "no number was lost"
    );
}

fn a_key_that_somebody_else_used_in_the_conversation_is_refused(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    let (conversation, ..) = customer.say(None, "key", "mine");
    let (mut agent, _) = Client::agent(&server, &server.sign_in(), json!({}));
    let mine = agent.post(Some(conversation), "key", "not mine");
    assert_eq!(agent.error(), (Some(mine), "client_id_in_use".to_owned()));
    let (mut other, _) = Client::customer(&server, &token(), json!({}));
    let elsewhere = other.say(None, "key", "a key of my own");
    assert_eq!((elsewhere.1, elsewhere.2), (1, false));
    let texts: Vec<String> = database
        .messages()
        .into_iter()
        .map(|row| row.text)
        .collect();
    assert_eq!(texts, ["mine", "a key of my own"]);
}

fn a_first_message_that_was_cut_off_by_kill_9_is_stored_once(engine: Engine) {
    const ROUNDS: i64 = 6;
    let database = Database::new(engine);
    let mut server = Server::on(&database).start();
    let mut count = database.counter();
    for round in 0..ROUNDS {
        let me = token();
        let key = format!("first-{round}");
        let (mut customer, welcome) = Client::customer(&server, &me, json!({}));
        assert_eq!(welcome.conversations, []);
        customer.post(None, &key, "hello");
        let committed = round % 2 == 0;
        if committed {
            // Between the commit and whatever comes after it.
            let deadline = Instant::now() + Duration::from_secs(10);
            while count("SELECT COUNT(*) AS n FROM messages") <= round {
                assert!(Instant::now() < deadline, "it was never stored");
            }
        }
        server.crash_and_restart();
        drop(customer);
        let (mut back, _) = Client::customer(&server, &me, json!({}));
        let (conversation, seq, repeat) = back.say(None, &key, "hello");
        assert_eq!(seq, 1);
        assert!(repeat || !committed, "what was committed is found again");
        assert_eq!(
            back.say(Some(conversation), &key, "hello"),
            (conversation, 1, true)
        );
    }
    for table in ["customers", "conversations", "messages"] {
        let rows = database.count(&format!("SELECT COUNT(*) AS n FROM {table}"));
        assert_eq!(rows, ROUNDS, "{table}");
    }
    let one_each = "SELECT COUNT(DISTINCT customer_id) AS n FROM conversations";
    assert_eq!(database.count(one_each), ROUNDS);
    let one_each = "SELECT COUNT(DISTINCT conversation_id) AS n FROM messages";
    assert_eq!(database.count(one_each), ROUNDS);
}

/// Reads until `posted` has brought `many` messages; checks that `conversation.changed` came before
/// the first of them, and `accepted` before the session's own.
fn told_in_order(client: &mut Client, many: i64, own_key: Option<&str>) {
    let (mut told, mut accepted, mut seqs) = (false, false, Vec::new());
    while i64::try_from(seqs.len()).unwrap() < many {
        match client.frame() {
            ServerFrame::ConversationChanged { conversation } => {
                let changed = u8::from(told);
                assert_eq!(changed, 0, "told twice of {conversation:?}");
                told = true;
            }
            ServerFrame::Accepted { .. } => accepted = true,
            ServerFrame::Posted(message) => {
                assert!(told, "{message:?} before conversation.changed");
                if message.client_id.as_deref() == own_key {
                    assert!(accepted, "{message:?} before its accepted");
                }
                seqs.push(message.seq.0);
            }
            _ => {}
        }
    }
    assert_eq!(seqs, (1..=many).collect::<Vec<_>>());
    assert_eq!(accepted, own_key.is_some());
}

fn two_tabs_that_write_first_at_once_end_in_one_conversation(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let strangers = 20;
    for _ in 0..strangers {
        let me = token();
        let (mut a, _) = Client::customer(&server, &me, json!({}));
        let (mut b, _) = Client::customer(&server, &me, json!({}));
        assert_eq!(a.frame(), ServerFrame::Resumed);
        assert_eq!(b.frame(), ServerFrame::Resumed);
        a.post(None, "from-a", "hello");
        b.post(None, "from-b", "hello");
        told_in_order(&mut a, 2, Some("from-a"));
        told_in_order(&mut b, 2, Some("from-b"));
    }
    for (table, rows) in [
        ("customers", strangers),
        ("conversations", strangers),
        ("messages", 2 * strangers),
    ] {
        let found = database.count(&format!("SELECT COUNT(*) AS n FROM {table}"));
        assert_eq!(found, rows, "{table}");
    }
}

fn the_other_tab_of_a_stranger_hears_of_the_conversation_and_then_its_messages(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let me = token();
    let (mut a, _) = Client::customer(&server, &me, json!({}));
    let (mut b, _) = Client::customer(&server, &me, json!({}));
    a.say(None, "1", "hello");
    a.say(None, "2", "are you there?");
    told_in_order(&mut b, 2, None);
    // From there on it is in the conversation as the first tab is.
    assert_eq!(b.say(None, "3", "me again").1, 3);
}

fn nobody_leaves_a_trace_before_their_first_message(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    for path in ["/", "/agent", "/healthz", "/nowhere"] {
        let answer = server.http("GET", path, &[], None);
        assert_eq!(answer.header("set-cookie"), "", "{path}");
    }
    let upgraded = server.raw(
        "GET /ws HTTP/1.1\r\nHost: kefu\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    assert!(upgraded.starts_with("HTTP/1.1 101"), "{upgraded}");
    assert!(
        !upgraded.to_lowercase().contains("set-cookie"),
        "{upgraded}"
    );

    let (mut stranger, welcome) = Client::customer(&server, &token(), json!({"1": 5}));
    assert_eq!((welcome.me.id, welcome.conversations), (None, vec![]));
    let refused = stranger.post(None, "blank", "  \n");
    assert_eq!(stranger.error().1, "conversation_not_found", "the resume");
    assert_eq!(stranger.error(), (Some(refused), "text_empty".to_owned()));
    let refused = stranger.post(Some("7".parse().unwrap()), "elsewhere", "hello");
    let error = stranger.error();
    assert_eq!(error, (Some(refused), "conversation_not_found".to_owned()));
    stranger.everything_so_far();
    stranger.leave();
    for table in ["customers", "conversations", "messages", "agent_sessions"] {
        let rows = database.count(&format!("SELECT COUNT(*) AS n FROM {table}"));
        assert_eq!(rows, 0, "{table}");
    }
}
