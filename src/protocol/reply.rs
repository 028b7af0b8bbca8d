//! Saved replies as HTTP shows them (docs/PROTOCOL.md §6).

use serde::{Deserialize, Serialize};

use crate::domain::{ReplyId, SavedReply, rfc3339};

/// A text to answer with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedReplyView {
    /// Names it.
    pub id: ReplyId,
    /// What follows the `/`.
    pub shortcut: String,
    /// What a list shows beside it.
    pub title: Option<String>,
    /// The words.
    pub text: String,
    /// Everybody's, not one's own.
    pub shared: bool,
    /// When it was changed last.
    pub updated_at: String,
}

impl From<&SavedReply> for SavedReplyView {
    fn from(reply: &SavedReply) -> Self {
        Self {
            id: reply.id,
            shortcut: reply.content.shortcut.clone(),
            title: reply.content.title.clone(),
            text: reply.content.text.clone(),
            shared: reply.owner.is_none(),
            updated_at: rfc3339(reply.updated_at),
        }
    }
}
