//! Words come back byte for byte, on servers of any charset; a write that the database can not digest
//! does not harm its neighbours.

use crate::{
    domain::Code,
    store::{
        DatabaseUrl, Page, Viewer, Written,
        testing::{Desk, customer, on_both_engines, posted, wait},
    },
};

#[test]
fn every_text_comes_back_byte_for_byte() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let asker = customer();
        let long = "长".repeat(5_461);
        let texts = [
            "你好，请问什么时候发货？",
            "𠮷野家 👩‍👩‍👧‍👦 🇨🇳 e\u{301}",
            "مرحبا \u{202e}dlrow olleh",
            r#"it's "quoted" \ back\\slash \n \0 % _ `tick` ; -- /* */ {{}}"#,
            "  spaces and\r\nlines\t  ",
            "'); DROP TABLE messages; --",
            "\u{feff}\u{1}\u{7f}\u{fffd}",
            &long,
        ];
        for (n, text) in texts.iter().enumerate() {
            desk.submit(&asker, None, &format!("m{n}"), text);
        }
        let told: Vec<_> = desk.collect(texts.len()).into_iter().map(posted).collect();
        let here = told[0].message.conversation;
        let page = wait(store.messages(Viewer::Agent, here, Page::Newest, 100))
            .unwrap()
            .unwrap();
        for (n, text) in texts.iter().enumerate() {
            assert_eq!(told[n].message.text, *text);
            assert_eq!(page.messages[n].text, *text);
        }
    });
}

#[test]
fn a_write_that_can_not_be_stored_does_not_harm_the_others() {
    on_both_engines(|database| {
        let store = database.store();
        let trigger = match database.url.engine() {
            crate::store::Engine::Sqlite => {
                "CREATE TRIGGER poison BEFORE INSERT ON messages WHEN NEW.text = 'poison' \
                 BEGIN SELECT RAISE(ABORT, 'bad for me'); END"
            }
            crate::store::Engine::Mysql => {
                "CREATE TRIGGER poison BEFORE INSERT ON messages FOR EACH ROW \
                 BEGIN IF NEW.text = 'poison' THEN \
                 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'bad for me'; END IF; END"
            }
        };
        database.execute_plain(trigger);
        let desk = Desk::new(&store);
        let people: Vec<_> = (0..5).map(|_| customer()).collect();
        let bad = [7, 40, 41];
        for n in 0..60 {
            let text = if bad.contains(&n) { "poison" } else { "food" };
            desk.submit(&people[n % 5], None, &format!("m{n}"), text);
        }
        for (n, written) in desk.collect(60).into_iter().enumerate() {
            if bad.contains(&n) {
                let Written::Failed { refusal, .. } = written else {
                    panic!("{written:?}")
                };
                assert_eq!(refusal.code, Code::Internal);
                let incident = refusal.incident.unwrap();
                assert!(refusal.message.contains(&*incident), "{}", refusal.message);
                assert!(!refusal.message.contains("bad for me"));
            } else {
                assert_eq!(posted(written).message.text, "food");
            }
        }
        assert_eq!(database.count("messages"), 57);
        // Somebody whose only message was poison was never here.
        let written = desk.write(&customer(), None, "only", "poison");
        assert!(matches!(written, Written::Failed { .. }));
        assert_eq!(database.count("customers"), 5);
    });
}

#[test]
fn a_typo_in_the_address_makes_no_file() {
    assert!("mysql:typo".parse::<DatabaseUrl>().is_err());
    assert!(!std::path::Path::new("mysql:typo").exists());
}
