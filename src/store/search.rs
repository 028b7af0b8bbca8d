//! Search over customers' names and the texts of messages, for agents, who see every conversation. Called
//! by HTTP; runs on the blocking threads of `mod.rs`.
//!
//! Texts are found in three steps: what was said within the last moments, by looking at it; the rest by the
//! index of words (`index.rs`); names before all that, by looking at them. Until the index is built for the
//! first time all texts are looked at. Whatever is searched for, one request looks at a bounded number of rows
//! and for a bounded time, and says where the next one goes on.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    str::FromStr,
    time::{Duration, Instant},
};

use chrono::{DateTime, NaiveDateTime};
use diesel::{dsl::max, prelude::*};

use super::{
    Store, StoreError,
    connection::{DbConnection, MultiBackend},
    error::nonsense,
    index::{self, MARGIN, Said},
    reads,
    schema::{conversations, customers, messages},
};
use crate::domain::{
    ConversationId, Hit, HitMessage, Kind, Listed, Need, Piece, SearchWords, Seq, excerpt,
};

/// How many conversations' names are looked at in one go.
const NAMES: i64 = 5_000;
/// How many customers are looked at in one go, and how many of them are few.
const CUSTOMERS: i64 = 1_000_000;
const FEW: usize = 500;
/// How many messages that are not indexed are looked at in one go. Here as there, where that ends is found by
/// reading their places: with OFFSET in a prepared statement MariaDB would sort the whole table.
const TEXTS: i64 = 10_000;
/// How many messages that fit one request reads: a conversation may have many of them.
const FITTING: usize = 200;
/// How long one request goes through the index, well within the patience of a read.
const SEARCHING: Duration = Duration::from_millis(700);
/// How many chunks of the index are read in one go, at first and at most.
const CHUNKS: (i64, i64) = (1, 32);
/// How many segments that may fit are looked up, and how many of them read, in one go.
const SEGMENTS: usize = 1_000;
const READING: usize = 50;

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
    /// All names, and all texts that are in no segment of the index below this one.
    Index(i64),
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
            Self::Index(below) => return write!(f, "i-{below}"),
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
            [below] if phase == Some("i") => return Ok(Self::Index(below)),
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
        self.read(move |conn| {
            let began = Instant::now();
            let mut page = search(conn, &words, from, limit)?;
            while page.hits.is_empty() && page.next.is_some() && began.elapsed() < SEARCHING {
                page = search(conn, &words, page.next, limit)?;
            }
            Ok(page)
        })
        .await
    }
}

/// Found and not yet put together.
pub(super) struct Raw {
    pub conversation: i64,
    pub message: Option<HitMessage>,
    pub excerpt: Vec<Piece>,
}

impl Raw {
    fn new(
        conversation: i64,
        (seq, kind, at): (i64, &str, NaiveDateTime),
        text: &str,
        words: &SearchWords,
    ) -> QueryResult<Self> {
        Ok(Self {
            conversation,
            message: Some(HitMessage {
                seq: Seq(seq),
                kind: Kind::parse(kind).ok_or_else(|| nonsense("messages.kind"))?,
                sent_at: at.and_utc(),
            }),
            excerpt: excerpt(text, words),
        })
    }
}

fn search(
    conn: &mut DbConnection,
    words: &SearchWords,
    from: Option<SearchCursor>,
    limit: usize,
) -> QueryResult<SearchPage> {
    let names_from = match from {
        Some(from @ (SearchCursor::Texts(_) | SearchCursor::Index(_))) => {
            let (found, next) = in_texts(conn, words, from, limit, &everything)?;
            return assemble(conn, found, next);
        }
        Some(SearchCursor::Names(place)) => Some(place),
        None => None,
    };
    let (mut found, next) = by_name(conn, words, names_from, limit)?;
    if let Some(place) = next {
        return assemble(conn, found, Some(SearchCursor::Names(place)));
    }
    let texts = SearchCursor::Texts(None);
    if found.len() == limit {
        return assemble(conn, found, Some(texts));
    }
    let (mut said, next) = in_texts(conn, words, texts, limit - found.len(), &everything)?;
    said.retain(|text| {
        let known = |name: &Raw| name.conversation == text.conversation;
        !found.iter().any(known)
    });
    found.append(&mut said);
    assemble(conn, found, next)
}

/// Which of some conversations are meant at all.
pub(super) type Narrow<'a> = &'a dyn Fn(&mut DbConnection, Vec<i64>) -> QueryResult<HashSet<i64>>;

