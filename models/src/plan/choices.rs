//! What can be done for every customer.

/// An offer that could be made to a customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlanOption {
    /// The offer, by its place in the catalogue.
    pub offer: u8,
    /// What is expected to be paid out, c + ρδ, in the log's own currency; 0 or more.
    pub spend: f64,
    /// What making the offer is expected to earn over doing nothing; the spend is taken off already.
    pub net_value: f64,
}

/// The options of every customer, one customer after the other, in columns.
///
/// Only what can be chosen is kept: an option that earns nothing, or whose numbers are none, is left out as it comes.
#[derive(Clone, Debug, PartialEq)]
pub struct Choices {
    /// Customer i has the places `starts[i]..starts[i + 1]`.
    starts: Vec<usize>,
    offers: Vec<u8>,
    spends: Vec<f64>,
    net_values: Vec<f64>,
}

/// Numbers above are taken for this one, so that sums stay finite.
const MOST: f64 = 1e200;

impl Choices {
    /// Of no customers.
    pub fn new() -> Self {
        Self::with_capacity(0, 0)
    }

    /// Of no customers, with room for some and for their options, all together.
    pub fn with_capacity(customers: usize, options: usize) -> Self {
        let mut starts = Vec::with_capacity(customers + 1);
        starts.push(0);
        Self {
            starts,
            offers: Vec::with_capacity(options),
            spends: Vec::with_capacity(options),
            net_values: Vec::with_capacity(options),
        }
    }

    /// The next customer, with what could be done for them. A spend below 0 is taken for 0.
    pub fn push_customer(&mut self, options: impl IntoIterator<Item = PlanOption>) {
        for option in options {
            if option.net_value > 0.0 && !option.spend.is_nan() {
                self.offers.push(option.offer);
                self.spends.push(option.spend.clamp(0.0, MOST));
                self.net_values.push(option.net_value.min(MOST));
            }
        }
        self.starts.push(self.offers.len());
    }

    /// How many customers there are.
    pub fn customers(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many options there are, all customers' together.
    pub fn len(&self) -> usize {
        self.offers.len()
    }

    /// Whether nothing can be done for anybody.
    pub fn is_empty(&self) -> bool {
        self.offers.is_empty()
    }

    /// What can be done for a customer, in the order given, without what earns nothing.
    ///
    /// # Panics
    /// When there is no such customer.
    pub fn options(&self, customer: usize) -> impl ExactSizeIterator<Item = PlanOption> + '_ {
        self.places(customer).map(|place| self.option(place))
    }

    /// Where a customer's options stand.
    #[inline]
    pub(super) fn places(&self, customer: usize) -> std::ops::Range<usize> {
        self.starts[customer]..self.starts[customer + 1]
    }

    /// The option at a place.
    #[inline]
    pub(super) fn option(&self, place: usize) -> PlanOption {
        PlanOption { offer: self.offers[place], spend: self.spends[place], net_value: self.net_values[place] }
    }

    /// The columns: offers, spends and net values.
    #[inline]
    pub(super) fn columns(&self) -> (&[u8], &[f64], &[f64]) {
        (&self.offers, &self.spends, &self.net_values)
    }

    /// One more than the highest offer.
    pub(super) fn offers(&self) -> usize {
        self.offers.iter().max().map_or(0, |&offer| usize::from(offer) + 1)
    }
}

impl Default for Choices {
    fn default() -> Self {
        Self::new()
    }
}
