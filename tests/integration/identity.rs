//! The host site says who its visitor is: what they wrote before goes with them, they are the same person in
//! every browser, and nobody else is.

use std::{
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use kefu::protocol::{ServerFrame, WelcomeView};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    on_both_databases, settings,
    support::{Answer, Client, Database, Engine, Event, Server, token},
};

on_both_databases! {
    what_was_written_before_goes_with_whom_the_site_names
    the_same_person_in_another_browser_sees_the_same
    live_sessions_come_back_as_the_identified_customer_and_agents_are_told
    what_is_under_way_while_one_is_identified_is_stored_once_and_lost_never
    of_two_conversations_that_go_on_the_older_ends_with_an_event
    many_browsers_at_once_become_one_customer
    another_process_hears_of_it_within_seconds
    after_a_logout_neither_the_token_nor_what_was_signed_opens_anything
    who_logs_in_as_another_is_another
    what_is_not_well_signed_is_refused_and_anonymous_chat_goes_on
    a_planted_token_opens_nothing_once_its_customer_is_identified
    blocks_go_with_the_customer
    who_was_identified_twice_stays_and_is_called_as_last_said
    nothing_that_refers_to_customers_is_forgotten
    an_admin_sets_and_changes_the_secret_while_the_server_runs
}

const SECRET: &str = "a secret of the shop, long enough";

fn server(database: &Database) -> Server {
    Server::on(database)
        .with("KEFU_IDENTITY_SECRET", SECRET)
        .start()
}

fn sign_with(secret: &str, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(&json!({"alg": "HS256"})), encode(claims));
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let mac = mac.chain_update(&signed).finalize().into_bytes();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac))
}

fn in_seconds(seconds: i64) -> i64 {
    kefu::domain::now().timestamp() + seconds
}

/// What the site signs; no two are the same.
fn jwt(subject: &str) -> String {
    sign_with(
        SECRET,
        &json!({"sub": subject, "exp": in_seconds(600), "jti": token()}),
    )
}

fn identify(server: &Server, token: Option<&str>, jwt: &str) -> Answer {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<_> = (bearer.iter())
        .map(|bearer| ("authorization", bearer.as_str()))
        .collect();
    let body = json!({"jwt": jwt});
    server.http("POST", "/api/v1/identify", &headers, Some(&body))
}

/// The token that the browser goes on with.
fn identified(server: &Server, token: Option<&str>, jwt: &str) -> String {
    let answer = identify(server, token, jwt);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.body["token"].as_str().unwrap().to_owned()
}

fn log_out(server: &Server, token: &str) {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let answer = server.http("DELETE", "/api/v1/identify", &headers, None);
    assert_eq!(answer.status, 204, "{}", answer.body);
}

fn refused(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.code())
}

fn hello(server: &Server, token: &str) -> Client {
    let mut client = Client::connect(server);
    client.send(&json!({"type": "hello", "as": "customer", "token": token, "resume": {}}));
    client
}

/// The token has ended.
fn is_turned_away(server: &Server, token: &str) {
    let mut client = hello(server, token);
    assert_eq!(client.error().1, "token_ended");
    assert_eq!(client.closed().0, 4500);
    let answer = server.get("/api/v1/conversations/1", token);
    assert_eq!(refused(&answer), (401, "token_ended"));
}

fn texts(client: &mut Client, welcome: &WelcomeView) -> Vec<String> {
    let mut all = Vec::new();
    for conversation in welcome.conversations.iter().rev() {
        client.send(&json!({
            "type": "history", "ref": "h", "conversation": conversation.id, "limit": 200,
        }));
        let page = client.until(|frame| match frame {
            ServerFrame::History(page) => Some(page),
            _ => None,
        });
        let own = page.messages.into_iter().filter(|m| m.kind == "text");
        all.extend(own.map(|message| message.text));
    }
    all
}

