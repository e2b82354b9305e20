//! Reading a scored list back, Parquet or CSV: what a field holds goes where it came from.

mod csv;
mod parquet;

use std::borrow::Cow;
use std::fs::File;
use std::path::Path;

use compact_str::CompactString;
use mainstay_features::registry::CORE;
use mainstay_features::units::{Instant, Money};
use mainstay_models::decision::Terms;
use mainstay_models::language::Language;
use mainstay_models::lifetime::Expected;
use mainstay_models::segments::{Evidence, Stage};

use super::fields::{BETWEEN_CODES, EVIDENCE_CODE_FIELD, IF_LEFT_FIELD, REASON_CODES_FIELD, known_fields};
use super::{Format, ScoreRow, Scores};
use crate::failure::{Failure, Kind};
use crate::service::Why;

/// Reads a scored list as `score` wrote it; `path` says which format it has. The identifiers of a CSV list are text. It comes
/// some rows at a time, each with all else of a list, and `keep` adds what is to be kept of them: [`Scores::append`] all.
///
/// # Errors
/// When it is no such list.
pub(crate) fn read(
    file: File,
    path: &Path,
    keep: impl FnMut(&mut Scores, Scores),
) -> Result<Scores, Failure> {
    let bad = |what: String| {
        Failure::new(Kind::BadInput, format!("{}: {what}; write it with mainstay score", path.display()))
    };
    match Format::of(path) {
        Some(Format::Parquet) => parquet::read(file, keep).map_err(bad),
        Some(Format::Csv) => csv::read(file, keep).map_err(bad),
        None => Err(bad("is neither .parquet nor .csv".to_owned())),
    }
}

/// Why a file is no scored list.
type Reason = String;

const OTHER_COLUMNS: &str = "does not have the columns of a scored list";

/// A row of a file. Fields are asked for by their place among the known ones: by name would take longer than all else.
trait Cells {
    /// The text of a field; `None` where there is none.
    fn text(&self, field: usize) -> Result<Option<Cow<'_, str>>, Reason>;
    /// The number of a field; `None` where there is none.
    fn number(&self, field: usize) -> Result<Option<f64>, Reason>;
    /// The instant of the list.
    fn as_of(&self, field: usize) -> Result<Instant, Reason>;
    /// What customers files say.
    fn shown(&self) -> Box<[Option<CompactString>]>;
}

/// The known fields, and where among them is what a row is made of.
struct Places {
    names: Vec<String>,
    /// Those that a row is made of: the others follow from them.
    used: Vec<usize>,
    customer_id: usize,
    as_of: usize,
    churn_probability: usize,
    lifetime_value: usize,
    lifetime_value_relative_sd: usize,
    value_tier: usize,
    lifecycle_stage: usize,
    likely_cause: usize,
    evidence_code: usize,
    days_since_contact: usize,
    action: usize,
    contact_cost: usize,
    incentive: usize,
    save_rate: usize,
    take_up: usize,
    driven_away: usize,
    net_value: usize,
    pays_probability: usize,
    purchases_if_kept: usize,
    purchases_if_left: usize,
    purchase_amount: usize,
    features: [usize; CORE.len()],
    reason_codes: usize,
}

impl Places {
    fn new() -> Self {
        let names: Vec<String> = known_fields(Language::English).map(|field| field.name).collect();
        // A name that is not there would be the place of none: a test reads what is written.
        let mut used = Vec::new();
        let mut at = |name: &str| {
            let place = names.iter().position(|known| known == name).unwrap_or(names.len());
            used.push(place);
            place
        };
        Self {
            customer_id: at("customer_id"),
            as_of: at("as_of"),
            churn_probability: at("churn_probability"),
            lifetime_value: at("lifetime_value"),
            lifetime_value_relative_sd: at("lifetime_value_relative_sd"),
            value_tier: at("value_tier"),
            lifecycle_stage: at("lifecycle_stage"),
            likely_cause: at("likely_cause"),
            evidence_code: at(EVIDENCE_CODE_FIELD),
            days_since_contact: at("days_since_contact"),
            action: at("action"),
            contact_cost: at("contact_cost"),
            incentive: at("incentive"),
            save_rate: at("save_rate"),
            take_up: at("take_up"),
            driven_away: at("driven_away"),
            net_value: at("net_value"),
            pays_probability: at("pays_probability"),
            purchases_if_kept: at("purchases_if_kept"),
            purchases_if_left: at(IF_LEFT_FIELD),
            purchase_amount: at("purchase_amount"),
            features: CORE.map(|feature| at(feature.name)),
            reason_codes: at(REASON_CODES_FIELD),
            used,
            names,
        }
    }

