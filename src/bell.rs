//! Wakes tasks of one thread from another, all of them by waking one. A worker thread looks at what others have woken
//! only once for every 31 tasks of its own (tokio's `LocalSet`), so while thousands connect to it, whoever is woken one
//! by one from outside comes late; and each costs the other thread a lock that the worker holds as well.

use std::{
    cell::RefCell,
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// Of one thread. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bell(Option<Arc<Shared>>);

#[derive(Debug, Default)]
struct Shared(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Whom to wake.
    wakers: Vec<Waker>,
    /// The task that does it, while it sleeps.
    answering: Option<Waker>,
    /// There is no such task any more.
    gone: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

thread_local! {
    static HERE: RefCell<Option<Bell>> = const { RefCell::new(None) };
}

impl Bell {
    /// That of this thread, which must run tasks of its own (actix's do).
    pub fn here() -> Self {
        HERE.with_borrow_mut(|here| {
            if let Some(bell) = here.as_ref().filter(|bell| !bell.is_gone()) {
                return bell.clone();
            }
            let shared = Arc::new(Shared::default());
            tokio::task::spawn_local(Answer(Arc::clone(&shared)));
            here.insert(Self(Some(shared))).clone()
        })
    }

    /// Of no thread: everybody is woken directly.
    pub fn none() -> Self {
        Self(None)
    }

    fn is_gone(&self) -> bool {
        self.0.as_ref().is_none_or(|shared| shared.lock().gone)
    }

    /// Wakes them.
    fn ring(&self, wakers: Vec<Waker>) {
        if let Some(shared) = &self.0 {
            let mut state = shared.lock();
            if !state.gone {
                state.wakers.extend(wakers);
                let answering = state.answering.take();
                drop(state);
                answering.into_iter().for_each(Waker::wake);
                return;
            }
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        }
    }
}

/// Those who are to be woken at the same time, wherever they are.
#[derive(Debug, Default)]
pub struct Round(Vec<(Bell, Vec<Waker>)>);

impl Round {
    /// One more.
    pub fn add(&mut self, bell: &Bell, waker: Waker) {
        // As many as there are worker threads.
        match self.0.iter_mut().find(|(one, _)| one.is_same(bell)) {
            Some((_, wakers)) => wakers.push(waker),
            None => self.0.push((bell.clone(), vec![waker])),
        }
    }

    /// Wakes them.
    pub fn ring(&mut self) {
        for (bell, wakers) in &mut self.0 {
            if !wakers.is_empty() {
                bell.ring(mem::take(wakers));
            }
        }
    }
}

/// Wakes whoever is to be woken on its thread.
struct Answer(Arc<Shared>);

impl Future for Answer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let mut state = self.0.lock();
            if state.wakers.is_empty() {
                state.answering = Some(context.waker().clone());
                return Poll::Pending;
            }
            let wakers = mem::take(&mut state.wakers);
            drop(state);
            wakers.into_iter().for_each(Waker::wake);
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.gone = true;
        let wakers = mem::take(&mut state.wakers);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering::SeqCst},
        task::Wake,
    };

    use tokio::task::LocalSet;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    fn ring(round: &mut Round, bell: &Bell, count: &Arc<Count>, times: usize) {
        for _ in 0..times {
            round.add(bell, Waker::from(Arc::clone(count)));
        }
        round.ring();
    }

    fn on_a_thread<T>(work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.build().unwrap();
        LocalSet::new().block_on(&runtime, work)
    }

    #[test]
    fn everybody_is_woken_by_the_thread_that_they_are_on() {
        let (count, mut round) = (Arc::new(Count::default()), Round::default());
        on_a_thread(async {
            let bell = Bell::here();
            assert!(bell.is_same(&Bell::here()), "one a thread");
            for times in [1, 1_000] {
                let before = count.0.load(SeqCst);
                std::thread::scope(|scope| {
                    scope.spawn(|| ring(&mut round, &bell, &count, times));
                });
                assert_eq!(count.0.load(SeqCst), before, "it has not had its turn");
                tokio::task::yield_now().await;
                tokio::task::yield_now().await;
                assert_eq!(count.0.load(SeqCst), before + times);
            }
        });
    }

    #[test]
    fn where_nobody_answers_everybody_is_woken_directly() {
        let (count, mut round) = (Arc::new(Count::default()), Round::default());
        ring(&mut round, &Bell::none(), &count, 2);
        assert_eq!(count.0.load(SeqCst), 2);
        let before = on_a_thread(async {
            let bell = Bell::here();
            // Nobody comes to it any more.
            ring(&mut round, &bell, &count, 1);
            bell
        });
        assert_eq!(count.0.load(SeqCst), 3);
        ring(&mut round, &before, &count, 1);
        assert_eq!(count.0.load(SeqCst), 4);
        on_a_thread(async {
            assert!(
                !Bell::here().is_same(&before),
                "a new one for what runs there now"
            );
        });
    }
}
