//! Several tasks at once, in an order that the seed decides: a task runs until it asks the chain,
//! then another may go on. Between two questions the database is used in whole transactions, so that
//! nothing is lost by not interrupting there.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    task::Poll,
};

use rand::{Rng, rngs::StdRng};

/// Where tasks wait for each other. Open unless several run at once.
#[derive(Default)]
pub struct Gate {
    closed: AtomicBool,
    paused: AtomicBool,
}

impl Gate {
    /// Lets another task go on first.
    pub async fn pause(&self) {
        let mut waited = !self.closed.load(Ordering::SeqCst);
        poll_fn(|cx| {
            if waited {
                return Poll::Ready(());
            }
            waited = true;
            self.paused.store(true, Ordering::SeqCst);
            // Several questions may be asked at once: whoever waits for them must look at this one again.
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// Runs all tasks to their ends, or until they are dead; `between` is called whenever one gives way to
    /// another.
    pub async fn run(
        &self,
        mut tasks: Vec<Pin<Box<dyn Future<Output = ()> + '_>>>,
        dice: &mut StdRng,
        dead: impl Fn() -> bool,
        mut between: impl FnMut(&mut StdRng),
    ) {
        self.closed.store(true, Ordering::SeqCst);
        while !tasks.is_empty() && !dead() {
            let chosen = dice.random_range(0..tasks.len());
            let task = &mut tasks[chosen];
            let done = poll_fn(|cx| match task.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(true),
                Poll::Pending if self.paused.swap(false, Ordering::SeqCst) || dead() => Poll::Ready(false),
                Poll::Pending => Poll::Pending,
            })
            .await;
            if done {
                drop(tasks.swap_remove(chosen));
            }
            between(dice);
        }
        self.closed.store(false, Ordering::SeqCst);
    }
}
