//! Accounts as admins manage them, and everybody's own password and logins. Called by HTTP; runs on
//! the blocking threads of `mod.rs`.
//!
//! **Invariant**: whoever manages accounts is an enabled admin at the moment of COMMIT, and nobody bars
//! or demotes themself; so an admin is always left, whatever several of them do at once.

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error},
};

use super::{
    Store, StoreError,
    accounts::{all, by_id, by_username, insert, session_key},
    audit,
    connection::{DbConnection, write_transaction},
    schema::{agent_sessions, agents},
};
use crate::domain::{
    Account, AccountChange, AgentId, Device, Login, LoginId, NewAuditEntry, Role, SessionKey,
    Unmanaged, now,
};

/// An account that is to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// What they type to sign in.
    pub username: String,
    /// The name that customers see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// argon2, a PHC string.
    pub password_hash: String,
}

/// The logins that a change has ended, so that their connections can be closed.
pub type Ended = Vec<SessionKey>;

impl Store {
    /// All accounts by user name.
    pub async fn all_accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.read(all).await
    }

    /// An account by its number.
    pub async fn account(&self, id: AgentId) -> Result<Option<Account>, StoreError> {
        self.read(move |conn| by_id(conn, id)).await
    }

    /// Makes an account for an admin, with an entry that is about it.
    pub async fn add_account(
        &self,
        by: AgentId,
        new: NewAccount,
        entry: NewAuditEntry,
    ) -> Result<Result<Account, Unmanaged>, StoreError> {
        self.read(move |conn| add(conn, by, &new, &entry)).await
    }

    /// Changes an account for an admin. Another role or being disabled ends its logins: what they allow
    /// must not outlast the change.
    pub async fn change_account(
        &self,
        by: AgentId,
        id: AgentId,
        change: AccountChange,
        entry: NewAuditEntry,
    ) -> Result<Result<(Account, Ended), Unmanaged>, StoreError> {
        self.read(move |conn| self::change(conn, by, id, &change, &entry))
            .await
    }

    /// Gives somebody else's account another password and ends its logins, for an admin.
    pub async fn reset_password(
        &self,
        by: AgentId,
        id: AgentId,
        password_hash: String,
        entry: NewAuditEntry,
    ) -> Result<Result<Ended, Unmanaged>, StoreError> {
        self.read(move |conn| reset(conn, by, id, &password_hash, &entry))
            .await
    }

    /// Changes one's own password from `old_hash`, and ends all logins but this one; `None` when the
    /// password has been changed by somebody else meanwhile.
    pub async fn change_password(
        &self,
        id: AgentId,
        keep: SessionKey,
        old_hash: String,
        new_hash: String,
        entry: NewAuditEntry,
    ) -> Result<Option<Ended>, StoreError> {
        self.read(move |conn| change_password(conn, id, keep, (&old_hash, &new_hash), &entry))
            .await
    }

    /// Somebody's logins, the newest first.
    pub async fn logins(&self, of: AgentId) -> Result<Vec<Login>, StoreError> {
        self.read(move |conn| logins(conn, of)).await
    }

    /// Ends one of somebody's logins; `None` when they have no such.
    pub async fn end_login(
        &self,
        of: AgentId,
        id: LoginId,
    ) -> Result<Option<SessionKey>, StoreError> {
        self.read(move |conn| {
            let keys = keys_of(conn, of)?;
            let key = keys.into_iter().find(|key| LoginId::from(*key) == id);
            if let Some(key) = key {
                super::accounts::end_session(conn, key)?;
            }
            Ok(key)
        })
        .await
    }

    /// Ends all of somebody's logins but one.
    pub async fn end_other_logins(
        &self,
        of: AgentId,
        keep: SessionKey,
    ) -> Result<Ended, StoreError> {
        self.read(move |conn| write_transaction(conn, |conn| end_logins(conn, of, Some(keep))))
            .await
    }
}

