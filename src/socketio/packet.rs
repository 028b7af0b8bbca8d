//! One packet of Socket.IO: `<type>[<attachments>-][<namespace>,][<id>][JSON]`. Pure.
//!
//! Protocol 4 (on Engine.IO 3) and protocol 5 (on Engine.IO 4) write packets alike; they differ in what
//! `CONNECT` means, which is [`super::client`]'s matter. JSON is checked for its form and kept as it was
//! written: numbers stay exact, and a lone surrogate is for whoever wants the string to refuse.

use std::fmt::Write;

use bytestring::ByteString;
use serde_json::value::RawValue;

use super::engine::Malformed;

/// Attachments of one packet.
pub const ATTACHMENTS: usize = 10;
/// Characters of a namespace.
const NAMESPACE: usize = 100;
/// Digits of an ack's number: what JavaScript counts exactly.
const DIGITS: usize = 15;

/// A packet of a client.
#[derive(Debug)]
pub struct Packet {
    /// What it is.
    pub kind: Kind,
    /// To which namespace, with its slash and without a query.
    pub namespace: ByteString,
    /// The number of the ack that is asked for, or that this is.
    pub id: Option<u64>,
    /// JSON: an object for `CONNECT`, an array for events and acks.
    pub data: Option<Box<RawValue>>,
    /// Binary messages that follow and belong to it.
    pub attachments: usize,
}

/// What a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 0
    Connect,
    /// 1
    Disconnect,
    /// 2, or 5 with attachments
    Event,
    /// 3, or 6 with attachments
    Ack,
}

impl Packet {
    /// Reads a packet.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(text: &ByteString) -> Result<Self, Malformed> {
        let (kind, binary) = match text.as_bytes().first() {
            Some(b'0') => (Kind::Connect, false),
            Some(b'1') => (Kind::Disconnect, false),
            Some(b'2') => (Kind::Event, false),
            Some(b'3') => (Kind::Ack, false),
            Some(b'5') => (Kind::Event, true),
            Some(b'6') => (Kind::Ack, true),
            Some(b'4') => return Err(Malformed("an error (4) comes from the server only")),
            _ => {
                return Err(Malformed(
                    "a Socket.IO packet begins with a digit from 0 to 6",
                ));
            }
        };
        let mut rest = &text[1..];
        let mut attachments = 0;
        if binary {
            let (count, after) = rest
                .split_once('-')
                .ok_or(Malformed("a binary packet says <attachments>-"))?;
            attachments = number(count)
                .and_then(|count| usize::try_from(count).ok())
                .filter(|count| *count <= ATTACHMENTS)
                .ok_or(Malformed("a binary packet has at most 10 attachments"))?;
            rest = after;
        }
        let namespace = if rest.starts_with('/') {
            let (name, after) = rest.split_once(',').unwrap_or((rest, ""));
            rest = after;
            // Old clients connect to "/name?query".
            name.split('?').next().unwrap_or(name)
        } else {
            "/"
        };
        if namespace.len() > NAMESPACE {
            return Err(Malformed("a namespace has at most 100 characters"));
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let id = match &rest[..digits] {
            "" => None,
            digits => Some(number(digits).ok_or(Malformed("an ack has at most 15 digits"))?),
        };
        let data = read_json(&rest[digits..])?;
        let packet = Self {
            kind,
            namespace: match namespace {
                "/" => ByteString::from_static("/"),
                named => text.slice_ref(named),
            },
            id,
            data,
            attachments,
        };
        packet.check()
    }