#[allow(clippy::unnecessary_wraps, reason = "one of several that may fail")]
fn everything(_: &mut DbConnection, ids: Vec<i64>) -> QueryResult<HashSet<i64>> {
    Ok(ids.into_iter().collect())
}

/// Those conversations, as far as they are meant, of which a message has all the words, with the newest such
/// message, by that the newest first.
pub(super) fn in_texts(
    conn: &mut DbConnection,
    words: &SearchWords,
    from: SearchCursor,
    limit: usize,
    narrow: Narrow<'_>,
) -> QueryResult<(Vec<Raw>, Option<SearchCursor>)> {
    let state = index::state(conn)?;
    let mut found = Vec::new();
    let below = match from {
        SearchCursor::Index(below) => below,
        SearchCursor::Texts(from) => {
            let since = state.caught_up_to.map(|at| at - MARGIN);
            let next = by_text(conn, words, (from, since), limit, narrow, &mut found)?;
            if let Some(place) = next {
                return Ok((found, Some(SearchCursor::Texts(Some(place)))));
            }
            if since.is_none() {
                return Ok((found, None));
            }
            state.next_segment
        }
        SearchCursor::Names(_) => state.next_segment,
    };
    if found.len() >= limit {
        return Ok((found, Some(SearchCursor::Index(below))));
    }
    let next = by_index(conn, words, below, limit, narrow, &mut found)?;
    Ok((found, next.map(SearchCursor::Index)))
}

/// Adds what the index leads to below a segment; below which to go on.
fn by_index(
    conn: &mut DbConnection,
    words: &SearchWords,
    mut below: i64,
    limit: usize,
    narrow: Narrow<'_>,
    found: &mut Vec<Raw>,
) -> QueryResult<Option<i64>> {
    let began = Instant::now();
    let needs = Need::of(words);
    let (mut chunks, most) = CHUNKS;
    let mut known: HashSet<i64> = found.iter().map(|raw| raw.conversation).collect();
    loop {
        let (candidates, next) = index::candidates(conn, &needs, below, chunks)?;
        for some in candidates.chunks(SEGMENTS) {
            let segments = index::segments(conn, some)?;
            let ids = segments.iter().map(|one| one.conversation_id).collect();
            let meant = narrow(conn, ids)?;
            let meant: Vec<_> = (segments.into_iter())
                .filter(|one| meant.contains(&one.conversation_id))
                .collect();
            for some in meant.chunks(READING) {
                let mut said: HashMap<i64, Vec<Said>> = HashMap::new();
                for one in index::said(conn, some)? {
                    if words.are_in(&one.text) {
                        said.entry(one.conversation_id).or_default().push(one);
                    }
                }
                for segment in some {
                    let range = segment.first_seq..=segment.last_seq;
                    let here = said.get(&segment.conversation_id).into_iter().flatten();
                    let here = here.filter(|one| range.contains(&one.seq));
                    if let Some(newest) = here.max_by_key(|one| one.seq)
                        && known.insert(segment.conversation_id)
                    {
                        let what = (newest.seq, newest.kind.as_str(), newest.sent_at);
                        let raw = Raw::new(segment.conversation_id, what, &newest.text, words)?;
                        found.push(raw);
                    }
                    if found.len() == limit {
                        return Ok(Some(segment.id).filter(|id| *id > 1));
                    }
                }
                if let Some(last) = some.last()
                    && began.elapsed() >= SEARCHING
                {
                    return Ok(Some(last.id));
                }
            }
            if let Some(last) = some.last()
                && began.elapsed() >= SEARCHING
            {
                return Ok(Some(*last));
            }
        }
        match next {
            Some(next) if began.elapsed() < SEARCHING => below = next,
            other => return Ok(other),
        }
        chunks = (chunks * 2).min(most);
    }
}

/// What was found, and from where to go on.
type Found = (Vec<Raw>, Option<Place>);

