//! Killing the work at a point.

use std::sync::Mutex;

use academy::fault::{Faults, Killed};

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

    /// Whether the work got there.
    pub fn dead(&self) -> bool {
        self.0.lock().unwrap().dead
    }
}

impl Faults for Kill {
    fn at(&self, point: &'static str) -> Result<(), Killed> {
        let mut state = self.0.lock().unwrap();
        if state.at == Some(point) {
            state.dead = true;
        }
        if state.dead { Err(Killed(point)) } else { Ok(()) }
    }
}
