//! Everybody's own second factor, and that of others for admins (docs/PROTOCOL.md §6).

use std::time::Instant;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde::Deserialize;
use serde_json::json;
use tracing::info;

use super::{
    App, access,
    accounts::{account_id, close, unmanaged},
    answer::{Answer, fresh, json},
    audit, signin, wrong_method,
};
use crate::{
    chat::refuse,
    domain::{
        Account, AgentId, AuditAction, Code, RECOVERY_CODES, Refusal, Secret, Seed, now,
        recovery_code, recovery_hash,
    },
    incident::incident,
    store::Totp,
};

/// The routes below `/api/v1`.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/me/totp")
                .route(super::reading().to(status))
                .route(web::post().to(begin))
                .default_service(web::to(wrong_method)),
        )
        .service(super::post("/me/totp/confirm", confirm))
        .service(super::post("/me/totp/off", off))
        .service(super::post("/accounts/{id}/totp/off", reset));
}

/// The secret of somebody's second factor.
///
/// # Errors
/// An incident where it was made with a key that is not set any more.
fn secret(app: &App, totp: &Totp) -> Result<Secret, Refusal> {
    match (&app.settings.secret_key, totp.keyed) {
        (None, true) => Err(incident(
            "a second factor was set up with a KEFU_SECRET_KEY, which is not set now",
            &"set it again, or switch the factor off with `kefu agent totp-off`",
        )),
        (key, keyed) => Ok(totp.seed.secret(key.as_deref().filter(|_| keyed))),
    }
}

/// Asks for the second factor of whoever has given the right password; failures slow the next try down.
///
/// # Errors
/// [`Code::CodeRequired`], [`Code::CodeWrong`], [`Code::RateLimited`], or what the store says.
pub async fn check(
    request: &HttpRequest,
    app: &App,
    account: &Account,
    code: Option<&str>,
) -> Result<(), Answer> {
    let totp = app.store.totp(account.me.id).await.map_err(refuse)?;
    let Some(totp) = totp.filter(|totp| totp.confirmed) else {
        return Ok(());
    };
    let Some(code) = code else {
        let message = "the code of your authenticator app is needed, too";
        return Err(Refusal::new(Code::CodeRequired, message).into());
    };
    // A slate of its own, which the right password does not wipe.
    let slate = format!("{}#code", account.username);
    let attempt = signin::attempt(request, app, &slate, Instant::now())?;
    if is_right(app, account.me.id, &totp, code).await? {
        attempt.succeeded();
        return Ok(());
    }
    let me = Some(&account.me);
    let entry = audit::entry(request, app, me, AuditAction::SecondFactorFailed);
    audit::record(app, entry).await?;
    Err(wrong().into())
}

fn wrong() -> Refusal {
    Refusal::new(
        Code::CodeWrong,
        "the code is wrong, or has been used; wait for the next one",
    )
}

async fn is_right(app: &App, id: AgentId, totp: &Totp, code: &str) -> Result<bool, Answer> {
    if let Some(hash) = recovery_hash(code) {
        let used = app.store.use_recovery_code(id, hash).await;
        let used = used.map_err(refuse)?;
        if used {
            info!(agent = id.0, "used a recovery code");
        }
        return Ok(used);
    }
    match secret(app, totp)?.step_of(code, now(), totp.last_step) {
        None => Ok(false),
        Some(step) => {
            let used = app.store.use_totp_step(id, step).await;
            Ok(used.map_err(refuse)?)
        }
    }
}

