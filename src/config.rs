//! Every setting, as a flag and as an environment variable; `--help` is the reference. Built once in
//! `main` and handed down.

#![allow(
    clippy::doc_markdown,
    reason = "the comments here are the text of --help"
)]

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;

use crate::{
    domain::{AfterClose, IdentitySecret, Role, RoomKind, SECRET_BYTES, TextLimits},
    store::{DatabaseUrl, StoreOptions},
};

/// What a customer and a network may send where nobody has said otherwise: five messages every second would
/// be much for one person, and 200 people who write one a second for an office.
pub const MESSAGES_PER_MINUTE: (u32, u32) = (300, 12_000);

/// Live chat that you host yourself: customers write, agents answer, every word is in the database.
#[derive(Debug, Parser)]
#[command(name = "kefu", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Verb,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run the chat server.
    Serve(Box<ServeArgs>),
    /// Bring the database up to this version and stop.
    Migrate(DatabaseArgs),
    /// Manage the accounts of agents.
    #[command(subcommand)]
    Agent(AgentVerb),
    /// Write conversations into a file.
    ///
    /// What is broken off is taken up by the same command.
    Export(Box<ExportArgs>),
    /// Take the conversations of an export in JSON Lines into this database, while the service runs.
    ///
    /// What is there already stays as it is; what is broken off is gone on with by the same command.
    Import(ImportArgs),
    /// What helps to try things out and to measure.
    #[command(subcommand)]
    Dev(DevVerb),
    /// Write everything, files too, to one file while the service runs.
    Backup(BackupArgs),
    /// Read a backup into an empty database of either kind.
    Restore(BackupArgs),
    /// Delete what is past its time, as the settings say.
    #[command(subcommand)]
    Retention(RetentionVerb),
    /// Say whether the settings of `serve` are right, all problems at once, and stop.
    CheckConfig(Box<ServeArgs>),
}

/// What to export, and where to. Without a filter it is everything.
#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "the fields of DatabaseArgs say it")]
    pub database: DatabaseArgs,
    /// The file to make.
    pub file: PathBuf,
    /// csv, jsonl or html; where it is not given, what the file's name ends in.
    #[arg(long)]
    pub format: Option<String>,
    /// Begun on this date or later, such as 2026-11-25.
    #[arg(long)]
    pub from: Option<String>,
    /// Begun on this date or earlier.
    #[arg(long)]
    pub to: Option<String>,
    /// The time zone of these dates, such as Asia/Shanghai; UTC where it is not given.
    #[arg(long)]
    pub tz: Option<String>,
    /// Of this agent: the id of an account, or "none".
    #[arg(long)]
    pub agent: Option<String>,
    /// Of this customer, by id.
    #[arg(long)]
    pub customer: Option<String>,
    /// Of customers whose name, e-mail address or id on the site has these words.
    #[arg(long)]
    pub customer_text: Option<String>,
    /// waiting, open or closed.
    #[arg(long)]
    pub status: Option<String>,
    /// By which way the customer came: web or socketio.
    #[arg(long)]
    pub channel: Option<String>,
    /// With this tag, by id.
    #[arg(long)]
    pub tag: Option<String>,
    /// 1 to 5, rated or unrated.
    #[arg(long)]
    pub rating: Option<String>,
    /// With these words in a message.
    #[arg(long)]
    pub q: Option<String>,
    /// en or zh: what an HTML file speaks.
    #[arg(long, default_value = "en")]
    pub language: String,
}

impl ExportArgs {
    /// The filter, as the HTTP API has it.
    pub fn asked(&self, name: &str) -> Option<&str> {
        let value = match name {
            "from" => &self.from,
            "to" => &self.to,
            "tz" => &self.tz,
            "agent" => &self.agent,
            "customer" => &self.customer,
            "customer_text" => &self.customer_text,
            "status" => &self.status,
            "channel" => &self.channel,
            "tag" => &self.tag,
            "rating" => &self.rating,
            "q" => &self.q,
            _ => &None,
        };
        value.as_deref()
    }
}

