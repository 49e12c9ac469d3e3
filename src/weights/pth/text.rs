//! Values as lines of text, which pickles of the protocols 0 and 1 have.

use super::value::Value;
use crate::error::Result;
use crate::weights::state::damaged;

/// A decimal number, `L` after a long one. Booleans are `01` and `00`.
pub(super) fn int(line: &[u8]) -> Result<Value<'static>> {
    match line {
        b"01" => return Ok(Value::Bool(true)),
        b"00" => return Ok(Value::Bool(false)),
        _ => {}
    }
    let digits = line.strip_suffix(b"L").unwrap_or(line);
    let is_number = |digits: &[u8]| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    if !is_number(digits.strip_prefix(b"-").unwrap_or(digits)) {
        return Err(damaged("its pickle holds a number without digits"));
    }
    // Beyond 64 bits a number cannot be a size.
    let number = str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    Ok(number.map_or(Value::Inert, Value::Int))
}

/// The key of a value that is referred to again.
pub(super) fn key(line: &[u8]) -> Result<u32> {
    let key = str::from_utf8(line).ok().and_then(|digits| digits.parse().ok());
    key.ok_or_else(|| damaged("its pickle refers to a value by something that is no number"))
}

/// A string of Python 2 in quotes. One with escapes is no name of a tensor.
pub(super) fn string(line: &[u8]) -> Result<Value<'_>> {
    let [open @ (b'\'' | b'"'), text @ .., close] = line else {
        return Err(damaged("its pickle holds a string without quotes"));
    };
    if open != close {
        return Err(damaged("its pickle holds a string without quotes"));
    }
    Ok(unicode(text))
}

/// Text without quotes, the same way.
pub(super) fn unicode(line: &[u8]) -> Value<'_> {
    match str::from_utf8(line) {
        Ok(text) if !text.contains('\\') => Value::Text(text),
        _ => Value::Inert,
    }
}
