//! One `kefu.v1` session: reads frames, checks their shape, and passes them to the room; writes what the
//! room sends. What it stands on is `socket`.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use actix::prelude::SendError;
use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, Bytes},
};
use bytestring::ByteString;

use super::{
    App, access,
    address::Seat,
    answer::Answer,
    rate::{Rate, TooFast},
    socket::{self, Limits, Peer},
};
use crate::{
    bell::Bell,
    channel::{Receiver, Sender, channel},
    chat::{Enter, Entrant, FromSession, Knock, Leave, Outbound, PageWritten, SessionId, Visitor},
    domain::{Channel, Code, CustomerKey, Refusal, SessionKey},
    metrics::{Counted, Role, Wire},
    protocol::{
        ClientFrame, Close, Credentials, Dialect, Hello, Request, ServerFrame, parse, reference_of,
    },
};

/// When to look again whether the address has a place: soon enough for whoever waits, and not so soon that
/// the looking itself is a burden.
pub const SEAT_MS: u64 = 10_000;

type Line<'a> = socket::Line<'a, Session>;

/// `GET /ws`.
pub async fn connect(
    request: HttpRequest,
    stream: web::Payload,
    app: web::Data<App>,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let (sender, receiver) = channel(app.queue_limits(), app.metrics.marks(), Bell::here());
    let session = Session {
        id: app.next_session(),
        login: access::cookie_key(&request),
        user_agent: access::user_agent(&request),
        address: app.client_address(&request),
        customer: None,
        seat: app.seat(&request),
        counted: app.metrics.connection(Role::Unknown, Wire::Native),
        inside: false,
        sender,
        receiver: Some(receiver),
        rate: Rate::new(app.settings.frames_per_second, Instant::now()),
        app: app.clone(),
    };
    let limits = Limits {
        message_bytes: app.settings.frame_bytes,
        heartbeat: Some(Duration::from_secs(app.settings.heartbeat_s)),
    };
    socket::start(session, limits, &request, stream)
        .map_err(|message| Refusal::bad_request(message).into())
}

struct Session {
    id: SessionId,
    app: web::Data<App>,
    /// The login cookie that came with the upgrade.
    login: Option<SessionKey>,
    /// What the browser called itself in the upgrade.
    user_agent: Option<String>,
    /// Where it comes from.
    address: Option<IpAddr>,
    /// Which customer said hello, whose messages count against their limit.
    customer: Option<CustomerKey>,
    /// `None`: the address has too many connections.
    seat: Option<Seat>,
    counted: Counted,
    /// The room knows us.
    inside: bool,
    /// For the room.
    sender: Sender<Outbound>,
    receiver: Option<Receiver<Outbound>>,
    rate: Rate,
}

impl Session {
    fn refuse(&self, reference: Option<String>, refusal: Refusal, line: &mut Line) {
        self.app.metrics.refused(refusal.code.as_str(), 1);
        line.send_text(&ServerFrame::error(reference, refusal).encode());
    }

    /// Counts a whole message against the limit; `false` if it may not be handled. `text` is looked at
    /// only for the `ref` that the refusal must carry.
    fn within_rate(&mut self, text: &str, line: &mut Line) -> bool {
        match self.rate.count(Instant::now()) {
            Ok(()) => return true,
            Err(TooFast::Refuse(refusal)) => self.refuse(reference_of(text), refusal, line),
            Err(TooFast::Flood) => close(Close::TooMany, line),
        }
        false
    }

    fn frame(&mut self, frame: ClientFrame, line: &mut Line) {
        let request = match frame {
            ClientFrame::Ping => return line.send_text(&ServerFrame::Pong.encode()),
            ClientFrame::Hello(hello) => return self.hello(hello, line),
            ClientFrame::Request(request) => request,
        };
        if !self.inside {
            let refusal = Refusal::new(Code::HelloExpected, "say hello first");
            return self.refuse(request.reference(), refusal, line);
        }
        let reference = request.reference();
        if let (Some(key), Request::Post { .. }) = (self.customer, &request)
            && let Err(refusal) = self.app.messages.count(key, self.address, Instant::now())
        {
            return self.refuse(reference, refusal, line);
        }
        match self.app.room.try_send(FromSession {
            session: self.id,
            request,
            waiting: self.app.metrics.request_waits(),
        }) {
            Ok(()) => {}
            Err(SendError::Full(_)) => self.refuse(reference, Refusal::overloaded(), line),
            Err(SendError::Closed(_)) => close(Close::GoingAway, line),
        }
    }

