//! How fast payments open courses.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::json;

use super::percentile;
use super::person::{Order, Person};
use crate::process::pause;
use crate::world::World;

/// Purchases in each of the two measurements.
pub const PURCHASES: usize = 200;

/// Two paid courses of the demo's.
const COURSES: [&str; 2] = ["rust-read-slowly", "setting-type-for-the-web"];

/// From the block of a payment to the open lessons, and payments settled per second.
pub fn measure(world: &mut World) -> Result<()> {
    let addresses: Vec<String> = serde_json::from_value(world.rpc("eth_accounts", &json!([]))?)?;
    // The first ten have parts in the demo.
    let buyers: Vec<&String> = addresses.iter().skip(10).take(PURCHASES).collect();

    let mut latencies = Vec::new();
    for address in &buyers {
        let mut person = Person::sign_in(world, address)?;
        let order = person.order(COURSES[0])?;
        latencies.push(buy(&mut person, &order)?);
    }
    latencies.sort_unstable();
    println!(
        "\nFrom the payment's block to the open course, {PURCHASES} purchases one by one:\n\
         p50 {} ms, p99 {} ms, longest {} ms",
        percentile(&latencies, 50).as_millis(),
        percentile(&latencies, 99).as_millis(),
        percentile(&latencies, 100).as_millis()
    );
    settle_backlog(world, &buyers)
}

fn buy(person: &mut Person, order: &Order) -> Result<Duration> {
    let hash = person.pay(order)?;
    let mined = Instant::now();
    person.submit(order, &hash)?;
    wait(|| person.has_access(order))?;
    Ok(mined.elapsed())
}

/// All payments are there before the workers are: what is measured is settling alone.
fn settle_backlog(world: &mut World, buyers: &[&String]) -> Result<()> {
    world.set("SERVER__WORKERS", "false");
    world.restart_server()?;
    let mut orders = Vec::new();
    for address in buyers {
        let mut person = Person::sign_in(world, address)?;
        let order = person.order(COURSES[1])?;
        let hash = person.pay(&order)?;
        person.submit(&order, &hash)?;
        orders.push(((*address).clone(), person.into_session(), order));
    }
    world.set("SERVER__WORKERS", "true");
    world.restart_server()?;
    let start = Instant::now();
    for (address, session, order) in orders {
        let mut person = Person::with_session(world, address, session);
        wait(|| person.has_access(&order))?;
    }
    let elapsed = start.elapsed();
    println!(
        "Settled {PURCHASES} waiting payments in {:.2} s: {:.0} a second",
        elapsed.as_secs_f64(),
        PURCHASES as f64 / elapsed.as_secs_f64()
    );
    Ok(())
}

fn wait(mut ready: impl FnMut() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !ready()? {
        (start.elapsed() < Duration::from_secs(60))
            .then_some(())
            .context("a payment did not open its course within a minute")?;
        pause(Duration::from_millis(5))?;
    }
    Ok(())
}
