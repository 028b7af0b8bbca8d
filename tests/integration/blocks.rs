//! Customers and networks are kept out: at once, plainly, for as long as was said, and nobody else with them.

use std::{
    thread,
    time::{Duration, Instant},
};

use kefu::protocol::{BlockView, ErrorView, ServerFrame};
use serde_json::{Value, json};

use crate::{
    on_both_databases,
    socketio::{Carrier, Client as SocketIo},
    support::{Answer, Client, Database, Engine, Event, Server, ServerBuilder, token},
};

on_both_databases! {
    a_blocked_customer_is_told_and_out_at_once_and_stays_out
    a_block_ends_by_itself_and_can_be_lifted
    a_blocked_network_keeps_out_its_customers_and_nobody_of_the_staff
    another_process_hears_of_it_within_seconds
    who_may_block_whom
    what_a_block_may_not_be_is_refused
    a_new_block_takes_the_place_of_the_old_one
    socketio_customers_are_kept_out_too
    two_hundred_customers_behind_one_address_are_served
    past_their_limit_a_customer_is_told_when_to_go_on
}

/// Sooner than the room would find out by asking the database.
const AT_ONCE: Duration = Duration::from_millis(1_500);
/// How soon every process knows.
const SOON: Duration = Duration::from_secs(8);

/// Behind a proxy, so that a test can say where it comes from.
fn server(database: &Database) -> ServerBuilder {
    Server::on(database).with("KEFU_TRUSTED_PROXIES", "127.0.0.1")
}

fn connect(server: &Server, from: &str) -> Client {
    Client::try_connect(server, &[("x-forwarded-for", from)]).unwrap()
}

fn hello(server: &Server, from: &str, token: &str) -> Client {
    let mut client = connect(server, from);
    client.send(&json!({"type": "hello", "as": "customer", "token": token}));
    client
}

fn customer(server: &Server, from: &str, token: &str) -> Client {
    let mut client = hello(server, from, token);
    client.welcome();
    client
}

fn call(server: &Server, method: &str, path: &str, bearer: &str, body: Option<&Value>) -> Answer {
    let bearer = format!("Bearer {bearer}");
    let path = format!("/api/v1{path}");
    server.http(method, &path, &[("authorization", &bearer)], body)
}

fn block(server: &Server, bearer: &str, body: Value) -> BlockView {
    let answer = call(server, "POST", "/blocks", bearer, Some(&body));
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    serde_json::from_value(answer.body["block"].clone()).unwrap()
}

fn lift(server: &Server, bearer: &str, id: &str) {
    let answer = call(server, "DELETE", &format!("/blocks/{id}"), bearer, None);
    assert_eq!(answer.status, 204, "{}", answer.body);
}

fn list(server: &Server, bearer: &str) -> Vec<BlockView> {
    let answer = call(server, "GET", "/blocks", bearer, None);
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_value(answer.body["blocks"].clone()).unwrap()
}

/// A customer who has written from here; their number too.
fn writer(server: &Server, from: &str, token: &str) -> (Client, String) {
    let mut client = customer(server, from, token);
    client.say(None, "first", "hello");
    let mut again = hello(server, from, token);
    let id = again.welcome().me.id.unwrap();
    again.leave();
    (client, id)
}

/// The refusal, and then the close code that says not to come back.
fn is_kept_out(client: &mut Client) -> ErrorView {
    let error = client.until(|frame| match frame {
        ServerFrame::Error(error) => Some(error),
        _ => None,
    });
    assert_eq!((error.code.as_str(), error.retryable), ("blocked", false));
    assert_eq!(client.closed().0, 4503);
    error
}

fn conversations(server: &Server, from: &str, token: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("x-forwarded-for", from),
    ];
    server.http("GET", "/api/v1/conversations/1/messages", &headers, None)
}

const HERE: &str = "203.0.113.7";

