//! Blocks: making, lifting and reading them. Called by HTTP and by the room; runs on the blocking threads of
//! `mod.rs`.
//!
//! A new block of a customer or network takes the place of the old one; of two that are made at the same
//! moment the one that lasts longer counts. Rows are never deleted, so that it can be seen later who kept whom
//! out, and why.

use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use ipnet::IpNet;

use super::{
    Store, StoreError, audit,
    connection::{DbConnection, MultiBackend, write_transaction},
    error::nonsense,
    schema::{agents, blocks, customers},
};
use crate::domain::{
    AgentId, AgentRef, Block, BlockId, BlockList, CustomerId, CustomerKey, NewAuditEntry, NewBlock,
    Target, Timestamp, now,
};

/// Blocks that are listed at most, the newest first.
const LISTED: i64 = 1_000;

impl Store {
    /// Keeps somebody out, with an entry that is about it; `None` where there is no such customer.
    pub async fn block(
        &self,
        by: AgentId,
        new: NewBlock,
        entry: NewAuditEntry,
    ) -> Result<Option<Block>, StoreError> {
        self.read(move |conn| make(conn, by, &new, &entry)).await
    }

    /// Ends a block, with its entry; `None` where there is no such in force. What it was about.
    pub async fn lift_block(
        &self,
        by: AgentId,
        id: BlockId,
        entry: NewAuditEntry,
    ) -> Result<Option<Target>, StoreError> {
        self.read(move |conn| lift(conn, by, id, &entry)).await
    }

    /// One block that is in force.
    pub async fn block_in_force(&self, id: BlockId) -> Result<Option<Block>, StoreError> {
        self.read(move |conn| Ok(in_force(conn, Some(id))?.pop()))
            .await
    }

    /// The blocks that are in force, the newest first.
    pub async fn blocks(&self) -> Result<Vec<Block>, StoreError> {
        self.read(|conn| in_force(conn, None)).await
    }

    /// Who is kept out now.
    pub async fn block_list(&self) -> Result<BlockList, StoreError> {
        self.read(list).await
    }

    /// The same before anything runs. Blocks.
    pub fn block_list_at_start(&self) -> Result<BlockList, StoreError> {
        self.with_connection(|conn| Ok(list(conn)?))
    }
}

/// Those that are in force at a moment.
macro_rules! now_in_force {
    ($at:expr) => {
        blocks::lifted_at
            .is_null()
            .and(blocks::ends_at.is_null().or(blocks::ends_at.gt($at)))
    };
}

fn make(
    conn: &mut DbConnection,
    by: AgentId,
    new: &NewBlock,
    entry: &NewAuditEntry,
) -> QueryResult<Option<Block>> {
    let at = now();
    let until = new.for_s.map(|s| at + TimeDelta::seconds(i64::from(s)));
    let (customer, network) = match new.target {
        Target::Customer(id) => (Some(id.0), None),
        Target::Network(network) => (None, Some(network.to_string())),
    };
    let id = write_transaction(conn, |conn| -> QueryResult<Option<i64>> {
        let old = blocks::table
            .filter(blocks::lifted_at.is_null())
            .into_boxed::<MultiBackend>();
        let ids: Vec<i64> = match (customer, &network) {
            (Some(id), _) => old.filter(blocks::customer_id.eq(id)),
            (None, network) => old.filter(blocks::network.eq(network.clone())),
        }
        .select(blocks::id)
        .load(conn)?;
        end(conn, by, &ids, at)?;
        if let Some(id) = customer {
            let there: Option<i64> = (customers::table.find(id))
                .select(customers::id)
                .first(conn)
                .optional()?;
            if there.is_none() {
                return Ok(None);
            }
        }
        diesel::insert_into(blocks::table)
            .values((
                blocks::customer_id.eq(customer),
                blocks::network.eq(&network),
                blocks::reason.eq(&new.reason),
                blocks::agent_id.eq(by.0),
                blocks::created_at.eq(at.naive_utc()),
                blocks::ends_at.eq(until.map(|until| until.naive_utc())),
            ))
            .execute(conn)?;
        let this = blocks::agent_id
            .eq(by.0)
            .and(blocks::created_at.eq(at.naive_utc()))
            .and(blocks::reason.eq(&new.reason));
        let id: Option<i64> = (blocks::table.filter(this))
            .select(diesel::dsl::max(blocks::id))
            .first(conn)?;
        if let Some(id) = id {
            audit::record(conn, &entry.clone().about("block", id.to_string()))?;
        }
        Ok(id)
    })?;
    match id {
        Some(id) => Ok(in_force(conn, Some(BlockId(id)))?.pop()),
        None => Ok(None),
    }
}

