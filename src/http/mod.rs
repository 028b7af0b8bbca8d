//! Everything that speaks HTTP: the WebSocket sessions, the JSON API, sign-in, health and the pages.
//! Runs on the worker threads.

mod access;
mod accounts;
mod address;
mod answer;
mod api;
mod audit;
mod blocks;
mod customer;
pub mod engine;
mod erase;
mod exports;
mod feedback;
mod files;
mod gate;
mod health;
mod history;
mod identity;
mod limits;
mod me;
mod metrics;
mod pages;
mod rate;
mod replies;
mod reports;
mod retention;
mod search;
mod session;
mod settings;
mod signin;
mod socket;
mod socketio;
mod tags;
mod totp;

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use actix::Addr;
use actix_web::{HttpRequest, guard, http::Method, web};

use self::{
    address::{Addresses, Seat},
    answer::Answer,
    limits::Messages,
    signin::SignIn,
};
use crate::{
    channel,
    chat::{Blocks, ChatRoom, SessionId},
    config::ServeArgs,
    domain::{Code, FileLimits, Refusal},
    files::Files,
    metrics::Metrics,
    socketio::engine::Registry,
    store::Store,
};

/// Conversations that a hello may resume.
pub const RESUME_CONVERSATIONS: usize = 1_000;

/// What every request can reach.
pub struct App {
    store: Store,
    room: Addr<ChatRoom>,
    settings: ServeArgs,
    addresses: Arc<Addresses>,
    messages: Messages,
    blocks: Blocks,
    sign_in: SignIn,
    sessions: AtomicU64,
    socketio: Arc<Registry>,
    files: Files,
    uploads: files::Uploads,
    readings: audit::Readings,
    metrics: Arc<Metrics>,
}

impl App {
    /// The state of one server, shared by its workers.
    pub fn new(
        store: Store,
        room: Addr<ChatRoom>,
        blocks: Blocks,
        settings: ServeArgs,
        files: Files,
        metrics: Arc<Metrics>,
    ) -> Self {
        let (customer, network) = settings.message_limits();
        let addresses = Arc::new(Addresses::new(settings.max_connections_per_address));
        let sign_in = SignIn::default();
        Self {
            store,
            room,
            settings,
            addresses,
            messages: Messages::new(customer, network),
            blocks,
            sign_in,
            sessions: AtomicU64::new(1),
            socketio: Arc::default(),
            files,
            uploads: files::Uploads::default(),
            readings: audit::Readings::default(),
            metrics,
        }
    }

    /// What the server goes by.
    pub fn settings(&self) -> &ServeArgs {
        &self.settings
    }

    /// What files may be.
    fn file_limits(&self) -> FileLimits {
        self.store.settings().current().files.clone()
    }

    /// The sessions of Socket.IO clients.
    pub fn socketio(&self) -> &Arc<Registry> {
        &self.socketio
    }

    fn next_session(&self) -> SessionId {
        SessionId(self.sessions.fetch_add(1, Relaxed))
    }

    /// The address that a request comes from.
    fn client_address(&self, request: &HttpRequest) -> Option<IpAddr> {
        address::client_address(request, &self.settings.trusted_proxies)
    }

    /// A place among the connections of that address; `None` where they are too many already.
    fn seat(&self, request: &HttpRequest) -> Option<Seat> {
        self.addresses.take(self.client_address(request)?)
    }

    /// How much may wait for one session.
    fn queue_limits(&self) -> channel::Limits {
        channel::Limits {
            frames: self.settings.session_queue_frames,
            bytes: self.settings.session_queue_bytes,
        }
    }
}

/// The routes. `app` must be the same for every worker.
pub fn routes(app: &web::Data<App>) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
    let app = app.clone();
    move |config| {
        config
            .app_data(app.clone())
            .app_data(web::PayloadConfig::new(answer::BODY_BYTES))
            .service(get("/ws", session::connect))
            .configure(|config| socketio::configure(&app, config))
            .service(get("/healthz", health::alive))
            .service(get("/readyz", health::ready))
            .service(
                web::scope("/api/v1")
                    .service(post("/login", signin::login))
                    .service(post("/logout", signin::logout))
                    .service(get("/me", signin::me))
                    .service(get("/conversations", api::conversations))
                    .service(get("/conversations/{id}", api::conversation))
                    .service(get("/conversations/{id}/messages", api::messages))
                    .service(get("/conversations/{id}/customer", customer::customer))
                    .service(get("/history", history::history))
                    .service(get("/history/export", exports::export))
                    .service(get("/history/{id}/messages", history::transcript))
                    .service(get("/reports", reports::report))
                    .service(get("/search", search::search))
                    .configure(replies::configure)
                    .configure(tags::configure)
                    .configure(me::configure)
                    .configure(accounts::configure)
                    .configure(totp::configure)
                    .configure(audit::configure)
                    .configure(retention::configure)
                    .configure(erase::configure)
                    .configure(settings::configure)
                    .configure(feedback::configure)
                    .configure(blocks::configure)
                    .configure(files::configure)
                    .configure(identity::configure)
                    .default_service(web::to(nowhere)),
            )
            .service(pages::page(&app, pages::CONSOLE))
            .service(pages::page(&app, pages::ADMIN))
            .service(pages::files(&app));
    }
}

fn get<F, Args>(path: &str, handler: F) -> actix_web::Resource
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    web::resource(path)
        .route(reading().to(handler))
        .default_service(web::to(wrong_method))
}

/// GET, and HEAD with it.
fn reading() -> actix_web::Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

fn post<F, Args>(path: &str, handler: F) -> actix_web::Resource
where
    F: actix_web::Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: actix_web::Responder + 'static,
{
    web::resource(path)
        .route(web::post().to(handler))
        .default_service(web::to(wrong_method))
}

async fn nowhere() -> Answer {
    nothing_here().into()
}

fn nothing_here() -> Refusal {
    Refusal::new(Code::NotFound, "there is nothing at this address")
}

async fn wrong_method(request: HttpRequest) -> Answer {
    method_refused(request.method()).into()
}

fn method_refused(method: &Method) -> Refusal {
    let message = format!("{method} is not for this address");
    Refusal::new(Code::MethodNotAllowed, message)
}

pub use metrics::{Watched, count_refusals, metrics_routes};
pub use pages::security_headers;
