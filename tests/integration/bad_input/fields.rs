//! Every field of every frame: missing, of the wrong type, too long, out of range.

use kefu::protocol::ServerFrame;
use serde_json::json;

use super::{customer, server};
use crate::support::{Client, Server};

/// Who sends the frames: a customer whose conversation is `1`.
struct Sender {
    client: Client,
    messages: usize,
}

impl Sender {
    fn new(server: &Server) -> Self {
        let mut client = customer(server);
        let (conversation, ..) = client.say(None, "first", "hello");
        assert_eq!(conversation.0, 1);
        Self {
            client,
            messages: 1,
        }
    }

    /// Sends a frame that must be refused with this code (`""`: not refused). After it the connection
    /// answers a ping, and a message goes through.
    fn check(&mut self, frame: &str, code: &str) {
        let shown: String = frame.chars().take(200).collect();
        self.client.send_text(frame);
        let refused = self.first_error(code.is_empty());
        let seen = refused.as_ref().map_or("", |(code, _)| code);
        assert_eq!(seen, code, "{shown}");
        // It is the `ref` that was sent or, where the frame could not be read, none.
        if let Some((_, Some(reference))) = refused {
            assert!(frame.contains(&format!("\"{reference}\"")), "{shown}");
        } else if !code.is_empty() && code != "bad_json" && frame.contains("\"type\":\"") {
            assert!(!frame.contains("\"ref\":\"r\""), "{shown}: no ref");
        }
        self.client.send(&json!({"type": "ping"}));
        self.client.until(|frame| match frame {
            ServerFrame::Pong => Some(()),
            ServerFrame::Error(error) => panic!("{shown}: a second error {error:?}"),
            _ => None,
        });
        self.messages += 1;
        let client_id = format!("between-{}", self.messages);
        self.client.say(None, &client_id, "still here");
    }

    /// The error that comes, or `None` when the frame was taken, as far as an answer tells: all that
    /// this connection asks for is answered before a second question.
    fn first_error(&mut self, expect_none: bool) -> Option<(String, Option<String>)> {
        if expect_none {
            self.client.send(&json!({
                "type": "history", "ref": "the end", "conversation": "1", "limit": 1,
            }));
        }
        self.client.until(|frame| match frame {
            ServerFrame::Error(error) => Some(Some((error.code, error.reference))),
            ServerFrame::History(page) if page.reference == "the end" => Some(None),
            _ => None,
        })
    }
}

/// A frame of these fields, with one of them replaced (`""`: left out).
fn with(base: &[(&str, &str)], field: &str, value: &str) -> String {
    let mut fields: Vec<(&str, &str)> = base.to_vec();
    fields.retain(|(name, _)| *name != field);
    if !value.is_empty() {
        fields.push((field, value));
    }
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", fields.join(","))
}

const POST: &[(&str, &str)] = &[
    ("type", "\"message.post\""),
    ("ref", "\"r\""),
    ("conversation", "\"1\""),
    ("client_id", "\"first\""),
    ("text", "\"hello\""),
];
const HISTORY: &[(&str, &str)] = &[
    ("type", "\"history\""),
    ("ref", "\"r\""),
    ("conversation", "\"1\""),
];
const TYPING: &[(&str, &str)] = &[
    ("type", "\"typing\""),
    ("conversation", "\"1\""),
    ("on", "true"),
];
const READ: &[(&str, &str)] = &[
    ("type", "\"read\""),
    ("conversation", "\"1\""),
    ("seq", "1"),
];
const PING: &[(&str, &str)] = &[("type", "\"ping\"")];

/// No value of these is a string.
const NO_STRINGS: &[&str] = &["7", "-7", "1.5", "true", "[]", "[\"1\"]", "{}", "{\"a\":1}"];
/// No value of these is a whole number from 0 to 2^63 − 1.
const NO_SEQS: &[&str] = &[
    "-1",
    "1.5",
    "1e2",
    "\"1\"",
    "true",
    "[]",
    "[1]",
    "{}",
    "9223372036854775808",
    "99999999999999999999999",
];
/// No value of these is an id.
const NO_IDS: &[&str] = &[
    "\"\"",
    "\"0\"",
    "\"01\"",
    "\"-1\"",
    "\"+1\"",
    "\" 1\"",
    "\"1 \"",
    "\"1.0\"",
    "\"1e0\"",
    "\"0x1\"",
    "\"９\"",
    "\"١\"",
    "\"one\"",
    "\"1,2\"",
    "\"9223372036854775808\"",
    "\"1\\u0000\"",
    "\"1' OR '1'='1\"",
];

