//! Why the server ends a connection (docs/PROTOCOL.md §5).

/// A close code and its reason. 4000–4499: reconnect and resume; 4500–4999: do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// The server is stopping.
    GoingAway,
    /// RFC 6455 was broken.
    Protocol,
    /// A text frame was not UTF-8.
    InvalidUtf8,
    /// A message was larger than allowed.
    TooBig,
    /// No `hello` in time.
    HelloTimeout,
    /// Nothing was heard for too long.
    Silent,
    /// The database did not answer when the session began.
    Unavailable,
    /// The session could not keep up with what was sent to it.
    TooSlow,
    /// Too many connections from one address, or frames that kept coming against the limit.
    TooMany,
    /// The host site has said who the customer is: their page has another token.
    Identified,
    /// Signed out, or never signed in.
    SignedOut,
    /// Kept out, for a time or for good.
    Blocked,
}

impl Close {
    /// Every close code that the server sends.
    pub const ALL: [Self; 12] = [
        Self::GoingAway,
        Self::Protocol,
        Self::InvalidUtf8,
        Self::TooBig,
        Self::HelloTimeout,
        Self::Silent,
        Self::Unavailable,
        Self::TooSlow,
        Self::TooMany,
        Self::Identified,
        Self::SignedOut,
        Self::Blocked,
    ];

    /// The code in the close frame (RFC 6455 §7.4).
    pub fn code(self) -> u16 {
        match self {
            Self::GoingAway => 1001,
            Self::Protocol => 1002,
            Self::InvalidUtf8 => 1007,
            Self::TooBig => 1009,
            Self::HelloTimeout => 4000,
            Self::Silent => 4001,
            Self::Unavailable => 4003,
            Self::TooSlow => 4008,
            Self::TooMany => 4029,
            Self::Identified => 4040,
            Self::SignedOut => 4500,
            Self::Blocked => 4503,
        }
    }

    /// The reason in the close frame, at most 123 bytes.
    pub fn reason(self) -> &'static str {
        match self {
            Self::GoingAway => "the server is going away; reconnect and resume",
            Self::Protocol => "the WebSocket protocol was broken",
            Self::InvalidUtf8 => "a text frame was not UTF-8",
            Self::TooBig => "a message was larger than allowed",
            Self::HelloTimeout => "no hello in time",
            Self::Silent => "nothing was heard for too long",
            Self::Unavailable => "the database does not answer; reconnect and resume",
            Self::TooSlow => "too slow; reconnect and resume",
            Self::TooMany => "too many connections or frames; come back later",
            Self::Identified => "the customer was identified; reconnect with the new token",
            Self::SignedOut => "signed out",
            Self::Blocked => "blocked",
        }
    }
}
