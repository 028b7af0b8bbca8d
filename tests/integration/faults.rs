//! What happens when something breaks: the server, the database, the disk, the connection. One at a
//! time (.config/nextest.toml), as they stop things and measure how long others take.
//!
//! Short here; `make torture` runs them for hours (`support/torture.rs`). After each, the history checker
//! (`support/history.rs`) holds what every client was told against the database.

mod broken;
mod clock;
mod descriptors;
mod disk;
mod kill;
mod outage;
mod rude;
mod schedule;
mod slow;
mod start;
mod storm;

use std::{
    net::SocketAddr,
    process::Command,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use crate::support::{Pass, Person, Server, token};

/// Customers and agents who have not come yet.
fn crowd(customers: usize, agents: usize, bearer: &str) -> Vec<Person> {
    let customers =
        (0..customers).map(|n| Person::new(format!("customer{n}"), Pass::Customer(token())));
    let agents =
        (0..agents).map(|n| Person::new(format!("agent{n}"), Pass::Agent(bearer.to_owned())));
    customers.chain(agents).collect()
}

/// Everybody writes and reads at their address until `happens` is over; whoever is cut off comes back.
fn talk_while<T>(
    people: &mut [Person],
    addresses: &[SocketAddr],
    happens: impl FnOnce() -> T,
) -> T {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let _stop = OnDrop(&stop);
        for (person, address) in people.iter_mut().zip(addresses.iter().cycle()) {
            let stop = &stop;
            scope.spawn(move || {
                while !stop.load(Relaxed) {
                    if person.is_connected() {
                        let _ = person.step(true);
                    } else if person.connect(*address).is_err() {
                        thread::sleep(Duration::from_millis(20));
                    }
                }
            });
        }
        happens()
    })
}

/// Tells the others that it is over also when the test fails, or it would wait for them.
struct OnDrop<'a>(&'a AtomicBool);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// The service has become healthy by itself, and has not kept the memory.
fn is_well(server: &Server, memory_bytes_before: u64) {
    let patience = Duration::from_secs(20);
    eventually("/readyz says 200", patience, || {
        server.http("GET", "/readyz", &[], None).status == 200
    });
    // What was said is indexed at the same time, and the allocator gives back after ten seconds.
    eventually("the memory is back at its level", patience, || {
        server.memory_bytes().saturating_sub(memory_bytes_before) < 24 << 20
    });
}

/// Sets what a process may use (`prlimit --help` names the limits), while it runs.
fn limit(pid: u32, of: &str, soft: &str) {
    let status = Command::new("prlimit")
        .arg(format!("--pid={pid}"))
        .arg(format!("--{of}={soft}:"))
        .status()
        .expect("prlimit (util-linux) is there");
    assert!(status.success());
}

/// Waits until something is so; fails the test if it never is.
fn eventually(what: &str, within: Duration, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + within;
    while !is_so() {
        assert!(Instant::now() < deadline, "not within {within:?}: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// The time within which so many of a hundred were answered.
fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() - 1) * percent / 100]
}

/// Milliseconds from `least` to `most`.
fn random_ms(least: u64, most: u64) -> Duration {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    Duration::from_millis(least + u64::from_le_bytes(bytes) % (most - least + 1))
}
