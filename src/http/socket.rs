//! One WebSocket: the only file that knows actix-web-actors.
//!
//! A [`Socket`] is an actor that lives inside the response's body on a worker thread: while the other side
//! does not read, the whole actor stands still and its channel fills, which is how others notice. What ends
//! such a connection is the kernel (`TCP_USER_TIMEOUT`, set in `server`).
//!
//! What is said on it is the business of a [`Peer`]. Messages go past the actor's own encoder: what many
//! sockets send is put into frames once for all of them ([`Texts`]).

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, StreamHandler, fut::wrap_future};
use actix_http::ws::{Codec, Item, OpCode, Parser};
use actix_web::{
    Error, HttpRequest, HttpResponse,
    web::{Bytes, BytesMut, Payload},
};
use actix_web_actors::ws::{
    self, CloseCode, CloseReason, Message, ProtocolError, WebsocketContext,
};
use bytestring::ByteString;
use futures_util::{Stream, StreamExt, stream::LocalBoxStream};
use tracing::debug;

use super::gate::Gate;
use crate::{
    channel::{Overflown, Receiver},
    protocol::Close,
    texts::Texts,
};

/// How long the other side has to answer our close frame before the connection is dropped.
const LINGER: Duration = Duration::from_secs(1);

/// Our end of a WebSocket.
pub trait Peer: Sized + Unpin + 'static {
    /// What others tell it.
    type Told: Send + 'static;

    /// Names it in the log.
    fn id(&self) -> u64;
    /// The connection stands.
    fn opened(&mut self, line: &mut Line<'_, Self>);
    /// A whole text message came.
    fn text(&mut self, text: ByteString, line: &mut Line<'_, Self>);
    /// A whole binary message came.
    fn binary(&mut self, bytes: Bytes, line: &mut Line<'_, Self>);
    /// Where it hears others; asked for once.
    fn inbox(&mut self) -> Option<Receiver<Self::Told>>;
    /// Others have said something; also while the line is closing.
    fn told(&mut self, told: Vec<Self::Told>, line: &mut Line<'_, Self>);
    /// Others said more than it could take, and nothing more of it will come.
    fn overflown(&mut self, line: &mut Line<'_, Self>);
    /// It is over, for whatever reason.
    fn closed(&mut self);
}

/// What a socket goes by.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a whole message, its fragments together.
    pub message_bytes: usize,
    /// How often to ping. Somebody silent for two of these and ten seconds is gone. `None`: the peer sees to
    /// it.
    pub heartbeat: Option<Duration>,
}

/// What a [`Peer`] can do with its connection.
pub struct Line<'a, P: Peer> {
    closing: &'a mut bool,
    id: u64,
    outgoing: &'a RefCell<Outgoing>,
    ctx: &'a mut WebsocketContext<Socket<P>>,
}

impl<P: Peer> Line<'_, P> {
    /// Sends a text message.
    pub fn send_text(&mut self, text: &str) {
        self.outgoing
            .borrow_mut()
            .write(text.as_bytes(), OpCode::Text);
    }

    /// Sends text messages that others may be sending as well.
    pub fn send_texts(&mut self, texts: &Texts) {
        self.outgoing.borrow_mut().push(texts.framed(frame));
        // They go to the socket in this same turn: it has taken all that was before them, or nobody would be
        // asked for more.
        texts.delivered();
    }

    /// Sends a binary message.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.outgoing.borrow_mut().write(bytes, OpCode::Binary);
    }

    /// Closes the connection with a code and a reason of at most 123 bytes.
    pub fn close(&mut self, code: u16, reason: &str) {
        if std::mem::replace(self.closing, true) {
            return;
        }
        debug!(session = self.id, code, "closing");
        self.ctx.close(Some(CloseReason {
            code: CloseCode::from(code),
            description: Some(reason.to_owned()),
        }));
        self.ctx.run_later(LINGER, |_, ctx| ctx.stop());
    }

    /// The close frame is on its way: nothing is to be sent any more.
    pub fn is_closing(&self) -> bool {
        *self.closing
    }

    /// Calls the peer after a while.
    pub fn after(&mut self, delay: Duration, call: fn(&mut P, &mut Line<'_, P>)) {
        self.ctx.run_later(delay, move |socket, ctx| {
            socket.with(ctx, call);
        });
    }

    /// Takes nothing further from the connection until this is done, which is back-pressure; then calls the
    /// peer with the outcome.
    pub fn wait<T: 'static>(
        &mut self,
        work: impl Future<Output = T> + 'static,
        call: fn(&mut P, T, &mut Line<'_, P>),
    ) {
        let work = wrap_future::<_, Socket<P>>(work);
        self.ctx.wait(work.map(move |outcome, socket, ctx| {
            socket.with(ctx, |peer, line| call(peer, outcome, line));
        }));
    }
}

/// Answers an upgrade request and lets the peer speak.
///
/// # Errors
/// What about the request is not WebSocket.
pub fn start<P: Peer>(
    peer: P,
    limits: Limits,
    request: &HttpRequest,
    stream: Payload,
) -> Result<HttpResponse, String> {
    let mut response = ws::handshake(request)
        .map_err(|error| format!("this address speaks WebSocket (RFC 6455): {error}"))?;
    let verdict = Rc::new(Cell::new(None));
    let outgoing = Rc::new(RefCell::new(Outgoing::default()));
    let socket = Socket {
        peer,
        limits,
        outgoing: Rc::clone(&outgoing),
        closing: false,
        heard: Instant::now(),
        partial: None,
        verdict: Rc::clone(&verdict),
    };
    let stream = Gate::new(stream, limits.message_bytes, verdict);
    let codec = Codec::new().max_size(limits.message_bytes);
    Ok(response.streaming(Body {
        actor: WebsocketContext::with_codec(socket, stream, codec).boxed_local(),
        outgoing,
        held: Poll::Pending,
    }))
}

/// Messages in frames, for the socket to take.
#[derive(Default)]
struct Outgoing {
    chunks: VecDeque<Bytes>,
    /// The frames after those.
    last: BytesMut,
}

impl Outgoing {
    fn write(&mut self, payload: &[u8], kind: OpCode) {
        Parser::write_message(&mut self.last, payload, kind, true, false);
    }

    fn push(&mut self, frames: Bytes) {
        if !self.last.is_empty() {
            self.chunks
                .push_back(std::mem::take(&mut self.last).freeze());
        }
        self.chunks.push_back(frames);
    }

    fn take(&mut self) -> Option<Bytes> {
        self.chunks
            .pop_front()
            .or_else(|| (!self.last.is_empty()).then(|| std::mem::take(&mut self.last).freeze()))
    }
}

/// Text messages in frames as a server sends them.
fn frame(texts: &[ByteString]) -> Bytes {
    // The head of a frame has at most ten bytes.
    let most = texts.iter().map(|text| text.len() + 10).sum();
    let mut frames = BytesMut::with_capacity(most);
    for text in texts {
        Parser::write_message(&mut frames, text.as_bytes(), OpCode::Text, true, false);
    }
    frames.freeze()
}

/// What the socket sends: the messages, and of the actor's own making pings, pongs and the close frame. The
/// actor runs only while everything before has been taken.
struct Body {
    actor: LocalBoxStream<'static, Result<Bytes, Error>>,
    outgoing: Rc<RefCell<Outgoing>>,
    /// What the actor gave after messages that have to go out first; ready only while there is something.
    held: Poll<Option<Result<Bytes, Error>>>,
}

impl Stream for Body {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(chunk) = this.outgoing.borrow_mut().take() {
            return Poll::Ready(Some(Ok(chunk)));
        }
        if this.held.is_ready() {
            return std::mem::replace(&mut this.held, Poll::Pending);
        }
        let given = this.actor.poll_next_unpin(context);
        let Some(chunk) = this.outgoing.borrow_mut().take() else {
            return given;
        };
        this.held = given;
        Poll::Ready(Some(Ok(chunk)))
    }
}