/// What to import, and where to.
#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "the fields of DatabaseArgs say it")]
    pub database: DatabaseArgs,
    /// The export, made by `kefu export FILE.jsonl`; - is standard input.
    pub file: PathBuf,
}

/// What helps developers.
#[derive(Debug, Subcommand)]
pub enum DevVerb {
    /// Fill a database with conversations that nobody had: a year of them, in English and Chinese.
    Seed {
        #[command(flatten)]
        #[allow(missing_docs, reason = "the fields of DatabaseArgs say it")]
        database: DatabaseArgs,
        /// How many messages, events and notes included.
        #[arg(long, default_value_t = 10_000)]
        messages: u64,
        /// About how many conversations; a tenth of the messages where it is not given.
        #[arg(long)]
        conversations: Option<u64>,
        /// The same gives the same.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The day with which it ends, such as 2026-11-23; yesterday (UTC) where it is not given.
        #[arg(long)]
        until: Option<chrono::NaiveDate>,
        /// Also where there are conversations already.
        #[arg(long)]
        append: bool,
    },
    /// Measure the history and the search on this database, which must be one for that: it writes into it.
    MeasureHistory {
        #[command(flatten)]
        #[allow(missing_docs, reason = "the fields of DatabaseArgs say it")]
        database: DatabaseArgs,
        /// How many messages to make where there are none.
        #[arg(long, default_value_t = 1_000_000)]
        messages: u64,
    },
    /// Measure the writer alone on an empty database: customers and an agent in turn. Prints messages a second
    /// and within how many milliseconds one is stored, the median and the 99th of a hundred.
    MeasureWrites {
        #[command(flatten)]
        #[allow(missing_docs, reason = "the fields of DatabaseArgs say it")]
        database: DatabaseArgs,
        /// How many at once.
        #[arg(long, default_value_t = 1_000)]
        conversations: usize,
        /// How long, after a second that does not count.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// Messages a second; without it as many as there can be.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        rate: Option<u32>,
    },
}

/// What can be done to accounts. Passwords are read from the terminal or from standard input.
#[derive(Debug, Subcommand)]
pub enum AgentVerb {
    /// Make an account.
    Add {
        #[command(flatten)]
        #[allow(missing_docs, reason = "the fields of DatabaseArgs say it")]
        database: DatabaseArgs,
        /// What they type to sign in: 1-64 of a-z 0-9 . _ - @ (upper case counts as lower).
        username: String,
        /// The name that customers see; the user name where it is not given.
        #[arg(long)]
        name: Option<String>,
        /// What they may do.
        #[arg(long, value_parser = role, default_value = "agent")]
        role: Role,
    },
    /// List the accounts.
    List {
        #[command(flatten)]
        #[allow(missing_docs, reason = "the fields of DatabaseArgs say it")]
        database: DatabaseArgs,
    },
    /// Set a new password and end the account's sessions.
    SetPassword {
        #[command(flatten)]
        #[allow(missing_docs, reason = "the fields of DatabaseArgs say it")]
        database: DatabaseArgs,
        /// Whose.
        username: String,
    },
    /// Switch an account's second factor off and end its sessions: for whoever has lost theirs.
    TotpOff {
        #[command(flatten)]
        #[allow(missing_docs, reason = "the fields of DatabaseArgs say it")]
        database: DatabaseArgs,
        /// Whose.
        username: String,
    },
    /// Let an account sign in no more and end its sessions.
    Disable {
        #[command(flatten)]
        #[allow(missing_docs, reason = "the fields of DatabaseArgs say it")]
        database: DatabaseArgs,
        /// Whose.
        username: String,
    },
}

/// Where the database is.
#[derive(Clone, Debug, Args)]
pub struct DatabaseArgs {
    /// sqlite:PATH or mysql://USER:PASSWORD@HOST:PORT/DATABASE. For MySQL and MariaDB,
    /// ?ssl_mode=disabled|preferred|required|verify_ca, &ssl_ca=, &ssl_cert= and &ssl_key= set up TLS
    /// (required and verify_ca need ssl_ca).
    #[arg(
        long,
        env = "DATABASE_URL",
        default_value = "sqlite:data/kefu.db",
        hide_env_values = true
    )]
    pub database_url: DatabaseUrl,
}

