//! That nothing reads a whole table of conversations or messages, on the real MariaDB.

use std::time::Duration;

use diesel::prelude::*;

use crate::{
    domain::HistoryFilter,
    store::{connection, connection::DbConnection, history, testing::Database},
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