#[test]
fn a_field_that_is_not_as_it_must_be_is_refused() {
    let (server, _database) = server();
    let mut sender = Sender::new(&server);
    for base in [POST, HISTORY, TYPING, READ, PING] {
        for value in NO_STRINGS.iter().chain(&["", "null"]) {
            sender.check(&with(base, "type", value), "bad_request");
        }
        for value in [
            "\"\"",
            "\"Ping\"",
            "\"ping \"",
            "\"welcome\"",
            "\"hello\\u0000\"",
            "\"消息\"",
        ] {
            sender.check(&with(base, "type", value), "unknown_type");
        }
        for value in NO_STRINGS {
            sender.check(&with(base, "ref", value), "bad_request");
        }
        let long = format!("\"{}\"", "é".repeat(65));
        sender.check(&with(base, "ref", &long), "bad_request");
    }
    for base in [POST, HISTORY, TYPING, READ] {
        for value in NO_STRINGS.iter().chain(NO_IDS) {
            sender.check(&with(base, "conversation", value), "bad_request");
        }
        for value in ["\"2\"", "\"9223372036854775807\""] {
            sender.check(&with(base, "conversation", value), "conversation_not_found");
        }
    }
    for base in [HISTORY, TYPING, READ] {
        for value in ["", "null"] {
            sender.check(&with(base, "conversation", value), "bad_request");
        }
    }
    for base in [POST, HISTORY] {
        for value in ["", "null"] {
            sender.check(&with(base, "ref", value), "bad_request");
        }
    }
}

#[test]
fn message_post() {
    let (server, _database) = server();
    let mut sender = Sender::new(&server);
    let check = &mut |field, value: &str, code| sender.check(&with(POST, field, value), code);
    for value in [
        "",
        "null",
        "\"\"",
        "\"a b\"",
        "\"ключ\"",
        "\"a\\u0000\"",
        "\"a'b\"",
        "\"a.b\"",
    ] {
        check("client_id", value, "bad_request");
    }
    for value in NO_STRINGS {
        check("client_id", value, "bad_request");
        check("text", value, "bad_request");
    }
    check(
        "client_id",
        &format!("\"{}\"", "x".repeat(65)),
        "bad_request",
    );
    check("client_id", &format!("\"{}\"", "x".repeat(64)), "");
    for value in ["", "null"] {
        check("text", value, "bad_request");
    }
    for blank in ["", " ", "\\n\\t", "\\u3000", "\\u00a0 \\u2003", "\\r\\n"] {
        check("text", &format!("\"{blank}\""), "text_empty");
    }
    for text in ["\\u0000", "a\\u0000b", "\\u0000\\u0000"] {
        check("text", &format!("\"{text}\""), "text_invalid");
    }
    check(
        "text",
        &format!("\"{}\"", "x".repeat(4_001)),
        "text_too_long",
    );
    check(
        "text",
        &format!("\"{}\"", " ".repeat(60_000)),
        "text_too_long",
    );
    check(
        "text",
        &format!("\"{}\"", "\\u0000".repeat(4_001)),
        "text_too_long",
    );
    for broken in [
        "\\ud800",
        "\\udc00",
        "\\ud800x",
        "\\ud800\\ud800",
        "\\u12",
        "\\x",
        "\t",
        "\0",
    ] {
        check("text", &format!("\"{broken}\""), "bad_json");
    }
    for kind in ["\"event\"", "\"file\"", "7", "[]"] {
        check("kind", kind, "bad_request");
    }
    check("kind", "\"note\"", "forbidden");
    // The key is the first message's, so these are answered as its repeats.
    for (field, value) in [
        ("ref", "\"\""),
        ("ref", "\"é\""),
        ("conversation", ""),
        ("conversation", "null"),
    ] {
        check(field, value, "");
    }
}

