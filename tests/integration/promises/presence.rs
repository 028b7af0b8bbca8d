//! What passes between people without being stored as a message: typing, read marks, who is there.

use kefu::{
    domain::{ConversationId, Side},
    protocol::{PersonView, PresenceView, ServerFrame},
};
use serde_json::{Value, json};

use crate::{
    on_both_databases,
    support::{Client, Database, Engine, Server, token},
};

on_both_databases! {
    typing_goes_to_the_others_and_never_back_to_the_typist
    the_other_side_hears_what_was_read_and_marks_never_go_back
    unread_counts_are_right_after_messages_both_ways
    agents_hear_of_a_customers_first_and_last_session
    customers_hear_of_the_desk_as_a_whole_and_agents_of_each_other
    who_is_away_stays_away_and_everybody_hears_of_it
}

const PASSWORD: &str = "another-password";

/// A second agent, named Wu Min.
fn add_colleague(server: &Server) -> String {
    let made = server.command(&["agent", "add", "wu", "--name", "Wu Min"], PASSWORD);
    assert!(made.status.success(), "{made:?}");
    server.sign_in_as("wu", PASSWORD)
}

fn typing(conversation: ConversationId, on: bool) -> Value {
    json!({"type": "typing", "conversation": conversation, "on": on})
}

fn hears_typing(client: &mut Client) -> (PersonView, bool) {
    client.until(|frame| match frame {
        ServerFrame::Typing { from, on, .. } => Some((from, on)),
        _ => None,
    })
}

fn person(role: &str, id: &str, name: Option<&str>) -> PersonView {
    PersonView {
        role: role.to_owned(),
        id: Some(id.to_owned()),
        name: name.map(str::to_owned),
    }
}

fn typing_goes_to_the_others_and_never_back_to_the_typist(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let bearer = server.sign_in();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    let (conversation, ..) = customer.say(None, "first", "hello");
    let (mut tab, _) = Client::customer(&server, &me, json!({}));
    let (mut agent, _) = Client::agent(&server, &bearer, json!({}));
    let (mut agents_tab, _) = Client::agent(&server, &bearer, json!({}));
    let (mut colleague, _) = Client::agent(&server, &add_colleague(&server), json!({}));
    let (mut other, _) = Client::customer(&server, &token(), json!({}));
    other.say(None, "first", "hello");
    for client in [
        &mut customer,
        &mut tab,
        &mut agent,
        &mut agents_tab,
        &mut colleague,
        &mut other,
    ] {
        client.everything_so_far();
    }
    for on in [true, false] {
        customer.send(&typing(conversation, on));
        for hears in [&mut agent, &mut agents_tab, &mut colleague] {
            assert_eq!(hears_typing(hears), (person("customer", "1", None), on));
        }
        agent.send(&typing(conversation, on));
        for hears in [&mut customer, &mut tab, &mut colleague] {
            assert_eq!(
                hears_typing(hears),
                (person("agent", "1", Some("Admin")), on)
            );
        }
    }
    for (who, client) in [
        ("customer", &mut customer),
        ("their tab", &mut tab),
        ("agent", &mut agent),
        ("their tab", &mut agents_tab),
        ("colleague", &mut colleague),
        ("another customer", &mut other),
    ] {
        assert_eq!(client.everything_so_far(), [], "{who}");
    }
}

fn read(conversation: ConversationId, seq: i64) -> Value {
    json!({"type": "read", "conversation": conversation, "seq": seq})
}

fn marks(frames: Vec<ServerFrame>) -> Vec<(Side, i64)> {
    let marks = frames.into_iter().filter_map(|frame| match frame {
        ServerFrame::Read { role, seq, .. } => Some((role, seq.0)),
        _ => None,
    });
    marks.collect()
}

fn hears_read(client: &mut Client) -> (Side, i64) {
    client.until(|frame| match frame {
        ServerFrame::Read { role, seq, .. } => Some((role, seq.0)),
        _ => None,
    })
}

fn the_other_side_hears_what_was_read_and_marks_never_go_back(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    let (conversation, ..) = customer.say(None, "first", "hello");
    customer.say_many(None, "more", 9);
    let (mut agent, welcome) = Client::agent(&server, &server.sign_in(), json!({}));
    assert_eq!(welcome.conversations[0].unread, 10);
    for (seq, heard) in [
        (4, Some(4)),
        (2, None),
        (4, None),
        (0, None),
        (7, Some(7)),
        (99, Some(10)),
    ] {
        agent.send(&read(conversation, seq));
        if let Some(heard) = heard {
            assert_eq!(hears_read(&mut customer), (Side::Agent, heard));
        }
    }
    agent.send(&read(conversation, 1));
    // A message comes after all of that, so that nothing can still be on its way.
    agent.say(Some(conversation), "answer", "hi");
    agent.say_many(Some(conversation), "answers", 4);
    customer.send(&read(conversation, 12));
    assert_eq!(
        hears_read(&mut customer),
        (Side::Customer, 12),
        "the reader's own tabs, too"
    );
    let heard = marks(agent.everything_so_far());
    assert_eq!(
        heard,
        [(Side::Customer, 12)],
        "the agent's own were dropped by say"
    );
    assert_eq!(marks(customer.everything_so_far()), []);
    let stored = "SELECT CONCAT(customer_read_seq, ' ', agent_read_seq) AS t FROM conversations";
    assert_eq!(database.texts(stored), [Some("12 16".to_owned())]);
}

