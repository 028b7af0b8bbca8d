//! The central actor of a process: carries commands into [`Room`] and effects out of it. Runs on one
//! thread of its own and never waits: reads are futures, writes go to the writer's queue.

mod coming;
mod reads;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use actix::prelude::*;
use rustc_hash::FxHashMap;
use tracing::debug;

use self::reads::ended_logins;
use super::{
    blocks::Blocks,
    command::{Command, Effect, Entrant, RoomSettings, SessionId, Visitor},
    messages::{
        AskAddresses, AskOnline, Enter, FromSession, Knock, Leave, Outbound, PageWritten,
        RenewBlocks, RenewTokens, Report, Retagged, SettingsMoved, SignOut, Stop,
    },
    refuse::refuse,
    room::Room,
};
use crate::{
    bell::Round,
    channel::Sender,
    domain::{CustomerKey, Refusal, Settings, Timestamp, now},
    metrics::{Committed, Metrics},
    protocol::{Close, Dialect, PageAsked, ServerFrame, SettingsView},
    store::{Coming, Page, Store, Writer, Written},
    texts::Texts,
};

/// How often deadlines are looked at. Small beside the two seconds within which a write is answered.
const TICK: Duration = Duration::from_millis(100);
/// How soon a connected agent whose account was disabled elsewhere is noticed.
const LOGIN_CHECK: Duration = Duration::from_secs(3);
/// How soon settings that another process has changed are noticed.
const SETTINGS_CHECK: Duration = Duration::from_secs(2);
/// How soon somebody who was blocked by another process is noticed, and a block that has ended.
const BLOCK_CHECK: Duration = Duration::from_secs(2);
/// Requests that may wait for the room. Past it the sessions themselves answer `overloaded`.
const MAILBOX: usize = 65_536;

struct Link {
    sender: Sender<Outbound>,
    dialect: Dialect,
    /// Something was put in that the session has not been woken for.
    sleeping: bool,
}

/// What the same sessions get one after the other; encoded once for each dialect that one of them speaks.
#[derive(Default)]
struct Group {
    to: Vec<SessionId>,
    frames: Vec<ServerFrame>,
}

impl Group {
    /// `None`: the dialect has none of it.
    fn encode(&self, dialect: Dialect, committed: Option<&Committed>) -> Option<Arc<Texts>> {
        let frames = self.frames.iter();
        let encoded: Texts = frames
            .filter_map(|frame| frame.encode_as(dialect))
            .collect();
        let committed = committed.filter(|_| self.posts()).cloned();
        (!encoded.is_empty()).then(|| Arc::new(encoded.of(committed)))
    }

    fn posts(&self) -> bool {
        let mut frames = self.frames.iter();
        frames.any(|frame| matches!(frame, ServerFrame::Posted(_)))
    }

    fn welcomes(&self) -> bool {
        let mut frames = self.frames.iter();
        frames.any(|frame| matches!(frame, ServerFrame::Welcome(_)))
    }
}

/// The one central actor of a process.
pub struct ChatRoom {
    room: Room,
    store: Store,
    writer: Arc<Writer>,
    links: FxHashMap<SessionId, Link>,
    /// Sessions that have not said hello; of interest only to the stop.
    outside: HashMap<SessionId, Sender<Outbound>>,
    /// Sessions to be woken for what was put in.
    sleeping: Vec<SessionId>,
    round: Round,
    /// Customers to be looked up.
    coming: coming::Queue,
    stopping: bool,
    started: Instant,
    /// What the room was last told of the settings, and until when they show so.
    settings: Option<(Arc<Settings>, Option<Timestamp>)>,
    blocks: Blocks,
    /// Readings of the blocks, in the order in which they began; an older one says nothing after a newer.
    readings: u64,
    taken: u64,
    /// Tokens that have ended of late, which the room has heard of.
    ended: HashSet<CustomerKey>,
    metrics: Arc<Metrics>,
    /// The commit whose report is being handled.
    committed: Option<Committed>,
}

