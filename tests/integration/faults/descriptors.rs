//! The server may open no more files and sockets.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use super::{crowd, eventually, is_well, limit, talk_while};
use crate::support::{
    Database, Engine, Pass, Person, Server, peers, seconds, settle_and_check, token,
};

fn open_files(server: &Server) -> usize {
    let folder = format!("/proc/{}/fd", server.pid());
    fs::read_dir(folder).unwrap().count()
}

/// Asks `/healthz`; whether an answer came in time.
fn answers(server: &Server, within: Duration) -> bool {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(within)).unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).is_ok() && &answer == b"HTTP/1.1 200"
}

#[test]
fn without_descriptors_accepting_pauses_and_recovers() {
    let database = Database::new(Engine::Sqlite);
    let server = Server::on(&database).start();
    let bearer = server.sign_in();
    let mut people = crowd(3, 1, &bearer);
    let mut newcomer = Person::new("newcomer", Pass::Customer(token()));
    let mut count = database.counter();
    let mut stored = || count("SELECT COUNT(*) AS n FROM messages");
    let address = server.address;
    for person in &mut people {
        person.connect(address).expect("a way in");
    }
    let memory = talk_while(&mut people, &[address], || {
        let patience = Duration::from_secs(20);
        eventually("there is load", patience, || stored() > 50);
        let (memory, before) = (server.memory_bytes(), open_files(&server));
        limit(server.pid(), "nofile", &(before + 10).to_string());
        // The kernel takes them in, as many as its queue holds; whoever comes then would wait until it has room.
        let a_moment = Duration::from_secs(1);
        let crowd: Vec<TcpStream> = (0..peers(50))
            .map_while(|_| TcpStream::connect_timeout(&address, a_moment).ok())
            .collect();
        assert!(crowd.len() >= 50, "only {} came", crowd.len());
        eventually("nobody can come in", patience, || {
            open_files(&server) >= before + 10 && !answers(&server, Duration::from_secs(1))
        });
        // Readers of the database may have opened theirs meanwhile; those who are in go on all the same.
        let said = stored();
        eventually("those who are in go on", patience, || stored() > said + 50);
        std::thread::sleep(seconds(0));
        drop(crowd);
        eventually("others can come in again", patience, || {
            answers(&server, Duration::from_secs(5))
        });
        newcomer.connect(address).expect("a way in");
        newcomer.step(true).unwrap();
        eventually("what was open is closed", patience, || {
            open_files(&server) <= before + 10
        });
        memory
    });
    for person in &people {
        assert_eq!(person.sessions.len(), 1, "{} was cut off", person.name);
    }
    people.push(newcomer);
    settle_and_check(
        address,
        &database,
        &mut people.iter_mut().collect::<Vec<_>>(),
    );
    is_well(&server, memory);
}
