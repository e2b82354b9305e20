//! Tables with a header that are no purchase log, CSV or Parquet: the named columns as texts, numbers or flags, with file,
//! row and column in every complaint.

mod cells;

use std::fmt::Display;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use arrow_array::RecordBatch;
use mainstay_features::ingest::{Source, delimiter};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};

use self::cells::Cells;
use crate::failure::{Failure, Kind};

/// The columns of a table that were asked for.
#[derive(Debug)]
pub(crate) struct TableFile {
    name: String,
    columns: Vec<(String, Cells)>,
    rows: usize,
}

impl TableFile {
    /// Reads the columns with these names from a file, told to be Parquet by its first bytes and else CSV, packed or not.
    pub(crate) fn read(path: &Path, columns: &[&str]) -> Result<Self, Failure> {
        let source = Source::File(path.to_owned());
        let mut wanted: Vec<&str> = columns.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let mut table = Self { name: source.name(), columns: Vec::new(), rows: 0 };
        if source.is_parquet()? {
            // Files that no writer writes can make a reader panic.
            let reading = AssertUnwindSafe(|| table.read_parquet(path, &wanted));
            catch_unwind(reading).unwrap_or_else(|_| Err(table.bad("is damaged")))?;
        } else {
            table.read_csv(&source, &wanted)?;
        }
        if table.rows == 0 {
            return Err(table.bad("has no rows"));
        }
        Ok(table)
    }

    /// How many rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Something is wrong with a cell; rows are counted from 0 here and from 1 in the message.
    pub(crate) fn bad_cell(&self, row: usize, column: &str, problem: impl Display) -> Failure {
        self.bad(format!("row {}, column {column:?}: {problem}", row + 1))
    }

    /// Something is wrong with the file.
    pub(crate) fn bad(&self, problem: impl Display) -> Failure {
        Failure::new(Kind::BadInput, format!("{}: {problem}", self.name))
    }

    /// Whether all that is given in a column are numbers.
    pub(crate) fn is_numeric(&self, column: &str) -> Result<bool, Failure> {
        Ok(match self.cells(column)? {
            Cells::Texts(texts) => texts.iter().flatten().all(|text| number(text).is_some()),
            Cells::Integers(_) | Cells::Numbers(_) => true,
        })
    }

    /// The numbers of a column, `None` where nothing is given.
    pub(crate) fn numbers_if_given(&self, column: &str) -> Result<Vec<Option<f64>>, Failure> {
        match self.cells(column)? {
            Cells::Texts(texts) => texts
                .iter()
                .enumerate()
                .map(|(row, text)| match text {
                    None => Ok(None),
                    Some(text) => number(text)
                        .map(Some)
                        .ok_or_else(|| self.bad_cell(row, column, format!("{text:?} is not a number"))),
                })
                .collect(),
            Cells::Integers(numbers) => {
                Ok(numbers.iter().map(|number| number.map(|number| number as f64)).collect())
            }
            Cells::Numbers(numbers) => Ok(numbers.clone()),
        }
    }

    /// The numbers of a column, of which none may be missing.
    pub(crate) fn numbers(&self, column: &str) -> Result<Vec<f64>, Failure> {
        let given = self.numbers_if_given(column)?.into_iter().enumerate();
        given
            .map(|(row, number)| {
                number.ok_or_else(|| self.bad_cell(row, column, "is empty; a number is needed"))
            })
            .collect()
    }

    /// The texts of a column, numbers in decimals, `None` where nothing is given.
    pub(crate) fn texts_if_given(&self, column: &str) -> Result<Vec<Option<String>>, Failure> {
        Ok(match self.cells(column)? {
            Cells::Texts(texts) => texts.iter().map(|text| text.as_deref().map(str::to_owned)).collect(),
            Cells::Integers(numbers) => numbers.iter().map(|number| number.map(|n| n.to_string())).collect(),
            Cells::Numbers(numbers) => numbers.iter().map(|number| number.map(|n| n.to_string())).collect(),
        })
    }

    /// The texts of a column, of which none may be missing.
    pub(crate) fn texts(&self, column: &str) -> Result<Vec<String>, Failure> {
        let given = self.texts_if_given(column)?.into_iter().enumerate();
        given.map(|(row, text)| text.ok_or_else(|| self.bad_cell(row, column, "is empty"))).collect()
    }

    /// The flags of a column: 0 or 1, false or true.
    pub(crate) fn flags(&self, column: &str) -> Result<Vec<bool>, Failure> {
        let texts = self.texts(column)?.into_iter().enumerate();
        texts
            .map(|(row, text)| match text.to_ascii_lowercase().as_str() {
                "0" | "0.0" | "false" => Ok(false),
                "1" | "1.0" | "true" => Ok(true),
                _ => Err(self.bad_cell(row, column, format!("{text:?} is not 0 or 1"))),
            })
            .collect()
    }

    fn cells(&self, column: &str) -> Result<&Cells, Failure> {
        let found = self.columns.iter().find(|(name, _)| name == column);
        found.map(|(_, cells)| cells).ok_or_else(|| self.bad(format!("column {column:?} was not read")))
    }

    /// The places of the wanted columns among those there are.
    fn places(&self, header: &[String], wanted: &[&str]) -> Result<Vec<usize>, Failure> {
        let place = |column: &&str| {
            let mut found = header.iter().enumerate().filter(|(_, name)| name == column);
            match (found.next(), found.next()) {
                (Some((place, _)), None) => Ok(place),
                (None, _) => {
                    let names: Vec<String> = header.iter().map(|name| format!("{name:?}")).collect();
                    Err(self.bad(format!("has no column {column:?}; it has: {}", names.join(", "))))
                }
                _ => Err(self.bad(format!("more than one column is named {column:?}; rename one of them"))),
            }
        };
        wanted.iter().map(place).collect()
    }

