//! What the contract owes somebody who teaches nothing: a refund that their account could not take.

use academy::{
    Actor, Kind,
    accounts::GivenRole,
    checkout::{Payout, WalletCall},
    evm::Address,
    money::Wei,
};

use crate::support::{CHAIN_ID, MARKET, USDC, on_both_engines, person, refusal};

/// Another account of the payee's, as their wallet shows it (EIP-55).
const ELSEWHERE: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

fn credited() -> Wei {
    Wei::from_ether("0.02").unwrap()
}

/// What is owed in the coin by the market that sells.
fn owed(payout: &Payout) -> Wei {
    payout.tills[0].balances.as_ref().unwrap()[0].owed
}

/// The two words of the calldata of `withdraw(address token, address to)`, after its selector.
fn withdrawn(call: &WalletCall) -> (Address, Address) {
    let words = call.data.strip_prefix("0x").unwrap().get(8..).unwrap();
    assert_eq!(words.len(), 128);
    let address = |word: &str| format!("0x{}", &word[24..]).parse::<Address>().unwrap();
    (address(&words[..64]), address(&words[64..]))
}

on_both_engines! {
    async fn a_learner_sees_what_is_owed_and_takes_it_out(world: &World) {
        let checkout = world.academy.checkout();
        let learner = world.learner().await;
        let me = person(&learner).address;
        assert_eq!(owed(&checkout.payout(&learner).await.unwrap()), Wei::ZERO);
        world.chain.owe(me, Address::ZERO, credited());
        let payout = checkout.payout(&learner).await.unwrap();
        assert_eq!((owed(&payout), payout.payee.as_str()), (credited(), me.checksummed().as_str()));
        let call = checkout.payout_call(&learner, CHAIN_ID, MARKET, Address::ZERO, "").await.unwrap();
        assert_eq!((&call.from, &call.to, call.value.as_str()), (&me.checksummed(), &MARKET.checksummed(), "0x0"));
        assert_eq!(withdrawn(&call), (Address::ZERO, me));
    }

    async fn it_goes_where_its_payee_says(world: &World) {
        let checkout = world.academy.checkout();
        let learner = world.learner().await;
        let me = person(&learner).address;
        world.chain.owe(me, USDC, credited());
        let there: Address = ELSEWHERE.parse().unwrap();
        for (written, to) in [
            (ELSEWHERE.to_owned(), there),
            (format!("  {there}\n"), there),
            (me.checksummed(), me),
            (String::new(), me),
            (" ".to_owned(), me),
        ] {
            let call = checkout.payout_call(&learner, CHAIN_ID, MARKET, USDC, &written).await.unwrap();
            assert_eq!(withdrawn(&call), (USDC, to), "{written:?}");
            // Whoever it goes to, only the payee can send it there.
            assert_eq!(call.from, me.checksummed());
        }
    }

    async fn nobody_takes_out_what_is_anothers(world: &World) {
        let checkout = world.academy.checkout();
        let (payer, other) = (world.learner().await, world.teacher().await);
        world.chain.owe(person(&payer).address, Address::ZERO, credited());
        assert_eq!(owed(&checkout.payout(&other).await.unwrap()), Wei::ZERO);
        let taken = checkout.payout_call(&other, CHAIN_ID, MARKET, Address::ZERO, ELSEWHERE).await;
        assert_eq!(refusal(taken), (Kind::Conflict, "nothing_to_withdraw".to_owned()));
    }

    async fn a_visitor_signs_in_first(world: &World) {
        let checkout = world.academy.checkout();
        let visitor = Actor::Visitor;
        assert_eq!(refusal(checkout.payout(&visitor).await).0, Kind::SignInFirst);
        let own = checkout.payout_call(&visitor, CHAIN_ID, MARKET, Address::ZERO, "").await;
        assert_eq!(refusal(own).0, Kind::SignInFirst);
        // Before anything is said of what they wrote.
        for written in [ELSEWHERE, "0x12"] {
            let elsewhere = checkout.payout_call(&visitor, CHAIN_ID, MARKET, Address::ZERO, written).await;
            assert_eq!(refusal(elsewhere).0, Kind::SignInFirst);
        }
    }

    async fn a_receiver_that_cannot_be_right_is_refused(world: &World) {
        let checkout = world.academy.checkout();
        let learner = world.learner().await;
        world.chain.owe(person(&learner).address, Address::ZERO, credited());
        let mistyped = ELSEWHERE.replacen('A', "a", 1);
        let long = format!("{ELSEWHERE}0");
        let (zero, market, token) = (Address::ZERO.to_string(), MARKET.checksummed(), USDC.checksummed());
        let unreadable = ["0x12", "ada.eth", &ELSEWHERE[2..], long.as_str(), mistyped.as_str()];
        for written in unreadable.into_iter().chain([zero.as_str(), market.as_str(), token.as_str()]) {
            let refused = checkout.payout_call(&learner, CHAIN_ID, MARKET, Address::ZERO, written).await;
            let problem = refused.expect_err(written);
            assert_eq!((problem.kind, problem.fields.len()), (Kind::Invalid, 1), "{written}");
            assert_eq!(problem.fields[0].0, "to", "{written}");
        }
    }

    async fn who_teaches_no_more_is_still_paid(world: &World) {
        let accounts = world.academy.accounts();
        let signer = world.signer();
        let address = Address(signer.address().0.0);
        let mut actor = Actor::System;
        for given in [true, false] {
            let system = Actor::System;
            accounts.set_role_of_address(&system, address, GivenRole::Instructor, given, "test").await.unwrap();
            actor = world.sign_in(&signer).await;
            assert_eq!(person(&actor).instructor, given);
        }
        assert_eq!(refusal(world.academy.catalog().mine(&actor).await).0, Kind::Forbidden);
        world.chain.owe(address, Address::ZERO, credited());
        let checkout = world.academy.checkout();
        assert_eq!(owed(&checkout.payout(&actor).await.unwrap()), credited());
        let call = checkout.payout_call(&actor, CHAIN_ID, MARKET, Address::ZERO, "").await.unwrap();
        assert_eq!(withdrawn(&call), (Address::ZERO, address));
    }
}
