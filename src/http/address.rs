//! How many connections an address has.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

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
        let (a, b) = ("127.0.0.1".parse().unwrap(), "::1".parse().unwrap());
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
}
