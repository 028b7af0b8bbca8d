//! Bytes as they go over the wire, for those who break the rules.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;

use super::Server;

/// A WebSocket connection that sends whatever it is given, and answers nothing by itself.
pub struct Raw {
    pub stream: TcpStream,
    unread: Vec<u8>,
}

/// First bytes of a frame: the last (FIN) of a text, and so on.
pub const TEXT: u8 = 0x81;
pub const BINARY: u8 = 0x82;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;
pub const PONG: u8 = 0x8a;
pub const FIRST_TEXT: u8 = 0x01;
pub const FIRST_BINARY: u8 = 0x02;
pub const MORE: u8 = 0x00;
pub const LAST: u8 = 0x80;

/// Stands before the length of a frame with a mask.
const MASKED: u8 = 0x80;

/// One masked frame.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x1b, 0xad, 0xf0, 0x0d];
    let mut bytes = header(first, payload.len() as u64);
    bytes.extend(MASK);
    let masked = payload.iter().zip(MASK.iter().cycle()).map(|(a, b)| a ^ b);
    bytes.extend(masked);
    bytes
}

/// What stands before the mask of a frame of this length.
pub fn header(first: u8, length: u64) -> Vec<u8> {
    let mut bytes = vec![first];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => bytes.push(MASKED + short),
        (_, Ok(medium)) => {
            bytes.push(MASKED + 126);
            bytes.extend(medium.to_be_bytes());
        }
        _ => {
            bytes.push(MASKED + 127);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes
}

impl Raw {
    pub fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address).unwrap();
        Self::over(stream, server.address)
    }

    /// Over a TCP connection that the test has made.
    pub fn over(mut stream: TcpStream, server: SocketAddr) -> Self {
        stream.set_nodelay(true).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {server}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{head:?}");
        Self {
            stream,
            unread: Vec::new(),
        }
    }

    /// The server may have closed already, which is for the reader to find out.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    pub fn say(&mut self, frame_text: &Value) {
        self.send(&frame(TEXT, frame_text.to_string().as_bytes()));
    }

    /// The next frame's first byte and payload; `None` at the end of the connection.
    pub fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let Some(found) = self.take() {
                return Some(found);
            }
            let mut more = [0; 16_384];
            match self.stream.read(&mut more) {
                Ok(0) => return None,
                Ok(n) => self.unread.extend(&more[..n]),
                Err(error) if super::is_timeout(&error) => panic!("nothing came for long"),
                Err(_) => return None,
            }
        }
    }

    fn take(&mut self) -> Option<(u8, Vec<u8>)> {
        let bytes = &self.unread;
        let (first, short) = (*bytes.first()?, *bytes.get(1)?);
        let (start, length) = match short {
            126 => {
                let length = bytes.get(2..4)?.try_into().unwrap();
                (4, usize::from(u16::from_be_bytes(length)))
            }
            127 => {
                let length = bytes.get(2..10)?.try_into().unwrap();
                (10, usize::try_from(u64::from_be_bytes(length)).unwrap())
            }
            short => (2, usize::from(short)),
        };
        let payload = bytes.get(start..start + length)?.to_vec();
        self.unread.drain(..start + length);
        Some((first, payload))
    }

    /// The next text frame of this type, dropping others.
    pub fn until(&mut self, kind: &str) -> Value {
        loop {
            let (first, payload) = self.next().expect("the connection is up");
            assert_ne!(first, CLOSE, "closed: {payload:?}");
            if first == TEXT {
                let frame: Value = serde_json::from_slice(&payload).unwrap();
                if frame["type"] == kind {
                    return frame;
                }
            }
        }
    }

    /// The payload of the next frame of this kind, dropping others.
    pub fn next_of(&mut self, wanted: u8) -> Vec<u8> {
        loop {
            let (first, payload) = self.next().expect("the connection is up");
            if first == wanted {
                return payload;
            }
        }
    }

    /// Reads to the end of the connection, and answers the close frame before it; its code, 1005 for
    /// one without.
    pub fn close_code(&mut self) -> Option<u16> {
        let mut code = None;
        while let Some((first, payload)) = self.next() {
            if first == CLOSE {
                let bytes = payload.get(..2).map(|two| two.try_into().unwrap());
                code = Some(bytes.map_or(1005, u16::from_be_bytes));
                self.send(&frame(CLOSE, &payload));
            }
        }
        code
    }
}
