//! Deleting conversations whose time is over. Called by `src/retention.rs`; runs on the blocking threads of
//! `mod.rs`.
//!
//! **Invariant**: what is deleted is decided on the conversation's locked row, so that one that goes on or is
//! put under a hold meanwhile stays. A hold's foreign key would refuse it even then.
//! **Invariant**: one transaction deletes at most [`MESSAGES`] messages, the oldest first, and the conversation
//! with the last of them; whoever writes meanwhile waits for no more than that.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, TimeDelta};
use diesel::prelude::*;

use super::{
    Store, StoreError,
    connection::{DbConnection, write_transaction},
    error::nonsense,
    holds,
    schema::{conversation_tags, conversations, files, messages, tags},
};
use crate::domain::{
    ConversationId, FileId, RetentionCount, Status, Timestamp, settings::Retention,
};

/// Conversations that are looked at together.
const PAGE: i64 = 200;
/// Messages that one transaction deletes.
const MESSAGES: i64 = 500;

/// Up to where was looked: the time of the last message, and the conversation.
pub type RetentionCursor = (NaiveDateTime, i64);

/// What one step of deleting a conversation has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetentionStep {
    /// There is more of it.
    pub more: bool,
    /// What went.
    pub count: RetentionCount,
    /// The files whose rows went, and whose bytes are to follow.
    pub files: Vec<FileId>,
}

impl Store {
    /// The conversations of the next page whose time is over, and where to go on.
    pub async fn overdue(
        &self,
        rules: Retention,
        at: Timestamp,
        after: Option<RetentionCursor>,
    ) -> Result<(Vec<ConversationId>, Option<RetentionCursor>), StoreError> {
        self.read(move |conn| overdue(conn, &rules, at, after))
            .await
    }

    /// What hangs on these conversations.
    pub async fn weigh(&self, ids: Vec<ConversationId>) -> Result<RetentionCount, StoreError> {
        self.read(move |conn| {
            let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
            weigh(conn, &ids)
        })
        .await
    }

    /// Deletes some of a conversation, if its time is still over.
    pub async fn delete_some(
        &self,
        rules: Retention,
        at: Timestamp,
        id: ConversationId,
    ) -> Result<RetentionStep, StoreError> {
        self.read(move |conn| write_transaction(conn, |conn| delete_some(conn, &rules, at, id.0)))
            .await
    }
}

fn before(at: Timestamp, days: u32) -> NaiveDateTime {
    let days = TimeDelta::days(i64::from(days));
    at.checked_sub_signed(days).unwrap_or_default().naive_utc()
}

type Row = (i64, String, NaiveDateTime);

/// The conversations among these whose time is over and that nobody holds.
fn judge(
    conn: &mut DbConnection,
    rules: &Retention,
    at: Timestamp,
    rows: &[Row],
) -> QueryResult<Vec<i64>> {
    let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let held = holds::held(conn, &ids)?;
    let pairs: Vec<(i64, String)> = conversation_tags::table
        .inner_join(tags::table.on(tags::id.eq(conversation_tags::tag_id)))
        .filter(conversation_tags::conversation_id.eq_any(&ids))
        .select((conversation_tags::conversation_id, tags::folded))
        .load(conn)?;
    let mut names: HashMap<i64, Vec<String>> = HashMap::new();
    for (id, name) in pairs {
        names.entry(id).or_default().push(name);
    }
    let mut over = Vec::new();
    for (id, status, last) in rows {
        let status = Status::parse(status).ok_or_else(|| nonsense("conversations.status"))?;
        let tags = names.get(id).map_or(&[][..], Vec::as_slice);
        let days = rules.days(status, tags);
        if days.is_some_and(|days| *last < before(at, days)) && !held.contains(id) {
            over.push(*id);
        }
    }
    Ok(over)
}

