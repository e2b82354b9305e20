//! A scored list as CSV.

use std::borrow::Cow;
use std::fs::File;

use compact_str::CompactString;
use mainstay_features::id::IdKind;
use mainstay_features::units::Instant;

use super::{Cells, OTHER_COLUMNS, Places, Reason, parsed};
use crate::formula::restored;
use crate::scores::Scores;

/// So many rows are handed on at a time.
const AT_ONCE: usize = 65_536;

pub(super) fn read(file: File, mut keep: impl FnMut(&mut Scores, Scores)) -> Result<Scores, Reason> {
    let mut reader = csv::Reader::from_reader(file);
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let places = Places::new();
    let known = places.names.len();
    places.check(|name| header.iter().any(|column| column == name))?;
    if !header.iter().take(known).eq(places.names.iter()) {
        return Err(format!("{OTHER_COLUMNS} in their order"));
    }
    let mut scores = Scores::empty(Instant::MIN, IdKind::Text, Vec::new());
    scores.shown = header.iter().skip(known).map(str::to_owned).collect();
    let mut kept = scores.without_rows();
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(|error| error.to_string())?;
        places
            .add(&mut scores, &CsvRow { known, record: &record })
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
    known: usize,
    record: &'a csv::StringRecord,
}

impl CsvRow<'_> {
    fn cell(&self, field: usize) -> Option<&str> {
        self.record.get(field).filter(|text| !text.is_empty())
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
        let cells = self.record.iter().skip(self.known);
        cells.map(|text| (!text.is_empty()).then(|| restored(text).into())).collect()
    }
}
