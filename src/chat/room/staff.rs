//! The agents, and which of them are there. Plain data; a clock and the database are told to it.
//!
//! An agent is there while a session of theirs is in, here or in another process, and for a short grace after
//! the last of them. In the database that is a lease, which each process moves on for those connected to it;
//! what the others hold, it reads when it does so.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{AgentId, AssignmentRules, Me, Side},
    protocol::PresenceView,
    store::{self, Colleague},
};

/// An agent, as far as this process knows.
#[derive(Default)]
struct Post {
    name: String,
    away: bool,
    /// Sessions of theirs that are in here.
    sessions: usize,
    /// Until when they are there without one.
    until_ms: u64,
    /// Whether they are there, and away, as the others were told.
    told: (bool, bool),
    /// Changed here since the database was asked, whose answer is older.
    is_newer: bool,
}

impl Post {
    fn is_there(&self, now_ms: u64) -> bool {
        self.sessions > 0 || now_ms < self.until_ms
    }

    fn view(&self, agent: AgentId, now_ms: u64) -> PresenceView {
        PresenceView {
            role: Side::Agent,
            id: Some(agent.to_string()),
            name: Some(self.name.clone()),
            online: self.is_there(now_ms),
            away: self.away,
        }
    }
}

/// Something that the others have not been told.
pub(super) struct Change {
    pub view: PresenceView,
    pub came_or_went: bool,
}

/// All agents whose account is not disabled, and which of them are there.
#[derive(Default)]
pub(super) struct Staff {
    posts: BTreeMap<AgentId, Post>,
    /// Whether somebody is there for customers, as they were told.
    pub desk_told: bool,
    /// To be written with the next renewal: those who left, and those who signed out.
    leaving: BTreeSet<AgentId>,
    ended: BTreeSet<AgentId>,
    is_asked: bool,
    /// When the leases are to be moved on.
    due_ms: u64,
    /// Since when the database has answered without a gap.
    watching_since_ms: Option<u64>,
}

impl Staff {
    /// Leases are moved on this often, so that none ends under a connection.
    fn interval_ms(rules: AssignmentRules) -> u64 {
        (u64::from(rules.grace_s) * 1_000 / 3).clamp(500, 5_000)
    }

    fn post(&mut self, agent: AgentId) -> &mut Post {
        self.posts.entry(agent).or_default()
    }

    /// The database says who there is.
    pub(super) fn are(&mut self, colleagues: Vec<Colleague>, now_ms: u64) {
        let enabled: BTreeSet<AgentId> = colleagues.iter().map(|one| one.agent.id).collect();
        for (agent, post) in &mut self.posts {
            if !enabled.contains(agent) {
                post.until_ms = 0;
            }
        }
        // Those who are gone have to be told of first.
        self.posts
            .retain(|agent, post| enabled.contains(agent) || post.sessions > 0 || post.told.0);
        for Colleague {
            agent,
            away,
            there_for_ms,
        } in colleagues
        {
            let post = self.post(agent.id);
            post.name = agent.name;
            if !post.is_newer {
                post.away = away;
                post.until_ms = now_ms + there_for_ms;
            }
        }
    }

    pub(super) fn came(&mut self, me: &Me, now_ms: u64) {
        let post = self.post(me.id);
        post.name.clone_from(&me.name);
        post.sessions += 1;
        self.due_ms = now_ms;
    }

    pub(super) fn went(&mut self, agent: AgentId, now_ms: u64, grace_ms: u64) {
        let has_signed_out = self.ended.contains(&agent);
        let post = self.post(agent);
        post.sessions = post.sessions.saturating_sub(1);
        if post.sessions > 0 {
            return;
        }
        post.is_newer = true;
        post.until_ms = if has_signed_out { 0 } else { now_ms + grace_ms };
        if !has_signed_out {
            self.leaving.insert(agent);
        }
        self.due_ms = now_ms;
    }

    /// The last session of theirs is about to end, if there is one only.
    pub(super) fn sign_out(&mut self, agent: AgentId, now_ms: u64) {
        if self.post(agent).sessions <= 1 {
            self.leaving.remove(&agent);
            self.ended.insert(agent);
            self.due_ms = now_ms;
        }
    }

    pub(super) fn is_away(&mut self, agent: AgentId, away: bool, now_ms: u64) {
        let post = self.post(agent);
        post.away = away;
        post.is_newer = true;
        self.due_ms = now_ms;
    }

    /// The rules are others now.
    pub(super) fn look_again(&mut self, now_ms: u64) {
        self.due_ms = now_ms;
    }

