//! Which column of a file holds which field.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::{IngestError, Source, Table};
use crate::profile::{is_for_decisions, is_reserved};
use crate::units::ParseUnitError;

/// A field of a row.
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
    /// Which order of the customer the line cancels.
    CancelsOrderId,
    /// What was bought.
    ProductId,
    /// What was taken off the line's price.
    Discount,
    /// Which money the amount is in.
    Currency,
    /// What a complaint is about.
    Category,
    /// How grave a complaint is.
    Severity,
    /// When a complaint was resolved.
    ResolvedAt,
    /// What has become of a complaint, nobody knows when: for the data report only.
    Status,
    /// How the shop turned to the customer.
    Channel,
    /// With which offer.
    Offer,
    /// From when on what a customers file says is valid.
    ValidFrom,
    /// What a customer is called.
    Name,
    /// The number to call a customer at.
    Phone,
    /// Who looks after a customer.
    AccountOwner,
    /// The first instant a contract runs.
    Start,
    /// The first instant a contract no longer runs.
    End,
    /// What any other column of a customers file says: it is called what the column is.
    Attribute,
}

impl Field {
    /// Those that a column can be named for.
    const ALL: [Self; 20] = [
        Self::CustomerId,
        Self::OrderId,
        Self::Ts,
        Self::Amount,
        Self::CancelsOrderId,
        Self::ProductId,
        Self::Discount,
        Self::Currency,
        Self::Category,
        Self::Severity,
        Self::ResolvedAt,
        Self::Status,
        Self::Channel,
        Self::Offer,
        Self::ValidFrom,
        Self::Name,
        Self::Phone,
        Self::AccountOwner,
        Self::Start,
        Self::End,
    ];

    /// The field's name, and its column's name unless mapped.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CustomerId => "customer_id",
            Self::OrderId => "order_id",
            Self::Ts => "ts",
            Self::Amount => "amount",
            Self::CancelsOrderId => "cancels_order_id",
            Self::ProductId => "product_id",
            Self::Discount => "discount",
            Self::Currency => "currency",
            Self::Category => "category",
            Self::Severity => "severity",
            Self::ResolvedAt => "resolved_at",
            Self::Status => "status",
            Self::Channel => "channel",
            Self::Offer => "offer",
            Self::ValidFrom => "valid_from",
            Self::Name => "name",
            Self::Phone => "phone",
            Self::AccountOwner => "account_owner",
            Self::Start => "start",
            Self::End => "end",
            Self::Attribute => "attribute",
        }
    }

    /// Whether every file of a table that has the field must have a column for it.
    pub(crate) const fn is_needed(self) -> bool {
        self.needs_value() || matches!(self, Self::End)
    }

    /// Whether every row must have a value in it. (A row without a customer is left out instead.)
    pub(crate) const fn needs_value(self) -> bool {
        matches!(self, Self::CustomerId | Self::OrderId | Self::Ts | Self::Amount | Self::Start)
    }
}

impl Field {
    /// Whether its values are kept as what a customers file says of a customer.
    pub(crate) const fn is_of_profile(self) -> bool {
        matches!(self, Self::Name | Self::Phone | Self::AccountOwner | Self::Attribute)
    }

    /// Whether its values tell customers, orders or products apart.
    pub(super) const fn is_identifier(self) -> bool {
        matches!(self, Self::CustomerId | Self::OrderId | Self::CancelsOrderId | Self::ProductId)
    }

    /// Whether only the data report looks at it.
    const fn is_for_the_report(self) -> bool {
        matches!(self, Self::Status)
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
        Self::ALL.into_iter().find(|field| field.name() == text).ok_or_else(|| {
            ParseUnitError::new(text, "a field, such as customer_id, order_id, ts or amount (README.md)")
        })
    }
}

/// What a column can be named for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A field.
    Field(Field),
    /// An attribute of customers files that decisions read, such as `consent_phone`.
    Attribute(String),
}

impl FromStr for Named {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_for_decisions(text) {
            return Ok(Self::Attribute(text.to_owned()));
        }
        text.parse().map(Self::Field).map_err(|_| {
            ParseUnitError::new(
                text,
                "a field, such as customer_id, order_id, ts, amount or consent_phone (docs/input.md)",
            )
        })
    }
}

/// The columns' names where they differ from the fields'.
#[derive(Clone, Debug, Default)]
pub struct ColumnMap {
    renamed: Vec<(Option<Table>, Named, String)>,
}

impl ColumnMap {
    /// What is named is in the column of this name, in the files of one table or wherever nothing else is said; the last
    /// word on it counts.
    pub fn rename(&mut self, table: Option<Table>, named: Named, column: String) {
        self.renamed.retain(|(of, known, _)| (of, known) != (&table, &named));
        self.renamed.push((table, named, column));
    }

