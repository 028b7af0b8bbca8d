//! Stored before shown; the server says who and when; and what was sent comes back exactly so.

use std::thread;

use kefu::{
    domain::{now, rfc3339},
    protocol::{MessageView, ServerFrame},
};
use serde_json::{Value, json};

use super::back_at;
use crate::{
    on_both_databases,
    support::{Client, Database, Engine, Server, token},
};

on_both_databases! {
    a_message_that_anybody_hears_of_is_in_the_database_already
    what_was_accepted_is_there_after_kill_9
    the_server_says_who_and_when_whatever_the_frame_claims
    every_text_comes_back_byte_for_byte
    ids_are_strings_and_every_place_tells_the_same_time
}

fn a_message_that_anybody_hears_of_is_in_the_database_already(engine: Engine) {
    const ROUNDS: usize = 100;
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let bearer = server.sign_in();
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    let (conversation, ..) = customer.say(None, "first", "hello");
    assert_eq!(customer.seqs(1), [1]);
    let (mut agent, _) = Client::agent(&server, &bearer, json!({}));
    let (mut silent, _) = Client::agent(&server, &bearer, json!({}));
    // Each hears of its own message by `accepted` and `posted`, and of the other's by `posted`.
    let watch = |client: &mut Client, prefix: Option<&str>, heard_a_round: usize| {
        let mut count = database.counter();
        for round in 0..ROUNDS {
            if let Some(prefix) = prefix {
                client.post(Some(conversation), &format!("{prefix}{round}"), "hello");
            }
            // With the first answer comes the event of taking.
            for _ in 0..heard_a_round + usize::from(round == 0) {
                let seq = client.until(|frame| match frame {
                    ServerFrame::Accepted { seq, .. } => Some(seq),
                    ServerFrame::Posted(message) => Some(message.seq),
                    ServerFrame::Error(error) => panic!("{error:?}"),
                    _ => None,
                });
                let found = count(&format!(
                    "SELECT COUNT(*) AS n FROM messages WHERE conversation_id = {conversation} AND seq = {seq}"
                ));
                assert_eq!(found, 1, "{seq} was shown before it was stored");
            }
        }
    };
    let watch = &watch;
    thread::scope(|scope| {
        scope.spawn(|| watch(&mut customer, Some("c"), 3));
        scope.spawn(|| watch(&mut agent, Some("a"), 3));
        scope.spawn(|| watch(&mut silent, None, 2));
    });
    assert_eq!(database.messages().len(), 2 * ROUNDS + 2);
}

fn what_was_accepted_is_there_after_kill_9(engine: Engine) {
    let database = Database::new(engine);
    let mut server = Server::on(&database).start();
    for round in 0..3 {
        let (mut customer, _) = Client::customer(&server, &token(), json!({}));
        for n in 0..50 {
            customer.post(None, &format!("{round}-{n}"), "hello");
        }
        // Killed in the middle: some are accepted, some perhaps stored, some not even read.
        let accepted: Vec<_> = (0..10)
            .map(|_| {
                customer.until(|frame| match frame {
                    ServerFrame::Accepted {
                        conversation, seq, ..
                    } => Some((conversation, seq)),
                    _ => None,
                })
            })
            .collect();
        server.kill();
        for (conversation, seq) in accepted {
            let found = database.count(&format!(
                "SELECT COUNT(*) AS n FROM messages WHERE conversation_id = {conversation} AND seq = {seq}"
            ));
            assert_eq!(found, 1, "{seq} was accepted and is lost");
        }
        server.start_elsewhere();
    }
}

fn the_server_says_who_and_when_whatever_the_frame_claims(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let bearer = server.sign_in();
    let (mut agent, _) = Client::agent(&server, &bearer, json!({}));
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    let lies = |conversation: Option<&str>, role: &str| {
        json!({
            "type": "message.post", "ref": "r", "conversation": conversation, "client_id": role,
            "text": "hello", "kind": "text", "seq": 77, "sent_at": "1999-12-31T23:59:59.999Z",
            "from": {"role": role, "id": "99", "name": "The Boss"}, "role": role, "sender": role,
            "sender_role": role, "sender_id": 99, "id": "99", "customer": "99", "agent": "99",
            "name": "The Boss", "token": token(), "duplicate": true,
        })
    };
    let before = rfc3339(now());
    customer.send(&lies(None, "agent"));
    let told = agent.message();
    agent.send(&lies(Some("1"), "customer"));
    let answer = customer.until(|frame| match frame {
        ServerFrame::Posted(message) if message.seq.0 == 3 => Some(message),
        _ => None,
    });
    let after = rfc3339(now());
    for (message, role, name) in [
        (&told, "customer", None),
        (&answer, "agent", Some("Admin".to_owned())),
    ] {
        assert_eq!(
            (message.from.role.as_str(), message.from.id.as_deref()),
            (role, Some("1"))
        );
        assert_eq!(message.from.name, name);
        assert!(
            (&before..=&after).contains(&&message.sent_at),
            "{before} {message:?} {after}"
        );
    }
    assert_eq!((told.seq.0, answer.seq.0), (1, 3));
    let stored: Vec<_> = database
        .messages()
        .into_iter()
        .map(|row| (row.seq, row.sender_role, row.sender_id))
        .collect();
    assert_eq!(
        stored,
        [
            (1, "customer".to_owned(), Some(1)),
            (2, "agent".to_owned(), Some(1)),
            (3, "agent".to_owned(), Some(1))
        ]
    );
    assert_eq!(
        stored_times(&database),
        [
            told.sent_at.clone(),
            answer.sent_at.clone(),
            answer.sent_at.clone()
        ]
    );
}

