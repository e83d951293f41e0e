//! The network: what really happens on the chain, and the providers that tell of it, each in its own
//! mood. A provider is a chain of its own that learns of what happened, or does not.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use academy::{
    chain::{
        BlockRef, Bought, Chain, ChainError, Event, Log, Receipt, Roles, Round, Sale, TokenAccount,
        TokenFacts, TransactionFacts,
        fake::{FakeChain, FakeTransaction},
    },
    evm::{Address, BlockHash, BlockTag, TxHash},
    money::Wei,
};
use async_trait::async_trait;
use futures::FutureExt;
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{
    book::Book,
    schedule::Gate,
    world::{CHAINS, MARKET, WINDOW_DAYS, set_rates},
};

/// In seconds.
const DAY: u64 = 86_400;

/// Something that happens to the chain.
#[derive(Clone)]
pub enum Happening {
    Mined(Vec<FakeTransaction>, u64),
    Replaced(usize),
    Broadcast(FakeTransaction),
    Dropped(TxHash),
    Tagged(BlockTag, u64),
}

/// How a provider behaves for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mood {
    Fine,
    /// It learns of nothing new.
    Late,
    /// It knows no transaction and no block, and says so.
    Mute,
    Down,
    /// Every other call fails.
    Flaky,
    /// It makes things up. At most one provider does, and never the only one.
    Liar,
}

struct State {
    mood: Mood,
    book: Book,
    known: usize,
    dice: StdRng,
    /// What a liar claims: purchases that would open something, refunds that would close it, listings that would
    /// sell it for someone else.
    wishes: Vec<Event>,
}

/// A provider.
pub struct Provider {
    chain: FakeChain,
    state: Mutex<State>,
    gate: Arc<Gate>,
}

impl Provider {
    fn learn(&self, all: &[Happening]) {
        let mut state = self.state.lock().unwrap();
        if state.mood == Mood::Late {
            return;
        }
        for happening in &all[state.known..] {
            state.book.note(happening);
            match happening {
                Happening::Mined(transactions, time) => {
                    self.chain.set_time(*time);
                    self.chain.mine(transactions.clone());
                    let head = self.chain.head().now_or_never().expect("a fake chain answers at once");
                    state.book.name(head.expect("a fake chain that nobody broke answers").hash);
                }
                Happening::Replaced(depth) => drop(self.chain.reorg(*depth)),
                Happening::Broadcast(transaction) => self.chain.broadcast(transaction.clone()),
                Happening::Dropped(hash) => self.chain.drop_from_pool(*hash),
                Happening::Tagged(tag, height) => self.chain.tag(*tag, *height),
            }
        }
        state.known = all.len();
    }

    /// Waits for its turn, then tells whether it lies this time.
    async fn asked(&self) -> Result<bool, ChainError> {
        self.gate.pause().await;
        let mut state = self.state.lock().unwrap();
        let odd = state.dice.random::<bool>();
        match state.mood {
            Mood::Down => Err(ChainError::Unavailable("down".to_owned())),
            Mood::Flaky if odd => Err(ChainError::Unavailable("flaky".to_owned())),
            Mood::Liar => Ok(odd),
            _ => Ok(false),
        }
    }

    fn mute(&self) -> bool {
        self.state.lock().unwrap().mood == Mood::Mute
    }

    fn roll<T>(&self, roll: impl FnOnce(&mut StdRng, &[Event]) -> T) -> T {
        let state = &mut *self.state.lock().unwrap();
        roll(&mut state.dice, &state.wishes)
    }

    /// What nobody did, in a block that is really there.
    fn forged(&self, hash: TxHash, head: BlockRef) -> Option<Log> {
        let event = self.roll(|dice, wishes| match wishes.len() {
            0 => None,
            many => Some(wishes[dice.random_range(0..many)].clone()),
        })?;
        Some(Log {
            contract: MARKET,
            transaction: hash,
            index: self.roll(|dice, _| dice.random_range(0..3)),
            block_number: head.number,
            block_hash: head.hash,
            event,
        })
    }
}

#[async_trait]
impl Chain for Provider {
    async fn chain_id(&self) -> Result<u64, ChainError> {
        self.asked().await?;
        self.chain.chain_id().await
    }

    async fn head(&self) -> Result<BlockRef, ChainError> {
        let lies = self.asked().await?;
        let head = self.chain.head().await?;
        Ok(if lies { BlockRef { number: head.number + 90, hash: BlockHash([7; 32]), ..head } } else { head })
    }

    async fn tagged(&self, tag: BlockTag) -> Result<Option<u64>, ChainError> {
        let lies = self.asked().await?;
        if lies { Ok(Some(u64::MAX)) } else { self.chain.tagged(tag).await }
    }

    async fn block(&self, number: u64) -> Result<Option<BlockRef>, ChainError> {
        let lies = self.asked().await?;
        let block = self.chain.block(number).await?.filter(|_| !self.mute());
        Ok(block.map(|block| if lies { BlockRef { hash: BlockHash([8; 32]), ..block } } else { block }))
    }

