//! Sending one prepared call from a given account, and waiting until the network has it.

use std::{cell::RefCell, rc::Rc};

use academy::{
    checkout::{ChainInfo, WalletCall},
    evm::TxHash,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    dom::Part,
    error::WalletError,
    html::Html,
    js,
    link::{Asking, Link, State},
    notice::{Asked, Notice, about},
    provider::Wallet,
    text,
    watch::watch,
};
use crate::{ui::Tone, wire};

/// The site follows the chain by itself; this long it may take to see what the wallet saw.
const HEAD_START_MS: u32 = 1000;

/// What is sent, and what the page around it wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sending {
    /// The call, from the server.
    pub call: WalletCall,
    /// Its network.
    pub chain: ChainInfo,
    /// The button's words, such as "List on the network".
    pub label: String,
    /// The path to go to afterwards.
    pub after: String,
}

/// The steps after the wallet's yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    /// Nothing yet.
    No,
    /// Waiting for a block.
    Pending,
    /// In a block; going on.
    Mined,
}

/// A button that sends `call` through the wallet, waits until it is mined, then goes to `after`.
#[component]
pub fn SendCall(
    /// The call, from the server.
    call: WalletCall,
    /// Its network.
    chain: ChainInfo,
    /// The button's words, such as "List on the network".
    label: String,
    /// The path to go to afterwards.
    after: String,
) -> impl IntoView {
    view! { <SendIsland what=wire::write(&Sending { call, chain, label, after })/> }
}

/// [`SendCall`] in the browser; `what` is a [`Sending`] as JSON, read the same way as answers are.
#[island]
pub fn SendIsland(
    /// What is sent.
    what: String,
) -> impl IntoView {
    let sending: Option<Sending> = wire::read(&what);
    let html = sending.as_ref().map(|sending| body(sending, &State::default(), Sent::No));
    if cfg!(feature = "hydrate")
        && let Some(sending) = sending
    {
        Sender::start(sending);
    }
    view! {
        <div class="send-call" data-testid="send-call">
            <div class="send-body" data-part="body" inner_html=html.unwrap_or_default()></div>
            <div role="status" data-part="message"></div>
        </div>
    }
}

/// The island alive.
#[derive(Clone)]
struct Sender {
    sending: Rc<Sending>,
    link: Link,
    sent: Rc<RefCell<Sent>>,
}

impl Sender {
    fn start(sending: Sending) {
        let part = Part::take("send-call");
        let sender =
            Self { sending: Rc::new(sending), link: Link::default(), sent: Rc::new(RefCell::new(Sent::No)) };
        let (drawn, drawing) = (sender.clone(), part.clone());
        sender.link.start(
            true,
            Rc::new(move || {
                let sent = *drawn.sent.borrow();
                drawn.link.read(|state| {
                    drawing.show("body", &body(&drawn.sending, state, sent));
                    let message = status(state, sent).map(|notice| Html::default().notice(&notice).done());
                    drawing.show("message", &message.unwrap_or_default());
                });
                drawn.take_up();
            }),
        );
        part.on_act(move |word| {
            let link = &sender.link;
            match link.act(&word, |wallet| link.choose(wallet)) {
                Some("switch-network") => link.switch_to(sender.sending.chain.clone()),
                Some("send") => sender.send(),
                _ => {}
            }
        });
    }

    /// The same call again is the same deed: a reload while it is pending must not send twice.
    fn kept_as(&self) -> String {
        format!("lectern.call.{}.{}", self.sending.call.chain_id, self.sending.call.data)
    }

    /// Follows what was sent before the page was loaded.
    fn take_up(&self) {
        if *self.sent.borrow() == Sent::No
            && let Some(wallet) =
                self.link.read(|state| state.wallet.clone().filter(|_| state.asking.is_none()))
            && let Some(hash) = js::kept(&self.kept_as())
        {
            self.follow(wallet, hash);
        }
    }

