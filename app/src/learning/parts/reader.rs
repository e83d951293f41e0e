//! A lesson's page.

use academy::{
    catalog::{CoursePage, LessonHead, Tier},
    checkout::About,
    learning::LessonView,
};
use leptos::prelude::*;

use super::{
    outline::outline,
    place::{Lesson, Place},
};
use crate::{
    learning::island::{CopyButtons, ReaderKeys},
    ui::{Icon, Notice, PriceTag, Tone, count, minutes},
};

pub fn reader(page: CoursePage, lesson: Lesson, place: Place, signed_in: bool) -> impl IntoView {
    let toc = outline(&page, &place);
    let (finished, all) = place.progress;
    let enrolled = place.access.enrolled;
    let words = format!("{finished} of {} done", count(all, "lesson"));
    let course_address = format!("/courses/{}", page.course.slug);
    let keys = keys(&lesson, &place);
    let body = match lesson {
        Lesson::Open(view) => open(*view, &place, &page.course.slug).into_any(),
        Lesson::Locked { head, suspended, about } => {
            locked(&page, &head, suspended, about, signed_in).into_any()
        }
    };
    let neighbours = neighbours(place.previous, place.next);
    view! {
        <div class="reader">
            <div class="reader-bar">
                <a class="reader-course" href=course_address><Icon name="arrow-left"/><span>{page.course.title}</span></a>
                {enrolled.then(|| view! {
                    <span class="reader-progress">
                        <span class="reader-progress-words">{words}</span>
                        <progress aria-label="Your progress in this course" value=finished max=all.max(1)></progress>
                    </span>
                })}
            </div>
            <div class="reader-toc">{toc}</div>
            <div class="reader-main">
                {body}
                {neighbours}
            </div>
        </div>
        {keys}
    }
}

fn keys(lesson: &Lesson, place: &Place) -> impl IntoView + use<> {
    let (kept, position) = match lesson {
        Lesson::Open(view) if place.access.enrolled => (Some(view.head.id), view.position),
        _ => (None, 0),
    };
    let address = |link: &Option<(String, String)>| link.as_ref().map(|(address, _)| address.clone());
    view! {
        <ReaderKeys previous=address(&place.previous) next=address(&place.next) lesson=kept position=position/>
        <CopyButtons/>
    }
}

fn head(module: String, lesson: &LessonHead) -> impl IntoView + use<> {
    view! {
        <header class="lesson-head">
            <p class="lesson-module">{module}</p>
            <h1>{lesson.title.clone()}</h1>
            <p class="lesson-length"><Icon name="clock"/>{minutes(lesson.minutes)}</p>
        </header>
    }
}

fn open(view: LessonView, place: &Place, slug: &str) -> impl IntoView + use<> {
    let action = format!("/courses/{slug}/lessons/{}", view.head.slug);
    let last = place.next.is_none();
    let mark = place.access.enrolled.then(|| mark(action, view.done, last));
    let preview = (!place.access.enrolled && view.head.access == 0 && place.access.level == 0).then(|| {
        view! {
            <div class="preview-offer">
                <p>"You are reading a free preview. "<a href=format!("/courses/{slug}#buy")>"See the whole course"</a></p>
            </div>
        }
    });
    view! {
        <article class="lesson">
            {head(view.module, &view.head)}
            <div class="prose prose-lesson" inner_html=view.html></div>
            {mark}
            {preview}
        </article>
    }
}

fn mark(action: String, done: bool, last: bool) -> impl IntoView {
    let inside = if done {
        view! {
            <p class="mark-done"><Icon name="check"/>"You marked this lesson done."</p>
            <button class="button" data-kind="quiet" type="submit" name="done" value="false">"Mark as not done"</button>
        }
        .into_any()
    } else {
        let words = if last { "Mark done and finish" } else { "Mark done and go on" };
        view! {
            <input type="hidden" name="done" value="true"/>
            <button class="button" data-kind="primary" type="submit" name="then" value="next">
                <Icon name="check"/>{words}
            </button>
            <button class="button" data-kind="quiet" type="submit" name="then" value="stay">"Mark done and stay"</button>
        }
        .into_any()
    };
    view! { <form class="mark-form" id="done" method="post" action=action>{inside}</form> }
}

