//! The study: what a log tells about windows, gathered customer by customer.

use super::advice::{Advice, Share, Window};
use super::silence::{Curve, Silences};
use super::{CANDIDATES, GAP_PERCENTS, LEAST_AT_RISK};
use crate::cutoff::training_cutoffs;
use crate::units::{Days, Instant, Probability};

/// What is gathered from the customers of one log: counts only, so that the customers may come in any order and
/// studies of parts of the log merge into exactly the study of the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Study {
    first: Instant,
    until: Instant,
    lookback: Days,
    silences: Silences,
    /// Customers with a purchase in (until − lookback, until].
    population: u64,
    tallies: Vec<Tally>,
}

/// What a candidate horizon would have meant, for the newest cutoff, one horizon before the end of the log, and the
/// one a horizon earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tally {
    horizon: Days,
    /// The population at the newest cutoff.
    population: u64,
    /// Those of them without a purchase in the horizon after it.
    churned: u64,
    /// Of the population at the earlier cutoff, those without a purchase in the horizon after it.
    called_churned: u64,
    /// Those of them with a purchase in the horizon after that.
    came_back: u64,
}

impl Study {
    /// An empty study of a log that has its first order at one instant and is known until another.
    pub fn new((first, until): (Instant, Instant), lookback: Days) -> Self {
        let tally = |horizon| Tally { horizon, population: 0, churned: 0, called_churned: 0, came_back: 0 };
        let tallies = CANDIDATES.into_iter().filter_map(Days::new).map(tally).collect();
        Self { first, until, lookback, silences: Silences::new(), population: 0, tallies }
    }

    /// Adds a customer: the instants of all purchases, ascending. Those that were not known yet are not looked at.
    pub fn add(&mut self, purchases: &[Instant]) {
        let purchases = &purchases[..purchases.partition_point(|&instant| instant <= self.until)];
        let same_day = |a: &Instant, b: &Instant| a.calendar_day() == b.calendar_day();
        let mut visits = purchases.chunk_by(same_day).map(|day| day[0]).peekable();
        while let Some(visit) = visits.next() {
            // Days rounded up, −⌊−x⌋: what comes on day n comes in (visit + n − 1 days, visit + n days], so that
            // windows are open at their begin and closed at their end, as the label's is.
            let ended = visits.peek().map(|&next| -visit.days_since(next));
            self.silences.add(ended, self.until.days_since(visit));
        }
        self.population += u64::from(bought(purchases, self.until.minus(self.lookback), self.until));
        for tally in &mut self.tallies {
            tally.add(purchases, self.until, self.lookback);
        }
    }

    /// The study of both parts of a log.
    pub fn merge(mut self, other: Self) -> Self {
        self.silences = self.silences.merge(&other.silences);
        self.population += other.population;
        for (own, more) in self.tallies.iter_mut().zip(&other.tallies) {
            own.population += more.population;
            own.churned += more.churned;
            own.called_churned += more.called_churned;
            own.came_back += more.came_back;
        }
        self
    }

    /// What it comes to, where at most the share `few` may come back; `None` if fewer than [`LEAST_AT_RISK`] silences
    /// were watched for a day.
    pub fn finish(&self, few: Probability) -> Option<Advice> {
        Some(self.advise(self.silences.curve(LEAST_AT_RISK)?, few))
    }

    fn advise(&self, curve: Curve, few: Probability) -> Advice {
        let windows: Vec<Window> = self.tallies.iter().map(|tally| self.window(tally, &curve)).collect();
        let exact = curve.few_come_back_after(few.get()).and_then(Days::new);
        let is_few = |window: &&Window| window.come_back.is_some_and(|share| share <= few.get());
        let round = windows.iter().filter(|window| window.usable).find(is_few).map(|window| window.horizon);
        let advised = round.or(exact.filter(|&horizon| self.cutoffs(horizon) >= USABLE_CUTOFFS));
        let quantile = |percent| Some((percent, self.silences.quantile(percent)?));
        Advice {
            few,
            lookback: self.lookback,
            log_days: self.until.days_since(self.first),
            silences: self.silences.count(),
            gaps: self.silences.ended()[..=curve.limit() as usize].to_vec(),
            gap_count: self.silences.ended().iter().sum(),
            gap_quantiles: GAP_PERCENTS.into_iter().filter_map(quantile).collect(),
            population: self.population,
            windows,
            exact,
            advised,
            curve,
        }
    }

    fn window(&self, tally: &Tally, curve: &Curve) -> Window {
        let days = tally.horizon.get();
        let cutoffs = self.cutoffs(tally.horizon);
        let churn = Share::of(tally.churned, tally.population).filter(|_| cutoffs >= 1);
        Window {
            horizon: tally.horizon,
            come_back: curve.come_back_after(days).filter(|_| days <= curve.judged_until()),
            churn,
            expected_leavers: churn.map(|churn| churn.rate() * self.population as f64),
            false_alarms: Share::of(tally.came_back, tally.called_churned).filter(|_| cutoffs >= 2),
            usable: cutoffs >= USABLE_CUTOFFS,
            needed_days: 2 * days + days.min(self.lookback.get()),
        }
    }

    /// How many cutoffs the log has with this horizon.
    fn cutoffs(&self, horizon: Days) -> usize {
        training_cutoffs(self.first, self.until, horizon, self.lookback).len()
    }
}

/// One cutoff to train at and, a horizon later, one to test at.
const USABLE_CUTOFFS: usize = 2;

