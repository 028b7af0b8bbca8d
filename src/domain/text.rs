//! What may be said.

use super::{Code, Refusal};

/// How long a text may be.
#[derive(Clone, Copy, Debug)]
pub struct TextLimits {
    /// In characters (Unicode scalar values).
    pub chars: usize,
    /// In bytes of UTF-8.
    pub bytes: usize,
}

/// Says whether a text may be stored.
///
/// # Errors
/// [`Code::TextEmpty`], [`Code::TextInvalid`] or [`Code::TextTooLong`], with what was seen and what
/// is allowed.
pub fn check_text(text: &str, limits: TextLimits) -> Result<(), Refusal> {
    if text.len() > limits.bytes {
        let seen = text.len();
        let allowed = limits.bytes;
        return Err(Refusal::new(
            Code::TextTooLong,
            format!("text has {seen} bytes; at most {allowed} are allowed"),
        ));
    }
    let chars = text.chars().count();
    if chars > limits.chars {
        let allowed = limits.chars;
        return Err(Refusal::new(
            Code::TextTooLong,
            format!("text has {chars} characters; at most {allowed} are allowed"),
        ));
    }
    if text.contains('\0') {
        return Err(Refusal::new(
            Code::TextInvalid,
            "text contains U+0000, which is not allowed",
        ));
    }
    if text.chars().all(char::is_whitespace) {
        return Err(Refusal::new(
            Code::TextEmpty,
            "text is blank; write something",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random;

    const LIMITS: TextLimits = TextLimits {
        chars: 4,
        bytes: 12,
    };

    #[test]
    fn texts_at_and_past_each_limit() {
        for (text, expected) in [
            ("a", Ok(())),
            ("你好吗？", Ok(())),
            ("abcd", Ok(())),
            (" a\n", Ok(())),
            ("abcde", Err(Code::TextTooLong)),
            ("😀😀😀😀", Err(Code::TextTooLong)),
            ("", Err(Code::TextEmpty)),
            (" \n\t\u{3000}", Err(Code::TextEmpty)),
            ("a\0", Err(Code::TextInvalid)),
        ] {
            assert_eq!(
                check_text(text, LIMITS).map_err(|r| r.code),
                expected,
                "{text:?}"
            );
        }
    }

    proptest! {
        #![proptest_config(random::cases(1_000))]

        #[test]
        fn what_may_be_stored_is_said_within_the_limits(text in "(\\PC|[\\x00 \\n]){0,8}") {
            match check_text(&text, LIMITS).map_err(|refusal| refusal.code) {
                Ok(()) => prop_assert!(
                    text.chars().count() <= LIMITS.chars
                        && text.len() <= LIMITS.bytes
                        && !text.contains('\0')
                        && !text.trim().is_empty()
                ),
                Err(code) => prop_assert_eq!(code.status(), 400),
            }
        }
    }
}
