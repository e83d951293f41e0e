//! The steps before and after a payment, each a question to the site or the node.

use academy::{
    accounts::Challenge,
    chain::Wallet,
    checkout::{ChainInfo, Order, OrderState},
    evm::Address,
    ids::OrderId,
    money::Currency,
    price::Price,
};
use app::catalog::api::{CourseOffer, TierOffer};
use serde_json::json;

use super::{
    choose,
    lesson::{self, Lesson},
    report::Report,
    site::Site,
    siwe,
    stop::Stop,
};
use crate::{cli::Pay, commands::key::key, config::Secret};

/// The course as the visitor sees it.
pub async fn offer(site: &mut Site, how: &Pay) -> Result<CourseOffer, Stop> {
    Ok(site.function("offer", &json!({"slug": how.course})).await?)
}

/// A lesson that buying the tier opened.
pub fn opened_by(offer: &CourseOffer, tier: &TierOffer) -> Option<String> {
    choose::locked_lesson(offer, tier, 0).map(|lesson| lesson.slug.clone())
}

/// Opens the key, at a node that serves the site's chain.
pub async fn open_wallet(how: &Pay, chain: &ChainInfo, report: &mut Report) -> Result<Wallet, Stop> {
    let Some(url) = how.rpc_url.clone().or_else(|| chain.rpc_url.clone()) else {
        return Err(Stop::Usage(format!(
            "the site names no node of {} for wallets: name one with --rpc-url",
            chain.name
        )));
    };
    let wallet = Wallet::open(&url, key(&how.key)?).await?;
    let node = Secret::new(url).url_for_people();
    let id =
        wallet.chain_id().await.map_err(|error| Stop::Refused(format!("{node}: {error}; see --rpc-url")))?;
    if id != chain.id {
        return Stop::refused(format!(
            "{node} serves chain {id}, and the site sells on {} ({}); nothing was signed. See --rpc-url",
            chain.name, chain.id
        ));
    }
    report.facts.chain = Some(id);
    let account = wallet.address().checksummed();
    report.step("node", &format!("{node} serves chain {id}; {account} pays"));
    report.facts.account = Some(account);
    Ok(wallet)
}

pub async fn sign_in(
    how: &Pay,
    site: &mut Site,
    wallet: &Wallet,
    chain: &ChainInfo,
    report: &mut Report,
) -> Result<(), Stop> {
    let account = wallet.address();
    let challenge: Challenge =
        site.function("challenge", &json!({"address": account, "wallet_on": chain.id})).await?;
    siwe::check(&challenge, &how.site, account, chain.id)?;
    let signature = wallet.sign_text(&challenge.message).await?;
    let answer = json!({"nonce": challenge.nonce, "signature": signature});
    site.function::<()>("sign_in", &answer).await?;
    report.step("signed_in", &format!("the message names {} and this account", how.site.authority()));
    Ok(())
}

/// Opens the order as the course's page does, or finds the one that is under way.
pub async fn open_order(
    site: &mut Site,
    how: &Pay,
    tier: &TierOffer,
    (chain, currency): (&ChainInfo, &Currency),
    wallet: &Wallet,
    report: &mut Report,
) -> Result<Order, Stop> {
    let form = format!("tier={}&pay={}/{}", tier.id, chain.id, currency.token);
    let location = site.post(&format!("/courses/{}/buy", how.course), form).await?;
    let id: Option<OrderId> = location.strip_prefix("/orders/").and_then(|id| id.parse().ok());
    let Some(id) = id else {
        return Stop::refused(
            "buying leads to no order; nothing was paid. Does the session's cookie get lost on the way?",
        );
    };
    let order: Order = site.function("order", &json!({"id": id})).await?;
    if order.chain_id != chain.id {
        return Stop::refused(format!(
            "an order on another network is under way ({}/orders/{id}); nothing was paid. Run this with --chain {}",
            how.site, order.chain_id
        ));
    }
    let same_price = match tier.price {
        Price::Coin(price) => order.price == price,
        Price::Fiat(cents) => order.fiat == Some(cents),
        Price::Token { amount, .. } => order.price == amount,
    };
    // One that is paid for already is followed, whatever it cost.
    let to_be_paid = order.state == OrderState::Open;
    let same = same_price && order.currency == *currency;
    if order.id != id || order.tier != tier.id || to_be_paid && !same {
        return Stop::refused(format!(
            "an order of another price, tier or currency is under way ({}/orders/{id}); nothing was paid. Wait for it or cancel \
             it there, then run this again",
            how.site
        ));
    }
    if order.beneficiary.parse() != Ok(wallet.address()) {
        return Stop::refused("the order is for another account; nothing was paid");
    }
    tell(&order, report);
    Ok(order)
}

/// Tells which order it is, and how it stands.
pub fn tell(order: &Order, report: &mut Report) {
    let id = order.id;
    report.facts.order = Some(id.to_string());
    report.facts.currency = Some(order.currency.symbol.clone());
    match order.currency.token {
        Address::ZERO => report.facts.price_wei = Some(order.price),
        _ => report.facts.price_units = Some(order.price),
    }
    report.facts.state = Some(order.state.word());
    report.step("order", &format!("{id}, {}, {}", order.state.word(), order.currency.short(order.price)));
}

/// Whether the lesson's text comes, as it would for a reader.
pub async fn check_open(
    site: &mut Site,
    how: &Pay,
    lesson: Option<String>,
    report: &mut Report,
) -> Result<(), Stop> {
    let Some(lesson) = lesson else {
        report.say("lesson", "the tier opens no lesson that was locked: nothing to look at");
        return Ok(());
    };
    match lesson::look(site, &how.course, &lesson).await {
        Ok(Lesson::Open) => {
            report.step("lesson", &format!("{lesson} can be read"));
            report.facts.lesson = Some(lesson);
            Ok(())
        }
        Ok(Lesson::Locked) => {
            Err(Stop::NotOpened(format!("it is paid, but the lesson {lesson} is still locked")))
        }
        Err(error) => {
            Err(Stop::NotOpened(format!("it is paid, but the lesson {lesson} can't be read: {error}")))
        }
    }
}