fn end(conn: &mut DbConnection, by: AgentId, ids: &[i64], at: Timestamp) -> QueryResult<usize> {
    diesel::update(blocks::table.filter(blocks::id.eq_any(ids).and(blocks::lifted_at.is_null())))
        .set((
            blocks::lifted_at.eq(Some(at.naive_utc())),
            blocks::lifted_by.eq(Some(by.0)),
        ))
        .execute(conn)
}

fn lift(
    conn: &mut DbConnection,
    by: AgentId,
    id: BlockId,
    entry: &NewAuditEntry,
) -> QueryResult<Option<Target>> {
    let Some(block) = in_force(conn, Some(id))?.pop() else {
        return Ok(None);
    };
    write_transaction(conn, |conn| -> QueryResult<Option<Target>> {
        if end(conn, by, &[id.0], now())? == 0 {
            // Somebody else has just lifted it.
            return Ok(None);
        }
        audit::record(conn, entry)?;
        Ok(Some(block.target))
    })
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = blocks)]
struct BlockRow {
    id: i64,
    customer_id: Option<i64>,
    network: Option<String>,
    reason: String,
    created_at: NaiveDateTime,
    ends_at: Option<NaiveDateTime>,
}

fn network_of(text: &str) -> QueryResult<IpNet> {
    text.parse().map_err(|_| nonsense("blocks.network"))
}

fn in_force(conn: &mut DbConnection, id: Option<BlockId>) -> QueryResult<Vec<Block>> {
    let mut query = blocks::table
        .inner_join(agents::table.on(agents::id.eq(blocks::agent_id)))
        .left_join(customers::table.on(customers::id.nullable().eq(blocks::customer_id)))
        .filter(now_in_force!(now().naive_utc()))
        .order(blocks::id.desc())
        .limit(LISTED)
        .select((
            BlockRow::as_select(),
            (agents::id, agents::name),
            customers::name.nullable(),
        ))
        .into_boxed::<MultiBackend>();
    if let Some(BlockId(id)) = id {
        query = query.filter(blocks::id.eq(id));
    }
    let rows: Vec<(BlockRow, (i64, String), Option<String>)> = query.load(conn)?;
    rows.into_iter()
        .map(|(row, (agent, name), customer_name)| {
            let target = match (row.customer_id, row.network) {
                (Some(id), _) => Target::Customer(CustomerId(id)),
                (None, Some(network)) => Target::Network(network_of(&network)?),
                (None, None) => return Err(nonsense("blocks.network")),
            };
            Ok(Block {
                id: BlockId(row.id),
                target,
                customer_name,
                reason: row.reason,
                by: AgentRef {
                    id: AgentId(agent),
                    name,
                },
                created_at: row.created_at.and_utc(),
                until: row.ends_at.map(|at| at.and_utc()),
            })
        })
        .collect()
}

fn list(conn: &mut DbConnection) -> QueryResult<BlockList> {
    let at = now().naive_utc();
    let customers: Vec<(Vec<u8>, Option<NaiveDateTime>)> = blocks::table
        .inner_join(customers::table.on(customers::id.nullable().eq(blocks::customer_id)))
        .filter(now_in_force!(at))
        .select((customers::token_hash, blocks::ends_at))
        .load(conn)?;
    let networks: Vec<(Option<String>, Option<NaiveDateTime>)> = blocks::table
        .filter(blocks::network.is_not_null())
        .filter(now_in_force!(at))
        .order(blocks::id)
        .select((blocks::network, blocks::ends_at))
        .load(conn)?;
    let until = |at: Option<NaiveDateTime>| at.map(|at| at.and_utc());
    let customers: Vec<_> = customers
        .into_iter()
        .map(|(hash, ends_at)| {
            let hash = hash.as_slice().try_into();
            let key = hash.map(CustomerKey);
            Ok((
                key.map_err(|_| nonsense("customers.token_hash"))?,
                until(ends_at),
            ))
        })
        .collect::<QueryResult<_>>()?;
    let networks = networks
        .into_iter()
        .filter_map(|(network, ends_at)| Some((network?, until(ends_at))))
        .map(|(network, until)| Ok((network_of(&network)?, until)))
        .collect::<QueryResult<_>>()?;
    Ok(BlockList::new(customers, networks))
}
