//! The studio's pages, a file each, and what they share.

mod chart;
mod course;
mod facts;
mod files;
pub(crate) mod learners;
mod lesson;
pub(crate) mod list;
mod listing;
mod outline;
mod payout;
mod publish;
mod sales;
pub(crate) mod sent;
mod tiers;

use academy::{
    Problem,
    catalog::{CoursePage, CourseState, Tier},
    ids::CourseId,
};
use axum::{Router, routing::get};
use leptos::prelude::*;
use serde::Deserialize;

use crate::{
    AppState, Visitor,
    ui::{Badge, Crumbs, Icon, Notice, Tone},
};

/// The studio's addresses.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/studio", get(list::show))
        .route("/studio/new", get(list::blank).post(list::create))
        .route("/studio/payout", get(payout::show).post(payout::show_to))
        // Whoever bought may be owed something, too, and has no studio.
        .route("/payout", get(payout::show).post(payout::show_to))
        .route("/studio/courses/{id}", get(course::show).post(course::act))
        .route("/studio/courses/{id}/lessons/{lesson}", get(lesson::show).post(lesson::act))
        .route("/studio/courses/{id}/tiers", get(tiers::show).post(tiers::act))
        .route("/studio/courses/{id}/files", get(files::show).post(files::act))
        .route("/studio/courses/{id}/publish", get(publish::show).post(publish::act))
        .route("/studio/courses/{id}/learners", get(learners::show))
        .route("/studio/courses/{id}/sales", get(sales::show))
}

/// What a redirect after a success says, in the address.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Done {
    done: String,
}

/// The course named in an address.
async fn load(state: &AppState, visitor: &Visitor, id: &str) -> Result<CoursePage, Problem> {
    state.academy.catalog().studio(&visitor.actor, course_id(id)?).await
}

/// An id that can't be read is one that isn't there.
fn course_id(id: &str) -> Result<CourseId, Problem> {
    id.parse().map_err(|_| Problem::not_found("course"))
}

/// The address of a course's page in the studio; `tail` begins with a slash or is empty.
fn path(id: CourseId, tail: &str) -> String {
    format!("/studio/courses/{id}{tail}")
}

/// What a state is called, and how it looks.
pub(crate) fn state_badge(state: CourseState) -> impl IntoView {
    let (tone, word) = match state {
        CourseState::Draft => (Tone::Plain, "Draft"),
        CourseState::Published => (Tone::Positive, "Published"),
        CourseState::Withdrawn => (Tone::Warning, "Withdrawn"),
    };
    view! { <Badge tone=tone>{word}</Badge> }
}

/// Who may read a lesson, in words: `Preview`, or the cheapest tier that opens it.
fn access_words(access: u8, tiers: &[Tier]) -> String {
    if access == 0 {
        return "Preview".to_owned();
    }
    match tiers.iter().find(|tier| tier.level >= access) {
        Some(tier) => format!("From “{}”", tier.name),
        None => format!("Level {access}"),
    }
}

/// The sections of a course: the tail of the address, and the name.
const SECTIONS: &[(&str, &str)] = &[
    ("", "Overview"),
    ("/tiers", "Tiers"),
    ("/files", "Files"),
    ("/publish", "Publish"),
    ("/learners", "Learners"),
    ("/sales", "Sales"),
];

/// A course's page in the studio: where one is, its name and state, its sections, the section.
fn frame<C: IntoView + 'static>(
    page: &CoursePage,
    section: &'static str,
    content: C,
) -> impl IntoView + use<C> {
    let course = &page.course;
    let id = course.id;
    let tabs: Vec<_> = SECTIONS
        .iter()
        .map(|(tail, name)| {
            let current = (*tail == section).then_some("page");
            view! { <li><a href=path(id, tail) aria-current=current>{*name}</a></li> }
        })
        .collect();
    let differs = course.state == CourseState::Published && !page.agrees();
    let warning = (differs && section != "/publish").then(|| {
        let window_only = page.to_list().is_some_and(|market| page.differences(market).is_empty());
        let what = if window_only {
            "The money-back window here and on the chain differ; sales have the chain's. "
        } else {
            "The prices here and on the chain differ, so some tiers can't be bought now. "
        };
        view! {
            <Notice tone=Tone::Warning>
                <p>
                    {what}
                    <a href=path(id, "/publish")>"See both and update the listing"</a>
                </p>
            </Notice>
        }
    });
    view! {
        <div class="studio">
            <Crumbs path=vec![("/studio".to_owned(), "Studio".to_owned())] here=course.title.clone()/>
            <header class="studio-head">
                <div class="studio-title">
                    <h1>{course.title.clone()}</h1>
                    {state_badge(course.state)}
                </div>
                <a class="button" data-kind="secondary" href=format!("/courses/{}", course.slug)>
                    <Icon name="eye"/>
                    "See it as a learner"
                </a>
            </header>
            <nav class="tabs" aria-label="Sections of this course">
                <ul>{tabs}</ul>
            </nav>
            {warning}
            {content}
        </div>
    }
}

/// The sentence after a success, if there was one.
fn done_notice(words: Option<&'static str>) -> impl IntoView {
    words.map(|words| view! { <Notice tone=Tone::Positive><p>{words}</p></Notice> })
}

/// What a refused act said, where no field of the page is to blame.
fn refusal(problem: Option<&Problem>) -> impl IntoView + use<> {
    let words = problem.filter(|problem| problem.fields.is_empty()).map(|problem| problem.message.clone());
    words.map(|words| view! { <Notice tone=Tone::Negative><p>{words}</p></Notice> })
}

/// A button that removes something, behind a first one that says what that means.
fn removal(
    act: &'static str,
    field: &'static str,
    id: String,
    what: String,
    means: &'static str,
) -> impl IntoView {
    view! {
        <details class="removal">
            <summary>"Remove…"<span class="visually-hidden">" “"{what.clone()}"”"</span></summary>
            <form method="post" class="removal-body">
                <input type="hidden" name=field value=id/>
                <p>{means}</p>
                <button class="button" data-kind="danger" name="act" value=act>
                    "Yes, remove it"<span class="visually-hidden">": "{what}</span>
                </button>
            </form>
        </details>
    }
}
