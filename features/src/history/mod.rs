//! The compact history: every customer's orders and all else side by side, in time order, read once and walked for any
//! number of cutoffs.
//!
//! ```text
//! rows ──builder──► logs by part ──part──► sorted, each thing once ──shard──► orders in time order
//! ```

mod again;
mod builder;
mod event;
mod forget;
mod histories;
mod log;
mod lookup;
mod part;
mod rows;
mod segment;
mod segment_writer;
mod shard;
mod staged;
mod told;
mod wire;
mod words;

pub use again::SentAgain;
pub use builder::HistoryBuilder;
pub(crate) use builder::Lines;
pub use event::{Complaint, Contact, Contract, Discount, Given, LaterLine, Order, Profile, Severity, Word};

pub use forget::{Leaving, write_segment_without};
pub use histories::{Histories, Noted, Summary};
pub use log::Spill;
pub use lookup::Lookup;
pub(crate) use part::LineSum;
pub use segment::{Segment, join};
pub use segment_writer::{Compared, write_segment};
pub use told::{Telling, Told, ToldOf};
pub use words::Words;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;

use self::builder::PARTS;
use self::log::Log;
use self::part::Sorted;
use self::segment::sorted_part;
use self::shard::Shard;
use crate::id::{IdKind, Ids, Listed, sorted};
use crate::units::Instant;

/// One customer's history: a view into [`History`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomerHistory<'a> {
    /// The orders, by instant.
    pub orders: &'a [Order],
    /// Lines that came later than their order, by order and instant.
    pub later_lines: &'a [LaterLine],
    /// When each product was first bought, ascending.
    pub first_buys: &'a [Instant],
    /// What was taken off prices, by instant.
    pub discounts: &'a [Discount],
    /// The complaints, by instant.
    pub complaints: &'a [Complaint],
    /// The contacts, by instant.
    pub contacts: &'a [Contact],
    /// What customers files say, by attribute and instant.
    pub profiles: &'a [Profile],
    /// The contracts, by start.
    pub contracts: &'a [Contract],
}

/// Everything known about every customer.
///
/// The same whatever order the rows came in: customers are sorted by identifier, orders by instant and order identity,
/// and amounts are added without rounding.
#[derive(Debug, Default)]
pub struct History {
    kind: IdKind,
    given: Given,
    words: Arc<Words>,
    shards: Vec<Shard>,
    /// Where each customer is, in the order of identifiers.
    customers: Vec<Listed>,
}

impl History {
    /// Folds the rows of several builders, in any order, into one history.
    ///
    /// # Errors
    /// When there are more customers than can be numbered, or what was spilled cannot be read again.
    pub fn fold(builders: Vec<HistoryBuilder>) -> Result<Self, HistoryError> {
        let gathered = gather(&[], builders);
        let fold = |logs| Ok(Shard::fold(Sorted::of(logs, Vec::new(), gathered.kind)?)?);
        let mut parts = gathered.parts;
        parts.retain(|part| !part.is_empty());
        let shards: Vec<Shard> = if parts.len() == 1 {
            // One customer, as the API has: not worth waking another thread.
            parts.into_iter().map(fold).collect::<Result<_, HistoryError>>()?
        } else {
            parts.into_par_iter().map(fold).collect::<Result<_, HistoryError>>()?
        };
        Ok(Self::of_shards(gathered.kind, gathered.given, gathered.words, shards)?)
    }

    /// Reads the history that several segments hold together.
    ///
    /// # Errors
    /// When one cannot be read, or there are more customers than can be numbered.
    pub fn of_segments(segments: &[Segment]) -> Result<Self, HistoryError> {
        let gathered = gather(segments, Vec::new());
        let none: [Log; 0] = [];
        let shard = |number| Ok(Shard::fold(sorted_part(segments, number, &none, gathered.kind)?)?);
        let shards: Vec<Shard> =
            (0..PARTS).into_par_iter().map(shard).collect::<Result<_, HistoryError>>()?;
        Ok(Self::of_shards(gathered.kind, gathered.given, gathered.words, shards)?)
    }

    fn of_shards(
        kind: IdKind,
        given: Given,
        words: Arc<Words>,
        shards: Vec<Shard>,
    ) -> Result<Self, TooManyCustomers> {
        let lists: Vec<&Ids> = shards.iter().map(|shard| &shard.customers).collect();
        let customers = sorted(&lists, kind).ok_or(TooManyCustomers)?;
        Ok(Self { kind, given, words, shards, customers })
    }

    /// What there is beyond purchases.
    pub fn given(&self) -> Given {
        self.given
    }

    /// The text of a complaint's category, a contact's channel or offer, an attribute's name or value.
    pub fn text(&self, word: Word) -> &str {
        self.words.text(word)
    }

    /// The texts of several words, as [`Self::text`] tells them: asked for some thousand at a time they are found several times
    /// as fast.
    pub fn texts_of(&self, words: &[Option<Word>]) -> Vec<Option<&str>> {
        self.words.texts_of(words)
    }

    /// The number of customers.
    pub fn len(&self) -> usize {
        self.customers.len()
    }

