//! A kept history that is asked about one customer at a time: the part of the customers that one is in is read when
//! somebody first asks for one of them.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use super::again::Again;
use super::builder::{HistoryBuilder, PARTS, part_of};
use super::event::Given;
use super::log::Log;
use super::part::Sorted;
use super::segment::{Segment, sorted_part};
use super::shard::Shard;
use super::words::Words;
use super::{Gathered, History, HistoryError, gather};
use crate::id::IdKind;

/// What several segments hold together, by customer.
#[derive(Debug)]
pub struct Lookup {
    kind: IdKind,
    given: Given,
    words: Arc<Words>,
    segments: Vec<Segment>,
    /// Each part's rows, once they have been read.
    parts: Vec<OnceLock<Sorted>>,
}

impl Lookup {
    /// Of segments, none of whose rows is read yet.
    pub fn of_segments(segments: Vec<Segment>) -> Self {
        let Gathered { kind, given, words, .. } = gather(&segments, Vec::new());
        let parts = (0..PARTS).map(|_| OnceLock::new()).collect();
        Self { kind, given, words, segments, parts }
    }

    /// What there is beyond purchases.
    pub fn given(&self) -> Given {
        self.given
    }

    /// Every text of the history that begins with this: an attribute's name, a category, a channel.
    pub fn words_that_begin_with(&self, beginning: &str) -> Vec<&str> {
        self.words.texts().filter(|text| text.starts_with(beginning)).collect()
    }

    /// One customer's history, together with rows of that customer that came since: those that are kept already are left
    /// out, and the others folded as any are, so that the same rows are the same history wherever they came from. It is of
    /// nobody where neither has a row.
    ///
    /// # Errors
    /// When the customer's part cannot be read.
    pub fn customer(&self, customer: &str, since: Option<HistoryBuilder>) -> Result<History, HistoryError> {
        let kept = self.part(part_of(customer).into())?.only(customer, self.kind);
        let (mut logs, own, given, words) = since.map(HistoryBuilder::finish).unwrap_or_default();
        let kind = if own == IdKind::Text { own } else { self.kind };
        logs.retain(|log| !log.is_empty());
        let none: [Log; 0] = [];
        let sorted = match kept {
            Some(kept) if logs.is_empty() => kept,
            Some(kept) => {
                let mut again = Again::new(Sorted::of(logs, Vec::new(), kind)?)?;
                again.compare(&kept);
                Sorted::of(none, vec![kept, again.into_others()], kind)?
            }
            None => Sorted::of(logs, Vec::new(), kind)?,
        };
        let mut all_words = self.words.clone();
        if words.texts().next().is_some() {
            Arc::make_mut(&mut all_words).extend(words);
        }
        Ok(History::of_shards(kind, self.given.or(given), all_words, vec![Shard::fold(sorted)?])?)
    }

    /// Which of some customers have a row. Only the parts are read that one of them would be in, and none is kept in memory.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn known<'a>(
        &self,
        customers: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<&'a str>, HistoryError> {
        let mut by_part: BTreeMap<u8, Vec<&str>> = BTreeMap::new();
        customers
            .into_iter()
            .for_each(|customer| by_part.entry(part_of(customer)).or_default().push(customer));
        let known = by_part.into_par_iter().map(|(part, mut customers)| {
            let none: [Log; 0] = [];
            let sorted = sorted_part(&self.segments, part.into(), &none, self.kind)?;
            customers.retain(|customer| sorted.customers.find(customer, self.kind).is_some());
            Ok(customers)
        });
        Ok(known.collect::<Result<Vec<_>, HistoryError>>()?.concat())
    }

    fn part(&self, number: usize) -> Result<&Sorted, HistoryError> {
        let slot = &self.parts[number];
        if let Some(part) = slot.get() {
            return Ok(part);
        }
        let none: [Log; 0] = [];
        // Two who ask at once both read it, and one reading is kept.
        let part = sorted_part(&self.segments, number, &none, self.kind)?;
        Ok(slot.get_or_init(|| part))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::history::{Compared, Complaint, write_segment};
    use crate::units::{Amount, Instant};

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    /// Purchases of 300 customers: so many that most parts have some.
    fn builder(orders: std::ops::Range<u32>) -> HistoryBuilder {
        let mut builder = HistoryBuilder::default();
        for order in orders {
            for customer in 0..300 {
                let (id, order) = (format!("c{customer}"), order.to_string());
                builder.add_line(&id, &order, at("2024-01-01"), Amount::new(f64::from(customer)).unwrap());
            }
        }
        builder
    }

    fn segment(rows: HistoryBuilder) -> Segment {
        let mut file = tempfile::tempfile().unwrap();
        let mut bytes: Vec<u8> = Vec::new();
        write_segment(&[], Compared::default(), vec![rows], &mut bytes).unwrap();
        file.write_all(&bytes).unwrap();
        Segment::open(file).unwrap()
    }

    #[test]
    fn a_customer_alone_is_as_in_the_whole_history_whichever_rows_are_kept() {
        let complains = |mut builder: HistoryBuilder| {
            builder.add_complaint("c7", Complaint::at(at("2024-02-01")));
            builder
        };
        let whole = History::fold(vec![complains(builder(0..3))]).unwrap();
        let kept = Lookup::of_segments(vec![segment(builder(0..1)), segment(builder(1..2))]);
        for number in 0..whole.len() {
            let id = whole.customer_id(number);
            let mut more = HistoryBuilder::default();
            let amount = Amount::new(id[1..].parse().unwrap()).unwrap();
            more.add_line(id, "2", at("2024-01-01"), amount);
            // Sent once more, though it is kept.
            more.add_line(id, "1", at("2024-01-01"), amount);
            let more = if id == "c7" { complains(more) } else { more };
            let one = kept.customer(id, Some(more)).unwrap();
            assert_eq!((one.len(), one.customer_id(0)), (1, id));
            assert_eq!(one.customer(0), whole.customer(number), "{id}");
            assert_eq!(one.given().complaints, id == "c7", "what only others have, it cannot tell");
        }
    }

    #[test]
    fn who_is_in_neither_is_nobody_and_who_is_new_is_found() {
        let kept = Lookup::of_segments(vec![segment(builder(0..1))]);
        assert!(kept.customer("nobody", None).unwrap().is_empty());
        let mut new = HistoryBuilder::default();
        new.add_line("new", "1", at("2024-01-01"), Amount::new(1.0).unwrap());
        assert_eq!(kept.customer("new", Some(new)).unwrap().order_count(), 1);
        let nothing = Lookup::of_segments(Vec::new());
        assert!(nothing.customer("c1", Some(HistoryBuilder::default())).unwrap().is_empty());
    }
}
