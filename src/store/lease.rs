//! What only one process at a time is to do: whoever has the row until its time is over. Runs on the blocking
//! threads of `mod.rs`.

use chrono::TimeDelta;
use diesel::prelude::*;

use super::{Store, StoreError, connection::write_transaction, schema::leases};
use crate::domain::now;

impl Store {
    /// Takes or keeps a lease; `false` while another process has it. One that is killed loses it in time.
    pub async fn take_lease(
        &self,
        name: &'static str,
        holder: String,
        time: TimeDelta,
    ) -> Result<bool, StoreError> {
        self.read(move |conn| {
            let at = now();
            write_transaction(conn, |conn| {
                let over = leases::ends_at.lt(at.naive_utc());
                let ours = leases::holder.eq(&holder);
                let free = leases::name.eq(name).and(over.or(ours));
                diesel::delete(leases::table.filter(free)).execute(conn)?;
                let taken: Option<String> = (leases::table.find(name))
                    .select(leases::holder)
                    .first(conn)
                    .optional()?;
                if taken.is_some() {
                    return Ok(false);
                }
                // Of two who come here at once one violates the key, runs again, and finds it taken.
                diesel::insert_into(leases::table)
                    .values((
                        leases::name.eq(name),
                        leases::holder.eq(&holder),
                        leases::ends_at.eq((at + time).naive_utc()),
                    ))
                    .execute(conn)?;
                Ok(true)
            })
        })
        .await
    }

    /// Gives a lease back.
    pub async fn end_lease(&self, name: &'static str, holder: String) -> Result<(), StoreError> {
        self.read(move |conn| {
            let ours = leases::name.eq(name).and(leases::holder.eq(&holder));
            let ended = diesel::delete(leases::table.filter(ours));
            write_transaction(conn, |conn| ended.execute(conn)).map(drop)
        })
        .await
    }
}
