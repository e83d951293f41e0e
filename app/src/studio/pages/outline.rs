//! The outline tree: modules and lessons with their forms, and where a step leads.

use academy::{
    catalog::{CoursePage, LessonHead, Module},
    ids::{LessonId, ModuleId},
};
use leptos::prelude::*;

use super::{access_words, course::Refused, path, removal};
use crate::{
    studio::island::OutlineDrag,
    ui::{EmptyState, Field, FormState, Icon, Submit, count, minutes},
};

/// Where a module stands after a step, counted without itself; nothing at the end.
pub fn module_step(page: &CoursePage, module: ModuleId, down: bool) -> Option<u32> {
    let at = page.outline.iter().position(|other| other.id == module)?;
    let to = if down { at + 1 } else { at.checked_sub(1)? };
    (to < page.outline.len()).then_some(to as u32)
}

/// Where a lesson stands after a step: beyond its module's end it goes on into the next one.
pub fn lesson_step(page: &CoursePage, lesson: LessonId, down: bool) -> Option<(ModuleId, u32)> {
    let modules = &page.outline;
    let (module, at) = modules.iter().enumerate().find_map(|(index, module)| {
        module.lessons.iter().position(|other| other.id == lesson).map(|at| (index, at))
    })?;
    if down {
        if at + 1 < modules[module].lessons.len() {
            return Some((modules[module].id, at as u32 + 1));
        }
        return modules.get(module + 1).map(|next| (next.id, 0));
    }
    if let Some(to) = at.checked_sub(1) {
        return Some((modules[module].id, to as u32));
    }
    let before = &modules[module.checked_sub(1)?];
    Some((before.id, before.lessons.len() as u32))
}

/// The last place of a module for a lesson, which may be in it already.
pub fn end_of(page: &CoursePage, module: ModuleId, lesson: LessonId) -> u32 {
    let others = page
        .outline
        .iter()
        .find(|other| other.id == module)
        .map_or(0, |module| module.lessons.iter().filter(|other| other.id != lesson).count());
    others as u32
}

/// The tree with all its forms.
pub fn view(page: &CoursePage, refused: &Refused) -> impl IntoView + use<> {
    let lessons = page.lessons().count() as u32;
    let length = page.lessons().map(|lesson| lesson.minutes).sum();
    let summary = format!(
        "{}, {}, {}",
        count(page.outline.len() as u32, "module"),
        count(lessons, "lesson"),
        minutes(length)
    );
    let tree = if page.outline.is_empty() {
        view! {
            <EmptyState title="The outline is empty">
                <p>"A course has modules, and a module has lessons. Name the first module below."</p>
            </EmptyState>
        }
        .into_any()
    } else {
        let modules: Vec<_> =
            page.outline.iter().enumerate().map(|(index, one)| module(page, index, one, refused)).collect();
        view! { <ol class="outline-edit" id="outline-tree" data-testid="outline">{modules}</ol> }.into_any()
    };
    view! {
        <section class="panel" id="outline" aria-labelledby="outline-title">
            <header class="panel-head">
                <h2 id="outline-title">"Outline"</h2>
                <p class="muted">{summary}</p>
            </header>
            <OutlineDrag tree="outline-tree".to_owned() status="outline-status".to_owned()/>
            <p class="outline-status" id="outline-status" role="status" data-testid="outline-status"></p>
            {tree}
            <form method="post" data-testid="add-module">
                {quick_add(
                    &refused.form("add-module", ""),
                    "new-module".to_owned(),
                    "New module".to_owned(),
                    "New module",
                    "add-module",
                    "Add module",
                )}
            </form>
        </section>
    }
}

/// One line to add something by its title. Its label is for those who can't see where it stands.
fn quick_add(
    form: &FormState,
    id: String,
    label: String,
    placeholder: &'static str,
    act: &'static str,
    button: &'static str,
) -> impl IntoView + use<> {
    let error = form.error("title").map(str::to_owned);
    let described = error.is_some().then(|| format!("{id}-error"));
    let invalid = error.is_some().then_some("true");
    let value = form.value("title").to_owned();
    view! {
        <div class="quick-add">
            <label class="visually-hidden" for=id.clone()>{label}</label>
            {error.map(|words| view! { <p class="field-error" id=format!("{id}-error")>{words}</p> })}
            <input
                id=id.clone()
                name="title"
                value=value
                placeholder=placeholder
                required=true
                maxlength="120"
                autocomplete="off"
                aria-describedby=described
                aria-invalid=invalid
            />
            <button class="button" data-kind="secondary" data-size="small" name="act" value=act>
                <Icon name="plus"/>
                {button}
            </button>
        </div>
    }
}

