//! The payment: looked at from all sides, then sent.

use std::time::{Duration, Instant};

use academy::{
    chain::{Call, Prepared, Sent, Wallet, WalletError, is_our_market},
    checkout::{ChainInfo, Order, PayBy, Payment},
    evm::TxHash,
    money::Wei,
    price::Price,
};
use serde_json::json;

use super::{
    call::{self, Expected, Plan},
    choose::{check_limit, coins, sum},
    report::Report,
    site::{Site, SiteError},
    stop::Stop,
};
use crate::cli::Pay;

/// How often it is asked whether an approval is mined.
const PAUSE: Duration = Duration::from_millis(500);

/// What the checks of a payment came to.
pub enum Checked {
    /// It may be sent.
    Ready(Call, Box<Prepared>),
    /// The contract has sold it already; the site will see it.
    Owned,
    /// In a dry run: it may be sent once the market may take the token.
    Unapproved,
}

/// Gets the order's calls and looks at them from all sides; sends nothing but what lets the market take the price
/// of a token, and that not in a dry run.
pub async fn pay_order(
    how: &Pay,
    site: &mut Site,
    wallet: &Wallet,
    order: &Order,
    tier: u8,
    (chain, deadline): (&ChainInfo, Instant),
    report: &mut Report,
) -> Result<Checked, Stop> {
    check_limit(Price::Coin(order.price), how.max_price.as_deref(), &order.currency)?;
    let account = wallet.address();
    let expected = Expected { order, account, chain_id: chain.id, tier, price: order.price };
    let Some(plan) = plan(site, &expected).await? else { return Ok(Checked::Owned) };
    let to = plan.purchase.to;
    let code = wallet.code(to).await?;
    if code.is_empty() {
        return Stop::refused(format!("there is no contract at {}; nothing was signed", to.checksummed()));
    }
    let known = if is_our_market(&code) { "this version's market" } else { "code unknown to this version" };
    report.facts.recipient = Some(to.checksummed());
    report.step("call", &format!("{} to {} ({known})", sum(order.price, &order.currency), to.checksummed()));
    if plan.approvals.is_empty() {
        return ready(how, wallet, plan.purchase, chain, report).await;
    }
    for approval in plan.approvals {
        match ready(how, wallet, approval, chain, report).await? {
            Checked::Ready(..) if how.dry_run => return Ok(Checked::Unapproved),
            Checked::Ready(_, prepared) => approve(wallet, *prepared, deadline, report).await?,
            other => return Ok(other),
        }
    }
    // The allowance is there: the site asks for the purchase alone.
    let Some(plan) = self::plan(site, &expected).await? else { return Ok(Checked::Owned) };
    if !plan.approvals.is_empty() || plan.purchase.to != to {
        return Stop::refused("the market may take the price, and the site asks for more; nothing was paid");
    }
    ready(how, wallet, plan.purchase, chain, report).await
}

/// What is to be sent; nothing where the contract has sold it already, though the site has yet to see that.
async fn plan(site: &mut Site, expected: &Expected<'_>) -> Result<Option<Plan>, Stop> {
    let question = json!({"id": expected.order.id, "payer": expected.account, "by": PayBy::Approval});
    let asked: Payment = match site.function("payment", &question).await {
        Err(SiteError::Refused(problem)) if problem.code == "has_pass" => return Ok(None),
        asked => asked?,
    };
    call::check_all(&asked.calls, expected).map(Some)
}

/// Rehearses a call, and prepares its transaction.
async fn ready(
    how: &Pay,
    wallet: &Wallet,
    call: Call,
    chain: &ChainInfo,
    report: &mut Report,
) -> Result<Checked, Stop> {
    if wallet.waiting().await? > 0 {
        return Stop::refused(
            "a transaction of this account still waits to be mined, perhaps an earlier payment; nothing was sent. \
             Run this again once it is mined",
        );
    }
    let currency = &chain.currency;
    let balance = wallet.balance().await?;
    let short = |needed: &str| {
        Stop::refused(format!(
            "{} has {}, and {needed}; send it some more. Nothing was sent",
            wallet.address().checksummed(),
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

/// Lets the market take the price, and waits until that is mined.
async fn approve(
    wallet: &Wallet,
    prepared: Prepared,
    deadline: Instant,
    report: &mut Report,
) -> Result<(), Stop> {
    let (Sent::Accepted(hash) | Sent::Unsure(hash)) = wallet.send(prepared).await?;
    report.facts.approval = Some(hash.to_string());
    report.say("approving", &format!("{hash}: waiting until it is mined"));
    loop {
        // A node that breaks off for a moment ends nothing.
        match wallet.mined(hash).await {
            Ok(Some(mined)) if mined.success => {
                let block = mined.block;
                let fees = report.facts.approval_fee_wei.unwrap_or(Wei::ZERO).plus(mined.fee);
                report.facts.approval_fee_wei = Some(fees);
                report.step("approved", &format!("block {block}: the market may take the price"));
                return Ok(());
            }
            Ok(Some(_)) => return Stop::refused("the token refuses the approval; nothing was paid"),
            _ if Instant::now() >= deadline => {
                return Stop::refused(
                    "no block has taken the approval; nothing was paid. Run this again once one has",
                );
            }
            _ => tokio::time::sleep(PAUSE).await,
        }
    }
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
