//! What the business has set: the part of the room's rules that admins change while it runs.

use std::sync::Arc;

use chrono::DateTime;

use super::{Effects, Room, send_all};
use crate::{
    domain::{Settings, Side},
    protocol::{FileLimitsView, ServerFrame, SettingsView},
};

/// The settings as the room was last told.
pub(super) struct Business {
    /// All of them.
    pub settings: Arc<Settings>,
    /// As those who are connected see them.
    pub view: Box<SettingsView>,
    /// What files may be, as they see it.
    pub files: Option<FileLimitsView>,
}

impl Default for Business {
    fn default() -> Self {
        let settings = Arc::<Settings>::default();
        let (view, _) = SettingsView::at(&settings, DateTime::UNIX_EPOCH);
        let view = Box::new(view);
        let files = FileLimitsView::new(&settings.files);
        Self {
            settings,
            view,
            files,
        }
    }
}

impl Room {
    /// Goes by other settings from now on; everybody hears of what they can see.
    pub(super) fn set(
        &mut self,
        settings: Arc<Settings>,
        view: Box<SettingsView>,
        out: &mut Effects,
    ) {
        let files = FileLimitsView::new(&settings.files);
        self.business.settings = settings;
        // What waits may be handed out from now on.
        self.staff.look_again(self.now_ms);
        if self.business.view == view && self.business.files == files {
            return;
        }
        self.business.view.clone_from(&view);
        self.business.files.clone_from(&files);
        let mut to = self.joined(Side::Customer);
        to.extend(self.joined(Side::Agent));
        if to.is_empty() {
            return;
        }
        let settings = view;
        out.push(send_all(
            to,
            ServerFrame::SettingsChanged { settings, files },
        ));
    }
}
