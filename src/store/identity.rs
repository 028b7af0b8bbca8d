//! Customers whom the host site identifies: their tokens, and the merging of what they wrote before. Called by
//! HTTP and by the room; runs on the blocking threads of `mod.rs`.
//!
//! `customers.token_hash` is the key by which the rest of the program knows a customer. For an anonymous one it
//! is the hash of their token. An identified one has a random key that nobody holds a token for, and any number
//! of tokens in `customer_tokens`, one for each browser.
//!
//! **Invariant**: an identified customer is never merged into another; only what was anonymous is, and once.
//! **Invariant**: the token that somebody had before they were identified opens nothing afterwards: whoever
//! planted it in their browser must not read on. What was under way with it still goes to the right customer.
//! **Invariant**: every table that refers to customers is moved by [`merge`], or is one of `customer_tokens`.

use std::collections::{BTreeMap, HashMap};

use chrono::{NaiveDateTime, TimeDelta};
use diesel::{prelude::*, result::Error};

use super::{
    Store, StoreError,
    batch::{BatchError, Changes, lock},
    connection::{DbConnection, write_transaction},
    error::nonsense,
    rows::{self, CUSTOMER, ConversationRow, CustomerRow, agent_ref},
    schema::{blocks, conversations, customer_tokens, customers, erasures, files, messages},
};
use crate::domain::{
    Author, Claims, ConversationId, CustomerId, CustomerKey, Event, EventName, Kind, Message, Seq,
    Status, Timestamp, now,
};

/// How long a token that has ended is remembered: much longer than what the host site signs is good for.
const REMEMBERED: TimeDelta = TimeDelta::days(30);

/// A customer whom the host site has identified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified {
    /// Who.
    pub customer: CustomerId,
    /// How they are called.
    pub name: Option<String>,
    /// Where they can be reached.
    pub email: Option<String>,
    /// The token that they came with was theirs already and stays; the new one was not used.
    pub kept: bool,
}

/// Whose a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// This customer's, by the key under which the program knows them; or of somebody new, by its own.
    Of(CustomerKey),
    /// Nobody's any more.
    Ended,
}

/// A token that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedToken {
    /// Which.
    pub token: CustomerKey,
    /// Whose it was.
    pub owner: CustomerKey,
    /// It was of somebody anonymous who has been recognised: what they wrote has another owner now.
    pub merged: bool,
}

impl Store {
    /// Finds or makes the customer whom the host site names, merges into them whoever holds `token` if that is
    /// somebody anonymous, and gives them the token `new`; `None` where these claims were used before a logout.
    pub async fn identify(
        &self,
        claims: Claims,
        token: Option<CustomerKey>,
        new: CustomerKey,
        spare: CustomerKey,
    ) -> Result<Option<Identified>, StoreError> {
        self.read(move |conn| identify(conn, &claims, token, new, spare))
            .await
    }

    /// Ends a token of an identified customer; `false` where it is none, or has ended.
    pub async fn end_token(&self, token: CustomerKey) -> Result<bool, StoreError> {
        self.read(move |conn| {
            let ended = diesel::update(live(token))
                .set(customer_tokens::ended_at.eq(Some(now().naive_utc())));
            write_transaction(conn, |conn| Ok(ended.execute(conn)? > 0))
        })
        .await
    }

    /// Whose a token is.
    pub async fn holder(&self, token: CustomerKey) -> Result<Holder, StoreError> {
        self.read(move |conn| holder(conn, token)).await
    }

    /// The tokens that have ended since.
    pub async fn ended_tokens(&self, since: Timestamp) -> Result<Vec<EndedToken>, StoreError> {
        self.read(move |conn| ended(conn, since)).await
    }
}

type LiveToken<'a> = diesel::dsl::Filter<
    customer_tokens::table,
    diesel::dsl::And<
        diesel::dsl::Eq<customer_tokens::token_hash, Vec<u8>>,
        diesel::dsl::IsNull<customer_tokens::ended_at>,
    >,
>;

fn live<'a>(token: CustomerKey) -> LiveToken<'a> {
    let this = customer_tokens::token_hash.eq(token.0.to_vec());
    customer_tokens::table.filter(this.and(customer_tokens::ended_at.is_null()))
}

fn key(hash: &[u8]) -> QueryResult<CustomerKey> {
    let hash = hash.try_into();
    hash.map(CustomerKey)
        .map_err(|_| nonsense("customer_tokens.token_hash"))
}

