//! The room as a state machine, private or shared: random commands of three customers and three agents, answers
//! and failures of the store at random times, and what must hold whatever they are. Now and then the host site
//! says that a customer is one of its two, or they log out. After every step:
//! - a customer hears of their own conversations only, and never of a note or a tag;
//! - whoever is gone hears nothing but answers to what they asked before;
//! - what the room holds of its sessions fits together.
//!
//! And when all has settled: every session got each message once and in order ([`check_log`]), everybody was
//! told last what is so, and a room that all have left holds nothing. That a conversation has one agent at
//! most, and that nobody is given more than they have room for, [`World`] sees to.

use std::sync::Arc;

use proptest::{collection::vec, prelude::*, sample::Index};

use super::*;
use crate::{
    domain::{AssignmentMode, Settings},
    protocol::SettingsView,
    random,
    store::{Colleague, Staff},
};

#[derive(Clone, Copy, Debug)]
enum Person {
    Customer(u8),
    Agent(u8),
}

/// Which session, conversation or answer is meant, is drawn among those that are there.
#[derive(Clone, Debug)]
enum Step {
    /// Somebody comes and resumes from what they hold, perhaps also of what is not theirs.
    Come(Person, Index, [bool; 4]),
    Leave(Index),
    /// `id` is of a message that was sent before, now and then.
    Post(Index, Option<Index>, u8, bool),
    Act(Index, Index, Action),
    Typing(Index, i64),
    Read(Index, i64, i64),
    History(Index, i64, PageAsked),
    SetAway(Index, bool),
    SignOut(u8),
    /// The host site says which of its two customers somebody is.
    Identify(u8, u8),
    LogOut(u8),
    /// The database says which tokens have ended.
    LookAtTokens,
    Block(Vec<u8>),
    Assign(AssignmentMode),
    Retag(i64),
    Tick(u64),
    Commit,
    /// The writer fails, and has not stored it.
    Fail,
    /// The writer fails, and has stored it all the same.
    Lose,
    Report,
    /// The database answers a question, or fails.
    Look(Index, bool),
    LookAtPresence(bool),
    Answer(Index),
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<Index>;
    let who = || {
        prop_oneof![
            (1..=3_u8).prop_map(Person::Customer),
            (1..=3_u8).prop_map(Person::Agent)
        ]
    };
    let action = prop_oneof![
        Just(Action::Take),
        Just(Action::Release),
        prop_oneof![Just(None), (1..=3_i64).prop_map(|id| Some(AgentId(id)))]
            .prop_map(Action::Transfer),
        Just(Action::Close),
        Just(Action::Reopen),
    ];
    // Mostly one, in several browsers.
    let account = prop_oneof![4 => Just(4_u8), 1 => Just(5)];
    let page = prop_oneof![
        Just(PageAsked::Newest),
        (0..9_i64).prop_map(|seq| PageAsked::Before(Seq(seq))),
        (0..9_i64).prop_map(|seq| PageAsked::After(Seq(seq))),
    ];
    let mode = prop_oneof![
        Just(AssignmentMode::Off),
        Just(AssignmentMode::RoundRobin),
        Just(AssignmentMode::LeastBusy),
    ];
    prop_oneof![
        4 => (who(), index(), any::<[bool; 4]>()).prop_map(|(who, held, of)| Step::Come(who, held, of)),
        2 => index().prop_map(Step::Leave),
        8 => (index(), proptest::option::of(index()), 0..30_u8, any::<bool>())
            .prop_map(|(by, to, id, note)| Step::Post(by, to, id, note)),
        3 => (index(), index(), action).prop_map(|(by, to, action)| Step::Act(by, to, action)),
        1 => (index(), 0..5_i64).prop_map(|(by, to)| Step::Typing(by, to)),
        1 => (index(), 0..5_i64, 0..9_i64).prop_map(|(by, to, seq)| Step::Read(by, to, seq)),
        1 => (index(), 0..5_i64, page).prop_map(|(by, to, page)| Step::History(by, to, page)),
        1 => (index(), any::<bool>()).prop_map(|(by, away)| Step::SetAway(by, away)),
        1 => (1..=3_u8).prop_map(Step::SignOut),
        4 => (1..=3_u8, account).prop_map(|(n, into)| Step::Identify(n, into)),
        1 => (1..=3_u8).prop_map(Step::LogOut),
        3 => Just(Step::LookAtTokens),
        1 => vec(1..=5_u8, 0..2).prop_map(Step::Block),
        1 => mode.prop_map(Step::Assign),
        1 => (1..4_i64).prop_map(Step::Retag),
        2 => (1..3_000_u64).prop_map(Step::Tick),
        9 => Just(Step::Commit),
        1 => Just(Step::Fail),
        1 => Just(Step::Lose),
        9 => Just(Step::Report),
        8 => (index(), proptest::bool::weighted(0.9)).prop_map(|(which, well)| Step::Look(which, well)),
        2 => proptest::bool::weighted(0.9).prop_map(Step::LookAtPresence),
        8 => index().prop_map(Step::Answer),
    ]
}

