//! The server's clock is set back an hour, and forward again.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{crowd, eventually, is_well, talk_while};
use crate::{
    on_both_databases,
    support::{Client, Database, Engine, Server, seconds, settle_and_check, token},
};

on_both_databases! {
    a_clock_that_is_set_back_loses_nothing
}

/// A wall clock of the server's own (`clock.c`).
struct Clock {
    library: PathBuf,
    offset: PathBuf,
}

impl Clock {
    fn new(folder: &Path) -> Self {
        let clock = Self {
            library: folder.join("clock.so"),
            offset: folder.join("clock"),
        };
        // Whoever builds Rust programs has this one: it links them.
        let source = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/integration/faults/clock.c"
        );
        let made = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&clock.library)
            .arg(source)
            .arg("-ldl")
            .status()
            .expect("cc is there");
        assert!(made.success());
        fs::write(&clock.offset, 0_i64.to_ne_bytes()).unwrap();
        clock
    }

    fn set(&self, offset_s: i64) {
        let file = File::options().write(true).open(&self.offset).unwrap();
        file.write_all_at(&offset_s.to_ne_bytes(), 0).unwrap();
    }
}

fn a_clock_that_is_set_back_loses_nothing(engine: Engine) {
    let database = Database::new(engine);
    let clock = Clock::new(database.folder());
    let server = Server::on(&database)
        .with("LD_PRELOAD", clock.library.display())
        .with("KEFU_TEST_CLOCK", clock.offset.display())
        .start();
    let bearer = server.sign_in();
    let mut people = crowd(3, 2, &bearer);
    let mut count = database.counter();
    let mut stored = || count("SELECT COUNT(*) AS n FROM messages");
    let memory = talk_while(&mut people, &[server.address], || {
        let patience = Duration::from_secs(20);
        eventually("there is load", patience, || stored() > 50);
        let memory = server.memory_bytes();
        for offset_s in [-3_600, 0] {
            clock.set(offset_s);
            let (_, welcome) = Client::customer(&server, &token(), json!({}));
            let told: DateTime<Utc> = welcome.now.parse().unwrap();
            let off_s = (told - Utc::now()).num_seconds() - offset_s;
            assert!((-60..=60).contains(&off_s), "it is {told} there");
            thread::sleep(seconds(1));
            let before = stored();
            eventually("it goes on", patience, || stored() > before + 50);
            assert_eq!(server.get("/api/v1/me", &bearer).status, 200);
            server.sign_in();
        }
        memory
    });
    for person in &people {
        assert_eq!(person.sessions.len(), 1, "{} was cut off", person.name);
    }
    settle_and_check(
        server.address,
        &database,
        &mut people.iter_mut().collect::<Vec<_>>(),
    );
    is_well(&server, memory);
}
