//! Who may read what; giving and taking it by hand.

use academy::{
    Problem,
    catalog::MAX_TIERS,
    evm::{Address, NotAnAddress},
    ids::{CourseId, EnrollmentId},
    learning::{EnrollmentState, Learner},
    page::{Filter, Page},
};
use axum::{
    Form,
    extract::{Query, State},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Asked, choices, filters, frame, head, list};
use crate::{
    AppState, Visitor,
    render::{Answer, render, see_other},
    studio::pages::{
        learners::{enrollment_badge, source_words},
        list::shown_in_form,
    },
    ui::{AddressText, ErrorSummary, Field, FormState, Notice, Select, Submit, TableScroll, Tone, When},
};

const PATH: &str = "/admin/access";

/// Granting (`act` = `grant`) and revoking (`revoke`).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AccessForm {
    act: String,
    address: String,
    course: String,
    level: String,
    enrollment: String,
    reason: String,
}

fn state_words(state: EnrollmentState) -> &'static str {
    match state {
        EnrollmentState::Active => "Open",
        EnrollmentState::Suspended => "Confirming again",
        EnrollmentState::Revoked => "Revoked",
        EnrollmentState::Refunded => "Refunded",
    }
}

pub async fn show(State(state): State<AppState>, visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    access_page(&state, &visitor, &asked, AccessForm { level: "1".to_owned(), ..AccessForm::default() }, None)
        .await
}