    async fn transaction(&self, hash: TxHash) -> Result<Option<TransactionFacts>, ChainError> {
        let lies = self.asked().await?;
        let facts = self.chain.transaction(hash).await?.filter(|_| !self.mute());
        Ok(if lies { Some(TransactionFacts { sender: Address([3; 20]), nonce: 0 }) } else { facts })
    }

    async fn receipt(&self, hash: TxHash) -> Result<Option<Receipt>, ChainError> {
        let lies = self.asked().await?;
        let receipt = self.chain.receipt(hash).await?.filter(|_| !self.mute());
        if !lies {
            return Ok(receipt);
        }
        let head = self.chain.head().await?;
        let Some(log) = self.forged(hash, head) else { return Ok(None) };
        Ok(Some(Receipt {
            transaction: hash,
            success: true,
            block_number: head.number,
            block_hash: head.hash,
            logs: vec![log],
        }))
    }

    async fn nonce(&self, account: Address, height: u64) -> Result<u64, ChainError> {
        let lies = self.asked().await?;
        let nonce = self.chain.nonce(account, height).await?;
        Ok(if lies { nonce + 1000 } else { nonce })
    }

    async fn events(&self, markets: &[Address], from: u64, last: &BlockRef) -> Result<Vec<Log>, ChainError> {
        let lies = self.asked().await?;
        let mut logs = self.chain.events(markets, from, last).await?;
        if lies {
            let head = self.chain.head().await?;
            let hash = match logs.last() {
                Some(log) if self.roll(|dice, _| dice.random()) => log.transaction,
                _ => TxHash(self.roll(|dice, _| dice.random())),
            };
            logs.clear();
            logs.extend(self.forged(hash, head));
        }
        Ok(logs)
    }

    async fn transfers(
        &self,
        tokens: &[Address],
        markets: &[Address],
        from: u64,
        last: &BlockRef,
    ) -> Result<Vec<Log>, ChainError> {
        let lies = self.asked().await?;
        let logs = self.chain.transfers(tokens, markets, from, last).await?;
        Ok(if lies { Vec::new() } else { logs })
    }

    async fn payout_of(&self, market: Address, payee: Address, token: Address) -> Result<Wei, ChainError> {
        self.asked().await?;
        self.chain.payout_of(market, payee, token).await
    }

    async fn held_for(&self, market: Address, payee: Address, token: Address) -> Result<Wei, ChainError> {
        self.asked().await?;
        self.chain.held_for(market, payee, token).await
    }

    async fn token_account(
        &self,
        token: Address,
        owner: Address,
        market: Address,
    ) -> Result<TokenAccount, ChainError> {
        self.asked().await?;
        self.chain.token_account(token, owner, market).await
    }

    async fn sale(&self, bought: &Bought) -> Result<Sale, ChainError> {
        self.asked().await?;
        self.chain.sale(bought).await
    }

    async fn permit_nonce(&self, token: Address, owner: Address) -> Result<ruint::aliases::U256, ChainError> {
        self.asked().await?;
        self.chain.permit_nonce(token, owner).await
    }

    async fn token(&self, market: Address, token: Address) -> Result<TokenFacts, ChainError> {
        self.asked().await?;
        self.chain.token(market, token).await
    }

    async fn roles(&self, market: Address) -> Result<Roles, ChainError> {
        self.asked().await?;
        self.chain.roles(market).await
    }

    async fn round(&self, feed: Address, at: Option<u64>) -> Result<Round, ChainError> {
        self.asked().await?;
        self.chain.round(feed, at).await
    }

    async fn approves(&self, account: Address, hash: [u8; 32], signature: &[u8]) -> Result<bool, ChainError> {
        self.asked().await?;
        self.chain.approves(account, hash, signature).await
    }

    async fn code(&self, address: Address) -> Result<Vec<u8>, ChainError> {
        self.asked().await?;
        self.chain.code(address).await
    }
}

/// A chain: truth and its tellers.
pub struct Net {
    happened: Vec<Happening>,
    /// Transactions that fail wherever they are mined.
    doomed: HashSet<TxHash>,
    pub truth: Book,
    pub pool: Vec<FakeTransaction>,
    pub providers: Vec<Arc<Provider>>,
}

impl Net {
    /// The chain at that place.
    pub fn new(place: usize, providers: usize, seed: u64, gate: &Arc<Gate>) -> Self {
        let seed = seed ^ (place as u64) << 8;
        let providers = (0..providers)
            .map(|provider| {
                let chain = FakeChain::new(CHAINS[place]);
                set_rates(&chain);
                Arc::new(Provider {
                    chain,
                    state: Mutex::new(State {
                        mood: Mood::Fine,
                        book: Book::new(place),
                        known: 0,
                        dice: StdRng::seed_from_u64(seed ^ provider as u64),
                        wishes: Vec::new(),
                    }),
                    gate: gate.clone(),
                })
            })
            .collect();
        Self {
            happened: Vec::new(),
            doomed: HashSet::new(),
            truth: Book::new(place),
            pool: Vec::new(),
            providers,
        }
    }

