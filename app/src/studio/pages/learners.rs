//! Who is enrolled in a course.

use academy::learning::{EnrollmentState, Learner, Source};
use axum::extract::{Path, State};
use leptos::prelude::*;

use super::{frame, load};
use crate::{
    AppState, Visitor,
    render::{Answer, Layout, PageHead, render},
    ui::{AddressText, Badge, EmptyState, Progress, TableScroll, Tone, When, count},
};

/// Whence an enrollment comes, for people.
pub(crate) fn source_words(source: Source) -> &'static str {
    match source {
        Source::Payment => "Bought",
        Source::Free => "Free tier",
        Source::Grant => "Granted",
    }
}

/// Whether an enrollment opens lessons.
pub(crate) fn enrollment_badge(state: EnrollmentState) -> impl IntoView {
    let (tone, words) = match state {
        EnrollmentState::Active => (Tone::Positive, "Open"),
        EnrollmentState::Suspended => (Tone::Warning, "Confirming again"),
        EnrollmentState::Revoked => (Tone::Negative, "Revoked"),
        EnrollmentState::Refunded => (Tone::Plain, "Refunded"),
    };
    view! { <Badge tone=tone>{words}</Badge> }
}

pub async fn show(State(state): State<AppState>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let page = load(&state, &visitor, &id).await?;
    let learners = state.academy.learning().learners(&visitor.actor, page.course.id).await?;
    let head = PageHead::new(format!("Learners of {}", page.course.title), "Who is enrolled in a course.")
        .layout(Layout::Wide);
    Ok(render(&state, &visitor, head, || {
        let list = if learners.is_empty() {
            view! {
                <EmptyState title="Nobody has enrolled yet">
                    <p>"Whoever buys the course, takes its free tier or is given access shows up here, with how far they have come."</p>
                </EmptyState>
            }
            .into_any()
        } else {
            let rows: Vec<_> = learners
                .iter()
                .map(|one| row(one, page.lessons().filter(|l| l.access <= one.level).count()))
                .collect();
            view! {
                <TableScroll label="Learners">
                    <table class="table" data-testid="learners">
                        <thead>
                            <tr>
                                <th scope="col">"Learner"</th>
                                <th scope="col">"Wallet"</th>
                                <th scope="col">"Progress"</th>
                                <th scope="col" class="number">"Level"</th>
                                <th scope="col">"Came by"</th>
                                <th scope="col">"Access"</th>
                                <th scope="col">"Since"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </TableScroll>
            }
            .into_any()
        };
        let content = view! {
            <section aria-labelledby="learners-title">
                <header class="panel-head">
                    <h2 id="learners-title">"Learners"</h2>
                    <p class="muted">{count(learners.len() as u32, "learner")}</p>
                </header>
                {list}
            </section>
        };
        frame(&page, "/learners", content)
    }))
}

fn row(learner: &Learner, open: usize) -> impl IntoView + use<> {
    let open = open as u32;
    view! {
        <tr>
            <th scope="row">{learner.name.clone()}</th>
            <td><AddressText address=learner.wallet.clone()/></td>
            <td>
                <Progress
                    value=learner.done
                    max=open
                    label=format!("Progress of {}", learner.name)
                    words=format!("{} of {open}", learner.done)
                />
            </td>
            <td class="number">{learner.level}</td>
            <td>{source_words(learner.source)}</td>
            <td>{enrollment_badge(learner.state)}</td>
            <td><When at=learner.created_at/></td>
        </tr>
    }
}
