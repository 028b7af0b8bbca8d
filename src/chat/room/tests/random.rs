//! The room as a state machine: random commands of three customers and three agents, answers and failures of
//! the store at random times, and what must hold whatever they are. After every step:
//! - a customer hears of their own conversation only, and never of a note or a tag;
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
    LogOut(u8),
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
        1 => (1..=3_u8).prop_map(Step::LogOut),
        1 => vec(1..=3_u8, 0..2).prop_map(Step::Block),
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
        steps in vec(step(), 1..150),
    ) {
        let mut walk = Walk::new();
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
    resume: Vec<(i64, i64)>,
}

struct Walk {
    world: World,
    here: Vec<Tab>,
    gone: Vec<Tab>,
    /// How many frames of each session were looked at.
    seen: BTreeMap<SessionId, usize>,
    next: u64,
    now_ms: u64,
    /// Something was stored that nobody may have heard of.
    has_lost: bool,
}

impl Walk {
    fn new() -> Self {
        Self {
            world: World::new(),
            here: Vec::new(),
            gone: Vec::new(),
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
            Step::LogOut(customer) => {
                let key = CustomerKey([customer; 32]);
                let ended = crate::chat::command::Recognised {
                    token: key,
                    owner: key,
                    merged: false,
                    conversations: Vec::new(),
                };
                world.apply(Command::TokensEnded(vec![ended]));
            }
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

    fn come(&mut self, who: Person, resume: Vec<(i64, i64)>) {
        self.next += 1;
        let session = self.next;
        let entrant = match who {
            Person::Customer(n) => visitor(n),
            Person::Agent(n) => Entrant::Agent(login(n)),
        };
        self.world.hello(session, entrant, &resume);
        self.here.push(Tab {
            session,
            who,
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

    /// What must hold after every step.
    fn check(&mut self) {
        for (session, frames) in &self.world.received {
            let seen = self.seen.entry(*session).or_default();
            let tab = |tabs: &[Tab]| {
                let tab = tabs.iter().find(|tab| tab.session == session.0);
                tab.map(|tab| tab.who)
            };
            let was_gone = tab(&self.gone);
            let who = was_gone.or_else(|| tab(&self.here)).unwrap();
            for frame in &frames[*seen..] {
                if let Person::Customer(n) = who {
                    self.world.check_for_customer(n, frame);
                }
                assert!(
                    was_gone.is_none() || is_answer(frame),
                    "{who:?} is gone and hears {frame:?}"
                );
            }
            *seen = frames.len();
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
                let customer = self.world.stored[index].0.0[0];
                self.come(Person::Customer(customer), Vec::new());
                self.settle();
                self.world.post(self.next, None, &format!("last-{index}"));
                self.settle();
            }
        }
        self.check();
        for (tabs, stayed) in [(&self.here, true), (&self.gone, false)] {
            for Tab {
                session,
                who,
                resume,
            } in tabs
            {
                let customer = match who {
                    Person::Customer(n) => Some(*n),
                    Person::Agent(_) => None,
                };
                let walker = (*session, customer, resume.clone());
                check_log(&self.world, &walker, stayed, 0);
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
}

impl World {
    fn check_for_customer(&self, n: u8, frame: &ServerFrame) {
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
            let owner = self.stored[index_of(conversation)].0;
            assert_eq!(owner, CustomerKey([n; 32]), "customer {n} hears {frame:?}");
        }
    }

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
                told.insert(view.id, (view.status, agent));
            }
        }
        for (conversation, told) in told {
            let State { status, agent } = self.state(index_of(conversation));
            assert_eq!(told, (status, agent), "{conversation}, session {session}");
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
