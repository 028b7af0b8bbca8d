//! The audit log. Called by HTTP, by retention and by whoever erases; runs on the blocking threads of
//! `mod.rs`.
//!
//! **Invariant**: entries are only ever added. There is no statement here, or anywhere else in the program,
//! that changes or deletes one; `docs/REVIEWING-HISTORY.md` says how the database itself sees to it.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::{
    Store, StoreError,
    connection::{DbConnection, MultiBackend, write_transaction},
    schema::{agents, audit_log},
};
use crate::domain::{
    AgentId, AuditAction, AuditActor, AuditEntry, AuditFilter, NewAuditEntry, now,
};

impl Store {
    /// Adds an entry. Once this has returned, it is stored.
    pub async fn record(&self, entry: NewAuditEntry) -> Result<(), StoreError> {
        self.read(move |conn| write_transaction(conn, |conn| record(conn, &entry)))
            .await
    }

    /// Entries before one, the newest first, at most `limit`.
    pub async fn audit_log(
        &self,
        filter: AuditFilter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        self.read(move |conn| page(conn, &filter, before, limit))
            .await
    }
}

/// An entry about an account, by whoever runs the program by hand.
pub(super) fn by_hand(account: AgentId, action: AuditAction) -> NewAuditEntry {
    let entry = NewAuditEntry::new(AuditActor::command_line(), action);
    entry.about("account", account.to_string())
}

/// Adds an entry on a connection, so that it can be part of the transaction that it is about.
pub(super) fn record(conn: &mut DbConnection, entry: &NewAuditEntry) -> QueryResult<()> {
    let username: Option<String> = match entry.actor.agent {
        None => None,
        Some(AgentId(id)) => (agents::table.find(id))
            .select(agents::username)
            .first(conn)
            .optional()?,
    };
    let (kind, id) = match &entry.subject {
        None => (None, None),
        Some((kind, id)) => (Some(*kind), Some(id)),
    };
    let details = serde_json::to_string(&entry.details).unwrap_or_default();
    diesel::insert_into(audit_log::table)
        .values((
            audit_log::at.eq(now().naive_utc()),
            audit_log::agent_id.eq(entry.actor.agent.map(|id| id.0)),
            audit_log::username.eq(username.unwrap_or_default()),
            audit_log::address.eq(&entry.actor.address),
            audit_log::action.eq(entry.action.as_str()),
            audit_log::subject_kind.eq(kind),
            audit_log::subject_id.eq(id),
            audit_log::details.eq(details),
        ))
        .execute(conn)?;
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_log)]
struct AuditRow {
    id: i64,
    at: NaiveDateTime,
    agent_id: Option<i64>,
    username: String,
    address: Option<String>,
    action: String,
    subject_kind: Option<String>,
    subject_id: Option<String>,
    details: String,
}

fn page(
    conn: &mut DbConnection,
    filter: &AuditFilter,
    before: Option<i64>,
    limit: usize,
) -> QueryResult<Vec<AuditEntry>> {
    let mut query = audit_log::table
        .order(audit_log::id.desc())
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(AuditRow::as_select())
        .into_boxed::<MultiBackend>();
    if let Some(id) = before {
        query = query.filter(audit_log::id.lt(id));
    }
    if let Some(AgentId(id)) = filter.agent {
        query = query.filter(audit_log::agent_id.eq(id));
    }
    if let Some(action) = filter.action {
        query = query.filter(audit_log::action.eq(action.as_str()));
    }
    if let Some(from) = filter.from {
        query = query.filter(audit_log::at.ge(from.naive_utc()));
    }
    if let Some(to) = filter.to {
        query = query.filter(audit_log::at.lt(to.naive_utc()));
    }
    let rows: Vec<AuditRow> = query.load(conn)?;
    let entry = |row: AuditRow| AuditEntry {
        id: row.id,
        at: row.at.and_utc(),
        agent: row.agent_id.map(AgentId),
        username: row.username,
        address: row.address,
        action: row.action,
        subject_kind: row.subject_kind,
        subject_id: row.subject_id,
        details: row.details,
    };
    Ok(rows.into_iter().map(entry).collect())
}