    /// Whose leases are to be moved on now, and who has signed out.
    pub(super) fn keep(
        &mut self,
        rules: AssignmentRules,
        now_ms: u64,
    ) -> Option<(Vec<AgentId>, Vec<AgentId>)> {
        if self.is_asked || now_ms < self.due_ms {
            return None;
        }
        self.is_asked = true;
        self.due_ms = now_ms + Self::interval_ms(rules);
        for post in self.posts.values_mut() {
            post.is_newer = false;
        }
        let here = self.posts.iter().filter(|(_, post)| post.sessions > 0);
        let mut connected: BTreeSet<AgentId> = here.map(|(agent, _)| *agent).collect();
        let mut ended = std::mem::take(&mut self.ended);
        ended.retain(|agent| !connected.contains(agent));
        connected.append(&mut self.leaving);
        Some((connected.into_iter().collect(), ended.into_iter().collect()))
    }

    /// The database has answered, or (`None`) not.
    pub(super) fn kept(
        &mut self,
        staff: Option<store::Staff>,
        now_ms: u64,
    ) -> Option<store::Staff> {
        self.is_asked = false;
        let Some(mut staff) = staff else {
            self.watching_since_ms = None;
            return None;
        };
        self.watching_since_ms.get_or_insert(now_ms);
        self.are(std::mem::take(&mut staff.colleagues), now_ms);
        Some(staff)
    }

    /// Whether leases that are over mean that somebody is gone: after a start, or while the database was away,
    /// it was the server that did not move them on.
    pub(super) fn may_return(&self, rules: AssignmentRules, now_ms: u64) -> bool {
        let long_enough_ms = u64::from(rules.return_after_s) * 1_000;
        self.watching_since_ms
            .is_some_and(|since| now_ms >= since + long_enough_ms)
    }

    /// Whether somebody is there and not away.
    pub(super) fn has_available(&self, now_ms: u64) -> bool {
        let mut posts = self.posts.values();
        posts.any(|post| !post.away && post.is_there(now_ms))
    }

    /// What the others have not been told, and are told now.
    pub(super) fn changes(&mut self, now_ms: u64) -> Vec<(AgentId, Change)> {
        let mut changes = Vec::new();
        for (agent, post) in &mut self.posts {
            let now = (post.is_there(now_ms), post.away);
            let before = std::mem::replace(&mut post.told, now);
            if before != now && (before.0 || now.0) {
                let change = Change {
                    view: post.view(*agent, now_ms),
                    came_or_went: before.0 != now.0,
                };
                changes.push((*agent, change));
            }
        }
        changes
    }

    pub(super) fn views(&self, now_ms: u64) -> Vec<PresenceView> {
        let posts = self.posts.iter();
        posts
            .map(|(agent, post)| post.view(*agent, now_ms))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AgentRef, Role};

    const RULES: AssignmentRules = AssignmentRules {
        mode: crate::domain::AssignmentMode::Off,
        capacity: 5,
        grace_s: 20,
        return_after_s: 120,
    };
    const GRACE_MS: u64 = 20_000;
    const LI: AgentId = AgentId(1);
    const ANA: AgentId = AgentId(2);

    fn li() -> Me {
        Me {
            id: LI,
            name: "Li Wei".to_owned(),
            role: Role::Agent,
        }
    }

    fn colleague(id: AgentId, away: bool, there_for_ms: u64) -> Colleague {
        Colleague {
            agent: AgentRef {
                id,
                name: format!("agent {id}"),
            },
            away,
            there_for_ms,
        }
    }

    fn answer(colleagues: Vec<Colleague>) -> store::Staff {
        store::Staff {
            colleagues,
            ..store::Staff::default()
        }
    }

    /// What the others are told: who, whether they are there, whether they are away.
    fn told(staff: &mut Staff, now_ms: u64) -> Vec<(AgentId, bool, bool)> {
        let changes = staff.changes(now_ms).into_iter();
        changes
            .map(|(agent, change)| (agent, change.view.online, change.view.away))
            .collect()
    }

    /// One session of Li Wei's, since 1,000 ms.
    fn with_li() -> Staff {
        let mut staff = Staff::default();
        staff.are(vec![colleague(LI, false, 0), colleague(ANA, false, 0)], 0);
        staff.came(&li(), 1_000);
        assert_eq!(told(&mut staff, 1_000), [(LI, true, false)]);
        staff
    }

    #[test]
    fn the_grace_survives_a_reload_and_ends_by_itself() {
        let mut staff = with_li();
        staff.went(LI, 2_000, GRACE_MS);
        assert_eq!(told(&mut staff, 21_999), []);
        staff.came(&li(), 21_999);
        assert_eq!(told(&mut staff, 60_000), []);
        staff.went(LI, 60_000, GRACE_MS);
        assert!(staff.has_available(79_999));
        assert_eq!(told(&mut staff, 80_000), [(LI, false, false)]);
        assert!(!staff.has_available(80_000));
    }

