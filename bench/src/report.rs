//! Medians, ratios, and the page that holds them.

use std::{error::Error, fmt, fmt::Write as _, path::Path, process::Command};

use crate::{
    Load, RECEIVERS, WINDOW, desk,
    load::{Figures, SENDERS, TEXT},
    server::Kind,
    wire::Wire,
};

/// What is measured at fan-out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Case {
    pub wire: Wire,
    pub load: Load,
    pub receivers: usize,
    pub kind: Kind,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "{}, {} load, {} receivers, {}",
            self.wire.name(),
            self.load.name(),
            self.receivers,
            self.kind.name()
        )
    }
}

/// One round at the desk.
pub struct Desk {
    pub throughput: desk::Throughput,
    pub crowd: desk::Figures,
    pub start: desk::Start,
}

pub struct Report {
    seconds: u64,
    rounds: usize,
    deliveries: f64,
    surroundings: String,
    fan_out: Vec<(Case, Figures)>,
    desk: Vec<Desk>,
}

impl Report {
    pub fn new(
        seconds: u64,
        rounds: usize,
        deliveries: f64,
        node: &Path,
    ) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            seconds,
            rounds,
            deliveries,
            surroundings: surroundings(node)?,
            fan_out: Vec::new(),
            desk: Vec::new(),
        })
    }

    pub fn fan_out(&mut self, case: Case, figures: Figures) {
        self.fan_out.push((case, figures));
    }

    pub fn desk(&mut self, desk: Desk) {
        self.desk.push(desk);
    }

    /// `None` where it was not measured.
    fn median(&self, case: Case, figure: fn(&Figures) -> f64) -> Option<f64> {
        let these = self.fan_out.iter().filter(|(one, _)| *one == case);
        median(these.map(|(_, figures)| figure(figures)).collect())
    }

    /// In Markdown that reads well on a terminal, too.
    fn table(&self, wire: Wire, load: Load) -> String {
        let mut table = format!(
            "| {:<24} | {:>9} | {:>10} | {:>15} | {:>8} | {:>8} | {:>10} | {:>16} | {:>24} |\n",
            "server",
            "receivers",
            "messages/s",
            "CPU µs/delivery",
            "p50 ms",
            "p99 ms",
            "× the floor",
            "times below Node",
            "times below socketioxide"
        );
        let columns =
            [9, 10, 15, 8, 8, 11, 16, 24].map(|width| format!("{}:", "-".repeat(width + 1)));
        let _ = writeln!(table, "|{}|{}|", "-".repeat(26), columns.join("|"));
        for receivers in RECEIVERS {
            for kind in Kind::ALL {
                let case = |kind| Case {
                    wire,
                    load,
                    receivers,
                    kind,
                };
                let get = |figure| self.median(case(kind), figure);
                let Some(cpu) = get(|figures| figures.server_us) else {
                    continue;
                };
                let beside = |peer| {
                    let peer = self.median(case(peer), |figures| figures.server_us);
                    peer.filter(|_| kind.is_kefu())
                };
                let ratio = |ratio: Option<f64>| ratio.map_or(String::new(), |r| format!("{r:.2}"));
                let _ = writeln!(
                    table,
                    "| {:<24} | {:>9} | {:>10.0} | {:>15.2} | {:>8.2} | {:>8.2} | {:>11} | {:>16} | {:>24} |",
                    kind.name(),
                    receivers,
                    get(|figures| figures.rate).unwrap_or(f64::NAN),
                    cpu,
                    get(|figures| figures.p50_ms).unwrap_or(f64::NAN),
                    get(|figures| figures.p99_ms).unwrap_or(f64::NAN),
                    ratio(beside(Kind::Floor).map(|floor| cpu / floor)),
                    ratio(beside(Kind::Node).map(|node| node / cpu)),
                    ratio(beside(Kind::Socketioxide).map(|peer| peer / cpu)),
                );
            }
        }
        table
    }

    pub fn page(&self) -> String {
        let Self {
            seconds,
            rounds,
            deliveries,
            surroundings,
            ..
        } = self;
        let own = median(
            self.fan_out
                .iter()
                .map(|(_, figures)| figures.load_us)
                .collect(),
        );
        format!(
            "# What Kefu costs, and how quick it is\n\n\
             Written by `make bench`; run it to get the figures of your machine.\n\n\
             ## A message to everybody, as fast as each server takes it\n\n\
             On Socket.IO:\n\n{full}\n\
             On `kefu.v1`:\n\n{native}\n\
             ## A message to everybody, at a moderate rate\n\n{moderate}\n\
             ## A desk\n\n{desk}\n\
             ## How it is measured\n\n\
             - **A message to everybody**: one room (`KEFU_ROOM=shared`), on WebSocket, by Socket.IO (Engine.IO \
             4) and by `kefu.v1`. {SENDERS} senders send texts of {TEXT} bytes; they receive, too. Every \
             connection got every message exactly once, or there would be no figures.\n\
             - **As fast as each server takes it**: each sender has {WINDOW} messages under way that it has \
             not received itself. **At a moderate rate**: {deliveries} / receivers messages a second together, \
             the same for every server, so that each message is written by itself.\n\
             - **CPU µs/delivery**: the CPU time of the server's process, in the program and in the kernel, \
             divided by messages × connections, after a warm-up. On loopback the kernel does the receiving \
             end's TCP work on the sender's account; that is in everybody's figure. The database server is \
             another process and not counted; what Kefu does to talk to it is.\n\
             - **The bare epoll loop** (`bench/src/bin/floor.rs`) is what no server can be much below: one \
             thread, nothing stored, what came in one round of events goes out by one write for each \
             connection, in frames as long as Kefu's.\n\
             - **p50, p99**: from before the sender's write until after the receiver's read. Kefu's have the \
             commit in them: it shows a message to nobody before it is stored. The peers store nothing.\n\
             - **Times below**: the peer's CPU time of a delivery divided by Kefu's.\n\
             - **A desk**: `KEFU_ROOM=private`, on MariaDB, two connections of agents, who see every \
             conversation. As fast as it goes: each side answers as soon as it has the other's message. The \
             writer alone: the same messages handed to Kefu's writer inside one process \
             (`kefu dev measure-writes`). When all are cut off they come back in the course of a second, as \
             pages do, with what they hold; each must have been told that it missed nothing.\n\n\
             Medians of {rounds} rounds, interleaved, {seconds} s each after a warm-up. Servers, database and load \
             generator share the machine; the generator took {own:.2} µs a delivery.\n\n\
             {surroundings}",
            full = self.table(Wire::SocketIo, Load::Full),
            native = self.table(Wire::Native, Load::Full),
            moderate = self.table(Wire::SocketIo, Load::Moderate),
            desk = desk_table(&self.desk.iter().collect::<Vec<_>>()),
            own = own.unwrap_or(f64::NAN),
        )
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Medians of these rounds.
pub fn desk_table(rounds: &[&Desk]) -> String {
    let get = |figure: fn(&Desk) -> f64| {
        median(rounds.iter().map(|desk| figure(desk)).collect()).unwrap_or(f64::NAN)
    };
    let messages = get(|desk| desk.throughput.messages);
    let alone = get(|desk| desk.throughput.writer_alone);
    let pair = |p50: f64, p99: f64| format!("{p50:.1} / {p99:.1} ms");
    let lines = [
        (
            "1,000 conversations as fast as they go",
            format!("{messages:.0} messages/s"),
        ),
        (
            "the writer alone with the same",
            format!("{alone:.0} messages/s"),
        ),
        (
            "of what the writer alone reaches",
            format!("{:.0} %", messages / alone * 100.0),
        ),
        (
            "CPU time of the server for a message",
            format!("{:.1} µs", get(|desk| desk.throughput.server_us)),
        ),
        (
            "an idle connection among 10,000",
            format!("{:.1} KiB", get(|desk| desk.crowd.idle_kib)),
        ),
        (
            "the same when all have left",
            format!("{:.1} KiB", get(|desk| desk.crowd.kept_kib)),
        ),
        (
            "10,000 connected, 500 messages/s: customer to agent, p50 / p99",
            pair(
                get(|desk| desk.crowd.to_agent_ms.0),
                get(|desk| desk.crowd.to_agent_ms.1),
            ),
        ),
        (
            "agent to customer",
            pair(
                get(|desk| desk.crowd.to_customer_ms.0),
                get(|desk| desk.crowd.to_customer_ms.1),
            ),
        ),
        (
            "storing alone at that rate",
            pair(
                get(|desk| desk.crowd.commit_ms.0),
                get(|desk| desk.crowd.commit_ms.1),
            ),
        ),
        (
            "10,000 cut off at once: the last is back after",
            format!("{:.1} s", get(|desk| desk.crowd.back_s)),
        ),
        (
            "of them told to try again, times",
            format!("{:.0}", get(|desk| desk.crowd.refused)),
        ),
        (
            "p99 of the others meanwhile",
            format!("{:.1} ms", get(|desk| desk.crowd.others_ms.0)),
        ),
        (
            "p99 of the others before",
            format!("{:.1} ms", get(|desk| desk.crowd.others_ms.1)),
        ),
        (
            "start until ready, on a database that is there",
            format!("{:.0} ms", get(|desk| desk.start.ready_ms)),
        ),
        (
            "memory idle",
            format!("{:.1} MiB", get(|desk| desk.start.idle_mib)),
        ),
        (
            "the program",
            format!("{:.1} MiB", get(|desk| desk.start.binary_mib)),
        ),
    ];
    let mut table = String::from("| what | figure |\n|---|---:|\n");
    for (what, figure) in lines {
        let _ = writeln!(table, "| {what} | {figure} |");
    }
    table
}

/// The machine and what ran on it, as shell commands see them; the Rust peer's versions are its lock file's.
fn surroundings(node: &Path) -> Result<String, Box<dyn Error>> {
    const COMMANDS: &str = r#"
        model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
        memory=$(awk '/^MemTotal/ {printf "%.0f", $2 / 1048576}' /proc/meminfo)
        socket_io=$(node -p 'require("./package.json").dependencies["socket.io"]')
        echo "- **Machine**: $(nproc) cores ($model), $memory GiB of memory, $(uname -s) $(uname -r | sed s/-.*//)"
        echo "- **Date**: $(date -u +%Y-%m-%d)"
        echo "- **Versions**: Kefu $(git rev-parse --short HEAD); Node.js $(node --version), Socket.IO $socket_io;"
        echo "  $(mariadb --version | sed 's/.*Distrib //; s/.* from //; s/,.*//'); $(rustc --version);""#;
    let shell = Command::new("sh")
        .args(["-c", COMMANDS])
        .current_dir(node)
        .output()?;
    let mut lines = String::from_utf8(shell.stdout)?;
    for name in ["socketioxide", "axum"] {
        let start = format!("name = \"{name}\"\nversion = \"");
        let locked = include_str!("../Cargo.lock").split_once(&start);
        let version = locked.and_then(|(_, rest)| rest.split_once('"'));
        let (version, _) = version.ok_or("a peer is not in Cargo.lock")?;
        let _ = write!(lines, "  {name} {version}");
    }
    Ok(lines + "\n")
}
