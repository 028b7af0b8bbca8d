//! How quick the history, the search, reports, exports and backups are on a large database, and what each costs
//! those who write meanwhile (`make history-bench`). Prints tables for docs/HISTORY-PERFORMANCE.md.

use std::{
    collections::HashMap,
    error::Error,
    io,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use chrono::{Days, NaiveDate};

use crate::{
    backup,
    domain::{
        AuditActor, Channel, ClientId, CustomerKey, HistoryFilter, Kind, Period, SearchWords,
        Status, Token, now,
        settings::{Retention, RetentionRule},
    },
    export::{self, About, Format, Language},
    files::Files,
    metrics::Metrics,
    retention::{self, Ran},
    store::{DatabaseUrl, Post, Poster, Store, StoreError, Ticket, Write, Writer, Written},
};

/// Messages a second while it is measured.
const RATE: u64 = 100;
const ROUNDS: usize = 15;
const PAGE: usize = 50;

type Sent = Arc<Mutex<HashMap<u64, Instant>>>;
type Took = Arc<Mutex<Vec<Duration>>>;

/// Somebody who writes all the time.
struct Chat {
    stop: Arc<AtomicBool>,
    took: Took,
    thread: thread::JoinHandle<()>,
    writer: Arc<Writer>,
}

impl Chat {
    fn start(store: &Store) -> Result<Self, StoreError> {
        let (sent, took): (Sent, Took) = Default::default();
        let sink = {
            let (sent, took) = (Arc::clone(&sent), Arc::clone(&took));
            move |written: Vec<Written>| {
                let now = Instant::now();
                for one in written {
                    let Written::Posted(posted) = one else {
                        continue;
                    };
                    let since = locked(&sent).remove(&posted.ticket.0);
                    locked(&took).extend(since.map(|since| now - since));
                }
            }
        };
        // Nobody asks for them here.
        let metrics = Metrics::new().map_err(|error| StoreError::Internal(error.to_string()))?;
        let writer = Arc::new(store.start_writer(Arc::new(metrics), sink)?);
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, submit) = (Arc::clone(&stop), Arc::clone(&writer));
        let thread = thread::spawn(move || {
            let number = AtomicU64::new(1);
            let keys: Vec<_> = (0..20).filter_map(|_| Token::random().ok()).collect();
            while !stopped.load(Ordering::Relaxed) {
                let n = number.fetch_add(1, Ordering::Relaxed);
                let key = &keys[usize::try_from(n).unwrap_or(0) % keys.len()];
                if let Some(post) = post(n, CustomerKey::from(key)) {
                    locked(&sent).insert(n, Instant::now());
                    // A full queue shows as what is missing.
                    let _ = submit.submit(Write::Post(post));
                }
                thread::sleep(Duration::from_micros(1_000_000 / RATE));
            }
        });
        Ok(Self {
            stop,
            took,
            thread,
            writer,
        })
    }

    /// Median and p99 since this was asked last.
    fn so_far(&self) -> String {
        let mut took = std::mem::take(&mut *locked(&self.took));
        took.sort_unstable();
        format!("{} / {}", at(&took, 50), at(&took, 99))
    }

    fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.thread.join());
        self.writer.stop(Duration::from_secs(10));
    }
}

fn post(n: u64, key: CustomerKey) -> Option<Post> {
    Some(Post {
        ticket: Ticket(n),
        from: Poster::Customer {
            key,
            page: None,
            language: Some("en".to_owned()),
            user_agent: None,
            channel: Channel::Web,
        },
        conversation: None,
        client_id: ClientId::parse(&format!("m-{n}"))?,
        kind: Kind::Text,
        text: format!("Where is my order number {n}? 我的订单呢？"),
        file: None,
    })
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn at(sorted: &[Duration], percent: usize) -> String {
    let place = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).map_or_else(
        || "-".to_owned(),
        |took| format!("{:.1}", took.as_secs_f64() * 1_000.0),
    )
}

