//! Agents hear of tags live.

use super::*;
use crate::domain::TagId;

fn tag(n: i64) -> Tag {
    Tag {
        id: TagId(n),
        name: format!("tag {n}"),
    }
}

/// What a session was told of tags, the last at the end.
fn tagged(world: &World, session: u64) -> Vec<Vec<i64>> {
    let frames = world.received[&SessionId(session)].iter();
    let tags = frames.filter_map(|frame| match frame {
        ServerFrame::Tagged { tags, .. } => Some(tags.iter().map(|tag| tag.id.0).collect()),
        _ => None,
    });
    tags.collect()
}

#[test]
fn of_changes_of_tags_that_overtake_each_other_agents_hear_the_last_and_customers_nothing() {
    let mut world = World::new();
    world.hello(1, visitor(1), &[]);
    world.hello(2, Entrant::Agent(AGENT), &[]);
    world.settle();
    world.post(1, None, "a");
    world.settle();
    let here = ConversationId(1);
    world.tags = vec![tag(1)];
    world.apply(Command::Retagged(here));
    world.apply(Command::Retagged(here));
    assert_eq!(world.asked.len(), 1, "one question at a time");
    world.tags = vec![tag(1), tag(2)];
    world.settle();
    assert_eq!(tagged(&world, 2), [[1, 2]]);
    assert_eq!(tagged(&world, 1), [] as [Vec<i64>; 0]);
    // Of a conversation that nobody knows, nobody is told.
    world.apply(Command::Retagged(ConversationId(9)));
    world.settle();
    assert_eq!(tagged(&world, 2).len(), 1);
}

#[test]
fn an_agent_who_comes_while_tags_change_hears_of_them() {
    let mut world = World::new();
    world.hello(1, visitor(1), &[]);
    world.settle();
    world.post(1, None, "a");
    world.settle();
    world.hello(2, Entrant::Agent(AGENT), &[]);
    // They were looked up before the change, and are let in after it was told.
    let look_up = std::mem::take(&mut world.asked);
    world.tags = vec![tag(3)];
    world.apply(Command::Retagged(ConversationId(1)));
    world.settle();
    world.asked = look_up;
    world.settle();
    assert_eq!(tagged(&world, 2), [[3]]);
}
