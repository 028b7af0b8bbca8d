//! Admins manage accounts over HTTP.

use std::{thread, time::Instant};

use kefu::protocol::AccountView;
use serde_json::{Value, json};

use super::{login, me};
use crate::{
    on_both_databases,
    support::{ADMIN_PASSWORD, Answer, Client, Database, Engine, Server, token},
};

on_both_databases! {
    an_admin_makes_accounts_and_sees_all_of_them
    what_an_account_may_not_be_is_refused_by_name
    what_a_change_may_not_be_is_refused
    another_name_shows_and_ends_nothing
    another_role_ends_what_the_old_one_allowed
    disabling_ends_sessions_on_the_wire_and_enabling_lets_in_again
    another_password_ends_sessions_and_is_told_once
    nobody_but_an_admin_gets_anything
    who_reviews_sees_whom_to_ask_for_and_no_more
    another_sites_page_changes_nothing
    the_last_admin_stays_one
    of_two_admins_who_demote_each_other_one_stays
}

/// Sooner than the room would find out by asking the database.
const AT_ONCE_S: u64 = 2;

pub fn call(
    server: &Server,
    method: &str,
    path: &str,
    bearer: &str,
    body: Option<&Value>,
) -> Answer {
    let bearer = format!("Bearer {bearer}");
    let path = format!("/api/v1{path}");
    server.http(method, &path, &[("authorization", &bearer)], body)
}

/// The session is closed with "signed out", and at once.
pub fn ends_at_once(client: &mut Client, since: Instant) {
    assert_eq!(client.closed().0, 4500);
    let took = since.elapsed();
    assert!(took.as_secs() < AT_ONCE_S, "it took {took:?}");
}

fn make(server: &Server, bearer: &str, username: &str, role: &str) -> String {
    let body = json!({
        "username": username, "name": username, "role": role, "password": "her-password",
    });
    let made = call(server, "POST", "/accounts", bearer, Some(&body));
    assert_eq!(made.status, 201, "{}", made.body);
    made.body["account"]["id"].as_str().unwrap().to_owned()
}

fn change(server: &Server, bearer: &str, id: &str, body: Value) -> Answer {
    call(
        server,
        "PATCH",
        &format!("/accounts/{id}"),
        bearer,
        Some(&body),
    )
}

fn list(server: &Server, bearer: &str) -> Vec<AccountView> {
    let answer = call(server, "GET", "/accounts", bearer, None);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    serde_json::from_value(answer.body["accounts"].clone()).unwrap()
}

fn an_admin_makes_accounts_and_sees_all_of_them(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    // Without a password, one is made and told this once.
    let body = json!({"username": "Li.Wei@Shop", "name": " 李伟 ", "role": "supervisor"});
    let made = call(&server, "POST", "/accounts", &admin, Some(&body));
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.header("cache-control"), "no-store");
    let password = made.body["password"].as_str().unwrap();
    assert_eq!(password.chars().count(), 16);
    let account = &made.body["account"];
    assert_eq!(account["username"], json!("li.wei@shop"));
    assert_eq!(account["name"], json!("李伟"));
    let bearer = server.sign_in_as("li.wei@shop", password);
    let expected = json!({"me": {"id": account["id"], "name": "李伟", "role": "supervisor"}});
    assert_eq!(me(&server, &bearer), (200, expected));
    // A chosen one comes back in no answer.
    let body = json!({
        "username": "wu", "name": "Wu", "role": "agent", "password": "电池-correct-horse",
    });
    let made = call(&server, "POST", "/accounts", &admin, Some(&body));
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body.get("password"), None);
    server.sign_in_as("wu", "电池-correct-horse");
    // A user name is given once, whatever its case.
    for username in ["wu", "WU", "li.wei@SHOP", "admin"] {
        let body = json!({"username": username, "name": "x", "role": "admin"});
        let taken = call(&server, "POST", "/accounts", &admin, Some(&body));
        assert_eq!((taken.status, taken.code()), (409, "username_taken"));
        assert_eq!(taken.body.get("password"), None);
    }
    let all = list(&server, &admin);
    let shown: Vec<_> = all
        .iter()
        .map(|one| (one.username.as_str(), one.role.as_str(), &one.disabled_at))
        .collect();
    assert_eq!(
        shown,
        [
            ("admin", "admin", &None),
            ("li.wei@shop", "supervisor", &None),
            ("wu", "agent", &None),
        ]
    );
    let raw = call(&server, "GET", "/accounts", &admin, None)
        .body
        .to_string();
    assert!(!raw.contains("argon2"), "{raw}");
}

