//! What the server says about itself to Prometheus, and the dashboard that shows it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    str::FromStr,
    thread,
    time::{Duration, Instant},
};

use kefu::protocol::ServerFrame;
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use crate::{
    on_both_databases, socketio,
    support::{ADMIN_PASSWORD, Answer, Client, Database, Engine, Server, token},
};

on_both_databases! {
    values_move
}

fn watched(database: &Database) -> Server {
    Server::on(database)
        .with("KEFU_METRICS_LISTEN", "127.0.0.1:0")
        .start()
}

fn ask(server: &Server, method: &str, path: &str) -> Answer {
    Server::http_at(server.metrics.unwrap(), method, path, &[], None)
}

/// What `/metrics` said.
struct Metrics {
    text: String,
    /// By name with labels, as it stands there.
    series: BTreeMap<String, String>,
    types: BTreeMap<String, String>,
}

impl Metrics {
    fn of(server: &Server) -> Self {
        let answer = ask(server, "GET", "/metrics");
        assert_eq!(answer.status, 200, "{}", answer.body);
        let text = answer.body.as_str().unwrap().to_owned();
        let mut types = BTreeMap::new();
        let mut series = BTreeMap::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                types.insert(name.to_owned(), kind.to_owned());
            } else if !line.starts_with('#') {
                let (name, value) = line.rsplit_once(' ').unwrap();
                let twin = series.insert(name.to_owned(), value.to_owned());
                assert_eq!(twin, None, "{name} is there twice");
            }
        }
        Self {
            text,
            series,
            types,
        }
    }

    fn get<T: FromStr>(&self, series: &str) -> T {
        let value = self.series.get(series);
        let number = value.and_then(|value| value.parse().ok());
        number.unwrap_or_else(|| panic!("{series} is {value:?} in\n{}", self.text))
    }

    fn value(&self, series: &str) -> f64 {
        self.get(series)
    }

    fn count(&self, series: &str) -> i64 {
        self.get(series)
    }

    /// Who speaks `kefu.v1`: of unknown role, customers, agents.
    fn native(&self) -> [i64; 3] {
        ["unknown", "customer", "agent"].map(|role| self.connections(role, "kefu.v1"))
    }

    fn connections(&self, role: &str, dialect: &str) -> i64 {
        let labels = format!("{{dialect=\"{dialect}\",role=\"{role}\"}}");
        self.count(&format!("kefu_connections{labels}"))
    }

    fn stored(&self, kind: &str) -> i64 {
        self.count(&format!("kefu_messages_stored_total{{kind=\"{kind}\"}}"))
    }

    fn errors(&self, code: &str) -> i64 {
        self.count(&format!("kefu_errors_total{{code=\"{code}\"}}"))
    }
}

/// Waits until `/metrics` says so: it is counted a moment after the client has heard.
fn eventually(server: &Server, what: &str, is_so: impl Fn(&Metrics) -> bool) -> Metrics {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let metrics = Metrics::of(server);
        if is_so(&metrics) {
            return metrics;
        }
        assert!(Instant::now() < deadline, "{what}:\n{}", metrics.text);
        thread::sleep(Duration::from_millis(10));
    }
}

fn file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn they_are_on_an_address_of_their_own_and_nowhere_else() {
    let database = Database::new(Engine::Sqlite);
    let server = watched(&database);
    let answer = ask(&server, "GET", "/metrics");
    assert_eq!(answer.status, 200);
    let kind = answer.header("content-type");
    assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "no-store");
    for (method, path, status) in [
        ("POST", "/metrics", 405),
        ("GET", "/", 404),
        ("GET", "/healthz", 404),
        ("GET", "/ws", 404),
        ("GET", "/api/v1/me", 404),
    ] {
        assert_eq!(ask(&server, method, path).status, status, "{method} {path}");
    }
    assert_eq!(server.http("GET", "/metrics", &[], None).status, 404);
    let off = Server::on(&database).start();
    assert_eq!(off.http("GET", "/metrics", &[], None).status, 404);
    assert_eq!((server.listens_on(), off.listens_on()), (2, 1));
}

#[test]
fn the_manual_names_them_all_with_their_types() {
    let database = Database::new(Engine::Sqlite);
    let metrics = Metrics::of(&watched(&database));
    let manual = file("docs/OPERATIONS.md");
    let rows = manual.lines().filter_map(|line| {
        let mut cells = line.split('|').skip(1).map(str::trim);
        let name = cells.next()?.strip_prefix('`')?.split(['`', '{']).next()?;
        let known = name.starts_with("kefu_") || name.starts_with("process_");
        known.then(|| (name.to_owned(), cells.next().unwrap_or_default().to_owned()))
    });
    assert_eq!(rows.collect::<BTreeMap<_, _>>(), metrics.types);
}

