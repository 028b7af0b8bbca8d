//! The two wires, by hand and just as much of each as is measured, so that the load costs less than the
//! servers: the upgrade, whole unmasked text frames from the server, masked ones to it. Anything else that
//! comes is an error, so that no server is measured at something different.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use memchr::memmem;

/// Time for whatever a server has to answer.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Engine.IO 4 over WebSocket, the event `message`.
    SocketIo,
    /// `kefu.v1`, as a customer.
    Native,
}

/// What a frame of a server is.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// Somebody's text.
    Text(&'a [u8]),
    /// It wants to hear `3`.
    Ping,
    /// What goes with a message and is none.
    Aside,
}

impl Wire {
    pub fn name(self) -> &'static str {
        match self {
            Self::SocketIo => "Socket.IO",
            Self::Native => "kefu.v1",
        }
    }

    /// Opens a connection as somebody new and goes in. Returns what came after that as well.
    pub fn enter(self, address: SocketAddr, number: usize) -> io::Result<(TcpStream, Vec<u8>)> {
        match self {
            Self::SocketIo => {
                let mut socket = Socket::open(address, "/socket.io/?EIO=4&transport=websocket")?;
                socket.until(b"0{")?;
                send(&mut socket.stream, b"40")?;
                socket.until(b"40{")?;
                Ok(socket.taken()?)
            }
            Self::Native => {
                let mut socket = Socket::open(address, "/ws")?;
                send(&mut socket.stream, hello(number, "").as_bytes())?;
                socket.until(br#"{"type":"welcome""#)?;
                Ok(socket.taken()?)
            }
        }
    }

    /// The payload that says a text; `key` is one that nobody else uses.
    pub fn post(self, key: &str, text: &str) -> String {
        match self {
            Self::SocketIo => format!(r#"42["message","{text}"]"#),
            Self::Native => post("null", key, text),
        }
    }

    /// What a payload of the server is.
    pub fn hear(self, payload: &[u8]) -> io::Result<Heard<'_>> {
        let heard = match self {
            Self::SocketIo if payload == b"2" => Some(Heard::Ping),
            Self::SocketIo => payload
                .strip_prefix(br#"42["message",""#)
                .and_then(|text| text.strip_suffix(br#""]"#))
                .map(Heard::Text),
            Self::Native => match kind(payload) {
                Some(b"message.posted") => {
                    Posted::read(payload).map(|posted| Heard::Text(posted.text))
                }
                Some(b"error") | None => None,
                Some(_) => Some(Heard::Aside),
            },
        };
        heard.ok_or_else(|| {
            let payload = String::from_utf8_lossy(payload);
            wrong(&format!("instead of a message this came: {payload}"))
        })
    }
}

/// The `type` of a frame of `kefu.v1`, which comes first.
pub fn kind(payload: &[u8]) -> Option<&[u8]> {
    let rest = payload.strip_prefix(br#"{"type":""#)?;
    let end = memchr::memchr(b'"', rest)?;
    Some(&rest[..end])
}

/// A message of `kefu.v1`.
pub struct Posted<'a> {
    pub conversation: &'a [u8],
    pub seq: u64,
    pub text: &'a [u8],
}

impl<'a> Posted<'a> {
    /// From `message.posted` with a text that needs no escapes.
    pub fn read(payload: &'a [u8]) -> Option<Self> {
        let rest = payload.strip_prefix(br#"{"type":"message.posted","conversation":""#)?;
        let end = memchr::memchr(b'"', rest)?;
        let (conversation, rest) = rest.split_at(end);
        let rest = rest.strip_prefix(br#"","seq":"#)?;
        let end = memchr::memchr(b',', rest)?;
        let seq = std::str::from_utf8(&rest[..end]).ok()?.parse().ok()?;
        let text = &rest[memmem::find(rest, br#""text":""#)? + 8..];
        let text = &text[..memchr::memchr(b'"', text)?];
        Some(Self {
            conversation,
            seq,
            text,
        })
    }
}

/// Customer `number` of `kefu.v1` says hello; `resume` is the inside of its object.
pub fn hello(number: usize, resume: &str) -> String {
    format!(r#"{{"type":"hello","as":"customer","token":"{number:0>42}A","resume":{{{resume}}}}}"#)
}

/// `message.post` of `kefu.v1`; `conversation` is `null` or a quoted id.
pub fn post(conversation: &str, key: &str, text: &str) -> String {
    format!(
        r#"{{"type":"message.post","ref":"0","conversation":{conversation},"client_id":"{key}","text":"{text}"}}"#
    )
}

/// A connection while it is opened; it blocks.
pub struct Socket {
    pub stream: TcpStream,
    bytes: Vec<u8>,
}

impl Socket {
    pub fn open(address: SocketAddr, path: &str) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )?;
        let mut socket = Self {
            stream,
            bytes: Vec::new(),
        };
        let head = loop {
            if let Some(end) = memmem::find(&socket.bytes, b"\r\n\r\n") {
                break end + 4;
            }
            socket.more()?;
        };
        if !socket.bytes.starts_with(b"HTTP/1.1 101 ") {
            return Err(wrong("the server did not upgrade the connection"));
        }
        socket.bytes.drain(..head);
        Ok(socket)
    }

    /// Takes frames up to the one that begins like this.
    pub fn until(&mut self, expected: &[u8]) -> io::Result<()> {
        loop {
            if let Some(length) = ping(&self.bytes) {
                self.bytes.drain(..length);
                self.stream.write_all(&PONG)?;
                continue;
            }
            let Some((payload, length)) = frame(&self.bytes)? else {
                self.more()?;
                continue;
            };
            let (found, ping) = (payload.starts_with(expected), payload == b"2");
            if payload.starts_with(br#"{"type":"error""#) {
                return Err(wrong(&String::from_utf8_lossy(payload)));
            }
            self.bytes.drain(..length);
            if ping {
                send(&mut self.stream, b"3")?;
            }
            if found {
                return Ok(());
            }
        }
    }

    /// The connection, and what came after the last frame that was waited for.
    pub fn taken(self) -> io::Result<(TcpStream, Vec<u8>)> {
        self.stream.set_nonblocking(true)?;
        Ok((self.stream, self.bytes))
    }

    fn more(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer)? {
            0 => Err(wrong("the server closed a connection")),
            count => {
                self.bytes.extend_from_slice(&buffer[..count]);
                Ok(())
            }
        }
    }
}

/// The answer to a [`ping`].
pub const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

/// The length of the ping at the beginning, which carries nothing.
pub fn ping(bytes: &[u8]) -> Option<usize> {
    bytes.starts_with(&[0x89, 0]).then_some(2)
}

/// The payload of the text frame at the beginning of `bytes` and the frame's length, once it is whole.
pub fn frame(bytes: &[u8]) -> io::Result<Option<(&[u8], usize)>> {
    let (head, length) = match *bytes {
        [0x81, length @ 0..=125, ..] => (2, usize::from(length)),
        [0x81, 126, high, low, ..] => (4, usize::from(u16::from_be_bytes([high, low]))),
        [] | [0x81 | 0x89] | [0x81, 126] | [0x81, 126, _] => return Ok(None),
        [0x88, _, high, low, ..] => {
            let code = u16::from_be_bytes([high, low]);
            return Err(wrong(&format!(
                "the server closed a connection with {code}"
            )));
        }
        [0x88, ..] => return Ok(None),
        [head, ..] => {
            return Err(wrong(&format!(
                "the server sent a frame that begins with {head:#x}"
            )));
        }
    };
    let payload = bytes.get(head..head + length);
    Ok(payload.map(|payload| (payload, head + length)))
}

/// A text frame of a client. The mask has to be there; one of zeros leaves the text as it is.
pub fn masked(payload: &[u8]) -> io::Result<Vec<u8>> {
    let length = u16::try_from(payload.len()).map_err(|_| wrong("too long to send"))?;
    let [high, low] = length.to_be_bytes();
    Ok(match length {
        0..=125 => [&[0x81, 0x80 | low, 0, 0, 0, 0], payload].concat(),
        _ => [&[0x81, 0x80 | 126, high, low, 0, 0, 0, 0], payload].concat(),
    })
}

/// Sends a text frame. So little always fits into a socket that the server reads; where it does not, that is
/// an error.
pub fn send(stream: &mut impl Write, payload: &[u8]) -> io::Result<()> {
    let frame = masked(payload)?;
    if stream.write(&frame)? == frame.len() {
        Ok(())
    } else {
        Err(wrong("the server does not read"))
    }
}

pub fn wrong(what: &str) -> io::Error {
    io::Error::other(what.to_owned())
}
