//! That nothing reads a whole table of conversations or messages: what those who review ask, on the real MariaDB;
//! what the chat asks, on SQLite, which guesses worse.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use diesel::{
    connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation},
    prelude::*,
};

use crate::{
    domain::{Action, AssignmentRules, CustomerKey, HistoryFilter, Seq, now},
    store::{
        KeepPresence, Page, Poster, Viewer, connection,
        connection::DbConnection,
        history,
        testing::{Database, Desk, agent, customer_with, posted, wait},
    },
};

/// 20,000 conversations of 5,000 customers with 40,000 messages over a year, in a few statements.
fn fill(database: &Database) {
    for sql in [
        "INSERT INTO agents (username, name, role, password_hash, created_at)
         SELECT IF(seq = 1, 'li.wei', CONCAT('agent', seq)), 'Li', 'agent', '!', '2025-01-01' FROM seq_1_to_5",
        "INSERT INTO customers (id, token_hash, name, email, created_at)
         SELECT seq, UNHEX(SHA2(seq, 256)), CONCAT('Name ', seq), CONCAT('c', seq, '@example.com'), '2025-01-01'
         FROM seq_1_to_5000",
        "INSERT INTO conversations (id, customer_id, status, agent_id, last_seq, customer_read_seq, agent_read_seq,
         created_at, last_message_at, first_response_ms, closed_at, channel)
         SELECT seq, 1 + seq MOD 5000, IF(seq MOD 400, 'closed', 'open'), 1 + seq MOD 5, 2, 2, 2,
         '2025-12-01' + INTERVAL seq * 26 MINUTE, '2025-12-01' + INTERVAL seq * 26 + 5 MINUTE, 1000,
         IF(seq MOD 400, '2025-12-01' + INTERVAL seq * 26 + 5 MINUTE, NULL), IF(seq MOD 500, 'web', 'socketio')
         FROM seq_1_to_20000",
        "INSERT INTO messages (conversation_id, seq, client_id, kind, sender_role, sender_id, text, sent_at)
         SELECT c.id, s.seq, CONCAT('m', s.seq), 'text', IF(s.seq = 1, 'customer', 'agent'),
         IF(s.seq = 1, c.customer_id, c.agent_id), CONCAT('What about the refund ', c.id),
         c.created_at + INTERVAL s.seq MINUTE FROM conversations c, seq_1_to_2 s",
        "INSERT INTO tags (id, name, folded, created_at)
         SELECT seq, IF(seq = 1, 'refund', CONCAT('tag', seq)), IF(seq = 1, 'refund', CONCAT('tag', seq)),
         '2025-01-01' FROM seq_1_to_20",
        "INSERT INTO conversation_tags SELECT id, 1 + id DIV 5 MOD 20, 1, created_at FROM conversations
         WHERE id MOD 5 = 0",
        "INSERT INTO ratings SELECT id, 1 + id MOD 5, '', created_at, created_at FROM conversations WHERE id MOD 3 = 0",
        "INSERT INTO files (id, conversation_id, seq, name, size, type, created_at)
         SELECT LPAD(id, 32, '0'), id, 1, 'a.png', 5, 'image/png', created_at FROM conversations WHERE id MOD 20 = 0",
    ] {
        database.execute(sql);
    }
    for table in [
        "conversations",
        "messages",
        "customers",
        "conversation_tags",
        "ratings",
        "files",
    ] {
        database.execute(&format!("ANALYZE TABLE {table}"));
    }
}

#[derive(QueryableByName, Debug)]
struct Step {
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    table: Option<String>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>, column_name = "type")]
    kind: Option<String>,
}

/// What the program names of a plan when it would read all of one of the large tables.
fn whole_tables(conn: &mut DbConnection, query: &str) -> Vec<String> {
    let plan: Vec<Step> = diesel::sql_query(format!("EXPLAIN {query}"))
        .load(conn)
        .unwrap_or_else(|error| panic!("{error}: {query}"));
    let small = ["a", "t", "agents", "tags"];
    let whole = plan.into_iter().filter(|step| {
        let kind = step.kind.as_deref().unwrap_or_default();
        matches!(kind, "ALL" | "index")
            && !small.contains(&step.table.as_deref().unwrap_or_default())
    });
    whole.filter_map(|step| step.table).collect()
}

