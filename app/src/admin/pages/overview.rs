//! How the place stands: the chain, and counts that lead to their lists.

use academy::{
    Problem,
    catalog::CourseState,
    chain::Provider,
    checkout::{ChainHealth, OrderState, PaymentRow, Setback, Standing, TransferRow, TransferState},
    page::{Filter, Page},
};
use axum::extract::{Query, State};
use leptos::prelude::*;

use super::{
    Asked, frame, head,
    payments::{OWED, OWED_WORDS, REVIEW, table},
    transfers::{self, WAITING},
    webhooks,
};
use crate::{
    AppState, Visitor,
    render::{Answer, render},
    ui::{Badge, FormState, Notice, TableScroll, Tone, When, count},
};

/// The follower is behind when it is this many blocks away from the chain's head.
const FAR_BEHIND: u64 = 20;

/// A provider that answers a smaller share of its questions fails often.
const OFTEN: f64 = 0.9;

struct Figure {
    words: &'static str,
    number: u32,
    href: String,
}

async fn figures(state: &AppState, visitor: &Visitor) -> Result<Vec<Figure>, Problem> {
    let actor = &visitor.actor;
    let (accounts, catalog, checkout) =
        (state.academy.accounts(), state.academy.catalog(), state.academy.checkout());
    let by = |word: &str| Filter { state: word.to_owned(), ..Filter::default() };
    let figure = |words, number, href: String| Figure { words, number, href };
    let review = Standing::Review.word();
    let owed = Setback::ToRefund.word();
    let paid = OrderState::Paid.word();
    let submitted = OrderState::Submitted.word();
    let confirming = OrderState::Confirming.word();
    let published = CourseState::Published.word();
    Ok(vec![
        figure(
            "Payments to review",
            checkout.payments(actor, &by(review)).await?.total,
            format!("/admin/payments?state={review}"),
        ),
        figure(
            "Payments to pay back",
            checkout.payments(actor, &by(owed)).await?.total,
            format!("/admin/payments?state={owed}"),
        ),
        figure(
            "Orders with a payment under way",
            checkout.orders(actor, &by(submitted)).await?.total,
            format!("/admin/orders?state={submitted}"),
        ),
        figure(
            "Orders being confirmed",
            checkout.orders(actor, &by(confirming)).await?.total,
            format!("/admin/orders?state={confirming}"),
        ),
        figure(
            "Orders paid",
            checkout.orders(actor, &by(paid)).await?.total,
            format!("/admin/orders?state={paid}"),
        ),
        figure(
            "Courses for sale",
            catalog.all(actor, &by(published)).await?.total,
            format!("/admin/courses?state={published}"),
        ),
        figure(
            "Courses in all",
            catalog.all(actor, &Filter::default()).await?.total,
            "/admin/courses".to_owned(),
        ),
        figure("Users", accounts.users(actor, &Filter::default()).await?.total, "/admin/users".to_owned()),
        figure(
            "Instructors",
            accounts.users(actor, &by("instructor")).await?.total,
            "/admin/users?state=instructor".to_owned(),
        ),
        figure(
            "Enrollments",
            state.academy.learning().enrollments(actor, &Filter::default()).await?.total,
            "/admin/access".to_owned(),
        ),
    ])
}

pub async fn show(State(state): State<AppState>, visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    let figures = figures(&state, &visitor).await?;
    let review = Filter { state: Standing::Review.word().to_owned(), ..Filter::default() };
    let review = state.academy.checkout().payments(&visitor.actor, &review).await?;
    let owed = Filter { state: Setback::ToRefund.word().to_owned(), ..Filter::default() };
    let owed = state.academy.checkout().payments(&visitor.actor, &owed).await?;
    let waiting = Filter { state: TransferState::Waiting.word().to_owned(), ..Filter::default() };
    let waiting = state.academy.checkout().transfers(&visitor.actor, &waiting).await?;
    let health = state.academy.checkout().health_of_providers(&visitor.actor).await?;
    let endpoints = state.academy.webhooks().endpoints(&visitor.actor).await?;
    Ok(render(&state, &visitor, head("Overview"), || {
        let cards: Vec<_> = figures
            .into_iter()
            .map(|figure| {
                view! {
                    <li>
                        <a class="figure" href=figure.href>
                            <span class="figure-number">{figure.number}</span>
                            <span class="figure-words">{figure.words}</span>
                        </a>
                    </li>
                }
            })
            .collect();
        let resent = (asked.done == "resent").then(|| {
            view! { <Notice tone=Tone::Positive><p>"It is told again of everything that it did not take."</p></Notice> }
        });
        let content = view! {
            {resent}
            <section aria-labelledby="review-title" data-testid="review">
                <h2 id="review-title">"To decide"</h2>
                {to_decide(&review, &owed, &waiting)}
            </section>
            {health.iter().map(|(health, providers)| chain(health, providers)).collect_view()}
            {webhooks::panel(&endpoints)}
            <ul class="figure-grid" data-testid="figures">{cards}</ul>
        };
        frame("/admin", "What waits for you, the chain, and what is going on.", content)
    }))
}

