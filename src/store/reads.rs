//! What the room and HTTP read: conversations and their messages, always for a viewer. These run on
//! blocking threads with a connection of the pool (`mod.rs` sees to that); every query here is a
//! snapshot of its own.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    str::FromStr,
};

use chrono::DateTime;
use diesel::{dsl::sql, prelude::*, sql_types::Bool};

use super::{
    connection::{DbConnection, MultiBackend},
    identity::holders,
    rows::{ConversationRow, CustomerRow, MessageRow, with_names},
    schema::{agents, conversation_tags, conversations, customers, messages},
    tags,
};
use crate::domain::{
    AgentId, AgentRef, ConversationId, CustomerKey, CustomerRef, Kind, Listed, Message, Seq, Side,
    Status, TagId, Timestamp,
};

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// Sees their own conversations, and in a shared room the shared one.
    Customer(CustomerKey),
    /// Sees every conversation.
    Agent,
}

/// Which messages of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The last ones.
    Newest,
    /// The last ones with a smaller `seq`.
    Before(Seq),
    /// The first ones with a greater `seq`.
    After(Seq),
}

/// A page of messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessagePage {
    /// Ascending by `seq`.
    pub messages: Vec<Message>,
    /// Whether there are further ones in the direction that was asked for.
    pub more: bool,
}

/// A page of conversations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationPage {
    /// By latest activity, the latest first.
    pub conversations: Vec<Listed>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Cursor>,
}

/// A customer who comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coming {
    /// By which token, as a hash.
    pub key: CustomerKey,
    /// The conversations that they hold already.
    pub resume: Vec<ConversationId>,
}

/// What a customer finds when they come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerJoin {
    /// Under which key the program knows them: an identified customer comes by other tokens. `None`: the token
    /// has ended.
    pub key: Option<CustomerKey>,
    /// Who they are; `None` for somebody who has never written.
    pub customer: Option<CustomerRef>,
    /// Their conversations, the latest first. In a shared room the one conversation is always there.
    pub conversations: Vec<Listed>,
}

/// A place in the list of conversations. Opaque to whoever holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(super) at: Timestamp,
    pub(super) id: ConversationId,
}

impl Cursor {
    /// The place right behind a conversation, by when it began or was last active.
    pub fn new(at: Timestamp, id: ConversationId) -> Self {
        Self { at, id }
    }
}

/// A string that is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is what \"next\" held in an earlier answer")]
pub struct NotACursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at.timestamp_millis(), self.id)
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let (at, id) = text.split_once('-').ok_or(NotACursor)?;
        // At most 14 digits, so that the year has four, as both engines want it.
        if at.is_empty() || at.len() > 14 || !at.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotACursor);
        }
        let at = at
            .parse()
            .ok()
            .and_then(DateTime::from_timestamp_millis)
            .ok_or(NotACursor)?;
        Ok(Self {
            at,
            id: id.parse().map_err(|_| NotACursor)?,
        })
    }
}

impl Viewer {
    /// The side that the viewer is on.
    fn side(self) -> Side {
        match self {
            Self::Customer(_) => Side::Customer,
            Self::Agent => Side::Agent,
        }
    }
}

/// The kinds of message that a viewer may see, as they stand in the database.
pub(super) fn visible(viewer: Viewer) -> Vec<&'static str> {
    let visible = Kind::ALL.iter().filter(|kind| kind.is_for(viewer.side()));
    visible.map(|kind| kind.as_str()).collect()
}

/// How many conversations of their own a customer gets.
const OWN: usize = 20;
/// How many conversations an agent gets.
const LATEST: i64 = 100;
/// How many of those that wait an agent gets beside them, and how many of their own.
const OF_DESK: i64 = 200;
/// How much of the queue is looked at. Who stands further back is not told a place.
const QUEUE: i64 = 1_000;

/// The place of the newest that was said in a conversation ([`Kind::is_said`]), which is what a list shows of it: a note must not reach a
/// customer there either, and an event says less than the words before it.
const NEWEST_TEXT: &str = "messages.seq = (SELECT newest.seq FROM messages newest \
    WHERE newest.conversation_id = conversations.id AND newest.kind IN ('text', 'file') \
    ORDER BY newest.seq DESC LIMIT 1)";

type ListedRow = (
    ConversationRow,
    Option<CustomerRow>,
    Option<(i64, String)>,
    Option<MessageRow>,
);

