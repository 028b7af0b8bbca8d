//! The audit log: what the other modules write into it, and admins reading it (docs/PROTOCOL.md §6).

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use futures_util::stream;
use serde_json::json;

use super::{
    App, access,
    answer::{Answer, fresh},
    api::{Query, limit_of, query_of},
};
use crate::{
    chat::refuse,
    domain::{
        AgentId, AuditAction, AuditActor, AuditEntry, AuditFilter, Me, NewAuditEntry, Refusal,
        rfc3339,
    },
    export::csv,
    protocol::AuditView,
    store::{Store, StoreError},
};

/// Entries on one page at most.
const PAGE: i64 = 200;
/// Entries that an export reads at once.
const EXPORT_PAGE: usize = 500;

/// The routes below `/api/v1`.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(super::get("/audit", list))
        .service(super::get("/audit/export", export));
}

/// An entry about what this request does. `me` is `None` where nobody has signed in.
pub fn entry(
    request: &HttpRequest,
    app: &App,
    me: Option<&Me>,
    action: AuditAction,
) -> NewAuditEntry {
    let address = app.client_address(request);
    let actor = AuditActor {
        agent: me.map(|me| me.id),
        address: address.map(|address| address.to_string()),
    };
    NewAuditEntry::new(actor, action)
}

/// Writes an entry. Whoever reads or takes something out calls this first, whoever changes something before
/// the answer: what the log does not hold, nobody is told to have happened.
///
/// # Errors
/// What the store says.
pub async fn record(app: &App, entry: NewAuditEntry) -> Result<(), Refusal> {
    app.store.record(entry).await.map_err(refuse)
}

/// How long what is read in pieces counts as one reading.
const READING: Duration = Duration::from_hours(1);
/// Readings that are remembered at most; beyond that they are all forgotten, and some come twice into the log.
const READINGS: usize = 10_000;

/// What the log has as begun: by whom, and which.
#[derive(Default)]
pub struct Readings(Mutex<HashMap<(AgentId, String), Instant>>);

impl Readings {
    fn has(&self, me: AgentId, which: &str) -> bool {
        let begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = begun.get(&(me, which.to_owned()));
        at.is_some_and(|at| at.elapsed() < READING)
    }

    fn put(&self, me: AgentId, which: String) {
        let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if begun.len() >= READINGS {
            begun.clear();
        }
        begun.insert((me, which), Instant::now());
    }
}

/// Writes an entry about something that is read piece by piece: at its beginning, and where somebody comes for a
/// further piece of what the log does not have as begun by them.
///
/// # Errors
/// What the store says.
pub async fn record_reading(
    app: &App,
    me: &Me,
    which: String,
    begins: bool,
    entry: NewAuditEntry,
) -> Result<(), Refusal> {
    if begins || !app.readings.has(me.id, &which) {
        record(app, entry).await?;
        app.readings.put(me.id, which);
    }
    Ok(())
}

/// `GET /api/v1/audit`.
async fn list(
    request: HttpRequest,
    app: web::Data<App>,
    query: Result<Query, actix_web::Error>,
) -> Result<HttpResponse, Answer> {
    access::admin(&request, &app).await?;
    let known: Vec<_> = (AuditFilter::NAMES.into_iter())
        .chain(["before", "limit"])
        .collect();
    let query = query_of(query, &known)?;
    let filter = AuditFilter::read(|name| query.get(name).map(String::as_str))?;
    let limit = limit_of(&query, 50, PAGE)?;
    let before = query.get("before").map(|id| {
        let id = id.parse().ok().filter(|id| *id > 0);
        id.ok_or_else(|| Refusal::bad_request("before must be the \"next\" of an earlier answer"))
    });
    let before: Option<i64> = before.transpose()?;
    // One more than asked for says whether there is more.
    let entries = app.store.audit_log(filter, before, limit + 1).await;
    let mut entries = entries.map_err(refuse)?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let next = entries.last().filter(|_| more);
    let next = next.map(|entry| entry.id.to_string());
    let views: Vec<_> = entries.iter().map(AuditView::from).collect();
    Ok(fresh(
        StatusCode::OK,
        &json!({"entries": views, "next": next}),
    ))
}

