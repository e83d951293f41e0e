//! What the market says.

use academy::{
    chain::{Event, Hold},
    evm::Address,
    money::Wei,
};

use crate::{
    book::Purchase,
    history::RELAY,
    oracle::Order,
    world::{MARKET, TOKEN, is_returnable},
};

impl Purchase {
    pub fn event(&self) -> Event {
        Event::CoursePurchased {
            order: self.order,
            beneficiary: self.beneficiary,
            number: self.listing,
            tier: self.tier,
            token: self.token,
            amount: self.amount,
        }
    }
}

/// All that the market says when it sells, and the token that it sells for: what it holds for a while comes after.
pub fn sale(purchase: Event, payer: Address) -> Vec<(Address, Event)> {
    let mut events = Vec::new();
    if let Event::CoursePurchased { order, number, .. } = &purchase
        && is_returnable(*number)
    {
        let hold = Hold { payee: RELAY, payer, fee: Wei::ZERO, until: 0 };
        events.push((MARKET, Event::PurchaseHeld { order: *order, hold }));
    }
    if let Event::CoursePurchased { token, amount, .. } = &purchase
        && *token == TOKEN
    {
        events.push((TOKEN, Event::Transferred { from: payer, to: MARKET, amount: *amount }));
    }
    events.insert(0, (MARKET, purchase));
    events
}

/// What the market says when a purchase is given back.
pub fn refund(purchase: &Event) -> Event {
    let Event::CoursePurchased { order, beneficiary, number, tier, token, amount } = *purchase else {
        unreachable!("a purchase is one")
    };
    Event::PurchaseRefunded { order, beneficiary, number, tier, token, amount }
}

/// What the market says when an order is paid for.
pub fn purchase(order: &Order) -> Event {
    Event::CoursePurchased {
        order: order.reference,
        beneficiary: order.beneficiary,
        number: order.listing,
        tier: order.tier.number,
        token: order.token,
        amount: order.price,
    }
}
