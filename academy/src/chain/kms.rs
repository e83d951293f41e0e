//! A key that AWS KMS keeps: it signs there, and never leaves.

use alloy::signers::aws::{
    AwsSigner, AwsSignerError,
    aws_config::{self, BehaviorVersion, ConfigLoader},
    aws_sdk_kms::{Client, error::DisplayErrorContext},
};
use futures::{FutureExt, future::BoxFuture};

use super::{node::refused, port::ChainError};

/// Asks KMS for the key. Region and credentials are the machine's, as for any AWS client. Boxed, because
/// what the client does inside is nested too deeply for the compiler.
pub(super) fn signer(id: String) -> BoxFuture<'static, Result<AwsSigner, ChainError>> {
    ask(aws_config::defaults(BehaviorVersion::latest()), id).boxed()
}

async fn ask(from: ConfigLoader, id: String) -> Result<AwsSigner, ChainError> {
    let config = from.load().await;
    AwsSigner::new(Client::new(&config), id, None).await.map_err(|error| match error {
        AwsSignerError::GetPublicKey(error) => {
            refused("AWS KMS does not show the key", DisplayErrorContext(error))
        }
        other => refused("AWS KMS does not show the key", other),
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use alloy::{
        network::{EthereumWallet, NetworkTransactionBuilder, TransactionBuilder},
        primitives::{Address, U256},
        rpc::types::TransactionRequest,
        signers::{
            Signer,
            aws::{aws_config::Region, aws_sdk_kms::config::Credentials},
            k256::ecdsa::{Signature, SigningKey, signature::hazmat::PrehashSigner},
            utils::secret_key_to_address,
        },
    };
    use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
    use serde_json::{Value, json};
    use tokio::{
        io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::chain::{Key, Wallet};

    const ID: &str = "alias/deployer";

    fn key() -> SigningKey {
        SigningKey::from_slice(&[0x51; 32]).unwrap()
    }

    /// What precedes a point of secp256k1 in a public key's DER (RFC 5480).
    const SPKI: [u8; 23] = [
        0x30, 0x56, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81,
        0x04, 0x00, 0x0a, 0x03, 0x42, 0x00,
    ];

    /// What KMS answers. Of the two signatures that there are of a digest it gives the one that chains refuse
    /// (EIP-2), as it does half of the times.
    fn answer(target: &str, asked: &Value) -> Result<Value, &'static str> {
        if asked["KeyId"] != ID {
            return Err("NotFoundException");
        }
        match target {
            "TrentService.GetPublicKey" => {
                let point = key().verifying_key().to_encoded_point(false);
                let der = [&SPKI[..], point.as_bytes()].concat();
                Ok(json!({ "KeyId": ID, "KeySpec": "ECC_SECG_P256K1", "PublicKey": BASE64.encode(der) }))
            }
            "TrentService.Sign"
                if asked["MessageType"] == "DIGEST" && asked["SigningAlgorithm"] == "ECDSA_SHA_256" =>
            {
                let digest = BASE64.decode(asked["Message"].as_str().unwrap()).unwrap();
                let low: Signature = key().sign_prehash(&digest).unwrap();
                let (r, s) = low.split_scalars();
                let high = Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
                assert_ne!(low, high);
                Ok(json!({ "KeyId": ID, "Signature": BASE64.encode(high.to_der()) }))
            }
            _ => Err("ValidationException"),
        }
    }

    async fn serve(stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let (mut length, mut target) = (0, String::new());
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                match line.trim_end() {
                    "" => break,
                    _ => continue,
                }
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "x-amz-target" => value.clone_into(&mut target),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        let (status, body) = match answer(&target, &serde_json::from_slice(&body).unwrap()) {
            Ok(body) => ("200 OK", body),
            Err(kind) => ("400 Bad Request", json!({ "__type": kind, "message": "no" })),
        };
        let body = body.to_string();
        let head = "content-type: application/x-amz-json-1.1\r\nconnection: close";
        let all = format!("HTTP/1.1 {status}\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(all.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
    }

    /// Where a KMS of ours listens.
    async fn start() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            loop {
                tokio::spawn(serve(listener.accept().await.unwrap().0));
            }
        });
        url
    }

    /// Where an AWS client finds a KMS of ours in place of Amazon's.
    async fn kms() -> ConfigLoader {
        aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(start().await)
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
    }

    #[tokio::test]
    async fn signs_texts_and_transactions_as_the_keys_account() {
        let signer = ask(kms().await, ID.to_owned()).await.unwrap();
        let account = secret_key_to_address(&key());
        assert_eq!(Signer::address(&signer), account);
        let signature = signer.sign_message(b"a text").await.unwrap();
        assert_eq!(signature.recover_address_from_msg("a text").unwrap(), account);
        assert!(signature.normalize_s().is_none(), "chains refuse the other one (EIP-2)");
        let signed = TransactionRequest::default()
            .with_from(account)
            .with_to(Address::ZERO)
            .with_value(U256::from(1))
            .with_chain_id(31337)
            .with_nonce(0)
            .with_gas_limit(21_000)
            .with_max_fee_per_gas(1)
            .with_max_priority_fee_per_gas(1)
            .build(&EthereumWallet::from(signer))
            .await
            .unwrap();
        let hash = signed.signature_hash();
        assert_eq!(signed.signature().recover_address_from_prehash(&hash).unwrap(), account);
    }

    /// An AWS client finds KMS by the environment, which belongs to a whole process: the test runs itself in another.
    #[tokio::test]
    async fn a_wallet_signs_with_a_key_that_the_environment_leads_to() {
        const THIS: &str = "chain::kms::tests::a_wallet_signs_with_a_key_that_the_environment_leads_to";
        const ENDPOINT: &str = "AWS_ENDPOINT_URL_KMS";
        #[expect(clippy::disallowed_methods, reason = "a test is its own composition root")]
        let is_first = std::env::var(ENDPOINT).is_err();
        if is_first {
            let mut again = Command::new(std::env::current_exe().unwrap());
            again.args(["--exact", THIS]).env(ENDPOINT, start().await).envs([
                ("AWS_REGION", "eu-central-1"),
                ("AWS_ACCESS_KEY_ID", "id"),
                ("AWS_SECRET_ACCESS_KEY", "secret"),
            ]);
            let output = tokio::task::spawn_blocking(move || again.output()).await.unwrap().unwrap();
            let told = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && told.contains("1 passed"), "{told}");
            return;
        }
        let wallet = Wallet::open("http://127.0.0.1:1", Key::AwsKms { id: ID.to_owned() }).await.unwrap();
        let account = secret_key_to_address(&key());
        assert_eq!(wallet.address().0, account.0.0);
        let signature: alloy::primitives::Signature =
            wallet.sign_text("a text").await.unwrap().parse().unwrap();
        assert_eq!(signature.recover_address_from_msg("a text").unwrap(), account);
    }

    #[tokio::test]
    async fn says_that_kms_does_not_show_the_key_and_why() {
        let error = ask(kms().await, "alias/other".to_owned()).await.unwrap_err();
        let ChainError::Refused(why) = error else { panic!("{error}") };
        assert!(why.contains("does not show the key") && why.contains("NotFoundException"), "{why}");
    }
}
