//! The index of words: which messages have which characters side by side (`domain/gram.rs`). Filled a moment
//! after what was said is stored, so that storing costs the same with it as without, and read by `search.rs`.
//!
//! What is indexed together, a few messages of one conversation, is a *segment*, numbered in the order of
//! indexing and never changed. 4,096 of them are a *chunk*, and a row of `search_grams` says which segments of
//! its chunk have a gram. So a search walks from the newest chunk to the oldest, intersects a few short rows in
//! each, and reads only messages that may fit; and what is written goes to the few pages of the newest chunk.
//!
//! **Invariant**: the index only says where to look; what is found is read from `messages`. A segment without
//! its row is nothing, so what is deleted there is not found, and is indexed anew where it still exists.
//! **Invariant**: the one row of `search_state` is locked by whoever indexes; of two processes the second finds
//! that the first has done it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write as _,
};

use chrono::{NaiveDateTime, TimeDelta};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Text},
};

use super::{
    Store, StoreError,
    connection::{DbConnection, MultiBackend, write_transaction},
    schema::{conversations, search_segments, search_state},
    url::Engine,
};
use crate::domain::{ConversationId, Gram, Kind, Need};

/// Segments of a chunk: two signs of 64 name one.
const CHUNK: i64 = 4_096;
/// Messages of a segment at most.
const SEGMENT: i64 = 50;
/// Conversations that one step looks at.
const LOOK: i64 = 500;
/// Rows in one INSERT.
const STATEMENT_ROWS: usize = 1_000;
/// The one row of `search_state`.
const STATE: i32 = 1;
/// A transaction may commit that much later than the time that it gave its messages, also by the clocks of two
/// processes. So far back is looked again, and searched without the index.
pub(super) const MARGIN: TimeDelta = TimeDelta::minutes(2);

/// Where to go on with indexing: the latest activity of a conversation, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexPlace(NaiveDateTime, i64);

/// What one step of indexing has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexStep {
    /// Messages that it indexed.
    pub messages: usize,
    /// Where to go on at once; `None`: everything is indexed for now.
    pub next: Option<IndexPlace>,
}

impl Store {
    /// Indexes some of what is not indexed yet, from `from` on.
    pub async fn index(&self, from: Option<IndexPlace>) -> Result<IndexStep, StoreError> {
        self.read(move |conn| step(conn, from)).await
    }

    /// Indexes some of what these conversations have that is not indexed yet; `false` where there is more, or
    /// somebody else was at it: then the same again. For what was said long ago and has only now come.
    pub async fn index_these(&self, ids: Vec<ConversationId>) -> Result<bool, StoreError> {
        let ids: Vec<i64> = ids.into_iter().map(|id| id.0).collect();
        self.read(move |conn| these(conn, &ids)).await
    }
}

/// What is known of the index.
#[derive(Clone, Copy, Queryable, Selectable)]
#[diesel(table_name = search_state)]
pub(super) struct StateRow {
    pub next_segment: i64,
    pub caught_up_to: Option<NaiveDateTime>,
}

pub(super) fn state(conn: &mut DbConnection) -> QueryResult<StateRow> {
    search_state::table
        .find(STATE)
        .select(StateRow::as_select())
        .first(conn)
}

/// A run of messages of one conversation.
#[derive(Clone, Debug, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = search_segments)]
pub(super) struct Segment {
    pub id: i64,
    pub conversation_id: i64,
    pub first_seq: i64,
    pub last_seq: i64,
}

/// What is said in some segments.
#[derive(QueryableByName)]
pub(super) struct Said {
    #[diesel(sql_type = BigInt)]
    pub conversation_id: i64,
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Text)]
    pub text: String,
    #[diesel(sql_type = diesel::sql_types::Timestamp)]
    pub sent_at: NaiveDateTime,
}

/// The messages of segments, events left out, in no order. Each segment is one range of the primary key.
pub(super) fn said(conn: &mut DbConnection, segments: &[Segment]) -> QueryResult<Vec<Said>> {
    const RANGES: usize = 64;
    let mut all = Vec::new();
    for some in segments.chunks(RANGES) {
        let mut sql = format!(
            "SELECT conversation_id, seq, kind, text, sent_at FROM messages WHERE kind <> '{}' AND (",
            Kind::Event.as_str()
        );
        for (index, segment) in some.iter().enumerate() {
            // Numbers only. Writing to a string can not fail.
            let _ = write!(
                sql,
                "{}(conversation_id = {} AND seq BETWEEN {} AND {})",
                if index == 0 { "" } else { " OR " },
                segment.conversation_id,
                segment.first_seq,
                segment.last_seq
            );
        }
        sql.push(')');
        all.extend(diesel::sql_query(sql).load::<Said>(conn)?);
    }
    Ok(all)
}

