//! Arrow arrays as what their fields are: identifiers, instants, amounts, cells that a condition is about.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal128Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, BooleanArray, StringViewArray, UInt64Array};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};

use super::convention::is_never;
use super::{Condition, Convention, Problem};
use crate::id::{Edges, Id};
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

/// Floats that are whole numbers, as tables have whole numbers in which one is missing; `None` if one is none.
fn whole(array: &dyn Array) -> Option<Vec<i64>> {
    /// Above this floats leave whole numbers out.
    const MOST: f64 = 9_007_199_254_740_992.0;
    let numbers = array.as_primitive_opt::<Float64Type>()?;
    let whole = |(i, &number): (usize, &f64)| match number {
        _ if numbers.is_null(i) => Some(0),
        _ if number.fract() == 0.0 && number.abs() < MOST => Some(number as i64),
        _ => None,
    };
    numbers.values().iter().enumerate().map(whole).collect()
}

/// Whole decimals that fit, as databases keep numbers of many digits; `None` if one does not.
fn short(array: &dyn Array) -> Option<Vec<i64>> {
    let numbers = array.as_primitive_opt::<Decimal128Type>()?;
    let short = |(i, &number): (usize, &i128)| {
        if numbers.is_null(i) { Some(0) } else { i64::try_from(number).ok() }
    };
    numbers.values().iter().enumerate().map(short).collect()
}

