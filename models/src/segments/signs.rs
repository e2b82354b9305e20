//! What the measures of this module look at: a handful of a customer's features.

use mainstay_features::feature::Feature;
use mainstay_features::history::Given;
use mainstay_features::known::Known;
use mainstay_features::registry;

use crate::inputs::FeatureList;

macro_rules! signs {
    ($($name:ident),+ $(,)?) => {
        /// The features that the measures look at, under the registry's names (docs/features.md); NaN is unknown.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[allow(missing_docs, reason = "the registry says what each is")]
        pub struct Signs {
            $(pub $name: f64,)+
        }

        /// Their names.
        const NAMES: &[&str] = &[$(stringify!($name)),+];

        impl Signs {
            /// The value of each, by its place among the names.
            #[inline]
            fn by_place(mut value: impl FnMut(usize) -> f64) -> Self {
                let mut places = 0..;
                $(let $name = places.next().map_or(f64::NAN, &mut value);)+
                Self { $($name),+ }
            }

            /// Nothing is known.
            pub const UNKNOWN: Self = Self { $($name: f64::NAN),+ };
        }
    };
}

signs! {
    recency_days, frequency, tenure_days, monetary, net_monetary, amount_spread, gap_mean_days, silence_ratio,
    purchases_30d, purchases_90d, purchases_180d, purchases_365d,
    purchases_30d_change, purchases_90d_change, purchases_180d_change, purchases_365d_change,
    money_30d, money_90d, money_180d, money_365d,
    money_30d_change, money_90d_change, money_180d_change, money_365d_change,
    return_share, complaints_90d, days_since_complaint, open_complaints, products_per_purchase, discount_share,
}

/// Reads signs from rows of a model's features; where each column is, is found once.
#[derive(Clone, Debug)]
pub struct SignsReader(Vec<Option<usize>>);

impl SignsReader {
    /// For rows with a value for each of these features; more columns may follow.
    pub fn new(features: &FeatureList) -> Self {
        let place = |name: &&str| features.names().position(|known| known == *name);
        Self(NAMES.iter().map(place).collect())
    }

    /// The signs of one row; what the row does not have is unknown.
    #[inline]
    pub fn read(&self, row: &[f64]) -> Signs {
        let value = |place: usize| self.0.get(place).copied().flatten().and_then(|column| row.get(column));
        Signs::by_place(|place| value(place).copied().unwrap_or(f64::NAN))
    }
}

/// Computes signs of what is known about customers; which a history can tell is found once.
#[derive(Clone, Debug)]
pub struct SignsSource(Vec<Option<&'static Feature>>);

impl SignsSource {
    /// For a history with this in it.
    pub fn told_by(given: Given) -> Self {
        let told = registry::told_by(given);
        let feature = |name: &&str| told.iter().copied().find(|feature| feature.name == *name);
        Self(NAMES.iter().map(feature).collect())
    }

    /// The signs of one customer.
    pub fn compute(&self, known: &Known<'_>) -> Signs {
        Signs::by_place(|place| match self.0.get(place) {
            Some(Some(feature)) => (feature.compute)(known),
            _ => f64::NAN,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use mainstay_features::history::{History, HistoryBuilder};
    use mainstay_features::known::Cut;
    use mainstay_features::units::{Amount, Instant};

    use super::*;

    /// A customer who buys 10 days apart, as always.
    pub(in crate::segments) const STEADY: Signs = Signs {
        recency_days: 5.0,
        frequency: 20.0,
        tenure_days: 195.0,
        monetary: 50.0,
        net_monetary: 50.0,
        amount_spread: 10.0,
        gap_mean_days: 10.0,
        silence_ratio: 0.5,
        purchases_30d: 3.0,
        purchases_90d: 9.0,
        purchases_180d: 18.0,
        purchases_365d: 20.0,
        purchases_30d_change: 0.0,
        purchases_90d_change: 0.0,
        purchases_180d_change: 16.0,
        purchases_365d_change: 20.0,
        money_30d: 150.0,
        money_90d: 450.0,
        money_180d: 900.0,
        money_365d: 1000.0,
        money_30d_change: 0.0,
        money_90d_change: 0.0,
        money_180d_change: 800.0,
        money_365d_change: 1000.0,
        return_share: 0.0,
        complaints_90d: 0.0,
        days_since_complaint: f64::NAN,
        open_complaints: 0.0,
        products_per_purchase: f64::NAN,
        discount_share: f64::NAN,
    };

    #[test]
    fn every_name_is_a_feature() {
        for name in NAMES {
            assert!(registry::all().any(|feature| feature.name == *name), "{name}");
        }
    }

    #[test]
    fn a_row_and_a_history_say_the_same() {
        let mut builder = HistoryBuilder::default();
        for (order, day) in ["2024-01-01", "2024-01-11", "2024-02-01"].into_iter().enumerate() {
            let instant: Instant = day.parse().unwrap();
            builder.add_line("a", &order.to_string(), instant, Amount::new(5.0).unwrap());
        }
        let history = History::fold(vec![builder]).unwrap();
        let mut cut = Cut::default();
        let known = cut.at(history.customer(0), "2024-02-11".parse().unwrap()).unwrap();
        let features = FeatureList::told_by(history.given());
        let mut row = Vec::new();
        features.compute(&known, history.given(), &mut row);
        row.push(17.0);
        let (read, computed) =
            (SignsReader::new(&features).read(&row), SignsSource::told_by(history.given()).compute(&known));
        assert_eq!(format!("{read:?}"), format!("{computed:?}"));
        assert_eq!((read.recency_days, read.gap_mean_days, read.purchases_30d), (10.0, 15.5, 1.0));
        assert!(read.discount_share.is_nan(), "the log has no discounts");
    }
}
