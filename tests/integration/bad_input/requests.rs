//! HTTP that is not as it must be.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Value, json};

use super::server;
use crate::support::Server;

/// Sends these bytes and reads until the server closes; what came, as far as it is text.
pub fn exchange(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let patience = Duration::from_secs(20);
    stream.set_read_timeout(Some(patience)).unwrap();
    // The server may refuse before it has read everything.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    let mut part = [0; 4_096];
    loop {
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(n) => answer.extend(&part[..n]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                panic!("no end of {}", String::from_utf8_lossy(&answer))
            }
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of the first answer; 0 where there is none.
pub fn status(answer: &str) -> u16 {
    answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0)
}

fn lives(server: &Server, after: &str) {
    let answer = server.http("GET", "/healthz", &[], None);
    assert_eq!(answer.status, 200, "after {after}");
}

const GET: &[&str] = &[
    "/ws",
    "/healthz",
    "/readyz",
    "/api/v1/me",
    "/api/v1/conversations",
    "/api/v1/conversations/1",
    "/api/v1/conversations/1/messages",
];
const POST: &[&str] = &[
    "/api/v1/login",
    "/api/v1/logout",
    "/api/v1/me/password",
    "/api/v1/accounts/1/password",
];

#[test]
fn every_address_knows_its_methods() {
    let (server, _database) = server();
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"] {
        for (paths, right) in [(GET, "GET"), (POST, "POST")] {
            for path in paths.iter().filter(|_| method != right) {
                let body = json!({});
                let body = Some(&body).filter(|_| method != "GET");
                let answer = server.http(method, path, &[], body);
                let seen = (answer.status, answer.code());
                assert_eq!(seen, (405, "method_not_allowed"), "{method} {path}");
            }
        }
    }
    lives(&server, "wrong methods");
}

