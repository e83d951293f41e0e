//! What people read when a wallet, the site or the network does not do as asked: what happened,
//! whether money moved, what to do.

use std::borrow::Cow;

use super::error::WalletError;
use crate::ui::Tone;

/// A message with a stable code for tests and programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How it looks.
    pub tone: Tone,
    /// A stable word, such as `rejected`.
    pub code: Cow<'static, str>,
    /// The sentence or two.
    pub text: String,
}

impl Notice {
    /// A message.
    pub fn new(tone: Tone, code: impl Into<Cow<'static, str>>, text: impl Into<String>) -> Self {
        Self { tone, code: code.into(), text: text.into() }
    }
}

/// What the wallet was asked for when it said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To show its accounts.
    Connect,
    /// To sign a text.
    Sign,
    /// To change the network.
    Switch,
    /// To send money or a call.
    Send,
    /// To send a payment, after the permission to take it.
    Pay,
}

impl Asked {
    /// What is certainly true about money, and worth saying.
    fn aftermath(self) -> &'static str {
        match self {
            Self::Connect | Self::Sign => "Nothing happened.",
            Self::Switch => "Nothing was changed.",
            Self::Send => "Nothing was sent and no money moved.",
            Self::Pay => "The permission is given and its fee is spent, but the price was not sent.",
        }
    }
}

/// The message for a wallet's answer; `chain` is the network's name.
pub fn about(error: &WalletError, asked: Asked, chain: &str) -> Notice {
    let after = asked.aftermath();
    match error {
        WalletError::Rejected => {
            Notice::new(Tone::Plain, "rejected", format!("You declined. {after} You can try again."))
        }
        WalletError::RequestPending => Notice::new(
            Tone::Warning,
            "request_pending",
            "Your wallet still shows an earlier request. Open the wallet (its icon is beside the \
             address bar), answer that request there, then try again.",
        ),
        WalletError::UnknownChain => Notice::new(
            Tone::Negative,
            "unknown_network",
            format!(
                "Your wallet does not know the network “{chain}” and could not add it. Add it \
                     in the wallet's settings, then try again. {after}"
            ),
        ),
        // It may have been sent before.
        WalletError::Disconnected if matches!(asked, Asked::Send | Asked::Pay) => Notice::new(
            Tone::Warning,
            "wallet_offline",
            "Your wallet lost its network. Look into the wallet's activity before you try again.",
        ),
        WalletError::Disconnected => Notice::new(
            Tone::Warning,
            "wallet_offline",
            format!(
                "Your wallet can't reach any network right now. {after} Check the wallet's \
                     connection, then try again."
            ),
        ),
        WalletError::WrongChain => Notice::new(
            Tone::Warning,
            "wrong_network",
            format!("Your wallet is on another network. {after} Switch to {chain} first."),
        ),
        WalletError::InsufficientFunds => Notice::new(
            Tone::Negative,
            "insufficient_funds",
            format!(
                "This account does not hold enough for the price and the network fee (gas). {after} Add \
                     funds or choose another account in your wallet, then try again."
            ),
        ),
        WalletError::WouldRevert(why) => Notice::new(
            Tone::Negative,
            "would_revert",
            format!(
                "The network would refuse this transaction, so your wallet did not send it: \
                     “{why}”. No money moved."
            ),
        ),
        WalletError::Unauthorized => Notice::new(
            Tone::Warning,
            "not_connected",
            format!(
                "Your wallet is locked or no longer connected to this site. {after} Unlock it \
                     and connect it again."
            ),
        ),
        WalletError::Other { code, message } => Notice::new(
            Tone::Negative,
            "wallet_failed",
            match asked {
                // It may have been sent all the same; only the chain knows.
                Asked::Send | Asked::Pay => format!(
                    "Your wallet could not send it and answered: “{message}” ({code}). Look into \
                     the wallet's activity before you try again."
                ),
                _ => format!(
                    "Your wallet answered: “{message}” ({code}). {after} Try again, or \
                              choose another wallet."
                ),
            },
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_a_choice() {
        let notice = about(&WalletError::Rejected, Asked::Send, "Anvil");
        assert_eq!((notice.tone, &*notice.code), (Tone::Plain, "rejected"));
        assert!(notice.text.contains("no money moved"), "{}", notice.text);
    }

    #[test]
    fn who_gave_a_permission_is_not_told_that_nothing_was_sent() {
        for error in [WalletError::Rejected, WalletError::InsufficientFunds] {
            let notice = about(&error, Asked::Pay, "Anvil");
            assert!(
                notice.text.contains("its fee is spent") && !notice.text.contains("Nothing was sent"),
                "{}",
                notice.text
            );
        }
    }

    #[test]
    fn never_claims_that_nothing_was_sent_when_it_is_not_certain() {
        let lost = WalletError::Other { code: -32603, message: "timeout".to_owned() };
        for error in [lost, WalletError::Disconnected] {
            let text = about(&error, Asked::Send, "Anvil").text;
            assert!(!text.contains("Nothing was sent") && text.contains("activity"), "{text}");
        }
    }
}
