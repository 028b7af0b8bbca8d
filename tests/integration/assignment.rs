//! What the server does on its own: conversations are given to agents who are there, and taken back from
//! those who have vanished.

use kefu::{
    domain::{ConversationId, EventName},
    protocol::{MessageView, ServerFrame},
};
use serde_json::{Value, json};

use crate::{
    on_both_databases,
    settings::put,
    support::{Client, Database, Engine, Server, token},
};

on_both_databases! {
    who_waits_is_given_to_agents_by_turns_and_everybody_is_told_in_the_stream
    who_is_away_is_given_nothing_until_they_are_available_again
    what_an_agent_has_whose_browser_was_killed_goes_to_another
    what_an_agent_has_whose_process_was_killed_is_taken_back_by_another_process
    an_account_may_have_room_of_its_own
}

const PASSWORD: &str = "another-password";

/// Sets how conversations are assigned; returns the admin's bearer token, and that of a colleague, agent 2.
fn set_up(server: &Server, rules: Value) -> (String, String) {
    let admin = server.sign_in();
    let answer = put(server, &admin, "assignment", 0, rules);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let made = server.command(&["agent", "add", "wu", "--name", "Wu Min"], PASSWORD);
    assert!(made.status.success(), "{made:?}");
    (admin, server.sign_in_as("wu", PASSWORD))
}

fn by_turns() -> Value {
    json!({"mode": "round_robin", "grace_s": 4, "return_after_s": 2})
}

/// The next event: its place, what happened, and to which agent; it must be the server's own.
fn event(client: &mut Client) -> (ConversationId, i64, EventName, i64) {
    let message: MessageView = client.until(|frame| match frame {
        ServerFrame::Posted(message) if message.kind == "event" => Some(message),
        _ => None,
    });
    assert_eq!(message.from.role, "system");
    let event = message.event.unwrap();
    let agent = event.agent.unwrap().id.0;
    (message.conversation, message.seq.0, event.name, agent)
}

fn ask(server: &Server) -> (Client, ConversationId) {
    let (mut customer, _) = Client::customer(server, &token(), json!({}));
    let (conversation, ..) = customer.say(None, "first", "hello");
    (customer, conversation)
}

fn who_waits_is_given_to_agents_by_turns_and_everybody_is_told_in_the_stream(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let (admin, wu) = set_up(&server, by_turns());
    // Nobody is there yet: it waits for the first who comes.
    let (mut first, one) = ask(&server);
    let (mut agent, _) = Client::agent(&server, &admin, json!({}));
    assert_eq!(event(&mut agent), (one, 2, EventName::Assigned, 1));
    assert_eq!(event(&mut first), (one, 2, EventName::Assigned, 1));
    let (mut colleague, welcome) = Client::agent(&server, &wu, json!({}));
    assert_eq!(welcome.conversations[0].agent.as_ref().unwrap().id.0, 1);
    let (_second, two) = ask(&server);
    assert_eq!(event(&mut colleague), (two, 2, EventName::Assigned, 2));
    let (_third, three) = ask(&server);
    assert_eq!(event(&mut colleague), (three, 2, EventName::Assigned, 1));
    // Live or resumed, it is the same stream.
    let (mut back, _) = Client::agent(&server, &wu, json!({one.to_string(): 1}));
    assert_eq!(event(&mut back), (one, 2, EventName::Assigned, 1));
    let answer = put(&server, &admin, "assignment", 1, json!({"mode": "off"}));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let (_fourth, four) = ask(&server);
    agent.say(Some(four), "answer", "hi");
    let taken = colleague.until(|frame| match frame {
        ServerFrame::Posted(message) if message.conversation == four => message.event,
        _ => None,
    });
    assert_eq!(taken.name, EventName::Taken);
}

