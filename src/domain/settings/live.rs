//! The settings as they are now, for every part of a process.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::{Settings, StoredSection};

/// A handle on the settings of a process. Cheap to clone; all clones see the same.
#[derive(Clone, Default)]
pub struct LiveSettings {
    held: Arc<RwLock<Held>>,
}

#[derive(Default)]
struct Held {
    settings: Arc<Settings>,
    /// Of each section that has ever been changed.
    versions: BTreeMap<String, i64>,
}

impl LiveSettings {
    /// As they are now. Whoever needs them for longer asks again.
    pub fn current(&self) -> Arc<Settings> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&held.settings)
    }

    /// Whether what is stored is newer than what is held.
    pub fn is_behind(&self, versions: &[(String, i64)]) -> bool {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        versions
            .iter()
            .any(|(name, version)| held.versions.get(name) < Some(version))
    }

    /// Takes what is stored, section by section, where it is newer than what is held: whoever read earlier
    /// may come later. Returns what could not be read, which stays as it was.
    pub fn learn(&self, stored: &[StoredSection]) -> Vec<String> {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let mut settings = Settings::clone(&held.settings);
        let mut problems = Vec::new();
        let mut news = false;
        for section in stored {
            if held.versions.get(&section.name) >= Some(&section.version) {
                continue;
            }
            news = true;
            held.versions.insert(section.name.clone(), section.version);
            if let Err(error) = settings.load(section) {
                problems.push(format!("{}: {error}", section.name));
            }
        }
        if news {
            held.settings = Arc::new(settings);
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::stored, *};

    #[test]
    fn an_older_reading_changes_nothing_back() {
        let live = LiveSettings::default();
        let (old, new) = (r#"{"name":"old"}"#, r#"{"name":"new"}"#);
        assert!(live.is_behind(&[("look".to_owned(), 1)]));
        live.learn(&[stored("look", 2, new)]);
        let held = live.current();
        live.learn(&[stored("look", 1, old)]);
        assert_eq!(live.current().look.name, "new");
        assert!(Arc::ptr_eq(&held, &live.current()));
        assert!(!live.is_behind(&[("look".to_owned(), 2)]));
        assert!(live.is_behind(&[("look".to_owned(), 3)]));
    }

    #[test]
    fn what_cannot_be_read_is_told_once_and_leaves_what_was() {
        let live = LiveSettings::default();
        live.learn(&[stored("look", 1, r#"{"name":"Tea"}"#)]);
        let broken = [stored("look", 2, "nonsense")];
        assert_eq!(live.learn(&broken).len(), 1);
        assert_eq!(live.learn(&broken).len(), 0);
        assert_eq!(live.current().look.name, "Tea");
    }
}
