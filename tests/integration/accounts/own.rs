//! Everybody changes their own password, and sees and ends their own sessions.

use std::time::{Duration, Instant};

use kefu::protocol::LoginView;
use serde_json::{Value, json};

use super::{
    add, login,
    manage::{call, ends_at_once},
    me,
};
use crate::{
    on_both_databases,
    support::{ADMIN_PASSWORD, Answer, Client, Database, Engine, Server, token},
};

on_both_databases! {
    changing_the_password_keeps_this_session_and_ends_the_others
    a_wrong_current_password_is_refused_and_slows_the_next_try_down
    what_a_password_may_not_be_is_refused
    sessions_say_from_where_and_since_when
    a_session_can_be_ended_from_another_one
    all_other_sessions_can_be_ended_together
    nobody_ends_or_sees_what_is_somebody_elses
    who_uses_a_session_is_seen_again
}

fn change(server: &Server, bearer: &str, current: &str, new: &str) -> Answer {
    let body = json!({"current": current, "new": new});
    call(server, "POST", "/me/password", bearer, Some(&body))
}

fn sessions(server: &Server, bearer: &str) -> Vec<LoginView> {
    let answer = call(server, "GET", "/me/sessions", bearer, None);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    serde_json::from_value(answer.body["sessions"].clone()).unwrap()
}

fn changing_the_password_keeps_this_session_and_ends_the_others(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    add(&server, "wu", "her-password");
    let (here, there) = (
        server.sign_in_as("wu", "her-password"),
        server.sign_in_as("WU", "her-password"),
    );
    let (mut kept, _) = Client::agent(&server, &here, json!({}));
    let (mut ended, _) = Client::agent(&server, &there, json!({}));
    let (mut admin, _) = Client::agent(&server, &server.sign_in(), json!({}));
    let since = Instant::now();
    let answer = change(&server, &here, "her-password", "another-password");
    assert_eq!((answer.status, &answer.body), (204, &json!("")));
    assert_eq!(answer.header("cache-control"), "no-store");
    ends_at_once(&mut ended, since);
    assert_eq!(me(&server, &there).0, 401);
    kept.everything_so_far();
    assert_eq!(me(&server, &here).0, 200);
    admin.everything_so_far();
    assert_eq!(login(&server, "wu", "her-password").status, 401);
    server.sign_in_as("wu", "another-password");
}

fn a_wrong_current_password_is_refused_and_slows_the_next_try_down(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    add(&server, "wu", "her-password");
    let bearer = server.sign_in_as("wu", "her-password");
    let elsewhere = server.sign_in_as("wu", "her-password");
    let mut failures = 0;
    let slowed = loop {
        let answer = change(&server, &bearer, "not her password", "another-password");
        if answer.status == 429 {
            break answer;
        }
        assert_eq!((answer.status, answer.code()), (401, "bad_credentials"));
        failures += 1;
        assert!(failures < 12, "nobody is slowed down");
    };
    assert!(failures >= 5, "a few typing mistakes are free");
    assert_eq!(slowed.code(), "rate_limited");
    let wait_ms = slowed.body["retry_after_ms"].as_u64().unwrap();
    assert!((1..=60_000).contains(&wait_ms), "{wait_ms}");
    // The same slate as signing in: neither is a way around the other.
    assert_eq!(login(&server, "wu", "her-password").status, 429);
    assert_eq!(login(&server, "admin", ADMIN_PASSWORD).status, 200);
    for bearer in [&bearer, &elsewhere] {
        assert_eq!(me(&server, bearer).0, 200, "a mistake ends nothing");
    }
    let deadline = Instant::now() + Duration::from_millis(wait_ms) + Duration::from_secs(4);
    while change(&server, &bearer, "her-password", "another-password").status != 204 {
        assert!(Instant::now() < deadline, "{wait_ms} ms were not enough");
    }
    server.sign_in_as("wu", "another-password");
}

