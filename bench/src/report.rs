//! Medians, ratios, and the page that holds them.

use std::{error::Error, fmt::Write as _, path::Path, process::Command};

use crate::{
    Load, RECEIVERS, WINDOW,
    load::{Figures, SENDERS, TEXT},
    server::Kind,
};

pub struct Report {
    seconds: u64,
    rounds: usize,
    deliveries: f64,
    surroundings: String,
    measured: Vec<(Load, Kind, usize, Figures)>,
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
            measured: Vec::new(),
        })
    }

    pub fn add(&mut self, load: Load, kind: Kind, receivers: usize, figures: Figures) {
        self.measured.push((load, kind, receivers, figures));
    }

    fn median(
        &self,
        load: Load,
        receivers: usize,
        kinds: &[Kind],
        figure: fn(&Figures) -> f64,
    ) -> f64 {
        let these = self
            .measured
            .iter()
            .filter(|(l, k, r, _)| *l == load && kinds.contains(k) && *r == receivers);
        let mut values: Vec<_> = these.map(|(.., figures)| figure(figures)).collect();
        values.sort_unstable_by(f64::total_cmp);
        values[values.len() / 2]
    }

    /// In Markdown that reads well on a terminal, too.
    pub fn table(&self, load: Load) -> String {
        let mut table = format!(
            "| {:<24} | {:>9} | {:>10} | {:>15} | {:>8} | {:>8} | {:>16} | {:>24} |\n",
            "server",
            "receivers",
            "messages/s",
            "CPU µs/delivery",
            "p50 ms",
            "p99 ms",
            "times below Node",
            "times below socketioxide"
        );
        let line = |width| "-".repeat(width);
        let right = |width| format!("{}:", line(width));
        let columns = [9, 10, 15, 8, 8, 16, 24].map(|width| right(width + 1));
        let _ = writeln!(table, "|{}|{}|", line(26), columns.join("|"));
        for receivers in RECEIVERS {
            for kind in Kind::ALL {
                let cpu = |kind| self.median(load, receivers, &[kind], |figures| figures.server_us);
                let below = |peer| {
                    let ratio = kind.is_kefu().then(|| cpu(peer) / cpu(kind));
                    ratio.map_or(String::new(), |ratio| format!("{ratio:.1}"))
                };
                let _ = writeln!(
                    table,
                    "| {:<24} | {:>9} | {:>10.0} | {:>15.2} | {:>8.2} | {:>8.2} | {:>16} | {:>24} |",
                    kind.name(),
                    receivers,
                    self.median(load, receivers, &[kind], |figures| figures.rate),
                    cpu(kind),
                    self.median(load, receivers, &[kind], |figures| figures.p50_ms),
                    self.median(load, receivers, &[kind], |figures| figures.p99_ms),
                    below(Kind::Node),
                    below(Kind::Socketioxide)
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
        let own =
            |load, receivers| self.median(load, receivers, &Kind::ALL, |figures| figures.load_us);
        let [few, many] = RECEIVERS;
        let (own_few, own_many) = (own(Load::Full, few), own(Load::Full, many));
        format!(
            "# What a message costs\n\n\
             Written by `make bench`; run it to get the figures of your machine.\n\n\
             ## As fast as each server takes it\n\n{full}\n\
             ## At a moderate rate\n\n{moderate}\n\
             ## How it is measured\n\n\
             - **Room**: everybody in one (`KEFU_ROOM=shared`), on Socket.IO (Engine.IO 4, WebSocket). \
             {SENDERS} senders send texts of {TEXT} bytes; they receive, too. Every connection got every \
             message exactly once, or there would be no figures.\n\
             - **As fast as each server takes it**: each sender has {WINDOW} messages under way that it has \
             not received itself. **At a moderate rate**: {deliveries} / receivers messages a second together, \
             the same for every server, so that each message is written by itself.\n\
             - **CPU µs/delivery**: the CPU time of the server's process, in the program and in the kernel, \
             divided by messages × connections, after a warm-up. On loopback the kernel does the receiving \
             end's TCP work on the sender's account; that is in everybody's figure. The database server is \
             another process and not counted; what Kefu does to talk to it is.\n\
             - **p50, p99**: from before the sender's write until after the receiver's read. Kefu's have the \
             commit in them: it shows a message to nobody before it is stored. The peers store nothing.\n\
             - **Times below**: the peer's CPU time of a delivery divided by Kefu's.\n\
             - **Not here**: connecting, polling, memory.\n\n\
             Medians of {rounds} rounds, interleaved, {seconds} s each after a warm-up. Servers and load \
             generator share the machine; under full load the generator took {own_few:.2} µs a delivery with \
             {few} receivers and {own_many:.2} with {many}.\n\n\
             {surroundings}",
            full = self.table(Load::Full),
            moderate = self.table(Load::Moderate),
        )
    }
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
