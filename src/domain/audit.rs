//! The audit log: who did what to what, from where. Entries are only ever added, and hold no text of a
//! conversation, no password and no secret.

use serde_json::{Map, Value};

use super::{AgentId, Refusal, Timestamp};

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum AuditAction { $($(#[$doc])* $variant,)* }

        impl AuditAction {
            /// Every action there is.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As it stands in the database and on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

actions! {
    /// Made an account.
    AccountAdded = "account_added";
    /// Changed an account's name, role, capacity, or whether it may sign in.
    AccountChanged = "account_changed";
    /// Read or exported the audit log itself.
    AuditRead = "audit_read";
    /// Took everything out in a backup.
    BackedUp = "backed_up";
    /// Lifted a block.
    BlockLifted = "block_lifted";
    /// Kept a customer or a network out.
    Blocked = "blocked";
    /// Erased what a customer had said and what was known of them.
    CustomerErased = "customer_erased";
    /// Took out all that is known of a customer.
    CustomerExported = "customer_exported";
    /// Took conversations out in a file.
    Exported = "exported";
    /// Kept a conversation from being cleaned up or erased.
    HoldSet = "hold_set";
    /// Let a conversation go from a hold.
    HoldLifted = "hold_lifted";
    /// Took conversations in from a file.
    Imported = "imported";
    /// Changed their own password.
    PasswordChanged = "password_changed";
    /// Gave somebody else's account another password.
    PasswordReset = "password_reset";
    /// Asked for what their role does not allow.
    Refused = "refused";
    /// Put a backup into the database.
    Restored = "restored";
    /// Conversations were deleted because their time was over.
    RetentionRan = "retention_ran";
    /// The second factor at sign-in was wrong; the password was right.
    SecondFactorFailed = "second_factor_failed";
    /// Switched a second factor off.
    SecondFactorOff = "second_factor_off";
    /// Set up a second factor.
    SecondFactorOn = "second_factor_on";
    /// Changed settings.
    SettingsChanged = "settings_changed";
    /// A sign-in with a wrong password, or to an account that there is not or that is disabled.
    SignInFailed = "sign_in_failed";
    /// Signed in.
    SignedIn = "signed_in";
    /// Signed out.
    SignedOut = "signed_out";
    /// Read a conversation in the history.
    TranscriptRead = "transcript_read";
}

impl AuditAction {
    /// The action of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|one| one.as_str() == name).copied()
    }
}

/// Who did something, and from where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditActor {
    /// Whose account it was; `None` for a customer, a stranger, and the program itself.
    pub agent: Option<AgentId>,
    /// From which address, or [`AuditActor::COMMAND_LINE`]; `None` for the program itself.
    pub address: Option<String>,
}

impl AuditActor {
    /// Stands in the place of an address.
    pub const COMMAND_LINE: &str = "command line";

    /// Whoever runs the program by hand, on the machine itself.
    pub fn command_line() -> Self {
        Self {
            agent: None,
            address: Some(Self::COMMAND_LINE.to_owned()),
        }
    }
}

/// An entry to be written. The store adds the time and the user name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAuditEntry {
    /// Who.
    pub actor: AuditActor,
    /// What.
    pub action: AuditAction,
    /// To which kind of thing, and which one.
    pub subject: Option<(&'static str, String)>,
    /// What else matters. No texts, no secrets.
    pub details: Map<String, Value>,
}

impl NewAuditEntry {
    /// An entry about nothing in particular.
    pub fn new(actor: AuditActor, action: AuditAction) -> Self {
        Self {
            actor,
            action,
            subject: None,
            details: Map::new(),
        }
    }

    /// The same about one thing: its kind and its id.
    #[must_use]
    pub fn about(mut self, kind: &'static str, id: impl Into<String>) -> Self {
        self.subject = Some((kind, id.into()));
        self
    }

    /// The same with one more detail.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

/// An entry as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number; later entries have higher ones.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who, by the number of their account.
    pub agent: Option<AgentId>,
    /// Their user name as it was then; empty where there is none.
    pub username: String,
    /// From which address, or [`AuditActor::COMMAND_LINE`].
    pub address: Option<String>,
    /// What. A newer program may have written what this one does not know.
    pub action: String,
    /// To which kind of thing.
    pub subject_kind: Option<String>,
    /// To which one.
    pub subject_id: Option<String>,
    /// What else matters: a JSON object.
    pub details: String,
}

/// Which entries are asked for. All that is given has to fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// By whom.
    pub agent: Option<AgentId>,
    /// What.
    pub action: Option<AuditAction>,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub to: Option<Timestamp>,
}

impl AuditFilter {
    /// What may be asked for.
    pub const NAMES: [&str; 4] = ["agent", "action", "from", "to"];

    /// Reads a filter from what was asked.
    ///
    /// # Errors
    /// [`Code::BadRequest`](super::Code::BadRequest), which says what is allowed.
    pub fn read<'a>(asked: impl Fn(&str) -> Option<&'a str>) -> Result<Self, Refusal> {
        let time = |name: &str| {
            let read = |text: &str| {
                let time = chrono::DateTime::parse_from_rfc3339(text);
                time.map(|time| time.to_utc())
                    .map_err(|_| Refusal::bad_field(name, "a time such as 2026-11-25T08:00:00Z"))
            };
            asked(name).map(read).transpose()
        };
        let agent = asked("agent").map(|id| {
            id.parse()
                .map_err(|_| Refusal::bad_field("agent", "the id of an account"))
        });
        let action = asked("action").map(|name| {
            let all: Vec<_> = AuditAction::ALL.iter().map(|one| one.as_str()).collect();
            let allowed = format!("one of {}", all.join(", "));
            AuditAction::parse(name).ok_or_else(|| Refusal::bad_field("action", &allowed))
        });
        let filter = Self {
            agent: agent.transpose()?,
            action: action.transpose()?,
            from: time("from")?,
            to: time("to")?,
        };
        match (filter.from, filter.to) {
            (Some(from), Some(to)) if from >= to => {
                Err(Refusal::bad_field("to", "later than from"))
            }
            _ => Ok(filter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_known_by_its_name() {
        for action in AuditAction::ALL {
            assert_eq!(AuditAction::parse(action.as_str()), Some(*action));
        }
        assert_eq!(AuditAction::parse("looked"), None);
    }

    #[test]
    fn the_protocol_page_names_every_action() {
        let page = include_str!("../../docs/PROTOCOL.md");
        let named = (page.split("`action` is one of").nth(1))
            .and_then(|rest| rest.split('.').next())
            .unwrap();
        let named: Vec<_> = named.split('`').skip(1).step_by(2).collect();
        let all: Vec<_> = AuditAction::ALL.iter().map(|one| one.as_str()).collect();
        assert_eq!(named.len(), all.len());
        assert!(all.iter().all(|name| named.contains(name)));
    }

    #[test]
    fn a_filter_that_means_nothing_is_refused() {
        let read = |name: &'static str, value: &'static str| {
            AuditFilter::read(move |asked| (asked == name).then_some(value))
        };
        for (name, value) in [
            ("agent", "me"),
            ("action", "looked"),
            ("from", "yesterday"),
            ("to", "2026-11-25"),
        ] {
            let refusal = read(name, value).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some(name), "{name}={value}");
        }
        let filter = read("from", "2026-11-25T08:00:00+08:00").unwrap();
        assert_eq!(
            super::super::rfc3339(filter.from.unwrap()),
            "2026-11-25T00:00:00.000Z"
        );
        let same = |_: &str| Some("2026-11-25T00:00:00Z");
        assert!(
            AuditFilter::read(|name| ["from", "to"].contains(&name).then(|| same(name)).flatten())
                .is_err()
        );
    }
}
