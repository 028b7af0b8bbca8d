//! What reports are made of: how much was said in each quarter of an hour, and what became of the conversations
//! that began. Called by HTTP; may take long (`long.rs`).
//!
//! Both are one walk over an index by time. Quarters, because the hours of every time zone are made of them.

use chrono::NaiveDateTime;
use diesel::{prelude::*, sql_query, sql_types};

use super::{
    Store, StoreError,
    connection::DbConnection,
    rows::agent_names,
    schema::{conversations, ratings},
};
use crate::domain::{AgentId, AgentRef, Case, Count, Period, Report, agents_of, quarter, report};

impl Store {
    /// The report on a period, of all agents or of one, and who is named in it.
    ///
    /// # Errors
    /// [`StoreError::Overloaded`] while others are made.
    pub async fn report(
        &self,
        period: Period,
        agent: Option<AgentId>,
    ) -> Result<(Report, Vec<AgentRef>), StoreError> {
        self.read_at_length(move |conn| {
            let counts = counts(conn, period, agent)?;
            let cases = cases(conn, period, agent)?;
            let report = report(period, &counts, &cases);
            let ids: Vec<i64> = agents_of(&report).iter().map(|id| id.0).collect();
            let names = agent_names(conn, &ids)?;
            let names = names.into_iter().map(|(id, name)| AgentRef {
                id: AgentId(id),
                name,
            });
            Ok((report, names.collect()))
        })
        .await
    }
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = sql_types::BigInt)]
    quarter: i64,
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    agent: Option<i64>,
    #[diesel(sql_type = sql_types::BigInt)]
    messages: i64,
}

/// Texts and files, by quarter of an hour and by who wrote them. An agent's own leave out the customers'.
fn counts(
    conn: &mut DbConnection,
    period: Period,
    agent: Option<AgentId>,
) -> QueryResult<Vec<Count>> {
    let quarter_of = match conn {
        DbConnection::Mysql(_) => "TIMESTAMPDIFF(MINUTE, '1970-01-01', sent_at) DIV 15",
        DbConnection::Sqlite(_) => "CAST(strftime('%s', sent_at) AS INTEGER) / 900",
    };
    // A number of ours.
    let of_whom = agent.map_or(String::new(), |agent| {
        format!(" AND sender_role = 'agent' AND sender_id = {}", agent.0)
    });
    let query = format!(
        "SELECT {quarter_of} AS quarter, \
         CASE sender_role WHEN 'agent' THEN sender_id END AS agent, COUNT(*) AS messages \
         FROM messages WHERE sent_at >= ? AND sent_at < ? AND kind IN ('text', 'file'){of_whom} \
         GROUP BY 1, 2"
    );
    let (from, to) = period.bounds();
    let rows: Vec<CountRow> = sql_query(query)
        .bind::<sql_types::Timestamp, _>(from.naive_utc())
        .bind::<sql_types::Timestamp, _>(to.naive_utc())
        .load(conn)?;
    let counts = rows.into_iter().map(|row| Count {
        at: quarter(row.quarter),
        agent: row.agent.map(AgentId),
        messages: row.messages,
    });
    Ok(counts.collect())
}

type CaseRow = (
    NaiveDateTime,
    Option<i64>,
    Option<i64>,
    Option<NaiveDateTime>,
    Option<i32>,
);

fn cases(
    conn: &mut DbConnection,
    period: Period,
    agent: Option<AgentId>,
) -> QueryResult<Vec<Case>> {
    let (from, to) = period.bounds();
    let mut query = conversations::table
        .left_join(ratings::table.on(ratings::conversation_id.eq(conversations::id)))
        .filter(conversations::created_at.ge(from.naive_utc()))
        .filter(conversations::created_at.lt(to.naive_utc()))
        .filter(conversations::customer_id.is_not_null())
        .select((
            conversations::created_at,
            conversations::agent_id,
            conversations::first_response_ms,
            conversations::closed_at,
            ratings::score.nullable(),
        ))
        .into_boxed::<super::connection::MultiBackend>();
    if let Some(agent) = agent {
        query = query.filter(conversations::agent_id.eq(agent.0));
    }
    let rows: Vec<CaseRow> = query.load(conn)?;
    let cases = rows
        .into_iter()
        .map(|(began, agent, first, closed, score)| Case {
            began: began.and_utc(),
            agent: agent.map(AgentId),
            first_response_ms: first,
            closed_after_ms: closed.map(|closed| (closed - began).num_milliseconds()),
            score,
        });
    Ok(cases.collect())
}
