//! Rows of the history, as HTTP shows them to those who review (docs/PROTOCOL.md §6).

use serde::{Deserialize, Serialize};

use super::{ConversationView, HitMessageView, PieceView};
use crate::domain::{Channel, Reviewed, rfc3339};

/// A conversation with what a table of them shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReviewedView {
    /// Which; `created_at` is when it began.
    pub conversation: ConversationView,
    /// By which way the customer came: `web` or `socketio`.
    pub channel: Channel,
    /// When it was closed; `None` while it is not.
    pub ended_at: Option<String>,
    /// From its beginning to the first text or file of an agent.
    pub first_response_ms: Option<i64>,
    /// How many texts and files it has.
    pub messages: i64,
    /// How the customer found it.
    pub rating: Option<RatingView>,
    /// The newest message that has the words of `q`.
    pub message: Option<HitMessageView>,
    /// What stands there around the words; empty without `q`.
    pub excerpt: Vec<PieceView>,
}

/// How a customer found a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatingView {
    /// From 1 to 5.
    pub score: u8,
    /// In the customer's words; may be empty.
    pub comment: String,
}

impl ReviewedView {
    /// A row, with its conversation as agents see it.
    pub fn new(row: &Reviewed, conversation: ConversationView) -> Self {
        Self {
            conversation,
            channel: row.channel,
            ended_at: row.ended_at.map(rfc3339),
            first_response_ms: row.first_response_ms,
            messages: row.messages,
            rating: row.rating.as_ref().map(|rating| RatingView {
                score: rating.score,
                comment: rating.comment.clone(),
            }),
            message: row.message.map(HitMessageView::from),
            excerpt: row.excerpt.iter().map(PieceView::from).collect(),
        }
    }
}
