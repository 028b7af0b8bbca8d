//! Exports of the history: what fits a filter, in one of three forms, made part by part. A part is small whatever
//! the export's size, is made from a cursor alone, and says where the next one goes on; so an export takes little
//! memory, shows how far it is, and goes on after a break. Used by HTTP and by the command line.
//!
//! **Invariant**: the parts of an export, one after the other, are the whole; its last line has the SHA-256 of
//! everything before that line.

mod checksum;
pub mod csv;
mod cursor;
mod file;
mod html;
mod jsonl;
mod table;

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

pub use self::{
    checksum::{hex, unhex},
    cursor::{ExportCursor, NotAnExportCursor},
    file::{ToFile, to_file},
    jsonl::VERSION,
};
use crate::{
    domain::{
        AgentId, CustomerDetails, HistoryFilter, Kind, Message, Reviewed, SearchWords, Seq,
        Timestamp,
    },
    store::{Cursor, ExportDetails, HistoryCursor, Page, Store, StoreError, Viewer},
};

/// Conversations that are read at once.
const ROWS: usize = 50;
/// With so many messages of each, which is all of most.
const FIRST: Seq = Seq(20);
/// Messages that are read at once of one that has more.
const MESSAGES: usize = 50;
/// And where it is only looked whether they have words.
const SEARCHED: usize = 200;
/// A part is done after so long, whatever there is of it.
const PART_WITHIN: Duration = Duration::from_secs(2);
/// A part is done when it is no smaller than this, in bytes.
const PART_BYTES: usize = 256 << 10;

/// What an export looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For spreadsheets: a row a message.
    Csv,
    /// For programs, and to be imported again: an object a line.
    Jsonl,
    /// To read and to print.
    Html,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Jsonl, Self::Html];

    /// As it is asked for, and as a file's name ends.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Html => "html",
        }
    }

    /// Reads [`Format::as_str`] back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }

    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Jsonl => "application/jsonl; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
        }
    }
}

/// What an export says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// What was asked for, by name, in the words of who asked.
    pub filter: Vec<(String, String)>,
    /// The user name of who asked.
    pub by: String,
    /// When it was begun; of one that goes on, its cursor says that.
    pub made_at: Timestamp,
    /// What the page to read and print speaks.
    pub language: Language,
}

impl About {
    /// The filter as the audit log has it: words and names that were looked for may be somebody's own, so that
    /// they were is enough.
    pub fn asked(&self) -> Vec<String> {
        let asked = self.filter.iter().map(|(name, value)| match name.as_str() {
            "q" | "customer_text" => name.clone(),
            _ => format!("{name}={value}"),
        });
        asked.collect()
    }
}

/// What an export speaks, apart from what people have said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
}

impl Language {
    /// By its tag, `en` or `zh`.
    pub fn parse(tag: &str) -> Option<Self> {
        match tag {
            "en" => Some(Self::En),
            "zh" => Some(Self::Zh),
            _ => None,
        }
    }
}

/// How much an export holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Conversations, whole.
    pub conversations: u64,
    /// Messages, events among them.
    pub messages: u64,
}

/// A conversation, with all that an export says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The conversation, as the history has it.
    pub row: Reviewed,
    /// What else there is to say of it.
    pub details: ExportDetails,
    /// User names and names of agents.
    pub logins: Logins,
}

/// What agents type to sign in, and the names that customers see, by the number of their account.
pub type Logins = Arc<HashMap<AgentId, (String, String)>>;

impl Exported {
    /// Whose it is; `None` in a shared room.
    pub fn customer(&self) -> Option<&CustomerDetails> {
        self.details.customer.as_ref().map(|(customer, _)| customer)
    }
}

/// A part of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// UTF-8.
    pub bytes: Vec<u8>,
    /// Where the next one goes on; `None`: this was the last.
    pub next: Option<ExportCursor>,
    /// What has been exported so far, this part included.
    pub totals: Totals,
    /// When the conversation began that came last: they come from the newest to the oldest.
    pub reached: Option<Timestamp>,
}

