//! Conversations that came in a file. Called by `src/import`; runs on the blocking threads of `mod.rs`.
//!
//! A conversation is known again by when it began and by its first message, whatever number it has here and
//! whoever its customer is by now: customers are identified, merged and erased. One that is here is only ever
//! gone on with, and only where its last message here is one of those in the file; so an import that was
//! interrupted goes on, and one that is done already changes nothing.
//!
//! **Invariant**: until the last of its messages is here, a conversation counts as closed, and nobody waits for
//! it; what it is comes with that last message, in one transaction.
//! **Invariant**: whoever is made an account has one that nobody can sign in to.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::{
    Store, StoreError,
    batch::{BatchError, NewMessage, insert_messages, lock},
    connection::{DbConnection, write_transaction},
    rows::{AGENT, CUSTOMER, ConversationRow, SYSTEM},
    schema::{
        agents, conversation_tags, conversations, customer_tokens, customers, files, messages,
        ratings, tags,
    },
};
use crate::domain::{
    AgentId, Channel, ClientId, ConversationId, CustomerDetails, CustomerKey, ERASED, EventName,
    File, Kind, Rating, ReadMarks, Role, Seq, Status, TagName, Timestamp, Unread, now,
};

/// An agent, as another database knew them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImportAgent {
    /// What they type to sign in, by which they are known here.
    pub username: String,
    /// Their number there; also here, where it is free.
    pub id: AgentId,
    /// The name that customers see.
    pub name: String,
}

/// A conversation without its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportConversation {
    /// Its number there; also here, where it is free.
    pub id: ConversationId,
    /// Whose it is.
    pub customer: CustomerDetails,
    /// The key by which the program knows them.
    pub key: CustomerKey,
    /// Where it stands.
    pub status: Status,
    /// By which way its customer came.
    pub channel: Channel,
    /// Who has it, or had it when it was closed.
    pub agent: Option<ImportAgent>,
    /// Since when they have.
    pub agent_since: Option<Timestamp>,
    /// Since when it has been in the queue.
    pub waiting_since: Option<Timestamp>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// How long its customer waited for an answer.
    pub first_response_ms: Option<i64>,
    /// Up to where each side has read.
    pub read: ReadMarks,
    /// How many texts each side has not read.
    pub unread: Unread,
    /// Its tags, who put them there, and when.
    pub tags: Vec<(TagName, ImportAgent, Timestamp)>,
    /// How the customer found it, and when they said so first and last.
    pub rating: Option<(Rating, Timestamp, Timestamp)>,
}

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportAuthor {
    /// Whose conversation it is.
    Customer,
    /// An agent.
    Agent(ImportAgent),
    /// The server.
    System,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportMessage {
    /// Its place.
    pub seq: Seq,
    /// The sender's own key.
    pub client_id: Option<ClientId>,
    /// What it is.
    pub kind: Kind,
    /// Who wrote it.
    pub from: ImportAuthor,
    /// What happened, and whom it concerns.
    pub event: Option<(EventName, Option<ImportAgent>)>,
    /// What was sent beside words. Its bytes are not part of an import.
    pub file: Option<File>,
    /// The words.
    pub text: String,
    /// When.
    pub sent_at: Timestamp,
}

/// What makes a message known again. An erased one is so by the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    seq: Seq,
    client_id: Option<String>,
    event: Option<&'static str>,
    sent_at: NaiveDateTime,
    text: String,
}

impl From<&ImportMessage> for Known {
    fn from(message: &ImportMessage) -> Self {
        Self {
            seq: message.seq,
            client_id: message.client_id.as_ref().map(|id| id.as_str().to_owned()),
            event: message.event.as_ref().map(|(name, _)| name.as_str()),
            sent_at: message.sent_at.naive_utc(),
            text: message.text.clone(),
        }
    }
}

impl Known {
    fn is(&self, here: &Here) -> bool {
        self.client_id == here.client_id
            && self.event == here.event.as_deref()
            && self.sent_at == here.sent_at
            && (self.text == here.text || here.text == ERASED)
    }
}

