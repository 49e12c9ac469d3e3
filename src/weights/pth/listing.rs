//! Every tensor that can be reached from the object that was saved, with the way to it.

use std::collections::{BTreeMap, BTreeSet};

use super::heap::Heap;
use super::tensor;
use super::value::{Id, Span, Value};
use crate::error::{Error, Result};
use crate::weights::state::Listed;

/// How deep containers are followed. A module takes two levels: its attributes, and its children.
const DEEPEST: usize = 100;

/// How many times a container is listed that can be reached in several ways. Objects that know
/// each other would otherwise be listed on every way between them.
const MOST_VISITS: u8 = 4;

/// The longest path that is followed, in bytes.
const LONGEST_PATH: usize = 4 << 10;

/// What a module keeps its children, weights and running statistics in. PyTorch leaves these words
/// out of a state dict's names.
const UNNAMED: [&str; 3] = ["_modules", "_parameters", "_buffers"];

/// Lists the tensors below `root` in the file's order, with their places on the heap. Also returns
/// how many bytes may still be taken. Fails with `weights-too-large`.
pub(super) fn list<'a>(heap: &Heap<'a>, root: Value<'a>) -> Result<(Vec<(Listed, Id)>, usize)> {
    let mut walk = Walk {
        heap,
        path: String::new(),
        depth: 0,
        visits: BTreeMap::new(),
        found: Vec::new(),
        left: heap.left(),
    };
    walk.visit(root)?;
    Ok((walk.found, walk.left))
}

/// A container and its place among its kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Container {
    Tuple(Span),
    List(Id),
    Dict(Id),
}

/// How many times a container was listed, and whether it is just being listed.
#[derive(Clone, Copy, Default)]
struct Visits {
    count: u8,
    are_open: bool,
}

struct Walk<'h, 'a> {
    heap: &'h Heap<'a>,
    /// The keys up to here.
    path: String,
    depth: usize,
    visits: BTreeMap<Container, Visits>,
    found: Vec<(Listed, Id)>,
    /// Bytes that may still be taken.
    left: usize,
}

impl<'a> Walk<'_, 'a> {
    fn visit(&mut self, value: Value<'a>) -> Result<()> {
        let heap = self.heap;
        match value {
            Value::Tensor(id) => self.found(id),
            Value::Array(id) => heap.array_at(id)?.map_or(Ok(()), |id| self.found(id)),
            Value::Tuple(span) => {
                self.enter(Container::Tuple(span), |walk| walk.items(heap.tuple_items(span)))
            }
            Value::List(id) => {
                self.enter(Container::List(id), |walk| walk.items(heap.list_items(id)?))
            }
            Value::Dict(id) | Value::Object(id) => {
                self.enter(Container::Dict(id), |walk| walk.entries(heap.entries(id)?))
            }
            _ => Ok(()),
        }
    }

    fn found(&mut self, id: Id) -> Result<()> {
        let (shape, is_float) = tensor::describe(self.heap, id)?;
        // Recognising networks takes twice as much again.
        self.charge(12 * size_of::<(Listed, Id)>() + self.path.len() + size_of_val(&*shape))?;
        self.found.push((Listed { path: self.path.clone(), shape, is_float }, id));
        Ok(())
    }

    /// Counts bytes that are about to be taken.
    fn charge(&mut self, bytes: usize) -> Result<()> {
        self.left = self.left.checked_sub(bytes).ok_or_else(|| {
            Error::WeightsTooLarge("a list of its tensors takes more than the file".into())
        })?;
        Ok(())
    }

    /// Lists what is in a container, unless that is itself, too deep, or was listed often enough.
    fn enter(
        &mut self,
        container: Container,
        list: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        if self.depth >= DEEPEST || self.path.len() > LONGEST_PATH {
            return Ok(());
        }
        let visits = self.visits.get(&container).copied().unwrap_or_default();
        if visits.are_open || visits.count >= MOST_VISITS {
            return Ok(());
        }
        if visits.count == 0 {
            self.charge(3 * size_of::<(Container, Visits)>())?;
        }
        let count = visits.count + 1;
        self.visits.insert(container, Visits { count, are_open: true });
        self.depth += 1;
        list(self)?;
        self.depth -= 1;
        self.visits.insert(container, Visits { count, are_open: false });
        Ok(())
    }

    fn items(&mut self, items: &[Value<'a>]) -> Result<()> {
        let mut at = 0;
        for item in items {
            if item.has_parts() {
                self.below(&at.to_string(), *item)?;
            }
            at += match item {
                Value::Inerts(count) => *count as usize,
                _ => 1,
            };
        }
        Ok(())
    }

    fn entries(&mut self, entries: &[(Value<'a>, Value<'a>)]) -> Result<()> {
        // Python keeps a key's last value.
        let mut keys = BTreeSet::new();
        let is_last = |(key, value): &&(Value<'a>, Value<'a>)| {
            let is_last = key.text().is_none_or(|text| keys.insert(text));
            is_last && value.has_parts()
        };
        let last: Vec<_> = entries.iter().rev().filter(is_last).collect();
        for (key, value) in last.into_iter().rev() {
            match *key {
                Value::Own => self.visit(*value)?,
                Value::Text(text) if UNNAMED.contains(&text) => self.visit(*value)?,
                key => self.below(&key.name(), *value)?,
            }
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
