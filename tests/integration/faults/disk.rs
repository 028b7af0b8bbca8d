//! The disk is full. Simulated without privileges by the limit on a process's files (`RLIMIT_FSIZE`),
//! which can be changed from outside while the process runs: writing fails as it does on a full disk.

use std::{
    process::Command,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use super::eventually;
use crate::support::{Client, Database, Engine, Pass, Person, Server, settle_and_check, token};

/// Sets how large the server's files may become.
fn limit_files(server: &Server, bytes: &str) {
    let status = Command::new("prlimit")
        .arg(format!("--pid={}", server.pid()))
        .arg(format!("--fsize={bytes}:unlimited"))
        .status()
        .expect("prlimit (util-linux) is there");
    assert!(status.success());
}

/// Tells the others to stop also when the test fails, or it would wait for them.
struct EndsWith<'a>(&'a AtomicBool);

impl Drop for EndsWith<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

#[test]
fn a_full_disk_refuses_and_heals() {
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database).deaf_to("XFSZ").start();
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
        let _end = EndsWith(&stop);
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
