//! What a batch inserts and updates, with few statements however many rows there are.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write as _},
};

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    sql_types::{Nullable, Text},
};

use super::{Result, files};
use crate::{
    domain::{Author, Channel, ConversationId, FileId, Message, Seq, Status},
    store::{
        connection::{DbConnection, MultiBackend},
        rows::{AGENT, CUSTOMER, ConversationRow, SYSTEM},
        schema::{conversations, customers},
    },
};

/// A customer, before their first message is stored.
#[derive(Insertable)]
#[diesel(table_name = customers, treat_none_as_default_value = false)]
pub struct NewCustomer<'a> {
    pub token_hash: Vec<u8>,
    pub page: &'a Option<String>,
    pub language: &'a Option<String>,
    pub user_agent: &'a Option<String>,
    pub created_at: NaiveDateTime,
}

/// A conversation without messages.
pub struct NewConversation {
    customer_id: Option<i64>,
    current_of: Option<i64>,
    status: Status,
    channel: Channel,
    at: NaiveDateTime,
}

/// `conversations.current_of` of the one conversation of a shared room.
pub const EVERYBODY: i64 = 0;

impl NewConversation {
    pub fn of_customer(id: i64, at: NaiveDateTime, channel: Channel) -> Self {
        Self {
            customer_id: Some(id),
            current_of: Some(id),
            status: Status::Waiting,
            channel,
            at,
        }
    }

    /// The one conversation of a shared room; nobody has to take it.
    pub fn of_everybody(at: NaiveDateTime) -> Self {
        Self {
            customer_id: None,
            current_of: Some(EVERYBODY),
            status: Status::Open,
            channel: Channel::Web,
            at,
        }
    }
}

/// A message with its number.
pub struct NewMessage {
    pub conversation_id: i64,
    pub seq: i64,
    pub client_id: Option<String>,
    pub kind: &'static str,
    pub sender_role: &'static str,
    pub sender_id: Option<i64>,
    pub text: String,
    pub sent_at: NaiveDateTime,
    pub event: Option<&'static str>,
    pub event_agent_id: Option<i64>,
}

/// Inserts customers, none of which may be there.
pub fn insert_customers(conn: &mut DbConnection, rows: Vec<NewCustomer<'_>>) -> Result<()> {
    let insert = diesel::insert_into(customers::table).values(rows);
    // Many rows with one statement, which diesel has for each engine but not for the enum.
    match conn {
        DbConnection::Mysql(conn) => insert.execute(conn)?,
        DbConnection::Sqlite(conn) => insert.execute(conn)?,
    };
    Ok(())
}

/// Inserts conversations, none of which may be there. All that is in them is our own.
pub fn insert_conversations(conn: &mut DbConnection, rows: &[NewConversation]) -> QueryResult<()> {
    let mut sql = String::from(
        "INSERT INTO conversations (customer_id, current_of, status, last_seq, customer_read_seq, \
         agent_read_seq, created_at, last_message_at, waiting_since, channel) VALUES ",
    );
    for (index, row) in rows.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        let (customer, current) = (OrNull(row.customer_id), OrNull(row.current_of));
        let (status, channel) = (row.status.as_str(), row.channel.as_str());
        let at = sql_time(row.at);
        let waiting = OrNull((row.status == Status::Waiting).then(|| format!("'{at}'")));
        // Writing to a string can not fail.
        let _ = write!(
            sql,
            "{comma}({customer}, {current}, '{status}', 0, 0, 0, '{at}', '{at}', {waiting}, '{channel}')"
        );
    }
    diesel::sql_query(sql).execute(conn)?;
    Ok(())
}

/// Inserts messages that have their numbers, as many to a statement as suits.
pub fn insert_messages(conn: &mut DbConnection, messages: &[NewMessage]) -> QueryResult<()> {
    let mut rest = messages;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest.iter().take(STATEMENT_ROWS).take_while(|message| {
            bytes += message.text.len();
            bytes <= STATEMENT_BYTES
        });
        let (now, later) = rest.split_at(fits.count().max(1));
        insert_some(conn, now)?;
        rest = later;
    }
    Ok(())
}

