//! What must hold for any log.

#![allow(clippy::unwrap_used)]

use std::io::Write;

use mainstay_features::check::DayReport;
use mainstay_features::history::{
    Compared, Complaint, Contact, Contract, Given, Histories, History, HistoryBuilder, HistoryError, Profile,
    Segment, Severity, Spill, write_segment,
};
use mainstay_features::known::Cut;
use mainstay_features::merge::SortedParts;
use mainstay_features::profile::{self, Attribute};
use mainstay_features::registry;
use mainstay_features::table::{Rows, Snapshot, Table};
use mainstay_features::units::{Amount, Days, Instant};
use proptest::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

const DAY: i64 = 86_400_000_000;

/// A row: customer, order, hours since the start, amount; complaints have no order.
#[derive(Clone, Debug)]
enum Row {
    Line { customer: u32, order: u8, hour: u16, cents: i32 },
    Cancellation { customer: u32, order: u8, hour: u16, cents: i32 },
    Complaint { customer: u32, hour: u16, resolved_after: Option<u16>, severity: Option<u8> },
    Contact { customer: u32, hour: u16 },
    Profile { customer: u32, hour: Option<u16>, attribute: u8, value: Option<u8> },
}

impl Row {
    /// The same of another customer.
    fn of_customer(mut self, number: u32) -> Self {
        match &mut self {
            Self::Line { customer, .. }
            | Self::Cancellation { customer, .. }
            | Self::Complaint { customer, .. }
            | Self::Contact { customer, .. }
            | Self::Profile { customer, .. } => *customer = number,
        }
        self
    }

    fn hour(&self) -> u16 {
        match self {
            Self::Line { hour, .. }
            | Self::Cancellation { hour, .. }
            | Self::Complaint { hour, .. }
            | Self::Contact { hour, .. } => *hour,
            // What does not say since when it is so may be known only later.
            Self::Profile { hour, .. } => hour.unwrap_or(u16::MAX),
        }
    }
}

/// Few customers and orders, so that orders have several lines at several instants; amounts with thirds in them, so
/// that the order of summation shows.
fn row() -> impl Strategy<Value = Row> {
    prop_oneof![
        4 => (0..4_u32, 0..6_u8, 0..2400_u16, -500..2000_i32)
            .prop_map(|(customer, order, hour, cents)| Row::Line { customer, order, hour: hour / 6 * 6, cents }),
        1 => (0..4_u32, 0..6_u8, 0..2400_u16, -900..100_i32)
            .prop_map(|(customer, order, hour, cents)| Row::Cancellation { customer, order, hour, cents }),
        1 => (0..4_u32, 0..2400_u16, prop::option::of(0..900_u16), prop::option::of(0..5_u8)).prop_map(
            |(customer, hour, resolved_after, severity)| {
                Row::Complaint { customer, hour, resolved_after, severity }
            }
        ),
        1 => (0..4_u32, 0..2400_u16).prop_map(|(customer, hour)| Row::Contact { customer, hour }),
        2 => (0..4_u32, prop::option::weighted(0.8, 0..2400_u16), 0..3_u8, prop::option::weighted(0.8, 0..4_u8))
            .prop_map(|(customer, hour, attribute, value)| {
                Row::Profile { customer, hour: hour.map(|hour| hour / 300 * 300), attribute, value }
            }),
    ]
}

/// A contract: customer, hours since the start when it starts and, if it does, ends.
fn contract() -> impl Strategy<Value = (u32, u16, Option<u16>)> {
    (0..4_u32, 0..2400_u16, prop::option::of(0..900_u16))
        .prop_map(|(customer, start, lasts)| (customer, start, lasts.map(|hours| start + hours)))
}

fn instant(hour: u16) -> Instant {
    Instant::from_micros(i64::from(hour) * DAY / 24 + 20_000 * DAY).unwrap()
}

fn builder(rows: &[Row]) -> HistoryBuilder {
    let mut builder = HistoryBuilder::default();
    add(&mut builder, rows);
    builder
}