fn what_an_account_may_not_be_is_refused_by_name(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let before = list(&server, &admin);
    let (long, longer) = ("n".repeat(101), "p".repeat(201));
    let good = json!({"username": "li", "name": "Li", "role": "agent"});
    for (field, value) in [
        ("username", json!("")),
        ("username", json!("li wei")),
        ("username", json!("李")),
        ("username", json!("x".repeat(65))),
        ("username", json!(null)),
        ("username", json!(7)),
        ("name", json!("")),
        ("name", json!(" \t ")),
        ("name", json!(long)),
        ("name", json!("a\u{0}b")),
        ("name", json!(["Li"])),
        ("role", json!("customer")),
        ("role", json!("Admin")),
        ("role", json!("")),
        ("role", json!(1)),
        ("password", json!("1234567")),
        ("password", json!(longer)),
        ("password", json!(12_345_678)),
        ("rank", json!("general")),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let answer = call(&server, "POST", "/accounts", &admin, Some(&body));
        assert_eq!(
            (answer.status, answer.code()),
            (400, "bad_request"),
            "{body}"
        );
    }
    for body in [
        json!({}),
        json!({"username": "li"}),
        json!({"username": "li", "name": "Li"}),
    ] {
        let answer = call(&server, "POST", "/accounts", &admin, Some(&body));
        assert_eq!(
            (answer.status, answer.code()),
            (400, "bad_request"),
            "{body}"
        );
    }
    assert_eq!(list(&server, &admin), before, "none of it made anything");
}

fn what_a_change_may_not_be_is_refused(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let id = make(&server, &admin, "wu", "agent");
    let before = list(&server, &admin);
    let (long, longer) = ("n".repeat(101), "p".repeat(201));
    for body in [
        json!({}),
        json!({"name": null}),
        json!({"role": null}),
        json!({"disabled": null}),
        json!({"disabled": "true"}),
        json!({"disabled": 1}),
        json!({"role": "owner"}),
        json!({"name": ""}),
        json!({"name": long}),
        json!({"name": "Wu", "username": "other"}),
        json!({"password": "another-password"}),
    ] {
        let answer = change(&server, &admin, &id, body.clone());
        assert_eq!(
            (answer.status, answer.code()),
            (400, "bad_request"),
            "{body}"
        );
    }
    let reset = format!("/accounts/{id}/password");
    for body in [
        json!({"password": "1234567"}),
        json!({"password": longer}),
        json!({"password": 1}),
        json!({"passwort": "another-password"}),
    ] {
        let answer = call(&server, "POST", &reset, &admin, Some(&body));
        assert_eq!(
            (answer.status, answer.code()),
            (400, "bad_request"),
            "{body}"
        );
    }
    for (method, path) in [
        ("POST", "/accounts"),
        ("PATCH", "/accounts/2"),
        ("POST", &reset),
    ] {
        let answer = call(&server, method, path, &admin, Some(&json!([])));
        assert_eq!((answer.status, answer.code()), (400, "bad_json"), "{path}");
        let answer = call(&server, method, path, &admin, None);
        assert_eq!(answer.code(), "unsupported_media", "{path}");
    }
    for id in [
        "0",
        "01",
        "-1",
        "x",
        "999999",
        "99999999999999999999",
        "%00",
    ] {
        let answer = change(&server, &admin, id, json!({"name": "x"}));
        assert_eq!(
            (answer.status, answer.code()),
            (404, "account_not_found"),
            "{id}"
        );
        let path = format!("/accounts/{id}/password");
        let answer = call(&server, "POST", &path, &admin, Some(&json!({})));
        assert_eq!(
            (answer.status, answer.code()),
            (404, "account_not_found"),
            "{id}"
        );
    }
    for (method, path) in [
        ("DELETE", "/accounts"),
        ("PUT", "/accounts"),
        ("GET", "/accounts/2"),
        ("DELETE", "/accounts/2"),
        ("GET", "/accounts/2/password"),
    ] {
        let answer = call(&server, method, path, &admin, None);
        assert_eq!(
            (answer.status, answer.code()),
            (405, "method_not_allowed"),
            "{method} {path}"
        );
    }
    assert_eq!(list(&server, &admin), before, "none of it changed anything");
}

