//! Texts in CSV files that people open in a spreadsheet: none becomes a formula.

use std::borrow::Cow;

/// What a formula begins with, as far as spreadsheets go.
const BEGINNINGS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Whether a text is a formula, or one that an apostrophe or several have made harmless.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(BEGINNINGS)
}

/// The text as it is written: a formula, or what looks like a defused one, has one more apostrophe in front.
pub fn defused(text: &str) -> Cow<'_, str> {
    if is_formula(text) { format!("'{text}").into() } else { text.into() }
}

/// The text that was written so.
pub fn restored(written: &str) -> &str {
    match written.strip_prefix('\'') {
        Some(text) if is_formula(text) => text,
        _ => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_a_formula_is_not_and_is_read_back() {
        for (text, harmless) in [
            ("=1+1", "'=1+1"),
            ("+86 10", "'+86 10"),
            ("-", "'-"),
            ("@a", "'@a"),
            ("\tx", "'\tx"),
            ("\rx", "'\rx"),
            ("'=1", "''=1"),
            ("O'Hara", "O'Hara"),
            ("'tis", "'tis"),
            ("12", "12"),
            ("", ""),
        ] {
            assert_eq!(defused(text), harmless);
            assert_eq!(restored(harmless), text);
        }
    }
}
