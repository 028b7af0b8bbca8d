//! The audit log: who did what, from where; added to, never changed; for admins only.

use diesel::{RunQueryDsl, sql_query};
use serde_json::{Value, json};

use crate::{
    on_both_databases,
    support::{ADMIN_PASSWORD, Answer, Client, Database, Engine, Server, token},
};

on_both_databases! {
    who_signs_in_and_changes_what_is_told_from_where
    an_attempt_without_the_role_gets_nothing_and_is_told
    the_log_is_read_by_filters_page_by_page
    an_export_holds_the_same_as_the_pages_and_no_formula
    no_password_and_no_text_is_in_the_log
    what_is_done_on_the_command_line_is_told_as_such
}

pub fn call(
    server: &Server,
    method: &str,
    path: &str,
    bearer: &str,
    body: Option<&Value>,
) -> Answer {
    let bearer = format!("Bearer {bearer}");
    let path = format!("/api/v1{path}");
    let headers = [("authorization", bearer.as_str())];
    server.http(method, &path, &headers, body)
}

/// The entries that fit, the oldest first.
pub fn entries(server: &Server, admin: &str, query: &str) -> Vec<Value> {
    let answer = call(
        server,
        "GET",
        &format!("/audit?limit=200{query}"),
        admin,
        None,
    );
    assert_eq!(answer.status, 200, "{}", answer.body);
    let mut entries = answer.body["entries"].as_array().unwrap().clone();
    entries.reverse();
    entries
}

fn actions(entries: &[Value]) -> Vec<&str> {
    let name = |entry: &Value| entry["action"].as_str().map(str::to_owned);
    assert!(entries.iter().all(|entry| name(entry).is_some()));
    entries
        .iter()
        .filter_map(|entry| entry["action"].as_str())
        .collect()
}

fn agent(server: &Server, admin: &str, username: &str, role: &str) -> String {
    let body =
        json!({"username": username, "name": username, "role": role, "password": "her-password"});
    let made = call(server, "POST", "/accounts", admin, Some(&body));
    assert_eq!(made.status, 201, "{}", made.body);
    server.sign_in_as(username, "her-password")
}

fn who_signs_in_and_changes_what_is_told_from_where(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database)
        .with("KEFU_TRUSTED_PROXIES", "127.0.0.1")
        .start();
    let admin = server.sign_in();
    let from = [("x-forwarded-for", "203.0.113.7")];
    for username in ["admin", "my-password-by-mistake"] {
        let wrong = json!({"username": username, "password": "not-the-password"});
        let answer = server.http("POST", "/api/v1/login", &from, Some(&wrong));
        assert_eq!(answer.code(), "bad_credentials");
    }
    let li = agent(&server, &admin, "li", "agent");
    let body = json!({"sections": {"look": {"version": 0, "value": {"name": "Tea"}}}});
    let changed = call(&server, "PUT", "/settings", &admin, Some(&body));
    assert_eq!(changed.status, 200, "{}", changed.body);
    let body = json!({"network": "198.51.100.0/24", "for_s": 60, "reason": "flood"});
    let made = call(&server, "POST", "/blocks", &admin, Some(&body));
    let block = made.body["block"]["id"].as_str().unwrap().to_owned();
    let lifted = call(&server, "DELETE", &format!("/blocks/{block}"), &admin, None);
    assert_eq!(lifted.status, 204);
    let accounts = call(&server, "GET", "/accounts", &admin, None);
    let accounts = accounts.body["accounts"].as_array().unwrap().clone();
    let id = accounts.iter().find(|one| one["username"] == "li").unwrap()["id"].clone();
    let path = format!("/accounts/{}", id.as_str().unwrap());
    let own = json!({"current": "her-password", "new": "her-new-password"});
    assert_eq!(
        call(&server, "POST", "/me/password", &li, Some(&own)).status,
        204
    );
    assert_eq!(call(&server, "POST", "/logout", &li, None).status, 204);
    let change = json!({"role": "supervisor"});
    assert_eq!(
        call(&server, "PATCH", &path, &admin, Some(&change)).status,
        200
    );
    let reset = call(
        &server,
        "POST",
        &format!("{path}/password"),
        &admin,
        Some(&json!({})),
    );
    assert_eq!(reset.status, 200);

    let all = entries(&server, &admin, "");
    assert_eq!(
        actions(&all),
        [
            "signed_in",
            "sign_in_failed",
            "sign_in_failed",
            "account_added",
            "signed_in",
            "settings_changed",
            "blocked",
            "block_lifted",
            "password_changed",
            "signed_out",
            "account_changed",
            "password_reset",
        ]
    );
    assert_eq!(all[1]["address"], "203.0.113.7");
    assert_eq!(all[1]["username"], "admin");
    assert_eq!(all[2]["username"], "", "it may have been a password");
    assert_eq!(all[2]["agent"], Value::Null);
    assert_eq!(all[3]["username"], "admin");
    assert_eq!(all[3]["subject"], json!({"kind": "account", "id": id}));
    assert_eq!(all[3]["details"]["role"], "agent");
    assert_eq!(all[5]["details"]["sections"], json!(["look"]));
    assert_eq!(all[6]["details"]["network"], "198.51.100.0/24");
    assert_eq!(all[8]["username"], "li");
    assert_eq!(all[10]["details"]["changed"]["role"], "supervisor");
}

