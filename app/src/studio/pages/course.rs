//! A course's overview: its outline and its facts, and every act on them.

use academy::{
    Problem,
    catalog::{CourseForm, CoursePage, LessonForm},
    ids::{CourseId, LessonId, ModuleId},
};
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use leptos::prelude::*;

use super::{
    Done, course_id, done_notice, facts, frame, list::shown_in_form, load, outline, path, refusal, sent::Sent,
};
use crate::{
    AppState, Visitor,
    render::{Answer, Layout, PageHead, render, see_other},
    ui::{ErrorSummary, FormState, Submit},
};

/// A form that was refused: which act, on what, with what.
#[derive(Default)]
pub struct Refused {
    act: String,
    target: String,
    form: FormState,
}

impl Refused {
    /// The form to show for an act: as it was sent if this is the refused one, or else empty.
    pub fn form(&self, act: &str, target: &str) -> FormState {
        if self.act == act && self.target == target { self.form.clone() } else { FormState::default() }
    }

    fn outline_problem(&self) -> Option<&Problem> {
        self.form.problem().filter(|_| self.act != "facts")
    }
}

pub async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(query): Query<Done>,
) -> Answer {
    let page = load(&state, &visitor, &id).await?;
    let done = match query.done.as_str() {
        "created" => Some("The draft is there. Now add its first module and lesson."),
        "saved" => Some("Saved."),
        "removed" => Some("Removed."),
        _ => None,
    };
    Ok(overview(&state, &visitor, &page, done, &Refused::default()))
}

pub async fn act(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(id): Path<String>,
    sent: Sent,
) -> Answer {
    let id = course_id(&id)?;
    match perform(&state, &visitor, id, &sent).await {
        Ok(tail) => Ok(see_other(&path(id, &tail))),
        Err(problem) if shown_in_form(&problem) => {
            let page = state.academy.catalog().studio(&visitor.actor, id).await?;
            let refused = Refused {
                act: sent.text("act"),
                target: sent.text("module"),
                form: if sent.act() == "facts" {
                    FormState::failed(&course_form(&sent), problem)
                } else {
                    FormState::failed(
                        &LessonForm { title: sent.text("title"), ..LessonForm::default() },
                        problem,
                    )
                },
            };
            Ok(overview(&state, &visitor, &page, None, &refused))
        }
        Err(problem) => Err(problem.into()),
    }
}

fn course_form(sent: &Sent) -> CourseForm {
    CourseForm {
        title: sent.text("title"),
        promise: sent.text("promise"),
        description: sent.text("description"),
        outcomes: sent.text("outcomes"),
        level: sent.text("level"),
        version: sent.get("version").parse().unwrap_or(0),
    }
}

/// Does what was asked; answers where to go, after the course's path.
async fn perform(state: &AppState, visitor: &Visitor, id: CourseId, sent: &Sent) -> Result<String, Problem> {
    let catalog = state.academy.catalog();
    let actor = &visitor.actor;
    let title = sent.get("title");
    match sent.act() {
        "facts" => {
            catalog.edit(actor, id, &course_form(sent)).await?;
            Ok("?done=saved#facts".to_owned())
        }
        "add-module" => Ok(at_module(catalog.add_module(actor, id, title).await?)),
        "rename-module" => {
            let module = module(sent)?;
            catalog.rename_module(actor, module, title).await?;
            Ok(at_module(module))
        }
        "remove-module" => {
            catalog.remove_module(actor, module(sent)?).await?;
            Ok("?done=removed#outline".to_owned())
        }
        "module-up" | "module-down" => {
            let module = module(sent)?;
            let page = catalog.studio(actor, id).await?;
            if let Some(to) = outline::module_step(&page, module, sent.act() == "module-down") {
                catalog.move_module(actor, module, to).await?;
            }
            Ok(at_module(module))
        }
        "add-lesson" => {
            let form =
                LessonForm { title: title.to_owned(), access: "1".to_owned(), ..LessonForm::default() };
            let module = module(sent)?;
            catalog.add_lesson(actor, module, &form).await?;
            Ok(format!("#lesson-in-{module}"))
        }
        "lesson-up" | "lesson-down" => {
            let lesson = lesson(sent)?;
            let page = catalog.studio(actor, id).await?;
            if let Some((module, to)) = outline::lesson_step(&page, lesson, sent.act() == "lesson-down") {
                catalog.move_lesson(actor, lesson, module, to).await?;
            }
            Ok(format!("#lesson-{lesson}"))
        }
        "lesson-to" => {
            let (lesson, module) = (lesson(sent)?, module(sent)?);
            let page = catalog.studio(actor, id).await?;
            let to = outline::end_of(&page, module, lesson);
            catalog.move_lesson(actor, lesson, module, to).await?;
            Ok(format!("#lesson-{lesson}"))
        }
        "remove-lesson" => {
            catalog.remove_lesson(actor, lesson(sent)?).await?;
            Ok("?done=removed#outline".to_owned())
        }
        _ => Err(Problem::not_found("action")),
    }
}

fn at_module(module: ModuleId) -> String {
    format!("#module-{module}")
}

fn module(sent: &Sent) -> Result<ModuleId, Problem> {
    sent.id("module", "module")
}

fn lesson(sent: &Sent) -> Result<LessonId, Problem> {
    sent.id("lesson", "lesson")
}

fn overview(
    state: &AppState,
    visitor: &Visitor,
    page: &CoursePage,
    done: Option<&'static str>,
    refused: &Refused,
) -> Response {
    let head =
        PageHead::new(format!("{} in the studio", page.course.title), "The outline and facts of a course.")
            .layout(Layout::Wide)
            .for_form(&refused.form);
    render(state, visitor, head, || {
        let saved = facts::form_of(&page.course);
        let second = refused.act == "facts"
            && refused.form.problem().is_some_and(|problem| problem.code == "edited_meanwhile");
        let form = if refused.act == "facts" { refused.form.clone() } else { FormState::of(&saved) };
        let content = view! {
            {done_notice(done)}
            {refusal(refused.outline_problem())}
            <div class="studio-columns">
                {outline::view(page, refused)}
                <section class="panel" id="facts" aria-labelledby="facts-title">
                    <h2 id="facts-title">"Facts"</h2>
                    {second.then(|| facts::other_version(&form, &saved))}
                    <form method="post" class="form" data-testid="facts-form">
                        {(!second).then(|| view! { <ErrorSummary form=form.clone()/> })}
                        <input type="hidden" name="version" value=saved.version/>
                        {facts::fields(&form)}
                        <div class="button-row">
                            <Submit name="act" value="facts">
                                {if second { "Save mine over it" } else { "Save the facts" }}
                            </Submit>
                        </div>
                        <p class="muted">
                            "The cover is chosen among the course's files: "
                            <a href=path(page.course.id, "/files")>"open Files"</a>
                        </p>
                    </form>
                </section>
            </div>
        };
        frame(page, "", content)
    })
}
