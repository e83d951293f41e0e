//! What people do about tokens that came without a purchase.

use std::time::Duration;

use futures::{TryFutureExt, try_join};
use tokio::time::timeout;

use super::{
    error::CheckoutError,
    model::Transaction,
    network::Network,
    reports::DueRow,
    rows::{TransferReturn, TransferRow, TransferState, WayBack},
    service::Checkout,
    store::{parse, unsigned},
    transfer_store,
};
use crate::{
    Actor, Kind, Operation, Person, Problem,
    accounts::{audit, parse_address},
    chain::{ChainError, Control, Event, Log},
    ids::{OrderId, TransferId},
    page::{Filter, PAGE_SIZE, Page},
    store::{Conn, sql},
    text::line,
    time::Time,
};

/// So long the chain has to tell whether a transfer was sent back lately: some providers answer for ten blocks at once.
const PATIENCE: Duration = Duration::from_secs(10);

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
            o.beneficiary AS ordered_by, c.title AS ordered, o.tier_name AS ordered_tier, o.price, o.fiat_currency, o.fiat_amount,
            o.chain_id AS due_chain, o.token AS due_token, o.created_at, o.expires_at
         FROM transfers t LEFT JOIN orders o ON o.id = t.order_id LEFT JOIN users u ON u.id = o.user_id
            LEFT JOIN courses c ON c.id = o.course_id "
    };
}

macro_rules! matching {
    () => {
        "WHERE ($2 = '' OR t.state = $2) AND (t.tx_hash LIKE $1 ESCAPE '!' OR t.sender LIKE $1 ESCAPE '!') "
    };
}

impl Checkout<'_> {
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
            due: self.due(listed.due)?,
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
    /// For everyone but admins; `not_in_review`.
    pub async fn transfer_return(&self, actor: &Actor, id: TransferId) -> Result<TransferReturn, Problem> {
        let person = actor.person_who_may(Operation::ReviewPayments)?;
        let mut conn = self.0.0.db.read().await?;
        let transfer = self.waiting_transfer(&mut conn, id).await?;
        drop(conn);
        // Without an answer it can be looked at, and dismissed, all the same.
        let way = match self.followed(&transfer) {
            None => WayBack::Unfollowed,
            Some(network) => match timeout(PATIENCE, self.way_back(network, person, &transfer)).await {
                Ok(Ok(way)) => way,
                Ok(Err(_)) | Err(_) => WayBack::Silent,
            },
        };
        // Meanwhile the worker may have seen it go back.
        let mut conn = self.0.0.db.read().await?;
        Ok(TransferReturn { transfer: self.waiting_transfer(&mut conn, id).await?, way })
    }

    /// The network whose worker sees what goes back, if there still is one: without tokens it does not look.
    fn followed(&self, transfer: &TransferRow) -> Option<&Network> {
        let network = self.0.0.networks.find(transfer.chain_id)?;
        (network.policy.follows(transfer.market) && !network.info.tokens.is_empty()).then_some(network)
    }

    async fn way_back(
        &self,
        network: &Network,
        person: &Person,
        transfer: &TransferRow,
    ) -> Result<WayBack, Problem> {
        let (sent, roles) =
            try_join!(self.sent_lately(network, transfer), network.chain.roles(transfer.market).err_into())?;
        Ok(match sent {
            Some(sent) => WayBack::Sent(sent),
            None if roles.owner == person.address => {
                let (token, to, amount) = (transfer.currency.token, transfer.sender, transfer.amount);
                let call = Control::Rescue { token, to, amount }.call(transfer.market);
                WayBack::Call(self.to_wallet(transfer.chain_id, person, &call))
            }
            None => WayBack::By(roles.owner.checksummed()),
        })
    }

    /// The transaction that sent a waiting transfer back, in a block that is not read yet because it is not final.
    async fn sent_lately(
        &self,
        network: &Network,
        transfer: &TransferRow,
    ) -> Result<Option<Transaction>, Problem> {
        let (chain, pace) = (&network.chain, &network.pace.transfers);
        let mut conn = self.0.0.db.read().await?;
        let mut next =
            transfer_store::cursor(&mut conn, &network.policy, &[transfer.currency.token]).await?.0;
        drop(conn);
        let head = chain.head().await?;
        let mut sent = Vec::new();
        while next <= head.number {
            let to = head.number.min(next.saturating_add(pace.span() - 1));
            let last = chain.block(to).await?;
            let last = last.ok_or_else(|| ChainError::Unavailable("a block is missing".to_owned()))?;
            let answer = chain.transfers(&[transfer.currency.token], &[transfer.market], next, &last).await;
            let Some(logs) = pace.heed(to - next + 1, answer)? else { continue };
            let is_it = |log: &Log| {
                let Event::TokensRescued { token, to, amount } = log.event else { return false };
                (log.contract, token, to, amount)
                    == (transfer.market, transfer.currency.token, transfer.sender, transfer.amount)
            };
            sent.extend(logs.into_iter().filter(is_it));
            next = to + 1;
        }
        // The oldest of one sum goes back first; a new market, or token, has what went back long ago read again.
        let mut conn = self.0.0.db.read().await?;
        let alike = transfer_store::alike(&mut conn, transfer.id).await?;
        let known = |log: &Log| alike.iter().any(|(_, back)| *back == Some((log.transaction, log.index)));
        let mut unread = sent.iter().filter(|log| !known(log));
        let waiting = alike.iter().filter(|(_, back)| back.is_none());
        // It is the last of them.
        let back = waiting.map(|(came, _)| unread.find(|log| *came < (log.block_number, log.index))).last();
        Ok(back.flatten().map(|log| {
            self.transaction(transfer.chain_id, log.transaction, Some((log.block_number, log.block_hash)))
        }))
    }

    /// Notes that nothing is to be done about a transfer any more, and why. Nothing is noted of one that was sent back
    /// in a block that is mined and not final yet: the next of its sum would be taken for what went back. Where the
    /// chain does not answer within ten seconds, whoever dismisses it knows best.
    ///
    /// # Errors
    /// For everyone but admins; without a reason; `not_in_review`; `sent_back`.
    #[tracing::instrument(skip_all, fields(transfer = %id))]
    pub async fn dismiss_transfer(&self, actor: &Actor, id: TransferId, reason: &str) -> Result<(), Problem> {
        actor.may(Operation::ReviewPayments)?;
        let reason = line(reason, 1, 300).map_err(|_| CheckoutError::NoReason)?;
        let mut conn = self.0.0.db.read().await?;
        let transfer = self.waiting_transfer(&mut conn, id).await?;
        drop(conn);
        if let Some(network) = self.followed(&transfer) {
            match timeout(PATIENCE, self.sent_lately(network, &transfer)).await {
                Ok(Ok(None)) => {}
                Ok(Ok(Some(sent))) => return Err(CheckoutError::SentBack(sent.hash).into()),
                Ok(Err(problem)) if problem.kind == Kind::Internal => return Err(problem),
                Ok(Err(_)) | Err(_) => {
                    tracing::warn!("dismissed though the chain does not tell what went back")
                }
            }
        }
        let mut tx = self.0.0.db.begin().await?;
        if !transfer_store::dismiss(&mut tx, id).await? {
            return Err(CheckoutError::NotInReview.into());
        }
        audit(&mut tx, self.0, actor, "transfer.dismissed", &transfer.transaction.hash.to_string(), &reason)
            .await?;
        self.0.point("transfer_rule.before_commit").await;
        tx.commit().await?;
        Ok(())
    }
}