proptest! {
    #![proptest_config(random::cases(400))]

    #[test]
    fn whatever_happens_nobody_hears_what_is_not_theirs_and_everybody_all_that_is(
        kind in prop_oneof![3 => Just(RoomKind::Private), 1 => Just(RoomKind::Shared)],
        steps in vec(step(), 1..150),
    ) {
        let mut walk = Walk::new(kind);
        for step in steps {
            walk.take(step);
            walk.check();
        }
        walk.end();
    }
}

/// Somebody's session, with what they resumed from.
struct Tab {
    session: u64,
    who: Person,
    /// A customer's, as their browser had it.
    token: Option<CustomerKey>,
    resume: Vec<(i64, i64)>,
}

struct Walk {
    world: World,
    here: Vec<Tab>,
    gone: Vec<Tab>,
    /// The token in the browser of each customer.
    tokens: [CustomerKey; 3],
    next_token: u8,
    /// By which token each conversation was begun.
    begun_by: Vec<CustomerKey>,
    /// How many frames of each session were looked at.
    seen: BTreeMap<SessionId, usize>,
    next: u64,
    now_ms: u64,
    /// Something was stored that nobody may have heard of.
    has_lost: bool,
}

impl Walk {
    fn new(kind: RoomKind) -> Self {
        Self {
            world: World::of(kind),
            here: Vec::new(),
            gone: Vec::new(),
            tokens: [1, 2, 3].map(|n| CustomerKey([n; 32])),
            next_token: 100,
            begun_by: Vec::new(),
            seen: BTreeMap::new(),
            next: 0,
            now_ms: 0,
            has_lost: false,
        }
    }

    fn take(&mut self, step: Step) {
        let world = &mut self.world;
        match step {
            Step::Come(who, held, of) if self.here.len() < 8 => {
                let stored = world.stored.iter().enumerate().zip(of);
                let resume = stored.filter(|(_, holds)| *holds).map(|(stored, _)| {
                    let (index, (_, messages)) = stored;
                    let seq = i64::try_from(held.index(messages.len() + 1)).unwrap();
                    (conversation_id(index).0, seq)
                });
                let resume = resume.collect();
                self.come(who, resume);
            }
            Step::Leave(which) if !self.here.is_empty() => {
                let tab = self.here.swap_remove(which.index(self.here.len()));
                world.apply(Command::Left(SessionId(tab.session)));
                self.gone.push(tab);
            }
            Step::Post(by, to, id, note) if !self.here.is_empty() => self.post(by, to, id, note),
            Step::Act(by, to, action) if !self.here.is_empty() && !world.stored.is_empty() => {
                let to = conversation_id(to.index(world.stored.len()));
                world.act(self.here[by.index(self.here.len())].session, to.0, action);
            }
            Step::Typing(by, to) => {
                let conversation = ConversationId(to);
                let on = true;
                self.ask(by, Request::Typing { conversation, on });
            }
            Step::Read(by, to, seq) => {
                let conversation = ConversationId(to);
                let seq = Seq(seq);
                self.ask(by, Request::Read { conversation, seq });
            }
            Step::History(by, to, page) => {
                let request = Request::History {
                    reference: "page".to_owned(),
                    conversation: ConversationId(to),
                    page,
                    limit: 4,
                };
                self.ask(by, request);
            }
            Step::SetAway(by, away) => {
                let reference = "away".to_owned();
                self.ask(by, Request::SetAway { reference, away });
            }
            Step::SignOut(agent) => world.apply(Command::SignedOut(vec![login(agent)])),
            Step::Identify(n, into) => self.identify(n, into),
            Step::LogOut(n) => self.log_out(n),
            Step::LookAtTokens => world.read_ended(),
            Step::Block(customers) => self.block(&customers),
            Step::Assign(mode) => {
                let mut settings = Settings::default();
                settings.assignment.mode = mode;
                settings.assignment.capacity = 1;
                let view = Box::new(SettingsView::at(&settings, now()).0);
                let settings = Arc::new(settings);
                world.apply(Command::Settings { settings, view });
            }
            Step::Retag(conversation) => {
                world.apply(Command::Retagged(ConversationId(conversation)));
            }
            Step::Tick(ms) => self.tick(ms),
            Step::Commit => world.commit(),
            Step::Fail => {
                if let Some(write) = world.writes.pop_front() {
                    self.fail(write.ticket());
                }
            }
            Step::Lose => {
                if let Some(ticket) = world.writes.front().map(Write::ticket) {
                    world.commit_unheard();
                    self.has_lost = true;
                    self.fail(ticket);
                }
            }
            Step::Report => world.report(),
            Step::Look(which, well) if !world.asked.is_empty() => {
                let which = which.index(world.asked.len());
                if well {
                    world.read(which);
                } else {
                    self.fail_to_read(which);
                }
            }
            Step::LookAtPresence(well) if !world.presence.is_empty() => self.presence(well),
            Step::Answer(which) if !world.answers.is_empty() => {
                let answer = world.answers.remove(which.index(world.answers.len()));
                world.apply(answer);
            }
            // There is nothing that it could be about.
            _ => {}
        }
    }

