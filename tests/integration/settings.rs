//! Admins change what the business sets, and everybody who is connected hears of it.

use std::time::{Duration, Instant};

use kefu::protocol::{ServerFrame, SettingsView};
use serde_json::{Value, json};

use crate::{
    on_both_databases,
    support::{Answer, Client, Database, Engine, Server, token},
};

on_both_databases! {
    an_open_page_follows_a_change_at_once_and_on_another_process_within_3_s
    what_is_not_allowed_is_refused_by_its_field_and_changes_nothing
    two_admins_do_not_overwrite_each_other
    only_admins_on_our_own_pages_read_and_change_settings
    a_logo_is_served_to_everybody_as_what_it_is
    hours_decide_whether_somebody_is_there
}

/// A picture of which the test can read what it needs as text.
const WEBP: &str = "data:image/webp;base64,UklGRgAAAABXRUJQVlA4IA==";

fn call(server: &Server, method: &str, bearer: &str, body: Option<&Value>) -> Answer {
    let bearer = format!("Bearer {bearer}");
    let headers = [("authorization", bearer.as_str())];
    server.http(method, "/api/v1/settings", &headers, body)
}

pub fn put(server: &Server, bearer: &str, section: &str, version: i64, value: Value) -> Answer {
    let body = json!({"sections": {section: {"version": version, "value": value}}});
    call(server, "PUT", bearer, Some(&body))
}

fn changed(client: &mut Client) -> SettingsView {
    client.until(|frame| match frame {
        ServerFrame::SettingsChanged { settings, .. } => Some(*settings),
        _ => None,
    })
}

fn an_open_page_follows_a_change_at_once_and_on_another_process_within_3_s(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let other = Server::on(&database).start();
    let admin = server.sign_in();
    let (mut here, welcome) = Client::customer(&server, &token(), json!({}));
    let (mut there, _) = Client::customer(&other, &token(), json!({}));
    let (mut agent, _) = Client::agent(&other, &admin, json!({}));
    assert_eq!(welcome.settings.name, None);
    assert_eq!(welcome.settings.greeting.title.zh, "");

    let started = Instant::now();
    let greeting = json!({"title": {"en": "Welcome", "zh": "欢迎光临"}});
    let answer = put(&server, &admin, "greeting", 0, greeting);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["sections"]["greeting"]["version"], 1);
    assert_eq!(
        answer.body["sections"]["greeting"]["changed_by"]["name"],
        "Admin"
    );
    assert_eq!(answer.body["view"]["greeting"]["title"]["zh"], "欢迎光临");
    assert_eq!(changed(&mut here).greeting.title.zh, "欢迎光临");
    assert!(
        started.elapsed() < Duration::from_secs(1),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(changed(&mut there).greeting.title.en, "Welcome");
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(changed(&mut agent).greeting.title.en, "Welcome");

    let (_, welcome) = Client::customer(&other, &token(), json!({}));
    assert_eq!(welcome.settings.greeting.title.en, "Welcome");
    let read = call(&other, "GET", &admin, None);
    assert_eq!(
        read.body["sections"]["greeting"],
        answer.body["sections"]["greeting"]
    );
    assert_eq!(read.body["sections"]["look"]["version"], 0);
    assert_eq!(read.header("cache-control"), "no-store");
}

fn what_is_not_allowed_is_refused_by_its_field_and_changes_nothing(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    for (section, value, field) in [
        (
            "look",
            json!({"name": "Tea", "accent": "blue"}),
            "look.accent",
        ),
        ("look", json!({"nmae": "Tea"}), "look.nmae"),
        ("look", json!({"name": 5}), "look.name"),
        ("lok", json!({}), "lok"),
        ("hours", json!({"time_zone": "Mars"}), "hours.time_zone"),
        (
            "hours",
            json!({"weekly": {"mon": [{"from": "9", "to": "10"}]}}),
            "hours.weekly.mon.0",
        ),
        ("languages", json!({"offered": []}), "languages.offered"),
    ] {
        let answer = put(&server, &admin, section, 0, value);
        assert_eq!(
            (answer.status, answer.code()),
            (400, "setting_invalid"),
            "{}",
            answer.body
        );
        assert_eq!(answer.body["field"], field);
        assert!(
            answer.body["message"].as_str().unwrap().starts_with(field),
            "{}",
            answer.body
        );
    }
    for body in [
        json!({}),
        json!({"sections": {"look": {"version": 0}}}),
        json!({"sections": {"look": {"version": 0, "value": []}}}),
        json!({"sections": {"look": {"version": 0, "value": {}, "force": true}}}),
    ] {
        let answer = call(&server, "PUT", &admin, Some(&body));
        assert_eq!(
            (answer.status, answer.code()),
            (400, "bad_request"),
            "{}",
            answer.body
        );
    }
    // One section that is wrong keeps the other from being stored.
    let body = json!({"sections": {
        "greeting": {"version": 0, "value": {"title": {"en": "Hi", "zh": ""}}},
        "look": {"version": 0, "value": {"accent": "blue"}},
    }});
    assert_eq!(call(&server, "PUT", &admin, Some(&body)).status, 400);
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM settings"), 0);
}

