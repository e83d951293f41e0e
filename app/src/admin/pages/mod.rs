//! The admin's pages, a file each, and what they share: the frame, filters in the address, the
//! words for states.

mod access;
mod audit;
mod courses;
mod orders;
mod overview;
mod payments;
mod transfers;
mod users;
mod webhooks;
mod words;

use academy::page::{Filter, Page};
use axum::{
    Router,
    routing::{get, post},
};
use leptos::prelude::*;
use serde::Deserialize;

use crate::{
    AppState,
    render::{Islands, Layout, PageHead},
    shell::url_encoded,
    ui::{EmptyState, Pager, Submit, count},
};

/// The admin's addresses.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/admin", get(overview::show))
        .route("/admin/users", get(users::show).post(users::act))
        .route("/admin/courses", get(courses::show))
        .route("/admin/orders", get(orders::show))
        .route("/admin/payments", get(payments::show).post(payments::act))
        .route("/admin/transfers", get(transfers::index))
        .route("/admin/transfers/{id}", get(transfers::show).post(transfers::act))
        .route("/admin/access", get(access::show).post(access::act))
        .route("/admin/audit", get(audit::show))
        .route("/admin/webhooks", post(webhooks::act))
}

/// A list's filter and what a redirect after a success says, both in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    state: String,
    // Read leniently: an address that was typed by hand shows the first page, not an error.
    page: String,
    done: String,
}

impl Asked {
    fn filter(&self) -> Filter {
        Filter { q: self.q.clone(), state: self.state.clone(), page: self.page.parse().unwrap_or(1) }
    }

    /// The same list at another page; the number comes last and is left to the caller.
    fn base(&self, path: &str) -> String {
        format!("{path}?q={}&state={}&page=", url_encoded(&self.q), url_encoded(&self.state))
    }

    /// The same list at the same page, with a word about what was done.
    fn done(&self, path: &str, word: &str) -> String {
        format!("{}{}&done={word}", self.base(path), self.filter().number())
    }
}

fn head(title: &str) -> PageHead {
    PageHead::new(format!("{title} · Admin"), "Run the place.")
        .layout(Layout::Wide)
        // Tables need nothing of the browser; the footer's switch is in the smallest bundle too.
        .with(Islands::Reading)
}

const SECTIONS: &[(&str, &str)] = &[
    ("/admin", "Overview"),
    ("/admin/users", "Users"),
    ("/admin/courses", "Courses"),
    ("/admin/orders", "Orders"),
    ("/admin/payments", "Payments"),
    ("/admin/transfers", "Transfers"),
    ("/admin/access", "Access"),
    ("/admin/audit", "Audit log"),
];

/// An admin page: its name, the sections, its content.
fn frame(section: &'static str, lead: &'static str, content: impl IntoView + 'static) -> impl IntoView {
    let title = SECTIONS.iter().find(|(path, _)| *path == section).map_or("Admin", |(_, name)| *name);
    let tabs: Vec<_> = SECTIONS
        .iter()
        .map(|(path, name)| {
            let current = (*path == section).then_some("page");
            view! { <li><a href=*path aria-current=current>{*name}</a></li> }
        })
        .collect();
    view! {
        <div class="admin">
            <nav class="tabs" aria-label="Admin">
                <ul>{tabs}</ul>
            </nav>
            <header class="admin-head">
                <h1>{title}</h1>
                <p class="muted">{lead}</p>
            </header>
            {content}
        </div>
    }
}

/// Search and one choice, in the address. `choices`: value and words; the first is "all".
fn filters(
    path: &'static str,
    asked: &Asked,
    placeholder: &'static str,
    choices: Option<(&'static str, Vec<(String, String)>)>,
) -> impl IntoView + use<> {
    let chosen = asked.state.clone();
    let select = choices.map(|(label, choices)| {
        let options: Vec<_> = choices
            .into_iter()
            .map(|(value, words)| {
                let selected = value == chosen;
                view! { <option value=value selected=selected>{words}</option> }
            })
            .collect();
        view! {
            <div class="field">
                <label for="state">{label}</label>
                <select id="state" name="state">{options}</select>
            </div>
        }
    });
    let clear = (!asked.q.is_empty() || !asked.state.is_empty())
        .then(|| view! { <a class="button" data-kind="quiet" href=path>"Clear"</a> });
    view! {
        <form class="filters" role="search" action=path data-testid="filters">
            <div class="field">
                <label for="q">"Search"</label>
                <input id="q" name="q" type="search" value=asked.q.clone() placeholder=placeholder maxlength="100"/>
            </div>
            {select}
            <Submit kind="secondary">"Show"</Submit>
            {clear}
        </form>
    }
}

/// "All" and every value with its words.
fn choices<T: Copy>(
    all: &[T],
    word: impl Fn(T) -> &'static str,
    words: impl Fn(T) -> &'static str,
) -> Vec<(String, String)> {
    std::iter::once((String::new(), "All".to_owned()))
        .chain(all.iter().map(|one| (word(*one).to_owned(), words(*one).to_owned())))
        .collect()
}

/// A list's count, table and pager; or why it is empty.
fn list<T>(
    page: &Page<T>,
    path: &'static str,
    asked: &Asked,
    one: &'static str,
    table: impl FnOnce() -> AnyView,
) -> AnyView {
    if page.rows.is_empty() {
        let filtered = !asked.q.is_empty() || !asked.state.is_empty() || page.number > 1;
        return if filtered {
            view! {
                <EmptyState title="Nothing matches">
                    <p><a href=path>"Show everything"</a></p>
                </EmptyState>
            }
            .into_any()
        } else {
            view! { <EmptyState title=format!("No {one} yet")><p>"The list fills by itself."</p></EmptyState> }.into_any()
        };
    }
    view! {
        <p class="muted list-count" data-testid="list-count">{count(page.total, one)}</p>
        {table()}
        <Pager number=page.number pages=page.pages() base=asked.base(path)/>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_filter_in_the_address() {
        let asked = Asked {
            q: "a&b=c ü".to_owned(),
            state: "paid".to_owned(),
            page: "x".to_owned(),
            ..Asked::default()
        };
        assert_eq!(asked.base("/admin/orders"), "/admin/orders?q=a%26b%3Dc%20%C3%BC&state=paid&page=");
        assert_eq!(asked.filter().page, 1);
        assert!(asked.done("/admin/orders", "given").ends_with("&page=1&done=given"));
    }
}
