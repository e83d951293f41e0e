//! From draft to sale: what is missing, the listing on the chain, the catalogue; and back.

use academy::catalog::{CoursePage, CourseState, Published};
use axum::{
    extract::{Path, Query, State},
    http::{HeaderValue, header::REFRESH},
    response::Response,
};
use leptos::prelude::*;
use serde::Deserialize;

use super::{done_notice, frame, list::shown_in_form, listing, load, path, refusal, sent::Sent};
use crate::{
    AppState, Visitor,
    render::{Answer, Islands, Layout, PageHead, render, see_other},
    ui::{FormState, Icon, Submit},
};

/// A page that waits for the chain looks again so often before it leaves that to the person.
pub const MAX_LOOKS: u16 = 60;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    done: String,
    /// Publishing was asked for: next the wallet lists the prices.
    pub wallet: String,
    /// The wallet has sent the listing; this page has looked for it so many times.
    pub sent: Option<u16>,
    /// A chain to sell on (EIP-155).
    pub on: Option<u64>,
    /// A chain to sell on no more.
    pub off: Option<u64>,
}

impl Asked {
    /// Whether a chain was chosen.
    pub fn chosen(&self) -> bool {
        self.on.or(self.off).is_some()
    }

    /// Where this page looks for what the wallet sent, for a time after so many others.
    pub fn looking(&self, here: &str, looks: u16) -> String {
        let chosen = match (self.on, self.off) {
            (_, Some(chain_id)) => format!("&off={chain_id}"),
            (Some(chain_id), None) => format!("&on={chain_id}"),
            (None, None) => String::new(),
        };
        format!("{here}?sent={looks}{chosen}")
    }
}

/// One line of the checklist.
struct Check {
    met: bool,
    /// Without it the course can't be published; the others are advice.
    must: bool,
    words: String,
    fix: Option<(String, &'static str)>,
}

fn checks(page: &CoursePage) -> Vec<Check> {
    let id = page.course.id;
    let check = |must: bool, met: bool, words: &str, tail: &str, fix: &'static str| Check {
        met,
        must,
        words: words.to_owned(),
        fix: (!met).then(|| (path(id, tail), fix)),
    };
    let top = page.tiers.iter().map(|tier| tier.level).max().unwrap_or(0);
    let shut = page.lessons().filter(|lesson| lesson.access > top).count();
    let mut list = vec![
        check(
            false,
            !page.course.promise.is_empty(),
            "It has a promise for its card",
            "#facts",
            "Write the promise",
        ),
        check(
            true,
            page.lessons().next().is_some(),
            "It has at least one lesson",
            "#outline",
            "Add a lesson",
        ),
        check(true, !page.tiers.is_empty(), "It has at least one tier, free or paid", "/tiers", "Add a tier"),
    ];
    if !page.tiers.is_empty() {
        let words = match shut {
            0 => "Every lesson is opened by a tier".to_owned(),
            1 => "One lesson is opened by no tier".to_owned(),
            shut => format!("{shut} lessons are opened by no tier"),
        };
        list.push(check(false, shut == 0, &words, "/tiers", "Raise a tier's level"));
    }
    list
}

/// Whether nothing is missing without which a course can't be published.
pub fn is_ready(page: &CoursePage) -> bool {
    checks(page).iter().all(|check| check.met || !check.must)
}

pub async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    let page = load(&state, &visitor, &id).await?;
    publish_page(&state, &visitor, page, &asked, FormState::default()).await
}

