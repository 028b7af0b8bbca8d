//! The files of a batch's messages: uploaded before, by whoever posts them, and posted once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::prelude::*;

use super::{
    BatchError, Result, Target,
    look::{Customers, Targets},
};
use crate::{
    domain::{Code, ConversationId, File, FileId, Refusal, Seq},
    store::{
        connection::DbConnection,
        rows::FileRow,
        schema::files,
        write::{Post, Poster, Write},
    },
};

/// The rows of the files that a batch posts. Locked, after the conversations: nobody else posts one of them,
/// nor does the sweep remove it, until we are done.
#[derive(Default)]
pub struct Uploads {
    rows: BTreeMap<String, FileRow>,
    /// How many files each conversation has, those that this batch adds included.
    counts: HashMap<Target, i64>,
    claimed: BTreeSet<String>,
}

impl Uploads {
    /// Looks only where there is a file at all.
    pub fn lock(conn: &mut DbConnection, writes: &[&Write], targets: &Targets) -> Result<Self> {
        let mut ids = BTreeSet::new();
        let mut conversations = BTreeSet::new();
        for (write, target) in writes.iter().zip(targets) {
            let (
                Write::Post(Post {
                    file: Some(file), ..
                }),
                Ok(target),
            ) = (write, target)
            else {
                continue;
            };
            ids.insert(file.id.as_str());
            if let Target::Row(id) = target {
                conversations.insert(*id);
            }
        }
        if ids.is_empty() {
            return Ok(Self::default());
        }
        let mine = files::table.filter(files::id.eq_any(ids));
        let rows: Vec<FileRow> = match conn {
            DbConnection::Mysql(conn) => mine
                .order(files::id)
                .select(FileRow::as_select())
                .for_update()
                .load(conn)?,
            DbConnection::Sqlite(conn) => mine.select(FileRow::as_select()).load(conn)?,
        };
        let counts: Vec<(Option<i64>, i64)> = files::table
            .filter(files::conversation_id.eq_any(conversations))
            .group_by(files::conversation_id)
            .select((files::conversation_id, diesel::dsl::count_star()))
            .load(conn)?;
        let counts = counts.into_iter();
        Ok(Self {
            rows: rows.into_iter().map(|row| (row.id.clone(), row)).collect(),
            counts: counts
                .filter_map(|(id, count)| Some((Target::Row(id?), count)))
                .collect(),
            claimed: BTreeSet::new(),
        })
    }

    /// Gives a post its file, or says why not. Comes after the search for repeats: a retry finds its message
    /// with the file that is posted since.
    pub fn claim(
        &mut self,
        post: &Post,
        target: Target,
        customers: &Customers,
        careful: bool,
    ) -> Result<Option<Refusal>> {
        let Some(wanted) = &post.file else {
            return Ok(None);
        };
        let free = self.rows.get(wanted.id.as_str()).is_some_and(|row| {
            row.conversation_id.is_none()
                && uploaded(&post.from, customers, row)
                && !self.claimed.contains(&row.id)
        });
        if !free && !careful {
            return Err(BatchError::Again(
                "a file that is posted already may be a retry's",
            ));
        }
        if !free {
            return Ok(Some(Refusal::file_not_found()));
        }
        let count = self.counts.entry(target).or_default();
        if *count >= i64::from(wanted.most) {
            let most = wanted.most;
            let why = format!("a conversation may have {most} files, and this one has them");
            return Ok(Some(Refusal::new(Code::TooManyFiles, why)));
        }
        *count += 1;
        self.claimed.insert(wanted.id.as_str().to_owned());
        Ok(None)
    }

    /// The file that a post has claimed.
    pub fn file_of(&self, post: &Post) -> Result<Option<File>> {
        let row = post
            .file
            .as_ref()
            .and_then(|file| self.rows.get(file.id.as_str()));
        Ok(row.map(FileRow::assemble).transpose()?)
    }
}

fn uploaded(poster: &Poster, customers: &Customers, row: &FileRow) -> bool {
    match poster {
        // Whoever has been identified meanwhile has uploaded it under a key that is now another.
        Poster::Customer { key, .. } => {
            let by = row.customer_token_hash.as_deref();
            by == Some(&key.0) || by == Some(&customers.own_key(key).0)
        }
        Poster::Agent(agent) => row.agent_id == Some(agent.id.0),
    }
}

/// Puts a file to its message, which is stored by now.
pub fn post(
    conn: &mut DbConnection,
    id: &FileId,
    conversation: ConversationId,
    seq: Seq,
) -> QueryResult<()> {
    let place = (
        files::conversation_id.eq(Some(conversation.0)),
        files::seq.eq(Some(seq.0)),
    );
    diesel::update(files::table.find(id.as_str()))
        .set(place)
        .execute(conn)?;
    Ok(())
}
