//! Everything over HTTP that is not signing in: health, pages, the JSON API's manners.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::{
    on_both_databases,
    support::{ADMIN_PASSWORD, Answer, Client, Database, Engine, Server, token},
};

on_both_databases! {
    healthz_says_that_the_process_runs_and_readyz_that_the_database_does
    every_kind_of_answer_carries_the_security_headers
    texts_of_pages_say_that_they_are_utf_8
    a_browser_gets_the_compressed_file_that_it_can_read
    hashed_files_are_kept_for_ever_and_pages_are_asked_for_again
    refusals_are_json_with_the_code_of_the_table
    a_body_that_is_no_json_is_refused_as_what_it_is
    the_list_of_conversations_pages_without_repeats_or_holes
    bad_ids_cursors_and_limits_are_refused
    nothing_outside_the_pages_is_served
}

const SCRIPT: &str = "/assets/app-1a2b3c.js";

/// The folder of the pages, with a few more files than the server needs.
fn fill_pages(database: &Database) -> PathBuf {
    drop(Server::on(database));
    let pages = database.folder().join("pages");
    fs::create_dir_all(pages.join("assets")).unwrap();
    for (name, text) in [
        ("assets/app-1a2b3c.js", "console.log('你好')"),
        ("assets/app-1a2b3c.js.br", "brotli of the script"),
        ("assets/app-1a2b3c.js.gz", "gzip of the script"),
        ("assets/app-1a2b3c.css", "/* 你好 */"),
        ("assets/plain-1a2b3c.js", "console.log(1)"),
        ("index.html.br", "brotli of the page"),
        ("index.html.gz", "gzip of the page"),
        ("agent.html.br", "brotli of the console"),
        ("agent.html.gz", "gzip of the console"),
        ("favicon.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
        (".hidden", "a secret"),
    ] {
        fs::write(pages.join(name), text).unwrap();
    }
    pages
}

fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Answer {
    server.http("GET", path, headers, None)
}

fn healthz_says_that_the_process_runs_and_readyz_that_the_database_does(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let health = |ready: u16| {
        let alive = get(&server, "/healthz", &[]);
        assert_eq!(
            (alive.status, alive.body),
            (200, json!({"status": "alive"}))
        );
        let answer = get(&server, "/readyz", &[]);
        assert_eq!(answer.status, ready, "{answer:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
        if ready == 200 {
            assert_eq!(answer.body, json!({"status": "ready"}));
        } else {
            assert_eq!(
                (answer.code(), &answer.body["retryable"]),
                ("unavailable", &json!(true))
            );
            assert!(
                answer.body["message"]
                    .as_str()
                    .unwrap()
                    .contains("database")
            );
        }
    };
    health(200);
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101')");
    health(503);
    database.execute("DELETE FROM __diesel_schema_migrations WHERE version = '29990101'");
    health(200);
    let rename = "ALTER TABLE __diesel_schema_migrations RENAME TO";
    database.execute(&format!("{rename} elsewhere"));
    health(503);
    database.execute("ALTER TABLE elsewhere RENAME TO __diesel_schema_migrations");
    health(200);
    if engine == Engine::Mysql {
        let (_, name) = database.url().rsplit_once('/').unwrap();
        database.execute(&format!("DROP DATABASE {name}"));
        health(503);
    }
}

fn every_kind_of_answer_carries_the_security_headers(engine: Engine) {
    let database = Database::new(engine);
    fill_pages(&database);
    let server = Server::on(&database)
        .with("KEFU_FRAME_ANCESTORS", "https://www.shop.example")
        .start();
    let login = json!({"username": "admin", "password": ADMIN_PASSWORD});
    let large = json!({"username": "x".repeat(100_000), "password": "x"});
    for (answer, status) in [
        (get(&server, "/", &[]), 200),
        (get(&server, "/agent", &[]), 200),
        (get(&server, SCRIPT, &[]), 200),
        (get(&server, SCRIPT, &[("accept-encoding", "br")]), 200),
        (get(&server, "/healthz", &[]), 200),
        (get(&server, "/readyz", &[]), 200),
        (get(&server, "/ws", &[]), 400),
        (get(&server, "/nowhere", &[]), 404),
        (get(&server, "/assets/nothing.js", &[]), 404),
        (get(&server, "/api/v1/nowhere", &[]), 404),
        (get(&server, "/api/v1/me", &[]), 401),
        (server.http("POST", "/api/v1/me", &[], Some(&login)), 405),
        (server.http("POST", "/api/v1/login", &[], Some(&login)), 200),
        (server.http("POST", "/api/v1/login", &[], Some(&large)), 413),
        (server.http("POST", "/api/v1/logout", &[], None), 204),
        (
            server.http("POST", "/api/v1/logout", &[("origin", "null")], None),
            403,
        ),
    ] {
        assert_eq!(answer.status, status, "{answer:?}");
        let policy = answer.header("content-security-policy");
        for directive in [
            "default-src 'none'",
            "script-src 'self'",
            "base-uri 'none'",
            "object-src 'none'",
            "require-trusted-types-for 'script'",
            "frame-ancestors",
        ] {
            assert!(policy.contains(directive), "{directive}: {answer:?}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(
            answer.header("referrer-policy"),
            "strict-origin-when-cross-origin"
        );
        assert_ne!(answer.header("cache-control"), "", "{answer:?}");
    }
    for (path, ancestors) in [
        ("/", "frame-ancestors 'self' https://www.shop.example"),
        ("/agent", "frame-ancestors 'none'"),
    ] {
        let answer = get(&server, path, &[]);
        let policy = answer.header("content-security-policy");
        assert!(policy.ends_with(ancestors), "{path}: {policy}");
    }
}

fn texts_of_pages_say_that_they_are_utf_8(engine: Engine) {
    let database = Database::new(engine);
    fill_pages(&database);
    let server = Server::on(&database).start();
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/agent", "text/html; charset=utf-8"),
        (SCRIPT, "text/javascript; charset=utf-8"),
        ("/assets/app-1a2b3c.css", "text/css; charset=utf-8"),
    ] {
        for encoding in ["identity", "br", "gzip"] {
            let answer = get(&server, path, &[("accept-encoding", encoding)]);
            assert_eq!(
                (answer.status, answer.header("content-type")),
                (200, kind),
                "{path}"
            );
        }
    }
    assert_eq!(
        get(&server, "/favicon.svg", &[]).header("content-type"),
        "image/svg+xml"
    );
}

fn a_browser_gets_the_compressed_file_that_it_can_read(engine: Engine) {
    let database = Database::new(engine);
    fill_pages(&database);
    let server = Server::on(&database).start();
    for (path, plain, of) in [
        (SCRIPT, "console.log('你好')", "the script"),
        ("/", "<!doctype html><title>Kefu</title>", "the page"),
        (
            "/agent",
            "<!doctype html><title>Kefu</title>",
            "the console",
        ),
    ] {
        let (brotli, gzip) = (format!("brotli of {of}"), format!("gzip of {of}"));
        for (accepted, encoding, body) in [
            (None, "", plain),
            (Some("identity"), "", plain),
            (Some("deflate"), "", plain),
            (Some("br"), "br", &brotli),
            (Some("gzip"), "gzip", &gzip),
            (Some("gzip, deflate, br, zstd"), "br", &brotli),
            (Some("gzip, br;q=0"), "gzip", &gzip),
            (Some("br;q=0, gzip;q=0"), "", plain),
        ] {
            let headers: Vec<_> = accepted
                .iter()
                .map(|value| ("accept-encoding", *value))
                .collect();
            let answer = get(&server, path, &headers);
            assert_eq!(
                answer.header("content-encoding"),
                encoding,
                "{path} {accepted:?}"
            );
            assert_eq!(answer.body, json!(body), "{path} {accepted:?}");
            let disposition = answer.header("content-disposition");
            assert!(
                !disposition.contains("attachment"),
                "{path} {accepted:?} would be downloaded: {disposition}"
            );
            // Or a cache between would give the one to who asks for the other.
            let vary = answer.header("vary").to_lowercase();
            assert!(
                vary.contains("accept-encoding"),
                "{path} {accepted:?}: Vary: {vary}"
            );
        }
    }
    // Where there is no compressed file, the plain one does.
    let answer = get(
        &server,
        "/assets/plain-1a2b3c.js",
        &[("accept-encoding", "br, gzip")],
    );
    assert_eq!(
        (answer.header("content-encoding"), answer.body.clone()),
        ("", json!("console.log(1)"))
    );
}

fn hashed_files_are_kept_for_ever_and_pages_are_asked_for_again(engine: Engine) {
    const FOR_EVER: &str = "public, max-age=31536000, immutable";
    let database = Database::new(engine);
    fill_pages(&database);
    let server = Server::on(&database).start();
    for (path, status, caching) in [
        (SCRIPT, 200, FOR_EVER),
        ("/assets/app-1a2b3c.css", 200, FOR_EVER),
        ("/", 200, "no-cache"),
        ("/agent", 200, "no-cache"),
        ("/favicon.svg", 200, "no-cache"),
        ("/assets/gone-1a2b3c.js", 404, "no-store"),
        ("/nowhere", 404, "no-store"),
        ("/api/v1/me", 401, "no-store"),
    ] {
        let answer = get(&server, path, &[]);
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (status, caching),
            "{path}"
        );
    }
    // Who has it already gets nothing but the leave to go on with it.
    for (path, caching) in [("/", "no-cache"), (SCRIPT, FOR_EVER)] {
        let first = get(&server, path, &[]);
        let etag = first.header("etag");
        assert_ne!(etag, "");
        let again = get(&server, path, &[("if-none-match", etag)]);
        assert_eq!(
            (again.status, again.header("cache-control")),
            (304, caching),
            "{path}"
        );
        assert_eq!(again.body, json!(""));
    }
}

fn refusals_are_json_with_the_code_of_the_table(engine: Engine) {
    let database = Database::new(engine);
    fill_pages(&database);
    let server = Server::on(&database).start();
    let bearer = format!("Bearer {}", server.sign_in());
    let signed_in = [("authorization", bearer.as_str())];
    let login = json!({"username": "admin", "password": ADMIN_PASSWORD});
    let large = json!({"username": "admin", "password": "x".repeat(65_536)});
    for (method, path, body, status, code) in [
        ("GET", "/nowhere", None, 404, "not_found"),
        ("GET", "/agent/nowhere", None, 404, "not_found"),
        ("GET", "/assets/nothing.js", None, 404, "not_found"),
        ("GET", "/api/v1", None, 404, "not_found"),
        ("GET", "/api/v1/nowhere", None, 404, "not_found"),
        ("POST", "/api/v1/nowhere", Some(&login), 404, "not_found"),
        ("GET", "/api/v2/me", None, 404, "not_found"),
        ("POST", "/", Some(&login), 405, "method_not_allowed"),
        ("DELETE", SCRIPT, None, 405, "method_not_allowed"),
        ("POST", "/agent", Some(&login), 405, "method_not_allowed"),
        ("POST", "/healthz", Some(&login), 405, "method_not_allowed"),
        ("GET", "/api/v1/login", None, 405, "method_not_allowed"),
        ("GET", "/api/v1/logout", None, 405, "method_not_allowed"),
        (
            "PUT",
            "/api/v1/login",
            Some(&login),
            405,
            "method_not_allowed",
        ),
        ("DELETE", "/api/v1/me", None, 405, "method_not_allowed"),
        (
            "POST",
            "/api/v1/conversations",
            Some(&login),
            405,
            "method_not_allowed",
        ),
        (
            "PATCH",
            "/api/v1/conversations/1",
            Some(&login),
            405,
            "method_not_allowed",
        ),
        (
            "DELETE",
            "/api/v1/conversations/1/messages",
            None,
            405,
            "method_not_allowed",
        ),
        ("POST", "/ws", Some(&login), 405, "method_not_allowed"),
        ("GET", "/ws", None, 400, "bad_request"),
        ("POST", "/api/v1/login", Some(&large), 413, "body_too_large"),
        ("POST", "/api/v1/login", None, 415, "unsupported_media"),
        ("POST", "/api/v1/login", Some(&json!([])), 400, "bad_json"),
        (
            "POST",
            "/api/v1/login",
            Some(&json!("admin")),
            400,
            "bad_json",
        ),
        (
            "POST",
            "/api/v1/login",
            Some(&json!({})),
            400,
            "bad_request",
        ),
        (
            "POST",
            "/api/v1/login",
            Some(&json!({"username": "a", "password": 1})),
            400,
            "bad_request",
        ),
    ] {
        let answer = server.http(method, path, &signed_in, body);
        assert_eq!(
            (answer.status, answer.code()),
            (status, code),
            "{method} {path} {answer:?}"
        );
        is_error_object(&answer);
    }
}

fn a_body_that_is_no_json_is_refused_as_what_it_is(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    for (kind, body, status, code) in [
        ("application/json", "{", 400, "bad_json"),
        ("application/json", "", 400, "bad_json"),
        (
            "application/json",
            "{\"username\": \"\u{fffd}",
            400,
            "bad_json",
        ),
        ("text/plain", "{}", 415, "unsupported_media"),
        (
            "application/x-www-form-urlencoded",
            "username=admin",
            415,
            "unsupported_media",
        ),
        ("application/jsonp", "{}", 415, "unsupported_media"),
    ] {
        let length = body.len();
        let answer = server.raw(&format!(
            "POST /api/v1/login HTTP/1.1\r\nHost: kefu\r\nConnection: close\r\n\
             Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        ));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status}")),
            "{kind} {head}"
        );
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["code"], json!(code));
    }
}

