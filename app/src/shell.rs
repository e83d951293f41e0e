//! The page around a view: head, header, footer. The head is written as text, since it is the
//! same few lines on every page; what carries structure is a view.

use academy::ids::TierId;
use leptos::prelude::*;

use crate::{
    AppState, Visitor,
    learning::island::ThemeSwitch,
    render::{Islands, Layout, PageHead},
    ui::{AddressText, Icon},
    visitor::Theme,
};

/// The site's name.
pub const SITE: &str = "Lectern";

/// The fonts that every page needs at once; see style/base/fonts.css.
const FONTS: &[&str] = &["figtree-latin.woff2", "literata-latin.woff2"];

/// Everything up to the view.
pub fn open(html: &mut String, state: &AppState, visitor: &Visitor, head: &PageHead) {
    html.push_str("<!DOCTYPE html><html lang=\"en\"");
    if visitor.theme != Theme::System {
        attribute(html, "data-theme", visitor.theme.word());
    }
    html.push_str("><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>");
    text(html, &head.title);
    if head.title != SITE {
        html.push_str(" · ");
        html.push_str(SITE);
    }
    html.push_str("</title>");
    meta(html, "name", "description", &head.description);
    meta(html, "name", "color-scheme", "light dark");
    if head.status.is_success() {
        let path = head.canonical.as_deref().unwrap_or_else(|| path_only(&visitor.path));
        let url = format!("{}{path}", state.public_url);
        html.push_str("<link rel=\"canonical\"");
        attribute(html, "href", &url);
        html.push('>');
        meta(html, "property", "og:url", &url);
    } else {
        meta(html, "name", "robots", "noindex");
    }
    meta(html, "property", "og:site_name", SITE);
    meta(html, "property", "og:title", &head.title);
    meta(html, "property", "og:description", &head.description);
    meta(html, "property", "og:type", "website");
    if let Some(image) = &head.image {
        meta(html, "property", "og:image", &format!("{}{image}", state.public_url));
    }
    for font in FONTS {
        html.push_str(
            "<link rel=\"preload\" as=\"font\" type=\"font/woff2\" crossorigin href=\"/static/fonts/",
        );
        html.push_str(font);
        html.push_str("\">");
    }
    html.push_str("<link rel=\"stylesheet\"");
    attribute(html, "href", &state.assets.css);
    html.push_str("><link rel=\"icon\" type=\"image/svg+xml\" href=\"/static/icon.svg\">");
    html.push_str("<script type=\"module\" src=\"/static/boot.js\"");
    let assets = &state.assets;
    let bundle = match head.islands() {
        Islands::Reading => &assets.reading,
        Islands::Signing => &assets.signing,
        Islands::Paying => &assets.paying,
        Islands::Editing => &assets.editing,
        Islands::Sending => &assets.sending,
    };
    attribute(html, "data-js", &bundle.js);
    attribute(html, "data-wasm", &bundle.wasm);
    html.push_str("></script>");
    if state.demo_wallet {
        html.push_str("<script type=\"module\" src=\"/static/dev/demo-wallet.js\"></script>");
    }
    if let Some(data) = &head.json_ld {
        html.push_str("<script type=\"application/ld+json\">");
        // Nothing in the data may close the element.
        html.push_str(&data.replace('<', "\\u003c"));
        html.push_str("</script>");
    }
    html.push_str("</head><body");
    attribute(html, "data-layout", layout_word(head.layout));
    html.push_str("><a class=\"skip-link\" href=\"#main\">Skip to the content</a>");
    html.push_str(&header(visitor, head.layout).to_html());
    html.push_str("<main id=\"main\" tabindex=\"-1\">");
}

/// Everything after the view.
pub fn close(html: &mut String, visitor: &Visitor, layout: Layout) {
    html.push_str("</main>");
    html.push_str(&footer(visitor, layout).to_html());
    html.push_str("</body></html>");
}

fn layout_word(layout: Layout) -> &'static str {
    match layout {
        Layout::Site => "site",
        Layout::Wide => "wide",
        Layout::Till => "till",
        Layout::Bare => "bare",
    }
}

fn path_only(path: &str) -> &str {
    path.split('?').next().unwrap_or("/")
}

fn meta(html: &mut String, kind: &str, name: &str, content: &str) {
    html.push_str("<meta");
    attribute(html, kind, name);
    attribute(html, "content", content);
    html.push('>');
}

fn attribute(html: &mut String, name: &str, value: &str) {
    html.push(' ');
    html.push_str(name);
    html.push_str("=\"");
    text(html, value);
    html.push('"');
}

/// Escapes for text and quoted attributes alike.
fn text(html: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            letter => html.push(letter),
        }
    }
}

/// The address of the sign-in page that leads back to `path`.
pub fn sign_in_path(path: &str) -> String {
    format!("/sign-in?next={}", url_encoded(path))
}

