//! Admins erase a customer, or take out what the business holds on them (docs/PROTOCOL.md §6).

use std::collections::VecDeque;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use tracing::{info, warn};

use super::{
    App, access,
    answer::{Answer, fresh, json},
    api::{Query, query_of},
    audit,
};
use crate::{
    chat::{RenewTokens, refuse},
    domain::{
        AuditAction, Code, CustomerId, CustomerKey, Erasure, Kind, Refusal, Seq, Token, rfc3339,
    },
    incident::incident,
    protocol::{CustomerDetailsView, MessageView},
    store::{OwnConversation, Page, Store, StoreError, Unerased, Viewer},
};

/// Messages that an export reads at once.
const PAGE: usize = 200;

/// The routes below `/api/v1`.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(super::get("/erasures", list))
        .service(super::post("/customers/{id}/erase", erase))
        .service(super::get("/customers/{id}/export", export));
}

fn customer_id(typed: &str) -> Result<CustomerId, Refusal> {
    let not_found = |_| Refusal::new(Code::CustomerNotFound, "there is no such customer");
    typed.parse().map_err(not_found)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EraseBody {
    /// The customer's id once more: this cannot be undone.
    confirm: String,
}

/// `POST /api/v1/customers/<id>/erase`.
async fn erase(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let me = access::admin(&request, &app).await?;
    let customer = customer_id(&id)?;
    let EraseBody { confirm } = json(&request, payload).await?;
    if confirm != *id {
        let message = "confirm must be the id of the customer once more; this cannot be undone";
        return Err(Refusal::bad_request(message).into());
    }
    if app.store.shared_conversation().is_some() {
        let message =
            "in a shared room what one customer said cannot be told from what others answered";
        return Err(Refusal::bad_request(message).into());
    }
    let spare = Token::random().map_err(|error| incident("no randomness", &error))?;
    let spare = CustomerKey::from(&spare);
    let cut = app.store.cut_off(customer, spare).await.map_err(refuse)?;
    let conversations = cut.map_err(unerased)?;
    // Whoever is connected as them is out now; elsewhere within seconds.
    app.room.do_send(RenewTokens);
    for conversation in conversations {
        while app.store.empty_some(conversation).await.map_err(refuse)? {}
    }
    let entry = audit::entry(&request, &app, Some(&me), AuditAction::CustomerErased)
        .about("customer", customer.to_string());
    let done = app.store.finish_erasure(me.id, customer, entry).await;
    let (receipt, files) = done.map_err(refuse)?;
    info!(
        by = me.id.0,
        customer = customer.0,
        receipt = receipt.id,
        "erased a customer"
    );
    let folder = app.files.clone();
    // What fails here the sweep removes.
    let removed = spawn_blocking(move || files.iter().try_for_each(|id| folder.remove(id)));
    if !matches!(removed.await, Ok(Ok(()))) {
        warn!("a file's bytes could not be removed; the sweep tries again");
    }
    Ok(fresh(StatusCode::OK, &json!({"receipt": view(&receipt)})))
}

fn unerased(why: Unerased) -> Refusal {
    match why {
        Unerased::NotFound => Refusal::new(Code::CustomerNotFound, "there is no such customer"),
        Unerased::Held(id) => Refusal::new(
            Code::ConversationHeld,
            format!("conversation {id} is under a legal hold; lift it first"),
        ),
        Unerased::Open(id) => Refusal::new(
            Code::ConversationOpen,
            format!("conversation {id} has not ended; close it first"),
        ),
    }
}

fn view(receipt: &Erasure) -> Value {
    json!({
        "id": receipt.id.to_string(),
        "customer": receipt.customer,
        "by": {"id": receipt.by.id, "name": receipt.by.name},
        "at": rfc3339(receipt.at),
        "conversations": receipt.count.conversations,
        "messages": receipt.count.messages,
        "files": receipt.count.files,
        "bytes": receipt.count.bytes,
    })
}

/// `GET /api/v1/erasures`.
async fn list(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Answer> {
    access::admin(&request, &app).await?;
    let receipts = app.store.erasures().await.map_err(refuse)?;
    let views: Vec<_> = receipts.iter().map(view).collect();
    Ok(fresh(StatusCode::OK, &json!({"erasures": views})))
}

/// `GET /api/v1/customers/<id>/export`.
async fn export(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    query: Result<Query, actix_web::Error>,
) -> Result<HttpResponse, Answer> {
    let me = access::admin(&request, &app).await?;
    let customer = customer_id(&id)?;
    let query = query_of(query, &["notes"])?;
    let notes = match query.get("notes").map(String::as_str) {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Refusal::bad_request("notes must be true or false").into()),
    };
    let details = app.store.customer(customer).await.map_err(refuse)?;
    let not_found = || Refusal::new(Code::CustomerNotFound, "there is no such customer");
    let details = details.ok_or_else(not_found)?;
    let own = app.store.own_conversations(customer).await;
    let own = own.map_err(refuse)?;
    let entry = audit::entry(&request, &app, Some(&me), AuditAction::CustomerExported)
        .about("customer", customer.to_string())
        .with("notes", notes);
    audit::record(&app, entry).await?;
    let mut first = String::new();
    line(
        &mut first,
        &json!({"type": "customer", "customer": CustomerDetailsView::from(&details)}),
    );
    let from = Export {
        store: app.store.clone(),
        notes,
        first,
        to_do: own.into(),
        at: None,
        conversations: 0,
        messages: 0,
        ended: false,
    };
    let name = format!("attachment; filename=\"customer-{customer}.jsonl\"");
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .insert_header(("content-type", "application/x-ndjson"))
        .insert_header(("content-disposition", name))
        .streaming(stream::unfold(from, Export::next)))
}

