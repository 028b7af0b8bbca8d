//! Blocks as HTTP shows them (docs/PROTOCOL.md §6).

use serde::{Deserialize, Serialize};

use super::Named;
use crate::domain::{AgentId, Block, Target, rfc3339};

/// A block that is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockView {
    /// Its number.
    pub id: String,
    /// Who is kept out; `None` where it is a network.
    pub customer: Option<BlockedView>,
    /// What is kept out; `None` where it is a customer.
    pub network: Option<String>,
    /// Why; for colleagues.
    pub reason: String,
    /// Who did it.
    pub by: Named<AgentId>,
    /// Since when, RFC 3339.
    pub created_at: String,
    /// Until when, RFC 3339; `None` is for good.
    pub until: Option<String>,
}

/// A customer who is kept out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockedView {
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: Option<String>,
}

impl From<&Block> for BlockView {
    fn from(block: &Block) -> Self {
        let (customer, network) = match block.target {
            Target::Customer(id) => (
                Some(BlockedView {
                    id: id.to_string(),
                    name: block.customer_name.clone(),
                }),
                None,
            ),
            Target::Network(network) => (None, Some(network.to_string())),
        };
        Self {
            id: block.id.to_string(),
            customer,
            network,
            reason: block.reason.clone(),
            by: (&block.by).into(),
            created_at: rfc3339(block.created_at),
            until: block.until.map(rfc3339),
        }
    }
}
