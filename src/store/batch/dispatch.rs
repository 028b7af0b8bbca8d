//! What the server does on its own, as one transaction: takes back what agents have who are gone, and hands
//! out what waits.
//!
//! The rows of `agent_presence` are locked first, so two processes that do this at once do it one after the
//! other, and the second counts what the first has given. Only then the conversations, in the order of their
//! ids, as every batch does.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDateTime;
use diesel::{dsl::count_star, prelude::*};

use super::{
    Agents, Batch, Result, Room,
    changes::Changes,
    files::Uploads,
    look::{Customers, lock},
    state_of,
};
use crate::{
    domain::{
        AgentId, AssignmentMode, Author, Candidate, Change, Code, EventName, Kind, Refusal,
        RoomKind, Status, Timestamp, choose, is_there, now,
    },
    store::{
        connection::DbConnection,
        presence::{Post, gone_before, left_behind, posts},
        rows::{AGENT, CUSTOMER},
        schema::{agent_presence, conversations, messages},
        write::{Acted, Dispatch, Ticket, Written},
    },
};

/// How many conversations one transaction takes back, and how many it hands out. What is left comes with the
/// next.
const AT_ONCE: i64 = 100;

pub fn run(conn: &mut DbConnection, room: Room, dispatch: &Dispatch) -> Result<Vec<Written>> {
    let Dispatch {
        ticket,
        rules,
        may_return,
    } = *dispatch;
    if room.kind == RoomKind::Shared {
        let why = "nobody can have everybody's conversation";
        let refusal = Refusal::new(Code::Forbidden, why);
        return Ok(vec![Written::Refused { ticket, refusal }]);
    }
    lock_presence(conn)?;
    // Read after the lock, which somebody may have held for a while.
    let at = now();
    let posts = posts(conn)?;
    let before = gone_before(rules, may_return, at);
    let left = left_behind(conn, &posts, before, AT_ONCE)?;
    let mut candidates = match rules.mode {
        AssignmentMode::Off => Vec::new(),
        _ => available(conn, &posts, rules.capacity, at)?,
    };
    let queue: Vec<i64> = if candidates.iter().any(has_room) {
        front_of_queue(conn)?
    } else {
        Vec::new()
    };
    let mut ids: Vec<i64> = left.iter().chain(&queue).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    let rows = lock(conn, &ids)?;
    let mut customers = Customers::default();
    customers.load_owners(conn, &rows)?;
    let names = posts
        .iter()
        .map(|post| (post.agent.id.0, post.agent.name.clone()));
    let mut hand = Hand {
        ticket,
        at,
        agents: Agents {
            names: names.collect(),
            enabled: BTreeSet::new(),
        },
        batch: Batch {
            room,
            careful: false,
            writes: &[],
            decisions: Vec::new(),
            customers,
            conversations: rows,
            uploads: Uploads::default(),
        },
        changes: Changes::default(),
        done: Vec::new(),
    };
    let gone = |agent: AgentId| {
        let post = posts.iter().find(|post| post.agent.id == agent);
        post.is_some_and(|post| post.is_gone(before))
    };
    hand.take_back(conn, &left, gone)?;
    if rules.mode != AssignmentMode::Off {
        let turns = hand.hand_out(conn, rules.mode, &mut candidates, &posts)?;
        for (agent, turn) in turns {
            diesel::update(agent_presence::table.find(agent.0))
                .set(agent_presence::last_turn.eq(Some(turn)))
                .execute(conn)?;
        }
    }
    let Hand {
        batch,
        changes,
        done,
        ..
    } = hand;
    changes.store(conn, &batch.conversations, at.naive_utc())?;
    Ok(vec![Written::Dispatched {
        ticket,
        changes: done,
    }])
}

/// Nobody else hands anything out until we are done. On SQLite the whole database is ours already.
fn lock_presence(conn: &mut DbConnection) -> QueryResult<()> {
    if let DbConnection::Mysql(conn) = conn {
        agent_presence::table
            .order(agent_presence::agent_id)
            .select(agent_presence::agent_id)
            .for_update()
            .load::<i64>(conn)?;
    }
    Ok(())
}

/// Those who are there and available, with how many they have.
fn available(
    conn: &mut DbConnection,
    posts: &[Post],
    default_capacity: u32,
    at: Timestamp,
) -> QueryResult<Vec<Candidate>> {
    let there: Vec<&Post> = posts
        .iter()
        .filter(|post| !post.disabled && !post.away && is_there(post.lease_until, at))
        .collect();
    if there.is_empty() {
        return Ok(Vec::new());
    }
    let counted: Vec<(Option<i64>, i64)> = conversations::table
        .filter(conversations::agent_id.eq_any(there.iter().map(|post| post.agent.id.0)))
        .filter(conversations::status.eq(Status::Open.as_str()))
        .group_by(conversations::agent_id)
        .select((conversations::agent_id, count_star()))
        .load(conn)?;
    let counted: HashMap<Option<i64>, i64> = counted.into_iter().collect();
    let candidate = |post: &Post| {
        let open = counted.get(&Some(post.agent.id.0)).copied().unwrap_or(0);
        Candidate {
            agent: post.agent.id,
            open: u32::try_from(open).unwrap_or(u32::MAX),
            capacity: post.capacity.unwrap_or(default_capacity),
            last_turn: post.last_turn,
        }
    };
    Ok(there.into_iter().map(candidate).collect())
}