/// Whose a token is, by the key of `customers`.
fn holder(conn: &mut DbConnection, token: CustomerKey) -> QueryResult<Holder> {
    match holders(conn, &[token])?.remove(&token) {
        None => Ok(Holder::Of(token)),
        Some(None) => Ok(Holder::Ended),
        Some(Some(customer)) => customer.key().map(Holder::Of),
    }
}

/// Those of the tokens that identified customers came by, with the customer, or `None` where the token has ended.
pub(super) fn holders(
    conn: &mut DbConnection,
    tokens: &[CustomerKey],
) -> QueryResult<HashMap<CustomerKey, Option<CustomerRow>>> {
    if tokens.is_empty() {
        return Ok(HashMap::new());
    }
    let hashes = tokens.iter().map(|token| token.0.to_vec());
    let rows: Vec<(Vec<u8>, Option<NaiveDateTime>, CustomerRow)> = customer_tokens::table
        .inner_join(customers::table.on(customers::id.eq(customer_tokens::customer_id)))
        .filter(customer_tokens::token_hash.eq_any(hashes))
        .select((
            customer_tokens::token_hash,
            customer_tokens::ended_at,
            CustomerRow::as_select(),
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(token, ended_at, customer)| {
            Ok((key(&token)?, ended_at.is_none().then_some(customer)))
        })
        .collect()
}

fn ended(conn: &mut DbConnection, since: Timestamp) -> QueryResult<Vec<EndedToken>> {
    type Row = (Vec<u8>, Vec<u8>, Option<Vec<u8>>);
    let rows: Vec<Row> = customer_tokens::table
        .inner_join(customers::table.on(customers::id.eq(customer_tokens::customer_id)))
        .filter(customer_tokens::ended_at.ge(since.naive_utc()))
        .select((
            customer_tokens::token_hash,
            customers::token_hash,
            customer_tokens::identity_hash,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(token, owner, identity)| {
            Ok(EndedToken {
                token: key(&token)?,
                owner: key(&owner)?,
                merged: identity.is_none(),
            })
        })
        .collect()
}

fn identify(
    conn: &mut DbConnection,
    claims: &Claims,
    token: Option<CustomerKey>,
    new: CustomerKey,
    spare: CustomerKey,
) -> QueryResult<Option<Identified>> {
    let at = now();
    write_transaction(conn, |conn| {
        forget(conn, at)?;
        let into = find_or_make(conn, claims, spare, at)?;
        let used: Option<Vec<u8>> = customer_tokens::table
            .filter(customer_tokens::identity_hash.eq(Some(claims.hash.to_vec())))
            .filter(customer_tokens::ended_at.is_not_null())
            .select(customer_tokens::token_hash)
            .first(conn)
            .optional()?;
        if used.is_some() {
            return Err(Refused::Used);
        }
        update(conn, into, claims)?;
        let kept = match token {
            Some(token) => leave(conn, token, into, at)?,
            None => false,
        };
        if !kept {
            diesel::insert_into(customer_tokens::table)
                .values((
                    customer_tokens::token_hash.eq(new.0.to_vec()),
                    customer_tokens::customer_id.eq(into),
                    customer_tokens::identity_hash.eq(Some(claims.hash.to_vec())),
                    customer_tokens::created_at.eq(at.naive_utc()),
                ))
                .execute(conn)?;
        }
        let (name, email) = customers::table
            .find(into)
            .select((customers::name, customers::email))
            .first(conn)?;
        Ok(Identified {
            customer: CustomerId(into),
            name,
            email,
            kept,
        })
    })
    .map(Some)
    .or_else(|refused| match refused {
        Refused::Used => Ok(None),
        Refused::Db(error) => Err(error),
    })
}

/// Why nobody was identified; what was begun is undone.
enum Refused {
    Used,
    Db(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Db(error)
    }
}

/// Tokens that ended long ago. A write, with which a transaction has to begin.
fn forget(conn: &mut DbConnection, at: Timestamp) -> QueryResult<usize> {
    let before = (at - REMEMBERED).naive_utc();
    diesel::delete(customer_tokens::table.filter(customer_tokens::ended_at.lt(before)))
        .execute(conn)
}

/// The customer of this name on the host site, their row locked. Of two who make it at once one violates the
/// unique name, and runs again.
fn find_or_make(
    conn: &mut DbConnection,
    claims: &Claims,
    spare: CustomerKey,
    at: Timestamp,
) -> QueryResult<i64> {
    // A write that changes nothing locks the row on both engines.
    let this = customers::external_id.eq(Some(&claims.subject));
    let found = diesel::update(customers::table.filter(this))
        .set(customers::external_id.eq(Some(&claims.subject)))
        .execute(conn)?;
    let find = |conn: &mut DbConnection| {
        customers::table
            .filter(this)
            .select(customers::id)
            .first::<i64>(conn)
            .optional()
    };
    if found > 0
        && let Some(id) = find(conn)?
    {
        return Ok(id);
    }
    // On MySQL an update that changes nothing reports nothing; so look before making.
    if let Some(id) = find(conn)? {
        return Ok(id);
    }
    diesel::insert_into(customers::table)
        .values((
            customers::token_hash.eq(spare.0.to_vec()),
            customers::external_id.eq(Some(&claims.subject)),
            customers::created_at.eq(at.naive_utc()),
        ))
        .execute(conn)?;
    find(conn)?.ok_or(Error::NotFound)
}

/// What the site says counts; what it does not mention stays.
fn update(conn: &mut DbConnection, id: i64, claims: &Claims) -> QueryResult<()> {
    let this = customers::table.find(id);
    if let Some(name) = &claims.name {
        diesel::update(this)
            .set(customers::name.eq(Some(name)))
            .execute(conn)?;
    }
    if let Some(email) = &claims.email {
        diesel::update(this)
            .set(customers::email.eq(Some(email)))
            .execute(conn)?;
    }
    if let Some(attributes) = &claims.attributes {
        diesel::update(this)
            .set(customers::attributes.eq(Some(attributes)))
            .execute(conn)?;
    }
    Ok(())
}

/// What becomes of the token that somebody comes with; `true` where it is this customer's already.
fn leave(
    conn: &mut DbConnection,
    token: CustomerKey,
    into: i64,
    at: Timestamp,
) -> QueryResult<bool> {
    type Row = (i64, Option<NaiveDateTime>);
    let known: Option<Row> = customer_tokens::table
        .find(token.0.to_vec())
        .select((customer_tokens::customer_id, customer_tokens::ended_at))
        .first(conn)
        .optional()?;
    match known {
        Some((customer, None)) if customer == into => return Ok(true),
        // Somebody else was logged in here.
        Some((_, None)) => {
            diesel::update(live(token))
                .set(customer_tokens::ended_at.eq(Some(at.naive_utc())))
                .execute(conn)?;
        }
        Some((_, Some(_))) => {}
        None => {
            // Before the row is looked for: whoever stores the first message of this token right now makes
            // the row first and looks here then, so that one of the two sees the other.
            diesel::insert_into(customer_tokens::table)
                .values((
                    customer_tokens::token_hash.eq(token.0.to_vec()),
                    customer_tokens::customer_id.eq(into),
                    customer_tokens::created_at.eq(at.naive_utc()),
                    customer_tokens::ended_at.eq(Some(at.naive_utc())),
                ))
                .execute(conn)?;
            move_uploads(conn, token, into)?;
            if let Some(from) = lock_anonymous(conn, token)? {
                merge(conn, from, into, at)?;
            }
        }
    }
    Ok(false)
}

/// Files that are uploaded and not posted yet are found by whoever uploaded them.
fn move_uploads(conn: &mut DbConnection, token: CustomerKey, into: i64) -> QueryResult<usize> {
    let key: Vec<u8> = customers::table
        .find(into)
        .select(customers::token_hash)
        .first(conn)?;
    let own = files::customer_token_hash.eq(Some(token.0.to_vec()));
    diesel::update(files::table.filter(own))
        .set(files::customer_token_hash.eq(Some(key)))
        .execute(conn)
}

fn lock_anonymous(conn: &mut DbConnection, token: CustomerKey) -> QueryResult<Option<i64>> {
    let this = customers::token_hash
        .eq(token.0.to_vec())
        .and(customers::external_id.is_null());
    let query = customers::table.filter(this).select(customers::id);
    match conn {
        DbConnection::Mysql(conn) => query.for_update().first(conn).optional(),
        DbConnection::Sqlite(conn) => query.first(conn).optional(),
    }
}

/// Gives everything of one customer to another and removes the first. Both rows are locked.
fn merge(conn: &mut DbConnection, from: i64, into: i64, at: Timestamp) -> QueryResult<()> {
    let ids: Vec<i64> = conversations::table
        .filter(
            conversations::customer_id
                .eq(from)
                .or(conversations::current_of.eq(into)),
        )
        .select(conversations::id)
        .load(conn)?;
    let mut rows = lock(conn, &ids).map_err(plain)?;
    close_older(conn, &mut rows, at)?;
    let moved: Vec<i64> = (rows.values())
        .filter(|row| row.customer_id == Some(from))
        .map(|row| row.id)
        .collect();
    diesel::update(conversations::table.filter(conversations::current_of.eq(from)))
        .set(conversations::current_of.eq(Some(into)))
        .execute(conn)?;
    diesel::update(conversations::table.filter(conversations::customer_id.eq(from)))
        .set(conversations::customer_id.eq(Some(into)))
        .execute(conn)?;
    let own = messages::conversation_id
        .eq_any(&moved)
        .and(messages::sender_role.eq(CUSTOMER))
        .and(messages::sender_id.eq(from));
    diesel::update(messages::table.filter(own))
        .set(messages::sender_id.eq(Some(into)))
        .execute(conn)?;
    diesel::update(blocks::table.filter(blocks::customer_id.eq(from)))
        .set(blocks::customer_id.eq(Some(into)))
        .execute(conn)?;
    diesel::update(erasures::table.filter(erasures::customer_id.eq(from)))
        .set(erasures::customer_id.eq(into))
        .execute(conn)?;
    fill(conn, from, into)?;
    diesel::delete(customers::table.find(from))
        .execute(conn)
        .map(drop)
}

/// What only the anonymous one had told.
fn fill(conn: &mut DbConnection, from: i64, into: i64) -> QueryResult<()> {
    type Told = [Option<String>; 5];
    let told = |conn: &mut DbConnection, id: i64| -> QueryResult<Told> {
        let columns = (
            customers::name,
            customers::email,
            customers::page,
            customers::language,
            customers::user_agent,
        );
        let (name, email, page, language, user_agent) =
            customers::table.find(id).select(columns).first(conn)?;
        Ok([name, email, page, language, user_agent])
    };
    let (theirs, own) = (told(conn, from)?, told(conn, into)?);
    let mut both = own
        .into_iter()
        .zip(theirs)
        .map(|(own, theirs)| own.or(theirs));
    let mut next = || both.next().flatten();
    diesel::update(customers::table.find(into))
        .set((
            customers::name.eq(next()),
            customers::email.eq(next()),
            customers::page.eq(next()),
            customers::language.eq(next()),
            customers::user_agent.eq(next()),
        ))
        .execute(conn)
        .map(drop)
}

/// A customer has one conversation that goes on: the one in which something was said last. Another one that has
/// not ended ends, with an event.
fn close_older(
    conn: &mut DbConnection,
    rows: &mut BTreeMap<i64, ConversationRow>,
    at: Timestamp,
) -> QueryResult<()> {
    let current = rows.values().filter(|row| row.current_of.is_some());
    let mut current: Vec<_> = current.map(|row| (row.last_message_at, row.id)).collect();
    current.sort_unstable();
    current.pop();
    let mut changes = Changes::default();
    for (_, id) in current {
        let Some(row) = rows.get_mut(&id) else {
            continue;
        };
        let names = rows::agent_names(conn, &Vec::from_iter(row.agent_id))?;
        Status::Closed.as_str().clone_into(&mut row.status);
        row.current_of = None;
        row.waiting_since = None;
        row.closed_at = Some(at.naive_utc());
        row.last_seq += 1;
        row.last_message_at = at.naive_utc();
        let event = Event {
            name: EventName::Closed,
            agent: row.agent_id.map(|id| agent_ref(id, &names)),
        };
        let author = Author::System;
        changes.changed.insert(id);
        changes.add(&Message {
            conversation: ConversationId(id),
            seq: Seq(row.last_seq),
            client_id: None,
            kind: Kind::Event,
            text: event.sentence(&author),
            event: Some(event),
            author,
            file: None,
            sent_at: at,
        });
    }
    changes.store(conn, rows, at.naive_utc()).map_err(plain)
}

/// Neither locking nor storing asks for another run here.
fn plain(error: BatchError) -> Error {
    match error {
        BatchError::Db(error) => error,
        BatchError::Again(_) | BatchError::SplitAt(_) => Error::RollbackTransaction,
    }
}
