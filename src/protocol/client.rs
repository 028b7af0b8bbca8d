//! What a client sends, read and checked as far as shape goes (docs/PROTOCOL.md §2).

use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;

use crate::domain::{
    Action, AgentId, ClientId, Code, ConversationId, FileId, Kind, Refusal, Seq, Token,
};

/// Characters of a `ref`.
const REF_CHARS: usize = 64;
/// Messages on one page of history at most.
pub const HISTORY_PAGE: usize = 200;
/// Messages on one page of history when the client does not say.
const HISTORY_DEFAULT: usize = 50;
const PAGE_CHARS: usize = 2_000;
const LANGUAGE_CHARS: usize = 35;

/// A frame that has the right shape.
#[derive(Debug, PartialEq, Eq)]
pub enum ClientFrame {
    /// The first frame.
    Hello(Hello),
    /// What a session asks for once it is in.
    Request(Request),
    /// Is anybody there?
    Ping,
}

/// What a session asks for once it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Store and deliver a text, a file or a note.
    Post {
        /// Comes back in the answer.
        reference: String,
        /// `None`: the current one.
        conversation: Option<ConversationId>,
        /// The client's key of the message.
        client_id: ClientId,
        /// [`Kind::Text`], [`Kind::File`] or [`Kind::Note`].
        kind: Kind,
        /// The words, not yet held against the limits. With a file there may be none.
        text: String,
        /// Of a [`Kind::File`]; a note may have one, too.
        file: Option<FileId>,
    },
    /// Take, release, transfer, close or reopen a conversation.
    Act {
        /// Comes back in the answer.
        reference: String,
        /// Which.
        conversation: ConversationId,
        /// What to do to it.
        action: Action,
    },
    /// A page of history.
    History {
        /// Comes back in the answer.
        reference: String,
        /// Of which conversation.
        conversation: ConversationId,
        /// From where.
        page: PageAsked,
        /// How many at most, 1–200.
        limit: usize,
    },
    /// The agent is away, or available again.
    SetAway {
        /// Comes back in the answer.
        reference: String,
        /// Away, else available.
        away: bool,
    },
    /// The person types, or stopped.
    Typing {
        /// Where.
        conversation: ConversationId,
        /// Whether they type now.
        on: bool,
    },
    /// The person has read up to here.
    Read {
        /// Where.
        conversation: ConversationId,
        /// The newest message that was seen.
        seq: Seq,
    },
}

impl Request {
    /// The `ref` that the answer must carry.
    pub fn reference(&self) -> Option<String> {
        match self {
            Self::Post { reference, .. }
            | Self::Act { reference, .. }
            | Self::SetAway { reference, .. }
            | Self::History { reference, .. } => Some(reference.clone()),
            Self::Typing { .. } | Self::Read { .. } => None,
        }
    }
}

/// Who comes, and what they hold already.
#[derive(Debug, PartialEq, Eq)]
pub struct Hello {
    /// Who.
    pub credentials: Credentials,
    /// The newest `seq` that the client holds, by conversation.
    pub resume: BTreeMap<ConversationId, Seq>,
}

/// How a client says who it is.
#[derive(Debug, PartialEq, Eq)]
pub enum Credentials {
    /// A person who asks.
    Customer {
        /// The secret that their page made.
        token: Token,
        /// The page they are on.
        page: Option<String>,
        /// Their browser's language.
        language: Option<String>,
    },
    /// A person who answers; by the bearer token, or `None`: by the cookie of the upgrade.
    Agent(Option<Token>),
}

/// Which part of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageAsked {
    /// The newest messages.
    Newest,
    /// The newest of those with a smaller `seq`.
    Before(Seq),
    /// The oldest of those with a greater `seq`.
    After(Seq),
}

/// A frame that was not understood, with the `ref` it carried, so that the answer finds its way.
#[derive(Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The `ref`, where one could be read.
    pub reference: Option<String>,
    /// What was wrong.
    pub refusal: Refusal,
}

/// Just enough of a frame to know what it is and how to answer it.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(rename = "ref", default, borrow)]
    reference: Option<Cow<'a, str>>,
}

