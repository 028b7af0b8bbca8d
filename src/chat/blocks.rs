//! Who is kept out, as this process knows it: the room reads it from the store every few seconds and after
//! each change here, and everybody who lets customers in looks at it.

use std::sync::{Arc, PoisonError, RwLock};

use crate::domain::BlockList;

/// The list of the moment. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct Blocks(Arc<RwLock<Arc<BlockList>>>);

impl Blocks {
    /// Begins with this list.
    pub fn new(list: BlockList) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(list))))
    }

    /// The list as it is now.
    pub fn now(&self) -> Arc<BlockList> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a new list; `None` where it is the same.
    pub(super) fn renew(&self, list: BlockList) -> Option<Arc<BlockList>> {
        if *self.now() == list {
            return None;
        }
        let list = Arc::new(list);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&list);
        Some(list)
    }
}
