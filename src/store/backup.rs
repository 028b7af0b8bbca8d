//! The whole database as lines of JSON, from one consistent look at it, and back into an empty one of either
//! engine. Called by `src/backup.rs`, on the thread of the command line.
//!
//! The database itself writes each row as a JSON array, so one statement does for every table, and nothing here
//! has to know them one by one. What it must know is which tables there are ([`TABLES`]) and which columns are
//! times and bytes; tests hold both against the real tables.
//!
//! **Invariant**: a restore is one transaction: all of it is there, or nothing.

use chrono::NaiveDateTime;
use diesel::{
    connection::{DefaultLoadingMode, LoadConnection, SimpleConnection},
    prelude::*,
    sql_types::{BigInt, Text},
};
use serde_json::{Value, json};

use super::{
    StoreError, audit,
    connection::DbConnection,
    migrate,
    url::{DatabaseUrl, Engine},
};
use crate::domain::{AuditAction, AuditActor, NewAuditEntry};

/// Every table that a backup holds. The others are `leases`, which is about running processes, and the index of
/// words, which the program makes of the messages by itself.
pub(super) const TABLES: &[&str] = &[
    "agents",
    "agent_presence",
    "agent_recovery_codes",
    "agent_sessions",
    "agent_totp",
    "audit_log",
    "blocks",
    "conversation_tags",
    "conversations",
    "customer_tokens",
    "customers",
    "erasures",
    "files",
    "holds",
    "messages",
    "ratings",
    "saved_replies",
    "settings",
    "tags",
];

/// Columns of bytes.
const BYTES: &[&str] = &[
    "code_hash",
    "customer_token_hash",
    "identity_hash",
    "seed",
    "token_hash",
];

/// Large tables, and the column (from 1 on, indexed) by which they are read in parts.
const PARTED: &[(&str, &str)] = &[
    ("audit_log", "id"),
    ("conversation_tags", "conversation_id"),
    ("conversations", "id"),
    ("customer_tokens", "customer_id"),
    ("customers", "id"),
    ("messages", "conversation_id"),
    ("ratings", "conversation_id"),
];

/// Numbers of that column in one part.
const PART: i64 = 2_000;

/// Bytes of one INSERT, a little more with the last row: far below what any server takes.
const STATEMENT: usize = 512 << 10;

/// Why a backup or a restore did not get through.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// Where the lines go to or come from.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It was made by a program with other tables.
    #[error(
        "this backup has the tables of {0}, and this program those of {1}; restore it with the version that \
         made it, and let this one bring that up to date"
    )]
    OtherVersion(String, String),
    /// There is something in the database already.
    #[error("the database is not empty: there are rows in {0}; restore into a new one")]
    NotEmpty(&'static str),
    /// Not what a backup looks like.
    #[error("this is not a whole backup: {0}")]
    Broken(String),
}

impl From<diesel::result::Error> for BackupError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

fn broken<T>(why: impl Into<String>) -> Result<T, BackupError> {
    Err(BackupError::Broken(why.into()))
}

