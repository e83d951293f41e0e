//! A course's files: upload, copy as Markdown, choose the cover.

use academy::{
    Problem,
    catalog::{CoursePage, MAX_MEDIA, MediaHead},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, header::ACCEPT},
    response::{IntoResponse, Response},
};
use leptos::prelude::*;
use serde::Serialize;

use super::{Done, done_notice, frame, list::shown_in_form, load, path, refusal, sent::Sent};
use crate::{
    AppState, Visitor,
    error::status,
    learning::island::CopyButtons,
    render::{Answer, Layout, PageHead, render, see_other},
    ui::{Badge, EmptyState, FormState, Icon, Submit, Tone},
};

/// An image as Markdown; its name without the ending is the first draft of its description.
pub fn markdown(file: &MediaHead) -> String {
    let name = file.name.rsplit_once('.').map_or(file.name.as_str(), |(name, _)| name);
    let words: String =
        name.chars().map(|c| if matches!(c, '[' | ']' | '\\' | '_') { ' ' } else { c }).collect();
    format!("![{}](/media/{})", words.trim(), file.id)
}

/// What the editor's island hears after an upload.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Uploaded {
    Markdown(String),
    Error(String),
}

pub async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(query): Query<Done>,
) -> Answer {
    let page = load(&state, &visitor, &id).await?;
    let done = match query.done.as_str() {
        "uploaded" => Some("The file is there."),
        "cover" => Some("The cover is changed."),
        _ => None,
    };
    files_page(&state, &visitor, &page, done, None).await
}

pub async fn act(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut sent: Sent,
) -> Answer {
    let page = load(&state, &visitor, &id).await?;
    let course = page.course.id;
    let catalog = state.academy.catalog();
    let actor = &visitor.actor;
    let result = match sent.act() {
        "cover" => {
            let file = sent.id("media", "file")?;
            catalog.set_cover(actor, course, Some(file)).await.map(|()| "cover")
        }
        "no-cover" => catalog.set_cover(actor, course, None).await.map(|()| "cover"),
        "upload" => {
            let result = match sent.upload() {
                Ok((name, bytes)) => catalog.upload(actor, course, &name, bytes).await,
                Err(problem) => Err(problem),
            };
            let script = headers.get(ACCEPT).is_some_and(|accept| accept == "application/json");
            if script {
                return Ok(uploaded(result));
            }
            result.map(|_| "uploaded")
        }
        _ => Err(Problem::not_found("action")),
    };
    match result {
        Ok(done) => Ok(see_other(&path(course, &format!("/files?done={done}")))),
        Err(problem) if shown_in_form(&problem) => {
            files_page(&state, &visitor, &page, None, Some(problem)).await
        }
        Err(problem) => Err(problem.into()),
    }
}

fn uploaded(result: Result<MediaHead, Problem>) -> Response {
    match result {
        Ok(file) => Json(Uploaded::Markdown(markdown(&file))).into_response(),
        Err(problem) => (status(problem.kind), Json(Uploaded::Error(problem.message))).into_response(),
    }
}

fn size(bytes: u32) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} kB", bytes / 1024),
        _ => format!("{:.1} MB", f64::from(bytes) / 1_048_576.0),
    }
}