    /// That a file has every column that a list always had.
    fn check(&self, has: impl Fn(&String) -> bool) -> Result<(), Reason> {
        match self.names.iter().find(|&name| name != IF_LEFT_FIELD && !has(name)) {
            Some(missing) => Err(format!("{OTHER_COLUMNS} of this version: there is no {missing}")),
            None => Ok(()),
        }
    }

    fn name(&self, field: usize) -> &str {
        self.names.get(field).map_or("", String::as_str)
    }

    /// Adds a row to a list.
    fn add(&self, scores: &mut Scores, cells: &impl Cells) -> Result<(), Reason> {
        let at = |field: usize, reason: Reason| format!("column {:?}: {reason}", self.name(field));
        let number = |field: usize| match cells.number(field) {
            Ok(Some(number)) => Ok(number),
            Ok(None) => Err(at(field, "empty".to_owned())),
            Err(reason) => Err(at(field, reason)),
        };
        let number_if_any = |field: usize| cells.number(field).map_err(|reason| at(field, reason));
        let text = |field: usize| match cells.text(field) {
            Ok(Some(text)) => Ok(text),
            Ok(None) => Err(at(field, "empty".to_owned())),
            Err(reason) => Err(at(field, reason)),
        };
        let money = |field: usize| Ok::<_, Reason>(Money::new(number(field)?).unwrap_or_default());
        let mut features = [0.0; CORE.len()];
        for (value, &field) in features.iter_mut().zip(&self.features) {
            *value = number(field)?;
        }
        let text_if_any = |field: usize| cells.text(field).map_err(|reason| at(field, reason));
        let evidence: Option<Evidence> = match text_if_any(self.evidence_code)? {
            Some(code) => Some(parsed(&code).map_err(|reason| at(self.evidence_code, reason))?),
            None => None,
        };
        let reasons: Why = match text_if_any(self.reason_codes)? {
            Some(codes) => (codes.split(BETWEEN_CODES).map(parsed).collect::<Result<_, _>>())
                .map_err(|reason| at(self.reason_codes, reason))?,
            None => Why::new(),
        };
        let terms = Terms {
            contact_cost: money(self.contact_cost)?,
            incentive: Money::ZERO,
            save_rate: number(self.save_rate)?,
            take_up: number(self.take_up)?,
            driven_away: number(self.driven_away)?,
        };
        scores.as_of = cells.as_of(self.as_of).map_err(|reason| at(self.as_of, reason))?;
        let row = ScoreRow {
            customer_id: text(self.customer_id)?.into(),
            churn_probability: number(self.churn_probability)?,
            lifetime_value: number(self.lifetime_value)?,
            lifetime_value_relative_sd: number(self.lifetime_value_relative_sd)?,
            tier: parsed(&text(self.value_tier)?).map_err(|reason| at(self.value_tier, reason))?,
            stage: parsed(as_now_called(&text(self.lifecycle_stage)?))
                .map_err(|reason| at(self.lifecycle_stage, reason))?,
            cause: parsed(&text(self.likely_cause)?).map_err(|reason| at(self.likely_cause, reason))?,
            evidence,
            days_since_contact: number_if_any(self.days_since_contact)?,
            action: scores.action(&text(self.action)?, terms),
            incentive: number(self.incentive)?,
            net_value: number(self.net_value)?,
            pays: number_if_any(self.pays_probability)?,
            features,
            expected: Expected {
                discounted_purchases: number(self.purchases_if_kept)?,
                discounted_if_left: number_if_any(self.purchases_if_left)?,
                mean_amount: number(self.purchase_amount)?,
            },
            reasons,
            shown: cells.shown(),
        };
        scores.rows.push(row);
        Ok(())
    }
}

