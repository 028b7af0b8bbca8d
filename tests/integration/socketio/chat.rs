//! The chat for Socket.IO clients, against `kefu serve`: every row of what a page may send, by every way.

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use diesel::{RunQueryDsl, sql_query};
use serde_json::{Value, json};

use super::{
    Carrier, Client, WAYS,
    wire::{self, http},
};
use crate::{
    on_both_databases,
    support::{Database, Engine, Server, token},
};

on_both_databases! {
    what_a_page_sends_is_what_everybody_gets
    what_cannot_be_sent_is_refused_and_the_connection_stays
    a_private_room_keeps_customers_apart
    who_hears_that_they_are_in_gets_all_that_is_said_from_then_on
    who_came_by_socket_io_is_found_by_that
}

fn join(server: &Server, version: u8, carrier: Carrier) -> Client {
    Client::join(server.address, version, carrier)
}

/// The arguments of an event or ack packet, behind this head.
fn arguments(packet: &str, head: &str) -> Value {
    let rest = packet.strip_prefix(head);
    let rest = rest.unwrap_or_else(|| panic!("{packet} is no {head}"));
    serde_json::from_str(rest).unwrap_or_else(|error| panic!("{packet}: {error}"))
}

fn what_a_page_sends_is_what_everybody_gets(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).with("KEFU_ROOM", "shared").start();
    let mut others: Vec<_> = WAYS.map(|(version, by)| join(&server, version, by)).into();
    for (n, (version, carrier)) in WAYS.into_iter().enumerate() {
        let mut client = join(&server, version, carrier);
        for (ack, (sent, expected)) in [
            ("%E7%94%A8%E6%88%B7:%E4%BD%A0%E5%A5%BD", "用户:你好"),
            ("%zz%", "%zz%"),
            ("%E4%BD", "\u{fffd}"),
            ("a+b%20c", "a+b c"),
            ("用户:你好", "用户:你好"),
            ("😀", "😀"),
            ("<script>alert(1)</script>", "<script>alert(1)</script>"),
            ("\"quoted\" \\ \n", "\"quoted\" \\ \n"),
        ]
        .into_iter()
        .enumerate()
        {
            client.send(&format!("42{ack}{}", json!(["message", sent])));
            let mut answers = [client.next(), client.next()];
            answers.sort();
            let [message, accepted] = answers;
            if version == 3 {
                assert!(message.is_ascii(), "{message}");
            }
            let accepted = arguments(&accepted, &format!("43{ack}"));
            assert!(accepted[0]["seq"].as_u64().unwrap() > 0, "{accepted}");
            assert_eq!(arguments(&message, "42"), json!(["message", expected]));
            for other in &mut others {
                let message = other.next();
                assert_eq!(
                    arguments(&message, "42"),
                    json!(["message", expected]),
                    "{n}"
                );
            }
        }
        client.send("41");
    }
}

fn who_hears_that_they_are_in_gets_all_that_is_said_from_then_on(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).with("KEFU_ROOM", "shared").start();
    let mut speaker = join(&server, 4, Carrier::WebSocket);
    for round in 0..25 {
        for (version, carrier) in WAYS {
            let mut listener = join(&server, version, carrier);
            let said = format!("{round} {version} {carrier:?}");
            speaker.send(&format!("42{}", json!(["message", said])));
            assert_eq!(arguments(&listener.next(), "42"), json!(["message", said]));
            assert_eq!(arguments(&speaker.next(), "42"), json!(["message", said]));
            listener.send("41");
        }
    }
}

/// There is no history to ask for, so that nobody may believe to be in while the room looks them up.
#[test]
fn nobody_hears_that_they_are_in_before_the_room_has_them() {
    let database = Database::new(Engine::Mysql);
    let server = Server::on(&database).with("KEFU_ROOM", "shared").start();
    let mut connection = database.mysql();
    for (version, carrier) in WAYS {
        let mut execute = |statement| sql_query(statement).execute(&mut connection).unwrap();
        execute("LOCK TABLES customers WRITE, conversations WRITE, messages WRITE");
        let came = Instant::now();
        let joining = thread::spawn({
            let address = server.address;
            move || drop(Client::join(address, version, carrier))
        });
        while came.elapsed() < Duration::from_millis(500) {
            assert!(!joining.is_finished(), "{version} {carrier:?}");
            thread::sleep(Duration::from_millis(10));
        }
        execute("UNLOCK TABLES");
        joining.join().unwrap();
    }
}

