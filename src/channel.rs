//! A bounded channel to one session. Whoever fills it wakes the other side once for all that it put in, and
//! the other side takes everything at once.
//!
//! actix's own mailboxes are bounded in messages only, allocate for each one and wake for each one. A room
//! that sends the same frame to a thousand sessions does this a thousand times a message, so it has to cost
//! next to nothing.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
};

use futures_util::Stream;

use crate::bell::{Bell, Round};

/// How much may wait. One item may always wait, however much it counts for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Frames.
    pub frames: usize,
    /// Bytes.
    pub bytes: usize,
}

/// What an item counts for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// Frames.
    pub frames: usize,
    /// Bytes.
    pub bytes: usize,
}

/// What was put in did not fit. All that waited is dropped, because with a hole in it it is worth nothing;
/// the other side is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflown;

/// How much has waited in any of the channels that share it, and how often it was too much.
#[derive(Debug, Default)]
pub struct Marks {
    now: Mark,
    before: Mark,
    overflows: AtomicU64,
}

#[derive(Debug, Default)]
struct Mark {
    frames: AtomicUsize,
    bytes: AtomicUsize,
}

impl Marks {
    /// So much waits in one of them. Costs a look, unless it is the most so far.
    fn see(&self, weight: Weight) {
        if weight.frames > self.now.frames.load(Relaxed) {
            self.now.frames.fetch_max(weight.frames, Relaxed);
        }
        if weight.bytes > self.now.bytes.load(Relaxed) {
            self.now.bytes.fetch_max(weight.bytes, Relaxed);
        }
    }

    /// Something did not fit.
    pub fn overflow(&self) {
        self.overflows.fetch_add(1, Relaxed);
    }

    /// How often something did not fit.
    pub fn overflows(&self) -> u64 {
        self.overflows.load(Relaxed)
    }

    /// The most that has waited at once, in frames and in bytes, since the turn before the last.
    pub fn high(&self) -> Weight {
        let most = |of: fn(&Mark) -> &AtomicUsize| {
            let (now, before) = (of(&self.now), of(&self.before));
            now.load(Relaxed).max(before.load(Relaxed))
        };
        Weight {
            frames: most(|mark| &mark.frames),
            bytes: most(|mark| &mark.bytes),
        }
    }

    /// Begins anew, and forgets what was before the last time.
    pub fn turn(&self) {
        let forget = |now: &AtomicUsize, before: &AtomicUsize| {
            before.store(now.swap(0, Relaxed), Relaxed);
        };
        forget(&self.now.frames, &self.before.frames);
        forget(&self.now.bytes, &self.before.bytes);
    }
}

/// A channel with nothing in it, whose receiver is on the thread of this bell.
pub fn channel<T>(limits: Limits, marks: &Arc<Marks>, bell: Bell) -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared {
        limits,
        bell,
        marks: Arc::clone(marks),
        state: Mutex::new(State {
            items: Vec::new(),
            weight: Weight::default(),
            waker: None,
            ended: None,
        }),
    });
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

struct Shared<T> {
    limits: Limits,
    bell: Bell,
    marks: Arc<Marks>,
    state: Mutex<State<T>>,
}

struct State<T> {
    items: Vec<T>,
    weight: Weight,
    waker: Option<Waker>,
    ended: Option<Ended>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// Something did not fit, and the receiver has not heard of it.
    Overflown,
    /// Nothing will be taken any more.
    Closed,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    fn push(&mut self, item: T, weight: Weight) {
        self.items.push(item);
        self.weight.frames += weight.frames;
        self.weight.bytes += weight.bytes;
    }

    fn end(&mut self, how: Ended) {
        self.items = Vec::new();
        self.weight = Weight::default();
        self.ended = Some(how);
    }
}

