//! When somebody is there, in the business's own time zone, and how soon they answer.

use chrono::{Days, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{Invalid, Section, Words};
use crate::domain::{Timestamp, time::date};

/// How far it is looked for the next time that somebody is there.
const DAYS_AHEAD: u64 = 400;
/// Of the ranges of one day, and of the dates on which nobody is there.
const MOST_RANGES: usize = 6;
const MOST_DATES: usize = 200;
const DAY_MINUTES: i64 = 24 * 60;

/// When somebody is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hours {
    /// Whether there are hours; without them somebody may always be there.
    pub limited: bool,
    /// By its IANA name, such as `Asia/Shanghai`.
    pub time_zone: String,
    /// On each day of the week.
    pub weekly: Weekly,
    /// Dates on which nobody is there. What began the evening before goes on to its end.
    pub closed: Vec<Dates>,
    /// What a customer reads outside these hours; empty for the page's own words.
    pub closed_text: Words,
    /// How soon a customer may expect an answer while somebody is there, in minutes; `None`: not said.
    pub reply_minutes: Option<u32>,
    /// The same in the business's own words, which go before the number.
    pub reply_text: Words,
}

/// The ranges of each day of the week.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Weekly {
    /// Monday.
    pub mon: Vec<Range>,
    /// Tuesday.
    pub tue: Vec<Range>,
    /// Wednesday.
    pub wed: Vec<Range>,
    /// Thursday.
    pub thu: Vec<Range>,
    /// Friday.
    pub fri: Vec<Range>,
    /// Saturday.
    pub sat: Vec<Range>,
    /// Sunday.
    pub sun: Vec<Range>,
}

/// From one time of day to another, `09:00` to `17:30`. One that ends no later than it begins ends on the
/// next day; `24:00` is the end of the day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The first minute.
    pub from: String,
    /// The minute after the last.
    pub to: String,
}

/// Dates from the first to the last, `2026-10-01` to `2026-10-07`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dates {
    /// The first.
    pub from: String,
    /// The last; the same for a single day.
    pub to: String,
}

/// Whether somebody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// At the moment that was asked for.
    pub open: bool,
    /// When that changes next; `None` where it does not within a year.
    pub until: Option<Timestamp>,
}

impl Default for Hours {
    fn default() -> Self {
        let office = || {
            vec![Range {
                from: "09:00".to_owned(),
                to: "18:00".to_owned(),
            }]
        };
        Self {
            limited: false,
            time_zone: "UTC".to_owned(),
            weekly: Weekly {
                mon: office(),
                tue: office(),
                wed: office(),
                thu: office(),
                fri: office(),
                ..Weekly::default()
            },
            closed: Vec::new(),
            closed_text: Words::default(),
            reply_minutes: None,
            reply_text: Words::default(),
        }
    }
}

impl Weekly {
    fn days(&self) -> [(&'static str, &[Range]); 7] {
        [
            ("mon", &self.mon),
            ("tue", &self.tue),
            ("wed", &self.wed),
            ("thu", &self.thu),
            ("fri", &self.fri),
            ("sat", &self.sat),
            ("sun", &self.sun),
        ]
    }

    fn on(&self, day: Weekday) -> &[Range] {
        self.days()[day.num_days_from_monday() as usize].1
    }
}

impl Range {
    /// The minutes from the day's midnight; the second may be on the next day.
    fn minutes(&self) -> Option<(i64, i64)> {
        let (from, to) = (minute(&self.from)?, minute(&self.to)?);
        if from == DAY_MINUTES || from == to {
            return None;
        }
        Some((from, if to < from { to + DAY_MINUTES } else { to }))
    }
}

impl Dates {
    fn days(&self) -> Option<(NaiveDate, NaiveDate)> {
        let (from, to) = (date(&self.from)?, date(&self.to)?);
        (from <= to).then_some((from, to))
    }
}

impl Hours {
    /// Whether somebody is there at a moment, and until when that holds.
    pub fn at(&self, now: Timestamp) -> Opening {
        let Some(zone) = self.zone().filter(|_| self.limited) else {
            return Opening {
                open: true,
                until: None,
            };
        };
        let today = now.with_timezone(&zone).date_naive();
        // What began yesterday may still go on.
        let first = today.checked_sub_days(Days::new(1)).unwrap_or(today);
        let mut spans: Vec<_> = first
            .iter_days()
            .take(usize::try_from(DAYS_AHEAD).unwrap_or_default())
            .filter(|day| !self.is_closed(*day))
            .flat_map(|day| self.spans(zone, day))
            .collect();
        spans.sort_unstable();
        let mut opening = Opening {
            open: false,
            until: None,
        };
        for (from, to) in spans {
            match opening.until {
                _ if to <= now => {}
                // One that begins where, or before, the last ends is the same to a customer.
                Some(until) if opening.open && from <= until => opening.until = Some(until.max(to)),
                Some(_) => break,
                None => {
                    opening.open = from <= now;
                    opening.until = Some(if opening.open { to } else { from });
                }
            }
        }
        opening
    }