/// The grip, shown once the island can make it work.
fn handle(what: &str) -> impl IntoView + use<> {
    let label = format!("Move “{what}”: drag it, or press the arrow keys up and down");
    view! {
        <button type="button" class="handle" data-handle="" aria-label=label>
            <svg viewBox="0 0 20 20" width="20" height="20" fill="currentColor" aria-hidden="true">
                <path d="M7 4.500h2v2H7zm4 0h2v2h-2zM7 9h2v2H7zm4 0h2v2h-2zM7 13.500h2v2H7zm4 0h2v2h-2z"></path>
            </svg>
        </button>
    }
}

/// Up and Down, for one row.
fn steps(kind: &'static str, id: String, name: &str) -> impl IntoView + use<> {
    let button = |way: &'static str, icon: &'static str, title: &'static str| {
        view! {
            <button class="icon-button" name="act" value=format!("{kind}-{way}") title=title aria-label=format!("{title}: {name}")>
                <Icon name=icon/>
            </button>
        }
    };
    view! {
        <form method="post" class="steps">
            <input type="hidden" name=kind value=id/>
            {button("up", "chevron-up", "Up")}
            {button("down", "chevron-down", "Down")}
        </form>
    }
}

fn module(page: &CoursePage, index: usize, module: &Module, refused: &Refused) -> impl IntoView + use<> {
    let id = module.id.to_string();
    let lessons: Vec<_> = module.lessons.iter().map(|one| lesson(page, module.id, one)).collect();
    let rename = match refused.form("rename-module", &id) {
        form if form.problem().is_some() => form,
        _ => {
            FormState::of(&academy::catalog::LessonForm { title: module.title.clone(), ..Default::default() })
        }
    };
    let renaming = rename.problem().is_some();
    view! {
        <li class="edit-module" id=format!("module-{id}") data-module=id.clone() data-name=module.title.clone()>
            <div class="edit-row">
                {handle(&module.title)}
                <h3><span class="muted">{index + 1}". "</span>{module.title.clone()}</h3>
                {steps("module", id.clone(), &module.title)}
                <details class="more" name="outline-more" open=renaming>
                    <summary class="icon-button" title="Rename or remove" aria-label=format!("Rename or remove “{}”", module.title)>
                        <Icon name="more"/>
                    </summary>
                    <div class="more-panel">
                        <form method="post" class="add-row">
                            <input type="hidden" name="module" value=id.clone()/>
                            <Field
                                form=rename
                                name="title"
                                prefix=format!("rename-{id}-")
                                label="Module's title"
                                required=true
                                maxlength=120
                            />
                            <Submit kind="secondary" name="act" value="rename-module">"Rename"</Submit>
                        </form>
                        {removal(
                            "remove-module",
                            "module",
                            id.clone(),
                            module.title.clone(),
                            "The module goes with all of its lessons and their text, for learners too. This can't be undone.",
                        )}
                    </div>
                </details>
            </div>
            <ol class="edit-lessons" data-lessons="">{lessons}</ol>
            <form method="post" id=format!("add-lesson-{id}") data-testid="add-lesson">
                <input type="hidden" name="module" value=id.clone()/>
                {quick_add(
                    &refused.form("add-lesson", &id),
                    format!("lesson-in-{id}"),
                    format!("New lesson in “{}”", module.title),
                    "New lesson",
                    "add-lesson",
                    "Add lesson",
                )}
            </form>
        </li>
    }
}

