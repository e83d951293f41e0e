//! Every course, drafts included.

use academy::catalog::{CourseCard, CourseState};
use axum::extract::{Query, State};
use leptos::prelude::*;

use super::{Asked, choices, filters, frame, head, list};
use crate::{
    AppState, Visitor,
    render::{Answer, render},
    studio::pages::state_badge,
    ui::{PriceTag, TableScroll, When},
};

const PATH: &str = "/admin/courses";

fn state_words(state: CourseState) -> &'static str {
    match state {
        CourseState::Draft => "Drafts",
        CourseState::Published => "Published",
        CourseState::Withdrawn => "Withdrawn",
    }
}

pub async fn show(State(state): State<AppState>, visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    let courses = state.academy.catalog().all(&visitor.actor, &asked.filter()).await?;
    Ok(render(&state, &visitor, head("Courses"), || {
        let states = choices(CourseState::ALL, CourseState::word, state_words);
        let table = || {
            let rows: Vec<_> = courses.rows.iter().map(row).collect();
            view! {
                <TableScroll label="Courses">
                    <table class="table" data-testid="courses">
                        <thead>
                            <tr>
                                <th scope="col">"Course"</th>
                                <th scope="col">"Teacher"</th>
                                <th scope="col">"State"</th>
                                <th scope="col" class="number">"Lessons"</th>
                                <th scope="col" class="number">"From"</th>
                                <th scope="col">"Changed"</th>
                                <th scope="col">"Open"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </TableScroll>
            }
            .into_any()
        };
        let content = view! {
            {filters(PATH, &asked, "Title or teacher", Some(("State", states)))}
            {list(&courses, PATH, &asked, "course", table)}
        };
        frame(
            PATH,
            "Every course, drafts included. In its studio you can change it or withdraw it from sale.",
            content,
        )
    }))
}

fn row(card: &CourseCard) -> impl IntoView + use<> {
    view! {
        <tr>
            <th scope="row"><a href=format!("/courses/{}", card.slug)>{card.title.clone()}</a></th>
            <td>{card.teacher.clone()}</td>
            <td>{state_badge(card.state)}</td>
            <td class="number">{card.lessons}</td>
            <td class="number">
                {match card.from_price {
                    Some(price) => view! { <PriceTag price=price/> }.into_any(),
                    None => view! { <span class="muted">"No tier"</span> }.into_any(),
                }}
            </td>
            <td><When at=card.updated_at/></td>
            <td>
                <a href=format!("/studio/courses/{}", card.id)>
                    "Studio"<span class="visually-hidden">" of “"{card.title.clone()}"”"</span>
                </a>
            </td>
        </tr>
    }
}
