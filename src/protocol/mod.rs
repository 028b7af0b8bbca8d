//! The wire `kefu.v1`: what frames look like as JSON. docs/PROTOCOL.md is the document of record.
//!
//! Shapes only; what a frame may do is decided in `chat`.

mod account;
mod audit;
mod block;
mod client;
mod close;
mod customer;
mod dialect;
mod history;
mod reply;
mod report;
mod search;
mod server;
mod settings;
mod tag;

pub use account::{AccountView, LoginView};
pub use audit::{AuditView, SubjectView};
pub use block::{BlockView, BlockedView};
pub use client::{
    ClientFrame, Credentials, HISTORY_PAGE, Hello, PageAsked, Rejected, Request, page_limit, parse,
    reference_of,
};
pub use close::Close;
pub use customer::CustomerDetailsView;
pub use dialect::{ACK, Dialect, ascii};
pub use history::{RatingView, ReviewedView};
pub use reply::SavedReplyView;
pub use report::{FiguresView, ReportView};
pub use search::{HitMessageView, HitView, PieceView};
pub use server::{
    ConversationView, ErrorView, EventView, FileLimitsView, FileView, HistoryView, LimitsView,
    MeView, MessageView, Named, PersonView, PresenceView, ServerFrame, WelcomeView,
};

pub use settings::{HoursView, LanguagesView, SectionView, SettingsView};
pub use tag::TagView;

#[cfg(test)]
mod page {
    //! Ties docs/PROTOCOL.md to the code.

    use super::*;

    /// The lines of all fences of docs/PROTOCOL.md that are marked `json <side>`.
    fn examples(side: &str) -> Vec<&'static str> {
        let page = include_str!("../../docs/PROTOCOL.md");
        let fence = format!("```json {side}");
        let mut inside = false;
        let mut lines = Vec::new();
        for line in page.lines() {
            match line {
                _ if line == fence => inside = true,
                "```" => inside = false,
                _ if inside => lines.push(line),
                _ => {}
            }
        }
        lines
    }

    #[test]
    fn every_client_example_is_understood() {
        let examples = examples("client");
        assert!(examples.len() >= 10);
        for line in examples {
            if let Err(rejected) = parse(line) {
                panic!("{line}\n{rejected:?}");
            }
        }
    }

    #[test]
    fn every_server_example_is_what_the_server_writes() {
        let examples = examples("server");
        assert!(examples.len() >= 15);
        for line in examples {
            let frame: ServerFrame =
                serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}\n{e}"));
            let page: serde_json::Value = serde_json::from_str(line).unwrap();
            let ours: serde_json::Value = serde_json::from_str(&frame.encode()).unwrap();
            assert_eq!(ours, page);
        }
    }

    #[test]
    fn what_http_answers_looks_as_the_page_says() {
        fn check<T: serde::de::DeserializeOwned + serde::Serialize>(kind: &str) {
            let lines = examples(kind);
            assert!(!lines.is_empty(), "{kind}");
            for line in lines {
                let view: T = serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}\n{e}"));
                let page: serde_json::Value = serde_json::from_str(line).unwrap();
                assert_eq!(serde_json::to_value(view).unwrap(), page);
            }
        }
        check::<AccountView>("account");
        check::<LoginView>("session");
        check::<SectionView>("section");
        check::<CustomerDetailsView>("customer");
        check::<BlockView>("block");
        check::<SavedReplyView>("reply");
        check::<HitView>("hit");
        check::<ReviewedView>("reviewed");
    }

    #[test]
    fn every_close_code_is_on_the_page() {
        let page = include_str!("../../docs/PROTOCOL.md");
        for close in Close::ALL {
            assert!(
                page.contains(&format!("\n| {} |", close.code())),
                "{close:?}"
            );
        }
    }
}
