//! In order, without gaps; and a session that keeps up gets everything, however much comes at once.

use std::thread;

use serde_json::json;

use crate::{
    on_both_databases,
    support::{Client, Database, Engine, Server, token},
};

on_both_databases! {
    every_session_receives_in_order_without_gaps
    a_burst_of_500_arrives_whole_at_a_session_that_reads
    a_burst_of_500_long_texts_arrives_whole_at_a_session_that_reads
}

fn every_session_receives_in_order_without_gaps(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let bearer = server.sign_in();
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    let (conversation, ..) = customer.say(None, "first", "你好");
    let (mut agent, welcome) = Client::agent(&server, &bearer, json!({"1": 0}));
    assert_eq!(welcome.conversations[0].id, conversation);
    let (mut other, _) = Client::agent(&server, &bearer, json!({}));
    for n in 0..100 {
        customer.post(None, &format!("c{n}"), "from the customer");
        agent.post(Some(conversation), &format!("a{n}"), "from the agent");
    }
    // One of them is the event that the first answer took the conversation.
    let all: Vec<i64> = (1..=202).collect();
    assert_eq!(customer.seqs(202), all);
    assert_eq!(agent.seqs(202), all);
    assert_eq!(other.seqs(201), all[1..]);
    let stored: Vec<i64> = database.messages().iter().map(|row| row.seq).collect();
    assert_eq!(stored, all);
}

fn a_burst_of_500_arrives_whole_at_a_session_that_reads(engine: Engine) {
    burst(engine, "short");
}

fn a_burst_of_500_long_texts_arrives_whole_at_a_session_that_reads(engine: Engine) {
    burst(engine, &"语".repeat(4_000));
}

/// Five agents post 100 messages each without a pause; everybody gets all of them.
fn burst(engine: Engine, text: &str) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let bearer = server.sign_in();
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    let (conversation, ..) = customer.say(None, "first", "hello");
    assert_eq!(customer.seqs(1), [1]);
    // One of them is the event that the first answer took the conversation.
    let all: Vec<i64> = (2..=502).collect();
    let all = all.as_slice();
    let read_all = |client: &mut Client| {
        for seq in all {
            let message = client.message();
            assert_eq!(message.seq.0, *seq);
            let same = message.kind == "event" || message.text == text;
            assert!(same, "another text at {seq}");
        }
    };
    let mut agents: Vec<Client> = (0..5)
        .map(|_| Client::agent(&server, &bearer, json!({})).0)
        .collect();
    thread::scope(|scope| {
        for (who, agent) in agents.iter_mut().enumerate() {
            scope.spawn(move || {
                for n in 0..100 {
                    agent.post(Some(conversation), &format!("{who}-{n}"), text);
                }
                read_all(agent);
            });
        }
        read_all(&mut customer);
    });
    assert_eq!(database.messages().len(), 502);
}
