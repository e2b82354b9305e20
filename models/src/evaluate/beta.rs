//! The Beta distribution, of what is not known better than as a share: here, how many an action keeps.

use serde::{Deserialize, Serialize};
use statrs::function::beta::{checked_beta_reg, ln_beta};

/// Beta(α, β), with both above zero.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "(f64, f64)", into = "(f64, f64)")]
pub struct Beta {
    alpha: f64,
    beta: f64,
}

/// A parameter of a Beta distribution is not above zero, or not finite.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("Beta({alpha}, {beta}) is no distribution: both must be above 0 and finite")]
pub struct NoBeta {
    alpha: f64,
    beta: f64,
}

/// What lies above a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Above {
    /// The chance of being above it: ∫ f(γ) dγ.
    pub share: f64,
    /// What is above it, weighted by its chance: ∫ γ·f(γ) dγ.
    pub moment: f64,
}

impl TryFrom<(f64, f64)> for Beta {
    type Error = NoBeta;

    fn try_from((alpha, beta): (f64, f64)) -> Result<Self, NoBeta> {
        let possible = |x: f64| x > 0.0 && x.is_finite();
        if possible(alpha) && possible(beta) { Ok(Self { alpha, beta }) } else { Err(NoBeta { alpha, beta }) }
    }
}

impl From<Beta> for (f64, f64) {
    fn from(Beta { alpha, beta }: Beta) -> Self {
        (alpha, beta)
    }
}

impl Beta {
    /// Beta(6, 14): mean 0.3, what Verbraken et al. 2013 take the share of churners who accept an offer to be.
    pub const SAVE_RATE: Self = Self { alpha: 6.0, beta: 14.0 };

    /// α/(α + β).
    pub fn mean(&self) -> f64 {
        self.alpha / (self.alpha + self.beta)
    }

    /// What lies above a threshold of any size; nothing above NaN.
    pub fn above(&self, threshold: f64) -> Above {
        if threshold <= 0.0 {
            return Above { share: 1.0, moment: self.mean() };
        }
        // I of the complement, so that what is rare keeps its digits.
        let rest = 1.0 - threshold;
        let Ok(share) = checked_beta_reg(self.beta, self.alpha, rest) else {
            return Above { share: 0.0, moment: 0.0 };
        };
        // γ·f(γ; α, β) = mean · f(γ; α+1, β), and 1 − I(α+1, β) = 1 − I(α, β) + γ^α·(1−γ)^β / (α·B(α, β)).
        let step = self.alpha * threshold.ln() + self.beta * rest.ln() - ln_beta(self.alpha, self.beta);
        Above { share, moment: self.mean() * (share + step.exp() / self.alpha) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_moments_are_scipys() {
        // scipy.stats.beta(a, b).sf(x), and a / (a + b) * scipy.stats.beta(a + 1, b).sf(x) (scipy 1.17.1).
        for (alpha, beta, threshold, share, moment) in [
            (6.0, 14.0, 0.164, 0.9226887633247726, 0.28970556938132536),
            (6.0, 14.0, 0.3, 0.4738625242735142, 0.18240294366027718),
            (6.0, 14.0, 0.93, 5.626739469449219e-13, 5.259708195787024e-13),
            (2.0, 14.0, 0.01, 0.9903702265566353, 0.1249365071988387),
            (10.0, 7.0, 0.5, 0.7727508544921875, 0.49049826229319854),
            (0.5, 0.25, 0.999, 0.13565356787889507, 0.13562643233977958),
            (600.0, 1400.0, 0.32, 0.02651455650201456, 0.008591004969478554),
        ] {
            let above = Beta::try_from((alpha, beta)).unwrap().above(threshold);
            assert!((above.share / share - 1.0).abs() < 1e-11, "{above:?}, {share}");
            assert!((above.moment / moment - 1.0).abs() < 1e-11, "{above:?}, {moment}");
        }
    }

    #[test]
    fn ends_and_beyond() {
        let all = Above { share: 1.0, moment: 0.3 };
        let nothing = Above { share: 0.0, moment: 0.0 };
        for (threshold, expected) in [
            (-1.0, all),
            (0.0, all),
            (1.0, nothing),
            (1.5, nothing),
            (f64::INFINITY, nothing),
            (f64::NAN, nothing),
        ] {
            assert_eq!(Beta::SAVE_RATE.above(threshold), expected, "{threshold}");
        }
        for bad in [(0.0, 1.0), (1.0, -1.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
            assert!(Beta::try_from(bad).is_err(), "{bad:?}");
        }
    }
}
