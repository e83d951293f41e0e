//! Receipts: every fact of a payment, for its buyer alone.

use academy::{
    Kind,
    chain::fake::FakeTransaction,
    checkout::Ruling,
    page::Filter,
    price::{Cents, Fiat},
};

use crate::support::{MARKET, TOLERANCE_MINUTES, TTL_MINUTES, USDC as TOKEN, on_both_engines, refusal};

on_both_engines! {
    async fn a_receipt_has_every_fact_of_the_payment(world: &World) {
        let checkout = world.academy.checkout();
        let (course, _, buyer) = world.sale_with_window(14).await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        assert_eq!(refusal(checkout.receipt(&buyer, order.id).await).1, "no_receipt");
        world.set_rate(2000);
        let until = u64::try_from(world.academy.now().0 / 1000).unwrap() + 86_400;
        let payment = world.held_payment(&course, &order, until);
        let block = world.chain.mine(vec![payment.clone()]);
        world.turn().await;
        // What it was worth then stays, whatever the coin does later.
        world.set_rate(4000);
        world.turn().await;
        let receipt = checkout.receipt(&buyer, order.id).await.unwrap();
        assert_eq!((receipt.transaction.hash, receipt.transaction.block), (payment.hash, Some(block)));
        assert_eq!((receipt.amount, receipt.quoted), (order.price, None));
        assert_eq!(receipt.worth, Some(Cents { currency: Fiat::Usd, amount: 4000 }));
        assert_eq!(receipt.paid_at, Some(world.academy.now()));
        assert_eq!((receipt.payer, receipt.beneficiary), (Some(order.beneficiary.clone()), order.beneficiary.clone()));
        assert_eq!((receipt.is_final, receipt.refund), (false, None));

        let back = world.transaction(academy::evm::Address([7; 20]), vec![world.refunded(&course, &order)]);
        world.chain.mine(vec![back.clone()]);
        world.turn().await;
        let receipt = checkout.receipt(&buyer, order.id).await.unwrap();
        assert_eq!(receipt.transaction.hash, payment.hash);
        assert_eq!(receipt.refund.map(|refund| refund.hash), Some(back.hash));
    }

    async fn what_it_was_worth_is_asked_again_until_it_is_known(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let payment = world.payment(&course, &order);
        let worth = async || checkout.receipt(&buyer, order.id).await.unwrap().worth;
        world.chain.mine(vec![payment.clone()]);
        world.turn().await;
        assert_eq!(worth().await, None, "there is no feed yet");
        // A reorg puts it elsewhere in its block, behind a stranger's event.
        world.chain.reorg(1);
        world.set_rate(2000);
        let stranger = world.transaction(MARKET, vec![world.refunded(&course, &order)]);
        world.chain.mine(vec![FakeTransaction { events: vec![(TOKEN, stranger.events[0].1.clone())], ..stranger }, payment]);
        world.turn().await;
        assert_eq!(worth().await, Some(Cents { currency: Fiat::Usd, amount: 4000 }));
        // Once it is final it stays as it is.
        world.chain.mine_empty(3);
        world.set_rate(4000);
        world.turn().await;
        assert_eq!(worth().await, Some(Cents { currency: Fiat::Usd, amount: 4000 }));
    }

    async fn what_was_accepted_late_is_told_at_the_rate_of_its_block(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        world.advance_minutes(TTL_MINUTES + TOLERANCE_MINUTES + 1);
        world.set_rate(2000);
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        // Days later the coin is worth twice as much.
        world.advance_minutes(3 * 24 * 60);
        world.chain.mine_empty(1);
        world.set_rate(4000);
        let admin = world.admin().await;
        let row = checkout.payments(&admin, &Filter::default()).await.unwrap().rows.remove(0);
        checkout.rule(&admin, row.id, Ruling::Accept, "").await.unwrap();
        let receipt = checkout.receipt(&buyer, order.id).await.unwrap();
        assert_eq!(receipt.worth, Some(Cents { currency: Fiat::Usd, amount: 4000 }));
    }

    async fn a_receipt_is_its_buyers_and_needs_no_rate(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        let receipt = checkout.receipt(&buyer, order.id).await.unwrap();
        assert_eq!(receipt.worth, None);
        assert_eq!(receipt.payer, Some(order.beneficiary), "whoever sent it, where the market does not say");
        assert_eq!(refusal(checkout.receipt(&world.learner().await, order.id).await).0, Kind::NotFound);
        checkout.receipt(&world.admin().await, order.id).await.unwrap();
    }
}
