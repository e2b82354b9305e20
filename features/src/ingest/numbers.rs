//! Numbers as people and spreadsheets write them: 1.234,50 or 1,234.50.

/// What stands in the numbers of a shop's texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Numbers {
    /// A decimal point, and nothing between thousands.
    #[default]
    Plain,
    /// A decimal comma, and points or spaces between thousands.
    DecimalComma,
    /// A decimal point, and commas or spaces between thousands.
    ThousandsComma,
}

impl Numbers {
    /// By what a comma is said to be, of decimals or of thousands; `None` of both.
    pub const fn of_commas(decimal: bool, thousands: bool) -> Option<Self> {
        match (decimal, thousands) {
            (false, false) => Some(Self::Plain),
            (true, false) => Some(Self::DecimalComma),
            (false, true) => Some(Self::ThousandsComma),
            (true, true) => None,
        }
    }

    /// What parts the decimals, and what may stand between groups of three digits: the other of both, or one of the spaces that
    /// spreadsheets put there. `None` of plain ones.
    const fn signs(self) -> Option<(char, [char; 4])> {
        match self {
            Self::Plain => None,
            Self::DecimalComma => Some((',', ['.', ' ', '\u{a0}', '\u{202f}'])),
            Self::ThousandsComma => Some(('.', [',', ' ', '\u{a0}', '\u{202f}'])),
        }
    }

    /// A number that is written so, as it is with a decimal point and nothing between its thousands; `None` of what is no such
    /// number, and of plain ones, which are as they are.
    pub(super) fn with_point(self, text: &str) -> Option<String> {
        let (decimal, between_groups) = self.signs()?;
        let text = text.trim();
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, decimals) = unsigned.split_once(decimal).map_or((unsigned, None), |(a, b)| (a, Some(b)));
        let mut groups = whole.split(between_groups);
        let first = groups.next()?;
        let others: Vec<&str> = groups.collect();
        let are_groups = others.is_empty() || first.len() <= 3 && others.iter().all(|group| group.len() == 3);
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !are_groups || ![first].iter().chain(&others).chain(&decimals).all(|part| are_digits(part)) {
            return None;
        }
        let sign = if text.starts_with('-') { "-" } else { "" };
        let point = if decimals.is_some() { "." } else { "" };
        Some([sign, first, &others.concat(), point, decimals.unwrap_or_default()].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_become_points_and_thousands_close_up() {
        for (written, number) in [
            ("12,50", "12.50"),
            ("-1.234,5", "-1234.5"),
            ("+7", "7"),
            ("1.234", "1234"),
            ("1.234.567,89", "1234567.89"),
            (" 12 345,00 ", "12345.00"),
            ("12\u{a0}345,1", "12345.1"),
            ("1\u{202f}234", "1234"),
            ("0,000001", "0.000001"),
        ] {
            assert_eq!(Numbers::DecimalComma.with_point(written).as_deref(), Some(number), "{written}");
        }
    }

    #[test]
    fn what_may_mean_something_else_is_no_number() {
        for text in [
            "",
            "-",
            "12.50",
            "1.23,4",
            "1234.567",
            "12,",
            ",5",
            "1,2,3",
            "1.234.5",
            "1e3",
            "12,50 €",
            "a",
            "--1",
        ] {
            assert_eq!(Numbers::DecimalComma.with_point(text), None, "{text}");
        }
    }

    #[test]
    fn commas_between_thousands_close_up() {
        let read = |text| Numbers::ThousandsComma.with_point(text);
        for (written, number) in [
            ("1,234.50", "1234.50"),
            ("-12,345,678", "-12345678"),
            ("12.5", "12.5"),
            ("1\u{a0}234.5", "1234.5"),
        ] {
            assert_eq!(read(written).as_deref(), Some(number), "{written}");
        }
        for text in ["12,50", "1,23.4", "1234,567", "1.234,50", "1,234元", "1.2.3", ""] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