/// What a backup is made of, and where it is.
#[derive(Debug, Args)]
pub struct BackupArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "the fields of DatabaseArgs say it")]
    pub database: DatabaseArgs,
    /// The folder of files, as the server has it.
    #[arg(long, env = "KEFU_FILES", default_value = "data/files")]
    pub files: PathBuf,
    /// The backup.
    pub file: PathBuf,
}

/// What can be done about conversations whose time is over.
#[derive(Debug, Subcommand)]
pub enum RetentionVerb {
    /// Delete them now. The server does the same every ten minutes.
    Run {
        #[command(flatten)]
        #[allow(missing_docs, reason = "the fields of DatabaseArgs say it")]
        database: DatabaseArgs,
        /// The folder of files, as the server has it.
        #[arg(long, env = "KEFU_FILES", default_value = "data/files")]
        files: PathBuf,
        /// Only count what would go.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Who everybody's messages go to.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RoomArg {
    /// Each customer has conversations of their own.
    Private,
    /// One conversation for everybody.
    Shared,
}

/// What a customer's message does once their conversation is closed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum AfterCloseArg {
    /// It opens a new conversation.
    New,
    /// It reopens the last one, which waits in the queue again.
    Reopen,
}

/// Whether something is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// The settings of `serve`.
#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    #[allow(missing_docs, reason = "the fields of DatabaseArgs say it")]
    pub database: DatabaseArgs,

    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, env = "KEFU_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// Address and port on which Prometheus finds /metrics, such as 127.0.0.1:9464. There is none where this is
    /// not set, and never one on the address above. Nobody is asked who they are there, so let only the
    /// monitoring reach it.
    #[arg(long, env = "KEFU_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,

    /// Who everybody's messages go to.
    #[arg(long, env = "KEFU_ROOM", value_enum, default_value = "private")]
    pub room: RoomArg,

    /// What a customer's message does once their conversation is closed.
    #[arg(long, env = "KEFU_AFTER_CLOSE", value_enum, default_value = "new")]
    pub after_close: AfterCloseArg,

    /// Password of the first account, "admin", which is made when there is none. A random one is
    /// made and printed where this is not set.
    #[arg(long, env = "KEFU_ADMIN_PASSWORD", hide_env_values = true)]
    pub admin_password: Option<String>,

    /// The secret with which the host site signs who its visitors are (docs/IDENTITY.md), at least 32 bytes.
    /// One that is set in the console is good as well.
    #[arg(long, env = "KEFU_IDENTITY_SECRET", hide_env_values = true)]
    pub identity_secret: Option<String>,

    /// The secret before that one, which is good as well until it is taken away here.
    #[arg(long, env = "KEFU_IDENTITY_SECRET_OLD", hide_env_values = true)]
    pub identity_secret_old: Option<String>,

    /// At least 32 bytes that the secrets of second factors are made with, so that the database alone does not
    /// say them. A factor that was set up with a key works with that key only.
    #[arg(long, env = "KEFU_SECRET_KEY", hide_env_values = true)]
    pub secret_key: Option<String>,

    /// Origins from which browsers may use this server besides its own, such as
    /// https://www.example.com, separated by commas.
    #[arg(long, env = "KEFU_ORIGINS", value_delimiter = ',')]
    pub origins: Vec<String>,

    /// Sites that may show the customer page in a frame, separated by commas; besides the server's own.
    #[arg(long, env = "KEFU_FRAME_ANCESTORS", value_delimiter = ',')]
    pub frame_ancestors: Vec<String>,

    /// Mark the login cookie Secure: set it where browsers reach the server by https.
    #[arg(long, env = "KEFU_COOKIE_SECURE", default_value_t = false, action = clap::ArgAction::Set)]
    pub cookie_secure: bool,

    /// The folder with the built pages.
    #[arg(long, env = "KEFU_STATIC", default_value = "static/dist")]
    pub static_dir: PathBuf,

    /// The folder for the files that people send; not one that is served.
    #[arg(long, env = "KEFU_FILES", default_value = "data/files")]
    pub files: PathBuf,

    /// Seconds after which a file that was uploaded and not posted is removed.
    #[arg(long, env = "KEFU_FILE_UNPOSTED_S", default_value_t = 3_600)]
    pub file_unposted_s: u64,

    /// Threads that serve connections; 0 is one for each core.
    #[arg(long, env = "KEFU_WORKERS", default_value_t = 0)]
    pub workers: usize,

    /// Characters of a message.
    #[arg(long, env = "KEFU_TEXT_CHARS", default_value_t = 4_000)]
    pub text_chars: usize,

    /// Bytes of a message in UTF-8.
    #[arg(long, env = "KEFU_TEXT_BYTES", default_value_t = 16_384)]
    pub text_bytes: usize,

    /// Bytes of one WebSocket message, its fragments together.
    #[arg(long, env = "KEFU_FRAME_BYTES", default_value_t = 65_536)]
    pub frame_bytes: usize,

    /// Frames a second that a session may send, three seconds' worth at once; 0 is no limit.
    #[arg(long, env = "KEFU_FRAMES_PER_SECOND", default_value_t = 20)]
    pub frames_per_second: u32,

    /// Messages a minute that a customer may send by all their connections together, a minute's worth at
    /// once; 0 is no limit. Without it 300, or no limit where KEFU_FRAMES_PER_SECOND is 0.
    #[arg(long, env = "KEFU_MESSAGES_PER_MINUTE")]
    pub messages_per_minute: Option<u32>,

    /// Messages a minute that all customers of one network (a /24 of IPv4, a /48 of IPv6) may send
    /// together, a minute's worth at once; 0 is no limit. Without it 12,000, or no limit where
    /// KEFU_FRAMES_PER_SECOND is 0.
    #[arg(long, env = "KEFU_NETWORK_MESSAGES_PER_MINUTE")]
    pub network_messages_per_minute: Option<u32>,

    /// Proxies in front of this server, as addresses or networks such as 10.0.0.0/8, separated by commas. Of
    /// a request that comes from one of them, X-Forwarded-For says whose it is.
    #[arg(long, env = "KEFU_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,

    /// WebSocket connections from one address, or from one /64 of IPv6; 0 is no limit.
    #[arg(long, env = "KEFU_MAX_CONNECTIONS_PER_ADDRESS", default_value_t = 500)]
    pub max_connections_per_address: usize,

    /// Seconds within which a connection must say hello.
    #[arg(long, env = "KEFU_HELLO_TIMEOUT_S", default_value_t = 10)]
    pub hello_timeout_s: u64,

    /// Seconds between the server's pings.
    #[arg(long, env = "KEFU_HEARTBEAT_S", default_value_t = 25)]
    pub heartbeat_s: u64,

    /// Seconds after which a peer that takes no bytes is cut off.
    #[arg(long, env = "KEFU_UNREAD_TIMEOUT_S", default_value_t = 30)]
    pub unread_timeout_s: u64,

    /// Frames that may wait for one session before it is closed to reconnect and resume.
    #[arg(long, env = "KEFU_SESSION_QUEUE_FRAMES", default_value_t = 8_192)]
    pub session_queue_frames: usize,

    /// Bytes that may wait for one session before it is closed to reconnect and resume.
    #[arg(long, env = "KEFU_SESSION_QUEUE_BYTES", default_value_t = 8 << 20)]
    pub session_queue_bytes: usize,

    /// Writes that may wait for the database.
    #[arg(long, env = "KEFU_WRITE_QUEUE", default_value_t = 16_384)]
    pub write_queue: usize,

    /// Writes in one transaction.
    #[arg(long, env = "KEFU_WRITE_BATCH", default_value_t = 1_024)]
    pub write_batch: usize,

    /// Connections to the database for reading.
    #[arg(long, env = "KEFU_DATABASE_READERS", default_value_t = 4)]
    pub database_readers: u32,

    /// Milliseconds that a request waits for a database that does not answer.
    #[arg(long, env = "KEFU_DATABASE_PATIENCE_MS", default_value_t = 1_500)]
    pub database_patience_ms: u64,

    /// Seconds that the start waits for a database that does not answer yet.
    #[arg(long, env = "KEFU_DATABASE_START_S", default_value_t = 30)]
    pub database_start_s: u64,

    /// Days that a login lasts.
    #[arg(long, env = "KEFU_LOGIN_DAYS", default_value_t = 14)]
    pub login_days: u32,

    /// Seconds that a stop may take: what waits is stored and every connection is told.
    #[arg(long, env = "KEFU_STOP_S", default_value_t = 8)]
    pub stop_s: u64,

    /// Whether Socket.IO clients are served, at /socket.io/.
    #[arg(long, env = "KEFU_SOCKETIO", value_enum, default_value = "on")]
    pub socketio: Switch,

    /// Origins whose pages may use Socket.IO here besides the server's own, such as
    /// https://www.example.com, separated by commas; * is every origin.
    #[arg(long, env = "KEFU_SOCKETIO_ORIGINS", value_delimiter = ',')]
    pub socketio_origins: Vec<String>,

    /// Let a Socket.IO client name its customer token in the address (?token=), for old clients that
    /// have no other way. Addresses end up in logs; leave it off where you can.
    #[arg(long, env = "KEFU_SOCKETIO_QUERY_TOKEN", default_value_t = false, action = clap::ArgAction::Set)]
    pub socketio_query_token: bool,

    /// Seconds between Engine.IO's pings.
    #[arg(long, env = "KEFU_SOCKETIO_PING_INTERVAL_S", default_value_t = 25)]
    pub socketio_ping_interval_s: u64,

    /// Seconds within which Engine.IO's pings must be answered.
    #[arg(long, env = "KEFU_SOCKETIO_PING_TIMEOUT_S", default_value_t = 20)]
    pub socketio_ping_timeout_s: u64,

    /// What is logged: error, warn, info, debug, or by module as in kefu=debug,actix=warn.
    #[arg(
        long,
        env = "KEFU_LOG",
        default_value = "info,actix_server=warn,actix_http=off"
    )]
    pub log: String,

    /// How the log is written.
    #[arg(long, env = "KEFU_LOG_FORMAT", value_enum, default_value = "human")]
    pub log_format: LogFormat,
}

