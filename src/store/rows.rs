//! Rows as diesel reads them, and how they become the domain's types. Used by the writer and by reads.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::{
    connection::{DbConnection, MultiBackend},
    error::nonsense,
    schema::{agents, conversations, customers, messages},
};
use crate::domain::{
    AgentId, AgentRef, Author, ClientId, Conversation, ConversationId, CustomerId, CustomerKey,
    CustomerRef, Kind, Message, ReadMarks, Seq, Status,
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
}

/// What stands in `messages.sender_role`.
pub(super) const CUSTOMER: &str = "customer";
/// What stands in `messages.sender_role`.
pub(super) const AGENT: &str = "agent";

impl MessageRow {
    /// With the name of whoever wrote it, as it is now.
    pub fn assemble(self, name: Option<String>) -> QueryResult<Message> {
        let author = match (self.sender_role.as_str(), self.sender_id) {
            (CUSTOMER, Some(id)) => Author::Customer {
                id: CustomerId(id),
                name,
            },
            // An agent's row is never deleted; if somebody did, the message is worth more than the name.
            (AGENT, Some(id)) => Author::Agent {
                id: AgentId(id),
                name: name.unwrap_or_else(|| format!("agent {id}")),
            },
            _ => return Err(nonsense("messages.sender_role")),
        };
        let client_id = match self.client_id {
            Some(text) => {
                Some(ClientId::parse(&text).ok_or_else(|| nonsense("messages.client_id"))?)
            }
            None => None,
        };
        Ok(Message {
            conversation: ConversationId(self.conversation_id),
            seq: Seq(self.seq),
            client_id,
            kind: Kind::parse(&self.kind).ok_or_else(|| nonsense("messages.kind"))?,
            author,
            text: self.text,
            sent_at: self.sent_at.and_utc(),
        })
    }
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

/// Puts the authors' names to messages.
pub(super) fn with_names(
    conn: &mut DbConnection,
    rows: Vec<MessageRow>,
) -> QueryResult<Vec<Message>> {
    let ids = |role: &str| -> Vec<i64> {
        let mut ids: Vec<_> = (rows.iter())
            .filter(|row| row.sender_role == role)
            .filter_map(|row| row.sender_id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let (customer_ids, agent_ids) = (ids(CUSTOMER), ids(AGENT));
    let customers = customers_by_id(conn, &customer_ids)?;
    let agents = agent_names(conn, &agent_ids)?;
    rows.into_iter()
        .map(|row| {
            let name = row.sender_id.and_then(|id| match row.sender_role.as_str() {
                CUSTOMER => customers
                    .get(&id)
                    .and_then(|customer| customer.name.clone()),
                _ => agents.get(&id).cloned(),
            });
            row.assemble(name)
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
            .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("1 = 0"))
            .into_boxed::<MultiBackend>();
        for (conversation, client_id) in pairs {
            let this = messages::conversation_id.eq(*conversation);
            query = query.or_filter(this.and(messages::client_id.eq(*client_id)));
        }
        found.extend(query.load(conn)?);
    }
    Ok(found)
}
