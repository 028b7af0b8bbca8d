//! Which agents are there. A row for each agent says until when they count as there: whoever holds a
//! connection of theirs moves that on, in every process alike, and an end by itself is nothing but the lease
//! that runs out. Called by the room through `mod.rs`'s blocking threads, and by the writer's dispatch.

use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;

use super::{
    Store, StoreError,
    connection::{DbConnection, write_transaction},
    schema::{agent_presence, agents, conversations},
};
use crate::domain::{AgentId, AgentRef, AssignmentRules, Status, Timestamp, is_there, now};

/// An agent as the others see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colleague {
    /// Who.
    pub agent: AgentRef,
    /// They say that they are away.
    pub away: bool,
    /// For how long they count as there, if no connection of theirs moves it on; 0: they are not there.
    pub there_for_ms: u64,
}

/// Everybody who may answer, and whether there is work for [`super::Dispatch`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staff {
    /// All agents whose account is not disabled, by id.
    pub colleagues: Vec<Colleague>,
    /// Somebody waits.
    pub is_waited_for: bool,
    /// Somebody is gone who has conversations.
    pub has_vanished: bool,
}

/// What a process tells of the agents connected to it.
#[derive(Clone, Debug)]
pub struct KeepPresence {
    /// Whose leases are moved on.
    pub connected: Vec<AgentId>,
    /// Who has signed out.
    pub ended: Vec<AgentId>,
    /// By which rules.
    pub rules: AssignmentRules,
    /// As in [`super::Dispatch`].
    pub may_return: bool,
}

impl Store {
    /// Moves on the leases of those who are connected, ends those of who has signed out, and says who is
    /// there.
    pub async fn keep_presence(&self, keep: KeepPresence) -> Result<Staff, StoreError> {
        self.read(move |conn| {
            let at = now();
            let until = at + TimeDelta::seconds(i64::from(keep.rules.grace_s));
            if !keep.connected.is_empty() || !keep.ended.is_empty() {
                write_transaction(conn, |conn| {
                    renew(conn, &keep.connected, until)?;
                    end(conn, &keep.ended, at)
                })?;
            }
            staff(conn, keep.rules, keep.may_return, at)
        })
        .await
    }

    /// Who is there.
    pub async fn colleagues(&self) -> Result<Vec<Colleague>, StoreError> {
        self.read(|conn| {
            let at = now();
            let posts = posts(conn)?;
            Ok(colleagues(&posts, at))
        })
        .await
    }

    /// Keeps that an agent is away, or available again.
    pub async fn set_away(&self, agent: AgentId, away: bool) -> Result<(), StoreError> {
        self.read(move |conn| {
            write_transaction(conn, |conn| {
                make_missing(conn, &[agent])?;
                diesel::update(agent_presence::table.find(agent.0))
                    .set(agent_presence::away.eq(away))
                    .execute(conn)
                    .map(drop)
            })
        })
        .await
    }
}

/// An account with its presence, as it stands in the database.
pub(super) struct Post {
    pub agent: AgentRef,
    pub disabled: bool,
    pub capacity: Option<u32>,
    pub away: bool,
    pub lease_until: Option<Timestamp>,
    pub last_turn: Option<i64>,
}

/// Since when somebody must have been gone for their conversations to go back; `None`: they never do, or it is
/// not known yet who is gone.
pub(super) fn gone_before(
    rules: AssignmentRules,
    may_return: bool,
    at: Timestamp,
) -> Option<Timestamp> {
    (may_return && rules.return_after_s > 0)
        .then(|| at - TimeDelta::seconds(i64::from(rules.return_after_s)))
}

impl Post {
    /// A disabled account is gone at once, whatever its lease says.
    pub fn is_gone(&self, before: Option<Timestamp>) -> bool {
        let over = |before| !is_there(self.lease_until, before);
        self.disabled || before.is_some_and(over)
    }
}

type PostRow = (
    i64,
    String,
    Option<NaiveDateTime>,
    Option<i32>,
    Option<bool>,
    Option<NaiveDateTime>,
    Option<i64>,
);

/// All accounts by id.
pub(super) fn posts(conn: &mut DbConnection) -> QueryResult<Vec<Post>> {
    let rows: Vec<PostRow> = agents::table
        .left_join(agent_presence::table.on(agent_presence::agent_id.eq(agents::id)))
        .order(agents::id)
        .select((
            agents::id,
            agents::name,
            agents::disabled_at,
            agents::capacity,
            agent_presence::away.nullable(),
            agent_presence::lease_until.nullable(),
            agent_presence::last_turn.nullable(),
        ))
        .load(conn)?;
    let post = |(id, name, disabled_at, capacity, away, lease_until, last_turn): PostRow| Post {
        agent: AgentRef {
            id: AgentId(id),
            name,
        },
        disabled: disabled_at.is_some(),
        capacity: capacity.and_then(|capacity| u32::try_from(capacity).ok()),
        away: away.unwrap_or(false),
        lease_until: lease_until.map(|until| until.and_utc()),
        last_turn,
    };
    Ok(rows.into_iter().map(post).collect())
}

