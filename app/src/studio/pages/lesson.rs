//! The lesson's editor: facts, text, and the server's rendering beside it.

use academy::{
    Problem,
    catalog::{CoursePage, Draft, LessonForm, LessonHead, MAX_MEDIA},
    ids::LessonId,
};
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::Response,
};
use leptos::prelude::*;

use super::{Done, done_notice, files::markdown, list::shown_in_form, load, path, sent::Sent};
use crate::{
    AppState, Visitor,
    error::status,
    render::{Answer, Layout, PageHead, render, see_other},
    studio::island::{ImageInsert, MarkdownPreview},
    ui::{Crumbs, ErrorSummary, Field, FormState, Icon, Notice, Select, Submit, TextArea, Tone},
};

/// What the editor shows.
struct Editing {
    form: FormState,
    /// The version that the next save names.
    version: i64,
    html: String,
    /// Another's version, saved while this one was written.
    other: Option<Draft>,
    /// The text differs from what is saved.
    unsaved: bool,
    done: Option<&'static str>,
}

fn form_of(draft: &Draft) -> LessonForm {
    LessonForm {
        title: draft.head.title.clone(),
        body: draft.body.clone(),
        minutes: draft.head.minutes.to_string(),
        access: draft.head.access.to_string(),
        version: draft.version,
    }
}

/// The course, and the lesson of it.
async fn both(
    state: &AppState,
    visitor: &Visitor,
    course: &str,
    lesson: &str,
) -> Result<(CoursePage, LessonId), Problem> {
    let page = load(state, visitor, course).await?;
    let lesson = page
        .lessons()
        .map(|head| head.id)
        .find(|id| lesson.parse() == Ok(*id))
        .ok_or_else(|| Problem::not_found("lesson"))?;
    Ok((page, lesson))
}

pub async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    Path((course, lesson)): Path<(String, String)>,
    Query(query): Query<Done>,
) -> Answer {
    let (page, lesson) = both(&state, &visitor, &course, &lesson).await?;
    let draft = state.academy.catalog().lesson(&visitor.actor, lesson).await?;
    let html = state.academy.catalog().preview(&visitor.actor, &draft.body).await?;
    let editing = Editing {
        form: FormState::of(&form_of(&draft)),
        version: draft.version,
        html,
        other: None,
        unsaved: false,
        done: (query.done == "saved").then_some("Saved."),
    };
    Ok(editor(&state, &visitor, &page, &draft.head, editing))
}

pub async fn act(
    State(state): State<AppState>,
    visitor: Visitor,
    Path((course, lesson)): Path<(String, String)>,
    mut sent: Sent,
) -> Answer {
    let (page, lesson) = both(&state, &visitor, &course, &lesson).await?;
    let catalog = state.academy.catalog();
    let mut form = LessonForm {
        title: sent.text("title"),
        body: sent.text("body").replace("\r\n", "\n"),
        minutes: sent.text("minutes"),
        access: sent.text("access"),
        version: sent.get("version").parse().unwrap_or(0),
    };
    let (problem, done) = match sent.act() {
        "preview" => (None, Some("This is the preview. Nothing is saved yet.")),
        "upload" => match upload(&state, &visitor, &page, &mut sent).await {
            Ok(image) => {
                form.body = format!("{}\n\n{image}\n", form.body.trim_end());
                (None, Some("The image stands at the end of the text. Nothing is saved yet."))
            }
            Err(problem) => (Some(problem), None),
        },
        _ => match catalog.edit_lesson(&visitor.actor, lesson, &form).await {
            Ok(_) => {
                return Ok(see_other(&path(page.course.id, &format!("/lessons/{lesson}?done=saved"))));
            }
            Err(problem) => (Some(problem), None),
        },
    };
    if let Some(problem) = problem.as_ref().filter(|problem| !shown_in_form(problem)) {
        return Err(problem.clone().into());
    }
    let saved = catalog.lesson(&visitor.actor, lesson).await?;
    // A text too long to be saved is too long to be shown; its own message says so.
    let html = catalog.preview(&visitor.actor, &form.body).await.unwrap_or_default();
    let second = problem.as_ref().is_some_and(|problem| problem.code == "edited_meanwhile");
    let editing = Editing {
        // Having seen the other version, one may save over it; before that, one may not.
        version: if second { saved.version } else { form.version },
        unsaved: form.body != saved.body,
        form: match problem {
            Some(problem) => FormState::failed(&form, problem),
            None => FormState::of(&form),
        },
        html,
        other: second.then(|| saved.clone()),
        done,
    };
    Ok(editor(&state, &visitor, &page, &saved.head, editing))
}