fn add(builder: &mut HistoryBuilder, rows: &[Row]) {
    for row in rows {
        match *row {
            Row::Line { customer, order, hour, cents } => {
                let (customer, at) = (customer.to_string(), instant(hour));
                builder.add_line(&customer, &order.to_string(), at, thirds(cents));
                builder.add_product(&customer, &(cents % 7).to_string(), at);
                builder.add_discount(&customer, &order.to_string(), at, thirds(cents % 50));
            }
            Row::Cancellation { customer, order, hour, cents } => {
                let (customer, order) = (customer.to_string(), order.to_string());
                builder.add_cancellation(&customer, &order, instant(hour), thirds(cents));
            }
            Row::Complaint { customer, hour, resolved_after, severity } => {
                let complaint = Complaint {
                    instant: instant(hour),
                    resolved_at: resolved_after.map(|hours| instant(hour + hours)),
                    severity: severity.and_then(|severity| Severity::new(severity.into())),
                    category: None,
                };
                builder.add_complaint(&customer.to_string(), complaint);
            }
            Row::Contact { customer, hour } => {
                let contact = Contact { instant: instant(hour), channel: None, offer: None };
                builder.add_contact(&customer.to_string(), contact);
            }
            Row::Profile { customer, hour, attribute, value } => {
                let profile = Profile {
                    attribute: builder.word(&format!("attribute {attribute}")),
                    from: hour.map(instant),
                    value: value.map(|value| builder.word(&value.to_string())),
                };
                builder.add_profile(&customer.to_string(), profile);
            }
        }
    }
}

fn thirds(cents: i32) -> Amount {
    Amount::new(f64::from(cents) / 3.0).unwrap()
}

fn build(rows: &[Row]) -> History {
    History::fold(vec![builder(rows)]).unwrap()
}

/// Every attribute's value that everyone has at an instant, with identifiers and names.
fn attributes(history: &History, as_of: Instant) -> Vec<(String, String, String)> {
    let (mut values, mut cut) = (Vec::new(), Cut::default());
    let mut attributes = profile::Said::of(history).attributes(|word| history.text(word));
    attributes.retain(Attribute::is_feature);
    for customer in 0..history.len() {
        let Some(known) = cut.at(history.customer(customer), as_of) else { continue };
        let id = history.customer_id(customer);
        values.extend(attributes.iter().filter_map(|attribute| {
            let value = history.text(attribute.known(history, &known)?);
            Some((id.to_owned(), attribute.name.clone(), value.to_owned()))
        }));
    }
    values
}

/// Every feature of everyone at an instant, with their identifiers, down to the last bit.
fn features(history: &History, as_of: Instant, lookback: u32) -> Vec<(String, Vec<u64>)> {
    bits(&table(as_of, lookback).rows(history, 0..history.len()))
}

/// The same of a history in parts, merged, a few rows at a time.
fn features_of_all(histories: &Histories, as_of: Instant, lookback: u32) -> Vec<(String, Vec<u64>)> {
    let table = table(as_of, lookback);
    let folder = std::env::temp_dir();
    let mut parts = SortedParts::new(&folder, histories.id_kind(), table.features.len(), 0).unwrap();
    for rows in histories.each(|part| table.rows(part, 0..part.len())).unwrap() {
        parts.add(&rows).unwrap();
    }
    let mut all = Vec::new();
    parts
        .merge(3, |rows| {
            all.extend(bits(&rows));
            Ok(())
        })
        .unwrap();
    all
}

fn table(as_of: Instant, lookback: u32) -> Table {
    Table {
        as_of: vec![as_of],
        lookback: Days::new(lookback).unwrap(),
        features: registry::all().collect(),
        attributes: Vec::new(),
    }
}

fn bits(rows: &Rows) -> Vec<(String, Vec<u64>)> {
    let bits = |row: usize| rows.columns.iter().map(|column| column[row].to_bits()).collect();
    rows.ids.iter().enumerate().map(|(row, id)| (id.to_owned(), bits(row))).collect()
}

/// A segment of older ones and rows, written and opened again.
fn segment(older: &[Segment], rows: &[Row]) -> Segment {
    let mut file = tempfile::tempfile().unwrap();
    write_segment(older, Compared::default(), vec![builder(rows)], &mut file).unwrap();
    Segment::open(file).unwrap()
}

