//! Exact resume: "I have up to seq N" brings everything after N, then live, with nothing missed or
//! doubled between the two.

use std::{
    sync::{
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc,
    },
    thread,
};

use kefu::{
    domain::ConversationId,
    protocol::{ServerFrame, WelcomeView},
};
use serde_json::json;

use super::{back_at, holding};
use crate::{
    on_both_databases,
    support::{Client, Database, Engine, Server, token},
};

on_both_databases! {
    a_client_that_missed_1000_messages_gets_exactly_those_while_new_ones_arrive
    every_one_of_many_resumes_while_much_is_posted_is_exact
    a_resume_across_5000_messages_is_whole
    a_resume_from_any_place_brings_what_is_after_it_and_then_what_is_new
    an_agent_resumes_several_conversations_at_once
    a_resume_of_a_conversation_that_is_not_ones_own_brings_an_error_and_nothing_else
    a_conversation_that_resume_does_not_name_is_live_from_what_welcome_told
    a_session_that_was_told_to_resume_elsewhere_loses_nothing_over_a_crash
}

/// Everything up to and with `resumed`, and the place of the last message before it.
fn until_resumed(client: &mut Client) -> Vec<(ConversationId, i64)> {
    let mut messages = Vec::new();
    loop {
        match client.frame() {
            ServerFrame::Posted(message) => messages.push((message.conversation, message.seq.0)),
            ServerFrame::Resumed => return messages,
            ServerFrame::Error(error) => panic!("{error:?}"),
            _ => {}
        }
    }
}

/// Reads on to message `last`; nothing but messages and no second `resumed` may come.
fn until_seq(client: &mut Client, last: i64) -> Vec<i64> {
    let mut seqs = Vec::new();
    while seqs.last().is_none_or(|seq| *seq < last) {
        match client.frame() {
            ServerFrame::Posted(message) => seqs.push(message.seq.0),
            ServerFrame::Resumed => panic!("resumed came twice"),
            ServerFrame::Error(error) => panic!("{error:?}"),
            _ => {}
        }
    }
    seqs
}

fn last_seq(welcome: &WelcomeView) -> i64 {
    welcome.conversations[0].last_seq.0
}

fn seqs(messages: &[(ConversationId, i64)]) -> Vec<i64> {
    messages.iter().map(|(_, seq)| *seq).collect()
}

/// Tells others to go on until it is dropped, also by a test that fails.
struct GoOn<'a>(&'a AtomicBool);

impl Drop for GoOn<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// Every number after `from`, in order, each once.
fn assert_whole(received: &[i64], from: i64) {
    let wrong = (from + 1..)
        .zip(received)
        .find(|(expected, seq)| expected != *seq);
    assert_eq!(wrong, None, "(expected, received) after {from}");
}

fn a_client_that_missed_1000_messages_gets_exactly_those_while_new_ones_arrive(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    let (conversation, ..) = customer.say(None, "first", "hello");
    customer.say_many(None, "more", 6);
    drop(customer);
    let (mut agent, _) = Client::agent(&server, &server.sign_in(), json!({}));
    agent.say_many(Some(conversation), "away", 1_000);
    let enough = AtomicBool::new(false);
    let (started, starts) = mpsc::channel();
    thread::scope(|scope| {
        let posting = scope.spawn(|| {
            let mut last = 0;
            for n in 0.. {
                last = agent
                    .say(Some(conversation), &format!("during-{n}"), "more")
                    .1;
                started.send(()).unwrap();
                if enough.load(Relaxed) {
                    break;
                }
            }
            last
        });
        let go_on = GoOn(&enough);
        starts.recv().unwrap();
        let (mut back, welcome) = back_at(&server, &me, conversation, 7);
        let resumed = seqs(&until_resumed(&mut back));
        drop(go_on);
        let newest = posting.join().unwrap();
        let told = last_seq(&welcome);
        assert!(resumed.last() >= Some(&told), "resumed came before {told}");
        let mut all = resumed;
        if all.last() < Some(&newest) {
            all.extend(until_seq(&mut back, newest));
        }
        assert_whole(&all, 7);
        assert_eq!(all.last(), Some(&newest));
        assert_eq!(
            back.everything_so_far(),
            [],
            "resumed came once, and so did all else"
        );
    });
}

fn every_one_of_many_resumes_while_much_is_posted_is_exact(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let bearer = server.sign_in();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    let (conversation, ..) = customer.say(None, "first", "hello");
    customer.say_many(None, "more", 300);
    let enough = AtomicBool::new(false);
    thread::scope(|scope| {
        for who in 0..2 {
            let (mut agent, _) = Client::agent(&server, &bearer, json!({}));
            let enough = &enough;
            scope.spawn(move || {
                for n in 0.. {
                    if enough.load(Relaxed) {
                        break;
                    }
                    agent.say_many(Some(conversation), &format!("{who}-{n}"), 10);
                }
            });
        }
        let _go_on = GoOn(&enough);
        let mut held = 0;
        for round in 0..60 {
            // Now a few pages behind, now a few messages, now just where it left off.
            let from = (held - [250, 3, 0][round % 3]).max(0);
            let (mut back, _) = back_at(&server, &me, conversation, from);
            let mut received = seqs(&until_resumed(&mut back));
            received.extend(back.seqs(30));
            held = *received.last().unwrap();
            assert_whole(&received, from);
        }
    });
}

fn a_resume_across_5000_messages_is_whole(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    let posted = customer.say_many(None, "many", 5_000);
    assert_eq!(posted, (1..=5_000).collect::<Vec<_>>());
    for from in [0, 1, 199, 200, 201, 4_799, 4_800] {
        let (mut back, _) = back_at(&server, &me, "1".parse().unwrap(), from);
        let resumed = until_resumed(&mut back);
        assert_eq!(
            seqs(&resumed),
            posted[usize::try_from(from).unwrap()..],
            "from {from}"
        );
    }
}