fn every_text_comes_back_byte_for_byte(engine: Engine) {
    let texts = [
        "客服您好，订单没有到货！「急」…… 𠮷野家".to_owned(),
        "👩‍👩‍👧‍👦 👍🏽 🇨🇳 e\u{301} ﷽".to_owned(),
        "שלום \u{202e}abc\u{202c} مرحبا 123".to_owned(),
        r#"' " \ / % _ ` ; -- <script>alert("x")</script> &amp; ${x} {{y}} ?"#.to_owned(),
        "line\u{2028}paragraph\u{2029}end".to_owned(),
        " \ttabs, \r\n lines and spaces \n ".to_owned(),
        "\u{1}\u{7f}\u{85}\u{feff}\u{fffd}\u{ffff}\u{10ffff}x".to_owned(),
        "客".repeat(4_000),
        "😀".repeat(4_000),
        "\"\\".repeat(2_000),
    ];
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let bearer = server.sign_in();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    let (mut agent, _) = Client::agent(&server, &bearer, json!({}));
    for (n, text) in texts.iter().enumerate() {
        customer.post(None, &format!("t{n}"), text);
    }
    let live: Vec<String> = texts.iter().map(|_| agent.message().text).collect();
    assert!(live == texts, "live: {live:?}");
    let stored: Vec<String> = database
        .messages()
        .into_iter()
        .map(|row| row.text)
        .collect();
    assert!(stored == texts, "stored: {stored:?}");

    let (mut back, welcome) = back_at(&server, &me, "1".parse().unwrap(), 0);
    let last = welcome.conversations[0].last_message.as_ref();
    assert_eq!(last.map(|message| &message.text), texts.last());
    let resumed: Vec<String> = texts.iter().map(|_| back.message().text).collect();
    assert!(resumed == texts, "resumed: {resumed:?}");

    back.send(&json!({"type": "history", "ref": "h", "conversation": "1"}));
    let history = back.until(|frame| match frame {
        ServerFrame::History(history) => Some(history.messages),
        _ => None,
    });
    let history: Vec<String> = history.into_iter().map(|message| message.text).collect();
    assert!(history == texts, "history: {history:?}");

    let answer = server.get("/api/v1/conversations/1/messages", &me);
    let over_http: Vec<&str> = (answer.body["messages"].as_array().unwrap().iter())
        .map(|message| message["text"].as_str().unwrap())
        .collect();
    assert!(over_http == texts, "over HTTP: {over_http:?}");
}

/// When each message was stored, as the wire writes it.
fn stored_times(database: &Database) -> Vec<String> {
    let query = match database.engine {
        Engine::Sqlite => {
            "SELECT strftime('%Y-%m-%dT%H:%M:%fZ', sent_at) AS t FROM messages ORDER BY seq"
        }
        Engine::Mysql => {
            "SELECT CONCAT(DATE_FORMAT(sent_at, '%Y-%m-%dT%H:%i:%s.'), \
             LPAD(MICROSECOND(sent_at) DIV 1000, 3, '0'), 'Z') AS t FROM messages ORDER BY seq"
        }
    };
    database.texts(query).into_iter().flatten().collect()
}

/// The next frame of this type, as JSON.
fn of_type(client: &mut Client, wanted: &str) -> Value {
    loop {
        let frame: Value = serde_json::from_str(&client.text()).unwrap();
        if frame["type"] == wanted {
            return frame;
        }
    }
}

fn is_id(value: &Value) -> bool {
    value.as_str().is_some_and(|id| id.parse::<u64>().is_ok())
}

fn ids_are_strings_and_every_place_tells_the_same_time(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    for n in 0..20 {
        customer.post(None, &format!("t{n}"), "tick");
        let accepted = of_type(&mut customer, "message.accepted");
        let posted = of_type(&mut customer, "message.posted");
        assert_eq!(accepted["sent_at"], posted["sent_at"]);
        assert_eq!(accepted["seq"], json!(n + 1));
        for id in [
            &accepted["conversation"],
            &posted["conversation"],
            &posted["from"]["id"],
        ] {
            assert!(is_id(id), "{id} in {accepted} {posted}");
        }
    }
    let times = stored_times(&database);
    for time in &times {
        // 2026-11-23T08:00:00.000Z
        assert_eq!(time.len(), 24, "{time}");
    }
    let history = server.get("/api/v1/conversations/1/messages", &me).body;
    let messages: Vec<MessageView> = serde_json::from_value(history["messages"].clone()).unwrap();
    let over_http: Vec<_> = messages
        .into_iter()
        .map(|message| message.sent_at)
        .collect();
    assert_eq!(over_http, times);
    let (mut back, welcome) = back_at(&server, &me, "1".parse().unwrap(), 0);
    assert_eq!(welcome.conversations[0].last_message_at, times[19]);
    let resumed: Vec<_> = (0..20).map(|_| back.message().sent_at).collect();
    assert_eq!(resumed, times);

    let conversation = &server.get("/api/v1/conversations/1", &me).body["conversation"];
    assert!(is_id(&conversation["id"]) && is_id(&conversation["customer"]["id"]));
    assert_eq!(conversation["last_message_at"], json!(times[19]));
    assert_eq!(conversation["last_message"]["sent_at"], json!(times[19]));
    assert_eq!(conversation["created_at"], json!(times[0]));
}
