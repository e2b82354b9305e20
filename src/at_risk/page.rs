//! Pages of a list: a page begins after the row that the one before ended with, wherever that row would stand now, so that
//! no row is shown twice or left out, whatever has been added to the list or taken from it.

use std::fmt;
use std::str::FromStr;

use mainstay_features::id::IdKind;
use thiserror::Error;

use super::filter::{Order, by_keys};
use crate::scores::ScoreRow;

/// Where a page ended. As a text it is for nobody to read but [`FromStr`].
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor {
    order: Order,
    keys: [f64; 2],
    customer_id: String,
}

/// A text that is no [`Cursor`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("is no place that a page of this list ended at")]
pub struct UnknownCursor;

impl Cursor {
    /// Behind a row, in an order.
    pub fn behind(row: &ScoreRow, order: Order) -> Self {
        Self { order, keys: order.keys(row), customer_id: row.customer_id.clone().into() }
    }

    /// The order that it is a place in.
    pub fn order(&self) -> Order {
        self.order
    }

    /// Whether a row of a list with such identifiers comes after it.
    pub fn is_before(&self, row: &ScoreRow, kind: IdKind) -> bool {
        let by_id = || kind.compare(&self.customer_id, &row.customer_id);
        by_keys(self.keys, self.order.keys(row)).then_with(by_id).is_lt()
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [key, next] = self.keys.map(f64::to_bits);
        write!(f, "{}.{key:x}.{next:x}.", self.order.name())?;
        self.customer_id.bytes().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Cursor {
    type Err = UnknownCursor;

    fn from_str(text: &str) -> Result<Self, UnknownCursor> {
        let read = || {
            let mut parts = text.split('.');
            let order = parts.next()?.parse().ok()?;
            let mut key = || {
                let key = f64::from_bits(u64::from_str_radix(parts.next()?, 16).ok()?);
                key.is_finite().then_some(key)
            };
            let keys = [key()?, key()?];
            let id = parts.next()?;
            let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
            let bytes: Option<Vec<u8>> = id.as_bytes().chunks(2).map(byte).collect();
            let customer_id = String::from_utf8(bytes?).ok()?;
            let is_whole = id.len() % 2 == 0 && parts.next().is_none();
            is_whole.then_some(Self { order, keys, customer_id })
        };
        read().ok_or(UnknownCursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_is_safe_in_an_address() {
        for order in Order::ALL {
            for (keys, id) in [([-1.5, 0.0], "c1"), ([f64::MAX, -0.0], ""), ([1e-300, 3.0], "客户 &=%./\n")]
            {
                let cursor = Cursor { order, keys, customer_id: id.to_owned() };
                let text = cursor.to_string();
                assert!(
                    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(&byte)),
                    "{text}"
                );
                assert_eq!(text.parse(), Ok(cursor));
            }
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        for text in [
            "",
            "net_value",
            "luck.0.0.61",
            "net_value.0.0",
            "net_value.x.0.61",
            "net_value.0.0.6",
            "net_value.0.0.zz",
            "net_value.0.0.ff",
            "net_value.0.0.61.61",
            "net_value.7ff0000000000000.0.61",
            "net_value.0.0.客",
        ] {
            assert_eq!(text.parse::<Cursor>(), Err(UnknownCursor), "{text}");
        }
    }
}
