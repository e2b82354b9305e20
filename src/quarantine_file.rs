//! The quarantine file: rows that were left out, each with what is wrong with it.

use std::io;
use std::path::Path;

use mainstay_features::ingest::BadRow;

use crate::failure::Failure;
use crate::formula::defused;
use crate::store::write_whole;

/// Writes the bad rows of a run in place of those of the run before; of none, the names of the columns alone.
///
/// # Errors
/// When the file cannot be written; what was there is then still there.
pub fn write_quarantine(path: &Path, rows: &[BadRow]) -> Result<(), Failure> {
    write_whole(path, |out| -> io::Result<()> {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(["file", "row", "column", "value", "reason"])?;
        for BadRow { file, row, column, value, reason } in rows {
            let row = row.to_string();
            csv.write_record([
                &*defused(file),
                &row,
                &*defused(column),
                &*defused(value),
                &*defused(reason),
            ])?;
        }
        csv.flush()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_no_formulas() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("quarantine.csv");
        let row = BadRow {
            file: "log.csv".to_owned(),
            row: 7,
            column: "amount".to_owned(),
            value: "=1+1".to_owned(),
            reason: "is no amount, \"really\"".to_owned(),
        };
        write_quarantine(&path, &[row]).unwrap();
        let written = std::fs::read_to_string(&path).unwrap();
        let expected =
            "file,row,column,value,reason\nlog.csv,7,amount,'=1+1,\"is no amount, \"\"really\"\"\"\n";
        assert_eq!(written, expected);
    }
}
