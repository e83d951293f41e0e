//! The views of the orders' pages.

use academy::{
    checkout::{ChainInfo, Order, OrderRow, OrderState, Setback, TransferRow, TransferState, Way},
    page::Page,
};
use leptos::prelude::*;

use super::island::Checkout;
use crate::ui::{
    AddressText, Badge, Crumbs, EmptyState, Hash, Money, Notice, PageTitle, Pager, TableScroll, Tone, When,
    on_chain, quoted_for,
};

pub fn order(order: Order, own: bool, chain: ChainInfo, transfers: &[TransferRow]) -> impl IntoView + use<> {
    let course = format!("/courses/{}", order.course_slug);
    let holds = matches!(order.state, OrderState::Open).then(|| {
        view! {
            <div class="bill-holds"><dt>"Price holds until"</dt><dd><When at=order.expires_at/></dd></div>
        }
    });
    let ways = own.then(|| ways(&order));
    // An admin reads what its buyer does.
    let beneficiary = order.beneficiary.clone();
    let another = (!own).then(|| {
        view! {
            <Notice tone=Tone::Plain>
                <p data-testid="another">
                    "This is the order of "<AddressText address=beneficiary/>". What it says is said to them; what you order or pay here is your own account's doing."
                </p>
            </Notice>
        }
    });
    view! {
        <div class="till till-order">
            <Crumbs
                path=vec![
                    (course.clone(), order.course_title.clone()),
                    ("/orders".to_owned(), "Orders".to_owned()),
                ]
                here="This order"
            />
            // The same in every state: the timeline below moves on without a reload.
            <h1>{if own { "Your order" } else { "A buyer’s order" }}</h1>
            {another}
            <section class="bill" aria-label="What you buy">
                <p class="bill-course"><a href=course>{order.course_title.clone()}</a></p>
                <p class="bill-tier">{order.tier_name.clone()}</p>
                <p class="bill-price"><Money wei=order.price currency=order.currency.clone()/></p>
                {order.fiat.map(|sum| view! {
                    <p class="bill-quote" data-testid="quoted">{sum.to_string()}" at the rate of when you ordered"</p>
                })}
                <dl class="bill-facts">
                    {holds}
                    <div><dt>"Ordered"</dt><dd><When at=order.created_at/></dd></div>
                    {order.paid_at.map(|at| view! { <div><dt>"Opened"</dt><dd><When at=at/></dd></div> })}
                    {own.then(|| refundable(&order))}
                    {matches!(order.state, OrderState::Paid | OrderState::Refunded).then(|| {
                        let address = format!("/orders/{}/receipt", order.id);
                        view! { <div><dt>"For your books"</dt><dd><a href=address>"Receipt"</a></dd></div> }
                    })}
                    <div><dt>"Network"</dt><dd>{chain.name.clone()}</dd></div>
                </dl>
            </section>
            {transfers.iter().map(|transfer| sent_past(transfer, order.state)).collect_view()}
            <Checkout order=order chain=chain/>
            {ways}
            <noscript>
                <p class="notice" data-tone="plain">
                    "Paying talks to your wallet, and that needs JavaScript. Everything else here works without it: reload the page to see where the payment stands."
                </p>
            </noscript>
        </div>
    }
}

/// Tokens that the buyer sent to the contract without buying.
fn sent_past(transfer: &TransferRow, state: OrderState) -> impl IntoView + use<> {
    let came = format!(
        "{} came from your wallet straight to the contract, without a purchase, so it paid for nothing. ",
        transfer.currency.short(transfer.amount)
    );
    let then = match transfer.state {
        TransferState::Waiting if state == OrderState::Open => {
            "It is not lost: whoever runs this site has been told and can send it back. To buy, pay below."
        }
        TransferState::Waiting => {
            "It is not lost: whoever runs this site has been told and can send it back."
        }
        TransferState::Returned => "It was sent back to you.",
        TransferState::Dismissed => {
            "A person looked at it and did not send it back. Ask whoever runs this site what became of it."
        }
    };
    let tone = if transfer.state == TransferState::Waiting { Tone::Warning } else { Tone::Plain };
    let transaction = transfer.returned.clone().unwrap_or_else(|| transfer.transaction.clone());
    view! {
        <Notice tone=tone>
            <p data-testid="sent-past">
                {came}{then}" "<Hash hash=transaction.hash.to_string() link=transaction.link.clone()/>
            </p>
        </Notice>
    }
}

/// How an open order could be paid instead. It stands beside the timeline, which goes on in the browser and
/// loads what it draws.
fn ways(order: &Order) -> Option<impl IntoView + use<>> {
    let several = order.ways.iter().any(|way| way.chain_id != order.chain_id);
    let way = |way: &Way| {
        let value = format!("{}/{}", way.chain_id, way.currency.token);
        let label = match several {
            true => format!("Pay in {} on {} instead", way.currency.symbol, way.chain),
            false => format!("Pay in {} instead", way.currency.symbol),
        };
        let chain = (way.chain_id != order.chain_id).then(|| format!("{:#x}", way.chain_id));
        view! {
            <li data-chain=chain>
                <p class="way-here" role="status">"Your wallet is on "{way.chain.clone()}"."</p>
                <button class="button" data-kind="secondary" name="pay" value=value data-testid="pay-in">{label}</button>
            </li>
        }
    };
    (!order.ways.is_empty()).then(|| {
        view! {
            <section class="ways" aria-labelledby="ways-title" data-testid="ways">
                <h2 id="ways-title">"Other ways to pay"</h2>
                <form method="post" action=format!("/courses/{}/buy", order.course_slug)>
                    <input type="hidden" name="tier" value=order.tier.to_string()/>
                    <ul>{order.ways.iter().map(way).collect_view()}</ul>
                </form>
            </section>
        }
    })
}

