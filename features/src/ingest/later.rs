//! Row groups of a Parquet file that begin after all that is asked for: they need not be read.

use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;

use super::arrays::Instants;
use super::columns::Column;
use super::{Field, Input, Table};
use crate::units::Instant;

/// Clocks are put back by less: of what a clock showed, the least need not be the earliest.
const CLOCKS_DIFFER_MICROS: i64 = 86_400_000_000;

/// Which row groups have no row that is needed, as far as the file tells; none where nothing says until when rows are.
pub(super) fn later_groups(
    table: Table,
    input: &Input,
    columns: &[Column],
    metadata: &ArrowReaderMetadata,
) -> Vec<bool> {
    let groups = metadata.metadata().row_groups();
    let begins_later = |until: Instant| -> Option<Vec<bool>> {
        let column = columns.iter().find(|column| column.field == Field::Ts)?;
        let name = metadata.schema().fields().get(column.place)?.name();
        let statistics =
            StatisticsConverter::try_new(name, metadata.schema(), metadata.parquet_schema()).ok()?;
        let earliest = statistics.row_group_mins(groups).ok()?;
        let earliest = match Instants::of(&earliest, &input.convention)? {
            // The least of a text may be cut off.
            Instants::Text(..) => return None,
            earliest => (0..groups.len()).map(move |group| earliest.get(group)),
        };
        let is_later = |instant: Instant| instant.micros() - until.micros() > CLOCKS_DIFFER_MICROS;
        Some(earliest.map(|instant| instant.ok().flatten().is_some_and(is_later)).collect())
    };
    let until = input.needed_until.filter(|_| table.is_of_events());
    until.and_then(begins_later).unwrap_or_else(|| vec![false; groups.len()])
}
