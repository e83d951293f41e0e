//! The wasm entry: hydrates the islands, nothing else.

/// Called once by the page's boot script, after the module is loaded.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    // The app crate must be linked for its islands to be exported.
    app::link();
    leptos::mount::hydrate_islands();
}