/// The same object as on the WebSocket, with `ref` `null`.
fn is_error_object(answer: &Answer) {
    assert_eq!(answer.header("content-type"), "application/json");
    let object = answer.body.as_object().unwrap();
    assert_eq!(object["type"], json!("error"));
    assert_eq!(object["ref"], json!(null));
    assert!(object["retryable"].is_boolean());
    assert!(!object["message"].as_str().unwrap().is_empty());
}

fn the_list_of_conversations_pages_without_repeats_or_holes(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let bearer = server.sign_in();
    let mut customers: Vec<Client> = (0..30)
        .map(|_| {
            let (mut customer, _) = Client::customer(&server, &token(), json!({}));
            customer.say(None, "first", "hello");
            customer
        })
        .collect();
    let list = |cursor: Option<&str>| {
        let before = cursor.map_or(String::new(), |cursor| format!("&before={cursor}"));
        let answer = server.get(&format!("/api/v1/conversations?limit=7{before}"), &bearer);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    };
    let (mut found, mut times): (Vec<usize>, Vec<String>) = (Vec::new(), Vec::new());
    let mut cursor: Option<String> = None;
    loop {
        let page = list(cursor.as_deref());
        let conversations = page["conversations"].as_array().unwrap();
        for one in conversations {
            found.push(one["id"].as_str().unwrap().parse().unwrap());
            times.push(one["last_message_at"].as_str().unwrap().to_owned());
            assert_eq!(one["last_message"]["seq"], one["last_seq"]);
            assert_eq!(
                (&one["unread"], &one["customer"]["online"]),
                (&json!(1), &json!(true))
            );
        }
        match page["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
        assert_eq!(conversations.len(), 7);
        // Meanwhile life goes on in what was listed already, and somebody new comes.
        for id in &found {
            customers[id - 1].say(None, &format!("later-{}", found.len()), "hello again");
        }
        let (mut new, _) = Client::customer(&server, &token(), json!({}));
        new.say(None, "first", "I am new");
    }
    assert!(
        times.is_sorted_by(|newer, older| newer >= older),
        "{times:?}"
    );
    found.sort_unstable();
    assert_eq!(found, (1..=30).collect::<Vec<_>>());
    // Exactly at the end there is no further page.
    let total = 30 + 4;
    let page = server
        .get(&format!("/api/v1/conversations?limit={total}"), &bearer)
        .body;
    assert_eq!(page["conversations"].as_array().unwrap().len(), total);
    assert_eq!(page["next"], json!(null));
    let page = server
        .get(
            &format!("/api/v1/conversations?limit={}", total - 1),
            &bearer,
        )
        .body;
    let cursor = page["next"].as_str().unwrap();
    let rest = server
        .get(&format!("/api/v1/conversations?before={cursor}"), &bearer)
        .body;
    assert_eq!(rest["conversations"].as_array().unwrap().len(), 1);
}

fn bad_ids_cursors_and_limits_are_refused(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let bearer = server.sign_in();
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    customer.say(None, "first", "hello");
    let list = "/api/v1/conversations";
    for query in [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=x",
        "limit=",
        "limit=1.5",
        "limit=99999999999999999999",
        "before=",
        "before=x",
        "before=1",
        "before=0-0",
        "before=1-1-1",
        "before=-1-1",
        "before='%20OR%201",
        "cursor=1-1",
        "limit=5&offset=3",
        "LIMIT=5",
    ] {
        let answer = server.get(&format!("{list}?{query}"), &bearer);
        assert_eq!(
            (answer.status, answer.code()),
            (400, "bad_request"),
            "{query}"
        );
        is_error_object(&answer);
    }
    for query in [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=x",
        "before=-1",
        "after=-1",
        "before=x",
        "after=",
        "before=1&after=1",
        "after=99999999999999999999",
        "since=1",
    ] {
        let answer = server.get(&format!("{list}/1/messages?{query}"), &bearer);
        assert_eq!(
            (answer.status, answer.code()),
            (400, "bad_request"),
            "{query}"
        );
    }
    for id in [
        "0",
        "-1",
        "01",
        "+1",
        "1.0",
        "x",
        "2",
        "%201",
        "1%00",
        "9223372036854775808",
        "１",
    ] {
        for rest in ["", "/messages"] {
            let id = id.replace('１', "%EF%BC%91");
            let answer = server.get(&format!("{list}/{id}{rest}"), &bearer);
            assert_eq!(
                (answer.status, answer.code()),
                (404, "conversation_not_found"),
                "{id}"
            );
        }
    }
    assert_eq!(
        server.get(&format!("{list}?limit=100"), &bearer).status,
        200
    );
    assert_eq!(
        server
            .get(&format!("{list}/1/messages?limit=200"), &bearer)
            .status,
        200
    );
}

fn nothing_outside_the_pages_is_served(engine: Engine) {
    let database = Database::new(engine);
    let pages = fill_pages(&database);
    fs::write(database.folder().join("secret.txt"), "a secret").unwrap();
    std::os::unix::fs::symlink("/etc", database.folder().join("etc")).unwrap();
    let server = Server::on(&database).start();
    assert!(pages.join("../secret.txt").exists());
    for path in [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/%2e%2e%2fsecret.txt",
        "/..%2fsecret.txt",
        "/..%5csecret.txt",
        "/..\\secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/%252e%252e/secret.txt",
        "/./../secret.txt",
        "/....//secret.txt",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/etc/passwd",
        "/.hidden",
        "/assets/..%2f.hidden",
        "/secret.txt%00.js",
        "/index.html%00",
        "/assets",
        "/assets/",
        "/api/v1/../../../secret.txt",
        "/c:/windows/win.ini",
    ] {
        let answer = server.raw(&format!(
            "GET {path} HTTP/1.1\r\nHost: kefu\r\nConnection: close\r\n\r\n"
        ));
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        assert!(
            answer.contains("\"code\":\"not_found\""),
            "{path}: {answer}"
        );
    }
}
