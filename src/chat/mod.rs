//! The delivery core: who is connected, who gets what, and in which order.
//!
//! `room` holds the rules as a plain struct, `apply(Command) -> Vec<Effect>`, that a test calls
//! without a runtime; [`ChatRoom`] is the thin actor around it that carries commands in and effects
//! out. The actor does no database, network or file work itself.

mod actor;
mod blocks;
mod command;
mod cursor;
mod messages;
mod refuse;
mod room;

pub use actor::ChatRoom;
pub use blocks::Blocks;
pub use command::{Entrant, RoomSettings, SessionId, Visitor};
pub use messages::{
    AskAddresses, AskOnline, Enter, FromSession, Knock, Leave, Outbound, PageWritten, RenewBlocks,
    RenewTokens, Report, Retagged, SettingsMoved, SignOut, Stop,
};
pub use refuse::refuse;
