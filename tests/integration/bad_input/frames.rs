//! Broken WebSocket frames (RFC 6455).

use std::{
    collections::VecDeque,
    io::Write,
    thread,
    time::{Duration, Instant},
};

use proptest::{collection::vec, prelude::*, sample::Index, test_runner::TestRunner};
use serde_json::{Value, json};

use super::{customer, server};
use crate::{
    random,
    support::{
        Server,
        raw::{
            BINARY, CLOSE, FIRST_BINARY, FIRST_TEXT, LAST, MORE, PING, PONG, Raw, TEXT, frame,
            header,
        },
        token,
    },
};

/// A customer who is in.
fn inside(server: &Server) -> Raw {
    let mut raw = Raw::connect(server);
    raw.say(&json!({"type": "hello", "as": "customer", "token": token()}));
    raw.until("resumed");
    raw
}

/// Several frames, one after the other.
fn frames(parts: &[(u8, &[u8])]) -> Vec<u8> {
    parts
        .iter()
        .flat_map(|(first, bytes)| frame(*first, bytes))
        .collect()
}

/// Bytes that end the connection, and the code with which they do.
type Case = (String, Vec<u8>, u16);

/// Each ends its connection with its code, before and after hello. All at once, as the server gives
/// a peer a second to answer its close frame.
fn close(server: &Server, cases: &[Case]) {
    thread::scope(|scope| {
        for (what, bytes, code) in cases {
            scope.spawn(move || {
                for mut raw in [Raw::connect(server), inside(server)] {
                    raw.send(bytes);
                    assert_eq!(raw.close_code(), Some(*code), "{what}");
                }
            });
        }
    });
}

const PING_TEXT: &[u8] = br#"{"type":"ping"}"#;

#[test]
fn broken_frames_close_with_the_code_that_says_why() {
    let (server, _database) = server();
    let mut other = customer(&server);
    let mut cases: Vec<Case> = Vec::new();
    let mut add = |what: &str, bytes: &[u8], code| {
        cases.push((what.to_owned(), bytes.to_vec(), code));
    };
    let unmasked = [&[TEXT, 15][..], PING_TEXT].concat();
    add("unmasked", &unmasked, 1002);
    for reserved in [0x10, 0x20, 0x40, 0x70] {
        let bytes = frame(TEXT | reserved, PING_TEXT);
        add("reserved bits", &bytes, 1002);
    }
    for opcode in (0x3..=0x7).chain(0xb..=0xf) {
        add("reserved opcode", &frame(0x80 | opcode, b""), 1002);
        add("reserved opcode", &frame(0x80 | opcode, b"x"), 1002);
    }
    for control in [PING, PONG, CLOSE] {
        let long = frame(control, &[b'x'; 126]);
        add("a long control frame", &long, 1002);
        let split = frame(control & !0x80, b"");
        add("a control frame in parts", &split, 1002);
    }
    for (what, parts, code) in [
        ("nothing to continue", &[(MORE, &b"x"[..])][..], 1002),
        ("nothing to end", &[(LAST, b"x")], 1002),
        (
            "a second start",
            &[(FIRST_TEXT, b"{"), (FIRST_TEXT, b"}")],
            1002,
        ),
        (
            "a text between",
            &[(FIRST_TEXT, b"{"), (TEXT, PING_TEXT)],
            1002,
        ),
        (
            "a binary between",
            &[(FIRST_TEXT, b"{"), (BINARY, b"x")],
            1002,
        ),
        ("not UTF-8", &[(TEXT, b"\xff")], 1007),
        ("cut in a character", &[(TEXT, b"\xe4\xbd")], 1007),
        ("overlong", &[(TEXT, b"\xc0\x80")], 1007),
        ("a surrogate", &[(TEXT, b"\xed\xa0\x80")], 1007),
        ("beyond Unicode", &[(TEXT, b"\xf4\x90\x80\x80")], 1007),
        (
            "not UTF-8 when joined",
            &[(FIRST_TEXT, b"\xe4"), (LAST, b"x")],
            1007,
        ),
        (
            "cut when joined",
            &[(FIRST_TEXT, b"\xe4"), (LAST, b"\xbd")],
            1007,
        ),
    ] {
        add(what, &frames(parts), code);
    }
    let limit = 65_536;
    let half = vec![b' '; limit / 2];
    let whole = [half.clone(), half.clone()].concat();
    for (what, parts) in [
        (
            "a large frame",
            &[(TEXT, &[whole.clone(), vec![b' ']].concat()[..])][..],
        ),
        (
            "large when joined",
            &[(FIRST_TEXT, &half), (MORE, &half), (LAST, b" ")],
        ),
        (
            "large before the end",
            &[(FIRST_TEXT, &whole), (MORE, b" ")],
        ),
        ("a large binary", &[(FIRST_BINARY, &whole), (MORE, b" ")]),
    ] {
        add(what, &frames(parts), 1009);
    }
    add(
        "2^63 bytes",
        &[&header(TEXT, 1 << 63)[..], b"mask"].concat(),
        1009,
    );
    close(&server, &cases);
    other.say(None, "first", "nobody else noticed");
}

