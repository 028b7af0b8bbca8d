//! The life of a conversation over the wire: take, release, transfer, close, reopen; notes; the queue.

use kefu::{
    domain::{
        ConversationId, EventName,
        Status::{self, Closed, Open, Waiting},
    },
    protocol::{MessageView, ServerFrame},
};
use serde_json::{Value, json};

use crate::{
    on_both_databases,
    support::{Client, Database, Engine, Server, token},
};

on_both_databases! {
    of_two_agents_who_take_at_once_one_wins_and_everybody_is_told_once
    a_day_at_the_desk_reaches_everybody_live_by_resume_and_in_history
    a_note_never_reaches_the_customer_by_any_way
    only_agents_act_and_only_on_what_they_may
    a_customer_who_writes_after_the_end_begins_anew
    a_customer_who_writes_after_the_end_reopens_where_that_is_set
    customers_hear_their_place_in_the_queue
}

const PASSWORD: &str = "a long password";
const CONVERSATION: ConversationId = ConversationId(1);

/// An account of somebody who is no supervisor; the bearer token.
fn colleague(server: &Server, username: &str, name: &str) -> String {
    let made = server.command(&["agent", "add", username, "--name", name], PASSWORD);
    assert!(made.status.success(), "{made:?}");
    server.sign_in_as(username, PASSWORD)
}

fn act(client: &mut Client, action: &str, to: Option<Value>) {
    let mut frame = json!({
        "type": format!("conversation.{action}"), "ref": action, "conversation": CONVERSATION,
    });
    if let Some(to) = to {
        frame["to"] = to;
    }
    client.send(&frame);
}

/// The event's `seq`, `None` where it was so already, or the code of the refusal; other frames are
/// dropped.
fn outcome(client: &mut Client) -> Result<Option<i64>, String> {
    client.until(|frame| match frame {
        ServerFrame::Done { seq, .. } => Some(Ok(seq.map(|seq| seq.0))),
        ServerFrame::Error(error) => {
            assert!(error.reference.is_some(), "{error:?}");
            Some(Err(error.code))
        }
        _ => None,
    })
}

fn done(client: &mut Client, action: &str, to: Option<Value>) -> i64 {
    act(client, action, to);
    outcome(client).unwrap().expect("an event")
}

fn refused(client: &mut Client, action: &str, to: Option<Value>) -> String {
    act(client, action, to);
    outcome(client).unwrap_err()
}

fn note(client: &mut Client, client_id: &str, text: &str) -> i64 {
    client.send(&json!({
        "type": "message.post", "ref": client_id, "conversation": CONVERSATION,
        "client_id": client_id, "text": text, "kind": "note",
    }));
    client.until(|frame| match frame {
        ServerFrame::Accepted { reference, seq, .. } if reference == client_id => Some(seq.0),
        ServerFrame::Error(error) => panic!("{error:?}"),
        _ => None,
    })
}

fn events(frames: impl IntoIterator<Item = ServerFrame>) -> Vec<(i64, EventName, Option<String>)> {
    let messages = frames.into_iter().filter_map(|frame| match frame {
        ServerFrame::Posted(message) => Some(message),
        _ => None,
    });
    events_of(messages)
}

fn events_of(
    messages: impl IntoIterator<Item = MessageView>,
) -> Vec<(i64, EventName, Option<String>)> {
    let events = messages.into_iter().filter_map(|message| {
        let event = message.event?;
        Some((
            message.seq.0,
            event.name,
            event.agent.map(|agent| agent.name),
        ))
    });
    events.collect()
}

