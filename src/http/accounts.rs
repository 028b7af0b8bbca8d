//! Admins manage accounts (docs/PROTOCOL.md §6). The rules about who may do what to whom are the store's, as
//! they have to hold at COMMIT.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use tracing::info;

use super::{
    App, access,
    answer::{Answer, fresh, json},
    audit, signin, wrong_method,
};
use crate::{
    chat::{SignOut, refuse},
    config,
    domain::{
        AccountChange, AgentId, AuditAction, Code, MAX_CAPACITY, Refusal, Role, SessionKey,
        Unmanaged,
    },
    incident::incident,
    password,
    protocol::AccountView,
    store::NewAccount,
};

/// The routes below `/api/v1`.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/accounts")
                .route(super::reading().to(list))
                .route(web::post().to(create))
                .default_service(web::to(wrong_method)),
        )
        .service(
            web::resource("/accounts/{id}")
                .route(web::patch().to(change))
                .default_service(web::to(wrong_method)),
        )
        .service(super::post("/accounts/{id}/password", reset))
        .service(super::get("/agents", agents));
}

/// `GET /api/v1/accounts`.
async fn list(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Answer> {
    access::admin(&request, &app).await?;
    let accounts = app.store.all_accounts().await.map_err(refuse)?;
    let with_totp = app.store.with_totp().await.map_err(refuse)?;
    let views: Vec<_> = (accounts.iter())
        .map(|account| AccountView::new(account, with_totp.contains(&account.me.id)))
        .collect();
    Ok(fresh(StatusCode::OK, &json!({"accounts": views})))
}

/// `GET /api/v1/agents`: whom those who review may ask for, without what only admins are to know of an account.
async fn agents(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Answer> {
    access::reviewer(&request, &app).await?;
    let mut accounts = app.store.all_accounts().await.map_err(refuse)?;
    accounts.sort_by(|a, b| (&a.me.name, a.me.id).cmp(&(&b.me.name, b.me.id)));
    let views: Vec<_> = (accounts.iter())
        .map(|account| {
            json!({
                "id": account.me.id,
                "name": account.me.name,
                "disabled": account.disabled_at.is_some(),
            })
        })
        .collect();
    Ok(fresh(StatusCode::OK, &json!({"agents": views})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateBody {
    username: String,
    name: String,
    /// Text here and a role below: serde reports a number in an enum's place as broken JSON.
    role: String,
    password: Option<String>,
}

/// `POST /api/v1/accounts`.
async fn create(
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let by = access::admin(&request, &app).await?;
    let body: CreateBody = json(&request, payload).await?;
    let username = config::username(&body.username)
        .ok_or_else(|| Refusal::bad_request("username must be 1 to 64 of a-z 0-9 . _ - @"))?;
    let name = name(&body.name)?;
    let role = role(&body.role)?;
    let given = Given::read(body.password)?;
    let hash = signin::hashed(&app, given.password.clone()).await?;
    let entry = audit::entry(&request, &app, Some(&by), AuditAction::AccountAdded)
        .with("username", username.as_str())
        .with("role", role.as_str());
    let new = NewAccount {
        username,
        name,
        role,
        password_hash: hash,
    };
    let made = app.store.add_account(by.id, new, entry).await;
    let made = made.map_err(refuse)?;
    let account = made.map_err(unmanaged)?;
    info!(
        by = by.id.0,
        agent = account.me.id.0,
        role = account.me.role.as_str(),
        "made an account"
    );
    let mut body = json!({"account": AccountView::new(&account, false)});
    given.tell(&mut body);
    Ok(fresh(StatusCode::CREATED, &body))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeBody {
    #[serde(default, deserialize_with = "present")]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    role: Option<String>,
    #[serde(default, deserialize_with = "present")]
    disabled: Option<bool>,
    /// Here `null` says something: as the settings say.
    #[serde(default, deserialize_with = "present")]
    #[allow(
        clippy::option_option,
        reason = "left out, null and a number are three things"
    )]
    capacity: Option<Option<i64>>,
}

/// A field that may be left out, but is not `null`: that would not say what is wanted.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Option<T>, D::Error> {
    T::deserialize(d).map(Some)
}

/// `PATCH /api/v1/accounts/<id>`.
async fn change(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let by = access::admin(&request, &app).await?;
    let id = account_id(&id)?;
    let body: ChangeBody = json(&request, payload).await?;
    let change = AccountChange {
        name: body.name.as_deref().map(name).transpose()?,
        role: body.role.as_deref().map(role).transpose()?,
        disabled: body.disabled,
        capacity: body.capacity.map(capacity).transpose()?,
    };
    if change == AccountChange::default() {
        let message = "name, role, disabled or capacity must say what is to change";
        return Err(Refusal::bad_request(message).into());
    }
    let given = json!({
        "name": change.name.is_some(),
        "role": change.role.map(Role::as_str),
        "disabled": change.disabled,
        "capacity": change.capacity,
    });
    let entry = audit::entry(&request, &app, Some(&by), AuditAction::AccountChanged)
        .about("account", id.to_string())
        .with("changed", given);
    let changed = app
        .store
        .change_account(by.id, id, change, entry)
        .await
        .map_err(refuse)?;
    let (account, ended) = changed.map_err(unmanaged)?;
    info!(
        by = by.id.0,
        agent = id.0,
        role = account.me.role.as_str(),
        disabled = account.disabled_at.is_some(),
        "changed an account"
    );
    close(&app, ended);
    let with_totp = app.store.with_totp().await.map_err(refuse)?;
    let view = AccountView::new(&account, with_totp.contains(&id));
    let body = json!({"account": view});
    Ok(fresh(StatusCode::OK, &body))
}

fn capacity(given: Option<i64>) -> Result<Option<u32>, Refusal> {
    let Some(given) = given else {
        return Ok(None);
    };
    match u32::try_from(given) {
        Ok(many) if many <= MAX_CAPACITY => Ok(Some(many)),
        _ => Err(Refusal::bad_request(format!(
            "capacity must be from 0 to {MAX_CAPACITY}, or null"
        ))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResetBody {
    password: Option<String>,
}

/// `POST /api/v1/accounts/<id>/password`.
async fn reset(
    request: HttpRequest,
    app: web::Data<App>,
    id: web::Path<String>,
    payload: web::Payload,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let by = access::admin(&request, &app).await?;
    let id = account_id(&id)?;
    let body: ResetBody = json(&request, payload).await?;
    let given = Given::read(body.password)?;
    let hash = signin::hashed(&app, given.password.clone()).await?;
    let entry = audit::entry(&request, &app, Some(&by), AuditAction::PasswordReset)
        .about("account", id.to_string());
    let ended = app
        .store
        .reset_password(by.id, id, hash, entry)
        .await
        .map_err(refuse)?;
    let ended = ended.map_err(unmanaged)?;
    info!(by = by.id.0, agent = id.0, "reset a password");
    close(&app, ended);
    let mut body = json!({});
    given.tell(&mut body);
    Ok(fresh(StatusCode::OK, &body))
}

/// A password for somebody else.
struct Given {
    password: String,
    /// Made here, so that the answer has to tell it.
    made: bool,
}

impl Given {
    /// What the admin has chosen, or a random one.
    fn read(chosen: Option<String>) -> Result<Self, Answer> {
        match chosen {
            Some(password) => {
                acceptable("password", &password)?;
                Ok(Self {
                    password,
                    made: false,
                })
            }
            None => Ok(Self {
                password: password::random().map_err(|e| incident("no randomness", &e))?,
                made: true,
            }),
        }
    }

    /// Puts a password that nobody knows yet into the answer: this once.
    fn tell(self, body: &mut serde_json::Value) {
        if self.made {
            body["password"] = self.password.into();
        }
    }
}

/// Holds a new password against the rules of the command line.
///
/// # Errors
/// [`Code::BadRequest`], naming the field.
pub fn acceptable(field: &str, password: &str) -> Result<(), Refusal> {
    if config::password_is_acceptable(password) {
        return Ok(());
    }
    let message = format!("{field} must have 8 to 200 characters");
    Err(Refusal::bad_request(message))
}

/// Closes at once what ended logins have opened.
pub fn close(app: &App, ended: Vec<SessionKey>) {
    if !ended.is_empty() {
        app.room.do_send(SignOut(ended));
    }
}

fn name(typed: &str) -> Result<String, Refusal> {
    let message = "name must have 1 to 100 characters, none of them a control character";
    config::name(typed).ok_or_else(|| Refusal::bad_request(message))
}

fn role(typed: &str) -> Result<Role, Refusal> {
    let message = "role must be \"agent\", \"supervisor\" or \"admin\"";
    Role::parse(typed).ok_or_else(|| Refusal::bad_request(message))
}

pub fn account_id(typed: &str) -> Result<AgentId, Refusal> {
    typed.parse().map_err(|_| unmanaged(Unmanaged::NotFound))
}

pub fn unmanaged(why: Unmanaged) -> Refusal {
    match why {
        Unmanaged::NotAdmin => access::forbidden(),
        Unmanaged::NotFound => Refusal::new(Code::AccountNotFound, "there is no such account"),
        Unmanaged::UsernameTaken => Refusal::new(
            Code::UsernameTaken,
            "there is an account of this user name already",
        ),
        Unmanaged::Own => Refusal::new(
            Code::OwnAccount,
            "nobody disables, demotes or resets their own account; another admin can, and one's own \
             password is changed at /api/v1/me/password",
        ),
        Unmanaged::LastAdmin => Refusal::new(
            Code::LastAdmin,
            "this is the only admin who can sign in; make another one first",
        ),
    }
}
