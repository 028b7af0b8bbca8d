//! Search over customers' names and the texts of messages, for agents, who see every conversation. Called
//! by HTTP; runs on the blocking threads of `mod.rs`.
//!
//! Whatever is searched for, one request looks at a bounded number of rows, the latest first, and says
//! where the next one goes on. Behind [`Store::search`] alone, so that an index of words can take its
//! place.

use std::{collections::HashMap, fmt, str::FromStr};

use chrono::{DateTime, NaiveDateTime};
use diesel::prelude::*;

use super::{
    Store, StoreError,
    connection::{DbConnection, MultiBackend},
    error::nonsense,
    reads,
    schema::{conversations, customers, messages},
};
use crate::domain::{
    ConversationId, Hit, HitMessage, Kind, Listed, Piece, SearchWords, Seq, excerpt,
};

/// How many conversations' names one request looks at.
const NAMES: i64 = 20_000;
/// How many messages one request looks at.
const TEXTS: i64 = 50_000;
/// How many messages that fit one request reads: a conversation may have many of them.
const FITTING: usize = 200;

/// A page of what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPage {
    /// Names first, then texts, each the latest first. A conversation is on one page once.
    pub hits: Vec<Hit>,
    /// Where to go on, also where there was no hit yet; `None`: all was looked at.
    pub next: Option<SearchCursor>,
}

/// Up to where was searched. Opaque to whoever holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchCursor {
    /// Names, by their conversations' latest activity.
    Names(Place),
    /// All names, and texts by time.
    Texts(Option<Place>),
}

/// Everything before this is still to be looked at: time, conversation, `seq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    at_ms: i64,
    conversation: i64,
    seq: i64,
}

/// A string that is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is what \"next\" held in an earlier answer")]
pub struct NotASearchCursor;

impl fmt::Display for SearchCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (phase, place) = match self {
            Self::Names(place) => ("n", place),
            Self::Texts(Some(place)) => ("t", place),
            Self::Texts(None) => return f.write_str("t"),
        };
        let Place {
            at_ms,
            conversation,
            seq,
        } = place;
        write!(f, "{phase}-{at_ms}-{conversation}-{seq}")
    }
}

impl FromStr for SearchCursor {
    type Err = NotASearchCursor;

    fn from_str(text: &str) -> Result<Self, NotASearchCursor> {
        let mut parts = text.split('-');
        let phase = parts.next();
        let numbers: Vec<i64> = parts
            .map(|part| {
                let digits =
                    (1..=19).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
                digits
                    .then(|| part.parse().ok())
                    .flatten()
                    .ok_or(NotASearchCursor)
            })
            .collect::<Result<_, _>>()?;
        let place = match numbers[..] {
            [] if phase == Some("t") => return Ok(Self::Texts(None)),
            // At most 14 digits, so that the year has four, as both engines want it.
            [at_ms, conversation, seq] if at_ms < 100_000_000_000_000 => Place {
                at_ms,
                conversation,
                seq,
            },
            _ => return Err(NotASearchCursor),
        };
        match phase {
            Some("n") => Ok(Self::Names(place)),
            Some("t") => Ok(Self::Texts(Some(place))),
            _ => Err(NotASearchCursor),
        }
    }
}

impl Place {
    fn new(at: NaiveDateTime, conversation: i64, seq: i64) -> Self {
        let at_ms = at.and_utc().timestamp_millis();
        Self {
            at_ms,
            conversation,
            seq,
        }
    }

    fn at(self) -> NaiveDateTime {
        DateTime::from_timestamp_millis(self.at_ms)
            .unwrap_or_default()
            .naive_utc()
    }
}

impl Store {
    /// Conversations whose customer's name or e-mail, or one of whose messages, notes included, has all
    /// the words; at most `limit` of them.
    pub async fn search(
        &self,
        words: SearchWords,
        from: Option<SearchCursor>,
        limit: usize,
    ) -> Result<SearchPage, StoreError> {
        self.read(move |conn| search(conn, &words, from, limit))
            .await
    }
}

