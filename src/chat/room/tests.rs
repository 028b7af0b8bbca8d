//! The room's rules, without a runtime: a world in which the store is a list, every answer of it may
//! be late, and a seeded die decides what happens next.

mod business;
mod identity;
mod random;
mod tags;

use std::collections::VecDeque;

use super::*;
use crate::{
    chat::command::{Found, Recognised},
    domain::{
        Action, Actor, AgentId, AgentRef, Author, Candidate, Change, Channel, ClientId, Event,
        EventName, Kind, Listed, Message, Role, State, Status, Tag, TextLimits, choose, decide,
        now,
    },
    protocol::{LimitsView, PageAsked, Request},
    store::{
        Act, Acted, CustomerJoin, Dispatch, MessagePage, Post, Posted, Poster, Write, Written,
    },
};

const AGENT: SessionKey = SessionKey([7; 32]);

struct World {
    room: Room,
    /// Conversation 1 is the first, with its owner (in a shared room nobody) and its messages.
    stored: Vec<(CustomerKey, Vec<Message>)>,
    /// Customers of whom there is a trace.
    customers: BTreeSet<CustomerKey>,
    /// Tokens of identified customers, and of those who became one.
    tokens: BTreeMap<CustomerKey, Holder>,
    /// Those of them that have ended, of which the room has not heard.
    ended: Vec<CustomerKey>,
    /// Handed to the writer, not committed yet.
    writes: VecDeque<Write>,
    /// Committed, not reported yet.
    reports: VecDeque<Written>,
    /// What every conversation is tagged with.
    tags: Vec<Tag>,
    /// Asked of the store.
    asked: Vec<Effect>,
    /// Asked of it about who is there.
    presence: Vec<Effect>,
    /// Read from the database, not delivered yet.
    answers: Vec<Command>,
    received: BTreeMap<SessionId, Vec<ServerFrame>>,
    closed: BTreeMap<SessionId, Close>,
}

/// Whose a token is, by the key under which the program knows them.
#[derive(Clone, Copy)]
enum Holder {
    Live(CustomerKey),
    Ended(CustomerKey),
    /// It was of somebody anonymous, who has been identified.
    Merged(CustomerKey),
}

impl World {
    fn new() -> Self {
        Self::of(RoomKind::Private)
    }

    fn of(kind: RoomKind) -> Self {
        let settings = RoomSettings {
            kind,
            after_close: crate::domain::AfterClose::Reopen,
            text: TextLimits {
                chars: 100,
                bytes: 400,
            },
            limits: LimitsView {
                text_chars: 100,
                text_bytes: 400,
                frame_bytes: 65_536,
                history_page: 3,
                resume_conversations: 10,
                frames_per_second: 0,
                files: None,
            },
            heartbeat_s: 25,
            answer_within_ms: 1_000,
        };
        Self {
            room: Room::new(settings),
            stored: match kind {
                RoomKind::Private => Vec::new(),
                RoomKind::Shared => vec![(CustomerKey([0; 32]), Vec::new())],
            },
            customers: BTreeSet::new(),
            tokens: BTreeMap::new(),
            ended: Vec::new(),
            writes: VecDeque::new(),
            reports: VecDeque::new(),
            tags: Vec::new(),
            asked: Vec::new(),
            presence: Vec::new(),
            answers: Vec::new(),
            received: BTreeMap::new(),
            closed: BTreeMap::new(),
        }
    }

    fn apply(&mut self, command: Command) {
        for effect in self.room.apply(command) {
            match effect {
                Effect::Send { to, frames } => {
                    for session in to {
                        let received = self.received.entry(session).or_default();
                        received.extend(frames.iter().cloned());
                    }
                }
                Effect::Page {
                    session,
                    conversation,
                    frames,
                } => {
                    self.received.entry(session).or_default().extend(frames);
                    self.answers.push(Command::PageWritten {
                        session,
                        conversation,
                    });
                }
                Effect::Close { session, close } => {
                    self.closed.insert(session, close);
                }
                Effect::Submit(write) => self.writes.push_back(write),
                // Answered by whoever looks at presence.
                effect @ (Effect::KeepPresence(_) | Effect::SetAway { .. }) => {
                    self.presence.push(effect);
                }
                effect @ (Effect::LookUp { .. }
                | Effect::Load { .. }
                | Effect::LoadQueue
                | Effect::LoadTags(_)) => {
                    self.asked.push(effect);
                }
            }
        }
    }

    fn hello(&mut self, session: u64, entrant: Entrant, resume: &[(i64, i64)]) {
        let resume = resume
            .iter()
            .map(|(id, seq)| (ConversationId(*id), Seq(*seq)))
            .collect();
        self.apply(Command::Hello {
            session: SessionId(session),
            entrant,
            resume,
            now: now(),
        });
    }

    fn ask(&mut self, session: u64, request: Request) {
        self.apply(Command::Request {
            session: SessionId(session),
            request,
        });
    }

    fn post(&mut self, session: u64, conversation: Option<i64>, client_id: &str) {
        self.post_as(Kind::Text, session, conversation, client_id);
    }

    fn post_as(&mut self, kind: Kind, session: u64, conversation: Option<i64>, client_id: &str) {
        let request = Request::Post {
            reference: client_id.to_owned(),
            conversation: conversation.map(ConversationId),
            client_id: ClientId::parse(client_id).unwrap(),
            kind,
            text: "x".to_owned(),
            file: None,
        };
        self.ask(session, request);
    }

    fn act(&mut self, session: u64, conversation: i64, action: Action) {
        let request = Request::Act {
            reference: "act".to_owned(),
            conversation: ConversationId(conversation),
            action,
        };
        self.ask(session, request);
    }

