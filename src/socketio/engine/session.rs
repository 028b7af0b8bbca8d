//! One Engine.IO session: an actor with a context of its own, so that it outlives the requests and sockets
//! that carry it. It lives on the worker thread that opened it, and ends by the client, by the application,
//! by its heartbeat, or with the server.
//!
//! Requests and sockets speak to it through a bounded channel ([`Input`]); what waits for the client is
//! bounded ([`Full`]); what the application does with messages is an [`Application`].

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, Message, Recipient,
    StreamHandler, fut::wrap_future,
};
use bytes::Bytes;
use bytestring::ByteString;
use tokio::sync::{mpsc, oneshot};
use tracing::debug;

use super::{
    Settings,
    heartbeat::{Beat, Heartbeat},
    outgoing::{Full, Outgoing},
    packet::{Frame, Malformed, Packet, Version},
    payload::{Body, encode},
    registry::{Found, Place, Registry, Sid},
};

/// Requests and messages of sockets that may wait for a session; those who bring more wait themselves.
const INPUTS: usize = 16;
/// Packets in the answer to one poll: python-socketio takes no more.
const PACKETS_PER_POLL: usize = 16;
/// How long a socket may take to become the session's carrier.
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);

/// What stands on a session.
pub trait Application: Sized + Unpin + 'static {
    /// What other actors may tell it, through [`Link::recipient`].
    type Told: Message<Result = ()> + Send + 'static;

    /// The session stands.
    fn opened(&mut self, link: &mut Link<'_, Self>);
    /// A text message came.
    fn text(&mut self, text: ByteString, link: &mut Link<'_, Self>);
    /// A binary message came.
    fn binary(&mut self, bytes: Bytes, link: &mut Link<'_, Self>);
    /// Another actor says something.
    fn told(&mut self, told: Self::Told, link: &mut Link<'_, Self>);
    /// All that waited was handed to the client.
    fn drained(&mut self, _link: &mut Link<'_, Self>) {}
    /// It is over; comes once.
    fn closed(&mut self, reason: Reason);
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The client said so.
    ClientClosed,
    /// Its WebSocket ended, or it went away while it polled.
    TransportLost,
    /// Nothing was heard for too long.
    PingTimeout,
    /// What it sent was not Engine.IO.
    Malformed(&'static str),
    /// It polled twice at once.
    Overlap,
    /// It did not keep up with what was sent to it.
    TooSlow,
    /// The application closed it, with a close code for WebSocket and its reason.
    Closed(u16, &'static str),
    /// The server is going away.
    Stopped,
}

impl Reason {
    /// As a close frame of WebSocket says it.
    fn close(self) -> (u16, &'static str) {
        match self {
            Self::ClientClosed | Self::TransportLost | Self::Overlap => (1000, ""),
            Self::PingTimeout => (4001, "nothing was heard for too long"),
            Self::Malformed(why) => (1002, why),
            Self::TooSlow => (4008, "too slow; reconnect"),
            Self::Closed(code, reason) => (code, reason),
            Self::Stopped => (1001, "the server is going away; reconnect"),
        }
    }
}

/// Names one WebSocket of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketId(pub u64);

/// What requests and sockets say to a session.
pub enum Input {
    /// A GET waits for packets.
    Poll(oneshot::Sender<Answer>),
    /// A GET went away before its answer.
    PollGone,
    /// A POST brought packets; answered when all are handled.
    Post(Result<Vec<Packet>, Malformed>, oneshot::Sender<Answer>),
    /// A socket stands.
    SocketOpened(SocketId, Recipient<ToSocket>),
    /// A socket brought a packet.
    SocketSent(SocketId, Result<Packet, Malformed>),
    /// A socket is gone.
    SocketGone(SocketId),
    /// The server is going away.
    Stop,
}

/// What a request gets.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// Packets for a GET.
    Packets(Body),
    /// A POST was handled.
    Handled,
    /// There is no such session any more.
    Unknown,
    /// This is not the moment for it; says why.
    Refused(&'static str),
}

/// What a socket is to send.
#[derive(Message)]
#[rtype(result = "()")]
pub struct ToSocket {
    /// In this order.
    pub frames: Vec<Frame>,
    /// Then close, with this code and reason.
    pub close: Option<(u16, &'static str)>,
}

/// A session that was opened.
pub struct Opened {
    /// Its id.
    pub sid: Sid,
    /// Where its requests and sockets speak to it.
    pub found: Found,
    /// The open packet, where the session begins by polling; a socket gets it from the session.
    pub answer: Body,
}

/// Opens a session on this thread, carried by `socket` or, without one, by polling. `base64` says that the
/// client takes no bytes (`b64=1`).
///
/// # Errors
/// When the system has no randomness for an id.
pub fn open<A: Application>(
    registry: &Arc<Registry>,
    settings: &Arc<Settings>,
    version: Version,
    base64: bool,
    socket: Option<SocketId>,
    app: A,
) -> Result<Opened, getrandom::Error> {
    let sid = Sid::random()?;
    let (inputs, queue) = mpsc::channel(INPUTS);
    let found = Found { inputs, version };
    let upgrades: &[&str] = if socket.is_some() {
        &[]
    } else {
        &["websocket"]
    };
    let handshake = Frame::Text(settings.handshake(&sid, upgrades).into());
    let mut core = Core {
        version,
        base64,
        outgoing: Outgoing::new(settings),
        overflown: false,
        carrier: match socket {
            None => Carrier::Polling(None),
            Some(id) => Carrier::Socket(id, Line::Awaited),
        },
        probe: None,
        heartbeat: Heartbeat::new(version, settings, Instant::now()),
        closing: None,
    };
    let answer = encode(version, base64, std::slice::from_ref(&handshake));
    if socket.is_some() {
        core.send(handshake);
    }
    let session = Session {
        core,
        app,
        place: Some(registry.add(sid.clone(), found.clone())),
        queue: Some(queue),
        mailbox: settings.queue_frames,
        ended: false,
    };
    session.start();
    Ok(Opened { sid, found, answer })
}

/// Who takes what waits for the client.
enum Carrier {
    /// A request, where one waits.
    Polling(Option<oneshot::Sender<Answer>>),
    /// A WebSocket.
    Socket(SocketId, Line),
}

enum Line {
    /// It is being opened.
    Awaited,
    /// It takes the next packets.
    Ready(Recipient<ToSocket>),
    /// It has not taken the last ones yet.
    Busy(Recipient<ToSocket>),
}

/// A socket that may become the carrier.
struct Probe {
    id: SocketId,
    socket: Recipient<ToSocket>,
    /// `2probe` came and `3probe` went out.
    answered: bool,
}

/// All of a session but its application.
struct Core {
    version: Version,
    base64: bool,
    outgoing: Outgoing,
    /// Something did not fit: the session is to end.
    overflown: bool,
    carrier: Carrier,
    probe: Option<Probe>,
    heartbeat: Heartbeat,
    /// The application closed it.
    closing: Option<Reason>,
}

impl Core {
    fn send(&mut self, frame: Frame) -> bool {
        let fits = self.outgoing.push(frame).is_ok();
        self.overflown |= !fits;
        fits
    }

    fn encode(&self, frames: &[Frame]) -> Answer {
        Answer::Packets(encode(self.version, self.base64, frames))
    }

    fn to_socket(&self, frames: Vec<Frame>, close: Option<(u16, &'static str)>) -> ToSocket {
        let frames = frames
            .into_iter()
            .map(|frame| frame.on_socket(self.version, self.base64))
            .collect();
        ToSocket { frames, close }
    }
}

struct Session<A: Application> {
    core: Core,
    app: A,
    /// Given back as soon as the session is over.
    place: Option<Place>,
    /// Until the actor has started.
    queue: Option<mpsc::Receiver<Input>>,
    mailbox: usize,
    /// The application has heard that it is over.
    ended: bool,
}

/// What an [`Application`] can do with its session.
pub struct Link<'a, A: Application> {
    core: &'a mut Core,
    ctx: &'a mut Context<Session<A>>,
}

impl<A: Application> Link<'_, A> {
    /// Sends a text message.
    ///
    /// # Errors
    /// [`Full`]; the session ends, so that the client comes back.
    pub fn send_text(&mut self, text: &str) -> Result<(), Full> {
        self.send_encoded(format!("4{text}").into())
    }

    /// Sends a text message that has its `4` already.
    ///
    /// # Errors
    /// As [`Link::send_text`].
    pub fn send_encoded(&mut self, packet: ByteString) -> Result<(), Full> {
        self.send(Frame::Text(packet))
    }

    /// Sends a binary message.
    ///
    /// # Errors
    /// As [`Link::send_text`].
    pub fn send_bytes(&mut self, bytes: Bytes) -> Result<(), Full> {
        self.send(Frame::Binary(bytes))
    }

    fn send(&mut self, frame: Frame) -> Result<(), Full> {
        if self.core.closing.is_some() || self.core.overflown {
            return Err(Full);
        }
        if self.core.send(frame) {
            Ok(())
        } else {
            Err(Full)
        }
    }

    /// Ends the session after what waits; a WebSocket closes with this code and reason.
    pub fn close(&mut self, code: u16, reason: &'static str) {
        self.core
            .closing
            .get_or_insert(Reason::Closed(code, reason));
    }

    /// The client broke the protocol: ends the session.
    pub fn close_malformed(&mut self, why: &'static str) {
        self.core.closing.get_or_insert(Reason::Malformed(why));
    }

    /// Whether nothing waits for the client.
    pub fn is_drained(&self) -> bool {
        self.core.outgoing.is_empty()
    }

    /// What the client speaks.
    pub fn version(&self) -> Version {
        self.core.version
    }

    /// Where other actors tell the application something. As many may wait there as packets may wait for the
    /// client.
    pub fn recipient(&self) -> Recipient<A::Told> {
        self.ctx.address().recipient()
    }

    /// Calls the application after a while, unless the session is over by then.
    pub fn after(&mut self, delay: Duration, call: fn(&mut A, &mut Link<'_, A>)) {
        self.ctx.run_later(delay, move |session, ctx| {
            session.with(ctx, call);
            session.settle(ctx);
        });
    }
}

impl<A: Application> Session<A> {
    fn with(&mut self, ctx: &mut Context<Self>, call: impl FnOnce(&mut A, &mut Link<'_, A>)) {
        if !self.ended && self.core.closing.is_none() && !self.core.overflown {
            let core = &mut self.core;
            call(&mut self.app, &mut Link { core, ctx });
        }
    }

    /// After anything has happened: hands over what waits, or ends the session.
    fn settle(&mut self, ctx: &mut Context<Self>) {
        if self.ended {
            return;
        }
        if self.core.overflown {
            return self.end(Reason::TooSlow, ctx);
        }
        if let Some(reason) = self.core.closing {
            return self.end(reason, ctx);
        }
        if self.hand_over(ctx) && self.core.outgoing.is_empty() {
            self.with(ctx, A::drained);
            // What the application said to that.
            if self.core.overflown || self.core.closing.is_some() {
                return self.settle(ctx);
            }
            self.hand_over(ctx);
        }
    }

    /// Whether something was handed over.
    fn hand_over(&mut self, ctx: &mut Context<Self>) -> bool {
        let core = &mut self.core;
        if core.outgoing.is_empty() {
            return false;
        }
        match &mut core.carrier {
            Carrier::Polling(waiting) => {
                let Some(waiting) = waiting.take() else {
                    return false;
                };
                let frames = core.outgoing.take_first(PACKETS_PER_POLL);
                if waiting.send(core.encode(&frames)).is_err() {
                    self.end(Reason::TransportLost, ctx);
                }
            }
            Carrier::Socket(id, line) => {
                let Line::Ready(socket) = line else {
                    return false;
                };
                let (id, socket) = (*id, socket.clone());
                *line = Line::Busy(socket.clone());
                let frames = core.outgoing.take();
                let batch = core.to_socket(frames, None);
                let taken = wrap_future::<_, Self>(socket.send(batch));
                ctx.spawn(
                    taken.map(move |taken, session, ctx| session.taken(id, taken.is_ok(), ctx)),
                );
            }
        }
        true
    }

    /// A socket has taken a batch, or is gone.
    fn taken(&mut self, id: SocketId, ok: bool, ctx: &mut Context<Self>) {
        if let Carrier::Socket(carrier, line) = &mut self.core.carrier
            && *carrier == id
            && let Line::Busy(socket) = line
        {
            if ok {
                *line = Line::Ready(socket.clone());
                self.settle(ctx);
            } else {
                self.end(Reason::TransportLost, ctx);
            }
        }
    }

    fn end(&mut self, reason: Reason, ctx: &mut Context<Self>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        debug!(?reason, "an Engine.IO session ends");
        self.app.closed(reason);
        let core = &mut self.core;
        if reason == Reason::TooSlow {
            core.outgoing.take();
        }
        if let Some(probe) = core.probe.take() {
            let close = core.to_socket(Vec::new(), Some((1000, "")));
            // One more message for a socket that gets no others.
            probe.socket.do_send(close);
        }
        let mut frames = core.outgoing.take();
        match &mut core.carrier {
            Carrier::Polling(waiting) => match waiting.take() {
                Some(waiting) => {
                    // A client that closed has nothing to learn from the answer to its poll.
                    if reason == Reason::ClientClosed {
                        frames = vec![Frame::NOOP];
                    } else {
                        frames.push(Frame::CLOSE);
                    }
                    // It may be gone; so is the session then.
                    let _ = waiting.send(core.encode(&frames));
                }
                None if matches!(reason, Reason::Closed(..) | Reason::TooSlow) => {
                    // The next poll hears of it.
                    for frame in frames {
                        core.send(frame);
                    }
                    core.heartbeat.last(Instant::now());
                    return;
                }
                None => {}
            },
            Carrier::Socket(_, Line::Ready(socket) | Line::Busy(socket)) => {
                let socket = socket.clone();
                // The last message it gets.
                socket.do_send(core.to_socket(frames, Some(reason.close())));
            }
            Carrier::Socket(_, Line::Awaited) => {}
        }
        self.leave(ctx);
    }

    fn leave(&mut self, ctx: &mut Context<Self>) {
        self.place = None;
        ctx.stop();
    }

    fn poll(&mut self, answer: oneshot::Sender<Answer>, ctx: &mut Context<Self>) {
        // An answer that nobody waits for any more is reported by PollGone.
        if self.core.heartbeat.is_dead(Instant::now()) {
            let _ = answer.send(Answer::Unknown);
            return self.beat_dead(ctx);
        }
        if self.ended {
            let mut frames = self.core.outgoing.take();
            frames.push(Frame::CLOSE);
            let _ = answer.send(self.core.encode(&frames));
            return self.leave(ctx);
        }
        let Carrier::Polling(waiting) = &mut self.core.carrier else {
            let why = "this session goes on by WebSocket";
            let _ = answer.send(Answer::Refused(why));
            return;
        };
        if waiting.is_some() {
            let why = "a poll of this session waits already; the session is closed";
            let _ = answer.send(Answer::Refused(why));
            return self.end(Reason::Overlap, ctx);
        }
        let probing = self.core.probe.as_ref().is_some_and(|probe| probe.answered);
        if probing && self.core.outgoing.is_empty() {
            let _ = answer.send(self.core.encode(&[Frame::NOOP]));
            return;
        }
        *waiting = Some(answer);
        self.settle(ctx);
    }

    fn poll_gone(&mut self, ctx: &mut Context<Self>) {
        // With it may have gone what it was answered.
        if matches!(self.core.carrier, Carrier::Polling(_)) {
            self.end(Reason::TransportLost, ctx);
        }
    }

    fn post(
        &mut self,
        packets: Result<Vec<Packet>, Malformed>,
        answer: oneshot::Sender<Answer>,
        ctx: &mut Context<Self>,
    ) {
        if self.core.heartbeat.is_dead(Instant::now()) {
            let _ = answer.send(Answer::Unknown);
            return self.beat_dead(ctx);
        }
        if self.ended {
            let _ = answer.send(Answer::Unknown);
            return;
        }
        if matches!(self.core.carrier, Carrier::Socket(..)) {
            let why = "this session goes on by WebSocket";
            let _ = answer.send(Answer::Refused(why));
            return;
        }
        match packets {
            Err(Malformed(why)) => {
                let _ = answer.send(Answer::Refused(why));
                self.end(Reason::Malformed(why), ctx);
            }
            Ok(packets) => {
                let mut handled = Answer::Handled;
                for packet in packets {
                    if let Err(why) = self.packet(packet, ctx) {
                        handled = Answer::Refused(why);
                    }
                }
                let _ = answer.send(handled);
            }
        }
    }

    /// One packet from whoever carries the session.
    fn packet(&mut self, packet: Packet, ctx: &mut Context<Self>) -> Result<(), &'static str> {
        if self.ended {
            return Ok(());
        }
        let now = Instant::now();
        self.core.heartbeat.heard(now);
        let wrong = match (packet, self.core.version) {
            (Packet::Close, _) => {
                self.end(Reason::ClientClosed, ctx);
                return Ok(());
            }
            (Packet::Ping(data), Version::V3) => {
                self.core.send(Frame::Text(format!("3{data}").into()));
                None
            }
            (Packet::Ping(_), Version::V4) => Some("in version 4 the server pings"),
            (Packet::Pong, Version::V4) => {
                self.core.heartbeat.pong(now);
                None
            }
            (Packet::Pong, Version::V3) => Some("in version 3 the client pings"),
            (Packet::Text(text), _) => {
                self.with(ctx, |app, link| app.text(text, link));
                None
            }
            (Packet::Binary(bytes), _) => {
                self.with(ctx, |app, link| app.binary(bytes, link));
                None
            }
            (Packet::Upgrade, _) => Some("5 comes on a socket after its probe"),
            (Packet::Noop, _) => None,
        };
        if let Some(why) = wrong {
            self.end(Reason::Malformed(why), ctx);
            return Err(why);
        }
        self.settle(ctx);
        Ok(())
    }

    fn socket_opened(
        &mut self,
        id: SocketId,
        socket: Recipient<ToSocket>,
        ctx: &mut Context<Self>,
    ) {
        if !self.ended {
            match &mut self.core.carrier {
                Carrier::Socket(awaited, line @ Line::Awaited) if *awaited == id => {
                    *line = Line::Ready(socket);
                    return self.settle(ctx);
                }
                Carrier::Polling(_) if self.core.probe.is_none() => {
                    self.core.probe = Some(Probe {
                        id,
                        socket,
                        answered: false,
                    });
                    ctx.run_later(UPGRADE_TIMEOUT, move |session, _| session.drop_probe(id));
                    return;
                }
                _ => {}
            }
        }
        let refused = Some((1008, "this session has a WebSocket already, or is over"));
        // The only message that this socket gets.
        socket.do_send(self.core.to_socket(Vec::new(), refused));
    }

    fn drop_probe(&mut self, id: SocketId) {
        if let Some(probe) = self.core.probe.take_if(|probe| probe.id == id) {
            let close = Some((1002, "2probe is answered by 3probe; then 5 is due"));
            // The last message that this socket gets.
            probe.socket.do_send(self.core.to_socket(Vec::new(), close));
        }
    }

    fn socket_sent(
        &mut self,
        id: SocketId,
        packet: Result<Packet, Malformed>,
        ctx: &mut Context<Self>,
    ) {
        if self.ended {
            return;
        }
        if self.core.probe.as_ref().is_some_and(|probe| probe.id == id) {
            return self.probe_sent(id, packet, ctx);
        }
        let carries = matches!(&self.core.carrier, Carrier::Socket(carrier, _) if *carrier == id);
        match packet {
            _ if !carries => {}
            Ok(packet) => {
                // What was wrong is in the close frame.
                let _ = self.packet(packet, ctx);
            }
            Err(Malformed(why)) => self.end(Reason::Malformed(why), ctx),
        }
    }

    fn probe_sent(
        &mut self,
        id: SocketId,
        packet: Result<Packet, Malformed>,
        ctx: &mut Context<Self>,
    ) {
        let core = &mut self.core;
        let Some(probe) = &mut core.probe else {
            return;
        };
        match packet {
            Ok(Packet::Ping(data)) if data == "probe" && !probe.answered => {
                probe.answered = true;
                let frames = vec![Frame::Text("3probe".into())];
                // One of the two messages that a probe gets.
                probe.socket.do_send(ToSocket {
                    frames,
                    close: None,
                });
                // The poll that waits has to end before the client sends 5.
                self.release_poll(ctx);
            }
            Ok(Packet::Upgrade) if probe.answered => {
                let socket = probe.socket.clone();
                self.release_poll(ctx);
                self.core.probe = None;
                self.core.carrier = Carrier::Socket(id, Line::Ready(socket));
                self.settle(ctx);
            }
            _ => self.drop_probe(id),
        }
    }

    /// Ends a poll that waits with nothing.
    fn release_poll(&mut self, ctx: &mut Context<Self>) {
        if let Carrier::Polling(waiting) = &mut self.core.carrier
            && let Some(waiting) = waiting.take()
            && waiting.send(self.core.encode(&[Frame::NOOP])).is_err()
        {
            self.end(Reason::TransportLost, ctx);
        }
    }

    fn socket_gone(&mut self, id: SocketId, ctx: &mut Context<Self>) {
        if self.core.probe.take_if(|probe| probe.id == id).is_some() {
            // Polling goes on.
            return;
        }
        if matches!(&self.core.carrier, Carrier::Socket(carrier, _) if *carrier == id) {
            self.end(Reason::TransportLost, ctx);
        }
    }

    fn beat(&mut self, ctx: &mut Context<Self>) {
        let wait = match self.core.heartbeat.check(Instant::now()) {
            Beat::Wait(wait) => wait,
            Beat::Ping => {
                self.core.send(Frame::PING);
                self.settle(ctx);
                return self.beat(ctx);
            }
            Beat::Dead => return self.beat_dead(ctx),
        };
        ctx.run_later(wait, Self::beat);
    }

    fn beat_dead(&mut self, ctx: &mut Context<Self>) {
        if self.ended {
            self.leave(ctx);
        } else {
            self.end(Reason::PingTimeout, ctx);
        }
    }
}

impl<A: Application> Actor for Session<A> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(self.mailbox);
        if let Some(queue) = self.queue.take() {
            ctx.add_stream(futures_util::stream::unfold(queue, async |mut queue| {
                let input = queue.recv().await?;
                Some((input, queue))
            }));
        }
        self.with(ctx, A::opened);
        self.settle(ctx);
        self.beat(ctx);
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        // The worker thread went down first.
        if !self.ended {
            self.app.closed(Reason::Stopped);
        }
    }
}

impl<A: Application> StreamHandler<Input> for Session<A> {
    fn handle(&mut self, input: Input, ctx: &mut Self::Context) {
        match input {
            Input::Poll(answer) => self.poll(answer, ctx),
            Input::PollGone => self.poll_gone(ctx),
            Input::Post(packets, answer) => self.post(packets, answer, ctx),
            Input::SocketOpened(id, socket) => self.socket_opened(id, socket, ctx),
            Input::SocketSent(id, packet) => self.socket_sent(id, packet, ctx),
            Input::SocketGone(id) => self.socket_gone(id, ctx),
            Input::Stop if self.ended => self.leave(ctx),
            Input::Stop => self.end(Reason::Stopped, ctx),
        }
    }

    /// The registry and this actor itself hold senders, so it ends with the session.
    fn finished(&mut self, _: &mut Self::Context) {}
}

impl<A: Application> Handler<A::Told> for Session<A> {
    type Result = ();

    fn handle(&mut self, told: A::Told, ctx: &mut Self::Context) {
        self.with(ctx, |app, link| app.told(told, link));
        self.settle(ctx);
    }
}
