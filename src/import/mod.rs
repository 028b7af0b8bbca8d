//! `kefu import`: takes an export in JSON Lines (docs/EXPORT.md) into a database, also one that has conversations
//! already, while the service runs. The file is read twice: as a whole first, so that nothing of a damaged one
//! comes in, and then in small transactions with pauses between them, so that chat goes on.

mod lines;

use std::{
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    sync::Arc,
    time::Duration,
};

use chrono::TimeDelta;
use sha2::{Digest, Sha256};

use self::lines::Line;
use crate::{
    domain::{ConversationId, Seq, Timestamp, Token},
    export,
    store::{
        ImportConversation, ImportMessage, ImportOutcome, ImportPiece, ImportStep, Known, Store,
        StoreError,
    },
};

/// Bytes of a line: more than the longest text with all that may stand beside it.
const LINE_BYTES: u64 = 32 << 20;
/// Messages and conversations in one transaction, and bytes of their texts.
const MESSAGES: usize = 500;
const CONVERSATIONS: usize = 100;
const TEXT_BYTES: usize = 512 << 10;
/// The pause after each transaction: others write then.
const PAUSE: Duration = Duration::from_millis(5);
/// How long another import waits for one that was killed.
const LEASE: TimeDelta = TimeDelta::seconds(15);
const NAME: &str = "import";

/// What a file has that is whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Conversations.
    pub conversations: u64,
    /// Messages, events among them.
    pub messages: u64,
}

/// What an import has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Conversations that were made or gone on with.
    pub conversations: u64,
    /// Messages that were not there before.
    pub messages: u64,
    /// Conversations that were there already.
    pub known: u64,
    /// Those that go on in another way here, by the lines of the file where they begin.
    pub left: Vec<(u64, ConversationId)>,
    /// User names of those for whom an account was made, which is disabled.
    pub accounts: Vec<String>,
    /// Files that belong to messages that were not there before, and whose bytes are still to come.
    pub files: u64,
}

/// Reads lines and counts them.
struct Lines<R> {
    from: R,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    fn new(from: R) -> Self {
        Self { from, number: 0 }
    }

    /// The next line with its end; `None` behind the last one.
    fn next(&mut self) -> Result<Option<String>, String> {
        self.number += 1;
        let mut bytes = Vec::new();
        let mut some = (&mut self.from).take(LINE_BYTES);
        let read = some.read_until(b'\n', &mut bytes);
        let read = read.map_err(|error| self.wrong(&error.to_string()))?;
        if read == 0 {
            return Ok(None);
        }
        if read as u64 == LINE_BYTES && !bytes.ends_with(b"\n") {
            let mib = LINE_BYTES >> 20;
            return Err(self.wrong(&format!("it must have at most {mib} MiB")));
        }
        let text = String::from_utf8(bytes);
        text.map(Some).map_err(|_| self.wrong("it must be UTF-8"))
    }

    fn wrong(&self, why: &str) -> String {
        format!("line {}: {why}", self.number)
    }
}

/// What has been read of the conversation that a line belongs to.
struct Place {
    of: Arc<ImportConversation>,
    line: u64,
    seq: Option<Seq>,
}

/// Reads an export line by line and holds it against what must be so.
struct Reader<R> {
    lines: Lines<R>,
    hash: Sha256,
    begun: bool,
    at: Option<Place>,
    held: Held,
}

/// What the next line brought.
enum Step {
    Conversation,
    Message(Box<ImportMessage>),
    End,
}

impl<R: BufRead> Reader<R> {
    fn new(from: R) -> Self {
        Self {
            lines: Lines::new(from),
            hash: Sha256::new(),
            begun: false,
            at: None,
            held: Held::default(),
        }
    }

    fn next(&mut self) -> Result<Step, String> {
        loop {
            let Some(text) = self.lines.next()? else {
                let why = "the end is missing: the last line must have the type end; the file was cut off";
                return Err(self.lines.wrong(why));
            };
            let of = self.at.as_ref().map(|place| place.of.customer.id);
            let line = Line::read(&text, of).map_err(|why| self.lines.wrong(&why))?;
            if !self.begun && !matches!(line, Line::Export) {
                return Err(self.lines.wrong("the first line must have the type export"));
            }
            if let Line::End { messages, sha256 } = line {
                self.end(messages, &sha256)?;
                return Ok(Step::End);
            }
            self.hash.update(text.as_bytes());
            match self.take(line) {
                Ok(Some(read)) => return Ok(read),
                Ok(None) => {}
                Err(why) => return Err(self.lines.wrong(&why)),
            }
        }
    }