fn lesson(page: &CoursePage, module: ModuleId, lesson: &LessonHead) -> impl IntoView + use<> {
    let id = lesson.id.to_string();
    let title = lesson.title.clone();
    let others: Vec<_> = page
        .outline
        .iter()
        .filter(|other| other.id != module)
        .map(|other| view! { <option value=other.id.to_string()>{other.title.clone()}</option> })
        .collect();
    let elsewhere = (!others.is_empty()).then(|| {
        view! {
            <form method="post" class="add-row">
                <input type="hidden" name="lesson" value=id.clone()/>
                <div class="field">
                    <label for=format!("to-{id}")>"Move to…"</label>
                    <select id=format!("to-{id}") name="module">{others}</select>
                </div>
                <Submit kind="secondary" name="act" value="lesson-to">"Move"</Submit>
            </form>
        }
    });
    view! {
        <li class="edit-lesson" id=format!("lesson-{id}") data-lesson=id.clone() data-name=title.clone()>
            <div class="edit-row">
                {handle(&title)}
                <a class="edit-title" href=path(page.course.id, &format!("/lessons/{id}"))>{title.clone()}</a>
                <span class="edit-facts">
                    <span>{minutes(lesson.minutes)}</span>
                    <span class="edit-access" data-preview=(lesson.access == 0).then_some("true")>
                        {access_words(lesson.access, &page.tiers)}
                    </span>
                </span>
                {steps("lesson", id.clone(), &title)}
                <details class="more" name="outline-more">
                    <summary class="icon-button" title="Move or remove" aria-label=format!("Move or remove “{title}”")>
                        <Icon name="more"/>
                    </summary>
                    <div class="more-panel">
                        {elsewhere}
                        {removal(
                            "remove-lesson",
                            "lesson",
                            id.clone(),
                            title.clone(),
                            "The lesson and its text go, for learners too. This can't be undone.",
                        )}
                    </div>
                </details>
            </div>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use academy::catalog::{Course, CourseState, Level, Teacher};
    use academy::ids::{CourseId, UserId};
    use academy::time::Time;

    use super::*;

    fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(number: u32) -> T {
        format!("00000000-0000-7000-8000-{number:012}").parse().unwrap()
    }

    /// Modules 1 (lessons 11, 12), 2 (none) and 3 (lesson 31).
    fn page() -> CoursePage {
        let module = |number: u32, lessons: &[u32]| Module {
            id: id(number),
            title: String::new(),
            lessons: lessons
                .iter()
                .map(|number| LessonHead {
                    id: id(*number),
                    slug: String::new(),
                    title: String::new(),
                    minutes: 1,
                    access: 0,
                })
                .collect(),
        };
        CoursePage {
            course: Course {
                id: id::<CourseId>(100),
                slug: String::new(),
                title: String::new(),
                promise: String::new(),
                description: String::new(),
                outcomes: Vec::new(),
                level: Level::Beginner,
                state: CourseState::Draft,
                teacher: Teacher { id: id::<UserId>(101), name: String::new(), bio: String::new() },
                cover: None,
                refund_days: 0,
                version: 1,
                updated_at: Time(0),
            },
            description_html: String::new(),
            outline: vec![module(1, &[11, 12]), module(2, &[]), module(3, &[31])],
            tiers: Vec::new(),
            markets: Vec::new(),
        }
    }

    #[test]
    fn steps_lessons_across_modules_and_stops_at_the_ends() {
        let page = page();
        assert_eq!(lesson_step(&page, id(11), true), Some((id(1), 1)));
        assert_eq!(lesson_step(&page, id(12), true), Some((id(2), 0)));
        assert_eq!(lesson_step(&page, id(12), false), Some((id(1), 0)));
        assert_eq!(lesson_step(&page, id(11), false), None);
        assert_eq!(lesson_step(&page, id(31), false), Some((id(2), 0)));
        assert_eq!(lesson_step(&page, id(31), true), None);
        assert_eq!(lesson_step(&page, id(99), true), None);
    }

    #[test]
    fn steps_modules_and_finds_their_ends() {
        let page = page();
        assert_eq!(module_step(&page, id(1), false), None);
        assert_eq!(module_step(&page, id(1), true), Some(1));
        assert_eq!(module_step(&page, id(3), true), None);
        assert_eq!(end_of(&page, id(1), id(31)), 2);
        assert_eq!(end_of(&page, id(1), id(11)), 1);
    }
}
