use crate::{
    evm::TxHash,
    problem::{Kind, Problem},
};

/// What can go wrong in checkout.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    /// There is no such order for this caller.
    #[error("there is no such order")]
    NoSuchOrder,
    /// The course is open to the caller already.
    #[error("already enrolled")]
    AlreadyEnrolled,
    /// The tier costs nothing.
    #[error("the tier is free")]
    Free,
    /// The course is not in the catalogue, or page and chain disagree on its price.
    #[error("not for sale")]
    NotForSale,
    /// A payment for this course is under way.
    #[error("an order is under way")]
    OrderInProgress,
    /// The order is past paying.
    #[error("the order is {0}")]
    NotPayable(&'static str),
    /// The price was changed on-chain, so the order's call would fail.
    #[error("the price changed")]
    PriceChanged,
    /// No transaction hash.
    #[error("not a transaction hash")]
    MalformedHash,
    /// Nothing that a wallet's reference could be.
    #[error("not a wallet's reference")]
    MalformedReference,
    /// A wallet has taken a request to pay it, and named no transaction.
    #[error("a wallet has a request to pay it")]
    Awaited,
    /// The hash paid for another order.
    #[error("the hash was used for another order")]
    HashUsed,
    /// The order knows too many hashes already.
    #[error("too many transactions for one order")]
    TooManyHashes,
    /// There is no such payment.
    #[error("there is no such payment")]
    NoSuchPayment,
    /// There is no such transfer.
    #[error("there is no such transfer")]
    NoSuchTransfer,
    /// It counts, was dismissed, or nobody has judged it yet.
    #[error("the payment is not in review")]
    NotInReview,
    /// It went back in this transaction, which is not final yet.
    #[error("sent back in {0}")]
    SentBack(TxHash),
    /// It does not buy what the order asks for, or the buyer has the course.
    #[error("the payment can't be accepted")]
    NotAcceptable,
    /// No reason was given.
    #[error("a reason is needed")]
    NoReason,
    /// Nothing was said of how a payment went back.
    #[error("how it was paid back is not said")]
    NoProof,
    /// The contract can still send it back.
    #[error("the contract holds the payment")]
    StillHeld,
    /// The contract sells nothing at present.
    #[error("purchases are paused")]
    Paused,
    /// The contract takes another currency, and no longer this one.
    #[error("the market does not take {0}")]
    NotTaken(String),
    /// The contract sold the tier to this account, and sells nothing twice.
    #[error("the account has the pass")]
    HasPass,
    /// An order of theirs opened the course as far, and a person took the access away.
    #[error("bought before, and revoked")]
    AccessRevoked,
    /// The price feed gives nothing to go by.
    #[error("no rate to quote by")]
    NoRate,
    /// Whoever pays has not enough of the token.
    #[error("{payer} has {has} of {needs}")]
    TooFewTokens {
        /// Who, checksummed.
        payer: String,
        /// So much there is.
        has: String,
        /// So much is needed.
        needs: String,
    },
    /// It is not the signature that was asked for, or another key's.
    #[error("not the payer's signature")]
    OtherSignature,
    /// A quote from before the refund could still be used, so the contract takes none for a while.
    #[error("refunded lately")]
    RefundedLately,
    /// The site does not sell on that chain, or no longer.
    #[error("no chain {0}")]
    NoSuchNetwork(u64),
    /// The site does not follow that contract, or no longer.
    #[error("no market {0}")]
    NoSuchMarket(String),
    /// Nothing was paid, or it does not count yet.
    #[error("no receipt")]
    NoReceipt,
    /// There is no money-back window, or nothing was paid.
    #[error("the order can't be refunded")]
    NotRefundable,
    /// The money-back window is over.
    #[error("the money-back window has ended")]
    WindowEnded,
    /// The contract takes it from this wallet only.
    #[error("only {0} can send it")]
    OtherWallet(String),
    /// The contract owes the caller nothing.
    #[error("nothing to withdraw")]
    NothingToWithdraw,
}

