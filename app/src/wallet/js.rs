//! Reading and making plain JavaScript objects, and the few things of the window that are needed.
//! Property access by name costs far fewer bytes than typed bindings.

use std::{cell::Cell, pin::Pin, rc::Rc};

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, future_to_promise};

/// A property, or `undefined`.
pub fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// Sets a property.
pub fn set(object: &JsValue, name: &str, value: JsValue) {
    let _ = Reflect::set(object, &name.into(), &value);
}

/// A property that is text, or nothing.
pub fn text(object: &JsValue, name: &str) -> String {
    get(object, name).as_string().unwrap_or_default()
}

/// An object.
pub fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        // Setting a property of a fresh plain object can't fail.
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object.into()
}

/// An array.
pub fn array(items: impl IntoIterator<Item = JsValue>) -> JsValue {
    items.into_iter().collect::<Array>().into()
}

/// Calls a method; `Err` is what it threw, or `undefined` where there is no such method.
pub fn call(object: &JsValue, method: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    let function: Function = get(object, method).dyn_into().map_err(|_| JsValue::UNDEFINED)?;
    function.apply(object, &arguments.iter().cloned().collect())
}

/// The window, as a plain object.
pub fn window() -> JsValue {
    js_sys::global().into()
}

/// A function for JavaScript that lives as long as the page.
pub fn forever(listener: impl Fn(JsValue) + 'static) -> JsValue {
    Closure::<dyn Fn(JsValue)>::new(listener).into_js_value()
}

/// What the browser keeps for this site under a name.
pub fn kept(name: &str) -> Option<String> {
    call(&get(&window(), "localStorage"), "getItem", &[name.into()]).ok()?.as_string()
}

/// Keeps a text for this site; without storage (private windows may have none) it is forgotten.
pub fn keep(name: &str, text: &str) {
    let _ = call(&get(&window(), "localStorage"), "setItem", &[name.into(), text.into()]);
}

/// Forgets a text.
pub fn forget(name: &str) {
    let _ = call(&get(&window(), "localStorage"), "removeItem", &[name.into()]);
}

/// Goes to another page.
pub fn go(path: &str) {
    let _ = call(&get(&window(), "location"), "assign", &[path.into()]);
}

/// Whether nobody looks at this page now.
pub fn hidden() -> bool {
    get(&get(&window(), "document"), "hidden").is_truthy()
}

/// Work in the background, boxed: one type in the wasm rather than one per deed.
pub type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Works in the background.
pub fn spawn(task: Task) {
    wasm_bindgen_futures::spawn_local(task);
}

/// Waits.
pub async fn sleep(millis: u32) {
    gloo_timers::future::TimeoutFuture::new(millis).await;
}

/// Waits five times as long while nobody looks, and no longer than asked once somebody does.
pub async fn sleep_unless_watched(millis: u32) {
    let mut left = millis;
    while left > 0 {
        let step = left.min(500);
        sleep(step).await;
        left = left.saturating_sub(if hidden() { step.div_ceil(5) } else { step });
    }
}

/// Runs `task` while no other page of this site holds `name`; `false` if one does. The browser
/// lets go by itself when the page closes.
pub async fn alone(name: String, task: Task) -> bool {
    let locks = get(&get(&window(), "navigator"), "locks");
    if !locks.is_object() {
        // Only on plain http away from loopback; the server's rules hold there too.
        task.await;
        return true;
    }
    let granted = Rc::new(Cell::new(false));
    let body = {
        let (task, granted) = (Cell::new(Some(task)), granted.clone());
        Closure::<dyn Fn(JsValue) -> JsValue>::new(move |lock: JsValue| {
            let Some(task) = task.take().filter(|_| !lock.is_null()) else {
                return JsValue::UNDEFINED;
            };
            granted.set(true);
            future_to_promise(async move {
                task.await;
                Ok(JsValue::UNDEFINED)
            })
            .into()
        })
    };
    let options = object(&[("ifAvailable", true.into())]);
    if let Ok(held) = call(&locks, "request", &[name.into(), options, body.as_ref().clone()]) {
        let _ = JsFuture::from(Promise::resolve(&held)).await;
    }
    granted.get()
}
