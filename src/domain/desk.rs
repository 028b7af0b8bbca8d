//! What agents may do to a conversation, and what becomes of it: the rules of `waiting → open → closed`.
//!
//! Plain functions over the locked row's state. The store calls them inside the transaction, so that of
//! two agents who act at once the second one sees what the first has done.

use std::borrow::Cow;

use super::{AgentId, Code, EventName, Refusal, Role, Status};

/// What an agent wants to do to a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Have it. Never takes it from somebody else.
    Take,
    /// Back to the queue.
    Release,
    /// To this agent; `None` is the queue. A supervisor who names themselves takes it over.
    Transfer(Option<AgentId>),
    /// End it.
    Close,
    /// Go on with one that has ended.
    Reopen,
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Their account.
    pub id: AgentId,
    /// What they may do.
    pub role: Role,
}

/// Where a conversation stands, as far as these rules go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Waiting, open or closed.
    pub status: Status,
    /// Who has it, or had it when it was closed.
    pub agent: Option<AgentId>,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where it stands now.
    pub state: State,
    /// What happened.
    pub event: EventName,
    /// The agent whom the event names.
    pub about: Option<AgentId>,
}

impl Change {
    fn to_agent(event: EventName, agent: AgentId) -> Self {
        Self {
            state: State {
                status: Status::Open,
                agent: Some(agent),
            },
            event,
            about: Some(agent),
        }
    }

    fn to_queue(event: EventName, from: Option<AgentId>) -> Self {
        Self {
            state: State {
                status: Status::Waiting,
                agent: None,
            },
            event,
            about: from,
        }
    }

    /// An agent's first answer takes what waits; `None` where it waits for nobody.
    pub fn by_answer(state: State, agent: AgentId) -> Option<Self> {
        (state.status == Status::Waiting).then(|| Self::to_agent(EventName::Taken, agent))
    }

    /// The server gives what waits to an agent; `None` where it waits no more.
    pub fn by_assignment(state: State, agent: AgentId) -> Option<Self> {
        (state.status == Status::Waiting).then(|| Self::to_agent(EventName::Assigned, agent))
    }

    /// What an agent has who is not there any more goes back to the queue; `None` where they have it no more.
    pub fn by_absence(state: State, of: AgentId) -> Option<Self> {
        let theirs = state.status == Status::Open && state.agent == Some(of);
        theirs.then(|| Self::to_queue(EventName::Returned, Some(of)))
    }

    /// A customer's message to a conversation that has ended puts it back into the queue.
    pub fn by_customer(state: State) -> Option<Self> {
        (state.status == Status::Closed).then(|| Self::to_queue(EventName::Reopened, None))
    }
}

/// What `action` makes of a conversation; `None` where it is so already, as after a retry.
///
/// # Errors
/// [`Code::ConversationTaken`], [`Code::ConversationClosed`], [`Code::ConversationOpen`], or
/// [`Code::Forbidden`] where it is somebody else's.
pub fn decide(state: State, by: Actor, action: Action) -> Result<Option<Change>, Refusal> {
    let mine = state.agent == Some(by.id);
    let may = mine || state.agent.is_none() || by.role != Role::Agent;
    match (action, state.status) {
        (Action::Take, Status::Waiting) => Ok(Some(Change::to_agent(EventName::Taken, by.id))),
        (Action::Take | Action::Reopen, Status::Open) if mine => Ok(None),
        (Action::Take, Status::Open) => refuse(
            Code::ConversationTaken,
            "somebody else has taken this conversation",
        ),
        (Action::Take | Action::Release | Action::Transfer(_), Status::Closed) => refuse(
            Code::ConversationClosed,
            "this conversation is closed; reopen it first",
        ),
        (Action::Release | Action::Transfer(None), Status::Waiting)
        | (Action::Close, Status::Closed) => Ok(None),
        (Action::Transfer(to), Status::Open) if to.is_some() && to == state.agent => Ok(None),
        (Action::Release | Action::Transfer(_) | Action::Close, Status::Open) if !may => refuse(
            Code::Forbidden,
            "this is somebody else's conversation; a supervisor may do this",
        ),
        (Action::Release | Action::Transfer(None), Status::Open) => {
            Ok(Some(Change::to_queue(EventName::Released, state.agent)))
        }
        (Action::Transfer(Some(to)), Status::Waiting | Status::Open) => {
            let event = if to == by.id {
                EventName::Taken
            } else {
                EventName::Transferred
            };
            Ok(Some(Change::to_agent(event, to)))
        }
        (Action::Close, Status::Waiting | Status::Open) => Ok(Some(Change {
            state: State {
                status: Status::Closed,
                agent: state.agent,
            },
            event: EventName::Closed,
            about: state.agent,
        })),
        (Action::Reopen, Status::Closed) => Ok(Some(Change::to_agent(EventName::Reopened, by.id))),
        (Action::Reopen, Status::Waiting | Status::Open) => {
            refuse(Code::ConversationOpen, "this conversation is not closed")
        }
    }
}

