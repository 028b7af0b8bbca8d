//! Take, release, transfer, close, reopen; notes; what is unread; the queue.

use crate::{
    domain::{
        Action, AfterClose, AgentId, Author, Code, ConversationId, EventName, Kind, Message, Seq,
        Side, Status,
    },
    store::{
        Acted, Page, Poster, Store, StoreOptions, Viewer, Written,
        testing::{Database, Desk, agent, customer, on_both_engines, posted, wait},
    },
};

fn code(written: Written) -> Code {
    match written {
        Written::Refused { refusal, .. } => refusal.code,
        other => panic!("not refused: {other:?}"),
    }
}

fn id_of(poster: &Poster) -> AgentId {
    match poster {
        Poster::Agent(agent) => agent.id,
        Poster::Customer { .. } => panic!("a customer"),
    }
}

/// What an event says: its name, the agent in it, the sentence.
fn said(message: &Message) -> (EventName, Option<&str>, &str) {
    let event = message.event.as_ref().expect("an event");
    let agent = event.agent.as_ref().map(|agent| agent.name.as_str());
    (event.name, agent, message.text.as_str())
}

fn history(store: &Store, viewer: Viewer, id: ConversationId) -> Vec<Message> {
    let page = wait(store.messages(viewer, id, Page::After(Seq::ZERO), 100));
    page.unwrap().unwrap().messages
}

fn queue(store: &Store) -> Vec<ConversationId> {
    wait(store.queue()).unwrap()
}

#[test]
fn a_conversation_lives_and_every_change_is_in_its_history() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let (asker, li, ana) = (customer(), agent(&store, "li"), agent(&store, "ana"));
        let first = desk.post(&asker, None, "1");
        let here = first.message.conversation;
        assert!(first.conversation.waiting_since.is_some());
        assert_eq!(queue(&store), [here]);

        let Acted {
            event,
            owner,
            conversation,
            ..
        } = desk.act(&li, here, Action::Take);
        assert_eq!(owner, asker.customer_key());
        assert_eq!(
            (conversation.status, conversation.last_seq),
            (Status::Open, Seq(2))
        );
        assert_eq!((conversation.waiting_since, queue(&store)), (None, vec![]));
        assert_eq!(event.as_ref().unwrap().seq, Seq(2));
        assert_eq!(
            desk.act(&li, here, Action::Take).event,
            None,
            "it is so already"
        );

        let to_ana = Action::Transfer(Some(id_of(&ana)));
        let transferred = desk.act(&li, here, to_ana);
        assert_eq!(transferred.conversation.agent.unwrap().name, "Agent ana");
        assert_eq!(
            code(desk.try_act(&li, here, Action::Close)),
            Code::Forbidden
        );
        let released = desk.act(&ana, here, Action::Release).conversation;
        assert_eq!((released.status, released.agent), (Status::Waiting, None));
        assert_eq!(queue(&store), [here]);
        let closed = desk.act(&ana, here, Action::Close).conversation;
        assert_eq!(
            (closed.status, closed.waiting_since),
            (Status::Closed, None)
        );
        assert_eq!(queue(&store), []);
        let reopened = desk.act(&li, here, Action::Reopen).conversation;
        assert_eq!((reopened.status, reopened.last_seq), (Status::Open, Seq(6)));
        assert_eq!(desk.post(&asker, None, "7").message.conversation, here);

        let all = history(&store, Viewer::Agent, here);
        let events: Vec<_> = all
            .iter()
            .filter(|m| m.kind == Kind::Event)
            .map(said)
            .collect();
        let expected = [
            (
                EventName::Taken,
                Some("Agent li"),
                "Agent li took the conversation",
            ),
            (
                EventName::Transferred,
                Some("Agent ana"),
                "Agent li transferred the conversation to Agent ana",
            ),
            (
                EventName::Released,
                Some("Agent ana"),
                "Agent ana put the conversation back into the queue",
            ),
            (EventName::Closed, None, "Agent ana closed the conversation"),
            (
                EventName::Reopened,
                Some("Agent li"),
                "Agent li reopened the conversation",
            ),
        ];
        assert_eq!(events, expected);
        let key = asker.customer_key().unwrap();
        assert_eq!(history(&store, Viewer::Customer(key), here), all);
        let spoken = "transcripts WHERE kind = 'event' AND event = 'taken' AND who = 'Agent li' \
                      AND text = 'Agent li took the conversation'";
        assert_eq!(database.count(spoken), 1);
    });
}

