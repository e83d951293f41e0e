//! What is in the blocks, kept in the plainest way.

use academy::{
    chain::{Event, fake::FakeTransaction},
    evm::{Address, BlockHash, TxHash},
    money::Wei,
};

use crate::{net::Happening, world::MARKET};

/// A purchase, where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Purchase {
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
}

/// A history of blocks, kept in the plainest way.
#[derive(Clone, Default)]
pub struct Book {
    pub blocks: Vec<(u64, Vec<FakeTransaction>)>,
    /// What a provider calls them; the truth needs no names.
    names: Vec<BlockHash>,
}

impl Book {
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

    /// Our market's purchases that succeeded.
    pub fn purchases(&self) -> Vec<Purchase> {
        let mut found = Vec::new();
        for (height, (time, transactions)) in (1..).zip(&self.blocks) {
            let logs = transactions
                .iter()
                .filter(|tx| tx.success)
                .flat_map(|tx| tx.events.iter().map(move |(contract, event)| (tx.hash, contract, event)));
            for (index, (hash, contract, event)) in (0..).zip(logs) {
                if let Event::CoursePurchased { order, beneficiary, number, tier, token, amount } = event
                    && *contract == MARKET
                {
                    found.push(Purchase {
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
                    });
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
