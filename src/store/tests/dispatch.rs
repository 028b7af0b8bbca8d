//! Presence as a lease, and what the server does on its own, on both engines.

use std::collections::BTreeMap;

use crate::{
    domain::{
        Action, AgentId, AssignmentMode, AssignmentRules, Author, ConversationId, EventName, Seq,
        Side, Status, now,
    },
    store::{
        Acted, Colleague, KeepPresence, Page, Poster, Staff, Store, Viewer, Written,
        testing::{Database, Desk, agent, customer, on_both_engines, posted, wait},
    },
};

const BY_TURNS: AssignmentRules = AssignmentRules {
    mode: AssignmentMode::RoundRobin,
    capacity: 2,
    grace_s: 20,
    return_after_s: 60,
};
const TO_THE_FEWEST: AssignmentRules = AssignmentRules {
    mode: AssignmentMode::LeastBusy,
    ..BY_TURNS
};
const OFF: AssignmentRules = AssignmentRules {
    mode: AssignmentMode::Off,
    ..BY_TURNS
};

fn id_of(poster: &Poster) -> AgentId {
    match poster {
        Poster::Agent(agent) => agent.id,
        Poster::Customer { .. } => panic!("a customer"),
    }
}

fn keep(store: &Store, connected: &[&Poster], ended: &[&Poster]) -> Staff {
    let ids = |of: &[&Poster]| of.iter().map(|poster| id_of(poster)).collect();
    let keep = KeepPresence {
        connected: ids(connected),
        ended: ids(ended),
        rules: BY_TURNS,
        may_return: true,
    };
    wait(store.keep_presence(keep)).unwrap()
}

fn of<'a>(staff: &'a Staff, agent: &Poster) -> Option<&'a Colleague> {
    let mut colleagues = staff.colleagues.iter();
    colleagues.find(|one| one.agent.id == id_of(agent))
}

fn is_there(staff: &Staff, agent: &Poster) -> bool {
    of(staff, agent).is_some_and(|one| one.there_for_ms > 0)
}

/// As if this agent had lost their last connection that long ago, and what they have were older.
fn gone_for(database: &Database, agent: &Poster, seconds: u32) {
    let at = now() - chrono::TimeDelta::seconds(i64::from(seconds));
    let at = at.naive_utc().format("%F %T%.3f");
    let id = id_of(agent);
    database.execute(&format!(
        "UPDATE agent_presence SET lease_until = '{at}' WHERE agent_id = {id}"
    ));
    database.execute(&format!(
        "UPDATE conversations SET agent_since = '2026-01-01 00:00:00.000' WHERE agent_id = {id}"
    ));
}

fn ask(desk: &Desk, count: usize, name: &str) -> Vec<ConversationId> {
    (0..count)
        .map(|n| {
            let posted = desk.post(&customer(), None, &format!("{name}{n}"));
            posted.message.conversation
        })
        .collect()
}

/// Which conversation went to whom, in the order of the events.
fn given(changes: &[Acted]) -> Vec<(ConversationId, EventName, AgentId)> {
    let given = changes.iter().map(|acted| {
        let message = acted.event.as_ref().expect("an event");
        assert_eq!(message.author, Author::System);
        let event = message.event.as_ref().expect("an event");
        let agent = event.agent.as_ref().expect("an agent");
        (message.conversation, event.name, agent.id)
    });
    given.collect()
}

fn to_whom(changes: &[Acted]) -> Vec<AgentId> {
    given(changes)
        .into_iter()
        .map(|(.., agent)| agent)
        .collect()
}

#[test]
fn a_lease_is_moved_on_ends_by_itself_and_at_once_for_who_signs_out() {
    on_both_engines(|database| {
        let store = database.store();
        let (li, ana) = (agent(&store, "li"), agent(&store, "ana"));
        let staff = keep(&store, &[], &[]);
        assert_eq!(staff.colleagues.len(), 2);
        assert!(!is_there(&staff, &li) && !staff.is_waited_for && !staff.has_vanished);
        let staff = keep(&store, &[&li], &[]);
        assert!(is_there(&staff, &li) && !is_there(&staff, &ana));
        assert!(of(&staff, &li).unwrap().there_for_ms > 15_000);
        // Another process that does not have them moves nothing.
        let staff = keep(&database.store(), &[&ana], &[]);
        assert!(is_there(&staff, &li) && is_there(&staff, &ana));
        gone_for(database, &li, 1);
        let staff = keep(&store, &[], &[&ana]);
        assert!(!is_there(&staff, &li) && !is_there(&staff, &ana));
        // Connected to another process still.
        assert!(is_there(&keep(&store, &[&ana], &[]), &ana));
        store.disable_account("ana").unwrap();
        assert_eq!(of(&keep(&store, &[&ana], &[]), &ana), None);
    });
}

