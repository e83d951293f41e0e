//! What is in the blocks, kept in the plainest way.

use academy::{
    chain::{Event, fake::FakeTransaction},
    evm::{Address, BlockHash, TxHash},
    money::Wei,
};

use std::collections::HashMap;

use crate::{
    net::Happening,
    oracle::Place,
    world::{MARKET, TOKEN, is_returnable},
};

/// A purchase, where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Purchase {
    /// The chain's place.
    pub chain: usize,
    pub hash: TxHash,
    pub index: u64,
    pub height: u64,
    pub block: BlockHash,
    pub time: u64,
    pub order: [u8; 32],
    pub beneficiary: Address,
    pub listing: u64,
    pub tier: u8,
    pub token: Address,
    pub amount: Wei,
    /// The height at which the market gave it back, and the transaction.
    pub returned: Option<(u64, TxHash)>,
}

impl Purchase {
    /// Where it is, as far as a database knows places.
    pub fn place(&self) -> Place {
        (self.chain, self.hash, self.index)
    }
}

/// Who holds a pass for which tier of which listing.
type Pass = (Address, u64, u8);

/// The passes that can be returned, and what was bought with each: by which order, for how much of what.
#[derive(Clone, Default)]
pub struct Passes(HashMap<Pass, ([u8; 32], Address, Wei)>);

impl Passes {
    /// What the market does about an event of its own, if it lets it happen: it sells no pass twice that
    /// lasts, and takes back what it sold only.
    pub fn allow(&mut self, event: &Event) -> bool {
        match event {
            Event::CoursePurchased { order, beneficiary, number, tier, token, amount }
                if is_returnable(*number) =>
            {
                self.0.insert((*beneficiary, *number, *tier), (*order, *token, *amount)).is_none()
            }
            Event::PurchaseRefunded { order, beneficiary, number, tier, token, amount } => {
                self.0.remove(&(*beneficiary, *number, *tier)) == Some((*order, *token, *amount))
            }
            _ => true,
        }
    }
}

/// A chain's history of blocks, kept in the plainest way.
#[derive(Clone)]
pub struct Book {
    /// The chain's place.
    pub chain: usize,
    pub blocks: Vec<(u64, Vec<FakeTransaction>)>,
    /// What a provider calls them; the truth needs no names.
    names: Vec<BlockHash>,
}

impl Book {
    pub fn new(chain: usize) -> Self {
        Self { chain, blocks: Vec::new(), names: Vec::new() }
    }

    pub fn note(&mut self, happening: &Happening) {
        match happening {
            Happening::Mined(transactions, time) => self.blocks.push((*time, transactions.clone())),
            Happening::Replaced(depth) => {
                self.blocks.truncate(self.blocks.len() - depth);
                self.names.truncate(self.blocks.len());
            }
            _ => {}
        }
    }

    /// What the newest block is called.
    pub fn name(&mut self, name: BlockHash) {
        self.names.push(name);
    }

    /// The newest block's height; the first block is a fake chain's own.
    pub fn height(&self) -> u64 {
        self.blocks.len() as u64
    }

    /// The passes that are out now.
    pub fn passes(&self) -> Passes {
        let mut passes = Passes::default();
        for (_, transactions) in &self.blocks {
            for (contract, event) in transactions.iter().filter(|tx| tx.success).flat_map(|tx| &tx.events) {
                if *contract == MARKET {
                    passes.allow(event);
                }
            }
        }
        passes
    }

    /// Our market's purchases that succeeded.
    pub fn purchases(&self) -> Vec<Purchase> {
        let mut found: Vec<Purchase> = Vec::new();
        for (height, (time, transactions)) in (1..).zip(&self.blocks) {
            let logs = transactions
                .iter()
                .filter(|tx| tx.success)
                .flat_map(|tx| tx.events.iter().map(move |(contract, event)| (tx.hash, contract, event)));
            for (index, (hash, contract, event)) in (0..).zip(logs) {
                match event {
                    _ if *contract != MARKET => {}
                    Event::CoursePurchased { order, beneficiary, number, tier, token, amount } => {
                        found.push(Purchase {
                            chain: self.chain,
                            hash,
                            index,
                            height,
                            block: self.names.get(height as usize - 1).copied().unwrap_or(BlockHash([0; 32])),
                            time: *time,
                            order: *order,
                            beneficiary: *beneficiary,
                            listing: *number,
                            tier: *tier,
                            token: *token,
                            amount: *amount,
                            returned: None,
                        });
                    }
                    Event::PurchaseRefunded { beneficiary, number, tier, .. } => {
                        let sold = (*beneficiary, *number, *tier);
                        let last = found.iter_mut().rfind(|p| (p.beneficiary, p.listing, p.tier) == sold);
                        last.expect("the market takes back what it sold").returned = Some((height, hash));
                    }
                    _ => {}
                }
            }
        }
        found
    }

    /// The tokens that came to our market up to a height without a purchase: transaction and index of each.
    pub fn strays(&self, height: u64) -> Vec<(TxHash, u64)> {
        let mut found = Vec::new();
        for (_, (_, transactions)) in (1..=height).zip(&self.blocks) {
            let mut index = 0;
            for tx in transactions.iter().filter(|tx| tx.success) {
                let bought = |(contract, event): &(Address, Event)| match event {
                    Event::CoursePurchased { token: TOKEN, amount, .. } if *contract == MARKET => {
                        Some(*amount)
                    }
                    _ => None,
                };
                let mut bought: Vec<Wei> = tx.events.iter().filter_map(bought).collect();
                for (contract, event) in &tx.events {
                    if let (TOKEN, Event::Transferred { to: MARKET, amount, .. }) = (*contract, event) {
                        match bought.iter().position(|sum| sum == amount) {
                            Some(place) => drop(bought.remove(place)),
                            None => found.push((tx.hash, index)),
                        }
                    }
                    index += 1;
                }
            }
        }
        found
    }

    /// How many transactions of an account are mined: its next nonce.
    pub fn nonce(&self, sender: Address) -> u64 {
        self.blocks.iter().flat_map(|(_, txs)| txs).filter(|tx| tx.sender == sender).count() as u64
    }
}
