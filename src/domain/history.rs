//! What admins look for among all conversations, and how a row of what they find looks.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::{
    AgentId, Channel, CustomerId, HitMessage, Listed, Piece, Rating, Refusal, SearchWords, Status,
    TagId, Timestamp, time::date,
};

/// Which conversations. What is `None` leaves all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Begun then or later.
    pub from: Option<Timestamp>,
    /// Begun earlier than that.
    pub to: Option<Timestamp>,
    /// Who has it, or had it when it was closed.
    pub agent: Option<HeldBy>,
    /// Whose it is.
    pub customer: Option<CustomerId>,
    /// Words that the customer's name, e-mail address or id on the host site has, each in one of them.
    pub customer_text: Option<SearchWords>,
    /// Where it stands.
    pub status: Option<Status>,
    /// By which way its customer came.
    pub channel: Option<Channel>,
    /// Has this tag.
    pub tag: Option<TagId>,
    /// How the customer found it.
    pub rating: Option<RatingAsked>,
    /// Words all of which one of its messages has.
    pub words: Option<SearchWords>,
}

/// Who has a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldBy {
    /// This agent.
    Agent(AgentId),
    /// No agent has had it, or it is in the queue.
    Nobody,
}

/// How a customer found a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RatingAsked {
    /// Just so, from 1 to 5.
    Score(u8),
    /// They said so, whatever it was.
    Rated,
    /// They did not say.
    Unrated,
}

impl HistoryFilter {
    /// What a filter is asked for by.
    pub const NAMES: [&str; 11] = [
        "from",
        "to",
        "tz",
        "agent",
        "customer",
        "customer_text",
        "status",
        "channel",
        "tag",
        "rating",
        "q",
    ];

    /// Reads what was asked for, by name.
    ///
    /// # Errors
    /// [`Code::BadRequest`](super::Code::BadRequest), which names what is wrong and what is allowed.
    pub fn read<'a>(asked: impl Fn(&str) -> Option<&'a str>) -> Result<Self, Refusal> {
        let zone = match asked("tz") {
            None => Tz::UTC,
            Some(name) => name
                .parse()
                .map_err(|_| Refusal::bad_field("tz", "an IANA time zone such as Asia/Shanghai"))?,
        };
        let moment = |name, days| match asked(name) {
            None => Ok(None),
            Some(text) => {
                let what = "a date such as 2026-11-23 in the time zone tz, or RFC 3339 such as \
                            2026-11-23T08:00:00Z";
                (read_moment(text, zone, days).map(Some))
                    .ok_or_else(|| Refusal::bad_field(name, what))
            }
        };
        let filter = Self {
            from: moment("from", 0)?,
            to: moment("to", 1)?,
            agent: one(
                &asked,
                "agent",
                "the id of an account, or none",
                |text| match text {
                    "none" => Some(HeldBy::Nobody),
                    id => id.parse().ok().map(HeldBy::Agent),
                },
            )?,
            customer: one(&asked, "customer", "the id of a customer", |text| {
                text.parse().ok()
            })?,
            customer_text: words(&asked, "customer_text")?,
            status: one(&asked, "status", "waiting, open or closed", Status::parse)?,
            channel: one(&asked, "channel", "web or socketio", Channel::parse)?,
            tag: one(&asked, "tag", "the id of a tag", |text| text.parse().ok())?,
            rating: one(
                &asked,
                "rating",
                "1 to 5, rated or unrated",
                |text| match text {
                    "rated" => Some(RatingAsked::Rated),
                    "unrated" => Some(RatingAsked::Unrated),
                    "1" | "2" | "3" | "4" | "5" => text.parse().ok().map(RatingAsked::Score),
                    _ => None,
                },
            )?,
            words: words(&asked, "q")?,
        };
        match (filter.from, filter.to) {
            (Some(from), Some(to)) if from >= to => {
                Err(Refusal::bad_field("to", "later than from"))
            }
            _ => Ok(filter),
        }
    }
}

fn one<'a, T>(
    asked: &impl Fn(&str) -> Option<&'a str>,
    name: &'static str,
    allowed: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Refusal> {
    match asked(name) {
        None => Ok(None),
        Some(text) => read(text)
            .map(Some)
            .ok_or_else(|| Refusal::bad_field(name, allowed)),
    }
}

fn words<'a>(
    asked: &impl Fn(&str) -> Option<&'a str>,
    name: &'static str,
) -> Result<Option<SearchWords>, Refusal> {
    one(asked, name, SearchWords::ALLOWED, |text| {
        SearchWords::read(text).ok()
    })
}