fn a_blocked_customer_is_told_and_out_at_once_and_stays_out(engine: Engine) {
    let database = Database::new(engine);
    let server = server(&database).start();
    let admin = server.sign_in();
    let (mine, other) = (token(), token());
    let (mut client, id) = writer(&server, HERE, &mine);
    let mut second_tab = customer(&server, HERE, &mine);
    let (mut neighbour, _) = writer(&server, HERE, &other);
    let since = Instant::now();
    let made = block(
        &server,
        &admin,
        json!({"customer": id, "for_s": 3600, "reason": " spam "}),
    );
    assert_eq!(made.reason, "spam");
    assert_eq!(made.by.name, "Admin");
    assert_eq!(made.customer.unwrap().id, id);
    let told = is_kept_out(&mut client);
    is_kept_out(&mut second_tab);
    assert!(since.elapsed() < AT_ONCE, "{:?}", since.elapsed());
    assert_eq!(told.until, made.until);
    assert!((3_590_000..=3_600_000).contains(&told.retry_after_ms.unwrap()));
    // Not by coming back, from wherever, nor over HTTP, which says when to try again.
    let again = is_kept_out(&mut hello(&server, "198.51.100.1", &mine));
    assert_eq!(again.until, made.until);
    let answer = conversations(&server, HERE, &mine);
    assert_eq!((answer.status, answer.code()), (403, "blocked"));
    assert_eq!(answer.body["until"], json!(made.until));
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((3_500..=3_600).contains(&wait), "{wait}");
    // Nobody else.
    neighbour.say(None, "second", "still here");
    assert_eq!(list(&server, &admin).len(), 1);
    // For good.
    block(
        &server,
        &admin,
        json!({"customer": id, "for_s": null, "reason": "spam"}),
    );
    let told = is_kept_out(&mut hello(&server, HERE, &mine));
    assert_eq!((told.until, told.retry_after_ms), (None, None));
}

