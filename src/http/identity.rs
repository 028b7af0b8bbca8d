//! The host site says who its visitor is, and the visitor logs out (docs/IDENTITY.md).

use std::time::Instant;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde::Deserialize;
use serde_json::json;
use tracing::info;

use super::{
    App, access,
    answer::{Answer, fresh, json},
    wrong_method,
};
use crate::{
    chat::{RenewTokens, refuse},
    domain::{Code, CustomerKey, Refusal, Token, now, verify},
    incident::incident,
};

/// The routes below `/api/v1`.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/identify")
            .route(web::post().to(identify))
            .route(web::delete().to(log_out))
            .default_service(web::to(wrong_method)),
    );
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentifyBody {
    jwt: String,
}

/// `POST /api/v1/identify`.
async fn identify(
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let IdentifyBody { jwt } = json(&request, payload).await?;
    let mut secrets = app.settings.identity_secrets();
    secrets.extend(app.store.settings().current().identity.secrets());
    if secrets.is_empty() {
        let message = "nobody can be identified here: no secret is set";
        return Err(Refusal::new(Code::IdentityOff, message).into());
    }
    let claims = verify(&jwt, &secrets, now())?;
    let address = app.client_address(&request);
    // Each time may make a token; who holds a good one is not to fill the database by it.
    app.messages
        .count(CustomerKey(claims.hash), address, Instant::now())?;
    let given = access::customer_token(&request);
    let held = given.as_ref().map(CustomerKey::from);
    let blocked = |key| app.blocks.now().refusal(key, address, now());
    if let Some(refusal) = held.and_then(blocked) {
        return Err(refusal.into());
    }
    let random = || Token::random().map_err(|error| incident("no token could be made", &error));
    let (new, spare) = (random()?, random()?);
    let identified = app
        .store
        .identify(
            claims,
            held,
            CustomerKey::from(&new),
            CustomerKey::from(&spare),
        )
        .await
        .map_err(refuse)?;
    let identified = identified.ok_or_else(|| {
        let message = "this token was used before a logout; ask the site for a new one";
        Refusal::new(Code::IdentityUsed, message)
    })?;
    let token = match given {
        Some(given) if identified.kept => given,
        _ => {
            info!(customer = identified.customer.0, "identified a customer");
            renew(&app).await;
            new
        }
    };
    let body = json!({
        "token": token.expose(),
        "customer": {
            "id": identified.customer,
            "name": identified.name,
            "email": identified.email,
        },
    });
    Ok(fresh(StatusCode::OK, &body))
}

/// `DELETE /api/v1/identify`: this browser's token ends. Others of the same customer stay.
async fn log_out(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let token = access::customer_token(&request).ok_or_else(Refusal::not_signed_in)?;
    let ended = app.store.end_token(CustomerKey::from(&token)).await;
    if ended.map_err(refuse)? {
        renew(&app).await;
    }
    Ok(HttpResponse::NoContent()
        .insert_header(("cache-control", "no-store"))
        .finish())
}

/// Puts it into force here and now. It is stored: where this fails, it holds within seconds.
async fn renew(app: &App) {
    if !matches!(app.room.send(RenewTokens).await, Ok(Ok(()))) {
        info!("the room hears of a token with its next look");
    }
}
