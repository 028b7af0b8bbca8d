//! Sessions come in and go out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rustc_hash::FxHashMap;

use super::{Effects, Joining, Room, Session, Who, send};
use crate::{
    chat::{
        command::{Effect, Entrant, Found, SessionId},
        cursor::Cursor,
    },
    domain::{ConversationId, Listed, Refusal, Seq, SessionKey, Side, Status, Timestamp, rfc3339},
    protocol::{Close, ConversationView, LimitsView, ServerFrame, SettingsView, WelcomeView},
};

impl Room {
    pub(super) fn hello(
        &mut self,
        session: SessionId,
        entrant: Entrant,
        resume: BTreeMap<ConversationId, Seq>,
        out: &mut Effects,
    ) {
        let who = match entrant.clone() {
            Entrant::Customer(visitor) => {
                self.customers
                    .entry(visitor.key)
                    .or_default()
                    .insert(session);
                Who::Customer(visitor, None)
            }
            Entrant::Agent(key) => {
                self.agents.insert(session);
                Who::Agent(key, None)
            }
        };
        let names = resume.keys().copied().collect();
        let joining = Some(Joining {
            resume,
            missed: BTreeMap::new(),
            retagged: BTreeSet::new(),
        });
        self.sessions.insert(
            session,
            Session {
                who,
                cursors: FxHashMap::default(),
                joining,
                loading: None,
                waiting: VecDeque::new(),
                place: None,
            },
        );
        out.push(Effect::LookUp {
            session,
            entrant,
            resume: names,
        });
    }

    pub(super) fn found(
        &mut self,
        id: SessionId,
        outcome: Result<Found, Refusal>,
        now: Timestamp,
        out: &mut Effects,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let found = match outcome {
            Ok(found) => found,
            Err(refusal) => {
                let close = match refusal.code.status() {
                    401 => Close::SignedOut,
                    _ => Close::Unavailable,
                };
                out.push(send(id, ServerFrame::error(None, refusal)));
                self.left(id, out);
                out.push(Effect::Close { session: id, close });
                return;
            }
        };
        if let (Who::Customer(visitor, _), Found::Customer(join)) = (&session.who, &found)
            && let Some(key) = join.key
            && key != visitor.key
        {
            return self.is_known_as(id, key, now, out);
        }
        let Some(joining) = session.joining.take() else {
            return;
        };
        let listed = match (&mut session.who, found) {
            (Who::Customer(_, known), Found::Customer(join)) => {
                let newly = known.is_none().then_some(join.customer).flatten();
                if let Some(customer) = newly {
                    let customer_id = customer.id;
                    *known = Some(customer);
                    self.came_online(customer_id, out);
                }
                join.conversations
            }
            (Who::Agent(_, me), Found::Agent(found, listed, colleagues)) => {
                *me = Some(found.clone());
                self.agent_came(id, &found, colleagues, out);
                listed
            }
            _ => return,
        };
        self.welcome(id, joining, &listed, now, out);
    }

    fn welcome(
        &mut self,
        id: SessionId,
        joining: Joining,
        listed: &[Listed],
        now: Timestamp,
        out: &mut Effects,
    ) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let side = session.side();
        let me = session.me();
        let views = listed
            .iter()
            .map(|one| ConversationView::listed(one, side, self.has_customer(&one.conversation)))
            .collect();
        let welcome = WelcomeView {
            session: format!("s{}", id.0),
            room: self.settings.kind,
            after_close: self.settings.after_close,
            role: me.role.clone(),
            me,
            conversations: views,
            presence: self.presence(side),
            heartbeat_s: self.settings.heartbeat_s,
            now: rfc3339(now),
            settings: SettingsView::clone(&self.business.view),
            limits: LimitsView {
                files: self.business.files.clone(),
                ..self.settings.limits.clone()
            },
        };
        out.push(send(id, ServerFrame::Welcome(Box::new(welcome))));

        let Joining {
            mut resume,
            mut missed,
            retagged,
        } = joining;
        for Listed { conversation, .. } in listed {
            if side == Side::Customer && conversation.status == Status::Waiting {
                self.queue.moved();
            }
            let told = conversation.last_seq;
            let asked = resume.remove(&conversation.id);
            let mut cursor = Cursor::new(asked.unwrap_or(told), told);
            // Older than what was read, or newer: then it may have another status or agent by now, too.
            let missed = missed.remove(&conversation.id);
            if let Some((_, now)) = missed.filter(|(_, now)| now.last_seq > told) {
                cursor.hear(now.last_seq);
                if (now.status, &now.agent) != (conversation.status, &conversation.agent) {
                    self.tell(&now, vec![id], out);
                }
            }
            cursor.resuming = asked.is_some() && cursor.is_behind();
            self.follow(id, conversation.id, cursor);
        }
        for unknown in resume.into_keys() {
            let mut refusal = Refusal::conversation_not_found();
            refusal.message = format!("resume: there is no conversation {unknown} here").into();
            out.push(send(id, ServerFrame::error(None, refusal)));
        }
        for (conversation, (first, now)) in missed {
            self.tell(&now, vec![id], out);
            // A customer gets their conversation from its beginning.
            let from = match side {
                Side::Customer => Seq::ZERO,
                Side::Agent => first.previous(),
            };
            let mut cursor = Cursor::new(from, from);
            cursor.hear(now.last_seq);
            self.follow(id, conversation, cursor);
        }
        for conversation in retagged {
            self.retagged(conversation, out);
        }
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let behind: Vec<_> = session
            .cursors
            .iter()
            .filter(|(_, c)| c.is_behind())
            .map(|(id, _)| *id)
            .collect();
        if !session.is_resuming() {
            out.push(send(id, ServerFrame::Resumed));
        }
        for conversation in behind {
            self.catch_up(id, conversation, out);
        }
    }

    pub(super) fn left(&mut self, id: SessionId, out: &mut Effects) {
        let Some(session) = self.sessions.remove(&id) else {
            return;
        };
        match session.who {
            Who::Customer(visitor, known) => {
                if let Some(sessions) = self.customers.get_mut(&visitor.key) {
                    sessions.remove(&id);
                    if sessions.is_empty() {
                        self.customers.remove(&visitor.key);
                    }
                }
                for conversation in session.cursors.keys() {
                    self.forget_owner(visitor.key, *conversation);
                }
                if let Some(customer) = known {
                    self.went_offline(&customer, out);
                }
            }
            Who::Agent(_, me) => {
                self.agents.remove(&id);
                if let Some(me) = me {
                    self.agent_went(&me, out);
                }
            }
        }
    }

    pub(super) fn signed_out(&mut self, keys: &[SessionKey], out: &mut Effects) {
        let ended: Vec<_> = self
            .agents
            .iter()
            .copied()
            .filter(
                |id| match self.sessions.get(id).map(|session| &session.who) {
                    Some(Who::Agent(key, _)) => keys.contains(key),
                    _ => false,
                },
            )
            .collect();
        for session in ended {
            self.left_for_good(session, out);
            out.push(Effect::Close {
                session,
                close: Close::SignedOut,
            });
        }
    }
}
