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

use actix::{Actor, ActorContext, AsyncContext, Context, StreamHandler};
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
use crate::{
    channel::{Overflown, Receiver, Sender, Weight},
    texts::Texts,
};

/// Requests and messages of sockets that may wait for a session; those who bring more wait themselves.
const INPUTS: usize = 16;
/// Packets in the answer to one poll: python-socketio takes no more.
const PACKETS_PER_POLL: usize = 16;
/// How long a socket may take to become the session's carrier.
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);

/// What stands on a session.
pub trait Application: Sized + Unpin + 'static {
    /// What others tell it.
    type Told: Send + 'static;

    /// The session stands.
    fn opened(&mut self, link: &mut Link<'_, Self>);
    /// A text message came.
    fn text(&mut self, text: ByteString, link: &mut Link<'_, Self>);
    /// A binary message came.
    fn binary(&mut self, bytes: Bytes, link: &mut Link<'_, Self>);
    /// Where it hears others; asked for once, before anything else.
    fn inbox(&mut self) -> Option<Receiver<Self::Told>> {
        None
    }
    /// Others have said something.
    fn told(&mut self, told: Vec<Self::Told>, link: &mut Link<'_, Self>);
    /// Others said more than it could take, and nothing more of it will come.
    fn overflown(&mut self, link: &mut Link<'_, Self>);
    /// What was sent before [`Link::tell_when_taken`] was handed to the client.
    fn taken(&mut self, _link: &mut Link<'_, Self>) {}
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
    pub fn close(self) -> (u16, &'static str) {
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
    /// A socket stands; what it is to send goes into its channel.
    SocketOpened(SocketId, Sender<ToSocket>),
    /// A socket brought a packet.
    SocketSent(SocketId, Result<Packet, Malformed>),
    /// A socket has come to [`ToSocket::Mark`].
    SocketTook(SocketId),
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

/// What a socket is to do, one after the other.
#[derive(Debug)]
pub enum ToSocket {
    /// Send this.
    Frame(Frame),
    /// Send these text messages, which others may be sending as well.
    Texts(Arc<Texts>),
    /// Say [`Input::SocketTook`].
    Mark,
    /// Close, with this code and reason.
    Close(u16, &'static str),
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
            Some(id) => Carrier::Socket(id, None),
        },
        probe: None,
        heartbeat: Heartbeat::new(version, settings, Instant::now()),
        marked: false,
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
        ended: false,
    };
    session.start();
    Ok(Opened { sid, found, answer })
}

/// Who takes what waits for the client.
enum Carrier {
    /// A request, where one waits.
    Polling(Option<oneshot::Sender<Answer>>),
    /// A WebSocket; without a channel while it is being opened.
    Socket(SocketId, Option<Sender<ToSocket>>),
}

/// A socket that may become the carrier.
struct Probe {
    id: SocketId,
    socket: Sender<ToSocket>,
    /// `2probe` came and `3probe` went out.
    answered: bool,
}

/// All of a session but its application.
struct Core {
    version: Version,
    base64: bool,
    /// What waits for a request, or for a socket that is being opened.
    outgoing: Outgoing,
    /// Something did not fit: the session is to end.
    overflown: bool,
    carrier: Carrier,
    probe: Option<Probe>,
    heartbeat: Heartbeat,
    /// The application wants to hear when what it sent so far was taken.
    marked: bool,
    /// The application closed it.
    closing: Option<Reason>,
}

impl Core {
    /// Whether it fits. A socket has to be woken for it, which [`Session::settle`] does.
    fn send(&mut self, frame: Frame) -> bool {
        let fits = match &self.carrier {
            Carrier::Socket(_, Some(socket)) => {
                let (frames, bytes) = (1, frame.len());
                let frame = frame.on_socket(self.version, self.base64);
                let weight = Weight { frames, bytes };
                socket.push(ToSocket::Frame(frame), weight).is_ok()
            }
            _ => self.outgoing.push(frame).is_ok(),
        };
        self.overflown |= !fits;
        fits
    }

    /// [`Core::send`] for several text messages, as one.
    fn send_all(&mut self, texts: &Arc<Texts>) -> bool {
        let Carrier::Socket(_, Some(socket)) = &self.carrier else {
            return texts
                .iter()
                .all(|text| self.send(Frame::Text(text.clone())));
        };
        let weight = Weight {
            frames: texts.len(),
            bytes: texts.bytes(),
        };
        let fits = socket
            .push(ToSocket::Texts(Arc::clone(texts)), weight)
            .is_ok();
        self.overflown |= !fits;
        fits
    }

    /// Lets a socket carry the session from here on.
    fn carry_by(&mut self, id: SocketId, socket: Sender<ToSocket>) {
        self.carrier = Carrier::Socket(id, Some(socket));
        for frame in self.outgoing.take() {
            self.send(frame);
        }
        if self.marked {
            self.mark();
        }
    }

    /// Notes the place up to which the application wants to hear that its client has been served.
    fn mark(&mut self) {
        match &self.carrier {
            Carrier::Socket(_, Some(socket)) => {
                self.marked = false;
                self.overflown |= socket.push(ToSocket::Mark, Weight::default()).is_err();
            }
            _ => self.marked = true,
        }
    }

    fn encode(&self, frames: &[Frame]) -> Answer {
        Answer::Packets(encode(self.version, self.base64, frames))
    }
}

struct Session<A: Application> {
    core: Core,
    app: A,
    /// Given back as soon as the session is over.
    place: Option<Place>,
    /// Until the actor has started.
    queue: Option<mpsc::Receiver<Input>>,
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

    /// [`Link::send_encoded`] for several, which others may be sending as well.
    ///
    /// # Errors
    /// As [`Link::send_text`].
    pub fn send_all_encoded(&mut self, packets: &Arc<Texts>) -> Result<(), Full> {
        self.while_open(|core| core.send_all(packets))
    }

    fn send(&mut self, frame: Frame) -> Result<(), Full> {
        self.while_open(|core| core.send(frame))
    }

    fn while_open(&mut self, send: impl FnOnce(&mut Core) -> bool) -> Result<(), Full> {
        let open = self.core.closing.is_none() && !self.core.overflown;
        if open && send(self.core) {
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

    /// Calls [`Application::taken`] when all that was sent so far has been handed to the client.
    pub fn tell_when_taken(&mut self) {
        self.core.mark();
    }

    /// The client did not keep up: ends the session, without what waits.
    pub fn close_too_slow(&mut self) {
        self.core.overflown = true;
    }

    /// What the client speaks.
    pub fn version(&self) -> Version {
        self.core.version
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
        if self.hand_over(ctx) {
            self.with(ctx, A::taken);
            // What the application said to that.
            self.settle(ctx);
        }
    }

    /// Whether the application is to hear that its client has taken what it was sent.
    fn hand_over(&mut self, ctx: &mut Context<Self>) -> bool {
        let core = &mut self.core;
        match &mut core.carrier {
            Carrier::Polling(waiting) => {
                if !core.outgoing.is_empty()
                    && let Some(waiting) = waiting.take()
                {
                    let frames = core.outgoing.take_first(PACKETS_PER_POLL);
                    if waiting.send(core.encode(&frames)).is_err() {
                        self.end(Reason::TransportLost, ctx);
                        return false;
                    }
                }
                core.outgoing.is_empty() && std::mem::take(&mut core.marked)
            }
            Carrier::Socket(_, Some(socket)) => {
                socket.wake();
                false
            }
            Carrier::Socket(_, None) => false,
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
            probe.socket.push_last(ToSocket::Close(1000, ""));
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
            // Behind what it has not sent yet. A socket that did not keep up closes by itself.
            Carrier::Socket(_, Some(socket)) => {
                let (number, why) = reason.close();
                socket.push_last(ToSocket::Close(number, why));
            }
            Carrier::Socket(_, None) => {}
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

    fn socket_opened(&mut self, id: SocketId, socket: Sender<ToSocket>, ctx: &mut Context<Self>) {
        if !self.ended {
            match &self.core.carrier {
                Carrier::Socket(awaited, None) if *awaited == id => {
                    self.core.carry_by(id, socket);
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
        let why = "this session has a WebSocket already, or is over";
        socket.push_last(ToSocket::Close(1008, why));
    }

    fn drop_probe(&mut self, id: SocketId) {
        if let Some(probe) = self.core.probe.take_if(|probe| probe.id == id) {
            let why = "2probe is answered by 3probe; then 5 is due";
            probe.socket.push_last(ToSocket::Close(1002, why));
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
                let answer = Frame::Text("3probe".into());
                probe.socket.push_last(ToSocket::Frame(answer));
                // The poll that waits has to end before the client sends 5.
                self.release_poll(ctx);
            }
            Ok(Packet::Upgrade) if probe.answered => {
                let socket = probe.socket.clone();
                self.release_poll(ctx);
                self.core.probe = None;
                self.core.carry_by(id, socket);
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

    fn socket_took(&mut self, id: SocketId, ctx: &mut Context<Self>) {
        if matches!(&self.core.carrier, Carrier::Socket(carrier, _) if *carrier == id) {
            self.with(ctx, A::taken);
            self.settle(ctx);
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
        if let Some(inbox) = self.app.inbox() {
            ctx.add_stream(inbox);
        }
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
            Input::SocketTook(id) => self.socket_took(id, ctx),
            Input::SocketGone(id) => self.socket_gone(id, ctx),
            Input::Stop if self.ended => self.leave(ctx),
            Input::Stop => self.end(Reason::Stopped, ctx),
        }
    }

    /// The registry and this actor itself hold senders, so it ends with the session.
    fn finished(&mut self, _: &mut Self::Context) {}
}

impl<A: Application> StreamHandler<Result<Vec<A::Told>, Overflown>> for Session<A> {
    fn handle(&mut self, told: Result<Vec<A::Told>, Overflown>, ctx: &mut Self::Context) {
        self.with(ctx, |app, link| match told {
            Ok(told) => app.told(told, link),
            Err(Overflown) => app.overflown(link),
        });
        self.settle(ctx);
    }

    /// Nothing more will be said; the session stands.
    fn finished(&mut self, _: &mut Self::Context) {}
}