fn a_block_ends_by_itself_and_can_be_lifted(engine: Engine) {
    let database = Database::new(engine);
    let server = server(&database).start();
    let admin = server.sign_in();
    let mine = token();
    let (mut client, id) = writer(&server, HERE, &mine);
    let body = json!({"customer": id, "for_s": 3600, "reason": "spam"});
    let made = block(&server, &admin, body.clone());
    is_kept_out(&mut client);
    lift(&server, &admin, &made.id);
    let mut back = customer(&server, HERE, &mine);
    back.say(None, "again", "hello again");
    assert_eq!(list(&server, &admin), []);
    let answer = call(
        &server,
        "DELETE",
        &format!("/blocks/{}", made.id),
        &admin,
        None,
    );
    assert_eq!((answer.status, answer.code()), (404, "block_not_found"));
    block(&server, &admin, body);
    is_kept_out(&mut back);
    // The hour is over.
    database.execute("UPDATE blocks SET ends_at = created_at WHERE lifted_at IS NULL");
    let deadline = Instant::now() + SOON;
    loop {
        match hello(&server, HERE, &mine).next() {
            Event::Frame(ServerFrame::Welcome(_)) => break,
            _ => assert!(Instant::now() < deadline, "it never ends"),
        }
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(list(&server, &admin), []);
    assert_eq!(
        database.count("SELECT COUNT(*) AS n FROM blocks WHERE lifted_by IS NOT NULL"),
        1,
        "who lifted what can be seen later"
    );
}

fn a_blocked_network_keeps_out_its_customers_and_nobody_of_the_staff(engine: Engine) {
    let database = Database::new(engine);
    let server = server(&database).start();
    let admin = server.sign_in();
    let (mut inside, id) = writer(&server, HERE, &token());
    let (mut outside, _) = writer(&server, "203.0.114.7", &token());
    let seen = call(
        &server,
        "GET",
        &format!("/customers/{id}/addresses"),
        &admin,
        None,
    );
    assert_eq!(seen.body, json!({"addresses": [HERE]}));
    let body = json!({"network": "203.0.113.9/24", "for_s": 3600, "reason": "flood"});
    let made = block(&server, &admin, body);
    assert_eq!(made.network.as_deref(), Some("203.0.113.0/24"));
    is_kept_out(&mut inside);
    is_kept_out(&mut hello(&server, "203.0.113.200", &token()));
    outside.say(None, "second", "still here");
    // Staff from the same network sign in, work and lift it.
    let login = json!({
        "username": "admin", "password": crate::support::ADMIN_PASSWORD, "bearer": true,
    });
    let here = [("x-forwarded-for", HERE)];
    let answer = server.http("POST", "/api/v1/login", &here, Some(&login));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let bearer = answer.body["token"].as_str().unwrap();
    let mut agent = connect(&server, HERE);
    agent.send(&json!({"type": "hello", "as": "agent", "token": bearer}));
    agent.welcome();
    lift(&server, bearer, &made.id);
    customer(&server, HERE, &token());
}

fn another_process_hears_of_it_within_seconds(engine: Engine) {
    let database = Database::new(engine);
    let here = server(&database).start();
    let there = server(&database).start();
    let admin = here.sign_in();
    let (mut client, id) = writer(&there, HERE, &token());
    let since = Instant::now();
    block(
        &here,
        &admin,
        json!({"customer": id, "for_s": 3600, "reason": "spam"}),
    );
    is_kept_out(&mut client);
    assert!(since.elapsed() < SOON, "{:?}", since.elapsed());
}

fn who_may_block_whom(engine: Engine) {
    let database = Database::new(engine);
    let server = server(&database).start();
    let admin = server.sign_in();
    for (username, role) in [("li", "agent"), ("wu", "supervisor")] {
        let made = server.command(&["agent", "add", username, "--role", role], "her-password");
        assert!(made.status.success(), "{made:?}");
    }
    let agent = server.sign_in_as("li", "her-password");
    let supervisor = server.sign_in_as("wu", "her-password");
    let mine = token();
    let (_client, id) = writer(&server, HERE, &mine);
    let of_customer = json!({"customer": id, "for_s": 3600, "reason": "spam"});
    let of_network = json!({"network": "198.51.100.0/24", "for_s": 3600, "reason": "spam"});
    let own = block(&server, &agent, of_customer.clone());
    let refused = call(&server, "POST", "/blocks", &agent, Some(&of_network));
    assert_eq!((refused.status, refused.code()), (403, "forbidden"));
    let network = block(&server, &supervisor, of_network);
    let path = format!("/blocks/{}", network.id);
    let refused = call(&server, "DELETE", &path, &agent, None);
    assert_eq!((refused.status, refused.code()), (403, "forbidden"));
    let path = format!("/customers/{id}/addresses");
    let refused = call(&server, "GET", &path, &agent, None);
    assert_eq!((refused.status, refused.code()), (403, "forbidden"));
    assert_eq!(list(&server, &agent).len(), 2, "everybody sees who is out");
    lift(&server, &agent, &own.id);
    lift(&server, &admin, &network.id);
    // Customers and strangers get nothing.
    for bearer in [mine.as_str(), "nonsense"] {
        for (method, body) in [("GET", None), ("POST", Some(&of_customer))] {
            let refused = call(&server, method, "/blocks", bearer, body);
            assert_eq!((refused.status, refused.code()), (401, "not_signed_in"));
        }
    }
}

fn what_a_block_may_not_be_is_refused(engine: Engine) {
    let database = Database::new(engine);
    let server = server(&database).start();
    let admin = server.sign_in();
    let (_client, id) = writer(&server, HERE, &token());
    for body in [
        json!({}),
        json!({"customer": id, "for_s": 3600}),
        json!({"customer": id, "reason": "spam"}),
        json!({"for_s": 3600, "reason": "spam"}),
        json!({"customer": id, "network": HERE, "for_s": 3600, "reason": "spam"}),
        json!({"customer": id, "for_s": 3600, "reason": "  "}),
        json!({"customer": id, "for_s": 0, "reason": "spam"}),
        json!({"customer": id, "for_s": -1, "reason": "spam"}),
        json!({"customer": id, "for_s": "1 h", "reason": "spam"}),
        json!({"customer": id, "for_s": 3600, "reason": "spam", "until": "tomorrow"}),
        json!({"network": "0.0.0.0/0", "for_s": 3600, "reason": "spam"}),
        json!({"network": "shop.example", "for_s": 3600, "reason": "spam"}),
    ] {
        let refused = call(&server, "POST", "/blocks", &admin, Some(&body));
        assert_eq!(
            (refused.status, refused.code()),
            (400, "bad_request"),
            "{body}"
        );
    }
    for id in ["99", "0", "x"] {
        let body = json!({"customer": id, "for_s": 3600, "reason": "spam"});
        let refused = call(&server, "POST", "/blocks", &admin, Some(&body));
        assert_eq!(
            (refused.status, refused.code()),
            (404, "customer_not_found")
        );
        let refused = call(&server, "DELETE", &format!("/blocks/{id}"), &admin, None);
        assert_eq!((refused.status, refused.code()), (404, "block_not_found"));
    }
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM blocks"), 0);
}

fn a_new_block_takes_the_place_of_the_old_one(engine: Engine) {
    let database = Database::new(engine);
    let server = server(&database).start();
    let admin = server.sign_in();
    let mine = token();
    let (_client, id) = writer(&server, HERE, &mine);
    block(
        &server,
        &admin,
        json!({"customer": id, "for_s": null, "reason": "spam"}),
    );
    let second = block(
        &server,
        &admin,
        json!({"customer": id, "for_s": 3600, "reason": "less"}),
    );
    assert_eq!(list(&server, &admin), std::slice::from_ref(&second));
    let told = is_kept_out(&mut hello(&server, HERE, &mine));
    assert_eq!(told.until, second.until);
}

fn socketio_customers_are_kept_out_too(engine: Engine) {
    let database = Database::new(engine);
    // By their real address, which a trusted proxy does not name.
    let server = server(&database).start();
    let admin = server.sign_in();
    let mut client = SocketIo::join(server.address, 4, Carrier::WebSocket);
    client.send(r#"421["message","hello"]"#);
    while !client.next().starts_with("431") {}
    block(
        &server,
        &admin,
        json!({"customer": "1", "for_s": 3600, "reason": "spam"}),
    );
    let told = loop {
        let packet = client.next();
        if packet.starts_with(r#"42["error""#) {
            break packet;
        }
    };
    assert!(told.contains(r#""code":"blocked""#), "{told}");
    assert!(told.contains(r#""until":"20"#), "{told}");
    client.closed();
    // A network, at the door.
    let body = json!({"network": "127.0.0.1", "for_s": 3600, "reason": "spam"});
    block(&server, &admin, body);
    let mut next = SocketIo::open(server.address, "/socket.io/", 4, Carrier::WebSocket);
    next.send("40");
    let refused = loop {
        let packet = next.next();
        if packet.starts_with("44") {
            break packet;
        }
    };
    assert!(refused.contains("blocked here until"), "{refused}");
}

/// An office: everybody connected, everybody heard, by the limits as they are when nobody has set them.
fn two_hundred_customers_behind_one_address_are_served(engine: Engine) {
    let database = Database::new(engine);
    let server = server(&database)
        .without("KEFU_FRAMES_PER_SECOND")
        .without("KEFU_MAX_CONNECTIONS_PER_ADDRESS")
        .start();
    let mut office: Vec<Client> = (0..200)
        .map(|_| customer(&server, HERE, &token()))
        .collect();
    for round in 0..3 {
        for client in &mut office {
            client.post(None, &format!("key{round}"), "hello");
        }
        for client in &mut office {
            client.until(|frame| match frame {
                ServerFrame::Accepted { .. } => Some(()),
                ServerFrame::Error(error) => panic!("{error:?}"),
                _ => None,
            });
        }
    }
    assert_eq!(database.messages().len(), 600);
}

fn past_their_limit_a_customer_is_told_when_to_go_on(engine: Engine) {
    let database = Database::new(engine);
    let server = server(&database)
        .with("KEFU_MESSAGES_PER_MINUTE", 30)
        .with("KEFU_NETWORK_MESSAGES_PER_MINUTE", 40)
        .start();
    let mine = token();
    let mut tabs = [
        customer(&server, HERE, &mine),
        customer(&server, "198.51.100.1", &mine),
    ];
    let since = Instant::now();
    for n in 0..30 {
        tabs[n % 2].say(None, &format!("key{n}"), "hello");
    }
    // One more is allowed every two seconds: as many as those thirty took.
    let allowed = since.elapsed().as_secs() / 2 + 1;
    let told = (0..=allowed).find_map(|n| {
        let asked = tabs[0].post(None, &format!("more{n}"), "one more");
        tabs[0].until(|frame| match frame {
            ServerFrame::Error(error) => {
                assert_eq!(error.reference.as_ref(), Some(&asked));
                assert_eq!(
                    (error.code.as_str(), error.retryable),
                    ("rate_limited", true)
                );
                Some(Some(error))
            }
            ServerFrame::Accepted { .. } => Some(None),
            _ => None,
        })
    });
    let told = told.expect("more is accepted than is allowed");
    let wait = told.retry_after_ms.unwrap();
    assert!((1..=2_001).contains(&wait), "{wait}");
    // What is no message goes on, and so does whoever waits that long.
    tabs[1].everything_so_far();
    thread::sleep(Duration::from_millis(wait));
    tabs[0].say(None, "more", "one more");
    // The network has had 15 of its 40; strangers from there use up the rest.
    let mut sent = 0;
    let told = 'full: loop {
        let mut stranger = customer(&server, "203.0.113.99", &token());
        for n in 0..20 {
            stranger.post(None, &format!("key{n}"), "hello");
            let refused = stranger.until(|frame| match frame {
                ServerFrame::Accepted { .. } => Some(None),
                ServerFrame::Error(error) => Some(Some(error)),
                _ => None,
            });
            match refused {
                None => sent += 1,
                Some(error) => break 'full error,
            }
        }
        assert!(sent < 60, "there is no limit");
    };
    assert_eq!(told.code, "rate_limited");
    assert!(told.message.contains("network"), "{}", told.message);
    assert!(sent >= 20, "{sent}");
    customer(&server, "198.51.100.2", &token()).say(None, "elsewhere", "hello");
}
