// Starts the islands of this page: loads the glue and the wasm that the tag of this script names,
// then hands each island its element. Pages without islands load nothing.

// leptos reads these while it hydrates; pages here are rendered at once and put nothing in.
globalThis.__RESOLVED_RESOURCES = [];
globalThis.__SERIALIZED_ERRORS = [];
globalThis.__INCOMPLETE_CHUNKS = [];

const tag = document.querySelector("script[data-js][data-wasm]");
const islands = document.querySelectorAll("leptos-island[data-component]");

if (tag && islands.length > 0) {
  const { js, wasm } = tag.dataset;
  // Both at once, rather than the wasm after the glue.
  const bytes = fetch(wasm);
  const module = await import(js);
  await module.default({ module_or_path: bytes });
  module.hydrate();
  for (const island of islands) {
    // An island within the children of another one needs that one's owner (document order:
    // the outer one is alive already).
    island.closest("leptos-children")?.$$on_hydrate?.();
    try {
      module[island.dataset.component]?.(island);
    } catch (error) {
      // The others still work.
      console.error(error);
    }
  }
}
// For scripts that drive the page: from here on, what can be pressed answers.
document.documentElement.dataset.alive = "";
