//! Conversations that nobody had, for trying things out and for measuring: many rows with few statements, and
//! past the writer. Called by `kefu dev seed`; blocks.

use std::fmt::Write as _;

use chrono::NaiveDateTime;
use diesel::{dsl::max, prelude::*};

use super::{
    Store, StoreError,
    batch::sql_time,
    connection::{DbConnection, write_transaction},
    schema::{agents, conversations, customers, tags},
};
use crate::domain::{AgentId, AgentRef, Status, TagId};

/// What is there to build on.
#[derive(Clone, Debug)]
pub struct SeedBase {
    /// Those who answer.
    pub agents: Vec<AgentRef>,
    /// Tags, in the order in which they were asked for.
    pub tags: Vec<TagId>,
    /// The next free id of a customer.
    pub next_customer: i64,
    /// The next free id of a conversation.
    pub next_conversation: i64,
}

/// A customer to be made.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "they are the columns of customers")]
pub struct SeedCustomer {
    pub id: i64,
    pub token_hash: [u8; 32],
    pub name: Option<String>,
    pub email: Option<String>,
    pub external_id: Option<String>,
    pub page: String,
    pub language: &'static str,
    pub created_at: NaiveDateTime,
}

/// A conversation to be made, with all that belongs to it.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "they are the columns of conversations")]
pub struct SeedConversation {
    pub id: i64,
    pub customer_id: i64,
    pub status: Status,
    pub agent_id: Option<i64>,
    pub first_response_ms: Option<i64>,
    pub created_at: NaiveDateTime,
    pub closed_at: Option<NaiveDateTime>,
    pub customer_unread: i64,
    pub agent_unread: i64,
    pub messages: Vec<SeedMessage>,
    pub tags: Vec<TagId>,
    /// Score, comment, when.
    pub rating: Option<(u8, String, NaiveDateTime)>,
}

/// A message to be made; its place is that in the list.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "they are the columns of messages")]
pub struct SeedMessage {
    pub kind: &'static str,
    pub sender_role: &'static str,
    pub sender_id: i64,
    pub text: String,
    pub sent_at: NaiveDateTime,
    pub event: Option<&'static str>,
    pub event_agent_id: Option<i64>,
}

/// Rows in one INSERT.
const ROWS: usize = 1_000;

impl Store {
    /// Makes sure of those who answer and of the tags; says what is there. `None`: there are conversations
    /// already, and `append` was not said. Blocks.
    ///
    /// # Errors
    /// As any write.
    pub fn seed_base(
        &self,
        append: bool,
        answering: &[(&str, &str)],
        tagged: &[&str],
        at: NaiveDateTime,
    ) -> Result<Option<SeedBase>, StoreError> {
        self.with_connection(|conn| {
            let last: Option<i64> = conversations::table
                .select(max(conversations::id))
                .first(conn)?;
            if last.is_some() && !append {
                return Ok(None);
            }
            let base = write_transaction(conn, |conn| base(conn, answering, tagged, at))?;
            Ok(Some(base))
        })
    }

    /// Stores customers and conversations. Blocks.
    ///
    /// # Errors
    /// As any write.
    pub fn seed(
        &self,
        customers: &[SeedCustomer],
        conversations: &[SeedConversation],
    ) -> Result<(), StoreError> {
        self.with_connection(|conn| {
            write_transaction(conn, |conn| insert(conn, customers, conversations))?;
            Ok(())
        })
    }
}

fn base(
    conn: &mut DbConnection,
    answering: &[(&str, &str)],
    tagged: &[&str],
    at: NaiveDateTime,
) -> QueryResult<SeedBase> {
    let known: Vec<String> = agents::table.select(agents::username).load(conn)?;
    for (username, name) in answering {
        if !known.iter().any(|known| known == username) {
            // Nobody can sign in by what is no hash.
            diesel::insert_into(agents::table)
                .values((
                    agents::username.eq(*username),
                    agents::name.eq(*name),
                    agents::role.eq("agent"),
                    agents::password_hash.eq("!"),
                    agents::created_at.eq(at),
                ))
                .execute(conn)?;
        }
    }
    let known: Vec<String> = tags::table.select(tags::folded).load(conn)?;
    for name in tagged {
        if !known.iter().any(|known| known == name) {
            diesel::insert_into(tags::table)
                .values((
                    tags::name.eq(*name),
                    tags::folded.eq(*name),
                    tags::created_at.eq(at),
                ))
                .execute(conn)?;
        }
    }
    let names: Vec<&str> = answering.iter().map(|(username, _)| *username).collect();
    let those: Vec<(i64, String)> = agents::table
        .filter(agents::username.eq_any(names))
        .order(agents::username)
        .select((agents::id, agents::name))
        .load(conn)?;
    let ids: Vec<(i64, String)> = tags::table.select((tags::id, tags::folded)).load(conn)?;
    let tag = |name: &&str| ids.iter().find(|(_, folded)| folded == name);
    let customer: Option<i64> = customers::table.select(max(customers::id)).first(conn)?;
    let conversation: Option<i64> = conversations::table
        .select(max(conversations::id))
        .first(conn)?;
    Ok(SeedBase {
        agents: (those.into_iter())
            .map(|(id, name)| AgentRef {
                id: AgentId(id),
                name,
            })
            .collect(),
        tags: (tagged.iter().filter_map(tag))
            .map(|(id, _)| TagId(*id))
            .collect(),
        next_customer: customer.unwrap_or(0) + 1,
        next_conversation: conversation.unwrap_or(0) + 1,
    })
}

