//! What an order becomes: tables, and one property that must never break.

use academy::{
    checkout::{
        OrderState, Setback,
        decide::{Candidate, Goal, Grant, Rules, Standing, confirmations, decide},
        verify::{Found, Verdict},
    },
    evm::{BlockHash, TxHash},
    money::Wei,
    time::Time,
};
use proptest::prelude::*;

const RULES: Rules =
    Rules { open: Goal::Confirmations(2), last: Goal::Confirmations(5), late_tolerance_minutes: 10 };
const NOW: Time = Time(1_000_000_000);
const EXPIRES: Time = Time(1_000_600_000);
const BLOCK: u64 = 100;

fn standing(state: OrderState) -> Standing {
    Standing {
        state,
        setback: None,
        before_refund: None,
        orphaned: false,
        accepted_in: None,
        is_final: false,
        expires_at: EXPIRES,
        withdrawn: false,
        bought: false,
        superseded: false,
    }
}

fn found(block: u64, seconds: u64) -> Found {
    Found {
        transaction: TxHash([7; 32]),
        log_index: 0,
        block_number: block,
        block_hash: BlockHash([9; 32]),
        block_time: seconds,
        amount: Wei::ZERO,
        hold: None,
    }
}

/// A payment in block 100, made in time.
fn pays() -> Candidate {
    Candidate::Mined(Verdict::Pays(found(BLOCK, 1_000_000)))
}

fn rejected(setback: Setback) -> Candidate {
    Candidate::Mined(Verdict::Rejected(setback))
}

#[test]
fn a_block_is_its_own_first_confirmation() {
    assert_eq!(confirmations(BLOCK, BLOCK), 1);
    assert_eq!(confirmations(BLOCK, BLOCK + 4), 5);
    // The block is canonical, so a head below it is a node's that lags.
    assert_eq!(confirmations(BLOCK, BLOCK - 3), 1);
    assert_eq!(confirmations(0, u64::MAX - 1), u32::MAX);
}

#[test]
fn opens_and_finishes_at_their_depths() {
    for (head, state, is_final, grant) in [
        (BLOCK, OrderState::Confirming, false, Grant::Suspend),
        (BLOCK + 1, OrderState::Paid, false, Grant::Open),
        (BLOCK + 3, OrderState::Paid, false, Grant::Open),
        (BLOCK + 4, OrderState::Paid, true, Grant::Open),
    ] {
        let decision = decide(&standing(OrderState::Submitted), &[pays()], head, NOW, &RULES);
        assert_eq!((decision.state, decision.is_final, decision.grant), (state, is_final, grant), "{head}");
        assert!(decision.accepted.is_some() && decision.review.is_empty());
    }
}

/// Nodes that lag behind those asked before say nothing of the block: only a reorg closes a course.
#[test]
fn case_10_a_head_that_falls_back_takes_nothing_away() {
    let paid = Standing { accepted_in: Some(BlockHash([9; 32])), ..standing(OrderState::Paid) };
    let decision = decide(&paid, &[pays()], BLOCK, NOW, &RULES);
    assert_eq!((decision.state, decision.grant, decision.is_final), (OrderState::Paid, Grant::Open, false));
    // In another block it has to be as deep again (edge case 8); and what was not open yet waits.
    let moved = Standing { accepted_in: Some(BlockHash([8; 32])), ..paid };
    for before in [moved, Standing { state: OrderState::Confirming, ..paid }] {
        let decision = decide(&before, &[pays()], BLOCK, NOW, &RULES);
        assert_eq!((decision.state, decision.grant), (OrderState::Confirming, Grant::Suspend));
    }
}

/// State, candidates and time before; state and setback after.
type Row = (OrderState, Vec<Candidate>, Time, OrderState, Option<Setback>);

