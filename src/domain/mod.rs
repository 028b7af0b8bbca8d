//! What chat is about, without a socket or a database: ids, texts, messages, conversations, and
//! the one table of errors. Everything here is plain data and pure functions.

mod account;
mod assignment;
mod audit;
mod block;
mod conversation;
mod customer;
mod desk;
mod error;
mod feedback;
mod file;
mod gram;
mod history;
mod id;
mod identity;
mod key;
mod message;
mod reply;
mod report;
mod retention;
mod search;
pub mod settings;
mod tag;
mod text;
mod time;
mod totp;

pub use account::{Account, AccountChange, Device, Login, LoginId, Me, Role, Unmanaged};
pub use assignment::{AssignmentMode, AssignmentRules, Candidate, MAX_CAPACITY, choose, is_there};
pub use audit::{AuditAction, AuditActor, AuditEntry, AuditFilter, NewAuditEntry};
pub use block::{Block, BlockList, NewBlock, Target, neighbourhood};
pub use conversation::{
    AgentRef, Channel, Conversation, CustomerRef, Listed, ReadMarks, Side, Status, Unread,
};
pub use customer::{CustomerDetails, CustomerRecord};
pub use desk::{Action, Actor, Change, State, decide};
pub use error::{Code, Refusal};
pub use feedback::{Contact, RATING_CHANGES_H, Rating};
pub use file::{File, FileGroup, FileId, FileLimits, Media, Pixels, clean_name};
pub use gram::{Gram, Need};
pub use history::{HeldBy, HistoryFilter, RatingAsked, Reviewed};
pub use id::{AgentId, BlockId, ConversationId, CustomerId, ReplyId, Seq, TagId};
pub use identity::{Claims, IdentitySecret, SECRET_BYTES, verify};
pub use key::{ClientId, CustomerKey, SessionKey, TOKEN_CHARS, Token};
pub use message::{Author, ERASED, Event, EventName, Kind, Message};
pub use reply::{ReplyContent, SavedReply, Unsaved};
pub use report::{
    Activity, Case, Count, Figures, Period, Report, Spread, Step, agents_of, quarter, report,
};
pub use retention::{Erasure, Hold, RetentionCount};
pub use search::{Hit, HitMessage, Piece, SearchWords, excerpt};
pub use settings::{LiveSettings, Settings};
pub use tag::{Tag, TagName, Untagged};
pub use text::{TextLimits, check_text};
pub use time::{Timestamp, now, rfc3339};
pub use totp::{RECOVERY_CODES, SEED_BYTES, Secret, Seed, recovery_code, recovery_hash};

/// What a customer's message does once their conversation is closed (`KEFU_AFTER_CLOSE`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AfterClose {
    /// It opens a new conversation.
    #[default]
    New,
    /// It reopens the last one, which waits in the queue again.
    Reopen,
}

/// Who everybody's messages go to (`KEFU_ROOM`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoomKind {
    /// Each customer has conversations of their own, seen by that customer and the agents.
    Private,
    /// One conversation for everybody, customers and agents alike.
    Shared,
}
