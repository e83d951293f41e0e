//! How the checkout looks, as HTML text: a state in, the parts of the page out.

use academy::checkout::{ChainInfo, Order, OrderState};

use super::stage::{Local, Mark, Step, current, mark, may_order_again, message};
use crate::wallet::{html::Html, link::State, text};

/// What is drawn: the order, and what this page knows beside it.
pub struct Scene<'a, 'b> {
    /// The order.
    pub order: &'a Order,
    /// Its network.
    pub chain: &'b ChainInfo,
    /// The wallet.
    pub link: &'b State,
    /// The rest.
    pub local: &'b Local,
}

impl<'a> Scene<'a, '_> {
    /// The price with its currency.
    fn price(&self) -> String {
        self.order.currency.short(self.order.price)
    }

    /// Whether paying makes sense now.
    fn payable(&self) -> bool {
        self.order.state == OrderState::Open && !self.order.is_awaited() && !self.local.reporting
    }

    /// Whether a payment may be on its way.
    fn busy(&self) -> bool {
        self.local.asking.is_some() || self.local.reporting || self.order.is_awaited()
    }

    /// Where things stand.
    pub fn current(&self) -> Step {
        current(self.order, self.local)
    }

    /// How a step stands.
    pub fn mark(&self, step: Step) -> Mark {
        mark(step, self.order, self.local)
    }

    /// The one message, as text.
    pub fn spoken(&self) -> String {
        message(self.order, self.local, &self.chain.name).text
    }

    /// A step's sign.
    pub fn dot(&self, step: Step) -> String {
        let mut html = Html::default();
        match self.mark(step) {
            Mark::Done => html.icon("check"),
            Mark::Stuck => html.icon("warning"),
            Mark::Now | Mark::Later => &mut html,
        };
        html.done()
    }

    /// What stands below a step's heading.
    pub fn body(&self, step: Step) -> String {
        let mut html = Html::default();
        if step == self.current() {
            let message = message(self.order, self.local, &self.chain.name);
            html.raw(r#"<div data-testid="checkout-message" data-code=""#)
                .text(&message.code)
                .raw(r#"">"#)
                .notice(&message)
                .raw("</div>");
        }
        match step {
            Step::Wallet => self.wallet(&mut html),
            Step::SignIn => self.signed_in(&mut html),
            Step::Pay => self.pay(&mut html),
            Step::Confirm => self.confirm(&mut html),
            Step::Open => self.open(&mut html),
        }
        html.done()
    }

    fn wallet(&self, html: &mut Html) {
        if self.payable() {
            html.wallet_in_use(self.link);
            if self.link.account.is_none() {
                html.picker(self.link);
            }
        }
    }

    fn signed_in(&self, html: &mut Html) {
        html.raw(r#"<p class="step-fact">The course opens for "#)
            .address(&self.order.beneficiary, false)
            .raw("</p>");
        if self.local.signed_out {
            html.raw(r#"<a class="button" data-kind="primary" href="/sign-in?next=/orders/"#)
                .text(&self.order.id.to_string())
                .raw(r#"">Sign in again</a>"#);
        }
    }

    fn pay(&self, html: &mut Html) {
        if may_order_again(self.order) {
            html.raw(r#"<form method="post" action="/courses/"#)
                .text(&self.order.course_slug)
                .raw(r#"/buy"><input type="hidden" name="tier" value=""#)
                .text(&self.order.tier.to_string())
                .raw(r#""><button name="pay" value=""#)
                .number(self.order.chain_id)
                .raw("/")
                .text(&self.order.currency.token.to_string())
                .raw(r#"" class="button" data-kind="primary" data-testid="new-price">Get a new price</button></form>"#);
        }
        match self.order.state {
            OrderState::Submitted if self.order.unknown => Self::nothing_sent(html),
            OrderState::Submitted | OrderState::Confirming | OrderState::Paid | OrderState::Refunded => {
                html.raw(r#"<p class="step-fact">Paid with one transaction of "#)
                    .text(&self.price())
                    .raw("</p>");
            }
            _ if self.payable() => self.payment(html),
            _ if self.order.is_awaited() && !self.local.reporting => Self::nothing_sent(html),
            _ => {}
        }
    }

    fn nothing_sent(html: &mut Html) {
        html.raw(r#"<details class="help"><summary>Nothing was sent?</summary><p>Look into your wallet, at what it sent and at what waits for signatures there. Only if it shows nothing of this payment, pay again; otherwise you could pay twice.</p>"#)
            .button("pay-again", "quiet", "Nothing was sent: pay again")
            .raw("</details>");
    }

    fn payment(&self, html: &mut Html) {
        if let Some(account) = self.link.account {
            let buyer = &self.order.beneficiary;
            if !text::is_account(buyer, account) {
                html.raw(r#"<div data-testid="other-account">"#)
                    .notice_open(crate::ui::Tone::Warning, "other_account")
                    .raw("This order is for ")
                    .address(buyer, false)
                    .raw(", but your wallet is on ")
                    .account(account)
                    .raw(", which would pay. The course opens for ")
                    .address(buyer, false)
                    .raw(" either way. To pay from it, choose it in your wallet; this page notices.</div></div></div>");
            }
            html.raw(r#"<p class="step-fact" data-testid="holds">This price holds for "#)
                .raw(r#"<span role="timer" data-until=""#)
                .number(self.order.expires_at.0.unsigned_abs())
                .raw(r#"">a while</span>.</p><p class="step-actions">"#);
            // Not disabled while the wallet is asked: it keeps the focus, and a second click does nothing.
            if self.link.is_elsewhere(self.chain) {
                html.large_button("switch-network", &format!("Switch to {}", self.chain.name));
            } else if self.link.asking.is_some() {
                html.large_button("pay", "Waiting for your wallet…");
            } else {
                html.large_button("pay", &format!("Pay {}", self.price()));
            }
            html.raw("</p>");
        }
        if self.link.asking.is_none() {
            // Its act is where the focus returns to once the part is drawn anew.
            html.raw(r#"<form method="post" action="/orders/"#)
                .text(&self.order.id.to_string())
                .raw(r#"/cancel"><button class="button" data-kind="quiet" data-act="cancel-order" data-testid="cancel-order">Cancel this order</button></form>"#);
        }
    }

    fn confirm(&self, html: &mut Html) {
        let order = self.order;
        if !matches!(order.state, OrderState::Submitted | OrderState::Confirming | OrderState::Paid) {
            return;
        }
        if let Some(goal) = order.open_at {
            let (goal, so_far) = (u64::from(goal), u64::from(order.confirmations.min(goal)));
            html.raw(r#"<div class="confirmations"><progress aria-label="Confirmations" max=""#)
                .number(goal)
                .raw(r#"" value=""#)
                .number(so_far)
                .raw(r#""></progress><span class="confirmations-words" data-testid="confirmations">"#)
                .number(so_far)
                .raw(" of ")
                .number(goal)
                .raw(" confirmations</span></div>");
        }
        if order.state != OrderState::Paid {
            return;
        }
        html.raw(r#"<p class="step-fact">"#);
        if order.is_final {
            html.raw("Final: this payment can no longer be undone.");
        } else {
            match order.final_at {
                Some(needed) => html
                    .raw("Final after ")
                    .number(needed.into())
                    .raw(" confirmations; ")
                    .number(order.confirmations.into())
                    .raw(" so far."),
                None => html.raw("Final once the network vouches for its block; that takes some minutes."),
            };
        }
        html.raw("</p>");
        // Beside "open": a second payment, say, that a person looks at.
        if let Some(told) = &order.told {
            html.notice_open(crate::ui::Tone::Warning, &told.word).text(&told.text).raw("</div></div>");
        }
    }

    fn open(&self, html: &mut Html) {
        if self.order.state != OrderState::Paid {
            return;
        }
        html.raw(r#"<p class="step-actions"><a class="button" data-kind="primary" data-size="large" data-testid="start" href="/courses/"#)
            .text(&self.order.course_slug);
        if let Some(lesson) = &self.order.first_lesson {
            html.raw("/lessons/").text(lesson);
        }
        html.raw(r#"">Start the first lesson</a><a class="button" data-kind="quiet" href="/learning">My courses</a></p>"#);
    }

    /// Hashes and numbers, for those who want them.
    pub fn facts(&self) -> String {
        let (order, chain) = (self.order, self.chain);
        let mut html = Html::default();
        html.raw("<div><dt>Order</dt><dd><code>")
            .text(&order.id.to_string())
            .raw("</code></dd></div><div><dt>Price</dt><dd>")
            .text(&order.currency.figure(order.price))
            .raw(" ")
            .text(&order.currency.symbol)
            .raw("</dd></div><div><dt>Opens for</dt><dd>")
            .address(&order.beneficiary, true)
            .raw("</dd></div><div><dt>Network</dt><dd>")
            .text(&chain.name)
            .raw(" (chain id ")
            .number(chain.id)
            .raw(")</dd></div>");
        let Some(transaction) = &order.transaction else { return html.done() };
        let hash = transaction.hash.to_string();
        html.raw("<div><dt>Transaction</dt><dd>");
        match &transaction.link {
            Some(link) => html
                .raw(r#"<a class="hash" target="_blank" rel="noopener nofollow" href=""#)
                .text(link)
                .raw(r#"">"#)
                .text(&hash)
                .raw("</a>"),
            None => html.raw(r#"<code class="hash">"#).text(&hash).raw("</code>"),
        };
        html.raw("</dd></div>");
        if let Some(block) = transaction.block {
            html.raw("<div><dt>Block</dt><dd>").number(block).raw("</dd></div>");
        }
        if let Some(hash) = transaction.block_hash {
            html.raw(r#"<div><dt>Block hash</dt><dd><code class="hash">"#)
                .text(&hash.to_string())
                .raw("</code></dd></div>");
        }
        html.done()
    }

    /// The timeline and the details, for the server's first rendering.
    pub fn whole(&self) -> String {
        let mut html = Html::default();
        // The status is always there, so that changes are read out; the visible message moves
        // between the steps.
        html.raw(r#"<p class="visually-hidden" role="status" data-part="spoken"></p><ol class="timeline">"#);
        let parts = self.parts();
        for (step, [line, dot, spoken, body]) in Step::ALL.into_iter().zip(PARTS) {
            html.raw(r#"<li class="step" data-part=""#).raw(line);
            for (part, attribute, value) in self.attributes() {
                if let Some(value) = value.filter(|_| part == line) {
                    html.raw(r#"" "#).raw(attribute).raw(r#"=""#).text(value);
                }
            }
            html.raw(r#""><span class="step-dot" aria-hidden="true" data-part=""#).raw(dot).raw(r#"">"#);
            html.part(&parts, dot).raw(r#"</span><h2 class="step-title" tabindex="-1" data-part=""#);
            html.raw(TITLES[step as usize]).raw(r#"">"#).raw(step.title());
            html.raw(r#"<span class="visually-hidden" data-part=""#).raw(spoken).raw(r#"">"#);
            html.part(&parts, spoken).raw(r#"</span></h2><div class="step-body" data-part=""#);
            html.raw(body).raw(r#"">"#).part(&parts, body).raw("</div></li>");
        }
        html.raw(r#"</ol><details class="order-details"><summary>Details</summary><dl class="facts" data-part="facts">"#);
        html.part(&parts, "facts").raw("</dl></details>").done()
    }

    /// Every part that may change, by name, with its HTML.
    pub fn parts(&self) -> Vec<(&'static str, String)> {
        let mut parts = vec![("spoken", escaped(&self.spoken())), ("facts", self.facts())];
        for (step, [_, dot, spoken, body]) in Step::ALL.into_iter().zip(PARTS) {
            parts.push((dot, self.dot(step)));
            parts.push((spoken, format!(" ({})", self.mark(step).spoken())));
            parts.push((body, self.body(step)));
        }
        parts
    }

    /// Every attribute that may change: part, name, value.
    pub fn attributes(&self) -> Vec<(&'static str, &'static str, Option<&'a str>)> {
        let mut all = vec![
            ("", "data-state", Some(self.order.state.word())),
            ("", "data-setback", self.order.told.as_ref().map(|told| told.word.as_str())),
            // Another order now would make the one that is being paid a closed one.
            ("", "data-busy", self.busy().then_some("")),
        ];
        for (step, [line, ..]) in Step::ALL.into_iter().zip(PARTS) {
            all.push((line, "data-mark", Some(self.mark(step).word())));
            all.push((line, "aria-current", (step == self.current()).then_some("step")));
        }
        all
    }
}

/// The names of each step's parts: the line itself, its sign, its spoken state, its body.
const PARTS: [[&str; 4]; 5] = [
    ["line0", "dot0", "said0", "body0"],
    ["line1", "dot1", "said1", "body1"],
    ["line2", "dot2", "said2", "body2"],
    ["line3", "dot3", "said3", "body3"],
    ["line4", "dot4", "said4", "body4"],
];

/// The names of the steps' headings.
pub const TITLES: [&str; 5] = ["title0", "title1", "title2", "title3", "title4"];

fn escaped(text: &str) -> String {
    Html::default().text(text).done()
}

impl Html {
    /// One of the parts.
    fn part(&mut self, parts: &[(&'static str, String)], name: &str) -> &mut Self {
        match parts.iter().find(|(known, _)| *known == name) {
            Some((_, html)) => self.nested(html),
            None => self,
        }
    }

    fn large_button(&mut self, act: &'static str, label: &str) -> &mut Self {
        self.raw(
            r#"<button type="button" class="button" data-kind="primary" data-size="large" data-testid=""#,
        )
        .raw(act)
        .raw(r#"" data-act=""#)
        .raw(act)
        .raw(r#"">"#)
        .text(label)
        .raw("</button>")
    }
}

#[cfg(test)]
mod tests {
    use academy::checkout::{Setback, Told};

    use super::{
        super::stage::tests::{awaited, held_up, order, sent},
        *,
    };
    use crate::wallet::provider::Wallet;

    fn chain() -> ChainInfo {
        ChainInfo {
            id: 31337,
            hex_id: "0x7a69".to_owned(),
            name: "Anvil".to_owned(),
            currency: "ETH".to_owned(),
            rpc_url: None,
            explorer: None,
            tokens: Vec::new(),
        }
    }

    fn whole(order: &Order, link: &State) -> String {
        let chain = chain();
        let local = Local {
            connected: link.account.is_some(),
            wrong_network: link.is_elsewhere(&chain),
            asking: link.asking,
            ..Local::default()
        };
        Scene { order, chain: &chain, link, local: &local }.whole()
    }

    fn connected(chain: &str) -> State {
        let account = "0x90f79bf6eb2c4f870365e785982e1f101e93b906".parse().ok();
        State {
            wallet: Some(Wallet::named("Test", None)),
            account,
            chain: chain.to_owned(),
            ..State::default()
        }
    }

    #[test]
    fn every_state_has_a_next_step() {
        let step = |state, link: &State| whole(&order(state), link);
        assert!(step(OrderState::Open, &State::default()).contains("Looking for wallets"));
        assert!(step(OrderState::Open, &connected("0x7A69")).contains("Pay 0.02\u{a0}ETH"));
        let elsewhere = step(OrderState::Open, &connected("0x1"));
        assert!(elsewhere.contains("Switch to Anvil") && !elsewhere.contains("data-act=\"pay\""));
        assert!(step(OrderState::Expired, &State::default()).contains("Get a new price"));
        assert!(step(OrderState::Cancelled, &State::default()).contains("Get a new price"));
        assert!(step(OrderState::Confirming, &State::default()).contains(r#"max="2" value="1""#));
        assert!(step(OrderState::Paid, &State::default()).contains("Start the first lesson"));
    }

    #[test]
    fn one_step_is_the_current_one_and_carries_the_message() {
        for state in OrderState::ALL {
            for setback in [None, Some(Setback::Reverted), Some(Setback::Orphaned)] {
                let told = setback.map(|setback| Told::of(*state, setback));
                let html = whole(&Order { setback, told, ..order(*state) }, &connected("0x7a69"));
                assert_eq!(html.matches("aria-current").count(), 1, "{html}");
                assert_eq!(html.matches("checkout-message").count(), 1, "{html}");
            }
        }
    }

    #[test]
    fn cases_17_and_18_what_the_wallet_took_is_not_asked_for_again() {
        for link in [State::default(), connected("0x7a69"), connected("0x1")] {
            let html = whole(&awaited(), &link);
            assert!(html.contains(r#"data-code="awaited""#), "{html}");
            for act in ["pay", "switch-network", "cancel-order"] {
                assert!(!html.contains(&format!(r#"data-testid="{act}""#)), "{act} in {html}");
            }
            assert!(html.contains(r#"data-act="pay-again""#), "{html}");
        }
        let (chain, link) = (chain(), connected("0x7a69"));
        let local = Local { connected: true, reporting: true, ..Local::default() };
        let scene = Scene { order: &awaited(), chain: &chain, link: &link, local: &local };
        assert!(!scene.whole().contains("pay-again"), "while the site is being told");
        assert!(scene.attributes().contains(&("", "data-busy", Some(""))));
    }

    #[test]
    fn case_17_what_no_node_ever_knew_can_be_given_up_and_what_one_knows_can_not() {
        for unknown in [true, false] {
            let html =
                whole(&Order { stuck: true, unknown, ..sent(OrderState::Submitted) }, &connected("0x7a69"));
            assert_eq!(html.contains(r#"data-act="pay-again""#), unknown, "{html}");
        }
    }

    #[test]
    fn case_07_a_closed_order_whose_payment_may_still_be_mined_says_so_beside_its_next_step() {
        let html = whole(&sent(OrderState::Expired), &State::default());
        assert!(html.contains(r#"data-code="expired_sent""#) && html.contains("Get a new price"), "{html}");
    }

    #[test]
    fn a_setback_beside_a_paid_order_is_told() {
        let html = whole(&held_up(Setback::PaidTwice, OrderState::Paid), &State::default());
        assert!(html.contains(Setback::PaidTwice.message()), "{html}");
    }

    #[test]
    fn case_33_says_which_account_pays_for_whom() {
        let html = whole(&order(OrderState::Open), &connected("0x7a69"));
        assert!(html.contains("other-account") && html.contains("0x90F7…b906"), "{html}");
        let own = Order {
            beneficiary: "0x90F79bf6EB2c4f870365E785982E1f101E93b906".to_owned(),
            ..order(OrderState::Open)
        };
        assert!(!whole(&own, &connected("0x7a69")).contains("other-account"));
    }
}
