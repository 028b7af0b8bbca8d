//! The same frames for other clients: each frame is encoded once for each dialect that somebody in the
//! room speaks.

use std::io;

use bytestring::ByteString;
use serde::Serialize;
use serde_json::{Serializer, json, ser::Formatter};

use super::{ErrorView, ServerFrame};

/// How a session's client wants its frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `kefu.v1`: one JSON object.
    Native,
    /// Socket.IO on Engine.IO 3. Its oldest clients decode UTF-8 twice in text payloads, so everything
    /// is ASCII.
    SocketIo3,
    /// Socket.IO on Engine.IO 4.
    SocketIo4,
}

impl Dialect {
    /// How many there are, for whoever keeps one encoding of each.
    pub const COUNT: usize = 3;
}

/// What stands before the number in the `ref` of a request whose answer is a Socket.IO ack.
pub const ACK: &str = "ack:";

impl ServerFrame {
    /// The frame as a session's client wants it; `None` where its dialect has no such frame.
    ///
    /// In Socket.IO a message is the event `message` with the text alone, or with the file's name and what was
    /// said to it, the answer to a request with an
    /// ack is that ack, and any other error is the event `error`.
    pub fn encode_as(&self, dialect: Dialect) -> Option<ByteString> {
        let packet = match dialect {
            Dialect::Native => return Some(self.encode().into()),
            Dialect::SocketIo3 | Dialect::SocketIo4 => self.packet()?,
        };
        let (head, body) = packet;
        let body = match dialect {
            Dialect::SocketIo3 => ascii(&body),
            _ => body.to_string(),
        };
        Some(format!("{head}{body}").into())
    }

    /// An Engine.IO message (4) with a Socket.IO packet for `/`: event (2) or ack (3).
    fn packet(&self) -> Option<(String, serde_json::Value)> {
        match self {
            // Only what people say to each other: those pages show every `message` as such.
            Self::Posted(message) if message.kind == "text" => {
                Some(("42".to_owned(), json!(["message", message.text])))
            }
            Self::Posted(message) if message.kind == "file" => {
                let name = message
                    .file
                    .as_ref()
                    .map_or(&message.text, |file| &file.name);
                let text = if message.text == *name {
                    name.clone()
                } else {
                    format!("{name}: {}", message.text)
                };
                Some(("42".to_owned(), json!(["message", text])))
            }
            Self::Accepted {
                reference,
                conversation,
                seq,
                sent_at,
                ..
            } => {
                let answer =
                    json!([{"conversation": conversation, "seq": seq, "sent_at": sent_at}]);
                Some((format!("43{}", ack_number(reference)?), answer))
            }
            Self::Error(error) => {
                let number = error.reference.as_deref().and_then(ack_number);
                Some(match number {
                    Some(number) => (format!("43{number}"), json!([{"error": brief(error)}])),
                    None => ("42".to_owned(), json!(["error", brief(error)])),
                })
            }
            _ => None,
        }
    }
}

fn ack_number(reference: &str) -> Option<&str> {
    reference.strip_prefix(ACK)
}

/// An error without what only `kefu.v1` has.
fn brief(error: &ErrorView) -> serde_json::Value {
    let mut brief = json!({
        "code": error.code, "message": error.message, "retryable": error.retryable,
    });
    if let Some(ms) = error.retry_after_ms {
        brief["retry_after_ms"] = ms.into();
    }
    if let Some(until) = &error.until {
        brief["until"] = until.as_str().into();
    }
    if let Some(incident) = &error.incident {
        brief["incident"] = incident.as_str().into();
    }
    brief
}

/// JSON in which every character beyond ASCII is escaped.
pub fn ascii(value: &serde_json::Value) -> String {
    let mut bytes = Vec::new();
    // Writing to memory cannot fail, nor can a value that is JSON already.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut bytes, Ascii));
    String::from_utf8(bytes).unwrap_or_default()
}

struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut plain = 0;
        for (at, character) in fragment.char_indices() {
            if character.is_ascii() {
                continue;
            }
            writer.write_all(&fragment.as_bytes()[plain..at])?;
            plain = at + character.len_utf8();
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        writer.write_all(&fragment.as_bytes()[plain..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Code, ConversationId, FileId, Refusal, Seq},
        protocol::{FileView, MessageView, PersonView},
    };

    fn posted(text: &str) -> ServerFrame {
        ServerFrame::Posted(MessageView {
            conversation: ConversationId(1),
            seq: Seq(2),
            client_id: None,
            kind: "text".to_owned(),
            event: None,
            file: None,
            from: PersonView {
                role: "agent".to_owned(),
                id: None,
                name: None,
            },
            text: text.to_owned(),
            sent_at: String::new(),
        })
    }

    #[test]
    fn a_message_is_an_event_with_its_text() {
        let frame = posted("用户:\"你好\" 😀\n");
        for (dialect, expected) in [
            (Dialect::SocketIo4, r#"42["message","用户:\"你好\" 😀\n"]"#),
            (
                Dialect::SocketIo3,
                r#"42["message","\u7528\u6237:\"\u4f60\u597d\" \ud83d\ude00\n"]"#,
            ),
        ] {
            let encoded = frame.encode_as(dialect).unwrap();
            assert_eq!(encoded, expected);
        }
    }

    #[test]
    fn an_escaped_text_reads_back() {
        for text in [
            "",
            "plain",
            "é",
            "a用b户c",
            "\u{2028}\u{10ffff}\u{7f}",
            "\\u0041",
        ] {
            let encoded = ascii(&json!([text]));
            assert!(encoded.is_ascii(), "{encoded}");
            let back: serde_json::Value = serde_json::from_str(&encoded).unwrap();
            assert_eq!(back, json!([text]));
        }
    }

    #[test]
    fn an_answer_is_an_ack_where_one_was_asked_for() {
        let accepted = |reference: &str| ServerFrame::Accepted {
            reference: reference.to_owned(),
            conversation: ConversationId(1),
            seq: Seq(2),
            sent_at: "t".to_owned(),
            duplicate: false,
        };
        let ack = accepted("ack:7").encode_as(Dialect::SocketIo4).unwrap();
        assert_eq!(ack, r#"437[{"conversation":"1","sent_at":"t","seq":2}]"#);
        assert_eq!(accepted("-").encode_as(Dialect::SocketIo4), None);

        let refusal = || Refusal::new(Code::TextEmpty, "no");
        let error = |reference: &str| ServerFrame::error(Some(reference.to_owned()), refusal());
        let brief = r#"{"code":"text_empty","message":"no","retryable":false}"#;
        let ack = error("ack:0").encode_as(Dialect::SocketIo3).unwrap();
        assert_eq!(ack, format!(r#"430[{{"error":{brief}}}]"#));
        let event = error("-").encode_as(Dialect::SocketIo3).unwrap();
        assert_eq!(event, format!(r#"42["error",{brief}]"#));
    }

    #[test]
    fn a_file_is_its_name_and_what_was_said_to_it() {
        for (text, shown) in [("cat.png", "cat.png"), ("Look!", "cat.png: Look!")] {
            let ServerFrame::Posted(mut message) = posted(text) else {
                panic!("a message");
            };
            message.kind = "file".to_owned();
            message.file = Some(FileView {
                id: FileId::random().unwrap(),
                name: "cat.png".to_owned(),
                size: 1,
                media: "image/png".to_owned(),
                width: None,
                height: None,
            });
            let frame = ServerFrame::Posted(message).encode_as(Dialect::SocketIo4);
            assert_eq!(frame.unwrap(), format!(r#"42["message","{shown}"]"#));
        }
    }

    #[test]
    fn what_the_dialect_does_not_have_is_not_sent() {
        for kind in ["note", "event", "of tomorrow"] {
            let ServerFrame::Posted(mut message) = posted("x") else {
                panic!("a message");
            };
            message.kind = kind.to_owned();
            let frame = ServerFrame::Posted(message);
            assert_eq!(frame.encode_as(Dialect::SocketIo3), None, "{kind}");
        }
        assert_eq!(ServerFrame::Pong.encode_as(Dialect::SocketIo4), None);
        assert_eq!(ServerFrame::Resumed.encode_as(Dialect::SocketIo3), None);
    }
}