    pub fn happens(&mut self, happening: Happening) {
        match &happening {
            Happening::Mined(mined, _) => {
                self.pool.retain(|tx| !mined.iter().any(|mined| mined.hash == tx.hash));
            }
            Happening::Broadcast(transaction) => {
                if !transaction.success {
                    self.doomed.insert(transaction.hash);
                }
                self.pool.push(transaction.clone());
            }
            Happening::Dropped(hash) => self.pool.retain(|tx| tx.hash != *hash),
            Happening::Replaced(_) | Happening::Tagged(..) => {}
        }
        self.truth.note(&happening);
        self.happened.push(happening);
        for provider in &self.providers {
            provider.learn(&self.happened);
        }
    }

    /// Mines those of these transactions whose turn it is, in this order.
    pub fn mine(&mut self, wanted: Vec<FakeTransaction>, time: u64) -> usize {
        let mut block: Vec<FakeTransaction> = Vec::new();
        let mut passes = None;
        for mut tx in wanted {
            let next = self.truth.nonce(tx.sender)
                + block.iter().filter(|mined| mined.sender == tx.sender).count() as u64;
            if tx.nonce == next {
                // What the market does not allow here and now fails, all of it.
                let passes = passes.get_or_insert_with(|| self.truth.passes());
                let mut then = passes.clone();
                tx.success &=
                    tx.events.iter_mut().filter(|(contract, _)| *contract == MARKET).all(|(_, event)| {
                        if let Event::PurchaseHeld { hold, .. } = event {
                            hold.until = (time / DAY + u64::from(WINDOW_DAYS) + 1) * DAY;
                        }
                        then.allow(event)
                    });
                if tx.success {
                    *passes = then;
                }
                block.push(tx);
            }
        }
        // What can never be mined any more is forgotten, as nodes do.
        let count = block.len();
        self.happens(Happening::Mined(block, time));
        let (truth, pool) = (&self.truth, &self.pool);
        let stale: Vec<TxHash> =
            pool.iter().filter(|tx| tx.nonce < truth.nonce(tx.sender)).map(|tx| tx.hash).collect();
        for hash in stale {
            self.happens(Happening::Dropped(hash));
        }
        count
    }

    /// Replaces the newest blocks; their transactions wait to be mined again.
    pub fn reorg(&mut self, depth: usize) {
        let kept = self.truth.blocks.len() - depth;
        let undone: Vec<FakeTransaction> =
            self.truth.blocks[kept..].iter().flat_map(|(_, txs)| txs.clone()).collect();
        self.happens(Happening::Replaced(depth));
        for mut tx in undone {
            tx.success = !self.doomed.contains(&tx.hash);
            self.happens(Happening::Broadcast(tx));
        }
    }

    /// Whether a transaction ever went out here.
    pub fn knows(&self, hash: TxHash) -> bool {
        self.happened.iter().any(|one| matches!(one, Happening::Broadcast(tx) if tx.hash == hash))
    }

    /// The nonce that an account's wallet gives to its next transaction.
    pub fn next_nonce(&self, sender: Address) -> u64 {
        let mut next = self.truth.nonce(sender);
        while self.pool.iter().any(|tx| tx.sender == sender && tx.nonce == next) {
            next += 1;
        }
        next
    }

    pub fn set_mood(&self, provider: usize, mood: Mood) {
        if mood == Mood::Liar {
            for other in &self.providers {
                let mut state = other.state.lock().unwrap();
                state.mood = if state.mood == Mood::Liar { Mood::Fine } else { state.mood };
            }
        }
        self.providers[provider].state.lock().unwrap().mood = mood;
        for provider in &self.providers {
            provider.learn(&self.happened);
        }
    }

    /// A provider throws a receipt away, for good.
    pub fn forget(&self, provider: usize, hash: TxHash) {
        self.providers[provider].chain.forget(hash);
    }

    /// All are well.
    pub fn heal(&self) {
        for place in 0..self.providers.len() {
            self.set_mood(place, Mood::Fine);
        }
    }

    /// What someone would like to be true.
    pub fn wish(&self, event: &Event) {
        for provider in &self.providers {
            provider.state.lock().unwrap().wishes.push(event.clone());
        }
    }

    /// The histories that an honest provider may tell now.
    pub fn views(&self) -> Vec<Book> {
        let mut views: Vec<(usize, Book)> = Vec::new();
        for provider in &self.providers {
            let state = provider.state.lock().unwrap();
            if state.mood != Mood::Liar && !views.iter().any(|(known, _)| *known == state.known) {
                views.push((state.known, state.book.clone()));
            }
        }
        views.into_iter().map(|(_, book)| book).collect()
    }
}
