//! One packet of Engine.IO: a digit for its type and what follows. Pure; bounded by what it is given.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use bytestring::ByteString;

/// Which Engine.IO a session speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// socket.io-client 1.x and 2.x. The client pings; payloads count characters.
    V3,
    /// socket.io-client 3.x and 4.x. The server pings; payloads are separated by U+001E.
    V4,
}

/// What a client sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// 1: the session is over.
    Close,
    /// 2: with what the answer must repeat.
    Ping(ByteString),
    /// 3: the answer to a ping.
    Pong,
    /// 4: text for the application.
    Text(ByteString),
    /// 4, or `b`: bytes for the application.
    Binary(Bytes),
    /// 5: this WebSocket carries the session from now on.
    Upgrade,
    /// 6: nothing.
    Noop,
}

/// What goes to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A packet with its digit.
    Text(ByteString),
    /// A message of bytes, without any prefix.
    Binary(Bytes),
}

impl Frame {
    /// 1
    pub const CLOSE: Self = Self::Text(ByteString::from_static("1"));
    /// 2
    pub const PING: Self = Self::Text(ByteString::from_static("2"));
    /// 6
    pub const NOOP: Self = Self::Text(ByteString::from_static("6"));

    /// Bytes of what it carries.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether it carries nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As one WebSocket message: version 3 puts the type before bytes, and base64 where the client cannot
    /// take bytes.
    #[must_use]
    pub fn on_socket(self, version: Version, base64: bool) -> Self {
        match self {
            Self::Binary(bytes) if base64 => Self::Text(as_base64(&bytes, version).into()),
            Self::Binary(bytes) if version == Version::V3 => {
                let mut typed = Vec::with_capacity(bytes.len() + 1);
                typed.push(4);
                typed.extend_from_slice(&bytes);
                Self::Binary(typed.into())
            }
            other => other,
        }
    }
}

/// Bytes as a text packet.
pub(super) fn as_base64(bytes: &[u8], version: Version) -> String {
    let prefix = match version {
        Version::V3 => "b4",
        Version::V4 => "b",
    };
    let mut text = String::from(prefix);
    STANDARD.encode_string(bytes, &mut text);
    text
}

/// What a client sent is not Engine.IO; says what is wrong and what is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Packet {
    /// Reads a packet that came as text.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn from_text(version: Version, text: &ByteString) -> Result<Self, Malformed> {
        let rest = || text.slice_ref(&text[1..]);
        match (text.as_bytes().first(), version) {
            (Some(b'1'), _) => Ok(Self::Close),
            (Some(b'2'), _) => Ok(Self::Ping(rest())),
            (Some(b'3'), _) => Ok(Self::Pong),
            (Some(b'4'), _) => Ok(Self::Text(rest())),
            (Some(b'5'), _) => Ok(Self::Upgrade),
            (Some(b'6'), _) => Ok(Self::Noop),
            (Some(b'0'), _) => Err(Malformed("an open packet (0) comes from the server only")),
            (Some(b'b'), Version::V4) => base64(&text[1..]),
            (Some(b'b'), Version::V3) => match text[1..].strip_prefix('4') {
                Some(encoded) => base64(encoded),
                None => Err(Malformed("base64 in version 3 begins with b4")),
            },
            (Some(_), _) => Err(Malformed("a packet begins with a digit from 1 to 6, or b")),
            (None, _) => Err(Malformed("a packet is not empty")),
        }
    }

    /// Reads a packet that came as bytes.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn from_bytes(version: Version, bytes: &Bytes) -> Result<Self, Malformed> {
        match (version, bytes.first()) {
            (Version::V4, _) => Ok(Self::Binary(bytes.clone())),
            (Version::V3, Some(4)) => Ok(Self::Binary(bytes.slice(1..))),
            (Version::V3, _) => Err(Malformed("bytes in version 3 begin with the type, 4")),
        }
    }
}

fn base64(encoded: &str) -> Result<Packet, Malformed> {
    match STANDARD.decode(encoded) {
        Ok(bytes) => Ok(Packet::Binary(bytes.into())),
        Err(_) => Err(Malformed("b is followed by base64 with padding")),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Version::{V3, V4},
        *,
    };

    fn bytes(bytes: &[u8]) -> Bytes {
        Bytes::copy_from_slice(bytes)
    }

    #[test]
    fn every_type_of_text_packet() {
        for (version, text, expected) in [
            (V4, "1", Some(Packet::Close)),
            (V3, "2", Some(Packet::Ping("".into()))),
            (V4, "2probe", Some(Packet::Ping("probe".into()))),
            (V4, "3", Some(Packet::Pong)),
            (V4, "3probe", Some(Packet::Pong)),
            (V4, "4", Some(Packet::Text("".into()))),
            (V3, "4你好", Some(Packet::Text("你好".into()))),
            (V4, "5", Some(Packet::Upgrade)),
            (V4, "6", Some(Packet::Noop)),
            (V4, "bAQIDBA==", Some(Packet::Binary(bytes(&[1, 2, 3, 4])))),
            (V3, "b4AQIDBA==", Some(Packet::Binary(bytes(&[1, 2, 3, 4])))),
            (V4, "b", Some(Packet::Binary(bytes(&[])))),
            (V3, "bAQIDBA==", None),
            (V3, "b", None),
            (V4, "b!", None),
            (V4, "bAQIDBA", None),
            (V4, "0{}", None),
            (V4, "7", None),
            (V4, "abc", None),
            (V4, "你", None),
            (V4, "\0", None),
            (V4, "", None),
        ] {
            let read = Packet::from_text(version, &text.into());
            assert_eq!(read.ok(), expected, "{version:?} {text:?}");
        }
    }

    #[test]
    fn bytes_carry_their_type_in_version_3_only() {
        let read = |version, b: &[u8]| Packet::from_bytes(version, &bytes(b)).ok();
        assert_eq!(read(V4, &[1, 2]), Some(Packet::Binary(bytes(&[1, 2]))));
        assert_eq!(read(V4, &[]), Some(Packet::Binary(bytes(&[]))));
        assert_eq!(read(V3, &[4, 1, 2]), Some(Packet::Binary(bytes(&[1, 2]))));
        assert_eq!(read(V3, &[1, 2]), None);
        assert_eq!(read(V3, &[]), None);

        let sent = |version, base64| Frame::Binary(bytes(&[1, 2])).on_socket(version, base64);
        assert_eq!(sent(V4, false), Frame::Binary(bytes(&[1, 2])));
        assert_eq!(sent(V3, false), Frame::Binary(bytes(&[4, 1, 2])));
        assert_eq!(sent(V3, true), Frame::Text("b4AQI=".into()));
        assert_eq!(sent(V4, true), Frame::Text("bAQI=".into()));
    }
}
