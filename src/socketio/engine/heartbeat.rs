//! When to ping and when to give up. Pure: the clock is passed in.

use std::time::{Duration, Instant};

use super::{Settings, packet::Version};

/// A ping that goes out later than this counts from when it went out, not from when it was due.
const SLACK: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub struct Heartbeat {
    version: Version,
    interval: Duration,
    timeout: Duration,
    /// When something has to happen.
    due: Instant,
    /// It is the client's turn: nothing by `due` is the end.
    waiting: bool,
    /// Nothing counts any more.
    last: bool,
}

/// What to do now.
#[derive(Debug, PartialEq, Eq)]
pub enum Beat {
    /// Look again after this.
    Wait(Duration),
    /// Send a ping, then look again.
    Ping,
    /// The client is gone.
    Dead,
}

impl Heartbeat {
    pub fn new(version: Version, settings: &Settings, now: Instant) -> Self {
        let (interval, timeout) = (settings.ping_interval, settings.ping_timeout);
        let (due, waiting) = match version {
            Version::V3 => (now + interval + timeout, true),
            Version::V4 => (now + interval, false),
        };
        Self {
            version,
            interval,
            timeout,
            due,
            waiting,
            last: false,
        }
    }

    /// Something came from the client. In version 3 anything is a sign of life.
    pub fn heard(&mut self, now: Instant) {
        if self.version == Version::V3 && !self.last {
            self.due = now + self.interval + self.timeout;
        }
    }

    /// The client answered a ping (version 4).
    pub fn pong(&mut self, now: Instant) {
        if self.version == Version::V4 && !self.last {
            self.waiting = false;
            self.due = now + self.interval;
        }
    }

    /// It ends after one more timeout, whatever comes.
    pub fn last(&mut self, now: Instant) {
        self.waiting = true;
        self.last = true;
        self.due = now + self.timeout;
    }

    pub fn check(&mut self, now: Instant) -> Beat {
        if now < self.due {
            let wait = self.due - now;
            return Beat::Wait(match self.version {
                Version::V3 => wait,
                // An answer brings the next ping forward.
                Version::V4 => wait.min(self.interval),
            });
        }
        if self.waiting {
            return Beat::Dead;
        }
        self.waiting = true;
        let late = now - self.due > SLACK;
        self.due = if late { now } else { self.due } + self.timeout;
        Beat::Ping
    }

    /// Whether the time is over, though the timer may not have said so yet.
    pub fn is_dead(&self, now: Instant) -> bool {
        self.waiting && now >= self.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn settings() -> Settings {
        Settings {
            ping_interval: 300 * MS,
            ping_timeout: 200 * MS,
            max_payload: 0,
            max_body: 0,
            queue_frames: 0,
            queue_bytes: 0,
            marks: std::sync::Arc::default(),
        }
    }

    #[test]
    fn in_version_4_the_server_pings_and_wants_a_pong() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(Version::V4, &settings(), start);
        assert_eq!(heartbeat.check(start), Beat::Wait(300 * MS));
        heartbeat.heard(start + 200 * MS);
        assert_eq!(heartbeat.check(start + 300 * MS), Beat::Ping);
        assert_eq!(heartbeat.check(start + 300 * MS), Beat::Wait(200 * MS));
        heartbeat.pong(start + 310 * MS);
        assert_eq!(heartbeat.check(start + 610 * MS), Beat::Ping);
        heartbeat.heard(start + 700 * MS);
        assert!(!heartbeat.is_dead(start + 809 * MS));
        assert!(heartbeat.is_dead(start + 810 * MS));
        assert_eq!(heartbeat.check(start + 810 * MS), Beat::Dead);
    }

    #[test]
    fn a_ping_that_went_out_late_leaves_the_whole_time_to_answer() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(Version::V4, &settings(), start);
        assert_eq!(heartbeat.check(start + 5_000 * MS), Beat::Ping);
        assert_eq!(heartbeat.check(start + 5_000 * MS), Beat::Wait(200 * MS));
    }

    #[test]
    fn an_early_answer_brings_the_next_ping_forward() {
        let start = Instant::now();
        let mut settings = settings();
        settings.ping_timeout = 5_000 * MS;
        let mut heartbeat = Heartbeat::new(Version::V4, &settings, start);
        assert_eq!(heartbeat.check(start + 300 * MS), Beat::Ping);
        assert_eq!(heartbeat.check(start + 300 * MS), Beat::Wait(300 * MS));
        heartbeat.pong(start + 310 * MS);
        assert_eq!(heartbeat.check(start + 600 * MS), Beat::Wait(10 * MS));
        assert_eq!(heartbeat.check(start + 610 * MS), Beat::Ping);
    }

    #[test]
    fn in_version_3_the_client_pings() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(Version::V3, &settings(), start);
        assert_eq!(heartbeat.check(start + 499 * MS), Beat::Wait(MS));
        heartbeat.heard(start + 499 * MS);
        assert_eq!(heartbeat.check(start + 500 * MS), Beat::Wait(499 * MS));
        assert_eq!(heartbeat.check(start + 999 * MS), Beat::Dead);
    }

    #[test]
    fn nothing_revives_a_session_that_is_closing() {
        for version in [Version::V3, Version::V4] {
            let start = Instant::now();
            let mut heartbeat = Heartbeat::new(version, &settings(), start);
            heartbeat.last(start);
            heartbeat.heard(start + 100 * MS);
            heartbeat.pong(start + 100 * MS);
            assert_eq!(heartbeat.check(start + 200 * MS), Beat::Dead);
        }
    }
}
