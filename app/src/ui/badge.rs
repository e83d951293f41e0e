//! A word about a state.

use leptos::prelude::*;

/// What a badge or a notice says about its matter. Colour never says it alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing in particular.
    #[default]
    Plain,
    /// Something to look at.
    Accent,
    /// It went well.
    Positive,
    /// It wants attention.
    Warning,
    /// It failed.
    Negative,
}

impl Tone {
    /// The word in class names.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Accent => "accent",
            Self::Positive => "positive",
            Self::Warning => "warning",
            Self::Negative => "negative",
        }
    }
}

/// A small label: `<Badge tone=Tone::Positive>"Paid"</Badge>`.
#[component]
pub fn Badge(
    /// What it says about its matter.
    #[prop(optional)]
    tone: Tone,
    /// The word.
    children: Children,
) -> impl IntoView {
    view! { <span class="badge" data-tone=tone.word()>{children()}</span> }
}
