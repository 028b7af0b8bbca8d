//! Text messages that several sessions get, and the bytes in which a WebSocket carries them, which the
//! first session that needs them makes for all.

use std::{ops::Deref, sync::OnceLock};

use bytes::Bytes;
use bytestring::ByteString;

use crate::metrics::Committed;

/// Text messages, one after the other.
#[derive(Debug)]
pub struct Texts {
    list: Box<[ByteString]>,
    framed: OnceLock<Bytes>,
    /// When what they tell was committed, where that is of interest.
    committed: Option<Committed>,
}

impl Texts {
    /// The same, telling of a commit.
    #[must_use]
    pub fn of(self, committed: Option<Committed>) -> Self {
        Self { committed, ..self }
    }

    /// Somebody was given them.
    pub fn delivered(&self) {
        if let Some(committed) = &self.committed {
            committed.delivered();
        }
    }

    /// Their bytes as `frame` makes them, which is asked once.
    pub fn framed(&self, frame: impl FnOnce(&[ByteString]) -> Bytes) -> Bytes {
        self.framed.get_or_init(|| frame(&self.list)).clone()
    }

    /// Bytes of text.
    pub fn bytes(&self) -> usize {
        self.list.iter().map(|text| text.len()).sum()
    }
}

impl FromIterator<ByteString> for Texts {
    fn from_iter<I: IntoIterator<Item = ByteString>>(texts: I) -> Self {
        Self {
            list: texts.into_iter().collect(),
            framed: OnceLock::new(),
            committed: None,
        }
    }
}

impl Deref for Texts {
    type Target = [ByteString];

    fn deref(&self) -> &[ByteString] {
        &self.list
    }
}
