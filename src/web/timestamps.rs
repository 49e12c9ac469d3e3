//! CubeCL looks for `timestamp-query` among the adapter's features, and panics in a browser that
//! lacks it, although it is only needed for measuring launches, which nothing here does
//! (cubecl-wgpu 0.11.3, `compute/stream.rs`). So while a device is opened, adapters claim to have
//! it; the device itself is requested without it.

use js_sys::{Object, Reflect, Set};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

const FEATURE: &str = "timestamp-query";

/// A plain JavaScript object with these fields.
fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        // Setting a property of a fresh object cannot fail.
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object.into()
}

/// As long as it exists, adapters claim to have `timestamp-query`.
pub(super) struct Pretence {
    prototype: Object,
    /// The original property.
    features: JsValue,
}

impl Pretence {
    /// Starts pretending, if there is an adapter and it lacks the feature.
    pub async fn begin() -> Option<Self> {
        let of = |object: &JsValue, name: &str| Reflect::get(object, &name.into()).ok();
        let call = |object: &JsValue, name: &str, argument: &JsValue| {
            let function: js_sys::Function = of(object, name)?.dyn_into().ok()?;
            function.call1(object, argument).ok()
        };
        let global = js_sys::global();
        let gpu = of(&of(&global, "navigator")?, "gpu")?;
        let wanted = object(&[("powerPreference", "high-performance".into())]);
        let promise: js_sys::Promise = call(&gpu, "requestAdapter", &wanted)?.dyn_into().ok()?;
        let adapter = JsFuture::from(promise).await.ok()?;
        let found = of(&adapter, "features")?;
        if call(&found, "has", &FEATURE.into())?.is_truthy() {
            return None;
        }
        let features = Set::new(&found);
        features.add(&FEATURE.into());
        let prototype: Object = of(&of(&global, "GPUAdapter")?, "prototype")?.dyn_into().ok()?;
        let before = Object::get_own_property_descriptor(&prototype, &"features".into());
        let pretence = Self { prototype, features: before };
        pretence.define(&object(&[("value", features.into()), ("configurable", true.into())]));
        Some(pretence)
    }

    fn define(&self, property: &JsValue) {
        let _ =
            Object::define_property(&self.prototype, &"features".into(), property.unchecked_ref());
    }
}

impl Drop for Pretence {
    fn drop(&mut self) {
        self.define(&self.features);
    }
}