#[derive(Clone, Copy)]
enum Format {
    Csv,
    JsonLines,
}

/// `GET /api/v1/audit/export`.
async fn export(
    request: HttpRequest,
    app: web::Data<App>,
    query: Result<Query, actix_web::Error>,
) -> Result<HttpResponse, Answer> {
    let me = access::admin(&request, &app).await?;
    let known: Vec<_> = (AuditFilter::NAMES.into_iter()).chain(["format"]).collect();
    let query = query_of(query, &known)?;
    let filter = AuditFilter::read(|name| query.get(name).map(String::as_str))?;
    let (format, kind, name) = match query.get("format").map(String::as_str) {
        Some("csv") => (Format::Csv, "text/csv; charset=utf-8", "audit.csv"),
        Some("jsonl") => (Format::JsonLines, "application/x-ndjson", "audit.jsonl"),
        _ => return Err(Refusal::bad_request("format must be csv or jsonl").into()),
    };
    let written = entry(&request, &app, Some(&me), AuditAction::AuditRead).with("file", name);
    record(&app, written).await?;
    let from = Export {
        store: app.store.clone(),
        filter,
        format,
        before: None,
        begun: false,
        ended: false,
    };
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .insert_header(("content-type", kind))
        .insert_header((
            "content-disposition",
            format!("attachment; filename=\"{name}\""),
        ))
        .streaming(stream::unfold(from, Export::next)))
}

/// An export on its way: one page of it is in memory at a time.
struct Export {
    store: Store,
    filter: AuditFilter,
    format: Format,
    before: Option<i64>,
    begun: bool,
    ended: bool,
}

impl Export {
    /// The next piece. An error breaks the answer off, so that nobody takes a part for the whole.
    async fn next(mut self) -> Option<(Result<web::Bytes, StoreError>, Self)> {
        if self.ended {
            return None;
        }
        let page = self
            .store
            .audit_log(self.filter.clone(), self.before, EXPORT_PAGE)
            .await;
        let entries = match page {
            Ok(entries) => entries,
            Err(error) => {
                self.ended = true;
                return Some((Err(error), self));
            }
        };
        self.ended = entries.len() < EXPORT_PAGE;
        self.before = entries.last().map(|entry| entry.id);
        let mut out = String::new();
        if let Format::Csv = self.format
            && !self.begun
        {
            out.push_str(csv::BOM);
            csv::line(&mut out, COLUMNS);
        }
        self.begun = true;
        for entry in &entries {
            match self.format {
                Format::Csv => csv_line(&mut out, entry),
                Format::JsonLines => {
                    let line = serde_json::to_string(&AuditView::from(entry));
                    out.push_str(&line.unwrap_or_default());
                    out.push('\n');
                }
            }
        }
        Some((Ok(out.into()), self))
    }
}

const COLUMNS: [&str; 9] = [
    "id",
    "at",
    "agent",
    "username",
    "address",
    "action",
    "subject_kind",
    "subject_id",
    "details",
];

fn csv_line(out: &mut String, entry: &AuditEntry) {
    let id = entry.id.to_string();
    let at = rfc3339(entry.at);
    let agent = entry.agent.map(|id| id.to_string());
    let or_empty = |text: &'_ Option<String>| text.clone().unwrap_or_default();
    let cells = [
        id,
        at,
        agent.unwrap_or_default(),
        entry.username.clone(),
        or_empty(&entry.address),
        entry.action.clone(),
        or_empty(&entry.subject_kind),
        or_empty(&entry.subject_id),
        entry.details.clone(),
    ];
    csv::line(out, cells.iter().map(String::as_str));
}
