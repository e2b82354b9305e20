//! `mainstay list`.

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, ValueEnum};
use mainstay_models::decision::Catalogue;
use mainstay_models::language::Language;
use mainstay_models::segments::{Cause, RfmRules, Stage, Tier};

use super::caveats::Caveats;
use super::output;
use super::settings::{ListArgs, ListOffers};
use super::show::{OutArgs, ShowArgs, check_actions, check_attributes};
use super::small;
use crate::at_risk::{AtRisk, Band, Filter, Order, Picked, Previous, Said, action_named};
use crate::clock;
use crate::failure::{Failure, Kind};
use crate::scores::{ListAbout, Scores};
use crate::store::Store;

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    list: ListArgs,
    #[command(flatten)]
    filter: FilterArgs,
    /// What comes first
    #[arg(long, value_enum, default_value_t = Sort::NetValue)]
    sort: Sort,
    /// Where the offers' words come from, a TOML file [default: the built-in catalogue]
    #[arg(long, value_name = "FILE")]
    offers: Option<PathBuf>,
    /// How the RFM score (column rfm_score) is reckoned, a TOML file with weights and cut points [default: 5, 4, 1, and by
    /// quantile; docs/segments.md]
    #[arg(long, value_name = "FILE")]
    rfm: Option<PathBuf>,
    #[command(flatten)]
    show: ShowArgs,
}

#[derive(ClapArgs)]
struct FilterArgs {
    /// Only customers with such a churn probability, as in 0.3..0.8, 0.5.. or ..0.2
    #[arg(long, value_name = "FROM..TO", value_parser = Band::of_probabilities)]
    probability: Option<Band>,
    /// Only with so much at risk: churn probability × lifetime value
    #[arg(long, value_name = "FROM..TO")]
    value_at_risk: Option<Band>,
    /// Only with an action that earns so much
    #[arg(long, value_name = "FROM..TO")]
    net_value: Option<Band>,
    /// Only these tiers: key, ordinary, small, problem
    #[arg(long, value_name = "TIERS", value_delimiter = ',')]
    tier: Vec<Tier>,
    /// Only these likely causes: natural, "need changed", price, disappointment, forced, unknown
    #[arg(long, value_name = "CAUSES", value_delimiter = ',')]
    cause: Vec<Cause>,
    /// Only these stages: new, building, stable, declining, silent
    #[arg(long, value_name = "STAGES", value_delimiter = ',')]
    stage: Vec<Stage>,
    /// Only with these actions: names of offers, or "do nothing"
    #[arg(long, value_name = "ACTIONS", value_delimiter = ',', value_parser = parse_action)]
    offer: Vec<String>,
    /// Only with this value of an attribute that customers files give, as in region=north; may be given for several: of one
    /// attribute any, of different ones all
    #[arg(long, value_name = "NAME=VALUE")]
    attribute: Vec<Said>,
    /// Only with a reason that has this text, as it is told in the language
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// An action's name; never fails.
fn parse_action(text: &str) -> Result<String, std::convert::Infallible> {
    Ok(action_named(text).to_owned())
}

#[derive(Clone, Copy, ValueEnum)]
enum Sort {
    NetValue,
    ValueAtRisk,
    Probability,
    LifetimeValue,
    Customer,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let file = args.show.out.check(sheet)?;
    let ListOffers { catalogue, decided_by, .. } =
        args.list.offers(args.offers.as_deref(), args.show.out.language)?;
    let rfm = args.rfm.as_deref().map_or_else(|| Ok(RfmRules::default()), read_rfm)?;
    let (filter, order, most) = (args.filter.filter(), args.sort.order(), args.show.most());
    let language = args.show.out.language;
    let mut picked = Picked::new(&filter, language, (order, most));
    let horizon = decided_by.as_ref().and_then(|basis| basis.question.as_ref()?.asked());
    let mut caveats = Caveats::new(horizon.map(|(_, horizon)| horizon));
    let scores = args.list.load_keeping(|kept, some| {
        caveats.add(&some);
        picked.add(kept, some);
    })?;
    check_actions(&args.filter.offer, &scores)?;
    check_attributes(&filter, &scores)?;
    let previous = match args.list.scores {
        None => previous(&Store::at(&args.list.store.store), &scores),
        Some(_) => None,
    };
    let mut list = AtRisk::of(&scores, &catalogue, previous.as_ref(), language, (&filter, order, most));
    list.measuring = picked.measuring(&rfm);
    if args.show.prints_table() {
        let (as_of, age_days) = (scores.as_of, clock::now().days_since(scores.as_of));
        let model = decided_by.map(|basis| basis.model);
        if model.is_none() {
            output::note(language.either(
                "this file does not tell which model decided, nor how it was judged, as lists in CSV do not",
                "这个文件没有注明由哪个模型决定、检验结论如何（CSV名单都没有）",
            ));
        }
        output::note(&language.either(
            format!(
                "as of {as_of},{} {age_days} days ago",
                model.as_ref().map_or(String::new(), |model| format!(" by {model},"))
            ),
            format!(
                "截至{as_of}（{age_days}天前）{}",
                model.as_ref().map_or(String::new(), |model| format!("，模型{model}"))
            ),
        ));
        caveats.sentences(&catalogue, language).iter().for_each(|caveat| output::note(caveat));
    }
    args.show.show(file, &list, list.columns(), list.columns_of_a_table())
}

/// What a spreadsheet calls the list.
pub(super) fn sheet(language: Language) -> &'static str {
    language.either("at risk", "流失风险名单")
}