fn line(out: &mut String, value: &Value) {
    out.push_str(&value.to_string());
    out.push('\n');
}

/// An export on its way: one page of messages is in memory at a time.
struct Export {
    store: Store,
    notes: bool,
    first: String,
    to_do: VecDeque<OwnConversation>,
    /// Up to where the first of those was read; `None`: not at all.
    at: Option<Seq>,
    conversations: u64,
    messages: u64,
    ended: bool,
}

impl Export {
    /// The next piece. An error breaks the answer off, before the last line, which says that it is whole.
    async fn next(mut self) -> Option<(Result<web::Bytes, StoreError>, Self)> {
        if self.ended {
            return None;
        }
        let mut out = std::mem::take(&mut self.first);
        let Some(own) = self.to_do.front() else {
            self.ended = true;
            let (conversations, messages) = (self.conversations, self.messages);
            let end = json!({"type": "end", "conversations": conversations, "messages": messages});
            line(&mut out, &end);
            return Some((Ok(out.into()), self));
        };
        if self.at.is_none() {
            self.conversations += 1;
            let rating = own.rating.as_ref();
            let rating = rating.map(|(score, comment)| json!({"score": score, "comment": comment}));
            let head = json!({
                "type": "conversation",
                "id": own.id,
                "status": own.status,
                "created_at": rfc3339(own.created_at),
                "rating": rating,
            });
            line(&mut out, &head);
        }
        let after = Page::After(self.at.unwrap_or(Seq::ZERO));
        let page = self
            .store
            .messages(Viewer::Agent, own.id, after, PAGE)
            .await;
        let page = match page {
            Ok(page) => page.unwrap_or_default(),
            Err(error) => {
                self.ended = true;
                return Some((Err(error), self));
            }
        };
        for message in &page.messages {
            self.at = Some(message.seq);
            if message.kind != Kind::Note || self.notes {
                self.messages += 1;
                let view = MessageView::from(message);
                line(&mut out, &json!({"type": "message", "message": view}));
            }
        }
        if !page.more {
            self.to_do.pop_front();
            self.at = None;
        }
        Some((Ok(out.into()), self))
    }
}
