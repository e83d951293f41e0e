//! What wallets answer when they do not do as asked: EIP-1193's codes, and what wallets made of
//! them.

use super::js;
use wasm_bindgen::JsValue;

/// Why a wallet did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalletError {
    /// The person said no (4001). A choice, not a mistake.
    #[error("declined")]
    Rejected,
    /// The wallet still shows an earlier request (-32002).
    #[error("an earlier request is waiting")]
    RequestPending,
    /// The wallet doesn't know the network (4902).
    #[error("unknown network")]
    UnknownChain,
    /// The wallet reaches no network (4900).
    #[error("not connected to any network")]
    Disconnected,
    /// The wallet is on another network (4901).
    #[error("on another network")]
    WrongChain,
    /// The account can't pay the amount and the network fee.
    #[error("insufficient funds")]
    InsufficientFunds,
    /// The network would refuse the transaction; it was not sent.
    #[error("the network would refuse it: {0}")]
    WouldRevert(String),
    /// The wallet has locked itself, or forgot that it may talk to this site (4100).
    #[error("not connected to this site")]
    Unauthorized,
    /// Anything else, in the wallet's words: untrusted text.
    #[error("{message} ({code})")]
    Other {
        /// The wallet's code, or 0.
        code: i64,
        /// The wallet's words, cut to a readable length.
        message: String,
    },
}

/// Enough for a sentence; wallets put whole stack traces there.
const LONGEST: usize = 180;

impl WalletError {
    /// From codes and messages, outermost first: wallets wrap the node's error in their own, and
    /// not all of them use EIP-1193's codes.
    pub fn classify(answers: &[(Option<i64>, String)]) -> Self {
        let code = |wanted: i64| answers.iter().any(|(code, _)| *code == Some(wanted));
        let text = answers.iter().map(|(_, text)| text.to_ascii_lowercase()).collect::<Vec<_>>().join(" ");
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));

        if code(4001) || code(5000) || says(&["user rejected", "user denied", "rejected by user"]) {
            return Self::Rejected;
        }
        if code(-32002) {
            return Self::RequestPending;
        }
        if code(4902) || says(&["unrecognized chain"]) {
            return Self::UnknownChain;
        }
        if code(4900) {
            return Self::Disconnected;
        }
        if code(4901) {
            return Self::WrongChain;
        }
        if code(4100) {
            return Self::Unauthorized;
        }
        if says(&["insufficient funds", "insufficient balance", "exceeds balance"]) {
            return Self::InsufficientFunds;
        }
        // The innermost words say most.
        let message = answers.iter().rev().map(|(_, text)| text.trim()).find(|text| !text.is_empty());
        let message: String = message.unwrap_or("no reason given").chars().take(LONGEST).collect();
        if code(3) || says(&["execution reverted", "transaction reverted", "would revert"]) {
            return Self::WouldRevert(message);
        }
        let code = answers.iter().find_map(|(code, _)| *code).unwrap_or_default();
        Self::Other { code, message }
    }

    /// From what a wallet threw.
    pub(super) fn thrown(error: &JsValue) -> Self {
        let mut answers = Vec::new();
        let mut layers = vec![error.clone()];
        while let Some(layer) = layers.pop() {
            if let Some(text) = layer.as_string() {
                // `data` may be the raw revert data, which is no words.
                answers.extend((!text.starts_with("0x")).then_some((None, text)));
            } else if layer.is_object() && answers.len() < 8 {
                let code = js::get(&layer, "code").as_f64().map(|code| code as i64);
                answers.push((code, js::text(&layer, "message")));
                layers.extend(["cause", "originalError", "data"].map(|name| js::get(&layer, name)));
            }
        }
        Self::classify(&answers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(code: i64, message: &str) -> WalletError {
        WalletError::classify(&[(Some(code), message.to_owned())])
    }

    #[test]
    fn knows_the_codes_of_eip_1193_and_its_kin() {
        assert_eq!(one(4001, "MetaMask Tx Signature: User denied"), WalletError::Rejected);
        assert_eq!(one(-32002, "Request already pending"), WalletError::RequestPending);
        assert_eq!(one(4902, "Unrecognized chain ID"), WalletError::UnknownChain);
        assert_eq!(one(4900, ""), WalletError::Disconnected);
        assert_eq!(one(4901, ""), WalletError::WrongChain);
        assert_eq!(one(4100, ""), WalletError::Unauthorized);
    }

    #[test]
    fn finds_the_nodes_error_inside_the_wallets() {
        let wrapped = WalletError::classify(&[
            (Some(-32603), "Internal JSON-RPC error.".to_owned()),
            (Some(-32000), "insufficient funds for gas * price + value".to_owned()),
        ]);
        assert_eq!(wrapped, WalletError::InsufficientFunds);
        let wrapped = WalletError::classify(&[
            (Some(-32603), "Internal JSON-RPC error.".to_owned()),
            (Some(4902), "Unrecognized chain ID \"0x7a69\".".to_owned()),
        ]);
        assert_eq!(wrapped, WalletError::UnknownChain);
        let reverted = one(3, "execution reverted: Market_WrongPrice()");
        assert!(matches!(reverted, WalletError::WouldRevert(why) if why.contains("WrongPrice")));
    }

    #[test]
    fn takes_a_refusal_without_its_code() {
        let refused = WalletError::classify(&[(None, "User rejected the request.".to_owned())]);
        assert_eq!(refused, WalletError::Rejected);
    }

    #[test]
    fn keeps_other_words_short() {
        let WalletError::Other { code, message } = one(-32000, &"é".repeat(5000)) else { panic!() };
        assert_eq!((code, message.chars().count()), (-32000, LONGEST));
        let nothing = WalletError::classify(&[]);
        assert!(matches!(nothing, WalletError::Other { code: 0, .. }));
    }
}
