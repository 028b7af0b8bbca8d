//! Which address a request comes from, and how many connections it has.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::HttpRequest;
use ipnet::IpNet;

/// Bits of an IPv6 address that name a subscriber, who has all the addresses below.
const IPV6_PREFIX: u32 = 64;

/// Whose request this is. Behind proxies that are trusted the last address of `X-Forwarded-For` that is not
/// one of them; what stands before it could be anybody's invention.
pub fn client_address(request: &HttpRequest, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    let forwarded = request.headers().get_all("x-forwarded-for");
    let lists: Vec<_> = forwarded
        .map(|value| value.to_str().unwrap_or_default())
        .collect();
    Some(behind_proxies(peer, &lists, trusted))
}

/// `lists` are the values of `X-Forwarded-For`, to each of which a proxy adds at the end whom it heard.
fn behind_proxies(peer: IpAddr, lists: &[&str], trusted: &[IpNet]) -> IpAddr {
    let mut address = peer.to_canonical();
    let mut named = lists.iter().flat_map(|list| list.split(',')).rev();
    while trusted.iter().any(|network| network.contains(&address))
        && let Some(next) = named.next().and_then(read)
    {
        address = next;
    }
    address
}

/// An address as proxies write it: some with a port, and IPv6 in brackets.
fn read(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bracketed = || text.strip_prefix('[')?.split_once(']')?.0.parse().ok();
    let with_port = || {
        text.parse()
            .ok()
            .map(|socket: std::net::SocketAddr| socket.ip())
    };
    let address: Option<IpAddr> = text.parse().ok().or_else(bracketed).or_else(with_port);
    address.map(|address| address.to_canonical())
}

/// Under which address connections and attempts are counted.
pub fn subscriber(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let network = address.to_bits() >> (128 - IPV6_PREFIX) << (128 - IPV6_PREFIX);
            Ipv6Addr::from_bits(network).into()
        }
    }
}

/// The connections of every address, up to a limit.
pub struct Addresses {
    limit: usize,
    taken: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection's place; given back when it is dropped.
pub struct Seat {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

impl Addresses {
    /// `limit` connections from each address; 0 is no limit.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            taken: Mutex::default(),
        }
    }

    /// A place for one more connection, if there is one.
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let address = subscriber(address);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(address).or_default();
        if self.limit > 0 && *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Seat {
            addresses: Arc::clone(self),
            address,
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self
            .addresses
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_given_back() {
        let addresses = Arc::new(Addresses::new(1));
        let (a, b) = (ip("127.0.0.1"), ip("::1"));
        let seat = addresses.take(a);
        assert!(seat.is_some());
        assert!(addresses.take(a).is_none());
        assert!(addresses.take(b).is_some());
        drop(seat);
        assert!(addresses.take(a).is_some());
        assert!(
            addresses.taken.lock().unwrap().is_empty(),
            "nothing is left behind"
        );
    }

    #[test]
    fn who_has_a_network_of_ipv6_has_one_subscribers_places() {
        let addresses = Arc::new(Addresses::new(1));
        let _seat = addresses.take(ip("2001:db8:1:2:3::4"));
        assert!(addresses.take(ip("2001:db8:1:2:ffff::1")).is_none());
        assert!(addresses.take(ip("2001:db8:1:3::4")).is_some());
    }

    #[test]
    fn a_proxy_says_whose_a_request_is_only_where_it_is_trusted() {
        let trusted: Vec<IpNet> = ["127.0.0.1/32", "10.0.0.0/8", "fd00::/8"]
            .map(|network| network.parse().unwrap())
            .into();
        for (peer, lists, expected) in [
            // Nobody in between, or nobody who is trusted.
            ("203.0.113.9", &[][..], "203.0.113.9"),
            ("203.0.113.9", &["198.51.100.1"], "203.0.113.9"),
            // One proxy, two, and one that says nothing.
            ("127.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("127.0.0.1", &["198.51.100.1, 10.1.2.3"], "198.51.100.1"),
            ("127.0.0.1", &["198.51.100.1", "10.1.2.3"], "198.51.100.1"),
            ("127.0.0.1", &[], "127.0.0.1"),
            // What the client wrote itself stands further left.
            ("127.0.0.1", &["192.0.2.66, 198.51.100.1"], "198.51.100.1"),
            (
                "127.0.0.1",
                &["192.0.2.66", "198.51.100.1, 10.1.2.3"],
                "198.51.100.1",
            ),
            // What cannot be read ends it at whoever wrote it.
            ("127.0.0.1", &["198.51.100.1, unknown"], "127.0.0.1"),
            ("127.0.0.1", &["unknown, 10.1.2.3"], "10.1.2.3"),
            ("127.0.0.1", &[""], "127.0.0.1"),
            // Everybody is a proxy.
            ("127.0.0.1", &["10.9.9.9"], "10.9.9.9"),
            // Ways to write it.
            ("::ffff:127.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("fd00::1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("fd00::1", &["[2001:db8::7]"], "2001:db8::7"),
            ("fd00::1", &["2001:db8::7"], "2001:db8::7"),
            ("fd00::1", &["::ffff:198.51.100.1"], "198.51.100.1"),
        ] {
            let seen = behind_proxies(ip(peer), lists, &trusted);
            assert_eq!(seen, ip(expected), "{peer} {lists:?}");
        }
        let nobody = behind_proxies(ip("127.0.0.1"), &["198.51.100.1"], &[]);
        assert_eq!(nobody, ip("127.0.0.1"));
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }
}
