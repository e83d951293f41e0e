//! Choosing a wallet: the ones found, and help for those who have none.

use super::{html::Html, link::State, provider::Wallet};

impl Html {
    /// A button per wallet (`wallet:0`, …), or what to do without one.
    pub fn picker(&mut self, link: &State) -> &mut Self {
        self.raw(r#"<div class="picker">"#);
        match (link.wallets.is_empty(), link.looked) {
            (true, false) => {
                self.raw(r#"<p class="picker-looking">Looking for wallets in this browser…</p>"#);
            }
            (true, true) => {
                self.raw(r#"<p class="picker-none" data-testid="no-wallet">No wallet was found in this browser. Install one, or open this page in the browser of your wallet’s app; then reload.</p>"#);
            }
            (false, _) => {
                self.raw(r#"<ul class="picker-wallets">"#);
                for (index, wallet) in link.wallets.iter().enumerate() {
                    self.raw(r#"<li><button type="button" class="picker-wallet" data-testid="wallet-option" data-rdns=""#)
                        .text(&wallet.rdns)
                        .raw(r#"" data-act="wallet:"#)
                        .number(index as u64)
                        .raw(r#"">"#)
                        .wallet_icon(wallet)
                        .raw(r#"<span class="picker-name">"#)
                        .text(&wallet.name)
                        .raw("</span>")
                        .raw(if wallet.used_last { r#"<span class="picker-hint">used last</span>"# } else { "" })
                        .raw("</button></li>");
                }
                self.raw("</ul>");
            }
        }
        self.raw(r#"<details class="picker-help""#)
            .raw(if link.looked && link.wallets.is_empty() { " open" } else { "" })
            .raw(r#"><summary>No wallet?</summary><p>A wallet is a browser extension or an app that keeps your keys and asks you before anything is signed or paid. This site never sees your keys.</p><p><a href="https://metamask.io/download" rel="noopener" target="_blank">MetaMask</a>, <a href="https://rabby.io" rel="noopener" target="_blank">Rabby</a> and <a href="https://www.coinbase.com/wallet/downloads" rel="noopener" target="_blank">Base (Coinbase Wallet)</a> are free and work here, as does any wallet for Ethereum-like networks. On a phone, open this page in the wallet app’s own browser.</p>"#);
        if link.wallets.iter().any(Wallet::is_demo) {
            self.raw(r#"<p data-testid="demo-hint">This site runs in development: the <strong>Demo wallet</strong> above is for trying it out, with play money and without installing anything.</p>"#);
        }
        self.raw("</details></div>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picker(link: State) -> String {
        Html::default().picker(&link).done()
    }

    #[test]
    fn looks_then_offers_or_helps() {
        assert!(picker(State::default()).contains("Looking for wallets"));
        let none = picker(State { looked: true, ..State::default() });
        assert!(none.contains("No wallet was found") && none.contains(" open>"), "{none}");
        let wallets = vec![Wallet::named("One", None), Wallet::named("Two", None)];
        let two = picker(State { wallets, looked: true, ..State::default() });
        assert_eq!(two.matches("wallet-option").count(), 2);
        assert!(two.contains("wallet:1") && !two.contains("demo-hint"), "{two}");
    }
}
