//! Peers that send a byte a second, connections that are there no more without anybody having said so, and a
//! flood from one address; while others chat.

use std::{
    io::{ErrorKind, Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{OnDrop, crowd, eventually, is_well, talk_while};
use crate::support::{
    Database, Engine, Person, Server, connect_from, peers,
    raw::{self, Raw},
    seconds, settle_and_check, token,
};

/// How long anybody may wait for an answer before it is as good as none.
const NEVER: Duration = Duration::from_secs(10);

/// Nobody was cut off, and everybody was answered.
fn were_left_alone(people: &[Person]) {
    for person in people {
        assert_eq!(person.sessions.len(), 1, "{} was cut off", person.name);
    }
    let tries = people.iter().flat_map(|person| &person.tries);
    let slowest = tries.map(|one| one.took).max().unwrap();
    println!("slowest answer {slowest:?}");
    assert!(slowest < NEVER, "{slowest:?}");
}

/// Hands bytes on both ways, until it drops all that comes: both ends take the connection for whole, as when a
/// network is gone in between.
struct Line {
    address: SocketAddr,
    cut: Arc<AtomicBool>,
}

impl Line {
    fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let cut = Arc::new(AtomicBool::new(false));
        let is_cut = Arc::clone(&cut);
        thread::spawn(move || {
            for near in listener.incoming() {
                let near = near.unwrap();
                let far = TcpStream::connect(server).unwrap();
                for stream in [&near, &far] {
                    stream.set_nodelay(true).unwrap();
                }
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let is_cut = Arc::clone(&is_cut);
                    thread::spawn(move || carry(from, to, &is_cut));
                }
            }
        });
        Self { address, cut }
    }
}

/// Ends with the connection; what is cut is read and dropped, so that TCP itself notices nothing.
fn carry(mut from: TcpStream, mut to: TcpStream, is_cut: &AtomicBool) {
    let mut bytes = [0; 16_384];
    while let Ok(many @ 1..) = from.read(&mut bytes) {
        if !is_cut.load(Relaxed) && to.write_all(&bytes[..many]).is_err() {
            break;
        }
    }
    // The other end is not to hear that this one is gone.
    if is_cut.load(Relaxed) {
        std::mem::forget(to);
    } else {
        let _ = to.shutdown(std::net::Shutdown::Both);
    }
}

/// Somebody who sends one thing, a byte a second.
struct Trickle {
    stream: TcpStream,
    bytes: std::vec::IntoIter<u8>,
}

impl Trickle {
    /// A request; a hello; a message.
    fn each_kind(server: &Server) -> [Self; 3] {
        let stream = TcpStream::connect(server.address).unwrap();
        let head = format!("GET /ws HTTP/1.1\r\nHost: {}\r\n", server.address);
        let hello = json!({"type": "hello", "as": "customer", "token": token()});
        let hello = raw::frame(raw::TEXT, hello.to_string().as_bytes());
        let outside = Raw::connect(server);
        let mut inside = Raw::connect(server);
        inside.send(&hello);
        inside.until("resumed");
        let post = json!({
            "type": "message.post", "ref": "1", "conversation": null, "client_id": token(),
            "text": "never whole, or somebody would have written it",
        });
        let post = raw::frame(raw::TEXT, post.to_string().as_bytes());
        [
            (stream, head.into_bytes()),
            (outside.stream, hello),
            (inside.stream, post),
        ]
        .map(|(stream, bytes)| {
            stream.set_nonblocking(true).unwrap();
            let bytes = bytes.into_iter();
            Self { stream, bytes }
        })
    }

    /// Sends the next byte; whether the server still takes any.
    fn next(&mut self) -> bool {
        let mut answer = [0; 1_024];
        let byte = self
            .bytes
            .next()
            .expect("it takes longer than anybody waits");
        match self.stream.read(&mut answer) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => return false,
        }
        self.stream.write_all(&[byte]).is_ok()
    }
}

