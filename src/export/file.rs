//! An export into a file, from the command line. What is there after each part is on the disk, with a note of where
//! it goes on beside it, so that an export that was broken off is taken up by the same command.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{About, Format, Part, Totals, part};
use crate::{
    domain::{HistoryFilter, Timestamp},
    store::Store,
};

/// What is wanted.
#[derive(Clone, Debug)]
pub struct ToFile {
    /// Where it is to be. While it is made it is called so with `.part` behind.
    pub path: PathBuf,
    /// In which form.
    pub format: Format,
    /// What of the history.
    pub filter: HistoryFilter,
    /// What the export says of itself.
    pub about: About,
}

/// Where an export goes on.
#[derive(Serialize, Deserialize)]
struct Note {
    format: Format,
    filter: Vec<(String, String)>,
    bytes: u64,
    next: String,
}

/// Makes it, or goes on with it; `progress` hears of each part: how much there is, and how far back it goes.
///
/// # Errors
/// In words for who started it. What was made stays, but where the file cannot be written at all.
pub async fn to_file(
    store: &Store,
    wanted: ToFile,
    mut progress: impl FnMut(Totals, Option<Timestamp>),
) -> Result<Totals, String> {
    let ToFile {
        path,
        format,
        filter,
        about,
    } = wanted;
    if path.exists() {
        return Err(format!("{} is there already", path.display()));
    }
    let (begun, note) = (beside(&path, "part"), beside(&path, "part.json"));
    let told = |path: &Path| {
        let path = path.display().to_string();
        move |error: io::Error| format!("{path}: {error}")
    };
    let mut at = None;
    let mut file = match read(&note)? {
        None => File::create(&begun).map_err(told(&begun))?,
        Some(noted) if noted.format == format && noted.filter == about.filter => {
            at = Some(noted.next.parse().map_err(|_| broken(&note))?);
            let mut file = OpenOptions::new()
                .write(true)
                .open(&begun)
                .map_err(told(&begun))?;
            if file.metadata().map_err(told(&begun))?.len() < noted.bytes {
                return Err(broken(&note));
            }
            // What came after the note was written may be half of a part.
            file.set_len(noted.bytes).map_err(told(&begun))?;
            file.seek(SeekFrom::End(0)).map_err(told(&begun))?;
            file
        }
        Some(_) => {
            return Err(format!(
                "{} is a part of another export; go on with that, or remove it with {}",
                begun.display(),
                note.display()
            ));
        }
    };
    loop {
        let made = part(store, format, &filter, &about, at).await;
        let Part {
            bytes,
            next,
            totals,
            reached,
        } = made.map_err(|error| format!("{error}; the same command goes on from here"))?;
        file.write_all(&bytes).map_err(told(&begun))?;
        file.sync_data().map_err(told(&begun))?;
        progress(totals, reached);
        let Some(next) = next else {
            fs::rename(&begun, &path).map_err(told(&path))?;
            remove(&note)?;
            return Ok(totals);
        };
        let noted = Note {
            format,
            filter: about.filter.clone(),
            bytes: file.stream_position().map_err(told(&begun))?,
            next: next.to_string(),
        };
        write(&note, &noted)?;
        at = Some(next);
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn broken(note: &Path) -> String {
    let note = note.display();
    format!("{note} does not fit what is beside it; remove both to begin anew")
}

fn read(note: &Path) -> Result<Option<Note>, String> {
    match fs::read(note) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|_| broken(note)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", note.display())),
    }
}

/// As a whole or not at all.
fn write(note: &Path, noted: &Note) -> Result<(), String> {
    let told = |error: io::Error| format!("{}: {error}", note.display());
    let new = beside(note, "new");
    let json = serde_json::to_vec(noted).map_err(|error| error.to_string())?;
    fs::write(&new, json).map_err(told)?;
    fs::rename(&new, note).map_err(told)
}

fn remove(note: &Path) -> Result<(), String> {
    match fs::remove_file(note) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(format!("{}: {error}", note.display()))
        }
        _ => Ok(()),
    }
}