fn what_was_written_before_goes_with_whom_the_site_names(engine: Engine) {
    let database = Database::new(engine);
    let server = server(&database);
    let before = token();
    let (mut client, _) = Client::customer(&server, &before, json!({}));
    let (conversation, ..) = client.say(None, "one", "My parcel is late");
    client.leave();
    let claims = json!({
        "sub": "客户-42", "exp": in_seconds(600), "name": "李伟", "email": "li@shop.example",
        "attributes": {"plan": "gold"},
    });
    let answer = identify(&server, Some(&before), &sign_with(SECRET, &claims));
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["customer"]["name"], json!("李伟"));
    assert_eq!(answer.body["customer"]["email"], json!("li@shop.example"));
    let after = answer.body["token"].as_str().unwrap();
    assert_ne!(after, before);
    let (mut client, welcome) = Client::customer(&server, after, json!({}));
    assert_eq!(welcome.me.name.as_deref(), Some("李伟"));
    assert_eq!(
        welcome.me.id.as_deref(),
        answer.body["customer"]["id"].as_str()
    );
    assert_eq!(texts(&mut client, &welcome), ["My parcel is late"]);
    // It is the same conversation, and a retry of what was sent before is known again.
    let (there, seq, duplicate) = client.say(None, "one", "My parcel is late");
    assert_eq!((there, seq, duplicate), (conversation, 1, true));
    let (there, seq, _) = client.say(None, "two", "Number 42");
    assert_eq!((there, seq), (conversation, 2));
    // HTTP knows them by the new token, too.
    let path = format!("/api/v1/conversations/{conversation}/messages");
    assert_eq!(server.get(&path, after).status, 200);
    // One customer is left, and the database knows what the site said.
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM customers"), 1);
    assert_eq!(
        database.count(
            "SELECT COUNT(*) AS n FROM customers WHERE external_id = '客户-42' AND name = '李伟' \
             AND email = 'li@shop.example' AND attributes = '{\"plan\":\"gold\"}'"
        ),
        1
    );
    let orphans = "SELECT COUNT(*) AS n FROM messages WHERE sender_role = 'customer' \
        AND sender_id NOT IN (SELECT id FROM customers)";
    assert_eq!(database.count(orphans), 0);
}

fn the_same_person_in_another_browser_sees_the_same(engine: Engine) {
    let database = Database::new(engine);
    let server = server(&database);
    let (at_home, on_phone) = (token(), token());
    let (mut client, _) = Client::customer(&server, &at_home, json!({}));
    client.say(None, "one", "from home");
    client.leave();
    let at_home = identified(&server, Some(&at_home), &jwt("42"));
    // Somebody who has written nothing yet, and somebody who comes without any token.
    let on_phone = identified(&server, Some(&on_phone), &jwt("42"));
    let elsewhere = identified(&server, None, &jwt("42"));
    let (mut home, _) = Client::customer(&server, &at_home, json!({}));
    let (mut phone, welcome) = Client::customer(&server, &on_phone, json!({}));
    let (mut third, _) = Client::customer(&server, &elsewhere, json!({}));
    assert_eq!(texts(&mut phone, &welcome), ["from home"]);
    home.everything_so_far();
    phone.everything_so_far();
    third.everything_so_far();
    phone.say(None, "two", "from the phone");
    assert_eq!(home.message().text, "from the phone");
    assert_eq!(third.message().text, "from the phone");
    // Somebody else sees nothing of it.
    let other = identified(&server, None, &jwt("43"));
    let (_, welcome) = Client::customer(&server, &other, json!({}));
    assert_eq!(welcome.conversations, []);
}

fn live_sessions_come_back_as_the_identified_customer_and_agents_are_told(engine: Engine) {
    let database = Database::new(engine);
    let server = server(&database);
    let before = token();
    let phone = identified(&server, None, &jwt("42"));
    let (mut phone, _) = Client::customer(&server, &phone, json!({}));
    let (mut client, _) = Client::customer(&server, &before, json!({}));
    let (mut agent, _) = Client::agent(&server, &server.sign_in(), json!({}));
    let (conversation, seq, _) = client.say(None, "one", "hello");
    agent.everything_so_far();
    let since = Instant::now();
    let claims = json!({"sub": "42", "exp": in_seconds(600), "name": "Li"});
    let after = identified(&server, Some(&before), &sign_with(SECRET, &claims));
    // The page reconnects and resumes, by the token that it has now.
    assert_eq!(client.closed().0, 4040);
    assert!(since.elapsed() < Duration::from_millis(1_500));
    let (mut client, welcome) =
        Client::customer(&server, &after, json!({conversation.to_string(): seq}));
    assert_eq!(welcome.conversations.len(), 1);
    // The agents hear whose conversation it is, and the other browser has it.
    let told = agent.until(|frame| match frame {
        ServerFrame::ConversationChanged { conversation } => Some(conversation),
        _ => None,
    });
    assert_eq!(told.customer.unwrap().name.as_deref(), Some("Li"));
    assert_eq!(phone.message().text, "hello");
    agent.say(Some(conversation), "two", "How can I help?");
    for customer in [&mut client, &mut phone] {
        let answer = customer.until(|frame| match frame {
            ServerFrame::Posted(message) if message.kind == "text" && message.seq.0 > 1 => {
                Some(message)
            }
            _ => None,
        });
        assert_eq!(answer.text, "How can I help?");
    }
}