fn another_name_shows_and_ends_nothing(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let id = make(&server, &admin, "wu", "agent");
    let bearer = server.sign_in_as("wu", "her-password");
    let (mut agent, _) = Client::agent(&server, &bearer, json!({}));
    // What is as it was already ends nothing either.
    let body = json!({"name": "吴", "role": "agent", "disabled": false});
    let changed = change(&server, &admin, &id, body);
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["account"]["name"], json!("吴"));
    agent.everything_so_far();
    assert_eq!(me(&server, &bearer).1["me"]["name"], json!("吴"));
    // Also their own.
    let changed = change(
        &server,
        &admin,
        "1",
        json!({"name": "Boss", "role": "admin"}),
    );
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(me(&server, &admin).1["me"]["name"], json!("Boss"));
}

fn another_role_ends_what_the_old_one_allowed(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let id = make(&server, &admin, "wu", "admin");
    let bearer = server.sign_in_as("wu", "her-password");
    assert_eq!(list(&server, &bearer).len(), 2);
    let (mut agent, _) = Client::agent(&server, &bearer, json!({}));
    let since = Instant::now();
    let changed = change(&server, &admin, &id, json!({"role": "supervisor"}));
    assert_eq!(changed.body["account"]["role"], json!("supervisor"));
    ends_at_once(&mut agent, since);
    assert_eq!(me(&server, &bearer).0, 401);
    let bearer = server.sign_in_as("wu", "her-password");
    let answer = call(&server, "GET", "/accounts", &bearer, None);
    assert_eq!((answer.status, answer.code()), (403, "forbidden"));
}

fn disabling_ends_sessions_on_the_wire_and_enabling_lets_in_again(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let (mut bystander, _) = Client::agent(&server, &admin, json!({}));
    let id = make(&server, &admin, "wu", "agent");
    let bearers = [(); 2].map(|()| server.sign_in_as("wu", "her-password"));
    let mut agents = bearers
        .clone()
        .map(|bearer| Client::agent(&server, &bearer, json!({})).0);
    let since = Instant::now();
    let changed = change(&server, &admin, &id, json!({"disabled": true}));
    assert_eq!(changed.status, 200, "{}", changed.body);
    let disabled_at = changed.body["account"]["disabled_at"].clone();
    assert!(disabled_at.is_string());
    for agent in &mut agents {
        ends_at_once(agent, since);
    }
    for bearer in &bearers {
        assert_eq!(me(&server, bearer).0, 401);
    }
    assert_eq!(
        login(&server, "wu", "her-password").code(),
        "bad_credentials"
    );
    let again = change(&server, &admin, &id, json!({"disabled": true}));
    assert_eq!(
        again.body["account"]["disabled_at"], disabled_at,
        "the first time counts"
    );
    // A change of its name does not let it in.
    change(&server, &admin, &id, json!({"name": "Wu"}));
    assert_eq!(login(&server, "wu", "her-password").status, 401);
    let back = change(&server, &admin, &id, json!({"disabled": false}));
    assert_eq!(back.body["account"]["disabled_at"], json!(null));
    assert_eq!(
        me(&server, &bearers[0]).0,
        401,
        "what has ended stays ended"
    );
    server.sign_in_as("wu", "her-password");
    bystander.everything_so_far();
}