#[test]
fn away_is_kept_whatever_becomes_of_the_connection() {
    on_both_engines(|database| {
        let store = database.store();
        let li = agent(&store, "li");
        let is_away = |store: &Store| {
            let colleagues = wait(store.colleagues()).unwrap();
            colleagues[0].away
        };
        assert!(!is_away(&store));
        for away in [true, true, false, true] {
            wait(store.set_away(id_of(&li), away)).unwrap();
            assert_eq!(is_away(&store), away);
        }
        keep(&store, &[&li], &[]);
        keep(&store, &[], &[&li]);
        assert!(is_away(&database.store()));
    });
}

#[test]
fn nothing_is_handed_out_where_that_is_off() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let li = agent(&store, "li");
        keep(&store, &[&li], &[]);
        ask(&desk, 2, "m");
        assert_eq!(desk.dispatch(OFF), []);
    });
}

#[test]
fn the_longest_wait_comes_first_and_agents_by_turns() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let [li, ana, bo] = ["li", "ana", "bo"].map(|name| agent(&store, name));
        let waiting = ask(&desk, 5, "m");
        assert_eq!(desk.dispatch(BY_TURNS), [], "nobody is there");
        assert!(keep(&store, &[&li, &ana, &bo], &[]).is_waited_for);
        let changes = desk.dispatch(BY_TURNS);
        let turns = [&li, &ana, &bo, &li, &ana].map(id_of);
        let expected: Vec<_> = waiting
            .iter()
            .zip(turns)
            .map(|(id, agent)| (*id, EventName::Assigned, agent))
            .collect();
        assert_eq!(given(&changes), expected);
        let first = &changes[0];
        assert_eq!(first.conversation.status, Status::Open);
        assert_eq!(first.conversation.waiting_since, None);
        assert_eq!(first.conversation.unread.of(Side::Agent), 1);
        assert_eq!(
            first.event.as_ref().unwrap().text,
            "Agent li was given the conversation"
        );
        // Whose turn it is does not depend on the process that asks, nor on how many they have.
        desk.act(&li, waiting[0], Action::Close);
        desk.act(&li, waiting[3], Action::Close);
        let more = ask(&desk, 1, "more");
        let other = Desk::new(&database.store());
        let bos = [(more[0], EventName::Assigned, id_of(&bo))];
        assert_eq!(given(&other.dispatch(BY_TURNS)), bos);
    });
}

#[test]
fn the_least_busy_is_given_the_next() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let (li, ana) = (agent(&store, "li"), agent(&store, "ana"));
        keep(&store, &[&li, &ana], &[]);
        let busy = ask(&desk, 1, "busy");
        desk.act(&li, busy[0], Action::Take);
        ask(&desk, 2, "m");
        let changes = desk.dispatch(TO_THE_FEWEST);
        assert_eq!(
            to_whom(&changes),
            [&ana, &li].map(id_of),
            "ana had none; then each has one, and li was given none so far"
        );
    });
}

#[test]
fn an_agent_is_given_no_more_than_there_is_room_for() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let (li, ana) = (agent(&store, "li"), agent(&store, "ana"));
        database.execute("UPDATE agents SET capacity = 1 WHERE username = 'ana'");
        keep(&store, &[&li, &ana], &[]);
        let waiting = ask(&desk, 5, "m");
        assert_eq!(
            to_whom(&desk.dispatch(BY_TURNS)),
            [&li, &ana, &li].map(id_of)
        );
        assert_eq!(desk.dispatch(BY_TURNS), []);
        desk.act(&ana, waiting[1], Action::Close);
        let next = [(waiting[3], EventName::Assigned, id_of(&ana))];
        assert_eq!(
            given(&desk.dispatch(BY_TURNS)),
            next,
            "who ends one has room again"
        );
        database.execute("UPDATE agents SET capacity = 0");
        desk.act(&ana, waiting[3], Action::Close);
        assert_eq!(desk.dispatch(BY_TURNS), []);
    });
}