fn of_two_agents_who_take_at_once_one_wins_and_everybody_is_told_once(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let bearers = [
        colleague(&server, "li", "Li Wei"),
        colleague(&server, "ana", "Ana"),
    ];
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    customer.say(None, "first", "hello");
    let mut agents = bearers.map(|bearer| Client::agent(&server, &bearer, json!({})).0);
    for agent in &mut agents {
        act(agent, "take", None);
    }
    let outcomes = agents.each_mut().map(outcome);
    let won = outcomes
        .iter()
        .filter(|outcome| **outcome == Ok(Some(2)))
        .count();
    let lost = |outcome: &&Result<_, String>| **outcome == Err("conversation_taken".to_owned());
    assert_eq!(
        (won, outcomes.iter().filter(lost).count()),
        (1, 1),
        "{outcomes:?}"
    );
    // Who has it already is answered kindly, and nobody hears of it again.
    for (agent, outcome_before) in agents.iter_mut().zip(&outcomes) {
        act(agent, "take", None);
        let again = outcome(agent);
        match outcome_before {
            Ok(_) => assert_eq!(again, Ok(None)),
            Err(_) => assert_eq!(again, Err("conversation_taken".to_owned())),
        }
    }
    assert_eq!(events(customer.everything_so_far()).len(), 1);
    assert_eq!(database.messages().len(), 2);
}

fn a_day_at_the_desk_reaches_everybody_live_by_resume_and_in_history(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let (li, ana) = (
        colleague(&server, "li", "Li Wei"),
        colleague(&server, "ana", "Ana"),
    );
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    customer.say(None, "first", "hello");
    let (mut li, _) = Client::agent(&server, &li, json!({}));
    let (mut ana, welcome) = Client::agent(&server, &ana, json!({}));
    assert!(welcome.conversations[0].waiting_since.is_some());
    assert_eq!(done(&mut li, "take", None), 2);
    assert_eq!(done(&mut li, "transfer", Some(json!("3"))), 3);
    assert_eq!(refused(&mut li, "close", None), "forbidden");
    assert_eq!(done(&mut ana, "release", None), 4);
    assert_eq!(done(&mut li, "take", None), 5);
    assert_eq!(done(&mut li, "transfer", Some(json!(null))), 6);
    assert_eq!(done(&mut ana, "transfer", Some(json!("2"))), 7);
    assert_eq!(done(&mut li, "close", None), 8);
    assert_eq!(done(&mut ana, "reopen", None), 9);
    let name = |name: &str| Some(name.to_owned());
    let expected = [
        (2, EventName::Taken, name("Li Wei")),
        (3, EventName::Transferred, name("Ana")),
        (4, EventName::Released, name("Ana")),
        (5, EventName::Taken, name("Li Wei")),
        (6, EventName::Released, name("Li Wei")),
        (7, EventName::Transferred, name("Li Wei")),
        (8, EventName::Closed, name("Li Wei")),
        (9, EventName::Reopened, name("Ana")),
    ];
    let frames = customer.everything_so_far();
    let statuses: Vec<Status> = (frames.iter())
        .filter_map(|frame| match frame {
            ServerFrame::ConversationChanged { conversation } => Some(conversation.status),
            _ => None,
        })
        .collect();
    // The first is of the message that opened it, which `say` dropped or not.
    assert!(
        statuses.ends_with(&[Open, Open, Waiting, Open, Waiting, Open, Closed, Open]),
        "{statuses:?}"
    );
    assert_eq!(events(frames), expected);
    let (mut back, _) = Client::customer(&server, &me, json!({"1": 1}));
    let resumed = (0..8).map(|_| back.message());
    assert_eq!(events_of(resumed), expected);
    let over_http = server.get("/api/v1/conversations/1/messages", &me).body;
    let messages: Vec<MessageView> = serde_json::from_value(over_http["messages"].clone()).unwrap();
    assert_eq!(events_of(messages), expected);
    let read = "SELECT COUNT(*) AS n FROM transcripts WHERE conversation = 1 AND kind = 'event' AND \
                text = 'Li Wei transferred the conversation to Ana' AND who = 'Li Wei'";
    assert_eq!(database.count(read), 1);
}

