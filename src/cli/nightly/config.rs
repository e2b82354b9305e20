//! What `[nightly]` in a configuration says.

use std::path::{Path, PathBuf};

use mainstay_features::units::Instant;
use mainstay_models::language::Language;
use mainstay_models::lifetime::{Margin, YearlyDiscount};
use serde::Deserialize;

use crate::service::Assumptions;

/// The section as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Written {
    store: PathBuf,
    scores: Option<PathBuf>,
    list: Option<PathBuf>,
    list_top: Option<usize>,
    language: Option<String>,
    offers: Option<PathBuf>,
    margin: Option<f64>,
    discount: Option<f64>,
    most_days_old: Option<u32>,
    gap_days: Option<u32>,
    #[serde(default)]
    closed_days: Vec<String>,
    #[serde(default)]
    anew: bool,
    #[serde(default)]
    need_model: bool,
    #[serde(default)]
    stop_on_drift: bool,
}

/// What it says; paths are from the configuration's own folder.
pub(in crate::cli) struct Config {
    /// The store.
    pub(super) store: PathBuf,
    /// Where the scored list goes besides the store.
    pub(super) scores: Option<PathBuf>,
    /// Where the list for people goes, and how many customers it has.
    pub(super) list: Option<PathBuf>,
    pub(super) list_top: usize,
    pub(super) language: Language,
    pub(super) offers: Option<PathBuf>,
    pub(super) assumptions: Assumptions,
    /// The feed is stale when its last order is more whole days ago.
    pub(super) most_days_old: i64,
    /// So many days before its last must be without gaps.
    pub(super) gap_days: i64,
    /// Days, counted from 1970, on which nothing is sold.
    pub(super) closed_days: Vec<i64>,
    /// Whether the files as they stand are the history, and not what they add to it.
    pub(super) anew: bool,
    /// Whether the simple rule may not serve.
    pub(super) need_model: bool,
    pub(super) stop_on_drift: bool,
}

const LIST_TOP: usize = 1_000;
/// Orders up to yesterday's midnight, looked at before tonight's.
const MOST_DAYS_OLD: u32 = 2;
/// Four weeks.
const GAP_DAYS: u32 = 28;

impl Written {
    /// What is written, looked at.
    pub(in crate::cli) fn parsed(self, folder: &Path) -> Result<Config, String> {
        let here = |path: PathBuf| folder.join(path);
        let margin = self.margin.map(|margin| {
            margin.to_string().parse::<Margin>().map_err(|error| format!("nightly.margin: {error}"))
        });
        let discount = self.discount.map(|rate| {
            rate.to_string().parse::<YearlyDiscount>().map_err(|error| format!("nightly.discount: {error}"))
        });
        let language = self
            .language
            .map(|text| text.parse::<Language>().map_err(|error| format!("nightly.language: {error}")));
        let day = |text: &String| {
            let instant = text.parse::<Instant>().map_err(|error| format!("nightly.closed_days: {error}"))?;
            Ok::<_, String>(instant.calendar_day())
        };
        Ok(Config {
            store: here(self.store),
            scores: self.scores.map(here),
            list: self.list.map(here),
            list_top: self.list_top.unwrap_or(LIST_TOP),
            language: language.transpose()?.unwrap_or(Language::English),
            offers: self.offers.map(here),
            assumptions: Assumptions {
                margin: margin.transpose()?.unwrap_or(Margin::DEFAULT),
                discount: discount.transpose()?.unwrap_or(YearlyDiscount::DEFAULT),
            },
            most_days_old: i64::from(self.most_days_old.unwrap_or(MOST_DAYS_OLD)),
            gap_days: i64::from(self.gap_days.unwrap_or(GAP_DAYS)),
            closed_days: self.closed_days.iter().map(day).collect::<Result<_, _>>()?,
            anew: self.anew,
            need_model: self.need_model,
            stop_on_drift: self.stop_on_drift,
        })
    }
}