#[test]
fn waits_fails_and_runs_out() {
    use OrderState::{Cancelled, Expired, Open, Submitted};
    let reverted = || rejected(Setback::Reverted);
    let late = Time(EXPIRES.0);
    let in_time = EXPIRES.plus_minutes(RULES.late_tolerance_minutes);
    let rows: Vec<Row> = vec![
        (Open, vec![], NOW, Open, None),
        (Open, vec![], late, Expired, None),
        (Submitted, vec![Candidate::Pending], NOW, Submitted, None),
        (Submitted, vec![Candidate::Mined(Verdict::NotCanonical)], NOW, Submitted, None),
        (Submitted, vec![Candidate::Pending], late, Submitted, None),
        (Submitted, vec![Candidate::Pending], in_time, Submitted, None),
        (Submitted, vec![Candidate::Pending], in_time.plus_millis(1), Expired, None),
        (Submitted, vec![reverted()], NOW, Open, Some(Setback::Reverted)),
        (Submitted, vec![Candidate::Replaced], NOW, Open, Some(Setback::Replaced)),
        (Submitted, vec![reverted(), Candidate::Pending], NOW, Submitted, None),
        (Submitted, vec![Candidate::Replaced, reverted()], NOW, Open, Some(Setback::Reverted)),
        (Submitted, vec![reverted()], late, Expired, Some(Setback::Reverted)),
        // Nothing brings these back but a payment.
        (Cancelled, vec![Candidate::Pending], NOW, Cancelled, None),
        // What is under way is waited for, even when it was named late.
        (Expired, vec![Candidate::Pending], in_time, Submitted, None),
        (Expired, vec![Candidate::Pending], in_time.plus_millis(1), Expired, None),
        (Expired, vec![reverted()], NOW, Expired, Some(Setback::Reverted)),
    ];
    for (state, candidates, now, after, setback) in rows {
        let decision = decide(&standing(state), &candidates, BLOCK, now, &RULES);
        assert_eq!((decision.state, decision.setback), (after, setback), "{state:?} {candidates:?}");
        assert_eq!(decision.grant, Grant::Keep);
    }
}

#[test]
fn what_pays_wins_over_what_failed_and_what_waits() {
    for others in [Candidate::Pending, Candidate::Replaced, rejected(Setback::Reverted)] {
        for candidates in [vec![others.clone(), pays()], vec![pays(), others]] {
            let decision = decide(&standing(OrderState::Submitted), &candidates, BLOCK + 1, NOW, &RULES);
            assert_eq!((decision.state, decision.grant), (OrderState::Paid, Grant::Open));
        }
    }
}

#[test]
fn an_accepted_payment_goes_only_on_evidence_of_a_reorg() {
    for state in [OrderState::Paid, OrderState::Confirming] {
        for unseen in [vec![], vec![Candidate::Pending], vec![rejected(Setback::Reverted)]] {
            let decision = decide(&standing(state), &unseen, BLOCK, NOW, &RULES);
            assert_eq!((decision.state, decision.grant), (state, Grant::Keep), "{unseen:?}");
        }
        let orphaned = Standing { orphaned: true, ..standing(state) };
        for unseen in [vec![], vec![Candidate::Pending], vec![Candidate::Replaced, Candidate::Pending]] {
            let decision = decide(&orphaned, &unseen, BLOCK, NOW, &RULES);
            assert_eq!((decision.state, decision.grant), (OrderState::Confirming, Grant::Suspend));
            assert_eq!(decision.setback, Some(Setback::Orphaned));
        }
        // Mined again and failed, or its nonce used up: it never comes back.
        for (gone, setback) in
            [(Candidate::Replaced, Setback::Replaced), (rejected(Setback::Reverted), Setback::Reverted)]
        {
            let decision = decide(&orphaned, &[gone], BLOCK, NOW, &RULES);
            assert_eq!((decision.state, decision.grant), (OrderState::Open, Grant::Suspend));
            assert_eq!(decision.setback, Some(setback));
        }
        // What was a second payment may pay it now: the order is not over before that is judged.
        let second = [rejected(Setback::PaidTwice), Candidate::Replaced];
        let decision = decide(&orphaned, &second, BLOCK, NOW, &RULES);
        assert_eq!((decision.state, decision.setback), (OrderState::Confirming, Some(Setback::Orphaned)));
    }
}

#[test]
fn a_final_payment_stays() {
    let settled = Standing { is_final: true, orphaned: true, ..standing(OrderState::Paid) };
    for candidates in [vec![], vec![Candidate::Pending], vec![pays()]] {
        // Its block is the newest again, as after a deep reorg or at a node that lags.
        let decision = decide(&settled, &candidates, BLOCK, NOW, &RULES);
        assert_eq!((decision.state, decision.is_final), (OrderState::Paid, true), "{candidates:?}");
        assert_ne!(decision.grant, Grant::Suspend, "{candidates:?}");
    }
}