fn another_password_ends_sessions_and_is_told_once(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let id = make(&server, &admin, "wu", "agent");
    let reset = format!("/accounts/{id}/password");
    let mut password = "her-password".to_owned();
    for body in [
        json!({}),
        json!({"password": null}),
        json!({"password": "chosen-for-her"}),
    ] {
        let bearer = server.sign_in_as("wu", &password);
        let (mut agent, _) = Client::agent(&server, &bearer, json!({}));
        let since = Instant::now();
        let answer = call(&server, "POST", &reset, &admin, Some(&body));
        assert_eq!(answer.status, 200, "{}", answer.body);
        ends_at_once(&mut agent, since);
        assert_eq!(me(&server, &bearer).0, 401);
        assert_eq!(login(&server, "wu", &password).code(), "bad_credentials");
        let told = answer.body.get("password").and_then(Value::as_str);
        password = match body["password"].as_str() {
            Some(chosen) => {
                assert_eq!(told, None, "who chose it knows it");
                chosen.to_owned()
            }
            None => told.unwrap().to_owned(),
        };
    }
    server.sign_in_as("wu", &password);
    // An admin's open browser is not enough to take their account over.
    let body = json!({"password": "mine-from-now-on"});
    let own = call(&server, "POST", "/accounts/1/password", &admin, Some(&body));
    assert_eq!((own.status, own.code()), (409, "own_account"));
    assert_eq!(login(&server, "admin", ADMIN_PASSWORD).status, 200);
}

/// Every route with a body that an admin could send.
fn routes(id: &str) -> Vec<(&'static str, String, Option<Value>)> {
    let new = json!({"username": "x", "name": "X", "role": "admin", "password": "x-password"});
    vec![
        ("GET", "/accounts".to_owned(), None),
        ("POST", "/accounts".to_owned(), Some(new)),
        (
            "PATCH",
            format!("/accounts/{id}"),
            Some(json!({"disabled": true})),
        ),
        (
            "PATCH",
            "/accounts/1".to_owned(),
            Some(json!({"role": "agent"})),
        ),
        (
            "PATCH",
            "/accounts/999".to_owned(),
            Some(json!({"name": "x"})),
        ),
        ("POST", format!("/accounts/{id}/password"), Some(json!({}))),
    ]
}

fn nobody_but_an_admin_gets_anything(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let id = make(&server, &admin, "wu", "agent");
    make(&server, &admin, "sun", "supervisor");
    let agent = server.sign_in_as("wu", "her-password");
    let supervisor = server.sign_in_as("sun", "her-password");
    let customers = token();
    let (mut customer, _) = Client::customer(&server, &customers, json!({}));
    customer.say(None, "key", "hello");
    let before = list(&server, &admin);
    for (who, bearer, expected) in [
        ("an agent", agent.as_str(), (403, "forbidden")),
        ("a supervisor", &supervisor, (403, "forbidden")),
        ("a customer", &customers, (401, "not_signed_in")),
        ("a stranger", &token(), (401, "not_signed_in")),
        ("nobody", "", (401, "not_signed_in")),
    ] {
        for (method, path, body) in routes(&id) {
            let answer = call(&server, method, &path, bearer, body.as_ref());
            let seen = (answer.status, answer.code());
            assert_eq!(seen, expected, "{who}: {method} {path}");
            // Who may not learns nothing about what would have been wrong.
            let garbage = (method != "GET").then(|| json!({"nonsense": 1}));
            let answer = call(&server, method, &path, bearer, garbage.as_ref());
            assert_eq!(
                (answer.status, answer.code()),
                expected,
                "{who}: {method} {path}"
            );
        }
    }
    assert_eq!(list(&server, &admin), before);
    assert_eq!(me(&server, &agent).0, 200);
}

fn who_reviews_sees_whom_to_ask_for_and_no_more(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    make(&server, &admin, "wu", "supervisor");
    let li = make(&server, &admin, "li", "agent");
    change(
        &server,
        &admin,
        &li,
        json!({"name": "A. Li", "disabled": true}),
    );
    make(&server, &admin, "su", "agent");

    let wu = server.sign_in_as("wu", "her-password");
    let seen = call(&server, "GET", "/agents", &wu, None);
    assert_eq!(
        seen.body["agents"],
        json!([
            {"id": "3", "name": "A. Li", "disabled": true},
            {"id": "1", "name": "Admin", "disabled": false},
            {"id": "4", "name": "su", "disabled": false},
            {"id": "2", "name": "wu", "disabled": false},
        ])
    );
    assert_eq!(call(&server, "GET", "/agents", &admin, None).status, 200);
    let su = server.sign_in_as("su", "her-password");
    assert_eq!(
        call(&server, "GET", "/agents", &su, None).code(),
        "forbidden"
    );
    assert_eq!(
        call(&server, "GET", "/agents", &token(), None).code(),
        "not_signed_in"
    );
}

