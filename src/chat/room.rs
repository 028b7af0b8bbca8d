//! The rules of the room: plain data in, plain data out. No clock, no socket, no database.
//!
//! **Invariant**: a session gets a message only when it is the next one after its [`Cursor`].
//! **Invariant**: only what [`crate::store::Written`] reports (so what is committed) is ever sent as a message.
//! **Invariant**: a customer session has cursors only for conversations that the store named as its
//! own (or the shared one), and gets nothing of any other.
//! **Invariant**: what is not for a session's side ([`crate::domain::Kind::is_for`]) moves its cursor and is not sent.

mod blocked;
mod business;
mod catch_up;
mod delivery;
mod dispatch;
mod entry;
mod identity;
mod presence;
mod queue;
mod requests;
mod staff;
mod tags;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use rustc_hash::FxHashMap;

use super::{
    command::{Command, Effect, Entrant, RoomSettings, SessionId, Visitor},
    cursor::Cursor,
};
use crate::{
    domain::{
        BlockList, Conversation, ConversationId, CustomerId, CustomerKey, CustomerRef, Me, Refusal,
        RoomKind, Seq, SessionKey, Side,
    },
    protocol::{Close, MeView, ServerFrame},
    store::{Ticket, Viewer},
};

enum Who {
    Customer(Visitor, Option<CustomerRef>),
    Agent(SessionKey, Option<Me>),
}

struct Session {
    who: Who,
    cursors: FxHashMap<ConversationId, Cursor>,
    /// While the store looks the session up.
    joining: Option<Joining>,
    /// The conversation whose page is under way. One at a time for each session, and the next only when
    /// its socket has taken the last: who catches up on much is not who does not keep up.
    loading: Option<ConversationId>,
    /// Conversations to catch up in after that one.
    waiting: VecDeque<ConversationId>,
    /// A customer's place in the queue, as last told.
    place: Option<(ConversationId, usize)>,
}

struct Joining {
    resume: BTreeMap<ConversationId, Seq>,
    /// What was committed meanwhile: the first of them, and the conversation as of the last.
    missed: BTreeMap<ConversationId, (Seq, Conversation)>,
    /// Conversations whose tags changed meanwhile.
    retagged: BTreeSet<ConversationId>,
}

impl Joining {
    /// Something was committed in a conversation that may be this session's.
    fn miss(&mut self, seq: Seq, conversation: &Conversation) {
        let entry = self.missed.entry(conversation.id);
        entry.or_insert_with(|| (seq, conversation.clone())).1 = conversation.clone();
    }
}

struct Pending {
    session: SessionId,
    /// `None` for a read mark.
    reference: Option<String>,
    deadline_ms: u64,
}

/// Everybody who is connected to this process, and what each has been sent.
pub struct Room {
    settings: RoomSettings,
    sessions: FxHashMap<SessionId, Session>,
    /// Sessions of agents, joining ones included.
    agents: BTreeSet<SessionId>,
    /// Sessions of each customer, joining ones included.
    customers: HashMap<CustomerKey, BTreeSet<SessionId>>,
    /// Whose a conversation is, while a session of that customer knows it.
    owners: HashMap<ConversationId, CustomerKey>,
    /// Connected sessions of those customers who have written before.
    online: HashMap<CustomerId, usize>,
    /// Writes that somebody waits for; deadlines rise with the tickets.
    pending: BTreeMap<Ticket, Pending>,
    /// Catching up that the database did not answer; tried again with the next tick.
    retries: Vec<SessionId>,
    /// Who is kept out.
    blocks: Arc<BlockList>,
    /// What is known of the queue of waiting conversations.
    queue: queue::Watch,
    /// Whose tags are being read.
    reading_tags: tags::Reading,
    /// Whose tokens are being read.
    recognising: identity::Recognising,
    /// What the business has set.
    business: business::Business,
    /// The agents, and which of them are there.
    staff: staff::Staff,
    /// Whether there is something that the server is to do on its own.
    dispatch: dispatch::Watch,
    next_ticket: u64,
    now_ms: u64,
}

type Effects = Vec<Effect>;

impl Room {
    /// An empty room.
    pub fn new(settings: RoomSettings) -> Self {
        Self {
            settings,
            sessions: FxHashMap::default(),
            agents: BTreeSet::new(),
            customers: HashMap::new(),
            owners: HashMap::new(),
            online: HashMap::new(),
            pending: BTreeMap::new(),
            retries: Vec::new(),
            blocks: Arc::default(),
            queue: queue::Watch::default(),
            reading_tags: tags::Reading::default(),
            recognising: identity::Recognising::default(),
            business: business::Business::default(),
            staff: staff::Staff::default(),
            dispatch: dispatch::Watch::default(),
            next_ticket: 0,
            now_ms: 0,
        }
    }

