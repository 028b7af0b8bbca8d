//! Rows as diesel reads them, and how they become the domain's types. Used by the writer and by reads.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::{
    connection::{DbConnection, MultiBackend},
    error::nonsense,
    schema::{agents, conversations, customers, files, messages},
};
use crate::domain::{
    AgentId, AgentRef, Author, ClientId, Conversation, ConversationId, CustomerId, CustomerKey,
    CustomerRef, Event, EventName, File, FileId, Kind, Media, Message, Pixels, ReadMarks, Seq,
    Status, Unread,
};

/// A customer.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = customers)]
pub(super) struct CustomerRow {
    pub id: i64,
    pub token_hash: Vec<u8>,
    pub name: Option<String>,
    pub page: Option<String>,
    pub language: Option<String>,
}

impl CustomerRow {
    pub fn key(&self) -> QueryResult<CustomerKey> {
        let hash = self.token_hash.as_slice().try_into();
        hash.map(CustomerKey)
            .map_err(|_| nonsense("customers.token_hash"))
    }

    pub fn into_ref(self) -> CustomerRef {
        CustomerRef {
            id: CustomerId(self.id),
            name: self.name,
            page: self.page,
            language: self.language,
        }
    }
}

/// A conversation's own columns.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = conversations)]
pub(super) struct ConversationRow {
    pub id: i64,
    pub customer_id: Option<i64>,
    pub current_of: Option<i64>,
    pub status: String,
    pub agent_id: Option<i64>,
    pub last_seq: i64,
    pub customer_read_seq: i64,
    pub agent_read_seq: i64,
    pub created_at: NaiveDateTime,
    pub last_message_at: NaiveDateTime,
    pub waiting_since: Option<NaiveDateTime>,
    pub customer_unread: i64,
    pub agent_unread: i64,
    pub agent_since: Option<NaiveDateTime>,
    pub first_response_ms: Option<i64>,
    pub closed_at: Option<NaiveDateTime>,
}

impl ConversationRow {
    pub fn status(&self) -> QueryResult<Status> {
        Status::parse(&self.status).ok_or_else(|| nonsense("conversations.status"))
    }

    pub fn assemble(
        &self,
        customer: Option<CustomerRef>,
        agent: Option<AgentRef>,
    ) -> QueryResult<Conversation> {
        Ok(Conversation {
            id: ConversationId(self.id),
            status: self.status()?,
            last_seq: Seq(self.last_seq),
            customer,
            agent,
            read: ReadMarks {
                customer: Seq(self.customer_read_seq),
                agent: Seq(self.agent_read_seq),
            },
            unread: Unread {
                customer: self.customer_unread,
                agent: self.agent_unread,
            },
            waiting_since: self.waiting_since.map(|at| at.and_utc()),
            created_at: self.created_at.and_utc(),
            last_message_at: self.last_message_at.and_utc(),
        })
    }
}

/// A message's own columns.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = messages)]
pub(super) struct MessageRow {
    pub conversation_id: i64,
    pub seq: i64,
    pub client_id: Option<String>,
    pub kind: String,
    pub sender_role: String,
    pub sender_id: Option<i64>,
    pub text: String,
    pub sent_at: NaiveDateTime,
    pub event: Option<String>,
    pub event_agent_id: Option<i64>,
}

/// What stands in `messages.sender_role`.
pub(super) const CUSTOMER: &str = "customer";
/// What stands in `messages.sender_role`.
pub(super) const AGENT: &str = "agent";
/// What stands in `messages.sender_role`.
pub(super) const SYSTEM: &str = "system";

/// An agent with their name as it is now. Their row is never deleted; if somebody did, what they said and
/// did is worth more than the name.
pub(super) fn agent_ref(id: i64, names: &HashMap<i64, String>) -> AgentRef {
    let name = names.get(&id).cloned();
    AgentRef {
        id: AgentId(id),
        name: name.unwrap_or_else(|| format!("agent {id}")),
    }
}

impl MessageRow {
    /// With the names of the people in it, as they are now: of the customer who wrote it, and of agents.
    /// A file is put to it by [`files_of`].
    pub fn assemble(
        self,
        customer: Option<String>,
        agents: &HashMap<i64, String>,
    ) -> QueryResult<Message> {
        let author = match (self.sender_role.as_str(), self.sender_id) {
            (CUSTOMER, Some(id)) => Author::Customer {
                id: CustomerId(id),
                name: customer,
            },
            (AGENT, Some(id)) => {
                let AgentRef { id, name } = agent_ref(id, agents);
                Author::Agent { id, name }
            }
            (SYSTEM, None) => Author::System,
            _ => return Err(nonsense("messages.sender_role")),
        };
        let client_id = match self.client_id {
            Some(text) => {
                Some(ClientId::parse(&text).ok_or_else(|| nonsense("messages.client_id"))?)
            }
            None => None,
        };
        let event = match self.event {
            Some(name) => Some(Event {
                name: EventName::parse(&name).ok_or_else(|| nonsense("messages.event"))?,
                agent: self.event_agent_id.map(|id| agent_ref(id, agents)),
            }),
            None => None,
        };
        Ok(Message {
            conversation: ConversationId(self.conversation_id),
            seq: Seq(self.seq),
            client_id,
            kind: Kind::parse(&self.kind).ok_or_else(|| nonsense("messages.kind"))?,
            event,
            file: None,
            author,
            text: self.text,
            sent_at: self.sent_at.and_utc(),
        })
    }
}

