//! Any body and any query at every address of the API, by an admin: what comes back is a success or a refusal
//! that docs/PROTOCOL.md knows, the connection holds, and the server is well afterwards.

use kefu::domain::Code;
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    test_runner::{TestCaseError, TestRunner},
};
use serde_json::{Value, json};

use super::requests::{exchange, status};
use crate::{
    on_both_databases, random,
    support::{Client, Database, Engine, Server, token},
};

on_both_databases! {
    any_body_and_any_query_get_a_documented_answer
}

/// Where something can be read. `{}` is an id.
const READ: &[&str] = &[
    "me",
    "me/sessions",
    "me/totp",
    "agents",
    "accounts",
    "audit",
    "audit/export",
    "blocks",
    "conversations",
    "conversations/{}",
    "conversations/{}/customer",
    "conversations/{}/hold",
    "conversations/{}/messages",
    "customers/{}/addresses",
    "customers/{}/export",
    "erasures",
    "files/{}",
    "history",
    "history/export",
    "history/{}/messages",
    "holds",
    "logo/{}",
    "reports",
    "saved-replies",
    "search",
    "settings",
    "tags",
];

/// Where something can be changed, with a body that is right or nearly so.
const CHANGED: &[(&str, &str, &str)] = &[
    (
        "POST",
        "login",
        r#"{"username":"admin","password":"x","bearer":true,"code":"123456"}"#,
    ),
    (
        "POST",
        "me/password",
        r#"{"current":"x","new":"a long new password"}"#,
    ),
    ("DELETE", "me/sessions/{}", ""),
    ("POST", "me/totp", r#"{"password":"x"}"#),
    ("POST", "me/totp/confirm", r#"{"code":"123456"}"#),
    ("POST", "me/totp/off", r#"{"password":"x"}"#),
    (
        "POST",
        "accounts",
        r#"{"username":"ana","name":"Ana","role":"agent","password":"a long password"}"#,
    ),
    (
        "PATCH",
        "accounts/{}",
        r#"{"name":"Ana","role":"agent","disabled":false,"capacity":5}"#,
    ),
    (
        "POST",
        "accounts/{}/password",
        r#"{"password":"another long password"}"#,
    ),
    ("POST", "accounts/{}/totp/off", ""),
    (
        "POST",
        "saved-replies",
        r#"{"shortcut":"hi","text":"Hello!","shared":true}"#,
    ),
    (
        "PUT",
        "saved-replies/{}",
        r#"{"shortcut":"hi","text":"Hello!","shared":true}"#,
    ),
    ("DELETE", "saved-replies/{}", ""),
    ("POST", "conversations/{}/tags", r#"{"name":"refund"}"#),
    ("DELETE", "conversations/{}/tags/{}", ""),
    (
        "PUT",
        "conversations/{}/hold",
        r#"{"reason":"a court asks"}"#,
    ),
    ("DELETE", "conversations/{}/hold", ""),
    (
        "PUT",
        "conversations/{}/rating",
        r#"{"score":5,"comment":"good"}"#,
    ),
    (
        "PUT",
        "contact",
        r#"{"name":"Li","email":"li@shop.example"}"#,
    ),
    (
        "POST",
        "blocks",
        r#"{"network":"203.0.113.0/24","reason":"spam","for_s":3600}"#,
    ),
    ("DELETE", "blocks/{}", ""),
    (
        "POST",
        "customers/{}/erase",
        r#"{"confirm":"1","reason":"asked for it"}"#,
    ),
    ("POST", "retention/dry-run", r#"{"rules":[]}"#),
    (
        "PUT",
        "settings",
        r##"{"sections":{"look":{"version":0,"value":{"name":"Tea","colour":"#336699"}},"hours":{"version":0,"value":{"limited":true,"time_zone":"UTC","closed":[{"from":"2026-10-01","to":"2026-10-07"}]}},"assignment":{"version":0,"value":{"mode":"off","capacity":5,"grace_s":20}}}}"##,
    ),
    ("POST", "identify", r#"{"token":"x","jwt":"a.b.c"}"#),
    ("POST", "files", ""),
];

/// What bodies and queries have.
const NAMES: &[&str] = &[
    "after",
    "agent",
    "assignment",
    "bearer",
    "before",
    "channel",
    "code",
    "comment",
    "confirm",
    "current",
    "customer",
    "customer_text",
    "disabled",
    "email",
    "for_s",
    "format",
    "from",
    "hours",
    "id",
    "kind",
    "language",
    "limit",
    "look",
    "name",
    "network",
    "new",
    "notes",
    "part",
    "password",
    "q",
    "rating",
    "reason",
    "role",
    "rules",
    "score",
    "sections",
    "shared",
    "shortcut",
    "status",
    "tag",
    "text",
    "to",
    "token",
    "tz",
    "username",
    "value",
    "version",
];

/// What queries may have that is right somewhere.
const VALUES: &[&str] = &[
    "",
    "0",
    "1",
    "-1",
    "200",
    "9223372036854775807",
    "9223372036854775808",
    "2026-11-23",
    "2026-13-99",
    "2026-11-23T08:00:00Z",
    "+262142-12-31T23:59:59Z",
    "-262143-01-01",
    "Asia/Shanghai",
    "UTC",
    "csv",
    "jsonl",
    "html",
    "none",
    "rated",
    "open",
    "web",
    "admin",
    "99999999999999-1",
    "t-99999999999999-1-1",
    "i-0",
    "t",
    "n-0-0-0",
];

#[derive(Debug)]
struct Case {
    method: &'static str,
    path: String,
    json: bool,
    body: Vec<u8>,
}

fn case() -> impl Strategy<Value = Case> {
    let id = || {
        prop_oneof![
            4 => select(&["1", "2", "3"][..]).prop_map(str::to_owned),
            1 => select(&["0", "01", "-1", "9223372036854775807", "x", "%00", "%ff", "%2f.."][..])
                .prop_map(str::to_owned),
            1 => any::<String>().prop_map(|text| escaped(&text)),
        ]
    };
    let pair = (
        prop_oneof![8 => select(NAMES).prop_map(str::to_owned), 1 => any::<String>()],
        prop_oneof![4 => select(VALUES).prop_map(str::to_owned), 1 => any::<String>()],
    );
    let query = vec(pair, 0..4);
    let read = (select(READ), id(), query.clone(), 0..20_u8).prop_map(|(path, id, query, also)| {
        let pairs = query
            .iter()
            .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
        let query = pairs.collect::<Vec<_>>().join("&");
        Case {
            method: if also == 0 { "DELETE" } else { "GET" },
            path: format!("{}?{query}", path.replace("{}", &id)),
            json: false,
            body: Vec::new(),
        }
    });
    let changed = select(CHANGED).prop_flat_map(move |(method, path, good)| {
        let body = prop_oneof![
            1 => Just(good.as_bytes().to_vec()),
            3 => random::spoilt(vec![good.to_owned()]).prop_map(String::into_bytes),
            // Another value for one of its fields.
            5 => (any::<prop::sample::Index>(), random::json(NAMES))
                .prop_map(|(which, value)| with(good, which, &value).into_bytes()),
            2 => random::json(NAMES).prop_map(String::into_bytes),
            1 => vec(any::<u8>(), 0..200),
        ];
        (id(), body, 0..20_u8).prop_map(move |(id, body, not_json)| Case {
            method,
            path: path.replace("{}", &id),
            json: not_json > 0,
            body,
        })
    });
    prop_oneof![read, changed]
}

/// A body with another value in one place.
fn with(good: &str, which: prop::sample::Index, value: &str) -> String {
    let Ok(mut body) = serde_json::from_str::<Value>(good) else {
        return value.to_owned();
    };
    let mut places = Vec::new();
    random::places_of(&body, String::new(), &mut places);
    let place = body
        .pointer_mut(&places[which.index(places.len())])
        .unwrap();
    // A number in its place, so that one can be written that no [`Value`] holds.
    *place = json!("PLACE");
    body.to_string().replace("\"PLACE\"", value)
}

fn escaped(text: &str) -> String {
    let bytes = text.bytes().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    });
    bytes.collect()
}

fn any_body_and_any_query_get_a_documented_answer(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    customer.say(None, "first", "hello");
    let bearer = server.sign_in();
    let mut runner = TestRunner::new(random::cases(250));
    let outcome = runner.run(&case(), |case| check(&server, &bearer, &case));
    outcome.unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(server.http("GET", "/readyz", &[], None).status, 200);
}

fn check(server: &Server, bearer: &str, case: &Case) -> Result<(), TestCaseError> {
    let Case {
        method,
        path,
        json,
        body,
    } = case;
    let kind = if *json {
        "application/json"
    } else {
        "text/plain"
    };
    let head = format!(
        "{method} /api/v1/{path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {bearer}\r\n\
         Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
        server.address,
        body.len()
    );
    let answer = exchange(server, &[head.as_bytes(), body].concat());
    let status = status(&answer);
    if (200..300).contains(&status) {
        return Ok(());
    }
    let said = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let said: Value = serde_json::from_str(said).unwrap_or_default();
    let known = Code::ALL.iter().find(|code| said["code"] == code.as_str());
    prop_assert!((400..500).contains(&status), "{status}: {answer}");
    prop_assert_eq!(known.map(|code| code.status()), Some(status), "{}", answer);
    prop_assert!(
        said["message"]
            .as_str()
            .is_some_and(|words| !words.is_empty()),
        "{answer}"
    );
    Ok(())
}