/// Measures and prints; what is written goes into `folder` and is removed.
///
/// # Errors
/// The database, or the disk.
pub async fn history(store: &Store, folder: &Path) -> Result<(), Box<dyn Error>> {
    let chat = Chat::start(store)?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    println!("\n| meanwhile a message is stored within (ms, median / p99) | |\n|---|---|");
    println!("| nothing else happens | {} |", chat.so_far());
    let (mut from, mut messages, began) = (None, 0, Instant::now());
    loop {
        let step = match store.index(from).await {
            // It took longer than a read may, and was done all the same.
            Err(StoreError::Unavailable(_)) => continue,
            other => other?,
        };
        messages += step.messages;
        from = step.next;
        if from.is_none() {
            break;
        }
    }
    let took = began.elapsed().as_secs_f64();
    println!(
        "| {messages} messages are indexed in {took:.0} s | {} |",
        chat.so_far()
    );
    let mut lines = filters(store).await?;
    let after_filters = chat.so_far();
    lines.extend(searches(store).await?);
    println!("| history is filtered | {after_filters} |");
    println!("| words are searched for | {} |", chat.so_far());
    let mut work = vec![reported(store).await?];
    println!("| reports are made | {} |", chat.so_far());
    work.push(exported(store).await?);
    println!("| everything is exported | {} |", chat.so_far());
    work.push(backed_up(store.url(), folder).await?);
    println!("| a backup is written | {} |", chat.so_far());
    work.push(retained(store, folder).await?);
    println!("| a tenth is deleted | {} |", chat.so_far());
    println!("\n| work | took s | |\n|---|---|---|");
    for line in work {
        println!("{line}");
    }
    println!("\n| first page of | rows | more | median ms | worst ms |\n|---|---|---|---|---|");
    for line in lines {
        println!("{line}");
    }
    chat.end();
    Ok(())
}

/// How long a report on a year takes.
async fn reported(store: &Store) -> Result<String, Box<dyn Error>> {
    let to = now().date_naive();
    let from = to - Days::new(364);
    let date = |date: NaiveDate| date.format("%F").to_string();
    let period = Period::read(&date(from), &date(to), "Asia/Shanghai")
        .map_err(|refusal| refusal.message.into_owned())?;
    let mut took = Vec::new();
    for _ in 0..3 {
        let began = Instant::now();
        store.report(period, None).await?;
        took.push(began.elapsed());
    }
    let worst = took.iter().max().copied().unwrap_or_default();
    Ok(row("a report on a year", worst, "the longest of three"))
}

/// How much is exported a second, and the memory that it takes.
async fn exported(store: &Store) -> Result<String, Box<dyn Error>> {
    let about = About {
        filter: Vec::new(),
        by: "measure-history".to_owned(),
        made_at: now(),
        language: Language::En,
    };
    let everything = HistoryFilter::default();
    forget_peak()?;
    let before = peak_mb()?;
    let (mut at, mut bytes, began) = (None, 0, Instant::now());
    let totals = loop {
        let part = export::part(store, Format::Jsonl, &everything, &about, at).await?;
        bytes += part.bytes.len();
        match part.next {
            Some(next) => at = Some(next),
            None => break part.totals,
        }
    };
    let took = began.elapsed();
    #[allow(clippy::cast_precision_loss, reason = "a rate")]
    let (messages, mb) = (totals.messages as f64, bytes as f64 / 1e6);
    let seconds = took.as_secs_f64();
    let text = format!(
        "{} messages, {mb:.0} MB: {:.0} messages/s, {:.1} MB/s; peak memory of the process {} MB, {before} MB before",
        totals.messages,
        messages / seconds,
        mb / seconds,
        peak_mb()?
    );
    Ok(row("an export as JSON Lines", took, &text))
}

async fn backed_up(url: &DatabaseUrl, folder: &Path) -> Result<String, Box<dyn Error>> {
    let (url, to) = (url.clone(), folder.join("measured.backup"));
    let files = Files::open(&folder.join("files"))?;
    let began = Instant::now();
    let made = {
        let to = to.clone();
        tokio::task::spawn_blocking(move || backup::backup(&url, &files, &to)).await?
    }?;
    let took = began.elapsed();
    let mb = std::fs::metadata(&to)?.len() / 1_000_000;
    std::fs::remove_file(to)?;
    let text = format!("{} rows, {mb} MB", made.rows);
    Ok(row("a backup", took, &text))
}

