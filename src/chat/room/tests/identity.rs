//! Customers who turn out to be somebody whom the host site knows.

use super::*;

#[test]
fn what_somebody_wrote_before_they_were_known_reaches_their_other_browser() {
    let mut world = a_conversation_and_two_agents();
    let [anonymous, known, here, there] = [1, 4, 8, 9].map(|n| CustomerKey([n; 32]));
    // Somebody who has not written yet comes by one of their tokens.
    world.identify(CustomerKey([2; 32]), known, there);
    world.hello(4, with_token(2, there), &[]);
    world.settle();
    world.post(2, Some(1), "b");
    world.settle();
    assert_eq!(world.seen(4, 1), (None, vec![]));
    world.identify(anonymous, known, here);
    world.settle();
    assert_eq!(world.closed.get(&SessionId(1)), Some(&Close::Identified));
    assert_eq!(
        world.seen(4, 1),
        (None, vec![1, 2, 3]),
        "from its beginning"
    );
    // In the first browser it goes on where it was.
    world.hello(5, with_token(1, here), &[(1, 2)]);
    world.settle();
    world.post(5, None, "c");
    world.settle();
    assert_eq!(world.seen(5, 1).1, [3, 4]);
    assert_eq!(world.seen(4, 1).1, [1, 2, 3, 4]);
}

/// What a session was told last of the first conversation.
fn told(world: &World, session: u64) -> (Status, Option<CustomerId>) {
    let frames = world.received[&SessionId(session)].iter().rev();
    let mut views = frames.filter_map(|frame| match frame {
        ServerFrame::Welcome(welcome) => welcome.conversations.first(),
        ServerFrame::ConversationChanged { conversation } => Some(&**conversation),
        _ => None,
    });
    let view = views.next().unwrap();
    (
        view.status,
        view.customer.as_ref().map(|customer| customer.id),
    )
}

#[test]
fn whose_a_conversation_has_become_is_told_and_not_what_was_so_before() {
    let mut world = a_conversation_and_two_agents();
    let [anonymous, known, token] = [1, 4, 9].map(|n| CustomerKey([n; 32]));
    world.identify(anonymous, known, token);
    // It is taken between the look at whose it is and the word of that.
    world.read_ended();
    world.act(2, 1, Action::Take);
    world.commit();
    world.report();
    assert_eq!(told(&world, 3).0, Status::Open);
    world.settle();
    assert_eq!(world.closed[&SessionId(1)], Close::Identified);
    for agent in [2, 3] {
        assert_eq!(
            told(&world, agent),
            (Status::Open, Some(customer(known).id))
        );
    }
}
