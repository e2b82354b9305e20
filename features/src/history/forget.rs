//! A kept history without some of its customers: they are in nothing of it, as if they had never been.

use std::collections::HashSet;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::HistoryError;
use super::builder::PARTS;
use super::log::Log;
use super::part::Sorted;
use super::rows::Grouped;
use super::segment::{Segment, sorted_part};
use super::segment_writer::write_parts;
use crate::id::{Ids, fingerprint};

/// Numbers of words.
type Numbers = HashSet<u64>;

/// Customers whom segments hold and who are to be forgotten, and the words that stand in their rows.
#[derive(Debug, Default)]
pub struct Leaving {
    /// How many they are.
    pub customers: usize,
    words: Numbers,
}

impl Leaving {
    /// Finds them.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn find(
        segments: &[Segment],
        is_forgotten: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<Self, HistoryError> {
        let in_part = |number: usize| -> Result<Self, HistoryError> {
            let (mut customers, mut words) = (HashSet::new(), Numbers::new());
            for segment in segments {
                let part = segment.part(number)?;
                for (customer, id) in part.customers.iter().enumerate().filter(|(_, id)| is_forgotten(id)) {
                    customers.insert(id.to_owned());
                    words.extend(part.words_of(customer));
                }
            }
            Ok(Self { customers: customers.len(), words })
        };
        (0..PARTS).into_par_iter().map(in_part).try_reduce(Self::default, |mut all, some| {
            all.customers += some.customers;
            all.words.extend(some.words);
            Ok(all)
        })
    }
}

/// Writes what segments hold as one segment, without those customers who leave and without the texts, such as names, that nobody
/// else has. Returns how many they are.
///
/// # Errors
/// When it cannot be written, or a segment cannot be read.
pub fn write_segment_without(
    segments: &[Segment],
    leaving: &Leaving,
    is_forgotten: &(dyn Fn(&str) -> bool + Sync),
    out: &mut dyn Write,
) -> Result<usize, HistoryError> {
    let none: [Log; 0] = [];
    let theirs = &leaving.words;
    let others = Mutex::new(Numbers::new());
    let left = |number: usize, kind| -> Result<(Sorted, usize), HistoryError> {
        let sorted = sorted_part(segments, number, &none, kind)?;
        let leaves: Vec<bool> = sorted.customers.iter().map(is_forgotten).collect();
        let stays = (0..leaves.len()).filter(|&customer| !leaves[customer]);
        let words: Numbers = stays
            .flat_map(|customer| sorted.words_of(customer))
            .filter(|word| theirs.contains(word))
            .collect();
        if !words.is_empty() {
            others.lock().unwrap_or_else(PoisonError::into_inner).extend(words);
        }
        let count = leaves.iter().filter(|leaves| **leaves).count();
        Ok((sorted.without_customers(&leaves), count))
    };
    let is_of_others = |text: &str| {
        let word = fingerprint(text);
        !theirs.contains(&word) || others.lock().unwrap_or_else(PoisonError::into_inner).contains(&word)
    };
    write_parts(segments, left, is_of_others, out)
}

impl Sorted {
    /// The numbers of the words in a customer's rows.
    fn words_of(&self, customer: usize) -> impl Iterator<Item = u64> + '_ {
        let categories = self.complaints.of(customer).iter().filter_map(|complaint| complaint.category);
        let contacts = self.contacts.of(customer).iter().flat_map(|contact| [contact.channel, contact.offer]);
        let profiles =
            self.profiles.of(customer).iter().flat_map(|profile| [Some(profile.attribute), profile.value]);
        categories.chain(contacts.flatten()).chain(profiles.flatten()).map(|word| word.number())
    }

    /// The rows of the customers who do not leave.
    fn without_customers(self, leaves: &[bool]) -> Self {
        if !leaves.contains(&true) {
            return self;
        }
        let mut customers = Ids::default();
        let stays = self.customers.iter().zip(leaves).filter(|(_, leaves)| !**leaves);
        stays.for_each(|(id, _)| customers.push(id));
        Self {
            customers,
            lines: stayed(&self.lines, leaves),
            cancellations: stayed(&self.cancellations, leaves),
            first_buys: stayed(&self.first_buys, leaves),
            discounts: stayed(&self.discounts, leaves),
            complaints: stayed(&self.complaints, leaves),
            contacts: stayed(&self.contacts, leaves),
            profiles: stayed(&self.profiles, leaves),
            contracts: stayed(&self.contracts, leaves),
        }
    }
}

fn stayed<T: Copy>(rows: &Grouped<T>, leaves: &[bool]) -> Grouped<T> {
    let (mut ends, mut kept) = (Vec::new(), Vec::new());
    for (customer, _) in leaves.iter().enumerate().filter(|(_, leaves)| !**leaves) {
        kept.extend_from_slice(rows.of(customer));
        // There are fewer than there were.
        ends.push(kept.len() as u32);
    }
    if kept.is_empty() {
        return Grouped::default();
    }
    let customers = ends.len();
    Grouped::new(ends, kept, customers).unwrap_or_default()
}
