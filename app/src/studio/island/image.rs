//! Putting an image into a lesson without leaving the text.

use leptos::prelude::*;

/// Enhances the button `insert-image`: uploads what `file` holds to `files` and writes the image's
/// Markdown at the cursor of the textarea `body`; says how it went in `image-status` and
/// `image-error`. Without JavaScript the button submits the form.
#[island]
pub fn ImageInsert(
    /// Where files of this course are posted.
    files: String,
    /// The largest file, in bytes.
    max: u32,
) -> impl IntoView {
    if cfg!(feature = "hydrate") {
        browser::enhance(files.into(), max);
    }
}

mod browser {
    use std::{cell::Cell, rc::Rc};

    use js_sys::{Object, Reflect};
    use leptos::prelude::window;
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::{JsFuture, spawn_local};
    use web_sys::{
        Element, Event, File, FormData, HtmlInputElement, HtmlTextAreaElement, RequestInit, Response,
    };

    use crate::studio::island::dom::{by_id, listen, say, show, typed};

    pub fn enhance(files: Rc<str>, max: u32) {
        let Some(button) = by_id::<Element>("insert-image") else { return };
        let busy = Rc::new(Cell::new(false));
        let press = move |event: Event| {
            event.prevent_default();
            if busy.replace(true) {
                return;
            }
            let (files, busy) = (Rc::clone(&files), Rc::clone(&busy));
            spawn_local(async move {
                say("image-error", "");
                say("image-status", "");
                show("image-busy", true);
                match insert(&files, max).await {
                    Ok(name) => say("image-status", &format!("{name} is in the text.")),
                    Err(message) => say("image-error", &message),
                }
                show("image-busy", false);
                busy.set(false);
            });
        };
        listen(&button, "click", Box::new(press));
    }

    fn chosen(input: &HtmlInputElement, max: u32) -> Result<File, String> {
        let file = input.files().and_then(|files| files.get(0)).ok_or("Choose an image first.")?;
        if file.size() > f64::from(max) {
            return Err(format!(
                "“{}” is larger than {} MB. Make it smaller and try again.",
                file.name(),
                max / 1024 / 1024
            ));
        }
        Ok(file)
    }

    async fn insert(files: &str, max: u32) -> Result<String, String> {
        let input: HtmlInputElement = by_id("file").ok_or("Reload the page and try again.")?;
        let file = chosen(&input, max)?;
        let answer = upload(files, &file)
            .await
            .map_err(|_| "The upload did not get through. Your text is untouched; try again.".to_owned())?;
        let word = |name: &str| Reflect::get(&answer, &name.into()).ok().and_then(|value| value.as_string());
        if let Some(error) = word("error") {
            return Err(error);
        }
        let markdown = word("markdown").ok_or("The server's answer made no sense. Try again.")?;
        write(&markdown);
        input.set_value("");
        Ok(file.name())
    }

    async fn upload(url: &str, file: &File) -> Result<JsValue, JsValue> {
        let form = FormData::new()?;
        form.append_with_str("act", "upload")?;
        form.append_with_blob_and_filename("file", file, &file.name())?;
        let request = RequestInit::new();
        request.set_method("POST");
        request.set_body(&form);
        let headers = Object::new();
        Reflect::set(&headers, &"accept".into(), &"application/json".into())?;
        request.set_headers(&headers);
        let response: Response =
            JsFuture::from(window().fetch_with_str_and_init(url, &request)).await?.dyn_into()?;
        JsFuture::from(response.json()?).await
    }

    /// Writes at the cursor, on a line of its own, and tells the preview.
    fn write(markdown: &str) {
        let Some(area) = by_id::<HtmlTextAreaElement>("body") else { return };
        // The cursor counts UTF-16 units, so the text is cut in JavaScript's own terms.
        let text = js_sys::JsString::from(area.value());
        let end = text.length();
        let at = area.selection_end().ok().flatten().unwrap_or(end).min(end);
        let before = String::from(text.slice(0, at));
        let after = String::from(text.slice(at, end));
        let open = if before.is_empty() || before.ends_with("\n\n") { "" } else { "\n\n" };
        let close = if after.starts_with('\n') { "" } else { "\n\n" };
        let head = format!("{before}{open}{markdown}{close}");
        let cursor = js_sys::JsString::from(head.as_str()).length();
        area.set_value(&format!("{head}{after}"));
        let _focused = area.focus();
        let _moved = area.set_selection_range(cursor, cursor);
        typed(&area);
    }
}
