//! What the server counts about itself, as Prometheus asks for it: on an address of its own, because it is for
//! nobody who chats.

use std::sync::Arc;

use actix_web::{
    Error, HttpResponse, ResponseError,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web,
};

use super::{App, answer::Answer};
use crate::{
    domain::Code,
    incident::incident,
    metrics::{CONTENT_TYPE, Looked, Metrics},
    store::{Store, Writer},
};

/// What `/metrics` reads.
pub struct Watched {
    /// What was counted.
    pub metrics: Arc<Metrics>,
    /// Whose connections are looked at.
    pub store: Store,
    /// Whose queue is looked at.
    pub writer: Arc<Writer>,
}

/// The one route of that address.
pub fn metrics_routes(
    watched: &web::Data<Watched>,
) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
    let watched = watched.clone();
    move |config| {
        config
            .app_data(watched)
            .service(super::get("/metrics", metrics))
            .default_service(web::to(super::nowhere));
    }
}

async fn metrics(watched: web::Data<Watched>) -> HttpResponse {
    let reads = watched.store.load();
    let looked = Looked {
        writes_waiting: watched.writer.waiting(),
        reads_waiting: reads.waiting,
        pool: reads.connections,
        pool_idle: reads.idle,
    };
    match watched.metrics.text(&looked) {
        Ok(text) => HttpResponse::Ok()
            .content_type(CONTENT_TYPE)
            .insert_header(("cache-control", "no-store"))
            .body(text),
        Err(error) => {
            let refusal = incident("the metrics could not be written", &error);
            Answer::from(refusal).error_response()
        }
    }
}

/// Counts what is refused over HTTP, by its code.
pub async fn count_refusals(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let response = next.call(request).await?;
    if let Some(code) = response.response().extensions().get::<Code>()
        && let Some(app) = response.request().app_data::<web::Data<App>>()
    {
        app.metrics.refused(code.as_str(), 1);
    }
    Ok(response)
}
