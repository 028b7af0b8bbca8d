//! Promise 6: private. Knowing an id opens nothing, and being refused leaves no trace.

use crate::{
    domain::{AgentId, Claims, Code, ConversationId, Seq},
    store::{
        Coming, CustomerJoin, Page, Poster, Viewer, Written,
        testing::{Desk, agent, customer, on_both_engines, wait},
    },
};

fn refused(written: Written) -> Code {
    match written {
        Written::Refused { refusal, .. } => refusal.code,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_foreign_conversation_is_not_found_and_leaves_no_customer() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let asker = customer();
        let here = desk.post(&asker, None, "mine").message.conversation;
        let nowhere = ConversationId(999_999);
        // A stranger, and somebody who has a conversation of their own.
        let known = customer();
        desk.post(&known, None, "own");
        for who in [&customer(), &known] {
            for id in [here, nowhere] {
                let code = refused(desk.write(who, Some(id), "x", "x"));
                assert_eq!(code, Code::ConversationNotFound);
                assert_eq!(refused(desk.read(who, id, 1)), Code::ConversationNotFound);
            }
        }
        let li = agent(&store, "li");
        assert_eq!(
            refused(desk.write(&li, Some(nowhere), "x", "x")),
            Code::ConversationNotFound
        );
        assert_eq!(refused(desk.write(&li, None, "x", "x")), Code::BadRequest);
        assert_eq!(database.count("customers"), 2);
        assert_eq!(database.count("messages"), 2);
    });
}

#[test]
fn everybody_reads_only_what_is_theirs() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let (asker, other) = (customer(), customer());
        let here = desk.post(&asker, None, "mine").message.conversation;
        let there = desk.post(&other, None, "theirs").message.conversation;
        let viewer = Viewer::Customer(asker.customer_key().unwrap());
        let page = |viewer, id| wait(store.messages(viewer, id, Page::Newest, 10)).unwrap();
        assert_eq!(page(viewer, here).unwrap().messages.len(), 1);
        assert_eq!(page(viewer, there), None);
        assert_eq!(page(viewer, ConversationId(999_999)), None);
        assert_eq!(page(Viewer::Agent, there).unwrap().messages.len(), 1);
        assert_eq!(page(Viewer::Agent, ConversationId(999_999)), None);
        assert!(wait(store.conversation(viewer, here)).unwrap().is_some());
        assert_eq!(wait(store.conversation(viewer, there)).unwrap(), None);
        assert!(
            wait(store.conversation(Viewer::Agent, there))
                .unwrap()
                .is_some()
        );
        let key = asker.customer_key().unwrap();
        let join = wait(store.join_customer(key, vec![there, here])).unwrap();
        let ids: Vec<_> = join
            .conversations
            .iter()
            .map(|l| l.conversation.id)
            .collect();
        assert_eq!(ids, [here]);
        assert_eq!(join.customer.unwrap().language.as_deref(), Some("zh-CN"));
    });
}

