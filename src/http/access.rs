//! Who a request comes from: the origin of the page, the login cookie, the bearer token.

use std::time::Instant;

use actix_web::HttpRequest;

use super::{App, answer::Answer, audit};
use crate::{
    chat::refuse,
    domain::{
        AuditAction, Code, CustomerKey, Device, Me, NewAuditEntry, Refusal, Role, SessionKey,
        Token, now,
    },
    store::{Holder, Viewer},
};

/// The login cookie.
pub const COOKIE: &str = "kefu_session";

/// Refuses a browser that shows a page of another site. Programs send no `Origin`, and no cookies
/// that a person's browser holds.
///
/// # Errors
/// [`Code::OriginRefused`].
pub fn check_origin(request: &HttpRequest, allowed: &[String]) -> Result<(), Answer> {
    let header = |name| {
        request
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    let ours = match header("origin") {
        Some(origin) => {
            is_own(origin, header("host").unwrap_or_default())
                || allowed
                    .iter()
                    .any(|one| one.trim_end_matches('/').eq_ignore_ascii_case(origin))
        }
        None => matches!(
            header("sec-fetch-site"),
            None | Some("same-origin" | "none")
        ),
    };
    if ours {
        return Ok(());
    }
    let message = "this origin may not use this server; KEFU_ORIGINS lists those that may";
    Err(Refusal::new(Code::OriginRefused, message).into())
}

/// Whether an origin is the host that the request was sent to. The scheme may differ: a proxy in front
/// speaks https for us.
pub fn is_own(origin: &str, host: &str) -> bool {
    let without_default_port = |host: &str| {
        let bare = host
            .strip_suffix(":80")
            .or_else(|| host.strip_suffix(":443"));
        bare.unwrap_or(host).to_ascii_lowercase()
    };
    let rest = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty() && without_default_port(rest) == without_default_port(host)
    })
}

/// What the browser or program calls itself, as far as that can be shown.
pub fn user_agent(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get("user-agent")?;
    Device::user_agent(header.to_str().ok()?)
}

/// The login of the cookie.
pub fn cookie_key(request: &HttpRequest) -> Option<SessionKey> {
    let cookie = request.cookie(COOKIE)?;
    Token::parse(cookie.value()).as_ref().map(SessionKey::from)
}

/// The token of the `Authorization` header.
fn bearer(request: &HttpRequest) -> Option<Token> {
    let header = request.headers().get("authorization")?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| Token::parse(token.trim()))
        .flatten()
}

/// The login of the bearer token or, without one, of the cookie.
pub fn login_key(request: &HttpRequest) -> Option<SessionKey> {
    match bearer(request) {
        Some(token) => Some(SessionKey::from(&token)),
        None => cookie_key(request),
    }
}

/// The agent who asks.
///
/// # Errors
/// [`Code::NotSignedIn`], or what the store says.
pub async fn agent(request: &HttpRequest, app: &App) -> Result<Me, Answer> {
    login(request, app).await.map(|(_, me)| me)
}

/// The agent who asks, and the login that they ask by.
///
/// # Errors
/// As [`agent`].
pub async fn login(request: &HttpRequest, app: &App) -> Result<(SessionKey, Me), Answer> {
    let key = login_key(request).ok_or_else(Refusal::not_signed_in)?;
    let me = app.store.agent_by_session(key).await.map_err(refuse)?;
    Ok((key, me.ok_or_else(Refusal::not_signed_in)?))
}

/// The agent who asks, if they manage accounts.
///
/// # Errors
/// [`Code::Forbidden`], which the audit log tells of, or as [`agent`].
pub async fn admin(request: &HttpRequest, app: &App) -> Result<Me, Answer> {
    let me = staff(request, app).await?;
    if me.role == Role::Admin {
        return Ok(me);
    }
    Err(refused(request, app, &me, forbidden()).await)
}

/// The agent who asks, if they may review what all of them have said: a supervisor or an admin.
///
/// # Errors
/// [`Code::Forbidden`], which the audit log tells of, or as [`agent`].
pub async fn reviewer(request: &HttpRequest, app: &App) -> Result<Me, Answer> {
    let me = staff(request, app).await?;
    if matches!(me.role, Role::Supervisor | Role::Admin) {
        return Ok(me);
    }
    let message = "only a supervisor or an admin may do this";
    let refusal = Refusal::new(Code::Forbidden, message);
    Err(refused(request, app, &me, refusal).await)
}

