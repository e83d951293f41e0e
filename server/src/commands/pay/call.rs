//! What we sign to pay: a purchase of this order, for this account, at the price shown, on this chain.

use academy::{
    chain::{Call, read_purchase},
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
    /// The price that was shown.
    pub price: Wei,
}

/// The call, if it is what was shown.
pub fn check(call: &WalletCall, expected: &Expected) -> Result<Call, Stop> {
    let wrong = |what: String| {
        Stop::refused(format!("{what}; nothing was signed. Report this to whoever runs the site"))
    };
    let quantity = |text: &str| U256::from_str_radix(text.strip_prefix("0x").unwrap_or("?"), 16).ok();
    let Some(read) = (|| {
        let to: Address = call.to.parse().ok()?;
        let data = hex::decode(&call.data).ok()?;
        Some((to, data, Wei::new(quantity(&call.value)?), quantity(&call.chain_id)?))
    })() else {
        return wrong("the site asks to send something that is no call".to_owned());
    };
    let (to, data, value, chain_id) = read;
    if chain_id != U256::from(expected.chain_id) {
        return wrong(format!(
            "the site asks to pay on chain {chain_id}, and the node serves {}",
            expected.chain_id
        ));
    }
    if call.from.parse() != Ok(expected.account) {
        return wrong("the site asks to pay from another account".to_owned());
    }
    if value != expected.price {
        return wrong(format!(
            "the site asks to send {}, and showed a price of {}",
            value.to_ether(),
            expected.price.to_ether()
        ));
    }
    let Some(bought) = read_purchase(&data) else {
        return wrong("the site asks to send a call that is no purchase known to this version".to_owned());
    };
    if bought.beneficiary != expected.account {
        return wrong(format!("the purchase would be for {}", bought.beneficiary.checksummed()));
    }
    let mut order = [0; 32];
    order[..16].copy_from_slice(expected.order.id.0.as_bytes());
    if bought.order != order || bought.tier != expected.tier {
        return wrong("the purchase would be of another order or tier".to_owned());
    }
    if bought.quoted.is_some_and(|quoted| quoted != value) {
        return wrong("the purchase names another price than it sends".to_owned());
    }
    Ok(Call { to, data, value })
}

#[cfg(test)]
mod tests {
    use academy::{
        chain::{Terms, purchase_call, purchase_quoted_call, withdraw_call},
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
            transaction: None,
            confirmations: 0,
            fiat: None,
            stuck: false,
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
        let order = order();
        check(call, &Expected { order: &order, account: ME, chain_id: 31337, tier: 2, price: price() })
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
}