/// Where things are put in.
pub struct Sender<T>(Arc<Shared<T>>);

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Sender<T> {
    /// Puts something in; [`Sender::wake`] or [`Sender::wake_in`] has to follow.
    ///
    /// # Errors
    /// When it does not fit, or nothing is taken any more. The receiver is woken to hear of it.
    pub fn push(&self, item: T, weight: Weight) -> Result<(), Overflown> {
        let limits = self.0.limits;
        let mut state = self.0.lock();
        if state.ended.is_some() {
            return Err(Overflown);
        }
        let fits = state.items.is_empty()
            || (state.weight.frames + weight.frames <= limits.frames
                && state.weight.bytes + weight.bytes <= limits.bytes);
        if fits {
            state.push(item, weight);
            self.0.marks.see(state.weight);
            return Ok(());
        }
        self.0.marks.overflow();
        state.end(Ended::Overflown);
        drop(state);
        self.wake();
        Err(Overflown)
    }

    /// Puts in something that must not be lost, such as the end, though the channel be full. For few things in
    /// the life of a session.
    pub fn push_last(&self, item: T) {
        let mut state = self.0.lock();
        if state.ended.is_none() {
            state.push(item, Weight::default());
        }
        drop(state);
        self.wake();
    }

    /// Lets the receiver take what was put in.
    pub fn wake(&self) {
        let waker = self.0.lock().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The same, together with others.
    pub fn wake_in(&self, round: &mut Round) {
        let waker = self.0.lock().waker.take();
        if let Some(waker) = waker {
            round.add(&self.0.bell, waker);
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.0.lock().items.is_empty()
    }
}

/// Where everything comes out that waits, in the order in which it was put in. After [`Overflown`] nothing
/// comes any more.
pub struct Receiver<T>(Arc<Shared<T>>);

impl<T> Stream for Receiver<T> {
    type Item = Result<Vec<T>, Overflown>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.0.lock();
        match state.ended {
            Some(Ended::Closed) => return Poll::Ready(None),
            Some(Ended::Overflown) => {
                state.ended = Some(Ended::Closed);
                return Poll::Ready(Some(Err(Overflown)));
            }
            None => {}
        }
        if state.items.is_empty() {
            let waker = context.waker();
            if !state
                .waker
                .as_ref()
                .is_some_and(|known| known.will_wake(waker))
            {
                state.waker = Some(waker.clone());
            }
            return Poll::Pending;
        }
        state.weight = Weight::default();
        Poll::Ready(Some(Ok(std::mem::take(&mut state.items))))
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.0.lock().end(Ended::Closed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    type Taken = Poll<Option<Result<Vec<u32>, Overflown>>>;

    fn take(receiver: &mut Receiver<u32>, count: &Arc<Count>) -> Taken {
        let waker = Waker::from(Arc::clone(count));
        Pin::new(receiver).poll_next(&mut Context::from_waker(&waker))
    }

    const SMALL: Limits = Limits {
        frames: 3,
        bytes: 10,
    };

    fn small() -> (Sender<u32>, Receiver<u32>) {
        channel(SMALL, &Arc::default(), Bell::none())
    }

    fn one(bytes: usize) -> Weight {
        Weight { frames: 1, bytes }
    }

    #[test]
    fn everything_comes_at_once_and_wakes_once() {
        let (sender, mut receiver) = small();
        let woken = Arc::new(Count::default());
        assert!(take(&mut receiver, &woken).is_pending());
        for item in 0..3 {
            sender.push(item, one(1)).unwrap();
        }
        assert_eq!(woken.0.load(SeqCst), 0, "not before all of it is there");
        sender.wake();
        sender.wake();
        assert_eq!(woken.0.load(SeqCst), 1);
        assert_eq!(
            take(&mut receiver, &woken),
            Poll::Ready(Some(Ok(vec![0, 1, 2])))
        );
        assert!(take(&mut receiver, &woken).is_pending());
        sender.push(3, one(1)).unwrap();
        sender.wake();
        assert_eq!(woken.0.load(SeqCst), 2);
        assert_eq!(take(&mut receiver, &woken), Poll::Ready(Some(Ok(vec![3]))));
    }

    #[test]
    fn it_is_bounded_in_frames_and_in_bytes() {
        for pushes in [&[1, 1, 1, 1][..], &[5, 6], &[100, 1]] {
            let (sender, mut receiver) = small();
            let woken = Arc::new(Count::default());
            assert!(take(&mut receiver, &woken).is_pending());
            let (last, first) = pushes.split_last().unwrap();
            for bytes in first {
                assert_eq!(sender.push(7, one(*bytes)), Ok(()), "{pushes:?}");
            }
            assert_eq!(sender.push(7, one(*last)), Err(Overflown), "{pushes:?}");
            assert_eq!(woken.0.load(SeqCst), 1, "the receiver is to hear of it");
            assert!(sender.is_empty(), "what waited is not kept");
            assert_eq!(
                sender.push(7, one(1)),
                Err(Overflown),
                "nothing behind a hole"
            );
            assert_eq!(
                take(&mut receiver, &woken),
                Poll::Ready(Some(Err(Overflown)))
            );
            assert_eq!(take(&mut receiver, &woken), Poll::Ready(None));
        }
    }

    #[test]
    fn an_item_counts_for_the_frames_in_it() {
        let many = |frames| Weight { frames, bytes: 0 };
        let (sender, _receiver) = small();
        assert_eq!(sender.push(1, many(100)), Ok(()), "one may always wait");
        assert_eq!(sender.push(1, many(1)), Err(Overflown));
        let (sender, _receiver) = small();
        assert_eq!(sender.push(1, many(2)), Ok(()));
        assert_eq!(sender.push(1, many(2)), Err(Overflown));
    }

    #[test]
    fn what_is_taken_makes_room() {
        let (sender, mut receiver) = small();
        let woken = Arc::new(Count::default());
        for _ in 0..10 {
            sender.push(1, one(9)).unwrap();
            assert_eq!(take(&mut receiver, &woken), Poll::Ready(Some(Ok(vec![1]))));
        }
    }

    #[test]
    fn the_last_word_fits_always() {
        let (sender, mut receiver) = small();
        let woken = Arc::new(Count::default());
        for item in 0..3 {
            sender.push(item, one(1)).unwrap();
        }
        sender.push_last(3);
        assert_eq!(
            take(&mut receiver, &woken),
            Poll::Ready(Some(Ok(vec![0, 1, 2, 3])))
        );
    }

    #[test]
    fn nothing_is_kept_for_a_receiver_that_is_gone() {
        let (sender, receiver) = small();
        sender.push(1, one(1)).unwrap();
        drop(receiver);
        assert!(sender.is_empty());
        assert_eq!(sender.push(1, one(1)), Err(Overflown));
    }

    #[test]
    fn the_most_that_waited_is_known_for_a_turn_and_how_often_it_was_too_much() {
        let marks = Arc::new(Marks::default());
        let (sender, mut receiver) = channel(SMALL, &marks, Bell::none());
        let (other, _other) = channel(SMALL, &marks, Bell::none());
        let woken = Arc::new(Count::default());
        let high = |frames, bytes| Weight { frames, bytes };
        for _ in 0..2 {
            sender.push(1, one(4)).unwrap();
        }
        other.push(1, one(9)).unwrap();
        assert_eq!(marks.high(), high(2, 9));
        assert!(take(&mut receiver, &woken).is_ready());
        marks.turn();
        assert_eq!(marks.high(), high(2, 9), "a turn is not forgotten at once");
        sender.push(1, one(5)).unwrap();
        marks.turn();
        assert_eq!(marks.high(), high(1, 5));
        assert_eq!(marks.overflows(), 0);
        assert_eq!(other.push(1, one(9)), Err(Overflown));
        assert_eq!(other.push(1, one(9)), Err(Overflown));
        assert_eq!(marks.overflows(), 1, "once for each channel");
        drop(receiver);
        assert_eq!(sender.push(1, one(9)), Err(Overflown));
        assert_eq!(marks.overflows(), 1, "who has gone was not too slow");
    }
}