/// A column of identifiers.
pub(super) enum Ids<'a> {
    Integers(Vec<i64>, Option<&'a NullBuffer>),
    Unsigned(&'a UInt64Array),
    Text(&'a StringViewArray),
}

impl<'a> Ids<'a> {
    pub(super) fn of(array: &'a dyn Array) -> Option<Self> {
        match array.data_type() {
            DataType::Utf8View => array.as_string_view_opt().map(Self::Text),
            DataType::UInt64 => array.as_primitive_opt::<UInt64Type>().map(Self::Unsigned),
            DataType::Float64 => whole(array).map(|values| Self::Integers(values, array.nulls())),
            DataType::Decimal128(_, 0) => short(array).map(|values| Self::Integers(values, array.nulls())),
            _ => integers(array).map(|values| Self::Integers(values, array.nulls())),
        }
    }

    /// The identifier of a row; `None` where it is null or empty.
    pub(super) fn get(&self, i: usize) -> Option<Id<'_>> {
        match self {
            Self::Integers(values, nulls) => is_valid(*nulls, i).then(|| Id::Integer(values[i])),
            Self::Unsigned(values) => values.is_valid(i).then(|| Id::Unsigned(values.value(i))),
            Self::Text(text) => {
                let id = text.value(i);
                (text.is_valid(i) && !id.is_empty()).then_some(Id::Text(id))
            }
        }
    }

    /// Clears the flags of rows that have not the identifier of the row before.
    pub(super) fn clear_changes(&self, goes_on: &mut [bool]) {
        match self {
            Self::Integers(values, nulls) => clear_changes(goes_on, *nulls, values.iter(), |a, b| a == b),
            Self::Unsigned(values) => {
                clear_changes(goes_on, values.nulls(), values.values().iter(), |a, b| a == b);
            }
            Self::Text(text) => {
                let ids = (0..text.len()).map(|i| Edges::of(text.value(i).as_bytes()));
                clear_changes(goes_on, text.nulls(), ids, Edges::are_of_the_same);
            }
        }
    }
}

fn is_valid(nulls: Option<&NullBuffer>, i: usize) -> bool {
    nulls.is_none_or(|nulls| nulls.is_valid(i))
}

/// Clears the flags of the first row, of rows that are null or come after one, and of those that are not the same as the
/// row before. (No step hangs on what a flag was: which rows are alike nobody can foresee.)
fn clear_changes<T: Copy>(
    goes_on: &mut [bool],
    nulls: Option<&NullBuffer>,
    mut values: impl Iterator<Item = T>,
    is_same: impl Fn(T, T) -> bool,
) {
    let (Some((first, rest)), Some(mut before)) = (goes_on.split_first_mut(), values.next()) else { return };
    *first = false;
    for (flag, value) in rest.iter_mut().zip(values) {
        *flag &= is_same(value, before);
        before = value;
    }
    if let Some(nulls) = nulls {
        rest.iter_mut().enumerate().for_each(|(i, flag)| *flag &= nulls.is_valid(i) & nulls.is_valid(i + 1));
    }
}

/// A column of instants.
pub(super) enum Instants<'a> {
    /// Microseconds since 1970; no instant has those of one that cannot be.
    Micros(Cow<'a, [i64]>, Option<&'a NullBuffer>),
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
                return Some(Self::Micros(Cow::Borrowed(values), array.nulls()));
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
        micros.map(|micros| Self::Micros(Cow::Owned(micros), array.nulls()))
    }

    /// The instant of a row; `None` where it is null or empty.
    pub(super) fn get(&self, i: usize) -> Result<Option<Instant>, Problem> {
        match self {
            Self::Text(text, convention) if text.is_valid(i) && !text.value(i).is_empty() => {
                Ok(Some(convention.instant(text.value(i))?))
            }
            Self::Micros(micros, nulls) if is_valid(*nulls, i) => match Instant::from_micros(micros[i]) {
                Some(instant) => Ok(Some(instant)),
                None => Err(Problem::Unreadable(ParseUnitError::new(
                    "a time out of all range",
                    "an instant in the years 1 to 9999; is --ts-unit right?",
                ))),
            },
            Self::Text(..) | Self::Micros(..) => Ok(None),
        }
    }

    /// The end of a contract of a row; `None` where it is null, empty, or in the year 9999: see [`Convention::end`].
    pub(super) fn end(&self, i: usize) -> Result<Option<Instant>, Problem> {
        match self {
            Self::Text(text, convention) if text.is_valid(i) && !text.value(i).is_empty() => {
                Ok(convention.end(text.value(i))?)
            }
            Self::Micros(micros, _) if is_never(micros[i]) => Ok(None),
            _ => self.get(i),
        }
    }

    /// Clears the flags of rows that are not known to have the instant of the row before.
    pub(super) fn clear_changes(&self, goes_on: &mut [bool]) {
        match self {
            Self::Micros(micros, nulls) => clear_changes(goes_on, *nulls, micros.iter(), |a, b| a == b),
            // A view holds length and beginning, and a short text as a whole.
            Self::Text(text, _) => clear_changes(goes_on, text.nulls(), text.views().iter(), |a, b| a == b),
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
    pub(super) fn of(array: &'a dyn Array, convention: &'a Convention) -> Option<Self> {
        if let Some(flags) = array.as_boolean_opt() {
            return Some(Self::Flags(flags));
        }
        if let Some(numbers) = array.as_primitive_opt::<Float32Type>() {
            // 0.1 is 0.1, and not the number of 64 bits that is nearest to what 32 bits make of it.
            let decimal = |number: &f32| number.to_string().parse().unwrap_or(f64::NAN);
            let numbers: Vec<f64> = numbers.values().iter().map(decimal).collect();
            return Some(Self::Numbers(Amounts::Numbers(Cow::Owned(numbers), array.nulls())));
        }
        Ids::of(array).map(Self::Ids).or_else(|| Amounts::of(array, convention).map(Self::Numbers))
    }

    /// Whether the value of a row meets a condition.
    pub(super) fn meet(&self, i: usize, condition: &Condition, convention: &Convention) -> bool {
        match self {
            Self::Ids(ids) => {
                let mut digits = itoa::Buffer::new();
                condition.holds(ids.get(i).map(|id| id.text(&mut digits)), convention)
            }
            Self::Flags(flags) => {
                let text = if flags.is_valid(i) && flags.value(i) { "true" } else { "false" };
                condition.holds(flags.is_valid(i).then_some(text), convention)
            }
            Self::Numbers(numbers) => {
                let number = numbers.number(i).map(|number| number.to_string());
                condition.holds(number.as_deref(), &Convention::default())
            }
        }
    }
}

/// A column of what a file says of customers, kept as text.
pub(super) enum Says<'a> {
    Cells(Cells<'a>),
    Instants(Instants<'a>),
    /// Texts that may be numbers.
    Numbers(&'a StringViewArray, &'a Convention),
}

impl<'a> Says<'a> {
    pub(super) fn of(array: &'a dyn Array, convention: &'a Convention) -> Option<Self> {
        let cells = Cells::of(array, convention).map(Self::Cells);
        cells.or_else(|| Instants::of(array, convention).map(Self::Instants))
    }

    /// Likewise of an attribute.
    pub(super) fn of_attribute(array: &'a dyn Array, convention: &'a Convention) -> Option<Self> {
        let numbers = array.as_string_view_opt().map(|text| Self::Numbers(text, convention));
        numbers.or_else(|| Self::of(array, convention))
    }

    /// The text of a row; `None` where it is null, empty, not a number (NaN), or an instant beyond the year 9999.
    pub(super) fn get(&self, i: usize) -> Option<Cow<'_, str>> {
        match self {
            Self::Instants(instants) => instants.get(i).ok()?.map(|instant| instant.to_string().into()),
            Self::Numbers(text, convention) => {
                (text.is_valid(i) && !text.value(i).is_empty()).then(|| convention.plain(text.value(i)))
            }
            Self::Cells(Cells::Ids(Ids::Text(text))) => {
                (text.is_valid(i) && !text.value(i).is_empty()).then(|| text.value(i).into())
            }
            Self::Cells(Cells::Ids(ids)) => {
                ids.get(i).map(|id| id.text(&mut itoa::Buffer::new()).to_owned().into())
            }
            Self::Cells(Cells::Flags(flags)) => flags.is_valid(i).then(|| flags.value(i).to_string().into()),
            Self::Cells(Cells::Numbers(numbers)) => numbers.number(i).map(|number| number.to_string().into()),
        }
    }
}

/// A column of amounts.
pub(super) enum Amounts<'a> {
    Numbers(Cow<'a, [f64]>, Option<&'a NullBuffer>),
    Text(&'a StringViewArray, &'a Convention),
}

