//! Exports of the history, for those who review (docs/PROTOCOL.md §6): as a whole in one stream, or part by part.

use std::collections::HashMap;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{self, Bytes},
};
use futures_util::stream;

use super::{
    App, access,
    answer::Answer,
    api::{Query, query_of},
    audit,
};
use crate::{
    chat::refuse,
    domain::{AuditAction, HistoryFilter, Refusal, now, rfc3339},
    export::{self, About, ExportCursor, Format, Language, Part},
};

/// `GET /api/v1/history/export`.
pub async fn export(
    request: HttpRequest,
    app: web::Data<App>,
    query: Result<Query, actix_web::Error>,
) -> Result<HttpResponse, Answer> {
    let me = access::reviewer(&request, &app).await?;
    let known: Vec<_> = (HistoryFilter::NAMES.into_iter())
        .chain(["format", "language", "part"])
        .collect();
    let query = query_of(query, &known)?;
    let filter = HistoryFilter::read(|name| query.get(name).map(String::as_str))?;
    let format = query.get("format").and_then(|name| Format::parse(name));
    let format = format.ok_or_else(|| Refusal::bad_request("format must be csv, jsonl or html"))?;
    let language = Language::parse(query.get("language").map_or("en", String::as_str));
    let language = language.ok_or_else(|| Refusal::bad_request("language must be en or zh"))?;
    let about = About {
        filter: asked(&query),
        by: me.name.clone(),
        made_at: now(),
        language,
    };
    let part = query.get("part").map(String::as_str);
    let at: Option<ExportCursor> = match part {
        None | Some("") => None,
        Some(cursor) => {
            let message = "part must be empty or the kefu-next of the part before";
            Some(cursor.parse().map_err(|_| Refusal::bad_request(message))?)
        }
    };
    let made_at = at.as_ref().and_then(ExportCursor::made_at);
    let made_at = rfc3339(made_at.unwrap_or(about.made_at));
    let which = format!(
        "export of {made_at}, {} {:?}",
        format.as_str(),
        about.filter
    );
    let entry = audit::entry(&request, &app, Some(&me), AuditAction::Exported)
        .with("format", format.as_str())
        .with("filter", about.asked());
    audit::record_reading(&app, &me, which, at.is_none(), entry).await?;
    match part {
        None => Ok(whole(app, format, filter, about)),
        Some(_) => one(&app, format, &filter, &about, at).await,
    }
}

/// What was asked for, in the order in which the document lists it.
fn asked(query: &HashMap<String, String>) -> Vec<(String, String)> {
    let asked = |name: &str| Some((name.to_owned(), query.get(name)?.clone()));
    HistoryFilter::NAMES.into_iter().filter_map(asked).collect()
}

/// One part: small, and it says where the next goes on.
async fn one(
    app: &App,
    format: Format,
    filter: &HistoryFilter,
    about: &About,
    cursor: Option<ExportCursor>,
) -> Result<HttpResponse, Answer> {
    let part = export::part(&app.store, format, filter, about, cursor).await;
    let Part {
        bytes,
        next,
        totals,
        reached,
    } = part.map_err(refuse)?;
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((header::CONTENT_TYPE, format.media_type()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("kefu-conversations", totals.conversations.to_string()))
        .insert_header(("kefu-messages", totals.messages.to_string()));
    if let Some(reached) = reached {
        answer.insert_header(("kefu-reached", rfc3339(reached)));
    }
    if let Some(next) = next {
        answer.insert_header(("kefu-next", next.to_string()));
    }
    Ok(answer.body(bytes))
}

/// All parts, each made when the one before has been taken. Where one cannot be made the stream breaks off, so
/// that nobody takes it for the whole.
fn whole(app: web::Data<App>, format: Format, filter: HistoryFilter, about: About) -> HttpResponse {
    let name = format!(
        "kefu-{}.{}",
        about.made_at.format("%Y%m%d-%H%M%S"),
        format.as_str()
    );
    let parts = stream::unfold(Some(None), move |at: Option<Option<ExportCursor>>| {
        let (app, filter, about) = (app.clone(), filter.clone(), about.clone());
        async move {
            match export::part(&app.store, format, &filter, &about, at?).await {
                Ok(part) => Some((Ok(Bytes::from(part.bytes)), part.next.map(Some))),
                Err(error) => Some((Err(error), None)),
            }
        }
    });
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, format.media_type()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .streaming(parts)
}
