//! Sending one prepared call from a given account, and waiting until the network has it.

use academy::{
    checkout::{ChainInfo, WalletCall},
    evm::TxHash,
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    error::WalletError,
    js,
    link::{Asking, Link},
    notice::{Asked, Notice, about},
    parts,
    picker::Picker,
    provider::Wallet,
    text,
};
use crate::ui::{AddressText, Tone};

/// After so many looks at a network that does not know the transaction, it was dropped there.
const LOOKS_UNTIL_LOST: u32 = 20;
/// Between two looks.
const LOOK_MS: u32 = 1000;
/// The site follows the chain by itself; this long it may take to see what the wallet saw.
const HEAD_START_MS: u32 = 1000;

/// The steps after the wallet's yes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sent {
    /// Nothing yet.
    No,
    /// Waiting for a block.
    Pending(String),
    /// In a block; going on.
    Mined,
}

/// A button that sends `call` through the wallet, waits until it is mined, then goes to `after`.
#[island]
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
    let link = Link::start(true);
    let sent = RwSignal::new(Sent::No);
    // The same call again is the same deed: a reload while it is pending must not send twice.
    let kept_as = format!("lectern.call.{}.{}", call.chain_id, call.data);
    let sender = call.from.clone();
    let network = StoredValue::new(chain);
    let sending = StoredValue::new((call, after, kept_as));

    let follow = move |wallet: Wallet, hash: String| {
        let (_, after, kept_as) = sending.get_value();
        sent.set(Sent::Pending(hash.clone()));
        spawn_local(async move {
            let outcome = watch(&wallet, &hash).await;
            js::forget(&kept_as);
            match outcome {
                Ok(()) => {
                    sent.set(Sent::Mined);
                    js::sleep(HEAD_START_MS).await;
                    js::go(&after);
                }
                Err(notice) => {
                    sent.set(Sent::No);
                    link.notice.set(Some(notice));
                }
            }
        });
    };
    Effect::new(move || {
        let (_, _, kept_as) = sending.get_value();
        if let (Some(wallet), Sent::No) = (link.wallet.get(), sent.get_untracked())
            && let Some(hash) = js::kept(&kept_as)
        {
            follow(wallet, hash);
        }
    });
    let connect = move |wallet: Wallet| {
        link.ask(Asking::Connect, async move {
            if let Err(error) = link.connect(wallet).await {
                link.notice.set(Some(about(&error, Asked::Connect, "")));
            }
        });
    };
    let press = move |_| {
        let Some(wallet) = link.wallet.get_untracked() else { return };
        let (call, _, kept_as) = sending.get_value();
        link.ask(Asking::Send, async move {
            match ask_to_send(link, &wallet, &call, &network.get_value()).await {
                Ok(hash) => {
                    js::keep(&kept_as, &hash);
                    follow(wallet, hash);
                }
                Err(notice) => link.notice.set(Some(notice)),
            }
        });
    };

    let unconnected = move || link.account.get().is_none();
    let wrong_network = move || !unconnected() && !network.with_value(|chain| link.is_on(chain));
    let idle = move || sent.get() == Sent::No;
    let must_be = sender.clone();
    let other_account = move || {
        link.account.get().filter(|account| !text::is_account(&must_be, *account))
    };
    view! {
        <div class="send-call" data-testid="send-call">
            {parts::in_use(link)}
            {move || (unconnected() && idle()).then(|| view! { <Picker link choose=connect /> })}
            {move || other_account().map(|account| view! {
                <p class="notice" data-tone="warning" data-code="other_account">
                    "This must be sent by "<AddressText address=sender.clone()/>
                    ", but your wallet is on "<AddressText address=text::checksummed(account)/>
                    ". Choose the right account in your wallet; this page notices by itself."
                </p>
            })}
            <button
                type="button"
                class="button" data-kind="primary"
                data-testid="switch-network"
                hidden=move || !wrong_network() || !idle()
                on:click=move |_| link.switch_to(network.get_value())
            >
                {network.with_value(|chain| format!("Switch to {}", chain.name))}
            </button>
            <button
                type="button"
                class="button" data-kind="primary"
                data-testid="send"
                hidden=move || unconnected() || wrong_network() || !idle()
                aria-disabled=move || link.asking.get().is_some().to_string()
                on:click=press
            >
                {label}
            </button>
            <div role="status">
                {move || status(link.asking.get(), sent.get(), link.notice.get()).map(parts::message)}
            </div>
        </div>
    }
}

/// The one thing to say now.
fn status(asking: Option<Asking>, sent: Sent, notice: Option<Notice>) -> Option<Notice> {
    let calm = |code, text: &str| Some(Notice::new(Tone::Plain, code, text));
    match (sent, asking) {
        (Sent::Mined, _) => {
            Some(Notice::new(Tone::Positive, "mined", "It is on the network. Going on…"))
        }
        (Sent::Pending(_), _) => calm(
            "submitted",
            "Sent. Waiting for the network to include it. You can close this tab: the site follows the network by itself.",
        ),
        (Sent::No, Some(_)) => calm(
            "asking",
            "Waiting for your wallet. Open it if its window does not show.",
        ),
        (Sent::No, None) => notice,
    }
}

async fn ask_to_send(
    link: Link,
    wallet: &Wallet,
    call: &WalletCall,
    chain: &ChainInfo,
) -> Result<String, Notice> {
    let say = |error: WalletError| about(&error, Asked::Send, &chain.name);
    let account = link.refresh(wallet).await.map_err(say)?;
    if !link.is_on(chain) {
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

/// Waits until a transaction is mined.
async fn watch(wallet: &Wallet, hash: &str) -> Result<(), Notice> {
    let mut unknown = 0;
    loop {
        match wallet.mined(hash).await {
            Ok(Some(true)) => return Ok(()),
            Ok(Some(false)) => {
                return Err(Notice::new(
                    Tone::Negative,
                    "reverted",
                    "The transaction failed on the network; only the network fee (gas) was spent. You can try again.",
                ));
            }
            // No answer says nothing about the transaction.
            Err(_) => {}
            Ok(None) => match wallet.knows(hash).await {
                Ok(false) => unknown += 1,
                Ok(true) => unknown = 0,
                Err(_) => {}
            },
        }
        if unknown >= LOOKS_UNTIL_LOST {
            return Err(Notice::new(
                Tone::Warning,
                "replaced",
                "The network no longer knows this transaction: it was sped up or cancelled in your wallet. Reload this page to see where things stand.",
            ));
        }
        js::sleep_unless_watched(LOOK_MS).await;
    }
}