/// What is announced is refused before it comes: else one peer alone can fill the memory.
#[test]
fn a_frame_that_announces_too_much_is_not_waited_for() {
    let (server, _database) = server();
    let announced = [65_537, 1 << 20, 1 << 40, (1 << 63) - 1].map(|length| {
        let bytes = [&header(TEXT, length)[..], b"mask"].concat();
        (format!("{length} bytes announced"), bytes, 1009)
    });
    close(&server, &announced);
}

#[test]
fn a_frame_that_never_ends_takes_no_memory() {
    let (server, _database) = server();
    let mut raw = inside(&server);
    let before = server.memory_bytes();
    raw.send(&[&header(TEXT, 1 << 40)[..], b"mask"].concat());
    let patience = Duration::from_millis(500);
    raw.stream.set_write_timeout(Some(patience)).unwrap();
    let (part, mut sent) = (vec![b'x'; 65_536], 0);
    while sent < 100 << 20 && raw.stream.write_all(&part).is_ok() {
        sent += 65_536;
    }
    let grown = server.memory_bytes().saturating_sub(before);
    println!("{} MiB sent, grown by {} KiB", sent >> 20, grown >> 10);
    assert!(grown < 8 << 20, "grown by {} MiB", grown >> 20);
}

/// The bytes that could not be read must not be read again and again until the connection ends.
#[test]
fn a_broken_frame_costs_next_to_nothing() {
    let (server, _database) = server();
    let before = server.cpu_time();
    for bytes in [frame(0xc1, b"x"), frame(0x83, b"x"), vec![TEXT, 1, b'x']] {
        let mut raw = inside(&server);
        raw.send(&bytes);
        assert_eq!(raw.close_code(), Some(1002));
    }
    let took = server.cpu_time().saturating_sub(before);
    println!("{took:?}");
    assert!(took < Duration::from_millis(300), "{took:?}");
}

#[test]
fn closing_is_answered() {
    let (server, _database) = server();
    let with = |code: u16, reason: &[u8]| [&code.to_be_bytes()[..], reason].concat();
    let answers = [
        (vec![], 1005),
        (with(1000, b""), 1000),
        (with(1001, "再见".as_bytes()), 1001),
        (with(3000, b""), 3000),
        (with(4999, b"mine"), 4999),
        (vec![3], 1002),
    ]
    .map(|(body, code)| (format!("{body:?}"), frame(CLOSE, &body), code));
    close(&server, &answers);
    for code in [
        0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535,
    ] {
        let bytes = frame(CLOSE, &with(code, b""));
        for mut raw in [Raw::connect(&server), inside(&server)] {
            raw.send(&bytes);
            // RFC 6455 §7.4 forbids the code; either answer says that it was heard.
            let answer = raw.close_code();
            assert!(matches!(answer, Some(1002 | 1005)), "{code}: {answer:?}");
        }
    }
}

#[test]
fn a_message_may_come_in_parts() {
    let (server, _database) = server();
    let mut raw = inside(&server);
    let message = |n: usize| {
        json!({"type": "message.post", "ref": "r", "client_id": format!("m{n}"), "text": "你好😀"})
            .to_string()
            .into_bytes()
    };
    let mut n = 0;
    let mut accepted = |raw: &mut Raw| -> Value {
        let answer = raw.until("message.accepted");
        n += 1;
        assert_eq!(answer["seq"], json!(n));
        answer
    };
    let whole = message(1);
    // In the middle of a character, too.
    for at in [0, 1, whole.len() - 8, whole.len() - 1, whole.len()] {
        let bytes = message(at + 100);
        let (a, b) = bytes.split_at(at.min(bytes.len()));
        raw.send(&frames(&[(FIRST_TEXT, a), (MORE, b""), (LAST, b)]));
        accepted(&mut raw);
    }
    // One byte at a time.
    let bytes = message(2);
    let mut parts = vec![(FIRST_TEXT, &bytes[..1])];
    parts.extend(bytes[1..].chunks(1).map(|byte| (MORE, byte)));
    parts.push((LAST, b""));
    raw.send(&frames(&parts));
    accepted(&mut raw);
    // With control frames between the parts.
    let third = message(3);
    let (c, d) = third.split_at(20);
    raw.send(&frames(&[
        (FIRST_TEXT, c),
        (PING, b"are you there"),
        (PONG, b""),
    ]));
    let pong = raw.next_of(PONG);
    assert_eq!(pong, b"are you there");
    raw.send(&frame(LAST, d));
    accepted(&mut raw);
}

#[test]
fn binary_frames_are_refused() {
    let (server, _database) = server();
    for mut raw in [Raw::connect(&server), inside(&server)] {
        for parts in [
            &[(BINARY, PING_TEXT)][..],
            &[(BINARY, b"")],
            &[(BINARY, b"\xff\xfe")],
            &[(FIRST_BINARY, b"\xff"), (MORE, b""), (LAST, b"\xff")],
        ] {
            raw.send(&frames(parts));
            assert_eq!(raw.until("error")["code"], "binary_unsupported");
            raw.send(&frame(TEXT, PING_TEXT));
            raw.until("pong");
        }
    }
}

