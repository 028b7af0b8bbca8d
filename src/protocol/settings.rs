//! What a business has set, as its customers and its admins get it (docs/PROTOCOL.md §3 and §6).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Named;
use crate::domain::{
    AgentId, Settings, Timestamp, rfc3339,
    settings::{Accent, Asking, Greeting, StoredSection, Words},
};

/// The part of the settings that everybody gets who connects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettingsView {
    /// The business's name; `None` where it has not said one.
    pub name: Option<String>,
    /// Where its picture is.
    pub logo: Option<String>,
    /// The colours of the page; `None` for its own.
    pub accent: Option<Accent>,
    /// What a customer reads first; what is empty, the page says in its own words.
    pub greeting: Greeting,
    /// Whether somebody is there now.
    pub hours: HoursView,
    /// What the page speaks.
    pub languages: LanguagesView,
    /// What a customer is asked for.
    pub asking: Asking,
}

/// Whether somebody is there now, and what to expect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HoursView {
    /// By the business's hours; agents may be away all the same.
    pub open: bool,
    /// While it is not: when it will be, RFC 3339; `None` where that is not known.
    pub opens_at: Option<String>,
    /// What to say while it is not.
    pub closed_text: Words,
    /// How soon an answer comes.
    pub reply_minutes: Option<u32>,
    /// The same in words, which go before the number.
    pub reply_text: Words,
}

/// What the page speaks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LanguagesView {
    /// `en`, `zh`.
    pub offered: Vec<String>,
    /// Where the browser wants none of those.
    pub default: String,
}

impl SettingsView {
    /// The settings as they show at a moment, and until when they show so.
    pub fn at(settings: &Settings, now: Timestamp) -> (Self, Option<Timestamp>) {
        let hours = &settings.hours;
        let opening = hours.at(now);
        let look = &settings.look;
        let name = look.name.trim();
        let view = Self {
            name: (!name.is_empty()).then(|| name.to_owned()),
            logo: (look.logo()).map(|logo| format!("/api/v1/logo/{}", logo.name)),
            accent: look.accent(),
            greeting: settings.greeting.clone(),
            hours: HoursView {
                open: opening.open,
                opens_at: opening.until.filter(|_| !opening.open).map(rfc3339),
                closed_text: hours.closed_text.clone(),
                reply_minutes: hours.reply_minutes,
                reply_text: hours.reply_text.clone(),
            },
            languages: LanguagesView {
                offered: settings.languages.offered.clone(),
                default: settings.languages.default.clone(),
            },
            asking: settings.asking.clone(),
        };
        (view, opening.until)
    }
}

/// A section as admins get it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SectionView {
    /// To be sent back with a change; 0 where there never was one.
    pub version: i64,
    /// The fields, but for what may only be written.
    pub value: Value,
    /// When it was changed last, RFC 3339.
    pub changed_at: Option<String>,
    /// By whom.
    pub changed_by: Option<Named<AgentId>>,
}

impl SectionView {
    /// A section with what is stored of it.
    pub fn new(value: Value, stored: Option<&StoredSection>) -> Self {
        Self {
            version: stored.map_or(0, |stored| stored.version),
            value,
            changed_at: stored.map(|stored| rfc3339(stored.changed_at)),
            changed_by: stored.and_then(|stored| stored.changed_by.as_ref().map(Named::from)),
        }
    }
}
