//! What a report says of a period: how much was said, how soon it was answered, how it was found. Pure
//! functions over what the store reads; days and hours are those of a time zone.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use super::{AgentId, Refusal, Timestamp, time};

/// Days that one report covers at most.
const MOST_DAYS: u64 = 366;
/// Days up to which what was said is shown by the hour, and not by the day.
const HOURLY_DAYS: u64 = 31;

/// Whole days in a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    first: NaiveDate,
    days: u64,
    zone: Tz,
}

impl Period {
    /// The days from `from` to `to`, both included (`2026-11-25`), in an IANA time zone.
    ///
    /// # Errors
    /// [`Code::BadRequest`](super::Code::BadRequest), which names what is wrong.
    pub fn read(from: &str, to: &str, zone: &str) -> Result<Self, Refusal> {
        let date = |name, text: &str| {
            // Four digits are what both engines want.
            time::date(text)
                .filter(|date| (1970..=9998).contains(&date.year()))
                .ok_or_else(|| Refusal::bad_field(name, "a date such as 2026-11-25"))
        };
        let (first, last) = (date("from", from)?, date("to", to)?);
        let zone: Tz = zone.parse().map_err(|_| {
            Refusal::bad_field("tz", "the name of a time zone such as Asia/Shanghai")
        })?;
        let days = u64::try_from((last - first).num_days()).map_or(0, |days| days + 1);
        if !(1..=MOST_DAYS).contains(&days) {
            let allowed = format!("from 0 to {} days after from", MOST_DAYS - 1);
            return Err(Refusal::bad_field("to", &allowed));
        }
        Ok(Self { first, days, zone })
    }

    /// The time zone.
    pub fn zone(self) -> Tz {
        self.zone
    }

    /// The days, in order.
    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        (0..self.days).filter_map(move |day| self.first.checked_add_days(Days::new(day)))
    }

    /// Everything from the first to before the second is within it.
    pub fn bounds(self) -> (Timestamp, Timestamp) {
        let end = self.first + Days::new(self.days);
        (self.midnight(self.first), self.midnight(end))
    }

    /// On which day that was.
    pub fn day_of(self, at: Timestamp) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    /// How what was said is grouped.
    pub fn step(self) -> Step {
        if self.days <= HOURLY_DAYS {
            Step::Hour
        } else {
            Step::Day
        }
    }

    /// The first moment of a day. There are days that do not begin at midnight, where the clock is put on then.
    fn midnight(self, day: NaiveDate) -> Timestamp {
        let mut at = day.and_time(chrono::NaiveTime::MIN);
        loop {
            if let Some(found) = self.zone.from_local_datetime(&at).earliest() {
                return found.with_timezone(&Utc);
            }
            at += TimeDelta::minutes(15);
        }
    }

    /// The beginnings of all steps, in order.
    fn steps(self) -> Vec<Timestamp> {
        match self.step() {
            Step::Day => self.days().map(|day| self.midnight(day)).collect(),
            Step::Hour => {
                let (mut at, end) = self.bounds();
                let mut steps = Vec::new();
                while at < end {
                    steps.push(at);
                    at = self.hour_of(at + TimeDelta::hours(1));
                }
                steps
            }
        }
    }

    /// When the hour began that this is in. Zones that are off by 30 or 45 minutes have hours like any other.
    fn hour_of(self, at: Timestamp) -> Timestamp {
        let local = at.with_timezone(&self.zone);
        let into = TimeDelta::minutes(i64::from(local.minute()))
            + TimeDelta::seconds(i64::from(local.second()))
            + TimeDelta::nanoseconds(i64::from(local.nanosecond()));
        at - into
    }

    fn step_of(self, at: Timestamp) -> Timestamp {
        match self.step() {
            Step::Day => self.midnight(self.day_of(at)),
            Step::Hour => self.hour_of(at),
        }
    }
}

/// How what was said is grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// By the hour.
    Hour,
    /// By the day.
    Day,
}

/// How many texts and files were sent within a quarter of an hour, by customers or by one agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// When the quarter began.
    pub at: Timestamp,
    /// Who; `None` for customers.
    pub agent: Option<AgentId>,
    /// Messages.
    pub messages: i64,
}

