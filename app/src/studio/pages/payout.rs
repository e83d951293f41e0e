//! What an instructor is owed, and taking it out.

use academy::{
    Kind,
    checkout::{Balance, ChainInfo, Payout, Till, WalletCall},
};
use axum::extract::{Query, State};
use leptos::prelude::*;

use super::Done;
use crate::{
    AppState, Visitor,
    render::{Answer, Islands, Layout, PageHead, render},
    ui::{
        AddressText, Crumbs, EmptyState, Hash, Money, Notice, PageTitle, TableScroll, Tone, When, on_chain,
    },
    wallet::send::SendCall,
};

pub async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query<Done>) -> Answer {
    let checkout = state.academy.checkout();
    let payout = checkout.payout(&visitor.actor).await?;
    let mut tills = Vec::new();
    for till in &payout.tills {
        let mut calls = Vec::new();
        let owed = till.balances.iter().flatten().filter(|balance| !balance.owed.is_zero());
        for Balance { currency, owed, .. } in owed {
            match checkout.payout_call(&visitor.actor, till.chain.id, till.market, currency.token).await {
                Ok(call) => calls.push((format!("Take out {}", currency.short(*owed)), call)),
                // Withdrawn between the two looks, or the chain is silent now: there is nothing to press.
                Err(problem) if matches!(problem.kind, Kind::Conflict | Kind::Unavailable) => {}
                Err(problem) => return Err(problem.into()),
            }
        }
        tills.push((till, calls));
    }
    let head = PageHead::new("Payout", "What your courses earned, and taking it out.")
        .layout(Layout::Wide)
        .with(Islands::Sending);
    Ok(render(&state, &visitor, head, || {
        view! {
            <div class="studio studio-narrow">
                <Crumbs path=vec![("/studio".to_owned(), "Studio".to_owned())] here="Payout"/>
                <PageTitle
                    title="Payout"
                    lead="Buyers pay into the contract, which keeps your share under your address until you take it out."
                />
                {(query.done == "withdrawn").then(|| view! {
                    <Notice tone=Tone::Positive>
                        <p>"The network has your withdrawal. It shows in the list below as soon as this site has seen it."</p>
                    </Notice>
                })}
                <section class="panel payout" aria-labelledby="owed-title" data-testid="payout">
                    <h2 id="owed-title">"Waiting for you"</h2>
                    <p class="muted">"Belongs to "<AddressText address=payout.payee.clone()/></p>
                    {tills.into_iter().map(|(till, calls)| one(till, calls, payout.tills.len() > 1)).collect_view()}
                    <noscript><p class="muted">"Taking money out needs your wallet, and so JavaScript."</p></noscript>
                </section>
                <section aria-labelledby="history-title">
                    <h2 id="history-title">"Withdrawn so far"</h2>
                    {history(&payout)}
                </section>
            </div>
        }
    }))
}

/// What one network's contract has, and the buttons that take it out.
fn one(till: &Till, calls: Vec<(String, WalletCall)>, named: bool) -> impl IntoView + use<> {
    let former = || till.former.then(|| format!(" · earlier contract {}", till.market.checksummed()));
    let name = named.then(|| view! { <h3>{till.chain.name.clone()}{former()}</h3> });
    let body = match &till.balances {
        Some(there) => view! { {balances(there)} {withdraw(calls, &till.chain)} }.into_any(),
        None => view! {
            <p data-testid="silent">
                {till.chain.name.clone()}" does not answer now. What is yours there stays yours; look again later."
            </p>
        }
        .into_any(),
    };
    view! { {name} {body} }
}

/// What is there, one line for each currency in which there is something, and for the coin.
fn balances(balances: &[Balance]) -> impl IntoView + use<> {
    let there =
        |balance: &&Balance| balance.currency.is_coin() || !balance.owed.is_zero() || !balance.held.is_zero();
    let lines = balances.iter().filter(there).map(|balance| {
        let currency = || balance.currency.clone();
        view! {
            <p class="payout-sum" data-testid="owed"><Money wei=balance.owed currency=currency()/></p>
            {(!balance.held.is_zero()).then(|| view! {
                <p data-testid="held">
                    "Besides, the contract holds "<Money wei=balance.held currency=currency()/>
                    " of sales that buyers can still give back. It becomes yours as their money-back windows end."
                </p>
            })}
        }
    });
    lines.collect_view()
}

fn withdraw(calls: Vec<(String, WalletCall)>, chain: &ChainInfo) -> impl IntoView + use<> {
    if calls.is_empty() {
        return view! { <p>"There is nothing to take out now. Sales add to it as soon as the network confirms them."</p> }
            .into_any();
    }
    let buttons = calls.into_iter().map(|(label, call)| {
        view! { <SendCall call=call chain=chain.clone() label=label after="/studio/payout?done=withdrawn".to_owned()/> }
    });
    view! {
        <p>
            "Your wallet will show one transaction to the course market that sends nothing and costs only the network fee (gas). "
            "The whole sum goes to the address above."
        </p>
        {buttons.collect_view()}
    }
    .into_any()
}

fn history(payout: &Payout) -> impl IntoView + use<> {
    if payout.history.is_empty() {
        return view! {
            <EmptyState title="Nothing withdrawn yet">
                <p>"Every withdrawal is listed here with its transaction."</p>
            </EmptyState>
        }
        .into_any();
    }
    let rows: Vec<_> = payout
        .history
        .iter()
        .map(|out| {
            let known = &out.transaction;
            view! {
                <tr>
                    <td><When at=out.at/></td>
                    <td class="number">
                        <Money wei=out.amount currency=out.currency.clone()/>
                        {on_chain(out.chain.clone())}
                    </td>
                    <td><Hash hash=known.hash.to_string() link=known.link.clone()/></td>
                </tr>
            }
        })
        .collect();
    view! {
        <TableScroll label="Withdrawals">
            <table class="table" data-testid="withdrawals">
                <thead>
                    <tr>
                        <th scope="col">"When"</th>
                        <th scope="col" class="number">"Amount"</th>
                        <th scope="col">"Transaction"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </TableScroll>
    }
    .into_any()
}
