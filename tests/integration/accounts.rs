//! Agents sign in and out, and nobody else does.

mod manage;
mod own;
mod totp;

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use kefu::{
    domain::{SessionKey, Token},
    protocol::ServerFrame,
};
use serde_json::{Value, json};

use crate::{
    on_both_databases,
    support::{ADMIN_PASSWORD, Answer, Client, Database, Engine, Server, token},
};

on_both_databases! {
    signing_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use
    a_bearer_token_and_the_cookie_both_say_who_one_is
    logging_out_ends_this_login_and_closes_its_sessions
    nobody_learns_whether_a_user_name_exists
    failures_slow_the_next_try_down
    secrets_are_stored_as_hashes_only
    a_disabled_account_is_out_at_once
    a_new_password_ends_the_sessions_of_the_old_one
    the_first_password_is_printed_once
    another_sites_page_can_neither_sign_in_nor_out_nor_connect
    an_agent_without_a_login_is_turned_away
    an_expired_login_opens_nothing
}

/// How soon a change that another process makes must reach a live session.
const SOON: Duration = Duration::from_secs(8);

fn login(server: &Server, username: &str, password: &str) -> Answer {
    let body = json!({"username": username, "password": password});
    server.http("POST", "/api/v1/login", &[], Some(&body))
}

/// The cookie of a new login of `admin`, as a browser sends it.
fn cookie(server: &Server) -> String {
    let answer = login(server, "admin", ADMIN_PASSWORD);
    let (cookie, _) = answer.header("set-cookie").split_once(';').unwrap();
    cookie.to_owned()
}

fn agent_by_cookie(server: &Server, cookie: &str) -> Client {
    let mut client = Client::try_connect(server, &[("cookie", cookie)]).unwrap();
    client.send(&json!({"type": "hello", "as": "agent", "token": null}));
    client.welcome();
    client
}

fn me(server: &Server, bearer: &str) -> (u16, Value) {
    let answer = server.get("/api/v1/me", bearer);
    (answer.status, answer.body)
}

fn add(server: &Server, username: &str, password: &str) {
    let made = server.command(&["agent", "add", username], password);
    assert!(made.status.success(), "{made:?}");
}

