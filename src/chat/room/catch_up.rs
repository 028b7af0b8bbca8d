//! Sessions that are behind: they get pages from the database until they have reached what is committed.

use super::{Effects, Room, send};
use crate::{
    chat::{
        command::{Effect, SessionId},
        cursor::Cursor,
    },
    domain::{ConversationId, Refusal},
    protocol::{HistoryView, MessageView, PageAsked, ServerFrame},
    store::{MessagePage, Viewer},
};

impl Room {
    /// The session is to get the page after what it has, as soon as no other is under way.
    pub(super) fn catch_up(
        &mut self,
        id: SessionId,
        conversation: ConversationId,
        out: &mut Effects,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let Some(cursor) = session.cursors.get_mut(&conversation) else {
            return;
        };
        cursor.ask();
        session.waiting.push_back(conversation);
        self.load_next(id, out);
    }

    fn load_next(&mut self, id: SessionId, out: &mut Effects) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.loading.is_none() {
            session.loading = session.waiting.pop_front();
            self.load(id, out);
        }
    }

    /// Asks for the page that is to be under way.
    pub(super) fn load(&mut self, id: SessionId, out: &mut Effects) {
        let limit = self.settings.limits.history_page;
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let Some(conversation) = session.loading else {
            return;
        };
        let Some(cursor) = session.cursors.get_mut(&conversation) else {
            return;
        };
        cursor.ask();
        let page = PageAsked::After(cursor.sent());
        out.push(Effect::Load {
            session: id,
            viewer: session.viewer(),
            reference: None,
            conversation,
            page,
            limit,
        });
    }

    pub(super) fn page_loaded(
        &mut self,
        id: SessionId,
        conversation: ConversationId,
        outcome: Result<Option<MessagePage>, Refusal>,
        out: &mut Effects,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let was_resuming = session.is_resuming();
        let Some(cursor) = session.cursors.get_mut(&conversation) else {
            return;
        };
        match outcome {
            Err(_) => return self.retries.push(id),
            // The conversation is gone.
            Ok(None) => {
                session.cursors.remove(&conversation);
            }
            Ok(Some(page)) => {
                let fresh = page.messages.iter().filter(|m| cursor.take(m.seq));
                let frames = fresh.map(|m| ServerFrame::Posted(m.into())).collect();
                if !cursor.page_taken(page.more) {
                    cursor.resuming = false;
                }
                out.push(Effect::Page {
                    session: id,
                    conversation,
                    frames,
                });
            }
        }
        let gone = !session.cursors.contains_key(&conversation);
        let viewer = session.viewer();
        if was_resuming && !session.is_resuming() {
            out.push(send(id, ServerFrame::Resumed));
        }
        if gone {
            if let Viewer::Customer(key) = viewer {
                self.forget_owner(key, conversation);
            }
            self.page_written(id, conversation, out);
        }
    }

    /// The socket has taken the page: the next of the same conversation, or of another.
    pub(super) fn page_written(
        &mut self,
        id: SessionId,
        conversation: ConversationId,
        out: &mut Effects,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.loading != Some(conversation) {
            return;
        }
        let cursor = session.cursors.get(&conversation);
        if cursor.is_some_and(Cursor::is_asking) {
            self.load(id, out);
        } else {
            session.loading = None;
            self.load_next(id, out);
        }
    }
}

/// The answer to a request for history.
pub(super) fn history(
    to: SessionId,
    reference: String,
    conversation: ConversationId,
    outcome: Result<Option<MessagePage>, Refusal>,
) -> Effect {
    let page = outcome.and_then(|page| page.ok_or_else(Refusal::conversation_not_found));
    let frame = match page {
        Err(refusal) => ServerFrame::error(Some(reference), refusal),
        Ok(page) => ServerFrame::History(HistoryView {
            reference,
            conversation,
            messages: page.messages.iter().map(MessageView::from).collect(),
            more: page.more,
        }),
    };
    send(to, frame)
}
