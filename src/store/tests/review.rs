//! What those who review find, and by what.

use crate::{
    domain::{Action, ConversationId, CustomerKey, HistoryFilter, Rating, TagName},
    store::{
        HistoryPage, Poster, Store,
        testing::{Desk, agent, customer, on_both_engines, wait},
    },
};

fn find(store: &Store, query: &[(&str, &str)]) -> HistoryPage {
    let asked = |name: &str| query.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
    let filter = HistoryFilter::read(asked).unwrap();
    wait(store.history(filter, None, 50)).unwrap()
}

fn ids(page: &HistoryPage) -> Vec<i64> {
    let rows = page.rows.iter();
    rows.map(|row| row.listed.conversation.id.0).collect()
}

fn key(who: &Poster) -> CustomerKey {
    who.customer_key().unwrap()
}

#[test]
fn every_filter_finds_what_fits_and_nothing_else() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let li = agent(&store, "li");
        let Poster::Agent(li_is) = &li else {
            panic!("an agent")
        };
        let askers: Vec<_> = (0..3).map(|_| customer()).collect();
        for (asker, text) in askers.iter().zip(["refund, please", "我的订单呢", "100%"]) {
            desk.write(asker, None, "c", text);
        }
        let [one, two] = [1, 2].map(ConversationId);
        desk.post(&li, Some(one), "Hello");
        desk.act(&li, one, Action::Close);
        desk.note(&li, two, "secret");
        let rating = Rating::read(4, "good").unwrap();
        wait(store.rate(key(&askers[0]), one, rating))
            .unwrap()
            .unwrap();
        let tag = TagName::read("vip").unwrap();
        let tags = wait(store.tag(li_is.id, two, tag)).unwrap().unwrap();
        let tag = tags[0].id.to_string();
        database.execute(
            "UPDATE customers SET name = 'Ana 王', email = 'a_na@example.com' WHERE id = 2",
        );
        database.execute("UPDATE customers SET external_id = 'u-1001' WHERE id = 3");
        for (id, began) in [(1, "2026-01-01"), (2, "2026-02-01"), (3, "2026-02-02")] {
            database.execute(&format!(
                "UPDATE conversations SET created_at = '{began} 08:00:00' WHERE id = {id}"
            ));
        }
        for (query, expected) in [
            (&[][..], &[3, 2, 1][..]),
            (&[("from", "2026-02-01")], &[3, 2]),
            (&[("from", "2026-02-01"), ("to", "2026-02-01")], &[2]),
            (&[("to", "2026-02-01T08:00:00Z")], &[1]),
            (&[("from", "2026-02-02"), ("tz", "Pacific/Auckland")], &[3]),
            (&[("agent", "1")], &[1]),
            (&[("agent", "2")], &[]),
            (&[("agent", "none")], &[3, 2]),
            (&[("customer", "2")], &[2]),
            (&[("customer_text", "ana other")], &[]),
            (&[("customer_text", "王 a_na")], &[2]),
            (&[("customer_text", "u-1001")], &[3]),
            (&[("status", "closed")], &[1]),
            (&[("status", "waiting")], &[3, 2]),
            (&[("tag", tag.as_str())], &[2]),
            (&[("tag", "999")], &[]),
            (&[("rating", "4")], &[1]),
            (&[("rating", "5")], &[]),
            (&[("rating", "rated")], &[1]),
            (&[("rating", "unrated")], &[3, 2]),
            (&[("q", "REFUND")], &[1]),
            (&[("q", "单")], &[2]),
            (&[("q", "secret")], &[2]),
            (&[("q", "%")], &[3]),
            (&[("q", "closed")], &[]),
            (&[("q", "订单"), ("status", "closed")], &[]),
        ] {
            let page = find(&store, query);
            assert_eq!(ids(&page), expected, "{query:?}");
            assert_eq!(page.next, None, "{query:?}");
        }
        let row = find(&store, &[("customer", "1"), ("q", "refund")])
            .rows
            .remove(0);
        assert_eq!(row.messages, 2, "a note or an event is no message");
        assert_eq!(row.rating.unwrap().comment, "good");
        assert!(row.ended_at.is_some() && row.first_response_ms.is_some());
        assert_eq!(row.message.unwrap().seq.0, 1);
        assert!(row.excerpt[0].hit);
    });
}

#[test]
fn pages_meet_without_gap_or_repeat_although_new_ones_begin() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        for n in 0..7 {
            desk.post(&customer(), None, &format!("m{n}"));
        }
        database.execute("UPDATE conversations SET created_at = '2026-01-01 08:00:00'");
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let page = wait(store.history(HistoryFilter::default(), next, 2)).unwrap();
            found.extend(ids(&page));
            next = page.next;
            desk.post(&customer(), None, "later");
            if next.is_none() {
                break;
            }
        }
        assert_eq!(found, [7, 6, 5, 4, 3, 2, 1]);
    });
}

#[test]
fn the_first_answer_is_the_first_that_the_customer_sees_and_stays() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let li = agent(&store, "li");
        let asker = customer();
        let id = desk.post(&asker, None, "c").message.conversation;
        let took = || find(&store, &[]).rows.remove(0).first_response_ms;
        database.execute("UPDATE conversations SET created_at = '2026-01-01 08:00:00'");
        desk.act(&li, id, Action::Take);
        desk.note(&li, id, "n");
        assert_eq!(took(), None, "a note and an event are no answer");
        let answered = desk.post(&li, Some(id), "a").message.sent_at;
        let began = "2026-01-01T08:00:00Z"
            .parse::<crate::domain::Timestamp>()
            .unwrap();
        let expected = Some((answered - began).num_milliseconds());
        assert_eq!(took(), expected);
        desk.post(&li, Some(id), "b");
        desk.act(&li, id, Action::Close);
        let ended = find(&store, &[]).rows.remove(0).ended_at;
        assert!(ended.is_some_and(|ended| ended >= answered));
        desk.act(&li, id, Action::Reopen);
        assert_eq!(find(&store, &[]).rows.remove(0).ended_at, None);
        desk.post(&li, Some(id), "d");
        assert_eq!(took(), expected);
    });
}

#[test]
fn what_was_there_before_gets_its_first_answer_and_end_from_its_messages() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let li = agent(&store, "li");
        let id = desk.post(&customer(), None, "c").message.conversation;
        desk.post(&customer(), None, "unanswered");
        desk.post(&li, Some(id), "a");
        desk.act(&li, id, Action::Close);
        let before = find(&store, &[]);
        database.execute("UPDATE conversations SET first_response_ms = NULL, closed_at = NULL");
        let path = if database.name.is_empty() {
            "sqlite"
        } else {
            "mysql"
        };
        let path = format!(
            "{}/migrations/{path}/2026-11-25-000802_history_as_it_is/up.sql",
            env!("CARGO_MANIFEST_DIR")
        );
        database.execute(&std::fs::read_to_string(path).unwrap());
        assert_eq!(find(&store, &[]), before);
    });
}
