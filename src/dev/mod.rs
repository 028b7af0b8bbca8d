//! Conversations that nobody had (`kefu dev seed`): plausible talk in English and Chinese over a year, the
//! same for the same seed, to try things out on and to measure with. Plain functions over a generator of
//! numbers; `store/seed.rs` puts the rows into the database.

pub mod measure;
mod words;
pub mod writes;

use chrono::{Datelike, NaiveDateTime, TimeDelta, Timelike, Weekday};

use self::words::{AGENTS, MANNERS, Manners, TOPICS, Talk};
use crate::{
    domain::{Author, CustomerId, Event, EventName, Kind, Rating, Status},
    store::{SeedBase, SeedConversation, SeedCustomer, SeedMessage, Store, StoreError},
};

/// How much, and of what.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Rows of `messages`, exactly.
    pub messages: u64,
    /// Conversations, about.
    pub conversations: u64,
    /// The same gives the same.
    pub seed: u64,
    /// Also where there are conversations already.
    pub append: bool,
    /// The last day ends here.
    pub until: NaiveDateTime,
}

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// There is something that could be mistaken for it.
    #[error("there are conversations already; --append adds to them")]
    NotEmpty,
    /// The database.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// The time over which they are spread.
const DAYS: i64 = 365;
/// Conversations in one transaction.
const BATCH: usize = 1_000;

/// Fills the database; `progress` is told how many messages there are now.
///
/// # Errors
/// [`SeedError`].
pub fn seed(store: &Store, plan: Plan, mut progress: impl FnMut(u64)) -> Result<(), SeedError> {
    let tags: Vec<_> = TOPICS
        .iter()
        .map(|topic| topic.tag)
        .chain(["vip"])
        .collect();
    let begin = plan.until - TimeDelta::days(DAYS);
    let base = store.seed_base(plan.append, AGENTS, &tags, begin)?;
    let mut talk = Generator::new(plan, base.ok_or(SeedError::NotEmpty)?);
    while talk.left > 0 {
        let (customers, conversations) = talk.batch();
        store.seed(&customers, &conversations)?;
        progress(plan.messages - talk.left);
    }
    Ok(())
}

/// Numbers that look like chance (`SplitMix64`).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let at = self.below(of.len() as u64);
        &of[usize::try_from(at).unwrap_or(0)]
    }

    /// From `least` on, mostly little more, sometimes much.
    fn long_tailed(&mut self, least: u64, typical: u64) -> i64 {
        let times = 1 << self.below(4);
        i64::try_from(least + self.below(typical) * times / 2).unwrap_or(i64::MAX)
    }
}

struct Person {
    id: i64,
    name: Option<String>,
    language: usize,
}

struct Generator {
    numbers: Numbers,
    plan: Plan,
    base: SeedBase,
    /// Those who may come again.
    people: Vec<Person>,
    left: u64,
}

impl Generator {
    fn new(plan: Plan, base: SeedBase) -> Self {
        Self {
            numbers: Numbers(plan.seed),
            plan,
            base,
            people: Vec::new(),
            left: plan.messages,
        }
    }

    fn batch(&mut self) -> (Vec<SeedCustomer>, Vec<SeedConversation>) {
        let (mut customers, mut conversations) = (Vec::new(), Vec::new());
        while conversations.len() < BATCH && self.left > 0 {
            conversations.push(self.conversation(&mut customers));
        }
        (customers, conversations)
    }

    /// When the next conversation begins: through the year, in working hours mostly.
    fn begins(&mut self) -> NaiveDateTime {
        let (whole, made) = (self.plan.messages, self.plan.messages - self.left);
        let year_s = u64::try_from(DAYS * 86_400).unwrap_or(0);
        let even_s = u128::from(made) * u128::from(year_s) / u128::from(whole);
        let begin = self.plan.until - TimeDelta::days(DAYS);
        let at = begin + TimeDelta::seconds(i64::try_from(even_s).unwrap_or(0));
        let (day, second) = (at.date(), u64::from(at.num_seconds_from_midnight()));
        // In UTC: a working day in Shanghai, or in Europe, and a little at night.
        let (from, to) = match (self.numbers.below(100), day.weekday()) {
            (0..5, _) => (0, 86_399),
            (_, Weekday::Sat | Weekday::Sun) => (2 * 3_600, 10 * 3_600),
            _ => (3_600, 16 * 3_600),
        };
        let second = from + second * (to - from) / 86_400;
        day.and_hms_opt(0, 0, 0).unwrap_or(at)
            + TimeDelta::seconds(i64::try_from(second).unwrap_or(0))
            + TimeDelta::milliseconds(i64::try_from(self.numbers.below(1_000)).unwrap_or(0))
    }

