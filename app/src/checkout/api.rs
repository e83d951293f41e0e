//! Orders, from the browser.

use academy::{
    checkout::{Order, PayBy, Payment},
    evm::Address,
    ids::OrderId,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::api::Caller;
use crate::{error::AppError, wire::Wire};

/// Where an order stands.
#[server(GiveOrder, prefix = "/api/fn", endpoint = "order", input = Wire, output = Wire)]
pub async fn order(id: OrderId) -> Result<Order, AppError> {
    let caller = Caller::here()?;
    Ok(caller.academy().checkout().order(&caller.visitor.actor, id).await?)
}

/// What an account signs and sends to pay an order, as long as it can be paid.
#[server(GivePayment, prefix = "/api/fn", endpoint = "payment", input = Wire, output = Wire)]
pub async fn payment(id: OrderId, payer: Address, by: PayBy) -> Result<Payment, AppError> {
    let caller = Caller::here()?;
    Ok(caller.academy().checkout().payment(&caller.visitor.actor, id, payer, &by).await?)
}

/// What became of an order in its buyer's hands.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// The wallet sent the transaction with this hash.
    Sent(String),
    /// The wallet took the request, and answered this in place of a hash.
    Took(String),
    /// The wallet sent nothing after all.
    NothingSent,
}

/// Hears from the buyer. One function for all that they can say: each would bring a copy of the client into
/// the wasm.
#[server(TakeReport, prefix = "/api/fn", endpoint = "report", input = Wire, output = Wire)]
pub async fn report(id: OrderId, what: Report) -> Result<Order, AppError> {
    let caller = Caller::here()?;
    let (checkout, actor) = (caller.academy().checkout(), &caller.visitor.actor);
    Ok(match what {
        Report::Sent(hash) => checkout.submit(actor, id, &hash).await?,
        Report::Took(reference) => checkout.wait_for(actor, id, &reference).await?,
        Report::NothingSent => checkout.wait_no_more(actor, id).await?,
    })
}
