//! The database: the only module that knows diesel, SQL and the two engines.
//!
//! - **Writes** go through one thread ([`Writer`]), which commits everything that waits as one
//!   transaction and reports through a sink, in order. Called by the chat room.
//! - **Reads** ([`Store`]'s async functions) run on blocking threads with a pooled connection, bounded in
//!   number and in time. Called by sessions and HTTP.
//! - **Accounts** have blocking functions as well, for the command line and the first start.
//!
//! **Invariant**: a result of [`Written::Posted`] is only ever sent after its transaction has committed.
//! **Invariant**: `seq` and repeats are decided by rows that are locked in the database, never by
//! memory; any number of processes may use one database.
//! **Invariant**: nothing here blocks an async thread, and no text or token is ever logged.

mod accounts;
mod audit;
mod backup;
mod batch;
mod blocks;
mod connection;
mod customer;
mod erase;
mod error;
mod export;
mod feedback;
mod files;
mod history;
mod holds;
mod identity;
mod import;
mod index;
mod lease;
mod long;
mod manage;
mod migrate;
mod presence;
mod reads;
mod replies;
mod reports;
mod retention;
mod rows;
mod schema;
mod search;
mod seed;
mod settings;
mod tags;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod totp;
mod url;
mod write;
mod writer;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use diesel::{prelude::*, result::Error};
use tokio::{sync::Semaphore, time::timeout_at};

pub use self::{
    backup::{BackupError, dump, restore},
    erase::{OwnConversation, Unerased},
    error::StoreError,
    export::ExportDetails,
    feedback::Unrated,
    files::{NewFile, Uploader, Usage},
    history::{HistoryCursor, HistoryPage},
    identity::{EndedToken, Holder, Identified},
    import::{
        ImportAgent, ImportAuthor, ImportConversation, ImportMessage, ImportOutcome, ImportPiece,
        ImportStep, Known,
    },
    index::{IndexPlace, IndexStep},
    manage::NewAccount,
    presence::{Colleague, KeepPresence, Staff},
    reads::{
        Coming, ConversationPage, Cursor, CustomerJoin, MessagePage, NotACursor, Page, Viewer,
    },
    retention::{RetentionCursor, RetentionStep},
    search::{SearchCursor, SearchPage},
    seed::{SeedBase, SeedConversation, SeedCustomer, SeedMessage},
    settings::{SectionChange, Unsaved},
    totp::Totp,
    url::{BadDatabaseUrl, DatabaseUrl, Engine},
    write::{
        Act, Acted, Dispatch, MarkRead, Post, PostFile, Posted, Poster, Ticket, Write, Written,
    },
    writer::{QueueFull, Writer},
};
use self::{
    batch::{EVERYBODY, NewConversation, Room, insert_conversations},
    connection::{DbConnection, Manager},
    error::Trouble,
    migrate::exclusively,
    schema::conversations,
};
use crate::{
    domain::{
        Account, AfterClose, AgentId, ConversationId, CustomerKey, Device, Listed, LiveSettings,
        Me, Role, RoomKind, SessionKey, TagId, Timestamp, now,
    },
    metrics::Metrics,
};

/// How the store works.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Where the conversations are kept.
    pub url: DatabaseUrl,
    /// Who everybody's messages go to.
    pub room: RoomKind,
    /// What a customer's message does once their conversation is closed.
    pub after_close: AfterClose,
    /// Connections for reads.
    pub readers: u32,
    /// How long one read or write may wait for the database before it is told that there is none.
    pub patience: Duration,
    /// Writes that may wait.
    pub queue: usize,
    /// Writes in one transaction, at most.
    pub batch: usize,
}

impl StoreOptions {
    /// What suits a server that answers within 2 s.
    pub fn new(url: DatabaseUrl, room: RoomKind) -> Self {
        let patience = Duration::from_millis(1_800);
        Self {
            url,
            room,
            after_close: AfterClose::New,
            readers: 4,
            patience,
            queue: 16_384,
            batch: 1_024,
        }
    }
}

/// How the readers' connections are used.
#[derive(Clone, Copy, Debug)]
pub struct ReadLoad {
    /// Open ones.
    pub connections: usize,
    /// Those that nobody uses.
    pub idle: usize,
    /// Reads that wait for one.
    pub waiting: usize,
}