/// Only what somebody sent is bound: the rest is numbers, times and words of our own,
/// and a bound value costs more than the message's whole way through the room.
fn insert_some(conn: &mut DbConnection, messages: &[NewMessage]) -> QueryResult<()> {
    let mut sql = String::with_capacity(160 + 128 * messages.len());
    sql.push_str(
        "INSERT INTO messages (conversation_id, seq, client_id, kind, sender_role, sender_id, text, \
         sent_at, event, event_agent_id) VALUES ",
    );
    let (mut last, mut time) = (None, String::new());
    for (index, message) in messages.iter().enumerate() {
        if last != Some(message.sent_at) {
            last = Some(message.sent_at);
            time = sql_time(message.sent_at);
        }
        // Writing to a string can not fail.
        let _ = write!(
            sql,
            "{}({}, {}, ?, '{}', '{}', {}, ?, '{time}', {}, {})",
            if index == 0 { "" } else { ", " },
            message.conversation_id,
            message.seq,
            message.kind,
            message.sender_role,
            OrNull(message.sender_id),
            OrNull(message.event.map(Quoted)),
            OrNull(message.event_agent_id),
        );
    }
    let mut insert = diesel::sql_query(sql).into_boxed::<MultiBackend>();
    for message in messages {
        insert = insert
            .bind::<Nullable<Text>, _>(message.client_id.as_deref())
            .bind::<Text, _>(message.text.as_str());
    }
    insert.execute(conn)?;
    Ok(())
}

/// A time as both engines read it.
pub fn sql_time(at: NaiveDateTime) -> String {
    at.format("%F %T%.f").to_string()
}

/// A word of our own.
struct Quoted(&'static str);

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0)
    }
}

struct OrNull<T>(Option<T>);

impl<T: fmt::Display> fmt::Display for OrNull<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("NULL"),
        }
    }
}

/// Bytes of text in one statement, well under the smallest `max_allowed_packet` (1 MiB).
const STATEMENT_BYTES: usize = 256 * 1024;
/// Rows in one INSERT. More in one were slower, not faster.
const STATEMENT_ROWS: usize = 256;
/// Rows in one UPDATE, which compares each row with each of its cases.
const UPDATE_ROWS: usize = 64;

/// What a batch changes, gathered to be written with few statements.
#[derive(Default)]
pub struct Changes {
    pub messages: Vec<NewMessage>,
    /// Conversations with new messages.
    pub posted: BTreeSet<i64>,
    /// Conversations with a new read mark.
    pub marked: BTreeSet<i64>,
    /// Conversations with a read mark that is not at their end: what is unread after it must be counted.
    pub recount: BTreeSet<i64>,
    /// Files that were posted, and with which message.
    pub files: Vec<(FileId, ConversationId, Seq)>,
    /// Conversations that have another status or agent, or their first answer.
    pub changed: BTreeSet<i64>,
}

impl Changes {
    /// A message that has its number.
    pub fn add(&mut self, message: &Message) {
        let (sender_role, sender_id) = match &message.author {
            Author::Customer { id, .. } => (CUSTOMER, Some(id.0)),
            Author::Agent { id, .. } => (AGENT, Some(id.0)),
            Author::System => (SYSTEM, None),
        };
        let event = message.event.as_ref();
        self.posted.insert(message.conversation.0);
        if let Some(file) = &message.file {
            let place = (file.id.clone(), message.conversation, message.seq);
            self.files.push(place);
        }
        self.messages.push(NewMessage {
            conversation_id: message.conversation.0,
            seq: message.seq.0,
            client_id: message.client_id.as_ref().map(|id| id.as_str().to_owned()),
            kind: message.kind.as_str(),
            sender_role,
            sender_id,
            text: message.text.clone(),
            sent_at: message.sent_at.naive_utc(),
            event: event.map(|event| event.name.as_str()),
            event_agent_id: event.and_then(|event| event.agent.as_ref().map(|agent| agent.id.0)),
        });
    }

