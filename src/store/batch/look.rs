//! What a batch looks at before it changes anything: who writes, where, and what is stored already.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use diesel::prelude::*;

use super::{Result, Room, Target};
use crate::{
    domain::{AfterClose, ConversationId, CustomerKey, Refusal, RoomKind},
    store::{
        connection::DbConnection,
        rows::{self, CUSTOMER, ConversationRow, CustomerRow, MessageRow},
        schema::{agents, conversations, customers},
        write::{Post, Poster, Write},
    },
};

/// Customers by key and by id.
#[derive(Default)]
pub struct Customers {
    rows: HashMap<CustomerKey, CustomerRow>,
    pub keys: HashMap<i64, CustomerKey>,
}

impl Customers {
    pub fn get(&self, key: &CustomerKey) -> Option<&CustomerRow> {
        self.rows.get(key)
    }

    pub fn by_id(&self, id: i64) -> Option<&CustomerRow> {
        self.rows.get(self.keys.get(&id)?)
    }

    fn add(&mut self, rows: Vec<CustomerRow>) -> Result<()> {
        for row in rows {
            let key = row.key()?;
            self.keys.insert(row.id, key);
            self.rows.insert(key, row);
        }
        Ok(())
    }

    /// Those who write and have written before.
    pub fn load(&mut self, conn: &mut DbConnection, writes: &[&Write]) -> Result<()> {
        let keys: BTreeSet<CustomerKey> = writes
            .iter()
            .filter_map(|write| write.by()?.customer_key())
            .collect();
        self.load_keys(conn, &keys)
    }

    pub fn load_keys(
        &mut self,
        conn: &mut DbConnection,
        keys: &BTreeSet<CustomerKey>,
    ) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut keys = keys.iter().map(|key| key.0.to_vec());
        // A list is another statement for each length, and each is prepared anew; one with four places stays.
        let rows = if keys.len() <= 4 {
            let last = keys.clone().next_back().unwrap_or_default();
            let mut place =
                || customers::token_hash.eq(keys.next().unwrap_or_else(|| last.clone()));
            customers::table
                .filter(place().or(place()).or(place()).or(place()))
                .select(CustomerRow::as_select())
                .load(conn)?
        } else {
            customers::table
                .filter(customers::token_hash.eq_any(keys))
                .select(CustomerRow::as_select())
                .load(conn)?
        };
        self.add(rows)
    }

    /// Those whose conversations agents write to.
    pub fn load_owners(
        &mut self,
        conn: &mut DbConnection,
        conversations: &BTreeMap<i64, ConversationRow>,
    ) -> Result<()> {
        let missing: BTreeSet<i64> = (conversations.values())
            .filter_map(|row| row.customer_id)
            .filter(|id| !self.keys.contains_key(id))
            .collect();
        let missing: Vec<_> = missing.into_iter().collect();
        let rows = rows::customers_by_id(conn, &missing)?;
        self.add(rows.into_values().collect())
    }
}

/// Where each write goes, in their order.
pub type Targets = Vec<std::result::Result<Target, Refusal>>;
/// Messages that are stored already, by conversation and client key.
pub type Stored = HashMap<(i64, String), MessageRow>;

pub fn remember(stored: &mut Stored, row: MessageRow) {
    if let Some(client_id) = row.client_id.clone() {
        stored.insert((row.conversation_id, client_id), row);
    }
}

/// Which conversation each write means, and messages that were found on the way: a post to "my
/// current conversation" that was stored in one that has been closed since.
pub fn find_targets(
    conn: &mut DbConnection,
    room: Room,
    writes: &[&Write],
    customers: &Customers,
) -> Result<(Targets, Stored)> {
    let shared = match room.kind {
        RoomKind::Shared => room.shared,
        RoomKind::Private => None,
    };
    let own = own_conversations(conn, shared, writes, customers)?;
    let mut pairs = Vec::new();
    for (key, post) in writes
        .iter()
        .filter_map(|write| means_current(write, shared))
    {
        let older = own.get(key).into_iter().flat_map(|own| &own.older);
        pairs.extend(older.map(|id| (*id, post.client_id.as_str())));
    }
    let mut stored = Stored::new();
    let mut moved: HashMap<(i64, String), i64> = HashMap::new();
    for row in rows::messages_by_client_id(conn, &pairs)? {
        // An agent's message with the same key is no retry of the customer's.
        if let (CUSTOMER, Some(id), Some(client_id)) =
            (row.sender_role.as_str(), row.sender_id, &row.client_id)
        {
            moved.insert((id, client_id.clone()), row.conversation_id);
            remember(&mut stored, row);
        }
    }
    let target = |write: &&Write| {
        if let Some(id) = write.conversation() {
            let known = match write.by() {
                Some(Poster::Customer { key, .. }) => customers.get(key).is_some(),
                Some(Poster::Agent(_)) | None => true,
            };
            if known || shared == Some(id) {
                return Ok(Target::Row(id.0));
            }
            return Err(Refusal::conversation_not_found());
        }
        if let Some(id) = shared {
            return Ok(Target::Row(id.0));
        }
        let Some((key, post)) = means_current(write, shared) else {
            return Err(Refusal::bad_request(
                "\"conversation\" must name one; only customers have a current one",
            ));
        };
        let retry = customers
            .get(key)
            .and_then(|customer| moved.get(&(customer.id, post.client_id.as_str().to_owned())));
        let current = retry
            .copied()
            .or_else(|| own.get(key).and_then(|own| own.next(room.after_close)));
        Ok(current.map_or(Target::New(*key), Target::Row))
    };
    Ok((writes.iter().map(target).collect(), stored))
}

