//! How likely BG/NBD makes what customers did, and where it becomes likelier.

use rayon::prelude::*;

use super::BgNbd;
use super::fit::Slope;
use super::purchases::{PurchaseCounts, Purchases};

/// So many kinds of customers are added up at a time, on any thread: the sum does not depend on how many there are.
const CHUNK_KINDS: usize = 4096;
/// The part of the log-likelihood that depends on x alone, ln[Γ(r+x)/Γ(r) · B(a, b+x)/B(a, b)], and its derivatives after
/// r, a and b. As x is whole, both are sums over 0 ≤ i < x, and no gamma function is needed.
#[derive(Clone, Copy, Default)]
struct OfRepeats {
    log: f64,
    r: f64,
    a: f64,
    b: f64,
}

impl OfRepeats {
    /// For x = 0, 1, … up to `most`.
    fn up_to(most: u32, &BgNbd { r, a, b, .. }: &BgNbd) -> Vec<Self> {
        let mut sums = Vec::with_capacity(most as usize + 1);
        let mut sum = Self::default();
        sums.push(sum);
        for i in 0..most {
            let i = f64::from(i);
            sum.log += ((r + i) * (b + i) / (a + b + i)).ln();
            sum.r += 1.0 / (r + i);
            sum.a -= 1.0 / (a + b + i);
            sum.b += 1.0 / (b + i) - 1.0 / (a + b + i);
            sums.push(sum);
        }
        sums
    }
}

/// The mean log-likelihood and its derivatives after r, α, a and b.
///
/// Of one customer, with w the chance that they have left:
/// ln L = ln[Γ(r+x)/Γ(r) · B(a, b+x)/B(a, b)] + r·ln α − (r+x)·ln(α+T) − ln(1 − w), w = 0 for x = 0.
pub(super) fn slope(model: &BgNbd, customers: &PurchaseCounts) -> Slope<4> {
    let &BgNbd { r, alpha_days: alpha, a, b } = model;
    let kinds = customers.as_slice();
    let most = kinds.iter().map(|(kind, _)| kind.repeats).max().unwrap_or_default();
    let of_repeats = OfRepeats::up_to(most, model);
    let log_alpha = alpha.ln();
    let of_kind = |kind: &Purchases| -> [f64; 5] {
        let of_repeats = of_repeats[kind.repeats as usize];
        let x = f64::from(kind.repeats);
        let (last, now) = (alpha + f64::from(kind.last_days), alpha + f64::from(kind.tenure_days));
        let log_now = now.ln();
        let alive = of_repeats.log + r * log_alpha - (r + x) * log_now;
        let d_alpha = r / alpha - (r + x) / now;
        if kind.repeats == 0 {
            return [alive, of_repeats.r + log_alpha - log_now, d_alpha, of_repeats.a, of_repeats.b];
        }
        let log_silence = log_now - last.ln();
        let odds = model.log_odds_gone(x, log_silence);
        // e^−|odds| cannot overflow.
        let small = (-odds.abs()).exp();
        let gone = if odds > 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) };
        [
            alive + odds.max(0.0) + small.ln_1p(),
            of_repeats.r + log_alpha - log_now + gone * log_silence,
            d_alpha + gone * (r + x) * (1.0 / now - 1.0 / last),
            of_repeats.a + gone / a,
            of_repeats.b - gone / (b + x - 1.0),
        ]
    };
    let add = |sum: [f64; 5], other: [f64; 5]| std::array::from_fn(|i| sum[i] + other[i]);
    let sums: Vec<[f64; 5]> = kinds
        .par_chunks(CHUNK_KINDS)
        .map(|chunk| {
            let weighted = chunk.iter().map(|(kind, number)| of_kind(kind).map(|part| part * *number as f64));
            weighted.fold([0.0; 5], add)
        })
        .collect();
    let total = customers.customers() as f64;
    let [log_likelihood, gradient @ ..] = sums.into_iter().fold([0.0; 5], add).map(|sum| sum / total);
    Slope { mean_log_likelihood: log_likelihood, gradient }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(repeats: u32, last_days: u32, tenure_days: u32) -> Purchases {
        Purchases { repeats, last_days, tenure_days }
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_likelihood() {
        let customers: PurchaseCounts =
            [customer(0, 0, 200), customer(1, 20, 85), customer(6, 260, 265), customer(6, 60, 265)]
                .into_iter()
                .collect();
        let at = [0.7, 40.0, 0.9, 2.2];
        let of = |[r, alpha_days, a, b]: [f64; 4]| slope(&BgNbd { r, alpha_days, a, b }, &customers);
        for (i, gradient) in of(at).gradient.into_iter().enumerate() {
            let moved = |by: f64| {
                let mut there = at;
                there[i] += by * at[i];
                of(there).mean_log_likelihood
            };
            let difference = (moved(1e-5) - moved(-1e-5)) / (2e-5 * at[i]);
            assert!((difference / gradient - 1.0).abs() < 1e-6, "{i}: {difference}, {gradient}");
        }
    }
}
