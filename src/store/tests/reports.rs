//! Reports: their figures are those that plain SQL finds.

use crate::{
    domain::{Action, Period, Rating, Report, Spread},
    store::{
        Poster, Store,
        testing::{Database, Desk, agent, customer, on_both_engines, wait},
    },
};

fn report(store: &Store, from: &str, to: &str, zone: &str, agent: Option<&Poster>) -> Report {
    let period = Period::read(from, to, zone).unwrap();
    let agent = agent.map(|agent| match agent {
        Poster::Agent(agent) => agent.id,
        Poster::Customer { .. } => panic!("an agent"),
    });
    wait(store.report(period, agent)).unwrap().0
}

/// Two agents, six conversations on three days, at times of which the zone decides the day.
fn talk(database: &Database, store: &Store) -> [Poster; 2] {
    let desk = Desk::new(store);
    let agents = [agent(store, "li"), agent(store, "mei")];
    for n in 0..6 {
        let asker = customer();
        let id = desk.post(&asker, None, "q").message.conversation;
        if n > 0 {
            let who = &agents[n % 2];
            desk.act(who, id, Action::Take);
            desk.note(who, id, "n");
            desk.post(who, Some(id), "a");
        }
        if n > 2 {
            desk.act(&agents[n % 2], id, Action::Close);
            let rating = Rating::read(i64::try_from(n).unwrap() - 1, "").unwrap();
            let key = asker.customer_key().unwrap();
            wait(store.rate(key, id, rating)).unwrap().unwrap();
        }
    }
    for id in 1..=6 {
        let began = format!("2026-11-{:02} 15:{:02}:30", 20 + id / 2, 55 + id);
        let began = if id > 4 {
            format!("2026-11-23 16:{id:02}:00")
        } else {
            began
        };
        database.execute(&format!(
            "UPDATE conversations SET created_at = '{began}', first_response_ms = {id}000 \
             WHERE id = {id} AND first_response_ms IS NOT NULL"
        ));
        database.execute(&format!(
            "UPDATE conversations SET created_at = '{began}' WHERE id = {id}"
        ));
        database.execute(&format!(
            "UPDATE messages SET sent_at = '{began}' WHERE conversation_id = {id}"
        ));
        database.execute(&format!(
            "UPDATE conversations SET closed_at = '2026-11-25 00:00:00' \
             WHERE id = {id} AND closed_at IS NOT NULL"
        ));
    }
    agents
}

#[test]
fn the_figures_are_those_of_plain_sql() {
    on_both_engines(|database| {
        let store = database.store();
        let [li, mei] = talk(database, &store);
        let all = report(&store, "2026-11-20", "2026-11-25", "UTC", None);
        let said = "kind IN ('text', 'file')";
        let total = &all.total;
        let conversations = database.count("conversations WHERE customer_id IS NOT NULL");
        assert_eq!(i64::try_from(total.conversations).unwrap(), conversations);
        assert_eq!(
            total.from_customers,
            database.count(&format!(
                "messages WHERE {said} AND sender_role = 'customer'"
            ))
        );
        assert_eq!(
            total.from_agents,
            database.count(&format!("messages WHERE {said} AND sender_role = 'agent'"))
        );
        let closed = database.count("conversations WHERE status = 'closed'");
        assert_eq!(i64::try_from(total.closed).unwrap(), closed);
        assert_eq!(closed, 3);
        assert_eq!(
            total.first_response,
            Spread::of((2..=6).map(|id| id * 1_000).collect())
        );
        assert_eq!(total.scores, [0, 1, 1, 1, 0]);
        assert_eq!(total.time_to_close.count, 3);

        for (who, id) in [(&li, 1), (&mei, 2)] {
            let own = report(&store, "2026-11-20", "2026-11-25", "UTC", Some(who));
            let theirs = format!("conversations WHERE agent_id = {id}");
            let count = database.count(&theirs);
            assert_eq!(i64::try_from(own.total.conversations).unwrap(), count);
            assert_eq!(own.total.from_customers, 0);
            let (_, among_all) = all.agents.iter().find(|(agent, _)| agent.0 == id).unwrap();
            assert_eq!(&own.total, among_all);
        }
    });
}

#[test]
fn a_day_is_that_of_the_time_zone() {
    on_both_engines(|database| {
        let store = database.store();
        talk(database, &store);
        let per_day = |zone| -> Vec<_> {
            let report = report(&store, "2026-11-20", "2026-11-24", zone, None);
            let steps: i64 = (report.activity.iter())
                .map(|step| step.from_customers + step.from_agents)
                .sum();
            assert_eq!(
                steps,
                report.total.from_customers + report.total.from_agents
            );
            (report.days.into_iter())
                .map(|(_, day)| (day.conversations, day.from_customers))
                .collect()
        };
        // In Shanghai the day begins at 16:00 UTC.
        let utc = per_day("UTC");
        let shanghai = per_day("Asia/Shanghai");
        assert_eq!(utc.iter().map(|day| day.0).sum::<u64>(), 6);
        assert_eq!(shanghai.iter().map(|day| day.0).sum::<u64>(), 6);
        let sql = |from: &str, to: &str| {
            database.count(&format!(
                "conversations WHERE created_at >= '{from}' AND created_at < '{to}'"
            ))
        };
        for (at, from, to) in [
            (0, "2026-11-20 00:00:00", "2026-11-21 00:00:00"),
            (1, "2026-11-21 00:00:00", "2026-11-22 00:00:00"),
            (2, "2026-11-22 00:00:00", "2026-11-23 00:00:00"),
            (3, "2026-11-23 00:00:00", "2026-11-24 00:00:00"),
        ] {
            assert_eq!(i64::try_from(utc[at].0).unwrap(), sql(from, to), "{from}");
        }
        for (at, from, to) in [
            (0, "2026-11-19 16:00:00", "2026-11-20 16:00:00"),
            (3, "2026-11-22 16:00:00", "2026-11-23 16:00:00"),
            (4, "2026-11-23 16:00:00", "2026-11-24 16:00:00"),
        ] {
            assert_eq!(
                i64::try_from(shanghai[at].0).unwrap(),
                sql(from, to),
                "{from}"
            );
        }
        assert_ne!(utc, shanghai);
    });
}
