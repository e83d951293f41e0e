//! Killing the work at a point.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Mutex,
    task::Poll,
};

use academy::fault::Faults;

/// Kills the work where it is told to; from then on everything is dead, as in a process that was
/// killed.
#[derive(Default)]
pub struct Kill(Mutex<State>);

#[derive(Default)]
struct State {
    at: Option<&'static str>,
    dead: bool,
}

impl Kill {
    /// Kills at this point from now on.
    pub fn arm(&self, point: &'static str) {
        self.0.lock().unwrap().at = Some(point);
    }

    /// What the work answers; nothing where it is killed before. What is dead answers nothing more.
    pub async fn outlives<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|cx| match work.as_mut().poll(cx) {
            _ if self.dead() => Poll::Ready(None),
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// Whether the work got there.
    pub fn dead(&self) -> bool {
        self.0.lock().unwrap().dead
    }
}

impl Faults for Kill {
    fn dies_at(&self, point: &'static str) -> bool {
        let mut state = self.0.lock().unwrap();
        state.dead |= state.at == Some(point);
        state.dead
    }
}