fn what_cannot_be_sent_is_refused_and_the_connection_stays(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let long = json!("x".repeat(4_001)).to_string();
    for (version, carrier) in WAYS {
        let mut client = join(&server, version, carrier);
        for (arguments_sent, code, says) in [
            (r#""message","""#, "text_empty", "blank"),
            (r#""message","%20""#, "text_empty", "blank"),
            (r#""message","%00""#, "text_invalid", "U+0000"),
            (r#""message",1"#, "bad_request", "number"),
            (r#""message",null"#, "bad_request", "null"),
            (r#""message",true"#, "bad_request", "true or false"),
            (r#""message",{"a":1}"#, "bad_request", "object"),
            (r#""message",["a"]"#, "bad_request", "array"),
            (r#""message""#, "bad_request", "0 came"),
            (r#""message","a","b""#, "bad_request", "2 came"),
            (r#""message","\ud800""#, "bad_request", "surrogate"),
            (r#""other","a""#, "unknown_type", "message"),
            (&format!(r#""message",{long}"#), "text_too_long", "4000"),
        ] {
            client.send(&format!("42[{arguments_sent}]"));
            let error = arguments(&client.next(), "42");
            assert_eq!(error[0], "error", "{arguments_sent}");
            assert_eq!(error[1]["code"], code, "{arguments_sent}");
            let message = error[1]["message"].as_str().unwrap();
            assert!(message.contains(says), "{message}");
            client.send(&format!("427[{arguments_sent}]"));
            let error = arguments(&client.next(), "437");
            assert_eq!(error[0]["error"]["code"], code, "{arguments_sent}");
        }
        client.send(r#"451-8["message",{"_placeholder":true,"num":0}]"#);
        client.send(if version == 3 { "b4AQID" } else { "bAQID" });
        let error = arguments(&client.next(), "438");
        assert_eq!(error[0]["error"]["code"], "binary_unsupported");

        client.send(r#"42["message","still here"]"#);
        assert_eq!(client.next(), r#"42["message","still here"]"#);

        // Larger than anything that may come at once.
        let huge = format!("42{}", json!(["message", "x".repeat(100_000_000)]));
        if carrier == Carrier::Polling {
            let (status, text) = client.post(&[&huge]);
            assert_eq!(status, 413);
            assert!(text.contains("1048576"), "{text}");
            client.send(r#"42["message","still here"]"#);
            assert_eq!(client.next(), r#"42["message","still here"]"#);
        } else {
            let socket = client.socket.as_mut().unwrap();
            let _ = socket.send(tungstenite::Message::text(huge));
        }
    }
}

fn a_private_room_keeps_customers_apart(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let token = token();
    let auth = format!("40{}", json!({"token": token}));
    let mut mine = Client::open(server.address, "/socket.io/", 4, Carrier::WebSocket);
    let mut mine_too = Client::open(server.address, "/socket.io/", 4, Carrier::Polling);
    let mut other = join(&server, 4, Carrier::WebSocket);
    for client in [&mut mine, &mut mine_too] {
        client.send(&auth);
        assert!(client.next().starts_with("40{"));
    }
    // Both are in the room once it has answered.
    mine_too.send(r#"420["message",""]"#);
    assert!(mine_too.next().starts_with("430"));
    mine.send(r#"42["message","for the agents only"]"#);
    for client in [&mut mine, &mut mine_too] {
        assert_eq!(client.next(), r#"42["message","for the agents only"]"#);
    }
    other.send(r#"42["message","mine"]"#);
    assert_eq!(other.next(), r#"42["message","mine"]"#);
}

fn who_came_by_socket_io_is_found_by_that(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let mut page = join(&server, 4, Carrier::WebSocket);
    page.send(r#"42["message","by Socket.IO"]"#);
    assert_eq!(page.next(), r#"42["message","by Socket.IO"]"#);
    let (mut web, _) = crate::support::Client::customer(&server, &token(), json!({}));
    web.say(None, "a", "by the page");
    let admin = server.sign_in();
    let found = |query: &str| -> Vec<String> {
        let answer = server.get(&format!("/api/v1/history{query}"), &admin);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let rows = answer.body["rows"].as_array().unwrap().clone();
        let said = |row: &Value| {
            let last = row["conversation"]["last_message"]["text"].as_str();
            format!("{}: {}", row["channel"].as_str().unwrap(), last.unwrap())
        };
        rows.iter().map(said).collect()
    };
    let (web, socket_io) = ("web: by the page", "socketio: by Socket.IO");
    assert_eq!(found(""), [web, socket_io]);
    assert_eq!(found("?channel=socketio"), [socket_io]);
    assert_eq!(found("?channel=web"), [web]);
    assert_eq!(found("?channel=socketio&q=page"), Vec::<String>::new());
    let file = database.folder().join("these.csv");
    let arguments = ["export", file.to_str().unwrap(), "--channel", "socketio"];
    let done = server.command(&arguments, "");
    assert!(done.status.success(), "{done:?}");
    let csv = std::fs::read_to_string(&file).unwrap();
    assert!(
        csv.contains("by Socket.IO") && !csv.contains("by the page"),
        "{csv}"
    );
    let wrong = server.get("/api/v1/history?channel=pigeon", &admin);
    assert_eq!(wrong.code(), "bad_request");
    assert_eq!(wrong.body["field"], "channel");
}

#[test]
fn many_packets_in_one_post_are_all_said() {
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database).start();
    for version in [3, 4] {
        // The room has not looked the customer up yet when these come.
        let mut client = join(&server, version, Carrier::Polling);
        let sent: Vec<_> = (0..30).map(|n| format!(r#"42["message","{n}"]"#)).collect();
        let all: Vec<_> = sent.iter().map(String::as_str).collect();
        assert_eq!(client.post(&all), (200, "ok".to_owned()));
        for packet in sent {
            assert_eq!(client.next(), packet);
        }
    }
}

#[test]
fn a_wrong_token_and_an_unknown_namespace_are_refused() {
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database).start();
    let mut client = Client::open(server.address, "/socket.io/", 4, Carrier::WebSocket);
    for auth in [r#"{"token":"short"}"#, r#"{"token":7}"#] {
        client.send(&format!("40{auth}"));
        let error = arguments(&client.next(), "44");
        assert!(error["message"].as_str().unwrap().contains("43 characters"));
    }
    client.send("40/nowhere,");
    assert_eq!(
        client.next(),
        r#"44/nowhere,{"message":"Invalid namespace"}"#
    );
    client.send("40{}");
    assert!(client.next().starts_with("40{"));
}

#[test]
fn a_token_in_the_address_counts_where_it_is_allowed() {
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database)
        .with("KEFU_SOCKETIO_QUERY_TOKEN", true)
        .start();
    let open = |token: &str| {
        let open = format!("/socket.io/?EIO=3&transport=polling&b64=1&token={token}");
        http(server.address, "GET", &open, None)
    };
    assert_eq!(open("short").0, 400);
    let token = token();
    let [writer, reader] = [open(&token), open(&token)].map(|(status, text)| {
        assert_eq!(status, 200, "{text}");
        let packet = wire::packets(3, &text).remove(0);
        let open: Value = serde_json::from_str(&packet[1..]).unwrap();
        Client::of(server.address, 3, open["sid"].as_str().unwrap())
    });
    for mut client in [&reader, &writer].map(Client::again) {
        assert_eq!(client.next(), "40");
        // It is in the room once that has answered.
        client.send(r#"420["message",""]"#);
        assert!(client.next().starts_with("430"));
    }
    writer.again().send(r#"42["message","once"]"#);
    for mut client in [&reader, &writer].map(Client::again) {
        assert_eq!(client.next(), r#"42["message","once"]"#);
    }
}

#[test]
fn it_can_be_switched_off() {
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database).with("KEFU_SOCKETIO", "off").start();
    let answer = server.http("GET", "/socket.io/?EIO=4&transport=polling", &[], None);
    assert_eq!((answer.status, answer.code()), (404, "not_found"));
}

#[test]
fn the_chat_namespace_greets_and_takes_no_messages() {
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database).start();
    let greeting = r#"42/chat,["my response",{"data":"Connected"}]"#;
    for (version, carrier) in WAYS {
        let mut client = join(&server, version, carrier);
        client.send("40/chat");
        let answers = [client.next(), client.next()];
        // As the tutorial did it; clients of protocol 5 want to be connected first.
        let at = usize::from(version == 4);
        assert_eq!(answers[at], greeting);
        assert!(answers[1 - at].starts_with("40/chat"), "{answers:?}");
        client.send(r#"42/chat,["message","x"]"#);
        client.send(r#"42/chat,5["message","x"]"#);
        let error = arguments(&client.next(), "43/chat,5");
        assert_eq!(error[0]["error"]["code"], "bad_request");
    }
}

#[test]
fn who_sends_too_fast_hears_it() {
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database)
        .with("KEFU_FRAMES_PER_SECOND", 1)
        .start();
    for (version, carrier) in WAYS {
        let mut client = join(&server, version, carrier);
        for _ in 0..3 {
            client.send(r#"42["message","x"]"#);
        }
        client.send(r#"429["message","x"]"#);
        loop {
            let packet = client.next();
            if let Some(rest) = packet.strip_prefix("439") {
                let error: Value = serde_json::from_str(rest).unwrap();
                assert_eq!(error[0]["error"]["code"], "rate_limited");
                assert!(error[0]["error"]["retry_after_ms"].as_u64().unwrap() > 0);
                break;
            }
        }
    }
}

#[test]
fn an_address_has_so_many_connections() {
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database)
        .with("KEFU_MAX_CONNECTIONS_PER_ADDRESS", 1)
        .start();
    let mut client = join(&server, 4, Carrier::Polling);
    let open = "/socket.io/?EIO=4&transport=polling";
    let (status, text) = http(server.address, "GET", open, None);
    assert_eq!(status, 429, "{text}");
    client.send("1");
    // The seat is given back with the session.
    let deadline = std::time::Instant::now() + Duration::from_secs(5);
    while http(server.address, "GET", open, None).0 != 200 {
        assert!(std::time::Instant::now() < deadline);
    }
}

#[test]
fn a_server_that_stops_tells_every_client() {
    let database = Database::new(Engine::Sqlite);
    let mut server = Server::on(&database).start();
    let mut sockets = [3, 4].map(|version| join(&server, version, Carrier::WebSocket));
    let polling = [3, 4].map(|version| join(&server, version, Carrier::Polling));
    // One that is in no namespace.
    let mut idle = Client::open(server.address, "/socket.io/", 4, Carrier::WebSocket);
    std::thread::scope(|scope| {
        let polls = polling
            .each_ref()
            .map(|client| scope.spawn(|| client.poll()));
        // The polls wait once they are read, and packets that came later on other connections are answered.
        while server.connections_read() < sockets.len() + 1 + polling.len() {
            std::thread::sleep(Duration::from_millis(1));
        }
        for client in &polling {
            assert_eq!(client.post(&["6"]).0, 200);
        }
        server.signal("TERM");
        for poll in polls {
            let (status, text) = poll.join().unwrap();
            assert_eq!(status, 200);
            assert!(text.ends_with('1'), "{text}");
        }
    });
    for client in &mut sockets {
        assert_eq!(client.closed(), 1001);
    }
    assert_eq!(idle.closed(), 1001);
    assert!(server.wait(Duration::from_secs(10)).success());
}

fn cors(address: SocketAddr, method: &str, origin: &str) -> ureq::http::Response<ureq::Body> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .build()
        .into();
    let url = format!("http://{address}/socket.io/?EIO=3&transport=polling");
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(url)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    agent.run(request.body(()).unwrap()).unwrap()
}

#[test]
fn pages_of_other_sites_may_read_the_answers() {
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database)
        .with("KEFU_SOCKETIO_ORIGINS", "https://shop.example")
        .start();
    let answer = cors(server.address, "GET", "https://other.example");
    assert_eq!(answer.status().as_u16(), 403);
    for (method, status) in [("GET", 200), ("OPTIONS", 204), ("PUT", 400)] {
        let answer = cors(server.address, method, "https://shop.example");
        assert_eq!(answer.status().as_u16(), status);
        let header = |name| {
            answer
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap())
        };
        assert_eq!(
            header("access-control-allow-origin"),
            Some("https://shop.example")
        );
        assert_eq!(header("access-control-allow-credentials"), Some("true"));
        assert_eq!(header("vary"), Some("origin"));
    }
}
