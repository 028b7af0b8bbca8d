//! The built pages, served by actix-files, and the headers that keep them safe.

use std::{io, path::Path};

use actix_files::{Files, NamedFile};
use actix_web::{
    Error, Resource, ResponseError,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    guard,
    http::{
        StatusCode,
        header::{
            self, AcceptEncoding, ContentEncoding, ContentType, Encoding, HeaderMap, HeaderName,
            HeaderValue,
        },
    },
    middleware::Next,
    web,
};

use super::{App, answer::Answer, nowhere};

/// Where the pages for staff are, which the build writes as `agent.html` and so on.
pub const CONSOLE: &str = "/agent";
pub const ADMIN: &str = "/admin";

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; \
    frame-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
    object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// A page for staff.
pub fn page(app: &App, path: &'static str) -> Resource {
    let folder = app.settings.static_dir.clone();
    let name = format!("{}.html", path.trim_start_matches('/'));
    web::resource(path)
        .route(
            web::route()
                .guard(guard::Any(guard::Get()).or(guard::Head()))
                .to(move |accepted: Option<web::Header<AcceptEncoding>>| {
                    let file = folder.join(&name);
                    async move { page_file(&file, accepted.as_deref()) }
                }),
        )
        .default_service(web::to(super::wrong_method))
}

/// A page, compressed as the browser can read it.
fn page_file(page: &Path, accepted: Option<&AcceptEncoding>) -> io::Result<NamedFile> {
    use ContentEncoding::{Brotli, Gzip, Identity};
    let known = [Brotli, Gzip, Identity].map(Encoding::Known);
    let chosen = accepted.and_then(|accepted| accepted.negotiate(known.iter()));
    let compressed = match chosen {
        Some(Encoding::Known(Brotli)) => Some((Brotli, "br")),
        Some(Encoding::Known(Gzip)) => Some((Gzip, "gz")),
        _ => None,
    };
    if let Some((encoding, ending)) = compressed
        && let Ok(file) = NamedFile::open(page.with_added_extension(ending))
    {
        // By its name it would be something to download.
        let file = file.disable_content_disposition();
        let file = file.set_content_type(ContentType::html().0);
        return Ok(file.set_content_encoding(encoding));
    }
    Ok(NamedFile::open(page)?.disable_content_disposition())
}

/// Everything else that the build wrote, the customer's page first.
pub fn files(app: &App) -> Files {
    Files::new("/", &app.settings.static_dir)
        .index_file("index.html")
        .try_compressed()
        .prefer_utf8(true)
        .default_handler(web::to(nowhere))
}

/// Sets the headers that every answer carries.
///
/// # Errors
/// Whatever the service behind it says.
pub async fn security_headers(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let path = request.path().to_owned();
    let ancestors = match request.app_data::<web::Data<App>>() {
        Some(app) if path == "/" => {
            let mut all = vec!["'self'".to_owned()];
            all.extend(app.settings.frame_ancestors.iter().cloned());
            all.join(" ")
        }
        _ => "'none'".to_owned(),
    };
    let mut response = in_our_words(next.call(request).await?);
    let status = response.status();
    let headers = response.headers_mut();
    // actix-files knows only the older name of this type.
    if headers.get(header::CONTENT_TYPE) == Some(&HeaderValue::from_static("text/javascript")) {
        set(
            headers,
            header::CONTENT_TYPE,
            "text/javascript; charset=utf-8",
        );
    }
    // Also on the plain file, or a cache would give the compressed one to who cannot read it.
    if !path.starts_with("/api/") && !headers.contains_key(header::VARY) {
        set(headers, header::VARY, "accept-encoding");
    }
    let policy = format!("{POLICY}; frame-ancestors {ancestors}");
    // What people sent comes with a stricter one.
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::from_str(&policy)
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(
        headers,
        header::REFERRER_POLICY,
        "strict-origin-when-cross-origin",
    );
    if !headers.contains_key(header::CACHE_CONTROL) {
        // The build puts a hash into the name of everything under /assets/.
        let served = status.is_success() || status == StatusCode::NOT_MODIFIED;
        let hashed = path.starts_with("/assets/") && served;
        let cache = if hashed {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        set(headers, header::CACHE_CONTROL, cache);
    }
    Ok(response)
}

/// actix-files refuses some requests with a text of its own.
fn in_our_words(response: ServiceResponse<impl MessageBody + 'static>) -> ServiceResponse {
    let json = HeaderValue::from_static("application/json");
    let ours = response.headers().get(header::CONTENT_TYPE) == Some(&json);
    let status = response.status();
    if !status.is_client_error() || ours {
        return response.map_into_boxed_body();
    }
    let request = response.into_parts().0;
    let refusal = match status {
        StatusCode::METHOD_NOT_ALLOWED => super::method_refused(request.method()),
        _ => super::nothing_here(),
    };
    let answer = Answer::from(refusal).error_response();
    ServiceResponse::new(request, answer)
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
