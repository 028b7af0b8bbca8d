//! Admins change what the business sets (docs/PROTOCOL.md §6); the business's picture, for everybody.

use std::collections::BTreeMap;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tracing::info;

use super::{
    App, access,
    answer::{Answer, fresh, json_of},
    audit, nothing_here, wrong_method,
};
use crate::{
    chat::{SettingsMoved, refuse},
    domain::{
        AuditAction, Code, Refusal, Settings, now,
        settings::{Invalid, StoredSection},
    },
    protocol::{SectionView, SettingsView},
    store::{SectionChange, Unsaved},
};

/// Bytes of a change: a logo in base64, and all the rest.
const CHANGE_BYTES: usize = 256 << 10;

/// The routes below `/api/v1`.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/settings")
                .app_data(web::PayloadConfig::new(CHANGE_BYTES))
                .route(super::reading().to(read))
                .route(web::put().to(change))
                .default_service(web::to(wrong_method)),
        )
        .service(super::get("/logo/{name}", logo));
}

/// `GET /api/v1/settings`.
async fn read(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Answer> {
    access::admin(&request, &app).await?;
    let stored = app.store.read_settings().await.map_err(refuse)?;
    Ok(answer(&stored))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeBody {
    sections: BTreeMap<String, Given>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    version: i64,
    value: Map<String, Value>,
}

/// `PUT /api/v1/settings`.
async fn change(
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let by = access::admin(&request, &app).await?;
    let body: ChangeBody = json_of(&request, payload, CHANGE_BYTES).await?;
    // From what is stored, not from what this process knows: what is not given has to stay.
    let stored = app.store.read_settings().await.map_err(refuse)?;
    let mut settings = settings_of(&stored);
    let mut changes = Vec::new();
    for (name, Given { version, value }) in body.sections {
        let value = settings.change(&name, value).map_err(invalid)?;
        changes.push(SectionChange {
            name,
            version,
            value,
        });
    }
    let names: Vec<_> = changes.iter().map(|change| change.name.clone()).collect();
    let entry = audit::entry(&request, &app, Some(&by), AuditAction::SettingsChanged)
        .with("sections", names.clone());
    let outcome = app
        .store
        .change_settings(by.id, changes, entry)
        .await
        .map_err(refuse)?;
    let stored = outcome.map_err(unsaved)?;
    info!(
        by = by.id.0,
        sections = names.join(", "),
        "changed settings"
    );
    app.room.do_send(SettingsMoved);
    Ok(answer(&stored))
}

/// `GET /api/v1/logo/<name>`. Another picture has another name.
async fn logo(app: web::Data<App>, name: web::Path<String>) -> Result<HttpResponse, Answer> {
    let logo = app.store.settings().current().look.logo();
    let logo = logo.filter(|logo| logo.name == *name);
    let logo = logo.ok_or_else(nothing_here)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, logo.media_type))
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(logo.bytes))
}

/// As they are stored. What cannot be read has been logged.
fn settings_of(stored: &[StoredSection]) -> Settings {
    let mut settings = Settings::default();
    for section in stored {
        let _ = settings.load(section);
    }
    settings
}

fn answer(stored: &[StoredSection]) -> HttpResponse {
    let settings = settings_of(stored);
    let sections: BTreeMap<_, _> = Settings::NAMES
        .iter()
        .filter_map(|name| {
            let value = settings.shown(name)?;
            let stored = stored.iter().find(|stored| stored.name == *name);
            Some((*name, SectionView::new(value, stored)))
        })
        .collect();
    let (view, _) = SettingsView::at(&settings, now());
    fresh(StatusCode::OK, &json!({"sections": sections, "view": view}))
}

fn invalid(invalid: Invalid) -> Refusal {
    let mut refusal = Refusal::new(Code::SettingInvalid, invalid.to_string());
    refusal.field = Some(invalid.field);
    refusal
}

fn unsaved(why: Unsaved) -> Refusal {
    match why {
        Unsaved::NotAdmin => access::forbidden(),
        Unsaved::Changed(section) => {
            let message =
                format!("{section} has been changed by somebody else meanwhile; read it again");
            let mut refusal = Refusal::new(Code::SettingsChanged, message);
            refusal.field = Some(section);
            refusal
        }
    }
}
