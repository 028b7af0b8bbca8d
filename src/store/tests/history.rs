//! Promise 4: exact resume. Pages of messages and conversations, to the edge and not beyond it.

use std::time::Duration;

use diesel::RunQueryDsl;

use crate::{
    domain::{Action, AgentId, Seq},
    store::{
        DatabaseUrl, Page, Viewer,
        testing::{Database, Desk, agent, customer, on_both_engines, wait},
    },
};

#[test]
fn pages_of_messages_meet_without_gap_or_repeat() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let asker = customer();
        for n in 1..=10 {
            desk.submit(&asker, None, &format!("m{n}"), "x");
        }
        let here = desk
            .collect(10)
            .pop()
            .map(crate::store::testing::posted)
            .unwrap();
        let here = here.message.conversation;
        for (page, limit, expected, more) in [
            (Page::Newest, 4, 7..=10, true),
            (Page::Newest, 10, 1..=10, false),
            (Page::Newest, 9, 2..=10, true),
            (Page::Before(Seq(7)), 4, 3..=6, true),
            (Page::Before(Seq(3)), 4, 1..=2, false),
            (Page::Before(Seq(5)), 4, 1..=4, false),
            (Page::Before(Seq(99)), 2, 9..=10, true),
            (Page::After(Seq(0)), 4, 1..=4, true),
            (Page::After(Seq(6)), 4, 7..=10, false),
            (Page::After(Seq(5)), 4, 6..=9, true),
        ] {
            let got = wait(store.messages(Viewer::Agent, here, page, limit))
                .unwrap()
                .unwrap();
            let seqs: Vec<_> = got.messages.iter().map(|message| message.seq.0).collect();
            assert_eq!(seqs, expected.collect::<Vec<_>>(), "{page:?} {limit}");
            assert_eq!(got.more, more, "{page:?} {limit}");
        }
        for page in [
            Page::Before(Seq(1)),
            Page::After(Seq(10)),
            Page::After(Seq(99)),
        ] {
            let got = wait(store.messages(Viewer::Agent, here, page, 4))
                .unwrap()
                .unwrap();
            assert!(got.messages.is_empty() && !got.more, "{page:?}");
        }
    });
}

#[test]
fn what_is_read_equals_what_was_told_when_it_was_written() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let (asker, li) = (customer(), agent(&store, "li"));
        let first = desk.post(&asker, None, "1");
        let here = first.message.conversation;
        let second = desk.post(&li, Some(here), "2");
        let page = wait(store.messages(Viewer::Agent, here, Page::Newest, 9))
            .unwrap()
            .unwrap();
        assert_eq!(
            page.messages,
            [first.message, second.event.unwrap(), second.message.clone(),],
            "times included"
        );
        let sent_at = second.message.sent_at.format("%F %T%.f");
        let listed = wait(store.conversation(Viewer::Agent, here))
            .unwrap()
            .unwrap();
        assert_eq!(listed.conversation, second.conversation);
        assert_eq!(listed.last_message, Some(second.message));
        let list = wait(store.join_agent(AgentId(1), vec![])).unwrap();
        assert_eq!(list, std::slice::from_ref(&listed));
        let key = asker.customer_key().unwrap();
        let join = wait(store.join_customer(key, vec![here])).unwrap();
        assert_eq!(join.conversations, [listed]);
        // As an admin finds it, UTC and plain.
        let seen =
            "transcripts WHERE who = 'Agent li' AND role = 'agent' AND kind = 'text' AND seq = 3";
        assert_eq!(database.count(seen), 1);
        assert_eq!(
            database.count(&format!("transcripts WHERE time = '{sent_at}'")),
            2,
            "the answer, and the event of taking"
        );
    });
}

#[test]
fn conversations_come_by_latest_activity_page_by_page() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        // Many with the very same time: the pages must not lose or repeat one of them.
        for n in 0..120 {
            desk.submit(&customer(), None, &format!("m{n}"), "x");
        }
        desk.collect(120);
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let page = wait(store.conversations(cursor, None, 25)).unwrap();
            assert!(page.conversations.len() <= 25);
            seen.extend(
                page.conversations
                    .into_iter()
                    .map(|listed| listed.conversation),
            );
            // As it goes over the wire.
            let Some(next) = page.next else { break };
            cursor = Some(next.to_string().parse().unwrap());
        }
        assert_eq!(seen.len(), 120);
        assert!(seen.windows(2).all(|two| {
            (two[0].last_message_at, two[0].id) > (two[1].last_message_at, two[1].id)
        }));
        // An agent gets all who wait, however quiet they are.
        let li = agent(&store, "li");
        let join = |resume| wait(store.join_agent(AgentId(1), resume)).unwrap();
        assert_eq!(join(vec![]).len(), 120);
        database.execute(
            "UPDATE conversations SET status = 'closed', waiting_since = NULL, current_of = NULL",
        );
        assert_eq!(join(vec![]).len(), 100);
        // And what is theirs.
        let (second, oldest) = (seen[118].id, seen[119].id);
        desk.act(&li, second, Action::Reopen);
        let bumped =
            format!("UPDATE conversations SET last_message_at = created_at WHERE id = {second}");
        database.execute(&bumped);
        assert_eq!(join(vec![]).len(), 101);
        database.execute("UPDATE conversations SET status = 'closed'");
        // The latest hundred, and those that they hold already.
        let joined = join(vec![oldest, seen[0].id]);
        assert_eq!(joined.len(), 101);
        assert_eq!(joined[100].conversation.id, oldest);
        assert!(joined.iter().all(|listed| listed.last_message.is_some()));
    });
}

