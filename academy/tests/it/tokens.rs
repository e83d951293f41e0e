//! Orders that are paid in tokens: what is signed, what is sent, and what comes in.

use academy::{
    Kind,
    catalog::TierForm,
    chain::{Call, Consent, Event, Terms, TokenAccount, approve_call, purchase_for_tokens_call},
    checkout::{Order, OrderState, PayBy, Payment},
    evm::Address,
    money::Wei,
    page::Filter,
    price::Cents,
};
use alloy::{
    primitives::{B256, U256},
    signers::{SignerSync, local::PrivateKeySigner},
};

use crate::support::{
    CHAIN_ID, DAI, MARKET, QUOTE_MINUTES, TestCourse, USDC, USDT, World, on_both_engines, person, quotes,
    reference, refusal, tier_form, token,
};

fn units(figure: &str, decimals: u8) -> Wei {
    Wei::parse_figure(figure, decimals).unwrap()
}

/// What the contract is to be asked for the order.
fn terms(course: &TestCourse, order: &Order) -> Terms {
    Terms {
        order: reference(&order.id),
        number: course.number,
        tier: 0,
        beneficiary: order.beneficiary.parse().unwrap(),
        token: order.currency.token,
        amount: order.price,
        deadline: u64::try_from(order.expires_at.0 / 1000).unwrap(),
    }
}

fn quote(terms: &Terms) -> Vec<u8> {
    quotes().key.sign(CHAIN_ID, MARKET, terms).unwrap()
}

fn same(payment: &Payment, calls: &[Call]) -> bool {
    payment.sign.is_none()
        && payment.calls.len() == calls.len()
        && payment.calls.iter().zip(calls).all(|(asked, call)| {
            (asked.to.parse(), asked.value.as_str(), asked.data.as_str())
                == (Ok(call.to), "0x0", alloy::hex::encode_prefixed(&call.data).as_str())
        })
}

fn give(world: &World, token: Address, owner: &PrivateKeySigner, balance: Wei, allowance: Wei) {
    world.chain.give_tokens(token, Address(owner.address().0.0), TokenAccount { balance, allowance });
}

