//! The limits: each says what it is, and can be set.

use std::{
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use diesel::connection::SimpleConnection;
use kefu::protocol::ServerFrame;
use serde_json::json;

use crate::support::{Client, Database, Engine, Event, Server, ServerBuilder, token};

/// A server on SQLite with these settings.
fn server(settings: impl FnOnce(ServerBuilder) -> ServerBuilder) -> (Database, Server) {
    let database = Database::new(Engine::Sqlite);
    let server = settings(Server::on(&database)).start();
    (database, server)
}

fn customer(server: &Server) -> Client {
    Client::customer(server, &token(), json!({})).0
}

fn ping(client: &mut Client) {
    client.send(&json!({"type": "ping"}));
}

/// The next answer: `None` is `pong`, else when to try again.
fn answer(client: &mut Client) -> Option<u64> {
    client.until(|frame| match frame {
        ServerFrame::Pong => Some(None),
        ServerFrame::Error(error) => {
            assert_eq!(
                (error.code.as_str(), error.retryable),
                ("rate_limited", true)
            );
            Some(Some(error.retry_after_ms.expect("it says when")))
        }
        _ => None,
    })
}

/// A wave of those who were cut off: whomever the kernel does not take in at once, it lets wait for seconds.
#[test]
fn who_come_in_the_same_moment_are_let_in() {
    let (_database, server) = server(|it| it);
    server.signal("STOP");
    let a_moment = Duration::from_millis(500);
    let wave: Vec<_> = (0..500)
        .map_while(|_| TcpStream::connect_timeout(&server.address, a_moment).ok())
        .collect();
    server.signal("CONT");
    assert_eq!(wave.len(), 500, "are let in");
    ping(&mut customer(&server));
}

#[test]
fn three_seconds_of_frames_may_come_at_once() {
    // The default, and one of the operator's own.
    for (per_second, setting) in [(20, None), (5, Some(5))] {
        let database = Database::new(Engine::Sqlite);
        let builder = Server::on(&database);
        let server = match setting {
            Some(value) => builder.with("KEFU_FRAMES_PER_SECOND", value),
            None => builder.without("KEFU_FRAMES_PER_SECOND"),
        };
        let server = server.start();
        let mut client = Client::connect(&server);
        client.send(&json!({"type": "hello", "as": "customer", "token": token()}));
        let limits = client.welcome().limits;
        assert_eq!(limits.frames_per_second, per_second);
        // What comes back while these are sent is a frame or two; ten more is beyond doubt.
        let since = Instant::now();
        let many = per_second * 3 + 10;
        for _ in 0..many {
            ping(&mut client);
        }
        let answers: Vec<_> = (0..many).map(|_| answer(&mut client)).collect();
        let passed = answers.iter().filter(|answer| answer.is_none()).count();
        let most = f64::from(per_second) * (3.0 + since.elapsed().as_secs_f64());
        let least = usize::try_from(per_second * 3 - 1).unwrap();
        assert!(passed >= least, "{passed} of {per_second} a second");
        #[allow(clippy::cast_precision_loss, reason = "dozens")]
        let is_bounded = passed as f64 <= most;
        assert!(is_bounded, "{passed} of {per_second} a second");

        let wait = answers
            .into_iter()
            .flatten()
            .last()
            .expect("some were refused");
        assert!((1..=1_000).contains(&wait), "{wait}");
        thread::sleep(Duration::from_millis(wait));
        ping(&mut client);
        assert_eq!(answer(&mut client), None, "waiting that long works");
    }
}

#[test]
fn a_flood_is_closed() {
    let (_database, server) = server(|it| it.with("KEFU_FRAMES_PER_SECOND", 5));
    let mut client = customer(&server);
    // The last of these meet a closed door.
    for _ in 0..200 {
        let ping = tungstenite::Message::text(r#"{"type":"ping"}"#);
        if client.ws.send(ping).is_err() {
            break;
        }
    }
    let mut refused = 0;
    let code = loop {
        match client.next() {
            Event::Frame(ServerFrame::Error(error)) => {
                assert_eq!(error.code, "rate_limited");
                refused += 1;
            }
            Event::Frame(_) => {}
            Event::Closed(code, _) => break code,
        }
    };
    assert_eq!(code, 4029);
    assert!((40..=60).contains(&refused), "{refused}");
}

#[test]
fn an_address_has_so_many_connections() {
    let (_database, server) = server(|it| it.with("KEFU_MAX_CONNECTIONS_PER_ADDRESS", 3));
    let mut inside: Vec<Client> = (0..3).map(|_| customer(&server)).collect();
    let mut fourth = Client::connect(&server);
    let told = fourth.until(|frame| match frame {
        ServerFrame::Error(error) => Some(error),
        _ => None,
    });
    assert_eq!(told.code, "too_many_connections");
    assert!(told.retry_after_ms.is_some(), "it says when to come back");
    assert_eq!(fourth.closed().0, 4029);
    inside.pop().unwrap().leave();
    // The server hears of the end in its own time.
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let mut next = Client::connect(&server);
        // The last one may have gone before it could read this.
        let hello = json!({"type": "hello", "as": "customer", "token": token()}).to_string();
        let _ = next.ws.send(tungstenite::Message::text(hello));
        if let Event::Frame(ServerFrame::Welcome(_)) = next.next() {
            break;
        }
        assert!(Instant::now() < deadline, "the place is never given back");
    }
    for client in &mut inside {
        client.say(None, "still-here", "hello");
    }
}

/// Many customers come through one proxy; one of them cannot take the places of all the others.
#[test]
fn behind_a_trusted_proxy_each_client_has_its_own_connections() {
    for (trusted, expected) in [("127.0.0.0/8", true), ("10.0.0.0/8,192.0.2.1", false)] {
        let (_database, server) = server(|it| {
            it.with("KEFU_MAX_CONNECTIONS_PER_ADDRESS", 1)
                .with("KEFU_TRUSTED_PROXIES", trusted)
        });
        let connect = |from| Client::try_connect(&server, &[("x-forwarded-for", from)]).unwrap();
        let is_in = |client: &mut Client| {
            let hello = json!({"type": "hello", "as": "customer", "token": token()}).to_string();
            // Where there is no place, the server may have closed before this.
            let _ = client.ws.send(tungstenite::Message::text(hello));
            matches!(client.next(), Event::Frame(ServerFrame::Welcome(_)))
        };
        let mut first = connect("198.51.100.1");
        assert!(is_in(&mut first));
        let mut second = connect("198.51.100.2");
        assert_eq!(is_in(&mut second), expected, "{trusted}");
        let mut same = connect("203.0.113.9, 198.51.100.1");
        assert!(!is_in(&mut same), "what the client says of itself counts");
    }
}

#[test]
fn hello_has_its_time() {
    let (_database, server) = server(|it| it.with("KEFU_HELLO_TIMEOUT_S", 1));
    let mut client = Client::connect(&server);
    let since = Instant::now();
    // Other frames are no hello.
    ping(&mut client);
    assert_eq!(client.closed().0, 4000);
    let took = since.elapsed();
    assert!((900..3_000).contains(&took.as_millis()), "{took:?}");
}

#[test]
fn texts_and_frames_are_as_long_as_is_set() {
    let (_database, server) = server(|it| {
        it.with("KEFU_TEXT_CHARS", 10)
            .with("KEFU_TEXT_BYTES", 20)
            .with("KEFU_FRAME_BYTES", 2_000)
    });
    let mut client = Client::connect(&server);
    client.send(&json!({"type": "hello", "as": "customer", "token": token()}));
    let limits = client.welcome().limits;
    let seen = (limits.text_chars, limits.text_bytes, limits.frame_bytes);
    assert_eq!(seen, (10, 20, 2_000));
    for (text, code) in [
        ("0123456789", None),
        ("0123456789a", Some("text_too_long")),
        ("😀😀😀😀😀", None),
        ("😀😀😀😀😀!", Some("text_too_long")),
        ("你好你好你好", None),
        ("你好你好你好你", Some("text_too_long")),
    ] {
        let mine = client.post(None, &format!("key{}", text.len()), text);
        let refused = client.until(|frame| match frame {
            ServerFrame::Accepted { reference, .. } if reference == mine => Some(None),
            ServerFrame::Error(error) => Some(Some(error.code)),
            _ => None,
        });
        assert_eq!(refused.as_deref(), code, "{text}");
    }
    let ping = r#"{"type":"ping"}"#;
    client.send_text(&format!("{ping}{}", " ".repeat(2_000 - ping.len())));
    client.until(|frame| matches!(frame, ServerFrame::Pong).then_some(()));
    client.send_text(&format!("{ping}{}", " ".repeat(2_001 - ping.len())));
    assert_eq!(client.closed().0, 1009);
}

#[test]
fn four_thousand_characters_of_any_kind_fit() {
    let (_database, server) = server(|it| it);
    let mut client = customer(&server);
    for (n, one) in ["a", "你", "😀", "\u{1}", "\"", "e\u{301}"]
        .iter()
        .enumerate()
    {
        let chars = one.chars().count();
        client.say(None, &format!("fits{n}"), &one.repeat(4_000 / chars));
        let long = format!("{}a", one.repeat(4_000 / chars));
        client.post(None, &format!("long{n}"), &long);
        assert_eq!(client.error().1, "text_too_long", "{one:?}");
    }
}

/// A hundred customers write while the database is locked and only one write may wait: every one of
/// them gets an answer, within two seconds.
#[test]
fn a_full_queue_is_never_silent() {
    let (database, server) = server(|it| it.with("KEFU_WRITE_QUEUE", 1));
    let mut clients: Vec<Client> = (0..20).map(|_| customer(&server)).collect();
    let mut lock = database.sqlite();
    lock.batch_execute("BEGIN EXCLUSIVE").unwrap();
    let since = Instant::now();
    let mut asked = Vec::new();
    for n in 0..5 {
        for client in &mut clients {
            asked.push(client.post(None, &format!("key{n}"), "hello"));
        }
    }
    let mut codes: Vec<String> = Vec::new();
    for client in &mut clients {
        let mut mine: Vec<String> = (1..=5).map(|n| format!("r{n}")).collect();
        while !mine.is_empty() {
            let (reference, code) = client.error();
            let reference = reference.expect("the answer carries the ref");
            assert!(mine.contains(&reference), "answered twice: {reference}");
            mine.retain(|one| *one != reference);
            codes.push(code);
        }
    }
    let took = since.elapsed();
    assert!(took < Duration::from_millis(2_300), "{took:?}");
    assert_eq!(codes.len(), asked.len());
    let overloaded = codes.iter().filter(|code| *code == "overloaded").count();
    let unavailable = codes.iter().filter(|code| *code == "unavailable").count();
    assert_eq!(overloaded + unavailable, codes.len(), "{codes:?}");
    assert!(overloaded >= 99, "{codes:?}");
    lock.batch_execute("COMMIT").unwrap();
    // One write waits at a time, so each may have to come twice.
    for client in &mut clients {
        let stored = std::iter::repeat_with(|| {
            thread::sleep(Duration::from_millis(100));
            let mine = Some(client.post(None, "key0", "hello"));
            client.until(|frame| match frame {
                ServerFrame::Accepted {
                    reference,
                    seq,
                    duplicate,
                    ..
                } if Some(&reference) == mine.as_ref() => Some(Ok((seq.0, duplicate))),
                ServerFrame::Error(error) if error.reference == mine => Some(Err(error.code)),
                _ => None,
            })
        })
        // What was given up on has the place until the writer has noticed.
        .take(30)
        .find(|answer| {
            answer
                .as_ref()
                .err()
                .is_none_or(|code| code != "overloaded")
        });
        assert_eq!(stored, Some(Ok((1, false))));
    }
    assert_eq!(database.messages().len(), clients.len());
}
