//! How large, of what kind and how many files may be.

use super::{Invalid, Section};
use crate::domain::FileLimits;

/// The largest file that can be set, in bytes.
const LARGEST: u64 = 100 << 20;
/// The most that can be set for a conversation and for an hour.
const MANY: u32 = 10_000;
/// The most that can be set for all files together, in bytes.
const ALL: u64 = 1 << 50;

impl Section for FileLimits {
    fn check(&self) -> Result<(), Invalid> {
        let range = |field, seen: u64, least: u64, most: u64| {
            let message = || format!("must be from {least} to {most}");
            let ok = (least..=most).contains(&seen);
            ok.then_some(())
                .ok_or_else(|| Invalid::new(field, message()))
        };
        range("bytes", self.bytes, 0, LARGEST)?;
        range(
            "per_conversation",
            self.per_conversation.into(),
            1,
            MANY.into(),
        )?;
        range("per_hour", self.per_hour.into(), 1, MANY.into())?;
        range("quota_bytes", self.quota_bytes, 0, ALL)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::FileGroup;

    #[test]
    fn limits_are_within_limits() {
        let usual = FileLimits::default;
        for (limits, wrong) in [
            (usual(), None),
            (
                FileLimits {
                    bytes: 0,
                    ..usual()
                },
                None,
            ),
            (
                FileLimits {
                    groups: BTreeSet::new(),
                    ..usual()
                },
                None,
            ),
            (
                FileLimits {
                    bytes: LARGEST + 1,
                    ..usual()
                },
                Some("bytes"),
            ),
            (
                FileLimits {
                    per_conversation: 0,
                    ..usual()
                },
                Some("per_conversation"),
            ),
            (
                FileLimits {
                    per_hour: MANY + 1,
                    ..usual()
                },
                Some("per_hour"),
            ),
            (
                FileLimits {
                    quota_bytes: ALL + 1,
                    ..usual()
                },
                Some("quota_bytes"),
            ),
        ] {
            let invalid = limits.check().err().map(|invalid| invalid.field);
            assert_eq!(invalid.as_deref(), wrong);
        }
        let given = serde_json::json!({"groups": ["images", "archives"]});
        let read: FileLimits = serde_json::from_value(given).unwrap();
        assert_eq!(
            read.groups,
            BTreeSet::from([FileGroup::Images, FileGroup::Archives])
        );
        assert_eq!(read.bytes, usual().bytes);
    }
}
