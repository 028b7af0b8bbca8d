//! Deletes what the business does not want to keep any longer: looks from time to time, a page of
//! conversations at once, in small transactions with pauses between them, so that chat goes on. One process of a
//! service does it at a time. Also run by `kefu retention run`.

use std::time::Duration;

use chrono::TimeDelta;
use tracing::{info, warn};

use crate::{
    domain::{
        AuditAction, AuditActor, NewAuditEntry, RetentionCount, Token, now, settings::Retention,
    },
    files::Files,
    store::{Store, StoreError},
};

/// How often it looks.
const EVERY: Duration = Duration::from_mins(10);
/// The pause after each transaction: others write then.
const PAUSE: Duration = Duration::from_millis(20);
/// How long another process waits for one that was killed.
const LEASE: TimeDelta = TimeDelta::minutes(5);
const NAME: &str = "retention";

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ran {
    /// It got through, and this much went.
    Through(RetentionCount),
    /// Another process is at it.
    Elsewhere,
}

/// Looks for ever.
pub async fn keep_running(store: Store, files: Files) {
    loop {
        tokio::time::sleep(EVERY).await;
        let rules = store.settings().current().retention.clone();
        match run(&store, &files, &rules, &AuditActor::default()).await {
            Ok(Ran::Through(count)) if count.conversations > 0 => {
                let RetentionCount {
                    conversations,
                    messages,
                    files,
                    bytes,
                } = count;
                info!(
                    conversations,
                    messages, files, bytes, "deleted what was past its time"
                );
            }
            Ok(_) => {}
            Err(error) => warn!(%error, "what is past its time could not be deleted"),
        }
    }
}

/// What would go by these rules now; nothing does.
///
/// # Errors
/// What the store says.
pub async fn dry_run(store: &Store, rules: &Retention) -> Result<RetentionCount, StoreError> {
    let at = now();
    let mut total = RetentionCount::default();
    let mut after = None;
    loop {
        let (ids, next) = store.overdue(rules.clone(), at, after).await?;
        total.add(store.weigh(ids).await?);
        if next.is_none() {
            return Ok(total);
        }
        after = next;
    }
}

/// Deletes what is past its time by these rules, and tells in the audit log who did it.
///
/// # Errors
/// What the store says; what went until then is in the audit log, and the next run goes on.
pub async fn run(
    store: &Store,
    files: &Files,
    rules: &Retention,
    by: &AuditActor,
) -> Result<Ran, StoreError> {
    if rules.shortest().is_none() {
        return Ok(Ran::Through(RetentionCount::default()));
    }
    let name = Token::random().map_err(|error| StoreError::Internal(error.to_string()))?;
    let holder = name.expose().to_owned();
    if !store.take_lease(NAME, holder.clone(), LEASE).await? {
        return Ok(Ran::Elsewhere);
    }
    let done = run_alone(store, files, rules, by, &holder).await;
    store.end_lease(NAME, holder).await?;
    done
}

async fn run_alone(
    store: &Store,
    files: &Files,
    rules: &Retention,
    by: &AuditActor,
    holder: &str,
) -> Result<Ran, StoreError> {
    let at = now();
    let mut total = RetentionCount::default();
    let mut after = None;
    loop {
        let (ids, next) = store.overdue(rules.clone(), at, after).await?;
        let mut page = RetentionCount::default();
        for id in ids {
            if !store.take_lease(NAME, holder.to_owned(), LEASE).await? {
                return Ok(Ran::Elsewhere);
            }
            loop {
                let step = store.delete_some(rules.clone(), at, id).await?;
                page.add(step.count);
                let folder = files.clone();
                // What fails here the sweep removes.
                let removed = tokio::task::spawn_blocking(move || {
                    step.files.iter().try_for_each(|file| folder.remove(file))
                });
                if !matches!(removed.await, Ok(Ok(()))) {
                    warn!("a file's bytes could not be removed; the sweep tries again");
                }
                tokio::time::sleep(PAUSE).await;
                if !step.more {
                    break;
                }
            }
        }
        if page != RetentionCount::default() {
            let entry = NewAuditEntry::new(by.clone(), AuditAction::RetentionRan)
                .with("conversations", page.conversations)
                .with("messages", page.messages)
                .with("files", page.files)
                .with("bytes", page.bytes);
            store.record(entry).await?;
        }
        total.add(page);
        if next.is_none() {
            return Ok(Ran::Through(total));
        }
        after = next;
    }
}
