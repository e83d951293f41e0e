//! Keeping the reader's place, from the browser.

use academy::ids::LessonId;
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::Caller;
use crate::{error::AppError, wire::Wire};

/// Remembers how far down a lesson its reader is, 0 to 1000.
#[server(prefix = "/api/fn", endpoint = "remember", input = Wire, output = Wire)]
pub async fn remember(lesson: LessonId, position: u16) -> Result<(), AppError> {
    let caller = Caller::here()?;
    Ok(caller.academy().learning().remember(&caller.visitor.actor, lesson, position).await?)
}