async fn files_page(
    state: &AppState,
    visitor: &Visitor,
    page: &CoursePage,
    done: Option<&'static str>,
    problem: Option<Problem>,
) -> Answer {
    let files = state.academy.catalog().files(&visitor.actor, page.course.id).await?;
    let form = problem.map_or_else(FormState::default, |problem| FormState::failed(&(), problem));
    let head = PageHead::new(format!("Files of {}", page.course.title), "The images of a course.")
        .layout(Layout::Wide)
        .for_form(&form);
    Ok(render(state, visitor, head, || {
        let list = if files.is_empty() {
            view! {
                <EmptyState title="No files yet">
                    <p>"Upload images here, or insert them while writing a lesson."</p>
                </EmptyState>
            }
            .into_any()
        } else {
            let rows: Vec<_> = files.iter().map(|one| file(page, one)).collect();
            view! { <ul class="files" data-testid="files">{rows}</ul> }.into_any()
        };
        let no_cover = page.course.cover.is_some().then(|| {
            view! {
                <form method="post">
                    <Submit kind="quiet" name="act" value="no-cover">"Use the drawn cover instead"</Submit>
                </form>
            }
        });
        let content = view! {
            {done_notice(done)}
            {refusal(form.problem())}
            <section class="panel" aria-labelledby="upload-title">
                <h2 id="upload-title">"Upload an image"</h2>
                {upload_form(&form)}
            </section>
            <section class="panel" aria-labelledby="files-title">
                <header class="panel-head">
                    <h2 id="files-title">"Files"</h2>
                    {no_cover}
                </header>
                {list}
                <CopyButtons/>
            </section>
        };
        frame(page, "/files", content)
    }))
}

fn upload_form(form: &FormState) -> impl IntoView + use<> {
    let error = form
        .error("file")
        .map(|words| view! { <p class="field-error" id="file-error">{words.to_owned()}</p> });
    let invalid = error.is_some().then_some("true");
    let described = if error.is_some() { "file-error file-hint" } else { "file-hint" };
    view! {
        <form method="post" enctype="multipart/form-data" class="upload" data-testid="upload-form">
            <div class="field">
                <label for="file">"Image file"</label>
                {error}
                <input
                    id="file"
                    name="file"
                    type="file"
                    accept="image/png,image/jpeg,image/webp,image/gif"
                    aria-describedby=described
                    aria-invalid=invalid
                />
                <p class="field-hint" id="file-hint">
                    {format!(
                        "PNG, JPEG, WebP or GIF, at most {} MB. Only people who may read a lesson see its images; the cover is public.",
                        MAX_MEDIA / 1024 / 1024,
                    )}
                </p>
            </div>
            <Submit name="act" value="upload"><Icon name="upload"/>"Upload"</Submit>
        </form>
    }
}

fn file(page: &CoursePage, file: &MediaHead) -> impl IntoView + use<> {
    let id = file.id.to_string();
    let name = file.name.clone();
    let is_cover = page.course.cover == Some(file.id);
    let cover = if is_cover {
        view! { <Badge tone=Tone::Accent>"Cover"</Badge> }.into_any()
    } else {
        view! {
            <form method="post">
                <input type="hidden" name="media" value=id.clone()/>
                <Submit kind="secondary" name="act" value="cover">
                    "Set as cover"<span class="visually-hidden">": "{name}</span>
                </Submit>
            </form>
        }
        .into_any()
    };
    view! {
        <li class="file">
            <a class="file-picture" href=format!("/media/{id}")>
                <img src=format!("/media/{id}") alt=format!("Open {}", file.name) loading="lazy" width="160" height="90"/>
            </a>
            <div class="file-body">
                <p class="file-name">{file.name.clone()}</p>
                <p class="muted">{file.content_type.clone()}", "{size(file.size)}</p>
                <pre class="code file-markdown" tabindex="0"><code>{markdown(file)}</code></pre>
                {cover}
            </div>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_an_image_that_markdown_understands() {
        let file = |name: &str| MediaHead {
            id: "00000000-0000-7000-8000-000000000001".parse().unwrap(),
            name: name.to_owned(),
            content_type: "image/png".to_owned(),
            size: 1,
        };
        let tail = "(/media/00000000-0000-7000-8000-000000000001)";
        assert_eq!(markdown(&file("a_graph.v2.png")), format!("![a graph.v2]{tail}"));
        assert_eq!(markdown(&file("x](javascript:y).png")), format!("![x (javascript:y)]{tail}"));
        assert_eq!(markdown(&file("")), format!("![]{tail}"));
    }

    #[test]
    fn tells_sizes() {
        assert_eq!((size(12), size(2048), size(1_572_864)), ("12 B".into(), "2 kB".into(), "1.5 MB".into()));
    }
}
