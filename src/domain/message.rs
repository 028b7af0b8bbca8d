//! One row of a conversation, and who wrote it.

use super::{AgentId, AgentRef, ClientId, ConversationId, CustomerId, File, Seq, Side, Timestamp};

/// What stands in the place of a text that was erased with its customer.
pub const ERASED: &str = "[erased]";

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Words from a customer or an agent.
    Text,
    /// A file from a customer or an agent; [`Message::file`] says which.
    File,
    /// Words from an agent to the other agents.
    Note,
    /// Something that happened to the conversation; [`Message::event`] says what.
    Event,
}

impl Kind {
    /// Every kind there is.
    pub const ALL: &[Self] = &[Self::Text, Self::File, Self::Note, Self::Event];

    /// As it stands in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::File => "file",
            Self::Note => "note",
            Self::Event => "event",
        }
    }

    /// Reads [`Kind::as_str`] back.
    pub fn parse(s: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == s)
    }

    /// Whether this side may see it. The one rule that keeps notes from customers: the store reads by it,
    /// the room sends by it.
    pub fn is_for(self, side: Side) -> bool {
        match self {
            Self::Text | Self::File | Self::Event => true,
            Self::Note => side == Side::Agent,
        }
    }

    /// Whether it is something that people say to each other: it waits to be read, a list shows it, an
    /// agent's answers.
    pub fn is_said(self) -> bool {
        matches!(self, Self::Text | Self::File)
    }
}

/// What happened to a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventName {
    /// An agent has it now, by their own doing.
    Taken,
    /// It went back to the queue.
    Released,
    /// It was handed to another agent.
    Transferred,
    /// It has ended.
    Closed,
    /// It goes on after its end.
    Reopened,
    /// The customer said how it was; the text is the score and their words.
    Rated,
    /// The server gave it to an agent.
    Assigned,
    /// The server put it back into the queue, as its agent is not there.
    Returned,
}

impl EventName {
    /// Every event there is.
    pub const ALL: &[Self] = &[
        Self::Taken,
        Self::Released,
        Self::Transferred,
        Self::Closed,
        Self::Reopened,
        Self::Rated,
        Self::Assigned,
        Self::Returned,
    ];

    /// As it stands in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Released => "released",
            Self::Transferred => "transferred",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Rated => "rated",
            Self::Assigned => "assigned",
            Self::Returned => "returned",
        }
    }

    /// Reads [`EventName::as_str`] back.
    pub fn parse(s: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|name| name.as_str() == s)
    }
}

/// What happened, and which agent has to do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub name: EventName,
    /// Who has the conversation now; for one that was released, returned or closed, who had it.
    pub agent: Option<AgentRef>,
}

impl Event {
    /// One sentence for whoever reads the database, or has a client that does not know events.
    pub fn sentence(&self, by: &Author) -> String {
        let who = by.called();
        let is_them = |agent: &&AgentRef| matches!(by, Author::Agent { id, .. } if *id == agent.id);
        let other = self.agent.as_ref().filter(|agent| !is_them(agent));
        let other = other.map(|agent| agent.name.as_str());
        match (self.name, other) {
            (EventName::Taken, Some(other)) => format!("{other} was given the conversation"),
            (EventName::Taken, None) => format!("{who} took the conversation"),
            (EventName::Released, Some(other)) => {
                format!("{who} put {other}'s conversation back into the queue")
            }
            (EventName::Released, None) => {
                format!("{who} put the conversation back into the queue")
            }
            (EventName::Transferred, to) => {
                let to = to.unwrap_or("themselves");
                format!("{who} transferred the conversation to {to}")
            }
            (EventName::Closed, _) => format!("{who} closed the conversation"),
            (EventName::Reopened, _) => format!("{who} reopened the conversation"),
            (EventName::Rated, _) => format!("{who} rated the conversation"),
            (EventName::Assigned, to) => {
                let to = to.unwrap_or(&who);
                format!("{to} was given the conversation")
            }
            (EventName::Returned, from) => {
                let from = from.unwrap_or(&who);
                format!("{from} is not there; the conversation is back in the queue")
            }
        }
    }
}

/// Who wrote a message; decided by the server from the session, never by the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// A person who asks.
    Customer {
        /// Whose message it is.
        id: CustomerId,
        /// How they want to be called, if they said so.
        name: Option<String>,
    },
    /// A person who answers.
    Agent {
        /// Whose message it is.
        id: AgentId,
        /// The name that customers see.
        name: String,
    },
    /// Nobody: the server itself, by its settings.
    System,
}

impl Author {
    /// What a sentence calls them.
    fn called(&self) -> String {
        match self {
            Self::Customer {
                name: Some(name), ..
            }
            | Self::Agent { name, .. } => name.clone(),
            Self::Customer { id, name: None } => format!("customer {id}"),
            Self::System => "the server".to_owned(),
        }
    }
}

/// A stored message. Immutable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where it stands.
    pub conversation: ConversationId,
    /// Its place there.
    pub seq: Seq,
    /// The sender's own key; `None` for what no client sent.
    pub client_id: Option<ClientId>,
    /// What it is.
    pub kind: Kind,
    /// What happened, for [`Kind::Event`] and for nothing else.
    pub event: Option<Event>,
    /// Of [`Kind::File`]; a note may have one, too.
    pub file: Option<File>,
    /// Who wrote it, or made it happen.
    pub author: Author,
    /// The words, exactly as sent; of a file without words, its name; of an event, [`Event::sentence`].
    pub text: String,
    /// When the server stored it.
    pub sent_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_events_read_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(*kind));
        }
        for name in EventName::ALL {
            assert_eq!(EventName::parse(name.as_str()), Some(*name));
        }
        assert_eq!((Kind::parse("Text"), EventName::parse("")), (None, None));
    }

    #[test]
    fn an_event_reads_as_a_sentence() {
        let agent = |id, name: &str| AgentRef {
            id: AgentId(id),
            name: name.to_owned(),
        };
        let li = Author::Agent {
            id: AgentId(1),
            name: "Li Wei".to_owned(),
        };
        let customer = Author::Customer {
            id: CustomerId(7),
            name: None,
        };
        for (by, name, about, sentence) in [
            (
                &li,
                EventName::Taken,
                Some(agent(1, "Li Wei")),
                "Li Wei took the conversation",
            ),
            (
                &Author::System,
                EventName::Taken,
                Some(agent(1, "Ana")),
                "Ana was given the conversation",
            ),
            (
                &li,
                EventName::Transferred,
                Some(agent(2, "Ana")),
                "Li Wei transferred the conversation to Ana",
            ),
            (
                &li,
                EventName::Closed,
                None,
                "Li Wei closed the conversation",
            ),
            (
                &customer,
                EventName::Reopened,
                None,
                "customer 7 reopened the conversation",
            ),
            (
                &li,
                EventName::Released,
                Some(agent(2, "Ana")),
                "Li Wei put Ana's conversation back into the queue",
            ),
            (
                &Author::System,
                EventName::Assigned,
                Some(agent(2, "Ana")),
                "Ana was given the conversation",
            ),
            (
                &Author::System,
                EventName::Returned,
                Some(agent(2, "Ana")),
                "Ana is not there; the conversation is back in the queue",
            ),
        ] {
            let event = Event { name, agent: about };
            assert_eq!(event.sentence(by), sentence);
        }
    }
}