    fn check(self) -> Result<Self, Malformed> {
        let first = self
            .data
            .as_ref()
            .and_then(|json| json.get().bytes().next());
        match self.kind {
            Kind::Connect if !matches!(first, None | Some(b'{')) => {
                Err(Malformed("CONNECT carries an object or nothing"))
            }
            Kind::Disconnect if self.data.is_some() => Err(Malformed("DISCONNECT carries nothing")),
            Kind::Connect | Kind::Disconnect if self.id.is_some() => {
                Err(Malformed("only events and acks have a number"))
            }
            Kind::Event | Kind::Ack if first != Some(b'[') => {
                Err(Malformed("events and acks carry an array"))
            }
            Kind::Ack if self.id.is_none() => Err(Malformed("an ack has a number")),
            _ => Ok(self),
        }
    }

    /// The values of the array, each as it was written.
    pub fn arguments(&self) -> Vec<Box<RawValue>> {
        let json = self.data.as_ref().map_or("[]", |json| json.get());
        // It was read as an array before.
        serde_json::from_str(json).unwrap_or_default()
    }
}

fn number(digits: &str) -> Option<u64> {
    let plain = (1..=DIGITS).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

fn read_json(json: &str) -> Result<Option<Box<RawValue>>, Malformed> {
    if json.is_empty() {
        return Ok(None);
    }
    let read: Result<Box<RawValue>, _> = serde_json::from_str(json);
    read.map(Some)
        .map_err(|_| Malformed("what follows type, namespace and number is JSON"))
}

/// What stands before the JSON of a packet to a client; `kind` is the digit.
pub fn head(kind: u8, attachments: usize, namespace: &str, id: Option<u64>) -> String {
    let mut head = format!("4{kind}");
    if attachments > 0 {
        head.push_str(&attachments.to_string());
        head.push('-');
    }
    if namespace != "/" {
        head.push_str(namespace);
        head.push(',');
    }
    if let Some(id) = id {
        head.push_str(&id.to_string());
    }
    head
}

/// JSON in which every character beyond ASCII is escaped. It can stand in strings only, so this needs no
/// reading.
pub fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to memory cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random;

    fn read(text: &str) -> Result<Packet, Malformed> {
        Packet::read(&text.into())
    }

    type Parts = (Kind, String, Option<u64>, Option<String>, usize);

    fn parts(packet: &Packet) -> Parts {
        let data = packet.data.as_ref().map(|json| json.get().to_owned());
        let namespace = packet.namespace.to_string();
        (packet.kind, namespace, packet.id, data, packet.attachments)
    }

    proptest! {
        #![proptest_config(random::cases(2_000))]

        #[test]
        fn any_text_is_a_packet_that_reads_back_or_malformed(
            text in prop_oneof![
                any::<String>(),
                "[0-7][0-9]{0,3}-?(/[a-z?=]{0,5},?)?[0-9]{0,16}[\\[{]?.{0,9}",
                (
                    "[0-6]([0-9]{1,2}-)?(/[a-z?,]{0,5},)?[0-9]{0,3}",
                    random::json(&["token", "_placeholder", "num"]),
                )
                    .prop_map(|(head, json)| head + &json),
            ],
        ) {
            let Ok(packet) = read(&text) else {
                return Ok(());
            };
            let _ = packet.arguments();
            let seen = parts(&packet);
            let (kind, namespace, id, data, attachments) = &seen;
            let digit = match (kind, attachments) {
                (Kind::Connect, _) => 0,
                (Kind::Disconnect, _) => 1,
                (Kind::Event, 0) => 2,
                (Kind::Ack, 0) => 3,
                (Kind::Event, _) => 5,
                (Kind::Ack, _) => 6,
            };
            let again = head(digit, *attachments, namespace, *id) + data.as_deref().unwrap_or("");
            let again = read(&again[1..]);
            prop_assert_eq!(again.as_ref().map(parts), Ok(seen), "{}", text);
        }

        #[test]
        fn ascii_says_the_same(text: String) {
            let json = serde_json::Value::from(text.clone()).to_string();
            let escaped = ascii(&json);
            prop_assert!(escaped.is_ascii());
            prop_assert_eq!(serde_json::from_str::<String>(&escaped).ok(), Some(text));
        }
    }

    #[test]
    fn packets_that_are_right() {
        for (text, kind, namespace, id, data, attachments) in [
            ("0", Kind::Connect, "/", None, None, 0),
            (
                "0{\"token\":\"x\"}",
                Kind::Connect,
                "/",
                None,
                Some("{\"token\":\"x\"}"),
                0,
            ),
            ("0/chat", Kind::Connect, "/chat", None, None, 0),
            ("0/chat,", Kind::Connect, "/chat", None, None, 0),
            ("0/chat?a=b,", Kind::Connect, "/chat", None, None, 0),
            ("0/chat,{}", Kind::Connect, "/chat", None, Some("{}"), 0),
            ("1", Kind::Disconnect, "/", None, None, 0),
            ("1/chat,", Kind::Disconnect, "/chat", None, None, 0),
            ("2[\"a\",1]", Kind::Event, "/", None, Some("[\"a\",1]"), 0),
            ("212[\"a\"]", Kind::Event, "/", Some(12), Some("[\"a\"]"), 0),
            (
                "2/chat,0[\"a\"]",
                Kind::Event,
                "/chat",
                Some(0),
                Some("[\"a\"]"),
                0,
            ),
            (
                "2[\"\\ud800\"]",
                Kind::Event,
                "/",
                None,
                Some("[\"\\ud800\"]"),
                0,
            ),
            ("2[]", Kind::Event, "/", None, Some("[]"), 0),
            ("37[]", Kind::Ack, "/", Some(7), Some("[]"), 0),
            ("52-[\"a\"]", Kind::Event, "/", None, Some("[\"a\"]"), 2),
            ("61-/chat,9[1]", Kind::Ack, "/chat", Some(9), Some("[1]"), 1),
            ("50-[1]", Kind::Event, "/", None, Some("[1]"), 0),
        ] {
            let packet = read(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            let seen = (
                packet.kind,
                &*packet.namespace,
                packet.id,
                packet.data.as_ref().map(|json| json.get()),
                packet.attachments,
            );
            assert_eq!(seen, (kind, namespace, id, data, attachments), "{text}");
        }
    }

    #[test]
    fn packets_that_are_wrong() {
        let long = format!("0/{}", "x".repeat(NAMESPACE));
        let deep = format!("2{}", "[".repeat(100_000));
        for text in [
            "",
            "abc",
            "4",
            "4{}",
            "7",
            "9",
            "0[]",
            "0\"x\"",
            "01",
            "1{}",
            "17",
            "2",
            "2{}",
            "2x",
            "2abc[\"a\"]",
            "2[",
            "2[\"a\"",
            "2[\"a\"]]",
            "2[\"a\"]x",
            "2null",
            "3[]",
            "3",
            "37{}",
            "5[]",
            "5-[]",
            "5x-[]",
            "5-1-[]",
            "511-[]",
            "599999999999999999999-[]",
            "6[]",
            "62-[]",
            "21234567890123456[\"a\"]",
            "0/chat,[",
            "0/chat?a=b,c",
            "2/chat",
            "你好",
            &long,
            &deep,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn heads_and_escapes() {
        assert_eq!(head(2, 0, "/", None), "42");
        assert_eq!(head(6, 2, "/chat", Some(789)), "462-/chat,789");
        assert_eq!(
            ascii("[\"a\u{7f}é用😀\"]"),
            "[\"a\u{7f}\\u00e9\\u7528\\ud83d\\ude00\"]"
        );
    }

    #[test]
    fn arguments_stay_as_they_were_written() {
        let packet = read("2[\"a\", 1.0e+2 ,{\"b\":[true]}, \"\\u7528\"]").unwrap();
        let arguments = packet.arguments();
        let arguments: Vec<_> = arguments.iter().map(|json| json.get()).collect();
        assert_eq!(
            arguments,
            ["\"a\"", "1.0e+2", "{\"b\":[true]}", "\"\\u7528\""]
        );
    }
}
