//! Files over the wire: up, posted, down, and what is left of those that go wrong.

use std::{
    fmt::Write as _,
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use kefu::{
    domain::ConversationId,
    protocol::{MessageView, ServerFrame},
};
use serde_json::{Value, json};

use crate::{
    on_both_databases,
    support::{Answer, Client, Database, Engine, Server, token},
};

on_both_databases! {
    a_file_goes_up_is_posted_once_and_comes_down_the_same
    a_files_message_is_stored_in_order_and_resumed
    only_people_of_the_conversation_can_fetch_a_file
    a_notes_file_never_reaches_the_customer
    only_pictures_are_shown_and_everything_comes_with_a_sandbox
    what_is_refused_is_refused_clearly_and_leaves_nothing
    an_upload_that_breaks_off_leaves_nothing
    an_upload_whose_server_is_killed_is_swept_at_the_next_start
    what_is_never_posted_goes_and_what_is_posted_stays
    a_file_goes_with_its_message
    a_page_of_another_site_can_send_no_file
    everybody_has_so_many_files_an_hour
    what_a_business_sets_for_files_holds_at_once
}

const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x02\0\0\0 the rest of it";

/// Sends a file; the answer.
pub fn send(server: &Server, token: &str, name: &str, bytes: &[u8]) -> Answer {
    let length = bytes.len().to_string();
    raw(
        server,
        token,
        &[("X-File-Name", name), ("Content-Length", &length)],
        bytes,
    )
}

/// `POST /api/v1/files` with exactly these headers and these bytes after them.
fn raw(server: &Server, token: &str, headers: &[(&str, &str)], bytes: &[u8]) -> Answer {
    let mut stream = begin(server, token, headers);
    // The server may answer, and be gone, before all of it is sent.
    let _ = stream.write_all(bytes);
    answer(stream)
}

fn begin(server: &Server, token: &str, headers: &[(&str, &str)]) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let mut head = format!(
        "POST /api/v1/files HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\n",
        server.address
    );
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    stream
}

fn answer(mut stream: TcpStream) -> Answer {
    let mut text = Vec::new();
    let mut part = [0; 4_096];
    // A connection that is reset after the answer has been read is as good as one that is closed.
    while let Ok(read @ 1..) = stream.read(&mut part) {
        text.extend_from_slice(&part[..read]);
    }
    let text = String::from_utf8_lossy(&text);
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("{text:?}"));
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        headers: ureq::http::HeaderMap::new(),
        body: serde_json::from_str(body).unwrap_or(Value::String(body.to_owned())),
    }
}

/// Sends a file and expects it to be taken; its id.
fn sent(server: &Server, token: &str, name: &str, bytes: &[u8]) -> String {
    let answer = send(server, token, name, bytes);
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["file"]["id"].as_str().unwrap().to_owned()
}

fn post(client: &mut Client, more: Value) -> String {
    let mut frame =
        json!({"type": "message.post", "ref": "f", "conversation": null, "kind": "file"});
    for (name, value) in more.as_object().unwrap() {
        frame[name] = value.clone();
    }
    client.send(&frame);
    "f".to_owned()
}

/// Posts, and waits for where it stands and whether it was there before, or the code of the refusal.
pub fn posted(client: &mut Client, more: Value) -> Result<(ConversationId, i64, bool), String> {
    let mine = post(client, more);
    client.until(|frame| match frame {
        ServerFrame::Accepted {
            reference,
            conversation,
            seq,
            duplicate,
            ..
        } if reference == mine => Some(Ok((conversation, seq.0, duplicate))),
        ServerFrame::Error(error) if error.reference.as_deref() == Some(&mine) => {
            Some(Err(error.code))
        }
        _ => None,
    })
}

fn folder(database: &Database) -> PathBuf {
    database.folder().join("files")
}

fn in_folder(database: &Database) -> usize {
    std::fs::read_dir(folder(database)).unwrap().count()
}

/// Waits for so many entries in the folder.
fn until_in_folder(database: &Database, wanted: usize) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while in_folder(database) != wanted {
        assert!(
            Instant::now() < deadline,
            "{} instead of {wanted}",
            in_folder(database)
        );
        thread::sleep(Duration::from_millis(10));
    }
}

/// Fetches a file as bytes.
fn fetch(server: &Server, id: &str, bearer: &str) -> (u16, Vec<u8>) {
    let answer = ureq::get(server.url(&format!("/api/v1/files/{id}")))
        .config()
        .http_status_as_error(false)
        .build()
        .header("authorization", format!("Bearer {bearer}"))
        .call();
    let mut answer = answer.unwrap();
    (
        answer.status().as_u16(),
        answer.body_mut().read_to_vec().unwrap(),
    )
}