/// A run of a conversation's messages, in their order.
#[derive(Clone, Debug)]
pub struct ImportPiece {
    /// Of which conversation.
    pub of: Arc<ImportConversation>,
    /// The conversation's first message, where it has one.
    pub first: Option<Arc<Known>>,
    /// The message before these.
    pub before: Option<Known>,
    /// Some of its messages, without gaps.
    pub messages: Vec<ImportMessage>,
    /// Nothing of it comes after them.
    pub last: bool,
}

/// What became of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportOutcome {
    /// It was not here, and is now, in the conversation of this number.
    Added(ConversationId),
    /// It was here.
    Known(ConversationId),
    /// What is here goes on in another way, or has been deleted meanwhile: it stays as it is.
    Left,
}

/// What one step of an import has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportStep {
    /// What became of each piece.
    pub outcomes: Vec<ImportOutcome>,
    /// Messages that were not here before.
    pub messages: usize,
    /// User names of those for whom an account was made.
    pub accounts: Vec<String>,
}

impl Store {
    /// Stores some pieces in one transaction.
    pub async fn import(&self, pieces: Vec<ImportPiece>) -> Result<ImportStep, StoreError> {
        self.read(move |conn| write_transaction(conn, |conn| import(conn, &pieces)))
            .await
    }
}

/// A message that is here.
#[derive(Queryable)]
struct Here {
    conversation_id: i64,
    seq: i64,
    client_id: Option<String>,
    event: Option<String>,
    sent_at: NaiveDateTime,
    text: String,
}

/// Where a piece goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    /// Into a conversation that is to be made.
    New,
    /// Into this one, behind its last message here.
    Row(i64),
    /// It is in this one.
    Known(i64),
    Left,
}

fn import(conn: &mut DbConnection, pieces: &[ImportPiece]) -> QueryResult<ImportStep> {
    let mut rows = candidates(conn, pieces)?;
    let here = messages_here(conn, pieces, &rows)?;
    let mut targets: Vec<Target> = pieces
        .iter()
        .map(|piece| target(piece, &rows, &here))
        .collect();
    let mut step = ImportStep::default();
    let (agents, made) = agents(conn, pieces)?;
    step.accounts = made;
    let customers = customers_of_new(conn, pieces, &targets)?;
    for (piece, target) in pieces.iter().zip(&mut targets) {
        if *target == Target::New
            && let Some(customer) = customers.get(&piece.of.key)
        {
            let row = insert_conversation(conn, &piece.of, *customer)?;
            *target = Target::Row(row.id);
            rows.insert(row.id, row);
        }
    }
    let agent = |agent: &ImportAgent| agents.get(&agent.username).copied();
    let mut new: Vec<NewMessage> = Vec::new();
    for (piece, target) in pieces.iter().zip(&targets) {
        let outcome = match *target {
            Target::New | Target::Left => ImportOutcome::Left,
            Target::Known(id) => ImportOutcome::Known(ConversationId(id)),
            Target::Row(id) => ImportOutcome::Added(ConversationId(id)),
        };
        step.outcomes.push(outcome);
        let Target::Row(id) = *target else { continue };
        let Some(row) = rows.get_mut(&id) else {
            continue;
        };
        for message in &piece.messages {
            if message.seq.0 > row.last_seq {
                row.last_message_at = message.sent_at.naive_utc();
                new.push(new_message(id, row.customer_id, message, agent));
            }
        }
        row.last_seq = piece
            .messages
            .last()
            .map_or(row.last_seq, |last| last.seq.0);
    }
    step.messages = new.len();
    insert_messages(conn, &new)?;
    for (piece, target) in pieces.iter().zip(&targets) {
        if let Target::Row(id) = target
            && let Some(row) = rows.get(id)
        {
            insert_files(conn, *id, piece, agent)?;
            if piece.last {
                finish(conn, row, &piece.of, agent)?;
            } else {
                diesel::update(conversations::table.find(id))
                    .set((
                        conversations::last_seq.eq(row.last_seq),
                        conversations::last_message_at.eq(row.last_message_at),
                    ))
                    .execute(conn)?;
            }
        }
    }
    Ok(step)
}

