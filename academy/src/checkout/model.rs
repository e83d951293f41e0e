//! An order as the doors see it, its receipt, and its refund.

use serde::{Deserialize, Serialize};

use super::{reference::Reference, wallet::WalletCall};
use crate::{
    catalog::words,
    evm::{BlockHash, TxHash},
    ids::{CourseId, OrderId, TierId},
    money::{Currency, Wei},
    price::Cents,
    time::Time,
};

words! {
    /// Where an order stands.
    OrderState {
        /// Waiting for the wallet.
        Open = "open",
        /// A transaction was named; the chain has not shown it yet.
        Submitted = "submitted",
        /// The payment is in a block; counting confirmations.
        Confirming = "confirming",
        /// The lessons are open.
        Paid = "paid",
        /// Nothing came before the price ran out, or before another order took its place.
        Expired = "expired",
        /// It was given up.
        Cancelled = "cancelled",
        /// The payment went back to whoever paid it, and the lessons closed.
        Refunded = "refunded",
    }
}

words! {
    /// Why the last transaction did not pay. The order stays payable where it can.
    Setback {
        /// It failed on-chain; only the network fee was spent.
        Reverted = "reverted",
        /// It was replaced or cancelled in the wallet.
        Replaced = "replaced",
        /// It went to another contract than ours, or emitted no purchase.
        NoPurchase = "no_purchase",
        /// It went to another of the site's contracts than the order's.
        OtherMarket = "other_market",
        /// It bought another course.
        OtherCourse = "other_course",
        /// It bought another tier.
        OtherTier = "other_tier",
        /// It paid in another currency.
        OtherToken = "other_token",
        /// It bought for another account.
        OtherBeneficiary = "other_beneficiary",
        /// It carries another order's id.
        OtherOrder = "other_order",
        /// It paid less than the price.
        Underpaid = "underpaid",
        /// It was used for another order already.
        AlreadyUsed = "already_used",
        /// It belongs to another chain.
        OtherChain = "other_chain",
        /// Its block was replaced (reorg); waiting until it is seen again.
        Orphaned = "orphaned",
        /// It came after the price had run out; a person looks at it.
        Late = "late",
        /// It came for an order that had been cancelled; a person looks at it.
        Closed = "closed",
        /// It came for a course that had been withdrawn; a person looks at it.
        Withdrawn = "withdrawn",
        /// The order, or another for the same course, had been paid already; a person looks at it.
        PaidTwice = "paid_twice",
        /// It names no order of ours; a person looks at it.
        UnknownOrder = "unknown_order",
        /// A person looked at it and did not accept it.
        Dismissed = "dismissed",
        /// A person looked at it, and it goes back to whoever paid.
        ToRefund = "to_refund",
        /// A person looked at it, and it was paid back by other means than the contract.
        PaidBack = "paid_back",
    }
}

impl Setback {
    /// Whether a person must look at the payment: money moved, and nothing opened for it.
    pub fn needs_review(self) -> bool {
        matches!(
            self,
            Self::Late
                | Self::Closed
                | Self::Withdrawn
                | Self::PaidTwice
                | Self::UnknownOrder
                | Self::Underpaid
                | Self::OtherMarket
                | Self::OtherCourse
                | Self::OtherTier
                | Self::OtherToken
                | Self::OtherBeneficiary
                | Self::OtherChain
        )
    }

    /// Whether what was bought is not what the order is about: no refund of the order's purchase gives it back.
    pub fn is_of_something_else(self) -> bool {
        matches!(
            self,
            Self::OtherMarket
                | Self::OtherCourse
                | Self::OtherTier
                | Self::OtherToken
                | Self::OtherBeneficiary
                | Self::OtherChain
        )
    }

    /// Whether a person may accept the payment all the same: it buys what the order asks for, and came
    /// at the wrong time.
    pub fn may_be_accepted(self) -> bool {
        matches!(self, Self::Late | Self::Closed | Self::Withdrawn)
    }

    /// Whether a person said that the payment does not count.
    pub fn is_ruling(self) -> bool {
        matches!(self, Self::Dismissed | Self::ToRefund | Self::PaidBack)
    }

