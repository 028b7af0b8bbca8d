//! Socket.IO on an Engine.IO session: namespaces come and go, events and acks pass, attachments are joined
//! to the packets they belong to.
//!
//! What a client may not do ends its session, as the protocol has it; what an application refuses does not.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc, time::Duration};

use bytes::Bytes;
use bytestring::ByteString;
use serde_json::{json, value::RawValue};

use super::{
    engine::{self, Full, Link, Reason, Sid, Version},
    packet::{Kind, Packet, ascii, head},
};
use crate::{channel::Receiver, texts::Texts};

/// What the namespaces of an endpoint do.
pub trait Application: Sized + Unpin + 'static {
    /// What others tell it.
    type Told: Send + 'static;

    /// A client wants into a namespace, with what it says of itself (protocol 5 only). What is sent from
    /// here arrives before the answer, which only clients of protocol 4 understand. From now on it may say
    /// something there, whether it has heard the answer or not.
    ///
    /// # Errors
    /// Why not; the client hears it.
    fn connect(
        &mut self,
        namespace: &str,
        auth: Option<&RawValue>,
        client: &mut Client<'_, '_, Self>,
    ) -> Result<(), Cow<'static, str>>;
    /// Whether a client that was let in is to hear so at once. Where not, [`Client::welcome`] tells it later.
    fn is_ready(&self, _namespace: &str) -> bool {
        true
    }
    /// The client has been told at once that it is in.
    fn connected(
        &mut self,
        namespace: &str,
        auth: Option<&RawValue>,
        client: &mut Client<'_, '_, Self>,
    );
    /// Something happened in a namespace that the client is in.
    fn event(&mut self, event: Event, client: &mut Client<'_, '_, Self>);
    /// The client answered an event of ours with this number.
    fn answered(&mut self, _id: u64, _event: Event, _client: &mut Client<'_, '_, Self>) {}
    /// The client left a namespace.
    fn disconnected(&mut self, _namespace: &str, _client: &mut Client<'_, '_, Self>) {}
    /// Where it hears others; asked for once, before anything else.
    fn inbox(&mut self) -> Option<Receiver<Self::Told>> {
        None
    }
    /// Others have said something.
    fn told(&mut self, told: Vec<Self::Told>, client: &mut Client<'_, '_, Self>);
    /// What was sent before [`Client::tell_when_taken`] was handed to the client.
    fn taken(&mut self, _client: &mut Client<'_, '_, Self>) {}
    /// It is over.
    fn closed(&mut self, reason: Reason);
}

/// An event, or the answer to one.
#[derive(Debug)]
pub struct Event {
    /// Where.
    pub namespace: ByteString,
    /// Its name; empty for an answer.
    pub name: String,
    /// What follows the name, each value as it was written. Bytes are placeholders
    /// (`{"_placeholder":true,"num":0}`) for the attachments.
    pub arguments: Vec<Box<RawValue>>,
    /// The bytes.
    pub attachments: Vec<Bytes>,
    /// The number under which the client wants an answer.
    pub ack: Option<u64>,
}

/// What an [`Application`] can do with its client.
pub struct Client<'a, 'b, A: Application> {
    link: &'a mut Link<'b, SocketIo<A>>,
}

impl<A: Application> Client<'_, '_, A> {
    /// Tells the client that it is in a namespace, where [`Application::is_ready`] did not have it told at once.
    pub fn welcome(&mut self, namespace: &str) {
        welcome(namespace, self.link);
    }

    /// Sends an event or an ack; `json` is its array.
    ///
    /// # Errors
    /// [`Full`]; the session ends, so that the client comes back.
    pub fn send(
        &mut self,
        kind: Kind,
        namespace: &str,
        id: Option<u64>,
        json: &str,
        attachments: &[Bytes],
    ) -> Result<(), Full> {
        let digit = match (kind, attachments) {
            (Kind::Connect, _) => 0,
            (Kind::Disconnect, _) => 1,
            (Kind::Event, []) => 2,
            (Kind::Ack, []) => 3,
            (Kind::Event, _) => 5,
            (Kind::Ack, _) => 6,
        };
        let head = head(digit, attachments.len(), namespace, id);
        self.send_json(head, json)?;
        for bytes in attachments {
            self.link.send_bytes(bytes.clone())?;
        }
        Ok(())
    }

