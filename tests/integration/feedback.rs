//! What customers say of themselves and of how it was.

use kefu::{domain::EventName, protocol::ServerFrame};
use serde_json::{Value, json};

use crate::{
    on_both_databases,
    settings::put,
    support::{Answer, Client, Database, Engine, Server, token},
};

on_both_databases! {
    a_contact_is_kept_only_of_who_has_written_and_shown_to_agents_at_once
    an_ended_conversation_is_rated_once_in_the_stream_and_may_be_changed
    what_the_business_does_not_ask_is_forbidden
}

fn call(server: &Server, path: &str, token: &str, body: Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    server.http("PUT", path, &headers, Some(&body))
}

fn say(client: &mut Client) {
    client.send(&json!({
        "type": "message.post", "ref": "1", "conversation": null, "client_id": "c-1", "text": "Hi",
    }));
    client.until(|frame| matches!(frame, ServerFrame::Accepted { .. }).then_some(()));
}

fn a_contact_is_kept_only_of_who_has_written_and_shown_to_agents_at_once(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let (me, contact) = (token(), json!({"name": "Ana", "email": "ana@example.com"}));
    let early = call(&server, "/api/v1/contact", &me, contact.clone());
    assert_eq!(
        (early.status, early.code()),
        (404, "conversation_not_found")
    );
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM customers"), 0);

    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    let (mut agent, _) = Client::agent(&server, &admin, json!({}));
    say(&mut customer);
    let kept = call(&server, "/api/v1/contact", &me, contact.clone());
    assert_eq!((kept.status, &kept.body), (200, &contact));
    let name = agent.until(|frame| match frame {
        ServerFrame::ConversationChanged { conversation } => conversation.customer?.name,
        _ => None,
    });
    assert_eq!(name, "Ana");
    let kept =
        "SELECT COUNT(*) AS n FROM customers WHERE name = 'Ana' AND email = 'ana@example.com'";
    assert_eq!(database.count(kept), 1);
    let (_, welcome) = Client::customer(&server, &me, json!({}));
    assert_eq!(welcome.me.name.as_deref(), Some("Ana"));

    let wrong = call(
        &server,
        "/api/v1/contact",
        &me,
        json!({"name": null, "email": "ana"}),
    );
    assert_eq!((wrong.status, wrong.code()), (400, "bad_request"));
    assert_eq!(wrong.body["field"], "email");
    assert_eq!(database.count(kept), 1);
    let gone = call(
        &server,
        "/api/v1/contact",
        &me,
        json!({"name": " ", "email": null}),
    );
    assert_eq!(gone.body, json!({"name": null, "email": null}));
    assert_eq!(database.count(kept), 0);
    assert_eq!(
        call(&server, "/api/v1/contact", &admin, contact).code(),
        "forbidden"
    );
}

fn an_ended_conversation_is_rated_once_in_the_stream_and_may_be_changed(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    let (mut agent, _) = Client::agent(&server, &admin, json!({}));
    say(&mut customer);
    let path = "/api/v1/conversations/1/rating";
    let rate = |token: &str, score: i64, comment: &str| {
        call(
            &server,
            path,
            token,
            json!({"score": score, "comment": comment}),
        )
    };
    assert_eq!(rate(&me, 4, "").code(), "conversation_open");
    agent.send(&json!({"type": "conversation.close", "ref": "x", "conversation": "1"}));
    agent.until(|frame| matches!(frame, ServerFrame::Done { .. }).then_some(()));

    assert_eq!(rate(&token(), 4, "").code(), "conversation_not_found");
    assert_eq!(rate(&admin, 4, "").code(), "forbidden");
    let wrong = rate(&me, 6, "");
    assert_eq!((wrong.status, &wrong.body["field"]), (400, &json!("score")));

    let mut told = |seq: i64, text: &str| {
        for client in [&mut agent, &mut customer] {
            let message = client.until(|frame| match frame {
                ServerFrame::Posted(message) => {
                    let rated = message.event.as_ref()?.name == EventName::Rated;
                    rated.then_some(message)
                }
                _ => None,
            });
            assert_eq!((message.seq.0, message.text.as_str()), (seq, text));
            assert_eq!(message.from.role, "customer");
        }
    };
    assert_eq!(rate(&me, 4, " Very helpful ").status, 200);
    told(3, "4/5: Very helpful");
    // A retry stores nothing a second time.
    assert_eq!(rate(&me, 4, "Very helpful").status, 200);
    assert_eq!(rate(&me, 2, "").status, 200);
    told(4, "2/5");
    let one = "SELECT COUNT(*) AS n FROM ratings WHERE score = 2 AND comment = ''";
    assert_eq!(database.count(one), 1);
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM messages"), 4);
    database.execute("UPDATE ratings SET rated_at = '2026-11-01 08:00:00.000'");
    assert_eq!(rate(&me, 5, "").code(), "conversation_closed");
    assert_eq!(database.count(one), 1);
    // The next message comes after the rating's number.
    agent.send(&json!({"type": "conversation.reopen", "ref": "y", "conversation": "1"}));
    let seq = agent.until(|frame| match frame {
        ServerFrame::Done { reference, seq, .. } if reference == "y" => seq,
        _ => None,
    });
    assert_eq!(seq.0, 5);
}

fn what_the_business_does_not_ask_is_forbidden(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let (mut customer, welcome) = Client::customer(&server, &token(), json!({}));
    assert!(welcome.settings.asking.rating && welcome.settings.asking.contact);
    let none = json!({"contact": false, "rating": false});
    assert_eq!(put(&server, &admin, "asking", 0, none).status, 200);
    let asking = customer.until(|frame| match frame {
        ServerFrame::SettingsChanged { settings, .. } => Some(settings.asking),
        _ => None,
    });
    assert!(!asking.rating && !asking.contact);
    let me = token();
    let contact = call(&server, "/api/v1/contact", &me, json!({"name": "Ana"}));
    assert_eq!(contact.code(), "forbidden");
    let rating = call(
        &server,
        "/api/v1/conversations/1/rating",
        &me,
        json!({"score": 5}),
    );
    assert_eq!(rating.code(), "forbidden");
}

#[test]
fn contact_details_and_ratings_count_as_the_messages_that_they_are() {
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database)
        .with("KEFU_MESSAGES_PER_MINUTE", 4)
        .start();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    say(&mut customer);
    let contact = |token: &str| call(&server, "/api/v1/contact", token, json!({"name": "Ana"}));
    for _ in 0..3 {
        assert_eq!(contact(&me).status, 200);
    }
    let refused = contact(&me);
    assert_eq!((refused.status, refused.code()), (429, "rate_limited"));
    assert!(refused.body["retry_after_ms"].as_u64().unwrap() > 0);
    let path = "/api/v1/conversations/1/rating";
    let rating = call(&server, path, &me, json!({"score": 5}));
    assert_eq!(rating.code(), "rate_limited");
    // Others behind the same address are not held to it.
    assert_eq!(contact(&token()).code(), "conversation_not_found");
}
