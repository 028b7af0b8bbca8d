//! Numbers that name things. On the wire ids are strings (JavaScript loses integers above 2^53).

use std::{fmt, str::FromStr};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            /// Digits only, 1 to 2^63 − 1, without sign or leading zero: one id has one spelling.
            fn from_str(s: &str) -> Result<Self, NotAnId> {
                if s.is_empty() || s.starts_with('0') || !s.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(NotAnId);
                }
                s.parse().map(Self).map_err(|_| NotAnId)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// One customer's talk with the business; in a shared room the one talk of everybody.
    ConversationId
);
id!(
    /// A person who asks. Exists from their first message on.
    CustomerId
);
id!(
    /// A person who answers and has an account.
    AgentId
);

id!(
    /// One keeping out of a customer or a network.
    BlockId
);
id!(
    /// A saved reply.
    ReplyId
);
id!(
    /// A tag.
    TagId
);

/// A string that is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id is a string of digits such as \"42\"")]
pub struct NotAnId;

/// A message's place in its conversation: 1, 2, 3 … without gaps; 0 is "before the first".
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(transparent)]
pub struct Seq(pub i64);

impl Seq {
    /// Before the first message.
    pub const ZERO: Self = Self(0);

    /// The place after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The place before this one.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0 - 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        for bad in [
            "",
            "0",
            "007",
            "-1",
            "+1",
            " 1",
            "1.0",
            "9223372036854775808",
            "１",
        ] {
            assert_eq!(bad.parse::<ConversationId>(), Err(NotAnId), "{bad:?}");
        }
        assert_eq!("9223372036854775807".parse(), Ok(ConversationId(i64::MAX)));
    }

    #[test]
    fn ids_are_strings_on_the_wire() {
        let id = ConversationId(9_007_199_254_740_993);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, r#""9007199254740993""#);
        assert_eq!(serde_json::from_str::<ConversationId>(&json).unwrap(), id);
        assert!(serde_json::from_str::<ConversationId>("42").is_err());
    }
}
