//! What the contracts owe whoever is signed in, and taking it out. It stands in the studio for those who teach,
//! and at an address of its own for everyone: a refund waits here, too, where the account that paid could not
//! take it.

use academy::{
    Actor, Kind, Problem,
    checkout::{Balance, ChainInfo, Checkout, Payout, Till, WalletCall},
    evm::Address,
};
use axum::{
    Form,
    extract::{Query, State},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Done;
use crate::{
    AppState, Visitor,
    render::{Answer, Islands, Layout, PageHead, render},
    ui::{
        AddressText, Crumbs, EmptyState, ErrorSummary, Field, FormState, Hash, Money, Notice, PageTitle,
        Submit, TableScroll, Tone, When, on_chain,
    },
    wallet::send::SendCall,
};

/// Of one till: each button's words and its call.
type Offers = Vec<(String, WalletCall)>;

/// Where the money shall go; blank: to the payee's own address.
///
/// It is posted, and never read from the page's address: whoever follows a link shall not find somebody else's
/// account filled in.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Receiver {
    to: String,
}

pub async fn show(State(state): State<AppState>, visitor: Visitor, Query(query): Query<Done>) -> Answer {
    page(&state, &visitor, &Receiver::default(), query.done == "withdrawn").await
}

/// The same, with calls that send to the address that was written.
pub async fn show_to(
    State(state): State<AppState>,
    visitor: Visitor,
    Form(receiver): Form<Receiver>,
) -> Answer {
    page(&state, &visitor, &receiver, false).await
}

async fn page(state: &AppState, visitor: &Visitor, receiver: &Receiver, withdrawn: bool) -> Answer {
    let checkout = state.academy.checkout();
    let payout = checkout.payout(&visitor.actor).await?;
    let (offered, form) = match offers(&checkout, &visitor.actor, &payout, &receiver.to).await {
        Ok(offered) => (Some(offered), FormState::of(receiver)),
        Err(problem) if problem.kind == Kind::Invalid => (None, FormState::failed(receiver, problem)),
        Err(problem) => return Err(problem.into()),
    };
    let something = offered.as_ref().is_none_or(|tills| tills.iter().any(|calls| !calls.is_empty()));
    // Where the address is wrong, there is no button: it would send elsewhere than the field says.
    let offered: Vec<Option<Offers>> = match offered {
        Some(tills) => tills.into_iter().map(Some).collect(),
        None => vec![None; payout.tills.len()],
    };
    let elsewhere = Address::written(receiver.to.trim()).ok().map(|to| to.checksummed());
    let elsewhere = elsewhere.filter(|to| *to != payout.payee && form.problem().is_none());
    let path = visitor.path.split('?').next().unwrap_or("/payout").to_owned();
    let after = format!("{path}?done=withdrawn");
    let teaches = visitor.actor.person().is_some_and(|person| person.instructor || person.admin);
    let (above, words) = if teaches { ("/studio", "Studio") } else { ("/orders", "Orders and receipts") };
    let head = PageHead::new("Payout", "What the course market owes you, and taking it out.")
        .layout(Layout::Wide)
        .with(Islands::Sending)
        .for_form(&form);
    Ok(render(state, visitor, head, || {
        let several = payout.tills.len() > 1;
        let tills = payout.tills.iter().zip(offered);
        view! {
            <div class="studio studio-narrow">
                <Crumbs path=vec![(above.to_owned(), words.to_owned())] here="Payout"/>
                <PageTitle
                    title="Payout"
                    lead="The contract keeps what is yours under your address until you take it out: your share of what buyers paid, and refunds that your account could not take."
                />
                {withdrawn.then(|| view! {
                    <Notice tone=Tone::Positive>
                        <p>"The network has your withdrawal. It shows in the list below as soon as this site has seen it."</p>
                    </Notice>
                })}
                <section class="panel payout" aria-labelledby="owed-title" data-testid="payout">
                    <h2 id="owed-title">"Waiting for you"</h2>
                    <p class="muted">"Belongs to "<AddressText address=payout.payee.clone()/></p>
                    {tills
                        .map(|(till, calls)| one(till, calls, several, elsewhere.as_deref(), &after))
                        .collect_view()}
                    {something.then(|| receiver_form(path, form))}
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

/// What there is to press for each till.
async fn offers(
    checkout: &Checkout<'_>,
    actor: &Actor,
    payout: &Payout,
    to: &str,
) -> Result<Vec<Offers>, Problem> {
    let mut tills = Vec::new();
    for till in &payout.tills {
        let mut calls = Vec::new();
        for Balance { currency, owed, .. } in till.balances.iter().flatten() {
            if owed.is_zero() {
                continue;
            }
            match checkout.payout_call(actor, till.chain.id, till.market, currency.token, to).await {
                Ok(call) => calls.push((format!("Take out {}", currency.short(*owed)), call)),
                // Withdrawn between the two looks, or the chain is silent now: there is nothing to press.
                Err(problem) if matches!(problem.kind, Kind::Conflict | Kind::Unavailable) => {}
                Err(problem) => return Err(problem),
            }
        }
        tills.push(calls);
    }
    Ok(tills)
}

/// What one network's contract has, and the buttons that take it out; without calls, no buttons yet.
fn one(
    till: &Till,
    calls: Option<Offers>,
    named: bool,
    elsewhere: Option<&str>,
    after: &str,
) -> impl IntoView + use<> {
    let former = || till.former.then(|| format!(" · earlier contract {}", till.market.checksummed()));
    let name = named.then(|| view! { <h3>{till.chain.name.clone()}{former()}</h3> });
    let body = match &till.balances {
        Some(there) => view! {
            {balances(there)}
            {calls.map(|calls| withdraw(calls, &till.chain, elsewhere, after))}
        }
        .into_any(),
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

fn withdraw(calls: Offers, chain: &ChainInfo, elsewhere: Option<&str>, after: &str) -> impl IntoView + use<> {
    if calls.is_empty() {
        return view! {
            <p>
                "There is nothing to take out now. Sales add to it as soon as the network confirms them; so does a refund that your account could not take."
            </p>
        }
        .into_any();
    }
    let buttons = calls.into_iter().map(|(label, call)| {
        view! { <SendCall call=call chain=chain.clone() label=label after=after.to_owned()/> }
    });
    let goes = match elsewhere {
        Some(to) => view! {
            <strong data-testid="receiver">"The whole sum goes to "<AddressText address=to.to_owned() full=true/>"."</strong>
        }
        .into_any(),
        None => view! { "The whole sum goes to the address above." }.into_any(),
    };
    view! {
        <p>
            "Your wallet will show one transaction to the course market that sends nothing and costs only the network fee (gas). "
            {goes}
        </p>
        {buttons.collect_view()}
    }
    .into_any()
}

/// Asks for another account than the payee's own.
fn receiver_form(path: String, form: FormState) -> impl IntoView {
    view! {
        <form method="post" action=path class="form" data-testid="receiver-form">
            <ErrorSummary form=form.clone()/>
            <Field
                form=form
                name="to"
                label="Send it to another address"
                hint="For an account that can't take the money itself, such as a contract wallet that refuses coins. Give one of yours on the same network: what goes to a wrong address is lost. Left empty, it goes to your own."
            />
            <div class="button-row"><Submit kind="secondary">"Use this address"</Submit></div>
        </form>
    }
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
