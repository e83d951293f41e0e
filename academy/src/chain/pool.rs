//! Several nodes asked as one, so that a node that lags, lies or is down can delay but never open.

use std::{
    collections::{BTreeSet, HashSet},
    future::poll_fn,
    ops::RangeInclusive,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use futures::future::{BoxFuture, join_all, select_all};
use ruint::aliases::U256;

use super::{
    health::Rank,
    member::{Manner, Member},
    port::{
        BlockRef, Chain, ChainError, Log, Provider, Receipt, Roles, Round, TokenAccount, TokenFacts,
        TransactionFacts,
    },
    provider::Node,
    sale::{Bought, Sale},
};
use crate::{
    entropy::{Entropy, SystemEntropy},
    evm::{Address, BlockTag, TxHash},
    money::Wei,
    time::{Clock, SystemClock},
};

/// How long a node may take for one answer, if nobody says otherwise.
const TIMEOUT: Duration = Duration::from_secs(8);

/// A chain through one or more providers.
///
/// What opens or closes a course, lets somebody in or says a price needs two providers where there are two or more,
/// however many of them are well. They must say the same of a receipt, the block at a height, a feed's round, a
/// contract wallet's signature and the chain's id; the head and the tags are where two have come to, a nonce is
/// the lowest of those who answer, and of events and transfers a receipt says which are true where providers differ.
/// The rest opens nothing and takes the first that answers: what a transaction says beside its receipt, what is only
/// shown, and what is prepared for a contract that refuses lies. Who failed lately is asked last, not never.
pub struct Rpc {
    members: Vec<Member>,
    manner: Manner,
}

impl Rpc {
    /// Through the nodes at these URLs, in order of preference.
    ///
    /// # Errors
    /// When there is none, or one of them is no URL.
    pub fn new(urls: &[String]) -> Result<Self, ChainError> {
        let nodes = urls.iter().map(|url| Node::new(url)).collect::<Result<Vec<_>, _>>()?;
        let names: Vec<String> = nodes.iter().map(|node| node.name().to_owned()).collect();
        // Two keys of one service are two nodes.
        let name = |place: usize| match names[..place].iter().filter(|name| **name == names[place]).count() {
            0 => names[place].clone(),
            before => format!("{} #{}", names[place], before + 1),
        };
        let members = nodes.into_iter().enumerate();
        Self::of(members.map(|(place, node)| Member::new(name(place), Arc::new(node))).collect())
    }

    /// Over given providers; for tests.
    ///
    /// # Errors
    /// When there is none.
    pub fn over(nodes: Vec<Arc<dyn Chain>>) -> Result<Self, ChainError> {
        let members = nodes.into_iter().enumerate();
        Self::of(members.map(|(place, node)| Member::new(format!("#{}", place + 1), node)).collect())
    }

    fn of(members: Vec<Member>) -> Result<Self, ChainError> {
        if members.is_empty() {
            return Err(ChainError::Refused("chain.rpc_urls is empty".to_owned()));
        }
        let manner =
            Manner { timeout: TIMEOUT, clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy) };
        Ok(Self { members, manner })
    }

    /// How long a node may take for one answer.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.manner.timeout = timeout;
        self
    }

    /// The clock that rests are measured by, and the chance that spreads them.
    #[must_use]
    pub fn machine(mut self, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        (self.manner.clock, self.manner.entropy) = (clock, entropy);
        self
    }

    /// So many must say the same before it counts.
    fn needed(&self) -> usize {
        self.members.len().min(2)
    }

    /// The members, those that do best first.
    fn ranked(&self) -> Vec<(Rank, &Member)> {
        let mut ranked: Vec<_> =
            self.members.iter().map(|member| (member.rank(&self.manner), member)).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked
    }

    /// The first answer; a provider that fails is passed over.
    async fn first<T, F>(&self, ask: impl Fn(Arc<dyn Chain>) -> F) -> Result<T, ChainError>
    where
        F: Future<Output = Result<T, ChainError>>,
    {
        let mut last = silence();
        for (_, member) in self.ranked() {
            match member.ask(&self.manner, &ask).await {
                Ok(answer) => return Ok(answer),
                Err(error) => last = error,
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
        for (_, member) in self.ranked() {
            match member.ask(&self.manner, &ask).await {
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
    /// is no answer yet. As many as are needed are asked at once, and another one for each that fails or
    /// contradicts.
    async fn agreed<'a, T, F>(
        &'a self,
        ask: impl Fn(Arc<dyn Chain>) -> F + Sync + 'a,
    ) -> Result<T, ChainError>
    where
        T: PartialEq + Send + 'a,
        F: Future<Output = Result<T, ChainError>> + Send + 'a,
    {
        let needed = self.needed();
        let ask = &ask;
        let mut others = self.ranked().into_iter().map(|(_, member)| member);
        let mut asked: Vec<BoxFuture<'_, Result<T, ChainError>>> = Vec::new();
        let mut answers: Vec<(T, usize)> = Vec::new();
        let mut last = None;
        loop {
            let best = answers.iter().map(|(_, count)| *count).max().unwrap_or(0);
            let missing = needed.saturating_sub(best + asked.len());
            for member in others.by_ref().take(missing) {
                asked.push(Box::pin(member.ask(&self.manner, ask)));
            }
            if asked.is_empty() {
                return Err(last.unwrap_or_else(|| {
                    ChainError::Unavailable("the providers do not agree with each other".to_owned())
                }));
            }
            let (answer, _, rest) = select_all(asked).await;
            asked = rest;
            match answer {
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
    }

    /// What everybody says who answers. All are asked at once; those that failed lately are waited for
    /// only as long as too few of the others answer.
    async fn everyone<'a, T, F>(
        &'a self,
        ask: impl Fn(Arc<dyn Chain>) -> F + Sync + 'a,
    ) -> (Vec<T>, Option<ChainError>)
    where
        T: Send + Unpin + 'a,
        F: Future<Output = Result<T, ChainError>> + Send + 'a,
    {
        let needed = self.needed();
        let ask = &ask;
        let mut asked: Vec<(Rank, BoxFuture<'_, Result<T, ChainError>>)> = Vec::new();
        for (rank, member) in self.ranked() {
            asked.push((rank, Box::pin(member.ask(&self.manner, ask))));
        }
        let (mut answers, mut failed) = (Vec::new(), None);
        poll_fn(|cx| {
            asked.retain_mut(|(_, question)| match question.as_mut().poll(cx) {
                Poll::Ready(Ok(answer)) => {
                    answers.push(answer);
                    false
                }
                Poll::Ready(Err(error)) => {
                    // What a smaller question mends tells more than a silence.
                    if !matches!(failed, Some(ChainError::RangeTooLarge(_))) {
                        failed = Some(error);
                    }
                    false
                }
                Poll::Pending => true,
            });
            let waits_for_none = asked.iter().all(|(rank, _)| *rank == Rank::Resting);
            if asked.is_empty() || (waits_for_none && answers.len() >= needed) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        (answers, failed)
    }

    /// As [`Rpc::everyone`], and they are enough to believe.
    async fn enough<'a, T, F>(
        &'a self,
        ask: impl Fn(Arc<dyn Chain>) -> F + Sync + 'a,
    ) -> Result<Vec<T>, ChainError>
    where
        T: Send + Unpin + 'a,
        F: Future<Output = Result<T, ChainError>> + Send + 'a,
    {
        let (answers, failed) = self.everyone(ask).await;
        if answers.len() < self.needed() {
            return Err(failed.unwrap_or_else(silence));
        }
        Ok(answers)
    }

    /// As [`Rpc::enough`], of those who have that block: one that has not come so far, or follows another history,
    /// knows of nothing in it, and with one that hides a log they would be two. The only provider said itself that
    /// the block is there.
    async fn read_up_to<'a, F>(
        &'a self,
        last: &'a BlockRef,
        ask: impl Fn(Arc<dyn Chain>) -> F + Sync + 'a,
    ) -> Result<Vec<Vec<Log>>, ChainError>
    where
        F: Future<Output = Result<Vec<Log>, ChainError>> + Send + 'a,
    {
        let (needed, ask) = (self.needed(), &ask);
        let answers = self.enough(move |node| async move {
            let has_it = needed == 1 || node.block(last.number).await?.is_some_and(|block| block == *last);
            if has_it { ask(node).await.map(Some) } else { Ok(None) }
        });
        let told: Vec<_> = answers.await?.into_iter().flatten().collect();
        if told.len() < needed {
            return Err(ChainError::Unavailable(
                "too few providers have the newest block to read".to_owned(),
            ));
        }
        Ok(told)
    }

    /// The logs that two answers have alike, or the only answer's. Of what one has and others have not, the
    /// transaction's receipt says what is true; of its logs those count that were `asked` for.
    async fn told_alike(
        &self,
        mut answers: Vec<Vec<Log>>,
        blocks: RangeInclusive<u64>,
        asked: impl Fn(&Log) -> bool,
    ) -> Result<Vec<Log>, ChainError> {
        let needed = self.needed();
        if needed == 1 {
            return Ok(answers.swap_remove(0));
        }
        // Nobody counts twice, however often it says the same.
        let told = |log: &Log, answers: &[HashSet<Log>]| {
            answers.iter().filter(|answer| answer.contains(log)).count() >= needed
        };
        let answers: Vec<HashSet<Log>> = answers.into_iter().map(HashSet::from_iter).collect();
        let (mut logs, mut disputed) = (HashSet::new(), BTreeSet::new());
        for log in answers.iter().flatten() {
            if told(log, &answers) {
                logs.insert(log.clone());
            } else {
                disputed.insert(log.transaction);
            }
        }
        for transaction in disputed {
            let receipt = self.receipt(transaction).await?;
            logs.retain(|log| log.transaction != transaction);
            let told = receipt.filter(|receipt| receipt.success && blocks.contains(&receipt.block_number));
            let told = told.into_iter().flat_map(|receipt| receipt.logs);
            logs.extend(told.filter(|log| asked(log)));
        }
        let mut logs: Vec<Log> = logs.into_iter().collect();
        logs.sort_by_key(|log| (log.block_number, log.index, log.transaction));
        Ok(logs)
    }
}

fn silence() -> ChainError {
    ChainError::Unavailable("no provider answers".to_owned())
}

#[async_trait]
impl Chain for Rpc {
    /// As two say, so that one that serves another chain does not stop the site.
    async fn chain_id(&self) -> Result<u64, ChainError> {
        self.agreed(|node| async move { node.chain_id().await }).await
    }

    /// The highest block that two providers have reached, so that a liar's future does not count
    /// as confirmations and a laggard does not hold the site back; with the hash that two see there.
    async fn head(&self) -> Result<BlockRef, ChainError> {
        let mut heads = self.enough(|node| async move { node.head().await }).await?;
        heads.sort_by_key(|head| std::cmp::Reverse(head.number));
        let needed = self.needed();
        let number = heads[needed - 1].number;
        let alike = |head: &&BlockRef| heads.iter().filter(|other| other == head).count() >= needed;
        match heads.iter().filter(|head| head.number == number).find(alike) {
            Some(head) => Ok(*head),
            None => self.block(number).await?.ok_or_else(silence),
        }
    }

    async fn providers(&self, patience: Duration) -> Vec<Provider> {
        join_all(self.members.iter().map(|member| member.provider(&self.manner, patience))).await
    }

    /// As [`Rpc::head`]: as far as two providers say.
    async fn tagged(&self, tag: BlockTag) -> Result<Option<u64>, ChainError> {
        let mut heights = self.enough(|node| async move { node.tagged(tag).await }).await?;
        heights.sort_by_key(|height| std::cmp::Reverse(*height));
        Ok(heights[self.needed() - 1])
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
    async fn nonce(&self, account: Address, height: u64) -> Result<u64, ChainError> {
        let nonces = self.enough(|node| async move { node.nonce(account, height).await }).await?;
        nonces.into_iter().min().ok_or_else(silence)
    }

    /// What two providers report alike. Of what one reports and others do not, the transaction's receipt says
    /// what is true, as two have it: listings are believed as they are told, so a liar must not make one; and
    /// a provider that hides a log must not close a course that was paid for.
    async fn events(&self, markets: &[Address], from: u64, last: &BlockRef) -> Result<Vec<Log>, ChainError> {
        let ask = |node: Arc<dyn Chain>| async move { node.events(markets, from, last).await };
        let answers = self.read_up_to(last, ask).await?;
        self.told_alike(answers, from..=last.number, |log| markets.contains(&log.contract)).await
    }

    /// As [`Rpc::events`]: nobody is sent tokens back that never came.
    async fn transfers(
        &self,
        tokens: &[Address],
        markets: &[Address],
        from: u64,
        last: &BlockRef,
    ) -> Result<Vec<Log>, ChainError> {
        let ask = |node: Arc<dyn Chain>| async move { node.transfers(tokens, markets, from, last).await };
        let answers = self.read_up_to(last, ask).await?;
        self.told_alike(answers, from..=last.number, |log| log.tells_of_tokens(tokens, markets)).await
    }

    async fn payout_of(&self, market: Address, payee: Address, token: Address) -> Result<Wei, ChainError> {
        self.first(|node| async move { node.payout_of(market, payee, token).await }).await
    }

    async fn held_for(&self, market: Address, payee: Address, token: Address) -> Result<Wei, ChainError> {
        self.first(|node| async move { node.held_for(market, payee, token).await }).await
    }

    /// The first answer will do here and below: the contract refuses what was prepared by a lie.
    async fn token_account(
        &self,
        token: Address,
        owner: Address,
        market: Address,
    ) -> Result<TokenAccount, ChainError> {
        self.first(|node| async move { node.token_account(token, owner, market).await }).await
    }

    /// Two must agree where there are two: a liar must have nothing paid back twice.
    async fn sale(&self, bought: &Bought) -> Result<Sale, ChainError> {
        let bought = *bought;
        self.agreed(|node| async move { node.sale(&bought).await }).await
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
    async fn round(&self, feed: Address, at: Option<u64>) -> Result<Round, ChainError> {
        self.agreed(|node| async move { node.round(feed, at).await }).await
    }

    /// Two must agree where there are two: a liar must let nobody in.
    async fn approves(&self, account: Address, hash: [u8; 32], signature: &[u8]) -> Result<bool, ChainError> {
        let ask = |node: Arc<dyn Chain>| {
            let signature = signature.to_vec();
            async move { node.approves(account, hash, &signature).await }
        };
        self.agreed(ask).await
    }

    async fn code(&self, address: Address) -> Result<Vec<u8>, ChainError> {
        self.first(|node| async move { node.code(address).await }).await
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;
    use crate::{
        chain::fake::FakeChain,
        entropy::CountingEntropy,
        time::{FixedClock, Time},
    };

    #[tokio::test]
    async fn who_hangs_is_waited_for_once_in_each_rest_and_not_at_each_question() {
        let nodes: Vec<Arc<dyn Chain>> = (0..3).map(|_| Arc::new(FakeChain::new(1)) as _).collect();
        let hung = nodes[0].clone();
        let clock = Arc::new(FixedClock::new(Time(0)));
        let rpc = Rpc::over(nodes)
            .unwrap()
            .timeout(Duration::from_millis(300))
            .machine(clock.clone(), Arc::new(CountingEntropy::default()));
        let ask = |node: Arc<dyn Chain>| {
            let hangs = Arc::ptr_eq(&node, &hung);
            async move { if hangs { pending().await } else { node.head().await } }
        };
        for rest in 1..=3 {
            for _ in 0..10 {
                assert_eq!(rpc.agreed(ask).await.unwrap().number, 0);
                assert_eq!(rpc.enough(ask).await.unwrap().len(), 2);
                assert_eq!(rpc.first(ask).await.unwrap().number, 0);
            }
            // A failure is a time-out that someone waited for.
            assert_eq!(rpc.members[0].failures(), rest);
            clock.advance_millis(60_000);
        }
    }
}
