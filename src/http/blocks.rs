//! Staff keep customers and networks out (docs/PROTOCOL.md §6).
//!
//! **Invariant**: a block is about customers only. Staff sign in and work from wherever they are, so nobody
//! locks themself or a colleague out by a network.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde::Deserialize;
use serde_json::json;
use tracing::info;

use super::{
    App, access,
    answer::{Answer, fresh, json},
    audit, wrong_method,
};
use crate::{
    chat::{AskAddresses, RenewBlocks, refuse},
    domain::{AuditAction, BlockId, Code, CustomerId, Me, NewBlock, Refusal, Role, Target},
    protocol::BlockView,
};

/// The routes below `/api/v1`.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/blocks")
                .route(super::reading().to(list))
                .route(web::post().to(create))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/blocks/{id}")
                .route(web::delete().to(lift))
                .default_service(web::to(wrong_method)),
        )
        .service(super::get("/customers/{id}/addresses", addresses));
}

/// `GET /api/v1/blocks`.
async fn list(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Answer> {
    access::agent(&request, &app).await?;
    let blocks = app.store.blocks().await.map_err(refuse)?;
    let views: Vec<_> = blocks.iter().map(BlockView::from).collect();
    Ok(fresh(StatusCode::OK, &json!({"blocks": views})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    customer: Option<String>,
    network: Option<String>,
    reason: String,
    /// Has to be said: to leave it out must not mean for good.
    #[serde(deserialize_with = "Option::deserialize")]
    for_s: Option<u32>,
}

/// `POST /api/v1/blocks`.
async fn create(
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let by = access::agent(&request, &app).await?;
    let body: CreateBody = json(&request, payload).await?;
    let target = match (&body.customer, &body.network) {
        (Some(id), None) => {
            let id = id.parse().map_err(|_| customer_not_found())?;
            Target::Customer(id)
        }
        (None, Some(network)) => {
            must_supervise(&request, &app, &by).await?;
            Target::network(network)?
        }
        _ => return Err(Refusal::bad_request("name either a customer or a network").into()),
    };
    let new = NewBlock::new(target, &body.reason, body.for_s)?;
    let entry = audit::entry(&request, &app, Some(&by), AuditAction::Blocked)
        .with("customer", body.customer)
        .with("network", body.network)
        .with("for_s", body.for_s);
    let made = app.store.block(by.id, new, entry).await.map_err(refuse)?;
    let block = made.ok_or_else(customer_not_found)?;
    info!(by = by.id.0, block = block.id.0, "blocked");
    renew(&app).await?;
    let body = json!({"block": BlockView::from(&block)});
    Ok(fresh(StatusCode::CREATED, &body))
}

/// `DELETE /api/v1/blocks/<id>`.
async fn lift(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let by = access::agent(&request, &app).await?;
    let not_found = || Refusal::new(Code::BlockNotFound, "there is no such block in force");
    let id: BlockId = id.parse().map_err(|_| not_found())?;
    let block = app.store.block_in_force(id).await.map_err(refuse)?;
    if let Target::Network(_) = block.ok_or_else(not_found)?.target {
        must_supervise(&request, &app, &by).await?;
    }
    let entry = audit::entry(&request, &app, Some(&by), AuditAction::BlockLifted)
        .about("block", id.to_string());
    let lifted = app.store.lift_block(by.id, id, entry).await;
    lifted.map_err(refuse)?.ok_or_else(not_found)?;
    info!(by = by.id.0, block = id.0, "lifted a block");
    renew(&app).await?;
    Ok(HttpResponse::NoContent()
        .insert_header(("cache-control", "no-store"))
        .finish())
}

/// `GET /api/v1/customers/<id>/addresses`: from where a customer is connected now, for whoever wants to block
/// the network. Kept nowhere.
async fn addresses(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
) -> Result<HttpResponse, Answer> {
    let me = access::agent(&request, &app).await?;
    must_supervise(&request, &app, &me).await?;
    let id: CustomerId = id.parse().map_err(|_| customer_not_found())?;
    let asked = app.room.send(AskAddresses(id)).await;
    let addresses = asked.map_err(|_| Refusal::overloaded())?;
    Ok(fresh(StatusCode::OK, &json!({"addresses": addresses})))
}

/// Puts it into force here and now. The block is stored: where this fails, it holds within seconds.
async fn renew(app: &App) -> Result<(), Refusal> {
    let renewed = app.room.send(RenewBlocks).await;
    renewed.map_err(|_| Refusal::overloaded())?
}

async fn must_supervise(request: &HttpRequest, app: &App, me: &Me) -> Result<(), Answer> {
    if matches!(me.role, Role::Supervisor | Role::Admin) {
        return Ok(());
    }
    let message = "networks are for supervisors and admins";
    let refusal = Refusal::new(Code::Forbidden, message);
    Err(access::refused(request, app, me, refusal).await)
}

fn customer_not_found() -> Refusal {
    Refusal::new(Code::CustomerNotFound, "there is no such customer")
}
