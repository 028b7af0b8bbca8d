//! A database for one test, looked into as an admin would: past the server, with plain SQL.

use diesel::{
    Connection, MysqlConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query,
    sql_types::{BigInt, Nullable, Text},
};
use tempfile::TempDir;

/// The two kinds of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Mysql,
}

/// One stored message.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Row {
    #[diesel(sql_type = BigInt)]
    pub conversation_id: i64,
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    #[diesel(sql_type = Nullable<Text>)]
    pub client_id: Option<String>,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Text)]
    pub sender_role: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub sender_id: Option<i64>,
    #[diesel(sql_type = Text)]
    pub text: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Cell {
    #[diesel(sql_type = Nullable<Text>)]
    t: Option<String>,
}

/// A database of its own, removed when it is dropped.
pub struct Database {
    pub engine: Engine,
    url: String,
    /// Of the MariaDB server, without a database.
    server: Option<String>,
    name: String,
    folder: TempDir,
}

impl Database {
    pub fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let url = format!("sqlite:{}", folder.path().join("kefu.db").display());
                Self {
                    engine,
                    url,
                    server: None,
                    name: String::new(),
                    folder,
                }
            }
            Engine::Mysql => Self::on(&shared_mariadb()),
        }
    }

    /// A new database on this MariaDB server (`mysql://user:password@host:port`).
    pub fn on(server: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let unique = folder
            .path()
            .file_name()
            .unwrap()
            .to_string_lossy()
            .replace('.', "");
        let name = format!("kefu_{}_{unique}", std::process::id());
        let mut admin = MysqlConnection::establish(&format!("{server}/mysql")).unwrap();
        sql_query(format!("CREATE DATABASE {name}"))
            .execute(&mut admin)
            .unwrap();
        let url = format!("{server}/{name}");
        Self {
            engine: Engine::Mysql,
            url,
            server: Some(server.to_owned()),
            name,
            folder,
        }
    }

    /// For `DATABASE_URL`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A folder that lives as long as the database.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Every message there is, by conversation and `seq`.
    pub fn messages(&self) -> Vec<Row> {
        let query = "SELECT conversation_id, seq, client_id, kind, sender_role, sender_id, text \
                     FROM messages ORDER BY conversation_id, seq";
        match self.engine {
            Engine::Sqlite => sql_query(query).load(&mut self.sqlite()).unwrap(),
            Engine::Mysql => sql_query(query).load(&mut self.mysql()).unwrap(),
        }
    }

    /// The answer of a query such as `SELECT COUNT(*) AS n FROM customers`.
    pub fn count(&self, query: &str) -> i64 {
        let rows: Vec<Count> = match self.engine {
            Engine::Sqlite => sql_query(query).load(&mut self.sqlite()).unwrap(),
            Engine::Mysql => sql_query(query).load(&mut self.mysql()).unwrap(),
        };
        rows[0].n
    }

    /// Answers queries such as [`Database::count`]'s on one connection, so that nothing passes between
    /// the question and the look.
    pub fn counter(&self) -> Box<dyn FnMut(&str) -> i64 + Send> {
        let first = |rows: Vec<Count>| rows[0].n;
        match self.engine {
            Engine::Sqlite => {
                let mut connection = self.sqlite();
                Box::new(move |query| first(sql_query(query).load(&mut connection).unwrap()))
            }
            Engine::Mysql => {
                let mut connection = self.mysql();
                Box::new(move |query| first(sql_query(query).load(&mut connection).unwrap()))
            }
        }
    }

    /// The column `t` of a query's rows, as text.
    pub fn texts(&self, query: &str) -> Vec<Option<String>> {
        let rows: Vec<Cell> = match self.engine {
            Engine::Sqlite => sql_query(query).load(&mut self.sqlite()).unwrap(),
            Engine::Mysql => sql_query(query).load(&mut self.mysql()).unwrap(),
        };
        rows.into_iter().map(|row| row.t).collect()
    }

    /// Runs a statement, whatever it is.
    pub fn execute(&self, statement: &str) {
        match self.engine {
            Engine::Sqlite => sql_query(statement).execute(&mut self.sqlite()).unwrap(),
            Engine::Mysql => sql_query(statement).execute(&mut self.mysql()).unwrap(),
        };
    }

    /// A connection past the server.
    pub fn sqlite(&self) -> SqliteConnection {
        let mut connection = SqliteConnection::establish(&self.url["sqlite:".len()..]).unwrap();
        sql_query("PRAGMA busy_timeout = 5000")
            .execute(&mut connection)
            .unwrap();
        connection
    }

    /// A connection past the server.
    pub fn mysql(&self) -> MysqlConnection {
        let mut connection = MysqlConnection::establish(&self.url).unwrap();
        sql_query("SET NAMES utf8mb4")
            .execute(&mut connection)
            .unwrap();
        connection
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(server) = &self.server
            && let Ok(mut admin) = MysqlConnection::establish(&format!("{server}/mysql"))
        {
            let _ = sql_query(format!("DROP DATABASE {}", self.name)).execute(&mut admin);
        }
    }
}

fn shared_mariadb() -> String {
    std::env::var("KEFU_TEST_MYSQL_URL").expect(
        "KEFU_TEST_MYSQL_URL is not set: run the tests by `make test`, or behind scripts/with-mariadb",
    )
}