async fn upload(
    state: &AppState,
    visitor: &Visitor,
    page: &CoursePage,
    sent: &mut Sent,
) -> Result<String, Problem> {
    let (name, bytes) = sent.upload()?;
    let file = state.academy.catalog().upload(&visitor.actor, page.course.id, &name, bytes).await?;
    Ok(markdown(&file))
}

/// Who may read: anyone, or buyers from a level on.
fn access_options(page: &CoursePage, head: &LessonHead) -> Vec<(String, String)> {
    let mut levels: Vec<u8> = page.tiers.iter().map(|tier| tier.level).chain([0, 1, head.access]).collect();
    levels.sort_unstable();
    levels.dedup();
    let words = |level: u8| match page
        .tiers
        .iter()
        .filter(|tier| tier.level >= level)
        .min_by_key(|tier| tier.level)
    {
        _ if level == 0 => "Preview: anyone may read it".to_owned(),
        Some(tier) => format!("Level {level}: from “{}” on", tier.name),
        None => format!("Level {level}: no tier opens it yet"),
    };
    levels.into_iter().map(|level| (level.to_string(), words(level))).collect()
}

/// Links to the lessons before and after.
fn neighbours(page: &CoursePage, lesson: LessonId) -> impl IntoView + use<> {
    let all: Vec<&LessonHead> = page.lessons().collect();
    let at = all.iter().position(|head| head.id == lesson);
    let link = |to: Option<usize>, words: &'static str, icon: &'static str| {
        to.and_then(|to| all.get(to)).map(|head| {
            let href = path(page.course.id, &format!("/lessons/{}", head.id));
            view! {
                <a class="icon-button" href=href title=format!("{words}: {}", head.title) aria-label=format!("{words} lesson: {}", head.title)>
                    <Icon name=icon/>
                </a>
            }
        })
    };
    view! {
        <nav class="steps" aria-label="Lessons">
            {link(at.and_then(|at| at.checked_sub(1)), "Previous", "arrow-left")}
            {link(at.map(|at| at + 1), "Next", "arrow-right")}
        </nav>
    }
}

fn other_version(other: &Draft) -> impl IntoView + use<> {
    let title = other.head.title.clone();
    // The parser drops one newline right after the tag.
    let body = format!("\n{}", other.body);
    view! {
        <Notice tone=Tone::Warning>
            <p>
                "Someone saved this lesson while you were writing. Your text is kept below and nothing is lost. "
                "Here is what was saved; take over what you want to keep, then save again."
            </p>
            <dl class="saved" data-testid="other-version">
                <dt>"Title"</dt>
                <dd>{title}</dd>
                <dt><label for="other-body">"Text"</label></dt>
                <dd>
                    <textarea id="other-body" class="mono" rows="10" readonly>{body}</textarea>
                </dd>
            </dl>
        </Notice>
    }
}

/// Text that this browser kept and nobody saved; shown once the browser has found some.
fn draft_offer() -> impl IntoView {
    view! {
        <div class="editor-draft" id="draft-found" role="alert" data-testid="draft-found" hidden>
            <p>"This browser kept text of this lesson that was never saved."</p>
            <div class="button-row">
                <button type="button" class="button" data-kind="secondary" data-size="small" id="draft-keep">
                    "Bring it back"
                </button>
                <button type="button" class="button" data-kind="quiet" data-size="small" id="draft-drop">
                    "Throw it away"
                </button>
            </div>
        </div>
    }
}