/// Locks all enabled admins, so that what is decided from them still holds at COMMIT, and returns their
/// numbers. A write that changes nothing: both engines lock for it, and a transaction has to begin with
/// a write on SQLite.
fn lock_admins(conn: &mut DbConnection) -> QueryResult<Vec<i64>> {
    let enabled = agents::role
        .eq(Role::Admin.as_str())
        .and(agents::disabled_at.is_null());
    diesel::update(agents::table.filter(enabled))
        .set(agents::role.eq(Role::Admin.as_str()))
        .execute(conn)?;
    agents::table.filter(enabled).select(agents::id).load(conn)
}

/// Runs `work` in a transaction, with the numbers of all enabled admins, if `by` is one of them.
pub(super) fn as_admin<T, E: From<Unmanaged>>(
    conn: &mut DbConnection,
    by: AgentId,
    work: impl FnOnce(&mut DbConnection, &[i64]) -> QueryResult<Result<T, E>>,
) -> QueryResult<Result<T, E>> {
    write_transaction(conn, |conn| {
        let admins = lock_admins(conn)?;
        if !admins.contains(&by.0) {
            return Ok(Err(Unmanaged::NotAdmin.into()));
        }
        work(conn, &admins)
    })
}

fn add(
    conn: &mut DbConnection,
    by: AgentId,
    new: &NewAccount,
    entry: &NewAuditEntry,
) -> QueryResult<Result<Account, Unmanaged>> {
    let NewAccount {
        username,
        name,
        role,
        password_hash,
    } = new;
    as_admin(conn, by, |conn, _| {
        let taken = match insert(conn, username, name, *role, password_hash) {
            Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => true,
            other => {
                other?;
                false
            }
        };
        let there = by_username(conn, username)?.ok_or(Error::NotFound)?;
        match there {
            (account, _) if !taken => {
                let entry = entry.clone().about("account", account.me.id.to_string());
                audit::record(conn, &entry)?;
                Ok(Ok(account))
            }
            // Hashes have a random salt: it can only be our own, from a try whose answer was lost.
            (account, hash) if hash == *password_hash => Ok(Ok(account)),
            _ => Ok(Err(Unmanaged::UsernameTaken)),
        }
    })
}

/// Whether a change leaves somebody who manages accounts without the right to.
fn takes_admin(before: &Account, change: &AccountChange) -> bool {
    let was = before.me.role == Role::Admin && before.disabled_at.is_none();
    let demoted = change.role.is_some_and(|role| role != Role::Admin);
    was && (demoted || change.disabled == Some(true))
}

fn change(
    conn: &mut DbConnection,
    by: AgentId,
    id: AgentId,
    change: &AccountChange,
    entry: &NewAuditEntry,
) -> QueryResult<Result<(Account, Ended), Unmanaged>> {
    as_admin(conn, by, |conn, admins| {
        let Some(before) = by_id(conn, id)? else {
            return Ok(Err(Unmanaged::NotFound));
        };
        if takes_admin(&before, change) && id == by {
            let last = admins.len() == 1;
            return Ok(Err(if last {
                Unmanaged::LastAdmin
            } else {
                Unmanaged::Own
            }));
        }
        let this = agents::table.find(id.0);
        if let Some(name) = &change.name {
            diesel::update(this)
                .set(agents::name.eq(name))
                .execute(conn)?;
        }
        if let Some(role) = change.role {
            diesel::update(this)
                .set(agents::role.eq(role.as_str()))
                .execute(conn)?;
        }
        if let Some(disabled) = change.disabled {
            // Since when counts from the first time.
            let since = before.disabled_at.unwrap_or_else(now).naive_utc();
            diesel::update(this)
                .set(agents::disabled_at.eq(disabled.then_some(since)))
                .execute(conn)?;
        }
        if let Some(capacity) = change.capacity {
            let capacity = capacity.and_then(|many| i32::try_from(many).ok());
            diesel::update(this)
                .set(agents::capacity.eq(capacity))
                .execute(conn)?;
        }
        let other_role = change.role.is_some_and(|role| role != before.me.role);
        let ended = if other_role || change.disabled == Some(true) {
            end_logins(conn, id, None)?
        } else {
            Ended::new()
        };
        let after = by_id(conn, id)?.ok_or(Error::NotFound)?;
        audit::record(conn, entry)?;
        Ok(Ok((after, ended)))
    })
}

