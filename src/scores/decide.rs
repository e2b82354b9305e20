//! What to do about every customer of a list: the same for a new list and for one read back, with whatever offers.

use mainstay_features::profile::{CONSENT_PREFIX, yes_or_no};
use mainstay_models::decision::{Catalogue, Choice, Circumstances, Consents, DO_NOTHING, Terms};
use rayon::prelude::*;

use super::{ScoreRow, Scores};

/// Where a list says which channels its customers have consented to.
#[derive(Clone, Debug)]
pub struct ConsentColumns {
    channels: Vec<String>,
    /// The channels' places in [`Scores::shown`].
    places: Vec<usize>,
}

impl ConsentColumns {
    /// Those of a list.
    pub fn of(scores: &Scores) -> Self {
        let columns = scores.shown.iter().enumerate();
        let consents =
            columns.filter_map(|(place, name)| Some((name.strip_prefix(CONSENT_PREFIX)?.to_owned(), place)));
        let (channels, places) = consents.unzip();
        Self { channels, places }
    }

    /// Shows what is known of a row's customer besides the numbers.
    pub fn circumstances<T>(&self, row: &ScoreRow, show: impl FnOnce(&Circumstances<'_>) -> T) -> T {
        let answers: Vec<Option<bool>> =
            self.places.iter().map(|&place| row.shown.get(place)?.as_deref().and_then(yes_or_no)).collect();
        show(&Circumstances {
            tier: Some(row.tier),
            cause: row.cause,
            days_since_contact: row.days_since_contact,
            consents: Consents { channels: &self.channels, answers: &answers },
            objects: false,
        })
    }
}

impl Scores {
    /// Decides about every row, by a catalogue.
    pub fn decide(&mut self, catalogue: &Catalogue) {
        let consents = ConsentColumns::of(self);
        let choice = |row: &ScoreRow| -> Option<Choice> {
            consents.circumstances(row, |circumstances| catalogue.decide(&row.stakes(), circumstances))
        };
        let choices: Vec<Option<Choice>> = self.rows.par_iter().map(choice).collect();
        self.take(catalogue, choices);
    }

    /// Gives every row an offer of a catalogue, or nothing.
    pub fn take(&mut self, catalogue: &Catalogue, choices: Vec<Option<Choice>>) {
        // Doing nothing comes first, then the offers in the catalogue's order.
        self.actions.clear();
        self.action(DO_NOTHING, Terms::default());
        let offers = catalogue.offers();
        let places: Vec<u32> =
            offers.iter().map(|offer| self.action(offer.name(), offer.terms(Default::default()))).collect();
        self.rows.par_iter_mut().zip(choices).for_each(|(row, choice)| {
            let (action, incentive, net_value, pays) = match choice {
                Some(Choice { offer, terms, net_value, pays }) => {
                    (places[offer], terms.incentive.get(), net_value.get(), Some(pays))
                }
                None => (0, 0.0, 0.0, None),
            };
            (row.action, row.incentive, row.net_value, row.pays) = (action, incentive, net_value, pays);
        });
    }
}