fn values_move(engine: Engine) {
    let database = Database::new(engine);
    let server = watched(&database);
    let bearer = server.sign_in();
    let before = Metrics::of(&server);
    assert_eq!(before.native(), [0; 3]);

    let mut stranger = Client::connect(&server);
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    let (mut agent, _) = Client::agent(&server, &bearer, json!({}));
    eventually(&server, "everybody is counted", |now| {
        now.native() == [1; 3]
    });
    let (conversation, ..) = customer.say(None, "first", "hello");
    customer.say(None, "first", "hello");
    let note = json!({
        "type": "message.post", "ref": "n", "client_id": "note", "kind": "note", "text": "psst",
        "conversation": conversation,
    });
    agent.send(&note);
    agent.until(|frame| matches!(frame, ServerFrame::Accepted { .. }).then_some(()));
    let after = eventually(&server, "what was said is counted", |now| {
        now.stored("note") > before.stored("note")
    });
    assert_eq!(
        after.stored("text") - before.stored("text"),
        1,
        "not the repeat"
    );
    assert_eq!(after.stored("note") - before.stored("note"), 1);
    let more = |name: &str| after.value(name) - before.value(name);
    assert!(more("kefu_batch_writes_sum") >= 3.0);
    assert!(more("kefu_commit_seconds_count") >= 1.0);
    let same = ["kefu_commit_seconds_count", "kefu_batch_writes_count"];
    let [commits, batches] = same.map(|name| after.count(name));
    assert_eq!(commits, batches);
    assert!(more("kefu_commit_seconds_sum") > 0.0);
    assert!(more("kefu_delivery_seconds_count") >= 1.0);
    assert!(more("kefu_delivery_seconds_sum") > 0.0);
    assert!(after.count("kefu_session_queue_frames_high") >= 1);
    assert!(after.value("kefu_session_queue_bytes_high") > 20.0);
    assert!(after.count("kefu_database_connections{state=\"idle\"}") >= 1);
    assert!(after.value("process_resident_memory_bytes") > 1e6);
    assert!(after.value("process_open_fds") > 10.0);
    assert!(after.value("process_max_fds") > after.value("process_open_fds"));
    assert!(after.value("process_cpu_seconds_total") > 0.0);
    assert!(after.value("process_start_time_seconds") > 1.7e9);
    assert_eq!(after.count("kefu_writes_waiting"), 0);
    assert_eq!(after.count("kefu_room_requests_waiting"), 0);

    // By the session, by the room, and over HTTP.
    customer.send_text("{");
    stranger.send(&json!({"type": "read", "conversation": "1", "seq": 1}));
    customer.send(&json!({"type": "typing", "conversation": i64::MAX.to_string(), "on": true}));
    let body = json!({"username": "admin", "password": "wrong"});
    server.http("POST", "/api/v1/login", &[], Some(&body));
    server.http("GET", "/api/v1/nowhere", &[], None);
    server.http("GET", "/nowhere", &[], None);
    let codes = [
        ("bad_json", 1),
        ("hello_expected", 1),
        ("conversation_not_found", 1),
        ("bad_credentials", 1),
        ("not_found", 2),
    ];
    eventually(&server, "refusals are counted once", |now| {
        (codes.iter()).all(|(code, more)| now.errors(code) - before.errors(code) == *more)
    });
    customer.leave();
    drop((agent, stranger));
    eventually(&server, "who has left is not counted", |now| {
        now.native() == [0; 3]
    });
}

/// The text must not depend on who is there and what they say, but for its numbers.
#[test]
fn nobody_is_named_in_it() {
    let database = Database::new(Engine::Sqlite);
    let server = watched(&database);
    let before = Metrics::of(&server);
    let bearer = server.sign_in();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    let (mut agent, _) = Client::agent(&server, &bearer, json!({}));
    customer.say(None, "a-client-id", "a secret text");
    agent.message();
    customer.send_text("a secret text");
    customer.error();
    let wrong = json!({"username": "somebody", "password": "a secret text"});
    server.http("POST", "/api/v1/login", &[], Some(&wrong));
    let user_agent = [
        ("user-agent", "a browser"),
        ("x-forwarded-for", "192.0.2.7"),
    ];
    server.http("GET", "/api/v1/me", &user_agent, None);
    let mut io = socketio::Client::join(server.address, 4, socketio::Carrier::WebSocket);
    io.send("42[\"message\",\"a secret text\"]");
    let after = eventually(&server, "all of it is counted", |now| {
        now.stored("text") == 2 && now.connections("customer", "socketio.eio4") == 1
    });
    let names = |metrics: &Metrics| metrics.series.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&after), names(&before));
    for secret in [
        "secret",
        &me,
        &bearer,
        "=\"admin\"",
        ADMIN_PASSWORD,
        "somebody",
        "a-client-id",
        "browser",
        "127.0.0.1",
        "192.0.2",
    ] {
        assert!(!after.text.contains(secret), "{secret}");
    }
}

