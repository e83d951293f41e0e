//! What the studio does better with JavaScript. Everything here also works without.

use leptos::prelude::{Get, RwSignal};

mod drag;
mod image;
mod preview;

pub use drag::OutlineDrag;
pub use image::ImageInsert;
pub use preview::MarkdownPreview;

/// A message, or nothing at all: an empty text would still be a line of the page.
fn said(message: RwSignal<String>) -> impl Fn() -> Option<String> + Copy {
    move || Some(message.get()).filter(|message| !message.is_empty())
}

mod dom {
    use wasm_bindgen::{JsCast, closure::Closure, convert::FromWasmAbi};
    use web_sys::{Document, Element, EventTarget};

    /// The page's document.
    pub fn document() -> Document {
        leptos::prelude::document()
    }

    /// An element by its id, as the type that it is.
    pub fn by_id<T: JsCast>(id: &str) -> Option<T> {
        document().get_element_by_id(id).and_then(|element| element.dyn_into().ok())
    }

    /// Elements by selector.
    pub fn all(selector: &str) -> Vec<Element> {
        let Ok(found) = document().query_selector_all(selector) else { return Vec::new() };
        (0..found.length()).filter_map(|index| found.get(index)?.dyn_into().ok()).collect()
    }

    /// Listens for as long as the page lives, as all islands of the studio do.
    pub fn listen<E: FromWasmAbi + 'static>(target: &EventTarget, event: &str, act: impl FnMut(E) + 'static) {
        let closure = Closure::<dyn FnMut(E)>::new(act);
        let added = target.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref());
        if added.is_ok() {
            closure.forget();
        }
    }
}