/// Reads that may wait for a connection.
const WAITING_READS: usize = 4_096;

/// The way to the database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    options: StoreOptions,
    room: Room,
    settings: LiveSettings,
    pool: r2d2::Pool<Manager>,
    /// One permit for each connection. A read that hangs keeps its permit, as it keeps its thread.
    permits: Arc<Semaphore>,
    waiting_reads: AtomicUsize,
    /// One permit for each long read.
    long_reads: Arc<Semaphore>,
}

/// Counts a read that waits.
struct WaitingRead(Arc<Shared>);

impl WaitingRead {
    fn enter(shared: &Arc<Shared>) -> Result<Self, StoreError> {
        let guard = Self(Arc::clone(shared));
        if shared.waiting_reads.fetch_add(1, Ordering::Relaxed) >= WAITING_READS {
            return Err(StoreError::Overloaded);
        }
        Ok(guard)
    }
}

impl Drop for WaitingRead {
    fn drop(&mut self) {
        self.0.waiting_reads.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Store {
    /// Opens the database, brings its tables up to date, and for a shared room makes sure that the one
    /// conversation exists. Blocks.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is no database, [`StoreError::TooNew`] when a newer version
    /// of this program has used it.
    pub fn open(options: StoreOptions) -> Result<Self, StoreError> {
        let mut conn = migrate::open(&options.url)?;
        let names = migrate::migrate(&mut conn)?;
        if !names.is_empty() {
            tracing::info!(
                migrations = names.join(", "),
                "the database was brought up to date"
            );
        }
        let shared_conversation = match options.room {
            RoomKind::Private => None,
            RoomKind::Shared => Some(shared_conversation(&mut conn)?),
        };
        let settings = LiveSettings::default();
        settings::learn(&settings, &settings::all(&mut conn)?);
        drop(conn);
        let manager = Manager {
            url: options.url.clone(),
            lock_wait: options.patience,
        };
        let pool = r2d2::Pool::builder()
            .max_size(options.readers.max(1))
            .min_idle(Some(1))
            // Reads find out by themselves, and say it once; the pool would say it again and again.
            .test_on_check_out(false)
            .error_handler(Box::new(r2d2::NopErrorHandler))
            // Also decides how fast the pool tries again: at least this often, twice.
            .connection_timeout(options.patience)
            .build_unchecked(manager);
        let permits = usize::try_from(options.readers.max(1)).unwrap_or(1);
        Ok(Self {
            shared: Arc::new(Shared {
                room: Room {
                    kind: options.room,
                    shared: shared_conversation,
                    after_close: options.after_close,
                },
                settings,
                options,
                pool,
                permits: Arc::new(Semaphore::new(permits)),
                waiting_reads: AtomicUsize::new(0),
                long_reads: long::permits(),
            }),
        })
    }

    /// Only brings the tables up to date, and returns the names of what was run. Blocks.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn migrate_only(url: &DatabaseUrl) -> Result<Vec<String>, StoreError> {
        migrate::migrate(&mut migrate::open(url)?)
    }

    /// Starts the thread that writes. `sink` is called on it, once for each committed batch, in the
    /// order of the commits, with the results in the order of submission; it must not block.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start_writer(
        &self,
        metrics: Arc<Metrics>,
        sink: impl FnMut(Vec<Written>) + Send + 'static,
    ) -> Result<Writer, StoreError> {
        let options = &self.shared.options;
        let plan = writer::Plan {
            url: options.url.clone(),
            room: self.shared.room,
            patience: options.patience,
            queue: options.queue.max(1),
            batch: options.batch.max(1),
            metrics,
        };
        writer::start(plan, sink)
    }

    /// How the readers' connections are used.
    pub fn load(&self) -> ReadLoad {
        let pool = self.shared.pool.state();
        ReadLoad {
            connections: pool.connections as usize,
            idle: pool.idle_connections as usize,
            waiting: self.shared.waiting_reads.load(Ordering::Relaxed),
        }
    }

    /// Where the database is.
    pub fn url(&self) -> &DatabaseUrl {
        &self.shared.options.url
    }

    /// The one conversation of a shared room.
    pub fn shared_conversation(&self) -> Option<ConversationId> {
        self.shared.room.shared
    }

