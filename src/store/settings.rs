//! The settings of the business, by section. Read by every process every few seconds; written by admins
//! through HTTP; runs on the blocking threads of `mod.rs`.
//!
//! **Invariant**: a section's version grows by one with each change, and a change is stored only over the
//! version that it was made from.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::{
    Store, StoreError, audit,
    connection::DbConnection,
    manage::as_admin,
    rows::{agent_names, agent_ref},
    schema::settings,
};
use crate::domain::{
    AgentId, LiveSettings, NewAuditEntry, Unmanaged, now, settings::StoredSection,
};

/// A section as it is to become.
#[derive(Clone, Debug)]
pub struct SectionChange {
    /// Which.
    pub name: String,
    /// The version that it was made from; 0 for none.
    pub version: i64,
    /// JSON.
    pub value: String,
}

/// Why settings were not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsaved {
    /// Whoever asks is no admin, or no longer.
    NotAdmin,
    /// This section has another version by now.
    Changed(String),
}

impl From<Unmanaged> for Unsaved {
    fn from(_: Unmanaged) -> Self {
        Self::NotAdmin
    }
}

impl Store {
    /// The settings as this process knows them.
    pub fn settings(&self) -> &LiveSettings {
        &self.shared.settings
    }

    /// What is stored, which this process knows from then on.
    pub async fn read_settings(&self) -> Result<Vec<StoredSection>, StoreError> {
        let stored = self.read(all).await?;
        learn(self.settings(), &stored);
        Ok(stored)
    }

    /// Looks whether another process has changed the settings.
    pub async fn look_for_settings(&self) -> Result<(), StoreError> {
        let versions = self.read(versions).await?;
        if self.settings().is_behind(&versions) {
            self.read_settings().await?;
        }
        Ok(())
    }

    /// Changes sections for an admin, all or none of them; this process knows of it before the answer.
    pub async fn change_settings(
        &self,
        by: AgentId,
        changes: Vec<SectionChange>,
        entry: NewAuditEntry,
    ) -> Result<Result<Vec<StoredSection>, Unsaved>, StoreError> {
        let outcome = self.read(move |conn| change(conn, by, &changes, &entry));
        let outcome = outcome.await?;
        if let Ok(stored) = &outcome {
            learn(self.settings(), stored);
        }
        Ok(outcome)
    }
}

/// Lets a process know what is stored. What it cannot read stays as it was: a start or a running server
/// matters more.
pub(super) fn learn(live: &LiveSettings, stored: &[StoredSection]) {
    for problem in live.learn(stored) {
        tracing::warn!(problem, "a section of the settings cannot be read");
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = settings)]
struct SettingsRow {
    section: String,
    version: i64,
    value: String,
    changed_at: NaiveDateTime,
    changed_by: Option<i64>,
}

pub(super) fn all(conn: &mut DbConnection) -> QueryResult<Vec<StoredSection>> {
    let rows: Vec<SettingsRow> = settings::table
        .order(settings::section)
        .select(SettingsRow::as_select())
        .load(conn)?;
    let by: Vec<i64> = rows.iter().filter_map(|row| row.changed_by).collect();
    let names = agent_names(conn, &by)?;
    let stored = rows.into_iter().map(|row| StoredSection {
        name: row.section,
        version: row.version,
        value: row.value,
        changed_at: row.changed_at.and_utc(),
        changed_by: row.changed_by.map(|id| agent_ref(id, &names)),
    });
    Ok(stored.collect())
}

fn versions(conn: &mut DbConnection) -> QueryResult<Vec<(String, i64)>> {
    settings::table
        .select((settings::section, settings::version))
        .load(conn)
}

fn change(
    conn: &mut DbConnection,
    by: AgentId,
    changes: &[SectionChange],
    entry: &NewAuditEntry,
) -> QueryResult<Result<Vec<StoredSection>, Unsaved>> {
    // Whoever changes anything as an admin holds the same locks, so nothing comes between.
    as_admin(conn, by, |conn, _| {
        let before = all(conn)?;
        let mut to_do = Vec::new();
        for change in changes {
            let there = before.iter().find(|stored| stored.name == change.name);
            let version = there.map_or(0, |stored| stored.version);
            let ours = there.is_some_and(|stored| {
                let author = stored.changed_by.as_ref().map(|agent| agent.id);
                stored.value == change.value && author == Some(by)
            });
            if version == change.version {
                to_do.push(change);
            } else if !(ours && version == change.version + 1) {
                // Otherwise it is from a try whose answer was lost.
                return Ok(Err(Unsaved::Changed(change.name.clone())));
            }
        }
        for change in to_do {
            store(conn, by, change)?;
        }
        audit::record(conn, entry)?;
        all(conn).map(Ok)
    })
}

fn store(conn: &mut DbConnection, by: AgentId, change: &SectionChange) -> QueryResult<()> {
    let row = SettingsRow {
        section: change.name.clone(),
        version: change.version + 1,
        value: change.value.clone(),
        changed_at: now().naive_utc(),
        changed_by: Some(by.0),
    };
    diesel::delete(settings::table.find(&change.name)).execute(conn)?;
    diesel::insert_into(settings::table)
        .values(row)
        .execute(conn)?;
    Ok(())
}
