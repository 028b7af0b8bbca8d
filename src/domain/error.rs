//! The one table of errors, for WebSocket and HTTP alike (docs/PROTOCOL.md §4).

use std::borrow::Cow;

use super::Timestamp;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $status:literal, $retryable:literal;)*) => {
        /// Why a request was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// Every code there is.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As it stands on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The HTTP status that goes with it.
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// Whether the same request may succeed later.
            pub fn retryable(self) -> bool {
                match self { $(Self::$variant => $retryable,)* }
            }
        }
    };
}

codes! {
    /// Not a JSON object.
    BadJson = "bad_json", 400, false;
    /// A field is missing, of the wrong type or out of range.
    BadRequest = "bad_request", 400, false;
    /// No such frame.
    UnknownType = "unknown_type", 400, false;
    /// A binary frame.
    BinaryUnsupported = "binary_unsupported", 400, false;
    /// Something else came before `hello`.
    HelloExpected = "hello_expected", 400, false;
    /// A second `hello`.
    HelloRepeated = "hello_repeated", 400, false;
    /// Not a customer token at all.
    TokenInvalid = "token_invalid", 400, false;
    /// Not what a host site may sign to say who a customer is.
    IdentityInvalid = "identity_invalid", 400, false;
    /// Nothing but white space.
    TextEmpty = "text_empty", 400, false;
    /// Too many characters or bytes.
    TextTooLong = "text_too_long", 400, false;
    /// U+0000 in the text.
    TextInvalid = "text_invalid", 400, false;
    /// A setting that is unknown or not allowed; `field` names it.
    SettingInvalid = "setting_invalid", 400, false;
    /// A file without a byte in it.
    FileEmpty = "file_empty", 400, false;
    /// A file that broke off, or did not come in time.
    FileIncomplete = "file_incomplete", 400, true;
    /// Unknown user name, wrong password, or a disabled account.
    BadCredentials = "bad_credentials", 401, false;
    /// What the host site signed has expired.
    IdentityExpired = "identity_expired", 401, false;
    /// What says who a customer is was not signed by the host site.
    IdentitySignature = "identity_signature", 401, false;
    /// It was used before its customer logged out.
    IdentityUsed = "identity_used", 401, false;
    /// A customer's token that opens nothing any more: they logged out, or were given another.
    TokenEnded = "token_ended", 401, false;
    /// The password is right, and the code of the second factor is needed, too.
    CodeRequired = "code_required", 401, false;
    /// The code of the second factor is wrong, or has been used.
    CodeWrong = "code_wrong", 401, false;
    /// No session, or it has ended.
    NotSignedIn = "not_signed_in", 401, false;
    /// Signed in, but not for this.
    Forbidden = "forbidden", 403, false;
    /// Kept out, for a time or for good.
    Blocked = "blocked", 403, false;
    /// A browser on another site.
    OriginRefused = "origin_refused", 403, false;
    /// No such address.
    NotFound = "not_found", 404, false;
    /// This server has no secret by which to believe a host site.
    IdentityOff = "identity_off", 404, false;
    /// There is none of this id, or it is somebody else's; the two are not told apart.
    ConversationNotFound = "conversation_not_found", 404, false;
    /// There is no agent of this id, or they may not sign in.
    AgentNotFound = "agent_not_found", 404, false;
    /// There is no account of this id.
    AccountNotFound = "account_not_found", 404, false;
    /// There is no customer of this id.
    CustomerNotFound = "customer_not_found", 404, false;
    /// There is no block of this id in force.
    BlockNotFound = "block_not_found", 404, false;
    /// There is no file of this id, it is not yours, or it is posted already; the three are not told apart.
    FileNotFound = "file_not_found", 404, false;
    /// None of one's own logins has this id.
    SessionNotFound = "session_not_found", 404, false;
    /// There is no saved reply of this id, or it is somebody else's.
    SavedReplyNotFound = "saved_reply_not_found", 404, false;
    /// Another method is meant for this address.
    MethodNotAllowed = "method_not_allowed", 405, false;
    /// Somebody else's message in this conversation has this `client_id`.
    ClientIdInUse = "client_id_in_use", 409, false;
    /// Somebody else has taken it.
    ConversationTaken = "conversation_taken", 409, false;
    /// It has ended.
    ConversationClosed = "conversation_closed", 409, false;
    /// It has not ended, or the customer has a newer one that has not.
    ConversationOpen = "conversation_open", 409, false;
    /// It is under a legal hold.
    ConversationHeld = "conversation_held", 409, false;
    /// The conversation has as many files as it may.
    TooManyFiles = "too_many_files", 409, false;
    /// There is an account of this user name already.
    UsernameTaken = "username_taken", 409, false;
    /// There is a second factor already.
    TotpOn = "totp_on", 409, false;
    /// No second factor is being set up.
    TotpOff = "totp_off", 409, false;
    /// Nobody does this to their own account.
    OwnAccount = "own_account", 409, false;
    /// Nobody would be left to manage accounts.
    LastAdmin = "last_admin", 409, false;
    /// Somebody else has changed these settings meanwhile.
    SettingsChanged = "settings_changed", 409, false;
    /// There is a saved reply of this shortcut already.
    ShortcutTaken = "shortcut_taken", 409, false;
    /// There are as many as there may be.
    LimitReached = "limit_reached", 409, false;
    /// The body is larger than allowed.
    BodyTooLarge = "body_too_large", 413, false;
    /// A file that is larger than allowed.
    FileTooLarge = "file_too_large", 413, false;
    /// A file of a kind that is not allowed here.
    FileTypeRefused = "file_type_refused", 415, false;
    /// A body that is not `application/json`.
    UnsupportedMedia = "unsupported_media", 415, false;
    /// Too many frames, messages or sign-in attempts.
    RateLimited = "rate_limited", 429, true;
    /// Too many connections from one address.
    TooManyConnections = "too_many_connections", 429, true;
    /// A fault of ours.
    Internal = "internal", 500, true;
    /// The database does not answer.
    Unavailable = "unavailable", 503, true;
    /// A queue is full.
    Overloaded = "overloaded", 503, true;
    /// No room is left for files.
    StorageFull = "storage_full", 507, false;
}