fn step(conn: &mut DbConnection, from: Option<IndexPlace>) -> QueryResult<IndexStep> {
    let state = state(conn)?;
    let begin = from.or_else(|| Some(IndexPlace(state.caught_up_to? - MARGIN, 0)));
    let most = most(conn);
    let found = look(conn, begin)?;
    let Some(last) = found.last().map(|row| IndexPlace(row.2, row.0)) else {
        return Ok(IndexStep {
            messages: 0,
            next: None,
        });
    };
    let (segments, place) = cut(conn, &found, state.next_segment, most)?;
    let more = place.is_some() || i64::try_from(found.len()) == Ok(LOOK);
    let caught_up = (!more).then_some(last.0).max(state.caught_up_to);
    let messages = said(conn, &segments)?;
    let grams = grams(&segments, &messages);
    if !segments.is_empty() || caught_up != state.caught_up_to {
        let done = write_transaction(conn, |conn| {
            store(conn, state, &segments, &grams, caught_up)
        })?;
        if !done {
            // Another process is at it.
            return Ok(IndexStep {
                messages: 0,
                next: None,
            });
        }
    }
    // What is cut off is looked at again.
    let next = if more { place.or(Some(last)) } else { None };
    Ok(IndexStep {
        messages: messages.len(),
        next,
    })
}

/// Messages of one step.
fn most(conn: &DbConnection) -> i64 {
    // A text may have 16 kB, and all of a step are in memory at once.
    match conn.engine() {
        Engine::Mysql => 2_000,
        // Nobody else can write meanwhile.
        Engine::Sqlite => 200,
    }
}

fn these(conn: &mut DbConnection, ids: &[i64]) -> QueryResult<bool> {
    let state = state(conn)?;
    let found: Vec<Active> = conversations::table
        .filter(conversations::id.eq_any(ids))
        .order((conversations::last_message_at, conversations::id))
        .select((
            conversations::id,
            conversations::last_seq,
            conversations::last_message_at,
        ))
        .load(conn)?;
    let most = most(conn);
    let (segments, place) = cut(conn, &found, state.next_segment, most)?;
    if segments.is_empty() {
        return Ok(true);
    }
    let grams = grams(&segments, &said(conn, &segments)?);
    let done = write_transaction(conn, |conn| {
        store(conn, state, &segments, &grams, state.caught_up_to)
    })?;
    Ok(done && place.is_none())
}

type Active = (i64, i64, NaiveDateTime);

/// The conversations with the earliest activity after a place.
fn look(conn: &mut DbConnection, from: Option<IndexPlace>) -> QueryResult<Vec<Active>> {
    let mut query = conversations::table
        .order((
            conversations::last_message_at.asc(),
            conversations::id.asc(),
        ))
        .select((
            conversations::id,
            conversations::last_seq,
            conversations::last_message_at,
        ))
        .limit(LOOK)
        .into_boxed::<MultiBackend>();
    if let Some(IndexPlace(at, id)) = from {
        let same = (conversations::last_message_at.eq(at)).and(conversations::id.gt(id));
        query = query
            .filter(conversations::last_message_at.ge(at))
            .filter(conversations::last_message_at.gt(at).or(same));
    }
    query.load(conn)
}

/// What of these conversations is in no segment yet, in segments that are numbered from `first` on; and where
/// to go on, if that is before their end because it was too much.
fn cut(
    conn: &mut DbConnection,
    found: &[Active],
    first: i64,
    most: i64,
) -> QueryResult<(Vec<Segment>, Option<IndexPlace>)> {
    let ids: Vec<i64> = found.iter().map(|(id, ..)| *id).collect();
    let done: Vec<(i64, Option<i64>)> = search_segments::table
        .filter(search_segments::conversation_id.eq_any(ids))
        .group_by(search_segments::conversation_id)
        .select((
            search_segments::conversation_id,
            diesel::dsl::max(search_segments::last_seq),
        ))
        .load(conn)?;
    let done: HashMap<i64, i64> = done
        .into_iter()
        .filter_map(|(id, seq)| Some((id, seq?)))
        .collect();
    let mut segments = Vec::new();
    let (mut count, mut id) = (0, first);
    let mut before = None;
    for (conversation_id, head, at) in found {
        let mut last_seq = done.get(conversation_id).copied().unwrap_or(0);
        while last_seq < *head {
            if count >= most {
                return Ok((
                    segments,
                    Some(before.unwrap_or(IndexPlace(*at, conversation_id - 1))),
                ));
            }
            let first_seq = last_seq + 1;
            last_seq = (last_seq + SEGMENT).min(*head);
            count += last_seq - first_seq + 1;
            segments.push(Segment {
                id,
                conversation_id: *conversation_id,
                first_seq,
                last_seq,
            });
            id += 1;
        }
        before = Some(IndexPlace(*at, *conversation_id));
    }
    Ok((segments, None))
}

