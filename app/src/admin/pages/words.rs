//! States for admins: a badge and a few words in the third person.

use academy::checkout::{OrderState, Setback, Standing};
use leptos::prelude::*;

use crate::ui::{Badge, Tone};

/// What an order's state is called.
pub fn order_words(state: OrderState) -> &'static str {
    match state {
        OrderState::Open => "Open",
        OrderState::Submitted => "Submitted",
        OrderState::Confirming => "Confirming",
        OrderState::Paid => "Paid",
        OrderState::Expired => "Expired",
        OrderState::Cancelled => "Cancelled",
        OrderState::Refunded => "Refunded",
    }
}

/// The same, as a badge.
pub fn order_badge(state: OrderState) -> impl IntoView {
    let tone = match state {
        OrderState::Open | OrderState::Cancelled | OrderState::Expired | OrderState::Refunded => Tone::Plain,
        OrderState::Submitted | OrderState::Confirming => Tone::Accent,
        OrderState::Paid => Tone::Positive,
    };
    view! { <Badge tone=tone>{order_words(state)}</Badge> }
}

/// What a payment's standing is called.
pub fn standing_words(standing: Standing) -> &'static str {
    match standing {
        Standing::Accepted => "Accepted",
        Standing::Orphaned => "Orphaned",
        Standing::Review => "To review",
        Standing::Dismissed => "Dismissed",
        Standing::Refunded => "Refunded",
    }
}

/// The same, as a badge.
pub fn standing_badge(standing: Standing) -> impl IntoView {
    let tone = match standing {
        Standing::Accepted => Tone::Positive,
        Standing::Orphaned => Tone::Warning,
        Standing::Review => Tone::Negative,
        Standing::Dismissed | Standing::Refunded => Tone::Plain,
    };
    view! { <Badge tone=tone>{standing_words(standing)}</Badge> }
}

/// Why a transaction did not pay.
pub fn setback_words(setback: Setback) -> &'static str {
    match setback {
        Setback::Reverted => "The transaction failed on the chain; only its fee was spent.",
        Setback::Replaced => "The buyer replaced or cancelled it before it was mined.",
        Setback::NoPurchase => "The transaction is no purchase at our contract.",
        Setback::OtherMarket => "It paid at another contract of this site than the order's.",
        Setback::OtherCourse => "It bought another course than ordered.",
        Setback::OtherTier => "It bought another tier than ordered.",
        Setback::OtherToken => "It paid in another currency than ordered.",
        Setback::OtherBeneficiary => "It bought for another account than the buyer's.",
        Setback::OtherOrder => "It names another order.",
        Setback::Underpaid => "It paid less than the order's price.",
        Setback::AlreadyUsed => "It already paid for another order.",
        Setback::OtherChain => "It is on another chain than the order's.",
        Setback::Orphaned => "Its block was replaced (reorg); waiting until it is seen again.",
        Setback::Late => "It came after the order's price had run out.",
        Setback::Closed => "It came after the order had been cancelled.",
        Setback::Withdrawn => "It came after the course had been withdrawn from sale.",
        Setback::PaidTwice => "The order had been paid already.",
        Setback::UnknownOrder => "It names no order of this site.",
        Setback::ToRefund => "A person decided that it goes back; the audit log says who.",
        Setback::PaidBack => "It was paid back; the audit log says how.",
        Setback::Dismissed => "A person decided that it does not count; the audit log says why.",
    }
}
