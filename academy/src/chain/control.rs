//! What whoever runs a market does there, and which of its roles that takes.

use alloy::{
    primitives::{Address as EvmAddress, U256},
    sol,
    sol_types::SolCall,
};
use futures::{StreamExt, TryStreamExt, stream};

use super::{
    bindings::set_quote_signer_call,
    facts::MarketFacts,
    node::{node_at, told},
    port::{Call, ChainError},
    token::set_token_allowed_call,
};
use crate::{evm::Address, money::Wei};

sol! {
    function setFee(uint16 bps) external;
    function setFeePayee(address payee) external;
    function setPauser(address account) external;
    function pause() external;
    function unpause() external;
    function transferOwnership(address newOwner) external;
    function acceptOwnership() external;
    function rescueERC20(address token, address to, uint256 amount) external;
    function withdrawFees(address token, address[] payees, address to) external returns (uint256 amount);

    #[sol(rpc)]
    interface Books {
        function listingOf(uint256 courseId) external view returns (address lister, address payee, uint8 tierCount, uint8 window);
        function feesOf(address payee, address token) external view returns (uint256);
    }
}

/// Something that a role of the market does. The zero address stands for nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// Names the key that signs quotes.
    QuoteSigner(Address),
    /// Puts a token on the list of those that are sold for, or takes it off.
    Token(Address, bool),
    /// Sets the fee on later sales, in basis points.
    Fee(u16),
    /// Names who may fetch the fees.
    FeePayee(Address),
    /// Names who else may pause.
    Pauser(Address),
    /// Stops purchases.
    Pause,
    /// Lets them go on.
    Unpause,
    /// Names who may take the ownership over.
    HandOver(Address),
    /// Takes it over.
    TakeOver,
    /// Sends the fees on matured sales away.
    FetchFees {
        /// In this token or, for zero, in the coin.
        token: Address,
        /// Whose sales.
        payees: Vec<Address>,
        /// Who receives them.
        to: Address,
    },
    /// Sends tokens back that came without a purchase.
    Rescue {
        /// The token.
        token: Address,
        /// Who receives them.
        to: Address,
        /// How much, in base units.
        amount: Wei,
    },
}

/// Who may do what at a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The owner.
    Owner,
    /// The owner, or the account that may pause beside them.
    OwnerOrPauser,
    /// The account that the owner named as the next owner.
    NextOwner,
    /// The account that may fetch the fees.
    FeePayee,
}

impl Control {
    /// Whose key has to sign it.
    pub fn role(&self) -> Role {
        match self {
            Self::Pause => Role::OwnerOrPauser,
            Self::TakeOver => Role::NextOwner,
            Self::FetchFees { .. } => Role::FeePayee,
            _ => Role::Owner,
        }
    }

    /// The transaction that does it.
    pub fn call(&self, market: Address) -> Call {
        let evm = |address: &Address| EvmAddress::from(address.0);
        let data = match self {
            Self::QuoteSigner(signer) => return set_quote_signer_call(market, *signer),
            Self::Token(token, allowed) => return set_token_allowed_call(market, *token, *allowed),
            Self::Fee(bps) => setFeeCall { bps: *bps }.abi_encode(),
            Self::FeePayee(payee) => setFeePayeeCall { payee: evm(payee) }.abi_encode(),
            Self::Pauser(account) => setPauserCall { account: evm(account) }.abi_encode(),
            Self::Pause => pauseCall {}.abi_encode(),
            Self::Unpause => unpauseCall {}.abi_encode(),
            Self::HandOver(account) => transferOwnershipCall { newOwner: evm(account) }.abi_encode(),
            Self::TakeOver => acceptOwnershipCall {}.abi_encode(),
            Self::FetchFees { token, payees, to } => {
                let payees = payees.iter().map(evm).collect();
                withdrawFeesCall { token: evm(token), payees, to: evm(to) }.abi_encode()
            }
            Self::Rescue { token, to, amount } => {
                rescueERC20Call { token: evm(token), to: evm(to), amount: amount.get() }.abi_encode()
            }
        };
        Call { to: market, data, value: Wei::ZERO }
    }
}

impl Role {
    /// Who has it, as the market tells; `None` where it does not tell.
    pub fn holders(self, facts: &MarketFacts) -> Option<Vec<Address>> {
        let all = match self {
            Self::Owner => vec![facts.owner?],
            Self::OwnerOrPauser => vec![facts.owner?, facts.pauser?],
            Self::NextOwner => vec![facts.pending_owner?],
            Self::FeePayee => vec![facts.fee_payee?],
        };
        Some(all.into_iter().filter(|holder| *holder != Address::ZERO).collect())
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Owner => "the market's owner",
            Self::OwnerOrPauser => "the market's owner or pauser",
            Self::NextOwner => "the account that the market's owner named as the next one",
            Self::FeePayee => "the market's fee payee",
        }
    }
}

/// So many questions are put to a node at once.
const AT_ONCE: usize = 8;

fn unread(error: alloy::contract::Error) -> ChainError {
    match error {
        alloy::contract::Error::TransportError(error) => told(&error),
        other => ChainError::Refused(other.to_string()),
    }
}

/// Whom the first so many listings pay, each account once.
///
/// # Errors
/// When the node does not answer.
pub async fn payees(rpc_url: &str, market: Address, listings: u64) -> Result<Vec<Address>, ChainError> {
    let books = Books::new(EvmAddress::from(market.0), node_at(rpc_url)?);
    let books = &books;
    let ask = |number| async move { books.listingOf(U256::from(number)).call().await.map_err(unread) };
    let listings: Vec<_> = stream::iter(1..=listings).map(ask).buffered(AT_ONCE).try_collect().await?;
    let mut payees: Vec<_> = listings.into_iter().map(|listing| Address(listing.payee.0.0)).collect();
    payees.sort_unstable();
    payees.dedup();
    Ok(payees)
}

/// The fees on payees' matured sales in a token or, for zero, in the coin; those without any are left out.
///
/// # Errors
/// When the node does not answer.
pub async fn fees(
    rpc_url: &str,
    market: Address,
    payees: &[Address],
    token: Address,
) -> Result<Vec<(Address, Wei)>, ChainError> {
    let books = Books::new(EvmAddress::from(market.0), node_at(rpc_url)?);
    let (books, token) = (&books, EvmAddress::from(token.0));
    let ask = |payee: Address| async move {
        let fee = books.feesOf(EvmAddress::from(payee.0), token).call().await.map_err(unread)?;
        Ok::<_, ChainError>((payee, Wei::new(fee)))
    };
    let all: Vec<_> = stream::iter(payees.to_vec()).map(ask).buffered(AT_ONCE).try_collect().await?;
    Ok(all.into_iter().filter(|(_, fee)| !fee.is_zero()).collect())
}
