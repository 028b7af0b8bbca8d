//! When the server is to do something on its own: hand out what waits, or take back what agents have who are
//! gone. What is to be done is decided in the store, on locked rows; here only that it may be time to look.

use super::{Effect, Effects, Room};
use crate::{
    domain::{AssignmentMode, RoomKind},
    store::{Dispatch, Ticket, Write},
};

/// One look at a time: what happens meanwhile asks for another one after it.
#[derive(Default)]
pub(super) struct Watch {
    /// A conversation has another status or agent.
    has_moved: bool,
    /// The database said that there is something to do.
    is_wanted: bool,
    under_way: Option<Ticket>,
}

impl Watch {
    /// A conversation waits, or an agent has more room or less.
    pub(super) fn moved(&mut self) {
        self.has_moved = true;
    }

    /// There is something to do, whoever noticed it.
    pub(super) fn wanted(&mut self) {
        self.is_wanted = true;
    }

    /// The look is over, if it is this one.
    pub(super) fn ended(&mut self, ticket: Ticket) {
        self.under_way.take_if(|under_way| *under_way == ticket);
    }
}

impl Room {
    /// Asks for a look where there may be something to do.
    pub(super) fn dispatch(&mut self, out: &mut Effects) {
        let rules = self.business.settings.assignment;
        let hands_out = rules.mode != AssignmentMode::Off && self.staff.has_available(self.now_ms);
        if !hands_out {
            self.dispatch.has_moved = false;
        }
        let due = self.dispatch.is_wanted || self.dispatch.has_moved;
        if !due || self.dispatch.under_way.is_some() || self.settings.kind == RoomKind::Shared {
            return;
        }
        self.next_ticket += 1;
        let ticket = Ticket(self.next_ticket);
        self.dispatch = Watch {
            has_moved: false,
            is_wanted: false,
            under_way: Some(ticket),
        };
        out.push(Effect::Submit(Write::Dispatch(Dispatch {
            ticket,
            rules,
            may_return: self.staff.may_return(rules, self.now_ms),
        })));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chat::command::{Command, Entrant, Found, RoomSettings, SessionId},
        domain::{AfterClose, AgentId, Me, Role, SessionKey, Settings, TextLimits, now},
        protocol::{LimitsView, SettingsView},
        store::{Staff, Written},
    };

    /// A room with one agent in it.
    fn room(mode: AssignmentMode) -> Room {
        let settings = RoomSettings {
            kind: RoomKind::Private,
            after_close: AfterClose::New,
            text: TextLimits {
                chars: 100,
                bytes: 400,
            },
            limits: LimitsView {
                text_chars: 100,
                text_bytes: 400,
                frame_bytes: 65_536,
                history_page: 3,
                resume_conversations: 10,
                frames_per_second: 0,
                files: None,
            },
            heartbeat_s: 25,
            answer_within_ms: 1_000,
        };
        let mut room = Room::new(settings);
        let mut settings = Settings::default();
        settings.assignment.mode = mode;
        let (view, _) = SettingsView::at(&settings, now());
        room.apply(Command::Settings {
            settings: std::sync::Arc::new(settings),
            view: Box::new(view),
        });
        let session = SessionId(1);
        room.apply(Command::Hello {
            session,
            entrant: Entrant::Agent(SessionKey([7; 32])),
            resume: std::collections::BTreeMap::new(),
            now: now(),
        });
        let me = Me {
            id: AgentId(1),
            name: "Li Wei".to_owned(),
            role: Role::Agent,
        };
        room.apply(Command::Found {
            session,
            outcome: Ok(Found::Agent(me, vec![], vec![])),
            now: now(),
        });
        room
    }

    /// The database says how things stand; the tickets of what the room asks for then.
    fn kept(room: &mut Room, is_waited_for: bool, has_vanished: bool) -> Vec<Ticket> {
        let staff = Staff {
            colleagues: vec![],
            is_waited_for,
            has_vanished,
        };
        asked(room.apply(Command::PresenceKept(Ok(staff))))
    }

    fn asked(effects: Effects) -> Vec<Ticket> {
        let asked = effects.into_iter().filter_map(|effect| match effect {
            Effect::Submit(Write::Dispatch(dispatch)) => Some(dispatch.ticket),
            _ => None,
        });
        asked.collect()
    }

    fn done(room: &mut Room, ticket: Ticket) -> Vec<Ticket> {
        let changes = vec![];
        asked(room.apply(Command::Written(vec![Written::Dispatched {
            ticket,
            changes,
        }])))
    }

    #[test]
    fn one_look_at_a_time_and_another_after_it_for_what_came_meanwhile() {
        let mut room = room(AssignmentMode::RoundRobin);
        let first = kept(&mut room, true, false);
        assert_eq!(first.len(), 1);
        assert_eq!(kept(&mut room, true, false), []);
        let second = done(&mut room, first[0]);
        assert_eq!(second.len(), 1);
        assert_eq!(done(&mut room, second[0]), []);
        assert_eq!(kept(&mut room, false, false), []);
    }

    #[test]
    fn off_hands_nothing_out_and_takes_back_all_the_same() {
        let mut room = room(AssignmentMode::Off);
        assert_eq!(kept(&mut room, true, false), []);
        assert_eq!(kept(&mut room, true, true).len(), 1);
    }
}
