//! Several nodes asked as one, so that a node that lags, lies or is down can delay but never open.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use async_trait::async_trait;
use ruint::aliases::U256;

use super::{
    port::{
        BlockRef, Chain, ChainError, Log, Receipt, Roles, Round, TokenAccount, TokenFacts, TransactionFacts,
    },
    provider::Node,
};
use crate::{
    evm::{Address, BlockTag, TxHash},
    money::Wei,
};

/// A chain through one or more providers.
///
/// Facts that can open a course (a receipt, the canonical block at a height) need the same answer
/// from two providers where there are two or more; everything else takes the first that answers.
pub struct Rpc {
    nodes: Vec<Arc<dyn Chain>>,
}

impl Rpc {
    /// Through the nodes at these URLs, in order of preference.
    ///
    /// # Errors
    /// When there is none, or one of them is no URL.
    pub fn new(urls: &[String]) -> Result<Self, ChainError> {
        let nodes = urls
            .iter()
            .map(|url| Node::new(url).map(|node| Arc::new(node) as Arc<dyn Chain>))
            .collect::<Result<Vec<_>, _>>()?;
        Self::over(nodes)
    }

    /// Over given providers; for tests.
    ///
    /// # Errors
    /// When there is none.
    pub fn over(nodes: Vec<Arc<dyn Chain>>) -> Result<Self, ChainError> {
        if nodes.is_empty() {
            return Err(ChainError::Refused("chain.rpc_urls is empty".to_owned()));
        }
        Ok(Self { nodes })
    }

