//! Lists as the doors see them: orders, payments, sales, payouts.

use serde::{Deserialize, Serialize};

use super::{
    model::{OrderState, Setback, Transaction},
    wallet::{ChainInfo, WalletCall},
};
use crate::{
    catalog::words,
    evm::Address,
    ids::{OrderId, PaymentId, TransferId},
    money::{Currency, Wei},
    page::Page,
    price::Cents,
    time::Time,
};

/// A row of my orders or of an admin's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRow {
    /// The order.
    pub id: OrderId,
    /// The course's place in URLs.
    pub course_slug: String,
    /// The course's title.
    pub course_title: String,
    /// The tier's name.
    pub tier_name: String,
    /// The buyer: a name or a shortened address.
    pub buyer: String,
    /// The buyer's address, checksummed.
    pub beneficiary: String,
    /// The price.
    pub price: Wei,
    /// What it was before it was quoted, if it was.
    pub fiat: Option<Cents>,
    /// What it is paid in.
    pub currency: Currency,
    /// The chain's name, where the site has several.
    pub chain: Option<String>,
    /// Where it stands.
    pub state: OrderState,
    /// Why the last transaction did not pay.
    pub setback: Option<Setback>,
    /// A wallet took the request to pay it, and named no transaction.
    pub awaiting: bool,
    /// Its newest transaction is in no block after so long that it takes help.
    pub stuck: bool,
    /// The newest transaction.
    pub transaction: Option<Transaction>,
    /// When it was opened.
    pub created_at: Time,
    /// Until when the contract gives the money back, while it does.
    pub refundable_until: Option<Time>,
}

/// A payment as the chain shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRow {
    /// The payment.
    pub id: PaymentId,
    /// The order that it names, if we know it.
    pub order: Option<OrderId>,
    /// Its transaction.
    pub transaction: Transaction,
    /// The log's index in its block.
    pub log_index: u64,
    /// Who was bought for.
    pub beneficiary: Address,
    /// The same, checksummed.
    pub beneficiary_text: String,
    /// The title of the course that was bought, or its number on-chain.
    pub course: String,
    /// The tier that was bought: its name, or its number on-chain.
    pub tier: String,
    /// Who sent the transaction, where a node told.
    pub sender: Option<String>,
    /// Who gets it back from the contract, where that holds it, checksummed.
    pub payer: Option<String>,
    /// Until when the contract gives it back, or did.
    pub held_until: Option<Time>,
    /// When its block was made, where that was read.
    pub mined_at: Option<Time>,
    /// The amount.
    pub amount: Wei,
    /// In what.
    pub currency: Currency,
    /// The chain's name, where the site has several.
    pub chain: Option<String>,
    /// The order that it names, as it stands.
    pub due: Option<Due>,
    /// Whether it counts.
    pub standing: Standing,
    /// Why a person must look at it.
    pub setback: Option<Setback>,
    /// It counts, and this much was paid more than was due: a person says what became of that.
    pub surplus: Option<Wei>,
    /// When it was first seen.
    pub seen_at: Time,
}

/// What a payment should have paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The order's state.
    pub state: OrderState,
    /// Who ordered.
    pub buyer: String,
    /// The course and the tier that were ordered.
    pub what: String,
    /// The price.
    pub price: Wei,
    /// What it was before it was quoted, if it was.
    pub fiat: Option<Cents>,
    /// In what.
    pub currency: Currency,
    /// When it was opened.
    pub created_at: Time,
    /// Until when its price held.
    pub expires_at: Time,
}

impl PaymentRow {
    /// Whether somebody still has to pay it back.
    pub fn is_owed(&self) -> bool {
        (self.standing, self.setback) == (Standing::Dismissed, Some(Setback::ToRefund))
    }

    /// Whether somebody has to say something of it.
    pub fn is_open(&self) -> bool {
        self.waits_for().is_some() || self.is_owed() || self.surplus.is_some()
    }

    /// Why a person must look at it, if one must: money moved and opened nothing, or what opened a course is in
    /// no block any more.
    pub fn waits_for(&self) -> Option<Setback> {
        let lost = || self.due.as_ref().is_some_and(|due| due.state == OrderState::Confirming);
        self.setback.filter(|setback| match self.standing {
            Standing::Review => setback.needs_review(),
            Standing::Orphaned => *setback == Setback::Orphaned && lost(),
            _ => false,
        })
    }
}

words! {
    /// Whether a payment counts.
    Standing {
        /// It opened its order.
        Accepted = "accepted",
        /// Its block was replaced.
        Orphaned = "orphaned",
        /// A person must look at it.
        Review = "review",
        /// A person looked at it, and it does not count.
        Dismissed = "dismissed",
        /// It went back to whoever paid it.
        Refunded = "refunded",
    }
}

