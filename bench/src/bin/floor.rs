//! What no server can be much below: one thread, one epoll, nothing stored, no rooms, no limits. Whatever
//! comes within one round of events goes to everybody by one `write` each. It speaks just enough of each wire
//! for the load of this benchmark.

use std::{
    io::{self, Read, Write},
    net::SocketAddr,
};

use memchr::memmem;
use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};

const LISTENER: Token = Token(usize::MAX);

struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
    unwritten: Vec<u8>,
    upgraded: bool,
    inside: bool,
}

/// What one frame of a client asks for.
enum Asked<'a> {
    Enter(&'static str),
    Say(&'a [u8]),
    Nothing,
}

fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok());
    let port: u16 = port.ok_or_else(|| io::Error::other("usage: floor PORT"))?;
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; 64 << 10];
    let (mut everybodys, mut said) = (Vec::new(), 0_u64);
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    stream.set_nodelay(true)?;
                    let token = Token(connections.len());
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    poll.registry().register(&mut stream, token, interest)?;
                    connections.push(Some(Connection {
                        stream,
                        unread: Vec::new(),
                        unwritten: Vec::new(),
                        upgraded: false,
                        inside: false,
                    }));
                }
                continue;
            }
            let Token(token) = event.token();
            let Some(connection) = &mut connections[token] else {
                continue;
            };
            let went_well = connection.read(&mut buffer, &mut everybodys, &mut said);
            if went_well.and_then(|()| connection.write(&[])).is_err() {
                connections[token] = None;
            }
        }
        if !everybodys.is_empty() {
            for place in &mut connections {
                if let Some(connection) = place.as_mut().filter(|connection| connection.inside)
                    && connection.write(&everybodys).is_err()
                {
                    *place = None;
                }
            }
            everybodys.clear();
        }
    }
}

impl Connection {
    fn read(
        &mut self,
        buffer: &mut [u8],
        everybodys: &mut Vec<u8>,
        said: &mut u64,
    ) -> io::Result<()> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.unread.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        let mut unread = std::mem::take(&mut self.unread);
        let mut taken = 0;
        if !self.upgraded
            && let Some(end) = memmem::find(&unread, b"\r\n\r\n")
        {
            self.upgraded = true;
            taken = end + 4;
            self.write(
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                  Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
            )?;
            if unread.starts_with(b"GET /socket.io/") {
                let open = r#"0{"sid":"floor","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
                self.write(&frame(open.as_bytes()))?;
            }
        }
        while self.upgraded
            && let Some((length, payload)) = unmasked(&mut unread[taken..])
        {
            match asked(payload) {
                Asked::Enter(answer) => {
                    self.write(&frame(answer.as_bytes()))?;
                    self.inside = true;
                }
                Asked::Say(text) if payload.starts_with(b"4") => {
                    everybodys.extend(frame(&[br#"42["message",""#, text, br#""]"#].concat()));
                }
                Asked::Say(text) => {
                    *said += 1;
                    everybodys.extend(frame(&posted(*said, text)));
                }
                Asked::Nothing => {}
            }
            taken += length;
        }
        unread.drain(..taken);
        self.unread = unread;
        Ok(())
    }

    /// What fits now; the rest when there is room.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let direct = self.unwritten.is_empty();
        let mut written = 0;
        if !direct {
            self.unwritten.extend_from_slice(bytes);
        }
        let waiting = if direct { bytes } else { &self.unwritten };
        while written < waiting.len() {
            match self.stream.write(&waiting[written..]) {
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        if direct {
            self.unwritten.extend_from_slice(&bytes[written..]);
        } else {
            self.unwritten.drain(..written);
        }
        Ok(())
    }
}

fn asked(payload: &[u8]) -> Asked<'_> {
    if payload == b"40" {
        return Asked::Enter(r#"40{"sid":"floor"}"#);
    }
    if payload.starts_with(br#"{"type":"hello""#) {
        return Asked::Enter(r#"{"type":"welcome"}"#);
    }
    let text = if let Some(text) = payload.strip_prefix(br#"42["message",""#) {
        Some(text)
    } else {
        memmem::find(payload, br#""text":""#).map(|at| &payload[at + 8..])
    };
    let whole = text.and_then(|text| Some(&text[..memchr::memchr(b'"', text)?]));
    whole.map_or(Asked::Nothing, Asked::Say)
}

/// As long as Kefu's.
fn posted(seq: u64, text: &[u8]) -> Vec<u8> {
    let head = format!(
        r#"{{"type":"message.posted","conversation":"1","seq":{seq},"client_id":"b-0-00000000","kind":"text","from":{{"role":"customer","id":"1","name":null}},"text":""#
    );
    let tail = br#"","sent_at":"2026-01-01T00:00:00.000Z"}"#;
    [head.as_bytes(), text, tail].concat()
}

fn frame(payload: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(payload.len()).unwrap_or(0).to_be_bytes();
    match payload.len() {
        0..=125 => [&[0x81, low], payload].concat(),
        _ => [&[0x81, 126, high, low], payload].concat(),
    }
}

/// The frame at the beginning, once it is whole: its length, and the payload without its mask.
fn unmasked(bytes: &mut [u8]) -> Option<(usize, &[u8])> {
    let (head, length) = match *bytes {
        [_, length @ 0x80..=0xfd, ..] => (2, usize::from(length & 0x7f)),
        [_, 0xfe, high, low, ..] => (4, usize::from(u16::from_be_bytes([high, low]))),
        _ => return None,
    };
    let whole = head + 4 + length;
    let frame = bytes.get_mut(..whole)?;
    let (head, payload) = frame.split_at_mut(head + 4);
    let mask = &head[head.len() - 4..];
    for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
    Some((whole, payload))
}
