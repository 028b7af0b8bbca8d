//! Files in and out (docs/PROTOCOL.md §7). The folder is read and written on blocking threads, never on a
//! worker's.
//!
//! **Invariant**: whatever ends an upload early, its part of a file is removed (`Incoming` sees to that).

use std::{
    collections::HashMap,
    fmt::Write as _,
    io::{self, Read},
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use actix_web::{HttpRequest, HttpResponse, body::SizedStream, http::StatusCode, web};
use bytes::{Bytes, BytesMut};
use chrono::TimeDelta;
use futures_util::{StreamExt, stream};
use serde_json::json;
use tokio::{
    sync::Semaphore,
    task::spawn_blocking,
    time::{Instant as Clock, timeout_at},
};

use super::{
    App,
    access::{self, Person},
    address::{Addresses, subscriber},
    answer::{Answer, fresh},
};
use crate::{
    chat::refuse,
    domain::{Code, File, FileId, FileLimits, Refusal, clean_name, now},
    files::{Files, Incoming},
    incident::incident,
    protocol::FileView,
    store::{NewFile, Uploader},
};

/// Uploads at the same time, in all and from one address: each holds a file open.
const AT_ONCE: usize = 64;
const AT_ONCE_FROM_ADDRESS: usize = 16;
/// Uploads from one address in an hour: a stranger has as many tokens as they like. Many people may be
/// behind one address.
const PER_HOUR_FROM_ADDRESS: u32 = 600;
/// How long a body may stand still, and how slow it may be in all.
const STANDS_STILL: Duration = Duration::from_secs(30);
const SLOWEST_BYTES_PER_S: u64 = 8 << 10;
/// So much of a body is gathered before a thread is asked to write it, and read at once.
const CHUNK: usize = 128 << 10;
const HOUR: Duration = Duration::from_hours(1);
/// Characters of the header with the name, percent-encoded.
const NAME_HEADER: &str = "x-file-name";

/// What uploads share.
pub struct Uploads {
    at_once: Semaphore,
    from_address: Arc<Addresses>,
    lately: Mutex<HashMap<IpAddr, (Instant, u32)>>,
    /// Bytes that are being received now.
    reserved: AtomicU64,
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            at_once: Semaphore::new(AT_ONCE),
            from_address: Arc::new(Addresses::new(AT_ONCE_FROM_ADDRESS)),
            lately: Mutex::default(),
            reserved: AtomicU64::new(0),
        }
    }
}

impl Uploads {
    /// Counts an upload from an address.
    ///
    /// # Errors
    /// How long to wait.
    fn count(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        if lately.len() > 10_000 {
            lately.retain(|_, (since, _)| now.duration_since(*since) < HOUR);
        }
        let (since, count) = lately.entry(address).or_insert((now, 0));
        if now.duration_since(*since) >= HOUR {
            (*since, *count) = (now, 0);
        }
        if *count >= PER_HOUR_FROM_ADDRESS {
            return Err(HOUR.saturating_sub(now.duration_since(*since)));
        }
        *count += 1;
        Ok(())
    }

    fn reserve(&self, bytes: u64) -> Reserved<'_> {
        self.reserved.fetch_add(bytes, Relaxed);
        Reserved {
            uploads: self,
            bytes,
        }
    }
}

/// Room for an upload, given back when this is dropped.
struct Reserved<'a> {
    uploads: &'a Uploads,
    bytes: u64,
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        self.uploads.reserved.fetch_sub(self.bytes, Relaxed);
    }
}

/// The routes below `/api/v1`.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(super::post("/files", upload))
        .service(super::get("/files/{id}", download))
        .service(super::get("/files/{id}/{name}", download));
}

