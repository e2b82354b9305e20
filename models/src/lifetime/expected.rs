//! How many purchases an alive customer of BG/NBD makes in a time to come.
//!
//! With the rate Gamma(R, A) and the chance to leave Beta(a, B) as they are by now, and s = t/A,
//!
//! G = ∫ Beta(p; a, B) · (1 − (1 + p·s)^−R) / p dp.
//!
//! Papers write it with Gauss's hypergeometric function, G = (a+B−1)/(a−1) · [1 − (1−z)^R · ₂F₁(R, B; a+B−1; z)] with
//! z = s/(1+s), which cannot be evaluated at a = 1 and loses digits near it and for small s. Both ways here are sums
//! of positive terms only.

/// A sum of more terms than this takes longer than the integral…
const MOST_TERMS: f64 = 4_000.0;
/// …and weights that grow by more than e to this could overflow.
const MOST_GROWTH: f64 = 600.0;
/// A term of less than this share of the sum so far cannot be seen in it.
const NEGLIGIBLE: f64 = 1e-17;

/// G at each of some times, ascending; `r`, `a`, `b` > 0, `s` ≥ 0. Several times cost little more than the last.
pub(super) fn purchases_while_alive<const N: usize>(r: f64, a: f64, b: f64, s: [f64; N]) -> [f64; N] {
    let latest = s.last().copied().unwrap_or_default();
    // The mean number of purchases if nobody left, six of its standard deviations, and the geometric tail.
    let terms = r * latest + 6.0 * (r * latest * (1.0 + latest)).sqrt() + 37.0 * (1.0 + latest);
    if terms < MOST_TERMS && r * latest.ln_1p() < MOST_GROWTH {
        series(r, a, b, s)
    } else {
        s.map(|s| integral(r, a, b, s))
    }
}

/// G = Σₙ P(n) · dₙ: who never left would make n purchases with the negative binomial chance P(n) ∝ zⁿ·(R)ₙ/n!, and
/// of n makes dₙ = Σ_{i<n} (B)ᵢ/(a+B)ᵢ before leaving. Weights are relative to that of n = 0.
fn series<const N: usize>(r: f64, a: f64, b: f64, s: [f64; N]) -> [f64; N] {
    let z = s.map(|s| s / (1.0 + s));
    let latest = z.last().copied().unwrap_or_default();
    let (mut weight, mut weights, mut sum) = ([1.0; N], [1.0; N], [0.0; N]);
    let (mut stays, mut made) = (1.0, 0.0);
    let mut n = 0.0;
    loop {
        let step = (r + n) / (n + 1.0);
        made += stays;
        stays *= (b + n) / (a + b + n);
        n += 1.0;
        for i in 0..N {
            weight[i] *= step * z[i];
            weights[i] += weight[i];
            sum[i] += weight[i] * made;
        }
        // Of the latest time the most is left: less than a geometric series of the greatest ratio to come, and a little for
        // what `made` grows.
        let ratio = latest * step.max(1.0);
        let left = weight.last().copied().unwrap_or_default() * (n + 1.0);
        if ratio < 1.0 && left <= NEGLIGIBLE * (1.0 - ratio) * weights.last().copied().unwrap_or_default() {
            return std::array::from_fn(|i| sum[i] / weights[i]);
        }
    }
}

