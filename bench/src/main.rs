//! What Kefu costs and how quick it is, beside other servers. `make bench` runs it.
//!
//! - Fan-out in one room (`load.rs`): four senders send texts of 64 bytes and every connection receives every
//!   one, once as fast as the server takes them and once at a moderate, fixed rate, on the Socket.IO wire
//!   (Engine.IO 4, WebSocket only) and on Kefu's own. The figures are the CPU time of the server's process for
//!   each delivery and the time from send to receive. Kefu stores each message and commits it before anybody
//!   sees it; the peers store nothing.
//! - A desk in a private room (`desk.rs`): a thousand conversations as fast as they go; ten thousand
//!   connections: memory, latency, and how they come back when all are cut off; start.
//!
//! Absolute figures depend on the machine; the ratios in one run say more.

mod crowd;
mod desk;
mod load;
mod report;
mod server;
mod wire;

use std::{env, error::Error, io, path::PathBuf, time::Duration};

use crate::{
    load::{Pace, Plan},
    report::{Case, Report},
    server::{Kind, Programs, Room, Server},
    wire::Wire,
};

/// Those who receive, besides the senders; the last number only as fast as it goes, and only by Kefu on
/// MariaDB and the floor.
const RECEIVERS: [usize; 3] = [100, 1_000, 10_000];
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
    /// Part of the names of the servers to measure at fan-out; empty is every one.
    only: String,
    /// Which part: `fan-out` or `desk`; empty is both.
    part: String,
    /// kefu, and the folder with the Node.js peer.
    programs: [PathBuf; 2],
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let usage = "usage: kefu-bench KEFU NODE_FOLDER [--seconds 5] [--rounds 3] [--deliveries 20000] [--only SERVER] [--part fan-out|desk] [--out FILE]";
    let mut words = env::args().skip(1);
    let mut path = || words.next().map(PathBuf::from).ok_or(usage);
    let programs = [path()?, path()?];
    let mut arguments = Arguments {
        seconds: 5,
        rounds: 3,
        deliveries: 20_000.0,
        out: None,
        only: String::new(),
        part: String::new(),
        programs,
    };
    while let Some(word) = words.next() {
        let value = words.next().ok_or(usage)?;
        match word.as_str() {
            "--seconds" => arguments.seconds = value.parse()?,
            "--rounds" => arguments.rounds = value.parse()?,
            "--deliveries" => arguments.deliveries = value.parse()?,
            "--only" => arguments.only = value,
            "--part" => arguments.part = value,
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

/// What is measured at fan-out, in one round.
fn cases(only: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for wire in [Wire::SocketIo, Wire::Native] {
        for load in Load::ALL {
            for receivers in RECEIVERS {
                for kind in Kind::ALL {
                    let many = receivers > 1_000;
                    let fits = match load {
                        Load::Full => !many || matches!(kind, Kind::KefuMariaDb | Kind::Floor),
                        // The moderate rate is there to compare with the peers.
                        Load::Moderate => !many && wire == Wire::SocketIo && kind != Kind::Floor,
                    };
                    if fits && kind.speaks(wire) && kind.name().contains(only) {
                        cases.push(Case {
                            wire,
                            load,
                            receivers,
                            kind,
                        });
                    }
                }
            }
        }
    }
    cases
}

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments {
        seconds,
        rounds,
        deliveries,
        out,
        only,
        part,
        programs: [kefu, node],
    } = arguments()?;
    allow_connections()?;
    let own = env::current_exe()?;
    let programs = Programs {
        kefu,
        node_server: node.join("server.js"),
        peer: own.with_file_name("socketioxide-peer"),
        floor: own.with_file_name("floor"),
        mysql: env::var("KEFU_TEST_MYSQL_URL")
            .map_err(|_| "KEFU_TEST_MYSQL_URL is not set; scripts/with-mariadb sets it")?,
    };
    let measured = Duration::from_secs(seconds);
    let mut report = Report::new(seconds, rounds, deliveries, &node)?;
    // Interleaved, so that a slow minute of the machine meets everybody.
    for round in 1..=rounds {
        if part != "desk" {
            for case in cases(&only) {
                let plan = Plan {
                    wire: case.wire,
                    receivers: case.receivers,
                    pace: case.load.pace(deliveries, case.receivers),
                    warm_up: Duration::from_secs(2),
                    measured,
                };
                let server = Server::start(case.kind, &programs, Room::Shared)?;
                let figures =
                    load::run(&server, &plan).map_err(|error| format!("{case}: {error}"))?;
                println!(
                    "round {round}, {case}: {:.2} µs a delivery, {:.0} messages/s, p50 {:.2} ms, \
                     p99 {:.2} ms (load generator: {:.2} µs)",
                    figures.server_us,
                    figures.rate,
                    figures.p50_ms,
                    figures.p99_ms,
                    figures.load_us
                );
                report.fan_out(case, figures);
            }
        }
        if part != "fan-out" {
            // Told as soon as it is there: the next part may fail.
            let throughput = desk::throughput(&programs, measured)
                .map_err(|error| format!("a thousand conversations: {error}"))?;
            println!(
                "round {round}, desk: {:.0} messages/s, {:.0} by the writer alone",
                throughput.messages, throughput.writer_alone
            );
            let start = desk::start(&programs)?;
            println!("round {round}, desk: ready in {:.0} ms", start.ready_ms);
            let crowd = desk::crowd(&programs, measured)
                .map_err(|error| format!("ten thousand connections: {error}"))?;
            let desk = report::Desk {
                throughput,
                crowd,
                start,
            };
            println!("round {round}, desk\n{}", report::desk_table(&[&desk]));
            report.desk(desk);
        }
    }
    if !only.is_empty() || !part.is_empty() {
        return Ok(());
    }
    println!("\n{}", report.page());
    if let Some(out) = out {
        std::fs::write(&out, report.page())?;
        println!("written to {}", out.display());
    }
    Ok(())
}