#[test]
fn a_customer_finds_the_latest_twenty_and_those_they_hold() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let asker = customer();
        let mut ids = Vec::new();
        for n in 0..23 {
            ids.push(
                desk.post(&asker, None, &format!("m{n}"))
                    .message
                    .conversation,
            );
            database.execute("UPDATE conversations SET status = 'closed', current_of = NULL");
        }
        let key = asker.customer_key().unwrap();
        let found = |resume| {
            let join = wait(store.join_customer(key, resume)).unwrap();
            join.conversations
                .into_iter()
                .map(|l| l.conversation.id)
                .collect::<Vec<_>>()
        };
        let newest: Vec<_> = ids.iter().rev().copied().collect();
        assert_eq!(found(vec![]), newest[..20]);
        assert_eq!(
            found(vec![ids[0], ids[22]]),
            [&newest[..20], &[ids[0]]].concat()
        );
    });
}

#[test]
fn a_database_that_is_current_is_ready() {
    on_both_engines(|database| {
        let store = database.store();
        assert_eq!(wait(store.ready()), Ok(()));
        database.execute("DELETE FROM __diesel_schema_migrations WHERE version LIKE '%6'");
        let error = wait(store.ready()).unwrap_err();
        assert!(
            matches!(error, crate::store::StoreError::NotMigrated(_)),
            "{error}"
        );
    });
}

#[test]
fn the_queries_of_the_page_on_history_work_for_the_account_that_it_describes() {
    let page = include_str!("../../../docs/REVIEWING-HISTORY.md");
    let database = Database::mysql();
    let store = database.store();
    let desk = Desk::new(&store);
    let here = desk.post(&customer(), None, "1").message.conversation;
    desk.post(&agent(&store, "li"), Some(here), "2");
    let blocks: Vec<_> = page
        .split("```sql\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    let [grants, queries] = blocks[..] else {
        panic!("{} blocks of SQL", blocks.len())
    };
    let reviewer = database.name.replace("kefu_test", "rev");
    database.execute_plain(
        &grants
            .replace("'reviewer'", &format!("'{reviewer}'"))
            .replace("kefu.", &format!("{}.", database.name)),
    );
    let login = format!("{reviewer}:{}@", "a%20long%20password");
    let url: DatabaseUrl = database.raw.replace("root:kefu@", &login).parse().unwrap();
    let mut conn = super::super::connection::open(&url, Duration::from_secs(5)).unwrap();
    for query in queries.split(';').filter(|query| !query.trim().is_empty()) {
        diesel::sql_query(query)
            .execute(&mut conn)
            .unwrap_or_else(|error| panic!("{error}: {query}"));
    }
    for refused in [
        "SELECT password_hash FROM agents",
        "SELECT token_hash FROM customers",
        "DELETE FROM messages",
    ] {
        assert!(
            diesel::sql_query(refused).execute(&mut conn).is_err(),
            "{refused}"
        );
    }
    database.execute_plain(&format!("DROP USER '{reviewer}'@'%'"));
}

#[test]
fn the_account_that_the_page_describes_for_the_server_cannot_change_the_audit_log() {
    let page = include_str!("../../../docs/REVIEWING-HISTORY.md");
    let database = Database::mysql();
    let _store = database.store();
    let grants = page.split("```mysql\n").nth(1).unwrap();
    let grants = grants.split("```").next().unwrap();
    let name = database.name.replace("kefu_test", "srv");
    let lines = grants.lines().filter(|line| !line.starts_with("--"));
    let grants = lines.collect::<Vec<_>>().join("\n");
    database.execute_plain(
        &grants
            .replace("'kefu'", &format!("'{name}'"))
            .replace("kefu.", &format!("{}.", database.name)),
    );
    let login = format!("{name}:a%20long%20password@");
    let url: DatabaseUrl = database.raw.replace("root:kefu@", &login).parse().unwrap();
    let mut conn = super::super::connection::open(&url, Duration::from_secs(5)).unwrap();
    let mut run = |statement: &str| diesel::sql_query(statement).execute(&mut conn).is_ok();
    let row = "(at, username, action, details) VALUES (NOW(), '', 'signed_in', '{}')";
    assert!(run(&format!("INSERT INTO audit_log {row}")));
    assert!(!run("UPDATE audit_log SET username = 'x'"));
    assert!(!run("DELETE FROM audit_log"));
    assert!(!run("TRUNCATE audit_log"));
    database.execute_plain(&format!("DROP USER '{name}'@'%'"));
}
