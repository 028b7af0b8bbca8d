//! What a message to everybody costs: Kefu beside other Socket.IO servers. `make bench` runs it.
//!
//! Measured is fan-out in one room on the Socket.IO wire (Engine.IO 4, WebSocket only): four senders send
//! texts of 64 bytes at a moderate, fixed rate, and every connection receives every one. The figures are
//! the CPU time of the server's process for each delivery and the time from send to receive. Kefu stores
//! each message and commits it before anybody sees it; the peers store nothing.
//!
//! Not measured: connecting, polling, the most that a server can take, memory, and what the database server
//! uses. Absolute figures depend on the machine; the ratios between servers in one run say more.

mod load;
mod report;
mod server;

use std::{env, error::Error, io, path::PathBuf, time::Duration};

use crate::{
    load::Plan,
    report::Report,
    server::{Kind, Programs, Server},
};

const RECEIVERS: [usize; 2] = [100, 1_000];

struct Arguments {
    seconds: u64,
    rounds: usize,
    /// A second, at any size of the room. 20,000 is a third of what Node can do on one core of a small
    /// machine, so that no server saturates.
    deliveries: f64,
    out: Option<PathBuf>,
    /// kefu, and the folder with the Node.js peer.
    programs: [PathBuf; 2],
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let usage = "usage: kefu-bench KEFU NODE_FOLDER [--seconds 8] [--rounds 3] [--deliveries 20000] [--out FILE]";
    let mut words = env::args().skip(1);
    let mut path = || words.next().map(PathBuf::from).ok_or(usage);
    let programs = [path()?, path()?];
    let mut arguments = Arguments {
        seconds: 8,
        rounds: 3,
        deliveries: 20_000.0,
        out: None,
        programs,
    };
    while let Some(word) = words.next() {
        let value = words.next().ok_or(usage)?;
        match word.as_str() {
            "--seconds" => arguments.seconds = value.parse()?,
            "--rounds" => arguments.rounds = value.parse()?,
            "--deliveries" => arguments.deliveries = value.parse()?,
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
        for receivers in RECEIVERS {
            #[allow(clippy::cast_precision_loss, reason = "a thousand")]
            let plan = Plan {
                receivers,
                rate: deliveries / receivers as f64,
                warm_up: Duration::from_secs(3),
                measured: Duration::from_secs(seconds),
            };
            for kind in Kind::ALL {
                let server = Server::start(kind, &programs)?;
                let figures = load::run(&server, &plan)
                    .map_err(|error| format!("{}, {receivers} receivers: {error}", kind.name()))?;
                println!(
                    "round {round}, {receivers:>4} receivers, {:<24} {:>6.2} µs a delivery, \
                     p50 {:>6.2} ms, p99 {:>6.2} ms (load generator: {:.2} µs)",
                    kind.name(),
                    figures.server_us,
                    figures.p50_ms,
                    figures.p99_ms,
                    figures.load_us
                );
                report.add(kind, receivers, figures);
            }
        }
    }
    println!("\n{}", report.table());
    if let Some(out) = out {
        std::fs::write(&out, report.page())?;
        println!("written to {}", out.display());
    }
    Ok(())
}
