//! Engine.IO 3 and 4 without HTTP: codecs, and one [`Session`] actor for each session, which outlives the
//! requests and sockets that carry it.
//!
//! <https://socket.io/docs/v4/engine-io-protocol/>; where the two protocols differ, [`Version`] says so.

mod heartbeat;
mod outgoing;
mod packet;
mod payload;
mod registry;
mod session;

use std::{sync::Arc, time::Duration};

pub use outgoing::Full;
pub use packet::{Frame, Malformed, Packet, Version};
pub use payload::{Body, decode};
pub use registry::{Found, Registry, Sid};
pub use session::{Answer, Application, Input, Link, Opened, Reason, SocketId, ToSocket, open};

use crate::channel::Marks;

/// What an endpoint goes by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How often somebody pings: the server in version 4, the client in version 3.
    pub ping_interval: Duration,
    /// How long the answer may take.
    pub ping_timeout: Duration,
    /// Bytes of a WebSocket message; what clients are told to keep to in a body as well.
    pub max_payload: usize,
    /// Bytes of a POST's body.
    pub max_body: usize,
    /// Packets that may wait for a client.
    pub queue_frames: usize,
    /// Bytes that may wait for a client. One packet may always wait, however large it is.
    pub queue_bytes: usize,
    /// How much has waited.
    pub marks: Arc<Marks>,
}

impl Settings {
    /// What the open packet tells the client (version 3 has no `maxPayload`, and its clients ignore it).
    fn handshake(&self, sid: &Sid, upgrades: &[&str]) -> String {
        let open = serde_json::json!({
            "sid": sid.as_str(),
            "upgrades": upgrades,
            "pingInterval": millis(self.ping_interval),
            "pingTimeout": millis(self.ping_timeout),
            "maxPayload": self.max_payload,
        });
        format!("0{open}")
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
