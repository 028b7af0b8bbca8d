//! Where an export goes on. Opaque to whoever holds it: it says only what they have been given already.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{Totals, checksum::Checksum};
use crate::{
    domain::{ConversationId, Seq, Timestamp, rfc3339},
    store::Cursor,
};

/// Longer than any that was ever given out.
const LONGEST: usize = 1_000;

/// A place in an export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportCursor {
    /// When the export was begun; `None` before that.
    pub(super) made_at: Option<Timestamp>,
    /// The last conversation that is there as a whole.
    pub(super) before: Option<Cursor>,
    /// The one that is there up to a message.
    pub(super) within: Option<(ConversationId, Seq)>,
    /// What is there.
    pub(super) totals: Totals,
    /// Of all bytes so far.
    pub(super) checksum: Checksum,
}

/// A string that is no cursor of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is what came with an earlier part of the same export")]
pub struct NotAnExportCursor;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    made_at: Option<String>,
    before: Option<String>,
    within: Option<(i64, i64)>,
    totals: Totals,
    sum: Checksum,
}

impl ExportCursor {
    /// When the export was begun, if it has been.
    pub fn made_at(&self) -> Option<Timestamp> {
        self.made_at
    }
}

impl fmt::Display for ExportCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = Written {
            made_at: self.made_at.map(rfc3339),
            before: self.before.map(|cursor| cursor.to_string()),
            within: self.within.map(|(id, seq)| (id.0, seq.0)),
            totals: self.totals,
            sum: self.checksum.clone(),
        };
        let json = serde_json::to_vec(&written).map_err(|_| fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode(json))
    }
}

impl FromStr for ExportCursor {
    type Err = NotAnExportCursor;

    fn from_str(text: &str) -> Result<Self, NotAnExportCursor> {
        if text.len() > LONGEST {
            return Err(NotAnExportCursor);
        }
        let json = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| NotAnExportCursor)?;
        let written: Written = serde_json::from_slice(&json).map_err(|_| NotAnExportCursor)?;
        let before = written
            .before
            .map(|cursor| cursor.parse().map_err(|_| NotAnExportCursor));
        let made_at = written
            .made_at
            .map(|at| at.parse().map_err(|_| NotAnExportCursor));
        Ok(Self {
            made_at: made_at.transpose()?,
            before: before.transpose()?,
            within: written
                .within
                .map(|(id, seq)| (ConversationId(id), Seq(seq))),
            totals: written.totals,
            checksum: written.sum,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_is_one() {
        let mut cursor = ExportCursor {
            made_at: "2026-11-25T08:00:00.123Z".parse().ok(),
            before: Some("1764000000123-42".parse().unwrap()),
            within: Some((ConversationId(41), Seq(200))),
            totals: Totals {
                conversations: u64::MAX,
                messages: 7,
            },
            checksum: Checksum::default(),
        };
        cursor.checksum.update(&[b'x'; 63]);
        let text = cursor.to_string();
        assert!(text.len() < LONGEST, "{}", text.len());
        assert_eq!(text.parse(), Ok(cursor));
        for bad in ["", "x", "e30", &text[1..], &"A".repeat(LONGEST + 1)] {
            assert_eq!(bad.parse::<ExportCursor>(), Err(NotAnExportCursor), "{bad}");
        }
    }

    proptest! {
        #![proptest_config(random::cases(500))]

        #[test]
        fn any_text_is_a_cursor_that_reads_back_or_none(
            text in any::<String>(),
            json in random::json(&["made_at", "before", "within", "totals", "conversations", "messages", "sum"]),
            good in random::spoilt(vec![
                r#"{"made_at":"2026-11-25T08:00:00.123Z","before":"1764000000123-42","within":[41,200],"totals":{"conversations":9,"messages":7},"sum":""}"#.to_owned(),
            ]),
        ) {
            for text in [text, URL_SAFE_NO_PAD.encode(json), URL_SAFE_NO_PAD.encode(good)] {
                if let Ok(cursor) = text.parse::<ExportCursor>() {
                    prop_assert_eq!(cursor.to_string().parse(), Ok(cursor), "{}", text);
                }
            }
        }
    }
}
