//! Keeps the folder of files and the database together: what was uploaded and never posted goes, and what
//! the database does not know. Run by the server, at its start and from time to time. Other processes may
//! do the same to the same folder at the same moment.

use std::{collections::HashSet, io, time::Duration};

use chrono::TimeDelta;
use tokio::task::spawn_blocking;
use tracing::{debug, warn};

use crate::{
    domain::{FileId, now},
    files::Files,
    store::{Store, StoreError},
};

/// Why a sweep did not get through; the next one tries again.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The folder.
    #[error("the folder of files: {0}")]
    Folder(#[from] io::Error),
    /// The database.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// How often the folder is looked through; what expires is looked for more often.
const WHOLE_FOLDER: Duration = Duration::from_mins(30);

/// Sweeps for ever.
pub async fn keep_sweeping(store: Store, files: Files, unposted: Duration) {
    let every = (unposted / 4).clamp(Duration::from_secs(1), Duration::from_mins(1));
    let mut next_whole = tokio::time::Instant::now();
    loop {
        let whole = tokio::time::Instant::now() >= next_whole;
        let mut done = expire(&store, &files, unposted).await;
        if whole && done.is_ok() {
            next_whole = tokio::time::Instant::now() + WHOLE_FOLDER;
            done = remove_unknown(&store, &files).await;
        }
        match done {
            Ok(0) => {}
            Ok(removed) => debug!(removed, "files that nobody needs"),
            Err(error) => warn!(%error, "files could not be swept"),
        }
        tokio::time::sleep(every).await;
    }
}

/// Removes what was uploaded and not posted in time; how many.
///
/// # Errors
/// [`SweepError`].
pub async fn expire(store: &Store, files: &Files, unposted: Duration) -> Result<usize, SweepError> {
    let age = TimeDelta::from_std(unposted).unwrap_or(TimeDelta::MAX);
    let before = now().checked_sub_signed(age).unwrap_or_default();
    let expired = store.expire_files(before).await?;
    let files = files.clone();
    blocking(move || {
        for id in &expired {
            files.remove(id)?;
        }
        Ok(expired.len())
    })
    .await
}

/// Removes what the database does not know: what a process that was killed left behind, and the files of
/// messages that are gone. Whoever removes messages calls this after it. How many.
///
/// # Errors
/// [`SweepError`].
pub async fn remove_unknown(store: &Store, files: &Files) -> Result<usize, SweepError> {
    let folder = files.clone();
    let found = blocking(move || folder.list()).await?;
    let folder = files.clone();
    let unknown = unknown(store, found).await?;
    // Held, it can no longer become known, nor can it be somebody's who is about to make it so; but it may
    // have become known since it was looked for.
    let held = blocking(move || {
        let mut held = Vec::new();
        for id in unknown {
            held.extend(folder.abandoned(&id)?.map(|abandoned| (id, abandoned)));
        }
        Ok(held)
    })
    .await?;
    let ids = held.iter().map(|(id, _)| id.clone()).collect();
    let unknown: HashSet<FileId> = self::unknown(store, ids).await?.into_iter().collect();
    blocking(move || {
        let mut removed = 0;
        for (id, abandoned) in held {
            if unknown.contains(&id) {
                abandoned.remove()?;
                removed += 1;
            }
        }
        Ok(removed)
    })
    .await
}

async fn unknown(store: &Store, ids: Vec<FileId>) -> Result<Vec<FileId>, StoreError> {
    if ids.is_empty() {
        return Ok(ids);
    }
    let known: HashSet<FileId> = store.known_files(ids.clone()).await?.into_iter().collect();
    Ok(ids.into_iter().filter(|id| !known.contains(id)).collect())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, SweepError> {
    Ok(spawn_blocking(work).await.map_err(io::Error::other)??)
}
