//! Types that the API's contract names and that the code has only as text: instants, identifiers, and the words of a list.
//! Each is a schema made from the words themselves.

use mainstay_features::history::Severity;
use mainstay_models::gate;
use mainstay_models::language::Language;
use mainstay_models::model::Basis;
use mainstay_models::segments::{Cause, Stage, Tier};
use serde_json::json;
use utoipa::openapi::schema::{AnyOfBuilder, KnownFormat, Object, ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{RefOr, Schema, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

/// A text that is one of these.
pub fn one_of(words: impl IntoIterator<Item = impl Into<serde_json::Value>>) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build()
}

/// A number of a band, or nothing.
const NUMBER: &str = r"([+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?)?";

/// Names a schema after a type that has nothing but it.
macro_rules! named {
    ($($(#[doc = $doc:literal])* $name:ident = $schema:expr;)*) => {$(
        $(#[doc = $doc])*
        #[derive(Debug)]
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let description = concat!($($doc),*).trim_start();
                RefOr::T(described($schema.into(), description))
            }
        }

        impl ToSchema for $name {}
    )*};
}

named! {
    /// In which language sentences are told.
    LanguageWord = one_of(Language::ALL.map(Language::name));
    /// What a customer is worth beside the others of the newest list.
    TierWord = one_of(Tier::ALL.map(Tier::name));
    /// Why a customer is likely to leave.
    CauseWord = one_of(Cause::ALL.map(Cause::name));
    /// How far along a customer is.
    StageWord = one_of(Stage::ALL.map(Stage::name));
    /// How a model was judged on later data than it learnt from.
    GradeWord = one_of(gate::WORDS);
    /// Numbers from one to another, both included; either may be left out, as in `0.3..0.8`, `50..` and `..0.2`.
    BandText = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(format!("^ *{NUMBER} *\\.\\. *{NUMBER} *$")))
        .build();
    /// How grave a complaint is: a number by the shop's own scale, or a word for 1 to 4.
    Graveness = OneOfBuilder::new()
        .item(ObjectBuilder::new().schema_type(Type::Number).minimum(Some(0)).maximum(Some(1_000_000)))
        .item(one_of(Severity::WORDS))
        .build();
    /// Which features a score rests on.
    BasisWord = one_of(Basis::ALL.map(|basis| json!(basis)));
    /// A moment between the years 1 and 9999: a date, which is its midnight in UTC, or RFC 3339 with a time zone.
    Moment = AnyOfBuilder::new()
        .item(text_as(KnownFormat::Date, "2024-03-01"))
        .item(text_as(KnownFormat::DateTime, "2024-03-01T18:00:00Z"))
        .build();
    /// What a shop calls a customer, an order or a product; it comes back as it was written.
    Identifier = OneOfBuilder::new()
        .item(ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)))
        .item(
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
                .minimum(Some(i64::MIN))
                .maximum(Some(i64::MAX)),
        )
        .build();
    /// From when on an action pays: a number, or that it always or never does.
    BreakEvenAt = OneOfBuilder::new()
        .item(ObjectBuilder::new().schema_type(Type::Number))
        .item(one_of(["always", "never"]))
        .build();
}

fn text_as(format: KnownFormat, example: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(format)))
        .examples([json!(example)])
        .build()
}

fn described(mut schema: Schema, description: &str) -> Schema {
    let description = Some(description.to_owned());
    match &mut schema {
        Schema::Object(object) => object.description = description,
        Schema::OneOf(one_of) => one_of.description = description,
        Schema::AnyOf(any_of) => any_of.description = description,
        _ => {}
    }
    schema
}