/// Found and not yet put together.
struct Raw {
    conversation: i64,
    message: Option<HitMessage>,
    excerpt: Vec<Piece>,
}

fn search(
    conn: &mut DbConnection,
    words: &SearchWords,
    from: Option<SearchCursor>,
    limit: usize,
) -> QueryResult<SearchPage> {
    let names_from = match from {
        Some(SearchCursor::Texts(from)) => {
            let (found, next) = by_text(conn, words, from, limit)?;
            let next = next.map(|place| SearchCursor::Texts(Some(place)));
            return assemble(conn, found, next);
        }
        Some(SearchCursor::Names(place)) => Some(place),
        None => None,
    };
    let (mut found, next) = by_name(conn, words, names_from, limit)?;
    if let Some(place) = next {
        return assemble(conn, found, Some(SearchCursor::Names(place)));
    }
    if found.len() == limit {
        return assemble(conn, found, Some(SearchCursor::Texts(None)));
    }
    let (mut texts, next) = by_text(conn, words, None, limit - found.len())?;
    texts.retain(|text| {
        let known = |name: &Raw| name.conversation == text.conversation;
        !found.iter().any(known)
    });
    found.append(&mut texts);
    let next = next.map(|place| SearchCursor::Texts(Some(place)));
    assemble(conn, found, next)
}

/// What was found, and from where to go on.
type Found = (Vec<Raw>, Option<Place>);

fn by_name(
    conn: &mut DbConnection,
    words: &SearchWords,
    from: Option<Place>,
    limit: usize,
) -> QueryResult<Found> {
    macro_rules! after {
        ($query:expr) => {{
            let mut query = $query
                .order((
                    conversations::last_message_at.desc(),
                    conversations::id.desc(),
                ))
                .into_boxed::<MultiBackend>();
            if let Some(from) = from {
                let earlier = conversations::last_message_at.lt(from.at());
                let same = conversations::last_message_at
                    .eq(from.at())
                    .and(conversations::id.lt(from.conversation));
                query = query.filter(earlier.or(same));
            }
            query
        }};
    }
    // The last row that is looked at.
    let last: Option<(NaiveDateTime, i64)> =
        after!(conversations::table.select((conversations::last_message_at, conversations::id)))
            .limit(1)
            .offset(NAMES - 1)
            .first(conn)
            .optional()?;
    let mut query = after!(
        conversations::table
            .inner_join(
                customers::table.on(customers::id.nullable().eq(conversations::customer_id))
            )
            .select((
                conversations::last_message_at,
                conversations::id,
                customers::name,
                customers::email,
            ))
    )
    .limit(i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1);
    if let Some((at, _)) = last {
        query = query.filter(conversations::last_message_at.ge(at));
    }
    for word in words.iter() {
        let pattern = pattern(word);
        let name = customers::name.like(pattern.clone()).escape(ESCAPE);
        let email = customers::email.like(pattern).escape(ESCAPE);
        query = query.filter(name.or(email).assume_not_null());
    }
    let mut rows: Vec<(NaiveDateTime, i64, Option<String>, Option<String>)> = query.load(conn)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = match rows.last() {
        Some((at, id, ..)) if more => Some(Place::new(*at, *id, 0)),
        _ => last.map(|(at, id)| Place::new(at, id, 0)),
    };
    let found = rows
        .into_iter()
        .filter_map(|(_, conversation, name, email)| {
            let said: Vec<_> = [name, email].into_iter().flatten().collect();
            let said = said.join(" · ");
            words.has_exact(&said).then(|| Raw {
                conversation,
                message: None,
                excerpt: excerpt(&said, words),
            })
        });
    Ok((found.collect(), next))
}

