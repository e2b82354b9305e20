//! Whether groups are as large as chance makes them.

use statrs::function::beta::checked_beta_reg;

/// How likely it is that chance, which takes each of some with this share in (0, 1), takes a number as unlikely to its side as
/// this one: the smaller tail of the binomial distribution, doubled. 1 of nobody.
///
/// P(X ≥ k) = I(k, n − k + 1) at the share, the regularized incomplete beta function.
pub fn chance_of_as_many(taken: u64, of: u64, share: f64) -> f64 {
    let at_least = |taken: u64, share: f64| match taken {
        0 => 1.0,
        _ => checked_beta_reg(taken as f64, (of - taken.min(of)) as f64 + 1.0, share).unwrap_or(1.0),
    };
    let tail = at_least(taken, share).min(at_least(of - taken.min(of), 1.0 - share));
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_those_of_the_binomial_distribution() {
        const GOLDEN: [(u64, u64, f64, f64); 5] = [
            (0, 20, 0.1, 0.243_153_309_181_138_5),
            (8, 20, 0.1, 0.000_831_270_037_690_952_3),
            (408, 566, 0.3, 5.009_428_646_036_031e-94),
            (95, 1000, 0.1, 0.643_108_153_291_253_3),
            (2, 3, 0.5, 1.0),
        ];
        // scipy 1.17: min(binom.cdf(k, n, p), binom.sf(k - 1, n, p)), doubled.
        for (taken, of, share, expected) in GOLDEN {
            let found = chance_of_as_many(taken, of, share);
            assert!((found / expected - 1.0).abs() < 1e-9, "{taken} of {of}: {found}, not {expected}");
        }
        assert_eq!(chance_of_as_many(0, 0, 0.1), 1.0);
        assert_eq!(chance_of_as_many(30, 300, 0.1), 1.0);
    }
}
