//! Agents' accounts and logins. The functions take a connection, so that the command line calls them
//! directly and the server through `mod.rs`'s blocking threads.

use chrono::{NaiveDateTime, TimeDelta};
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error},
};

use super::{
    audit,
    connection::{DbConnection, write_transaction},
    error::{StoreError, nonsense},
    manage::end_logins,
    migrate::exclusively,
    schema::{agent_sessions, agents},
};
use crate::domain::{Account, AgentId, AuditAction, Device, Me, Role, SessionKey, Timestamp, now};

#[derive(Queryable, Selectable)]
#[diesel(table_name = agents)]
struct AgentRow {
    id: i64,
    username: String,
    name: String,
    role: String,
    disabled_at: Option<NaiveDateTime>,
    created_at: NaiveDateTime,
    capacity: Option<i32>,
}

impl AgentRow {
    fn into_account(self) -> QueryResult<Account> {
        let me = me(self.id, self.name, &self.role)?;
        Ok(Account {
            me,
            username: self.username,
            disabled_at: self.disabled_at.map(|at| at.and_utc()),
            created_at: self.created_at.and_utc(),
            capacity: self.capacity.and_then(|many| u32::try_from(many).ok()),
        })
    }
}

fn me(id: i64, name: String, role: &str) -> QueryResult<Me> {
    let role = Role::parse(role).ok_or_else(|| nonsense("agents.role"))?;
    Ok(Me {
        id: AgentId(id),
        name,
        role,
    })
}

/// Reads the key of a login.
pub(super) fn session_key(hash: &[u8]) -> QueryResult<SessionKey> {
    let hash = hash.try_into();
    hash.map(SessionKey)
        .map_err(|_| nonsense("agent_sessions.token_hash"))
}

#[derive(Insertable)]
#[diesel(table_name = agents)]
struct NewAgent<'a> {
    username: &'a str,
    name: &'a str,
    role: &'static str,
    password_hash: &'a str,
    created_at: NaiveDateTime,
}

/// User names are compared without regard to ASCII case.
fn canonical(username: &str) -> String {
    username.to_ascii_lowercase()
}

pub(super) fn by_username(
    conn: &mut DbConnection,
    username: &str,
) -> QueryResult<Option<(Account, String)>> {
    let found: Option<(AgentRow, String)> = agents::table
        .filter(agents::username.eq(canonical(username)))
        .select((AgentRow::as_select(), agents::password_hash))
        .first(conn)
        .optional()?;
    found
        .map(|(row, hash)| Ok((row.into_account()?, hash)))
        .transpose()
}

pub(super) fn by_id(conn: &mut DbConnection, id: AgentId) -> QueryResult<Option<Account>> {
    let found: Option<AgentRow> = agents::table
        .find(id.0)
        .select(AgentRow::as_select())
        .first(conn)
        .optional()?;
    found.map(AgentRow::into_account).transpose()
}

pub(super) fn all(conn: &mut DbConnection) -> QueryResult<Vec<Account>> {
    let rows: Vec<AgentRow> = agents::table
        .order(agents::username)
        .select(AgentRow::as_select())
        .load(conn)?;
    rows.into_iter().map(AgentRow::into_account).collect()
}

pub(super) fn insert(
    conn: &mut DbConnection,
    username: &str,
    name: &str,
    role: Role,
    password_hash: &str,
) -> QueryResult<()> {
    let new = NewAgent {
        username: &canonical(username),
        name,
        role: role.as_str(),
        password_hash,
        created_at: now().naive_utc(),
    };
    diesel::insert_into(agents::table)
        .values(new)
        .execute(conn)
        .map(drop)
}

/// From the command line.
pub(super) fn create(
    conn: &mut DbConnection,
    username: &str,
    name: &str,
    role: Role,
    password_hash: &str,
) -> Result<Account, StoreError> {
    write_transaction(conn, |conn| {
        let account = make(conn, username, name, role, password_hash)?;
        let entry = audit::by_hand(account.me.id, AuditAction::AccountAdded)
            .with("username", account.username.as_str())
            .with("role", role.as_str());
        audit::record(conn, &entry)?;
        Ok(account)
    })
}

fn make(
    conn: &mut DbConnection,
    username: &str,
    name: &str,
    role: Role,
    password_hash: &str,
) -> Result<Account, StoreError> {
    match insert(conn, username, name, role, password_hash) {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            return Err(StoreError::UsernameTaken);
        }
        other => other?,
    }
    let made = by_username(conn, username)?;
    made.map(|(account, _)| account)
        .ok_or_else(|| StoreError::Internal("the new account is not there".to_owned()))
}

pub(super) fn is_any(conn: &mut DbConnection) -> QueryResult<bool> {
    let first: Option<i64> = agents::table.select(agents::id).first(conn).optional()?;
    Ok(first.is_some())
}

/// Makes the account only where there is none at all; of two processes that start at once, one does.
pub(super) fn create_first(
    conn: &mut DbConnection,
    username: &str,
    name: &str,
    password_hash: &str,
) -> Result<Option<Account>, StoreError> {
    exclusively(conn, |conn| {
        if is_any(conn)? {
            return Ok(None);
        }
        make(conn, username, name, Role::Admin, password_hash).map(Some)
    })
}

/// From the command line. Ends the account's logins as well: whoever knew the old password must not stay.
pub(super) fn set_password(
    conn: &mut DbConnection,
    username: &str,
    password_hash: &str,
) -> QueryResult<bool> {
    let username = canonical(username);
    write_transaction(conn, |conn| {
        diesel::update(agents::table.filter(agents::username.eq(&username)))
            .set(agents::password_hash.eq(password_hash))
            .execute(conn)?;
        let Some((account, _)) = by_username(conn, &username)? else {
            return Ok(false);
        };
        end_logins(conn, account.me.id, None)?;
        let entry = audit::by_hand(account.me.id, AuditAction::PasswordReset);
        audit::record(conn, &entry)?;
        Ok(true)
    })
}