    fn identify(&mut self, n: u8, into: u8) {
        let new = self.new_token();
        let token = &mut self.tokens[usize::from(n - 1)];
        if self.world.identify(*token, CustomerKey([into; 32]), new) {
            *token = new;
        }
    }

    fn log_out(&mut self, n: u8) {
        let new = self.new_token();
        let token = std::mem::replace(&mut self.tokens[usize::from(n - 1)], new);
        self.world.end_token(token);
    }

    fn new_token(&mut self) -> CustomerKey {
        self.next_token += 1;
        CustomerKey([self.next_token; 32])
    }

    fn come(&mut self, who: Person, resume: Vec<(i64, i64)>) {
        self.next += 1;
        let session = self.next;
        let (entrant, token) = match who {
            Person::Customer(n) => {
                let token = self.tokens[usize::from(n - 1)];
                (with_token(n, token), Some(token))
            }
            Person::Agent(n) => (Entrant::Agent(login(n)), None),
        };
        self.world.hello(session, entrant, &resume);
        self.here.push(Tab {
            session,
            who,
            token,
            resume,
        });
    }

    fn post(&mut self, by: Index, to: Option<Index>, id: u8, note: bool) {
        let Tab { session, who, .. } = self.here[by.index(self.here.len())];
        let stored = self.world.stored.len();
        let to = to
            .filter(|_| stored > 0)
            .map(|to| conversation_id(to.index(stored)).0);
        let kind = if note { Kind::Note } else { Kind::Text };
        // An agent's key is of one conversation.
        let client_id = match (who, to) {
            (Person::Customer(n), _) => format!("customer{n}-{id}"),
            (Person::Agent(n), to) => format!("agent{n}-{}-{id}", to.unwrap_or(0)),
        };
        self.world.post_as(kind, session, to, &client_id);
    }

    fn ask(&mut self, by: Index, request: Request) {
        if !self.here.is_empty() {
            let session = self.here[by.index(self.here.len())].session;
            self.world.ask(session, request);
        }
    }

    fn block(&mut self, customers: &[u8]) {
        keep_out(&mut self.world, customers, &[]);
    }

    fn tick(&mut self, ms: u64) {
        self.now_ms += ms;
        let now_ms = self.now_ms;
        self.world.apply(Command::Tick { now_ms });
    }

    /// In its place among the reports.
    fn fail(&mut self, ticket: Ticket) {
        let refusal = Refusal::unavailable();
        let failed = Written::Failed { ticket, refusal };
        self.world.reports.push_back(failed);
    }

    fn fail_to_read(&mut self, which: usize) {
        let why = Refusal::unavailable();
        let answer = match self.world.asked.remove(which) {
            Effect::LookUp { session, .. } => Command::Found {
                session,
                outcome: Err(why),
                now: now(),
            },
            Effect::LoadTags(conversation) => Command::TagsLoaded {
                conversation,
                outcome: Err(why),
            },
            Effect::LoadQueue => Command::QueueLoaded(Err(why)),
            Effect::Load {
                session,
                reference: None,
                conversation,
                ..
            } => Command::PageLoaded {
                session,
                conversation,
                outcome: Err(why),
            },
            Effect::Load {
                session,
                reference: Some(reference),
                conversation,
                ..
            } => Command::HistoryLoaded {
                session,
                reference,
                conversation,
                outcome: Err(why),
            },
            other => panic!("{other:?}"),
        };
        self.world.answers.push(answer);
    }

