//! The views of the accounts' pages.

use academy::{Kind, Problem, ids::TierId};
use leptos::prelude::*;

use super::island::{GO_ON, SignIn};
use crate::ui::{AddressText, ErrorSummary, Field, FormState, Notice, PageTitle, Submit, TextArea, Tone};

pub fn sign_in(next: String, tier: Option<TierId>) -> impl IntoView {
    // The form that the course's button was: sent again once somebody is signed in.
    let buying = tier.filter(|_| next.starts_with("/courses/")).map(|tier| {
        let action = format!("{}/buy", next.split(['?', '#']).next().unwrap_or_default());
        view! {
            <form id=GO_ON method="post" action=action hidden>
                <input type="hidden" name="tier" value=tier.to_string()/>
            </form>
        }
    });
    view! {
        <section class="till" aria-labelledby="sign-in-title">
            <h1 id="sign-in-title">"Sign in with your wallet"</h1>
            <p class="lead">
                "Your wallet shows a short message to sign. It costs nothing and moves no money; it only proves that the account is yours."
            </p>
            {buying}
            <SignIn next=next/>
            <noscript>
                <p class="notice" data-tone="warning">
                    "Signing in talks to your wallet, and that needs JavaScript. Turn it on for this site, or keep browsing: courses, prices and previews work without it."
                </p>
            </noscript>
        </section>
    }
}

pub fn profile(form: FormState, address: String, saved: bool) -> impl IntoView {
    view! {
        <div class="narrow">
            <PageTitle title="Profile" lead="How you appear to teachers and, if you teach, to learners."/>
            {saved.then(|| view! { <Notice tone=Tone::Positive>"Your profile is saved."</Notice> })}
            <form method="post" action="/profile" class="form">
                <ErrorSummary form=form.clone()/>
                <Field
                    form=form.clone()
                    name="name"
                    label="Name"
                    hint="Shown instead of your address. Up to 60 characters."
                    maxlength=60
                    autocomplete="name"
                />
                <TextArea
                    form=form
                    name="bio"
                    label="About you"
                    hint="A few sentences, shown beside the courses that you teach."
                    rows=5
                    maxlength=1000
                />
                <div class="form-actions">
                    <Submit>"Save profile"</Submit>
                </div>
            </form>
            <section class="block" aria-labelledby="wallet-title">
                <h2 id="wallet-title">"Your wallet"</h2>
                <p class="muted">"You sign in with this account, and courses that you buy belong to it."</p>
                <p><AddressText address=address full=true/></p>
            </section>
        </div>
    }
}

pub fn problem(
    title: &'static str,
    status: u16,
    problem: &Problem,
    request: Option<String>,
) -> impl IntoView + use<> {
    let advice = match problem.kind {
        Kind::NotFound => "The address may be mistyped, or the page may have moved.",
        Kind::Forbidden => {
            "You are signed in with an account that has no right to this page. If that is a surprise, ask whoever runs this site."
        }
        Kind::Conflict => "Nothing was changed. Go back and look at the page again.",
        Kind::TooMany => "Nothing was changed.",
        Kind::Unavailable => {
            "Something that this page needs does not answer. Nothing was lost; try again in a moment."
        }
        Kind::Internal => "No money moved because of this.",
        Kind::Invalid | Kind::SignInFirst => "",
    };
    let message = problem.message.clone();
    let reference = request.map(|id| {
        view! { <p class="muted">"If it keeps happening, tell us this number: "<code>{id}</code></p> }
    });
    view! {
        <section class="problem">
            <p class="problem-status">{status}</p>
            <h1>{title}</h1>
            <p class="lead">{message}</p>
            <p class="muted">{advice}</p>
            {reference}
            <p class="button-row">
                <a class="button" data-kind="primary" href="/">"See all courses"</a>
                <a class="button" data-kind="secondary" href="/learning">"My courses"</a>
            </p>
        </section>
    }
}