struct Socket<P: Peer> {
    peer: P,
    limits: Limits,
    outgoing: Rc<RefCell<Outgoing>>,
    closing: bool,
    heard: Instant,
    /// The fragments so far of a message that comes in several.
    partial: Option<Fragments>,
    /// Why the gate let nothing further through.
    verdict: Rc<Cell<Option<Close>>>,
}

struct Fragments {
    text: bool,
    bytes: Vec<u8>,
}

impl<P: Peer> Socket<P> {
    fn with(
        &mut self,
        ctx: &mut WebsocketContext<Self>,
        call: impl FnOnce(&mut P, &mut Line<'_, P>),
    ) {
        let mut line = Line {
            closing: &mut self.closing,
            id: self.peer.id(),
            outgoing: &self.outgoing,
            ctx,
        };
        call(&mut self.peer, &mut line);
    }

    fn close(&mut self, close: Close, ctx: &mut WebsocketContext<Self>) {
        self.with(ctx, |_, line| line.close(close.code(), close.reason()));
    }

    /// Joins fragments (RFC 6455 §5.4). The gate has seen to their order and their length.
    fn fragment(&mut self, item: Item, ctx: &mut WebsocketContext<Self>) {
        let (first, last, bytes) = match item {
            Item::FirstText(bytes) => (Some(true), false, bytes),
            Item::FirstBinary(bytes) => (Some(false), false, bytes),
            Item::Continue(bytes) => (None, false, bytes),
            Item::Last(bytes) => (None, true, bytes),
        };
        if let Some(text) = first {
            self.partial = Some(Fragments {
                text,
                bytes: Vec::new(),
            });
        }
        let Some(fragments) = &mut self.partial else {
            return self.close(Close::Protocol, ctx);
        };
        fragments.bytes.extend_from_slice(&bytes);
        if !last {
            return;
        }
        let Some(Fragments { text, bytes }) = self.partial.take() else {
            return;
        };
        if !text {
            return self.with(ctx, |peer, line| peer.binary(bytes.into(), line));
        }
        match String::from_utf8(bytes) {
            Ok(text) => self.with(ctx, |peer, line| peer.text(text.into(), line)),
            Err(_) => self.close(Close::InvalidUtf8, ctx),
        }
    }

    fn beat(&mut self, heartbeat: Duration, ctx: &mut WebsocketContext<Self>) {
        if self.closing {
            return;
        }
        if self.heard.elapsed() > heartbeat * 2 + Duration::from_secs(10) {
            self.close(Close::Silent, ctx);
        } else {
            ctx.ping(b"");
        }
    }
}

impl<P: Peer> Actor for Socket<P> {
    type Context = WebsocketContext<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if let Some(inbox) = self.peer.inbox() {
            ctx.add_stream(inbox);
        }
        self.with(ctx, Peer::opened);
        if let Some(heartbeat) = self.limits.heartbeat
            && !self.closing
        {
            ctx.run_interval(heartbeat, move |socket, ctx| socket.beat(heartbeat, ctx));
        }
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        debug!(session = self.peer.id(), "ended");
        self.peer.closed();
    }
}