    #[test]
    fn a_second_tab_keeps_somebody_there_and_signing_out_ends_it_at_once() {
        let mut staff = with_li();
        staff.came(&li(), 2_000);
        staff.sign_out(LI, 3_000);
        staff.went(LI, 3_000, GRACE_MS);
        assert_eq!(told(&mut staff, 90_000), []);
        staff.sign_out(LI, 90_000);
        staff.went(LI, 90_000, GRACE_MS);
        assert_eq!(told(&mut staff, 90_000), [(LI, false, false)]);
        assert_eq!(staff.keep(RULES, 90_000), Some((vec![], vec![LI])));
    }

    #[test]
    fn leases_are_moved_on_well_before_they_end_and_once_more_when_somebody_leaves() {
        let mut staff = with_li();
        assert_eq!(staff.keep(RULES, 1_000), Some((vec![LI], vec![])));
        assert_eq!(staff.keep(RULES, 90_000), None, "the answer is under way");
        staff.kept(Some(answer(vec![colleague(LI, false, 20_000)])), 1_100);
        assert_eq!(staff.keep(RULES, 5_900), None);
        assert_eq!(staff.keep(RULES, 6_000), Some((vec![LI], vec![])));
        staff.went(LI, 6_500, GRACE_MS);
        staff.kept(Some(answer(vec![colleague(LI, false, 20_000)])), 6_600);
        assert_eq!(staff.keep(RULES, 6_600), Some((vec![LI], vec![])));
        staff.kept(None, 6_700);
        assert_eq!(staff.keep(RULES, 11_600), Some((vec![], vec![])));
        let short = AssignmentRules {
            grace_s: 3,
            ..RULES
        };
        assert_eq!(Staff::interval_ms(short), 1_000);
    }

    #[test]
    fn who_is_connected_to_another_process_is_there_for_as_long_as_the_database_says() {
        let mut staff = with_li();
        staff.kept(
            Some(answer(vec![
                colleague(LI, false, 0),
                colleague(ANA, false, 9_000),
            ])),
            2_000,
        );
        assert_eq!(told(&mut staff, 2_000), [(ANA, true, false)]);
        assert_eq!(told(&mut staff, 10_999), [], "and Li Wei is connected here");
        assert_eq!(told(&mut staff, 11_000), [(ANA, false, false)]);
    }

    #[test]
    fn away_is_told_and_what_was_set_here_is_not_undone_by_an_older_answer() {
        let mut staff = with_li();
        staff.keep(RULES, 1_000);
        staff.is_away(LI, true, 1_500);
        assert_eq!(told(&mut staff, 1_500), [(LI, true, true)]);
        assert!(!staff.has_available(1_500), "away is not available");
        staff.kept(Some(answer(vec![colleague(LI, false, 20_000)])), 1_600);
        assert_eq!(told(&mut staff, 1_600), []);
        staff.keep(RULES, 1_600);
        staff.kept(Some(answer(vec![colleague(LI, false, 20_000)])), 1_700);
        assert_eq!(
            told(&mut staff, 1_700),
            [(LI, true, false)],
            "set elsewhere since"
        );
    }

    #[test]
    fn a_disabled_agent_is_told_of_once_more_and_then_forgotten() {
        let mut staff = with_li();
        staff.kept(
            Some(answer(vec![
                colleague(LI, false, 1),
                colleague(ANA, false, 9_000),
            ])),
            0,
        );
        told(&mut staff, 0);
        staff.kept(Some(answer(vec![colleague(LI, false, 1)])), 100);
        assert_eq!(told(&mut staff, 100), [(ANA, false, false)]);
        staff.kept(Some(answer(vec![colleague(LI, false, 1)])), 200);
        assert_eq!(staff.views(200).len(), 1);
    }

    #[test]
    fn nobody_is_taken_for_gone_after_a_start_or_while_the_database_was_away() {
        let mut staff = with_li();
        let ok = || Some(answer(vec![]));
        assert!(!staff.may_return(RULES, 500_000), "nothing is known yet");
        staff.kept(ok(), 10_000);
        assert!(!staff.may_return(RULES, 129_999));
        assert!(staff.may_return(RULES, 130_000));
        staff.kept(None, 130_000);
        assert!(!staff.may_return(RULES, 500_000));
        staff.kept(ok(), 500_000);
        assert!(!staff.may_return(RULES, 619_999));
        assert!(staff.may_return(RULES, 620_000));
    }
}