/// Until when the money can come back, and the way there.
fn refundable(order: &Order) -> Option<impl IntoView + use<>> {
    let until = order.refundable_until?;
    let address = format!("/orders/{}/refund", order.id);
    Some(view! {
        <div><dt>"Money back until"</dt><dd><When at=until/>" · "<a href=address>"Give it back"</a></dd></div>
    })
}

/// The word for a payment that takes too long, and how it looks.
pub const STUCK: (&str, Tone) = ("Stuck", Tone::Warning);

/// The word for a state, and how it looks.
pub fn state_words(state: OrderState, setback: Option<Setback>) -> (&'static str, Tone) {
    match (state, setback) {
        (OrderState::Paid, _) => ("Paid", Tone::Positive),
        (_, Some(setback)) if setback.needs_review() => ("A person looks at it", Tone::Warning),
        (OrderState::Expired | OrderState::Cancelled, Some(Setback::ToRefund)) => {
            ("To be paid back", Tone::Warning)
        }
        (OrderState::Expired | OrderState::Cancelled, Some(Setback::PaidBack)) => ("Paid back", Tone::Plain),
        (OrderState::Confirming | OrderState::Submitted, Some(Setback::Orphaned)) => {
            ("Being confirmed again", Tone::Warning)
        }
        (OrderState::Open, _) => ("Waiting for payment", Tone::Accent),
        (OrderState::Submitted, _) => ("Payment sent", Tone::Accent),
        (OrderState::Confirming, _) => ("Being confirmed", Tone::Accent),
        (OrderState::Expired, _) => ("Expired", Tone::Plain),
        (OrderState::Cancelled, _) => ("Cancelled", Tone::Plain),
        (OrderState::Refunded, _) => ("Refunded", Tone::Plain),
    }
}

pub fn orders(orders: Page<OrderRow>) -> impl IntoView {
    let (number, pages) = (orders.number, orders.pages());
    let body = if orders.total == 0 {
        view! {
            <EmptyState title="No orders yet.">
                <p>"What you buy shows here with its payment on the chain. Free courses need no order."</p>
                <p><a class="button" data-kind="primary" href="/">"Find a course"</a></p>
            </EmptyState>
        }
        .into_any()
    } else {
        let rows: Vec<_> = orders.rows.into_iter().map(row).collect();
        view! {
            <TableScroll label="Your orders">
                // The roles keep it a table for screen readers where a phone stacks its cells.
                <table class="table table-stack" role="table">
                    <thead role="rowgroup">
                        <tr role="row">
                            <th role="columnheader" scope="col">"Course"</th>
                            <th role="columnheader" scope="col">"State"</th>
                            <th role="columnheader" scope="col" class="number">"Price"</th>
                            <th role="columnheader" scope="col">"Ordered"</th>
                            <th role="columnheader" scope="col">"Transaction"</th>
                            <th role="columnheader" scope="col"><span class="visually-hidden">"Next step"</span></th>
                        </tr>
                    </thead>
                    <tbody role="rowgroup">{rows}</tbody>
                </table>
            </TableScroll>
            <Pager number=number pages=pages base="/orders?page="/>
        }
        .into_any()
    };
    view! {
        <div class="orders">
            <PageTitle title="Orders and receipts" lead="What you bought, with each payment on the chain.">
                <a class="button" data-kind="secondary" href="/learning">"My courses"</a>
            </PageTitle>
            {body}
        </div>
    }
}

fn row(order: OrderRow) -> impl IntoView {
    let (words, tone) = match (order.awaiting, order.stuck) {
        (true, _) => ("Waiting for your wallet", Tone::Accent),
        (_, true) => STUCK,
        _ => state_words(order.state, order.setback),
    };
    let (action, tail) = match order.state {
        OrderState::Paid | OrderState::Refunded => ("Receipt", "/receipt"),
        OrderState::Open if !order.awaiting => ("Pay", ""),
        _ => ("Details", ""),
    };
    let transaction = match order.transaction {
        Some(transaction) => {
            view! { <Hash hash=transaction.hash.to_string() link=transaction.link/> }.into_any()
        }
        None => view! { <span class="muted">"none yet"</span> }.into_any(),
    };
    let label = format!("{action}: {}", order.course_title);
    let refund = order.refundable_until.map(|until| {
        view! {
            <span class="table-sub">
                <a href=format!("/orders/{}/refund", order.id)>"Money back"</a>" until "<When at=until/>
            </span>
        }
    });
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">
                <a href=format!("/courses/{}", order.course_slug)>{order.course_title}</a>
                <span class="table-sub">{order.tier_name}</span>
            </th>
            <td role="cell"><Badge tone=tone>{words}</Badge>{refund}</td>
            <td role="cell" class="number" data-label="Price"><div><Money wei=order.price currency=order.currency/>{quoted_for(order.fiat)}{on_chain(order.chain)}</div></td>
            <td role="cell" data-label="Ordered"><When at=order.created_at/></td>
            <td role="cell" data-label="Transaction">{transaction}</td>
            <td role="cell" class="table-action">
                <a class="button" data-kind="secondary" data-size="small" href=format!("/orders/{}{tail}", order.id) aria-label=label>{action}</a>
            </td>
        </tr>
    }
}
