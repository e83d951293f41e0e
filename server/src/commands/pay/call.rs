//! What we sign to pay: a purchase of this order, for this account, at the price shown, on this chain.

use academy::{
    chain::{Call, read_approval, read_purchase},
    checkout::{Order, WalletCall},
    evm::Address,
    money::Wei,
};
use alloy::{hex, primitives::U256};

use super::stop::Stop;

/// What the call must agree with.
pub struct Expected<'a> {
    /// The order that it pays.
    pub order: &'a Order,
    /// Our account.
    pub account: Address,
    /// The chain that the node serves.
    pub chain_id: u64,
    /// The tier's number on the chain.
    pub tier: u8,
    /// The price that was shown, in the order's currency.
    pub price: Wei,
}

/// What is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What lets the market take the price, and no more.
    pub approvals: Vec<Call>,
    /// What pays.
    pub purchase: Call,
}

fn wrong<T>(what: &str) -> Result<T, Stop> {
    Stop::refused(format!("{what}; nothing was signed. Report this to whoever runs the site"))
}

/// The calls, if they are what was shown: a purchase, and for a token perhaps the approvals before it.
pub fn check_all(calls: &[WalletCall], expected: &Expected) -> Result<Plan, Stop> {
    let Some((last, before)) = calls.split_last() else {
        return wrong("the site asks to send nothing");
    };
    let purchase = check(last, expected)?;
    let token = expected.order.currency.token;
    let mut approvals = Vec::new();
    for asked in before {
        let call = read(asked, expected)?;
        let approved = read_approval(&call.data).filter(|_| token != Address::ZERO && call.to == token);
        let Some((spender, amount)) = approved else {
            return wrong("the site asks for a call beside the purchase that is no approval of the token");
        };
        if spender != purchase.to || !(amount.is_zero() || amount == expected.price) || !call.value.is_zero()
        {
            return wrong("the site asks to approve something else than the price, to the market");
        }
        approvals.push(call);
    }
    Ok(Plan { approvals, purchase })
}

/// A call on this chain, from this account.
fn read(call: &WalletCall, expected: &Expected) -> Result<Call, Stop> {
    let quantity = |text: &str| U256::from_str_radix(text.strip_prefix("0x").unwrap_or("?"), 16).ok();
    let Some(read) = (|| {
        let to: Address = call.to.parse().ok()?;
        let data = hex::decode(&call.data).ok()?;
        Some((to, data, Wei::new(quantity(&call.value)?), quantity(&call.chain_id)?))
    })() else {
        return wrong("the site asks to send something that is no call");
    };
    let (to, data, value, chain_id) = read;
    if chain_id != U256::from(expected.chain_id) {
        return wrong(&format!(
            "the site asks to pay on chain {chain_id}, and the node serves {}",
            expected.chain_id
        ));
    }
    if call.from.parse() != Ok(expected.account) {
        return wrong("the site asks to pay from another account");
    }
    Ok(Call { to, data, value })
}

/// The purchase, if it is what was shown.
fn check(call: &WalletCall, expected: &Expected) -> Result<Call, Stop> {
    let call = read(call, expected)?;
    let currency = &expected.order.currency;
    let coins = if currency.token == Address::ZERO { expected.price } else { Wei::ZERO };
    if call.value != coins {
        return wrong(&format!(
            "the site asks to send {} coins, and showed a price of {}",
            call.value.to_ether(),
            currency.short(expected.price)
        ));
    }
    let Some(bought) = read_purchase(&call.data) else {
        return wrong("the site asks to send a call that is no purchase known to this version");
    };
    if bought.token != currency.token {
        return wrong("the purchase would be paid in something else");
    }
    if bought.beneficiary != expected.account {
        return wrong(&format!("the purchase would be for {}", bought.beneficiary.checksummed()));
    }
    let mut order = [0; 32];
    order[..16].copy_from_slice(expected.order.id.0.as_bytes());
    if bought.order != order || bought.tier != expected.tier {
        return wrong("the purchase would be of another order or tier");
    }
    if bought.quoted.is_some_and(|quoted| quoted != expected.price) {
        return wrong("the purchase names another price than was shown");
    }
    Ok(call)
}

#[cfg(test)]
mod tests {
    use academy::{
        chain::{
            Terms, approve_call, purchase_call, purchase_for_tokens_call, purchase_quoted_call, withdraw_call,
        },
        checkout::OrderState,
        ids::{OrderId, TierId},
        money::Currency,
        time::Time,
    };

    use super::*;

    const ME: Address = Address([3; 20]);
    const MARKET: Address = Address([9; 20]);

    fn order() -> Order {
        Order {
            id: "00112233-4455-6677-8899-aabbccddeeff".parse::<OrderId>().unwrap(),
            course_slug: "course".to_owned(),
            course_title: "Course".to_owned(),
            tier: "00000000-0000-0000-0000-000000000000".parse::<TierId>().unwrap(),
            tier_name: "Full".to_owned(),
            price: price(),
            currency: Currency::coin("ETH"),
            chain_id: 31337,
            ways: Vec::new(),
            state: OrderState::Open,
            setback: None,
            told: None,
            awaiting: None,
            transaction: None,
            confirmations: 0,
            fiat: None,
            stuck: false,
            unknown: false,
            open_at: Some(1),
            final_at: Some(12),
            is_final: false,
            beneficiary: ME.checksummed(),
            created_at: Time(0),
            expires_at: Time(1),
            paid_at: None,
            chain_unreachable: false,
            first_lesson: None,
            refundable_until: None,
        }
    }

