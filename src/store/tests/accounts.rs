//! Accounts and logins.

use chrono::TimeDelta;

use crate::{
    domain::{Device, Role, SessionKey, Token, now},
    store::{
        StoreError,
        testing::{on_both_engines, wait},
    },
};

fn key() -> SessionKey {
    SessionKey::from(&Token::random().unwrap())
}

#[test]
fn an_account_is_found_by_its_user_name_in_any_case() {
    on_both_engines(|database| {
        let store = database.store();
        let made = store
            .create_account("Li.Wei", "李伟", Role::Supervisor, "$argon2id$x")
            .unwrap();
        assert_eq!(
            (made.username.as_str(), made.me.name.as_str()),
            ("li.wei", "李伟")
        );
        let found = wait(store.account_by_username("LI.WEI".to_owned()))
            .unwrap()
            .unwrap();
        assert_eq!(found, (made.clone(), "$argon2id$x".to_owned()));
        assert_eq!(
            wait(store.account_by_username("li".to_owned())).unwrap(),
            None
        );
        let taken = store.create_account("LI.wei", "x", Role::Agent, "x");
        assert_eq!(taken, Err(StoreError::UsernameTaken));
        assert_eq!(store.accounts().unwrap(), [made]);
    });
}

#[test]
fn the_first_account_is_made_once_by_whichever_process_is_first() {
    on_both_engines(|database| {
        let made: Vec<_> = std::thread::scope(|scope| {
            let starts: Vec<_> = (0..4)
                .map(|n| {
                    let store = database.store();
                    scope.spawn(move || {
                        store
                            .create_first_account(&format!("admin{n}"), "Admin", "hash")
                            .unwrap()
                    })
                })
                .collect();
            starts
                .into_iter()
                .filter_map(|start| start.join().unwrap())
                .collect()
        });
        assert_eq!(made.len(), 1);
        assert_eq!(made[0].me.role, Role::Admin);
        assert_eq!(database.store().accounts().unwrap(), made);
    });
}

#[test]
fn a_login_lasts_until_it_expires_or_is_ended() {
    on_both_engines(|database| {
        let store = database.store();
        let account = store
            .create_account("li", "Li", Role::Agent, "old")
            .unwrap();
        let (live, ended, expired, unknown) = (key(), key(), key(), key());
        let later = now() + TimeDelta::hours(1);
        wait(store.start_session(live, account.me.id, later, Device::default())).unwrap();
        wait(store.start_session(ended, account.me.id, later, Device::default())).unwrap();
        wait(store.start_session(
            expired,
            account.me.id,
            now() - TimeDelta::milliseconds(1),
            Device::default(),
        ))
        .unwrap();
        wait(store.end_session(ended)).unwrap();
        assert_eq!(
            wait(store.agent_by_session(live)).unwrap(),
            Some(account.me.clone())
        );
        for gone in [ended, expired, unknown] {
            assert_eq!(wait(store.agent_by_session(gone)).unwrap(), None);
        }
        let asked = vec![live, ended, expired, unknown];
        assert_eq!(wait(store.live_sessions(asked)).unwrap(), [live]);
        assert_eq!(wait(store.live_sessions(vec![])).unwrap(), []);
        // The next login clears the expired one away.
        wait(store.start_session(key(), account.me.id, later, Device::default())).unwrap();
        assert_eq!(database.count("agent_sessions"), 2);
        // Another password ends them all.
        assert!(store.set_password("LI", "new").unwrap());
        assert_eq!(wait(store.agent_by_session(live)).unwrap(), None);
        let (_, hash) = wait(store.account_by_username("li".to_owned()))
            .unwrap()
            .unwrap();
        assert_eq!(hash, "new");
        assert!(!store.set_password("nobody", "x").unwrap());
    });
}

#[test]
fn a_disabled_account_has_no_logins() {
    on_both_engines(|database| {
        let store = database.store();
        let account = store.create_account("li", "Li", Role::Agent, "x").unwrap();
        let login = key();
        wait(store.start_session(
            login,
            account.me.id,
            now() + TimeDelta::hours(1),
            Device::default(),
        ))
        .unwrap();
        assert!(store.disable_account("li").unwrap());
        assert_eq!(wait(store.agent_by_session(login)).unwrap(), None);
        // Not even one that starts at the same moment.
        wait(store.start_session(
            login,
            account.me.id,
            now() + TimeDelta::hours(1),
            Device::default(),
        ))
        .unwrap();
        assert_eq!(wait(store.agent_by_session(login)).unwrap(), None);
        assert_eq!(wait(store.live_sessions(vec![login])).unwrap(), []);
        let since = store.accounts().unwrap()[0].disabled_at;
        assert!(since.is_some());
        assert!(store.disable_account("li").unwrap());
        assert_eq!(
            store.accounts().unwrap()[0].disabled_at,
            since,
            "the first time counts"
        );
        assert!(!store.disable_account("nobody").unwrap());
    });
}