#[test]
fn who_is_away_not_there_or_disabled_is_given_nothing() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let [away, gone, disabled, here] =
            ["away", "gone", "disabled", "here"].map(|name| agent(&store, name));
        keep(&store, &[&away, &gone, &disabled], &[]);
        wait(store.set_away(id_of(&away), true)).unwrap();
        gone_for(database, &gone, 1);
        store.disable_account("disabled").unwrap();
        ask(&desk, 2, "m");
        assert_eq!(desk.dispatch(BY_TURNS), []);
        keep(&store, &[&here], &[]);
        wait(store.set_away(id_of(&away), false)).unwrap();
        assert_eq!(to_whom(&desk.dispatch(BY_TURNS)), [&away, &here].map(id_of));
    });
}

#[test]
fn of_two_processes_that_assign_at_once_each_gives_what_the_other_has_not() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let agents = ["li", "ana", "bo"].map(|name| agent(&store, name));
        keep(&store, &agents.iter().collect::<Vec<_>>(), &[]);
        for round in 0..5 {
            let waiting = ask(&desk, 9, &format!("r{round}-"));
            let all: Vec<_> = std::thread::scope(|scope| {
                let processes: Vec<_> = (0..2)
                    .map(|_| {
                        let desk = Desk::new(&database.store());
                        scope.spawn(move || desk.dispatch(BY_TURNS))
                    })
                    .collect();
                let changes = processes.into_iter().map(|one| one.join().unwrap());
                changes.flat_map(|changes| given(&changes)).collect()
            });
            let mut each: BTreeMap<AgentId, usize> = BTreeMap::new();
            let mut once: BTreeMap<ConversationId, usize> = BTreeMap::new();
            for (conversation, _, agent) in all {
                *each.entry(agent).or_default() += 1;
                *once.entry(conversation).or_default() += 1;
            }
            assert_eq!(
                once.into_iter().collect::<Vec<_>>(),
                waiting[..6].iter().map(|id| (*id, 1)).collect::<Vec<_>>()
            );
            assert!(each.values().all(|count| *count == 2), "{each:?}");
            database.execute("UPDATE conversations SET status = 'closed', waiting_since = NULL");
        }
    });
}

#[test]
fn what_an_agent_has_who_is_gone_for_long_enough_goes_back_and_to_another() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let (li, ana) = (agent(&store, "li"), agent(&store, "ana"));
        keep(&store, &[&li], &[]);
        let early = ask(&desk, 1, "early")[0];
        let later = ask(&desk, 1, "later")[0];
        let asker = customer();
        let answered = desk.post(&asker, None, "answered").message.conversation;
        for id in [early, later, answered] {
            desk.act(&li, id, Action::Take);
        }
        desk.post(&li, Some(answered), "answer");
        let nobody = keep(&store, &[], &[]);
        assert!(!nobody.has_vanished);
        gone_for(database, &li, 50);
        assert_eq!(desk.dispatch(OFF), [], "not long enough");
        assert!(!keep(&store, &[], &[]).has_vanished);
        gone_for(database, &li, 61);
        assert!(keep(&store, &[], &[]).has_vanished);
        let never = AssignmentRules {
            return_after_s: 0,
            ..OFF
        };
        assert_eq!(desk.dispatch(never), []);

        let back = desk.dispatch(OFF);
        let returned = [early, later, answered].map(|id| (id, EventName::Returned, id_of(&li)));
        assert_eq!(given(&back), returned);
        assert_eq!(
            back[0].event.as_ref().unwrap().text,
            "Agent li is not there; the conversation is back in the queue"
        );
        assert!(
            back.iter()
                .all(|one| one.conversation.status == Status::Waiting
                    && one.conversation.agent.is_none())
        );
        // Whoever waits for a word keeps their place; who has had one waits from now on.
        assert_eq!(wait(store.queue()).unwrap(), [early, later, answered]);
        let since = |acted: &Acted| acted.conversation.waiting_since.unwrap();
        let first = wait(store.messages(Viewer::Agent, early, Page::After(Seq::ZERO), 1));
        assert_eq!(since(&back[0]), first.unwrap().unwrap().messages[0].sent_at);
        assert_eq!(since(&back[2]), back[2].event.as_ref().unwrap().sent_at);
        assert_eq!(desk.dispatch(OFF), [], "once");

        keep(&store, &[&ana], &[]);
        assert_eq!(to_whom(&desk.dispatch(BY_TURNS)), [&ana, &ana].map(id_of));
    });
}

