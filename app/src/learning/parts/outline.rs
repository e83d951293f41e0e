//! The outline beside a lesson.

use academy::catalog::{CoursePage, LessonHead};
use leptos::prelude::*;

use super::place::{Place, address};
use crate::ui::{Icon, minutes};

/// Beside the text where there is room, folded above it where there is not.
pub fn outline(page: &CoursePage, place: &Place) -> impl IntoView + use<> {
    let modules: Vec<_> = page
        .outline
        .iter()
        .map(|module| {
            let lessons: Vec<_> =
                module.lessons.iter().map(|lesson| row(lesson, &page.course.slug, place)).collect();
            view! {
                <li>
                    <p class="toc-module">{module.title.clone()}</p>
                    <ol>{lessons}</ol>
                </li>
            }
        })
        .collect();
    let words = format!("Lesson {} of {}", place.number, place.of);
    view! {
        <details class="toc">
            <summary><Icon name="list"/>"Outline"<span class="toc-here">{words.clone()}</span></summary>
            <nav aria-label="Lessons">
                <p class="toc-head">"Outline"<span class="toc-here">{words}</span></p>
                <ol class="toc-list">{modules}</ol>
            </nav>
        </details>
    }
}

fn row(lesson: &LessonHead, slug: &str, place: &Place) -> impl IntoView + use<> {
    let here = lesson.id == place.here;
    let done = place.done.contains(&lesson.id);
    let open = lesson.access <= place.access.level;
    let (icon, words) = match (done, open) {
        (true, _) => ("check", "Done: "),
        (false, true) => ("dot", ""),
        (false, false) => ("lock", "Locked: "),
    };
    view! {
        <li>
            <a
                href=address(slug, &lesson.slug)
                aria-current=here.then_some("page")
                data-done=done.then_some("true")
            >
                <Icon name=icon/>
                <span>
                    <span class="visually-hidden">{words}</span>
                    {lesson.title.clone()}
                </span>
                <span class="toc-length">{minutes(lesson.minutes)}</span>
            </a>
        </li>
    }
}
