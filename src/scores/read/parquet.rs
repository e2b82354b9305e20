//! A scored list as Parquet: its row groups side by side, and of the columns those that a row is made of.

use std::borrow::Cow;
use std::fs::File;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow_schema::DataType;
use compact_str::CompactString;
use mainstay_features::id::IdKind;
use mainstay_features::shared_file::SharedFile;
use mainstay_features::units::Instant;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use rayon::prelude::*;

use super::{Cells, Places, Reason};
use crate::scores::{ListAbout, Scores};
use crate::seal;

pub(super) fn read(file: File, mut keep: impl FnMut(&mut Scores, Scores)) -> Result<Scores, Reason> {
    seal::check(&file)?;
    // What is told of Arrow's types beside Parquet's is not needed, and not all that may stand there is read without a panic.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = ArrowReaderMetadata::load(&file, options).map_err(|error| error.to_string())?;
    let file = SharedFile::new(file).map_err(|cause| cause.to_string())?;
    let about = ListAbout::told_by(metadata.metadata().file_metadata())?;
    let places = Places::new();
    let fields = metadata.schema().fields();
    let at = |name: &str| fields.iter().position(|field| field.name() == name);
    places.check(|name| at(name).is_some())?;
    let is_text = |place: usize| *fields[place].data_type() == DataType::Utf8;
    // What else there are texts in came from customers files.
    let is_shown = |&place: &usize| !places.names.contains(fields[place].name()) && is_text(place);
    let known: Vec<Option<usize>> = places.names.iter().map(|name| at(name)).collect();
    let shown: Vec<usize> = (0..fields.len()).filter(is_shown).collect();
    let used = places.used.iter().filter_map(|&place| known.get(place).copied().flatten());
    let mut read: Vec<usize> = used.chain(shown.iter().copied()).collect();
    read.sort_unstable();
    let columns = Columns { known, shown, read };
    // Of a list without a row nothing else says of when it is.
    let as_of = about.as_ref().map_or(Instant::MIN, ListAbout::as_of);
    let mut scores = Scores::empty(as_of, IdKind::Integer, Vec::new());
    scores.basis = about.and_then(|about| about.basis);
    scores.shown = columns.shown.iter().map(|&place| fields[place].name().clone()).collect();
    if at("customer_id").is_some_and(is_text) {
        scores.id_kind = IdKind::Text;
    }
    let read = |group: usize| columns.of_group(&file, &metadata, group, &places, scores.without_rows());
    let groups: Vec<usize> = (0..metadata.metadata().num_row_groups()).collect();
    let mut kept = scores.without_rows();
    for some in groups.chunks(rayon::current_num_threads()) {
        let read: Vec<Result<Scores, Reason>> = some.par_iter().map(|&group| read(group)).collect();
        // The first that is broken is told of, whichever was found so first.
        for some in read {
            let some = some?;
            if !some.rows.is_empty() {
                keep(&mut kept, some);
            }
        }
    }
    Ok(kept)
}

/// Where in a file its columns are.
struct Columns {
    /// By the known fields, where there is one.
    known: Vec<Option<usize>>,
    /// What customers files say.
    shown: Vec<usize>,
    /// Those of both that a row is made of, ascending.
    read: Vec<usize>,
}

