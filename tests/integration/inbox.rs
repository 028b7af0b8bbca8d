//! The agents' tools beside a conversation, over HTTP and the wire: who the customer is, saved replies,
//! tags, search.

mod customer;
mod replies;
mod search;
mod tags;

use serde_json::Value;

use crate::support::{Answer, Server};

/// An account of somebody who is no supervisor; the bearer token.
fn colleague(server: &Server, username: &str) -> String {
    const PASSWORD: &str = "a long password";
    let made = server.command(&["agent", "add", username, "--name", username], PASSWORD);
    assert!(made.status.success(), "{made:?}");
    server.sign_in_as(username, PASSWORD)
}

fn call(server: &Server, method: &str, path: &str, bearer: &str, body: Option<Value>) -> Answer {
    let bearer = format!("Bearer {bearer}");
    let path = format!("/api/v1{path}");
    server.http(method, &path, &[("authorization", &bearer)], body.as_ref())
}

/// Refused with this status and code.
fn refused(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.code())
}