#[test]
fn control_frames_of_every_size_are_answered() {
    let (server, _database) = server();
    let mut raw = inside(&server);
    for size in [0, 1, 124, 125] {
        let payload = vec![0xff; size];
        raw.send(&frame(PING, &payload));
        assert_eq!(raw.next_of(PONG), payload);
        raw.send(&frame(PONG, &payload));
    }
    // All at once, with every answer left unread until the end.
    let since = Instant::now();
    for _ in 0..1_000 {
        raw.send(&frame(PING, &[7; 125]));
    }
    for _ in 0..1_000 {
        assert_eq!(raw.next_of(PONG), [7; 125]);
    }
    assert!(since.elapsed() < Duration::from_secs(10));
}

/// What comes over a connection, and where its bytes are cut.
#[derive(Debug)]
struct Cut {
    /// Each as it is and in frames.
    texts: Vec<(String, Vec<random::Frame>)>,
    /// What breaks the connection after them, and the code with which it does.
    end: Option<(Vec<random::Frame>, u16)>,
    cuts: Vec<Index>,
}

fn cut() -> impl Strategy<Value = Cut> {
    let text = "[^\\x00]{0,40}x".prop_flat_map(|text| {
        let key = token();
        let post = json!({"type": "message.post", "ref": key, "client_id": key, "text": text});
        let frames = random::in_frames(1, post.to_string().into_bytes());
        frames.prop_map(move |frames| (text.clone(), frames))
    });
    let half = vec![b' '; 32_768];
    let end = prop_oneof![
        Just((vec![(LAST, b"x".to_vec())], 1002)),
        Just((
            vec![(FIRST_TEXT, b"{".to_vec()), (TEXT, PING_TEXT.to_vec())],
            1002
        )),
        Just((
            vec![
                (FIRST_TEXT, b"\xe4".to_vec()),
                (PING, vec![]),
                (LAST, b"x".to_vec())
            ],
            1007
        )),
        Just((
            vec![
                (FIRST_TEXT, half.clone()),
                (PONG, vec![]),
                (MORE, half),
                (LAST, vec![b' '])
            ],
            1009
        )),
    ];
    let end = prop_oneof![3 => Just(None), 1 => end.prop_map(Some)];
    (vec(text, 1..4), end, vec(any::<Index>(), 0..8)).prop_map(|(texts, end, cuts)| Cut {
        texts,
        end,
        cuts,
    })
}

#[test]
fn a_message_arrives_once_and_whole_however_it_is_cut() {
    let (server, _database) = server();
    let mut runner = TestRunner::new(random::cases(150));
    let outcome = runner.run(&cut(), |cut| arrives(&server, &cut));
    outcome.unwrap_or_else(|why| panic!("{why}"));
}

fn arrives(server: &Server, Cut { texts, end, cuts }: &Cut) -> Result<(), TestCaseError> {
    let mut raw = inside(server);
    let good = texts.iter().flat_map(|(_, frames)| frames);
    let last = end.iter().flat_map(|(frames, _)| frames);
    let bytes: Vec<u8> = (good.clone().chain(last))
        .flat_map(|(first, payload)| frame(*first, payload))
        .collect();
    for part in random::cut(&bytes, cuts) {
        raw.send(part);
    }
    if let Some((_, code)) = end {
        prop_assert_eq!(raw.close_code(), Some(*code));
        return Ok(());
    }
    let mut pings: VecDeque<_> = good.filter(|(first, _)| *first == PING).collect();
    for (n, (text, _)) in texts.iter().enumerate() {
        let said = loop {
            let (first, payload) = raw.next().expect("the connection is up");
            if first == PONG {
                let asked = pings.pop_front().map(|(_, payload)| payload);
                prop_assert_eq!(asked, Some(&payload));
                continue;
            }
            let said: Value = serde_json::from_slice(&payload).unwrap();
            prop_assert_ne!(&said["type"], "error", "{}", said);
            if said["type"] == "message.posted" {
                break said;
            }
        };
        prop_assert_eq!(&said["seq"], &json!(n + 1));
        prop_assert_eq!(&said["text"], text);
    }
    // All of them stand before the end of the last text.
    prop_assert!(pings.is_empty(), "not answered: {pings:?}");
    // Nothing more has come of it.
    raw.send(&frame(TEXT, PING_TEXT));
    while let Some((first, payload)) = raw.next() {
        prop_assert_eq!(first, TEXT);
        let said: Value = serde_json::from_slice(&payload).unwrap();
        if said["type"] == "pong" {
            return Ok(());
        }
        prop_assert_ne!(&said["type"], "message.posted", "{}", said);
    }
    Err(TestCaseError::fail("the connection ended"))
}