    fn zone(&self) -> Option<Tz> {
        self.time_zone.parse().ok()
    }

    fn is_closed(&self, day: NaiveDate) -> bool {
        let mut closed = self.closed.iter().filter_map(Dates::days);
        closed.any(|(from, to)| (from..=to).contains(&day))
    }

    /// What begins on a day.
    fn spans(&self, zone: Tz, day: NaiveDate) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        use chrono::Datelike;
        let midnight = day.and_time(chrono::NaiveTime::MIN);
        let ranges = self.weekly.on(day.weekday()).iter();
        ranges.filter_map(move |range| {
            let (from, to) = range.minutes()?;
            // Where the clocks go back a time comes twice, and somebody is there all the while.
            let from = moment(zone, midnight + TimeDelta::minutes(from))?.0;
            let to = moment(zone, midnight + TimeDelta::minutes(to))?.1;
            (from < to).then_some((from, to))
        })
    }
}

/// When the clocks of a time zone show a time, first and last. One that they jump over is as long after
/// midnight as if they had not.
fn moment(zone: Tz, local: NaiveDateTime) -> Option<(Timestamp, Timestamp)> {
    [0, 3, 27].into_iter().find_map(|hours| {
        let gap = TimeDelta::hours(hours);
        let found = zone.from_local_datetime(&(local - gap));
        let (first, last) = (found.earliest()?, found.latest()?);
        Some((first.to_utc() + gap, last.to_utc() + gap))
    })
}

/// `HH:MM` from `00:00` to `24:00`, in minutes.
fn minute(text: &str) -> Option<i64> {
    let digits = |part: &str| {
        let plain = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| part.parse::<i64>().ok()).flatten()
    };
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    let all = hours * 60 + minutes;
    (minutes < 60 && all <= DAY_MINUTES).then_some(all)
}

