//! The history checker: holds what people remember against what the database has.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use super::{Database, Line, Person, Row};

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
    let people: Vec<&Person> = people.iter().map(|person| &**person).collect();
    let wrong = wrong(&rows, &people);
    let first = wrong.iter().take(20).map(String::as_str);
    let first: Vec<&str> = first.collect();
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        first.join("\n")
    );
    let wrote = people.iter().filter(|person| writes_as_customer(person));
    let wrote = wrote.count();
    for table in ["customers", "conversations"] {
        let there = database.count(&format!("SELECT COUNT(*) AS n FROM {table}"));
        assert_eq!(usize::try_from(there).unwrap(), wrote, "{table}");
    }
    rows.iter().filter(|row| row.kind != "event").count()
}

fn writes_as_customer(person: &Person) -> bool {
    person.is_customer() && !person.own.is_empty()
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

/// Everything that is wrong between the rows, in order, and what people remember. No clock and no network, so
/// that it can be tested itself.
fn wrong(rows: &[Row], people: &[&Person]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut stored: HashMap<&str, &Row> = HashMap::new();
    let mut next: BTreeMap<i64, i64> = BTreeMap::new();
    for row in rows {
        let seq = next.entry(row.conversation_id).or_default();
        *seq += 1;
        if row.seq != *seq {
            wrong.push(format!("a gap before {row:?}"));
            *seq = row.seq;
        }
        match (&row.client_id, row.kind.as_str()) {
            (None, "event") => {}
            (Some(client_id), kind) if kind != "event" => {
                if let Some(twin) = stored.insert(client_id, row) {
                    wrong.push(format!("stored twice: {row:?} and {twin:?}"));
                }
            }
            _ => wrong.push(format!("a message has a client_id, an event none: {row:?}")),
        }
    }
    let row_of: HashMap<(i64, i64), &Row> = rows
        .iter()
        .map(|row| ((row.conversation_id, row.seq), row))
        .collect();
    let mut written = 0;
    for person in people {
        written += person.own.len();
        wrong_in_own(person, &stored, &mut wrong);
        wrong_in_received(person, &row_of, &mut wrong);
    }
    if stored.len() != written {
        let there = stored.len();
        wrong.push(format!("{written} were written and {there} are there"));
    }
    let customers: HashSet<_> = rows
        .iter()
        .filter(|row| row.sender_role == "customer")
        .map(|row| row.sender_id)
        .collect();
    let wrote = people.iter().filter(|person| writes_as_customer(person));
    let wrote = wrote.count();
    if customers.len() != wrote {
        wrong.push(format!("{wrote} customers wrote as {}", customers.len()));
    }
    wrong
}

fn wrong_in_own(person: &Person, stored: &HashMap<&str, &Row>, wrong: &mut Vec<String>) {
    for (client_id, own) in &person.own {
        let Some((conversation, seq, _)) = own.accepted else {
            wrong.push(format!("{client_id} was never acknowledged"));
            continue;
        };
        let Some(row) = stored.get(client_id.as_str()) else {
            wrong.push(format!("{client_id} was acknowledged and is not there"));
            continue;
        };
        let by_customer = row.sender_role == "customer";
        if (row.conversation_id, row.seq) != (conversation, seq)
            || row.text != own.text
            || by_customer != person.is_customer()
        {
            let as_what = format!("{conversation}/{seq}");
            wrong.push(format!(
                "{client_id} was acknowledged as {as_what}: {row:?}"
            ));
        }
    }
}

fn wrong_in_received(person: &Person, row_of: &HashMap<(i64, i64), &Row>, wrong: &mut Vec<String>) {
    let same = |line: &Line| {
        let row = row_of.get(&(line.conversation, line.seq));
        row.is_some_and(|row| row.client_id == line.client_id && row.text == line.text)
    };
    for (number, session) in person.sessions.iter().enumerate() {
        let who = format!("{}, connection {number}", person.name);
        let mut last = session.start.clone();
        for line in &session.received {
            let before = last.entry(line.conversation).or_default();
            if line.seq != *before + 1 {
                wrong.push(format!("{who}: after {before} came {line:?}"));
            }
            *before = line.seq;
            if !same(line) {
                wrong.push(format!("{who}: {line:?} is not what is stored"));
            }
        }
        // One that begins while a customer is there, they get from its beginning.
        if person.is_customer() && session.new.iter().any(|id| session.start[id] != 0) {
            wrong.push(format!("{who} missed a beginning: {:?}", session.start));
        }
    }
    for line in person.older.iter().filter(|line| !same(line)) {
        let name = &person.name;
        wrong.push(format!("{name}: {line:?} of history is not what is stored"));
    }
}

/// Who guards the guard: what it must never let pass.
mod tests {
    use super::*;
    use crate::support::{Pass, person::Own, person::SessionLog};

    type Told = (Vec<Row>, Person, Person);

    fn row(seq: i64, client_id: &str) -> Row {
        Row {
            conversation_id: 1,
            seq,
            client_id: Some(client_id.to_owned()),
            kind: "text".to_owned(),
            sender_role: "customer".to_owned(),
            sender_id: Some(7),
            text: format!("text of {client_id}"),
        }
    }

    fn line(row: &Row) -> Line {
        Line {
            conversation: row.conversation_id,
            seq: row.seq,
            client_id: row.client_id.clone(),
            text: row.text.clone(),
        }
    }

    /// A customer who wrote three messages, and an agent who got them over two connections.
    fn told() -> Told {
        let rows: Vec<Row> = (1..)
            .zip(["a", "b", "c"])
            .map(|(n, id)| row(n, id))
            .collect();
        let mut customer = Person::new("customer", Pass::Customer(String::new()));
        for row in &rows {
            let own = Own {
                text: row.text.clone(),
                written: Instant::now(),
                accepted: Some((1, row.seq, Instant::now())),
            };
            customer.own.insert(row.client_id.clone().unwrap(), own);
        }
        let mut agent = Person::new("agent", Pass::Agent(String::new()));
        for (from, part) in [(0, &rows[..2]), (2, &rows[2..])] {
            agent.sessions.push(SessionLog {
                start: [(1, from)].into(),
                new: Vec::new(),
                received: part.iter().map(line).collect(),
            });
        }
        (rows, customer, agent)
    }

    fn check(spoil: fn(&mut Told), complaint: &str) {
        let mut told = told();
        spoil(&mut told);
        let (rows, customer, agent) = &told;
        let wrong = wrong(rows, &[customer, agent]).join("\n");
        assert!(wrong.contains(complaint), "{complaint:?} not in {wrong:?}");
    }

    #[test]
    fn what_is_right_is_not_wrong() {
        let (rows, customer, agent) = told();
        assert_eq!(wrong(&rows, &[&customer, &agent]), Vec::<String>::new());
    }

    #[test]
    fn the_checker_sees_what_is_lost() {
        check(
            |told| drop(told.0.pop()),
            "c was acknowledged and is not there",
        );
        check(|told| drop(told.0.remove(1)), "a gap before");
        let unheard = |told: &mut Told| told.1.own.get_mut("b").unwrap().accepted = None;
        check(unheard, "b was never acknowledged");
        check(
            |told| drop(told.2.sessions[0].received.remove(0)),
            "after 0 came",
        );
        check(
            |told| told.2.sessions[1].start = [(1, 1)].into(),
            "after 1 came",
        );
    }

    #[test]
    fn the_checker_sees_what_is_doubled() {
        check(|told| told.0.push(row(4, "a")), "stored twice");
        check(
            |told| told.0.push(row(4, "d")),
            "3 were written and 4 are there",
        );
        let again = |told: &mut Told| {
            let first = told.2.sessions[0].received[1].clone();
            told.2.sessions[0].received.push(first);
        };
        check(again, "after 2 came");
        check(
            |told| told.0[0].sender_id = Some(8),
            "1 customers wrote as 2",
        );
    }

    #[test]
    fn the_checker_sees_what_is_out_of_order() {
        check(
            |told| told.2.sessions[0].received.swap(0, 1),
            "after 0 came",
        );
        let elsewhere = |told: &mut Told| {
            told.1.own.get_mut("a").unwrap().accepted = Some((1, 2, Instant::now()));
        };
        check(elsewhere, "a was acknowledged as 1/2");
    }

    #[test]
    fn the_checker_sees_what_is_changed() {
        check(|told| told.0[2].text.push('!'), "is not what is stored");
        check(|told| told.0[2].text.push('!'), "c was acknowledged as 1/3");
        check(
            |told| told.0[0].client_id = None,
            "a message has a client_id",
        );
        check(
            |told| told.0[0].sender_role = "agent".to_owned(),
            "a was acknowledged as 1/1",
        );
        let late = |told: &mut Told| {
            told.1.sessions.push(SessionLog {
                start: [(1, 1)].into(),
                new: vec![1],
                received: Vec::new(),
            });
        };
        check(late, "missed a beginning");
        let old = |told: &mut Told| {
            let mut line = line(&told.0[0]);
            line.text.clear();
            told.2.older.push(line);
        };
        check(old, "of history is not what is stored");
    }
}
