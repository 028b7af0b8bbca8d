//! How fast somebody may go.

use std::time::{Duration, Instant};

use crate::domain::{Code, Refusal};

/// Seconds' worth of frames that may come at once.
const BURST_S: f64 = 3.0;
/// Seconds' worth of frames that may be refused in a row before the session is closed.
const FLOOD_S: u32 = 10;

/// How fast one session may send, and what becomes of it when it does not care.
pub struct Rate {
    allowed: u32,
    bucket: Bucket,
    refused_in_a_row: u32,
}

/// What is too fast.
#[derive(Debug, PartialEq, Eq)]
pub enum TooFast {
    /// Refuse this one.
    Refuse(Refusal),
    /// It does not slow down: close the session.
    Flood,
}

impl Rate {
    /// `per_second` 0 is no limit.
    pub fn new(per_second: u32, now: Instant) -> Self {
        let bucket = Bucket::new(f64::from(per_second), BURST_S, now);
        Self {
            allowed: per_second,
            bucket,
            refused_in_a_row: 0,
        }
    }

    /// Counts one frame.
    ///
    /// # Errors
    /// [`TooFast`].
    pub fn count(&mut self, now: Instant) -> Result<(), TooFast> {
        let Err(wait) = self.bucket.take(now) else {
            self.refused_in_a_row = 0;
            return Ok(());
        };
        self.refused_in_a_row += 1;
        if self.refused_in_a_row > self.allowed.saturating_mul(FLOOD_S) {
            return Err(TooFast::Flood);
        }
        let message = format!("more than {} frames a second; slow down", self.allowed);
        let ms = u64::try_from(wait.as_millis())
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        Err(TooFast::Refuse(
            Refusal::new(Code::RateLimited, message).retry_after(ms),
        ))
    }
}

/// A token bucket: so many a second, and so many at once.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    per_second: f64,
    most: f64,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    /// So many a second, `burst_s` seconds' worth at once; 0 is no limit.
    pub fn new(per_second: f64, burst_s: f64, now: Instant) -> Self {
        let most = per_second * burst_s;
        Self {
            per_second,
            most,
            tokens: most,
            filled: now,
        }
    }

    /// Whether nothing was taken for so long that it says no more than a new one.
    pub fn is_full(&self, now: Instant) -> bool {
        self.tokens + now.duration_since(self.filled).as_secs_f64() * self.per_second >= self.most
    }

    /// Takes one.
    ///
    /// # Errors
    /// How long to wait for the next one.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        if self.per_second <= 0.0 {
            return Ok(());
        }
        let gained = now.duration_since(self.filled).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + gained).min(self.most);
        self.filled = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64(
            (1.0 - self.tokens) / self.per_second,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_seconds_worth_then_so_many_a_second() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10.0, BURST_S, start);
        assert_eq!((0..100).filter(|_| bucket.take(start).is_ok()).count(), 30);
        let wait = bucket.take(start).unwrap_err();
        assert_eq!(wait.as_millis(), 100);
        assert!(bucket.take(start + wait).is_ok());
        assert!(bucket.take(start + wait).is_err());
        let later = start + Duration::from_secs(1_000);
        assert_eq!((0..100).filter(|_| bucket.take(later).is_ok()).count(), 30);
    }

    #[test]
    fn who_does_not_slow_down_is_closed_and_who_does_is_not() {
        let start = Instant::now();
        let mut rate = Rate::new(2, start);
        let answers: Vec<_> = (0..27).map(|_| rate.count(start)).collect();
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 6);
        assert_eq!(
            answers.last(),
            Some(&Err(TooFast::Flood)),
            "after 20 refusals"
        );
        let later = start + Duration::from_secs(1);
        assert_eq!(rate.count(later), Ok(()));
        assert_eq!(rate.count(later), Ok(()));
        assert!(matches!(rate.count(later), Err(TooFast::Refuse(_))));
    }

    #[test]
    fn zero_is_no_limit() {
        let now = Instant::now();
        let mut bucket = Bucket::new(0.0, BURST_S, now);
        assert!((0..10_000).all(|_| bucket.take(now).is_ok()));
    }
}