    /// Sends a packet as it stands, from the `4` of Engine.IO on.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn send_encoded(&mut self, packet: ByteString) -> Result<(), Full> {
        self.link.send_encoded(packet)
    }

    /// [`Client::send_encoded`] for several, which others may be sending as well.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub fn send_all_encoded(&mut self, packets: &Arc<Texts>) -> Result<(), Full> {
        self.link.send_all_encoded(packets)
    }

    fn send_json(&mut self, mut packet: String, json: &str) -> Result<(), Full> {
        match self.link.version() {
            // The oldest clients decode UTF-8 twice in text payloads.
            Version::V3 => packet.push_str(&ascii(json)),
            Version::V4 => packet.push_str(json),
        }
        self.link.send_encoded(packet.into())
    }

    /// Ends the session after what waits; a WebSocket closes with this code and reason.
    pub fn close(&mut self, code: u16, reason: &'static str) {
        self.link.close(code, reason);
    }

    /// Calls [`Application::taken`] when all that was sent so far has been handed to the client.
    pub fn tell_when_taken(&mut self) {
        self.link.tell_when_taken();
    }

    /// What the client speaks.
    pub fn version(&self) -> Version {
        self.link.version()
    }
}

/// Socket.IO as the application of an Engine.IO session.
pub struct SocketIo<A> {
    app: A,
    /// How long a client of protocol 5 may be in no namespace at first.
    connect_timeout: Duration,
    /// Bytes of the attachments of one packet together.
    attachment_bytes: usize,
    namespaces: BTreeSet<ByteString>,
    /// It has been in a namespace.
    came: bool,
    /// A packet that waits for its attachments.
    partial: Option<Partial>,
}

struct Partial {
    packet: Packet,
    attachments: Vec<Bytes>,
    bytes: usize,
}

impl<A: Application> SocketIo<A> {
    /// The namespaces of `app`; a client of protocol 5 has to come into one within `connect_timeout`.
    pub fn new(app: A, connect_timeout: Duration, attachment_bytes: usize) -> Self {
        Self {
            app,
            connect_timeout,
            attachment_bytes,
            namespaces: BTreeSet::new(),
            came: false,
            partial: None,
        }
    }

    fn packet(&mut self, packet: Packet, attachments: Vec<Bytes>, link: &mut Link<'_, Self>) {
        let inside = self.namespaces.contains(&packet.namespace);
        match packet.kind {
            Kind::Connect => self.connect(&packet, inside, link),
            _ if !inside => match link.version() {
                Version::V3 => refuse(&packet.namespace, "Invalid namespace", link),
                Version::V4 => link.close_malformed("connect to the namespace first"),
            },
            Kind::Disconnect => {
                self.namespaces.remove(&packet.namespace);
                let client = &mut Client { link };
                self.app.disconnected(&packet.namespace, client);
                // In protocol 4 the other namespaces stand on this one.
                if packet.namespace == "/" && link.version() == Version::V3 {
                    link.close(1000, "");
                }
            }
            Kind::Event => self.event(&packet, attachments, link),
            Kind::Ack => {
                let arguments = packet.arguments();
                let event = Event {
                    namespace: packet.namespace,
                    name: String::new(),
                    arguments,
                    attachments,
                    ack: None,
                };
                let id = packet.id.unwrap_or_default();
                self.app.answered(id, event, &mut Client { link });
            }
        }
    }

    fn connect(&mut self, packet: &Packet, inside: bool, link: &mut Link<'_, Self>) {
        match (inside, link.version()) {
            (false, _) => self.join(&packet.namespace, packet.data.as_deref(), link),
            (true, Version::V3) if self.app.is_ready(&packet.namespace) => {
                welcome(&packet.namespace, link);
            }
            (true, Version::V3) => {}
            (true, Version::V4) => link.close_malformed("connected to the namespace already"),
        }
    }

