//! What is kept and what goes: legal holds, and what the rules would delete (docs/PROTOCOL.md §6).

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    App, access,
    answer::{Answer, fresh, json, no_content},
    api::conversation_id,
    audit, wrong_method,
};
use crate::{
    chat::refuse,
    domain::{
        AuditAction, Code, Hold, Refusal, rfc3339,
        settings::{Retention, RetentionRule, Section},
    },
    retention::dry_run,
};

/// Characters of a reason.
const REASON: usize = 500;

/// The routes below `/api/v1`.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(super::post("/retention/dry-run", try_out))
        .service(super::get("/holds", list))
        .service(
            web::resource("/conversations/{id}/hold")
                .route(super::reading().to(hold_on))
                .route(web::put().to(hold))
                .route(web::delete().to(lift))
                .default_service(web::to(wrong_method)),
        );
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TryBody {
    /// Those that are set, where none are given.
    rules: Option<Vec<RetentionRule>>,
}

/// `POST /api/v1/retention/dry-run`.
async fn try_out(
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    access::admin(&request, &app).await?;
    let TryBody { rules } = json(&request, payload).await?;
    let rules = match rules {
        None => app.store.settings().current().retention.clone(),
        Some(rules) => Retention { rules },
    };
    rules.check().map_err(|invalid| {
        let mut refusal = Refusal::new(Code::SettingInvalid, invalid.to_string());
        refusal.field = Some(invalid.field);
        refusal
    })?;
    let count = dry_run(&app.store, &rules).await.map_err(refuse)?;
    Ok(fresh(StatusCode::OK, &json!({"would_delete": count})))
}

/// `GET /api/v1/holds`.
async fn list(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Answer> {
    access::reviewer(&request, &app).await?;
    let holds = app.store.holds(None).await.map_err(refuse)?;
    let views: Vec<_> = holds.iter().map(view).collect();
    Ok(fresh(StatusCode::OK, &json!({"holds": views})))
}

/// `GET /api/v1/conversations/<id>/hold`.
async fn hold_on(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Answer> {
    access::reviewer(&request, &app).await?;
    let id = conversation_id(&id)?;
    let holds = app.store.holds(Some(id)).await.map_err(refuse)?;
    Ok(fresh(
        StatusCode::OK,
        &json!({"hold": holds.first().map(view)}),
    ))
}

fn view(hold: &Hold) -> Value {
    json!({
        "conversation": hold.conversation,
        "reason": hold.reason,
        "by": {"id": hold.by.id, "name": hold.by.name},
        "created_at": rfc3339(hold.created_at),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HoldBody {
    reason: String,
}

/// `PUT /api/v1/conversations/<id>/hold`.
async fn hold(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let me = access::admin(&request, &app).await?;
    let id = conversation_id(&id)?;
    let HoldBody { reason } = json(&request, payload).await?;
    let reason = reason.trim().to_owned();
    if !(1..=REASON).contains(&reason.chars().count()) || reason.contains('\0') {
        let message = format!("reason must have 1 to {REASON} characters");
        return Err(Refusal::bad_request(message).into());
    }
    let entry = audit::entry(&request, &app, Some(&me), AuditAction::HoldSet)
        .about("conversation", id.to_string());
    let held = app.store.hold(me.id, id, reason, entry).await;
    if held.map_err(refuse)? {
        return Ok(no_content());
    }
    Err(Refusal::conversation_not_found().into())
}

/// `DELETE /api/v1/conversations/<id>/hold`. Also where there is none.
async fn lift(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let me = access::admin(&request, &app).await?;
    let id = conversation_id(&id)?;
    let entry = audit::entry(&request, &app, Some(&me), AuditAction::HoldLifted)
        .about("conversation", id.to_string());
    app.store.lift_hold(id, entry).await.map_err(refuse)?;
    Ok(no_content())
}
