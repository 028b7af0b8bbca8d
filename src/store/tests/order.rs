//! Promise 3: in order, without gaps. And read marks, unread counts, status.

use std::collections::HashMap;

use crate::{
    domain::{Code, Seq, Side, Status},
    store::{
        Written,
        testing::{Desk, agent, customer, on_both_engines, posted},
    },
};

#[test]
fn numbers_run_without_gaps_in_every_conversation_over_many_batches() {
    on_both_engines(|database| {
        let desk = Desk::new(&database.store());
        let people: Vec<_> = (0..7).map(|_| customer()).collect();
        let mut next: HashMap<_, i64> = HashMap::new();
        for round in 0..20 {
            for n in 0..50 {
                let text = format!("r{round}-{n}");
                desk.submit(&people[(n * n + round) % people.len()], None, &text, &text);
            }
            for (n, written) in desk.collect(50).into_iter().enumerate() {
                let posted = posted(written);
                assert_eq!(
                    posted.message.text,
                    format!("r{round}-{n}"),
                    "results come in order"
                );
                let next = next.entry(posted.message.conversation).or_default();
                *next += 1;
                assert_eq!(posted.message.seq, Seq(*next));
                assert_eq!(posted.conversation.last_seq, Seq(*next));
                assert_eq!(
                    posted.status_changed,
                    *next == 1,
                    "told once that it is new"
                );
            }
        }
        assert_eq!(database.count("messages"), 1_000);
        assert_eq!(database.count("customers"), 7);
        assert_eq!(database.count("conversations"), 7);
        let gaps = "(SELECT conversation_id FROM messages GROUP BY conversation_id \
                    HAVING MAX(seq) <> COUNT(*) OR MIN(seq) <> 1) AS gaps";
        assert_eq!(database.count(gaps), 0);
    });
}

#[test]
fn many_processes_number_one_conversation_without_gaps() {
    on_both_engines(|database| {
        let store = database.store();
        let first = customer();
        let conversation = Desk::new(&store)
            .post(&first, None, "first")
            .message
            .conversation;
        let other = customer();
        let answerer = agent(&store, "li");
        std::thread::scope(|scope| {
            for process in 0..4 {
                let (first, other, answerer) = (&first, &other, &answerer);
                scope.spawn(move || {
                    let desk = Desk::new(&database.store());
                    for n in 0..25 {
                        let id = format!("p{process}-{n}");
                        desk.submit(first, Some(conversation), &id, "x");
                        desk.submit(other, None, &id, "x");
                        desk.submit(answerer, Some(conversation), &format!("a{id}"), "x");
                    }
                    assert!(desk.collect(75).into_iter().all(|w| !posted(w).duplicate));
                });
            }
        });
        assert_eq!(database.count("messages WHERE kind = 'text'"), 301);
        assert_eq!(database.count("conversations"), 2);
        let gaps = "(SELECT conversation_id FROM messages GROUP BY conversation_id \
                    HAVING MAX(seq) <> COUNT(*) OR MIN(seq) <> 1) AS gaps";
        assert_eq!(database.count(gaps), 0);
        let behind = "conversations c WHERE last_seq <> \
                      (SELECT MAX(seq) FROM messages m WHERE m.conversation_id = c.id)";
        assert_eq!(database.count(behind), 0);
    });
}

#[test]
fn the_first_answer_takes_a_waiting_conversation() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let (asker, li, wang) = (customer(), agent(&store, "li"), agent(&store, "wang"));
        let first = desk.post(&asker, None, "1");
        assert_eq!(first.conversation.status, Status::Waiting);
        assert_eq!(first.conversation.agent, None);
        let here = Some(first.message.conversation);
        let taken = desk.post(&li, here, "2");
        assert!(taken.status_changed);
        assert_eq!(taken.conversation.status, Status::Open);
        assert_eq!(taken.conversation.agent.as_ref().unwrap().name, "Agent li");
        assert_eq!(taken.owner, asker.customer_key());
        let again = desk.post(&wang, here, "3");
        assert!(!again.status_changed);
        assert_eq!(again.conversation.agent.unwrap().name, "Agent li");
    });
}

#[test]
fn read_marks_never_go_back_nor_beyond_the_last_message() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let (asker, li) = (customer(), agent(&store, "li"));
        let here = desk.post(&asker, None, "1").message.conversation;
        desk.post(&asker, Some(here), "2");
        let first = desk.post(&asker, Some(here), "3").conversation;
        assert_eq!(
            (
                first.unread.of(Side::Customer),
                first.unread.of(Side::Agent)
            ),
            (0, 3)
        );
        for (by, seq, side, now, moved) in [
            (&li, 2, Side::Agent, 2, true),
            (&li, 1, Side::Agent, 2, false),
            (&li, 99, Side::Agent, 3, true),
            (&asker, 99, Side::Customer, 3, false),
            (&li, -7, Side::Agent, 3, false),
        ] {
            let Written::Read {
                side: whose,
                seq,
                moved: did,
                owner,
                ..
            } = desk.read(by, here, seq)
            else {
                panic!("not read");
            };
            assert_eq!((whose, seq, did), (side, Seq(now), moved));
            assert_eq!(owner, asker.customer_key());
        }
        let answered = desk.post(&li, Some(here), "4").conversation;
        assert_eq!(
            (
                answered.unread.of(Side::Customer),
                answered.unread.of(Side::Agent)
            ),
            (1, 0)
        );
        let stranger = desk.read(&customer(), here, 1);
        let Written::Refused { refusal, .. } = stranger else {
            panic!("{stranger:?}")
        };
        assert_eq!(refusal.code, Code::ConversationNotFound);
    });
}