    /// The writer commits the oldest write.
    fn commit(&mut self) {
        let report = match self.writes.pop_front() {
            Some(Write::Post(post)) if !self.may_write(&post) => Written::Refused {
                ticket: post.ticket,
                refusal: Refusal::conversation_not_found(),
            },
            Some(Write::Post(post)) => Written::Posted(self.commit_post(post)),
            Some(Write::Act(act)) => self.commit_act(&act),
            Some(Write::MarkRead(mark)) => Written::Read {
                ticket: mark.ticket,
                conversation: mark.conversation,
                owner: self.owner(index_of(mark.conversation)),
                side: match mark.by {
                    Poster::Customer { .. } => Side::Customer,
                    Poster::Agent(_) => Side::Agent,
                },
                seq: mark.seq,
                moved: true,
            },
            Some(Write::Dispatch(dispatch)) => self.commit_dispatch(&dispatch),
            None => return,
        };
        self.reports.push_back(report);
    }

    fn is_shared(&self) -> bool {
        self.room.settings.kind == RoomKind::Shared
    }

    fn owner(&self, index: usize) -> Option<CustomerKey> {
        (!self.is_shared()).then(|| self.stored[index].0)
    }

    /// Whether a conversation is for a customer.
    fn is_for(&self, key: CustomerKey, index: usize) -> bool {
        let owner = self.stored.get(index).map(|(owner, _)| *owner);
        owner.is_some_and(|owner| self.is_shared() || owner == key)
    }

    /// What is there for a customer.
    fn own(&self, key: CustomerKey) -> Vec<usize> {
        let all = 0..self.stored.len();
        all.filter(|index| self.is_for(key, *index)).collect()
    }

    /// Who writes: what somebody sends who has been identified meanwhile, is the identified customer's.
    fn writer(&self, key: CustomerKey) -> CustomerKey {
        match self.tokens.get(&key) {
            Some(Holder::Merged(into)) => *into,
            _ => key,
        }
    }

    /// A customer writes to what is for them only.
    fn may_write(&self, post: &Post) -> bool {
        match (&post.from, post.conversation) {
            (Poster::Customer { key, .. }, Some(id)) => {
                self.is_for(self.writer(*key), index_of(id))
            }
            _ => true,
        }
    }

    /// The host site says who holds a token: what is theirs by it is the customer's, whose new token is `new`.
    /// `false` where the token is the customer's already.
    fn identify(&mut self, token: CustomerKey, into: CustomerKey, new: CustomerKey) -> bool {
        match self.tokens.get(&token) {
            Some(Holder::Live(of)) if *of == into => return false,
            Some(Holder::Live(_)) => self.end_token(token),
            Some(Holder::Ended(_) | Holder::Merged(_)) => {}
            None => {
                self.tokens.insert(token, Holder::Merged(into));
                self.ended.push(token);
                self.customers.remove(&token);
                for (owner, _) in &mut self.stored {
                    if *owner == token {
                        *owner = into;
                    }
                }
            }
        }
        self.customers.insert(into);
        self.tokens.insert(new, Holder::Live(into));
        // One of them at most is open; the older ones end.
        let mut older = if self.is_shared() {
            Vec::new()
        } else {
            self.own(into)
        };
        older.pop();
        for index in older {
            let State { status, agent } = self.state(index);
            if status != Status::Closed {
                let state = State {
                    status: Status::Closed,
                    agent,
                };
                let change = Change {
                    state,
                    event: EventName::Closed,
                    about: agent,
                };
                self.store_event(index, Author::System, change);
            }
        }
        true
    }

    /// A token of an identified customer opens nothing any more.
    fn end_token(&mut self, token: CustomerKey) {
        if let Some(Holder::Live(of)) = self.tokens.get(&token) {
            self.tokens.insert(token, Holder::Ended(*of));
            self.ended.push(token);
        }
    }

    /// The database says which tokens have ended; the room does not hear it yet. It asks long after the writer has
    /// reported what was committed before.
    fn read_ended(&mut self) {
        if !self.reports.is_empty() {
            return;
        }
        let ended = std::mem::take(&mut self.ended).into_iter();
        let ended = ended.filter_map(|token| {
            let (owner, merged) = match self.tokens[&token] {
                Holder::Live(_) => return None,
                Holder::Ended(owner) => (owner, false),
                Holder::Merged(owner) => (owner, true),
            };
            let own = if merged { self.own(owner) } else { Vec::new() };
            Some(Recognised {
                token,
                owner,
                merged,
                conversations: own.into_iter().map(|index| self.listed(index)).collect(),
            })
        });
        let ended = Command::TokensEnded(ended.collect());
        self.apply(Command::TokensAsked);
        self.answers.push(ended);
    }

    /// What the store finds for a customer who comes in.
    fn join_customer(&self, key: CustomerKey) -> Result<CustomerJoin, Refusal> {
        let known_as = match self.tokens.get(&key) {
            None => key,
            Some(Holder::Live(of)) => *of,
            Some(Holder::Ended(_) | Holder::Merged(_)) => return Err(Refusal::token_ended()),
        };
        let own = self.own(known_as).into_iter();
        Ok(CustomerJoin {
            key: Some(known_as),
            customer: (self.customers.get(&known_as)).map(|key| customer(*key)),
            conversations: own.map(|index| self.listed(index)).collect(),
        })
    }

    /// Hands out what waits, to the agents 1 to 3.
    fn commit_dispatch(&mut self, dispatch: &Dispatch) -> Written {
        let Dispatch { ticket, rules, .. } = *dispatch;
        let mut changes = Vec::new();
        for index in 0..self.stored.len() {
            let candidates = [1, 2, 3].map(|id| Candidate {
                agent: AgentId(id),
                open: self.open_of(AgentId(id)),
                capacity: rules.capacity,
                last_turn: None,
            });
            let chosen = choose(rules.mode, &candidates, None);
            let change = chosen.and_then(|agent| Change::by_assignment(self.state(index), agent));
            let (Some(agent), Some(change)) = (chosen, change) else {
                continue;
            };
            let event = self.store_event(index, Author::System, change);
            assert!(self.open_of(agent) <= rules.capacity, "{agent} has no room");
            changes.push(Acted {
                ticket,
                event: Some(event),
                owner: self.owner(index),
                conversation: self.conversation(index),
            });
        }
        Written::Dispatched { ticket, changes }
    }

