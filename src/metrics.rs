//! What the server counts about itself, for Prometheus (docs/OPERATIONS.md). Filled on the writer's thread, the
//! room's and the workers'; read by `http/metrics.rs` when somebody asks.
//!
//! **Invariant**: every name and label here is a word of the program's own. Nothing that a person wrote, is or
//! comes from is ever a label.
//! **Invariant**: no lock is taken to count. What can be looked up when somebody asks is not counted at all.

use std::{
    cell::Cell,
    collections::HashMap,
    fs,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use prometheus::{
    Counter, Encoder, Gauge, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, TextEncoder, core::Collector,
};

use crate::{
    channel::Marks,
    domain::{Code, Kind},
};

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// From a commit on a fast disk to a peer that is about to be cut off.
const SECONDS: &[f64] = &[
    0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0,
];
/// To the most that `KEFU_WRITE_BATCH` accepts.
const WRITES: &[f64] = &[
    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0, 2_048.0, 4_096.0,
];
/// Of the deliveries that a thread makes of one commit, the first is timed and then one in so many.
const TIMED_ONE_IN: u32 = 64;

/// As what somebody is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// They have not said so.
    Unknown,
    /// A person who asks.
    Customer,
    /// A person who answers.
    Agent,
}

/// What a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// `kefu.v1`.
    Native,
    /// Socket.IO on Engine.IO 3.
    SocketIo3,
    /// Socket.IO on Engine.IO 4.
    SocketIo4,
}

/// Why a batch was not stored at the first try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setback {
    /// A deadlock, or it was stored already: again.
    Conflict,
    /// The database did not answer, had no room, or gave no lock in time.
    Away,
    /// It cannot be stored.
    Fault,
}

/// What is looked up when somebody asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Looked {
    /// Writes that were submitted and have no result yet.
    pub writes_waiting: usize,
    /// Reads that wait for a connection.
    pub reads_waiting: usize,
    /// Connections of the readers' pool.
    pub pool: usize,
    /// Those of them that nobody uses.
    pub pool_idle: usize,
}

/// The counters of one server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    connections: IntGaugeVec,
    requests_waiting: IntGauge,
    stored: Vec<IntCounter>,
    commit_seconds: Histogram,
    batch_writes: Histogram,
    setbacks: IntCounterVec,
    database_away: IntGauge,
    delivery_seconds: Histogram,
    errors: HashMap<&'static str, IntCounter>,
    marks: Arc<Marks>,
    at_once: Mutex<AtOnce>,
}

/// What is written down only when somebody asks; by one at a time.
#[derive(Debug)]
struct AtOnce {
    writes_waiting: IntGauge,
    reads_waiting: IntGauge,
    pool: IntGaugeVec,
    queue_frames: IntGauge,
    queue_bytes: IntGauge,
    slow_closes: IntCounter,
    memory_bytes: IntGauge,
    open_files: IntGauge,
    most_files: IntGauge,
    cpu_seconds: Counter,
    started: Gauge,
}

/// Something that there is one more of, until this is dropped.
#[derive(Debug)]
pub struct Counted(IntGauge);