#[test]
fn taking_back_and_giving_anew_is_one_step() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let (li, ana) = (agent(&store, "li"), agent(&store, "ana"));
        keep(&store, &[&li, &ana], &[]);
        let here = ask(&desk, 1, "m")[0];
        desk.act(&li, here, Action::Take);
        gone_for(database, &li, 61);
        let changes = given(&desk.dispatch(BY_TURNS));
        let expected = [
            (here, EventName::Returned, id_of(&li)),
            (here, EventName::Assigned, id_of(&ana)),
        ];
        assert_eq!(changes, expected);
        let all = wait(store.messages(Viewer::Agent, here, Page::After(Seq::ZERO), 9));
        let seqs: Vec<i64> = all
            .unwrap()
            .unwrap()
            .messages
            .iter()
            .map(|m| m.seq.0)
            .collect();
        assert_eq!(seqs, [1, 2, 3, 4]);
    });
}

#[test]
fn a_disabled_agent_is_gone_at_once() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let li = agent(&store, "li");
        keep(&store, &[&li], &[]);
        let here = ask(&desk, 1, "m")[0];
        desk.act(&li, here, Action::Take);
        store.disable_account("li").unwrap();
        assert!(keep(&store, &[], &[]).has_vanished);
        let never = AssignmentRules {
            return_after_s: 0,
            ..BY_TURNS
        };
        let back = [(here, EventName::Returned, id_of(&li))];
        assert_eq!(given(&desk.dispatch(never)), back);
    });
}

#[test]
fn who_is_handed_one_while_they_are_not_there_has_as_long_to_come() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let (li, ana) = (agent(&store, "li"), agent(&store, "ana"));
        keep(&store, &[&li, &ana], &[]);
        gone_for(database, &ana, 3_600);
        let here = ask(&desk, 1, "m")[0];
        desk.act(&li, here, Action::Transfer(Some(id_of(&ana))));
        assert_eq!(desk.dispatch(BY_TURNS), []);
        gone_for(database, &ana, 3_600);
        assert_eq!(desk.dispatch(OFF).len(), 1);
    });
}

#[test]
fn what_somebody_puts_back_by_hand_does_not_come_back_to_them_at_once() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let (li, ana) = (agent(&store, "li"), agent(&store, "ana"));
        keep(&store, &[&li], &[]);
        let here = ask(&desk, 1, "m")[0];
        assert_eq!(to_whom(&desk.dispatch(BY_TURNS)), [id_of(&li)]);
        desk.act(&li, here, Action::Release);
        assert_eq!(desk.dispatch(BY_TURNS), []);
        keep(&store, &[&ana], &[]);
        assert_eq!(to_whom(&desk.dispatch(BY_TURNS)), [id_of(&ana)]);
    });
}

#[test]
fn a_dispatch_among_other_writes_leaves_their_order_as_it_is() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let li = agent(&store, "li");
        keep(&store, &[&li], &[]);
        let asker = customer();
        // One alone, then all of these as one batch.
        desk.submit(&customer(), None, "alone", "x");
        desk.submit(&asker, None, "1", "x");
        desk.submit_dispatch(BY_TURNS);
        desk.submit(&asker, None, "2", "x");
        let all = desk.collect(4);
        let Written::Dispatched { changes, .. } = &all[2] else {
            panic!("{:?}", all[2]);
        };
        assert_eq!(changes.len(), 2);
        let second = posted(all[3].clone());
        assert_eq!(second.message.seq, Seq(3));
        assert_eq!(second.conversation.status, Status::Open);
    });
}
