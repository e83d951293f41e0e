//! Every payment that the chain showed, and whether it counts.

use academy::checkout::{PaymentRow, Standing};
use axum::extract::{Query, State};
use leptos::prelude::*;

use super::{
    Asked, choices, filters, frame, head, list,
    words::{setback_words, standing_badge, standing_words},
};
use crate::{
    AppState, Visitor,
    render::{Answer, render},
    ui::{AddressText, Hash, Money, TableScroll, When},
};

const PATH: &str = "/admin/payments";

pub async fn show(State(state): State<AppState>, visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    let payments = state.academy.checkout().payments(&visitor.actor, &asked.filter()).await?;
    Ok(render(&state, &visitor, head("Payments"), || {
        let standings = choices(Standing::ALL, Standing::word, standing_words);
        let table = || {
            let rows: Vec<_> = payments.rows.iter().map(row).collect();
            view! {
                <TableScroll label="Payments">
                    <table class="table" data-testid="payments">
                        <thead>
                            <tr>
                                <th scope="col">"Seen"</th>
                                <th scope="col">"Standing"</th>
                                <th scope="col" class="number">"Amount"</th>
                                <th scope="col">"Course"</th>
                                <th scope="col">"Bought for"</th>
                                <th scope="col">"Transaction"</th>
                                <th scope="col" class="number">"Block, log"</th>
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
            {filters(PATH, &asked, "Course, address or transaction", Some(("Standing", standings)))}
            {list(&payments, PATH, &asked, "payment", table)}
        };
        frame(
            PATH,
            "What the chain itself shows, the newest first. A payment opens lessons only while it is accepted.",
            content,
        )
    }))
}

fn row(payment: &PaymentRow) -> impl IntoView + use<> {
    let known = &payment.transaction;
    view! {
        <tr>
            <td><When at=payment.seen_at/></td>
            <td>
                {standing_badge(payment.standing)}
                {payment.setback.map(|setback| view! { <span class="table-sub">{setback_words(setback)}</span> })}
            </td>
            <td class="number"><Money wei=payment.amount/></td>
            <th scope="row">{payment.course.clone()}</th>
            <td><AddressText address=payment.beneficiary_text.clone()/></td>
            <td><Hash hash=known.hash.to_string() link=known.link.clone()/></td>
            <td class="number">
                {known.block.map_or_else(|| "none".to_owned(), |block| block.to_string())}", "{payment.log_index}
            </td>
            <td>
                {match payment.order {
                    Some(order) => view! {
                        <a href=format!("/orders/{order}")>
                            "Open"<span class="visually-hidden">{format!(" order {order}")}</span>
                        </a>
                    }
                    .into_any(),
                    None => view! { <span class="muted">"Unknown"</span> }.into_any(),
                }}
            </td>
        </tr>
    }
}
