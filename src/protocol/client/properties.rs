//! Whatever a client sends, it is a frame or a documented refusal.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

use super::*;
use crate::random;

/// What frames are made of.
const NAMES: &[&str] = &[
    "type",
    "ref",
    "conversation",
    "client_id",
    "text",
    "kind",
    "file",
    "to",
    "away",
    "on",
    "seq",
    "before",
    "after",
    "limit",
    "as",
    "token",
    "resume",
    "page",
    "language",
];
const TYPES: &[&str] = &[
    "hello",
    "message.post",
    "conversation.take",
    "conversation.release",
    "conversation.transfer",
    "conversation.close",
    "conversation.reopen",
    "presence.set",
    "history",
    "typing",
    "read",
    "ping",
];

/// A frame that is right.
fn good() -> impl Strategy<Value = Value> {
    let conversation = || (1..=i64::MAX).prop_map(|id| id.to_string());
    let reference = "\\PC{0,64}";
    let seq = 0..=i64::MAX;
    let hello = (
        proptest::option::of("[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"),
        proptest::collection::btree_map(conversation(), seq.clone(), 0..4),
        "\\PC{1,35}",
    )
        .prop_map(|(token, resume, words)| match token {
            None => json!({"type": "hello", "as": "agent", "resume": resume}),
            Some(token) => json!({
                "type": "hello", "as": "customer", "token": token, "resume": resume, "page": words,
                "language": words,
            }),
        });
    let post = (
        reference,
        proptest::option::of(conversation()),
        "[A-Za-z0-9_-]{1,64}",
        any::<String>(),
    )
        .prop_map(|(reference, conversation, client_id, text)| {
            json!({
                "type": "message.post", "ref": reference, "conversation": conversation,
                "client_id": client_id, "text": text, "kind": "note",
            })
        });
    let act = (select(&TYPES[2..7]), reference, conversation(), proptest::option::of(conversation()))
        .prop_map(|(kind, reference, conversation, to)| {
            json!({"type": kind, "ref": reference, "conversation": conversation, "to": to})
        });
    let history = (
        reference,
        conversation(),
        proptest::option::of(seq.clone()),
        1..=200,
    )
        .prop_map(|(reference, conversation, after, limit)| {
            json!({
                "type": "history", "ref": reference, "conversation": conversation, "after": after,
                "limit": limit,
            })
        });
    let small = (conversation(), seq, any::<bool>(), reference).prop_map(
        |(conversation, seq, on, reference)| {
            vec![
                json!({"type": "typing", "conversation": conversation, "on": on}),
                json!({"type": "read", "conversation": conversation, "seq": seq}),
                json!({"type": "presence.set", "ref": reference, "away": on}),
                json!({"type": "ping"}),
            ]
        },
    );
    prop_oneof![hello, post, act, history, small.prop_flat_map(select)]
}

/// A frame as it could have been written.
fn write(frame: &ClientFrame) -> Option<Value> {
    let request = match frame {
        ClientFrame::Ping => return Some(json!({"type": "ping"})),
        // A token does not come out again.
        ClientFrame::Hello(_) => return None,
        ClientFrame::Request(request) => request,
    };
    Some(match request {
        Request::Post {
            reference,
            conversation,
            client_id,
            kind,
            text,
            file,
        } => json!({
            "type": "message.post", "ref": reference, "conversation": conversation, "text": text,
            "client_id": client_id, "kind": kind.as_str(), "file": file.as_ref().map(ToString::to_string),
        }),
        Request::Act {
            reference,
            conversation,
            action,
        } => {
            let (kind, to) = match action {
                Action::Take => ("take", None),
                Action::Release => ("release", None),
                Action::Transfer(to) => ("transfer", *to),
                Action::Close => ("close", None),
                Action::Reopen => ("reopen", None),
            };
            let kind = format!("conversation.{kind}");
            json!({"type": kind, "ref": reference, "conversation": conversation, "to": to})
        }
        Request::History {
            reference,
            conversation,
            page,
            limit,
        } => {
            let (before, after) = match page {
                PageAsked::Newest => (None, None),
                PageAsked::Before(seq) => (Some(seq), None),
                PageAsked::After(seq) => (None, Some(seq)),
            };
            json!({
                "type": "history", "ref": reference, "conversation": conversation, "limit": limit,
                "before": before, "after": after,
            })
        }
        Request::SetAway { reference, away } => {
            json!({"type": "presence.set", "ref": reference, "away": away})
        }
        Request::Typing { conversation, on } => {
            json!({"type": "typing", "conversation": conversation, "on": on})
        }
        Request::Read { conversation, seq } => {
            json!({"type": "read", "conversation": conversation, "seq": seq})
        }
    })
}

/// It is a frame that means the same when it is written again, or it is refused as docs/PROTOCOL.md has it.
fn check(text: &str) {
    match parse(text) {
        Ok(frame) => {
            if let Some(again) = write(&frame) {
                assert_eq!(parse(&again.to_string()), Ok(frame), "{again}");
            }
        }
        Err(Rejected { reference, refusal }) => {
            let documented = [
                Code::BadJson,
                Code::UnknownType,
                Code::BadRequest,
                Code::TokenInvalid,
                Code::NotSignedIn,
            ];
            assert!(documented.contains(&refusal.code), "{:?}", refusal.code);
            assert!(reference.is_none_or(|it| it.chars().count() <= REF_CHARS));
        }
    }
    let _ = reference_of(text);
}

proptest! {
    #![proptest_config(random::cases(1_000))]

    #[test]
    fn any_text_is_a_frame_or_refused(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_json_is_a_frame_or_refused(
        kind in select(TYPES),
        mut values in vec((select(NAMES), random::json(NAMES)), 0..8),
    ) {
        values.push(("type", format!("\"{kind}\"")));
        let entries: Vec<_> = values.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        check(&format!("{{{}}}", entries.join(",")));
    }

    #[test]
    fn what_is_right_is_read_and_written_and_what_happens_to_it_does_no_harm(
        (good, bad) in good().prop_flat_map(|good| {
            let text = good.to_string();
            (Just(good), random::spoilt(vec![text]))
        }),
    ) {
        let text = good.to_string();
        prop_assert!(parse(&text).is_ok(), "{:?}", parse(&text));
        check(&text);
        check(&bad);
    }
}