    fn person(&mut self, at: NaiveDateTime, again: bool, new: &mut Vec<SeedCustomer>) -> Person {
        if again && !self.people.is_empty() && self.numbers.percent(40) {
            let at = self.numbers.below(self.people.len() as u64);
            return self.people.swap_remove(usize::try_from(at).unwrap_or(0));
        }
        let id = self.base.next_customer;
        self.base.next_customer += 1;
        let language = usize::from(self.numbers.percent(60));
        let manners = &MANNERS[language];
        let numbers = &mut self.numbers;
        let name = numbers
            .percent(70)
            .then(|| (*numbers.one(manners.names)).to_owned());
        let mut token_hash = [0; 32];
        for bytes in token_hash.chunks_exact_mut(8) {
            bytes.copy_from_slice(&numbers.next().to_le_bytes());
        }
        let pages = ["cart", "orders", "account", "products/teapot", ""];
        new.push(SeedCustomer {
            id,
            token_hash,
            name: name.clone(),
            email: numbers
                .percent(45)
                .then(|| format!("customer{id}@example.com")),
            external_id: numbers.percent(30).then(|| format!("u-{id}")),
            page: format!("https://shop.example/{}", numbers.one(&pages)),
            language: ["en", "zh-CN"][language],
            created_at: at,
        });
        Person { id, name, language }
    }

    fn conversation(&mut self, new: &mut Vec<SeedCustomer>) -> SeedConversation {
        let at = self.begins();
        // What began within the last days may still go on, and whose it is has just come.
        let recent = self.plan.until - at < TimeDelta::days(3);
        let status = match self.numbers.below(100) {
            0..15 if recent => Status::Waiting,
            15..45 if recent => Status::Open,
            _ => Status::Closed,
        };
        let person = self.person(at, status == Status::Closed, new);
        let id = self.base.next_conversation;
        self.base.next_conversation += 1;
        let mut one = Talking {
            numbers: &mut self.numbers,
            base: &self.base,
            person: &person,
            manners: &MANNERS[person.language],
            order: format!("KF{:08}", 10_000_000 + id * 7),
            at,
            row: SeedConversation {
                id,
                customer_id: person.id,
                status,
                agent_id: None,
                first_response_ms: None,
                created_at: at,
                closed_at: None,
                customer_unread: 0,
                agent_unread: 0,
                messages: Vec::new(),
                tags: Vec::new(),
                rating: None,
            },
        };
        let average = self.plan.messages / self.plan.conversations.max(1);
        one.talk(average, self.left);
        let row = one.row;
        self.left -= row.messages.len() as u64;
        if row.status == Status::Closed {
            self.people.push(person);
        }
        row
    }
}

/// One conversation as it goes on.
struct Talking<'a> {
    numbers: &'a mut Numbers,
    base: &'a SeedBase,
    person: &'a Person,
    manners: &'static Manners,
    order: String,
    at: NaiveDateTime,
    row: SeedConversation,
}

