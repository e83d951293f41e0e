//! Tokens (ERC-20) and what their holders sign in place of an approval: a permit (EIP-2612), or an
//! authorization that pays for one order only (EIP-3009).

use alloy::{
    primitives::{Address as EvmAddress, B256, Signature, U256},
    sol,
    sol_types::{Eip712Domain, SolCall, SolStruct, eip712_domain},
};

use super::{
    port::Call,
    quote::{
        SignedAuthorization, SignedPermit, Terms, order_digest, purchaseForTokensCall,
        purchaseWithAuthorizationCall, purchaseWithPermitCall,
    },
};
use crate::{evm::Address, money::Wei};

sol! {
    struct Permit { address owner; address spender; uint256 value; uint256 nonce; uint256 deadline; }
    struct ReceiveWithAuthorization { address from; address to; uint256 value; uint256 validAfter; uint256 validBefore; bytes32 nonce; }

    function balanceOf(address owner) external view returns (uint256);
    function allowance(address owner, address spender) external view returns (uint256);
    function nonces(address owner) external view returns (uint256);
    function decimals() external view returns (uint8);
    function DOMAIN_SEPARATOR() external view returns (bytes32);
    function isTokenAllowed(address token) external view returns (bool);
    function approve(address spender, uint256 amount) external returns (bool);
    function setTokenAllowed(address token, bool allowed) external;
}

/// What a token's holders can sign, so that paying takes no approval before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// That the market may take a sum (EIP-2612).
    Permit,
    /// That the market may take a sum for one order (EIP-3009).
    Authorization,
}

/// How a token's signatures are made: its EIP-712 domain, beside chain and contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenDomain {
    /// What can be signed.
    pub signing: Signing,
    /// The domain's name.
    pub name: String,
    /// The domain's version.
    pub version: String,
}

impl TokenDomain {
    fn on(&self, chain_id: u64, token: Address) -> Eip712Domain {
        eip712_domain! {
            name: self.name.clone(),
            version: self.version.clone(),
            chain_id: chain_id,
            verifying_contract: EvmAddress::from(token.0),
        }
    }

    /// The domain's hash, which a token of EIP-2612 or EIP-3009 answers as its `DOMAIN_SEPARATOR`.
    pub fn separator(&self, chain_id: u64, token: Address) -> [u8; 32] {
        self.on(chain_id, token).separator().0
    }
}

/// A signature that was asked of whoever pays, for an order in a token.
#[derive(Clone, Debug)]
pub struct Consent<'a> {
    /// How the token has it.
    pub domain: &'a TokenDomain,
    /// The chain (EIP-155).
    pub chain_id: u64,
    /// Who takes the tokens.
    pub market: Address,
    /// Who pays.
    pub payer: Address,
    /// What for. Its deadline is the signature's, too.
    pub terms: &'a Terms,
    /// The payer's next number for permits at the token.
    pub nonce: U256,
}

