//! One running server: wires the store, the room and the HTTP workers together, and takes them down
//! again in order.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use actix::{Actor, Addr, Arbiter};
use actix_web::{App as WebApp, HttpServer, dev::ServerHandle, middleware::from_fn, web};
use socket2::{SockRef, TcpKeepalive};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

use crate::{
    chat::{Blocks, ChatRoom, Report, RoomSettings, Stop},
    config::ServeArgs,
    files::Files,
    http::{self, App, Watched},
    index,
    metrics::Metrics,
    password,
    protocol::{HISTORY_PAGE, LimitsView},
    retention,
    store::{Store, StoreError, Writer},
    sweep,
};

/// How long the most that has waited for a session is remembered, twice.
const MARKS_KEPT: Duration = Duration::from_mins(1);

/// What keeps a server from running.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The database.
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// The address to listen on, or a thread.
    #[error("{0}")]
    Io(String),
}

/// Runs a server until it is told to stop.
///
/// # Errors
/// When the database cannot be used or the address not be listened on.
pub fn run(settings: ServeArgs) -> Result<(), ServeError> {
    let store = open_store(&settings)?;
    let files = Files::open(&settings.files).map_err(|error| {
        let folder = settings.files.display();
        ServeError::Io(format!(
            "cannot keep files in {folder}: {error}; KEFU_FILES sets another folder"
        ))
    })?;
    let listener = bind(settings.listen, "KEFU_LISTEN")?;
    let watch = settings.metrics_listen;
    let watch = watch.map(|listen| bind(listen, "KEFU_METRICS_LISTEN"));
    let listeners = Listeners {
        chat: listener,
        metrics: watch.transpose()?,
    };
    // Only now: a password that was made up for a start that fails would never be seen.
    let first_password = first_account(&store, &settings)?;
    let runner = actix::System::new();
    let ended = runner.block_on(serve(settings, store, files, listeners, first_password));
    // Dropping the runtime would wait for reads that a database without an answer holds up.
    std::mem::forget(runner);
    ended.map_err(|error| ServeError::Io(error.to_string()))
}

/// Where the server is found.
struct Listeners {
    chat: TcpListener,
    metrics: Option<TcpListener>,
}

/// How many may wait to be accepted; the kernel caps it (`net.core.somaxconn`). Where thousands who were cut off
/// come back in the same moment, the 128 of the standard library turn most of them away, and their kernels try
/// again after 1, 3, 7 … seconds.
const BACKLOG: i32 = 4_096;

fn bind(listen: SocketAddr, setting: &str) -> Result<TcpListener, ServeError> {
    let bound = TcpListener::bind(listen).and_then(|listener| {
        SockRef::from(&listener).listen(BACKLOG)?;
        Ok(listener)
    });
    bound.map_err(|error| {
        ServeError::Io(format!(
            "cannot listen on {listen}: {error}; {setting} sets another address"
        ))
    })
}

async fn serve(
    settings: ServeArgs,
    store: Store,
    files: Files,
    listeners: Listeners,
    first_password: Option<String>,
) -> io::Result<()> {
    let address = listeners.chat.local_addr()?;
    let metrics_address = listeners.metrics.as_ref().map(TcpListener::local_addr);
    let metrics_address = metrics_address.transpose()?;
    let list = store.block_list_at_start().map_err(io::Error::other)?;
    let blocks = Blocks::new(list);
    let metrics = Arc::new(Metrics::new().map_err(io::Error::other)?);
    let (room, writer) = start_room(&settings, &store, &blocks, &metrics)?;
    let stop_within = Duration::from_secs(settings.stop_s);
    let unposted = Duration::from_secs(settings.file_unposted_s);
    tokio::task::spawn_local(sweep::keep_sweeping(store.clone(), files.clone(), unposted));
    tokio::task::spawn_local(index::keep_indexing(store.clone()));
    tokio::task::spawn_local(retention::keep_running(store.clone(), files.clone()));
    let marks = Arc::clone(metrics.marks());
    tokio::task::spawn_local(async move {
        loop {
            tokio::time::sleep(MARKS_KEPT).await;
            marks.turn();
        }
    });
    if let Some(listener) = listeners.metrics {
        let watched = Watched {
            metrics: Arc::clone(&metrics),
            store: store.clone(),
            writer: Arc::clone(&writer),
        };
        tokio::task::spawn_local(start_metrics(listener, watched)?);
    }
    let app = App::new(store, room.clone(), blocks, settings, files, metrics);
    let app = web::Data::new(app);
    let server = start_http(listeners.chat, &app)?;
    let handle = server.handle();
    let server = tokio::task::spawn_local(server);
    let signals = Signals::catch()?;
    welcome(address, metrics_address, first_password.as_deref());
    signals.wait().await;
    stop(&handle, &app, room, writer, stop_within).await;
    server.await.map_err(io::Error::from)??;
    info!("stopped");
    Ok(())
}