    fn take(&mut self, line: Line) -> Result<Option<Step>, String> {
        match line {
            Line::Export if self.begun => {
                Err("only the first line may have the type export".to_owned())
            }
            Line::Export => {
                self.begun = true;
                Ok(None)
            }
            Line::Conversation(of) => {
                let place = |of: &ImportConversation| (of.created_at, of.id);
                if let Some(above) = &self.at
                    && place(&above.of) <= place(&of)
                {
                    let above = above.of.id;
                    return Err(format!(
                        "conversation {} must have begun before the one above it, {above}",
                        of.id
                    ));
                }
                self.held.conversations += 1;
                self.at = Some(Place {
                    of: Arc::from(of),
                    line: self.lines.number,
                    seq: None,
                });
                Ok(Some(Step::Conversation))
            }
            Line::Message(id, message) => {
                let at = self.at.as_mut().filter(|at| at.of.id == id);
                let at = at.ok_or("a message must stand below its conversation")?;
                let seq = message.seq;
                match at.seq {
                    Some(before) if seq != before.next() => {
                        return Err(format!("seq must be {}, not {seq}", before.next()));
                    }
                    None if seq < Seq(1) => return Err("seq must be 1 or more".to_owned()),
                    _ => at.seq = Some(seq),
                }
                self.held.messages += 1;
                Ok(Some(Step::Message(message)))
            }
            // `next` has it.
            Line::End { .. } => Ok(None),
        }
    }

    fn end(&mut self, messages: u64, sha256: &str) -> Result<(), String> {
        let sum = export::hex(&std::mem::take(&mut self.hash).finalize());
        if sum != sha256 {
            let why = "the checksum is another: the file was changed or damaged";
            return Err(self.lines.wrong(why));
        }
        if messages != self.held.messages {
            return Err(self.lines.wrong("the number of messages is another"));
        }
        match self.lines.next()? {
            None => Ok(()),
            Some(_) => Err(self.lines.wrong("nothing must come after the end")),
        }
    }
}

/// Whether a file is an export that is whole and can be imported as it is; changes nothing.
///
/// # Errors
/// What is wrong with it, and in which line.
pub fn check(from: impl io::Read) -> Result<Held, String> {
    let mut reader = Reader::new(BufReader::new(from));
    while !matches!(reader.next()?, Step::End) {}
    Ok(reader.held)
}

/// A piece, with where its conversation begins in the file.
type Piece = (ImportPiece, u64);

/// The pieces of a file, as many together as one transaction takes.
struct Batches<R> {
    reader: Reader<R>,
    open: Option<Open>,
    ended: bool,
}

/// The conversation that is being read.
struct Open {
    of: Arc<ImportConversation>,
    line: u64,
    first: Option<Arc<Known>>,
    before: Option<Known>,
    messages: Vec<ImportMessage>,
}

impl Open {
    fn piece(&mut self, last: bool) -> Piece {
        let messages = std::mem::take(&mut self.messages);
        let before = self.before.take();
        self.before = messages.last().map(Known::from).or_else(|| before.clone());
        let piece = ImportPiece {
            of: Arc::clone(&self.of),
            first: self.first.clone(),
            before,
            messages,
            last,
        };
        (piece, self.line)
    }
}

impl<R: BufRead> Batches<R> {
    fn new(from: R) -> Self {
        Self {
            reader: Reader::new(from),
            open: None,
            ended: false,
        }
    }

    /// The next ones; none at the end.
    fn next(&mut self) -> Result<Vec<Piece>, String> {
        let mut batch = Vec::new();
        let (mut messages, mut bytes) = (0, 0);
        while !self.ended {
            let full = messages >= MESSAGES || bytes >= TEXT_BYTES;
            match self.reader.next()? {
                Step::Message(message) => {
                    let Some(open) = &mut self.open else { continue };
                    // Only now is it known that the one before is not the conversation's last.
                    if full {
                        batch.push(open.piece(false));
                    }
                    if open.first.is_none() {
                        open.first = Some(Arc::new(Known::from(&*message)));
                    }
                    messages += 1;
                    bytes += message.text.len();
                    open.messages.push(*message);
                    if full {
                        return Ok(batch);
                    }
                }
                read => {
                    batch.extend(self.open.take().map(|mut open| open.piece(true)));
                    self.ended = matches!(read, Step::End);
                    self.open = (self.reader.at.as_ref().filter(|_| !self.ended)).map(|at| Open {
                        of: Arc::clone(&at.of),
                        line: at.line,
                        first: None,
                        before: None,
                        messages: Vec::new(),
                    });
                    if full || batch.len() >= CONVERSATIONS {
                        return Ok(batch);
                    }
                }
            }
        }
        Ok(batch)
    }
}

