//! Edits of JSON that leave it JSON: a mutated byte seldom does, and what is behind the parser would never be seen.

use serde_json::{Number, Value};

/// A place, what to do there, and with what.
const EDIT_BYTES: usize = 11;
/// More edits at once find no more.
const MOST_EDITS: usize = 16;

/// The JSON with edits that bytes say; unedited if it is none.
pub fn edited(json: &[u8], edits: &[u8]) -> Vec<u8> {
    let Ok(mut root) = serde_json::from_slice::<Value>(json) else { return json.to_vec() };
    for edit in edits.as_chunks::<EDIT_BYTES>().0.iter().take(MOST_EDITS) {
        let [low, high, what, with @ ..] = *edit;
        let count = count(&root);
        let of = |low, high| usize::from(u16::from_le_bytes([low, high])) % count;
        let other = value_at(&mut root, &mut of(with[0], with[1])).cloned();
        if let Some(value) = value_at(&mut root, &mut of(low, high)) {
            edit_value(value, what, with, other);
        }
    }
    serde_json::to_vec(&root).unwrap_or_default()
}

/// Lists get an item more or less; anything else becomes another number, nothing, or what is elsewhere.
fn edit_value(value: &mut Value, what: u8, with: [u8; 8], other: Option<Value>) {
    let bits = u64::from_le_bytes(with);
    match (value, what % 5) {
        (Value::Array(items), 0 | 1) if !items.is_empty() => {
            items.remove(bits as usize % items.len());
        }
        (Value::Array(items), _) if !items.is_empty() => {
            items.push(items[bits as usize % items.len()].clone())
        }
        (Value::Object(_) | Value::Array(_), _) => {}
        (value, 0) => *value = Number::from_f64(f64::from_bits(bits)).into(),
        (value, 1) => *value = bits.into(),
        (value, 2) => *value = with[0].cast_signed().into(),
        (value, 3) => *value = Value::Null,
        (value, _) => {
            if let Some(other) = other.filter(|other| !other.is_object() && !other.is_array()) {
                *value = other;
            }
        }
    }
}

/// How many values there are, one within another counted too.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// The value so many behind this one; `None` where it has not so many within.
fn value_at<'a>(value: &'a mut Value, behind: &mut usize) -> Option<&'a mut Value> {
    if *behind == 0 {
        return Some(value);
    }
    *behind -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| value_at(item, behind)),
        Value::Object(fields) => fields.values_mut().find_map(|field| value_at(field, behind)),
        _ => None,
    }
}