impl<'a> Amounts<'a> {
    pub(super) fn of(array: &'a dyn Array, convention: &'a Convention) -> Option<Self> {
        if let Some(text) = array.as_string_view_opt() {
            return Some(Self::Text(text, convention));
        }
        let numbers = match array.data_type() {
            DataType::Float32 => convert::<Float32Type, _>(array, f64::from),
            DataType::Float64 => {
                let values = array.as_primitive_opt::<Float64Type>()?.values();
                return Some(Self::Numbers(Cow::Borrowed(values), array.nulls()));
            }
            DataType::Decimal128(_, scale) => {
                let unit = 10_f64.powi(i32::from(*scale));
                convert::<Decimal128Type, _>(array, move |value| value as f64 / unit)
            }
            _ => integers(array).map(|values| values.into_iter().map(|value| value as f64).collect()),
        };
        numbers.map(|numbers| Self::Numbers(Cow::Owned(numbers), array.nulls()))
    }

    /// The number of a row as it is in the file; `None` where there is none.
    fn number(&self, i: usize) -> Option<f64> {
        match self {
            Self::Numbers(numbers, nulls) => {
                (is_valid(*nulls, i) && !numbers[i].is_nan()).then(|| numbers[i])
            }
            Self::Text(..) => None,
        }
    }

    /// The amount of a row; `None` where it is null or empty.
    pub(super) fn get(&self, i: usize) -> Result<Option<Amount>, Problem> {
        match self {
            Self::Text(text, convention) if text.is_valid(i) && !text.value(i).is_empty() => {
                Ok(Some(convention.amount(text.value(i))?))
            }
            Self::Numbers(numbers, nulls) if is_valid(*nulls, i) => {
                Amount::new(numbers[i]).map(Some).ok_or_else(|| {
                    Problem::Unreadable(ParseUnitError::new(&numbers[i].to_string(), Amount::EXPECTED))
                })
            }
            Self::Text(..) | Self::Numbers(..) => Ok(None),
        }
    }

    /// Shows the amount of every row; `None` where it is null, empty or none.
    pub(super) fn for_each(&self, mut show: impl FnMut(usize, Option<Amount>)) {
        let rows = match self {
            Self::Numbers(numbers, None) => {
                return numbers.iter().enumerate().for_each(|(row, &number)| show(row, Amount::new(number)));
            }
            Self::Numbers(numbers, _) => numbers.len(),
            Self::Text(text, _) => text.len(),
        };
        (0..rows).for_each(|row| show(row, self.get(row).ok().flatten()));
    }
}