    fn price() -> Wei {
        Wei::from_ether("0.02").unwrap()
    }

    fn terms() -> Terms {
        let mut id = [0; 32];
        id[..16].copy_from_slice(order().id.0.as_bytes());
        let token = Address::ZERO;
        Terms { order: id, number: 7, tier: 2, beneficiary: ME, token, amount: price(), deadline: 9 }
    }

    fn ours() -> Call {
        purchase_call(MARKET, &terms())
    }

    fn to_wallet(call: &Call) -> WalletCall {
        WalletCall {
            chain_id: "0x7a69".to_owned(),
            from: ME.checksummed(),
            to: call.to.checksummed(),
            data: hex::encode_prefixed(&call.data),
            value: format!("{:#x}", call.value.get()),
        }
    }

    fn check_call(call: &WalletCall) -> Result<Call, Stop> {
        Ok(check_calls(&order(), std::slice::from_ref(call))?.purchase)
    }

    fn check_calls(order: &Order, calls: &[WalletCall]) -> Result<Plan, Stop> {
        check_all(calls, &Expected { order, account: ME, chain_id: 31337, tier: 2, price: price() })
    }

    #[test]
    fn takes_the_purchase_that_was_shown() {
        assert_eq!(check_call(&to_wallet(&ours())), Ok(ours()));
    }

    #[test]
    fn signs_nothing_else() {
        let fine = || to_wallet(&ours());
        let with = |terms: Terms| to_wallet(&purchase_call(MARKET, &terms));
        let quoted = |amount| purchase_quoted_call(MARKET, &Terms { amount, ..terms() }, vec![1; 65]);
        assert!(check_call(&to_wallet(&quoted(price()))).is_ok());
        let dearer = Wei::new(price().get() + U256::from(1));
        let wrong = [
            ("another chain", WalletCall { chain_id: "0x1".to_owned(), ..fine() }),
            ("no chain", WalletCall { chain_id: "31337".to_owned(), ..fine() }),
            ("another payer", WalletCall { from: MARKET.checksummed(), ..fine() }),
            ("one wei more", WalletCall { value: format!("{:#x}", dearer.get()), ..fine() }),
            ("less", WalletCall { value: "0x1".to_owned(), ..fine() }),
            ("no recipient", WalletCall { to: String::new(), ..fine() }),
            ("no call", WalletCall { data: "0x".to_owned(), ..fine() }),
            ("another beneficiary", with(Terms { beneficiary: MARKET, ..terms() })),
            ("another tier", with(Terms { tier: 1, ..terms() })),
            ("another order", with(Terms { order: [1; 32], ..terms() })),
            ("another quote", WalletCall { data: to_wallet(&quoted(dearer)).data, ..fine() }),
            (
                "another call",
                WalletCall { data: to_wallet(&withdraw_call(MARKET, ME, Address::ZERO)).data, ..fine() },
            ),
        ];
        for (what, call) in wrong {
            let stop = check_call(&call).unwrap_err();
            assert!(stop.to_string().contains("nothing was signed"), "{what}: {stop}");
        }
    }

    #[test]
    fn approves_the_price_to_the_market_and_nothing_else() {
        let token = Address([8; 20]);
        let order = Order { currency: Currency { token, symbol: "USDC".to_owned(), decimals: 6 }, ..order() };
        let buys =
            |token| to_wallet(&purchase_for_tokens_call(MARKET, &Terms { token, ..terms() }, vec![1; 65]));
        let approve = |token, spender, amount| to_wallet(&approve_call(token, spender, amount));
        let fine = [approve(token, MARKET, Wei::ZERO), approve(token, MARKET, price()), buys(token)];
        let plan = check_calls(&order, &fine).unwrap();
        assert_eq!((plan.approvals.len(), plan.purchase.to, plan.purchase.value), (2, MARKET, Wei::ZERO));
        assert!(check_calls(&order, &fine[2..]).unwrap().approvals.is_empty());
        let dearer = Wei::new(price().get() + U256::from(1));
        let with_coins = WalletCall { value: "0x1".to_owned(), ..fine[1].clone() };
        for (what, calls) in [
            ("to somebody else", vec![approve(token, ME, price()), buys(token)]),
            ("more than the price", vec![approve(token, MARKET, dearer), buys(token)]),
            ("another token", vec![approve(ME, MARKET, price()), buys(token)]),
            ("coins beside it", vec![with_coins, buys(token)]),
            ("paid in another token", vec![buys(ME)]),
            ("paid in the coin", vec![to_wallet(&ours())]),
            ("two purchases", vec![buys(token), buys(token)]),
            ("no purchase", vec![approve(token, MARKET, price())]),
            ("nothing", vec![]),
        ] {
            let stop = check_calls(&order, &calls).unwrap_err();
            assert!(stop.to_string().contains("nothing was signed"), "{what}: {stop}");
        }
        let coins = [approve(token, MARKET, price()), to_wallet(&ours())];
        assert!(check_calls(&self::order(), &coins).is_err(), "nothing is approved to pay in the coin");
    }
}
