//! Several tasks at once, in an order that the seed decides: a task runs until it asks the chain,
//! then another may go on. Between two questions the database is used in whole transactions, so that
//! nothing is lost by not interrupting there.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    task::Poll,
    time::Duration,
};

use academy::store::Db;
use rand::{Rng, rngs::StdRng};
use sqlx::SqlitePool;

/// Where tasks wait for each other. Open unless several run at once.
pub struct Gate {
    writer: SqlitePool,
    closed: AtomicBool,
    paused: AtomicBool,
}

impl Gate {
    pub fn new(db: &Db) -> Self {
        let Db::Sqlite { write, .. } = db else { unreachable!("the simulator made it so") };
        Self { writer: write.clone(), closed: AtomicBool::new(false), paused: AtomicBool::new(false) }
    }

    /// Lets another task go on first.
    pub async fn pause(&self) {
        let mut waited = !self.closed.load(Ordering::SeqCst);
        // The follower asks for the next range while it writes the last one. What it writes ends first: another
        // task would wait for its transaction, and it for its turn.
        while !waited && self.writer.num_idle() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
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
