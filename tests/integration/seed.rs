//! `kefu dev seed`: a year of conversations that nobody had.

use crate::{
    on_both_databases,
    support::{Database, Engine, Server},
};

on_both_databases! {
    the_same_seed_gives_the_same_and_what_a_server_would_have_stored
    conversations_that_are_there_already_are_not_mixed_with_it_unasked
}

const INCOMPLETE: &str = "SELECT COUNT(*) AS n FROM (SELECT c.id FROM conversations c \
    LEFT JOIN messages m ON m.conversation_id = c.id GROUP BY c.id, c.last_seq \
    HAVING COUNT(m.seq) <> c.last_seq) AS incomplete";

const EVERYTHING: &str = "SELECT CONCAT(conversation_id, ' ', seq, ' ', kind, ' ', sender_role, ' ', \
    sender_id, ' ', text, ' ', sent_at) AS t FROM messages ORDER BY conversation_id, seq";

fn seed(database: &Database, more: &[&str]) -> std::process::Output {
    let arguments = ["dev", "seed", "--messages", "2000", "--until", "2026-11-23"];
    let server = Server::on(database).start();
    server.command(&[&arguments, more].concat(), "")
}

fn the_same_seed_gives_the_same_and_what_a_server_would_have_stored(engine: Engine) {
    let databases = [Database::new(engine), Database::new(engine)];
    for database in &databases {
        let made = seed(database, &[]);
        assert!(made.status.success(), "{made:?}");
    }
    let all = databases
        .each_ref()
        .map(|database| database.texts(EVERYTHING));
    assert_eq!(all[0].len(), 2_000);
    assert_eq!(all[0], all[1]);
    let database = &databases[0];
    assert_eq!(database.count(INCOMPLETE), 0);
    for (what, least) in [
        ("conversations WHERE status = 'closed'", 150),
        ("conversations WHERE status <> 'closed'", 1),
        ("customers WHERE language = 'zh-CN'", 50),
        ("customers WHERE language = 'en'", 30),
        ("conversation_tags", 50),
        ("ratings", 30),
        ("messages WHERE kind = 'note'", 1),
    ] {
        let count = database.count(&format!("SELECT COUNT(*) AS n FROM {what}"));
        assert!(count >= least, "{what}: {count}");
    }
    let wrong = "SELECT COUNT(*) AS n FROM conversations WHERE (status = 'closed') <> (closed_at IS NOT NULL) \
                 OR (status = 'waiting') <> (waiting_since IS NOT NULL) \
                 OR (status = 'closed') <> (current_of IS NULL)";
    assert_eq!(database.count(wrong), 0);
}

fn conversations_that_are_there_already_are_not_mixed_with_it_unasked(engine: Engine) {
    let database = Database::new(engine);
    assert!(seed(&database, &[]).status.success());
    let refused = seed(&database, &[]);
    assert!(!refused.status.success());
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("--append"),
        "{refused:?}"
    );
    assert!(
        seed(&database, &["--append", "--seed", "2"])
            .status
            .success()
    );
    assert_eq!(database.count("SELECT COUNT(*) AS n FROM messages"), 4_000);
    assert_eq!(database.count(INCOMPLETE), 0);
}