pub async fn act(
    State(state): State<AppState>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
    Form(form): Form<AccessForm>,
) -> Answer {
    let result = match form.act.as_str() {
        "revoke" => revoke(&state, &visitor, &form).await.map(|()| "revoked"),
        _ => grant(&state, &visitor, &form).await.map(|()| "granted"),
    };
    match result {
        Ok(done) => Ok(see_other(&asked.done(PATH, done))),
        Err(problem) if shown_in_form(&problem) => {
            access_page(&state, &visitor, &asked, form, Some(problem)).await
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn revoke(state: &AppState, visitor: &Visitor, form: &AccessForm) -> Result<(), Problem> {
    let enrollment: EnrollmentId = form.enrollment.parse().map_err(|_| Problem::not_found("enrollment"))?;
    state.academy.learning().revoke(&visitor.actor, enrollment, &form.reason).await
}

async fn grant(state: &AppState, visitor: &Visitor, form: &AccessForm) -> Result<(), Problem> {
    let mut wrong = Vec::new();
    let mut say = |field: &str, words: &str| wrong.push((field.to_owned(), words.to_owned()));
    let address = Address::written(form.address.trim());
    match address {
        Ok(_) => {}
        Err(NotAnAddress::Form(_)) => {
            say("address", "Write the wallet's whole address: 0x and 40 letters and digits.");
        }
        Err(NotAnAddress::Checksum) => {
            say("address", "A letter or digit of this address is wrong. Copy it from the wallet again.");
        }
    }
    let level = form.level.parse::<u8>().ok().filter(|level| (1..=MAX_TIERS as u8).contains(level));
    if level.is_none() {
        say("level", "Choose a level from 1 to 8.");
    }
    let course = find_course(state, visitor, &form.course).await?;
    if course.is_none() {
        say("course", "There is no course at that address.");
    }
    match (address, level, course) {
        (Ok(address), Some(level), Some(course)) => {
            state.academy.learning().grant(&visitor.actor, address, course, level, &form.reason).await
        }
        _ => Err(Problem::fields(wrong)),
    }
}

/// The course that an admin names: by its link, or by the last part of it.
async fn find_course(state: &AppState, visitor: &Visitor, named: &str) -> Result<Option<CourseId>, Problem> {
    let slug = named.trim().trim_end_matches('/');
    let slug = slug.rsplit_once("/courses/").map_or(slug, |(_, slug)| slug);
    if slug.is_empty() {
        return Ok(None);
    }
    match state.academy.catalog().course(&visitor.actor, slug).await {
        Ok(page) => Ok(Some(page.course.id)),
        Err(problem) if problem.kind == academy::Kind::NotFound => Ok(None),
        Err(problem) => Err(problem),
    }
}

async fn access_page(
    state: &AppState,
    visitor: &Visitor,
    asked: &Asked,
    sent: AccessForm,
    problem: Option<Problem>,
) -> Answer {
    let enrollments = state.academy.learning().enrollments(&visitor.actor, &asked.filter()).await?;
    // Suggestions only: a course beyond them can be named all the same.
    let courses = state.academy.catalog().all(&visitor.actor, &Filter::default()).await?;
    let refused = match problem {
        Some(problem) => FormState::failed(&sent, problem),
        None => FormState::of(&sent),
    };
    Ok(render(state, visitor, head("Access").for_form(&refused), || {
        let revoking = sent.act == "revoke";
        let done = match asked.done.as_str() {
            "granted" => Some("Access is granted."),
            "revoked" => Some("Access is revoked."),
            _ => None,
        };
        let suggestions: Vec<_> = courses
            .rows
            .iter()
            .map(|card| view! { <option value=card.slug.clone()>{card.title.clone()}</option> })
            .collect();
        let form = if revoking {
            FormState::of(&AccessForm { level: "1".to_owned(), ..AccessForm::default() })
        } else {
            refused.clone()
        };
        let table = || table(&enrollments, if revoking { &sent.enrollment } else { "" }, &refused).into_any();
        let states = choices(EnrollmentState::ALL, EnrollmentState::word, state_words);
        let content = view! {
            {done.map(|words| view! { <Notice tone=Tone::Positive><p>{words}</p></Notice> })}
            <details class="panel grant" open=form.problem().is_some()>
                <summary>"Grant access…"</summary>
                <form method="post" class="form" data-testid="grant-form">
                    <ErrorSummary form=form.clone() prefix="grant-"/>
                    {grant_fields(&form)}
                    <datalist id="grant-courses">{suggestions}</datalist>
                    <div class="button-row">
                        <Submit name="act" value="grant">"Grant access"</Submit>
                    </div>
                </form>
            </details>
            {filters(PATH, asked, "Learner, address or course", Some(("Access", states)))}
            {list(&enrollments, PATH, asked, "enrollment", table)}
        };
        frame(PATH, "Who may read what. Granting and revoking is written to the audit log.", content)
    }))
}

fn grant_fields(form: &FormState) -> impl IntoView + use<> {
    let levels = (1..=MAX_TIERS).map(|level| (level.to_string(), format!("Level {level}"))).collect();
    let error = form
        .error("course")
        .map(|words| view! { <p class="field-error" id="grant-course-error">{words.to_owned()}</p> });
    let described =
        if error.is_some() { "grant-course-error grant-course-hint" } else { "grant-course-hint" };
    let invalid = error.is_some().then_some("true");
    view! {
        <Field
            form=form.clone()
            name="address"
            prefix="grant-"
            label="Wallet"
            hint="The learner's address. They need not have signed in yet."
            required=true
            maxlength=42
        />
        <div class="field">
            <label for="grant-course">"Course"</label>
            {error}
            <input
                id="grant-course"
                name="course"
                list="grant-courses"
                value=form.value("course").to_owned()
                required=true
                autocomplete="off"
                aria-describedby=described
                aria-invalid=invalid
            />
            <p class="field-hint" id="grant-course-hint">"Its link, or the last part of it."</p>
        </div>
        <Select form=form.clone() name="level" prefix="grant-" label="Level" options=levels hint="It opens every lesson of this level and below."/>
        <Field form=form.clone() name="reason" prefix="grant-" label="Reason" hint="Kept in the audit log." required=true maxlength=200/>
    }
}

fn table(enrollments: &Page<Learner>, target: &str, refused: &FormState) -> impl IntoView + use<> {
    let rows: Vec<_> = enrollments.rows.iter().map(|one| row(one, target, refused)).collect();
    view! {
        <TableScroll label="Enrollments">
            <table class="table" data-testid="enrollments">
                <thead>
                    <tr>
                        <th scope="col">"Learner"</th>
                        <th scope="col">"Wallet"</th>
                        <th scope="col">"Course"</th>
                        <th scope="col" class="number">"Level"</th>
                        <th scope="col">"Came by"</th>
                        <th scope="col">"Access"</th>
                        <th scope="col">"Since"</th>
                        <th scope="col">"Change"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </TableScroll>
    }
}

fn row(learner: &Learner, target: &str, refused: &FormState) -> impl IntoView + use<> {
    let id = learner.id.to_string();
    let mine = id == target;
    let form = if mine { refused.clone() } else { FormState::default() };
    let prefix = format!("{id}-");
    let revoke = (!matches!(learner.state, EnrollmentState::Revoked | EnrollmentState::Refunded)).then(|| {
        view! {
            <details class="row-fold" open=mine>
                <summary>"Revoke…"<span class="visually-hidden">" the access of "{learner.name.clone()}</span></summary>
                <form method="post" class="row-form">
                    {mine.then(|| view! { <ErrorSummary form=form.clone() prefix=prefix.clone()/> })}
                    <input type="hidden" name="enrollment" value=id/>
                    <p>"They can't read the lessons any more. Money is not sent back by this."</p>
                    <Field form=form name="reason" prefix=prefix label="Reason" hint="Kept in the audit log." required=true maxlength=200/>
                    <Submit kind="danger" name="act" value="revoke">"Revoke access"</Submit>
                </form>
            </details>
        }
    });
    view! {
        <tr>
            <th scope="row">{learner.name.clone()}</th>
            <td><AddressText address=learner.wallet.clone()/></td>
            <td>{learner.course_title.clone()}</td>
            <td class="number">{learner.level}</td>
            <td>{source_words(learner.source)}</td>
            <td>{enrollment_badge(learner.state)}</td>
            <td><When at=learner.created_at/></td>
            <td>{revoke}</td>
        </tr>
    }
}
