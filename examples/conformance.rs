//! A server for the test suites that the Engine.IO and Socket.IO projects publish, on the same modules as
//! `kefu serve`:
//!
//!     cargo run --example conformance -- --listen 127.0.0.1:3000
//!
//! `/engine.io/` echoes. `/socket.io/` has the namespaces `/` and `/custom`, which send the event `auth` with
//! what the client connected with, answer `message` by `message-back`, `message-with-ack` by an ack, and
//! `emit-with-ack` by asking for one. `GET /sessions` says how many sessions there are, so that a test can
//! see that nothing is left behind.

use std::{borrow::Cow, io, net::TcpListener, sync::Arc, time::Duration};

use actix_web::{App, HttpResponse, HttpServer, web};
use bytes::Bytes;
use bytestring::ByteString;
use kefu::{
    http::engine::{Endpoint, resource},
    socketio::{
        Application, Client, Event, Kind, SocketIo,
        engine::{self, Link, Reason, Registry, Settings},
    },
};
use serde_json::value::RawValue;

/// Nobody tells these applications anything.
enum Never {}

struct Echo;

// Whatever does not fit ends the session, so there is nothing to do about it here.
impl engine::Application for Echo {
    type Told = Never;

    fn opened(&mut self, _: &mut Link<'_, Self>) {}

    fn text(&mut self, text: ByteString, link: &mut Link<'_, Self>) {
        let _ = link.send_text(&text);
    }

    fn binary(&mut self, bytes: Bytes, link: &mut Link<'_, Self>) {
        let _ = link.send_bytes(bytes);
    }

    fn told(&mut self, _: Vec<Never>, _: &mut Link<'_, Self>) {}

    fn overflown(&mut self, _: &mut Link<'_, Self>) {}

    fn closed(&mut self, _: Reason) {}
}

#[derive(Default)]
struct Suite {
    asked: u64,
}

fn array<'a>(name: Option<&str>, arguments: impl IntoIterator<Item = &'a RawValue>) -> String {
    let name = name.map(|name| format!("\"{name}\""));
    let arguments = arguments.into_iter().map(|json| json.get().to_owned());
    let all: Vec<_> = name.into_iter().chain(arguments).collect();
    format!("[{}]", all.join(","))
}

impl Application for Suite {
    type Told = Never;

    fn connect(
        &mut self,
        namespace: &str,
        _: Option<&RawValue>,
        _: &mut Client<'_, '_, Self>,
    ) -> Result<(), Cow<'static, str>> {
        match namespace {
            "/" | "/custom" => Ok(()),
            _ => Err("Invalid namespace".into()),
        }
    }

    fn connected(
        &mut self,
        namespace: &str,
        auth: Option<&RawValue>,
        client: &mut Client<'_, '_, Self>,
    ) {
        let auth = auth.map_or("{}", RawValue::get);
        let json = format!("[\"auth\",{auth}]");
        let _ = client.send(Kind::Event, namespace, None, &json, &[]);
    }

    fn event(&mut self, event: Event, client: &mut Client<'_, '_, Self>) {
        let arguments = || event.arguments.iter().map(AsRef::as_ref);
        let (kind, id, json) = match (event.name.as_str(), event.ack) {
            ("message", _) => (Kind::Event, None, array(Some("message-back"), arguments())),
            ("message-with-ack", Some(id)) => (Kind::Ack, Some(id), array(None, arguments())),
            ("emit-with-ack", _) => {
                self.asked += 1;
                let json = array(Some("emit-with-ack"), arguments());
                (Kind::Event, Some(self.asked), json)
            }
            _ => return,
        };
        let _ = client.send(kind, &event.namespace, id, &json, &event.attachments);
    }

    fn answered(&mut self, _: u64, event: Event, client: &mut Client<'_, '_, Self>) {
        let arguments = event.arguments.iter().map(AsRef::as_ref);
        let json = array(Some("emit-with-ack"), arguments);
        let _ = client.send(
            Kind::Event,
            &event.namespace,
            None,
            &json,
            &event.attachments,
        );
    }

    fn told(&mut self, _: Vec<Never>, _: &mut Client<'_, '_, Self>) {}

    fn closed(&mut self, _: Reason) {}
}

fn endpoint<A>(
    settings: &Arc<Settings>,
    app: impl Fn() -> A + Send + Sync + 'static,
) -> Arc<Endpoint<A>> {
    Arc::new(Endpoint {
        registry: Arc::new(Registry::default()),
        settings: Arc::clone(settings),
        origins: vec!["*".to_owned()],
        accept: Box::new(move |_, _| Ok(app())),
    })
}

/// Where to listen, and the ping interval and timeout in milliseconds.
struct Arguments {
    listen: String,
    ping_ms: (u64, u64),
}

fn arguments() -> Result<Arguments, io::Error> {
    let usage = || {
        io::Error::other("usage: conformance --listen 127.0.0.1:PORT [--ping-ms INTERVAL,TIMEOUT]")
    };
    let mut arguments = Arguments {
        listen: "127.0.0.1:3000".to_owned(),
        ping_ms: (300, 200),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(usage)?;
        match word.as_str() {
            "--listen" => arguments.listen = value,
            "--ping-ms" => {
                let (interval, timeout) = value.split_once(',').ok_or_else(usage)?;
                let number = |text: &str| text.parse().map_err(|_| usage());
                arguments.ping_ms = (number(interval)?, number(timeout)?);
            }
            _ => return Err(usage()),
        }
    }
    Ok(arguments)
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let Arguments { listen, ping_ms } = arguments()?;
    let settings = Arc::new(Settings {
        ping_interval: Duration::from_millis(ping_ms.0),
        ping_timeout: Duration::from_millis(ping_ms.1),
        max_payload: 1_000_000,
        max_body: 1_000_000,
        queue_frames: 1_000,
        queue_bytes: 4_000_000,
        marks: Arc::default(),
    });
    let limit = settings.max_payload;
    let echo = endpoint(&settings, || Echo);
    let suite = endpoint(&settings, move || {
        SocketIo::new(Suite::default(), Duration::from_secs(1), limit)
    });
    let listener = TcpListener::bind(listen)?;
    #[allow(
        clippy::print_stdout,
        reason = "whoever asked for port 0 reads it here"
    )]
    {
        println!("listening on http://{}", listener.local_addr()?);
    }
    HttpServer::new(move || {
        let (engine, socket) = (Arc::clone(&echo.registry), Arc::clone(&suite.registry));
        let count = move || {
            let sessions = serde_json::json!({"engine": engine.len(), "socket": socket.len()});
            async move { HttpResponse::Ok().json(sessions) }
        };
        App::new()
            .service(resource("/engine.io/", Arc::clone(&echo)))
            .service(resource("/socket.io/", Arc::clone(&suite)))
            .route("/sessions", web::get().to(count))
    })
    .workers(2)
    .tcp_nodelay(true)
    .client_disconnect_timeout(Duration::ZERO)
    .listen(listener)?
    .run()
    .await
}