    /// The first answer; a provider that fails is passed over.
    async fn first<T, F>(&self, ask: impl Fn(Arc<dyn Chain>) -> F) -> Result<T, ChainError>
    where
        F: Future<Output = Result<T, ChainError>>,
    {
        let mut last = ChainError::Unavailable("no provider".to_owned());
        for node in &self.nodes {
            match ask(node.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    tracing::warn!(%error, "provider failed; asking the next");
                    last = error;
                }
            }
        }
        Err(last)
    }

    /// The first answer that is not `None`; `None` only when every provider that answered says so.
    async fn first_known<T, F>(&self, ask: impl Fn(Arc<dyn Chain>) -> F) -> Result<Option<T>, ChainError>
    where
        F: Future<Output = Result<Option<T>, ChainError>>,
    {
        let mut failed = None;
        let mut answered = false;
        for node in &self.nodes {
            match ask(node.clone()).await {
                Ok(Some(answer)) => return Ok(Some(answer)),
                Ok(None) => answered = true,
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            Some(error) if !answered => Err(error),
            _ => Ok(None),
        }
    }

    /// The answer that two providers give alike, or the only provider's. Without two alike there
    /// is no answer yet: `None` when nobody claims a fact, else "unavailable".
    async fn agreed<T, F>(&self, ask: impl Fn(Arc<dyn Chain>) -> F) -> Result<Option<T>, ChainError>
    where
        T: PartialEq,
        F: Future<Output = Result<Option<T>, ChainError>>,
    {
        let needed = self.nodes.len().min(2);
        let mut answers: Vec<(Option<T>, usize)> = Vec::new();
        let mut last = None;
        for node in &self.nodes {
            match ask(node.clone()).await {
                Ok(answer) => {
                    let place = answers.iter().position(|(known, _)| *known == answer);
                    let index = place.unwrap_or_else(|| {
                        answers.push((answer, 0));
                        answers.len() - 1
                    });
                    answers[index].1 += 1;
                    if answers[index].1 >= needed {
                        return Ok(answers.swap_remove(index).0);
                    }
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| {
            ChainError::Unavailable("the providers do not agree with each other".to_owned())
        }))
    }
}

#[async_trait]
impl Chain for Rpc {
    async fn chain_id(&self) -> Result<u64, ChainError> {
        self.first(|node| async move { node.chain_id().await }).await
    }

    /// The highest block that two providers have reached, so that a liar's future does not count
    /// as confirmations and a laggard does not hold the site back.
    async fn head(&self) -> Result<BlockRef, ChainError> {
        let mut heads = Vec::new();
        let mut last = None;
        for node in &self.nodes {
            match node.head().await {
                Ok(head) => heads.push(head),
                Err(error) => last = Some(error),
            }
        }
        heads.sort_by_key(|head| std::cmp::Reverse(head.number));
        let needed = self.nodes.len().min(2);
        match (heads.get(needed - 1), last) {
            (Some(head), _) => Ok(*head),
            (None, Some(error)) => Err(error),
            (None, None) => Err(ChainError::Unavailable("no provider".to_owned())),
        }
    }

    /// As [`Rpc::head`]: as far as two providers say.
    async fn tagged(&self, tag: BlockTag) -> Result<Option<u64>, ChainError> {
        let mut heights = Vec::new();
        let mut last = ChainError::Unavailable("no provider".to_owned());
        for node in &self.nodes {
            match node.tagged(tag).await {
                Ok(height) => heights.push(height),
                Err(error) => last = error,
            }
        }
        heights.sort_by_key(|height| std::cmp::Reverse(*height));
        heights.get(self.nodes.len().min(2) - 1).copied().ok_or(last)
    }

    async fn block(&self, number: u64) -> Result<Option<BlockRef>, ChainError> {
        self.agreed(|node| async move { node.block(number).await }).await
    }

    async fn transaction(&self, hash: TxHash) -> Result<Option<TransactionFacts>, ChainError> {
        self.first_known(|node| async move { node.transaction(hash).await }).await
    }

    async fn receipt(&self, hash: TxHash) -> Result<Option<Receipt>, ChainError> {
        self.agreed(|node| async move { node.receipt(hash).await }).await
    }

    /// The lowest that anyone reports, where two answer: a liar must not make a pending payment look
    /// cancelled.
    async fn nonce(&self, account: Address) -> Result<u64, ChainError> {
        let mut nonces = Vec::new();
        let mut last = ChainError::Unavailable("no provider".to_owned());
        for node in &self.nodes {
            match node.nonce(account).await {
                Ok(nonce) => nonces.push(nonce),
                Err(error) => last = error,
            }
        }
        if nonces.len() < self.nodes.len().min(2) {
            return Err(last);
        }
        nonces.into_iter().min().ok_or(last)
    }

    /// Everything that any provider reports, once: a log is only a hint to settle, and a provider
    /// that hides one must not close a course that was paid for. Where two report different logs at
    /// one place, the transaction's receipt says which is true, so that a lie does not take its place.
    async fn events(&self, market: Address, from: u64, to: u64) -> Result<Vec<Log>, ChainError> {
        let mut seen: HashMap<(TxHash, u64), Log> = HashMap::new();
        let mut disputed: BTreeSet<(TxHash, u64)> = BTreeSet::new();
        let mut failed = None;
        let mut answered = 0;
        for node in &self.nodes {
            match node.events(market, from, to).await {
                Ok(logs) => {
                    answered += 1;
                    for log in logs {
                        let place = (log.transaction, log.index);
                        if *seen.entry(place).or_insert_with(|| log.clone()) != log {
                            disputed.insert(place);
                        }
                    }
                }
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            // A smaller range may be answered by all.
            Some(error @ ChainError::RangeTooLarge(_)) => Err(error),
            Some(error) if answered == 0 => Err(error),
            _ => {
                for place in disputed {
                    let receipt = self.receipt(place.0).await?;
                    seen.remove(&place);
                    let logs = receipt.into_iter().flat_map(|receipt| receipt.logs);
                    let mut logs = logs.filter(|log| log.contract == market && log.index == place.1);
                    seen.extend(logs.next().map(|log| (place, log)));
                }
                let mut logs: Vec<Log> = seen.into_values().collect();
                logs.sort_by_key(|log| (log.block_number, log.index, log.transaction));
                Ok(logs)
            }
        }
    }

    async fn payout_of(&self, market: Address, payee: Address, token: Address) -> Result<Wei, ChainError> {
        self.first(|node| async move { node.payout_of(market, payee, token).await }).await
    }

    async fn held_for(&self, market: Address, payee: Address, token: Address) -> Result<Wei, ChainError> {
        self.first(|node| async move { node.held_for(market, payee, token).await }).await
    }

    async fn token_account(
        &self,
        token: Address,
        owner: Address,
        market: Address,
    ) -> Result<TokenAccount, ChainError> {
        self.first(|node| async move { node.token_account(token, owner, market).await }).await
    }

    async fn permit_nonce(&self, token: Address, owner: Address) -> Result<U256, ChainError> {
        self.first(|node| async move { node.permit_nonce(token, owner).await }).await
    }

    async fn token(&self, market: Address, token: Address) -> Result<TokenFacts, ChainError> {
        self.first(|node| async move { node.token(market, token).await }).await
    }

    async fn roles(&self, market: Address) -> Result<Roles, ChainError> {
        self.first(|node| async move { node.roles(market).await }).await
    }

    /// Two must agree where there are two: a liar must not sell for nothing.
    async fn round(&self, feed: Address) -> Result<Round, ChainError> {
        let round = self.agreed(|node| async move { node.round(feed).await.map(Some) }).await?;
        round.ok_or_else(|| ChainError::Unavailable("no provider".to_owned()))
    }

    /// Two must agree where there are two: a liar must let nobody in.
    async fn approves(&self, account: Address, hash: [u8; 32], signature: &[u8]) -> Result<bool, ChainError> {
        let ask = |node: Arc<dyn Chain>| {
            let signature = signature.to_vec();
            async move { node.approves(account, hash, &signature).await.map(Some) }
        };
        Ok(self.agreed(ask).await?.unwrap_or_default())
    }

    async fn code(&self, address: Address) -> Result<Vec<u8>, ChainError> {
        self.first(|node| async move { node.code(address).await }).await
    }
}