    /// What customers find who come at the same time, in their order: their own conversations, newest first,
    /// at most 20 and those of `resume` that are theirs; in a shared room the one conversation, also for a
    /// stranger.
    pub async fn join_customers(
        &self,
        coming: Vec<Coming>,
    ) -> Result<Vec<CustomerJoin>, StoreError> {
        let shared = self.shared.room.shared;
        self.read(move |conn| reads::join_customers(conn, shared, &coming))
            .await
    }

    /// What one customer finds, as [`Store::join_customers`].
    pub async fn join_customer(
        &self,
        key: CustomerKey,
        resume: Vec<ConversationId>,
    ) -> Result<CustomerJoin, StoreError> {
        let shared = self.shared.room.shared;
        let coming = Coming { key, resume };
        self.read(move |conn| reads::join_customer(conn, shared, coming.clone()))
            .await
    }

    /// What an agent finds: the 100 conversations with the latest activity, the beginning of the queue,
    /// their own open ones, and those of `resume` that exist, newest first.
    pub async fn join_agent(
        &self,
        me: AgentId,
        resume: Vec<ConversationId>,
    ) -> Result<Vec<Listed>, StoreError> {
        let shared = self.shared.room.shared;
        self.read(move |conn| reads::join_agent(conn, shared, me, &resume))
            .await
    }

    /// A page of messages; `None` when there is no such conversation for this viewer.
    pub async fn messages(
        &self,
        viewer: Viewer,
        conversation: ConversationId,
        page: Page,
        limit: usize,
    ) -> Result<Option<MessagePage>, StoreError> {
        let shared = self.shared.room.shared;
        self.read(move |conn| reads::messages(conn, shared, viewer, conversation, page, limit))
            .await
    }

    /// One conversation; `None` when there is no such conversation for this viewer.
    pub async fn conversation(
        &self,
        viewer: Viewer,
        id: ConversationId,
    ) -> Result<Option<Listed>, StoreError> {
        let shared = self.shared.room.shared;
        self.read(move |conn| reads::conversation(conn, shared, viewer, id))
            .await
    }

    /// A page of all conversations by latest activity, or of those with a tag, for agents.
    pub async fn conversations(
        &self,
        before: Option<Cursor>,
        tag: Option<TagId>,
        limit: usize,
    ) -> Result<ConversationPage, StoreError> {
        self.read(move |conn| reads::conversations(conn, before, tag, limit))
            .await
    }

    /// The conversations that wait, the longest first; of a longer queue only its beginning.
    pub async fn queue(&self) -> Result<Vec<ConversationId>, StoreError> {
        self.read(reads::queue).await
    }