/// Conversations with customer, agent and newest text, of one moment: a message that arrives
/// meanwhile is either in all of it or in none.
macro_rules! listed {
    () => {
        conversations::table
            .left_join(customers::table.on(customers::id.nullable().eq(conversations::customer_id)))
            .left_join(agents::table.on(agents::id.nullable().eq(conversations::agent_id)))
            .left_join(
                messages::table.on(messages::conversation_id
                    .eq(conversations::id)
                    .and(sql::<Bool>(NEWEST_TEXT))),
            )
            .order((
                conversations::last_message_at.desc(),
                conversations::id.desc(),
            ))
            .select((
                ConversationRow::as_select(),
                Option::<CustomerRow>::as_select(),
                (agents::id, agents::name).nullable(),
                Option::<MessageRow>::as_select(),
            ))
            .into_boxed::<MultiBackend>()
    };
}

fn assemble(conn: &mut DbConnection, rows: Vec<ListedRow>) -> QueryResult<Vec<Listed>> {
    let newest: Vec<MessageRow> = rows.iter().filter_map(|row| row.3.clone()).collect();
    let mut newest = with_names(conn, newest)?.into_iter().peekable();
    rows.into_iter()
        .map(|(row, customer, agent, _)| {
            let agent = agent.map(|(id, name)| AgentRef {
                id: AgentId(id),
                name,
            });
            let conversation = row.assemble(customer.map(CustomerRow::into_ref), agent)?;
            let last_message = newest.next_if(|message| message.conversation == conversation.id);
            Ok(Listed {
                conversation,
                last_message,
                tags: Vec::new(),
            })
        })
        .collect()
}

/// With the tags, which are for agents.
fn with_tags(conn: &mut DbConnection, mut listed: Vec<Listed>) -> QueryResult<Vec<Listed>> {
    let ids: Vec<i64> = listed.iter().map(|one| one.conversation.id.0).collect();
    let mut found = tags::of_each(conn, &ids)?;
    for one in &mut listed {
        one.tags = found.remove(&one.conversation.id).unwrap_or_default();
    }
    Ok(listed)
}

fn newest_first(rows: &mut [ListedRow]) {
    rows.sort_by_key(|(row, ..)| std::cmp::Reverse((row.last_message_at, row.id)));
}

fn ids_of(rows: &[ListedRow], resume: &[ConversationId]) -> Vec<i64> {
    let missing = |id: &&ConversationId| !rows.iter().any(|(row, ..)| row.id == id.0);
    resume.iter().filter(missing).map(|id| id.0).collect()
}

/// What these customers find, in their order; `shared` is the conversation of a shared room. Few queries, however
/// many they are.
pub(super) fn join_customers(
    conn: &mut DbConnection,
    shared: Option<ConversationId>,
    coming: &[Coming],
) -> QueryResult<Vec<CustomerJoin>> {
    let people = who_come(conn, coming)?;
    let ids: BTreeSet<i64> = (people.iter())
        .filter_map(|(_, customer)| Some(customer.as_ref()?.id))
        .collect();
    let own = own_conversations(conn, ids)?;
    // For each of them, by id.
    let wanted: Vec<BTreeSet<i64>> = (people.iter().zip(coming))
        .map(|((_, customer), Coming { resume, .. })| {
            let own = customer.as_ref().and_then(|customer| own.get(&customer.id));
            let own = own.map_or(&[][..], Vec::as_slice);
            let newest = if shared.is_none() { OWN } else { 0 };
            let resumed = resume.iter().map(|id| id.0).filter(|id| own.contains(id));
            let wanted = own.iter().copied().take(newest).chain(resumed);
            wanted.chain(shared.map(|id| id.0)).collect()
        })
        .collect();
    let all: BTreeSet<i64> = wanted.iter().flatten().copied().collect();
    let mut found: Vec<Listed> = Vec::new();
    if !all.is_empty() {
        let rows = listed!()
            .filter(conversations::id.eq_any(all))
            .load::<ListedRow>(conn)?;
        found = assemble(conn, rows)?;
    }
    let places: HashMap<i64, usize> = (found.iter().enumerate())
        .map(|(place, one)| (one.conversation.id.0, place))
        .collect();
    let joins = people
        .into_iter()
        .zip(wanted)
        .map(|((key, customer), wanted)| {
            // The latest first, as they were found.
            let wanted: BTreeSet<usize> = (wanted.iter())
                .filter_map(|id| places.get(id).copied())
                .collect();
            CustomerJoin {
                key,
                customer: customer.map(CustomerRow::into_ref),
                conversations: wanted
                    .into_iter()
                    .map(|place| found[place].clone())
                    .collect(),
            }
        });
    Ok(joins.collect())
}

/// What one customer finds.
pub(super) fn join_customer(
    conn: &mut DbConnection,
    shared: Option<ConversationId>,
    coming: Coming,
) -> QueryResult<CustomerJoin> {
    let join = join_customers(conn, shared, &[coming])?.pop();
    join.ok_or(diesel::result::Error::NotFound)
}

