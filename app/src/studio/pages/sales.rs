//! What a course earned.

use academy::{
    checkout::{Earned, OrderRow, Sales},
    money::Wei,
    page::{Filter, Page},
};
use axum::extract::{Path, Query, State};
use leptos::prelude::*;
use serde::Deserialize;

use super::{chart::sales_chart, done_notice, frame, load, path};
use crate::{
    AppState, Visitor,
    checkout::state_words,
    render::{Answer, Layout, PageHead, render},
    ui::{AddressText, Badge, EmptyState, Hash, Money, Pager, TableScroll, When, on_chain, quoted_for},
};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    done: String,
    // Read leniently: an address that was typed by hand shows the first page, not an error.
    page: String,
}

pub async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(query): Query<Asked>,
) -> Answer {
    let page = load(&state, &visitor, &id).await?;
    let filter = Filter { page: query.page.parse().unwrap_or(1), ..Filter::default() };
    let sales = state.academy.checkout().sales(&visitor.actor, page.course.id, &filter).await?;
    let head = PageHead::new(format!("Sales of {}", page.course.title), "What a course earned.")
        .layout(Layout::Wide);
    let done = (query.done == "refunded")
        .then_some("The refund is on the network. Its sale shows it as soon as this site has seen it.");
    Ok(render(&state, &visitor, head, || {
        let content = view! {
            {done_notice(done)}
            <section aria-labelledby="sales-title">
                <h2 id="sales-title">"Sales"</h2>
                {totals(&sales)}
                {sales.earned.iter().enumerate().map(|(index, earned)| sales_chart(index, earned)).collect_view()}
            </section>
            <section aria-labelledby="newest-title">
                <h2 id="newest-title">"Newest sales"</h2>
                {newest(&sales.rows, &path(page.course.id, "/sales"))}
            </section>
        };
        frame(&page, "/sales", content)
    }))
}

fn totals(sales: &Sales) -> impl IntoView + use<> {
    let mut earned: Vec<_> = sales.earned.iter().map(sums).collect();
    if earned.is_empty() {
        earned
            .push((view! { <Money wei=Wei::ZERO/> }.into_any(), view! { <Money wei=Wei::ZERO/> }.into_any()));
    }
    let (all, month): (Vec<_>, Vec<_>) = earned.into_iter().unzip();
    let lines = |sums: Vec<AnyView>| sums.into_iter().map(|sum| view! { <div>{sum}</div> }).collect_view();
    view! {
        <dl class="figures" data-testid="sales-totals">
            <div><dt>"Earned in all"</dt><dd>{lines(all)}</dd></div>
            <div><dt>"Sales in all"</dt><dd>{sales.count}</dd></div>
            <div><dt>"In the last 30 days"</dt><dd>{lines(month)}</dd></div>
        </dl>
    }
}

/// What came in of a currency, in all and in the last 30 days.
fn sums(earned: &Earned) -> (AnyView, AnyView) {
    let month = earned.days.iter().fold(Wei::ZERO, |sum, (_, _, amount)| sum.plus(*amount));
    let money = |sum| {
        let chain = on_chain(earned.chain.clone());
        view! { <Money wei=sum currency=earned.currency.clone()/>{chain} }.into_any()
    };
    (money(earned.total), money(month))
}

fn newest(sales: &Page<OrderRow>, address: &str) -> impl IntoView + use<> {
    if sales.total == 0 {
        return view! {
            <EmptyState title="No sale yet">
                <p>"Every payment that the chain confirms shows up here within seconds."</p>
            </EmptyState>
        }
        .into_any();
    }
    let rows: Vec<_> = sales.rows.iter().map(row).collect();
    let (number, pages) = (sales.number, sales.pages());
    view! {
        <TableScroll label="Newest sales">
            <table class="table" data-testid="sales">
                <thead>
                    <tr>
                        <th scope="col">"Buyer"</th>
                        <th scope="col">"Tier"</th>
                        <th scope="col" class="number">"Price"</th>
                        <th scope="col">"Transaction"</th>
                        <th scope="col">"When"</th>
                        <th scope="col">"State"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </TableScroll>
        <Pager number=number pages=pages base=format!("{address}?page=")/>
    }
    .into_any()
}

/// Where a sale stands, and its refund while there can be one.
fn state(sale: &OrderRow) -> impl IntoView + use<> {
    let (words, tone) = state_words(sale.state, sale.setback);
    let refund = sale.refundable_until.map(|until| {
        view! {
            <span class="table-sub">
                <a href=format!("/orders/{}/refund", sale.id) aria-label=format!("Refund {}", sale.beneficiary)>"Refund"</a>
                " until "<When at=until/>
            </span>
        }
    });
    view! { <Badge tone=tone>{words}</Badge>{refund} }
}

fn row(sale: &OrderRow) -> impl IntoView + use<> {
    view! {
        <tr>
            <th scope="row"><AddressText address=sale.beneficiary.clone()/></th>
            <td>{sale.tier_name.clone()}</td>
            <td class="number"><Money wei=sale.price currency=sale.currency.clone()/>{quoted_for(sale.fiat)}{on_chain(sale.chain.clone())}</td>
            <td>
                {sale.transaction.clone().map(|known| view! { <Hash hash=known.hash.to_string() link=known.link/> })}
            </td>
            <td><When at=sale.created_at/></td>
            <td>{state(sale)}</td>
        </tr>
    }
}
