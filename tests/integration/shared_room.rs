//! `KEFU_ROOM=shared`: one conversation for everybody, customers and agents alike.

use kefu::{domain::RoomKind, protocol::ServerFrame};
use serde_json::{Value, json};

use crate::{
    on_both_databases,
    support::{Client, Database, Engine, Server, ServerBuilder, token},
};

on_both_databases! {
    everybody_gets_everything_that_anybody_says
    a_stranger_sees_the_history_and_leaves_no_trace
    order_and_retries_hold_with_many_who_speak_at_once
    a_resume_is_exact
    a_restart_keeps_the_one_conversation
    typing_and_read_marks_reach_everybody_else
    a_private_conversation_of_before_stays_private
}

fn shared(database: &Database) -> ServerBuilder {
    Server::on(database).with("KEFU_ROOM", "shared")
}

fn everybody_gets_everything_that_anybody_says(engine: Engine) {
    let database = Database::new(engine);
    let server = shared(&database).start();
    let (mut li, welcome) = Client::customer(&server, &token(), json!({}));
    assert_eq!(
        (welcome.room, welcome.conversations.len()),
        (RoomKind::Shared, 1)
    );
    let one = &welcome.conversations[0];
    assert_eq!((one.customer.as_ref(), one.last_seq.0), (None, 0));
    let conversation = one.id;
    let (mut wu, welcome) = Client::customer(&server, &token(), json!({}));
    assert_eq!(welcome.conversations[0].id, conversation);
    let (mut agent, welcome) = Client::agent(&server, &server.sign_in(), json!({}));
    assert_eq!(welcome.conversations[0].id, conversation);
    assert_eq!(
        (
            welcome.conversations.len(),
            &welcome.conversations[0].customer
        ),
        (1, &None)
    );

    // By `null` and by name, for agents too.
    assert_eq!(li.say(None, "a", "大家好"), (conversation, 1, false));
    assert_eq!(
        wu.say(Some(conversation), "b", "hello, everybody"),
        (conversation, 2, false)
    );
    assert_eq!(
        agent.say(None, "c", "hello, you two"),
        (conversation, 3, false)
    );
    assert_eq!(
        agent.say(Some(conversation), "d", "how can I help?"),
        (conversation, 4, false)
    );
    li.say(None, "e", "bye");
    let expected = [
        ("大家好", "customer", "1"),
        ("hello, everybody", "customer", "2"),
        ("hello, you two", "agent", "1"),
        ("how can I help?", "agent", "1"),
        ("bye", "customer", "1"),
    ];
    // Nobody's `say` took anything of the others' away: a new session asks for all of it.
    let (mut late, _) = Client::customer(&server, &token(), json!({"1": 0}));
    for (seq, (text, role, id)) in (1..).zip(expected) {
        let message = late.message();
        assert_eq!((message.seq.0, message.text.as_str()), (seq, text));
        assert_eq!(
            (message.from.role.as_str(), message.from.id.as_deref()),
            (role, Some(id))
        );
    }
    for (who, client) in [("wu", &mut wu), ("agent", &mut agent), ("late", &mut late)] {
        client.everything_so_far();
        li.say(None, who, who);
        assert_eq!(client.message().text, who);
    }
}

fn a_stranger_sees_the_history_and_leaves_no_trace(engine: Engine) {
    let database = Database::new(engine);
    let server = shared(&database).start();
    let (mut li, _) = Client::customer(&server, &token(), json!({}));
    li.say_many(None, "before", 60);
    let me = token();
    let (mut stranger, welcome) = Client::customer(&server, &me, json!({}));
    assert_eq!(
        (welcome.me.id, welcome.conversations[0].last_seq.0),
        (None, 60)
    );
    stranger.send(&json!({"type": "history", "ref": "h", "conversation": "1", "limit": 10}));
    let page = stranger.until(|frame| match frame {
        ServerFrame::History(page) => Some(page),
        ServerFrame::Error(error) => panic!("{error:?}"),
        _ => None,
    });
    let seqs: Vec<i64> = page.messages.iter().map(|message| message.seq.0).collect();
    assert_eq!((seqs, page.more), ((51..=60).collect(), true));
    let over_http = server.get("/api/v1/conversations/1/messages?after=58", &me);
    assert_eq!(over_http.body["messages"].as_array().unwrap().len(), 2);
    assert_eq!(server.get("/api/v1/conversations/1", &me).status, 200);
    li.say(None, "now", "now");
    assert_eq!(stranger.message().seq.0, 61);
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM customers"), 1);
    // Without even a token of the right shape there is nothing to see.
    let answer = server.http("GET", "/api/v1/conversations/1/messages", &[], None);
    assert_eq!((answer.status, answer.code()), (401, "not_signed_in"));
}