/// What a report needs of a conversation that began within the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// When.
    pub began: Timestamp,
    /// Who has or had it last.
    pub agent: Option<AgentId>,
    /// How long the customer waited for the first answer.
    pub first_response_ms: Option<i64>,
    /// How long it took until it was closed.
    pub closed_after_ms: Option<i64>,
    /// 1–5.
    pub score: Option<i32>,
}

/// The figures of some conversations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// How many began.
    pub conversations: u64,
    /// Of those: how many have ended.
    pub closed: u64,
    /// Texts and files of customers; of an agent's figures 0.
    pub from_customers: i64,
    /// Texts and files of agents.
    pub from_agents: i64,
    /// Until the first answer; counts those that have one.
    pub first_response: Spread,
    /// Until the end; counts those that have ended.
    pub time_to_close: Spread,
    /// How many were rated with 1, 2, 3, 4 and 5.
    pub scores: [u64; 5],
}

impl Figures {
    /// The mean of the scores.
    #[expect(clippy::cast_precision_loss, reason = "a mean of counts")]
    pub fn mean_score(&self) -> Option<f64> {
        let rated: u64 = self.scores.iter().sum();
        let sum: u64 = (1..).zip(self.scores).map(|(score, n)| score * n).sum();
        (rated > 0).then(|| sum as f64 / rated as f64)
    }
}

/// How durations are spread, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// How many there are.
    pub count: u64,
    /// The median: half of them took no longer.
    pub median_ms: Option<i64>,
    /// Nine of ten took no longer.
    pub p90_ms: Option<i64>,
}

impl Spread {
    /// By nearest rank: each figure is one that was really measured.
    pub fn of(mut durations: Vec<i64>) -> Self {
        durations.sort_unstable();
        let rank = |percent: usize| {
            let rank = (durations.len() * percent).div_ceil(100);
            durations.get(rank.checked_sub(1)?).copied()
        };
        Self {
            count: durations.len() as u64,
            median_ms: rank(50),
            p90_ms: rank(90),
        }
    }
}

/// How much was said within a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// When the step began.
    pub at: Timestamp,
    /// Texts and files of customers.
    pub from_customers: i64,
    /// Texts and files of agents.
    pub from_agents: i64,
}

/// A report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Every step of the period, in order.
    pub activity: Vec<Activity>,
    /// Of all conversations together.
    pub total: Figures,
    /// Of the conversations that began on each day of the period, in order.
    pub days: Vec<(NaiveDate, Figures)>,
    /// Of each agent who had one or said something.
    pub agents: Vec<(AgentId, Figures)>,
    /// The same by day; only where there is anything.
    pub agent_days: Vec<(AgentId, NaiveDate, Figures)>,
}

#[derive(Default)]
struct Group {
    figures: Figures,
    first_responses: Vec<i64>,
    closings: Vec<i64>,
}

impl Group {
    fn add(&mut self, case: &Case) {
        self.figures.conversations += 1;
        self.first_responses.extend(case.first_response_ms);
        self.closings.extend(case.closed_after_ms);
        self.figures.closed += u64::from(case.closed_after_ms.is_some());
        let score = case.score.and_then(|score| usize::try_from(score - 1).ok());
        if let Some(count) = score.and_then(|at| self.figures.scores.get_mut(at)) {
            *count += 1;
        }
    }

    fn count(&mut self, count: &Count) {
        match count.agent {
            None => self.figures.from_customers += count.messages,
            Some(_) => self.figures.from_agents += count.messages,
        }
    }

    fn figures(self) -> Figures {
        Figures {
            first_response: Spread::of(self.first_responses),
            time_to_close: Spread::of(self.closings),
            ..self.figures
        }
    }
}

