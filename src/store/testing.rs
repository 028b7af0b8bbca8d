//! A database of its own for each test, on both engines. Tests only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver},
    },
    time::Duration,
};

use diesel::{Connection, RunQueryDsl, connection::SimpleConnection, mysql::MysqlConnection};

use super::{
    Act, Acted, DatabaseUrl, Dispatch, MarkRead, Post, Posted, Poster, Store, StoreError,
    StoreOptions, Ticket, Write, Writer, Written,
};
use crate::{
    domain::{
        Action, AgentId, AgentRef, AssignmentRules, Channel, ClientId, ConversationId, CustomerKey,
        Kind, Role, RoomKind, Seq, Token,
    },
    metrics::Metrics,
};

/// An empty database, gone when this is dropped.
pub struct Database {
    pub url: DatabaseUrl,
    /// As [`Database::url`], but with the password.
    pub raw: String,
    /// The database's name on its server.
    pub name: String,
    server: Option<String>,
    _folder: Option<tempfile::TempDir>,
}

fn server() -> String {
    std::env::var("KEFU_TEST_MYSQL_URL").unwrap_or_else(|_| {
        panic!(
            "KEFU_TEST_MYSQL_URL is not set; run the tests by `make test`, which starts a MariaDB"
        )
    })
}

static NUMBER: AtomicU64 = AtomicU64::new(1);

impl Database {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // A folder that is not there yet, as with a first start.
        let raw = format!("sqlite:{}/data/kefu.db", folder.path().display());
        let url = raw.parse().unwrap();
        Self {
            url,
            raw,
            name: String::new(),
            server: None,
            _folder: Some(folder),
        }
    }

    pub fn mysql() -> Self {
        Self::mysql_on(&server())
    }

    pub fn mysql_on(server: &str) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("kefu_test_{}_{number}", std::process::id());
        // Without a charset: the tables have to say theirs themselves.
        execute(server, &format!("CREATE DATABASE {name}"));
        let raw = format!("{server}/{name}");
        let url = raw.parse().unwrap();
        Self {
            url,
            raw,
            name,
            server: Some(server.to_owned()),
            _folder: None,
        }
    }

    /// As the server's, but for its patience: what a test is about is not how fast the machine is.
    pub fn options(&self) -> StoreOptions {
        StoreOptions {
            patience: Duration::from_secs(25),
            ..StoreOptions::new(self.url.clone(), RoomKind::Private)
        }
    }

    pub fn try_store(&self) -> Result<Store, StoreError> {
        Store::open(self.options())
    }

    pub fn store(&self) -> Store {
        self.try_store().unwrap()
    }

    pub fn shared_store(&self) -> Store {
        Store::open(StoreOptions {
            room: RoomKind::Shared,
            ..self.options()
        })
        .unwrap()
    }

    /// Runs SQL past the store.
    pub fn execute(&self, sql: &str) {
        let mut conn = super::connection::open(&self.url, Duration::from_secs(5)).unwrap();
        diesel::sql_query(sql).execute(&mut conn).unwrap();
    }

    /// Runs one statement that can not be prepared, such as a trigger.
    pub fn execute_plain(&self, sql: &str) {
        let mut conn = super::connection::open(&self.url, Duration::from_secs(5)).unwrap();
        conn.batch_execute(sql).unwrap();
    }

    /// Ends every other connection to this database, as a server does with idle ones.
    pub fn kill_connections(&self) {
        #[derive(diesel::QueryableByName)]
        struct Process {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            id: i64,
        }
        let mut conn = super::connection::open(&self.url, Duration::from_secs(5)).unwrap();
        let others: Vec<Process> = diesel::sql_query(format!(
            "SELECT CAST(id AS SIGNED) AS id FROM information_schema.processlist \
             WHERE db = '{}' AND id <> CONNECTION_ID()",
            self.name
        ))
        .load(&mut conn)
        .unwrap();
        assert!(!others.is_empty());
        for Process { id } in others {
            diesel::sql_query(format!("KILL {id}"))
                .execute(&mut conn)
                .unwrap();
        }
    }

    /// Counts rows past the store.
    pub fn count(&self, table: &str) -> i64 {
        #[derive(diesel::QueryableByName)]
        struct Count {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            n: i64,
        }
        let mut conn = super::connection::open(&self.url, Duration::from_secs(5)).unwrap();
        let sql = format!("SELECT COUNT(*) AS n FROM {table}");
        diesel::sql_query(sql)
            .get_result::<Count>(&mut conn)
            .unwrap()
            .n
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A test that fails may leave a server that answers nobody, which must not hold the failure up.
        if std::thread::panicking() {
            return;
        }
        if let Some(server) = &self.server
            && let Ok(mut conn) = MysqlConnection::establish(server)
        {
            let _ = diesel::sql_query(format!("DROP DATABASE {}", self.name)).execute(&mut conn);
        }
    }
}

fn execute(server: &str, sql: &str) {
    let mut conn = MysqlConnection::establish(server).unwrap();
    diesel::sql_query(sql).execute(&mut conn).unwrap();
}

/// Runs a test on a fresh database of each engine.
pub fn on_both_engines(test: impl Fn(&Database)) {
    test(&Database::sqlite());
    test(&Database::mysql());
}

/// A writer with its results.
pub struct Desk {
    pub writer: Writer,
    results: Receiver<Vec<Written>>,
    ticket: AtomicU64,
}

