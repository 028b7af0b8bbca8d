//! What the writer reports, and who hears of it.
//!
//! **Invariant**: a message goes only to a cursor for which it is the next one.

use super::{Effects, Room, Who, send};
use crate::{
    chat::{
        command::{Effect, SessionId},
        cursor::{Cursor, Offer},
    },
    domain::{Conversation, CustomerKey, Message, Seq, Side, Status, rfc3339},
    protocol::{ConversationView, MessageView, ServerFrame},
    store::{Acted, Posted, Written},
};

impl Room {
    pub(super) fn written(&mut self, result: Written, answers: &mut Effects, out: &mut Effects) {
        match result {
            Written::Posted(posted) => self.posted(&posted, answers, out),
            Written::Acted(acted) => self.acted(acted, answers, out),
            Written::Dispatched { ticket, changes } => {
                self.dispatch.ended(ticket);
                for change in changes {
                    self.acted(change, answers, out);
                }
            }
            Written::Read {
                ticket,
                conversation,
                side,
                seq,
                moved,
                ..
            } => {
                self.pending.remove(&ticket);
                if moved {
                    let frame = ServerFrame::Read {
                        conversation,
                        role: side,
                        seq,
                    };
                    out.push(Effect::Send {
                        to: self.audience(conversation),
                        frame,
                    });
                }
            }
            Written::Refused { ticket, refusal } | Written::Failed { ticket, refusal } => {
                self.dispatch.ended(ticket);
                if let Some(pending) = self.pending.remove(&ticket) {
                    let frame = ServerFrame::error(pending.reference, refusal);
                    answers.push(send(pending.session, frame));
                }
            }
        }
    }

    fn posted(&mut self, posted: &Posted, answers: &mut Effects, out: &mut Effects) {
        let Posted {
            ticket,
            event,
            message,
            duplicate,
            owner,
            conversation,
            status_changed,
        } = posted;
        if let Some(pending) = self.pending.remove(ticket) {
            self.recognise(pending.session, &message.author, conversation);
            let accepted = ServerFrame::Accepted {
                reference: pending.reference.unwrap_or_default(),
                conversation: message.conversation,
                seq: message.seq,
                sent_at: rfc3339(message.sent_at),
                duplicate: *duplicate,
            };
            answers.push(send(pending.session, accepted));
        }
        // The owner's other tabs may be strangers still.
        if let Some(customer) = &conversation.customer
            && let Some(key) = owner
        {
            self.bind(*key, customer);
        }
        if *status_changed {
            self.turned(conversation, *owner, out);
        }
        let news = !*duplicate || message.seq == conversation.last_seq;
        for message in event.iter().chain([message]) {
            self.deliver(message, news, conversation, *owner, out);
        }
    }

    pub(super) fn acted(&mut self, acted: Acted, answers: &mut Effects, out: &mut Effects) {
        let Acted {
            ticket,
            event,
            owner,
            conversation,
        } = acted;
        if let Some(pending) = self.pending.remove(&ticket) {
            let done = ServerFrame::Done {
                reference: pending.reference.unwrap_or_default(),
                conversation: conversation.id,
                seq: event.as_ref().map(|event| event.seq),
            };
            answers.push(send(pending.session, done));
        }
        self.turned(&conversation, owner, out);
        match event {
            Some(event) => self.deliver(&event, true, &conversation, owner, out),
            // It may have been done by a try whose answer was lost, and nobody told.
            None => self.hear(&conversation, owner, out),
        }
    }

    /// A conversation has another status or agent: whoever knows it is told.
    fn turned(
        &mut self,
        conversation: &Conversation,
        owner: Option<CustomerKey>,
        out: &mut Effects,
    ) {
        self.queue.moved();
        self.dispatch.moved();
        let mut told = self.reach(owner);
        told.retain(|id| match self.sessions.get_mut(id) {
            Some(session) if session.joining.is_none() => {
                if conversation.status != Status::Waiting {
                    session.place = None;
                }
                session.cursors.contains_key(&conversation.id)
            }
            _ => false,
        });
        self.tell(conversation, told, out);
    }

    /// Offers a committed message to the cursors of all whom it may reach.
    fn deliver(
        &mut self,
        message: &Message,
        news: bool,
        conversation: &Conversation,
        owner: Option<CustomerKey>,
        out: &mut Effects,
    ) {
        let (mut next, mut told, mut behind) = (Vec::new(), Vec::new(), Vec::new());
        for id in self.reach(owner) {
            let Some(session) = self.sessions.get_mut(&id) else {
                continue;
            };
            if let Some(joining) = &mut session.joining {
                joining.miss(message.seq, conversation);
                continue;
            }
            let for_them = message.kind.is_for(session.side());
            let offer = match session.cursors.get_mut(&message.conversation) {
                Some(cursor) => cursor.offer(message.seq),
                // An old message, retried, in a conversation that this session never heard of; or one
                // that is not theirs to see, by which they need not hear of it.
                None if !news || !for_them => continue,
                None => {
                    told.push(id);
                    // A customer gets their conversation from its beginning.
                    let from = match session.who {
                        Who::Customer(..) => Seq::ZERO,
                        Who::Agent(..) => message.seq.previous(),
                    };
                    let mut cursor = Cursor::new(from, from);
                    let offer = cursor.offer(message.seq);
                    self.follow(id, message.conversation, cursor);
                    offer
                }
            };
            match offer {
                Offer::Send if for_them => next.push(id),
                Offer::Load => behind.push(id),
                Offer::Send | Offer::Skip => {}
            }
        }
        self.tell(conversation, told, out);
        if !next.is_empty() {
            let frame = ServerFrame::Posted(MessageView::from(message));
            out.push(Effect::Send { to: next, frame });
        }
        for id in behind {
            self.catch_up(id, message.conversation, out);
        }
    }

    /// All of a conversation up to its head is committed, whoever was told of it.
    pub(super) fn hear(
        &mut self,
        conversation: &Conversation,
        owner: Option<CustomerKey>,
        out: &mut Effects,
    ) {
        for id in self.reach(owner) {
            let Some(session) = self.sessions.get_mut(&id) else {
                continue;
            };
            if let Some(joining) = &mut session.joining {
                joining.miss(conversation.last_seq, conversation);
            } else if let Some(cursor) = session.cursors.get_mut(&conversation.id) {
                cursor.hear(conversation.last_seq);
                if cursor.is_behind() && !cursor.is_asking() {
                    self.catch_up(id, conversation.id, out);
                }
            }
        }
    }

    /// `conversation.changed` to these sessions, to each side as it sees it.
    pub(super) fn tell(&self, conversation: &Conversation, to: Vec<SessionId>, out: &mut Effects) {
        let (agents, customers): (Vec<_>, Vec<_>) =
            to.into_iter().partition(|id| self.agents.contains(id));
        for (to, side) in [(agents, Side::Agent), (customers, Side::Customer)] {
            if !to.is_empty() {
                let conversation = Box::new(ConversationView::new(
                    conversation,
                    None,
                    side,
                    self.has_customer(conversation),
                ));
                out.push(Effect::Send {
                    to,
                    frame: ServerFrame::ConversationChanged { conversation },
                });
            }
        }
    }
}
