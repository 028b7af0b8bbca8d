//! The one kind of time: UTC, whole milliseconds.

use chrono::{DateTime, NaiveDate, SecondsFormat, SubsecRound, Utc};

/// A moment in UTC without anything finer than a millisecond, so that it reads the same from the
/// database as it was written.
pub type Timestamp = DateTime<Utc>;

/// The present moment.
pub fn now() -> Timestamp {
    Utc::now().trunc_subsecs(3)
}

/// Reads `2026-11-23`. One date has one spelling: chrono would take blanks, signs and fewer digits, too.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    (date.to_string() == text).then_some(date)
}

/// `2026-11-23T08:00:00.000Z`.
pub fn rfc3339(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
