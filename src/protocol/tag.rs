//! Tags as agents see them (docs/PROTOCOL.md §3 and §6).

use serde::{Deserialize, Serialize};

use crate::domain::{Tag, TagId};

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagView {
    /// Names it.
    pub id: TagId,
    /// As it is shown.
    pub name: String,
}

impl From<&Tag> for TagView {
    fn from(tag: &Tag) -> Self {
        Self {
            id: tag.id,
            name: tag.name.clone(),
        }
    }
}
