//! A conversation as lists show it.

use super::{AgentId, ConversationId, CustomerId, Message, Seq, Tag, Timestamp};

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nobody has it: it is in the queue.
    Waiting,
    /// An agent has it.
    Open,
    /// Ended.
    Closed,
}

impl Status {
    /// As it stands in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }

    /// Reads [`Status::as_str`] back.
    pub fn parse(s: &str) -> Option<Self> {
        [Self::Waiting, Self::Open, Self::Closed]
            .into_iter()
            .find(|status| status.as_str() == s)
    }
}

/// By which way a customer came when a conversation began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// The customer's page, or another client of `kefu.v1`.
    Web,
    /// A client of Socket.IO.
    SocketIo,
}

impl Channel {
    /// Every channel there is.
    pub const ALL: &[Self] = &[Self::Web, Self::SocketIo];

    /// As it stands in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::SocketIo => "socketio",
        }
    }

    /// Reads [`Channel::as_str`] back.
    pub fn parse(s: &str) -> Option<Self> {
        (Self::ALL.iter().copied()).find(|channel| channel.as_str() == s)
    }
}

/// The two sides of a conversation, for read marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The customer (in a shared room: any customer).
    Customer,
    /// The agents, as a team.
    Agent,
}

/// Up to where each side has read. To write is to have read what stands above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadMarks {
    /// By the customer.
    pub customer: Seq,
    /// By the agents, as a team.
    pub agent: Seq,
}

/// How many texts of the other side each side has not read. Notes and events are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// By the customer.
    pub customer: i64,
    /// By the agents, as a team.
    pub agent: i64,
}

impl Unread {
    /// How many `side` has not read.
    pub fn of(self, side: Side) -> i64 {
        match side {
            Side::Customer => self.customer,
            Side::Agent => self.agent,
        }
    }
}

/// The customer of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerRef {
    /// Whose conversation it is.
    pub id: CustomerId,
    /// How they want to be called, if they said so.
    pub name: Option<String>,
    /// The page they were on when they first wrote.
    pub page: Option<String>,
    /// Their browser's language, as a BCP 47 tag.
    pub language: Option<String>,
}

/// The agent who has a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentRef {
    /// Their account.
    pub id: AgentId,
    /// The name that customers see.
    pub name: String,
}

/// A conversation without its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Where it stands.
    pub status: Status,
    /// `seq` of its newest message; 0 when it has none.
    pub last_seq: Seq,
    /// Whose it is; `None` for the one conversation of a shared room.
    pub customer: Option<CustomerRef>,
    /// Who has it, or had it when it was closed.
    pub agent: Option<AgentRef>,
    /// Up to where each side has read.
    pub read: ReadMarks,
    /// How many texts each side has not read.
    pub unread: Unread,
    /// Since when it has been in the queue, while it is.
    pub waiting_since: Option<Timestamp>,
    /// When it began.
    pub created_at: Timestamp,
    /// When its newest message was stored.
    pub last_message_at: Timestamp,
}

/// A conversation with its newest text, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The conversation.
    pub conversation: Conversation,
    /// Its newest text, where it has one.
    pub last_message: Option<Message>,
    /// What agents have tagged it with, by name; read for agents only.
    pub tags: Vec<Tag>,
}