fn what_is_under_way_while_one_is_identified_is_stored_once_and_lost_never(engine: Engine) {
    let database = Database::new(engine);
    let server = server(&database);
    for round in 0..8 {
        let before = token();
        let (mut client, _) = Client::customer(&server, &before, json!({}));
        let subject = format!("customer {round}");
        let old_message = round % 2 == 0;
        if old_message {
            client.say(None, "0", "first");
        }
        // The page sends without a pause while the site says who it is.
        let after = thread::scope(|scope| {
            let identifying = scope.spawn(|| identified(&server, Some(&before), &jwt(&subject)));
            for n in 1..=40 {
                let ping = json!({
                    "type": "message.post", "ref": n.to_string(), "conversation": null,
                    "client_id": n.to_string(), "text": format!("{n}"),
                });
                if client
                    .ws
                    .send(tungstenite::Message::text(ping.to_string()))
                    .is_err()
                {
                    break;
                }
            }
            identifying.join().unwrap()
        });
        let mut accepted = Vec::new();
        loop {
            match client.next() {
                Event::Frame(ServerFrame::Accepted { reference, .. }) => accepted.push(reference),
                Event::Frame(ServerFrame::Error(error)) => panic!("{error:?}"),
                Event::Frame(_) => {}
                Event::Closed(code, _) => {
                    assert!(matches!(code, 4040 | 1006), "{code}");
                    break;
                }
            }
        }
        // It comes back and sends everything again, as its outbox does.
        let (mut client, _) = Client::customer(&server, &after, json!({}));
        for n in 1..=40 {
            client.say(None, &n.to_string(), &format!("{n}"));
        }
        let (mut client, welcome) = Client::customer(&server, &after, json!({}));
        assert_eq!(
            welcome.conversations.len(),
            1,
            "round {round}: a second conversation"
        );
        let stored = texts(&mut client, &welcome);
        let mut once: Vec<_> = stored.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), stored.len(), "round {round}: stored twice");
        assert_eq!(stored.len(), 40 + usize::from(old_message), "round {round}");
    }
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM customers"), 8);
}

fn of_two_conversations_that_go_on_the_older_ends_with_an_event(engine: Engine) {
    let database = Database::new(engine);
    let server = server(&database);
    let admin = server.sign_in();
    let phone = identified(&server, None, &jwt("42"));
    let (mut phone, _) = Client::customer(&server, &phone, json!({}));
    let (older, ..) = phone.say(None, "one", "on the phone");
    let (mut agent, _) = Client::agent(&server, &admin, json!({}));
    agent.say(Some(older), "a", "I see");
    thread::sleep(Duration::from_millis(5));
    let before = token();
    let (mut client, _) = Client::customer(&server, &before, json!({}));
    let (newer, ..) = client.say(None, "two", "at home");
    let after = identified(&server, Some(&before), &jwt("42"));
    let (_client, welcome) = Client::customer(&server, &after, json!({}));
    let status = |id| {
        let found = welcome.conversations.iter().find(|c| c.id == id).unwrap();
        json!(found.status)
    };
    assert_eq!(
        (status(older), status(newer)),
        (json!("closed"), json!("waiting"))
    );
    // The agents and the phone see the end in the stream.
    for session in [&mut agent, &mut phone] {
        let event = session.until(|frame| match frame {
            ServerFrame::Posted(message) if message.kind == "event" && message.seq.0 == 4 => {
                Some(message)
            }
            _ => None,
        });
        assert_eq!(event.from.role, "system");
        assert_eq!(event.text, "the server closed the conversation");
    }
    // What comes next goes to the one that goes on, from every browser.
    assert_eq!(phone.say(None, "three", "and now?").0, newer);
}

