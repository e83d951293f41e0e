//! The sign-in island: choosing a wallet, signing the message, going on.

use leptos::prelude::*;

use super::{api, next::local_path};
use crate::{
    error::AppError,
    ui::Tone,
    wallet::{
        js,
        link::{Asking, Link},
        notice::{Asked, Notice, about},
        parts,
        picker::Picker,
        provider::Wallet,
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
    let link = Link::start(false);
    let next = StoredValue::new(next);
    let done = RwSignal::new(false);

    let begin = move |wallet: Wallet| {
        link.ask(Asking::Connect, async move {
            match sign_in(link, wallet).await {
                Ok(()) => {
                    done.set(true);
                    let form = js::call(&js::get(&js::window(), "document"), "getElementById", &[GO_ON.into()]);
                    // `null` has no `submit`: then there is no such form.
                    if js::call(&form.unwrap_or_default(), "submit", &[]).is_err() {
                        js::go(&next.with_value(|next| local_path(next).to_owned()));
                    }
                }
                Err(notice) => link.notice.set(Some(notice)),
            }
        });
    };
    let again = move |_| {
        if let Some(wallet) = link.wallet.get_untracked() {
            begin(wallet);
        }
    };
    let busy = move || done.get() || link.asking.get().is_some();
    // After a refusal the wallet is still there: asking it again is one click.
    let may_retry = move || link.wallet.get().is_some() && !busy();
    let unchosen = move || link.wallet.get().is_none();
    view! {
        <div class="sign-in" data-testid="sign-in" aria-busy=move || busy().to_string()>
            <div role="status" data-testid="sign-in-message">
                {move || status(link.asking.get(), done.get(), link.notice.get()).map(parts::message)}
            </div>
            {parts::in_use(link)}
            <button
                type="button"
                class="button"
                data-kind="primary"
                data-testid="sign-again"
                hidden=move || !may_retry()
                on:click=again
            >
                "Sign in"
            </button>
            {move || unchosen().then(|| view! { <Picker link choose=begin/> })}
        </div>
    }
}

/// The one thing to say now.
fn status(asking: Option<Asking>, done: bool, notice: Option<Notice>) -> Option<Notice> {
    let now = |code, text: &str| Some(Notice::new(Tone::Accent, code, text));
    if done {
        return Some(Notice::new(Tone::Positive, "signed_in", "You are signed in. Going on…"));
    }
    match asking {
        Some(Asking::Connect) => now(
            "connecting",
            "Your wallet asks which account may be seen here. Choose one; open the wallet if its window does not show.",
        ),
        Some(_) => now(
            "signing",
            "Your wallet shows the sign-in message. Read it and sign. It costs nothing and moves no money.",
        ),
        None => notice,
    }
}

/// Connects, gets a message from the site, has it signed, and hands the signature in.
async fn sign_in(link: Link, wallet: Wallet) -> Result<(), Notice> {
    let account = link
        .connect(wallet.clone())
        .await
        .map_err(|error| about(&error, Asked::Connect, ""))?;
    let challenge = api::challenge(account).await.map_err(|error| refused(&error))?;
    link.asking.set(Some(Asking::Sign));
    let signature = wallet
        .sign(&challenge.message, account)
        .await
        .map_err(|error| about(&error, Asked::Sign, ""))?;
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
        _ => Notice::new(Tone::Negative, "refused", format!("{} You can sign in again.", problem.message)),
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
        assert!(notice.text.starts_with("That message is too old."), "{}", notice.text);
    }

    #[test]
    fn says_one_thing_at_a_time() {
        let declined = || Some(Notice::new(Tone::Plain, "rejected", "You declined."));
        let code = |asking, done| status(asking, done, declined()).map(|notice| notice.code);
        assert_eq!(code(None, false), Some("rejected"));
        assert_eq!(code(Some(Asking::Sign), false), Some("signing"));
        assert_eq!(code(Some(Asking::Sign), true), Some("signed_in"));
    }
}