    fn presence(&mut self, well: bool) {
        let answer = match self.world.presence.remove(0) {
            Effect::KeepPresence(_) if !well => Command::PresenceKept(Err(Refusal::unavailable())),
            Effect::KeepPresence(keep) => {
                let colleague = |id| Colleague {
                    agent: AgentRef {
                        id,
                        name: format!("agent {id}"),
                    },
                    away: false,
                    there_for_ms: if keep.connected.contains(&id) {
                        20_000
                    } else {
                        0
                    },
                };
                Command::PresenceKept(Ok(Staff {
                    colleagues: [1, 2, 3].map(AgentId).map(colleague).into(),
                    is_waited_for: true,
                    has_vanished: false,
                }))
            }
            Effect::SetAway {
                session,
                reference,
                agent,
                away,
            } => Command::AwaySet {
                session,
                reference,
                agent,
                away,
                outcome: if well {
                    Ok(())
                } else {
                    Err(Refusal::unavailable())
                },
            },
            other => panic!("{other:?}"),
        };
        self.world.apply(answer);
    }

    /// Whether a conversation is, or was, for who came by this token.
    fn is_for(&self, token: CustomerKey, index: usize) -> bool {
        let now = match self.world.tokens.get(&token) {
            Some(Holder::Live(of) | Holder::Ended(of)) => *of,
            Some(Holder::Merged(_)) | None => token,
        };
        self.world.is_for(now, index) || self.begun_by[index] == token
    }

    /// What must hold after every step.
    fn check(&mut self) {
        let begun = self.world.stored.iter().skip(self.begun_by.len());
        self.begun_by.extend(begun.map(|(owner, _)| *owner));
        for (session, frames) in &self.world.received {
            let seen = self.seen.get(session).copied().unwrap_or_default();
            let is = |tab: &&Tab| tab.session == session.0;
            let gone = self.gone.iter().find(is);
            let tab = gone.or_else(|| self.here.iter().find(is)).unwrap();
            for frame in &frames[seen..] {
                if let Some(token) = tab.token {
                    self.check_for_customer(token, frame);
                }
                assert!(
                    gone.is_none() || is_answer(frame),
                    "{:?} is gone and hears {frame:?}",
                    tab.who
                );
            }
            self.seen.insert(*session, frames.len());
        }
        let closed = &self.world.closed;
        let (gone, here) = std::mem::take(&mut self.here)
            .into_iter()
            .partition(|tab| closed.contains_key(&SessionId(tab.session)));
        self.here = here;
        self.gone.extend::<Vec<_>>(gone);
        self.world.room.check();
    }

    /// Lets everything settle, and checks what everybody has.
    fn end(mut self) {
        self.block(&[]);
        self.settle();
        if self.has_lost {
            // One more message everywhere brings up what nobody has heard of.
            for index in 0..self.world.stored.len() {
                // Whoever it is may come by a new token.
                let owner = self.world.stored[index].0;
                let token = self.new_token();
                self.world.tokens.insert(token, Holder::Live(owner));
                self.tokens[0] = token;
                self.come(Person::Customer(1), Vec::new());
                self.settle();
                let here = Some(conversation_id(index).0);
                self.world.post(self.next, here, &format!("last-{index}"));
                self.settle();
            }
        }
        self.check();
        for (tabs, stayed) in [(&self.here, true), (&self.gone, false)] {
            for Tab {
                session,
                who,
                token,
                resume,
            } in tabs
            {
                let customer = match who {
                    Person::Customer(n) => Some(*n),
                    Person::Agent(_) => None,
                };
                let walker = (*session, customer, resume.clone());
                let may = |index| token.is_none_or(|token| self.is_for(token, index));
                check_log(&self.world, &walker, may, stayed, 0);
                if stayed && !self.has_lost {
                    self.world.check_told(*session);
                }
            }
        }
        for Tab { session, .. } in &self.here {
            self.world.apply(Command::Left(SessionId(*session)));
        }
        let room = &self.world.room;
        assert!(room.sessions.is_empty() && room.agents.is_empty() && room.customers.is_empty());
        assert!(room.online.is_empty() && room.pending.is_empty());
        assert!(room.owners.is_empty(), "kept: {:?}", room.owners);
    }

