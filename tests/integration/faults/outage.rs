//! The database is away for ten seconds while customers and agents talk, and comes back.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use diesel::{
    Connection, MysqlConnection, RunQueryDsl, SqliteConnection, connection::SimpleConnection,
    sql_query,
};
use kefu::protocol::ServerFrame;
use serde_json::{Value, json};

use super::{OnDrop, eventually, is_well, percentile};
use crate::support::{
    Client, Database, Engine, MariaDb, Pass, Person, Server, ServerBuilder, seconds,
    settle_and_check, token,
};

/// How long it is away, in seconds.
const AWAY_S: u64 = 10;
/// How long any request may take to be answered, one way or the other.
const ANSWER: Duration = Duration::from_millis(2_300);
/// How long until everything goes by itself again.
const HEALED: Duration = Duration::from_secs(5);
/// How long typing may be on its way.
const TYPING: Duration = Duration::from_millis(500);

/// A way for a database to be away.
trait Outage {
    /// Whether nobody can read either.
    const READS_FAIL: bool;
    fn begin(&mut self);
    /// Returns when the database answers again.
    fn end(&mut self);
}

struct Crash(MariaDb);

impl Outage for Crash {
    const READS_FAIL: bool = true;

    fn begin(&mut self) {
        self.0.kill();
    }

    fn end(&mut self) {
        self.0.start_again();
    }
}

struct Freeze(MariaDb);

impl Outage for Freeze {
    const READS_FAIL: bool = true;

    fn begin(&mut self) {
        self.0.signal("STOP");
    }

    fn end(&mut self) {
        self.0.signal("CONT");
    }
}

/// Somebody else writes to the file. Readers of a SQLite file never wait for that.
struct Lock(SqliteConnection);

impl Outage for Lock {
    const READS_FAIL: bool = false;

    fn begin(&mut self) {
        self.0.batch_execute("BEGIN EXCLUSIVE").unwrap();
    }

    fn end(&mut self) {
        self.0.batch_execute("COMMIT").unwrap();
    }
}

/// It takes no more connections, and those that were open are gone.
struct Crowded {
    _mariadb: MariaDb,
    /// A connection of root's, for whom there is always room for one more.
    root: MysqlConnection,
    /// For somebody else than the server.
    url: String,
    others: Vec<MysqlConnection>,
}

/// The fewest that MariaDB takes for a limit.
const FEWEST: i64 = 10;

impl Crowded {
    /// The server's connections, also those that are just being made.
    fn own(&mut self) -> Vec<i64> {
        let own = "SELECT ID AS n FROM information_schema.PROCESSLIST
                   WHERE USER IN ('kefu', 'unauthenticated user')";
        let own: Vec<Count> = sql_query(own).load(&mut self.root).unwrap();
        own.into_iter().map(|row| row.n).collect()
    }

    /// Takes every place that is free; how many there were.
    fn crowd(&mut self) -> usize {
        let before = self.others.len();
        while let Ok(another) = MysqlConnection::establish(&self.url) {
            self.others.push(another);
        }
        self.others.len() - before
    }
}

impl Outage for Crowded {
    const READS_FAIL: bool = true;

    fn begin(&mut self) {
        let limit = format!("SET GLOBAL max_connections = {FEWEST}");
        self.root.batch_execute(&limit).unwrap();
        let patience = Duration::from_secs(20);
        eventually("others have every connection", patience, || {
            for id in self.own() {
                // It may have gone by itself.
                let _ = self.root.batch_execute(&format!("KILL {id}"));
            }
            self.crowd();
            // What was killed gives its place back a moment after it is off the list.
            thread::sleep(Duration::from_millis(300));
            self.crowd() == 0 && self.own().is_empty()
        });
    }

