//! The audit log as admins read it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::domain::{AgentId, AuditEntry, rfc3339};

/// One entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuditView {
    /// Its number; a page goes on before the last one's.
    pub id: String,
    /// When.
    pub at: String,
    /// Whose account; `null` for a customer, a stranger, and the program itself.
    pub agent: Option<AgentId>,
    /// Their user name as it was then; empty where there is none.
    pub username: String,
    /// From which address.
    pub address: Option<String>,
    /// What was done.
    pub action: String,
    /// To what; `null` where it is about nothing in particular.
    pub subject: Option<SubjectView>,
    /// What else matters: an object.
    pub details: Box<RawValue>,
}

/// What an entry is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectView {
    /// Which kind of thing.
    pub kind: String,
    /// Which one.
    pub id: String,
}

impl From<&AuditEntry> for AuditView {
    fn from(entry: &AuditEntry) -> Self {
        let subject = entry.subject_kind.clone().zip(entry.subject_id.clone());
        Self {
            id: entry.id.to_string(),
            at: rfc3339(entry.at),
            agent: entry.agent,
            username: entry.username.clone(),
            address: entry.address.clone(),
            action: entry.action.clone(),
            subject: subject.map(|(kind, id)| SubjectView { kind, id }),
            // Written by this program, so it is JSON; whoever wrote something else gets nothing of it.
            details: RawValue::from_string(entry.details.clone()).unwrap_or_default(),
        }
    }
}
