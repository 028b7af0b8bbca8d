//! What a client hears of a read or write that failed.

use crate::{domain::Refusal, incident::incident, store::StoreError};

/// A failure of the store as an answer. Its inner text goes to the log only.
pub fn refuse(error: StoreError) -> Refusal {
    match error {
        StoreError::Unavailable(_) => Refusal::unavailable(),
        StoreError::Overloaded => Refusal::overloaded(),
        other => incident("the store failed", &other),
    }
}
