//! What is seen as of an instant: nothing later, and nothing that cannot be.

use mainstay_features::history::{Contract, Given, History};
use mainstay_features::registry;
use mainstay_features::table::Snapshot;
use mainstay_features::units::Days;
use proptest::prelude::*;

use crate::features::{attributes, features};
use crate::rows::{Row, build, builder, instant, row};

/// A contract: customer, hours since the start when it starts and, if it does, ends.
fn contract() -> impl Strategy<Value = (u32, u16, Option<u16>)> {
    (0..4_u32, 0..2400_u16, prop::option::of(0..900_u16))
        .prop_map(|(customer, start, lasts)| (customer, start, lasts.map(|hours| start + hours)))
}

proptest! {
    /// Nothing after the cutoff changes a feature, whatever it is: a purchase, a return, a line of an order from
    /// before, a cancellation, a complaint, what became of one, a contact, what a customer is like from then on.
    #[test]
    fn nothing_after_the_cutoff_changes_a_feature(
        rows in prop::collection::vec(row(), 0..60), cutoff_hour in 0..2400_u16, lookback in 1..120_u32,
    ) {
        let past: Vec<Row> = rows.iter().filter(|row| row.hour() <= cutoff_hour).cloned().collect();
        let cutoff = instant(cutoff_hour);
        let (all, past) = (build(&rows), build(&past));
        prop_assert_eq!(features(&all, cutoff, lookback), features(&past, cutoff, lookback));
        prop_assert_eq!(attributes(&all, cutoff), attributes(&past, cutoff));
    }

    /// Nothing of a contract after the cutoff changes who is in the population: neither when it will end nor whether
    /// another will start.
    #[test]
    fn nothing_after_the_cutoff_changes_the_population(
        rows in prop::collection::vec(row(), 0..60), contracts in prop::collection::vec(contract(), 0..12),
        cutoff_hour in 0..2400_u16,
    ) {
        let build = |contracts: &[(u32, u16, Option<u16>)]| {
            let mut builder = builder(&rows);
            builder.saw(Given { contracts: true, ..Given::default() });
            for &(customer, start, end) in contracts {
                let contract = Contract { start: instant(start), end: end.map(instant) };
                builder.add_contract(&customer.to_string(), contract);
            }
            History::fold(vec![builder]).unwrap()
        };
        let past: Vec<_> = contracts
            .iter()
            .filter(|&&(_, start, _)| start <= cutoff_hour)
            .map(|&(customer, start, end)| (customer, start, end.filter(|&end| end <= cutoff_hour)))
            .collect();
        let cutoff = instant(cutoff_hour);
        prop_assert_eq!(features(&build(&contracts), cutoff, 30), features(&build(&past), cutoff, 30));
    }

    /// Every value is one its feature can have, and is missing only where the feature says so.
    #[test]
    fn values_stay_in_range(rows in prop::collection::vec(row(), 0..60), cutoff_hour in 0..2400_u16) {
        for (_, row) in features(&build(&rows), instant(cutoff_hour), 30) {
            for (feature, bits) in registry::all().zip(row) {
                let value = f64::from_bits(bits);
                if value.is_nan() {
                    prop_assert!(feature.missing.is_some(), "{} is missing", feature.name);
                    continue;
                }
                prop_assert!(value.is_finite() && value >= feature.least, "{}: {value}", feature.name);
                prop_assert!(!feature.unit.is_whole() || value.fract() == 0.0, "{}: {value}", feature.name);
            }
        }
    }

    /// The core features of a snapshot are the table's own.
    #[test]
    fn a_snapshot_is_the_core_of_the_table(rows in prop::collection::vec(row(), 0..60), hour in 0..2400_u16) {
        let history = build(&rows);
        let snapshot = Snapshot::take(&history, instant(hour), Days::new(30).unwrap());
        let wide = features(&history, instant(hour), 30);
        prop_assert_eq!(snapshot.rows.len(), wide.len());
        for (core, (_, wide)) in snapshot.rows.iter().zip(wide) {
            prop_assert_eq!(core.map(f64::to_bits).to_vec(), wide[..core.len()].to_vec());
            prop_assert!(core[0] <= core[4], "the last purchase is not before the first");
            prop_assert!(core[0] < 30.0, "the population bought within the lookback");
        }
    }
}
