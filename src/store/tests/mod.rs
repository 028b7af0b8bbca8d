//! What the store promises, on both engines. By topic: order and numbering, repeats, rights, history,
//! accounts, and what happens while the database is away (`fault`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod customer;
mod desk;
mod dispatch;
mod fault;
mod files;
mod history;
mod identity;
mod index;
mod once;
mod order;
mod plans;
mod private;
mod replies;
mod reports;
mod review;
mod search;
mod settings;
mod tags;
mod text;
mod turn;
