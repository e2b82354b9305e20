//! Arrow arrays as what their fields are: identifiers, instants, amounts, cells that a condition is about.

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
}

/// A column of instants.
pub(super) enum Instants<'a> {
    /// `None` where there is no such instant.
    Read(Vec<Option<Instant>>, &'a dyn Array),
    Text(&'a StringViewArray, &'a Convention),
}

impl<'a> Instants<'a> {
    pub(super) fn of(array: &'a dyn Array, convention: &'a Convention) -> Option<Self> {
        if let Some(text) = array.as_string_view_opt() {
            return Some(Self::Text(text, convention));
        }
        let utc = |micros: Option<i64>| micros.and_then(Instant::from_micros);
        let has_zone = matches!(array.data_type(), DataType::Timestamp(_, Some(_)));
        // A timestamp without a zone is what a clock showed.
        let clock = |micros: Option<i64>| {
            if has_zone { utc(micros) } else { micros.and_then(|micros| convention.on_the_clock(micros)) }
        };
        let instants = match array.data_type() {
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
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                convert::<TimestampMicrosecondType, _>(array, |micros| clock(Some(micros)))
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                convert::<TimestampNanosecondType, _>(array, |nanos| clock(Some(nanos.div_euclid(1_000))))
            }
            _ => {
                let unit = convention.ts_unit?;
                let numbers = integers(array)?;
                Some(numbers.into_iter().map(|number| unit.instant(number)).collect())
            }
        };
        instants.map(|instants| Self::Read(instants, array))
    }

    /// The instant of a row; `None` where it is null or empty.
    pub(super) fn get(&self, i: usize) -> Result<Option<Instant>, Problem> {
        match self {
            Self::Text(text, convention) if text.is_valid(i) && !text.value(i).is_empty() => {
                Ok(Some(convention.instant(text.value(i))?))
            }
            Self::Read(instants, array) if array.is_valid(i) => match instants[i] {
                Some(instant) => Ok(Some(instant)),
                None => Err(Problem::Unreadable(ParseUnitError::new(
                    "far future or past",
                    "an instant in the years 1 to 9999",
                ))),
            },
            Self::Text(..) | Self::Read(..) => Ok(None),
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

/// A column of amounts.
pub(super) enum Amounts<'a> {
    Numbers(Vec<f64>, &'a dyn Array),
    Text(&'a StringViewArray),
}

impl<'a> Amounts<'a> {
    pub(super) fn of(array: &'a dyn Array) -> Option<Self> {
        if let Some(text) = array.as_string_view_opt() {
            return Some(Self::Text(text));
        }
        let numbers = match array.data_type() {
            DataType::Float32 => convert::<Float32Type, _>(array, f64::from),
            DataType::Float64 => convert::<Float64Type, _>(array, |value| value),
            DataType::Decimal128(_, scale) => {
                let unit = 10_f64.powi(i32::from(*scale));
                convert::<Decimal128Type, _>(array, move |value| value as f64 / unit)
            }
            _ => integers(array).map(|values| values.into_iter().map(|value| value as f64).collect()),
        };
        numbers.map(|numbers| Self::Numbers(numbers, array))
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