impl ChatRoom {
    /// A room over a store; `writer` must report to this actor by [`Report`].
    pub fn new(
        settings: RoomSettings,
        store: Store,
        writer: Arc<Writer>,
        blocks: Blocks,
        metrics: Arc<Metrics>,
    ) -> Self {
        let mut room = Room::new(settings);
        room.apply(Command::Block {
            list: blocks.now(),
            now: now(),
        });
        Self {
            room,
            store,
            writer,
            links: FxHashMap::default(),
            outside: HashMap::new(),
            sleeping: Vec::new(),
            round: Round::default(),
            coming: coming::Queue::default(),
            stopping: false,
            started: Instant::now(),
            settings: None,
            blocks,
            readings: 0,
            taken: 0,
            ended: HashSet::new(),
            metrics,
            committed: None,
        }
    }

    /// Tells the room of the settings where they are others than it was told, or where the hour has come at
    /// which they show otherwise.
    fn tell_settings(&mut self, ctx: &mut Context<Self>) {
        let settings = self.store.settings().current();
        let now = now();
        if let Some((told, until)) = &self.settings
            && Arc::ptr_eq(told, &settings)
            && until.is_none_or(|until| now < until)
        {
            return;
        }
        let (view, until) = SettingsView::at(&settings, now);
        self.settings = Some((Arc::clone(&settings), until));
        let view = Box::new(view);
        self.run(Command::Settings { settings, view }, ctx);
    }

    /// Applies a command and everything that follows from it at once. Sessions are woken when all of it is
    /// done, so that each writes whatever a commit brings it by one system call.
    fn run(&mut self, command: Command, ctx: &mut Context<Self>) {
        let mut commands = VecDeque::from([command]);
        let mut group = Group::default();
        while let Some(command) = commands.pop_front() {
            for effect in self.room.apply(command) {
                if let Effect::Send { to, frames } = &effect {
                    for frame in frames {
                        if let ServerFrame::Error(error) = frame {
                            self.metrics.refused(&error.code, to.len());
                        }
                    }
                }
                match effect {
                    Effect::Send { to, frames } if to == group.to => group.frames.extend(frames),
                    Effect::Send { to, frames } => {
                        let before = std::mem::replace(&mut group, Group { to, frames });
                        self.send(&before, &mut commands);
                    }
                    other => {
                        self.send(&std::mem::take(&mut group), &mut commands);
                        self.perform(other, &mut commands, ctx);
                    }
                }
            }
            self.send(&std::mem::take(&mut group), &mut commands);
        }
        for session in self.sleeping.drain(..) {
            if let Some(link) = self.links.get_mut(&session) {
                link.sleeping = false;
                link.sender.wake_in(&mut self.round);
            }
        }
        self.round.ring();
    }

    fn send(&mut self, group: &Group, commands: &mut VecDeque<Command>) {
        let mut encoded: [Option<Option<Arc<Texts>>>; Dialect::COUNT] = Default::default();
        let committed = self.committed.clone();
        for session in &group.to {
            let message = |dialect: Dialect| {
                let encoded = encoded[dialect as usize]
                    .get_or_insert_with(|| group.encode(dialect, committed.as_ref()));
                match encoded {
                    Some(frames) => Some(Outbound::Frames(Arc::clone(frames))),
                    None => group.welcomes().then_some(Outbound::Welcomed),
                }
            };
            self.deliver(*session, message, commands);
        }
    }

