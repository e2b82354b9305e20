//! Probabilities and log-odds.

/// 1 / (1 + e⁻ᶻ): the probability with these log-odds.
pub fn sigmoid(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// The least probability that has log-odds of its own; the most is 1 less this.
pub const LEAST: f64 = 1e-9;

/// No fit comes near log-odds of this size, either way, and sums and products of a few numbers within it are finite.
const MOST: f64 = 1e12;

/// Whether a number read from a file can be log-odds, or a part of them; NaN cannot.
pub(crate) fn is_possible(log_odds: f64) -> bool {
    log_odds.abs() <= MOST
}

/// ln(p / (1 − p)), the probability kept within [[`LEAST`], 1 − [`LEAST`]].
pub fn log_odds(p: f64) -> f64 {
    let p = p.clamp(LEAST, 1.0 - LEAST);
    (p / (1.0 - p)).ln()
}

/// −ln of the probability that these log-odds give to what happened.
pub fn log_loss(log_odds: f64, happened: bool) -> f64 {
    softplus(if happened { -log_odds } else { log_odds })
}

/// ln(1 + eᶻ), also where eᶻ overflows.
pub fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

/// The shift that, added to every one of these log-odds, makes their mean probability the share that happened; `None`
/// of nothing, or where none or all of it happened.
pub fn shift_to(log_odds: &[f64], happened: &[bool]) -> Option<f64> {
    let count = happened.iter().filter(|&&happened| happened).count();
    if count == 0 || count == happened.len() {
        return None;
    }
    let expected = |shift: f64| log_odds.iter().map(|z| sigmoid(z + shift)).sum::<f64>();
    let (mut low, mut high) = (-60.0, 60.0);
    // Halved until the digits end: 120 · 2⁻⁶⁰ is below the last of any shift that matters.
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if expected(middle) < count as f64 { low = middle } else { high = middle }
    }
    Some(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for p in [1e-6, 0.2, 0.5, 0.999] {
            assert!((sigmoid(log_odds(p)) - p).abs() < 1e-12);
        }
        assert_eq!(softplus(1e6), 1e6);
        assert!((softplus(0.3) - 0.3_f64.exp().ln_1p()).abs() < 1e-15);
        assert_eq!(softplus(-1e6), 0.0);
    }

    #[test]
    fn the_shift_brings_the_mean_to_what_happened() {
        let scores = [-1.0, 0.5, 2.0, 0.1];
        let shift = shift_to(&scores, &[true, false, false, false]).unwrap();
        let mean = scores.iter().map(|z| sigmoid(z + shift)).sum::<f64>() / 4.0;
        assert!((mean - 0.25).abs() < 1e-12);
        assert_eq!(shift_to(&scores, &[true; 4]), None);
    }
}
