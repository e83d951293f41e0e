//! What we ask of a chain.

use std::time::Duration;

use async_trait::async_trait;
use ruint::aliases::U256;

use super::sale::{Bought, Sale};
use crate::{
    evm::{Address, BlockHash, BlockTag, TxHash},
    money::Wei,
};

/// Why a chain gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// Nothing answered, or not in time, or the answers contradict each other; asking again helps.
    #[error("the chain can't be reached: {0}")]
    Unavailable(String),
    /// The node asks for a smaller range of blocks.
    #[error("the range of blocks is too large for the node: {0}")]
    RangeTooLarge(String),
    /// The node understood the question and turns it down.
    #[error("the node refused: {0}")]
    Refused(String),
}

impl ChainError {
    /// Whether the same question may be answered later, or by another node. What is final is an answer:
    /// a smaller range is wanted, or the question is wrong.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// A block, by number and hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlockRef {
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: BlockHash,
    /// When it was made, in seconds since 1970.
    pub timestamp: u64,
}

/// A purchase's money that the market holds until its money-back window ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hold {
    /// Who is credited in the end.
    pub payee: Address,
    /// Who paid, and gets the money back.
    pub payer: Address,
    /// The platform's part.
    pub fee: Wei,
    /// When the window ends, in seconds since 1970: from then on there is no refund.
    pub until: u64,
}

/// Something that the market contract said, or a token of what came to a market.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A course was put on the list.
    CourseListed {
        /// The market's number for it.
        number: u64,
        /// Our course's id, in the first 16 bytes.
        reference: [u8; 32],
        /// Who may change the listing.
        lister: Address,
        /// Who receives the money.
        payee: Address,
    },
    /// A tier's price was set.
    TierPriced {
        /// The listing.
        number: u64,
        /// The tier.
        tier: u8,
        /// Its price.
        price: Wei,
        /// Whether it is sold.
        active: bool,
    },
    /// The money goes to someone else from now on.
    PayeeChanged {
        /// The listing.
        number: u64,
        /// Who.
        payee: Address,
    },
    /// Someone else may change the listing from now on.
    ListerChanged {
        /// The listing.
        number: u64,
        /// Who.
        lister: Address,
    },
    /// Someone paid.
    CoursePurchased {
        /// Our order's id, in the first 16 bytes.
        order: [u8; 32],
        /// For whom.
        beneficiary: Address,
        /// The listing.
        number: u64,
        /// The tier.
        tier: u8,
        /// The currency; zero is the chain's own.
        token: Address,
        /// How much.
        amount: Wei,
    },
    /// The money-back window of later sales was set.
    WindowChanged {
        /// The listing.
        number: u64,
        /// Its length.
        days: u8,
    },
    /// The market holds the money of the purchase with that order's id, right after it.
    PurchaseHeld {
        /// Our order's id, in the first 16 bytes.
        order: [u8; 32],
        /// How.
        hold: Hold,
    },
    /// A purchase was given back, and its pass burned.
    PurchaseRefunded {
        /// Our order's id, in the first 16 bytes.
        order: [u8; 32],
        /// Who had the pass.
        beneficiary: Address,
        /// The listing.
        number: u64,
        /// The tier.
        tier: u8,
        /// The currency; zero is the chain's own.
        token: Address,
        /// The price that went back.
        amount: Wei,
    },
    /// A payee took their money.
    PayoutWithdrawn {
        /// Who.
        payee: Address,
        /// The currency; zero is the chain's own.
        token: Address,
        /// How much.
        amount: Wei,
    },
    /// A token moved (ERC-20): [`Log::contract`] is the token.
    Transferred {
        /// Whose it was.
        from: Address,
        /// Whose it is.
        to: Address,
        /// How much.
        amount: Wei,
    },
    /// The market sent back tokens that had come without a purchase.
    TokensRescued {
        /// The token.
        token: Address,
        /// To whom.
        to: Address,
        /// How much.
        amount: Wei,
    },
}

/// An event and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Log {
    /// The contract that emitted it.
    pub contract: Address,
    /// Its transaction.
    pub transaction: TxHash,
    /// Its index within the block.
    pub index: u64,
    /// Its block's number.
    pub block_number: u64,
    /// Its block's hash.
    pub block_hash: BlockHash,
    /// What it says.
    pub event: Event,
}

impl Log {
    /// Whether it is of what came to one of these markets in one of these tokens, or says why it did.
    pub(super) fn tells_of_tokens(&self, tokens: &[Address], markets: &[Address]) -> bool {
        match &self.event {
            Event::Transferred { to, .. } => tokens.contains(&self.contract) && markets.contains(to),
            Event::CoursePurchased { .. } | Event::TokensRescued { .. } => markets.contains(&self.contract),
            _ => false,
        }
    }
}

/// A mined transaction's outcome. Only logs that read as one of our [events](Event) are kept, whichever
/// contract emitted them; [`Log::contract`] says which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The transaction.
    pub transaction: TxHash,
    /// Whether it succeeded.
    pub success: bool,
    /// Its block's number.
    pub block_number: u64,
    /// Its block's hash.
    pub block_hash: BlockHash,
    /// Its events.
    pub logs: Vec<Log>,
}

