//! What agents see of a customer. Called by HTTP; runs on the blocking threads of `mod.rs`.

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::{
    Store, StoreError,
    connection::{DbConnection, MultiBackend},
    reads,
    schema::{conversations, customers},
};
use crate::domain::{ConversationId, CustomerDetails, CustomerId, CustomerRecord};

/// How many of a customer's other conversations are told of.
const OTHERS: usize = 20;

impl Store {
    /// A customer by their number.
    pub async fn customer(&self, id: CustomerId) -> Result<Option<CustomerDetails>, StoreError> {
        self.read(move |conn| {
            let row: Option<DetailsRow> = (customers::table.find(id.0))
                .select(DetailsRow::as_select())
                .first(conn)
                .optional()?;
            Ok(row.map(CustomerDetails::from))
        })
        .await
    }

    /// The customer of a conversation, for agents; `None` when there is no such conversation.
    pub async fn customer_of(
        &self,
        conversation: ConversationId,
    ) -> Result<Option<CustomerRecord>, StoreError> {
        self.read(move |conn| customer_of(conn, conversation)).await
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = customers)]
pub(super) struct DetailsRow {
    id: i64,
    name: Option<String>,
    page: Option<String>,
    language: Option<String>,
    created_at: NaiveDateTime,
    email: Option<String>,
    external_id: Option<String>,
    user_agent: Option<String>,
    attributes: Option<String>,
}

impl From<DetailsRow> for CustomerDetails {
    fn from(row: DetailsRow) -> Self {
        Self {
            id: CustomerId(row.id),
            name: row.name,
            email: row.email,
            external_id: row.external_id,
            page: row.page,
            language: row.language,
            user_agent: row.user_agent,
            attributes: row.attributes,
            created_at: row.created_at.and_utc(),
        }
    }
}

fn customer_of(
    conn: &mut DbConnection,
    conversation: ConversationId,
) -> QueryResult<Option<CustomerRecord>> {
    let found: Option<Option<DetailsRow>> = conversations::table
        .left_join(customers::table.on(customers::id.nullable().eq(conversations::customer_id)))
        .filter(conversations::id.eq(conversation.0))
        .select(Option::<DetailsRow>::as_select())
        .into_boxed::<MultiBackend>()
        .first(conn)
        .optional()?;
    let Some(row) = found else {
        return Ok(None);
    };
    let mut others = match &row {
        Some(row) => reads::others_of(conn, row.id, conversation, OTHERS + 1)?,
        None => Vec::new(),
    };
    let more = others.len() > OTHERS;
    others.truncate(OTHERS);
    Ok(Some(CustomerRecord {
        customer: row.map(CustomerDetails::from),
        others,
        more,
    }))
}
