//! Two processes on one database, and somebody who locks its rows the wrong way round.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use diesel::{RunQueryDsl, connection::SimpleConnection, sql_query};

use super::{OnDrop, crowd, eventually, is_well, talk_while};
use crate::{
    on_both_databases,
    support::{Database, Engine, Server, seconds, settle_and_check},
};

on_both_databases! {
    two_processes_in_each_others_way_lose_nothing
}

fn two_processes_in_each_others_way_lose_nothing(engine: Engine) {
    let database = Database::new(engine);
    let start = || Server::on(&database).with("KEFU_METRICS_LISTEN", "127.0.0.1:0");
    let servers = [start().start(), start().start()];
    let bearer = servers[0].sign_in();
    let mut people = crowd(4, 4, &bearer);
    // A deadlock is a conflict; a lock that is not to be had in time is a database that is away.
    let why = match engine {
        Engine::Sqlite => "away",
        Engine::Mysql => "conflict",
    };
    let setbacks = format!("kefu_write_setbacks_total{{why=\"{why}\"}}");
    let conflicts = || servers.each_ref().map(|server| server.metric(&setbacks));
    if engine == Engine::Mysql {
        database.execute("CREATE TABLE storm (n INT)");
    }
    let mut count = database.counter();
    let addresses = servers.each_ref().map(|server| server.address);
    let memory = talk_while(&mut people, &addresses, || {
        let patience = Duration::from_secs(30);
        eventually("there is load", patience, || {
            count("SELECT COUNT(*) AS n FROM messages") > 50
        });
        let memory = servers.each_ref().map(Server::memory_bytes);
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let _over = OnDrop(&over);
            for _ in 0..2 {
                scope.spawn(|| storm(&database, &over));
            }
            let (before, since) = (conflicts(), Instant::now());
            let long = patience + seconds(2);
            eventually("they were in each other's way", long, || {
                let now = conflicts();
                let met = now.iter().zip(before).all(|(now, before)| *now > before);
                met && since.elapsed() > seconds(2)
            });
        });
        memory
    });
    println!("{:?} batches came into the way of somebody", conflicts());
    for address in addresses {
        let mut everybody: Vec<_> = people.iter_mut().collect();
        settle_and_check(address, &database, &mut everybody);
    }
    for (server, memory) in servers.iter().zip(memory) {
        is_well(server, memory);
    }
}

/// Holds locks that the servers want, until it is over. Whatever it is told is right: it is there to be in the
/// way.
fn storm(database: &Database, over: &AtomicBool) {
    match database.engine {
        // There is one lock, and the servers wait for it for half a second.
        Engine::Sqlite => {
            let mut connection = database.sqlite();
            while !over.load(Relaxed) {
                if connection.batch_execute("BEGIN IMMEDIATE").is_ok() {
                    thread::sleep(Duration::from_millis(700));
                    connection.batch_execute("ROLLBACK").unwrap();
                }
                thread::sleep(Duration::from_millis(300));
            }
        }
        // Rows from the last to the first, where the servers go from the first to the last. What it has changed
        // itself makes the server the one that is thrown out.
        Engine::Mysql => {
            let mut connection = database.mysql();
            let rows = vec!["(1)"; 500].join(",");
            while !over.load(Relaxed) {
                connection.batch_execute("BEGIN").unwrap();
                let mut locked = sql_query(format!("INSERT INTO storm VALUES {rows}"))
                    .execute(&mut connection)
                    .is_ok();
                for id in (1..=4).rev() {
                    let lock = format!("SELECT id FROM conversations WHERE id = {id} FOR UPDATE");
                    locked = locked && connection.batch_execute(&lock).is_ok();
                    thread::sleep(Duration::from_millis(2));
                }
                connection.batch_execute("ROLLBACK").unwrap();
                thread::sleep(Duration::from_millis(5));
            }
        }
    }
}