    /// How many open conversations an agent has.
    fn open_of(&self, agent: AgentId) -> u32 {
        let theirs = State {
            status: Status::Open,
            agent: Some(agent),
        };
        let open = (0..self.stored.len()).filter(|index| self.state(*index) == theirs);
        u32::try_from(open.count()).unwrap()
    }

    fn commit_post(&mut self, post: Post) -> Posted {
        let is_same = |m: &&Message| m.client_id.as_ref() == Some(&post.client_id);
        let (index, author) = match &post.from {
            Poster::Customer { key, .. } => {
                let key = self.writer(*key);
                self.customers.insert(key);
                let own = self.own(key);
                let retry = || {
                    let mut own = own.iter();
                    own.find(|index| self.stored[**index].1.iter().any(|m| is_same(&m)))
                };
                let named = post.conversation.map(index_of);
                let index = named.or_else(|| retry().or(own.last()).copied());
                let index = index.unwrap_or_else(|| {
                    self.stored.push((key, Vec::new()));
                    self.stored.len() - 1
                });
                let CustomerRef { id, name, .. } = customer(key);
                (index, Author::Customer { id, name })
            }
            Poster::Agent(agent) => {
                let shared = self.is_shared().then_some(0);
                let index = post.conversation.map(index_of).or(shared);
                (index.unwrap(), by_agent(agent))
            }
        };
        let earlier = self.stored[index].1.iter().find(is_same).cloned();
        let duplicate = earlier.is_some();
        let (message, event) = if let Some(message) = earlier {
            (message, None)
        } else {
            let change = match (&post.from, post.kind) {
                (Poster::Agent(agent), Kind::Text) => {
                    Change::by_answer(self.state(index), agent.id)
                }
                (Poster::Customer { .. }, _) => Change::by_customer(self.state(index)),
                _ => None,
            };
            let event = change.map(|change| self.store_event(index, author.clone(), change));
            let message = self.store(index, author, post.kind, None, Some(post.client_id));
            (message, event)
        };
        Posted {
            ticket: post.ticket,
            duplicate,
            owner: self.owner(index),
            conversation: self.conversation(index),
            status_changed: !duplicate && (message.seq == Seq(1) || event.is_some()),
            event,
            message,
        }
    }

    fn commit_act(&mut self, act: &Act) -> Written {
        let Poster::Agent(agent) = &act.by else {
            panic!("only agents act")
        };
        let ticket = act.ticket;
        let index = index_of(act.conversation);
        let actor = Actor {
            id: agent.id,
            role: act.role,
        };
        let change = match decide(self.state(index), actor, act.action) {
            Ok(change) => change,
            Err(refusal) => return Written::Refused { ticket, refusal },
        };
        let event = change.map(|change| self.store_event(index, by_agent(agent), change));
        Written::Acted(Acted {
            ticket,
            event,
            owner: self.owner(index),
            conversation: self.conversation(index),
        })
    }

    fn store_event(&mut self, index: usize, author: Author, change: Change) -> Message {
        let agent = change.about.map(|id| AgentRef {
            id,
            name: format!("agent {id}"),
        });
        let event = Event {
            name: change.event,
            agent,
        };
        let stored = self.store(index, author, Kind::Event, Some(event), None);
        assert_eq!(self.state(index), change.state, "events tell all of it");
        stored
    }

    fn store(
        &mut self,
        index: usize,
        author: Author,
        kind: Kind,
        event: Option<Event>,
        client_id: Option<ClientId>,
    ) -> Message {
        let messages = &mut self.stored[index].1;
        let message = Message {
            conversation: conversation_id(index),
            seq: Seq(i64::try_from(messages.len()).unwrap() + 1),
            client_id,
            kind,
            event,
            file: None,
            author,
            text: "x".to_owned(),
            sent_at: now(),
        };
        messages.push(message.clone());
        message
    }

    /// What the events have made of a conversation.
    fn state(&self, index: usize) -> State {
        let events = self.stored[index].1.iter();
        let Some(Event { name, agent }) = events.rev().find_map(|m| m.event.as_ref()) else {
            let status = if self.is_shared() {
                Status::Open
            } else {
                Status::Waiting
            };
            return State {
                status,
                agent: None,
            };
        };
        let agent = agent.as_ref().map(|agent| agent.id);
        let (status, agent) = match name {
            EventName::Closed => (Status::Closed, agent),
            EventName::Released | EventName::Returned => (Status::Waiting, None),
            EventName::Reopened if agent.is_none() => (Status::Waiting, None),
            _ => (Status::Open, agent),
        };
        State { status, agent }
    }

    /// The writer commits, but the connection breaks before it hears so: nothing is reported.
    fn commit_unheard(&mut self) {
        self.commit();
        self.reports.pop_back();
    }

    /// The writer reports all that it has committed since it did last, as one batch.
    fn report(&mut self) {
        let reports = self.reports.drain(..).collect();
        self.apply(Command::Written(reports));
    }

