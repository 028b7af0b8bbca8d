//! Tags (docs/PROTOCOL.md §6). Every agent may make one by using it.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde::Deserialize;
use serde_json::json;

use super::{
    App, access,
    answer::{Answer, fresh, json},
    api::conversation_id,
    wrong_method,
};
use crate::{
    chat::{Retagged, refuse},
    domain::{ConversationId, Refusal, Tag, TagId, TagName},
    protocol::TagView,
};

/// The routes below `/api/v1`.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(super::get("/tags", all))
        .service(super::post("/conversations/{id}/tags", add))
        .service(
            web::resource("/conversations/{id}/tags/{tag}")
                .route(web::delete().to(remove))
                .default_service(web::to(wrong_method)),
        );
}

/// `GET /api/v1/tags`.
async fn all(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Answer> {
    access::agent(&request, &app).await?;
    Ok(answer(&app.store.tags().await.map_err(refuse)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TagBody {
    name: String,
}

/// `POST /api/v1/conversations/<id>/tags`.
async fn add(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let me = access::agent(&request, &app).await?;
    let id = conversation_id(&id)?;
    let body: TagBody = json(&request, payload).await?;
    let name = TagName::read(&body.name)?;
    let tagged = app.store.tag(me.id, id, name).await.map_err(refuse)?;
    let tags = tagged.map_err(Refusal::from)?;
    tell(&app, id);
    Ok(answer(&tags))
}

/// `DELETE /api/v1/conversations/<id>/tags/<tag>`.
async fn remove(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    access::agent(&request, &app).await?;
    let (id, tag) = path.into_inner();
    let id = conversation_id(&id)?;
    // What is no number is on no conversation.
    let tags = match tag.parse::<TagId>() {
        Ok(tag) => app.store.untag(id, tag).await,
        Err(_) => app.store.tags_of(id).await,
    };
    let tags = tags.map_err(refuse)?;
    tell(&app, id);
    Ok(answer(&tags))
}

/// The other agents hear of it, too. Bounded by the requests under way.
fn tell(app: &App, id: ConversationId) {
    app.room.do_send(Retagged(id));
}

fn answer(tags: &[Tag]) -> HttpResponse {
    let tags: Vec<_> = tags.iter().map(TagView::from).collect();
    fresh(StatusCode::OK, &json!({"tags": tags}))
}