fn what_a_password_may_not_be_is_refused(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let bearer = server.sign_in();
    let long = "x".repeat(201);
    for body in [
        json!({}),
        json!({"current": ADMIN_PASSWORD}),
        json!({"new": "another-password"}),
        json!({"current": ADMIN_PASSWORD, "new": ""}),
        json!({"current": ADMIN_PASSWORD, "new": "1234567"}),
        json!({"current": ADMIN_PASSWORD, "new": long}),
        json!({"current": ADMIN_PASSWORD, "new": null}),
        json!({"current": null, "new": "another-password"}),
        json!({"current": ADMIN_PASSWORD, "new": ["another-password"]}),
        json!({"current": ADMIN_PASSWORD, "new": "another-password", "username": "wu"}),
    ] {
        let answer = call(&server, "POST", "/me/password", &bearer, Some(&body));
        assert_eq!(
            (answer.status, answer.code()),
            (400, "bad_request"),
            "{body}"
        );
    }
    for current in ["", long.as_str(), "\u{0}"] {
        let answer = change(&server, &bearer, current, "another-password");
        assert_eq!((answer.status, answer.code()), (401, "bad_credentials"));
    }
    for nobody in ["", &token()] {
        let answer = change(&server, nobody, ADMIN_PASSWORD, "another-password");
        assert_eq!((answer.status, answer.code()), (401, "not_signed_in"));
    }
    server.sign_in();
}

fn sign_in_by(server: &Server, user_agent: &str) -> String {
    let body = json!({"username": "admin", "password": ADMIN_PASSWORD, "bearer": true});
    let headers = [
        ("user-agent", user_agent),
        ("x-forwarded-for", "203.0.113.7"),
    ];
    let answer = server.http("POST", "/api/v1/login", &headers, Some(&body));
    answer.body["token"].as_str().unwrap().to_owned()
}

fn sessions_say_from_where_and_since_when(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database)
        .with("KEFU_TRUSTED_PROXIES", "127.0.0.1")
        .start();
    let first = sign_in_by(&server, "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0");
    let long = "é".repeat(400);
    let second = sign_in_by(&server, &long);
    let seen = sessions(&server, &first);
    assert_eq!(seen.len(), 2);
    for session in &seen {
        assert_eq!(session.address.as_deref(), Some("203.0.113.7"));
        assert!(session.created_at <= session.seen_at && session.seen_at < session.expires_at);
    }
    let mine = seen.iter().find(|session| session.current).unwrap();
    assert!(mine.user_agent.as_deref().unwrap().contains("Firefox"));
    let other = seen.iter().find(|session| !session.current).unwrap();
    // Header values that are not ASCII are not text.
    assert!(
        other
            .user_agent
            .as_deref()
            .is_none_or(|kept| kept.chars().count() <= 300)
    );
    assert_ne!(mine.id, other.id);
    let from_there = sessions(&server, &second);
    assert!(
        from_there
            .iter()
            .any(|session| session.id == other.id && session.current)
    );
    // Its name is not the key to it.
    assert_eq!(me(&server, &mine.id).0, 401);
}

fn other_of(server: &Server, bearer: &str) -> String {
    let seen = sessions(server, bearer);
    let other = seen.into_iter().find(|session| !session.current);
    other.unwrap().id
}

fn a_session_can_be_ended_from_another_one(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let (here, there) = (server.sign_in(), server.sign_in());
    let (mut kept, _) = Client::agent(&server, &here, json!({}));
    let (mut ended, _) = Client::agent(&server, &there, json!({}));
    let path = format!("/me/sessions/{}", other_of(&server, &here));
    let since = Instant::now();
    let answer = call(&server, "DELETE", &path, &here, None);
    assert_eq!((answer.status, &answer.body), (204, &json!("")));
    ends_at_once(&mut ended, since);
    assert_eq!(me(&server, &there).0, 401);
    kept.everything_so_far();
    let again = call(&server, "DELETE", &path, &here, None);
    assert_eq!((again.status, again.code()), (404, "session_not_found"));
    // One's own is the same as signing out.
    let own = format!("/me/sessions/{}", sessions(&server, &here)[0].id);
    assert_eq!(call(&server, "DELETE", &own, &here, None).status, 204);
    assert_eq!(kept.closed().0, 4500);
    assert_eq!(me(&server, &here).0, 401);
}

