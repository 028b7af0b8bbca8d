//! What agents see of a customer.

use crate::{
    domain::{Action, ConversationId},
    store::testing::{Desk, agent, customer, on_both_engines, wait},
};

#[test]
fn a_customer_is_shown_with_what_they_and_the_host_site_said() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let here = desk.post(&customer(), None, "c1").message.conversation;
        let record = wait(store.customer_of(here)).unwrap().unwrap();
        let found = record.customer.unwrap();
        assert_eq!(found.user_agent.as_deref(), Some("Firefox/140.0"));
        assert_eq!(found.language.as_deref(), Some("zh-CN"));
        assert_eq!(found.page.as_deref(), Some("https://shop.example/cart"));
        assert_eq!((found.name, found.email), (None, None));
        assert_eq!((found.external_id, found.attributes), (None, None));
        database.execute(
            "UPDATE customers SET name = '李', email = 'li@example.com', external_id = 'u-1', \
             attributes = '{\"plan\":\"pro\"}'",
        );
        let record = wait(store.customer_of(here)).unwrap().unwrap();
        let found = record.customer.unwrap();
        assert_eq!(found.name.as_deref(), Some("李"));
        assert_eq!(found.email.as_deref(), Some("li@example.com"));
        assert_eq!(found.external_id.as_deref(), Some("u-1"));
        assert_eq!(found.attributes.as_deref(), Some("{\"plan\":\"pro\"}"));
        let nowhere = ConversationId(999_999);
        assert_eq!(wait(store.customer_of(nowhere)).unwrap(), None);
    });
}

#[test]
fn their_other_conversations_are_told_the_latest_first_and_nobody_elses() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let (asker, other) = (customer(), customer());
        let li = agent(&store, "li");
        desk.post(&other, None, "theirs");
        let mut all = Vec::new();
        for n in 0..22 {
            let id = desk
                .post(&asker, None, &format!("c{n}"))
                .message
                .conversation;
            desk.act(&li, id, Action::Close);
            all.push(id);
        }
        let latest = all.pop().unwrap();
        let record = wait(store.customer_of(latest)).unwrap().unwrap();
        let told: Vec<_> = (record.others.iter())
            .map(|one| one.conversation.id)
            .collect();
        all.reverse();
        assert_eq!(told, all[..20]);
        assert!(record.more);
        let texts = record.others[0].last_message.as_ref().unwrap();
        assert_eq!(texts.text, "c20");
    });
}

#[test]
fn the_conversation_for_everybody_is_no_customers() {
    on_both_engines(|database| {
        let store = database.shared_store();
        let here = store.shared_conversation().unwrap();
        let record = wait(store.customer_of(here)).unwrap().unwrap();
        assert_eq!((record.customer, record.others.len()), (None, 0));
    });
}
