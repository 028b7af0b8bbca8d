//! An orderly stop: SIGTERM loses nothing, tells everybody, and is quick.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    os::unix::process::ExitStatusExt,
    thread,
    time::{Duration, Instant},
};

use diesel::{RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query};
use kefu::protocol::ServerFrame;
use serde_json::json;

use crate::{
    on_both_databases,
    support::{Client, Database, Engine, Event, Server, token},
};

on_both_databases! {
    a_stop_under_load_tells_everybody_and_loses_nothing_that_was_accepted
    a_stop_takes_what_waits_with_it_and_lets_nobody_in
    a_second_signal_ends_it_at_once
    a_session_that_has_not_said_hello_is_told_as_well
}

/// One customer of a server that stops: posts until the connection ends.
struct Posting {
    token: String,
    posted: Vec<String>,
    accepted: Vec<(String, i64)>,
    close: u16,
}

fn post_until_closed(mut client: Client, token: String) -> Posting {
    let mut of = Posting {
        token,
        posted: Vec::new(),
        accepted: Vec::new(),
        close: 0,
    };
    let mut references = Vec::new();
    loop {
        for n in 0..10 {
            let key = format!("k{}-{n}", of.posted.len());
            let reference = format!("r{}", references.len());
            let frame = json!({
                "type": "message.post", "ref": reference, "conversation": null,
                "client_id": key, "text": "hello",
            });
            // Fails once the server has closed; what it said before is still to be read.
            if client.ws.send(frame.to_string().into()).is_ok() {
                of.posted.push(key.clone());
                references.push((reference, key));
            }
        }
        let mut answers = 0;
        while answers < 10 {
            match client.next() {
                Event::Frame(ServerFrame::Accepted { reference, seq, .. }) => {
                    let (_, key) = references.iter().find(|(r, _)| *r == reference).unwrap();
                    of.accepted.push((key.clone(), seq.0));
                    answers += 1;
                }
                Event::Frame(ServerFrame::Error(error)) => {
                    assert!(error.retryable, "{error:?}");
                    answers += 1;
                }
                Event::Frame(_) => {}
                Event::Closed(code, _) => {
                    of.close = code;
                    return of;
                }
            }
        }
    }
}

