//! The pickle machine: opcodes in, one value out.
//!
//! Semantics follow the comments of Python's `pickletools`, restricted to what describes data. It
//! runs over the bytes once, without loops or jumps; each step handles a bounded number of values.

use super::heap::{CELL, Heap};
use super::memo::Memo;
use super::value::{Global, Value};
use super::{calls, cursor::Cursor, globals, opcode as op, stack::Stack, text};
use crate::error::{Error, Result};
use crate::weights::state::damaged;

/// Runs one pickle, up to its `STOP`. What it builds stays on the heap.
pub(super) fn load<'a>(cursor: &mut Cursor<'a>, heap: &mut Heap<'a>) -> Result<Value<'a>> {
    let mut machine = Machine { stack: Stack::default(), memo: Memo::default(), heap };
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
    memo: Memo<'a>,
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
            op::BINFLOAT => {
                cursor.take(8)?;
                self.stack.push(Value::Inert)
            }
            op::INT | op::LONG => self.stack.push(text::int(cursor.line()?)?),
            op::FLOAT => {
                cursor.line()?;
                self.stack.push(Value::Inert)
            }

            op::SHORT_BINBYTES => self.bytes(cursor.u8()?.into(), cursor),
            op::BINBYTES => self.bytes(cursor.u32()?.into(), cursor),
            op::BINBYTES8 | op::BYTEARRAY8 => self.bytes(cursor.u64()?, cursor),
            op::SHORT_BINSTRING => self.string(cursor.u8()?.into(), cursor),
            op::BINSTRING => self.string(cursor.u32()?.into(), cursor),
            op::STRING => self.stack.push(text::string(cursor.line()?)?),
            op::SHORT_BINUNICODE => self.unicode(cursor.u8()?.into(), cursor),
            op::BINUNICODE => self.unicode(cursor.u32()?.into(), cursor),
            op::BINUNICODE8 => self.unicode(cursor.u64()?, cursor),
            op::UNICODE => self.stack.push(text::unicode(cursor.line()?)),

            op::EMPTY_TUPLE => self.tuple(&[]),
            op::TUPLE1 => self.tuple_of::<1>(),
            op::TUPLE2 => self.tuple_of::<2>(),
            op::TUPLE3 => self.tuple_of::<3>(),
            op::TUPLE | op::FROZENSET => {
                let items = self.stack.pop_mark()?;
                self.tuple(&items)
            }
            op::EMPTY_LIST | op::EMPTY_SET => self.list(Vec::new()),
            op::LIST => {
                let items = self.stack.pop_mark()?;
                self.list(items)
            }
            op::APPEND => {
                let item = self.stack.pop()?;
                self.append(&[item])
            }
            op::APPENDS | op::ADDITEMS => {
                let items = self.stack.pop_mark()?;
                self.append(&items)
            }
            op::EMPTY_DICT => self.dict(&[]),
            op::DICT => {
                let items = self.stack.pop_mark()?;
                self.dict(&items)
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
            op::PUT => self.put(text::key(cursor.line()?)?),
            op::MEMOIZE => self.put(self.memo.len()),
            op::BINGET => self.get(cursor.u8()?.into()),
            op::LONG_BINGET => self.get(cursor.u32()?),
            op::GET => self.get(text::key(cursor.line()?)?),

            op::GLOBAL => {
                let global = self.named(cursor)?;
                self.stack.push(global)
            }
            op::STACK_GLOBAL => {
                let (name, module) = (self.stack.pop()?, self.stack.pop()?);
                let (Value::Text(module), Value::Text(name)) = (module, name) else {
                    return Err(damaged("its pickle names a function without text"));
                };
                self.stack.push(Value::Global(globals::find(module, name)?))
            }
            // Names with a number instead, as agreed in one program.
            op::EXT1 => self.extension(1, cursor),
            op::EXT2 => self.extension(2, cursor),
            op::EXT4 => self.extension(4, cursor),

            op::REDUCE | op::NEWOBJ => {
                let arguments = self.stack.pop()?;
                let callable = self.stack.pop()?;
                self.call(callable, arguments)
            }
            op::NEWOBJ_EX => {
                let (_, arguments) = (self.stack.pop()?, self.stack.pop()?);
                let class = self.stack.pop()?;
                self.call(class, arguments)
            }
            op::OBJ => {
                let items = self.stack.pop_mark()?;
                let [class, arguments @ ..] = items.as_slice() else {
                    return Err(damaged("its pickle makes an object of no class"));
                };
                let arguments = Value::Tuple(self.heap.tuple(arguments)?);
                self.call(*class, arguments)
            }
            op::INST => {
                let class = self.named(cursor)?;
                let items = self.stack.pop_mark()?;
                let arguments = Value::Tuple(self.heap.tuple(&items)?);
                self.call(class, arguments)
            }
            op::BUILD => {
                let state = self.stack.pop()?;
                calls::set_state(self.stack.top()?, state, self.heap)
            }
            op::BINPERSID => {
                let id = self.stack.pop()?;
                let storage = calls::persistent(id, self.heap)?;
                self.stack.push(storage)
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

    fn bytes(&mut self, length: u64, cursor: &mut Cursor<'a>) -> Result<()> {
        self.stack.push(Value::Bytes(cursor.take(length)?))
    }

    /// A string of Python 2, which is a name as well as arbitrary bytes.
    fn string(&mut self, length: u64, cursor: &mut Cursor<'a>) -> Result<()> {
        let bytes = cursor.take(length)?;
        self.stack.push(str::from_utf8(bytes).map_or(Value::Bytes(bytes), Value::Text))
    }

    /// Python also writes text that is no UTF-8, such as the names of some files.
    fn unicode(&mut self, length: u64, cursor: &mut Cursor<'a>) -> Result<()> {
        self.stack.push(str::from_utf8(cursor.take(length)?).map_or(Value::Inert, Value::Text))
    }

    fn tuple(&mut self, items: &[Value<'a>]) -> Result<()> {
        let tuple = Value::Tuple(self.heap.tuple(items)?);
        self.stack.push(tuple)
    }

    fn tuple_of<const N: usize>(&mut self) -> Result<()> {
        let mut items = [Value::None; N];
        for item in items.iter_mut().rev() {
            *item = self.stack.pop()?;
        }
        self.tuple(&items)
    }

    fn list(&mut self, items: Vec<Value<'a>>) -> Result<()> {
        let list = Value::List(self.heap.list(items)?);
        self.stack.push(list)
    }

    fn dict(&mut self, items: &[Value<'a>]) -> Result<()> {
        let dict = Value::Dict(self.heap.dict()?);
        self.stack.push(dict)?;
        self.set_items(items)
    }

    fn append(&mut self, items: &[Value<'a>]) -> Result<()> {
        match self.stack.top()? {
            Value::List(list) => self.heap.append(list, items),
            Value::Object(object) => items.iter().try_for_each(|item| {
                let at = self.heap.entries(object)?.len();
                self.heap.insert(object, Value::Int(at as i64), *item)
            }),
            _ => Err(damaged("its pickle appends to something that is no list")),
        }
    }

    fn set_items(&mut self, items: &[Value<'a>]) -> Result<()> {
        let (Value::Dict(dict) | Value::Object(dict)) = self.stack.top()? else {
            return Err(damaged("its pickle sets an item of something that is no dictionary"));
        };
        let (pairs, []) = items.as_chunks::<2>() else {
            return Err(damaged("its pickle gives a key without a value"));
        };
        pairs.iter().try_for_each(|[key, value]| self.heap.insert(dict, *key, *value))
    }

    fn put(&mut self, key: u32) -> Result<()> {
        self.heap.charge(CELL)?;
        self.memo.put(key, self.stack.top()?);
        Ok(())
    }

    fn get(&mut self, key: u32) -> Result<()> {
        let value = self.memo.get(key);
        let value =
            value.ok_or_else(|| damaged("its pickle comes back to a value it never had"))?;
        self.stack.push(value)
    }

    /// The meaning of a module and a name, each on a line of its own.
    fn named(&self, cursor: &mut Cursor<'a>) -> Result<Value<'a>> {
        let (module, name) = (cursor.line()?, cursor.line()?);
        let (module, name) = (String::from_utf8_lossy(module), String::from_utf8_lossy(name));
        Ok(Value::Global(globals::find(&module, &name)?))
    }

    fn extension(&mut self, length: u64, cursor: &mut Cursor<'a>) -> Result<()> {
        cursor.take(length)?;
        self.stack.push(Value::Global(Global::Other))
    }

    fn call(&mut self, callable: Value<'a>, arguments: Value<'a>) -> Result<()> {
        let described = calls::describe(callable, arguments, self.heap)?;
        self.stack.push(described)
    }
}