#[test]
fn every_query_to_copy_goes_by_an_index() {
    let database = Database::mysql();
    drop(database.store());
    fill(&database);
    let page = include_str!("../../../docs/REVIEWING-HISTORY.md");
    let queries = page
        .split("```sql\n")
        .nth(2)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let mut conn = connection::open(&database.url, Duration::from_secs(5)).unwrap();
    let queries: Vec<_> = queries
        .split(';')
        .filter(|query| !query.trim().is_empty())
        .collect();
    assert!(queries.len() >= 15, "{}", queries.len());
    for query in queries {
        // The comment goes first, and EXPLAIN after it.
        let query: String = query
            .lines()
            .filter(|line| !line.starts_with("--"))
            .collect::<Vec<_>>()
            .join("\n");
        assert_eq!(
            whole_tables(&mut conn, &query),
            Vec::<String>::new(),
            "{query}"
        );
    }
    assert_eq!(
        whole_tables(&mut conn, "SELECT text FROM messages"),
        ["messages"],
        "a plan is looked at"
    );
}

#[test]
fn the_first_page_of_every_filter_reads_a_small_part() {
    #[derive(QueryableByName)]
    struct Status {
        #[diesel(sql_type = diesel::sql_types::Text, column_name = "Value")]
        value: String,
    }
    let database = Database::mysql();
    drop(database.store());
    fill(&database);
    let mut conn = connection::open(&database.url, Duration::from_secs(5)).unwrap();
    for (query, most) in [
        (&[][..], 3_000),
        (&[("from", "2026-03-01"), ("to", "2026-03-31")], 3_000),
        (&[("to", "2026-01-31")], 3_000),
        (&[("agent", "2")], 3_000),
        (&[("customer", "7")], 500),
        (&[("status", "closed")], 3_000),
        (&[("status", "open")], 3_000),
        (&[("channel", "web")], 3_000),
        (&[("channel", "socketio")], 500),
        // Customers are read, a third of which there are conversations.
        (&[("customer_text", "c777@")], 7_000),
    ] {
        let asked = |name: &str| query.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
        let filter = HistoryFilter::read(asked).unwrap();
        let count = |conn: &mut DbConnection| -> u64 {
            let status = "SHOW SESSION STATUS WHERE Variable_name IN ('Handler_read_next', 'Handler_read_prev', \
                          'Handler_read_rnd_next')";
            let rows: Vec<Status> = diesel::sql_query(status).load(conn).unwrap();
            rows.iter()
                .map(|row| row.value.parse::<u64>().unwrap())
                .sum()
        };
        let before = count(&mut conn);
        let page = history::page(&mut conn, &filter, None, 20).unwrap();
        let read = count(&mut conn) - before;
        assert!(!page.rows.is_empty(), "{query:?}");
        assert!(read < most, "{query:?} reads {read} rows");
    }
}

/// Every statement of this process, without its values.
static ASKED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

#[expect(
    clippy::unnecessary_wraps,
    reason = "diesel asks for a function of this type"
)]
fn listen() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            let statement = text.split(" -- binds").next().unwrap_or(&text);
            let mut asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
            asked.insert(statement.to_owned());
        }
    }))
}

#[derive(QueryableByName)]
struct Detail {
    #[diesel(sql_type = diesel::sql_types::Text)]
    detail: String,
}

/// The steps of a plan by which SQLite would go through a whole table, but for small ones. To begin an ordered walk
/// that ends after so many rows is none.
fn scans(conn: &mut DbConnection, statement: &str) -> Vec<String> {
    let plan: Vec<Detail> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}"))
        .load(conn)
        .unwrap_or_else(|error| panic!("{error}: {statement}"));
    let large = [
        "messages",
        "conversations",
        "customers",
        "customer_tokens",
        "files",
    ];
    let steps = plan.into_iter().map(|step| step.detail);
    let whole = steps.filter(|step| {
        let mut words = step.split(' ');
        let is_walk = step.contains(" USING INDEX ") && statement.contains(" LIMIT ");
        words.next() == Some("SCAN")
            && words.next().is_some_and(|table| large.contains(&table))
            && !is_walk
    });
    whole.collect()
}

