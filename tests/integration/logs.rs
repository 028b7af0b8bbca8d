//! What the log says, and what it never says.

use std::fs;

use kefu::protocol::ServerFrame;
use serde_json::{Value, json};

use crate::{
    on_both_databases,
    support::{ADMIN_PASSWORD, Client, Database, Engine, Server, token},
};

on_both_databases! {
    a_fault_of_ours_is_in_the_log_under_the_name_that_the_client_got
    texts_tokens_and_passwords_are_never_logged
}

fn a_fault_of_ours_is_in_the_log_under_the_name_that_the_client_got(engine: Engine) {
    let database = Database::new(engine);
    let log = database.folder().join("log");
    let server = Server::on(&database).log_to(log.clone()).start();
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    customer.say(None, "before", "hello");
    database.execute("ALTER TABLE messages RENAME TO elsewhere");
    let reference = customer.post(None, "broken", "hello?");
    let error = customer.until(|frame| match frame {
        ServerFrame::Error(error) => Some(error),
        _ => None,
    });
    assert_eq!(error.reference, Some(reference));
    assert_eq!(error.code, "internal");
    assert!(error.retryable);
    assert!(!error.message.contains("elsewhere") && !error.message.contains("messages"));
    let incident = error.incident.expect("the incident has a name");
    let logged = fs::read_to_string(&log).unwrap();
    let line = logged.lines().find(|line| line.contains(&incident));
    assert!(
        line.is_some_and(|line| line.contains("messages")),
        "{incident} in {logged}"
    );

    database.execute("ALTER TABLE elsewhere RENAME TO messages");
    assert_eq!(
        customer.say(None, "broken", "hello?").1,
        2,
        "the same message goes through now"
    );
}

fn texts_tokens_and_passwords_are_never_logged(engine: Engine) {
    let database = Database::new(engine);
    let log = database.folder().join("log");
    let server = Server::on(&database)
        .with("KEFU_LOG", "trace,mio=off,polling=off")
        .with("KEFU_LOG_FORMAT", "json")
        .log_to(log.clone())
        .start();
    let bearer = server.sign_in();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    let (mut agent, _) = Client::agent(&server, &bearer, json!({}));
    let (conversation, ..) = customer.say(None, "a", "the words of a customer");
    agent.say(Some(conversation), "b", "the words of an agent");
    customer.send(&json!({"type": "message.post", "ref": "1", "text": 7}));
    customer.error();
    customer.send_text("broken words {");
    customer.error();
    database.execute("ALTER TABLE messages RENAME TO elsewhere");
    customer.post(None, "c", "the words of a fault");
    customer.error();
    let logged = fs::read_to_string(&log).unwrap();
    for secret in [
        &*me,
        &*bearer,
        ADMIN_PASSWORD,
        "the words of",
        "broken words",
    ] {
        assert!(!logged.contains(secret), "{secret:?} is in the log");
    }
    assert!(logged.lines().count() > 20, "there is a log at all");
    for line in logged.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        assert!(
            line["level"].is_string() && line["timestamp"].is_string(),
            "{line}"
        );
    }
}