/// The close code for a broken frame.
fn close_for(error: &ProtocolError) -> Close {
    match error {
        ProtocolError::Overflow => Close::TooBig,
        // How actix-web-actors reports a text frame that is not UTF-8.
        ProtocolError::Io(error) if error.kind() == std::io::ErrorKind::Other => Close::InvalidUtf8,
        _ => Close::Protocol,
    }
}

/// Whether a close code may stand in a close frame (RFC 6455 §7.4).
fn may_be_echoed(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1011 | 3000..=4999)
}

impl<P: Peer> StreamHandler<Result<Message, ProtocolError>> for Socket<P> {
    fn handle(&mut self, item: Result<Message, ProtocolError>, ctx: &mut Self::Context) {
        self.heard = Instant::now();
        if self.closing {
            // Only the answer to our close frame is of interest.
            if matches!(item, Ok(Message::Close(_))) {
                ctx.stop();
            }
            return;
        }
        match item {
            Ok(Message::Ping(payload)) => ctx.pong(&payload),
            Ok(Message::Pong(_) | Message::Nop) => {}
            Ok(Message::Close(reason)) => {
                // Not every code may be sent (RFC 6455 §7.4); the codec lets them through.
                let reason = reason.filter(|reason| may_be_echoed(reason.code.into()));
                ctx.close(reason);
                ctx.stop();
            }
            Ok(Message::Text(text)) => self.with(ctx, |peer, line| peer.text(text, line)),
            Ok(Message::Binary(bytes)) => self.with(ctx, |peer, line| peer.binary(bytes, line)),
            Ok(Message::Continuation(item)) => self.fragment(item, ctx),
            Err(error) => {
                debug!(session = self.peer.id(), %error, "broken frame");
                self.close(close_for(&error), ctx);
            }
        }
    }

    fn finished(&mut self, ctx: &mut Self::Context) {
        match self.verdict.take() {
            Some(close) => self.close(close, ctx),
            // The close frame still has to go out.
            None if self.closing => {}
            None => ctx.stop(),
        }
    }
}

impl<P: Peer> StreamHandler<Result<Vec<P::Told>, Overflown>> for Socket<P> {
    fn handle(&mut self, told: Result<Vec<P::Told>, Overflown>, ctx: &mut Self::Context) {
        self.with(ctx, |peer, line| match told {
            Ok(told) => peer.told(told, line),
            Err(Overflown) => peer.overflown(line),
        });
    }

    /// Nothing more will be said; the connection stands.
    fn finished(&mut self, _: &mut Self::Context) {}
}
