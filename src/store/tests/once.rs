//! Promise 2: once. A retry gets the first answer again, whoever takes it and whenever.

use crate::{
    domain::{Code, Seq, Status},
    store::{
        Written,
        testing::{Desk, agent, customer, on_both_engines, posted},
    },
};

#[test]
fn a_retry_in_a_later_batch_gets_the_first_answer() {
    on_both_engines(|database| {
        let desk = Desk::new(&database.store());
        let asker = customer();
        let first = desk.post(&asker, None, "one");
        desk.post(&asker, None, "two");
        let retry = posted(desk.write(&asker, None, "one", "other words"));
        assert!(retry.duplicate && !first.duplicate);
        assert_eq!(retry.message, first.message);
        assert_eq!(retry.conversation.last_seq, Seq(2));
        let by_id = posted(desk.write(&asker, Some(first.message.conversation), "one", "x"));
        assert_eq!(by_id.message, first.message);
        assert_eq!(database.count("messages"), 2);
    });
}

#[test]
fn a_retry_in_the_same_batch_gets_the_first_answer() {
    on_both_engines(|database| {
        let desk = Desk::new(&database.store());
        let asker = customer();
        // The first is committed alone; the others wait meanwhile and come as one batch.
        for id in ["one", "two", "two", "one", "three", "two"] {
            desk.submit(&asker, None, id, id);
        }
        let all: Vec<_> = desk.collect(6).into_iter().map(posted).collect();
        let told: Vec<_> = all.iter().map(|p| (p.message.seq.0, p.duplicate)).collect();
        let expected = [
            (1, false),
            (2, false),
            (2, true),
            (1, true),
            (3, false),
            (2, true),
        ];
        assert_eq!(told, expected);
        assert_eq!(database.count("messages"), 3);
    });
}

#[test]
fn the_same_message_through_two_processes_at_once_is_stored_once() {
    on_both_engines(|database| {
        for round in 0..10 {
            // Two tabs of somebody new, each with the same two messages: also the customer and the
            // conversation must come out single.
            let asker = customer();
            let answers: Vec<Vec<_>> = std::thread::scope(|scope| {
                let tabs: Vec<_> = (0..2)
                    .map(|_| {
                        let desk = Desk::new(&database.store());
                        let asker = asker.clone();
                        scope.spawn(move || {
                            desk.submit(&asker, None, "a", "a");
                            desk.submit(&asker, None, "b", "b");
                            desk.collect(2).into_iter().map(posted).collect()
                        })
                    })
                    .collect();
                tabs.into_iter().map(|tab| tab.join().unwrap()).collect()
            });
            for (one, other) in answers[0].iter().zip(&answers[1]) {
                assert_eq!(one.message, other.message);
                assert_ne!(one.duplicate, other.duplicate, "one of them is the first");
            }
            assert_eq!(database.count("customers"), round + 1);
            assert_eq!(database.count("conversations"), round + 1);
            assert_eq!(database.count("messages"), 2 * (round + 1));
        }
    });
}

#[test]
fn a_retry_of_a_first_message_finds_it_after_the_conversation_was_closed() {
    on_both_engines(|database| {
        let desk = Desk::new(&database.store());
        let asker = customer();
        let first = desk.post(&asker, None, "one");
        let id = first.message.conversation;
        database.execute(&format!(
            "UPDATE conversations SET status = 'closed', current_of = NULL WHERE id = {id}"
        ));
        let retry = posted(desk.write(&asker, None, "one", "one"));
        assert!(retry.duplicate);
        assert_eq!(retry.message, first.message);
        assert_eq!(retry.conversation.status, Status::Closed);
        let next = desk.post(&asker, None, "two");
        assert_ne!(
            next.message.conversation, id,
            "the next message opens a new one"
        );
        assert_eq!(next.message.seq, Seq(1));
        let retry = posted(desk.write(&asker, None, "one", "one"));
        assert_eq!(retry.message, first.message);
        // By its id: what was said before is found, anything new is refused and says why.
        assert!(posted(desk.write(&asker, Some(id), "one", "one")).duplicate);
        let Written::Refused { refusal, .. } = desk.write(&asker, Some(id), "three", "x") else {
            panic!("written into a closed conversation");
        };
        assert!(refusal.message.contains("closed"), "{refusal}");
    });
}

#[test]
fn a_client_id_belongs_to_whoever_used_it_first() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let (asker, li) = (customer(), agent(&store, "li"));
        let here = desk.post(&asker, None, "same").message.conversation;
        let Written::Refused { refusal, .. } = desk.write(&li, Some(here), "same", "x") else {
            panic!("two messages with one key");
        };
        assert_eq!(refusal.code, Code::ClientIdInUse);
        // Within one batch as well (the first of the three goes alone).
        desk.submit(&asker, Some(here), "alone", "x");
        desk.submit(&li, Some(here), "key", "x");
        desk.submit(&asker, Some(here), "key", "x");
        let all = desk.collect(3);
        assert!(
            matches!(&all[2], Written::Refused { refusal, .. } if refusal.code == Code::ClientIdInUse)
        );
        // Case matters, byte for byte.
        assert!(!desk.post(&asker, Some(here), "SAME").duplicate);
        assert_eq!(database.count("messages WHERE kind = 'text'"), 4);
    });
}

#[test]
fn a_stranger_who_is_refused_in_a_shared_room_leaves_no_row() {
    on_both_engines(|database| {
        let desk = Desk::new(&database.shared_store());
        desk.post(&customer(), None, "key");
        let refused = desk.write(&customer(), None, "key", "x");
        assert!(matches!(refused, Written::Refused { .. }), "{refused:?}");
        assert_eq!(database.count("customers"), 1);
    });
}
