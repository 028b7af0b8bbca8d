//! Socket.IO and Engine.IO. What they are for is tested against `kefu serve`; the transport's edges against
//! the example `conformance`, which stands on the same modules and counts its sessions.

mod chat;
mod conformance;
mod edges;
mod wire;

use conformance::Conformance;
pub use wire::{Carrier, Client};

/// Every way to connect: Engine.IO 3 and 4, by polling and by WebSocket.
const WAYS: [(u8, Carrier); 4] = [
    (3, Carrier::Polling),
    (3, Carrier::WebSocket),
    (4, Carrier::Polling),
    (4, Carrier::WebSocket),
];
