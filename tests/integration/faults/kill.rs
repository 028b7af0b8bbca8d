//! The end of the server, again and again, while customers and agents talk: by kill -9, and by SIGTERM.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::random_ms;
use crate::{
    on_both_databases,
    support::{Database, Engine, Pass, Person, Server, rounds, settle_and_check, token},
};

on_both_databases! {
    the_server_is_killed_under_load
    the_server_is_stopped_under_load
}

/// So many strangers come, one or two a round; a hello resumes at most a thousand conversations.
const STRANGERS: usize = 400;

fn the_server_is_killed_under_load(engine: Engine) {
    ends_under_load(engine, rounds(20), Server::kill);
}

fn the_server_is_stopped_under_load(engine: Engine) {
    ends_under_load(engine, rounds(4), |server| {
        server.signal("TERM");
        let status = server.wait(Duration::from_secs(20));
        assert_eq!(status.code(), Some(0), "{status}");
    });
}

fn ends_under_load(engine: Engine, rounds: usize, end: fn(&mut Server)) {
    let database = Database::new(engine);
    let mut server = Server::on(&database).start();
    let bearer = server.sign_in();
    let mut people: Vec<Person> = (0..2)
        .map(|n| Person::new(format!("customer{n}"), Pass::Customer(token())))
        .chain((0..2).map(|n| Person::new(format!("agent{n}"), Pass::Agent(bearer.clone()))))
        .collect();
    let regulars = people.len();
    for round in 0..rounds {
        for n in 0..2 {
            let name = format!("stranger{round}-{n}");
            if people.len() < regulars + STRANGERS {
                people.push(Person::new(name, Pass::Customer(token())));
            }
        }
        // Strangers come once more, for what is still open, and then no more until the end.
        let newest = people.len() - 4.min(people.len() - regulars);
        let after = random_ms(20, 400);
        let address = server.address;
        thread::scope(|scope| {
            let (old, new) = people.split_at_mut(newest);
            for person in old.iter_mut().take(regulars).chain(new) {
                scope.spawn(move || {
                    let mut connected = person.connect(address);
                    while connected.is_ok() {
                        connected = person.step(true);
                    }
                });
            }
            thread::sleep(after);
            end(&mut server);
        });
        server.start_elsewhere();
    }
    let started = Instant::now();
    let mut everybody: Vec<&mut Person> = people.iter_mut().collect();
    let messages = settle_and_check(server.address, &database, &mut everybody);
    assert_eq!(server.http("GET", "/readyz", &[], None).status, 200);
    let connections: usize = people.iter().map(|person| person.sessions.len()).sum();
    println!(
        "{messages} messages over {connections} connections and {rounds} ends; settled in {:?}",
        started.elapsed()
    );
    assert!(messages > rounds * 10, "that was no load: {messages}");
}
