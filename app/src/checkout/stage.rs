//! What the timeline shows for an order: pure, so that every state can be tested.

use academy::checkout::{Order, OrderState};

use crate::{
    ui::Tone,
    wallet::{link::Asking, notice::Notice},
};

/// The steps of paying, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Which wallet.
    Wallet,
    /// Who one is.
    SignIn,
    /// The payment.
    Pay,
    /// The network's confirmations.
    Confirm,
    /// The lessons.
    Open,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Wallet, Self::SignIn, Self::Pay, Self::Confirm, Self::Open];

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Wallet => "Choose wallet",
            Self::SignIn => "Sign in",
            Self::Pay => "Pay",
            Self::Confirm => "Confirmed on chain",
            Self::Open => "Open",
        }
    }
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Behind us.
    Done,
    /// Here.
    Now,
    /// Here, and something is in the way.
    Stuck,
    /// To come.
    Later,
}

impl Mark {
    /// The word in `data-mark`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Now => "now",
            Self::Stuck => "stuck",
            Self::Later => "later",
        }
    }

    /// The same for those who do not see it.
    pub fn spoken(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Now => "current step",
            Self::Stuck => "current step, needs attention",
            Self::Later => "to come",
        }
    }
}

/// What this page knows beside the order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Local {
    /// A wallet shows us an account.
    pub connected: bool,
    /// Its network is not the order's.
    pub wrong_network: bool,
    /// What it is being asked.
    pub asking: Option<Asking>,
    /// It sent the payment, and the site is being told.
    pub reporting: bool,
    /// The site did not answer last time.
    pub offline: bool,
    /// The site no longer knows who we are.
    pub signed_out: bool,
    /// What the last attempt came to.
    pub notice: Option<Notice>,
}

/// The step where things stand.
pub fn current(order: &Order, local: &Local) -> Step {
    match order.state {
        OrderState::Paid | OrderState::Refunded => Step::Open,
        OrderState::Submitted | OrderState::Confirming => Step::Confirm,
        _ if local.reporting => Step::Confirm,
        OrderState::Open if !local.connected && !order.is_awaited() => Step::Wallet,
        OrderState::Open | OrderState::Expired | OrderState::Cancelled => Step::Pay,
    }
}

/// How a step stands.
pub fn mark(step: Step, order: &Order, local: &Local) -> Mark {
    let here = current(order, local);
    // Nobody sees an order without being signed in.
    if step < here || step == Step::SignIn || order.state == OrderState::Paid {
        return Mark::Done;
    }
    if step > here {
        return Mark::Later;
    }
    match message(order, local, "").tone {
        Tone::Warning | Tone::Negative => Mark::Stuck,
        Tone::Plain | Tone::Accent | Tone::Positive => Mark::Now,
    }
}

/// The one message of the page: what happened, whether money moved, what to do. What this page
/// is doing comes before what the order says, and the way to the site before both.
pub fn message(order: &Order, local: &Local, network: &str) -> Notice {
    let say = |tone, code, text: &str| Notice::new(tone, code, text);
    if local.signed_out {
        return say(
            Tone::Warning,
            "signed_out",
            "You were signed out meanwhile. Your order and any payment are safe; sign in again to see where they stand.",
        );
    }
    if local.reporting {
        return if local.offline {
            say(
                Tone::Warning,
                "reporting_offline",
                "Your wallet took the payment, but this site can't be reached to be told. We keep trying. You can close this tab: the site finds the payment on the network by itself. Do not pay again.",
            )
        } else {
            say(Tone::Accent, "reporting", "Your wallet took the payment. Telling the site…")
        };
    }
    match local.asking {
        Some(Asking::Connect | Asking::Sign) => {
            return say(
                Tone::Accent,
                "connecting",
                "Your wallet asks which account this site may see. Choose one; open the wallet if its window does not show.",
            );
        }
        Some(Asking::Switch) => {
            return say(
                Tone::Accent,
                "switching",
                &format!("Your wallet asks whether to switch to {network}. Switching costs nothing."),
            );
        }
        Some(Asking::Allow) if local.notice.is_none() => {
            return say(
                Tone::Accent,
                "allowing",
                "Your wallet first asks whether the course market may take the price, and no more. The payment comes right after. Open the wallet if its window does not show.",
            );
        }
        Some(Asking::Send) => {
            return say(
                Tone::Accent,
                "asking",
                "Your wallet shows the payment. Approve or reject it there; open the wallet if its window does not show.",
            );
        }
        Some(Asking::Allow) | None => {}
    }
    if let Some(notice) = &local.notice {
        return notice.clone();
    }
    if local.offline {
        return say(
            Tone::Warning,
            "offline",
            "This site can't be reached right now. Your order and any payment are safe. We try again by ourselves.",
        );
    }
    of_order(order, local, network)
}