impl Section for Hours {
    fn check(&self) -> Result<(), Invalid> {
        if self.zone().is_none() {
            let message = "must be the name of a time zone such as Asia/Shanghai";
            return Err(Invalid::new("time_zone", message));
        }
        for (day, ranges) in self.weekly.days() {
            let field = format!("weekly.{day}");
            if ranges.len() > MOST_RANGES {
                let message = format!("must have at most {MOST_RANGES} ranges");
                return Err(Invalid::new(field, message));
            }
            for (at, range) in ranges.iter().enumerate() {
                if range.minutes().is_none() {
                    let message = "must be from one time to another such as 09:00 to 17:30; from 00:00 to \
                                   24:00 is the whole day";
                    return Err(Invalid::new(format!("{field}.{at}"), message));
                }
            }
        }
        if self.closed.len() > MOST_DATES {
            let message = format!("must have at most {MOST_DATES} entries");
            return Err(Invalid::new("closed", message));
        }
        for (at, dates) in self.closed.iter().enumerate() {
            if dates.days().is_none() {
                let message = "must be from one date to the same or a later one such as 2026-10-01 to 2026-10-07";
                return Err(Invalid::new(format!("closed.{at}"), message));
            }
        }
        self.closed_text.check("closed_text", 300)?;
        if self
            .reply_minutes
            .is_some_and(|minutes| !(1..=7 * 24 * 60).contains(&minutes))
        {
            let message = "must be from 1 to 10080 (a week), or null";
            return Err(Invalid::new("reply_minutes", message));
        }
        self.reply_text.check("reply_text", 120)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random;

    fn hours(zone: &str, days: &[(&str, &str, &str)], closed: &[(&str, &str)]) -> Hours {
        let mut weekly = Weekly::default();
        for (day, from, to) in days {
            let range = Range {
                from: (*from).to_owned(),
                to: (*to).to_owned(),
            };
            match *day {
                "mon" => &mut weekly.mon,
                "tue" => &mut weekly.tue,
                "wed" => &mut weekly.wed,
                "thu" => &mut weekly.thu,
                "fri" => &mut weekly.fri,
                "sat" => &mut weekly.sat,
                _ => &mut weekly.sun,
            }
            .push(range);
        }
        let closed = closed.iter().map(|(from, to)| Dates {
            from: (*from).to_owned(),
            to: (*to).to_owned(),
        });
        let hours = Hours {
            limited: true,
            time_zone: zone.to_owned(),
            weekly,
            closed: closed.collect(),
            ..Hours::default()
        };
        hours.check().unwrap();
        hours
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check(hours: &Hours, now: &str, open: bool, until: Option<&str>) {
        let until = until.map(time);
        assert_eq!(hours.at(time(now)), Opening { open, until }, "{now}");
    }

    #[test]
    fn somebody_is_there_between_the_first_minute_and_the_last() {
        let shop = hours(
            "Asia/Shanghai",
            &[
                ("mon", "09:00", "12:00"),
                ("mon", "13:00", "18:00"),
                ("fri", "09:00", "18:00"),
            ],
            &[],
        );
        // Monday 2026-11-23; Shanghai is eight hours ahead.
        check(
            &shop,
            "2026-11-23T00:59:59Z",
            false,
            Some("2026-11-23T01:00:00Z"),
        );
        check(
            &shop,
            "2026-11-23T01:00:00Z",
            true,
            Some("2026-11-23T04:00:00Z"),
        );
        check(
            &shop,
            "2026-11-23T04:00:00Z",
            false,
            Some("2026-11-23T05:00:00Z"),
        );
        check(
            &shop,
            "2026-11-23T09:59:59Z",
            true,
            Some("2026-11-23T10:00:00Z"),
        );
        check(
            &shop,
            "2026-11-23T10:00:00Z",
            false,
            Some("2026-11-27T01:00:00Z"),
        );
        check(
            &shop,
            "2026-11-27T10:00:00Z",
            false,
            Some("2026-11-30T01:00:00Z"),
        );
    }

    #[test]
    fn without_hours_somebody_may_always_be_there() {
        let open = Opening {
            open: true,
            until: None,
        };
        assert_eq!(Hours::default().at(time("2026-11-22T03:00:00Z")), open);
    }

    #[test]
    fn with_hours_on_no_day_nobody_ever_is() {
        check(&hours("UTC", &[], &[]), "2026-11-23T12:00:00Z", false, None);
    }

    #[test]
    fn a_range_may_end_on_the_next_day_and_touching_ones_are_one() {
        let bar = hours(
            "Europe/Berlin",
            &[("sat", "20:00", "02:00"), ("sun", "02:00", "03:00")],
            &[],
        );
        // Saturday 2026-11-21; Berlin is one hour ahead.
        check(
            &bar,
            "2026-11-21T19:00:00Z",
            true,
            Some("2026-11-22T02:00:00Z"),
        );
        check(
            &bar,
            "2026-11-22T00:30:00Z",
            true,
            Some("2026-11-22T02:00:00Z"),
        );
        check(
            &bar,
            "2026-11-22T02:00:00Z",
            false,
            Some("2026-11-28T19:00:00Z"),
        );
        let always = hours(
            "UTC",
            &["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map(|day| (day, "00:00", "24:00")),
            &[],
        );
        let opening = always.at(time("2026-11-23T23:59:59Z"));
        assert!(
            opening.open && opening.until > Some(time("2027-11-23T00:00:00Z")),
            "{opening:?}"
        );
    }

    #[test]
    fn a_closed_date_lets_what_began_before_go_on() {
        let bar = hours(
            "UTC",
            &[
                ("thu", "20:00", "02:00"),
                ("fri", "20:00", "02:00"),
                ("sat", "20:00", "02:00"),
            ],
            &[("2026-12-25", "2026-12-26")],
        );
        // Christmas Eve 2026 is a Thursday.
        check(
            &bar,
            "2026-12-25T01:00:00Z",
            true,
            Some("2026-12-25T02:00:00Z"),
        );
        check(
            &bar,
            "2026-12-25T21:00:00Z",
            false,
            Some("2026-12-31T20:00:00Z"),
        );
    }

    #[test]
    fn the_next_time_is_found_past_a_long_holiday() {
        let school = hours(
            "UTC",
            &[("mon", "09:00", "10:00")],
            &[("2026-01-01", "2026-11-30")],
        );
        check(
            &school,
            "2026-01-05T09:30:00Z",
            false,
            Some("2026-12-07T09:00:00Z"),
        );
    }

    #[test]
    fn the_hours_are_the_clocks_whatever_the_clocks_do() {
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        // New York goes forward on 2026-03-08 at 02:00 and back on 2026-11-01 at 02:00.
        let office = hours(
            "America/New_York",
            &days.map(|day| (day, "09:00", "17:00")),
            &[],
        );
        check(
            &office,
            "2026-03-07T23:00:00Z",
            false,
            Some("2026-03-08T13:00:00Z"),
        );
        check(
            &office,
            "2026-03-06T23:00:00Z",
            false,
            Some("2026-03-07T14:00:00Z"),
        );
        check(
            &office,
            "2026-10-31T22:00:00Z",
            false,
            Some("2026-11-01T14:00:00Z"),
        );
        // 01:30 comes twice: from the first to the second.
        let night = hours("America/New_York", &[("sun", "01:30", "01:45")], &[]);
        check(
            &night,
            "2026-11-01T05:30:00Z",
            true,
            Some("2026-11-01T06:45:00Z"),
        );
        check(
            &night,
            "2026-11-01T06:40:00Z",
            true,
            Some("2026-11-01T06:45:00Z"),
        );
        // 02:30 does not come at all: half an hour after the jump, which shows as 03:30.
        let early = hours("America/New_York", &[("sun", "02:30", "04:00")], &[]);
        check(
            &early,
            "2026-03-08T07:00:00Z",
            false,
            Some("2026-03-08T07:30:00Z"),
        );
        check(
            &early,
            "2026-03-08T07:30:00Z",
            true,
            Some("2026-03-08T08:00:00Z"),
        );
    }

    #[test]
    fn what_is_no_time_zone_time_or_date_is_named() {
        let good = || {
            hours(
                "UTC",
                &[("mon", "09:00", "24:00")],
                &[("2026-12-25", "2026-12-25")],
            )
        };
        let wrong = |change: fn(&mut Hours)| {
            let mut hours = good();
            change(&mut hours);
            hours.check().unwrap_err().field
        };
        assert_eq!(
            wrong(|h| h.time_zone = "Mars/Olympus".to_owned()),
            "time_zone"
        );
        assert_eq!(
            wrong(|h| h.weekly.mon[0].to = "9:00".to_owned()),
            "weekly.mon.0"
        );
        assert_eq!(
            wrong(|h| h.weekly.mon[0].to = "24:01".to_owned()),
            "weekly.mon.0"
        );
        assert_eq!(
            wrong(|h| h.weekly.mon[0].to = "09:00".to_owned()),
            "weekly.mon.0"
        );
        assert_eq!(
            wrong(|h| h.weekly.mon[0].from = "24:00".to_owned()),
            "weekly.mon.0"
        );
        assert_eq!(
            wrong(|h| h.weekly.sun = vec![h.weekly.mon[0].clone(); 7]),
            "weekly.sun"
        );
        assert_eq!(
            wrong(|h| h.closed[0].to = "2026-12-24".to_owned()),
            "closed.0"
        );
        assert_eq!(
            wrong(|h| h.closed[0].from = "2026-02-30".to_owned()),
            "closed.0"
        );
        assert_eq!(
            wrong(|h| h.closed[0].from = " +00- 1- 1".to_owned()),
            "closed.0"
        );
        assert_eq!(wrong(|h| h.reply_minutes = Some(0)), "reply_minutes");
        assert_eq!(
            wrong(|h| h.closed_text.zh = "休".repeat(301)),
            "closed_text.zh"
        );
    }

    /// What looks like a time of day or a date.
    fn nearly() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[0-2][0-9]:[0-6][0-9]",
            "[ +]{1,2}[0-9]{2,3}-[ 01][1-9]-[ 0-2][1-9]",
            "20[0-9]{2}-[01][0-9]-[0-3][0-9]",
        ]
    }

    proptest! {
        #![proptest_config(random::cases(500))]

        #[test]
        fn what_reads_as_a_time_or_a_date_has_one_spelling(text in nearly()) {
            if let Some(minute) = minute(&text) {
                prop_assert_eq!(format!("{:02}:{:02}", minute / 60, minute % 60), text.as_str());
            }
            if let Some(date) = date(&text) {
                prop_assert_eq!(date.to_string(), text);
            }
        }

        #[test]
        fn hours_that_are_taken_say_at_any_time_what_comes_next(
            zone in prop::sample::select(chrono_tz::TZ_VARIANTS.to_vec()),
            times in prop::collection::vec(("[0-2][0-9]:[0-5][0-9]", "[0-2][0-9]:[0-5][0-9]"), 0..4),
            closed in prop::collection::vec((nearly(), nearly()), 0..2),
            now_s in 0..8_000_000_000_i64,
        ) {
            let range = |(from, to): &(String, String)| Range {
                from: from.clone(),
                to: to.clone(),
            };
            let hours = Hours {
                limited: true,
                time_zone: zone.name().to_owned(),
                weekly: Weekly {
                    mon: times.iter().take(2).map(range).collect(),
                    sun: times.iter().skip(2).map(range).collect(),
                    ..Weekly::default()
                },
                closed: closed.into_iter().map(|(from, to)| Dates { from, to }).collect(),
                ..Hours::default()
            };
            if hours.check().is_ok() {
                let now = chrono::DateTime::from_timestamp(now_s, 0).unwrap();
                let Opening { open, until } = hours.at(now);
                if let Some(until) = until {
                    prop_assert!(until > now);
                    prop_assert_ne!(hours.at(until).open, open, "at {}", until);
                } else {
                    prop_assert!(!open);
                }
            }
        }
    }
}
