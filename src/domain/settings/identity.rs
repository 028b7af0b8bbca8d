//! What the host site signs its visitors' tokens with (docs/IDENTITY.md).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Invalid, Section};
use crate::domain::{IdentitySecret, SECRET_BYTES};

/// Longer ones help nobody.
const LONGEST_SECRET: usize = 1_024;

/// Secrets, each of which is good; none where nobody can be identified. Shown as empty texts, which in a
/// change mean: as it is.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// The one to sign with.
    pub secret: Option<String>,
    /// The one before, good until it is taken away, so that the site can change over at leisure.
    pub old_secret: Option<String>,
}

impl Identity {
    /// What a token may be signed with.
    pub fn secrets(&self) -> impl Iterator<Item = IdentitySecret> {
        let both = [&self.secret, &self.old_secret];
        both.into_iter()
            .filter_map(|secret| IdentitySecret::new(secret.as_ref()?))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = |secret: &Option<String>| secret.as_ref().map(|_| "…");
        f.debug_struct("Identity")
            .field("secret", &set(&self.secret))
            .field("old_secret", &set(&self.old_secret))
            .finish()
    }
}

impl Section for Identity {
    fn check(&self) -> Result<(), Invalid> {
        for (field, secret) in [("secret", &self.secret), ("old_secret", &self.old_secret)] {
            let Some(secret) = secret else { continue };
            if !(SECRET_BYTES..=LONGEST_SECRET).contains(&secret.len()) {
                let allowed = format!("must have {SECRET_BYTES} to {LONGEST_SECRET} bytes");
                return Err(Invalid::new(field, allowed));
            }
        }
        Ok(())
    }

    fn conceal(&mut self) {
        for secret in [&mut self.secret, &mut self.old_secret]
            .into_iter()
            .flatten()
        {
            secret.clear();
        }
    }

    fn settle(&mut self, before: &Self) {
        let keep = |now: &mut Option<String>, before: &Option<String>| {
            let same = now.as_deref() == Some("");
            if same {
                now.clone_from(before);
            }
            same
        };
        let kept = keep(&mut self.secret, &before.secret);
        let old_kept = keep(&mut self.old_secret, &before.old_secret);
        if self.secret.is_none() {
            self.old_secret = None;
        } else if !kept && self.secret != before.secret && before.secret.is_some() {
            let given = !old_kept && self.old_secret != before.old_secret;
            if !given {
                self.old_secret.clone_from(&before.secret);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::domain::settings::Settings;

    const ONE: &str = "one: at least thirty-two bytes long";
    const TWO: &str = "two: at least thirty-two bytes long";

    fn change(settings: &mut Settings, value: Value) -> Result<(), Invalid> {
        let given: Map<String, Value> = serde_json::from_value(value).unwrap();
        settings.change("identity", given).map(|_| ())
    }

    fn held(settings: &Settings) -> (Option<&str>, Option<&str>) {
        let Identity { secret, old_secret } = &settings.identity;
        (secret.as_deref(), old_secret.as_deref())
    }

    #[test]
    fn a_new_secret_leaves_the_one_before_good_until_it_is_taken_away() {
        let mut settings = Settings::default();
        change(&mut settings, json!({"secret": ONE, "old_secret": null})).unwrap();
        assert_eq!(held(&settings), (Some(ONE), None));
        change(&mut settings, json!({"secret": TWO, "old_secret": null})).unwrap();
        assert_eq!(held(&settings), (Some(TWO), Some(ONE)));
        assert_eq!(settings.identity.secrets().count(), 2);
        change(&mut settings, json!({"secret": "", "old_secret": null})).unwrap();
        assert_eq!(held(&settings), (Some(TWO), None));
        change(&mut settings, json!({"secret": null})).unwrap();
        assert_eq!(held(&settings), (None, None));
    }

    #[test]
    fn a_secret_is_never_shown_and_what_is_shown_changes_nothing() {
        let mut settings = Settings::default();
        change(&mut settings, json!({"secret": ONE, "old_secret": TWO})).unwrap();
        let shown = settings.shown("identity").unwrap();
        assert_eq!(shown, json!({"secret": "", "old_secret": ""}));
        assert!(!format!("{settings:?}").contains("bytes long"));
        change(&mut settings, shown).unwrap();
        assert_eq!(held(&settings), (Some(ONE), Some(TWO)));
    }

    #[test]
    fn a_secret_too_short_to_sign_with_is_refused() {
        let mut settings = Settings::default();
        let refused = change(
            &mut settings,
            json!({"secret": "31 bytes are not enough to sign"}),
        );
        assert_eq!(refused.unwrap_err().field, "identity.secret");
        // There is none to keep.
        change(&mut settings, json!({"secret": ""})).unwrap();
        assert_eq!(held(&settings), (None, None));
    }
}
