//! Orders, from the browser.

use academy::{
    checkout::{Order, PayBy, Payment},
    evm::Address,
    ids::OrderId,
};
use leptos::prelude::*;

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

/// Names the transaction that the wallet sent.
#[server(prefix = "/api/fn", endpoint = "submit_payment", input = Wire, output = Wire)]
pub async fn submit_payment(id: OrderId, hash: String) -> Result<Order, AppError> {
    let caller = Caller::here()?;
    Ok(caller.academy().checkout().submit(&caller.visitor.actor, id, &hash).await?)
}

/// Keeps what the wallet answered in place of a transaction's hash; nothing: says that nothing was sent.
#[server(prefix = "/api/fn", endpoint = "wait_for", input = Wire, output = Wire)]
pub async fn wait_for(id: OrderId, reference: Option<String>) -> Result<Order, AppError> {
    let caller = Caller::here()?;
    let (checkout, actor) = (caller.academy().checkout(), &caller.visitor.actor);
    Ok(match reference {
        Some(reference) => checkout.wait_for(actor, id, &reference).await?,
        None => checkout.wait_no_more(actor, id).await?,
    })
}

/// Gives an unpaid order up.
#[server(prefix = "/api/fn", endpoint = "cancel_order", input = Wire, output = Wire)]
pub async fn cancel_order(id: OrderId) -> Result<Order, AppError> {
    let caller = Caller::here()?;
    Ok(caller.academy().checkout().cancel(&caller.visitor.actor, id).await?)
}