fn who_is_away_is_given_nothing_until_they_are_available_again(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let (admin, wu) = set_up(&server, by_turns());
    let (mut agent, _) = Client::agent(&server, &admin, json!({}));
    let (mut colleague, _) = Client::agent(&server, &wu, json!({}));
    let set_away = |client: &mut Client, away: bool| {
        client.send(&json!({"type": "presence.set", "ref": "p", "away": away}));
        client.until(|frame| match frame {
            ServerFrame::PresenceDone { away, .. } => Some(away),
            _ => None,
        });
    };
    set_away(&mut agent, true);
    for _ in 0..2 {
        let (_customer, conversation) = ask(&server);
        let given = (conversation, 2, EventName::Assigned, 2);
        assert_eq!(event(&mut colleague), given, "never to who is away");
    }
    set_away(&mut colleague, true);
    let (_customer, conversation) = ask(&server);
    set_away(&mut agent, false);
    let given = (conversation, 2, EventName::Assigned, 1);
    assert_eq!(event(&mut colleague), given);
}

fn what_an_agent_has_whose_browser_was_killed_goes_to_another(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let (admin, wu) = set_up(&server, by_turns());
    let (mut agent, _) = Client::agent(&server, &admin, json!({}));
    let (mut customer, conversation) = ask(&server);
    assert_eq!(event(&mut agent), (conversation, 2, EventName::Assigned, 1));
    let (mut colleague, _) = Client::agent(&server, &wu, json!({}));
    // Without a word.
    drop(agent);
    // The customer has heard of the first one, too.
    assert_eq!(event(&mut customer).2, EventName::Assigned);
    for hears in [&mut colleague, &mut customer] {
        assert_eq!(event(hears), (conversation, 3, EventName::Returned, 1));
        assert_eq!(event(hears), (conversation, 4, EventName::Assigned, 2));
    }
}

fn what_an_agent_has_whose_process_was_killed_is_taken_back_by_another_process(engine: Engine) {
    let database = Database::new(engine);
    let mut here = Server::on(&database).start();
    let (admin, wu) = set_up(&here, by_turns());
    let there = Server::on(&database).start();
    let (_agent, _) = Client::agent(&here, &admin, json!({}));
    let (mut colleague, welcome) = Client::agent(&there, &wu, json!({}));
    assert!(
        welcome.presence[0].online,
        "the other process knows by the database"
    );
    let (mut customer, conversation) = ask(&there);
    let given = (conversation, 2, EventName::Assigned, 1);
    assert_eq!(event(&mut customer), given);
    assert_eq!(event(&mut colleague), given);
    here.kill();
    let back = (conversation, 3, EventName::Returned, 1);
    assert_eq!(event(&mut colleague), back);
    let given = (conversation, 4, EventName::Assigned, 2);
    assert_eq!(event(&mut colleague), given);
    assert_eq!(event(&mut customer), back);
    assert_eq!(event(&mut customer), given);
    here.start_elsewhere();
    let (mut agent, _) = Client::agent(&here, &admin, json!({conversation.to_string(): 2}));
    assert_eq!(event(&mut agent), back);
    assert_eq!(event(&mut agent), given);
}

fn an_account_may_have_room_of_its_own(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let (admin, wu) = set_up(&server, by_turns());
    let bearer = format!("Bearer {admin}");
    let set = |capacity: Value| {
        let body = json!({"capacity": capacity});
        let headers = [("authorization", bearer.as_str())];
        server.http("PATCH", "/api/v1/accounts/1", &headers, Some(&body))
    };
    for bad in [json!(-1), json!(1_001), json!("5"), json!(1.5)] {
        let answer = set(bad);
        assert_eq!(
            (answer.status, answer.code()),
            (400, "bad_request"),
            "{}",
            answer.body
        );
    }
    assert_eq!(set(json!(1)).body["account"]["capacity"], json!(1));
    let (mut agent, _) = Client::agent(&server, &admin, json!({}));
    let (_one, first) = ask(&server);
    assert_eq!(event(&mut agent), (first, 2, EventName::Assigned, 1));
    let (_two, second) = ask(&server);
    let (_colleague, _) = Client::agent(&server, &wu, json!({}));
    assert_eq!(event(&mut agent), (second, 2, EventName::Assigned, 2));
    assert_eq!(set(json!(null)).body["account"]["capacity"], json!(null));
}