fn signing_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use(engine: Engine) {
    let database = Database::new(engine);
    let mut server = Server::on(&database).with("KEFU_LOGIN_DAYS", 3).start();
    for (secure, expected) in [
        (
            false,
            vec!["HttpOnly", "Max-Age=259200", "Path=/", "SameSite=Strict"],
        ),
        (
            true,
            vec![
                "HttpOnly",
                "Max-Age=259200",
                "Path=/",
                "SameSite=Strict",
                "Secure",
            ],
        ),
    ] {
        if secure {
            server = Server::on(&database)
                .with("KEFU_LOGIN_DAYS", 3)
                .with("KEFU_COOKIE_SECURE", true)
                .start();
        }
        let answer = login(&server, "admin", ADMIN_PASSWORD);
        assert_eq!(answer.status, 200);
        let admin = json!({"me": {"id": "1", "name": "Admin", "role": "admin"}});
        assert_eq!(
            answer.body, admin,
            "a browser gets no token that a script could read"
        );
        let mut parts = answer.header("set-cookie").split("; ");
        let value = parts.next().unwrap().strip_prefix("kefu_session=").unwrap();
        assert!(Token::parse(value).is_some(), "{value}");
        let mut attributes: Vec<_> = parts.collect();
        attributes.sort_unstable();
        assert_eq!(attributes, expected);
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

fn a_bearer_token_and_the_cookie_both_say_who_one_is(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let made = server.command(
        &[
            "agent",
            "add",
            "Li.Wei@Shop",
            "--name",
            "李伟",
            "--role",
            "supervisor",
        ],
        "her-password",
    );
    assert!(made.status.success(), "{made:?}");
    // The user name's case does not matter, the password's does.
    let bearer = server.sign_in_as("LI.wei@shop", "her-password");
    assert_eq!(login(&server, "li.wei@shop", "Her-password").status, 401);
    let expected = json!({"me": {"id": "2", "name": "李伟", "role": "supervisor"}});
    assert_eq!(me(&server, &bearer), (200, expected));
    let (_agent, welcome) = Client::agent(&server, &bearer, json!({}));
    assert_eq!(
        (welcome.role.as_str(), welcome.me.id.as_deref()),
        ("supervisor", Some("2"))
    );

    let cookie = cookie(&server);
    let answer = server.http("GET", "/api/v1/me", &[("cookie", &cookie)], None);
    assert_eq!(
        (answer.status, &answer.body["me"]["name"]),
        (200, &json!("Admin"))
    );
    agent_by_cookie(&server, &cookie);
    // A bearer token goes before the cookie, also where it is wrong.
    let (own, none) = (format!("Bearer {bearer}"), format!("Bearer {}", token()));
    for (header, status) in [(&own, 200), (&none, 401)] {
        let both = [("cookie", cookie.as_str()), ("authorization", header)];
        let answer = server.http("GET", "/api/v1/me", &both, None);
        assert_eq!(answer.status, status);
        assert_ne!(answer.body["me"]["name"], json!("Admin"));
    }
    for nobody in ["", "garbage", &token()] {
        let (status, body) = me(&server, nobody);
        assert_eq!((status, &body["code"]), (401, &json!("not_signed_in")));
    }
}

fn logging_out_ends_this_login_and_closes_its_sessions(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let cookie = cookie(&server);
    let (mut one, mut two) = (
        agent_by_cookie(&server, &cookie),
        agent_by_cookie(&server, &cookie),
    );
    let elsewhere = server.sign_in();
    let (mut other, _) = Client::agent(&server, &elsewhere, json!({}));

    let answer = server.http("POST", "/api/v1/logout", &[("cookie", &cookie)], None);
    assert_eq!(answer.status, 204, "{answer:?}");
    let gone = answer.header("set-cookie");
    assert!(
        gone.starts_with("kefu_session=;") && gone.contains("Max-Age=0"),
        "{gone}"
    );
    assert_eq!(one.closed().0, 4500);
    assert_eq!(two.closed().0, 4500);
    let answer = server.http("GET", "/api/v1/me", &[("cookie", &cookie)], None);
    assert_eq!((answer.status, answer.code()), (401, "not_signed_in"));
    let mut back = Client::try_connect(&server, &[("cookie", &cookie)]).unwrap();
    back.send(&json!({"type": "hello", "as": "agent", "token": null}));
    assert_eq!(back.closed().0, 4500);

    // The other login of the same account goes on, until it logs out, too.
    other.everything_so_far();
    assert_eq!(me(&server, &elsewhere).0, 200);
    let bearer = format!("Bearer {elsewhere}");
    let answer = server.http(
        "POST",
        "/api/v1/logout",
        &[("authorization", &bearer)],
        None,
    );
    assert_eq!(answer.status, 204);
    assert_eq!(other.closed().0, 4500);
    // Twice, or without ever having signed in, is no error.
    for headers in [&[("authorization", bearer.as_str())][..], &[]] {
        assert_eq!(
            server.http("POST", "/api/v1/logout", headers, None).status,
            204
        );
    }
    assert_eq!(
        database.count("SELECT COUNT(*) AS n FROM agent_sessions"),
        0
    );
}

fn nobody_learns_whether_a_user_name_exists(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    add(&server, "gone", "her-password");
    assert!(
        server
            .command(&["agent", "disable", "gone"], "")
            .status
            .success()
    );
    let wrong = login(&server, "admin", "a wrong password");
    assert_eq!((wrong.status, wrong.code()), (401, "bad_credentials"));
    assert_eq!(wrong.header("set-cookie"), "");
    let long = "x".repeat(1_000);
    for (username, password) in [
        ("nobody", "a wrong password"),
        ("gone", "her-password"),
        ("not a user name!", "a wrong password"),
        ("李伟", "a wrong password"),
        ("", "a wrong password"),
        ("admin", ""),
        ("admin", long.as_str()),
        (long.as_str(), ADMIN_PASSWORD),
        ("admin' OR '1'='1", "' OR '1'='1"),
    ] {
        let answer = login(&server, username, password);
        assert_eq!(
            (answer.status, &answer.body),
            (401, &wrong.body),
            "{username:?}"
        );
    }
}

fn failures_slow_the_next_try_down(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    add(&server, "colleague", "her-password");
    let mut failures = 0;
    let slowed = loop {
        let answer = login(&server, "admin", "a wrong password");
        if answer.status == 429 {
            break answer;
        }
        assert_eq!((answer.status, answer.code()), (401, "bad_credentials"));
        failures += 1;
        // On a slow machine the checks themselves take longer than the first waits.
        assert!(failures < 12, "nobody is slowed down");
    };
    assert!(failures >= 5, "a few typing mistakes are free");
    assert_eq!(slowed.code(), "rate_limited");
    assert_eq!(slowed.body["retryable"], json!(true));
    let wait_ms = slowed.body["retry_after_ms"].as_u64().unwrap();
    assert!((1..=60_000).contains(&wait_ms), "{wait_ms}");
    let header: u64 = slowed.header("retry-after").parse().unwrap();
    assert_eq!(header, wait_ms.div_ceil(1_000));
    // Nobody else has to wait; and what the server said is the truth.
    assert_eq!(login(&server, "colleague", "her-password").status, 200);
    let deadline = Instant::now() + Duration::from_millis(wait_ms) + Duration::from_secs(2);
    loop {
        let answer = login(&server, "admin", ADMIN_PASSWORD);
        if answer.status == 200 {
            break;
        }
        assert_eq!(
            answer.code(),
            "rate_limited",
            "a right password has to wait, too"
        );
        assert!(Instant::now() < deadline, "{wait_ms} ms were not enough");
    }
    assert_eq!(
        login(&server, "admin", "a wrong password").status,
        401,
        "the slate is clean"
    );
}

/// Every column of every table that holds something about people.
const COLUMNS: &[(&str, &[&str])] = &[
    ("customers", &["token_hash", "name", "page", "language"]),
    ("agents", &["username", "name", "role", "password_hash"]),
    ("agent_sessions", &["token_hash", "user_agent"]),
    ("conversations", &["status"]),
    ("messages", &["client_id", "kind", "text"]),
];

fn secrets_are_stored_as_hashes_only(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let cookie = cookie(&server);
    let in_cookie = cookie.strip_prefix("kefu_session=").unwrap();
    let (bearer, customers) = (server.sign_in(), token());
    let (mut customer, _) = Client::customer(&server, &customers, json!({}));
    customer.say(None, "key", "hello");
    for secret in [in_cookie, &bearer, &customers, ADMIN_PASSWORD] {
        for (table, columns) in COLUMNS {
            for column in *columns {
                let found = database.count(&format!(
                    "SELECT COUNT(*) AS n FROM {table} WHERE CAST({column} AS CHAR) LIKE '%{secret}%'"
                ));
                assert_eq!(found, 0, "{table}.{column}");
            }
        }
        if engine == Engine::Sqlite {
            for file in ["kefu.db", "kefu.db-wal"] {
                let bytes = std::fs::read(database.folder().join(file)).unwrap();
                let found = bytes
                    .windows(secret.len())
                    .any(|part| part == secret.as_bytes());
                assert!(!found, "a secret is in {file}");
            }
        }
    }
    let hashes = |table: &str| -> Vec<String> {
        let query = format!("SELECT HEX(token_hash) AS t FROM {table} ORDER BY 1");
        database.texts(&query).into_iter().flatten().collect()
    };
    let hash = |token: &str| {
        let SessionKey(bytes) = SessionKey::from(&Token::parse(token).unwrap());
        bytes
            .iter()
            .fold(String::new(), |hex, byte| hex + &format!("{byte:02X}"))
    };
    let mut logins = vec![hash(in_cookie), hash(&bearer)];
    logins.sort();
    assert_eq!(hashes("agent_sessions"), logins);
    assert_eq!(hashes("customers"), [hash(&customers)]);
    let passwords = database.texts("SELECT password_hash AS t FROM agents");
    let password = passwords[0].as_deref().unwrap();
    assert!(password.starts_with("$argon2id$v=19$"), "{password}");
}

/// Waits for the session's end by 4500.
fn ends_soon(client: &mut Client, since: Instant) {
    assert_eq!(client.closed().0, 4500);
    assert!(since.elapsed() < SOON, "it took {:?}", since.elapsed());
}

fn a_disabled_account_is_out_at_once(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    add(&server, "li", "her-password");
    let (bearer, admins) = (server.sign_in_as("li", "her-password"), server.sign_in());
    let (mut agent, _) = Client::agent(&server, &bearer, json!({}));
    let (mut admin, _) = Client::agent(&server, &admins, json!({}));
    let done = server.command(&["agent", "disable", "li"], "");
    assert!(done.status.success(), "{done:?}");
    let since = Instant::now();
    assert_eq!(me(&server, &bearer).0, 401);
    let refused = login(&server, "li", "her-password");
    assert_eq!((refused.status, refused.code()), (401, "bad_credentials"));
    ends_soon(&mut agent, since);
    admin.everything_so_far();
    assert_eq!(me(&server, &admins).0, 200, "nobody else is signed out");
}

fn a_new_password_ends_the_sessions_of_the_old_one(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let bearer = server.sign_in();
    let (mut agent, _) = Client::agent(&server, &bearer, json!({}));
    let done = server.command(&["agent", "set-password", "admin"], "the-next-password\n");
    assert!(done.status.success(), "{done:?}");
    let since = Instant::now();
    assert_eq!(me(&server, &bearer).0, 401);
    assert_eq!(login(&server, "admin", ADMIN_PASSWORD).status, 401);
    let bearer = server.sign_in_as("admin", "the-next-password");
    ends_soon(&mut agent, since);
    Client::agent(&server, &bearer, json!({}));
}

/// Runs a server without a given password until it has been signed in to; everything it printed.
fn printed_until_sign_in(database: &Database, sign_in: impl FnOnce(&str)) -> String {
    use std::io::{BufRead, BufReader, Read};
    let pages = database.folder().join("pages");
    let mut child = Command::new(env!("CARGO_BIN_EXE_kefu"))
        .arg("serve")
        .env_clear()
        .env("DATABASE_URL", database.url())
        .env("KEFU_STATIC", &pages)
        .env("KEFU_LISTEN", "127.0.0.1:0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut printed = String::new();
    out.read_line(&mut printed).unwrap();
    let address = printed
        .trim_end()
        .split_once("http://")
        .unwrap()
        .1
        .to_owned();
    // The whole of it is printed before anything is answered slowly; a sign-in is slow.
    sign_in(&address);
    child.kill().unwrap();
    child.wait().unwrap();
    out.read_to_string(&mut printed).unwrap();
    printed
}

fn the_first_password_is_printed_once(engine: Engine) {
    let database = Database::new(engine);
    // Makes the pages.
    drop(Server::on(&database));
    let request = |address: &str, password: &str| {
        let body = json!({"username": "admin", "password": password}).to_string();
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let answer = agent
            .post(format!("http://{address}/api/v1/login"))
            .content_type("application/json")
            .send(body);
        answer.unwrap().status().as_u16()
    };
    let first = printed_until_sign_in(&database, |address| {
        assert_eq!(request(address, "a guess of mine"), 401);
    });
    let (_, password) = first.split_once("with the password ").expect(&first);
    let password = password.lines().next().unwrap();
    assert!(password.len() >= 12, "{password}");
    assert!(first.contains("shown this once"), "{first}");
    let second = printed_until_sign_in(&database, |address| {
        assert_eq!(request(address, password), 200);
    });
    assert!(!second.contains("password"), "{second}");
    // Nor does a setting change an account that is there.
    let server = Server::on(&database).start();
    assert_eq!(login(&server, "admin", ADMIN_PASSWORD).status, 401);
    server.sign_in_as("admin", password);
}

fn another_sites_page_can_neither_sign_in_nor_out_nor_connect(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database)
        .with(
            "KEFU_ORIGINS",
            "https://www.shop.example,https://shop.example:8443",
        )
        .start();
    let own = format!("http://{}", server.address);
    let behind_a_proxy = format!("https://{}", server.address);
    let almost = format!("http://{}.evil.example", server.address);
    let credentials = json!({"username": "admin", "password": ADMIN_PASSWORD});
    for (origin, welcome) in [
        (Some(own.as_str()), true),
        (Some(&behind_a_proxy), true),
        (Some("https://www.shop.example"), true),
        (Some("https://shop.example:8443"), true),
        (None, true),
        (Some("https://evil.example"), false),
        (Some("http://www.shop.example"), false),
        (Some("https://shop.example"), false),
        (Some("https://www.shop.example.evil.example"), false),
        (Some(&almost), false),
        (Some("null"), false),
        (Some(""), false),
    ] {
        let headers: Vec<_> = origin.iter().map(|origin| ("origin", *origin)).collect();
        let signed_in = server.http("POST", "/api/v1/login", &headers, Some(&credentials));
        let signed_out = server.http("POST", "/api/v1/logout", &headers, None);
        let connected = Client::try_connect(&server, &headers);
        if welcome {
            assert_eq!(
                (signed_in.status, signed_out.status),
                (200, 204),
                "{origin:?}"
            );
            assert!(connected.is_ok(), "{origin:?}");
            continue;
        }
        for answer in [signed_in, signed_out] {
            assert_eq!(
                (answer.status, answer.code()),
                (403, "origin_refused"),
                "{origin:?}"
            );
            assert_eq!(answer.header("set-cookie"), "");
        }
        let refused = connected
            .err()
            .unwrap_or_else(|| panic!("{origin:?} is let in"));
        assert_eq!(refused.status(), 403);
        let body: Value = serde_json::from_slice(refused.body().as_ref().unwrap()).unwrap();
        assert_eq!(body["code"], json!("origin_refused"));
    }
    let site = [("sec-fetch-site", "cross-site")];
    let answer = server.http("POST", "/api/v1/login", &site, Some(&credentials));
    assert_eq!((answer.status, answer.code()), (403, "origin_refused"));
}

fn an_agent_without_a_login_is_turned_away(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let customers = token();
    let (mut customer, _) = Client::customer(&server, &customers, json!({}));
    customer.say(None, "key", "hello");
    customer.everything_so_far();
    let stale = format!("kefu_session={}", token());
    for cookie in [None, Some("kefu_session=garbage"), Some(stale.as_str())] {
        for bearer in [
            json!(null),
            json!("garbage"),
            json!(""),
            json!(token()),
            json!(customers),
        ] {
            let headers: Vec<_> = cookie.iter().map(|cookie| ("cookie", *cookie)).collect();
            let mut client = Client::try_connect(&server, &headers).unwrap();
            client.send(
                &json!({"type": "hello", "as": "agent", "token": bearer, "resume": {"1": 0}}),
            );
            match client.frame() {
                ServerFrame::Error(error) => {
                    assert_eq!(
                        (error.code.as_str(), error.retryable),
                        ("not_signed_in", false)
                    );
                }
                other => panic!("{bearer}: {other:?}"),
            }
            assert_eq!(client.closed().0, 4500);
        }
    }
    assert_eq!(customer.everything_so_far(), [], "the desk stays empty");
}

fn an_expired_login_opens_nothing(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let bearer = server.sign_in();
    let (mut agent, _) = Client::agent(&server, &bearer, json!({}));
    database.execute("UPDATE agent_sessions SET expires_at = '2020-01-01 00:00:00'");
    let since = Instant::now();
    let (status, body) = me(&server, &bearer);
    assert_eq!((status, &body["code"]), (401, &json!("not_signed_in")));
    assert_eq!(server.get("/api/v1/conversations", &bearer).status, 401);
    let mut late = Client::connect(&server);
    late.send(&json!({"type": "hello", "as": "agent", "token": bearer}));
    assert_eq!(late.error(), (None, "not_signed_in".to_owned()));
    assert_eq!(late.closed().0, 4500);
    ends_soon(&mut agent, since);
    // The next login clears it away.
    server.sign_in();
    assert_eq!(
        database.count("SELECT COUNT(*) AS n FROM agent_sessions"),
        1
    );
}
