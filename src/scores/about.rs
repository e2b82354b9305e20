//! What a scored list in Parquet tells of itself as a whole: in the file's footer, where it is read without the rows.

use std::fmt;
use std::fs::File;

use mainstay_features::label::Label;
use mainstay_features::units::{Days, Instant};
use mainstay_models::artifact::Artifact;
use mainstay_models::decision::Catalogue;
use mainstay_models::gate::words_in;
use mainstay_models::language::Language;
use mainstay_models::model::Kind;
use mainstay_models::segments::TierCuts;
use mainstay_models::training::Settings;
use parquet::file::metadata::FileMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde::{Deserialize, Serialize};

use crate::offers;
use crate::service::{Assumptions, Service};

/// The name it has in the footer.
pub(super) const KEY: &str = "mainstay";

/// The list as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListAbout {
    /// Its instant, in microseconds since 1970.
    as_of_micros: i64,
    /// The lifetime values between its tiers.
    pub tiers: TierCuts,
    /// What it was decided by; lists of older versions do not tell.
    pub basis: Option<ListBasis>,
}

/// What a list's churn probabilities are of, and whom it has. Those of two questions cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What leaving means.
    label: String,
    horizon_days: u32,
    lookback_days: u32,
}

impl Question {
    /// What a model is asked.
    fn of(artifact: &Artifact) -> Self {
        let Settings { horizon, lookback, .. } = artifact.settings;
        Self {
            label: artifact.training.label.to_string(),
            horizon_days: horizon.get(),
            lookback_days: lookback.get(),
        }
    }

    /// What leaving means and within which time; `None` where that cannot be read.
    pub fn asked(&self) -> Option<(Label, Days)> {
        Some((self.label.parse().ok()?, Days::new(self.horizon_days)?))
    }

    /// Why a list of this question cannot be compared with one before, which was of that; `None` where it can.
    pub fn why_not_compared(&self, before: &Self, as_of: Instant) -> Option<String> {
        (self != before).then(|| format!("that one, as of {as_of}, is of {before}, and this one of {self}"))
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { label, horizon_days, lookback_days } = self;
        write!(f, "{label} within {horizon_days} days at a lookback of {lookback_days}")
    }
}

/// What a list was decided by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListBasis {
    /// The model's name.
    pub model: String,
    /// What it is asked; lists of older versions do not tell.
    #[serde(default)]
    pub question: Option<Question>,
    /// How it was judged, in words; likewise.
    #[serde(default)]
    pub verdict: Option<String>,
    /// Whether no model had earned its place: the probabilities are then the simple rule's.
    #[serde(default)]
    by_rule: bool,
    /// What tells its offers from others: [`offers::fingerprint`].
    offers: String,
    margin: f64,
    yearly_discount: f64,
}

impl ListBasis {
    /// What a service decides by.
    pub fn of(service: &Service) -> Self {
        let Assumptions { margin, discount } = service.assumptions();
        Self {
            model: service.artifact().name(),
            question: Some(Question::of(service.artifact())),
            verdict: Some(service.artifact().training.judged().to_owned()),
            by_rule: service.artifact().training.kind() == Kind::Rule,
            offers: offers::fingerprint(service.catalogue()),
            margin: margin.get(),
            yearly_discount: discount.get(),
        }
    }

    /// That the simple rule's probabilities decided, and why no model's; `None` where a model's did.
    pub fn why_by_rule(&self, language: Language) -> Option<String> {
        let verdict = words_in(language, self.verdict.as_deref().filter(|_| self.by_rule)?);
        let model = &self.model;
        Some(language.either(
            format!("the list is by {model}, which was judged {verdict}"),
            format!("本名单依据{model}，检验结论：{verdict}"),
        ))
    }

    /// The margin that values were reckoned with.
    pub const fn margin(&self) -> f64 {
        self.margin
    }

    /// By how much a year's wait lowered what an amount is worth.
    pub const fn yearly_discount(&self) -> f64 {
        self.yearly_discount
    }

    /// Whether these are its offers.
    pub fn has_offers(&self, catalogue: &Catalogue) -> bool {
        self.offers == offers::fingerprint(catalogue)
    }

    /// What of the money's basis is otherwise in another, in words; nothing where all is the same.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let number = |name: &str, own: f64, others: f64| {
            (own != others).then(|| format!("a {name} of {own} instead of {others}"))
        };
        let offers = (self.offers != other.offers).then(|| "other offers".to_owned());
        let margin = number("margin", self.margin, other.margin);
        let discount = number("yearly discount", self.yearly_discount, other.yearly_discount);
        [offers, margin, discount].into_iter().flatten().collect()
    }
}

impl ListAbout {
    /// Its instant.
    pub fn as_of(&self) -> Instant {
        Instant::from_micros(self.as_of_micros).unwrap_or(Instant::MIN)
    }

    /// A list of an instant, with these lifetime values between its tiers, decided by this.
    pub fn new(as_of: Instant, tiers: TierCuts, basis: ListBasis) -> Self {
        Self { as_of_micros: as_of.micros(), tiers, basis: Some(basis) }
    }

    /// Whether the list is of an instant before this.
    pub fn is_before(&self, as_of: Instant) -> bool {
        self.as_of_micros < as_of.micros()
    }

    /// [`Question::why_not_compared`] of the list and one before; `None` too where either does not tell.
    pub fn why_not_compared(&self, before: &Self) -> Option<String> {
        let question = |about: &Self| about.basis.as_ref()?.question.clone();
        question(self)?.why_not_compared(&question(before)?, Instant::from_micros(before.as_of_micros)?)
    }

    /// What a file tells of itself; `None` where it tells nothing.
    ///
    /// # Errors
    /// When it is no Parquet file, or tells something else.
    pub fn read(file: File) -> Result<Option<Self>, String> {
        let reader = SerializedFileReader::new(file).map_err(|error| error.to_string())?;
        Self::told_by(reader.metadata().file_metadata())
    }

    /// The same of a file that is being read.
    pub(super) fn told_by(about: &FileMetaData) -> Result<Option<Self>, String> {
        let told = about.key_value_metadata();
        let own = told.into_iter().flatten().find(|pair| pair.key == KEY);
        let Some(text) = own.and_then(|pair| pair.value.as_deref()) else { return Ok(None) };
        serde_json::from_str(text).map(Some).map_err(|error| error.to_string())
    }
}
