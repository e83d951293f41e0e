//! What the simulator (`tests/sim`) found, each in its fewest acts.

mod decided;
mod moved;
mod refunded;

use std::sync::{Arc, Mutex};

use academy::{
    Actor,
    chain::{Event, fake::FakeTransaction},
    checkout::{Order, PaymentRow},
    evm::Address,
    fault::Faults,
    money::Wei,
    page::Filter,
};

use crate::support::{TestCourse, World};

/// A purchase like the first of a payment's, but for what is changed: the order, the tier or the amount.
fn another(
    payment: &FakeTransaction,
    change: impl FnOnce(&mut [u8; 32], &mut u8, &mut Wei),
) -> (Address, Event) {
    let (market, mut event) = payment.events.iter().find(|(_, event)| pays(event)).unwrap().clone();
    if let Event::CoursePurchased { order, tier, amount, .. } = &mut event {
        change(order, tier, amount);
    }
    (market, event)
}

fn pays(event: &Event) -> bool {
    matches!(event, Event::CoursePurchased { .. })
}

/// A course that two people are about to buy.
async fn two_orders(world: &World) -> (TestCourse, [(Actor, Order); 2]) {
    let (course, one) = world.sale().await;
    let other = world.learner().await;
    let first = world.academy.checkout().open(&one, course.tier).await.unwrap();
    let second = world.academy.checkout().open(&other, course.tier).await.unwrap();
    (course, [(one, first), (other, second)])
}

/// Does something once, when settling comes to a point.
struct Meanwhile(&'static str, Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Meanwhile {
    fn at(point: &'static str, act: impl FnOnce() + Send + 'static) -> Arc<Self> {
        Arc::new(Self(point, Mutex::new(Some(Box::new(act)))))
    }
}

impl Faults for Meanwhile {
    fn dies_at(&self, point: &'static str) -> bool {
        if point == self.0
            && let Some(act) = self.1.lock().unwrap().take()
        {
            tokio::task::block_in_place(act);
        }
        false
    }
}

/// The payments that wait for a person.
async fn waiting(world: &World, admin: &Actor) -> Vec<PaymentRow> {
    let review = Filter { state: "review".to_owned(), ..Filter::default() };
    world.academy.checkout().payments(admin, &review).await.unwrap().rows
}