/// Under which key each is known, unless their token has ended, and their row, if they have written.
fn who_come(
    conn: &mut DbConnection,
    coming: &[Coming],
) -> QueryResult<Vec<(Option<CustomerKey>, Option<CustomerRow>)>> {
    let hashes = coming.iter().map(|one| one.key.0.to_vec());
    let rows: Vec<CustomerRow> = customers::table
        .filter(customers::token_hash.eq_any(hashes))
        .select(CustomerRow::as_select())
        .load(conn)?;
    let mut by_key = HashMap::new();
    for row in rows {
        by_key.insert(row.key()?, row);
    }
    let strangers = coming.iter().map(|one| one.key);
    let strangers: Vec<_> = strangers.filter(|key| !by_key.contains_key(key)).collect();
    let identified = holders(conn, &strangers)?;
    (coming.iter())
        .map(|Coming { key, .. }| {
            Ok(match (by_key.get(key), identified.get(key)) {
                (Some(row), _) => (Some(*key), Some(row.clone())),
                (None, Some(Some(row))) => (Some(row.key()?), Some(row.clone())),
                (None, Some(None)) => (None, None),
                (None, None) => (Some(*key), None),
            })
        })
        .collect()
}

/// All conversations of each of these customers, the latest first.
fn own_conversations(
    conn: &mut DbConnection,
    customers: BTreeSet<i64>,
) -> QueryResult<HashMap<i64, Vec<i64>>> {
    let mut own: HashMap<i64, Vec<i64>> = HashMap::new();
    if customers.is_empty() {
        return Ok(own);
    }
    let rows: Vec<(Option<i64>, i64)> = conversations::table
        .filter(conversations::customer_id.eq_any(customers))
        .order((
            conversations::last_message_at.desc(),
            conversations::id.desc(),
        ))
        .select((conversations::customer_id, conversations::id))
        .load(conn)?;
    for (customer, id) in rows {
        own.entry(customer.unwrap_or_default())
            .or_default()
            .push(id);
    }
    Ok(own)
}

/// What an agent finds.
pub(super) fn join_agent(
    conn: &mut DbConnection,
    shared: Option<ConversationId>,
    me: AgentId,
    resume: &[ConversationId],
) -> QueryResult<Vec<Listed>> {
    let mut rows = listed!().limit(LATEST).load::<ListedRow>(conn)?;
    // Whoever waits must not drop out of sight by being quiet, nor whom this agent has.
    let mine: Vec<i64> = conversations::table
        .filter(conversations::agent_id.eq(me.0))
        .filter(conversations::status.eq(Status::Open.as_str()))
        .order(conversations::last_message_at.desc())
        .select(conversations::id)
        .limit(OF_DESK)
        .load(conn)?;
    let mut wanted: BTreeSet<ConversationId> = mine.into_iter().map(ConversationId).collect();
    wanted.extend(front_of_queue(conn, OF_DESK)?);
    wanted.extend(resume.iter().chain(&shared));
    let wanted = ids_of(&rows, &Vec::from_iter(wanted));
    if !wanted.is_empty() {
        rows.extend(
            listed!()
                .filter(conversations::id.eq_any(wanted))
                .load::<ListedRow>(conn)?,
        );
        newest_first(&mut rows);
    }
    let listed = assemble(conn, rows)?;
    with_tags(conn, listed)
}

/// One conversation, if the viewer may see it.
pub(super) fn conversation(
    conn: &mut DbConnection,
    shared: Option<ConversationId>,
    viewer: Viewer,
    id: ConversationId,
) -> QueryResult<Option<Listed>> {
    if !may_see(conn, shared, viewer, id)? {
        return Ok(None);
    }
    let rows = listed!()
        .filter(conversations::id.eq(id.0))
        .load::<ListedRow>(conn)?;
    let mut listed = assemble(conn, rows)?;
    if viewer == Viewer::Agent {
        listed = with_tags(conn, listed)?;
    }
    Ok(listed.pop())
}

/// The conversations of a customer but this one, the latest first.
pub(super) fn others_of(
    conn: &mut DbConnection,
    customer: i64,
    but: ConversationId,
    limit: usize,
) -> QueryResult<Vec<Listed>> {
    let rows = listed!()
        .filter(conversations::customer_id.eq(customer))
        .filter(conversations::id.ne(but.0))
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .load::<ListedRow>(conn)?;
    let listed = assemble(conn, rows)?;
    with_tags(conn, listed)
}

/// These conversations, as far as they exist, for agents.
pub(super) fn listed(conn: &mut DbConnection, ids: Vec<i64>) -> QueryResult<Vec<Listed>> {
    let rows = listed!()
        .filter(conversations::id.eq_any(ids))
        .load::<ListedRow>(conn)?;
    let listed = assemble(conn, rows)?;
    with_tags(conn, listed)
}

