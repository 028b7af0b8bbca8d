//! For whoever watches the service: is it alive, is it ready.

use actix_web::{HttpResponse, web};
use serde_json::json;

use super::{App, answer::Answer};
use crate::domain::{Code, Refusal};

/// The process runs.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(json!({"status": "alive"}))
}

/// The database answers and its migrations are current.
pub async fn ready(app: web::Data<App>) -> Result<HttpResponse, Answer> {
    match app.store.ready().await {
        Ok(()) => {
            let mut response = HttpResponse::Ok();
            response.insert_header(("cache-control", "no-store"));
            Ok(response.json(json!({"status": "ready"})))
        }
        Err(error) => {
            tracing::warn!(%error, "not ready");
            let message = "the database does not answer, or its tables are of another version";
            Err(Refusal::new(Code::Unavailable, message).into())
        }
    }
}
