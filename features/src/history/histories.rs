//! A history in parts of the customers: one in memory, or many that are folded one at a time where the whole is larger
//! than memory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::builder::PARTS;
use super::event::{Given, Word};
use super::log::Log;
use super::segment::{Segment, join, sorted_part};
use super::shard::Shard;
use super::told::Told;
use super::words::Words;
use super::{Gathered, History, HistoryBuilder, HistoryError, gather, together};
use crate::id::IdKind;
use crate::newcomers::Newcomers;
use crate::profile::Said;
use crate::units::Instant;

/// A history, in memory as a whole or not. Whoever asks something of every customer asks it of [`Self::each`] part, and
/// puts the answers together.
#[derive(Debug)]
pub struct Histories {
    parts: Parts,
    summary: Summary,
    /// The checksums of the segments it is of, if it is of nothing else.
    segments: Option<Vec<u64>>,
}

#[derive(Debug)]
enum Parts {
    Whole(Box<History>),
    Unfolded(Unfolded),
}

/// What is not in memory: rows in files.
#[derive(Debug)]
struct Unfolded {
    kind: IdKind,
    given: Given,
    words: Arc<Words>,
    segments: Vec<Segment>,
    logs: Vec<Vec<Log>>,
    /// What customers files say, found out along with the summary: to fold every part again takes seconds.
    said: Said,
    orders_by_day: BTreeMap<i64, u64>,
    newcomers: Newcomers,
}

/// What there is in a history, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Customers with anything at all.
    pub customers: usize,
    /// Those with an order.
    pub buyers: usize,
    /// Orders.
    pub orders: usize,
    /// The instants of the first and the last order; `None` without orders.
    pub span: Option<(Instant, Instant)>,
    /// Of whom is told what else, and who of them has an order.
    pub told: Told,
}

/// What a look at every part of a history finds out, and of which segments: for the next time that they are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// The segments' checksums.
    pub segments: Vec<u64>,
    /// What there is, counted.
    pub summary: Summary,
    /// What customers files say.
    pub said: Said,
    /// How many orders began on each day, by days since 1970-01-01.
    pub orders_by_day: BTreeMap<i64, u64>,
    /// When customers first bought, and who came back soon.
    pub newcomers: Newcomers,
}

impl Summary {
    fn of(history: &History) -> Self {
        Self {
            customers: history.len(),
            buyers: history.buyer_count(),
            orders: history.order_count(),
            span: history.span(),
            told: history.told(),
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            customers: self.customers + other.customers,
            buyers: self.buyers + other.buyers,
            orders: self.orders + other.orders,
            span: self.span.into_iter().chain(other.span).reduce(join),
            told: self.told + other.told,
        }
    }
}

impl From<History> for Histories {
    fn from(history: History) -> Self {
        Self { summary: Summary::of(&history), parts: Parts::Whole(Box::new(history)), segments: None }
    }
}

impl Histories {
    /// Folds the rows of several builders, in any order: into memory, unless some were spilled.
    ///
    /// # Errors
    /// When what was spilled cannot be read again, or there are more customers than can be numbered.
    pub fn fold(builders: Vec<HistoryBuilder>) -> Result<Self, HistoryError> {
        if builders.iter().any(HistoryBuilder::has_spilled) {
            Self::unfolded(Vec::new(), builders)
        } else {
            Ok(History::fold(builders)?.into())
        }
    }