    fn settle(&mut self) {
        // Whatever failed is tried again with a tick.
        for _ in 0..4 {
            self.world.settle();
            while !self.world.presence.is_empty() {
                self.presence(true);
                self.world.settle();
            }
            self.tick(1_000);
        }
        while !self.world.presence.is_empty() {
            self.presence(true);
        }
        self.world.settle();
        self.check();
    }

    fn check_for_customer(&self, token: CustomerKey, frame: &ServerFrame) {
        let about: Vec<ConversationId> = match frame {
            ServerFrame::Welcome(welcome) => welcome.conversations.iter().map(|c| c.id).collect(),
            ServerFrame::Posted(message) => {
                assert_ne!(message.kind, "note", "{frame:?}");
                vec![message.conversation]
            }
            ServerFrame::History(page) => {
                assert!(page.messages.iter().all(|m| m.kind != "note"), "{page:?}");
                vec![page.conversation]
            }
            ServerFrame::ConversationChanged { conversation } => {
                assert_eq!(conversation.tags, None, "{frame:?}");
                vec![conversation.id]
            }
            // What is sent by a token that was merged is stored as the other's.
            ServerFrame::Accepted { conversation, .. }
                if (self.world).is_for(self.world.writer(token), index_of(*conversation)) =>
            {
                vec![]
            }
            ServerFrame::Accepted { conversation, .. }
            | ServerFrame::Queue { conversation, .. }
            | ServerFrame::Typing { conversation, .. }
            | ServerFrame::Read { conversation, .. } => vec![*conversation],
            ServerFrame::Presence(presence) => {
                assert_eq!((presence.role, &presence.id), (Side::Agent, &None));
                vec![]
            }
            ServerFrame::Tagged { .. } | ServerFrame::Done { .. } => {
                panic!("for agents only: {frame:?}")
            }
            _ => vec![],
        };
        for conversation in about {
            let is_theirs = self.is_for(token, index_of(conversation));
            assert!(is_theirs, "{token:?} hears {frame:?}");
        }
    }
}

impl World {
    /// What a session was told last of each conversation is so.
    fn check_told(&self, session: u64) {
        let frames = self.received.get(&SessionId(session)).into_iter().flatten();
        let mut told = BTreeMap::new();
        for frame in frames {
            let views = match frame {
                ServerFrame::Welcome(welcome) => welcome.conversations.iter().collect(),
                ServerFrame::ConversationChanged { conversation } => vec![&**conversation],
                _ => vec![],
            };
            for view in views {
                let agent = view.agent.as_ref().map(|agent| agent.id);
                let customer = view.customer.as_ref().map(|customer| customer.id);
                told.insert(view.id, (view.status, agent, customer));
            }
        }
        for (conversation, told) in told {
            let index = index_of(conversation);
            let State { status, agent } = self.state(index);
            let customer = self.owner(index).map(|owner| customer(owner).id);
            let is = (status, agent, customer);
            assert_eq!(told, is, "{conversation}, session {session}");
        }
    }
}

impl Room {
    /// That what is held of the sessions fits together.
    fn check(&self) {
        let mut online = HashMap::<_, usize>::new();
        for (id, session) in &self.sessions {
            match &session.who {
                Who::Customer(visitor, known) => {
                    assert!(self.customers[&visitor.key].contains(id));
                    if let Some(known) = known {
                        *online.entry(known.id).or_default() += 1;
                    }
                }
                Who::Agent(..) => assert!(self.agents.contains(id)),
            }
        }
        assert_eq!(online, self.online);
        let of_customers: usize = self.customers.values().map(BTreeSet::len).sum();
        assert_eq!(of_customers + self.agents.len(), self.sessions.len());
        assert!(self.customers.values().all(|sessions| !sessions.is_empty()));
    }
}

fn login(agent: u8) -> SessionKey {
    SessionKey([AGENT.0[0] + agent - 1; 32])
}

/// What may still be on its way to who is gone.
fn is_answer(frame: &ServerFrame) -> bool {
    matches!(
        frame,
        ServerFrame::Accepted { .. }
            | ServerFrame::Done { .. }
            | ServerFrame::PresenceDone { .. }
            | ServerFrame::History(_)
            | ServerFrame::Error(_)
    )
}
