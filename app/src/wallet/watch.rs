//! Waiting for a transaction, as the wallet's own node sees it.

use academy::evm::TxHash;

use super::{js, notice::Notice, provider::Wallet};
use crate::ui::Tone;

/// The word of a notice that the network does not know a transaction.
pub const UNKNOWN: &str = "replaced";

/// After so many looks at a network that does not know the transaction, it was dropped there, or a wallet of several
/// people answered with a reference of its own.
const LOOKS_UNTIL_LOST: u32 = 20;
/// Between two looks.
const LOOK_MS: u32 = 1000;

/// Waits until a transaction is mined.
pub async fn watch(wallet: &Wallet, hash: &str) -> Result<(), Notice> {
    // No network knows a reference that is no hash.
    let mut unknown = if hash.parse::<TxHash>().is_ok() { 0 } else { LOOKS_UNTIL_LOST };
    loop {
        match wallet.mined(hash).await {
            Ok(Some(true)) => return Ok(()),
            Ok(Some(false)) => {
                return Err(Notice::new(
                    Tone::Negative,
                    "reverted",
                    "The transaction failed on the network; only the network fee (gas) was spent. You can try again.",
                ));
            }
            // No answer says nothing about the transaction.
            Err(_) => {}
            Ok(None) => match wallet.knows(hash).await {
                Ok(false) => unknown += 1,
                Ok(true) => unknown = 0,
                Err(_) => {}
            },
        }
        if unknown >= LOOKS_UNTIL_LOST {
            return Err(Notice::new(
                Tone::Warning,
                UNKNOWN,
                "The network does not know this transaction: it was sped up or cancelled in your wallet, or waits there for others to sign. Reload this page to see where things stand.",
            ));
        }
        js::sleep_unless_watched(LOOK_MS).await;
    }
}