impl ServeArgs {
    /// Everything that is wrong, each with what was seen and what is accepted.
    #[allow(clippy::too_many_lines, reason = "one check after the other")]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut check = |ok: bool, problem: String| {
            if !ok {
                problems.push(problem);
            }
        };
        let mut range = |name: &str, seen: u64, least: u64, most: u64| {
            let problem = format!("{name} is {seen}; from {least} to {most} is accepted");
            check((least..=most).contains(&seen), problem);
        };
        range("KEFU_TEXT_CHARS", self.text_chars as u64, 1, 1_000_000);
        range("KEFU_TEXT_BYTES", self.text_bytes as u64, 1, 4_000_000);
        range("KEFU_FRAME_BYTES", self.frame_bytes as u64, 1_024, 16 << 20);
        range("KEFU_HELLO_TIMEOUT_S", self.hello_timeout_s, 1, 3_600);
        range("KEFU_HEARTBEAT_S", self.heartbeat_s, 1, 3_600);
        range(
            "KEFU_SOCKETIO_PING_INTERVAL_S",
            self.socketio_ping_interval_s,
            1,
            3_600,
        );
        range(
            "KEFU_SOCKETIO_PING_TIMEOUT_S",
            self.socketio_ping_timeout_s,
            1,
            3_600,
        );
        range("KEFU_UNREAD_TIMEOUT_S", self.unread_timeout_s, 1, 3_600);
        range(
            "KEFU_SESSION_QUEUE_FRAMES",
            self.session_queue_frames as u64,
            16,
            1 << 20,
        );
        range(
            "KEFU_SESSION_QUEUE_BYTES",
            self.session_queue_bytes as u64,
            65_536,
            1 << 32,
        );
        range("KEFU_WRITE_QUEUE", self.write_queue as u64, 1, 1 << 20);
        range("KEFU_WRITE_BATCH", self.write_batch as u64, 1, 4_096);
        range(
            "KEFU_DATABASE_READERS",
            u64::from(self.database_readers),
            1,
            256,
        );
        range(
            "KEFU_DATABASE_PATIENCE_MS",
            self.database_patience_ms,
            100,
            60_000,
        );
        range("KEFU_LOGIN_DAYS", u64::from(self.login_days), 1, 3_650);
        range("KEFU_FILE_UNPOSTED_S", self.file_unposted_s, 1, 604_800);
        range("KEFU_STOP_S", self.stop_s, 1, 300);
        // Escaped as JSON, one character of four bytes takes twelve.
        let needed = self.text_bytes.saturating_mul(3).saturating_add(1_024);
        check(
            self.frame_bytes >= needed.min(16 << 20),
            format!(
                "KEFU_FRAME_BYTES is {}; a text of KEFU_TEXT_BYTES ({}) needs at least {needed}",
                self.frame_bytes, self.text_bytes
            ),
        );
        let socketio_origins: Vec<_> = self
            .socketio_origins
            .iter()
            .filter(|one| *one != "*")
            .cloned()
            .collect();
        for (name, list) in [
            ("KEFU_SOCKETIO_ORIGINS", &socketio_origins),
            ("KEFU_ORIGINS", &self.origins),
            ("KEFU_FRAME_ANCESTORS", &self.frame_ancestors),
        ] {
            for origin in list {
                check(
                    is_origin(origin),
                    format!(
                        "{name} has {origin:?}; an origin such as https://www.example.com is accepted"
                    ),
                );
            }
        }
        check(
            self.admin_password
                .as_ref()
                .is_none_or(|password| password_is_acceptable(password)),
            "KEFU_ADMIN_PASSWORD is too short or too long; 8 to 200 characters are accepted"
                .to_owned(),
        );
        for (name, secret) in [
            ("KEFU_SECRET_KEY", &self.secret_key),
            ("KEFU_IDENTITY_SECRET", &self.identity_secret),
            ("KEFU_IDENTITY_SECRET_OLD", &self.identity_secret_old),
        ] {
            check(
                secret
                    .as_ref()
                    .is_none_or(|secret| IdentitySecret::new(secret).is_some()),
                format!("{name} is too short; at least {SECRET_BYTES} bytes are accepted"),
            );
        }
        check(
            !self.files.starts_with(&self.static_dir),
            format!(
                "KEFU_FILES is {}, inside KEFU_STATIC; a folder that nobody can fetch from is accepted",
                self.files.display()
            ),
        );
        check(
            self.static_dir.join("index.html").is_file(),
            format!(
                "KEFU_STATIC is {}; the folder with the built pages is accepted (`make run` builds them)",
                self.static_dir.display()
            ),
        );
        check(
            self.log.parse::<tracing_subscriber::EnvFilter>().is_ok(),
            format!(
                "KEFU_LOG is {:?}; a level such as info or kefu=debug is accepted",
                self.log
            ),
        );
        problems
    }

    /// Who everybody's messages go to.
    pub fn room_kind(&self) -> RoomKind {
        match self.room {
            RoomArg::Private => RoomKind::Private,
            RoomArg::Shared => RoomKind::Shared,
        }
    }

    /// What a customer's message does once their conversation is closed.
    pub fn after_close(&self) -> AfterClose {
        match self.after_close {
            AfterCloseArg::New => AfterClose::New,
            AfterCloseArg::Reopen => AfterClose::Reopen,
        }
    }

    /// Messages a minute that a customer may send, and a network; 0 is no limit.
    pub fn message_limits(&self) -> (u32, u32) {
        let unset = |limit: u32| {
            if self.frames_per_second == 0 {
                0
            } else {
                limit
            }
        };
        let (customer, network) = MESSAGES_PER_MINUTE;
        (
            self.messages_per_minute.unwrap_or(unset(customer)),
            self.network_messages_per_minute.unwrap_or(unset(network)),
        )
    }

    /// What the host site may sign with; none where nobody can be identified.
    pub fn identity_secrets(&self) -> Vec<IdentitySecret> {
        [&self.identity_secret, &self.identity_secret_old]
            .into_iter()
            .filter_map(|secret| IdentitySecret::new(secret.as_ref()?))
            .collect()
    }

    /// How long a text may be.
    pub fn text_limits(&self) -> TextLimits {
        TextLimits {
            chars: self.text_chars,
            bytes: self.text_bytes,
        }
    }

    /// What the store goes by.
    pub fn store_options(&self) -> StoreOptions {
        StoreOptions {
            url: self.database.database_url.clone(),
            room: self.room_kind(),
            after_close: self.after_close(),
            readers: self.database_readers,
            patience: Duration::from_millis(self.database_patience_ms),
            queue: self.write_queue,
            batch: self.write_batch,
        }
    }
}