#[test]
fn what_comes_after_a_refund_is_judged_by_what_was_before() {
    let refunded = |before| Standing { before_refund: before, ..standing(OrderState::Refunded) };
    for accepted in [None, Some(OrderState::Paid), Some(OrderState::Confirming)] {
        let decision = decide(&refunded(accepted), &[pays()], BLOCK, NOW, &RULES);
        assert!(decision.accepted.is_some() && decision.review.is_empty(), "{accepted:?}");
    }
    let cancelled = decide(&refunded(Some(OrderState::Cancelled)), &[pays()], BLOCK, NOW, &RULES);
    assert_eq!((cancelled.state, cancelled.setback), (OrderState::Cancelled, Some(Setback::Closed)));
    assert_eq!((cancelled.grant, cancelled.review.len()), (Grant::Keep, 1));
    let withdrawn = Standing { withdrawn: true, ..refunded(Some(OrderState::Expired)) };
    assert_eq!(decide(&withdrawn, &[pays()], BLOCK, NOW, &RULES).setback, Some(Setback::Withdrawn));
}

#[test]
fn money_that_comes_too_late_or_for_nothing_goes_to_review() {
    let mined = |seconds| Candidate::Mined(Verdict::Pays(found(BLOCK, seconds)));
    let last_moment = u64::try_from(EXPIRES.0).unwrap() / 1000 + 600;
    let open = standing(OrderState::Open);
    let rows = [
        (open, last_moment, None),
        (open, last_moment + 1, Some(Setback::Late)),
        (standing(OrderState::Expired), last_moment, None),
        (standing(OrderState::Cancelled), 1_000_000, Some(Setback::Closed)),
        (Standing { withdrawn: true, ..open }, 1_000_000, Some(Setback::Withdrawn)),
        (Standing { bought: true, ..open }, 1_000_000, Some(Setback::PaidTwice)),
        // What was accepted once is not judged again.
        (Standing { withdrawn: true, ..standing(OrderState::Confirming) }, last_moment + 1, None),
        (Standing { bought: true, ..standing(OrderState::Paid) }, 1_000_000, None),
    ];
    for (standing, seconds, review) in rows {
        let decision = decide(&standing, &[mined(seconds)], BLOCK + 9, NOW, &RULES);
        assert_eq!(decision.review.first().map(|(_, setback)| *setback), review, "{standing:?}");
        assert_eq!(decision.accepted.is_none(), review.is_some());
        assert_eq!(decision.grant == Grant::Open, review.is_none());
    }
}

#[test]
fn an_order_that_gave_way_to_another_is_payable_no_more() {
    let orphaned = Standing { orphaned: true, superseded: true, ..standing(OrderState::Paid) };
    let lost = decide(&orphaned, &[Candidate::Replaced], BLOCK, NOW, &RULES);
    assert_eq!((lost.state, lost.grant), (OrderState::Expired, Grant::Suspend));
    let expired = Standing { superseded: true, ..standing(OrderState::Expired) };
    assert_eq!(decide(&expired, &[Candidate::Pending], BLOCK, NOW, &RULES).state, OrderState::Expired);
    // What was paid for it counts all the same.
    assert_eq!(decide(&expired, &[pays()], BLOCK + 1, NOW, &RULES).state, OrderState::Paid);
}

fn verdict() -> impl Strategy<Value = Candidate> {
    prop_oneof![
        (90_u64..110, 900_000_u64..1_100_000)
            .prop_map(|(block, time)| Candidate::Mined(Verdict::Pays(found(block, time)))),
        Just(Candidate::Pending),
        Just(Candidate::Replaced),
        Just(Candidate::Mined(Verdict::NotCanonical)),
        proptest::sample::select(Setback::ALL).prop_map(rejected),
    ]
}

proptest! {
    #[test]
    fn never_opens_without_a_payment_deep_enough(
        state in proptest::sample::select(OrderState::ALL),
        flags in any::<[bool; 4]>(),
        candidates in proptest::collection::vec(verdict(), 0..5),
        head in 90_u64..120,
        now in 0_i64..2_000_000_000,
        open_at in 1_u32..6,
    ) {
        let [orphaned, is_final, withdrawn, bought] = flags;
        let standing = Standing { orphaned, is_final, withdrawn, bought, ..standing(state) };
        let rules = Rules { open: Goal::Confirmations(open_at), ..RULES };
        let decision = decide(&standing, &candidates, head, Time(now), &rules);
        if decision.grant == Grant::Open {
            let accepted = decision.accepted.as_ref().expect("opened without a payment");
            let pays = Candidate::Mined(Verdict::Pays(accepted.clone()));
            prop_assert!(candidates.contains(&pays));
            let before = matches!(state, OrderState::Paid | OrderState::Confirming);
            prop_assert!(confirmations(accepted.block_number, head) >= open_at || (is_final && before));
            prop_assert_eq!(decision.state, OrderState::Paid);
        }
        if decision.state == OrderState::Paid && state != OrderState::Paid {
            prop_assert_eq!(decision.grant, Grant::Open);
        }
    }
}
