//! How many messages one customer may send by all their connections, and all customers of one network
//! together. What one session may send at all is `rate`'s business, how many connections an address has
//! `address`'s. Counted in this process only.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::rate::Bucket;
use crate::domain::{Code, CustomerKey, Refusal, neighbourhood};

/// A minute's worth may come at once: somebody pastes, or was offline with a full outbox.
const BURST_S: f64 = 60.0;
/// Past so many remembered customers and networks those that have rested are swept out.
const SWEEP_AT: usize = 10_000;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Customer(CustomerKey),
    Network(IpAddr),
}

/// Counts messages; one for the whole server.
pub struct Messages {
    /// A minute, for one customer; 0 is no limit.
    customer: u32,
    /// A minute, for one network; 0 is no limit.
    network: u32,
    buckets: Mutex<HashMap<Who, Bucket>>,
}

impl Messages {
    /// Limits a minute; 0 is no limit.
    pub fn new(customer: u32, network: u32) -> Self {
        Self {
            customer,
            network,
            buckets: Mutex::default(),
        }
    }

    /// Counts a customer's message.
    ///
    /// # Errors
    /// [`Code::RateLimited`], with the time after which to try again.
    pub fn count(
        &self,
        key: CustomerKey,
        address: Option<IpAddr>,
        now: Instant,
    ) -> Result<(), Refusal> {
        // On this machine itself sits a proxy that nobody has named to us, and behind it everybody.
        let network = address.filter(|address| !address.is_loopback());
        let counted = [
            (self.customer, Some(Who::Customer(key))),
            (self.network, network.map(neighbourhood).map(Who::Network)),
        ];
        if counted.iter().all(|(limit, _)| *limit == 0) {
            return Ok(());
        }
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= SWEEP_AT {
            buckets.retain(|_, bucket| !bucket.is_full(now));
        }
        for (limit, who) in counted {
            let (1.., Some(who)) = (limit, who) else {
                continue;
            };
            let bucket = (buckets.entry(who))
                .or_insert_with(|| Bucket::new(f64::from(limit) / 60.0, BURST_S, now));
            bucket
                .take(now)
                .map_err(|wait| too_many(who, limit, wait))?;
        }
        Ok(())
    }
}

fn too_many(who: Who, limit: u32, wait: Duration) -> Refusal {
    let whose = match who {
        Who::Customer(_) => "",
        Who::Network(_) => " from your network",
    };
    let ms = u64::try_from(wait.as_millis())
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    let message = format!(
        "more than {limit} messages a minute{whose}; try again in {} s",
        ms.div_ceil(1_000)
    );
    Refusal::new(Code::RateLimited, message).retry_after(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_customer_has_so_many_messages_a_minute_from_wherever_they_write() {
        let messages = Messages::new(60, 0);
        let (now, me) = (Instant::now(), CustomerKey([1; 32]));
        let from = |n: u8| Some(IpAddr::from([203, 0, n, 1]));
        assert!((0..60).all(|n| messages.count(me, from(n), now).is_ok()));
        let refused = messages.count(me, from(99), now).unwrap_err();
        assert_eq!(refused.code, Code::RateLimited);
        let wait = refused.retry_after_ms.unwrap();
        assert!((900..=1_001).contains(&wait), "{wait}");
        let other = CustomerKey([2; 32]);
        assert_eq!(messages.count(other, from(1), now), Ok(()), "somebody else");
        let later = now + Duration::from_millis(wait);
        assert_eq!(
            messages.count(me, from(1), later),
            Ok(()),
            "that long is enough"
        );
    }

    #[test]
    fn a_network_has_so_many_messages_a_minute_whoever_writes() {
        let messages = Messages::new(0, 100);
        let now = Instant::now();
        let key = |n: u8| CustomerKey([n; 32]);
        for n in 0..100 {
            let address = Some(IpAddr::from([203, 0, 113, n]));
            assert_eq!(messages.count(key(n), address, now), Ok(()));
        }
        let refused = messages
            .count(key(200), Some(ip("203.0.113.200")), now)
            .unwrap_err();
        assert!(refused.message.contains("network"), "{refused:?}");
        assert_eq!(
            messages.count(key(200), Some(ip("203.0.114.1")), now),
            Ok(())
        );
        for _ in 0..1_000 {
            assert_eq!(
                messages.count(key(1), Some(ip("127.0.0.1")), now),
                Ok(()),
                "a nameless proxy"
            );
        }
    }

    /// An office of 200 behind one address, each with two messages a minute for an hour, as the limits are
    /// when nobody has set them.
    #[test]
    fn an_office_behind_one_address_is_served() {
        let (customer, network) = crate::config::MESSAGES_PER_MINUTE;
        let messages = Messages::new(customer, network);
        let start = Instant::now();
        for minute in 0..60 {
            for half in 0..2 {
                let now = start + Duration::from_secs(minute * 60 + half * 30);
                for n in 0..200 {
                    let key = CustomerKey([n; 32]);
                    assert_eq!(messages.count(key, Some(ip("203.0.113.7")), now), Ok(()));
                }
            }
        }
    }

    #[test]
    fn who_has_rested_is_forgotten() {
        let messages = Messages::new(60, 0);
        let start = Instant::now();
        let key = |n: usize| {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&n.to_be_bytes());
            CustomerKey(key)
        };
        for n in 0..SWEEP_AT {
            messages.count(key(n), None, start).unwrap();
        }
        let later = start + Duration::from_mins(2);
        messages.count(key(SWEEP_AT), None, later).unwrap();
        assert_eq!(messages.buckets.lock().unwrap().len(), 1);
    }
}