/// The image's input. Its button sends the whole form, so that no text is lost without JavaScript.
fn image_input(page: &CoursePage, form: &FormState) -> impl IntoView + use<> {
    let error = form
        .error("file")
        .map(|words| view! { <p class="field-error" id="file-error">{words.to_owned()}</p> });
    let described = if error.is_some() { "file-error file-hint" } else { "file-hint" };
    view! {
        <fieldset class="image-insert">
            <legend>"Image"</legend>
            <div class="field">
                <label for="file">"Image file"</label>
                {error}
                <input
                    id="file"
                    name="file"
                    type="file"
                    accept="image/png,image/jpeg,image/webp,image/gif"
                    aria-describedby=described
                />
                <p class="field-hint" id="file-hint">
                    {format!("PNG, JPEG, WebP or GIF, at most {} MB.", MAX_MEDIA / 1024 / 1024)}
                </p>
            </div>
            <button class="button" data-kind="secondary" id="insert-image" name="act" value="upload" formnovalidate>
                <Icon name="upload"/>
                "Insert into the text"
            </button>
            <p class="field-error" id="image-error" role="alert" data-testid="image-error"></p>
            <p class="field-hint" id="image-status" role="status" data-testid="image-status"></p>
            <progress class="upload-progress" id="image-busy" aria-label="Uploading" hidden></progress>
            <ImageInsert files=path(page.course.id, "/files") max=MAX_MEDIA as u32/>
        </fieldset>
    }
}

fn editor(
    state: &AppState,
    visitor: &Visitor,
    page: &CoursePage,
    head: &LessonHead,
    editing: Editing,
) -> Response {
    let code = editing.form.problem().map_or(StatusCode::OK, |problem| status(problem.kind));
    let about = PageHead::new(format!("{} in the studio", head.title), "Write a lesson.")
        .layout(Layout::Wide)
        .status(code);
    render(state, visitor, about, || {
        let form = editing.form;
        let second = editing.other.is_some();
        let reader = format!("/courses/{}/lessons/{}", page.course.slug, head.slug);
        view! {
            <div class="studio">
                <Crumbs
                    path=vec![
                        ("/studio".to_owned(), "Studio".to_owned()),
                        (path(page.course.id, ""), page.course.title.clone()),
                    ]
                    here=head.title.clone()
                />
                <header class="studio-head">
                    <h1>{head.title.clone()}</h1>
                    <div class="button-row">
                        {neighbours(page, head.id)}
                        <a class="button" data-kind="secondary" href=reader>
                            <Icon name="eye"/>
                            "See it as a learner"
                        </a>
                    </div>
                </header>
                {done_notice(editing.done)}
                {editing.other.as_ref().map(other_version)}
                // The button that Enter presses is the first of its form, so saving comes first.
                <form method="post" enctype="multipart/form-data" class="editor" id="lesson-form" data-testid="lesson-form">
                    <div class="editor-bar">
                        <Submit name="act" value="save">
                            {if second { "Save mine over it" } else { "Save the lesson" }}
                        </Submit>
                        <Submit kind="secondary" name="act" value="preview">"Preview"</Submit>
                        <p class="editor-status" id="preview-status" role="status" data-testid="preview-status"></p>
                        {draft_offer()}
                        <MarkdownPreview
                            draft=format!("lectern-draft:{}", head.id)
                            unsaved=editing.unsaved
                        />
                    </div>
                    {(!second).then(|| view! { <ErrorSummary form=form.clone()/> })}
                    <input type="hidden" name="version" value=editing.version/>
                    <div class="editor-facts">
                        <Field form=form.clone() name="title" label="Title" required=true maxlength=120/>
                        <Field
                            form=form.clone()
                            name="minutes"
                            label="Minutes"
                            hint="Counted if left empty."
                            inputmode="numeric"
                        />
                        <Select form=form.clone() name="access" label="Who may read it" options=access_options(page, head)/>
                    </div>
                    <div class="editor-columns">
                        <div class="editor-text">
                            <TextArea form=form.clone() name="body" label="Text" hint="Markdown: # headings, **bold**, ``` code, | tables |." rows=26 mono=true/>
                            {image_input(page, &form)}
                        </div>
                        <section class="editor-preview" aria-labelledby="preview-title">
                            <h2 id="preview-title">"Preview"</h2>
                            <div class="prose prose-lesson" id="lesson-preview" data-testid="preview" inner_html=editing.html></div>
                        </section>
                    </div>
                </form>
            </div>
        }
    })
}