    /// The history that several segments hold together: in memory, unless it would take more bytes than `most`. Then every
    /// part is looked at once, unless it is noted what that finds out of these segments.
    ///
    /// # Errors
    /// When one cannot be read, or there are more customers than can be numbered.
    pub fn of_segments(
        segments: Vec<Segment>,
        most: Option<u64>,
        noted: Option<Noted>,
    ) -> Result<Self, HistoryError> {
        let bytes: u64 = segments.iter().map(Segment::unpacked_bytes).sum();
        let checksums: Vec<u64> = segments.iter().map(|segment| segment.checksum).collect();
        if most.is_none_or(|most| bytes <= most) {
            return Ok(Self { segments: Some(checksums), ..History::of_segments(&segments)?.into() });
        }
        match noted.filter(|noted| noted.segments == checksums) {
            Some(Noted { summary, said, orders_by_day, newcomers, .. }) => {
                let Gathered { kind, given, words, parts: logs } = gather(&segments, Vec::new());
                let unfolded =
                    Unfolded { kind, given, words, segments, logs, said, orders_by_day, newcomers };
                Ok(Self { parts: Parts::Unfolded(unfolded), summary, segments: Some(checksums) })
            }
            None => Ok(Self { segments: Some(checksums), ..Self::unfolded(segments, Vec::new())? }),
        }
    }

    /// The checksums of the segments that it is of: no other history has the same. `None` where it is not of segments alone.
    pub fn segments(&self) -> Option<&[u64]> {
        self.segments.as_deref()
    }

    /// What a look at every part has found out; `None` of a history that is in memory or not of segments alone.
    pub fn noted(&self) -> Option<Noted> {
        let Parts::Unfolded(unfolded) = &self.parts else { return None };
        Some(Noted {
            segments: self.segments.clone()?,
            summary: self.summary,
            said: unfolded.said.clone(),
            orders_by_day: unfolded.orders_by_day.clone(),
            newcomers: unfolded.newcomers.clone(),
        })
    }

    fn unfolded(segments: Vec<Segment>, builders: Vec<HistoryBuilder>) -> Result<Self, HistoryError> {
        let Gathered { kind, given, words, parts: logs } = gather(&segments, builders);
        let (said, orders_by_day, newcomers) = (Said::default(), BTreeMap::new(), Newcomers::default());
        let mut unfolded = Unfolded { kind, given, words, segments, logs, said, orders_by_day, newcomers };
        let mut summary = Summary::default();
        let look = |_, part: &History| {
            (Summary::of(part), Said::of(part), part.orders_by_day(), Newcomers::of(part))
        };
        for (part, said, days, newcomers) in unfolded.each_but(&|_| false, &look)? {
            summary = summary.and(part);
            unfolded.said = std::mem::take(&mut unfolded.said).and(said);
            unfolded.orders_by_day = together(std::mem::take(&mut unfolded.orders_by_day), days);
            unfolded.newcomers = std::mem::take(&mut unfolded.newcomers).and(newcomers);
        }
        Ok(Self { parts: Parts::Unfolded(unfolded), summary, segments: None })
    }

    /// What there is, counted.
    pub fn summary(&self) -> Summary {
        self.summary
    }

    /// How many orders began on each day, by days since 1970-01-01.
    pub(crate) fn orders_by_day(&self) -> BTreeMap<i64, u64> {
        match &self.parts {
            Parts::Whole(history) => history.orders_by_day(),
            Parts::Unfolded(unfolded) => unfolded.orders_by_day.clone(),
        }
    }

    /// When customers first bought, and who came back soon.
    pub fn newcomers(&self) -> Newcomers {
        match &self.parts {
            Parts::Whole(history) => Newcomers::of(history),
            Parts::Unfolded(unfolded) => unfolded.newcomers.clone(),
        }
    }

    /// What customers files say.
    pub(crate) fn said(&self) -> Said {
        match &self.parts {
            Parts::Whole(history) => Said::of(history),
            Parts::Unfolded(unfolded) => unfolded.said.clone(),
        }
    }

    /// What there is beyond purchases.
    pub fn given(&self) -> Given {
        match &self.parts {
            Parts::Whole(history) => history.given(),
            Parts::Unfolded(unfolded) => unfolded.given,
        }
    }

    /// How identifiers are written and sorted.
    pub fn id_kind(&self) -> IdKind {
        match &self.parts {
            Parts::Whole(history) => history.id_kind(),
            Parts::Unfolded(unfolded) => unfolded.kind,
        }
    }

