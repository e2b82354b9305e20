//! How an input is to be read: its first two bytes, so that the fuzzer can change that too.

use bytes::Bytes;
use mainstay_features::ingest::{Convention, EpochUnit, Input, Memory, Numbers, Source};

/// The file is read as purchases; each of the next four is another table. The same file can be several.
pub const PURCHASES: u16 = 1;
/// As complaints.
pub const COMPLAINTS: u16 = 1 << 1;
/// As contacts.
pub const CONTACTS: u16 = 1 << 2;
/// As a customers file.
pub const CUSTOMERS: u16 = 1 << 3;
/// As contracts.
pub const CONTRACTS: u16 = 1 << 4;
/// Lines that repeat another are left out.
pub const DROP_DUPLICATES: u16 = 1 << 5;
/// Memory is limited, and rows are spilled.
pub const SPILL: u16 = 1 << 6;
/// The history is kept in segments, and the same rows are sent again.
pub const KEEP: u16 = 1 << 7;
/// Bad rows are left out.
pub const BAD_ROWS: u16 = 1 << 8;
/// Times without a zone are on a clock.
pub const CLOCK: u16 = 1 << 9;
/// Whole numbers are instants.
pub const NUMBERS: u16 = 1 << 10;
/// Rows must meet conditions.
pub const CONDITION: u16 = 1 << 11;
/// The input is read from a file, not from memory.
pub const FROM_FILE: u16 = 1 << 12;
/// Times and numbers as German files have them.
pub const FORMATS: u16 = 1 << 13;

/// What of these is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Options(u16);

impl Options {
    /// Parts an input into its options and the rest; `None` of too little.
    pub fn of(data: &[u8]) -> Option<(Self, &[u8])> {
        let (&first, rest) = data.split_first_chunk()?;
        Some((Self(u16::from_le_bytes(first)), rest))
    }

    /// Whether something is asked for.
    pub fn has(self, option: u16) -> bool {
        self.0 & option != 0
    }

    /// A source, read as asked.
    pub fn input(self, source: &Source) -> Input {
        let table = |option| if self.has(option) { vec![source.clone()] } else { Vec::new() };
        let when = |option, text: &'static str| self.has(option).then_some(text);
        let conditions =
            when(CONDITION, "amount >= 5").into_iter().chain(when(CONDITION, "order_id not in (x, 7)"));
        let memory = when(SPILL, "64MiB").and_then(|size| size.parse().ok());
        Input {
            purchases: table(PURCHASES),
            complaints: table(COMPLAINTS),
            contacts: table(CONTACTS),
            customers: table(CUSTOMERS),
            contracts: table(CONTRACTS),
            convention: Convention {
                time_zone: when(CLOCK, "Europe/London").and_then(|zone| zone.parse().ok()),
                ts_unit: self.has(NUMBERS).then_some(EpochUnit::Seconds),
                ts_formats: when(FORMATS, "%d.%m.%Y %H:%M")
                    .and_then(|text| text.parse().ok())
                    .into_iter()
                    .collect(),
                numbers: if self.has(FORMATS) { Numbers::DecimalComma } else { Numbers::Plain },
                encoding: when(FORMATS, "windows-1252").and_then(|name| name.parse().ok()),
                delimiter: None,
            },
            conditions: conditions.filter_map(|text| text.parse().ok()).collect(),
            max_bad_rows: when(BAD_ROWS, "100%").and_then(|share| share.parse().ok()).unwrap_or_default(),
            survey: true,
            drop_duplicates: self.has(DROP_DUPLICATES),
            memory: memory.and_then(|size| Memory::new(size, &std::env::temp_dir()).ok()),
            ..Input::default()
        }
    }
}

/// Bytes as a source.
pub fn source(bytes: &[u8]) -> Source {
    Source::Bytes { name: "input".to_owned(), bytes: Bytes::copy_from_slice(bytes) }
}
