//! What the server sends (docs/PROTOCOL.md §3). Every shape is written from the types of `domain`
//! and can be read back, so that the tests' clients and the page's examples use the same types.

use serde::{Deserialize, Serialize};

use super::SettingsView;
use super::TagView;
use crate::domain::{
    AfterClose, AgentId, AgentRef, Author, Conversation, ConversationId, CustomerId, CustomerRef,
    Event, EventName, File, FileId, FileLimits, Listed, Me, Message, Refusal, RoomKind, Seq, Side,
    Status, rfc3339,
};

/// One frame from the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum ServerFrame {
    /// The answer to `hello`.
    #[serde(rename = "welcome")]
    Welcome(Box<WelcomeView>),
    /// Everything that `resume` asked for has been sent.
    #[serde(rename = "resumed")]
    Resumed,
    /// Your message is stored.
    #[serde(rename = "message.accepted")]
    Accepted {
        /// Of the `message.post`.
        #[serde(rename = "ref")]
        reference: String,
        /// Where it stands.
        conversation: ConversationId,
        /// Its place there.
        seq: Seq,
        /// When it was stored, RFC 3339.
        sent_at: String,
        /// It was stored before, by an earlier try.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        duplicate: bool,
    },
    /// What you asked to be done to a conversation is so.
    #[serde(rename = "conversation.done")]
    Done {
        /// Of the request.
        #[serde(rename = "ref")]
        reference: String,
        /// Which.
        conversation: ConversationId,
        /// The place of the event that tells of it; `None` where it was so already.
        seq: Option<Seq>,
    },
    /// You are away, or available, as you asked.
    #[serde(rename = "presence.done")]
    PresenceDone {
        /// Of the request.
        #[serde(rename = "ref")]
        reference: String,
        /// Away, else available.
        away: bool,
    },
    /// How many are before you in the queue, and you.
    #[serde(rename = "queue")]
    Queue {
        /// Which of your conversations waits.
        conversation: ConversationId,
        /// 1 is the next.
        position: usize,
    },
    /// A message, live or resumed.
    #[serde(rename = "message.posted")]
    Posted(MessageView),
    /// A page of history.
    #[serde(rename = "history")]
    History(HistoryView),
    /// A conversation is new to you, or its status or agent changed.
    #[serde(rename = "conversation.changed")]
    ConversationChanged {
        /// As it is now.
        conversation: Box<ConversationView>,
    },
    /// A conversation has other tags; for agents.
    #[serde(rename = "conversation.tagged")]
    Tagged {
        /// Which.
        conversation: ConversationId,
        /// All that it has now.
        tags: Vec<TagView>,
    },
    /// Somebody types, or stopped.
    #[serde(rename = "typing")]
    Typing {
        /// Where.
        conversation: ConversationId,
        /// Who.
        from: PersonView,
        /// Whether they type now.
        on: bool,
    },
    /// A side has read up to here.
    #[serde(rename = "read")]
    Read {
        /// Where.
        conversation: ConversationId,
        /// Which side.
        role: Side,
        /// The newest message that was seen.
        seq: Seq,
    },
    /// Somebody came or went, or is away or available.
    #[serde(rename = "presence")]
    Presence(PresenceView),
    /// What `settings` or `limits.files` of `welcome` said is different now.
    #[serde(rename = "settings.changed")]
    SettingsChanged {
        /// As they are now.
        settings: Box<SettingsView>,
        /// What files may be from now on; `None`: there are none.
        files: Option<FileLimitsView>,
    },
    /// The answer to `ping`.
    #[serde(rename = "pong")]
    Pong,
    /// A request was refused.
    #[serde(rename = "error")]
    Error(ErrorView),
}

impl ServerFrame {
    /// The frame as JSON.
    pub fn encode(&self) -> String {
        // Strings, numbers and maps with string keys: there is nothing here that JSON cannot hold.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// A refusal as a frame, or as the body of an HTTP answer.
    pub fn error(reference: Option<String>, refusal: Refusal) -> Self {
        Self::Error(ErrorView {
            reference,
            code: refusal.code.as_str().to_owned(),
            message: refusal.message.into_owned(),
            retryable: refusal.code.retryable(),
            field: refusal.field,
            retry_after_ms: refusal.retry_after_ms,
            until: refusal.until.map(|until| rfc3339(*until)),
            incident: refusal.incident.map(String::from),
        })
    }
}

/// `welcome`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WelcomeView {
    /// Names this connection in the log.
    pub session: String,
    /// Who everybody's messages go to.
    pub room: RoomKind,
    /// What a customer's message does once their conversation is closed.
    pub after_close: AfterClose,
    /// `customer`, `agent`, `supervisor` or `admin`.
    pub role: String,
    /// Who the server takes the client for.
    pub me: MeView,
    /// A customer's own; an agent's newest.
    pub conversations: Vec<ConversationView>,
    /// The agents, whether they are there or not; for a customer the desk as a whole.
    pub presence: Vec<PresenceView>,
    /// How often the server pings, in seconds.
    pub heartbeat_s: u64,
    /// The server's clock, RFC 3339.
    pub now: String,
    /// What the business has set, as far as its customers see it.
    pub settings: SettingsView,
    /// What is allowed.
    pub limits: LimitsView,
}

