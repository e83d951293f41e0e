//! What the checkout does: asking the wallet, telling the site, following the order.

use academy::{
    Kind,
    checkout::{ChainInfo, Order, OrderState},
    evm::TxHash,
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    api,
    stage::{Local, current, message, pause},
};
use crate::{
    error::AppError,
    ui::Tone,
    wallet::{
        error::WalletError,
        js,
        link::{Asking, Link},
        notice::{Asked, Notice, about},
        provider::Wallet,
    },
};

/// The checkout's signals. Copies share them.
#[derive(Clone, Copy)]
pub struct Flow {
    /// The order as last seen.
    pub order: RwSignal<Order>,
    /// Its network.
    pub chain: StoredValue<ChainInfo>,
    /// The wallet.
    pub link: Link,
    /// The site no longer knows who we are.
    pub signed_out: RwSignal<bool>,
    reporting: RwSignal<bool>,
    offline: RwSignal<bool>,
    local: Memo<Local>,
}

impl Flow {
    /// Starts following an order once the page is alive.
    pub fn start(order: Order, chain: ChainInfo) -> Self {
        let link = Link::start(order.state == OrderState::Open);
        let chain = StoredValue::new(chain);
        let (reporting, offline, signed_out) =
            (RwSignal::new(false), RwSignal::new(false), RwSignal::new(false));
        let local = Memo::new(move |_| Local {
            connected: link.account.get().is_some(),
            wrong_network: link.account.get().is_some() && !chain.with_value(|chain| link.is_on(chain)),
            asking: link.asking.get(),
            reporting: reporting.get(),
            offline: offline.get(),
            signed_out: signed_out.get(),
            notice: link.notice.get(),
        });
        let flow = Self { order: RwSignal::new(order), chain, link, signed_out, reporting, offline, local };
        Effect::new(move || {
            if let Some(hash) = js::kept(&flow.kept_as()) {
                spawn_local(flow.report(hash));
            }
            spawn_local(flow.follow());
        });
        flow.keep_the_focus();
        flow
    }

    /// What this page knows beside the order.
    pub fn with_local<T>(self, read: impl FnOnce(&Local) -> T) -> T {
        self.local.with(read)
    }

    /// The one message.
    pub fn message(self) -> Notice {
        let network = self.chain.with_value(|chain| chain.name.clone());
        self.order.with(|order| self.local.with(|local| message(order, local, &network)))
    }

    /// Whether paying makes sense now.
    pub fn payable(self) -> Memo<bool> {
        Memo::new(move |_| {
            self.order.with(|order| order.state == OrderState::Open) && !self.local.with(|local| local.reporting)
        })
    }

    /// The price with its currency.
    pub fn price(self) -> String {
        let currency = self.chain.with_value(|chain| chain.currency.clone());
        self.order.with_untracked(|order| format!("{}\u{a0}{currency}", order.price.to_ether_short()))
    }

    /// Whether the wallet is on another network.
    pub fn wrong_network(self) -> bool {
        self.local.with(|local| local.wrong_network)
    }

    /// Asks a wallet to let this site in.
    pub fn connect(self, wallet: Wallet) {
        self.link.ask(Asking::Connect, async move {
            if let Err(error) = self.link.connect(wallet).await {
                self.link.notice.set(Some(about(&error, Asked::Connect, "")));
            }
        });
    }

    /// Asks the wallet to change to the order's network.
    pub fn switch(self) {
        self.link.switch_to(self.chain.get_value());
    }

    /// Asks the wallet to pay.
    pub fn pay(self) {
        let Some(wallet) = self.link.wallet.get_untracked() else { return };
        self.link.ask(Asking::Send, async move {
            let task = async move {
                match self.ask_to_pay(&wallet).await {
                    Ok(hash) => {
                        // First of all: whatever happens to this page, the hash is not lost.
                        js::keep(&self.kept_as(), &hash);
                        spawn_local(self.report(hash));
                    }
                    Err(notice) => self.link.notice.set(Some(notice)),
                }
            };
            if !js::alone(&self.kept_as(), task).await {
                self.link.notice.set(Some(Notice::new(
                    Tone::Warning,
                    "paying_elsewhere",
                    "Another tab of this browser is asking your wallet for this very payment. Finish it there.",
                )));
            }
        });
    }

