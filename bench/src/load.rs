//! The load: everybody in one room on one thread, by hand on the wire, so that it costs less than the
//! servers that it measures.
//!
//! It speaks just enough Engine.IO 4 over WebSocket: the upgrade, whole unmasked text frames from the server,
//! masked ones to it, pings. Anything else that comes is an error, so that no server is measured at
//! something different.

use std::{
    io::{self, Read, Write},
    net::SocketAddr,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};

use crate::server::Server;

/// Connections that send; they receive as well, as everybody in the room does.
pub const SENDERS: usize = 4;
/// Bytes of a text.
pub const TEXT: usize = 64;
/// Digits at the start of a text: which one it is.
const DIGITS: usize = 8;
/// Time for messages that were sent in time to arrive; past it they count as lost.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Plan {
    pub receivers: usize,
    /// Messages a second, of all senders together.
    pub rate: f64,
    pub warm_up: Duration,
    pub measured: Duration,
}

impl Plan {
    fn messages(&self, time: Duration) -> usize {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few thousand"
        )]
        let messages = (time.as_secs_f64() * self.rate).round() as usize;
        messages.max(1)
    }

    pub fn connections(&self) -> usize {
        self.receivers + SENDERS
    }
}

pub struct Figures {
    /// CPU time of the server's process for one message to one connection.
    pub server_us: f64,
    /// The same of this process, to see that it was no bottleneck.
    pub load_us: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

/// Which messages came; each must come once.
struct Seen(Vec<u64>);

impl Seen {
    fn new(messages: usize) -> Self {
        Self(vec![0; messages.div_ceil(64)])
    }

    fn add(&mut self, message: usize) -> io::Result<()> {
        let bit = 1 << (message % 64);
        let word = self.0.get_mut(message / 64);
        let word = word.ok_or_else(|| wrong("a message came that nobody sent"))?;
        if *word & bit != 0 {
            return Err(wrong("a message came twice"));
        }
        *word |= bit;
        Ok(())
    }
}

struct Connection {
    stream: TcpStream,
    /// The beginning of a frame whose end has not come yet.
    rest: Vec<u8>,
    seen: Seen,
}

/// Connects everybody, warms the server up, measures. Fails where a single message is missing at a single
/// connection.
pub fn run(server: &Server, plan: &Plan) -> io::Result<Figures> {
    let warm_up = plan.messages(plan.warm_up);
    let mut room = Room::connect(server.address, plan.connections())?;
    // Not everybody may be in the room from the first of these on, so some may stay away.
    room.exchange(warm_up, plan.rate, Duration::from_secs(1))?;
    let cpu = || -> io::Result<_> { Ok((server.cpu()?, crate::server::own_cpu()?)) };
    let messages = plan.messages(plan.measured);
    let before = cpu()?;
    let mut latencies = room.exchange(messages, plan.rate, PATIENCE)?;
    let after = cpu()?;
    let deliveries = messages * plan.connections();
    let missing = deliveries - latencies.len();
    if missing > 0 {
        return Err(wrong(&format!("{missing} of {deliveries} never came")));
    }
    latencies.sort_unstable();
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let each = |time: Duration| time.as_secs_f64() * 1e6 / deliveries as f64;
    Ok(Figures {
        server_us: each(after.0.saturating_sub(before.0)),
        load_us: each(after.1.saturating_sub(before.1)),
        p50_ms: f64::from(latencies[deliveries / 2]) / 1e3,
        p99_ms: f64::from(latencies[deliveries / 100 * 99]) / 1e3,
    })
}

struct Room {
    poll: Poll,
    connections: Vec<Connection>,
}

impl Room {
    fn connect(address: SocketAddr, count: usize) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut connections = Vec::with_capacity(count);
        for token in 0..count {
            let (stream, rest) = enter(address)?;
            let mut stream = TcpStream::from_std(stream);
            // Edge-triggered: see `read`.
            poll.registry()
                .register(&mut stream, Token(token), Interest::READABLE)?;
            connections.push(Connection {
                stream,
                rest,
                seen: Seen::new(0),
            });
        }
        Ok(Self { poll, connections })
    }