    /// The database answers question `index`; the answer is not delivered yet.
    fn read(&mut self, index: usize) {
        let answer = match self.asked.remove(index) {
            Effect::LookUp {
                session, entrant, ..
            } => {
                let outcome = match entrant {
                    Entrant::Customer(visitor) => {
                        self.join_customer(visitor.key).map(Found::Customer)
                    }
                    Entrant::Agent(key) => {
                        let all = (0..self.stored.len())
                            .map(|index| self.listed(index))
                            .collect();
                        Ok(Found::Agent(who_has(key), all, vec![]))
                    }
                };
                Command::Found {
                    session,
                    outcome,
                    now: now(),
                }
            }
            Effect::LoadTags(conversation) => Command::TagsLoaded {
                conversation,
                outcome: Ok(self.tags.clone()),
            },
            Effect::LoadQueue => {
                let waits = |index: &usize| self.state(*index).status == Status::Waiting;
                let queue = (0..self.stored.len()).filter(waits).map(conversation_id);
                Command::QueueLoaded(Ok(queue.collect()))
            }
            Effect::Load {
                session,
                viewer,
                reference,
                conversation,
                page,
                limit,
            } => {
                let outcome = Ok(self.page(viewer, conversation, page, limit));
                match reference {
                    Some(reference) => Command::HistoryLoaded {
                        session,
                        reference,
                        conversation,
                        outcome,
                    },
                    None => Command::PageLoaded {
                        session,
                        conversation,
                        outcome,
                    },
                }
            }
            other => panic!("{other:?}"),
        };
        self.answers.push(answer);
    }

    /// A page of what a viewer may see of a conversation; `None` where it is not theirs.
    fn page(
        &self,
        viewer: Viewer,
        conversation: ConversationId,
        page: PageAsked,
        limit: usize,
    ) -> Option<MessagePage> {
        let index = index_of(conversation);
        let (_, messages) = self.stored.get(index)?;
        let side = match viewer {
            Viewer::Customer(key) if !self.is_for(key, index) => return None,
            Viewer::Customer(_) => Side::Customer,
            Viewer::Agent => Side::Agent,
        };
        let mut asked: Vec<_> = (messages.iter())
            .filter(|m| m.kind.is_for(side))
            .filter(|m| match page {
                PageAsked::Newest => true,
                PageAsked::Before(seq) => m.seq < seq,
                PageAsked::After(seq) => m.seq > seq,
            })
            .cloned()
            .collect();
        let more = asked.len() > limit;
        match page {
            PageAsked::After(_) => asked.truncate(limit),
            _ => drop(asked.drain(..asked.len().saturating_sub(limit))),
        }
        Some(MessagePage {
            messages: asked,
            more,
        })
    }

    fn settle(&mut self) {
        loop {
            if !self.asked.is_empty() {
                self.read(0);
            } else if !self.answers.is_empty() {
                let answer = self.answers.remove(0);
                self.apply(answer);
            } else if !self.writes.is_empty() {
                self.commit();
            } else if !self.reports.is_empty() {
                self.report();
            } else if !self.ended.is_empty() {
                self.read_ended();
            } else {
                return;
            }
        }
    }

    fn conversation(&self, index: usize) -> Conversation {
        let messages = &self.stored[index].1;
        let State { status, agent } = self.state(index);
        Conversation {
            id: conversation_id(index),
            status,
            last_seq: messages.last().map_or(Seq::ZERO, |m| m.seq),
            customer: self.owner(index).map(customer),
            agent: agent.map(|id| AgentRef {
                id,
                name: format!("agent {id}"),
            }),
            read: crate::domain::ReadMarks::default(),
            unread: crate::domain::Unread::default(),
            waiting_since: None,
            created_at: now(),
            last_message_at: now(),
        }
    }

    fn listed(&self, index: usize) -> Listed {
        Listed {
            conversation: self.conversation(index),
            last_message: None,
            tags: Vec::new(),
        }
    }

    /// What a session was told of a conversation by `welcome`, and the messages it was sent.
    fn seen(&self, session: u64, conversation: i64) -> (Option<i64>, Vec<i64>) {
        let id = ConversationId(conversation);
        let frames = self
            .received
            .get(&SessionId(session))
            .map(Vec::as_slice)
            .unwrap_or_default();
        let told = frames.iter().find_map(|frame| match frame {
            ServerFrame::Welcome(welcome) => welcome
                .conversations
                .iter()
                .find(|one| one.id == id)
                .map(|one| one.last_seq.0),
            _ => None,
        });
        let messages = frames.iter().filter_map(|frame| match frame {
            ServerFrame::Posted(message) if message.conversation == id => Some(message.seq.0),
            _ => None,
        });
        (told, messages.collect())
    }

    fn codes(&self, session: u64) -> Vec<String> {
        let frames = self.received.get(&SessionId(session)).into_iter().flatten();
        let errors = frames.filter_map(|frame| match frame {
            ServerFrame::Error(error) => Some(error.code.clone()),
            _ => None,
        });
        errors.collect()
    }
}

fn by_agent(agent: &AgentRef) -> Author {
    Author::Agent {
        id: agent.id,
        name: agent.name.clone(),
    }
}

fn conversation_id(index: usize) -> ConversationId {
    ConversationId(i64::try_from(index).unwrap() + 1)
}

/// Beyond all that is stored for what is no conversation.
fn index_of(id: ConversationId) -> usize {
    usize::try_from(id.0 - 1).unwrap_or(usize::MAX)
}

fn customer(key: CustomerKey) -> CustomerRef {
    CustomerRef {
        id: CustomerId(key.0[0].into()),
        name: None,
        page: None,
        language: None,
    }
}

fn visitor(n: u8) -> Entrant {
    with_token(n, CustomerKey([n; 32]))
}

fn with_token(n: u8, token: CustomerKey) -> Entrant {
    Entrant::Customer(Visitor {
        key: token,
        token,
        address: Some(std::net::IpAddr::from([203, 0, 113, n])),
        page: None,
        language: None,
        user_agent: None,
        channel: Channel::Web,
    })
}