/// As [`agent`], at an address that is for some of them only: a customer who tries it is told of in the audit
/// log, as often as they may write.
async fn staff(request: &HttpRequest, app: &App) -> Result<Me, Answer> {
    let asked = agent(request, app).await;
    if let (Err(_), Some(token)) = (&asked, bearer(request)) {
        let key = CustomerKey::from(&token);
        let address = app.client_address(request);
        app.messages.count(key, address, Instant::now())?;
        audit::record(app, attempt(request, app, None)).await?;
    }
    asked
}

/// Notes in the audit log that somebody asked for what their role does not allow, and what they are told.
pub async fn refused(request: &HttpRequest, app: &App, me: &Me, refusal: Refusal) -> Answer {
    match audit::record(app, attempt(request, app, Some(me))).await {
        Ok(()) => refusal.into(),
        Err(error) => error.into(),
    }
}

fn attempt(request: &HttpRequest, app: &App, me: Option<&Me>) -> NewAuditEntry {
    // The address alone: what stands behind it may hold words that somebody searched for.
    let path: String = request.path().chars().take(200).collect();
    audit::entry(request, app, me, AuditAction::Refused)
        .with("method", request.method().as_str())
        .with("path", path)
}

/// Only admins may.
pub fn forbidden() -> Refusal {
    Refusal::new(Code::Forbidden, "only an admin may do this")
}

/// The token of a customer's page.
pub fn customer_token(request: &HttpRequest) -> Option<Token> {
    bearer(request)
}

/// Under which key the program knows whoever holds a customer's token.
///
/// # Errors
/// [`Code::TokenEnded`], or what the store says.
async fn customer(token: &Token, app: &App) -> Result<CustomerKey, Answer> {
    let holder = app.store.holder(CustomerKey::from(token)).await;
    match holder.map_err(refuse)? {
        Holder::Of(key) => Ok(key),
        Holder::Ended => Err(Refusal::token_ended().into()),
    }
}

/// Who asks.
pub enum Person {
    /// Somebody with an account.
    Agent(Me),
    /// Somebody with a page's token, known already or not.
    Customer(CustomerKey),
}

/// Who wants to read, as the store wants it.
///
/// # Errors
/// As [`person`].
pub async fn viewer(request: &HttpRequest, app: &App) -> Result<Viewer, Answer> {
    Ok(match person(request, app).await? {
        Person::Agent(_) => Viewer::Agent,
        Person::Customer(key) => Viewer::Customer(key),
    })
}

/// Who asks: an agent, or a customer by the bearer token of their page, who is not kept out.
///
/// # Errors
/// [`Code::NotSignedIn`], [`Code::Blocked`], or what the store says.
pub async fn person(request: &HttpRequest, app: &App) -> Result<Person, Answer> {
    let signed_in = match login_key(request) {
        Some(key) => app.store.agent_by_session(key).await.map_err(refuse)?,
        None => None,
    };
    if let Some(me) = signed_in {
        return Ok(Person::Agent(me));
    }
    let token = bearer(request).ok_or_else(Refusal::not_signed_in)?;
    let key = customer(&token, app).await?;
    let address = app.client_address(request);
    match app.blocks.now().refusal(key, address, now()) {
        Some(refusal) => Err(refusal.into()),
        None => Ok(Person::Customer(key)),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_our_own_and_listed_origins_may_come() {
        let allowed = ["https://www.shop.example".to_owned()];
        for (origin, site, ok) in [
            (None, None, true),
            (None, Some("same-origin"), true),
            (None, Some("cross-site"), false),
            (Some("http://chat.example:8080"), None, true),
            (Some("https://CHAT.example:8080"), None, true),
            (Some("https://www.shop.example"), None, true),
            (Some("https://chat.example"), None, false),
            (Some("https://chat.example:8080.evil.example"), None, false),
            (Some("https://evil.example"), Some("same-origin"), false),
            (Some("null"), None, false),
            (Some(""), None, false),
        ] {
            let mut request = TestRequest::get().insert_header(("host", "chat.example:8080"));
            for (name, value) in [("origin", origin), ("sec-fetch-site", site)] {
                if let Some(value) = value {
                    request = request.insert_header((name, value));
                }
            }
            let answer = check_origin(&request.to_http_request(), &allowed);
            assert_eq!(answer.is_ok(), ok, "{origin:?} {site:?}");
        }
    }

    #[test]
    fn default_ports_do_not_matter() {
        assert!(is_own("https://chat.example", "chat.example:443"));
        assert!(is_own("http://chat.example:80", "chat.example"));
        assert!(!is_own("http://chat.example:81", "chat.example"));
    }
}
