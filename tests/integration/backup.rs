//! A backup while the service runs, and a restore into an empty database of either engine.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Output,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
};

use serde_json::{Value, json};

use crate::{
    audit::call,
    files::{posted, send},
    on_both_databases,
    settings::put,
    support::{Client, Database, Engine, Server, token},
};

on_both_databases! {
    a_restore_holds_every_row_and_file_on_the_same_engine
    a_restore_holds_every_row_and_file_on_the_other_engine
    a_backup_while_people_write_is_of_one_moment
    what_cannot_be_restored_is_refused_and_leaves_nothing
}

const NASTY: &str =
    "\"quotes\" 'single' \\ back\\nslash % _ 你好 🎉 \u{2028} \u{1} \t\r\nend; -- `x` $1 ?";

/// A service with something in every table.
pub fn fill(server: &Server, database: &Database) -> (String, String, i64) {
    let admin = server.sign_in();
    let mine = token();
    let (mut client, _) = Client::customer(server, &mine, json!({}));
    client.say(None, "first", NASTY);
    let bytes: Vec<u8> = (0..200_000_u32).map(|n| b'a' + (n % 26) as u8).collect();
    let file = send(server, &mine, "%E5%90%8D%20a.txt", &bytes);
    let file = file.body["file"]["id"].as_str().unwrap().to_owned();
    posted(&mut client, json!({"client_id": "f", "file": file})).unwrap();
    let id = database.count("SELECT MAX(id) AS n FROM conversations");
    let ok = |method: &str, path: &str, body: Value| {
        let answer = call(server, method, path, &admin, Some(&body));
        assert!(answer.status < 300, "{path}: {}", answer.body);
        answer.body
    };
    ok(
        "POST",
        &format!("/conversations/{id}/tags"),
        json!({"name": "VIP 客户"}),
    );
    ok(
        "PUT",
        &format!("/conversations/{id}/hold"),
        json!({"reason": NASTY.replace('\u{1}', "")}),
    );
    ok(
        "POST",
        "/blocks",
        json!({"network": "198.51.100.0/24", "for_s": null, "reason": "flood"}),
    );
    ok(
        "POST",
        "/saved-replies",
        json!({"shortcut": "hi", "title": null, "text": "hello\n你好", "shared": true}),
    );
    ok(
        "POST",
        "/me/totp",
        json!({"password": crate::support::ADMIN_PASSWORD}),
    );
    assert_eq!(
        put(server, &admin, "look", 0, json!({"name": "茶 & Tea"})).status,
        200
    );
    let hash = match database.engine {
        Engine::Sqlite => "X'000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0eff'",
        Engine::Mysql => "0x000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0eff",
    };
    database.execute(&format!(
        "INSERT INTO agent_recovery_codes (code_hash, agent_id) VALUES ({hash}, 1)"
    ));
    database.execute(&format!(
        "INSERT INTO customer_tokens (token_hash, customer_id, created_at) VALUES ({hash}, 1, '2026-01-01 00:00:00')"
    ));
    database.execute(&format!(
        "INSERT INTO ratings (conversation_id, score, comment, rated_at, changed_at) \
         VALUES ({id}, 5, 'gut, 好', '2026-01-01 00:00:00', '2026-01-01 00:00:00.120')"
    ));
    database.execute(
        "INSERT INTO erasures (customer_id, agent_id, erased_at, conversations, messages, files, bytes) \
         VALUES (1, 1, '2026-01-01 00:00:00', 1, 2, 3, 9007199254740993)",
    );
    database.execute("UPDATE customers SET attributes = '{\"plan\":[\"pro\",1]}', name = 'Ana'");
    let (mut agent, _) = Client::agent(server, &admin, json!({}));
    posted(
        &mut agent,
        json!({"conversation": id.to_string(), "client_id": "n", "text": "note", "kind": "note"}),
    )
    .unwrap();
    agent.send(&json!({"type": "presence.set", "ref": "p", "away": true}));
    (admin, file, id)
}

fn run(server: &Server, verb: &str, file: &Path) -> Output {
    server.command(&[verb, file.to_str().unwrap()], "")
}