#[test]
fn who_comes_together_with_others_finds_what_they_find_alone() {
    on_both_engines(|database| {
        let desk = Desk::new(&database.store());
        let (two, one) = (customer(), customer());
        let first = desk.post(&two, None, "first").message.conversation;
        database.execute("UPDATE conversations SET status = 'closed', current_of = NULL");
        let second = desk.post(&two, None, "second").message.conversation;
        let own = desk.post(&one, None, "own").message.conversation;
        // Of the last the token from before has ended, and they come by one of the host site's.
        let (anonymous, token, spare) = (customer(), customer(), customer());
        let identified = desk.post(&anonymous, None, "known").message.conversation;
        let key = |who: &Poster| who.customer_key().unwrap();
        let claims = Claims {
            subject: "42".to_owned(),
            name: None,
            email: None,
            attributes: None,
            hash: [7; 32],
        };
        let store = database.store();
        let done = store.identify(claims, Some(key(&anonymous)), key(&token), key(&spare));
        assert!(wait(done).unwrap().is_some());
        let stranger = customer();
        // Everybody holds everything, the first of them comes twice.
        let resume = vec![first, second, own, identified, ConversationId(999_999)];
        let coming: Vec<_> = [&two, &stranger, &one, &anonymous, &token, &two]
            .map(|who| Coming {
                key: key(who),
                resume: resume.clone(),
            })
            .into();
        for (store, shared) in [
            (database.store(), None),
            (
                database.shared_store(),
                database.shared_store().shared_conversation(),
            ),
        ] {
            let together = wait(store.join_customers(coming.clone())).unwrap();
            for (one, join) in coming.iter().zip(&together) {
                let alone = wait(store.join_customer(one.key, resume.clone())).unwrap();
                assert_eq!(*join, alone);
            }
            let found = together.iter().map(|join| {
                let own = join.conversations.iter().map(|one| one.conversation.id);
                (
                    join.key,
                    own.filter(|id| Some(*id) != shared).collect::<Vec<_>>(),
                )
            });
            let expected = [
                (Some(key(&two)), vec![second, first]),
                (Some(key(&stranger)), vec![]),
                (Some(key(&one)), vec![own]),
                (None, vec![]),
                (Some(key(&spare)), vec![identified]),
                (Some(key(&two)), vec![second, first]),
            ];
            assert_eq!(found.collect::<Vec<_>>(), expected);
            let everywhere = |join: &CustomerJoin| {
                let mut own = join.conversations.iter();
                shared.is_none_or(|shared| own.any(|one| one.conversation.id == shared))
            };
            assert!(together.iter().all(everywhere));
        }
        assert_eq!(wait(store.join_customers(Vec::new())).unwrap(), []);
    });
}

#[test]
fn a_stranger_finds_nothing_and_leaves_nothing() {
    on_both_engines(|database| {
        let store = database.store();
        let key = customer().customer_key().unwrap();
        let join = wait(store.join_customer(key, vec![ConversationId(1)])).unwrap();
        assert_eq!((join.customer, join.conversations), (None, vec![]));
        assert_eq!(database.count("customers"), 0);
    });
}

#[test]
fn in_a_shared_room_everybody_is_in_the_one_conversation() {
    on_both_engines(|database| {
        let store = database.shared_store();
        let shared = store.shared_conversation().unwrap();
        assert_eq!(
            database.shared_store().shared_conversation(),
            Some(shared),
            "made once"
        );
        let desk = Desk::new(&store);
        let (asker, other, li) = (customer(), customer(), agent(&store, "li"));
        let key = other.customer_key().unwrap();
        let join = wait(store.join_customer(key, vec![])).unwrap();
        assert_eq!(join.customer, None);
        assert_eq!(join.conversations[0].conversation.id, shared);
        assert_eq!(join.conversations[0].last_message, None);
        for (n, (who, place)) in [(&asker, None), (&other, Some(shared)), (&li, None)]
            .into_iter()
            .enumerate()
        {
            let posted = desk.post(who, place, &format!("m{n}"));
            assert_eq!(posted.message.conversation, shared);
            assert_eq!(posted.message.seq, Seq(i64::try_from(n).unwrap() + 1));
            assert_eq!(posted.owner, None);
            assert!(!posted.status_changed);
        }
        let page = wait(store.messages(Viewer::Customer(key), shared, Page::Newest, 10)).unwrap();
        assert_eq!(page.unwrap().messages.len(), 3);
        assert_eq!(wait(store.join_agent(AgentId(1), vec![])).unwrap().len(), 1);
        // A private room on the same database does not know it.
        let private = database.store();
        let page = wait(private.messages(Viewer::Customer(key), shared, Page::Newest, 10)).unwrap();
        assert_eq!(page, None);
        let refusal = Desk::new(&private).write(&other, Some(shared), "x", "x");
        assert_eq!(refused(refusal), Code::ConversationNotFound);
    });
}