impl Consent<'_> {
    fn permit(&self) -> Permit {
        Permit {
            owner: EvmAddress::from(self.payer.0),
            spender: EvmAddress::from(self.market.0),
            value: self.terms.amount.get(),
            nonce: self.nonce,
            deadline: U256::from(self.terms.deadline),
        }
    }

    fn authorization(&self) -> ReceiveWithAuthorization {
        ReceiveWithAuthorization {
            from: EvmAddress::from(self.payer.0),
            to: EvmAddress::from(self.market.0),
            value: self.terms.amount.get(),
            validAfter: U256::ZERO,
            validBefore: U256::from(self.terms.deadline) + U256::from(1),
            // The market asks for the order's digest here: the authorization pays for nothing else.
            nonce: order_digest(self.chain_id, self.market, self.terms),
        }
    }

    /// What the wallet is to sign, as `eth_signTypedData_v4` takes it (EIP-712).
    pub fn typed_data(&self) -> String {
        let field = |(name, kind): (&str, &str)| serde_json::json!({ "name": name, "type": kind });
        let fields = |all: &[(&str, &str)]| all.iter().copied().map(field).collect::<Vec<_>>();
        let (kind, own, message) = match self.domain.signing {
            Signing::Permit => {
                let permit = self.permit();
                let own: &[_] = &[
                    ("owner", "address"),
                    ("spender", "address"),
                    ("value", "uint256"),
                    ("nonce", "uint256"),
                    ("deadline", "uint256"),
                ];
                let message = serde_json::json!({
                    "owner": permit.owner, "spender": permit.spender, "value": permit.value.to_string(),
                    "nonce": permit.nonce.to_string(), "deadline": permit.deadline.to_string(),
                });
                ("Permit", own, message)
            }
            Signing::Authorization => {
                let given = self.authorization();
                let own: &[_] = &[
                    ("from", "address"),
                    ("to", "address"),
                    ("value", "uint256"),
                    ("validAfter", "uint256"),
                    ("validBefore", "uint256"),
                    ("nonce", "bytes32"),
                ];
                let message = serde_json::json!({
                    "from": given.from, "to": given.to, "value": given.value.to_string(),
                    "validAfter": given.validAfter.to_string(),
                    "validBefore": given.validBefore.to_string(), "nonce": given.nonce,
                });
                ("ReceiveWithAuthorization", own, message)
            }
        };
        let domain: &[_] = &[
            ("name", "string"),
            ("version", "string"),
            ("chainId", "uint256"),
            ("verifyingContract", "address"),
        ];
        let mut types = serde_json::Map::new();
        types.insert("EIP712Domain".to_owned(), fields(domain).into());
        types.insert(kind.to_owned(), fields(own).into());
        serde_json::json!({
            "types": types,
            "primaryType": kind,
            "domain": {
                "name": self.domain.name, "version": self.domain.version, "chainId": self.chain_id,
                "verifyingContract": EvmAddress::from(self.terms.token.0),
            },
            "message": message,
        })
        .to_string()
    }

    /// The hash that is signed.
    pub fn digest(&self) -> [u8; 32] {
        let domain = self.domain.on(self.chain_id, self.terms.token);
        match self.domain.signing {
            Signing::Permit => self.permit().eip712_signing_hash(&domain).0,
            Signing::Authorization => self.authorization().eip712_signing_hash(&domain).0,
        }
    }

    /// The purchase with that signature; `None` unless the payer's own key gave it.
    pub fn purchase_call(&self, quote: Vec<u8>, signature: &[u8]) -> Option<Call> {
        let signature = Signature::from_raw(signature).ok()?;
        let signer = signature.recover_address_from_prehash(&B256::from(self.digest())).ok()?;
        if signer.0.0 != self.payer.0 {
            return None;
        }
        let (order, quote) = (self.terms.order(), quote.into());
        let (v, r, s) = (27 + u8::from(signature.v()), signature.r().into(), signature.s().into());
        let data = match self.domain.signing {
            Signing::Permit => {
                let permit = SignedPermit { deadline: self.permit().deadline, v, r, s };
                purchaseWithPermitCall { order, quote, permit }.abi_encode()
            }
            Signing::Authorization => {
                let ReceiveWithAuthorization { from, validAfter, validBefore, .. } = self.authorization();
                let authorization = SignedAuthorization { from, validAfter, validBefore, v, r, s };
                purchaseWithAuthorizationCall { order, quote, authorization }.abi_encode()
            }
        };
        Some(Call { to: self.market, data, value: Wei::ZERO })
    }
}

/// Buys on signed terms, with tokens that the market may take already.
pub fn purchase_for_tokens_call(market: Address, terms: &Terms, quote: Vec<u8>) -> Call {
    let call = purchaseForTokensCall { order: terms.order(), quote: quote.into() };
    Call { to: market, data: call.abi_encode(), value: Wei::ZERO }
}

/// Lets someone take so much of the caller's tokens, in place of what they might before.
pub fn approve_call(token: Address, spender: Address, amount: Wei) -> Call {
    let call = approveCall { spender: EvmAddress::from(spender.0), amount: amount.get() };
    Call { to: token, data: call.abi_encode(), value: Wei::ZERO }
}

