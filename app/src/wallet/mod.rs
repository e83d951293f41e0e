//! Browser wallets, and the only bridge between Rust and JavaScript's side of them.
//!
//! - `provider`: discovery (EIP-6963) and requests (EIP-1193); holds the JavaScript objects.
//! - `error`, `notice`: what wallets answer, and what people read about it.
//! - `link`: the wallet in use; `html`, `picker`, `dom`: how that looks in a page.
//! - `send`: the island that sends one prepared call, for the studio.
//!
//! All of it compiles on the server too, where views render and nothing asks a wallet.

pub mod dom;
pub mod error;
pub mod html;
pub mod js;
pub mod link;
pub mod notice;
mod picker;
pub mod provider;
#[cfg(any(feature = "ssr", feature = "sending"))]
pub mod send;
pub mod text;
pub mod watch;
