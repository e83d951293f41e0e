//! The checkout island: the timeline of an order, alive.

use academy::checkout::{ChainInfo, Order};
use leptos::prelude::*;

use super::{draw::Scene, flow::Flow, stage::Local};
use crate::{wallet::link::State, wire};

/// The timeline: choose wallet, sign in, pay, confirmed on chain, open. The server renders it as
/// the order stands; in the browser it follows the order and drives the wallet.
#[component]
pub fn Checkout(
    /// The order.
    order: Order,
    /// Its network.
    chain: ChainInfo,
) -> impl IntoView {
    view! { <CheckoutIsland what=wire::write(&(order, chain))/> }
}

/// [`Checkout`] in the browser; `what` is the order and its network as JSON, read the same way as
/// the server's answers are.
#[island]
pub fn CheckoutIsland(
    /// The order and its network.
    what: String,
) -> impl IntoView {
    let given: Option<(Order, ChainInfo)> = wire::read(&what);
    let (mut html, mut state, mut setback, mut busy) = (String::new(), None, None, None);
    if let Some((order, chain)) = &given {
        let (link, local) = (State::default(), Local::default());
        html = Scene { order, chain, link: &link, local: &local }.whole();
        state = Some(order.state.word());
        setback = order.told.as_ref().map(|told| told.word.clone());
        busy = order.is_awaited().then_some("");
    }
    if cfg!(feature = "hydrate")
        && let Some((order, chain)) = given
    {
        Flow::start(order, chain);
    }
    view! {
        <section
            class="checkout"
            aria-label="Payment, step by step"
            data-testid="order-state"
            data-state=state
            data-setback=setback
            data-busy=busy
            inner_html=html
        ></section>
    }
}