fn order_and_retries_hold_with_many_who_speak_at_once(engine: Engine) {
    let database = Database::new(engine);
    let server = shared(&database).start();
    let mut people: Vec<Client> = (0..4)
        .map(|_| Client::customer(&server, &token(), json!({})).0)
        .collect();
    people.push(Client::agent(&server, &server.sign_in(), json!({})).0);
    for n in 0..40 {
        for (who, client) in people.iter_mut().enumerate() {
            // Each says it twice, as if the first answer had not come.
            client.post(None, &format!("{who}-{n}"), "hello");
            client.post(None, &format!("{who}-{n}"), "hello");
        }
    }
    for client in &mut people {
        let (mut seqs, mut answers, mut repeats) = (Vec::new(), 0, 0);
        while seqs.len() < 200 || answers < 80 {
            match client.frame() {
                ServerFrame::Posted(message) => seqs.push(message.seq.0),
                ServerFrame::Accepted { duplicate, .. } => {
                    answers += 1;
                    repeats += usize::from(duplicate);
                }
                ServerFrame::Error(error) => panic!("{error:?}"),
                _ => {}
            }
        }
        assert_eq!(seqs, (1..=200).collect::<Vec<_>>());
        assert_eq!(repeats, 40);
    }
    // A key belongs to whoever used it first.
    let (first, second) = people.split_at_mut(1);
    first[0].say(None, "key", "mine");
    let mine = second[0].post(None, "key", "mine");
    assert_eq!(
        second[0].error(),
        (Some(mine), "client_id_in_use".to_owned())
    );
    assert_eq!(database.messages().len(), 201);
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM conversations"), 1);
}

fn a_resume_is_exact(engine: Engine) {
    let database = Database::new(engine);
    let server = shared(&database).start();
    let (mut li, _) = Client::customer(&server, &token(), json!({}));
    li.say_many(None, "old", 450);
    let bearer = server.sign_in();
    for held in [0, 1, 249, 250, 449] {
        let resume = || json!({"1": held});
        let (mut customer, _) = Client::customer(&server, &token(), resume());
        let (mut agent, _) = Client::agent(&server, &bearer, resume());
        let missed: Vec<i64> = (held + 1..=450).collect();
        for client in [&mut customer, &mut agent] {
            assert_eq!(client.seqs(missed.len()), missed, "held {held}");
            let rest = client.everything_so_far();
            let resumed = rest.iter().filter(|frame| **frame == ServerFrame::Resumed);
            assert_eq!(resumed.count(), 1, "{rest:?}");
        }
    }
}

fn a_restart_keeps_the_one_conversation(engine: Engine) {
    let database = Database::new(engine);
    let mut server = shared(&database).start();
    let me = token();
    for round in 0..3 {
        let (mut li, welcome) = Client::customer(&server, &me, json!({}));
        assert_eq!(welcome.conversations[0].last_seq.0, round);
        li.say(None, &format!("round-{round}"), "hello");
        server.crash_and_restart();
    }
    let (mut li, welcome) = Client::customer(&server, &me, json!({"1": 0}));
    assert_eq!(welcome.me.id.as_deref(), Some("1"));
    assert_eq!(li.seqs(3), [1, 2, 3]);
    assert!(
        li.say(None, "round-1", "hello").2,
        "a retry finds its message"
    );
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM conversations"), 1);
}

fn typing_and_read_marks_reach_everybody_else(engine: Engine) {
    let database = Database::new(engine);
    let server = shared(&database).start();
    let me = token();
    let (mut li, _) = Client::customer(&server, &me, json!({}));
    let (mut tab, _) = Client::customer(&server, &me, json!({}));
    let (mut wu, _) = Client::customer(&server, &token(), json!({}));
    let (mut agent, _) = Client::agent(&server, &server.sign_in(), json!({}));
    li.say(None, "first", "hello");
    agent.say(None, "second", "hello");
    for client in [&mut li, &mut tab, &mut wu, &mut agent] {
        client.everything_so_far();
    }
    let typing: Value = json!({"type": "typing", "conversation": "1", "on": true});
    li.send(&typing);
    for client in [&mut wu, &mut agent] {
        let from = client.until(|frame| match frame {
            ServerFrame::Typing { from, .. } => Some(from),
            _ => None,
        });
        assert_eq!(
            (from.role.as_str(), from.id.as_deref()),
            ("customer", Some("1"))
        );
    }
    agent.send(&json!({"type": "read", "conversation": "1", "seq": 1}));
    wu.send(&json!({"type": "read", "conversation": "1", "seq": 2}));
    for client in [&mut li, &mut tab, &mut agent] {
        let seq = client.until(|frame| match frame {
            ServerFrame::Read { seq, .. } => Some(seq.0),
            ServerFrame::Typing { .. } => panic!("typing came back"),
            _ => None,
        });
        assert_eq!(seq, 2, "the agents had read 2 by writing it");
    }
}

fn a_private_conversation_of_before_stays_private(engine: Engine) {
    let database = Database::new(engine);
    let me = token();
    let private = Server::on(&database).start();
    let (mut li, _) = Client::customer(&private, &me, json!({}));
    let (old, ..) = li.say(None, "old", "a secret");
    drop(private);
    let server = shared(&database).start();
    let (mut other, welcome) = Client::customer(&server, &token(), json!({}));
    let everybodys = welcome.conversations[0].id;
    assert_ne!(everybodys, old);
    assert_eq!(welcome.conversations.len(), 1);
    other.send(&json!({"type": "history", "ref": "h", "conversation": old}));
    assert_eq!(
        other.error(),
        (Some("h".to_owned()), "conversation_not_found".to_owned())
    );
    let mine = other.post(Some(old), "key", "let me in");
    assert_eq!(
        other.error(),
        (Some(mine), "conversation_not_found".to_owned())
    );
    let path = format!("/api/v1/conversations/{old}/messages");
    assert_eq!(server.get(&path, &token()).status, 404);
    assert_eq!(
        server.get(&path, &me).status,
        200,
        "its owner reads it still"
    );
}
