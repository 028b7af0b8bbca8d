//! A customer as HTTP shows them to agents (docs/PROTOCOL.md §6).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::{CustomerDetails, rfc3339};

/// What is known of a customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomerDetailsView {
    /// Their number.
    pub id: String,
    /// How they want to be called.
    pub name: Option<String>,
    /// Where they can be reached.
    pub email: Option<String>,
    /// Who they are on the host site.
    pub external_id: Option<String>,
    /// The page they were on when they first wrote.
    pub page: Option<String>,
    /// Their browser's language then.
    pub language: Option<String>,
    /// Their browser then, as it calls itself.
    pub user_agent: Option<String>,
    /// What else the host site says of them.
    pub attributes: Map<String, Value>,
    /// When they first wrote.
    pub created_at: String,
}

impl From<&CustomerDetails> for CustomerDetailsView {
    fn from(customer: &CustomerDetails) -> Self {
        // Attributes that somebody broke by hand must not hide the rest.
        let attributes = customer.attributes.as_deref();
        let attributes = attributes.and_then(|json| serde_json::from_str(json).ok());
        Self {
            id: customer.id.to_string(),
            name: customer.name.clone(),
            email: customer.email.clone(),
            external_id: customer.external_id.clone(),
            page: customer.page.clone(),
            language: customer.language.clone(),
            user_agent: customer.user_agent.clone(),
            attributes: attributes.unwrap_or_default(),
            created_at: rfc3339(customer.created_at),
        }
    }
}