    async fn ask_to_pay(self, wallet: &Wallet) -> Result<String, Notice> {
        let (id, price) = self.order.with_untracked(|order| (order.id, order.price));
        let chain = self.chain.get_value();
        let say = |error: WalletError| about(&error, Asked::Send, &chain.name);
        let account = self.link.refresh(wallet).await.map_err(say)?;
        if !self.link.is_on(&chain) {
            return Err(say(WalletError::WrongChain));
        }
        // Fresh from the site: the order may have been paid or given up on another device.
        let call = match api::wallet_call(id).await {
            Ok(call) => call,
            Err(error) => {
                self.look().await;
                return Err(Self::refused(&error));
            }
        };
        if wallet.balance(account).await.ok().flatten().is_some_and(|balance| balance < price) {
            return Err(say(WalletError::InsufficientFunds));
        }
        let hash = wallet.send(&call, account).await.map_err(say)?;
        match hash.parse::<TxHash>() {
            Ok(_) => Ok(hash),
            // Wallets of several people answer with a reference of their own.
            Err(_) => Err(Notice::new(
                Tone::Warning,
                "not_a_hash",
                "Your wallet took the request but named no transaction yet. Do not pay again: once the payment is on the network, this page shows it by itself.",
            )),
        }
    }

    /// Tells the site the transaction, as often as it takes.
    async fn report(self, hash: String) {
        self.reporting.set(true);
        let mut failures = 0;
        loop {
            let id = self.order.with_untracked(|order| order.id);
            match api::submit_payment(id, hash.clone()).await {
                Ok(order) => {
                    js::forget(&self.kept_as());
                    self.take(order);
                    break;
                }
                Err(error) if error.is_temporary() => {
                    self.offline.set(true);
                    failures += 1;
                    js::sleep((500 << failures.min(5)).min(10_000)).await;
                }
                Err(AppError(problem)) if problem.kind == Kind::SignInFirst => {
                    self.signed_out.set(true);
                    break;
                }
                Err(error) => {
                    js::forget(&self.kept_as());
                    self.look().await;
                    self.link.notice.set(Some(Self::refused(&error)));
                    break;
                }
            }
        }
        self.offline.set(false);
        self.reporting.set(false);
    }

    /// Gives the order up.
    pub fn cancel(self) {
        spawn_local(async move {
            let id = self.order.with_untracked(|order| order.id);
            match api::cancel_order(id).await {
                Ok(order) => self.take(order),
                Err(error) => {
                    self.look().await;
                    self.link.notice.set(Some(Self::refused(&error)));
                }
            }
        });
    }

    /// Looks at the order again and again, until nothing can change.
    async fn follow(self) {
        let mut failures = 0;
        while let Some(wait) = self.order.with_untracked(|order| pause(order, failures)) {
            js::sleep_unless_watched(wait).await;
            failures = if self.look().await { 0 } else { failures + 1 };
            if self.signed_out.get_untracked() {
                return;
            }
        }
    }

    /// Looks once; whether the site answered.
    async fn look(self) -> bool {
        let id = self.order.with_untracked(|order| order.id);
        let answer = api::order(id).await;
        let temporary = answer.as_ref().is_err_and(AppError::is_temporary);
        if !self.reporting.get_untracked() && self.offline.get_untracked() != temporary {
            self.offline.set(temporary);
        }
        match answer {
            Ok(order) => {
                self.take(order);
                true
            }
            Err(AppError(problem)) => {
                self.signed_out.set(matches!(problem.kind, Kind::SignInFirst | Kind::NotFound));
                false
            }
        }
    }

    /// Takes in what the site says, if it is news.
    fn take(self, order: Order) {
        let (same, moved) = self
            .order
            .with_untracked(|old| (*old == order, old.state != order.state || old.setback != order.setback));
        if same {
            return;
        }
        if moved {
            // What was said about the last attempt is answered by the order itself now.
            self.link.notice.set(None);
        }
        self.order.set(order);
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

    /// Under which name the browser keeps the hash until the site has it.
    fn kept_as(self) -> String {
        self.order.with_untracked(|order| format!("lectern.sent.{}", order.id))
    }

    /// When a step is over, its button goes, and the focus with it: it belongs on the next step.
    fn keep_the_focus(self) {
        Effect::new(move |before: Option<_>| {
            let now = self.order.with(|order| self.local.with(|local| current(order, local)));
            if before.is_some_and(|before| before != now) {
                spawn_local(async move {
                    // After the change has been drawn.
                    js::sleep(0).await;
                    let document = js::get(&js::window(), "document");
                    if js::get(&document, "activeElement") == js::get(&document, "body") {
                        let step = "[aria-current=step] h2".into();
                        let title = js::call(&document, "querySelector", &[step]).unwrap_or_default();
                        let _ = js::call(&title, "focus", &[js::object(&[("preventScroll", true.into())])]);
                    }
                });
            }
            now
        });
    }
}