/// Has a market sell for a token, or no longer.
pub fn set_token_allowed_call(market: Address, token: Address, allowed: bool) -> Call {
    let call = setTokenAllowedCall { token: EvmAddress::from(token.0), allowed };
    Call { to: market, data: call.abi_encode(), value: Wei::ZERO }
}

/// The calldata that asks a token what an account has, and how much of it someone may take.
pub(super) fn account_data(owner: Address, spender: Address) -> [Vec<u8>; 2] {
    let (owner, spender) = (EvmAddress::from(owner.0), EvmAddress::from(spender.0));
    [balanceOfCall { owner }.abi_encode(), allowanceCall { owner, spender }.abi_encode()]
}

/// The calldata that asks a token for an account's next permit number.
pub(super) fn nonce_data(owner: Address) -> Vec<u8> {
    noncesCall { owner: EvmAddress::from(owner.0) }.abi_encode()
}

/// The calldata that asks a market whether it sells for a token, and the token for its digits and its
/// domain.
pub(super) fn token_data(token: Address) -> [Vec<u8>; 3] {
    [
        isTokenAllowedCall { token: EvmAddress::from(token.0) }.abi_encode(),
        decimalsCall {}.abi_encode(),
        DOMAIN_SEPARATORCall {}.abi_encode(),
    ]
}

#[cfg(test)]
mod tests {
    use alloy::signers::{SignerSync, local::PrivateKeySigner};

    use super::*;

    fn terms() -> Terms {
        Terms {
            order: [7; 32],
            number: 3,
            tier: 1,
            beneficiary: Address([9; 20]),
            token: Address([5; 20]),
            amount: Wei::new(U256::from(49_000_000)),
            deadline: 1_800_000_000,
        }
    }

    #[test]
    fn only_the_payers_own_signature_buys() {
        let (payer, other) = (PrivateKeySigner::random(), PrivateKeySigner::random());
        for signing in [Signing::Permit, Signing::Authorization] {
            let domain = TokenDomain { signing, name: "USD Coin".to_owned(), version: "2".to_owned() };
            let terms = terms();
            let consent = Consent {
                domain: &domain,
                chain_id: 31337,
                market: Address([1; 20]),
                payer: Address(payer.address().0.0),
                terms: &terms,
                nonce: U256::from(4),
            };
            let sign = |key: &PrivateKeySigner, consent: &Consent<'_>| {
                key.sign_hash_sync(&B256::from(consent.digest())).unwrap().as_bytes()
            };
            let call = consent.purchase_call(vec![0; 65], &sign(&payer, &consent)).unwrap();
            assert_eq!((call.to, call.value), (Address([1; 20]), Wei::ZERO));
            assert_eq!(consent.purchase_call(vec![0; 65], &sign(&other, &consent)), None);
            assert_eq!(consent.purchase_call(vec![0; 65], &[0; 65]), None);
            assert_eq!(consent.purchase_call(vec![0; 65], b"0x"), None);
            let cheaper = Terms { amount: Wei::new(U256::from(1)), ..terms };
            let other = Consent { terms: &cheaper, ..consent.clone() };
            assert_eq!(consent.purchase_call(vec![0; 65], &sign(&payer, &other)), None);
        }
    }

    #[test]
    fn an_authorization_pays_for_one_order() {
        let domain = TokenDomain {
            signing: Signing::Authorization,
            name: "USD Coin".to_owned(),
            version: "2".to_owned(),
        };
        let terms = terms();
        let market = Address([1; 20]);
        let consent = Consent {
            domain: &domain,
            chain_id: 31337,
            market,
            payer: Address([2; 20]),
            terms: &terms,
            nonce: U256::ZERO,
        };
        let asked: serde_json::Value = serde_json::from_str(&consent.typed_data()).unwrap();
        assert_eq!(asked["primaryType"], "ReceiveWithAuthorization");
        assert_eq!(asked["message"]["nonce"], order_digest(31337, market, &terms).to_string());
        assert_eq!(asked["message"]["value"], "49000000");
        assert_eq!(asked["message"]["validBefore"], "1800000001");
        assert_eq!(asked["domain"]["chainId"], 31337);
    }
}
