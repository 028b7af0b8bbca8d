//! What a message to everybody costs: Kefu beside other Socket.IO servers. `make bench` runs it.
//!
//! Measured is fan-out in one room on the Socket.IO wire (Engine.IO 4, WebSocket only): four senders send
//! texts of 64 bytes and every connection receives every one, once as fast as the server takes them and once
//! at a moderate, fixed rate. The figures are the CPU time of the server's process for each delivery and the
//! time from send to receive. Kefu stores each message and commits it before anybody sees it; the peers store
//! nothing.
//!
//! Not measured: connecting, polling, memory, and what the database server uses. Absolute figures depend on
//! the machine; the ratios between servers in one run say more.

mod load;
mod report;
mod server;

use std::{env, error::Error, io, path::PathBuf, time::Duration};

use crate::{
    load::{Pace, Plan},
    report::Report,
    server::{Kind, Programs, Server},
};

const RECEIVERS: [usize; 2] = [100, 1_000];
/// Messages that each sender has under way where the server sets the pace.
const WINDOW: usize = 32;

/// How much is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// As much as the server takes.
    Full,
    /// The same for every server, far from the most that any can take.
    Moderate,
}

impl Load {
    pub const ALL: [Self; 2] = [Self::Full, Self::Moderate];

    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Moderate => "moderate",
        }
    }

    /// `deliveries` a second, where it is moderate.
    fn pace(self, deliveries: f64, receivers: usize) -> Pace {
        #[allow(clippy::cast_precision_loss, reason = "a thousand")]
        match self {
            Self::Full => Pace::Window(WINDOW),
            Self::Moderate => Pace::Rate(deliveries / receivers as f64),
        }
    }
}

struct Arguments {
    seconds: u64,
    rounds: usize,
    /// A second, at any size of the room, under moderate load. 20,000 is a third of what Node can do on one
    /// core of a small machine, so that no server saturates.
    deliveries: f64,
    out: Option<PathBuf>,
    /// Part of the names of the servers to measure; empty is every one.
    only: String,
    /// kefu, and the folder with the Node.js peer.
    programs: [PathBuf; 2],
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let usage = "usage: kefu-bench KEFU NODE_FOLDER [--seconds 5] [--rounds 3] [--deliveries 20000] [--only NAME] [--out FILE]";
    let mut words = env::args().skip(1);
    let mut path = || words.next().map(PathBuf::from).ok_or(usage);
    let programs = [path()?, path()?];
    let mut arguments = Arguments {
        seconds: 5,
        rounds: 3,
        deliveries: 20_000.0,
        out: None,
        only: String::new(),
        programs,
    };
    while let Some(word) = words.next() {
        let value = words.next().ok_or(usage)?;
        match word.as_str() {
            "--seconds" => arguments.seconds = value.parse()?,
            "--rounds" => arguments.rounds = value.parse()?,
            "--deliveries" => arguments.deliveries = value.parse()?,
            "--only" => arguments.only = value,
            "--out" => arguments.out = Some(value.into()),
            _ => return Err(usage.into()),
        }
    }
    Ok(arguments)
}

/// One server, this process and the database's client have to be allowed this many files each.
fn allow_connections() -> io::Result<()> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, most, most)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments {
        seconds,
        rounds,
        deliveries,
        out,
        only,
        programs: [kefu, node],
    } = arguments()?;
    allow_connections()?;
    let programs = Programs {
        kefu,
        node_server: node.join("server.js"),
        peer: env::current_exe()?.with_file_name("socketioxide-peer"),
        mysql: env::var("KEFU_TEST_MYSQL_URL")
            .map_err(|_| "KEFU_TEST_MYSQL_URL is not set; scripts/with-mariadb sets it")?,
    };
    let mut report = Report::new(seconds, rounds, deliveries, &node)?;
    // Interleaved, so that a slow minute of the machine meets everybody.
    for round in 1..=rounds {
        for load in Load::ALL {
            for receivers in RECEIVERS {
                let plan = Plan {
                    receivers,
                    pace: load.pace(deliveries, receivers),
                    warm_up: Duration::from_secs(2),
                    measured: Duration::from_secs(seconds),
                };
                for kind in Kind::ALL
                    .into_iter()
                    .filter(|kind| kind.name().contains(&only))
                {
                    let server = Server::start(kind, &programs)?;
                    let figures = load::run(&server, &plan).map_err(|error| {
                        format!("{}, {receivers} receivers: {error}", kind.name())
                    })?;
                    println!(
                        "round {round}, {:<8} load, {receivers:>4} receivers, {:<24} {:>6.2} µs a delivery, \
                         {:>6.0} messages/s, p50 {:>6.2} ms, p99 {:>6.2} ms (load generator: {:.2} µs)",
                        load.name(),
                        kind.name(),
                        figures.server_us,
                        figures.rate,
                        figures.p50_ms,
                        figures.p99_ms,
                        figures.load_us
                    );
                    report.add(load, kind, receivers, figures);
                }
            }
        }
    }
    if !only.is_empty() {
        return Ok(());
    }
    for load in Load::ALL {
        println!("\n{} load\n\n{}", load.name(), report.table(load));
    }
    if let Some(out) = out {
        std::fs::write(&out, report.page())?;
        println!("written to {}", out.display());
    }
    Ok(())
}
