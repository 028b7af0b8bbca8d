//! The tags of conversations. Called by HTTP and by the room; runs on the blocking threads of `mod.rs`.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    result::{DatabaseErrorKind, Error},
};

use super::{
    Store, StoreError,
    connection::{DbConnection, write_transaction},
    schema::{conversation_tags, conversations, tags},
};
use crate::domain::{AgentId, ConversationId, Tag, TagId, TagName, Untagged, now};

impl Store {
    /// All tags that there are, by name.
    pub async fn tags(&self) -> Result<Vec<Tag>, StoreError> {
        self.read(all).await
    }

    /// The tags of a conversation, by name.
    pub async fn tags_of(&self, conversation: ConversationId) -> Result<Vec<Tag>, StoreError> {
        self.read(move |conn| of(conn, conversation)).await
    }

    /// Puts a tag on a conversation, for an agent, and makes it where there is none of this name; all that
    /// the conversation has now.
    pub async fn tag(
        &self,
        by: AgentId,
        conversation: ConversationId,
        name: TagName,
    ) -> Result<Result<Vec<Tag>, Untagged>, StoreError> {
        self.read(move |conn| add(conn, by, conversation, &name))
            .await
    }

    /// Takes a tag from a conversation, and drops it where that was its last; all that the conversation
    /// has now.
    pub async fn untag(
        &self,
        conversation: ConversationId,
        tag: TagId,
    ) -> Result<Vec<Tag>, StoreError> {
        self.read(move |conn| remove(conn, conversation, tag)).await
    }
}

/// The tags of these conversations, each by name.
pub(super) fn of_each(
    conn: &mut DbConnection,
    ids: &[i64],
) -> QueryResult<HashMap<ConversationId, Vec<Tag>>> {
    let mut found: HashMap<ConversationId, Vec<Tag>> = HashMap::new();
    if ids.is_empty() {
        return Ok(found);
    }
    let rows: Vec<(i64, i64, String)> = conversation_tags::table
        .inner_join(tags::table.on(tags::id.eq(conversation_tags::tag_id)))
        .filter(conversation_tags::conversation_id.eq_any(ids))
        .order(tags::folded)
        .select((conversation_tags::conversation_id, tags::id, tags::name))
        .load(conn)?;
    for (conversation, id, name) in rows {
        let id = TagId(id);
        let of = found.entry(ConversationId(conversation)).or_default();
        of.push(Tag { id, name });
    }
    Ok(found)
}

fn of(conn: &mut DbConnection, conversation: ConversationId) -> QueryResult<Vec<Tag>> {
    let mut found = of_each(conn, &[conversation.0])?;
    Ok(found.remove(&conversation).unwrap_or_default())
}

fn all(conn: &mut DbConnection) -> QueryResult<Vec<Tag>> {
    let rows: Vec<(i64, String)> = tags::table
        .order(tags::folded)
        .select((tags::id, tags::name))
        .load(conn)?;
    let tag = |(id, name)| Tag {
        id: TagId(id),
        name,
    };
    Ok(rows.into_iter().map(tag).collect())
}

#[derive(Insertable)]
#[diesel(table_name = tags)]
struct NewTag<'a> {
    name: &'a str,
    folded: String,
    created_at: NaiveDateTime,
}

#[derive(Insertable)]
#[diesel(table_name = conversation_tags)]
struct NewConversationTag {
    conversation_id: i64,
    tag_id: i64,
    agent_id: i64,
    created_at: NaiveDateTime,
}

/// Undoes the transaction.
enum Undo {
    Untagged(Untagged),
    Db(Error),
}

impl From<Error> for Undo {
    fn from(error: Error) -> Self {
        Self::Db(error)
    }
}

/// Whether a row was inserted that was not there.
fn is_new(inserted: QueryResult<usize>) -> QueryResult<bool> {
    match inserted {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
        other => other.map(|_| true),
    }
}

fn fits(count: i64, most: usize) -> Result<(), Undo> {
    if usize::try_from(count).is_ok_and(|count| count <= most) {
        return Ok(());
    }
    Err(Undo::Untagged(Untagged::TooMany))
}

fn add(
    conn: &mut DbConnection,
    by: AgentId,
    conversation: ConversationId,
    name: &TagName,
) -> QueryResult<Result<Vec<Tag>, Untagged>> {
    let at = now().naive_utc();
    let done = write_transaction(conn, |conn| {
        let folded = name.folded();
        // First, so that what is read below is no older, and also where it is there already: that locks it,
        // so that nobody drops it meanwhile.
        let new = NewTag {
            name: name.as_str(),
            folded: folded.clone(),
            created_at: at,
        };
        let made = diesel::insert_into(tags::table).values(new).execute(conn);
        if is_new(made)? {
            fits(tags::table.count().get_result(conn)?, Tag::MOST)?;
        }
        let tag: i64 = tags::table
            .filter(tags::folded.eq(folded))
            .select(tags::id)
            .first(conn)?;
        let there: Option<i64> = conversations::table
            .find(conversation.0)
            .select(conversations::id)
            .first(conn)
            .optional()?;
        if there.is_none() {
            return Err(Undo::Untagged(Untagged::NotFound));
        }
        let new = NewConversationTag {
            conversation_id: conversation.0,
            tag_id: tag,
            agent_id: by.0,
            created_at: at,
        };
        let added = diesel::insert_into(conversation_tags::table)
            .values(new)
            .execute(conn);
        if is_new(added)? {
            let count = conversation_tags::table
                .filter(conversation_tags::conversation_id.eq(conversation.0))
                .count();
            fits(count.get_result(conn)?, Tag::MOST_OF_ONE)?;
        }
        Ok(of(conn, conversation)?)
    });
    match done {
        Ok(tags) => Ok(Ok(tags)),
        Err(Undo::Untagged(why)) => Ok(Err(why)),
        Err(Undo::Db(error)) => Err(error),
    }
}

fn remove(
    conn: &mut DbConnection,
    conversation: ConversationId,
    tag: TagId,
) -> QueryResult<Vec<Tag>> {
    write_transaction(conn, |conn| {
        diesel::delete(conversation_tags::table.find((conversation.0, tag.0))).execute(conn)?;
        let uses = conversation_tags::table.filter(conversation_tags::tag_id.eq(tag.0));
        if uses.count().get_result::<i64>(conn)? == 0 {
            match diesel::delete(tags::table.find(tag.0)).execute(conn) {
                // Somebody has just used it.
                Err(Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)) => {}
                other => drop(other?),
            }
        }
        of(conn, conversation)
    })
}
