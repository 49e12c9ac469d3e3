//! The pickle machine: opcodes in, one value out.
//!
//! Semantics follow the comments of Python's `pickletools`, restricted to what describes tensors.
//! It runs over the bytes once, without loops or jumps; each step handles a bounded
//! number of values.

use std::collections::BTreeMap;

use super::{cursor::Cursor, globals, heap::Heap, opcode as op, stack::Stack, value::Value};
use crate::error::{Error, Result};
use crate::weights::state::damaged;

/// Runs one pickle, up to its `STOP`. What it builds stays on the heap.
pub(super) fn load<'a>(cursor: &mut Cursor<'a>, heap: &mut Heap<'a>) -> Result<Value<'a>> {
    let mut machine = Machine { stack: Stack::default(), memo: BTreeMap::new(), heap };
    loop {
        let opcode = cursor.u8()?;
        if opcode == op::STOP {
            return machine.stack.pop();
        }
        machine.step(opcode, cursor)?;
    }
}

struct Machine<'a, 'h> {
    stack: Stack<'a>,
    /// Values that the pickle refers to again. The file chooses the keys, so they may be sparse.
    memo: BTreeMap<u32, Value<'a>>,
    heap: &'h mut Heap<'a>,
}

impl<'a> Machine<'a, '_> {
    fn step(&mut self, opcode: u8, cursor: &mut Cursor<'a>) -> Result<()> {
        match opcode {
            op::PROTO => cursor.u8().map(drop),
            // Frame lengths only help when reading from a pipe.
            op::FRAME => cursor.u64().map(drop),
            op::MARK => self.stack.mark(),
            op::POP => self.stack.discard(),
            op::POP_MARK => self.stack.pop_mark().map(drop),
            op::DUP => self.stack.push(self.stack.top()?),

            op::NONE => self.stack.push(Value::None),
            op::NEWTRUE => self.stack.push(Value::Bool(true)),
            op::NEWFALSE => self.stack.push(Value::Bool(false)),
            op::BININT1 => self.int(cursor.u8()?.into()),
            op::BININT2 => self.int(cursor.u16()?.into()),
            op::BININT => self.int(i32::from_le_bytes(cursor.array()?).into()),
            op::LONG1 => self.long(cursor.u8()?.into(), cursor),
            op::LONG4 => self.long(cursor.u32()?.into(), cursor),
            op::BINFLOAT => self.inert(8, cursor),
            op::SHORT_BINBYTES => self.inert(cursor.u8()?.into(), cursor),
            op::BINBYTES => self.inert(cursor.u32()?.into(), cursor),
            op::BINBYTES8 | op::BYTEARRAY8 => self.inert(cursor.u64()?, cursor),

            op::SHORT_BINSTRING => self.bytes_text(cursor.u8()?.into(), cursor),
            op::BINSTRING => self.bytes_text(cursor.u32()?.into(), cursor),
            op::SHORT_BINUNICODE => self.text(cursor.u8()?.into(), cursor),
            op::BINUNICODE => self.text(cursor.u32()?.into(), cursor),
            op::BINUNICODE8 => self.text(cursor.u64()?, cursor),

            op::EMPTY_TUPLE => self.tuple(Vec::new()),
            op::TUPLE1 => self.tuple_of(1),
            op::TUPLE2 => self.tuple_of(2),
            op::TUPLE3 => self.tuple_of(3),
            op::TUPLE | op::FROZENSET => {
                let items = self.stack.pop_mark()?;
                self.tuple(items)
            }
            op::EMPTY_LIST | op::EMPTY_SET => {
                let list = Value::List(self.heap.sequence(Vec::new())?);
                self.stack.push(list)
            }
            op::APPEND => {
                let item = self.stack.pop()?;
                self.append(&[item])
            }
            op::APPENDS | op::ADDITEMS => {
                let items = self.stack.pop_mark()?;
                self.append(&items)
            }
            op::EMPTY_DICT => {
                let dict = Value::Dict(self.heap.dict()?);
                self.stack.push(dict)
            }
            op::SETITEM => {
                let value = self.stack.pop()?;
                let key = self.stack.pop()?;
                self.set_items(&[key, value])
            }
            op::SETITEMS => {
                let items = self.stack.pop_mark()?;
                self.set_items(&items)
            }

            op::BINPUT => self.put(cursor.u8()?.into()),
            op::LONG_BINPUT => self.put(cursor.u32()?),
            op::MEMOIZE => self.put(self.memo.len() as u32),
            op::BINGET => self.get(cursor.u8()?.into()),
            op::LONG_BINGET => self.get(cursor.u32()?),

            op::GLOBAL => {
                let (module, name) = (cursor.line()?, cursor.line()?);
                let (module, name) =
                    (String::from_utf8_lossy(module), String::from_utf8_lossy(name));
                self.stack.push(Value::Callable(globals::find(&module, &name)?))
            }
            op::STACK_GLOBAL => {
                let (name, module) = (self.stack.pop()?, self.stack.pop()?);
                let (Value::Text(module), Value::Text(name)) = (module, name) else {
                    return Err(damaged("its pickle names a function without text"));
                };
                self.stack.push(Value::Callable(globals::find(module, name)?))
            }
            op::REDUCE => {
                let arguments = self.stack.pop()?;
                let callable = self.stack.pop()?;
                let described = globals::describe(callable, arguments, self.heap)?;
                self.stack.push(described)
            }
            op::BINPERSID => {
                let id = self.stack.pop()?;
                let storage = globals::storage(id, self.heap)?;
                self.stack.push(storage)
            }
            // PyTorch attaches module versions to a state dict; they are dropped.
            op::BUILD => match (self.stack.pop()?, self.stack.top()?) {
                (_, Value::Dict(_)) => Ok(()),
                _ => Err(Error::WeightsUnsafe("it sets the inner state of an object".into())),
            },
            op::INST | op::OBJ | op::NEWOBJ | op::NEWOBJ_EX | op::EXT1 | op::EXT2 | op::EXT4 => {
                Err(Error::WeightsUnsafe("it creates an object of a class".into()))
            }
            other => {
                let detail = format!("the pickle operation 0x{other:02x}");
                Err(Error::WeightsUnsupportedContainer(detail))
            }
        }
    }

    fn int(&mut self, value: i64) -> Result<()> {
        self.stack.push(Value::Int(value))
    }

    /// Two's complement of any length; a number beyond 64 bits cannot be a size and becomes inert.
    fn long(&mut self, length: u64, cursor: &mut Cursor<'a>) -> Result<()> {
        let bytes = cursor.take(length)?;
        if bytes.len() > 8 {
            return self.stack.push(Value::Inert);
        }
        let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut wide = [if negative { 0xff } else { 0 }; 8];
        for (to, from) in wide.iter_mut().zip(bytes) {
            *to = *from;
        }
        self.int(i64::from_le_bytes(wide))
    }

    fn inert(&mut self, length: u64, cursor: &mut Cursor<'a>) -> Result<()> {
        cursor.take(length)?;
        self.stack.push(Value::Inert)
    }

    fn text(&mut self, length: u64, cursor: &mut Cursor<'a>) -> Result<()> {
        let text = str::from_utf8(cursor.take(length)?)
            .map_err(|_| damaged("its pickle holds text that is not UTF-8"))?;
        self.stack.push(Value::Text(text))
    }

    /// Python 2 strings hold names as well as arbitrary bytes.
    fn bytes_text(&mut self, length: u64, cursor: &mut Cursor<'a>) -> Result<()> {
        let text = str::from_utf8(cursor.take(length)?);
        self.stack.push(text.map_or(Value::Inert, Value::Text))
    }

    fn tuple(&mut self, items: Vec<Value<'a>>) -> Result<()> {
        let tuple = Value::Tuple(self.heap.sequence(items)?);
        self.stack.push(tuple)
    }

    fn tuple_of(&mut self, count: usize) -> Result<()> {
        let mut items = (0..count).map(|_| self.stack.pop()).collect::<Result<Vec<_>>>()?;
        items.reverse();
        self.tuple(items)
    }

    fn append(&mut self, items: &[Value<'a>]) -> Result<()> {
        match self.stack.top()? {
            Value::List(list) => self.heap.append(list, items),
            _ => Err(damaged("its pickle appends to something that is no list")),
        }
    }

    fn set_items(&mut self, items: &[Value<'a>]) -> Result<()> {
        let Value::Dict(dict) = self.stack.top()? else {
            return Err(damaged("its pickle sets an item of something that is no dictionary"));
        };
        let (pairs, []) = items.as_chunks::<2>() else {
            return Err(damaged("its pickle gives a key without a value"));
        };
        pairs.iter().try_for_each(|[key, value]| self.heap.insert(dict, *key, *value))
    }

    fn put(&mut self, key: u32) -> Result<()> {
        self.heap.charge(1)?;
        self.memo.insert(key, self.stack.top()?);
        Ok(())
    }

    fn get(&mut self, key: u32) -> Result<()> {
        let value = self.memo.get(&key).copied();
        let value =
            value.ok_or_else(|| damaged("its pickle comes back to a value it never had"))?;
        self.stack.push(value)
    }
}
