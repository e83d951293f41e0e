//! Tokens that came to a market without a purchase.
//!
//! A plain transfer (ERC-20) names no order: it buys nothing, and the contract knows nothing of it. So that no
//! money is lost, transfers to the markets are read beside their events, and what no purchase explains waits for
//! a person, who has the contract send it back. That is never urgent: only blocks that are final are read, so
//! that hardly anything which was seen is ever taken back.

use std::{collections::HashMap, ops::RangeInclusive};

use serde::Serialize;

use super::{cursors, network::Network, service::Checkout, tell::Amount, transfer_store};
use crate::{
    Problem,
    chain::{BlockRef, ChainError, Event, Log},
    evm::Address,
    ids::{OrderId, TransferId},
    money::Wei,
    time::Time,
    webhooks::EventKind,
};

/// After so many ranges a step ends, as the follower's does.
const RANGES: usize = 8;
/// So long nothing is asked once all is read: a provider counts each question.
const PAUSE_MILLIS: i64 = 20_000;

/// A token's transfer to a market that no purchase explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stray {
    pub log: Log,
    pub from: Address,
    pub market: Address,
    pub amount: Wei,
}

/// The transfers that no purchase of the same transaction explains: each explains one, of its sum.
pub(super) fn strays(logs: &[Log]) -> Vec<Stray> {
    let mut paid: HashMap<_, usize> = HashMap::new();
    for log in logs {
        if let Event::CoursePurchased { token, amount, .. } = log.event {
            *paid.entry((log.transaction, log.contract, token, amount)).or_default() += 1;
        }
    }
    let stray = |log: &Log| {
        let Event::Transferred { from, to, amount } = log.event else { return None };
        if let Some(left @ 1..) = paid.get_mut(&(log.transaction, to, log.contract, amount)) {
            *left -= 1;
            return None;
        }
        // Anyone can move nothing of anyone's.
        (!amount.is_zero()).then(|| Stray { log: log.clone(), from, market: to, amount })
    };
    logs.iter().filter_map(stray).collect()
}

#[derive(Serialize)]
struct TransferTold {
    transfer: TransferId,
    chain_id: u64,
    transaction: String,
    log_index: u64,
    sender: String,
    order: Option<OrderId>,
    amount: Amount,
}

