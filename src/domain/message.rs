//! One row of a conversation, and who wrote it.

use super::{AgentId, ClientId, ConversationId, CustomerId, Seq, Timestamp};

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Words from a customer or an agent.
    Text,
}

impl Kind {
    /// As it stands in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
        }
    }

    /// Reads [`Kind::as_str`] back.
    pub fn parse(s: &str) -> Option<Self> {
        (s == "text").then_some(Self::Text)
    }
}

/// Who wrote a message; decided by the server from the session, never by the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// A person who asks.
    Customer {
        /// Whose message it is.
        id: CustomerId,
        /// How they want to be called, if they said so.
        name: Option<String>,
    },
    /// A person who answers.
    Agent {
        /// Whose message it is.
        id: AgentId,
        /// The name that customers see.
        name: String,
    },
}

/// A stored message. Immutable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where it stands.
    pub conversation: ConversationId,
    /// Its place there.
    pub seq: Seq,
    /// The sender's own key; `None` for what no client sent.
    pub client_id: Option<ClientId>,
    /// What it is.
    pub kind: Kind,
    /// Who wrote it.
    pub author: Author,
    /// The words, exactly as sent.
    pub text: String,
    /// When the server stored it.
    pub sent_at: Timestamp,
}
