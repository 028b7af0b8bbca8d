//! Bringing the tables up to date, under a lock, as two processes may start together. Runs on the
//! thread that opens the store, before anybody is served.

use std::{path::Path, time::Duration};

use diesel::{migration::Migration, migration::MigrationSource, prelude::*};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{
    connection::{self, DbConnection, write_transaction},
    error::StoreError,
    url::{DatabaseUrl, Engine},
};

const MYSQL: EmbeddedMigrations = embed_migrations!("migrations/mysql");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// How long to wait for another process that migrates the same database.
const LOCK_WAIT: Duration = Duration::from_mins(1);

diesel::table! {
    __diesel_schema_migrations (version) {
        version -> Text,
        run_on -> Timestamp,
    }
}

/// Opens a connection for changes of the tables, making the folder of a SQLite file first.
pub(super) fn open(url: &DatabaseUrl) -> Result<DbConnection, StoreError> {
    if url.engine == Engine::Sqlite
        && let Some(folder) = Path::new(&url.target).parent()
        && !folder.as_os_str().is_empty()
    {
        std::fs::create_dir_all(folder).map_err(|error| {
            let folder = folder.display();
            StoreError::Unavailable(format!("the folder {folder} can not be made: {error}"))
        })?;
    }
    connection::open(url, LOCK_WAIT)
}

/// Runs what was not run yet and returns its names.
pub(super) fn migrate(conn: &mut DbConnection) -> Result<Vec<String>, StoreError> {
    exclusively(conn, |conn| match conn {
        DbConnection::Mysql(conn) => run(conn, &MYSQL),
        DbConnection::Sqlite(conn) => run(conn, &SQLITE),
    })
}

fn run<DB, C>(conn: &mut C, source: &EmbeddedMigrations) -> Result<Vec<String>, StoreError>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let text = |error: Box<dyn std::error::Error + Send + Sync>| {
        StoreError::Internal(format!("the migrations failed: {error}"))
    };
    let known: Vec<_> = source.migrations().map_err(text)?;
    let newer: Vec<_> = (conn.applied_migrations().map_err(text)?.iter())
        .filter(|version| {
            !known
                .iter()
                .any(|migration| migration.name().version() == **version)
        })
        .map(ToString::to_string)
        .collect();
    if !newer.is_empty() {
        return Err(StoreError::TooNew(newer.join(", ")));
    }
    let mut names = Vec::new();
    for migration in conn.pending_migrations(SourceRef(source)).map_err(text)? {
        conn.run_migration(&migration).map_err(text)?;
        names.push(migration.name().to_string());
    }
    Ok(names)
}

/// Diesel takes sources by value.
struct SourceRef<'a>(&'a EmbeddedMigrations);

impl<DB: diesel::backend::Backend> MigrationSource<DB> for SourceRef<'_>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    fn migrations(&self) -> diesel::migration::Result<Vec<Box<dyn Migration<DB>>>> {
        self.0.migrations()
    }
}

/// Says whether the tables are as this program needs them; changes nothing.
///
/// # Errors
/// [`StoreError::NotMigrated`] or [`StoreError::TooNew`], or what went wrong with asking.
pub(super) fn check(conn: &mut DbConnection) -> diesel::QueryResult<Result<(), StoreError>> {
    let applied: Vec<String> = __diesel_schema_migrations::table
        .select(__diesel_schema_migrations::version)
        .load(conn)?;
    let known = match conn.engine() {
        Engine::Mysql => versions::<diesel::mysql::Mysql>(&MYSQL),
        Engine::Sqlite => versions::<diesel::sqlite::Sqlite>(&SQLITE),
    };
    let known = known.map_err(diesel::result::Error::DeserializationError)?;
    let without = |some: &[String], others: &[String]| {
        let rest = some.iter().filter(|version| !others.contains(version));
        rest.cloned().collect::<Vec<_>>().join(", ")
    };
    let newer = without(&applied, &known);
    let pending = without(&known, &applied);
    Ok(if !newer.is_empty() {
        Err(StoreError::TooNew(newer))
    } else if !pending.is_empty() {
        Err(StoreError::NotMigrated(pending))
    } else {
        Ok(())
    })
}