fn a_note_never_reaches_the_customer_by_any_way(engine: Engine) {
    const SECRET: &str = "the customer is difficult";
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let bearer = server.sign_in();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    customer.say(None, "first", "hello");
    let (mut agent, _) = Client::agent(&server, &bearer, json!({}));
    let (mut other, _) = Client::agent(&server, &bearer, json!({}));
    agent.say(Some(CONVERSATION), "answer", "hi");
    assert_eq!(note(&mut agent, "n1", SECRET), 4);
    assert_eq!(note(&mut agent, "n2", SECRET), 5);
    // The next message comes at once, whatever its number.
    let (_, last, _) = agent.say(Some(CONVERSATION), "more", "anything else?");
    assert_eq!(last, 6);
    assert_eq!(note(&mut agent, "n3", SECRET), 7);

    let mut heard = Vec::new();
    while !heard
        .iter()
        .any(|text: &String| text.contains("anything else?"))
    {
        heard.push(customer.text());
    }
    assert_eq!(customer.everything_so_far(), [], "and nothing after it");
    // By resume from every place, from a conversation's middle and end.
    for from in 0..=7 {
        let (mut back, welcome) = Client::customer(&server, &me, json!({"1": from}));
        let listed = &welcome.conversations[0];
        assert_eq!(listed.unread, 2, "the two answers");
        assert_eq!(listed.last_message.as_ref().unwrap().text, "anything else?");
        heard.push(serde_json::to_string(&welcome).unwrap());
        let mut seqs = Vec::new();
        loop {
            match back.frame() {
                ServerFrame::Posted(message) => {
                    seqs.push(message.seq.0);
                    heard.push(format!("{message:?}"));
                }
                ServerFrame::Resumed => break,
                _ => {}
            }
        }
        let expected: Vec<i64> = [1, 2, 3, 6].into_iter().filter(|seq| *seq > from).collect();
        assert_eq!(seqs, expected, "resumed from {from}");
        for question in [
            json!({}),
            json!({"before": 6}),
            json!({"after": 3}),
            json!({"limit": 1}),
        ] {
            let mut frame = json!({"type": "history", "ref": "h", "conversation": "1"});
            for (name, value) in question.as_object().unwrap() {
                frame[name] = value.clone();
            }
            back.send(&frame);
            heard.push(back.until(|frame| match frame {
                ServerFrame::History(page) => Some(format!("{page:?}")),
                _ => None,
            }));
        }
    }
    for path in [
        "",
        "/messages",
        "/messages?after=3",
        "/messages?before=99&limit=1",
    ] {
        let answer = server.get(&format!("/api/v1/conversations/1{path}"), &me);
        assert_eq!(answer.status, 200);
        heard.push(answer.body.to_string());
    }
    let leak = heard
        .iter()
        .find(|text| text.contains(SECRET) || text.contains("\"note\""));
    assert_eq!(leak, None);
    // To have read the last one that they see is to have read everything.
    customer.send(&json!({"type": "read", "conversation": "1", "seq": 6}));
    customer.until(|frame| matches!(frame, ServerFrame::Read { .. }).then_some(()));
    let (_, welcome) = Client::customer(&server, &me, json!({}));
    assert_eq!(welcome.conversations[0].unread, 0);

    // The agents have all of it.
    assert_eq!(other.seqs(6), [2, 3, 4, 5, 6, 7]);
    let answer = server.get("/api/v1/conversations/1/messages", &bearer);
    assert!(answer.body.to_string().contains(SECRET));
}