fn many_browsers_at_once_become_one_customer(engine: Engine) {
    let database = Database::new(engine);
    let server = server(&database);
    let tokens: Vec<_> = (0..8).map(|_| token()).collect();
    for (n, token) in tokens.iter().enumerate() {
        let (mut client, _) = Client::customer(&server, token, json!({}));
        client.say(None, &format!("key{n}"), &format!("text {n}"));
        client.leave();
    }
    let signed = jwt("42");
    let new: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = (tokens.iter())
            .map(|token| scope.spawn(|| retried(&server, token, &signed)))
            .collect();
        running.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM customers"), 1);
    assert_eq!(
        database.count("SELECT COUNT(*) AS n FROM conversations WHERE current_of IS NOT NULL"),
        1
    );
    for token in new {
        let (mut client, welcome) = Client::customer(&server, &token, json!({}));
        let mut all = texts(&mut client, &welcome);
        all.sort();
        assert_eq!(all, (0..8).map(|n| format!("text {n}")).collect::<Vec<_>>());
    }
}

/// A crowd may wait longer for the database than one request does.
fn retried(server: &Server, token: &str, jwt: &str) -> String {
    loop {
        let answer = identify(server, Some(token), jwt);
        if answer.status == 503 {
            continue;
        }
        assert_eq!(answer.status, 200, "{}", answer.body);
        return answer.body["token"].as_str().unwrap().to_owned();
    }
}

fn another_process_hears_of_it_within_seconds(engine: Engine) {
    let database = Database::new(engine);
    let (here, there) = (server(&database), server(&database));
    let before = token();
    let (mut client, _) = Client::customer(&there, &before, json!({}));
    let (mut agent, _) = Client::agent(&there, &there.sign_in(), json!({}));
    client.say(None, "one", "hello");
    agent.everything_so_far();
    let claims = json!({"sub": "42", "exp": in_seconds(600), "name": "Li"});
    let after = identified(&here, Some(&before), &sign_with(SECRET, &claims));
    assert_eq!(client.closed().0, 4040);
    agent.until(|frame| match frame {
        ServerFrame::ConversationChanged { conversation } => {
            (conversation.customer?.name.as_deref() == Some("Li")).then_some(())
        }
        _ => None,
    });
    let (mut client, _) = Client::customer(&there, &after, json!({}));
    log_out(&here, &after);
    assert_eq!(client.closed().0, 4500);
}

fn after_a_logout_neither_the_token_nor_what_was_signed_opens_anything(engine: Engine) {
    let database = Database::new(engine);
    let server = server(&database);
    let signed = jwt("42");
    let here = identified(&server, None, &signed);
    let there = identified(&server, None, &jwt("42"));
    let (mut client, _) = Client::customer(&server, &here, json!({}));
    let (mut other, _) = Client::customer(&server, &there, json!({}));
    client.say(None, "one", "hello");
    other.everything_so_far();
    let since = Instant::now();
    log_out(&server, &here);
    assert_eq!(client.closed().0, 4500);
    assert!(since.elapsed() < Duration::from_millis(1_500));
    is_turned_away(&server, &here);
    for token in [None, Some(here.as_str()), Some(&token())] {
        let answer = identify(&server, token, &signed);
        assert_eq!(refused(&answer), (401, "identity_used"));
    }
    // The other browser stays, and the site may sign anew.
    other.everything_so_far();
    let (_, welcome) = Client::customer(&server, &identified(&server, None, &jwt("42")), json!({}));
    assert_eq!(welcome.conversations.len(), 1);
    log_out(&server, &here);
    // An anonymous one has nothing to log out of, and goes on.
    let anonymous = token();
    log_out(&server, &anonymous);
    Client::customer(&server, &anonymous, json!({}))
        .0
        .say(None, "two", "hello");
}

