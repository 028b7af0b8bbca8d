//! Agents sign in and out.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite},
    web,
};
use chrono::Days;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Semaphore;
use tracing::info;

use super::{
    App, access,
    address::subscriber,
    answer::{Answer, json},
    audit, totp,
};
use crate::{
    chat::{SignOut, refuse},
    config,
    domain::{Account, AuditAction, Code, Device, Refusal, SessionKey, Token, now},
    incident::incident,
    password,
    protocol::MeView,
};

/// Passwords that are checked at the same time; each takes a core and 19 MiB.
const CHECKS_AT_ONCE: usize = 2;
/// How long failures are remembered.
const MEMORY: Duration = Duration::from_mins(15);
/// The longest that a failure makes the next try wait.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// Past so many remembered names and addresses the old ones are swept out.
const SWEEP_AT: usize = 10_000;

/// What sign-in remembers.
pub struct SignIn {
    checks: Semaphore,
    attempts: Mutex<HashMap<String, Failures>>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Default for SignIn {
    fn default() -> Self {
        Self {
            checks: Semaphore::new(CHECKS_AT_ONCE),
            attempts: Mutex::default(),
        }
    }
}

/// What an attempt counts against, and how many failures are free there. A person who mistypes is
/// slowed last where others share their address, and nobody can lock a colleague out from afar soon.
fn counters(username: &str, address: &str) -> [(String, u32); 3] {
    [
        (format!("{username}@{address}"), 5),
        (format!("@{address}"), 30),
        (format!("{username}@"), 100),
    ]
}

impl SignIn {
    /// Counts an attempt as failed until [`SignIn::succeeded`] says otherwise, so that many at once
    /// gain nothing.
    ///
    /// # Errors
    /// How long to wait.
    fn attempt(&self, username: &str, address: &str, now: Instant) -> Result<(), Duration> {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if attempts.len() > SWEEP_AT {
            attempts.retain(|_, failures| now.duration_since(failures.last) < MEMORY);
        }
        let counters = counters(username, address);
        for (key, free) in &counters {
            if let Some(failures) = attempts.get(key) {
                let since = now.duration_since(failures.last);
                let wait = wait_after(failures.count, *free);
                if since < MEMORY && since < wait {
                    return Err(wait.saturating_sub(since));
                }
            }
        }
        for (key, _) in counters {
            let failures = attempts.entry(key).or_insert(Failures {
                count: 0,
                last: now,
            });
            if now.duration_since(failures.last) >= MEMORY {
                failures.count = 0;
            }
            *failures = Failures {
                count: failures.count + 1,
                last: now,
            };
        }
        Ok(())
    }

    fn succeeded(&self, username: &str, address: &str) {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, _) in counters(username, address) {
            if let Some(failures) = attempts.get_mut(&key) {
                failures.count = failures.count.saturating_sub(1);
            }
        }
        attempts.remove(&format!("{username}@{address}"));
    }
}

/// 1 s after the first failure that is not free, then twice as long each time.
fn wait_after(failures: u32, free: u32) -> Duration {
    match failures.checked_sub(free) {
        None => Duration::ZERO,
        Some(over) => Duration::from_secs(1 << over.min(6)).min(LONGEST_WAIT),
    }
}

#[derive(Deserialize)]
struct LoginBody {
    username: String,
    password: String,
    /// Of the second factor, where the account has one.
    code: Option<String>,
    #[serde(default)]
    bearer: bool,
}

/// `POST /api/v1/login`.
pub async fn login(
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let LoginBody {
        username,
        password,
        code,
        bearer,
    } = json(&request, payload).await?;
    let wrong = || {
        Refusal::new(
            Code::BadCredentials,
            "the user name or the password is wrong",
        )
    };
    let username = config::username(&username).ok_or_else(wrong)?;
    let Some((account, _)) = verify(&request, &app, username.clone(), password).await? else {
        // By the account, if there is one: what was typed for a user name may be a password.
        let meant = app.store.account_by_username(username).await;
        let meant = meant.map_err(refuse)?.map(|(account, _)| account.me);
        let entry = audit::entry(&request, &app, meant.as_ref(), AuditAction::SignInFailed);
        audit::record(&app, entry).await?;
        return Err(wrong().into());
    };
    totp::check(&request, &app, &account, code.as_deref()).await?;
    let token = Token::random().map_err(|error| incident("sign-in failed", &error))?;
    let days = u64::from(app.settings.login_days);
    let expires_at = now().checked_add_days(Days::new(days)).unwrap_or(now());
    let key = SessionKey::from(&token);
    app.store
        .start_session(key, account.me.id, expires_at, device(&request, &app))
        .await
        .map_err(refuse)?;
    info!(agent = account.me.id.0, "signed in");
    let entry = audit::entry(&request, &app, Some(&account.me), AuditAction::SignedIn);
    audit::record(&app, entry).await?;

    let mut body = json!({"me": MeView::from(&account.me)});
    if bearer {
        body["token"] = token.expose().into();
    }
    let max_age = i64::from(app.settings.login_days) * 24 * 60 * 60;
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .cookie(cookie(token.expose(), max_age, &app))
        .json(body))
}

/// One try, which counts as failed until it is said to have succeeded.
pub struct Attempt<'a> {
    sign_in: &'a SignIn,
    slate: String,
    address: String,
}

impl Attempt<'_> {
    /// It was right.
    pub fn succeeded(self) {
        self.sign_in.succeeded(&self.slate, &self.address);
    }
}