/// The conversations here that may be those of the pieces, locked.
fn candidates(
    conn: &mut DbConnection,
    pieces: &[ImportPiece],
) -> QueryResult<BTreeMap<i64, ConversationRow>> {
    let times: BTreeSet<NaiveDateTime> = (pieces.iter())
        .map(|piece| piece.of.created_at.naive_utc())
        .collect();
    let ids: Vec<i64> = conversations::table
        .filter(conversations::created_at.eq_any(times))
        // Not the one of a shared room.
        .filter(conversations::customer_id.is_not_null())
        .order(conversations::id)
        .select(conversations::id)
        .load(conn)?;
    lock(conn, &ids).map_err(|error| match error {
        BatchError::Db(error) => error,
        // It locks and nothing else.
        BatchError::Again(_) | BatchError::SplitAt(_) => diesel::result::Error::NotFound,
    })
}

/// Of these conversations the first messages of the pieces, and the last ones here.
fn messages_here(
    conn: &mut DbConnection,
    pieces: &[ImportPiece],
    rows: &BTreeMap<i64, ConversationRow>,
) -> QueryResult<HashMap<(i64, i64), Here>> {
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let firsts = pieces.iter().filter_map(|piece| piece.first.as_ref());
    let seqs: BTreeSet<i64> = (firsts.map(|first| first.seq.0))
        .chain(rows.values().map(|row| row.last_seq))
        .collect();
    let found: Vec<Here> = messages::table
        .filter(messages::conversation_id.eq_any(rows.keys()))
        .filter(messages::seq.eq_any(seqs))
        .select((
            messages::conversation_id,
            messages::seq,
            messages::client_id,
            messages::event,
            messages::sent_at,
            messages::text,
        ))
        .load(conn)?;
    let by_place = found
        .into_iter()
        .map(|here| ((here.conversation_id, here.seq), here));
    Ok(by_place.collect())
}

fn target(
    piece: &ImportPiece,
    rows: &BTreeMap<i64, ConversationRow>,
    here: &HashMap<(i64, i64), Here>,
) -> Target {
    let began = piece.of.created_at.naive_utc();
    let is_it = |row: &&ConversationRow| {
        let first = piece.first.as_ref().and_then(|first| {
            let there = here.get(&(row.id, first.seq.0));
            there.map(|there| first.is(there))
        });
        // Without its first message, which may have been deleted here, the time decides.
        row.created_at == began && first.unwrap_or(true)
    };
    let Some(row) = rows.values().find(is_it) else {
        // Only its first piece can make it.
        let begins = piece.before.is_none();
        return if begins { Target::New } else { Target::Left };
    };
    let messages = &piece.messages;
    let Some((from, to)) = messages.first().zip(messages.last()) else {
        return Target::Known(row.id);
    };
    if row.last_seq >= to.seq.0 {
        return Target::Known(row.id);
    }
    let follows = if row.last_seq >= from.seq.0 {
        let same = messages.iter().find(|one| one.seq.0 == row.last_seq);
        same.map(Known::from)
    } else {
        piece
            .before
            .clone()
            .filter(|before| before.seq.0 == row.last_seq)
    };
    let last_here = here.get(&(row.id, row.last_seq));
    match (follows, last_here) {
        (Some(follows), Some(last)) if follows.is(last) => Target::Row(row.id),
        (None, None) if row.last_seq == 0 && piece.before.is_none() => Target::Row(row.id),
        _ => Target::Left,
    }
}

