//! Browser wallets, and the only bridge between Rust and JavaScript's side of them.
//!
//! - `provider`: discovery (EIP-6963) and requests (EIP-1193); holds the JavaScript objects.
//! - `error`, `notice`: what wallets answer, and what people read about it.
//! - `link`, `picker`: the wallet in use as signals, and choosing it.
//! - `send`: the island that sends one prepared call, for the studio.
//!
//! All of it compiles on the server too, where views render and nothing asks a wallet.

pub mod error;
pub mod js;
pub mod link;
pub mod notice;
pub mod parts;
pub mod picker;
pub mod provider;
pub mod send;
pub mod text;
