//! What the market would refuse is refused before a wallet is asked for anything.

use academy::{
    chain::ChainError,
    checkout::{OrderState, PayBy, Ruling, Setback, Standing},
    evm::Address,
    page::Filter,
};

use crate::support::{TOLERANCE_MINUTES, TTL_MINUTES, USDC, on_both_engines, person, refusal, wallet_call};

on_both_engines! {
    async fn a_paused_market_sells_nothing(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        world.chain.pause(true);
        assert_eq!(refusal(wallet_call(&checkout, &buyer, order.id).await).1, "paused");
        // Whom nobody can ask stops nobody: the contract itself decides.
        world.chain.fail_with(Some(ChainError::Unavailable("down".to_owned())));
        wallet_call(&checkout, &buyer, order.id).await.unwrap();
        world.chain.fail_with(None);
        world.chain.pause(false);
        wallet_call(&checkout, &buyer, order.id).await.unwrap();
    }

    async fn a_token_that_the_market_takes_no_more_is_not_asked_for(world: &World) {
        let checkout = world.academy.checkout();
        let (course, _, buyer) = world.sale_by_quote("50").await;
        world.set_rate(2000);
        let order = checkout.open_in(&buyer, course.tier, Some(USDC)).await.unwrap();
        world.chain.forbid_token(USDC);
        let payer = person(&buyer).address;
        let asked = checkout.payment(&buyer, order.id, payer, &PayBy::Approval).await;
        assert_eq!(refusal(asked).1, "not_taken", "an approval would cost its fee");
        let coin = checkout.open_in(&buyer, course.tier, Some(Address::ZERO)).await.unwrap();
        wallet_call(&checkout, &buyer, coin.id).await.unwrap();
    }

    async fn case_26_nobody_is_asked_to_pay_for_what_the_contract_sold_them_already(world: &World) {
        let checkout = world.academy.checkout();
        let (course, buyer) = world.sale().await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        world.advance_minutes(TTL_MINUTES + TOLERANCE_MINUTES + 1);
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        let late = checkout.order(&buyer, order.id).await.unwrap();
        assert_eq!((late.state, late.setback), (OrderState::Expired, Some(Setback::Late)));
        // The pass is theirs, and a second purchase of it would be refused.
        let again = checkout.open(&buyer, course.tier).await.unwrap();
        assert_eq!(refusal(wallet_call(&checkout, &buyer, again.id).await).1, "has_pass");
        let admin = world.admin().await;
        let row = checkout.payments(&admin, &Filter::default()).await.unwrap().rows.remove(0);
        assert_eq!(row.standing, Standing::Review);
        checkout.rule(&admin, row.id, Ruling::Accept, "").await.unwrap();
        assert!(world.can_read(&buyer, &course).await);
        // Nobody else is held up by it.
        let other = world.learner().await;
        let theirs = checkout.open(&other, course.tier).await.unwrap();
        wallet_call(&checkout, &other, theirs.id).await.unwrap();
    }
}