/// Reads one text frame.
///
/// # Errors
/// [`Rejected`] with [`Code::BadJson`], [`Code::UnknownType`], [`Code::BadRequest`],
/// [`Code::TokenInvalid`] or [`Code::NotSignedIn`].
pub fn parse(text: &str) -> Result<ClientFrame, Rejected> {
    // serde would take an array for a struct too.
    if !text.trim_start().starts_with('{') {
        let refusal = Refusal::new(Code::BadJson, "the frame is not a JSON object");
        return Err(Rejected {
            reference: None,
            refusal,
        });
    }
    let envelope: Envelope = serde_json::from_str(text).map_err(|error| Rejected {
        reference: None,
        refusal: explain(&error),
    })?;
    let reference = envelope.reference.as_deref();
    let too_long = reference.is_some_and(|r| r.chars().count() > REF_CHARS);
    let parsed = if too_long {
        Err(Refusal::bad_request(format!(
            "ref: at most {REF_CHARS} characters are allowed"
        )))
    } else {
        parse_as(&envelope.kind, text)
    };
    parsed.map_err(|refusal| Rejected {
        reference: reference.filter(|_| !too_long).map(str::to_owned),
        refusal,
    })
}

/// The `ref` of a frame that is refused unread.
pub fn reference_of(text: &str) -> Option<String> {
    let envelope: Envelope = serde_json::from_str(text).ok()?;
    let reference = envelope.reference?;
    (reference.chars().count() <= REF_CHARS).then(|| reference.into_owned())
}

fn parse_as(kind: &str, text: &str) -> Result<ClientFrame, Refusal> {
    match kind {
        "hello" => hello(body(text)?).map(ClientFrame::Hello),
        "message.post" => post(body(text)?).map(ClientFrame::Request),
        "conversation.take" => act(text, Action::Take),
        "conversation.release" => act(text, Action::Release),
        "conversation.transfer" => Ok(transfer(body(text)?)),
        "conversation.close" => act(text, Action::Close),
        "conversation.reopen" => act(text, Action::Reopen),
        "history" => history(body(text)?).map(ClientFrame::Request),
        "presence.set" => {
            let PresenceBody {
                r#ref: reference,
                away,
            } = body(text)?;
            Ok(ClientFrame::Request(Request::SetAway { reference, away }))
        }
        "typing" => {
            let TypingBody { conversation, on } = body(text)?;
            Ok(ClientFrame::Request(Request::Typing { conversation, on }))
        }
        "read" => {
            let ReadBody { conversation, seq } = body(text)?;
            let seq = not_negative("seq", seq)?;
            Ok(ClientFrame::Request(Request::Read { conversation, seq }))
        }
        "ping" => Ok(ClientFrame::Ping),
        _ => Err(Refusal::new(
            Code::UnknownType,
            "type must be one of hello, message.post, conversation.take, conversation.release, \
             conversation.transfer, conversation.close, conversation.reopen, presence.set, history, typing, \
             read, ping",
        )),
    }
}

fn body<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Refusal> {
    serde_json::from_str(text).map_err(|error| explain(&error))
}

/// What serde says, without the position inside a text that the client wrote as one line anyway.
fn explain(error: &serde_json::Error) -> Refusal {
    let said = error.to_string();
    let said = said
        .split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned();
    if error.is_data() {
        Refusal::bad_request(said)
    } else {
        Refusal::new(
            Code::BadJson,
            format!("the frame is not a JSON object: {said}"),
        )
    }
}

#[derive(Deserialize)]
struct HelloBody {
    r#as: String,
    token: Option<String>,
    #[serde(default)]
    resume: Option<BTreeMap<ConversationId, i64>>,
    page: Option<String>,
    language: Option<String>,
}

