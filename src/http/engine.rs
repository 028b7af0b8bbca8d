//! Engine.IO on actix-web: reads requests, finds or opens the session that they are for, and answers with
//! what the session says. Errors are as engine.io gives them: 400 and `{"code":n,"message":"…"}`.

use std::{borrow::Cow, collections::HashMap, sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse, Resource,
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderValue},
    },
    web::{self, Bytes, BytesMut, Payload},
};
use bytestring::ByteString;
use futures_util::StreamExt;
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use super::{
    access,
    socket::{self, Limits, Line, Peer},
};
use crate::{
    bell::Bell,
    channel::{self, Receiver, Sender, channel},
    incident::incident,
    socketio::engine::{
        Answer, Application, Body, Found, Frame, Input, Packet, Reason, Registry, Settings,
        SocketId, ToSocket, Version, decode, open,
    },
};

/// How long a body may take to come.
const BODY_PATIENCE: Duration = Duration::from_secs(20);
/// For how long a browser may remember what it may send here.
const PREFLIGHT_AGE_S: &str = "600";

/// Makes the application of a new session, or refuses it.
pub type Accept<A> = Box<dyn Fn(&HttpRequest, Version) -> Result<A, Refused> + Send + Sync>;

/// One address that speaks Engine.IO. Shared by the workers.
pub struct Endpoint<A> {
    /// Its sessions.
    pub registry: Arc<Registry>,
    /// Its limits and intervals.
    pub settings: Arc<Settings>,
    /// Origins of browsers besides the server's own; `*` is any.
    pub origins: Vec<String>,
    /// Who takes new sessions.
    pub accept: Accept<A>,
}

/// Why a request was refused.
#[derive(Debug)]
pub struct Refused {
    status: StatusCode,
    code: u8,
    message: Cow<'static, str>,
    /// For `Retry-After`.
    retry_after_ms: Option<u64>,
}

impl Refused {
    fn new(status: StatusCode, code: u8, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self {
            status,
            code,
            message,
            retry_after_ms: None,
        }
    }

    fn unknown_transport() -> Self {
        let message = "Transport unknown: transport must be polling or websocket";
        Self::new(StatusCode::BAD_REQUEST, 0, message)
    }

    fn unknown_session() -> Self {
        let message = "Session ID unknown: there is no such session, or it is over";
        Self::new(StatusCode::BAD_REQUEST, 1, message)
    }

    fn bad_method() -> Self {
        let message = "Bad handshake method: a session begins with GET";
        Self::new(StatusCode::BAD_REQUEST, 2, message)
    }

    /// Something about it is wrong.
    pub fn bad_request(why: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 3, format!("Bad request: {why}"))
    }

    fn forbidden(why: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, 4, format!("Forbidden: {why}"))
    }

    /// Too much comes from there.
    pub fn too_many(why: &'static str, retry_after_ms: u64) -> Self {
        let message = format!("Forbidden: {why}");
        Self {
            retry_after_ms: Some(retry_after_ms),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, 4, message)
        }
    }

    fn bad_version() -> Self {
        let message = "Unsupported protocol version: EIO must be 3 or 4";
        Self::new(StatusCode::BAD_REQUEST, 5, message)
    }

    fn respond(&self) -> HttpResponse {
        let mut answer = fresh(self.status);
        if let Some(ms) = self.retry_after_ms {
            answer.insert_header((header::RETRY_AFTER, ms.div_ceil(1_000).to_string()));
        }
        answer.json(json!({"code": self.code, "message": self.message}))
    }
}

/// The address, with and without a slash at its end.
pub fn resource<A: Application>(path: &str, endpoint: Arc<Endpoint<A>>) -> Resource {
    let bare = path.trim_end_matches('/');
    web::resource([format!("{bare}/"), bare.to_owned()]).to(
        move |request: HttpRequest, body: Payload| {
            let endpoint = Arc::clone(&endpoint);
            async move { endpoint.serve(request, body).await }
        },
    )
}

