//! Reordering the outline by dragging, and by the arrow keys on the same handles.
//!
//! The tree is the server's; this island moves its elements and saves what was moved. The Up,
//! Down and "Move to" forms beside each row do the same without JavaScript.

use leptos::prelude::*;

/// Brings the handles of a tree to life.
#[island]
pub fn OutlineDrag(
    /// The tree's id.
    tree: String,
    /// The id of the element that says what happened.
    status: String,
) -> impl IntoView {
    if cfg!(feature = "hydrate") {
        browser::enhance(&tree, status);
    }
}

mod browser {
    use std::{cell::RefCell, collections::VecDeque, rc::Rc};

    use academy::ids::{LessonId, ModuleId};
    use wasm_bindgen::JsCast;
    use wasm_bindgen_futures::spawn_local;
    use web_sys::{Element, Event, HtmlElement, KeyboardEvent, Node, PointerEvent};

    use crate::{
        error::AppError,
        studio::{
            api,
            island::dom::{around, by_id, document, listen, say, target},
        },
    };

    /// A row that was moved, and where it stood before.
    struct Moved {
        item: Element,
        parent: Node,
        next: Option<Node>,
    }

    /// Where a row stands now, as the server counts it. Taken when the row is dropped: a move that
    /// waits for an earlier one must not be counted again after a later one.
    #[derive(Clone, Copy)]
    enum Place {
        Lesson(LessonId, ModuleId, u32),
        Module(ModuleId, u32),
    }

    /// Saves one move after the other: answers must not overtake each other.
    #[derive(Clone)]
    struct Saver {
        queue: Rc<RefCell<VecDeque<(Moved, Place)>>>,
        status: Rc<str>,
    }

    pub fn enhance(tree: &str, status: String) {
        let Some(tree) = by_id::<Element>(tree) else { return };
        // The style sheet shows the handles of a tree that lives.
        let _alive = tree.class_list().add_1("is-live");
        let saver = Saver { queue: Rc::default(), status: status.into() };
        // The row on its way under the pointer. The document hears of the pointer: a row that moves
        // in the tree loses the pointer that its handle has captured.
        let drag = Rc::new(RefCell::new(None::<Moved>));

        let state = Rc::clone(&drag);
        let down = move |event: Event| {
            let event: PointerEvent = event.unchecked_into();
            let handle = target(&event).and_then(|element| around(&element, "[data-handle]"));
            let Some(moved) = handle.as_ref().and_then(row).and_then(standing) else { return };
            if event.button() != 0 {
                return;
            }
            event.prevent_default();
            let _marked = moved.item.class_list().add_1("is-dragged");
            *state.borrow_mut() = Some(moved);
        };
        listen(&tree, "pointerdown", Box::new(down));

        let state = Rc::clone(&drag);
        let along = move |event: Event| {
            if let Some(moved) = &*state.borrow() {
                follow(&moved.item, event.unchecked_ref());
            }
        };
        listen(&document(), "pointermove", Box::new(along));

        let (state, own) = (Rc::clone(&drag), saver.clone());
        let up = move |_: Event| {
            let Some(moved) = let_go(&state) else { return };
            if standing(moved.item.clone())
                .is_some_and(|now| now.parent != moved.parent || now.next != moved.next)
            {
                own.save(moved);
            }
        };
        listen(&document(), "pointerup", Box::new(up));

        let state = Rc::clone(&drag);
        let cancel = move |_: Event| {
            if let Some(moved) = let_go(&state) {
                put_back(&moved);
            }
        };
        listen(&document(), "pointercancel", Box::new(cancel));

        let key = move |event: Event| {
            let event: KeyboardEvent = event.unchecked_into();
            let down = match event.key().as_str() {
                "Escape" => {
                    if let Some(moved) = let_go(&drag) {
                        put_back(&moved);
                    }
                    return;
                }
                "ArrowUp" => false,
                "ArrowDown" => true,
                _ => return,
            };
            let handle = target(&event).and_then(|element| around(&element, "[data-handle]"));
            let Some(handle) = handle else { return };
            event.prevent_default();
            let Some(moved) = row(&handle).and_then(standing) else { return };
            if step(&moved.item, down) {
                // A moved element loses the focus.
                let _focused = handle.unchecked_ref::<HtmlElement>().focus();
                saver.save(moved);
            } else {
                say(&saver.status, "It is at the end already.");
            }
        };
        listen(&document(), "keydown", Box::new(key));
    }

    /// The row under the pointer, no longer dragged.
    fn let_go(drag: &RefCell<Option<Moved>>) -> Option<Moved> {
        let moved = drag.borrow_mut().take()?;
        let _unmarked = moved.item.class_list().remove_1("is-dragged");
        Some(moved)
    }

    fn row(handle: &Element) -> Option<Element> {
        around(handle, "[data-lesson],[data-module]")
    }