fn only_agents_act_and_only_on_what_they_may(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let li = colleague(&server, "li", "Li Wei");
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    customer.say(None, "first", "hello");
    for action in ["take", "release", "close", "reopen"] {
        assert_eq!(refused(&mut customer, action, None), "forbidden");
    }
    assert_eq!(
        refused(&mut customer, "transfer", Some(json!("1"))),
        "forbidden"
    );
    customer.send(&json!({
        "type": "message.post", "ref": "n", "conversation": null, "client_id": "n", "text": "x",
        "kind": "note",
    }));
    assert_eq!(
        customer.error(),
        (Some("n".to_owned()), "forbidden".to_owned())
    );

    let (mut admin, _) = Client::agent(&server, &server.sign_in(), json!({}));
    let (mut li, _) = Client::agent(&server, &li, json!({}));
    assert_eq!(
        refused(&mut li, "transfer", Some(json!("99"))),
        "agent_not_found"
    );
    assert_eq!(refused(&mut li, "reopen", None), "conversation_open");
    done(&mut li, "take", None);
    // Not even an admin takes it by accident, but may take it over.
    assert_eq!(refused(&mut admin, "take", None), "conversation_taken");
    done(&mut admin, "transfer", Some(json!("1")));
    assert_eq!(refused(&mut li, "release", None), "forbidden");
    done(&mut admin, "close", None);
    act(&mut admin, "close", None);
    assert_eq!(outcome(&mut admin), Ok(None));
    assert_eq!(refused(&mut li, "take", None), "conversation_closed");
    li.post(Some(CONVERSATION), "late", "too late");
    assert_eq!(li.error().1, "conversation_closed");
    assert_eq!(note(&mut li, "note", "called back"), 5);
    assert_eq!(done(&mut li, "reopen", None), 6);
}

fn a_customer_who_writes_after_the_end_begins_anew(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    customer.say(None, "first", "hello");
    let (mut agent, _) = Client::agent(&server, &server.sign_in(), json!({}));
    done(&mut agent, "close", None);
    customer.post(Some(CONVERSATION), "late", "too late");
    assert_eq!(customer.error().1, "conversation_closed");
    let (next, seq, _) = customer.say(None, "again", "me again");
    assert_eq!((next, seq), (ConversationId(2), 1));
    let waiting = agent.until(|frame| match frame {
        ServerFrame::ConversationChanged { conversation } => {
            (conversation.id == next).then_some(conversation)
        }
        _ => None,
    });
    assert_eq!(waiting.status, Status::Waiting);
    assert_eq!(refused(&mut agent, "reopen", None), "conversation_open");
}

fn a_customer_who_writes_after_the_end_reopens_where_that_is_set(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database)
        .with("KEFU_AFTER_CLOSE", "reopen")
        .start();
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    customer.say(None, "first", "hello");
    let (mut agent, _) = Client::agent(&server, &server.sign_in(), json!({}));
    done(&mut agent, "take", None);
    done(&mut agent, "close", None);
    let (same, seq, _) = customer.say(None, "again", "me again");
    assert_eq!((same, seq), (CONVERSATION, 5));
    let reopened = agent.until(|frame| match frame {
        ServerFrame::Posted(message) => message.event.filter(|e| e.name == EventName::Reopened),
        _ => None,
    });
    assert_eq!(reopened.agent, None);
    assert_eq!(agent.message().text, "me again");
    act(&mut agent, "take", None);
    assert_eq!(outcome(&mut agent), Ok(Some(6)), "it waited");
}

fn customers_hear_their_place_in_the_queue(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let place = |client: &mut Client| {
        client.until(|frame| match frame {
            ServerFrame::Queue { position, .. } => Some(position),
            _ => None,
        })
    };
    let (mut first, _) = Client::customer(&server, &token(), json!({}));
    first.say(None, "first", "hello");
    assert_eq!(place(&mut first), 1);
    let me = token();
    let (mut second, _) = Client::customer(&server, &me, json!({}));
    second.say(None, "second", "hello");
    assert_eq!(place(&mut second), 2);
    let (mut agent, _) = Client::agent(&server, &server.sign_in(), json!({}));
    done(&mut agent, "take", None);
    assert_eq!(place(&mut second), 1);
    // Whoever comes back is told again.
    let (mut tab, _) = Client::customer(&server, &me, json!({}));
    assert_eq!(place(&mut tab), 1);
    done(&mut agent, "release", None);
    assert_eq!(place(&mut first), 2, "who was released waits anew");
}
