//! The one thread that writes ("kefu-writer"). The room submits; the thread takes what waits, commits
//! it as one transaction and tells the room through its sink. It owns the connection that it writes
//! with, keeps writes waiting for a while when the database is away, and heals by itself.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    time::{Duration, Instant},
};

use super::{
    batch::{self, BatchError, Room},
    connection::{self, DbConnection},
    error::{StoreError, Trouble, is_connection_loss},
    url::DatabaseUrl,
    write::{Acted, Posted, Write, Written},
};
use crate::{
    domain::{Kind, Message, Refusal},
    incident::incident,
    metrics::{Metrics, Setback},
};

/// As many writes wait as may, or the writer has been stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many writes are waiting for the database")]
pub struct QueueFull;

/// The way to the writer thread. Dropping it lets the thread finish what waits and end.
pub struct Writer {
    queue: Mutex<Option<Sender<Job>>>,
    waiting: Arc<Waiting>,
    /// Closed when the thread ends; nothing is ever sent.
    ended: Mutex<Receiver<()>>,
}

struct Waiting {
    count: AtomicUsize,
    limit: usize,
}

impl Waiting {
    fn enter(&self) -> Result<(), QueueFull> {
        let one_more = |count| (count < self.limit).then_some(count + 1);
        self.count
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .map(drop)
            .map_err(|_| QueueFull)
    }

    fn leave(&self, many: usize) {
        self.count.fetch_sub(many, Ordering::Relaxed);
    }
}

struct Job {
    write: Write,
    since: Instant,
}

impl Writer {
    /// Hands over a write; its result comes through the sink. Never blocks.
    ///
    /// # Errors
    /// [`QueueFull`] when the write was not taken.
    pub fn submit(&self, write: Write) -> Result<(), QueueFull> {
        self.waiting.enter()?;
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let job = Job {
            write,
            since: Instant::now(),
        };
        // Refused when the thread has ended, too, which it does only after `stop`.
        if queue.as_ref().is_some_and(|queue| queue.send(job).is_ok()) {
            return Ok(());
        }
        self.waiting.leave(1);
        Err(QueueFull)
    }

    /// Takes no more writes, and waits for the thread to commit what waits and end. `false` when it
    /// had not done so in time; it goes on trying.
    pub fn stop(&self, within: Duration) -> bool {
        drop(
            self.queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.recv_timeout(within) == Err(RecvTimeoutError::Disconnected)
    }

    /// How many writes were submitted and have no result yet.
    pub fn waiting(&self) -> usize {
        self.waiting.count.load(Ordering::Relaxed)
    }
}

/// How the thread works.
pub(super) struct Plan {
    pub url: DatabaseUrl,
    pub room: Room,
    pub patience: Duration,
    pub queue: usize,
    pub batch: usize,
    pub metrics: Arc<Metrics>,
}

/// Starts the thread.
pub(super) fn start(
    plan: Plan,
    sink: impl FnMut(Vec<Written>) + Send + 'static,
) -> Result<Writer, StoreError> {
    // The count keeps the bound, also over what the thread has taken out already, and a queue that is
    // nearly always empty needs no memory set aside.
    let (queue, incoming) = mpsc::channel();
    let (alive, ended) = mpsc::channel::<()>();
    let waiting = Arc::new(Waiting {
        count: AtomicUsize::new(0),
        limit: plan.queue,
    });
    let thread = WriterThread {
        plan,
        sink,
        incoming,
        waiting: Arc::clone(&waiting),
        connection: None,
        away: None,
        back_off: FIRST_BACK_OFF,
    };
    std::thread::Builder::new()
        .name("kefu-writer".to_owned())
        .spawn(move || {
            let _alive = alive;
            thread.run();
        })
        .map_err(|error| StoreError::Internal(format!("no thread for the writer: {error}")))?;
    Ok(Writer {
        queue: Mutex::new(Some(queue)),
        waiting,
        ended: Mutex::new(ended),
    })
}

/// How long a batch waits to become as large as the last one. Little beside what a commit takes.
const GATHER: Duration = Duration::from_micros(500);
const FIRST_BACK_OFF: Duration = Duration::from_millis(100);
const LAST_BACK_OFF: Duration = Duration::from_secs(1);
/// How often a batch makes way for another process before it counts as a fault.
const TRIES: u32 = 20;
/// How often a batch may lose a connection that can be opened again before it is suspected itself.
const LOSSES: u32 = 3;

/// Why a batch was not stored.
enum Unstored {
    /// It has to be two, the second from this place on.
    SplitAt(usize),
    /// The database, or what is in it.
    Trouble(Trouble),
}

struct WriterThread<S> {
    plan: Plan,
    sink: S,
    incoming: Receiver<Job>,
    waiting: Arc<Waiting>,
    connection: Option<DbConnection>,
    /// Since when the database has been away; told to the log once, and once when it is back.
    away: Option<Instant>,
    back_off: Duration,
}

impl<S: FnMut(Vec<Written>)> WriterThread<S> {
    fn run(mut self) {
        let mut last = 1;
        while let Ok(first) = self.incoming.recv() {
            let jobs = self.gather(first, last);
            last = jobs.len();
            self.carry_out(jobs);
        }
    }

