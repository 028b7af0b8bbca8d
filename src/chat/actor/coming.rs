//! Customers who come: those who wait are looked up together. When thousands come back at the same moment, one read
//! serves many of them, and none has to be turned away: each waits for the reads before theirs.

use std::collections::VecDeque;

use crate::{chat::command::SessionId, store::Coming};

/// Customers whom one read looks up. While the room takes in so many, it does nothing else.
const TOGETHER: usize = 128;
/// Reads under way at the same time, so that others find a connection to the database as well.
const READS: usize = 2;

/// Who waits to be looked up. There is one for each session at most, so their number is bounded by that of the
/// connections.
#[derive(Default)]
pub struct Queue {
    waiting: VecDeque<(SessionId, Coming)>,
    reads: usize,
}

impl Queue {
    /// Somebody has come.
    pub fn push(&mut self, session: SessionId, coming: Coming) {
        self.waiting.push_back((session, coming));
    }

    /// Whom to look up now, in the order in which they came; [`Queue::ended`] has to follow. `None` while there is
    /// nobody, or enough is under way.
    pub fn next(&mut self) -> Option<(Vec<SessionId>, Vec<Coming>)> {
        if self.waiting.is_empty() || self.reads == READS {
            return None;
        }
        self.reads += 1;
        let many = self.waiting.len().min(TOGETHER);
        Some(self.waiting.drain(..many).unzip())
    }

    /// Somebody is gone again.
    pub fn forget(&mut self, session: SessionId) {
        let place = self.waiting.iter().position(|(one, _)| *one == session);
        place.and_then(|place| self.waiting.remove(place));
    }

    /// A read is over.
    pub fn ended(&mut self) {
        self.reads -= 1;
    }

    /// Everybody who waits, for whom there is no hope.
    pub fn give_up(&mut self) -> Vec<SessionId> {
        self.waiting.drain(..).map(|(session, _)| session).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::CustomerKey;

    fn come(queue: &mut Queue, sessions: std::ops::Range<u64>) {
        for session in sessions {
            let coming = Coming {
                key: CustomerKey([0; 32]),
                resume: Vec::new(),
            };
            queue.push(SessionId(session), coming);
        }
    }

    fn sessions(next: Option<(Vec<SessionId>, Vec<Coming>)>) -> Option<(u64, usize)> {
        let (sessions, coming) = next?;
        assert_eq!(sessions.len(), coming.len());
        Some((sessions[0].0, sessions.len()))
    }

    #[test]
    fn who_comes_alone_is_looked_up_at_once_and_thousands_a_few_reads_at_a_time() {
        let mut queue = Queue::default();
        assert_eq!(sessions(queue.next()), None);
        come(&mut queue, 0..1);
        assert_eq!(sessions(queue.next()), Some((0, 1)));
        come(&mut queue, 1..1_001);
        assert_eq!(sessions(queue.next()), Some((1, TOGETHER)));
        assert_eq!(sessions(queue.next()), None, "two are under way");
        queue.ended();
        assert_eq!(
            sessions(queue.next()),
            Some((1 + TOGETHER as u64, TOGETHER))
        );
        queue.ended();
        queue.forget(SessionId(0));
        queue.forget(SessionId(1_000));
        let given_up = queue.give_up();
        assert_eq!(given_up.len(), 1_000 - 2 * TOGETHER - 1);
        assert_eq!(given_up[0], SessionId(1 + 2 * TOGETHER as u64));
        assert_eq!(sessions(queue.next()), None);
    }
}