fn hello(body: HelloBody) -> Result<Hello, Refusal> {
    let token = body.token.as_deref().map(Token::parse);
    let credentials = match (body.r#as.as_str(), token) {
        ("customer", Some(Some(token))) => Credentials::Customer {
            token,
            page: at_most("page", body.page, PAGE_CHARS)?,
            language: at_most("language", body.language, LANGUAGE_CHARS)?,
        },
        ("customer", _) => {
            let allowed = "token must be 43 characters of base64url (32 random bytes)";
            return Err(Refusal::new(Code::TokenInvalid, allowed));
        }
        // Not 43 characters: nobody's token, so nobody is signed in by it.
        ("agent", Some(None)) => {
            return Err(Refusal::new(
                Code::NotSignedIn,
                "this token is nobody's; sign in",
            ));
        }
        ("agent", token) => Credentials::Agent(token.flatten()),
        _ => return Err(Refusal::bad_request("as must be customer or agent")),
    };
    let resume = body
        .resume
        .unwrap_or_default()
        .into_iter()
        .map(|(id, seq)| not_negative("resume", seq).map(|seq| (id, seq)))
        .collect::<Result<_, _>>()?;
    Ok(Hello {
        credentials,
        resume,
    })
}

#[derive(Deserialize)]
struct PostBody {
    r#ref: String,
    conversation: Option<ConversationId>,
    client_id: String,
    text: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    file: Option<FileId>,
}

fn post(body: PostBody) -> Result<Request, Refusal> {
    let kind = match body.kind.as_deref() {
        None | Some("text") => Kind::Text,
        Some("file") => Kind::File,
        Some("note") => Kind::Note,
        Some(_) => {
            let allowed = "kind: only \"text\", \"file\" and, by agents, \"note\" can be posted";
            return Err(Refusal::bad_request(allowed));
        }
    };
    match (kind, &body.file) {
        (Kind::File, None) => {
            let missing =
                "file: a message of kind \"file\" names the file that was uploaded for it";
            return Err(Refusal::bad_request(missing));
        }
        (Kind::Text, Some(_)) => {
            let wrong = "file: only messages of kind \"file\" and \"note\" have one";
            return Err(Refusal::bad_request(wrong));
        }
        _ => {}
    }
    let text = match (body.text, &body.file) {
        (Some(text), _) => text,
        (None, Some(_)) => String::new(),
        (None, None) => return Err(Refusal::bad_request("missing field `text`")),
    };
    let client_id = ClientId::parse(&body.client_id).ok_or_else(|| {
        Refusal::bad_request("client_id must be 1 to 64 characters of A-Z a-z 0-9 _ -")
    })?;
    Ok(Request::Post {
        reference: body.r#ref,
        conversation: body.conversation,
        client_id,
        kind,
        text,
        file: body.file,
    })
}

#[derive(Deserialize)]
struct ActBody {
    r#ref: String,
    conversation: ConversationId,
}

fn act(text: &str, action: Action) -> Result<ClientFrame, Refusal> {
    let ActBody {
        r#ref: reference,
        conversation,
    } = body(text)?;
    Ok(ClientFrame::Request(Request::Act {
        reference,
        conversation,
        action,
    }))
}

#[derive(Deserialize)]
struct TransferBody {
    r#ref: String,
    conversation: ConversationId,
    /// Required, but may be null: to forget it must not put anybody back into the queue.
    #[serde(deserialize_with = "Option::deserialize")]
    to: Option<AgentId>,
}

fn transfer(body: TransferBody) -> ClientFrame {
    ClientFrame::Request(Request::Act {
        reference: body.r#ref,
        conversation: body.conversation,
        action: Action::Transfer(body.to),
    })
}

#[derive(Deserialize)]
struct HistoryBody {
    r#ref: String,
    conversation: ConversationId,
    before: Option<i64>,
    after: Option<i64>,
    limit: Option<i64>,
}

fn history(body: HistoryBody) -> Result<Request, Refusal> {
    Ok(Request::History {
        reference: body.r#ref,
        conversation: body.conversation,
        page: PageAsked::read(body.before, body.after)?,
        limit: page_limit(body.limit)?,
    })
}

impl PageAsked {
    /// Reads the pair that asks for a page, here and over HTTP.
    ///
    /// # Errors
    /// [`Code::BadRequest`] when both are given, or one is negative.
    pub fn read(before: Option<i64>, after: Option<i64>) -> Result<Self, Refusal> {
        match (before, after) {
            (None, None) => Ok(Self::Newest),
            (Some(before), None) => Ok(Self::Before(not_negative("before", before)?)),
            (None, Some(after)) => Ok(Self::After(not_negative("after", after)?)),
            (Some(_), Some(_)) => Err(Refusal::bad_request("before and after: give one of them")),
        }
    }
}

