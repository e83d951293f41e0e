//! The lesson's preview beside its text, and what keeps unsaved text from getting lost.

use leptos::prelude::*;

use super::said;

/// Follows the textarea `textarea`: shows the server's own rendering in the element `pane` while
/// one writes, warns before the page is left with unsaved text, and keeps that text in this
/// browser under `draft` until it is saved.
#[island]
pub fn MarkdownPreview(
    /// The textarea's id.
    textarea: String,
    /// The id of the element that holds the rendering.
    pane: String,
    /// The draft's name in the browser's storage.
    draft: String,
    /// The textarea came with text that is not saved (after a refused save).
    unsaved: bool,
) -> impl IntoView {
    let status = RwSignal::new(String::new());
    let found = RwSignal::new(None::<String>);
    let names = StoredValue::new((textarea, draft));
    Effect::new(move |_| {
        names.with_value(|(textarea, draft)| {
            browser::follow(textarea, pane.clone(), draft.clone(), unsaved, status, found);
        });
    });
    let answer = move |keep: bool| {
        names.with_value(|(textarea, draft)| browser::answer(textarea, draft, keep, found));
    };
    view! {
        <p class="editor-status" role="status" data-testid="preview-status">{said(status)}</p>
        <Show when=move || found.with(Option::is_some)>
            <div class="editor-draft" role="alert" data-testid="draft-found">
                <p>"This browser kept text of this lesson that was never saved."</p>
                <div class="button-row">
                    <button type="button" class="button" data-kind="secondary" on:click=move |_| answer(true)>
                        "Bring it back"
                    </button>
                    <button
                        type="button"
                        class="button" data-kind="quiet"
                        on:click=move |_| answer(false)
                    >
                        "Throw it away"
                    </button>
                </div>
            </div>
        </Show>
    }
}

mod browser {
    use std::{cell::Cell, rc::Rc};

    use gloo_timers::callback::Timeout;
    use leptos::{prelude::*, task::spawn_local};
    use wasm_bindgen::JsValue;
    use web_sys::{Element, Event, HtmlTextAreaElement, Storage};

    use crate::studio::{
        api,
        island::dom::{by_id, listen},
    };

    fn storage() -> Option<Storage> {
        window().local_storage().ok().flatten()
    }

    pub fn follow(
        textarea: &str,
        pane: String,
        draft: String,
        unsaved: bool,
        status: RwSignal<String>,
        found: RwSignal<Option<String>>,
    ) {
        let Some(area) = by_id::<HtmlTextAreaElement>(textarea) else { return };
        let dirty = Rc::new(Cell::new(unsaved));
        if let Some(kept) = storage().and_then(|storage| storage.get_item(&draft).ok().flatten()) {
            // Saving cuts blank lines off the end.
            if kept.trim_end() == area.value().trim_end() {
                forget(&draft);
            } else {
                found.set(Some(kept));
            }
        }
        // Answers can overtake each other; only the newest may be shown.
        let newest = Rc::new(Cell::new(0u32));
        let timer = Cell::new(None::<Timeout>);
        let (on_input, on_area) = (Rc::clone(&dirty), area.clone());
        listen(&area, "input", move |_: Event| {
            on_input.set(true);
            newest.set(newest.get() + 1);
            let (mine, newest) = (newest.get(), Rc::clone(&newest));
            let (area, pane, draft) = (on_area.clone(), pane.clone(), draft.clone());
            timer.set(Some(Timeout::new(300, move || {
                let text = area.value();
                if let Some(storage) = storage() {
                    let _full = storage.set_item(&draft, &text);
                }
                spawn_local(async move {
                    let answer = api::preview(text).await;
                    if mine != newest.get() {
                        return;
                    }
                    match answer {
                        Ok(html) => {
                            if let Some(pane) = by_id::<Element>(&pane) {
                                pane.set_inner_html(&html);
                            }
                            status.set(String::new());
                        }
                        Err(problem) => status.set(format!("The preview is behind: {problem}")),
                    }
                });
            })));
        });
        if let Some(form) = area.form() {
            let sent = Rc::clone(&dirty);
            listen(&form, "submit", move |_: Event| sent.set(false));
        }
        listen(&window(), "beforeunload", move |event: Event| {
            if dirty.get() {
                event.prevent_default();
                // Older browsers ask only when this is set.
                let _set = js_sys::Reflect::set(
                    &event,
                    &JsValue::from_str("returnValue"),
                    &JsValue::from_str("unsaved"),
                );
            }
        });
    }

    fn forget(draft: &str) {
        if let Some(storage) = storage() {
            let _gone = storage.remove_item(draft);
        }
    }

    pub fn answer(textarea: &str, draft: &str, keep: bool, found: RwSignal<Option<String>>) {
        let Some(text) = found.get_untracked() else { return };
        found.set(None);
        let Some(area) = by_id::<HtmlTextAreaElement>(textarea) else { return };
        if keep {
            area.set_value(&text);
            if let Ok(event) = Event::new("input") {
                let _sent = area.dispatch_event(&event);
            }
        } else {
            forget(draft);
        }
        let _focused = area.focus();
    }
}
