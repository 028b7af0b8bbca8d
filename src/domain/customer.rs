//! A customer as agents see them.

use super::{CustomerId, Listed, Timestamp};

/// What is known of a customer. None of it has been verified but what the host site signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerDetails {
    /// Who.
    pub id: CustomerId,
    /// How they want to be called, if they said so.
    pub name: Option<String>,
    /// Where they can be reached, if they or the host site said so.
    pub email: Option<String>,
    /// Who they are on the host site.
    pub external_id: Option<String>,
    /// The page they were on when they first wrote.
    pub page: Option<String>,
    /// Their browser's language then, as a BCP 47 tag.
    pub language: Option<String>,
    /// Their browser then, as it calls itself.
    pub user_agent: Option<String>,
    /// What else the host site says of them: a JSON object.
    pub attributes: Option<String>,
    /// When their first message was stored.
    pub created_at: Timestamp,
}

/// The customer of a conversation, and what else they talked of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerRecord {
    /// `None` for the one conversation of a shared room.
    pub customer: Option<CustomerDetails>,
    /// Their other conversations, the latest first.
    pub others: Vec<Listed>,
    /// Whether there are more of them.
    pub more: bool,
}
