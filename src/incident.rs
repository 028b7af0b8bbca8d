//! Where a fault of ours becomes an answer: logged once, under a name that the client gets too.

use std::fmt::Display;

use crate::domain::{Code, Refusal};

/// A fault of ours: `what` went wrong and its cause go to the log, the name under which they stand there
/// to the client.
pub fn incident(what: &str, cause: &dyn Display) -> Refusal {
    let mut bytes = [0; 4];
    // Without randomness the name is less useful, but the answer must still be given.
    let _ = getrandom::fill(&mut bytes);
    let incident = format!("e-{:08x}", u32::from_be_bytes(bytes));
    tracing::error!(incident, %cause, "{what}");
    let message = format!("something went wrong here; it is in the log as {incident}");
    let mut refusal = Refusal::new(Code::Internal, message);
    refusal.incident = Some(incident.into());
    refusal
}
