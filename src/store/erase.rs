//! Erasing a customer, and what is needed to export one. Called by HTTP; runs on the blocking threads of `mod.rs`.
//!
//! **Invariant**: first of all nobody can write as this customer any more, and only then texts go, so that none
//! comes after. Each step may be repeated: an erasure that was cut short is finished by asking again.
//! **Invariant**: rows and numbers stay. A text is replaced by [`ERASED`], a file's message becomes a text.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::{
    Store, StoreError, audit,
    connection::{DbConnection, write_transaction},
    holds, retention,
    rows::{CUSTOMER, agent_names, agent_ref},
    schema::{
        blocks, conversations, customer_tokens, customers, erasures, files, messages, ratings,
    },
};
use crate::domain::{
    AgentId, ConversationId, CustomerId, CustomerKey, ERASED, Erasure, FileId, Kind, NewAuditEntry,
    RetentionCount, Status, now,
};

/// Messages that one transaction empties.
const MESSAGES: i64 = 500;
/// Receipts that are listed at most, the newest first.
const LISTED: i64 = 1_000;

/// Why a customer was not erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unerased {
    /// There is none of this number.
    NotFound,
    /// One of their conversations is under a legal hold.
    Held(ConversationId),
    /// One of their conversations has not ended.
    Open(ConversationId),
}

/// A conversation as the export of its customer tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnConversation {
    /// Which.
    pub id: ConversationId,
    /// Where it stands.
    pub status: String,
    /// When it began.
    pub created_at: crate::domain::Timestamp,
    /// How they found it, and their words for that.
    pub rating: Option<(i32, String)>,
}

impl Store {
    /// The first step: whoever holds a token of this customer's can do nothing with it any more, and their name
    /// and all that was known of them is gone. `spare` is a random key that nobody holds.
    pub async fn cut_off(
        &self,
        id: CustomerId,
        spare: CustomerKey,
    ) -> Result<Result<Vec<ConversationId>, Unerased>, StoreError> {
        self.read(move |conn| write_transaction(conn, |conn| cut_off(conn, id.0, spare)))
            .await
    }

    /// The second step, until it says `false`: empties some messages of a conversation.
    pub async fn empty_some(&self, id: ConversationId) -> Result<bool, StoreError> {
        self.read(move |conn| write_transaction(conn, |conn| empty_some(conn, id.0)))
            .await
    }

    /// The third step: removes the files' rows and the words of ratings, and stores the receipt with its entry in
    /// the audit log. The files whose bytes are to follow.
    pub async fn finish_erasure(
        &self,
        by: AgentId,
        id: CustomerId,
        entry: NewAuditEntry,
    ) -> Result<(Erasure, Vec<FileId>), StoreError> {
        self.read(move |conn| write_transaction(conn, |conn| finish(conn, by, id.0, &entry)))
            .await
    }

    /// The receipts, the newest first.
    pub async fn erasures(&self) -> Result<Vec<Erasure>, StoreError> {
        self.read(|conn| receipts(conn, None)).await
    }

    /// A customer's conversations, the oldest first.
    pub async fn own_conversations(
        &self,
        id: CustomerId,
    ) -> Result<Vec<OwnConversation>, StoreError> {
        self.read(move |conn| {
            type Row = (i64, String, NaiveDateTime, Option<(i32, String)>);
            let rows: Vec<Row> = conversations::table
                .left_join(ratings::table.on(ratings::conversation_id.eq(conversations::id)))
                .filter(conversations::customer_id.eq(id.0))
                .order(conversations::id)
                .select((
                    conversations::id,
                    conversations::status,
                    conversations::created_at,
                    (ratings::score, ratings::comment).nullable(),
                ))
                .load(conn)?;
            let own = |(id, status, at, rating): Row| OwnConversation {
                id: ConversationId(id),
                status,
                created_at: at.and_utc(),
                rating,
            };
            Ok(rows.into_iter().map(own).collect())
        })
        .await
    }
}

fn cut_off(
    conn: &mut DbConnection,
    id: i64,
    spare: CustomerKey,
) -> QueryResult<Result<Vec<ConversationId>, Unerased>> {
    let at = now().naive_utc();
    // Locks the row: whoever identifies or merges them waits, or has been before.
    let this = customers::table.find(id);
    diesel::update(this)
        .set(customers::created_at.eq(customers::created_at))
        .execute(conn)?;
    let key: Option<Vec<u8>> = (this.select(customers::token_hash))
        .first(conn)
        .optional()?;
    let Some(key) = key else {
        return Ok(Err(Unerased::NotFound));
    };
    let own: Vec<i64> = conversations::table
        .filter(conversations::customer_id.eq(id))
        .order(conversations::id)
        .select(conversations::id)
        .load(conn)?;
    for id in &own {
        holds::lock(conn, *id)?;
    }
    if let Some(id) = holds::held(conn, &own)?.first() {
        return Ok(Err(Unerased::Held(ConversationId(*id))));
    }
    let open: Option<i64> = conversations::table
        .filter(conversations::customer_id.eq(id))
        .filter(conversations::status.ne(Status::Closed.as_str()))
        .select(conversations::id)
        .first(conn)
        .optional()?;
    if let Some(id) = open {
        return Ok(Err(Unerased::Open(ConversationId(id))));
    }
    diesel::update(customer_tokens::table.filter(customer_tokens::customer_id.eq(id)))
        .set((
            customer_tokens::ended_at.eq(Some(at)),
            customer_tokens::identity_hash.eq(Some(spare.0.to_vec())),
        ))
        .execute(conn)?;
    // As one that was logged out, so that every process closes what it has opened; forgotten in a month. Where
    // this runs again, or they were identified, the key is one that nobody holds, and does no harm.
    diesel::insert_into(customer_tokens::table)
        .values((
            customer_tokens::token_hash.eq(&key),
            customer_tokens::customer_id.eq(id),
            customer_tokens::identity_hash.eq(Some(spare.0.to_vec())),
            customer_tokens::created_at.eq(at),
            customer_tokens::ended_at.eq(Some(at)),
        ))
        .execute(conn)?;
    // What was uploaded and never posted.
    diesel::delete(
        files::table
            .filter(files::customer_token_hash.eq(Some(key)))
            .filter(files::conversation_id.is_null()),
    )
    .execute(conn)?;
    let nothing = || None::<String>;
    diesel::update(this)
        .set((
            customers::token_hash.eq(spare.0.to_vec()),
            customers::name.eq(nothing()),
            customers::email.eq(nothing()),
            customers::external_id.eq(nothing()),
            customers::page.eq(nothing()),
            customers::language.eq(nothing()),
            customers::user_agent.eq(nothing()),
            customers::attributes.eq(nothing()),
        ))
        .execute(conn)?;
    diesel::update(blocks::table.filter(blocks::customer_id.eq(id)))
        .set(blocks::reason.eq(ERASED))
        .execute(conn)?;
    Ok(Ok(own.into_iter().map(ConversationId).collect()))
}

