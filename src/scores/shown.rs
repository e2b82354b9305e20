//! What a list shows of a customer beside the score: what customers files say, and when the contract ends.

use compact_str::{CompactString, ToCompactString};
use mainstay_features::contracts::contract_end;
use mainstay_features::history::{Histories, History};
use mainstay_features::profile::{self, Attribute, CONTRACT_END};
use mainstay_features::units::Instant;

/// The texts of so many customers are found together.
const TEXTS_OF: usize = 4_096;

/// The columns.
pub(super) struct Shown {
    attributes: Vec<Attribute>,
    /// Where there are contracts; a customers file's own column of that name comes before it.
    has_contract_end: bool,
}

impl Shown {
    /// Those of a history.
    pub(super) fn of(histories: &Histories) -> Self {
        let attributes = profile::listed(profile::attributes(histories));
        let is_named = attributes.iter().any(|attribute| attribute.name == CONTRACT_END);
        Self { attributes, has_contract_end: histories.given().contracts && !is_named }
    }

    /// Their names.
    pub(super) fn names(&self) -> Vec<String> {
        let attributes = self.attributes.iter().map(|attribute| attribute.name.clone());
        attributes.chain(self.has_contract_end.then(|| CONTRACT_END.to_owned())).collect()
    }

    /// What they hold for some customers at an instant, one after the other.
    pub(super) fn texts<'a>(
        &'a self,
        history: &'a History,
        customers: &'a [u32],
        as_of: Instant,
    ) -> impl Iterator<Item = Box<[Option<CompactString>]>> + use<'a> {
        let words = move |&customer: &u32| {
            let customer = history.customer(customer as usize);
            self.attributes.iter().map(move |attribute| attribute.shown(history, customer, as_of))
        };
        let some = customers.chunks(TEXTS_OF);
        let mut texts =
            some.flat_map(move |some| history.texts_of(&some.iter().flat_map(words).collect::<Vec<_>>()));
        customers.iter().map(move |&customer| {
            let said = texts.by_ref().take(self.attributes.len()).map(|text| text.map(Into::into));
            let end = || {
                contract_end(history.customer(customer as usize), as_of).map(|end| end.to_compact_string())
            };
            said.chain(self.has_contract_end.then(end)).collect()
        })
    }
}