    /// Whether there is no customer at all.
    pub fn is_empty(&self) -> bool {
        self.customers.is_empty()
    }

    /// How identifiers are written and sorted.
    pub fn id_kind(&self) -> IdKind {
        self.kind
    }

    /// The identifier of a customer; customers are numbered 0 to `len() − 1`, sorted by identifier.
    pub fn customer_id(&self, customer: usize) -> &str {
        let at = self.customers[customer];
        self.shards[at.list as usize].customers.get(at.number as usize)
    }

    /// The history of one customer.
    pub fn customer(&self, customer: usize) -> CustomerHistory<'_> {
        let at = self.customers[customer];
        self.shards[at.list as usize].customer(at.number as usize)
    }

    fn order_instants(&self) -> impl ParallelIterator<Item = Instant> {
        self.shards.par_iter().flat_map_iter(|shard| shard.orders().iter().map(|order| order.instant))
    }

    /// The instants of the first and the last order; `None` without orders.
    pub fn span(&self) -> Option<(Instant, Instant)> {
        self.order_instants().map(|instant| (instant, instant)).reduce_with(join)
    }

    /// The instant of the last order at or before an instant; `None` without one.
    pub fn last_order_until(&self, until: Instant) -> Option<Instant> {
        self.order_instants().filter(|&instant| instant <= until).max()
    }

    /// The instant of the last start of a contract at or before an instant; `None` without one.
    pub(crate) fn last_start_until(&self, until: Instant) -> Option<Instant> {
        let contracts = self.shards.par_iter().flat_map_iter(|shard| shard.contracts().iter());
        contracts.map(|contract| contract.start).filter(|&start| start <= until).max()
    }

    /// How many orders began on each day, by days since 1970-01-01.
    pub(crate) fn orders_by_day(&self) -> BTreeMap<i64, u64> {
        let days = self.order_instants().fold(BTreeMap::new, |mut days: BTreeMap<i64, u64>, instant| {
            *days.entry(instant.calendar_day()).or_default() += 1;
            days
        });
        days.reduce(BTreeMap::new, together)
    }

    /// The number of orders.
    pub fn order_count(&self) -> usize {
        self.shards.iter().map(|shard| shard.orders().len()).sum()
    }

    /// The number of customers with an order.
    pub(crate) fn buyer_count(&self) -> usize {
        self.shards.par_iter().map(Shard::buyer_count).sum()
    }

    /// Of whom rows of each kind tell, and who of them has an order.
    pub fn told(&self) -> Told {
        self.shards.par_iter().map(Shard::told).reduce(Told::default, |all, some| all + some)
    }

    /// The number of complaints.
    pub fn complaint_count(&self) -> usize {
        self.shards.iter().map(Shard::complaint_count).sum()
    }
}

/// What two counts by day come to.
fn together(mut days: BTreeMap<i64, u64>, more: BTreeMap<i64, u64>) -> BTreeMap<i64, u64> {
    more.into_iter().for_each(|(day, count)| *days.entry(day).or_default() += count);
    days
}

/// What several builders and segments hold together: the builders' rows by part, and what is said of the whole.
struct Gathered {
    kind: IdKind,
    given: Given,
    words: Arc<Words>,
    parts: Vec<Vec<Log>>,
}

fn gather(segments: &[Segment], builders: Vec<HistoryBuilder>) -> Gathered {
    let (mut kind, mut given, mut words) = (IdKind::Integer, Given::default(), Words::default());
    let mut note = |own: IdKind, theirs: Given, more: Words| {
        if own == IdKind::Text {
            kind = IdKind::Text;
        }
        given = given.or(theirs);
        words.extend(more);
    };
    for segment in segments {
        note(segment.kind, segment.given, segment.words.clone());
    }
    let mut parts: Vec<Vec<Log>> = (0..PARTS).map(|_| Vec::new()).collect();
    for builder in builders {
        let (own, kind, given, words) = builder.finish();
        note(kind, given, words);
        for (all, own) in parts.iter_mut().zip(own) {
            if !own.is_empty() {
                all.push(own);
            }
        }
    }
    Gathered { kind, given, words: Arc::new(words), parts }
}

/// A history that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The operating system says no.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The bytes are not those of a history.
    #[error("is damaged, or no history of Mainstay: {0}")]
    Damaged(&'static str),
    /// It is of a newer version.
    #[error("is a history of format version {version}; this program reads up to {newest}: use a newer one")]
    Newer {
        /// Its version.
        version: u64,
        /// The newest one that can be read.
        newest: u64,
    },
    /// A file of it cannot be read.
    #[error("{}: {error}", path.display())]
    In {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: Box<HistoryError>,
    },
    /// There are more rows than can be numbered.
    #[error(transparent)]
    TooMany(#[from] TooManyCustomers),
}

impl From<wire::Damaged> for HistoryError {
    fn from(wire::Damaged(what): wire::Damaged) -> Self {
        Self::Damaged(what)
    }
}

/// More customers or lines than a history can number.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("more customers or lines than a history can number: split the input by customer")]
pub struct TooManyCustomers;

#[cfg(test)]
mod tests;
