//! The people of a test: a customer, an agent, or somebody who sends whatever they like.

use std::{
    net::TcpStream,
    time::{Duration, Instant},
};

use kefu::{
    domain::{ConversationId, Token},
    protocol::{MessageView, ServerFrame, WelcomeView},
};
use serde_json::{Value, json};
use tungstenite::{
    Error, Message, WebSocket, client::IntoClientRequest, handshake::HandshakeError, http,
};

use super::Server;

/// How long anything may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// What comes from the server.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "nearly all of them are frames")]
pub enum Event {
    Frame(ServerFrame),
    /// Close code and reason; 1006 where the connection just broke.
    Closed(u16, String),
}

/// A new customer's secret.
pub fn token() -> String {
    Token::random().unwrap().expose().to_owned()
}

/// One WebSocket connection.
pub struct Client {
    pub ws: WebSocket<TcpStream>,
    refs: u64,
}

impl Client {
    /// A connection that has said nothing yet.
    pub fn connect(server: &Server) -> Self {
        Self::try_connect(server, &[]).expect("the upgrade is accepted")
    }

    /// Tries the upgrade with these headers.
    ///
    /// # Errors
    /// The HTTP answer that refused it.
    pub fn try_connect(
        server: &Server,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Box<http::Response<Option<Vec<u8>>>>> {
        let stream = TcpStream::connect(server.address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = format!("ws://{}/ws", server.address)
            .into_client_request()
            .unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match tungstenite::client(request, stream) {
            Ok((ws, _)) => Ok(Self { ws, refs: 0 }),
            Err(HandshakeError::Failure(Error::Http(answer))) => Err(answer),
            Err(error) => panic!("{error}"),
        }
    }

    /// A connection over a TCP connection that the test has made.
    pub fn over(stream: TcpStream, server: std::net::SocketAddr) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (ws, _) = tungstenite::client(format!("ws://{server}/ws"), stream).unwrap();
        Self { ws, refs: 0 }
    }

    /// A customer who is in; `resume` is what they hold, such as `{"1": 12}`.
    pub fn customer(server: &Server, token: &str, resume: Value) -> (Self, WelcomeView) {
        let mut client = Self::connect(server);
        client.send(&json!({"type": "hello", "as": "customer", "token": token, "resume": resume}));
        let welcome = client.welcome();
        (client, welcome)
    }

    /// An agent who is in.
    pub fn agent(server: &Server, bearer: &str, resume: Value) -> (Self, WelcomeView) {
        let mut client = Self::connect(server);
        client.send(&json!({"type": "hello", "as": "agent", "token": bearer, "resume": resume}));
        let welcome = client.welcome();
        (client, welcome)
    }

    /// The next frame, which must be `welcome`.
    pub fn welcome(&mut self) -> WelcomeView {
        match self.next() {
            Event::Frame(ServerFrame::Welcome(welcome)) => *welcome,
            other => panic!("instead of welcome: {other:?}"),
        }
    }

    pub fn send(&mut self, frame: &Value) {
        self.send_text(&frame.to_string());
    }

    pub fn send_text(&mut self, text: &str) {
        self.ws.send(Message::text(text)).unwrap();
    }

    /// Posts without waiting; returns the `ref`.
    pub fn post(
        &mut self,
        conversation: Option<ConversationId>,
        client_id: &str,
        text: &str,
    ) -> String {
        self.refs += 1;
        let reference = format!("r{}", self.refs);
        self.send(&json!({
            "type": "message.post", "ref": reference, "conversation": conversation,
            "client_id": client_id, "text": text,
        }));
        reference
    }

    /// Posts and waits for `message.accepted`; returns where the message stands, and whether it was
    /// there before. Other frames on the way are dropped.
    pub fn say(
        &mut self,
        conversation: Option<ConversationId>,
        client_id: &str,
        text: &str,
    ) -> (ConversationId, i64, bool) {
        let mine = self.post(conversation, client_id, text);
        self.until(|frame| match frame {
            ServerFrame::Accepted {
                reference,
                conversation,
                seq,
                duplicate,
                ..
            } if reference == mine => Some((conversation, seq.0, duplicate)),
            ServerFrame::Error(error) if error.reference.as_deref() == Some(&mine) => {
                panic!("refused: {error:?}")
            }
            _ => None,
        })
    }

    /// Posts many messages, 100 at a time, and waits until all are accepted; their `seq`. Other
    /// frames on the way are dropped.
    pub fn say_many(
        &mut self,
        conversation: Option<ConversationId>,
        prefix: &str,
        many: usize,
    ) -> Vec<i64> {
        let mut seqs = Vec::with_capacity(many);
        while seqs.len() < many {
            let until = many.min(seqs.len() + 100);
            for n in seqs.len()..until {
                self.post(
                    conversation,
                    &format!("{prefix}-{n}"),
                    &format!("{prefix} {n}"),
                );
            }
            while seqs.len() < until {
                seqs.push(self.until(|frame| match frame {
                    ServerFrame::Accepted { seq, .. } => Some(seq.0),
                    ServerFrame::Error(error) => panic!("refused: {error:?}"),
                    _ => None,
                }));
            }
        }
        seqs
    }

    /// The next frame exactly as it came, byte for byte.
    pub fn text(&mut self) -> String {
        loop {
            match self.ws.read().expect("a frame") {
                Message::Text(text) => return text.to_string(),
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// Goes away as a browser does: with the close handshake.
    pub fn leave(mut self) {
        self.ws.close(None).unwrap();
        while self.ws.read().is_ok() {}
    }

    /// What comes next; fails the test if nothing comes for long.
    pub fn next(&mut self) -> Event {
        loop {
            match self.ws.read() {
                Ok(Message::Text(text)) => {
                    let frame = serde_json::from_str(&text);
                    return Event::Frame(frame.unwrap_or_else(|error| panic!("{error}: {text}")));
                }
                Ok(Message::Close(frame)) => {
                    let closed = frame.map(|f| (u16::from(f.code), f.reason.to_string()));
                    let (code, reason) = closed.unwrap_or((1005, String::new()));
                    // Our answer to the close frame goes out with this.
                    while self.ws.read().is_ok() {}
                    return Event::Closed(code, reason);
                }
                Ok(_) => {}
                Err(Error::Io(error)) if is_timeout(&error) => {
                    panic!("nothing came for {PATIENCE:?}")
                }
                Err(error) => return Event::Closed(1006, error.to_string()),
            }
        }
    }

    /// The next frame; a close fails the test.
    pub fn frame(&mut self) -> ServerFrame {
        match self.next() {
            Event::Frame(frame) => frame,
            Event::Closed(code, reason) => panic!("closed with {code}: {reason}"),
        }
    }

    /// Drops frames until one is what `wanted` is looking for.
    pub fn until<T>(&mut self, mut wanted: impl FnMut(ServerFrame) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = wanted(self.frame()) {
                return found;
            }
            assert!(Instant::now() < deadline, "what was looked for never came");
        }
    }

    /// Waits for the end of the connection, dropping frames; the close code.
    pub fn closed(&mut self) -> (u16, String) {
        loop {
            if let Event::Closed(code, reason) = self.next() {
                return (code, reason);
            }
        }
    }

    /// The next error's code, dropping other frames.
    pub fn error(&mut self) -> (Option<String>, String) {
        self.until(|frame| match frame {
            ServerFrame::Error(error) => Some((error.reference, error.code)),
            _ => None,
        })
    }

    /// The next message, dropping other frames.
    pub fn message(&mut self) -> MessageView {
        self.until(|frame| match frame {
            ServerFrame::Posted(message) => Some(message),
            _ => None,
        })
    }

    /// The next `n` messages' `seq`.
    pub fn seqs(&mut self, n: usize) -> Vec<i64> {
        (0..n).map(|_| self.message().seq.0).collect()
    }

    /// Everything that the room has sent so far, but for places in the queue, which come by the clock. Not a pause: the room answers in order, so its
    /// refusal of a question about a conversation that cannot be stands behind all the rest.
    pub fn everything_so_far(&mut self) -> Vec<ServerFrame> {
        let nowhere = i64::MAX.to_string();
        self.send(&json!({"type": "typing", "conversation": nowhere, "on": true}));
        let mut frames = Vec::new();
        loop {
            match self.frame() {
                ServerFrame::Error(error) if error.code == "conversation_not_found" => {
                    return frames;
                }
                ServerFrame::Queue { .. } => {}
                frame => frames.push(frame),
            }
        }
    }
}

/// Whether nothing came in time.
pub(super) fn is_timeout(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
    )
}
