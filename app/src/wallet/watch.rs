//! Waiting for a transaction, as the wallet's own node sees it.

use academy::evm::TxHash;

use super::{js, notice::Notice, provider::Wallet};
use crate::ui::Tone;

/// Why a transaction is waited for no more.
pub enum Lost {
    /// It is mined, and failed.
    Failed,
    /// The network does not know it, at least not by that name.
    Unknown,
}

impl Lost {
    /// What people read.
    pub fn notice(self) -> Notice {
        match self {
            Self::Failed => Notice::new(
                Tone::Negative,
                "reverted",
                "The transaction failed on the network; only the network fee (gas) was spent. You can try again.",
            ),
            Self::Unknown => Notice::new(
                Tone::Warning,
                "replaced",
                "The network does not know this transaction: it was sped up or cancelled in your wallet, or waits there for others to sign. Reload this page to see where things stand.",
            ),
        }
    }
}

/// After so many looks at a network that does not know the transaction, it was dropped there, or a wallet of several
/// people answered with a reference of its own.
const LOOKS_UNTIL_LOST: u32 = 20;
/// Between two looks.
const LOOK_MS: u32 = 1000;

/// Waits until a transaction is mined.
pub async fn watch(wallet: &Wallet, hash: &str) -> Result<(), Lost> {
    // No network knows a reference that is no hash.
    if hash.parse::<TxHash>().is_err() {
        return Err(Lost::Unknown);
    }
    let mut unknown = 0;
    loop {
        match wallet.mined(hash).await {
            Ok(Some(true)) => return Ok(()),
            Ok(Some(false)) => return Err(Lost::Failed),
            // No answer says nothing about the transaction.
            Err(_) => {}
            Ok(None) => match wallet.knows(hash).await {
                Ok(false) => unknown += 1,
                Ok(true) => unknown = 0,
                Err(_) => {}
            },
        }
        if unknown >= LOOKS_UNTIL_LOST {
            return Err(Lost::Unknown);
        }
        js::sleep_unless_watched(LOOK_MS).await;
    }
}