/// Imports a file that [`check`] has found to be whole; `progress` hears how many of its messages are done.
///
/// # Errors
/// In words for who started it. What has come in stays, and the same again goes on from there.
pub async fn run(
    store: &Store,
    from: &mut (impl io::Read + Seek),
    mut progress: impl FnMut(u64),
) -> Result<Done, String> {
    let told = |error: StoreError| format!("{error}; the same command goes on from here");
    from.seek(SeekFrom::Start(0))
        .map_err(|error| error.to_string())?;
    let name = Token::random().map_err(|error| error.to_string())?;
    let holder = name.expose().to_owned();
    let mut waited = TimeDelta::zero();
    while !store
        .take_lease(NAME, holder.clone(), LEASE)
        .await
        .map_err(told)?
    {
        if waited > LEASE {
            return Err("another import is running on this database".to_owned());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        waited += TimeDelta::seconds(1);
    }
    let mut batches = Batches::new(BufReader::new(from));
    let done = run_alone(store, &mut batches, &holder, &mut progress).await;
    store.end_lease(NAME, holder).await.map_err(told)?;
    done
}

async fn run_alone<R: BufRead>(
    store: &Store,
    batches: &mut Batches<R>,
    holder: &str,
    progress: &mut impl FnMut(u64),
) -> Result<Done, String> {
    let told = |error: StoreError| format!("{error}; the same command goes on from here");
    let mut done = Done::default();
    let mut seen: u64 = 0;
    // What was said long ago is passed by whoever indexes what is new.
    let mut to_index: Vec<(Timestamp, ConversationId)> = Vec::new();
    loop {
        let batch = batches.next()?;
        if batch.is_empty() {
            break;
        }
        keep(store, holder).await?;
        let (pieces, lines): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        let step = store.import(pieces.clone()).await.map_err(told)?;
        seen += pieces
            .iter()
            .map(|piece| piece.messages.len() as u64)
            .sum::<u64>();
        done.add(&pieces, &lines, step, &mut to_index);
        progress(seen);
        tokio::time::sleep(PAUSE).await;
    }
    to_index.sort_unstable();
    to_index.dedup();
    for some in to_index.chunks(CONVERSATIONS) {
        let ids: Vec<_> = some.iter().map(|(_, id)| *id).collect();
        keep(store, holder).await?;
        while !store.index_these(ids.clone()).await.map_err(told)? {
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(done)
}

async fn keep(store: &Store, holder: &str) -> Result<(), String> {
    match store.take_lease(NAME, holder.to_owned(), LEASE).await {
        Ok(true) => Ok(()),
        Ok(false) => Err("another import has begun; this one stopped".to_owned()),
        Err(error) => Err(format!("{error}; the same command goes on from here")),
    }
}

impl Done {
    fn add(
        &mut self,
        pieces: &[ImportPiece],
        lines: &[u64],
        step: ImportStep,
        to_index: &mut Vec<(Timestamp, ConversationId)>,
    ) {
        self.messages += step.messages as u64;
        self.accounts.extend(step.accounts);
        for ((piece, line), outcome) in pieces.iter().zip(lines).zip(step.outcomes) {
            if let ImportOutcome::Added(id) | ImportOutcome::Known(id) = outcome {
                let last = piece.messages.last();
                to_index.push((last.map_or(piece.of.created_at, |last| last.sent_at), id));
            }
            if let ImportOutcome::Added(_) = outcome {
                let files = piece.messages.iter().filter(|one| one.file.is_some());
                self.files += files.count() as u64;
            }
            match outcome {
                // Told once, by its last piece.
                _ if !piece.last => {}
                ImportOutcome::Added(_) => self.conversations += 1,
                ImportOutcome::Known(_) => self.known += 1,
                ImportOutcome::Left => self.left.push((*line, piece.of.id)),
            }
        }
    }
}