    fn perform(
        &mut self,
        effect: Effect,
        commands: &mut VecDeque<Command>,
        ctx: &mut Context<Self>,
    ) {
        match effect {
            // `run` gathers these.
            Effect::Send { to, frames } => {
                self.send(&Group { to, frames }, commands);
            }
            Effect::Page {
                session,
                conversation,
                frames,
            } => {
                let page = |dialect| {
                    let encoded = frames.iter().filter_map(|frame| frame.encode_as(dialect));
                    Some(Outbound::Page {
                        conversation,
                        frames: encoded.collect(),
                    })
                };
                self.deliver(session, page, commands);
            }
            Effect::Close { session, close } => {
                if let Some(link) = self.links.remove(&session) {
                    link.sender.push_last(Outbound::Close(close));
                }
            }
            Effect::Submit(write) => {
                let ticket = write.ticket();
                if self.writer.submit(write).is_err() {
                    let refusal = Refusal::overloaded();
                    let failed = Written::Failed { ticket, refusal };
                    commands.push_back(Command::Written(vec![failed]));
                }
            }
            Effect::LookUp {
                session,
                entrant,
                resume,
            } => match entrant {
                Entrant::Customer(Visitor { key, .. }) => {
                    self.coming.push(session, Coming { key, resume });
                    self.look_up_customers(ctx);
                }
                Entrant::Agent(key) => self.look_up_agent(session, key, resume, ctx),
            },
            Effect::LoadQueue => self.load_queue(ctx),
            Effect::KeepPresence(keep) => self.keep_presence(keep, ctx),
            Effect::SetAway {
                session,
                reference,
                agent,
                away,
            } => self.set_away(session, reference, (agent, away), ctx),
            Effect::LoadTags(conversation) => self.load_tags(conversation, ctx),
            Effect::Load {
                session,
                viewer,
                reference,
                conversation,
                page,
                limit,
            } => {
                let store = self.store.clone();
                let page = match page {
                    PageAsked::Newest => Page::Newest,
                    PageAsked::Before(seq) => Page::Before(seq),
                    PageAsked::After(seq) => Page::After(seq),
                };
                let loaded = async move {
                    let page = store.messages(viewer, conversation, page, limit).await;
                    page.map_err(refuse)
                };
                ctx.spawn(loaded.into_actor(self).map(move |outcome, act, ctx| {
                    let command = match reference {
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
                    };
                    act.run(command, ctx);
                }));
            }
        }
    }

    /// Puts something into a session's channel, in its dialect, if that has it. A session that it does not
    /// fit into any more is out of the room: it closes itself as soon as its peer reads again, and comes back
    /// to resume.
    fn deliver(
        &mut self,
        session: SessionId,
        message: impl FnOnce(Dialect) -> Option<Outbound>,
        commands: &mut VecDeque<Command>,
    ) {
        let Some(link) = self.links.get_mut(&session) else {
            return;
        };
        let Some(message) = message(link.dialect) else {
            return;
        };
        let weight = message.weight();
        if link.sender.push(message, weight).is_err() {
            debug!(session = session.0, "did not keep up, or is gone");
            self.links.remove(&session);
            commands.push_back(Command::Left(session));
        } else if !std::mem::replace(&mut link.sleeping, true) {
            self.sleeping.push(session);
        }
    }
}

impl Actor for ChatRoom {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        ctx.run_interval(TICK, |act, ctx| {
            let now_ms = u64::try_from(act.started.elapsed().as_millis()).unwrap_or(u64::MAX);
            act.run(Command::Tick { now_ms }, ctx);
        });
        self.tell_settings(ctx);
        ctx.run_interval(SETTINGS_CHECK, |act, ctx| {
            act.tell_settings(ctx);
            let store = act.store.clone();
            let looked = async move { store.look_for_settings().await };
            ctx.spawn(looked.into_actor(act).map(|looked, act, ctx| {
                // While the database is away everything stays as it is.
                if looked.is_ok() {
                    act.tell_settings(ctx);
                }
            }));
        });
        ctx.run_interval(BLOCK_CHECK, |act, ctx| {
            // While the database is away, it stays as it was.
            let read = act.read_blocks().map(|_, _, _| ());
            ctx.spawn(read);
            let read = act.read_tokens(ctx).map(|_, _, _| ());
            ctx.spawn(read);
        });
        ctx.run_interval(LOGIN_CHECK, |act, ctx| {
            let ended = ended_logins(act.store.clone(), act.room.logins());
            ctx.spawn(ended.into_actor(act).map(|ended, act, ctx| {
                // While the database is away nobody can be told to have ended; the next look will.
                if let Ok(ended) = ended
                    && !ended.is_empty()
                {
                    act.run(Command::SignedOut(ended), ctx);
                }
            }));
        });
    }
}

impl Handler<Knock> for ChatRoom {
    type Result = ();