/// Those customers who have all the words, each in one of what they are called and known by; `None` where they
/// are many, or too many to look at, so that one finds some of them quicker among the latest conversations.
pub(super) fn customers_with(
    conn: &mut DbConnection,
    words: &SearchWords,
) -> QueryResult<Option<Vec<i64>>> {
    let newest: Option<i64> = (customers::table.select(max(customers::id))).first(conn)?;
    if newest.unwrap_or(0) > CUSTOMERS {
        return Ok(None);
    }
    let most = i64::try_from(FEW).unwrap_or(i64::MAX);
    let mut query = customers::table
        .select(customers::id)
        .limit(most + 1)
        .into_boxed::<MultiBackend>();
    for word in words.iter() {
        let pattern = pattern(word);
        let name = customers::name.like(pattern.clone()).escape(ESCAPE);
        let email = customers::email.like(pattern.clone()).escape(ESCAPE);
        let site = customers::external_id.like(pattern).escape(ESCAPE);
        // An OR with something unknown in it may be unknown, which is as good as no.
        query = query.filter(name.or(email).or(site).assume_not_null());
    }
    let found: Vec<i64> = query.load(conn)?;
    Ok(Some(found).filter(|found| found.len() <= FEW))
}

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
    let few = customers_with(conn, words)?;
    // The last row that is looked at.
    let last: Option<(NaiveDateTime, i64)> = if few.is_some() {
        None
    } else {
        let places = (conversations::last_message_at, conversations::id);
        let some: Vec<_> = after!(conversations::table.select(places))
            .limit(NAMES)
            .load(conn)?;
        some.last().copied().filter(|_| is_full(&some, NAMES))
    };
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
    if let Some(few) = few {
        query = query.filter(conversations::customer_id.eq_any(few));
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
            words.are_in(&said).then(|| Raw {
                conversation,
                message: None,
                excerpt: excerpt(&said, words),
            })
        });
    Ok((found.collect(), next))
}

/// Adds what was said from one place back to a time, by looking at it; where to go on.
fn by_text(
    conn: &mut DbConnection,
    words: &SearchWords,
    (from, since): (Option<Place>, Option<NaiveDateTime>),
    limit: usize,
    narrow: Narrow<'_>,
    found: &mut Vec<Raw>,
) -> QueryResult<Option<Place>> {
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
            if let Some(since) = since {
                query = query.filter(messages::sent_at.ge(since));
            }
            if let Some(from) = from {
                let earlier = messages::sent_at.lt(from.at());
                let before =
                    messages::conversation_id
                        .lt(from.conversation)
                        .or(messages::conversation_id
                            .eq(from.conversation)
                            .and(messages::seq.lt(from.seq)));
                let same = messages::sent_at.eq(from.at()).and(before);
                // Said twice: the plain bound is what an index goes by.
                query = query
                    .filter(messages::sent_at.le(from.at()))
                    .filter(earlier.or(same));
            }
            query
        }};
    }
    let place = (messages::sent_at, messages::conversation_id, messages::seq);
    // The last row that is looked at.
    let some: Vec<(NaiveDateTime, i64, i64)> = after!(place).limit(TEXTS).load(conn)?;
    let last = some.last().copied().filter(|_| is_full(&some, TEXTS));
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
    let next = match rows.last() {
        Some(((at, conversation, seq), ..)) if rows.len() == FITTING => {
            Some(Place::new(*at, *conversation, *seq))
        }
        _ => last.map(|(at, conversation, seq)| Place::new(at, conversation, seq)),
    };
    let meant = narrow(conn, rows.iter().map(|((_, id, _), ..)| *id).collect())?;
    for ((at, conversation, seq), kind, text) in rows {
        let known = found.iter().any(|raw| raw.conversation == conversation);
        if !known && meant.contains(&conversation) && words.are_in(&text) {
            found.push(Raw::new(conversation, (seq, &kind, at), &text, words)?);
        }
        if found.len() == limit {
            return Ok(Some(Place::new(at, conversation, seq)));
        }
    }
    Ok(next)
}

/// Whether there may be more than these.
pub(super) fn is_full<T>(rows: &[T], limit: i64) -> bool {
    i64::try_from(rows.len()).is_ok_and(|len| len >= limit)
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
    use proptest::prelude::*;

    use super::*;
    use crate::random;

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
            SearchCursor::Index(4_097),
        ] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for bad in [
            "",
            "n",
            "i",
            "i--1",
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

    proptest! {
        #![proptest_config(random::cases(1_000))]

        #[test]
        fn what_reads_as_a_cursor_reads_back(
            text in prop_oneof![any::<String>(), "[nti]?(-[0-9]{0,20}){0,4}"],
        ) {
            if let Ok(cursor) = text.parse::<SearchCursor>() {
                prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
            }
            if let Ok(cursor) = text.parse::<crate::store::HistoryCursor>() {
                prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
            }
        }
    }
}