pub async fn act(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    sent: Sent,
) -> Answer {
    let page = load(&state, &visitor, &id).await?;
    let course = page.course.id;
    let catalog = state.academy.catalog();
    let result = match sent.act() {
        "withdraw" => catalog.withdraw(&visitor.actor, course).await.map(|()| "?done=withdrawn"),
        _ => catalog.publish(&visitor.actor, course).await.map(|published| match published {
            Published::Done => "?done=published",
            // The page itself shows what is to be listed, and the wallet's button.
            Published::NeedsListing(_) => "?wallet=next#listing",
        }),
    };
    match result {
        Ok(tail) => Ok(see_other(&path(course, &format!("/publish{tail}")))),
        Err(problem) if shown_in_form(&problem) => {
            let form = FormState::failed(&(), problem);
            publish_page(&state, &visitor, page, &Asked::default(), form).await
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn publish_page(
    state: &AppState,
    visitor: &Visitor,
    page: CoursePage,
    asked: &Asked,
    form: FormState,
) -> Answer {
    let differs = !page.agrees();
    let wanted = listing::Task::of(&page, asked);
    // Once that is done, something else may still be needed.
    let task = wanted.or_else(|| listing::Task::of(&page, &Asked::default()));
    let call = listing::listing_of(state, visitor, &page, task).await?;
    let checkout = state.academy.checkout();
    let chain = task.map(|task| checkout.chain_of(task.chain_id()));
    let looks = asked.sent.filter(|_| wanted.is_some());
    let shown = if wanted.is_some() { asked } else { &Asked::default() };
    let head = PageHead::new(format!("Publish {}", page.course.title), "Put a course up for sale.")
        .layout(Layout::Wide)
        .with(Islands::Sending)
        .for_form(&form);
    let here = path(page.course.id, "/publish");
    let mut response = render(state, visitor, head, || {
        let done = match asked.done.as_str() {
            "published" => Some("The course is in the catalogue."),
            "withdrawn" => Some("The course is no longer for sale. Those who bought it keep it."),
            _ if asked.sent.is_none() || wanted.is_some() => None,
            _ if asked.off.is_some() => Some("That network sells nothing of this course any more."),
            _ if page.course.state == CourseState::Published => {
                Some("The chain has your prices, and the course is in the catalogue.")
            }
            _ => Some("The chain has your prices."),
        };
        let content = view! {
            {done_notice(done)}
            {refusal(form.problem())}
            <ol class="stages" data-testid="publish-steps">
                {checklist(&page)}
                {listing::view(&page, call, task, chain, shown)}
                {catalogue(&page, differs)}
            </ol>
        };
        frame(&page, "/publish", content)
    });
    wait(&mut response, looks, asked, &here);
    Ok(response)
}

/// While the chain is awaited the browser looks again by itself, with or without JavaScript.
fn wait(response: &mut Response, looks: Option<u16>, asked: &Asked, here: &str) {
    let Some(looks) = looks.filter(|looks| *looks < MAX_LOOKS) else { return };
    if let Ok(value) = HeaderValue::try_from(format!("2; url={}", asked.looking(here, looks + 1))) {
        response.headers_mut().insert(REFRESH, value);
    }
}

fn checklist(page: &CoursePage) -> impl IntoView + use<> {
    let rows: Vec<_> = checks(page)
        .into_iter()
        .map(|check| {
            let (mark, word) = match (check.met, check.must) {
                (true, _) => ("check", "Done: "),
                (false, true) => ("x", "Missing: "),
                (false, false) => ("info", "Advice: "),
            };
            view! {
                <li data-mark=mark>
                    <Icon name=mark/>
                    <span>
                        <span class="visually-hidden">{word}</span>
                        {check.words}
                        {check.fix.map(|(href, words)| view! { " "<a href=href>{words}</a> })}
                    </span>
                </li>
            }
        })
        .collect();
    listing::step(
        if is_ready(page) { "done" } else { "now" },
        "ready",
        "The course is complete",
        view! { <ul class="checklist" data-testid="checklist">{rows}</ul> },
    )
}

fn catalogue(page: &CoursePage, differs: bool) -> impl IntoView + use<> {
    let title = "It is in the catalogue";
    if page.course.state == CourseState::Published {
        let body = view! {
            <p>
                "Everyone finds it at "
                <a href=format!("/courses/{}", page.course.slug)>{format!("/courses/{}", page.course.slug)}</a>
            </p>
            <details class="removal" data-testid="withdraw">
                <summary>"Withdraw from sale…"</summary>
                <form method="post" class="removal-body">
                    <p>"The course leaves the catalogue and nobody can buy it here. Those who bought it keep it. You can publish it again."</p>
                    <button class="button" data-kind="danger" name="act" value="withdraw">"Yes, withdraw it"</button>
                </form>
            </details>
        };
        return listing::step("done", "catalogue", title, body).into_any();
    }
    if !is_ready(page) || differs {
        let words = if is_ready(page) {
            "This happens by itself once the chain has the prices."
        } else {
            "The last step, once the course is complete."
        };
        let body = view! { <p class="muted">{words}</p> };
        return listing::step("later", "catalogue", title, body).into_any();
    }
    let body = view! {
        <p>"From then on everyone sees the course, and can enrol or buy it at once."</p>
        <form method="post" data-testid="publish-form">
            <Submit name="act" value="publish">"Publish the course"</Submit>
        </form>
    };
    listing::step("now", "catalogue", title, body).into_any()
}
