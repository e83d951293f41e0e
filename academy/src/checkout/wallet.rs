//! What wallets are told: the chain, what to sign, what to send.

use serde::{Deserialize, Serialize};

use crate::{evm::Address, money::Currency};

/// A call, ready for `eth_sendTransaction`; quantities as EIP-1474 wants them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletCall {
    /// The chain, as hexadecimal (EIP-155).
    pub chain_id: String,
    /// The account that shall send it, checksummed.
    pub from: String,
    /// The contract, checksummed.
    pub to: String,
    /// The calldata, hexadecimal.
    pub data: String,
    /// The value in wei, hexadecimal.
    pub value: String,
}

/// What whoever pays does with their wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// To be signed first (EIP-712, for `eth_signTypedData_v4`); then ask again, with the signature.
    pub sign: Option<String>,
    /// To be sent in this order, each once the one before is mined, or all at once (EIP-5792). The last
    /// one pays.
    pub calls: Vec<WalletCall>,
}

/// How an order in a token is paid. In the coin it makes no difference. As text: `best`, `approval`, or the
/// signature itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum PayBy {
    /// With a signature in place of an approval, where the token and its allowance ask for one.
    Best,
    /// With an approval, where the allowance asks for one: for wallets that can't sign so.
    Approval,
    /// With this signature of what [`Payment::sign`] asked, hexadecimal.
    Signature(String),
}

impl From<PayBy> for String {
    fn from(by: PayBy) -> Self {
        match by {
            PayBy::Best => "best".to_owned(),
            PayBy::Approval => "approval".to_owned(),
            PayBy::Signature(signature) => signature,
        }
    }
}

impl From<String> for PayBy {
    fn from(text: String) -> Self {
        match text.as_str() {
            "best" => Self::Best,
            "approval" => Self::Approval,
            _ => Self::Signature(text),
        }
    }
}

/// What a wallet needs to know a chain (EIP-3085).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainInfo {
    /// Its id as a number.
    pub id: u64,
    /// Its id, hexadecimal.
    pub hex_id: String,
    /// Its name.
    pub name: String,
    /// Its currency's symbol.
    pub currency: String,
    /// An RPC URL that wallets may use, if it may be public.
    pub rpc_url: Option<String>,
    /// Its explorer's URL, or none.
    pub explorer: Option<String>,
    /// The tokens that this site sells for.
    pub tokens: Vec<Currency>,
}

impl ChainInfo {
    /// The coin, or a token. Of one that this site does not know, amounts are shown in base units.
    pub fn currency_of(&self, token: Address) -> Currency {
        if token == Address::ZERO {
            return Currency::coin(&self.currency);
        }
        let known = self.tokens.iter().find(|currency| currency.token == token);
        known.cloned().unwrap_or_else(|| Self::unknown_currency(token))
    }

    /// A chain of which nothing is known but its number and how it is called.
    pub fn unknown(id: u64, name: String) -> Self {
        let currency = Self::unknown_currency(Address::ZERO).symbol;
        Self {
            id,
            hex_id: format!("{id:#x}"),
            name,
            currency,
            rpc_url: None,
            explorer: None,
            tokens: Vec::new(),
        }
    }

    /// What nobody told of: amounts are shown in base units.
    pub fn unknown_currency(token: Address) -> Currency {
        let text = token.to_string();
        Currency { token, symbol: format!("units of {}…{}", &text[..6], &text[38..]), decimals: 0 }
    }
}