/// What the query says.
struct Asked {
    websocket: bool,
    sid: Option<String>,
    version: Option<Version>,
    base64: bool,
}

impl Asked {
    fn read(request: &HttpRequest) -> Result<Self, Refused> {
        let query = web::Query::<HashMap<String, String>>::from_query(request.query_string())
            .map_err(|_| Refused::bad_request("the query cannot be read"))?;
        let websocket = match query.get("transport").map(String::as_str) {
            Some("polling") => false,
            Some("websocket") => true,
            _ => return Err(Refused::unknown_transport()),
        };
        if query.contains_key("j") {
            let why = "JSONP (j=) is not spoken here; poll by XMLHttpRequest or use websocket";
            return Err(Refused::bad_request(why));
        }
        let version = match query.get("EIO").map(String::as_str) {
            Some("3") => Some(Version::V3),
            Some("4") => Some(Version::V4),
            _ => None,
        };
        Ok(Self {
            websocket,
            sid: query.get("sid").cloned(),
            version,
            base64: query.get("b64").is_some_and(|b64| b64 != "0"),
        })
    }
}

impl<A: Application> Endpoint<A> {
    async fn serve(&self, request: HttpRequest, body: Payload) -> HttpResponse {
        let Ok(origin) = self.origin(&request) else {
            let why =
                "this origin may not use this server; KEFU_SOCKETIO_ORIGINS lists those that may";
            return Refused::forbidden(why).respond();
        };
        let mut response = if request.method() == Method::OPTIONS {
            preflight(&request)
        } else {
            let answer = self.answer(&request, body).await;
            answer.unwrap_or_else(|refused| refused.respond())
        };
        if let Some(origin) = origin {
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            // Pages of old clients send credentials with every request, and their browsers drop an answer
            // that does not allow it. No authority comes from a cookie here.
            set(headers, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
            set(headers, header::VARY, "origin");
        }
        response
    }

    /// The origin that the answer is to name, if any; `Err` if it may not come.
    fn origin(&self, request: &HttpRequest) -> Result<Option<HeaderValue>, ()> {
        let Some(origin) = request.headers().get(header::ORIGIN) else {
            return Ok(None);
        };
        let name = origin.to_str().map_err(|_| ())?;
        let host = request.headers().get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
        let listed =
            |one: &String| one == "*" || one.trim_end_matches('/').eq_ignore_ascii_case(name);
        if access::is_own(name, host) || self.origins.iter().any(listed) {
            Ok(Some(origin.clone()))
        } else {
            Err(())
        }
    }

    async fn answer(&self, request: &HttpRequest, body: Payload) -> Result<HttpResponse, Refused> {
        let asked = Asked::read(request)?;
        let method = request.method();
        let Some(sid) = &asked.sid else {
            if method != Method::GET {
                return Err(Refused::bad_method());
            }
            let version = asked.version.ok_or_else(Refused::bad_version)?;
            return self.open(request, body, version, &asked);
        };
        let found = self
            .registry
            .find(sid)
            .ok_or_else(Refused::unknown_session)?;
        match (asked.websocket, method) {
            (true, &Method::GET) => {
                let socket = self.registry.next_socket();
                self.socket(socket, found, request, body)
            }
            (false, &Method::GET) => poll(found).await,
            (false, &Method::POST) => self.post(found, request, body).await,
            (true, _) => Err(Refused::bad_request("a WebSocket begins with GET")),
            (false, _) => Err(Refused::bad_request("polling is by GET and POST")),
        }
    }

    fn open(
        &self,
        request: &HttpRequest,
        body: Payload,
        version: Version,
        asked: &Asked,
    ) -> Result<HttpResponse, Refused> {
        if asked.websocket && !wants_websocket(request) {
            let why = "transport=websocket wants a WebSocket handshake (RFC 6455)";
            return Err(Refused::bad_request(why));
        }
        let app = (self.accept)(request, version)?;
        let socket = asked.websocket.then(|| self.registry.next_socket());
        let opened = open(
            &self.registry,
            &self.settings,
            version,
            asked.base64,
            socket,
            app,
        );
        let opened = opened.map_err(|error| {
            let refusal = incident("no session could be opened", &error);
            Refused::new(StatusCode::INTERNAL_SERVER_ERROR, 3, refusal.message)
        })?;
        match socket {
            None => Ok(packets(opened.answer)),
            Some(socket) => self.socket(socket, opened.found, request, body),
        }
    }

    fn socket(
        &self,
        id: SocketId,
        found: Found,
        request: &HttpRequest,
        body: Payload,
    ) -> Result<HttpResponse, Refused> {
        let limits = Limits {
            message_bytes: self.settings.max_payload,
            heartbeat: None,
        };
        let inputs = found.inputs.clone();
        let queue = channel::Limits {
            frames: self.settings.queue_frames,
            bytes: self.settings.queue_bytes,
        };
        let (sender, receiver) = channel(queue, &self.settings.marks, Bell::here());
        let socket = EngineSocket {
            id,
            found,
            sender,
            receiver: Some(receiver),
        };
        socket::start(socket, limits, request, body).map_err(|why| {
            tell(&inputs, Input::SocketGone(id));
            Refused::bad_request(why)
        })
    }

    async fn post(
        &self,
        found: Found,
        request: &HttpRequest,
        body: Payload,
    ) -> Result<HttpResponse, Refused> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let binary =
            kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/octet-stream"));
        let body = self.body(body).await?;
        let (answer, answered) = oneshot::channel();
        let packets = decode(found.version, binary, body);
        let sent = found.inputs.send(Input::Post(packets, answer)).await;
        sent.map_err(|_| Refused::unknown_session())?;
        respond(answered.await.unwrap_or(Answer::Unknown))
    }

