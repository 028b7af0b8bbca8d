//! Saved replies: everybody's and each agent's own. Called by HTTP; runs on the blocking threads of
//! `mod.rs`. An agent never learns of another's own: "not there" and "not yours" are the same answer.

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error},
};

use super::{
    Store, StoreError,
    connection::{DbConnection, write_transaction},
    schema::saved_replies,
};
use crate::domain::{AgentId, Me, ReplyContent, ReplyId, Role, SavedReply, Unsaved, now};

/// `saved_replies.owner_id` of everybody's. Not NULL, so that their shortcuts are unique, too.
const EVERYBODY: i64 = 0;

type Outcome<T> = Result<Result<T, Unsaved>, StoreError>;

impl Store {
    /// Somebody's own saved replies and everybody's, by shortcut; of one name their own comes first.
    pub async fn saved_replies(&self, me: AgentId) -> Result<Vec<SavedReply>, StoreError> {
        self.read(move |conn| list(conn, me)).await
    }

    /// Makes a saved reply, of one's own or for everybody.
    pub async fn save_reply(
        &self,
        by: Me,
        shared: bool,
        content: ReplyContent,
    ) -> Outcome<SavedReply> {
        self.read(move |conn| save(conn, &by, shared, &content))
            .await
    }

    /// Puts other content into a saved reply, or hands it to everybody, or takes it back.
    pub async fn change_reply(
        &self,
        by: Me,
        id: ReplyId,
        shared: bool,
        content: ReplyContent,
    ) -> Outcome<SavedReply> {
        self.read(move |conn| change(conn, &by, id, shared, &content))
            .await
    }

    /// Deletes a saved reply.
    pub async fn delete_reply(&self, by: Me, id: ReplyId) -> Outcome<()> {
        self.read(move |conn| delete(conn, &by, id)).await
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = saved_replies)]
struct ReplyRow {
    id: i64,
    owner_id: i64,
    shortcut: String,
    title: Option<String>,
    text: String,
    updated_at: NaiveDateTime,
}

impl From<ReplyRow> for SavedReply {
    fn from(row: ReplyRow) -> Self {
        Self {
            id: ReplyId(row.id),
            owner: (row.owner_id != EVERYBODY).then_some(AgentId(row.owner_id)),
            content: ReplyContent {
                shortcut: row.shortcut,
                title: row.title,
                text: row.text,
            },
            updated_at: row.updated_at.and_utc(),
        }
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = saved_replies, treat_none_as_null = true)]
struct WrittenReply<'a> {
    owner_id: i64,
    shortcut: &'a str,
    title: Option<String>,
    text: &'a str,
    updated_at: NaiveDateTime,
}

impl<'a> WrittenReply<'a> {
    fn new(by: &Me, shared: bool, content: &'a ReplyContent) -> Self {
        Self {
            owner_id: if shared { EVERYBODY } else { by.id.0 },
            shortcut: &content.shortcut,
            title: content.title.clone(),
            text: &content.text,
            updated_at: now().naive_utc(),
        }
    }
}

fn may_share(role: Role) -> bool {
    matches!(role, Role::Supervisor | Role::Admin)
}

fn list(conn: &mut DbConnection, me: AgentId) -> QueryResult<Vec<SavedReply>> {
    let rows: Vec<ReplyRow> = saved_replies::table
        .filter(saved_replies::owner_id.eq_any([EVERYBODY, me.0]))
        .order((saved_replies::shortcut, saved_replies::owner_id.desc()))
        .select(ReplyRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(SavedReply::from).collect())
}

fn find(conn: &mut DbConnection, owner: i64, shortcut: &str) -> QueryResult<Option<SavedReply>> {
    let row: Option<ReplyRow> = saved_replies::table
        .filter(saved_replies::owner_id.eq(owner))
        .filter(saved_replies::shortcut.eq(shortcut))
        .select(ReplyRow::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(SavedReply::from))
}

fn save(
    conn: &mut DbConnection,
    by: &Me,
    shared: bool,
    content: &ReplyContent,
) -> QueryResult<Result<SavedReply, Unsaved>> {
    if shared && !may_share(by.role) {
        return Ok(Err(Unsaved::NotAllowed));
    }
    let new = WrittenReply::new(by, shared, content);
    let owner = new.owner_id;
    write_transaction(conn, |conn| {
        // Two at the same moment may make it one more than that, which does no harm.
        let count: i64 = saved_replies::table
            .filter(saved_replies::owner_id.eq(owner))
            .count()
            .get_result(conn)?;
        let there = find(conn, owner, &content.shortcut)?;
        if there.is_none() && usize::try_from(count).is_ok_and(|count| count >= SavedReply::MOST) {
            return Ok(Err(Unsaved::TooMany));
        }
        match there {
            // From a try whose answer was lost.
            Some(there) if there.content == *content => return Ok(Ok(there)),
            Some(_) => return Ok(Err(Unsaved::ShortcutTaken)),
            None => {}
        }
        let made = diesel::insert_into(saved_replies::table)
            .values(new)
            .execute(conn);
        if is_taken(made)? {
            return Ok(Err(Unsaved::ShortcutTaken));
        }
        find(conn, owner, &content.shortcut)?
            .ok_or(Error::NotFound)
            .map(Ok)
    })
}

/// Whether somebody else was first with this name.
fn is_taken(written: QueryResult<usize>) -> QueryResult<bool> {
    match written {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(true),
        other => other.map(|_| false),
    }
}

/// What somebody may change, if they may.
fn own(conn: &mut DbConnection, by: &Me, id: ReplyId) -> QueryResult<Result<(), Unsaved>> {
    let owner: Option<i64> = saved_replies::table
        .find(id.0)
        .select(saved_replies::owner_id)
        .first(conn)
        .optional()?;
    Ok(match owner {
        Some(EVERYBODY) if may_share(by.role) => Ok(()),
        Some(EVERYBODY) => Err(Unsaved::NotAllowed),
        Some(owner) if owner == by.id.0 => Ok(()),
        _ => Err(Unsaved::NotFound),
    })
}

fn change(
    conn: &mut DbConnection,
    by: &Me,
    id: ReplyId,
    shared: bool,
    content: &ReplyContent,
) -> QueryResult<Result<SavedReply, Unsaved>> {
    write_transaction(conn, |conn| {
        if let Err(why) = own(conn, by, id)? {
            return Ok(Err(why));
        }
        if shared && !may_share(by.role) {
            return Ok(Err(Unsaved::NotAllowed));
        }
        let new = WrittenReply::new(by, shared, content);
        let owner = new.owner_id;
        let changed = diesel::update(saved_replies::table.find(id.0))
            .set(new)
            .execute(conn);
        if is_taken(changed)? {
            return Ok(Err(Unsaved::ShortcutTaken));
        }
        find(conn, owner, &content.shortcut)?
            .ok_or(Error::NotFound)
            .map(Ok)
    })
}

fn delete(conn: &mut DbConnection, by: &Me, id: ReplyId) -> QueryResult<Result<(), Unsaved>> {
    write_transaction(conn, |conn| {
        let allowed = own(conn, by, id)?;
        if allowed.is_ok() {
            diesel::delete(saved_replies::table.find(id.0)).execute(conn)?;
        }
        Ok(allowed)
    })
}