/// Everybody who is named, by user name, and who of them was not here before.
fn agents(
    conn: &mut DbConnection,
    pieces: &[ImportPiece],
) -> QueryResult<(HashMap<String, i64>, Vec<String>)> {
    let mut named: BTreeMap<&str, &ImportAgent> = BTreeMap::new();
    for piece in pieces {
        let of_messages = piece.messages.iter().flat_map(|message| {
            let author = match &message.from {
                ImportAuthor::Agent(agent) => Some(agent),
                ImportAuthor::Customer | ImportAuthor::System => None,
            };
            let about = message.event.as_ref().and_then(|event| event.1.as_ref());
            author.into_iter().chain(about)
        });
        let of_tags = piece.of.tags.iter().map(|(_, by, _)| by);
        for agent in of_messages.chain(of_tags).chain(&piece.of.agent) {
            named.entry(&agent.username).or_insert(agent);
        }
    }
    let find = |conn: &mut DbConnection| -> QueryResult<HashMap<String, i64>> {
        let rows: Vec<(String, i64)> = agents::table
            .filter(agents::username.eq_any(named.keys().copied()))
            .select((agents::username, agents::id))
            .load(conn)?;
        Ok(rows.into_iter().collect())
    };
    let known = find(conn)?;
    let missing: Vec<_> = (named.values())
        .filter(|agent| !known.contains_key(&agent.username))
        .collect();
    if missing.is_empty() {
        return Ok((known, Vec::new()));
    }
    let ids: Vec<i64> = missing.iter().map(|agent| agent.id.0).collect();
    let taken: Vec<i64> = agents::table
        .filter(agents::id.eq_any(ids))
        .select(agents::id)
        .load(conn)?;
    let at = now().naive_utc();
    for agent in &missing {
        let row = (
            agents::username.eq(&agent.username),
            agents::name.eq(&agent.name),
            agents::role.eq(Role::Agent.as_str()),
            // Nobody can sign in by what is no hash, also once an admin has enabled it.
            agents::password_hash.eq("!"),
            agents::disabled_at.eq(Some(at)),
            agents::created_at.eq(at),
        );
        let into = diesel::insert_into(agents::table);
        if taken.contains(&agent.id.0) {
            into.values(row).execute(conn)?;
        } else {
            into.values((agents::id.eq(agent.id.0), row))
                .execute(conn)?;
        }
    }
    let made = missing.iter().map(|agent| agent.username.clone()).collect();
    Ok((find(conn)?, made))
}

/// The customers of the conversations that are to be made, by their keys in the file; those who are not here
/// are made.
fn customers_of_new(
    conn: &mut DbConnection,
    pieces: &[ImportPiece],
    targets: &[Target],
) -> QueryResult<HashMap<CustomerKey, i64>> {
    let new: BTreeMap<CustomerKey, &CustomerDetails> = (pieces.iter().zip(targets))
        .filter(|(_, target)| **target == Target::New)
        .map(|(piece, _)| (piece.of.key, &piece.of.customer))
        .collect();
    if new.is_empty() {
        return Ok(HashMap::new());
    }
    let hashes = || new.keys().map(|key| key.0.to_vec());
    let by_hash =
        |rows: Vec<(Vec<u8>, i64)>| -> HashMap<Vec<u8>, i64> { rows.into_iter().collect() };
    let by_key = by_hash(
        customers::table
            .filter(customers::token_hash.eq_any(hashes()))
            .select((customers::token_hash, customers::id))
            .load(conn)?,
    );
    // Who was identified or erased here meanwhile.
    let by_token = by_hash(
        customer_tokens::table
            .filter(customer_tokens::token_hash.eq_any(hashes()))
            .select((customer_tokens::token_hash, customer_tokens::customer_id))
            .load(conn)?,
    );
    let sites = new.values().filter_map(|one| one.external_id.as_deref());
    let by_site: Vec<(Option<String>, i64)> = customers::table
        .filter(customers::external_id.eq_any(sites))
        .select((customers::external_id, customers::id))
        .load(conn)?;
    let mut by_site: HashMap<String, i64> = by_site
        .into_iter()
        .filter_map(|(site, id)| Some((site?, id)))
        .collect();
    let ids = new.values().map(|one| one.id.0);
    let taken: Vec<i64> = customers::table
        .filter(customers::id.eq_any(ids))
        .select(customers::id)
        .load(conn)?;
    let mut taken: BTreeSet<i64> = taken.into_iter().collect();
    let mut found = HashMap::new();
    for (key, customer) in new {
        let hash = key.0.to_vec();
        let site = customer.external_id.as_deref();
        let known = (site.and_then(|site| by_site.get(site)))
            .or_else(|| by_key.get(&hash))
            .or_else(|| by_token.get(&hash));
        if let Some(id) = known {
            found.insert(key, *id);
            continue;
        }
        let row = (
            customers::token_hash.eq(&hash),
            customers::name.eq(&customer.name),
            customers::page.eq(&customer.page),
            customers::language.eq(&customer.language),
            customers::created_at.eq(customer.created_at.naive_utc()),
            customers::email.eq(&customer.email),
            customers::external_id.eq(&customer.external_id),
            customers::user_agent.eq(&customer.user_agent),
            customers::attributes.eq(&customer.attributes),
        );
        let into = diesel::insert_into(customers::table);
        if taken.insert(customer.id.0) {
            into.values((customers::id.eq(customer.id.0), row))
                .execute(conn)?;
        } else {
            into.values(row).execute(conn)?;
        }
        let id = customers::table
            .filter(customers::token_hash.eq(&hash))
            .select(customers::id)
            .first(conn)?;
        found.insert(key, id);
        by_site.extend(site.map(|site| (site.to_owned(), id)));
    }
    Ok(found)
}

