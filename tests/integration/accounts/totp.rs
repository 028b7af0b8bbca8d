//! The second factor: set up, asked for, each code once, switched off.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use kefu::protocol::AccountView;
use serde_json::{Value, json};
use sha1::Sha1;

use super::{add, login, manage::call, me};
use crate::{
    on_both_databases,
    support::{ADMIN_PASSWORD, Answer, Client, Database, Engine, Server},
};

on_both_databases! {
    sign_in_asks_for_a_code_once_it_is_set_up_and_each_is_good_once
    a_recovery_code_stands_in_once
    wrong_codes_slow_the_next_try_down_and_the_right_password_wipes_nothing
    it_is_set_up_and_switched_off_with_the_password_only
    an_admin_switches_somebody_elses_off_and_so_does_the_command_line
    the_key_is_not_in_the_database
}

const KEY: &str = "a key of the operator's, long enough";

fn unbase32(text: &str) -> Vec<u8> {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bits, mut held, mut bytes) = (0, 0_u32, Vec::new());
    for letter in text.bytes() {
        let value = letters.iter().position(|l| *l == letter).unwrap();
        held = held << 5 | u32::try_from(value).unwrap();
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap());
        }
    }
    bytes
}

/// What an app shows, so many steps from now.
fn code(secret: &str, steps: i64) -> String {
    let step = kefu::domain::now().timestamp() / 30 + steps;
    let mac = Hmac::<Sha1>::new_from_slice(&unbase32(secret)).unwrap();
    let hash = mac.chain_update(step.to_be_bytes()).finalize().into_bytes();
    let at = usize::from(hash[19] & 15);
    let word = u32::from_be_bytes(hash[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

fn post(server: &Server, bearer: &str, path: &str, body: Value) -> Answer {
    call(server, "POST", path, bearer, Some(&body))
}

/// Sets it up for `wu`; the secret and the recovery codes. Uses the code before the current one.
fn set_up(server: &Server, bearer: &str) -> (String, Vec<String>) {
    let begun = post(
        server,
        bearer,
        "/me/totp",
        json!({"password": "her-password"}),
    );
    assert_eq!(begun.status, 200, "{}", begun.body);
    assert_eq!(begun.header("cache-control"), "no-store");
    let secret = begun.body["secret"].as_str().unwrap().to_owned();
    let uri = begun.body["uri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/Kefu:wu?secret="), "{uri}");
    let wrong = post(server, bearer, "/me/totp/confirm", json!({"code": "12345"}));
    assert_eq!((wrong.status, wrong.code()), (401, "code_wrong"));
    let body = json!({"code": code(&secret, -1)});
    let done = post(server, bearer, "/me/totp/confirm", body);
    assert_eq!(done.status, 200, "{}", done.body);
    let codes = done.body["recovery_codes"].as_array().unwrap();
    let codes: Vec<_> = codes
        .iter()
        .map(|it| it.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(codes.len(), 10);
    (secret, codes)
}

fn sign_in(server: &Server, code: &str) -> Answer {
    let body = json!({"username": "wu", "password": "her-password", "code": code});
    server.http("POST", "/api/v1/login", &[], Some(&body))
}

fn start(engine: Engine) -> (Database, Server, String) {
    let database = Database::new(engine);
    let server = Server::on(&database).with("KEFU_SECRET_KEY", KEY).start();
    add(&server, "wu", "her-password");
    let bearer = server.sign_in_as("wu", "her-password");
    (database, server, bearer)
}

fn sign_in_asks_for_a_code_once_it_is_set_up_and_each_is_good_once(engine: Engine) {
    let (_database, server, bearer) = start(engine);
    let elsewhere = server.sign_in_as("wu", "her-password");
    let (mut client, _) = Client::agent(&server, &elsewhere, json!({}));
    let status = || call(&server, "GET", "/me/totp", &bearer, None).body;
    assert_eq!(status(), json!({"enabled": false, "recovery_codes": 0}));
    let (secret, _) = set_up(&server, &bearer);
    assert_eq!(status(), json!({"enabled": true, "recovery_codes": 10}));
    // Whoever was in by the password alone is out; this session stays.
    assert_eq!(client.closed().0, 4500);
    assert_eq!(me(&server, &bearer).0, 200);
    let without = login(&server, "wu", "her-password");
    assert_eq!((without.status, without.code()), (401, "code_required"));
    let wrong_password = login(&server, "wu", "not her password");
    assert_eq!(
        wrong_password.code(),
        "bad_credentials",
        "the password comes first"
    );
    let current = code(&secret, 0);
    let in_again = sign_in(&server, &format!("{} {}", &current[..3], &current[3..]));
    assert_eq!(in_again.status, 200, "{}", in_again.body);
    assert!(in_again.header("set-cookie").contains("kefu_session="));
    // The same once more, and the one before it, which was used to confirm.
    for used in [current, code(&secret, -1)] {
        let again = sign_in(&server, &used);
        assert_eq!((again.status, again.code()), (401, "code_wrong"));
    }
    // Nobody else is asked.
    assert_eq!(login(&server, "admin", ADMIN_PASSWORD).status, 200);
    // The next one is good already.
    assert_eq!(sign_in(&server, &code(&secret, 1)).status, 200);
}

fn a_recovery_code_stands_in_once(engine: Engine) {
    let (database, server, bearer) = start(engine);
    let (_, codes) = set_up(&server, &bearer);
    assert_eq!(sign_in(&server, &codes[3].to_uppercase()).status, 200);
    let again = sign_in(&server, &codes[3]);
    assert_eq!((again.status, again.code()), (401, "code_wrong"));
    assert_eq!(sign_in(&server, &codes[4].replace('-', "")).status, 200);
    let left = call(&server, "GET", "/me/totp", &bearer, None).body;
    assert_eq!(left["recovery_codes"], json!(8));
    let used = "SELECT COUNT(*) AS n FROM agent_recovery_codes WHERE used_at IS NOT NULL";
    assert_eq!(database.count(used), 2);
}

fn wrong_codes_slow_the_next_try_down_and_the_right_password_wipes_nothing(engine: Engine) {
    let (_database, server, bearer) = start(engine);
    set_up(&server, &bearer);
    let mut failures = 0;
    let slowed = loop {
        // The right password alone, which is no failure, in between.
        assert_eq!(login(&server, "wu", "her-password").code(), "code_required");
        let answer = sign_in(&server, "not a code");
        if answer.status == 429 {
            break answer;
        }
        assert_eq!(answer.code(), "code_wrong");
        failures += 1;
        assert!(failures < 12, "nobody is slowed down");
    };
    assert!(failures >= 5, "a few typing mistakes are free");
    assert!(slowed.body["retry_after_ms"].as_u64().unwrap() > 0);
    let header: u64 = slowed.header("retry-after").parse().unwrap();
    assert!(header > 0);
}

fn it_is_set_up_and_switched_off_with_the_password_only(engine: Engine) {
    let (_database, server, bearer) = start(engine);
    for path in ["/me/totp", "/me/totp/off"] {
        let wrong = post(&server, &bearer, path, json!({"password": "not hers"}));
        assert_eq!((wrong.status, wrong.code()), (401, "bad_credentials"));
    }
    let early = post(
        &server,
        &bearer,
        "/me/totp/confirm",
        json!({"code": "123456"}),
    );
    assert_eq!((early.status, early.code()), (409, "totp_off"));
    // What is only begun asks for nothing, and can be begun anew.
    let begin = || {
        post(
            &server,
            &bearer,
            "/me/totp",
            json!({"password": "her-password"}),
        )
    };
    assert_eq!(begin().status, 200);
    server.sign_in_as("wu", "her-password");
    set_up(&server, &bearer);
    let twice = begin();
    assert_eq!((twice.status, twice.code()), (409, "totp_on"));
    let off = post(
        &server,
        &bearer,
        "/me/totp/off",
        json!({"password": "her-password"}),
    );
    assert_eq!(off.status, 204);
    server.sign_in_as("wu", "her-password");
    for body in [
        json!({}),
        json!({"password": 1}),
        json!({"password": "x", "code": "1"}),
    ] {
        let bad = post(&server, &bearer, "/me/totp", body);
        assert_eq!((bad.status, bad.code()), (400, "bad_request"));
    }
}

fn an_admin_switches_somebody_elses_off_and_so_does_the_command_line(engine: Engine) {
    let (_database, server, bearer) = start(engine);
    let admin = server.sign_in();
    set_up(&server, &bearer);
    let accounts = || -> Vec<AccountView> {
        let answer = call(&server, "GET", "/accounts", &admin, None);
        serde_json::from_value(answer.body["accounts"].clone()).unwrap()
    };
    let wu = accounts()
        .into_iter()
        .find(|it| it.username == "wu")
        .unwrap();
    assert!(wu.second_factor);
    let path = format!("/accounts/{}/totp/off", wu.id);
    assert_eq!(post(&server, &bearer, &path, json!({})).code(), "forbidden");
    let own = post(&server, &admin, "/accounts/1/totp/off", json!({}));
    assert_eq!((own.status, own.code()), (409, "own_account"));
    assert_eq!(
        post(&server, &admin, "/accounts/99/totp/off", json!({})).status,
        404
    );
    assert_eq!(post(&server, &admin, &path, json!({})).status, 204);
    assert_eq!(me(&server, &bearer).0, 401, "whoever has the phone is out");
    let bearer = server.sign_in_as("wu", "her-password");
    set_up(&server, &bearer);
    assert_eq!(login(&server, "wu", "her-password").code(), "code_required");
    let done = server.command(&["agent", "totp-off", "wu"], "");
    assert!(done.status.success(), "{done:?}");
    server.sign_in_as("wu", "her-password");
    assert!(accounts().iter().all(|it| !it.second_factor));
}

fn the_key_is_not_in_the_database(engine: Engine) {
    let (database, server, bearer) = start(engine);
    let (secret, _) = set_up(&server, &bearer);
    let seed = database.texts("SELECT HEX(seed) AS t FROM agent_totp");
    let mut hex = String::new();
    for byte in unbase32(&secret) {
        write!(hex, "{byte:02X}").unwrap();
    }
    assert_ne!(seed, [Some(hex)]);
    // Without the key nobody gets in by a code; the account's recovery codes and the command line help.
    drop(server);
    let server = Server::on(&database).start();
    let answer = sign_in(&server, &code(&secret, 0));
    assert_eq!((answer.status, answer.code()), (500, "internal"));
}
