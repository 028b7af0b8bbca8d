//! One connection to either engine: opening it, what its session is set to, write transactions, and
//! the pool of the readers. Used by the writer thread and by the blocking threads of reads.

use std::time::Duration;

use diesel::{
    connection::{AnsiTransactionManager, Connection, SimpleConnection, TransactionManager},
    mysql::MysqlConnection,
    prelude::*,
    query_builder::{AstPass, QueryFragment},
    r2d2::R2D2Connection,
    result::{ConnectionError, Error},
    sqlite::SqliteConnection,
};
use parking_lot::FairMutex;

use super::{
    error::{StoreError, Trouble},
    url::{DatabaseUrl, Engine},
};

/// A connection to the engine that the address names. Diesel's own `establish` for it would try each
/// engine in turn and make an empty file out of a typo; [`open`] goes by the scheme.
#[derive(diesel::MultiConnection)]
pub enum DbConnection {
    /// To MySQL or MariaDB.
    Mysql(MysqlConnection),
    /// To the built-in engine.
    Sqlite(SqliteConnection),
}

/// Opens a connection that waits at most `lock_wait` for a lock that somebody else holds (whole
/// seconds, at least one, on MySQL).
///
/// # Errors
/// [`StoreError::Unavailable`] when there is no database or it refuses; [`StoreError::Internal`] when
/// it can not do what was asked, such as TLS.
pub(super) fn open(url: &DatabaseUrl, lock_wait: Duration) -> Result<DbConnection, StoreError> {
    match url.engine {
        Engine::Sqlite => open_sqlite(url, lock_wait),
        Engine::Mysql => open_mysql(url, lock_wait),
    }
}

fn open_sqlite(url: &DatabaseUrl, lock_wait: Duration) -> Result<DbConnection, StoreError> {
    let mut conn = SqliteConnection::establish(&url.target)
        .map_err(|error| StoreError::Unavailable(format!("{url}: {error}")))?;
    // Acknowledged means on disk: synchronous=FULL also in WAL mode. The time-out comes first, as
    // every other line may have to wait.
    conn.batch_execute(&format!(
        "PRAGMA busy_timeout = {}; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;",
        lock_wait.as_millis()
    ))?;
    set_wal(&mut conn)?;
    Ok(DbConnection::Sqlite(conn))
}

/// Two processes that turn WAL on at the same moment get "locked" at once, whatever the time-out.
fn set_wal(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut tries = 0;
    loop {
        match conn.batch_execute("PRAGMA journal_mode = WAL;") {
            Err(_) if tries < 20 => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(10));
            }
            other => return Ok(other?),
        }
    }
}

#[derive(QueryableByName)]
struct SessionStatus {
    #[diesel(sql_type = diesel::sql_types::Text, column_name = "Value")]
    value: String,
}