    fn hello(&mut self, hello: Hello, line: &mut Line) {
        if self.inside {
            let refusal = Refusal::new(Code::HelloRepeated, "hello was said already");
            return self.refuse(None, refusal, line);
        }
        let most = super::RESUME_CONVERSATIONS;
        if hello.resume.len() > most {
            let message = format!("resume: at most {most} conversations are allowed");
            return self.refuse(None, Refusal::bad_request(message), line);
        }
        let entrant = match hello.credentials {
            Credentials::Customer {
                token,
                page,
                language,
            } => {
                let key = CustomerKey::from(&token);
                self.customer = Some(key);
                Entrant::Customer(Visitor {
                    key,
                    token: key,
                    address: self.address,
                    page,
                    language,
                    user_agent: self.user_agent.take(),
                    channel: Channel::Web,
                })
            }
            Credentials::Agent(token) => {
                let login = token.as_ref().map(SessionKey::from).or(self.login);
                let Some(login) = login else {
                    self.refuse(None, Refusal::not_signed_in(), line);
                    return close(Close::SignedOut, line);
                };
                Entrant::Agent(login)
            }
        };
        self.inside = true;
        let role = match &entrant {
            Entrant::Customer(_) => Role::Customer,
            Entrant::Agent(_) => Role::Agent,
        };
        self.counted = self.app.metrics.connection(role, Wire::Native);
        self.app.room.do_send(Enter {
            session: self.id,
            entrant,
            resume: hello.resume,
            sender: self.sender.clone(),
            dialect: Dialect::Native,
        });
    }
}

fn close(close: Close, line: &mut Line) {
    line.close(close.code(), close.reason());
}

impl Peer for Session {
    type Told = Outbound;

    fn id(&self) -> u64 {
        self.id.0
    }

    fn opened(&mut self, line: &mut Line) {
        if self.seat.is_none() {
            let message = "too many connections from this address";
            let refusal = Refusal::new(Code::TooManyConnections, message).retry_after(SEAT_MS);
            self.refuse(None, refusal, line);
            return close(Close::TooMany, line);
        }
        // Bounded by the connections, as `Leave` is.
        self.app.room.do_send(Knock {
            session: self.id,
            sender: self.sender.clone(),
        });
        let patience = Duration::from_secs(self.app.settings.hello_timeout_s);
        line.after(patience, |session, line| {
            if !session.inside {
                close(Close::HelloTimeout, line);
            }
        });
    }

    fn text(&mut self, text: ByteString, line: &mut Line) {
        if !self.within_rate(&text, line) {
            return;
        }
        let (reference, refusal) = match parse(&text) {
            Ok(frame) => return self.frame(frame, line),
            Err(rejected) => (rejected.reference, rejected.refusal),
        };
        let signed_out = refusal.code == Code::NotSignedIn;
        self.refuse(reference, refusal, line);
        if signed_out {
            close(Close::SignedOut, line);
        }
    }

    fn binary(&mut self, _: Bytes, line: &mut Line) {
        if !self.within_rate("", line) {
            return;
        }
        let refusal = Refusal::new(
            Code::BinaryUnsupported,
            "send text frames; binary ones are not read",
        );
        self.refuse(None, refusal, line);
    }

    fn inbox(&mut self) -> Option<Receiver<Outbound>> {
        self.receiver.take()
    }

    fn told(&mut self, told: Vec<Outbound>, line: &mut Line) {
        for told in told {
            if line.is_closing() {
                return;
            }
            match told {
                Outbound::Frames(frames) => line.send_texts(&frames),
                // Its client was sent `welcome`.
                Outbound::Welcomed => {}
                Outbound::Page {
                    conversation,
                    frames,
                } => {
                    for frame in frames {
                        line.send_text(&frame);
                    }
                    self.app.room.do_send(PageWritten {
                        session: self.id,
                        conversation,
                    });
                }
                Outbound::Close(why) => close(why, line),
            }
        }
    }

    fn overflown(&mut self, line: &mut Line) {
        close(Close::TooSlow, line);
    }

    fn closed(&mut self) {
        // Not to be lost; there is one for each connection, so it is bounded all the same.
        self.app.room.do_send(Leave(self.id));
    }
}
