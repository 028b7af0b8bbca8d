//! Tags over HTTP and live.

use kefu::protocol::{ServerFrame, TagView};
use serde_json::json;

use super::{call, colleague, refused};
use crate::{
    on_both_databases,
    support::{Answer, Client, Database, Engine, Server, token},
};

on_both_databases! {
    every_agent_sees_a_tag_live_and_a_customer_never
    what_a_tag_may_not_be_is_refused
    nobody_but_agents_has_tags
}

fn tags(answer: &Answer) -> Vec<TagView> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_value(answer.body["tags"].clone()).unwrap()
}

fn told(client: &mut Client) -> Vec<String> {
    client.until(|frame| match frame {
        ServerFrame::Tagged { tags, .. } => Some(tags.into_iter().map(|tag| tag.name).collect()),
        _ => None,
    })
}

fn every_agent_sees_a_tag_live_and_a_customer_never(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let li = colleague(&server, "li");
    let asker = token();
    let (mut customer, _) = Client::customer(&server, &asker, json!({}));
    let (id, ..) = customer.say(None, "c1", "hello");
    let (mut other, welcome) = Client::agent(&server, &server.sign_in(), json!({}));
    assert_eq!(welcome.conversations[0].tags.as_deref(), Some(&[][..]));
    let path = format!("/conversations/{id}/tags");
    let made = tags(&call(
        &server,
        "POST",
        &path,
        &li,
        Some(json!({"name": " VIP "})),
    ));
    assert_eq!(made[0].name, "VIP");
    assert_eq!(told(&mut other), ["VIP"]);
    let two = call(&server, "POST", &path, &li, Some(json!({"name": "退款"})));
    assert_eq!(tags(&two).len(), 2);
    assert_eq!(told(&mut other), ["VIP", "退款"]);
    let all = tags(&call(&server, "GET", "/tags", &li, None));
    assert_eq!(all.len(), 2);
    // Whoever comes now finds them at once, and in the list by tag.
    let (_, welcome) = Client::agent(&server, &li, json!({}));
    assert_eq!(welcome.conversations[0].tags.as_ref().unwrap().len(), 2);
    let (mut second, _) = Client::customer(&server, &token(), json!({}));
    second.say(None, "c2", "untagged");
    let listed = server.get(&format!("/api/v1/conversations?tag={}", made[0].id), &li);
    assert_eq!(listed.body["conversations"].as_array().unwrap().len(), 1);
    assert_eq!(
        listed.body["conversations"][0]["tags"][0]["name"],
        json!("VIP")
    );
    let bad = server.get("/api/v1/conversations?tag=vip", &li);
    assert_eq!(refused(&bad), (400, "bad_request"));

    let one = call(
        &server,
        "DELETE",
        &format!("{path}/{}", made[0].id),
        &li,
        None,
    );
    assert_eq!(tags(&one).len(), 1);
    assert_eq!(told(&mut other), ["退款"]);
    for nothing in ["999", "x"] {
        let same = call(&server, "DELETE", &format!("{path}/{nothing}"), &li, None);
        assert_eq!(tags(&same).len(), 1);
    }
    // The customer: nothing live, nothing by welcome, nothing over HTTP.
    let (_, welcome) = Client::customer(&server, &asker, json!({}));
    assert_eq!(welcome.conversations[0].tags, None);
    let own = server.get(&format!("/api/v1/conversations/{id}"), &asker);
    assert_eq!(own.body["conversation"].get("tags"), None);
    let mark = customer.post(Some(id), "c3", "the end");
    loop {
        match customer.next() {
            crate::support::Event::Frame(ServerFrame::Accepted { reference, .. })
                if reference == mark =>
            {
                break;
            }
            crate::support::Event::Frame(ServerFrame::Tagged { .. }) => panic!("told of tags"),
            crate::support::Event::Frame(_) => {}
            closed @ crate::support::Event::Closed(..) => panic!("{closed:?}"),
        }
    }
}

fn what_a_tag_may_not_be_is_refused(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let li = colleague(&server, "li");
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    let (id, ..) = customer.say(None, "c1", "hello");
    let path = format!("/conversations/{id}/tags");
    for body in [
        json!({"name": " "}),
        json!({"name": "长".repeat(41)}),
        json!({"name": "x", "colour": "red"}),
        json!({}),
    ] {
        let answer = call(&server, "POST", &path, &li, Some(body));
        assert_eq!(refused(&answer), (400, "bad_request"));
    }
    let nowhere = call(
        &server,
        "POST",
        "/conversations/99/tags",
        &li,
        Some(json!({"name": "x"})),
    );
    assert_eq!(refused(&nowhere), (404, "conversation_not_found"));
    for n in 0..20 {
        call(
            &server,
            "POST",
            &path,
            &li,
            Some(json!({"name": format!("tag {n}")})),
        );
    }
    let full = call(
        &server,
        "POST",
        &path,
        &li,
        Some(json!({"name": "one more"})),
    );
    assert_eq!(refused(&full), (409, "limit_reached"));
}

fn nobody_but_agents_has_tags(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let asker = token();
    let (mut customer, _) = Client::customer(&server, &asker, json!({}));
    let (id, ..) = customer.say(None, "c1", "hello");
    let of_one = format!("/conversations/{id}/tags");
    let one = format!("{of_one}/1");
    for bearer in [asker.as_str(), ""] {
        for (method, path, body) in [
            ("GET", "/tags", None),
            ("POST", &of_one, Some(json!({"name": "x"}))),
            ("DELETE", &one, None),
        ] {
            let answer = call(&server, method, path, bearer, body);
            assert_eq!(refused(&answer), (401, "not_signed_in"), "{method} {path}");
        }
    }
}
