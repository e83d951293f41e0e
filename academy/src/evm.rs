//! Words of the EVM that both sides of the wire need: addresses and hashes, parsed once.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Why a text is no address or hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 0x and {0} hexadecimal digits")]
pub struct NotHex(usize);

/// Why what somebody wrote is no address.
#[cfg(feature = "server")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAddress {
    /// It has another form.
    #[error(transparent)]
    Form(#[from] NotHex),
    /// Its capitals are not those of EIP-55.
    #[error("a digit is wrong: its capitals are not this address's checksum (EIP-55); copy it again")]
    Checksum,
}

fn parse<const N: usize>(text: &str) -> Result<[u8; N], NotHex> {
    let digits = text
        .strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .filter(|digits| digits.len() == N * 2 && digits.is_ascii())
        .ok_or(NotHex(N * 2))?;
    let mut bytes = [0; N];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[index * 2..index * 2 + 2], 16)
            .ok()
            .filter(|_| !digits[index * 2..].starts_with('+'))
            .ok_or(NotHex(N * 2))?;
    }
    Ok(bytes)
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

macro_rules! bytes {
    ($($(#[$doc:meta])* $name:ident($len:literal)),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub [u8; $len]);

        impl FromStr for $name {
            type Err = NotHex;
            fn from_str(text: &str) -> Result<Self, NotHex> {
                parse(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotHex;
            fn try_from(text: String) -> Result<Self, NotHex> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }

        /// Lower-case hexadecimal with `0x`, as the database keeps it.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                // Written at once: the follower writes five of these for each event.
                let mut text = [b'0'; 2 + 2 * $len];
                text[1] = b'x';
                for (pair, byte) in text[2..].chunks_exact_mut(2).zip(self.0) {
                    pair[0] = DIGITS[usize::from(byte >> 4)];
                    pair[1] = DIGITS[usize::from(byte & 15)];
                }
                f.write_str(std::str::from_utf8(&text).expect("hexadecimal digits are ASCII"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )+};
}

bytes! {
    /// An account or contract address (20 bytes).
    Address(20),
    /// A transaction's hash (32 bytes).
    TxHash(32),
    /// A block's hash (32 bytes).
    BlockHash(32),
}

impl Address {
    /// Nobody's address; as a token it stands for the chain's own currency.
    pub const ZERO: Self = Self([0; 20]);

    /// From what a person wrote: capitals beside small letters are a checksum (EIP-55), and have to be right. What
    /// wallets and nodes say is parsed without: some write the capitals of a checksum of their own (EIP-1191).
    ///
    /// # Errors
    /// When it has another form, or a digit is wrong.
    #[cfg(feature = "server")]
    pub fn written(text: &str) -> Result<Self, NotAnAddress> {
        let address: Self = text.parse()?;
        let digits = &text[2..];
        let has = |kind: fn(&u8) -> bool| digits.as_bytes().iter().any(kind);
        if has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && address.checksummed()[2..] != *digits
        {
            return Err(NotAnAddress::Checksum);
        }
        Ok(address)
    }

    /// With the mixed-case checksum of EIP-55, as people should see it.
    #[cfg(feature = "server")]
    pub fn checksummed(&self) -> String {
        alloy::primitives::Address::from(self.0).to_checksum(None)
    }
}

/// A name for the newest block that the network vouches for (execution APIs, `eth_getBlockByNumber`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockTag {
    /// Replaced only if the network fails badly.
    Safe,
    /// Never replaced, as far as the network's rules go.
    Finalized,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_as_eip_55_does() {
        for vector in [
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
            "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        ] {
            let address: Address = vector.to_lowercase().parse().unwrap();
            assert_eq!(address.checksummed(), vector);
        }
    }

    #[test]
    fn a_wrong_digit_of_what_a_person_wrote_is_noticed() {
        let right = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        let address = Address::written(right).unwrap();
        // A checksum is optional.
        assert_eq!(Address::written(&right.to_lowercase()), Ok(address));
        assert_eq!(Address::written(&format!("0x{}", right[2..].to_uppercase())), Ok(address));
        let digits = format!("0x{}", "1".repeat(40));
        assert_eq!(Address::written(&digits).unwrap().to_string(), digits);
        for wrong in [right.replace("3F3E", "3F4E"), right.replace("aAeb", "AAeb"), right.replace('C', "c")] {
            assert_eq!(Address::written(&wrong), Err(NotAnAddress::Checksum), "{wrong}");
        }
        assert_eq!(Address::written("0x5aAe"), Err(NotAnAddress::Form(NotHex(40))));
    }

    #[test]
    fn refuses_what_is_no_hash() {
        for text in [
            "",
            "0x",
            "0x12",
            "hello",
            &format!("0x{}", "g".repeat(64)),
            &format!("0x{}", "+1".repeat(32)),
            &"a".repeat(66),
            &format!("0x{}é", "a".repeat(62)),
        ] {
            assert!(text.parse::<TxHash>().is_err(), "{text}");
        }
    }
}