/// Whose login it is: [`AGENT`] is agent 1, the next key agent 2.
fn who_has(key: SessionKey) -> Me {
    let id = AgentId(i64::from(key.0[0] - AGENT.0[0] + 1));
    Me {
        id,
        name: format!("agent {id}"),
        role: Role::Agent,
    }
}

#[test]
fn a_message_is_shown_only_once_it_is_committed() {
    let mut world = World::new();
    world.hello(1, visitor(1), &[]);
    world.hello(2, Entrant::Agent(AGENT), &[]);
    world.settle();
    world.post(1, None, "a");
    assert_eq!(world.seen(1, 1).1, [] as [i64; 0]);
    assert_eq!(world.seen(2, 1).1, [] as [i64; 0]);
    world.commit();
    world.report();
    assert_eq!((world.seen(1, 1).1, world.seen(2, 1).1), (vec![1], vec![1]));
}

#[test]
fn a_customer_gets_nothing_of_another_conversation() {
    let mut world = World::new();
    for session in [1, 2] {
        world.hello(session, visitor(u8::try_from(session).unwrap()), &[]);
    }
    world.hello(3, Entrant::Agent(AGENT), &[]);
    world.settle();
    world.post(1, None, "a");
    world.settle();
    let before = world.received[&SessionId(2)].len();
    let stranger = |request| Command::Request {
        session: SessionId(2),
        request,
    };
    let conversation = ConversationId(1);
    world.post(3, Some(1), "b");
    world.apply(Command::Request {
        session: SessionId(3),
        request: Request::Typing {
            conversation,
            on: true,
        },
    });
    world.settle();
    assert_eq!(world.received[&SessionId(2)].len(), before);
    world.apply(stranger(Request::Typing {
        conversation,
        on: true,
    }));
    world.apply(stranger(Request::Read {
        conversation,
        seq: Seq(1),
    }));
    assert_eq!(
        world.codes(2),
        ["conversation_not_found", "conversation_not_found"]
    );
    assert!(world.writes.is_empty());
}

#[test]
fn nothing_is_done_for_an_agent_before_the_login_is_looked_up() {
    let mut world = World::new();
    world.hello(1, Entrant::Agent(AGENT), &[]);
    let request = Request::History {
        reference: "1".to_owned(),
        conversation: ConversationId(1),
        page: PageAsked::Newest,
        limit: 50,
    };
    world.apply(Command::Request {
        session: SessionId(1),
        request,
    });
    assert_eq!(world.codes(1), ["hello_expected"]);
    assert_eq!(world.asked.len(), 1, "only the look-up itself");
    world.apply(Command::Found {
        session: SessionId(1),
        outcome: Err(Refusal::not_signed_in()),
        now: now(),
    });
    assert_eq!(world.closed[&SessionId(1)], Close::SignedOut);
}

#[test]
fn a_write_without_an_answer_is_refused_in_time_and_still_shown_later() {
    let mut world = World::new();
    world.hello(1, visitor(1), &[]);
    world.settle();
    world.post(1, None, "a");
    world.apply(Command::Tick { now_ms: 999 });
    assert!(world.codes(1).is_empty());
    world.apply(Command::Tick { now_ms: 1_000 });
    assert_eq!(world.codes(1), ["unavailable"]);
    world.settle();
    assert_eq!(world.seen(1, 1).1, [1]);
}

#[test]
fn a_commit_whose_answer_was_lost_reaches_everybody_with_the_retry() {
    let mut world = World::new();
    world.hello(1, visitor(1), &[]);
    world.hello(2, Entrant::Agent(AGENT), &[]);
    world.settle();
    world.post(1, None, "a");
    world.commit_unheard();
    world.post(1, None, "a");
    world.settle();
    assert_eq!((world.seen(1, 1).1, world.seen(2, 1).1), (vec![1], vec![1]));
    world.post(1, None, "a");
    world.settle();
    assert_eq!(
        (world.seen(1, 1).1, world.seen(2, 1).1),
        (vec![1], vec![1]),
        "and only once"
    );
}

#[test]
fn the_other_tab_of_a_stranger_joins_the_first_conversation() {
    let mut world = World::new();
    world.hello(1, visitor(1), &[]);
    world.hello(2, visitor(1), &[]);
    world.settle();
    world.post(1, None, "a");
    world.settle();
    let frames = &world.received[&SessionId(2)];
    let tail: Vec<_> = frames.iter().skip(2).collect();
    assert!(
        matches!(
            tail[..],
            [
                ServerFrame::ConversationChanged { .. },
                ServerFrame::Posted(_)
            ]
        ),
        "{tail:?}"
    );
}

#[test]
fn typing_reaches_the_others_and_not_the_typist() {
    let mut world = World::new();
    world.hello(1, visitor(1), &[]);
    world.hello(2, visitor(1), &[]);
    world.hello(3, Entrant::Agent(AGENT), &[]);
    world.settle();
    world.post(1, None, "a");
    world.settle();
    let request = Request::Typing {
        conversation: ConversationId(1),
        on: true,
    };
    world.apply(Command::Request {
        session: SessionId(1),
        request,
    });
    let typing = |session| {
        let frames: &Vec<ServerFrame> = &world.received[&SessionId(session)];
        frames
            .iter()
            .filter(|frame| matches!(frame, ServerFrame::Typing { .. }))
            .count()
    };
    assert_eq!((typing(1), typing(2), typing(3)), (0, 0, 1));
}

#[test]
fn a_room_that_everybody_left_holds_nothing() {
    let mut world = World::new();
    for session in 0..20 {
        world.hello(session, visitor(u8::try_from(session / 2).unwrap()), &[]);
    }
    world.hello(20, Entrant::Agent(AGENT), &[]);
    world.settle();
    for session in 0..20 {
        world.post(session, None, &format!("m{session}"));
    }
    world.settle();
    for session in 0..=20 {
        world.apply(Command::Left(SessionId(session)));
    }
    let room = &world.room;
    assert!(room.sessions.is_empty() && room.agents.is_empty() && room.customers.is_empty());
    assert!(room.owners.is_empty() && room.online.is_empty() && room.pending.is_empty());
}

