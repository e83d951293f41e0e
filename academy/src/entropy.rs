//! Chance, as an argument.

use std::sync::atomic::{AtomicU64, Ordering};

use rand::TryRngCore;
use uuid::Uuid;

use crate::time::Time;

/// Where random bytes come from.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's generator.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rngs::OsRng
            .try_fill_bytes(bytes)
            .expect("an operating system without random numbers can keep no secret: stop");
    }
}

/// A predictable source that never repeats itself; for tests.
#[derive(Default)]
pub struct CountingEntropy(AtomicU64);

impl Entropy for CountingEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            // A fixed odd multiplier spreads the counter over all bits.
            let word = self.0.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            chunk.copy_from_slice(&word.to_be_bytes()[..chunk.len()]);
        }
    }
}

/// A fresh id that sorts by time (UUID version 7, RFC 9562).
pub fn mint(entropy: &dyn Entropy, now: Time) -> Uuid {
    let mut random = [0; 10];
    entropy.fill(&mut random);
    uuid::Builder::from_unix_timestamp_millis(now.0.max(0).cast_unsigned(), &random).into_uuid()
}

/// 256 random bits as lower-case hexadecimal: session tokens, nonces.
pub fn token(entropy: &dyn Entropy) -> String {
    let mut random = [0; 32];
    entropy.fill(&mut random);
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}