/// The bytes of a segment with seven customers.
fn segment_bytes() -> Vec<u8> {
    let rows: Vec<Row> = (0..40)
        .map(|i| Row::Line { customer: i % 7, order: i as u8, hour: i as u16 * 9, cents: 100 })
        .collect();
    let mut bytes = Vec::new();
    write_segment(&[], Compared::default(), vec![builder(&rows)], &mut bytes).unwrap();
    bytes
}

/// How many customers a segment of these bytes has.
fn customers_in(bytes: &[u8]) -> Result<usize, HistoryError> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    Ok(History::of_segments(&[Segment::open(file)?])?.len())
}

/// Bytes that are not what was written are refused, whichever they are, and never a panic.
#[test]
fn a_damaged_segment_is_refused() {
    let bytes = segment_bytes();
    assert_eq!(customers_in(&bytes).unwrap(), 7);
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1 << (place % 8);
        assert!(customers_in(&damaged).is_err(), "byte {place} of {}", bytes.len());
    }
    for len in 0..bytes.len() {
        assert!(customers_in(&bytes[..len]).is_err(), "{len} bytes of {}", bytes.len());
    }
}

/// A checksum that holds does not make a part what it cannot be.
#[test]
fn a_forged_segment_is_refused() {
    let bytes = segment_bytes();
    let footer = bytes.len() - 32;
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    let directory = word(footer) as usize;
    let first = footer - 256 * 32;
    for (place, forged, message) in [
        // Its offset and its bytes unpacked.
        (0, word(first) - 1, "out of place"),
        (0, word(first) + 1, "out of place"),
        (2, u64::MAX, "forged to fill the memory"),
        (2, 1 << 40, "forged to fill the memory"),
    ] {
        let mut forgery = bytes.clone();
        forgery[first + 8 * place..][..8].copy_from_slice(&forged.to_le_bytes());
        let checksum = xxh3_64(&forgery[directory..footer]);
        forgery[footer + 16..][..8].copy_from_slice(&checksum.to_le_bytes());
        let error = customers_in(&forgery).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
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

    /// The order of the rows changes nothing.
    #[test]
    fn permuting_the_rows_changes_nothing(
        (rows, shuffled) in prop::collection::vec(row(), 0..60)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        cutoff_hour in 0..2400_u16,
    ) {
        let cutoff = instant(cutoff_hour);
        let (rows, shuffled) = (build(&rows), build(&shuffled));
        prop_assert_eq!(features(&rows, cutoff, 365), features(&shuffled, cutoff, 365));
        prop_assert_eq!(attributes(&rows, cutoff), attributes(&shuffled, cutoff));
    }

    /// Two halves read apart and put together are the whole.
    #[test]
    fn halves_fold_to_the_whole(rows in prop::collection::vec(row(), 0..60), split in 0..60_usize) {
        let (left, right) = rows.split_at(split.min(rows.len()));
        let whole = features(&build(&rows), instant(2000), 365);
        let both = History::fold(vec![builder(left), builder(right)]).unwrap();
        prop_assert_eq!(features(&both, instant(2000), 365), whole.clone());
        let mut one = builder(left);
        one.append(builder(right));
        prop_assert_eq!(features(&History::fold(vec![one]).unwrap(), instant(2000), 365), whole);
    }

    /// What is written to disk in two sends and read back is the whole, and so is what is put together there.
    #[test]
    fn segments_hold_the_whole(rows in prop::collection::vec(row(), 0..60), split in 0..60_usize) {
        let whole = features(&build(&rows), instant(2000), 365);
        let (left, right) = rows.split_at(split.min(rows.len()));
        let two = [segment(&[], left), segment(&[], right)];
        prop_assert_eq!(features(&History::of_segments(&two).unwrap(), instant(2000), 365), whole.clone());
        let of_two = attributes(&History::of_segments(&two).unwrap(), instant(2000));
        prop_assert_eq!(of_two, attributes(&build(&rows), instant(2000)));
        let one = [segment(&two[..1], right)];
        prop_assert_eq!(features(&History::of_segments(&one).unwrap(), instant(2000), 365), whole);
    }

    /// Rows that went to disk on the way, in as many pieces as may be, are the whole: folded one part of the customers at
    /// a time and merged in the order of identifiers, they give the same rows.
    #[test]
    fn spilled_rows_are_the_whole(
        rows in prop::collection::vec(row(), 0..60), spills in prop::collection::vec(any::<bool>(), 60),
    ) {
        let whole = features(&build(&rows), instant(2000), 365);
        let spill = Spill::new(&std::env::temp_dir()).unwrap();
        let mut one = HistoryBuilder::default();
        let mut builders: Vec<HistoryBuilder> = Vec::new();
        for (number, (row, spills)) in rows.chunks(5).zip(&spills).enumerate() {
            add(&mut one, row);
            match (spills, number % 3) {
                (true, _) => one.spill(&spill).unwrap(),
                (false, 0) => builders.push(std::mem::take(&mut one)),
                (false, _) => {
                    if let Some(other) = builders.pop() {
                        one.append(other);
                    }
                }
            }
        }
        builders.push(one);
        let histories = Histories::fold(builders).unwrap();
        prop_assert_eq!(features_of_all(&histories, instant(2000), 365), whole);
        prop_assert_eq!(histories.summary(), Histories::from(build(&rows)).summary());
    }

    /// So is what a kept history holds that is more than may be in memory.
    #[test]
    fn segments_are_folded_part_by_part(rows in prop::collection::vec(row(), 1..60), split in 0..60_usize) {
        let whole = features(&build(&rows), instant(2000), 365);
        let (left, right) = rows.split_at(split.min(rows.len()));
        let read = |noted| {
            let segments = vec![segment(&[], left), segment(&[], right)];
            let histories = Histories::of_segments(segments, Some(0), noted).unwrap();
            assert!(histories.whole().is_none());
            histories
        };
        let histories = read(None);
        prop_assert_eq!(&features_of_all(&histories, instant(2000), 365), &whole);

        // What was noted of them spares the look at every part; what is of others is not believed.
        let days = DayReport::of_orders(&build(&rows).into());
        prop_assert_eq!(DayReport::of_orders(&histories), days.clone());
        let noted = histories.noted().unwrap();
        prop_assert_eq!(DayReport::of_orders(&read(Some(noted.clone()))), days);
        let mut forged = noted.clone();
        forged.summary.orders += 1;
        prop_assert_eq!(read(Some(forged.clone())).noted(), Some(forged.clone()));
        prop_assert_eq!(features_of_all(&read(Some(forged.clone())), instant(2000), 365), whole);
        forged.segments.reverse();
        prop_assume!(forged.segments != noted.segments);
        prop_assert_eq!(read(Some(forged)).noted(), Some(noted));
    }

    /// What is sent again and left out changes nothing, whatever else comes with it: the history is that of everything
    /// once. (Of rows that are the same in everything: orders sent again as they were.)
    #[test]
    fn rows_sent_again_are_left_out(
        kept in prop::collection::vec(row(), 0..40), new in prop::collection::vec(row(), 0..20),
    ) {
        // The new rows are other customers', so that no order of theirs goes on in them.
        let new: Vec<Row> = new.into_iter().map(|row| row.of_customer(4)).collect();
        let once = segment(&[], &kept);
        let both: Vec<Row> = kept.iter().chain(&new).cloned().collect();
        let mut file = tempfile::tempfile().unwrap();
        let all_kept = Compared { segments: std::slice::from_ref(&once), leave_out: true };
        write_segment(&[], all_kept, vec![builder(&both)], &mut file).unwrap();
        let again = Segment::open(file).unwrap();
        let history = History::of_segments(&[once, again]).unwrap();
        prop_assert_eq!(features(&history, instant(2000), 365), features(&build(&both), instant(2000), 365));
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

#[test]
fn one_thread_and_two_give_the_same_bits() {
    // Enough customers for every step to be split among threads.
    let rows: Vec<Row> = (0..120_000_u32)
        .map(|i| {
            let hash = i.wrapping_mul(2_654_435_761);
            Row::Line {
                customer: hash % 30_011,
                order: (hash >> 16) as u8,
                hour: (hash % 2400) as u16,
                cents: (hash >> 8) as u16 as i32 - 9000,
            }
        })
        .collect();
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| features(&build(&rows), instant(2000), 60))
    };
    let one = on(1);
    assert!(one.len() > 10_000, "{}", one.len());
    assert_eq!(one, on(2));
}