fn front_of_queue(conn: &mut DbConnection) -> QueryResult<Vec<i64>> {
    conversations::table
        .filter(conversations::waiting_since.is_not_null())
        .order((conversations::waiting_since.asc(), conversations::id.asc()))
        .select(conversations::id)
        .limit(AT_ONCE)
        .load(conn)
}

/// The work on the locked rows.
struct Hand {
    ticket: Ticket,
    at: Timestamp,
    agents: Agents,
    batch: Batch<'static>,
    changes: Changes,
    done: Vec<Acted>,
}

impl Hand {
    fn take_back(
        &mut self,
        conn: &mut DbConnection,
        left: &[i64],
        gone: impl Fn(AgentId) -> bool,
    ) -> Result<()> {
        let unanswered = unanswered_since(conn, left)?;
        for id in left {
            let Some(row) = self.batch.conversations.get(id) else {
                continue;
            };
            // Somebody else may have it since it was looked for.
            let state = state_of(row)?;
            let of = state.agent.filter(|agent| gone(*agent));
            let Some(change) = of.and_then(|agent| Change::by_absence(state, agent)) else {
                continue;
            };
            let since = unanswered.get(id).copied();
            self.change(*id, change, since)?;
        }
        Ok(())
    }

    /// Gives what waits, the longest wait first, and says whose turn it was when.
    fn hand_out(
        &mut self,
        conn: &mut DbConnection,
        mode: AssignmentMode,
        candidates: &mut [Candidate],
        posts: &[Post],
    ) -> Result<BTreeMap<AgentId, i64>> {
        let mut turns = BTreeMap::new();
        let mut last_turn = posts.iter().filter_map(|post| post.last_turn).max();
        let rows = self.batch.conversations.values();
        let mut queue: Vec<_> = rows
            .filter_map(|row| Some((row.waiting_since?, row.id)))
            .collect();
        queue.sort_unstable();
        for (_, id) in queue {
            if !candidates.iter().any(has_room) {
                break;
            }
            let state = state_of(self.batch.row(id)?)?;
            let chosen = choose(mode, candidates, released_by(conn, id)?);
            let change = chosen.and_then(|agent| Change::by_assignment(state, agent));
            let (Some(agent), Some(change)) = (chosen, change) else {
                continue;
            };
            self.change(id, change, None)?;
            let turn = last_turn.map_or(1, |turn| turn + 1);
            last_turn = Some(turn);
            turns.insert(agent, turn);
            for one in candidates.iter_mut().filter(|one| one.agent == agent) {
                one.open += 1;
                one.last_turn = Some(turn);
            }
        }
        Ok(turns)
    }

    fn change(
        &mut self,
        id: i64,
        change: Change,
        waits_since: Option<NaiveDateTime>,
    ) -> Result<()> {
        let by = Author::System;
        let (at, agents, changes) = (self.at, &self.agents, &mut self.changes);
        let event = self.batch.event(id, &by, change, at, agents, changes)?;
        let row = self.batch.row_mut(id)?;
        if row.waiting_since.is_some() && waits_since.is_some() {
            row.waiting_since = waits_since;
        }
        let row = self.batch.row(id)?;
        self.done.push(Acted {
            ticket: self.ticket,
            event: Some(event),
            owner: self.batch.owner(row),
            conversation: self.batch.conversation(row, agents)?,
        });
        Ok(())
    }
}

/// Since when these customers have waited for a word: their oldest text after the last one of an agent. It is
/// no fault of theirs that the agent is gone, so they keep that place in the queue.
fn unanswered_since(
    conn: &mut DbConnection,
    ids: &[i64],
) -> QueryResult<HashMap<i64, NaiveDateTime>> {
    let said: Vec<_> = (Kind::ALL.iter())
        .filter(|kind| kind.is_said())
        .map(|kind| kind.as_str())
        .collect();
    let mut since = HashMap::new();
    let texts = |id: i64, role: &'static str| {
        messages::table
            .filter(messages::conversation_id.eq(id))
            .filter(messages::kind.eq_any(said.clone()))
            .filter(messages::sender_role.eq(role))
    };
    for id in ids {
        let answered: Option<i64> = texts(*id, AGENT)
            .order(messages::seq.desc())
            .select(messages::seq)
            .first(conn)
            .optional()?;
        let asked: Option<NaiveDateTime> = texts(*id, CUSTOMER)
            .filter(messages::seq.gt(answered.unwrap_or(0)))
            .order(messages::seq.asc())
            .select(messages::sent_at)
            .first(conn)
            .optional()?;
        since.extend(asked.map(|asked| (*id, asked)));
    }
    Ok(since)
}

/// Who had this before it was put back into the queue by hand, where that was the last that happened to it.
fn released_by(conn: &mut DbConnection, id: i64) -> QueryResult<Option<AgentId>> {
    let last: Option<(Option<String>, Option<i64>)> = messages::table
        .filter(messages::conversation_id.eq(id))
        .filter(messages::kind.eq(Kind::Event.as_str()))
        .order(messages::seq.desc())
        .select((messages::event, messages::event_agent_id))
        .first(conn)
        .optional()?;
    Ok(match last {
        Some((Some(event), Some(agent))) if event == EventName::Released.as_str() => {
            Some(AgentId(agent))
        }
        _ => None,
    })
}

fn has_room(one: &Candidate) -> bool {
    one.open < one.capacity
}
