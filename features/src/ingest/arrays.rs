//! Arrow arrays as what their fields are: identifiers, instants, amounts, cells that a condition is about.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal128Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, BooleanArray, StringViewArray, UInt64Array};
use arrow_schema::{DataType, TimeUnit};

use super::{Condition, Convention, Problem};
use crate::id::IdKind;
use crate::units::{Amount, Instant, ParseUnitError};

/// The values of a primitive column, each through `convert`; `None` if the column is of another type.
fn convert<T: ArrowPrimitiveType, V>(array: &dyn Array, convert: impl Fn(T::Native) -> V) -> Option<Vec<V>> {
    Some(array.as_primitive_opt::<T>()?.values().iter().map(|&value| convert(value)).collect())
}

/// Integers of any width as `i64`.
fn integers(array: &dyn Array) -> Option<Vec<i64>> {
    match array.data_type() {
        DataType::Int8 => convert::<Int8Type, _>(array, i64::from),
        DataType::Int16 => convert::<Int16Type, _>(array, i64::from),
        DataType::Int32 => convert::<Int32Type, _>(array, i64::from),
        DataType::Int64 => convert::<Int64Type, _>(array, |value| value),
        DataType::UInt8 => convert::<UInt8Type, _>(array, i64::from),
        DataType::UInt16 => convert::<UInt16Type, _>(array, i64::from),
        DataType::UInt32 => convert::<UInt32Type, _>(array, i64::from),
        _ => None,
    }
}