fn refuse<T>(code: Code, why: &'static str) -> Result<T, Refusal> {
    Err(Refusal::new(code, Cow::Borrowed(why)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Action::{Close, Release, Reopen, Take, Transfer};
    use Status::{Closed, Open, Waiting};

    const ME: AgentId = AgentId(1);
    const ANA: AgentId = AgentId(2);
    const BO: AgentId = AgentId(3);

    /// What I, an agent or a supervisor, make of it: the new state with its event, `None` for "so
    /// already", or the code of the refusal.
    type Outcome = Result<Option<(Status, Option<AgentId>, EventName)>, Code>;

    fn outcome(status: Status, agent: Option<AgentId>, role: Role, action: Action) -> Outcome {
        let state = State { status, agent };
        decide(state, Actor { id: ME, role }, action)
            .map(|change| change.map(|c| (c.state.status, c.state.agent, c.event)))
            .map_err(|refusal| refusal.code)
    }

    #[test]
    fn every_action_in_every_state() {
        use EventName::{Closed as WasClosed, Released, Reopened, Taken, Transferred};
        let to = |status, agent, event| Ok(Some((status, agent, event)));
        let rows: &[(Status, Option<AgentId>, Action, Outcome)] = &[
            (Waiting, None, Take, to(Open, Some(ME), Taken)),
            (Waiting, None, Release, Ok(None)),
            (Waiting, None, Transfer(None), Ok(None)),
            (
                Waiting,
                None,
                Transfer(Some(ANA)),
                to(Open, Some(ANA), Transferred),
            ),
            (Waiting, None, Transfer(Some(ME)), to(Open, Some(ME), Taken)),
            (Waiting, None, Close, to(Closed, None, WasClosed)),
            (Waiting, None, Reopen, Err(Code::ConversationOpen)),
            (Open, Some(ME), Take, Ok(None)),
            (Open, Some(ME), Release, to(Waiting, None, Released)),
            (Open, Some(ME), Transfer(None), to(Waiting, None, Released)),
            (
                Open,
                Some(ME),
                Transfer(Some(ANA)),
                to(Open, Some(ANA), Transferred),
            ),
            (Open, Some(ME), Transfer(Some(ME)), Ok(None)),
            (Open, Some(ME), Close, to(Closed, Some(ME), WasClosed)),
            (Open, Some(ME), Reopen, Ok(None)),
            (Open, Some(ANA), Take, Err(Code::ConversationTaken)),
            (Open, Some(ANA), Release, Err(Code::Forbidden)),
            (Open, Some(ANA), Transfer(Some(ME)), Err(Code::Forbidden)),
            (Open, Some(ANA), Transfer(Some(ANA)), Ok(None)),
            (Open, Some(ANA), Transfer(None), Err(Code::Forbidden)),
            (Open, Some(ANA), Close, Err(Code::Forbidden)),
            (Open, Some(ANA), Reopen, Err(Code::ConversationOpen)),
            (Closed, Some(ANA), Take, Err(Code::ConversationClosed)),
            (Closed, Some(ANA), Release, Err(Code::ConversationClosed)),
            (
                Closed,
                Some(ME),
                Transfer(Some(ANA)),
                Err(Code::ConversationClosed),
            ),
            (Closed, Some(ANA), Close, Ok(None)),
            (Closed, Some(ANA), Reopen, to(Open, Some(ME), Reopened)),
            (Closed, None, Reopen, to(Open, Some(ME), Reopened)),
        ];
        for (status, agent, action, expected) in rows {
            let got = outcome(*status, *agent, Role::Agent, *action);
            assert_eq!(got, *expected, "{status:?} of {agent:?}: {action:?}");
        }
    }

    #[test]
    fn the_server_gives_away_only_what_waits_and_takes_back_only_what_is_theirs() {
        let in_state = |status, agent| State { status, agent };
        let waiting = in_state(Waiting, None);
        let given = Change::by_assignment(waiting, ANA).unwrap();
        assert_eq!(given.state, in_state(Open, Some(ANA)));
        assert_eq!((given.event, given.about), (EventName::Assigned, Some(ANA)));
        let back = Change::by_absence(given.state, ANA).unwrap();
        assert_eq!(back.state, waiting);
        assert_eq!((back.event, back.about), (EventName::Returned, Some(ANA)));
        for state in [in_state(Open, Some(ANA)), in_state(Closed, Some(ANA))] {
            assert_eq!(Change::by_assignment(state, BO), None);
            assert_eq!(Change::by_absence(state, BO), None);
        }
        assert_eq!(Change::by_absence(in_state(Closed, Some(ANA)), ANA), None);
    }

    #[test]
    fn a_supervisor_takes_over_on_purpose_and_never_by_a_race() {
        for role in [Role::Supervisor, Role::Admin] {
            let on_anas = |action| outcome(Open, Some(ANA), role, action);
            assert_eq!(on_anas(Take), Err(Code::ConversationTaken));
            let taken_over = Some((Open, Some(ME), EventName::Taken));
            assert_eq!(on_anas(Transfer(Some(ME))), Ok(taken_over));
            let handed_on = Some((Open, Some(BO), EventName::Transferred));
            assert_eq!(on_anas(Transfer(Some(BO))), Ok(handed_on));
            let released = Some((Waiting, None, EventName::Released));
            assert_eq!(on_anas(Release), Ok(released));
            let closed = Some((Closed, Some(ANA), EventName::Closed));
            assert_eq!(on_anas(Close), Ok(closed));
        }
    }
}
