//! How far one session has been served in one conversation.

use crate::domain::Seq;

/// A session's place in a conversation. A message is sent only when it is the next one; what is older
/// was sent before, and what is further ahead makes the session catch up from the database. So each
/// session receives 1, 2, 3 … without gaps or repeats, whatever happens around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The newest message that was sent, or that the client holds.
    sent: Seq,
    /// The newest message that is known to be committed.
    heard: Seq,
    /// While catching up: what was `heard` when the page under way was asked for.
    asked: Option<Seq>,
    /// The client asked for this catching up in its `hello`.
    pub resuming: bool,
}

/// What to do with committed messages that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// This one is the next, so it and those after it.
    Send(Seq),
    /// They were sent before, or will come with the page under way.
    Skip,
    /// Something is missing before them: ask for the page after [`Cursor::sent`].
    Load,
}

impl Cursor {
    /// A session that holds everything up to `sent`, while `heard` is committed.
    pub fn new(sent: Seq, heard: Seq) -> Self {
        Self {
            sent: sent.min(heard),
            heard,
            asked: None,
            resuming: false,
        }
    }

    /// Up to where the session has been served.
    pub fn sent(&self) -> Seq {
        self.sent
    }

    /// Whether there is something to catch up on.
    pub fn is_behind(&self) -> bool {
        self.sent < self.heard
    }

    /// Messages up to here are committed.
    pub fn hear(&mut self, seq: Seq) {
        self.heard = self.heard.max(seq);
    }

    /// These were committed, and all between them.
    pub fn offer(&mut self, first: Seq, last: Seq) -> Offer {
        self.hear(last);
        let next = self.sent.next();
        if self.asked.is_some() || last < next {
            Offer::Skip
        } else if first <= next {
            self.sent = last;
            Offer::Send(next)
        } else {
            Offer::Load
        }
    }

    /// Whether pages are needed before the session is live.
    pub fn is_asking(&self) -> bool {
        self.asked.is_some()
    }

    /// A page after [`Cursor::sent`] is being asked for.
    pub fn ask(&mut self) {
        self.asked = Some(self.heard);
    }

    /// One message of a page; `true` if it is to be sent.
    pub fn take(&mut self, seq: Seq) -> bool {
        let fresh = seq > self.sent;
        if fresh {
            self.sent = seq;
        }
        fresh
    }

    /// The page is taken; `true` if another one is needed before the session is live.
    pub fn page_taken(&mut self, more: bool) -> bool {
        if !more && let Some(asked) = self.asked {
            // What was committed before the page was read and is not on it no longer exists.
            self.sent = self.sent.max(asked);
        }
        self.heard = self.heard.max(self.sent);
        let needed = more || self.is_behind();
        if !needed {
            self.asked = None;
        }
        needed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_next_message_is_sent() {
        let mut cursor = Cursor::new(Seq(3), Seq(3));
        assert_eq!(cursor.offer(Seq(3), Seq(3)), Offer::Skip);
        assert_eq!(cursor.offer(Seq(4), Seq(4)), Offer::Send(Seq(4)));
        assert_eq!(cursor.offer(Seq(4), Seq(4)), Offer::Skip);
        assert_eq!(cursor.offer(Seq(6), Seq(6)), Offer::Load);
    }

    #[test]
    fn several_at_once_are_as_good_as_one_after_the_other() {
        for (sent, heard, asked) in [(3, 3, false), (3, 5, false), (3, 5, true)] {
            for (first, last) in (1..8).flat_map(|first| (first..9).map(move |last| (first, last)))
            {
                let mut together = Cursor::new(Seq(sent), Seq(heard));
                if asked {
                    together.ask();
                }
                let mut alone = together;
                let offers: Vec<_> = (first..=last)
                    .map(|seq| alone.offer(Seq(seq), Seq(seq)))
                    .collect();
                let expected = offers.iter().find(|offer| **offer != Offer::Skip);
                let expected = expected.unwrap_or(&Offer::Skip);
                assert_eq!(
                    together.offer(Seq(first), Seq(last)),
                    *expected,
                    "{first} to {last}"
                );
                assert_eq!(together, alone, "{first} to {last}");
            }
        }
    }

    #[test]
    fn what_is_committed_while_a_page_is_read_comes_once() {
        // The page brought the new message already, or it did not: either way it is sent once.
        for page_end in [5, 6] {
            let mut cursor = Cursor::new(Seq(3), Seq(5));
            cursor.ask();
            assert_eq!(cursor.offer(Seq(6), Seq(6)), Offer::Skip);
            let mut sent: Vec<_> = (4..=page_end).filter(|s| cursor.take(Seq(*s))).collect();
            while cursor.page_taken(false) {
                cursor.ask();
                sent.extend((cursor.sent().0 + 1..=6).filter(|s| cursor.take(Seq(*s))));
            }
            assert_eq!(sent, [4, 5, 6]);
            assert_eq!(cursor.offer(Seq(6), Seq(6)), Offer::Skip);
            assert_eq!(cursor.offer(Seq(7), Seq(7)), Offer::Send(Seq(7)));
        }
    }

    #[test]
    fn messages_that_no_longer_exist_do_not_hold_a_session_up() {
        let mut cursor = Cursor::new(Seq(3), Seq(5));
        cursor.ask();
        assert!(!cursor.page_taken(false));
        assert_eq!(cursor.offer(Seq(6), Seq(6)), Offer::Send(Seq(6)));
    }

    #[test]
    fn a_client_that_claims_more_than_there_is_misses_nothing() {
        let mut cursor = Cursor::new(Seq(99), Seq(5));
        assert_eq!(cursor.offer(Seq(6), Seq(6)), Offer::Send(Seq(6)));
    }
}
