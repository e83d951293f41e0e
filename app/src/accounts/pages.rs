//! Signing in and out, the profile, the colours; and the pages of problems.

use academy::{Kind, Problem, accounts::Profile, ids::TierId};
use axum::{
    Form, Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::Response,
    routing::{get, post},
};
use serde::Deserialize;

use super::parts;
use crate::{
    AppState, Visitor,
    render::{Answer, Layout, PageHead, render, see_other},
    ui::FormState,
    visitor::{Theme, local_path, session_cookie, theme_cookie},
};

/// The accounts' pages.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/sign-in", get(sign_in))
        .route("/sign-out", post(sign_out))
        .route("/profile", get(profile).post(save_profile))
        .route("/theme", post(theme))
}

#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
    /// What to buy of the course at `next` afterwards.
    #[serde(default)]
    tier: String,
}

async fn sign_in(State(state): State<AppState>, visitor: Visitor, Query(query): Query<Next>) -> Answer {
    let next = local_path(&query.next).to_owned();
    if visitor.signed_in() {
        return Ok(see_other(&next));
    }
    let tier = query.tier.parse().ok();
    Ok(sign_in_page(&state, &visitor, next, tier, StatusCode::OK))
}

fn sign_in_page(
    state: &AppState,
    visitor: &Visitor,
    next: String,
    tier: Option<TierId>,
    status: StatusCode,
) -> Response {
    let head = PageHead::new("Sign in", "Sign in with your wallet. It costs nothing and moves no money.")
        .layout(Layout::Till)
        .status(status);
    render(state, visitor, head, || parts::sign_in(next, tier))
}

async fn sign_out(State(state): State<AppState>, visitor: Visitor) -> Answer {
    if let Some(token) = &visitor.token {
        state.academy.accounts().sign_out(token).await?;
    }
    let mut response = see_other("/");
    response.headers_mut().append(header::SET_COOKIE, session_cookie(None, state.secure_cookies));
    Ok(response)
}

#[derive(Deserialize)]
struct Done {
    #[serde(default)]
    done: String,
}

async fn profile(
    State(state): State<AppState>,
    visitor: Visitor,
    Query(Done { done }): Query<Done>,
) -> Answer {
    let profile = state.academy.accounts().profile(&visitor.actor).await?;
    Ok(profile_page(&state, &visitor, FormState::of(&profile), done == "saved"))
}

async fn save_profile(
    State(state): State<AppState>,
    visitor: Visitor,
    Form(profile): Form<Profile>,
) -> Answer {
    match state.academy.accounts().set_profile(&visitor.actor, &profile).await {
        Ok(()) => Ok(see_other("/profile?done=saved")),
        Err(problem) if problem.kind == Kind::Invalid => {
            Ok(profile_page(&state, &visitor, FormState::failed(&profile, problem), false))
        }
        Err(problem) => Err(problem.into()),
    }
}

fn profile_page(state: &AppState, visitor: &Visitor, form: FormState, saved: bool) -> Response {
    let head = PageHead::new("Profile", "Your name, your biography and your wallet.").for_form(&form);
    let address = visitor.actor.person().map(|person| person.address_text.clone()).unwrap_or_default();
    render(state, visitor, head, || parts::profile(form, address, saved))
}

#[derive(Deserialize)]
struct Colours {
    #[serde(default)]
    theme: String,
    #[serde(default)]
    back: String,
}

/// Without JavaScript the theme is chosen by a form.
async fn theme(State(state): State<AppState>, Form(colours): Form<Colours>) -> Response {
    let theme = match colours.theme.as_str() {
        "light" => Theme::Light,
        "dark" => Theme::Dark,
        _ => Theme::System,
    };
    let mut response = see_other(local_path(&colours.back));
    response.headers_mut().append(header::SET_COOKIE, theme_cookie(theme, state.secure_cookies));
    response
}

/// The page of a problem; one of ours names the request. Where signing in is all that is missing, the
/// sign-in page itself.
pub fn problem_page(
    state: &AppState,
    visitor: &Visitor,
    status: StatusCode,
    problem: &Problem,
    request: Option<String>,
) -> Response {
    if problem.kind == Kind::SignInFirst {
        return sign_in_page(state, visitor, local_path(&visitor.path).to_owned(), None, status);
    }
    let title = match problem.kind {
        Kind::NotFound => "Not found",
        Kind::Forbidden => "Not yours to open",
        Kind::Conflict => "Something stands in the way",
        Kind::TooMany => "A little slower",
        Kind::Unavailable => "Not reachable right now",
        Kind::Internal => "Something went wrong",
        Kind::Invalid => "That did not work",
        Kind::SignInFirst => "Sign in first",
    };
    let head = PageHead::new(title, problem.message.clone()).status(status);
    render(state, visitor, head, || parts::problem(title, status.as_u16(), problem, request))
}
