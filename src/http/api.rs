//! Reading over HTTP (docs/PROTOCOL.md §6).

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::{App, access, answer::Answer};
use crate::{
    chat::{AskOnline, refuse},
    domain::{ConversationId, Listed, Refusal, Side},
    protocol::{ConversationView, MessageView, PageAsked, page_limit},
    store::{Page, Viewer},
};

/// Conversations on one page of the list at most.
const LIST_PAGE: i64 = 100;

/// What stands behind the `?`.
pub type Query = web::Query<HashMap<String, String>>;

/// `GET /api/v1/conversations`.
pub async fn conversations(
    request: HttpRequest,
    app: web::Data<App>,
    query: Result<Query, actix_web::Error>,
) -> Result<HttpResponse, Answer> {
    access::agent(&request, &app).await?;
    let query = query_of(query, &["before", "tag", "limit"])?;
    let limit = limit_of(&query, 50, LIST_PAGE)?;
    let tag = match query.get("tag").map(|tag| tag.parse()) {
        None => None,
        Some(Ok(tag)) => Some(tag),
        Some(Err(_)) => return Err(Refusal::bad_request("tag must be the id of a tag").into()),
    };
    let before = match query.get("before") {
        None => None,
        Some(cursor) => Some(cursor.parse().map_err(|_| {
            Refusal::bad_request("before must be the \"next\" of an earlier answer")
        })?),
    };
    let page = app
        .store
        .conversations(before, tag, limit)
        .await
        .map_err(refuse)?;
    let next = page.next.map(|cursor| cursor.to_string());
    let views = views(&app, &page.conversations, Side::Agent).await;
    Ok(fresh(&json!({"conversations": views, "next": next})))
}

/// `GET /api/v1/conversations/<id>`.
pub async fn conversation(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Answer> {
    let viewer = access::viewer(&request, &app).await?;
    let side = match viewer {
        Viewer::Agent => Side::Agent,
        Viewer::Customer(_) => Side::Customer,
    };
    let listed = app
        .store
        .conversation(viewer, conversation_id(&id)?)
        .await
        .map_err(refuse)?;
    let listed = listed.ok_or_else(Refusal::conversation_not_found)?;
    let views = views(&app, &[listed], side).await;
    Ok(fresh(&json!({"conversation": views.first()})))
}

/// `GET /api/v1/conversations/<id>/messages`.
pub async fn messages(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    query: Result<Query, actix_web::Error>,
) -> Result<HttpResponse, Answer> {
    let viewer = access::viewer(&request, &app).await?;
    let query = query_of(query, &["before", "after", "limit"])?;
    let page = match PageAsked::read(number(&query, "before")?, number(&query, "after")?)? {
        PageAsked::Newest => Page::Newest,
        PageAsked::Before(seq) => Page::Before(seq),
        PageAsked::After(seq) => Page::After(seq),
    };
    let limit = page_limit(number(&query, "limit")?)?;
    let id = conversation_id(&id)?;
    let page = app
        .store
        .messages(viewer, id, page, limit)
        .await
        .map_err(refuse)?;
    let page = page.ok_or_else(Refusal::conversation_not_found)?;
    let messages: Vec<_> = page.messages.iter().map(MessageView::from).collect();
    Ok(fresh(&json!({"messages": messages, "more": page.more})))
}

/// Conversations as `side` sees them.
pub async fn views(app: &App, listed: &[Listed], side: Side) -> Vec<ConversationView> {
    let customers = listed
        .iter()
        .filter_map(|one| one.conversation.customer.as_ref())
        .map(|c| c.id);
    // A room that is too busy to say who is online must not keep anybody from reading.
    let online = app
        .room
        .send(AskOnline(customers.collect()))
        .await
        .unwrap_or_default();
    let view = |one: &Listed| {
        let there = one
            .conversation
            .customer
            .as_ref()
            .is_some_and(|c| online.contains(&c.id));
        ConversationView::listed(one, side, there)
    };
    listed.iter().map(view).collect()
}

/// The conversation that an address names.
///
/// # Errors
/// [`Code::ConversationNotFound`](crate::domain::Code::ConversationNotFound).
pub fn conversation_id(typed: &str) -> Result<ConversationId, Refusal> {
    typed.parse().map_err(|_| Refusal::conversation_not_found())
}

/// What was asked for, by name.
///
/// # Errors
/// [`Code::BadRequest`](crate::domain::Code::BadRequest) for a name that is not among `known`.
pub fn query_of(
    query: Result<Query, actix_web::Error>,
    known: &[&str],
) -> Result<HashMap<String, String>, Refusal> {
    let query = query
        .map_err(|_| Refusal::bad_request("the query cannot be read"))?
        .into_inner();
    if query.keys().all(|name| known.contains(&name.as_str())) {
        return Ok(query);
    }
    let known = known.join(", ");
    Err(Refusal::bad_request(format!(
        "only {known} can be asked for here"
    )))
}

/// How many are asked for.
///
/// # Errors
/// [`Code::BadRequest`](crate::domain::Code::BadRequest) beyond `most`.
pub fn limit_of(
    query: &HashMap<String, String>,
    otherwise: i64,
    most: i64,
) -> Result<usize, Refusal> {
    let limit = number(query, "limit")?.unwrap_or(otherwise);
    usize::try_from(limit)
        .ok()
        .filter(|_| (1..=most).contains(&limit))
        .ok_or_else(|| Refusal::bad_request(format!("limit must be from 1 to {most}")))
}

fn number(query: &HashMap<String, String>, name: &str) -> Result<Option<i64>, Refusal> {
    match query.get(name).map(|value| value.parse()) {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some(value)),
        Some(Err(_)) => Err(Refusal::bad_request(format!(
            "{name} must be a whole number"
        ))),
    }
}

/// An answer that no cache keeps: it is for one person.
fn fresh(body: &serde_json::Value) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(body)
}
