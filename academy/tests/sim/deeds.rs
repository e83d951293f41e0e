//! What may happen, and how often.

use rand::{Rng, rngs::StdRng};

/// An act and the dice that it is carried out with: the same act does the same in the same place.
#[derive(Clone, Copy, Debug)]
pub struct Act {
    pub kind: Deed,
    pub dice: u64,
}

macro_rules! deeds {
    ($($name:ident $weight:literal,)+) => {
        #[derive(Clone, Copy, Debug)]
        pub enum Deed { $($name,)+ }

        /// How often each happens, of all together.
        const DEEDS: &[(Deed, u32)] = &[$((Deed::$name, $weight),)+];
    };
}

deeds! {
    Open 9, Pay 12, PayWrongly 5, Batch 3, Submit 6, SpeedUp 2, Cancel 1, Await 1, Withdraw 1, GiveBack 8, Rule 4,
    Mine 14, Reorg 6, Follow 9, Work 5, AtOnce 4, Crash 4, Full 2, Wait 4, Skew 2, Mood 6, Forget 1,
    Finalize 2, SendPast 2, Prune 1,
}

impl Act {
    pub fn draw(dice: &mut StdRng) -> Self {
        let mut place = dice.random_range(0..DEEDS.iter().map(|(_, weight)| weight).sum());
        let (kind, _) = DEEDS
            .iter()
            .find(|(_, weight)| {
                let here = place < *weight;
                place = place.saturating_sub(*weight);
                here
            })
            .unwrap();
        Self { kind: *kind, dice: dice.random() }
    }
}

impl Act {
    /// Nothing that the site does or knows can have changed.
    pub fn leaves_the_site_alone(&self) -> bool {
        matches!(
            self.kind,
            Deed::PayWrongly
                | Deed::Batch
                | Deed::SpeedUp
                | Deed::Mine
                | Deed::Reorg
                | Deed::Wait
                | Deed::Skew
                | Deed::Mood
                | Deed::Forget
                | Deed::Finalize
                | Deed::SendPast
                | Deed::Prune
        )
    }
}