impl From<CheckoutError> for Problem {
    fn from(error: CheckoutError) -> Self {
        let conflict = |code, message: &str| Self::new(Kind::Conflict, code, message);
        match error {
            CheckoutError::NoSuchOrder => Self::not_found("order"),
            CheckoutError::AlreadyEnrolled => conflict(
                "already_enrolled",
                "This course is open to you already. You don't need to pay again.",
            ),
            CheckoutError::Free => conflict("free", "This tier costs nothing; enrol without paying."),
            CheckoutError::NoSuchNetwork(chain_id) => Problem::new(
                Kind::Unavailable,
                "no_such_network",
                format!("This site does not follow chain {chain_id} now. Ask whoever runs it."),
            ),
            CheckoutError::NoSuchMarket(address) => Problem::new(
                Kind::Unavailable,
                "no_such_market",
                format!(
                    "This site does not follow the contract {address} now. Ask whoever runs it to name it in former_markets."
                ),
            ),
            CheckoutError::NotForSale => conflict("not_for_sale", "This tier is not for sale right now."),
            CheckoutError::OrderInProgress => conflict(
                "order_in_progress",
                "A payment of yours for this course is under way; “Orders and receipts” shows where it stands. Wait for it before you buy anything else here.",
            ),
            CheckoutError::NotPayable(state) => Self::new(
                Kind::Conflict,
                "not_payable",
                format!("This order can't be paid any more: it is {state}."),
            ),
            CheckoutError::PriceChanged => conflict(
                "price_changed",
                "The price changed since this order was opened. Open the order again from the course's page to see the new price. No money moved.",
            ),
            CheckoutError::MalformedHash => {
                Self::field("hash", "A transaction hash is 0x and 64 hexadecimal digits.")
            }
            CheckoutError::MalformedReference => {
                Self::field("reference", "A wallet's reference is 1 to 256 visible ASCII characters.")
            }
            CheckoutError::Awaited => conflict(
                "awaited",
                "A wallet has taken a request to pay this order already, so it was not asked again. The payment shows on the order's page by itself; if your wallet shows that nothing was sent, say so there.",
            ),
            CheckoutError::HashUsed => conflict(
                "hash_used",
                "That transaction has already paid for another order. It can't pay twice.",
            ),
            CheckoutError::TooManyHashes => Self::new(
                Kind::TooMany,
                "too_many_hashes",
                "This order knows many transactions already. Wait until they are checked.",
            ),
            CheckoutError::NoSuchPayment => Self::not_found("payment"),
            CheckoutError::NoSuchTransfer => Self::not_found("transfer"),
            CheckoutError::NotInReview => conflict(
                "not_in_review",
                "There is nothing to decide about this payment any more. Somebody may have decided it a moment ago.",
            ),
            CheckoutError::SentBack(hash) => Self::new(
                Kind::Conflict,
                "sent_back",
                format!(
                    "These tokens were sent back a moment ago, in transaction {hash}. Once that is final, this shows as sent back by itself; there is nothing to dismiss."
                ),
            ),
            CheckoutError::NotAcceptable => conflict(
                "not_acceptable",
                "This payment can't be accepted: it does not buy what its order asks for, or the buyer has the course already. Dismiss it, and grant access by hand where that is right.",
            ),
            CheckoutError::NoReason => {
                Self::field("reason", "Say why, in a few words; it is kept in the audit log.")
            }
            CheckoutError::NoProof => {
                Self::field("reason", "Say how it was paid back: its transaction, or what else shows it.")
            }
            CheckoutError::StillHeld => conflict(
                "still_held",
                "The contract still holds this payment, and the account that it was bought for can take it back there at any time: it would go back twice. Have the contract send it, or wait until it holds it no more.",
            ),
            CheckoutError::Paused => Self::new(
                Kind::Unavailable,
                "paused",
                "Whoever runs the payment contract has paused purchases. Nothing was asked of your wallet, and no money moved. Try again later.",
            ),
            CheckoutError::NotTaken(symbol) => Self::new(
                Kind::Conflict,
                "not_taken",
                format!(
                    "The payment contract takes no {symbol} now. Nothing was asked of your wallet. Pay in another currency."
                ),
            ),
            CheckoutError::HasPass => conflict(
                "has_pass",
                "The contract has sold this to your account before, and sells it to nobody twice, so do not pay again. An earlier payment of yours may still be read, or a person looks at it: “Orders and receipts” shows where it stands. If there is none, because you paid the contract without this site, or if it was paid back to you, ask whoever runs this site to open the course.",
            ),
            CheckoutError::AccessRevoked => conflict(
                "access_revoked",
                "You bought this course before, and your access to it was taken away. Paying again would not open it, so nothing is asked of your wallet. Ask whoever runs this site.",
            ),
            CheckoutError::NoRate => Self::new(
                Kind::Unavailable,
                "no_rate",
                "There is no exchange rate right now that this site would trust, so it can't say what the course costs in what you pay with. Nothing was bought. Try again in a few minutes.",
            ),
            CheckoutError::TooFewTokens { payer, has, needs } => Self::new(
                Kind::Conflict,
                "too_few_tokens",
                format!(
                    "The account {payer} has {has}, and this costs {needs}. Nothing was asked of your wallet. Add to it, or pay from another account or in another currency."
                ),
            ),
            CheckoutError::OtherSignature => conflict(
                "other_signature",
                "That signature is not the paying account's own. No money moved. Try again, with the account that pays chosen in your wallet.",
            ),
            CheckoutError::RefundedLately => conflict(
                "refunded_lately",
                "You gave this back less than a day ago, and the contract takes no new quote for it until a day has passed. Try again tomorrow.",
            ),
            CheckoutError::NoReceipt => conflict(
                "no_receipt",
                "There is no receipt yet: the order was not paid, or its payment is still being confirmed.",
            ),
            CheckoutError::NotRefundable => conflict(
                "not_refundable",
                "There is nothing to refund here: the order was not paid, was refunded already, or its course was sold without a money-back window.",
            ),
            CheckoutError::WindowEnded => conflict(
                "window_ended",
                "The money-back window of this purchase has ended. From then on the money is the instructor's, and the contract gives none back.",
            ),
            CheckoutError::OtherWallet(address) => Self::new(
                Kind::Conflict,
                "other_wallet",
                format!("The contract takes this refund from {address} only. Sign in with that wallet."),
            ),
            CheckoutError::NothingToWithdraw => {
                conflict("nothing_to_withdraw", "There is nothing to withdraw yet.")
            }
        }
    }
}
