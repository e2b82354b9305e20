//! Which column of a file holds which field.

use std::fmt;
use std::str::FromStr;

use super::{IngestError, Source, Table};
use crate::units::ParseUnitError;

/// A field of a purchase line or a complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Whose row it is.
    CustomerId,
    /// Which order the line belongs to.
    OrderId,
    /// When it happened.
    Ts,
    /// What the line cost; negative for a return.
    Amount,
}

impl Field {
    const ALL: [Self; 4] = [Self::CustomerId, Self::OrderId, Self::Ts, Self::Amount];

    /// The field's name, and its column's name unless mapped.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CustomerId => "customer_id",
            Self::OrderId => "order_id",
            Self::Ts => "ts",
            Self::Amount => "amount",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Field {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|field| field.name() == text)
            .ok_or_else(|| ParseUnitError::new(text, "a field: customer_id, order_id, ts or amount"))
    }
}

/// The columns' names where they differ from the fields'.
#[derive(Clone, Debug, Default)]
pub struct ColumnMap {
    renamed: Vec<(Field, String)>,
}

impl ColumnMap {
    /// The field is in the column of this name; the last word on a field counts.
    pub fn rename(&mut self, field: Field, column: String) {
        self.renamed.retain(|(known, _)| *known != field);
        self.renamed.push((field, column));
    }

    fn column(&self, field: Field) -> &str {
        self.renamed.iter().find(|(known, _)| *known == field).map_or(field.name(), |(_, column)| column)
    }

    /// For each field of the table, the name and number of its column among `header`.
    ///
    /// A mapping is for the purchases; a complaints file may use it too, or the fields' own names.
    pub(crate) fn locate(
        &self,
        source: &Source,
        table: Table,
        header: &[String],
    ) -> Result<Vec<Column>, IngestError> {
        let locate = |field: Field| {
            let mapped = self.column(field);
            let has = |name: &str| header.iter().any(|column| column == name);
            let name = if table == Table::Complaints && !has(mapped) { field.name() } else { mapped };
            let mut places = (0..header.len()).filter(|&place| header[place] == name);
            match (places.next(), places.next()) {
                (Some(place), None) => Ok(Column { field, name: name.to_owned(), place }),
                (None, _) => Err(IngestError::MissingColumn {
                    file: source.name(),
                    column: name.to_owned(),
                    field,
                    found: header.join(", "),
                }),
                (Some(_), Some(_)) => {
                    Err(IngestError::AmbiguousColumn { file: source.name(), column: name.to_owned() })
                }
            }
        };
        table.fields().iter().copied().map(locate).collect()
    }
}

/// A column that holds a field.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) field: Field,
    pub(crate) name: String,
    pub(crate) place: usize,
}
