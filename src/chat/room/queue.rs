//! The queue as customers see it: how many are before them. The order is the database's; the room only asks
//! for it now and then, and tells those whose place has changed.

use super::{Effects, Room, send};
use crate::{
    domain::{ConversationId, Refusal, RoomKind},
    protocol::ServerFrame,
};

/// The queue is asked for at most this often, however fast it moves.
const PAUSE_MS: u64 = 1_000;
/// And this often while somebody here waits, as other processes move it, too.
const LOOK_AGAIN_MS: u64 = 5_000;

/// When to ask for the queue.
#[derive(Default)]
pub(super) struct Watch {
    /// It has changed since it was asked for last.
    has_moved: bool,
    /// Somebody who is connected here was in it.
    is_watched: bool,
    /// The answer is under way.
    is_asked: bool,
    asked_at_ms: u64,
}

impl Watch {
    /// A conversation has come, gone, or somebody new wants to know.
    pub(super) fn moved(&mut self) {
        self.has_moved = true;
    }

    /// Whether to ask now.
    pub(super) fn is_due(&mut self, now_ms: u64) -> bool {
        let pause = match (self.has_moved, self.is_watched) {
            (true, _) => PAUSE_MS,
            (false, true) => LOOK_AGAIN_MS,
            (false, false) => return false,
        };
        if self.is_asked || now_ms < self.asked_at_ms + pause {
            return false;
        }
        *self = Self {
            has_moved: false,
            is_watched: self.is_watched,
            is_asked: true,
            asked_at_ms: now_ms,
        };
        true
    }
}

impl Room {
    pub(super) fn queue_loaded(
        &mut self,
        outcome: Result<Vec<ConversationId>, Refusal>,
        out: &mut Effects,
    ) {
        self.queue.is_asked = false;
        // The next look will find out.
        let Ok(queue) = outcome else {
            return self.queue.moved();
        };
        self.queue.is_watched = false;
        if self.settings.kind == RoomKind::Shared {
            return;
        }
        for (before, conversation) in queue.into_iter().enumerate() {
            let Some(owner) = self.owners.get(&conversation) else {
                continue;
            };
            self.queue.is_watched = true;
            let place = Some((conversation, before + 1));
            for id in self.customers.get(owner).into_iter().flatten() {
                let Some(session) = self.sessions.get_mut(id) else {
                    continue;
                };
                let knows = session.cursors.contains_key(&conversation);
                if knows && session.place != place {
                    session.place = place;
                    let position = before + 1;
                    let frame = ServerFrame::Queue {
                        conversation,
                        position,
                    };
                    out.push(send(*id, frame));
                }
            }
        }
    }
}
