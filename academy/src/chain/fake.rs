//! A chain in memory, for tests: it mines what it is told, forgets blocks, lies and fails.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use futures::future::BoxFuture;
use ruint::aliases::U256;

use super::{
    port::{
        BlockRef, Chain, ChainError, Event, Log, Receipt, Roles, Round, TokenAccount, TokenFacts,
        TransactionFacts,
    },
    sale::{Bought, Sale},
};
use crate::{
    evm::{Address, BlockHash, BlockTag, TxHash},
    money::Wei,
};

/// A transaction as a test writes it.
#[derive(Clone, Debug)]
pub struct FakeTransaction {
    /// Its hash.
    pub hash: TxHash,
    /// Who sends it.
    pub sender: Address,
    /// The sender's counter.
    pub nonce: u64,
    /// Whether it succeeds; a failed one emits nothing.
    pub success: bool,
    /// What it emits, and which contract does.
    pub events: Vec<(Address, Event)>,
}

/// What a node can be late with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// The block at a height.
    Blocks,
    /// Tokens that came.
    Transfers,
}

struct Block {
    at: BlockRef,
    transactions: Vec<FakeTransaction>,
}

struct State {
    chain_id: u64,
    blocks: Vec<Block>,
    pool: Vec<FakeTransaction>,
    fork: u64,
    failure: Option<ChainError>,
    hangs: bool,
    /// What is answered late, and whether somebody waits for it.
    late_with: (Option<Late>, bool),
    payouts: HashMap<(Address, Address), Wei>,
    held: HashMap<(Address, Address), Wei>,
    token_accounts: HashMap<(Address, Address), TokenAccount>,
    permit_nonces: HashMap<(Address, Address), U256>,
    paused: bool,
    forbidden: HashSet<Address>,
    approvals: HashMap<Address, Vec<u8>>,
    /// What each feed answered, and since which block.
    rounds: HashMap<Address, Vec<(u64, Round)>>,
    code: HashMap<Address, Vec<u8>>,
    largest_range: u64,
    longest_range: u64,
    mines_when_asked: bool,
    before_each: Option<Before>,
    hide_receipts: bool,
    hide_tags: bool,
    hide_logs: bool,
    unreadable: Option<TxHash>,
    forgotten: HashSet<TxHash>,
    receipts_asked: u64,
    rounds_asked: u64,
    timestamp: u64,
    tagged: HashMap<BlockTag, u64>,
    owner: Address,
}

/// The chain. Block 0 exists from the start.
pub struct FakeChain(Mutex<State>);

/// What is done before a question is answered.
type Before = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

fn block_hash(fork: u64, number: u64) -> BlockHash {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&fork.to_be_bytes());
    bytes[24..].copy_from_slice(&(number + 1).to_be_bytes());
    BlockHash(bytes)
}

