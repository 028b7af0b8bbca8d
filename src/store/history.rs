//! Conversations by what those who review ask for, the newest first. Called by HTTP; runs on the blocking
//! threads of `mod.rs`.
//!
//! What an index answers (when it began, whose it is, who has it, its status) leaves a list that is walked
//! from its newest end; the rest is looked at there, a bounded number of conversations at a time and for a
//! bounded time in all. So a page may have few rows or none and still say where the next one goes on.
//! Where words are looked for, the index of words (`search.rs`) leads to conversations, and the rest is held
//! against those.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    str::FromStr,
    time::{Duration, Instant},
};

use chrono::NaiveDateTime;
use diesel::{
    dsl::{exists, sql},
    prelude::*,
    sql_types::{Bool, Text},
};

use super::{
    Cursor, NotACursor, SearchCursor, Store, StoreError,
    connection::{DbConnection, MultiBackend},
    error::nonsense,
    reads,
    schema::{CHANNEL, conversation_tags, conversations, customers, messages, ratings},
    search::{self, ESCAPE, Raw, is_full, pattern},
};
use crate::domain::{
    Channel, ConversationId, HeldBy, HistoryFilter, Kind, Listed, Rating, RatingAsked, Reviewed,
    SearchWords,
};

/// How many conversations are looked at in one go, at first and at most. Where that ends is found by reading
/// their places: with OFFSET, or a join, in a prepared statement MariaDB sorts the whole table.
const WINDOW: (i64, i64) = (500, 4_000);
/// How long a page is looked for, as long as it has no row; well within the patience of a read.
const SEARCHING: Duration = Duration::from_millis(700);

/// A page of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryPage {
    /// By when they began, the newest first; where words are looked for, by when they were said.
    pub rows: Vec<Reviewed>,
    /// Where to go on, also where there was no row yet; `None` at the end.
    pub next: Option<HistoryCursor>,
}

/// Up to where was looked. Opaque to whoever holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryCursor {
    /// By when conversations began.
    Began(Cursor),
    /// Where words are looked for.
    Said(SearchCursor),
}

impl fmt::Display for HistoryCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Began(cursor) => cursor.fmt(f),
            Self::Said(cursor) => cursor.fmt(f),
        }
    }
}

impl FromStr for HistoryCursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let said = || text.parse().map(Self::Said);
        (text.parse().map(Self::Began)).or_else(|_| said().map_err(|_| NotACursor))
    }
}

impl Store {
    /// Conversations that fit, the newest first; at most `limit` of them. A cursor of the other kind of filter,
    /// with words or without, begins anew.
    pub async fn history(
        &self,
        filter: HistoryFilter,
        before: Option<HistoryCursor>,
        limit: usize,
    ) -> Result<HistoryPage, StoreError> {
        self.read(move |conn| page(conn, &filter, before, limit))
            .await
    }
}

pub(super) fn page(
    conn: &mut DbConnection,
    filter: &HistoryFilter,
    before: Option<HistoryCursor>,
    limit: usize,
) -> QueryResult<HistoryPage> {
    match (&filter.words, before) {
        (Some(words), before) => {
            let before = match before {
                Some(HistoryCursor::Said(cursor)) => cursor,
                _ => SearchCursor::Texts(None),
            };
            said(conn, filter, words, before, limit)
        }
        (None, Some(HistoryCursor::Began(before))) => history(conn, filter, Some(before), limit),
        (None, _) => history(conn, filter, None, limit),
    }
}

/// The customers who are meant, where they are known before.
type Few<'a> = Option<&'a Vec<i64>>;

fn few(conn: &mut DbConnection, filter: &HistoryFilter) -> QueryResult<Option<Vec<i64>>> {
    match &filter.customer_text {
        Some(words) => search::customers_with(conn, words),
        None => Ok(None),
    }
}

/// When a conversation began, and which it is.
type Place = (NaiveDateTime, i64);