impl Counted {
    fn new(gauge: IntGauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// When what a frame tells was committed.
#[derive(Clone, Debug)]
pub struct Committed {
    at: Instant,
    lag: Histogram,
}

thread_local! {
    /// The latest commit of which this thread has delivered something, and how many deliveries since then were
    /// not timed.
    static DELIVERED: Cell<(Option<Instant>, u32)> = const { Cell::new((None, 0)) };
}

impl Committed {
    /// Somebody was given it. Of many on a thread only some are timed, because asking for the time costs
    /// more than all the rest.
    pub fn delivered(&self) {
        DELIVERED.with(|delivered| {
            let (latest, untimed) = delivered.get();
            // Several commits may wait for each session, so an older one says nothing new.
            let is_new = latest.is_none_or(|latest| latest < self.at);
            if !is_new && untimed + 1 < TIMED_ONE_IN {
                return delivered.set((latest, untimed + 1));
            }
            delivered.set((latest.max(Some(self.at)), 0));
            self.lag.observe(self.at.elapsed().as_secs_f64());
        });
    }
}

impl Metrics {
    /// Counters that stand at nothing.
    ///
    /// # Errors
    /// When two of them have one name.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let build = gauges(
            &registry,
            "kefu_build_info",
            "The version that runs, as a label; always 1",
            &["version"],
        )?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let connections = gauges(
            &registry,
            "kefu_connections",
            "Connections by what they are for and what they speak",
            &["role", "dialect"],
        )?;
        let stored = counters(
            &registry,
            "kefu_messages_stored_total",
            "Messages that the writer has committed",
            "kind",
        )?;
        let setbacks = counters(
            &registry,
            "kefu_write_setbacks_total",
            "Batches that were not stored at a try: conflict is tried again at once, away when the database is \
             back, fault write by write",
            "why",
        )?;
        let errors = counters(
            &registry,
            "kefu_errors_total",
            "Requests that were refused, by the code that the client got",
            "code",
        )?;
        let metrics = Self {
            requests_waiting: gauge(
                &registry,
                "kefu_room_requests_waiting",
                "Requests of sessions that wait for the room",
            )?,
            stored: (Kind::ALL.iter())
                .map(|kind| stored.with_label_values(&[kind.as_str()]))
                .collect(),
            commit_seconds: histogram(
                &registry,
                "kefu_commit_seconds",
                "How long the transaction of a batch took, from its first statement to the end of COMMIT",
                SECONDS,
            )?,
            batch_writes: histogram(
                &registry,
                "kefu_batch_writes",
                "Writes in one transaction",
                WRITES,
            )?,
            database_away: gauge(
                &registry,
                "kefu_database_away",
                "1 while the writer waits for the database to come back",
            )?,
            delivery_seconds: histogram(
                &registry,
                "kefu_delivery_seconds",
                "From COMMIT until a message was written to a receiver's WebSocket; timed for some of many",
                SECONDS,
            )?,
            errors: (Code::ALL.iter())
                .map(|code| (code.as_str(), errors.with_label_values(&[code.as_str()])))
                .collect(),
            marks: Arc::default(),
            at_once: Mutex::new(AtOnce::new(&registry)?),
            connections,
            setbacks,
            registry,
        };
        // A series that is not there cannot be told from one that stands still.
        for (role, wire) in [
            (Role::Unknown, Wire::Native),
            (Role::Customer, Wire::Native),
            (Role::Agent, Wire::Native),
            (Role::Unknown, Wire::SocketIo3),
            (Role::Customer, Wire::SocketIo3),
            (Role::Unknown, Wire::SocketIo4),
            (Role::Customer, Wire::SocketIo4),
        ] {
            drop(metrics.connection(role, wire));
        }
        for setback in [Setback::Conflict, Setback::Away, Setback::Fault] {
            metrics.setback_counter(setback).inc_by(0);
        }
        Ok(metrics)
    }

    /// Counts a connection for as long as the answer is kept.
    pub fn connection(&self, role: Role, wire: Wire) -> Counted {
        let role = match role {
            Role::Unknown => "unknown",
            Role::Customer => "customer",
            Role::Agent => "agent",
        };
        let wire = match wire {
            Wire::Native => "kefu.v1",
            Wire::SocketIo3 => "socketio.eio3",
            Wire::SocketIo4 => "socketio.eio4",
        };
        Counted::new(self.connections.with_label_values(&[role, wire]))
    }

    /// Counts a request that is on its way to the room for as long as the answer is kept.
    pub fn request_waits(&self) -> Counted {
        Counted::new(self.requests_waiting.clone())
    }

    /// A batch of so many writes was committed.
    pub fn committed(&self, writes: usize, took: Duration) {
        #[allow(clippy::cast_precision_loss, reason = "a few thousand")]
        self.batch_writes.observe(writes as f64);
        self.commit_seconds.observe(took.as_secs_f64());
    }

    /// So many messages of this kind were in it.
    pub fn stored(&self, kind: Kind, many: u64) {
        self.stored[kind as usize].inc_by(many);
    }

