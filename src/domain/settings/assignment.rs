//! What the server does on its own with conversations ([`AssignmentRules`]), as a section of the settings.

use super::{Invalid, Section};
use crate::domain::{AssignmentRules, MAX_CAPACITY};

/// Shorter, a lease would end while a slow database still moves it on.
const SHORTEST_GRACE_S: u32 = 2;
const LONGEST_GRACE_S: u32 = 600;
const LONGEST_RETURN_S: u32 = 86_400;

impl Section for AssignmentRules {
    fn check(&self) -> Result<(), Invalid> {
        let within = |field: &str, value: u32, least: u32, most: u32| {
            if (least..=most).contains(&value) {
                Ok(())
            } else {
                let allowed = format!("must be from {least} to {most}");
                Err(Invalid::new(field, allowed))
            }
        };
        within("capacity", self.capacity, 0, MAX_CAPACITY)?;
        within("grace_s", self.grace_s, SHORTEST_GRACE_S, LONGEST_GRACE_S)?;
        within("return_after_s", self.return_after_s, 0, LONGEST_RETURN_S)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_within_reason() {
        let rules = AssignmentRules::default();
        for (rules, wrong) in [
            (rules, None),
            (
                AssignmentRules {
                    return_after_s: 0,
                    ..rules
                },
                None,
            ),
            (
                AssignmentRules {
                    capacity: 0,
                    ..rules
                },
                None,
            ),
            (
                AssignmentRules {
                    capacity: 1_001,
                    ..rules
                },
                Some("capacity"),
            ),
            (
                AssignmentRules {
                    grace_s: 1,
                    ..rules
                },
                Some("grace_s"),
            ),
            (
                AssignmentRules {
                    grace_s: 601,
                    ..rules
                },
                Some("grace_s"),
            ),
            (
                AssignmentRules {
                    return_after_s: 86_401,
                    ..rules
                },
                Some("return_after_s"),
            ),
        ] {
            let field = rules.check().err().map(|invalid| invalid.field);
            assert_eq!(field.as_deref(), wrong);
        }
    }
}
