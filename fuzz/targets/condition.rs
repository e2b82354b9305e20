//! What is written in flags and cells: conditions, instants, amounts, days, zones and other words.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mainstay_features::history::Severity;
use mainstay_features::ingest::{
    Condition, Convention, Encoding, EpochUnit, Field, MaxBadRows, Numbers, Table, TimeFormat, Zone,
};
use mainstay_features::units::{Amount, Days, Instant};
use mainstay_fuzz::limits::within_limits;

fuzz_target!(|text: &str| within_limits(|| {
    // The condition, and after a line end the value it is asked about.
    let (condition, value) = text.split_once('\n').unwrap_or((text, ""));
    if let Ok(condition) = condition.parse::<Condition>() {
        for numbers in [Numbers::Plain, Numbers::DecimalComma, Numbers::ThousandsComma] {
            let convention = Convention { numbers, ..Convention::default() };
            condition.holds(Some(value), &convention);
            condition.holds(None, &convention);
        }
        assert_eq!(condition.to_string().parse(), Ok(condition), "a condition as it was written");
    }
    if let Ok(instant) = text.parse::<Instant>() {
        assert_eq!(instant.to_string().parse(), Ok(instant), "an instant as it is written");
    }
    if let Ok(days) = text.parse::<Days>() {
        assert_eq!(days.to_string().parse(), Ok(days), "days as they are written");
    }
    let _ = text.parse::<Amount>();
    let _ = text.parse::<Severity>();
    let _ = text.parse::<Zone>();
    let _ = text.parse::<EpochUnit>();
    let _ = (text.parse::<TimeFormat>(), text.parse::<Encoding>());
    let _ = text.parse::<MaxBadRows>();
    let _ = (text.parse::<Field>(), text.parse::<Table>());
}));
