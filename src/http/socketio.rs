//! The chat for Socket.IO clients, as the tutorial's pages speak it: the event `message` with one string, both
//! ways, in `/`. One [`Chat`] is one customer in the room, under the same rules as a `kefu.v1` session.
//!
//! `/chat` greets with `my response`, as the tutorial did, and takes no messages.

mod unquote;

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use actix::prelude::SendError;
use actix_web::{HttpRequest, Resource, web};
use serde_json::{json, value::RawValue};

use self::unquote::unquote;
use super::{
    App, access,
    address::Seat,
    engine::{Endpoint, Refused, resource},
    rate::{Rate, TooFast},
    session::SEAT_MS,
};
use crate::{
    bell::Bell,
    channel::{Receiver, Sender, channel},
    chat::{Enter, Entrant, FromSession, Leave, Outbound, PageWritten, SessionId, Visitor},
    config::Switch,
    domain::{
        Channel, ClientId, Code, ConversationId, CustomerKey, Kind as MessageKind, Refusal, Token,
        now,
    },
    incident::incident,
    metrics::{Counted, Role, Wire},
    protocol::{ACK, Close, Dialect, Request, ServerFrame},
    socketio::{
        Application, Client, Event, Kind, SocketIo,
        engine::{Reason, Settings, Sid, Version},
    },
};

/// Messages that may wait until the room has looked the customer up.
const EARLY: usize = 128;
/// The namespace that greets.
const GREETER: &str = "/chat";
/// What `ref` carries where the client asked for no answer.
const NO_ACK: &str = "-";

/// `/socket.io/`, where it is switched on.
pub fn configure(app: &web::Data<App>, config: &mut web::ServiceConfig) {
    if app.settings.socketio == Switch::On {
        config.service(endpoint(app));
    }
}

fn endpoint(app: &web::Data<App>) -> Resource {
    let settings = &app.settings;
    let (connect_timeout, attachments) = (
        Duration::from_secs(settings.hello_timeout_s),
        settings.frame_bytes,
    );
    let endpoint = Endpoint {
        registry: Arc::clone(&app.socketio),
        settings: Arc::new(engine_settings(app)),
        origins: settings.socketio_origins.clone(),
        accept: {
            let app = app.clone();
            Box::new(move |request, version| {
                let chat = Chat::new(&app, request, version)?;
                Ok(SocketIo::new(chat, connect_timeout, attachments))
            })
        },
    };
    resource("/socket.io/", Arc::new(endpoint))
}