#[test]
fn login_reads_its_body_strictly() {
    let (server, _database) = server();
    let login = |kind: &str, body: &[u8]| {
        let head = format!(
            "POST /api/v1/login HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{kind}\
             Content-Length: {}\r\n\r\n",
            server.address,
            body.len()
        );
        let answer = exchange(&server, &[head.as_bytes(), body].concat());
        let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        let code: Value = serde_json::from_str(body).unwrap_or_default();
        (
            status(&answer),
            code["code"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let json_type = "Content-Type: application/json\r\n";
    let deep = format!(
        r#"{{"username":"a","password":"b","x":{}{}}}"#,
        "[".repeat(20_000),
        "]".repeat(20_000)
    );
    let (long, huge) = ("x".repeat(60_000), " ".repeat(65_537));
    let long = format!(r#"{{"username":"{long}","password":"b"}}"#);
    for (body, expected) in [
        ("", (400, "bad_json")),
        ("{", (400, "bad_json")),
        ("[]", (400, "bad_json")),
        (r#"["admin","password"]"#, (400, "bad_json")),
        ("null", (400, "bad_json")),
        ("\u{feff}{}", (400, "bad_json")),
        (r#"{"username":"\ud800","password":"b"}"#, (400, "bad_json")),
        (r#"{"username":"a","password":"b"}x"#, (400, "bad_json")),
        ("username=admin&password=b", (400, "bad_json")),
        ("{}", (400, "bad_request")),
        (r#"{"username":"a"}"#, (400, "bad_request")),
        (r#"{"username":7,"password":"b"}"#, (400, "bad_request")),
        (r#"{"username":"a","password":null}"#, (400, "bad_request")),
        (r#"{"username":"a","password":["b"]}"#, (400, "bad_request")),
        (
            r#"{"username":"a","username":"a","password":"b"}"#,
            (400, "bad_request"),
        ),
        (
            r#"{"username":"a","password":"b","bearer":1}"#,
            (400, "bad_request"),
        ),
        (
            r#"{"username":"","password":"b"}"#,
            (401, "bad_credentials"),
        ),
        (
            r#"{"username":"李","password":"b"}"#,
            (401, "bad_credentials"),
        ),
        (
            r#"{"username":"a\u0000","password":"b"}"#,
            (401, "bad_credentials"),
        ),
        (
            r#"{"username":"' OR 1=1 --","password":"b"}"#,
            (401, "bad_credentials"),
        ),
        (
            r#"{"username":"nobody","password":""}"#,
            (401, "bad_credentials"),
        ),
        (
            r#"{"username":"nobody","password":"\u0000"}"#,
            (401, "bad_credentials"),
        ),
        (&deep, (401, "bad_credentials")),
        (&long, (401, "bad_credentials")),
        (&huge, (413, "body_too_large")),
    ] {
        let (status, code) = login(json_type, body.as_bytes());
        let shown: String = body.chars().take(60).collect();
        assert_eq!((status, code.as_str()), expected, "{shown}");
    }
    let (status, code) = login(json_type, b"{\"username\":\"\xff\",\"password\":\"b\"}");
    assert_eq!((status, code.as_str()), (400, "bad_json"));
    for kind in [
        "",
        "Content-Type: text/plain\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "Content-Type: application/jsonx\r\n",
        "Content-Type: \r\n",
        "Content-Type: \u{e9}\r\n",
    ] {
        let (status, code) = login(kind, br#"{"username":"a","password":"b"}"#);
        assert_eq!(
            (status, code.as_str()),
            (415, "unsupported_media"),
            "{kind}"
        );
    }
    let kind = "Content-Type: Application/JSON; charset=utf-8\r\n";
    assert_eq!(login(kind, b"{}").1, "bad_request");
    lives(&server, "bad bodies");
}

#[test]
fn paths_and_queries_are_read_strictly() {
    let (server, _database) = server();
    let bearer = server.sign_in();
    for (path, expected) in [
        ("/api/v1", (404, "not_found")),
        ("/api/v1/", (404, "not_found")),
        ("/api/v2/me", (404, "not_found")),
        ("/api/v1/me/", (404, "not_found")),
        ("/api/v1/conversations/", (404, "not_found")),
        ("/nothing/here", (404, "not_found")),
        ("/%2e%2e/%2e%2e/etc/passwd", (404, "not_found")),
        ("/api/v1/conversations/1", (404, "conversation_not_found")),
        ("/api/v1/conversations/0", (404, "conversation_not_found")),
        ("/api/v1/conversations/01", (404, "conversation_not_found")),
        ("/api/v1/conversations/-1", (404, "conversation_not_found")),
        ("/api/v1/conversations/x", (404, "conversation_not_found")),
        ("/api/v1/conversations/%00", (404, "conversation_not_found")),
        (
            "/api/v1/conversations/1%27",
            (404, "conversation_not_found"),
        ),
        (
            "/api/v1/conversations/99999999999999999999",
            (404, "conversation_not_found"),
        ),
        (
            "/api/v1/conversations/x/messages",
            (404, "conversation_not_found"),
        ),
        ("/api/v1/conversations?limit=0", (400, "bad_request")),
        ("/api/v1/conversations?limit=101", (400, "bad_request")),
        ("/api/v1/conversations?limit=-1", (400, "bad_request")),
        ("/api/v1/conversations?limit=x", (400, "bad_request")),
        ("/api/v1/conversations?limit=", (400, "bad_request")),
        ("/api/v1/conversations?limit=1.5", (400, "bad_request")),
        (
            "/api/v1/conversations?limit=99999999999999999999",
            (400, "bad_request"),
        ),
        ("/api/v1/conversations?before=", (400, "bad_request")),
        ("/api/v1/conversations?before=x", (400, "bad_request")),
        ("/api/v1/conversations?before=1-%00", (400, "bad_request")),
        ("/api/v1/conversations?offset=1", (400, "bad_request")),
        (
            "/api/v1/conversations/1/messages?limit=0",
            (400, "bad_request"),
        ),
        (
            "/api/v1/conversations/1/messages?limit=201",
            (400, "bad_request"),
        ),
        (
            "/api/v1/conversations/1/messages?before=-1",
            (400, "bad_request"),
        ),
        (
            "/api/v1/conversations/1/messages?before=1&after=1",
            (400, "bad_request"),
        ),
        (
            "/api/v1/conversations/1/messages?seq=1",
            (400, "bad_request"),
        ),
    ] {
        let answer = server.get(path, &bearer);
        let seen = (answer.status, answer.code());
        assert_eq!(seen, expected, "{path}: {}", answer.body);
    }
    for query in ["", "?", "?limit=1", "?limit=100", "?before=9999999999999-1"] {
        let answer = server.get(&format!("/api/v1/conversations{query}"), &bearer);
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    }
    for query in [
        "%ff=1",
        "limit=%ff",
        "limit=1&limit=2",
        "%",
        "&&&=",
        "limit=%zz",
    ] {
        let path = format!("/api/v1/conversations?{query}");
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {bearer}\r\nConnection: close\r\n\r\n"
        );
        let answer = exchange(&server, head.as_bytes());
        assert!(matches!(status(&answer), 200 | 400), "{query}: {answer}");
    }
    lives(&server, "wild paths");
}

#[test]
fn a_wrong_bearer_is_nobody() {
    let (server, _database) = server();
    for value in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer abc",
        "bearer\tabc",
        "Basic YTpi",
        &format!("Bearer {}", "A".repeat(43)),
        &format!("Bearer {}", "A".repeat(6_000)),
    ] {
        let answer = me(&server, "Authorization", value);
        assert!(answer.contains("not_signed_in"), "{value:?}: {answer}");
        assert_eq!(status(&answer), 401, "{value:?}");
    }
    for cookie in [
        "",
        "kefu_session",
        "kefu_session=",
        "kefu_session=abc",
        "=;;=",
        "kefu_session=\"x",
    ] {
        let answer = me(&server, "Cookie", cookie);
        assert_eq!(status(&answer), 401, "{cookie:?}");
    }
}

fn me(server: &Server, header: &str, value: &str) -> String {
    let head = "GET /api/v1/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    exchange(
        server,
        format!("{head}{header}: {value}\r\n\r\n").as_bytes(),
    )
}

/// What it is, the bytes, and the statuses that are right (0: no answer at all).
type Case = (&'static str, Vec<u8>, &'static [u16]);

#[test]
fn what_is_not_http_gets_a_clean_refusal() {
    let (server, _database) = server();
    for (what, bytes, expected) in heads().into_iter().chain(bodies_and_upgrades()) {
        let answer = exchange(&server, &bytes);
        let seen = status(&answer);
        let shown: String = answer.chars().take(400).collect();
        assert!(expected.contains(&seen), "{what}: {seen}\n{shown}");
        lives(&server, what);
    }
}

fn heads() -> Vec<Case> {
    let host = "Host: x\r\nConnection: close\r\n";
    let many = "X-Header: x\r\n".repeat(500);
    let long = format!("X-Header: {}\r\n", "x".repeat(300_000));
    let path = "x".repeat(300_000);
    let hello_of_tls = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x01\x02\x03";
    vec![
        ("nothing", vec![], &[0]),
        ("zeros", vec![0; 1_000], &[400]),
        ("TLS", hello_of_tls.to_vec(), &[400, 0]),
        ("one word", b"hello\r\n\r\n".to_vec(), &[400]),
        ("HTTP/0.9", b"GET /healthz\r\n\r\n".to_vec(), &[400]),
        (
            "HTTP/1.0",
            b"GET /healthz HTTP/1.0\r\n\r\n".to_vec(),
            &[200],
        ),
        (
            "HTTP/9.9",
            format!("GET /healthz HTTP/9.9\r\n{host}\r\n").into(),
            &[400, 505],
        ),
        (
            "no host",
            b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n".to_vec(),
            &[200, 400],
        ),
        (
            "absolute",
            format!("GET http://x/healthz HTTP/1.1\r\n{host}\r\n").into(),
            &[200],
        ),
        (
            "a star",
            format!("OPTIONS * HTTP/1.1\r\n{host}\r\n").into(),
            &[400, 404, 405],
        ),
        (
            "a tunnel",
            format!("CONNECT x:80 HTTP/1.1\r\n{host}\r\n").into(),
            &[400, 404, 405],
        ),
        (
            "a space in the path",
            format!("GET /a b HTTP/1.1\r\n{host}\r\n").into(),
            &[400],
        ),
        (
            "not ASCII in the path",
            format!("GET /é HTTP/1.1\r\n{host}\r\n").into(),
            &[400, 404],
        ),
        (
            "a broken escape",
            format!("GET /%zz HTTP/1.1\r\n{host}\r\n").into(),
            &[400, 404],
        ),
        (
            "not UTF-8 in the path",
            format!("GET /%ff HTTP/1.1\r\n{host}\r\n").into(),
            &[400, 404],
        ),
        (
            "NUL in the path",
            format!("GET /%00 HTTP/1.1\r\n{host}\r\n").into(),
            &[400, 404],
        ),
        (
            "a long path",
            format!("GET /{path} HTTP/1.1\r\n{host}\r\n").into(),
            &[400, 404, 414, 431, 0],
        ),
        (
            "a long header",
            format!("GET / HTTP/1.1\r\n{host}{long}\r\n").into(),
            &[400, 413, 431, 0],
        ),
        (
            "many headers",
            format!("GET / HTTP/1.1\r\n{host}{many}\r\n").into(),
            &[400, 413, 431],
        ),
        (
            "a header without colon",
            format!("GET / HTTP/1.1\r\n{host}nonsense\r\n\r\n").into(),
            &[400],
        ),
        (
            "a folded header",
            format!("GET / HTTP/1.1\r\n{host}X: a\r\n b\r\n\r\n").into(),
            &[200, 400],
        ),
    ]
}

fn bodies_and_upgrades() -> Vec<Case> {
    let host = "Host: x\r\nConnection: close\r\n";
    vec![
        (
            "a negative length",
            body("Content-Length: -1\r\n", ""),
            &[400],
        ),
        (
            "two lengths",
            body("Content-Length: 1\r\nContent-Length: 2\r\n", "{}"),
            &[400],
        ),
        (
            "a huge length",
            body("Content-Length: 99999999999999999999\r\n", "{}"),
            &[400],
        ),
        (
            "more than a body may have",
            body("Content-Length: 9999999999\r\n", "{}"),
            &[400, 413],
        ),
        (
            "length and chunks",
            body(
                "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
                "0\r\n\r\n",
            ),
            &[400],
        ),
        (
            "broken chunks",
            body("Transfer-Encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n"),
            &[400],
        ),
        (
            "a huge chunk",
            body("Transfer-Encoding: chunked\r\n", "ffffffffffffffffff\r\n{}"),
            &[400],
        ),
        (
            "unknown coding",
            body("Transfer-Encoding: gzip\r\n", "{}"),
            &[400, 501],
        ),
        (
            "half a body",
            body("Content-Length: 100\r\n", "{"),
            &[400, 0],
        ),
        (
            "upgrade by POST",
            format!("POST /ws HTTP/1.1\r\n{host}Content-Length: 0\r\n\r\n").into(),
            &[405],
        ),
        (
            "no upgrade",
            format!("GET /ws HTTP/1.1\r\n{host}\r\n").into(),
            &[400],
        ),
        (
            "half an upgrade",
            format!("GET /ws HTTP/1.1\r\n{host}Upgrade: websocket\r\n\r\n").into(),
            &[400],
        ),
        (
            "an old version",
            upgrade("Sec-WebSocket-Version: 12\r\nSec-WebSocket-Key: x\r\n"),
            &[400],
        ),
        ("no key", upgrade("Sec-WebSocket-Version: 13\r\n"), &[400]),
    ]
}

/// A login with these headers and this body.
fn body(headers: &str, body: &str) -> Vec<u8> {
    format!(
        "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Content-Type: application/json\r\n{headers}\r\n{body}"
    )
    .into_bytes()
}

fn upgrade(headers: &str) -> Vec<u8> {
    format!(
        "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{headers}\r\n"
    )
    .into_bytes()
}

/// What stands behind a good request is answered for itself.
#[test]
fn garbage_behind_a_request_does_not_spoil_it() {
    let (server, _database) = server();
    let get = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let answer = exchange(&server, format!("{get}{get}\0\0garbage\r\n\r\n").as_bytes());
    assert_eq!(answer.matches("HTTP/1.1 200 ").count(), 2, "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 400 ").count(), 1, "{answer}");
    let answer = exchange(&server, get.repeat(200).as_bytes());
    assert_eq!(answer.matches("HTTP/1.1 200 ").count(), 200);
    lives(&server, "pipelined garbage");
}
