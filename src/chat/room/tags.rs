//! Tags as agents see them live. They are kept by HTTP; the room only tells those who know the conversation
//! what it has now, by reading it, so that of changes that overtake each other the last is told last.

use std::collections::HashMap;

use super::{Effects, Room, send_all};
use crate::{
    chat::command::Effect,
    domain::{ConversationId, Refusal, Side, Tag},
    protocol::{ServerFrame, TagView},
};

/// Conversations whose tags are being read; `true`: they have changed again since.
#[derive(Default)]
pub(super) struct Reading(HashMap<ConversationId, bool>);

impl Room {
    /// The tags of a conversation have changed.
    pub(super) fn retagged(&mut self, conversation: ConversationId, out: &mut Effects) {
        if let Some(again) = self.reading_tags.0.get_mut(&conversation) {
            *again = true;
        } else {
            self.reading_tags.0.insert(conversation, false);
            out.push(Effect::LoadTags(conversation));
        }
    }

    pub(super) fn tags_loaded(
        &mut self,
        conversation: ConversationId,
        outcome: Result<Vec<Tag>, Refusal>,
        out: &mut Effects,
    ) {
        let again = self.reading_tags.0.remove(&conversation) == Some(true);
        if again {
            return self.retagged(conversation, out);
        }
        // Without an answer they show with the next look at the conversation.
        let Ok(tags) = outcome else {
            return;
        };
        for session in self.sessions.values_mut() {
            // Whoever is being looked up may be told what was so before.
            if let (Side::Agent, Some(joining)) = (session.side(), &mut session.joining) {
                joining.retagged.insert(conversation);
            }
        }
        let mut to: Vec<_> = self.agents.iter().copied().collect();
        to.retain(|id| self.must_know(*id, conversation).is_ok());
        if !to.is_empty() {
            let tags = tags.iter().map(TagView::from).collect();
            let frame = ServerFrame::Tagged { conversation, tags };
            out.push(send_all(to, frame));
        }
    }
}
