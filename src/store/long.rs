//! Reads that may take long: reports and exports. Each has a connection of its own, so that it keeps none of
//! the pool's from those that are answered at once, and only a few run at a time.

use std::{sync::Arc, time::Duration};

use diesel::connection::SimpleConnection;
use tokio::sync::{Semaphore, TryAcquireError};

use super::{
    Store, StoreError,
    connection::{self, DbConnection},
    url::Engine,
};

/// How many run at once.
const LONG_READS: usize = 2;
/// How long one statement of them may take, in seconds.
const STATEMENT_S: u64 = 120;

/// Who may begin one.
pub(super) fn permits() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(LONG_READS))
}

impl Store {
    /// Runs `work` on a blocking thread with a connection of its own.
    ///
    /// # Errors
    /// [`StoreError::Overloaded`] while others run; nobody waits for them.
    pub(super) async fn read_at_length<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> Result<T, StoreError> + Send + 'static,
    {
        let permit = Arc::clone(&self.shared.long_reads).try_acquire_owned();
        let permit = permit.map_err(|error| match error {
            TryAcquireError::NoPermits => StoreError::Overloaded,
            TryAcquireError::Closed => StoreError::Internal(error.to_string()),
        })?;
        let url = self.shared.options.url.clone();
        let patience = self.shared.options.patience;
        let task = tokio::task::spawn_blocking(move || {
            let result = open(&url, patience).and_then(|mut conn| work(&mut conn));
            drop(permit);
            result
        });
        task.await.unwrap_or_else(|error| {
            Err(StoreError::Internal(format!(
                "a long read ended early: {error}"
            )))
        })
    }
}

fn open(url: &super::DatabaseUrl, patience: Duration) -> Result<DbConnection, StoreError> {
    let mut conn = connection::open(url, patience)?;
    if conn.engine() == Engine::Mysql {
        // MariaDB has the one in seconds, MySQL the other in milliseconds, and each refuses what it lacks.
        let own = format!("SET SESSION max_statement_time = {STATEMENT_S}");
        let theirs = format!("SET SESSION max_execution_time = {}", STATEMENT_S * 1_000);
        if conn.batch_execute(&own).is_err() {
            conn.batch_execute(&theirs)?;
        }
    }
    Ok(conn)
}
