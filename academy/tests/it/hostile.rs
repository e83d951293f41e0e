//! Anyone can list anything, and sell it under any order's id.

use academy::{chain::Event, checkout::OrderState, evm::Address};

use crate::support::{on_both_engines, person};

on_both_engines! {
    async fn what_strangers_buy_under_an_orders_id_keeps_nobody_waiting(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let stranger = person(&world.learner().await).address;
        let other = |listing: u64, stranger: Option<Address>| {
            let mut event = world.purchased(&course, &order);
            if let Event::CoursePurchased { number, beneficiary, .. } = &mut event {
                *number += listing;
                *beneficiary = stranger.unwrap_or(*beneficiary);
            }
            event
        };
        let bought = |count: u64| vec![other(count % 2, Some(stranger)), other(1, None)];
        let mut junk: Vec<_> = (0..30).map(|count| world.transaction(stranger, bought(count))).collect();
        let mut refund = world.refunded(&course, &order);
        if let Event::PurchaseRefunded { number, .. } = &mut refund {
            *number += 1;
        }
        junk.push(world.transaction(stranger, vec![refund]));
        world.chain.mine(junk);
        world.turn().await;
        let named = "SELECT (SELECT COUNT(*) FROM submissions) + (SELECT COUNT(*) FROM refunds)";
        assert_eq!(world.count(named).await, 0);
        let told = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((told.state, told.setback), (OrderState::Open, None));
        let waiting = "SELECT COUNT(*) FROM payments WHERE standing = 'review' AND setback IN ('other_course', 'other_beneficiary')";
        assert_eq!(world.count(waiting).await, 60, "money moved: a person may look");
        let payment = world.payment(&course, &order);
        let asked = world.chain.receipts_asked();
        world.chain.mine(vec![payment.clone()]);
        checkout.submit(&buyer, order.id, &payment.hash.to_string()).await.unwrap();
        assert_eq!(world.chain.receipts_asked() - asked, 1);
        assert!(world.can_read(&buyer, &course).await);
    }
}
