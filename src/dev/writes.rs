//! What the writer alone can do, with the messages of a desk and nothing around it (`make bench`): customers
//! and an agent in turn, each as soon as the other's message is stored.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    time::{Duration, Instant},
};

use crate::{
    domain::{AgentRef, Channel, ClientId, ConversationId, CustomerKey, Kind, Token},
    metrics::Metrics,
    store::{Post, Poster, Store, StoreError, Ticket, Write, Writer, Written},
};

/// How it is measured.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Customers, each with a conversation.
    pub conversations: usize,
    /// How long, after a second that does not count.
    pub seconds: u64,
    /// Messages a second; `None` is as many as there can be.
    pub rate: Option<u32>,
}

/// What was reached.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// Stored messages a second.
    pub messages: f64,
    /// From handing one over until it is known to be stored: the median, and the 99th of a hundred.
    pub took: (Duration, Duration),
}

struct Desk {
    writer: Writer,
    stored: Receiver<Vec<Written>>,
    agent: AgentRef,
    customers: Vec<(CustomerKey, Option<ConversationId>)>,
    sent: HashMap<u64, (Instant, usize, bool)>,
    next: u64,
}

/// Measures on a database that is for that: it writes into it.
///
/// # Errors
/// The database.
pub fn measure(store: &Store, load: Load) -> Result<Figures, StoreError> {
    let (sink, stored) = channel();
    let account = store.create_first_account("measure", "Measure", "!")?;
    let account =
        account.ok_or_else(|| StoreError::Internal("there are accounts already".into()))?;
    let metrics = Metrics::new().map_err(|error| StoreError::Internal(error.to_string()))?;
    let sink = move |written| drop(sink.send(written));
    let mut desk = Desk {
        writer: store.start_writer(Arc::new(metrics), sink)?,
        stored,
        agent: AgentRef {
            id: account.me.id,
            name: account.me.name,
        },
        customers: (0..load.conversations)
            .filter_map(|_| Some((CustomerKey::from(&Token::random().ok()?), None)))
            .collect(),
        sent: HashMap::new(),
        next: 0,
    };
    for who in 0..desk.customers.len() {
        desk.say(who, false);
    }
    while !desk.sent.is_empty() {
        desk.hear(Duration::from_secs(10), |_, _, _| {})?;
    }
    desk.run(load, Duration::from_secs(1))?;
    let began = Instant::now();
    let mut took = desk.run(load, Duration::from_secs(load.seconds))?;
    let messages = f64::from(u32::try_from(took.len()).unwrap_or(u32::MAX));
    let messages = messages / began.elapsed().as_secs_f64();
    desk.writer.stop(Duration::from_secs(10));
    took.sort_unstable();
    let at = |percent: usize| {
        let place = (took.len() * percent / 100).min(took.len().saturating_sub(1));
        took.get(place).copied().unwrap_or_default()
    };
    Ok(Figures {
        messages,
        took: (at(50), at(99)),
    })
}

impl Desk {
    /// Goes on for so long; how long each took.
    fn run(&mut self, load: Load, time: Duration) -> Result<Vec<Duration>, StoreError> {
        let began = Instant::now();
        let mut took = Vec::new();
        if load.rate.is_none() {
            for who in 0..self.customers.len() {
                self.say(who, false);
            }
        }
        let mut said = 0;
        while began.elapsed() < time || !self.sent.is_empty() {
            let more = began.elapsed() < time;
            let mut wait = Duration::from_millis(5);
            if let Some(rate) = load.rate
                && more
            {
                let due = Duration::from_secs(1) * said / rate;
                wait = due.saturating_sub(began.elapsed());
                if wait.is_zero() {
                    let turn = usize::try_from(said).unwrap_or(0);
                    self.say(turn / 2 % self.customers.len(), turn % 2 == 1);
                    said += 1;
                }
            }
            let in_turn = more && load.rate.is_none();
            self.hear(wait, |desk, since, (who, by_agent)| {
                took.push(since.elapsed());
                if in_turn {
                    desk.say(who, !by_agent);
                }
            })?;
        }
        Ok(took)
    }

    fn say(&mut self, who: usize, by_agent: bool) {
        let (key, conversation) = self.customers[who];
        self.next += 1;
        let ticket = self.next;
        let Some(client_id) = ClientId::parse(&format!("w-{ticket}")) else {
            return;
        };
        let from = if by_agent {
            Poster::Agent(self.agent.clone())
        } else {
            Poster::Customer {
                key,
                page: None,
                language: None,
                user_agent: None,
                channel: Channel::Web,
            }
        };
        let post = Post {
            ticket: Ticket(ticket),
            from,
            conversation: conversation.filter(|_| by_agent),
            client_id,
            kind: Kind::Text,
            text: "x".repeat(64),
            file: None,
        };
        // A full queue shows as what is missing.
        if self.writer.submit(Write::Post(post)).is_ok() {
            self.sent.insert(ticket, (Instant::now(), who, by_agent));
        }
    }

    fn hear(
        &mut self,
        wait: Duration,
        mut each: impl FnMut(&mut Self, Instant, (usize, bool)),
    ) -> Result<(), StoreError> {
        let written = match self.stored.recv_timeout(wait) {
            Ok(written) => written,
            Err(RecvTimeoutError::Timeout) => return Ok(()),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(StoreError::Internal("the writer has ended".into()));
            }
        };
        for one in written {
            let Written::Posted(posted) = one else {
                return Err(StoreError::Internal(format!("not stored: {one:?}")));
            };
            if let Some((since, who, by_agent)) = self.sent.remove(&posted.ticket.0) {
                self.customers[who].1 = Some(posted.conversation.id);
                each(self, since, (who, by_agent));
            }
        }
        Ok(())
    }
}