/// Puts a report together. What is not within the period does not count.
pub fn report(period: Period, counts: &[Count], cases: &[Case]) -> Report {
    let (from, to) = period.bounds();
    let within = |at: Timestamp| (from..to).contains(&at);
    let mut activity: BTreeMap<Timestamp, Activity> = period
        .steps()
        .into_iter()
        .map(|at| {
            let nothing = Activity {
                at,
                from_customers: 0,
                from_agents: 0,
            };
            (at, nothing)
        })
        .collect();
    let mut total = Group::default();
    let mut days: BTreeMap<NaiveDate, Group> =
        (period.days()).map(|day| (day, Group::default())).collect();
    let mut agents: BTreeMap<AgentId, Group> = BTreeMap::new();
    let mut agent_days: BTreeMap<(AgentId, NaiveDate), Group> = BTreeMap::new();
    for count in counts.iter().filter(|count| within(count.at)) {
        let day = period.day_of(count.at);
        if let Some(step) = activity.get_mut(&period.step_of(count.at)) {
            match count.agent {
                None => step.from_customers += count.messages,
                Some(_) => step.from_agents += count.messages,
            }
        }
        total.count(count);
        days.entry(day).or_default().count(count);
        if let Some(agent) = count.agent {
            agents.entry(agent).or_default().count(count);
            agent_days.entry((agent, day)).or_default().count(count);
        }
    }
    for case in cases.iter().filter(|case| within(case.began)) {
        let day = period.day_of(case.began);
        total.add(case);
        days.entry(day).or_default().add(case);
        if let Some(agent) = case.agent {
            agents.entry(agent).or_default().add(case);
            agent_days.entry((agent, day)).or_default().add(case);
        }
    }
    Report {
        activity: activity.into_values().collect(),
        total: total.figures(),
        days: (days.into_iter().map(|(day, group)| (day, group.figures()))).collect(),
        agents: (agents.into_iter().map(|(id, group)| (id, group.figures()))).collect(),
        agent_days: (agent_days.into_iter())
            .map(|((id, day), group)| (id, day, group.figures()))
            .collect(),
    }
}

/// Whom a report names.
pub fn agents_of(report: &Report) -> BTreeSet<AgentId> {
    report.agents.iter().map(|(id, _)| *id).collect()
}