impl Columns {
    /// The rows of a row group, in a list that is empty.
    fn of_group(
        &self,
        file: &SharedFile,
        metadata: &ArrowReaderMetadata,
        group: usize,
        places: &Places,
        mut scores: Scores,
    ) -> Result<Scores, Reason> {
        // By place: a name may have a dot, which would be taken for a way into it, or be there twice.
        let schema = metadata.metadata().file_metadata().schema_descr();
        let mask = ProjectionMask::roots(schema, self.read.iter().copied());
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file.clone(), metadata.clone())
            .with_row_groups(vec![group])
            .with_projection(mask)
            .build();
        for batch in reader.map_err(|error| error.to_string())? {
            let batch = batch.map_err(|error| error.to_string())?;
            let column = |place: &usize| {
                let read = self.read.binary_search(place).ok().and_then(|place| batch.columns().get(place));
                read.map_or(Column::Nothing, Column::of)
            };
            let known = self.known.iter().map(|place| place.as_ref().map_or(Column::Nothing, column));
            let columns: Vec<Column<'_>> = known.collect();
            let shown: Vec<Column<'_>> = self.shown.iter().map(column).collect();
            scores.rows.reserve(batch.num_rows());
            for row in 0..batch.num_rows() {
                places.add(&mut scores, &BatchRow { columns: &columns, shown: &shown, row })?;
            }
        }
        Ok(scores)
    }
}

/// A column of a batch, as what it is.
enum Column<'a> {
    Texts(&'a StringArray),
    Numbers(&'a Float64Array),
    Whole(&'a Int64Array),
    Instants(&'a TimestampMicrosecondArray),
    /// Of a type that no field has: good for nothing but to be empty.
    Other(&'a ArrayRef),
    /// It was not read.
    Nothing,
}

impl<'a> Column<'a> {
    fn of(column: &'a ArrayRef) -> Self {
        let texts = column.as_string_opt::<i32>().map(Self::Texts);
        let numbers = || column.as_primitive_opt::<Float64Type>().map(Self::Numbers);
        let whole = || column.as_primitive_opt::<Int64Type>().map(Self::Whole);
        let instants = || column.as_primitive_opt::<TimestampMicrosecondType>().map(Self::Instants);
        texts.or_else(numbers).or_else(whole).or_else(instants).unwrap_or(Self::Other(column))
    }

    fn is_valid(&self, row: usize) -> bool {
        match self {
            Self::Texts(texts) => texts.is_valid(row),
            Self::Numbers(numbers) => numbers.is_valid(row),
            Self::Whole(whole) => whole.is_valid(row),
            Self::Instants(instants) => instants.is_valid(row),
            Self::Other(others) => others.is_valid(row),
            Self::Nothing => false,
        }
    }
}

struct BatchRow<'a> {
    columns: &'a [Column<'a>],
    shown: &'a [Column<'a>],
    row: usize,
}

impl BatchRow<'_> {
    /// A field's column, where it has something in this row.
    fn column(&self, field: usize) -> Option<&Column<'_>> {
        self.columns.get(field).filter(|column| column.is_valid(self.row))
    }
}

impl Cells for BatchRow<'_> {
    fn text(&self, field: usize) -> Result<Option<Cow<'_, str>>, Reason> {
        match self.column(field) {
            None => Ok(None),
            Some(Column::Texts(texts)) => Ok(Some(texts.value(self.row).into())),
            Some(Column::Whole(whole)) => Ok(Some(whole.value(self.row).to_string().into())),
            Some(_) => Err("is no text".to_owned()),
        }
    }

    fn number(&self, field: usize) -> Result<Option<f64>, Reason> {
        match self.column(field) {
            None => Ok(None),
            Some(Column::Numbers(numbers)) => Ok(Some(numbers.value(self.row))),
            Some(Column::Whole(whole)) => Ok(Some(whole.value(self.row) as f64)),
            Some(_) => Err("is no number".to_owned()),
        }
    }

    fn as_of(&self, field: usize) -> Result<Instant, Reason> {
        let instant = match self.column(field) {
            Some(Column::Instants(instants)) => Instant::from_micros(instants.value(self.row)),
            _ => None,
        };
        instant.ok_or_else(|| "is no instant".to_owned())
    }

    fn shown(&self) -> Box<[Option<CompactString>]> {
        let text = |column: &Column<'_>| match column {
            Column::Texts(texts) if texts.is_valid(self.row) => Some(texts.value(self.row).into()),
            _ => None,
        };
        self.shown.iter().map(text).collect()
    }
}
