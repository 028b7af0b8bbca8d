//! A text that a business writes in each language of the pages.

use serde::{Deserialize, Serialize};

use super::Invalid;

/// The same in each language; empty where the page is to say its own words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Words {
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
}

impl Words {
    /// At most so many characters in each, on as many lines as they like.
    pub(super) fn check(&self, field: &str, chars: usize) -> Result<(), Invalid> {
        for (language, text) in [("en", &self.en), ("zh", &self.zh)] {
            let odd = |c: char| c.is_control() && c != '\n';
            if text.chars().count() > chars || text.chars().any(odd) {
                return Err(Invalid::new(
                    format!("{field}.{language}"),
                    format!(
                        "must have at most {chars} characters, none of them a control character"
                    ),
                ));
            }
        }
        Ok(())
    }
}