/// Opens the database, and waits for one that is still starting.
fn open_store(settings: &ServeArgs) -> Result<Store, StoreError> {
    let patience = Duration::from_secs(settings.database_start_s);
    let started = Instant::now();
    loop {
        match Store::open(settings.store_options()) {
            Err(StoreError::Unavailable(why)) if started.elapsed() < patience => {
                warn!(why, "the database does not answer yet");
                std::thread::sleep(Duration::from_secs(1));
            }
            opened => return opened,
        }
    }
}

/// Makes the admin account of an empty database; the password, where it was made up here.
fn first_account(store: &Store, settings: &ServeArgs) -> Result<Option<String>, StoreError> {
    // A hash costs a start 20 ms, and 19 MiB for a while.
    if store.has_accounts()? {
        return Ok(None);
    }
    let internal = StoreError::Internal;
    let (chosen, given) = match &settings.admin_password {
        Some(password) => (password.clone(), true),
        None => (password::random().map_err(internal)?, false),
    };
    let hash = password::hash(&chosen).map_err(internal)?;
    let made = store.create_first_account("admin", "Admin", &hash)?;
    Ok(made.filter(|_| !given).map(|_| chosen))
}

fn start_room(
    settings: &ServeArgs,
    store: &Store,
    blocks: &Blocks,
    metrics: &Arc<Metrics>,
) -> io::Result<(Addr<ChatRoom>, Arc<Writer>)> {
    let room_settings = RoomSettings {
        kind: settings.room_kind(),
        after_close: settings.after_close(),
        text: settings.text_limits(),
        limits: LimitsView {
            text_chars: settings.text_chars,
            text_bytes: settings.text_bytes,
            frame_bytes: settings.frame_bytes,
            history_page: HISTORY_PAGE,
            resume_conversations: http::RESUME_CONVERSATIONS,
            frames_per_second: settings.frames_per_second,
            // As the business has set them, when a session begins.
            files: None,
        },
        heartbeat_s: settings.heartbeat_s,
        // A little after the store gives up, so that its own answer comes first where it can.
        answer_within_ms: settings.database_patience_ms + 300,
    };
    // The writer reports to the room and the room submits to the writer: the reports of the moment
    // in between wait in a channel.
    let (address_out, address_in) = mpsc::channel::<Addr<ChatRoom>>();
    let mut room: Option<Addr<ChatRoom>> = None;
    let writer = store.start_writer(Arc::clone(metrics), move |results| {
        if room.is_none() {
            room = address_in.recv().ok();
        }
        if let Some(room) = &room {
            // Bounded by what may wait for the writer.
            room.do_send(Report::new(results));
        }
    });
    let writer = Arc::new(writer.map_err(io::Error::other)?);
    let actor = ChatRoom::new(
        room_settings,
        store.clone(),
        Arc::clone(&writer),
        blocks.clone(),
        Arc::clone(metrics),
    );
    let arbiter = Arbiter::new();
    let room = ChatRoom::start_in_arbiter(&arbiter.handle(), move |_| actor);
    address_out.send(room.clone()).map_err(io::Error::other)?;
    Ok((room, writer))
}

