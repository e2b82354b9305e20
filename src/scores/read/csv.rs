//! A scored list as CSV.

use std::borrow::Cow;
use std::fs::File;

use compact_str::CompactString;
use mainstay_features::id::IdKind;
use mainstay_features::units::Instant;

use super::{Cells, Places, Reason, parsed};
use crate::formula::restored;
use crate::scores::Scores;

/// So many rows are handed on at a time.
const AT_ONCE: usize = 65_536;

pub(super) fn read(file: File, mut keep: impl FnMut(&mut Scores, Scores)) -> Result<Scores, Reason> {
    let mut reader = csv::Reader::from_reader(file);
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let places = Places::new();
    let at = |name: &String| header.iter().position(|column| column == name);
    places.check(|name| at(name).is_some())?;
    let known: Vec<Option<usize>> = places.names.iter().map(at).collect();
    // What else there is came from customers files.
    let shown: Vec<usize> = (0..header.len()).filter(|&column| !known.contains(&Some(column))).collect();
    let mut scores = Scores::empty(Instant::MIN, IdKind::Text, Vec::new());
    scores.shown = shown.iter().filter_map(|&column| header.get(column).map(str::to_owned)).collect();
    let mut kept = scores.without_rows();
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(|error| error.to_string())?;
        places
            .add(&mut scores, &CsvRow { known: &known, shown: &shown, record: &record })
            .map_err(|reason| format!("row {}, {reason}", row + 1))?;
        if scores.rows.len() == AT_ONCE {
            let next = scores.without_rows();
            keep(&mut kept, std::mem::replace(&mut scores, next));
        }
    }
    if !scores.rows.is_empty() {
        keep(&mut kept, scores);
    }
    Ok(kept)
}

struct CsvRow<'a> {
    /// Where the known fields are.
    known: &'a [Option<usize>],
    /// Where is what customers files say.
    shown: &'a [usize],
    record: &'a csv::StringRecord,
}

impl CsvRow<'_> {
    fn cell(&self, field: usize) -> Option<&str> {
        let column = self.known.get(field).copied().flatten()?;
        self.record.get(column).filter(|text| !text.is_empty())
    }
}

impl Cells for CsvRow<'_> {
    fn text(&self, field: usize) -> Result<Option<Cow<'_, str>>, Reason> {
        Ok(self.cell(field).map(|text| restored(text).into()))
    }

    fn number(&self, field: usize) -> Result<Option<f64>, Reason> {
        let number = |text: &str| text.parse().map_err(|_| format!("{text:?} is not a number"));
        self.cell(field).map(number).transpose()
    }

    fn as_of(&self, field: usize) -> Result<Instant, Reason> {
        parsed(self.cell(field).unwrap_or_default())
    }

    fn shown(&self) -> Box<[Option<CompactString>]> {
        let cells = self.shown.iter().map(|&column| self.record.get(column).filter(|text| !text.is_empty()));
        cells.map(|cell| cell.map(|text| restored(text).into())).collect()
    }
}
