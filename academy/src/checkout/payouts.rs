//! What a market owes the caller, and how they take it out.

use super::{
    error::CheckoutError,
    health::PATIENCE,
    network::Network,
    rows::{Balance, PaidOut, Payout, Till},
    service::Checkout,
    store::{parse, unsigned},
    wallet::WalletCall,
};
use crate::{
    Actor, Operation, Problem,
    chain::{ChainError, withdraw_call},
    evm::{Address, NotAnAddress},
    store::sql,
    time::Time,
};

impl Checkout<'_> {
    /// What the caller may withdraw, and what they have, in each chain's market; and in former ones where
    /// there is anything: shares of sales, and refunds that their account could not take. A chain that does not
    /// answer says so, and hides nothing of the others.
    ///
    /// # Errors
    /// For visitors.
    pub async fn payout(&self, actor: &Actor) -> Result<Payout, Problem> {
        // The contract knows no roles: what it owes an address is theirs, whatever they are here now.
        let person = actor.person_who_may(Operation::Buy)?;
        let networks = &self.0.0.networks;
        let markets = networks
            .iter()
            .flat_map(|network| network.policy.markets().map(move |market| (network, market.address)));
        let mut tills = futures::future::join_all(markets.map(|(network, market)| async move {
            let chain_id = network.policy.chain_id;
            let asked = tokio::time::timeout(PATIENCE, balances(network, market, person.address)).await;
            let balances =
                asked.unwrap_or_else(|_| Err(ChainError::Unavailable("no answer in time".to_owned())));
            if let Err(error) = &balances {
                tracing::warn!(chain_id, %market, %error, "payouts can't be read");
            }
            let former = market != network.policy.market;
            Till { chain: network.info.clone(), market, former, balances: balances.ok() }
        }))
        .await;
        tills.retain(|till| !till.former || till.balances.iter().flatten().any(|balance| !balance.is_zero()));
        let mut conn = self.0.0.db.read().await?;
        let rows = sql!(all conn, (Time, i64, String, String, String, i64, String),
            "SELECT seen_at, chain_id, amount, token, tx_hash, block_number, block_hash FROM payouts
             WHERE payee = $1 ORDER BY seen_at DESC, block_number DESC LIMIT 100",
            person.address.to_string())?;
        let history = rows
            .into_iter()
            .map(|(at, chain_id, amount, token, hash, number, block)| {
                let block = (unsigned("a block", number)?, parse("a hash", &block)?);
                let chain_id = unsigned("a chain id", chain_id)?;
                Ok(PaidOut {
                    at,
                    amount: parse("an amount", &amount)?,
                    chain: self.chain_of_several(chain_id),
                    currency: self.currency(chain_id, &token)?,
                    transaction: self.transaction(chain_id, parse("a hash", &hash)?, Some(block)),
                })
            })
            .collect::<Result<_, Problem>>()?;
        Ok(Payout { tills, payee: person.address_text.clone(), history })
    }

    /// The call that pays out all that a market owes the caller in a token or, for zero, in the coin: to the address
    /// that they wrote; blank: to their own. An account that could not take a refund can't take it now either, and
    /// it alone can say who shall.
    ///
    /// # Errors
    /// `nothing_to_withdraw`; a problem of the field `to` where nobody could get at the money there; where the site
    /// does not follow that market; for visitors; when the chain does not answer.
    pub async fn payout_call(
        &self,
        actor: &Actor,
        chain_id: u64,
        market: Address,
        token: Address,
        to: &str,
    ) -> Result<WalletCall, Problem> {
        let person = actor.person_who_may(Operation::Buy)?;
        let network = self.0.0.networks.get(chain_id)?;
        if !network.policy.follows(market) {
            return Err(CheckoutError::NoSuchMarket(market.checksummed()).into());
        }
        let to = match to.trim() {
            "" => person.address,
            written => receiver(network, written)?,
        };
        if network.chain.payout_of(market, person.address, token).await?.is_zero() {
            return Err(CheckoutError::NothingToWithdraw.into());
        }
        Ok(self.to_wallet(chain_id, person, &withdraw_call(market, to, token)))
    }
}

/// Where a payee wants their money, as they wrote it.
fn receiver(network: &Network, written: &str) -> Result<Address, Problem> {
    let why = match Address::written(written) {
        Ok(Address::ZERO) => "Nobody has this address: what is sent there is lost.",
        Ok(address)
            if network.policy.follows(address)
                || network.currencies().iter().any(|currency| currency.token == address) =>
        {
            "This is a contract that keeps what is sent to it. Write an account of yours."
        }
        Ok(address) => return Ok(address),
        Err(NotAnAddress::Form(_)) => "Write the whole address: 0x and 40 letters and digits.",
        Err(NotAnAddress::Checksum) => {
            "A letter or digit of this address is wrong. Copy it from the wallet again."
        }
    };
    Err(Problem::field("to", why))
}

/// What a market has for a payee.
async fn balances(network: &Network, market: Address, payee: Address) -> Result<Vec<Balance>, ChainError> {
    let chain = &network.chain;
    let mut balances = Vec::new();
    for currency in network.currencies() {
        let owed = match chain.payout_of(market, payee, currency.token).await {
            Ok(owed) => owed,
            // The market never sold for this token, so there is none of it.
            Err(ChainError::Refused(_)) if !currency.is_coin() => continue,
            Err(error) => return Err(error),
        };
        let held = chain.held_for(market, payee, currency.token).await?;
        balances.push(Balance { currency, owed, held });
    }
    Ok(balances)
}