fn another_sites_page_changes_nothing(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let id = make(&server, &admin, "wu", "agent");
    let before = list(&server, &admin);
    let bearer = format!("Bearer {admin}");
    let own = [
        (
            "POST",
            "/me/password".to_owned(),
            Some(json!({"current": ADMIN_PASSWORD, "new": "x"})),
        ),
        ("DELETE", "/me/sessions".to_owned(), None),
        ("DELETE", "/me/sessions/x".to_owned(), None),
    ];
    for (method, path, body) in routes(&id).into_iter().chain(own) {
        if method == "GET" {
            continue;
        }
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ] {
            let headers = [("authorization", bearer.as_str()), (name, value)];
            let answer = server.http(method, &format!("/api/v1{path}"), &headers, body.as_ref());
            let seen = (answer.status, answer.code());
            assert_eq!(seen, (403, "origin_refused"), "{method} {path}");
        }
    }
    assert_eq!(list(&server, &admin), before);
}

fn the_last_admin_stays_one(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let bodies = [
        json!({"disabled": true}),
        json!({"role": "agent"}),
        json!({"role": "supervisor", "name": "Nobody"}),
        json!({"role": "admin", "disabled": true}),
    ];
    for body in &bodies {
        let answer = change(&server, &admin, "1", body.clone());
        assert_eq!(
            (answer.status, answer.code()),
            (409, "last_admin"),
            "{body}"
        );
    }
    // With another admin beside them it is still not for themself; one who is disabled does not count.
    let other = make(&server, &admin, "wu", "admin");
    for (disabled, code) in [(false, "own_account"), (true, "last_admin")] {
        change(&server, &admin, &other, json!({"disabled": disabled}));
        for body in &bodies {
            let answer = change(&server, &admin, "1", body.clone());
            assert_eq!((answer.status, answer.code()), (409, code), "{body}");
        }
    }
    let one = &list(&server, &admin)[0];
    assert_eq!(
        (one.name.as_str(), one.role.as_str(), &one.disabled_at),
        ("Admin", "admin", &None)
    );
    assert_eq!(me(&server, &admin).0, 200, "nor was anybody signed out");
    // The other one may.
    change(&server, &admin, &other, json!({"disabled": false}));
    let bearer = server.sign_in_as("wu", "her-password");
    assert_eq!(
        change(&server, &bearer, "1", json!({"role": "agent"})).status,
        200
    );
    assert_eq!(me(&server, &admin).0, 401);
}

fn of_two_admins_who_demote_each_other_one_stays(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    for round in 0..6 {
        let body = if round % 2 == 0 {
            json!({"role": "agent"})
        } else {
            json!({"disabled": true})
        };
        let admin = server.sign_in();
        let pair = ["a", "b"].map(|name| {
            let username = format!("{name}{round}");
            let id = make(&server, &admin, &username, "admin");
            (id, server.sign_in_as(&username, "her-password"))
        });
        let [(one, ones), (two, twos)] = &pair;
        // All the others go, so that these two are the only ones.
        database.execute(&format!(
            "UPDATE agents SET role = 'agent' WHERE id NOT IN ({one}, {two})"
        ));
        let answers = thread::scope(|scope| {
            let demote = |bearer, id| {
                let (server, body) = (&server, body.clone());
                scope.spawn(move || change(server, bearer, id, body))
            };
            let both = [demote(ones, two), demote(twos, one)];
            both.map(|answer| answer.join().unwrap())
        });
        let mut statuses = answers.each_ref().map(|answer| answer.status);
        statuses.sort_unstable();
        assert_eq!(statuses[0], 200, "{answers:?}");
        // The other one came too late: no admin any more, and perhaps signed out already.
        assert!([401, 403].contains(&statuses[1]), "{answers:?}");
        let left = "SELECT COUNT(*) AS n FROM agents WHERE role = 'admin' AND disabled_at IS NULL";
        assert_eq!(database.count(left), 1);
        database.execute("UPDATE agents SET role = 'admin' WHERE id = 1");
    }
}
