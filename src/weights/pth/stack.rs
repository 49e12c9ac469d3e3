//! The pickle machine's stack, with the marks that open a tuple, list or dictionary.

use super::value::Value;
use crate::error::{Error, Result};

/// Most values on the stack: the items of the longest tuple. Of a list or a dictionary, Python pushes
/// at most 1,000 at once.
const MOST_VALUES: usize = 1 << 16;

/// Most open marks: how deep containers can be nested while they are built.
const MOST_MARKS: usize = 1 << 10;

/// Values waiting to be used, in frames separated by marks.
#[derive(Default)]
pub(super) struct Stack<'a> {
    values: Vec<Value<'a>>,
    /// For each open mark, the height of the stack when it was set.
    marks: Vec<usize>,
}

impl<'a> Stack<'a> {
    pub(super) fn push(&mut self, value: Value<'a>) -> Result<()> {
        if self.values.len() >= MOST_VALUES {
            let detail = format!("its pickle piles up more than {MOST_VALUES} values");
            return Err(Error::WeightsTooLarge(detail));
        }
        self.values.push(value);
        Ok(())
    }

    /// Takes the top value; values below the last mark are out of reach.
    pub(super) fn pop(&mut self) -> Result<Value<'a>> {
        if self.values.len() <= self.floor() {
            return Err(underflow());
        }
        self.values.pop().ok_or_else(underflow)
    }

    /// The top value, left where it is.
    pub(super) fn top(&self) -> Result<Value<'a>> {
        match self.values.get(self.floor()..) {
            Some([.., top]) => Ok(*top),
            _ => Err(underflow()),
        }
    }

    pub(super) fn mark(&mut self) -> Result<()> {
        if self.marks.len() >= MOST_MARKS {
            let detail = format!("its pickle is nested more than {MOST_MARKS} deep");
            return Err(Error::WeightsTooLarge(detail));
        }
        self.marks.push(self.values.len());
        Ok(())
    }

    /// Takes the values above the last mark, and the mark.
    pub(super) fn pop_mark(&mut self) -> Result<Vec<Value<'a>>> {
        let mark = self.marks.pop().ok_or_else(underflow)?;
        Ok(self.values.split_off(mark.min(self.values.len())))
    }

    /// Drops the top value, or the last mark if there is nothing above it.
    pub(super) fn discard(&mut self) -> Result<()> {
        if self.values.len() <= self.floor() {
            self.marks.pop().map(drop).ok_or_else(underflow)
        } else {
            self.pop().map(drop)
        }
    }

    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }
}

fn underflow() -> Error {
    Error::WeightsDamaged("its pickle takes more values than there are".into())
}