/// `POST /api/v1/files`: the body is the file, `X-File-Name` its name.
async fn upload(
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Answer> {
    access::check_origin(&request, &app.settings.origins)?;
    let by = match access::person(&request, &app).await? {
        Person::Agent(me) => Uploader::Agent(me.id),
        Person::Customer(key) => Uploader::Customer(key),
    };
    let limits = app.file_limits();
    let announced = announced(&request, &limits)?;
    let name = claimed_name(&request)?;

    let _place = app
        .uploads
        .at_once
        .try_acquire()
        .map_err(|_| Refusal::overloaded())?;
    let address = app.client_address(&request).map(subscriber);
    let _seat = match address {
        Some(address) => {
            app.uploads
                .count(address, Instant::now())
                .map_err(too_often)?;
            let seat = app.uploads.from_address.take(address);
            Some(seat.ok_or_else(|| too_often(Duration::from_secs(1)))?)
        }
        None => None,
    };
    let reserved = app.uploads.reserve(announced);
    check_usage(&app, by, &limits).await?;

    let id = FileId::random().map_err(|error| incident("no name for a file", &error))?;
    let files = app.files.clone();
    let begun = id.clone();
    let mut incoming = Receiving(Some(on_disk(move || files.receive(&begun)).await?));
    let size = receive(payload, &mut incoming, &limits).await?;
    let (media, pixels) = incoming.run(Incoming::sniff).await?;
    if !limits.allows(media) {
        let message = format!("this is {}, which is not accepted here", media.as_str());
        return Err(Refusal::new(Code::FileTypeRefused, message).into());
    }
    incoming.run(Incoming::complete).await?;
    let file = File {
        id,
        name: clean_name(&name, media),
        size,
        media,
        pixels,
    };
    let new = NewFile {
        file: file.clone(),
        by,
        quota_bytes: limits.quota_bytes,
    };
    if !app.store.add_file(new).await.map_err(refuse)? {
        return Err(storage_full().into());
    }
    incoming.keep();
    drop(reserved);
    let view = FileView::from(&file);
    Ok(fresh(StatusCode::CREATED, &json!({"file": view})))
}

/// How large the body says it is, or may be where it does not say.
fn announced(request: &HttpRequest, limits: &FileLimits) -> Result<u64, Refusal> {
    if limits.bytes == 0 {
        return Err(Refusal::new(Code::Forbidden, "files are not accepted here"));
    }
    let length = request.headers().get("content-length");
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(0) => Err(empty()),
        Some(length) if length > limits.bytes => Err(too_large(limits)),
        Some(length) => Ok(length),
        None => Ok(limits.bytes),
    }
}

fn empty() -> Refusal {
    Refusal::new(Code::FileEmpty, "the file is empty")
}

fn too_large(limits: &FileLimits) -> Refusal {
    let message = format!("at most {} bytes are allowed", limits.bytes);
    Refusal::new(Code::FileTooLarge, message)
}

fn storage_full() -> Refusal {
    Refusal::new(Code::StorageFull, "there is no room left for files")
}

fn too_often(wait: Duration) -> Refusal {
    let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    Refusal::new(Code::RateLimited, "too many files; try again later").retry_after(ms.max(1))
}

