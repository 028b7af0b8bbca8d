//! What agents see of a customer (docs/PROTOCOL.md §6).

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde_json::json;

use super::{
    App, access,
    answer::{Answer, fresh},
    api::{conversation_id, views},
};
use crate::{
    chat::refuse,
    domain::{Refusal, Side},
    protocol::CustomerDetailsView,
};

/// `GET /api/v1/conversations/<id>/customer`.
pub async fn customer(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Answer> {
    access::agent(&request, &app).await?;
    let id = conversation_id(&id)?;
    let record = app.store.customer_of(id).await.map_err(refuse)?;
    let record = record.ok_or_else(Refusal::conversation_not_found)?;
    let body = json!({
        "customer": record.customer.as_ref().map(CustomerDetailsView::from),
        "conversations": views(&app, &record.others, Side::Agent).await,
        "more": record.more,
    });
    Ok(fresh(StatusCode::OK, &body))
}