fn empty_some(conn: &mut DbConnection, id: i64) -> QueryResult<bool> {
    holds::lock(conn, id)?;
    // An event says nothing but what agents did, unless it is the customer's own, which names them.
    let full = messages::conversation_id
        .eq(id)
        .and(messages::text.ne(ERASED))
        .and(
            messages::kind
                .ne(Kind::Event.as_str())
                .or(messages::sender_role.eq(CUSTOMER)),
        );
    let rows: Vec<(i64, String)> = messages::table
        .filter(full)
        .order(messages::seq)
        .limit(MESSAGES)
        .select((messages::seq, messages::kind))
        .load(conn)?;
    let seqs: Vec<i64> = rows.iter().map(|row| row.0).collect();
    let these = messages::conversation_id
        .eq(id)
        .and(messages::seq.eq_any(&seqs));
    diesel::update(messages::table.filter(these))
        .set(messages::text.eq(ERASED))
        .execute(conn)?;
    Ok(i64::try_from(rows.len()).is_ok_and(|many| many == MESSAGES))
}

fn finish(
    conn: &mut DbConnection,
    by: AgentId,
    id: i64,
    entry: &NewAuditEntry,
) -> QueryResult<(Erasure, Vec<FileId>)> {
    let at = now().naive_utc();
    diesel::update(customers::table.find(id))
        .set(customers::created_at.eq(customers::created_at))
        .execute(conn)?;
    let own: Vec<i64> = conversations::table
        .filter(conversations::customer_id.eq(id))
        .select(conversations::id)
        .load(conn)?;
    let count = retention::weigh(conn, &own)?;
    let gone: Vec<String> = files::table
        .filter(files::conversation_id.eq_any(&own))
        .select(files::id)
        .load(conn)?;
    diesel::delete(files::table.filter(files::conversation_id.eq_any(&own))).execute(conn)?;
    let with_file = messages::conversation_id
        .eq_any(&own)
        .and(messages::kind.eq(Kind::File.as_str()));
    diesel::update(messages::table.filter(with_file))
        .set(messages::kind.eq(Kind::Text.as_str()))
        .execute(conn)?;
    diesel::update(ratings::table.filter(ratings::conversation_id.eq_any(&own)))
        .set(ratings::comment.eq(""))
        .execute(conn)?;
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    diesel::insert_into(erasures::table)
        .values((
            erasures::customer_id.eq(id),
            erasures::agent_id.eq(by.0),
            erasures::erased_at.eq(at),
            erasures::conversations.eq(number(count.conversations)),
            erasures::messages.eq(number(count.messages)),
            erasures::files.eq(number(count.files)),
            erasures::bytes.eq(number(count.bytes)),
        ))
        .execute(conn)?;
    let receipt = receipts(conn, Some(id))?.into_iter().next();
    let receipt = receipt.ok_or(diesel::result::Error::NotFound)?;
    let entry = (entry.clone().with("receipt", receipt.id.to_string()))
        .with("conversations", count.conversations)
        .with("messages", count.messages)
        .with("files", count.files)
        .with("bytes", count.bytes);
    audit::record(conn, &entry)?;
    Ok((
        receipt,
        gone.iter().filter_map(|id| FileId::parse(id)).collect(),
    ))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = erasures)]
struct ErasureRow {
    id: i64,
    customer_id: i64,
    agent_id: i64,
    erased_at: NaiveDateTime,
    conversations: i64,
    messages: i64,
    files: i64,
    bytes: i64,
}

fn receipts(conn: &mut DbConnection, of: Option<i64>) -> QueryResult<Vec<Erasure>> {
    let mut query = erasures::table
        .order(erasures::id.desc())
        .limit(LISTED)
        .select(ErasureRow::as_select())
        .into_boxed::<super::connection::MultiBackend>();
    if let Some(id) = of {
        query = query.filter(erasures::customer_id.eq(id));
    }
    let rows: Vec<ErasureRow> = query.load(conn)?;
    let by: Vec<i64> = rows.iter().map(|row| row.agent_id).collect();
    let names = agent_names(conn, &by)?;
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    let receipt = |row: ErasureRow| Erasure {
        id: row.id,
        customer: CustomerId(row.customer_id),
        by: agent_ref(row.agent_id, &names),
        at: row.erased_at.and_utc(),
        count: RetentionCount {
            conversations: count(row.conversations),
            messages: count(row.messages),
            files: count(row.files),
            bytes: count(row.bytes),
        },
    };
    Ok(rows.into_iter().map(receipt).collect())
}