/// A page of all conversations, or of those with a tag, for agents.
pub(super) fn conversations(
    conn: &mut DbConnection,
    before: Option<Cursor>,
    tag: Option<TagId>,
    limit: usize,
) -> QueryResult<ConversationPage> {
    let mut query = listed!().limit(one_more(limit));
    if let Some(tag) = tag {
        let tagged = conversation_tags::table
            .filter(conversation_tags::tag_id.eq(tag.0))
            .select(conversation_tags::conversation_id);
        query = query.filter(conversations::id.eq_any(tagged));
    }
    if let Some(Cursor { at, id }) = before {
        let at = at.naive_utc();
        let earlier = conversations::last_message_at.lt(at);
        let same = conversations::last_message_at
            .eq(at)
            .and(conversations::id.lt(id.0));
        query = query.filter(earlier.or(same));
    }
    let mut rows = query.load::<ListedRow>(conn)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|(row, ..)| Cursor {
        at: row.last_message_at.and_utc(),
        id: ConversationId(row.id),
    });
    let listed = assemble(conn, rows)?;
    Ok(ConversationPage {
        conversations: with_tags(conn, listed)?,
        next,
    })
}

/// The beginning of the queue.
pub(super) fn queue(conn: &mut DbConnection) -> QueryResult<Vec<ConversationId>> {
    front_of_queue(conn, QUEUE)
}

fn front_of_queue(conn: &mut DbConnection, limit: i64) -> QueryResult<Vec<ConversationId>> {
    let ids: Vec<i64> = conversations::table
        .filter(conversations::waiting_since.is_not_null())
        .order((conversations::waiting_since.asc(), conversations::id.asc()))
        .select(conversations::id)
        .limit(limit)
        .load(conn)?;
    Ok(ids.into_iter().map(ConversationId).collect())
}

/// A page of a conversation's messages, if the viewer may see it.
pub(super) fn messages(
    conn: &mut DbConnection,
    shared: Option<ConversationId>,
    viewer: Viewer,
    id: ConversationId,
    page: Page,
    limit: usize,
) -> QueryResult<Option<MessagePage>> {
    if !may_see(conn, shared, viewer, id)? {
        return Ok(None);
    }
    let query = messages::table
        .select(MessageRow::as_select())
        .filter(messages::conversation_id.eq(id.0))
        .filter(messages::kind.eq_any(visible(viewer)))
        .limit(one_more(limit))
        .into_boxed::<MultiBackend>();
    let mut rows: Vec<MessageRow> = match page {
        Page::Newest => query.order(messages::seq.desc()).load(conn)?,
        Page::Before(seq) => query
            .filter(messages::seq.lt(seq.0))
            .order(messages::seq.desc())
            .load(conn)?,
        Page::After(seq) => query
            .filter(messages::seq.gt(seq.0))
            .order(messages::seq.asc())
            .load(conn)?,
    };
    let more = rows.len() > limit;
    rows.truncate(limit);
    if !matches!(page, Page::After(_)) {
        rows.reverse();
    }
    Ok(Some(MessagePage {
        messages: with_names(conn, rows)?,
        more,
    }))
}

fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1
}

/// Knowing an id opens nothing.
pub(super) fn may_see(
    conn: &mut DbConnection,
    shared: Option<ConversationId>,
    viewer: Viewer,
    id: ConversationId,
) -> QueryResult<bool> {
    let row = conversations::table.filter(conversations::id.eq(id.0));
    let found: Option<i64> = match viewer {
        Viewer::Customer(key) if shared != Some(id) => row
            .inner_join(
                customers::table.on(customers::id.nullable().eq(conversations::customer_id)),
            )
            .filter(customers::token_hash.eq(key.0.to_vec()))
            .select(conversations::id)
            .first(conn)
            .optional()?,
        Viewer::Customer(_) | Viewer::Agent => {
            row.select(conversations::id).first(conn).optional()?
        }
    };
    Ok(found.is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_is_one() {
        let cursor = Cursor {
            at: crate::domain::now(),
            id: ConversationId(42),
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in [
            "",
            "1",
            "-1",
            "1-",
            "1-0",
            "x-1",
            "+1-1",
            "1-1-1",
            "1-' OR 1",
            "999999999999999-1",
        ] {
            assert_eq!(bad.parse::<Cursor>(), Err(NotACursor), "{bad}");
        }
    }

    proptest! {
        #![proptest_config(random::cases(1_000))]

        #[test]
        fn what_reads_as_a_cursor_reads_back(
            text in prop_oneof![any::<String>(), "[0-9]{0,15}-?-?[0-9]{0,20}"],
        ) {
            if let Ok(cursor) = text.parse::<Cursor>() {
                prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
            }
        }
    }
}
