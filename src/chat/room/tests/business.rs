//! What the business has set, as the room tells it.

use std::sync::Arc;

use super::*;
use crate::{domain::Settings, protocol::SettingsView};

fn named(name: &str) -> Command {
    let mut settings = Settings::default();
    name.clone_into(&mut settings.look.name);
    let view = Box::new(SettingsView::at(&settings, now()).0);
    let settings = Arc::new(settings);
    Command::Settings { settings, view }
}

/// The names that a session was told, in `welcome` and after.
fn told(world: &World, session: u64) -> Vec<Option<String>> {
    let received = world
        .received
        .get(&SessionId(session))
        .into_iter()
        .flatten();
    let names = received.filter_map(|frame| match frame {
        ServerFrame::Welcome(welcome) => Some(welcome.settings.name.clone()),
        ServerFrame::SettingsChanged { settings, .. } => Some(settings.name.clone()),
        _ => None,
    });
    names.collect()
}

#[test]
fn everybody_who_is_in_hears_of_other_settings_once() {
    let mut world = World::new();
    world.hello(1, visitor(1), &[]);
    world.hello(2, Entrant::Agent(AGENT), &[]);
    world.settle();
    // Said hello, not welcomed yet.
    world.hello(3, visitor(3), &[]);
    world.apply(named("Tea"));
    world.apply(named("Tea"));
    world.settle();
    let tea = Some("Tea".to_owned());
    assert_eq!(told(&world, 1), [None, tea.clone()]);
    assert_eq!(told(&world, 2), [None, tea.clone()]);
    assert_eq!(told(&world, 3), [tea]);
}

#[test]
fn who_is_in_hears_what_files_may_be_from_now_on() {
    let mut world = World::new();
    world.hello(1, visitor(1), &[]);
    world.settle();
    let mut settings = Settings::default();
    settings.files.bytes = 1_000;
    let view = Box::new(SettingsView::at(&settings, now()).0);
    let settings = Arc::new(settings);
    world.apply(Command::Settings { settings, view });
    let heard = world.received[&SessionId(1)]
        .iter()
        .find_map(|frame| match frame {
            ServerFrame::SettingsChanged { files, .. } => files.clone(),
            _ => None,
        });
    assert_eq!(heard.unwrap().bytes, 1_000);
}
