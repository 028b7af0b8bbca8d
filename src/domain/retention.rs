//! What is cleaned up, and what is kept from it.

use super::{AgentRef, ConversationId, Timestamp};

/// How much went, or would go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct RetentionCount {
    /// Whole conversations.
    pub conversations: u64,
    /// Their messages, notes and events included.
    pub messages: u64,
    /// Their files.
    pub files: u64,
    /// The bytes of those.
    pub bytes: u64,
}

impl RetentionCount {
    /// Puts another count to this one.
    pub fn add(&mut self, other: Self) {
        self.conversations += other.conversations;
        self.messages += other.messages;
        self.files += other.files;
        self.bytes += other.bytes;
    }
}

/// A conversation that is neither cleaned up nor erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Which.
    pub conversation: ConversationId,
    /// Why.
    pub reason: String,
    /// Who decided so.
    pub by: AgentRef,
    /// When.
    pub created_at: Timestamp,
}

/// The receipt of a customer who was erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// Its number.
    pub id: i64,
    /// Who was erased.
    pub customer: super::CustomerId,
    /// Who did it.
    pub by: AgentRef,
    /// When.
    pub at: Timestamp,
    /// How much.
    pub count: RetentionCount,
}