#[test]
fn what_became_of_a_conversation_while_somebody_was_looked_up_is_told_after_their_welcome() {
    let mut world = a_conversation_and_two_agents();
    world.hello(4, Entrant::Agent(AGENT), &[]);
    world.read(0);
    world.act(2, 1, Action::Take);
    world.commit();
    world.report();
    world.settle();
    let frames = world.received[&SessionId(4)].iter();
    let told = frames.filter_map(|frame| match frame {
        ServerFrame::Welcome(welcome) => Some(welcome.conversations[0].status),
        ServerFrame::ConversationChanged { conversation } => Some(conversation.status),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), [Status::Waiting, Status::Open]);
    assert_eq!(world.seen(4, 1).1, [2]);
}

#[test]
fn a_tab_that_leaves_before_its_welcome_leaves_nothing_behind_of_the_one_before() {
    let mut world = World::new();
    world.hello(1, visitor(1), &[]);
    world.settle();
    world.post(1, None, "a");
    world.settle();
    world.hello(2, visitor(1), &[]);
    world.apply(Command::Left(SessionId(1)));
    world.apply(Command::Left(SessionId(2)));
    assert!(world.room.owners.is_empty());
}

/// xorshift64: the same walk for the same seed, everywhere.
struct Die(u64);

impl Die {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides).unwrap()).unwrap()
    }
}

#[test]
fn every_session_gets_every_message_once_and_in_order_however_the_answers_are_timed() {
    for seed in 1..=3_000 {
        walk(seed);
    }
}

/// A session's number, the customer's (or an agent), and what it resumed from.
type Walker = (u64, Option<u8>, Vec<(i64, i64)>);