impl Desk {
    pub fn new(store: &Store) -> Self {
        let (sink, results) = mpsc::channel();
        let writer = store
            .start_writer(Arc::new(Metrics::new().unwrap()), move |written| {
                drop(sink.send(written));
            })
            .unwrap();
        Self {
            writer,
            results,
            ticket: AtomicU64::new(1),
        }
    }

    fn ticket(&self) -> Ticket {
        Ticket(self.ticket.fetch_add(1, Ordering::Relaxed))
    }

    pub fn submit(
        &self,
        from: &Poster,
        conversation: Option<ConversationId>,
        client_id: &str,
        text: &str,
    ) {
        let post = Post {
            ticket: self.ticket(),
            from: from.clone(),
            conversation,
            client_id: ClientId::parse(client_id).unwrap(),
            kind: Kind::Text,
            text: text.to_owned(),
            file: None,
        };
        self.writer.submit(Write::Post(post)).unwrap();
    }

    pub fn results(&self) -> Vec<Written> {
        self.results
            .recv_timeout(Duration::from_secs(30))
            .expect("the writer does not answer")
    }

    /// The next `count` results, however many batches they came in.
    pub fn collect(&self, count: usize) -> Vec<Written> {
        let mut all = Vec::new();
        while all.len() < count {
            all.extend(self.results());
        }
        assert_eq!(all.len(), count);
        all
    }

    pub fn write(
        &self,
        from: &Poster,
        conversation: Option<ConversationId>,
        client_id: &str,
        text: &str,
    ) -> Written {
        self.submit(from, conversation, client_id, text);
        self.collect(1).remove(0)
    }

    pub fn submit_note(&self, from: &Poster, conversation: ConversationId, client_id: &str) {
        let post = Post {
            ticket: self.ticket(),
            from: from.clone(),
            conversation: Some(conversation),
            client_id: ClientId::parse(client_id).unwrap(),
            kind: Kind::Note,
            text: client_id.to_owned(),
            file: None,
        };
        self.writer.submit(Write::Post(post)).unwrap();
    }

    pub fn note(&self, from: &Poster, conversation: ConversationId, client_id: &str) -> Posted {
        self.submit_note(from, conversation, client_id);
        posted(self.collect(1).remove(0))
    }

    pub fn submit_act(&self, by: &Poster, conversation: ConversationId, action: Action) {
        let act = Act {
            ticket: self.ticket(),
            by: by.clone(),
            role: Role::Agent,
            conversation,
            action,
        };
        self.writer.submit(Write::Act(act)).unwrap();
    }

    /// Acts and expects it to be done.
    pub fn act(&self, by: &Poster, conversation: ConversationId, action: Action) -> Acted {
        match self.try_act(by, conversation, action) {
            Written::Acted(acted) => acted,
            other => panic!("not done: {other:?}"),
        }
    }

    pub fn try_act(&self, by: &Poster, conversation: ConversationId, action: Action) -> Written {
        self.submit_act(by, conversation, action);
        self.collect(1).remove(0)
    }

    pub fn submit_dispatch(&self, rules: AssignmentRules) {
        let dispatch = Dispatch {
            ticket: self.ticket(),
            rules,
            may_return: true,
        };
        self.writer.submit(Write::Dispatch(dispatch)).unwrap();
    }

    /// Lets the server do what there is to do, and returns what it did.
    pub fn dispatch(&self, rules: AssignmentRules) -> Vec<Acted> {
        self.submit_dispatch(rules);
        match self.collect(1).remove(0) {
            Written::Dispatched { changes, .. } => changes,
            other => panic!("not dispatched: {other:?}"),
        }
    }

    /// Posts and expects it to be stored.
    pub fn post(
        &self,
        from: &Poster,
        conversation: Option<ConversationId>,
        client_id: &str,
    ) -> Posted {
        posted(self.write(from, conversation, client_id, client_id))
    }

    pub fn read(&self, by: &Poster, conversation: ConversationId, seq: i64) -> Written {
        let (by, ticket) = (by.clone(), self.ticket());
        let mark = MarkRead {
            ticket,
            by,
            conversation,
            seq: Seq(seq),
        };
        self.writer.submit(Write::MarkRead(mark)).unwrap();
        self.collect(1).remove(0)
    }
}

pub fn posted(written: Written) -> Posted {
    match written {
        Written::Posted(posted) => posted,
        other => panic!("not posted: {other:?}"),
    }
}

/// A post to the current conversation, without anybody who waits for its result.
pub fn post_to(from: &Poster, client_id: &str) -> Write {
    Write::Post(Post {
        ticket: Ticket(0),
        from: from.clone(),
        conversation: None,
        client_id: ClientId::parse(client_id).unwrap(),
        kind: Kind::Text,
        text: client_id.to_owned(),
        file: None,
    })
}

/// Somebody new.
pub fn customer() -> Poster {
    customer_with(CustomerKey::from(&Token::random().unwrap()))
}

pub fn customer_with(key: CustomerKey) -> Poster {
    let page = Some("https://shop.example/cart".to_owned());
    Poster::Customer {
        key,
        page,
        language: Some("zh-CN".to_owned()),
        user_agent: Some("Firefox/140.0".to_owned()),
        channel: Channel::Web,
    }
}

/// Somebody with an account.
pub fn agent(store: &Store, username: &str) -> Poster {
    let role = Role::Agent;
    let account = store
        .create_account(username, &format!("Agent {username}"), role, "hash")
        .unwrap();
    Poster::Agent(AgentRef {
        id: AgentId(account.me.id.0),
        name: account.me.name,
    })
}

/// Waits for an async function of the store, but not for a read that hangs.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let result = runtime.block_on(future);
    runtime.shutdown_background();
    result
}
