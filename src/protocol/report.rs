//! A report, as HTTP shows it (docs/PROTOCOL.md §6).

use serde::{Deserialize, Serialize};

use super::Named;
use crate::domain::{AgentId, AgentRef, Figures, Period, Report, Spread, Step, rfc3339};

/// What a period was like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportView {
    /// The time zone of its days and hours.
    pub tz: String,
    /// How `activity` is grouped: `hour` or `day`.
    pub step: Step,
    /// Every step of the period, in order.
    pub activity: Vec<ActivityView>,
    /// Of all conversations that began within the period.
    pub total: FiguresView,
    /// Of those that began on each day, in order.
    pub days: Vec<DayView>,
    /// Of each agent.
    pub agents: Vec<AgentView>,
    /// Of each agent on each day, where there is anything.
    pub agent_days: Vec<AgentDayView>,
}

/// How much was said within a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActivityView {
    /// When it began, RFC 3339.
    pub at: String,
    /// Texts and files of customers.
    pub from_customers: i64,
    /// Texts and files of agents.
    pub from_agents: i64,
}

/// The figures of some conversations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FiguresView {
    /// How many began.
    pub conversations: u64,
    /// How many of them have ended.
    pub closed: u64,
    /// Texts and files of customers.
    pub from_customers: i64,
    /// Texts and files of agents.
    pub from_agents: i64,
    /// Until the first answer.
    pub first_response: SpreadView,
    /// Until the end.
    pub time_to_close: SpreadView,
    /// How they were rated.
    pub ratings: RatingsView,
}

/// How durations are spread.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpreadView {
    /// How many there are.
    pub count: u64,
    /// Milliseconds; half of them took no longer.
    pub median_ms: Option<i64>,
    /// Milliseconds; nine of ten took no longer.
    pub p90_ms: Option<i64>,
}

/// How conversations were rated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RatingsView {
    /// How many were.
    pub count: u64,
    /// The mean.
    pub mean: Option<f64>,
    /// How many with 1, 2, 3, 4 and 5.
    pub scores: [u64; 5],
}

/// A day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DayView {
    /// Its date in the time zone.
    pub date: String,
    /// What it was like.
    pub figures: FiguresView,
}

/// An agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentView {
    /// Who.
    pub agent: Named<AgentId>,
    /// Of the conversations that they have or had last; `from_agents` is what they wrote in any.
    pub figures: FiguresView,
}

/// An agent on a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentDayView {
    /// Who.
    pub agent: Named<AgentId>,
    /// The date in the time zone.
    pub date: String,
    /// What it was like for them.
    pub figures: FiguresView,
}

impl ReportView {
    /// A report with the names of whom it names.
    pub fn new(period: Period, report: &Report, names: &[AgentRef]) -> Self {
        let who = |id: AgentId| {
            let known = names.iter().find(|agent| agent.id == id);
            known.map_or_else(
                || Named {
                    id,
                    name: format!("agent {id}"),
                },
                Named::from,
            )
        };
        Self {
            tz: period.zone().name().to_owned(),
            step: period.step(),
            activity: (report.activity.iter())
                .map(|step| ActivityView {
                    at: rfc3339(step.at),
                    from_customers: step.from_customers,
                    from_agents: step.from_agents,
                })
                .collect(),
            total: FiguresView::from(&report.total),
            days: (report.days.iter())
                .map(|(date, figures)| DayView {
                    date: date.to_string(),
                    figures: figures.into(),
                })
                .collect(),
            agents: (report.agents.iter())
                .map(|(id, figures)| AgentView {
                    agent: who(*id),
                    figures: figures.into(),
                })
                .collect(),
            agent_days: (report.agent_days.iter())
                .map(|(id, date, figures)| AgentDayView {
                    agent: who(*id),
                    date: date.to_string(),
                    figures: figures.into(),
                })
                .collect(),
        }
    }
}

impl From<&Figures> for FiguresView {
    fn from(figures: &Figures) -> Self {
        Self {
            conversations: figures.conversations,
            closed: figures.closed,
            from_customers: figures.from_customers,
            from_agents: figures.from_agents,
            first_response: figures.first_response.into(),
            time_to_close: figures.time_to_close.into(),
            ratings: RatingsView {
                count: figures.scores.iter().sum(),
                mean: figures.mean_score(),
                scores: figures.scores,
            },
        }
    }
}

impl From<Spread> for SpreadView {
    fn from(spread: Spread) -> Self {
        Self {
            count: spread.count,
            median_ms: spread.median_ms,
            p90_ms: spread.p90_ms,
        }
    }
}
