//! The files that people send, as bytes in a folder under random names. Called by HTTP, on blocking
//! threads, and by the server's sweep. This is the one place that knows where files are kept: another kind
//! of store would stand here.
//!
//! **Invariant**: a file is in the folder under its own name only whole, and only what the database knows
//! stays: what breaks off is removed at once, what a process that died left behind with the next sweep.
//!
//! Whoever writes a file holds a lock on it until the database knows it, so that the sweep of another
//! process tells what is under way from what is left over. The system lets go of a lock when its process
//! dies.

mod sniff;

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use crate::domain::{FileId, Media, Pixels};

/// What the name of a file ends in that is not whole yet.
const PART: &str = ".part";

/// The folder.
#[derive(Clone, Debug)]
pub struct Files {
    folder: PathBuf,
}

impl Files {
    /// Uses this folder, and makes it where it is not there. Nobody else on the machine may look into it.
    ///
    /// # Errors
    /// When it cannot be made or written to.
    pub fn open(folder: &Path) -> io::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let files = Self {
            folder: folder.to_owned(),
        };
        // A folder that cannot be written to is better known now than with the first file.
        drop(files.receive(&FileId::random()?)?);
        Ok(files)
    }

    /// Begins a file, which is gone again when the result is dropped without [`Incoming::keep`].
    ///
    /// # Errors
    /// When the disk says no.
    pub fn receive(&self, id: &FileId) -> io::Result<Incoming> {
        let part = self.folder.join(format!("{id}{PART}"));
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).mode(0o600);
        let file = file.open(&part)?;
        let mut incoming = Incoming {
            file,
            at: part,
            kept: false,
        };
        incoming.file.try_lock()?;
        incoming.file.flush()?;
        Ok(incoming)
    }

    /// Opens a file to be read.
    ///
    /// # Errors
    /// When it is not there.
    pub fn read(&self, id: &FileId) -> io::Result<File> {
        File::open(self.folder.join(id.as_str()))
    }

    /// Removes a file; that it is gone already is no error.
    ///
    /// # Errors
    /// When it is still there.
    pub fn remove(&self, id: &FileId) -> io::Result<()> {
        gone(fs::remove_file(self.folder.join(id.as_str())))
    }

    /// What is in the folder, whole or not.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn list(&self) -> io::Result<Vec<FileId>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            let name = name.to_string_lossy();
            // What is not ours stays.
            found.extend(FileId::parse(name.strip_suffix(PART).unwrap_or(&name)));
        }
        Ok(found)
    }

    /// Takes hold of what nobody writes any more. While this is held nobody else removes it.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn abandoned(&self, id: &FileId) -> io::Result<Option<Abandoned>> {
        for path in [format!("{id}{PART}"), id.to_string()] {
            let path = self.folder.join(path);
            let file = match File::open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            return match file.try_lock() {
                Ok(()) => Ok(Some(Abandoned { _lock: file, path })),
                Err(TryLockError::WouldBlock) => Ok(None),
                Err(TryLockError::Error(error)) => Err(error),
            };
        }
        Ok(None)
    }
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A file on its way in.
#[derive(Debug)]
pub struct Incoming {
    file: File,
    at: PathBuf,
    kept: bool,
}

impl Incoming {
    /// Adds bytes.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// What it is, by its content.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn sniff(&mut self) -> io::Result<(Media, Option<Pixels>)> {
        sniff::sniff(&mut self.file)
    }

    /// It is whole: puts it under its own name, where it survives the machine. Still gone with this value
    /// until [`Incoming::keep`].
    ///
    /// # Errors
    /// When the disk says no.
    pub fn complete(&mut self) -> io::Result<()> {
        self.file.sync_all()?;
        let whole = self.at.with_extension("");
        fs::rename(&self.at, &whole)?;
        self.at = whole;
        if let Some(folder) = self.at.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    /// The database knows it: it stays.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = gone(fs::remove_file(&self.at))
        {
            tracing::warn!(%error, "a file that broke off could not be removed; the next sweep tries again");
        }
    }
}

/// Something in the folder that nobody writes any more.
#[derive(Debug)]
pub struct Abandoned {
    _lock: File,
    path: PathBuf,
}

impl Abandoned {
    /// Removes it.
    ///
    /// # Errors
    /// When it is still there.
    pub fn remove(self) -> io::Result<()> {
        gone(fs::remove_file(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn folder() -> (tempfile::TempDir, Files) {
        let temporary = tempfile::tempdir().unwrap();
        let files = Files::open(&temporary.path().join("data/files")).unwrap();
        (temporary, files)
    }

    #[test]
    fn a_file_is_there_only_once_it_is_whole_and_kept() {
        let (_temporary, files) = folder();
        assert_eq!(files.list().unwrap(), []);
        let id = FileId::random().unwrap();
        let mut incoming = files.receive(&id).unwrap();
        incoming.write(b"half ").unwrap();
        assert!(files.read(&id).is_err(), "not whole yet");
        incoming.write(b"and half").unwrap();
        assert_eq!(incoming.sniff().unwrap(), (Media::Text, None));
        incoming.complete().unwrap();
        incoming.keep();
        let mut text = String::new();
        files.read(&id).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "half and half");
        files.remove(&id).unwrap();
        files.remove(&id).unwrap();
        assert_eq!(files.list().unwrap(), []);
    }

    #[test]
    fn what_breaks_off_leaves_nothing_behind_whole_or_not() {
        let (_temporary, files) = folder();
        for complete in [false, true] {
            let mut incoming = files.receive(&FileId::random().unwrap()).unwrap();
            incoming.write(b"something").unwrap();
            if complete {
                incoming.complete().unwrap();
            }
            assert_eq!(files.list().unwrap().len(), 1);
            drop(incoming);
            assert_eq!(files.list().unwrap(), []);
        }
    }

    #[test]
    fn what_is_under_way_is_told_apart_from_what_is_left_over() {
        let (temporary, files) = folder();
        let id = FileId::random().unwrap();
        let mut incoming = files.receive(&id).unwrap();
        assert!(files.abandoned(&id).unwrap().is_none());
        incoming.complete().unwrap();
        assert!(
            files.abandoned(&id).unwrap().is_none(),
            "the database may not know it yet"
        );
        incoming.keep();
        files.abandoned(&id).unwrap().unwrap().remove().unwrap();

        // As kill -9 leaves it.
        let left = FileId::random().unwrap();
        let path = temporary.path().join(format!("data/files/{left}.part"));
        fs::write(path, "half").unwrap();
        assert_eq!(files.list().unwrap(), std::slice::from_ref(&left));
        files.abandoned(&left).unwrap().unwrap().remove().unwrap();
        assert_eq!(files.list().unwrap(), []);
    }

    #[test]
    fn nobody_else_on_the_machine_may_look_into_it() {
        use std::os::unix::fs::PermissionsExt;
        let (temporary, files) = folder();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let folder = temporary.path().join("data/files");
        assert_eq!(mode(&folder), 0o700);
        let id = FileId::random().unwrap();
        let _incoming = files.receive(&id).unwrap();
        assert_eq!(mode(&folder.join(format!("{id}{PART}"))), 0o600);
    }
}
