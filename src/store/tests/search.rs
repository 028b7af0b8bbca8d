//! Search over names and texts.

use crate::{
    domain::{Action, ConversationId, Kind, SearchWords},
    store::{
        SearchPage, Store,
        testing::{Desk, agent, customer, on_both_engines, wait},
    },
};

fn search(store: &Store, typed: &str) -> SearchPage {
    wait(store.search(SearchWords::read(typed).unwrap(), None, 20)).unwrap()
}

fn ids(page: &SearchPage) -> Vec<ConversationId> {
    let hits = page.hits.iter();
    hits.map(|hit| hit.conversation.conversation.id).collect()
}

#[test]
fn words_are_found_in_texts_and_notes_in_english_and_in_chinese() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let li = agent(&store, "li");
        let say = |text: &str| {
            let written = desk.write(&customer(), None, text, text);
            crate::store::testing::posted(written).message.conversation
        };
        // The texts are their own keys here, so they keep to what a key may have.
        let english = say("My-Refund-please");
        let chinese = {
            let asker = customer();
            let written = desk.write(&asker, None, "c", "我的订单什么时候发货？😀");
            crate::store::testing::posted(written).message.conversation
        };
        desk.note(&li, chinese, "secret-note");
        desk.act(&li, english, Action::Close);
        for (typed, expected) in [
            ("refund", vec![english]),
            ("REFUND please", vec![english]),
            ("refund nothing", vec![]),
            ("单", vec![chinese]),
            ("订单 发货", vec![chinese]),
            ("😀", vec![chinese]),
            ("🎉", vec![]),
            ("secret", vec![chinese]),
            // What happened is not what was said.
            ("closed", vec![]),
        ] {
            assert_eq!(ids(&search(&store, typed)), expected, "{typed}");
        }
        let hit = search(&store, "secret").hits.remove(0);
        assert_eq!(hit.message.unwrap().kind, Kind::Note);
        assert_eq!(hit.message.unwrap().seq.0, 2);
        assert!(hit.excerpt[0].hit);
    });
}

#[test]
fn names_and_addresses_are_found_before_texts_and_a_conversation_once() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let named = desk.post(&customer(), None, "hello").message.conversation;
        database.execute("UPDATE customers SET name = 'Ana 王', email = 'ana@example.com'");
        let spoken = desk.post(&customer(), None, "ana").message.conversation;
        let both = search(&store, "ana");
        assert_eq!(ids(&both), [named, spoken]);
        assert_eq!(both.hits[0].message, None);
        assert_eq!(ids(&search(&store, "王")), [named]);
        assert_eq!(ids(&search(&store, "王 example.com")), [named]);
        database.execute("UPDATE messages SET text = 'ana'");
        assert_eq!(ids(&search(&store, "ana")), [named, spoken]);
    });
}

#[test]
fn signs_of_the_database_are_words_like_any_other() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        for n in 0..3 {
            desk.post(&customer(), None, &format!("c{n}"));
        }
        for (n, text) in ["100% sure!", "a_b\\c", "plain \"<b>"].iter().enumerate() {
            let text = text.replace('\\', "\\\\");
            let text = if database.name.is_empty() {
                text.replace("\\\\", "\\")
            } else {
                text
            };
            database.execute(&format!(
                "UPDATE messages SET text = '{text}' WHERE conversation_id = {}",
                n + 1
            ));
        }
        for (typed, expected) in [
            ("%", vec![ConversationId(1)]),
            ("0%_", vec![]),
            ("!", vec![ConversationId(1)]),
            ("_", vec![ConversationId(2)]),
            ("\\c", vec![ConversationId(2)]),
            ("'", vec![]),
            ("\"<b>", vec![ConversationId(3)]),
        ] {
            assert_eq!(ids(&search(&store, typed)), expected, "{typed}");
        }
    });
}

#[test]
fn pages_go_on_to_the_end_and_miss_nothing() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let mut all = Vec::new();
        for n in 0..7 {
            let asker = customer();
            let id = desk
                .post(&asker, None, &format!("word-{n}"))
                .message
                .conversation;
            // Several in one conversation are one hit on a page.
            desk.post(&asker, Some(id), &format!("word-again-{n}"));
            all.push(id);
        }
        // Two have names that fit, too.
        database.execute("UPDATE customers SET name = 'Word' WHERE id IN (2, 3)");
        let mut found = Vec::new();
        let mut next = None;
        for _ in 0..50 {
            let words = SearchWords::read("word").unwrap();
            let page = wait(store.search(words, next, 2)).unwrap();
            assert!(page.hits.len() <= 2);
            found.extend(ids(&page));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(next, None);
        assert_eq!(found[..2], [all[2], all[1]], "names first");
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, all);
    });
}