    /// The text of a word.
    pub fn text(&self, word: Word) -> &str {
        match &self.parts {
            Parts::Whole(history) => history.text(word),
            Parts::Unfolded(unfolded) => unfolded.words.text(word),
        }
    }

    /// The history, if it is in memory as a whole.
    pub fn whole(&self) -> Option<&History> {
        match &self.parts {
            Parts::Whole(history) => Some(history),
            Parts::Unfolded(_) => None,
        }
    }

    /// Asks something of every part: of the whole, or of some of the customers at a time. No customer is in two, and
    /// in a part they are sorted by identifier.
    ///
    /// # Errors
    /// When a part cannot be read.
    pub fn each<T: Send>(&self, ask: impl Fn(&History) -> T + Sync) -> Result<Vec<T>, HistoryError> {
        self.each_but(|_| false, |_, part| ask(part))
    }

    /// [`Self::each`] of the parts that are not done, with their numbers. The others are not read.
    ///
    /// # Errors
    /// As there.
    pub fn each_but<T: Send>(
        &self,
        is_done: impl Fn(usize) -> bool + Sync,
        ask: impl Fn(usize, &History) -> T + Sync,
    ) -> Result<Vec<T>, HistoryError> {
        match &self.parts {
            Parts::Whole(_) if is_done(0) => Ok(Vec::new()),
            Parts::Whole(history) => Ok(vec![ask(0, history)]),
            Parts::Unfolded(unfolded) => unfolded.each_but(&is_done, &ask),
        }
    }

    /// Until when a history knows, of what has happened at or before an instant: the last order, or, where there are contracts,
    /// the last start of one, as shops with contracts may bill once a month. `None` without an order.
    ///
    /// # Errors
    /// When a part cannot be read.
    pub fn known_until(&self, until: Instant) -> Result<Option<Instant>, HistoryError> {
        let last_order = self.summary.span.map(|(_, last)| last);
        if last_order.is_none_or(|last| last <= until) && !self.given().contracts {
            return Ok(last_order);
        }
        let ends = self.each(|part| (part.last_order_until(until), part.last_start_until(until)))?;
        let last_order = ends.iter().filter_map(|(order, _)| *order).max();
        let last_start = ends.iter().filter_map(|(_, start)| *start).max();
        Ok(last_order.map(|last| last.max(last_start.unwrap_or(last))))
    }
}

impl Unfolded {
    /// No more parts are in memory at once than there are threads: each takes one after the other, and who waits for a part's
    /// own work does not begin another.
    fn each_but<T: Send>(
        &self,
        is_done: &(impl Fn(usize) -> bool + Sync),
        ask: &(impl Fn(usize, &History) -> T + Sync),
    ) -> Result<Vec<T>, HistoryError> {
        let next = AtomicUsize::new(0);
        let some = rayon::broadcast(|_| -> Result<Vec<(usize, T)>, HistoryError> {
            let mut own = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= PARTS {
                    return Ok(own);
                }
                if is_done(number) {
                    continue;
                }
                let part = self.part(number).inspect_err(|_| next.store(PARTS, Ordering::Relaxed))?;
                own.push((number, ask(number, &part)));
            }
        });
        let mut answers = Vec::with_capacity(PARTS);
        for some in some {
            answers.extend(some?);
        }
        answers.sort_unstable_by_key(|&(number, _)| number);
        Ok(answers.into_iter().map(|(_, answer)| answer).collect())
    }

    fn part(&self, number: usize) -> Result<History, HistoryError> {
        let logs = self.logs.get(number).map_or(&[] as &[Log], Vec::as_slice);
        let sorted = sorted_part(&self.segments, number, logs, self.kind)?;
        let shards = vec![Shard::fold(sorted)?];
        Ok(History::of_shards(self.kind, self.given, self.words.clone(), shards)?)
    }
}
