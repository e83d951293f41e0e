//! The views of the accounts' pages.

use academy::{Kind, Problem};
use leptos::prelude::*;

use super::island::SignIn;
use crate::ui::{AddressText, ErrorSummary, Field, FormState, Notice, PageTitle, Submit, TextArea, Tone};

pub fn sign_in(next: String) -> impl IntoView {
    view! {
        <section class="till" aria-labelledby="sign-in-title">
            <h1 id="sign-in-title">"Sign in with your wallet"</h1>
            <p class="lead">
                "Your wallet shows a short message to sign. It costs nothing and moves no money; it only proves that the account is yours."
            </p>
            <SignIn next=next/>
            <noscript>
                <p class="notice" data-tone="warning">
                    "Signing in talks to your wallet, and that needs JavaScript. Turn it on for this site, or keep browsing: courses, prices and previews work without it."
                </p>
            </noscript>
            <details class="help">
                <summary>"What is a wallet, and do I need one?"</summary>
                <p>
                    "A wallet is an app or browser extension, such as "
                    <a href="https://metamask.io/download" rel="noopener" target="_blank">"MetaMask"</a>
                    ", that keeps your account on the network and asks you before it signs or pays anything. Here it takes the place of a password and of a card."
                </p>
                <p>"You don't need one to look at courses or to read free previews. You do to enrol, to buy and to keep your progress."</p>
            </details>
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

pub fn problem(title: &'static str, status: u16, problem: &Problem) -> impl IntoView + use<> {
    let advice = match problem.kind {
        Kind::NotFound => "The address may be mistyped, or the page may have moved.",
        Kind::Forbidden => "You are signed in with an account that has no right to this page. If that is a surprise, ask whoever runs this site.",
        Kind::Conflict => "Nothing was changed. Go back and look at the page again.",
        Kind::TooMany => "Nothing was changed.",
        Kind::Unavailable => "Something that this page needs does not answer. Nothing was lost; try again in a moment.",
        Kind::Internal => "No money moved because of this.",
        Kind::Invalid | Kind::SignInFirst => "",
    };
    let message = problem.message.clone();
    view! {
        <section class="problem">
            <p class="problem-status">{status}</p>
            <h1>{title}</h1>
            <p class="lead">{message}</p>
            <p class="muted">{advice}</p>
            <p class="button-row">
                <a class="button" data-kind="primary" href="/">"See all courses"</a>
                <a class="button" data-kind="secondary" href="/learning">"My courses"</a>
            </p>
        </section>
    }
}
