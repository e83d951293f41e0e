//! Structure that pages share.

use leptos::prelude::*;

use super::{Icon, Tone};

/// The page's heading with a sentence below and actions beside.
#[component]
pub fn PageTitle(
    /// The heading.
    #[prop(into)]
    title: String,
    /// A sentence below.
    #[prop(optional, into)]
    lead: String,
    /// Buttons and links beside it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <header class="page-title">
            <div>
                <h1>{title}</h1>
                {(!lead.is_empty()).then(|| view! { <p class="lead">{lead}</p> })}
            </div>
            {children.map(|children| view! { <div class="page-actions">{children()}</div> })}
        </header>
    }
}

/// Where this page is: each link's address and words; the page itself last, without a link.
#[component]
pub fn Crumbs(
    /// The way here.
    path: Vec<(String, String)>,
    /// This page.
    #[prop(into)]
    here: String,
) -> impl IntoView {
    let items: Vec<_> =
        path.into_iter().map(|(href, words)| view! { <li><a href=href>{words}</a></li> }).collect();
    view! {
        <nav class="crumbs" aria-label="Breadcrumb">
            <ol>{items}<li aria-current="page">{here}</li></ol>
        </nav>
    }
}

/// Previous and next page of a list, with where one is. Nothing when all fits on one page.
#[component]
pub fn Pager(
    /// The list's page: its rows do not matter.
    number: u32,
    /// How many pages there are.
    pages: u32,
    /// The address of a page, up to its number: `/admin/users?q=ada&page=`.
    #[prop(into)]
    base: String,
) -> impl IntoView {
    let link = |to: u32, words: &'static str, rel: &'static str| {
        view! { <a class="button" data-kind="secondary" rel=rel href=format!("{base}{to}")>{words}</a> }
    };
    (pages > 1).then(|| {
        view! {
            <nav class="pager" aria-label="Pages">
                {(number > 1).then(|| link(number - 1, "Previous", "prev"))}
                <span class="pager-here">{format!("Page {number} of {pages}")}</span>
                {(number < pages).then(|| link(number + 1, "Next", "next"))}
            </nav>
        }
    })
}

/// A list without rows: what that means and what to do.
#[component]
pub fn EmptyState(
    /// What it means.
    #[prop(into)]
    title: String,
    /// What to do: words and links.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="empty">
            <p class="empty-title">{title}</p>
            <div class="empty-body">{children()}</div>
        </div>
    }
}

/// Something to know before all else on the page.
#[component]
pub fn Notice(
    /// What it says about its matter.
    #[prop(optional)]
    tone: Tone,
    /// The words.
    children: Children,
) -> impl IntoView {
    let icon = match tone {
        Tone::Positive => "check",
        Tone::Warning | Tone::Negative => "warning",
        Tone::Plain | Tone::Accent => "info",
    };
    let role = if tone == Tone::Negative { "alert" } else { "status" };
    view! {
        <div class="notice" data-tone=tone.word() role=role>
            <Icon name=icon/>
            <div>{children()}</div>
        </div>
    }
}

/// A table that scrolls inside itself; put `<table>` within.
#[component]
pub fn TableScroll(
    /// What the table shows, for those who reach it by keyboard.
    #[prop(into)]
    label: String,
    /// The table.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=format!("{label} (table)")>{children()}</div>
    }
}
