//! Saved replies: everybody's and each agent's own.

use crate::{
    domain::{AgentId, Me, ReplyContent, ReplyId, Role, SavedReply, Unsaved},
    store::{
        Poster, Store,
        testing::{agent, on_both_engines, wait},
    },
};

fn me(store: &Store, username: &str, role: Role) -> Me {
    let Poster::Agent(agent) = agent(store, username) else {
        panic!("an agent")
    };
    Me {
        id: agent.id,
        name: agent.name,
        role,
    }
}

fn content(shortcut: &str, text: &str) -> ReplyContent {
    ReplyContent {
        shortcut: shortcut.to_owned(),
        title: None,
        text: text.to_owned(),
    }
}

fn save(store: &Store, by: &Me, shared: bool, shortcut: &str) -> Result<SavedReply, Unsaved> {
    wait(store.save_reply(
        by.clone(),
        shared,
        content(shortcut, "你好 {customer.name} 🎉"),
    ))
    .unwrap()
}

fn shortcuts(store: &Store, me: AgentId) -> Vec<(String, bool)> {
    let all = wait(store.saved_replies(me)).unwrap();
    all.into_iter()
        .map(|reply| (reply.content.shortcut, reply.owner.is_none()))
        .collect()
}

#[test]
fn everybody_has_their_own_and_those_of_everybody() {
    on_both_engines(|database| {
        let store = database.store();
        let (li, ana) = (
            me(&store, "li", Role::Agent),
            me(&store, "ana", Role::Supervisor),
        );
        let made = save(&store, &li, false, "hi").unwrap();
        assert_eq!(made.owner, Some(li.id));
        assert_eq!(made.content.text, "你好 {customer.name} 🎉");
        save(&store, &ana, true, "hi").unwrap();
        save(&store, &ana, false, "bye").unwrap();
        let own_first = [("hi".to_owned(), false), ("hi".to_owned(), true)];
        assert_eq!(shortcuts(&store, li.id), own_first);
        let hers = [("bye".to_owned(), false), ("hi".to_owned(), true)];
        assert_eq!(shortcuts(&store, ana.id), hers);
    });
}

#[test]
fn a_shortcut_is_given_once_for_each_and_a_retry_makes_no_second() {
    on_both_engines(|database| {
        let store = database.store();
        let li = me(&store, "li", Role::Admin);
        for shared in [false, true] {
            let made = save(&store, &li, shared, "hi").unwrap();
            assert_eq!(save(&store, &li, shared, "hi"), Ok(made));
            let other = content("hi", "other words");
            let again = wait(store.save_reply(li.clone(), shared, other)).unwrap();
            assert_eq!(again, Err(Unsaved::ShortcutTaken));
            // Also by changing another.
            let bye = save(&store, &li, shared, "bye").unwrap();
            let changed = wait(store.change_reply(li.clone(), bye.id, shared, content("hi", "x")));
            assert_eq!(changed.unwrap(), Err(Unsaved::ShortcutTaken));
        }
        // Words that only look alike are two.
        save(&store, &li, false, "café").unwrap();
        save(&store, &li, false, "cafe").unwrap();
        assert_eq!(database.count("saved_replies"), 6);
    });
}

#[test]
fn an_agent_changes_only_their_own_and_learns_of_no_others() {
    on_both_engines(|database| {
        let store = database.store();
        let (li, ana) = (
            me(&store, "li", Role::Agent),
            me(&store, "ana", Role::Supervisor),
        );
        let own = save(&store, &li, false, "hi").unwrap();
        let hers = save(&store, &ana, false, "hi").unwrap();
        let shared = save(&store, &ana, true, "hi").unwrap();
        assert_eq!(save(&store, &li, true, "x"), Err(Unsaved::NotAllowed));
        let change = |by: &Me, id, shared| {
            let new = content("new", "new words");
            wait(store.change_reply(by.clone(), id, shared, new)).unwrap()
        };
        let delete = |by: &Me, id| wait(store.delete_reply(by.clone(), id)).unwrap();
        let nowhere = ReplyId(999);
        for id in [hers.id, nowhere] {
            assert_eq!(change(&li, id, false), Err(Unsaved::NotFound));
            assert_eq!(delete(&li, id), Err(Unsaved::NotFound));
        }
        // Not even a supervisor sees what is another's own.
        assert_eq!(delete(&ana, own.id), Err(Unsaved::NotFound));
        assert_eq!(change(&li, shared.id, true), Err(Unsaved::NotAllowed));
        assert_eq!(change(&li, own.id, true), Err(Unsaved::NotAllowed));
        assert_eq!(delete(&li, shared.id), Err(Unsaved::NotAllowed));

        let changed = change(&li, own.id, false).unwrap();
        assert_eq!(
            (changed.id, changed.content),
            (own.id, content("new", "new words"))
        );
        // A supervisor hands one of theirs to everybody, and takes it back.
        assert_eq!(change(&ana, hers.id, true).unwrap().owner, None);
        assert_eq!(change(&ana, hers.id, false).unwrap().owner, Some(ana.id));
        assert_eq!(delete(&ana, shared.id), Ok(()));
        assert_eq!(delete(&li, own.id), Ok(()));
        assert_eq!(shortcuts(&store, li.id), []);
    });
}

#[test]
fn there_are_not_more_than_a_list_can_hold() {
    on_both_engines(|database| {
        let store = database.store();
        let li = me(&store, "li", Role::Agent);
        let rows: Vec<_> = (0..SavedReply::MOST)
            .map(|n| format!("({}, 'r{n}', 'x', '2026-11-25 00:00:00')", li.id))
            .collect();
        database.execute(&format!(
            "INSERT INTO saved_replies (owner_id, shortcut, text, updated_at) VALUES {}",
            rows.join(", ")
        ));
        assert_eq!(save(&store, &li, false, "one-more"), Err(Unsaved::TooMany));
        let first = wait(store.saved_replies(li.id)).unwrap().remove(0);
        wait(store.delete_reply(li.clone(), first.id))
            .unwrap()
            .unwrap();
        save(&store, &li, false, "one-more").unwrap();
    });
}