#[test]
fn of_two_who_take_at_once_one_wins_and_the_other_is_told_who() {
    on_both_engines(|database| {
        let store = database.store();
        let (li, ana) = (agent(&store, "li"), agent(&store, "ana"));
        let first = Desk::new(&store);
        for round in 0..10 {
            let asker = customer();
            let here = first
                .post(&asker, None, &format!("r{round}"))
                .message
                .conversation;
            let answers: Vec<Written> = std::thread::scope(|scope| {
                let takers: Vec<_> = [&li, &ana]
                    .map(|who| {
                        let desk = Desk::new(&database.store());
                        scope.spawn(move || desk.try_act(who, here, Action::Take))
                    })
                    .into();
                takers
                    .into_iter()
                    .map(|taker| taker.join().unwrap())
                    .collect()
            });
            let mut lost = Vec::new();
            for answer in answers {
                match answer {
                    Written::Acted(acted) => assert!(acted.event.is_some()),
                    Written::Refused { refusal, .. } => lost.push(refusal),
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(lost.len(), 1);
            assert_eq!(lost[0].code, Code::ConversationTaken);
            assert!(lost[0].message.starts_with("Agent "), "{}", lost[0].message);
            assert_eq!(history(&store, Viewer::Agent, here).len(), 2);
        }
        // The same within one batch; the first goes alone.
        let here = first.post(&customer(), None, "batch").message.conversation;
        first.submit(&customer(), None, "alone", "x");
        first.submit_act(&li, here, Action::Take);
        first.submit_act(&ana, here, Action::Take);
        first.submit_act(&li, here, Action::Take);
        let all = first.collect(4);
        assert!(matches!(&all[1], Written::Acted(acted) if acted.event.is_some()));
        assert!(matches!(&all[2], Written::Refused { .. }));
        assert!(matches!(&all[3], Written::Acted(acted) if acted.event.is_none()));
    });
}

#[test]
fn who_cannot_have_a_conversation_is_not_given_it() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let (asker, li, gone) = (customer(), agent(&store, "li"), agent(&store, "gone"));
        store.disable_account("gone").unwrap();
        let here = desk.post(&asker, None, "1").message.conversation;
        for to in [id_of(&gone), AgentId(999)] {
            let refused = desk.try_act(&li, here, Action::Transfer(Some(to)));
            assert_eq!(code(refused), Code::AgentNotFound);
        }
        let nowhere = desk.try_act(&li, ConversationId(999), Action::Take);
        assert_eq!(code(nowhere), Code::ConversationNotFound);
        let customer = desk.try_act(&asker, here, Action::Close);
        assert_eq!(code(customer), Code::Forbidden);
        assert_eq!(database.count("messages"), 1);
        let shared = database.shared_store();
        let everybodys = shared.shared_conversation().unwrap();
        let refused = Desk::new(&shared).try_act(&li, everybodys, Action::Close);
        assert_eq!(code(refused), Code::Forbidden);
    });
}

#[test]
fn what_is_written_around_a_close_goes_where_it_should_whatever_the_batch() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let (asker, li) = (customer(), agent(&store, "li"));
        let here = desk.post(&asker, None, "first").message.conversation;
        // One alone, then all of these as one batch.
        desk.submit(&customer(), None, "alone", "x");
        desk.submit(&asker, None, "before", "x");
        desk.submit_act(&li, here, Action::Close);
        desk.submit(&asker, None, "after", "x");
        desk.submit(&li, Some(here), "late", "x");
        desk.submit_note(&li, here, "note");
        desk.submit(&asker, None, "before", "x");
        let mut all = desk.collect(7);
        assert!(posted(all.remove(6)).duplicate);
        assert_eq!(posted(all.remove(5)).message.conversation, here);
        assert_eq!(code(all.remove(4)), Code::ConversationClosed);
        let after = posted(all.remove(3));
        assert_ne!(after.message.conversation, here);
        assert_eq!(
            (after.message.seq, after.conversation.status),
            (Seq(1), Status::Waiting)
        );
        assert!(
            matches!(&all[2], Written::Acted(acted) if acted.event.as_ref().unwrap().seq == Seq(3))
        );
        // The old one cannot go on beside the new one.
        let refused = desk.try_act(&li, here, Action::Reopen);
        assert_eq!(code(refused), Code::ConversationOpen);
        desk.act(&li, after.message.conversation, Action::Close);
        desk.act(&li, here, Action::Reopen);
        assert_eq!(desk.post(&asker, None, "back").message.conversation, here);
    });
}

fn reopening(database: &Database) -> Store {
    let options = StoreOptions {
        after_close: AfterClose::Reopen,
        ..database.options()
    };
    Store::open(options).unwrap()
}