fn engine_settings(app: &App) -> Settings {
    let settings = &app.settings;
    Settings {
        ping_interval: Duration::from_secs(settings.socketio_ping_interval_s),
        ping_timeout: Duration::from_secs(settings.socketio_ping_timeout_s),
        max_payload: settings.frame_bytes,
        // Clients of version 3 do not hear of it, and put all that waits into one request.
        max_body: settings.frame_bytes.saturating_mul(16),
        queue_frames: settings.session_queue_frames,
        queue_bytes: settings.session_queue_bytes,
        marks: Arc::clone(app.metrics.marks()),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Not in `/`.
    Outside,
    /// The room looks the customer up.
    Entering,
    /// The room takes messages.
    Inside,
}

/// One Socket.IO client in the room.
pub struct Chat {
    id: SessionId,
    app: web::Data<App>,
    /// Where it comes from.
    address: Option<IpAddr>,
    /// Which customer is in.
    customer: Option<CustomerKey>,
    /// Its place among the connections of its address.
    _seat: Seat,
    counted: Counted,
    version: Version,
    /// From the query, where that is allowed.
    token: Option<Token>,
    /// What the browser called itself when it connected.
    user_agent: Option<String>,
    stage: Stage,
    /// What came while the room looked the customer up.
    early: Vec<Request>,
    /// Pages that the room waits to see written.
    pages: Vec<ConversationId>,
    /// For the room.
    sender: Sender<Outbound>,
    receiver: Option<Receiver<Outbound>>,
    rate: Rate,
}

impl Chat {
    fn new(app: &web::Data<App>, request: &HttpRequest, version: Version) -> Result<Self, Refused> {
        let token = if app.settings.socketio_query_token {
            query_token(request)?
        } else {
            None
        };
        let seat = app
            .seat(request)
            .ok_or_else(|| Refused::too_many("too many connections from this address", SEAT_MS))?;
        let (sender, receiver) = channel(app.queue_limits(), app.metrics.marks(), Bell::here());
        let counted = app.metrics.connection(Role::Unknown, wire(version));
        Ok(Self {
            counted,
            id: app.next_session(),
            address: app.client_address(request),
            customer: None,
            _seat: seat,
            version,
            token,
            user_agent: access::user_agent(request),
            stage: Stage::Outside,
            early: Vec::new(),
            pages: Vec::new(),
            sender,
            receiver: Some(receiver),
            rate: Rate::new(app.settings.frames_per_second, Instant::now()),
            app: app.clone(),
        })
    }

    fn dialect(&self) -> Dialect {
        match self.version {
            Version::V3 => Dialect::SocketIo3,
            Version::V4 => Dialect::SocketIo4,
        }
    }

    fn count_as(&mut self, role: Role) {
        self.counted = self.app.metrics.connection(role, wire(self.version));
    }

    fn enter(&mut self, auth: Option<&RawValue>) -> Result<(), Refusal> {
        let token = match token_of(auth)?.or_else(|| self.token.clone()) {
            Some(token) => token,
            // Somebody new, for this connection only.
            None => Token::random().map_err(|error| incident("no token could be made", &error))?,
        };
        let key = CustomerKey::from(&token);
        let blocks = self.app.blocks.now();
        if let Some(refusal) = blocks.refusal(key, self.address, now()) {
            return Err(refusal);
        }
        self.customer = Some(key);
        self.count_as(Role::Customer);
        self.stage = Stage::Entering;
        self.app.room.do_send(Enter {
            session: self.id,
            entrant: Entrant::Customer(Visitor {
                key,
                token: key,
                address: self.address,
                page: None,
                language: None,
                user_agent: self.user_agent.clone(),
                channel: Channel::SocketIo,
            }),
            resume: BTreeMap::new(),
            sender: self.sender.clone(),
            dialect: self.dialect(),
        });
        Ok(())
    }

    fn leave(&mut self) {
        if self.stage != Stage::Outside {
            self.count_as(Role::Unknown);
            self.stage = Stage::Outside;
            self.early.clear();
            self.pages.clear();
            // Not to be lost; there is one for each time somebody came in.
            self.app.room.do_send(Leave(self.id));
        }
    }

    /// Counts an event against the limit.
    fn within_rate(&mut self, ack: Option<u64>, client: &mut Client<'_, '_, Self>) -> bool {
        match self.rate.count(Instant::now()) {
            Ok(()) => return true,
            Err(TooFast::Refuse(refusal)) => self.refuse(ack, refusal, client),
            Err(TooFast::Flood) => client.close(Close::TooMany.code(), Close::TooMany.reason()),
        }
        false
    }

    /// Tells the client what was wrong: by the ack that it asked for, or by the event `error`.
    fn refuse(&self, ack: Option<u64>, refusal: Refusal, client: &mut Client<'_, '_, Self>) {
        self.app.metrics.refused(refusal.code.as_str(), 1);
        let reference = ack.map(|id| format!("{ACK}{id}"));
        if let Some(packet) = ServerFrame::error(reference, refusal).encode_as(self.dialect()) {
            // Where it does not fit, the session ends by itself.
            let _ = client.send_encoded(packet);
        }
    }

    fn ask(&mut self, request: Request, client: &mut Client<'_, '_, Self>) -> Result<(), Refusal> {
        if self.stage != Stage::Inside {
            if self.early.len() == EARLY {
                return Err(Refusal::overloaded());
            }
            self.early.push(request);
            return Ok(());
        }
        match self.app.room.try_send(FromSession {
            session: self.id,
            request,
            waiting: self.app.metrics.request_waits(),
        }) {
            Ok(()) => Ok(()),
            Err(SendError::Full(_)) => Err(Refusal::overloaded()),
            Err(SendError::Closed(_)) => {
                client.close(Close::GoingAway.code(), Close::GoingAway.reason());
                Ok(())
            }
        }
    }

    /// Counts a message against what the customer and their network may send.
    fn counted(&self, request: Request) -> Result<Request, Refusal> {
        if let Some(key) = self.customer {
            (self.app.messages).count(key, self.address, Instant::now())?;
        }
        Ok(request)
    }

    fn page_written(&self, conversation: ConversationId) {
        self.app.room.do_send(PageWritten {
            session: self.id,
            conversation,
        });
    }
}

fn wire(version: Version) -> Wire {
    match version {
        Version::V3 => Wire::SocketIo3,
        Version::V4 => Wire::SocketIo4,
    }
}

/// The token in the address, for clients of protocol 4, which have no other way.
fn query_token(request: &HttpRequest) -> Result<Option<Token>, Refused> {
    let query = web::Query::<HashMap<String, String>>::from_query(request.query_string());
    let token = query.ok().and_then(|mut query| query.remove("token"));
    match token {
        None => Ok(None),
        Some(token) => Token::parse(&token).map(Some).ok_or_else(|| {
            Refused::bad_request("token must be 43 characters of base64url, 32 random bytes")
        }),
    }
}

/// The token that a client of protocol 5 connects with, if any.
fn token_of(auth: Option<&RawValue>) -> Result<Option<Token>, Refusal> {
    #[derive(serde::Deserialize)]
    struct Auth {
        token: Option<String>,
    }
    let wrong = || {
        let message = "auth.token must be 43 characters of base64url, 32 random bytes";
        Refusal::new(Code::TokenInvalid, message)
    };
    let Some(auth) = auth else {
        return Ok(None);
    };
    let auth: Auth = serde_json::from_str(auth.get()).map_err(|_| wrong())?;
    match auth.token {
        None => Ok(None),
        Some(token) => Token::parse(&token).map(Some).ok_or_else(wrong),
    }
}

/// The request that an event makes.
fn request_of(event: &Event) -> Result<Request, Refusal> {
    if event.name != "message" {
        let message = "only the event \"message\" is known here";
        return Err(Refusal::new(Code::UnknownType, message));
    }
    if !event.attachments.is_empty() {
        let message = "message takes a string; bytes are not read";
        return Err(Refusal::new(Code::BinaryUnsupported, message));
    }
    let [text] = event.arguments.as_slice() else {
        let seen = event.arguments.len();
        let message = format!("message takes one argument, a string; {seen} came");
        return Err(Refusal::bad_request(message));
    };
    let kind = match text.get().bytes().next() {
        Some(b'"') => None,
        Some(b'{') => Some("an object"),
        Some(b'[') => Some("an array"),
        Some(b't' | b'f') => Some("true or false"),
        Some(b'n') => Some("null"),
        _ => Some("a number"),
    };
    if let Some(kind) = kind {
        let message = format!("message takes a string; {kind} came");
        return Err(Refusal::bad_request(message));
    }
    let text: String = serde_json::from_str(text.get()).map_err(|_| {
        let message = "the string cannot be read; a lone surrogate, for example, is no character";
        Refusal::bad_request(message)
    })?;
    let client_id =
        Sid::random().map_err(|error| incident("no client_id could be made", &error))?;
    let client_id = ClientId::parse(client_id.as_str())
        .ok_or_else(|| incident("no client_id could be made", &"it has other characters"))?;
    Ok(Request::Post {
        reference: event
            .ack
            .map_or(NO_ACK.to_owned(), |id| format!("{ACK}{id}")),
        conversation: None,
        client_id,
        kind: MessageKind::Text,
        file: None,
        text: unquote(&text),
    })
}

fn greet(client: &mut Client<'_, '_, Chat>) {
    let greeting = json!(["my response", {"data": "Connected"}]).to_string();
    // Where it does not fit, the session ends by itself.
    let _ = client.send(Kind::Event, GREETER, None, &greeting, &[]);
}

impl Application for Chat {
    type Told = Outbound;

    fn connect(
        &mut self,
        namespace: &str,
        auth: Option<&RawValue>,
        client: &mut Client<'_, '_, Self>,
    ) -> Result<(), Cow<'static, str>> {
        match namespace {
            "/" => self.enter(auth).map_err(|refusal| {
                self.app.metrics.refused(refusal.code.as_str(), 1);
                refusal.message
            }),
            GREETER => {
                // The tutorial greeted before it connected; clients of protocol 5 would drop that.
                if self.version == Version::V3 {
                    greet(client);
                }
                Ok(())
            }
            _ => Err("Invalid namespace".into()),
        }
    }

    /// Who hears that they are in counts on all that is said from then on, and there is no history to ask for.
    /// So nobody hears it before the room has them.
    fn is_ready(&self, namespace: &str) -> bool {
        namespace != "/" || self.stage == Stage::Inside
    }

    fn connected(
        &mut self,
        namespace: &str,
        _: Option<&RawValue>,
        client: &mut Client<'_, '_, Self>,
    ) {
        if namespace == GREETER && self.version == Version::V4 {
            greet(client);
        }
    }

    fn event(&mut self, event: Event, client: &mut Client<'_, '_, Self>) {
        if event.namespace == GREETER {
            // As in the tutorial, nothing comes of it; but who asks for an answer gets one.
            if let Some(id) = event.ack {
                let error = json!([{"error": {
                    "code": Code::BadRequest.as_str(),
                    "message": "/chat takes no messages; send them to /",
                    "retryable": false,
                }}]);
                let _ = client.send(Kind::Ack, GREETER, Some(id), &error.to_string(), &[]);
            }
            return;
        }
        if !self.within_rate(event.ack, client) {
            return;
        }
        let asked = request_of(&event)
            .and_then(|request| self.counted(request))
            .and_then(|request| self.ask(request, client));
        if let Err(refusal) = asked {
            self.refuse(event.ack, refusal, client);
        }
    }

    fn disconnected(&mut self, namespace: &str, _: &mut Client<'_, '_, Self>) {
        if namespace == "/" {
            self.leave();
        }
    }

    fn inbox(&mut self) -> Option<Receiver<Outbound>> {
        self.receiver.take()
    }

    fn told(&mut self, told: Vec<Outbound>, client: &mut Client<'_, '_, Self>) {
        for told in told {
            match told {
                // What was on its way when the client left `/` is not for it any more.
                Outbound::Frames(_) | Outbound::Page { .. } if self.stage == Stage::Outside => {}
                // Where something does not fit, the session ends by itself.
                Outbound::Frames(frames) => {
                    let _ = client.send_all_encoded(&frames);
                }
                Outbound::Page {
                    conversation,
                    frames,
                } => {
                    for frame in frames {
                        let _ = client.send_encoded(frame);
                    }
                    self.pages.push(conversation);
                    client.tell_when_taken();
                }
                // One of an earlier stay says nothing about this one.
                Outbound::Welcomed if self.stage != Stage::Entering => {}
                Outbound::Welcomed => {
                    self.stage = Stage::Inside;
                    client.welcome("/");
                    for request in std::mem::take(&mut self.early) {
                        let ack = ack_of(&request);
                        if let Err(refusal) = self.ask(request, client) {
                            self.refuse(ack, refusal, client);
                        }
                    }
                }
                Outbound::Close(close) => client.close(close.code(), close.reason()),
            }
        }
    }

    fn taken(&mut self, _: &mut Client<'_, '_, Self>) {
        for conversation in std::mem::take(&mut self.pages) {
            self.page_written(conversation);
        }
    }

    fn closed(&mut self, _: Reason) {
        self.leave();
    }
}

fn ack_of(request: &Request) -> Option<u64> {
    request.reference()?.strip_prefix(ACK)?.parse().ok()
}
