//! What is written beside the chat has its turn, however much is said.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    thread,
};

use crate::{
    domain::{AgentId, Device, SessionKey, Token, now},
    store::testing::{Desk, agent, customer, on_both_engines, posted, wait},
};

#[test]
fn a_login_waits_for_a_few_batches_at_most_while_the_writer_never_rests() {
    on_both_engines(|database| {
        let store = database.store();
        agent(&store, "ann");
        let desk = Desk::new(&store);
        let asker = customer();
        let batches = AtomicU64::new(0);
        let device = Device {
            user_agent: None,
            address: None,
        };
        let say = |from: u64, many: usize| {
            for n in (from..).take(many) {
                desk.submit(&asker, None, &format!("m{n}"), "x");
            }
        };
        thread::scope(|scope| {
            let logins = scope.spawn(|| {
                let mut worst = 0;
                for _ in 0..30 {
                    let key = SessionKey::from(&Token::random().unwrap());
                    let before = batches.load(Relaxed);
                    let began = wait(store.start_session(key, AgentId(1), now(), device.clone()));
                    worst = worst.max(batches.load(Relaxed) - before);
                    began.unwrap();
                }
                worst
            });
            let mut said = 2_000;
            say(0, 2_000);
            while !logins.is_finished() {
                let stored = desk.results();
                batches.fetch_add(1, Relaxed);
                say(said, stored.len());
                said += stored.len() as u64;
                for written in stored {
                    posted(written);
                }
            }
            let worst = logins.join().unwrap();
            assert!(worst <= 10, "one waited for {worst} batches");
        });
    });
}