/// A file's own columns.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = files)]
pub(super) struct FileRow {
    pub id: String,
    pub conversation_id: Option<i64>,
    pub seq: Option<i64>,
    pub customer_token_hash: Option<Vec<u8>>,
    pub agent_id: Option<i64>,
    pub name: String,
    pub size: i64,
    pub media: String,
    pub width: Option<i32>,
    pub height: Option<i32>,
}

impl FileRow {
    pub fn assemble(&self) -> QueryResult<File> {
        let pixels = |side: Option<i32>| side.and_then(|side| u32::try_from(side).ok());
        Ok(File {
            id: FileId::parse(&self.id).ok_or_else(|| nonsense("files.id"))?,
            name: self.name.clone(),
            size: u64::try_from(self.size).map_err(|_| nonsense("files.size"))?,
            media: Media::parse(&self.media),
            pixels: pixels(self.width)
                .zip(pixels(self.height))
                .map(|(width, height)| Pixels { width, height }),
        })
    }
}

/// The files of messages, by conversation and `seq`. Costs nothing where none of them can have one.
pub(super) fn files_of(
    conn: &mut DbConnection,
    rows: &[MessageRow],
) -> QueryResult<HashMap<(i64, i64), File>> {
    let may_have =
        |row: &&MessageRow| matches!(Kind::parse(&row.kind), Some(Kind::File | Kind::Note));
    let places: BTreeSet<(i64, i64)> = (rows.iter().filter(may_have))
        .map(|row| (row.conversation_id, row.seq))
        .collect();
    if places.is_empty() {
        return Ok(HashMap::new());
    }
    // Of a few conversations a few more than these, which costs less than to ask for each.
    let conversations: BTreeSet<i64> = places
        .iter()
        .map(|(conversation, _)| *conversation)
        .collect();
    let seqs: BTreeSet<i64> = places.iter().map(|(_, seq)| *seq).collect();
    let found: Vec<FileRow> = files::table
        .filter(files::conversation_id.eq_any(conversations))
        .filter(files::seq.eq_any(seqs))
        .select(FileRow::as_select())
        .load(conn)?;
    let mut files = HashMap::new();
    for row in found {
        if let Some(place) = row
            .conversation_id
            .zip(row.seq)
            .filter(|place| places.contains(place))
        {
            files.insert(place, row.assemble()?);
        }
    }
    Ok(files)
}

/// Customers by id.
pub(super) fn customers_by_id(
    conn: &mut DbConnection,
    ids: &[i64],
) -> QueryResult<HashMap<i64, CustomerRow>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = customers::table
        .filter(customers::id.eq_any(ids))
        .select(CustomerRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Names of agents by id.
pub(super) fn agent_names(
    conn: &mut DbConnection,
    ids: &[i64],
) -> QueryResult<HashMap<i64, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(i64, String)> = agents::table
        .filter(agents::id.eq_any(ids))
        .select((agents::id, agents::name))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Puts people's names and files to messages.
pub(super) fn with_names(
    conn: &mut DbConnection,
    rows: Vec<MessageRow>,
) -> QueryResult<Vec<Message>> {
    let senders = |role: &'static str| {
        (rows.iter())
            .filter(move |row| row.sender_role == role)
            .filter_map(|row| row.sender_id)
    };
    let about = rows.iter().filter_map(|row| row.event_agent_id);
    let customer_ids: BTreeSet<i64> = senders(CUSTOMER).collect();
    let agent_ids: BTreeSet<i64> = senders(AGENT).chain(about).collect();
    let customers = customers_by_id(conn, &Vec::from_iter(customer_ids))?;
    let agents = agent_names(conn, &Vec::from_iter(agent_ids))?;
    let mut files = files_of(conn, &rows)?;
    rows.into_iter()
        .map(|row| {
            let customer = row.sender_id.and_then(|id| customers.get(&id));
            let name = customer.and_then(|customer| customer.name.clone());
            let file = files.remove(&(row.conversation_id, row.seq));
            let message = row.assemble(name, &agents)?;
            Ok(Message { file, ..message })
        })
        .collect()
}

/// How many pairs one query asks for: each is a branch of an OR, and SQLite's parser has a limit.
const PAIRS: usize = 64;

/// Messages by conversation and client key, each found through the unique index.
pub(super) fn messages_by_client_id(
    conn: &mut DbConnection,
    pairs: &[(i64, &str)],
) -> QueryResult<Vec<MessageRow>> {
    let mut found = Vec::new();
    for pairs in pairs.chunks(PAIRS) {
        let mut query = messages::table
            .select(MessageRow::as_select())
            .into_boxed::<MultiBackend>();
        // Nothing but pairs: with any other condition among them, SQLite goes through the whole table.
        for (conversation, client_id) in pairs {
            let this = messages::conversation_id.eq(*conversation);
            query = query.or_filter(this.and(messages::client_id.eq(*client_id)));
        }
        found.extend(query.load(conn)?);
    }
    Ok(found)
}
