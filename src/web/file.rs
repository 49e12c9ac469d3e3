//! A file owned by the page, read or written piece by piece.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Function, Promise, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::{
    error::{Error, Result},
    train::checkpoint::pieces::{Sink, Store},
};

/// An exception of a JavaScript function, to be rethrown unchanged.
#[derive(Clone, Default)]
pub struct Failure(Rc<RefCell<Option<JsValue>>>);

impl Failure {
    /// Keeps an exception, and stands for it on the way to [`Failure::or`].
    pub fn keep(&self, thrown: JsValue) -> Error {
        self.0.replace(Some(thrown));
        Error::Usage("a function of the page failed".into())
    }

    /// The exception, or otherwise `error`.
    pub fn or(&self, error: Error) -> JsValue {
        self.0.take().unwrap_or_else(|| error.into())
    }
}

/// A file that JavaScript reads or writes.
pub struct File {
    function: Function,
    length: u64,
    failure: Failure,
}

impl File {
    /// A file of `length` bytes, accessed through `(at, length) => Promise<Uint8Array>` for reading
    /// or `(at, bytes) => Promise<void> | void` for writing. Exceptions go to `failure`.
    pub fn new(function: Function, length: u64, failure: &Failure) -> Self {
        Self { function, length, failure: failure.clone() }
    }

    async fn call(&self, at: u64, what: JsValue) -> Result<JsValue> {
        let answer = match self.function.call2(&JsValue::NULL, &(at as f64).into(), &what) {
            Ok(answer) => match answer.dyn_into::<Promise>() {
                Ok(promise) => JsFuture::from(promise).await,
                Err(answer) => Ok(answer),
            },
            thrown => thrown,
        };
        answer.map_err(|thrown| self.failure.keep(thrown))
    }
}

impl Sink for File {
    async fn write(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        self.call(at, Uint8Array::from(bytes).into()).await.map(drop)
    }
}

impl Store for File {
    fn length(&self) -> u64 {
        self.length
    }

    async fn read(&self, at: u64, length: usize) -> Result<Vec<u8>> {
        let bytes = Uint8Array::new(&self.call(at, (length as f64).into()).await?);
        if bytes.length() as usize == length {
            return Ok(bytes.to_vec());
        }
        Err(Error::CheckpointDamaged("it is cut off".into()))
    }
}
