//! An island's place in the page: parts of it are replaced when their HTML changes, and what is
//! pressed in it comes back as words.

use std::{cell::RefCell, rc::Rc};

use wasm_bindgen::JsValue;

use super::js;

/// An island's element. Elements with `data-part` in it are replaced from inside; the others stay.
#[derive(Clone)]
pub struct Part {
    element: JsValue,
    shown: Rc<RefCell<Vec<(String, String)>>>,
}

impl Part {
    /// Takes the first element of a class that no island has taken: islands come alive in the
    /// page's order.
    pub fn take(class: &str) -> Self {
        let document = js::get(&js::window(), "document");
        let free = format!(".{class}:not([data-taken])");
        let element = js::call(&document, "querySelector", &[free.into()]).unwrap_or_default();
        let part = Self { element, shown: Rc::default() };
        part.attribute("", "data-taken", Some(""));
        part
    }

    fn find(&self, name: &str) -> JsValue {
        if name.is_empty() {
            return self.element.clone();
        }
        let selector = format!("[data-part={name}]");
        js::call(&self.element, "querySelector", &[selector.into()]).unwrap_or_default()
    }

    /// Whether `value` is news under `key`.
    fn is_news(&self, key: &str, value: &str) -> bool {
        let mut shown = self.shown.borrow_mut();
        match shown.iter_mut().find(|(known, _)| known == key) {
            Some((_, old)) if old == value => false,
            Some((_, old)) => {
                value.clone_into(old);
                true
            }
            None => {
                shown.push((key.to_owned(), value.to_owned()));
                true
            }
        }
    }

    /// Puts HTML into a part, if it is another than before. Focus on a button in it goes to the
    /// button that does the same afterwards.
    pub fn show(&self, name: &str, html: &str) {
        if !self.is_news(name, html) {
            return;
        }
        let part = self.find(name);
        let focus = focused();
        let inside =
            js::call(&part, "contains", std::slice::from_ref(&focus)).is_ok_and(|inside| inside.is_truthy());
        let act = js::text(&js::get(&focus, "dataset"), "act");
        js::set(&part, "innerHTML", html.into());
        if inside && !act.is_empty() {
            let selector = format!("[data-act=\"{act}\"]");
            if let Ok(again) = js::call(&part, "querySelector", &[selector.into()]) {
                let _ = js::call(&again, "focus", &[]);
            }
        }
    }

    /// Sets or removes an attribute of a part; the empty name is the island's own element.
    pub fn attribute(&self, name: &str, attribute: &str, value: Option<&str>) {
        if !self.is_news(&format!("{name} {attribute}"), value.unwrap_or("\0")) {
            return;
        }
        let part = self.find(name);
        let _ = match value {
            Some(value) => js::call(&part, "setAttribute", &[attribute.into(), value.into()]),
            None => js::call(&part, "removeAttribute", &[attribute.into()]),
        };
    }

    /// Marks what, anywhere on the page, has this value of an attribute with `data-here`, and nothing else.
    pub fn point_out(&self, attribute: &str, value: &str) {
        if !self.is_news("data-here", value) {
            return;
        }
        let document = js::get(&js::window(), "document");
        for (selector, deed) in [
            ("[data-here]".to_owned(), "removeAttribute"),
            (format!("[{attribute}=\"{value}\"]"), "setAttribute"),
        ] {
            if let Ok(found) = js::call(&document, "querySelector", &[selector.into()]) {
                let _ = js::call(&found, deed, &["data-here".into(), "".into()]);
            }
        }
    }

    /// Hears what is pressed: the `data-act` of the button.
    pub fn on_act(&self, act: impl Fn(String) + 'static) {
        let listener = js::forever(move |event| {
            let target = js::get(&event, "target");
            if let Ok(button) = js::call(&target, "closest", &["[data-act]".into()]) {
                let word = js::text(&js::get(&button, "dataset"), "act");
                if !word.is_empty() {
                    act(word);
                }
            }
        });
        let _ = js::call(&self.element, "addEventListener", &["click".into(), listener]);
    }

    /// Writes how long it is until the time in `data-until` (milliseconds since 1970), as `14:59`.
    pub fn count_down(&self) {
        let Ok(timer) = js::call(&self.element, "querySelector", &["[data-until]".into()]) else { return };
        if !timer.is_object() {
            return;
        }
        // The browser reads numbers as well, and its code is there already.
        let until =
            js::call(&js::window(), "Number", &[js::text(&js::get(&timer, "dataset"), "until").into()]);
        let now = js::call(&js::get(&js::window(), "Date"), "now", &[]);
        if let (Some(until), Some(now)) = (number(until), number(now)) {
            let left = ((until - now) / 1000.0).max(0.0) as u32;
            js::set(&timer, "textContent", format!("{}:{:02}", left / 60, left % 60).into());
        }
    }

    /// If the focus got lost with a button that went, gives it to a part, a heading.
    pub fn rescue_focus(&self, name: &str) {
        let document = js::get(&js::window(), "document");
        let focus = focused();
        // On nothing, or on the heading of the step before, where it was put the last time.
        let on_title = js::text(&js::get(&focus, "dataset"), "part").starts_with("title");
        if on_title || focus == js::get(&document, "body") {
            let gently = js::object(&[("preventScroll", true.into())]);
            let _ = js::call(&self.find(name), "focus", &[gently]);
        }
    }
}

fn number(answer: Result<JsValue, JsValue>) -> Option<f64> {
    answer.ok()?.as_f64()
}

fn focused() -> JsValue {
    js::get(&js::get(&js::window(), "document"), "activeElement")
}
