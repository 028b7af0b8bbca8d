//! What customers say of themselves and of how it was. Called by HTTP; runs on the blocking threads of
//! `mod.rs`, not in the writer's batches: it is rare, and the conversation's row orders it all the same.
//!
//! **Invariant**: nothing here makes a customer; who has not written has no row.

use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;

use super::{
    Acted, Coming, Store, StoreError, Ticket, Viewer,
    connection::{DbConnection, write_transaction},
    reads,
    rows::CUSTOMER,
    schema::{conversations, customers, messages, ratings},
};
use crate::domain::{
    Author, Contact, Conversation, ConversationId, CustomerKey, Event, EventName, Kind, Message,
    RATING_CHANGES_H, Rating, Seq, Status, now,
};

/// For reports that answer no write of the room's.
const NOBODYS: Ticket = Ticket(0);

/// Why a rating was not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unrated {
    /// There is no such conversation of theirs.
    NotFound,
    /// It has not ended.
    NotEnded,
    /// It was rated too long ago to change that.
    TooLate,
}

impl Store {
    /// Keeps how a customer can be called and reached; their conversations as they are now, for the room to
    /// tell. `None` for somebody who has never written.
    pub async fn set_contact(
        &self,
        key: CustomerKey,
        contact: Contact,
    ) -> Result<Option<Vec<Acted>>, StoreError> {
        let shared = self.shared_conversation();
        self.read(move |conn| {
            let coming = || Coming {
                key,
                resume: Vec::new(),
            };
            let Some(customer) = reads::join_customer(conn, shared, coming())?.customer else {
                return Ok(None);
            };
            let named = diesel::update(customers::table.find(customer.id.0)).set((
                customers::name.eq(&contact.name),
                customers::email.eq(&contact.email),
            ));
            write_transaction(conn, |conn| named.execute(conn))?;
            let join = reads::join_customer(conn, shared, coming())?;
            let told = join.conversations.into_iter().map(|listed| Acted {
                ticket: NOBODYS,
                event: None,
                owner: listed.conversation.customer.as_ref().map(|_| key),
                conversation: listed.conversation,
            });
            Ok(Some(told.collect()))
        })
        .await
    }

    /// Keeps how a customer found their conversation, with an event that tells of it; without one where it
    /// was rated so already.
    pub async fn rate(
        &self,
        key: CustomerKey,
        conversation: ConversationId,
        rating: Rating,
    ) -> Result<Result<Acted, Unrated>, StoreError> {
        let shared = self.shared_conversation();
        self.read(move |conn| {
            write_transaction(conn, |conn| rate(conn, shared, key, conversation, &rating))
        })
        .await
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = ratings)]
struct RatingRow {
    conversation_id: i64,
    score: i32,
    comment: String,
    rated_at: NaiveDateTime,
    changed_at: NaiveDateTime,
}

fn rate(
    conn: &mut DbConnection,
    shared: Option<ConversationId>,
    key: CustomerKey,
    id: ConversationId,
    rating: &Rating,
) -> QueryResult<Result<Acted, Unrated>> {
    // A write that changes nothing holds the row, so that what is decided from it still holds at COMMIT.
    let this = conversations::table.find(id.0);
    diesel::update(this)
        .set(conversations::last_seq.eq(conversations::last_seq))
        .execute(conn)?;
    let find = |conn: &mut DbConnection| -> QueryResult<Option<Conversation>> {
        let found = reads::conversation(conn, shared, Viewer::Customer(key), id)?;
        Ok(found.map(|listed| listed.conversation))
    };
    let Some(before) = find(conn)?.filter(|found| found.customer.is_some()) else {
        return Ok(Err(Unrated::NotFound));
    };
    if before.status != Status::Closed {
        return Ok(Err(Unrated::NotEnded));
    }
    let at = now();
    let earlier: Option<RatingRow> = ratings::table
        .find(id.0)
        .select(RatingRow::as_select())
        .first(conn)
        .optional()?;
    if let Some(earlier) = &earlier {
        if (earlier.score, &earlier.comment) == (i32::from(rating.score), &rating.comment) {
            return Ok(Ok(acted(key, before, None)));
        }
        if earlier.rated_at.and_utc() + TimeDelta::hours(RATING_CHANGES_H) < at {
            return Ok(Err(Unrated::TooLate));
        }
        diesel::delete(ratings::table.find(id.0)).execute(conn)?;
    }
    let row = RatingRow {
        conversation_id: id.0,
        score: i32::from(rating.score),
        comment: rating.comment.clone(),
        rated_at: earlier.map_or(at.naive_utc(), |earlier| earlier.rated_at),
        changed_at: at.naive_utc(),
    };
    diesel::insert_into(ratings::table)
        .values(row)
        .execute(conn)?;
    let Some(customer) = &before.customer else {
        return Ok(Err(Unrated::NotFound));
    };
    let message = Message {
        conversation: id,
        seq: Seq(before.last_seq.0 + 1),
        client_id: None,
        kind: Kind::Event,
        event: Some(Event {
            name: EventName::Rated,
            agent: before.agent.clone(),
        }),
        author: Author::Customer {
            id: customer.id,
            name: customer.name.clone(),
        },
        file: None,
        text: rating.text(),
        sent_at: at,
    };
    diesel::insert_into(messages::table)
        .values((
            messages::conversation_id.eq(id.0),
            messages::seq.eq(message.seq.0),
            messages::kind.eq(message.kind.as_str()),
            messages::sender_role.eq(CUSTOMER),
            messages::sender_id.eq(customer.id.0),
            messages::text.eq(&message.text),
            messages::sent_at.eq(at.naive_utc()),
            messages::event.eq(EventName::Rated.as_str()),
            messages::event_agent_id.eq(before.agent.as_ref().map(|agent| agent.id.0)),
        ))
        .execute(conn)?;
    diesel::update(this)
        .set((
            conversations::last_seq.eq(message.seq.0),
            conversations::last_message_at.eq(at.naive_utc()),
        ))
        .execute(conn)?;
    let after = find(conn)?.unwrap_or(before);
    Ok(Ok(acted(key, after, Some(message))))
}

fn acted(key: CustomerKey, conversation: Conversation, event: Option<Message>) -> Acted {
    Acted {
        ticket: NOBODYS,
        event,
        owner: Some(key),
        conversation,
    }
}
