//! Search, for agents (docs/PROTOCOL.md §6).

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde_json::json;

use super::{
    App, access,
    answer::{Answer, fresh},
    api::{Query, limit_of, query_of, views},
};
use crate::{
    chat::refuse,
    domain::{Refusal, SearchWords, Side},
    protocol::HitView,
};

/// Hits on one page at most.
const PAGE: i64 = 50;

/// `GET /api/v1/search`.
pub async fn search(
    request: HttpRequest,
    app: web::Data<App>,
    query: Result<Query, actix_web::Error>,
) -> Result<HttpResponse, Answer> {
    access::agent(&request, &app).await?;
    let query = query_of(query, &["q", "before", "limit"])?;
    let words = SearchWords::read(query.get("q").map_or("", String::as_str))?;
    let limit = limit_of(&query, 20, PAGE)?;
    let before = query.get("before").map(|cursor| {
        let message = "before must be the \"next\" of an earlier answer";
        cursor.parse().map_err(|_| Refusal::bad_request(message))
    });
    let page = app
        .store
        .search(words, before.transpose()?, limit)
        .await
        .map_err(refuse)?;
    let listed: Vec<_> = page
        .hits
        .iter()
        .map(|hit| hit.conversation.clone())
        .collect();
    let views = views(&app, &listed, Side::Agent).await.into_iter();
    let hits: Vec<_> = (page.hits.iter().zip(views))
        .map(|(hit, view)| HitView::new(hit, view))
        .collect();
    let next = page.next.map(|cursor| cursor.to_string());
    Ok(fresh(StatusCode::OK, &json!({"hits": hits, "next": next})))
}
