//! The step of publishing that the chain has a part in: prices on both sides, and the wallet's call.

use academy::{
    Kind, Problem,
    catalog::{CoursePage, CourseState, Offered},
    checkout::{ChainInfo, WalletCall},
    price::Price,
};
use leptos::prelude::*;

use super::publish::{Asked, MAX_LOOKS, is_ready};
use crate::{
    AppState, Visitor,
    ui::{AddressText, Icon, Money, Notice, PriceTag, Submit, TableScroll, Tone, count},
    wallet::send::SendCall,
};

/// What the wallet has to do with it.
pub enum Listing {
    /// The chain has these prices, or needs none.
    Agrees,
    /// This call makes it agree.
    Call(Box<WalletCall>),
    /// Someone else's wallet must do it, or something is missing; in words.
    Blocked(String),
}

/// What stands between the page's prices and the chain's.
pub async fn listing_of(state: &AppState, visitor: &Visitor, page: &CoursePage) -> Result<Listing, Problem> {
    if page.agrees() {
        return Ok(Listing::Agrees);
    }
    match state.academy.catalog().listing_call(&visitor.actor, page.course.id).await {
        Ok(call) => Ok(call.map_or(Listing::Agrees, |call| Listing::Call(Box::new(call)))),
        Err(problem) if matches!(problem.kind, Kind::Conflict | Kind::Invalid | Kind::Forbidden) => {
            Ok(Listing::Blocked(problem.message))
        }
        Err(problem) => Err(problem),
    }
}

/// A step with its mark: `done`, `now` or `later`.
pub fn step(
    state: &'static str,
    id: &'static str,
    title: &'static str,
    body: impl IntoView + 'static,
) -> impl IntoView {
    let (icon, words) = match state {
        "done" => ("check", "Done"),
        "now" => ("arrow-right", "Now"),
        _ => ("clock", "Later"),
    };
    view! {
        <li class="stage" id=id data-state=state>
            <span class="stage-mark"><Icon name=icon/><span class="visually-hidden">{words}": "</span></span>
            <div class="stage-body">
                <h2>{title}</h2>
                {body}
            </div>
        </li>
    }
}

/// The step itself.
pub fn view(
    page: &CoursePage,
    call: Listing,
    chain: ChainInfo,
    asked: &Asked,
    here: &str,
) -> impl IntoView + use<> {
    let title = "Its prices are on the chain";
    let body = match call {
        Listing::Agrees => {
            let state = if page.tiers.is_empty() { "later" } else { "done" };
            return step(state, "listing", title, agreed(page)).into_any();
        }
        Listing::Blocked(words) => view! { <p>{words}</p> }.into_any(),
        Listing::Call(_) if !is_ready(page) => {
            view! { <p class="muted">"Complete the course first; then your wallet puts these prices on the chain."</p> }.into_any()
        }
        Listing::Call(_) if asked.sent.is_some_and(|looks| looks < MAX_LOOKS) => view! {
            <Notice tone=Tone::Accent>
                <p data-testid="waiting-for-chain">
                    "Your transaction is on the network. Waiting until this site has seen the new prices there; "
                    "this page looks by itself every two seconds, and you can close this tab."
                </p>
            </Notice>
        }
        .into_any(),
        Listing::Call(call)
            if page.course.state == CourseState::Published || asked.sent.is_some() || !asked.wallet.is_empty() =>
        {
            wallet_step(page, *call, chain, asked, here).into_any()
        }
        Listing::Call(_) => view! {
            <p>
                "Buyers pay the contract on the chain, so it must know your prices. Next, your wallet shows one transaction "
                "that lists them. It sends no money and costs only the network fee (gas)."
            </p>
            <form method="post" data-testid="publish-form">
                <Submit name="act" value="publish">"Publish the course"</Submit>
            </form>
        }
        .into_any(),
    };
    let state = if is_ready(page) { "now" } else { "later" };
    let table = (!page.disagreements().is_empty()).then(|| prices(&page.disagreements()));
    let window = page.window_differs().map(|(here, there)| {
        view! {
            <p data-testid="window-differs">
                "The money-back window is "{count(u32::from(here), "day")}" here and "{count(u32::from(there), "day")}" on the chain, where it counts."
            </p>
        }
    });
    step(state, "listing", title, view! { {table} {window} {body} }).into_any()
}