fn of_order(order: &Order, local: &Local, network: &str) -> Notice {
    let state = order.state;
    if order.chain_unreachable && matches!(state, OrderState::Submitted | OrderState::Confirming) {
        return Notice::new(
            Tone::Warning,
            "chain_unreachable",
            "We can't reach the network right now. Your payment is safe and nothing is lost; we are checking again. You can close this tab.",
        );
    }
    if order.is_awaited() {
        return Notice::new(
            Tone::Accent,
            "awaited",
            "Your wallet took the request and named no transaction yet: others may have to sign first, as with a Safe. The payment shows here by itself; you can close this tab. Do not pay again.",
        );
    }
    if let Some(told) = order.told.as_ref().filter(|_| state != OrderState::Paid) {
        let tone = if told.failed { Tone::Negative } else { Tone::Warning };
        return Notice::new(tone, told.word.clone(), told.text.clone());
    }
    match state {
        OrderState::Open if !local.connected => Notice::new(
            Tone::Plain,
            "choose_wallet",
            "Choose the wallet to pay with. Connecting only shows this site an account; it costs nothing and moves no money.",
        ),
        OrderState::Open if local.wrong_network => Notice::new(
            Tone::Warning,
            "wrong_network",
            format!(
                "Your wallet is on another network. This order is paid on {network}; switch to it first. Switching costs nothing."
            ),
        ),
        OrderState::Open => Notice::new(
            Tone::Plain,
            "ready",
            "Your wallet will show the price and the network fee (gas). Nothing is paid until you approve it there.",
        ),
        OrderState::Submitted if order.unknown => Notice::new(
            Tone::Warning,
            "unknown",
            "The network does not know your payment: others may have to sign it first, as with a Safe, or your wallet did not send it. It shows here by itself once it is there. Do not pay again while your wallet has it.",
        ),
        OrderState::Submitted if order.stuck => Notice::new(
            Tone::Warning,
            "stuck",
            "Your payment is still in no block: the network is busy, or its fee was set too low. Your wallet can speed it up or cancel it, and this page notices both. Do not pay again.",
        ),
        OrderState::Submitted => Notice::new(
            Tone::Accent,
            "submitted",
            "Payment sent. Waiting for the network to put it into a block. You can close this tab.",
        ),
        OrderState::Confirming => Notice::new(
            Tone::Accent,
            "confirming",
            match order.open_at {
                Some(goal) => format!(
                    "Your payment is on the network: {} of {goal} confirmations. You can close this tab.",
                    order.confirmations.min(goal),
                ),
                None => "Your payment is on the network. The course opens once the network vouches for its block; that takes some minutes. You can close this tab.".to_owned(),
            },
        ),
        // What came of a transaction is told above: this one may still be mined.
        OrderState::Expired | OrderState::Cancelled if order.transaction.is_some() => Notice::new(
            Tone::Warning,
            "expired_sent",
            "This order is closed. Its payment was sent, but is in no block yet: cancel it in your wallet first, so that you do not pay twice. Then get today's price to go on. You can also leave it: should it still be mined, a person looks at it, unless it opens the course.",
        ),
        OrderState::Expired if order.awaiting.is_some() => Notice::new(
            Tone::Warning,
            "expired_awaited",
            "This order is closed, and no payment came for it. If your wallet still has the request, reject it there first, so that you do not pay twice. Then get today's price to go on.",
        ),
        OrderState::Expired => Notice::new(
            Tone::Warning,
            "expired",
            "This order is closed: its price ran out, or another order of yours took its place. Nothing was bought with it. Get today's price to go on.",
        ),
        OrderState::Cancelled => Notice::new(
            Tone::Plain,
            "cancelled",
            "This order was given up. Nothing was paid for it. You can order again at today's price.",
        ),
        OrderState::Refunded => Notice::new(
            Tone::Plain,
            "refunded",
            "The contract gave the money back to the account that paid, and the course is closed. If that account could not take it, the contract keeps it: sign in with that account, and take it out under “Payout” in the account menu. You can buy the course again from its page.",
        ),
        OrderState::Paid => Notice::new(
            Tone::Positive,
            "open",
            if order.is_final {
                "Your payment is final and the course is open, for good."
            } else {
                "Your payment is confirmed and the course is open."
            },
        ),
    }
}