fn two_admins_do_not_overwrite_each_other(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    assert_eq!(
        put(&server, &admin, "look", 0, json!({"name": "Tea"})).status,
        200
    );
    let late = put(&server, &admin, "look", 0, json!({"name": "Coffee"}));
    assert_eq!((late.status, late.code()), (409, "settings_changed"));
    assert_eq!(late.body["field"], "look");
    // What is not given stays, and another section is another matter.
    assert_eq!(put(&server, &admin, "greeting", 0, json!({})).status, 200);
    let again = put(&server, &admin, "look", 1, json!({"accent": "#0a7d55"}));
    let look = &again.body["sections"]["look"];
    assert_eq!(
        (&look["version"], &look["value"]["name"]),
        (&json!(2), &json!("Tea"))
    );
}

fn only_admins_on_our_own_pages_read_and_change_settings(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let made = server.command(
        &["agent", "add", "li", "--role", "supervisor"],
        "a long password",
    );
    assert!(made.status.success(), "{made:?}");
    let li = server.sign_in_as("li", "a long password");
    assert_eq!(call(&server, "GET", &li, None).code(), "forbidden");
    assert_eq!(put(&server, &li, "look", 0, json!({})).code(), "forbidden");
    let nobody = token();
    assert_eq!(call(&server, "GET", &nobody, None).code(), "not_signed_in");
    assert_eq!(
        put(&server, &nobody, "look", 0, json!({})).code(),
        "not_signed_in"
    );
    let bearer = format!("Bearer {admin}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("origin", "https://evil.example"),
    ];
    let body = json!({"sections": {"look": {"version": 0, "value": {"name": "Evil"}}}});
    let foreign = server.http("PUT", "/api/v1/settings", &headers, Some(&body));
    assert_eq!((foreign.status, foreign.code()), (403, "origin_refused"));
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM settings"), 0);
}

fn a_logo_is_served_to_everybody_as_what_it_is(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let answer = put(&server, &admin, "look", 0, json!({"logo": WEBP}));
    let path = answer.body["view"]["logo"].as_str().unwrap().to_owned();
    let logo = server.http("GET", &path, &[], None);
    assert_eq!(
        (logo.status, logo.header("content-type")),
        (200, "image/webp")
    );
    assert_eq!(logo.header("x-content-type-options"), "nosniff");
    assert!(logo.header("cache-control").contains("immutable"));
    let none = put(&server, &admin, "look", 1, json!({"logo": null}));
    assert_eq!(none.body["view"]["logo"], Value::Null);
    assert_eq!(server.http("GET", &path, &[], None).status, 404);
}

fn hours_decide_whether_somebody_is_there(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let admin = server.sign_in();
    let (mut customer, welcome) = Client::customer(&server, &token(), json!({}));
    assert!(welcome.settings.hours.open);
    let never = json!({"limited": true, "weekly": {}});
    assert_eq!(put(&server, &admin, "hours", 0, never).status, 200);
    let hours = changed(&mut customer).hours;
    assert_eq!((hours.open, hours.opens_at), (false, None));
    let always: Value = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        .iter()
        .map(|day| ((*day).to_owned(), json!([{"from": "00:00", "to": "24:00"}])))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let answer = put(
        &server,
        &admin,
        "hours",
        1,
        json!({"weekly": always, "reply_minutes": 5}),
    );
    assert_eq!(answer.status, 200, "{}", answer.body);
    let hours = changed(&mut customer).hours;
    assert_eq!((hours.open, hours.reply_minutes), (true, Some(5)));
}
