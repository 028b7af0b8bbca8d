//! What the room asks the writer to store, and what it hears back. Plain data.

use crate::domain::{
    Action, AgentRef, AssignmentRules, Channel, ClientId, Conversation, ConversationId,
    CustomerKey, FileId, Kind, Message, Refusal, Role, Seq, Side,
};

/// The room's own number for a write, given back with its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Something to store.
#[derive(Clone, Debug)]
pub enum Write {
    /// A message.
    Post(Post),
    /// "Read up to here."
    MarkRead(MarkRead),
    /// Take, release, transfer, close or reopen a conversation.
    Act(Act),
    /// Hand out what waits, and take back what agents have who are gone.
    Dispatch(Dispatch),
}

/// A message to store, already checked for length and content.
#[derive(Clone, Debug)]
pub struct Post {
    /// Comes back with the result.
    pub ticket: Ticket,
    /// Who wrote it.
    pub from: Poster,
    /// Where; `None` is the customer's current conversation, which this message opens where there is
    /// none, and in a shared room the one conversation.
    pub conversation: Option<ConversationId>,
    /// The key under which the sender retries.
    pub client_id: ClientId,
    /// What it is.
    pub kind: Kind,
    /// The words; blank only where there is a file.
    pub text: String,
    /// A file that its sender has uploaded.
    pub file: Option<PostFile>,
}

/// The file of a message to store.
#[derive(Clone, Debug)]
pub struct PostFile {
    /// Which.
    pub id: FileId,
    /// How many files the conversation may have with it.
    pub most: u32,
}

/// A read mark to store. It never goes back, nor beyond the last message.
#[derive(Clone, Debug)]
pub struct MarkRead {
    /// Comes back with the result.
    pub ticket: Ticket,
    /// Whose side has read.
    pub by: Poster,
    /// Where.
    pub conversation: ConversationId,
    /// Up to which message.
    pub seq: Seq,
}

/// What an agent does to a conversation. It changes the conversation and leaves an event, in one.
#[derive(Clone, Debug)]
pub struct Act {
    /// Comes back with the result.
    pub ticket: Ticket,
    /// Who; an agent.
    pub by: Poster,
    /// What they may do.
    pub role: Role,
    /// Which.
    pub conversation: ConversationId,
    /// What to do to it.
    pub action: Action,
}

/// What the server does on its own: conversations of agents who are gone go back to the queue, and what waits
/// is given to agents who are there, available and have room. All of it in one transaction.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// Comes back with the result.
    pub ticket: Ticket,
    /// By which rules.
    pub rules: AssignmentRules,
    /// Whether whoever asks has seen leases for long enough to know that their holders are gone. Agents whose
    /// account is disabled are gone at once and in any case.
    pub may_return: bool,
}

/// Who writes or reads; from the session, never from what a client said.
#[derive(Clone, Debug)]
pub enum Poster {
    /// A person who asks, known by their token.
    Customer {
        /// Hash of the token. One that the database does not have is a new customer, who gets a row
        /// with the first message that is stored.
        key: CustomerKey,
        /// The page they are on; kept with the first message.
        page: Option<String>,
        /// Their browser's language; kept with the first message.
        language: Option<String>,
        /// Their browser, as it calls itself; kept with the first message.
        user_agent: Option<String>,
        /// By which way they come; kept with the conversation that their message opens.
        channel: Channel,
    },
    /// A person who answers.
    Agent(AgentRef),
}

impl Poster {
    pub(crate) fn customer_key(&self) -> Option<CustomerKey> {
        match self {
            Self::Customer { key, .. } => Some(*key),
            Self::Agent(_) => None,
        }
    }
}

impl Write {
    /// The room's number for it.
    pub fn ticket(&self) -> Ticket {
        match self {
            Self::Post(post) => post.ticket,
            Self::MarkRead(mark) => mark.ticket,
            Self::Act(act) => act.ticket,
            Self::Dispatch(dispatch) => dispatch.ticket,
        }
    }

    /// Who asks for it; `None` is the server itself.
    pub(super) fn by(&self) -> Option<&Poster> {
        match self {
            Self::Post(post) => Some(&post.from),
            Self::MarkRead(mark) => Some(&mark.by),
            Self::Act(act) => Some(&act.by),
            Self::Dispatch(_) => None,
        }
    }

    pub(super) fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::Post(post) => post.conversation,
            Self::MarkRead(mark) => Some(mark.conversation),
            Self::Act(act) => Some(act.conversation),
            Self::Dispatch(_) => None,
        }
    }
}

/// What became of a write. Every write gets exactly one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all of them are of the large one"
)]
pub enum Written {
    /// A message is committed.
    Posted(Posted),
    /// A read mark is committed.
    Read {
        /// Which write this answers.
        ticket: Ticket,
        /// Where.
        conversation: ConversationId,
        /// Whose conversation; `None` is the shared one.
        owner: Option<CustomerKey>,
        /// Whose mark.
        side: Side,
        /// Where the mark is now.
        seq: Seq,
        /// Whether it is further than before.
        moved: bool,
    },
    /// What was to be done to a conversation is so.
    Acted(Acted),
    /// The server has done on its own what there was to do.
    Dispatched {
        /// Which write this answers.
        ticket: Ticket,
        /// Each change with its event, in their order; a conversation may be in it twice.
        changes: Vec<Acted>,
    },
    /// Nothing was stored, and trying again would not change that.
    Refused {
        /// Which write this answers.
        ticket: Ticket,
        /// Why.
        refusal: Refusal,
    },
    /// The database was away, or there is a fault. Whether it was stored may be unknown; the same
    /// again finds out.
    Failed {
        /// Which write this answers.
        ticket: Ticket,
        /// Why.
        refusal: Refusal,
    },
}

impl Written {
    /// Which write this answers.
    pub fn ticket(&self) -> Ticket {
        match self {
            Self::Posted(Posted { ticket, .. })
            | Self::Acted(Acted { ticket, .. })
            | Self::Read { ticket, .. }
            | Self::Dispatched { ticket, .. }
            | Self::Refused { ticket, .. }
            | Self::Failed { ticket, .. } => *ticket,
        }
    }
}

/// A committed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Which write this answers.
    pub ticket: Ticket,
    /// What the message brought about, as the message just before it: it took or reopened the
    /// conversation.
    pub event: Option<Message>,
    /// The message as it is stored.
    pub message: Message,
    /// It was stored before: this is the answer to a retry. Also when a commit's outcome was lost with
    /// the connection and the second run found the message, so nobody may have been shown it yet.
    pub duplicate: bool,
    /// Whose conversation; `None` is the shared one.
    pub owner: Option<CustomerKey>,
    /// The conversation after this message (for a duplicate: as it is now).
    pub conversation: Conversation,
    /// The conversation is new, or this message changed its status or agent.
    pub status_changed: bool,
}

/// What was to be done to a conversation is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acted {
    /// Which write this answers.
    pub ticket: Ticket,
    /// The committed event; `None` where it was so already. Also when a commit's outcome was lost with the
    /// connection and the second run found it done, so nobody may have been shown the event yet.
    pub event: Option<Message>,
    /// Whose conversation; `None` is the shared one.
    pub owner: Option<CustomerKey>,
    /// The conversation as it is now.
    pub conversation: Conversation,
}
