//! Files: whose they are, posted once, counted, expired.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::{
    domain::{ClientId, Code, ConversationId, File, FileId, FileLimits, Kind, Media, Pixels, now},
    store::{
        NewFile, Post, PostFile, Posted, Poster, Store, Ticket, Uploader, Viewer, Write, Written,
        testing::{Desk, agent, customer, on_both_engines, posted, wait},
    },
};

fn uploader(poster: &Poster) -> Uploader {
    match poster {
        Poster::Customer { key, .. } => Uploader::Customer(*key),
        Poster::Agent(agent) => Uploader::Agent(agent.id),
    }
}

fn new_file(by: &Poster, size: u64) -> NewFile {
    NewFile {
        file: File {
            id: FileId::random().unwrap(),
            name: "猫.png".to_owned(),
            size,
            media: Media::Png,
            pixels: Some(Pixels {
                width: 640,
                height: 480,
            }),
        },
        by: uploader(by),
        quota_bytes: 1_000,
    }
}

pub fn upload(store: &Store, by: &Poster) -> File {
    let new = new_file(by, 10);
    assert!(wait(store.add_file(new.clone())).unwrap());
    new.file
}

pub fn write(
    from: &Poster,
    to: Option<ConversationId>,
    client_id: &str,
    file: &File,
    most: u32,
) -> Write {
    Write::Post(Post {
        ticket: Ticket(0),
        from: from.clone(),
        conversation: to,
        client_id: ClientId::parse(client_id).unwrap(),
        kind: Kind::File,
        text: String::new(),
        file: Some(PostFile {
            id: file.id.clone(),
            most,
        }),
    })
}

pub fn post(desk: &Desk, write: Write) -> Written {
    desk.writer.submit(write).unwrap();
    desk.collect(1).remove(0)
}

fn code(written: Written) -> Code {
    match written {
        Written::Refused { refusal, .. } => refusal.code,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_file_is_posted_once_by_whoever_uploaded_it() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let (asker, other, li) = (customer(), customer(), agent(&store, "li"));
        let file = upload(&store, &asker);
        for thief in [&other, &li] {
            let here = desk.post(&other, None, "theirs").message.conversation;
            let stolen = post(&desk, write(thief, Some(here), "stolen", &file, 9));
            assert_eq!(code(stolen), Code::FileNotFound);
        }
        let first: Posted = posted(post(&desk, write(&asker, None, "a", &file, 9)));
        assert_eq!(
            (first.message.kind, first.message.text.as_str()),
            (Kind::File, "猫.png")
        );
        assert_eq!(first.message.file, Some(file.clone()));
        assert_eq!(first.conversation.unread.agent, 1);
        let again = posted(post(&desk, write(&asker, None, "a", &file, 9)));
        assert!(again.duplicate);
        assert_eq!(
            again.message, first.message,
            "a retry gets the first answer, its file with it"
        );
        let second = post(&desk, write(&asker, None, "b", &file, 9));
        assert_eq!(code(second), Code::FileNotFound);
        assert_eq!(database.count("messages WHERE kind = 'file'"), 1);

        let here = first.message.conversation;
        let key = |poster: &Poster| Viewer::Customer(poster.customer_key().unwrap());
        let find = |viewer| wait(store.file(viewer, file.id.clone())).unwrap();
        assert_eq!(find(key(&asker)), Some(file.clone()));
        assert_eq!(find(Viewer::Agent), Some(file.clone()));
        assert_eq!(find(key(&other)), None);
        let list = wait(store.join_agent(crate::domain::AgentId(1), vec![])).unwrap();
        let listed = list.iter().find(|one| one.conversation.id == here).unwrap();
        assert_eq!(
            listed.last_message.as_ref().unwrap().file,
            Some(file.clone())
        );
    });
}

#[test]
fn of_two_messages_of_one_batch_one_gets_the_file() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let asker = customer();
        let file = upload(&store, &asker);
        for client_id in ["a", "b", "a"] {
            desk.writer
                .submit(write(&asker, None, client_id, &file, 9))
                .unwrap();
        }
        let mut results = desk.collect(3);
        assert!(posted(results.pop().unwrap()).duplicate);
        assert_eq!(code(results.pop().unwrap()), Code::FileNotFound);
        assert!(!posted(results.pop().unwrap()).duplicate);
    });
}

#[test]
fn a_conversation_has_so_many_files() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let (asker, other) = (customer(), customer());
        for n in 0..2 {
            let file = upload(&store, &asker);
            posted(post(&desk, write(&asker, None, &format!("{n}"), &file, 2)));
        }
        let file = upload(&store, &asker);
        let more = post(&desk, write(&asker, None, "more", &file, 2));
        assert_eq!(code(more), Code::TooManyFiles);
        let file = upload(&store, &other);
        posted(post(&desk, write(&other, None, "theirs", &file, 2)));
    });
}

#[test]
fn all_files_together_have_a_quota() {
    on_both_engines(|database| {
        let store = database.store();
        let asker = customer();
        assert!(wait(store.add_file(new_file(&asker, 600))).unwrap());
        assert!(!wait(store.add_file(new_file(&asker, 401))).unwrap());
        assert!(wait(store.add_file(new_file(&asker, 400))).unwrap());
        let usage = wait(store.file_usage(uploader(&asker), now() - TimeDelta::hours(1))).unwrap();
        assert_eq!((usage.bytes, usage.recent), (1_000, 2));
        let since = now() + TimeDelta::hours(1);
        let usage = wait(store.file_usage(uploader(&asker), since)).unwrap();
        assert_eq!((usage.recent, usage.since), (0, None));
    });
}

#[test]
fn what_is_not_posted_expires() {
    on_both_engines(|database| {
        let store = database.store();
        let desk = Desk::new(&store);
        let asker = customer();
        let (kept, left) = (upload(&store, &asker), upload(&store, &asker));
        posted(post(&desk, write(&asker, None, "a", &kept, 9)));
        assert_eq!(
            wait(store.expire_files(now() - TimeDelta::hours(1))).unwrap(),
            []
        );
        let expired = wait(store.expire_files(now() + TimeDelta::seconds(1))).unwrap();
        assert_eq!(expired, std::slice::from_ref(&left.id));
        let known = wait(store.known_files(vec![kept.id.clone(), left.id.clone()])).unwrap();
        assert_eq!(known, [kept.id]);
        let late = post(&desk, write(&asker, None, "b", &left, 9));
        assert_eq!(code(late), Code::FileNotFound);
    });
}

#[test]
fn the_words_of_files_count_and_their_kinds_are_told() {
    let limits = FileLimits {
        groups: BTreeSet::new(),
        ..FileLimits::default()
    };
    assert_eq!(limits.media().count(), 0);
    assert!(!limits.allows(Media::Png));
}