/// Which segments have which grams, by chunk, as their places are written.
fn grams(segments: &[Segment], messages: &[Said]) -> BTreeMap<(i64, Gram), String> {
    let mut texts: HashMap<i64, Vec<&Said>> = HashMap::new();
    for message in messages {
        texts
            .entry(message.conversation_id)
            .or_default()
            .push(message);
    }
    let mut all: BTreeMap<(i64, Gram), String> = BTreeMap::new();
    for segment in segments {
        let mut has = BTreeSet::new();
        let here = texts.get(&segment.conversation_id).into_iter().flatten();
        for said in here {
            if (segment.first_seq..=segment.last_seq).contains(&said.seq) {
                Gram::add_all(&said.text, &mut has);
            }
        }
        let place = Place::of(segment.id % CHUNK);
        for gram in has {
            let places = all.entry((segment.id / CHUNK, gram)).or_default();
            places.push_str(&place.0);
        }
    }
    all
}

/// Stores it, unless somebody else has indexed meanwhile.
fn store(
    conn: &mut DbConnection,
    seen: StateRow,
    segments: &[Segment],
    grams: &BTreeMap<(i64, Gram), String>,
    caught_up_to: Option<NaiveDateTime>,
) -> QueryResult<bool> {
    // A write that changes nothing holds the row.
    diesel::update(search_state::table.find(STATE))
        .set(search_state::next_segment.eq(search_state::next_segment))
        .execute(conn)?;
    let now = state(conn)?;
    if now.next_segment != seen.next_segment {
        return Ok(false);
    }
    for rows in segments.chunks(STATEMENT_ROWS) {
        let mut sql = String::from(
            "INSERT INTO search_segments (id, conversation_id, first_seq, last_seq) VALUES ",
        );
        for (index, row) in rows.iter().enumerate() {
            // Numbers only. Writing to a string can not fail.
            let _ = write!(
                sql,
                "{}({}, {}, {}, {})",
                if index == 0 { "" } else { ", " },
                row.id,
                row.conversation_id,
                row.first_seq,
                row.last_seq
            );
        }
        diesel::sql_query(sql).execute(conn)?;
    }
    let append = match conn.engine() {
        Engine::Mysql => "ON DUPLICATE KEY UPDATE places = CONCAT(places, VALUES(places))",
        Engine::Sqlite => {
            "ON CONFLICT (chunk, gram) DO UPDATE SET places = places || excluded.places"
        }
    };
    let rows: Vec<_> = grams.iter().collect();
    for rows in rows.chunks(STATEMENT_ROWS) {
        let mut sql = String::from("INSERT INTO search_grams (chunk, gram, places) VALUES ");
        for (index, ((chunk, gram), places)) in rows.iter().enumerate() {
            // Numbers, and signs of our own.
            let comma = if index == 0 { "" } else { ", " };
            let _ = write!(sql, "{comma}({chunk}, {}, '{places}')", gram.0);
        }
        sql.push(' ');
        sql.push_str(append);
        diesel::sql_query(sql).execute(conn)?;
    }
    let count = i64::try_from(segments.len()).unwrap_or(0);
    diesel::update(search_state::table.find(STATE))
        .set((
            search_state::next_segment.eq(seen.next_segment + count),
            search_state::caught_up_to.eq(caught_up_to.max(now.caught_up_to)),
        ))
        .execute(conn)?;
    Ok(true)
}

/// A segment's number in its chunk, as two signs.
struct Place(String);

const SIGNS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

impl Place {
    fn of(number: i64) -> Self {
        let sign = |six: i64| char::from(SIGNS[usize::try_from(six & 63).unwrap_or(0)]);
        Self([sign(number >> 6), sign(number)].iter().collect())
    }
}

