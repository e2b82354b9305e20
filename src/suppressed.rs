//! Who is never listed and never recommended anything: who has objected to marketing, and who has been forgotten.

use std::collections::BTreeSet;

use crate::forgotten::{Forgotten, plainly};

/// The customers who have objected, by their identifiers, and those who have been forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suppressed {
    objecting: BTreeSet<Box<str>>,
    forgotten: Option<Forgotten>,
}

impl Suppressed {
    /// Whether a customer is one of them, under this identifier or as it is written plainly.
    pub fn has(&self, customer_id: &str) -> bool {
        self.objecting.contains(customer_id)
            || plainly(customer_id).is_some_and(|plain| self.objecting.contains(plain))
            || self.has_forgotten(customer_id)
    }

    /// Whether a customer has been forgotten.
    pub fn has_forgotten(&self, customer_id: &str) -> bool {
        self.forgotten.as_ref().is_some_and(|forgotten| forgotten.has(customer_id))
    }

    /// With those who have been forgotten.
    pub fn and(self, forgotten: Option<Forgotten>) -> Self {
        Self { forgotten, ..self }
    }

    /// How many have objected.
    pub fn len(&self) -> usize {
        self.objecting.len()
    }

    /// Whether nobody has objected.
    pub fn is_empty(&self) -> bool {
        self.objecting.is_empty()
    }

    /// How many have objected who had not before.
    pub fn since(&self, before: &Self) -> usize {
        self.ids().filter(|id| !before.has(id)).count()
    }

    /// Their identifiers, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.objecting.iter().map(|id| &**id)
    }

    /// Adds a customer; whether they were not there before, and are not forgotten: of those nothing is kept.
    pub fn add(&mut self, customer_id: &str) -> bool {
        !self.has_forgotten(customer_id) && self.objecting.insert(customer_id.into())
    }

    /// Takes a customer off; whether they were there.
    pub fn remove(&mut self, customer_id: &str) -> bool {
        self.objecting.remove(customer_id)
    }
}

impl<'a> FromIterator<&'a str> for Suppressed {
    fn from_iter<I: IntoIterator<Item = &'a str>>(ids: I) -> Self {
        Self { objecting: ids.into_iter().map(Into::into).collect(), forgotten: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_objected_since_is_counted_and_blanks_make_nobody_else() {
        let before: Suppressed = ["a", "40700012"].into_iter().collect();
        let now: Suppressed = ["a", "40700012", "b"].into_iter().collect();
        assert_eq!((now.since(&before), before.since(&now), now.since(&now)), (1, 0, 0));
        assert!(now.has("40700012.0") && now.has(" b ") && !now.has("B") && !before.has("b"));
    }
}
