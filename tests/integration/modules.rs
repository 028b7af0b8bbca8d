//! Which module may use which (docs/ARCHITECTURE.md), kept by reading the sources.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Each module with the modules of ours that it may use.
const DIRECTIONS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("bell", &[]),
    ("channel", &["bell"]),
    ("metrics", &["domain", "channel"]),
    ("texts", &["metrics"]),
    ("incident", &["domain"]),
    ("password", &[]),
    ("random", &[]),
    ("files", &["domain"]),
    (
        "dev",
        &[
            "backup",
            "domain",
            "export",
            "files",
            "metrics",
            "retention",
            "store",
        ],
    ),
    ("index", &["store"]),
    ("backup", &["domain", "files", "store"]),
    ("retention", &["domain", "files", "store"]),
    ("sweep", &["domain", "files", "store"]),
    ("protocol", &["domain"]),
    ("store", &["domain", "metrics", "incident"]),
    (
        "chat",
        &[
            "bell", "domain", "channel", "texts", "metrics", "protocol", "store", "incident",
        ],
    ),
    ("export", &["domain", "protocol", "store"]),
    ("import", &["config", "domain", "export", "store"]),
    ("config", &["domain", "store"]),
    ("socketio", &["channel", "texts"]),
    (
        "http",
        &[
            "bell",
            "domain",
            "channel",
            "texts",
            "metrics",
            "protocol",
            "store",
            "chat",
            "config",
            "incident",
            "password",
            "socketio",
            "files",
            "export",
            "retention",
        ],
    ),
    (
        "server",
        &[
            "domain",
            "metrics",
            "protocol",
            "store",
            "chat",
            "http",
            "config",
            "incident",
            "password",
            "files",
            "index",
            "sweep",
            "retention",
        ],
    ),
];

/// Each outside crate with the only places that may name it.
const ONLY: &[(&str, &[&str])] = &[
    ("diesel", &["store/"]),
    ("diesel_migrations", &["store/"]),
    ("actix_web_actors", &["http/socket.rs"]),
    ("actix_http", &["http/socket.rs"]),
    ("actix_files", &["http/pages.rs"]),
    ("actix_web", &["http/", "server.rs"]),
    ("argon2", &["password.rs"]),
    ("prometheus", &["metrics.rs"]),
];

fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    let name = |path: &Path| {
        path.strip_prefix(&root)
            .unwrap()
            .to_string_lossy()
            .into_owned()
    };
    found
        .iter()
        .map(|path| (name(path), fs::read_to_string(path).unwrap()))
        .collect()
}

/// The modules of ours that a source names behind `crate::`, also in a list of several.
fn uses(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in source.match_indices("crate::") {
        let rest = &source[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => found.push(word(rest)),
            Some(list) => {
                let mut depth = 0;
                let mut start = true;
                for (at, character) in list.char_indices() {
                    match character {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        _ if start && character.is_alphabetic() => {
                            start = false;
                            found.push(word(&list[at..]));
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    found
}

fn word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

#[test]
fn modules_point_one_way() {
    let mut seen = 0;
    for (name, source) in sources() {
        let module = name.split(['/', '.']).next().unwrap();
        let Some((_, allowed)) = DIRECTIONS.iter().find(|(of, _)| *of == module) else {
            assert!(
                ["lib", "main"].contains(&module),
                "{name} is in no known module"
            );
            continue;
        };
        for used in uses(&source) {
            seen += 1;
            // Only there while testing.
            let fine = used == module || used == "random" || allowed.contains(&used.as_str());
            assert!(fine, "{name} uses {used}, which {module} may not");
        }
    }
    assert!(seen > 30, "the sources were read: {seen}");
}

#[test]
fn crates_are_named_where_they_belong() {
    for (name, source) in sources() {
        for (dependency, places) in ONLY {
            if places.iter().any(|place| name.starts_with(place)) {
                continue;
            }
            let named = source.contains(&format!("{dependency}::"));
            assert!(
                !named,
                "{name} names {dependency}, which only {places:?} may"
            );
        }
    }
}

#[test]
fn the_reader_of_uses_reads_lists() {
    let source = "use crate::{domain::{Seq, Id}, store::Store};\nlet x = crate::chat::Room;";
    assert_eq!(uses(source), ["domain", "store", "chat"]);
}
