//! What wallets take and give, as text.

use academy::{evm::Address, money::Wei};

/// Bytes as hexadecimal with `0x`.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    "0x".chars().chain(digits.map(|digit| char::from(DIGITS[usize::from(digit)]))).collect()
}

/// A hexadecimal quantity (EIP-1474) as an amount.
pub fn wei_from_hex(quantity: &str) -> Option<Wei> {
    // 128 bits hold more than any chain has.
    let digits = quantity.strip_prefix("0x").filter(|digits| !digits.starts_with('+'))?;
    u128::from_str_radix(digits, 16).ok()?.to_string().parse().ok()
}

/// Whether two hexadecimal chain ids are one: wallets pad and capitalise as they like.
pub fn same_chain(a: &str, b: &str) -> bool {
    chain_id(a).is_some() && chain_id(a) == chain_id(b)
}

/// A chain's number in its hexadecimal form.
pub fn chain_id(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    u64::from_str_radix(digits, 16).ok()
}

/// Whether a checksummed text names an account.
pub fn is_account(text: &str, account: Address) -> bool {
    text.parse() == Ok(account)
}

/// An account with the mixed-case checksum of EIP-55, as people should see it.
pub fn checksummed(account: Address) -> String {
    let text = account.to_string();
    let digits = &text.as_bytes()[2..];
    // One block of Keccak-256 (rate 136 bytes) holds the 40 digits.
    let mut block = [0_u8; 136];
    block[..40].copy_from_slice(digits);
    block[40] = 0x01;
    block[135] |= 0x80;
    let mut state = [0_u64; 25];
    for (lane, bytes) in state.iter_mut().zip(block.chunks_exact(8)) {
        *lane = bytes.iter().rev().fold(0, |lane, byte| lane << 8 | u64::from(*byte));
    }
    keccak::f1600(&mut state);
    let nibble = |at: usize| {
        let byte = state[at / 16].to_le_bytes()[at / 2 % 8];
        if at.is_multiple_of(2) { byte >> 4 } else { byte & 15 }
    };
    let cased = digits
        .iter()
        .enumerate()
        .map(|(at, digit)| char::from(if nibble(at) >= 8 { digit.to_ascii_uppercase() } else { *digit }));
    "0x".chars().chain(cased).collect()
}

/// At most so many characters of a text, or something else for an empty one.
pub fn shortened(text: &str, longest: usize, otherwise: &str) -> String {
    match text.chars().count() {
        0 => otherwise.to_owned(),
        n if n > longest => text.chars().take(longest - 1).chain(['…']).collect(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_bytes_of_a_text() {
        assert_eq!(hex(b""), "0x");
        assert_eq!(hex("Aé\n".as_bytes()), "0x41c3a90a");
    }

    #[test]
    fn reads_quantities() {
        assert_eq!(wei_from_hex("0x0"), Some(Wei::ZERO));
        assert_eq!(wei_from_hex("0x470de4df820000").map(Wei::to_ether).as_deref(), Some("0.02"));
        for no_quantity in ["", "0x", "1", "0xg", "0x+1", &format!("0x1{}", "0".repeat(64))] {
            assert_eq!(wei_from_hex(no_quantity), None, "{no_quantity}");
        }
    }

    #[test]
    fn compares_chain_ids_by_value() {
        assert!(same_chain("0x7a69", "0x7A69") && same_chain("0x01", "0x1"));
        assert!(!same_chain("0x1", "0x7a69") && !same_chain("", "") && !same_chain("1", "1"));
    }

    #[test]
    fn checksums_as_eip_55_does() {
        for vector in [
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
            "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        ] {
            assert_eq!(checksummed(vector.to_lowercase().parse().unwrap()), vector);
        }
    }

    #[test]
    fn shortens() {
        assert_eq!(shortened("Metamask", 4, "-"), "Met…");
        assert_eq!(shortened("", 4, "Unnamed"), "Unnamed");
    }
}