fn colleagues(posts: &[Post], at: Timestamp) -> Vec<Colleague> {
    let enabled = posts.iter().filter(|post| !post.disabled);
    let left = |until: Timestamp| u64::try_from((until - at).num_milliseconds()).unwrap_or(0);
    let colleague = |post: &Post| Colleague {
        agent: post.agent.clone(),
        away: post.away,
        there_for_ms: post.lease_until.map_or(0, left),
    };
    enabled.map(colleague).collect()
}

fn staff(
    conn: &mut DbConnection,
    rules: AssignmentRules,
    may_return: bool,
    at: Timestamp,
) -> QueryResult<Staff> {
    let posts = posts(conn)?;
    let waiting: Option<i64> = conversations::table
        .filter(conversations::waiting_since.is_not_null())
        .select(conversations::id)
        .first(conn)
        .optional()?;
    let left = left_behind(conn, &posts, gone_before(rules, may_return, at), 1)?;
    Ok(Staff {
        colleagues: colleagues(&posts, at),
        is_waited_for: waiting.is_some(),
        has_vanished: !left.is_empty(),
    })
}

/// Open conversations of agents who are gone. One that was handed to somebody who was not there waits for them
/// as long as if they had left at that moment.
pub(super) fn left_behind(
    conn: &mut DbConnection,
    posts: &[Post],
    before: Option<Timestamp>,
    limit: i64,
) -> QueryResult<Vec<i64>> {
    let open = conversations::status
        .eq(Status::Open.as_str())
        .and(conversations::customer_id.is_not_null());
    let ids = |gone: &dyn Fn(&&Post) -> bool| -> Vec<i64> {
        posts
            .iter()
            .filter(gone)
            .map(|post| post.agent.id.0)
            .collect()
    };
    let mut left: Vec<i64> = Vec::new();
    let disabled = ids(&|post| post.disabled);
    if !disabled.is_empty() {
        left = conversations::table
            .filter(conversations::agent_id.eq_any(disabled))
            .filter(open)
            .order(conversations::id)
            .select(conversations::id)
            .limit(limit)
            .load(conn)?;
    }
    if let Some(before) = before {
        let gone = ids(&|post| !post.disabled && post.is_gone(Some(before)));
        let more: Vec<i64> = conversations::table
            .filter(conversations::agent_id.eq_any(gone))
            .filter(open)
            .filter(
                conversations::agent_since
                    .is_null()
                    .or(conversations::agent_since.le(before.naive_utc())),
            )
            .order(conversations::id)
            .select(conversations::id)
            .limit(limit)
            .load(conn)?;
        left.extend(more);
    }
    Ok(left)
}

/// A lease only ever moves on here: another process may hold a connection, too.
fn renew(conn: &mut DbConnection, agents: &[AgentId], until: Timestamp) -> QueryResult<()> {
    if agents.is_empty() {
        return Ok(());
    }
    make_missing(conn, agents)?;
    let until = until.naive_utc();
    let earlier = agent_presence::lease_until
        .is_null()
        .or(agent_presence::lease_until.lt(until));
    diesel::update(
        agent_presence::table
            .filter(agent_presence::agent_id.eq_any(agents.iter().map(|id| id.0)))
            .filter(earlier),
    )
    .set(agent_presence::lease_until.eq(until))
    .execute(conn)
    .map(drop)
}

/// Who has signed out is gone now. If they are connected to another process still, that moves it on again.
fn end(conn: &mut DbConnection, agents: &[AgentId], at: Timestamp) -> QueryResult<()> {
    if agents.is_empty() {
        return Ok(());
    }
    let at = at.naive_utc();
    diesel::update(
        agent_presence::table
            .filter(agent_presence::agent_id.eq_any(agents.iter().map(|id| id.0)))
            .filter(agent_presence::lease_until.gt(at)),
    )
    .set(agent_presence::lease_until.eq(at))
    .execute(conn)
    .map(drop)
}

/// A row for each of these agents, where there is none yet.
fn make_missing(conn: &mut DbConnection, agents: &[AgentId]) -> QueryResult<()> {
    let there: Vec<i64> = agent_presence::table
        .filter(agent_presence::agent_id.eq_any(agents.iter().map(|id| id.0)))
        .select(agent_presence::agent_id)
        .load(conn)?;
    let missing: Vec<_> = agents
        .iter()
        .filter(|id| !there.contains(&id.0))
        .map(|id| {
            (
                agent_presence::agent_id.eq(id.0),
                agent_presence::away.eq(false),
            )
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    // Another process may make it at the same moment.
    match conn {
        DbConnection::Mysql(conn) => diesel::insert_or_ignore_into(agent_presence::table)
            .values(missing)
            .execute(conn),
        DbConnection::Sqlite(conn) => diesel::insert_or_ignore_into(agent_presence::table)
            .values(missing)
            .execute(conn),
    }
    .map(drop)
}
