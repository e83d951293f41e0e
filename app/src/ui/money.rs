//! Amounts for people.

use academy::money::{Currency, Wei};
use leptos::prelude::*;

/// `0.02 ETH`, at most six significant digits; the exact figure on hover and as the element's
/// value. Zero reads "Free" where it is a price.
#[component]
pub fn Money(
    /// How much.
    wei: Wei,
    /// In what; without, in the chain's coin.
    #[prop(optional)]
    currency: Option<Currency>,
    /// It is a price: zero reads "Free".
    #[prop(optional)]
    price: bool,
) -> impl IntoView {
    if price && wei.is_zero() {
        return view! { <span class="money">"Free"</span> }.into_any();
    }
    let currency = currency.unwrap_or_else(|| Currency::coin(chain_currency()));
    let exact = currency.figure(wei);
    let title = format!("{exact} {}", currency.symbol);
    view! { <data class="money" value=exact title=title>{currency.short(wei)}</data> }.into_any()
}

/// A tier's price: `0.02 ETH`, `49.00 USD ≈ 0.01633 ETH`, `49 USDC`, or "Free".
#[cfg(feature = "ssr")]
#[component]
pub fn PriceTag(
    /// How much, and of what.
    price: academy::price::Price,
    /// What that comes to, where it is known.
    #[prop(default = None)]
    about: Option<academy::checkout::About>,
) -> impl IntoView {
    use academy::price::Price;
    match price {
        Price::Coin(wei) => view! { <Money wei=wei price=true/> }.into_any(),
        Price::Token { token, amount, .. } => {
            view! { <Money wei=amount currency=currency_of(token)/> }.into_any()
        }
        Price::Fiat(sum) => {
            let about = about.map(|about| {
                view! {
                    " "
                    <span class="about money" data-testid="about">
                        <span aria-hidden="true">"≈\u{a0}"</span>
                        <span class="visually-hidden">"about "</span>
                        {about.to_string()}
                    </span>
                }
            });
            view! { <data class="money" value=sum.figure()>{sum.to_string()}</data>{about} }.into_any()
        }
    }
}

/// Below an amount: the chain that it is on, where the site has several.
#[cfg(feature = "ssr")]
pub fn on_chain(chain: Option<String>) -> Option<impl IntoView> {
    chain.map(|chain| view! { <span class="table-sub">"on "{chain}</span> })
}

/// Below an amount: the price that it was quoted for, if it was.
#[cfg(feature = "ssr")]
pub fn quoted_for(price: Option<academy::price::Cents>) -> Option<impl IntoView> {
    price.map(|price| view! { <span class="table-sub">"for "{price.to_string()}</span> })
}

/// A token's currency.
#[cfg(feature = "ssr")]
fn currency_of(token: academy::evm::Address) -> Currency {
    use_context::<crate::render::Ui>().map_or_else(|| Currency::coin("ETH"), |ui| ui.chain.currency_of(token))
}

/// The symbol of the chain's coin.
#[cfg(feature = "ssr")]
pub fn chain_currency() -> String {
    use_context::<crate::render::Ui>().map_or_else(|| "ETH".to_owned(), |ui| ui.chain.currency.clone())
}

#[cfg(not(feature = "ssr"))]
fn chain_currency() -> String {
    "ETH".to_owned()
}
