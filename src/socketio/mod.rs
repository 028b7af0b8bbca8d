//! Socket.IO, protocols 4 and 5, on Engine.IO 3 and 4: what the tutorial's pages and other Socket.IO clients
//! speak.
//!
//! `engine` is the transport below: packets over long polling and WebSocket, one actor for each session.
//! `packet` and `client` are Socket.IO itself: namespaces, events, acks. Nothing here knows the chat, and
//! nothing here knows HTTP: `http::engine` carries it on actix-web, and what the namespaces do is an
//! [`Application`] of somebody else's.

mod client;
pub mod engine;
mod packet;

pub use client::{Application, Client, Event, SocketIo};
pub use packet::Kind;