impl FakeChain {
    /// An empty chain.
    pub fn new(chain_id: u64) -> Self {
        let genesis = Block {
            at: BlockRef { number: 0, hash: block_hash(0, 0), timestamp: 0 },
            transactions: Vec::new(),
        };
        Self(Mutex::new(State {
            chain_id,
            blocks: vec![genesis],
            pool: Vec::new(),
            fork: 0,
            failure: None,
            hangs: false,
            late_with: (None, false),
            payouts: HashMap::new(),
            held: HashMap::new(),
            token_accounts: HashMap::new(),
            permit_nonces: HashMap::new(),
            paused: false,
            forbidden: HashSet::new(),
            approvals: HashMap::new(),
            rounds: HashMap::new(),
            code: HashMap::new(),
            largest_range: u64::MAX,
            longest_range: u64::MAX,
            mines_when_asked: false,
            before_each: None,
            hide_receipts: false,
            hide_tags: false,
            hide_logs: false,
            unreadable: None,
            forgotten: HashSet::new(),
            receipts_asked: 0,
            rounds_asked: 0,
            timestamp: 0,
            tagged: HashMap::new(),
            owner: Address::ZERO,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn up(&self) -> Result<MutexGuard<'_, State>, ChainError> {
        let before = self.state().before_each.clone();
        if let Some(before) = before {
            before().await;
        }
        while self.state().hangs {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        let mut state = self.state();
        if state.mines_when_asked {
            state.mine(Vec::new());
        }
        match &state.failure {
            Some(error) => Err(error.clone()),
            None => Ok(state),
        }
    }

    /// Puts a transaction into the pool: known, not mined.
    pub fn broadcast(&self, transaction: FakeTransaction) {
        self.state().pool.push(transaction);
    }

    /// Drops a transaction from the pool, as a replacement does.
    pub fn drop_from_pool(&self, hash: TxHash) {
        self.state().pool.retain(|tx| tx.hash != hash);
    }

    /// Mines one block with these transactions; those in the pool with their hashes leave it.
    pub fn mine(&self, transactions: Vec<FakeTransaction>) -> u64 {
        self.state().mine(transactions)
    }

    /// An empty block is mined before each answer, until none is again.
    pub fn mine_when_asked(&self, mines: bool) {
        self.state().mines_when_asked = mines;
    }

    /// Mines so many empty blocks.
    pub fn mine_empty(&self, count: usize) {
        for _ in 0..count {
            self.mine(Vec::new());
        }
    }

    /// Forgets the newest blocks; what is mined next is another history. Answers the transactions
    /// that were in them.
    pub fn reorg(&self, depth: usize) -> Vec<FakeTransaction> {
        let mut state = self.state();
        state.fork += 1;
        let keep = state.blocks.len().saturating_sub(depth).max(1);
        state.blocks.drain(keep..).flat_map(|block| block.transactions).collect()
    }

    /// No call is answered, until it is.
    pub fn hang(&self, hangs: bool) {
        self.state().hangs = hangs;
    }

    /// Whoever asks for that waits for the answer of now, until `None`.
    pub fn be_late(&self, with: Option<Late>) {
        self.state().late_with = (with, false);
    }

    /// Resolves once somebody waits for it.
    pub async fn awaited(&self) {
        while !self.state().late_with.1 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }

    async fn delay(&self, what: Late) {
        while self.state().late_with.0 == Some(what) {
            self.state().late_with.1 = true;
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }

    /// Every call fails so, until `None`.
    pub fn fail_with(&self, failure: Option<ChainError>) {
        self.state().failure = failure;
    }

    /// Blocks mined from now on were made at this time, in seconds since 1970.
    pub fn set_time(&self, timestamp: u64) {
        self.state().timestamp = timestamp;
    }

    /// How often receipts were asked for.
    pub fn receipts_asked(&self) -> u64 {
        self.state().receipts_asked
    }

    /// How often price feeds were asked.
    pub fn rounds_asked(&self) -> u64 {
        self.state().rounds_asked
    }

    /// Before it answers anything, it does this.
    pub fn before_each(&self, before: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static) {
        self.state().before_each = Some(Arc::new(before));
    }

    /// Answers no question for a tag.
    pub fn hide_tags(&self, hide: bool) {
        self.state().hide_tags = hide;
    }

    /// Answers `null` to every question for a receipt.
    pub fn hide_receipts(&self, hide: bool) {
        self.state().hide_receipts = hide;
    }

    /// Knows the blocks, and not yet what was logged in them.
    pub fn hide_logs(&self, hide: bool) {
        self.state().hide_logs = hide;
    }

    /// Nothing can be learned of that transaction: its receipt is of another age, or providers disagree about it.
    pub fn lose(&self, hash: TxHash) {
        self.state().unreadable = Some(hash);
    }

    /// Nodes have thrown that transaction's receipt away.
    pub fn forget(&self, hash: TxHash) {
        self.state().forgotten.insert(hash);
    }

    /// Refuses ranges of more blocks than this.
    pub fn limit_range(&self, blocks: u64) {
        self.state().largest_range = blocks;
    }

    /// Does not answer in time where a range has more blocks than this.
    pub fn choke_on(&self, blocks: u64) {
        self.state().longest_range = blocks;
    }

    /// The network vouches for all blocks up to this one, for good: both tags stand there.
    pub fn finalize(&self, number: u64) {
        self.tag(BlockTag::Safe, number);
        self.tag(BlockTag::Finalized, number);
    }

    /// That tag stands at this block now.
    pub fn tag(&self, tag: BlockTag, number: u64) {
        self.state().tagged.insert(tag, number);
    }

    /// What the market owes someone, in a token or, for zero, in the coin.
    pub fn owe(&self, payee: Address, token: Address, amount: Wei) {
        self.state().payouts.insert((payee, token), amount);
    }

    /// What the market holds for someone until money-back windows end.
    pub fn hold(&self, payee: Address, token: Address, amount: Wei) {
        self.state().held.insert((payee, token), amount);
    }

    /// What an account has of a token.
    pub fn give_tokens(&self, token: Address, owner: Address, account: TokenAccount) {
        self.state().token_accounts.insert((token, owner), account);
    }

    /// The markets sell nothing, until they are told that they do again.
    pub fn pause(&self, paused: bool) {
        self.state().paused = paused;
    }

    /// The markets take that token no more.
    pub fn forbid_token(&self, token: Address) {
        self.state().forbidden.insert(token);
    }

    /// An account's next permit number at a token.
    pub fn set_permit_nonce(&self, token: Address, owner: Address, nonce: U256) {
        self.state().permit_nonces.insert((token, owner), nonce);
    }

    /// The only signature that a wallet that is a contract calls its own, whatever was signed.
    pub fn approve(&self, account: Address, signature: Vec<u8>) {
        self.state().approvals.insert(account, signature);
    }

    /// What a price feed answers.
    pub fn set_round(&self, feed: Address, round: Round) {
        let mut state = self.state();
        let height = state.blocks.last().map_or(0, |block| block.at.number);
        state.rounds.entry(feed).or_default().push((height, round));
    }

    /// Who owns the market.
    pub fn set_owner(&self, owner: Address) {
        self.state().owner = owner;
    }

    /// Code at an address.
    pub fn put_code(&self, address: Address, code: Vec<u8>) {
        self.state().code.insert(address, code);
    }
}

impl State {
    fn mine(&mut self, transactions: Vec<FakeTransaction>) -> u64 {
        self.pool.retain(|tx| !transactions.iter().any(|mined| mined.hash == tx.hash));
        let number = self.blocks.len() as u64;
        let hash = block_hash(self.fork, number);
        let at = BlockRef { number, hash, timestamp: self.timestamp };
        self.blocks.push(Block { at, transactions });
        number
    }

    fn logs_of(&self, block: &Block) -> Vec<Log> {
        let mut index = 0;
        let mut logs = Vec::new();
        for tx in block.transactions.iter().filter(|tx| tx.success) {
            for (contract, event) in &tx.events {
                logs.push(Log {
                    contract: *contract,
                    transaction: tx.hash,
                    index,
                    block_number: block.at.number,
                    block_hash: block.at.hash,
                    event: event.clone(),
                });
                index += 1;
            }
        }
        logs
    }

    fn logs_between(&self, from: u64, to: u64) -> Result<Vec<Log>, ChainError> {
        if to.saturating_sub(from) >= self.largest_range {
            return Err(ChainError::RangeTooLarge(format!("at most {}", self.largest_range)));
        }
        if to.saturating_sub(from) >= self.longest_range {
            return Err(ChainError::Unavailable("no answer in time".to_owned()));
        }
        if self.hide_logs {
            return Ok(Vec::new());
        }
        let blocks = self.blocks.iter().filter(|block| (from..=to).contains(&block.at.number));
        Ok(blocks.flat_map(|block| self.logs_of(block)).collect())
    }

    fn mined(&self) -> impl Iterator<Item = &FakeTransaction> {
        self.blocks.iter().flat_map(|block| &block.transactions)
    }
}

#[async_trait]
impl Chain for FakeChain {
    async fn chain_id(&self) -> Result<u64, ChainError> {
        Ok(self.up().await?.chain_id)
    }

    async fn head(&self) -> Result<BlockRef, ChainError> {
        let state = self.up().await?;
        Ok(state.blocks.last().expect("block 0 is never forgotten").at)
    }

    async fn tagged(&self, tag: BlockTag) -> Result<Option<u64>, ChainError> {
        let state = self.up().await?;
        if state.hide_tags {
            return Err(ChainError::Unavailable("tags are not told".to_owned()));
        }
        Ok(state.tagged.get(&tag).copied())
    }

    async fn block(&self, number: u64) -> Result<Option<BlockRef>, ChainError> {
        let block =
            self.up().await?.blocks.iter().find(|block| block.at.number == number).map(|block| block.at);
        self.delay(Late::Blocks).await;
        Ok(block)
    }

    async fn transaction(&self, hash: TxHash) -> Result<Option<TransactionFacts>, ChainError> {
        let state = self.up().await?;
        let found = state.mined().chain(&state.pool).find(|tx| tx.hash == hash);
        Ok(found.map(|tx| TransactionFacts { sender: tx.sender, nonce: tx.nonce }))
    }

    async fn receipt(&self, hash: TxHash) -> Result<Option<Receipt>, ChainError> {
        let mut state = self.up().await?;
        state.receipts_asked += 1;
        if state.unreadable == Some(hash) {
            return Err(ChainError::Unavailable("an answer that can't be read".to_owned()));
        }
        if state.hide_receipts || state.forgotten.contains(&hash) {
            return Ok(None);
        }
        Ok(state.blocks.iter().find_map(|block| {
            let tx = block.transactions.iter().find(|tx| tx.hash == hash)?;
            let mut logs = state.logs_of(block);
            logs.retain(|log| log.transaction == hash);
            Some(Receipt {
                transaction: hash,
                success: tx.success,
                block_number: block.at.number,
                block_hash: block.at.hash,
                logs,
            })
        }))
    }

    async fn nonce(&self, account: Address, height: u64) -> Result<u64, ChainError> {
        let state = self.up().await?;
        if state.blocks.iter().all(|block| block.at.number < height) {
            return Err(ChainError::Unavailable("header not found".to_owned()));
        }
        let there = state.blocks.iter().take_while(|block| block.at.number <= height);
        let mined = there.flat_map(|block| &block.transactions);
        let next = mined.filter(|tx| tx.sender == account).map(|tx| tx.nonce + 1).max();
        Ok(next.unwrap_or(0))
    }

    async fn events(&self, markets: &[Address], from: u64, last: &BlockRef) -> Result<Vec<Log>, ChainError> {
        let mut logs = self.up().await?.logs_between(from, last.number)?;
        logs.retain(|log| markets.contains(&log.contract));
        Ok(logs)
    }

    async fn transfers(
        &self,
        tokens: &[Address],
        markets: &[Address],
        from: u64,
        last: &BlockRef,
    ) -> Result<Vec<Log>, ChainError> {
        let mut logs = self.up().await?.logs_between(from, last.number)?;
        self.delay(Late::Transfers).await;
        logs.retain(|log| log.tells_of_tokens(tokens, markets));
        Ok(logs)
    }

    async fn payout_of(&self, _market: Address, payee: Address, token: Address) -> Result<Wei, ChainError> {
        Ok(self.up().await?.payouts.get(&(payee, token)).copied().unwrap_or_default())
    }

    async fn held_for(&self, _market: Address, payee: Address, token: Address) -> Result<Wei, ChainError> {
        Ok(self.up().await?.held.get(&(payee, token)).copied().unwrap_or_default())
    }

    async fn token_account(
        &self,
        token: Address,
        owner: Address,
        _market: Address,
    ) -> Result<TokenAccount, ChainError> {
        let nothing = TokenAccount { balance: Wei::ZERO, allowance: Wei::ZERO };
        Ok(self.up().await?.token_accounts.get(&(token, owner)).copied().unwrap_or(nothing))
    }

    async fn sale(&self, bought: &Bought) -> Result<Sale, ChainError> {
        let state = self.up().await?;
        let logs = state.blocks.iter().flat_map(|block| state.logs_of(block));
        let passes: i64 = logs
            .filter(|log| log.contract == bought.market)
            .map(|log| match log.event {
                Event::CoursePurchased { beneficiary, number, tier, .. }
                    if (beneficiary, number, tier) == (bought.beneficiary, bought.listing, bought.tier) =>
                {
                    1
                }
                Event::PurchaseRefunded { beneficiary, number, tier, .. }
                    if (beneficiary, number, tier) == (bought.beneficiary, bought.listing, bought.tier) =>
                {
                    -1
                }
                _ => 0,
            })
            .sum();
        Ok(Sale {
            paused: state.paused,
            takes_token: !state.forbidden.contains(&bought.token),
            has_pass: passes > 0,
        })
    }

    async fn permit_nonce(&self, token: Address, owner: Address) -> Result<U256, ChainError> {
        Ok(self.up().await?.permit_nonces.get(&(token, owner)).copied().unwrap_or_default())
    }

    async fn token(&self, _market: Address, _token: Address) -> Result<TokenFacts, ChainError> {
        drop(self.up().await?);
        Ok(TokenFacts { allowed: true, decimals: 18, separator: None })
    }

    async fn roles(&self, _market: Address) -> Result<Roles, ChainError> {
        Ok(Roles { quote_signer: Address::ZERO, owner: self.up().await?.owner })
    }

    async fn round(&self, feed: Address, at: Option<u64>) -> Result<Round, ChainError> {
        self.state().rounds_asked += 1;
        let state = self.up().await?;
        let mut rounds = state.rounds.get(&feed).into_iter().flatten().rev();
        let round = rounds.find(|(since, _)| at.is_none_or(|at| *since <= at)).map(|(_, round)| *round);
        round.ok_or_else(|| ChainError::Refused("there is no feed".to_owned()))
    }

    async fn approves(
        &self,
        account: Address,
        _hash: [u8; 32],
        signature: &[u8],
    ) -> Result<bool, ChainError> {
        Ok(self.up().await?.approvals.get(&account).is_some_and(|known| known == signature))
    }

    async fn code(&self, address: Address) -> Result<Vec<u8>, ChainError> {
        Ok(self.up().await?.code.get(&address).cloned().unwrap_or_default())
    }
}
