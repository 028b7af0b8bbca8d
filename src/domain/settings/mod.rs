//! What a business changes while Kefu runs: kept in the database by section, changed by admins, in effect
//! at once. Everything here is plain data and pure functions.
//!
//! A new section is a struct of its own in a file of its own that is a [`Section`], and a line in the list
//! below; its form on the page is a component of its own (`static/agent/settings/`).

mod asking;
mod assignment;
mod colour;
mod files;
mod greeting;
mod hours;
mod identity;
mod languages;
mod live;
mod look;
mod retention;
mod words;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

pub use self::{
    asking::Asking,
    colour::{Accent, Palette},
    greeting::Greeting,
    hours::{Dates, Hours, Opening, Range, Weekly},
    identity::Identity,
    languages::Languages,
    live::LiveSettings,
    look::{Logo, Look},
    retention::{Retention, RetentionRule},
    words::Words,
};
use super::{AgentRef, AssignmentRules, FileLimits, Timestamp};

/// A part of the settings that is shown, stored and changed as a whole.
///
/// It must have `#[serde(default)]`: an older row lacks what a newer program knows, a newer row has what
/// an older program does not, and neither may keep the server from starting.
pub trait Section: Clone + Default + Serialize + DeserializeOwned {
    /// Holds the values against what is allowed.
    ///
    /// # Errors
    /// The first field that is not, without the section's name.
    fn check(&self) -> Result<(), Invalid>;

    /// Takes out what may be written and never read back, such as a secret.
    fn conceal(&mut self) {}

    /// Puts what was before in the place of what was not shown, and whatever else follows from a change.
    fn settle(&mut self, _before: &Self) {}
}

