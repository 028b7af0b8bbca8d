//! Who is who, and who is there: the part of the room's rules that is about people.

use super::{Effect, Effects, Room, Session, SessionId, Who, send, send_all};
use crate::{
    domain::{
        AgentId, AgentRef, Author, Code, Conversation, CustomerId, CustomerKey, CustomerRef, Me,
        Refusal, Side,
    },
    protocol::{PresenceView, ServerFrame},
    store::{self, Colleague, KeepPresence, Poster},
};

impl Room {
    /// The sender of a first message now has an id; so have their other tabs.
    pub(super) fn recognise(
        &mut self,
        id: SessionId,
        author: &Author,
        conversation: &Conversation,
    ) {
        let Author::Customer {
            id: customer_id,
            name,
        } = author
        else {
            return;
        };
        let Some(Session {
            who: Who::Customer(visitor, None),
            ..
        }) = self.sessions.get(&id)
        else {
            return;
        };
        let of_conversation = conversation
            .customer
            .clone()
            .filter(|c| c.id == *customer_id);
        let customer = of_conversation.unwrap_or_else(|| CustomerRef {
            id: *customer_id,
            name: name.clone(),
            page: visitor.page.clone(),
            language: visitor.language.clone(),
        });
        self.bind(visitor.key, &customer);
    }

    pub(super) fn bind(&mut self, key: CustomerKey, customer: &CustomerRef) {
        for id in self.customers.get(&key).into_iter().flatten() {
            if let Some(Session {
                who: Who::Customer(_, known @ None),
                ..
            }) = self.sessions.get_mut(id)
            {
                *known = Some(customer.clone());
                *self.online.entry(customer.id).or_default() += 1;
            }
        }
    }

    pub(super) fn came_online(&mut self, customer: CustomerId, out: &mut Effects) {
        let sessions = self.online.entry(customer).or_default();
        *sessions += 1;
        if *sessions == 1 {
            self.announce_customer(customer, None, true, out);
        }
    }

    pub(super) fn went_offline(&mut self, customer: &CustomerRef, out: &mut Effects) {
        let Some(sessions) = self.online.get_mut(&customer.id) else {
            return;
        };
        *sessions -= 1;
        if *sessions == 0 {
            self.online.remove(&customer.id);
            self.announce_customer(customer.id, customer.name.clone(), false, out);
        }
    }

    fn announce_customer(
        &self,
        customer: CustomerId,
        name: Option<String>,
        online: bool,
        out: &mut Effects,
    ) {
        let id = Some(customer.to_string());
        let frame = ServerFrame::Presence(PresenceView {
            role: Side::Customer,
            id,
            name,
            online,
            away: false,
        });
        out.push(send_all(self.joined(Side::Agent), frame));
    }

    pub(super) fn agent_came(
        &mut self,
        id: SessionId,
        me: &Me,
        colleagues: Vec<Colleague>,
        out: &mut Effects,
    ) {
        let now_ms = self.now_ms;
        self.staff.are(colleagues, now_ms);
        self.staff.came(me, now_ms);
        // They themselves are about to be told by `welcome`.
        self.tell_presence(Some(id), out);
    }

    pub(super) fn agent_went(&mut self, me: &Me, out: &mut Effects) {
        let grace_ms = u64::from(self.business.settings.assignment.grace_s) * 1_000;
        self.staff.went(me.id, self.now_ms, grace_ms);
        self.tell_presence(None, out);
    }

    /// Who has signed out does not come back in a moment.
    pub(super) fn left_for_good(&mut self, id: SessionId, out: &mut Effects) {
        let who = self.sessions.get(&id).map(|session| &session.who);
        if let Some(Who::Agent(_, Some(me))) = who {
            let agent = me.id;
            self.staff.sign_out(agent, self.now_ms);
        }
        self.left(id, out);
    }

    pub(super) fn set_away(
        &mut self,
        session: SessionId,
        reference: String,
        away: bool,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        let Poster::Agent(AgentRef { id: agent, .. }) = self.poster(session)? else {
            return Err(Refusal::new(Code::Forbidden, "this is for agents"));
        };
        out.push(Effect::SetAway {
            session,
            reference,
            agent,
            away,
        });
        Ok(())
    }

    pub(super) fn away_set(
        &mut self,
        session: SessionId,
        reference: String,
        (agent, away): (AgentId, bool),
        outcome: Result<(), Refusal>,
        out: &mut Effects,
    ) {
        let frame = match outcome {
            Ok(()) => ServerFrame::PresenceDone { reference, away },
            Err(refusal) => {
                return out.push(send(session, ServerFrame::error(Some(reference), refusal)));
            }
        };
        self.staff.is_away(agent, away, self.now_ms);
        out.push(send(session, frame));
        self.tell_presence(None, out);
        self.dispatch.moved();
        self.dispatch(out);
    }

    /// Time passes: leases end, and those that are held here must be moved on.
    pub(super) fn keep_presence(&mut self, out: &mut Effects) {
        self.tell_presence(None, out);
        let rules = self.business.settings.assignment;
        if let Some((connected, ended)) = self.staff.keep(rules, self.now_ms) {
            out.push(Effect::KeepPresence(KeepPresence {
                connected,
                ended,
                rules,
                may_return: self.staff.may_return(rules, self.now_ms),
            }));
        }
    }

    pub(super) fn presence_kept(
        &mut self,
        outcome: Result<store::Staff, Refusal>,
        out: &mut Effects,
    ) {
        let Some(staff) = self.staff.kept(outcome.ok(), self.now_ms) else {
            return;
        };
        self.tell_presence(None, out);
        if staff.is_waited_for {
            self.dispatch.moved();
        }
        if staff.has_vanished {
            self.dispatch.wanted();
        }
        self.dispatch(out);
    }

    /// Agents hear of each other, customers of the desk as a whole; each change once.
    fn tell_presence(&mut self, except: Option<SessionId>, out: &mut Effects) {
        for (agent, change) in self.staff.changes(self.now_ms) {
            let mut to = self.joined(Side::Agent);
            to.retain(|id| Some(*id) != except);
            // Who comes or goes knows it, but not what another tab of theirs has set.
            if change.came_or_went {
                let is_them = |session: &Session| matches!(&session.who, Who::Agent(_, Some(me)) if me.id == agent);
                to.retain(|id| !self.sessions.get(id).is_some_and(is_them));
            }
            let frame = ServerFrame::Presence(change.view);
            out.push(send_all(to, frame));
        }
        let here = self.staff.has_available(self.now_ms);
        if std::mem::replace(&mut self.staff.desk_told, here) != here {
            let frame = ServerFrame::Presence(desk_is(here));
            out.push(send_all(self.joined(Side::Customer), frame));
        }
    }

    pub(super) fn presence(&self, side: Side) -> Vec<PresenceView> {
        match side {
            Side::Customer => vec![desk_is(self.staff.has_available(self.now_ms))],
            Side::Agent => self.staff.views(self.now_ms),
        }
    }

    /// The sessions of one side that are in.
    pub(super) fn joined(&self, side: Side) -> Vec<SessionId> {
        let is_in = |id: &SessionId| {
            let session = self.sessions.get(id);
            session.is_some_and(|session| session.joining.is_none())
        };
        match side {
            Side::Agent => self.agents.iter().copied().filter(is_in).collect(),
            Side::Customer => {
                let sessions = self.customers.values().flatten().copied();
                sessions.filter(is_in).collect()
            }
        }
    }
}

fn desk_is(online: bool) -> PresenceView {
    PresenceView {
        role: Side::Agent,
        id: None,
        name: None,
        online,
        away: false,
    }
}
