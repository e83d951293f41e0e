//! Light, dark, or as the device says.

use leptos::prelude::*;

use crate::ui::Icon;

/// Three buttons that post to `/theme`. With JavaScript they change the page at once and keep the
/// choice in the cookie that the server reads, so that no page flashes.
#[island]
pub fn ThemeSwitch(
    /// The theme now: `system`, `light` or `dark`.
    theme: String,
    /// Where to come back to without JavaScript.
    back: String,
) -> impl IntoView {
    let chosen = RwSignal::new(theme);
    let button = move |word: &'static str, icon: &'static str, label: &'static str| {
        view! {
            <button
                type="submit"
                name="theme"
                value=word
                title=label
                aria-label=label
                aria-pressed=move || if chosen.get() == word { "true" } else { "false" }
                on:click=move |event| {
                    event.prevent_default();
                    choose(word);
                    chosen.set(word.to_owned());
                }
            >
                <Icon name=icon/>
            </button>
        }
    };
    view! {
        <form method="post" action="/theme">
            <input type="hidden" name="back" value=back/>
            <div class="theme-switch" role="group" aria-label="Colours">
                {button("light", "sun", "Light")}
                {button("system", "monitor", "As the device")}
                {button("dark", "moon", "Dark")}
            </div>
        </form>
    }
}

#[cfg(feature = "hydrate")]
fn choose(word: &str) {
    use leptos::wasm_bindgen::JsCast;
    let document = document();
    if let Some(root) = document.document_element() {
        let _ = match word {
            "system" => root.remove_attribute("data-theme"),
            word => root.set_attribute("data-theme", word),
        };
    }
    let secure = if location().protocol().is_ok_and(|scheme| scheme == "https:") { "; Secure" } else { "" };
    if let Some(document) = document.dyn_ref::<web_sys::HtmlDocument>() {
        let _ = document
            .set_cookie(&format!("lectern_theme={word}; Path=/; SameSite=Lax; Max-Age=31536000{secure}"));
    }
}

#[cfg(not(feature = "hydrate"))]
fn choose(_word: &str) {}
