//! Keeps the index of words up with what is said. Run by the server; other processes may do the same on the
//! same database.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::{debug, info};

use crate::store::Store;

/// How often is looked for what is new. What is newer is searched without the index.
const EVERY: Duration = Duration::from_secs(2);
/// After that many messages in one go it is worth a line in the log.
const MANY: usize = 10_000;

/// Indexes for ever.
pub async fn keep_indexing(store: Store) {
    let mut from = None;
    let mut indexed = 0;
    loop {
        let began = Instant::now();
        let pause = match store.index(from).await {
            Ok(step) => {
                indexed += step.messages;
                from = step.next;
                if from.is_some() {
                    // Half of the time is left to others.
                    began.elapsed().min(EVERY)
                } else {
                    if indexed >= MANY {
                        info!(messages = indexed, "indexed for search");
                    }
                    indexed = 0;
                    EVERY
                }
            }
            Err(error) => {
                debug!(%error, "nothing could be indexed for search now");
                EVERY
            }
        };
        sleep(pause).await;
    }
}
