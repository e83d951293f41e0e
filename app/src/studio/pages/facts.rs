//! A course's facts: the fields for creating and editing, and what another editor saved meanwhile.

use academy::catalog::{Course, CourseForm, Level};
use leptos::prelude::*;

use crate::ui::{Field, FormState, Notice, Select, TextArea, Tone};

/// What a level is called.
pub fn level_words(level: Level) -> &'static str {
    match level {
        Level::Beginner => "Beginner: no knowledge assumed",
        Level::Intermediate => "Intermediate: some knowledge assumed",
        Level::Advanced => "Advanced: a lot assumed",
    }
}

/// The form as the course stands.
pub fn form_of(course: &Course) -> CourseForm {
    CourseForm {
        title: course.title.clone(),
        promise: course.promise.clone(),
        description: course.description.clone(),
        outcomes: course.outcomes.join("\n"),
        level: course.level.word().to_owned(),
        version: course.version,
    }
}

/// The fields, without the form around them.
pub fn fields(form: &FormState) -> impl IntoView + use<> {
    let levels =
        Level::ALL.iter().map(|level| (level.word().to_owned(), level_words(*level).to_owned())).collect();
    view! {
        <Field
            form=form.clone()
            name="title"
            label="Title"
            hint="3 to 120 characters. It also makes the course's address."
            required=true
            maxlength=120
        />
        <Field
            form=form.clone()
            name="promise"
            label="Promise"
            hint="One sentence: what a learner can do afterwards. Shown on the card."
            maxlength=240
        />
        <Select form=form.clone() name="level" label="For whom" options=levels/>
        <TextArea
            form=form.clone()
            name="outcomes"
            label="What one will learn"
            hint="One outcome per line, at most 12."
            rows=5
        />
        <TextArea form=form.clone() name="description" label="Description" hint="Markdown." rows=9 mono=true/>
    }
}

/// What the site has now, beside the kept text of someone whose save came second.
pub fn other_version(mine: &FormState, saved: &CourseForm) -> impl IntoView + use<> {
    let differing: Vec<_> = [
        ("title", "Title", saved.title.clone()),
        ("promise", "Promise", saved.promise.clone()),
        ("level", "For whom", saved.level.clone()),
        ("outcomes", "What one will learn", saved.outcomes.clone()),
        ("description", "Description", saved.description.clone()),
    ]
    .into_iter()
    .filter(|(name, _, text)| mine.value(name).replace("\r\n", "\n").trim() != text.trim())
    .map(|(_, label, text)| view! { <dt>{label}</dt><dd class="saved-text">{text}</dd> })
    .collect();
    view! {
        <Notice tone=Tone::Warning>
            <p>
                "Someone saved this course while you were writing. Your text is kept below and nothing is lost. "
                "Here is what was saved; take over what you want to keep, then save again."
            </p>
            <dl class="saved" data-testid="other-version">{differing}</dl>
        </Notice>
    }
}