fn a_file_goes_up_is_posted_once_and_comes_down_the_same(engine: Engine) {
    let database = &Database::new(engine);
    let server = Server::on(database).start();
    let li = server.sign_in();
    let (mut agent, _) = Client::agent(&server, &li, json!({}));
    let me = token();
    // A customer of whom there is no trace yet begins with a file.
    let answer = send(&server, &me, "%E7%8C%AB.png", PNG);
    assert_eq!(answer.status, 201, "{}", answer.body);
    let file = &answer.body["file"];
    let id = file["id"].as_str().unwrap().to_owned();
    let expected = json!({
        "id": id, "name": "猫.png", "size": PNG.len(), "type": "image/png", "width": 640, "height": 480,
    });
    assert_eq!(*file, expected);
    assert_eq!(
        database.count("SELECT COUNT(*) AS n FROM customers"),
        0,
        "to upload leaves no customer"
    );

    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    let first = posted(&mut customer, json!({"client_id": "a", "file": id})).unwrap();
    assert_eq!((first.1, first.2), (1, false));
    let again = posted(&mut customer, json!({"client_id": "a", "file": id})).unwrap();
    assert_eq!(again, (first.0, 1, true), "a retry gets the first answer");
    let other = posted(&mut customer, json!({"client_id": "b", "file": id}));
    assert_eq!(
        other,
        Err("file_not_found".to_owned()),
        "a file is posted once"
    );

    let shown = agent.message();
    assert_eq!(
        (shown.kind.as_str(), shown.text.as_str()),
        ("file", "猫.png")
    );
    assert_eq!(serde_json::to_value(shown.file).unwrap(), expected);
    for reader in [&me, &li] {
        assert_eq!(fetch(&server, &id, reader), (200, PNG.to_vec()));
    }
    // With words of its own.
    let id = sent(&server, &li, "report.pdf", b"%PDF-1.7 and so on");
    let said = json!({"client_id": "c", "file": id, "text": "Here it is", "conversation": first.0});
    posted(&mut agent, said).unwrap();
    let shown: MessageView = customer.until(|frame| match frame {
        ServerFrame::Posted(message) if message.from.role == "agent" && message.kind == "file" => {
            Some(message)
        }
        _ => None,
    });
    assert_eq!(shown.text, "Here it is");
    assert_eq!(shown.file.unwrap().name, "report.pdf");
    let row = "SELECT COUNT(*) AS n FROM transcripts WHERE kind = 'file' AND file = 'report.pdf' AND text = 'Here it is' AND who = 'Admin'";
    assert_eq!(database.count(row), 1);
}

fn a_files_message_is_stored_in_order_and_resumed(engine: Engine) {
    let database = &Database::new(engine);
    let mut server = Server::on(database).start();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    let (conversation, _, _) = customer.say(None, "1", "look at this");
    let id = sent(&server, &me, "a.txt", b"words");
    posted(&mut customer, json!({"client_id": "2", "file": id})).unwrap();
    customer.say(None, "3", "did you?");
    server.crash_and_restart();
    let (mut customer, welcome) =
        Client::customer(&server, &me, json!({ conversation.to_string(): 1 }));
    let newest = &welcome.conversations[0];
    assert_eq!(newest.last_message.as_ref().unwrap().text, "did you?");
    let (second, third) = (customer.message(), customer.message());
    assert_eq!((second.seq.0, third.seq.0), (2, 3));
    assert_eq!(second.file.unwrap().id.as_str(), id);
    assert_eq!(third.file, None);
    assert_eq!(fetch(&server, &id, &me), (200, b"words".to_vec()));
    let li = server.sign_in();
    let (_, welcome) = Client::agent(&server, &li, json!({}));
    assert_eq!(
        welcome.conversations[0].unread, 3,
        "a file waits to be read as a text does"
    );
}