    fn handle(&mut self, Knock { session, sender }: Knock, _: &mut Self::Context) {
        if self.stopping {
            sender.push_last(Outbound::Close(Close::GoingAway));
        } else {
            self.outside.insert(session, sender);
        }
    }
}

impl Handler<Enter> for ChatRoom {
    type Result = ();

    fn handle(&mut self, enter: Enter, ctx: &mut Self::Context) {
        let Enter {
            session,
            entrant,
            resume,
            sender,
            dialect,
        } = enter;
        self.outside.remove(&session);
        if self.stopping {
            sender.push_last(Outbound::Close(Close::GoingAway));
            return;
        }
        let link = Link {
            sender,
            dialect,
            sleeping: false,
        };
        self.links.insert(session, link);
        self.run(
            Command::Hello {
                session,
                entrant,
                resume,
                now: now(),
            },
            ctx,
        );
    }
}

impl Handler<FromSession> for ChatRoom {
    type Result = ();

    fn handle(&mut self, asked: FromSession, ctx: &mut Self::Context) {
        let FromSession {
            session,
            request,
            waiting,
        } = asked;
        drop(waiting);
        self.run(Command::Request { session, request }, ctx);
    }
}

impl Handler<PageWritten> for ChatRoom {
    type Result = ();

    fn handle(&mut self, page: PageWritten, ctx: &mut Self::Context) {
        let PageWritten {
            session,
            conversation,
        } = page;
        self.run(
            Command::PageWritten {
                session,
                conversation,
            },
            ctx,
        );
    }
}

impl Handler<Leave> for ChatRoom {
    type Result = ();

    fn handle(&mut self, Leave(session): Leave, ctx: &mut Self::Context) {
        self.outside.remove(&session);
        self.links.remove(&session);
        self.coming.forget(session);
        self.run(Command::Left(session), ctx);
    }
}

impl Handler<Report> for ChatRoom {
    type Result = ();

    fn handle(&mut self, Report { results, at }: Report, ctx: &mut Self::Context) {
        self.committed = Some(self.metrics.delivery_of(at));
        self.run(Command::Written(results), ctx);
        self.committed = None;
    }
}

impl Handler<SignOut> for ChatRoom {
    type Result = ();

    fn handle(&mut self, SignOut(keys): SignOut, ctx: &mut Self::Context) {
        self.run(Command::SignedOut(keys), ctx);
    }
}

impl Handler<SettingsMoved> for ChatRoom {
    type Result = ();

    fn handle(&mut self, _: SettingsMoved, ctx: &mut Self::Context) {
        self.tell_settings(ctx);
    }
}

impl Handler<Retagged> for ChatRoom {
    type Result = ();

    fn handle(&mut self, Retagged(conversation): Retagged, ctx: &mut Self::Context) {
        self.run(Command::Retagged(conversation), ctx);
    }
}

impl Handler<AskOnline> for ChatRoom {
    type Result = MessageResult<AskOnline>;

    fn handle(&mut self, AskOnline(ids): AskOnline, _: &mut Self::Context) -> Self::Result {
        MessageResult(
            ids.into_iter()
                .filter(|id| self.room.is_online(*id))
                .collect(),
        )
    }
}

impl Handler<AskAddresses> for ChatRoom {
    type Result = MessageResult<AskAddresses>;

    fn handle(&mut self, AskAddresses(id): AskAddresses, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.room.addresses_of(id))
    }
}

impl Handler<RenewBlocks> for ChatRoom {
    type Result = ResponseActFuture<Self, Result<(), Refusal>>;

    fn handle(&mut self, _: RenewBlocks, _: &mut Self::Context) -> Self::Result {
        self.read_blocks()
    }
}

impl Handler<RenewTokens> for ChatRoom {
    type Result = ResponseActFuture<Self, Result<(), Refusal>>;

    fn handle(&mut self, _: RenewTokens, ctx: &mut Self::Context) -> Self::Result {
        self.read_tokens(ctx)
    }
}

impl Handler<Stop> for ChatRoom {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        self.stopping = true;
        self.run(Command::CloseAll, ctx);
        for sender in std::mem::take(&mut self.outside).into_values() {
            sender.push_last(Outbound::Close(Close::GoingAway));
        }
    }
}
