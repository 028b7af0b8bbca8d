//! Refusals as HTTP answers: the same error object as on the wire.

use std::{fmt, time::Duration};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, Responder, ResponseError, http::StatusCode, web,
};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::{
    domain::{Code, Refusal},
    protocol::ServerFrame,
};

/// Bytes of a request's body.
pub const BODY_BYTES: usize = 64 << 10;

/// A refusal on its way out.
#[derive(Debug)]
pub struct Answer(Refusal);

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for Answer {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.extensions_mut().insert(self.0.code);
        if let Some(ms) = self.0.retry_after_ms {
            response.insert_header(("retry-after", ms.div_ceil(1_000).to_string()));
        }
        response
            .content_type("application/json")
            .insert_header(("cache-control", "no-store"))
            .body(ServerFrame::error(None, self.0.clone()).encode())
    }
}

impl Responder for Answer {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.error_response()
    }
}

/// An answer that no cache keeps: it is for one person.
pub fn fresh(status: StatusCode, body: &serde_json::Value) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header(("cache-control", "no-store"))
        .json(body)
}

/// Done, and there is nothing to say about it.
pub fn no_content() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header(("cache-control", "no-store"))
        .finish()
}

/// How long a request's body may take to come: one that stops coming would keep its connection for
/// ever, as nothing in actix-http times that out.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// Reads a JSON body.
///
/// # Errors
/// [`Code::UnsupportedMedia`], [`Code::BodyTooLarge`], [`Code::BadJson`] or [`Code::BadRequest`].
pub async fn json<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<T, Answer> {
    json_of(request, payload, BODY_BYTES).await
}

/// Reads a JSON body at an address whose `PayloadConfig` allows so many bytes.
///
/// # Errors
/// As [`json`].
pub async fn json_of<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: web::Payload,
    most_bytes: usize,
) -> Result<T, Answer> {
    let mut payload = payload.into_inner();
    let body = timeout(BODY_WITHIN, web::Bytes::from_request(request, &mut payload))
        .await
        .map_err(|_| Refusal::new(Code::BadJson, "the body did not come in time"))?;
    let kind = request
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok());
    let kind = kind
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        let message = "the body must be sent as application/json";
        return Err(Refusal::new(Code::UnsupportedMedia, message).into());
    }
    let body = body.map_err(|error| match error.as_response_error().status_code() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let message = format!("the body may have {most_bytes} bytes");
            Refusal::new(Code::BodyTooLarge, message)
        }
        _ => Refusal::new(Code::BadJson, "the body broke off"),
    })?;
    // serde would take an array for a struct too.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Refusal::new(Code::BadJson, "the body is not a JSON object").into());
    }
    serde_json::from_slice(&body).map_err(|error| {
        let code = if error.is_data() {
            Code::BadRequest
        } else {
            Code::BadJson
        };
        Refusal::new(code, error.to_string()).into()
    })
}
