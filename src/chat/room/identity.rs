//! Customers whom the host site has identified: sessions that come by one of their tokens, and what becomes of
//! those whose token has ended.

use std::collections::{BTreeSet, HashMap};

use super::{Cursor, Effect, Effects, Room, SessionId, Who, blocked};
use crate::{
    chat::command::{Entrant, Recognised},
    domain::{Conversation, ConversationId, CustomerKey, Seq, Timestamp},
    protocol::Close,
    store::Acted,
};

/// What is committed while the database is asked which tokens have ended: its answer tells how conversations were
/// when it was asked.
#[derive(Default)]
pub(super) struct Recognising {
    reads: usize,
    meanwhile: HashMap<ConversationId, Conversation>,
}

impl Recognising {
    /// A read begins.
    pub fn asked(&mut self) {
        self.reads += 1;
    }

    /// A conversation was changed.
    pub fn heard(&mut self, conversation: &Conversation) {
        if self.reads > 0 {
            self.meanwhile.insert(conversation.id, conversation.clone());
        }
    }

    /// How a conversation that was read is now.
    fn newest(&self, read: Conversation) -> Conversation {
        let heard = self.meanwhile.get(&read.id);
        match heard.filter(|heard| heard.last_seq > read.last_seq) {
            Some(heard) => heard.clone(),
            None => read,
        }
    }

    /// A read is over.
    fn answered(&mut self) {
        self.reads -= 1;
        if self.reads == 0 {
            self.meanwhile.clear();
        }
    }
}

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
                let now = self.recognising.newest(listed.conversation);
                self.adopt(owner, now, out);
            }
        }
        self.recognising.answered();
    }

    /// A conversation that was somebody anonymous's is this customer's.
    fn adopt(&mut self, owner: CustomerKey, conversation: Conversation, out: &mut Effects) {
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
