//! The one transaction that stores many writes. Called by the writer thread only; everything that
//! decides about order, repeats and rights is here.
//!
//! Looked at first: which customers and which conversations are meant. Then the conversations' rows
//! are locked, in the order of their ids, and from there on nobody else can number a message in
//! them. Only then is anything made: customers, conversations, messages, the new counters. Two
//! processes that make the same customer or conversation at once, or store the same message, meet
//! at a unique key; one of them rolls back, and its batch runs again and finds what the other made.

mod changes;
mod look;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::result::Error;

pub(super) use self::changes::{EVERYBODY, NewConversation, insert_conversations};
use self::{
    changes::{Changes, NewCustomer, NewMessage, insert_customers},
    look::{Customers, Stored, Targets, find_stored, find_targets, lock, remember},
};
use super::{
    connection::{DbConnection, writer_transaction},
    rows::{self, AGENT, CUSTOMER, ConversationRow, CustomerRow, MessageRow},
    write::{MarkRead, Post, Posted, Poster, Write, Written},
};
use crate::domain::{
    AgentId, AgentRef, Author, Code, Conversation, ConversationId, CustomerId, CustomerKey,
    Message, Refusal, RoomKind, Seq, Side, Status, Timestamp, now,
};

/// Why a batch was not stored.
#[derive(Debug)]
pub(super) enum BatchError {
    /// Something moved between looking and locking: the same again, at once.
    Again(&'static str),
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

impl From<&Poster> for Sender {
    fn from(poster: &Poster) -> Self {
        match poster {
            Poster::Customer { key, .. } => Self::Customer(*key),
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
        };
        batch.decide(targets, &mut stored)?;
        Ok(batch)
    }

    fn decide(&mut self, targets: Targets, stored: &mut Stored) -> Result<()> {
        let mut seen: HashMap<(Target, &str), usize> = HashMap::new();
        for (index, (write, target)) in self.writes.iter().zip(targets).enumerate() {
            let target = match target {
                Ok(target) => target,
                Err(refusal) => {
                    self.decisions.push(Decision::Refuse(refusal));
                    continue;
                }
            };
            if let Err(refusal) = self.allow(write.by(), target) {
                self.decisions.push(Decision::Refuse(refusal));
                continue;
            }
            let decision = match write {
                Write::MarkRead(_) => match target {
                    Target::Row(id) => Decision::Mark(id),
                    Target::New(_) => Decision::Refuse(Refusal::conversation_not_found()),
                },
                Write::Post(post) => {
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
                        if Sender::from(self.writes[*first].by()) == Sender::from(&post.from) {
                            Decision::SameAs(*first)
                        } else {
                            Decision::Refuse(client_id_in_use())
                        }
                    } else if let Some(refusal) = self.closed(post, target)? {
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
        if row.status()? != Status::Closed {
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
            Code::ConversationNotFound,
            "this conversation is closed; a message without a conversation opens a new one",
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
        let agents = self.agent_names(conn)?;
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
                    let (message, status_changed) = self.number(post, id, at, &mut changes)?;
                    self.posted(post, message, false, status_changed, &agents)?
                }
                (Decision::Stored(row), Write::Post(post)) => {
                    // The sender is who posts now; the name is as it is now.
                    let name = match &post.from {
                        Poster::Agent(agent) => Some(agent.name.clone()),
                        Poster::Customer { key, .. } => self
                            .customers
                            .get(key)
                            .and_then(|customer| customer.name.clone()),
                    };
                    self.posted(post, row.assemble(name)?, true, false, &agents)?
                }
                (Decision::SameAs(first), Write::Post(post)) => {
                    let Some(Written::Posted(first)) = results.get(first) else {
                        return Err(BatchError::Db(Error::NotFound));
                    };
                    let message = first.message.clone();
                    self.posted(post, message, true, false, &agents)?
                }
                (Decision::Mark(id), Write::MarkRead(mark)) => self.mark(mark, id, &mut changes)?,
                // `decide` gives posts and marks decisions of their own kinds.
                _ => return Err(BatchError::Db(Error::NotFound)),
            };
            results.push(written);
        }
        changes.store(conn, &self.conversations, at.naive_utc())?;
        Ok(results)
    }

    /// Gives a post its place, and the row in memory what the post changes.
    fn number(
        &mut self,
        post: &Post,
        id: i64,
        at: Timestamp,
        changes: &mut Changes,
    ) -> Result<(Message, bool)> {
        let row = self
            .conversations
            .get_mut(&id)
            .ok_or(BatchError::Db(Error::NotFound))?;
        let was_empty = row.last_seq == 0 && row.customer_id.is_some();
        row.last_seq += 1;
        row.last_message_at = at.naive_utc();
        let mut status_changed = was_empty;
        // To write is to have read what stands above.
        let (author, sender_role, sender_id) = match &post.from {
            Poster::Customer { key, .. } => {
                row.customer_read_seq = row.last_seq;
                let customer = self
                    .customers
                    .get(key)
                    .ok_or(BatchError::Db(Error::NotFound))?;
                let author = Author::Customer {
                    id: CustomerId(customer.id),
                    name: customer.name.clone(),
                };
                (author, CUSTOMER, customer.id)
            }
            Poster::Agent(agent) => {
                row.agent_read_seq = row.last_seq;
                if row.status()? == Status::Waiting {
                    Status::Open.as_str().clone_into(&mut row.status);
                    row.agent_id = Some(agent.id.0);
                    changes.taken.insert(id);
                    status_changed = true;
                }
                (
                    Author::Agent {
                        id: agent.id,
                        name: agent.name.clone(),
                    },
                    AGENT,
                    agent.id.0,
                )
            }
        };
        let message = Message {
            conversation: ConversationId(id),
            seq: Seq(row.last_seq),
            client_id: Some(post.client_id.clone()),
            kind: post.kind,
            author,
            text: post.text.clone(),
            sent_at: at,
        };
        changes.posted.insert(id);
        changes.messages.push(NewMessage {
            conversation_id: id,
            seq: row.last_seq,
            client_id: Some(post.client_id.as_str().to_owned()),
            kind: post.kind.as_str(),
            sender_role,
            sender_id: Some(sender_id),
            text: post.text.clone(),
            sent_at: at.naive_utc(),
        });
        Ok((message, status_changed))
    }

    fn posted(
        &self,
        post: &Post,
        message: Message,
        duplicate: bool,
        status_changed: bool,
        agents: &HashMap<i64, String>,
    ) -> Result<Written> {
        let row = self.conversations.get(&message.conversation.0);
        let row = row.ok_or(BatchError::Db(Error::NotFound))?;
        Ok(Written::Posted(Posted {
            ticket: post.ticket,
            message,
            duplicate,
            owner: self.owner(row),
            conversation: self.conversation(row, agents)?,
            status_changed,
        }))
    }

    fn mark(&mut self, mark: &MarkRead, id: i64, changes: &mut Changes) -> Result<Written> {
        let row = self
            .conversations
            .get_mut(&id)
            .ok_or(BatchError::Db(Error::NotFound))?;
        // Nobody has read what is not there yet, and nobody forgets what they have read.
        let wanted = mark.seq.0.min(row.last_seq);
        let (side, place) = match mark.by {
            Poster::Customer { .. } => (Side::Customer, &mut row.customer_read_seq),
            Poster::Agent(_) => (Side::Agent, &mut row.agent_read_seq),
        };
        let moved = wanted > *place;
        if moved {
            *place = wanted;
            changes.marked.insert(id);
        }
        let seq = Seq(*place);
        let owner = self.conversations.get(&id).and_then(|row| self.owner(row));
        Ok(Written::Read {
            ticket: mark.ticket,
            conversation: ConversationId(id),
            owner,
            side,
            seq,
            moved,
        })
    }

    fn owner_row(&self, row: &ConversationRow) -> Option<&CustomerRow> {
        self.customers.by_id(row.customer_id?)
    }

    fn owner(&self, row: &ConversationRow) -> Option<CustomerKey> {
        self.customers.keys.get(&row.customer_id?).copied()
    }

    fn conversation(
        &self,
        row: &ConversationRow,
        agents: &HashMap<i64, String>,
    ) -> Result<Conversation> {
        let customer = self.owner_row(row).cloned().map(CustomerRow::into_ref);
        let agent = row.agent_id.map(|id| AgentRef {
            id: AgentId(id),
            name: agents
                .get(&id)
                .cloned()
                .unwrap_or_else(|| format!("agent {id}")),
        });
        Ok(row.assemble(customer, agent)?)
    }

    /// The customers whose first message is stored now. Nobody leaves a row by what is refused.
    fn make_customers(&mut self, conn: &mut DbConnection, at: Timestamp) -> Result<()> {
        let mut new: BTreeMap<CustomerKey, NewCustomer<'_>> = BTreeMap::new();
        for (write, decision) in self.writes.iter().zip(&self.decisions) {
            if let (
                Poster::Customer {
                    key,
                    page,
                    language,
                },
                Decision::Insert(_),
            ) = (write.by(), decision)
                && self.customers.get(key).is_none()
            {
                new.entry(*key).or_insert_with(|| NewCustomer {
                    token_hash: key.0.to_vec(),
                    page,
                    language,
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
        self.customers.load_keys(conn, &keys)
    }

    /// The conversations that first messages open. The unique `current_of` lets one process win.
    fn make_conversations(
        &mut self,
        conn: &mut DbConnection,
        at: Timestamp,
    ) -> Result<HashMap<CustomerKey, i64>> {
        let mut owners = BTreeMap::new();
        for decision in &self.decisions {
            if let Decision::Insert(Target::New(key)) = decision {
                let customer = self
                    .customers
                    .get(key)
                    .ok_or(BatchError::Db(Error::NotFound))?;
                owners.insert(customer.id, *key);
            }
        }
        if owners.is_empty() {
            return Ok(HashMap::new());
        }
        let new: Vec<_> = owners
            .keys()
            .map(|id| NewConversation::of_customer(*id, at.naive_utc()))
            .collect();
        insert_conversations(conn, new)?;
        let ids: Vec<i64> = owners.keys().copied().collect();
        let rows = look::current_conversations(conn, &ids)?;
        let mut made = HashMap::new();
        for row in rows {
            if let Some(key) = row.current_of.and_then(|id| owners.get(&id)) {
                made.insert(*key, row.id);
            }
            self.conversations.insert(row.id, row);
        }
        Ok(made)
    }

    /// Names of the agents who write and of those who have the conversations.
    fn agent_names(&self, conn: &mut DbConnection) -> Result<HashMap<i64, String>> {
        let mut names: HashMap<i64, String> = (self.writes.iter())
            .filter_map(|write| match write.by() {
                Poster::Agent(agent) => Some((agent.id.0, agent.name.clone())),
                Poster::Customer { .. } => None,
            })
            .collect();
        let missing: BTreeSet<i64> = (self.conversations.values())
            .filter_map(|row| row.agent_id)
            .filter(|id| !names.contains_key(id))
            .collect();
        names.extend(rows::agent_names(
            conn,
            &missing.into_iter().collect::<Vec<_>>(),
        )?);
        Ok(names)
    }
}

fn client_id_in_use() -> Refusal {
    Refusal::new(
        Code::ClientIdInUse,
        "somebody else's message in this conversation has this client_id; choose another",
    )
}
