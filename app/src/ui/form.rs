//! Forms: label above, hint below, error beside the field and in a summary that takes the focus.

use std::sync::Arc;

use academy::Problem;
use leptos::{prelude::*, serde_json};
use serde::Serialize;

/// What a form shows: the values typed, and what was wrong with them. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct FormState {
    values: Arc<Vec<(String, String)>>,
    problem: Option<Arc<Problem>>,
}

impl FormState {
    /// A form with these values: any struct of strings, numbers and flags, such as academy's forms.
    pub fn of(values: &impl Serialize) -> Self {
        let fields = match serde_json::to_value(values) {
            Ok(serde_json::Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        let text = |value: serde_json::Value| match value {
            serde_json::Value::String(text) => text,
            serde_json::Value::Null => String::new(),
            other => other.to_string(),
        };
        Self {
            values: Arc::new(fields.into_iter().map(|(name, value)| (name, text(value))).collect()),
            problem: None,
        }
    }

    /// The same form after the service refused it.
    pub fn failed(values: &impl Serialize, problem: Problem) -> Self {
        Self { problem: Some(Arc::new(problem)), ..Self::of(values) }
    }

    /// The value of a field, or nothing.
    pub fn value(&self, name: &str) -> &str {
        self.values.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// What is wrong with a field.
    pub fn error(&self, name: &str) -> Option<&str> {
        let problem = self.problem.as_deref()?;
        problem.fields.iter().find(|(field, _)| field == name).map(|(_, message)| message.as_str())
    }

    /// What is wrong with the form.
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_deref()
    }
}

/// Everything that is wrong, each with a link to its field; takes the focus. Put it first in the
/// form. Shows nothing when nothing is wrong.
#[component]
pub fn ErrorSummary(
    /// The form.
    form: FormState,
    /// Before each field's id, where a page has several forms; the same as the fields'.
    #[prop(optional, into)]
    prefix: String,
) -> impl IntoView {
    let problem = form.problem()?.clone();
    let fields = (!problem.fields.is_empty()).then(|| {
        let items: Vec<_> = problem
            .fields
            .iter()
            .map(|(field, message)| {
                view! { <li><a href=format!("#{prefix}{field}")>{message.clone()}</a></li> }
            })
            .collect();
        view! { <ul>{items}</ul> }
    });
    let title = match problem.fields.len() {
        0 => problem.message,
        1 => "One field needs another look.".to_owned(),
        _ => "Some fields need another look.".to_owned(),
    };
    Some(view! {
        <div class="error-summary" role="alert" tabindex="-1" autofocus>
            <p class="error-summary-title">{title}</p>
            {fields}
        </div>
    })
}

struct Parts {
    id: String,
    described_by: Option<String>,
    invalid: Option<&'static str>,
    hint: Option<AnyView>,
    error: Option<AnyView>,
}

fn parts(form: &FormState, prefix: &str, name: &str, hint: String) -> Parts {
    let id = format!("{prefix}{name}");
    let error = form.error(name).map(str::to_owned);
    let mut described = Vec::new();
    if error.is_some() {
        described.push(format!("{id}-error"));
    }
    if !hint.is_empty() {
        described.push(format!("{id}-hint"));
    }
    Parts {
        described_by: (!described.is_empty()).then(|| described.join(" ")),
        invalid: error.is_some().then_some("true"),
        hint: (!hint.is_empty())
            .then(|| view! { <p class="field-hint" id=format!("{id}-hint")>{hint}</p> }.into_any()),
        error: error
            .map(|text| view! { <p class="field-error" id=format!("{id}-error")>{text}</p> }.into_any()),
        id,
    }
}

/// One line of text, labelled.
#[component]
pub fn Field(
    /// The form that it is in.
    form: FormState,
    /// Its name; also its id.
    name: &'static str,
    /// Its label.
    #[prop(into)]
    label: String,
    /// Help below it.
    #[prop(optional, into)]
    hint: String,
    /// `text`, `number`, `search`, …
    #[prop(default = "text")]
    kind: &'static str,
    /// Before the id, where a page has several forms.
    #[prop(optional, into)]
    prefix: String,
    /// It must be filled in.
    #[prop(optional)]
    required: bool,
    /// The longest text.
    #[prop(optional)]
    maxlength: Option<u32>,
    /// `decimal`, `numeric`: which keys a phone shows.
    #[prop(optional)]
    inputmode: Option<&'static str>,
    /// What a browser may fill in; `off` by default.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// Words right after the input, such as a unit.
    #[prop(optional, into)]
    suffix: Option<String>,
) -> impl IntoView {
    let part = parts(&form, &prefix, name, hint);
    let input = view! {
        <input
            id=part.id.clone()
            name=name
            type=kind
            value=form.value(name).to_owned()
            required=required
            maxlength=maxlength
            inputmode=inputmode
            autocomplete=autocomplete
            aria-describedby=part.described_by
            aria-invalid=part.invalid
        />
    };
    let input = match suffix.filter(|suffix| !suffix.is_empty()) {
        Some(suffix) => view! {
            <span class="field-affix">{input}<span class="field-suffix">{suffix}</span></span>
        }
        .into_any(),
        None => input.into_any(),
    };
    view! {
        <div class="field">
            <label for=part.id>{label}{(!required).then(optional_mark)}</label>
            {part.error}
            {input}
            {part.hint}
        </div>
    }
}

fn optional_mark() -> impl IntoView {
    view! { <span class="field-optional">" (optional)"</span> }
}

/// Several lines of text, labelled.
#[component]
pub fn TextArea(
    /// The form that it is in.
    form: FormState,
    /// Its name; also its id.
    name: &'static str,
    /// Its label.
    #[prop(into)]
    label: String,
    /// Help below it.
    #[prop(optional, into)]
    hint: String,
    /// How many lines show.
    #[prop(default = 5)]
    rows: u32,
    /// Before the id, where a page has several forms.
    #[prop(optional, into)]
    prefix: String,
    /// It must be filled in.
    #[prop(optional)]
    required: bool,
    /// The longest text.
    #[prop(optional)]
    maxlength: Option<u32>,
    /// Set in the mono face: Markdown.
    #[prop(optional)]
    mono: bool,
) -> impl IntoView {
    let part = parts(&form, &prefix, name, hint);
    // leptos writes a textarea's text as it is, so that "</textarea>" in it would end the element.
    let value = form.value(name).replace('&', "&amp;").replace('<', "&lt;");
    // The parser drops one newline right after the tag: a text that begins with one keeps it so.
    let value = format!("\n{value}");
    view! {
        <div class="field">
            <label for=part.id.clone()>{label}{(!required).then(optional_mark)}</label>
            {part.error}
            <textarea
                id=part.id
                name=name
                class:mono=mono
                rows=rows
                required=required
                maxlength=maxlength
                aria-describedby=part.described_by
                aria-invalid=part.invalid
            >
                {value}
            </textarea>
            {part.hint}
        </div>
    }
}

/// One of several, labelled.
#[component]
pub fn Select(
    /// The form that it is in.
    form: FormState,
    /// Its name; also its id.
    name: &'static str,
    /// Its label.
    #[prop(into)]
    label: String,
    /// Value and words of each choice.
    options: Vec<(String, String)>,
    /// Help below it.
    #[prop(optional, into)]
    hint: String,
    /// Before the id, where a page has several forms.
    #[prop(optional, into)]
    prefix: String,
) -> impl IntoView {
    let part = parts(&form, &prefix, name, hint);
    let chosen = form.value(name).to_owned();
    let options: Vec<_> = options
        .into_iter()
        .map(|(value, words)| {
            let selected = value == chosen;
            view! { <option value=value selected=selected>{words}</option> }
        })
        .collect();
    view! {
        <div class="field">
            <label for=part.id.clone()>{label}</label>
            {part.error}
            <select id=part.id name=name aria-describedby=part.described_by aria-invalid=part.invalid>
                {options}
            </select>
            {part.hint}
        </div>
    }
}

/// The form's button: a verb that says what happens.
#[component]
pub fn Submit(
    /// `primary`, `secondary`, `danger` or `quiet`.
    #[prop(default = "primary")]
    kind: &'static str,
    /// The button's own name and value, where a form has several.
    #[prop(optional)]
    name: Option<&'static str>,
    /// See `name`.
    #[prop(optional, into)]
    value: Option<String>,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <button class="button" data-kind=kind type="submit" name=name value=value>
            {children()}
        </button>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_was_typed_and_says_what_is_wrong() {
        let form = academy::accounts::Profile { name: "Ada".to_owned(), bio: "<b>".to_owned() };
        let state = FormState::failed(&form, Problem::field("name", "Too short."));
        assert_eq!(state.value("name"), "Ada");
        assert_eq!(state.value("absent"), "");
        assert_eq!(state.error("name"), Some("Too short."));
        assert_eq!(state.error("bio"), None);
    }
}
