//! What the checkout does: asking the wallet, telling the site, following the order.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use super::{
    api::{self, Report},
    draw::{Scene, TITLES},
    stage::{Local, Step, pause},
};
use crate::{
    error::AppError,
    ui::Tone,
    wallet::{
        dom::Part,
        error::WalletError,
        js,
        link::{Asking, Link},
        notice::{Asked, Notice, about},
        provider::Wallet,
        text,
        watch::{Lost, watch},
    },
};
use academy::{
    Kind,
    checkout::{ChainInfo, Order, OrderState, PayBy, Payment, Reference},
    evm::{Address, TxHash},
    ids::OrderId,
};

/// Between two looks at calls that were sent together.
const BATCH_LOOK_MS: u32 = 1000;
/// Between two looks at what the market may take, where the wallet's node can't say.
const ALLOWED_LOOK_MS: u32 = 3000;

/// The checkout alive. Copies share it.
#[derive(Clone)]
pub struct Flow(Rc<Inner>);

struct Inner {
    order: RefCell<Order>,
    chain: ChainInfo,
    link: Link,
    part: Part,
    /// Where things stood when they were drawn last, and whether the wallet was waited for.
    step: Cell<Option<(Step, bool)>>,
    /// The wallet is being asked what became of calls that it sends together.
    following: Cell<bool>,
    /// It failed at sending calls together: who tries again is asked for one after the other.
    apart: Cell<bool>,
    signed_out: Cell<bool>,
    reporting: Cell<bool>,
    offline: Cell<bool>,
}

impl Flow {
    /// Starts following an order.
    pub fn start(order: Order, chain: ChainInfo) {
        let resume = order.state == OrderState::Open;
        let flow = Self(Rc::new(Inner {
            order: RefCell::new(order),
            chain,
            link: Link::default(),
            part: Part::take("checkout"),
            step: Cell::default(),
            following: Cell::default(),
            apart: Cell::default(),
            signed_out: Cell::default(),
            reporting: Cell::default(),
            offline: Cell::default(),
        }));
        let drawn = flow.clone();
        flow.0.link.start(resume, Rc::new(move || drawn.draw()));
        let acting = flow.clone();
        flow.0.part.on_act(move |word| acting.act(&word));
        if let Some(sent) = js::kept(&flow.kept_as()) {
            js::spawn(Box::pin(flow.clone().report(sent)));
        }
        js::spawn(Box::pin(flow.clone().count_down()));
        js::spawn(Box::pin(flow.follow()));
    }

    fn act(&self, word: &str) {
        let link = &self.0.link;
        match link.act(word, |wallet| link.choose(wallet)) {
            Some("switch-network") => link.switch_to(self.0.chain.clone()),
            Some("pay") => self.pay(),
            Some("pay-again") => {
                let flow = self.clone();
                js::spawn(Box::pin(async move {
                    flow.nothing_sent().await;
                }));
            }
            _ => {}
        }
    }

    fn draw(&self) {
        let Inner { order, chain, link, part, step, signed_out, reporting, offline, .. } = &*self.0;
        let order = order.borrow();
        let (parts, attributes, current) = link.read(|state| {
            let local = Local {
                connected: state.account.is_some(),
                wrong_network: state.is_elsewhere(chain),
                asking: state.asking,
                reporting: reporting.get(),
                offline: offline.get(),
                signed_out: signed_out.get(),
                notice: state.notice.clone(),
            };
            let scene = Scene { order: &order, chain, link: state, local: &local };
            (scene.parts(), scene.attributes(), scene.current())
        });
        for (name, html) in parts {
            part.show(name, &html);
        }
        for (name, attribute, value) in attributes {
            part.attribute(name, attribute, value);
        }
        // Drawn anew, it says "a while" until it is told.
        part.count_down();
        let on = link.read(|state| text::chain_id(&state.chain).map(|id| format!("{id:#x}")));
        part.point_out("data-chain", &on.unwrap_or_default());
        // When a step is over, its button goes, and the focus with it: it belongs on the next step.
        let here = (current, order.is_awaited());
        if step.replace(Some(here)).is_some_and(|before| before != here) {
            part.rescue_focus(TITLES[current as usize]);
        }
        if let Some(wallet) = link.read(|state| state.wallet.clone())
            && self.awaited_calls().is_some()
            && !self.0.following.replace(true)
        {
            js::spawn(Box::pin(self.clone().follow_calls(wallet)));
        }
    }

    fn id(&self) -> OrderId {
        self.0.order.borrow().id
    }

    /// Under which name the browser keeps what the wallet answered until the site has it.
    fn kept_as(&self) -> String {
        format!("lectern.sent.{}", self.id())
    }

    /// Notes whether the site answers.
    fn set_offline(&self, offline: bool) {
        if self.0.offline.replace(offline) != offline {
            self.0.link.draw();
        }
    }

