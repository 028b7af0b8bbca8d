//! What happens to the room, and what is to be done about it: the two vocabularies of [`super::Room`].

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use crate::{
    domain::{
        AfterClose, AgentId, BlockList, Channel, ConversationId, CustomerKey, Listed, Me, Refusal,
        RoomKind, Seq, SessionKey, Settings, Tag, TextLimits, Timestamp,
    },
    protocol::{Close, LimitsView, PageAsked, Request, ServerFrame, SettingsView},
    store::{Colleague, CustomerJoin, KeepPresence, MessagePage, Staff, Viewer, Write, Written},
};

/// Names one connection of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// What the room goes by.
#[derive(Clone, Debug)]
pub struct RoomSettings {
    /// Who everybody's messages go to.
    pub kind: RoomKind,
    /// As told in `welcome`.
    pub after_close: AfterClose,
    /// How long a text may be.
    pub text: TextLimits,
    /// As told in `welcome`.
    pub limits: LimitsView,
    /// As told in `welcome`, in seconds.
    pub heartbeat_s: u64,
    /// How long a write may take before its sender hears that the database does not answer.
    pub answer_within_ms: u64,
}

/// Who wants to come in, as far as the session can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entrant {
    /// A person who asks.
    Customer(Visitor),
    /// A person who answers, by the key of their login.
    Agent(SessionKey),
}

/// A customer as their page presents them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// Under which key the program knows them.
    pub key: CustomerKey,
    /// The token itself, as a hash: an identified customer is known by another key than that.
    pub token: CustomerKey,
    /// Where they come from.
    pub address: Option<IpAddr>,
    /// The page they are on.
    pub page: Option<String>,
    /// Their browser's language.
    pub language: Option<String>,
    /// Their browser, as it calls itself.
    pub user_agent: Option<String>,
    /// By which way they come.
    pub channel: Channel,
}

/// A customer's token that has ended.
#[derive(Clone, Debug)]
pub struct Recognised {
    /// Which.
    pub token: CustomerKey,
    /// Whose it was, by the key under which the program knows them.
    pub owner: CustomerKey,
    /// It was of somebody anonymous, who has been identified as that customer.
    pub merged: bool,
    /// The customer's conversations then.
    pub conversations: Vec<Listed>,
}

/// What the store says about an entrant.
#[derive(Clone, Debug)]
pub enum Found {
    /// A customer, known or new.
    Customer(CustomerJoin),
    /// An agent with the newest conversations, and everybody who may answer.
    Agent(Me, Vec<Listed>, Vec<Colleague>),
}

