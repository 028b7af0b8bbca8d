//! Keeping customers out: at the door, and those who are in when it is decided.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use super::{Effect, Effects, Room, SessionId, Who, send};
use crate::{
    chat::command::Visitor,
    domain::{BlockList, CustomerId, Refusal, Timestamp},
    protocol::{Close, ServerFrame},
};

impl Room {
    /// Whether a customer may not come in.
    pub(super) fn keeps_out(&self, visitor: &Visitor, now: Timestamp) -> Option<Refusal> {
        self.blocks.refusal(visitor.key, visitor.address, now)
    }

    /// From which addresses a customer is connected.
    pub fn addresses_of(&self, customer: CustomerId) -> Vec<IpAddr> {
        let addresses = self
            .sessions
            .values()
            .filter_map(|session| match &session.who {
                Who::Customer(visitor, Some(known)) if known.id == customer => visitor.address,
                _ => None,
            });
        addresses.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Others are kept out from now on: whoever of them is in is told why, and until when, and has to go.
    pub(super) fn block(&mut self, list: Arc<BlockList>, now: Timestamp, out: &mut Effects) {
        self.blocks = list;
        let blocked: Vec<_> = (self.sessions.iter())
            .filter_map(|(id, session)| match &session.who {
                Who::Customer(visitor, _) => Some((*id, self.keeps_out(visitor, now)?)),
                Who::Agent(..) => None,
            })
            .collect();
        for (session, refusal) in blocked {
            self.left(session, out);
            turn_away(session, refusal, out);
        }
    }
}

pub(super) fn turn_away(session: SessionId, refusal: Refusal, out: &mut Effects) {
    out.push(send(session, ServerFrame::error(None, refusal)));
    let close = Close::Blocked;
    out.push(Effect::Close { session, close });
}
