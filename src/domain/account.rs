//! Agents' accounts and logins.

use std::{fmt, fmt::Write, str::FromStr};

use super::{AgentId, SessionKey, Timestamp};

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Answers customers.
    Agent,
    /// Answers, and looks after the others.
    Supervisor,
    /// Also manages accounts and reviews history.
    Admin,
}

impl Role {
    /// As it stands in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Admin => "admin",
        }
    }

    /// Reads [`Role::as_str`] back.
    pub fn parse(s: &str) -> Option<Self> {
        [Self::Agent, Self::Supervisor, Self::Admin]
            .into_iter()
            .find(|role| role.as_str() == s)
    }
}

/// A signed-in agent, as every part of the program passes them around.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    /// The account.
    pub id: AgentId,
    /// The name that customers see.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// An account as those who manage accounts see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Who.
    pub me: Me,
    /// What they type to sign in; compared without regard to ASCII case.
    pub username: String,
    /// Since when it may not sign in.
    pub disabled_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// How many open conversations the server may give them; `None`: as the settings say.
    pub capacity: Option<u32>,
}

/// What is to become of an account; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// The name that customers see.
    pub name: Option<String>,
    /// What it may do.
    pub role: Option<Role>,
    /// Whether it is barred from signing in.
    pub disabled: Option<bool>,
    /// How many open conversations the server may give them; `Some(None)`: as the settings say.
    #[allow(
        clippy::option_option,
        reason = "left out, null and a number are three things"
    )]
    pub capacity: Option<Option<u32>>,
}

/// Why an account was not made or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmanaged {
    /// Whoever asks is no admin, or no longer.
    NotAdmin,
    /// There is no such account.
    NotFound,
    /// There is one of this user name already.
    UsernameTaken,
    /// Nobody does this to their own account.
    Own,
    /// Nobody would be left to manage accounts.
    LastAdmin,
}

/// From where somebody signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// The browser or program, as it calls itself.
    pub user_agent: Option<String>,
    /// The network address.
    pub address: Option<String>,
}

impl Device {
    /// Characters of a user agent that are kept.
    const USER_AGENT_CHARS: usize = 300;

    /// What is worth keeping of what a client calls itself.
    pub fn user_agent(said: &str) -> Option<String> {
        let plain: String = (said.chars())
            .filter(|c| !c.is_control())
            .take(Self::USER_AGENT_CHARS)
            .collect();
        (!plain.is_empty()).then_some(plain)
    }
}

/// Names a login to the person whose it is. Nobody can sign in by it: it is half of a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LoginId([u8; 16]);

impl From<SessionKey> for LoginId {
    fn from(SessionKey(hash): SessionKey) -> Self {
        let mut half = [0; 16];
        half.copy_from_slice(&hash[..16]);
        Self(half)
    }
}

impl fmt::Display for LoginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = self.0.iter().try_fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").map(|()| hex)
        })?;
        f.write_str(&hex)
    }
}

/// A string that names no login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a login is named by 32 hexadecimal digits in lower case")]
pub struct NotALogin;

impl FromStr for LoginId {
    type Err = NotALogin;

    fn from_str(s: &str) -> Result<Self, NotALogin> {
        let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if s.len() != 32 || !s.bytes().all(lower) {
            return Err(NotALogin);
        }
        u128::from_str_radix(s, 16)
            .map(|number| Self(number.to_be_bytes()))
            .map_err(|_| NotALogin)
    }
}

/// A login that has not ended, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Which.
    pub key: SessionKey,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it was last used, to within ten minutes.
    pub seen_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// From where.
    pub device: Device,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_has_one_name() {
        let id = LoginId::from(SessionKey([0xab; 32]));
        assert_eq!(id.to_string(), "ab".repeat(16));
        assert_eq!(id.to_string().parse(), Ok(id));
        let (upper, long) = ("AB".repeat(16), "ab".repeat(17));
        for bad in [
            "",
            "ab",
            upper.as_str(),
            &long,
            &format!("+{}", &long[..31]),
        ] {
            assert_eq!(bad.parse::<LoginId>(), Err(NotALogin), "{bad:?}");
        }
    }

    #[test]
    fn of_a_user_agent_what_can_be_shown_is_kept() {
        let said = format!("a\tb{}", "é".repeat(400));
        let kept = format!("ab{}", "é".repeat(298));
        assert_eq!(Device::user_agent(&said), Some(kept));
        assert_eq!(Device::user_agent("\u{1}"), None);
    }
}
