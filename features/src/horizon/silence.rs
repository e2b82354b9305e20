//! Silences: how long customers stay away after a purchase, and how many of those come back.

/// Silences are told apart up to so many days (ten years); longer ones are watched for these days only.
pub const LONGEST_DAYS: u32 = 3650;

/// How many silences ended in a purchase on which day, and how many still ran when the log ended. A silence begins
/// with a visit: the first purchase of a calendar day (UTC) with a purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Silences {
    /// By day: the next visit fell in (begin + day − 1 days, begin + day days].
    ended: Vec<u64>,
    /// By whole days watched: no visit in all of these.
    running: Vec<u64>,
}

impl Silences {
    pub(super) fn new() -> Self {
        let days = LONGEST_DAYS as usize + 1;
        Self { ended: vec![0; days], running: vec![0; days] }
    }

    /// Adds a silence: the day on which it ended, if it did, and for how many whole days the log goes on after its
    /// begin. One that ended in a day the log does not have all of is still running as far as whole days tell: to
    /// count the ends of such days, but not the silences that outlast them, would make returns look more frequent.
    pub(super) fn add(&mut self, ended: Option<i64>, watched: i64) {
        let watched = watched.clamp(0, i64::from(LONGEST_DAYS));
        match ended {
            Some(day) if (1..=watched).contains(&day) => self.ended[day as usize] += 1,
            _ => self.running[watched as usize] += 1,
        }
    }

    /// Those of both.
    pub(super) fn merge(mut self, other: &Self) -> Self {
        let own = self.ended.iter_mut().chain(&mut self.running);
        for (own, more) in own.zip(other.ended.iter().chain(&other.running)) {
            *own += more;
        }
        self
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.ended.iter().chain(&self.running).sum()
    }

    /// How many ended on each day, from day 0 (never any).
    pub(super) fn ended(&self) -> &[u64] {
        &self.ended
    }

    /// The least day by which so many percent of the silences that ended had ended; `None` where none did.
    pub(super) fn quantile(&self, percent: u32) -> Option<u32> {
        let total = u128::from(self.ended.iter().sum::<u64>());
        let mut by_then: u128 = 0;
        let day = self.ended.iter().position(|&ended| {
            by_then += u128::from(ended);
            by_then > 0 && 100 * by_then >= u128::from(percent) * total
        })?;
        Some(day as u32)
    }

    /// The curve of those still silent, as far as at least so many silences are at risk; `None` if there are fewer
    /// from the first day on.
    pub(super) fn curve(&self, least_at_risk: u64) -> Option<Curve> {
        let mut curve = Curve { at_risk: vec![self.count()], silent: vec![1.0] };
        let (mut at_risk, mut silent) = (self.count(), 1.0);
        for day in 1..self.ended.len() {
            at_risk -= self.ended[day - 1] + self.running[day - 1];
            if at_risk < least_at_risk.max(1) {
                break;
            }
            silent *= (at_risk - self.ended[day]) as f64 / at_risk as f64;
            curve.at_risk.push(at_risk);
            curve.silent.push(silent);
        }
        (curve.limit() > 0).then_some(curve)
    }
}

/// The share of silences that last longer than a number of days, estimated from silences of which many still run
/// (Kaplan and Meier 1958, Journal of the American Statistical Association 53, 457–481):
///
/// S(n) = Π (1 − dᵢ / rᵢ) over the days i = 1 … n, with dᵢ the silences that ended on day i and rᵢ those at risk:
/// silent for all days before i, and watched for all of day i. A silence that began ten days before the end of the
/// log tells about ten days and no more.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    at_risk: Vec<u64>,
    silent: Vec<f64>,
}

impl Curve {
    /// The last day of the curve: no return after it is known of.
    pub fn limit(&self) -> u32 {
        self.silent.len() as u32 - 1
    }

    /// The last day after which silences are watched for as long again. The share that comes back falls to 0 towards
    /// the limit whatever customers do, as nothing is known beyond it; up to half the limit that says little.
    pub fn judged_until(&self) -> u32 {
        self.limit() / 2
    }

