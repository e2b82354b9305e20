//! The chi-squared distribution with whole degrees of freedom.

/// The probability of at least `value` with so many degrees of freedom, at least 1.
pub(super) fn upper_tail(value: f64, freedom: usize) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    // P(a, x) = x^a e^−x / Γ(a + 1) · Σ xⁿ / ((a + 1) … (a + n)), with a = freedom / 2 and x = value / 2.
    let (a, x) = (freedom as f64 / 2.0, value / 2.0);
    let (mut term, mut sum, mut n) = (1.0, 1.0, 0.0);
    while term > 1e-17 * sum {
        n += 1.0;
        term *= x / (a + n);
        sum += term;
    }
    let below = (a * x.ln() - x - ln_gamma_of_half(freedom + 2)).exp() * sum;
    (1.0 - below).clamp(0.0, 1.0)
}

/// The value that is exceeded with a probability in (0, 1).
pub(super) fn quantile(tail: f64, freedom: usize) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while upper_tail(high, freedom) > tail && high < 1e6 {
        high *= 2.0;
    }
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if upper_tail(middle, freedom) > tail { low = middle } else { high = middle }
    }
    high
}

/// ln Γ(n / 2), from Γ(1/2) = √π, Γ(1) = 1 and Γ(a + 1) = a·Γ(a).
fn ln_gamma_of_half(n: usize) -> f64 {
    let start = if n.is_multiple_of(2) { 2 } else { 1 };
    let first = if start == 2 { 0.0 } else { 0.5 * std::f64::consts::PI.ln() };
    (start..n).step_by(2).map(|n| (n as f64 / 2.0).ln()).fold(first, |sum, ln| sum + ln)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The usual table of critical values (NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.6.7.4).
    #[test]
    fn critical_values_are_those_of_the_table() {
        for (freedom, tail, value) in
            [(1, 0.05, 3.841), (1, 0.01, 6.635), (2, 0.01, 9.210), (9, 0.01, 21.666), (10, 0.001, 29.588)]
        {
            let found = quantile(tail, freedom);
            assert!((found - value).abs() < 6e-4, "{freedom} {tail}: {found}");
            assert!((upper_tail(found, freedom) - tail).abs() < 1e-9);
        }
        assert_eq!(upper_tail(0.0, 3), 1.0);
        assert!(upper_tail(500.0, 9) < 1e-12);
    }
}
