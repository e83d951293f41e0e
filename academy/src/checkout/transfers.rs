//! Tokens that came to a market without a purchase.
//!
//! A plain transfer (ERC-20) names no order: it buys nothing, and the contract knows nothing of it. So that no
//! money is lost, transfers to the markets are read beside their events, and what no purchase explains waits for
//! a person, who has the contract send it back. That is never urgent: only blocks that are final are read, so
//! that hardly anything which was seen is ever taken back.

use std::collections::HashMap;

use serde::Serialize;

use super::{
    error::CheckoutError,
    network::Network,
    reports::DueRow,
    rows::{TransferReturn, TransferRow, TransferState},
    service::{Checkout, PATIENCE},
    store::{parse, unsigned},
    tell::Amount,
    transfer_store,
};
use crate::{
    Actor, Operation, Problem,
    accounts::{audit, parse_address},
    chain::{ChainError, Control, Event, Log},
    evm::Address,
    ids::{OrderId, TransferId},
    money::Wei,
    page::{Filter, PAGE_SIZE, Page},
    store::{Conn, sql},
    text::line,
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

#[derive(sqlx::FromRow)]
struct Listed {
    id: TransferId,
    order_id: Option<OrderId>,
    chain_id: i64,
    market: String,
    token: String,
    tx_hash: String,
    log_index: i64,
    block_number: i64,
    block_hash: String,
    sender: String,
    amount: String,
    state: String,
    mined_at: Time,
    returned_hash: Option<String>,
    #[sqlx(flatten)]
    due: DueRow,
}

macro_rules! listed {
    () => {
        "SELECT t.id, t.order_id, t.chain_id, t.market, t.token, t.tx_hash, t.log_index, t.block_number, t.block_hash,
            t.sender, t.amount, t.state, t.mined_at, t.returned_hash, o.state AS due_state, u.name AS buyer,
            o.beneficiary AS ordered_by, c.title AS ordered, o.tier_name AS ordered_tier, o.price,
            o.token AS due_token, o.created_at, o.expires_at
         FROM transfers t LEFT JOIN orders o ON o.id = t.order_id LEFT JOIN users u ON u.id = o.user_id
            LEFT JOIN courses c ON c.id = o.course_id "
    };
}

macro_rules! matching {
    () => {
        "WHERE ($2 = '' OR t.state = $2) AND (t.tx_hash LIKE $1 ESCAPE '!' OR t.sender LIKE $1 ESCAPE '!') "
    };
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
    /// Reads on what came to a chain's markets up to its final blocks. Whether there is more to read.
    pub(super) async fn follow_transfers(&self, network: &Network, final_to: u64) -> Result<bool, Problem> {
        let (policy, pace) = (&network.policy, &network.pace);
        let tokens: Vec<Address> = network.info.tokens.iter().map(|currency| currency.token).collect();
        if tokens.is_empty() {
            return Ok(false);
        }
        let markets: Vec<Address> = policy.markets().map(|market| market.address).collect();
        let mut conn = self.0.0.db.read().await?;
        let (mut next, read) = transfer_store::cursor(&mut conn, policy, &tokens).await?;
        drop(conn);
        let rests = read.is_some_and(|read| self.0.now() < read.plus_millis(PAUSE_MILLIS));
        for _ in 0..RANGES {
            if next > final_to || rests && final_to - next < pace.span() {
                return Ok(false);
            }
            let to = final_to.min(next.saturating_add(pace.span() - 1));
            let logs = match network.chain.transfers(&tokens, &markets, next, to).await {
                Err(ChainError::RangeTooLarge(_)) if pace.refused(to - next + 1) => continue,
                logs => logs?,
            };
            self.keep_transfers(network, &tokens, &logs, to + 1).await?;
            next = to + 1;
        }
        Ok(next <= final_to)
    }

    async fn keep_transfers(
        &self,
        network: &Network,
        tokens: &[Address],
        logs: &[Log],
        next: u64,
    ) -> Result<(), Problem> {
        let chain_id = network.policy.chain_id;
        let mut found = Vec::new();
        for stray in strays(logs) {
            let block = network.chain.block(stray.log.block_number).await?;
            let block = block.filter(|block| block.hash == stray.log.block_hash);
            let block =
                block.ok_or_else(|| ChainError::Unavailable("a final block is another".to_owned()))?;
            found.push((stray, Time(block.timestamp.cast_signed().saturating_mul(1000))));
        }
        let now = self.0.now();
        let mut tx = self.0.0.db.begin().await?;
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
        transfer_store::put_cursor(&mut tx, &network.policy, tokens, next, now).await?;
        self.0.point("transfers.before_commit").await;
        tx.commit().await?;
        self.0.point("transfers.after_commit").await;
        Ok(())
    }

    fn transfer_row(&self, listed: Listed) -> Result<TransferRow, Problem> {
        let chain_id = unsigned("a chain id", listed.chain_id)?;
        let sender = parse_address(&listed.sender)?;
        let block = (unsigned("a block", listed.block_number)?, parse("a hash", &listed.block_hash)?);
        let returned = listed.returned_hash.map(|hash| parse("a hash", &hash)).transpose()?;
        Ok(TransferRow {
            id: listed.id,
            order: listed.order_id,
            transaction: self.transaction(chain_id, parse("a hash", &listed.tx_hash)?, Some(block)),
            log_index: unsigned("a log's index", listed.log_index)?,
            chain_id,
            chain: self.chain_of_several(chain_id),
            market: parse_address(&listed.market)?,
            sender,
            sender_text: sender.checksummed(),
            amount: parse("an amount", &listed.amount)?,
            currency: self.currency(chain_id, &listed.token)?,
            due: self.due(chain_id, listed.due)?,
            state: parse("a transfer's state", &listed.state)?,
            mined_at: listed.mined_at,
            returned: returned.map(|hash| self.transaction(chain_id, hash, None)),
        })
    }

    /// Tokens that came without a purchase, newest first. The filter's state is a transfer state's word.
    ///
    /// # Errors
    /// For everyone but admins.
    pub async fn transfers(&self, actor: &Actor, filter: &Filter) -> Result<Page<TransferRow>, Problem> {
        actor.may(Operation::SeeAllOrders)?;
        let like = filter.like();
        let mut conn = self.0.0.db.read().await?;
        let rows = sql!(all conn, Listed,
            concat!(listed!(), matching!(), "ORDER BY t.mined_at DESC, t.id LIMIT $3 OFFSET $4"),
            &like, filter.word(), i64::from(PAGE_SIZE), filter.offset())?;
        let (total,) = sql!(one conn, (i64,), concat!("SELECT COUNT(*) FROM transfers t ", matching!()),
            &like, filter.word())?;
        let rows = rows.into_iter().map(|row| self.transfer_row(row)).collect::<Result<_, _>>()?;
        Ok(Page { rows, total: unsigned("a count", total)?, number: filter.number() })
    }

    /// What came without a purchase from an order's buyer while nothing had paid for it, oldest first.
    ///
    /// # Errors
    /// `not_found` for everyone but the buyer and admins.
    pub async fn transfers_for(&self, actor: &Actor, order: OrderId) -> Result<Vec<TransferRow>, Problem> {
        let mut conn = self.0.0.db.read().await?;
        self.own(&mut conn, actor, order).await?;
        let rows = sql!(all conn, Listed,
            concat!(listed!(), "WHERE t.order_id = $1 ORDER BY t.block_number, t.log_index"), order)?;
        rows.into_iter().map(|row| self.transfer_row(row)).collect()
    }

    async fn waiting_transfer(&self, conn: &mut Conn, id: TransferId) -> Result<TransferRow, Problem> {
        let row = sql!(opt conn, Listed, concat!(listed!(), "WHERE t.id = $1"), id)?;
        let row = self.transfer_row(row.ok_or(CheckoutError::NoSuchTransfer)?)?;
        match row.state {
            TransferState::Waiting => Ok(row),
            TransferState::Returned | TransferState::Dismissed => Err(CheckoutError::NotInReview.into()),
        }
    }

    /// How to send tokens back that came without a purchase. The market's owner can, and nobody else.
    ///
    /// # Errors
    /// For everyone but admins; `not_in_review`; `no_such_network` where the site has left the chain.
    pub async fn transfer_return(&self, actor: &Actor, id: TransferId) -> Result<TransferReturn, Problem> {
        let person = actor.person_who_may(Operation::ReviewPayments)?;
        let mut conn = self.0.0.db.read().await?;
        let transfer = self.waiting_transfer(&mut conn, id).await?;
        drop(conn);
        let chain = &self.0.0.networks.get(transfer.chain_id)?.chain;
        // Without an answer it can be looked at, and dismissed, all the same.
        let roles = tokio::time::timeout(PATIENCE, chain.roles(transfer.market)).await;
        let owner = roles.ok().and_then(Result::ok).map(|roles| roles.owner);
        let rescue =
            Control::Rescue { token: transfer.currency.token, to: transfer.sender, amount: transfer.amount };
        let call = self.to_wallet(transfer.chain_id, person, &rescue.call(transfer.market));
        Ok(TransferReturn {
            call: (owner == Some(person.address)).then_some(call),
            owner: owner.map(|owner| owner.checksummed()),
            transfer,
        })
    }

    /// Notes that nothing is to be done about a transfer any more, and why.
    ///
    /// # Errors
    /// For everyone but admins; without a reason; `not_in_review`.
    #[tracing::instrument(skip_all, fields(transfer = %id))]
    pub async fn dismiss_transfer(&self, actor: &Actor, id: TransferId, reason: &str) -> Result<(), Problem> {
        actor.may(Operation::ReviewPayments)?;
        let reason = line(reason, 1, 300).map_err(|_| CheckoutError::NoReason)?;
        let mut tx = self.0.0.db.begin().await?;
        let transfer = self.waiting_transfer(&mut tx, id).await?;
        if !transfer_store::dismiss(&mut tx, id).await? {
            return Err(CheckoutError::NotInReview.into());
        }
        audit(&mut tx, self.0, actor, "transfer.dismissed", &transfer.transaction.hash.to_string(), &reason)
            .await?;
        tx.commit().await?;
        Ok(())
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