    /// A batch was not stored at a try.
    pub fn setback(&self, setback: Setback) {
        self.setback_counter(setback).inc();
    }

    fn setback_counter(&self, setback: Setback) -> IntCounter {
        self.setbacks.with_label_values(&[match setback {
            Setback::Conflict => "conflict",
            Setback::Away => "away",
            Setback::Fault => "fault",
        }])
    }

    /// Whether the writer waits for the database.
    pub fn database_is_away(&self, away: bool) {
        self.database_away.set(away.into());
    }

    /// For what tells of a commit at that moment.
    pub fn delivery_of(&self, at: Instant) -> Committed {
        let lag = self.delivery_seconds.clone();
        Committed { at, lag }
    }

    /// So many clients were told that their request was refused with this code.
    pub fn refused(&self, code: &str, clients: usize) {
        if let Some(counter) = self.errors.get(code) {
            counter.inc_by(clients as u64);
        }
    }

    /// For the channels to the sessions.
    pub fn marks(&self) -> &Arc<Marks> {
        &self.marks
    }

    /// All of it as Prometheus reads it (text format 0.0.4).
    ///
    /// # Errors
    /// When it cannot be written as text.
    pub fn text(&self, looked: &Looked) -> Result<String, prometheus::Error> {
        let at_once = self.at_once.lock();
        let at_once = at_once.unwrap_or_else(PoisonError::into_inner);
        at_once.set(looked, &self.marks);
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        String::from_utf8(text).map_err(|error| prometheus::Error::Msg(error.to_string()))
    }
}

impl AtOnce {
    fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        Ok(Self {
            writes_waiting: gauge(
                registry,
                "kefu_writes_waiting",
                "Writes that were submitted and have no result yet",
            )?,
            reads_waiting: gauge(
                registry,
                "kefu_database_reads_waiting",
                "Reads that wait for a connection to the database",
            )?,
            pool: gauges(
                registry,
                "kefu_database_connections",
                "Connections of the readers to the database",
                &["state"],
            )?,
            queue_frames: gauge(
                registry,
                "kefu_session_queue_frames_high",
                "The most frames that waited for one session within the last minute or two",
            )?,
            queue_bytes: gauge(
                registry,
                "kefu_session_queue_bytes_high",
                "The most bytes that waited for one session within the last minute or two",
            )?,
            slow_closes: registered(
                registry,
                IntCounter::new(
                    "kefu_slow_closes_total",
                    "Sessions that did not keep up and were closed to reconnect and resume (4008)",
                )?,
            )?,
            memory_bytes: gauge(registry, "process_resident_memory_bytes", "Resident memory")?,
            open_files: gauge(registry, "process_open_fds", "Open files and sockets")?,
            most_files: gauge(
                registry,
                "process_max_fds",
                "Files and sockets that may be open",
            )?,
            cpu_seconds: registered(
                registry,
                Counter::new("process_cpu_seconds_total", "CPU time, user and system")?,
            )?,
            started: registered(
                registry,
                Gauge::new(
                    "process_start_time_seconds",
                    "When it was started, in seconds since 1970",
                )?,
            )?,
        })
    }

    fn set(&self, looked: &Looked, marks: &Marks) {
        self.writes_waiting.set(integer(looked.writes_waiting));
        self.reads_waiting.set(integer(looked.reads_waiting));
        let idle = looked.pool_idle.min(looked.pool);
        let used = looked.pool - idle;
        self.pool.with_label_values(&["idle"]).set(integer(idle));
        self.pool.with_label_values(&["used"]).set(integer(used));
        let high = marks.high();
        self.queue_frames.set(integer(high.frames));
        self.queue_bytes.set(integer(high.bytes));
        let overflows = marks.overflows();
        let news = overflows.saturating_sub(self.slow_closes.get());
        self.slow_closes.inc_by(news);
        // On another system than Linux these stay at zero.
        if let Some(process) = Process::look() {
            self.memory_bytes.set(process.memory_bytes);
            self.open_files.set(process.open_files);
            self.most_files.set(process.most_files);
            let more = process.cpu_seconds - self.cpu_seconds.get();
            self.cpu_seconds.inc_by(more.max(0.0));
            self.started.set(process.started);
        }
    }
}

