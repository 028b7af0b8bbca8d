//! What the writer reports, and who hears of it.
//!
//! **Invariant**: a message goes only to a cursor for which it is the next one.

use super::{Effects, Room, send, send_all};
use crate::{
    chat::{
        command::{Effect, SessionId},
        cursor::{Cursor, Offer},
    },
    domain::{Conversation, CustomerKey, Message, Seq, Side, Status, rfc3339},
    protocol::{ConversationView, MessageView, ServerFrame},
    store::{Acted, Posted, Written},
};

/// Messages of one conversation that follow each other, so that who gets which of them is decided once for all.
struct Run {
    messages: Vec<Message>,
    /// As of the last of them.
    conversation: Conversation,
    owner: Option<CustomerKey>,
    /// Not old ones that were sent again.
    news: bool,
}

impl Run {
    /// Whether this is the one after its last, for the same people.
    fn goes_on(&self, message: &Message, owner: Option<CustomerKey>, news: bool) -> bool {
        let follows = |last: &Message| {
            last.conversation == message.conversation && last.seq.next() == message.seq
        };
        self.owner == owner && self.news == news && self.messages.last().is_some_and(follows)
    }
}

impl Room {
    /// The writer's report of a commit. What the same sessions get is to stand together, so that it goes out
    /// together: the senders hear first what became of their own.
    pub(super) fn written(&mut self, results: Vec<Written>, out: &mut Effects) {
        let mut news = Effects::new();
        let mut run = None;
        for result in results {
            if !matches!(result, Written::Posted(_)) {
                self.deliver(run.take(), &mut news);
            }
            match result {
                Written::Posted(posted) => self.posted(posted, &mut run, out, &mut news),
                Written::Acted(acted) => self.acted(acted, out, &mut news),
                Written::Dispatched { ticket, changes } => {
                    self.dispatch.ended(ticket);
                    for change in changes {
                        self.acted(change, out, &mut news);
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
                        news.push(send_all(self.audience(conversation), frame));
                    }
                }
                Written::Refused { ticket, refusal } | Written::Failed { ticket, refusal } => {
                    self.dispatch.ended(ticket);
                    if let Some(pending) = self.pending.remove(&ticket) {
                        let frame = ServerFrame::error(pending.reference, refusal);
                        out.push(send(pending.session, frame));
                    }
                }
            }
        }
        self.deliver(run, &mut news);
        out.append(&mut news);
    }

    fn posted(
        &mut self,
        posted: Posted,
        run: &mut Option<Run>,
        answers: &mut Effects,
        out: &mut Effects,
    ) {
        let Posted {
            ticket,
            event,
            message,
            duplicate,
            owner,
            conversation,
            status_changed,
        } = posted;
        if let Some(pending) = self.pending.remove(&ticket) {
            self.recognise(pending.session, &message.author, &conversation);
            let accepted = ServerFrame::Accepted {
                reference: pending.reference.unwrap_or_default(),
                conversation: message.conversation,
                seq: message.seq,
                sent_at: rfc3339(message.sent_at),
                duplicate,
            };
            answers.push(send(pending.session, accepted));
        }
        self.recognising.heard(&conversation);
        // The owner's other tabs may be strangers still.
        if let Some(customer) = &conversation.customer
            && let Some(key) = owner
        {
            self.bind(key, customer);
        }
        if status_changed {
            self.deliver(run.take(), out);
            self.turned(&conversation, owner, out);
        }
        let news = !duplicate || message.seq == conversation.last_seq;
        let first = event.as_ref().unwrap_or(&message);
        if !run
            .as_ref()
            .is_some_and(|run| run.goes_on(first, owner, news))
        {
            self.deliver(run.take(), out);
        }
        let mut messages = run.take().map(|run| run.messages).unwrap_or_default();
        messages.extend(event);
        messages.push(message);
        *run = Some(Run {
            messages,
            conversation,
            owner,
            news,
        });
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
        self.recognising.heard(&conversation);
        self.turned(&conversation, owner, out);
        match event {
            Some(event) => {
                let run = Run {
                    messages: vec![event],
                    conversation,
                    owner,
                    news: true,
                };
                self.deliver(Some(run), out);
            }
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

    /// Offers committed messages to the cursors of all whom they may reach.
    fn deliver(&mut self, run: Option<Run>, out: &mut Effects) {
        let Some(Run {
            messages,
            conversation,
            owner,
            news,
        }) = run
        else {
            return;
        };
        let (Some(first), Some(last)) = (messages.first(), messages.last()) else {
            return;
        };
        let (first, last) = (first.seq, last.seq);
        let is_for = |side| messages.iter().any(|message| message.kind.is_for(side));
        let all_for_customers = messages.iter().all(|m| m.kind.is_for(Side::Customer));
        // Who gets them, by the first that they get, and by side where the sides get others.
        let mut next: Vec<((Seq, Side), Vec<SessionId>)> = Vec::new();
        let (mut told, mut behind) = (Vec::new(), Vec::new());
        for id in self.reach(owner) {
            let Some(session) = self.sessions.get_mut(&id) else {
                continue;
            };
            if let Some(joining) = &mut session.joining {
                joining.miss(first, &conversation);
                continue;
            }
            let side = session.side();
            let offer = match session.cursors.get_mut(&conversation.id) {
                Some(cursor) => cursor.offer(first, last),
                // Old messages, retried, in a conversation that this session never heard of; or some
                // that are not theirs to see, by which they need not hear of it.
                None if !news || !is_for(side) => continue,
                None => {
                    told.push(id);
                    // A customer gets their conversation from its beginning.
                    let from = match side {
                        Side::Customer => Seq::ZERO,
                        Side::Agent => first.previous(),
                    };
                    let mut cursor = Cursor::new(from, from);
                    let offer = cursor.offer(first, last);
                    self.follow(id, conversation.id, cursor);
                    offer
                }
            };
            match offer {
                Offer::Send(from) => {
                    let side = if all_for_customers { Side::Agent } else { side };
                    match next.iter_mut().find(|(key, _)| *key == (from, side)) {
                        Some((_, to)) => to.push(id),
                        None => next.push(((from, side), vec![id])),
                    }
                }
                Offer::Load => behind.push(id),
                Offer::Skip => {}
            }
        }
        self.tell(&conversation, told, out);
        for ((from, side), to) in next {
            let theirs = |message: &&Message| message.seq >= from && message.kind.is_for(side);
            let frames: Vec<_> = (messages.iter().filter(theirs))
                .map(|message| ServerFrame::Posted(MessageView::from(message)))
                .collect();
            if !frames.is_empty() {
                out.push(Effect::Send { to, frames });
            }
        }
        for id in behind {
            self.catch_up(id, conversation.id, out);
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
                out.push(send_all(
                    to,
                    ServerFrame::ConversationChanged { conversation },
                ));
            }
        }
    }
}
