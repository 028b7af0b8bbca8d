//! The sessions of a process by their ids. Shared by the workers: any of them may serve the next request
//! of a session.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tokio::sync::mpsc;

use super::{
    packet::Version,
    session::{Input, SocketId},
};

/// Random bytes of an id. Who knows it has the session.
const BYTES: usize = 18;

/// Names a session: 24 characters of base64url.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Sid(Arc<str>);

impl Sid {
    /// A new one.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes).into()))
    }

    /// As it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A session that was found.
#[derive(Clone)]
pub struct Found {
    /// Where its requests and sockets speak to it.
    pub inputs: mpsc::Sender<Input>,
    /// What it speaks.
    pub version: Version,
}

/// The sessions by their ids.
#[derive(Default)]
pub struct Registry {
    sessions: Mutex<HashMap<Sid, Found>>,
    sockets: AtomicU64,
    stopping: AtomicBool,
}

impl Registry {
    /// The session of this id.
    pub fn find(&self, sid: &str) -> Option<Found> {
        self.lock().get(sid).cloned()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A name for one more socket.
    pub fn next_socket(&self) -> SocketId {
        SocketId(self.sockets.fetch_add(1, SeqCst))
    }

    /// Ends every session, those too that are opened from now on: the server is going away.
    pub async fn stop(&self) {
        self.stopping.store(true, SeqCst);
        let all: Vec<_> = self.lock().values().cloned().collect();
        for session in all {
            // A session that is gone already needs no end.
            let _ = session.inputs.send(Input::Stop).await;
        }
    }

    /// Puts a session in, until the [`Place`] is dropped.
    pub(super) fn add(self: &Arc<Self>, sid: Sid, found: Found) -> Place {
        let mut sessions = self.lock();
        if self.stopping.load(SeqCst) {
            // The first thing it hears; there is room.
            let _ = found.inputs.try_send(Input::Stop);
        }
        sessions.insert(sid.clone(), found);
        drop(sessions);
        Place {
            registry: Arc::clone(self),
            sid,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Sid, Found>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::borrow::Borrow<str> for Sid {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A session's place in the registry.
pub(super) struct Place {
    registry: Arc<Registry>,
    sid: Sid,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.registry.lock().remove(self.sid.as_str());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_found_while_it_has_its_place() {
        let registry = Arc::new(Registry::default());
        let sid = Sid::random().unwrap();
        assert_eq!(sid.as_str().len(), 24);
        let (inputs, _) = mpsc::channel(1);
        let version = Version::V4;
        let place = registry.add(sid.clone(), Found { inputs, version });
        assert!(registry.find(sid.as_str()).is_some());
        assert!(registry.find("").is_none());
        drop(place);
        assert!(registry.is_empty());
    }
}
