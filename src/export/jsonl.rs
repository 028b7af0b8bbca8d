//! JSON Lines: an object a line, `type` first. What a conversation is made of, so that it can be made again
//! (docs/EXPORT.md).

use serde_json::{Map, Value, json};

use super::{About, Exported, Totals};
use crate::{
    domain::{Message, rfc3339},
    protocol::MessageView,
};

/// Grows when a reader of the one before would go wrong.
pub const VERSION: u32 = 1;

fn line(out: &mut String, object: &Value) {
    out.push_str(&object.to_string());
    out.push('\n');
}

pub fn begin(out: &mut String, about: &About) {
    let filter: Map<String, Value> = (about.filter.iter())
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect();
    let begin = json!({
        "type": "export",
        "version": VERSION,
        "filter": filter,
        "made_at": rfc3339(about.made_at),
        "by": about.by,
    });
    line(out, &begin);
}

pub fn conversation(out: &mut String, one: &Exported) {
    let row = &one.row;
    let conversation = &row.listed.conversation;
    let customer = one.customer.as_ref().map(|customer| {
        let attributes = customer.attributes.as_deref();
        json!({
            "id": customer.id,
            "name": customer.name,
            "email": customer.email,
            "external_id": customer.external_id,
            "page": customer.page,
            "language": customer.language,
            "user_agent": customer.user_agent,
            "attributes": attributes.and_then(|text| serde_json::from_str::<Value>(text).ok()),
            "created_at": rfc3339(customer.created_at),
        })
    });
    let agent = conversation.agent.as_ref();
    let tags: Vec<_> = row
        .listed
        .tags
        .iter()
        .map(|tag| tag.name.as_str())
        .collect();
    let rating = row.rating.as_ref();
    let conversation = json!({
        "type": "conversation",
        "id": conversation.id,
        "status": conversation.status,
        "created_at": rfc3339(conversation.created_at),
        "ended_at": row.ended_at.map(rfc3339),
        "first_response_ms": row.first_response_ms,
        "customer": customer,
        "agent": agent.map(|agent| json!({"id": agent.id, "name": agent.name})),
        "tags": tags,
        "rating": rating.map(|rating| json!({"score": rating.score, "comment": rating.comment})),
    });
    line(out, &conversation);
}

pub fn message(out: &mut String, message: &Message) {
    let view = serde_json::to_value(MessageView::from(message)).unwrap_or_default();
    let mut object = Map::from_iter([("type".to_owned(), Value::from("message"))]);
    if let Value::Object(fields) = view {
        object.extend(fields);
    }
    line(out, &Value::Object(object));
}

pub fn end(out: &mut String, totals: Totals, sum: &str) {
    let end = json!({
        "type": "end",
        "conversations": totals.conversations,
        "messages": totals.messages,
        "sha256": sum,
    });
    line(out, &end);
}
