//! The columns of a scored list, each defined once: files, tables and JSON read them here.

use std::borrow::Cow;
use std::fmt::Write;

use mainstay_features::feature::{Feature, Unit};
use mainstay_features::registry::CORE;
use mainstay_models::language::Language;

use super::{ScoreRow, Scores};
use crate::service::REASONS;

/// What a field holds for a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// A customer's identifier.
    Id(&'a str),
    /// A text.
    Text(Cow<'a, str>),
    /// A number.
    Number(f64),
    /// A whole number.
    Whole(i64),
    /// The instant of the list.
    AsOf,
    /// Nothing.
    Nothing,
}

/// A column of a scored list.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What kind of cells it has.
    pub kind: FieldKind,
    source: Source,
    /// In which its sentences are.
    language: Language,
}

/// What kind of cells a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// [`Cell::Id`].
    Id,
    /// [`Cell::AsOf`].
    AsOf,
    /// [`Cell::Text`], or nothing.
    Text,
    /// [`Cell::Number`] of so many decimals in a table, or nothing.
    Number(usize),
    /// [`Cell::Number`] between 0 and 1, or nothing.
    Share,
    /// [`Cell::Whole`], or nothing.
    Whole,
    /// [`Cell::Number`], the [`Cell::Text`] `always` or `never`, or nothing. No field of a scored list is one, only what
    /// follows from its rows.
    BreakEven,
    /// The same, of a share or a chance.
    BreakEvenShare,
}

/// Where a field's cells come from.
#[derive(Clone, Copy, Debug)]
enum Source {
    Row(Get),
    Feature(usize),
    Evidence,
    Reason(usize),
    Shown(usize),
}

/// A cell of a row.
type Get = for<'a> fn(&'a Scores, &'a ScoreRow) -> Cell<'a>;

use FieldKind::{AsOf, Id, Number, Share, Text, Whole};

/// The fields before the features.
const HEAD: &[(&str, FieldKind, Get)] = &[
    ("customer_id", Id, |_, row| Cell::Id(&row.customer_id)),
    ("as_of", AsOf, |_, _| Cell::AsOf),
    ("churn_probability", Share, |_, row| Cell::Number(row.churn_probability)),
    ("lifetime_value", Number(2), |_, row| Cell::Number(row.lifetime_value)),
    ("action", Text, |scores, row| Cell::Text(scores.action_of(row).into())),
    ("net_value", Number(2), |_, row| Cell::Number(row.net_value)),
];

/// The fields after the features: what the lifetime value is made of and how well it is known, and where the customer
/// stands; what speaks for the cause follows.
const STANDING: &[(&str, FieldKind, Get)] = &[
    ("purchases_if_kept", Number(2), |_, row| Cell::Number(row.expected.discounted_purchases)),
    (IF_LEFT_FIELD, Number(2), |_, row| row.expected.discounted_if_left.map_or(Cell::Nothing, Cell::Number)),
    ("purchase_amount", Number(2), |_, row| Cell::Number(row.expected.mean_amount)),
    ("lifetime_value_relative_sd", Number(2), |_, row| Cell::Number(row.lifetime_value_relative_sd)),
    ("value_tier", Text, |_, row| Cell::Text(row.tier.name().into())),
    ("lifecycle_stage", Text, |_, row| Cell::Text(row.stage.name().into())),
    ("likely_cause", Text, |_, row| Cell::Text(row.cause.name().into())),
];

/// What the action comes to, and the parts of its net value.
const DECISION: &[(&str, FieldKind, Get)] = &[
    ("days_since_contact", Whole, |_, row| {
        row.days_since_contact.map_or(Cell::Nothing, |days| Cell::Whole(days as i64))
    }),
    ("contact_cost", Number(2), |scores, row| Cell::Number(scores.terms_of(row).contact_cost.get())),
    ("incentive", Number(2), |scores, row| Cell::Number(scores.terms_of(row).incentive.get())),
    ("save_rate", Number(4), |scores, row| Cell::Number(scores.terms_of(row).save_rate)),
    ("take_up", Number(4), |scores, row| Cell::Number(scores.terms_of(row).take_up)),
    ("driven_away", Number(4), |scores, row| Cell::Number(scores.terms_of(row).driven_away)),
    ("value_saved", Number(2), |scores, row| Cell::Number(scores.ledger_of(row).saved.get())),
    ("incentive_to_saved", Number(2), |scores, row| {
        Cell::Number(scores.ledger_of(row).incentive_to_saved.get())
    }),
    ("incentive_to_loyal", Number(2), |scores, row| {
        Cell::Number(scores.ledger_of(row).incentive_to_loyal.get())
    }),
    ("value_driven_away", Number(2), |scores, row| Cell::Number(scores.ledger_of(row).driven_away.get())),
    ("pays_probability", Share, |_, row| row.pays.map_or(Cell::Nothing, Cell::Number)),
];

