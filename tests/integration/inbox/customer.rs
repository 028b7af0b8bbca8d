//! Agents see who the customer is, and nobody else does.

use kefu::protocol::{ConversationView, CustomerDetailsView};
use serde_json::json;

use super::{call, colleague, refused};
use crate::{
    on_both_databases,
    support::{Client, Database, Engine, Server, token},
};

on_both_databases! {
    an_agent_sees_who_the_customer_is_by_their_first_message
    nobody_but_agents_sees_who_a_customer_is
}

fn an_agent_sees_who_the_customer_is_by_their_first_message(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let asker = token();
    let browser = "Mozilla/5.0 (Windows NT 10.0) Firefox/132.0";
    let mut client = Client::try_connect(&server, &[("user-agent", browser)]).unwrap();
    client.send(&json!({
        "type": "hello", "as": "customer", "token": asker, "resume": {},
        "page": "https://shop.example/cart", "language": "zh-CN",
    }));
    client.welcome();
    let (id, ..) = client.say(None, "c1", "在吗？");
    let li = colleague(&server, "li");
    let path = format!("/conversations/{id}/customer");
    let answer = call(&server, "GET", &path, &li, None);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    let customer: CustomerDetailsView =
        serde_json::from_value(answer.body["customer"].clone()).unwrap();
    assert_eq!(customer.user_agent.as_deref(), Some(browser));
    assert_eq!(customer.page.as_deref(), Some("https://shop.example/cart"));
    assert_eq!(customer.language.as_deref(), Some("zh-CN"));
    assert_eq!(customer.attributes.len(), 0);
    let others: Vec<ConversationView> =
        serde_json::from_value(answer.body["conversations"].clone()).unwrap();
    assert_eq!((others.len(), &answer.body["more"]), (0, &json!(false)));
    let missing = call(&server, "GET", "/conversations/999/customer", &li, None);
    assert_eq!(refused(&missing), (404, "conversation_not_found"));
}

fn nobody_but_agents_sees_who_a_customer_is(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let asker = token();
    let (mut client, _) = Client::customer(&server, &asker, json!({}));
    let (id, ..) = client.say(None, "c1", "hello");
    let path = format!("/conversations/{id}/customer");
    // Not even the customer themself: agents' tools are not for them.
    for bearer in [asker.as_str(), &token(), ""] {
        let answer = call(&server, "GET", &path, bearer, None);
        assert_eq!(refused(&answer), (401, "not_signed_in"));
    }
}