fn unread_counts_are_right_after_messages_both_ways(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let bearer = server.sign_in();
    let me = token();
    let (mut customer, _) = Client::customer(&server, &me, json!({}));
    let (conversation, ..) = customer.say(None, "first", "hello");
    customer.say(None, "second", "hello?");
    let (mut agent, _) = Client::agent(&server, &bearer, json!({}));
    // After each step: what welcome and HTTP tell to each side.
    let unread = |step: &str, of_customer: i64, of_agent: i64| {
        let path = format!("/api/v1/conversations/{conversation}");
        let (_tab, to_customer) = Client::customer(&server, &me, json!({}));
        let (_tab2, to_agent) = Client::agent(&server, &bearer, json!({}));
        let told = (
            to_customer.conversations[0].unread,
            to_agent.conversations[0].unread,
        );
        assert_eq!(told, (of_customer, of_agent), "{step}");
        for (who, expected) in [(&me, of_customer), (&bearer, of_agent)] {
            let over_http = &server.get(&path, who).body["conversation"]["unread"];
            assert_eq!(over_http, &json!(expected), "{step}");
        }
    };
    unread("two from the customer", 0, 2);
    agent.send(&read(conversation, 1));
    assert_eq!(hears_read(&mut customer), (Side::Agent, 1));
    unread("the agent has read one", 0, 1);
    agent.say(Some(conversation), "answer", "hi");
    unread("to answer is to have read", 1, 0);
    agent.say_many(Some(conversation), "answers", 3);
    unread("four from the agent", 4, 0);
    // The first of the agent's five messages is the event of taking.
    customer.send(&read(conversation, 6));
    assert_eq!(hears_read(&mut agent), (Side::Customer, 6));
    unread("the customer has read three", 1, 0);
    customer.say(None, "third", "thanks");
    unread("and answers", 0, 1);
}

fn presences(frames: Vec<ServerFrame>) -> Vec<PresenceView> {
    let presences = frames.into_iter().filter_map(|frame| match frame {
        ServerFrame::Presence(presence) => Some(presence),
        _ => None,
    });
    presences.collect()
}

fn presence(role: Side, id: Option<&str>, name: Option<&str>, online: bool) -> PresenceView {
    PresenceView {
        role,
        id: id.map(str::to_owned),
        name: name.map(str::to_owned),
        online,
        away: false,
    }
}

/// The next change of presence, dropping other frames.
fn hears_presence(client: &mut Client) -> PresenceView {
    client.until(|frame| match frame {
        ServerFrame::Presence(presence) => Some(presence),
        _ => None,
    })
}

fn agents_hear_of_a_customers_first_and_last_session(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let bearer = server.sign_in();
    let (mut agent, _) = Client::agent(&server, &bearer, json!({}));
    let online = || {
        let answer = server.get("/api/v1/conversations/1", &bearer);
        answer.body["conversation"]["customer"]["online"] == json!(true)
    };
    let is = |online| presence(Side::Customer, Some("1"), None, online);

    // Somebody who has never written is nobody.
    let (passer_by, _) = Client::customer(&server, &token(), json!({}));
    passer_by.leave();
    let me = token();
    let (mut first, _) = Client::customer(&server, &me, json!({}));
    first.say(None, "first", "hello");
    let there = agent.until(|frame| match frame {
        ServerFrame::ConversationChanged { conversation } => Some(conversation.customer.unwrap()),
        ServerFrame::Presence(presence) => panic!("{presence:?}"),
        _ => None,
    });
    assert!(there.online);
    let (second, _) = Client::customer(&server, &me, json!({}));
    first.leave();
    assert!(online(), "one session is left");
    second.leave();
    assert_eq!(hears_presence(&mut agent), is(false));
    assert!(!online());
    let (third, _) = Client::customer(&server, &me, json!({}));
    let (fourth, _) = Client::customer(&server, &me, json!({}));
    assert_eq!(hears_presence(&mut agent), is(true));
    assert!(online());
    // Without the close handshake, as when a process dies.
    drop((third, fourth));
    assert_eq!(hears_presence(&mut agent), is(false));
    assert_eq!(presences(agent.everything_so_far()), [], "each change once");
}