fn only_people_of_the_conversation_can_fetch_a_file(engine: Engine) {
    let database = &Database::new(engine);
    let server = Server::on(database).start();
    let (me, stranger, other) = (token(), token(), token());
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    let (mut else_where, _) = Client::customer(&server, &other, json!({}));
    else_where.say(None, "x", "somebody else's conversation");
    let id = sent(&server, &me, "a.txt", b"private");
    let li = server.sign_in();
    for nobody in [&me, &stranger, &li] {
        assert_eq!(fetch(&server, &id, nobody).0, 404, "before it is posted");
    }
    for thief in [
        &mut else_where,
        &mut Client::agent(&server, &li, json!({})).0,
    ] {
        let stolen = json!({"client_id": "t", "file": id, "conversation": ConversationId(1)});
        assert_eq!(posted(thief, stolen), Err("file_not_found".to_owned()));
    }
    posted(&mut customer, json!({"client_id": "a", "file": id})).unwrap();
    assert_eq!(fetch(&server, &id, &me).0, 200);
    assert_eq!(fetch(&server, &id, &li).0, 200);
    for nobody in [&stranger, &other] {
        let refused = server.get(&format!("/api/v1/files/{id}"), nobody);
        let absent = server.get("/api/v1/files/00000000000000000000000000000000", nobody);
        assert_eq!((refused.status, refused.code()), (404, "file_not_found"));
        assert_eq!(refused.body, absent.body, "the two are not told apart");
    }
    let without = server.http("GET", &format!("/api/v1/files/{id}"), &[], None);
    assert_eq!(without.status, 401);
    for path in [
        "..%2F..%2Fetc%2Fpasswd",
        "%2e%2e/kefu.db",
        &id[1..],
        &format!("{id}.part"),
    ] {
        let answer = server.get(&format!("/api/v1/files/{path}"), &li);
        assert_eq!(answer.status, 404, "{path}");
    }
}

fn a_notes_file_never_reaches_the_customer(engine: Engine) {
    let database = &Database::new(engine);
    let server = Server::on(database).start();
    let (me, li) = (token(), server.sign_in());
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    let (conversation, _, _) = customer.say(None, "1", "hello");
    let (mut agent, _) = Client::agent(&server, &li, json!({}));
    let id = sent(&server, &li, "internal.txt", b"for us");
    let note = json!({"client_id": "n", "kind": "note", "text": "look", "file": id, "conversation": conversation});
    posted(&mut agent, note).unwrap();
    let shown = agent.until(|frame| match frame {
        ServerFrame::Posted(message) if message.kind == "note" => Some(message),
        _ => None,
    });
    assert_eq!(shown.file.unwrap().id.as_str(), id);
    assert_eq!(fetch(&server, &id, &li).0, 200);
    assert_eq!(fetch(&server, &id, &me).0, 404);
    let mine = sent(&server, &me, "mine.txt", b"from me");
    let note = json!({"client_id": "m", "kind": "note", "text": "look", "file": mine});
    assert_eq!(posted(&mut customer, note), Err("forbidden".to_owned()));
    assert!(customer.everything_so_far().iter().all(|frame| {
        !matches!(frame, ServerFrame::Posted(message) if message.kind == "note" || message.file.is_some())
    }));
}

fn only_pictures_are_shown_and_everything_comes_with_a_sandbox(engine: Engine) {
    let database = &Database::new(engine);
    let server = Server::on(database).start();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    for (name, bytes, shown_as) in [
        (
            "cat.png",
            PNG,
            (
                "image/png",
                "inline; filename=\"cat.png\"; filename*=UTF-8''cat.png",
            ),
        ),
        (
            "%E6%96%87.pdf",
            b"%PDF-1.7 \xff".as_slice(),
            (
                "application/pdf",
                "attachment; filename=\"_.pdf\"; filename*=UTF-8''%E6%96%87.pdf",
            ),
        ),
        // It says that it is a picture.
        (
            "evil.png",
            b"#!/bin/sh",
            (
                "text/plain",
                "attachment; filename=\"evil.png.txt\"; filename*=UTF-8''evil.png.txt",
            ),
        ),
    ] {
        let id = sent(&server, &me, name, bytes);
        posted(&mut customer, json!({"client_id": id, "file": id})).unwrap();
        let bearer = format!("Bearer {me}");
        for path in [
            format!("/api/v1/files/{id}"),
            format!("/api/v1/files/{id}/{name}"),
        ] {
            for method in ["GET", "HEAD"] {
                let answer = server.http(method, &path, &[("authorization", &bearer)], None);
                assert_eq!(answer.status, 200, "{path}");
                assert_eq!(
                    (
                        answer.header("content-type"),
                        answer.header("content-disposition")
                    ),
                    shown_as
                );
                assert_eq!(
                    answer.header("content-security-policy"),
                    "default-src 'none'; sandbox; frame-ancestors 'none'"
                );
                assert_eq!(answer.header("x-content-type-options"), "nosniff");
                assert!(
                    answer.header("cache-control").starts_with("private"),
                    "{path}"
                );
                assert_eq!(
                    answer.header("content-length"),
                    bytes.len().to_string(),
                    "{method}"
                );
            }
        }
    }
}

