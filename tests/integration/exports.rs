//! Exports of the history, over HTTP and on the command line.

use std::fs;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    on_both_databases,
    support::{Answer, Client, Database, Engine, Server, token},
};

on_both_databases! {
    the_parts_of_an_export_are_the_whole_and_its_sum_is_right
    everything_said_is_in_it_once_and_only_what_fits_the_filter
    whatever_a_conversations_length_and_where_it_begins_each_message_is_exported_once
    a_broken_off_export_is_taken_up_by_the_same_command
    a_bad_export_is_answered_by_what_is_allowed_and_others_get_nothing
}

/// Says so much that an export has several parts, and one conversation alone more than one.
fn talk(server: &Server) -> usize {
    let long = "长".repeat(3_000);
    let (mut one, _) = Client::customer(server, &token(), json!({}));
    let (mut other, _) = Client::customer(server, &token(), json!({}));
    for n in 0..120 {
        one.say(None, &format!("c{n}"), &format!("{n} {long}"));
    }
    other.say(None, "a", "=SUM(A1), \"quoted\"\n<b>two</b> lines");
    other.say(None, "b", "再见 👋");
    122
}

fn text(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.body);
    // One line of JSON is read as JSON.
    answer
        .body
        .as_str()
        .map_or_else(|| answer.body.to_string(), str::to_owned)
}

/// All before the last line, and the sum that it says.
fn sum_of(whole: &str) -> (String, bool) {
    let body = whole.trim_end_matches(['\r', '\n']);
    let at = body.rfind('\n').unwrap() + 1;
    let (above, last) = whole.split_at(at);
    let sum = Sha256::digest(above.as_bytes())
        .iter()
        .fold(String::new(), |sum, byte| sum + &format!("{byte:02x}"));
    let said = last.contains(&sum);
    (above.to_owned(), said)
}

fn the_parts_of_an_export_are_the_whole_and_its_sum_is_right(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let messages = talk(&server);
    for format in ["csv", "jsonl", "html"] {
        let path = format!("/api/v1/history/export?format={format}");
        let answer = server.get(&path, &admin);
        let disposition = answer.header("content-disposition").to_owned();
        assert!(
            disposition.ends_with(&format!(".{format}\"")),
            "{disposition}"
        );
        let whole = text(&answer);
        let (above, right) = sum_of(&whole);
        assert!(right, "{format}: {}", &whole[above.len()..]);

        let (mut parts, mut next, mut count) = (String::new(), String::new(), 0);
        loop {
            let part = server.get(&format!("{path}&part={next}"), &admin);
            parts.push_str(&text(&part));
            part.header("kefu-next").clone_into(&mut next);
            count += 1;
            if next.is_empty() {
                assert_eq!(part.header("kefu-conversations"), "2");
                assert_eq!(part.header("kefu-messages"), messages.to_string());
                break;
            }
            // Each can be asked for again: a break loses nothing.
            let again = server.get(&format!("{path}&part={next}"), &admin);
            let once_more = server.get(&format!("{path}&part={next}"), &admin);
            assert_eq!(text(&again), text(&once_more));
        }
        assert!(count >= 3, "{format} came in {count} parts");
        assert!(sum_of(&parts).1, "{format}");
        // They differ in the time at which they were begun.
        let lines = |text: &str| text.lines().count();
        assert_eq!(lines(&parts), lines(&whole), "{format}");
    }
}

fn everything_said_is_in_it_once_and_only_what_fits_the_filter(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    talk(&server);
    let export =
        |query: &str| text(&server.get(&format!("/api/v1/history/export?{query}"), &admin));
    let lines: Vec<Value> = export("format=jsonl&status=waiting")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["type"], "export");
    assert_eq!(lines[0]["filter"], json!({"status": "waiting"}));
    assert_eq!(lines[0]["by"], "Admin");
    let of = |kind: &str| lines.iter().filter(|line| line["type"] == kind).count();
    assert_eq!((of("conversation"), of("message")), (2, 122));
    let mut places: Vec<_> = (lines.iter())
        .filter(|line| line["type"] == "message")
        .map(|line| (line["conversation"].to_string(), line["seq"].as_i64()))
        .collect();
    places.sort();
    places.dedup();
    assert_eq!(places.len(), 122);
    let end = lines.last().unwrap();
    assert_eq!(
        (&end["conversations"], &end["messages"]),
        (&json!(2), &json!(122))
    );

    let csv = export("format=csv&q=quoted");
    assert!(csv.starts_with("\u{feff}conversation,began,"));
    assert!(csv.contains("\"'=SUM(A1), \"\"quoted\"\"\n<b>two</b> lines\""));
    assert!(csv.contains("1 conversations, 2 messages"), "{csv}");
    assert!(csv.contains("q=quoted"));

    let html = export("format=html&q=quoted&language=zh");
    assert!(html.contains("&lt;b&gt;two&lt;/b&gt;") && !html.contains("<b>"));
    assert!(html.contains("<html lang=\"zh-Hans\">") && html.contains("再见 👋"));

    let none = export("format=csv&status=closed");
    assert!(none.contains("0 conversations, 0 messages"), "{none}");
    assert!(sum_of(&none).1);
}