/// A column of identifiers.
pub(super) enum Ids<'a> {
    Integers(Vec<i64>, &'a dyn Array),
    Unsigned(&'a UInt64Array),
    Text(&'a StringViewArray),
}

impl<'a> Ids<'a> {
    pub(super) fn of(array: &'a dyn Array) -> Option<Self> {
        match array.data_type() {
            DataType::Utf8View => array.as_string_view_opt().map(Self::Text),
            DataType::UInt64 => array.as_primitive_opt::<UInt64Type>().map(Self::Unsigned),
            _ => integers(array).map(|values| Self::Integers(values, array)),
        }
    }

    pub(super) fn kind(&self) -> IdKind {
        match self {
            // One that no i64 holds makes the identifiers text, as any other text does.
            Self::Integers(..) | Self::Unsigned(_) => IdKind::Integer,
            Self::Text(_) => IdKind::Text,
        }
    }

    /// The identifier of a row, written to `digits` if it is a number; `None` where it is null or empty.
    pub(super) fn get<'b>(&'b self, i: usize, digits: &'b mut itoa::Buffer) -> Option<&'b str> {
        match self {
            Self::Integers(values, array) => array.is_valid(i).then(|| digits.format(values[i])),
            Self::Unsigned(values) => values.is_valid(i).then(|| digits.format(values.value(i))),
            Self::Text(text) => (text.is_valid(i) && !text.value(i).is_empty()).then(|| text.value(i)),
        }
    }

    /// Whether a row, not the first, has the identifier of the one before. (Texts of which neither is null: most
    /// differ in their views, which hold length and beginning.)
    pub(super) fn repeats(&self, i: usize) -> bool {
        match self {
            Self::Integers(values, array) => {
                values[i] == values[i - 1] && array.is_valid(i) && array.is_valid(i - 1)
            }
            Self::Unsigned(values) => {
                values.value(i) == values.value(i - 1) && values.is_valid(i) && values.is_valid(i - 1)
            }
            Self::Text(text) => {
                let (before, view) = (text.views()[i - 1], text.views()[i]);
                before as u64 == view as u64
                    && (before == view || text.value(i - 1).as_bytes() == text.value(i).as_bytes())
                    && text.is_valid(i)
                    && text.is_valid(i - 1)
            }
        }
    }
}

/// A column of instants.
pub(super) enum Instants<'a> {
    /// Microseconds since 1970; no instant has those of one that cannot be.
    Micros(Cow<'a, [i64]>, &'a dyn Array),
    Text(&'a StringViewArray, &'a Convention),
}

impl<'a> Instants<'a> {
    pub(super) fn of(array: &'a dyn Array, convention: &'a Convention) -> Option<Self> {
        if let Some(text) = array.as_string_view_opt() {
            return Some(Self::Text(text, convention));
        }
        let utc = |micros: Option<i64>| micros.unwrap_or(i64::MIN);
        let has_zone = matches!(array.data_type(), DataType::Timestamp(_, Some(_)));
        // A timestamp without a zone is what a clock showed.
        let is_utc = has_zone || convention.time_zone.is_none();
        let clock = |micros: Option<i64>| {
            if is_utc {
                return utc(micros);
            }
            utc(micros.and_then(|micros| convention.on_the_clock(micros)).map(Instant::micros))
        };
        let micros = match array.data_type() {
            DataType::Date32 => {
                convert::<Date32Type, _>(array, |days| utc(i64::from(days).checked_mul(86_400_000_000)))
            }
            DataType::Date64 => convert::<Date64Type, _>(array, |millis| utc(millis.checked_mul(1_000))),
            DataType::Timestamp(TimeUnit::Second, _) => {
                convert::<TimestampSecondType, _>(array, |seconds| clock(seconds.checked_mul(1_000_000)))
            }
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                convert::<TimestampMillisecondType, _>(array, |millis| clock(millis.checked_mul(1_000)))
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) if is_utc => {
                let values = array.as_primitive_opt::<TimestampMicrosecondType>()?.values();
                return Some(Self::Micros(Cow::Borrowed(values), array));
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                convert::<TimestampMicrosecondType, _>(array, |micros| clock(Some(micros)))
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                convert::<TimestampNanosecondType, _>(array, |nanos| clock(Some(nanos.div_euclid(1_000))))
            }
            _ => {
                let unit = convention.ts_unit?;
                let numbers = integers(array)?;
                let instant = |number| utc(unit.instant(number).map(Instant::micros));
                Some(numbers.into_iter().map(instant).collect())
            }
        };
        micros.map(|micros| Self::Micros(Cow::Owned(micros), array))
    }

    /// The instant of a row; `None` where it is null or empty.
    pub(super) fn get(&self, i: usize) -> Result<Option<Instant>, Problem> {
        match self {
            Self::Text(text, convention) if text.is_valid(i) && !text.value(i).is_empty() => {
                Ok(Some(convention.instant(text.value(i))?))
            }
            Self::Micros(micros, array) if array.is_valid(i) => match Instant::from_micros(micros[i]) {
                Some(instant) => Ok(Some(instant)),
                None => Err(Problem::Unreadable(ParseUnitError::new(
                    "far future or past",
                    "an instant in the years 1 to 9999",
                ))),
            },
            Self::Text(..) | Self::Micros(..) => Ok(None),
        }
    }

    /// Whether a row, not the first, is known to have the instant of the one before.
    pub(super) fn repeats(&self, i: usize) -> bool {
        match self {
            Self::Micros(micros, array) => {
                micros[i] == micros[i - 1] && array.is_valid(i) && array.is_valid(i - 1)
            }
            Self::Text(text, _) => {
                text.views()[i] == text.views()[i - 1] && text.is_valid(i) && text.is_valid(i - 1)
            }
        }
    }
}

