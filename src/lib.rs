//! Kefu: live chat that a business hosts itself.
//!
//! Modules point one way: `domain ← protocol`, `domain ← store`,
//! `{domain, protocol, store} ← chat ← http ← server ← main`. A test keeps it so.
//! docs/ARCHITECTURE.md is the map.

pub mod backup;
pub mod bell;
pub mod channel;
pub mod chat;
pub mod config;
pub mod dev;
pub mod domain;
pub mod export;
pub mod files;
pub mod http;
pub mod import;
mod incident;
mod index;
pub mod metrics;
pub mod password;
pub mod protocol;
#[cfg(test)]
mod random;
pub mod retention;
pub mod server;
pub mod socketio;
pub mod store;
pub mod sweep;
pub mod texts;
