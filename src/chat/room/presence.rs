//! Who is who, and who is there: the part of the room's rules that is about people.

use std::collections::BTreeMap;

use super::{Effect, Effects, Room, Session, SessionId, Who};
use crate::{
    domain::{AgentId, Author, Conversation, CustomerId, CustomerKey, CustomerRef, Me, Side},
    protocol::{PresenceView, ServerFrame},
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
        });
        out.push(Effect::Send {
            to: self.joined(Side::Agent),
            frame,
        });
    }

    pub(super) fn agent_came(&mut self, id: SessionId, me: &Me, out: &mut Effects) {
        let others: Vec<AgentId> = self.agents_online(Some(id)).into_keys().collect();
        if !others.contains(&me.id) {
            self.announce_agent(me, true, others.is_empty(), out);
        }
    }

    pub(super) fn agent_went(&mut self, me: &Me, out: &mut Effects) {
        let others = self.agents_online(None);
        if !others.contains_key(&me.id) {
            self.announce_agent(me, false, others.is_empty(), out);
        }
    }

    /// To the other agents; and to customers when the desk as a whole comes or goes.
    fn announce_agent(&self, me: &Me, online: bool, desk: bool, out: &mut Effects) {
        let role = Side::Agent;
        let (id, name) = (Some(me.id.to_string()), Some(me.name.clone()));
        let frame = ServerFrame::Presence(PresenceView {
            role,
            id,
            name,
            online,
        });
        let is_them = |session: &Session| matches!(&session.who, Who::Agent(_, Some(other)) if other.id == me.id);
        let mut to = self.joined(Side::Agent);
        to.retain(|id| !self.sessions.get(id).is_some_and(is_them));
        out.push(Effect::Send { to, frame });
        if desk {
            let frame = ServerFrame::Presence(desk_is(online));
            out.push(Effect::Send {
                to: self.joined(Side::Customer),
                frame,
            });
        }
    }

    /// The agents who are there, but for one session.
    pub(super) fn agents_online(&self, except: Option<SessionId>) -> BTreeMap<AgentId, &Me> {
        let others = self.agents.iter().filter(|id| Some(**id) != except);
        let known = others.filter_map(|id| match &self.sessions.get(id)?.who {
            Who::Agent(_, Some(me)) => Some((me.id, me)),
            _ => None,
        });
        known.collect()
    }

    pub(super) fn presence(&self, side: Side) -> Vec<PresenceView> {
        let agents = self.agents_online(None);
        if side == Side::Customer {
            return vec![desk_is(!agents.is_empty())];
        }
        let view = |me: &Me| PresenceView {
            role: Side::Agent,
            id: Some(me.id.to_string()),
            name: Some(me.name.clone()),
            online: true,
        };
        agents.into_values().map(view).collect()
    }

    /// The sessions of one side that are in.
    pub(super) fn joined(&self, side: Side) -> Vec<SessionId> {
        let joined = self
            .sessions
            .iter()
            .filter(|(_, s)| s.joining.is_none() && s.side() == side);
        joined.map(|(id, _)| *id).collect()
    }
}

fn desk_is(online: bool) -> PresenceView {
    PresenceView {
        role: Side::Agent,
        id: None,
        name: None,
        online,
    }
}
