//! What can be wrong with a file: what, where, and what to do next.

use super::columns::Column;
use super::quarantine::MOST_KEPT;
use super::{BadRow, Field, Source};
use crate::history::HistoryError;
use crate::units::{Instant, ParseUnitError};

/// Why files cannot become a history.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The file cannot be opened or read.
    #[error("{file}: cannot be read: {cause}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The file is not in the format its name or its first bytes promise.
    #[error("{file}: {message}")]
    Malformed {
        /// The file.
        file: String,
        /// What the format's reader says.
        message: String,
    },
    /// A column is not there.
    #[error("{file}: no column {column:?}; it has: {found}. Name the right one with --column {field}=NAME")]
    MissingColumn {
        /// The file.
        file: String,
        /// The column looked for.
        column: String,
        /// The field, or the attribute, that it should hold.
        field: String,
        /// The columns there are.
        found: String,
    },
    /// Two columns have the name.
    #[error("{file}: more than one column is named {column:?}; rename one of them")]
    AmbiguousColumn {
        /// The file.
        file: String,
        /// The name.
        column: String,
    },
    /// A column's type can never hold the field.
    #[error("{file}: column {column:?} has type {found}; {field} needs {expected}")]
    WrongType {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// The field it should hold.
        field: Field,
        /// The column's type.
        found: String,
        /// What would do.
        expected: &'static str,
    },
    /// A value is not what its column needs.
    #[error(
        "{file}: row {row}{}: {problem}",
        if column.is_empty() { String::new() } else { format!(", column {column:?}") }
    )]
    BadValue {
        /// The file.
        file: String,
        /// The row, counted from 1 without the header.
        row: u64,
        /// The column; empty where it is the row itself.
        column: String,
        /// What is wrong with it.
        problem: Problem,
    },
    /// More rows are bad than may be left out.
    #[error(
        "{} of {rows} rows are bad, more than --max-bad-rows allows; the first: {}",
        quarantine.len(),
        quarantine.first().map(ToString::to_string).unwrap_or_default()
    )]
    TooManyBadRows {
        /// All rows that were read.
        rows: u64,
        /// The bad ones.
        quarantine: Vec<BadRow>,
    },
    /// More rows are bad than can be kept.
    #[error(
        "{file}: with its rows more than {} are bad, and so many are not kept: are these the right files, read by the right \
         rules? Without --max-bad-rows the first bad row is told",
        MOST_KEPT
    )]
    BadBeyondCount {
        /// The file that was read.
        file: String,
    },
    /// A condition is about a column that is not there.
    #[error("{file}: no column {column:?}, which --where is about; it has: {found}")]
    NoColumnForCondition {
        /// The file.
        file: String,
        /// The column looked for.
        column: String,
        /// The columns there are.
        found: String,
    },
    /// A customers file has an attribute of a name that means something else.
    #[error(
        "{file}: column {column:?} would be an attribute, and outputs have a column of that name already; rename it, \
         or say with --column which field it holds"
    )]
    ReservedName {
        /// The file.
        file: String,
        /// The column.
        column: String,
    },
    /// Rows that are more than may be in memory cannot be put on disk.
    #[error("rows beyond --memory cannot be written to the temporary folder: {cause}")]
    CannotSpill {
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The rows cannot become a history.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// There is no purchase line at all.
    #[error(
        "the purchase files hold no line with a customer that counts{}",
        match bad {
            Some(row) => format!(": rows are bad, the first {row}"),
            None => "; check --purchases, --column and --where".to_owned(),
        }
    )]
    NoPurchases {
        /// The first row that was left out because something in it is wrong.
        bad: Option<BadRow>,
    },
}

/// What is wrong with a value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It does not read as what it should be.
    #[error(transparent)]
    Unreadable(#[from] ParseUnitError),
    /// It is empty.
    #[error("empty; every row needs its {0}")]
    Missing(Field),
    /// Its bytes are no text.
    #[error("is not UTF-8 text: say how it is written, such as --encoding windows-1252 or gb18030")]
    NotUtf8,
    /// Its bytes are no text of the encoding that was said.
    #[error("is no text of that --encoding")]
    NotInEncoding,
    /// It is a number in a spreadsheet's short form, which has lost digits.
    #[error("is a number that a spreadsheet has rounded: export the column as text")]
    Rounded {
        /// What stands there.
        text: String,
    },
    /// It holds other rows.
    #[error("holds what seem to be rows of the file: is a quotation mark not closed?")]
    HoldsRows,
    /// The row has more or fewer values than the header has columns.
    #[error("has {found} fields where the header has {expected}")]
    WrongWidth {
        /// How many values it has.
        found: usize,
        /// How many columns there are.
        expected: usize,
    },
    /// It says neither yes nor no, and must.
    #[error("{text:?} is neither yes nor no (nor true or false, 1 or 0, ja or nein, oui or non, 是 or 否)")]
    NoAnswer {
        /// The column.
        column: String,
        /// What stands there.
        text: String,
    },
    /// A complaint was resolved before it was made.
    #[error("is before the complaint was made")]
    ResolvedBeforeMade,
    /// It has not happened yet.
    #[error("{0} is still to come: mend its date, or the clock it is told by (--time-zone, --ts-unit)")]
    StillToCome(Instant),
    /// A contract ends before it starts.
    #[error("is before the contract's start")]
    EndBeforeStart,
}

impl Problem {
    /// Whether a column is to blame for it, where it is in one of this field.
    pub(super) fn is_of(&self, field: Field, column: &Column) -> bool {
        match self {
            Self::NoAnswer { column: name, .. } => column.name == *name,
            _ => column.field == field,
        }
    }

    /// The value as far as it is known.
    pub(super) fn value(&self) -> String {
        match self {
            Self::Unreadable(error) => error.text().to_owned(),
            Self::StillToCome(instant) => instant.to_string(),
            Self::NoAnswer { text, .. } | Self::Rounded { text } => text.clone(),
            _ => String::new(),
        }
    }
}

impl std::fmt::Display for BadRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: row {}", self.file, self.row)?;
        if !self.column.is_empty() {
            write!(f, ", column {:?}", self.column)?;
        }
        write!(f, ": {}", self.reason)
    }
}

impl IngestError {
    pub(crate) fn in_file(source: &Source, problem: impl ToString) -> Self {
        Self::Malformed { file: source.name(), message: problem.to_string() }
    }
}