    /// Whether the database answers and its tables are current.
    ///
    /// # Errors
    /// [`StoreError::NotMigrated`] or [`StoreError::TooNew`] for the tables, else as any read.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.read(migrate::check).await?
    }

    /// An account and its password's hash (argon2, a PHC string).
    pub async fn account_by_username(
        &self,
        username: String,
    ) -> Result<Option<(Account, String)>, StoreError> {
        self.read(move |conn| accounts::by_username(conn, &username))
            .await
    }

    /// Starts a login.
    pub async fn start_session(
        &self,
        key: SessionKey,
        agent: AgentId,
        expires_at: Timestamp,
        device: Device,
    ) -> Result<(), StoreError> {
        self.read(move |conn| accounts::start_session(conn, key, agent, expires_at, &device))
            .await
    }

    /// Whose login this is, while it has not expired and the account is not disabled.
    pub async fn agent_by_session(&self, key: SessionKey) -> Result<Option<Me>, StoreError> {
        self.read(move |conn| accounts::by_session(conn, key)).await
    }

    /// Ends a login.
    pub async fn end_session(&self, key: SessionKey) -> Result<(), StoreError> {
        self.read(move |conn| accounts::end_session(conn, key))
            .await
    }

    /// Those of these logins that are still valid.
    pub async fn live_sessions(
        &self,
        keys: Vec<SessionKey>,
    ) -> Result<Vec<SessionKey>, StoreError> {
        self.read(move |conn| accounts::live_sessions(conn, &keys))
            .await
    }

    /// Makes an account. Blocks.
    ///
    /// # Errors
    /// [`StoreError::UsernameTaken`].
    pub fn create_account(
        &self,
        username: &str,
        name: &str,
        role: Role,
        password_hash: &str,
    ) -> Result<Account, StoreError> {
        self.with_connection(|conn| accounts::create(conn, username, name, role, password_hash))
    }

    /// Whether there is any account. Blocks.
    pub fn has_accounts(&self) -> Result<bool, StoreError> {
        self.with_connection(|conn| Ok(accounts::is_any(conn)?))
    }

    /// Makes an admin's account if there is no account at all; `None` when there is. Blocks.
    pub fn create_first_account(
        &self,
        username: &str,
        name: &str,
        password_hash: &str,
    ) -> Result<Option<Account>, StoreError> {
        self.with_connection(|conn| accounts::create_first(conn, username, name, password_hash))
    }

    /// All accounts by user name. Blocks.
    pub fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.with_connection(|conn| Ok(accounts::all(conn)?))
    }

    /// Gives an account another password and ends its logins; `false` when there is no such account.
    /// Blocks.
    pub fn set_password(&self, username: &str, password_hash: &str) -> Result<bool, StoreError> {
        self.with_connection(|conn| Ok(accounts::set_password(conn, username, password_hash)?))
    }

    /// Bars an account from signing in and ends its logins; `false` when there is no such account.
    /// Blocks.
    pub fn disable_account(&self, username: &str) -> Result<bool, StoreError> {
        self.with_connection(|conn| Ok(accounts::disable(conn, username)?))
    }

    /// Runs `work` on a blocking thread with a connection of the pool, all within `patience`. It may
    /// run twice, where a connection turns out to be dead.
    async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&mut DbConnection) -> QueryResult<T> + Send + 'static,
    {
        let shared = &self.shared;
        let deadline = Instant::now() + shared.options.patience;
        let too_late = |_| StoreError::Unavailable("no answer in time".to_owned());
        let waiting = WaitingRead::enter(shared)?;
        let permit = timeout_at(deadline.into(), Arc::clone(&shared.permits).acquire_owned())
            .await
            .map_err(too_late)?
            .map_err(|error| StoreError::Internal(error.to_string()))?;
        drop(waiting);
        let this = Arc::clone(shared);
        let task = tokio::task::spawn_blocking(move || {
            let result = this.try_until(deadline, &work);
            drop(permit);
            result
        });
        match timeout_at(deadline.into(), task).await.map_err(too_late)? {
            Ok(result) => result,
            Err(error) => Err(StoreError::Internal(format!("a read ended early: {error}"))),
        }
    }

    /// Runs `work` here and now, once.
    fn with_connection<T>(
        &self,
        work: impl FnOnce(&mut DbConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut pooled = self
            .shared
            .connection(Instant::now() + self.shared.options.patience)?;
        let result = work(&mut pooled.conn);
        pooled.broken = matches!(result, Err(StoreError::Unavailable(_)));
        result
    }
}

impl Shared {
    fn connection(&self, deadline: Instant) -> Result<r2d2::PooledConnection<Manager>, StoreError> {
        let left = deadline.saturating_duration_since(Instant::now());
        self.pool
            .get_timeout(left)
            .map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    fn try_until<T>(
        &self,
        deadline: Instant,
        work: impl Fn(&mut DbConnection) -> QueryResult<T>,
    ) -> Result<T, StoreError> {
        loop {
            let mut pooled = self.connection(deadline)?;
            let error: Error = match work(&mut pooled.conn) {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            match pooled.conn.diagnose(&error) {
                Trouble::Fault(cause) => return Err(StoreError::Internal(cause)),
                trouble => {
                    pooled.broken = matches!(trouble, Trouble::Away(_));
                    if Instant::now() >= deadline {
                        return Err(trouble.into());
                    }
                }
            }
            drop(pooled);
            // Not as fast as a computer can, while the database is away.
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Finds or makes the one conversation of a shared room.
fn shared_conversation(conn: &mut DbConnection) -> Result<ConversationId, StoreError> {
    exclusively(conn, |conn| {
        let find = |conn: &mut DbConnection| {
            conversations::table
                .filter(conversations::current_of.eq(EVERYBODY))
                .select(conversations::id)
                .first::<i64>(conn)
                .optional()
        };
        if let Some(id) = find(conn)? {
            return Ok(ConversationId(id));
        }
        insert_conversations(conn, &[NewConversation::of_everybody(now().naive_utc())])?;
        let id = find(conn)?.ok_or(Error::NotFound)?;
        Ok(ConversationId(id))
    })
}