    /// Asks the wallet to pay.
    fn pay(&self) {
        let Some(wallet) = self.0.link.read(|state| state.wallet.clone()) else { return };
        let flow = self.clone();
        self.0.link.ask(Asking::Send, Box::pin(async move {
            let paying = flow.clone();
            let task = Box::pin(async move {
                match paying.ask_to_pay(&wallet).await {
                    Ok(sent) => {
                        // First of all: whatever happens to this page, the answer is not lost.
                        js::keep(&paying.kept_as(), &sent);
                        js::spawn(Box::pin(paying.report(sent)));
                    }
                    Err(notice) => paying.0.link.say(notice),
                }
            });
            if !js::alone(flow.kept_as(), task).await {
                flow.0.link.say(Notice::new(
                    Tone::Warning,
                    "paying_elsewhere",
                    "Another tab of this browser is asking your wallet for this very payment. Finish it there.",
                ));
            }
        }));
    }

    /// The transaction's hash, or what the wallet answered in its place.
    async fn ask_to_pay(&self, wallet: &Wallet) -> Result<String, Notice> {
        let (price, in_coin) = {
            let order = self.0.order.borrow();
            (order.price, order.currency.is_coin())
        };
        let (link, chain) = (&self.0.link, &self.0.chain);
        let say = |error: WalletError| about(&error, Asked::Send, &chain.name);
        let account = link.refresh(wallet).await.map_err(say)?;
        if !link.read(|state| state.is_on(chain)) {
            return Err(say(WalletError::WrongChain));
        }
        let payment = self.agree(wallet, account).await?;
        if in_coin && wallet.balance(account).await.ok().flatten().is_some_and(|balance| balance < price) {
            return Err(say(WalletError::InsufficientFunds));
        }
        let calls = payment.calls;
        if calls.len() > 1 {
            link.change(|state| state.asking = Some(Asking::Allow));
            if !self.0.apart.get() {
                match wallet.send_together(&calls, account).await {
                    Ok(Some(id)) => return Ok(Reference::of_calls(&id).into()),
                    Ok(None) => {}
                    Err(error) => {
                        let answered = matches!(error, WalletError::Rejected | WalletError::RequestPending);
                        self.0.apart.set(!answered);
                        return Err(say(error));
                    }
                }
            }
        }
        let mut hash = String::new();
        for (index, call) in calls.iter().enumerate() {
            let left = calls.len() - index;
            if index > 0 {
                self.done(wallet, account, &hash, left).await?;
            }
            if left == 1 {
                link.change(|state| {
                    state.asking = Some(Asking::Send);
                    state.notice = None;
                });
            }
            let asked = if index > 0 { Asked::Pay } else { Asked::Send };
            hash = wallet.send(call, account).await.map_err(|error| about(&error, asked, &chain.name))?;
        }
        Ok(match hash.parse::<TxHash>() {
            Ok(_) => hash,
            // Wallets of several people answer with a reference of their own.
            Err(_) => Reference::of(&hash).into(),
        })
    }

    /// Waits until a call before the payment is mined, and `left` are left. Under another hash, where it was sped
    /// up or others sign it first, the site sees it by what it did.
    async fn done(&self, wallet: &Wallet, account: Address, hash: &str, left: usize) -> Result<(), Notice> {
        match watch(wallet, hash).await {
            Err(Lost::Unknown) => {}
            mined => return mined.map_err(Lost::notice),
        }
        self.0.link.say(Notice::new(
            Tone::Accent,
            "allowance_awaited",
            "The network does not know the permission yet: others may have to sign it first, as with a Safe, or it was sped up. Keep this page open; your wallet shows the payment once the permission is there. If you cancelled it, reload the page.",
        ));
        loop {
            match self.payment(account, PayBy::Approval).await {
                Ok(payment) if payment.calls.len() <= left => return Ok(()),
                Err(error) if !error.is_temporary() => return Err(Self::refused(&error)),
                _ => js::sleep_unless_watched(ALLOWED_LOOK_MS).await,
            }
        }
    }

    /// What to send, after whatever must be signed for it.
    async fn agree(&self, wallet: &Wallet, account: Address) -> Result<Payment, Notice> {
        let payment = self.payment(account, PayBy::Best).await.map_err(|error| Self::refused(&error))?;
        let Some(data) = &payment.sign else { return Ok(payment) };
        let link = &self.0.link;
        link.change(|state| state.asking = Some(Asking::Allow));
        let signed = wallet.sign_typed(data, account).await;
        if let Err(error @ (WalletError::Rejected | WalletError::RequestPending)) = &signed {
            return Err(about(error, Asked::Send, &self.0.chain.name));
        }
        if let Ok(signature) = signed
            && let Ok(payment) = self.payment(account, PayBy::Signature(signature)).await
        {
            return Ok(payment);
        }
        // Wallets that are contracts, or that can't sign so, allow it with a transaction.
        self.payment(account, PayBy::Approval).await.map_err(|error| Self::refused(&error))
    }

    /// Fresh from the site: the order may have been paid or given up on another device.
    async fn payment(&self, account: Address, by: PayBy) -> Result<Payment, AppError> {
        let asked = api::payment(self.id(), account, by).await;
        if asked.is_err() {
            self.look().await;
        }
        asked
    }

