//! Saved replies (docs/PROTOCOL.md §6). Who may change which is the store's rule.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde::Deserialize;
use serde_json::json;

use super::{
    App, access,
    answer::{Answer, fresh, json, no_content},
    wrong_method,
};
use crate::{
    chat::refuse,
    domain::{Refusal, ReplyContent, ReplyId, Unsaved},
    protocol::SavedReplyView,
};

/// The routes below `/api/v1`.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/saved-replies")
                .route(super::reading().to(list))
                .route(web::post().to(create))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/saved-replies/{id}")
                .route(web::put().to(change))
                .route(web::delete().to(delete))
                .default_service(web::to(wrong_method)),
        );
}

/// `GET /api/v1/saved-replies`.
async fn list(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Answer> {
    let me = access::agent(&request, &app).await?;
    let replies = app.store.saved_replies(me.id).await.map_err(refuse)?;
    let views: Vec<_> = replies.iter().map(SavedReplyView::from).collect();
    Ok(fresh(StatusCode::OK, &json!({"saved_replies": views})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplyBody {
    shortcut: String,
    title: Option<String>,
    text: String,
    shared: bool,
}

impl ReplyBody {
    fn content(self, app: &App) -> Result<ReplyContent, Refusal> {
        let limits = app.settings.text_limits();
        ReplyContent::read(&self.shortcut, self.title.as_deref(), self.text, limits)
    }
}

/// `POST /api/v1/saved-replies`.
async fn create(
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let me = access::agent(&request, &app).await?;
    let body: ReplyBody = json(&request, payload).await?;
    let shared = body.shared;
    let content = body.content(&app)?;
    let made = app
        .store
        .save_reply(me, shared, content)
        .await
        .map_err(refuse)?;
    let view = SavedReplyView::from(&made.map_err(Refusal::from)?);
    Ok(fresh(StatusCode::CREATED, &json!({"saved_reply": view})))
}

/// `PUT /api/v1/saved-replies/<id>`.
async fn change(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let me = access::agent(&request, &app).await?;
    let id = reply_id(&id)?;
    let body: ReplyBody = json(&request, payload).await?;
    let shared = body.shared;
    let content = body.content(&app)?;
    let changed = app
        .store
        .change_reply(me, id, shared, content)
        .await
        .map_err(refuse)?;
    let view = SavedReplyView::from(&changed.map_err(Refusal::from)?);
    Ok(fresh(StatusCode::OK, &json!({"saved_reply": view})))
}

/// `DELETE /api/v1/saved-replies/<id>`.
async fn delete(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let me = access::agent(&request, &app).await?;
    let deleted = app
        .store
        .delete_reply(me, reply_id(&id)?)
        .await
        .map_err(refuse)?;
    deleted.map_err(Refusal::from)?;
    Ok(no_content())
}

fn reply_id(typed: &str) -> Result<ReplyId, Refusal> {
    typed.parse().map_err(|_| Unsaved::NotFound.into())
}
