//! Reasons: what a score rests on, by the customer's own numbers; facts first ([`Told`]), which are then sentences in a
//! language.
//!
//! Contributions come from the models, in log-odds, less what is usual among the customers of the training's newest
//! snapshot ([`crate::drift::Reference::usual_contributions`]): where everyone is silent, silence is no reason. Features of one
//! topic say much the same, and share out between them what it contributes; so contributions are added up by topic, and
//! of each topic that stands out the feature that contributes most speaks for all.

mod chinese;
mod english;
mod saying;
#[cfg(test)]
mod tests;
mod told;
mod wording;

pub use saying::Towards;
pub use told::{Told, UnknownReason};

use mainstay_features::feature::{Topic, Window};
use mainstay_features::registry;
use mainstay_features::season::YEAR_DAYS;
use mainstay_features::tenure::TENURE_DAYS;
use smallvec::{SmallVec, smallvec};

use self::chinese::CHINESE;
use self::english::ENGLISH;
use self::saying::{Saying, sayings_of};
use self::wording::{Fact, Table};
use crate::language::Language;

/// A topic stands out if it multiplies the odds of leaving, or of staying, by at least 1.15: ln 1.15 in log-odds. At even
/// odds that is 3.5 points of probability.
pub const STANDS_OUT: f64 = 0.139_761_942_375_158_7;

/// Something of each topic, of which there are fewer than these: asked of every customer, none is in a place of its own.
type ByTopic<T> = SmallVec<[T; 12]>;

/// One topic's part in a score.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// What it is about.
    pub topic: Topic,
    /// The column of the feature that speaks for the topic.
    pub column: usize,
    /// What the topic's features contribute together, in log-odds; above zero towards leaving.
    pub contribution: f64,
    /// What that feature tells.
    pub told: Told,
}

/// Finds the reasons of rows with certain columns.
#[derive(Clone, Debug)]
pub struct Explainer {
    features: Vec<Explained>,
    /// What the features are about, each once.
    topics: Vec<Topic>,
    /// The column of the days since the first purchase.
    tenure: Option<usize>,
}

#[derive(Clone, Debug)]
struct Explained {
    /// Which of the topics.
    topic: usize,
    sayings: Vec<(&'static Saying, Vec<Source>)>,
    /// How many days ago the time began that it is about, where that ended long ago: who was no customer then did nothing in
    /// it, and that tells nothing.
    began_days_ago: Option<f64>,
}

/// The column a number comes from, and the one that is taken off.
#[derive(Clone, Copy, Debug)]
struct Source {
    column: usize,
    less: Option<usize>,
}

impl Source {
    /// `None` if the rows do not have it.
    fn of(fact: &Fact, columns: &[String]) -> Option<Self> {
        let place = |name: &String| columns.iter().position(|column| column == name);
        let less = match &fact.less {
            Some(name) => Some(place(name)?),
            None => None,
        };
        Some(Self { column: place(&fact.feature)?, less })
    }

    /// NaN where there is no value.
    fn value(self, row: &[f64]) -> f64 {
        let value = |column: usize| row.get(column).copied().unwrap_or(f64::NAN);
        value(self.column) - self.less.map_or(0.0, value)
    }
}

impl Explainer {
    /// For rows whose columns are these features.
    pub fn new(columns: &[String]) -> Self {
        let sources = |saying: &'static Saying| -> Option<(&'static Saying, Vec<Source>)> {
            let sources = saying.facts.iter().map(|fact| Source::of(fact, columns));
            Some((saying, sources.collect::<Option<_>>()?))
        };
        let mut topics = Vec::new();
        let explained = |name: &String| {
            let topic = topic(name);
            let place = topics.iter().position(|known| *known == topic).unwrap_or(topics.len());
            if place == topics.len() {
                topics.push(topic);
            }
            let sayings = sayings_of(name).iter().filter_map(sources).collect();
            Explained { topic: place, sayings, began_days_ago: began_days_ago(name) }
        };
        let features = columns.iter().map(explained).collect();
        let tenure = columns.iter().position(|name| name == TENURE_DAYS.name);
        Self { features, topics, tenure }
    }