fn reset(
    conn: &mut DbConnection,
    by: AgentId,
    id: AgentId,
    password_hash: &str,
    entry: &NewAuditEntry,
) -> QueryResult<Result<Ended, Unmanaged>> {
    as_admin(conn, by, |conn, _| {
        // Whoever finds an admin's browser open must not be able to take the account over.
        if id == by {
            return Ok(Err(Unmanaged::Own));
        }
        let changed = diesel::update(agents::table.find(id.0))
            .set(agents::password_hash.eq(password_hash))
            .execute(conn)?;
        if changed == 0 {
            return Ok(Err(Unmanaged::NotFound));
        }
        audit::record(conn, entry)?;
        end_logins(conn, id, None).map(Ok)
    })
}

fn change_password(
    conn: &mut DbConnection,
    id: AgentId,
    keep: SessionKey,
    (old_hash, new_hash): (&str, &str),
    entry: &NewAuditEntry,
) -> QueryResult<Option<Ended>> {
    write_transaction(conn, |conn| {
        // Also when it is the new one already: then the answer to the first try was lost.
        let expected = agents::password_hash.eq_any([old_hash, new_hash]);
        let changed = diesel::update(agents::table.find(id.0).filter(expected))
            .set(agents::password_hash.eq(new_hash))
            .execute(conn)?;
        if changed == 0 {
            return Ok(None);
        }
        audit::record(conn, entry)?;
        end_logins(conn, id, Some(keep)).map(Some)
    })
}

fn keys_of(conn: &mut DbConnection, of: AgentId) -> QueryResult<Vec<SessionKey>> {
    let hashes: Vec<Vec<u8>> = agent_sessions::table
        .filter(agent_sessions::agent_id.eq(of.0))
        .select(agent_sessions::token_hash)
        .load(conn)?;
    hashes.iter().map(|hash| session_key(hash)).collect()
}

pub(super) fn end_logins(
    conn: &mut DbConnection,
    of: AgentId,
    keep: Option<SessionKey>,
) -> QueryResult<Ended> {
    let mut ended = keys_of(conn, of)?;
    ended.retain(|key| Some(*key) != keep);
    let hashes: Vec<_> = ended.iter().map(|key| key.0.to_vec()).collect();
    diesel::delete(agent_sessions::table.filter(agent_sessions::token_hash.eq_any(hashes)))
        .execute(conn)?;
    Ok(ended)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = agent_sessions)]
struct LoginRow {
    token_hash: Vec<u8>,
    created_at: NaiveDateTime,
    expires_at: NaiveDateTime,
    seen_at: Option<NaiveDateTime>,
    user_agent: Option<String>,
    address: Option<String>,
}

fn logins(conn: &mut DbConnection, of: AgentId) -> QueryResult<Vec<Login>> {
    let rows: Vec<LoginRow> = agent_sessions::table
        .filter(agent_sessions::agent_id.eq(of.0))
        .filter(agent_sessions::expires_at.gt(now().naive_utc()))
        .order((
            agent_sessions::created_at.desc(),
            agent_sessions::token_hash,
        ))
        .select(LoginRow::as_select())
        .load(conn)?;
    let login = |row: LoginRow| {
        Ok(Login {
            key: session_key(&row.token_hash)?,
            created_at: row.created_at.and_utc(),
            seen_at: row.seen_at.unwrap_or(row.created_at).and_utc(),
            expires_at: row.expires_at.and_utc(),
            device: Device {
                user_agent: row.user_agent,
                address: row.address,
            },
        })
    };
    rows.into_iter().map(login).collect()
}