fn start_http(listener: TcpListener, app: &web::Data<App>) -> io::Result<actix_web::dev::Server> {
    let settings = app.settings();
    let workers = match settings.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    };
    let unread = Duration::from_secs(settings.unread_timeout_s);
    let stop_s = settings.stop_s;
    let app = app.clone();
    let server = HttpServer::new(move || {
        WebApp::new()
            .wrap(from_fn(http::security_headers))
            .wrap(from_fn(http::count_refusals))
            .configure(http::routes(&app))
    })
    .workers(workers)
    .disable_signals()
    .shutdown_timeout(stop_s)
    // Without it every small exchange waits 40 ms for a delayed ACK.
    .tcp_nodelay(true)
    // Otherwise the end of TCP comes up to a second after the close handshake.
    .client_disconnect_timeout(Duration::ZERO)
    .on_connect(move |connection, _| {
        if let Some(stream) = connection.downcast_ref::<actix_web::rt::net::TcpStream>() {
            cut_off_when_unread(stream, unread);
        }
    })
    .listen(listener)?;
    Ok(server.run())
}

/// On a thread of its own, which a busy worker does not hold up.
fn start_metrics(listener: TcpListener, watched: Watched) -> io::Result<actix_web::dev::Server> {
    let watched = web::Data::new(watched);
    let server = HttpServer::new(move || WebApp::new().configure(http::metrics_routes(&watched)))
        .workers(1)
        .disable_signals()
        .shutdown_timeout(0)
        .listen(listener)?;
    Ok(server.run())
}

/// A peer that takes no bytes, or is no longer there, would hold its session and all that waits for it
/// for ever: nothing above TCP times that out.
fn cut_off_when_unread(stream: &actix_web::rt::net::TcpStream, unread: Duration) {
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new()
        .with_time(unread)
        .with_interval(unread / 3);
    let set = socket
        .set_tcp_user_timeout(Some(unread))
        .and_then(|()| socket.set_tcp_keepalive(&keepalive));
    if let Err(error) = set {
        warn!(%error, "cannot set timeouts on a connection");
    }
}

/// Tells a person where everything is.
#[allow(
    clippy::print_stdout,
    reason = "this is for the person at the terminal, not for the log"
)]
fn welcome(address: SocketAddr, metrics: Option<SocketAddr>, first_password: Option<&str>) {
    println!("Kefu is listening on http://{address}");
    println!("  customers  http://{address}/");
    println!("  agents     http://{address}/agent");
    if let Some(metrics) = metrics {
        println!("  metrics    http://{metrics}/metrics");
    }
    if let Some(password) = first_password {
        println!("  sign in as admin with the password {password}");
        println!("  (shown this once; `kefu agent set-password admin` sets another)");
    }
    info!(%address, "listening");
}

/// SIGTERM and SIGINT, caught from here on.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn catch() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Waits for the first of them. From then on a second one ends the process at once.
    async fn wait(mut self) {
        self.next().await;
        tokio::task::spawn_local(async move {
            self.next().await;
            std::process::exit(130);
        });
    }
}

/// No new connections; what waits is stored and acknowledged; every session is told; then the end.
async fn stop(
    handle: &ServerHandle,
    app: &App,
    room: Addr<ChatRoom>,
    writer: Arc<Writer>,
    within: Duration,
) {
    info!("stopping");
    handle.pause().await;
    let drained = tokio::task::spawn_blocking(move || writer.stop(within / 2)).await;
    if !matches!(drained, Ok(true)) {
        warn!("the database did not take everything that waited; nothing of it was acknowledged");
    }
    if room.send(Stop).await.is_err() {
        warn!("the room had stopped before");
    }
    // Also those that were not in the room.
    app.socketio().stop().await;
    handle.stop(true).await;
}
