//! The views of the wallet islands, as HTML text.
//!
//! These islands change as a whole: a state in, a page's part out. As text that costs a tenth of
//! the bytes in the browser that typed views with signals cost, and every state is a plain test.

use academy::evm::Address;

use super::{link::State, notice::Notice, provider::Wallet, text};
use crate::ui::{Tone, icon_path, identicon_parts, short_address};

/// HTML under construction. Markup is the program's own (`'static`); everything else is escaped.
#[derive(Default)]
pub struct Html(String);

impl Html {
    /// Markup.
    pub fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text, or the value of a quoted attribute.
    pub fn text(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            match letter {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                letter => self.0.push(letter),
            }
        }
        self
    }

    /// HTML that was made here before.
    pub fn nested(&mut self, html: &str) -> &mut Self {
        self.0.push_str(html);
        self
    }

    /// A number.
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.0.push_str(&number.to_string());
        self
    }

    /// The text so far.
    pub fn done(&mut self) -> String {
        std::mem::take(&mut self.0)
    }

    /// A line icon.
    pub fn icon(&mut self, name: &'static str) -> &mut Self {
        self.raw(r#"<svg class="icon" viewBox="0 0 20 20" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d=""#)
            .raw(icon_path(name))
            .raw(r#""></path></svg>"#)
    }

    /// A checksummed address, shortened unless `full`, with the whole on hover.
    pub fn address(&mut self, address: &str, full: bool) -> &mut Self {
        let (hue, path) = identicon_parts(address);
        let hue = hue.to_string();
        self.raw(r#"<span class="address" title=""#)
            .text(address)
            .raw(r#""><svg class="identicon" viewBox="-1 -1 7 7" width="20" height="20" aria-hidden="true" shape-rendering="crispEdges"><rect x="-1" y="-1" width="7" height="7" fill="oklch(0.93 0.04 "#)
            .text(&hue)
            .raw(r#")"></rect><path d=""#)
            .text(&path)
            .raw(r#"" fill="oklch(0.52 0.13 "#)
            .text(&hue)
            .raw(r#")"></path></svg><span class="address-text"#)
            .raw(if full { " address-full" } else { "" })
            .raw(r#"">"#)
            .text(&if full { address.to_owned() } else { short_address(address) })
            .raw("</span></span>")
    }

    /// The same for an account as wallets name it.
    pub fn account(&mut self, account: Address) -> &mut Self {
        self.address(&text::checksummed(account), false)
    }

    /// The start of a message's box; close it with `</div></div>`.
    pub fn notice_open(&mut self, tone: Tone, code: &str) -> &mut Self {
        let icon = match tone {
            Tone::Positive => "check",
            Tone::Warning | Tone::Negative => "warning",
            Tone::Plain | Tone::Accent => "info",
        };
        self.raw(r#"<div class="notice" data-tone=""#)
            .raw(tone.word())
            .raw(r#"" data-code=""#)
            .text(code)
            .raw(r#"">"#)
            .icon(icon)
            .raw("<div>")
    }

    /// A message.
    pub fn notice(&mut self, notice: &Notice) -> &mut Self {
        self.notice_open(notice.tone, &notice.code).text(&notice.text).raw("</div></div>")
    }

    /// A button that acts: `act` comes back in [`super::dom::Part::on_act`].
    pub fn button(&mut self, act: &'static str, kind: &'static str, label: &str) -> &mut Self {
        self.raw(r#"<button type="button" class="button" data-kind=""#)
            .raw(kind)
            .raw(r#"" data-testid=""#)
            .raw(act)
            .raw(r#"" data-act=""#)
            .raw(act)
            .raw(r#"">"#)
            .text(label)
            .raw("</button>")
    }

    /// The wallet in use, its account, and the way to another.
    pub fn wallet_in_use(&mut self, link: &State) -> &mut Self {
        let Some(wallet) = &link.wallet else { return self };
        self.raw(r#"<div class="wallet-line" data-testid="wallet-in-use">"#)
            .wallet_icon(wallet)
            .raw(r#"<span class="wallet-line-name">"#)
            .text(&wallet.name)
            .raw("</span>");
        if let Some(account) = link.account {
            self.account(account);
        }
        self.button("other-wallet", "quiet", "Use another wallet").raw("</div>")
    }

    /// It says nothing that the wallet's name doesn't.
    pub fn wallet_icon(&mut self, wallet: &Wallet) -> &mut Self {
        match &wallet.icon {
            Some(source) => self
                .raw(r#"<img class="picker-icon" alt="" width="28" height="28" src=""#)
                .text(source)
                .raw(r#"">"#),
            None => self.raw(r#"<span class="picker-icon picker-icon-none" aria-hidden="true"></span>"#),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_no_markup_of_others_in() {
        let wallet = Wallet::named("<img src=x onerror=alert(1)>", Some("data:image/svg+xml,\"><script>"));
        let link = State { wallet: Some(wallet), ..State::default() };
        let html = Html::default().wallet_in_use(&link).done();
        assert!(!html.contains("<img src=x") && !html.contains("<script"), "{html}");
        assert!(html.contains("&lt;img src=x"), "{html}");
    }
}