/// What happens to the room.
#[derive(Debug)]
pub enum Command {
    /// A session said hello.
    Hello {
        /// Which.
        session: SessionId,
        /// Who it says it is.
        entrant: Entrant,
        /// What it holds already.
        resume: BTreeMap<ConversationId, Seq>,
        /// The server's clock.
        now: Timestamp,
    },
    /// The store has looked the entrant up.
    Found {
        /// Which session.
        session: SessionId,
        /// Who it is, or why not.
        outcome: Result<Found, Refusal>,
        /// The server's clock, for `welcome`.
        now: Timestamp,
    },
    /// A session that is in asks for something.
    Request {
        /// Which.
        session: SessionId,
        /// For what.
        request: Request,
    },
    /// The page of history that was asked for.
    HistoryLoaded {
        /// By which session.
        session: SessionId,
        /// Its `ref`.
        reference: String,
        /// Of which conversation.
        conversation: ConversationId,
        /// The page; `None` where there is no such conversation for this session.
        outcome: Result<Option<MessagePage>, Refusal>,
    },
    /// A page that a session catches up by.
    PageLoaded {
        /// Which session.
        session: SessionId,
        /// In which conversation.
        conversation: ConversationId,
        /// The page; `None` where the conversation is gone.
        outcome: Result<Option<MessagePage>, Refusal>,
    },
    /// The session has handed the last page to its socket.
    PageWritten {
        /// Which session.
        session: SessionId,
        /// In which conversation.
        conversation: ConversationId,
    },
    /// The conversations that wait, the longest first.
    QueueLoaded(Result<Vec<ConversationId>, Refusal>),
    /// The leases of agents are moved on, and this is who is there.
    PresenceKept(Result<Staff, Refusal>),
    /// An agent is away or available from now on.
    AwaySet {
        /// Which session asked for it.
        session: SessionId,
        /// Its `ref`.
        reference: String,
        /// Who.
        agent: AgentId,
        /// Away, else available.
        away: bool,
        /// Whether it is kept.
        outcome: Result<(), Refusal>,
    },
    /// The tags of a conversation have changed.
    Retagged(ConversationId),
    /// The tags of a conversation.
    TagsLoaded {
        /// Which.
        conversation: ConversationId,
        /// All that it has.
        outcome: Result<Vec<Tag>, Refusal>,
    },
    /// The writer reports, in the order of commits.
    Written(Vec<Written>),
    /// A session is gone.
    Left(SessionId),
    /// These logins have ended.
    SignedOut(Vec<SessionKey>),
    /// The settings of the business are others, or show otherwise than a moment ago.
    Settings {
        /// As they are now.
        settings: Arc<Settings>,
        /// As those who are connected see them.
        view: Box<SettingsView>,
    },
    /// The database is being asked which tokens of customers have ended; [`Command::TokensEnded`] has to follow,
    /// whatever comes of it.
    TokensAsked,
    /// Tokens of customers have ended.
    TokensEnded(Vec<Recognised>),
    /// These are kept out from now on, and nobody else.
    Block {
        /// Who.
        list: Arc<BlockList>,
        /// The server's clock.
        now: Timestamp,
    },
    /// Time passes.
    Tick {
        /// Milliseconds since some fixed moment; never goes back.
        now_ms: u64,
    },
    /// The server is going away.
    CloseAll,
}

/// What is to be done about it.
#[derive(Debug)]
pub enum Effect {
    /// Send these frames to each of these sessions.
    Send {
        /// To whom.
        to: Vec<SessionId>,
        /// What, one after the other.
        frames: Vec<ServerFrame>,
    },
    /// Send a page that a session catches up by; it says [`Command::PageWritten`] when its socket has
    /// taken it.
    Page {
        /// Which session.
        session: SessionId,
        /// In which conversation.
        conversation: ConversationId,
        /// By rising `seq`.
        frames: Vec<ServerFrame>,
    },
    /// End a session; the room has forgotten it already.
    Close {
        /// Which.
        session: SessionId,
        /// Why.
        close: Close,
    },
    /// Hand this to the writer.
    Submit(Write),
    /// Look an entrant up; answered by [`Command::Found`].
    LookUp {
        /// Which session.
        session: SessionId,
        /// Who.
        entrant: Entrant,
        /// These conversations too.
        resume: Vec<ConversationId>,
    },
    /// Read the queue; answered by [`Command::QueueLoaded`].
    LoadQueue,
    /// Move on the leases of agents, and read who is there; answered by [`Command::PresenceKept`].
    KeepPresence(KeepPresence),
    /// Keep that an agent is away or available; answered by [`Command::AwaySet`].
    SetAway {
        /// Which session.
        session: SessionId,
        /// Its `ref`.
        reference: String,
        /// Who.
        agent: AgentId,
        /// Away, else available.
        away: bool,
    },
    /// Read a conversation's tags; answered by [`Command::TagsLoaded`].
    LoadTags(ConversationId),
    /// Read messages; answered by [`Command::HistoryLoaded`] when there is a `reference`, else by
    /// [`Command::PageLoaded`].
    Load {
        /// Which session.
        session: SessionId,
        /// On whose behalf.
        viewer: Viewer,
        /// The `ref` of a request for history.
        reference: Option<String>,
        /// Of which conversation.
        conversation: ConversationId,
        /// From where.
        page: PageAsked,
        /// How many at most.
        limit: usize,
    },
}
