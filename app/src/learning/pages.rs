//! The reader, my courses, and files.

use std::sync::Arc;

use academy::{
    Kind, Problem,
    ids::MediaId,
    learning::{LessonAnswer, Reading},
};
use axum::{
    Form, Router,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;

use super::parts::{self, Lesson, Place};
use crate::{
    AppState, Visitor,
    render::{Answer, Layout, PageHead, render, see_other},
};

/// The reader's pages.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/courses/{slug}/lessons/{lesson}", get(lesson).post(mark))
        .route("/learning", get(mine))
        .route("/media/{id}", get(media))
}

async fn lesson(
    State(state): State<AppState>,
    visitor: Visitor,
    Path((slug, lesson)): Path<(String, String)>,
) -> Answer {
    let Reading { page, access, answer, done } =
        state.academy.learning().read(&visitor.actor, &slug, &lesson).await?;
    let lesson = match answer {
        LessonAnswer::Open(view) => Lesson::Open(view),
        LessonAnswer::Locked { head, suspended } => {
            let tier = parts::opens(&page, &head);
            let about = state.academy.checkout().about(&visitor.actor, &page, tier).await;
            Lesson::Locked { head, suspended, about: about.into_values().next() }
        }
    };
    let title = format!("{} · {}", lesson.head().title, page.course.title);
    let description = format!("A lesson of {}. {}", page.course.title, page.course.promise);
    let mut head = PageHead::new(title, description).layout(Layout::Bare);
    head.image = page.course.cover.map(|cover| format!("/media/{cover}"));
    let place = Place::of(&page, lesson.head().id, access, done);
    let signed_in = visitor.signed_in();
    Ok(render(&state, &visitor, head, || parts::reader(Arc::unwrap_or_clone(page), lesson, place, signed_in)))
}

#[derive(Deserialize)]
struct Mark {
    done: bool,
    /// `next`: go on to the next lesson.
    #[serde(default)]
    then: String,
}

async fn mark(
    State(state): State<AppState>,
    visitor: Visitor,
    Path((slug, lesson)): Path<(String, String)>,
    Form(mark): Form<Mark>,
) -> Answer {
    let page = state.academy.catalog().course(&visitor.actor, &slug).await?;
    let lessons: Vec<_> = page.lessons().collect();
    let here =
        lessons.iter().position(|head| head.slug == lesson).ok_or_else(|| Problem::not_found("lesson"))?;
    state.academy.learning().mark_done(&visitor.actor, lessons[here].id, mark.done).await?;
    let to = match (mark.then.as_str(), lessons.get(here + 1)) {
        ("next", Some(next)) => format!("/courses/{slug}/lessons/{}", next.slug),
        ("next", None) => format!("/courses/{slug}"),
        _ => format!("/courses/{slug}/lessons/{lesson}#done"),
    };
    Ok(see_other(&to))
}

async fn mine(State(state): State<AppState>, visitor: Visitor) -> Answer {
    let shelf = state.academy.learning().mine(&visitor.actor).await?;
    let head = PageHead::new("My courses", "Go on where you stopped.");
    Ok(render(&state, &visitor, head, || parts::shelf(shelf)))
}

/// A file of a course. Whether the caller may see it is decided by the lessons that show it.
async fn media(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<MediaId>,
    asked: HeaderMap,
) -> Result<Response, crate::render::Failed> {
    let file = state.academy.learning().media(&visitor.actor, id).await.map_err(|problem| {
        // An image has no use for a sign-in page.
        if problem.kind == Kind::SignInFirst { Problem::not_found("file") } else { problem }
    })?;
    let kind = HeaderValue::try_from(file.content_type)
        .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"));
    let cache = if file.public {
        "public, max-age=31536000, immutable"
    } else {
        // Kept, but asked about each time: a refund or signing out closes what the browser has, too.
        "private, no-cache"
    };
    // A file never changes under its id.
    let tag = format!("\"{id}\"");
    let mut response =
        if has(&asked, &tag) { StatusCode::NOT_MODIFIED.into_response() } else { file.bytes.into_response() };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    Ok(response)
}

/// Whether the browser has what bears this tag already (RFC 9110, 13.1.2).
fn has(asked: &HeaderMap, tag: &str) -> bool {
    asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