/// Writes so many customers of a store's newest list into a file, those with the highest net value first.
pub(super) fn write_newest(
    store: &Store,
    catalogue: &Catalogue,
    out: &OutArgs,
    top: usize,
) -> Result<usize, Failure> {
    let file = out.check(sheet)?;
    let (filter, order) = (Filter::default(), Order::NetValue);
    let mut picked = Picked::new(&filter, out.language, (order, top));
    let scores = store.load_scores_keeping(|kept, some| picked.add(kept, some))?;
    let previous = previous(store, &scores);
    let mut list = AtRisk::of(&scores, catalogue, previous.as_ref(), out.language, (&filter, order, top));
    list.measuring = picked.measuring(&RfmRules::default());
    let rows = list.rows.len();
    file.map_or(Ok(()), |file| file.write(&list, list.columns()))?;
    Ok(rows)
}

fn read_rfm(path: &Path) -> Result<RfmRules, Failure> {
    let text = small::read(path, small::SETTINGS)?;
    toml::from_str(&text)
        .map_err(|error| Failure::new(Kind::BadInput, format!("{}: {}", path.display(), error.message())))
}

impl FilterArgs {
    fn filter(&self) -> Filter {
        Filter {
            churn_probability: self.probability,
            value_at_risk: self.value_at_risk,
            net_value: self.net_value,
            tiers: self.tier.clone(),
            causes: self.cause.clone(),
            stages: self.stage.clone(),
            actions: self.offer.clone(),
            attributes: self.attribute.clone(),
            reason: self.reason.clone(),
        }
    }
}

impl Sort {
    fn order(self) -> Order {
        match self {
            Self::NetValue => Order::NetValue,
            Self::ValueAtRisk => Order::ValueAtRisk,
            Self::Probability => Order::ChurnProbability,
            Self::LifetimeValue => Order::LifetimeValue,
            Self::Customer => Order::Customer,
        }
    }
}

/// What is remembered of the list before; where it cannot be read, as one of an older version, or is of another question,
/// what has changed is not told, and that is said.
fn previous(store: &Store, scores: &Scores) -> Option<Previous> {
    let not_told = |why: &str| {
        note_not_compared(why);
        None
    };
    match store.load_previous_scores_of(scores) {
        Ok(before) => {
            let previous = Previous::of(&before?);
            match previous.why_not_compared(scores) {
                Some(why) => not_told(&why),
                None => Some(previous),
            }
        }
        Err(failure) => not_told(&failure.message),
    }
}

/// Says where a store's newest list cannot be compared with the one before.
pub(super) fn note_other_question(store: &Store) {
    // Where one of them cannot be read, whoever reads it says so.
    let about = |about: Result<Option<ListAbout>, Failure>| about.ok().flatten();
    let newest = about(store.load_list_about());
    if let (Some(newest), Some(before)) = (newest, about(store.load_previous_about()))
        && let Some(why) = newest.why_not_compared(&before)
    {
        note_not_compared(&why);
    }
}

fn note_not_compared(why: &str) {
    output::note(&format!("what has changed since the list before is not told: {why}"));
}
