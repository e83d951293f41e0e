//! The sign-in island: choosing a wallet, signing the message, going on.

use std::{cell::Cell, rc::Rc};

use leptos::prelude::*;

use super::{api, next::local_path};
use crate::{
    error::AppError,
    ui::Tone,
    wallet::{
        dom::Part,
        html::Html,
        js,
        link::{Asking, Link, State},
        notice::{Asked, Notice, about},
        provider::Wallet,
        text,
    },
};

/// The id of a form on the page that is sent after signing in, instead of going to `next`.
pub const GO_ON: &str = "go-on";

/// Signs in with a wallet, then goes to `next`, or sends the form [`GO_ON`] if there is one.
#[island]
pub fn SignIn(
    /// A path on this site.
    next: String,
) -> impl IntoView {
    if cfg!(feature = "hydrate") {
        start(next);
    }
    let state = State::default();
    view! {
        <div class="sign-in" data-testid="sign-in">
            // Always there, so that changes in it are read out.
            <div role="status" data-part="message" data-testid="sign-in-message"></div>
            <div data-part="body" inner_html=body(&state, false)></div>
        </div>
    }
}

fn start(next: String) {
    let (link, done, part) = (Link::default(), Rc::new(Cell::new(false)), Part::take("sign-in"));
    let draw = {
        let (link, done, part) = (link.clone(), done.clone(), part.clone());
        move || {
            link.read(|state| {
                let message = status(state, done.get());
                part.show(
                    "message",
                    &message.map_or_else(String::new, |notice| Html::default().notice(&notice).done()),
                );
                part.show("body", &body(state, done.get()));
                let busy = done.get() || state.asking.is_some();
                part.attribute("", "aria-busy", Some(if busy { "true" } else { "false" }));
            });
        }
    };
    link.start(false, Rc::new(draw));

    let next = Rc::new(next);
    part.on_act(move |word| {
        let begin = |wallet: Wallet| {
            let (link, done, next) = (link.clone(), done.clone(), next.clone());
            let asking = link.clone();
            asking.ask(
                Asking::Connect,
                Box::pin(async move {
                    match sign_in(&link, wallet).await {
                        Ok(()) => {
                            done.set(true);
                            go_on(&next);
                        }
                        Err(notice) => link.say(notice),
                    }
                }),
            );
        };
        if link.act(&word, begin) == Some("sign-again")
            && let Some(wallet) = link.read(|state| state.wallet.clone())
        {
            begin(wallet);
        }
    });
}

fn go_on(next: &str) {
    let document = js::get(&js::window(), "document");
    let form = js::call(&document, "getElementById", &[GO_ON.into()]).unwrap_or_default();
    // `null` has no `submit`: then there is no such form.
    if js::call(&form, "submit", &[]).is_err() {
        js::go(local_path(next));
    }
}

fn body(state: &State, done: bool) -> String {
    let mut html = Html::default();
    html.wallet_in_use(state);
    match (&state.wallet, done || state.asking.is_some()) {
        (None, _) => html.picker(state),
        // After a refusal the wallet is still there: asking it again is one click.
        (Some(_), false) => html.button("sign-again", "primary", "Sign in"),
        (Some(_), true) => &mut html,
    };
    html.done()
}

/// The one thing to say now.
fn status(state: &State, done: bool) -> Option<Notice> {
    let now = |code, text: &str| Some(Notice::new(Tone::Accent, code, text));
    if done {
        return Some(Notice::new(Tone::Positive, "signed_in", "You are signed in. Going on…"));
    }
    match state.asking {
        Some(Asking::Connect) => now(
            "connecting",
            "Your wallet asks which account may be seen here. Choose one; open the wallet if its window does not show.",
        ),
        Some(_) => now(
            "signing",
            "Your wallet shows the sign-in message. Read it and sign. It costs nothing and moves no money.",
        ),
        None => state.notice.clone(),
    }
}

/// Connects, gets a message from the site, has it signed, and hands the signature in.
async fn sign_in(link: &Link, wallet: Wallet) -> Result<(), Notice> {
    let account = link.connect(wallet.clone()).await.map_err(|error| about(&error, Asked::Connect, ""))?;
    let wallet_on = link.read(|state| text::chain_id(&state.chain));
    let challenge = api::challenge(account, wallet_on).await.map_err(|error| refused(&error))?;
    link.change(|state| state.asking = Some(Asking::Sign));
    let signature =
        wallet.sign(&challenge.message, account).await.map_err(|error| about(&error, Asked::Sign, ""))?;
    api::sign_in(challenge.nonce, signature).await.map_err(|error| refused(&error))
}

/// What the site's answer means to the person. Trying again gets a new message to sign.
fn refused(AppError(problem): &AppError) -> Notice {
    match problem.code.as_str() {
        AppError::UNREACHABLE => Notice::new(
            Tone::Warning,
            "offline",
            "This site can't be reached right now. Nothing happened. Check your connection, then try again.",
        ),
        _ => Notice::new(Tone::Negative, "refused", problem.message.clone()),
    }
}

#[cfg(test)]
mod tests {
    use academy::{Kind, Problem};

    use super::*;

    #[test]
    fn tells_the_site_from_the_line_to_it() {
        let offline = Problem::new(Kind::Unavailable, AppError::UNREACHABLE, "");
        assert_eq!(refused(&AppError(offline)).code, "offline");
        let expired = Problem::new(Kind::Invalid, "challenge_expired", "That message is too old.");
        let notice = refused(&AppError(expired));
        assert_eq!(notice.code, "refused");
        assert_eq!(notice.text, "That message is too old.");
    }

    #[test]
    fn says_one_thing_at_a_time() {
        let declined = Some(Notice::new(Tone::Plain, "rejected", "You declined."));
        let code = |asking, done| {
            let state = State { asking, notice: declined.clone(), ..State::default() };
            status(&state, done).map(|notice| notice.code.into_owned())
        };
        assert_eq!(code(None, false).as_deref(), Some("rejected"));
        assert_eq!(code(Some(Asking::Sign), false).as_deref(), Some("signing"));
        assert_eq!(code(Some(Asking::Sign), true).as_deref(), Some("signed_in"));
    }
}
