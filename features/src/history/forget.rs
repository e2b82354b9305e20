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
use super::segment::{Segment, sorted_part, write_parts};
use crate::id::{Ids, fingerprint};

/// Numbers of words.
type Numbers = HashSet<u64>;

/// How many of the customers that segments hold are to be forgotten.
///
/// # Errors
/// When one cannot be read.
pub fn count_forgotten(
    segments: &[Segment],
    is_forgotten: &(dyn Fn(&str) -> bool + Sync),
) -> Result<usize, HistoryError> {
    let in_part = |number: usize| -> Result<usize, HistoryError> {
        let mut customers: HashSet<String> = HashSet::new();
        for segment in segments {
            let part = segment.part(number)?;
            customers.extend(part.customers.iter().filter(|id| is_forgotten(id)).map(str::to_owned));
        }
        Ok(customers.len())
    };
    (0..PARTS).into_par_iter().map(in_part).sum()
}

/// Writes what segments hold as one segment, without those customers who are to be forgotten and without the texts, such as
/// names, that nobody else has. Returns how many they are.
///
/// # Errors
/// When it cannot be written, or a segment cannot be read.
pub fn write_segment_without(
    segments: &[Segment],
    is_forgotten: &(dyn Fn(&str) -> bool + Sync),
    out: &mut dyn Write,
) -> Result<usize, HistoryError> {
    let none: [Log; 0] = [];
    let theirs = |number: usize| -> Result<Numbers, HistoryError> {
        let mut words = Numbers::new();
        for segment in segments {
            let part = segment.part(number)?;
            for (customer, id) in part.customers.iter().enumerate() {
                if is_forgotten(id) {
                    words.extend(part.words_of(customer));
                }
            }
        }
        Ok(words)
    };
    let theirs: Numbers = (0..PARTS)
        .into_par_iter()
        .map(theirs)
        .try_reduce(Numbers::new, |all, some| Ok(all.into_iter().chain(some).collect()))?;
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
