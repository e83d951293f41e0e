//! The payment: looked at from all sides, then sent.

use academy::{
    chain::{Call, Prepared, Sent, Wallet, WalletError, is_our_market},
    checkout::{ChainInfo, Order, PayBy, Payment},
    evm::{Address, TxHash},
    price::Price,
};
use app::catalog::api::TierOffer;
use serde_json::json;

use super::{
    call,
    choose::{check_limit, coins, in_tokens},
    report::Report,
    site::Site,
    stop::Stop,
};
use crate::cli::Pay;

/// What the checks of a payment came to.
pub enum Checked {
    /// It may be sent.
    Ready(Call, Box<Prepared>),
    /// The contract has sold it already; the site will see it.
    Owned,
}

/// Gets the order's call and looks at it from all sides; sends nothing.
pub async fn pay_order(
    how: &Pay,
    site: &mut Site,
    wallet: &Wallet,
    order: &Order,
    tier: &TierOffer,
    chain: &ChainInfo,
    report: &mut Report,
) -> Result<Checked, Stop> {
    if order.currency.token != Address::ZERO {
        return in_tokens(&order.currency.symbol);
    }
    check_limit(Price::Coin(order.price), how.max_price, chain)?;
    let account = wallet.address();
    let question = json!({"id": order.id, "payer": account, "by": PayBy::Best});
    let asked: Payment = site.function("payment", &question).await?;
    let [asked] = asked.calls.as_slice() else {
        return Stop::refused("the site asks for more than one call to pay in the coin; nothing was signed");
    };
    let expected =
        call::Expected { order, account, chain_id: chain.id, tier: tier.number, price: order.price };
    let call = call::check(asked, &expected)?;
    let code = wallet.code(call.to).await?;
    if code.is_empty() {
        return Stop::refused(format!(
            "there is no contract at {}; nothing was signed",
            call.to.checksummed()
        ));
    }
    let known = if is_our_market(&code) { "this version's market" } else { "code unknown to this version" };
    report.facts.recipient = Some(call.to.checksummed());
    let currency = &chain.currency;
    report.step("call", &format!("{} to {} ({known})", coins(call.value, currency), call.to.checksummed()));

    if wallet.waiting().await? > 0 {
        return Stop::refused(
            "a transaction of this account still waits to be mined, perhaps an earlier payment; nothing was sent. \
             Run this again once it is mined",
        );
    }
    let balance = wallet.balance().await?;
    let short = |needed: &str| {
        Stop::refused(format!(
            "{} has {}, and {needed}; send it some more. Nothing was sent",
            account.checksummed(),
            coins(balance, currency)
        ))
    };
    match wallet.rehearse(&call, None).await {
        Err(WalletError::Owned) => return Ok(Checked::Owned),
        Err(error) if balance >= call.value => return Err(error.into()),
        Err(_) => return short(&format!("the price is {}", coins(call.value, currency))),
        Ok(()) => {}
    }
    let prepared = wallet.prepare(&call).await?;
    let fee = coins(prepared.max_fee, currency);
    if let Some(most) = how.max_fee.filter(|most| prepared.max_fee > *most) {
        return Stop::refused(format!(
            "the network's fee may come to {fee}, and --max-fee allows {}; nothing was sent. Try again when fewer \
             people use the network",
            coins(most, currency)
        ));
    }
    if balance < call.value.plus(prepared.max_fee) {
        return short(&format!(
            "price and fee may come to {}",
            coins(call.value.plus(prepared.max_fee), currency)
        ));
    }
    report.step("rehearsed", &format!("it would succeed, for a fee of at most {fee}"));
    Ok(Checked::Ready(call, Box::new(prepared)))
}

/// Signs and sends it.
pub async fn send(wallet: &Wallet, prepared: Prepared, report: &mut Report) -> Result<TxHash, Stop> {
    let nonce = prepared.nonce;
    let (hash, words) = match wallet.send(prepared).await? {
        Sent::Accepted(hash) => (hash, "the node has it"),
        Sent::Unsure(hash) => (hash, "the node broke off; looking whether it is on its way"),
    };
    report.facts.transaction = Some(hash.to_string());
    report.step("sent", &format!("{hash}, nonce {nonce}: {words}"));
    Ok(hash)
}
