//! How an input is to be read: its first byte, so that the fuzzer can change that too.

use bytes::Bytes;
use mainstay_features::ingest::{Convention, EpochUnit, Input, Source};

/// The bits of the first byte.
#[derive(Clone, Copy, Debug)]
pub struct Options(u8);

impl Options {
    /// Parts an input into its options and the rest; `None` of nothing.
    pub fn of(data: &[u8]) -> Option<(Self, &[u8])> {
        let (&first, rest) = data.split_first()?;
        Some((Self(first), rest))
    }

    /// Whether a bit is set.
    pub fn bit(self, bit: u8) -> bool {
        self.0 >> bit & 1 == 1
    }

    /// A file read as purchases (bit 0 clear), complaints (1) and contacts (2), with bad rows left out (3), clocks (4),
    /// numbers as instants (5) and a condition (6).
    pub fn input(self, file: &[u8]) -> Input {
        let source = || vec![Source::Bytes { name: "input".to_owned(), bytes: Bytes::copy_from_slice(file) }];
        let when = |bit, text: &'static str| self.bit(bit).then_some(text);
        let conditions = when(6, "amount >= 5").into_iter().chain(when(6, "order_id not in (x, 7)"));
        Input {
            purchases: if self.bit(0) { Vec::new() } else { source() },
            complaints: if self.bit(1) { source() } else { Vec::new() },
            contacts: if self.bit(2) { source() } else { Vec::new() },
            convention: Convention {
                time_zone: when(4, "Europe/London").and_then(|zone| zone.parse().ok()),
                ts_unit: self.bit(5).then_some(EpochUnit::Seconds),
                delimiter: None,
            },
            conditions: conditions.filter_map(|text| text.parse().ok()).collect(),
            max_bad_rows: when(3, "100%").and_then(|share| share.parse().ok()).unwrap_or_default(),
            survey: true,
            ..Input::default()
        }
    }
}
