//! JSON Lines: an object a line, `type` first. What a conversation is made of, so that it can be made again
//! (docs/EXPORT.md).

use serde_json::{Map, Value, json};

use super::{About, Exported, Totals, checksum::hex};
use crate::{
    domain::{AgentId, Author, Message, rfc3339},
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
    let customer = one.details.customer.as_ref().map(|(customer, key)| {
        let attributes = customer.attributes.as_deref();
        json!({
            "id": customer.id,
            "key": hex(&key.0),
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
    let tags = row.listed.tags.iter().map(|tag| tag.name.as_str());
    let tagged = one
        .details
        .tagged
        .iter()
        .map(|(name, by, at)| json!({"name": name, "by": one.agent(*by), "at": rfc3339(*at)}));
    let rating = row.rating.as_ref().map(|rating| {
        let (first, last) = one.details.rated.unzip();
        json!({
            "score": rating.score,
            "comment": rating.comment,
            "rated_at": first.map(rfc3339),
            "changed_at": last.map(rfc3339),
        })
    });
    let conversation = json!({
        "type": "conversation",
        "id": conversation.id,
        "status": conversation.status,
        "channel": row.channel,
        "created_at": rfc3339(conversation.created_at),
        "waiting_since": conversation.waiting_since.map(rfc3339),
        "agent_since": one.details.agent_since.map(rfc3339),
        "ended_at": row.ended_at.map(rfc3339),
        "first_response_ms": row.first_response_ms,
        "customer": customer,
        "agent": conversation.agent.as_ref().map(|agent| one.agent(agent.id)),
        "read": {"customer": conversation.read.customer, "agent": conversation.read.agent},
        "unread": {"customer": conversation.unread.customer, "agent": conversation.unread.agent},
        "tags": tags.collect::<Vec<_>>(),
        "tagged": tagged.collect::<Vec<_>>(),
        "rating": rating,
    });
    line(out, &conversation);
}

impl Exported {
    /// An agent, with what they type to sign in: numbers are others in another database.
    fn agent(&self, id: AgentId) -> Value {
        let name = self.logins.get(&id).map(|(_, name)| name.as_str());
        json!({"id": id, "username": self.username(id), "name": name})
    }

    fn username(&self, id: AgentId) -> Option<&str> {
        let login = self.logins.get(&id);
        login.map(|(username, _)| username.as_str())
    }
}

pub fn message(out: &mut String, one: &Exported, message: &Message) {
    let view = serde_json::to_value(MessageView::from(message)).unwrap_or_default();
    let mut object = Map::from_iter([("type".to_owned(), Value::from("message"))]);
    if let Value::Object(fields) = view {
        object.extend(fields);
    }
    if let Author::Agent { id, .. } = message.author {
        object["from"]["username"] = one.username(id).into();
    }
    if let Some(agent) = message
        .event
        .as_ref()
        .and_then(|event| event.agent.as_ref())
    {
        object["event"]["agent"]["username"] = one.username(agent.id).into();
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
