//! Saved replies: texts that agents put into their messages by a short name.

use super::{AgentId, Code, Refusal, ReplyId, TextLimits, Timestamp, check_text};

/// A text to answer with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedReply {
    /// Names it.
    pub id: ReplyId,
    /// Whose; `None` is everybody's.
    pub owner: Option<AgentId>,
    /// What stands there.
    pub content: ReplyContent,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// What a saved reply says, and by which name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyContent {
    /// What follows the `/` in the composer; in lower case, without white space.
    pub shortcut: String,
    /// What a list shows beside it.
    pub title: Option<String>,
    /// The words, with placeholders such as `{customer.name}`, which the console fills.
    pub text: String,
}

/// Why a saved reply was not made or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsaved {
    /// There is none of this id for whoever asks.
    NotFound,
    /// Everybody's are changed by supervisors and admins only.
    NotAllowed,
    /// There is one of this name already.
    ShortcutTaken,
    /// There are [`SavedReply::MOST`] already.
    TooMany,
}

impl SavedReply {
    /// How many an agent may have, and how many everybody.
    pub const MOST: usize = 500;
}

impl ReplyContent {
    const SHORTCUT_CHARS: usize = 32;
    const TITLE_CHARS: usize = 100;

    /// What somebody typed, in its standard form: a `/` before the shortcut is dropped, as is white space
    /// around it and around the title.
    ///
    /// # Errors
    /// [`Code::BadRequest`] naming the field, or as [`check_text`].
    pub fn read(
        shortcut: &str,
        title: Option<&str>,
        text: String,
        limits: TextLimits,
    ) -> Result<Self, Refusal> {
        let shortcut = shortcut.trim();
        let shortcut = shortcut
            .strip_prefix('/')
            .unwrap_or(shortcut)
            .to_lowercase();
        let fits = |text: &str, most| (1..=most).contains(&text.chars().count());
        let is_word = |c: char| !c.is_whitespace() && !c.is_control() && c != '/';
        if !fits(&shortcut, Self::SHORTCUT_CHARS) || !shortcut.chars().all(is_word) {
            return Err(Refusal::bad_request(
                "shortcut must have 1 to 32 characters, none of them white space, a control character or /",
            ));
        }
        let title = title.map(str::trim).filter(|title| !title.is_empty());
        if title.is_some_and(|title| {
            !fits(title, Self::TITLE_CHARS) || title.chars().any(char::is_control)
        }) {
            return Err(Refusal::bad_request(
                "title must have at most 100 characters, none of them a control character",
            ));
        }
        check_text(&text, limits)?;
        Ok(Self {
            shortcut,
            title: title.map(str::to_owned),
            text,
        })
    }
}

impl From<Unsaved> for Refusal {
    fn from(why: Unsaved) -> Self {
        match why {
            Unsaved::NotFound => {
                Self::new(Code::SavedReplyNotFound, "there is no such saved reply")
            }
            Unsaved::NotAllowed => Self::new(
                Code::Forbidden,
                "only a supervisor or an admin changes the saved replies of everybody",
            ),
            Unsaved::ShortcutTaken => Self::new(
                Code::ShortcutTaken,
                "there is a saved reply of this shortcut already; choose another",
            ),
            Unsaved::TooMany => Self::new(
                Code::LimitReached,
                format!(
                    "at most {} saved replies are kept; delete one first",
                    SavedReply::MOST
                ),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: TextLimits = TextLimits {
        chars: 10,
        bytes: 40,
    };

    fn read(shortcut: &str, title: Option<&str>, text: &str) -> Result<ReplyContent, Code> {
        ReplyContent::read(shortcut, title, text.to_owned(), LIMITS).map_err(|r| r.code)
    }

    #[test]
    fn a_shortcut_has_one_spelling() {
        for (typed, shortcut) in [
            ("hi", "hi"),
            (" /HI ", "hi"),
            ("问候", "问候"),
            ("Äpfel-2", "äpfel-2"),
        ] {
            assert_eq!(read(typed, None, "x").unwrap().shortcut, shortcut);
        }
        for bad in ["", "/", "//", "a b", "a/b", "a\u{7}", &"x".repeat(33)] {
            assert_eq!(read(bad, None, "x"), Err(Code::BadRequest), "{bad:?}");
        }
    }

    #[test]
    fn a_title_may_be_missing_and_the_text_is_held_against_the_limits() {
        let content = read("hi", Some("  Greeting "), " x ").unwrap();
        assert_eq!(content.title.as_deref(), Some("Greeting"));
        assert_eq!(content.text, " x ");
        assert_eq!(read("hi", Some("  "), "x").unwrap().title, None);
        let long = "x".repeat(101);
        assert_eq!(read("hi", Some(&long), "x"), Err(Code::BadRequest));
        assert_eq!(read("hi", None, "  "), Err(Code::TextEmpty));
        assert_eq!(read("hi", None, "12345678901"), Err(Code::TextTooLong));
        assert_eq!(read("hi", None, "a\0"), Err(Code::TextInvalid));
    }
}