fn locked(
    page: &CoursePage,
    lesson: &LessonHead,
    suspended: bool,
    about: Option<About>,
    signed_in: bool,
) -> impl IntoView + use<> {
    let module = page
        .outline
        .iter()
        .find(|module| module.lessons.iter().any(|one| one.id == lesson.id))
        .map(|module| module.title.clone())
        .unwrap_or_default();
    let body = if suspended {
        view! {
            <Notice tone=Tone::Warning>
                <p>"The network replaced the block that held your payment (a reorg), so this lesson waits until the payment is confirmed again. Nothing is lost and there is nothing to pay."</p>
                <p><a href="/orders">"See the payment's state"</a>". You can close this tab."</p>
            </Notice>
        }
        .into_any()
    } else {
        offer(page, lesson, about, signed_in).into_any()
    };
    view! {
        <article class="lesson">
            {head(module, lesson)}
            {body}
        </article>
    }
}

/// The cheapest tier that opens the lesson and is for sale.
pub fn opens<'a>(page: &'a CoursePage, lesson: &LessonHead) -> Option<&'a Tier> {
    page.tiers.iter().find(|tier| tier.level >= lesson.access && page.for_sale(tier))
}

fn offer(
    page: &CoursePage,
    lesson: &LessonHead,
    about: Option<About>,
    signed_in: bool,
) -> impl IntoView + use<> {
    let address = format!("/courses/{}#buy", page.course.slug);
    let preview = page
        .lessons()
        .find(|one| one.access == 0)
        .map(|one| format!("/courses/{}/lessons/{}", page.course.slug, one.slug));
    let words = match opens(page, lesson) {
        Some(tier) if tier.price.is_zero() => {
            view! { <p>"Enrol for free to read it. It opens at once and stays yours."</p> }.into_any()
        }
        Some(tier) => {
            let name = tier.name.clone();
            view! {
                <p>"It opens with “"{name}"” for "<strong><PriceTag price=tier.price about=about/></strong>", paid once. The course opens at once and stays yours."</p>
            }
            .into_any()
        }
        None => view! { <p>"It is not for sale right now."</p> }.into_any(),
    };
    let action = match opens(page, lesson) {
        Some(tier) if tier.price.is_zero() => "Enrol for free",
        Some(_) => "See what is included and buy",
        None => "Back to the course",
    };
    view! {
        <div class="locked">
            <p class="locked-title"><Icon name="lock"/>"This lesson is part of the full course"</p>
            {words}
            <p class="button-row">
                <a class="button" data-kind="primary" href=address>{action}</a>
                {preview.map(|preview| view! { <a class="button" data-kind="secondary" href=preview>"Read a free preview"</a> })}
            </p>
            {(!signed_in).then(|| view! {
                <p class="muted">"Bought it already? "<a href=crate::shell::sign_in_path(&format!("/courses/{}/lessons/{}", page.course.slug, lesson.slug))>"Sign in with the same wallet"</a>"."</p>
            })}
        </div>
    }
}

fn neighbours(previous: Option<(String, String)>, next: Option<(String, String)>) -> impl IntoView {
    view! {
        <nav class="neighbours" aria-label="Previous and next lesson">
            {previous.map(|(address, title)| view! {
                <a class="neighbour" rel="prev" href=address>
                    <span class="neighbour-label"><Icon name="arrow-left"/>"Previous"</span>
                    <span class="neighbour-title">{title}</span>
                </a>
            })}
            {next.map(|(address, title)| view! {
                <a class="neighbour neighbour-next" rel="next" href=address>
                    <span class="neighbour-label">"Next"<Icon name="arrow-right"/></span>
                    <span class="neighbour-title">{title}</span>
                </a>
            })}
        </nav>
    }
}
