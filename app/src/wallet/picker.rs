//! Choosing a wallet: the ones found, and help for those who have none.

use leptos::prelude::*;

use super::{link::Link, provider::Wallet};

/// A button per wallet, or what to do without one.
#[component]
pub fn Picker(
    /// The wallets.
    link: Link,
    /// Takes the chosen one.
    choose: impl Fn(Wallet) + Clone + Send + Sync + 'static,
) -> impl IntoView {
    let none = move || link.looked.get() && link.wallets.with(Vec::is_empty);
    let demo = move || link.wallets.with(|all| all.iter().any(Wallet::is_demo));
    view! {
        <div class="picker">
            <p class="picker-looking" hidden=move || link.looked.get() || link.wallets.with(|all| !all.is_empty())>
                "Looking for wallets in this browser…"
            </p>
            <p class="picker-none" hidden=move || !none() data-testid="no-wallet">
                "No wallet was found in this browser. Install one, or open this page in the browser of your wallet's app; then reload."
            </p>
            <ul class="picker-wallets">
                {move || {
                    link.wallets.get().into_iter().map(|wallet| {
                        let choose = choose.clone();
                        let chosen = wallet.clone();
                        view! {
                            <li>
                                <button
                                    type="button"
                                    class="picker-wallet"
                                    data-testid="wallet-option"
                                    data-rdns=wallet.rdns.clone()
                                    on:click=move |_| choose(chosen.clone())
                                >
                                    {icon(&wallet)}
                                    <span class="picker-name">{wallet.name.clone()}</span>
                                    {wallet.was_used_last().then(|| view! {
                                        <span class="picker-hint">"used last"</span>
                                    })}
                                </button>
                            </li>
                        }
                    }).collect_view()
                }}
            </ul>
            <details class="picker-help" open=none>
                <summary>"No wallet?"</summary>
                <p>
                    "A wallet is a browser extension or an app that keeps your keys and asks you before anything is signed or paid. This site never sees your keys."
                </p>
                <p>
                    <a href="https://metamask.io/download" rel="noreferrer" target="_blank">"MetaMask"</a>
                    ", "
                    <a href="https://rabby.io" rel="noreferrer" target="_blank">"Rabby"</a>
                    " and "
                    <a href="https://www.coinbase.com/wallet/downloads" rel="noreferrer" target="_blank">"Base (Coinbase Wallet)"</a>
                    " are free and work here, as does any wallet for Ethereum-like networks. On a phone, open this page in the wallet app's own browser."
                </p>
                <p hidden=move || !demo() data-testid="demo-hint">
                    "This site runs in development: the "
                    <strong>"Demo wallet"</strong>
                    " above is for trying it out, with play money and without installing anything."
                </p>
            </details>
        </div>
    }
}

/// A wallet's icon; it says nothing that its name doesn't.
pub fn icon(wallet: &Wallet) -> impl IntoView + use<> {
    match wallet.icon.clone() {
        Some(source) => {
            view! { <img class="picker-icon" src=source alt="" width="28" height="28" /> }.into_any()
        }
        None => view! { <span class="picker-icon picker-icon-none" aria-hidden="true"></span> }.into_any(),
    }
}