/// Who the server takes a client for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeView {
    /// `None` for a customer who has not written yet.
    pub id: Option<String>,
    /// `None` for a customer without a name.
    pub name: Option<String>,
    /// `customer`, `agent`, `supervisor` or `admin`.
    pub role: String,
}

impl From<&Me> for MeView {
    fn from(me: &Me) -> Self {
        Self {
            id: Some(me.id.to_string()),
            name: Some(me.name.clone()),
            role: me.role.as_str().to_owned(),
        }
    }
}

impl MeView {
    /// A customer, known or not.
    pub fn customer(known: Option<&CustomerRef>) -> Self {
        Self {
            id: known.map(|customer| customer.id.to_string()),
            name: known.and_then(|customer| customer.name.clone()),
            role: "customer".to_owned(),
        }
    }
}

/// What is allowed, so that a page can say it before the server has to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsView {
    /// Characters of a text.
    pub text_chars: usize,
    /// Bytes of a text in UTF-8.
    pub text_bytes: usize,
    /// Bytes of a whole WebSocket message.
    pub frame_bytes: usize,
    /// Messages on a page of history.
    pub history_page: usize,
    /// Entries of `resume`.
    pub resume_conversations: usize,
    /// Frames a second that a session may send; 0 is no limit.
    pub frames_per_second: u32,
    /// Of files; `None` where there are none.
    pub files: Option<FileLimitsView>,
}

/// What files may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileLimitsView {
    /// Bytes of one.
    pub bytes: u64,
    /// Media types.
    pub types: Vec<String>,
    /// What the names of such files end in.
    pub extensions: Vec<String>,
}

impl FileLimitsView {
    /// `None` where no file may be sent.
    pub fn new(limits: &FileLimits) -> Option<Self> {
        let extensions = limits.media().flat_map(|media| media.extensions().iter());
        let view = Self {
            bytes: limits.bytes,
            types: limits
                .media()
                .map(|media| media.as_str().to_owned())
                .collect(),
            extensions: extensions.map(|&extension| extension.to_owned()).collect(),
        };
        (limits.bytes > 0 && !view.types.is_empty()).then_some(view)
    }
}

/// Somebody in a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonView {
    /// `customer`, `agent` or `system`.
    pub role: String,
    /// Their id.
    pub id: Option<String>,
    /// Their name.
    pub name: Option<String>,
}

impl From<&Author> for PersonView {
    fn from(author: &Author) -> Self {
        match author {
            Author::Customer { id, name } => Self::new("customer", id.to_string(), name.clone()),
            Author::Agent { id, name } => Self::new("agent", id.to_string(), Some(name.clone())),
            Author::System => Self {
                role: "system".to_owned(),
                id: None,
                name: None,
            },
        }
    }
}

impl PersonView {
    fn new(role: &str, id: String, name: Option<String>) -> Self {
        Self {
            role: role.to_owned(),
            id: Some(id),
            name,
        }
    }
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageView {
    /// Where it stands.
    pub conversation: ConversationId,
    /// Its place there.
    pub seq: Seq,
    /// The sender's own key.
    pub client_id: Option<String>,
    /// What it is.
    pub kind: String,
    /// What happened, where it is an `event`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventView>,
    /// Of a `file`; a `note` may have one, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileView>,
    /// Who wrote it.
    pub from: PersonView,
    /// The words; of a file without words, its name.
    pub text: String,
    /// When it was stored, RFC 3339.
    pub sent_at: String,
}

impl From<&Message> for MessageView {
    fn from(message: &Message) -> Self {
        Self {
            conversation: message.conversation,
            seq: message.seq,
            client_id: message.client_id.as_ref().map(|id| id.as_str().to_owned()),
            kind: message.kind.as_str().to_owned(),
            event: message.event.as_ref().map(EventView::from),
            file: message.file.as_ref().map(FileView::from),
            from: (&message.author).into(),
            text: message.text.clone(),
            sent_at: rfc3339(message.sent_at),
        }
    }
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileView {
    /// Names it in `GET /api/v1/files/<id>` and in `message.post`.
    pub id: FileId,
    /// What it is called.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Its media type, by its content.
    #[serde(rename = "type")]
    pub media: String,
    /// Of a picture, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Of a picture, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

impl From<&File> for FileView {
    fn from(file: &File) -> Self {
        Self {
            id: file.id.clone(),
            name: file.name.clone(),
            size: file.size,
            media: file.media.as_str().to_owned(),
            width: file.pixels.map(|pixels| pixels.width),
            height: file.pixels.map(|pixels| pixels.height),
        }
    }
}

/// What happened to a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventView {
    /// What.
    pub name: EventName,
    /// Who has it now; for one that was released, returned or closed, who had it.
    pub agent: Option<Named<AgentId>>,
}

impl From<&Event> for EventView {
    fn from(event: &Event) -> Self {
        Self {
            name: event.name,
            agent: event.agent.as_ref().map(Named::from),
        }
    }
}

/// A page of history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryView {
    /// Of the request.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Of which conversation.
    pub conversation: ConversationId,
    /// By rising `seq`.
    pub messages: Vec<MessageView>,
    /// There is more in the direction that was asked for.
    pub more: bool,
}

/// An id with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named<Id> {
    /// Whose.
    pub id: Id,
    /// As customers see it.
    pub name: String,
}

