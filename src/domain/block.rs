//! Who is kept out: customers and networks, for a time or for good. Plain data and the one rule.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv6Net};

use super::{AgentRef, BlockId, Code, CustomerId, CustomerKey, Refusal, Timestamp, rfc3339};

/// The widest network that may be blocked; whoever types 0.0.0.0/0 would shut the shop.
const WIDEST: (u8, u8) = (8, 16);
/// Characters of the reason.
const REASON_CHARS: usize = 500;
/// The longest that a block may last: ten years. What is to last longer is for good.
const LONGEST_S: u32 = 10 * 366 * 24 * 60 * 60;
/// The shortest.
const SHORTEST_S: u32 = 60;

/// What is kept out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A person who asks, by whatever connection.
    Customer(CustomerId),
    /// Every customer from these addresses.
    Network(IpNet),
}

impl Target {
    /// Reads a network, or one address as the network that holds nothing else. Bits beyond the prefix are
    /// dropped.
    ///
    /// # Errors
    /// [`Code::BadRequest`].
    pub fn network(typed: &str) -> Result<Self, Refusal> {
        let typed = typed.trim();
        let address = || typed.parse::<IpAddr>().map(IpNet::from);
        let network: IpNet = typed.parse().or_else(|_| address()).map_err(|_| {
            Refusal::bad_request("network must be an address or a network such as 203.0.113.0/24")
        })?;
        let network = canonical(network.trunc());
        let widest = match network {
            IpNet::V4(_) => WIDEST.0,
            IpNet::V6(_) => WIDEST.1,
        };
        if network.prefix_len() < widest {
            let (v4, v6) = WIDEST;
            let message = format!("network: at most a /{v4} of IPv4 or a /{v6} of IPv6 is allowed");
            return Err(Refusal::bad_request(message));
        }
        Ok(Self::Network(network))
    }
}

/// IPv4 written as IPv6 is IPv4: addresses are compared in that form.
fn canonical(network: IpNet) -> IpNet {
    const MAPPED_BITS: u8 = 96;
    let IpNet::V6(v6) = network else {
        return network;
    };
    let inside: Ipv6Net = v6;
    match (
        inside.addr().to_ipv4_mapped(),
        inside.prefix_len().checked_sub(MAPPED_BITS),
    ) {
        (Some(v4), Some(prefix)) => ipnet::Ipv4Net::new(v4, prefix).map_or(network, IpNet::V4),
        _ => network,
    }
}

/// The network under which somebody's neighbours are counted with them: a /24 of IPv4, a /48 of IPv6.
pub fn neighbourhood(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            IpAddr::from([a, b, c, 0])
        }
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 80 << 80).into(),
    }
}

/// A block to make, held against the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBlock {
    /// What is kept out.
    pub target: Target,
    /// Why; for colleagues.
    pub reason: String,
    /// For how long, in seconds; `None` is for good.
    pub for_s: Option<u32>,
}

impl NewBlock {
    /// Holds what somebody asked for against the rules.
    ///
    /// # Errors
    /// [`Code::BadRequest`], naming the field.
    pub fn new(target: Target, reason: &str, for_s: Option<u32>) -> Result<Self, Refusal> {
        let reason = reason.trim();
        if !(1..=REASON_CHARS).contains(&reason.chars().count()) || reason.contains('\0') {
            let message = format!("reason must have 1 to {REASON_CHARS} characters");
            return Err(Refusal::bad_request(message));
        }
        if for_s.is_some_and(|s| !(SHORTEST_S..=LONGEST_S).contains(&s)) {
            let message =
                format!("for_s must be {SHORTEST_S} to {LONGEST_S} seconds, or null for good");
            return Err(Refusal::bad_request(message));
        }
        Ok(Self {
            target,
            reason: reason.to_owned(),
            for_s,
        })
    }
}

/// A block that is in force, as staff see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its number.
    pub id: BlockId,
    /// What is kept out.
    pub target: Target,
    /// The customer's name, where it is a customer with a name.
    pub customer_name: Option<String>,
    /// Why.
    pub reason: String,
    /// Who did it.
    pub by: AgentRef,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when; `None` is for good.
    pub until: Option<Timestamp>,
}

/// Until when; the later one lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    Moment(Timestamp),
    ForGood,
}

/// Everybody who is kept out now. What has ended is not in it: it is read anew every few seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockList {
    customers: HashMap<CustomerKey, Option<Timestamp>>,
    networks: Vec<(IpNet, Option<Timestamp>)>,
}

impl BlockList {
    /// From what the store has read. Where somebody is blocked twice, the block that lasts longer counts.
    pub fn new(
        customers: impl IntoIterator<Item = (CustomerKey, Option<Timestamp>)>,
        networks: Vec<(IpNet, Option<Timestamp>)>,
    ) -> Self {
        let mut list = Self {
            customers: HashMap::new(),
            networks,
        };
        for (key, until) in customers {
            list.customers
                .entry(key)
                .and_modify(|before| *before = later(*before, until))
                .or_insert(until);
        }
        list
    }