fn overdue(
    conn: &mut DbConnection,
    rules: &Retention,
    at: Timestamp,
    after: Option<RetentionCursor>,
) -> QueryResult<(Vec<ConversationId>, Option<RetentionCursor>)> {
    let Some(days) = rules.shortest() else {
        return Ok((Vec::new(), None));
    };
    let (time, id) = after.unwrap_or((DateTime::UNIX_EPOCH.naive_utc(), 0));
    let later = conversations::last_message_at
        .gt(time)
        .or(conversations::last_message_at
            .eq(time)
            .and(conversations::id.gt(id)));
    // Not the one conversation of a shared room.
    let rows: Vec<Row> = conversations::table
        .filter(conversations::customer_id.is_not_null())
        .filter(conversations::last_message_at.ge(time))
        .filter(conversations::last_message_at.lt(before(at, days)))
        .filter(later)
        .order((conversations::last_message_at, conversations::id))
        .limit(PAGE)
        .select((
            conversations::id,
            conversations::status,
            conversations::last_message_at,
        ))
        .load(conn)?;
    let full = i64::try_from(rows.len()).is_ok_and(|rows| rows == PAGE);
    let next = rows.last().filter(|_| full).map(|row| (row.2, row.0));
    let over = judge(conn, rules, at, &rows)?;
    Ok((over.into_iter().map(ConversationId).collect(), next))
}

pub(super) fn weigh(conn: &mut DbConnection, ids: &[i64]) -> QueryResult<RetentionCount> {
    let messages: i64 = messages::table
        .filter(messages::conversation_id.eq_any(ids))
        .count()
        .get_result(conn)?;
    let sizes: Vec<i64> = files::table
        .filter(files::conversation_id.eq_any(ids))
        .select(files::size)
        .load(conn)?;
    Ok(RetentionCount {
        conversations: ids.len() as u64,
        messages: u64::try_from(messages).unwrap_or(0),
        files: sizes.len() as u64,
        bytes: sizes
            .iter()
            .filter_map(|size| u64::try_from(*size).ok())
            .sum(),
    })
}

fn delete_some(
    conn: &mut DbConnection,
    rules: &Retention,
    at: Timestamp,
    id: i64,
) -> QueryResult<RetentionStep> {
    let mut step = RetentionStep::default();
    if !holds::lock(conn, id)? {
        return Ok(step);
    }
    let row: Row = conversations::table
        .find(id)
        .select((
            conversations::id,
            conversations::status,
            conversations::last_message_at,
        ))
        .first(conn)?;
    if judge(conn, rules, at, &[row])?.is_empty() {
        return Ok(step);
    }
    let seqs: Vec<i64> = messages::table
        .filter(messages::conversation_id.eq(id))
        .order(messages::seq)
        .limit(MESSAGES)
        .select(messages::seq)
        .load(conn)?;
    if let Some(last) = seqs.last() {
        let gone: Vec<(String, i64)> = files::table
            .filter(files::conversation_id.eq(id).and(files::seq.le(last)))
            .select((files::id, files::size))
            .load(conn)?;
        for (file, size) in gone {
            step.count.files += 1;
            step.count.bytes += u64::try_from(size).unwrap_or(0);
            step.files.extend(FileId::parse(&file));
        }
        // Their files' rows go with them.
        let oldest = messages::conversation_id.eq(id).and(messages::seq.le(last));
        let gone = diesel::delete(messages::table.filter(oldest)).execute(conn)?;
        step.count.messages += gone as u64;
    }
    step.more = i64::try_from(seqs.len()).is_ok_and(|many| many == MESSAGES);
    if !step.more {
        let used: Vec<i64> = conversation_tags::table
            .filter(conversation_tags::conversation_id.eq(id))
            .select(conversation_tags::tag_id)
            .load(conn)?;
        // Ratings and uses of tags go with it.
        diesel::delete(conversations::table.find(id)).execute(conn)?;
        step.count.conversations += 1;
        unused(conn, &used)?;
    }
    Ok(step)
}

/// A tag is what a conversation has: those that none has any more go.
fn unused(conn: &mut DbConnection, ids: &[i64]) -> QueryResult<()> {
    for id in ids {
        let used: i64 = conversation_tags::table
            .filter(conversation_tags::tag_id.eq(id))
            .count()
            .get_result(conn)?;
        if used == 0 {
            diesel::delete(tags::table.find(id)).execute(conn)?;
        }
    }
    Ok(())
}
