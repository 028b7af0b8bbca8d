//! What properties are tried on, beside the unit tests and (tests/integration/main.rs) on the whole: random
//! cases, few and always the same in `make test`, so that a commit which passes today passes tomorrow, more and
//! new ones by `PROPTEST_CASES`. Nothing is kept between runs: what a property finds becomes a test of its own.

use std::iter::once;

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
    test_runner::{Config, RngSeed},
};
use serde_json::Value;

/// So many cases, if `PROPTEST_CASES` does not say otherwise.
pub fn cases(short: u32) -> Config {
    let asked = Config {
        failure_persistence: None,
        ..Config::default()
    };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => asked,
        None => Config {
            cases: short,
            rng_seed: RngSeed::Fixed(1),
            ..asked
        },
    }
}

/// JSON as text: any, with some of these names in its objects, names doubled, and numbers and strings that few
/// can hold.
pub fn json(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|on| on.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        (-2..5_i64).prop_map(|number| number.to_string()),
        select(&ODD[..]).prop_map(str::to_owned),
        // Ids are numbers in quotes.
        (0..5_u64).prop_map(|id| format!("\"{id}\"")),
        any::<String>().prop_map(|text| quoted(&text)),
        select(names).prop_map(quoted),
    ];
    leaf.prop_recursive(4, 24, 6, move |inner| {
        let name = prop_oneof![
            5 => select(names).prop_map(quoted),
            1 => any::<String>().prop_map(|text| quoted(&text)),
        ];
        let entry = (name, inner.clone()).prop_map(|(name, value)| format!("{name}:{value}"));
        prop_oneof![
            1 => vec(inner, 0..6).prop_map(|values| format!("[{}]", values.join(","))),
            3 => vec(entry, 0..6).prop_map(|entries| format!("{{{}}}", entries.join(","))),
        ]
    })
}

const ODD: [&str; 9] = [
    "1e999",
    "-0",
    "1.0",
    "9223372036854775808",
    "123456789012345678901234567890",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\"\"",
    "{}",
];

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// One of these texts after something has happened to it: a part is gone, or is there twice, or is another.
pub fn spoilt(good: Vec<String>) -> impl Strategy<Value = String> {
    let damage = (any::<Index>(), any::<Index>(), 0..5_u8, any::<String>());
    (select(good), vec(damage, 1..4)).prop_map(|(text, damages)| {
        damages
            .into_iter()
            .fold(text, |text, (from, to, what, other)| {
                let chars: Vec<char> = text.chars().collect();
                let (a, b) = (from.index(chars.len() + 1), to.index(chars.len() + 1));
                let (a, b) = (a.min(b), a.max(b));
                let [before, part, after] = [&chars[..a], &chars[a..b], &chars[b..]]
                    .map(|chars| chars.iter().collect::<String>());
                match what {
                    0 => before,
                    1 => before + &after,
                    2 => before + &part + &part + &after,
                    3 => before + &other + &after,
                    _ => before + &other + &part + &after,
                }
            })
    })
}

/// One frame of a WebSocket: its first byte (FIN and opcode), and its payload.
pub type Frame = (u8, Vec<u8>);

/// A message (1 is text, 2 binary) in frames, cut anywhere, with pings and pongs before and between them.
pub fn in_frames(opcode: u8, message: Vec<u8>) -> impl Strategy<Value = Vec<Frame>> {
    let control = (select(&[0x89, 0x8a][..]), vec(any::<u8>(), 0..=125));
    let controls = vec((any::<Index>(), control), 0..4);
    (vec(any::<Index>(), 0..6), controls).prop_map(move |(cuts, controls)| {
        let parts = cut(&message, &cuts);
        let last = parts.len() - 1;
        let frame = |(n, part): (usize, &&[u8])| {
            let fin = if n == last { 0x80 } else { 0 };
            let opcode = if n == 0 { opcode } else { 0 };
            (fin | opcode, part.to_vec())
        };
        let mut frames: Vec<Frame> = parts.iter().enumerate().map(frame).collect();
        for (before, control) in controls {
            frames.insert(before.index(frames.len()), control);
        }
        frames
    })
}

/// Bytes in one part more than there are cuts; some are empty.
pub fn cut<'a>(bytes: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut ends: Vec<usize> = (cuts.iter().map(|cut| cut.index(bytes.len() + 1)))
        .chain(once(bytes.len()))
        .collect();
    ends.sort_unstable();
    let starts = once(0).chain(ends.clone());
    starts
        .zip(ends)
        .map(|(from, to)| &bytes[from..to])
        .collect()
}

/// JSON pointers to all that is in it.
pub fn places_of(value: &Value, at: String, places: &mut Vec<String>) {
    for (name, inner) in value.as_object().into_iter().flatten() {
        places_of(inner, format!("{at}/{name}"), places);
    }
    places.push(at);
}
