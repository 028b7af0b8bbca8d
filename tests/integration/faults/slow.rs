//! Peers that take no bytes.

use std::{
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use kefu::protocol::ServerFrame;
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use super::{eventually, percentile};
use crate::support::{Client, Database, Engine, Event, Server, peers, token};

/// Four bytes of UTF-8 each: 16,000 bytes.
fn long_text() -> String {
    "😀".repeat(4_000)
}

/// An agent with next to no room for what comes.
fn small_reader(server: &Server, bearer: &str, resume: &Value) -> Client {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.connect(&server.address.into()).unwrap();
    let mut agent = Client::over(TcpStream::from(socket), server.address);
    agent.send(&json!({"type": "hello", "as": "agent", "token": bearer, "resume": resume}));
    agent.welcome();
    agent
}

/// The most that the kernel keeps for one connection on the sender's side.
fn kernel_buffer_bytes() -> usize {
    let limits = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_wmem").unwrap();
    limits.split_whitespace().last().unwrap().parse().unwrap()
}

/// Two customers who write, one who reads; how long each message took to be accepted.
fn chat(server: &Server, messages: usize) -> Vec<Duration> {
    let text = long_text();
    let customers: Vec<_> = thread::scope(|scope| {
        let customers = (0..2).map(|_| {
            scope.spawn(|| {
                let (mut me, _) = Client::customer(server, &token(), json!({}));
                let post = |n: usize| {
                    let since = Instant::now();
                    me.say(None, &format!("m{n}"), &text);
                    since.elapsed()
                };
                (0..messages / 2).map(post).collect::<Vec<_>>()
            })
        });
        let customers: Vec<_> = customers.collect();
        customers
            .into_iter()
            .flat_map(|customer| customer.join().unwrap())
            .collect()
    });
    customers
}

#[test]
fn peers_that_never_read_hold_nobody_up_and_are_cut_off() {
    let many = peers(20);
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database)
        .with("KEFU_UNREAD_TIMEOUT_S", 5)
        .start();
    let bearer = server.sign_in();
    let messages = 400 + kernel_buffer_bytes() / 16_000;
    let mut without = chat(&server, messages);
    let idle = || server.http("GET", "/healthz", &[], None).status == 200;
    assert!(idle());
    let (memory, sockets) = (server.memory_bytes(), server.open_sockets());

    let silent: Vec<Client> = (0..many)
        .map(|_| small_reader(&server, &bearer, &json!({})))
        .collect();
    assert!(server.open_sockets() >= sockets + many - 2);
    let since = Instant::now();
    let mut with = chat(&server, messages);
    let most = server.memory_bytes();
    let what = "the server has closed what nobody reads";
    eventually(what, Duration::from_mins(1), || {
        server.open_sockets() <= sockets
    });
    let cut = since.elapsed();
    let after = server.memory_bytes();
    let mebibytes = |bytes: u64| bytes >> 20;
    let (p99, p99_with) = (percentile(&mut without, 99), percentile(&mut with, 99));
    println!(
        "{messages} messages of 16 kB; p99 {p99:?}, with {many} peers that do not read \
         {p99_with:?}; cut off after {cut:?}; MiB before {}, most {}, after {}",
        mebibytes(memory),
        mebibytes(most),
        mebibytes(after)
    );
    let bound = Duration::from_millis(500) * u32::try_from(many.div_ceil(100)).unwrap();
    assert!(p99_with < bound, "{p99_with:?}");
    // 20 queues of 8 MiB, or 20 times what the kernel would not take, is far more than this. What was said is
    // indexed at the same time, and the allocator gives back after ten seconds.
    let what = "the memory of the peers is given back";
    eventually(what, Duration::from_secs(20), || {
        server.memory_bytes().saturating_sub(memory) < 24 << 20
    });
    drop(silent);
}

/// Its queue has overflown: what it would get has holes, so it must not get it.
#[test]
fn a_peer_that_reads_again_too_late_is_told_so_and_resumes() {
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database)
        // On a busy machine writing takes longer than the patience with who does not read.
        .with("KEFU_UNREAD_TIMEOUT_S", 600)
        .start();
    let bearer = server.sign_in();
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    let text = long_text();
    customer.say(None, "first", &text);
    let mut slow = small_reader(&server, &bearer, &json!({}));
    let too_much = kernel_buffer_bytes() + (8 << 20) + (2 << 20);
    let messages = i64::try_from(too_much / 16_000).unwrap();
    for n in 2..=messages {
        customer.say(None, &format!("m{n}"), &text);
    }

    let mut last = 1;
    let code = loop {
        match slow.next() {
            Event::Frame(ServerFrame::Posted(message)) => {
                last += 1;
                assert_eq!(message.seq.0, last, "no hole before the end");
            }
            Event::Frame(_) => {}
            Event::Closed(code, _) => break code,
        }
    };
    assert_eq!(code, 4008);
    assert!(last < messages, "it got everything, so it was not slow");
    println!("{last} of {messages} came before the close");

    let (mut again, _) = Client::agent(&server, &bearer, json!({"1": last}));
    let rest: Vec<i64> = (last + 1..=messages).collect();
    assert_eq!(again.seqs(rest.len()), rest);
}

/// The queue of a session is there for what comes live. Catching up goes page by page, as fast as the
/// peer reads, so neither its length nor a small queue may throw anybody out who does read.
#[test]
fn a_reader_is_never_thrown_out_while_it_catches_up_with_one_long_conversation() {
    resumes(65_536, 1, 300);
}

#[test]
fn a_reader_is_never_thrown_out_while_it_catches_up_with_many_conversations() {
    resumes(8 << 20, 20, 200);
}

/// An agent with a slow line comes back to conversations of long messages, and reads all the time.
fn resumes(queue_bytes: usize, conversations: usize, messages: usize) {
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database)
        .with("KEFU_SESSION_QUEUE_BYTES", queue_bytes)
        .start();
    let bearer = server.sign_in();
    let text = "你".repeat(3_000);
    let mut resume = serde_json::Map::new();
    for _ in 0..conversations {
        let (mut customer, _) = Client::customer(&server, &token(), json!({}));
        let (conversation, ..) = customer.say(None, "first", &text);
        // A few at a time: the customer's own queue is as small.
        for few in (1..messages).collect::<Vec<_>>().chunks(4) {
            for n in few {
                customer.post(None, &format!("m{n}"), &text);
            }
            for _ in few {
                customer.until(|frame| matches!(frame, ServerFrame::Posted(_)).then_some(()));
            }
        }
        resume.insert(conversation.to_string(), json!(0));
    }
    let mut agent = small_reader(&server, &bearer, &Value::Object(resume));
    let mut received = 0;
    // Each frame has its time; how long all of them take is the machine's affair.
    loop {
        match agent.frame() {
            ServerFrame::Posted(_) => {
                received += 1;
                // A line of 3 MB a second.
                thread::sleep(Duration::from_millis(3));
            }
            ServerFrame::Resumed => break,
            _ => {}
        }
    }
    assert_eq!(received, conversations * messages);
}
