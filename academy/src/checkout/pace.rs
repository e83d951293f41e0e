//! How many blocks to ask events for at once: as many as the node answers, and as memory bears.

use std::sync::atomic::{AtomicU64, Ordering};

/// Answers with more events than this are halved, those with a quarter of it may grow.
const PLENTY: usize = 10_000;

/// The length of the next range. Nodes refuse what is too long for them, each by limits of its own:
/// blocks, events, bytes or time. So a refusal halves it, and each good answer adds an eighth.
pub(crate) struct Pace {
    most: u64,
    span: AtomicU64,
}

impl Pace {
    /// Begins with the longest range that is allowed.
    pub(crate) fn new(most: u64) -> Self {
        let most = most.max(1);
        Self { most, span: AtomicU64::new(most) }
    }

    /// So many blocks to ask for.
    pub(super) fn span(&self) -> u64 {
        self.span.load(Ordering::Relaxed)
    }

    /// So many blocks were answered with so many events.
    pub(super) fn answered(&self, blocks: u64, events: usize) {
        let span = self.span();
        if events > PLENTY {
            self.set(blocks.div_ceil(2));
        } else if events < PLENTY / 4 && blocks >= span {
            self.set(span + (span / 8).max(1));
        }
    }

    /// So many blocks were too many. Whether fewer can be asked for.
    pub(super) fn refused(&self, blocks: u64) -> bool {
        self.set(blocks.div_ceil(2));
        blocks > 1
    }

    fn set(&self, span: u64) {
        self.span.store(span.clamp(1, self.most), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_node_bears_and_stays_near_it() {
        let pace = Pace::new(2000);
        let (mut refusals, mut blocks) = (0, 0);
        for _ in 0..200 {
            let span = pace.span();
            if span > 300 {
                assert!(pace.refused(span));
                refusals += 1;
            } else {
                pace.answered(span, 0);
                blocks += span;
            }
        }
        assert!(refusals < 40, "{refusals} of 200 questions are refused");
        assert!(blocks > 160 * 200, "{blocks} blocks in 200 questions");
    }

    #[test]
    fn keeps_answers_small_and_grows_back_to_the_most() {
        let pace = Pace::new(2000);
        pace.answered(2000, 40_000);
        assert_eq!(pace.span(), 1000);
        pace.answered(1000, 5_000);
        assert_eq!(pace.span(), 1000, "neither much nor little");
        pace.answered(10, 0);
        assert_eq!(pace.span(), 1000, "a short range says nothing of longer ones");
        for _ in 0..20 {
            pace.answered(pace.span(), 0);
        }
        assert_eq!(pace.span(), 2000);
    }

    #[test]
    fn one_block_is_the_least() {
        let pace = Pace::new(0);
        assert_eq!(pace.span(), 1);
        assert!(!pace.refused(1));
        assert_eq!(pace.span(), 1);
        pace.answered(1, 0);
        assert_eq!(pace.span(), 1);
    }
}