fn whatever_a_conversations_length_and_where_it_begins_each_message_is_exported_once(
    engine: Engine,
) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    // How many were said, and how many of them have been deleted since.
    let shapes = [
        (1, 0),
        (19, 0),
        (20, 0),
        (21, 0),
        (45, 10),
        (45, 19),
        (45, 20),
        (75, 60),
    ];
    let mut expected = Vec::new();
    for (said, gone) in shapes {
        let (mut customer, _) = Client::customer(&server, &token(), json!({}));
        let mut id = None;
        for n in 0..said {
            let (conversation, ..) = customer.say(None, &format!("k{n}"), "words");
            id = Some(conversation);
        }
        let id = id.unwrap();
        database.execute(&format!(
            "DELETE FROM messages WHERE conversation_id = {id} AND seq <= {gone}"
        ));
        expected.extend((gone + 1..=said).map(|seq| (id.to_string(), seq)));
    }
    for query in ["", "&q=words"] {
        let path = format!("/api/v1/history/export?format=jsonl{query}");
        let whole = text(&server.get(&path, &admin));
        let lines = whole
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut found: Vec<_> = lines
            .filter(|line| line["type"] == "message")
            .map(|line| {
                let id = line["conversation"].as_str().unwrap().to_owned();
                (id, line["seq"].as_i64().unwrap())
            })
            .collect();
        // They come from the newest conversation to the oldest.
        found.sort_by_key(|(id, seq)| (id.parse::<i64>().unwrap(), *seq));
        assert_eq!(found, expected, "{query}");
    }
}

fn a_broken_off_export_is_taken_up_by_the_same_command(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    talk(&server);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.jsonl");
    let (name, part, note) = (
        path.display().to_string(),
        folder.path().join("all.jsonl.part"),
        folder.path().join("all.jsonl.part.json"),
    );
    // As it stands when the program was killed in the middle of the second part.
    let first = server.get("/api/v1/history/export?format=jsonl&part=", &admin);
    let bytes = text(&first);
    let noted = json!({
        "format": "jsonl",
        "filter": [],
        "bytes": bytes.len(),
        "next": first.header("kefu-next"),
    });
    fs::write(&part, format!("{bytes}{{\"type\":\"mess")).unwrap();
    fs::write(&note, noted.to_string()).unwrap();

    let other = server.command(&["export", &name, "--status", "open"], "");
    assert!(!other.status.success());
    let told = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(told.contains("is a part of another export"), "{told}");

    let done = server.command(&["export", &name], "");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(
        said.ends_with("2 conversations, 122 messages\n"),
        "{done:?}"
    );
    let whole = fs::read_to_string(&path).unwrap();
    assert!(sum_of(&whole).1);
    let messages = whole
        .lines()
        .filter(|line| line.contains("\"type\":\"message\""));
    assert_eq!(messages.count(), 122);
    assert!(!part.exists() && !note.exists());

    let again = server.command(&["export", &name], "");
    let told = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(told.contains("is there already"), "{told}");
}

fn a_bad_export_is_answered_by_what_is_allowed_and_others_get_nothing(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    for (query, says) in [
        ("", "format must be csv, jsonl or html"),
        ("format=pdf", "format must be csv, jsonl or html"),
        ("format=csv&language=fr", "language must be en or zh"),
        ("format=csv&part=nonsense", "part must be"),
        ("format=csv&status=lost", "status must be"),
        ("format=csv&nonsense=1", "can be asked for"),
    ] {
        let answer = server.get(&format!("/api/v1/history/export?{query}"), &admin);
        assert_eq!(
            (answer.status, answer.code()),
            (400, "bad_request"),
            "{query}"
        );
        assert!(
            answer.body["message"].as_str().unwrap().contains(says),
            "{}",
            answer.body
        );
    }
    let made = server.command(&["agent", "add", "li"], "a long password");
    assert!(made.status.success());
    let li = server.sign_in_as("li", "a long password");
    for path in [
        "/api/v1/history/export?format=csv",
        "/api/v1/reports?from=2026-11-25&to=2026-11-25&tz=UTC",
    ] {
        assert_eq!(server.get(path, &li).code(), "forbidden");
        assert_eq!(server.get(path, &token()).code(), "not_signed_in");
    }
}
