//! Random numbers: streams of ChaCha8, which gives the same numbers on every machine, and the usual draws from them.

use std::f64::consts::TAU;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// What a customer's stream of numbers is for. Each purpose has its own, so that one more draw for the one leaves the
/// others as they were.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// Who the customer is: rates, amounts, response type, and how much hazard they bear.
    Traits = 0,
    /// When they buy.
    Arrivals = 1,
    /// What they buy, send back and complain of.
    Baskets = 2,
    /// Whether, when and how they are contacted.
    Contact = 3,
    /// The master data.
    Profile = 4,
}

/// So many streams are a customer's.
const STREAMS: u64 = 8;

/// One stream of random numbers.
pub(super) struct Random(ChaCha8Rng);

impl Random {
    /// The stream of a customer's for a purpose.
    pub(super) fn new(seed: u64, customer: u64, purpose: Purpose) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(customer.wrapping_mul(STREAMS).wrapping_add(purpose as u64));
        Self(generator)
    }

    /// Uniform in [0, 1): the upper 53 bits, as many as a number holds.
    pub(super) fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform between two numbers.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// True with a probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// A whole number from 0 to `count` − 1, each as likely.
    pub(super) fn below(&mut self, count: usize) -> usize {
        ((self.uniform() * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// One of these, each as likely.
    pub(super) fn one_of<T: Copy, const N: usize>(&mut self, of: [T; N]) -> T {
        of[self.below(N)]
    }

    /// Exponential with mean 1, by inversion.
    pub(super) fn exponential(&mut self) -> f64 {
        -f64::ln_1p(-self.uniform())
    }

    /// Normal with mean 0 and variance 1 (Box & Muller 1958), of which the second value is let go: the draws then
    /// need no memory.
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (2.0 * self.exponential()).sqrt();
        radius * (TAU * self.uniform()).cos()
    }

    /// Gamma of a shape ≥ 1, with mean 1 (Marsaglia & Tsang 2000, ACM TOMS 26(3), without the squeeze).
    pub(super) fn gamma(&mut self, shape: f64) -> f64 {
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v <= 0.0 {
                continue;
            }
            let log_u = -self.exponential();
            if log_u < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v / shape;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: usize = 40_000;

    fn mean_and_variance(mut draw: impl FnMut(&mut Random) -> f64) -> (f64, f64) {
        let mut random = Random::new(7, 0, Purpose::Traits);
        let drawn: Vec<f64> = (0..DRAWS).map(|_| draw(&mut random)).collect();
        let mean = drawn.iter().sum::<f64>() / DRAWS as f64;
        let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / DRAWS as f64;
        (mean, variance)
    }

    #[test]
    fn draws_have_their_moments() {
        let near = |(mean, variance): (f64, f64), (m, v): (f64, f64)| {
            assert!((mean - m).abs() < 0.03 && (variance - v).abs() < 0.08, "{mean} {variance}");
        };
        near(mean_and_variance(Random::uniform), (0.5, 1.0 / 12.0));
        near(mean_and_variance(Random::exponential), (1.0, 1.0));
        near(mean_and_variance(Random::normal), (0.0, 1.0));
        near(mean_and_variance(|random| random.gamma(1.0)), (1.0, 1.0));
        near(mean_and_variance(|random| random.gamma(2.5)), (1.0, 0.4));
    }

    #[test]
    fn streams_differ() {
        let first = |seed, customer, purpose| Random::new(seed, customer, purpose).uniform().to_bits();
        let of = first(1, 1, Purpose::Traits);
        assert_eq!(of, first(1, 1, Purpose::Traits));
        assert_ne!(of, first(2, 1, Purpose::Traits));
        assert_ne!(of, first(1, 2, Purpose::Traits));
        assert_ne!(of, first(1, 1, Purpose::Baskets));
    }
}
