//! A key that AWS KMS keeps: it signs there, and never leaves.

use alloy::signers::aws::{
    AwsSigner, AwsSignerError,
    aws_config::{self, BehaviorVersion},
    aws_sdk_kms::{Client, error::DisplayErrorContext},
};
use futures::{FutureExt, future::BoxFuture};

use super::{node::refused, port::ChainError};

/// Asks KMS for the key. Region and credentials are the machine's, as for any AWS client. Boxed, because
/// what the client does inside is nested too deeply for the compiler.
pub(super) fn signer(id: String) -> BoxFuture<'static, Result<AwsSigner, ChainError>> {
    ask(id).boxed()
}

async fn ask(id: String) -> Result<AwsSigner, ChainError> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    AwsSigner::new(Client::new(&config), id, None).await.map_err(|error| match error {
        AwsSignerError::GetPublicKey(error) => {
            refused("AWS KMS does not show the key", DisplayErrorContext(error))
        }
        other => refused("AWS KMS does not show the key", other),
    })
}