/// The address of the sign-in page that goes on to buying a tier of a course: nobody has to say
/// twice what they want.
pub fn sign_in_to_buy(slug: &str, tier: TierId) -> String {
    format!("{}&tier={tier}", sign_in_path(&format!("/courses/{slug}")))
}

/// For a value in a query (RFC 3986, with slashes kept: they are allowed there).
pub fn url_encoded(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(byte as char);
            }
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn header(visitor: &Visitor, layout: Layout) -> impl IntoView + use<> {
    let here = path_only(&visitor.path);
    let person = visitor.actor.person();
    let mut links = Vec::new();
    if layout != Layout::Till {
        links.push(nav_link(here, "/", "Courses"));
        if let Some(person) = person {
            links.push(nav_link(here, "/learning", "My courses"));
            if person.instructor || person.admin {
                links.push(nav_link(here, "/studio", "Studio"));
            }
            if person.admin {
                links.push(nav_link(here, "/admin", "Admin"));
            }
        }
    }
    let account = match person {
        Some(person) => account_menu(&person.name, &person.address_text).into_any(),
        None if here == "/sign-in" => ().into_any(),
        None => {
            let back = if layout == Layout::Till { "/" } else { &*visitor.path };
            view! { <a class="button" data-kind="secondary" href=sign_in_path(back)>"Sign in"</a> }.into_any()
        }
    };
    view! {
        <header class="site-header">
            <div class="site-header-row">
                <a class="wordmark" href="/" aria-label="Lectern, to the courses">
                    <Mark/>
                    <span>"Lectern"</span>
                </a>
                <nav class="site-nav" aria-label="Site">{links}</nav>
                <div class="site-account">{account}</div>
            </div>
        </header>
    }
}

/// The mark: an open book on a lectern's slope.
#[component]
fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
            <path d="M2.500 6.500c3.500-1.500 7-1.300 9.500.6 2.500-1.900 6-2.100 9.500-.6v9.500c-3.500-1.400-7-1.200-9.500.7-2.500-1.900-6-2.100-9.500-.7z" fill="none" stroke="currentColor" stroke-width="1.700" stroke-linejoin="round"></path>
            <path d="M12 7.200v13.300M8 20.500h8" fill="none" stroke="currentColor" stroke-width="1.700" stroke-linecap="round"></path>
        </svg>
    }
}

fn nav_link(here: &str, href: &'static str, words: &'static str) -> AnyView {
    let inside = match href {
        "/" => here == "/" || here.starts_with("/courses/"),
        _ => here == href || here.strip_prefix(href).is_some_and(|rest| rest.starts_with('/')),
    };
    let current = if here == href { Some("page") } else { inside.then_some("true") };
    view! { <a href=href aria-current=current>{words}</a> }.into_any()
}

fn account_menu(name: &str, address: &str) -> impl IntoView + use<> {
    let name = (!name.is_empty()).then(|| name.to_owned());
    let address = address.to_owned();
    view! {
        <button class="account-button" type="button" popovertarget="account-menu" aria-label="Your account">
            <AddressText address=address.clone()/>
            <Icon name="chevron-down"/>
        </button>
        <div class="menu" id="account-menu" popover="auto">
            <p class="menu-head">
                {name.map(|name| view! { <span class="menu-name">{name}</span> })}
                <AddressText address=address/>
            </p>
            <ul>
                <li><a href="/learning">"My courses"</a></li>
                <li><a href="/orders">"Orders and receipts"</a></li>
                <li><a href="/payout">"Payout"</a></li>
                <li><a href="/profile">"Profile"</a></li>
            </ul>
            <form method="post" action="/sign-out">
                <button type="submit">"Sign out"</button>
            </form>
        </div>
    }
}

fn footer(visitor: &Visitor, layout: Layout) -> impl IntoView + use<> {
    // Where one signs and pays, nothing is loaded that is not for that.
    let switch = (layout != Layout::Till).then(|| {
        view! { <ThemeSwitch theme=visitor.theme.word().to_owned() back=visitor.path.to_string()/> }
    });
    view! {
        <footer class="site-footer">
            <div class="site-footer-row">
                <p>"Lectern sells courses for money that arrives on a chain. You pay the teacher's contract from your own wallet; this site never holds your keys."</p>
                {switch}
            </div>
        </footer>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_people_wrote() {
        let mut html = String::new();
        attribute(&mut html, "content", "\"><script>&");
        assert_eq!(html, " content=\"&quot;&gt;&lt;script&gt;&amp;\"");
    }

    #[test]
    fn leads_back_after_signing_in() {
        assert_eq!(sign_in_path("/courses/a?b=c&d"), "/sign-in?next=/courses/a%3Fb%3Dc%26d");
    }
}
