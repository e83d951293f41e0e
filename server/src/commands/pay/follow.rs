//! After the payment: tell the site, follow the order, look whether a lesson opens. From here on no
//! failure of the site or the node ends the run before its time: the money may be on its way.

use std::time::{Duration, Instant};

use academy::{
    chain::{Call, Wallet},
    checkout::{Order, OrderState},
    evm::{Address, TxHash},
    ids::OrderId,
    money::Wei,
};
use serde_json::json;

use super::{
    report::Report,
    site::{Site, SiteError},
    stop::Stop,
};
use crate::cli::{Pay, Until};

const PAUSE: Duration = Duration::from_millis(500);

/// What is followed.
pub struct Payment<'a> {
    pub order: OrderId,
    /// The coins that it sends.
    pub value: Wei,
    /// The coin's symbol.
    pub coin: &'a str,
    /// Its transaction, if we know it.
    pub hash: Option<TxHash>,
    /// The site knows the hash already.
    pub told: bool,
    /// What was sent, to ask for the reason if it fails.
    pub call: Option<Call>,
}

impl<'a> Payment<'a> {
    /// An order's payment, made by whomever: the site knows of it what there is to know.
    pub fn of(order: &Order, coin: &'a str) -> Self {
        let in_coins = order.currency.token == Address::ZERO;
        Self {
            order: order.id,
            value: if in_coins { order.price } else { Wei::ZERO },
            coin,
            hash: None,
            told: true,
            call: None,
        }
    }
}

/// How far things are.
#[derive(Default)]
struct Progress {
    block: Option<u64>,
    said: String,
    is_open: bool,
}