/// A customer's post to "my current conversation".
fn means_current(write: &Write, shared: Option<ConversationId>) -> Option<(&CustomerKey, &Post)> {
    match write {
        Write::Post(post) if post.conversation.is_none() && shared.is_none() => match &post.from {
            Poster::Customer { key, .. } => Some((key, post)),
            Poster::Agent(_) => None,
        },
        _ => None,
    }
}

#[derive(Default)]
struct Own {
    current: Option<i64>,
    older: Vec<i64>,
}

impl Own {
    /// Where the next message goes; `None` is a new one.
    fn next(&self, after_close: AfterClose) -> Option<i64> {
        self.current.or_else(|| match after_close {
            AfterClose::New => None,
            AfterClose::Reopen => self.older.iter().copied().max(),
        })
    }
}

fn own_conversations(
    conn: &mut DbConnection,
    shared: Option<ConversationId>,
    writes: &[&Write],
    customers: &Customers,
) -> Result<HashMap<CustomerKey, Own>> {
    let ids: BTreeSet<i64> = (writes.iter())
        .filter_map(|write| means_current(write, shared))
        .filter_map(|(key, _)| customers.get(key).map(|customer| customer.id))
        .collect();
    let mut own: HashMap<CustomerKey, Own> = HashMap::new();
    if ids.is_empty() {
        return Ok(own);
    }
    let rows: Vec<(i64, Option<i64>, Option<i64>)> = conversations::table
        .filter(conversations::customer_id.eq_any(ids))
        .select((
            conversations::id,
            conversations::customer_id,
            conversations::current_of,
        ))
        .load(conn)?;
    for (id, customer, current_of) in rows {
        let Some(key) = customer.and_then(|id| customers.keys.get(&id)) else {
            continue;
        };
        let own = own.entry(*key).or_default();
        if current_of.is_some() {
            own.current = Some(id);
        } else {
            own.older.push(id);
        }
    }
    Ok(own)
}

/// Locks the conversations that exist of these; nobody numbers a message in them until we are done.
/// On SQLite the whole database is ours already.
pub fn lock(conn: &mut DbConnection, ids: &[i64]) -> Result<BTreeMap<i64, ConversationRow>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<ConversationRow> = match conn {
        // Apart from the list, because this statement stays prepared.
        DbConnection::Mysql(conn) if ids.len() == 1 => conversations::table
            .find(ids[0])
            .select(ConversationRow::as_select())
            .for_update()
            .load(conn)?,
        DbConnection::Mysql(conn) => conversations::table
            .filter(conversations::id.eq_any(ids))
            .order(conversations::id)
            .select(ConversationRow::as_select())
            .for_update()
            .load(conn)?,
        DbConnection::Sqlite(conn) => conversations::table
            .filter(conversations::id.eq_any(ids))
            .select(ConversationRow::as_select())
            .load(conn)?,
    };
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Messages of the locked conversations that have a client key of this batch.
pub fn find_stored(
    conn: &mut DbConnection,
    writes: &[&Write],
    targets: &Targets,
) -> Result<Vec<MessageRow>> {
    let pairs: HashSet<(i64, &str)> = (writes.iter().zip(targets))
        .filter_map(|(write, target)| match (write, target) {
            (Write::Post(post), Ok(Target::Row(id))) => Some((*id, post.client_id.as_str())),
            _ => None,
        })
        .collect();
    Ok(rows::messages_by_client_id(
        conn,
        &pairs.into_iter().collect::<Vec<_>>(),
    )?)
}

/// The accounts that may be given a conversation, of these.
pub fn enabled_agents(conn: &mut DbConnection, ids: &[i64]) -> Result<HashMap<i64, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(i64, String)> = agents::table
        .filter(agents::id.eq_any(ids))
        .filter(agents::disabled_at.is_null())
        .select((agents::id, agents::name))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// The current conversations of these customers.
pub fn current_conversations(
    conn: &mut DbConnection,
    customers: &[i64],
) -> Result<Vec<ConversationRow>> {
    Ok(conversations::table
        .filter(conversations::current_of.eq_any(customers))
        .select(ConversationRow::as_select())
        .load(conn)?)
}
