//! The one integration binary. Every test starts a real server (the `kefu` binary) and talks to it
//! over the network as customers, agents and strangers do; each runs on SQLite and on MariaDB.
//!
//! `make test-server` starts the MariaDB that they share; each test has a database of its own there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "json!(…) reads best where it is passed"
)]

mod support;
// The same generators as beside the unit tests.
#[path = "../../src/random.rs"]
mod random;

mod accounts;
mod assignment;
mod audit;
mod backup;
mod bad_input;
mod blocks;
mod command_line;
mod desk;
mod erase;
mod exports;
mod faults;
mod feedback;
mod files;
mod history;
mod http;
mod identity;
mod import;
mod inbox;
mod limits;
mod logs;
mod metrics;
mod modules;
mod promises;
mod retention;
mod seed;
mod settings;
mod shared_room;
mod socketio;