    /// What happened, whether money moved, what to do.
    pub fn message(self) -> &'static str {
        match self {
            Self::Reverted => {
                "The transaction failed on the network. Your payment did not go through; only the network fee (gas) was spent. You can pay again."
            }
            Self::Replaced => {
                "The transaction was cancelled or replaced in your wallet before it was mined. No payment was made. You can pay again."
            }
            Self::NoPurchase => {
                "That transaction is not a purchase at this site's contract, so it opens nothing here."
            }
            Self::OtherMarket => {
                "A payment for this order came in at another of this site's contracts, so it does not open the course. A person will look at it; your money is not lost."
            }
            Self::OtherCourse => {
                "That transaction bought a different course, so it does not open this one. A person will look at it; your money is not lost."
            }
            Self::OtherTier => {
                "That transaction bought a different tier of this course, so it does not open this one. A person will look at it; your money is not lost."
            }
            Self::OtherToken => {
                "That transaction paid in a different currency from the one agreed. A person will look at it; your money is not lost."
            }
            Self::OtherBeneficiary => {
                "That transaction bought the course for a different account, so it does not open it for yours. A person will look at it."
            }
            Self::OtherOrder => "That transaction belongs to a different order.",
            Self::Underpaid => {
                "That transaction paid less than the price, so the course did not open. A person will look at it."
            }
            Self::AlreadyUsed => "That transaction has already paid for another order. It can't pay twice.",
            Self::OtherChain => {
                "A payment for this order came in on another network, so it does not open the course. A person will look at it; your money is not lost."
            }
            Self::Orphaned => {
                "The network replaced the block that held your payment (a reorg). Nothing is lost: the course opens again as soon as the payment is back in a block."
            }
            Self::Late => {
                "The payment arrived after this order's price had run out. A person will look at it; your money is not lost."
            }
            Self::Closed => {
                "The payment arrived after this order had been cancelled. A person will look at it; your money is not lost."
            }
            Self::Withdrawn => {
                "The payment arrived after this course had been withdrawn from sale. A person will look at it; your money is not lost."
            }
            Self::PaidTwice => {
                "You had paid for this already. A person will look at the second payment; your money is not lost."
            }
            Self::UnknownOrder => "This payment names no order of this site. A person will look at it.",
            Self::Dismissed => {
                "A person looked at this payment and did not accept it for the order. Ask whoever runs this site what became of the money."
            }
            Self::ToRefund => {
                "A person decided that this payment goes back to the account that paid. Where this page offers to give it back, the contract holds it, and you can take it yourself; otherwise the instructor sends it."
            }
            Self::PaidBack => {
                "This payment was sent back to the account that paid, not by the contract. Ask whoever runs this site where to find it."
            }
        }
    }
}

/// [`Setback::message`] of a payment beside the one that opened the course.
fn of_another(setback: Setback) -> &'static str {
    match setback {
        Setback::Dismissed => {
            "You had paid for this already. A person looked at your other payment, and it opens nothing more. Ask whoever runs this site what became of the money."
        }
        Setback::ToRefund => {
            "You had paid for this already. A person decided that your other payment goes back to the account that paid; the instructor sends it. What opened the course stays."
        }
        Setback::PaidBack => {
            "You had paid for this already. Your other payment was sent back to the account that paid. What opened the course stays."
        }
        setback => setback.message(),
    }
}

/// A transaction that an order knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// Its hash.
    pub hash: TxHash,
    /// Its block, once mined.
    pub block: Option<u64>,
    /// That block's hash.
    pub block_hash: Option<BlockHash>,
    /// A link into the explorer, if the chain has one.
    pub link: Option<String>,
}

/// A setback as the buyer is told of it, so that the browser brings none of the words along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The setback's word.
    pub word: String,
    /// What happened, whether money moved, what to do.
    pub text: String,
    /// The attempt failed, and nothing is left of it.
    pub failed: bool,
    /// A person looks at money that came.
    pub reviewed: bool,
}

impl Told {
    /// What is told of an order in that state.
    pub fn of(state: OrderState, setback: Setback) -> Self {
        let reviewed = setback.needs_review();
        let waits =
            matches!(setback, Setback::Replaced | Setback::Orphaned | Setback::ToRefund | Setback::PaidBack);
        Self {
            word: setback.word().to_owned(),
            text: if state == OrderState::Paid { of_another(setback) } else { setback.message() }.to_owned(),
            failed: !reviewed && !waits,
            reviewed,
        }
    }
}