/// The name of the field of what is bought even by who leaves: lists of before 2026-12-01 have none.
pub(super) const IF_LEFT_FIELD: &str = "purchases_if_left";
/// The name of the field of what speaks for the cause.
const EVIDENCE_FIELD: &str = "cause_evidence";
/// The names of the fields of reasons.
const REASON_FIELDS: [&str; REASONS] = ["reason_1", "reason_2", "reason_3"];
/// The name of the field of [`EVIDENCE_FIELD`]'s code…
pub(super) const EVIDENCE_CODE_FIELD: &str = "cause_evidence_code";
/// …and of the one of all reasons' codes.
pub(super) const REASON_CODES_FIELD: &str = "reason_codes";
/// What is between the codes of two reasons.
pub(super) const BETWEEN_CODES: &str = "; ";

/// What the sentences of evidence and reasons say, as codes: from them they are told again, in any language.
const CODES: &[(&str, FieldKind, Get)] = &[
    (EVIDENCE_CODE_FIELD, Text, |_, row| text_or_nothing(row.evidence.as_ref().map(|code| code.to_string()))),
    (REASON_CODES_FIELD, Text, |_, row| {
        let mut codes = String::new();
        for told in &row.reasons {
            let between = if codes.is_empty() { "" } else { BETWEEN_CODES };
            // A text takes whatever is written to it.
            let _ = write!(codes, "{between}{told}");
        }
        text_or_nothing((!codes.is_empty()).then_some(codes))
    }),
];

/// The fields that every list has, in order.
pub(crate) fn known_fields(language: Language) -> impl Iterator<Item = Field> {
    let field = move |name: &str, kind, source| Field { name: name.to_owned(), kind, source, language };
    let rows = move |fields: &'static [(&str, FieldKind, Get)]| {
        fields.iter().map(move |&(name, kind, get)| field(name, kind, Source::Row(get)))
    };
    let features = CORE.iter().enumerate();
    let features =
        features.map(move |(place, feature)| field(feature.name, kind_of(feature), Source::Feature(place)));
    let reasons = REASON_FIELDS.iter().enumerate();
    let reasons = reasons.map(move |(place, name)| field(name, Text, Source::Reason(place)));
    rows(HEAD)
        .chain(features)
        .chain(rows(STANDING))
        .chain([field(EVIDENCE_FIELD, Text, Source::Evidence)])
        .chain(rows(DECISION))
        .chain(reasons)
        .chain(rows(CODES))
}

fn text_or_nothing<'a>(text: Option<impl Into<Cow<'a, str>>>) -> Cell<'a> {
    text.map_or(Cell::Nothing, |text| Cell::Text(text.into()))
}

fn kind_of(feature: &Feature) -> FieldKind {
    match feature.unit {
        unit if unit.is_whole() => Whole,
        Unit::Money => Number(2),
        _ => Number(4),
    }
}

impl Field {
    /// What it holds for a row of the list.
    pub fn cell<'a>(&self, scores: &'a Scores, row: &'a ScoreRow) -> Cell<'a> {
        match self.source {
            Source::Row(get) => get(scores, row),
            Source::Feature(place) if self.kind == Whole => Cell::Whole(row.features[place] as i64),
            Source::Feature(place) => Cell::Number(row.features[place]),
            Source::Evidence => text_or_nothing(row.cause_evidence(self.language)),
            Source::Reason(place) => text_or_nothing(row.reason(place, self.language)),
            Source::Shown(place) => text_or_nothing(row.shown.get(place).and_then(Option::as_deref)),
        }
    }
}

impl Scores {
    /// The list's columns, in order, with sentences in a language: those of every list, and what customers files say for
    /// a list to show.
    pub fn fields(&self, language: Language) -> Vec<Field> {
        let shown = self.shown.iter().enumerate().map(|(place, name)| Field {
            name: name.clone(),
            kind: Text,
            source: Source::Shown(place),
            language,
        });
        known_fields(language).chain(shown).collect()
    }
}
