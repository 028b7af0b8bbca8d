//! The program at the terminal: what it says, and how it ends.

use std::{
    io::Write,
    net::TcpListener,
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    on_both_databases,
    support::{Database, Engine, Server},
};

on_both_databases! {
    migrate_brings_an_empty_database_up_to_date_and_then_has_nothing_to_do
    accounts_are_made_listed_changed_and_disabled
    mistakes_with_accounts_are_explained_and_change_nothing
    a_database_of_a_newer_version_is_refused
    a_port_in_use_is_explained
    a_start_that_fails_does_not_swallow_the_first_password
}

/// How long a command may take that does not serve.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the program with nothing but these settings; ends it if it does not end by itself.
fn kefu(arguments: &[&str], settings: &[(&str, &str)], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kefu"))
        .args(arguments)
        .env_clear()
        .envs(settings.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have ended already, over another mistake.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("{arguments:?} did not end: {:?}", child.wait_with_output());
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What went wrong, in the program's words; `status` is the exit code.
fn err(output: &Output, status: i32) -> String {
    assert_eq!(output.status.code(), Some(status), "{output:?}");
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(!text.contains("panicked"), "{text}");
    text
}

#[test]
fn help_names_every_setting() {
    let help = out(&kefu(&["serve", "--help"], &[], ""));
    let source = include_str!("../../src/config.rs");
    let names: Vec<&str> = source
        .split("env = \"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        assert!(help.contains(&format!("[env: {name}")), "{name}: {help}");
    }
    // A setting that is secret does not print, wherever it comes from.
    let secret = [
        ("KEFU_ADMIN_PASSWORD", "a-secret-password"),
        ("DATABASE_URL", "mysql://u:a-secret-password@h/d"),
    ];
    let help = out(&kefu(&["serve", "--help"], &secret, ""));
    assert!(!help.contains("a-secret"), "{help}");
    let verbs = out(&kefu(&["--help"], &[], ""));
    for verb in ["serve", "migrate", "agent", "check-config"] {
        assert!(verbs.contains(verb), "{verbs}");
    }
    assert!(out(&kefu(&["--version"], &[], "")).starts_with("kefu "));
}

#[test]
fn check_config_names_all_problems_at_once() {
    let wrong = [
        ("KEFU_TEXT_CHARS", "0"),
        ("KEFU_FRAME_BYTES", "17"),
        ("KEFU_HEARTBEAT_S", "0"),
        ("KEFU_WRITE_BATCH", "1000000"),
        ("KEFU_STOP_S", "9999"),
        ("KEFU_DATABASE_PATIENCE_MS", "1"),
        ("KEFU_ORIGINS", "https://good.example,www.bad.example"),
        ("KEFU_FRAME_ANCESTORS", "*"),
        ("KEFU_ADMIN_PASSWORD", "short"),
        ("KEFU_STATIC", "/nowhere"),
        ("KEFU_LOG", "="),
    ];
    for verb in ["check-config", "serve"] {
        let output = kefu(&[verb], &wrong, "");
        let said = err(&output, 1);
        for (name, _) in wrong {
            assert!(said.contains(name), "{name}: {said}");
        }
        assert!(said.contains("accepted"), "{said}");
        assert!(
            !said.contains("short;"),
            "a password is not repeated: {said}"
        );
        assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "").unwrap();
    let pages = folder.path().to_str().unwrap();
    let right = out(&kefu(&["check-config"], &[("KEFU_STATIC", pages)], ""));
    assert_eq!(right, "the settings are right\n");
}

#[test]
fn a_value_of_the_wrong_kind_is_explained() {
    for (name, value, says) in [
        ("KEFU_LISTEN", "nonsense", "listen"),
        ("KEFU_TEXT_CHARS", "many", "text-chars"),
        ("KEFU_ROOM", "open", "[possible values: private, shared]"),
        ("KEFU_COOKIE_SECURE", "yes", "cookie-secure"),
        (
            "KEFU_TRUSTED_PROXIES",
            "proxy.example",
            "neither an address nor a network",
        ),
    ] {
        for verb in ["check-config", "serve"] {
            let said = err(&kefu(&[verb], &[(name, value)], ""), 2);
            assert!(said.contains(says) && said.contains(value), "{said}");
        }
    }
    for arguments in [&["srve"][..], &["serve", "--nonsense"], &["agent"], &[]] {
        assert_ne!(err(&kefu(arguments, &[], ""), 2), "");
    }
}

#[test]
fn a_wrong_database_url_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(
        &file,
        "not a database, but longer than a header of SQLite is ".repeat(20),
    )
    .unwrap();
    let below_a_file = format!("sqlite:{}/kefu.db", file.display());
    let no_database = format!("sqlite:{}", file.display());
    for (url, status, says) in [
        (
            "postgres://u:secret@h/d",
            2,
            "mysql://USER:PASSWORD@HOST:PORT/DATABASE",
        ),
        ("mysql:typo", 2, "mysql://USER:PASSWORD@HOST:PORT/DATABASE"),
        ("mysql://u:secret@h", 2, "CREATE DATABASE kefu"),
        ("sqlite:", 2, "sqlite:data/kefu.db"),
        ("kefu.db", 2, "sqlite:PATH"),
        // Nobody listens on port 1.
        (
            "mysql://u:secret@127.0.0.1:1/kefu",
            1,
            "mysql://u:***@127.0.0.1:1/kefu",
        ),
        (&below_a_file, 1, folder.path().to_str().unwrap()),
        (&no_database, 1, "not a database"),
    ] {
        for arguments in [&["migrate"][..], &["agent", "list"]] {
            let said = err(&kefu(arguments, &[("DATABASE_URL", url)], ""), status);
            assert!(said.contains(says), "{url}: {said}");
            assert!(!said.contains("secret"), "{said}");
        }
    }
    // A server waits a while for a database that is still starting, then says the same.
    let pages = tempfile::tempdir().unwrap();
    std::fs::write(pages.path().join("index.html"), "").unwrap();
    let settings = [
        ("DATABASE_URL", "mysql://u:secret@127.0.0.1:1/kefu"),
        ("KEFU_DATABASE_START_S", "0"),
        ("KEFU_STATIC", pages.path().to_str().unwrap()),
    ];
    let said = err(&kefu(&["serve"], &settings, ""), 1);
    assert!(said.contains("mysql://u:***@127.0.0.1:1/kefu"), "{said}");
    assert!(!said.contains("secret"), "{said}");
}

#[test]
fn a_mysql_server_that_refuses_is_explained() {
    let database = Database::new(Engine::Mysql);
    let (server, name) = database.url().rsplit_once('/').unwrap();
    let wrong_password = format!("{}/{name}", server.replace(":kefu@", ":wr0ng@"));
    let wrong_database = format!("{server}/kefu_of_nobody");
    for (url, says) in [
        (&wrong_password, "Access denied"),
        (&wrong_database, "Unknown database"),
    ] {
        let said = err(&kefu(&["migrate"], &[("DATABASE_URL", url)], ""), 1);
        assert!(said.contains(says), "{said}");
        assert!(!said.contains("wr0ng"), "{said}");
    }
}

fn migrate_brings_an_empty_database_up_to_date_and_then_has_nothing_to_do(engine: Engine) {
    let database = Database::new(engine);
    let settings = [("DATABASE_URL", database.url())];
    let first = out(&kefu(&["migrate"], &settings, ""));
    let applied = first
        .lines()
        .filter(|line| line.starts_with("applied "))
        .count();
    let expected = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite"));
    assert_eq!(applied, expected.unwrap().count(), "{first}");
    assert_eq!(
        out(&kefu(&["migrate"], &settings, "")),
        "the database is current\n"
    );
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM transcripts"), 0);
}

fn accounts_are_made_listed_changed_and_disabled(engine: Engine) {
    let database = Database::new(engine);
    let settings = [("DATABASE_URL", database.url())];
    let agent = |arguments: &[&str], input: &str| {
        let arguments: Vec<&str> = ["agent"].iter().chain(arguments).copied().collect();
        out(&kefu(&arguments, &settings, input))
    };
    // The database need not have been used before.
    assert_eq!(agent(&["list"], ""), "");
    let made = agent(
        &["add", "Li.Wei", "--name", " 李伟 ", "--role", "supervisor"],
        "password-1\n",
    );
    assert_eq!(made, "made the account li.wei (supervisor)\n");
    assert_eq!(
        agent(&["add", "wu"], "password-2"),
        "made the account wu (agent)\n"
    );
    let list = agent(&["list"], "");
    let lines: Vec<Vec<&str>> = list
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        lines,
        [
            ["1", "li.wei", "supervisor", "李伟"],
            ["2", "wu", "agent", "wu"]
        ]
    );

    agent(&["set-password", "WU"], "password-3\r\n");
    agent(&["disable", "li.wei"], "");
    // Twice is no mistake, and the first time is what is remembered.
    let disabled = |list: &str| list.lines().next().unwrap().to_owned();
    let first = disabled(&agent(&["list"], ""));
    assert!(first.contains("disabled 20"), "{first}");
    agent(&["disable", "li.wei"], "");
    assert_eq!(disabled(&agent(&["list"], "")), first);

    let server = Server::on(&database).start();
    server.sign_in_as("wu", "password-3");
    let body = serde_json::json!({"username": "li.wei", "password": "password-1"});
    let refused = server.http("POST", "/api/v1/login", &[], Some(&body));
    assert_eq!((refused.status, refused.code()), (401, "bad_credentials"));
    // Where there are accounts the server makes none.
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM agents"), 2);
}

fn mistakes_with_accounts_are_explained_and_change_nothing(engine: Engine) {
    let database = Database::new(engine);
    let settings = [("DATABASE_URL", database.url())];
    out(&kefu(&["agent", "add", "li"], &settings, "password-1"));
    let before =
        database.texts("SELECT CONCAT(username, name, role, password_hash) AS t FROM agents");
    let (long, long_name) = ("x".repeat(65), "x".repeat(101));
    let long_password = "x".repeat(201);
    for (arguments, input, status, says) in [
        (
            &["add", "li"][..],
            "password-2",
            1,
            "there is an account li already",
        ),
        (
            &["add", "LI"],
            "password-2",
            1,
            "there is an account li already",
        ),
        (&["add", "wu"], "short", 1, "8 to 200 characters"),
        (&["add", "wu"], "", 1, "8 to 200 characters"),
        (&["add", "wu"], &long_password, 1, "8 to 200 characters"),
        (
            &["add", "a b"],
            "password-2",
            1,
            "a user name is 1 to 64 of a-z 0-9 . _ - @",
        ),
        (
            &["add", "李伟"],
            "password-2",
            1,
            "a user name is 1 to 64 of a-z 0-9 . _ - @",
        ),
        (
            &["add", ""],
            "password-2",
            1,
            "a user name is 1 to 64 of a-z 0-9 . _ - @",
        ),
        (
            &["add", &long],
            "password-2",
            1,
            "a user name is 1 to 64 of a-z 0-9 . _ - @",
        ),
        (
            &["add", "wu", "--name", " "],
            "password-2",
            1,
            "a name has 1 to 100 characters",
        ),
        (
            &["add", "wu", "--name", &long_name],
            "password-2",
            1,
            "a name has 1 to 100 characters",
        ),
        (
            &["add", "wu", "--role", "boss"],
            "password-2",
            2,
            "agent, supervisor or admin",
        ),
        (&["add"], "password-2", 2, "<USERNAME>"),
        (
            &["set-password", "nobody"],
            "password-2",
            1,
            "there is no account nobody",
        ),
        (&["set-password", "li"], "short", 1, "8 to 200 characters"),
        (&["disable", "nobody"], "", 1, "there is no account nobody"),
        (&["disable", "a b"], "", 1, "a user name is"),
    ] {
        let arguments: Vec<&str> = ["agent"].iter().chain(arguments).copied().collect();
        let said = err(&kefu(&arguments, &settings, input), status);
        assert!(said.contains(says), "{arguments:?}: {said}");
        assert!(!said.contains("password-2"), "{said}");
    }
    let after =
        database.texts("SELECT CONCAT(username, name, role, password_hash) AS t FROM agents");
    assert_eq!(before, after);
    let disabled = "SELECT COUNT(*) AS n FROM agents WHERE disabled_at IS NOT NULL";
    assert_eq!(database.count(disabled), 0);
}

fn a_database_of_a_newer_version_is_refused(engine: Engine) {
    let database = Database::new(engine);
    drop(Server::on(&database).start());
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101')");
    let pages = database.folder().join("pages");
    let settings = [
        ("DATABASE_URL", database.url()),
        ("KEFU_STATIC", pages.to_str().unwrap()),
        ("KEFU_LISTEN", "127.0.0.1:0"),
    ];
    for arguments in [&["serve"][..], &["migrate"], &["agent", "list"]] {
        let said = err(&kefu(arguments, &settings, ""), 1);
        for says in ["newer version of kefu", "29990101", "backup"] {
            assert!(said.contains(says), "{arguments:?}: {said}");
        }
    }
}

fn a_port_in_use_is_explained(engine: Engine) {
    let database = Database::new(engine);
    drop(Server::on(&database));
    let pages = database.folder().join("pages");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let settings = [
        ("DATABASE_URL", database.url()),
        ("KEFU_STATIC", pages.to_str().unwrap()),
        ("KEFU_LISTEN", &address),
    ];
    let output = kefu(&["serve"], &settings, "");
    let said = err(&output, 1);
    assert!(
        said.contains(&format!("cannot listen on {address}")),
        "{said}"
    );
    assert!(
        said.contains("in use") && said.contains("KEFU_LISTEN"),
        "{said}"
    );
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}

fn a_start_that_fails_does_not_swallow_the_first_password(engine: Engine) {
    let database = Database::new(engine);
    drop(Server::on(&database));
    let pages = database.folder().join("pages");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = [
        ("DATABASE_URL", database.url()),
        ("KEFU_STATIC", pages.to_str().unwrap()),
        ("KEFU_LISTEN", &taken.local_addr().unwrap().to_string()),
    ];
    let output = kefu(&["serve"], &settings, "");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    // Nobody has seen a password, so there must be no account that has one.
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM agents"), 0);
    // The next start makes the account, here with a given password.
    Server::on(&database).start().sign_in();
}
