//! A course's page.

use std::collections::HashMap;

use academy::{
    Problem,
    catalog::{CoursePage, CourseState, LessonHead, Module},
    checkout::About,
    ids::{LessonId, TierId},
    learning::Access,
};
use leptos::prelude::*;

use super::{card::level_words, purchase};
use crate::{
    catalog::offer::Offer,
    ui::{Cover, Crumbs, Icon, Notice, Progress, Tone, count, minutes},
};

pub fn course(
    page: CoursePage,
    access: Access,
    done: Vec<LessonId>,
    offer: Offer,
    about: HashMap<TierId, About>,
    problem: Option<Problem>,
    signed_in: bool,
) -> impl IntoView {
    let card = purchase::card(&page, access, &done, offer, &about, signed_in);
    let bar = card.bar;
    let lessons = page.lessons().count() as u32;
    let length = page.lessons().map(|lesson| lesson.minutes).sum();
    let course = page.course;
    let state = state_notice(course.state);
    let outline = outline(&page.outline, &course.slug, access, &done);
    let outcomes: Vec<_> = course
        .outcomes
        .into_iter()
        .map(|outcome| view! { <li><Icon name="check"/><span>{with_code(&outcome)}</span></li> })
        .collect();
    view! {
        <article class="course">
            <div class="course-head">
                <Crumbs path=vec![("/".to_owned(), "Courses".to_owned())] here=course.title.clone()/>
                {state}
                {problem.map(|problem| view! { <Notice tone=Tone::Negative>{problem.message}</Notice> })}
                <h1>{course.title}</h1>
                <p class="course-promise">{course.promise}</p>
                <p class="facts">
                    <span>"by "<a href="#teacher">{course.teacher.name.clone()}</a></span>
                    <span>{level_words(course.level)}</span>
                    <span>{count(lessons, "lesson")}</span>
                    <span>{minutes(length)}</span>
                </p>
            </div>
            <aside class="purchase" id="buy" aria-label="Enrol">
                <Cover id=course.id media=course.cover eager=true/>
                <div class="purchase-body">{card.body}</div>
            </aside>
            <div class="course-body">
                {(!outcomes.is_empty()).then(|| view! {
                    <section aria-labelledby="outcomes-title">
                        <h2 id="outcomes-title">"What you will learn"</h2>
                        <ul class="outcomes">{outcomes}</ul>
                    </section>
                })}
                <section aria-labelledby="outline-title">
                    <h2 id="outline-title">"What is inside"</h2>
                    {outline}
                </section>
                {(!page.description_html.is_empty()).then(|| view! {
                    <section aria-labelledby="about-title">
                        <h2 id="about-title">"About this course"</h2>
                        <div class="prose" inner_html=page.description_html></div>
                    </section>
                })}
                <section class="teacher" id="teacher" aria-labelledby="teacher-title">
                    <h2 id="teacher-title">"Your teacher"</h2>
                    <p class="teacher-name">{course.teacher.name}</p>
                    {(!course.teacher.bio.is_empty()).then(|| view! { <p class="teacher-bio">{course.teacher.bio}</p> })}
                </section>
            </div>
            {bar}
        </article>
    }
}

/// What stands between backticks is code; an odd one is a backtick.
fn with_code(line: &str) -> AnyView {
    let parts: Vec<&str> = line.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return line.to_owned().into_any();
    }
    parts
        .into_iter()
        .enumerate()
        .map(|(index, part)| {
            let part = part.to_owned();
            if index % 2 == 1 { view! { <code>{part}</code> }.into_any() } else { part.into_any() }
        })
        .collect_view()
        .into_any()
}

fn state_notice(state: CourseState) -> Option<impl IntoView> {
    let words = match state {
        CourseState::Published => return None,
        CourseState::Draft => "This is a draft. Only you and the admins see it.",
        CourseState::Withdrawn => "This course is no longer for sale. Those who have it keep it.",
    };
    Some(view! { <Notice tone=Tone::Warning>{words}</Notice> })
}

fn outline(modules: &[Module], slug: &str, access: Access, done: &[LessonId]) -> impl IntoView + use<> {
    if modules.iter().all(|module| module.lessons.is_empty()) {
        return view! { <p class="muted">"The lessons are still being written."</p> }.into_any();
    }
    let modules: Vec<_> = modules
        .iter()
        .enumerate()
        .map(|(index, module)| {
            let length: u32 = module.lessons.iter().map(|lesson| lesson.minutes).sum();
            let finished = module.lessons.iter().filter(|lesson| done.contains(&lesson.id)).count() as u32;
            let lessons: Vec<_> =
                module.lessons.iter().map(|lesson| lesson_row(lesson, slug, access, done)).collect();
            let number = module.lessons.len() as u32;
            view! {
                <li>
                    <details class="module" open=index == 0>
                        <summary>
                            <Icon name="chevron-right"/>
                            <span class="module-title">{module.title.clone()}</span>
                            <span class="module-facts">
                                {if finished > 0 {
                                    view! { <Progress value=finished max=number label="Lessons done in this module"/> }.into_any()
                                } else {
                                    ().into_any()
                                }}
                                {format!("{} · {}", count(number, "lesson"), minutes(length))}
                            </span>
                        </summary>
                        <ol class="lesson-list">{lessons}</ol>
                    </details>
                </li>
            }
        })
        .collect();
    view! { <ol class="outline">{modules}</ol> }.into_any()
}

fn lesson_row(lesson: &LessonHead, slug: &str, access: Access, done: &[LessonId]) -> impl IntoView + use<> {
    let open = lesson.access <= access.level;
    let preview = lesson.access == 0;
    let finished = done.contains(&lesson.id);
    let icon = if finished {
        "check"
    } else if open || preview {
        "eye"
    } else {
        "lock"
    };
    let icon_words = match (finished, open || preview) {
        (true, _) => "Done: ",
        (false, true) => "",
        (false, false) => "Locked: ",
    };
    let title = lesson.title.clone();
    let title = if open || preview {
        let address = format!("/courses/{slug}/lessons/{}", lesson.slug);
        view! { <a href=address>{title}</a> }.into_any()
    } else {
        view! { <span>{title}</span> }.into_any()
    };
    view! {
        <li class="lesson-row" data-done=finished.then_some("true") data-open=(open || preview).then_some("true")>
            <Icon name=icon/>
            <span class="lesson-row-title">
                <span class="visually-hidden">{icon_words}</span>
                {title}
                {(preview && access.level == 0).then(|| view! { <span class="preview-mark">"Free preview"</span> })}
            </span>
            <span class="lesson-row-length">{minutes(lesson.minutes)}</span>
        </li>
    }
}