    /// What a feature tells of a customer, given what it contributes to their score; nothing where it has no value but
    /// always should, of a time before the first purchase, nor of a column that is none of the rows'.
    pub fn told(&self, column: usize, row: &[f64], contribution: f64) -> Option<Told> {
        let towards = if contribution < 0.0 { Towards::Staying } else { Towards::Leaving };
        let has_value = !row.get(column)?.is_nan();
        let Explained { sayings, began_days_ago, .. } = self.features.get(column)?;
        let tenure_days = self.tenure.and_then(|tenure| row.get(tenure));
        if row[column] == 0.0
            && let (Some(began), Some(tenure)) = (began_days_ago, tenure_days)
            && tenure < began
        {
            return None;
        }
        sayings
            .iter()
            .filter(|(saying, _)| saying.towards == towards && saying.facts.is_empty() != has_value)
            .find_map(|(saying, sources)| Told::new(saying, sources.iter().map(|source| source.value(row))))
    }

    /// Why a customer may leave: the topics that stand out towards leaving, the largest first; none where nothing
    /// stands out. Row and contributions are in the order of the columns.
    pub fn leaving(&self, row: &[f64], contributions: &[f64]) -> impl Iterator<Item = Reason> {
        self.reasons(row, contributions, 1.0)
    }

    /// Why a customer may stay, like [`Self::leaving`].
    pub fn staying(&self, row: &[f64], contributions: &[f64]) -> impl Iterator<Item = Reason> {
        self.reasons(row, contributions, -1.0)
    }

    fn reasons(&self, row: &[f64], contributions: &[f64], sign: f64) -> impl Iterator<Item = Reason> {
        // By topic: what its features contribute together, and which contributes most in the direction asked for.
        let mut sums: ByTopic<(f64, Option<usize>)> = smallvec![(0.0, None); self.topics.len()];
        for (column, (feature, &contribution)) in self.features.iter().zip(contributions).enumerate() {
            let (sum, most) = &mut sums[feature.topic];
            *sum += contribution;
            if most.is_none_or(|most| sign * contribution > sign * contributions[most]) {
                *most = Some(column);
            }
        }
        let mut standing_out: ByTopic<(Topic, f64, usize)> = SmallVec::new();
        for (&topic, (sum, most)) in self.topics.iter().zip(sums) {
            standing_out.extend(most.filter(|_| sign * sum >= STANDS_OUT).map(|most| (topic, sum, most)));
        }
        standing_out.sort_by(|a, b| (sign * b.1).total_cmp(&(sign * a.1)));
        let reason = move |(topic, contribution, column)| {
            let told = self.told(column, row, contribution)?;
            Some(Reason { topic, column, contribution, told })
        };
        standing_out.into_iter().filter_map(reason)
    }
}

fn began_days_ago(name: &str) -> Option<f64> {
    let feature = registry::all().find(|feature| feature.name == name)?;
    match feature.window {
        Window::YearAgo(days) => Some(f64::from(YEAR_DAYS + days)),
        Window::YearAgoNext(_) => Some(f64::from(YEAR_DAYS)),
        Window::WholeHistory | Window::Last(_) | Window::LastAgainstBefore(_) => None,
    }
}

/// What is said where no reason stands out.
pub fn nothing_stands_out(language: Language) -> &'static str {
    table(language).nothing_stands_out
}

/// All that is of a language.
fn table(language: Language) -> &'static Table {
    match language {
        Language::English => &ENGLISH,
        Language::Chinese => &CHINESE,
    }
}

/// What a feature is about; one that no history tells, such as expected purchases, is made of the orders.
fn topic(name: &str) -> Topic {
    registry::all().find(|feature| feature.name == name).map_or(Topic::Activity, |feature| feature.topic)
}