    fn standing(item: Element) -> Option<Moved> {
        let parent = item.parent_node()?;
        let next = item.next_sibling();
        Some(Moved { item, parent, next })
    }

    fn put_back(moved: &Moved) {
        let _back = moved.parent.insert_before(&moved.item, moved.next.as_ref());
    }

    fn is_lesson(item: &Element) -> bool {
        item.has_attribute("data-lesson")
    }

    /// The list of lessons inside a module's row.
    fn lessons_of(module: &Element) -> Option<Element> {
        module.query_selector("[data-lessons]").ok().flatten()
    }

    /// Puts the dragged row where the pointer is.
    fn follow(item: &Element, event: &PointerEvent) {
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        let Some(under) = document().element_from_point(x as f32, y as f32) else { return };
        let near = |selector: &str| around(&under, selector);
        if is_lesson(item) {
            if let Some(other) = near("[data-lesson]") {
                beside(item, &other, y);
            } else if let Some(list) = near("[data-module]").and_then(|module| lessons_of(&module))
                && item.parent_element().as_ref() != Some(&list)
            {
                let _moved = list.append_child(item);
            }
        } else if let Some(other) = near("[data-module]") {
            beside(item, &other, y);
        }
    }

    fn beside(item: &Element, other: &Element, y: f64) {
        if item == other {
            return;
        }
        let place = other.get_bounding_client_rect();
        let after = y > place.top() + place.height() / 2.0;
        let next = if after { other.next_sibling() } else { Some(other.clone().unchecked_into()) };
        if let Some(parent) = other.parent_node() {
            let _moved = parent.insert_before(item, next.as_ref());
        }
    }

    /// One place up or down; lessons go on into the next module. False at the end.
    fn step(item: &Element, down: bool) -> bool {
        let sibling = if down { item.next_element_sibling() } else { item.previous_element_sibling() };
        if let Some(other) = sibling {
            let moved = if down { other.after_with_node_1(item) } else { other.before_with_node_1(item) };
            return moved.is_ok();
        }
        if !is_lesson(item) {
            return false;
        }
        let module = around(item, "[data-module]");
        let list = module
            .and_then(
                |module| if down { module.next_element_sibling() } else { module.previous_element_sibling() },
            )
            .and_then(|module| lessons_of(&module));
        let Some(list) = list else { return false };
        if down { list.prepend_with_node_1(item) } else { list.append_with_node_1(item) }.is_ok()
    }

    /// How many rows stand before it in its list.
    fn index(item: &Element) -> u32 {
        let mut before = 0;
        let mut row = item.previous_element_sibling();
        while let Some(other) = row {
            before += 1;
            row = other.previous_element_sibling();
        }
        before
    }

    fn name(item: &Element) -> String {
        item.get_attribute("data-name").unwrap_or_default()
    }

    fn place(item: &Element) -> Option<Place> {
        let id = |name: &str| around(item, &format!("[{name}]"))?.get_attribute(name);
        let module = id("data-module")?.parse().ok()?;
        Some(match id("data-lesson") {
            Some(lesson) => Place::Lesson(lesson.parse().ok()?, module, index(item)),
            None => Place::Module(module, index(item)),
        })
    }

    async fn send(place: Place) -> Result<(), AppError> {
        match place {
            Place::Lesson(lesson, module, to) => api::move_lesson(lesson, module, to).await,
            Place::Module(module, to) => api::move_module(module, to).await,
        }
    }

    impl Saver {
        fn save(&self, moved: Moved) {
            let Some(place) = place(&moved.item) else { return };
            say(
                &self.status,
                &format!("Moving “{}” to place {}…", name(&moved.item), index(&moved.item) + 1),
            );
            self.queue.borrow_mut().push_back((moved, place));
            // Whoever finds the queue empty before pushing works it off.
            if self.queue.borrow().len() > 1 {
                return;
            }
            let saver = self.clone();
            spawn_local(async move { saver.work().await });
        }

        /// The move being saved stays at the head of the queue until the server has answered.
        async fn work(&self) {
            loop {
                let Some(place) = self.queue.borrow().front().map(|(_, place)| *place) else { return };
                let answer = send(place).await;
                let Some((moved, _)) = self.queue.borrow_mut().pop_front() else { return };
                let item = &moved.item;
                match answer {
                    Ok(()) => {
                        let module = around(item, "[data-module]").filter(|_| is_lesson(item));
                        let inside =
                            module.map(|module| format!(" in “{}”", name(&module))).unwrap_or_default();
                        say(
                            &self.status,
                            &format!("“{}” is at place {}{inside}. Saved.", name(item), index(item) + 1),
                        );
                    }
                    Err(problem) => {
                        put_back(&moved);
                        self.queue.borrow_mut().clear();
                        say(
                            &self.status,
                            &format!(
                                "“{}” was not moved: {problem} Reload the page to see the saved order.",
                                name(item)
                            ),
                        );
                        return;
                    }
                }
            }
        }
    }
}
