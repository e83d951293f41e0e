//! Giving a purchase back, before the wallet is asked.

use academy::{
    checkout::{ChainInfo, Refund},
    ids::OrderId,
};
use leptos::prelude::*;

use crate::{
    ui::{AddressText, Crumbs, Money, When},
    wallet::send::SendCall,
};

pub fn refund(id: OrderId, refund: Refund, chain: ChainInfo) -> impl IntoView {
    let (path, after, lead, button) = if refund.own {
        (
            vec![
                (format!("/courses/{}", refund.course_slug), refund.course_title.clone()),
                (format!("/orders/{id}"), "Your order".to_owned()),
            ],
            format!("/orders/{id}"),
            "You can give this course back and get your money, without anyone's leave, while its money-back window lasts.",
            "Give it back",
        )
    } else {
        let sales = format!("/studio/courses/{}/sales", refund.course);
        (
            vec![("/studio".to_owned(), "Studio".to_owned()), (sales.clone(), refund.course_title.clone())],
            format!("{sales}?done=refunded"),
            "You can give a buyer their money back while the money-back window lasts. Their access ends with it.",
            "Refund the buyer",
        )
    };
    // It waits for the account that paid, which need not be the buyer's.
    let keeps = if refund.own && refund.payer == refund.beneficiary {
        view! {
            "if your account cannot take it, the contract keeps it for you, and you take it out under “"
            <a href="/payout">"Payout"</a>"”. "
        }
        .into_any()
    } else {
        view! {
            "if the account that paid cannot take it, the contract keeps it for that account, which signs in here and takes it out under “Payout”. "
        }
        .into_any()
    };
    let whose = if refund.own { "Your access" } else { "The access of" };
    view! {
        <div class="till till-order">
            <Crumbs path=path here="Refund"/>
            <h1>{if refund.own { "Give the course back" } else { "Refund a sale" }}</h1>
            <section class="bill" aria-label="What comes back">
                <p class="bill-course">{refund.course_title}</p>
                <p class="bill-price"><Money wei=refund.amount currency=refund.currency/></p>
                <dl class="bill-facts">
                    <div><dt>"Goes back to"</dt><dd><AddressText address=refund.payer/></dd></div>
                    <div><dt>"Ends"</dt><dd>{whose}" "<AddressText address=refund.beneficiary/></dd></div>
                    <div><dt>"Possible until"</dt><dd><When at=refund.until/></dd></div>
                </dl>
            </section>
            <section class="panel" aria-label="Refund">
                <p>{lead}</p>
                <p>
                    "Your wallet will show one transaction to the course market. It costs only the network fee (gas); the contract sends the whole price back in the same transaction; "
                    {keeps}
                    "The lessons close as soon as this site has seen it."
                </p>
                <SendCall call=refund.call chain=chain label=button.to_owned() after=after/>
                <noscript><p class="muted">"A refund needs your wallet, and so JavaScript."</p></noscript>
            </section>
        </div>
    }
}
