//! My courses: continue first.

use academy::learning::{EnrollmentState, Shelf};
use leptos::prelude::*;

use crate::ui::{Badge, Cover, EmptyState, PageTitle, Progress, Tone, When, count};

pub fn shelf(mut shelf: Vec<Shelf>) -> impl IntoView {
    shelf.sort_by_key(|course| {
        (
            matches!(course.state, EnrollmentState::Revoked | EnrollmentState::Refunded),
            std::cmp::Reverse(course.last_at),
        )
    });
    let first = shelf
        .iter()
        .position(|course| {
            course.state == EnrollmentState::Active
                && course.continue_at.is_some()
                && course.done < course.open
        })
        .map(|index| shelf.remove(index));
    let body = if first.is_none() && shelf.is_empty() {
        view! {
            <EmptyState title="Nothing on your shelf yet.">
                <p>"Courses that you buy, or enrol in for free, stand here and stay yours."</p>
                <p><a class="button" data-kind="primary" href="/">"Find a course"</a></p>
            </EmptyState>
        }
        .into_any()
    } else {
        let rest: Vec<_> = shelf.into_iter().map(card).collect();
        let heading = if first.is_some() { "The rest of your shelf" } else { "Your shelf" };
        view! {
            {first.map(continue_card)}
            {(!rest.is_empty()).then(|| view! {
                <section aria-labelledby="shelf-title">
                    <h2 id="shelf-title">{heading}</h2>
                    <ul class="course-grid">{rest}</ul>
                </section>
            })}
        }
        .into_any()
    };
    view! {
        <div class="shelf">
            <PageTitle title="My courses">
                <a class="button" data-kind="secondary" href="/orders">"Orders and receipts"</a>
            </PageTitle>
            {body}
        </div>
    }
}

fn address(course: &Shelf) -> String {
    match &course.continue_at {
        Some(lesson) => super::place::address(&course.card.slug, lesson),
        None => format!("/courses/{}", course.card.slug),
    }
}

fn progress(course: &Shelf) -> impl IntoView + use<> {
    let words = format!("{} of {}", course.done, count(course.open, "lesson"));
    view! { <Progress value=course.done max=course.open label="Your progress" words=words/> }
}

fn continue_card(course: Shelf) -> impl IntoView {
    let address = address(&course);
    let bar = progress(&course);
    view! {
        <section class="continue" aria-labelledby="continue-title">
            <Cover id=course.card.id media=course.card.cover eager=true/>
            <div class="continue-body">
                <p class="muted">"Last read "<When at=course.last_at/></p>
                <h2 id="continue-title"><a href=format!("/courses/{}", course.card.slug)>{course.card.title}</a></h2>
                <p class="course-card-teacher">"by "{course.card.teacher}</p>
                {bar}
                <p><a class="button" data-kind="primary" href=address>{if course.done == 0 { "Start reading" } else { "Continue" }}</a></p>
            </div>
        </section>
    }
}

fn card(course: Shelf) -> impl IntoView {
    let address = address(&course);
    let bar = progress(&course);
    let finished = course.open > 0 && course.done >= course.open;
    let badge = match course.state {
        EnrollmentState::Suspended => {
            view! { <Badge tone=Tone::Warning>"Payment being confirmed again"</Badge> }.into_any()
        }
        EnrollmentState::Revoked => {
            view! { <Badge tone=Tone::Negative>"Access taken back"</Badge> }.into_any()
        }
        EnrollmentState::Refunded => view! { <Badge tone=Tone::Plain>"Refunded"</Badge> }.into_any(),
        EnrollmentState::Active if finished => {
            view! { <Badge tone=Tone::Positive>"Finished"</Badge> }.into_any()
        }
        EnrollmentState::Active => ().into_any(),
    };
    view! {
        <li class="course-card">
            <Cover id=course.card.id media=course.card.cover/>
            <div class="course-card-body">
                <h3><a href=address>{course.card.title}</a></h3>
                <p class="course-card-teacher">"by "{course.card.teacher}</p>
                {badge}
                {bar}
            </div>
        </li>
    }
}
