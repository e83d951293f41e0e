//! What the studio does better with JavaScript. Everything here also works without.
//!
//! The markup is the pages' own; an island only finds it by its ids and brings it to life, so that
//! the browser loads no code to draw what the server has drawn.

mod drag;
mod image;
mod preview;

pub use drag::OutlineDrag;
pub use image::ImageInsert;
pub use preview::MarkdownPreview;

mod dom {
    use wasm_bindgen::{JsCast, closure::Closure};
    use web_sys::{Document, Element, Event, EventTarget, HtmlElement, Storage};

    /// The page's document.
    pub fn document() -> Document {
        leptos::prelude::document()
    }

    /// An element by its id, as the type that it is.
    pub fn by_id<T: JsCast>(id: &str) -> Option<T> {
        document().get_element_by_id(id).and_then(|element| element.dyn_into().ok())
    }

    /// The nearest element around that a selector names, or the element itself.
    pub fn around(element: &Element, selector: &str) -> Option<Element> {
        element.closest(selector).ok().flatten()
    }

    /// The element that an event is about.
    pub fn target(event: &Event) -> Option<Element> {
        event.target().and_then(|target| target.dyn_into().ok())
    }

    /// Puts a message into an element; the empty one empties it.
    pub fn say(id: &str, message: &str) {
        if let Some(element) = document().get_element_by_id(id) {
            element.set_text_content(Some(message));
        }
    }

    /// Shows or hides an element.
    pub fn show(id: &str, shown: bool) {
        if let Some(element) = by_id::<HtmlElement>(id) {
            element.set_hidden(!shown);
        }
    }

    /// Listens for as long as the page lives, as all islands of the studio do. One type of
    /// closure for all events costs the browser fewer bytes than one for each.
    pub fn listen(target: &EventTarget, event: &str, act: Box<dyn FnMut(Event)>) {
        let closure = Closure::wrap(act);
        let added = target.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref());
        if added.is_ok() {
            closure.forget();
        }
    }

    /// What this browser keeps for the site; private windows may have nothing of the kind.
    pub fn storage() -> Option<Storage> {
        leptos::prelude::window().local_storage().ok().flatten()
    }

    /// Tells those who listen that a text was changed here and not by typing.
    pub fn typed(target: &EventTarget) {
        if let Ok(event) = Event::new("input") {
            let _sent = target.dispatch_event(&event);
        }
    }
}
