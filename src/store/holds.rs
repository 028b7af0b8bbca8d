//! Legal holds: conversations that are neither cleaned up nor erased, whatever the rules say. Called by HTTP;
//! runs on the blocking threads of `mod.rs`.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::{
    Store, StoreError, audit,
    connection::{DbConnection, MultiBackend, write_transaction},
    rows::{agent_names, agent_ref},
    schema::{conversations, holds},
};
use crate::domain::{AgentId, ConversationId, Hold, NewAuditEntry, now};

/// Holds that are listed at most, the newest first.
const LISTED: i64 = 1_000;

impl Store {
    /// Keeps a conversation, with its entry in the audit log; `false` when there is no such conversation.
    pub async fn hold(
        &self,
        by: AgentId,
        id: ConversationId,
        reason: String,
        entry: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        self.read(move |conn| {
            write_transaction(conn, |conn| {
                if !lock(conn, id.0)? {
                    return Ok(false);
                }
                diesel::delete(holds::table.find(id.0)).execute(conn)?;
                diesel::insert_into(holds::table)
                    .values((
                        holds::conversation_id.eq(id.0),
                        holds::reason.eq(&reason),
                        holds::agent_id.eq(by.0),
                        holds::created_at.eq(now().naive_utc()),
                    ))
                    .execute(conn)?;
                audit::record(conn, &entry)?;
                Ok(true)
            })
        })
        .await
    }

    /// Lets a conversation go; `false` when it is not held.
    pub async fn lift_hold(
        &self,
        id: ConversationId,
        entry: NewAuditEntry,
    ) -> Result<bool, StoreError> {
        self.read(move |conn| {
            write_transaction(conn, |conn| {
                let lifted = diesel::delete(holds::table.find(id.0)).execute(conn)? > 0;
                if lifted {
                    audit::record(conn, &entry)?;
                }
                Ok(lifted)
            })
        })
        .await
    }

    /// What is held, the newest first; or the one of a conversation.
    pub async fn holds(&self, only: Option<ConversationId>) -> Result<Vec<Hold>, StoreError> {
        self.read(move |conn| {
            let mut query = holds::table
                .order((holds::created_at.desc(), holds::conversation_id.desc()))
                .limit(LISTED)
                .select((
                    holds::conversation_id,
                    holds::reason,
                    holds::agent_id,
                    holds::created_at,
                ))
                .into_boxed::<MultiBackend>();
            if let Some(id) = only {
                query = query.filter(holds::conversation_id.eq(id.0));
            }
            let rows: Vec<(i64, String, i64, NaiveDateTime)> = query.load(conn)?;
            let by: Vec<i64> = rows.iter().map(|row| row.2).collect();
            let names = agent_names(conn, &by)?;
            let hold = |(id, reason, by, at): (i64, String, i64, NaiveDateTime)| Hold {
                conversation: ConversationId(id),
                reason,
                by: agent_ref(by, &names),
                created_at: at.and_utc(),
            };
            Ok(rows.into_iter().map(hold).collect())
        })
        .await
    }
}

/// Locks a conversation's row by a write that changes nothing; `false` where there is none.
pub(super) fn lock(conn: &mut DbConnection, id: i64) -> QueryResult<bool> {
    diesel::update(conversations::table.find(id))
        .set(conversations::last_seq.eq(conversations::last_seq))
        .execute(conn)?;
    let there: Option<i64> = (conversations::table.find(id))
        .select(conversations::id)
        .first(conn)
        .optional()?;
    Ok(there.is_some())
}

/// Which of these are held.
pub(super) fn held(conn: &mut DbConnection, ids: &[i64]) -> QueryResult<Vec<i64>> {
    holds::table
        .filter(holds::conversation_id.eq_any(ids))
        .select(holds::conversation_id)
        .load(conn)
}