    /// Reads a body, as long as its client may be silent. Of one that is too large nothing is kept, but it is
    /// read to its end all the same where that comes soon: a client that is still writing would not see the
    /// answer.
    async fn body(&self, mut body: Payload) -> Result<Bytes, Refused> {
        let most = self.settings.max_body;
        let mut whole = BytesMut::new();
        let mut too_large = false;
        let patience = self.settings.ping_interval + self.settings.ping_timeout;
        let deadline = tokio::time::sleep(patience.min(BODY_PATIENCE));
        tokio::pin!(deadline);
        let read = loop {
            let chunk = tokio::select! {
                chunk = body.next() => chunk,
                () = &mut deadline => break Err("the body did not come in time"),
            };
            let chunk = match chunk {
                None => break Ok(()),
                Some(Err(_)) => break Err("the body broke off"),
                Some(Ok(chunk)) => chunk,
            };
            too_large |= whole.len() + chunk.len() > most;
            if too_large {
                whole = BytesMut::new();
            } else {
                whole.extend_from_slice(&chunk);
            }
        };
        if too_large {
            let message = format!("Bad request: a body may have {most} bytes");
            return Err(Refused::new(StatusCode::PAYLOAD_TOO_LARGE, 3, message));
        }
        read.map_err(Refused::bad_request)?;
        Ok(whole.freeze())
    }
}

fn wants_websocket(request: &HttpRequest) -> bool {
    let upgrade = request.headers().get(header::UPGRADE);
    upgrade.is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

async fn poll(found: Found) -> Result<HttpResponse, Refused> {
    let (answer, answered) = oneshot::channel();
    let sent = found.inputs.send(Input::Poll(answer)).await;
    sent.map_err(|_| Refused::unknown_session())?;
    let mut waiting = Waiting(Some(found.inputs));
    let answer = answered.await.unwrap_or(Answer::Unknown);
    waiting.0 = None;
    respond(answer)
}

/// Tells the session if its client's connection breaks while it polls: actix-web drops the handler then. One
/// that is closed in order may be half closed only, with a client that still reads; the next poll or the
/// heartbeat ends such a session.
struct Waiting(Option<mpsc::Sender<Input>>);

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(inputs) = &self.0 {
            tell(inputs, Input::PollGone);
        }
    }
}

