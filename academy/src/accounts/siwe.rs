//! The sign-in message of EIP-4361, and the signature over it.
//!
//! The server writes the message, keeps it, and checks the signature over what it kept. What a
//! browser sends back is only the nonce and the signature, so there is no message to parse and
//! nothing in it to forge.

use alloy::primitives::{Address as EvmAddress, Signature, eip191_hash_message};

use crate::{evm::Address, time::Time};

/// What the message says.
pub(super) struct Message<'a> {
    pub domain: &'a str,
    pub address: Address,
    pub statement: &'a str,
    pub uri: &'a str,
    pub chain_id: u64,
    pub nonce: &'a str,
    pub issued_at: Time,
    pub expires_at: Time,
}

impl std::fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} wants you to sign in with your Ethereum account:\n{}\n\n{}\n\nURI: {}\nVersion: 1\nChain ID: {}\nNonce: {}\nIssued At: {}\nExpiration Time: {}",
            self.domain,
            self.address.checksummed(),
            self.statement,
            self.uri,
            self.chain_id,
            self.nonce,
            self.issued_at.rfc3339(),
            self.expires_at.rfc3339(),
        )
    }
}

/// No wallet's signature is longer in hexadecimal: passkeys and what deploys a wallet take some thousand
/// bytes.
const LONGEST: usize = 20_000;

/// The signature's bytes, if it may be one.
pub(super) fn read(signature: &str) -> Option<Vec<u8>> {
    if signature.len() > LONGEST { None } else { alloy::hex::decode(signature).ok() }
}

/// What a wallet that is a contract is asked about: the message as `personal_sign` hashes it (EIP-191,
/// version 0x45).
pub(super) fn hash(message: &str) -> [u8; 32] {
    eip191_hash_message(message).0
}

/// Whether the signature is that of the account's key over the message, as `personal_sign` makes it. It is
/// enough for accounts with code, too (EIP-7702): whoever has the key has the account.
pub(super) fn signed_by(message: &str, signature: &[u8], address: Address) -> bool {
    Signature::from_raw(signature)
        .ok()
        // EIP-2: of the two signatures that verify, only the lower one counts.
        .filter(|signature| signature.normalize_s().is_none())
        .and_then(|signature| signature.recover_address_from_msg(message).ok())
        .is_some_and(|signer| signer == EvmAddress::from(address.0))
}

#[cfg(test)]
mod tests {
    use alloy::signers::{SignerSync, local::PrivateKeySigner};

    use super::*;

    #[test]
    fn writes_the_message_as_the_eip_lays_it_out() {
        let text = Message {
            domain: "example.com",
            address: "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2".parse().unwrap(),
            statement: "I accept the ExampleOrg Terms of Service: https://example.com/tos",
            uri: "https://example.com/login",
            chain_id: 1,
            nonce: "32891756",
            issued_at: Time(1_633_018_285_000),
            expires_at: Time(1_633_018_885_000),
        }
        .to_string();
        assert_eq!(
            text,
            "example.com wants you to sign in with your Ethereum account:\n\
             0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2\n\n\
             I accept the ExampleOrg Terms of Service: https://example.com/tos\n\n\
             URI: https://example.com/login\nVersion: 1\nChain ID: 1\nNonce: 32891756\n\
             Issued At: 2021-09-30T16:11:25Z\nExpiration Time: 2021-09-30T16:21:25Z"
        );
    }

    #[test]
    fn knows_whose_signature_it_is() {
        let signer = PrivateKeySigner::from_slice(&[7; 32]).unwrap();
        let address = Address(signer.address().0.0);
        let signature = signer.sign_message_sync(b"hello").unwrap().as_bytes();
        assert!(signed_by("hello", &signature, address));
        assert!(!signed_by("hallo", &signature, address));
        assert!(!signed_by("hello", &signature, Address([1; 20])));
        for bad in ["", "0x", "0x00", &"0".repeat(130), &"f".repeat(130)] {
            assert!(!signed_by("hello", &read(bad).unwrap(), address), "{bad}");
        }
        for bad in ["zz", "0x0", &"f".repeat(1_000_000)] {
            assert_eq!(read(bad), None, "{}", bad.len());
        }
    }
}