#[test]
fn history() {
    let (server, _database) = server();
    let mut sender = Sender::new(&server);
    let check = &mut |field, value: &str, code| sender.check(&with(HISTORY, field, value), code);
    for value in NO_SEQS {
        for field in ["before", "after", "limit"] {
            check(field, value, "bad_request");
        }
    }
    for value in ["1e999", "-1e999"] {
        check("before", value, "bad_json");
    }
    for value in ["0", "201", "9223372036854775807"] {
        check("limit", value, "bad_request");
    }
    for value in ["1", "200", "null"] {
        check("limit", value, "");
    }
    for value in ["0", "1", "9223372036854775807", "null"] {
        check("before", value, "");
        check("after", value, "");
    }
    let both = r#"{"type":"history","ref":"r","conversation":"1","before":2,"after":1}"#;
    sender.check(both, "bad_request");
}

#[test]
fn typing_and_read() {
    let (server, _database) = server();
    let mut sender = Sender::new(&server);
    for value in ["", "null", "0", "1", "\"true\"", "[]", "{}"] {
        sender.check(&with(TYPING, "on", value), "bad_request");
    }
    for value in NO_SEQS.iter().chain(&["", "null"]) {
        sender.check(&with(READ, "seq", value), "bad_request");
    }
    for value in ["0", "1", "9223372036854775807"] {
        sender.check(&with(READ, "seq", value), "");
    }
    sender.check(&with(TYPING, "on", "false"), "");
}

#[test]
fn what_is_not_an_object_is_refused() {
    let (server, _database) = server();
    let mut sender = Sender::new(&server);
    let ping = r#"{"type":"ping"}"#;
    for frame in [
        "",
        " ",
        "7",
        "null",
        "true",
        "\"ping\"",
        "[]",
        "[\"ping\"]",
        "[{\"type\":\"ping\"}]",
        "{",
        "}",
        "{\"type\"",
        "{\"type\":",
        "{\"type\":\"ping\"",
        "{\"type\":\"ping\",}",
        "{'type':'ping'}",
        "{type:\"ping\"}",
        "{\"type\":\"ping\"}}",
        "{\"type\":\"ping\"}{\"type\":\"ping\"}",
        "{\"type\":\"ping\"}\0",
        "\0{\"type\":\"ping\"}",
        "\u{feff}{\"type\":\"ping\"}",
        "{\"type\":\"ping\",\"x\":NaN}",
        "{\"type\":\"ping\",\"x\":01}",
        "{\"type\":\"ping\",\"\\udfff\":1}",
        "hello",
    ] {
        sender.check(frame, "bad_json");
    }
    for frame in [
        "{}".to_owned(),
        r#"{"type":"ping","type":"ping"}"#.to_owned(),
        r#"{"type":"message.post","ref":"r","client_id":"a","client_id":"a","text":"x"}"#
            .to_owned(),
        r#"{"type":"message.post","ref":"r","client_id":"a","text":"x","text":"x"}"#.to_owned(),
        with(
            POST,
            "text",
            &format!("{}{}", "[".repeat(30_000), "]".repeat(30_000)),
        ),
    ] {
        sender.check(&frame, "bad_request");
    }
    for frame in [
        "[".repeat(65_000),
        "{\"a\":".repeat(10_000),
        " ".repeat(65_536),
        format!("{}{}", "[".repeat(30_000), "]".repeat(30_000)),
    ] {
        sender.check(&frame, "bad_json");
    }
    for frame in [
        format!(" \t\r\n{ping} "),
        format!("{}{ping}", " ".repeat(65_536 - ping.len())),
        r#"{"type":"ping","from":{"role":"agent"},"sent_at":7,"x":[1,{"y":null}]}"#.to_owned(),
        format!(
            r#"{{"type":"ping","x":{}{}}}"#,
            "[".repeat(30_000),
            "]".repeat(30_000)
        ),
        with(POST, "from", r#"{"role":"agent","id":"1"}"#),
        with(POST, "seq", "99"),
        r#"{"type":"ping","x":"\ud800"}"#.to_owned(),
        r#"{"\u0074ype":"\u0070ing"}"#.to_owned(),
    ] {
        sender.check(&frame, "");
    }
}
