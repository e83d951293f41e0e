//! A receipt: on screen, and on paper.

use academy::checkout::Receipt;
use leptos::prelude::*;

use crate::ui::{Crumbs, Hash, Money, When};

pub fn receipt(receipt: Receipt) -> impl IntoView {
    let order = format!("/orders/{}", receipt.id);
    let course = format!("/courses/{}", receipt.course_slug);
    let state = match (&receipt.refund, receipt.is_final) {
        (Some(_), _) => "Refunded",
        (None, true) => "Paid, final",
        (None, false) => "Paid",
    };
    let paid = receipt.transaction;
    view! {
        <div class="till till-order receipt">
            <Crumbs path=vec![("/orders".to_owned(), "Orders".to_owned()), (order, "Your order".to_owned())] here="Receipt"/>
            <h1>"Receipt"</h1>
            <section class="bill" aria-label="What was paid">
                <p class="bill-course"><a href=course>{receipt.course_title}</a></p>
                <p class="bill-tier">{receipt.tier_name}", by "{receipt.teacher}</p>
                <p class="bill-price"><Money wei=receipt.amount currency=receipt.currency/></p>
                {receipt.quoted.map(|sum| view! { <p class="bill-quote">"For a price of "{sum.to_string()}</p> })}
                {receipt.worth.filter(|sum| receipt.quoted != Some(*sum)).map(|sum| view! {
                    <p class="bill-quote" data-testid="worth">"Worth "{sum.to_string()}" when it was paid"</p>
                })}
            </section>
            <dl class="fact-list" data-testid="receipt">
                <div><dt>"State"</dt><dd>{state}</dd></div>
                {receipt.paid_at.map(|at| view! {
                    <div><dt>"Paid"</dt><dd>{exact(at)}" ("<When at=at/>")"</dd></div>
                })}
                <div><dt>"Order"</dt><dd><code>{receipt.id.to_string()}</code></dd></div>
                <div><dt>"Network"</dt><dd>{receipt.chain}" (id "{receipt.chain_id}")"</dd></div>
                <div><dt>"Transaction"</dt><dd><Whole text=paid.hash.to_string() link=paid.link/></dd></div>
                {paid.block.map(|block| view! { <div><dt>"Block, log"</dt><dd>{block}", "{receipt.log_index}</dd></div> })}
                {paid.block_hash.map(|hash| view! { <div><dt>"Block's hash"</dt><dd><code>{hash.to_string()}</code></dd></div> })}
                <div><dt>"Paid to the contract"</dt><dd><code>{receipt.market}</code></dd></div>
                {receipt.payer.map(|payer| view! { <div><dt>"Paid by"</dt><dd><code>{payer}</code></dd></div> })}
                <div><dt>"Bought for"</dt><dd><code>{receipt.beneficiary}</code></dd></div>
                {receipt.refund.map(|refund| view! {
                    <div><dt>"Refunded with"</dt><dd><Whole text=refund.hash.to_string() link=refund.link/></dd></div>
                })}
            </dl>
            <p class="muted no-print">"Your browser's “Print” makes paper or a PDF of this page."</p>
        </div>
    }
}

/// A hash in full, as paper needs it, and its link where there is one.
#[component]
fn Whole(text: String, #[prop(optional_no_strip)] link: Option<String>) -> impl IntoView {
    let link =
        link.map(|link| view! { <span class="no-print">" "<Hash hash=text.clone() link=Some(link)/></span> });
    view! { <code>{text}</code>{link} }
}

/// To the second, in UTC.
fn exact(at: academy::time::Time) -> String {
    at.rfc3339().replace('T', " ").replace('Z', " UTC")
}