fn by_text(
    conn: &mut DbConnection,
    words: &SearchWords,
    from: Option<Place>,
    limit: usize,
) -> QueryResult<Found> {
    macro_rules! after {
        ($columns:expr) => {{
            let mut query = messages::table
                .select($columns)
                .order((
                    messages::sent_at.desc(),
                    messages::conversation_id.desc(),
                    messages::seq.desc(),
                ))
                .into_boxed::<MultiBackend>();
            if let Some(from) = from {
                let earlier = messages::sent_at.lt(from.at());
                let before =
                    messages::conversation_id
                        .lt(from.conversation)
                        .or(messages::conversation_id
                            .eq(from.conversation)
                            .and(messages::seq.lt(from.seq)));
                let same = messages::sent_at.eq(from.at()).and(before);
                query = query.filter(earlier.or(same));
            }
            query
        }};
    }
    let place = (messages::sent_at, messages::conversation_id, messages::seq);
    // The last row that is looked at.
    let last: Option<(NaiveDateTime, i64, i64)> = after!(place)
        .limit(1)
        .offset(TEXTS - 1)
        .first(conn)
        .optional()?;
    let fitting = i64::try_from(FITTING).unwrap_or(i64::MAX);
    let mut query = after!((place, messages::kind, messages::text))
        .filter(messages::kind.ne(Kind::Event.as_str()))
        .limit(fitting);
    if let Some((at, ..)) = last {
        query = query.filter(messages::sent_at.ge(at));
    }
    for word in words.iter() {
        query = query.filter(messages::text.like(pattern(word)).escape(ESCAPE));
    }
    let rows: Vec<((NaiveDateTime, i64, i64), String, String)> = query.load(conn)?;
    let mut next = match rows.last() {
        Some(((at, conversation, seq), ..)) if rows.len() == FITTING => {
            Some(Place::new(*at, *conversation, *seq))
        }
        _ => last.map(|(at, conversation, seq)| Place::new(at, conversation, seq)),
    };
    let mut found: Vec<Raw> = Vec::new();
    for ((at, conversation, seq), kind, text) in rows {
        let known = found.iter().any(|raw| raw.conversation == conversation);
        if !known && words.has_exact(&text) {
            found.push(Raw {
                conversation,
                message: Some(HitMessage {
                    seq: Seq(seq),
                    kind: Kind::parse(&kind).ok_or_else(|| nonsense("messages.kind"))?,
                    sent_at: at.and_utc(),
                }),
                excerpt: excerpt(&text, words),
            });
        }
        if found.len() == limit {
            next = Some(Place::new(at, conversation, seq));
            break;
        }
    }
    Ok((found, next))
}

fn assemble(
    conn: &mut DbConnection,
    found: Vec<Raw>,
    next: Option<SearchCursor>,
) -> QueryResult<SearchPage> {
    let ids = found.iter().map(|raw| raw.conversation).collect();
    let listed = reads::listed(conn, ids)?;
    let mut listed: HashMap<ConversationId, Listed> = (listed.into_iter())
        .map(|one| (one.conversation.id, one))
        .collect();
    let hits = found.into_iter().filter_map(|raw| {
        Some(Hit {
            conversation: listed.remove(&ConversationId(raw.conversation))?,
            message: raw.message,
            excerpt: raw.excerpt,
        })
    });
    Ok(SearchPage {
        hits: hits.collect(),
        next,
    })
}

pub(super) const ESCAPE: char = '!';

/// The word anywhere, with the signs that LIKE has for itself taken as they are.
pub(super) fn pattern(word: &str) -> String {
    let mut pattern = String::from("%");
    for c in word.chars() {
        if matches!(c, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_the_database_are_looked_for_as_they_are() {
        assert_eq!(pattern("100%_!a"), "%100!%!_!!a%");
    }

    #[test]
    fn a_cursor_reads_back_and_nothing_else_is_one() {
        let place = Place {
            at_ms: 1_764_000_000_123,
            conversation: 42,
            seq: 7,
        };
        for cursor in [
            SearchCursor::Names(place),
            SearchCursor::Texts(Some(place)),
            SearchCursor::Texts(None),
        ] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for bad in [
            "",
            "n",
            "x-1-1-1",
            "n-1-1",
            "t-1-1-1-1",
            "t--1-1",
            "t-+1-1-1",
            "n-999999999999999-1-1",
        ] {
            assert_eq!(bad.parse::<SearchCursor>(), Err(NotASearchCursor), "{bad}");
        }
    }
}