    /// What waits. Where several came the last time, as many will come now: the first of them are the answers
    /// of those who have just been served, and a transaction for each of these would hold up all the others.
    fn gather(&self, first: Job, last: usize) -> VecDeque<Job> {
        let mut jobs = VecDeque::with_capacity(last.max(16));
        jobs.push_back(first);
        let until = Instant::now() + GATHER;
        while jobs.len() < self.plan.batch {
            let job = if jobs.len() < last {
                let left = until.saturating_duration_since(Instant::now());
                self.incoming.recv_timeout(left).ok()
            } else {
                self.incoming.try_recv().ok()
            };
            let Some(job) = job else { break };
            jobs.push_back(job);
        }
        jobs
    }

    /// Stores the jobs, or says of each why not.
    fn carry_out(&mut self, mut jobs: VecDeque<Job>) {
        let (mut careful, mut tries, mut losses) = (false, 0, 0);
        loop {
            self.give_up_on_late(&mut jobs);
            let Some(oldest) = jobs.front() else { return };
            let deadline = oldest.since + self.plan.patience;
            let began = Instant::now();
            let trouble = match self.attempt(careful, &jobs) {
                Ok(written) => {
                    count(&self.plan.metrics, &written, began.elapsed());
                    self.came_back();
                    self.deliver(written);
                    return;
                }
                Err(Unstored::SplitAt(at)) => {
                    let rest = jobs.split_off(at);
                    self.carry_out(jobs);
                    self.carry_out(rest);
                    return;
                }
                Err(Unstored::Trouble(trouble)) => trouble,
            };
            self.plan.metrics.setback(match &trouble {
                Trouble::Again(_) => Setback::Conflict,
                Trouble::Away(_) => Setback::Away,
                Trouble::Fault(_) => Setback::Fault,
            });
            let cause = match trouble {
                Trouble::Again(cause) => {
                    // Perhaps a message that is stored already; looking tells.
                    careful = true;
                    tries += 1;
                    if tries < TRIES {
                        std::thread::sleep(small_pause(tries));
                        continue;
                    }
                    cause
                }
                Trouble::Away(cause) => {
                    let lost = self.connection.take().is_some() && is_connection_loss(&cause);
                    losses += u32::from(lost);
                    // A connection that was idle for long may have been closed by the server: the
                    // first loss is not worth a word when the next connection works.
                    let silent = lost && losses == 1;
                    let suspect = losses >= LOSSES && jobs.len() > 1;
                    if !suspect {
                        if !silent {
                            self.went_away(&cause);
                            self.wait(deadline);
                        }
                        // What was committed before the connection was lost must be found.
                        careful = true;
                        continue;
                    }
                    cause
                }
                Trouble::Fault(cause) => cause,
            };
            if jobs.len() > 1 {
                // One of them can not be stored; the others must not suffer for it.
                let second_half = jobs.split_off(jobs.len() / 2);
                self.carry_out(jobs);
                self.carry_out(second_half);
                return;
            }
            if let Some(job) = jobs.pop_front() {
                let refusal = incident("a write could not be stored", &cause);
                self.deliver(vec![Written::Failed {
                    ticket: job.write.ticket(),
                    refusal,
                }]);
            }
            return;
        }
    }

