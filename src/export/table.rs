//! A table for spreadsheets: a row a message.

use super::{About, Exported, Totals, csv};
use crate::domain::{Author, Message, rfc3339};

const COLUMNS: [&str; 19] = [
    "conversation",
    "began",
    "ended",
    "status",
    "customer",
    "customer name",
    "customer email",
    "customer id on the site",
    "agent",
    "tags",
    "rating",
    "seq",
    "time",
    "role",
    "who",
    "kind",
    "event",
    "text",
    "file",
];

pub fn begin(out: &mut String) {
    out.push_str(csv::BOM);
    csv::line(out, COLUMNS);
}

pub fn message(out: &mut String, one: &Exported, message: &Message) {
    let row = &one.row;
    let conversation = &row.listed.conversation;
    let customer = one.customer();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let (role, who) = match &message.author {
        Author::Customer { name, .. } => ("customer", name.clone()),
        Author::Agent { name, .. } => ("agent", Some(name.clone())),
        Author::System => ("system", None),
    };
    let tags: Vec<_> = row
        .listed
        .tags
        .iter()
        .map(|tag| tag.name.as_str())
        .collect();
    let cells: [String; COLUMNS.len()] = [
        conversation.id.to_string(),
        rfc3339(conversation.created_at),
        row.ended_at.map(rfc3339).unwrap_or_default(),
        conversation.status.as_str().to_owned(),
        customer
            .map(|customer| customer.id.to_string())
            .unwrap_or_default(),
        text(customer.and_then(|customer| customer.name.as_deref())),
        text(customer.and_then(|customer| customer.email.as_deref())),
        text(customer.and_then(|customer| customer.external_id.as_deref())),
        text(conversation.agent.as_ref().map(|agent| agent.name.as_str())),
        tags.join(", "),
        row.rating
            .as_ref()
            .map(|rating| rating.score.to_string())
            .unwrap_or_default(),
        message.seq.to_string(),
        rfc3339(message.sent_at),
        role.to_owned(),
        text(who.as_deref()),
        message.kind.as_str().to_owned(),
        text(message.event.as_ref().map(|event| event.name.as_str())),
        message.text.clone(),
        text(message.file.as_ref().map(|file| file.name.as_str())),
    ];
    csv::line(out, cells.iter().map(String::as_str));
}

/// The last row says what the file holds.
pub fn end(out: &mut String, about: &About, totals: Totals, sum: &str) {
    let filter: Vec<_> = about
        .filter
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let filter = if filter.is_empty() {
        "everything".to_owned()
    } else {
        filter.join(" ")
    };
    let Totals {
        conversations,
        messages,
    } = totals;
    let said = format!(
        "{filter}; {conversations} conversations, {messages} messages; begun {} by {}; sha256 of all rows above {sum}",
        rfc3339(about.made_at),
        about.by,
    );
    let mut cells = [""; COLUMNS.len()];
    cells[0] = "end";
    cells[COLUMNS.len() - 2] = &said;
    csv::line(out, cells);
}
