//! What was found, as HTTP shows it to agents (docs/PROTOCOL.md §6).

use serde::{Deserialize, Serialize};

use super::ConversationView;
use crate::domain::{Hit, HitMessage, Piece, Seq, rfc3339};

/// A conversation that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HitView {
    /// Which.
    pub conversation: ConversationView,
    /// The message that has the words; `None`: the customer's name or e-mail has them.
    pub message: Option<HitMessageView>,
    /// What was found, around the words.
    pub excerpt: Vec<PieceView>,
}

/// Where a hit stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HitMessageView {
    /// Its place in the conversation.
    pub seq: Seq,
    /// `text`, `file` or `note`.
    pub kind: String,
    /// When it was stored.
    pub sent_at: String,
}

/// A part of an excerpt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PieceView {
    /// Plain text.
    pub text: String,
    /// It is one of the words.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hit: bool,
}

impl HitView {
    /// A hit, with its conversation as agents see it.
    pub fn new(hit: &Hit, conversation: ConversationView) -> Self {
        Self {
            conversation,
            message: hit.message.map(HitMessageView::from),
            excerpt: hit.excerpt.iter().map(PieceView::from).collect(),
        }
    }
}

impl From<HitMessage> for HitMessageView {
    fn from(message: HitMessage) -> Self {
        Self {
            seq: message.seq,
            kind: message.kind.as_str().to_owned(),
            sent_at: rfc3339(message.sent_at),
        }
    }
}

impl From<&Piece> for PieceView {
    fn from(piece: &Piece) -> Self {
        Self {
            text: piece.text.clone(),
            hit: piece.hit,
        }
    }
}
