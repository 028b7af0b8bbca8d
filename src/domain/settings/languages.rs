//! Which languages the customer's page offers.

use serde::{Deserialize, Serialize};

use super::{Invalid, Section};

/// The languages that the pages know.
const KNOWN: [&str; 2] = ["en", "zh"];

/// What the customer's page speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Languages {
    /// What a customer can choose from.
    pub offered: Vec<String>,
    /// For a customer whose browser wants none of those.
    pub default: String,
}

impl Default for Languages {
    fn default() -> Self {
        Self {
            offered: KNOWN.map(str::to_owned).to_vec(),
            default: "en".to_owned(),
        }
    }
}

impl Section for Languages {
    fn check(&self) -> Result<(), Invalid> {
        let known = |language: &String| KNOWN.contains(&language.as_str());
        if self.offered.is_empty() || !self.offered.iter().all(known) {
            let message = format!("must be one or more of {}", KNOWN.join(", "));
            return Err(Invalid::new("offered", message));
        }
        if self.offered.contains(&self.default) {
            return Ok(());
        }
        Err(Invalid::new("default", "must be one of those offered"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_a_language() {
        for (offered, default, wrong) in [
            (vec!["en", "zh"], "zh", None),
            (vec!["zh"], "zh", None),
            (vec![], "en", Some("offered")),
            (vec!["en", "fr"], "en", Some("offered")),
            (vec!["zh"], "en", Some("default")),
        ] {
            let languages = Languages {
                offered: offered.into_iter().map(str::to_owned).collect(),
                default: default.to_owned(),
            };
            let invalid = languages.check().err().map(|invalid| invalid.field);
            assert_eq!(invalid.as_deref(), wrong);
        }
    }
}
