//! Whatever somebody sends, the answer says what was wrong, and the server and everybody else go on.
//! On SQLite only, where none of it gets as far as the database.

mod bodies;
mod fields;
mod frames;
mod hello;
mod requests;

use serde_json::json;

use crate::support::{Client, Database, Engine, Server, token};

/// A server, and the database that must outlive it.
fn server() -> (Server, Database) {
    let database = Database::new(Engine::Sqlite);
    (Server::on(&database).start(), database)
}

fn customer(server: &Server) -> Client {
    Client::customer(server, &token(), json!({})).0
}