/// Reads a network, or one address as the network that holds nothing else.
fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<std::net::IpAddr>().map(IpNet::from);
    let wrong = |_| format!("{text:?} is neither an address nor a network such as 10.0.0.0/8");
    text.parse().or_else(|_| address()).map_err(wrong)
}

/// Whether somebody may have this password: 8–200 characters.
pub fn password_is_acceptable(password: &str) -> bool {
    (8..=200).contains(&password.chars().count())
}

/// Reads a user name: ASCII upper case counts as lower.
pub fn username(typed: &str) -> Option<String> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-@".contains(&b);
    let lower = typed.to_ascii_lowercase();
    ((1..=64).contains(&lower.len()) && lower.bytes().all(allowed)).then_some(lower)
}

/// Reads a person's name: 1–100 characters without white space around them, none a control character.
pub fn name(typed: &str) -> Option<String> {
    let name = typed.trim();
    let fits = (1..=100).contains(&name.chars().count());
    (fits && !name.chars().any(char::is_control)).then(|| name.to_owned())
}

fn role(typed: &str) -> Result<Role, &'static str> {
    Role::parse(typed).ok_or("agent, supervisor or admin is accepted")
}

fn is_origin(origin: &str) -> bool {
    let rest = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    rest.is_some_and(|host| {
        !host.is_empty()
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(args: &[&str]) -> ServeArgs {
        let all = ["kefu", "serve"].iter().chain(args);
        match Cli::parse_from(all).command {
            Verb::Serve(args) => *args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn all_problems_are_named_together() {
        let args = serve(&[
            "--text-chars=0",
            "--write-batch=0",
            "--origins=https://a.example,nonsense",
            "--admin-password=short",
            "--static-dir=/nowhere",
            "--log==",
        ]);
        let problems = args.problems().join("\n");
        for name in [
            "KEFU_TEXT_CHARS is 0; from 1",
            "KEFU_WRITE_BATCH is 0; from 1",
            "KEFU_ORIGINS has \"nonsense\"",
            "KEFU_ADMIN_PASSWORD",
            "KEFU_STATIC is /nowhere",
            "KEFU_LOG is",
        ] {
            assert!(problems.contains(name), "{name}: {problems}");
        }
    }

    #[test]
    fn the_defaults_are_right() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("index.html"), "").unwrap();
        let folder = folder.path().to_str().unwrap();
        assert_eq!(
            serve(&["--static-dir", folder]).problems(),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_user_name_is_plain() {
        assert_eq!(username("Li.Wei@Shop").as_deref(), Some("li.wei@shop"));
        for bad in ["", "a b", "李", "a'", &"x".repeat(65)] {
            assert_eq!(username(bad), None, "{bad:?}");
        }
    }
}
