//! What the studio's islands ask of the server.

use academy::ids::{LessonId, ModuleId};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::Caller;
use crate::{error::AppError, wire::Wire};

/// Markdown as learners will see it.
#[server(prefix = "/api/fn", endpoint = "preview", input = Wire, output = Wire)]
pub async fn preview(markdown: String) -> Result<String, AppError> {
    let caller = Caller::here()?;
    Ok(caller.academy().catalog().preview(&caller.visitor.actor, &markdown).await?)
}

/// Puts a lesson at a place in a module, counted from 0 without the lesson itself.
#[server(prefix = "/api/fn", endpoint = "move_lesson", input = Wire, output = Wire)]
pub async fn move_lesson(lesson: LessonId, module: ModuleId, to: u32) -> Result<(), AppError> {
    let caller = Caller::here()?;
    Ok(caller.academy().catalog().move_lesson(&caller.visitor.actor, lesson, module, to).await?)
}

/// Puts a module at a place in its course, counted from 0 without the module itself.
#[server(prefix = "/api/fn", endpoint = "move_module", input = Wire, output = Wire)]
pub async fn move_module(module: ModuleId, to: u32) -> Result<(), AppError> {
    let caller = Caller::here()?;
    Ok(caller.academy().catalog().move_module(&caller.visitor.actor, module, to).await?)
}
