//! Connections that break off, in each state: the server's sessions end, and nothing of them is left.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

use kefu::protocol::ServerFrame;
use serde_json::{Value, json};
use socket2::SockRef;

use super::eventually;
use crate::support::{Client, Database, Engine, Server, raw::Raw, token};

/// How a connection ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// TCP's end, without the close handshake.
    Finish,
    /// TCP's reset.
    Reset,
    /// The first half of a frame, then silence.
    HalfAFrame,
}

/// How far it got.
#[derive(Clone, Copy, Debug)]
enum State {
    BeforeHello,
    Joining,
    In,
    Resuming,
}

/// A masked text frame of five bytes, without its last two.
const HALF_A_FRAME: &[u8] = &[0x81, 0x85, 1, 2, 3, 4, b'H', b'e', b'l'];

#[test]
fn broken_connections_leave_nothing_behind() {
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database)
        .with("KEFU_HELLO_TIMEOUT_S", 1)
        .with("KEFU_HEARTBEAT_S", 1)
        .start();
    let bearer = server.sign_in();
    let (mut watcher, _) = Client::agent(&server, &bearer, json!({}));
    // Everybody has written before, so that the watcher hears of them.
    let mut people = Vec::new();
    for state in [
        State::BeforeHello,
        State::Joining,
        State::In,
        State::Resuming,
    ] {
        for end in [End::Finish, End::Reset, End::HalfAFrame] {
            let me = token();
            let (mut client, _) = Client::customer(&server, &me, json!({}));
            let (conversation, ..) = client.say(None, "first", "hello");
            if matches!(state, State::Resuming) {
                client.say_many(None, "more", 1_000);
            }
            client.leave();
            people.push((state, end, me, conversation));
        }
    }
    let gone = |frame| match frame {
        ServerFrame::Presence(presence) if !presence.online => presence.id,
        _ => None,
    };
    for _ in &people {
        watcher.until(gone);
    }
    let sockets = server.open_sockets();

    let mut waiting = Vec::new();
    let mut expected = 0;
    for (state, end, me, conversation) in &people {
        let mut client = Raw::connect(&server);
        let conversation = conversation.to_string();
        let resume: Value = json!({ conversation: 0 });
        let hello = json!({"type": "hello", "as": "customer", "token": me, "resume": resume});
        match state {
            State::BeforeHello => {}
            State::Joining => client.say(&hello),
            State::In => {
                client.say(&hello);
                client.until("resumed");
            }
            State::Resuming => {
                client.say(&hello);
                client.until("message.posted");
            }
        }
        expected += usize::from(!matches!(state, State::BeforeHello | State::Joining));
        match end {
            End::Finish => {}
            End::Reset => SockRef::from(&client.stream)
                .set_linger(Some(Duration::ZERO))
                .unwrap(),
            End::HalfAFrame => {
                client.send(HALF_A_FRAME);
                waiting.push((*state, client));
            }
        }
    }
    for _ in 0..expected {
        watcher.until(gone);
    }
    for (state, mut client) in waiting {
        let expected = match state {
            State::BeforeHello => 4000,
            _ => 4001,
        };
        assert_eq!(client.close_code(), Some(expected), "{state:?}");
    }
    let what = "every socket is closed";
    eventually(what, Duration::from_secs(10), || {
        server.open_sockets() <= sockets
    });
    // Nobody is taken for online who is not.
    let (_, welcome) = Client::agent(&server, &bearer, json!({}));
    for conversation in welcome.conversations {
        assert!(!conversation.customer.unwrap().online);
    }
}

/// A request that never gets as far as a session.
#[test]
fn half_a_request_does_not_stay() {
    do_not_stay(&[
        "",
        "G",
        "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n",
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nG",
    ]);
}

#[test]
fn half_a_body_does_not_stay() {
    do_not_stay(&[
        "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\n\r\n{\"username\":",
    ]);
}

/// The peers are there, and say no more; the server is the one that ends it.
fn do_not_stay(halves: &[&str]) {
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database).start();
    let patience = Duration::from_secs(20);
    thread::scope(|scope| {
        for half in halves {
            let mut stream = TcpStream::connect(server.address).unwrap();
            stream.set_read_timeout(Some(patience)).unwrap();
            stream.write_all(half.as_bytes()).unwrap();
            scope.spawn(move || {
                let mut answer = Vec::new();
                let end = stream.read_to_end(&mut answer);
                assert!(end.is_ok(), "still open after {patience:?}: {half:?}");
            });
        }
    });
}