/// From the command line. Says whether there is such an account; one that is disabled already stays as it is.
pub(super) fn disable(conn: &mut DbConnection, username: &str) -> QueryResult<bool> {
    let username = canonical(username);
    write_transaction(conn, |conn| {
        let enabled = agents::username
            .eq(&username)
            .and(agents::disabled_at.is_null());
        diesel::update(agents::table.filter(enabled))
            .set(agents::disabled_at.eq(Some(now().naive_utc())))
            .execute(conn)?;
        let Some((account, _)) = by_username(conn, &username)? else {
            return Ok(false);
        };
        end_logins(conn, account.me.id, None)?;
        let entry = audit::by_hand(account.me.id, AuditAction::AccountChanged)
            .with("changed", serde_json::json!({"disabled": true}));
        audit::record(conn, &entry)?;
        Ok(true)
    })
}

/// Starts a login, and clears away those that have expired: there is a login seldom enough for it,
/// and often enough.
pub(super) fn start_session(
    conn: &mut DbConnection,
    key: SessionKey,
    agent: AgentId,
    expires_at: Timestamp,
    device: &Device,
) -> QueryResult<()> {
    let at = now().naive_utc();
    let expired = agent_sessions::table.filter(agent_sessions::expires_at.le(at));
    let new = diesel::insert_into(agent_sessions::table).values((
        agent_sessions::token_hash.eq(key.0.to_vec()),
        agent_sessions::agent_id.eq(agent.0),
        agent_sessions::created_at.eq(at),
        agent_sessions::expires_at.eq(expires_at.naive_utc()),
        agent_sessions::seen_at.eq(Some(at)),
        agent_sessions::user_agent.eq(device.user_agent.as_deref()),
        agent_sessions::address.eq(device.address.as_deref()),
    ));
    let inserted = write_transaction(conn, |conn| {
        diesel::delete(expired).execute(conn)?;
        new.execute(conn)
    });
    match inserted {
        // 256 random bits: it can only be our own from a try whose answer was lost.
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(()),
        other => other.map(drop),
    }
}

/// How exactly it is kept when a login was last used: a write now and then, not one for each request.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(10);

/// Notes that these logins are in use. Nobody has to wait or fail for it: what is not noted now is
/// noted the next time.
fn note_seen(conn: &mut DbConnection, stale: Vec<Vec<u8>>, at: NaiveDateTime) {
    if stale.is_empty() {
        return;
    }
    let these = agent_sessions::token_hash.eq_any(stale);
    let seen = diesel::update(agent_sessions::table.filter(these))
        .set(agent_sessions::seen_at.eq(Some(at)));
    if let Err(error) = write_transaction(conn, |conn| seen.execute(conn)) {
        tracing::debug!(cause = %error, "it was not noted which logins are in use");
    }
}

fn is_stale(seen_at: Option<NaiveDateTime>, at: NaiveDateTime) -> bool {
    seen_at.is_none_or(|seen| at - seen >= SEEN_EVERY)
}

/// Whose login it is, while it is valid and the account is not disabled.
pub(super) fn by_session(conn: &mut DbConnection, key: SessionKey) -> QueryResult<Option<Me>> {
    let at = now().naive_utc();
    let found: Option<(i64, String, String, Option<NaiveDateTime>)> = agent_sessions::table
        .inner_join(agents::table.on(agents::id.eq(agent_sessions::agent_id)))
        .filter(agent_sessions::token_hash.eq(key.0.to_vec()))
        .filter(agent_sessions::expires_at.gt(at))
        .filter(agents::disabled_at.is_null())
        .select((
            agents::id,
            agents::name,
            agents::role,
            agent_sessions::seen_at,
        ))
        .first(conn)
        .optional()?;
    let Some((id, name, role, seen_at)) = found else {
        return Ok(None);
    };
    if is_stale(seen_at, at) {
        note_seen(conn, vec![key.0.to_vec()], at);
    }
    me(id, name, &role).map(Some)
}

pub(super) fn end_session(conn: &mut DbConnection, key: SessionKey) -> QueryResult<()> {
    let ended = diesel::delete(agent_sessions::table.find(key.0.to_vec()));
    write_transaction(conn, |conn| ended.execute(conn)).map(drop)
}

/// How many logins one query asks for.
const KEYS: usize = 1_000;

/// Those of the logins that are still valid.
pub(super) fn live_sessions(
    conn: &mut DbConnection,
    keys: &[SessionKey],
) -> QueryResult<Vec<SessionKey>> {
    let at = now().naive_utc();
    let mut live = Vec::new();
    for keys in keys.chunks(KEYS) {
        let found: Vec<(Vec<u8>, Option<NaiveDateTime>)> = agent_sessions::table
            .inner_join(agents::table.on(agents::id.eq(agent_sessions::agent_id)))
            .filter(agent_sessions::token_hash.eq_any(keys.iter().map(|key| key.0.to_vec())))
            .filter(agent_sessions::expires_at.gt(at))
            .filter(agents::disabled_at.is_null())
            .select((agent_sessions::token_hash, agent_sessions::seen_at))
            .load(conn)?;
        let mut stale = Vec::new();
        for (hash, seen_at) in found {
            live.push(session_key(&hash)?);
            if is_stale(seen_at, at) {
                stale.push(hash);
            }
        }
        note_seen(conn, stale, at);
    }
    Ok(live)
}
