//! Who has objected to marketing: never listed, never recommended anything.

use std::collections::BTreeSet;

/// The customers who have objected, by their identifiers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suppressed(BTreeSet<Box<str>>);

impl Suppressed {
    /// Whether a customer has.
    pub fn has(&self, customer_id: &str) -> bool {
        self.0.contains(customer_id)
    }

    /// How many have.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their identifiers, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|id| &**id)
    }

    /// Adds a customer; whether they were not there before.
    pub fn add(&mut self, customer_id: &str) -> bool {
        self.0.insert(customer_id.into())
    }

    /// Takes a customer off; whether they were there.
    pub fn remove(&mut self, customer_id: &str) -> bool {
        self.0.remove(customer_id)
    }
}

impl<'a> FromIterator<&'a str> for Suppressed {
    fn from_iter<I: IntoIterator<Item = &'a str>>(ids: I) -> Self {
        Self(ids.into_iter().map(Into::into).collect())
    }
}
