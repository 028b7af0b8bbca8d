//! Accounts and logins as HTTP shows them (docs/PROTOCOL.md §6).

use serde::{Deserialize, Serialize};

use crate::domain::{Account, Login, LoginId, SessionKey, rfc3339};

/// An account, for those who manage accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountView {
    /// Its number.
    pub id: String,
    /// What they type to sign in.
    pub username: String,
    /// The name that customers see.
    pub name: String,
    /// `agent`, `supervisor` or `admin`.
    pub role: String,
    /// Sign-in asks for the code of an authenticator app, too.
    pub second_factor: bool,
    /// Since when it may not sign in; `None` while it may.
    pub disabled_at: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// How many open conversations the server may give them; `None`: as the settings say.
    pub capacity: Option<u32>,
}

impl AccountView {
    /// An account, and whether it has a second factor.
    pub fn new(account: &Account, second_factor: bool) -> Self {
        Self {
            id: account.me.id.to_string(),
            username: account.username.clone(),
            name: account.me.name.clone(),
            role: account.me.role.as_str().to_owned(),
            second_factor,
            disabled_at: account.disabled_at.map(rfc3339),
            created_at: rfc3339(account.created_at),
            capacity: account.capacity,
        }
    }
}

/// One of somebody's own logins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginView {
    /// Names it to its owner; opens nothing.
    pub id: String,
    /// Whether the request came by this one.
    pub current: bool,
    /// When they signed in.
    pub created_at: String,
    /// When it was last used, to within ten minutes.
    pub seen_at: String,
    /// When it ends by itself.
    pub expires_at: String,
    /// The browser or program, as it calls itself.
    pub user_agent: Option<String>,
    /// Where it came from.
    pub address: Option<String>,
}

impl LoginView {
    /// A login as the holder of `current` sees it.
    pub fn new(login: &Login, current: SessionKey) -> Self {
        Self {
            id: LoginId::from(login.key).to_string(),
            current: login.key == current,
            created_at: rfc3339(login.created_at),
            seen_at: rfc3339(login.seen_at),
            expires_at: rfc3339(login.expires_at),
            user_agent: login.device.user_agent.clone(),
            address: login.device.address.clone(),
        }
    }
}
