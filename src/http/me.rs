//! What everybody who is signed in may do about their own account (docs/PROTOCOL.md §6).

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde::Deserialize;
use serde_json::json;
use tracing::info;

use super::{
    App, access,
    accounts::{acceptable, close},
    answer::{Answer, fresh, json, no_content},
    audit, signin, wrong_method,
};
use crate::{
    chat::refuse,
    domain::{AuditAction, Code, Refusal},
    protocol::LoginView,
};

/// The routes below `/api/v1`.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(super::post("/me/password", change_password))
        .service(
            web::resource("/me/sessions")
                .route(super::reading().to(sessions))
                .route(web::delete().to(end_others))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/me/sessions/{id}")
                .route(web::delete().to(end))
                .default_service(web::to(wrong_method)),
        );
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PasswordBody {
    current: String,
    new: String,
}

/// `POST /api/v1/me/password`. Failures count together with those of signing in: a browser that was left
/// open is no quicker way to guess.
async fn change_password(
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let (keep, me) = access::login(&request, &app).await?;
    let PasswordBody { current, new } = json(&request, payload).await?;
    acceptable("new", &new)?;
    let wrong = || Refusal::new(Code::BadCredentials, "the current password is wrong");
    let account = app.store.account(me.id).await.map_err(refuse)?;
    let username = account.ok_or_else(Refusal::not_signed_in)?.username;
    let (_, old_hash) = signin::verify(&request, &app, username, current)
        .await?
        .ok_or_else(wrong)?;
    let new_hash = signin::hashed(&app, new).await?;
    let entry = audit::entry(&request, &app, Some(&me), AuditAction::PasswordChanged);
    let ended = app
        .store
        .change_password(me.id, keep, old_hash, new_hash, entry)
        .await
        .map_err(refuse)?;
    close(&app, ended.ok_or_else(wrong)?);
    info!(agent = me.id.0, "changed their password");
    Ok(no_content())
}

/// `GET /api/v1/me/sessions`.
async fn sessions(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Answer> {
    let (current, me) = access::login(&request, &app).await?;
    let logins = app.store.logins(me.id).await.map_err(refuse)?;
    let views: Vec<_> = logins
        .iter()
        .map(|login| LoginView::new(login, current))
        .collect();
    Ok(fresh(StatusCode::OK, &json!({"sessions": views})))
}

/// `DELETE /api/v1/me/sessions/<id>`.
async fn end(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let (_, me) = access::login(&request, &app).await?;
    let not_found = || Refusal::new(Code::SessionNotFound, "there is no such session of yours");
    let id = id.parse().map_err(|_| not_found())?;
    let ended = app.store.end_login(me.id, id).await.map_err(refuse)?;
    close(&app, vec![ended.ok_or_else(not_found)?]);
    Ok(no_content())
}

/// `DELETE /api/v1/me/sessions`.
async fn end_others(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let (keep, me) = access::login(&request, &app).await?;
    let ended = app
        .store
        .end_other_logins(me.id, keep)
        .await
        .map_err(refuse)?;
    close(&app, ended);
    Ok(no_content())
}
