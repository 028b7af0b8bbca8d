//! Many people on `kefu.v1` at once, on one thread: they come, hear, say and go without anybody waiting for
//! anybody.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    io::{self, Read, Write},
    net::SocketAddr,
    time::{Duration, Instant},
};

use memchr::memmem;
use mio::{Events, Interest, Poll, Token, net::TcpStream};

use crate::wire::{self, PONG, Posted, frame, masked, ping, wrong};

/// Who of a [`Crowd`].
pub type Who = usize;

/// What somebody hears.
pub enum Heard<'a> {
    /// They are in and have what they missed.
    In,
    /// A message of somebody.
    Posted(&'a Posted<'a>),
}

enum Stage {
    Away,
    /// The connection is being made.
    Connecting,
    Upgrading,
    Connected,
}

struct Person {
    stage: Stage,
    stream: Option<TcpStream>,
    hello: String,
    unread: Vec<u8>,
    /// In each conversation that they hear.
    last: HashMap<Vec<u8>, u64>,
    /// How often in a row they were refused.
    refused: u32,
}

/// The people and the way to the server.
pub struct Crowd {
    address: SocketAddr,
    poll: Poll,
    people: Vec<Person>,
    buffer: Vec<u8>,
    /// How many are in.
    pub inside: usize,
    /// Those who were told to try again, and when they do.
    refused: BinaryHeap<Reverse<(Instant, Who)>>,
    /// How often somebody was.
    pub refusals: usize,
}

impl Crowd {
    pub fn new(address: SocketAddr) -> io::Result<Self> {
        Ok(Self {
            address,
            poll: Poll::new()?,
            people: Vec::new(),
            buffer: vec![0; 64 << 10],
            inside: 0,
            refused: BinaryHeap::new(),
            refusals: 0,
        })
    }

    /// Somebody more, who is away; `hello` is what they say when they come for the first time.
    pub fn add(&mut self, hello: String) -> Who {
        self.people.push(Person {
            stage: Stage::Away,
            stream: None,
            hello,
            unread: Vec::new(),
            last: HashMap::new(),
            refused: 0,
        });
        self.people.len() - 1
    }

    /// The only conversation that they have.
    pub fn conversation(&self, who: Who) -> Option<String> {
        let mut all = self.people[who].last.keys();
        Some(String::from_utf8_lossy(all.next()?).into_owned())
    }

