//! The whole as a property: whatever customers and agents do, and however often their connections and the
//! server end meanwhile, the history checker holds.
//!
//! What happens, and in which order, is drawn from a seed. It is printed when the test fails, and taken from
//! `KEFU_SCHEDULE_SEED` where that is set; the operating system's timing still has its part in it.

use std::{thread, time::Duration};

use super::crowd;
use crate::{
    on_both_databases,
    support::{Database, Engine, Person, Server, rounds, settle_and_check},
};

on_both_databases! {
    whatever_happens_nothing_is_lost_doubled_or_out_of_order
}

/// What one schedule consists of.
const STEPS: usize = 120;

fn whatever_happens_nothing_is_lost_doubled_or_out_of_order(engine: Engine) {
    let first = seed();
    for seed in (0..rounds(20).div_ceil(10)).map(|n| first.wrapping_add(n as u64)) {
        let _told = ToldWhereItFails(seed);
        run(engine, seed);
    }
}

/// By `KEFU_SCHEDULE_SEED`; else another each time at length, and always the same in short.
fn seed() -> u64 {
    if let Ok(seed) = std::env::var("KEFU_SCHEDULE_SEED") {
        let number = seed.parse().ok();
        return number
            .unwrap_or_else(|| panic!("KEFU_SCHEDULE_SEED is {seed:?}; a number is accepted"));
    }
    if std::env::var_os("KEFU_TORTURE_ROUNDS").is_none() {
        return 1;
    }
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).unwrap();
    u64::from_le_bytes(bytes)
}

fn run(engine: Engine, seed: u64) {
    let mut die = Die(seed);
    let database = Database::new(engine);
    let mut server = Server::on(&database).start();
    let bearer = server.sign_in();
    let mut people = crowd(2 + die.roll(3), 1 + die.roll(3), &bearer);
    let mut ends = 0;
    for _ in 0..STEPS {
        if die.roll(30) == 0 {
            ends += 1;
            end(&mut server, &mut die);
        }
        let who = die.roll(people.len());
        act(&mut people[who], &server, &mut die);
    }
    let mut everybody: Vec<&mut Person> = people.iter_mut().collect();
    let messages = settle_and_check(server.address, &database, &mut everybody);
    assert_eq!(server.http("GET", "/readyz", &[], None).status, 200);
    assert!(messages > 0, "nobody has said anything");
    let connections: usize = people.iter().map(|person| person.sessions.len()).sum();
    println!("seed {seed}: {messages} messages over {connections} connections and {ends} ends");
}

/// One thing that one of them does, or that happens to them.
fn act(person: &mut Person, server: &Server, die: &mut Die) {
    // Who is cut off finds out here, and comes back another time.
    let _ = match die.roll(16) {
        0 => {
            person.leave();
            Ok(())
        }
        1 => {
            person.break_off();
            Ok(())
        }
        2 if person.is_connected() => person.repeat(die.roll(1_000)),
        // Whether there is a connection or not.
        3 => person.step(true),
        _ if person.is_connected() => person.step(die.roll(3) > 0),
        _ => person.connect(server.address),
    };
}

/// The server ends, one way or the other, and is started again.
fn end(server: &mut Server, die: &mut Die) {
    if die.roll(4) == 0 {
        server.signal("TERM");
        let status = server.wait(Duration::from_secs(20));
        assert_eq!(status.code(), Some(0), "{status}");
    } else {
        server.kill();
    }
    server.start_elsewhere();
}

/// splitmix64: the same schedule for the same seed, everywhere.
struct Die(u64);

impl Die {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % sides as u64).unwrap()
    }
}

/// Says by which seed it failed.
struct ToldWhereItFails(u64);

impl Drop for ToldWhereItFails {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the schedule that failed: KEFU_SCHEDULE_SEED={}", self.0);
        }
    }
}
