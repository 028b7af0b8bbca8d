//! Agents' accounts and logins. The functions take a connection, so that the command line calls them
//! directly and the server through `mod.rs`'s blocking threads.

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error},
};

use super::{
    connection::{DbConnection, write_transaction},
    error::{StoreError, nonsense},
    migrate::exclusively,
    schema::{agent_sessions, agents},
};
use crate::domain::{Account, AgentId, Me, Role, SessionKey, Timestamp, now};

#[derive(Queryable, Selectable)]
#[diesel(table_name = agents)]
struct AgentRow {
    id: i64,
    username: String,
    name: String,
    role: String,
    disabled_at: Option<NaiveDateTime>,
    created_at: NaiveDateTime,
}

impl AgentRow {
    fn into_account(self) -> QueryResult<Account> {
        let me = me(self.id, self.name, &self.role)?;
        Ok(Account {
            me,
            username: self.username,
            disabled_at: self.disabled_at.map(|at| at.and_utc()),
            created_at: self.created_at.and_utc(),
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

pub(super) fn all(conn: &mut DbConnection) -> QueryResult<Vec<Account>> {
    let rows: Vec<AgentRow> = agents::table
        .order(agents::username)
        .select(AgentRow::as_select())
        .load(conn)?;
    rows.into_iter().map(AgentRow::into_account).collect()
}

pub(super) fn create(
    conn: &mut DbConnection,
    username: &str,
    name: &str,
    role: Role,
    password_hash: &str,
) -> Result<Account, StoreError> {
    let username = canonical(username);
    let new = NewAgent {
        username: &username,
        name,
        role: role.as_str(),
        password_hash,
        created_at: now().naive_utc(),
    };
    match diesel::insert_into(agents::table).values(new).execute(conn) {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            return Err(StoreError::UsernameTaken);
        }
        other => other?,
    };
    let made = by_username(conn, &username)?;
    made.map(|(account, _)| account)
        .ok_or_else(|| StoreError::Internal("the new account is not there".to_owned()))
}

/// Makes the account only where there is none at all; of two processes that start at once, one does.
pub(super) fn create_first(
    conn: &mut DbConnection,
    username: &str,
    name: &str,
    password_hash: &str,
) -> Result<Option<Account>, StoreError> {
    exclusively(conn, |conn| {
        let some: Option<i64> = agents::table.select(agents::id).first(conn).optional()?;
        if some.is_some() {
            return Ok(None);
        }
        create(conn, username, name, Role::Admin, password_hash).map(Some)
    })
}

/// Ends the account's logins as well: whoever knew the old password must not stay.
pub(super) fn set_password(
    conn: &mut DbConnection,
    username: &str,
    password_hash: &str,
) -> QueryResult<bool> {
    let username = canonical(username);
    write_transaction(conn, |conn| {
        let changed = diesel::update(agents::table.filter(agents::username.eq(&username)))
            .set(agents::password_hash.eq(password_hash))
            .execute(conn)?;
        end_sessions_of(conn, &username)?;
        Ok(changed > 0)
    })
}

/// Says whether there is such an account; one that is disabled already stays as it is.
pub(super) fn disable(conn: &mut DbConnection, username: &str) -> QueryResult<bool> {
    let username = canonical(username);
    write_transaction(conn, |conn| {
        let enabled = agents::username
            .eq(&username)
            .and(agents::disabled_at.is_null());
        diesel::update(agents::table.filter(enabled))
            .set(agents::disabled_at.eq(Some(now().naive_utc())))
            .execute(conn)?;
        end_sessions_of(conn, &username)?;
        Ok(by_username(conn, &username)?.is_some())
    })
}

fn end_sessions_of(conn: &mut DbConnection, username: &str) -> QueryResult<usize> {
    let id: Option<i64> = agents::table
        .filter(agents::username.eq(username))
        .select(agents::id)
        .first(conn)
        .optional()?;
    let Some(id) = id else { return Ok(0) };
    diesel::delete(agent_sessions::table.filter(agent_sessions::agent_id.eq(id))).execute(conn)
}

/// Starts a login, and clears away those that have expired: there is a login seldom enough for it,
/// and often enough.
pub(super) fn start_session(
    conn: &mut DbConnection,
    key: SessionKey,
    agent: AgentId,
    expires_at: Timestamp,
) -> QueryResult<()> {
    let at = now().naive_utc();
    diesel::delete(agent_sessions::table.filter(agent_sessions::expires_at.le(at)))
        .execute(conn)?;
    let inserted = diesel::insert_into(agent_sessions::table)
        .values((
            agent_sessions::token_hash.eq(key.0.to_vec()),
            agent_sessions::agent_id.eq(agent.0),
            agent_sessions::created_at.eq(at),
            agent_sessions::expires_at.eq(expires_at.naive_utc()),
        ))
        .execute(conn);
    match inserted {
        // 256 random bits: it can only be our own from a try whose answer was lost.
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(()),
        other => other.map(drop),
    }
}

/// Whose login it is, while it is valid and the account is not disabled.
pub(super) fn by_session(conn: &mut DbConnection, key: SessionKey) -> QueryResult<Option<Me>> {
    let found: Option<(i64, String, String)> = agent_sessions::table
        .inner_join(agents::table.on(agents::id.eq(agent_sessions::agent_id)))
        .filter(agent_sessions::token_hash.eq(key.0.to_vec()))
        .filter(agent_sessions::expires_at.gt(now().naive_utc()))
        .filter(agents::disabled_at.is_null())
        .select((agents::id, agents::name, agents::role))
        .first(conn)
        .optional()?;
    found
        .map(|(id, name, role)| me(id, name, &role))
        .transpose()
}

pub(super) fn end_session(conn: &mut DbConnection, key: SessionKey) -> QueryResult<()> {
    diesel::delete(agent_sessions::table.find(key.0.to_vec()))
        .execute(conn)
        .map(drop)
}

/// How many logins one query asks for.
const KEYS: usize = 1_000;

/// Those of the logins that are still valid.
pub(super) fn live_sessions(
    conn: &mut DbConnection,
    keys: &[SessionKey],
) -> QueryResult<Vec<SessionKey>> {
    let mut live = Vec::new();
    for keys in keys.chunks(KEYS) {
        let found: Vec<Vec<u8>> = agent_sessions::table
            .inner_join(agents::table.on(agents::id.eq(agent_sessions::agent_id)))
            .filter(agent_sessions::token_hash.eq_any(keys.iter().map(|key| key.0.to_vec())))
            .filter(agent_sessions::expires_at.gt(now().naive_utc()))
            .filter(agents::disabled_at.is_null())
            .select(agent_sessions::token_hash)
            .load(conn)?;
        for hash in found {
            let hash = hash.as_slice().try_into();
            live.push(SessionKey(
                hash.map_err(|_| nonsense("agent_sessions.token_hash"))?,
            ));
        }
    }
    Ok(live)
}
