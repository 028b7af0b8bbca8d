//! How long conversations are kept.

use serde::{Deserialize, Serialize};

use super::{Invalid, Section};
use crate::domain::{Status, TagName};

/// Rules that there may be.
const RULES: usize = 50;
/// The most that a rule may say: a hundred years.
const DAYS: u32 = 36_500;

/// What becomes of conversations in which nothing happens any more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Retention {
    /// The first that fits a conversation decides; what none fits is kept for ever.
    pub rules: Vec<RetentionRule>,
}

/// How long some conversations are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionRule {
    /// Only those that stand so; closed ones where it is not said, `None` is any.
    #[serde(default = "closed")]
    pub status: Option<Status>,
    /// Only those that have this tag.
    #[serde(default)]
    pub tag: Option<String>,
    /// How many days after their last message; `None` is for ever.
    pub days: Option<u32>,
}

#[allow(clippy::unnecessary_wraps, reason = "serde wants the field's own type")]
fn closed() -> Option<Status> {
    Some(Status::Closed)
}

impl Section for Retention {
    fn check(&self) -> Result<(), Invalid> {
        if self.rules.len() > RULES {
            let message = format!("must have at most {RULES} rules");
            return Err(Invalid::new("rules", message));
        }
        for (at, rule) in self.rules.iter().enumerate() {
            if rule.days.is_some_and(|days| !(1..=DAYS).contains(&days)) {
                let message = format!("must be from 1 to {DAYS}, or null");
                return Err(Invalid::new(format!("rules.{at}.days"), message));
            }
            let name = rule.tag.as_deref().map(TagName::read);
            if let Some(Err(_)) = name {
                let message = "must be the name of a tag, or null";
                return Err(Invalid::new(format!("rules.{at}.tag"), message));
            }
        }
        Ok(())
    }
}

impl Retention {
    /// How many days a conversation is kept after its last message; `None`: for ever. `tags` as they are
    /// compared (`TagName::folded`).
    pub fn days(&self, status: Status, tags: &[String]) -> Option<u32> {
        let fits = |rule: &&RetentionRule| {
            let tag = rule.tag.as_deref().map(TagName::read);
            let tagged = match tag {
                None => true,
                Some(Ok(name)) => tags.contains(&name.folded()),
                Some(Err(_)) => false,
            };
            tagged && rule.status.is_none_or(|only| only == status)
        };
        self.rules.iter().find(fits)?.days
    }

    /// The shortest time of all rules: what is younger need not be looked at. `None`: all is kept.
    pub fn shortest(&self) -> Option<u32> {
        self.rules.iter().filter_map(|rule| rule.days).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(json: &str) -> Retention {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let retention = rules(
            r#"{"rules":[{"tag":"VIP","status":null,"days":null},{"tag":"spam","days":7},{"days":365}]}"#,
        );
        retention.check().unwrap();
        let tags = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        for (status, names, days) in [
            (Status::Closed, &[][..], Some(365)),
            (Status::Closed, &["spam"], Some(7)),
            (Status::Closed, &["spam", "vip"], None),
            (Status::Open, &["spam"], None),
            (Status::Waiting, &[], None),
        ] {
            assert_eq!(
                retention.days(status, &tags(names)),
                days,
                "{status:?} {names:?}"
            );
        }
        assert_eq!(retention.shortest(), Some(7));
    }

    #[test]
    fn nothing_set_is_for_ever() {
        assert_eq!(Retention::default().days(Status::Closed, &[]), None);
        assert_eq!(Retention::default().shortest(), None);
    }

    #[test]
    fn rules_that_mean_nothing_are_refused() {
        for (json, field) in [
            (r#"{"rules":[{"days":0}]}"#, "rules.0.days"),
            (r#"{"rules":[{"days":99999}]}"#, "rules.0.days"),
            (
                r#"{"rules":[{"days":1},{"days":1,"tag":" "}]}"#,
                "rules.1.tag",
            ),
        ] {
            assert_eq!(rules(json).check().unwrap_err().field, field);
        }
    }
}
