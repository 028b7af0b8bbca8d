//! The second factor of accounts. Called by HTTP and the command line; runs on the blocking threads of `mod.rs`.
//!
//! **Invariant**: each code is used once: what decides is the row, in one statement, whatever several
//! processes are asked at the same moment.

use diesel::prelude::*;

use super::{
    Store, StoreError,
    accounts::by_username,
    audit,
    connection::{DbConnection, write_transaction},
    error::nonsense,
    manage::{Ended, as_admin, end_logins},
    schema::{agent_recovery_codes, agent_totp},
};
use crate::domain::{AgentId, AuditAction, NewAuditEntry, Seed, SessionKey, Unmanaged, now};

/// Somebody's second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totp {
    /// What the secret is made of.
    pub seed: Seed,
    /// Together with the operator's key.
    pub keyed: bool,
    /// Sign-in asks for it; otherwise it is being set up.
    pub confirmed: bool,
    /// The step of the last code that was used.
    pub last_step: i64,
    /// Recovery codes that are left.
    pub recovery_codes: i64,
}

impl Store {
    /// Somebody's second factor, if they have begun to set one up.
    pub async fn totp(&self, of: AgentId) -> Result<Option<Totp>, StoreError> {
        self.read(move |conn| find(conn, of)).await
    }

    /// Begins to set a second factor up, anew where that was begun before; `false` where there is one already.
    pub async fn begin_totp(
        &self,
        of: AgentId,
        seed: Seed,
        keyed: bool,
    ) -> Result<bool, StoreError> {
        self.read(move |conn| begin(conn, of, seed, keyed)).await
    }

    /// The first code was right: sign-in asks for one from now on, and the log says so. `None` where it has been
    /// used, or there is nothing to confirm.
    pub async fn confirm_totp(
        &self,
        of: AgentId,
        step: i64,
        recovery: Vec<[u8; 32]>,
        keep: SessionKey,
        entry: NewAuditEntry,
    ) -> Result<Option<Ended>, StoreError> {
        self.read(move |conn| confirm(conn, of, step, &recovery, keep, &entry))
            .await
    }

    /// Uses the code of a step; `false` where it, or a later one, has been used.
    pub async fn use_totp_step(&self, of: AgentId, step: i64) -> Result<bool, StoreError> {
        self.read(move |conn| {
            let this = agent_totp::agent_id
                .eq(of.0)
                .and(agent_totp::last_step.lt(step));
            let used =
                diesel::update(agent_totp::table.filter(this)).set(agent_totp::last_step.eq(step));
            write_transaction(conn, |conn| Ok(used.execute(conn)? > 0))
        })
        .await
    }

    /// Uses a recovery code; `false` where it is none of theirs, or has been used.
    pub async fn use_recovery_code(&self, of: AgentId, hash: [u8; 32]) -> Result<bool, StoreError> {
        self.read(move |conn| {
            let this = agent_recovery_codes::code_hash
                .eq(hash.to_vec())
                .and(agent_recovery_codes::agent_id.eq(of.0))
                .and(agent_recovery_codes::used_at.is_null());
            let used = diesel::update(agent_recovery_codes::table.filter(this))
                .set(agent_recovery_codes::used_at.eq(Some(now().naive_utc())));
            write_transaction(conn, |conn| Ok(used.execute(conn)? > 0))
        })
        .await
    }

    /// Switches one's own second factor off.
    pub async fn end_totp(&self, of: AgentId, entry: NewAuditEntry) -> Result<(), StoreError> {
        self.read(move |conn| {
            write_transaction(conn, |conn| {
                end(conn, of)?;
                audit::record(conn, &entry)
            })
        })
        .await
    }

    /// Switches somebody else's off, for an admin, and ends their logins: whoever has the phone must not stay.
    pub async fn reset_totp(
        &self,
        by: AgentId,
        of: AgentId,
        entry: NewAuditEntry,
    ) -> Result<Result<Ended, Unmanaged>, StoreError> {
        self.read(move |conn| {
            as_admin(conn, by, |conn, _| {
                if by == of {
                    return Ok(Err(Unmanaged::Own));
                }
                if super::accounts::by_id(conn, of)?.is_none() {
                    return Ok(Err(Unmanaged::NotFound));
                }
                end(conn, of)?;
                audit::record(conn, &entry)?;
                end_logins(conn, of, None).map(Ok)
            })
        })
        .await
    }

