//! `mainstay list`.

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, ValueEnum};
use mainstay_models::language::Language;
use mainstay_models::model;
use mainstay_models::segments::{Cause, Stage, Tier};

use super::output;
use super::settings::{ListArgs, built_in_offers, check_folder, read_offers};
use crate::at_risk::{
    AtRisk, Band, Column, Filter, Order, Previous, to_csv, to_json, to_table_cells, write_sheet,
};
use crate::failure::{Failure, Kind};
use crate::scores::Scores;
use crate::store::{Store, write_whole};

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    list: ListArgs,
    #[command(flatten)]
    filter: FilterArgs,
    /// What comes first
    #[arg(long, value_enum, default_value_t = Sort::NetValue)]
    sort: Sort,
    /// How many customers to show
    #[arg(long, value_name = "N", default_value_t = 20, conflicts_with = "all")]
    top: usize,
    /// Show all customers that pass
    #[arg(long)]
    all: bool,
    /// These columns instead of the usual ones, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    columns: Vec<String>,
    /// In which language people read it: en or zh. In CSV and JSON the names of columns, tiers, stages, causes and actions
    /// stay English, as scripts read them; sentences do not
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    language: Language,
    /// Where the offers' words come from, a TOML file [default: the built-in catalogue]
    #[arg(long, value_name = "FILE")]
    offers: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, conflicts_with = "out")]
    format: Option<Printed>,
    /// Write to a file instead: .csv, .xlsx or .json
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(ClapArgs)]
struct FilterArgs {
    /// Only customers with such a churn probability, as in 0.3..0.8, 0.5.. or ..0.2
    #[arg(long, value_name = "FROM..TO")]
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
    /// Only these stages: new, building, stable, declining, lapsed
    #[arg(long, value_name = "STAGES", value_delimiter = ',')]
    stage: Vec<Stage>,
    /// Only with these actions: names of offers, or "do nothing"
    #[arg(long, value_name = "ACTIONS", value_delimiter = ',')]
    offer: Vec<String>,
    /// Only with a reason that has this text, as it is told in the language
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Sort {
    NetValue,
    ValueAtRisk,
    Probability,
    LifetimeValue,
    Customer,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Printed {
    Table,
    Csv,
    Json,
}

/// How a file is written.
enum Written {
    Csv,
    Xlsx,
    Json,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let out = args.out.as_deref().map(|out| Ok::<_, Failure>((out, written(out)?))).transpose()?;
    let catalogue = args.offers.as_deref().map_or_else(built_in_offers, read_offers)?;
    let scores = args.list.load()?;
    let previous = if args.list.scores.is_none() {
        let store = Store::at(&args.list.store.store);
        note_rule(&store);
        previous(&store)
    } else {
        None
    };
    let top = if args.all { usize::MAX } else { args.top };
    let filter = args.filter.filter(&scores)?;
    let list = AtRisk::of(&scores, &catalogue, previous, args.language, (&filter, args.sort.order(), top));
    let named =
        list.columns_named(&args.columns).map_err(|error| Failure::new(Kind::Usage, error.to_string()))?;
    let columns = |usual: Vec<Column>| if named.is_empty() { usual } else { named.clone() };
    let Some((out, written)) = out else {
        return match args.format.unwrap_or(Printed::Table) {
            Printed::Table => output::print(&to_table(&list, &columns(list.columns_of_a_table()))),
            Printed::Json => output::print_json(&to_json(&list, &columns(list.columns()))),
            Printed::Csv => output::print(&String::from_utf8_lossy(&csv(&list, &columns(list.columns()))?)),
        };
    };
    let columns = columns(match written {
        Written::Xlsx => list.columns_for_people(),
        Written::Csv | Written::Json => list.columns(),
    });
    let content = match written {
        Written::Csv => csv(&list, &columns)?,
        Written::Json => format!("{:#}\n", to_json(&list, &columns)).into_bytes(),
        Written::Xlsx => write_sheet(&list, &columns)
            .map_err(|error| Failure::output(out, format!("{error}; show fewer with --top")))?,
    };
    write_whole(out, |file| file.write_all(&content))?;
    output::note(&format!("{} customers as of {} in {}", list.rows.len(), scores.as_of, out.display()));
    Ok(())
}

impl FilterArgs {
    fn filter(&self, scores: &Scores) -> Result<Filter, Failure> {
        let known = || scores.actions.iter().map(|action| action.name.as_str());
        if let Some(unknown) = self.offer.iter().find(|offer| known().all(|action| action != *offer)) {
            let known = known().collect::<Vec<_>>().join(", ");
            return Err(Failure::new(
                Kind::Usage,
                format!("--offer {unknown:?}: no action of this list; there are: {known}"),
            ));
        }
        Ok(Filter {
            churn_probability: self.probability,
            value_at_risk: self.value_at_risk,
            net_value: self.net_value,
            tiers: self.tier.clone(),
            causes: self.cause.clone(),
            stages: self.stage.clone(),
            actions: self.offer.clone(),
            reason: self.reason.clone(),
        })
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

fn written(out: &Path) -> Result<Written, Failure> {
    check_folder(out)?;
    match out.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => Ok(Written::Csv),
        Some("xlsx") => Ok(Written::Xlsx),
        Some("json") => Ok(Written::Json),
        _ => Err(Failure::new(
            Kind::Usage,
            format!("--out {}: a list is written as .csv, .xlsx or .json", out.display()),
        )),
    }
}

fn csv(list: &AtRisk<'_>, columns: &[Column]) -> Result<Vec<u8>, Failure> {
    to_csv(list, columns).map_err(|error| Failure::new(Kind::Internal, error.to_string()))
}

/// What is remembered of the list before; where it cannot be read, as one of an older version, what has changed is not
/// told, and that is said.
fn previous(store: &Store) -> Option<Previous> {
    match store.load_previous_scores() {
        Ok(scores) => scores.as_ref().map(Previous::of),
        Err(failure) => {
            output::note(&format!("what has changed since the list before is not told: {}", failure.message));
            None
        }
    }
}

/// Says where no model has earned its place: the list is then ranked by the simple rule's probabilities.
fn note_rule(store: &Store) {
    // Without a model, or with one that cannot be read, the list is still what it was.
    let Ok(model) = store.load_model() else { return };
    let training = &model.training;
    if training.serving().0.kind == model::Kind::Rule {
        output::note(&format!(
            "the model in service, {}, was judged {}",
            model.name(),
            training.verdict.grade
        ));
    }
}

/// The rows as a table for people.
pub(super) fn to_table(list: &AtRisk<'_>, columns: &[Column]) -> String {
    let header: Vec<String> = columns.iter().map(|column| list.heading(column).replace('_', " ")).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    output::table(&header, &to_table_cells(list, columns))
}