/// An order with all that its page shows. The browser, which loads the code for all that it reads, skips what
/// does not change before its eyes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The order.
    pub id: OrderId,
    /// The course's place in URLs.
    pub course_slug: String,
    /// The course's title.
    #[cfg_attr(target_arch = "wasm32", serde(skip))]
    pub course_title: String,
    /// The tier, to order it again at today's price.
    pub tier: TierId,
    /// The tier's name.
    #[cfg_attr(target_arch = "wasm32", serde(skip))]
    pub tier_name: String,
    /// The price, fixed until `expires_at`.
    pub price: Wei,
    /// What it is paid in.
    pub currency: Currency,
    /// The chain that it is paid on (EIP-155).
    pub chain_id: u64,
    /// How it could be paid instead, by another order.
    #[cfg_attr(target_arch = "wasm32", serde(skip))]
    pub ways: Vec<Way>,
    /// What it was before it was quoted, if it was.
    #[cfg_attr(target_arch = "wasm32", serde(skip))]
    pub fiat: Option<Cents>,
    /// Where it stands.
    pub state: OrderState,
    /// Why the last transaction did not pay.
    #[cfg_attr(target_arch = "wasm32", serde(skip))]
    pub setback: Option<Setback>,
    /// The same, as its buyer is told.
    pub told: Option<Told>,
    /// What the wallet answered in place of a transaction's hash, as long as nothing was paid.
    pub awaiting: Option<Reference>,
    /// The newest transaction.
    pub transaction: Option<Transaction>,
    /// Blocks on top of and with the payment's own.
    pub confirmations: u32,
    /// At so many the lessons open; `None`: once the network vouches for the payment's block.
    pub open_at: Option<u32>,
    /// At so many the payment is final; `None`: once the network vouches for its block.
    pub final_at: Option<u32>,
    /// It can no longer be undone.
    pub is_final: bool,
    /// The account that must be the beneficiary, checksummed.
    pub beneficiary: String,
    /// When it was opened.
    #[cfg_attr(target_arch = "wasm32", serde(skip))]
    pub created_at: Time,
    /// Until when the price holds.
    pub expires_at: Time,
    /// When the lessons opened.
    #[cfg_attr(target_arch = "wasm32", serde(skip))]
    pub paid_at: Option<Time>,
    /// The chain did not answer the last time it was asked.
    pub chain_unreachable: bool,
    /// The payment was named long ago, as its chain goes, and is in no block.
    pub stuck: bool,
    /// So it is, and no node ever knew it: it may wait for signatures, or was never sent.
    pub unknown: bool,
    /// The first lesson to read, once paid.
    pub first_lesson: Option<String>,
    /// Until when the contract gives the money back, while it does.
    #[cfg_attr(target_arch = "wasm32", serde(skip))]
    pub refundable_until: Option<Time>,
}

impl Order {
    /// Whether a wallet took the request to pay and named no transaction: nobody is asked to pay again.
    pub fn is_awaited(&self) -> bool {
        self.state == OrderState::Open && self.awaiting.is_some()
    }
}

/// One way to pay for a tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// The chain (EIP-155).
    pub chain_id: u64,
    /// Its name.
    pub chain: String,
    /// The coin, or a token.
    pub currency: Currency,
}

/// What a buyer keeps of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The order.
    pub id: OrderId,
    /// The course's place in URLs.
    pub course_slug: String,
    /// The course's title.
    pub course_title: String,
    /// Who teaches it.
    pub teacher: String,
    /// The tier's name.
    pub tier_name: String,
    /// What was paid.
    pub amount: Wei,
    /// In what.
    pub currency: Currency,
    /// The chain's name.
    pub chain: String,
    /// Its id (EIP-155).
    pub chain_id: u64,
    /// The price that it was quoted for, if it was.
    pub quoted: Option<Cents>,
    /// What that was worth at the payment's block, where a price feed told.
    pub worth: Option<Cents>,
    /// When the payment's block was made.
    pub paid_at: Option<Time>,
    /// The payment.
    pub transaction: Transaction,
    /// Its log's index in the block.
    pub log_index: u64,
    /// The contract, checksummed.
    pub market: String,
    /// Who paid, checksummed, if that is known.
    pub payer: Option<String>,
    /// For whom, checksummed.
    pub beneficiary: String,
    /// It can no longer be undone.
    pub is_final: bool,
    /// The refund, if it was given back.
    pub refund: Option<Transaction>,
}

/// What giving a purchase back needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The course's place in URLs.
    pub course_slug: String,
    /// The course's title.
    pub course_title: String,
    /// The course, for whoever teaches it.
    pub course: CourseId,
    /// What goes back.
    pub amount: Wei,
    /// In what.
    pub currency: Currency,
    /// On which chain (EIP-155).
    pub chain_id: u64,
    /// To whom: the account that paid, checksummed.
    pub payer: String,
    /// Whose access ends, checksummed.
    pub beneficiary: String,
    /// Until when the contract does it.
    pub until: Time,
    /// The caller is the buyer; otherwise they teach the course.
    pub own: bool,
    /// The call for the caller's wallet.
    pub call: WalletCall,
}