impl Tally {
    fn add(&mut self, purchases: &[Instant], until: Instant, lookback: Days) {
        let cutoff = until.minus(self.horizon);
        if bought(purchases, cutoff.minus(lookback), cutoff) {
            self.population += 1;
            self.churned += u64::from(!bought(purchases, cutoff, until));
        }
        let earlier = cutoff.minus(self.horizon);
        if bought(purchases, earlier.minus(lookback), earlier) && !bought(purchases, earlier, cutoff) {
            self.called_churned += 1;
            self.came_back += u64::from(bought(purchases, cutoff, until));
        }
    }
}

/// Whether there is a purchase in (after, until].
fn bought(purchases: &[Instant], after: Instant, until: Instant) -> bool {
    let next = purchases.partition_point(|&instant| instant <= after);
    purchases.get(next).is_some_and(|&instant| instant <= until)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn purchases(instants: &[&str]) -> Vec<Instant> {
        instants.iter().map(|text| at(text)).collect()
    }

    fn study(customers: &[&[&str]]) -> Study {
        let mut study = Study::new((at("2023-01-01"), at("2024-01-01")), Days::new(100).unwrap());
        for customer in customers {
            study.add(&purchases(customer));
        }
        study
    }

    fn ended(study: &Study) -> Vec<(usize, u64)> {
        study.silences.ended().iter().copied().enumerate().filter(|&(_, count)| count > 0).collect()
    }

    #[test]
    fn orders_of_one_day_are_one_visit() {
        let study = study(&[&[
            "2023-03-01T08:00:00Z",
            "2023-03-01T20:00:00Z",
            "2023-03-02T07:00:00Z",
            "2023-03-12T07:00:00Z",
            "2023-03-12T07:00:01Z",
        ]]);
        assert_eq!(ended(&study), [(1, 1), (10, 1)], "23 hours end on day 1, exactly 10 days on day 10");
        assert_eq!(study.silences.count(), 3, "the last one still runs");
    }

    #[test]
    fn nothing_after_the_last_order_matters() {
        let within = study(&[&["2023-10-01", "2024-01-01"]]);
        assert_eq!(study(&[&["2023-10-01", "2024-01-01", "2024-01-02"]]), within);
        assert_eq!(study(&[&["2024-01-01T00:00:01Z"], &[]]), study(&[]));
    }

    #[test]
    fn merged_parts_are_the_whole() {
        let customers: [&[&str]; 4] = [
            &["2023-01-05", "2023-02-01", "2023-11-30"],
            &["2023-06-01"],
            &["2023-09-15", "2023-12-24"],
            &["2023-12-31", "2024-01-01"],
        ];
        let whole = study(&customers);
        for split in 0..=customers.len() {
            let (one, other) = customers.split_at(split);
            assert_eq!(study(one).merge(study(other)), whole);
            assert_eq!(study(other).merge(study(one)), whole);
        }
    }

    #[test]
    fn windows_count_who_left_and_who_came_back() {
        // With 30 days the cutoffs are 2023-12-02 and 2023-11-02.
        let study = study(&[
            &["2023-12-02"],               // bought at the cutoff: in the population, and left
            &["2023-11-01", "2023-12-03"], // called churned at the earlier cutoff, then came back
            &["2023-10-20"],               // churned at both, and stayed away
            &["2023-10-20", "2023-11-20", "2024-01-01"], // never gone
            &["2023-01-02"],               // lapsed long ago
        ]);
        let tally = &study.tallies[0];
        assert_eq!((tally.population, tally.churned), (4, 2));
        assert_eq!((tally.called_churned, tally.came_back), (2, 1));
        assert_eq!(study.population, 4);

        let advice = study.advise(study.silences.curve(1).unwrap(), Probability::new(0.1).unwrap());
        let shown: Vec<(u32, u32, bool)> = advice
            .windows
            .iter()
            .map(|window| (window.horizon.get(), window.needed_days, window.usable))
            .collect();
        assert_eq!(shown[..3], [(30, 90, true), (60, 180, true), (90, 270, true)]);
        assert_eq!(shown[3..5], [(120, 340, true), (180, 460, false)], "the log has 365 days");
        let newest = &advice.windows[0];
        assert_eq!(newest.churn.map(Share::rate), Some(0.5));
        assert_eq!(newest.expected_leavers, Some(2.0));
        assert_eq!(newest.false_alarms.map(Share::rate), Some(0.5));
        assert_eq!(advice.windows[6].churn, None, "a population a year ago had no time to form");
    }

    #[test]
    fn the_advice_is_the_first_usable_window_after_which_few_come_back() {
        // Nine in ten come back, once, after 70 days: 90 of 190 silences.
        let regular: &[&str] = &["2023-01-05", "2023-03-16"];
        let gone: &[&str] = &["2023-01-05"];
        let mut customers = vec![regular; 90];
        customers.extend(vec![gone; 10]);
        let advice = study(&customers).finish(Probability::new(0.1).unwrap()).unwrap();
        assert_eq!(advice.exact, Days::new(70));
        assert_eq!(advice.advised, Days::new(90));
        assert_eq!(advice.gap_quantiles[2], (50, 70));
        // Those after the second purchase are watched for 291 days; beyond, too few are at risk.
        assert_eq!(advice.curve.limit(), 291);
        let back = advice.windows[1].come_back.unwrap();
        assert!((back - 90.0 / 190.0).abs() < 1e-12, "{back}");
        assert_eq!(study(&[gone]).finish(Probability::new(0.1).unwrap()), None);
    }
}