    /// The wallet's id for calls that it took together, as long as nobody knows their transaction.
    fn awaited_calls(&self) -> Option<String> {
        let told = !self.0.reporting.get() && !self.0.signed_out.get();
        let order = self.0.order.borrow();
        let reference = order.awaiting.as_ref().filter(|_| told && order.is_awaited())?;
        reference.calls().map(str::to_owned)
    }

    /// Learns which transaction calls that were sent together are in. The site finds it by itself, too.
    async fn follow_calls(self, wallet: Wallet) {
        while let Some(id) = self.awaited_calls() {
            match wallet.sent_together(&id).await {
                Ok(Some(Ok(hash))) => {
                    js::keep(&self.kept_as(), &hash);
                    self.clone().report(hash).await;
                    break;
                }
                Ok(Some(Err(()))) if self.clone().nothing_sent().await => {
                    self.0.link.say(Notice::new(
                        Tone::Negative,
                        "batch_failed",
                        "The network refused what your wallet sent, so nothing was bought and the price was not taken. You can try again.",
                    ));
                }
                _ => js::sleep_unless_watched(BATCH_LOOK_MS).await,
            }
        }
        self.0.following.set(false);
    }

    /// Tells the site what the wallet answered, as often as it takes.
    async fn report(self, sent: String) {
        self.0.reporting.set(true);
        self.0.link.draw();
        let mut failures = 0;
        loop {
            let what = match sent.parse::<TxHash>() {
                Ok(_) => Report::Sent(sent.clone()),
                Err(_) => Report::Took(sent.clone()),
            };
            match api::report(self.id(), what).await {
                Ok(order) => {
                    js::forget(&self.kept_as());
                    self.take(order);
                    break;
                }
                Err(error) if error.is_temporary() => {
                    self.set_offline(true);
                    failures += 1;
                    js::sleep((500 << failures.min(5)).min(10_000)).await;
                }
                Err(AppError(problem)) if problem.kind == Kind::SignInFirst => {
                    self.0.signed_out.set(true);
                    break;
                }
                Err(error) => {
                    js::forget(&self.kept_as());
                    self.look().await;
                    self.0.link.say(Self::refused(&error));
                    break;
                }
            }
        }
        self.0.offline.set(false);
        self.0.reporting.set(false);
        self.0.link.draw();
    }

    /// Says that the wallet sent nothing after all; whether the order waits for a payment again.
    async fn nothing_sent(self) -> bool {
        match api::report(self.id(), Report::NothingSent).await {
            Ok(order) => {
                let open = order.state == OrderState::Open;
                self.take(order);
                open
            }
            Err(error) => {
                self.look().await;
                // That the site can't be reached, the page says by itself.
                if !error.is_temporary() {
                    self.0.link.say(Self::refused(&error));
                }
                false
            }
        }
    }

    /// Looks at the order again and again, until nothing can change.
    async fn follow(self) {
        let mut failures = 0;
        loop {
            let Some(wait) = pause(&self.0.order.borrow(), failures) else { return };
            js::sleep_unless_watched(wait).await;
            failures = if self.look().await { 0 } else { failures + 1 };
            if self.0.signed_out.get() {
                return;
            }
        }
    }

    /// Shows how long the price holds, wherever the page says so. It goes on meanwhile: an order whose payment
    /// came to nothing is open again.
    async fn count_down(self) {
        loop {
            self.0.part.count_down();
            js::sleep(1000).await;
        }
    }

    /// Looks once; whether the site answered.
    async fn look(&self) -> bool {
        let answer = api::order(self.id()).await;
        if !self.0.reporting.get() {
            self.set_offline(answer.as_ref().is_err_and(AppError::is_temporary));
        }
        match answer {
            Ok(order) => {
                self.take(order);
                true
            }
            Err(AppError(problem)) => {
                // An order is its buyer's: not there means that nobody is signed in.
                self.0.signed_out.set(matches!(problem.kind, Kind::SignInFirst | Kind::NotFound));
                self.0.link.draw();
                false
            }
        }
    }

    /// Takes in what the site says, if it is news.
    fn take(&self, order: Order) {
        let old = self.0.order.replace(order);
        let moved = {
            let order = self.0.order.borrow();
            if *order == old {
                return;
            }
            old.state != order.state || old.told != order.told || old.awaiting != order.awaiting
        };
        self.0.link.change(|state| {
            if moved {
                // What was said about the last attempt is answered by the order itself now.
                state.notice = None;
            }
        });
    }

    fn refused(AppError(problem): &AppError) -> Notice {
        match problem.code.as_str() {
            AppError::UNREACHABLE => Notice::new(
                Tone::Warning,
                "offline",
                "This site can't be reached right now, so nothing was asked of your wallet and no money moved. Try again in a moment.",
            ),
            _ => Notice::new(Tone::Negative, "refused", problem.message.clone()),
        }
    }
}
