//! Customers whom the host site has identified: sessions that come by one of their tokens, and what becomes of
//! those whose token has ended.

use std::collections::BTreeSet;

use super::{Cursor, Effect, Effects, Room, SessionId, Who, blocked};
use crate::{
    chat::command::{Entrant, Recognised},
    domain::{CustomerKey, Seq, Timestamp},
    protocol::Close,
    store::Acted,
};

impl Room {
    /// A session came by a token of a customer whom the program knows by another key: it is theirs from now on,
    /// and is looked up again, since what was stored meanwhile went by them.
    pub(super) fn is_known_as(
        &mut self,
        id: SessionId,
        key: CustomerKey,
        now: Timestamp,
        out: &mut Effects,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let Who::Customer(visitor, _) = &mut session.who else {
            return;
        };
        let before = std::mem::replace(&mut visitor.key, key);
        let visitor = visitor.clone();
        let resume = session.joining.as_ref();
        let resume = resume.map(|joining| joining.resume.keys().copied().collect());
        if let Some(sessions) = self.customers.get_mut(&before) {
            sessions.remove(&id);
            if sessions.is_empty() {
                self.customers.remove(&before);
            }
        }
        self.customers.entry(key).or_default().insert(id);
        if let Some(refusal) = self.keeps_out(&visitor, now) {
            self.left(id, out);
            return blocked::turn_away(id, refusal, out);
        }
        out.push(Effect::LookUp {
            session: id,
            entrant: Entrant::Customer(visitor),
            resume: resume.unwrap_or_default(),
        });
    }

    /// Tokens have ended. Whoever logged out has to go; whoever was recognised comes back by the new token that
    /// their page has, and resumes. What they wrote is another's now: agents, and the other browsers of that
    /// one, are told.
    pub(super) fn tokens_ended(&mut self, ended: Vec<Recognised>, out: &mut Effects) {
        for Recognised {
            token,
            owner,
            merged,
            conversations,
        } in ended
        {
            let sessions: BTreeSet<_> = (self.sessions.iter())
                .filter(|(_, session)| match &session.who {
                    Who::Customer(visitor, _) => visitor.token == token,
                    Who::Agent(..) => false,
                })
                .map(|(id, _)| *id)
                .collect();
            let close = if merged {
                Close::Identified
            } else {
                Close::SignedOut
            };
            for session in sessions {
                self.left(session, out);
                out.push(Effect::Close { session, close });
            }
            for listed in conversations {
                self.adopt(owner, listed.conversation, out);
            }
        }
    }

    /// A conversation that was somebody anonymous's is this customer's.
    fn adopt(
        &mut self,
        owner: CustomerKey,
        conversation: crate::domain::Conversation,
        out: &mut Effects,
    ) {
        let own = self.customers.get(&owner).into_iter().flatten();
        let strangers: Vec<_> = own
            .copied()
            .filter(|id| self.must_know(*id, conversation.id).is_err())
            .filter(|id| self.sessions.get(id).is_some_and(|it| it.joining.is_none()))
            .collect();
        self.tell(&conversation, strangers.clone(), out);
        for id in strangers {
            self.follow(id, conversation.id, Cursor::new(Seq::ZERO, Seq::ZERO));
        }
        let acted = Acted {
            ticket: crate::store::Ticket(0),
            event: None,
            owner: Some(owner),
            conversation,
        };
        // As after an act whose answer was lost: who knows it is told how it is, and gets what they lack.
        self.acted(acted, &mut Effects::new(), out);
    }
}