/// `query` without what an index leaves out.
macro_rules! walk {
    ($among:expr, $filter:expr, $few:expr, $before:expr) => {{
        let mut query = $among
            .order((conversations::created_at.desc(), conversations::id.desc()))
            .select((conversations::created_at, conversations::id))
            .into_boxed::<MultiBackend>();
        if let Some((at, id)) = $before {
            let same = conversations::created_at
                .eq(at)
                .and(conversations::id.lt(id));
            // Said twice: the plain bound is what an index goes by.
            query = query
                .filter(conversations::created_at.le(at))
                .filter(conversations::created_at.lt(at).or(same));
        }
        if let Some(from) = $filter.from {
            query = query.filter(conversations::created_at.ge(from.naive_utc()));
        }
        if let Some(to) = $filter.to {
            query = query.filter(conversations::created_at.lt(to.naive_utc()));
        }
        match $filter.agent {
            Some(HeldBy::Agent(id)) => query = query.filter(conversations::agent_id.eq(id.0)),
            Some(HeldBy::Nobody) => query = query.filter(conversations::agent_id.is_null()),
            None => {}
        }
        if let Some(customer) = $filter.customer {
            query = query.filter(conversations::customer_id.eq(customer.0));
        }
        if let Some(few) = $few {
            query = query.filter(conversations::customer_id.eq_any(few));
        }
        if let Some(status) = $filter.status {
            query = query.filter(conversations::status.eq(status.as_str()));
        }
        if let Some(channel) = $filter.channel {
            // A word of our own.
            let so = format!("{CHANNEL} = '{}'", channel.as_str());
            query = query.filter(sql::<Bool>(&so));
        }
        query
    }};
}

fn history(
    conn: &mut DbConnection,
    filter: &HistoryFilter,
    before: Option<Cursor>,
    limit: usize,
) -> QueryResult<HistoryPage> {
    let began = Instant::now();
    let (mut window, most) = WINDOW;
    let few = few(conn, filter)?;
    let few = few.as_ref();
    let mut before: Option<Place> = before.map(|cursor| (cursor.at.naive_utc(), cursor.id.0));
    let mut found: Vec<Place> = Vec::new();
    let next = loop {
        // The last one that is looked at now.
        let some: Vec<Place> = walk!(conversations::table, filter, few, before)
            .limit(window)
            .load(conn)?;
        let last = some.last().copied().filter(|_| is_full(&some, window));
        let room = i64::try_from(limit - found.len()).unwrap_or(i64::MAX - 1);
        let mut rows = fitting(conn, filter, few, Among::Walk(before, last), room + 1)?;
        let full = rows.len() > limit - found.len();
        rows.truncate(limit - found.len());
        found.append(&mut rows);
        if full {
            break found.last().copied();
        }
        let Some(last) = last else { break None };
        let tired = began.elapsed() >= SEARCHING;
        if found.len() == limit || tired {
            break Some(last);
        }
        before = Some(last);
        window = (window * 2).min(most);
    };
    let ids: Vec<i64> = found.iter().map(|(_, id)| *id).collect();
    Ok(HistoryPage {
        rows: rows(conn, &ids, HashMap::new())?,
        next: next.map(|(at, id)| {
            let (at, id) = (at.and_utc(), ConversationId(id));
            HistoryCursor::Began(Cursor { at, id })
        }),
    })
}

/// A page of those in which words were said.
fn said(
    conn: &mut DbConnection,
    filter: &HistoryFilter,
    words: &SearchWords,
    before: SearchCursor,
    limit: usize,
) -> QueryResult<HistoryPage> {
    let few = few(conn, filter)?;
    let few = few.as_ref();
    let narrow = |conn: &mut DbConnection, ids: Vec<i64>| -> QueryResult<HashSet<i64>> {
        let most = i64::try_from(ids.len()).unwrap_or(i64::MAX);
        let found = fitting(conn, filter, few, Among::These(ids), most)?;
        Ok(found.into_iter().map(|(_, id)| id).collect())
    };
    let began = Instant::now();
    let (mut found, mut next) = search::in_texts(conn, words, before, limit, &narrow)?;
    while let Some(before) = next
        && found.is_empty()
        && began.elapsed() < SEARCHING
    {
        (found, next) = search::in_texts(conn, words, before, limit, &narrow)?;
    }
    let ids: Vec<i64> = found.iter().map(|raw| raw.conversation).collect();
    let hits = found.into_iter().map(|raw| (raw.conversation, raw));
    Ok(HistoryPage {
        rows: rows(conn, &ids, hits.collect())?,
        next: next.map(HistoryCursor::Said),
    })
}

/// Among which conversations is looked.
enum Among {
    /// From after the first to the second place, in the order of the list.
    Walk(Option<Place>, Option<Place>),
    /// These.
    These(Vec<i64>),
}