impl Checkout<'_> {
    /// Reads on what came to a chain's markets up to its final blocks, as far as the follower came: only what it
    /// passed is taken back where it is replaced. Whether there is more to read.
    pub(super) async fn follow_transfers(&self, network: &Network, final_to: u64) -> Result<bool, Problem> {
        let (policy, pace) = (&network.policy, &network.pace.transfers);
        let tokens: Vec<Address> = network.info.tokens.iter().map(|currency| currency.token).collect();
        if tokens.is_empty() {
            return Ok(false);
        }
        let markets: Vec<Address> = policy.markets().map(|market| market.address).collect();
        let mut conn = self.0.0.db.read().await?;
        let (mut next, read) = transfer_store::cursor(&mut conn, policy, &tokens).await?;
        let followed = cursors::next_block(&mut conn, policy).await?.unwrap_or(0);
        drop(conn);
        let final_to = final_to.min(followed.saturating_sub(1));
        let rests = read.is_some_and(|read| self.0.now() < read.plus_millis(PAUSE_MILLIS));
        for _ in 0..RANGES {
            if next > final_to || rests && final_to - next < pace.span() {
                return Ok(false);
            }
            let to = final_to.min(next.saturating_add(pace.span() - 1));
            let last = network.chain.block(to).await?;
            let last = last.ok_or_else(|| ChainError::Unavailable("a final block is missing".to_owned()))?;
            let answer = network.chain.transfers(&tokens, &markets, next, &last).await;
            let Some(logs) = pace.heed(to - next + 1, answer)? else { continue };
            if !self.keep_transfers(network, &tokens, &logs, next..=to).await? {
                return Ok(true);
            }
            next = to + 1;
        }
        Ok(next <= final_to)
    }

    /// Keeps what these blocks told, if they are still the next to read.
    async fn keep_transfers(
        &self,
        network: &Network,
        tokens: &[Address],
        logs: &[Log],
        blocks: RangeInclusive<u64>,
    ) -> Result<bool, Problem> {
        let Network { policy, .. } = network;
        let chain_id = policy.chain_id;
        let (mut found, mut last) = (Vec::new(), None);
        for stray in strays(logs) {
            // Anyone can move dust to a market, many times in a block: each block is asked for once.
            let block = match last {
                Some(BlockRef { number, .. }) if number == stray.log.block_number => last,
                _ => network.chain.block(stray.log.block_number).await?,
            };
            last = block;
            let block = block.filter(|block| block.hash == stray.log.block_hash);
            let block =
                block.ok_or_else(|| ChainError::Unavailable("a final block is another".to_owned()))?;
            found.push((stray, Time::of_seconds(block.timestamp)));
        }
        let now = self.0.now();
        let mut tx = self.0.0.db.begin().await?;
        // Another worker may have read them, or seen that they were replaced.
        let followed = cursors::lock_cursor(&mut tx, policy).await?.unwrap_or(0);
        let next = transfer_store::cursor(&mut tx, policy, tokens).await?.0;
        if next != *blocks.start() || followed <= *blocks.end() {
            return Ok(false);
        }
        for (stray, mined_at) in &found {
            let order = transfer_store::order_meant(&mut tx, chain_id, stray, *mined_at).await?;
            let id = TransferId(self.0.mint());
            if !transfer_store::put(&mut tx, id, chain_id, stray, order, *mined_at, now).await? {
                continue;
            }
            let data = TransferTold {
                transfer: id,
                chain_id,
                transaction: stray.log.transaction.to_string(),
                log_index: stray.log.index,
                sender: stray.from.checksummed(),
                order,
                amount: self.amount(chain_id, stray.log.contract, stray.amount),
            };
            tracing::warn!(transaction = data.transaction, "tokens came without a purchase");
            metrics::counter!("lectern_transfers_to_review_total", "chain" => chain_id.to_string())
                .increment(1);
            self.0.webhooks().record(&mut tx, EventKind::TransferReview, &data).await?;
        }
        for log in logs {
            if let Event::TokensRescued { token, to, amount } = log.event {
                transfer_store::put_return(&mut tx, chain_id, log, token, to, amount).await?;
            }
        }
        transfer_store::put_cursor(&mut tx, policy, tokens, blocks.end() + 1, now).await?;
        self.0.point("transfers.before_commit").await;
        tx.commit().await?;
        self.0.point("transfers.after_commit").await;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use ruint::aliases::U256;

    use super::*;
    use crate::evm::{BlockHash, TxHash};

    const MARKET: Address = Address([1; 20]);
    const TOKEN: Address = Address([2; 20]);
    const BUYER: Address = Address([3; 20]);

    fn log(transaction: u8, index: u64, contract: Address, event: Event) -> Log {
        let transaction = TxHash([transaction; 32]);
        Log { contract, transaction, index, block_number: 7, block_hash: BlockHash([9; 32]), event }
    }

    fn moved(transaction: u8, index: u64, amount: u64) -> Log {
        let event = Event::Transferred { from: BUYER, to: MARKET, amount: Wei::new(U256::from(amount)) };
        log(transaction, index, TOKEN, event)
    }

    fn bought(transaction: u8, index: u64, token: Address, amount: u64) -> Log {
        let event = Event::CoursePurchased {
            order: [0; 32],
            beneficiary: BUYER,
            number: 1,
            tier: 0,
            token,
            amount: Wei::new(U256::from(amount)),
        };
        log(transaction, index, MARKET, event)
    }

    fn found(logs: &[Log]) -> Vec<(u8, u64)> {
        strays(logs).iter().map(|stray| (stray.log.transaction.0[0], stray.log.index)).collect()
    }

    #[test]
    fn a_purchase_explains_one_transfer_of_its_sum_in_its_transaction() {
        assert_eq!(found(&[bought(1, 0, TOKEN, 20), moved(1, 1, 20)]), []);
        assert_eq!(found(&[moved(1, 0, 20), bought(1, 1, TOKEN, 20)]), []);
        assert_eq!(found(&[bought(1, 0, TOKEN, 20), moved(1, 1, 20), moved(1, 2, 20)]), [(1, 2)]);
        assert_eq!(found(&[bought(1, 0, TOKEN, 20), moved(2, 0, 20)]), [(2, 0)]);
        assert_eq!(found(&[bought(1, 0, TOKEN, 20), moved(1, 1, 19)]), [(1, 1)]);
        assert_eq!(found(&[bought(1, 0, Address::ZERO, 20), moved(1, 1, 20)]), [(1, 1)]);
    }

    #[test]
    fn nothing_that_moved_is_nothing_to_send_back() {
        assert_eq!(found(&[moved(1, 0, 0)]), []);
    }
}
