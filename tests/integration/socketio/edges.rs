//! Where sessions end, and where clients do what they should not. Nothing is left behind.

use std::{
    io::Write,
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use tungstenite::Message;

use super::{
    Carrier, Client, Conformance, WAYS,
    wire::{body, http, http_as, packets},
};

const ECHO: &str = "/engine.io/";
const SOON: Duration = Duration::from_secs(5);

/// Pings so rare that none comes into the way of a test.
fn calm() -> Conformance {
    Conformance::start(60_000, 60_000)
}

fn echo(server: &Conformance, version: u8, carrier: Carrier) -> Client {
    Client::open(server.address, ECHO, version, carrier)
}

fn reason(answer: (u16, String)) -> (u16, u64) {
    let json: serde_json::Value = serde_json::from_str(&answer.1).expect(&answer.1);
    assert!(!json["message"].as_str().unwrap().is_empty());
    (answer.0, json["code"].as_u64().unwrap())
}

#[test]
fn what_is_wrong_with_a_request_is_said() {
    let server = calm();
    for (method, query, expected) in [
        ("GET", "", (400, 0)),
        ("GET", "EIO=4", (400, 0)),
        ("GET", "EIO=4&transport=abc", (400, 0)),
        ("GET", "transport=polling", (400, 5)),
        ("GET", "EIO=abc&transport=polling", (400, 5)),
        ("GET", "EIO=2&transport=polling", (400, 5)),
        ("POST", "EIO=4&transport=polling", (400, 2)),
        ("PUT", "EIO=4&transport=polling", (400, 2)),
        ("GET", "EIO=4&transport=polling&sid=nobody", (400, 1)),
        ("POST", "EIO=3&transport=polling&sid=nobody", (400, 1)),
        ("GET", "EIO=3&transport=polling&j=0", (400, 3)),
        ("GET", "EIO=4&transport=websocket", (400, 3)),
    ] {
        for path in ["/engine.io/", "/engine.io", "/socket.io/"] {
            let answer = http(server.address, method, &format!("{path}?{query}"), None);
            assert_eq!(reason(answer), expected, "{method} {query}");
        }
    }
    assert_eq!(server.sessions(), (0, 0));
}

#[test]
fn many_packets_in_one_post_are_handled_in_order() {
    let server = calm();
    for version in [3, 4] {
        let client = echo(&server, version, Carrier::Polling);
        let sent: Vec<_> = (0..100).map(|n| format!("4用户 😀 {n}")).collect();
        let all: Vec<_> = sent.iter().map(String::as_str).collect();
        assert_eq!(client.post(&all), (200, "ok".to_owned()));
        let mut received = Vec::new();
        while received.len() < sent.len() {
            let (status, text) = client.poll();
            assert_eq!(status, 200);
            let some = packets(version, &text);
            // python-socketio takes no more at once.
            assert!((1..=16).contains(&some.len()), "{} packets", some.len());
            received.extend(some);
        }
        assert_eq!(received, sent);
    }
}

#[test]
fn bytes_come_back_by_every_way() {
    let server = calm();
    for (version, posted) in [(4, "4hello\u{1e}bAQIDBA=="), (3, "6:4hello10:b4AQIDBA==")] {
        let client = echo(&server, version, Carrier::Polling);
        assert_eq!(client.post_raw(posted.as_bytes()).0, 200);
        assert_eq!(client.poll(), (200, posted.to_owned()));
    }
    let mut client = Client::open(server.address, ECHO, 4, Carrier::Polling);
    let mut socket = client.connect().unwrap();
    for packet in ["2probe", "5"] {
        socket.send(Message::text(packet)).unwrap();
    }
    assert_eq!(socket.read().unwrap(), Message::text("3probe"));
    socket.send(Message::binary(vec![1, 2, 3])).unwrap();
    client.socket = Some(socket);
    // b64=1: the client wants text.
    assert_eq!(client.next(), "bAQID");

    let client = echo(&server, 3, Carrier::Polling);
    let xhr2 = client.url("polling").replace("&b64=1", "");
    let binary = [0, 2, 255, b'4', b'x', 1, 3, 255, 4, 9, 8];
    let kind = "application/octet-stream";
    let answer = http_as(server.address, "POST", &xhr2, Some(&binary), kind);
    assert_eq!(answer, (200, "ok".to_owned()));
    assert_eq!(client.poll(), (200, "2:4x6:b4CQg=".to_owned()));
}

#[test]
fn a_body_that_is_not_engine_io_closes_the_session() {
    let server = calm();
    for (version, garbage) in [
        (4, &b"abc"[..]),
        (4, b""),
        (4, b"4a\x1e"),
        (4, b"4\xff"),
        (4, b"2"),
        (4, b"5"),
        (3, b"abc"),
        (3, b"7:4hello"),
        (3, b"999999999:4"),
        (3, b"1:3"),
        (3, b"-1:4"),
    ] {
        let client = echo(&server, version, Carrier::Polling);
        assert_eq!(reason(client.post_raw(garbage)), (400, 3), "{garbage:?}");
        assert_eq!(reason(client.poll()), (400, 1), "{garbage:?}");
    }
    for version in [3, 4] {
        let mut client = echo(&server, version, Carrier::WebSocket);
        client.send("abc");
        assert_eq!(client.closed(), 1002);
    }
    server.settle(SOON);
}

#[test]
fn too_large_a_body_is_refused_and_the_session_stays() {
    let server = calm();
    for version in [3, 4] {
        let mut client = echo(&server, version, Carrier::Polling);
        let packet = format!("4{}", "x".repeat(1_000_000));
        let (status, text) = client.post(&[&packet]);
        assert_eq!(status, 413);
        assert!(text.contains("1000000"), "{text}");
        client.send("4still here");
        assert_eq!(client.next(), "4still here");

        let mut client = echo(&server, version, Carrier::WebSocket);
        let socket = client.socket.as_mut().unwrap();
        // The server may close before all of it is written.
        let _ = socket.send(Message::text(packet));
        assert_eq!(client.closed(), 1009);
    }
}

#[test]
fn two_polls_at_once_close_the_session() {
    let server = calm();
    for version in [3, 4] {
        let client = echo(&server, version, Carrier::Polling);
        thread::scope(|scope| {
            let polls = [scope.spawn(|| client.poll()), scope.spawn(|| client.poll())];
            let mut answers = polls.map(|poll| poll.join().unwrap());
            answers.sort();
            assert_eq!(answers[0], (200, body(version, &["1"])));
            assert_eq!(reason(answers[1].clone()), (400, 3));
        });
        assert_eq!(reason(client.poll()), (400, 1), "a poll after the end");
    }
    assert_eq!(server.sessions(), (0, 0));
}

#[test]
fn a_client_that_closes_is_forgotten_at_once() {
    let server = calm();
    for (version, carrier) in WAYS {
        let mut client = echo(&server, version, carrier);
        client.send("1");
        if carrier == Carrier::WebSocket {
            assert_eq!(client.closed(), 1000);
        }
        assert_eq!(reason(client.poll()), (400, 1));
        assert_eq!(reason(client.post(&["4x"])), (400, 1));
    }
    assert_eq!(server.sessions(), (0, 0));
}

/// `2probe` is answered; the socket. Until the server has noticed that an earlier one is gone, it refuses.
fn probe(client: &Client) -> tungstenite::WebSocket<TcpStream> {
    let deadline = Instant::now() + SOON;
    loop {
        let mut socket = client.connect().unwrap();
        socket.send(Message::text("2probe")).unwrap();
        match socket.read().unwrap() {
            Message::Text(text) => {
                assert_eq!(text.as_str(), "3probe");
                return socket;
            }
            other => assert!(Instant::now() < deadline, "{other:?}"),
        }
    }
}

#[test]
fn an_upgrade_loses_and_reorders_nothing() {
    let server = calm();
    for version in [3, 4] {
        let mut client = echo(&server, version, Carrier::Polling);
        client.send("4one");
        assert_eq!(client.next(), "4one");
        thread::scope(|scope| {
            let waiting = scope.spawn(|| client.poll());
            let mut socket = probe(&client);
            // The poll that waited ends with nothing, or with what was just echoed.
            assert_eq!(client.post(&["4two"]).0, 200);
            let (status, text) = waiting.join().unwrap();
            assert_eq!(status, 200);
            let mut seen = packets(version, &text);
            seen.retain(|packet| packet != "6");
            socket.send(Message::text("5")).unwrap();
            socket.send(Message::text("4three")).unwrap();
            while seen.len() < 2 {
                match socket.read().unwrap() {
                    Message::Text(text) => seen.push(text.to_string()),
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(seen, ["4two", "4three"]);
            assert_eq!(reason(client.poll()), (400, 3), "it has moved");

            // A second socket is refused; the first goes on.
            let mut second = client.connect().unwrap();
            assert!(matches!(second.read().unwrap(), Message::Close(_)));
            socket.send(Message::text("4four")).unwrap();
            assert_eq!(socket.read().unwrap(), Message::text("4four"));
        });
    }
    server.settle(SOON);
}

#[test]
fn an_upgrade_that_is_cut_leaves_polling() {
    let server = calm();
    for version in [3, 4] {
        let mut client = echo(&server, version, Carrier::Polling);
        drop(client.connect().unwrap());
        drop(probe(&client));
        // Cut without TCP's farewell, and with a wrong word instead of 5.
        let mut socket = probe(&client);
        socket.send(Message::text("4too early")).unwrap();
        assert!(matches!(socket.read().unwrap(), Message::Close(_)));
        client.send("4still polling");
        loop {
            match client.next().as_str() {
                "6" => {}
                other => break assert_eq!(other, "4still polling"),
            }
        }
        let mut socket = probe(&client);
        socket.send(Message::text("5")).unwrap();
        socket.send(Message::text("4up")).unwrap();
        assert_eq!(socket.read().unwrap(), Message::text("4up"));
    }
    server.settle(SOON);
}

#[test]
fn a_client_that_goes_away_is_noticed_in_every_state() {
    let server = Conformance::start(300, 200);
    // The workers' own files are there once they have answered.
    assert_eq!(server.sessions(), (0, 0));
    let before = server.files() + 1;
    for version in [3, 4] {
        for carrier in [Carrier::Polling, Carrier::WebSocket] {
            // Without a word.
            drop(echo(&server, version, carrier));
            drop(Client::open(
                server.address,
                "/socket.io/",
                version,
                carrier,
            ));
        }
        // In the middle of a poll.
        let client = echo(&server, version, Carrier::Polling);
        let mut stream = TcpStream::connect(server.address).unwrap();
        let request = format!("GET {} HTTP/1.1\r\nhost: x\r\n\r\n", client.url("polling"));
        stream.write_all(request.as_bytes()).unwrap();
        // In the middle of a POST.
        let client = echo(&server, version, Carrier::Polling);
        let mut half = TcpStream::connect(server.address).unwrap();
        let url = client.url("polling");
        let request = format!("POST {url} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n4x");
        half.write_all(request.as_bytes()).unwrap();
        // In the middle of an upgrade.
        let client = echo(&server, version, Carrier::Polling);
        drop(probe(&client));
        // With packets that wait for it, and in the middle of a packet with attachments.
        let client = echo(&server, version, Carrier::Polling);
        client.post(&["4nobody will read this"]);
        let mut client = Client::join(server.address, version, Carrier::WebSocket);
        client.send(r#"452-["message",{"_placeholder":true,"num":0}]"#);
        drop((stream, half));
    }
    server.settle(SOON);
    server.settle_files(before, SOON);
}

#[test]
fn a_poll_after_one_that_was_cancelled_closes_the_session() {
    let server = calm();
    for version in [3, 4] {
        let client = echo(&server, version, Carrier::Polling);
        let mut stream = TcpStream::connect(server.address).unwrap();
        let request = format!("GET {} HTTP/1.1\r\nhost: x\r\n\r\n", client.url("polling"));
        stream.write_all(request.as_bytes()).unwrap();
        // The poll waits by the time a POST on another connection is answered.
        assert_eq!(client.post(&["6"]).0, 200);
        drop(stream);
        // What was on its way to it may be lost, so the session cannot go on.
        assert_eq!(client.poll().0, 400);
        assert_eq!(server.sessions(), (0, 0));
    }
}

#[test]
fn heartbeats_keep_a_session_and_their_absence_ends_it() {
    let server = Conformance::start(300, 700);
    for (version, carrier) in WAYS {
        let mut client = echo(&server, version, carrier);
        for _ in 0..3 {
            if version == 3 {
                client.send("2");
                assert_eq!(client.next(), "3");
            } else if carrier == Carrier::Polling {
                assert_eq!(client.poll(), (200, "2".to_owned()));
                client.send("3");
            } else {
                let ping = client.socket.as_mut().unwrap().read().unwrap();
                assert_eq!(ping, Message::text("2"));
                client.send("3");
            }
        }
        if carrier == Carrier::WebSocket {
            assert_eq!(client.closed(), 4001);
        } else {
            server.settle(SOON);
            assert_eq!(reason(client.poll()), (400, 1));
        }
    }
    server.settle(SOON);
}

#[test]
fn packets_of_socket_io_that_are_wrong_close_the_session() {
    let server = calm();
    for version in [3, 4] {
        for wrong in [
            "4abc",
            "42{}",
            "42abc[\"message\"]",
            "42[]",
            "42[{}]",
            "4",
            "44",
            "452-[\"x\"]|42[]",
        ] {
            let mut client = Client::join(server.address, version, Carrier::WebSocket);
            for packet in wrong.split('|') {
                client.send(packet);
            }
            assert_eq!(client.closed(), 1002, "{wrong}");
        }
    }
    server.settle(SOON);
}

#[test]
fn namespaces_and_acks() {
    let server = calm();
    for (version, carrier) in WAYS {
        let mut client = Client::join(server.address, version, carrier);
        assert_eq!(client.next(), r#"42["auth",{}]"#);
        client.send("40/random");
        assert_eq!(
            client.next(),
            r#"44/random,{"message":"Invalid namespace"}"#
        );
        client.send("40/custom");
        assert!(client.next().starts_with("40/custom"));
        assert_eq!(client.next(), r#"42/custom,["auth",{}]"#);
        client.send(r#"42/custom,456["message-with-ack",1,"2",{"3":[false]}]"#);
        assert_eq!(client.next(), r#"43/custom,456[1,"2",{"3":[false]}]"#);
        client.send("41/custom");
        client.send(r#"42["message",1.0,"2",{"3":[true]}]"#);
        assert_eq!(client.next(), r#"42["message-back",1.0,"2",{"3":[true]}]"#);
        client.send(r#"42["emit-with-ack","x"]"#);
        assert_eq!(client.next(), r#"421["emit-with-ack","x"]"#);
        client.send(r#"431["y"]"#);
        assert_eq!(client.next(), r#"42["emit-with-ack","y"]"#);
        let bytes = if version == 3 { "b4AQID" } else { "bAQID" };
        client.send(r#"451-7["message-with-ack",{"_placeholder":true,"num":0}]"#);
        client.send(bytes);
        assert_eq!(client.next(), r#"461-7[{"_placeholder":true,"num":0}]"#);
        assert_eq!(client.next(), bytes);
    }
}

#[test]
fn a_client_of_protocol_5_says_where_it_wants_to_go_in_time() {
    let server = calm();
    let mut client = Client::open(server.address, "/socket.io/", 4, Carrier::WebSocket);
    assert_eq!(client.closed(), 1008);
    let client = Client::open(server.address, "/socket.io/", 4, Carrier::Polling);
    assert_eq!(client.poll(), (200, "1".to_owned()));
    assert_eq!(server.sessions(), (0, 0));
}