fn a_resume_from_any_place_brings_what_is_after_it_and_then_what_is_new(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    customer.say_many(None, "old", 10);
    let mut head = 10;
    for held in [0, 1, 9, 10, 11, 99, i64::MAX] {
        let (mut back, welcome) = back_at(&server, &me, "1".parse().unwrap(), held);
        assert_eq!(last_seq(&welcome), head);
        let resumed = seqs(&until_resumed(&mut back));
        let missed: Vec<i64> = (1..=head).filter(|seq| *seq > held).collect();
        assert_eq!(resumed, missed, "held {held}");
        let (_, seq, _) = customer.say(None, &format!("new-{held}"), "hello");
        head += 1;
        assert_eq!((seq, back.seqs(1)), (head, vec![head]), "live after {held}");
        assert_eq!(back.everything_so_far(), []);
    }
}

fn an_agent_resumes_several_conversations_at_once(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let ids: Vec<ConversationId> = (0..4)
        .map(|_| {
            let (mut customer, _) = Client::customer(&server, &token(), json!({}));
            let (id, ..) = customer.say(None, "first", "hello");
            customer.say_many(None, "more", 449);
            id
        })
        .collect();
    let held = [(ids[0], 0), (ids[1], 225), (ids[2], 450)];
    let resume: serde_json::Map<_, _> = held
        .iter()
        .map(|(id, seq)| (id.to_string(), json!(seq)))
        .collect();
    let (mut agent, welcome) = Client::agent(&server, &server.sign_in(), resume.into());
    assert_eq!(welcome.conversations.len(), 4);
    let messages = until_resumed(&mut agent);
    for (id, seq) in held {
        let of_this: Vec<i64> = (messages.iter())
            .filter(|(conversation, _)| *conversation == id)
            .map(|(_, seq)| *seq)
            .collect();
        assert_eq!(of_this, (seq + 1..=450).collect::<Vec<_>>(), "in {id}");
    }
    assert_eq!(
        messages.len(),
        450 + 225,
        "nothing of what resume did not name"
    );
    assert_eq!(agent.everything_so_far(), []);
}

fn a_resume_of_a_conversation_that_is_not_ones_own_brings_an_error_and_nothing_else(
    engine: Engine,
) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let (mut first, _) = Client::customer(&server, &token(), json!({}));
    let (foreign, ..) = first.say(None, "first", "a secret");
    let mine = token();
    let (mut other, _) = Client::customer(&server, &mine, json!({}));
    let (own, ..) = other.say(None, "first", "mine");
    drop(other);
    let unknown: ConversationId = "4711".parse().unwrap();
    for stranger in [false, true] {
        let me = if stranger { token() } else { mine.clone() };
        for bad in [foreign, unknown] {
            let mut resume = holding(bad, 0);
            if !stranger {
                resume[own.to_string()] = json!(0);
            }
            let (mut client, welcome) = Client::customer(&server, &me, resume);
            let (error, code) = client.error();
            assert_eq!((error, code.as_str()), (None, "conversation_not_found"));
            let brought = until_resumed(&mut client);
            assert!(brought.iter().all(|(id, _)| *id == own), "{brought:?}");
            assert_eq!(
                brought.len(),
                usize::from(!stranger),
                "one's own comes all the same"
            );
            assert_eq!(welcome.conversations.len(), brought.len());
            // Nor does anything come live.
            first.say(None, &format!("{stranger}-{bad}"), "another secret");
            assert_eq!(client.everything_so_far(), []);
        }
    }
    let (mut agent, _) = Client::agent(&server, &server.sign_in(), holding(unknown, 0));
    assert_eq!(agent.error(), (None, "conversation_not_found".to_owned()));
    assert_eq!(until_resumed(&mut agent), []);
}

fn a_conversation_that_resume_does_not_name_is_live_from_what_welcome_told(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    customer.say_many(None, "old", 30);
    for _ in 0..20 {
        // Messages that are on their way while the session comes in must not fall in between.
        let mine = customer.post(None, &token(), "on its way");
        let (mut tab, welcome) = Client::customer(&server, &me, json!({}));
        let told = last_seq(&welcome);
        let newest = customer.until(|frame| match frame {
            ServerFrame::Accepted { reference, seq, .. } if reference == mine => Some(seq.0),
            _ => None,
        });
        let newest = newest + 1;
        customer.say(None, &token(), "new");
        let live = tab.seqs(usize::try_from(newest - told).unwrap());
        assert_eq!(live, (told + 1..=newest).collect::<Vec<_>>());
        tab.leave();
    }
}

fn a_session_that_was_told_to_resume_elsewhere_loses_nothing_over_a_crash(engine: Engine) {
    let database = Database::new(engine);
    let mut server = Server::on(&database).start();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    let (conversation, ..) = customer.say(None, "first", "hello");
    let mut received = customer.seqs(1);
    for round in 0..3 {
        let bearer = server.sign_in();
        let (mut agent, _) = Client::agent(&server, &bearer, json!({}));
        for n in 0..200 {
            agent.post(Some(conversation), &format!("{round}-{n}"), "hello");
        }
        // In the middle of it the server dies, with some of it on the way to the customer.
        received.extend(customer.seqs(20));
        server.crash_and_restart();
        let held = *received.last().unwrap();
        let welcome;
        (customer, welcome) = back_at(&server, &me, conversation, held);
        received.extend(seqs(&until_resumed(&mut customer)));
        assert_eq!(received, (1..=last_seq(&welcome)).collect::<Vec<_>>());
    }
    assert_eq!(database.messages().len(), received.len());
}