fn open_mysql(url: &DatabaseUrl, lock_wait: Duration) -> Result<DbConnection, StoreError> {
    let mut conn = MysqlConnection::establish(&url.target).map_err(|error| match error {
        ConnectionError::InvalidConnectionUrl(text) => StoreError::Internal(text),
        other => StoreError::Unavailable(format!("{url}: {other}")),
    })?;
    if url.encrypted {
        let status = diesel::sql_query("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
        let cipher = status.load::<SessionStatus>(&mut conn)?;
        if cipher.iter().all(|row| row.value.is_empty()) {
            let text = "the connection is not encrypted, although the address asks for TLS; see \
                        that the server has a certificate";
            return Err(StoreError::Internal(format!("{url}: {text}")));
        }
    }
    let seconds = lock_wait.as_secs().max(1);
    // Everything that a server's configuration might have decided otherwise. Strict, so that a text
    // is never cut short silently; English, so that errors can be told apart.
    conn.batch_execute(&format!(
        "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci;
         SET SESSION time_zone = '+00:00', lc_messages = 'en_US',
             sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',
             innodb_lock_wait_timeout = {seconds}, lock_wait_timeout = {seconds};
         SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
    ))?;
    Ok(DbConnection::Mysql(conn))
}

impl DbConnection {
    /// Which engine it talks to.
    pub(super) fn engine(&self) -> Engine {
        match self {
            Self::Mysql(_) => Engine::Mysql,
            Self::Sqlite(_) => Engine::Sqlite,
        }
    }

    /// Says what to do about an error of this connection; asks the server where the text does not tell.
    pub(super) fn diagnose(&mut self, error: &Error) -> Trouble {
        match super::error::diagnose(error) {
            Trouble::Fault(text) if self.engine() == Engine::Mysql && self.ping().is_err() => {
                Trouble::Away(text)
            }
            trouble => trouble,
        }
    }
}

/// Opens the connection of the writer, for [`writer_transaction`].
///
/// # Errors
/// As [`open`].
pub(super) fn open_writer(
    url: &DatabaseUrl,
    lock_wait: Duration,
) -> Result<DbConnection, StoreError> {
    let mut conn = open(url, lock_wait)?;
    match &mut conn {
        // A transaction begins by itself with the first statement after the last one ended.
        DbConnection::Mysql(conn) => conn.batch_execute("SET autocommit = 0")?,
        // What a large batch would need to undo a statement goes to a temporary file otherwise, which cannot be
        // opened while the process has no descriptor left.
        DbConnection::Sqlite(conn) => conn.batch_execute("PRAGMA temp_store = MEMORY")?,
    }
    Ok(conn)
}

/// [`write_transaction`] on a connection of [`open_writer`]. On MySQL the words BEGIN and COMMIT alone would
/// take six round trips to the server (diesel turns multiple statements on and off around each), which is
/// nearly half of all those of a batch.
pub(super) fn writer_transaction<T, E: From<Error>>(
    conn: &mut DbConnection,
    work: impl FnOnce(&mut DbConnection) -> Result<T, E>,
) -> Result<T, E> {
    if conn.engine() == Engine::Sqlite {
        return write_transaction(conn, work);
    }
    let done = work(conn).and_then(|value| {
        Commit.execute(conn)?;
        Ok(value)
    });
    if done.is_err()
        && let Err(second) = conn.batch_execute("ROLLBACK")
    {
        // What went wrong first matters more; a connection that cannot undo is of no use to the next batch
        // either, and that one will find out.
        tracing::debug!(cause = %second, "a transaction could not be rolled back");
    }
    done
}

/// The word, as a statement that stays prepared.
#[derive(diesel::query_builder::QueryId)]
struct Commit;

impl QueryFragment<MultiBackend> for Commit {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("COMMIT");
        Ok(())
    }
}

impl RunQueryDsl<DbConnection> for Commit {}

/// Whose turn it is to write to SQLite, in the order in which they came. Its own lock has no line: whoever finds
/// it taken tries again now and then, and beside a writer that never rests may not get in for seconds.
static TURN: FairMutex<()> = FairMutex::new(());
/// How long somebody waits for their turn before they try without: another process may hold up those before them.
const TURN_WAIT: Duration = Duration::from_secs(1);

/// Runs `work` in a transaction that may write from its first statement on: on SQLite one that was
/// begun as a read can not become a write when somebody else wrote meanwhile. There even a single statement
/// that writes belongs in one, to have its turn.
pub(super) fn write_transaction<T, E: From<Error>>(
    conn: &mut DbConnection,
    work: impl FnOnce(&mut DbConnection) -> Result<T, E>,
) -> Result<T, E> {
    let _turn = match conn {
        DbConnection::Mysql(conn) => {
            AnsiTransactionManager::begin_transaction(conn)?;
            None
        }
        DbConnection::Sqlite(conn) => {
            let turn = TURN.try_lock_for(TURN_WAIT);
            AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")?;
            turn
        }
    };
    match work(conn) {
        Ok(value) => {
            <DbConnection as Connection>::TransactionManager::commit_transaction(conn)?;
            Ok(value)
        }
        Err(error) => {
            // What went wrong first matters more than that undoing it failed too, which leaves a
            // connection that `is_broken` tells of.
            if let Err(second) =
                <DbConnection as Connection>::TransactionManager::rollback_transaction(conn)
            {
                tracing::debug!(cause = %second, "a transaction could not be rolled back");
            }
            Err(error)
        }
    }
}

/// Makes the connections of the pool.
pub(super) struct Manager {
    pub(super) url: DatabaseUrl,
    pub(super) lock_wait: Duration,
}

/// A connection of the pool.
pub(super) struct Pooled {
    pub(super) conn: DbConnection,
    /// Not to be used again.
    pub(super) broken: bool,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = StoreError;

    fn connect(&self) -> Result<Pooled, StoreError> {
        let conn = open(&self.url, self.lock_wait)?;
        Ok(Pooled {
            conn,
            broken: false,
        })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), StoreError> {
        Ok(pooled.conn.ping()?)
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.broken || std::thread::panicking() || pooled.conn.is_broken()
    }
}
