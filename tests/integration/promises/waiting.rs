//! The room never waits: while somebody else holds the database, typing flows on, every post is
//! answered in time, and nothing is shown that is not stored.

use std::{
    thread,
    time::{Duration, Instant},
};

use diesel::{RunQueryDsl, sql_query};
use kefu::{domain::ConversationId, protocol::ServerFrame};
use serde_json::json;

use crate::support::{Client, Database, Engine, Server, token};

/// How long typing may take from one screen to another.
const TYPING: Duration = Duration::from_millis(500);
/// How long a post may go without an answer.
const ANSWER: Duration = Duration::from_millis(2_300);

#[test]
fn typing_flows_and_posts_are_answered_while_sqlite_is_locked() {
    let database = Database::new(Engine::Sqlite);
    let mut connection = database.sqlite();
    while_locked(
        &database,
        |statement| {
            sql_query(statement).execute(&mut connection).unwrap();
        },
        "BEGIN EXCLUSIVE",
        "ROLLBACK",
    );
}

#[test]
fn typing_flows_and_posts_are_answered_while_mysql_tables_are_locked() {
    let database = Database::new(Engine::Mysql);
    let mut connection = database.mysql();
    while_locked(
        &database,
        |statement| {
            sql_query(statement).execute(&mut connection).unwrap();
        },
        "LOCK TABLES customers WRITE, conversations WRITE, messages WRITE",
        "UNLOCK TABLES",
    );
}

#[test]
fn typing_flows_and_posts_are_answered_while_mysql_rows_are_locked() {
    let database = Database::new(Engine::Mysql);
    let mut connection = database.mysql();
    while_locked(
        &database,
        |statement| {
            for statement in statement.split("; ") {
                sql_query(statement).execute(&mut connection).unwrap();
            }
        },
        "START TRANSACTION; SELECT id FROM conversations FOR UPDATE",
        "ROLLBACK",
    );
}

fn while_locked(database: &Database, mut execute: impl FnMut(&str), lock: &str, unlock: &str) {
    let server = Server::on(database).start();
    let bearer = server.sign_in();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    let (conversation, ..) = customer.say(None, "first", "hello");
    let (mut tab, _) = Client::customer(&server, &me, json!({}));
    let (mut agent, _) = Client::agent(&server, &bearer, json!({}));
    let mut shown = Vec::new();
    for round in 0..2 {
        let key = format!("locked-{round}");
        customer.everything_so_far();
        tab.everything_so_far();
        shown.extend(posted(agent.everything_so_far()));
        execute(lock);
        thread::scope(|scope| {
            let posting = scope.spawn(|| post_unavailable(&mut customer, conversation, &key));
            while !posting.is_finished() {
                typing_passes(&mut tab, &mut agent, conversation);
                typing_passes(&mut agent, &mut tab, conversation);
            }
            posting.join().unwrap();
        });
        // The next ones fare no worse, however many wait.
        let references: Vec<String> = (0..50)
            .map(|n| customer.post(None, &format!("{key}-{n}"), "hello"))
            .collect();
        let sent = Instant::now();
        for reference in references {
            let refused = customer.until(|frame| match frame {
                ServerFrame::Error(error) => Some(error),
                ServerFrame::Posted(message) => panic!("{message:?} is not stored"),
                _ => None,
            });
            assert_eq!(refused.reference.as_ref(), Some(&reference));
            assert_eq!(
                (refused.code.as_str(), refused.retryable),
                ("unavailable", true)
            );
            assert!(sent.elapsed() < ANSWER, "{:?}", sent.elapsed());
        }
        execute(unlock);
        customer.say(Some(conversation), &key, "hello");
        for n in 0..50 {
            customer.say(None, &format!("{key}-{n}"), "hello");
        }
    }
    let mut keys: Vec<_> = database
        .messages()
        .into_iter()
        .map(|row| row.client_id)
        .collect();
    assert_eq!(keys.len(), 1 + 2 * 51);
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 1 + 2 * 51, "each is stored once");
    shown.extend(agent.seqs(102 - shown.len()));
    assert_eq!(shown, (2..=103).collect::<Vec<_>>());
}

fn posted(frames: Vec<ServerFrame>) -> impl Iterator<Item = i64> {
    frames.into_iter().filter_map(|frame| match frame {
        ServerFrame::Posted(message) => Some(message.seq.0),
        _ => None,
    })
}

fn post_unavailable(client: &mut Client, conversation: ConversationId, key: &str) {
    let sent = Instant::now();
    let mine = client.post(Some(conversation), key, "hello");
    let error = client.until(|frame| match frame {
        ServerFrame::Error(error) => Some(error),
        ServerFrame::Posted(message) => panic!("{message:?} is not stored"),
        _ => None,
    });
    assert!(
        sent.elapsed() < ANSWER,
        "answered after {:?}",
        sent.elapsed()
    );
    assert_eq!(error.reference, Some(mine));
    assert_eq!(
        (error.code.as_str(), error.retryable),
        ("unavailable", true)
    );
}

fn typing_passes(from: &mut Client, to: &mut Client, conversation: ConversationId) {
    let sent = Instant::now();
    from.send(&json!({"type": "typing", "conversation": conversation, "on": true}));
    to.until(|frame| match frame {
        ServerFrame::Typing { .. } => Some(()),
        ServerFrame::Posted(message) => panic!("{message:?} is not stored"),
        _ => None,
    });
    assert!(sent.elapsed() < TYPING, "typing took {:?}", sent.elapsed());
}