#[test]
fn nothing_that_the_chat_asks_goes_through_a_whole_table() {
    let database = Database::sqlite();
    // Not what brings the tables up to date.
    drop(database.store());
    set_default_instrumentation(listen).unwrap();
    let store = database.store();
    let desk = Desk::new(&store);
    let keys = [1, 2, 3].map(|n| CustomerKey([n; 32]));
    let customers = keys.map(customer_with);
    let li = agent(&store, "li");
    let Poster::Agent(me) = li.clone() else {
        panic!("not an agent");
    };

    // One by one, many in one transaction, and each once more, as after an answer that was lost.
    let mut ids = Vec::new();
    for poster in &customers {
        ids.push(desk.post(poster, None, "first").message.conversation);
        assert!(posted(desk.write(poster, None, "first", "first")).duplicate);
    }
    for _ in 0..2 {
        for n in 0..40 {
            for (poster, id) in customers.iter().zip(&ids) {
                desk.submit(poster, None, &format!("m{n}"), "x");
                desk.submit(&li, Some(*id), &format!("a{n}"), "y");
            }
        }
        desk.collect(40 * 2 * ids.len());
    }
    for id in &ids {
        desk.act(&li, *id, Action::Take);
        desk.note(&li, *id, "note");
        desk.read(&li, *id, 3);
        desk.read(&li, *id, 40);
    }
    desk.act(&li, ids[0], Action::Close);
    desk.act(&li, ids[0], Action::Reopen);
    desk.dispatch(AssignmentRules::default());

    let resume = ids.clone();
    let seq = Seq(5);
    for key in keys {
        wait(store.join_customer(key, resume.clone())).unwrap();
    }
    wait(store.join_agent(me.id, resume)).unwrap();
    for viewer in [Viewer::Agent, Viewer::Customer(keys[0])] {
        for page in [Page::After(seq), Page::Before(seq), Page::Newest] {
            let read = wait(store.messages(viewer, ids[0], page, 20)).unwrap();
            assert!(!read.unwrap().messages.is_empty());
        }
        wait(store.conversation(viewer, ids[0])).unwrap();
    }
    wait(store.conversations(None, None, 20)).unwrap();
    wait(store.queue()).unwrap();
    wait(store.ended_tokens(now() - TimeDelta::minutes(1))).unwrap();
    wait(store.block_list()).unwrap();
    wait(store.tags_of(ids[0])).unwrap();
    wait(store.keep_presence(KeepPresence {
        connected: vec![me.id],
        ended: Vec::new(),
        rules: AssignmentRules::default(),
        may_return: true,
    }))
    .unwrap();

    let asked = std::mem::take(&mut *ASKED.lock().unwrap());
    let mut conn = connection::open(&database.url, Duration::from_secs(5)).unwrap();
    let verbs = ["SELECT", "UPDATE", "DELETE", "INSERT"];
    let statements: Vec<_> = (asked.iter())
        .filter(|statement| {
            verbs
                .iter()
                .any(|verb| statement.trim_start().starts_with(verb))
        })
        .collect();
    assert!(
        statements.len() > 40,
        "only {} were heard",
        statements.len()
    );
    let whole: Vec<_> = (statements.into_iter())
        .flat_map(|statement| {
            let found = scans(&mut conn, statement);
            found
                .into_iter()
                .map(move |step| format!("{step}: {statement}"))
        })
        .collect();
    assert!(whole.is_empty(), "{}", whole.join("\n"));
    assert_eq!(
        scans(&mut conn, "SELECT text FROM messages"),
        ["SCAN messages"],
        "a plan is looked at"
    );
}