fn an_attempt_without_the_role_gets_nothing_and_is_told(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let li = agent(&server, &admin, "li", "agent");
    let wu = agent(&server, &admin, "wu", "supervisor");
    for bearer in [&li, &wu] {
        for path in ["/audit", "/audit/export?format=csv", "/settings"] {
            let answer = call(&server, "GET", path, bearer, None);
            assert_eq!((answer.status, answer.code()), (403, "forbidden"));
        }
    }
    assert_eq!(
        call(&server, "GET", "/history?text=secret", &li, None).code(),
        "forbidden"
    );
    let mine = token();
    let (mut customer, _) = Client::customer(&server, &mine, json!({}));
    customer.say(None, "first", "hello");
    assert_eq!(
        call(&server, "GET", "/audit", &mine, None).code(),
        "not_signed_in"
    );
    assert_eq!(
        server.http("GET", "/api/v1/audit", &[], None).code(),
        "not_signed_in"
    );

    let told = entries(&server, &admin, "&action=refused");
    assert_eq!(told.len(), 8);
    assert_eq!(told[0]["username"], "li");
    assert_eq!(
        told[0]["details"],
        json!({"method": "GET", "path": "/api/v1/audit"})
    );
    assert_eq!(told[6]["details"]["path"], "/api/v1/history");
    assert_eq!(told[7]["agent"], Value::Null, "the customer");
}

fn the_log_is_read_by_filters_page_by_page(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    for _ in 0..5 {
        server.sign_in();
    }
    let mut seen = Vec::new();
    let mut before = String::new();
    loop {
        let page = call(
            &server,
            "GET",
            &format!("/audit?limit=2{before}"),
            &admin,
            None,
        );
        assert_eq!(page.header("cache-control"), "no-store");
        seen.extend(page.body["entries"].as_array().unwrap().clone());
        let Some(next) = page.body["next"].as_str() else {
            break;
        };
        before = format!("&before={next}");
    }
    seen.reverse();
    assert_eq!(seen, entries(&server, &admin, ""));
    assert_eq!(seen.len(), 6);
    let first = &seen[0];
    let count = |query: &str| entries(&server, &admin, query).len();
    assert_eq!(
        count(&format!("&agent={}", first["agent"].as_str().unwrap())),
        6
    );
    assert_eq!(count("&agent=99"), 0);
    assert_eq!(count("&action=signed_out"), 0);
    assert_eq!(
        count(&format!("&from={}", first["at"].as_str().unwrap())),
        6
    );
    assert_eq!(count(&format!("&to={}", first["at"].as_str().unwrap())), 0);
    for query in [
        "agent=x",
        "action=x",
        "from=x",
        "limit=0",
        "limit=201",
        "before=x",
        "who=1",
    ] {
        let answer = call(&server, "GET", &format!("/audit?{query}"), &admin, None);
        assert_eq!(
            (answer.status, answer.code()),
            (400, "bad_request"),
            "{query}"
        );
    }
}

