//! Figures: numbers as sentences have them.

use std::fmt::Write;

use crate::language::Language;

/// What kind of number a figure is, and so with how many digits it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Figure {
    /// Days, or things that are counted.
    Whole,
    /// An amount, with hundredths.
    Money,
    /// A share, as a percentage.
    Share,
    /// A rate or a multiple, with so many digits as tell numbers of its size apart.
    Measure,
}

impl Figure {
    /// The number with the digits that are written, and no more.
    pub(crate) fn rounded(self, value: f64) -> f64 {
        let steps = match self {
            Self::Whole => 1.0,
            Self::Measure if value.abs() >= 9.95 => 1.0,
            Self::Measure if value.abs() >= 0.995 => 10.0,
            Self::Money | Self::Share | Self::Measure => 100.0,
        };
        let rounded = (value * steps).round() / steps;
        // What is too large to be multiplied has no digits to round; and there is no −0.
        if rounded.is_finite() { rounded + 0.0 } else { value }
    }

    /// The number as it is written.
    pub(crate) fn written(self, value: f64, language: Language) -> String {
        let mut text = String::new();
        self.write(value, language, &mut text);
        text
    }

    /// Writes it behind a text.
    pub(crate) fn write(self, value: f64, language: Language, text: &mut String) {
        let value = self.rounded(value);
        if value < 0.0 {
            text.push('−');
        }
        let size = value.abs();
        let hundredths = (100.0 * size).round();
        // Nothing is finer than hundredths: whole numbers are written several times as fast as others. Writing to a text
        // never fails.
        let _ = if hundredths < MOST_HUNDREDTHS {
            let hundredths = hundredths as u64;
            let (whole, rest) = (hundredths / 100, hundredths % 100);
            match self {
                Self::Share => write!(text, "{hundredths}"),
                Self::Money => write!(text, "{whole}.{rest:02}"),
                _ if rest == 0 => write!(text, "{whole}"),
                _ if rest % 10 == 0 => write!(text, "{whole}.{}", rest / 10),
                _ => write!(text, "{whole}.{rest:02}"),
            }
        } else {
            match self {
                Self::Share => write!(text, "{:.0}", 100.0 * size),
                Self::Money => write!(text, "{size:.2}"),
                Self::Whole => write!(text, "{size:.0}"),
                Self::Measure => write!(text, "{size}"),
            }
        };
        if self == Self::Share {
            text.push_str(language.percent_sign());
        }
    }
}

/// Below, a number's hundredths are told exactly from the number.
const MOST_HUNDREDTHS: f64 = (1_u64 << 51) as f64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Figure; 4] = [Figure::Whole, Figure::Money, Figure::Share, Figure::Measure];

    #[test]
    fn numbers_are_written_by_their_kind() {
        let english = |figure: Figure, value| figure.written(value, Language::English);
        assert_eq!(english(Figure::Whole, 46.5), "47");
        assert_eq!(english(Figure::Money, -40.0), "−40.00");
        assert_eq!(english(Figure::Share, 0.256), "26 %");
        assert_eq!(Figure::Share.written(0.256, Language::Chinese), "26%");
        let measures = [1234.5, 10.0, 9.95, 3.917, 1.04, 0.997, 0.96, 0.25, 0.004, -0.001, -2.5];
        assert_eq!(
            measures.map(|value| english(Figure::Measure, value)),
            ["1235", "10", "10", "3.9", "1", "1", "0.96", "0.25", "0", "0", "−2.5"]
        );
    }

    proptest! {
        #[test]
        fn what_is_rounded_is_written_the_same_and_stays(value in -1e13..1e13_f64) {
            for figure in ALL {
                let rounded = figure.rounded(value);
                prop_assert_eq!(figure.rounded(rounded).to_bits(), rounded.to_bits());
                for language in Language::ALL {
                    prop_assert_eq!(figure.written(rounded, language), figure.written(value, language));
                }
            }
        }

        /// Small and large, and where hundredths are no longer exact.
        #[test]
        fn it_is_the_rounded_number_in_digits(value in -1e13..1e13_f64, power in -15..7) {
            let value = value * 10.0_f64.powi(power);
            for figure in ALL {
                let (rounded, percent) = (figure.rounded(value), Language::English.percent_sign());
                let (minus, size) = (if rounded < 0.0 { "−" } else { "" }, rounded.abs());
                let digits = match figure {
                    Figure::Whole => format!("{size:.0}"),
                    Figure::Money => format!("{size:.2}"),
                    Figure::Share => format!("{:.0}{percent}", 100.0 * size),
                    Figure::Measure => format!("{size}"),
                };
                prop_assert_eq!(figure.written(value, Language::English), format!("{minus}{digits}"));
            }
        }
    }
}
