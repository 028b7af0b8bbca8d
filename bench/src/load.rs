//! Fan-out: everybody in one room, on one thread.

use std::{
    io::{self, Read, Write},
    net::SocketAddr,
    time::{Duration, Instant},
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};

use crate::{
    server::Server,
    wire::{Heard, PATIENCE, PONG, Wire, frame, ping, send, wrong},
};

/// Connections that send; they receive as well, as everybody in the room does.
pub const SENDERS: usize = 4;
/// Bytes of a text.
pub const TEXT: usize = 64;
/// Digits of a message's number, behind its sender's.
const DIGITS: usize = 8;

/// When the senders send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// So many messages a second together, whatever the server does.
    Rate(f64),
    /// As fast as the server takes them: each sender has so many under way that it has not received itself.
    Window(usize),
}

pub struct Plan {
    pub wire: Wire,
    pub receivers: usize,
    pub pace: Pace,
    pub warm_up: Duration,
    pub measured: Duration,
}

impl Plan {
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
    /// Messages a second, of all senders together.
    pub rate: f64,
}

/// Which messages came; each must come once.
#[derive(Default)]
struct Seen(Vec<u64>);

impl Seen {
    fn add(&mut self, message: usize) -> io::Result<()> {
        let bit = 1 << (message % 64);
        if self.0.len() <= message / 64 {
            self.0.resize(message / 64 + 1, 0);
        }
        let word = &mut self.0[message / 64];
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
    /// Which of the senders it is.
    sender: Option<usize>,
    seen: Seen,
}

/// Connects everybody, warms the server up, measures. Fails where a single message is missing at a single
/// connection.
pub fn run(server: &Server, plan: &Plan) -> io::Result<Figures> {
    let mut room = Room::connect(server.address, plan)?;
    // Not everybody may be in the room from the first message on, so the senders begin slowly.
    room.exchange(Pace::Rate(100.0), Duration::from_secs(1), Missing::Allowed)?;
    room.exchange(plan.pace, plan.warm_up, Missing::Wrong)?;
    let cpu = || -> io::Result<_> { Ok((server.cpu()?, crate::server::own_cpu()?)) };
    let before = cpu()?;
    let started = Instant::now();
    let Exchange {
        messages,
        mut latencies,
    } = room.exchange(plan.pace, plan.measured, Missing::Wrong)?;
    let took = started.elapsed();
    let after = cpu()?;
    let deliveries = latencies.len();
    latencies.sort_unstable();
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let each = |time: Duration| time.as_secs_f64() * 1e6 / deliveries as f64;
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let rate = messages as f64 / took.as_secs_f64();
    Ok(Figures {
        server_us: each(after.0.saturating_sub(before.0)),
        load_us: each(after.1.saturating_sub(before.1)),
        p50_ms: f64::from(latencies[deliveries / 2]) / 1e3,
        p99_ms: f64::from(latencies[deliveries / 100 * 99]) / 1e3,
        rate,
    })
}

/// Whether it matters that somebody did not get a message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Allowed,
    Wrong,
}

/// What was sent and received.
struct Exchange {
    messages: usize,
    /// Of each delivery in microseconds, from before the sender's `write` until after the receiver's `read`.
    latencies: Vec<u32>,
}

/// Messages on their way.
#[derive(Default)]
struct Sent {
    /// The number of the first.
    before: usize,
    at: Vec<Instant>,
    /// How many of each sender's own it has not received yet.
    under_way: [usize; SENDERS],
}

struct Room {
    wire: Wire,
    poll: Poll,
    connections: Vec<Connection>,
    /// Messages of earlier exchanges, some of which may still come.
    before: usize,
}

