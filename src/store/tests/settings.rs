//! The settings of the business.

use crate::{
    domain::{AgentId, AuditAction, AuditActor, NewAuditEntry, Role},
    store::{
        SectionChange, Store, Unsaved,
        testing::{on_both_engines, wait},
    },
};

fn admin(store: &Store, username: &str) -> AgentId {
    let made = store.create_account(username, "Ana", Role::Admin, "x");
    made.unwrap().me.id
}

fn look(version: i64, name: &str) -> SectionChange {
    SectionChange {
        name: "look".to_owned(),
        version,
        value: format!(r#"{{"name":"{name}"}}"#),
    }
}

fn save(store: &Store, by: AgentId, changes: &[SectionChange]) -> Result<i64, Unsaved> {
    let entry = NewAuditEntry::new(AuditActor::default(), AuditAction::SettingsChanged);
    let stored = wait(store.change_settings(by, changes.to_vec(), entry)).unwrap()?;
    let look = stored.iter().find(|section| section.name == "look");
    Ok(look.map_or(0, |look| look.version))
}

fn name(store: &Store) -> String {
    store.settings().current().look.name.clone()
}

#[test]
fn a_change_is_in_effect_at_once_here_and_found_by_other_processes() {
    on_both_engines(|database| {
        let (here, elsewhere) = (database.store(), database.store());
        let ana = admin(&here, "ana");
        assert_eq!(save(&here, ana, &[look(0, "Tea")]), Ok(1));
        assert_eq!(
            (name(&here).as_str(), name(&elsewhere).as_str()),
            ("Tea", "")
        );
        wait(elsewhere.look_for_settings()).unwrap();
        assert_eq!(name(&elsewhere), "Tea");
        assert_eq!(name(&database.store()), "Tea", "after a start");
        let stored = wait(here.read_settings()).unwrap();
        let by = stored[0].changed_by.as_ref().unwrap();
        assert_eq!((by.id, by.name.as_str()), (ana, "Ana"));
    });
}

#[test]
fn of_two_admins_who_change_the_same_the_second_is_told() {
    on_both_engines(|database| {
        let (one, other) = (database.store(), database.store());
        let (ana, li) = (admin(&one, "ana"), admin(&one, "li"));
        let changed = Err(Unsaved::Changed("look".to_owned()));
        for version in 0..5 {
            let outcomes: Vec<_> = std::thread::scope(|scope| {
                let both = [(&one, ana, "Tea"), (&other, li, "Coffee")];
                let started = both.map(|(store, by, name)| {
                    scope.spawn(move || save(store, by, &[look(version, name)]))
                });
                started.map(|thread| thread.join().unwrap()).into()
            });
            let won = Ok(version + 1);
            assert!(
                outcomes.contains(&won) && outcomes.contains(&changed),
                "{outcomes:?}"
            );
        }
    });
}

#[test]
fn a_try_whose_answer_was_lost_is_not_taken_for_somebody_elses() {
    on_both_engines(|database| {
        let store = database.store();
        let (ana, li) = (admin(&store, "ana"), admin(&store, "li"));
        assert_eq!(save(&store, ana, &[look(0, "Tea")]), Ok(1));
        assert_eq!(save(&store, ana, &[look(0, "Tea")]), Ok(1));
        let changed = Err(Unsaved::Changed("look".to_owned()));
        assert_eq!(save(&store, li, &[look(0, "Tea")]), changed);
        assert_eq!(save(&store, ana, &[look(0, "Coffee")]), changed);
    });
}

#[test]
fn several_sections_change_together_or_not_at_all() {
    on_both_engines(|database| {
        let store = database.store();
        let ana = admin(&store, "ana");
        let greeting = SectionChange {
            name: "greeting".to_owned(),
            version: 7,
            value: "{}".to_owned(),
        };
        let changed = Err(Unsaved::Changed("greeting".to_owned()));
        assert_eq!(save(&store, ana, &[look(0, "Tea"), greeting]), changed);
        assert_eq!(wait(store.read_settings()).unwrap(), []);
    });
}

#[test]
fn only_an_admin_changes_settings() {
    on_both_engines(|database| {
        let store = database.store();
        let li = store.create_account("li", "Li", Role::Supervisor, "x");
        let li = li.unwrap().me.id;
        assert_eq!(save(&store, li, &[look(0, "Tea")]), Err(Unsaved::NotAdmin));
        assert_eq!(name(&store), "");
    });
}

#[test]
fn what_cannot_be_read_keeps_nothing_from_starting() {
    on_both_engines(|database| {
        drop(database.store());
        for (section, value) in [
            ("look", "nonsense"),
            ("greeting", r#"{"title":5}"#),
            ("new", "{}"),
        ] {
            database.execute(&format!(
                "INSERT INTO settings (section, version, value, changed_at) \
                 VALUES ('{section}', 1, '{value}', '2026-11-25 08:00:00.000')"
            ));
        }
        assert_eq!(
            *database.store().settings().current(),
            crate::domain::Settings::default()
        );
    });
}