    /// Silences at risk on a day (on day 0: all); `None` beyond the limit.
    pub fn at_risk(&self, day: u32) -> Option<u64> {
        self.at_risk.get(day as usize).copied()
    }

    /// S(day): the share of silences that last longer, in [0, 1], never rising; `None` beyond the limit.
    pub fn silent(&self, day: u32) -> Option<f64> {
        self.silent.get(day as usize).copied()
    }

    /// Of those silent for so many days, the share that comes back by the limit: 1 − S(limit) / S(day), in [0, 1],
    /// never rising; `None` beyond the limit.
    pub fn come_back_after(&self, day: u32) -> Option<f64> {
        let (now, last) = (self.silent(day)?, *self.silent.last()?);
        // Nobody is still silent only where everybody came back, and then the curve ends.
        Some(if now > 0.0 { 1.0 - last / now } else { 0.0 })
    }

    /// The first day after which at most this share comes back, among the days that can be judged.
    pub(super) fn few_come_back_after(&self, few: f64) -> Option<u32> {
        (1..=self.judged_until()).find(|&day| self.come_back_after(day).is_some_and(|share| share <= few))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ended on day 2, 3, 3; still running after 2, 4 and 5 whole days.
    fn six() -> Silences {
        let mut silences = Silences::new();
        for (ended, watched) in [(Some(2), 9), (Some(3), 9), (Some(3), 3), (None, 2), (None, 4), (None, 5)] {
            silences.add(ended, watched);
        }
        silences
    }

    #[test]
    fn the_curve_is_the_one_reckoned_by_hand() {
        let curve = six().curve(1).unwrap();
        assert_eq!(curve.at_risk, [6, 6, 6, 4, 2, 1]);
        // Day 2: 1 − 1/6. Day 3, without the one that was watched for two days: 5/6 · (1 − 2/4). Nothing after.
        let by_hand = [1.0, 1.0, 5.0 / 6.0, 5.0 / 12.0, 5.0 / 12.0, 5.0 / 12.0];
        assert_eq!(curve.silent.len(), by_hand.len());
        for (silent, by_hand) in curve.silent.iter().zip(by_hand) {
            assert!((silent - by_hand).abs() < 1e-15, "{silent} {by_hand}");
        }
        let back = |day| curve.come_back_after(day).unwrap();
        assert!((back(0) - 7.0 / 12.0).abs() < 1e-15);
        assert!((back(2) - 0.5).abs() < 1e-15);
        assert_eq!((back(3), back(5), curve.come_back_after(6)), (0.0, 0.0, None));
    }

    #[test]
    fn the_curve_ends_where_too_few_are_at_risk() {
        assert_eq!(six().curve(2).unwrap().limit(), 4);
        assert_eq!(six().curve(6).unwrap().limit(), 2);
        assert_eq!(six().curve(7), None);
        assert_eq!(Silences::new().curve(0), None);
    }

    #[test]
    fn when_everybody_comes_back_nobody_is_left_to() {
        let mut silences = Silences::new();
        silences.add(Some(2), 9);
        silences.add(Some(4), 9);
        let curve = silences.curve(1).unwrap();
        assert_eq!(curve.silent, [1.0, 1.0, 0.5, 0.5, 0.0]);
        assert_eq!((curve.come_back_after(2), curve.come_back_after(4)), (Some(1.0), Some(0.0)));
    }

    #[test]
    fn only_whole_days_tell() {
        let mut silences = Silences::new();
        silences.add(Some(3), 2);
        silences.add(Some(i64::from(LONGEST_DAYS) + 1), 100_000);
        assert_eq!(silences.running[2], 1);
        assert_eq!(silences.running[LONGEST_DAYS as usize], 1);
        assert_eq!((silences.count(), silences.quantile(50)), (2, None));
    }

    #[test]
    fn quantiles_are_days_by_which_a_share_had_ended() {
        let quantile = |percent| six().quantile(percent).unwrap();
        assert_eq!((quantile(0), quantile(33), quantile(34), quantile(100)), (2, 2, 3, 3));
    }
}