/// G by the trapezoidal rule over y = ln(p/(1−p)), which for functions like this one converges faster than any power of
/// the step; weights are relative, so that no Beta function is needed.
fn integral(r: f64, a: f64, b: f64, s: f64) -> f64 {
    /// So far beyond the last place where anything bends, both ends are exponential to the last digit.
    const MARGIN: f64 = 32.0;
    // The logit of a Beta has a variance of at least 1/a + 1/b.
    let step = (0.7 * (1.0 / a + 1.0 / b).sqrt()).min(0.25);
    let top = (a / b).ln();
    let log_weight = |y: f64| {
        let softplus = (-y.abs()).exp().ln_1p() + y.max(0.0);
        a * (y - softplus) - b * softplus
    };
    let highest = log_weight(top);
    let at = |y: f64| {
        let p = 1.0 / (1.0 + (-y).exp());
        let bought = if p * s > 0.0 { -(-r * (p * s).ln_1p()).exp_m1() / p } else { r * s };
        ((log_weight(y) - highest).exp(), bought)
    };
    let (weight, bought) = at(top);
    let (mut weights, mut sum) = (weight, weight * bought);
    let left = top.min(-(b.max(1.0) * (r * s).max(s).max(1.0)).ln()) - MARGIN;
    let right = top.max(a.max(1.0).ln()) + MARGIN;
    for (direction, end, decay) in [(-1.0, left, a), (1.0, right, b)] {
        let mut y = top;
        loop {
            y += direction * step;
            let (weight, bought) = at(y);
            weights += weight;
            sum += weight * bought;
            if weight <= NEGLIGIBLE * weights && weight * bought <= NEGLIGIBLE * sum {
                break;
            }
            if (y - end) * direction > 0.0 {
                // The rest is a geometric series.
                let rest = weight / (decay * step).exp_m1();
                weights += rest;
                sum += rest * bought;
                break;
            }
        }
    }
    sum / weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_gausss_hypergeometric_function() {
        // mpmath 1.4.1 with mp.dps = 50 and decimal strings as arguments:
        // z = s/(1+s); (a+b-1)/(a-1) * (1 - (1-z)**r * hyp2f1(r, b, a+b-1, z))
        for (r, a, b, s, golden) in [
            (2.242595, 0.792922, 4.425907, 0.9, 1.6851843168575413),
            (0.242595, 0.792922, 2.425907, 17.6, 1.853365822474368),
            (0.01, 0.02, 0.03, 5.0, 0.0366247204920558),
            (50.5, 1.0000001, 60.0, 3.0, 75.54462878260826),
            (900.0, 0.3, 1200.0, 0.5, 428.07154813899626),
            (3000.0, 2.5, 3002.0, 2.0, 1616.5344921837648),
            (5.5, 0.7, 0.1, 1e6, 42.76878972379331),
            (0.3, 1.7, 0.2, 1e-7, 2.999999825526328e-08),
            (40.0, 150.0, 0.5, 250.0, 1.0033557046979866),
            (1.5, 0.9, 80.0, 1e4, 509.0684512844884),
        ] {
            let close = |value: f64| (value / golden - 1.0).abs() < 2e-12;
            assert!(close(purchases_while_alive(r, a, b, [s])[0]), "{r} {a} {b} {s}");
            assert!(close(integral(r, a, b, s)), "{r} {a} {b} {s}: {}", integral(r, a, b, s));
        }
    }

    #[test]
    fn series_and_integral_agree() {
        for r in [0.01, 0.243, 1.0, 7.3, 100.0, 250.0] {
            for a in [0.01, 0.793, 1.0, 1.0 + 1e-9, 3.0, 400.0] {
                for b in [0.01, 0.5, 2.4, 50.0, 5000.0] {
                    for s in [1e-9, 1e-3, 0.1, 1.0, 10.0] {
                        let ([series], integral) = (series(r, a, b, [s]), integral(r, a, b, s));
                        assert!(
                            (series / integral - 1.0).abs() < 1e-11,
                            "{r} {a} {b} {s}: {series} {integral}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn finite_and_rising_whatever_the_parameters() {
        let sizes = [1e-9, 1e-3, 0.3, 1.0, 40.0, 1e4, 1e9];
        for (r, a, b) in sizes.iter().flat_map(|&r| sizes.iter().flat_map(move |&a| sizes.map(|b| (r, a, b))))
        {
            let mut before = 0.0;
            assert_eq!(purchases_while_alive(r, a, b, [0.0]), [before]);
            for s in (-12..=12).map(|power| 10.0_f64.powi(power)) {
                let [now] = purchases_while_alive(r, a, b, [s]);
                assert!(now.is_finite() && now >= before * (1.0 - 1e-12), "{r} {a} {b} {s}: {before} {now}");
                // No more than who never leaves.
                assert!(now <= r * s * (1.0 + 1e-12), "{r} {a} {b} {s}: {now}");
                before = now;
            }
        }
    }

    #[test]
    fn several_times_at_once_are_each_alone() {
        let times = [0.01, 0.5, 1.0, 2.0, 9.0];
        let alone = times.map(|s| purchases_while_alive(1.3, 0.8, 2.5, [s])[0]);
        for (together, alone) in purchases_while_alive(1.3, 0.8, 2.5, times).into_iter().zip(alone) {
            assert!((together / alone - 1.0).abs() < 1e-14, "{together} {alone}");
        }
    }
}