    fn end(&mut self) {
        self.others.clear();
    }
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

#[test]
fn mariadb_is_killed_and_comes_back() {
    let mariadb = MariaDb::start();
    let database = Database::on(&mariadb.url());
    survives(&database, Server::on(&database), AWAY_S, Crash(mariadb));
}

#[test]
fn mariadb_stands_still_and_goes_on() {
    let mariadb = MariaDb::start();
    let database = Database::on(&mariadb.url());
    survives(&database, Server::on(&database), AWAY_S, Freeze(mariadb));
}

#[test]
fn mariadb_has_too_many_connections() {
    let mariadb = MariaDb::start();
    let database = Database::on(&mariadb.url());
    let mut root = database.mysql();
    for user in ["kefu", "other"] {
        let make = format!("CREATE USER '{user}'@'127.0.0.1' IDENTIFIED BY 'kefu'");
        root.batch_execute(&make).unwrap();
        let allow = format!("GRANT ALL PRIVILEGES ON `kefu%`.* TO '{user}'@'127.0.0.1'");
        root.batch_execute(&allow).unwrap();
    }
    let url = |user: &str| database.url().replacen("root", user, 1);
    let server = Server::on(&database).with("DATABASE_URL", url("kefu"));
    let crowded = Crowded {
        _mariadb: mariadb,
        root,
        url: url("other"),
        others: Vec::new(),
    };
    survives(&database, server, 3, crowded);
}

#[test]
fn the_sqlite_file_is_locked() {
    let database = Database::new(Engine::Sqlite);
    let lock = Lock(database.sqlite());
    survives(&database, Server::on(&database), AWAY_S, lock);
}

/// Many more than are looked up at the same time.
const NEWCOMERS: usize = 600;

#[test]
fn hundreds_who_come_while_mariadb_stands_still_are_all_told_in_time_and_all_let_in_after() {
    let mut freeze = Freeze(MariaDb::start());
    let database = Database::on(&freeze.0.url());
    let server = Server::on(&database).start();
    let open = || -> Vec<Client> { (0..NEWCOMERS).map(|_| Client::connect(&server)).collect() };
    let hello = |client: &mut Client| {
        client.send(&json!({"type": "hello", "as": "customer", "token": token()}));
    };
    // Connected before, so that what is measured is the answer to hello.
    let mut turned_away = open();
    freeze.begin();
    let since = Instant::now();
    turned_away.iter_mut().for_each(hello);
    for client in &mut turned_away {
        assert_eq!(client.error().1, "unavailable");
        assert_eq!(client.closed().0, 4003);
    }
    let took = since.elapsed();
    println!("the last was told after {took:?}");
    assert!(took < ANSWER * 2, "the last was told after {took:?}");
    freeze.end();
    eventually("/readyz says 200 again", HEALED, || {
        server.http("GET", "/readyz", &[], None).status == 200
    });
    let mut let_in = open();
    let_in.iter_mut().for_each(hello);
    for client in &mut let_in {
        client.welcome();
    }
}

fn survives<O: Outage>(database: &Database, server: ServerBuilder, away_s: u64, mut outage: O) {
    let server = server.start();
    let bearer = server.sign_in();
    let mut people: Vec<Person> = (0..3)
        .map(|n| Person::new(format!("customer{n}"), Pass::Customer(token())))
        .chain((0..2).map(|n| Person::new(format!("agent{n}"), Pass::Agent(bearer.clone()))))
        .collect();
    let mut typist = Person::new("typist", Pass::Customer(token()));
    let mut newcomer = Person::new("newcomer", Pass::Customer(token()));
    say_something(&mut typist, &server);
    let typing = Typing::between(&typist, &bearer, &server);
    let stop = AtomicBool::new(false);

    let (began, ended, memory) = thread::scope(|scope| {
        // Whatever goes wrong here, the others must hear that it is over.
        let _stop = OnDrop(&stop);
        for person in &mut people {
            scope.spawn(|| talk(person, &server, &stop));
        }
        let typing = scope.spawn(|| typing.measure(&stop));
        wait_for_load(database);
        let memory = server.memory_bytes();

        let began = Instant::now();
        outage.begin();
        look_at_the_outage::<O>(&server, &bearer, began, seconds(away_s));
        outage.end();
        let ended = Instant::now();

        let ready = || server.http("GET", "/readyz", &[], None).status == 200;
        eventually("/readyz says 200 again", HEALED, ready);
        say_something(&mut newcomer, &server);
        let (_, welcome) = Client::agent(&server, &bearer, json!({"1": 1}));
        assert_eq!(welcome.conversations.len(), 5, "the newcomer's is there");
        // What was open when the database came back has its time to get through.
        eventually("time passes", HEALED * 2, || {
            assert_eq!(server.http("GET", "/healthz", &[], None).status, 200);
            ended.elapsed() > HEALED
        });
        stop.store(true, Relaxed);
        let mut delays = typing.join().unwrap();
        let slowest = percentile(&mut delays, 100);
        println!("{} times typing, slowest {slowest:?}", delays.len());
        assert!(delays.len() > 50, "{}", delays.len());
        assert!(slowest < TYPING, "typing was held up: {slowest:?}");
        (began, ended, memory)
    });

    check_tries(&people, began, ended);
    people.extend([typist, newcomer]);
    let mut everybody: Vec<&mut Person> = people.iter_mut().collect();
    let messages = settle_and_check(server.address, database, &mut everybody);
    println!("{messages} messages");
    is_well(&server, memory);
}

/// Joins, writes one message, hears that it is stored, and leaves.
fn say_something(person: &mut Person, server: &Server) {
    person.window = 1;
    person.connect(server.address).expect("a way in");
    person.step(true).unwrap();
    while !person.is_settled() {
        person.step(false).unwrap();
    }
    person.leave();
}

fn talk(person: &mut Person, server: &Server, stop: &AtomicBool) {
    person.connect(server.address).expect("a way in");
    while !stop.load(Relaxed) {
        person
            .step(true)
            .expect("the connection outlives the outage");
    }
}

fn wait_for_load(database: &Database) {
    let mut count = database.counter();
    eventually("there is load", Duration::from_secs(20), || {
        count("SELECT COUNT(*) AS n FROM messages") > 200
    });
}

fn look_at_the_outage<O: Outage>(server: &Server, bearer: &str, began: Instant, away: Duration) {
    while began.elapsed() < away {
        let get = |path, status| {
            let since = Instant::now();
            let answer = server.get(path, bearer);
            let took = since.elapsed();
            assert_eq!(answer.status, status, "{path}: {}", answer.body);
            assert!(took < ANSWER, "{path} took {took:?}");
        };
        let status = if O::READS_FAIL { 503 } else { 200 };
        get("/healthz", 200);
        get("/readyz", status);
        get("/api/v1/me", status);
        get("/api/v1/conversations/1/messages", status);
        try_to_join(server, O::READS_FAIL);
        // Not to be a load of its own.
        thread::sleep(Duration::from_millis(200));
    }
}

/// A new customer during the outage.
fn try_to_join(server: &Server, reads_fail: bool) {
    let mut stranger = Client::connect(server);
    let since = Instant::now();
    stranger.send(&json!({"type": "hello", "as": "customer", "token": token()}));
    let answer = stranger.frame();
    let took = since.elapsed();
    assert!(took < ANSWER, "joining took {took:?}");
    match answer {
        ServerFrame::Welcome(_) => assert!(!reads_fail),
        ServerFrame::Error(error) => {
            assert!(reads_fail);
            assert_eq!(
                (error.code.as_str(), error.retryable),
                ("unavailable", true)
            );
            assert_eq!(stranger.closed().0, 4003);
        }
        other => panic!("{other:?}"),
    }
}

/// A customer and an agent who type at each other, on connections of their own.
struct Typing {
    customer: Client,
    agent: Client,
    conversation: String,
}

impl Typing {
    fn between(customer: &Person, bearer: &str, server: &Server) -> Self {
        let Pass::Customer(token) = &customer.pass else {
            panic!("an agent has no conversation");
        };
        let (customer, welcome) = Client::customer(server, token, json!({}));
        let (agent, _) = Client::agent(server, bearer, json!({}));
        Self {
            customer,
            agent,
            conversation: welcome.conversations[0].id.to_string(),
        }
    }