/// What the kernel says about this process (proc(5)).
struct Process {
    memory_bytes: i64,
    open_files: i64,
    most_files: i64,
    cpu_seconds: f64,
    started: f64,
}

/// The kernel tells programs of a hundred ticks a second, whatever it uses itself.
const TICKS_PER_SECOND: f64 = 100.0;

impl Process {
    fn look() -> Option<Self> {
        let read = |path| fs::read_to_string(path).ok();
        let status = read("/proc/self/status")?;
        let memory_kib: i64 = number_after(&status, "VmRSS:")?;
        let limits = read("/proc/self/limits")?;
        let stat = read("/proc/self/stat")?;
        // The name, in brackets, may hold anything; after it come fields 3 and on.
        let (_, stat) = stat.rsplit_once(')')?;
        let stat: Vec<&str> = stat.split_whitespace().collect();
        let ticks = |field: usize| stat.get(field - 3)?.parse::<f64>().ok();
        let booted: f64 = number_after(&read("/proc/stat")?, "\nbtime")?;
        Some(Self {
            memory_bytes: memory_kib * 1_024,
            open_files: integer(fs::read_dir("/proc/self/fd").ok()?.count()),
            // "unlimited" is none that could be come near to.
            most_files: number_after(&limits, "Max open files").unwrap_or(0),
            cpu_seconds: (ticks(14)? + ticks(15)?) / TICKS_PER_SECOND,
            started: booted + ticks(22)? / TICKS_PER_SECOND,
        })
    }
}

fn number_after<T: std::str::FromStr>(text: &str, name: &str) -> Option<T> {
    let (_, rest) = text.split_once(name)?;
    rest.split_whitespace().next()?.parse().ok()
}

fn integer(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn registered<C: Collector + Clone + 'static>(
    registry: &Registry,
    one: C,
) -> Result<C, prometheus::Error> {
    registry.register(Box::new(one.clone()))?;
    Ok(one)
}

fn gauge(registry: &Registry, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
    registered(registry, IntGauge::new(name, help)?)
}

fn gauges(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> Result<IntGaugeVec, prometheus::Error> {
    registered(registry, IntGaugeVec::new(Opts::new(name, help), labels)?)
}

fn counters(
    registry: &Registry,
    name: &str,
    help: &str,
    label: &str,
) -> Result<IntCounterVec, prometheus::Error> {
    registered(
        registry,
        IntCounterVec::new(Opts::new(name, help), &[label])?,
    )
}

fn histogram(
    registry: &Registry,
    name: &str,
    help: &str,
    buckets: &[f64],
) -> Result<Histogram, prometheus::Error> {
    let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
    registered(registry, Histogram::with_opts(options)?)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn of_a_commit_the_first_delivery_is_timed_and_then_one_of_many_on_each_thread() {
        let metrics = Metrics::new().unwrap();
        let timed = || metrics.delivery_seconds.get_sample_count();
        let older = metrics.delivery_of(Instant::now());
        older.delivered();
        assert_eq!(timed(), 1);
        for _ in 1..TIMED_ONE_IN {
            older.delivered();
        }
        assert_eq!(timed(), 1);
        older.delivered();
        assert_eq!(timed(), 2);
        let newer = metrics.delivery_of(older.at + Duration::from_millis(1));
        newer.delivered();
        assert_eq!(timed(), 3);
        // Each of many sessions may have both waiting.
        older.delivered();
        newer.delivered();
        assert_eq!(timed(), 3);
        thread::scope(|scope| scope.spawn(|| older.delivered()).join().unwrap());
        assert_eq!(timed(), 4);
    }

    #[test]
    fn what_is_counted_for_a_while_is_not_afterwards() {
        let metrics = Metrics::new().unwrap();
        let one = metrics.request_waits();
        let two = metrics.request_waits();
        assert_eq!(metrics.requests_waiting.get(), 2);
        drop((one, two));
        assert_eq!(metrics.requests_waiting.get(), 0);
    }
}