/// Puts rows into one table, as many to a statement as suits.
fn rows<T>(
    conn: &mut DbConnection,
    into: &str,
    all: &[T],
    write: impl Fn(&mut String, &T),
) -> QueryResult<()> {
    for some in all.chunks(ROWS) {
        let mut sql = format!("INSERT INTO {into} VALUES ");
        for (index, row) in some.iter().enumerate() {
            sql.push_str(if index == 0 { "(" } else { ", (" });
            write(&mut sql, row);
            sql.push(')');
        }
        diesel::sql_query(sql).execute(conn)?;
    }
    Ok(())
}

fn insert(
    conn: &mut DbConnection,
    customers: &[SeedCustomer],
    conversations: &[SeedConversation],
) -> QueryResult<()> {
    let columns =
        "customers (id, token_hash, name, email, external_id, page, language, created_at)";
    rows(conn, columns, customers, |sql, row| {
        let hash = row.token_hash.iter().fold(String::new(), |mut hex, byte| {
            // Writing to a string can not fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let _ = write!(
            sql,
            "{}, x'{hash}', {}, {}, {}, {}, '{}', '{}'",
            row.id,
            optional(row.name.as_deref()),
            optional(row.email.as_deref()),
            optional(row.external_id.as_deref()),
            quoted(&row.page),
            row.language,
            sql_time(row.created_at)
        );
    })?;
    let columns = "conversations (id, customer_id, current_of, status, agent_id, last_seq, \
                   customer_read_seq, agent_read_seq, created_at, last_message_at, waiting_since, \
                   customer_unread, agent_unread, agent_since, first_response_ms, closed_at)";
    rows(conn, columns, conversations, |sql, row| {
        let last = row
            .messages
            .last()
            .map_or(row.created_at, |last| last.sent_at);
        let seq = row.messages.len();
        let current = (row.status != Status::Closed).then_some(row.customer_id);
        let waiting = (row.status == Status::Waiting).then_some(row.created_at);
        let since = (row.status == Status::Open).then_some(last);
        let time = |at: Option<NaiveDateTime>| at.map(|at| format!("'{}'", sql_time(at)));
        let _ = write!(
            sql,
            "{}, {}, {}, '{}', {}, {seq}, {seq}, {seq}, '{}', '{}', {}, {}, {}, {}, {}, {}",
            row.id,
            row.customer_id,
            or_null(current),
            row.status.as_str(),
            or_null(row.agent_id),
            sql_time(row.created_at),
            sql_time(last),
            or_null(time(waiting)),
            row.customer_unread,
            row.agent_unread,
            or_null(time(since)),
            or_null(row.first_response_ms),
            or_null(time(row.closed_at)),
        );
    })?;
    let columns = "messages (conversation_id, seq, client_id, kind, sender_role, sender_id, text, \
                   sent_at, event, event_agent_id)";
    let messages: Vec<_> = (conversations.iter())
        .flat_map(|one| (one.messages.iter().zip(1..)).map(|(message, seq)| (one.id, seq, message)))
        .collect();
    rows(conn, columns, &messages, |sql, (id, seq, message)| {
        let client_id = message.event.is_none().then(|| format!("'seed-{seq}'"));
        let _ = write!(
            sql,
            "{id}, {seq}, {}, '{}', '{}', {}, {}, '{}', {}, {}",
            or_null(client_id),
            message.kind,
            message.sender_role,
            message.sender_id,
            quoted(&message.text),
            sql_time(message.sent_at),
            optional(message.event),
            or_null(message.event_agent_id),
        );
    })?;
    let columns = "conversation_tags (conversation_id, tag_id, agent_id, created_at)";
    let tagged: Vec<_> = (conversations.iter())
        .flat_map(|one| one.tags.iter().map(move |tag| (one, tag)))
        .collect();
    rows(conn, columns, &tagged, |sql, (one, tag)| {
        let at = sql_time(one.created_at);
        let by = one.agent_id.unwrap_or_default();
        let _ = write!(sql, "{}, {tag}, {by}, '{at}'", one.id);
    })?;
    let columns = "ratings (conversation_id, score, comment, rated_at, changed_at)";
    let rated: Vec<_> = (conversations.iter())
        .filter_map(|one| Some((one.id, one.rating.as_ref()?)))
        .collect();
    rows(conn, columns, &rated, |sql, (id, (score, comment, at))| {
        let at = sql_time(*at);
        let _ = write!(sql, "{id}, {score}, {}, '{at}', '{at}'", quoted(comment));
    })
}

/// A text of our own as SQL. A backslash, which only one of the engines takes for something, is not in them.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "/").replace('\'', "''"))
}

fn optional(text: Option<&str>) -> String {
    text.map_or_else(|| "NULL".to_owned(), quoted)
}

fn or_null<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "NULL".to_owned(), |value| value.to_string())
}