fn an_export_holds_the_same_as_the_pages_and_no_formula(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    // More than one page of the export, and somebody who wants to be a formula.
    let row = "('2026-11-25 08:00:00.000', '=1+1', 'signed_in', '{}')";
    let rows = vec![row; 1_200].join(", ");
    database.execute(&format!(
        "INSERT INTO audit_log (at, username, action, details) VALUES {rows}"
    ));
    let fetch = |format: &str| {
        let path = format!("/audit/export?format={format}&action=signed_in");
        let answer = call(&server, "GET", &path, &admin, None);
        answer.body.as_str().unwrap().to_owned()
    };
    let csv = fetch("csv");
    assert!(csv.starts_with("\u{feff}id,at,agent,username,"));
    assert_eq!(csv.lines().count(), 1 + 1_201);
    assert_eq!(csv.matches(",'=1+1,").count(), 1_200);
    assert!(!csv.contains(",=1+1"));
    let lines = fetch("jsonl");
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 1_201);
    assert!(lines.windows(2).all(|two| {
        let id = |entry: &Value| entry["id"].as_str().unwrap().parse::<i64>().unwrap();
        id(&two[0]) > id(&two[1])
    }));
    assert_eq!(entries(&server, &admin, "&action=audit_read").len(), 2);
    let answer = call(&server, "GET", "/audit/export?format=xls", &admin, None);
    assert_eq!((answer.status, answer.code()), (400, "bad_request"));
}

fn no_password_and_no_text_is_in_the_log(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let li = agent(&server, &admin, "li", "agent");
    let wrong = json!({"username": "li", "password": "a-wrong-password"});
    server.http("POST", "/api/v1/login", &[], Some(&wrong));
    call(&server, "GET", "/history?text=private-words", &li, None);
    let all = format!("{:?}", entries(&server, &admin, ""));
    for secret in [
        ADMIN_PASSWORD,
        "her-password",
        "a-wrong-password",
        "private-words",
        &admin,
        &li,
    ] {
        assert!(!all.contains(secret));
    }
}

fn what_is_done_on_the_command_line_is_told_as_such(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let file = |name: &str| database.folder().join(name).display().to_string();
    let (jsonl, backup) = (file("all.jsonl"), file("all.backup"));
    let run = |arguments: &[&str]| server.command(arguments, "a long password");
    for arguments in [
        &["agent", "add", "li", "--role", "supervisor"][..],
        &["agent", "set-password", "li"],
        &["agent", "totp-off", "li"],
        &["agent", "disable", "li"],
        &["export", &jsonl, "--status", "closed", "--q", "private"],
        &["import", &jsonl],
        &["backup", &backup],
    ] {
        let done = run(arguments);
        assert!(done.status.success(), "{done:?}");
    }
    // What was not done is not told.
    for arguments in [
        &["agent", "add", "li"][..],
        &["agent", "set-password", "nobody"],
        &["agent", "disable", "nobody"],
        &["agent", "list"],
    ] {
        run(arguments);
    }
    let all = entries(&server, &admin, "");
    assert_eq!(
        actions(&all),
        [
            "signed_in",
            "account_added",
            "password_reset",
            "second_factor_off",
            "account_changed",
            "exported",
            "imported",
            "backed_up",
        ]
    );
    for entry in &all[1..] {
        assert_eq!(entry["address"], "command line");
        assert_eq!(
            (&entry["agent"], &entry["username"]),
            (&Value::Null, &json!(""))
        );
    }
    let id = database.count("SELECT id AS n FROM agents WHERE username = 'li'");
    for entry in &all[1..5] {
        assert_eq!(
            entry["subject"],
            json!({"kind": "account", "id": id.to_string()})
        );
    }
    assert_eq!(
        all[1]["details"],
        json!({"username": "li", "role": "supervisor"})
    );
    assert_eq!(all[4]["details"], json!({"changed": {"disabled": true}}));
    assert_eq!(
        all[5]["details"],
        json!({"format": "jsonl", "filter": ["status=closed", "q"]})
    );
    assert_eq!(
        all[6]["details"],
        json!({"conversations": 0, "messages": 0})
    );
}

#[test]
fn sqlite_itself_refuses_to_change_the_log() {
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database).start();
    server.sign_in();
    for statement in [
        "UPDATE audit_log SET username = 'x'",
        "DELETE FROM audit_log",
    ] {
        let refused = sql_query(statement).execute(&mut database.sqlite());
        assert!(refused.unwrap_err().to_string().contains("append-only"));
    }
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM audit_log"), 1);
}
