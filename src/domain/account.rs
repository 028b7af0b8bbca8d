//! Agents' accounts.

use super::{AgentId, Timestamp};

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

/// An account as `kefu agent list` shows it.
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
}
