//! Tags: short names that agents put on conversations.

use super::{Code, Refusal, TagId};

/// A tag. It exists as long as a conversation has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Names it.
    pub id: TagId,
    /// As whoever used it first wrote it.
    pub name: String,
}

/// A tag's name in its standard form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagName(String);

/// Why a conversation did not get a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untagged {
    /// There is no such conversation.
    NotFound,
    /// It has [`Tag::MOST_OF_ONE`] already, or there are [`Tag::MOST`] in all.
    TooMany,
}

impl Tag {
    /// How many a conversation may have.
    pub const MOST_OF_ONE: usize = 20;
    /// How many there may be.
    pub const MOST: usize = 1_000;
}

impl TagName {
    const CHARS: usize = 40;

    /// What somebody typed; white space is one space each, and none around it.
    ///
    /// # Errors
    /// [`Code::BadRequest`].
    pub fn read(typed: &str) -> Result<Self, Refusal> {
        let name = typed.split_whitespace().collect::<Vec<_>>().join(" ");
        if !(1..=Self::CHARS).contains(&name.chars().count()) || name.chars().any(char::is_control)
        {
            return Err(Refusal::bad_request(
                "name must have 1 to 40 characters, none of them a control character",
            ));
        }
        Ok(Self(name))
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is the same for names that are the same: upper case counts as lower.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

impl From<Untagged> for Refusal {
    fn from(why: Untagged) -> Self {
        match why {
            Untagged::NotFound => Self::conversation_not_found(),
            Untagged::TooMany => Self::new(
                Code::LimitReached,
                format!(
                    "a conversation may have {} tags, and there may be {} in all",
                    Tag::MOST_OF_ONE,
                    Tag::MOST
                ),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_spelling() {
        let name = TagName::read("  Late\t Parcel ").unwrap();
        assert_eq!(
            (name.as_str(), name.folded().as_str()),
            ("Late Parcel", "late parcel")
        );
        assert_eq!(TagName::read("退款").unwrap().folded(), "退款");
        for bad in ["", " ", "a\u{7}", &"长".repeat(41)] {
            assert!(TagName::read(bad).is_err(), "{bad:?}");
        }
    }
}
