//! Holds what people remember against what the database has.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use super::{Database, Person, Row};

/// How long it may take until nothing is open any more.
const PATIENCE: Duration = Duration::from_secs(30);

/// Lets everybody connect, send what is still open and read until they hold everything, then checks:
/// - `seq` is 1, 2, 3 … in each conversation;
/// - everything that was acknowledged is there once, with the `seq` that was acknowledged;
/// - there is nothing that nobody wrote, and no customer or conversation too many;
/// - every connection received in order, without gaps or repeats, from where it began;
/// - with their last connection everybody holds what the database holds.
///
/// Returns how many messages there are, events not counted.
pub fn settle_and_check(
    address: SocketAddr,
    database: &Database,
    people: &mut [&mut Person],
) -> usize {
    thread::scope(|scope| {
        for person in people.iter_mut() {
            scope.spawn(move || settle(person, address));
        }
    });
    let rows = database.messages();
    let heads = heads(&rows);
    thread::scope(|scope| {
        for person in people.iter_mut() {
            let heads = &heads;
            scope.spawn(move || read_up_to(person, heads));
        }
    });
    check(database, &rows, people);
    rows.iter().filter(|row| row.kind != "event").count()
}

fn settle(person: &mut Person, address: SocketAddr) {
    let deadline = Instant::now() + PATIENCE;
    person.leave();
    while !person.is_settled() {
        assert!(Instant::now() < deadline, "{} does not settle", person.name);
        if person.is_connected() {
            let _ = person.step(false);
        } else {
            let _ = person.connect(address);
        }
    }
}

/// The last `seq` of each conversation.
fn heads(rows: &[Row]) -> BTreeMap<i64, i64> {
    rows.iter()
        .map(|row| (row.conversation_id, row.seq))
        .collect()
}

fn read_up_to(person: &mut Person, heads: &BTreeMap<i64, i64>) {
    let deadline = Instant::now() + PATIENCE;
    let own: Vec<i64> = if person.is_customer() {
        person.conversations().collect()
    } else {
        heads.keys().copied().collect()
    };
    while own.iter().any(|id| person.holds(*id) < heads[id]) || !person.is_settled() {
        assert!(
            Instant::now() < deadline,
            "{} never gets everything",
            person.name
        );
        person.step(false).expect("the connection stays up");
    }
}

fn check(database: &Database, rows: &[Row], people: &[&mut Person]) {
    let mut stored: HashMap<&str, &Row> = HashMap::new();
    let mut next: BTreeMap<i64, i64> = BTreeMap::new();
    for row in rows {
        let seq = next.entry(row.conversation_id).or_default();
        *seq += 1;
        assert_eq!(
            row.seq, *seq,
            "a gap in conversation {}",
            row.conversation_id
        );
        if row.kind == "event" {
            assert_eq!(row.client_id, None, "no client sends an event");
            continue;
        }
        let client_id = row.client_id.as_deref().unwrap();
        let twin = stored.insert(client_id, row);
        assert!(twin.is_none(), "stored twice: {row:?} and {twin:?}");
    }
    let mut written = 0;
    for person in people {
        written += person.own.len();
        check_own(person, &stored);
        check_received(person, rows);
    }
    assert_eq!(stored.len(), written, "nothing that nobody wrote");
    let customers: HashSet<_> = rows
        .iter()
        .filter(|row| row.sender_role == "customer")
        .map(|row| row.sender_id)
        .collect();
    let wrote = people
        .iter()
        .filter(|person| person.is_customer() && !person.own.is_empty())
        .count();
    assert_eq!(customers.len(), wrote, "one customer for each token");
    for table in ["customers", "conversations"] {
        let there = database.count(&format!("SELECT COUNT(*) AS n FROM {table}"));
        assert_eq!(usize::try_from(there).unwrap(), wrote, "{table}");
    }
}

fn check_own(person: &Person, stored: &HashMap<&str, &Row>) {
    for (client_id, own) in &person.own {
        let (conversation, seq, _) = own.accepted.expect("everything is acknowledged by now");
        let row = stored
            .get(client_id.as_str())
            .unwrap_or_else(|| panic!("{client_id} was acknowledged and is not there"));
        let place = (row.conversation_id, row.seq);
        assert_eq!(place, (conversation, seq), "{client_id}");
        assert_eq!(row.text, own.text, "{client_id}");
        assert_eq!(
            row.sender_role == "customer",
            person.is_customer(),
            "{client_id}"
        );
    }
}

fn check_received(person: &Person, rows: &[Row]) {
    let row_of: HashMap<(i64, i64), &Row> = rows
        .iter()
        .map(|row| ((row.conversation_id, row.seq), row))
        .collect();
    let same = |line: &super::Line| {
        let row = row_of.get(&(line.conversation, line.seq));
        row.is_some_and(|row| row.client_id == line.client_id && row.text == line.text)
    };
    for (number, session) in person.sessions.iter().enumerate() {
        let who = format!("{}, connection {number}", person.name);
        let mut last = session.start.clone();
        for line in &session.received {
            let before = last.entry(line.conversation).or_default();
            assert_eq!(line.seq, *before + 1, "{who}: {line:?}");
            *before = line.seq;
            assert!(same(line), "{who}: {line:?} is not what is stored");
        }
        if person.is_customer() {
            // One that begins while they are there, they get from its beginning.
            assert!(
                session.new.iter().all(|id| session.start[id] == 0),
                "{who}: {:?}",
                session.start
            );
        }
    }
    for line in &person.older {
        assert!(
            same(line),
            "{}: {line:?} of history is not what is stored",
            person.name
        );
    }
}
