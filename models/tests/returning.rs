//! How many leave and come back by themselves, of logs small enough to count it by hand.

#![allow(clippy::unwrap_used)]

use mainstay_features::history::{Histories, HistoryBuilder, Spill};
use mainstay_features::units::{Amount, Days, Instant};
use mainstay_models::lifetime::returning::Share;
use mainstay_models::lifetime::{Lifetime, Retention, Returning};
use mainstay_models::training::Settings;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// So many customers who buy on these days.
type Group = (u32, &'static [i64]);

/// Known until day 600, and so looked at as of day 235, with a horizon until day 265. Of 40 who bought once and left 10 come back once, the
/// 40 who stayed all do; of who bought on two days there are too few leavers.
const GROUPS: [Group; 5] =
    [(30, &[200]), (10, &[200, 300]), (40, &[200, 250, 400]), (29, &[190, 200]), (40, &[190, 200, 250, 400])];

fn at(day: i64) -> Instant {
    Instant::from_micros(day * MICROS_PER_DAY).unwrap()
}

fn builder(groups: &[Group]) -> HistoryBuilder {
    let mut builder = HistoryBuilder::default();
    for (group, (customers, days)) in groups.iter().enumerate() {
        for customer in 0..*customers {
            let id = format!("{group}-{customer}");
            for day in *days {
                builder.add_line(&id, &format!("{id}-{day}"), at(*day), Amount::new(10.0).unwrap());
            }
        }
    }
    builder
}

fn measure(histories: &Histories, lifetime: &Lifetime, known_until: i64) -> Option<Returning> {
    let days = |days| Days::new(days).unwrap();
    let settings = Settings { horizon: days(30), lookback: days(60), seed: 0, trainer: Default::default() };
    Returning::measure(histories, lifetime, at(known_until), &settings).unwrap()
}

fn lifetime() -> Lifetime {
    let model = r#"{"bg_nbd":{"purchases":{"r":0.24,"alpha_days":31,"a":0.79,"b":2.4},"purchases_per_day":1,"amounts":"own_mean"}}"#;
    serde_json::from_str(model).unwrap()
}

#[test]
fn leavers_are_held_against_who_stayed_and_too_few_tell_nothing() {
    let whole = Histories::fold(vec![builder(&GROUPS)]).unwrap();
    let told = measure(&whole, &lifetime(), 600).unwrap();
    // Who stayed all bought once: only the leavers' differences count, 10 × 0.75² + 30 × 0.25².
    let sd = 7.5_f64.sqrt() / 40.0;
    let once = told.classes[0].unwrap();
    assert!((once.share - 0.25).abs() < 1e-12 && (once.sd - sd).abs() < 1e-12, "{once:?}");
    assert_eq!(told.classes[1..], [None; 3]);
    assert_eq!((told.leavers, told.horizon_days, told.watched_days), (69, 30, 335));
    assert!(told.is_of_the_season());

    let reversed: Vec<Group> = GROUPS.into_iter().rev().collect();
    let mut spilled = builder(&reversed);
    spilled.spill(&Spill::new(&std::env::temp_dir()).unwrap()).unwrap();
    let spilled = Histories::fold(vec![spilled]).unwrap();
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(|| measure(&spilled, &lifetime(), 600)), Some(told));
    }
}

#[test]
fn where_leavers_buy_more_than_who_stayed_nothing_is_added_by_keeping_them() {
    let groups = [(40, [200, 300, 310].as_slice()), (40, &[200, 250, 400])];
    let told = measure(&Histories::fold(vec![builder(&groups)]).unwrap(), &lifetime(), 600).unwrap();
    assert!(told.classes[0].is_some_and(|class| class.share == 1.0) && told.share_of(7) == 1.0, "{told:?}");
}

/// No step from one number of purchase days to the next; what classes do not tell is that of their neighbours.
#[test]
fn between_the_middles_of_classes_that_tell_a_share_is_between_theirs() {
    let share = |share| Some(Share { share, sd: 0.01 });
    let classes = [share(0.4), None, share(0.2), None];
    let told = Returning { classes, leavers: 900, horizon_days: 90, watched_days: 90 };
    for (purchase_days, share) in [(1, 0.4), (3, 0.32), (6, 0.2), (10, 0.2), (500, 0.2)] {
        assert!((told.share_of(purchase_days - 1) - share).abs() < 1e-12, "{purchase_days}");
    }
    assert!(!told.is_of_the_season());
    let later = Returning { classes: [None, None, share(0.3), share(0.1)], ..told };
    assert_eq!([0, 5, 14, 99].map(|repeats| later.share_of(repeats)), [0.3, 0.3, 0.1, 0.1]);
}

#[test]
fn it_is_not_known_of_young_logs_few_customers_and_where_nothing_tells_what_is_bought_if_kept() {
    let of = |groups: &[Group], lifetime: &Lifetime, known_until| {
        measure(&Histories::fold(vec![builder(groups)]).unwrap(), lifetime, known_until)
    };
    // A year ago is before the log, two horizons ago is: nobody came since.
    assert_eq!(of(&GROUPS, &lifetime(), 290), None);
    assert_eq!(of(&GROUPS, &lifetime(), 210), None);
    assert_eq!(of(&GROUPS[1..], &lifetime(), 600), None);
    let retention = Retention { churn_rate: 0.4, churn_rate_sd: 0.0, horizon_days: 30, rate: None };
    assert_eq!(of(&GROUPS, &Lifetime::Rate(retention), 600), None);
}