    /// What the field's column is called in a table: what is said for the table, else for all. The second is whether
    /// the file must have it.
    fn column(&self, table: Table, field: Field) -> (&str, bool) {
        let named = Named::Field(field);
        let said =
            |of: Option<Table>| self.renamed.iter().find(|(table, known, _)| (table, known) == (&of, &named));
        match (said(Some(table)), said(None)) {
            (Some((_, _, column)), _) => (column, true),
            // What is said for all is said for the purchases first: other files may use the fields' own names.
            (None, Some((_, _, column))) => (column, table == Table::Purchases),
            (None, None) => (field.name(), field.is_needed()),
        }
    }

    /// Whether a field of a table may be in a column of this name.
    pub(crate) fn reads(&self, table: Table, name: &str) -> bool {
        table.fields().iter().any(|&field| self.column(table, field).0 == name || field.name() == name)
    }

    /// For each field of the table that the file has, the name and number of its column among `header`; those that
    /// only a data report looks at only for one.
    pub(crate) fn locate(
        &self,
        source: &Source,
        table: Table,
        header: &[String],
        for_report: bool,
    ) -> Result<Vec<Column>, IngestError> {
        let mut columns = Vec::new();
        for &field in table.fields() {
            let (mapped, is_needed) = self.column(table, field);
            let has = |name: &str| header.iter().any(|column| column == name);
            let name = if !is_needed && !has(mapped) { field.name() } else { mapped };
            match place_of(source, header, name)? {
                Some(_) if field.is_for_the_report() && !for_report => {}
                Some(place) => columns.push(Column { field, name: name.to_owned(), place }),
                None if is_needed || field.is_needed() => {
                    return Err(IngestError::MissingColumn {
                        file: source.name(),
                        column: name.to_owned(),
                        field: field.name().to_owned(),
                        found: listed(header),
                    });
                }
                None => {}
            }
        }
        Ok(columns)
    }

    /// The columns of a customers file that are no field's: each is an attribute of its own name, unless decisions read it
    /// under another. One without a name is left alone.
    pub(crate) fn attributes(
        &self,
        source: &Source,
        header: &[String],
        taken: &[Column],
    ) -> Result<Vec<Column>, IngestError> {
        let renamed: Vec<(&str, &str)> = self.renamed.iter().filter_map(attribute).collect();
        let missing = renamed.iter().find(|(_, column)| header.iter().all(|name| name != column));
        if let Some((name, column)) = missing {
            return Err(IngestError::MissingColumn {
                file: source.name(),
                column: (*column).to_owned(),
                field: (*name).to_owned(),
                found: listed(header),
            });
        }
        let (mut columns, mut names) = (Vec::new(), BTreeSet::new());
        for (place, column) in header.iter().enumerate() {
            if column.is_empty() || taken.iter().any(|taken| taken.place == place) {
                continue;
            }
            let name =
                renamed.iter().find(|(_, renamed)| renamed == column).map_or(column.as_str(), |of| of.0);
            if is_reserved(name) {
                return Err(IngestError::ReservedName { file: source.name(), column: column.clone() });
            }
            if !names.insert(name) {
                return Err(IngestError::AmbiguousColumn { file: source.name(), column: name.to_owned() });
            }
            columns.push(Column { field: Field::Attribute, name: name.to_owned(), place });
        }
        Ok(columns)
    }
}

/// The attribute that a column is named for, and the column.
fn attribute((_, named, column): &(Option<Table>, Named, String)) -> Option<(&str, &str)> {
    match named {
        Named::Field(_) => None,
        Named::Attribute(name) => Some((name, column)),
    }
}

/// The names of a file's columns, for a message: the first hundred.
pub(crate) fn listed(header: &[String]) -> String {
    const MANY: usize = 100;
    match header.get(..MANY) {
        Some(first) if header.len() > MANY => format!("{}, … ({} in all)", first.join(", "), header.len()),
        _ => header.join(", "),
    }
}

/// The number of the column of a name; `None` where there is none.
pub(crate) fn place_of(source: &Source, header: &[String], name: &str) -> Result<Option<usize>, IngestError> {
    let mut places = (0..header.len()).filter(|&place| header[place] == name);
    match (places.next(), places.next()) {
        (place, None) => Ok(place),
        (_, Some(_)) => Err(IngestError::AmbiguousColumn { file: source.name(), column: name.to_owned() }),
    }
}

/// A column that holds a field.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) field: Field,
    pub(crate) name: String,
    pub(crate) place: usize,
}

impl Column {
    /// What the attribute in it is called.
    pub(crate) fn attribute(&self) -> &str {
        if self.field == Field::Attribute { &self.name } else { self.field.name() }
    }
}