#[test]
fn a_customer_who_writes_after_the_end_reopens_where_that_is_set() {
    on_both_engines(|database| {
        let store = reopening(database);
        let desk = Desk::new(&store);
        let (asker, li) = (customer(), agent(&store, "li"));
        let here = desk.post(&asker, None, "1").message.conversation;
        desk.post(&li, Some(here), "2");
        desk.act(&li, here, Action::Close);
        let back = desk.post(&asker, None, "back");
        let event = back.event.unwrap();
        assert_eq!(
            (back.message.conversation, back.message.seq),
            (here, Seq(6))
        );
        assert_eq!(
            (event.seq, event.event.unwrap().name),
            (Seq(5), EventName::Reopened)
        );
        assert!(matches!(event.author, Author::Customer { .. }));
        let now = back.conversation;
        assert_eq!((now.status, now.agent), (Status::Waiting, None));
        assert!(back.status_changed && now.waiting_since.is_some());
        assert_eq!(queue(&store), [here]);
        // Two at once reopen it once; a retry finds what it said.
        desk.act(&li, here, Action::Close);
        desk.submit(&customer(), None, "alone", "x");
        desk.submit(&asker, None, "a", "x");
        desk.submit(&asker, None, "b", "x");
        desk.submit(&asker, None, "back", "x");
        let all: Vec<_> = desk.collect(4).into_iter().map(posted).collect();
        assert!(all[1].event.is_some() && all[2].event.is_none());
        assert!(all[3].duplicate);
        assert_eq!(database.count("conversations"), 2);
    });
}

#[test]
fn a_note_is_the_agents_alone() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let (asker, li) = (customer(), agent(&store, "li"));
        let key = asker.customer_key().unwrap();
        let here = desk.post(&asker, None, "hello").message.conversation;
        let noted = desk.note(&li, here, "secret");
        assert_eq!(
            noted.conversation.status,
            Status::Waiting,
            "a note is no answer"
        );
        assert_eq!((noted.message.kind, noted.event), (Kind::Note, None));
        assert_eq!(noted.conversation.unread.of(Side::Customer), 0);
        assert_eq!(noted.conversation.unread.of(Side::Agent), 0);
        desk.post(&li, Some(here), "answer");
        desk.note(&li, here, "secret-too");
        let texts = |viewer| -> Vec<String> {
            let messages = history(&store, viewer, here);
            messages.into_iter().map(|m| m.text).collect()
        };
        assert_eq!(
            texts(Viewer::Customer(key)),
            ["hello", "Agent li took the conversation", "answer"]
        );
        assert_eq!(texts(Viewer::Agent).len(), 5);
        for page in [Page::Newest, Page::Before(Seq(6)), Page::After(Seq(1))] {
            let page = wait(store.messages(Viewer::Customer(key), here, page, 2)).unwrap();
            assert!(page.unwrap().messages.iter().all(|m| m.kind != Kind::Note));
        }
        let join = wait(store.join_customer(key, vec![])).unwrap();
        let listed = &join.conversations[0];
        assert_eq!(listed.last_message.as_ref().unwrap().text, "answer");
        assert_eq!(listed.conversation.unread.of(Side::Customer), 1);
        assert_eq!(listed.conversation.last_seq, Seq(5));
    });
}

#[test]
fn unread_counts_texts_of_the_other_side_and_nothing_else() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let (asker, li) = (customer(), agent(&store, "li"));
        let key = asker.customer_key().unwrap();
        let here = desk.post(&asker, None, "1").message.conversation;
        let unread = || {
            let join = wait(store.join_customer(key, vec![])).unwrap();
            let unread = join.conversations[0].conversation.unread;
            (unread.customer, unread.agent)
        };
        desk.post(&asker, None, "2");
        assert_eq!(unread(), (0, 2));
        desk.read(&li, here, 1);
        assert_eq!(unread(), (0, 1));
        // The event is 3, the answers 4 and 6, the notes 5 and 7.
        desk.post(&li, Some(here), "4");
        desk.note(&li, here, "5");
        desk.post(&li, Some(here), "6");
        desk.note(&li, here, "7");
        assert_eq!(unread(), (2, 0));
        desk.read(&asker, here, 4);
        assert_eq!(unread(), (1, 0));
        desk.read(&asker, here, 6);
        assert_eq!(unread(), (0, 0), "a note after it is not unread");
        desk.act(&li, here, Action::Close);
        assert_eq!(unread(), (0, 0), "nor is an event");
    });
}

#[test]
fn the_queue_is_by_how_long_they_have_waited() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let li = agent(&store, "li");
        let ids: Vec<_> = (0..3)
            .map(|n| {
                desk.post(&customer(), None, &format!("m{n}"))
                    .message
                    .conversation
            })
            .collect();
        assert_eq!(queue(&store), ids);
        desk.act(&li, ids[0], Action::Take);
        assert_eq!(queue(&store), ids[1..]);
        desk.act(&li, ids[0], Action::Release);
        // The same millisecond is possible, a wrong order is not.
        let since = |id| {
            let listed = wait(store.conversation(Viewer::Agent, id))
                .unwrap()
                .unwrap();
            listed.conversation.waiting_since.unwrap()
        };
        let queue = queue(&store);
        assert_eq!(queue.len(), 3);
        assert!(queue.is_sorted_by_key(|id| (since(*id), *id)));
    });
}