fn backup(server: &Server, database: &Database, name: &str) -> PathBuf {
    let file = database.folder().join(name);
    let done = run(server, "backup", &file);
    assert!(done.status.success(), "{done:?}");
    file
}

/// Restores on the settings of a server that never runs.
fn restore(into: &Database, file: &Path) -> Output {
    std::process::Command::new(env!("CARGO_BIN_EXE_kefu"))
        .args(["restore", file.to_str().unwrap()])
        .env_clear()
        .env("DATABASE_URL", into.url())
        .env("KEFU_FILES", into.folder().join("files"))
        .output()
        .unwrap()
}

/// The rows of each table and the pieces of files, in an order that does not matter. Times as they compare.
fn rows(file: &Path) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut table = String::new();
    for line in fs::read_to_string(file).unwrap().lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        if let Some(name) = value["table"].as_str() {
            let columns = value["columns"].to_string();
            table = format!("{name} {columns}");
            found.entry(table.clone()).or_default();
        } else if let Some(row) = value.as_array() {
            let plain = |cell: &Value| match cell {
                Value::String(text) => {
                    let time = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f");
                    time.map_or_else(|_| text.clone(), |time| time.to_string())
                }
                other => other.to_string(),
            };
            let row: Vec<_> = row.iter().map(plain).collect();
            found
                .entry(table.clone())
                .or_default()
                .push(row.join("\u{0}"));
        } else if value["file"].is_string() {
            found
                .entry("files".to_owned())
                .or_default()
                .push(line.to_owned());
        }
    }
    for rows in found.values_mut() {
        rows.sort();
    }
    found
}

/// The same with columns by name: the engines need not have them in the same order.
fn by_column(file: &Path) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for (head, rows) in rows(file) {
        let Some((table, columns)) = head.split_once(' ') else {
            found.insert(head, rows);
            continue;
        };
        let columns: Vec<String> = serde_json::from_str(columns).unwrap();
        let mut named: Vec<_> = (rows.iter())
            .map(|row| {
                let mut cells: Vec<_> = (columns.iter().zip(row.split('\u{0}')))
                    .map(|(name, cell)| {
                        // HEX of nothing is "" on SQLite and null on MySQL.
                        let cell = if cell.is_empty() && name.ends_with("_hash") {
                            "null"
                        } else {
                            cell
                        };
                        format!("{name}={cell}")
                    })
                    .collect();
                cells.sort();
                cells.join("\u{0}")
            })
            .collect();
        named.sort();
        found.insert(table.to_owned(), named);
    }
    found
}

fn round_trip(from: Engine, to: Engine) {
    let database = Database::new(from);
    let server = Server::on(&database).start();
    let (_, file, id) = fill(&server, &database);
    let made = backup(&server, &database, "kefu.backup");
    let copy = Database::new(to);
    let done = restore(&copy, &made);
    assert!(done.status.success(), "{done:?}");
    assert_eq!(copy.messages(), database.messages());
    assert_eq!(copy.messages()[0].text, NASTY);
    let bytes =
        |database: &Database| fs::read(database.folder().join("files").join(&file)).unwrap();
    assert_eq!(bytes(&copy), bytes(&database));
    // A backup of the copy, before anybody uses it, is the same, table by table.
    let second = copy.folder().join("second.backup");
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_kefu"))
        .args(["backup", second.to_str().unwrap()])
        .env_clear()
        .env("DATABASE_URL", copy.url())
        .env("KEFU_FILES", copy.folder().join("files"))
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    let (first, second) = (by_column(&made), by_column(&second));
    for (table, rows) in &first {
        assert!(!rows.is_empty(), "the test has nothing in {table}");
        let mut again = second[table].clone();
        if table == "audit_log" {
            // Only this says that it is a copy.
            let (new, old): (Vec<_>, Vec<_>) =
                again.into_iter().partition(|row| !rows.contains(row));
            assert_eq!(new.len(), 2, "{new:?}");
            for action in ["action=restored", "action=backed_up"] {
                assert!(new.iter().any(|row| row.contains(action)), "{new:?}");
            }
            again = old;
        }
        assert_eq!(again, *rows, "{table}");
    }
    assert_eq!(first.len(), second.len());
    // And it serves: the same admin signs in, the numbers go on.
    let server = Server::on(&copy).start();
    let admin = server.sign_in();
    let page = call(
        &server,
        "GET",
        &format!("/conversations/{id}/messages"),
        &admin,
        None,
    );
    assert_eq!(page.body["messages"][0]["text"], NASTY);
    let (mut client, _) = Client::customer(&server, &token(), json!({}));
    client.say(None, "new", "after the restore");
    assert_eq!(copy.count("SELECT MAX(id) AS n FROM conversations"), id + 1);
}

