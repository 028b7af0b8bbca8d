//! What customers say of themselves and of how it was (docs/PROTOCOL.md §6). By the token of their page.

use std::time::Instant;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde::Deserialize;
use serde_json::json;

use super::{
    App, access,
    answer::{Answer, fresh, json},
    wrong_method,
};
use crate::{
    chat::{Report, refuse},
    domain::{Code, Contact, CustomerKey, Rating, Refusal},
    store::{Acted, Unrated, Viewer, Written},
};

/// The routes below `/api/v1`.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/contact")
                .route(web::put().to(contact))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/conversations/{id}/rating")
                .route(web::put().to(rating))
                .default_service(web::to(wrong_method)),
        );
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactBody {
    name: Option<String>,
    email: Option<String>,
}

/// `PUT /api/v1/contact`.
async fn contact(
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let key = customer(&request, &app).await?;
    let body: ContactBody = json(&request, payload).await?;
    if !app.store.settings().current().asking.contact {
        return Err(not_asked().into());
    }
    let contact = Contact::read(body.name.as_deref(), body.email.as_deref())?;
    let answer = json!({"name": contact.name, "email": contact.email});
    let told = app.store.set_contact(key, contact).await.map_err(refuse)?;
    let told = told.ok_or_else(|| {
        let message = "write a message first; before that nothing is kept of anybody";
        Refusal::new(Code::ConversationNotFound, message)
    })?;
    tell(&app, told);
    Ok(fresh(StatusCode::OK, &answer))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RatingBody {
    score: i64,
    #[serde(default)]
    comment: String,
}

/// `PUT /api/v1/conversations/<id>/rating`.
async fn rating(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let key = customer(&request, &app).await?;
    let body: RatingBody = json(&request, payload).await?;
    if !app.store.settings().current().asking.rating {
        return Err(not_asked().into());
    }
    let id = id.parse().map_err(|_| Refusal::conversation_not_found())?;
    let rating = Rating::read(body.score, &body.comment)?;
    let answer = json!({"score": rating.score, "comment": rating.comment});
    let outcome = app.store.rate(key, id, rating).await.map_err(refuse)?;
    let acted = outcome.map_err(unrated)?;
    tell(&app, vec![acted]);
    Ok(fresh(StatusCode::OK, &answer))
}

/// The customer who asks. What they say here is counted as their messages are: it is stored and told likewise.
async fn customer(request: &HttpRequest, app: &App) -> Result<CustomerKey, Answer> {
    let Viewer::Customer(key) = access::viewer(request, app).await? else {
        return Err(Refusal::new(Code::Forbidden, "this is for customers").into());
    };
    let address = app.client_address(request);
    app.messages.count(key, address, Instant::now())?;
    Ok(key)
}

/// The room tells everybody whom it concerns, as it does of what it had stored itself.
fn tell(app: &App, told: Vec<Acted>) {
    let written = told.into_iter().map(Written::Acted).collect();
    app.room.do_send(Report::new(written));
}

fn not_asked() -> Refusal {
    Refusal::new(Code::Forbidden, "the business does not ask for this")
}

fn unrated(why: Unrated) -> Refusal {
    match why {
        Unrated::NotFound => Refusal::conversation_not_found(),
        Unrated::NotEnded => Refusal::new(
            Code::ConversationOpen,
            "this conversation has not ended; it can be rated afterwards",
        ),
        Unrated::TooLate => Refusal::new(
            Code::ConversationClosed,
            "this was rated more than a day ago and stays as it is",
        ),
    }
}
