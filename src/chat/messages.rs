//! What is said between the room's actor, its sessions and the writer.

use std::{
    collections::{BTreeMap, HashSet},
    net::IpAddr,
    sync::Arc,
    time::Instant,
};

use actix::prelude::*;
use bytestring::ByteString;

use super::command::{Entrant, SessionId};
use crate::{
    channel::{Sender, Weight},
    domain::{ConversationId, CustomerId, Refusal, Seq, SessionKey},
    metrics::Counted,
    protocol::{Close, Dialect, Request},
    store::Written,
    texts::Texts,
};

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
    pub(super) fn weight(&self) -> Weight {
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
    pub(super) results: Vec<Written>,
    pub(super) at: Instant,
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
