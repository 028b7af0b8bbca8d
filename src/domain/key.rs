//! Secrets and keys: the token that a customer's page or an agent's login holds, its hash, which is
//! all that the server keeps, and the key by which a client retries a message.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// Characters of a token: 32 random bytes in base64url without padding.
pub const TOKEN_CHARS: usize = 43;

/// A bearer secret of 256 random bits. Never stored, never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Reads what a client sent; `None` unless it is exactly 32 bytes in base64url.
    pub fn parse(s: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(s).ok()?;
        (s.len() == TOKEN_CHARS && bytes.len() == 32).then(|| Self(s.to_owned()))
    }

    /// A new secret from the system's random source.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The secret itself, to hand to its owner.
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

macro_rules! hashed {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; 32]);

        impl From<&Token> for $name {
            fn from(token: &Token) -> Self {
                Self(token.hash())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

hashed!(
    /// SHA-256 of a customer's token: how the server knows a customer again.
    CustomerKey
);
hashed!(
    /// SHA-256 of the token of an agent's login.
    SessionKey
);

/// The client's own key of a message: 1–64 of `A–Z a–z 0–9 _ -`, compared byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    /// Reads what a client sent; `None` when it is empty, too long or has other characters.
    pub fn parse(s: &str) -> Option<Self> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        ((1..=64).contains(&s.len()) && s.bytes().all(allowed)).then(|| Self(s.to_owned()))
    }

    /// The key as the client wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_32_bytes_in_base64url() {
        let token = Token::random().unwrap();
        assert_eq!(token.expose().len(), TOKEN_CHARS);
        assert_eq!(Token::parse(token.expose()), Some(token.clone()));
        let long = format!("{}A", token.expose());
        for bad in [
            "",
            "short",
            &long,
            &token.expose()[1..],
            &"=".repeat(43),
            &"+".repeat(43),
        ] {
            assert_eq!(Token::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let token = Token::random().unwrap();
        let printed = format!("{token:?} {:?}", CustomerKey::from(&token));
        assert_eq!(printed, "Token(…) CustomerKey(…)");
    }

    #[test]
    fn a_client_id_is_short_and_plain() {
        let longest = "x".repeat(64);
        for good in [
            "a",
            "6f1c1a9e-3a57-4b6e-9a55-0c6f7f0f2a10",
            "A_b-9",
            &longest,
        ] {
            assert!(ClientId::parse(good).is_some(), "{good:?}");
        }
        for bad in ["", &"x".repeat(65), "a b", "ключ", "a\0", "a'b"] {
            assert!(ClientId::parse(bad).is_none(), "{bad:?}");
        }
    }
}