fn a_stop_under_load_tells_everybody_and_loses_nothing_that_was_accepted(engine: Engine) {
    let database = Database::new(engine);
    let mut server = Server::on(&database).start();
    let mut agent = Client::agent(&server, &server.sign_in(), json!({})).0;
    let all: Vec<Posting> = thread::scope(|scope| {
        let posting: Vec<_> = (0..6)
            .map(|_| {
                let me = token();
                let (client, _) = Client::customer(&server, &me, json!({}));
                scope.spawn(move || post_until_closed(client, me))
            })
            .collect();
        for _ in 0..300 {
            agent.message();
        }
        server.signal("TERM");
        let signalled = Instant::now();
        let status = server.wait(Duration::from_secs(10));
        assert_eq!(
            status.code(),
            Some(0),
            "{status} after {:?}",
            signalled.elapsed()
        );
        posting.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(agent.closed().0, 1001);
    server.start_elsewhere();
    for Posting {
        token,
        posted,
        accepted,
        close,
    } in &all
    {
        assert_eq!(*close, 1001);
        assert!(!accepted.is_empty());
        let (mut back, _) = Client::customer(&server, token, json!({}));
        for key in posted {
            let (_, seq, repeat) = back.say(None, key, "hello");
            if let Some((_, first)) = accepted.iter().find(|(accepted, _)| accepted == key) {
                assert_eq!((seq, repeat), (*first, true), "{key} was accepted");
            }
        }
    }
    let posted: usize = all.iter().map(|one| one.posted.len()).sum();
    assert_eq!(database.messages().len(), posted, "each is stored once");
}

/// Keeps everybody else from writing until it is dropped.
enum Lock {
    Sqlite(#[expect(dead_code, reason = "it is held")] SqliteConnection),
    Mysql(#[expect(dead_code, reason = "it is held")] diesel::MysqlConnection),
}

impl Lock {
    fn hold(database: &Database) -> Self {
        match database.engine {
            Engine::Sqlite => {
                let mut connection = database.sqlite();
                connection.batch_execute("BEGIN EXCLUSIVE").unwrap();
                Self::Sqlite(connection)
            }
            Engine::Mysql => {
                let mut connection = database.mysql();
                sql_query("LOCK TABLES conversations WRITE, messages WRITE, customers WRITE")
                    .execute(&mut connection)
                    .unwrap();
                Self::Mysql(connection)
            }
        }
    }
}

/// Asks for an upgrade; whether it comes, within a time in which it always has come.
fn upgrades(stream: &mut TcpStream) -> bool {
    let half_a_second = Duration::from_millis(500);
    stream.set_read_timeout(Some(half_a_second)).unwrap();
    let request = "GET /ws HTTP/1.1\r\nHost: kefu\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let mut head = [0; 12];
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_exact(&mut head).is_ok()
        && &head == b"HTTP/1.1 101"
}

fn a_stop_takes_what_waits_with_it_and_lets_nobody_in(engine: Engine) {
    let database = Database::new(engine);
    let mut server = Server::on(&database)
        .with("KEFU_DATABASE_PATIENCE_MS", 30_000)
        .with("KEFU_STOP_S", 60)
        .start();
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    customer.say(None, "before", "hello");
    let lock = Lock::hold(&database);
    let waits: Vec<String> = (0..20)
        .map(|n| customer.post(None, &format!("waits-{n}"), "hello"))
        .collect();
    // Answered by the session behind the posts, so they have been read.
    customer.send(&json!({"type": "ping"}));
    customer.until(|frame| (frame == ServerFrame::Pong).then_some(()));
    customer.everything_so_far();

    server.signal("TERM");
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut outside = Vec::new();
    // The signal takes a moment; from then on nobody comes in.
    while outside.len() < 4 {
        assert!(Instant::now() < deadline, "it lets everybody in");
        let mut stream = TcpStream::connect(server.address).unwrap();
        if upgrades(&mut stream) {
            assert!(outside.is_empty(), "nobody comes in and then somebody does");
        } else {
            outside.push(stream);
        }
    }
    drop(lock);
    for reference in waits {
        let answered = customer.until(|frame| match frame {
            ServerFrame::Accepted { reference, .. } => Some(reference),
            ServerFrame::Error(error) => panic!("{error:?}"),
            _ => None,
        });
        assert_eq!(answered, reference);
    }
    assert_eq!(customer.closed().0, 1001);
    assert_eq!(server.wait(Duration::from_secs(10)).code(), Some(0));
    for mut stream in outside {
        let mut rest = Vec::new();
        if let Err(error) = stream.read_to_end(&mut rest) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        }
        assert_eq!(String::from_utf8_lossy(&rest), "", "let in after all");
    }
    assert_eq!(database.messages().len(), 21);
}

fn a_second_signal_ends_it_at_once(engine: Engine) {
    for second in ["TERM", "INT"] {
        let database = Database::new(engine);
        let mut server = Server::on(&database)
            .with("KEFU_DATABASE_PATIENCE_MS", 60_000)
            .with("KEFU_STOP_S", 120)
            .start();
        let (mut customer, _) = Client::customer(&server, &token(), json!({}));
        customer.say(None, "before", "hello");
        let _lock = Lock::hold(&database);
        customer.post(None, "waits", "hello");
        customer.everything_so_far();
        server.signal("TERM");
        // The first one has been heard when nobody is let in any more.
        let deadline = Instant::now() + Duration::from_secs(10);
        while upgrades(&mut TcpStream::connect(server.address).unwrap()) {
            assert!(Instant::now() < deadline, "it lets everybody in");
        }
        server.signal(second);
        let status = server.wait(Duration::from_secs(5));
        assert_eq!((status.code(), status.signal()), (Some(130), None));
    }
}

fn a_session_that_has_not_said_hello_is_told_as_well(engine: Engine) {
    let database = Database::new(engine);
    let mut server = Server::on(&database).start();
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    let mut silent = Client::connect(&server);
    silent.send(&json!({"type": "ping"}));
    assert_eq!(silent.frame(), ServerFrame::Pong);
    server.signal("TERM");
    let signalled = Instant::now();
    assert_eq!(customer.closed().0, 1001);
    assert_eq!(silent.closed().0, 1001);
    assert_eq!(server.wait(Duration::from_secs(10)).code(), Some(0));
    let took = signalled.elapsed();
    assert!(took < Duration::from_secs(5), "the stop took {took:?}");
}
