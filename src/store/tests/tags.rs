//! The tags of conversations.

use std::thread;

use crate::{
    domain::{AgentId, ConversationId, Tag, TagName, Untagged},
    store::{
        Poster, Store, Viewer,
        testing::{Desk, agent, customer, on_both_engines, wait},
    },
};

fn id_of(agent: &Poster) -> AgentId {
    match agent {
        Poster::Agent(agent) => agent.id,
        Poster::Customer { .. } => panic!("a customer"),
    }
}

fn tag(store: &Store, by: AgentId, on: ConversationId, name: &str) -> Result<Vec<Tag>, Untagged> {
    wait(store.tag(by, on, TagName::read(name).unwrap())).unwrap()
}

fn names(tags: &[Tag]) -> Vec<&str> {
    tags.iter().map(|tag| tag.name.as_str()).collect()
}

#[test]
fn a_tag_is_one_whatever_its_case_and_lives_as_long_as_it_is_used() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let li = id_of(&agent(&store, "li"));
        let here = desk.post(&customer(), None, "a").message.conversation;
        let there = desk.post(&customer(), None, "b").message.conversation;
        assert_eq!(names(&tag(&store, li, here, "Refund").unwrap()), ["Refund"]);
        assert_eq!(
            names(&tag(&store, li, here, "退款 😀").unwrap()),
            ["Refund", "退款 😀"]
        );
        // The same again is no second.
        let again = tag(&store, li, here, " refund ").unwrap();
        assert_eq!(names(&again), ["Refund", "退款 😀"]);
        assert_eq!(
            names(&tag(&store, li, there, "REFUND").unwrap()),
            ["Refund"]
        );
        // Names that only look alike are two.
        tag(&store, li, there, "Résumé").unwrap();
        tag(&store, li, there, "resume").unwrap();
        assert_eq!(database.count("tags"), 4);

        let refund = again[0].id;
        let left = wait(store.untag(here, refund)).unwrap();
        assert_eq!(names(&left), ["退款 😀"]);
        assert_eq!(wait(store.untag(here, refund)).unwrap(), left);
        assert_eq!(database.count("tags"), 4, "it is still used there");
        wait(store.untag(there, refund)).unwrap();
        assert_eq!(names(&wait(store.tags()).unwrap()).len(), 3);

        let nowhere = ConversationId(999);
        assert_eq!(tag(&store, li, nowhere, "new"), Err(Untagged::NotFound));
        assert_eq!(database.count("tags"), 3, "a refusal leaves nothing");
    });
}

#[test]
fn agents_find_tags_in_lists_and_customers_in_none() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let li = id_of(&agent(&store, "li"));
        let asker = customer();
        let key = asker.customer_key().unwrap();
        let here = desk.post(&asker, None, "a").message.conversation;
        let there = desk.post(&customer(), None, "b").message.conversation;
        let vip = tag(&store, li, here, "vip").unwrap()[0].id;
        let all = wait(store.join_agent(li, vec![])).unwrap();
        let of = |all: &[crate::domain::Listed], id| -> Vec<String> {
            let one = all.iter().find(|one| one.conversation.id == id).unwrap();
            one.tags.iter().map(|tag| tag.name.clone()).collect()
        };
        assert_eq!(
            (of(&all, here), of(&all, there)),
            (vec!["vip".to_owned()], vec![])
        );
        let page = wait(store.conversations(None, Some(vip), 10)).unwrap();
        assert_eq!(page.conversations.len(), 1);
        assert_eq!(of(&page.conversations, here), ["vip"]);
        let seen = |viewer| wait(store.conversation(viewer, here)).unwrap().unwrap();
        assert_eq!(seen(Viewer::Agent).tags.len(), 1);
        assert_eq!(seen(Viewer::Customer(key)).tags, []);
        let own = wait(store.join_customer(key, vec![])).unwrap();
        assert_eq!(own.conversations[0].tags, []);
    });
}

#[test]
fn there_are_not_more_than_may_be() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let li = id_of(&agent(&store, "li"));
        let here = desk.post(&customer(), None, "a").message.conversation;
        for n in 0..Tag::MOST_OF_ONE {
            tag(&store, li, here, &format!("tag {n}")).unwrap();
        }
        assert_eq!(tag(&store, li, here, "one more"), Err(Untagged::TooMany));
        assert_eq!(tag(&store, li, here, "tag 0").unwrap().len(), 20);
        let rows: Vec<_> = (20..Tag::MOST)
            .map(|n| format!("('t{n}', 't{n}', '2026-11-25 00:00:00')"))
            .collect();
        database.execute(&format!(
            "INSERT INTO tags (name, folded, created_at) VALUES {}",
            rows.join(", ")
        ));
        let there = desk.post(&customer(), None, "b").message.conversation;
        assert_eq!(tag(&store, li, there, "one more"), Err(Untagged::TooMany));
        tag(&store, li, there, "t999").unwrap();
        assert_eq!(database.count("tags"), 1_000);
    });
}

#[test]
fn of_agents_who_tag_and_untag_at_once_none_is_lost() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let li = id_of(&agent(&store, "li"));
        let ids: Vec<_> = (0..4)
            .map(|n| {
                desk.post(&customer(), None, &format!("c{n}"))
                    .message
                    .conversation
            })
            .collect();
        thread::scope(|scope| {
            for id in &ids {
                let store = store.clone();
                scope.spawn(move || {
                    for _ in 0..5 {
                        let tags = tag(&store, li, *id, "same").unwrap();
                        assert_eq!(names(&tags), ["same"]);
                        wait(store.untag(*id, tags[0].id)).unwrap();
                    }
                    tag(&store, li, *id, "same").unwrap();
                });
            }
        });
        assert_eq!(
            (database.count("tags"), database.count("conversation_tags")),
            (1, 4)
        );
    });
}
