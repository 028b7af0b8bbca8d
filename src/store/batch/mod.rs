//! The one transaction that stores many writes. Called by the writer thread only; everything that
//! decides about order, repeats and rights is here.
//!
//! Looked at first: which customers and which conversations are meant. Then the conversations' rows
//! are locked, in the order of their ids, and from there on nobody else can number a message in
//! them. Only then is anything made: customers, conversations, messages, the new counters. Two
//! processes that make the same customer or conversation at once, or store the same message, meet
//! at a unique key; one of them rolls back, and its batch runs again and finds what the other made.

mod changes;
mod dispatch;
mod files;
mod look;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::result::{DatabaseErrorKind, Error};

pub(super) use self::{
    changes::{
        Changes, EVERYBODY, NewConversation, NewMessage, insert_conversations, insert_messages,
        sql_time,
    },
    look::lock,
};
use self::{
    changes::{NewCustomer, insert_customers},
    files::Uploads,
    look::{Customers, Stored, Targets, find_stored, find_targets, remember},
};
use super::{
    connection::{DbConnection, writer_transaction},
    rows::{self, AGENT, CUSTOMER, ConversationRow, CustomerRow, MessageRow, agent_ref},
    write::{Act, Acted, MarkRead, Post, Posted, Poster, Write, Written},
};
use crate::domain::{
    Action, Actor, AfterClose, AgentId, Author, Change, Code, Conversation, ConversationId,
    CustomerId, CustomerKey, Event, Kind, Message, Refusal, RoomKind, Seq, Side, State, Status,
    Timestamp, decide, now,
};

/// Why a batch was not stored.
#[derive(Debug)]
pub(super) enum BatchError {
    /// Something moved between looking and locking: the same again, at once.
    Again(&'static str),
    /// The write at this place, not the first, must be looked at after those before it are stored.
    SplitAt(usize),
    /// The database said no.
    Db(Error),
}

impl From<Error> for BatchError {
    fn from(error: Error) -> Self {
        Self::Db(error)
    }
}

type Result<T> = std::result::Result<T, BatchError>;

/// What a batch needs to know about the room.
#[derive(Clone, Copy)]
pub(super) struct Room {
    pub kind: RoomKind,
    /// The one conversation of a shared room.
    pub shared: Option<ConversationId>,
    /// What a customer's message does once their conversation is closed.
    pub after_close: AfterClose,
}

/// Stores all of it or nothing, and says what became of each write, in their order.
///
/// `careful` looks for messages that are stored already. Without it such a message ends in a
/// violation of its unique key, after which the batch runs again, carefully: repeats are rare, and
/// looking for them costs as much as storing.
pub(super) fn store(
    conn: &mut DbConnection,
    room: Room,
    careful: bool,
    writes: &[&Write],
) -> Result<Vec<Written>> {
    if let Some(at) = writes.iter().position(|write| write.by().is_none()) {
        // It looks at more than the conversations of a batch.
        return match (writes, at) {
            ([Write::Dispatch(dispatch)], _) => {
                writer_transaction(conn, |conn| dispatch::run(conn, room, dispatch))
            }
            _ => Err(BatchError::SplitAt(at.max(1))),
        };
    }
    writer_transaction(conn, |conn| {
        Batch::look(conn, room, careful, writes)?.carry_out(conn)
    })
}

/// The conversation that a write goes to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Target {
    /// This row, which is there.
    Row(i64),
    /// The one that this customer's first message is going to open.
    New(CustomerKey),
}

/// Who wrote, so that two can be compared before they have ids.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sender {
    Customer(CustomerKey),
    Agent(AgentId),
}

impl Sender {
    fn of(poster: &Poster, customers: &Customers) -> Self {
        match poster {
            Poster::Customer { key, .. } => Self::Customer(customers.own_key(key)),
            Poster::Agent(agent) => Self::Agent(agent.id),
        }
    }
}

/// What is to become of a write.
enum Decision {
    Refuse(Refusal),
    /// Stored earlier, in another batch.
    Stored(Box<MessageRow>),
    /// The same as an earlier write of this batch.
    SameAs(usize),
    Insert(Target),
    Mark(i64),
    Act(i64),
}

/// Names of agents, and who of them may be given a conversation.
struct Agents {
    names: HashMap<i64, String>,
    /// Of those who are to be given one.
    enabled: BTreeSet<i64>,
}