/// Makes the next part.
///
/// # Errors
/// What the store says; the same cursor can be tried again.
pub async fn part(
    store: &Store,
    format: Format,
    filter: &HistoryFilter,
    about: &About,
    cursor: Option<ExportCursor>,
) -> Result<Part, StoreError> {
    let mut out = String::new();
    let mut at = cursor.unwrap_or_default();
    let about = &About {
        made_at: at.made_at.unwrap_or(about.made_at),
        ..about.clone()
    };
    if at.made_at.is_none() {
        at.made_at = Some(about.made_at);
        format.begin(&mut out, about);
    }
    let logins: Logins = Arc::new(store.logins_by_id().await?);
    let since = Instant::now();
    let mut reached = None;
    while out.len() < PART_BYTES && since.elapsed() <= PART_WITHIN {
        // By when they began, also where words are asked for: by when those were said, one conversation comes
        // once for each time.
        let all = HistoryFilter {
            words: None,
            ..filter.clone()
        };
        let before = at.before.map(HistoryCursor::Began);
        let page = store.history(all, before, ROWS).await?;
        let ids = page.rows.iter().map(|row| row.listed.conversation.id);
        let mut details = store.export_details(ids.collect(), FIRST).await?;
        for row in page.rows {
            let id = row.listed.conversation.id;
            let one = Exported {
                row,
                details: details.remove(&id).unwrap_or_default(),
                logins: Arc::clone(&logins),
            };
            let began = one.row.listed.conversation.created_at;
            reached = Some(began);
            let place = Some(Cursor::new(began, id));
            if at.within.is_none()
                && let Some(words) = &filter.words
                && !says(store, &one, words).await?
            {
                at.before = place;
                if since.elapsed() > PART_WITHIN {
                    return Ok(at.part(out, reached));
                }
                continue;
            }
            if at.within.is_none_or(|(within, _)| within != id) {
                // The one that was under way does not fit the filter any more.
                if at.within.is_some() {
                    format.end_conversation(&mut out);
                }
                format.begin_conversation(&mut out, about, &one);
                at.within = Some((id, Seq(0)));
            }
            while let Some((_, seq)) = at.within {
                if out.len() >= PART_BYTES {
                    return Ok(at.part(out, reached));
                }
                let (messages, more) = after(store, &one, seq, MESSAGES).await?;
                for message in messages.iter() {
                    format.message(&mut out, about, &one, message);
                }
                at.totals.messages += messages.len() as u64;
                at.within = messages.last().filter(|_| more).map(|last| (id, last.seq));
            }
            format.end_conversation(&mut out);
            at.totals.conversations += 1;
            at.before = place;
            if out.len() >= PART_BYTES || since.elapsed() > PART_WITHIN {
                return Ok(at.part(out, reached));
            }
        }
        // Where nothing has fitted for a while, the place moves on all the same.
        let Some(HistoryCursor::Began(next)) = page.next else {
            return Ok(at.last_part(out, reached, format, about));
        };
        at.before = Some(next);
    }
    Ok(at.part(out, reached))
}

/// Whether a message of the conversation has all the words.
async fn says(store: &Store, one: &Exported, words: &SearchWords) -> Result<bool, StoreError> {
    let mut seq = Seq(0);
    loop {
        let (messages, more) = after(store, one, seq, SEARCHED).await?;
        let mut said = messages.iter().filter(|one| one.kind != Kind::Event);
        if said.any(|one| words.are_in(&one.text)) {
            return Ok(true);
        }
        match messages.last().filter(|_| more) {
            Some(last) => seq = last.seq,
            None => return Ok(false),
        }
    }
}

/// The messages that come after one, and whether there are more after those: at the beginning those that are here
/// already, then at most `limit` that are read.
async fn after<'a>(
    store: &Store,
    one: &'a Exported,
    seq: Seq,
    limit: usize,
) -> Result<(Cow<'a, [Message]>, bool), StoreError> {
    let first = &one.details.first;
    // Where old messages were deleted, there may be later ones alone.
    if let Some(last) = first.last()
        && seq == Seq(0)
    {
        return Ok((Cow::Borrowed(first), last.seq >= FIRST));
    }
    let id = one.row.listed.conversation.id;
    let page = store
        .messages(Viewer::Agent, id, Page::After(seq), limit)
        .await?;
    // It may have been removed meanwhile.
    Ok(page.map_or_else(Default::default, |page| {
        (Cow::Owned(page.messages), page.more)
    }))
}

impl ExportCursor {
    fn part(mut self, out: String, reached: Option<Timestamp>) -> Part {
        self.checksum.update(out.as_bytes());
        Part {
            totals: self.totals,
            bytes: out.into_bytes(),
            reached,
            next: Some(self),
        }
    }

    fn last_part(
        mut self,
        mut out: String,
        reached: Option<Timestamp>,
        format: Format,
        about: &About,
    ) -> Part {
        format.end_conversations(&mut out, about, self.totals);
        self.checksum.update(out.as_bytes());
        let sum = self.checksum.hex();
        format.end(&mut out, about, self.totals, &sum);
        Part {
            totals: self.totals,
            bytes: out.into_bytes(),
            reached,
            next: None,
        }
    }
}

/// What each form makes of it.
impl Format {
    fn begin(self, out: &mut String, about: &About) {
        match self {
            Self::Csv => table::begin(out),
            Self::Jsonl => jsonl::begin(out, about),
            Self::Html => html::begin(out, about),
        }
    }

    fn begin_conversation(self, out: &mut String, about: &About, one: &Exported) {
        match self {
            Self::Csv => {}
            Self::Jsonl => jsonl::conversation(out, one),
            Self::Html => html::begin_conversation(out, about, one),
        }
    }

    fn message(self, out: &mut String, about: &About, one: &Exported, message: &Message) {
        match self {
            Self::Csv => table::message(out, one, message),
            Self::Jsonl => jsonl::message(out, one, message),
            Self::Html => html::message(out, about, message),
        }
    }

    fn end_conversation(self, out: &mut String) {
        if self == Self::Html {
            html::end_conversation(out);
        }
    }

    fn end_conversations(self, out: &mut String, about: &About, totals: Totals) {
        if self == Self::Html {
            html::end_conversations(out, about, totals);
        }
    }

    fn end(self, out: &mut String, about: &About, totals: Totals, sum: &str) {
        match self {
            Self::Csv => table::end(out, about, totals, sum),
            Self::Jsonl => jsonl::end(out, totals, sum),
            Self::Html => html::end(out, totals, sum),
        }
    }
}
