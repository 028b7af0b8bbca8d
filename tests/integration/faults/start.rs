//! Starting in an unready world.

use std::{net::TcpListener, thread};

use serde_json::json;

use crate::{
    on_both_databases,
    support::{Client, Database, Engine, MariaDb, Server, token},
};

on_both_databases! {
    servers_that_start_together_make_one_set_of_tables
}

fn servers_that_start_together_make_one_set_of_tables(engine: Engine) {
    let database = Database::new(engine);
    let servers: Vec<Server> = thread::scope(|scope| {
        let starts: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| Server::on(&database).start()))
            .collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap())
            .collect()
    });
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM agents"), 1);
    let me = token();
    for (n, server) in servers.iter().enumerate() {
        server.sign_in();
        assert_eq!(server.http("GET", "/readyz", &[], None).status, 200);
        let (mut customer, _) = Client::customer(server, &me, json!({}));
        let (.., seq, _) = customer.say(None, &format!("m{n}"), "hello");
        assert_eq!(usize::try_from(seq).unwrap(), n + 1);
    }
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM customers"), 1);
}

#[test]
fn a_database_that_comes_up_later_is_waited_for() {
    let mut mariadb = MariaDb::start();
    let database = Database::on(&mariadb.url());
    mariadb.kill();
    let port = TcpListener::bind(mariadb.address()).unwrap();
    let server = thread::scope(|scope| {
        let start = scope.spawn(|| Server::on(&database).start());
        // The server knocks; only now does the database come.
        drop(port.accept().unwrap());
        drop(port);
        mariadb.start_again();
        start.join().unwrap()
    });
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    customer.say(None, "first", "hello");
    assert_eq!(server.http("GET", "/readyz", &[], None).status, 200);
}
