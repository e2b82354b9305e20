//! The two processes of a customer's life, buying and dropping out. Time is in days since the shop's begin.

use std::f64::consts::TAU;

use super::parameters::{SEASON_AMPLITUDE, SEASON_PEAK_DAY, YEAR};
use super::random::Random;

/// When a living customer buys: a Poisson process whose rate goes with the season.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purchases {
    per_day: f64,
    /// From 1970-01-01, a turn of the year, to the shop's begin.
    begin: f64,
}

impl Purchases {
    pub(super) fn new(per_year: f64, begin: f64) -> Self {
        Self { per_day: per_year / YEAR, begin }
    }

    fn angle(&self, day: f64) -> f64 {
        TAU * (self.begin + day - SEASON_PEAK_DAY) / YEAR
    }

    fn season(&self, day: f64) -> f64 {
        1.0 + SEASON_AMPLITUDE * self.angle(day).cos()
    }

    /// The next purchase after a day and not after another; by thinning (Lewis & Shedler 1979).
    pub(super) fn next(&self, after: f64, until: f64, random: &mut Random) -> Option<f64> {
        let most = 1.0 + SEASON_AMPLITUDE;
        let mut day = after;
        loop {
            day += random.exponential() / (self.per_day * most);
            // Not a number: a rate of 0.
            if day.is_nan() || day > until {
                return None;
            }
            if random.uniform() * most < self.season(day) {
                return Some(day);
            }
        }
    }

    /// How many purchases are expected from a day to another.
    fn expected(&self, from: f64, to: f64) -> f64 {
        let swing = SEASON_AMPLITUDE * YEAR / TAU * (self.angle(to).sin() - self.angle(from).sin());
        self.per_day * (to - from + swing)
    }
}

/// The hazard of dropping out: a customer's own, multiplied in some spans of time.
#[derive(Clone, Debug)]
pub(super) struct Hazard {
    per_day: f64,
    spans: Vec<Span>,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    from: f64,
    until: f64,
    factor: f64,
}

/// How a stretch of time was lived through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Lived {
    /// To its end, with so much of the hazard threshold left.
    On(f64),
    /// Until this day.
    DroppedOut(f64),
}

impl Hazard {
    pub(super) fn new(per_year: f64) -> Self {
        Self { per_day: per_year / YEAR, spans: Vec::new() }
    }

    /// Multiplies the hazard for some days from a day on.
    pub(super) fn multiply(&mut self, from: f64, days: f64, factor: f64) {
        self.spans.push(Span { from, until: from + days, factor });
    }

    fn at(&self, day: f64) -> f64 {
        let active = self.spans.iter().filter(|span| span.from <= day && day < span.until);
        self.per_day * active.map(|span| span.factor).product::<f64>()
    }

    /// The first day after a day at which the hazard changes.
    fn next_change(&self, day: f64) -> f64 {
        let changes = self.spans.iter().flat_map(|span| [span.from, span.until]);
        changes.filter(|&change| change > day).fold(f64::INFINITY, f64::min)
    }

    /// Lives from a day to another: the customer drops out once the hazard, added up, reaches the threshold.
    pub(super) fn live(&self, from: f64, to: f64, threshold: f64) -> Lived {
        let (mut day, mut left) = (from, threshold);
        while day < to {
            let until = self.next_change(day).min(to);
            let rate = self.at(day);
            let spent = rate * (until - day);
            if spent > left {
                return Lived::DroppedOut(day + left / rate);
            }
            left -= spent;
            day = until;
        }
        Lived::On(left)
    }
}

/// Simpson's rule is taken over no more than so many days at a time.
const STEP: f64 = 1.0;

/// The probability that who is alive at a day makes no purchase until another: 1 − ∫ λ(t) exp(−Λ(t) − M(t)) dt, with
/// λ the purchase rate, Λ its integral from the first day and M that of the hazard.
pub(super) fn no_purchase(purchases: &Purchases, hazard: &Hazard, from: f64, until: f64) -> f64 {
    let (mut day, mut decay, mut bought) = (from, 0.0_f64, 0.0_f64);
    while day < until {
        let to = hazard.next_change(day).min(until).min(day + STEP);
        let (start, so_far, rate) = (day, decay, hazard.at(day));
        let decay_at = |at: f64| so_far + rate * (at - start) + purchases.expected(start, at);
        let density = |at: f64| purchases.per_day * purchases.season(at) * f64::exp(-decay_at(at));
        bought += (to - start) / 6.0 * (density(start) + 4.0 * density((start + to) / 2.0) + density(to));
        decay = decay_at(to);
        day = to;
    }
    (1.0 - bought).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::super::random::Purpose;
    use super::*;

    #[test]
    fn the_threshold_is_spent_span_by_span() {
        let mut hazard = Hazard::new(YEAR); // 1 a day
        hazard.multiply(1.0, 2.0, 3.0);
        let left = |lived| match lived {
            Lived::On(left) => left,
            Lived::DroppedOut(_) => f64::NAN,
        };
        assert!((left(hazard.live(0.0, 4.0, 10.0)) - 2.0).abs() < 1e-9, "1 + 2 × 3 + 1 are spent");
        assert_eq!(hazard.live(0.0, 4.0, 4.0), Lived::DroppedOut(2.0));
        assert_eq!(hazard.live(5.0, 5.0, 1.0), Lived::On(1.0));
    }

    #[test]
    fn without_drop_out_or_season_the_probability_of_no_purchase_is_poisson() {
        // Over a whole year the season evens out.
        let purchases = Purchases::new(0.7, 0.0);
        let quiet = no_purchase(&purchases, &Hazard::new(0.0), 10.0, 10.0 + YEAR);
        assert!((quiet - f64::exp(-0.7)).abs() < 1e-9, "{quiet}");
    }

    #[test]
    fn as_many_purchases_as_expected_come() {
        let purchases = Purchases::new(12.0, 0.0);
        let (from, to) = (300.0, 360.0);
        let mut random = Random::new(3, 0, Purpose::Arrivals);
        let mut came = 0;
        for _ in 0..5000 {
            let mut day = from;
            while let Some(next) = purchases.next(day, to, &mut random) {
                came += 1;
                day = next;
            }
        }
        let mean = f64::from(came) / 5000.0;
        assert!((mean / purchases.expected(from, to) - 1.0).abs() < 0.04, "{mean}");
    }
}
