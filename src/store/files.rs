//! What the database knows of files: who uploaded them, what they are, whose message they belong to. Called
//! by HTTP and by the server's sweep; runs on the blocking threads of `mod.rs`. The bytes are elsewhere
//! (`src/files`).
//!
//! **Invariant**: a file is for whoever may see its message, and before it is posted for nobody.

use diesel::{dsl::sql, prelude::*, sql_types::BigInt};

use super::{
    Store, StoreError,
    connection::{DbConnection, write_transaction},
    reads::{Viewer, may_see, visible},
    rows::FileRow,
    schema::{files, messages},
};
use crate::domain::{AgentId, ConversationId, CustomerKey, File, FileId, Timestamp, now};

/// Who uploads a file. A customer need not have written yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uploader {
    /// By the hash of their token.
    Customer(CustomerKey),
    /// By their account.
    Agent(AgentId),
}

/// A file that is uploaded and whole.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// What it is.
    pub file: File,
    /// By whom.
    pub by: Uploader,
    /// It is refused where all files together would have more bytes.
    pub quota_bytes: u64,
}

/// What there is already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of all files together.
    pub bytes: u64,
    /// How many this uploader has brought since then.
    pub recent: u64,
    /// The first of those.
    pub since: Option<Timestamp>,
}

/// How many ids one query asks for.
const IDS: usize = 500;

impl Store {
    /// What there is, and how much of it this uploader has brought since `since`.
    pub async fn file_usage(&self, by: Uploader, since: Timestamp) -> Result<Usage, StoreError> {
        self.read(move |conn| {
            let recent = files::table.filter(files::created_at.gt(since.naive_utc()));
            let columns = (
                diesel::dsl::count_star(),
                diesel::dsl::min(files::created_at),
            );
            let (count, first) = match by {
                Uploader::Customer(key) => recent
                    .filter(files::customer_token_hash.eq(key.0.to_vec()))
                    .select(columns)
                    .first::<(i64, Option<chrono::NaiveDateTime>)>(conn)?,
                Uploader::Agent(agent) => recent
                    .filter(files::agent_id.eq(agent.0))
                    .select(columns)
                    .first(conn)?,
            };
            Ok(Usage {
                bytes: bytes(conn)?,
                recent: u64::try_from(count).unwrap_or(0),
                since: first.map(|first| first.and_utc()),
            })
        })
        .await
    }

    /// Notes a file that is whole and in its place; `false` where that would be too many bytes.
    pub async fn add_file(&self, new: NewFile) -> Result<bool, StoreError> {
        self.read(move |conn| write_transaction(conn, |conn| add(conn, &new)))
            .await
    }

    /// A posted file, if the viewer may see its message.
    pub async fn file(&self, viewer: Viewer, id: FileId) -> Result<Option<File>, StoreError> {
        let shared = self.shared_conversation();
        self.read(move |conn| find(conn, shared, viewer, &id)).await
    }

    /// Those of these files that the database knows.
    pub async fn known_files(&self, ids: Vec<FileId>) -> Result<Vec<FileId>, StoreError> {
        self.read(move |conn| {
            let mut known = Vec::new();
            for some in ids.chunks(IDS) {
                let some = some.iter().map(FileId::as_str);
                let found: Vec<String> = files::table
                    .filter(files::id.eq_any(some))
                    .select(files::id)
                    .load(conn)?;
                known.extend(found.iter().filter_map(|id| FileId::parse(id)));
            }
            Ok(known)
        })
        .await
    }

    /// Forgets what was uploaded before `before` and never posted; their bytes are to be removed.
    pub async fn expire_files(&self, before: Timestamp) -> Result<Vec<FileId>, StoreError> {
        self.read(move |conn| write_transaction(conn, |conn| expire(conn, before)))
            .await
    }
}

fn bytes(conn: &mut DbConnection) -> QueryResult<u64> {
    // A sum of 64-bit numbers has another type on each engine.
    let sum: i64 = match conn {
        DbConnection::Mysql(conn) => files::table
            .select(sql::<BigInt>("CAST(COALESCE(SUM(size), 0) AS SIGNED)"))
            .first(conn)?,
        DbConnection::Sqlite(conn) => files::table
            .select(sql::<BigInt>("COALESCE(SUM(size), 0)"))
            .first(conn)?,
    };
    Ok(u64::try_from(sum).unwrap_or(0))
}

fn add(conn: &mut DbConnection, new: &NewFile) -> QueryResult<bool> {
    let NewFile {
        file,
        by,
        quota_bytes,
    } = new;
    if bytes(conn)?.saturating_add(file.size) > *quota_bytes {
        return Ok(false);
    }
    let (customer, agent) = match by {
        Uploader::Customer(key) => (Some(key.0.to_vec()), None),
        Uploader::Agent(agent) => (None, Some(agent.0)),
    };
    let pixels = |side: u32| i32::try_from(side).ok();
    diesel::insert_into(files::table)
        .values((
            files::id.eq(file.id.as_str()),
            files::customer_token_hash.eq(customer),
            files::agent_id.eq(agent),
            files::name.eq(&file.name),
            files::size.eq(i64::try_from(file.size).unwrap_or(i64::MAX)),
            files::media.eq(file.media.as_str()),
            files::width.eq(file.pixels.and_then(|p| pixels(p.width))),
            files::height.eq(file.pixels.and_then(|p| pixels(p.height))),
            files::created_at.eq(now().naive_utc()),
        ))
        .execute(conn)?;
    Ok(true)
}

fn find(
    conn: &mut DbConnection,
    shared: Option<ConversationId>,
    viewer: Viewer,
    id: &FileId,
) -> QueryResult<Option<File>> {
    // A note's file is for whom the note is.
    let row: Option<FileRow> = files::table
        .inner_join(
            messages::table.on(messages::conversation_id
                .nullable()
                .eq(files::conversation_id)
                .and(messages::seq.nullable().eq(files::seq))),
        )
        .filter(files::id.eq(id.as_str()))
        .filter(messages::kind.eq_any(visible(viewer)))
        .select(FileRow::as_select())
        .first(conn)
        .optional()?;
    let Some((row, conversation)) =
        row.and_then(|row| Some((row.conversation_id?, row)).map(|(c, r)| (r, c)))
    else {
        return Ok(None);
    };
    if !may_see(conn, shared, viewer, ConversationId(conversation))? {
        return Ok(None);
    }
    row.assemble().map(Some)
}

fn expire(conn: &mut DbConnection, before: Timestamp) -> QueryResult<Vec<FileId>> {
    let old = || {
        files::table
            .filter(files::conversation_id.is_null())
            .filter(files::created_at.lt(before.naive_utc()))
    };
    let ids: Vec<String> = match conn {
        DbConnection::Mysql(conn) => old()
            .order(files::id)
            .select(files::id)
            .for_update()
            .load(conn)?,
        DbConnection::Sqlite(conn) => old().select(files::id).load(conn)?,
    };
    diesel::delete(files::table.filter(files::id.eq_any(&ids))).execute(conn)?;
    Ok(ids.iter().filter_map(|id| FileId::parse(id)).collect())
}
