//! Scoring a population of any size: the parts of a history are scored one after the other, their rows put aside in a
//! file, and then taken out again in the order of the list, some at a time, and decided. In memory are a few parts, some rows,
//! and of everyone the lifetime value, which the tiers are cut by.

use std::io;
use std::sync::{Mutex, PoisonError};

use mainstay_features::history::{Histories, History};
use mainstay_features::records::{Records, SortedRecords};
use mainstay_features::units::Instant;
use mainstay_features::watch::Watch;
use mainstay_models::decision::Catalogue;
use mainstay_models::drift::Tally;
use mainstay_models::segments::TierCuts;
use rayon::prelude::*;

use super::aside::{Aside, Place, PutAside};
use super::shown::Shown;
use super::{ScoreRow, Scores, contacts_until, record};
use crate::failure::{Failure, Kind};
use crate::parquet_file::ROW_GROUP_ROWS;
use crate::service::{CHUNK_CUSTOMERS, Service};
use crate::suppressed::Suppressed;

/// So many customers are put aside together, sorted, at most.
pub(super) const PART_CUSTOMERS: usize = 16_384;

/// A scored population; its rows are in a file.
#[derive(Debug)]
pub struct ScoredPopulation {
    /// The list without rows.
    list: Scores,
    records: SortedRecords,
    tiers: TierCuts,
    len: usize,
    tally: Tally,
    aside: Aside,
}

impl ScoredPopulation {
    /// Scores the population of a history at an instant; who objects to marketing is left out. Who is aside already is not scored
    /// again. The watcher is told of a step for each customer of the history.
    ///
    /// # Errors
    /// When the model is none for this history (see [`Service::check_label`]), a part of it cannot be read, or rows cannot be
    /// put aside.
    pub fn of(
        service: &Service,
        histories: &Histories,
        as_of: Instant,
        suppressed: &Suppressed,
        aside: Aside,
        watch: &dyn Watch,
    ) -> Result<Self, Failure> {
        service.check_label(histories.given())?;
        let unwritable = |cause: io::Error| {
            Failure::new(
                Kind::Output,
                format!("rows that are scored cannot be written beside the list: {cause}"),
            )
        };
        let (shown, contacts_until) = (Shown::of(histories), contacts_until(histories, as_of));
        let empty = Scores::empty(as_of, histories.id_kind(), shown.names());
        watch.begin("score", Some(histories.summary().customers as u64));
        watch.advance(aside.resumed() as u64);
        let done = aside.done();
        let aside = Mutex::new(aside);
        let score = |part: &History, place: Place| -> io::Result<()> {
            let (mut rows, mut put_aside) = (Records::default(), PutAside::default());
            // Some at a time: what is made of them is still in the cache when it is written down.
            for begin in (place.begin..place.end).step_by(CHUNK_CUSTOMERS) {
                let chunk = begin..place.end.min(begin + CHUNK_CUSTOMERS);
                let population = service.score_some(part, chunk, as_of, watch);
                put_aside.tally = put_aside.tally.and(&population.tally);
                let scores =
                    empty.clone().with(service, part, (population, contacts_until), &shown, suppressed);
                for row in &scores.rows {
                    rows.push(&row.customer_id, |bytes| record::write(row, bytes));
                    put_aside.lifetime_values.push(row.lifetime_value);
                }
                put_aside.suppressed += scores.suppressed;
            }
            aside.lock().unwrap_or_else(PoisonError::into_inner).add(place, put_aside, &rows)
        };
        let scored = histories.each_but(
            |part| done.has_part(part),
            |number, part| {
                let of = part.len();
                let begins = (0..of).into_par_iter().step_by(PART_CUSTOMERS);
                let begins = begins.filter(|&begin| !done.has(number, begin));
                let places = begins.map(|begin| Place {
                    part: number,
                    begin,
                    end: of.min(begin + PART_CUSTOMERS),
                    of,
                });
                places.map(|place| score(part, place)).collect::<io::Result<()>>()
            },
        )?;
        watch.end();
        scored.into_iter().collect::<io::Result<()>>().map_err(unwritable)?;
        let mut aside = aside.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut list = empty.clone();
        let (mut values, mut tally) = (Vec::new(), Tally::default());
        for some in aside.pieces() {
            list.suppressed += some.suppressed;
            values.append(&mut some.lifetime_values);
            tally = tally.and(&some.tally);
        }
        let len = values.len();
        let records = aside.records(histories.id_kind()).map_err(unwritable)?;
        Ok(Self { list, records, tiers: TierCuts::of(values), len, tally, aside })
    }

    /// How many customers of the history were scored already, by a run that was killed.
    pub fn resumed(&self) -> usize {
        self.aside.resumed()
    }

    /// How many customers there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nobody is in the population.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many customers are not in it because they object to marketing.
    pub fn suppressed(&self) -> usize {
        self.list.suppressed
    }

    /// The instant it is scored at.
    pub fn as_of(&self) -> Instant {
        self.list.as_of
    }

    /// How the population is spread over the bins of the customers the model was trained on; who objects to marketing has a part
    /// in it.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The lifetime values between the tiers.
    pub fn tiers(&self) -> TierCuts {
        self.tiers
    }

    /// Decides about everyone by a catalogue, and hands the list on in its order, some rows at a time.
    ///
    /// # Errors
    /// What the operating system, or who takes them, says.
    pub fn each(
        &self,
        catalogue: &Catalogue,
        mut take: impl FnMut(&Scores) -> io::Result<()> + Send,
    ) -> io::Result<()> {
        let mut merge = self.records.merge()?;
        let mut next = || -> io::Result<Scores> { self.decided(&merge.take(ROW_GROUP_ROWS)?, catalogue) };
        let mut scores = next()?;
        while !scores.rows.is_empty() {
            // What comes next is read and decided while what is there is worked on.
            let (taken, following) = rayon::join(
                || {
                    take(&scores)?;
                    // As many texts as there are cells of them are freed here.
                    std::mem::take(&mut scores.rows).into_par_iter().for_each(drop);
                    Ok::<_, io::Error>(())
                },
                &mut next,
            );
            taken?;
            scores = following?;
        }
        Ok(())
    }

    fn decided(&self, records: &Records, catalogue: &Catalogue) -> io::Result<Scores> {
        let shown = self.list.shown.len();
        let row = |number| -> io::Result<ScoreRow> {
            let (id, bytes) = records.get(number);
            record::read(id, bytes, shown)
        };
        // The rows first, each at its place, and then whether all could be read: this moves none twice.
        let rows: Vec<io::Result<ScoreRow>> = (0..records.len()).into_par_iter().map(row).collect();
        let rows = rows.into_iter().collect::<io::Result<_>>()?;
        let mut scores = Scores { rows, ..self.list.clone() };
        scores.place_in_tiers(self.tiers);
        scores.decide(catalogue);
        Ok(scores)
    }
}