/// The name that the client gives, without which the file is called by its type.
fn claimed_name(request: &HttpRequest) -> Result<String, Refusal> {
    let Some(header) = request.headers().get(NAME_HEADER) else {
        return Ok(String::new());
    };
    let wrong = || {
        Refusal::bad_request(
            "X-File-Name must be UTF-8, percent-encoded, of at most 2,000 characters",
        )
    };
    let header = header
        .to_str()
        .ok()
        .filter(|header| header.len() <= 2_000)
        .ok_or_else(wrong)?;
    let mut bytes = Vec::with_capacity(header.len());
    let mut rest = header.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (high, low) = (digit(rest.next()), digit(rest.next()));
        let byte = high
            .zip(low)
            .and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        bytes.push(byte.ok_or_else(wrong)?);
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

/// Whether this uploader may bring another, and whether there is room.
async fn check_usage(app: &App, by: Uploader, limits: &FileLimits) -> Result<(), Answer> {
    let since = now() - TimeDelta::hours(1);
    let usage = app.store.file_usage(by, since).await.map_err(refuse)?;
    if usage.recent >= u64::from(limits.per_hour) {
        let wait = usage.since.map_or(TimeDelta::zero(), |first| first - since);
        return Err(too_often(wait.to_std().unwrap_or_default()).into());
    }
    let wanted = app
        .uploads
        .reserved
        .load(Relaxed)
        .saturating_add(usage.bytes);
    if wanted > limits.quota_bytes {
        return Err(storage_full().into());
    }
    Ok(())
}

/// A file on its way in. It is removed on a thread that may wait for the disk, whoever drops this.
struct Receiving(Option<Incoming>);

impl Receiving {
    async fn run<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Incoming) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Answer> {
        let Some(mut incoming) = self.0.take() else {
            return Err(incident("a file was lost on its way in", &"").into());
        };
        let (incoming, done) = on_disk(move || {
            let done = work(&mut incoming);
            Ok((incoming, done))
        })
        .await?;
        self.0 = Some(incoming);
        done.map_err(|error| disk(&error))
    }

    fn keep(mut self) {
        if let Some(incoming) = self.0.take() {
            incoming.keep();
        }
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        if let Some(incoming) = self.0.take() {
            spawn_blocking(move || drop(incoming));
        }
    }
}

async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Answer> {
    match spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| disk(&error)),
        Err(error) => Err(incident("a file's thread ended early", &error).into()),
    }
}

fn disk(error: &io::Error) -> Answer {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            tracing::error!(%error, "the disk is full");
            storage_full().into()
        }
        _ => incident("the folder of files", error).into(),
    }
}

/// Takes the body; how many bytes it had.
async fn receive(
    payload: web::Payload,
    incoming: &mut Receiving,
    limits: &FileLimits,
) -> Result<u64, Answer> {
    let mut payload = payload.into_inner();
    let mut size = 0;
    let mut waiting = BytesMut::new();
    let slowest = Duration::from_secs(60 + limits.bytes / SLOWEST_BYTES_PER_S);
    let deadline = Clock::now() + slowest;
    loop {
        let patience = deadline.min(Clock::now() + STANDS_STILL);
        let part = timeout_at(patience, payload.next()).await;
        let part = match part {
            Ok(Some(Ok(part))) => part,
            Ok(None) => break,
            Ok(Some(Err(_))) | Err(_) => {
                let message = "the file broke off, or did not come in time";
                return Err(Refusal::new(Code::FileIncomplete, message).into());
            }
        };
        size += part.len() as u64;
        if size > limits.bytes {
            return Err(too_large(limits).into());
        }
        waiting.extend_from_slice(&part);
        if waiting.len() >= CHUNK {
            write(incoming, &mut waiting).await?;
        }
    }
    if size == 0 {
        return Err(empty().into());
    }
    write(incoming, &mut waiting).await?;
    Ok(size)
}

async fn write(incoming: &mut Receiving, waiting: &mut BytesMut) -> Result<(), Answer> {
    let bytes = waiting.split().freeze();
    incoming.run(move |incoming| incoming.write(&bytes)).await
}

