//! What an export says of conversations beside what the history shows: whose key, since when, who tagged them,
//! and how they begin. So much that an import makes the same of it. Called by `src/export`; runs on the blocking
//! threads of `mod.rs`.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::{
    Store, StoreError,
    customer::DetailsRow,
    error::nonsense,
    rows::{MessageRow, with_names},
    schema::{agents, conversation_tags, conversations, customers, messages, ratings, tags},
};
use crate::domain::{
    AgentId, ConversationId, CustomerDetails, CustomerKey, Message, Seq, Timestamp,
};

type Own = (
    i64,
    Option<NaiveDateTime>,
    Option<Vec<u8>>,
    Option<DetailsRow>,
);

/// What an export says of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportDetails {
    /// Whose it is, and the key by which the program knows them; `None` in a shared room.
    pub customer: Option<(CustomerDetails, CustomerKey)>,
    /// Since when its agent has had it.
    pub agent_since: Option<Timestamp>,
    /// When it was rated, first and last.
    pub rated: Option<(Timestamp, Timestamp)>,
    /// Its tags by name, who put them there, and when.
    pub tagged: Vec<(String, AgentId, Timestamp)>,
    /// Its first messages, in their order.
    pub first: Vec<Message>,
}

impl Store {
    /// What an export says of these conversations, with at most `first` messages of each: most are short, and to
    /// ask for each by itself takes longer than all else.
    pub async fn export_details(
        &self,
        ids: Vec<ConversationId>,
        first: Seq,
    ) -> Result<HashMap<ConversationId, ExportDetails>, StoreError> {
        let ids: Vec<i64> = ids.into_iter().map(|id| id.0).collect();
        self.read(move |conn| {
            let mut found: HashMap<ConversationId, ExportDetails> = HashMap::new();
            let own: Vec<Own> = conversations::table
                .left_join(
                    customers::table.on(customers::id.nullable().eq(conversations::customer_id)),
                )
                .filter(conversations::id.eq_any(ids.clone()))
                .select((
                    conversations::id,
                    conversations::agent_since,
                    customers::token_hash.nullable(),
                    Option::<DetailsRow>::as_select(),
                ))
                .load(conn)?;
            for (id, since, hash, customer) in own {
                let details = found.entry(ConversationId(id)).or_default();
                details.agent_since = since.map(|at| at.and_utc());
                if let Some((hash, customer)) = hash.zip(customer) {
                    let key = hash.as_slice().try_into().map(CustomerKey);
                    let key = key.map_err(|_| nonsense("customers.token_hash"))?;
                    details.customer = Some((customer.into(), key));
                }
            }
            let rated: Vec<(i64, NaiveDateTime, NaiveDateTime)> = ratings::table
                .filter(ratings::conversation_id.eq_any(ids.clone()))
                .select((
                    ratings::conversation_id,
                    ratings::rated_at,
                    ratings::changed_at,
                ))
                .load(conn)?;
            for (id, first, last) in rated {
                let details = found.entry(ConversationId(id)).or_default();
                details.rated = Some((first.and_utc(), last.and_utc()));
            }
            let tagged: Vec<(i64, String, i64, NaiveDateTime)> = conversation_tags::table
                .inner_join(tags::table.on(tags::id.eq(conversation_tags::tag_id)))
                .filter(conversation_tags::conversation_id.eq_any(ids.clone()))
                .order(tags::folded)
                .select((
                    conversation_tags::conversation_id,
                    tags::name,
                    conversation_tags::agent_id,
                    conversation_tags::created_at,
                ))
                .load(conn)?;
            for (id, name, by, at) in tagged {
                let details = found.entry(ConversationId(id)).or_default();
                details.tagged.push((name, AgentId(by), at.and_utc()));
            }
            let begun: Vec<MessageRow> = messages::table
                .filter(messages::conversation_id.eq_any(ids.clone()))
                .filter(messages::seq.le(first.0))
                .order((messages::conversation_id, messages::seq))
                .select(MessageRow::as_select())
                .load(conn)?;
            for message in with_names(conn, begun)? {
                let details = found.entry(message.conversation).or_default();
                details.first.push(message);
            }
            Ok(found)
        })
        .await
    }

    /// What agents type to sign in, and the names that customers see, by the number of their account.
    pub async fn logins_by_id(&self) -> Result<HashMap<AgentId, (String, String)>, StoreError> {
        self.read(|conn| {
            let rows: Vec<(i64, String, String)> = agents::table
                .select((agents::id, agents::username, agents::name))
                .load(conn)?;
            let pair = |(id, username, name)| (AgentId(id), (username, name));
            Ok(rows.into_iter().map(pair).collect())
        })
        .await
    }
}
