//! The forms of a request for a score, as the contract has them: each with the members that it may have, and no other. They
//! are read as one type, [`ScoreRequest`].

use std::collections::BTreeMap;

use mainstay_models::language::Language;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::request::{Features, ScoreRequest};
use crate::events::{Complaint, Contact, CustomerId, Purchase};
use crate::schema::{CauseWord, Identifier, LanguageWord, Moment};

/// One customer to score: by features, by raw history, or by name.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "it is but for the contract")]
enum Form {
    Features(ScoreByFeatures),
    History(ScoreByHistory),
    Name(ScoreByName),
}

impl PartialSchema for ScoreRequest<'_> {
    fn schema() -> RefOr<Schema> {
        Form::schema()
    }
}

impl ToSchema for ScoreRequest<'_> {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Form::schemas(schemas);
    }
}

/// Forms, with the members that every form may have behind their own.
macro_rules! forms {
    ($($(#[$about:meta])* $name:ident { $($own:tt)* })*) => {$(
        $(#[$about])*
        #[derive(ToSchema)]
        #[serde(deny_unknown_fields)]
        #[allow(dead_code, reason = "it is but for the contract")]
        struct $name {
            $($own)*
            /// What the customer has said to being contacted, by channel.
            #[serde(default)]
            consents: BTreeMap<String, bool>,
            /// Why the customer leaves, as far as the shop has recorded it.
            #[schema(value_type = Option<CauseWord>)]
            churn_cause: Option<String>,
            /// Whether the shop has recorded the customer as a problem.
            #[serde(default)]
            problem: bool,
            /// Whether the answer has what each column contributes; without it, as the route does.
            explain: Option<bool>,
            /// In which language people read the answer.
            #[serde(default)]
            #[schema(value_type = LanguageWord)]
            language: Language,
        }
    )*};
}

forms! {
    /// A customer by features.
    ScoreByFeatures {
        #[schema(value_type = Features)]
        features: Features<'static>,
        /// Who it is; it comes back.
        #[schema(value_type = Option<Identifier>)]
        customer_id: Option<CustomerId>,
        /// The instant of the features; it comes back.
        #[schema(value_type = Option<Moment>)]
        as_of: Option<String>,
    }

    /// A customer by raw history: the same bits as in the batch.
    ScoreByHistory {
        /// Who it is.
        #[schema(value_type = Identifier)]
        customer_id: CustomerId,
        /// The instant as of which to score.
        #[schema(value_type = Moment)]
        as_of: String,
        /// Every purchase line there is of the customer; of those after the instant nothing is known.
        #[schema(min_items = 1)]
        purchases: Vec<Purchase>,
        /// What the customer complained of.
        #[serde(default)]
        complaints: Vec<Complaint>,
        /// When the shop turned to the customer: an empty list where it never has. What is left out is not known.
        contacts: Option<Vec<Contact>>,
    }

    /// A customer by name, whose history is kept, with what has come by `POST /v1/events` since.
    ScoreByName {
        /// Who it is.
        #[schema(value_type = Identifier)]
        customer_id: CustomerId,
        /// The instant as of which to score; now, if it is not given.
        #[schema(value_type = Option<Moment>)]
        as_of: Option<String>,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_is_read_is_what_the_forms_have() {
        let known = serde_json::from_str::<ScoreRequest<'_>>(r#"{"unknown": 1}"#).err().unwrap().to_string();
        let known: BTreeSet<String> = known.split('`').skip(3).step_by(2).map(str::to_owned).collect();
        let members = |form: RefOr<Schema>| match form {
            RefOr::T(Schema::Object(form)) => form.properties.into_keys().collect::<Vec<_>>(),
            _ => panic!("no object"),
        };
        let forms = [ScoreByFeatures::schema(), ScoreByHistory::schema(), ScoreByName::schema()];
        let told: BTreeSet<String> = forms.into_iter().flat_map(members).collect();
        assert_eq!(told, known);
    }
}
