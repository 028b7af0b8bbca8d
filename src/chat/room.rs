//! The rules of the room: plain data in, plain data out. No clock, no socket, no database.
//!
//! **Invariant**: a session gets a message only when it is the next one after its [`Cursor`].
//! **Invariant**: only what [`Written`] reports (so what is committed) is ever sent as a message.
//! **Invariant**: a customer session has cursors only for conversations that the store named as its
//! own (or the shared one), and gets nothing of any other.
//! **Invariant**: what is not for a session's side ([`Kind::is_for`]) moves its cursor and is not sent.

mod blocked;
mod business;
mod dispatch;
mod identity;
mod presence;
mod queue;
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
    command::{Command, Effect, Entrant, Found, RoomSettings, SessionId, Visitor},
    cursor::{Cursor, Offer},
};
use crate::{
    domain::{
        Action, AgentRef, BlockList, ClientId, Code, Conversation, ConversationId, CustomerId,
        CustomerKey, CustomerRef, FileId, Kind, Listed, Me, Message, Refusal, RoomKind, Seq,
        SessionKey, Side, Status, Timestamp, check_text, rfc3339,
    },
    protocol::{
        Close, ConversationView, HistoryView, LimitsView, MeView, MessageView, PageAsked,
        PersonView, Request, ServerFrame, SettingsView, WelcomeView,
    },
    store::{
        Act, Acted, MarkRead, MessagePage, Post, PostFile, Posted, Poster, Ticket, Viewer, Write,
        Written,
    },
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
            } => out.push(history(session, reference, conversation, outcome)),
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
                // What the same sessions get is to stand together, so that it goes out together: the senders
                // hear first what became of their own.
                let mut news = Effects::new();
                for result in results {
                    self.written(result, &mut out, &mut news);
                }
                out.append(&mut news);
                self.dispatch(&mut out);
            }
            Command::Left(session) => self.left(session, &mut out),
            Command::SignedOut(keys) => self.signed_out(&keys, &mut out),
            Command::Settings { settings, view } => self.set(settings, view, &mut out),
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

    // Coming in and going out.

    fn hello(
        &mut self,
        session: SessionId,
        entrant: Entrant,
        resume: BTreeMap<ConversationId, Seq>,
        out: &mut Effects,
    ) {
        let who = match entrant.clone() {
            Entrant::Customer(visitor) => {
                self.customers
                    .entry(visitor.key)
                    .or_default()
                    .insert(session);
                Who::Customer(visitor, None)
            }
            Entrant::Agent(key) => {
                self.agents.insert(session);
                Who::Agent(key, None)
            }
        };
        let names = resume.keys().copied().collect();
        let joining = Some(Joining {
            resume,
            missed: BTreeMap::new(),
            retagged: BTreeSet::new(),
        });
        self.sessions.insert(
            session,
            Session {
                who,
                cursors: FxHashMap::default(),
                joining,
                loading: None,
                waiting: VecDeque::new(),
                place: None,
            },
        );
        out.push(Effect::LookUp {
            session,
            entrant,
            resume: names,
        });
    }

    fn found(
        &mut self,
        id: SessionId,
        outcome: Result<Found, Refusal>,
        now: Timestamp,
        out: &mut Effects,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let found = match outcome {
            Ok(found) => found,
            Err(refusal) => {
                let close = match refusal.code.status() {
                    401 => Close::SignedOut,
                    _ => Close::Unavailable,
                };
                out.push(send(id, ServerFrame::error(None, refusal)));
                self.left(id, out);
                out.push(Effect::Close { session: id, close });
                return;
            }
        };
        if let (Who::Customer(visitor, _), Found::Customer(join)) = (&session.who, &found)
            && let Some(key) = join.key
            && key != visitor.key
        {
            return self.is_known_as(id, key, now, out);
        }
        let Some(joining) = session.joining.take() else {
            return;
        };
        let listed = match (&mut session.who, found) {
            (Who::Customer(_, known), Found::Customer(join)) => {
                let newly = known.is_none().then_some(join.customer).flatten();
                if let Some(customer) = newly {
                    let customer_id = customer.id;
                    *known = Some(customer);
                    self.came_online(customer_id, out);
                }
                join.conversations
            }
            (Who::Agent(_, me), Found::Agent(found, listed, colleagues)) => {
                *me = Some(found.clone());
                self.agent_came(id, &found, colleagues, out);
                listed
            }
            _ => return,
        };
        self.welcome(id, joining, &listed, now, out);
    }

    fn welcome(
        &mut self,
        id: SessionId,
        joining: Joining,
        listed: &[Listed],
        now: Timestamp,
        out: &mut Effects,
    ) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let side = session.side();
        let me = session.me();
        let views = listed
            .iter()
            .map(|one| ConversationView::listed(one, side, self.has_customer(&one.conversation)))
            .collect();
        let welcome = WelcomeView {
            session: format!("s{}", id.0),
            room: self.settings.kind,
            after_close: self.settings.after_close,
            role: me.role.clone(),
            me,
            conversations: views,
            presence: self.presence(side),
            heartbeat_s: self.settings.heartbeat_s,
            now: rfc3339(now),
            settings: SettingsView::clone(&self.business.view),
            limits: LimitsView {
                files: self.business.files.clone(),
                ..self.settings.limits.clone()
            },
        };
        out.push(send(id, ServerFrame::Welcome(Box::new(welcome))));

        let Joining {
            mut resume,
            mut missed,
            retagged,
        } = joining;
        for Listed { conversation, .. } in listed {
            if side == Side::Customer && conversation.status == Status::Waiting {
                self.queue.moved();
            }
            let told = conversation.last_seq;
            let asked = resume.remove(&conversation.id);
            let mut cursor = Cursor::new(asked.unwrap_or(told), told);
            // Older than what was read, or newer: then it may have another status or agent by now, too.
            let missed = missed.remove(&conversation.id);
            if let Some((_, now)) = missed.filter(|(_, now)| now.last_seq > told) {
                cursor.hear(now.last_seq);
                if (now.status, &now.agent) != (conversation.status, &conversation.agent) {
                    self.tell(&now, vec![id], out);
                }
            }
            cursor.resuming = asked.is_some() && cursor.is_behind();
            self.follow(id, conversation.id, cursor);
        }
        for unknown in resume.into_keys() {
            let mut refusal = Refusal::conversation_not_found();
            refusal.message = format!("resume: there is no conversation {unknown} here").into();
            out.push(send(id, ServerFrame::error(None, refusal)));
        }
        for (conversation, (first, now)) in missed {
            self.tell(&now, vec![id], out);
            // A customer gets their conversation from its beginning.
            let from = match side {
                Side::Customer => Seq::ZERO,
                Side::Agent => first.previous(),
            };
            let mut cursor = Cursor::new(from, from);
            cursor.hear(now.last_seq);
            self.follow(id, conversation, cursor);
        }
        for conversation in retagged {
            self.retagged(conversation, out);
        }
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let behind: Vec<_> = session
            .cursors
            .iter()
            .filter(|(_, c)| c.is_behind())
            .map(|(id, _)| *id)
            .collect();
        if !session.is_resuming() {
            out.push(send(id, ServerFrame::Resumed));
        }
        for conversation in behind {
            self.catch_up(id, conversation, out);
        }
    }

    fn left(&mut self, id: SessionId, out: &mut Effects) {
        let Some(session) = self.sessions.remove(&id) else {
            return;
        };
        match session.who {
            Who::Customer(visitor, known) => {
                if let Some(sessions) = self.customers.get_mut(&visitor.key) {
                    sessions.remove(&id);
                    if sessions.is_empty() {
                        self.customers.remove(&visitor.key);
                    }
                }
                for conversation in session.cursors.keys() {
                    self.forget_owner(visitor.key, *conversation);
                }
                if let Some(customer) = known {
                    self.went_offline(&customer, out);
                }
            }
            Who::Agent(_, me) => {
                self.agents.remove(&id);
                if let Some(me) = me {
                    self.agent_went(&me, out);
                }
            }
        }
    }

    fn signed_out(&mut self, keys: &[SessionKey], out: &mut Effects) {
        let ended: Vec<_> = self
            .agents
            .iter()
            .copied()
            .filter(
                |id| match self.sessions.get(id).map(|session| &session.who) {
                    Some(Who::Agent(key, _)) => keys.contains(key),
                    _ => false,
                },
            )
            .collect();
        for session in ended {
            self.left_for_good(session, out);
            out.push(Effect::Close {
                session,
                close: Close::SignedOut,
            });
        }
    }

    // What sessions ask for.

    fn request(&mut self, id: SessionId, request: Request, out: &mut Effects) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        if session.joining.is_some() {
            let refusal =
                Refusal::new(Code::HelloExpected, "wait for welcome before anything else");
            out.push(send(id, ServerFrame::error(request.reference(), refusal)));
            return;
        }
        let (reference, outcome) = match request {
            Request::Post {
                reference,
                conversation,
                client_id,
                kind,
                text,
                file,
            } => {
                let answer = Some(reference.clone());
                let said = (client_id, kind, text, file);
                (answer, self.post(id, reference, conversation, said, out))
            }
            Request::Act {
                reference,
                conversation,
                action,
            } => {
                let answer = Some(reference.clone());
                (answer, self.act(id, reference, conversation, action, out))
            }
            Request::History {
                reference,
                conversation,
                page,
                limit,
            } => {
                let reference = Some(reference);
                let viewer = session.viewer();
                out.push(Effect::Load {
                    session: id,
                    viewer,
                    reference,
                    conversation,
                    page,
                    limit,
                });
                (None, Ok(()))
            }
            Request::SetAway { reference, away } => {
                let answer = Some(reference.clone());
                (answer, self.set_away(id, reference, away, out))
            }
            Request::Typing { conversation, on } => (None, self.typing(id, conversation, on, out)),
            Request::Read { conversation, seq } => (None, self.read(id, conversation, seq, out)),
        };
        if let Err(refusal) = outcome {
            out.push(send(id, ServerFrame::error(reference, refusal)));
        }
    }

    fn post(
        &mut self,
        id: SessionId,
        reference: String,
        conversation: Option<ConversationId>,
        (client_id, kind, text, file): (ClientId, Kind, String, Option<FileId>),
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        // A file needs no words.
        if file.is_none() || !text.trim().is_empty() {
            check_text(&text, self.settings.text)?;
        }
        let from = self.poster(id)?;
        if kind == Kind::Note && matches!(from, Poster::Customer { .. }) {
            return Err(Refusal::new(Code::Forbidden, "kind: notes are for agents"));
        }
        if conversation.is_none()
            && self.settings.kind == RoomKind::Private
            && matches!(from, Poster::Agent(_))
        {
            return Err(Refusal::bad_request("conversation: an agent must name it"));
        }
        let ticket = self.ticket(id, Some(reference));
        out.push(Effect::Submit(Write::Post(Post {
            ticket,
            from,
            conversation,
            client_id,
            kind,
            text,
            file: file.map(|id| PostFile {
                id,
                most: self.business.settings.files.per_conversation,
            }),
        })));
        Ok(())
    }

    fn act(
        &mut self,
        id: SessionId,
        reference: String,
        conversation: ConversationId,
        action: Action,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        let Some(Who::Agent(_, Some(me))) = self.sessions.get(&id).map(|session| &session.who)
        else {
            return Err(Refusal::new(Code::Forbidden, "this is for agents"));
        };
        let role = me.role;
        let by = self.poster(id)?;
        let ticket = self.ticket(id, Some(reference));
        out.push(Effect::Submit(Write::Act(Act {
            ticket,
            by,
            role,
            conversation,
            action,
        })));
        Ok(())
    }

    fn read(
        &mut self,
        id: SessionId,
        conversation: ConversationId,
        seq: Seq,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        self.must_know(id, conversation)?;
        let by = self.poster(id)?;
        let ticket = self.ticket(id, None);
        out.push(Effect::Submit(Write::MarkRead(MarkRead {
            ticket,
            by,
            conversation,
            seq,
        })));
        Ok(())
    }

    fn typing(
        &self,
        id: SessionId,
        conversation: ConversationId,
        on: bool,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        self.must_know(id, conversation)?;
        let Some(typist) = self.sessions.get(&id) else {
            return Ok(());
        };
        let mut to = self.audience(conversation);
        to.retain(|other| {
            self.sessions
                .get(other)
                .is_some_and(|other| !other.same_person(typist))
        });
        let MeView { id, name, .. } = typist.me();
        let role = match typist.side() {
            Side::Customer => "customer",
            Side::Agent => "agent",
        };
        let from = PersonView {
            role: role.to_owned(),
            id,
            name,
        };
        out.push(Effect::Send {
            to,
            frame: ServerFrame::Typing {
                conversation,
                from,
                on,
            },
        });
        Ok(())
    }

    /// A session can speak of a conversation once it has been told of it.
    fn must_know(&self, id: SessionId, conversation: ConversationId) -> Result<(), Refusal> {
        let known = self
            .sessions
            .get(&id)
            .is_some_and(|s| s.cursors.contains_key(&conversation));
        if known {
            Ok(())
        } else {
            Err(Refusal::conversation_not_found())
        }
    }

    fn poster(&self, id: SessionId) -> Result<Poster, Refusal> {
        match self.sessions.get(&id).map(|session| &session.who) {
            Some(Who::Customer(visitor, _)) => Ok(Poster::Customer {
                key: visitor.key,
                page: visitor.page.clone(),
                language: visitor.language.clone(),
                user_agent: visitor.user_agent.clone(),
                channel: visitor.channel,
            }),
            Some(Who::Agent(_, Some(me))) => Ok(Poster::Agent(AgentRef {
                id: me.id,
                name: me.name.clone(),
            })),
            _ => Err(Refusal::overloaded()),
        }
    }

    fn ticket(&mut self, session: SessionId, reference: Option<String>) -> Ticket {
        self.next_ticket += 1;
        let ticket = Ticket(self.next_ticket);
        let deadline_ms = self.now_ms + self.settings.answer_within_ms;
        self.pending.insert(
            ticket,
            Pending {
                session,
                reference,
                deadline_ms,
            },
        );
        ticket
    }

    // What the store answers.

    fn written(&mut self, result: Written, answers: &mut Effects, out: &mut Effects) {
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

    fn acted(&mut self, acted: Acted, answers: &mut Effects, out: &mut Effects) {
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
    fn hear(&mut self, conversation: &Conversation, owner: Option<CustomerKey>, out: &mut Effects) {
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
    fn tell(&self, conversation: &Conversation, to: Vec<SessionId>, out: &mut Effects) {
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

    // Catching up.

    /// The session is to get the page after what it has, as soon as no other is under way.
    fn catch_up(&mut self, id: SessionId, conversation: ConversationId, out: &mut Effects) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let Some(cursor) = session.cursors.get_mut(&conversation) else {
            return;
        };
        cursor.ask();
        session.waiting.push_back(conversation);
        self.load_next(id, out);
    }

    fn load_next(&mut self, id: SessionId, out: &mut Effects) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.loading.is_none() {
            session.loading = session.waiting.pop_front();
            self.load(id, out);
        }
    }

    /// Asks for the page that is to be under way.
    fn load(&mut self, id: SessionId, out: &mut Effects) {
        let limit = self.settings.limits.history_page;
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let Some(conversation) = session.loading else {
            return;
        };
        let Some(cursor) = session.cursors.get_mut(&conversation) else {
            return;
        };
        cursor.ask();
        let page = PageAsked::After(cursor.sent());
        out.push(Effect::Load {
            session: id,
            viewer: session.viewer(),
            reference: None,
            conversation,
            page,
            limit,
        });
    }

    fn page_loaded(
        &mut self,
        id: SessionId,
        conversation: ConversationId,
        outcome: Result<Option<MessagePage>, Refusal>,
        out: &mut Effects,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let was_resuming = session.is_resuming();
        let Some(cursor) = session.cursors.get_mut(&conversation) else {
            return;
        };
        match outcome {
            Err(_) => return self.retries.push(id),
            // The conversation is gone.
            Ok(None) => {
                session.cursors.remove(&conversation);
            }
            Ok(Some(page)) => {
                let fresh = page.messages.iter().filter(|m| cursor.take(m.seq));
                let frames = fresh.map(|m| ServerFrame::Posted(m.into())).collect();
                if !cursor.page_taken(page.more) {
                    cursor.resuming = false;
                }
                out.push(Effect::Page {
                    session: id,
                    conversation,
                    frames,
                });
            }
        }
        let gone = !session.cursors.contains_key(&conversation);
        let viewer = session.viewer();
        if was_resuming && !session.is_resuming() {
            out.push(send(id, ServerFrame::Resumed));
        }
        if gone {
            if let Viewer::Customer(key) = viewer {
                self.forget_owner(key, conversation);
            }
            self.page_written(id, conversation, out);
        }
    }

    /// The socket has taken the page: the next of the same conversation, or of another.
    fn page_written(&mut self, id: SessionId, conversation: ConversationId, out: &mut Effects) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.loading != Some(conversation) {
            return;
        }
        let cursor = session.cursors.get(&conversation);
        if cursor.is_some_and(Cursor::is_asking) {
            self.load(id, out);
        } else {
            session.loading = None;
            self.load_next(id, out);
        }
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

    // Who gets what.

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

fn history(
    to: SessionId,
    reference: String,
    conversation: ConversationId,
    outcome: Result<Option<MessagePage>, Refusal>,
) -> Effect {
    let page = outcome.and_then(|page| page.ok_or_else(Refusal::conversation_not_found));
    let frame = match page {
        Err(refusal) => ServerFrame::error(Some(reference), refusal),
        Ok(page) => ServerFrame::History(HistoryView {
            reference,
            conversation,
            messages: page.messages.iter().map(MessageView::from).collect(),
            more: page.more,
        }),
    };
    send(to, frame)
}

fn send(to: SessionId, frame: ServerFrame) -> Effect {
    Effect::Send {
        to: vec![to],
        frame,
    }
}
