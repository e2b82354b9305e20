//! Numbers as sentences have them.

/// A multiple or a rate, with as many digits as matter.
pub(super) fn number(value: f64) -> String {
    if value.abs() >= 9.95 {
        return format!("{value:.0}");
    }
    let text = format!("{value:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

/// A share as a percentage.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}