/// How a chain, its follower and its providers are doing.
fn chain(health: &ChainHealth, providers: &[Provider]) -> impl IntoView + use<> {
    let id = format!("chain-{}", health.chain.id);
    view! {
        <section class="panel" aria-labelledby=id.clone() data-testid="chain-health">
            <header class="panel-head">
                <h2 id=id.clone()>"Chain: "{health.chain.name.clone()}</h2>
                {badge(health)}
            </header>
            {trouble(health)}
            <dl class="fact-list">
                <div><dt>"Id"</dt><dd class="number">{health.chain.id}</dd></div>
                <div><dt>"Newest block"</dt><dd class="number">{block(health.head)}</dd></div>
                <div><dt>"Read up to block"</dt><dd class="number">{block(health.next_block.map(|next| next.saturating_sub(1)))}</dd></div>
                <div><dt>"Last looked"</dt><dd>{health.seen_at.map(|at| view! { <When at=at/> })}</dd></div>
                <div><dt>"Behind"</dt><dd class="number">{behind(health).map(|lag| count(u32::try_from(lag).unwrap_or(u32::MAX), "block"))}</dd></div>
            </dl>
            {(!providers.is_empty()).then(|| table_of(health, providers))}
        </section>
    }
}

fn table_of(health: &ChainHealth, providers: &[Provider]) -> impl IntoView + use<> {
    let rows = providers.iter().map(|provider| row(provider, health.head)).collect_view();
    view! {
        <TableScroll label=format!("Providers of {}", health.chain.name)>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Provider (RPC)"</th>
                        <th scope="col" class="number">"Newest block"</th>
                        <th scope="col" class="number">"Answered lately"</th>
                        <th scope="col" class="number">"Time to answer"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </TableScroll>
    }
}

fn row(provider: &Provider, head: Option<u64>) -> impl IntoView + use<> {
    let (tone, words) = match provider.head {
        None => (Tone::Negative, "Does not answer"),
        Some(own) if head.is_some_and(|head| head.saturating_sub(own) > FAR_BEHIND) => {
            (Tone::Warning, "Behind")
        }
        Some(_) if provider.score < OFTEN => (Tone::Warning, "Fails often"),
        Some(_) => (Tone::Positive, "Answers"),
    };
    let latency = provider.latency.map(|seconds| format!("{:.0} ms", seconds * 1000.0));
    view! {
        <tr>
            <th scope="row">{provider.name.clone()}" "<Badge tone=tone>{words}</Badge></th>
            <td class="number">{block(provider.head)}</td>
            <td class="number">{format!("{:.0} %", provider.score * 100.0)}</td>
            <td class="number">{latency.unwrap_or_else(|| "unknown".to_owned())}</td>
        </tr>
    }
}

/// Money that came and opened nothing, or was too much, waits for a person, and comes first; then what somebody has
/// to pay back.
fn to_decide(
    review: &Page<PaymentRow>,
    owed: &Page<PaymentRow>,
    waiting: &Page<TransferRow>,
) -> impl IntoView + use<> {
    if review.rows.is_empty() && owed.rows.is_empty() && waiting.rows.is_empty() {
        return view! { <p class="muted">"No payment waits for a decision."</p> }.into_any();
    }
    let more = |shown: usize, total: u32, path| {
        (total as usize > shown).then(|| view! { <p><a href=path>{format!("All {total}")}</a></p> })
    };
    let of = |payments: &Page<PaymentRow>, path, label| {
        let form = FormState::default();
        view! { {table(&payments.rows, Some(path), "", &form, label)} {more(payments.rows.len(), payments.total, path)} }
    };
    let payments = (!review.rows.is_empty()).then(|| of(review, REVIEW, "Payments to decide about"));
    let owed = (!owed.rows.is_empty()).then(|| {
        view! {
            <h3>{OWED_WORDS}</h3>
            {of(owed, OWED, OWED_WORDS)}
        }
    });
    let transfers = (!waiting.rows.is_empty()).then(|| {
        view! {
            <h3>"Sent without buying"</h3>
            {transfers::table(&waiting.rows)}
            {more(waiting.rows.len(), waiting.total, WAITING)}
        }
    });
    view! { {payments} {owed} {transfers} }.into_any()
}

fn block(number: Option<u64>) -> String {
    number.map_or_else(|| "unknown".to_owned(), |number| number.to_string())
}

fn behind(health: &ChainHealth) -> Option<u64> {
    Some((health.head? + 1).saturating_sub(health.next_block?))
}

fn badge(health: &ChainHealth) -> impl IntoView + use<> {
    let (tone, words) = match behind(health) {
        _ if health.head.is_none() => (Tone::Negative, "Does not answer"),
        _ if !health.healthy => (Tone::Warning, "Not followed"),
        Some(lag) if lag > FAR_BEHIND => (Tone::Warning, "Catching up"),
        _ => (Tone::Positive, "Answers"),
    };
    view! { <Badge tone=tone>{words}</Badge> }
}

fn trouble(health: &ChainHealth) -> impl IntoView + use<> {
    let words = if health.head.is_none() {
        "None of the network's addresses (RPC) answers. Nothing is lost: payments made meanwhile are found and \
         lessons open as soon as one answers again. Check the addresses in the configuration."
    } else if !health.healthy {
        "The network answers, but nobody reads its events, so payments are seen only when a buyer's page asks. \
         Check that the worker runs."
    } else {
        return None;
    };
    Some(view! { <Notice tone=Tone::Negative><p>{words}</p></Notice> })
}
