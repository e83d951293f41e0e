//! Putting an image into a lesson without leaving the text.

use leptos::prelude::*;

use super::said;

/// Enhances the file input `input` and its button `button`: uploads to `files` and writes the
/// image's Markdown at the cursor of `textarea`. Without JavaScript the button submits the form.
#[island]
pub fn ImageInsert(
    /// The file input's id.
    input: String,
    /// The button's id.
    button: String,
    /// The textarea's id.
    textarea: String,
    /// Where files of this course are posted.
    files: String,
    /// The largest file, in bytes.
    max: u32,
) -> impl IntoView {
    let status = RwSignal::new(String::new());
    let error = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let parts = browser::Parts { input, button, textarea, files, max, status, error, busy };
    Effect::new(move |_| browser::enhance(parts.clone()));
    view! {
        <p class="field-error" role="alert" data-testid="image-error">{said(error)}</p>
        <p class="field-hint" role="status" data-testid="image-status">{said(status)}</p>
        <Show when=move || busy.get()>
            <progress class="upload-progress" aria-label="Uploading"></progress>
        </Show>
    }
}

mod browser {
    use js_sys::Reflect;
    use leptos::{prelude::*, task::spawn_local};
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{
        Event, File, FormData, HtmlElement, HtmlInputElement, HtmlTextAreaElement, RequestInit, Response,
    };

    use crate::studio::island::dom::{by_id, listen};

    #[derive(Clone)]
    pub struct Parts {
        pub input: String,
        pub button: String,
        pub textarea: String,
        pub files: String,
        pub max: u32,
        pub status: RwSignal<String>,
        pub error: RwSignal<String>,
        pub busy: RwSignal<bool>,
    }

    pub fn enhance(parts: Parts) {
        let Some(button) = by_id::<HtmlElement>(&parts.button) else { return };
        listen(&button, "click", move |event: Event| {
            event.prevent_default();
            let parts = parts.clone();
            if parts.busy.get_untracked() {
                return;
            }
            spawn_local(async move {
                parts.error.set(String::new());
                parts.status.set(String::new());
                parts.busy.set(true);
                match insert(&parts).await {
                    Ok(name) => parts.status.set(format!("{name} is in the text.")),
                    Err(message) => parts.error.set(message),
                }
                parts.busy.set(false);
            });
        });
    }

    fn chosen(parts: &Parts) -> Result<(HtmlInputElement, File), String> {
        let input: HtmlInputElement = by_id(&parts.input).ok_or("Reload the page and try again.")?;
        let file = input.files().and_then(|files| files.get(0)).ok_or("Choose an image first.")?;
        if file.size() > f64::from(parts.max) {
            return Err(format!(
                "“{}” is larger than {} MB. Make it smaller and try again.",
                file.name(),
                parts.max / 1024 / 1024
            ));
        }
        Ok((input, file))
    }

    async fn insert(parts: &Parts) -> Result<String, String> {
        let (input, file) = chosen(parts)?;
        let answer = upload(&parts.files, &file)
            .await
            .map_err(|_| "The upload did not get through. Your text is untouched; try again.".to_owned())?;
        let word = |name: &str| {
            Reflect::get(&answer, &JsValue::from_str(name)).ok().and_then(|value| value.as_string())
        };
        if let Some(message) = word("error") {
            return Err(message);
        }
        let markdown = word("markdown").ok_or("The server's answer made no sense. Try again.")?;
        write(&parts.textarea, &markdown);
        input.set_value("");
        Ok(file.name())
    }

    async fn upload(url: &str, file: &File) -> Result<JsValue, JsValue> {
        let form = FormData::new()?;
        form.append_with_str("act", "upload")?;
        form.append_with_blob_and_filename("file", file, &file.name())?;
        let headers = js_sys::Object::new();
        Reflect::set(&headers, &JsValue::from_str("accept"), &JsValue::from_str("application/json"))?;
        let request = RequestInit::new();
        request.set_method("POST");
        request.set_body(&form);
        request.set_headers(&headers);
        let response: Response =
            JsFuture::from(window().fetch_with_str_and_init(url, &request)).await?.dyn_into()?;
        JsFuture::from(response.json()?).await
    }

    /// Writes at the cursor, on a line of its own, and tells the preview.
    fn write(textarea: &str, markdown: &str) {
        let Some(area) = by_id::<HtmlTextAreaElement>(textarea) else { return };
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
        if let Ok(event) = Event::new("input") {
            let _sent = area.dispatch_event(&event);
        }
    }
}
