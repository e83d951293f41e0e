//! Arrow keys and the remembered place.

use academy::ids::LessonId;
use leptos::prelude::*;

/// Goes to the previous and next lesson on the arrow keys; for those enrolled, keeps the place
/// and goes back to it. Shows nothing itself.
#[island]
pub fn ReaderKeys(
    /// The previous lesson's address.
    previous: Option<String>,
    /// The next lesson's address.
    next: Option<String>,
    /// Whose place to keep.
    lesson: Option<LessonId>,
    /// Where the reader was, 0 to 1000.
    position: u16,
) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    Effect::new(move || {
        keys(previous.clone(), next.clone());
        if let Some(lesson) = lesson {
            place(lesson, position);
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = (previous, next, lesson, position);
}

#[cfg(feature = "hydrate")]
fn keys(previous: Option<String>, next: Option<String>) {
    use leptos::{ev::keydown, wasm_bindgen::JsCast};

    // Never dropped: the listener lives as long as the page.
    std::mem::forget(window_event_listener(keydown, move |event| {
        let modified = event.alt_key() || event.ctrl_key() || event.meta_key() || event.shift_key();
        // Arrows mean something else in fields, in lists of choices and in what scrolls sideways.
        let taken = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .and_then(|element| {
                element
                    .closest("input, textarea, select, [contenteditable], [tabindex='0'], pre, [popover]")
                    .ok()
                    .flatten()
            })
            .is_some();
        if modified || taken || event.default_prevented() {
            return;
        }
        let to = match event.key().as_str() {
            "ArrowLeft" => previous.as_deref(),
            "ArrowRight" => next.as_deref(),
            _ => None,
        };
        if let Some(to) = to {
            let _ = location().assign(to);
        }
    }));
}

#[cfg(feature = "hydrate")]
fn place(lesson: LessonId, position: u16) {
    use std::{cell::Cell, rc::Rc};

    use gloo_timers::callback::Timeout;
    use leptos::ev::scroll;

    let at_top = window().scroll_y().unwrap_or_default() < 1.0;
    let no_anchor = location().hash().unwrap_or_default().is_empty();
    // A place within the last screen means that the lesson was read to its end: begin again.
    if at_top && no_anchor && (20..970).contains(&position) {
        window().scroll_to_with_x_and_y(0.0, height() * f64::from(position) / 1000.0);
    }
    let saved = Rc::new(Cell::new(position));
    let waiting: Rc<Cell<Option<Timeout>>> = Rc::default();
    std::mem::forget(window_event_listener(scroll, move |_| {
        let saved = saved.clone();
        // Each scroll drops, and so cancels, the timer of the one before.
        waiting.set(Some(Timeout::new(1500, move || {
            let now = (window().scroll_y().unwrap_or_default() / height() * 1000.0).clamp(0.0, 1000.0) as u16;
            if now.abs_diff(saved.get()) < 10 {
                return;
            }
            saved.set(now);
            leptos::task::spawn_local(async move {
                // The place is a kindness: failing to keep it must not disturb reading.
                let _ = crate::learning::api::remember(lesson, now).await;
            });
        })));
    }));
}

/// How far the page can scroll.
#[cfg(feature = "hydrate")]
fn height() -> f64 {
    let inner = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
    let whole = document().document_element().map_or(0, |root| root.scroll_height());
    (f64::from(whole) - inner).max(1.0)
}
