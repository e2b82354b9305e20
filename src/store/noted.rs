//! What a look at every part of the kept history finds out, kept beside it: a history larger than memory would be read once
//! more for it in every run. It names the segments it is of by their checksums, and begins with its own.

use std::fs;
use std::path::Path;

use mainstay_features::history::{Noted, Summary, Told, ToldOf};
use mainstay_features::id::fingerprint;
use mainstay_features::newcomers::Newcomers;
use mainstay_features::profile::Said;
use mainstay_features::units::Instant;
use serde::{Deserialize, Serialize};

use super::write_whole;
use crate::failure::{Failure, Kind};

const FILE: &str = "noted";
const VERSION: u32 = 5;

/// What is in the file, after a line with the checksum of this.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    segments: Vec<u64>,
    customers: usize,
    buyers: usize,
    orders: usize,
    /// The instants of the first and the last order, in microseconds since 1970.
    span: Option<(i64, i64)>,
    /// Of each kind of rows the customers of whom they tell, who of them has no order, and the rows about those.
    told: [[usize; 3]; 4],
    /// What customers files say: see [`Said::in_numbers`].
    said: Vec<(u64, [bool; 4])>,
    /// Days since 1970, and how many orders began on each.
    orders_by_day: Vec<(i64, u64)>,
    /// Days since 1970, how many customers first bought on each, and how many of them came back soon.
    newcomers: Vec<(i64, u64, u64)>,
}

/// What is noted; `None` where nothing is, or not as it was written: it is found out anew then.
pub(super) fn read(folder: &Path) -> Option<Noted> {
    let text = fs::read_to_string(folder.join(FILE)).ok()?;
    let (checksum, written) = text.split_once('\n')?;
    if checksum != checksum_of(written) {
        return None;
    }
    let written: Written = serde_json::from_str(written).ok()?;
    if written.version != VERSION {
        return None;
    }
    let Written { segments, customers, buyers, orders, span, told, .. } = written;
    let span = match span {
        Some((first, last)) => Some((Instant::from_micros(first)?, Instant::from_micros(last)?)),
        None => None,
    };
    let told = Told(told.map(|[customers, without_order, rows_without_order]| ToldOf {
        customers,
        without_order,
        rows_without_order,
    }));
    let summary = Summary { customers, buyers, orders, span, told };
    let said = Said::of_numbers(&written.said);
    let orders_by_day = written.orders_by_day.into_iter().collect();
    let newcomers = Newcomers::of_numbers(&written.newcomers);
    Some(Noted { segments, summary, said, orders_by_day, newcomers })
}

/// Notes it.
pub(super) fn write(folder: &Path, noted: &Noted) -> Result<(), Failure> {
    let Noted { segments, summary, said, orders_by_day, newcomers } = noted;
    let &Summary { customers, buyers, orders, span, told } = summary;
    let written = Written {
        version: VERSION,
        segments: segments.clone(),
        customers,
        buyers,
        orders,
        span: span.map(|(first, last)| (first.micros(), last.micros())),
        told: told.0.map(|told| [told.customers, told.without_order, told.rows_without_order]),
        said: said.in_numbers(),
        orders_by_day: orders_by_day.iter().map(|(&day, &count)| (day, count)).collect(),
        newcomers: newcomers.in_numbers(),
    };
    let text =
        serde_json::to_string(&written).map_err(|error| Failure::new(Kind::Internal, error.to_string()))?;
    write_whole(&folder.join(FILE), |out| write!(out, "{}\n{text}", checksum_of(&text)))
}

fn checksum_of(text: &str) -> String {
    format!("{:016x}", fingerprint(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written_and_not_at_all_with_any_bit_changed() {
        let folder = tempfile::tempdir().unwrap();
        let instant = |text: &str| text.parse().unwrap();
        let noted = Noted {
            segments: vec![u64::MAX, 7],
            summary: Summary {
                customers: 3,
                buyers: 2,
                orders: 4,
                span: Some((instant("2024-01-01"), instant("2024-02-01"))),
                told: Told([1, 2, 3, 4].map(|count| ToldOf {
                    customers: 10 * count,
                    without_order: count,
                    rows_without_order: 2 * count,
                })),
            },
            said: Said::of_numbers(&[
                (5, [true, false, true, false]),
                (u64::MAX, [false, true, false, true]),
            ]),
            orders_by_day: [(-1, 3), (19_723, u64::MAX)].into(),
            newcomers: Newcomers::of_numbers(&[(-1, 3, 1), (19_723, u64::MAX, 0)]),
        };
        assert!(read(folder.path()).is_none());
        write(folder.path(), &noted).unwrap();
        assert_eq!(read(folder.path()), Some(noted));

        let path = folder.path().join(FILE);
        let bytes = fs::read(&path).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, other).unwrap();
            assert_eq!(read(folder.path()), None, "bit {bit}");
        }
    }
}
