//! `kefu import`: what was exported comes in once, whole, and as it was.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use kefu::protocol::HitView;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    backup::fill,
    on_both_databases,
    support::{Client, Database, Engine, Server, token},
};

on_both_databases! {
    an_export_that_was_imported_is_exported_again_the_same
    it_is_the_same_on_the_other_engine_too
    an_import_that_was_killed_goes_on_and_ends_whole
    what_went_on_elsewhere_is_gone_on_with_and_what_went_on_here_stays
    people_are_known_again_and_what_they_said_is_found_and_counted
    a_bad_file_is_refused_by_its_line_and_nothing_of_it_comes_in
}

/// Runs the program on a database that no server runs on.
fn kefu(database: &Database, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kefu"));
    command
        .args(arguments)
        .env_clear()
        .env("DATABASE_URL", database.url())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn done(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn run(database: &Database, arguments: &[&str]) -> String {
    done(kefu(database, arguments).output().unwrap())
}

fn import(database: &Database, file: &Path) -> String {
    run(database, &["import", file.to_str().unwrap()])
}

fn export(database: &Database, name: &str) -> PathBuf {
    let file = database.folder().join(name);
    run(database, &["export", file.to_str().unwrap()]);
    file
}

fn lines(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What is in an export, without when it was made and its checksum.
fn held(file: &Path) -> Vec<Value> {
    let mut lines = lines(file);
    lines.remove(0);
    let end = lines.last_mut().unwrap();
    end["sha256"] = Value::Null;
    lines
}

/// A file of these lines with the end that belongs to them.
fn write(file: &Path, lines: &[Value]) {
    let mut text = String::new();
    for line in lines {
        text += &line.to_string();
        text += "\n";
    }
    let of = |kind: &str| lines.iter().filter(|line| line["type"] == kind).count();
    let sum = Sha256::digest(text.as_bytes())
        .iter()
        .fold(String::new(), |sum, byte| sum + &format!("{byte:02x}"));
    let end = json!({
        "type": "end", "conversations": of("conversation"), "messages": of("message"), "sha256": sum,
    });
    text.push_str(&end.to_string());
    fs::write(file, text + "\n").unwrap();
}

fn round_trip(from: Engine, to: Engine) {
    let database = Database::new(from);
    let server = Server::on(&database).start();
    fill(&server, &database);
    run(
        &database,
        &["dev", "seed", "--messages", "2000", "--append"],
    );
    let first = export(&database, "first.jsonl");

    let copy = Database::new(to);
    let said = import(&copy, &first);
    let end = &held(&first)[held(&first).len() - 1];
    let (conversations, messages) = (&end["conversations"], &end["messages"]);
    assert!(
        said.ends_with(&format!(
            "imported {conversations} conversations with {messages} messages; 0 were there already\n"
        )),
        "{said}"
    );
    assert!(
        said.contains("made the account admin, which is disabled"),
        "{said}"
    );
    assert!(said.contains("1 messages have files"), "{said}");
    let second = export(&copy, "second.jsonl");
    assert_eq!(held(&second), held(&first));

    // Once more changes nothing.
    let said = import(&copy, &first);
    assert_eq!(
        said,
        format!("imported 0 conversations with 0 messages; {conversations} were there already\n")
    );
    // Nor where it comes from.
    let said = import(&database, &first);
    assert!(
        said.starts_with("imported 0 conversations with 0 messages; "),
        "{said}"
    );
    for (database, name) in [(&copy, "third.jsonl"), (&database, "fourth.jsonl")] {
        assert_eq!(held(&export(database, name)), held(&first));
    }
}

fn an_export_that_was_imported_is_exported_again_the_same(engine: Engine) {
    round_trip(engine, engine);
}

fn it_is_the_same_on_the_other_engine_too(engine: Engine) {
    let other = match engine {
        Engine::Sqlite => Engine::Mysql,
        Engine::Mysql => Engine::Sqlite,
    };
    round_trip(engine, other);
}

fn an_import_that_was_killed_goes_on_and_ends_whole(engine: Engine) {
    let source = Database::new(engine);
    // A few conversations, so that it ends in the middle of one.
    let seed = ["dev", "seed", "--messages", "6000", "--conversations", "4"];
    run(&source, &seed);
    let file = export(&source, "all.jsonl");
    let copy = Database::new(engine);
    run(&copy, &["migrate"]);
    let mut count = copy.counter();
    let mut child = kefu(&copy, &["import", file.to_str().unwrap()])
        .spawn()
        .unwrap();
    while count("SELECT COUNT(*) AS n FROM messages") == 0 {
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before anything was there"
        );
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let came = count("SELECT COUNT(*) AS n FROM messages");
    assert!(came < 6_000, "it was killed too late: {came}");
    // It would wait until the one that was killed counts as gone.
    copy.execute("DELETE FROM leases");
    let said = import(&copy, &file);
    assert!(!said.contains("with 6000 messages"), "{said}");
    assert_eq!(held(&export(&copy, "copy.jsonl")), held(&file));
    // Two at once are none too many.
    let twin = Database::new(engine);
    run(&twin, &["migrate"]);
    let start = || {
        kefu(&twin, &["import", file.to_str().unwrap()])
            .spawn()
            .unwrap()
    };
    let ended = [start(), start()].map(|child| child.wait_with_output().unwrap());
    assert!(
        ended.iter().any(|output| output.status.success()),
        "{ended:?}"
    );
    for output in ended.iter().filter(|output| !output.status.success()) {
        // It has waited for the other long enough.
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains("another import is running"), "{told}");
    }
    assert_eq!(held(&export(&twin, "twin.jsonl")), held(&file));
}

fn what_went_on_elsewhere_is_gone_on_with_and_what_went_on_here_stays(engine: Engine) {
    let source = Database::new(engine);
    let server = Server::on(&source).start();
    let mine = token();
    let (mut customer, _) = Client::customer(&server, &mine, json!({}));
    customer.say(None, "a", "one");
    let early = export(&source, "early.jsonl");
    customer.say(None, "b", "two");
    customer.say(None, "c", "three");
    let late = export(&source, "late.jsonl");

    let copy = Database::new(engine);
    import(&copy, &early);
    let said = import(&copy, &late);
    assert_eq!(
        said,
        "imported 1 conversations with 2 messages; 0 were there already\n"
    );
    assert_eq!(held(&export(&copy, "copy.jsonl")), held(&late));
    // The older one has nothing to add.
    let said = import(&copy, &early);
    assert!(
        said.starts_with("imported 0 conversations with 0 messages; 1 were"),
        "{said}"
    );

    // Here the same customer goes on: they are known by what their browser keeps.
    let apart = Database::new(engine);
    import(&apart, &early);
    let there = Server::on(&apart).start();
    let (mut same, welcome) = Client::customer(&there, &mine, json!({}));
    assert_eq!(welcome.conversations.len(), 1);
    let id = welcome.conversations[0].id;
    assert_eq!(same.say(None, "d", "something else"), (id, 2, false));
    let said = import(&apart, &late);
    assert!(
        said.starts_with(&format!(
            "line 2: conversation {id} goes on in another way here; it stays as it is\n"
        )),
        "{said}"
    );
    let texts: Vec<_> = apart.messages().into_iter().map(|row| row.text).collect();
    assert_eq!(texts, ["one", "something else"]);

    // Who talks already in another conversation here has one that goes on, not two.
    let busy = Database::new(engine);
    let there = Server::on(&busy).start();
    Client::customer(&there, &mine, json!({}))
        .0
        .say(None, "x", "hello");
    import(&busy, &late);
    let open = "SELECT COUNT(*) AS n FROM conversations WHERE status";
    assert_eq!(
        busy.count(&format!(
            "{open} = 'closed' AND last_seq = 3 AND closed_at IS NOT NULL"
        )),
        1
    );
    assert_eq!(
        busy.count(&format!("{open} = 'waiting' AND last_seq = 1")),
        1
    );
    assert_eq!(busy.count("SELECT COUNT(*) AS n FROM customers"), 1);
}

fn people_are_known_again_and_what_they_said_is_found_and_counted(engine: Engine) {
    let source = Database::new(engine);
    let server = Server::on(&source).start();
    for username in ["li", "wang"] {
        let made = server.command(&["agent", "add", username], "a long password");
        assert!(made.status.success(), "{made:?}");
    }
    let mine = token();
    let (mut customer, _) = Client::customer(&server, &mine, json!({}));
    let (id, ..) = customer.say(None, "a", "Where is my teapot? 我的茶壶呢？");
    for (username, words) in [("li", "On its way"), ("wang", "It has come")] {
        let bearer = server.sign_in_as(username, "a long password");
        Client::agent(&server, &bearer, json!({}))
            .0
            .say(Some(id), username, words);
    }
    let file = export(&source, "all.jsonl");
    let began = lines(&file)[1]["created_at"].as_str().unwrap()[..10].to_owned();

    let copy = Database::new(engine);
    let there = Server::on(&copy).start();
    let made = there.command(
        &["agent", "add", "wang", "--name", "Wang Fang"],
        "a long password",
    );
    assert!(made.status.success(), "{made:?}");
    // As somebody would pipe it in, while the server runs.
    let piped = there.command(&["import", "-"], &fs::read_to_string(&file).unwrap());
    let said = done(piped);
    assert!(
        said.starts_with("made the account li, which is disabled\nimported 1 "),
        "{said}"
    );
    let wrote = |username: &str| {
        let of = format!("sender_id = (SELECT id FROM agents WHERE username = '{username}')");
        copy.count(&format!(
            "SELECT COUNT(*) AS n FROM messages WHERE sender_role = 'agent' AND kind = 'text' AND {of}"
        ))
    };
    assert_eq!((wrote("li"), wrote("wang")), (1, 1));
    let disabled = "SELECT COUNT(*) AS n FROM agents WHERE disabled_at IS NOT NULL";
    assert_eq!(
        copy.count(&format!(
            "{disabled} AND username = 'li' AND role = 'agent'"
        )),
        1
    );
    assert_eq!(copy.count(disabled), 1);
    let (_, welcome) = Client::customer(&there, &mine, json!({}));
    assert_eq!(welcome.conversations.len(), 1);

    let admin = there.sign_in();
    let hits = there.get("/api/v1/search?q=teapot", &admin);
    let hits: Vec<HitView> = serde_json::from_value(hits.body["hits"].clone()).unwrap();
    assert_eq!(hits.len(), 1);
    // By the index, once; the server may have put into it by now that li is not there.
    let indexed = "SELECT COUNT(*) AS n FROM search_segments WHERE first_seq = 1 AND last_seq >= 4";
    assert_eq!(copy.count(indexed), 1);
    let report = there.get(
        &format!("/api/v1/reports?from={began}&to={began}&tz=UTC"),
        &admin,
    );
    assert_eq!(report.status, 200, "{}", report.body);
    let total = &report.body["report"]["total"];
    assert_eq!(total["conversations"], 1, "{}", report.body);
}

/// Exports with one wrong line each: which, all lines, and what is said of it.
fn wrong(body: &[Value]) -> Vec<(usize, Vec<Value>, &'static str)> {
    let first = |is: &dyn Fn(&Value) -> bool| body.iter().position(is).unwrap();
    let agent = first(&|line| line["from"]["role"] == "agent");
    let event = first(&|line| line["kind"] == "event");
    let name = json!("x".repeat(201));
    let table = [
        (0, "/type", json!("message"), "missing field"),
        (
            0,
            "/version",
            json!(2),
            "version is 2; this program knows 1",
        ),
        (0, "/version", json!("one"), "version must be 1"),
        (1, "/type", json!("export"), "version must be"),
        (1, "/status", json!("lost"), "unknown variant `lost`"),
        (1, "/channel", json!("pigeon"), "unknown variant `pigeon`"),
        (
            1,
            "/created_at",
            json!("today"),
            "created_at must be a time",
        ),
        (
            1,
            "/customer",
            Value::Null,
            "shared room cannot be imported",
        ),
        (1, "/customer/key", json!("00"), "customer.key must be 64"),
        (
            1,
            "/customer/name",
            name,
            "customer.name must have at most 200",
        ),
        (1, "/id", json!("9223372036854775807"), "id must be at most"),
        (1, "/read/agent", json!(-1), "read.agent must be 0 or more"),
        (1, "/tagged", Value::Null, "invalid type: null"),
        (2, "/seq", json!(0), "seq must be 1 or more"),
        (3, "/seq", json!(7), "seq must be 2, not 7"),
        (2, "/conversation", json!("77"), "must stand below its conv"),
        (
            2,
            "/kind",
            json!("song"),
            "kind must be text, file, note or",
        ),
        (2, "/client_id", json!("a b"), "client_id must be 1 to 64"),
        (
            2,
            "/from/id",
            json!("77"),
            "from.id must be that of the conv",
        ),
        (
            2,
            "/from/role",
            json!("boss"),
            "from.role must be customer,",
        ),
        (
            agent,
            "/from/username",
            json!("A B"),
            "from.username must be a user",
        ),
        (
            event,
            "/kind",
            json!("text"),
            "event must be there where kind",
        ),
    ];
    let made = table.map(|(line, path, value, says)| {
        let mut lines = body.to_vec();
        *lines[line].pointer_mut(path).unwrap() = value;
        (line, lines, says)
    });
    made.into()
}

fn a_bad_file_is_refused_by_its_line_and_nothing_of_it_comes_in(engine: Engine) {
    let source = Database::new(engine);
    run(
        &source,
        &["dev", "seed", "--messages", "60", "--conversations", "6"],
    );
    let good = export(&source, "good.jsonl");
    let text = fs::read_to_string(&good).unwrap();
    let whole = lines(&good);
    let body = &whole[..whole.len() - 1];

    let copy = Database::new(engine);
    run(&copy, &["migrate"]);
    let refused = |what: &str, text: &[u8], says: &str| {
        let file = copy.folder().join("bad.jsonl");
        fs::write(&file, text).unwrap();
        let output = kefu(&copy, &["import", file.to_str().unwrap()])
            .output()
            .unwrap();
        assert!(!output.status.success(), "{what}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(says), "{what}: {told}");
        told
    };
    let cut = &text[..text.len() / 2];
    let at = cut.rfind('\n').unwrap();
    refused("empty", b"", "line 1: the end is missing");
    refused("cut", &cut.as_bytes()[..=at], "the end is missing");
    refused(
        "cut in a line",
        cut.as_bytes(),
        "it is no line of an export",
    );
    refused(
        "more",
        format!("{text}{{}}\n").as_bytes(),
        "nothing must come after the end",
    );
    refused(
        "csv",
        b"\xef\xbb\xbfconversation,began\n",
        "line 1: it is no line of an export",
    );
    refused(
        "bytes",
        b"{\"type\":\"export\",\xff}\n",
        "line 1: it must be UTF-8",
    );
    let swapped = text.replacen("\"text\":\"", "\"text\":\"x", 1);
    refused("changed", swapped.as_bytes(), "the checksum is another");

    for (line, lines, says) in wrong(body) {
        let file = copy.folder().join("made.jsonl");
        write(&file, &lines);
        let told = refused(says, &fs::read(&file).unwrap(), says);
        let place = format!("bad.jsonl: line {}: ", line + 1);
        assert!(told.contains(&place), "{told}");
    }
    // The newest comes first, and none comes twice.
    let mut twice = body.to_vec();
    twice.extend_from_slice(&body[1..]);
    let file = copy.folder().join("made.jsonl");
    write(&file, &twice);
    let told = fs::read(&file).unwrap();
    refused(
        "twice",
        &told,
        &format!("line {}: conversation", body.len() + 1),
    );
    for table in ["conversations", "customers", "messages", "agents"] {
        assert_eq!(
            copy.count(&format!("SELECT COUNT(*) AS n FROM {table}")),
            0,
            "{table}"
        );
    }
}
