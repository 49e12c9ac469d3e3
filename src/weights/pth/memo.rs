//! Values that a pickle refers to again.

use std::collections::BTreeMap;

use super::value::Value;

/// Values by their keys, which Python counts up from 0 or 1. A file may choose any.
#[derive(Default)]
pub(super) struct Memo<'a> {
    /// Those with the keys from 0 on.
    counted: Vec<Value<'a>>,
    /// Those with any other key.
    others: BTreeMap<u32, Value<'a>>,
}

impl<'a> Memo<'a> {
    pub(super) fn put(&mut self, key: u32, value: Value<'a>) {
        let at = key as usize;
        if let Some(known) = self.counted.get_mut(at) {
            *known = value;
        } else if at == self.counted.len() {
            self.counted.push(value);
        } else {
            self.others.insert(key, value);
        }
    }

    pub(super) fn get(&self, key: u32) -> Option<Value<'a>> {
        self.counted.get(key as usize).or_else(|| self.others.get(&key)).copied()
    }

    /// The key of the next value that comes without one.
    pub(super) fn len(&self) -> u32 {
        (self.counted.len() + self.others.len()) as u32
    }
}
