//! The step of publishing that the chain has a part in: prices on both sides, and the wallet's call.

use academy::{
    Kind, Problem,
    catalog::{CoursePage, CourseState, Difference, Market, Offered},
    checkout::{ChainInfo, WalletCall},
    money::Currency,
};
use leptos::prelude::*;

use super::{
    path,
    publish::{Asked, MAX_LOOKS, is_ready},
};
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

/// The chain that the page is about, and what it is to be told.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    market: &'a Market,
    /// To sell nothing of the course any more.
    leave: bool,
}

impl<'a> Task<'a> {
    /// What was asked for, as long as it is not done; else what is needed next.
    pub fn of(page: &'a CoursePage, asked: &Asked) -> Option<Self> {
        if let Some(chain_id) = asked.off {
            let market = page.market(chain_id).filter(|market| market.is_open())?;
            return Some(Self { market, leave: true });
        }
        let wanted = |market: &&Market| !page.agrees_on(market);
        let market = match asked.on {
            Some(chain_id) => page.market(chain_id).filter(wanted),
            None => page.to_list(),
        };
        market.map(|market| Self { market, leave: false })
    }

    /// The chain.
    pub fn chain_id(&self) -> u64 {
        self.market.chain_id
    }
}

/// What stands between the page's prices and the chain's.
pub async fn listing_of(
    state: &AppState,
    visitor: &Visitor,
    page: &CoursePage,
    task: Option<Task<'_>>,
) -> Result<Listing, Problem> {
    let Some(Task { market, leave }) = task else { return Ok(Listing::Agrees) };
    let (catalog, actor, id) = (state.academy.catalog(), &visitor.actor, page.course.id);
    let call = match leave {
        true => catalog.unlisting_call(actor, id, market.chain_id).await.map(Some),
        false => catalog.listing_call(actor, id, market.chain_id).await,
    };
    match call {
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
    task: Option<Task<'_>>,
    chain: Option<ChainInfo>,
    asked: &Asked,
) -> impl IntoView + use<> {
    let title = "Its prices are on the chain";
    let (Some(task), Some(chain)) = (task, chain) else {
        let state = if page.tiers.is_empty() { "later" } else { "done" };
        return step(state, "listing", title, view! { {agreed(page)} {networks(page)} }).into_any();
    };
    let market = task.market;
    let coin = Currency::coin(&chain.currency);
    let body = match call {
        Listing::Agrees => ().into_any(),
        Listing::Blocked(words) => view! { <p>{words}</p> }.into_any(),
        Listing::Call(_) if !is_ready(page) && !task.leave => {
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
            if page.course.state == CourseState::Published
                || asked.sent.is_some()
                || !asked.wallet.is_empty()
                || asked.chosen() =>
        {
            wallet_step(page, *call, task, chain, asked).into_any()
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
    let differences = if task.leave { Vec::new() } else { page.differences(market) };
    let table = (!differences.is_empty()).then(|| prices(&differences, &coin));
    let window = page.window_differs(market).filter(|_| !task.leave).map(|(here, there)| {
        view! {
            <p data-testid="window-differs">
                "The money-back window is "{count(u32::from(here), "day")}" here and "{count(u32::from(there), "day")}" on the chain, where it counts."
            </p>
        }
    });
    let name = several(page).then(|| view! { <h3>{market.chain.clone()}</h3> });
    step(state, "listing", title, view! { {name} {table} {window} {body} {networks(page)} }).into_any()
}

/// Whether there is a choice of chains.
fn several(page: &CoursePage) -> bool {
    page.markets.len() > 1 && page.markets.iter().any(|market| !market.offers.is_empty() || market.is_open())
}

/// Where the course is for sale, and the way to more or fewer networks.
fn networks(page: &CoursePage) -> Option<impl IntoView + use<>> {
    let rows: Vec<_> = page.markets.iter().map(|market| network(page, market)).collect();
    several(page).then(|| {
        view! {
            <TableScroll label="Networks">
                <table class="table table-stack" role="table" data-testid="networks">
                    <thead role="rowgroup">
                        <tr role="row">
                            <th role="columnheader" scope="col">"Network"</th>
                            <th role="columnheader" scope="col">"This course"</th>
                            <th role="columnheader" scope="col"><span class="visually-hidden">"Change"</span></th>
                        </tr>
                    </thead>
                    <tbody role="rowgroup">{rows}</tbody>
                </table>
            </TableScroll>
        }
    })
}

fn network(page: &CoursePage, market: &Market) -> impl IntoView + use<> {
    let here = path(page.course.id, "/publish");
    let words = match market.is_open() {
        true if page.agrees_on(market) => "Sold here",
        true => "Sold here, but not as the page says",
        false if market.offers.is_empty() => "No tier has a price that can be paid here",
        false => "Not sold here",
    };
    // The last one is left by taking the course from sale.
    let others = page.markets.iter().any(|other| other.chain_id != market.chain_id && other.is_open());
    let (act, change) = match market.is_open() {
        false if !market.offers.is_empty() && is_ready(page) => ("on", Some("Sell on ")),
        true if others => ("off", Some("Stop selling on ")),
        _ => ("", None),
    };
    let change = change.map(|words| {
        let address = format!("{here}?{act}={}#listing", market.chain_id);
        view! { <a class="button" data-kind="secondary" data-size="small" href=address>{words}{market.chain.clone()}</a> }
    });
    view! {
        <tr role="row">
            <th role="rowheader" scope="row">{market.chain.clone()}</th>
            <td role="cell">{words}</td>
            <td role="cell" class="table-action">{change}</td>
        </tr>
    }
}

/// The chains and the page say the same.
fn agreed(page: &CoursePage) -> impl IntoView + use<> {
    let open = page.markets.iter().filter(|market| market.is_open());
    let listings: Vec<_> = open.filter_map(|market| Some((market, market.listing.as_ref()?))).collect();
    if !listings.is_empty() {
        let named = several(page);
        let facts = listings.into_iter().map(|(market, listing)| {
            view! {
                {named.then(|| view! { <h3>{market.chain.clone()}</h3> })}
                <dl class="fact-list">
                    <div><dt>"Number on the chain"</dt><dd>{listing.number.to_string()}</dd></div>
                    <div><dt>"Money back within"</dt><dd>{window_words(listing.refund_days)}</dd></div>
                    <div><dt>"Paid to"</dt><dd><AddressText address=listing.payee.clone()/></dd></div>
                    <div><dt>"May change it"</dt><dd><AddressText address=listing.lister.clone()/></dd></div>
                </dl>
            }
        });
        return view! {
            <p>{if named { "Each of these networks sells what can be paid there, at the price that the page shows." } else { "The chain sells every tier at the price that the page shows." }}</p>
            {facts.collect_view()}
        }
        .into_any();
    }
    if page.tiers.is_empty() {
        return view! { <p class="muted">"Your prices go there once the course is complete."</p> }.into_any();
    }
    view! { <p>"The course is free, so there is nothing to list."</p> }.into_any()
}

fn window_words(days: u8) -> String {
    if days == 0 { "no window".to_owned() } else { count(u32::from(days), "day") }
}

/// What the wallet will show, and the button that opens it.
fn wallet_step(
    page: &CoursePage,
    call: WalletCall,
    task: Task<'_>,
    chain: ChainInfo,
    asked: &Asked,
) -> impl IntoView + use<> {
    let (label, what) = match &task.market.listing {
        Some(_) if task.leave => {
            ("Stop selling there", "It takes every tier of this course from sale on this network.")
        }
        Some(_) if page.differences(task.market).is_empty() => {
            ("Update the window on the chain", "It sets the money-back window above for later sales.")
        }
        Some(_) => ("Update the prices on the chain", "It sets the prices above for this course."),
        None => (
            "Put the prices on the chain",
            "It registers this course with the prices above and your address as the one that is paid.",
        ),
    };
    let again = asked.looking(&path(page.course.id, "/publish"), 0);
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
fn prices(differences: &[Difference], coin: &Currency) -> impl IntoView + use<> {
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
                            Some(Offered::At(price)) => view! { <Money wei=*price currency=coin.clone()/> }.into_any(),
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
