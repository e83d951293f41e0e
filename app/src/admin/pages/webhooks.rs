//! The programs that are told of orders and payments, and how that goes.

use academy::webhooks::EndpointState;
use axum::{Form, extract::State};
use leptos::prelude::*;
use serde::Deserialize;

use crate::{
    AppState, Visitor,
    render::{Answer, see_other},
    ui::{Badge, Submit, TableScroll, Tone},
};

#[derive(Deserialize)]
pub struct TryAgain {
    endpoint: String,
}

/// Sends an endpoint again what it did not take.
pub async fn act(State(state): State<AppState>, visitor: Visitor, Form(form): Form<TryAgain>) -> Answer {
    state.academy.webhooks().try_again(&visitor.actor, &form.endpoint).await?;
    Ok(see_other("/admin?done=resent"))
}

/// Nothing, where nobody is told.
pub fn panel(endpoints: &[EndpointState]) -> impl IntoView + use<> {
    if endpoints.is_empty() {
        return ().into_any();
    }
    let rows = endpoints.iter().map(row).collect_view();
    view! {
        <section class="panel" aria-labelledby="webhooks-title" data-testid="webhooks">
            <header class="panel-head">
                <h2 id="webhooks-title">"Webhooks"</h2>
            </header>
            <TableScroll label="Webhooks">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"Endpoint"</th>
                            <th scope="col" class="number">"Delivered"</th>
                            <th scope="col" class="number">"Waiting"</th>
                            <th scope="col" class="number">"Given up"</th>
                            <th scope="col">"Last trouble"</th>
                            <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </TableScroll>
        </section>
    }
    .into_any()
}

fn row(endpoint: &EndpointState) -> impl IntoView + use<> {
    let (tone, words) = match (endpoint.given_up, &endpoint.last_error) {
        (0, None) => (Tone::Positive, "Takes everything"),
        (0, Some(_)) => (Tone::Warning, "Tries again"),
        _ => (Tone::Negative, "Missed some"),
    };
    let name = endpoint.name.clone();
    let again = endpoint.last_error.is_some().then(|| {
        view! {
            <form method="post" action="/admin/webhooks">
                <Submit kind="secondary" name="endpoint" value=name.clone()>
                    "Send again"<span class="visually-hidden">" to "{name.clone()}</span>
                </Submit>
            </form>
        }
    });
    view! {
        <tr>
            <th scope="row">{endpoint.name.clone()}" "<Badge tone=tone>{words}</Badge></th>
            <td class="number">{endpoint.delivered}</td>
            <td class="number">{endpoint.waiting}</td>
            <td class="number">{endpoint.given_up}</td>
            <td>{endpoint.last_error.clone()}</td>
            <td>{again}</td>
        </tr>
    }
}