fn what_is_refused_is_refused_clearly_and_leaves_nothing(engine: Engine) {
    let database = &Database::new(engine);
    let server = Server::on(database).start();
    let me = token();
    let large = vec![b'x'; (10 << 20) + 1];
    for (name, bytes, status, code) in [
        ("empty.txt", b"".as_slice(), 400, "file_empty"),
        ("large.txt", &large, 413, "file_too_large"),
        (
            "program.png",
            b"MZ\x90\0\x03\0\0\0",
            415,
            "file_type_refused",
        ),
        (
            "page.txt",
            b"<!doctype html><script>alert(1)</script>",
            415,
            "file_type_refused",
        ),
        (
            "picture.png",
            b"<svg onload=alert(1)>",
            415,
            "file_type_refused",
        ),
        (
            "packed.docx",
            b"PK\x03\x04 not a document",
            415,
            "file_type_refused",
        ),
        ("bad%ZZ.png", PNG, 400, "bad_request"),
    ] {
        let answer = send(&server, &me, name, bytes);
        assert_eq!((answer.status, answer.code()), (status, code), "{name}");
    }
    // Its length is not said, and comes out on the way.
    let chunked = [b"A00001\r\n".as_slice(), &large, b"\r\n0\r\n\r\n"].concat();
    let answer = raw(&server, &me, &[("Transfer-Encoding", "chunked")], &chunked);
    assert_eq!((answer.status, answer.code()), (413, "file_too_large"));
    let answer = raw(
        &server,
        &me,
        &[("Transfer-Encoding", "chunked")],
        b"0\r\n\r\n",
    );
    assert_eq!((answer.status, answer.code()), (400, "file_empty"));
    let answer = send(&server, "nonsense", "a.txt", b"x");
    assert_eq!((answer.status, answer.code()), (401, "not_signed_in"));
    until_in_folder(database, 0);
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM files"), 0);
    // A name that would lead elsewhere leads nowhere.
    let answer = send(&server, &me, "..%2F..%2F..%2Fkefu.db", b"words");
    assert_eq!(answer.body["file"]["name"], "kefu.db.txt");
    assert_eq!(in_folder(database), 1);

    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    for (frame, code) in [
        (json!({"client_id": "1"}), "bad_request"),
        (
            json!({"client_id": "1", "file": "../../kefu.db"}),
            "bad_request",
        ),
        (
            json!({"client_id": "1", "file": "0".repeat(32)}),
            "file_not_found",
        ),
        (
            json!({"client_id": "1", "file": "0".repeat(32), "kind": "text", "text": "x"}),
            "bad_request",
        ),
        (
            json!({"client_id": "1", "file": "0".repeat(32), "text": "x".repeat(4_001)}),
            "text_too_long",
        ),
    ] {
        assert_eq!(posted(&mut customer, frame), Err(code.to_owned()));
    }
    assert_eq!(
        database.count("SELECT COUNT(*) AS n FROM customers"),
        0,
        "what is refused leaves no customer"
    );
}

fn an_upload_that_breaks_off_leaves_nothing(engine: Engine) {
    let database = &Database::new(engine);
    let server = Server::on(database).start();
    let me = token();
    for headers in [
        [("Content-Length", "1000000")],
        [("Transfer-Encoding", "chunked")],
    ] {
        let mut stream = begin(&server, &me, &headers);
        stream
            .write_all(b"FFFFF\r\n the size of a chunk, or words")
            .unwrap();
        until_in_folder(database, 1);
        drop(stream);
        until_in_folder(database, 0);
    }
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM files"), 0);
    sent(&server, &me, "a.txt", b"the server goes on");
}

fn an_upload_whose_server_is_killed_is_swept_at_the_next_start(engine: Engine) {
    let database = &Database::new(engine);
    let mut server = Server::on(database).start();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    let id = sent(&server, &me, "a.txt", b"posted");
    posted(&mut customer, json!({"client_id": "a", "file": id})).unwrap();
    let mut stream = begin(&server, &me, &[("Content-Length", "1000")]);
    stream.write_all(b"half").unwrap();
    until_in_folder(database, 2);
    // A second server on the same folder takes nothing of what is under way.
    let second = Server::on(database).start();
    sent(&second, &me, "b.txt", b"by another way");
    assert_eq!(in_folder(database), 3);
    server.kill();
    std::fs::write(
        folder(database).join("0".repeat(32)),
        "whole, but never noted",
    )
    .unwrap();
    std::fs::write(folder(database).join("README"), "not ours").unwrap();
    server.start_elsewhere();
    until_in_folder(database, 3);
    assert!(folder(database).join("README").exists());
    assert_eq!(fetch(&server, &id, &me), (200, b"posted".to_vec()));
}

