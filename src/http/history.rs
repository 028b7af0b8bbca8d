//! Conversations by what those who review ask for (docs/PROTOCOL.md §6).

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde_json::json;

use super::{
    App, access,
    answer::{Answer, fresh},
    api::{Query, limit_of, query_of, views},
};
use crate::{
    chat::refuse,
    domain::{HistoryFilter, Refusal, Side},
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