fn who_logs_in_as_another_is_another(engine: Engine) {
    let database = Database::new(engine);
    let server = server(&database);
    let first = identified(&server, None, &jwt("42"));
    let (mut client, _) = Client::customer(&server, &first, json!({}));
    client.say(None, "one", "mine");
    let second = identified(&server, Some(&first), &jwt("43"));
    // What an identified customer wrote is never given to another.
    let (_, welcome) = Client::customer(&server, &second, json!({}));
    assert_eq!(welcome.conversations, []);
    assert_eq!(client.closed().0, 4500);
    is_turned_away(&server, &first);
    let (mut client, welcome) =
        Client::customer(&server, &identified(&server, None, &jwt("42")), json!({}));
    assert_eq!(texts(&mut client, &welcome), ["mine"]);
}

fn what_is_not_well_signed_is_refused_and_anonymous_chat_goes_on(engine: Engine) {
    let database = Database::new(engine);
    let server = server(&database);
    let before = token();
    let (mut client, _) = Client::customer(&server, &before, json!({}));
    client.say(None, "one", "hello");
    let claims = json!({"sub": "42", "exp": in_seconds(600)});
    let good = sign_with(SECRET, &claims);
    let none = {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", encode(&json!({"alg": "none"})), encode(&claims))
    };
    for (jwt, expected) in [
        (
            sign_with("somebody else's secret, as long", &claims),
            (401, "identity_signature"),
        ),
        (format!("{good}!"), (400, "identity_invalid")),
        (none, (400, "identity_invalid")),
        (
            sign_with(SECRET, &json!({"sub": "42", "exp": in_seconds(-120)})),
            (401, "identity_expired"),
        ),
        (
            sign_with(SECRET, &json!({"sub": "42"})),
            (400, "identity_invalid"),
        ),
        (
            sign_with(SECRET, &json!({"exp": in_seconds(600)})),
            (400, "identity_invalid"),
        ),
        (String::new(), (400, "identity_invalid")),
    ] {
        let answer = identify(&server, Some(&before), &jwt);
        assert_eq!(refused(&answer), expected, "{}", answer.body);
        assert!(!answer.body.to_string().contains(SECRET));
    }
    client.say(None, "two", "still here");
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM customers"), 1);
    assert_eq!(
        database.count("SELECT COUNT(*) AS n FROM customer_tokens"),
        0
    );
    // Another site's page may not do it in a visitor's name, and where there is no secret nobody may.
    let headers = [("origin", "https://evil.example")];
    let body = json!({"jwt": good});
    let answer = server.http("POST", "/api/v1/identify", &headers, Some(&body));
    assert_eq!(refused(&answer), (403, "origin_refused"));
    let without = Server::on(&database).start();
    assert_eq!(
        refused(&identify(&without, None, &good)),
        (404, "identity_off")
    );
    // While the secret is changed, the old one is good as well.
    let changing = Server::on(&database)
        .with(
            "KEFU_IDENTITY_SECRET",
            "the next secret of the shop, long enough",
        )
        .with("KEFU_IDENTITY_SECRET_OLD", SECRET)
        .start();
    identified(&changing, None, &good);
}

fn a_planted_token_opens_nothing_once_its_customer_is_identified(engine: Engine) {
    let database = Database::new(engine);
    let server = server(&database);
    // Somebody else knows the token: a shared computer.
    let planted = token();
    let (mut other, _) = Client::customer(&server, &planted, json!({}));
    let after = identified(&server, Some(&planted), &jwt("42"));
    assert_eq!(other.closed().0, 4040);
    let (mut client, _) = Client::customer(&server, &after, json!({}));
    client.say(None, "one", "My card number is");
    is_turned_away(&server, &planted);
    // Nor can it be identified as somebody new, who would get what was written.
    let third = identified(&server, Some(&planted), &jwt("43"));
    let (_, welcome) = Client::customer(&server, &third, json!({}));
    assert_eq!(welcome.conversations, []);
}

