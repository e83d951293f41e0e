//! Few icons, drawn inline on a 20 × 20 grid, always beside a word or in a labelled button.

use leptos::prelude::*;

/// A line icon; `name` is one of the words in [`icon_path`]. Hidden from screen readers.
#[component]
pub fn Icon(
    /// Which.
    name: &'static str,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 20 20" width="20" height="20" fill="none" stroke="currentColor"
            stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
            <path d=icon_path(name)></path>
        </svg>
    }
}

/// The path of an icon, for those who write markup themselves.
pub fn icon_path(name: &str) -> &'static str {
    match name {
        "arrow-left" => "M16 10H4m5-5-5 5 5 5",
        "arrow-right" => "M4 10h12m-5-5 5 5-5 5",
        "check" => "m4 10.5 4 4 8-9",
        "chevron-down" => "m5 7.5 5 5 5-5",
        "chevron-right" => "m7.5 5 5 5-5 5",
        "chevron-up" => "m5 12.500 5-5 5 5",
        "clock" => "M10 5.5V10l3 2m4.5-2a7.5 7.5 0 1 1-15 0 7.5 7.5 0 0 1 15 0Z",
        "external" => "M11 3.500h5.500V9M16 4l-7.500 7.500M8 4.500H3.500v12h12V12",
        "eye" => {
            "M1.500 10s3-5.500 8.500-5.500 8.500 5.500 8.500 5.500-3 5.500-8.500 5.500S1.500 10 1.500 10Zm8.500 2.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5Z"
        }
        "info" => "M10 9.500v4.500m0-7.500v.01M17.500 10a7.500 7.500 0 1 1-15 0 7.500 7.500 0 0 1 15 0Z",
        "list" => "M7 5h10M7 10h10M7 15h10M3 5h.01M3 10h.01M3 15h.01",
        "lock" => "M5 9h10v8H5zm2 0V6.500a3 3 0 0 1 6 0V9",
        "menu" => "M3 6h14M3 10h14M3 14h14",
        "monitor" => "M3 4h14v9H3zm4 13h6m-3-4v4",
        "more" => "M5 10h.01M10 10h.01M15 10h.01",
        "moon" => "M16.500 12A7 7 0 0 1 8 3.500a7 7 0 1 0 8.500 8.500Z",
        "plus" => "M10 4v12M4 10h12",
        "search" => "m17 17-4.200-4.200M14.500 9a5.500 5.500 0 1 1-11 0 5.500 5.500 0 0 1 11 0Z",
        "sun" => {
            "M10 1.500v2m0 13v2m8.500-8.500h-2m-13 0h-2m14.500-6-1.400 1.400M5.400 14.600 4 16m12 0-1.400-1.400M5.400 5.400 4 4m9.500 6a3.500 3.500 0 1 1-7 0 3.500 3.500 0 0 1 7 0Z"
        }
        "upload" => "M10 13V4m-3.500 3L10 3.500 13.500 7M3.500 13v3.500h13V13",
        "user" => {
            "M10 10a3.250 3.250 0 1 0 0-6.500 3.250 3.250 0 0 0 0 6.500Zm-6.500 7c0-3 3-4.500 6.500-4.500s6.500 1.500 6.500 4.500"
        }
        "wallet" => "M3 6.500V15.500h14v-9zm0 0 10.500-3v3M13.500 11h.01",
        "warning" => "M10 8v3.500m0 2.500v.01M10 3 1.800 16.500h16.400z",
        "x" => "m5 5 10 10M15 5 5 15",
        "dot" => "M10 8a2 2 0 1 1 0 4 2 2 0 0 1 0-4Z",
        _ => "M10 10h.01",
    }
}
