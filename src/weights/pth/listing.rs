//! Every tensor that can be reached from the object that was saved, with the way to it.

use std::collections::{BTreeMap, BTreeSet};

use super::heap::Heap;
use super::tensor;
use super::value::{Id, Value};
use crate::error::{Error, Result};
use crate::weights::state::Listed;

/// How deep containers are followed. A module takes two levels: its attributes, and its children.
const DEEPEST: usize = 100;

/// How many times a container is listed that can be reached in several ways. Objects that know
/// each other would otherwise be listed on every way between them.
const MOST_VISITS: u8 = 4;

/// Most bytes that a list may take.
const MOST_BYTES: usize = 8 << 20;

/// Lists the tensors below `root` in the file's order, with their places on the heap. Fails with
/// `weights-too-large`.
pub(super) fn list<'a>(heap: &Heap<'a>, root: Value<'a>) -> Result<Vec<(Listed, Id)>> {
    let mut walk = Walk {
        heap,
        path: String::new(),
        depth: 0,
        visits: BTreeMap::new(),
        found: Vec::new(),
        bytes: 0,
    };
    walk.visit(root)?;
    Ok(walk.found)
}

/// A container: whether it is a dictionary, and its place among its kind.
type Container = (bool, Id);

struct Walk<'h, 'a> {
    heap: &'h Heap<'a>,
    /// The keys up to here.
    path: String,
    depth: usize,
    visits: BTreeMap<Container, u8>,
    found: Vec<(Listed, Id)>,
    bytes: usize,
}

impl<'a> Walk<'_, 'a> {
    fn visit(&mut self, value: Value<'a>) -> Result<()> {
        match value {
            Value::Tensor(id) => self.found(id),
            Value::List(id) | Value::Tuple(id) => self.enter((false, id), Self::items),
            Value::Dict(id) => self.enter((true, id), Self::entries),
            _ => Ok(()),
        }
    }

    fn found(&mut self, id: Id) -> Result<()> {
        let (shape, is_float) = tensor::describe(self.heap, id)?;
        self.bytes += 2 * size_of::<(Listed, Id)>() + self.path.len() + size_of_val(&*shape);
        if self.bytes > MOST_BYTES {
            let detail = format!("a list of its tensors takes more than {MOST_BYTES} bytes");
            return Err(Error::WeightsTooLarge(detail));
        }
        self.found.push((Listed { path: self.path.clone(), shape, is_float }, id));
        Ok(())
    }

    /// Lists what is in a container, unless it is too deep or was listed often enough.
    fn enter(&mut self, container: Container, list: fn(&mut Self, Id) -> Result<()>) -> Result<()> {
        let visits = self.visits.entry(container).or_default();
        if self.depth >= DEEPEST || *visits >= MOST_VISITS {
            return Ok(());
        }
        *visits += 1;
        self.depth += 1;
        list(self, container.1)?;
        self.depth -= 1;
        Ok(())
    }

    fn items(&mut self, id: Id) -> Result<()> {
        for (at, item) in self.heap.items(id)?.iter().enumerate() {
            self.below(&at.to_string(), *item)?;
        }
        Ok(())
    }

    fn entries(&mut self, id: Id) -> Result<()> {
        let entries = self.heap.entries(id)?;
        // Python keeps a key's last value.
        let mut keys = BTreeSet::new();
        let last: Vec<_> = entries.iter().rev().map(|(key, value)| (key.name(), *value)).collect();
        let mut last: Vec<_> = last.iter().filter(|(key, _)| keys.insert(key)).collect();
        last.reverse();
        for (key, value) in last {
            self.below(key, *value)?;
        }
        Ok(())
    }

    /// Visits the value under a key.
    fn below(&mut self, key: &str, value: Value<'a>) -> Result<()> {
        let before = self.path.len();
        if before > 0 {
            self.path.push('.');
        }
        self.path.push_str(key);
        self.visit(value)?;
        self.path.truncate(before);
        Ok(())
    }
}