    /// The same from the command line; `false` where there is no such account. Blocks.
    pub fn reset_totp_of(&self, username: &str) -> Result<bool, StoreError> {
        self.with_connection(|conn| {
            let Some((account, _)) = by_username(conn, username)? else {
                return Ok(false);
            };
            write_transaction(conn, |conn| -> QueryResult<()> {
                end(conn, account.me.id)?;
                end_logins(conn, account.me.id, None)?;
                let entry = audit::by_hand(account.me.id, AuditAction::SecondFactorOff);
                audit::record(conn, &entry)
            })?;
            Ok(true)
        })
    }

    /// Whose sign-in asks for a code.
    pub async fn with_totp(&self) -> Result<Vec<AgentId>, StoreError> {
        self.read(|conn| {
            let ids: Vec<i64> = agent_totp::table
                .filter(agent_totp::confirmed_at.is_not_null())
                .select(agent_totp::agent_id)
                .load(conn)?;
            Ok(ids.into_iter().map(AgentId).collect())
        })
        .await
    }
}

fn find(conn: &mut DbConnection, of: AgentId) -> QueryResult<Option<Totp>> {
    type Row = (Vec<u8>, bool, Option<chrono::NaiveDateTime>, i64);
    let row: Option<Row> = agent_totp::table
        .find(of.0)
        .select((
            agent_totp::seed,
            agent_totp::keyed,
            agent_totp::confirmed_at,
            agent_totp::last_step,
        ))
        .first(conn)
        .optional()?;
    let Some((seed, keyed, confirmed_at, last_step)) = row else {
        return Ok(None);
    };
    let seed = seed.as_slice().try_into();
    let recovery_codes = agent_recovery_codes::table
        .filter(agent_recovery_codes::agent_id.eq(of.0))
        .filter(agent_recovery_codes::used_at.is_null())
        .count()
        .get_result(conn)?;
    Ok(Some(Totp {
        seed: Seed(seed.map_err(|_| nonsense("agent_totp.seed"))?),
        keyed,
        confirmed: confirmed_at.is_some(),
        last_step,
        recovery_codes,
    }))
}

fn begin(conn: &mut DbConnection, of: AgentId, seed: Seed, keyed: bool) -> QueryResult<bool> {
    write_transaction(conn, |conn| {
        let unconfirmed = agent_totp::agent_id
            .eq(of.0)
            .and(agent_totp::confirmed_at.is_null());
        diesel::delete(agent_totp::table.filter(unconfirmed)).execute(conn)?;
        if find(conn, of)?.is_some() {
            return Ok(false);
        }
        diesel::insert_into(agent_totp::table)
            .values((
                agent_totp::agent_id.eq(of.0),
                agent_totp::seed.eq(seed.0.to_vec()),
                agent_totp::keyed.eq(keyed),
                agent_totp::last_step.eq(0_i64),
                agent_totp::created_at.eq(now().naive_utc()),
            ))
            .execute(conn)?;
        Ok(true)
    })
}

fn confirm(
    conn: &mut DbConnection,
    of: AgentId,
    step: i64,
    recovery: &[[u8; 32]],
    keep: SessionKey,
    entry: &NewAuditEntry,
) -> QueryResult<Option<Ended>> {
    write_transaction(conn, |conn| {
        let this = agent_totp::agent_id
            .eq(of.0)
            .and(agent_totp::confirmed_at.is_null())
            .and(agent_totp::last_step.lt(step));
        let confirmed = diesel::update(agent_totp::table.filter(this))
            .set((
                agent_totp::confirmed_at.eq(Some(now().naive_utc())),
                agent_totp::last_step.eq(step),
            ))
            .execute(conn)?;
        if confirmed == 0 {
            return Ok(None);
        }
        diesel::delete(agent_recovery_codes::table.filter(agent_recovery_codes::agent_id.eq(of.0)))
            .execute(conn)?;
        for hash in recovery {
            diesel::insert_into(agent_recovery_codes::table)
                .values((
                    agent_recovery_codes::code_hash.eq(hash.to_vec()),
                    agent_recovery_codes::agent_id.eq(of.0),
                ))
                .execute(conn)?;
        }
        audit::record(conn, entry)?;
        // Whoever was in by the password alone must not stay.
        end_logins(conn, of, Some(keep)).map(Some)
    })
}

fn end(conn: &mut DbConnection, of: AgentId) -> QueryResult<usize> {
    diesel::delete(agent_totp::table.find(of.0)).execute(conn)?;
    diesel::delete(agent_recovery_codes::table.filter(agent_recovery_codes::agent_id.eq(of.0)))
        .execute(conn)
}