impl From<&AgentRef> for Named<AgentId> {
    fn from(agent: &AgentRef) -> Self {
        Self {
            id: agent.id,
            name: agent.name.clone(),
        }
    }
}

/// The customer of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerView {
    /// Their id.
    pub id: CustomerId,
    /// Their name.
    pub name: Option<String>,
    /// Whether they have a connection now.
    pub online: bool,
    /// The page they were on.
    pub page: Option<String>,
    /// Their browser's language.
    pub language: Option<String>,
}

/// Up to where each side has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadView {
    /// By the customer.
    pub customer: Seq,
    /// By the agents.
    pub agent: Seq,
}

/// A conversation in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationView {
    /// Its id.
    pub id: ConversationId,
    /// Where it stands.
    pub status: Status,
    /// `seq` of its newest message.
    pub last_seq: Seq,
    /// Whose it is; `None` in a shared room.
    pub customer: Option<CustomerView>,
    /// Who has it, or had it when it was closed.
    pub agent: Option<Named<AgentId>>,
    /// Since when it has been in the queue, RFC 3339; `None` while it is not.
    pub waiting_since: Option<String>,
    /// Texts that the reader's side has not read.
    pub unread: i64,
    /// Up to where each side has read.
    pub read: ReadView,
    /// Its newest text.
    pub last_message: Option<MessageView>,
    /// What agents have tagged it with; `None` where that is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<TagView>>,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub last_message_at: String,
}

impl ConversationView {
    /// A conversation of a list as `side` sees it.
    pub fn listed(listed: &Listed, side: Side, online: bool) -> Self {
        let view = Self::new(
            &listed.conversation,
            listed.last_message.as_ref(),
            side,
            online,
        );
        let tags = listed.tags.iter().map(TagView::from);
        Self {
            tags: (side == Side::Agent).then(|| tags.collect()),
            ..view
        }
    }

    /// A conversation as `side` sees it; `online` says whether its customer has a connection.
    pub fn new(
        conversation: &Conversation,
        last_message: Option<&Message>,
        side: Side,
        online: bool,
    ) -> Self {
        Self {
            id: conversation.id,
            status: conversation.status,
            last_seq: conversation.last_seq,
            customer: conversation.customer.as_ref().map(|customer| CustomerView {
                id: customer.id,
                name: customer.name.clone(),
                online,
                page: customer.page.clone(),
                language: customer.language.clone(),
            }),
            agent: conversation.agent.as_ref().map(Named::from),
            waiting_since: conversation.waiting_since.map(rfc3339),
            unread: conversation.unread.of(side),
            read: ReadView {
                customer: conversation.read.customer,
                agent: conversation.read.agent,
            },
            last_message: last_message.map(MessageView::from),
            tags: None,
            created_at: rfc3339(conversation.created_at),
            last_message_at: rfc3339(conversation.last_message_at),
        }
    }
}

/// Who came or went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceView {
    /// `customer` or `agent`.
    pub role: Side,
    /// `None`: the desk as a whole.
    pub id: Option<String>,
    /// Their name.
    pub name: Option<String>,
    /// Whether they are there.
    pub online: bool,
    /// An agent who says that they are away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub away: bool,
}

/// `error`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorView {
    /// Of the request, where it had one.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// What a program goes by.
    pub code: String,
    /// What a person reads.
    pub message: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// The field that is wrong, for `setting_invalid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// When to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// Until when one is kept out, RFC 3339; for good where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The name of the cause in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
}
