//! Somebody who follows docs/PROTOCOL.md as a good client does, whatever happens to the connection:
//! `client_id` before the first try, the same again until it is acknowledged, resume from what they
//! hold. They remember everything, for [`super::history`] to hold against the database.

use std::{
    collections::{BTreeMap, VecDeque},
    io::{self, Write},
    net::{IpAddr, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use kefu::{
    domain::ConversationId,
    protocol::{MessageView, ServerFrame, WelcomeView},
};
use serde_json::json;
use socket2::{Domain, Socket, Type};
use tungstenite::{Error, Message, WebSocket};

/// How long before a refused message is tried again.
const RETRY: Duration = Duration::from_millis(200);
/// How long one [`Person::step`] listens.
const LISTEN: Duration = Duration::from_millis(20);

/// By what the server knows them.
#[derive(Clone)]
pub enum Pass {
    Customer(String),
    Agent(String),
}

/// The connection is over.
#[derive(Debug)]
pub struct Gone;

/// A connection from one of this machine's addresses; of 127.0.0.0/8 every one is.
pub fn connect_from(from: Option<IpAddr>, to: SocketAddr) -> io::Result<TcpStream> {
    let Some(from) = from else {
        return TcpStream::connect(to);
    };
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
    socket.bind(&SocketAddr::new(from, 0).into())?;
    socket.connect(&to.into())?;
    Ok(socket.into())
}

/// A message as it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub conversation: i64,
    pub seq: i64,
    pub client_id: Option<String>,
    pub text: String,
}

impl From<MessageView> for Line {
    fn from(message: MessageView) -> Self {
        Self {
            conversation: message.conversation.0,
            seq: message.seq.0,
            client_id: message.client_id,
            text: message.text,
        }
    }
}

/// One connection, from `welcome` to its end.
#[derive(Default)]
pub struct SessionLog {
    /// After which `seq` it begins, by conversation: from `resume`, or as `welcome` told.
    pub start: BTreeMap<i64, i64>,
    /// Conversations that were not there at `welcome`.
    pub new: Vec<i64>,
    pub received: Vec<Line>,
}

/// A message of their own.
pub struct Own {
    pub text: String,
    pub written: Instant,
    /// Where it stands, and when they heard so first.
    pub accepted: Option<(i64, i64, Instant)>,
}

/// One try to send a message, and how long its answer took.
#[derive(Clone, Copy, Debug)]
pub struct Try {
    pub took: Duration,
    pub accepted: bool,
}

struct Unsent {
    client_id: String,
    conversation: Option<i64>,
    /// Of the try on this connection, if there is one under way.
    under_way: Option<(String, Instant)>,
    not_before: Instant,
}

/// What they hold of a conversation.
#[derive(Default)]
struct Held {
    /// The connection that brought it first began after this `seq`.
    from: i64,
    /// What came by `history`: 1 to `from`, in the end.
    older: i64,
    last: i64,
}

pub struct Person {
    pub name: String,
    pub pass: Pass,
    /// How many messages are under way at once while they write.
    pub window: usize,
    /// How long their texts are made, in bytes, at least.
    pub padding: usize,
    /// From where they connect, if not from where everybody does.
    pub from: Option<IpAddr>,
    pub sessions: Vec<SessionLog>,
    pub own: BTreeMap<String, Own>,
    pub older: Vec<Line>,
    pub tries: Vec<Try>,
    held: BTreeMap<i64, Held>,
    outbox: VecDeque<Unsent>,
    ws: Option<WebSocket<TcpStream>>,
    resumed: bool,
    asking: bool,
    count: u64,
}

impl Person {
    /// `name` begins their `client_id`s, so it must not be anybody else's.
    pub fn new(name: impl Into<String>, pass: Pass) -> Self {
        Self {
            name: name.into(),
            pass,
            window: 4,
            padding: 0,
            from: None,
            sessions: Vec::new(),
            own: BTreeMap::new(),
            older: Vec::new(),
            tries: Vec::new(),
            held: BTreeMap::new(),
            outbox: VecDeque::new(),
            ws: None,
            resumed: false,
            asking: false,
            count: 0,
        }
    }

    pub fn is_customer(&self) -> bool {
        matches!(self.pass, Pass::Customer(_))
    }

    pub fn is_connected(&self) -> bool {
        self.ws.is_some()
    }

    /// Connects and says hello.
    ///
    /// # Errors
    /// [`Gone`] when there is no server, or it ends the connection before `welcome`.
    pub fn connect(&mut self, address: SocketAddr) -> Result<(), Gone> {
        self.leave();
        let stream = connect_from(self.from, address).map_err(|_| Gone)?;
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(LISTEN)).unwrap();
        let mut handshake = tungstenite::client(format!("ws://{address}/ws"), stream);
        let ws = loop {
            match handshake {
                Ok((ws, _)) => break ws,
                Err(tungstenite::HandshakeError::Interrupted(middle)) => {
                    handshake = middle.handshake();
                }
                Err(tungstenite::HandshakeError::Failure(_)) => return Err(Gone),
            }
        };
        self.ws = Some(ws);
        let resume: BTreeMap<String, i64> = self
            .held
            .iter()
            .map(|(id, held)| (id.to_string(), held.last))
            .collect();
        let (role, token) = match &self.pass {
            Pass::Customer(token) => ("customer", token),
            Pass::Agent(token) => ("agent", token),
        };
        self.send(&json!({"type": "hello", "as": role, "token": token, "resume": resume}))?;
        loop {
            match self.read()? {
                None => {}
                Some(ServerFrame::Welcome(welcome)) => {
                    self.welcome(&welcome);
                    return Ok(());
                }
                Some(ServerFrame::Error(error)) if error.retryable => {}
                Some(other) => panic!("{}: instead of welcome: {other:?}", self.name),
            }
        }
    }

    /// Drops the connection without a word.
    pub fn leave(&mut self) {
        self.ws = None;
        self.resumed = false;
        self.asking = false;
        for unsent in &mut self.outbox {
            unsent.under_way = None;
            unsent.not_before = Instant::now();
        }
    }

    /// Drops the connection in the middle of a frame.
    pub fn break_off(&mut self) {
        if let Some(ws) = &mut self.ws {
            // Of a masked text frame of 100 bytes, these come.
            let part = b"\x81\xe4\0\0\0\0{\"type\":\"message.po";
            // Where the connection is over already, it is no other end.
            let _ = ws.get_mut().write_all(part);
        }
        self.leave();
    }

    /// Sends one of their messages again that has been acknowledged, as a client does that lost the answer.
    ///
    /// # Errors
    /// [`Gone`].
    pub fn repeat(&mut self, which: usize) -> Result<(), Gone> {
        let known = self.own.iter().filter_map(|(client_id, own)| {
            let (conversation, ..) = own.accepted?;
            Some((client_id, conversation, &own.text))
        });
        let known: Vec<_> = known.collect();
        if known.is_empty() {
            return Ok(());
        }
        let (client_id, conversation, text) = known[which % known.len()];
        let frame = json!({
            "type": "message.post", "ref": "again", "client_id": client_id,
            "conversation": ConversationId(conversation), "text": text,
        });
        self.send(&frame)
    }

    /// Sends what is due, and takes what comes within a moment.
    ///
    /// # Errors
    /// [`Gone`].
    pub fn step(&mut self, write: bool) -> Result<(), Gone> {
        while write && self.outbox.len() < self.window {
            if !self.write() {
                break;
            }
        }
        self.send_due()?;
        self.ask_for_older()?;
        match self.read()? {
            None => Ok(()),
            Some(frame) => self.take(frame),
        }
    }

    /// Whether nothing is open: all is acknowledged, resumed and read up on.
    pub fn is_settled(&self) -> bool {
        self.resumed && self.outbox.is_empty() && self.held.values().all(|h| h.older >= h.from)
    }

    /// Up to where they hold a conversation.
    pub fn holds(&self, conversation: i64) -> i64 {
        self.held.get(&conversation).map_or(0, |held| held.last)
    }

    pub fn conversations(&self) -> impl Iterator<Item = i64> {
        self.held.keys().copied()
    }

    fn write(&mut self) -> bool {
        let ids: Vec<i64> = self.held.keys().copied().collect();
        let turn = usize::try_from(self.count).unwrap();
        let conversation = if ids.is_empty() {
            None
        } else {
            Some(ids[turn % ids.len()])
        };
        if conversation.is_none() && !self.is_customer() {
            return false;
        }
        self.count += 1;
        let client_id = format!("{}-{}", self.name, self.count);
        let mut text = format!("第{} message of {}", self.count, self.name);
        text.extend(std::iter::repeat_n('.', self.padding));
        let written = Instant::now();
        self.own.insert(
            client_id.clone(),
            Own {
                text,
                written,
                accepted: None,
            },
        );
        self.outbox.push_back(Unsent {
            client_id,
            conversation,
            under_way: None,
            not_before: written,
        });
        true
    }

    fn send_due(&mut self) -> Result<(), Gone> {
        let now = Instant::now();
        for at in 0..self.outbox.len() {
            let unsent = &mut self.outbox[at];
            if unsent.under_way.is_some() || unsent.not_before > now {
                continue;
            }
            let reference = format!("{}/{}", unsent.client_id, self.tries.len());
            unsent.under_way = Some((reference.clone(), now));
            let frame = json!({
                "type": "message.post", "ref": reference, "client_id": unsent.client_id,
                "conversation": unsent.conversation.map(ConversationId),
                "text": self.own[&unsent.client_id].text,
            });
            self.send(&frame)?;
        }
        Ok(())
    }

    fn ask_for_older(&mut self) -> Result<(), Gone> {
        let wanted = self.held.iter().find(|(_, held)| held.older < held.from);
        let Some((id, held)) = wanted.filter(|_| !self.asking) else {
            return Ok(());
        };
        let frame = json!({
            "type": "history", "ref": "older", "conversation": ConversationId(*id),
            "after": held.older, "limit": 200,
        });
        self.asking = true;
        self.send(&frame)
    }

    fn send(&mut self, frame: &serde_json::Value) -> Result<(), Gone> {
        let ws = self.ws.as_mut().ok_or(Gone)?;
        let sent = ws.send(Message::text(frame.to_string()));
        sent.map_err(|_| self.leave()).map_err(|()| Gone)
    }

    fn read(&mut self) -> Result<Option<ServerFrame>, Gone> {
        match self.ws.as_mut().ok_or(Gone)?.read() {
            Ok(Message::Text(text)) => Ok(Some(serde_json::from_str(&text).unwrap())),
            Ok(Message::Close(_)) => {
                self.leave();
                Err(Gone)
            }
            Ok(_) => Ok(None),
            Err(Error::Io(error)) if super::is_timeout(&error) => Ok(None),
            Err(_) => {
                self.leave();
                Err(Gone)
            }
        }
    }

    fn welcome(&mut self, welcome: &WelcomeView) {
        let mut log = SessionLog::default();
        for (id, held) in &self.held {
            log.start.insert(*id, held.last);
        }
        for listed in &welcome.conversations {
            let (id, last) = (listed.id.0, listed.last_seq.0);
            self.held.entry(id).or_insert(Held {
                from: last,
                older: 0,
                last,
            });
            log.start.entry(id).or_insert(last);
        }
        self.sessions.push(log);
    }

    fn take(&mut self, frame: ServerFrame) -> Result<(), Gone> {
        match frame {
            ServerFrame::Resumed => self.resumed = true,
            ServerFrame::Posted(message) => self.posted(Line::from(message))?,
            ServerFrame::Accepted {
                reference,
                conversation,
                seq,
                ..
            } => {
                if let Some(client_id) = self.answered(&reference, true) {
                    self.outbox.retain(|unsent| unsent.client_id != client_id);
                    let own = self.own.get_mut(&client_id).unwrap();
                    own.accepted = Some((conversation.0, seq.0, Instant::now()));
                }
            }
            ServerFrame::History(page) => {
                let held = self.held.get_mut(&page.conversation.0).unwrap();
                let mut asked = held.older;
                for message in page.messages {
                    asked += 1;
                    assert_eq!(message.seq.0, asked, "{}: a page has a gap", self.name);
                    if message.seq.0 <= held.from {
                        held.older = asked;
                        self.older.push(message.into());
                    }
                }
                self.asking = false;
            }
            ServerFrame::Error(error) if error.retryable => match error.reference.as_deref() {
                Some("older") => self.asking = false,
                Some(reference) => drop(self.answered(reference, false)),
                None => {}
            },
            ServerFrame::Error(error) => panic!("{}: {error:?}", self.name),
            _ => {}
        }
        Ok(())
    }

    fn posted(&mut self, line: Line) -> Result<(), Gone> {
        let log = self.sessions.last_mut().unwrap();
        let (id, seq) = (line.conversation, line.seq);
        let held = self.held.entry(id).or_insert_with(|| {
            log.new.push(id);
            log.start.insert(id, seq - 1);
            Held {
                from: seq - 1,
                older: 0,
                last: seq - 1,
            }
        });
        held.last = seq;
        log.received.push(line);
        if log.received.len().is_multiple_of(16) {
            let conversation = ConversationId(id);
            self.send(
                &json!({"type": "typing", "conversation": conversation, "on": seq % 32 == 0}),
            )?;
            self.send(&json!({"type": "read", "conversation": conversation, "seq": seq}))?;
        }
        Ok(())
    }

    /// Whose answer it is; `None` for one that nobody waits for.
    fn answered(&mut self, reference: &str, accepted: bool) -> Option<String> {
        let mine = |unsent: &&mut Unsent| {
            unsent
                .under_way
                .as_ref()
                .is_some_and(|(sent_as, _)| sent_as == reference)
        };
        let unsent = self.outbox.iter_mut().find(mine)?;
        let (_, since) = unsent.under_way.take()?;
        unsent.not_before = Instant::now() + RETRY;
        self.tries.push(Try {
            took: since.elapsed(),
            accepted,
        });
        Some(unsent.client_id.clone())
    }
}
