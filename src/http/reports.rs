//! Reports, for those who review (docs/PROTOCOL.md §6).

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde_json::json;

use super::{
    App, access,
    answer::{Answer, fresh},
    api::{Query, query_of},
};
use crate::{
    chat::refuse,
    domain::{Period, Refusal},
    protocol::ReportView,
};

/// `GET /api/v1/reports`.
pub async fn report(
    request: HttpRequest,
    app: web::Data<App>,
    query: Result<Query, actix_web::Error>,
) -> Result<HttpResponse, Answer> {
    access::reviewer(&request, &app).await?;
    let query = query_of(query, &["from", "to", "tz", "agent"])?;
    let asked = |name| query.get(name).map_or("", String::as_str);
    let period = Period::read(asked("from"), asked("to"), asked("tz"))?;
    let agent = query.get("agent").map(|id| {
        let wrong = |_| Refusal::bad_field("agent", "the id of an account");
        id.parse().map_err(wrong)
    });
    let made = app.store.report(period, agent.transpose()?).await;
    let (report, names) = made.map_err(refuse)?;
    let view = ReportView::new(period, &report, &names);
    Ok(fresh(StatusCode::OK, &json!({"report": view})))
}
