//! How many blocks to ask events for at once: as many as the node answers, and as memory bears.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::chain::{ChainError, Log};

/// Answers with more events than this are halved, those with a quarter of it may grow.
const PLENTY: usize = 10_000;

/// How the readers of a chain go on, each at a pace of its own: what a node has at hand of its newest blocks, it may
/// have to search for among older ones.
pub(crate) struct Pace {
    /// Who reads on with the chain.
    pub(super) on: Stride,
    /// Who reads what has become final once more.
    pub(super) again: Stride,
    /// Who reads what came to the markets.
    pub(super) transfers: Stride,
}

impl Pace {
    /// Begins with the longest range that is allowed.
    pub(crate) fn new(most: u64) -> Self {
        let [on, again, transfers] = std::array::from_fn(|_| Stride::new(most));
        Self { on, again, transfers }
    }
}

/// The length of the next range. Nodes refuse what is too long for them, each by limits of its own:
/// blocks, events, bytes or time. So a refusal halves it, and each good answer adds an eighth.
pub(super) struct Stride {
    most: u64,
    span: AtomicU64,
}

impl Stride {
    fn new(most: u64) -> Self {
        let most = most.max(1);
        Self { most, span: AtomicU64::new(most) }
    }

    /// So many blocks to ask for.
    pub(super) fn span(&self) -> u64 {
        self.span.load(Ordering::Relaxed)
    }

    /// Learns from the answer about so many blocks. `None`: fewer are to be asked about.
    pub(super) fn heed(
        &self,
        blocks: u64,
        answer: Result<Vec<Log>, ChainError>,
    ) -> Result<Option<Vec<Log>>, ChainError> {
        match answer {
            Ok(logs) => {
                self.answered(blocks, logs.len());
                Ok(Some(logs))
            }
            // Each provider has words of its own for what is too large, and we know some of them.
            Err(ChainError::RangeTooLarge(_) | ChainError::Refused(_)) if self.refused(blocks) => Ok(None),
            Err(error) => {
                // Some nodes say nothing where the range is too large, and time runs out.
                if error.is_retryable() {
                    self.refused(blocks);
                }
                Err(error)
            }
        }
    }

    /// So many blocks were answered with so many events.
    fn answered(&self, blocks: u64, events: usize) {
        let span = self.span();
        if events > PLENTY {
            self.set(blocks.div_ceil(2));
        } else if events < PLENTY / 4 && blocks >= span {
            self.set(span + (span / 8).max(1));
        }
    }

    /// So many blocks were too many. Whether fewer can be asked for.
    fn refused(&self, blocks: u64) -> bool {
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
        let pace = Stride::new(2000);
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
        let pace = Stride::new(2000);
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
        let pace = Stride::new(0);
        assert_eq!(pace.span(), 1);
        assert!(!pace.refused(1));
        assert_eq!(pace.span(), 1);
        pace.answered(1, 0);
        assert_eq!(pace.span(), 1);
    }

    #[test]
    fn silence_halves_as_a_refusal_does_and_is_still_a_failure() {
        let pace = Stride::new(2000);
        let silence = ChainError::Unavailable("no answer in time".to_owned());
        assert_eq!(pace.heed(2000, Err(silence.clone())), Err(silence));
        assert_eq!(pace.span(), 1000);
        let too_large = ChainError::RangeTooLarge("at most 300".to_owned());
        assert_eq!(pace.heed(1000, Err(too_large.clone())), Ok(None));
        assert_eq!(pace.span(), 500);
        let unknown = ChainError::Refused("a word that nobody knows".to_owned());
        assert_eq!(pace.heed(500, Err(unknown.clone())), Ok(None));
        assert_eq!((pace.heed(200, Ok(Vec::new())), pace.span()), (Ok(Some(Vec::new())), 250));
        assert_eq!(pace.heed(1, Err(unknown.clone())), Err(unknown), "there is no smaller one");
        assert_eq!(pace.heed(1, Err(too_large.clone())), Err(too_large), "there is no smaller one");
    }

    #[test]
    fn one_readers_ranges_are_no_others() {
        let pace = Pace::new(2000);
        assert!(pace.again.refused(2000) && pace.transfers.refused(100));
        assert_eq!((pace.on.span(), pace.again.span(), pace.transfers.span()), (2000, 1000, 50));
    }
}