    fn send(&self) {
        let Some(wallet) = self.link.read(|state| state.wallet.clone()) else { return };
        let sender = self.clone();
        self.link.ask(
            Asking::Send,
            Box::pin(async move {
                match ask_to_send(&sender.link, &wallet, &sender.sending.call, &sender.sending.chain).await {
                    Ok(hash) => {
                        js::keep(&sender.kept_as(), &hash);
                        sender.follow(wallet, hash);
                    }
                    Err(notice) => sender.link.say(notice),
                }
            }),
        );
    }

    fn follow(&self, wallet: Wallet, hash: String) {
        let sender = self.clone();
        self.sent.replace(Sent::Pending);
        js::spawn(Box::pin(async move {
            sender.link.draw();
            let outcome = watch(&wallet, &hash).await;
            js::forget(&sender.kept_as());
            match outcome {
                Ok(()) => {
                    sender.sent.replace(Sent::Mined);
                    sender.link.draw();
                    js::sleep(HEAD_START_MS).await;
                    js::go(&sender.sending.after);
                }
                Err(lost) => {
                    sender.sent.replace(Sent::No);
                    sender.link.say(lost.notice());
                }
            }
        }));
    }
}

fn body(sending: &Sending, state: &State, sent: Sent) -> String {
    let mut html = Html::default();
    html.wallet_in_use(state);
    if sent != Sent::No {
        return html.done();
    }
    let Some(account) = state.account else {
        return html.picker(state).done();
    };
    if !text::is_account(&sending.call.from, account) {
        html.notice_open(Tone::Warning, "other_account")
            .raw("This must be sent by ")
            .address(&sending.call.from, false)
            .raw(", but your wallet is on ")
            .account(account)
            .raw(". Choose the right account in your wallet; this page notices by itself.</div></div>");
    }
    if state.is_elsewhere(&sending.chain) {
        let label = format!("Switch to {}", sending.chain.name);
        html.button("switch-network", "primary", &label);
    } else if state.asking == Some(Asking::Send) {
        html.button("send", "primary", "Waiting for your wallet…");
    } else {
        html.button("send", "primary", &sending.label);
    }
    html.done()
}

/// The one thing to say now.
fn status(state: &State, sent: Sent) -> Option<Notice> {
    let calm = |code, text: &str| Some(Notice::new(Tone::Accent, code, text));
    match (sent, state.asking) {
        (Sent::Mined, _) => Some(Notice::new(Tone::Positive, "mined", "It is on the network. Going on…")),
        (Sent::Pending, _) => calm(
            "submitted",
            "Sent. Waiting for the network to include it. You can close this tab: the site follows the network by itself.",
        ),
        (Sent::No, Some(_)) => {
            calm("asking", "Waiting for your wallet. Open it if its window does not show.")
        }
        (Sent::No, None) => state.notice.clone(),
    }
}

async fn ask_to_send(
    link: &Link,
    wallet: &Wallet,
    call: &WalletCall,
    chain: &ChainInfo,
) -> Result<String, Notice> {
    let say = |error: WalletError| about(&error, Asked::Send, &chain.name);
    let account = link.refresh(wallet).await.map_err(say)?;
    if !link.read(|state| state.is_on(chain)) {
        return Err(say(WalletError::WrongChain));
    }
    if !text::is_account(&call.from, account) {
        return Err(Notice::new(
            Tone::Warning,
            "other_account",
            "Your wallet is on another account than the one that must send this. Nothing was sent.",
        ));
    }
    let hash = wallet.send(call, account).await.map_err(say)?;
    match hash.parse::<TxHash>() {
        Ok(_) => Ok(hash),
        // Wallets of several people answer with a reference of their own.
        Err(_) => Err(Notice::new(
            Tone::Warning,
            "not_a_hash",
            "Your wallet took the request but has not sent it yet. Once it is on the network, this page shows it after a reload.",
        )),
    }
}