/// The beginning of a day, or of the one so many days later; or just this moment.
fn read_moment(text: &str, zone: Tz, days: u64) -> Option<Timestamp> {
    if text.contains('T') {
        let at = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
        return within(at);
    }
    let day = date(text)?.checked_add_days(Days::new(days))?;
    // Where the clocks jump over midnight the day begins a little later.
    let minutes = (0..=180).step_by(15);
    let begins = minutes.map(|minutes| day.and_time(NaiveTime::MIN) + TimeDelta::minutes(minutes));
    let mut begins = begins.filter_map(|local| zone.from_local_datetime(&local).earliest());
    within(begins.next()?.with_timezone(&Utc))
}

/// The years that both engines know.
fn within(at: Timestamp) -> Option<Timestamp> {
    let year = chrono::Datelike::year(&at);
    (1970..=9998).contains(&year).then_some(at)
}

/// A conversation as those who review see it in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewed {
    /// The conversation.
    pub listed: Listed,
    /// By which way its customer came when it began.
    pub channel: Channel,
    /// When it was closed, while it is.
    pub ended_at: Option<Timestamp>,
    /// From its beginning to the first word of an agent.
    pub first_response_ms: Option<i64>,
    /// How many texts and files it has.
    pub messages: i64,
    /// How the customer found it.
    pub rating: Option<Rating>,
    /// The newest message that has the words that were asked for.
    pub message: Option<HitMessage>,
    /// What stands there around the words; empty where none were asked for.
    pub excerpt: Vec<Piece>,
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::domain::rfc3339;

    fn read(query: &[(&str, &str)]) -> Result<HistoryFilter, Refusal> {
        let query: HashMap<_, _> = query.iter().copied().collect();
        HistoryFilter::read(|name| query.get(name).copied())
    }

    #[test]
    fn a_date_is_a_day_of_the_time_zone_and_its_last_moment_counts() {
        for (from, to, tz, begins, ends) in [
            (
                "2026-11-23",
                "2026-11-23",
                "Asia/Shanghai",
                "2026-11-22T16:00:00.000Z",
                "2026-11-23T16:00:00.000Z",
            ),
            // A day of 23 hours.
            (
                "2026-03-29",
                "2026-03-29",
                "Europe/Berlin",
                "2026-03-28T23:00:00.000Z",
                "2026-03-29T22:00:00.000Z",
            ),
            // There is no midnight on that day.
            (
                "2026-09-06",
                "2026-09-06",
                "America/Santiago",
                "2026-09-06T04:00:00.000Z",
                "2026-09-07T03:00:00.000Z",
            ),
            (
                "2026-11-23T08:00:00+08:00",
                "2026-11-23T00:00:00.001Z",
                "UTC",
                "2026-11-23T00:00:00.000Z",
                "2026-11-23T00:00:00.001Z",
            ),
        ] {
            let filter = read(&[("from", from), ("to", to), ("tz", tz)]).unwrap();
            assert_eq!(filter.from.map(rfc3339).as_deref(), Some(begins), "{from}");
            assert_eq!(filter.to.map(rfc3339).as_deref(), Some(ends), "{to}");
        }
    }

    #[test]
    fn every_bad_filter_is_named_with_what_is_allowed() {
        for (name, bad) in [
            ("from", "yesterday"),
            ("from", "2026-02-30"),
            ("from", "26-11-23"),
            ("from", "+2026-11-2"),
            ("from", "2026-11- 2"),
            ("to", "2026-11-23T08:00:00"),
            ("to", "99999-01-01T00:00:00Z"),
            ("tz", "Middle/Earth"),
            ("agent", "li"),
            ("agent", ""),
            ("customer", "Ana"),
            ("customer_text", " "),
            ("status", "Open"),
            ("channel", "pigeon"),
            ("tag", "0"),
            ("rating", "6"),
            ("rating", "+1"),
            ("q", ""),
            ("q", "1 2 3 4 5 6"),
        ] {
            let refusal = read(&[(name, bad)]).unwrap_err();
            assert!(
                refusal.message.starts_with(&format!("{name} must ")),
                "{refusal}"
            );
            assert_eq!(refusal.field.as_deref(), Some(name));
        }
        let refusal = read(&[("from", "2026-11-23"), ("to", "2026-11-22")]).unwrap_err();
        assert_eq!(refusal.message, "to must be later than from");
    }
}
