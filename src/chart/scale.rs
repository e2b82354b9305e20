//! From values to pixels, and where an axis has its ticks.

use super::{Axis, Unit};
use crate::readable::grouped;

/// Where values of an axis lie on the page.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    from: f64,
    span: f64,
    start: f64,
    length: f64,
}

impl Scale {
    /// The axis between two pixels; an axis without extent has the extent 1.
    pub(super) fn new(axis: &Axis, start: f64, end: f64) -> Self {
        let span = axis.to - axis.from;
        let span = if span.is_finite() && span > 0.0 { span } else { 1.0 };
        Self { from: axis.from, span, start, length: end - start }
    }

    /// The pixel of a value; values beyond the axis are at its edge.
    pub(super) fn at(self, value: f64) -> f64 {
        self.start + ((value - self.from) / self.span).clamp(0.0, 1.0) * self.length
    }
}

/// So many months are ticks apart, that years begin with one.
const MONTHS_APART: [f64; 10] = [1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 60.0, 120.0, 600.0, 1200.0];

/// The ticks of an axis with their labels: round values, 1, 2 or 5 times a power of ten apart, at most so many; of months,
/// such as divide a year, or round years.
pub(super) fn ticks(axis: &Axis, most: usize) -> Vec<(f64, String)> {
    if axis.unit == Unit::Month {
        return month_ticks(axis, most);
    }
    for exponent in -9..=15_i32 {
        for mantissa in [1.0, 2.0, 5.0] {
            // As a fraction, so that 0.3 is the number nearest to 3/10 and not three times 0.1.
            let (above, below) = if exponent < 0 {
                (mantissa, power_of_ten(-exponent))
            } else {
                (mantissa * power_of_ten(exponent), 1.0)
            };
            let first = (axis.from * below / above - 1e-9).ceil();
            let last = (axis.to * below / above + 1e-9).floor();
            let count = last - first + 1.0;
            if (1.0..=most as f64).contains(&count) {
                // 0.0 is added so that no tick is −0.
                let value = |tick: usize| (first + tick as f64) * above / below + 0.0;
                let decimals = (-exponent).max(0) as usize;
                return (0..count as usize)
                    .map(|tick| (value(tick), label(value(tick), decimals, axis.unit)))
                    .collect();
            }
        }
    }
    Vec::new()
}

/// Their labels are wide: that many have room.
const MOST_MONTHS: usize = 8;

fn month_ticks(axis: &Axis, most: usize) -> Vec<(f64, String)> {
    for apart in MONTHS_APART {
        let (first, last) = ((axis.from / apart).ceil(), (axis.to / apart).floor());
        let count = last - first + 1.0;
        if (1.0..=most.min(MOST_MONTHS) as f64).contains(&count) {
            let value = |tick: usize| (first + tick as f64) * apart;
            return (0..count as usize)
                .map(|tick| (value(tick), label(value(tick), 0, Unit::Month)))
                .collect();
        }
    }
    Vec::new()
}

fn power_of_ten(exponent: i32) -> f64 {
    (0..exponent).fold(1.0, |power, _| power * 10.0)
}

fn label(value: f64, decimals: usize, unit: Unit) -> String {
    match unit {
        Unit::Number => grouped(&format!("{value:.decimals$}")),
        Unit::Percent(sign) => format!("{:.*}{sign}", decimals.saturating_sub(2), 100.0 * value),
        Unit::Month => {
            format!("{:04.0}-{:02.0}", (value / 12.0).floor(), value.rem_euclid(12.0).floor() + 1.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(from: f64, to: f64, unit: Unit, most: usize) -> Vec<String> {
        let axis = Axis { label: String::new(), from, to, unit };
        ticks(&axis, most).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(0.0, 544.0, Unit::Number, 6), ["0", "100", "200", "300", "400", "500"]);
        assert_eq!(
            labels(0.0, 1.0, Unit::Percent(" %"), 6),
            ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]
        );
        assert_eq!(labels(0.0, 0.012, Unit::Percent("%"), 5), ["0.0%", "0.5%", "1.0%"]);
        assert_eq!(labels(-0.3, 0.3, Unit::Number, 4), ["-0.2", "0.0", "0.2"]);
        assert_eq!(labels(0.0, 1.3e6, Unit::Number, 3), ["0", "500,000", "1,000,000"]);
        assert_eq!(labels(f64::NAN, 1.0, Unit::Number, 3), Vec::<String>::new());
        let months = |from: f64, to: f64| labels(from, to, Unit::Month, 4);
        assert_eq!(months(23_975.5, 23_978.0), ["1997-12", "1998-01", "1998-02", "1998-03"][1..]);
        assert_eq!(months(23_976.0, 23_990.0), ["1998-01", "1998-07", "1999-01"]);
        assert_eq!(months(23_976.0, 24_020.0), ["1998-01", "1999-01", "2000-01", "2001-01"]);
        assert_eq!(months(f64::NAN, 1.0), Vec::<String>::new());
    }

    #[test]
    fn values_beyond_the_axis_stay_on_the_page() {
        let axis = Axis { label: String::new(), from: 10.0, to: 20.0, unit: Unit::Number };
        let scale = Scale::new(&axis, 300.0, 100.0);
        assert_eq!(
            [5.0, 10.0, 15.0, 20.0, 99.0].map(|value| scale.at(value)),
            [300.0, 300.0, 200.0, 100.0, 100.0]
        );
        assert_eq!(Scale::new(&Axis { to: 10.0, ..axis }, 0.0, 9.0).at(10.0), 0.0);
    }
}
