//! `kefu backup` and `kefu restore`: everything that Kefu holds in one file, lines of JSON, while the service
//! runs; and back into an empty database of either engine.
//!
//! After the rows come the files, in pieces of base64; the last line has a SHA-256 of all before it, so that half a
//! backup is not taken for a whole one.

use std::{
    collections::HashSet,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    domain::FileId,
    files::Files,
    store::{BackupError, DatabaseUrl, dump, restore as restore_rows},
};

/// Bytes of one piece of a file.
const PIECE: usize = 48 << 10;

/// Bytes after which what is written goes to the disk. All of it at once at the end would keep the database, which
/// most often has the same disk, from committing for as long as that takes.
const STEP: usize = 1 << 20;

/// A file that goes to the disk step by step.
struct Steady {
    file: File,
    waiting: usize,
}

impl Write for Steady {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.waiting += written;
        if self.waiting >= STEP {
            self.file.sync_data()?;
            self.waiting = 0;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// What a backup holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Rows of all tables.
    pub rows: u64,
    /// Files with their bytes.
    pub files: u64,
}

fn broken<T>(why: &str) -> Result<T, BackupError> {
    Err(BackupError::Broken(why.to_owned()))
}

struct Out<W> {
    to: W,
    hash: Sha256,
}

impl<W: Write> Out<W> {
    fn line(&mut self, line: &str) -> io::Result<()> {
        self.hash.update(line.as_bytes());
        self.hash.update(b"\n");
        self.to.write_all(line.as_bytes())?;
        self.to.write_all(b"\n")
    }
}

fn hex(hash: Sha256) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for byte in hash.finalize() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Writes a backup to a file that is not there yet, for nobody else to read.
///
/// # Errors
/// [`BackupError`]; no file of that name is left then.
pub fn backup(url: &DatabaseUrl, files: &Files, to: &Path) -> Result<Held, BackupError> {
    if to.try_exists()? {
        let message = format!("{} is there already", to.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, message).into());
    }
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    let done = write(url, files, part).and_then(|held| {
        fs::rename(part, to)?;
        Ok(held)
    });
    if done.is_err() {
        let _ = fs::remove_file(part);
    }
    done
}

fn write(url: &DatabaseUrl, files: &Files, to: &Path) -> Result<Held, BackupError> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600);
    let mut out = Out {
        to: BufWriter::new(Steady {
            file: file.open(to)?,
            waiting: 0,
        }),
        hash: Sha256::new(),
    };
    let mut held = Held::default();
    dump(url, |line| {
        held.rows += u64::from(line.starts_with('['));
        out.line(line)
    })?;
    for id in files.list()? {
        // One that went after the look at the database, or is not whole yet, is no loss.
        let Ok(mut file) = files.read(&id) else {
            continue;
        };
        held.files += 1;
        let mut piece = vec![0; PIECE];
        loop {
            let mut filled = 0;
            while filled < PIECE {
                match file.read(&mut piece[filled..])? {
                    0 => break,
                    read => filled += read,
                }
            }
            let bytes = STANDARD.encode(&piece[..filled]);
            out.line(&json!({"file": id.as_str(), "bytes": bytes}).to_string())?;
            if filled < PIECE {
                break;
            }
        }
    }
    let hash = hex(out.hash);
    let Held { rows, files } = held;
    let end = json!({"end": true, "rows": rows, "files": files, "sha256": hash});
    writeln!(out.to, "{end}")?;
    let steady = out
        .to
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    steady.file.sync_all()?;
    Ok(held)
}

fn lines(from: &Path) -> io::Result<impl Iterator<Item = io::Result<String>> + use<>> {
    Ok(BufReader::new(File::open(from)?).lines())
}

/// Whether it is whole; what its last line says.
fn check(from: &Path) -> Result<Held, BackupError> {
    let mut hash = Sha256::new();
    let mut held = Held::default();
    let mut file = String::new();
    for line in lines(from)? {
        let line = line?;
        if line.starts_with(r#"{"end""#) {
            let end: Value = serde_json::from_str(&line).unwrap_or_default();
            return match end["sha256"].as_str() {
                Some(said) if said == hex(hash) && end["rows"] == held.rows => Ok(held),
                _ => broken("its checksum is another; it was changed or damaged"),
            };
        }
        held.rows += u64::from(line.starts_with('['));
        if let Some((id, _)) = piece(&line)?
            && id.as_str() != file
        {
            id.as_str().clone_into(&mut file);
            held.files += 1;
        }
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    broken("its end is missing")
}

/// A piece of a file, where a line is one.
fn piece(line: &str) -> Result<Option<(FileId, String)>, BackupError> {
    // The database's lines are those that are long and many.
    if !line.starts_with('{') || !line.contains(r#""file":"#) {
        return Ok(None);
    }
    let value: Value = serde_json::from_str(line).unwrap_or_default();
    let id = value["file"].as_str().and_then(FileId::parse);
    match (id, value["bytes"].as_str()) {
        (Some(id), Some(bytes)) => Ok(Some((id, bytes.to_owned()))),
        _ => broken("a file in it cannot be read"),
    }
}

/// Reads a backup into an empty database, and its files into the folder.
///
/// # Errors
/// [`BackupError`]; nothing is in the database then.
pub fn restore(url: &DatabaseUrl, files: &Files, from: &Path) -> Result<Held, BackupError> {
    let held = check(from)?;
    // The files first: without their rows the sweep takes them away again, a row without its file would be a loss.
    let there: HashSet<FileId> = files.list()?.into_iter().collect();
    let mut open = None;
    for line in lines(from)? {
        let Some((id, bytes)) = piece(&line?)? else {
            continue;
        };
        let Ok(bytes) = STANDARD.decode(bytes) else {
            return broken("a file in it cannot be read");
        };
        if there.contains(&id) {
            continue;
        }
        let mut incoming = match open.take() {
            Some((of, incoming)) if of == id => incoming,
            before => {
                keep(before)?;
                files.receive(&id)?
            }
        };
        incoming.write(&bytes)?;
        open = Some((id, incoming));
    }
    keep(open)?;
    let rows = lines(from)?
        .take_while(|line| !matches!(line, Ok(line) if line.starts_with(r#"{"end""#)))
        .filter(|line| !matches!(line, Ok(line) if line.starts_with(r#"{"bytes""#) || line.starts_with(r#"{"file""#)))
        .map(|line| Ok(line?));
    restore_rows(url, rows)?;
    Ok(held)
}

fn keep(done: Option<(FileId, crate::files::Incoming)>) -> io::Result<()> {
    if let Some((_, mut incoming)) = done {
        incoming.complete()?;
        incoming.keep();
    }
    Ok(())
}