    /// Types until it is over; how long each was on its way.
    fn measure(mut self, stop: &AtomicBool) -> Vec<Duration> {
        let mut delays = Vec::new();
        while !stop.load(Relaxed) {
            let frame = json!({"type": "typing", "conversation": self.conversation, "on": true});
            let (a, b) = (&mut self.customer, &mut self.agent);
            delays.push(type_at(a, b, &frame));
            delays.push(type_at(b, a, &frame));
            thread::sleep(Duration::from_millis(50));
        }
        delays
    }
}

/// Every try was answered in time, and none of them for nothing.
fn check_tries(people: &[Person], began: Instant, ended: Instant) {
    let tries = || people.iter().flat_map(|person| &person.tries);
    let slowest = tries().map(|one| one.took).max().unwrap();
    let refused = tries().filter(|one| !one.accepted).count();
    let open = people
        .iter()
        .flat_map(|person| person.own.values())
        .filter(|own| own.written < ended);
    let healed = open
        .filter_map(|own| own.accepted)
        .map(|(.., at)| at.saturating_duration_since(ended))
        .max()
        .unwrap();
    println!(
        "{refused} of {} tries refused; slowest answer {slowest:?}; healed {healed:?} after {:?}",
        tries().count(),
        ended - began
    );
    assert!(refused > 10, "there was no outage");
    assert!(slowest < ANSWER, "an answer took {slowest:?}");
    assert!(healed < HEALED, "it took {healed:?} to heal");
    for person in people {
        assert_eq!(person.sessions.len(), 1, "{} was cut off", person.name);
    }
}

fn type_at(from: &mut Client, to: &mut Client, frame: &Value) -> Duration {
    let since = Instant::now();
    from.send(frame);
    // Others may type in the agent's room as well, but in conversations of their own.
    let wanted = &frame["conversation"];
    to.until(|frame| match frame {
        ServerFrame::Typing { conversation, .. } => {
            (conversation.to_string() == *wanted).then_some(())
        }
        _ => None,
    });
    since.elapsed()
}
