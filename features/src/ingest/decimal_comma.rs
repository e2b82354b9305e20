//! Numbers as much of Europe writes them: 1.234,50.

/// What may stand between groups of three digits: a point, or one of the spaces that spreadsheets put there.
const BETWEEN_GROUPS: [char; 4] = ['.', ' ', '\u{a0}', '\u{202f}'];

/// A number that is written with a decimal comma, as it is with a decimal point and nothing between its thousands; `None` of
/// what is no such number.
pub(super) fn with_point(text: &str) -> Option<String> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, decimals) = unsigned.split_once(',').map_or((unsigned, None), |(a, b)| (a, Some(b)));
    let mut groups = whole.split(BETWEEN_GROUPS);
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
            assert_eq!(with_point(written).as_deref(), Some(number), "{written}");
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
            assert_eq!(with_point(text), None, "{text}");
        }
    }
}