impl Talking<'_> {
    /// About `average` messages, and at most `most`.
    fn talk(&mut self, average: u64, most: u64) {
        let topic = self.numbers.one(TOPICS);
        let talk: &'static Talk = &topic.talk[self.person.language];
        let cut = |row: &SeedConversation| row.messages.len() as u64 >= most;
        self.customer_says(talk.asks);
        if self.row.status == Status::Waiting || cut(&self.row) {
            // What is cut off at the end was not answered any more.
            self.row.agent_unread = 1;
            if self.row.status != Status::Waiting {
                self.row.status = Status::Closed;
                self.row.closed_at = Some(self.at);
            }
            return;
        }
        let place = self.numbers.below(self.base.agents.len() as u64);
        let agent = &self.base.agents[usize::try_from(place).unwrap_or(0)];
        self.row.agent_id = Some(agent.id.0);
        let takes_s = self.numbers.long_tailed(8, 240);
        self.pass(takes_s);
        self.happens(EventName::Taken);
        if cut(&self.row) {
            return self.end();
        }
        let waited = self.at - self.row.created_at;
        self.row.first_response_ms = Some(waited.num_milliseconds());
        self.agent_says(self.manners.greets);
        // Events, the first and the last words are six or so.
        let middle = average.saturating_sub(6).max(1);
        let middle = 1 + self.numbers.below(middle * 2);
        for turn in 0..middle {
            if cut(&self.row) {
                return self.end();
            }
            let gap = self.numbers.long_tailed(4, 60);
            self.pass(gap);
            match (turn % 3, self.numbers.below(10)) {
                (0, 0..6) => self.agent_says(talk.answers),
                (0, _) | (2, 5..10) => self.agent_says(self.manners.explains),
                (1, 0..6) => self.customer_says(talk.goes_on),
                (_, 0) => self.says(self.manners.notes, Kind::Note, true),
                _ => self.customer_says(self.manners.fills),
            }
        }
        let topic_tag = TOPICS.iter().position(|one| one.tag == topic.tag);
        if self.numbers.percent(55) {
            self.row
                .tags
                .extend(topic_tag.and_then(|at| self.base.tags.get(at)));
        }
        if self.numbers.percent(2) {
            self.row.tags.extend(self.base.tags.last());
        }
        if self.row.status == Status::Closed {
            self.farewell(most);
        }
    }

    fn farewell(&mut self, most: u64) {
        let room = |row: &SeedConversation| (row.messages.len() as u64) < most;
        if room(&self.row) {
            self.pass(20);
            self.customer_says(self.manners.thanks);
        }
        if room(&self.row) && self.numbers.percent(70) {
            self.pass(9);
            self.agent_says(self.manners.wishes);
        }
        if room(&self.row) {
            let after = self.numbers.long_tailed(30, 400);
            self.pass(after);
            self.happens(EventName::Closed);
        }
        self.end();
        if room(&self.row) && self.numbers.percent(35) {
            self.pass(25);
            let score =
                [5, 5, 5, 4, 4, 3, 2, 1][usize::try_from(self.numbers.below(8)).unwrap_or(0)];
            let comments = self.manners.comments[usize::from(score < 4)];
            let comment = if self.numbers.percent(40) {
                (*self.numbers.one(comments)).to_owned()
            } else {
                String::new()
            };
            let text = Rating {
                score,
                comment: comment.clone(),
            }
            .text();
            self.row.rating = Some((score, comment, self.at));
            self.row.messages.push(SeedMessage {
                kind: Kind::Event.as_str(),
                sender_role: "customer",
                sender_id: self.person.id,
                text,
                sent_at: self.at,
                event: Some(EventName::Rated.as_str()),
                event_agent_id: self.row.agent_id,
            });
        }
    }

    fn end(&mut self) {
        self.row.status = Status::Closed;
        self.row.closed_at = Some(self.at);
    }

    fn pass(&mut self, seconds: i64) {
        let ms = i64::try_from(self.numbers.below(1_000)).unwrap_or(0);
        self.at += TimeDelta::milliseconds(seconds * 1_000 + ms);
    }

    fn customer_says(&mut self, some: &[&str]) {
        self.says(some, Kind::Text, false);
    }

    fn agent_says(&mut self, some: &[&str]) {
        self.says(some, Kind::Text, true);
    }

    fn says(&mut self, some: &[&str], kind: Kind, agent: bool) {
        let text = (*self.numbers.one(some)).to_owned();
        let n = (2 + self.numbers.below(8)).to_string();
        let name = self.person.name.clone().unwrap_or_default();
        let product = *self.numbers.one(self.manners.products);
        let city = *self.numbers.one(self.manners.cities);
        let mut filled = text
            .replace("{order}", &self.order)
            .replace("{product}", product)
            .replace("{city}", city)
            .replace("{n}", &n);
        if name.is_empty() {
            // Without the comma before the name.
            for gone in [" {name}", "，{name}", ", {name}"] {
                filled = filled.replace(gone, "");
            }
        }
        self.row.messages.push(SeedMessage {
            kind: kind.as_str(),
            sender_role: if agent { "agent" } else { "customer" },
            sender_id: match self.row.agent_id {
                Some(agent_id) if agent => agent_id,
                _ => self.person.id,
            },
            text: filled.replace("{name}", &name),
            sent_at: self.at,
            event: None,
            event_agent_id: None,
        });
    }

    fn happens(&mut self, name: EventName) {
        let agent = (self.base.agents.iter()).find(|one| Some(one.id.0) == self.row.agent_id);
        let author = match agent {
            Some(agent) => Author::Agent {
                id: agent.id,
                name: agent.name.clone(),
            },
            None => Author::Customer {
                id: CustomerId(self.person.id),
                name: None,
            },
        };
        let event = Event {
            name,
            agent: agent.cloned(),
        };
        self.row.messages.push(SeedMessage {
            kind: Kind::Event.as_str(),
            sender_role: "agent",
            sender_id: self.row.agent_id.unwrap_or_default(),
            text: event.sentence(&author),
            sent_at: self.at,
            event: Some(name.as_str()),
            event_agent_id: self.row.agent_id,
        });
    }
}