/// The name of the newest migration that this program knows: which tables it has.
pub(super) fn newest(engine: Engine) -> Result<String, StoreError> {
    let known = match engine {
        Engine::Mysql => versions::<diesel::mysql::Mysql>(&MYSQL),
        Engine::Sqlite => versions::<diesel::sqlite::Sqlite>(&SQLITE),
    };
    let known = known.map_err(|error| StoreError::Internal(error.to_string()))?;
    Ok(known.into_iter().max().unwrap_or_default())
}

fn versions<DB: diesel::backend::Backend>(
    source: &impl MigrationSource<DB>,
) -> diesel::migration::Result<Vec<String>> {
    Ok(source
        .migrations()?
        .iter()
        .map(|m| m.name().version().to_string())
        .collect())
}

#[derive(QueryableByName)]
struct Got {
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::BigInt>)]
    got: Option<i64>,
}

/// A name for this database's lock; the names of locks belong to the whole server.
const LOCK: &str = "CONCAT('kefu ', LEFT(SHA2(DATABASE(), 256), 32))";

/// Runs `work` while no other process runs such work on the same database.
pub(super) fn exclusively<T>(
    conn: &mut DbConnection,
    work: impl FnOnce(&mut DbConnection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    if conn.engine() == Engine::Sqlite {
        // One transaction over all of it: the whole migration happens or none of it.
        return write_transaction(conn, work);
    }
    let seconds = LOCK_WAIT.as_secs();
    let got = diesel::sql_query(format!(
        "SELECT CAST(GET_LOCK({LOCK}, {seconds}) AS SIGNED) AS got"
    ))
    .get_result::<Got>(conn)?;
    if got.got != Some(1) {
        return Err(StoreError::Unavailable(format!(
            "another process has been changing the tables for {seconds} s"
        )));
    }
    let result = work(conn);
    // The lock goes with the connection at the latest, so a failure here does no harm.
    if let Err(error) = diesel::sql_query(format!("DO RELEASE_LOCK({LOCK})")).execute(conn) {
        tracing::debug!(cause = %error, "the lock of the migrations was not given back");
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{Database, on_both_engines};

    fn revert_all(conn: &mut DbConnection) {
        match conn {
            DbConnection::Mysql(conn) => drop(conn.revert_all_migrations(MYSQL).unwrap()),
            DbConnection::Sqlite(conn) => drop(conn.revert_all_migrations(SQLITE).unwrap()),
        }
    }

    #[test]
    fn both_engines_have_the_same_migrations() {
        assert_eq!(
            versions::<diesel::mysql::Mysql>(&MYSQL).unwrap(),
            versions::<diesel::sqlite::Sqlite>(&SQLITE).unwrap()
        );
    }

    #[test]
    fn migrations_run_up_and_down_and_up_again() {
        on_both_engines(|database: &Database| {
            let mut conn = open(&database.url).unwrap();
            let names = migrate(&mut conn).unwrap();
            assert!(names.len() >= 6, "{names:?}");
            assert_eq!(check(&mut conn).unwrap(), Ok(()));
            revert_all(&mut conn);
            assert!(matches!(
                check(&mut conn).unwrap(),
                Err(StoreError::NotMigrated(_))
            ));
            assert_eq!(migrate(&mut conn).unwrap(), names);
            assert_eq!(migrate(&mut conn).unwrap(), Vec::<String>::new());
        });
    }

    #[test]
    fn a_database_of_a_newer_program_is_refused() {
        on_both_engines(|database| {
            let mut conn = open(&database.url).unwrap();
            migrate(&mut conn).unwrap();
            diesel::sql_query(
                "INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101')",
            )
            .execute(&mut conn)
            .unwrap();
            let error = migrate(&mut conn).unwrap_err();
            assert!(
                error.to_string().contains("newer version of kefu"),
                "{error}"
            );
            assert!(matches!(database.try_store(), Err(StoreError::TooNew(_))));
        });
    }

    #[test]
    fn processes_that_start_together_migrate_once() {
        on_both_engines(|database| {
            let names: Vec<_> = std::thread::scope(|scope| {
                let starts: Vec<_> = (0..4)
                    .map(|_| scope.spawn(|| migrate(&mut open(&database.url).unwrap()).unwrap()))
                    .collect();
                starts
                    .into_iter()
                    .map(|start| start.join().unwrap())
                    .collect()
            });
            assert_eq!(
                names.iter().filter(|names| !names.is_empty()).count(),
                1,
                "{names:?}"
            );
        });
    }
}