/// Makes a conversation without messages.
fn insert_conversation(
    conn: &mut DbConnection,
    one: &ImportConversation,
    customer: i64,
) -> QueryResult<ConversationRow> {
    let began = one.created_at.naive_utc();
    let taken: Option<i64> = conversations::table
        .find(one.id.0)
        .select(conversations::id)
        .first(conn)
        .optional()?;
    let row = (
        conversations::customer_id.eq(Some(customer)),
        conversations::status.eq(Status::Closed.as_str()),
        conversations::last_seq.eq(0),
        conversations::customer_read_seq.eq(0),
        conversations::agent_read_seq.eq(0),
        conversations::created_at.eq(began),
        conversations::last_message_at.eq(began),
        conversations::closed_at.eq(Some(began)),
    );
    let into = diesel::insert_into(conversations::table);
    if taken.is_some() {
        into.values(row).execute(conn)?;
    } else {
        into.values((conversations::id.eq(one.id.0), row))
            .execute(conn)?;
    }
    // Of several that began at the same time it is the newest.
    let mut made = conversations::table
        .filter(conversations::created_at.eq(began))
        .filter(conversations::customer_id.eq(customer))
        .select(ConversationRow::as_select())
        .into_boxed::<super::connection::MultiBackend>();
    made = match taken {
        Some(_) => made.order(conversations::id.desc()),
        None => made.filter(conversations::id.eq(one.id.0)),
    };
    let made: ConversationRow = made.first(conn)?;
    if one.channel != Channel::Web {
        // A word and a number of our own.
        let (channel, id) = (one.channel.as_str(), made.id);
        diesel::sql_query(format!(
            "UPDATE conversations SET channel = '{channel}' WHERE id = {id}"
        ))
        .execute(conn)?;
    }
    Ok(made)
}

fn new_message(
    id: i64,
    customer: Option<i64>,
    message: &ImportMessage,
    agent: impl Fn(&ImportAgent) -> Option<i64>,
) -> NewMessage {
    let (sender_role, sender_id) = match &message.from {
        ImportAuthor::Customer => (CUSTOMER, customer),
        ImportAuthor::Agent(by) => (AGENT, agent(by)),
        ImportAuthor::System => (SYSTEM, None),
    };
    let event = message.event.as_ref();
    NewMessage {
        conversation_id: id,
        seq: message.seq.0,
        client_id: message.client_id.as_ref().map(|id| id.as_str().to_owned()),
        kind: message.kind.as_str(),
        sender_role,
        sender_id,
        text: message.text.clone(),
        sent_at: message.sent_at.naive_utc(),
        event: event.map(|(name, _)| name.as_str()),
        event_agent_id: event.and_then(|(_, about)| about.as_ref().and_then(agent)),
    }
}

