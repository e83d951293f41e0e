//! One node for a command line: what it refuses is told, its URL never is.

use std::time::Duration;

use alloy::{
    providers::{ProviderBuilder, RootProvider},
    transports::{
        RpcError, TransportErrorKind,
        http::reqwest::{Client, Url},
    },
};

use super::{port::ChainError, revert, wallet::WalletError};

/// How long a node may take for one answer.
const PATIENCE: Duration = Duration::from_secs(15);

pub(super) fn refused(what: &str, error: impl std::fmt::Display) -> ChainError {
    ChainError::Refused(format!("{what}: {error}"))
}

/// Errors of the transport print the URL, which may hold a key: they are told without it.
pub(super) fn told(error: &RpcError<TransportErrorKind>) -> ChainError {
    match error.as_error_resp() {
        Some(response) => ChainError::Refused(format!("{} ({})", response.message, response.code)),
        None if error.is_deser_error() => ChainError::Refused("an answer that can't be read".to_owned()),
        None => ChainError::Unavailable("the node does not answer".to_owned()),
    }
}

pub(super) fn node_at(rpc_url: &str) -> Result<RootProvider, ChainError> {
    let url: Url = rpc_url.parse().map_err(|_| ChainError::Refused("that RPC URL is no URL".to_owned()))?;
    let client = Client::builder().timeout(PATIENCE).build().map_err(|_| {
        ChainError::Unavailable("this machine gives no connections to the outside".to_owned())
    })?;
    Ok(ProviderBuilder::new().disable_recommended_fillers().connect_reqwest(client, url))
}

/// A contract's refusal in words, or the node's.
pub(super) fn of_call(error: &RpcError<TransportErrorKind>) -> WalletError {
    match error.as_error_resp() {
        Some(response) if response.code == 3 || response.message.to_lowercase().contains("revert") => {
            let data = response.as_revert_data().unwrap_or_default();
            if revert::is_owned(&data) {
                WalletError::Owned
            } else {
                WalletError::Reverts(revert::in_words(&data))
            }
        }
        _ => told(error).into(),
    }
}