/// Begins a try against a slate: a user name, or what else failures are counted by.
///
/// # Errors
/// [`Code::RateLimited`], with the time after which to try again.
pub fn attempt<'a>(
    request: &HttpRequest,
    app: &'a App,
    slate: &str,
    now: Instant,
) -> Result<Attempt<'a>, Refusal> {
    let address = app.client_address(request).map(subscriber);
    let address = address.map_or(String::new(), |address| address.to_string());
    app.sign_in.attempt(slate, &address, now).map_err(|wait| {
        let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let seconds = ms.div_ceil(1_000);
        let message = format!("too many attempts; try again in {seconds} s");
        Refusal::new(Code::RateLimited, message).retry_after(ms)
    })?;
    Ok(Attempt {
        sign_in: &app.sign_in,
        slate: slate.to_owned(),
        address,
    })
}

/// Holds a password against an account's, slowing down after failures; the account and its password's hash,
/// or `None` for a wrong password or user name.
///
/// # Errors
/// [`Code::RateLimited`], or what the store says.
pub async fn verify(
    request: &HttpRequest,
    app: &App,
    username: String,
    password: String,
) -> Result<Option<(Account, String)>, Answer> {
    if password.chars().count() > 200 {
        return Ok(None);
    }
    let attempt = attempt(request, app, &username, Instant::now())?;
    let account = app
        .store
        .account_by_username(username.clone())
        .await
        .map_err(refuse)?;
    let account = account.filter(|(account, _)| account.disabled_at.is_none());
    let right = in_turn(app, move || {
        let Some((account, hash)) = account else {
            password::match_nobody(&password);
            return None;
        };
        password::matches(&password, &hash).then_some((account, hash))
    });
    let right = right.await?;
    if right.is_some() {
        attempt.succeeded();
    }
    Ok(right)
}

/// Hashes a new password for storage.
///
/// # Errors
/// [`Code::Overloaded`] or [`Code::Internal`].
pub async fn hashed(app: &App, password: String) -> Result<String, Answer> {
    let hash = in_turn(app, move || password::hash(&password)).await?;
    hash.map_err(|error| incident("a password could not be hashed", &error).into())
}

/// Runs what takes a core for a while, not too many at a time.
async fn in_turn<T: Send + 'static>(
    app: &App,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Answer> {
    let _turn = app
        .sign_in
        .checks
        .acquire()
        .await
        .map_err(|_| Refusal::overloaded())?;
    web::block(work)
        .await
        .map_err(|error| incident("sign-in failed", &error).into())
}

/// From where a request comes.
fn device(request: &HttpRequest, app: &App) -> Device {
    Device {
        user_agent: access::user_agent(request),
        address: app
            .client_address(request)
            .map(|address| address.to_string()),
    }
}

/// `POST /api/v1/logout`.
pub async fn logout(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    if let Some(key) = access::login_key(&request) {
        let me = app.store.agent_by_session(key).await.map_err(refuse)?;
        app.store.end_session(key).await.map_err(refuse)?;
        if let Some(me) = me {
            let entry = audit::entry(&request, &app, Some(&me), AuditAction::SignedOut);
            audit::record(&app, entry).await?;
        }
        app.room.do_send(SignOut(vec![key]));
    }
    Ok(HttpResponse::NoContent()
        .insert_header(("cache-control", "no-store"))
        .cookie(cookie("", 0, &app))
        .finish())
}

/// `GET /api/v1/me`.
pub async fn me(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Answer> {
    let me = access::agent(&request, &app).await?;
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(json!({"me": MeView::from(&me)})))
}

fn cookie<'a>(value: &'a str, max_age_s: i64, app: &App) -> Cookie<'a> {
    Cookie::build(access::COOKIE, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(app.settings.cookie_secure)
        .max_age(actix_web::cookie::time::Duration::seconds(max_age_s))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_slow_the_next_try_down() {
        let sign_in = SignIn::default();
        let start = Instant::now();
        for _ in 0..5 {
            assert_eq!(sign_in.attempt("li", "10.0.0.1", start), Ok(()));
        }
        assert_eq!(
            sign_in.attempt("li", "10.0.0.1", start),
            Err(Duration::from_secs(1))
        );
        assert_eq!(
            sign_in.attempt("li", "10.0.0.2", start),
            Ok(()),
            "another address"
        );
        assert_eq!(
            sign_in.attempt("wu", "10.0.0.1", start),
            Ok(()),
            "another name"
        );
        let later = start + Duration::from_secs(1);
        assert_eq!(sign_in.attempt("li", "10.0.0.1", later), Ok(()));
        assert_eq!(
            sign_in.attempt("li", "10.0.0.1", later),
            Err(Duration::from_secs(2))
        );
        assert_eq!(
            sign_in.attempt("li", "10.0.0.1", later + MEMORY),
            Ok(()),
            "forgotten"
        );
    }

    #[test]
    fn success_wipes_the_slate() {
        let sign_in = SignIn::default();
        let start = Instant::now();
        for _ in 0..50 {
            assert_eq!(sign_in.attempt("li", "10.0.0.1", start), Ok(()));
            sign_in.succeeded("li", "10.0.0.1");
        }
    }

    #[test]
    fn no_wait_is_longer_than_a_minute() {
        assert_eq!(wait_after(u32::MAX, 5), LONGEST_WAIT);
        assert_eq!(wait_after(4, 5), Duration::ZERO);
    }
}
