//! While the database is away: writes fail in time, nothing is lost or doubled, and it heals.

use std::{
    net::{TcpListener, TcpStream},
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};

use crate::{
    domain::{AgentId, Code, RoomKind},
    store::{
        QueueFull, Store, StoreError, StoreOptions, Written,
        testing::{Database, Desk, customer, on_both_engines, post_to, posted, wait},
    },
};

/// How late an answer may come beyond the patience on a busy machine.
const GRACE: Duration = Duration::from_millis(1_500);

/// A MariaDB of this test's own, to kill. The arguments are those of scripts/with-mariadb.
struct Server {
    folder: tempfile::TempDir,
    port: u16,
    child: Option<Child>,
}

fn command(name: &str) -> Command {
    // Debian keeps the server where a user's PATH does not look.
    let places = ["/usr/local/sbin", "/usr/sbin", "/usr/local/bin", "/usr/bin"];
    let found = places
        .iter()
        .map(|place| Path::new(place).join(name))
        .find(|path| path.exists());
    Command::new(found.unwrap_or_else(|| name.into()))
}

/// Only root may, and must, say as whom the server runs.
fn as_whom(folder: &Path) -> Option<&'static str> {
    (std::fs::metadata(folder).unwrap().uid() == 0).then_some("--user=root")
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("kefu-db")
            .tempdir_in("/tmp")
            .unwrap();
        let data = folder.path().join("data");
        let installed = command("mariadb-install-db")
            .args(["--no-defaults", "--auth-root-authentication-method=normal"])
            .args(as_whom(folder.path()))
            .args([
                "--skip-test-db",
                "--skip-name-resolve",
                "--innodb-log-file-size=8M",
            ])
            .arg(format!("--datadir={}", data.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(installed.success());
        std::fs::write(
            folder.path().join("init.sql"),
            "CREATE OR REPLACE USER 'root'@'127.0.0.1' IDENTIFIED BY 'kefu';\n\
             GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n",
        )
        .unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut server = Self {
            folder,
            port,
            child: None,
        };
        server.up();
        server
    }

    fn up(&mut self) {
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        let child = command("mariadbd")
            .args(["--no-defaults", "--skip-name-resolve", "--skip-log-bin"])
            .args(as_whom(self.folder.path()))
            .args([
                "--bind-address=127.0.0.1",
                "--innodb-flush-log-at-trx-commit=1",
            ])
            .args(["--innodb-log-file-size=8M", "--innodb-buffer-pool-size=16M"])
            .args([
                "--character-set-server=latin1",
                "--collation-server=latin1_swedish_ci",
            ])
            .arg(format!("--port={}", self.port))
            .arg(format!("--datadir={}", at("data")))
            .arg(format!("--socket={}", at("socket")))
            .arg(format!("--pid-file={}", at("pid")))
            .arg(format!("--init-file={}", at("init.sql")))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        let deadline = Instant::now() + Duration::from_mins(1);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < deadline, "MariaDB does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    fn signal(&self, name: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(
            Command::new("kill")
                .args([name, &id])
                .status()
                .unwrap()
                .success()
        );
        // The signal is on its way: until every thread stands still, the server goes on committing.
        while name == "-STOP" && !self.stands_still() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn stands_still(&self) -> bool {
        let id = self.child.as_ref().unwrap().id();
        let tasks = std::fs::read_dir(format!("/proc/{id}/task")).unwrap();
        tasks.flatten().all(|task| {
            let status = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
            status.is_empty() || status.contains("State:\tT")
        })
    }

    fn url(&self) -> String {
        format!("mysql://root:kefu@127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn unavailable(written: &Written) -> bool {
    matches!(written, Written::Failed { refusal, .. } if refusal.code == Code::Unavailable)
}

#[test]
fn a_killed_server_fails_writes_in_time_and_heals_when_it_is_back() {
    let mut server = Server::start();
    let database = Database::mysql_on(&server.url());
    let store = Store::open(store_options(&database)).unwrap();
    let patience = store_options(&database).patience;
    let desk = Desk::new(&store);
    let asker = customer();
    let first = desk.post(&asker, None, "one");
    server.kill();
    let since = Instant::now();
    for n in 0..5 {
        desk.submit(&asker, None, &format!("away{n}"), "x");
    }
    let failed = desk.collect(5);
    assert!(failed.iter().all(unavailable), "{failed:?}");
    assert!(since.elapsed() >= patience && since.elapsed() < patience + GRACE);
    assert_eq!(desk.writer.waiting(), 0);
    // Reads as well, and readiness.
    let since = Instant::now();
    let read = wait(store.join_agent(AgentId(1), vec![]));
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    assert!(wait(store.ready()).is_err());
    assert!(since.elapsed() < 2 * (patience + GRACE));
    // A write that comes shortly before the server does needs no retry.
    server.up();
    let again = loop {
        match desk.write(&asker, None, "away0", "x") {
            Written::Posted(posted) => break posted,
            other => assert!(unavailable(&other), "{other:?}"),
        }
    };
    assert!(!again.duplicate);
    assert_eq!(again.message.conversation, first.message.conversation);
    assert_eq!(again.message.seq.0, 2);
    let since = Instant::now();
    while wait(store.ready()).is_err() {
        assert!(
            since.elapsed() < Duration::from_secs(10),
            "reads do not heal"
        );
    }
    assert_eq!(database.count("messages"), 2);
}

#[test]
fn a_server_that_is_killed_in_the_middle_of_traffic_loses_and_doubles_nothing() {
    let mut server = Server::start();
    let database = Database::mysql_on(&server.url());
    let store = Store::open(StoreOptions {
        batch: 16,
        ..store_options(&database)
    })
    .unwrap();
    let desk = Desk::new(&store);
    let asker = customer();
    let mut open: Vec<usize> = (0..400).collect();
    let mut seqs = std::collections::BTreeMap::new();
    let mut kills = 0;
    while !open.is_empty() {
        for n in &open {
            desk.submit(&asker, None, &format!("m{n}"), "x");
        }
        if kills < 2 {
            let mut answered = desk.results();
            kills += 1;
            server.kill();
            server.up();
            while answered.len() < open.len() {
                answered.extend(desk.results());
            }
            open = settle(&open, answered, &mut seqs);
        } else {
            open = settle(&open, desk.collect(open.len()), &mut seqs);
        }
    }
    // Every message was acknowledged once with one number, and each number is used once.
    assert_eq!(seqs.len(), 400);
    let numbers: std::collections::BTreeSet<_> = seqs.values().copied().collect();
    assert_eq!(numbers, (1..=400).collect());
    assert_eq!(database.count("messages"), 400);
}

/// Notes what was stored; returns what is to be tried again.
fn settle(
    open: &[usize],
    answered: Vec<Written>,
    seqs: &mut std::collections::BTreeMap<usize, i64>,
) -> Vec<usize> {
    let mut left = Vec::new();
    for (n, written) in open.iter().zip(answered) {
        match written {
            Written::Posted(posted) => {
                let seq = posted.message.seq.0;
                assert_eq!(*seqs.entry(*n).or_insert(seq), seq);
            }
            other => {
                assert!(unavailable(&other), "{other:?}");
                left.push(*n);
            }
        }
    }
    left
}

#[test]
fn after_a_hang_what_waited_too_long_is_not_stored_late() {
    let server = Server::start();
    let database = Database::mysql_on(&server.url());
    let store = Store::open(StoreOptions {
        queue: 8,
        ..store_options(&database)
    })
    .unwrap();
    let patience = store_options(&database).patience;
    let desk = Desk::new(&store);
    let asker = customer();
    desk.post(&asker, None, "one");
    server.signal("-STOP");
    // The first hangs in the database; the others have not been begun.
    desk.submit(&asker, None, "hangs", "x");
    std::thread::sleep(Duration::from_millis(200));
    for n in 0..7 {
        desk.submit(&asker, None, &format!("w{n}"), "x");
    }
    assert_eq!(desk.writer.waiting(), 8);
    let one_more = desk.writer.submit(post_to(&asker, "more"));
    assert_eq!(one_more, Err(QueueFull));
    let read = wait(store.join_agent(AgentId(1), vec![]));
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    std::thread::sleep(patience);
    server.signal("-CONT");
    let all = desk.collect(8);
    assert!(
        matches!(all[0], Written::Posted(_)),
        "the one that hung was in the database's hands"
    );
    assert!(all[1..].iter().all(unavailable), "{all:?}");
    assert_eq!(desk.writer.waiting(), 0);
    assert_eq!(desk.post(&asker, None, "next").message.seq.0, 3);
    assert!(wait(store.join_agent(AgentId(1), vec![])).is_ok());
}

#[test]
fn a_locked_sqlite_file_fails_writes_in_time_and_heals() {
    let database = Database::sqlite();
    let store = Store::open(store_options(&database)).unwrap();
    let patience = store_options(&database).patience;
    let desk = Desk::new(&store);
    let asker = customer();
    desk.post(&asker, None, "one");
    let mut locker = SqliteConnection::establish(&database.raw["sqlite:".len()..]).unwrap();
    locker.batch_execute("BEGIN IMMEDIATE").unwrap();
    let since = Instant::now();
    let failed = desk.write(&asker, None, "two", "x");
    assert!(unavailable(&failed), "{failed:?}");
    assert!(since.elapsed() >= patience && since.elapsed() < patience + GRACE);
    // Who only reads does not notice.
    assert_eq!(wait(store.join_agent(AgentId(1), vec![])).unwrap().len(), 1);
    desk.submit(&asker, None, "three", "x");
    std::thread::sleep(patience / 2);
    locker.batch_execute("COMMIT").unwrap();
    let healed = posted(desk.collect(1).remove(0));
    assert_eq!(
        healed.message.seq.0, 2,
        "what waited less than the patience is stored"
    );
}

#[test]
fn a_write_past_the_bound_is_refused_at_once_and_stop_drains() {
    let database = Database::sqlite();
    let options = StoreOptions {
        queue: 3,
        ..store_options(&database)
    };
    let desk = Desk::new(&Store::open(options).unwrap());
    let asker = customer();
    desk.post(&asker, None, "one");
    let mut locker = SqliteConnection::establish(&database.raw["sqlite:".len()..]).unwrap();
    locker.batch_execute("BEGIN IMMEDIATE").unwrap();
    for n in 0..3 {
        desk.submit(&asker, None, &format!("w{n}"), "x");
    }
    assert_eq!(desk.writer.submit(post_to(&asker, "more")), Err(QueueFull));
    assert!(
        !desk.writer.stop(Duration::from_millis(100)),
        "there is something left to do"
    );
    locker.batch_execute("ROLLBACK").unwrap();
    assert!(desk.writer.stop(Duration::from_secs(10)));
    assert!(
        desk.collect(3)
            .into_iter()
            .all(|written| !posted(written).duplicate)
    );
    assert_eq!(desk.writer.submit(post_to(&asker, "late")), Err(QueueFull));
    assert_eq!(desk.writer.waiting(), 0);
}

#[test]
fn a_full_disk_fails_writes_and_heals() {
    let database = Database::sqlite();
    let desk = Desk::new(&Store::open(store_options(&database)).unwrap());
    let asker = customer();
    desk.post(&asker, None, "one");
    // As full as a file can be: a limit on its pages belongs to a connection, so a trigger plays it.
    database.execute_plain(
        "CREATE TRIGGER full BEFORE INSERT ON messages BEGIN \
         SELECT RAISE(ABORT, 'database or disk is full'); END",
    );
    let failed = desk.write(&asker, None, "two", "x");
    assert!(unavailable(&failed), "{failed:?}");
    database.execute("DROP TRIGGER full");
    assert_eq!(desk.post(&asker, None, "two").message.seq.0, 2);
}

#[test]
fn no_database_at_the_start_says_so() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("mysql://u:secret@127.0.0.1:{free}/kefu")
        .parse()
        .unwrap();
    let Err(error) = Store::open(StoreOptions::new(url, RoomKind::Private)) else {
        panic!("opened nothing");
    };
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[test]
fn a_connection_that_the_server_closed_is_opened_again_unnoticed() {
    on_both_engines(|database| {
        if database.url.engine() == crate::store::Engine::Sqlite {
            return;
        }
        let desk = Desk::new(&Store::open(store_options(database)).unwrap());
        let asker = customer();
        desk.post(&asker, None, "one");
        database.kill_connections();
        let since = Instant::now();
        let next = desk.post(&asker, None, "two");
        assert!(!next.duplicate);
        assert!(
            since.elapsed() < Duration::from_millis(500),
            "{:?}",
            since.elapsed()
        );
    });
}

/// With the patience that a store has by itself.
fn store_options(database: &Database) -> StoreOptions {
    StoreOptions::new(database.url.clone(), RoomKind::Private)
}