    fn attempt(&mut self, careful: bool, jobs: &VecDeque<Job>) -> Result<Vec<Written>, Unstored> {
        let conn = match &mut self.connection {
            Some(conn) => conn,
            none => {
                // Several tries within the patience of one write.
                let lock_wait = (self.plan.patience / 4)
                    .clamp(Duration::from_millis(50), Duration::from_millis(500));
                let conn = connection::open_writer(&self.plan.url, lock_wait)
                    .map_err(|error| Unstored::Trouble(Trouble::Away(error.to_string())))?;
                none.insert(conn)
            }
        };
        let writes: Vec<&Write> = jobs.iter().map(|job| &job.write).collect();
        batch::store(conn, self.plan.room, careful, &writes).map_err(|error| match error {
            BatchError::Again(cause) => Unstored::Trouble(Trouble::Again(cause.to_owned())),
            BatchError::SplitAt(at) => Unstored::SplitAt(at),
            BatchError::Db(error) => Unstored::Trouble(conn.diagnose(&error)),
        })
    }

    /// Answers those that have waited too long. The oldest come first, and their sender has been told
    /// by the room already: storing them now would be a surprise.
    fn give_up_on_late(&mut self, jobs: &mut VecDeque<Job>) {
        let mut late = Vec::new();
        while let Some(job) = jobs.pop_front_if(|job| job.since.elapsed() >= self.plan.patience) {
            let refusal = Refusal::unavailable();
            late.push(Written::Failed {
                ticket: job.write.ticket(),
                refusal,
            });
        }
        if !late.is_empty() {
            self.deliver(late);
        }
    }

    fn deliver(&mut self, written: Vec<Written>) {
        self.waiting.leave(written.len());
        (self.sink)(written);
    }

    fn went_away(&mut self, cause: &str) {
        if self.away.is_none() {
            self.away = Some(Instant::now());
            self.plan.metrics.database_is_away(true);
            tracing::warn!(cause, "the database is away; writes wait for it, then fail");
        }
    }

    fn came_back(&mut self) {
        if let Some(since) = self.away.take() {
            self.plan.metrics.database_is_away(false);
            let away_ms = since.elapsed().as_millis();
            tracing::info!(away_ms, "the database is back");
        }
        self.back_off = FIRST_BACK_OFF;
    }

    fn wait(&mut self, deadline: Instant) {
        let left = deadline.saturating_duration_since(Instant::now());
        std::thread::sleep(self.back_off.min(left));
        self.back_off = (self.back_off * 2).min(LAST_BACK_OFF);
    }
}

/// Counts what a batch has stored, the repeats not.
fn count(metrics: &Metrics, written: &[Written], took: Duration) {
    metrics.committed(written.len(), took);
    let mut stored = [0; Kind::ALL.len()];
    let mut count = |message: &Message| stored[message.kind as usize] += 1;
    for one in written {
        match one {
            Written::Posted(Posted {
                event,
                message,
                duplicate: false,
                ..
            }) => event.iter().chain([message]).for_each(&mut count),
            Written::Acted(Acted { event, .. }) => event.iter().for_each(&mut count),
            Written::Dispatched { changes, .. } => {
                let events = changes.iter().filter_map(|change| change.event.as_ref());
                events.for_each(&mut count);
            }
            _ => {}
        }
    }
    for (kind, many) in Kind::ALL.iter().zip(stored) {
        metrics.stored(*kind, many);
    }
}

/// Up to a few milliseconds, not the same in two processes that are in each other's way.
fn small_pause(tries: u32) -> Duration {
    let mut byte = [0];
    // Without randomness they may meet again, and then again pause.
    if getrandom::fill(&mut byte).is_err() {
        byte = [128];
    }
    Duration::from_micros(20 * u64::from(byte[0]) * u64::from(tries.min(8)))
}
