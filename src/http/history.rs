//! Conversations by what those who review ask for (docs/PROTOCOL.md §6).

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde_json::json;

use super::{
    App, access,
    answer::{Answer, fresh},
    api,
    api::{Query, limit_of, query_of, views},
    audit,
};
use crate::{
    chat::refuse,
    domain::{AuditAction, ConversationId, HistoryFilter, Refusal, Side},
    protocol::ReviewedView,
};

/// Rows on one page at most.
const PAGE: i64 = 100;

/// `GET /api/v1/history`.
pub async fn history(
    request: HttpRequest,
    app: web::Data<App>,
    query: Result<Query, actix_web::Error>,
) -> Result<HttpResponse, Answer> {
    access::reviewer(&request, &app).await?;
    let known: Vec<_> = (HistoryFilter::NAMES.into_iter())
        .chain(["before", "limit"])
        .collect();
    let query = query_of(query, &known)?;
    let filter = HistoryFilter::read(|name| query.get(name).map(String::as_str))?;
    let limit = limit_of(&query, 50, PAGE)?;
    let before = query.get("before").map(|cursor| {
        let message = "before must be the \"next\" of an earlier answer to the same filter";
        cursor.parse().map_err(|_| Refusal::bad_request(message))
    });
    let page = app
        .store
        .history(filter, before.transpose()?, limit)
        .await
        .map_err(refuse)?;
    let listed: Vec<_> = page.rows.iter().map(|row| row.listed.clone()).collect();
    let views = views(&app, &listed, Side::Agent).await.into_iter();
    let rows: Vec<_> = (page.rows.iter().zip(views))
        .map(|(row, view)| ReviewedView::new(row, view))
        .collect();
    let next = page.next.map(|cursor| cursor.to_string());
    Ok(fresh(StatusCode::OK, &json!({"rows": rows, "next": next})))
}

/// `GET /api/v1/history/<id>/messages`: a conversation to read, whoever has it. What
/// `/conversations/<id>/messages` answers, but the log has who read it.
pub async fn transcript(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    query: Result<Query, actix_web::Error>,
) -> Result<HttpResponse, Answer> {
    let me = access::reviewer(&request, &app).await?;
    // What comes after 0 is the first page.
    let begins = (request.query_string().split('&')).all(|part| {
        part == "after=0" || !matches!(part.split('=').next(), Some("before" | "after"))
    });
    if let Ok(conversation) = id.parse::<ConversationId>() {
        let which = format!("conversation {conversation}");
        let entry = audit::entry(&request, &app, Some(&me), AuditAction::TranscriptRead)
            .about("conversation", conversation.to_string());
        audit::record_reading(&app, &me, which, begins, entry).await?;
    }
    api::messages(request, app, id, query).await
}