/// The quarter of an hour since 1970 with this number.
pub fn quarter(number: i64) -> Timestamp {
    DateTime::from_timestamp(number.saturating_mul(900), 0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: &str, to: &str, zone: &str) -> Period {
        Period::read(from, to, zone).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn case(began: &str) -> Case {
        Case {
            began: at(began),
            agent: None,
            first_response_ms: None,
            closed_after_ms: None,
            score: None,
        }
    }

    #[test]
    fn a_period_that_is_none_is_refused_by_its_field() {
        for (from, to, zone, field) in [
            ("", "2026-11-25", "UTC", "from"),
            ("2026-11-31", "2026-12-25", "UTC", "from"),
            ("2026-11-25", "25.11.2026", "UTC", "to"),
            ("+2026-11-2", "2026-11-25", "UTC", "from"),
            ("2026-11-25", "2026-11-24", "UTC", "to"),
            ("2025-11-25", "2026-11-26", "UTC", "to"),
            ("2026-11-25", "2026-11-25", "Mars/Olympus", "tz"),
            ("2026-11-25", "2026-11-25", "", "tz"),
        ] {
            let refusal = Period::read(from, to, zone).unwrap_err();
            assert!(refusal.message.starts_with(field), "{}", refusal.message);
        }
        assert_eq!(
            period("2025-11-25", "2026-11-25", "UTC").days().count(),
            366
        );
    }

    #[test]
    fn days_are_those_of_the_time_zone() {
        let shanghai = period("2026-11-25", "2026-11-25", "Asia/Shanghai");
        let (from, to) = shanghai.bounds();
        assert_eq!(from, at("2026-11-24T16:00:00Z"));
        assert_eq!(to, at("2026-11-25T16:00:00Z"));
        let cases = [
            case("2026-11-24T15:59:59.999Z"),
            case("2026-11-24T16:00:00Z"),
            case("2026-11-25T15:59:59.999Z"),
            case("2026-11-25T16:00:00Z"),
        ];
        assert_eq!(report(shanghai, &[], &cases).total.conversations, 2);
    }

    #[test]
    fn a_day_on_which_the_clock_is_changed_has_23_or_25_hours() {
        for (day, hours) in [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-25", 24)] {
            let report = report(period(day, day, "Europe/Berlin"), &[], &[]);
            assert_eq!(report.activity.len(), hours, "{day}");
        }
        // Here midnight is left out: the day begins at one.
        let beirut = period("2026-03-29", "2026-03-29", "Asia/Beirut");
        assert_eq!(beirut.steps().len(), 23);
        assert_eq!(beirut.bounds().0, at("2026-03-28T22:00:00Z"));
    }

    #[test]
    fn every_message_is_in_one_step_also_where_zones_are_off_by_quarters() {
        for zone in [
            "Asia/Kathmandu",
            "Asia/Kolkata",
            "Australia/Lord_Howe",
            "UTC",
        ] {
            for (from, to) in [("2026-04-01", "2026-04-07"), ("2026-01-01", "2026-12-31")] {
                let period = period(from, to, zone);
                let (start, end) = period.bounds();
                let mut counts = Vec::new();
                let mut at = start;
                while at < end {
                    let agent = (counts.len() % 3 == 0).then_some(AgentId(7));
                    let messages = 1;
                    counts.push(Count {
                        at,
                        agent,
                        messages,
                    });
                    at += TimeDelta::minutes(15);
                }
                let report = report(period, &counts, &[]);
                let sum: i64 = (report.activity.iter())
                    .map(|step| step.from_customers + step.from_agents)
                    .sum();
                assert_eq!(sum, i64::try_from(counts.len()).unwrap(), "{zone} {from}");
                assert_eq!(report.total.from_customers + report.total.from_agents, sum);
                let by_day: i64 = (report.days.iter())
                    .map(|(_, day)| day.from_customers + day.from_agents)
                    .sum();
                assert_eq!(by_day, sum);
            }
        }
    }

    #[test]
    fn a_long_period_is_by_the_day() {
        assert_eq!(period("2026-10-01", "2026-10-31", "UTC").step(), Step::Hour);
        let long = period("2026-10-01", "2026-11-01", "UTC");
        assert_eq!(long.step(), Step::Day);
        assert_eq!(report(long, &[], &[]).activity.len(), 32);
    }

    #[test]
    fn a_quantile_is_one_of_the_values() {
        assert_eq!(Spread::of(vec![]), Spread::default());
        for (values, median, p90) in [
            (vec![5], 5, 5),
            (vec![4, 2], 2, 4),
            (vec![3, 1, 2], 2, 3),
            ((1..=10).rev().collect(), 5, 9),
            ((1..=11).collect(), 6, 10),
            ((1..=100).collect(), 50, 90),
        ] {
            let count = values.len() as u64;
            let spread = Spread {
                count,
                median_ms: Some(median),
                p90_ms: Some(p90),
            };
            assert_eq!(Spread::of(values), spread);
        }
    }

    #[test]
    fn figures_are_by_day_and_by_agent() {
        let period = period("2026-11-24", "2026-11-25", "UTC");
        let (li, mei) = (AgentId(1), AgentId(2));
        let cases = [
            Case {
                agent: Some(li),
                first_response_ms: Some(1_000),
                closed_after_ms: Some(60_000),
                score: Some(5),
                ..case("2026-11-24T08:00:00Z")
            },
            Case {
                agent: Some(li),
                first_response_ms: Some(3_000),
                score: Some(2),
                ..case("2026-11-25T08:00:00Z")
            },
            Case {
                agent: Some(mei),
                ..case("2026-11-25T09:00:00Z")
            },
            case("2026-11-25T10:00:00Z"),
        ];
        let counts = [
            Count {
                at: at("2026-11-24T08:00:00Z"),
                agent: Some(li),
                messages: 4,
            },
            Count {
                at: at("2026-11-24T08:00:00Z"),
                agent: None,
                messages: 9,
            },
        ];
        let report = report(period, &counts, &cases);
        assert_eq!(report.total.conversations, 4);
        assert_eq!(report.total.closed, 1);
        assert_eq!(report.total.first_response, Spread::of(vec![1_000, 3_000]));
        assert_eq!(report.total.mean_score(), Some(3.5));
        let per_day: Vec<_> = (report.days.iter())
            .map(|(_, day)| (day.conversations, day.from_customers, day.from_agents))
            .collect();
        assert_eq!(per_day, [(1, 9, 4), (3, 0, 0)]);
        let per_agent: Vec<_> = (report.agents.iter())
            .map(|(id, own)| (*id, own.conversations, own.from_agents, own.scores))
            .collect();
        assert_eq!(
            per_agent,
            [(li, 2, 4, [0, 1, 0, 0, 1]), (mei, 1, 0, [0; 5])]
        );
        assert_eq!(report.agent_days.len(), 3);
        assert_eq!(agents_of(&report), BTreeSet::from([li, mei]));
    }
}
