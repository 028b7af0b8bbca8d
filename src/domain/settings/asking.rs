//! What a customer is asked for. Nobody has to answer.

use serde::{Deserialize, Serialize};

use super::{Invalid, Section};

/// Each can be switched off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asking {
    /// Name and e-mail address, once they have written.
    pub contact: bool,
    /// How it was, once the conversation has ended.
    pub rating: bool,
}

impl Default for Asking {
    fn default() -> Self {
        Self {
            contact: true,
            rating: true,
        }
    }
}

impl Section for Asking {
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}