/// A transaction that a node knows, mined or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionFacts {
    /// Who sent it.
    pub sender: Address,
    /// The sender's counter that it uses up.
    pub nonce: u64,
}

/// Accounts that have a part in the market; zero where it is nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// Whose quotes it takes.
    pub quote_signer: Address,
    /// Who names the others.
    pub owner: Address,
}

/// What an account has of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenAccount {
    /// Its balance.
    pub balance: Wei,
    /// So much of it the market may take.
    pub allowance: Wei,
}

/// What a token and the market say of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenFacts {
    /// The market sells for it.
    pub allowed: bool,
    /// Its digits after the point.
    pub decimals: u8,
    /// The hash of its EIP-712 domain, if it has one.
    pub separator: Option<[u8; 32]>,
}

/// What a price feed answered last (Chainlink's `latestRoundData` and `decimals`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// The answer; `None` where it is negative.
    pub answer: Option<U256>,
    /// Its digits after the point.
    pub decimals: u8,
    /// When the round began, in seconds since 1970.
    pub started_at: u64,
    /// When it was answered, in seconds since 1970; 0: not yet.
    pub updated_at: u64,
}

/// A call for a wallet to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The contract.
    pub to: Address,
    /// The calldata.
    pub data: Vec<u8>,
    /// The value.
    pub value: Wei,
}

/// How one of a chain's providers is doing.
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    /// What people call it: never its URL, which may hold a key.
    pub name: String,
    /// Its newest block, if it answers.
    pub head: Option<u64>,
    /// The share of questions that it answered lately, 0 to 1.
    pub score: f64,
    /// How long its answers took lately, in seconds; `None` before the first.
    pub latency: Option<f64>,
}

/// A chain. `Ok(None)` means "not known here", never "failed".
#[async_trait]
pub trait Chain: Send + Sync {
    /// The chain's id (EIP-155).
    async fn chain_id(&self) -> Result<u64, ChainError>;
    /// The newest block.
    async fn head(&self) -> Result<BlockRef, ChainError>;
    /// How its providers are doing, in their configured order, each asked for its newest block now, which
    /// it has so long to tell; none for a chain that is no pool.
    async fn providers(&self, _patience: Duration) -> Vec<Provider> {
        Vec::new()
    }
    /// The height of the newest block with a tag; `None` where no block has it yet.
    async fn tagged(&self, tag: BlockTag) -> Result<Option<u64>, ChainError>;
    /// The canonical block at a height.
    async fn block(&self, number: u64) -> Result<Option<BlockRef>, ChainError>;
    /// A transaction, in the pool or mined.
    async fn transaction(&self, hash: TxHash) -> Result<Option<TransactionFacts>, ChainError>;
    /// A mined transaction's outcome.
    async fn receipt(&self, hash: TxHash) -> Result<Option<Receipt>, ChainError>;
    /// How many transactions of an account are mined up to a height, that included: its next nonce there.
    async fn nonce(&self, account: Address, height: u64) -> Result<u64, ChainError>;
    /// The markets' events from a height up to a block, that included, in the chain's order.
    async fn events(&self, markets: &[Address], from: u64, last: &BlockRef) -> Result<Vec<Log>, ChainError>;
    /// Tokens that came to markets from a height up to a block, that included, and what tells why: the markets'
    /// purchases, and what they sent back. In the chain's order.
    async fn transfers(
        &self,
        tokens: &[Address],
        markets: &[Address],
        from: u64,
        last: &BlockRef,
    ) -> Result<Vec<Log>, ChainError>;
    /// What the market owes a payee now, in a token or, for zero, in the coin.
    async fn payout_of(&self, market: Address, payee: Address, token: Address) -> Result<Wei, ChainError>;
    /// What the market holds for a payee until money-back windows end, the platform's fee taken off; in a
    /// token or, for zero, in the coin.
    async fn held_for(&self, market: Address, payee: Address, token: Address) -> Result<Wei, ChainError>;
    /// What an account has of a token, and what the market may take of it.
    async fn token_account(
        &self,
        token: Address,
        owner: Address,
        market: Address,
    ) -> Result<TokenAccount, ChainError>;
    /// Whether a market sells something to somebody now.
    async fn sale(&self, bought: &Bought) -> Result<Sale, ChainError>;
    /// An account's next permit number at a token (EIP-2612).
    async fn permit_nonce(&self, token: Address, owner: Address) -> Result<U256, ChainError>;
    /// What a token and the market say of each other.
    async fn token(&self, market: Address, token: Address) -> Result<TokenFacts, ChainError>;
    /// Whose accounts have a part in the market.
    async fn roles(&self, market: Address) -> Result<Roles, ChainError>;
    /// What a price feed answered last, or had answered at a block: of old blocks many nodes do not know it.
    async fn round(&self, feed: Address, at: Option<u64>) -> Result<Round, ChainError>;
    /// Whether a wallet that is a contract, or says how it would become one, calls a signature of a hash its
    /// own (ERC-1271, ERC-6492). What it may cost the node in gas is capped.
    async fn approves(&self, account: Address, hash: [u8; 32], signature: &[u8]) -> Result<bool, ChainError>;
    /// A contract's code; empty if there is none.
    async fn code(&self, address: Address) -> Result<Vec<u8>, ChainError>;
}