/// Whether a column is a time, by the names that this program gives.
fn is_time(column: &str) -> bool {
    column == "at"
        || ["_at", "_since", "_until"]
            .iter()
            .any(|end| column.ends_with(end))
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Writes everything there is, one line after the other, while others go on writing to the database.
///
/// # Errors
/// [`BackupError`].
pub fn dump(
    url: &DatabaseUrl,
    mut line: impl FnMut(&str) -> std::io::Result<()>,
) -> Result<(), BackupError> {
    let mut conn = migrate::open(url)?;
    migrate::check(&mut conn)??;
    let by = AuditActor::command_line();
    audit::record(&mut conn, &NewAuditEntry::new(by, AuditAction::BackedUp))?;
    let head = json!({"kefu_backup": 1, "tables_of": migrate::newest(url.engine)?});
    line(&head.to_string())?;
    // From here on every statement sees the same moment.
    conn.batch_execute(match url.engine {
        Engine::Mysql => {
            "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ; \
             START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
        }
        Engine::Sqlite => "BEGIN",
    })?;
    for table in TABLES {
        let columns = columns(&mut conn, table)?;
        line(&json!({"table": table, "columns": columns}).to_string())?;
        let all = select(url.engine, table, &columns);
        for part in parts(&mut conn, table, &all)? {
            match &mut conn {
                DbConnection::Mysql(conn) => rows(conn, &part, &mut line)?,
                DbConnection::Sqlite(conn) => rows(conn, &part, &mut line)?,
            }
        }
    }
    conn.batch_execute("COMMIT")?;
    Ok(())
}

/// The queries for a table that may be large: a client of MySQL holds all that one query finds.
fn parts(conn: &mut DbConnection, table: &str, all: &str) -> Result<Vec<String>, BackupError> {
    let Some((_, column)) = PARTED.iter().find(|(name, _)| *name == table) else {
        return Ok(vec![all.to_owned()]);
    };
    let query = format!("SELECT CAST(COALESCE(MAX({column}), 0) AS SIGNED) AS n FROM {table}");
    let most = diesel::sql_query(query).get_result::<Count>(conn)?.n;
    let begins = (0..most).step_by(usize::try_from(PART).unwrap_or(1));
    Ok(begins
        .map(|from| {
            let to = from.saturating_add(PART);
            format!("{all} WHERE {column} > {from} AND {column} <= {to}")
        })
        .collect())
}

fn rows<C>(
    conn: &mut C,
    query: &str,
    line: &mut impl FnMut(&str) -> std::io::Result<()>,
) -> Result<(), BackupError>
where
    C: LoadConnection<DefaultLoadingMode>,
    for<'q> diesel::query_builder::SqlQuery:
        diesel::query_dsl::methods::LoadQuery<'q, C, Line, DefaultLoadingMode>,
{
    let found = diesel::sql_query(query).load_iter::<Line, DefaultLoadingMode>(conn)?;
    for row in found {
        line(&row?.line)?;
    }
    Ok(())
}

fn columns(conn: &mut DbConnection, table: &str) -> Result<Vec<String>, BackupError> {
    let query = match conn.engine() {
        Engine::Mysql => format!(
            "SELECT CAST(COLUMN_NAME AS CHAR) AS line FROM information_schema.COLUMNS \
             WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '{table}' ORDER BY ORDINAL_POSITION"
        ),
        Engine::Sqlite => format!("SELECT name AS line FROM pragma_table_info('{table}')"),
    };
    let found: Vec<Line> = diesel::sql_query(query).load(conn)?;
    Ok(found.into_iter().map(|row| row.line).collect())
}

fn quoted(engine: Engine, name: &str) -> String {
    match engine {
        Engine::Mysql => format!("`{name}`"),
        Engine::Sqlite => format!("\"{name}\""),
    }
}

fn select(engine: Engine, table: &str, columns: &[String]) -> String {
    let cells: Vec<_> = (columns.iter())
        .map(|name| {
            let column = quoted(engine, name);
            match engine {
                _ if BYTES.contains(&name.as_str()) => format!("HEX({column})"),
                Engine::Mysql if is_time(name) => {
                    format!("DATE_FORMAT({column}, '%Y-%m-%d %H:%i:%s.%f')")
                }
                _ => column,
            }
        })
        .collect();
    let cells = cells.join(", ");
    match engine {
        // HEX of nothing is an empty text on SQLite, which is put right on the way back.
        Engine::Mysql => format!("SELECT JSON_ARRAY({cells}) AS line FROM {table}"),
        Engine::Sqlite => format!("SELECT json_array({cells}) AS line FROM {table}"),
    }
}

/// Brings an empty database up to date and reads everything back; the lines are those of [`dump`].
///
/// # Errors
/// [`BackupError`]; nothing is in the database then.
pub fn restore(
    url: &DatabaseUrl,
    mut lines: impl Iterator<Item = Result<String, BackupError>>,
) -> Result<u64, BackupError> {
    let head: Value = match lines.next() {
        None => return broken("it is empty"),
        Some(line) => serde_json::from_str(&line?).unwrap_or_default(),
    };
    if head["kefu_backup"] != 1 {
        return broken("it does not begin as one");
    }
    let newest = migrate::newest(url.engine)?;
    let theirs = head["tables_of"].as_str().unwrap_or_default();
    if theirs != newest {
        return Err(BackupError::OtherVersion(theirs.to_owned(), newest));
    }
    let mut conn = migrate::open(url)?;
    migrate::migrate(&mut conn)?;
    conn.batch_execute(match url.engine {
        Engine::Mysql => "SET foreign_key_checks = 0; START TRANSACTION",
        // Not within a transaction, where SQLite takes no notice.
        Engine::Sqlite => "PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE",
    })?;
    let done = fill(&mut conn, lines);
    let last = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    conn.batch_execute(last)?;
    done
}

fn fill(
    conn: &mut DbConnection,
    lines: impl Iterator<Item = Result<String, BackupError>>,
) -> Result<u64, BackupError> {
    for table in TABLES {
        let query = format!("SELECT COUNT(*) AS n FROM (SELECT 1 FROM {table} LIMIT 1) AS some");
        if diesel::sql_query(query).get_result::<Count>(conn)?.n > 0 {
            return Err(BackupError::NotEmpty(table));
        }
    }
    let mut total = 0;
    let mut insert = Insert::default();
    for line in lines {
        match serde_json::from_str(&line?) {
            Ok(Value::Array(row)) => {
                insert.add(conn, &row)?;
                total += 1;
            }
            Ok(Value::Object(head)) => {
                insert.flush(conn)?;
                insert = Insert::begin(conn, &head)?;
            }
            _ => return broken("a line of it cannot be read"),
        }
    }
    insert.flush(conn)?;
    if conn.engine() == Engine::Sqlite {
        let query = "SELECT COUNT(*) AS n FROM pragma_foreign_key_check";
        let astray = diesel::sql_query(query).get_result::<Count>(conn)?.n;
        if astray > 0 {
            return broken(format!(
                "{astray} rows belong to others that it does not have"
            ));
        }
    }
    let by = AuditActor::command_line();
    let entry = NewAuditEntry::new(by, AuditAction::Restored).with("rows", total);
    audit::record(conn, &entry)?;
    Ok(total)
}

/// Rows of one table on their way in.
#[derive(Default)]
struct Insert {
    head: String,
    columns: Vec<String>,
    values: String,
}

impl Insert {
    fn begin(
        conn: &mut DbConnection,
        head: &serde_json::Map<String, Value>,
    ) -> Result<Self, BackupError> {
        let name = head.get("table").and_then(Value::as_str);
        let Some(table) = TABLES.iter().find(|table| Some(**table) == name) else {
            return broken("it has a table that this program does not know");
        };
        let given = head.get("columns").and_then(Value::as_array);
        let given: Vec<String> = (given.into_iter().flatten())
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect();
        let known = columns(conn, table)?;
        if given.len() != known.len() || given.iter().any(|name| !known.contains(name)) {
            return broken(format!("{table} has other columns"));
        }
        let names: Vec<_> = (given.iter())
            .map(|name| quoted(conn.engine(), name))
            .collect();
        Ok(Self {
            head: format!("INSERT INTO {table} ({}) VALUES ", names.join(", ")),
            columns: given,
            values: String::new(),
        })
    }

    fn add(&mut self, conn: &mut DbConnection, row: &[Value]) -> Result<(), BackupError> {
        if row.len() != self.columns.len() || row.is_empty() {
            return broken("a row has other columns than its table");
        }
        self.values
            .push_str(if self.values.is_empty() { "(" } else { ", (" });
        for (at, (cell, column)) in row.iter().zip(&self.columns).enumerate() {
            if at > 0 {
                self.values.push_str(", ");
            }
            self.values.push_str(&literal(conn.engine(), column, cell)?);
        }
        self.values.push(')');
        if self.values.len() > STATEMENT {
            self.flush(conn)?;
        }
        Ok(())
    }

    fn flush(&mut self, conn: &mut DbConnection) -> Result<(), BackupError> {
        if !self.values.is_empty() {
            conn.batch_execute(&format!("{}{}", self.head, self.values))?;
            self.values.clear();
        }
        Ok(())
    }
}

/// A cell as SQL. Texts go in as hexadecimal digits: no quoting that one engine sees otherwise than another.
fn literal(engine: Engine, column: &str, cell: &Value) -> Result<String, BackupError> {
    let text = match cell {
        Value::Null => return Ok("NULL".to_owned()),
        Value::Bool(yes) => return Ok(u8::from(*yes).to_string()),
        Value::Number(number) if number.is_i64() => return Ok(number.to_string()),
        Value::String(text) => text,
        _ => return broken(format!("{column} holds what no column does")),
    };
    if BYTES.contains(&column) {
        return match text.bytes().all(|b| b.is_ascii_hexdigit()) {
            true if text.is_empty() => Ok("NULL".to_owned()),
            true => Ok(format!("X'{text}'")),
            false => broken(format!("{column} holds no bytes")),
        };
    }
    if is_time(column) {
        let Ok(time) = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f") else {
            return broken(format!("{column} holds no time"));
        };
        // As diesel writes it.
        return Ok(match engine {
            Engine::Mysql => time.format("'%Y-%m-%d %H:%M:%S%.3f'").to_string(),
            Engine::Sqlite => time.format("'%Y-%m-%d %H:%M:%S%.f'").to_string(),
        });
    }
    let mut hex = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        for half in [byte >> 4, byte & 15] {
            hex.extend(char::from_digit(half.into(), 16));
        }
    }
    Ok(match engine {
        Engine::Mysql => format!("_utf8mb4 X'{hex}'"),
        Engine::Sqlite => format!("CAST(X'{hex}' AS TEXT)"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::Database;

    fn names(database: &Database, query: &str) -> Vec<String> {
        let mut conn = migrate::open(&database.url).unwrap();
        migrate::migrate(&mut conn).unwrap();
        let rows: Vec<Line> = diesel::sql_query(query).load(&mut conn).unwrap();
        rows.into_iter().map(|row| row.line).collect()
    }

    #[test]
    fn every_table_is_in_a_backup() {
        let mut expected: Vec<_> = TABLES.to_vec();
        expected.extend(["leases", "search_grams", "search_segments", "search_state"]);
        expected.push("__diesel_schema_migrations");
        expected.sort_unstable();
        for (database, query) in [
            (
                Database::mysql(),
                "SELECT CAST(TABLE_NAME AS CHAR) AS line FROM information_schema.TABLES \
                 WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'",
            ),
            (
                Database::sqlite(),
                "SELECT name AS line FROM pragma_table_list \
                 WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
            ),
        ] {
            let mut found = names(&database, query);
            found.sort_unstable();
            assert_eq!(found, expected, "see TABLES");
        }
    }

    #[test]
    fn times_and_bytes_are_known_by_their_names() {
        let database = Database::mysql();
        let query = |types: &str| {
            format!(
                "SELECT CAST(COLUMN_NAME AS CHAR) AS line FROM information_schema.COLUMNS \
                 WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME NOT IN \
                 ('__diesel_schema_migrations', 'transcripts') AND TABLE_NAME NOT LIKE 'search%' \
                 AND DATA_TYPE {types}"
            )
        };
        for name in names(&database, &query("= 'datetime'")) {
            assert!(is_time(&name), "{name}");
        }
        for name in names(&database, &query("= 'binary'")) {
            assert!(BYTES.contains(&name.as_str()), "{name}");
        }
        for name in names(&database, &query("NOT IN ('datetime', 'binary')")) {
            assert!(!is_time(&name) && !BYTES.contains(&name.as_str()), "{name}");
        }
    }
}