/// Tells a session something that must not be lost, from where nothing can wait.
fn tell(inputs: &mpsc::Sender<Input>, input: Input) {
    if let Err(mpsc::error::TrySendError::Full(input)) = inputs.try_send(input) {
        let inputs = inputs.clone();
        actix_web::rt::spawn(async move {
            // A session that is gone needs to be told nothing.
            let _ = inputs.send(input).await;
        });
    }
}

fn respond(answer: Answer) -> Result<HttpResponse, Refused> {
    match answer {
        Answer::Packets(body) => Ok(packets(body)),
        Answer::Handled => Ok(fresh(StatusCode::OK)
            .content_type("text/plain; charset=utf-8")
            .body("ok")),
        Answer::Unknown => Err(Refused::unknown_session()),
        Answer::Refused(why) => Err(Refused::bad_request(why)),
    }
}

fn packets(body: Body) -> HttpResponse {
    let kind = if body.binary {
        "application/octet-stream"
    } else {
        "text/plain; charset=UTF-8"
    };
    fresh(StatusCode::OK).content_type(kind).body(body.bytes)
}

fn fresh(status: StatusCode) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response
}

fn preflight(request: &HttpRequest) -> HttpResponse {
    let mut response = fresh(StatusCode::NO_CONTENT).finish();
    let headers = response.headers_mut();
    set(headers, header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST");
    set(headers, header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_AGE_S);
    let asked = request
        .headers()
        .get(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let allowed = asked
        .cloned()
        .unwrap_or(HeaderValue::from_static("content-type"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    response
}

fn set(headers: &mut HeaderMap, name: header::HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

/// Carries packets between a WebSocket and its session.
struct EngineSocket {
    id: SocketId,
    found: Found,
    /// For the session.
    sender: Sender<ToSocket>,
    receiver: Option<Receiver<ToSocket>>,
}

impl EngineSocket {
    /// Takes nothing further from the socket until the session has room.
    fn tell(&self, input: Input, line: &mut Line<'_, Self>) {
        let inputs = self.found.inputs.clone();
        line.wait(
            async move { inputs.send(input).await.is_ok() },
            |_, ok, line| {
                if !ok {
                    line.close(1000, "");
                }
            },
        );
    }
}

impl Peer for EngineSocket {
    type Told = ToSocket;

    fn id(&self) -> u64 {
        self.id.0
    }

    fn opened(&mut self, line: &mut Line<'_, Self>) {
        self.tell(Input::SocketOpened(self.id, self.sender.clone()), line);
    }

    fn text(&mut self, text: ByteString, line: &mut Line<'_, Self>) {
        let packet = Packet::from_text(self.found.version, &text);
        self.tell(Input::SocketSent(self.id, packet), line);
    }

    fn binary(&mut self, bytes: Bytes, line: &mut Line<'_, Self>) {
        let packet = Packet::from_bytes(self.found.version, &bytes);
        self.tell(Input::SocketSent(self.id, packet), line);
    }

    fn inbox(&mut self) -> Option<Receiver<ToSocket>> {
        self.receiver.take()
    }

    fn told(&mut self, told: Vec<ToSocket>, line: &mut Line<'_, Self>) {
        for told in told {
            if line.is_closing() {
                return;
            }
            match told {
                ToSocket::Texts(texts) => line.send_texts(&texts),
                ToSocket::Frame(Frame::Text(text)) => line.send_text(&text),
                ToSocket::Frame(Frame::Binary(bytes)) => line.send_bytes(&bytes),
                ToSocket::Mark => tell(&self.found.inputs, Input::SocketTook(self.id)),
                ToSocket::Close(code, reason) => line.close(code, reason),
            }
        }
    }

    fn overflown(&mut self, line: &mut Line<'_, Self>) {
        let (code, reason) = Reason::TooSlow.close();
        line.close(code, reason);
    }

    fn closed(&mut self) {
        tell(&self.found.inputs, Input::SocketGone(self.id));
    }
}