fn what_is_never_posted_goes_and_what_is_posted_stays(engine: Engine) {
    let database = &Database::new(engine);
    let server = Server::on(database).with("KEFU_FILE_UNPOSTED_S", 2).start();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    let kept = sent(&server, &me, "a.txt", b"posted");
    posted(&mut customer, json!({"client_id": "a", "file": kept})).unwrap();
    let left = sent(&server, &me, "b.txt", b"never posted");
    until_in_folder(database, 1);
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM files"), 1);
    let late = posted(&mut customer, json!({"client_id": "b", "file": left}));
    assert_eq!(late, Err("file_not_found".to_owned()));
    assert_eq!(fetch(&server, &kept, &me).0, 200);
}

fn a_file_goes_with_its_message(engine: Engine) {
    let database = &Database::new(engine);
    let mut server = Server::on(database).start();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    let id = sent(&server, &me, "a.txt", b"posted");
    posted(&mut customer, json!({"client_id": "a", "file": id})).unwrap();
    server.kill();
    database.execute("DELETE FROM messages");
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM files"), 0);
    server.start_elsewhere();
    until_in_folder(database, 0);
}

fn a_page_of_another_site_can_send_no_file(engine: Engine) {
    let database = &Database::new(engine);
    let server = Server::on(database).start();
    let headers = [("Origin", "https://evil.example"), ("Content-Length", "1")];
    let answer = raw(&server, &token(), &headers, b"x");
    assert_eq!((answer.status, answer.code()), (403, "origin_refused"));
}

fn everybody_has_so_many_files_an_hour(engine: Engine) {
    let database = &Database::new(engine);
    let server = Server::on(database).start();
    let (me, other) = (token(), token());
    for n in 0..60 {
        sent(&server, &me, "a.txt", format!("{n}").as_bytes());
    }
    let answer = send(&server, &me, "a.txt", b"one more");
    assert_eq!((answer.status, answer.code()), (429, "rate_limited"));
    let wait = answer.body["retry_after_ms"].as_u64().unwrap();
    assert!((3_000_000..=3_600_000).contains(&wait), "{wait}");
    sent(&server, &other, "a.txt", b"somebody else");
}

fn what_a_business_sets_for_files_holds_at_once(engine: Engine) {
    let database = &Database::new(engine);
    let server = Server::on(database).start();
    let (me, admin) = (token(), server.sign_in());
    let (mut customer, welcome) = Client::customer(&server, &me, json!({}));
    let before = welcome.limits.files.unwrap();
    assert_eq!(before.bytes, 10 << 20);
    assert!(before.types.contains(&"image/png".to_owned()));
    let first = sent(&server, &me, "a.txt", b"words");
    let value = json!({"bytes": 20, "groups": ["text"], "per_conversation": 1, "per_hour": 3, "quota_bytes": 25});
    let change = json!({"sections": {"files": {"version": 0, "value": value}}});
    let bearer = format!("Bearer {admin}");
    let set = |change: &Value| {
        server.http(
            "PUT",
            "/api/v1/settings",
            &[("authorization", &bearer)],
            Some(change),
        )
    };
    let answer = set(&change);
    assert_eq!(answer.status, 200, "{}", answer.body);
    for (bytes, status, code) in [
        ([b'x'; 21].as_slice(), 413, "file_too_large"),
        (b"%PDF-1.7", 415, "file_type_refused"),
        (&[b'x'; 20], 201, ""),
        (b"more than the rest", 507, "storage_full"),
    ] {
        let answer = send(&server, &me, "a.txt", bytes);
        assert_eq!(
            (answer.status, answer.code()),
            (status, code),
            "{}",
            answer.body
        );
    }
    posted(&mut customer, json!({"client_id": "1", "file": first})).unwrap();
    let (_, welcome) = Client::customer(&server, &token(), json!({}));
    let after = welcome.limits.files.unwrap();
    assert_eq!(
        (after.bytes, after.types),
        (20, vec!["text/plain".to_owned()])
    );
    let off = json!({"sections": {"files": {"version": 1, "value": {"bytes": 0}}}});
    assert_eq!(set(&off).status, 200);
    let answer = send(&server, &me, "a.txt", b"x");
    assert_eq!((answer.status, answer.code()), (403, "forbidden"));
    let (_, welcome) = Client::customer(&server, &token(), json!({}));
    assert_eq!(welcome.limits.files, None);
}
