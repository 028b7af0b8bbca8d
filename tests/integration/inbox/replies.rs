//! Saved replies over HTTP.

use kefu::protocol::SavedReplyView;
use serde_json::{Value, json};

use super::{call, colleague, refused};
use crate::{
    on_both_databases,
    support::{Database, Engine, Server, token},
};

on_both_databases! {
    saved_replies_are_made_changed_and_deleted
    what_a_saved_reply_may_not_be_is_refused
    nobody_but_agents_has_saved_replies
}

fn list(server: &Server, bearer: &str) -> Vec<SavedReplyView> {
    let answer = call(server, "GET", "/saved-replies", bearer, None);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    serde_json::from_value(answer.body["saved_replies"].clone()).unwrap()
}

fn reply(shortcut: &str, shared: bool) -> Value {
    json!({"shortcut": shortcut, "title": "Greeting", "text": "您好 {customer.name}", "shared": shared})
}

fn saved_replies_are_made_changed_and_deleted(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let li = colleague(&server, "li");
    let made = call(
        &server,
        "POST",
        "/saved-replies",
        &admin,
        Some(reply(" /Hi ", true)),
    );
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.body["saved_reply"]["id"].as_str().unwrap();
    assert_eq!(made.body["saved_reply"]["shortcut"], json!("hi"));
    let own = call(
        &server,
        "POST",
        "/saved-replies",
        &li,
        Some(reply("问候", false)),
    );
    assert_eq!(own.status, 201, "{}", own.body);
    // What everybody has, everybody has at once; what is one's own, nobody else.
    let names = |bearer| -> Vec<_> {
        list(&server, bearer)
            .into_iter()
            .map(|r| r.shortcut)
            .collect()
    };
    assert_eq!(names(&li), ["hi", "问候"]);
    assert_eq!(names(&admin), ["hi"]);

    let path = format!("/saved-replies/{id}");
    let change = json!({"shortcut": "hello", "title": null, "text": "Hello", "shared": true});
    let refusal = call(&server, "PUT", &path, &li, Some(change.clone()));
    assert_eq!(refused(&refusal), (403, "forbidden"));
    let changed = call(&server, "PUT", &path, &admin, Some(change));
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(names(&li), ["hello", "问候"]);
    assert_eq!(list(&server, &li)[0].title, None);
    assert_eq!(
        refused(&call(&server, "DELETE", &path, &li, None)),
        (403, "forbidden")
    );
    assert_eq!(call(&server, "DELETE", &path, &admin, None).status, 204);
    assert_eq!(names(&admin), [""; 0]);
    let gone = call(&server, "DELETE", &path, &admin, None);
    assert_eq!(refused(&gone), (404, "saved_reply_not_found"));
}

fn what_a_saved_reply_may_not_be_is_refused(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let li = colleague(&server, "li");
    let post = |body: Value| {
        let answer = call(&server, "POST", "/saved-replies", &li, Some(body));
        (answer.status, answer.code().to_owned())
    };
    assert_eq!(post(reply("hi", false)).0, 201);
    let other = json!({"shortcut": "HI", "text": "other words", "shared": false});
    assert_eq!(post(other), (409, "shortcut_taken".to_owned()));
    assert_eq!(post(reply("hi", true)), (403, "forbidden".to_owned()));
    for body in [
        reply("a b", false),
        json!({"shortcut": "x", "shared": false}),
        json!({"shortcut": "x", "text": "x"}),
        json!({"shortcut": "x", "text": "x", "shared": false, "owner": "1"}),
    ] {
        assert_eq!(post(body), (400, "bad_request".to_owned()));
    }
    let blank = json!({"shortcut": "x", "text": " ", "shared": false});
    assert_eq!(post(blank), (400, "text_empty".to_owned()));
    let long = json!({"shortcut": "x", "text": "长".repeat(4_001), "shared": false});
    assert_eq!(post(long), (400, "text_too_long".to_owned()));
    assert_eq!(list(&server, &li).len(), 1);
}

fn nobody_but_agents_has_saved_replies(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    for bearer in [token().as_str(), ""] {
        for (method, path) in [
            ("GET", "/saved-replies"),
            ("POST", "/saved-replies"),
            ("PUT", "/saved-replies/1"),
            ("DELETE", "/saved-replies/1"),
        ] {
            let body = (method != "GET" && method != "DELETE").then(|| reply("x", false));
            let answer = call(&server, method, path, bearer, body);
            assert_eq!(refused(&answer), (401, "not_signed_in"), "{method}");
        }
    }
    assert_eq!(list(&server, &server.sign_in()).len(), 0);
}
