//! Who is given a conversation that waits, and from whom one is taken back: the rules by which the server
//! acts on its own.
//!
//! Plain functions over what the database holds. The store calls them on locked rows, so that two processes
//! that assign at once come to one result.

use super::{AgentId, Timestamp};

/// How conversations that wait are handed out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentMode {
    /// They are not: agents take them.
    #[default]
    Off,
    /// To whoever was given one the longest ago.
    RoundRobin,
    /// To whoever has the fewest.
    LeastBusy,
}

/// What the server does on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct AssignmentRules {
    /// How conversations that wait are handed out.
    pub mode: AssignmentMode,
    /// How many open conversations an agent has room for, where the account does not say.
    pub capacity: u32,
    /// How long an agent counts as there after their last connection has ended, in seconds.
    pub grace_s: u32,
    /// How long after that their conversations go back to the queue, in seconds; 0 is never.
    pub return_after_s: u32,
}

impl Default for AssignmentRules {
    fn default() -> Self {
        Self {
            mode: AssignmentMode::Off,
            capacity: 5,
            grace_s: 20,
            return_after_s: 120,
        }
    }
}

/// How many open conversations an account may be said to have room for.
pub const MAX_CAPACITY: u32 = 1_000;

/// An agent who is there and available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Who.
    pub agent: AgentId,
    /// How many open conversations they have.
    pub open: u32,
    /// How many they have room for.
    pub capacity: u32,
    /// When they were given one last, counted over the whole service; `None`: never.
    pub last_turn: Option<i64>,
}

/// Who is given the next conversation; `None` where nobody has room. It does not go back at once to whoever
/// has just `released` it.
pub fn choose(
    mode: AssignmentMode,
    candidates: &[Candidate],
    released: Option<AgentId>,
) -> Option<AgentId> {
    let with_room = candidates
        .iter()
        .filter(|one| one.open < one.capacity && Some(one.agent) != released);
    let chosen = match mode {
        AssignmentMode::Off => None,
        AssignmentMode::RoundRobin => with_room.min_by_key(|one| (one.last_turn, one.agent)),
        AssignmentMode::LeastBusy => {
            with_room.min_by_key(|one| (one.open, one.last_turn, one.agent))
        }
    };
    chosen.map(|one| one.agent)
}

/// Whether an agent was really there at `at`: until when their lease runs says it, nothing else.
pub fn is_there(lease_until: Option<Timestamp>, at: Timestamp) -> bool {
    lease_until.is_some_and(|until| until > at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use AssignmentMode::{LeastBusy, Off, RoundRobin};

    fn candidate(agent: i64, open: u32, last_turn: Option<i64>) -> Candidate {
        Candidate {
            agent: AgentId(agent),
            open,
            capacity: 3,
            last_turn,
        }
    }

    /// Hands out as many as there is room for, and says to whom.
    fn hand_out(mode: AssignmentMode, mut candidates: Vec<Candidate>) -> Vec<i64> {
        let mut to = Vec::new();
        for turn in 100.. {
            let Some(agent) = choose(mode, &candidates, None) else {
                break;
            };
            to.push(agent.0);
            for one in candidates.iter_mut().filter(|one| one.agent == agent) {
                one.open += 1;
                one.last_turn = Some(turn);
            }
        }
        to
    }

    #[test]
    fn off_gives_nobody_anything() {
        assert!(hand_out(Off, vec![candidate(1, 0, None)]).is_empty());
    }

    #[test]
    fn round_robin_goes_round_whoever_has_how_many_and_stops_where_nobody_has_room() {
        let three = vec![
            candidate(1, 0, Some(7)),
            candidate(2, 1, Some(5)),
            candidate(3, 0, None),
        ];
        assert_eq!(hand_out(RoundRobin, three), [3, 2, 1, 3, 2, 1, 3, 1]);
    }

    #[test]
    fn least_busy_goes_to_the_fewest_and_by_turns_among_equals() {
        let three = vec![
            candidate(1, 2, None),
            candidate(2, 0, Some(9)),
            candidate(3, 1, Some(1)),
        ];
        assert_eq!(hand_out(LeastBusy, three), [2, 3, 2, 1, 3, 2]);
    }

    #[test]
    fn nobody_is_given_more_than_they_have_room_for() {
        let mut full = candidate(1, 3, None);
        assert_eq!(choose(LeastBusy, &[full], None), None);
        full.open = 7;
        assert_eq!(choose(RoundRobin, &[full], None), None);
        full.capacity = 0;
        full.open = 0;
        assert_eq!(choose(RoundRobin, &[full], None), None, "no room at all");
    }

    #[test]
    fn what_somebody_has_released_goes_to_another() {
        let two = [candidate(1, 0, None), candidate(2, 2, Some(1))];
        let released = Some(AgentId(1));
        assert_eq!(choose(RoundRobin, &two, released), Some(AgentId(2)));
        assert_eq!(choose(LeastBusy, &two[..1], released), None);
    }

    #[test]
    fn a_lease_ends_when_it_ends() {
        let at = crate::domain::now();
        assert!(!is_there(None, at));
        assert!(!is_there(Some(at), at));
        assert!(is_there(Some(at + chrono::TimeDelta::milliseconds(1)), at));
    }
}
