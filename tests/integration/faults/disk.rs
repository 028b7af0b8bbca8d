//! The disk is full. Simulated without privileges by the limit on a process's files (`RLIMIT_FSIZE`),
//! which can be changed from outside while the process runs: writing fails as it does on a full disk.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{OnDrop, crowd, eventually, is_well, limit, talk_while};
use crate::support::{
    Client, Database, Engine, MariaDb, Pass, Person, Server, seconds, settle_and_check, token,
};

/// Sets how large the server's files may become.
fn limit_files(server: &Server, bytes: &str) {
    limit(server.pid(), "fsize", bytes);
}

#[test]
fn a_full_disk_refuses_and_heals() {
    let database = Database::new(Engine::Sqlite);
    // The log is on the same disk.
    let server = Server::on(&database)
        .deaf_to("XFSZ")
        .log_to(database.folder().join("log"))
        .start();
    let bearer = server.sign_in();
    let mut people: Vec<Person> = (0..3)
        .map(|n| Person::new(format!("customer{n}"), Pass::Customer(token())))
        .collect();
    people.push(Person::new("agent", Pass::Agent(bearer.clone())));
    let stop = AtomicBool::new(false);
    let mut count = database.counter();
    let mut stored = || count("SELECT COUNT(*) AS n FROM messages");
    let mut ended = Instant::now();
    thread::scope(|scope| {
        let _end = OnDrop(&stop);
        for person in &mut people {
            scope.spawn(|| {
                person.connect(server.address).expect("a way in");
                while !stop.load(Relaxed) {
                    person.step(true).expect("the connection stays up");
                }
            });
        }
        let patience = Duration::from_secs(20);
        eventually("there is load", patience, || stored() > 100);
        limit_files(&server, "1");
        // What was being committed at that moment may still come.
        let (mut before, mut unchanged) = (stored(), Instant::now());
        eventually("nothing can be stored", patience, || {
            let now = stored();
            if std::mem::replace(&mut before, now) != now {
                unchanged = Instant::now();
            }
            unchanged.elapsed() > Duration::from_secs(2)
        });
        // What is there can be read, also by those who come now.
        let (_, welcome) = Client::agent(&server, &bearer, json!({}));
        assert_eq!(welcome.conversations.len(), 3);
        let since = Instant::now();
        eventually("time passes", patience, || {
            assert_eq!(server.http("GET", "/healthz", &[], None).status, 200);
            since.elapsed() > Duration::from_secs(4)
        });
        assert_eq!(stored(), before, "nothing was stored meanwhile");
        limit_files(&server, "unlimited");
        ended = Instant::now();
        eventually("it goes on", patience, || stored() > before + 100);
        stop.store(true, Relaxed);
    });
    let tries = || people.iter().flat_map(|person| &person.tries);
    let refused = tries().filter(|one| !one.accepted).count();
    let slowest = tries().map(|one| one.took).max().unwrap();
    println!(
        "{refused} of {} tries refused, slowest answer {slowest:?}, healed after {:?}",
        tries().count(),
        ended.elapsed()
    );
    assert!(refused > 5, "{refused}");
    assert!(slowest < Duration::from_millis(2_300), "{slowest:?}");
    let mut everybody: Vec<&mut Person> = people.iter_mut().collect();
    settle_and_check(server.address, &database, &mut everybody);
}

/// No table can grow, so what is said is refused; the server of the database itself goes on.
#[test]
fn a_full_disk_of_mariadb_refuses_and_heals() {
    // Its log must fit below the limit: without that the server of the database ends itself.
    let mariadb = MariaDb::start_with(&["--innodb-log-file-size=8M"]);
    let database = Database::on(&mariadb.url());
    let server = Server::on(&database)
        .with("KEFU_METRICS_LISTEN", "127.0.0.1:0")
        .with("KEFU_TEXT_CHARS", 16_000)
        .start();
    let bearer = server.sign_in();
    let mut people = crowd(3, 1, &bearer);
    for person in &mut people {
        person.padding = 15_000;
        person.window = 16;
    }
    let mut count = database.counter();
    let mut stored = || count("SELECT COUNT(*) AS n FROM messages");
    let refused = || server.metric("kefu_errors_total{code=\"unavailable\"}");
    let patience = Duration::from_mins(1);
    let memory = talk_while(&mut people, &[server.address], || {
        eventually("there is load", patience, || stored() > 20);
        let memory = server.memory_bytes();
        limit(mariadb.pid(), "fsize", &(13 << 20).to_string());
        eventually("the table is full", patience, || refused() > 10.0);
        eventually("what is there can be read", patience, || {
            server
                .get("/api/v1/conversations/1/messages", &bearer)
                .status
                == 200
        });
        thread::sleep(seconds(1));
        limit(mariadb.pid(), "fsize", "unlimited");
        let before = stored();
        eventually("it goes on", patience, || stored() > before + 20);
        memory
    });
    for person in &people {
        assert_eq!(person.sessions.len(), 1, "{} was cut off", person.name);
    }
    let mut everybody: Vec<&mut Person> = people.iter_mut().collect();
    let messages = settle_and_check(server.address, &database, &mut everybody);
    println!("{messages} messages, {} refusals", refused());
    is_well(&server, memory);
}
