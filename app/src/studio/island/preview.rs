//! The lesson's preview beside its text, and what keeps unsaved text from getting lost.

use leptos::prelude::*;

/// Follows the textarea `body`: shows the server's own rendering in `lesson-preview` while one
/// writes (and in `preview-status` why it can't), warns before the page is left with unsaved text,
/// and keeps that text in this browser under `draft` until it is saved. Kept text that was never
/// saved is offered in `draft-found`.
#[island]
pub fn MarkdownPreview(
    /// The draft's name in the browser's storage.
    draft: String,
    /// The textarea came with text that is not saved (after a refused save).
    unsaved: bool,
) -> impl IntoView {
    if cfg!(feature = "hydrate") {
        browser::enhance(draft.into(), unsaved);
    }
}

mod browser {
    use std::{cell::Cell, rc::Rc};

    use gloo_timers::callback::Timeout;
    use js_sys::Reflect;
    use leptos::prelude::window;
    use wasm_bindgen_futures::spawn_local;
    use web_sys::{Element, Event, HtmlTextAreaElement};

    use crate::{
        error::AppError,
        studio::{
            api,
            island::dom::{by_id, listen, say, show, storage, typed},
        },
    };

    /// How long a pause in writing is.
    const PAUSE_MS: u32 = 300;

    pub fn enhance(draft: Rc<str>, unsaved: bool) {
        let Some(area) = by_id::<HtmlTextAreaElement>("body") else { return };
        offer(&area, &draft);
        let dirty = Rc::new(Cell::new(unsaved));
        follow(&area, Rc::clone(&draft), Rc::clone(&dirty));
        if let Some(form) = area.form() {
            let (sent, own) = (Rc::clone(&dirty), area.clone());
            // What is sent is what is kept: the last pause may not have come yet.
            let submit = move |_| {
                if sent.replace(false) {
                    keep(&draft, &own.value());
                }
            };
            listen(&form, "submit", Box::new(submit));
        }
        let warn = move |event: Event| {
            if dirty.get() {
                event.prevent_default();
                // Older browsers ask only when this is set.
                let _set = Reflect::set(&event, &"returnValue".into(), &"unsaved".into());
            }
        };
        listen(&window(), "beforeunload", Box::new(warn));
    }

    /// Offers text that this browser kept and nobody saved.
    fn offer(area: &HtmlTextAreaElement, draft: &Rc<str>) {
        let kept = storage().and_then(|storage| storage.get_item(draft).ok().flatten());
        let Some(kept) = kept else { return };
        // Saving cuts blank lines off the end.
        if kept.trim_end() == area.value().trim_end() {
            return forget(draft);
        }
        show("draft-found", true);
        for (button, bring_back) in [("draft-keep", true), ("draft-drop", false)] {
            let Some(button) = by_id::<Element>(button) else { continue };
            let (area, draft, kept) = (area.clone(), Rc::clone(draft), kept.clone());
            let answer = move |_| {
                if bring_back {
                    area.set_value(&kept);
                    typed(&area);
                } else {
                    forget(&draft);
                }
                show("draft-found", false);
                let _focused = area.focus();
            };
            listen(&button, "click", Box::new(answer));
        }
    }

    fn keep(draft: &str, text: &str) {
        if let Some(storage) = storage() {
            let _full = storage.set_item(draft, text);
        }
    }

    fn forget(draft: &str) {
        if let Some(storage) = storage() {
            let _gone = storage.remove_item(draft);
        }
    }

    fn follow(area: &HtmlTextAreaElement, draft: Rc<str>, dirty: Rc<Cell<bool>>) {
        // Answers can overtake each other; only the newest may be shown.
        let newest = Rc::new(Cell::new(0u32));
        let timer = Cell::new(None);
        let own = area.clone();
        let input = move |_| {
            dirty.set(true);
            newest.set(newest.get() + 1);
            let (mine, newest) = (newest.get(), Rc::clone(&newest));
            let (area, draft) = (own.clone(), Rc::clone(&draft));
            // The timer before is dropped, and so stopped.
            timer.set(Some(Timeout::new(PAUSE_MS, move || {
                let text = area.value();
                keep(&draft, &text);
                spawn_local(async move {
                    let answer = api::preview(text).await;
                    if mine == newest.get() {
                        draw(answer);
                    }
                });
            })));
        };
        listen(area, "input", Box::new(input));
    }

    fn draw(answer: Result<String, AppError>) {
        match answer {
            Ok(html) => {
                if let Some(pane) = by_id::<Element>("lesson-preview") {
                    pane.set_inner_html(&html);
                }
                say("preview-status", "");
            }
            Err(problem) => say("preview-status", &format!("The preview is behind: {problem}")),
        }
    }
}