    /// Changes the room and says what is to be done.
    pub fn apply(&mut self, command: Command) -> Effects {
        let mut out = Effects::new();
        match command {
            Command::Hello {
                session,
                entrant,
                resume,
                now,
            } => match &entrant {
                Entrant::Customer(visitor) if let Some(refusal) = self.keeps_out(visitor, now) => {
                    blocked::turn_away(session, refusal, &mut out);
                }
                _ => self.hello(session, entrant, resume, &mut out),
            },
            Command::Found {
                session,
                outcome,
                now,
            } => self.found(session, outcome, now, &mut out),
            Command::Request { session, request } => self.request(session, request, &mut out),
            Command::HistoryLoaded {
                session,
                reference,
                conversation,
                outcome,
            } => out.push(catch_up::history(session, reference, conversation, outcome)),
            Command::PageLoaded {
                session,
                conversation,
                outcome,
            } => {
                self.page_loaded(session, conversation, outcome, &mut out);
            }
            Command::PageWritten {
                session,
                conversation,
            } => self.page_written(session, conversation, &mut out),
            Command::QueueLoaded(outcome) => self.queue_loaded(outcome, &mut out),
            Command::PresenceKept(outcome) => self.presence_kept(outcome, &mut out),
            Command::AwaySet {
                session,
                reference,
                agent,
                away,
                outcome,
            } => self.away_set(session, reference, (agent, away), outcome, &mut out),
            Command::Retagged(conversation) => self.retagged(conversation, &mut out),
            Command::TagsLoaded {
                conversation,
                outcome,
            } => self.tags_loaded(conversation, outcome, &mut out),
            Command::Written(results) => {
                self.written(results, &mut out);
                self.dispatch(&mut out);
            }
            Command::Left(session) => self.left(session, &mut out),
            Command::SignedOut(keys) => self.signed_out(&keys, &mut out),
            Command::Settings { settings, view } => self.set(settings, view, &mut out),
            Command::TokensAsked => self.recognising.asked(),
            Command::TokensEnded(ended) => self.tokens_ended(ended, &mut out),
            Command::Block { list, now } => self.block(list, now, &mut out),
            Command::Tick { now_ms } => self.tick(now_ms, &mut out),
            Command::CloseAll => {
                for session in std::mem::take(&mut self.sessions).into_keys() {
                    out.push(Effect::Close {
                        session,
                        close: Close::GoingAway,
                    });
                }
            }
        }
        out
    }

    /// Whether a customer has a connection now.
    pub fn is_online(&self, customer: CustomerId) -> bool {
        self.online.contains_key(&customer)
    }

    /// The logins behind the connected agents.
    pub fn logins(&self) -> Vec<SessionKey> {
        let logins = self
            .agents
            .iter()
            .filter_map(|id| match self.sessions.get(id)?.who {
                Who::Agent(key, _) => Some(key),
                Who::Customer(..) => None,
            });
        logins.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn tick(&mut self, now_ms: u64, out: &mut Effects) {
        self.now_ms = now_ms;
        while let Some(first) = self.pending.first_entry()
            && first.get().deadline_ms <= now_ms
        {
            let pending = first.remove();
            let frame = ServerFrame::error(pending.reference, Refusal::unavailable());
            out.push(send(pending.session, frame));
        }
        for session in std::mem::take(&mut self.retries) {
            self.load(session, out);
        }
        if self.queue.is_due(now_ms) {
            out.push(Effect::LoadQueue);
        }
        self.keep_presence(out);
    }

    /// Sessions that a message may go to: every agent, and the owner's or (shared) everybody's.
    fn reach(&self, owner: Option<CustomerKey>) -> Vec<SessionId> {
        match owner {
            None => self.sessions.keys().copied().collect(),
            Some(key) => {
                let own = self.customers.get(&key).into_iter().flatten();
                self.agents.iter().chain(own).copied().collect()
            }
        }
    }

    /// Sessions that have been told of a conversation.
    fn audience(&self, conversation: ConversationId) -> Vec<SessionId> {
        let owner = match self.settings.kind {
            RoomKind::Shared => None,
            RoomKind::Private => self.owners.get(&conversation).copied(),
        };
        let mut to = match (self.settings.kind, owner) {
            // Nobody but agents is there to hear.
            (RoomKind::Private, None) => self.agents.iter().copied().collect(),
            _ => self.reach(owner),
        };
        to.retain(|id| self.must_know(*id, conversation).is_ok());
        to
    }

    fn follow(&mut self, id: SessionId, conversation: ConversationId, cursor: Cursor) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.cursors.insert(conversation, cursor);
        if let Who::Customer(visitor, _) = &session.who {
            self.owners.insert(conversation, visitor.key);
        }
    }

    /// Whose a conversation is, is known while one of their sessions has been told of it.
    fn forget_owner(&mut self, owner: CustomerKey, conversation: ConversationId) {
        let mut own = self.customers.get(&owner).into_iter().flatten();
        if !own.any(|id| self.must_know(*id, conversation).is_ok()) {
            self.owners.remove(&conversation);
        }
    }

    /// Whether the conversation's customer is connected.
    fn has_customer(&self, conversation: &Conversation) -> bool {
        let customer = conversation.customer.as_ref();
        customer.is_some_and(|customer| self.is_online(customer.id))
    }
}

impl Session {
    fn side(&self) -> Side {
        match self.who {
            Who::Customer(..) => Side::Customer,
            Who::Agent(..) => Side::Agent,
        }
    }

    fn viewer(&self) -> Viewer {
        match &self.who {
            Who::Customer(visitor, _) => Viewer::Customer(visitor.key),
            Who::Agent(..) => Viewer::Agent,
        }
    }

    fn me(&self) -> MeView {
        match &self.who {
            Who::Agent(_, Some(me)) => me.into(),
            Who::Agent(_, None) => MeView::customer(None),
            Who::Customer(_, known) => MeView::customer(known.as_ref()),
        }
    }

    fn same_person(&self, other: &Self) -> bool {
        match (&self.who, &other.who) {
            (Who::Customer(a, _), Who::Customer(b, _)) => a.key == b.key,
            (Who::Agent(_, Some(a)), Who::Agent(_, Some(b))) => a.id == b.id,
            _ => false,
        }
    }

    fn is_resuming(&self) -> bool {
        self.cursors.values().any(|cursor| cursor.resuming)
    }
}

fn send(to: SessionId, frame: ServerFrame) -> Effect {
    send_all(vec![to], frame)
}

fn send_all(to: Vec<SessionId>, frame: ServerFrame) -> Effect {
    let frames = vec![frame];
    Effect::Send { to, frames }
}