macro_rules! sections {
    ($($(#[$doc:meta])* $name:ident: $Section:ty,)*) => {
        /// All sections.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Settings { $($(#[$doc])* pub $name: $Section,)* }

        impl Settings {
            /// The sections by name, as they stand in the database and on the wire.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name),)*];

            /// A section as it may be shown; `None` where there is none of this name.
            pub fn shown(&self, name: &str) -> Option<Value> {
                match name {
                    $(stringify!($name) => {
                        let mut section = self.$name.clone();
                        section.conceal();
                        Some(json(&section))
                    })*
                    _ => None,
                }
            }

            fn whole(&self, name: &str) -> Option<Value> {
                match name {
                    $(stringify!($name) => Some(json(&self.$name)),)*
                    _ => None,
                }
            }

            fn set(&mut self, name: &str, value: Value) -> Result<(), serde_json::Error> {
                match name {
                    $(stringify!($name) => self.$name = serde_json::from_value(value)?,)*
                    _ => {}
                }
                Ok(())
            }

            fn settle(&mut self, name: &str, before: &Self) {
                match name {
                    $(stringify!($name) => self.$name.settle(&before.$name),)*
                    _ => {}
                }
            }

            fn check(&self, name: &str) -> Result<(), Invalid> {
                match name {
                    $(stringify!($name) => self.$name.check(),)*
                    _ => Ok(()),
                }
            }
        }
    };
}

sections! {
    /// How the customer's page looks.
    look: Look,
    /// What a customer reads first.
    greeting: Greeting,
    /// When somebody is there, and how soon they answer.
    hours: Hours,
    /// What the customer's page speaks.
    languages: Languages,
    /// What files may be.
    files: FileLimits,
    /// What a customer is asked for.
    asking: Asking,
    /// What the server does on its own with conversations.
    assignment: AssignmentRules,
    /// Whom the host site may speak for.
    identity: Identity,
    /// How long conversations are kept.
    retention: Retention,
}

/// A value that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {message}")]
pub struct Invalid {
    /// Which, by its path: `hours.weekly.mon.0.to`.
    pub field: String,
    /// What is allowed: "must be …".
    pub message: String,
}

impl Invalid {
    /// A field with what is allowed there.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }

    fn within(self, section: &str) -> Self {
        Self {
            field: format!("{section}.{}", self.field),
            message: self.message,
        }
    }
}

/// A section as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSection {
    /// Which.
    pub name: String,
    /// How often it has been changed; one that never was is not stored.
    pub version: i64,
    /// JSON.
    pub value: String,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// By whom.
    pub changed_by: Option<AgentRef>,
}

impl Settings {
    /// Takes a stored section. What cannot be read leaves the section as it is and is told; what is not
    /// known is ignored.
    pub fn load(&mut self, stored: &StoredSection) -> Result<(), serde_json::Error> {
        self.set(&stored.name, serde_json::from_str(&stored.value)?)
    }

    /// Changes the fields of a section that are given, and returns the section as it is to be stored.
    ///
    /// # Errors
    /// The field that is unknown, of the wrong type, or not allowed; nothing is changed then.
    pub fn change(&mut self, name: &str, given: Map<String, Value>) -> Result<String, Invalid> {
        let Some(Value::Object(mut section)) = self.whole(name) else {
            let all = Self::NAMES.join(", ");
            return Err(Invalid::new(
                name,
                format!("is no section; there are {all}"),
            ));
        };
        let mut changed = self.clone();
        for (field, value) in given {
            let invalid = |message: String| Invalid::new(field.as_str(), message).within(name);
            let Some(place) = section.get_mut(&field) else {
                return Err(invalid("is no setting".to_owned()));
            };
            *place = value;
            changed
                .set(name, Value::Object(section.clone()))
                .map_err(|error| invalid(format!("cannot be read: {error}")))?;
        }
        changed.settle(name, self);
        changed
            .check(name)
            .map_err(|invalid| invalid.within(name))?;
        *self = changed;
        Ok(self.whole(name).unwrap_or_default().to_string())
    }
}

/// Structs of texts, numbers and lists: there is nothing in them that JSON cannot hold.
fn json(section: &impl Serialize) -> Value {
    serde_json::to_value(section).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::now;

    fn given(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    pub fn stored(name: &str, version: i64, value: &str) -> StoredSection {
        StoredSection {
            name: name.to_owned(),
            version,
            value: value.to_owned(),
            changed_at: now(),
            changed_by: None,
        }
    }

    #[test]
    fn the_defaults_of_every_section_are_allowed_and_come_back_as_they_went() {
        let defaults = Settings::default();
        for name in Settings::NAMES {
            defaults.check(name).unwrap();
            let mut read = Settings::default();
            let value = defaults.whole(name).unwrap().to_string();
            read.load(&stored(name, 1, &value)).unwrap();
            assert_eq!(read, defaults);
        }
    }

    #[test]
    fn what_is_unknown_or_missing_in_the_database_keeps_nothing_from_starting() {
        let mut settings = Settings::default();
        for name in Settings::NAMES {
            settings.load(&stored(name, 1, "{}")).unwrap();
            settings
                .load(&stored(name, 2, r#"{"of_the_future":[1]}"#))
                .unwrap();
        }
        settings.load(&stored("of_the_future", 1, "{}")).unwrap();
        assert_eq!(settings, Settings::default());
        // What cannot be read at all is told, and leaves what was.
        assert!(settings.load(&stored("look", 3, "nonsense")).is_err());
        assert!(settings.load(&stored("look", 3, r#"{"name":5}"#)).is_err());
        assert_eq!(settings, Settings::default());
    }

    #[test]
    fn what_is_not_given_stays() {
        let mut settings = Settings::default();
        settings
            .change("look", given(json!({"name": "Tea"})))
            .unwrap();
        let text = settings
            .change("look", given(json!({"accent": "#004488"})))
            .unwrap();
        assert_eq!(settings.look.name, "Tea");
        let mut read = Settings::default();
        read.load(&stored("look", 1, &text)).unwrap();
        assert_eq!(read, settings);
    }

    #[test]
    fn a_refusal_names_the_field_and_changes_nothing() {
        let mut settings = Settings::default();
        for (name, value, field) in [
            ("looks", json!({}), "looks"),
            ("look", json!({"nmae": "Tea"}), "look.nmae"),
            ("look", json!({"name": 5}), "look.name"),
            (
                "look",
                json!({"name": "Tea", "accent": "blue"}),
                "look.accent",
            ),
            ("hours", json!({"weekly": 5}), "hours.weekly"),
        ] {
            let refused = settings.change(name, given(value)).unwrap_err();
            assert_eq!(refused.field, field, "{refused}");
        }
        assert_eq!(settings, Settings::default());
    }
}
