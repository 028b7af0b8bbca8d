//! What can go wrong with a database, and what to do about it. Used all over this module; the inner
//! texts are for the log and for operators and never reach a client.

use diesel::result::{ConnectionError, DatabaseErrorKind, Error};

/// Why the store could not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database is away, locked, full or too slow; the same request may succeed later.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// More reads wait for the database than are allowed to.
    #[error("too many reads are waiting for the database")]
    Overloaded,
    /// An account of this user name exists already.
    #[error("there is an account of this user name already")]
    UsernameTaken,
    /// Tables of a newer version of this program.
    #[error(
        "the database was made by a newer version of kefu (it has the migrations {0}, which this \
         version does not know); run that version, or restore a backup from before the upgrade"
    )]
    TooNew(String),
    /// Migrations that were not run yet.
    #[error("the database lacks the migrations {0}; run `kefu migrate` or restart the server")]
    NotMigrated(String),
    /// A fault: a query that does not work, a row that makes no sense.
    #[error("{0}")]
    Internal(String),
}

/// What to do about a failed statement or connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Another process was in the way just now: the same again, at once.
    Again(String),
    /// The database is away: again later, on a new connection.
    Away(String),
    /// The request itself does not work; it would fail the next time too.
    Fault(String),
}

impl From<Trouble> for StoreError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Again(text) | Trouble::Away(text) => Self::Unavailable(text),
            Trouble::Fault(text) => Self::Internal(text),
        }
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        diagnose(&error).into()
    }
}

impl From<ConnectionError> for StoreError {
    fn from(error: ConnectionError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// What an error message of MySQL, MariaDB or SQLite contains when nothing is wrong with the request.
/// Diesel passes no error numbers on, and sessions ask for English texts (`connection.rs`).
const AWAY: &[&str] = &[
    // MySQL and MariaDB: the connection
    "gone away",
    "lost connection",
    "can't connect",
    "connection was killed",
    "server shutdown in progress",
    "commands out of sync",
    "too many connections",
    "execution was interrupted",
    "max_statement_time exceeded",
    "malformed communication packet",
    "wsrep has not yet prepared",
    // MySQL and MariaDB: the server can not write
    "lock wait timeout exceeded",
    "disk full",
    "no space left on device",
    "is full",
    "read-only",
    "read only",
    // SQLite
    "database is locked",
    "database table is locked",
    "disk is full",
    "disk i/o error",
    "readonly database",
    "unable to open database file",
    "database schema is locked",
];

/// Another transaction won; MariaDB says the last where it uses snapshot isolation.
const AGAIN: &[&str] = &["deadlock found", "record has changed since last read"];

/// Says what to do about an error, by what it says. A lost connection with an unknown text comes out
/// as a fault; whoever has the connection asks it (`connection::diagnose`).
pub(super) fn diagnose(error: &Error) -> Trouble {
    let text = error.to_string();
    let kind = match error {
        Error::DatabaseError(kind, _) => kind,
        Error::BrokenTransactionManager | Error::RollbackErrorOnCommit { .. } => {
            return Trouble::Away(text);
        }
        _ => return Trouble::Fault(text),
    };
    match kind {
        DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::SerializationFailure => {
            Trouble::Again(text)
        }
        DatabaseErrorKind::ClosedConnection
        | DatabaseErrorKind::UnableToSendCommand
        | DatabaseErrorKind::ReadOnlyTransaction => Trouble::Away(text),
        DatabaseErrorKind::Unknown => {
            let lower = text.to_lowercase();
            let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
            if says(AGAIN) {
                Trouble::Again(text)
            } else if says(AWAY) {
                Trouble::Away(text)
            } else {
                Trouble::Fault(text)
            }
        }
        _ => Trouble::Fault(text),
    }
}

/// Whether a [`Trouble::Away`] is about the connection alone: the server may be well, and a request
/// that it can not digest does the same.
pub(super) fn is_connection_loss(cause: &str) -> bool {
    let cause = cause.to_lowercase();
    ["gone away", "lost connection", "connection was killed"]
        .iter()
        .any(|text| cause.contains(text))
}

/// A row that this program did not write: names the column, never what is in it.
pub(super) fn nonsense(column: &'static str) -> Error {
    Error::DeserializationError(format!("{column} holds what this program never writes").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_apart_by_what_they_say() {
        let error = |text: &str| {
            Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(text.to_owned()))
        };
        for text in [
            "Lost connection to server during query",
            "Server has gone away",
            "MySQL server has gone away",
            "database is locked",
            "database or disk is full",
            "The table 'messages' is full",
            "Disk full (/tmp/x); waiting for someone to free some space...",
            "attempt to write a readonly database",
            "The MySQL server is running with the --read-only option so it cannot execute this",
            "Lock wait timeout exceeded; try restarting transaction",
        ] {
            assert!(matches!(diagnose(&error(text)), Trouble::Away(_)), "{text}");
        }
        for text in [
            "Table 'kefu.messages' doesn't exist",
            "Data too long for column 'page'",
        ] {
            assert!(
                matches!(diagnose(&error(text)), Trouble::Fault(_)),
                "{text}"
            );
        }
        let deadlock = error("Deadlock found when trying to get lock; try restarting transaction");
        assert!(matches!(diagnose(&deadlock), Trouble::Again(_)));
    }
}
