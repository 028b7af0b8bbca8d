//! The central actor of a process: carries commands into [`Room`] and effects out of it. Runs on one
//! thread of its own and never waits: reads are futures, writes go to the writer's queue.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use actix::prelude::*;
use bytestring::ByteString;
use chrono::TimeDelta;
use rustc_hash::FxHashMap;
use tracing::debug;

use super::{
    blocks::Blocks,
    coming,
    command::{Command, Effect, Entrant, Found, Recognised, RoomSettings, SessionId, Visitor},
    refuse::refuse,
    room::Room,
};
use crate::{
    channel::{Sender, Weight},
    domain::{
        AgentId, ConversationId, CustomerId, CustomerKey, Refusal, Seq, SessionKey, Settings,
        Timestamp, now,
    },
    metrics::{Committed, Counted, Metrics},
    protocol::{Close, Dialect, PageAsked, Request, ServerFrame, SettingsView},
    store::{
        Colleague, Coming, CustomerJoin, KeepPresence, Page, Store, StoreError, Writer, Written,
    },
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
/// How far back to look for tokens that have ended: farther than the clocks of two processes are apart.
const TOKENS_SINCE: TimeDelta = TimeDelta::seconds(60);
/// Requests that may wait for the room. Past it the sessions themselves answer `overloaded`.
const MAILBOX: usize = 65_536;

/// What the room sends to a session.
#[derive(Debug)]
pub enum Outbound {
    /// Frames, encoded; the same for everybody who gets them.
    Frames(Arc<Texts>),
    /// You are in, for a dialect whose clients are not told so themselves.
    Welcomed,
    /// A page that the session catches up by; say [`PageWritten`] when it is written. There is never more
    /// than one under way, so it does not count as waiting.
    Page {
        /// In which conversation.
        conversation: ConversationId,
        /// Encoded, by rising `seq`.
        frames: Vec<ByteString>,
    },
    /// It is over.
    Close(Close),
}

impl Outbound {
    /// What it counts for in a session's channel. Of pages there is never more than one.
    fn weight(&self) -> Weight {
        match self {
            Self::Frames(frames) => Weight {
                frames: frames.len(),
                bytes: frames.bytes(),
            },
            Self::Welcomed | Self::Page { .. } | Self::Close(_) => Weight::default(),
        }
    }
}

/// A session has connected and not yet said who it is.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Knock {
    /// Which.
    pub session: SessionId,
    /// Where to tell it that the server is going away.
    pub sender: Sender<Outbound>,
}

/// A session comes in.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Enter {
    /// Which.
    pub session: SessionId,
    /// Who it says it is.
    pub entrant: Entrant,
    /// What it holds already.
    pub resume: BTreeMap<ConversationId, Seq>,
    /// Where its frames go.
    pub sender: Sender<Outbound>,
    /// How its client wants them.
    pub dialect: Dialect,
}

/// A session asks for something.
#[derive(Message)]
#[rtype(result = "()")]
pub struct FromSession {
    /// Which.
    pub session: SessionId,
    /// For what.
    pub request: Request,
    /// Counted as long as it waits.
    pub waiting: Counted,
}

/// A session has handed a page to its socket and is ready for the next.
#[derive(Message)]
#[rtype(result = "()")]
pub struct PageWritten {
    /// Which.
    pub session: SessionId,
    /// In which conversation.
    pub conversation: ConversationId,
}

/// A session is gone.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Leave(pub SessionId);

/// The writer reports.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Report {
    results: Vec<Written>,
    at: Instant,
}

impl Report {
    /// This has become of writes, just now.
    pub fn new(results: Vec<Written>) -> Self {
        let at = Instant::now();
        Self { results, at }
    }
}

/// These logins have ended: close what they opened.
#[derive(Message)]
#[rtype(result = "()")]
pub struct SignOut(pub Vec<SessionKey>);

/// The settings of the business have been changed by this process.
#[derive(Message)]
#[rtype(result = "()")]
pub struct SettingsMoved;

/// The tags of this conversation have changed: tell the agents who know it.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Retagged(pub ConversationId);

/// Which of these customers have a connection?
#[derive(Message)]
#[rtype(result = "HashSet<CustomerId>")]
pub struct AskOnline(pub Vec<CustomerId>);

/// From which addresses is this customer connected?
#[derive(Message)]
#[rtype(result = "Vec<IpAddr>")]
pub struct AskAddresses(pub CustomerId);

