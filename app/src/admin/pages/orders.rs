//! Every order.

use academy::checkout::{OrderRow, OrderState};
use axum::extract::{Query, State};
use leptos::prelude::*;

use super::{
    Asked, choices, filters, frame, head, list,
    words::{order_badge, order_words, setback_words},
};
use crate::{
    AppState, Visitor,
    checkout::STUCK,
    render::{Answer, render},
    ui::{AddressText, Badge, Hash, Money, TableScroll, When, on_chain, quoted_for},
};

const PATH: &str = "/admin/orders";

pub async fn show(State(state): State<AppState>, visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    let orders = state.academy.checkout().orders(&visitor.actor, &asked.filter()).await?;
    Ok(render(&state, &visitor, head("Orders"), || {
        let states = choices(OrderState::ALL, OrderState::word, order_words);
        let table = || {
            let rows: Vec<_> = orders.rows.iter().map(row).collect();
            view! {
                <TableScroll label="Orders">
                    <table class="table" data-testid="orders">
                        <thead>
                            <tr>
                                <th scope="col">"Opened"</th>
                                <th scope="col">"Course and tier"</th>
                                <th scope="col">"Buyer"</th>
                                <th scope="col" class="number">"Price"</th>
                                <th scope="col">"State"</th>
                                <th scope="col">"Transaction"</th>
                                <th scope="col">"Order"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </TableScroll>
            }
            .into_any()
        };
        let content = view! {
            {filters(PATH, &asked, "Course, buyer, address, transaction or order", Some(("State", states)))}
            {list(&orders, PATH, &asked, "order", table)}
        };
        frame(PATH, "What people set out to buy, the newest first.", content)
    }))
}

fn row(order: &OrderRow) -> impl IntoView + use<> {
    view! {
        <tr>
            <td><When at=order.created_at/></td>
            <th scope="row">
                <a href=format!("/courses/{}", order.course_slug)>{order.course_title.clone()}</a>
                <span class="table-sub">{order.tier_name.clone()}</span>
            </th>
            <td><AddressText address=order.beneficiary.clone()/></td>
            <td class="number"><Money wei=order.price currency=order.currency.clone()/>{quoted_for(order.fiat)}{on_chain(order.chain.clone())}</td>
            <td>
                {if order.stuck {
                    view! { <Badge tone=STUCK.1>{STUCK.0}</Badge> }.into_any()
                } else {
                    order_badge(order.state).into_any()
                }}
                {order.setback.map(|setback| view! { <span class="table-sub">{setback_words(setback)}</span> })}
            </td>
            <td>
                {match &order.transaction {
                    Some(known) => view! { <Hash hash=known.hash.to_string() link=known.link.clone()/> }.into_any(),
                    None => view! { <span class="muted">"None yet"</span> }.into_any(),
                }}
            </td>
            <td>
                <a href=format!("/orders/{}", order.id)>
                    "Open"<span class="visually-hidden">{format!(" order {}", order.id)}</span>
                </a>
            </td>
        </tr>
    }
}