    /// Whether a customer is kept out, by themself or with their network; what to tell them. Never asked for
    /// staff: whoever blocks the network that they sit in must be able to lift that again.
    pub fn refusal(
        &self,
        key: CustomerKey,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Option<Refusal> {
        let own = self.customers.get(&key).copied();
        let address = address.map(|address| address.to_canonical());
        let networks = self
            .networks
            .iter()
            .filter(|(network, _)| address.is_some_and(|address| network.contains(&address)));
        let until = networks.map(|(_, until)| *until).chain(own).reduce(later)?;
        Some(blocked(until, now))
    }
}

fn later(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    let until = |at: Option<Timestamp>| at.map_or(Until::ForGood, Until::Moment);
    match (until(a), until(b)) {
        (Until::Moment(a), Until::Moment(b)) => Some(a.max(b)),
        _ => None,
    }
}

fn blocked(until: Option<Timestamp>, now: Timestamp) -> Refusal {
    let Some(until) = until else {
        return Refusal::new(Code::Blocked, "you are blocked here");
    };
    let message = format!("you are blocked here until {}", rfc3339(until));
    let left = (until - now).num_milliseconds();
    let mut refusal = Refusal::new(Code::Blocked, message);
    refusal.until = Some(Box::new(until));
    // At least a moment, so that whoever comes back by the clock does not find the same list.
    refusal.retry_after(u64::try_from(left).unwrap_or(0).max(1_000))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;
    use crate::{domain::now, random};

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn net(text: &str) -> IpNet {
        match Target::network(text) {
            Ok(Target::Network(network)) => network,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_customer_is_out_by_themself_or_with_their_network_until_the_later_end() {
        let now = now();
        let (soon, later) = (now + TimeDelta::hours(1), now + TimeDelta::hours(2));
        let (me, other) = (CustomerKey([1; 32]), CustomerKey([2; 32]));
        let list = BlockList::new(
            [(me, Some(soon))],
            vec![
                (net("203.0.113.0/24"), Some(later)),
                (net("2001:db8::/32"), None),
            ],
        );
        let until = |key, address| {
            list.refusal(key, address, now)
                .map(|it| it.until.map(|until| *until))
        };
        assert_eq!(until(me, None), Some(Some(soon)));
        assert_eq!(until(me, Some(ip("203.0.113.7"))), Some(Some(later)));
        assert_eq!(until(me, Some(ip("2001:db8:1::1"))), Some(None), "for good");
        assert_eq!(until(other, Some(ip("203.0.113.7"))), Some(Some(later)));
        assert_eq!(
            until(other, Some(ip("::ffff:203.0.113.7"))),
            Some(Some(later))
        );
        assert_eq!(until(other, Some(ip("203.0.114.7"))), None);
        assert_eq!(until(other, None), None);
        let told = list.refusal(me, None, now).unwrap();
        assert_eq!(told.code, Code::Blocked);
        assert_eq!(told.retry_after_ms, Some(3_600_000));
    }

    #[test]
    fn a_network_is_written_in_one_way_and_is_not_the_whole_world() {
        for (typed, expected) in [
            ("203.0.113.7", "203.0.113.7/32"),
            (" 203.0.113.7/24 ", "203.0.113.0/24"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("::ffff:203.0.113.7", "203.0.113.7/32"),
            ("2001:db8::1", "2001:db8::1/128"),
            ("2001:db8:1:2:3::/64", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(net(typed).to_string(), expected, "{typed}");
        }
        for bad in [
            "",
            "shop",
            "203.0.113",
            "203.0.113.0/33",
            "0.0.0.0/0",
            "10.0.0.0/7",
            "::/0",
            "2000::/3",
            "203.0.113.0/",
            "203.0.113.0-203.0.113.9",
        ] {
            assert!(Target::network(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_block_has_a_reason_and_a_length() {
        let target = Target::Customer(CustomerId(1));
        let good = NewBlock::new(target, "  spam ", Some(3_600)).unwrap();
        assert_eq!((good.reason.as_str(), good.for_s), ("spam", Some(3_600)));
        assert!(NewBlock::new(target, &"x".repeat(500), None).is_ok());
        for (reason, for_s) in [
            ("", None),
            ("  ", None),
            (&*"x".repeat(501), None),
            ("a\0b", None),
            ("spam", Some(0)),
            ("spam", Some(59)),
            ("spam", Some(u32::MAX)),
        ] {
            assert!(
                NewBlock::new(target, reason, for_s).is_err(),
                "{reason} {for_s:?}"
            );
        }
    }

    #[test]
    fn neighbours_are_counted_together() {
        for (a, b, same) in [
            ("203.0.113.7", "203.0.113.250", true),
            ("203.0.113.7", "203.0.114.7", false),
            ("2001:db8:1::1", "2001:db8:1:ffff::2", true),
            ("2001:db8:1::1", "2001:db8:2::1", false),
        ] {
            let of = |text: &str| neighbourhood(text.parse().unwrap());
            assert_eq!(of(a) == of(b), same, "{a} {b}");
        }
    }

    proptest! {
        #![proptest_config(random::cases(1_000))]

        #[test]
        fn a_network_that_is_taken_is_written_in_one_way(
            text in prop_oneof![
                any::<String>(),
                "[0-9]{1,3}(\\.[0-9]{1,3}){2,3}(/[0-9]{1,3})?",
                (any::<std::net::Ipv4Addr>(), 0..40_u8).prop_map(|(ip, bits)| format!("{ip}/{bits}")),
                (any::<std::net::Ipv6Addr>(), 0..140_u8).prop_map(|(ip, bits)| format!("{ip}/{bits}")),
                (any::<std::net::Ipv4Addr>(), 90..130_u8)
                    .prop_map(|(ip, bits)| format!(" ::ffff:{ip}/{bits}")),
            ],
        ) {
            if let Ok(target) = Target::network(&text) {
                let Target::Network(network) = target else {
                    panic!("{target:?}")
                };
                prop_assert_eq!(network, network.trunc());
                prop_assert!(network.prefix_len() >= WIDEST.0);
                prop_assert_eq!(Target::network(&network.to_string()), Ok(target));
            }
        }
    }
}
