//! Whoever the host site has just identified: sessions from before know them by another key for a moment.

use super::files;
use crate::{
    domain::{Claims, CustomerKey, Seq, Token},
    store::{
        Poster, Store,
        testing::{Desk, customer, customer_with, on_both_engines, posted, wait},
    },
};

fn key() -> CustomerKey {
    CustomerKey::from(&Token::random().unwrap())
}

/// The host site says who this anonymous customer is; as whom they go on.
fn identify(store: &Store, anonymous: &Poster, subject: &str) -> Poster {
    let claims = Claims {
        subject: subject.to_owned(),
        name: None,
        email: None,
        attributes: None,
        hash: [7; 32],
    };
    let spare = key();
    let token = anonymous.customer_key();
    let done = wait(store.identify(claims, token, key(), spare)).unwrap();
    assert!(done.is_some());
    customer_with(spare)
}

#[test]
fn what_a_session_from_before_sends_goes_into_the_same_conversation() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let before = customer();
        let first = desk.post(&before, None, "one");
        let after = identify(&store, &before, "42");
        let late = desk.post(&before, None, "two");
        let next = desk.post(&after, None, "three");
        let conversation = first.message.conversation;
        assert_eq!(late.message.conversation, conversation);
        assert_eq!(next.message.conversation, conversation);
        assert_eq!((late.message.seq, next.message.seq), (Seq(2), Seq(3)));
        assert_eq!(database.count("customers"), 1);
        assert_eq!(database.count("conversations"), 1);
    });
}

#[test]
fn a_file_from_before_is_posted_by_a_session_from_before() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let before = customer();
        desk.post(&before, None, "one");
        let file = files::upload(&store, &before);
        identify(&store, &before, "42");
        let sent = files::write(&before, None, "picture", &file, 9);
        let posted = posted(files::post(&desk, sent));
        assert_eq!(posted.message.file, Some(file));
        assert_eq!(posted.message.seq, Seq(2));
    });
}

#[test]
fn what_is_sent_by_both_keys_in_one_batch_is_stored_once() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let before = customer();
        // Nothing was said yet: the first messages of both open one conversation.
        let after = identify(&store, &before, "42");
        let agent = crate::store::testing::agent(&store, "li.wei");
        let other = desk.post(&customer(), None, "x").message.conversation;
        // This is committed alone; the others wait meanwhile and come as one batch.
        desk.submit_note(&agent, other, "note");
        for (from, id) in [
            (&before, "one"),
            (&after, "one"),
            (&after, "two"),
            (&before, "two"),
        ] {
            desk.submit(from, None, id, id);
        }
        let all: Vec<_> = desk.collect(5).into_iter().map(posted).skip(1).collect();
        let told: Vec<_> = all
            .iter()
            .map(|one| (one.message.seq.0, one.duplicate))
            .collect();
        assert_eq!(told, [(1, false), (1, true), (2, false), (2, true)]);
        assert_eq!(database.count("conversations"), 2);
    });
}