fn sign_out(server: &Server, bearer: &str) {
    let bearer = format!("Bearer {bearer}");
    let headers = [("authorization", bearer.as_str())];
    let answer = server.http("POST", "/api/v1/logout", &headers, None);
    assert!(answer.status < 300, "{}", answer.body);
}

fn customers_hear_of_the_desk_as_a_whole_and_agents_of_each_other(engine: Engine) {
    let database = Database::new(engine);
    let server = Server::on(&database).start();
    let (bearer, colleagues) = (server.sign_in(), add_colleague(&server));
    let desk = |online| presence(Side::Agent, None, None, online);
    let admin = |online| presence(Side::Agent, Some("1"), Some("Admin"), online);
    let wu = |online| presence(Side::Agent, Some("2"), Some("Wu Min"), online);

    let (mut customer, welcome) = Client::customer(&server, &token(), json!({}));
    assert_eq!(welcome.presence, [desk(false)]);
    let (mut agent, welcome) = Client::agent(&server, &bearer, json!({}));
    assert_eq!(welcome.presence, [admin(true), wu(false)]);
    assert_eq!(hears_presence(&mut customer), desk(true));
    let (tab, _) = Client::agent(&server, &bearer, json!({}));
    let (mut colleague, welcome) = Client::agent(&server, &colleagues, json!({}));
    assert_eq!(welcome.presence, [admin(true), wu(true)]);
    assert_eq!(hears_presence(&mut agent), wu(true));
    let (_, welcome) = Client::customer(&server, &token(), json!({}));
    assert_eq!(welcome.presence, [desk(true)]);

    // A reload is no absence.
    tab.leave();
    agent.leave();
    let (_agent, _) = Client::agent(&server, &bearer, json!({}));
    assert_eq!(presences(colleague.everything_so_far()), []);
    sign_out(&server, &bearer);
    assert_eq!(hears_presence(&mut colleague), admin(false));
    assert_eq!(
        presences(customer.everything_so_far()),
        [],
        "somebody is at the desk"
    );
    let bearer = server.sign_in();
    let (_back, _) = Client::agent(&server, &bearer, json!({}));
    assert_eq!(hears_presence(&mut colleague), admin(true));
    assert_eq!(presences(colleague.everything_so_far()), []);
    sign_out(&server, &colleagues);
    sign_out(&server, &bearer);
    assert_eq!(hears_presence(&mut customer), desk(false));
    assert_eq!(
        presences(customer.everything_so_far()),
        [],
        "each change once"
    );
}

fn set_away(client: &mut Client, away: bool) {
    client.send(&json!({"type": "presence.set", "ref": "p", "away": away}));
    let done = client.until(|frame| match frame {
        ServerFrame::PresenceDone { reference, away } => Some((reference, away)),
        _ => None,
    });
    assert_eq!(done, ("p".to_owned(), away));
}

fn who_is_away_stays_away_and_everybody_hears_of_it(engine: Engine) {
    let database = Database::new(engine);
    let mut server = Server::on(&database).start();
    let (bearer, colleagues) = (server.sign_in(), add_colleague(&server));
    let admin = |away| PresenceView {
        away,
        ..presence(Side::Agent, Some("1"), Some("Admin"), true)
    };
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    let (mut agent, _) = Client::agent(&server, &bearer, json!({}));
    let (mut tab, _) = Client::agent(&server, &bearer, json!({}));
    let desk = |online| presence(Side::Agent, None, None, online);
    assert_eq!(hears_presence(&mut customer), desk(true));
    set_away(&mut agent, true);
    assert_eq!(hears_presence(&mut tab), admin(true));
    assert_eq!(
        hears_presence(&mut customer),
        desk(false),
        "nobody else is there"
    );
    let (mut colleague, welcome) = Client::agent(&server, &colleagues, json!({}));
    assert_eq!(welcome.presence[0], admin(true));
    assert_eq!(hears_presence(&mut customer), desk(true));
    // Not only in memory, and not only in this process.
    let other = Server::on(&database).start();
    let (_, welcome) = Client::agent(&other, &bearer, json!({}));
    assert_eq!(welcome.presence[0], admin(true));
    set_away(&mut tab, false);
    assert_eq!(hears_presence(&mut colleague), admin(false));
    set_away(&mut tab, true);
    server.crash_and_restart();
    let (mut agent, welcome) = Client::agent(&server, &bearer, json!({}));
    assert_eq!(welcome.presence[0], admin(true));
    assert!(welcome.presence[1].online, "their lease has not ended");
    // It is for agents only.
    let (mut customer, _) = Client::customer(&server, &token(), json!({}));
    customer.send(&json!({"type": "presence.set", "ref": "p", "away": true}));
    let refused = customer.until(|frame| match frame {
        ServerFrame::Error(error) => Some(error.code),
        _ => None,
    });
    assert_eq!(refused, "forbidden");
    agent.everything_so_far();
}