/// Follows a payment until it is as far as was asked.
pub async fn follow(
    how: &Pay,
    site: &mut Site,
    wallet: &Wallet,
    mut payment: Payment<'_>,
    deadline: Instant,
    report: &mut Report,
) -> Result<Order, Stop> {
    let mut progress = Progress::default();
    loop {
        look_at_the_chain(wallet, &payment, &mut progress, report).await?;
        match ask(site, &mut payment, report).await {
            Ok(order) => {
                if order.setback.is_some() || order.state == OrderState::Paid {
                    // Mined since it was looked at: the chain says what it cost, or why it failed; the site
                    // only that it did.
                    look_at_the_chain(wallet, &payment, &mut progress, report).await?;
                }
                if is_there(how, wallet, &order, &mut progress, report).await? {
                    return Ok(order);
                }
                give_up_where_lost(&order, &payment, &progress)?;
            }
            Err(error) => {
                let words = error.to_string();
                if progress.said != words {
                    report.say("waiting", &format!("{words}; asking again"));
                    progress.said = words;
                }
            }
        }
        if Instant::now() >= deadline {
            let so_far = match (progress.is_open, progress.block) {
                (true, _) => "the course is open, but the payment is not as far as was asked for",
                (false, Some(_)) => "the payment is on the chain, but the course is not open",
                (false, None) => "no payment was seen on the chain, but one may be on its way",
            };
            return Err(Stop::NotOpened(format!(
                "{so_far} after {} seconds. Run this again to go on: nothing is paid twice",
                how.timeout
            )));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Names the transaction to the site, once; asks for the order from then on.
async fn ask(site: &mut Site, payment: &mut Payment<'_>, report: &mut Report) -> Result<Order, SiteError> {
    match payment.hash {
        Some(hash) if !payment.told => {
            let argument = json!({"id": payment.order, "what": {"sent": hash}});
            let order = site.function("report", &argument).await?;
            payment.told = true;
            report.step("submitted", "the site knows the transaction");
            Ok(order)
        }
        _ => site.function("order", &json!({"id": payment.order})).await,
    }
}

/// Waits for the block, and tells what it cost.
async fn look_at_the_chain(
    wallet: &Wallet,
    payment: &Payment<'_>,
    progress: &mut Progress,
    report: &mut Report,
) -> Result<(), Stop> {
    let (Some(hash), None) = (payment.hash, progress.block) else { return Ok(()) };
    let Ok(Some(mined)) = wallet.mined(hash).await else { return Ok(()) };
    let (fee, currency) = (mined.fee.to_ether(), payment.coin);
    report.facts.block = Some(mined.block);
    report.facts.gas = Some(mined.gas);
    report.facts.fee_wei = Some(mined.fee);
    let fees = mined.fee.plus(report.facts.approval_fee_wei.unwrap_or(Wei::ZERO));
    if !mined.success {
        report.facts.cost_wei = Some(fees);
        let reason = match &payment.call {
            Some(call) => wallet.rehearse(call, Some(mined.block)).await.err(),
            None => None,
        };
        let reason = reason.map_or_else(|| "it gives no reason".to_owned(), |error| error.to_string());
        return Stop::refused(format!(
            "the transaction {hash} failed on the chain in block {}: {reason}. Nothing was bought; only the \
             network's fee of {fee} {currency} was spent",
            mined.block
        ));
    }
    progress.block = Some(mined.block);
    let cost = payment.value.plus(fees);
    report.facts.cost_wei = Some(cost);
    report.step(
        "mined",
        &format!(
            "block {}: gas {}, fee {fee} {currency}, in all {} {currency}",
            mined.block,
            mined.gas,
            cost.to_ether()
        ),
    );
    Ok(())
}

/// Whether the order is as far as was asked.
async fn is_there(
    how: &Pay,
    wallet: &Wallet,
    order: &Order,
    progress: &mut Progress,
    report: &mut Report,
) -> Result<bool, Stop> {
    report.facts.state = Some(order.state.word());
    let words = match (order.setback, order.chain_unreachable) {
        (Some(setback), _) if order.state != OrderState::Paid => setback.message().to_owned(),
        (_, true) => "the site can't reach the chain now".to_owned(),
        _ if order.stuck => {
            "no block takes the payment: its fee may be too low for now. Waiting; nothing is lost".to_owned()
        }
        _ => match order.open_at {
            Some(goal) => format!("{}, {} of {goal} confirmations", order.state.word(), order.confirmations),
            None => format!("{}, opens once the network vouches for its block", order.state.word()),
        },
    };
    if words != progress.said && !(progress.is_open && order.state == OrderState::Paid) {
        report.say("order", &words);
        progress.said = words;
    }
    if order.state != OrderState::Paid {
        progress.is_open = false;
        return Ok(false);
    }
    if !progress.is_open {
        progress.is_open = true;
        report.step("open", "the site calls the order paid");
        if let Some(transaction) = &order.transaction {
            report.facts.transaction = Some(transaction.hash.to_string());
            progress.block = progress.block.or(transaction.block);
        }
    }
    if let Some(wanted) = how.confirmations {
        let (Some(block), Ok(head)) = (progress.block, wallet.head().await) else { return Ok(false) };
        let count = (head + 1).saturating_sub(block);
        if count >= wanted {
            report.step("confirmed", &format!("{count} confirmations"));
        }
        return Ok(count >= wanted);
    }
    if how.until == Until::Final {
        if order.is_final {
            report.step("final", "the site calls the payment final");
        }
        return Ok(order.is_final);
    }
    Ok(true)
}

/// An order that knows our transaction and is done without being paid.
fn give_up_where_lost(order: &Order, payment: &Payment<'_>, progress: &Progress) -> Result<(), Stop> {
    if !payment.told {
        return Ok(());
    }
    let Some(setback) = order.setback else {
        return match order.state {
            OrderState::Refunded => Stop::refused("the purchase was refunded; run this again to buy anew"),
            _ => Ok(()),
        };
    };
    match order.state {
        // That is of another payment of it.
        OrderState::Paid => Ok(()),
        _ if setback.needs_review() => Err(Stop::NotOpened(setback.message().to_owned())),
        OrderState::Open | OrderState::Expired | OrderState::Cancelled if progress.block.is_none() => {
            Stop::refused(format!("{} Run this again to do so", setback.message()))
        }
        OrderState::Open | OrderState::Expired | OrderState::Cancelled => Err(Stop::NotOpened(format!(
            "the node shows the payment, but the site says: {}",
            setback.message()
        ))),
        _ => Ok(()),
    }
}
