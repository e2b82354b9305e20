//! The columns of an at-risk list: those of a scored list, and what follows from them.

use mainstay_features::profile::{CONTRACT_END, LISTED};
use mainstay_models::decision::{BreakEven, BreakEvens};
use mainstay_models::language::Language;
use mainstay_models::segments::play::play;

use super::AtRisk;
use crate::scores::{Cell, ConsentColumns, Field, FieldKind, ScoreRow, known_fields};

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What kind of cells it has.
    pub kind: FieldKind,
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    Field(Field),
    Derived(Get),
}

/// A cell of a row.
type Get = for<'a> fn(&'a AtRisk<'_>, &'a ScoreRow) -> Cell<'a>;

/// What follows from a row.
const DERIVED: &[(&str, FieldKind, Get)] = &[
    ("value_at_risk", FieldKind::Number(2), |_, row| Cell::Number(row.value_at_risk())),
    ("change", FieldKind::Text, |list, row| {
        list.change(row).map_or(Cell::Nothing, |change| Cell::Text(change.words(list.language).into()))
    }),
    ("why_nothing", FieldKind::Text, |list, row| {
        why_nothing(list, row).map_or(Cell::Nothing, |why| Cell::Text(why.into()))
    }),
    ("play", FieldKind::Text, |list, row| Cell::Text(play(row.tier, row.cause, list.language).into())),
    ("say", FieldKind::Text, |list, row| {
        let offer = list.catalogue.named(list.scores.action_of(row));
        offer.map_or(Cell::Nothing, |offer| {
            Cell::Text(offer.words().say(list.language, list.scores.terms_of(row).incentive).into())
        })
    }),
    ("rfm_score", FieldKind::Number(1), |list, row| {
        list.measures().rfm_score(row).map_or(Cell::Nothing, Cell::Number)
    }),
    ("value_matrix", FieldKind::Text, |list, row| {
        list.measures().cell(row).map_or(Cell::Nothing, |cell| Cell::Text(cell.name().into()))
    }),
    ("break_even_probability", FieldKind::BreakEvenShare, |list, row| {
        break_even(list, row, |at| at.churn_probability)
    }),
    ("break_even_save_rate", FieldKind::BreakEvenShare, |list, row| break_even(list, row, |at| at.save_rate)),
    ("break_even_incentive", FieldKind::BreakEven, |list, row| break_even(list, row, |at| at.incentive)),
    ("break_even_lifetime_value", FieldKind::BreakEven, |list, row| {
        break_even(list, row, |at| at.lifetime_value)
    }),
];

/// Of who is offered nothing, why not: by offer, where they differ.
fn why_nothing(list: &AtRisk<'_>, row: &ScoreRow) -> Option<String> {
    if row.pays.is_some() {
        return None;
    }
    let (language, consents) = (list.language, ConsentColumns::of(list.scores));
    let p = row.stakes().churn_probability;
    consents.circumstances(row, |circumstances| list.catalogue.why_nothing(p, circumstances, language))
}

fn break_even<'a>(list: &AtRisk<'_>, row: &ScoreRow, of: fn(&BreakEvens) -> BreakEven) -> Cell<'a> {
    // Doing nothing has none.
    if row.pays.is_none() {
        return Cell::Nothing;
    }
    let stakes = row.stakes();
    let terms = list.scores.terms_of(row);
    match of(&terms.break_evens(stakes.churn_probability, stakes.worth.lifetime_value)) {
        BreakEven::At(number) => Cell::Number(number),
        word @ (BreakEven::Always | BreakEven::Never) => Cell::Text(word.to_string().into()),
    }
}

/// What a table shows if not asked otherwise, before what customers files say.
const OF_A_TABLE: [&str; 9] = [
    "customer_id",
    "churn_probability",
    "lifetime_value",
    "value_tier",
    "action",
    "net_value",
    "pays_probability",
    "change",
    "reason_1",
];

/// A name that is no column's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no column; there are: {known}")]
pub struct UnknownColumn {
    name: String,
    known: String,
}

impl AtRisk<'_> {
    /// Every column: those of the scored list, then what follows from them.
    pub fn columns(&self) -> Vec<Column> {
        let fields = self.scores.fields(self.language).into_iter().map(|field| Column {
            name: field.name.clone(),
            kind: field.kind,
            source: Source::Field(field),
        });
        let derived = DERIVED.iter().map(|&(name, kind, get)| Column {
            name: name.to_owned(),
            kind,
            source: Source::Derived(get),
        });
        fields.chain(derived).collect()
    }

    /// The columns of a table for people: few enough for a screen. What has changed only where there is a list before; of
    /// what customers files say only whom to call.
    pub fn columns_of_a_table(&self) -> Vec<Column> {
        let all = self.columns();
        let has_previous = self.previous.is_some();
        let few = OF_A_TABLE.iter().filter(|&&name| name != "change" || has_previous);
        let few = few.filter_map(|name| all.iter().find(|column| column.name == *name));
        few.chain(all.iter().filter(|column| self.is_for_a_call(column))).cloned().collect()
    }

    /// Whether a column is one of what customers files say that a table shows: whom to call, and until when the contract runs.
    pub fn is_for_a_call(&self, column: &Column) -> bool {
        let name = column.name.as_str();
        (LISTED.contains(&name) || name == CONTRACT_END) && self.scores.shown.contains(&column.name)
    }

    /// What a column holds for a row.
    pub fn cell<'a>(&'a self, column: &'a Column, row: &'a ScoreRow) -> Cell<'a> {
        match &column.source {
            Source::Field(field) => field.cell(self.scores, row),
            Source::Derived(get) => get(self, row),
        }
    }
}

/// Of all columns those of these names, in the names' order.
///
/// # Errors
/// When a name is no column's.
pub fn columns_named(all: &[Column], names: &[String]) -> Result<Vec<Column>, UnknownColumn> {
    let known = || all.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ");
    let named = |name: &String| {
        let column = all.iter().find(|column| column.name == *name).cloned();
        column.ok_or_else(|| UnknownColumn { name: name.clone(), known: known() })
    };
    names.iter().map(named).collect()
}

/// The columns that every list has, by name and kind, in order.
pub fn columns_of_every_list() -> Vec<(String, FieldKind)> {
    let known = known_fields(Language::default()).map(|field| (field.name, field.kind));
    known.chain(DERIVED.iter().map(|&(name, kind, _)| (name.to_owned(), kind))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_features::profile;

    #[test]
    fn what_customers_files_say_cannot_take_the_name_of_a_column() {
        let all = columns_of_every_list();
        all.iter().for_each(|(name, _)| assert!(profile::is_reserved(name), "{name}"));
    }
}
