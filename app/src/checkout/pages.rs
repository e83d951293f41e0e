//! An order's page, and my orders.

use academy::{Kind, checkout::OrderState, ids::OrderId, page::Filter};
use axum::{
    Router,
    extract::{Path, Query, State},
    routing::{get, post},
};
use serde::Deserialize;

use super::{parts, receipt_parts, refund_parts};
use crate::{
    AppState, Visitor,
    render::{Answer, Islands, Layout, PageHead, render, see_other},
};

/// The orders' pages.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/orders", get(mine))
        .route("/orders/{id}", get(order))
        .route("/orders/{id}/cancel", post(cancel))
        .route("/orders/{id}/refund", get(refund))
        .route("/orders/{id}/receipt", get(receipt))
}

async fn order(State(state): State<AppState>, visitor: Visitor, Path(id): Path<OrderId>) -> Answer {
    let checkout = state.academy.checkout();
    let order = checkout.order(&visitor.actor, id).await?;
    let transfers = checkout.transfers_for(&visitor.actor, id).await?;
    let title = format!("Your order: {}", order.course_title);
    let head = PageHead::new(title, "What you buy, what it costs, and where the payment stands.")
        .layout(Layout::Till)
        .with(Islands::Paying);
    let chain = checkout.chain_of(order.chain_id);
    let own = checkout.is_own(&visitor.actor, id).await?;
    Ok(render(&state, &visitor, head, || parts::order(order, own, chain, &transfers)))
}

/// Gives an unpaid order up. Where it can't be any more, its page says what it is instead; signed out meanwhile, its
/// buyer signs in there.
async fn cancel(State(state): State<AppState>, visitor: Visitor, Path(id): Path<OrderId>) -> Answer {
    match state.academy.checkout().cancel(&visitor.actor, id).await {
        Err(problem) if !matches!(problem.kind, Kind::Conflict | Kind::SignInFirst) => Err(problem.into()),
        _ => Ok(see_other(&format!("/orders/{id}"))),
    }
}

async fn refund(State(state): State<AppState>, visitor: Visitor, Path(id): Path<OrderId>) -> Answer {
    let checkout = state.academy.checkout();
    let refund = match checkout.refund(&visitor.actor, id).await {
        // Sent before, under a hash that this page never saw: the order says so.
        Err(problem) if problem.code == "not_refundable" => match checkout.order(&visitor.actor, id).await {
            Ok(order) if order.state == OrderState::Refunded => {
                return Ok(see_other(&format!("/orders/{id}")));
            }
            _ => return Err(problem.into()),
        },
        answer => answer?,
    };
    let title = format!("Give back: {}", refund.course_title);
    let head = PageHead::new(title, "What comes back to whom, and what ends.")
        .layout(Layout::Till)
        .with(Islands::Sending);
    let chain = checkout.chain_of(refund.chain_id);
    Ok(render(&state, &visitor, head, || refund_parts::refund(id, refund, chain)))
}

async fn receipt(State(state): State<AppState>, visitor: Visitor, Path(id): Path<OrderId>) -> Answer {
    let checkout = state.academy.checkout();
    let receipt = checkout.receipt(&visitor.actor, id).await?;
    let title = format!("Receipt: {}", receipt.course_title);
    let head =
        PageHead::new(title, "What was paid, by whom, and where the chain shows it.").layout(Layout::Till);
    Ok(render(&state, &visitor, head, || receipt_parts::receipt(receipt)))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    // Read leniently: an address that was typed by hand shows the first page, not an error.
    page: String,
}

async fn mine(State(state): State<AppState>, visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    let filter = Filter { page: asked.page.parse().unwrap_or(1), ..Filter::default() };
    let orders = state.academy.checkout().mine(&visitor.actor, &filter).await?;
    let head = PageHead::new("Orders and receipts", "What you bought, with each payment on the chain.");
    Ok(render(&state, &visitor, head, || parts::orders(orders)))
}
