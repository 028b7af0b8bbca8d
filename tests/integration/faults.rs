//! What happens when something breaks: the server, the database, the disk, the connection. One at a
//! time (.config/nextest.toml), as they stop things and measure how long others take.
//!
//! `KEFU_TEST_KILL_ROUNDS` says how often the server is killed, 20 times where it is not set.

mod broken;
mod disk;
mod kill;
mod outage;
mod slow;
mod start;

use std::{
    thread,
    time::{Duration, Instant},
};

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
