//! What a batch looks at before it changes anything: who writes, where, and what is stored already.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use diesel::prelude::*;

use super::{Result, Room, Target};
use crate::{
    domain::{AfterClose, ConversationId, CustomerKey, Refusal, RoomKind},
    store::{
        connection::DbConnection,
        error::nonsense,
        rows::{self, CUSTOMER, ConversationRow, CustomerRow, MessageRow},
        schema::{agents, conversations, customer_tokens, customers},
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

    /// The one key of whom this one belongs to: whoever has been identified is known by several for a moment.
    pub fn own_key(&self, key: &CustomerKey) -> CustomerKey {
        let known = self.get(key).and_then(|row| self.keys.get(&row.id));
        *known.unwrap_or(key)
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
        let mut hashes = keys.iter().map(|key| key.0.to_vec());
        // A list is another statement for each length, and each is prepared anew; one with four places stays.
        let rows = if hashes.len() <= 4 {
            let last = hashes.clone().next_back().unwrap_or_default();
            let mut place =
                || customers::token_hash.eq(hashes.next().unwrap_or_else(|| last.clone()));
            customers::table
                .filter(place().or(place()).or(place()).or(place()))
                .select(CustomerRow::as_select())
                .load(conn)?
        } else {
            customers::table
                .filter(customers::token_hash.eq_any(hashes))
                .select(CustomerRow::as_select())
                .load(conn)?
        };
        self.add(rows)?;
        let missing = keys.iter().filter(|key| !self.rows.contains_key(key));
        let missing: Vec<_> = missing.map(|key| key.0.to_vec()).collect();
        self.load_recognised(conn, missing)
    }

    /// Those who were anonymous when their session began, and have been identified since: what they send on it
    /// is the identified customer's.
    fn load_recognised(&mut self, conn: &mut DbConnection, hashes: Vec<Vec<u8>>) -> Result<()> {
        if hashes.is_empty() {
            return Ok(());
        }
        let rows: Vec<(Vec<u8>, CustomerRow)> = customer_tokens::table
            .inner_join(customers::table.on(customers::id.eq(customer_tokens::customer_id)))
            .filter(customer_tokens::token_hash.eq_any(hashes))
            .filter(customer_tokens::identity_hash.is_null())
            .select((customer_tokens::token_hash, CustomerRow::as_select()))
            .load(conn)?;
        for (hash, row) in rows {
            let hash = hash.as_slice().try_into();
            let token = CustomerKey(hash.map_err(|_| nonsense("customer_tokens.token_hash"))?);
            self.add(vec![row.clone()])?;
            self.rows.insert(token, row);
        }
        Ok(())
    }

    /// Whoever was merged between the look at them and the lock on their conversation: that is locked now, so
    /// who they are does not change any more.
    pub fn look_again(
        &mut self,
        conn: &mut DbConnection,
        writes: &[&Write],
        targets: &Targets,
        conversations: &BTreeMap<i64, ConversationRow>,
    ) -> Result<()> {
        let mut keys = BTreeSet::new();
        for (write, target) in writes.iter().zip(targets) {
            if let (Some(Poster::Customer { key, .. }), Ok(Target::Row(id))) = (write.by(), target)
                && let Some(owner) = conversations.get(id).and_then(|row| row.customer_id)
                && self.rows.get(key).is_some_and(|row| row.id != owner)
            {
                keys.insert(*key);
            }
        }
        for key in &keys {
            self.rows.remove(key);
        }
        self.load_keys(conn, &keys)
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
    let own = |key: &CustomerKey| customers.get(key).and_then(|row| own.get(&row.id));
    let mut pairs = Vec::new();
    for (key, post) in writes
        .iter()
        .filter_map(|write| means_current(write, shared))
    {
        let older = own(key).into_iter().flat_map(|own| &own.older);
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
            .or_else(|| own(key).and_then(|own| own.next(room.after_close)));
        Ok(current.map_or_else(|| Target::New(customers.own_key(key)), Target::Row))
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

/// By customer.
fn own_conversations(
    conn: &mut DbConnection,
    shared: Option<ConversationId>,
    writes: &[&Write],
    customers: &Customers,
) -> Result<HashMap<i64, Own>> {
    let ids: BTreeSet<i64> = (writes.iter())
        .filter_map(|write| means_current(write, shared))
        .filter_map(|(key, _)| customers.get(key).map(|customer| customer.id))
        .collect();
    let mut own: HashMap<i64, Own> = HashMap::new();
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
        let Some(customer) = customer else {
            continue;
        };
        let own = own.entry(customer).or_default();
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

/// Whether one of these new customers is being identified at this moment, or has been. A locking read, so that of
/// the two transactions the later one sees what the earlier one did.
pub fn any_recognised(conn: &mut DbConnection, keys: &BTreeSet<CustomerKey>) -> Result<bool> {
    let hashes: Vec<_> = keys.iter().map(|key| key.0.to_vec()).collect();
    let query = customer_tokens::table
        .filter(customer_tokens::token_hash.eq_any(hashes))
        .select(customer_tokens::token_hash);
    let found: Vec<Vec<u8>> = match conn {
        DbConnection::Mysql(conn) => query.for_update().load(conn)?,
        // The whole database is ours.
        DbConnection::Sqlite(_) => Vec::new(),
    };
    Ok(!found.is_empty())
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