struct Batch<'a> {
    room: Room,
    careful: bool,
    writes: &'a [&'a Write],
    decisions: Vec<Decision>,
    /// Customers by key: those who write, those whose conversations are written to.
    customers: Customers,
    /// The locked rows by id.
    conversations: BTreeMap<i64, ConversationRow>,
    /// The locked rows of files that are to be posted.
    uploads: Uploads,
}

impl<'a> Batch<'a> {
    /// Looks, locks, decides. Changes nothing yet.
    fn look(
        conn: &mut DbConnection,
        room: Room,
        careful: bool,
        writes: &'a [&'a Write],
    ) -> Result<Self> {
        let mut customers = Customers::default();
        customers.load(conn, writes)?;
        let (targets, mut stored) = find_targets(conn, room, writes, &customers)?;
        let ids: BTreeSet<i64> = targets
            .iter()
            .filter_map(|target| match target {
                Ok(Target::Row(id)) => Some(*id),
                _ => None,
            })
            .collect();
        let conversations = lock(conn, &ids.into_iter().collect::<Vec<_>>())?;
        customers.load_owners(conn, &conversations)?;
        customers.look_again(conn, writes, &targets, &conversations)?;
        let uploads = Uploads::lock(conn, writes, &targets)?;
        if careful {
            for row in find_stored(conn, writes, &targets)? {
                remember(&mut stored, row);
            }
        }
        let mut batch = Self {
            room,
            careful,
            writes,
            decisions: Vec::with_capacity(writes.len()),
            customers,
            conversations,
            uploads,
        };
        batch.decide(targets, &mut stored)?;
        Ok(batch)
    }

    fn decide(&mut self, targets: Targets, stored: &mut Stored) -> Result<()> {
        let mut seen: HashMap<(Target, &str), usize> = HashMap::new();
        // Closed or reopened earlier in this batch: what a message means there is known only then.
        let mut turned: BTreeSet<i64> = BTreeSet::new();
        for (index, (write, target)) in self.writes.iter().zip(targets).enumerate() {
            let target = match target {
                Ok(target) => target,
                Err(refusal) => {
                    self.decisions.push(Decision::Refuse(refusal));
                    continue;
                }
            };
            let allowed = write.by().map_or(Ok(()), |by| self.allow(by, target));
            if let Err(refusal) = allowed {
                self.decisions.push(Decision::Refuse(refusal));
                continue;
            }
            let decision = match (write, target) {
                (Write::MarkRead(_) | Write::Act(_), Target::New(_)) => {
                    Decision::Refuse(Refusal::conversation_not_found())
                }
                (Write::MarkRead(_), Target::Row(id)) => Decision::Mark(id),
                (Write::Act(act), Target::Row(id)) => {
                    if matches!(act.action, Action::Close | Action::Reopen) {
                        turned.insert(id);
                    }
                    Decision::Act(id)
                }
                (Write::Post(_), Target::Row(id)) if turned.contains(&id) => {
                    return Err(BatchError::SplitAt(index));
                }
                // `store` has set it apart.
                (Write::Dispatch(_), _) => return Err(BatchError::SplitAt(index.max(1))),
                (Write::Post(post), target) => {
                    let key = (target, post.client_id.as_str());
                    let earlier = match target {
                        Target::Row(id) => stored.get(&(id, key.1.to_owned())),
                        Target::New(_) => None,
                    };
                    if let Some(row) = earlier {
                        if self.wrote(&post.from, row) {
                            Decision::Stored(Box::new(row.clone()))
                        } else {
                            Decision::Refuse(client_id_in_use())
                        }
                    } else if let Some(first) = seen.get(&key) {
                        let sender = |poster| Sender::of(poster, &self.customers);
                        if self.writes[*first].by().map(sender) == Some(sender(&post.from)) {
                            Decision::SameAs(*first)
                        } else {
                            Decision::Refuse(client_id_in_use())
                        }
                    } else if let Some(refusal) = self.closed(post, target)? {
                        Decision::Refuse(refusal)
                    } else if let Some(refusal) =
                        self.uploads
                            .claim(post, target, &self.customers, self.careful)?
                    {
                        Decision::Refuse(refusal)
                    } else {
                        seen.insert(key, index);
                        Decision::Insert(target)
                    }
                }
            };
            self.decisions.push(decision);
        }
        Ok(())
    }

    /// A customer may use their own conversations, and in a shared room the shared one; an agent any.
    fn allow(&self, by: &Poster, target: Target) -> std::result::Result<(), Refusal> {
        let Target::Row(id) = target else {
            return Ok(());
        };
        let row = self
            .conversations
            .get(&id)
            .ok_or_else(Refusal::conversation_not_found)?;
        match by {
            Poster::Agent(_) => Ok(()),
            Poster::Customer { .. } if self.is_shared(id) => Ok(()),
            Poster::Customer { key, .. } => match self.customers.get(key) {
                Some(customer) if row.customer_id == Some(customer.id) => Ok(()),
                _ => Err(Refusal::conversation_not_found()),
            },
        }
    }

    fn is_shared(&self, id: i64) -> bool {
        self.room.kind == RoomKind::Shared && self.room.shared == Some(ConversationId(id))
    }

    /// Comes after the search for repeats: a retry finds its message in a closed conversation, too.
    fn closed(&self, post: &Post, target: Target) -> Result<Option<Refusal>> {
        let Target::Row(id) = target else {
            return Ok(None);
        };
        let Some(row) = self.conversations.get(&id) else {
            return Ok(None);
        };
        if row.status()? != Status::Closed || post.kind == Kind::Note {
            return Ok(None);
        }
        // It was looked for among all that this customer has said.
        if post.conversation.is_none() && self.room.after_close == AfterClose::Reopen {
            return Ok(None);
        }
        if !self.careful {
            return Err(BatchError::Again(
                "a message to a closed conversation may be a retry",
            ));
        }
        if post.conversation.is_none() {
            return Err(BatchError::Again("the conversation was closed just now"));
        }
        Ok(Some(Refusal::new(
            Code::ConversationClosed,
            match post.from {
                Poster::Agent(_) => "this conversation is closed; reopen it first",
                Poster::Customer { .. } => {
                    "this conversation is closed; send the message without a conversation"
                }
            },
        )))
    }

    fn wrote(&self, poster: &Poster, row: &MessageRow) -> bool {
        let (role, id) = match poster {
            Poster::Customer { key, .. } => (CUSTOMER, self.customers.get(key).map(|row| row.id)),
            Poster::Agent(agent) => (AGENT, Some(agent.id.0)),
        };
        row.sender_role == role && row.sender_id == id && id.is_some()
    }

    /// Makes what is missing, numbers, inserts, counts.
    fn carry_out(mut self, conn: &mut DbConnection) -> Result<Vec<Written>> {
        let at = now();
        self.make_customers(conn, at)?;
        let new = self.make_conversations(conn, at)?;
        let agents = self.agents(conn)?;
        let mut changes = Changes::default();
        let mut results: Vec<Written> = Vec::with_capacity(self.writes.len());
        for (write, decision) in self.writes.iter().zip(std::mem::take(&mut self.decisions)) {
            let written = match (decision, write) {
                (Decision::Refuse(refusal), _) => Written::Refused {
                    ticket: write.ticket(),
                    refusal,
                },
                (Decision::Insert(target), Write::Post(post)) => {
                    let id = match target {
                        Target::Row(id) => id,
                        Target::New(key) => {
                            *new.get(&key).ok_or(BatchError::Db(Error::NotFound))?
                        }
                    };
                    self.insert(post, id, at, &agents, &mut changes)?
                }
                (Decision::Stored(row), Write::Post(post)) => {
                    // The sender is who posts now; the name is as it is now.
                    let customer = post.from.customer_key();
                    let customer = customer.and_then(|key| self.customers.get(&key));
                    let name = customer.and_then(|customer| customer.name.clone());
                    let file = rows::files_of(conn, std::slice::from_ref(&*row))?
                        .into_values()
                        .next();
                    let message = row.assemble(name, &agents.names)?;
                    let message = Message { file, ..message };
                    self.repeated(post, message, &agents)?
                }
                (Decision::SameAs(first), Write::Post(post)) => {
                    let Some(Written::Posted(first)) = results.get(first) else {
                        return Err(BatchError::Db(Error::NotFound));
                    };
                    let message = first.message.clone();
                    self.repeated(post, message, &agents)?
                }
                (Decision::Mark(id), Write::MarkRead(mark)) => self.mark(mark, id, &mut changes)?,
                (Decision::Act(id), Write::Act(act)) => {
                    match self.act(act, id, at, &agents, conn, &mut changes)? {
                        Ok(acted) => Written::Acted(acted),
                        Err(refusal) => Written::Refused {
                            ticket: act.ticket,
                            refusal,
                        },
                    }
                }
                // `decide` gives every write a decision of its own kind.
                _ => return Err(BatchError::Db(Error::NotFound)),
            };
            results.push(written);
        }
        changes.store(conn, &self.conversations, at.naive_utc())?;
        Ok(results)
    }

    /// Stores a post, and before it the event that it brings about.
    fn insert(
        &mut self,
        post: &Post,
        id: i64,
        at: Timestamp,
        agents: &Agents,
        changes: &mut Changes,
    ) -> Result<Written> {
        let row = self.row(id)?;
        let is_new = row.last_seq == 0 && row.customer_id.is_some();
        let state = state_of(row)?;
        let change = match (&post.from, post.kind) {
            (Poster::Agent(agent), kind) if kind.is_said() => Change::by_answer(state, agent.id),
            (Poster::Customer { .. }, _) => Change::by_customer(state),
            (Poster::Agent(_), _) => None,
        };
        let author = self.author(&post.from)?;
        let event = match change {
            Some(change) => Some(self.event(id, &author, change, at, agents, changes)?),
            None => None,
        };
        let message = self.number(post, id, author, at, changes)?;
        let row = self.row(id)?;
        Ok(Written::Posted(Posted {
            ticket: post.ticket,
            status_changed: is_new || event.is_some(),
            event,
            message,
            duplicate: false,
            owner: self.owner(row),
            conversation: self.conversation(row, agents)?,
        }))
    }

    /// The answer to a retry.
    fn repeated(&self, post: &Post, message: Message, agents: &Agents) -> Result<Written> {
        let row = self.row(message.conversation.0)?;
        Ok(Written::Posted(Posted {
            ticket: post.ticket,
            status_changed: false,
            event: None,
            message,
            duplicate: true,
            owner: self.owner(row),
            conversation: self.conversation(row, agents)?,
        }))
    }

    fn author(&self, poster: &Poster) -> Result<Author> {
        Ok(match poster {
            Poster::Agent(agent) => Author::Agent {
                id: agent.id,
                name: agent.name.clone(),
            },
            Poster::Customer { key, .. } => {
                let customer = self.customers.get(key);
                let customer = customer.ok_or(BatchError::Db(Error::NotFound))?;
                Author::Customer {
                    id: CustomerId(customer.id),
                    name: customer.name.clone(),
                }
            }
        })
    }

    /// Gives a post its place, and the row in memory what the post changes.
    fn number(
        &mut self,
        post: &Post,
        id: i64,
        author: Author,
        at: Timestamp,
        changes: &mut Changes,
    ) -> Result<Message> {
        let file = self.uploads.file_of(post)?;
        let row = self.row_mut(id)?;
        row.last_seq += 1;
        row.last_message_at = at.naive_utc();
        // To write is to have read what stands above.
        match &post.from {
            Poster::Customer { .. } => {
                row.customer_read_seq = row.last_seq;
                row.customer_unread = 0;
                row.agent_unread += 1;
            }
            Poster::Agent(_) => {
                row.agent_read_seq = row.last_seq;
                row.agent_unread = 0;
                row.customer_unread += i64::from(post.kind.is_said());
                if post.kind.is_said()
                    && row.customer_id.is_some()
                    && row.first_response_ms.is_none()
                {
                    let took = at.naive_utc() - row.created_at;
                    row.first_response_ms = Some(took.num_milliseconds().max(0));
                    changes.changed.insert(id);
                }
            }
        }
        let message = Message {
            conversation: ConversationId(id),
            seq: Seq(row.last_seq),
            client_id: Some(post.client_id.clone()),
            kind: post.kind,
            event: None,
            text: match &file {
                Some(file) if post.text.trim().is_empty() => file.name.clone(),
                _ => post.text.clone(),
            },
            file,
            author,
            sent_at: at,
        };
        changes.add(&message);
        Ok(message)
    }

    /// Changes a conversation in memory and gives the event that tells of it its place.
    fn event(
        &mut self,
        id: i64,
        author: &Author,
        change: Change,
        at: Timestamp,
        agents: &Agents,
        changes: &mut Changes,
    ) -> Result<Message> {
        let row = self.row_mut(id)?;
        let Change {
            state: State { status, agent },
            event: name,
            about,
        } = change;
        status.as_str().clone_into(&mut row.status);
        row.agent_id = agent.map(|agent| agent.0);
        row.agent_since = (status == Status::Open).then(|| at.naive_utc());
        row.waiting_since = (status == Status::Waiting).then(|| at.naive_utc());
        row.closed_at = (status == Status::Closed).then(|| at.naive_utc());
        row.current_of = row.customer_id.filter(|_| status != Status::Closed);
        row.last_seq += 1;
        row.last_message_at = at.naive_utc();
        let event = Event {
            name,
            agent: about.map(|agent| agent_ref(agent.0, &agents.names)),
        };
        let message = Message {
            conversation: ConversationId(id),
            seq: Seq(row.last_seq),
            client_id: None,
            kind: Kind::Event,
            text: event.sentence(author),
            event: Some(event),
            file: None,
            author: author.clone(),
            sent_at: at,
        };
        changes.changed.insert(id);
        changes.add(&message);
        Ok(message)
    }

    /// Does what an agent wants, if the conversation is as it must be for that.
    fn act(
        &mut self,
        act: &Act,
        id: i64,
        at: Timestamp,
        agents: &Agents,
        conn: &mut DbConnection,
        changes: &mut Changes,
    ) -> Result<std::result::Result<Acted, Refusal>> {
        let Poster::Agent(by) = &act.by else {
            return Ok(Err(Refusal::new(Code::Forbidden, "this is for agents")));
        };
        let row = self.row(id)?;
        let Some(customer) = row.customer_id else {
            let why = "this conversation is everybody's; nobody can have or end it";
            return Ok(Err(Refusal::new(Code::Forbidden, why)));
        };
        if let Action::Transfer(Some(to)) = act.action
            && !agents.enabled.contains(&to.0)
        {
            let why = format!("there is no agent {to} who could have it");
            return Ok(Err(Refusal::new(Code::AgentNotFound, why)));
        }
        let actor = Actor {
            id: by.id,
            role: act.role,
        };
        let change = match decide(state_of(row)?, actor, act.action) {
            Ok(change) => change,
            Err(mut refusal) => {
                if let (Code::ConversationTaken, Some(agent)) = (refusal.code, row.agent_id) {
                    let name = agent_ref(agent, &agents.names).name;
                    refusal.message = format!("{name} has taken this conversation").into();
                }
                return Ok(Err(refusal));
            }
        };
        if act.action == Action::Reopen && change.is_some() {
            // A customer has one conversation that goes on.
            let current = look::current_conversations(conn, &[customer])?;
            if let Some(current) = current.first() {
                let why = format!("the customer goes on in conversation {}", current.id);
                return Ok(Err(Refusal::new(Code::ConversationOpen, why)));
            }
        }
        let author = self.author(&act.by)?;
        let event = match change {
            Some(change) => Some(self.event(id, &author, change, at, agents, changes)?),
            None => None,
        };
        let row = self.row(id)?;
        Ok(Ok(Acted {
            ticket: act.ticket,
            event,
            owner: self.owner(row),
            conversation: self.conversation(row, agents)?,
        }))
    }

    fn mark(&mut self, mark: &MarkRead, id: i64, changes: &mut Changes) -> Result<Written> {
        let row = self.row_mut(id)?;
        // Nobody has read what is not there yet, and nobody forgets what they have read.
        let wanted = mark.seq.0.min(row.last_seq);
        let left = row.last_seq - wanted;
        let (side, place, unread) = match mark.by {
            Poster::Customer { .. } => (
                Side::Customer,
                &mut row.customer_read_seq,
                &mut row.customer_unread,
            ),
            Poster::Agent(_) => (Side::Agent, &mut row.agent_read_seq, &mut row.agent_unread),
        };
        let moved = wanted > *place;
        if moved {
            *place = wanted;
            // At most as many as follow; how many of those count, only a look can tell.
            *unread = left.min(*unread);
            changes.marked.insert(id);
            if *unread > 0 {
                changes.recount.insert(id);
            }
        }
        let seq = Seq(*place);
        let owner = self.owner(self.row(id)?);
        Ok(Written::Read {
            ticket: mark.ticket,
            conversation: ConversationId(id),
            owner,
            side,
            seq,
            moved,
        })
    }

    fn row(&self, id: i64) -> Result<&ConversationRow> {
        let row = self.conversations.get(&id);
        row.ok_or(BatchError::Db(Error::NotFound))
    }

    fn row_mut(&mut self, id: i64) -> Result<&mut ConversationRow> {
        let row = self.conversations.get_mut(&id);
        row.ok_or(BatchError::Db(Error::NotFound))
    }

    fn owner_row(&self, row: &ConversationRow) -> Option<&CustomerRow> {
        self.customers.by_id(row.customer_id?)
    }

    fn owner(&self, row: &ConversationRow) -> Option<CustomerKey> {
        self.customers.keys.get(&row.customer_id?).copied()
    }

    fn conversation(&self, row: &ConversationRow, agents: &Agents) -> Result<Conversation> {
        let customer = self.owner_row(row).cloned().map(CustomerRow::into_ref);
        let agent = row.agent_id.map(|id| agent_ref(id, &agents.names));
        Ok(row.assemble(customer, agent)?)
    }

    /// The customers whose first message is stored now. Nobody leaves a row by what is refused.
    fn make_customers(&mut self, conn: &mut DbConnection, at: Timestamp) -> Result<()> {
        let mut new: BTreeMap<CustomerKey, NewCustomer<'_>> = BTreeMap::new();
        for (write, decision) in self.writes.iter().zip(&self.decisions) {
            if let (
                Some(Poster::Customer {
                    key,
                    page,
                    language,
                    user_agent,
                    ..
                }),
                Decision::Insert(_),
            ) = (write.by(), decision)
                && self.customers.get(key).is_none()
            {
                new.entry(*key).or_insert_with(|| NewCustomer {
                    token_hash: key.0.to_vec(),
                    page,
                    language,
                    user_agent,
                    created_at: at.naive_utc(),
                });
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        let keys: BTreeSet<_> = new.keys().copied().collect();
        // In the order of their keys, so that two processes with the same two wait, not deadlock.
        insert_customers(conn, new.into_values().collect())?;
        if look::any_recognised(conn, &keys)? {
            return Err(BatchError::Again("a customer was identified just now"));
        }
        self.customers.load_keys(conn, &keys)
    }

    /// The conversations that first messages open. The unique `current_of` lets one process win.
    fn make_conversations(
        &mut self,
        conn: &mut DbConnection,
        at: Timestamp,
    ) -> Result<HashMap<CustomerKey, i64>> {
        let mut owners = BTreeMap::new();
        for (write, decision) in self.writes.iter().zip(&self.decisions) {
            if let Decision::Insert(Target::New(key)) = decision
                && let Some(Poster::Customer { channel, .. }) = write.by()
            {
                let customer = self
                    .customers
                    .get(key)
                    .ok_or(BatchError::Db(Error::NotFound))?;
                // By the first of its messages.
                owners.entry(customer.id).or_insert((*key, *channel));
            }
        }
        if owners.is_empty() {
            return Ok(HashMap::new());
        }
        let new: Vec<_> = owners
            .iter()
            .map(|(id, (_, channel))| NewConversation::of_customer(*id, at.naive_utc(), *channel))
            .collect();
        insert_conversations(conn, &new).map_err(|error| match error {
            Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => {
                BatchError::Again("a customer was merged into another just now")
            }
            other => other.into(),
        })?;
        let ids: Vec<i64> = owners.keys().copied().collect();
        let rows = look::current_conversations(conn, &ids)?;
        let mut made = HashMap::new();
        for row in rows {
            if let Some((key, _)) = row.current_of.and_then(|id| owners.get(&id)) {
                made.insert(*key, row.id);
            }
            self.conversations.insert(row.id, row);
        }
        Ok(made)
    }

    /// The agents who write, those who have the conversations, and those who are to have them.
    fn agents(&self, conn: &mut DbConnection) -> Result<Agents> {
        let mut names: HashMap<i64, String> = (self.writes.iter())
            .filter_map(|write| match write.by()? {
                Poster::Agent(agent) => Some((agent.id.0, agent.name.clone())),
                Poster::Customer { .. } => None,
            })
            .collect();
        let wanted: BTreeSet<i64> = (self.writes.iter())
            .filter_map(|write| match write {
                Write::Act(act) => match act.action {
                    Action::Transfer(to) => to.map(|to| to.0),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        let enabled = look::enabled_agents(conn, &Vec::from_iter(wanted))?;
        names.extend(enabled.iter().map(|(id, name)| (*id, name.clone())));
        let missing: BTreeSet<i64> = (self.conversations.values())
            .filter_map(|row| row.agent_id)
            .filter(|id| !names.contains_key(id))
            .collect();
        names.extend(rows::agent_names(conn, &Vec::from_iter(missing))?);
        let enabled = enabled.into_keys().collect();
        Ok(Agents { names, enabled })
    }
}

fn state_of(row: &ConversationRow) -> Result<State> {
    Ok(State {
        status: row.status()?,
        agent: row.agent_id.map(AgentId),
    })
}

fn client_id_in_use() -> Refusal {
    Refusal::new(
        Code::ClientIdInUse,
        "somebody else's message in this conversation has this client_id; choose another",
    )
}
