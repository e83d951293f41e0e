//! What the islands that use wallets have in common on screen.

use leptos::prelude::*;

use super::{link::Link, notice::Notice, picker::icon, text};
use crate::ui::{AddressText, Icon, Tone};

/// A message. The caller puts it into an element with `role="status"` that is always there, so
/// that it is read out when it changes.
pub fn message(notice: Notice) -> impl IntoView + use<> {
    let icon = match notice.tone {
        Tone::Positive => "check",
        Tone::Warning | Tone::Negative => "warning",
        Tone::Plain | Tone::Accent => "info",
    };
    view! {
        <div class="notice" data-testid="wallet-message" data-tone=notice.tone.word() data-code=notice.code>
            <Icon name=icon/>
            <div>{notice.text}</div>
        </div>
    }
}

/// The wallet in use, its account, and the way to another.
pub fn in_use(link: Link) -> impl IntoView {
    move || {
        link.wallet.get().map(|wallet| {
            view! {
                <div class="wallet-line" data-testid="wallet-in-use" data-rdns=wallet.rdns.clone()>
                    {icon(&wallet)}
                    <span class="wallet-line-name">{wallet.name.clone()}</span>
                    {link.account.get().map(|account| view! {
                        <AddressText address=text::checksummed(account)/>
                    })}
                    <button
                        type="button"
                        class="button"
                        data-kind="quiet"
                        data-testid="other-wallet"
                        on:click=move |_| link.put_aside()
                    >
                        "Use another wallet"
                    </button>
                </div>
            }
        })
    }
}