#[test]
fn peers_that_trickle_or_are_no_longer_there_are_let_go() {
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database)
        .with("KEFU_HELLO_TIMEOUT_S", 2)
        .with("KEFU_HEARTBEAT_S", 1)
        .with("KEFU_UNREAD_TIMEOUT_S", 30)
        .start();
    let bearer = server.sign_in();
    let mut people = crowd(3, 1, &bearer);
    for person in &mut people {
        person.connect(server.address).expect("a way in");
    }
    let mut lost = crowd(5, 0, &bearer);
    for (n, person) in lost.iter_mut().enumerate() {
        person.name = format!("lost{n}");
    }
    let mut count = database.counter();
    let patience = Duration::from_mins(1);
    let memory = talk_while(&mut people, &[server.address], || {
        eventually("there is load", patience, || {
            count("SELECT COUNT(*) AS n FROM messages") > 50
        });
        let (memory, sockets) = (server.memory_bytes(), server.open_sockets());
        let line = Line::to(server.address);
        for person in &mut lost {
            person.connect(line.address).expect("a way in");
        }
        let all = sockets + lost.len();
        talk_while(&mut lost, &[line.address], || {
            eventually("they talk over the line", patience, || {
                count(
                    "SELECT COUNT(DISTINCT client_id) AS n FROM messages WHERE client_id LIKE 'lost%'",
                ) > 50
            });
            let mut trickles: Vec<_> = (0..peers(10))
                .flat_map(|_| Trickle::each_kind(&server))
                .collect();
            assert!(server.open_sockets() > all + 20);
            line.cut.store(true, Relaxed);
            let since = Instant::now();
            eventually("the server lets all of them go", patience, || {
                trickles.retain_mut(Trickle::next);
                thread::sleep(Duration::from_secs(1));
                trickles.is_empty() && server.open_sockets() <= sockets
            });
            println!("all were gone after {:?}", since.elapsed());
        });
        memory
    });
    were_left_alone(&people);
    for person in &lost {
        assert_eq!(person.sessions.len(), 1, "nobody told {}", person.name);
    }
    people.extend(lost);
    settle_and_check(
        server.address,
        &database,
        &mut people.iter_mut().collect::<Vec<_>>(),
    );
    is_well(&server, memory);
}

#[test]
fn a_flood_from_one_address_is_not_felt_at_others() {
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database)
        .with("KEFU_METRICS_LISTEN", "127.0.0.1:0")
        .with("KEFU_FRAMES_PER_SECOND", 2_000)
        .with("KEFU_MESSAGES_PER_MINUTE", 0)
        .with("KEFU_NETWORK_MESSAGES_PER_MINUTE", 0)
        .with("KEFU_MAX_CONNECTIONS_PER_ADDRESS", 20)
        .start();
    let bearer = server.sign_in();
    let mut people = crowd(3, 1, &bearer);
    for person in &mut people {
        person.window = 1;
        person.connect(server.address).expect("a way in");
    }
    let mut count = database.counter();
    let mut stored = || count("SELECT COUNT(*) AS n FROM messages");
    let patience = Duration::from_secs(30);
    let (memory, sockets) = talk_while(&mut people, &[server.address], || {
        eventually("there is load", patience, || stored() > 50);
        let (memory, sockets) = (server.memory_bytes(), server.open_sockets());
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let _over = OnDrop(&over);
            scope.spawn(|| flood(&server, &over));
            scope.spawn(|| throng(&server, &over));
            let refused =
                |code: &str| server.metric(&format!("kefu_errors_total{{code=\"{code}\"}}"));
            let (before, since) = (stored(), Instant::now());
            eventually(
                "the flood is held off, and the others go on",
                patience + seconds(2),
                || {
                    refused("rate_limited") > 0.0
                        && refused("too_many_connections") > 0.0
                        && stored() > before + 100
                        && since.elapsed() > seconds(2)
                },
            );
        });
        (memory, sockets)
    });
    were_left_alone(&people);
    eventually("nothing of it is left", patience, || {
        server.open_sockets() <= sockets
    });
    settle_and_check(
        server.address,
        &database,
        &mut people.iter_mut().collect::<Vec<_>>(),
    );
    is_well(&server, memory);
}

const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// Frames as fast as they go out, and again on the next connection when one is closed.
fn flood(server: &Server, over: &AtomicBool) {
    let ping = raw::frame(raw::TEXT, br#"{"type":"ping"}"#);
    let pings = ping.repeat(1_000);
    while !over.load(Relaxed) {
        let stream = connect_from(Some(ELSEWHERE), server.address).unwrap();
        let mut peer = Raw::over(stream, server.address);
        let hello = json!({"type": "hello", "as": "customer", "token": token()});
        peer.say(&hello);
        let patience = Some(Duration::from_millis(200));
        peer.stream.set_write_timeout(patience).unwrap();
        while !over.load(Relaxed) && peer.stream.write_all(&pings).is_ok() {}
    }
}

/// Connections until no more are taken, and more.
fn throng(server: &Server, over: &AtomicBool) {
    let mut held = Vec::new();
    while !over.load(Relaxed) {
        let stream = connect_from(Some(ELSEWHERE), server.address).unwrap();
        held.push(Raw::over(stream, server.address));
        if held.len() > 200 {
            held.clear();
        }
    }
}
