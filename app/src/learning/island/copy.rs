//! Copy buttons on code.

use leptos::prelude::*;

/// Puts a copy button on every block of code on the page. Shows nothing itself.
#[island]
pub fn CopyButtons() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    Effect::new(decorate);
}

#[cfg(feature = "hydrate")]
fn decorate() {
    use leptos::wasm_bindgen::{JsCast, closure::Closure};

    let document = document();
    let Ok(blocks) = document.query_selector_all("pre.code") else { return };
    for index in 0..blocks.length() {
        let Some(block) = blocks.item(index).and_then(|node| node.dyn_into::<web_sys::Element>().ok()) else {
            continue;
        };
        let Ok(button) = document.create_element("button") else { continue };
        button.set_class_name("copy-button");
        let _ = button.set_attribute("type", "button");
        button.set_text_content(Some("Copy"));
        let source = block.clone();
        let told = button.clone();
        let copy = Closure::<dyn FnMut()>::new(move || {
            let code = source.query_selector("code").ok().flatten();
            let text = code.and_then(|code| code.text_content()).unwrap_or_default();
            let told = told.clone();
            let written = window().navigator().clipboard().write_text(&text);
            leptos::task::spawn_local(async move {
                let done = wasm_bindgen_futures::JsFuture::from(written).await.is_ok();
                told.set_text_content(Some(if done { "Copied" } else { "Not copied" }));
                gloo_timers::future::TimeoutFuture::new(2000).await;
                told.set_text_content(Some("Copy"));
            });
        });
        let _ = button.add_event_listener_with_callback("click", copy.as_ref().unchecked_ref());
        // Lives as long as the page.
        copy.forget();
        // Beside the block, not in it: a block scrolls its long lines, the button stays.
        let Ok(frame) = document.create_element("div") else { continue };
        frame.set_class_name("code-frame");
        let _ = block.replace_with_with_node_1(&frame);
        let _ = frame.append_child(&block);
        let _ = frame.append_child(&button);
    }
}