/// `GET /api/v1/me/totp`.
async fn status(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Answer> {
    let me = access::agent(&request, &app).await?;
    let totp = app.store.totp(me.id).await.map_err(refuse)?;
    let totp = totp.filter(|totp| totp.confirmed);
    let body = json!({
        "enabled": totp.is_some(),
        "recovery_codes": totp.map_or(0, |totp| totp.recovery_codes),
    });
    Ok(fresh(StatusCode::OK, &body))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PasswordBody {
    password: String,
}

/// Who asks, if the password is right: a browser that was left open must not decide who may sign in.
async fn with_password(
    request: &HttpRequest,
    app: &App,
    payload: web::Payload,
) -> Result<Account, Answer> {
    access::check_origin(request, &app.settings.origins)?;
    let me = access::agent(request, app).await?;
    let PasswordBody { password } = json(request, payload).await?;
    let account = app.store.account(me.id).await.map_err(refuse)?;
    let username = account.ok_or_else(Refusal::not_signed_in)?.username;
    let right = signin::verify(request, app, username, password).await?;
    let wrong = || Refusal::new(Code::BadCredentials, "the password is wrong");
    Ok(right.ok_or_else(wrong)?.0)
}

/// `POST /api/v1/me/totp`.
async fn begin(
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Answer> {
    let account = with_password(&request, &app, payload).await?;
    let seed = Seed::random().map_err(|error| incident("no randomness", &error))?;
    let key = app.settings.secret_key.as_deref();
    let begun = app
        .store
        .begin_totp(account.me.id, seed, key.is_some())
        .await
        .map_err(refuse)?;
    if !begun {
        let message = "there is a second factor already; switch it off first";
        return Err(Refusal::new(Code::TotpOn, message).into());
    }
    let secret = seed.secret(key);
    let body = json!({"secret": secret.base32(), "uri": secret.uri(&account.username)});
    Ok(fresh(StatusCode::OK, &body))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeBody {
    code: String,
}

/// `POST /api/v1/me/totp/confirm`.
async fn confirm(
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let (keep, me) = access::login(&request, &app).await?;
    let CodeBody { code } = json(&request, payload).await?;
    let totp = app.store.totp(me.id).await.map_err(refuse)?;
    let nothing = || Refusal::new(Code::TotpOff, "there is nothing to confirm; begin again");
    let totp = totp.filter(|totp| !totp.confirmed).ok_or_else(nothing)?;
    let slate = format!("{}#confirm", me.id);
    let attempt = signin::attempt(&request, &app, &slate, Instant::now())?;
    let step = secret(&app, &totp)?.step_of(&code, now(), totp.last_step);
    let step = step.ok_or_else(wrong)?;
    attempt.succeeded();
    let codes: Vec<_> = (0..RECOVERY_CODES)
        .map(|_| recovery_code())
        .collect::<Result<_, _>>()
        .map_err(|error| incident("no randomness", &error))?;
    let hashes = codes
        .iter()
        .filter_map(|code| recovery_hash(code))
        .collect();
    let entry = audit::entry(&request, &app, Some(&me), AuditAction::SecondFactorOn);
    let confirmed = app.store.confirm_totp(me.id, step, hashes, keep, entry);
    let ended = confirmed.await.map_err(refuse)?;
    close(&app, ended.ok_or_else(nothing)?);
    info!(agent = me.id.0, "set up a second factor");
    Ok(fresh(StatusCode::OK, &json!({"recovery_codes": codes})))
}

/// `POST /api/v1/me/totp/off`.
async fn off(
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Answer> {
    let account = with_password(&request, &app, payload).await?;
    let entry = audit::entry(
        &request,
        &app,
        Some(&account.me),
        AuditAction::SecondFactorOff,
    )
    .about("account", account.me.id.to_string());
    let ended = app.store.end_totp(account.me.id, entry).await;
    ended.map_err(refuse)?;
    info!(agent = account.me.id.0, "switched their second factor off");
    Ok(no_content())
}

/// `POST /api/v1/accounts/<id>/totp/off`.
async fn reset(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let by = access::admin(&request, &app).await?;
    let id = account_id(&id)?;
    let entry = audit::entry(&request, &app, Some(&by), AuditAction::SecondFactorOff)
        .about("account", id.to_string());
    let ended = app.store.reset_totp(by.id, id, entry).await;
    close(&app, ended.map_err(refuse)?.map_err(unmanaged)?);
    info!(by = by.id.0, agent = id.0, "switched a second factor off");
    Ok(no_content())
}

fn no_content() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header(("cache-control", "no-store"))
        .finish()
}
