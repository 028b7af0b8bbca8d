//! The promises, each by name (docs/ARCHITECTURE.md has them as invariants).

mod history;
mod once;
mod order;
mod presence;
mod private;
mod resume;
mod stop;
mod stored;
mod waiting;

use kefu::{domain::ConversationId, protocol::WelcomeView};
use serde_json::{Value, json};

use crate::support::{Client, Server};

/// `{"<conversation>": <seq>}`, what a client says that it holds.
fn holding(conversation: ConversationId, seq: i64) -> Value {
    json!({ conversation.to_string(): seq })
}

/// A customer who comes back with `seq` messages of their conversation.
fn back_at(
    server: &Server,
    token: &str,
    conversation: ConversationId,
    seq: i64,
) -> (Client, WelcomeView) {
    Client::customer(server, token, holding(conversation, seq))
}