/// Somebody was blocked, or a block lifted: read who is kept out, and act on it.
#[derive(Message)]
#[rtype(result = "Result<(), Refusal>")]
pub struct RenewBlocks;

/// A customer was identified, or logged out: read which tokens have ended, and act on it.
#[derive(Message)]
#[rtype(result = "Result<(), Refusal>")]
pub struct RenewTokens;

/// The server is going away: close every session.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Stop;

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
                if let Effect::Send { to, frame } = &effect
                    && let ServerFrame::Error(error) = frame
                {
                    self.metrics.refused(&error.code, to.len());
                }
                match effect {
                    Effect::Send { to, frame } if to == group.to => group.frames.push(frame),
                    Effect::Send { to, frame } => {
                        let frames = vec![frame];
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
                link.sender.wake();
            }
        }
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
            Effect::Send { to, frame } => {
                let frames = vec![frame];
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

    fn look_up_agent(
        &mut self,
        session: SessionId,
        key: SessionKey,
        resume: Vec<ConversationId>,
        ctx: &mut Context<Self>,
    ) {
        let store = self.store.clone();
        let found = async move { find_agent(&store, key, resume).await };
        ctx.spawn(found.into_actor(self).map(move |outcome, act, ctx| {
            act.found(session, outcome, ctx);
        }));
    }

    fn look_up_customers(&mut self, ctx: &mut Context<Self>) {
        while let Some((sessions, coming)) = self.coming.next() {
            let store = self.store.clone();
            let found = async move { find_customers(&store, coming).await };
            ctx.spawn(found.into_actor(self).map(move |found, act, ctx| {
                act.coming.ended();
                match found {
                    Ok(outcomes) => {
                        for (session, outcome) in sessions.into_iter().zip(outcomes) {
                            act.found(session, outcome, ctx);
                        }
                    }
                    // Whoever waits would hear the same, only later.
                    Err(refusal) => {
                        for session in sessions.into_iter().chain(act.coming.give_up()) {
                            act.found(session, Err(refusal.clone()), ctx);
                        }
                    }
                }
                act.look_up_customers(ctx);
            }));
        }
    }

    fn found(
        &mut self,
        session: SessionId,
        outcome: Result<Found, Refusal>,
        ctx: &mut Context<Self>,
    ) {
        let now = now();
        self.run(
            Command::Found {
                session,
                outcome,
                now,
            },
            ctx,
        );
    }

    fn load_queue(&mut self, ctx: &mut Context<Self>) {
        let store = self.store.clone();
        let loaded = async move { store.queue().await.map_err(refuse) };
        ctx.spawn(loaded.into_actor(self).map(|outcome, act, ctx| {
            act.run(Command::QueueLoaded(outcome), ctx);
        }));
    }

    /// Reads who is kept out.
    fn read_blocks(&mut self) -> ResponseActFuture<Self, Result<(), Refusal>> {
        self.readings += 1;
        let reading = self.readings;
        let store = self.store.clone();
        let read = async move { store.block_list().await.map_err(refuse) };
        let taken = read.into_actor(self).map(move |list, act, ctx| {
            let list = list?;
            if reading > act.taken {
                act.taken = reading;
                if let Some(list) = act.blocks.renew(list) {
                    act.run(Command::Block { list, now: now() }, ctx);
                }
            }
            Ok(())
        });
        Box::pin(taken)
    }

    fn keep_presence(&mut self, keep: KeepPresence, ctx: &mut Context<Self>) {
        let store = self.store.clone();
        let kept = async move { store.keep_presence(keep).await.map_err(refuse) };
        ctx.spawn(kept.into_actor(self).map(|outcome, act, ctx| {
            act.run(Command::PresenceKept(outcome), ctx);
        }));
    }

    fn set_away(
        &mut self,
        session: SessionId,
        reference: String,
        (agent, away): (AgentId, bool),
        ctx: &mut Context<Self>,
    ) {
        let store = self.store.clone();
        let set = async move { store.set_away(agent, away).await.map_err(refuse) };
        ctx.spawn(set.into_actor(self).map(move |outcome, act, ctx| {
            let set = Command::AwaySet {
                session,
                reference,
                agent,
                away,
                outcome,
            };
            act.run(set, ctx);
        }));
    }

    fn load_tags(&mut self, conversation: ConversationId, ctx: &mut Context<Self>) {
        let store = self.store.clone();
        let loaded = async move { store.tags_of(conversation).await.map_err(refuse) };
        ctx.spawn(loaded.into_actor(self).map(move |outcome, act, ctx| {
            let loaded = Command::TagsLoaded {
                conversation,
                outcome,
            };
            act.run(loaded, ctx);
        }));
    }

    /// Reads which tokens have ended of late, and tells the room of those that it has not heard of.
    fn read_tokens(&mut self) -> ResponseActFuture<Self, Result<(), Refusal>> {
        let store = self.store.clone();
        let heard = self.ended.clone();
        let read = async move { ended_tokens(store, &heard).await.map_err(refuse) };
        let taken = read.into_actor(self).map(|read, act, ctx| {
            let (ended, all) = read?;
            let news: Vec<_> = (ended.into_iter())
                .filter(|one| !act.ended.contains(&one.token))
                .collect();
            act.ended = all;
            if !news.is_empty() {
                act.run(Command::TokensEnded(news), ctx);
            }
            Ok(())
        });
        Box::pin(taken)
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

/// What became of each of those who come, or what they all have to be told because there is no database.
async fn find_customers(
    store: &Store,
    coming: Vec<Coming>,
) -> Result<Vec<Result<Found, Refusal>>, Refusal> {
    let found = |join: CustomerJoin| match join.key {
        Some(_) => Ok(Found::Customer(join)),
        None => Err(Refusal::token_ended()),
    };
    match store.join_customers(coming.clone()).await {
        Ok(joins) => Ok(joins.into_iter().map(found).collect()),
        // It may be about one of them.
        Err(StoreError::Internal(_)) if coming.len() > 1 => {
            let mut outcomes = Vec::new();
            for Coming { key, resume } in coming {
                let join = store.join_customer(key, resume).await;
                outcomes.push(join.map_err(refuse).and_then(found));
            }
            Ok(outcomes)
        }
        Err(error) => Err(refuse(error)),
    }
}

async fn find_agent(
    store: &Store,
    key: SessionKey,
    resume: Vec<ConversationId>,
) -> Result<Found, Refusal> {
    let me = store.agent_by_session(key).await.map_err(refuse)?;
    let me = me.ok_or_else(Refusal::not_signed_in)?;
    let conversations = store.join_agent(me.id, resume).await.map_err(refuse)?;
    let colleagues = arrive(store, me.id).await.map_err(refuse)?;
    Ok(Found::Agent(me, conversations, colleagues))
}

/// Whoever is told welcome is there, for every process. Where that cannot be written, they come in all the same.
async fn arrive(store: &Store, agent: AgentId) -> Result<Vec<Colleague>, StoreError> {
    let keep = KeepPresence {
        connected: vec![agent],
        ended: Vec::new(),
        rules: store.settings().current().assignment,
        may_return: false,
    };
    match store.keep_presence(keep).await {
        Ok(staff) => Ok(staff.colleagues),
        Err(_) => store.colleagues().await,
    }
}

/// Which tokens have ended within the last few looks, those of them that are news with what was merged.
async fn ended_tokens(
    store: Store,
    heard: &HashSet<CustomerKey>,
) -> Result<(Vec<Recognised>, HashSet<CustomerKey>), StoreError> {
    let ended = store.ended_tokens(now() - TOKENS_SINCE).await?;
    let all = ended.iter().map(|one| one.token).collect();
    let mut news = Vec::new();
    for one in ended.into_iter().filter(|one| !heard.contains(&one.token)) {
        let conversations = if one.merged {
            store
                .join_customer(one.owner, Vec::new())
                .await?
                .conversations
        } else {
            Vec::new()
        };
        news.push(Recognised {
            token: one.token,
            owner: one.owner,
            merged: one.merged,
            conversations,
        });
    }
    Ok((news, all))
}

async fn ended_logins(
    store: Store,
    logins: Vec<SessionKey>,
) -> Result<Vec<SessionKey>, StoreError> {
    if logins.is_empty() {
        return Ok(logins);
    }
    let live = store.live_sessions(logins.clone()).await?;
    Ok(logins
        .into_iter()
        .filter(|login| !live.contains(login))
        .collect())
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
            let read = act.read_tokens().map(|_, _, _| ());
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

    fn handle(&mut self, _: RenewTokens, _: &mut Self::Context) -> Self::Result {
        self.read_tokens()
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