/// A stage by its name of today: lists of before 2026-11-29 call one `lapsed`.
fn as_now_called(stage: &str) -> &str {
    if stage == "lapsed" { Stage::Silent.name() } else { stage }
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Reason> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;
    use crate::scores::ListFile;
    use crate::scores::made_up::{list, row};

    /// A list as it is written, its rows some at a time: in Parquet each is a row group.
    fn written(format: Format, list: &Scores, some: usize) -> (tempfile::TempDir, File, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(if format == Format::Csv { "list.csv" } else { "list.parquet" });
        let mut out = File::create(&path).unwrap();
        let mut file = ListFile::new(format, Language::English, &mut out);
        list.rows.chunks(some).for_each(|rows| {
            file.add(&Scores { rows: rows.to_vec(), ..list.without_rows() }).unwrap();
        });
        file.finish().unwrap();
        out.flush().unwrap();
        let file = File::open(&path).unwrap();
        (folder, file, path)
    }

    /// Names with dots, one of them twice; actions that are first met in different row groups; what is missing.
    fn shop() -> Scores {
        let row = |number: usize| ScoreRow {
            action: u32::from(number >= 7),
            shown: ["Lyon", "yes", "a", "b"]
                .map(|text| (number != 3).then(|| format!("{text}{number}").into()))
                .into(),
            ..row(number, [number as u8, 5, 30, 4, 20])
        };
        let shown = ["address.city", "consent_e.mail", "note", "note"].map(str::to_owned).to_vec();
        Scores { shown, ..list((0..10).map(row).collect()) }
    }

    #[test]
    fn a_list_comes_back_as_it_was_written_in_however_many_pieces() {
        let shop = shop();
        for some in [1, 4, 10] {
            for format in [Format::Parquet, Format::Csv] {
                let (_folder, file, path) = written(format, &shop, some);
                assert_eq!(read(file, &path, Scores::append).unwrap(), shop, "{format:?}, {some} at a time");
            }
        }
    }

    #[test]
    fn only_what_is_kept_is_held_and_a_list_without_rows_is_one() {
        let shop = shop();
        let (_folder, file, path) = written(Format::Parquet, &shop, 4);
        let mut pieces = Vec::new();
        let kept = read(file, &path, |kept, mut some| {
            pieces.push(some.rows.len());
            some.rows.retain(|row| row.action == 0 && some.as_of == shop.as_of);
            some.rows.truncate(1);
            kept.append(some);
        });
        let kept = kept.unwrap();
        assert_eq!(pieces, [4, 4, 2]);
        let ids: Vec<&str> = kept.rows.iter().map(|row| &*row.customer_id).collect();
        assert_eq!(ids, ["c0000", "c0004", "c0008"], "places of actions are of each piece");
        assert_eq!(kept.action_of(&kept.rows[2]), "call");
        for format in [Format::Parquet, Format::Csv] {
            let none = Scores { rows: Vec::new(), ..shop.without_rows() };
            let (_folder, file, path) = written(format, &none, 1);
            let read = read(file, &path, Scores::append);
            // Without a row there is no row group, and no column either.
            assert!(read.is_err() || read.unwrap().rows.is_empty(), "{format:?}");
        }
    }

    #[test]
    fn a_broken_list_is_told_of() {
        for content in [&b"PAR1"[..], b""] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("list.parquet");
            fs::write(&path, content).unwrap();
            let failure = read(File::open(&path).unwrap(), &path, Scores::append).unwrap_err();
            assert!(
                failure.message.contains("list.parquet") && failure.kind == Kind::BadInput,
                "{}",
                failure.message
            );
        }
    }
}
