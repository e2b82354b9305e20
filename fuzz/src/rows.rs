//! Reads rows in every way there is to hold them: whichever it is, the history is the same.

use std::collections::HashMap;
use std::io;

use mainstay_features::history::{
    Compared, Histories, History, HistoryBuilder, HistoryError, Segment, Spill, write_segment,
};
use mainstay_features::ingest::{Input, collect};
use mainstay_features::profile;
use mainstay_features::watch::Unwatched;

use crate::options::{KEEP, Options, SPILL};
use crate::walk::walk;

/// Reads an input, folds it and walks through it. That it is refused is fine.
pub fn read(input: &Input, options: Options) {
    let Some(builders) = builders(input) else { return };
    let Ok(whole) = History::fold(builders).map(Histories::from) else { return };
    walk(&whole);
    for (option, other) in [(SPILL, spilled as fn(&Input, &Histories) -> _), (KEEP, kept)] {
        if options.has(option) {
            match other(input, &whole) {
                Ok(other) => {
                    walk(&other);
                    assert_same(&other, &whole);
                }
                Err(error) => panic!("what is read cannot be held: {error}"),
            }
        }
    }
}

fn builders(input: &Input) -> Option<Vec<HistoryBuilder>> {
    let mut collected = collect(input, &Unwatched).ok()?;
    if let Some(survey) = &mut collected.survey {
        survey.repeats();
        survey.days();
    }
    Some(collected.builders)
}

/// The rows of every second builder on disk.
fn spilled(input: &Input, whole: &Histories) -> Result<Histories, HistoryError> {
    let spill = Spill::new(&std::env::temp_dir())?;
    let mut builders = builders(input).unwrap_or_default();
    builders.iter_mut().step_by(2).try_for_each(|builder| builder.spill(&spill))?;
    // And of a builder that went on after it was.
    let [on_disk, in_memory] = [Some(&spill), None].map(|spill| {
        Histories::fold(whole.each(|part| rows_of(part, spill))?.into_iter().collect::<io::Result<_>>()?)
    });
    let in_memory = in_memory?;
    assert_same(&on_disk?, &in_memory);
    Histories::fold(builders)
}

/// The rows in a segment, and once more, but without those that are in it, in another.
fn kept(input: &Input, whole: &Histories) -> Result<Histories, HistoryError> {
    let mut file = tempfile::tempfile()?;
    write_segment(&[], Compared::default(), builders(input).unwrap_or_default(), &mut file)?;
    let first = Segment::open(file)?;
    let has_both = |(begin, end)| first.overlaps((begin, begin)) && first.overlaps((end, end));
    assert!(whole.summary().span.is_none_or(has_both), "a segment says from when its lines are");
    let mut file = tempfile::tempfile()?;
    let again = Compared { segments: std::slice::from_ref(&first), leave_out: true };
    write_segment(&[], again, builders(input).unwrap_or_default(), &mut file)?;
    Histories::of_segments(vec![first, Segment::open(file)?], Some(0), None)
}

/// Writes a segment of several, with what is in them sent again.
///
/// # Errors
/// When one of them is damaged.
pub fn sent_again(segments: &[Segment], of: &Histories) -> Result<Segment, HistoryError> {
    let builders = of.each(|part| rows_of(part, None))?.into_iter().collect::<io::Result<_>>()?;
    let mut file = tempfile::tempfile()?;
    write_segment(segments, Compared { segments, leave_out: true }, builders, &mut file)?;
    Segment::open(file)
}

/// A history's rows, each customer's spilled in their midst where that is asked for. All orders have one name, as their
/// own are not known.
fn rows_of(history: &History, spill: Option<&Spill>) -> io::Result<HistoryBuilder> {
    let mut builder = HistoryBuilder::default();
    for customer in 0..history.len() {
        let (id, known) = (history.customer_id(customer), history.customer(customer));
        known.orders.iter().for_each(|order| builder.add_line(id, "order", order.instant, order.amount));
        known.complaints.iter().for_each(|&complaint| builder.add_complaint(id, complaint));
        spill.map_or(Ok(()), |spill| builder.spill(spill))?;
        known
            .discounts
            .iter()
            .for_each(|discount| builder.add_discount(id, "order", discount.instant, discount.amount));
        known.contacts.iter().for_each(|&contact| builder.add_contact(id, contact));
        known.profiles.iter().for_each(|&profile| builder.add_profile(id, profile));
        known.contracts.iter().for_each(|&contract| builder.add_contract(id, contract));
    }
    Ok(builder)
}

fn assert_same(one: &Histories, other: &Histories) {
    assert_eq!(one.summary(), other.summary(), "the same is counted");
    assert_eq!((one.given(), one.id_kind()), (other.given(), other.id_kind()), "the same is given");
    let attributes = |histories| profile::attributes(histories);
    assert_eq!(attributes(one), attributes(other), "attributes are the same");
    let Some(whole) = other.whole() else { return };
    let places: HashMap<&str, usize> =
        (0..whole.len()).map(|place| (whole.customer_id(place), place)).collect();
    let same = one.each(|part| {
        for customer in 0..part.len() {
            let place = places[part.customer_id(customer)];
            assert_eq!(part.customer(customer), whole.customer(place), "a customer's history is the same");
        }
    });
    assert!(same.is_ok(), "every part is read again");
}
