//! Numbers as people read them.

use mainstay_models::language::Language;

/// A written number with a comma between its thousands, whatever stands before and behind it.
pub(crate) fn grouped(number: &str) -> String {
    let from = number.find(|c: char| c.is_ascii_digit()).unwrap_or(number.len());
    let digits = number[from..].bytes().take_while(u8::is_ascii_digit).count();
    if digits <= 3 {
        return number.to_owned();
    }
    let mut text = number[..from].to_owned();
    for (place, digit) in number[from..from + digits].chars().enumerate() {
        if place > 0 && (digits - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + &number[from + digits..]
}

/// A share in percent, as a language writes it.
pub(crate) fn percent(share: f64, language: Language) -> String {
    format!("{:.1}{}", 100.0 * share, language.percent_sign())
}

/// A difference in money with its sign; nothing has none.
pub(crate) fn signed(amount: f64, digits: usize) -> String {
    let size = grouped(&format!("{:.digits$}", amount.abs()));
    match () {
        () if !size.contains(|c: char| ('1'..='9').contains(&c)) => size,
        () if amount < 0.0 => format!("−{size}"),
        () => format!("+{size}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        for (number, expected) in [
            ("0", "0"),
            ("1234", "1,234"),
            ("12345", "12,345"),
            ("-1234567.25", "-1,234,567.25"),
            ("+100000", "+100,000"),
            ("0.123456", "0.123456"),
            ("", ""),
            ("–", "–"),
        ] {
            assert_eq!(grouped(number), expected);
        }
    }

    #[test]
    fn nothing_is_neither_more_nor_less() {
        assert_eq!(
            [0.126, -0.004, 0.0, -12345.0].map(|x| signed(x, 2)),
            ["+0.13", "0.00", "0.00", "−12,345.00"]
        );
    }
}