on_both_engines! {
    async fn a_price_in_a_token_is_paid_with_one_signature_and_one_transaction(world: &World) {
        let (checkout, payer, stranger) = (world.academy.checkout(), world.signer(), world.signer());
        for (address, decimals) in [(USDC, 6), (DAI, 18)] {
            let (course, teacher, _) = world.sale_in(&format!("{address}/{decimals}"), "49.5").await;
            let buyer = world.sign_in(&payer).await;
            let order = checkout.open(&buyer, course.tier).await.unwrap();
            assert_eq!((order.price, &order.currency), (units("49.5", decimals), &token(address).currency));
            assert_eq!((order.fiat, order.ways.len()), (None, 0));
            assert_eq!(order.expires_at, world.academy.now().plus_minutes(QUOTE_MINUTES));

            give(world, address, &payer, order.price, Wei::ZERO);
            world.chain.set_permit_nonce(address, person(&buyer).address, U256::from(7));
            let me = person(&buyer).address;
            let asked = checkout.payment(&buyer, order.id, me, &PayBy::Best).await.unwrap();
            assert!(asked.calls.is_empty(), "nothing is sent before it is signed");
            let (terms, domain) = (terms(&course, &order), token(address).domain.unwrap());
            let consent = Consent {
                domain: &domain, chain_id: CHAIN_ID, market: MARKET, payer: me, terms: &terms, nonce: U256::from(7),
            };
            assert_eq!(asked.sign, Some(consent.typed_data()));

            let signed = |key: &PrivateKeySigner| {
                let signature = key.sign_hash_sync(&B256::from(consent.digest())).unwrap();
                PayBy::Signature(signature.to_string())
            };
            let by = signed(&payer);
            let payment = checkout.payment(&buyer, order.id, me, &by).await.unwrap();
            let PayBy::Signature(signature) = &by else { unreachable!() };
            let call = consent.purchase_call(quote(&terms), &alloy::hex::decode(signature).unwrap()).unwrap();
            assert!(same(&payment, &[call]));
            for by in [signed(&stranger), PayBy::Signature("0x12".to_owned()), PayBy::Signature(String::new())] {
                let refused = checkout.payment(&buyer, order.id, me, &by).await;
                assert_eq!(refusal(refused), (Kind::Conflict, "other_signature".to_owned()));
            }

            world.chain.mine(vec![world.payment(&course, &order)]);
            world.turn().await;
            assert!(world.can_read(&buyer, &course).await);
            let sales = checkout.sales(&teacher, course.id, &Filter::default()).await.unwrap();
            assert_eq!(sales.count, 1);
            assert_eq!((&sales.earned[0].currency, sales.earned[0].total), (&order.currency, order.price));
            let receipt = checkout.receipt(&buyer, order.id).await.unwrap();
            assert_eq!((receipt.amount, receipt.currency), (order.price, order.currency));
        }
    }

    async fn a_token_without_signatures_is_approved_first(world: &World) {
        let (checkout, payer) = (world.academy.checkout(), world.signer());
        let (course, _, _) = world.sale_in(&format!("{USDT}/6"), "49").await;
        let buyer = world.sign_in(&payer).await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let (terms, price, me) = (terms(&course, &order), order.price, person(&buyer).address);
        let purchase = purchase_for_tokens_call(MARKET, &terms, quote(&terms));
        let approve = |amount| approve_call(USDT, MARKET, amount);
        give(world, USDT, &payer, price, Wei::ZERO);
        let payment = checkout.payment(&buyer, order.id, me, &PayBy::Best).await.unwrap();
        assert!(same(&payment, &[approve(price), purchase.clone()]));
        // Some tokens change an allowance from and to nothing only.
        give(world, USDT, &payer, price, Wei::new(U256::from(1)));
        let payment = checkout.payment(&buyer, order.id, me, &PayBy::Approval).await.unwrap();
        assert!(same(&payment, &[approve(Wei::ZERO), approve(price), purchase.clone()]));
        give(world, USDT, &payer, price, price);
        for by in [PayBy::Best, PayBy::Approval] {
            assert!(same(&checkout.payment(&buyer, order.id, me, &by).await.unwrap(), std::slice::from_ref(&purchase)));
        }
        let signed = PayBy::Signature(format!("0x{}", "11".repeat(65)));
        assert_eq!(refusal(checkout.payment(&buyer, order.id, me, &signed).await).1, "other_signature");
    }

    async fn a_wallet_that_can_not_sign_approves(world: &World) {
        let (checkout, payer) = (world.academy.checkout(), world.signer());
        let (course, _, _) = world.sale_in(&format!("{USDC}/6"), "49").await;
        let buyer = world.sign_in(&payer).await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        give(world, USDC, &payer, order.price, Wei::ZERO);
        let me = person(&buyer).address;
        let payment = checkout.payment(&buyer, order.id, me, &PayBy::Approval).await.unwrap();
        let terms = terms(&course, &order);
        let calls = [approve_call(USDC, MARKET, order.price), purchase_for_tokens_call(MARKET, &terms, quote(&terms))];
        assert!(same(&payment, &calls));
    }

    async fn who_has_too_little_is_asked_for_nothing(world: &World) {
        let (checkout, payer) = (world.academy.checkout(), world.signer());
        let (course, _, _) = world.sale_in(&format!("{USDC}/6"), "49").await;
        let buyer = world.sign_in(&payer).await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        give(world, USDC, &payer, units("48.999999", 6), order.price);
        let me = person(&buyer).address;
        let refused = checkout.payment(&buyer, order.id, me, &PayBy::Best).await.unwrap_err();
        assert_eq!((refused.kind, refused.code.as_str()), (Kind::Conflict, "too_few_tokens"));
        assert!(refused.message.contains("48.9999\u{a0}USDC") && refused.message.contains("49\u{a0}USDC"), "{refused}");
    }

    async fn a_price_in_dollars_is_paid_in_what_the_buyer_chooses(world: &World) {
        let checkout = world.academy.checkout();
        let (course, _, buyer) = world.sale_by_quote("50").await;
        world.set_rate(2000);
        let coin = checkout.open(&buyer, course.tier).await.unwrap();
        assert_eq!((coin.price.to_ether().as_str(), coin.currency.token), ("0.025", Address::ZERO));
        assert_eq!(coin.ways.iter().map(|way| &way.currency).collect::<Vec<_>>(), [&token(USDC).currency]);
        let order = checkout.open_in(&buyer, course.tier, Some(USDC)).await.unwrap();
        assert_eq!((order.price, order.fiat), (units("50", 6), coin.fiat));
        assert_eq!(order.ways.iter().map(|way| way.currency.token).collect::<Vec<_>>(), [Address::ZERO]);
        assert_eq!(checkout.order(&buyer, coin.id).await.unwrap().state, OrderState::Expired);
        assert_eq!(checkout.open_in(&buyer, course.tier, Some(USDC)).await.unwrap(), order, "the same again");
        // There is no feed for these two.
        for other in [DAI, USDT, MARKET] {
            assert_eq!(refusal(checkout.open_in(&buyer, course.tier, Some(other)).await).1, "not_for_sale");
        }
        world.chain.mine(vec![world.payment(&course, &order)]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
        let receipt = checkout.receipt(&buyer, order.id).await.unwrap();
        assert_eq!(receipt.quoted, Some(Cents { amount: 5000, ..order.fiat.unwrap() }));
    }

    async fn case_13_too_little_or_another_token_opens_nothing_and_is_reviewed(world: &World) {
        let checkout = world.academy.checkout();
        let admin = world.admin().await;
        let (course, _, buyer) = world.sale_in(&format!("{USDC}/6"), "49").await;
        let order = checkout.open(&buyer, course.tier).await.unwrap();
        let paid = |token: Address, amount: Wei| {
            let Event::CoursePurchased { order, beneficiary, number, tier, .. } = world.purchased(&course, &order) else {
                unreachable!()
            };
            world.transaction(beneficiary, vec![Event::CoursePurchased { order, beneficiary, number, tier, token, amount }])
        };
        world.chain.mine(vec![
            paid(USDC, units("48.999999", 6)),
            // A worthless token in the same number, and the coin in the same number of wei.
            paid(Address([0x66; 20]), order.price),
            paid(Address::ZERO, order.price),
        ]);
        world.turn().await;
        assert!(!world.can_read(&buyer, &course).await);
        let queue = checkout.payments(&admin, &Filter { state: "review".to_owned(), ..Filter::default() }).await.unwrap();
        let mut seen: Vec<_> = queue.rows.iter().map(|row| (row.currency.symbol.as_str(), row.due.clone().map(|due| (due.price, due.currency)))).collect();
        seen.sort_by_key(|(symbol, _)| (*symbol).to_owned());
        let due = Some((order.price, order.currency.clone()));
        assert_eq!(seen, [("ETH", due.clone()), ("USDC", due.clone()), ("units of 0x6666…6666", due)]);
        // The order is still open, and the right payment opens it.
        world.chain.mine(vec![paid(USDC, order.price)]);
        world.turn().await;
        assert!(world.can_read(&buyer, &course).await);
    }

    async fn what_the_contract_has_for_a_teacher_is_told_by_currency(world: &World) {
        let checkout = world.academy.checkout();
        let teacher = world.teacher().await;
        let me = person(&teacher).address;
        world.chain.owe(me, USDC, units("12", 6));
        world.chain.hold(me, DAI, units("3", 18));
        let payout = checkout.payout(&teacher).await.unwrap();
        let told = |symbol: &str| {
            let balance = payout.tills[0].balances.iter().flatten().find(|balance| balance.currency.symbol == symbol).unwrap();
            (balance.owed, balance.held)
        };
        assert_eq!(payout.tills[0].balances.as_ref().unwrap()[0].currency.token, Address::ZERO, "the coin comes first");
        assert_eq!(told("USDC"), (units("12", 6), Wei::ZERO));
        assert_eq!(told("DAI"), (Wei::ZERO, units("3", 18)));
        assert_eq!(refusal(checkout.payout_call(&teacher, CHAIN_ID, MARKET, DAI, "").await).1, "nothing_to_withdraw");
        assert!(checkout.payout_call(&teacher, CHAIN_ID, MARKET, USDC, "").await.unwrap().data.contains(&USDC.to_string()[2..]));
        let out = Event::PayoutWithdrawn { payee: me, token: USDC, amount: units("12", 6) };
        world.chain.mine(vec![world.transaction(me, vec![out])]);
        world.turn().await;
        let history = checkout.payout(&teacher).await.unwrap().history;
        assert_eq!((history[0].amount, &history[0].currency), (units("12", 6), &token(USDC).currency));
    }

    async fn only_tokens_that_the_site_sells_for_can_be_priced_in(world: &World) {
        let catalog = world.academy.catalog();
        let teacher = world.teacher().await;
        let course = world.draft(&teacher).await;
        for unit in ["USDC", "0x1111111111111111111111111111111111111111/6", &format!("{USDC}/18")] {
            let form = TierForm { currency: unit.to_owned(), ..tier_form("5", 1) };
            let refused = catalog.add_tier(&teacher, course.id, &form).await.unwrap_err();
            assert_eq!(refused.fields[0].0, "currency", "{unit}");
        }
        let fine = TierForm { currency: format!("{USDC}/6"), ..tier_form("5.0000001", 1) };
        assert_eq!(catalog.add_tier(&teacher, course.id, &fine).await.unwrap_err().fields[0].0, "price");
    }
}
