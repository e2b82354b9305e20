//! What a request for a score says.

use std::borrow::Cow;
use std::fmt;

use mainstay_models::language::Language;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::events::{Complaint, Contact, CustomerId, Purchase};

/// One customer to score, in any of the forms that the contract has (`forms.rs`).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct ScoreRequest<'a> {
    pub(super) customer_id: Option<CustomerId>,
    pub(super) as_of: Option<String>,
    pub(super) purchases: Option<Vec<Purchase>>,
    #[serde(default)]
    pub(super) complaints: Vec<Complaint>,
    pub(super) contacts: Option<Vec<Contact>>,
    #[serde(borrow)]
    pub(super) features: Option<Features<'a>>,
    #[serde(default)]
    pub(super) consents: Answers,
    pub(super) churn_cause: Option<String>,
    #[serde(default)]
    pub(super) problem: bool,
    pub(super) explain: Option<bool>,
    #[serde(default)]
    pub(super) language: Language,
}

impl ScoreRequest<'_> {
    /// The customer it names, where it tells nothing of the history.
    pub(super) fn by_name(&self) -> Option<String> {
        let id = self.customer_id.as_ref().filter(|_| self.purchases.is_none() && self.features.is_none())?;
        Some(id.to_text().into_owned())
    }
}

/// The members of a JSON object as they come: one that is there twice is seen twice.
pub(super) struct Features<'a>(pub(super) Vec<(Cow<'a, str>, Given)>);

impl PartialSchema for Features<'_> {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Number, Type::Null]));
        let features = ObjectBuilder::new()
            .description(Some(
                "Every feature of the model by its name (`GET /v2/models/mainstay` has them), null where there is no \
                 value; or the five core features alone.",
            ))
            .additional_properties(Some(Schema::from(number)));
        features.into()
    }
}

impl ToSchema for Features<'_> {}

/// What a feature is given as.
#[derive(Clone, Copy)]
pub(super) enum Given {
    Number(f64),
    Null,
    /// Something that no feature is.
    Other,
}

/// A member's name, borrowed where it can be: a request has dozens of them.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Features<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Features<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of features")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Features<'de>, A::Error> {
                let mut members = Vec::with_capacity(MOST_USUAL);
                while let Some((Name(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Features(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// What a customer has said to being contacted, by channel, each once.
#[derive(Default)]
pub(super) struct Answers(pub(super) Vec<(String, bool)>);

impl<'de> Deserialize<'de> for Answers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Channels;
        impl<'de> Visitor<'de> for Channels {
            type Value = Answers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of channels, each true or false")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Answers, A::Error> {
                let mut answers: Vec<(String, bool)> = Vec::new();
                while let Some((channel, answer)) = map.next_entry::<String, bool>()? {
                    // Of two answers for one channel nobody can tell which is meant.
                    if answers.iter().any(|(known, _)| known.eq_ignore_ascii_case(&channel)) {
                        return Err(A::Error::custom(format!("consents.{channel}: given twice")));
                    }
                    answers.push((channel, answer));
                }
                Ok(Answers(answers))
            }
        }
        deserializer.deserialize_map(Channels)
    }
}

/// So many features no model has by itself.
const MOST_USUAL: usize = 48;

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Given;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or null")
            }

            fn visit_f64<E>(self, number: f64) -> Result<Given, E> {
                Ok(Given::Number(number))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Given, E> {
                Ok(Given::Number(number as f64))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Given, E> {
                Ok(Given::Number(number as f64))
            }

            fn visit_unit<E>(self) -> Result<Given, E> {
                Ok(Given::Null)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Given, E> {
                Ok(Given::Other)
            }

            fn visit_str<E>(self, _: &str) -> Result<Given, E> {
                Ok(Given::Other)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut of: A) -> Result<Given, A::Error> {
                while of.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Given::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut of: A) -> Result<Given, A::Error> {
                while of.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Given::Other)
            }
        }
        deserializer.deserialize_any(Any)
    }
}