/// Two hundred random steps; then everything settles and every session's log is checked.
fn walk(seed: u64) {
    let mut die = Die(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut world = World::new();
    let mut sessions: Vec<Walker> = Vec::new();
    let mut everyone = Vec::new();
    let mut key = 0;
    // Only in every other walk, so that the others show that nothing waits for a later message.
    let breaks = seed.is_multiple_of(2);
    for step in 0..200 {
        match die.roll(9) {
            0 if sessions.len() < 6 => {
                // Somebody comes, perhaps with some of what there is.
                let who = [None, Some(1), Some(2)][die.roll(3)];
                let mut resume = Vec::new();
                for (index, (owner, messages)) in world.stored.iter().enumerate() {
                    let may = who.is_none_or(|n| CustomerKey([n; 32]) == *owner);
                    if may && die.roll(2) == 0 {
                        let held = die.roll(messages.len() + 1);
                        resume.push((conversation_id(index).0, i64::try_from(held).unwrap()));
                    }
                }
                world.hello(step, who.map_or(Entrant::Agent(AGENT), visitor), &resume);
                sessions.push((step, who, resume.clone()));
            }
            1 if !sessions.is_empty() => {
                let gone = sessions.swap_remove(die.roll(sessions.len()));
                world.apply(Command::Left(SessionId(gone.0)));
                everyone.push((gone, false));
            }
            2 | 3 if !sessions.is_empty() => {
                let (session, who, _) = &sessions[die.roll(sessions.len())];
                key += 1;
                let conversation = match who {
                    Some(_) => None,
                    None if world.stored.is_empty() => continue,
                    None => Some(i64::try_from(die.roll(world.stored.len())).unwrap() + 1),
                };
                // Now and then an old message is tried again.
                let key = if die.roll(4) == 0 { die.roll(key) } else { key };
                let (session, client_id) = (*session, format!("{}-{key}", who.unwrap_or(0)));
                match (who, conversation, die.roll(4)) {
                    (None, Some(id), 0) => {
                        world.post_as(Kind::Note, session, Some(id), &client_id);
                    }
                    (None, Some(id), 1) => {
                        let to = [None, Some(AgentId(1)), Some(AgentId(2))][die.roll(3)];
                        let action = match die.roll(5) {
                            0 => Action::Take,
                            1 => Action::Release,
                            2 => Action::Transfer(to),
                            3 => Action::Close,
                            _ => Action::Reopen,
                        };
                        world.act(session, id, action);
                    }
                    _ => world.post(session, conversation, &client_id),
                }
            }
            4 => world.commit(),
            5 if breaks && die.roll(6) == 0 => world.commit_unheard(),
            5 | 6 => world.report(),
            7 if !world.asked.is_empty() => world.read(die.roll(world.asked.len())),
            8 if !world.answers.is_empty() => {
                let answer = world.answers.remove(die.roll(world.answers.len()));
                world.apply(answer);
            }
            _ => {}
        }
    }
    world.settle();
    // One more message everywhere brings up what an unheard commit left behind.
    for index in (0..world.stored.len()).filter(|_| breaks) {
        let owner = world.stored[index].0;
        world.hello(
            1_000 + u64::try_from(index).unwrap(),
            visitor(owner.0[0]),
            &[],
        );
        world.settle();
        world.post(
            1_000 + u64::try_from(index).unwrap(),
            None,
            &format!("last-{index}"),
        );
        world.settle();
    }
    everyone.extend(sessions.into_iter().map(|session| (session, true)));
    for (walker, stayed) in everyone {
        let key = walker.1.map(|n| CustomerKey([n; 32]));
        let may = |index| key.is_none_or(|key| world.is_for(key, index));
        check_log(&world, &walker, may, stayed, seed);
    }
}

/// What one session was told and sent, against what is stored and what it may see.
fn check_log(
    world: &World,
    (session, who, resume): &Walker,
    may: impl Fn(usize) -> bool,
    stayed: bool,
    seed: u64,
) {
    for (index, (_, messages)) in world.stored.iter().enumerate() {
        let id = conversation_id(index).0;
        let (told, got) = world.seen(*session, id);
        let may = may(index);
        assert!(
            may || got.is_empty(),
            "seed {seed}: session {session} heard of {id}"
        );
        if !may {
            continue;
        }
        let side = who.map_or(Side::Agent, |_| Side::Customer);
        let meant: Vec<i64> = (messages.iter())
            .filter(|m| m.kind.is_for(side))
            .map(|m| m.seq.0)
            .collect();
        let held = resume.iter().find(|(of, _)| *of == id).map(|(_, seq)| *seq);
        // A conversation that `welcome` did not tell of began, or became theirs, during the session.
        let begun = || who.map_or_else(|| got.first().map_or(0, |first| first - 1), |_| 0);
        let start = told.map_or_else(begun, |told| held.unwrap_or(told));
        let due: Vec<i64> = meant.into_iter().filter(|seq| *seq > start).collect();
        let got_all = if stayed {
            got == due
        } else {
            due.starts_with(&got)
        };
        assert!(
            got_all,
            "seed {seed}: session {session} in {id} got {got:?} instead of {due:?}"
        );
    }
}

/// A waiting customer (session 1), two agents (2 and 3) who are the same person here.
fn a_conversation_and_two_agents() -> World {
    let mut world = World::new();
    world.hello(1, visitor(1), &[]);
    world.hello(2, Entrant::Agent(AGENT), &[]);
    world.hello(3, Entrant::Agent(AGENT), &[]);
    world.settle();
    world.post(1, None, "a");
    world.settle();
    world
}

#[test]
fn a_note_reaches_the_agents_and_passes_the_customer_by() {
    let mut world = a_conversation_and_two_agents();
    world.post(2, Some(1), "b");
    world.settle();
    let before = world.received[&SessionId(1)].len();
    world.post_as(Kind::Note, 2, Some(1), "note");
    world.settle();
    assert_eq!(world.received[&SessionId(1)].len(), before, "not a frame");
    world.post(2, Some(1), "c");
    world.settle();
    assert_eq!(world.seen(1, 1).1, [1, 2, 3, 5]);
    assert!(world.asked.is_empty(), "nobody had to catch up for it");
    assert_eq!(world.seen(3, 1).1, [1, 2, 3, 4, 5]);
    // Behind by nothing but notes is not behind.
    world.post_as(Kind::Note, 2, Some(1), "note2");
    world.settle();
    world.hello(4, visitor(1), &[(1, 5)]);
    world.settle();
    assert_eq!(world.seen(4, 1).1, [] as [i64; 0]);
    let last = world.received[&SessionId(4)].last();
    assert!(matches!(last, Some(ServerFrame::Resumed)), "{last:?}");
}

#[test]
fn what_one_commit_brings_reaches_each_in_order_as_far_as_it_is_theirs() {
    let mut world = a_conversation_and_two_agents();
    // Of them one comes when the first is committed, and one holds that already; the last is a retry.
    for (kind, client_id) in [
        (Kind::Text, "b"),
        (Kind::Note, "note"),
        (Kind::Text, "c"),
        (Kind::Text, "d"),
        (Kind::Text, "c"),
    ] {
        world.post_as(kind, 2, Some(1), client_id);
        world.commit();
        if client_id == "b" {
            world.hello(4, visitor(1), &[(1, 3)]);
            world.read(0);
            let answer = world.answers.remove(0);
            world.apply(answer);
        }
    }
    world.hello(5, Entrant::Agent(AGENT), &[(1, 5)]);
    let told = world.received[&SessionId(3)].len();
    world.report();
    let news: Vec<_> = (world.received[&SessionId(3)][told..].iter())
        .filter(|frame| !matches!(frame, ServerFrame::ConversationChanged { .. }))
        .collect();
    assert!(
        news.iter()
            .all(|frame| matches!(frame, ServerFrame::Posted(_)))
    );
    world.settle();
    // The first answer takes the conversation, which is the second of all messages.
    assert_eq!(world.seen(1, 1).1, [1, 2, 3, 5, 6]);
    for agent in [2, 3] {
        assert_eq!(world.seen(agent, 1).1, [1, 2, 3, 4, 5, 6]);
    }
    assert_eq!(world.seen(4, 1).1, [5, 6]);
    assert_eq!(world.seen(5, 1).1, [6]);
    let accepted = world.received[&SessionId(2)].iter();
    let accepted = accepted.filter(|frame| matches!(frame, ServerFrame::Accepted { .. }));
    assert_eq!(accepted.count(), 5);
}

#[test]
fn a_customer_neither_writes_notes_nor_acts() {
    let mut world = a_conversation_and_two_agents();
    world.post_as(Kind::Note, 1, None, "note");
    world.act(1, 1, Action::Close);
    assert_eq!(world.codes(1), ["forbidden", "forbidden"]);
    assert!(world.writes.is_empty());
}

#[test]
fn a_first_answer_takes_the_conversation_and_says_so_first() {
    let mut world = a_conversation_and_two_agents();
    world.post(2, Some(1), "b");
    world.settle();
    let frames = &world.received[&SessionId(1)];
    let [.., changed, taken, answer] = frames.as_slice() else {
        panic!("{frames:?}")
    };
    let ServerFrame::ConversationChanged { conversation } = changed else {
        panic!("{changed:?}")
    };
    assert_eq!(conversation.status, Status::Open);
    let (ServerFrame::Posted(taken), ServerFrame::Posted(answer)) = (taken, answer) else {
        panic!("{taken:?} {answer:?}")
    };
    assert_eq!(taken.event.as_ref().unwrap().name, EventName::Taken);
    assert_eq!((taken.seq, answer.seq), (Seq(2), Seq(3)));
}

#[test]
fn what_is_done_is_acknowledged_and_told_once_and_a_retry_kindly_so() {
    let mut world = a_conversation_and_two_agents();
    world.act(2, 1, Action::Take);
    world.settle();
    world.act(2, 1, Action::Take);
    world.settle();
    let done = |world: &World| -> Vec<Option<Seq>> {
        let frames = world.received[&SessionId(2)].iter();
        let done = frames.filter_map(|frame| match frame {
            ServerFrame::Done { seq, .. } => Some(*seq),
            _ => None,
        });
        done.collect()
    };
    assert_eq!(done(&world), [Some(Seq(2)), None]);
    assert_eq!(world.seen(1, 1).1, [1, 2]);
    assert_eq!(world.seen(3, 1).1, [1, 2]);
}

#[test]
fn an_act_whose_answer_was_lost_is_told_to_everybody_with_the_retry() {
    let mut world = a_conversation_and_two_agents();
    world.act(2, 1, Action::Close);
    world.commit_unheard();
    assert_eq!(world.seen(1, 1).1, [1]);
    world.act(2, 1, Action::Close);
    world.settle();
    for session in [1, 2, 3] {
        assert_eq!(world.seen(session, 1).1, [1, 2]);
        let frames = &world.received[&SessionId(session)];
        let closed = frames.iter().any(|frame| {
            matches!(frame, ServerFrame::ConversationChanged { conversation }
                if conversation.status == Status::Closed)
        });
        assert!(closed, "session {session}: {frames:?}");
    }
}

#[test]
fn customers_hear_their_place_when_it_changes_and_not_more_often_than_the_pause() {
    let mut world = World::new();
    for n in 1..=3 {
        world.hello(u64::from(n), visitor(n), &[]);
    }
    world.hello(4, Entrant::Agent(AGENT), &[]);
    world.settle();
    for n in 1..=3 {
        world.post(n, None, "a");
        world.settle();
    }
    let places = |world: &World, session| -> Vec<usize> {
        let frames = world.received[&SessionId(session)].iter();
        let places = frames.filter_map(|frame| match frame {
            ServerFrame::Queue { position, .. } => Some(*position),
            _ => None,
        });
        places.collect()
    };
    world.apply(Command::Tick { now_ms: 1_000 });
    world.settle();
    assert_eq!(places(&world, 3), [3]);
    world.act(4, 1, Action::Take);
    world.settle();
    world.apply(Command::Tick { now_ms: 1_100 });
    assert!(world.asked.is_empty(), "too soon");
    world.apply(Command::Tick { now_ms: 2_000 });
    world.apply(Command::Tick { now_ms: 9_000 });
    assert_eq!(world.asked.len(), 1, "one question at a time");
    world.settle();
    assert_eq!(places(&world, 1), [1]);
    assert_eq!(places(&world, 2), [2, 1]);
    assert_eq!(places(&world, 3), [3, 2]);
    assert_eq!(places(&world, 4), [] as [usize; 0]);
    // Nothing moved: nobody is told anything, and the look is taken rarely.
    world.apply(Command::Tick { now_ms: 6_000 });
    assert!(world.asked.is_empty());
    world.apply(Command::Tick { now_ms: 7_000 });
    world.settle();
    assert_eq!(places(&world, 2), [2, 1]);
    // A tab that comes later is told too.
    world.hello(5, visitor(2), &[]);
    world.settle();
    world.apply(Command::Tick { now_ms: 8_000 });
    world.settle();
    assert_eq!(places(&world, 5), [1]);
}

fn keep_out(world: &mut World, keys: &[u8], networks: &[&str]) {
    let customers: Vec<_> = keys.iter().map(|n| (CustomerKey([*n; 32]), None)).collect();
    let networks = networks
        .iter()
        .map(|it| (it.parse().unwrap(), None))
        .collect();
    let list = std::sync::Arc::new(crate::domain::BlockList::new(customers, networks));
    world.apply(Command::Block { list, now: now() });
}

fn was_told(world: &World, session: u64) -> bool {
    let frames = world.received.get(&SessionId(session));
    frames.is_some_and(|frames| {
        frames
            .iter()
            .any(|frame| matches!(frame, ServerFrame::Error(error) if error.code == "blocked"))
    })
}

#[test]
fn who_is_blocked_is_told_and_out_wherever_they_are_and_nobody_else_is() {
    let mut world = World::new();
    for (session, who) in [(1, 1), (2, 1), (3, 2), (4, 3)] {
        world.hello(session, visitor(who), &[]);
    }
    world.hello(5, Entrant::Agent(AGENT), &[]);
    world.settle();
    // One is still being looked up.
    world.hello(6, visitor(1), &[]);
    keep_out(&mut world, &[1], &["203.0.113.2/32"]);
    for session in [1, 2, 3, 6] {
        assert!(was_told(&world, session), "{session}");
        assert_eq!(world.closed.get(&SessionId(session)), Some(&Close::Blocked));
    }
    for session in [4, 5] {
        assert_eq!(world.closed.get(&SessionId(session)), None);
    }
    // What the store says of them now comes too late to let them in.
    world.settle();
    assert!(
        !world.received[&SessionId(6)]
            .iter()
            .any(|frame| matches!(frame, ServerFrame::Welcome(_)))
    );
    // At the door.
    world.hello(7, visitor(1), &[]);
    world.hello(8, visitor(4), &[]);
    assert_eq!(world.closed.get(&SessionId(7)), Some(&Close::Blocked));
    assert_eq!(world.closed.get(&SessionId(8)), None);
    assert_eq!(world.asked.len(), 1, "a blocked one is not even looked up");
    keep_out(&mut world, &[], &[]);
    world.hello(9, visitor(1), &[]);
    assert_eq!(world.closed.get(&SessionId(9)), None, "lifted");
}
