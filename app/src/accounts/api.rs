//! Signing in, from the browser.

#[cfg(feature = "ssr")]
use academy::{Kind, Problem};
use academy::{accounts::Challenge, evm::Address};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::Caller;
use crate::{error::AppError, wire::Wire};

/// The text to sign, for an account of a wallet on that chain. Starts an anonymous session if the browser has none: the
/// nonce is bound to it.
#[server(GiveChallenge, prefix = "/api/fn", endpoint = "challenge", input = Wire, output = Wire)]
pub async fn challenge(address: Address, wallet_on: Option<u64>) -> Result<Challenge, AppError> {
    let caller = Caller::here()?;
    let accounts = caller.academy().accounts();
    let session = match caller.visitor.session {
        Some(session) => session,
        None => {
            let new = accounts.start_session().await?;
            caller.set_session(&new.token);
            new.session.id
        }
    };
    Ok(accounts.challenge(session, address, wallet_on).await?)
}

/// Signs in with the signature of a challenge; the session is a new one afterwards.
#[server(prefix = "/api/fn", endpoint = "sign_in", input = Wire, output = Wire)]
pub async fn sign_in(nonce: String, signature: String) -> Result<(), AppError> {
    let caller = Caller::here()?;
    let session = caller.visitor.session.ok_or_else(|| {
        Problem::new(
            Kind::Conflict,
            "no_session",
            "Your browser did not keep this site's cookie, so signing in can't finish. Allow \
             cookies for this site, then try again.",
        )
    })?;
    let new = caller.academy().accounts().sign_in(session, &nonce, &signature).await?;
    caller.set_session(&new.token);
    Ok(())
}