#[test]
fn who_is_too_slow_and_a_database_that_is_away_show() {
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database)
        .with("KEFU_METRICS_LISTEN", "127.0.0.1:0")
        .with("KEFU_SESSION_QUEUE_BYTES", 65_536)
        .with("KEFU_UNREAD_TIMEOUT_S", 600)
        .start();
    let bearer = server.sign_in();
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    customer.say(None, "first", "hello");
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.connect(&server.address.into()).unwrap();
    let mut silent = Client::over(socket.into(), server.address);
    silent.send(&json!({"type": "hello", "as": "agent", "token": bearer}));
    silent.welcome();
    let text = "😀".repeat(4_000);
    let mut said = 0;
    while Metrics::of(&server).count("kefu_slow_closes_total") == 0 {
        assert!(said < 5_000, "16 kB each, and nobody reads them");
        for n in said..said + 4 {
            customer.post(None, &format!("m{n}"), &text);
        }
        for _ in 0..4 {
            customer.until(|frame| matches!(frame, ServerFrame::Accepted { .. }).then_some(()));
        }
        said += 4;
    }
    let slow = Metrics::of(&server);
    assert_eq!(slow.count("kefu_slow_closes_total"), 1);
    assert!(slow.count("kefu_session_queue_bytes_high") > 16_000);

    let mut lock = database.sqlite();
    diesel::connection::SimpleConnection::batch_execute(&mut lock, "BEGIN EXCLUSIVE").unwrap();
    let reference = customer.post(None, "last", "hello");
    eventually(&server, "a write waits", |now| {
        let setbacks = ["conflict", "away"]
            .map(|why| now.count(&format!("kefu_write_setbacks_total{{why=\"{why}\"}}")));
        now.count("kefu_writes_waiting") == 1 && setbacks != [0, 0]
    });
    let (refused, code) = customer.error();
    assert_eq!((refused, code.as_str()), (Some(reference), "unavailable"));
    let now = Metrics::of(&server);
    assert_eq!(now.errors("unavailable"), 1);
    drop(lock);
    customer.say(None, "last", "hello");
    eventually(&server, "nothing waits", |now| {
        now.count("kefu_writes_waiting") == 0 && now.count("kefu_database_away") == 0
    });
}

/// Names as a query has them: of a histogram, with the ending of one of its series.
fn names_in(query: &str) -> impl Iterator<Item = &str> {
    query
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("kefu_") || word.starts_with("process_"))
}

#[test]
fn the_dashboard_shows_what_there_is() {
    let database = Database::new(Engine::Sqlite);
    let metrics = Metrics::of(&watched(&database));
    let there: BTreeSet<&str> = (metrics.series.keys())
        .map(|series| series.split('{').next().unwrap())
        .collect();
    let dashboard: Value = serde_json::from_str(&file("docs/grafana-dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap());
    let mut shown = BTreeSet::new();
    for target in targets {
        let query = target["expr"].as_str().unwrap();
        let mut names = names_in(query).peekable();
        assert!(names.peek().is_some(), "{query}");
        for name in names {
            assert!(there.contains(name), "{name} of {query} is not in /metrics");
            shown.insert(name.to_owned());
        }
        // A label that a query sums by is one that the series has.
        if let Some((_, by)) = query.split_once("by (")
            && let Some(name) = names_in(query).next()
        {
            let (labels, _) = by.split_once(')').unwrap();
            for label in labels.split(", ") {
                let has = |series: &String| {
                    series.starts_with(name) && series.contains(&format!("{label}=\""))
                };
                assert!(metrics.series.keys().any(has), "{label} of {query}");
            }
        }
    }
    for (name, kind) in &metrics.types {
        let ending = if kind == "histogram" { "_bucket" } else { "" };
        assert!(
            shown.contains(&format!("{name}{ending}")),
            "{name} is not shown"
        );
    }
    let mut ids = BTreeSet::new();
    assert!(
        panels
            .iter()
            .all(|panel| ids.insert(panel["id"].as_u64().unwrap()))
    );
}