fn all_other_sessions_can_be_ended_together(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    add(&server, "wu", "her-password");
    let wus = server.sign_in_as("wu", "her-password");
    let here = server.sign_in();
    let (mut kept, _) = Client::agent(&server, &here, json!({}));
    let (mut colleague, _) = Client::agent(&server, &wus, json!({}));
    let mut others = [(); 3].map(|()| Client::agent(&server, &server.sign_in(), json!({})).0);
    let since = Instant::now();
    // Twice: the second time there is nothing to end, which is no error.
    for _ in 0..2 {
        let answer = call(&server, "DELETE", "/me/sessions", &here, None);
        assert_eq!((answer.status, &answer.body), (204, &json!("")));
    }
    for other in &mut others {
        ends_at_once(other, since);
    }
    let left = sessions(&server, &here);
    assert!(left.len() == 1 && left[0].current, "{left:?}");
    kept.everything_so_far();
    colleague.everything_so_far();
    assert_eq!(me(&server, &wus).0, 200);
}

fn nobody_ends_or_sees_what_is_somebody_elses(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    add(&server, "wu", "her-password");
    let (admin, wus) = (server.sign_in(), server.sign_in_as("wu", "her-password"));
    let theirs = &sessions(&server, &wus)[0].id;
    assert_eq!(
        sessions(&server, &admin).len(),
        1,
        "not even an admin sees them"
    );
    let upper = theirs.to_uppercase();
    for id in [
        theirs,
        &upper,
        "x",
        "0",
        "%00",
        &"0".repeat(32),
        &"0".repeat(33),
    ] {
        let answer = call(
            &server,
            "DELETE",
            &format!("/me/sessions/{id}"),
            &admin,
            None,
        );
        assert_eq!(
            (answer.status, answer.code()),
            (404, "session_not_found"),
            "{id}"
        );
    }
    assert_eq!(me(&server, &wus).0, 200);
    let customers = token();
    let (mut customer, _) = Client::customer(&server, &customers, json!({}));
    customer.say(None, "key", "hello");
    for nobody in ["", &token(), &customers] {
        for (method, path) in [
            ("GET", "/me/sessions"),
            ("DELETE", "/me/sessions"),
            ("DELETE", "/me/sessions/x"),
        ] {
            let answer = call(&server, method, path, nobody, None);
            assert_eq!(
                (answer.status, answer.code()),
                (401, "not_signed_in"),
                "{path}"
            );
        }
    }
    for (method, path) in [("POST", "/me/sessions"), ("GET", "/me/sessions/x")] {
        let body = (method == "POST").then_some(Value::Null);
        let answer = call(&server, method, path, &admin, body.as_ref());
        assert_eq!((answer.status, answer.code()), (405, "method_not_allowed"));
    }
}

fn who_uses_a_session_is_seen_again(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let (by_http, by_socket, idle) = (server.sign_in(), server.sign_in(), server.sign_in());
    let (_connected, _) = Client::agent(&server, &by_socket, json!({}));
    let long_ago = "2020-01-01 00:00:00";
    database.execute(&format!(
        "UPDATE agent_sessions SET created_at = '{long_ago}', seen_at = '{long_ago}'"
    ));
    let deadline = Instant::now() + Duration::from_secs(15);
    // The room asks about open connections now and then.
    loop {
        let seen = sessions(&server, &by_http);
        let stale = |session: &&LoginView| session.seen_at.starts_with("2020-01-01T00:00:00");
        let (old, new): (Vec<_>, Vec<_>) = seen.iter().partition(|one| stale(one));
        assert!(new.iter().any(|session| session.current), "{seen:?}");
        if new.len() == 2 {
            assert_eq!(old.len(), 1);
            break;
        }
        assert!(Instant::now() < deadline, "{seen:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(me(&server, &idle).0, 200);
}
