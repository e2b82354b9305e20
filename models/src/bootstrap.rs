//! How sure a mean is: the Poisson bootstrap over customers.
//!
//! In every draw a customer counts so often as a Poisson variable of mean 1 says, which is made from the customer's
//! fingerprint and the number of the draw alone: all rows of a customer count together, and all columns of a draw are of
//! the same customers, so that what is made of several columns has its interval too.

use rayon::prelude::*;

use crate::random::SplitMix64;

/// How often is drawn.
const DRAWS: u64 = 1000;
/// An interval leaves out this share of the draws on either side.
const OUTSIDE: f64 = 0.025;

/// The mean of each column in each draw, `[column][draw]`; a column has as many rows as there are `customers`, who are
/// told by their fingerprints.
pub(crate) fn means(customers: &[u64], columns: &[Vec<f64>], seed: u64) -> Vec<Vec<f64>> {
    let draws: Vec<Vec<f64>> = (0..DRAWS)
        .into_par_iter()
        .map(|draw| {
            let key = mix(seed ^ mix(draw + 1));
            let (mut sums, mut count) = (vec![0.0; columns.len()], 0.0);
            for (row, &customer) in customers.iter().enumerate() {
                let times = poisson(mix(customer ^ key));
                if times > 0.0 {
                    count += times;
                    sums.iter_mut().zip(columns).for_each(|(sum, column)| *sum += times * column[row]);
                }
            }
            sums.iter_mut().for_each(|sum| *sum /= f64::max(count, 1.0));
            sums
        })
        .collect();
    (0..columns.len()).map(|column| draws.iter().map(|means| means[column]).collect()).collect()
}

/// What 95 % of the draws lie between; `None` of no draws. Numbers that are none are left out.
pub(crate) fn interval(draws: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let mut draws: Vec<f64> = draws.into_iter().filter(|draw| !draw.is_nan()).collect();
    draws.sort_by(f64::total_cmp);
    let out = (draws.len() as f64 * OUTSIDE) as usize;
    Some((*draws.get(out)?, *draws.get(draws.len() - 1 - out)?))
}

/// Spreads the bits of a number.
pub(crate) fn mix(number: u64) -> u64 {
    SplitMix64::new(number).next()
}

/// A Poisson variable of mean 1 from 64 random bits, by its distribution function.
fn poisson(bits: u64) -> f64 {
    let uniform = (bits >> 11) as f64 / (1_u64 << 53) as f64;
    let (mut times, mut chance) = (0.0, (-1.0_f64).exp());
    let mut below = chance;
    while uniform >= below && times < 20.0 {
        times += 1.0;
        chance /= times;
        below += chance;
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(customers: &[u64], values: Vec<f64>) -> (f64, f64) {
        interval(means(customers, &[values], 1).remove(0)).unwrap()
    }

    #[test]
    fn an_interval_holds_what_chance_does() {
        // The standard error of a mean of n values of deviation 1 is 1/√n.
        let customers: Vec<u64> = (0..2500).map(mix).collect();
        let (low, high) =
            of(&customers, (0..2500).map(|row| if row % 2 == 0 { 1.0 } else { -1.0 }).collect());
        assert!((high - 1.96 / 50.0).abs() < 0.006 && (low + 1.96 / 50.0).abs() < 0.006, "{low} {high}");
        assert_eq!(interval([]), None);
        assert_eq!(interval([f64::NAN, 2.0]), Some((2.0, 2.0)));
    }

    #[test]
    fn rows_of_one_customer_count_together() {
        let values = vec![1.0; 100].into_iter().chain(vec![-1.0; 100]).collect::<Vec<f64>>();
        let apart: Vec<u64> = (0..200).map(mix).collect();
        let two: Vec<u64> = (0..200).map(|row| mix(row / 100)).collect();
        let width = |customers: &[u64]| {
            let (low, high) = of(customers, values.clone());
            high - low
        };
        assert!(width(&two) > 4.0 * width(&apart));
    }

    #[test]
    fn draws_are_poisson() {
        let counts: Vec<f64> = (0..100_000).map(|row| poisson(mix(row))).collect();
        let mean = counts.iter().sum::<f64>() / 1e5;
        let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / 1e5;
        assert!((mean - 1.0).abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    }
}