fn a_restore_holds_every_row_and_file_on_the_same_engine(engine: Engine) {
    round_trip(engine, engine);
}

fn a_restore_holds_every_row_and_file_on_the_other_engine(engine: Engine) {
    let other = match engine {
        Engine::Sqlite => Engine::Mysql,
        Engine::Mysql => Engine::Sqlite,
    };
    round_trip(engine, other);
}

fn a_backup_while_people_write_is_of_one_moment(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let stop = AtomicBool::new(false);
    let made = thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let (mut client, _) = Client::customer(&server, &token(), json!({}));
                let mut n = 0;
                while !stop.load(Relaxed) {
                    n += 1;
                    client.say(None, &format!("m{n}"), "words");
                }
            });
        }
        let made: Vec<_> = (0..3)
            .map(|n| backup(&server, &database, &format!("{n}.backup")))
            .collect();
        stop.store(true, Relaxed);
        made
    });
    for file in made {
        let copy = Database::new(engine);
        let done = restore(&copy, &file);
        assert!(done.status.success(), "{done:?}");
        let astray = copy.count(
            "SELECT COUNT(*) AS n FROM conversations c WHERE c.last_seq <> \
             (SELECT COUNT(*) FROM messages m WHERE m.conversation_id = c.id)",
        );
        assert_eq!(astray, 0);
    }
}

fn what_cannot_be_restored_is_refused_and_leaves_nothing(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    fill(&server, &database);
    let made = backup(&server, &database, "kefu.backup");
    let says = |done: Output, what: &str| {
        assert!(!done.status.success());
        let text = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(text.contains(what), "{text}");
    };
    says(run(&server, "backup", &made), "is there already");
    says(run(&server, "restore", &made), "not empty");
    let text = fs::read_to_string(&made).unwrap();
    let copy = Database::new(engine);
    let with = |name: &str, text: &str| {
        let file = copy.folder().join(name);
        fs::write(&file, text).unwrap();
        restore(&copy, &file)
    };
    says(with("empty", ""), "end is missing");
    says(with("cut", &text[..text.len() / 2]), "");
    let last = text.trim_end().rfind('\n').unwrap();
    says(with("without-end", &text[..last]), "end is missing");
    says(
        with(
            "changed",
            &text
                .replacen("words", "sword", 1)
                .replacen("Admin", "Nimda", 1),
        ),
        "checksum",
    );
    says(restore(&copy, &copy.folder().join("nowhere")), "");
    // Nothing of them is there: a whole one still goes in.
    let done = restore(&copy, &made);
    assert!(done.status.success(), "{done:?}");
    let other = Database::new(engine);
    let older = text.replacen("\"tables_of\":\"", "\"tables_of\":\"1999", 1);
    let end = older.trim_end().rfind('\n').unwrap() + 1;
    let (body, _) = older.split_at(end);
    let rows = body.lines().filter(|line| line.starts_with('[')).count();
    let hash = sha256(body.as_bytes());
    let older = format!(
        "{body}{}\n",
        json!({"end": true, "rows": rows, "files": 1, "sha256": hash})
    );
    let file = other.folder().join("older");
    fs::write(&file, older).unwrap();
    says(restore(&other, &file), "1999");
}

fn sha256(bytes: &[u8]) -> String {
    use std::process::{Command, Stdio};
    let mut child = Command::new("sha256sum")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), bytes).unwrap();
    let out = child.wait_with_output().unwrap().stdout;
    String::from_utf8(out).unwrap()[..64].to_owned()
}