/// Those that fit, words left out.
fn fitting(
    conn: &mut DbConnection,
    filter: &HistoryFilter,
    few: Few<'_>,
    among: Among,
    limit: i64,
) -> QueryResult<Vec<Place>> {
    let (before, last, these) = match among {
        Among::Walk(before, last) => (before, last, None),
        Among::These(ids) => (None, None, Some(ids)),
    };
    let with_customers = conversations::table
        .left_join(customers::table.on(customers::id.nullable().eq(conversations::customer_id)));
    let mut query = walk!(with_customers, filter, few, before).limit(limit);
    if let Some(ids) = these {
        query = query.filter(conversations::id.eq_any(ids));
    }
    if let Some((at, id)) = last {
        let same = (conversations::created_at.eq(at)).and(conversations::id.ge(id));
        query = query
            .filter(conversations::created_at.ge(at))
            .filter(conversations::created_at.gt(at).or(same));
    }
    if let Some(tag) = filter.tag {
        let tagged = conversation_tags::table
            .filter(conversation_tags::conversation_id.eq(conversations::id))
            .filter(conversation_tags::tag_id.eq(tag.0));
        query = query.filter(exists(tagged));
    }
    let rated = ratings::table.filter(ratings::conversation_id.eq(conversations::id));
    match filter.rating {
        Some(RatingAsked::Score(score)) => {
            let so = rated.filter(ratings::score.eq(i32::from(score)));
            query = query.filter(exists(so));
        }
        Some(RatingAsked::Rated) => query = query.filter(exists(rated)),
        Some(RatingAsked::Unrated) => query = query.filter(diesel::dsl::not(exists(rated))),
        None => {}
    }
    for word in filter.customer_text.iter().flat_map(SearchWords::iter) {
        let pattern = pattern(word);
        let name = customers::name.like(pattern.clone()).escape(ESCAPE);
        let email = customers::email.like(pattern.clone()).escape(ESCAPE);
        let site = customers::external_id.like(pattern).escape(ESCAPE);
        // An OR with something unknown in it may be unknown, which is as good as no.
        query = query.filter(name.or(email).or(site).assume_not_null());
    }
    query.load(conn)
}

/// What a table shows of these conversations, in their order.
fn rows(
    conn: &mut DbConnection,
    ids: &[i64],
    mut hits: HashMap<i64, Raw>,
) -> QueryResult<Vec<Reviewed>> {
    type Figures = (
        i64,
        Option<NaiveDateTime>,
        Option<i64>,
        Option<i64>,
        i64,
        String,
    );
    let mut listed: HashMap<i64, Listed> = reads::listed(conn, ids.to_vec())?
        .into_iter()
        .map(|one| (one.conversation.id.0, one))
        .collect();
    let figures: Vec<Figures> = conversations::table
        .filter(conversations::id.eq_any(ids))
        .select((
            conversations::id,
            conversations::closed_at,
            conversations::first_response_ms,
            conversations::customer_id,
            conversations::last_seq,
            sql::<Text>(CHANNEL),
        ))
        .load(conn)?;
    let figures: HashMap<i64, Figures> = figures.into_iter().map(|row| (row.0, row)).collect();
    // The one conversation of a shared room has no events, and may be too long to count.
    let countable: Vec<i64> = (figures.values())
        .filter(|row| row.3.is_some())
        .map(|row| row.0)
        .collect();
    let kinds = Kind::ALL.iter().filter(|kind| kind.is_said());
    let kinds: Vec<_> = kinds.map(|kind| kind.as_str()).collect();
    let said: Vec<(i64, i64)> = messages::table
        .filter(messages::conversation_id.eq_any(countable))
        .filter(messages::kind.eq_any(kinds))
        .group_by(messages::conversation_id)
        .select((messages::conversation_id, diesel::dsl::count_star()))
        .load(conn)?;
    let said: HashMap<i64, i64> = said.into_iter().collect();
    let scores: Vec<(i64, i32, String)> = ratings::table
        .filter(ratings::conversation_id.eq_any(ids))
        .select((ratings::conversation_id, ratings::score, ratings::comment))
        .load(conn)?;
    let mut scores: HashMap<i64, Rating> = scores
        .into_iter()
        .map(|(id, score, comment)| {
            let score = u8::try_from(score).map_err(|_| nonsense("ratings.score"))?;
            Ok((id, Rating { score, comment }))
        })
        .collect::<QueryResult<_>>()?;
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        let (Some(listed), Some(figures)) = (listed.remove(id), figures.get(id)) else {
            continue;
        };
        let (_, closed_at, first_response_ms, customer, last_seq, ref channel) = *figures;
        let hit = hits.remove(id).map(|raw| (raw.message, raw.excerpt));
        let (message, excerpt) = hit.unwrap_or_default();
        rows.push(Reviewed {
            listed,
            channel: Channel::parse(channel).ok_or_else(|| nonsense("conversations.channel"))?,
            ended_at: closed_at.map(|at| at.and_utc()),
            first_response_ms,
            messages: match customer {
                Some(_) => said.get(id).copied().unwrap_or(0),
                None => last_seq,
            },
            rating: scores.remove(id),
            message,
            excerpt,
        });
    }
    Ok(rows)
}
