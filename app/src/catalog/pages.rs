//! The catalogue and the courses' pages, with the forms that enrol and buy.

use std::sync::Arc;

use academy::{
    Kind, Problem,
    catalog::{CatalogQuery, CoursePage, CourseState, Tier},
    checkout::PaidIn,
    ids::TierId,
};
use axum::{
    Form, Router,
    extract::{Path, Query, State},
    response::Response,
    routing::{get, post},
};
use serde::Deserialize;

use super::{offer::Offer, parts, structured};
use crate::{
    AppState, Visitor,
    render::{Answer, Failed, PageHead, render, see_other, status},
    shell::{SITE, sign_in_to_buy},
};

/// The catalogue's pages.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/", get(catalogue))
        .route("/courses/{slug}", get(course))
        .route("/courses/{slug}/buy", post(buy))
        .route("/courses/{slug}/enroll", post(buy))
}

async fn catalogue(
    State(state): State<AppState>,
    visitor: Visitor,
    Query(query): Query<CatalogQuery>,
) -> Answer {
    let courses = state.academy.catalog().search(&visitor.actor, &query).await?;
    let about = state.academy.checkout().about_listed(&visitor.actor, &courses.rows).await;
    let mut head = PageHead::new(
        SITE,
        "Courses that you buy from your own wallet and keep for good. Read the previews first, without an account.",
    );
    if !query.q.trim().is_empty() {
        head.title = format!("Courses on “{}”", query.q.trim());
    }
    Ok(render(&state, &visitor, head, || parts::catalogue(Arc::unwrap_or_clone(courses), query, about)))
}

async fn course(State(state): State<AppState>, visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let page = state.academy.catalog().course(&visitor.actor, &slug).await?;
    course_page(&state, &visitor, page, None).await
}

async fn course_page(
    state: &AppState,
    visitor: &Visitor,
    page: Arc<CoursePage>,
    problem: Option<Problem>,
) -> Answer {
    let learning = state.academy.learning();
    let access = learning.access(&visitor.actor, &page.course).await?;
    let done =
        if access.enrolled { learning.done(&visitor.actor, page.course.id).await? } else { Vec::new() };
    let offer = Offer::of(&page, access, &visitor.actor);
    let about = state.academy.checkout().about(&visitor.actor, &page, offer.tiers()).await;
    let mut head = PageHead::new(&page.course.title, description(&page));
    head.image = page.course.cover.map(|cover| format!("/media/{cover}"));
    if page.course.state == CourseState::Published {
        head.json_ld = Some(structured::course(&page, &state.public_url, state.academy.checkout().chain()));
    }
    if let Some(problem) = &problem {
        head.status = status(problem.kind);
    }
    Ok(render(state, visitor, head, || {
        parts::course(Arc::unwrap_or_clone(page), access, done, offer, about, problem, visitor.signed_in())
    }))
}

fn description(page: &CoursePage) -> String {
    if page.course.promise.is_empty() {
        format!("A course by {}.", page.course.teacher.name)
    } else {
        page.course.promise.clone()
    }
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    tier: String,
    /// How to pay: a chain's id, a slash, and a token's address, or zero for the coin. Empty: what is usual.
    #[serde(default)]
    pay: String,
}

/// Opens an order for a tier, or enrols where it costs nothing.
async fn buy(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(slug): Path<String>,
    Form(choice): Form<Choice>,
) -> Answer {
    let page = state.academy.catalog().course(&visitor.actor, &slug).await?;
    let tier = chosen(&page, &choice.tier)?;
    if !visitor.signed_in() {
        return Ok(see_other(&sign_in_to_buy(&slug, tier.id)));
    }
    let answer = if tier.price.is_zero() {
        enroll(&state, &visitor, &page, tier.id).await
    } else {
        order(&state, &visitor, tier.id, &choice.pay).await
    };
    match answer {
        Ok(response) => Ok(response),
        Err(problem) if matches!(problem.kind, Kind::Conflict | Kind::Invalid | Kind::Unavailable) => {
            course_page(&state, &visitor, page, Some(problem)).await
        }
        Err(problem) => Err(problem.into()),
    }
}

fn chosen<'a>(page: &'a CoursePage, tier: &str) -> Result<&'a Tier, Failed> {
    let id: Option<TierId> = tier.parse().ok();
    page.tiers
        .iter()
        .find(|tier| Some(tier.id) == id)
        .ok_or_else(|| Problem::not_found("tier of this course").into())
}

async fn enroll(
    state: &AppState,
    visitor: &Visitor,
    page: &CoursePage,
    tier: TierId,
) -> Result<Response, Problem> {
    state.academy.learning().enroll_free(&visitor.actor, tier).await?;
    Ok(see_other(&match page.lessons().next() {
        Some(lesson) => format!("/courses/{}/lessons/{}", page.course.slug, lesson.slug),
        None => format!("/courses/{}", page.course.slug),
    }))
}

async fn order(state: &AppState, visitor: &Visitor, tier: TierId, pay: &str) -> Result<Response, Problem> {
    let paid = match pay.split_once('/') {
        None if pay.is_empty() => PaidIn::default(),
        None => return Err(Problem::field("pay", "That is no way to pay.")),
        Some((chain_id, token)) => {
            let (chain_id, token) = (chain_id.parse().ok(), token.parse().ok());
            if chain_id.is_none() || token.is_none() {
                return Err(Problem::field("pay", "That is no way to pay."));
            }
            PaidIn { chain_id, token }
        }
    };
    let order = state.academy.checkout().open_in(&visitor.actor, tier, paid).await?;
    Ok(see_other(&format!("/orders/{}", order.id)))
}