impl Room {
    fn connect(address: SocketAddr, plan: &Plan) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut connections = Vec::with_capacity(plan.connections());
        for token in 0..plan.connections() {
            let (stream, rest) = plan.wire.enter(address, token)?;
            let mut stream = TcpStream::from_std(stream);
            // Edge-triggered: see `read`.
            poll.registry()
                .register(&mut stream, Token(token), Interest::READABLE)?;
            connections.push(Connection {
                stream,
                rest,
                sender: (token < SENDERS).then_some(token),
                seen: Seen::default(),
            });
        }
        Ok(Self {
            wire: plan.wire,
            poll,
            connections,
            before: 0,
        })
    }

    /// The senders send in turn for this time; then everybody receives until they have it all or patience is
    /// over.
    fn exchange(&mut self, pace: Pace, time: Duration, missing: Missing) -> io::Result<Exchange> {
        for connection in &mut self.connections {
            connection.seen = Seen::default();
        }
        let patience = match missing {
            Missing::Allowed => Duration::from_secs(1),
            Missing::Wrong => PATIENCE,
        };
        let mut sent = Sent {
            before: self.before,
            ..Sent::default()
        };
        let mut latencies = Vec::new();
        let mut buffer = vec![0; 64 << 10];
        let mut events = Events::with_capacity(1024);
        let started = Instant::now();
        let end = started + time;
        loop {
            let now = Instant::now();
            let everything = sent.at.len() * self.connections.len();
            let wait = if now < end {
                self.send_what_is_due(pace, started, &mut sent)?
                    .min(end - now)
            } else if latencies.len() == everything {
                break;
            } else if now < end + patience {
                end + patience - now
            } else if missing == Missing::Allowed {
                break;
            } else {
                let lost = everything - latencies.len();
                return Err(wrong(&format!("{lost} of {everything} never came")));
            };
            match self.poll.poll(&mut events, Some(wait)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                polled => polled?,
            }
            for event in &events {
                let Token(token) = event.token();
                self.connections[token].read(self.wire, &mut buffer, &mut sent, &mut latencies)?;
            }
        }
        self.before += sent.at.len();
        Ok(Exchange {
            messages: sent.at.len(),
            latencies,
        })
    }

    /// Sends what the pace asks for by now; returns for how long nothing more will be due.
    fn send_what_is_due(
        &mut self,
        pace: Pace,
        started: Instant,
        sent: &mut Sent,
    ) -> io::Result<Duration> {
        match pace {
            Pace::Rate(rate) => loop {
                #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
                let due = Duration::from_secs_f64((sent.at.len() + 1) as f64 / rate);
                let wait = (started + due).saturating_duration_since(Instant::now());
                if !wait.is_zero() {
                    return Ok(wait);
                }
                self.send_next(sent.at.len() % SENDERS, sent)?;
            },
            Pace::Window(window) => {
                for sender in 0..SENDERS {
                    while sent.under_way[sender] < window {
                        self.send_next(sender, sent)?;
                    }
                }
                Ok(PATIENCE)
            }
        }
    }

    fn send_next(&mut self, sender: usize, sent: &mut Sent) -> io::Result<()> {
        let number = sent.before + sent.at.len();
        let key = format!("b-{sender}-{number:08}");
        let text = self.wire.post(&key, &text(sender, number));
        sent.at.push(Instant::now());
        sent.under_way[sender] += 1;
        send(&mut self.connections[sender].stream, text.as_bytes())
    }
}

impl Connection {
    /// Takes what came. A read that does not fill the buffer has emptied the socket, so that there is one
    /// system call for each event.
    fn read(
        &mut self,
        wire: Wire,
        buffer: &mut [u8],
        sent: &mut Sent,
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
                let taken = self.take(wire, &buffer[..count], now, sent, latencies)?;
                self.rest.extend_from_slice(&buffer[taken..count]);
            } else {
                let mut whole = std::mem::take(&mut self.rest);
                whole.extend_from_slice(&buffer[..count]);
                let taken = self.take(wire, &whole, now, sent, latencies)?;
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
        wire: Wire,
        bytes: &[u8],
        now: Instant,
        sent: &mut Sent,
        latencies: &mut Vec<u32>,
    ) -> io::Result<usize> {
        let mut taken = 0;
        loop {
            if let Some(length) = ping(&bytes[taken..]) {
                taken += length;
                self.stream.write_all(&PONG)?;
                continue;
            }
            let Some((payload, length)) = frame(&bytes[taken..])? else {
                return Ok(taken);
            };
            taken += length;
            let text = match wire.hear(payload)? {
                Heard::Text(text) => text,
                Heard::Ping => {
                    send(&mut self.stream, b"3")?;
                    continue;
                }
                Heard::Aside => continue,
            };
            let (sender, message) = message(text)
                .ok_or_else(|| wrong(&format!("no text of ours: {}", text.escape_ascii())))?;
            let Some(message) = message.checked_sub(sent.before) else {
                continue;
            };
            let at = *sent
                .at
                .get(message)
                .ok_or_else(|| wrong("a message came before it was sent"))?;
            self.seen.add(message)?;
            if self.sender == Some(sender) {
                sent.under_way[sender] -= 1;
            }
            latencies.push(u32::try_from((now - at).as_micros()).unwrap_or(u32::MAX));
        }
    }
}

/// 64 bytes that begin with the sender's number and the message's.
fn text(sender: usize, message: usize) -> String {
    format!(
        "{sender}{message:0DIGITS$}{}",
        "x".repeat(TEXT - DIGITS - 1)
    )
}

/// The sender and the number of a message from its text, which has to be as it was sent.
fn message(text: &[u8]) -> Option<(usize, usize)> {
    let (sender, text) = text.split_at_checked(1)?;
    let (digits, filling) = text.split_at_checked(DIGITS)?;
    let whole = filling.len() == TEXT - DIGITS - 1 && filling.iter().all(|byte| *byte == b'x');
    let number = |digits| std::str::from_utf8(digits).ok()?.parse().ok();
    let (sender, message) = (number(sender)?, number(digits)?);
    (whole && sender < SENDERS).then_some((sender, message))
}