/// The rows of files whose message is here now.
fn insert_files(
    conn: &mut DbConnection,
    conversation: i64,
    piece: &ImportPiece,
    agent: impl Fn(&ImportAgent) -> Option<i64>,
) -> QueryResult<()> {
    for message in &piece.messages {
        let Some(file) = &message.file else { continue };
        let there: Option<String> = files::table
            .find(file.id.as_str())
            .select(files::id)
            .first(conn)
            .optional()?;
        if there.is_some() {
            continue;
        }
        let (customer, agent) = match &message.from {
            ImportAuthor::Customer => (Some(piece.of.key.0.to_vec()), None),
            ImportAuthor::Agent(by) => (None, agent(by)),
            ImportAuthor::System => (None, None),
        };
        let pixels = |side: u32| i32::try_from(side).ok();
        diesel::insert_into(files::table)
            .values((
                files::id.eq(file.id.as_str()),
                files::conversation_id.eq(Some(conversation)),
                files::seq.eq(Some(message.seq.0)),
                files::customer_token_hash.eq(customer),
                files::agent_id.eq(agent),
                files::name.eq(&file.name),
                files::size.eq(i64::try_from(file.size).unwrap_or(i64::MAX)),
                files::media.eq(file.media.as_str()),
                files::width.eq(file.pixels.and_then(|p| pixels(p.width))),
                files::height.eq(file.pixels.and_then(|p| pixels(p.height))),
                files::created_at.eq(message.sent_at.naive_utc()),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Stores what a conversation is.
fn update(
    conn: &mut DbConnection,
    row: &ConversationRow,
    one: &ImportConversation,
    agent: impl Fn(&ImportAgent) -> Option<i64>,
) -> QueryResult<()> {
    let time = |at: Option<Timestamp>| at.map(|at| at.naive_utc());
    // A customer has one conversation that goes on.
    let other: Option<i64> = conversations::table
        .filter(conversations::current_of.eq(row.customer_id))
        .filter(conversations::id.ne(row.id))
        .select(conversations::id)
        .first(conn)
        .optional()?;
    let goes_on = one.status != Status::Closed && other.is_none();
    let (status, closed_at) = if goes_on {
        (one.status, None)
    } else {
        let closed_at = time(one.closed_at).unwrap_or(row.last_message_at);
        (Status::Closed, Some(closed_at))
    };
    diesel::update(conversations::table.find(row.id))
        .set((
            conversations::status.eq(status.as_str()),
            conversations::current_of.eq(row.customer_id.filter(|_| goes_on)),
            conversations::agent_id.eq(one.agent.as_ref().and_then(agent)),
            conversations::agent_since.eq(time(one.agent_since).filter(|_| goes_on)),
            conversations::waiting_since.eq(time(one.waiting_since).filter(|_| goes_on)),
            conversations::closed_at.eq(closed_at),
            conversations::first_response_ms.eq(one.first_response_ms),
            conversations::last_seq.eq(row.last_seq),
            conversations::last_message_at.eq(row.last_message_at),
            conversations::customer_read_seq.eq(one.read.customer.0),
            conversations::agent_read_seq.eq(one.read.agent.0),
            conversations::customer_unread.eq(one.unread.customer),
            conversations::agent_unread.eq(one.unread.agent),
        ))
        .execute(conn)?;
    Ok(())
}

/// What comes with the last message of a conversation.
fn finish(
    conn: &mut DbConnection,
    row: &ConversationRow,
    one: &ImportConversation,
    agent: impl Fn(&ImportAgent) -> Option<i64>,
) -> QueryResult<()> {
    update(conn, row, one, &agent)?;
    for (name, by, at) in &one.tags {
        let tag = tag(conn, name, *at)?;
        diesel::delete(conversation_tags::table.find((row.id, tag))).execute(conn)?;
        diesel::insert_into(conversation_tags::table)
            .values((
                conversation_tags::conversation_id.eq(row.id),
                conversation_tags::tag_id.eq(tag),
                conversation_tags::agent_id.eq(agent(by).unwrap_or_default()),
                conversation_tags::created_at.eq(at.naive_utc()),
            ))
            .execute(conn)?;
    }
    if let Some((rating, first, last)) = &one.rating {
        diesel::delete(ratings::table.find(row.id)).execute(conn)?;
        diesel::insert_into(ratings::table)
            .values((
                ratings::conversation_id.eq(row.id),
                ratings::score.eq(i32::from(rating.score)),
                ratings::comment.eq(&rating.comment),
                ratings::rated_at.eq(first.naive_utc()),
                ratings::changed_at.eq(last.naive_utc()),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// The number of a tag, whose row nobody drops before the end of the transaction.
fn tag(conn: &mut DbConnection, name: &TagName, at: Timestamp) -> QueryResult<i64> {
    let this = || tags::table.filter(tags::folded.eq(name.folded()));
    // A write that changes nothing holds the row.
    diesel::update(this())
        .set(tags::folded.eq(tags::folded))
        .execute(conn)?;
    let found = this().select(tags::id).first(conn).optional()?;
    if let Some(found) = found {
        return Ok(found);
    }
    diesel::insert_into(tags::table)
        .values((
            tags::name.eq(name.as_str()),
            tags::folded.eq(name.folded()),
            tags::created_at.eq(at.naive_utc()),
        ))
        .execute(conn)?;
    this().select(tags::id).first(conn)
}