    /// The senders send so many messages in turn, at a fixed rate whatever the server does, until
    /// everybody has them all or patience is over. Returns the time of each delivery in microseconds, from before the sender's
    /// `write` until after the receiver's `read`.
    fn exchange(&mut self, messages: usize, rate: f64, patience: Duration) -> io::Result<Vec<u32>> {
        let everything = messages * self.connections.len();
        let mut sent = Vec::with_capacity(messages);
        let mut latencies = Vec::with_capacity(everything);
        for connection in &mut self.connections {
            connection.seen = Seen::new(messages);
        }
        let interval = Duration::from_secs_f64(1.0 / rate);
        let mut buffer = vec![0; 64 << 10];
        let mut events = Events::with_capacity(1024);
        let mut next = Instant::now() + interval;
        let mut last = next;
        while latencies.len() < everything {
            let now = Instant::now();
            if sent.len() < messages && now >= next {
                let text = format!(r#"42["message","{}"]"#, text(sent.len()));
                let sender = &mut self.connections[sent.len() % SENDERS];
                sent.push(now);
                send(&mut sender.stream, text.as_bytes())?;
                next += interval;
                last = now;
            }
            if now > last + patience {
                break;
            }
            let wait = if sent.len() < messages {
                next.saturating_duration_since(Instant::now())
            } else {
                patience
            };
            match self.poll.poll(&mut events, Some(wait)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                polled => polled?,
            }
            for event in &events {
                let Token(token) = event.token();
                self.connections[token].read(&mut buffer, &sent, &mut latencies)?;
            }
        }
        Ok(latencies)
    }
}

impl Connection {
    /// Takes what came. A read that does not fill the buffer has emptied the socket, so that there is one
    /// system call for each event.
    fn read(
        &mut self,
        buffer: &mut [u8],
        sent: &[Instant],
        latencies: &mut Vec<u32>,
    ) -> io::Result<()> {
        loop {
            let count = match self.stream.read(buffer) {
                Ok(0) => return Err(wrong("the server closed a connection")),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let now = Instant::now();
            // Nearly always whole frames come, and nothing is copied.
            if self.rest.is_empty() {
                let taken = self.take(&buffer[..count], now, sent, latencies)?;
                self.rest.extend_from_slice(&buffer[taken..count]);
            } else {
                let mut whole = std::mem::take(&mut self.rest);
                whole.extend_from_slice(&buffer[..count]);
                let taken = self.take(&whole, now, sent, latencies)?;
                whole.drain(..taken);
                self.rest = whole;
            }
            if count < buffer.len() {
                return Ok(());
            }
        }
    }

    /// Takes the whole frames at the beginning of `bytes`; returns how many bytes they are.
    fn take(
        &mut self,
        bytes: &[u8],
        now: Instant,
        sent: &[Instant],
        latencies: &mut Vec<u32>,
    ) -> io::Result<usize> {
        let mut taken = 0;
        while let Some((payload, length)) = frame(&bytes[taken..])? {
            taken += length;
            if payload == b"2" {
                send(&mut self.stream, b"3")?;
                continue;
            }
            let message = message(payload).ok_or_else(|| {
                let payload = String::from_utf8_lossy(payload);
                wrong(&format!("instead of a message this came: {payload}"))
            })?;
            let sent = *sent
                .get(message)
                .ok_or_else(|| wrong("a message came before it was sent"))?;
            self.seen.add(message)?;
            latencies.push(u32::try_from((now - sent).as_micros()).unwrap_or(u32::MAX));
        }
        Ok(taken)
    }
}

/// 64 bytes that begin with the message's number.
fn text(message: usize) -> String {
    format!("{message:0DIGITS$}{}", "x".repeat(TEXT - DIGITS))
}

/// The number of a message from exactly what the server has to send for it.
fn message(payload: &[u8]) -> Option<usize> {
    let text = payload
        .strip_prefix(br#"42["message",""#)?
        .strip_suffix(br#""]"#)?;
    let (digits, filling) = text.split_at_checked(DIGITS)?;
    let whole = filling.len() == TEXT - DIGITS && filling.iter().all(|byte| *byte == b'x');
    let digits = std::str::from_utf8(digits).ok()?;
    digits.parse().ok().filter(|_| whole)
}

/// The payload of the text frame at the beginning of `bytes` and the frame's length, once it is whole.
fn frame(bytes: &[u8]) -> io::Result<Option<(&[u8], usize)>> {
    let (head, length) = match *bytes {
        [0x81, length @ 0..=125, ..] => (2, usize::from(length)),
        [0x81, 126, high, low, ..] => (4, usize::from(u16::from_be_bytes([high, low]))),
        [] | [0x81] | [0x81, 126] | [0x81, 126, _] => return Ok(None),
        _ => return Err(wrong("the server sent something else than a text frame")),
    };
    let payload = bytes.get(head..head + length);
    Ok(payload.map(|payload| (payload, head + length)))
}

/// Sends a text frame. The mask has to be there; one of zeros leaves the text as it is.
fn send(stream: &mut impl Write, payload: &[u8]) -> io::Result<()> {
    let length = u8::try_from(payload.len())
        .ok()
        .filter(|length| *length < 126)
        .ok_or_else(|| wrong("too long to send"))?;
    let frame = [&[0x81, 0x80 | length, 0, 0, 0, 0], payload].concat();
    // So little always fits into a socket that the server reads; where it does not, that is an error.
    if stream.write(&frame)? == frame.len() {
        Ok(())
    } else {
        Err(wrong("the server does not read"))
    }
}

/// Opens a connection and enters `/`. Returns what came after that as well.
fn enter(address: SocketAddr) -> io::Result<(std::net::TcpStream, Vec<u8>)> {
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {address}\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )?;
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        more(&mut stream, &mut bytes)?;
    };
    if !bytes.starts_with(b"HTTP/1.1 101 ") {
        return Err(wrong("the server did not upgrade the connection"));
    }
    bytes.drain(..head);
    // Engine.IO opens; this side asks for the namespace; the server lets it in.
    for expected in [&b"0{"[..], b"40{"] {
        let length = loop {
            match frame(&bytes)? {
                Some((b"2", length)) => {
                    bytes.drain(..length);
                    send(&mut stream, b"3")?;
                }
                Some((payload, length)) if payload.starts_with(expected) => break length,
                Some(_) => return Err(wrong("the server did not open the session")),
                None => more(&mut stream, &mut bytes)?,
            }
        };
        bytes.drain(..length);
        if expected == b"0{" {
            send(&mut stream, b"40")?;
        }
    }
    stream.set_nonblocking(true)?;
    Ok((stream, bytes))
}

fn more(stream: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 4096];
    match stream.read(&mut buffer)? {
        0 => Err(wrong("the server closed a connection")),
        count => {
            bytes.extend_from_slice(&buffer[..count]);
            Ok(())
        }
    }
}

fn wrong(what: &str) -> io::Error {
    io::Error::other(what.to_owned())
}