/// A column that a condition is about.
pub(super) enum Cells<'a> {
    Ids(Ids<'a>),
    Numbers(Amounts<'a>),
    Flags(&'a BooleanArray),
}

impl<'a> Cells<'a> {
    pub(super) fn of(array: &'a dyn Array) -> Option<Self> {
        if let Some(flags) = array.as_boolean_opt() {
            return Some(Self::Flags(flags));
        }
        Ids::of(array).map(Self::Ids).or_else(|| Amounts::of(array).map(Self::Numbers))
    }

    /// Whether the value of a row meets a condition.
    pub(super) fn meet(&self, i: usize, condition: &Condition) -> bool {
        match self {
            Self::Ids(ids) => condition.holds(ids.get(i, &mut itoa::Buffer::new())),
            Self::Flags(flags) => {
                let text = if flags.is_valid(i) && flags.value(i) { "true" } else { "false" };
                condition.holds(flags.is_valid(i).then_some(text))
            }
            Self::Numbers(numbers) => {
                let number = numbers.get(i).ok().flatten().map(|amount| amount.get().to_string());
                condition.holds(number.as_deref())
            }
        }
    }
}

/// A column of what a file says of customers, kept as text.
pub(super) enum Says<'a> {
    Cells(Cells<'a>),
    Instants(Instants<'a>),
}

impl<'a> Says<'a> {
    pub(super) fn of(array: &'a dyn Array, convention: &'a Convention) -> Option<Self> {
        let cells = Cells::of(array).map(Self::Cells);
        cells.or_else(|| Instants::of(array, convention).map(Self::Instants))
    }

    /// The text of a row; `None` where it is null, empty, not a number (NaN), or an instant beyond the year 9999.
    pub(super) fn get(&self, i: usize) -> Option<Cow<'_, str>> {
        match self {
            Self::Instants(instants) => instants.get(i).ok()?.map(|instant| instant.to_string().into()),
            Self::Cells(Cells::Ids(Ids::Text(text))) => {
                (text.is_valid(i) && !text.value(i).is_empty()).then(|| text.value(i).into())
            }
            Self::Cells(Cells::Ids(ids)) => {
                ids.get(i, &mut itoa::Buffer::new()).map(|digits| digits.to_owned().into())
            }
            Self::Cells(Cells::Flags(flags)) => flags.is_valid(i).then(|| flags.value(i).to_string().into()),
            Self::Cells(Cells::Numbers(numbers)) => numbers.number(i).map(|number| number.to_string().into()),
        }
    }
}

/// A column of amounts.
pub(super) enum Amounts<'a> {
    Numbers(Cow<'a, [f64]>, &'a dyn Array),
    Text(&'a StringViewArray),
}

impl<'a> Amounts<'a> {
    pub(super) fn of(array: &'a dyn Array) -> Option<Self> {
        if let Some(text) = array.as_string_view_opt() {
            return Some(Self::Text(text));
        }
        let numbers = match array.data_type() {
            DataType::Float32 => convert::<Float32Type, _>(array, f64::from),
            DataType::Float64 => {
                let values = array.as_primitive_opt::<Float64Type>()?.values();
                return Some(Self::Numbers(Cow::Borrowed(values), array));
            }
            DataType::Decimal128(_, scale) => {
                let unit = 10_f64.powi(i32::from(*scale));
                convert::<Decimal128Type, _>(array, move |value| value as f64 / unit)
            }
            _ => integers(array).map(|values| values.into_iter().map(|value| value as f64).collect()),
        };
        numbers.map(|numbers| Self::Numbers(Cow::Owned(numbers), array))
    }

    /// The number of a row as it is in the file; `None` where there is none.
    fn number(&self, i: usize) -> Option<f64> {
        match self {
            Self::Numbers(numbers, array) => (array.is_valid(i) && !numbers[i].is_nan()).then(|| numbers[i]),
            Self::Text(_) => None,
        }
    }

    /// The amount of a row; `None` where it is null or empty.
    pub(super) fn get(&self, i: usize) -> Result<Option<Amount>, Problem> {
        match self {
            Self::Text(text) if text.is_valid(i) && !text.value(i).is_empty() => {
                Ok(Some(text.value(i).parse()?))
            }
            Self::Numbers(numbers, array) if array.is_valid(i) => {
                Amount::new(numbers[i]).map(Some).ok_or_else(|| {
                    Problem::Unreadable(ParseUnitError::new(&numbers[i].to_string(), Amount::EXPECTED))
                })
            }
            Self::Text(_) | Self::Numbers(..) => Ok(None),
        }
    }
}