fn blocks_go_with_the_customer(engine: Engine) {
    let database = Database::new(engine);
    let server = server(&database);
    let admin = server.sign_in();
    let block = |customer: &str| {
        let bearer = format!("Bearer {admin}");
        let body = json!({"customer": customer, "for_s": 3600, "reason": "spam"});
        let headers = [("authorization", bearer.as_str())];
        let answer = server.http("POST", "/api/v1/blocks", &headers, Some(&body));
        assert_eq!(answer.status, 201, "{}", answer.body);
    };
    let before = token();
    let (mut client, _) = Client::customer(&server, &before, json!({}));
    client.say(None, "one", "hello");
    block("1");
    assert_eq!(client.closed().0, 4503);
    let answer = identify(&server, Some(&before), &jwt("42"));
    assert_eq!(refused(&answer), (403, "blocked"), "a name is no way out");
    // An identified customer is out in every browser.
    let (here, there) = (
        identified(&server, None, &jwt("43")),
        identified(&server, None, &jwt("43")),
    );
    let (mut first, welcome) = Client::customer(&server, &here, json!({}));
    let (mut second, _) = Client::customer(&server, &there, json!({}));
    block(&welcome.me.id.unwrap());
    for client in [&mut first, &mut second, &mut hello(&server, &here)] {
        assert_eq!(client.error().1, "blocked");
        assert_eq!(client.closed().0, 4503);
    }
    let answer = server.get("/api/v1/conversations/1", &there);
    assert_eq!(refused(&answer), (403, "blocked"));
}

fn who_was_identified_twice_stays_and_is_called_as_last_said(engine: Engine) {
    let database = Database::new(engine);
    let server = server(&database);
    let named = |name: &str| {
        let claims = json!({"sub": "42", "exp": in_seconds(600), "name": name, "jti": token()});
        sign_with(SECRET, &claims)
    };
    let here = identified(&server, None, &named("Li"));
    let (mut client, _) = Client::customer(&server, &here, json!({}));
    // Every page of the site may say it again: the token stays, and so does the connection.
    assert_eq!(identified(&server, Some(&here), &named("Li Wei")), here);
    assert_eq!(identified(&server, Some(&here), &jwt("42")), here);
    client.everything_so_far();
    assert_eq!(
        database.count("SELECT COUNT(*) AS n FROM customer_tokens"),
        1
    );
    let (_, welcome) = Client::customer(&server, &here, json!({}));
    assert_eq!(
        welcome.me.name.as_deref(),
        Some("Li Wei"),
        "what is not said stays"
    );
}

/// Whoever adds a table that refers to customers has to say what a merge makes of it.
fn nothing_that_refers_to_customers_is_forgotten(engine: Engine) {
    if engine == Engine::Sqlite {
        return;
    }
    let database = Database::new(engine);
    let _server = server(&database);
    let mut tables = database.texts(
        "SELECT TABLE_NAME AS t FROM information_schema.KEY_COLUMN_USAGE \
         WHERE REFERENCED_TABLE_NAME = 'customers' AND TABLE_SCHEMA = DATABASE()",
    );
    tables.sort();
    let known = ["blocks", "conversations", "customer_tokens", "erasures"]
        .map(|name| Some(name.to_owned()));
    assert_eq!(tables, known, "see src/store/identity.rs, `merge`");
}

fn an_admin_sets_and_changes_the_secret_while_the_server_runs(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let signed = |secret: &str| {
        let claims = json!({"sub": "7", "exp": in_seconds(600), "jti": token()});
        identify(&server, None, &sign_with(secret, &claims))
    };
    let set = |version, value| {
        let answer = settings::put(&server, &admin, "identity", version, value);
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(!answer.body.to_string().contains("long enough"));
        answer.body["sections"]["identity"]["value"].clone()
    };
    assert_eq!(refused(&signed(SECRET)).1, "identity_off");
    let first = set(0, json!({"secret": SECRET}));
    assert_eq!(first, json!({"secret": "", "old_secret": null}));
    assert_eq!(signed(SECRET).status, 200);
    let new = "another secret of the shop, long enough";
    let both = set(1, json!({"secret": new}));
    assert_eq!(both, json!({"secret": "", "old_secret": ""}));
    assert_eq!(signed(SECRET).status, 200);
    assert_eq!(signed(new).status, 200);
    set(2, json!({"secret": "", "old_secret": null}));
    assert_eq!(refused(&signed(SECRET)).1, "identity_signature");
    assert_eq!(signed(new).status, 200);
    set(3, json!({"secret": null}));
    assert_eq!(refused(&signed(new)).1, "identity_off");
}