/// Reads the `limit` of a page of history, here and over HTTP.
///
/// # Errors
/// [`Code::BadRequest`] outside 1–200.
pub fn page_limit(limit: Option<i64>) -> Result<usize, Refusal> {
    let Some(limit) = limit else {
        return Ok(HISTORY_DEFAULT);
    };
    usize::try_from(limit)
        .ok()
        .filter(|limit| (1..=HISTORY_PAGE).contains(limit))
        .ok_or_else(|| Refusal::bad_request(format!("limit must be from 1 to {HISTORY_PAGE}")))
}

#[derive(Deserialize)]
struct PresenceBody {
    r#ref: String,
    away: bool,
}

#[derive(Deserialize)]
struct TypingBody {
    conversation: ConversationId,
    on: bool,
}

#[derive(Deserialize)]
struct ReadBody {
    conversation: ConversationId,
    seq: i64,
}

fn not_negative(field: &str, seq: i64) -> Result<Seq, Refusal> {
    if seq < 0 {
        return Err(Refusal::bad_request(format!("{field}: a seq is 0 or more")));
    }
    Ok(Seq(seq))
}

fn at_most(field: &str, value: Option<String>, chars: usize) -> Result<Option<String>, Refusal> {
    match value {
        Some(value) if value.chars().count() > chars => Err(Refusal::bad_request(format!(
            "{field}: at most {chars} characters are allowed"
        ))),
        Some(value) if value.contains('\0') => Err(Refusal::bad_request(format!(
            "{field}: U+0000 is not allowed"
        ))),
        value => Ok(value.filter(|value| !value.is_empty())),
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Code {
        parse(text).expect_err(text).refusal.code
    }

    #[test]
    fn bad_frames_are_refused_with_the_right_code() {
        let deep = "[".repeat(500);
        for (text, expected) in [
            ("", Code::BadJson),
            ("hello", Code::BadJson),
            ("{", Code::BadJson),
            (deep.as_str(), Code::BadJson),
            (r#"{"type":"ping"} {}"#, Code::BadJson),
            (r#"{"type":"message.post","text":"\ud800"}"#, Code::BadJson),
            ("[]", Code::BadJson),
            (r#"["ping"]"#, Code::BadJson),
            ("null", Code::BadJson),
            ("{}", Code::BadRequest),
            (r#"{"type":7}"#, Code::BadRequest),
            (r#"{"type":"ping","type":"ping"}"#, Code::BadRequest),
            (r#"{"type":"Ping"}"#, Code::UnknownType),
            (r#"{"type":"welcome"}"#, Code::UnknownType),
            (r#"{"type":"ping","ref":7}"#, Code::BadRequest),
            (
                r#"{"type":"hello","as":"boss","token":null}"#,
                Code::BadRequest,
            ),
            (r#"{"type":"hello","as":"customer"}"#, Code::TokenInvalid),
            (
                r#"{"type":"hello","as":"customer","token":"abc"}"#,
                Code::TokenInvalid,
            ),
            (
                r#"{"type":"hello","as":"agent","token":"abc"}"#,
                Code::NotSignedIn,
            ),
            (
                r#"{"type":"hello","as":"agent","resume":{"x":1}}"#,
                Code::BadRequest,
            ),
            (
                r#"{"type":"hello","as":"agent","resume":{"1":-1}}"#,
                Code::BadRequest,
            ),
            (
                r#"{"type":"hello","as":"agent","resume":[1]}"#,
                Code::BadRequest,
            ),
            (r#"{"type":"message.post","ref":"1"}"#, Code::BadRequest),
            (
                r#"{"type":"message.post","ref":"1","conversation":42,"client_id":"a","text":"x"}"#,
                Code::BadRequest,
            ),
            (
                r#"{"type":"message.post","ref":"1","client_id":"a b","text":"x"}"#,
                Code::BadRequest,
            ),
            (
                r#"{"type":"message.post","ref":"1","client_id":"a","text":"x","kind":"event"}"#,
                Code::BadRequest,
            ),
            (
                r#"{"type":"message.post","ref":"1","client_id":"a","text":["x"]}"#,
                Code::BadRequest,
            ),
            (
                r#"{"type":"history","ref":"1","conversation":"1","limit":0}"#,
                Code::BadRequest,
            ),
            (
                r#"{"type":"history","ref":"1","conversation":"1","limit":201}"#,
                Code::BadRequest,
            ),
            (
                r#"{"type":"history","ref":"1","conversation":"1","limit":1e400}"#,
                Code::BadJson,
            ),
            (
                r#"{"type":"history","ref":"1","conversation":"1","before":99999999999999999999}"#,
                Code::BadRequest,
            ),
            (
                r#"{"type":"history","ref":"1","conversation":"1","before":1,"after":1}"#,
                Code::BadRequest,
            ),
            (
                r#"{"type":"typing","conversation":"1","on":1}"#,
                Code::BadRequest,
            ),
            (
                r#"{"type":"typing","conversation":"0","on":true}"#,
                Code::BadRequest,
            ),
            (
                r#"{"type":"read","conversation":"1","seq":1.5}"#,
                Code::BadRequest,
            ),
            (
                r#"{"type":"read","conversation":"1","seq":-5}"#,
                Code::BadRequest,
            ),
        ] {
            assert_eq!(code(text), expected, "{text}");
        }
    }

    #[test]
    fn an_act_names_its_conversation_and_a_transfer_whom_it_goes_to() {
        for (text, expected) in [
            (
                r#"{"type":"conversation.take","ref":"1"}"#,
                Code::BadRequest,
            ),
            (
                r#"{"type":"conversation.close","conversation":"1"}"#,
                Code::BadRequest,
            ),
            (
                r#"{"type":"conversation.transfer","ref":"1","conversation":"1"}"#,
                Code::BadRequest,
            ),
            (
                r#"{"type":"conversation.transfer","ref":"1","conversation":"1","to":2}"#,
                Code::BadRequest,
            ),
            (
                r#"{"type":"conversation.delete","ref":"1","conversation":"1"}"#,
                Code::UnknownType,
            ),
        ] {
            assert_eq!(code(text), expected, "{text}");
        }
        for (to, agent) in [("null", None), ("\"2\"", Some(AgentId(2)))] {
            let text = format!(
                r#"{{"type":"conversation.transfer","ref":"1","conversation":"1","to":{to}}}"#
            );
            let expected = Request::Act {
                reference: "1".to_owned(),
                conversation: ConversationId(1),
                action: Action::Transfer(agent),
            };
            assert_eq!(parse(&text), Ok(ClientFrame::Request(expected)));
        }
    }

    #[test]
    fn a_deep_field_that_nobody_reads_does_no_harm() {
        let nested = format!(
            r#"{{"type":"ping","x":{}{}}}"#,
            "[".repeat(30_000),
            "]".repeat(30_000)
        );
        assert_eq!(parse(&nested), Ok(ClientFrame::Ping));
    }

    #[test]
    fn a_refusal_carries_the_ref_and_names_the_field() {
        let rejected = parse(r#"{"type":"message.post","ref":"7","client_id":"a"}"#).unwrap_err();
        assert_eq!(rejected.reference.as_deref(), Some("7"));
        assert_eq!(rejected.refusal.message, "missing field `text`");
    }

    #[test]
    fn a_ref_that_is_too_long_does_not_come_back() {
        let text = format!(r#"{{"type":"ping","ref":"{}"}}"#, "r".repeat(REF_CHARS + 1));
        let rejected = parse(&text).unwrap_err();
        assert_eq!(
            (rejected.reference, rejected.refusal.code),
            (None, Code::BadRequest)
        );
    }

    #[test]
    fn who_and_when_in_a_payload_are_not_read() {
        let frame = parse(
            r#"{"type":"message.post","ref":"1","client_id":"a","text":"x",
                "from":{"role":"agent"},"sent_at":"1999","seq":9,"sender":"boss"}"#,
        );
        let expected = Request::Post {
            reference: "1".into(),
            conversation: None,
            client_id: ClientId::parse("a").unwrap(),
            kind: Kind::Text,
            text: "x".into(),
            file: None,
        };
        assert_eq!(frame, Ok(ClientFrame::Request(expected)));
    }
}