/// Which segments of a chunk.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Bits([u64; 64]);

impl Bits {
    const NONE: Self = Self([0; 64]);

    fn add(&mut self, places: &str) {
        let value = |sign: u8| SIGNS.iter().position(|known| *known == sign);
        for place in places.as_bytes().chunks_exact(2) {
            if let (Some(high), Some(low)) = (value(place[0]), value(place[1])) {
                self.0[high] |= 1 << low;
            }
        }
    }

    fn keep(&mut self, others: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(others.0) {
            *mine &= theirs;
        }
    }

    /// From the greatest to the smallest.
    fn numbers(&self) -> impl Iterator<Item = i64> {
        let has = |number: &i64| {
            let at = usize::try_from(*number).unwrap_or(0);
            self.0[at / 64] >> (at % 64) & 1 == 1
        };
        (0..CHUNK).rev().filter(has)
    }
}

/// Those segments below `below` that have all that is needed, the newest first, from a few chunks; and below
/// which to go on, `None` at the end.
pub(super) fn candidates(
    conn: &mut DbConnection,
    needs: &[Need],
    below: i64,
    chunks: i64,
) -> QueryResult<(Vec<i64>, Option<i64>)> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        chunk: i64,
        #[diesel(sql_type = BigInt)]
        gram: i64,
        #[diesel(sql_type = Text)]
        places: String,
    }
    let newest = (below - 1) / CHUNK;
    let oldest = (newest - chunks + 1).max(0);
    let list = |numbers: &mut dyn Iterator<Item = i64>| {
        numbers
            .map(|n| n.to_string())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let here = list(&mut (oldest..=newest));
    let mut left: BTreeMap<i64, Bits> = (oldest..=newest)
        .map(|n| (n, Bits([u64::MAX; 64])))
        .collect();
    for need in needs {
        let which = match need {
            Need::All(grams) => format!("IN ({})", list(&mut grams.iter().map(|gram| gram.0))),
            Need::OneOf(from, to) => format!("BETWEEN {} AND {}", from.0, to.0),
        };
        let sql = format!(
            "SELECT chunk, gram, places FROM search_grams WHERE chunk IN ({here}) AND gram {which}"
        );
        let mut rows: HashMap<i64, Vec<(i64, String)>> = HashMap::new();
        for row in diesel::sql_query(sql).load::<Row>(conn)? {
            rows.entry(row.chunk)
                .or_default()
                .push((row.gram, row.places));
        }
        for (chunk, bits) in &mut left {
            let rows = rows.remove(chunk).unwrap_or_default();
            match need {
                Need::All(grams) => {
                    for gram in grams {
                        let mut has = Bits::NONE;
                        for (_, places) in rows.iter().filter(|(id, _)| *id == gram.0) {
                            has.add(places);
                        }
                        bits.keep(&has);
                    }
                }
                Need::OneOf(..) => {
                    let mut has = Bits::NONE;
                    for (_, places) in &rows {
                        has.add(places);
                    }
                    bits.keep(&has);
                }
            }
        }
    }
    let found = left.iter().rev().flat_map(|(chunk, bits)| {
        let chunk = *chunk * CHUNK;
        bits.numbers().map(move |number| chunk + number)
    });
    let found = found.filter(|id| *id < below).collect();
    let next = (oldest > 0).then_some(oldest * CHUNK);
    Ok((found, next))
}

/// These segments, as far as they still exist, the newest first.
pub(super) fn segments(conn: &mut DbConnection, ids: &[i64]) -> QueryResult<Vec<Segment>> {
    search_segments::table
        .filter(search_segments::id.eq_any(ids))
        .order(search_segments::id.desc())
        .select(Segment::as_select())
        .load(conn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_back() {
        for number in [0, 1, 63, 64, 4_095] {
            let mut bits = Bits::NONE;
            bits.add(&Place::of(number).0);
            assert_eq!(bits.numbers().collect::<Vec<_>>(), [number]);
        }
        let mut bits = Bits::NONE;
        for number in [5, 4_000, 77] {
            bits.add(&Place::of(number).0);
        }
        assert_eq!(bits.numbers().collect::<Vec<_>>(), [4_000, 77, 5]);
        let mut other = Bits::NONE;
        other.add(&Place::of(77).0);
        bits.keep(&other);
        assert_eq!(bits, other);
    }
}