/// The chain and the page say the same.
fn agreed(page: &CoursePage) -> impl IntoView + use<> {
    match &page.listing {
        Some(listing) => view! {
            <p>"The chain sells every tier at the price that the page shows."</p>
            <dl class="fact-list">
                <div><dt>"Number on the chain"</dt><dd>{listing.number.to_string()}</dd></div>
                <div><dt>"Money back within"</dt><dd>{window_words(listing.refund_days)}</dd></div>
                <div><dt>"Paid to"</dt><dd><AddressText address=listing.payee.clone()/></dd></div>
                <div><dt>"May change it"</dt><dd><AddressText address=listing.lister.clone()/></dd></div>
            </dl>
        }
        .into_any(),
        None if page.tiers.is_empty() => {
            view! { <p class="muted">"Your prices go there once the course is complete."</p> }.into_any()
        }
        None => view! { <p>"The course is free, so there is nothing to list."</p> }.into_any(),
    }
}

fn window_words(days: u8) -> String {
    if days == 0 { "no window".to_owned() } else { count(u32::from(days), "day") }
}

/// What the wallet will show, and the button that opens it.
fn wallet_step(
    page: &CoursePage,
    call: WalletCall,
    chain: ChainInfo,
    asked: &Asked,
    here: &str,
) -> impl IntoView + use<> {
    let (label, what) = if page.listing.is_some() && page.disagreements().is_empty() {
        ("Update the window on the chain", "It sets the money-back window above for later sales.")
    } else if page.listing.is_some() {
        ("Update the prices on the chain", "It sets the prices above for this course.")
    } else {
        (
            "Put the prices on the chain",
            "It registers this course with the prices above and your address as the one that is paid.",
        )
    };
    let again = format!("{here}?sent=0");
    let after = again.clone();
    let slow = asked.sent.map(|_| {
        view! {
            <Notice tone=Tone::Warning>
                <p>
                    "This is taking longer than usual. If your wallet says that the transaction is done, "
                    <a href=again>"look again"</a>
                    "; sending it once more only costs another network fee."
                </p>
            </Notice>
        }
    });
    view! {
        {slow}
        <p>
            "Your wallet will show one transaction to the course market. It sends no money and costs only the network fee (gas). "
            {what}
        </p>
        <SendCall call=call chain=chain label=label.to_owned() after=after/>
        <noscript><p class="muted">"Putting prices on the chain needs your wallet, and so JavaScript."</p></noscript>
    }
}

/// The page's prices and the chain's, side by side, where they differ.
fn prices(differences: &[(String, Option<Price>, Option<Offered>)]) -> impl IntoView + use<> {
    let rows: Vec<_> = differences
        .iter()
        .map(|(name, here, chain)| {
            view! {
                <tr>
                    <th scope="row">{name.clone()}</th>
                    <td class="number">
                        {match here {
                            Some(price) => view! { <PriceTag price=*price/> }.into_any(),
                            None => view! { <span class="muted">"Not sold for money"</span> }.into_any(),
                        }}
                    </td>
                    <td class="number">
                        {match chain {
                            Some(Offered::At(price)) => view! { <Money wei=*price/> }.into_any(),
                            Some(Offered::ByQuote) => "At a quoted price".into_any(),
                            None => view! { <span class="muted">"Not for sale"</span> }.into_any(),
                        }}
                    </td>
                </tr>
            }
        })
        .collect();
    view! {
        <TableScroll label="Prices here and on the chain">
            <table class="table" data-testid="disagreements">
                <thead>
                    <tr>
                        <th scope="col">"Tier"</th>
                        <th scope="col" class="number">"On this site"</th>
                        <th scope="col" class="number">"On the chain"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </TableScroll>
    }
}