    fn join(&mut self, namespace: &ByteString, auth: Option<&RawValue>, link: &mut Link<'_, Self>) {
        if let Err(why) = self.app.connect(namespace, auth, &mut Client { link }) {
            return refuse(namespace, &why, link);
        }
        self.came = true;
        self.namespaces.insert(namespace.clone());
        if self.app.is_ready(namespace) {
            welcome(namespace, link);
            self.app.connected(namespace, auth, &mut Client { link });
        }
    }

    fn event(&mut self, packet: &Packet, attachments: Vec<Bytes>, link: &mut Link<'_, Self>) {
        let mut arguments = packet.arguments();
        let name = if arguments.is_empty() {
            None
        } else {
            name_of(&arguments.remove(0))
        };
        let Some(name) = name else {
            return link.close_malformed("an event begins with its name");
        };
        let event = Event {
            namespace: packet.namespace.clone(),
            name,
            arguments,
            attachments,
            ack: packet.id,
        };
        self.app.event(event, &mut Client { link });
    }
}

/// A name is a string or a number.
fn name_of(json: &RawValue) -> Option<String> {
    match json.get().bytes().next() {
        Some(b'"') => serde_json::from_str(json.get()).ok(),
        Some(b'-' | b'0'..=b'9') => Some(json.get().to_owned()),
        _ => None,
    }
}

/// `CONNECT` to the client. Where it does not fit, the session ends by itself.
fn welcome<A: Application>(namespace: &str, link: &mut Link<'_, SocketIo<A>>) {
    let head = head(0, 0, namespace, None);
    let packet = match link.version() {
        Version::V3 => head.trim_end_matches(',').to_owned(),
        Version::V4 => match Sid::random() {
            Ok(sid) => format!("{head}{}", json!({"sid": sid.as_str()})),
            Err(_) => return link.close(1011, "no randomness for an id"),
        },
    };
    let _ = link.send_encoded(packet.into());
}

/// `CONNECT_ERROR` to the client.
fn refuse<A: Application>(namespace: &str, why: &str, link: &mut Link<'_, SocketIo<A>>) {
    let head = head(4, 0, namespace, None);
    let _ = Client { link }.send_json(head, &json!({"message": why}).to_string());
}

impl<A: Application> engine::Application for SocketIo<A> {
    type Told = A::Told;

    fn opened(&mut self, link: &mut Link<'_, Self>) {
        match link.version() {
            // In protocol 4 everybody is in the main namespace.
            Version::V3 => self.join(&"/".into(), None, link),
            Version::V4 => link.after(self.connect_timeout, |socketio, link| {
                if !socketio.came {
                    link.close(1008, "no namespace was connected to in time");
                }
            }),
        }
    }

    fn text(&mut self, text: ByteString, link: &mut Link<'_, Self>) {
        if self.partial.is_some() {
            return link.close_malformed("attachments of the last packet are missing");
        }
        match Packet::read(&text) {
            Err(why) => link.close_malformed(why.0),
            Ok(packet) if packet.attachments > 0 => {
                self.partial = Some(Partial {
                    packet,
                    attachments: Vec::new(),
                    bytes: 0,
                });
            }
            Ok(packet) => self.packet(packet, Vec::new(), link),
        }
    }

    fn binary(&mut self, bytes: Bytes, link: &mut Link<'_, Self>) {
        let Some(partial) = &mut self.partial else {
            return link.close_malformed("bytes belong to a packet that announced them");
        };
        partial.bytes += bytes.len();
        if partial.bytes > self.attachment_bytes {
            return link.close_malformed("the attachments of a packet are too large");
        }
        partial.attachments.push(bytes);
        if partial.attachments.len() == partial.packet.attachments
            && let Some(partial) = self.partial.take()
        {
            self.packet(partial.packet, partial.attachments, link);
        }
    }

    fn inbox(&mut self) -> Option<Receiver<A::Told>> {
        self.app.inbox()
    }

    fn told(&mut self, told: Vec<A::Told>, link: &mut Link<'_, Self>) {
        self.app.told(told, &mut Client { link });
    }

    fn overflown(&mut self, link: &mut Link<'_, Self>) {
        link.close_too_slow();
    }

    fn taken(&mut self, link: &mut Link<'_, Self>) {
        self.app.taken(&mut Client { link });
    }

    fn closed(&mut self, reason: Reason) {
        self.app.closed(reason);
    }
}