    /// Begins to connect.
    pub fn come(&mut self, who: Who) -> io::Result<()> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        self.poll.registry().register(
            &mut stream,
            Token(who),
            Interest::READABLE | Interest::WRITABLE,
        )?;
        let person = &mut self.people[who];
        person.stage = Stage::Connecting;
        person.stream = Some(stream);
        person.unread.clear();
        Ok(())
    }

    /// Is gone without a word.
    pub fn go(&mut self, who: Who) {
        let person = &mut self.people[who];
        if matches!(person.stage, Stage::Connected) {
            self.inside -= 1;
        }
        person.stage = Stage::Away;
        person.stream = None;
    }

    /// As a customer who came back says it: with what they hold.
    pub fn resume(&mut self, who: Who, number: usize) {
        let person = &mut self.people[who];
        let held: Vec<_> = person
            .last
            .iter()
            .map(|(id, seq)| format!(r#""{}":{seq}"#, String::from_utf8_lossy(id)))
            .collect();
        person.hello = wire::hello(number, &held.join(","));
    }

    pub fn send(&mut self, who: Who, payload: &str) -> io::Result<()> {
        let stream = self.people[who].stream.as_mut();
        wire::send(
            stream.ok_or_else(|| wrong("not there"))?,
            payload.as_bytes(),
        )
    }

    /// Brings all of these in, some hundreds at a time.
    pub fn bring(&mut self, whom: impl IntoIterator<Item = Who>) -> io::Result<()> {
        let mut whom = whom.into_iter().peekable();
        let (mut coming, until) = (0, Instant::now() + Duration::from_secs(60));
        loop {
            while coming < 200
                && let Some(who) = whom.next()
            {
                self.come(who)?;
                coming += 1;
            }
            if coming == 0 {
                return Ok(());
            }
            if Instant::now() > until {
                return Err(wrong("not everybody came in within a minute"));
            }
            self.turn(Duration::from_secs(1), |_, _, heard| {
                if matches!(heard, Heard::In) {
                    coming -= 1;
                }
                Ok(())
            })?;
        }
    }

    /// Hears what has come, waiting for at most so long for something.
    pub fn turn(
        &mut self,
        wait: Duration,
        mut hear: impl FnMut(&mut Self, Who, &Heard) -> io::Result<()>,
    ) -> io::Result<()> {
        while let Some(Reverse((due, who))) = self.refused.peek().copied()
            && due <= Instant::now()
        {
            self.refused.pop();
            self.come(who)?;
        }
        let mut events = Events::with_capacity(1024);
        match self.poll.poll(&mut events, Some(wait)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            polled => polled?,
        }
        for event in &events {
            let Token(who) = event.token();
            if matches!(self.people[who].stage, Stage::Connecting) && event.is_writable() {
                self.ask_for_upgrade(who)?;
            }
            if event.is_readable() {
                self.read(who, &mut hear)?;
            }
        }
        Ok(())
    }

    fn ask_for_upgrade(&mut self, who: Who) -> io::Result<()> {
        let address = self.address;
        let person = &mut self.people[who];
        let stream = person.stream.as_mut().ok_or_else(|| wrong("not there"))?;
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes())?;
        person.stage = Stage::Upgrading;
        Ok(())
    }

    fn read(
        &mut self,
        who: Who,
        hear: &mut impl FnMut(&mut Self, Who, &Heard) -> io::Result<()>,
    ) -> io::Result<()> {
        loop {
            let person = &mut self.people[who];
            let Some(stream) = &mut person.stream else {
                return Ok(());
            };
            let count = match stream.read(&mut self.buffer) {
                Ok(0) => return Err(wrong("the server closed a connection")),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            person.unread.extend_from_slice(&self.buffer[..count]);
            let mut unread = std::mem::take(&mut person.unread);
            let mut taken = 0;
            if matches!(person.stage, Stage::Upgrading) {
                let Some(end) = memmem::find(&unread, b"\r\n\r\n") else {
                    person.unread = unread;
                    continue;
                };
                if !unread.starts_with(b"HTTP/1.1 101 ") {
                    return Err(wrong("the server did not upgrade the connection"));
                }
                taken = end + 4;
                stream.write_all(&masked(person.hello.as_bytes())?)?;
                person.stage = Stage::Connected;
                self.inside += 1;
            }
            loop {
                if let Some(length) = ping(&unread[taken..]) {
                    taken += length;
                    self.pong(who)?;
                } else if self.people[who].stream.is_none() {
                    // Refused a moment ago; what follows is the end of the old connection.
                    break;
                } else if let Some((payload, length)) = frame(&unread[taken..])? {
                    taken += length;
                    self.frame(who, payload, hear)?;
                } else {
                    break;
                }
            }
            unread.drain(..taken);
            // Ten thousand of them are to cost little here, too.
            if unread.is_empty() {
                unread.shrink_to(0);
            }
            self.people[who].unread = unread;
        }
    }

    /// As pages do: within a time that doubles whenever they are refused, each by themselves.
    fn again_later(&mut self, who: Who) {
        let person = &mut self.people[who];
        let most = Duration::from_millis(500) * 2_u32.pow(person.refused.min(6));
        person.refused += 1;
        let part = u32::try_from(who * 7_919 % 1_000).unwrap_or(0);
        let wait = Duration::from_millis(200) + most * part / 1_000;
        self.refused.push(Reverse((Instant::now() + wait, who)));
        self.refusals += 1;
    }

    fn pong(&mut self, who: Who) -> io::Result<()> {
        match &mut self.people[who].stream {
            Some(stream) => stream.write_all(&PONG),
            None => Ok(()),
        }
    }

    fn frame(
        &mut self,
        who: Who,
        payload: &[u8],
        hear: &mut impl FnMut(&mut Self, Who, &Heard) -> io::Result<()>,
    ) -> io::Result<()> {
        match wire::kind(payload) {
            Some(b"message.posted") => {
                let posted =
                    Posted::read(payload).ok_or_else(|| wrong("a message that cannot be read"))?;
                let last = self.people[who].last.get_mut(posted.conversation);
                if let Some(last) = last {
                    if posted.seq != *last + 1 {
                        return Err(wrong(&format!("{} came after {last}", posted.seq)));
                    }
                    *last = posted.seq;
                } else {
                    let conversation = posted.conversation.to_vec();
                    self.people[who].last.insert(conversation, posted.seq);
                }
                hear(self, who, &Heard::Posted(&posted))
            }
            Some(b"resumed") => {
                self.people[who].refused = 0;
                hear(self, who, &Heard::In)
            }
            // In answer to who they are: nothing else of these is refused. The connection ends with it.
            Some(b"error") if memmem::find(payload, br#""retryable":true"#).is_some() => {
                self.go(who);
                self.again_later(who);
                Ok(())
            }
            Some(b"error") | None => Err(wrong(&String::from_utf8_lossy(payload))),
            Some(_) => Ok(()),
        }
    }
}

/// The median and the 99th of a hundred, in milliseconds.
pub fn percentiles(mut took: Vec<Duration>) -> (f64, f64) {
    took.sort_unstable();
    let at = |percent: usize| {
        let place = (took.len() * percent / 100).min(took.len().saturating_sub(1));
        took.get(place)
            .map_or(f64::NAN, |took| took.as_secs_f64() * 1e3)
    };
    (at(50), at(99))
}