/// Whether to offer the order again: not while a person looks at money that came for this one.
pub fn may_order_again(order: &Order) -> bool {
    matches!(order.state, OrderState::Expired | OrderState::Cancelled)
        && !order.told.as_ref().is_some_and(|told| told.reviewed)
}

/// How long until the next look at the order, in milliseconds; `None` once nothing can change.
pub fn pause(order: &Order, failures: u32) -> Option<u32> {
    if failures > 0 {
        return Some((1000 << failures.min(5)).min(20_000));
    }
    match order.state {
        OrderState::Refunded if order.is_final => None,
        // What is final can still be given back.
        OrderState::Paid | OrderState::Refunded => Some(6000),
        _ if order.chain_unreachable => Some(4000),
        OrderState::Submitted | OrderState::Confirming => Some(1200),
        // It may be paid from another device.
        OrderState::Open => Some(4000),
        OrderState::Expired | OrderState::Cancelled if order.transaction.is_some() => Some(4000),
        // A late payment may still come in.
        OrderState::Expired | OrderState::Cancelled => Some(15_000),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use academy::{
        checkout::{Reference, Setback, Told, Transaction},
        evm::TxHash,
        ids::{OrderId, TierId},
        money::{Currency, Wei},
        time::Time,
    };

    use super::*;

    pub fn order(state: OrderState) -> Order {
        let nil = "00000000-0000-0000-0000-000000000000";
        Order {
            id: nil.parse::<OrderId>().unwrap(),
            course_slug: "course".to_owned(),
            course_title: "Course".to_owned(),
            tier: nil.parse::<TierId>().unwrap(),
            tier_name: "Full".to_owned(),
            price: Wei::from_ether("0.02").unwrap(),
            currency: Currency::coin("ETH"),
            chain_id: 31337,
            ways: Vec::new(),
            fiat: None,
            state,
            setback: None,
            told: None,
            awaiting: None,
            transaction: None,
            confirmations: 1,
            open_at: Some(2),
            final_at: Some(12),
            is_final: false,
            beneficiary: String::new(),
            created_at: Time(0),
            expires_at: Time(1),
            paid_at: None,
            chain_unreachable: false,
            stuck: false,
            unknown: false,
            first_lesson: None,
            refundable_until: None,
        }
    }

    pub fn held_up(setback: Setback, state: OrderState) -> Order {
        Order { setback: Some(setback), told: Some(Told::of(state, setback)), ..order(state) }
    }

    pub fn awaited() -> Order {
        Order { awaiting: Some(Reference::of("safe-tx-17")), ..order(OrderState::Open) }
    }

    /// With a transaction that nobody knows the end of.
    pub fn sent(state: OrderState) -> Order {
        let hash = TxHash([0x5a; 32]);
        Order {
            transaction: Some(Transaction { hash, block: None, block_hash: None, link: None }),
            ..order(state)
        }
    }

    fn connected() -> Local {
        Local { connected: true, ..Local::default() }
    }

    fn marks(order: &Order, local: &Local) -> Vec<&'static str> {
        Step::ALL.iter().map(|step| mark(*step, order, local).word()).collect()
    }

    #[test]
    fn goes_down_the_timeline() {
        let open = order(OrderState::Open);
        assert_eq!(marks(&open, &Local::default()), ["now", "done", "later", "later", "later"]);
        assert_eq!(marks(&open, &connected()), ["done", "done", "now", "later", "later"]);
        let reporting = Local { reporting: true, ..connected() };
        assert_eq!(marks(&open, &reporting), ["done", "done", "done", "now", "later"]);
        let submitted = order(OrderState::Submitted);
        assert_eq!(marks(&submitted, &Local::default()), ["done", "done", "done", "now", "later"]);
        assert_eq!(marks(&order(OrderState::Paid), &Local::default()), ["done"; 5]);
        let expired = order(OrderState::Expired);
        assert_eq!(marks(&expired, &Local::default()), ["done", "done", "stuck", "later", "later"]);
    }

    #[test]
    fn every_state_and_setback_has_its_own_message() {
        let mut seen = std::collections::HashSet::new();
        for state in OrderState::ALL {
            assert!(seen.insert(message(&order(*state), &connected(), "Anvil").text));
        }
        for setback in Setback::ALL {
            let order = held_up(*setback, OrderState::Open);
            let message = message(&order, &connected(), "Anvil");
            assert_eq!(message.code, setback.word());
            assert!(seen.insert(message.text));
        }
    }

    #[test]
    fn cases_17_and_18_what_the_wallet_took_is_waited_for_with_or_without_one() {
        for local in [Local::default(), connected(), Local { wrong_network: true, ..connected() }] {
            let said = message(&awaited(), &local, "Anvil");
            assert_eq!(said.code, "awaited");
            assert!(said.text.contains("Do not pay again") && said.text.contains("others may have to sign"));
            assert_eq!(marks(&awaited(), &local), ["done", "done", "now", "later", "later"]);
        }
        // Of an earlier attempt, whose text says to pay again.
        let again = Order { awaiting: awaited().awaiting, ..held_up(Setback::Reverted, OrderState::Open) };
        assert_eq!(message(&again, &connected(), "Anvil").code, "awaited");
        // It may have come all the same.
        for state in OrderState::ALL.iter().filter(|state| **state != OrderState::Open) {
            let order = Order { state: *state, ..awaited() };
            assert_ne!(message(&order, &connected(), "Anvil").code, "awaited", "{state:?}");
        }
    }

    #[test]
    fn case_17_a_request_that_outlives_its_price_is_to_be_rejected_first() {
        let order = Order { state: OrderState::Expired, ..awaited() };
        let said = message(&order, &Local::default(), "Anvil");
        assert_eq!(said.code, "expired_awaited");
        assert!(said.text.contains("reject"), "{}", said.text);
    }

    #[test]
    fn case_07_who_sent_a_payment_that_is_in_no_block_is_not_told_to_just_pay_again() {
        for named in [
            sent(OrderState::Expired),
            sent(OrderState::Cancelled),
            Order { awaiting: awaited().awaiting, ..sent(OrderState::Expired) },
        ] {
            let said = message(&named, &Local::default(), "Anvil");
            assert_eq!((said.code.as_ref(), said.tone), ("expired_sent", Tone::Warning));
            assert!(said.text.contains("cancel it in your wallet first"), "{}", said.text);
            assert!(!said.text.contains("othing was bought"), "{}", said.text);
        }
        // It is known to have come to nothing, or to be looked at.
        for setback in [Setback::Replaced, Setback::Late] {
            let over = Order {
                transaction: sent(OrderState::Expired).transaction,
                ..held_up(setback, OrderState::Expired)
            };
            assert_eq!(message(&over, &Local::default(), "Anvil").code, setback.word());
        }
        assert_eq!(message(&order(OrderState::Expired), &Local::default(), "Anvil").code, "expired");
    }

    #[test]
    fn case_17_what_no_node_ever_knew_is_not_told_to_be_sped_up() {
        let stuck = Order { stuck: true, ..order(OrderState::Submitted) };
        assert_eq!(message(&stuck, &Local::default(), "Anvil").code, "stuck");
        let said = message(&Order { unknown: true, ..stuck }, &Local::default(), "Anvil");
        assert_eq!((said.code.as_ref(), said.tone), ("unknown", Tone::Warning));
        assert!(
            said.text.contains("others may have to sign") && !said.text.contains("speed"),
            "{}",
            said.text
        );
    }

    #[test]
    fn case_26_an_order_whose_place_another_took_blames_not_only_its_price() {
        let said = message(&order(OrderState::Expired), &Local::default(), "Anvil");
        assert!(said.text.contains("or another order of yours took its place"), "{}", said.text);
        let awaited = Order { state: OrderState::Expired, ..awaited() };
        for order in [awaited, sent(OrderState::Expired)] {
            let said = message(&order, &Local::default(), "Anvil");
            assert!(!said.text.contains("price ran out"), "{}", said.text);
        }
    }

    #[test]
    fn says_what_this_page_does_before_what_the_order_says() {
        let order = held_up(Setback::Reverted, OrderState::Open);
        let code = |local: Local| message(&order, &local, "Anvil").code;
        assert_eq!(code(connected()), "reverted");
        assert_eq!(code(Local { asking: Some(Asking::Send), ..connected() }), "asking");
        let notice = Some(Notice::new(Tone::Plain, "rejected", "You declined."));
        let said = Local { notice, ..connected() };
        assert_eq!(code(said.clone()), "rejected");
        assert_eq!(code(Local { asking: Some(Asking::Send), ..said.clone() }), "asking");
        assert_eq!(code(Local { asking: Some(Asking::Allow), ..connected() }), "allowing");
        assert_eq!(code(Local { asking: Some(Asking::Allow), ..said }), "rejected");
        assert_eq!(code(Local { offline: true, ..connected() }), "offline");
        assert_eq!(code(Local { reporting: true, offline: true, ..connected() }), "reporting_offline");
    }

    #[test]
    fn advises_who_waits_for_a_block_for_long() {
        let stuck = Order { stuck: true, ..order(OrderState::Submitted) };
        let advice = message(&stuck, &connected(), "");
        assert_eq!((advice.code.as_ref(), advice.tone), ("stuck", Tone::Warning));
        assert!(advice.text.contains("speed it up") && advice.text.contains("Do not pay again"));
        assert_eq!(message(&order(OrderState::Submitted), &connected(), "").code, "submitted");
    }

    #[test]
    fn keeps_the_chain_apart_from_the_site() {
        let order = Order { chain_unreachable: true, ..order(OrderState::Submitted) };
        assert_eq!(message(&order, &connected(), "").code, "chain_unreachable");
        let offline = Local { offline: true, ..connected() };
        assert_eq!(message(&order, &offline, "").code, "offline");
    }

    #[test]
    fn says_when_the_network_must_vouch() {
        let waiting = Order { open_at: None, ..order(OrderState::Confirming) };
        assert!(message(&waiting, &connected(), "").text.contains("vouches for its block"));
    }

    #[test]
    fn counts_confirmations_up_to_the_goal() {
        let far = Order { confirmations: 9, ..order(OrderState::Confirming) };
        assert!(message(&far, &connected(), "").text.contains("2 of 2"));
    }

    #[test]
    fn asks_nobody_to_pay_again_whose_money_came_late() {
        assert!(may_order_again(&order(OrderState::Expired)));
        let late = held_up(Setback::Late, OrderState::Expired);
        assert!(!may_order_again(&late));
        assert_eq!(message(&late, &connected(), "").code, "late");
    }

    #[test]
    fn looks_again_until_nothing_can_change() {
        assert_eq!(pause(&Order { is_final: true, ..order(OrderState::Refunded) }, 0), None);
        assert!(pause(&Order { is_final: true, ..order(OrderState::Paid) }, 0).is_some(), "it can go back");
        for state in OrderState::ALL {
            assert!(pause(&order(*state), 0).is_some());
            assert!(pause(&order(*state), 40).is_some_and(|wait| wait <= 20_000));
        }
        assert!(pause(&order(OrderState::Submitted), 0) < pause(&order(OrderState::Submitted), 1));
    }
}