/// `GET /api/v1/files/<id>`, and `/<id>/<name>` for whoever wants the name in the address.
async fn download(request: HttpRequest, app: web::Data<App>) -> Result<HttpResponse, Answer> {
    let viewer = access::viewer(&request, &app).await?;
    let id = FileId::parse(request.match_info().query("id")).ok_or_else(Refusal::file_not_found)?;
    let file = app.store.file(viewer, id).await.map_err(refuse)?;
    let file = file.ok_or_else(Refusal::file_not_found)?;
    let files: Files = app.files.clone();
    let id = file.id.clone();
    let opened = spawn_blocking(move || files.read(&id)).await;
    let bytes = match opened {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => {
            tracing::warn!(file = %file.id, %error, "a file that the database knows cannot be read");
            return Err(Refusal::file_not_found().into());
        }
        Err(error) => return Err(incident("a file's thread ended early", &error).into()),
    };
    // A body that is shorter than was said would keep the client waiting.
    let parts = stream::try_unfold((bytes, file.size), |(mut bytes, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let want = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let read = move || {
            let mut part = vec![0; want];
            bytes.read_exact(&mut part)?;
            Ok((Bytes::from(part), bytes))
        };
        let read: io::Result<_> = spawn_blocking(read).await.map_err(io::Error::other)?;
        let (part, bytes) = read?;
        Ok::<_, io::Error>(Some((part, (bytes, left - want as u64))))
    });
    Ok(HttpResponse::Ok()
        .insert_header(("content-type", file.media.served_as()))
        .insert_header(("content-disposition", disposition(&file)))
        .insert_header((
            "content-security-policy",
            "default-src 'none'; sandbox; frame-ancestors 'none'",
        ))
        .insert_header(("cache-control", "private, max-age=86400, immutable"))
        .body(SizedStream::new(file.size, Box::pin(parts))))
}

/// Pictures may be shown where they stand; everything else is to be saved. The name stands there twice:
/// once for old clients in ASCII, once as RFC 5987 has it.
fn disposition(file: &File) -> String {
    let how = if file.media.is_shown() {
        "inline"
    } else {
        "attachment"
    };
    let plain = |c: char| {
        if c.is_ascii_graphic() && !"\"\\%;".contains(c) || c == ' ' {
            c
        } else {
            '_'
        }
    };
    let ascii: String = file.name.chars().map(plain).collect();
    let mut encoded = String::new();
    for byte in file.name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string can not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("{how}; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::domain::Media;

    #[test]
    fn a_name_comes_percent_encoded() {
        let read = |value: &str| {
            let request = TestRequest::post().insert_header((NAME_HEADER, value));
            claimed_name(&request.to_http_request()).map_err(|refusal| refusal.code)
        };
        assert_eq!(read("cat.png"), Ok("cat.png".to_owned()));
        assert_eq!(read("%E7%8C%AB%20%25.png"), Ok("猫 %.png".to_owned()));
        for bad in ["%", "%4", "%zz", "%FF", &"x".repeat(2_001)] {
            assert_eq!(read(bad), Err(Code::BadRequest), "{bad:?}");
        }
        assert_eq!(
            claimed_name(&TestRequest::post().to_http_request()),
            Ok(String::new())
        );
    }

    #[test]
    fn only_pictures_are_shown_and_a_name_cannot_leave_its_quotes() {
        let of = |name: &str, media| {
            disposition(&File {
                id: FileId::random().unwrap(),
                name: name.to_owned(),
                size: 1,
                media,
                pixels: None,
            })
        };
        assert_eq!(
            of("cat.png", Media::Png),
            "inline; filename=\"cat.png\"; filename*=UTF-8''cat.png"
        );
        assert_eq!(
            of("猫\"; a.pdf", Media::Pdf),
            "attachment; filename=\"___ a.pdf\"; filename*=UTF-8''%E7%8C%AB%22%3B%20a.pdf"
        );
        assert!(of("x.svg", Media::Svg).starts_with("attachment"));
    }

    #[test]
    fn an_address_has_so_many_files_an_hour() {
        let uploads = Uploads::default();
        let (a, b) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let start = Instant::now();
        for _ in 0..PER_HOUR_FROM_ADDRESS {
            assert_eq!(uploads.count(a, start), Ok(()));
        }
        let later = start + Duration::from_mins(20);
        assert_eq!(uploads.count(a, later), Err(Duration::from_mins(40)));
        assert_eq!(uploads.count(b, later), Ok(()));
        assert_eq!(uploads.count(a, start + HOUR), Ok(()));
    }
}
