//! My courses, and a new one.

use academy::{
    Problem,
    catalog::{CourseCard, CourseForm},
};
use axum::{Form, extract::State, response::Response};
use leptos::prelude::*;

use super::{facts, path, state_badge};
use crate::{
    AppState, Visitor,
    render::{Answer, Layout, PageHead, render, see_other},
    ui::{
        Cover, Crumbs, EmptyState, ErrorSummary, FormState, Icon, PageTitle, PriceTag, Submit, When, count,
        minutes,
    },
};

fn head(title: &str) -> PageHead {
    PageHead::new(title, "Build, price and publish your courses.").layout(Layout::Wide)
}

pub async fn show(State(state): State<AppState>, visitor: Visitor) -> Answer {
    let cards = state.academy.catalog().mine(&visitor.actor).await?;
    Ok(render(&state, &visitor, head("Studio"), || {
        let list = if cards.is_empty() {
            view! {
                <EmptyState title="You teach no course yet">
                    <p>"A course starts as a draft that only you see. Write its outline, set a price, and publish it when it is ready."</p>
                    <p><a class="button" href="/studio/new">"Create your first course"</a></p>
                </EmptyState>
            }
            .into_any()
        } else {
            let rows: Vec<_> = cards.into_iter().map(row).collect();
            view! { <ul class="studio-list" data-testid="studio-courses">{rows}</ul> }.into_any()
        };
        view! {
            <div class="studio">
                <PageTitle title="Studio" lead="The courses that you teach.">
                    <a class="button" data-kind="secondary" href="/studio/payout">
                        <Icon name="wallet"/>
                        "Payout"
                    </a>
                    <a class="button" data-kind="primary" href="/studio/new">
                        <Icon name="plus"/>
                        "New course"
                    </a>
                </PageTitle>
                {list}
            </div>
        }
    }))
}

fn row(card: CourseCard) -> impl IntoView {
    let price = match card.from_price {
        None => view! { <span>"No tier yet"</span> }.into_any(),
        Some(price) if price.is_zero() => view! { <span>"Free"</span> }.into_any(),
        Some(price) => view! { <span>"From "<PriceTag price=price/></span> }.into_any(),
    };
    view! {
        <li class="studio-card">
            <a class="studio-card-cover" href=path(card.id, "") tabindex="-1" aria-hidden="true">
                <Cover id=card.id media=card.cover/>
            </a>
            <div class="studio-card-body">
                <h2>
                    <a href=path(card.id, "")>{card.title}</a>
                    {state_badge(card.state)}
                </h2>
                <p class="muted">{card.promise}</p>
                <p class="studio-card-facts">
                    <span>{count(card.lessons, "lesson")}</span>
                    <span>{minutes(card.minutes)}</span>
                    {price}
                    <span>"Changed "<When at=card.updated_at/></span>
                </p>
            </div>
        </li>
    }
}

pub async fn blank(State(state): State<AppState>, visitor: Visitor) -> Answer {
    // The list answers for who may teach, so that the form isn't filled in in vain.
    state.academy.catalog().mine(&visitor.actor).await?;
    Ok(form_page(&state, &visitor, &FormState::of(&CourseForm::default())))
}

pub async fn create(State(state): State<AppState>, visitor: Visitor, Form(form): Form<CourseForm>) -> Answer {
    match state.academy.catalog().create(&visitor.actor, &form).await {
        Ok(course) => Ok(see_other(&path(course.id, "?done=created"))),
        Err(problem) if shown_in_form(&problem) => {
            Ok(form_page(&state, &visitor, &FormState::failed(&form, problem)))
        }
        Err(problem) => Err(problem.into()),
    }
}

/// Whether a problem belongs beside the form rather than on a page of its own.
pub(crate) fn shown_in_form(problem: &Problem) -> bool {
    use academy::Kind;
    matches!(problem.kind, Kind::Invalid | Kind::Conflict | Kind::TooMany | Kind::Unavailable)
}

fn form_page(state: &AppState, visitor: &Visitor, form: &FormState) -> Response {
    render(state, visitor, head("New course").for_form(form), || {
        view! {
            <div class="studio studio-narrow">
                <Crumbs path=vec![("/studio".to_owned(), "Studio".to_owned())] here="New course"/>
                <PageTitle
                    title="New course"
                    lead="It starts as a draft that only you and the admins see. Everything can be changed later."
                />
                <form method="post" class="form" data-testid="course-form">
                    <ErrorSummary form=form.clone()/>
                    {facts::fields(form)}
                    <div class="button-row">
                        <Submit>"Create the draft"</Submit>
                        <a class="button" data-kind="quiet" href="/studio">"Back to the studio"</a>
                    </div>
                </form>
            </div>
        }
    })
}