/// What began in the first weeks of the year goes.
async fn retained(store: &Store, folder: &Path) -> Result<String, Box<dyn Error>> {
    let rule = RetentionRule {
        status: Some(Status::Closed),
        tag: None,
        days: Some(330),
    };
    let rules = Retention { rules: vec![rule] };
    let files = Files::open(&folder.join("files"))?;
    let began = Instant::now();
    let Ran::Through(count) =
        retention::run(store, &files, &rules, &AuditActor::command_line()).await?
    else {
        return Err("another process deletes".into());
    };
    let text = format!(
        "{} conversations with {} messages",
        count.conversations, count.messages
    );
    Ok(row(
        "deleting what is past its time",
        began.elapsed(),
        &text,
    ))
}

fn row(work: &str, took: Duration, text: &str) -> String {
    format!("| {work} | {:.1} | {text} |", took.as_secs_f64())
}

/// From here on the peak counts anew (proc(5), `clear_refs`).
fn forget_peak() -> io::Result<()> {
    std::fs::write("/proc/self/clear_refs", "5")
}

/// The most memory that the process has had resident, in MB.
fn peak_mb() -> io::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    Ok(kb.unwrap_or(0) / 1_000)
}

async fn filters(store: &Store) -> Result<Vec<String>, StoreError> {
    let mut lines = Vec::new();
    for query in [
        &[][..],
        &[
            ("from", "2026-03-01"),
            ("to", "2026-03-31"),
            ("tz", "Asia/Shanghai"),
        ],
        &[("agent", "2")],
        &[("agent", "2"), ("to", "2026-02-01")],
        &[("customer", "1000")],
        &[("customer_text", "王芳")],
        &[("customer_text", "customer777@")],
        &[("status", "closed")],
        &[("status", "waiting")],
        &[("tag", "2")],
        &[("tag", "7")],
        &[("rating", "1")],
        &[("rating", "unrated")],
        &[
            ("agent", "2"),
            ("status", "closed"),
            ("tag", "2"),
            ("rating", "5"),
        ],
        &[("q", "refund")],
        &[("q", "订单"), ("agent", "2")],
        &[("q", "退款"), ("to", "2026-01-31")],
    ] {
        let asked = |name: &str| query.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
        let Ok(filter) = HistoryFilter::read(asked) else {
            continue;
        };
        let (mut took, mut rows, mut more) = (Vec::new(), 0, false);
        for _ in 0..ROUNDS {
            let began = Instant::now();
            let page = store.history(filter.clone(), None, PAGE).await?;
            took.push(began.elapsed());
            (rows, more) = (page.rows.len(), page.next.is_some());
        }
        let name: Vec<_> = query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let name = if name.is_empty() {
            "everything".to_owned()
        } else {
            name.join(" ")
        };
        lines.push(line(&name, rows, more, took));
    }
    Ok(lines)
}

async fn searches(store: &Store) -> Result<Vec<String>, StoreError> {
    let mut lines = Vec::new();
    for typed in [
        "order",
        "订单",
        "单",
        "e",
        "%",
        "KF10000700",
        "退款 快递",
        "refund carrier",
        "oolong",
        "zzzxq",
        "龘",
    ] {
        let Ok(words) = SearchWords::read(typed) else {
            continue;
        };
        let (mut took, mut rows, mut more) = (Vec::new(), 0, false);
        for _ in 0..ROUNDS {
            let began = Instant::now();
            // As the console asks: on and on until there is something to show, or nothing left.
            let mut from = None;
            (rows, more) = loop {
                let page = store.search(words.clone(), from, PAGE).await?;
                from = page.next;
                if !page.hits.is_empty() || from.is_none() {
                    break (page.hits.len(), from.is_some());
                }
            };
            took.push(began.elapsed());
        }
        lines.push(line(&format!("search {typed}"), rows, more, took));
    }
    Ok(lines)
}

fn line(name: &str, rows: usize, more: bool, mut took: Vec<Duration>) -> String {
    took.sort_unstable();
    let more = if more { "yes" } else { "no" };
    format!(
        "| {name} | {rows} | {more} | {} | {} |",
        at(&took, 50),
        at(&took, 100)
    )
}
