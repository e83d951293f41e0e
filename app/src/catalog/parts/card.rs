//! The list of courses.

use std::collections::HashMap;

use academy::{
    catalog::{CatalogQuery, CourseCard, Level},
    checkout::About,
    ids::CourseId,
    page::Page,
};
use leptos::prelude::*;

use crate::ui::{Cover, EmptyState, Icon, Pager, PriceTag, count, minutes};

pub fn catalogue(
    courses: Page<CourseCard>,
    query: CatalogQuery,
    mut about: HashMap<CourseId, About>,
) -> impl IntoView {
    let filtered = !(query.q.is_empty() && query.level.is_empty() && query.price.is_empty());
    let pages = courses.pages();
    let base = address(&query);
    let found = match (filtered, courses.total) {
        (false, _) => None,
        (true, total) => Some(format!("{} found", count(total, "course"))),
    };
    let rows = courses.rows.into_iter().enumerate();
    let cards: Vec<_> = rows
        .map(|(index, course)| {
            let about = about.remove(&course.id);
            card(course, about, index < 3)
        })
        .collect();
    let list = if cards.is_empty() {
        nothing(filtered).into_any()
    } else {
        view! { <ul class="course-grid">{cards}</ul> }.into_any()
    };
    view! {
        <div class="catalogue">
            <header class="catalogue-head">
                <h1>"Courses worth your evenings"</h1>
                <p class="lead">
                    "Read the previews without an account. Pay once, from your own wallet, and the course stays yours."
                </p>
            </header>
            {search(query)}
            {found.map(|found| view! {
                <p class="found" role="status">{found}" · "<a href="/">"Show all courses"</a></p>
            })}
            {list}
            <Pager number=courses.number pages=pages base=base/>
        </div>
    }
}

fn search(query: CatalogQuery) -> impl IntoView {
    let option = |value: &'static str, words: &'static str, chosen: &str| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{words}</option> }
    };
    let levels: Vec<_> =
        Level::ALL.iter().map(|level| option(level.word(), level_words(*level), &query.level)).collect();
    view! {
        <search>
            <form class="search-bar" method="get" action="/">
                <div class="search-field">
                    <Icon name="search"/>
                    <label class="visually-hidden" for="q">"Search courses"</label>
                    <input id="q" name="q" type="search" value=query.q placeholder="Search by topic or teacher" autocomplete="off" maxlength="100"/>
                </div>
                <label class="visually-hidden" for="level">"Level"</label>
                <select id="level" name="level">
                    {option("", "Any level", &query.level)}
                    {levels}
                </select>
                <label class="visually-hidden" for="price">"Price"</label>
                <select id="price" name="price">
                    {option("", "Any price", &query.price)}
                    {option("free", "Free", &query.price)}
                    {option("paid", "Paid", &query.price)}
                </select>
                <button class="button" data-kind="primary" type="submit">"Search"</button>
            </form>
        </search>
    }
}

/// The list's address up to the page's number.
fn address(query: &CatalogQuery) -> String {
    let mut address = String::from("/?");
    for (name, value) in [("q", &query.q), ("level", &query.level), ("price", &query.price)] {
        if !value.is_empty() {
            address.push_str(&format!("{name}={}&", crate::shell::url_encoded(value)));
        }
    }
    address.push_str("page=");
    address
}

fn nothing(filtered: bool) -> impl IntoView {
    if filtered {
        view! {
            <EmptyState title="No course matches that.">
                <p>"Try fewer or other words, or another level."</p>
                <p><a class="button" data-kind="secondary" href="/">"Show all courses"</a></p>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <EmptyState title="No courses yet.">
                <p>"The first ones are being written. Teachers publish from the studio; what they publish shows here at once."</p>
            </EmptyState>
        }
        .into_any()
    }
}

fn card(course: CourseCard, about: Option<About>, eager: bool) -> impl IntoView {
    let lessons = count(course.lessons, "lesson");
    view! {
        <li class="course-card">
            <Cover id=course.id media=course.cover eager=eager/>
            <div class="course-card-body">
                <h2><a href=format!("/courses/{}", course.slug)>{course.title}</a></h2>
                <p class="course-card-promise">{course.promise}</p>
                <p class="course-card-facts">
                    <span>{level_words(course.level)}</span>
                    <span>{lessons}</span>
                    <span>{minutes(course.minutes)}</span>
                </p>
                <p class="course-card-foot">
                    <span class="course-card-teacher">"by "{course.teacher}</span>
                    <strong class="course-card-price">
                        {match course.from_price {
                            Some(price) => view! { <PriceTag price=price about=about/> }.into_any(),
                            None => "Not for sale yet".into_any(),
                        }}
                    </strong>
                </p>
            </div>
        </li>
    }
}

pub fn level_words(level: Level) -> &'static str {
    match level {
        Level::Beginner => "Beginner",
        Level::Intermediate => "Intermediate",
        Level::Advanced => "Advanced",
    }
}