    pub fn store(
        self,
        conn: &mut DbConnection,
        rows: &BTreeMap<i64, ConversationRow>,
        at: NaiveDateTime,
    ) -> Result<()> {
        insert_messages(conn, &self.messages)?;
        for (id, conversation, seq) in &self.files {
            files::post(conn, id, *conversation, *seq)?;
        }
        let of = |ids: &BTreeSet<i64>| -> Vec<&ConversationRow> {
            ids.iter().filter_map(|id| rows.get(id)).collect()
        };
        let posted = of(&self.posted);
        if let [row] = posted[..] {
            update_one(conn, row, at)?;
        }
        for rows in posted.chunks(UPDATE_ROWS).filter(|_| posted.len() > 1) {
            let columns = [
                LAST_SEQ,
                CUSTOMER_READ_SEQ,
                AGENT_READ_SEQ,
                CUSTOMER_UNREAD,
                AGENT_UNREAD,
            ];
            // Numbers and a time of our own making only; nothing that anybody sent.
            let time = sql_time(at);
            let sql = update(&columns, Some(&format!("last_message_at = '{time}'")), rows);
            diesel::sql_query(sql).execute(conn)?;
        }
        let only_marked: BTreeSet<i64> = self.marked.difference(&self.posted).copied().collect();
        for rows in of(&only_marked).chunks(UPDATE_ROWS) {
            let columns = [
                CUSTOMER_READ_SEQ,
                AGENT_READ_SEQ,
                CUSTOMER_UNREAD,
                AGENT_UNREAD,
            ];
            diesel::sql_query(update(&columns, None, rows)).execute(conn)?;
        }
        if !self.recount.is_empty() {
            diesel::sql_query(recount(&self.recount)).execute(conn)?;
        }
        for row in of(&self.changed) {
            diesel::update(conversations::table.find(row.id))
                .set((
                    conversations::status.eq(&row.status),
                    conversations::agent_id.eq(row.agent_id),
                    conversations::current_of.eq(row.current_of),
                    conversations::waiting_since.eq(row.waiting_since),
                    conversations::agent_since.eq(row.agent_since),
                    conversations::first_response_ms.eq(row.first_response_ms),
                    conversations::closed_at.eq(row.closed_at),
                ))
                .execute(conn)?;
        }
        Ok(())
    }
}

/// What [`update`] does, for the one conversation of most batches, with a statement that stays prepared.
fn update_one(conn: &mut DbConnection, row: &ConversationRow, at: NaiveDateTime) -> Result<()> {
    diesel::update(conversations::table.find(row.id))
        .set((
            conversations::last_seq.eq(row.last_seq),
            conversations::customer_read_seq.eq(row.customer_read_seq),
            conversations::agent_read_seq.eq(row.agent_read_seq),
            conversations::customer_unread.eq(row.customer_unread),
            conversations::agent_unread.eq(row.agent_unread),
            conversations::last_message_at.eq(at),
        ))
        .execute(conn)?;
    Ok(())
}

type Column = (&'static str, fn(&ConversationRow) -> i64);
const LAST_SEQ: Column = ("last_seq", |row| row.last_seq);
const CUSTOMER_READ_SEQ: Column = ("customer_read_seq", |row| row.customer_read_seq);
const AGENT_READ_SEQ: Column = ("agent_read_seq", |row| row.agent_read_seq);
const CUSTOMER_UNREAD: Column = ("customer_unread", |row| row.customer_unread);
const AGENT_UNREAD: Column = ("agent_unread", |row| row.agent_unread);

/// Counts what each side has not read, in the rows as they are now.
fn recount(ids: &BTreeSet<i64>) -> String {
    let unread = |mark: &str, sender: &str| {
        format!(
            "(SELECT COUNT(*) FROM messages m WHERE m.conversation_id = conversations.id \
             AND m.seq > conversations.{mark} AND m.kind IN ('text', 'file') AND m.sender_role = '{sender}')"
        )
    };
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
    format!(
        "UPDATE conversations SET customer_unread = {}, agent_unread = {} WHERE id IN ({})",
        unread("customer_read_seq", "agent"),
        unread("agent_read_seq", "customer"),
        ids.join(", ")
    )
}

/// `UPDATE conversations SET last_seq = CASE id WHEN 1 THEN 7 … END, … WHERE id IN (1, …)`
fn update(columns: &[Column], also: Option<&str>, rows: &[&ConversationRow]) -> String {
    let mut sql = String::from("UPDATE conversations SET ");
    for (index, (name, value)) in columns.iter().enumerate() {
        sql.push_str(if index == 0 { "" } else { ", " });
        sql.push_str(name);
        sql.push_str(" = CASE id");
        for row in rows {
            // Writing to a string can not fail.
            let _ = write!(sql, " WHEN {} THEN {}", row.id, value(row));
        }
        sql.push_str(" END");
    }
    if let Some(also) = also {
        sql.push_str(", ");
        sql.push_str(also);
    }
    let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
    let _ = write!(sql, " WHERE id IN ({})", ids.join(", "));
    sql
}