    fn read_csv(&mut self, source: &Source, wanted: &[&str]) -> Result<(), Failure> {
        let mut text = source.open_text(None)?;
        let start = text.fill_buf().map_err(|cause| self.bad(format!("cannot be read: {cause}")))?;
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter(start)).from_reader(text);
        let header = reader.headers().map_err(|error| self.bad(malformed(&error)))?;
        let header: Vec<String> =
            header.iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect();
        if header.is_empty() {
            return Err(self.bad("is empty; a CSV file begins with the names of its columns"));
        }
        let places = self.places(&header, wanted)?;
        let mut columns = vec![Vec::new(); wanted.len()];
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).map_err(|error| self.bad(malformed(&error)))? {
            for (&place, cells) in places.iter().zip(&mut columns) {
                cells.push(record.get(place).filter(|text| !text.is_empty()).map(Box::from));
            }
            self.rows += 1;
        }
        let named = wanted.iter().map(|&name| name.to_owned());
        self.columns = named.zip(columns.into_iter().map(Cells::Texts)).collect();
        Ok(())
    }

    fn read_parquet(&mut self, path: &Path, wanted: &[&str]) -> Result<(), Failure> {
        let file = File::open(path).map_err(|cause| Failure::unreadable(path, cause))?;
        // Without what the writer noted, columns have the plain types of the file itself.
        let plain = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, plain)
            .map_err(|error| self.bad(error))?;
        let header: Vec<String> =
            builder.schema().fields().iter().map(|field| field.name().clone()).collect();
        let places = self.places(&header, wanted)?;
        let mask = ProjectionMask::roots(builder.parquet_schema(), places);
        let batches = builder.with_projection(mask).build().map_err(|error| self.bad(error))?;
        for batch in batches {
            let batch = batch.map_err(|error| self.bad(error))?;
            self.add_batch(&batch, wanted)?;
        }
        Ok(())
    }

    fn add_batch(&mut self, batch: &RecordBatch, wanted: &[&str]) -> Result<(), Failure> {
        for &name in wanted {
            let Some(array) = batch.column_by_name(name) else { continue };
            let Some(cells) = Cells::of(array) else {
                let found = array.data_type();
                return Err(self.bad(format!(
                    "column {name:?} has type {found}; texts, numbers and flags are read here"
                )));
            };
            match self.columns.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => known.append(cells),
                None => self.columns.push((name.to_owned(), cells)),
            }
        }
        self.rows += batch.num_rows();
        Ok(())
    }
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// What the CSV reader says, with the row counted from 1 without the header.
fn malformed(error: &csv::Error) -> String {
    let row = error.position().map_or(0, csv::Position::record);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { len, expected_len, .. } => {
            format!("row {row} has {len} values; the header has {expected_len} columns")
        }
        csv::ErrorKind::Utf8 { .. } => format!("row {row} is not UTF-8 text; save the file as UTF-8"),
        _ => format!("row {row}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str, columns: &[&str]) -> Result<TableFile, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        std::fs::write(&path, content).unwrap();
        let relative =
            |failure: Failure| failure.message.replace(&format!("{}/", folder.path().display()), "");
        TableFile::read(&path, columns).map_err(relative)
    }

    #[test]
    fn columns_are_found_by_name_whatever_separates_them() {
        let table = read("a;b;c\nx;1.5;true\n;;0\n", &["c", "b", "a", "a"]).unwrap();
        assert_eq!(table.rows(), 2);
        assert_eq!(table.texts_if_given("a").unwrap(), [Some("x".to_owned()), None]);
        assert_eq!(table.numbers_if_given("b").unwrap(), [Some(1.5), None]);
        assert_eq!(table.flags("c").unwrap(), [true, false]);
        assert!(table.is_numeric("b").unwrap() && !table.is_numeric("a").unwrap());
    }

    #[test]
    fn what_is_wrong_is_told_with_file_row_and_column() {
        let message = |content: &str, columns: &[&str]| read(content, columns).unwrap_err();
        assert_eq!(message("a,b\n1,2\n", &["c"]), "table.csv: has no column \"c\"; it has: \"a\", \"b\"");
        assert_eq!(
            message("a,a\n1,2\n", &["a"]),
            "table.csv: more than one column is named \"a\"; rename one of them"
        );
        assert_eq!(message("a\n", &["a"]), "table.csv: has no rows");
        assert_eq!(
            message("", &["a"]),
            "table.csv: is empty; a CSV file begins with the names of its columns"
        );
        assert_eq!(
            message("a,b\n1,2\n3\n", &["a"]),
            "table.csv: row 2 has 1 values; the header has 2 columns"
        );
        let table = read("a,b\n1,x\n,2\n", &["a", "b"]).unwrap();
        let ends = |failure: Failure, end: &str| assert!(failure.message.ends_with(end), "{failure}");
        ends(table.numbers("a").unwrap_err(), "table.csv: row 2, column \"a\": is empty; a number is needed");
        ends(table.numbers("b").unwrap_err(), "row 1, column \"b\": \"x\" is not a number");
        ends(table.flags("b").unwrap_err(), "row 1, column \"b\": \"x\" is not 0 or 1");
    }
}