words! {
    /// What a person says of a payment in review.
    Ruling {
        /// It counts: the course opens.
        Accept = "accept",
        /// It does not, and goes back: by the contract while it holds the money, else by whoever has it.
        Refund = "refund",
        /// It does not, whatever became of the money.
        Dismiss = "dismiss",
        /// It was to go back, and did, by other means than the contract.
        PaidBack = "paid_back",
        /// It counts, and what was paid too much went back.
        SurplusBack = "surplus_back",
        /// It counts, and what was paid too much stays where it is.
        SurplusKept = "surplus_kept",
    }
}

words! {
    /// What became of tokens that came without a purchase.
    TransferState {
        /// A person must have them sent back.
        Waiting = "waiting",
        /// The market sent them back.
        Returned = "returned",
        /// A person said that there is nothing to do.
        Dismissed = "dismissed",
    }
}

/// Tokens that came to a market without a purchase (a plain ERC-20 transfer): they buy nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferRow {
    /// The transfer.
    pub id: TransferId,
    /// The order that its sender most likely meant.
    pub order: Option<OrderId>,
    /// Its transaction.
    pub transaction: Transaction,
    /// The log's index in its block.
    pub log_index: u64,
    /// Its chain (EIP-155).
    pub chain_id: u64,
    /// The chain's name, where the site has several.
    pub chain: Option<String>,
    /// The contract that has them.
    pub market: Address,
    /// Whose they were.
    pub sender: Address,
    /// The same, checksummed.
    pub sender_text: String,
    /// How much.
    pub amount: Wei,
    /// In what.
    pub currency: Currency,
    /// That order, as it stands.
    pub due: Option<Due>,
    /// What became of it.
    pub state: TransferState,
    /// When its block was made.
    pub mined_at: Time,
    /// Where the market sent it back.
    pub returned: Option<Transaction>,
}

/// How tokens that came without a purchase are sent back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferReturn {
    /// The transfer.
    pub transfer: TransferRow,
    /// How, or why not now.
    pub way: WayBack,
}

/// How tokens can be sent back, which only the market's owner can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WayBack {
    /// The caller is the owner: what their wallet must send.
    Call(WalletCall),
    /// The owner is somebody else: who, checksummed.
    By(String),
    /// They were sent in this transaction, which is not final yet: a second one would send somebody else's.
    Sent(Transaction),
    /// The chain does not answer now.
    Silent,
    /// The site does not follow that chain, or that market, any more: nothing would tell that they were sent.
    Unfollowed,
}

/// What a course earned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sales {
    /// Number of sales.
    pub count: u32,
    /// What came in, by chain, its coin first; currencies in which nothing was sold are left out.
    pub earned: Vec<Earned>,
    /// A page of its sales.
    pub rows: Page<OrderRow>,
}

/// What a course earned in one currency of one chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earned {
    /// The chain's name, where the site has several.
    pub chain: Option<String>,
    /// The currency.
    pub currency: Currency,
    /// Sum of all accepted payments.
    pub total: Wei,
    /// Per day (UTC), oldest first: date as `2026-01-31`, number, amount. The last 30 days.
    pub days: Vec<(String, u32, Wei)>,
}

/// What the contracts owe somebody, and what they took out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payout {
    /// What each chain's contract has for them, in the site's order.
    pub tills: Vec<Till>,
    /// Who is the payee, checksummed.
    pub payee: String,
    /// Withdrawn so far, newest first.
    pub history: Vec<PaidOut>,
}

/// What a market has for a payee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Till {
    /// The chain.
    pub chain: ChainInfo,
    /// The contract.
    pub market: Address,
    /// It sells no more.
    pub former: bool,
    /// Its coin first, then each token that the site sells for; `None`: the chain does not answer now.
    pub balances: Option<Vec<Balance>>,
}

/// What was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidOut {
    /// When it was seen.
    pub at: Time,
    /// How much.
    pub amount: Wei,
    /// The chain's name, where the site has several.
    pub chain: Option<String>,
    /// In what.
    pub currency: Currency,
    /// Its transaction.
    pub transaction: Transaction,
}

/// What a contract has for a payee in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// The currency.
    pub currency: Currency,
    /// Owed now.
    pub owed: Wei,
    /// Held until money-back windows end.
    pub held: Wei,
}

impl Balance {
    /// There is nothing, neither now nor later.
    pub fn is_zero(&self) -> bool {
        self.owed.is_zero() && self.held.is_zero()
    }
}