/// A refusal as the client gets it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct Refusal {
    /// What a program goes by.
    pub code: Code,
    /// What a person reads: what was wrong and what is allowed.
    pub message: Cow<'static, str>,
    /// The field that is wrong, where a page is to point at it.
    pub field: Option<String>,
    /// When to try again.
    pub retry_after_ms: Option<u64>,
    /// Until when, for [`Code::Blocked`]; `None` is for good. Boxed: refusals are passed about, and this is
    /// rare.
    pub until: Option<Box<Timestamp>>,
    /// The name under which the cause stands in the log, for [`Code::Internal`].
    pub incident: Option<Box<str>>,
}

impl Refusal {
    /// A refusal with its explanation.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
            retry_after_ms: None,
            until: None,
            incident: None,
        }
    }

    /// A field that is not as it must be.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::BadRequest, message)
    }

    /// The same, where a page is to point at it: `field` must be `allowed`.
    pub fn bad_field(field: &str, allowed: &str) -> Self {
        Self {
            field: Some(field.to_owned()),
            ..Self::bad_request(format!("{field} must be {allowed}"))
        }
    }

    /// The same for "no such conversation" and "not yours".
    pub fn conversation_not_found() -> Self {
        Self::new(
            Code::ConversationNotFound,
            "there is no such conversation here",
        )
    }

    /// The same for "no such file", "not yours" and "posted already".
    pub fn file_not_found() -> Self {
        Self::new(Code::FileNotFound, "there is no such file here")
    }

    /// Nobody is signed in here.
    pub fn not_signed_in() -> Self {
        Self::new(Code::NotSignedIn, "sign in first")
    }

    /// A customer's token that opens nothing any more.
    pub fn token_ended() -> Self {
        Self::new(
            Code::TokenEnded,
            "this token has ended: its customer has logged out or has another one; make a new one",
        )
    }

    /// The database does not answer.
    pub fn unavailable() -> Self {
        Self::new(
            Code::Unavailable,
            "the database does not answer right now; try again",
        )
    }

    /// A queue is full.
    pub fn overloaded() -> Self {
        Self::new(Code::Overloaded, "too much is waiting right now; try again")
    }

    /// The same, with the time after which to try again.
    #[must_use]
    pub fn retry_after(mut self, ms: u64) -> Self {
        self.retry_after_ms = Some(ms);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocol_page_has_the_same_table() {
        let page = include_str!("../../docs/PROTOCOL.md");
        let rows: Vec<_> = page
            .lines()
            .skip_while(|line| !line.starts_with("## 4."))
            .take_while(|line| !line.starts_with("## 5."))
            .filter(|line| line.starts_with("| `"))
            .map(|line| {
                line.split('|')
                    .map(|cell| cell.trim().to_owned())
                    .collect::<Vec<_>>()
            })
            .map(|cells| {
                (
                    cells[1].replace('`', ""),
                    cells[2].clone(),
                    cells[3].clone(),
                )
            })
            .collect();
        let table: Vec<_> = Code::ALL
            .iter()
            .map(|code| {
                let retryable = if code.retryable() { "yes" } else { "no" };
                (
                    code.as_str().to_owned(),
                    code.status().to_string(),
                    retryable.to_owned(),
                )
            })
            .collect();
        assert_eq!(rows, table);
    }
}
