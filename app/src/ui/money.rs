//! Amounts for people.

use academy::money::Wei;
use leptos::prelude::*;

/// `0.02 ETH`, at most six significant digits; the exact figure on hover and as the element's
/// value. Zero reads "Free" where it is a price.
#[component]
pub fn Money(
    /// How much.
    wei: Wei,
    /// The currency's symbol. On the server it may be left out: the chain's own. Islands pass it.
    #[prop(optional, into)]
    currency: Option<String>,
    /// It is a price: zero reads "Free".
    #[prop(optional)]
    price: bool,
) -> impl IntoView {
    let currency = currency.unwrap_or_else(chain_currency);
    if price && wei.is_zero() {
        return view! { <span class="money">"Free"</span> }.into_any();
    }
    let exact = wei.to_ether();
    let title = format!("{exact} {currency}");
    let shown = format!("{}\u{a0}{currency}", wei.to_ether_short());
    view! { <data class="money" value=exact title=title>{shown}</data> }.into_any()
}

/// A tier's price: `0.02 ETH`, `49.00 USD`, or "Free".
#[cfg(feature = "ssr")]
#[component]
pub fn PriceTag(
    /// How much, and of what.
    price: academy::price::Price,
) -> impl IntoView {
    use academy::price::Price;
    match price {
        Price::Coin(wei) => view! { <Money wei=wei price=true/> }.into_any(),
        Price::Fiat(sum) => {
            view! { <data class="money" value=sum.figure()>{sum.to_string()}</data> }.into_any()
        }
    }
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
