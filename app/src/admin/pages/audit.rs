//! Who did what to whom, and why.

use academy::accounts::AuditEntry;
use axum::extract::{Query, State};
use leptos::prelude::*;

use super::{Asked, filters, frame, head, list};
use crate::{
    AppState, Visitor,
    render::{Answer, render},
    ui::{TableScroll, When},
};

const PATH: &str = "/admin/audit";

pub async fn show(State(state): State<AppState>, visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    let entries = state.academy.accounts().audit(&visitor.actor, &asked.filter()).await?;
    Ok(render(&state, &visitor, head("Audit log"), || {
        let table = || {
            let rows: Vec<_> = entries.rows.iter().map(row).collect();
            view! {
                <TableScroll label="Audit log">
                    <table class="table" data-testid="audit">
                        <thead>
                            <tr>
                                <th scope="col">"When"</th>
                                <th scope="col">"Who"</th>
                                <th scope="col">"What"</th>
                                <th scope="col">"To whom or what"</th>
                                <th scope="col">"Why"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </TableScroll>
            }
            .into_any()
        };
        let content = view! {
            {filters(PATH, &asked, "Person, act, subject or reason", None)}
            {list(&entries, PATH, &asked, "record", table)}
        };
        frame(
            PATH,
            "Every decision about rights and about money, by whom, and why where a reason was given. Nobody can edit it.",
            content,
        )
    }))
}

/// What an act is called; one that this page does not know yet shows as it is.
fn act_words(act: &str) -> &str {
    match act {
        "role.given" => "Gave a role",
        "role.taken" => "Took a role",
        "access.granted" => "Granted access",
        "access.revoked" => "Revoked access",
        "payment.accepted" => "Accepted a payment",
        "payment.to_refund" => "Had a payment refunded",
        "payment.paid_back" => "Noted that a payment was paid back",
        "payment.surplus_back" => "Noted that a surplus was paid back",
        "payment.surplus_kept" => "Let a surplus stay where it is",
        "payment.dismissed" => "Dismissed a payment",
        "order.cancelled" => "Gave a buyer's order up",
        "transfer.dismissed" => "Dismissed a transfer",
        "course.published" => "Published a course",
        "course.withdrawn" => "Withdrew a course",
        act => act,
    }
}

fn row(entry: &AuditEntry) -> impl IntoView + use<> {
    view! {
        <tr>
            <td><When at=entry.at/></td>
            <td>{entry.actor.clone()}</td>
            <th scope="row">{act_words(&entry.act).to_owned()}</th>
            <td class="cell-text">{entry.subject.clone()}</td>
            <td class="cell-text">{entry.reason.clone()}</td>
        </tr>
    }
}
