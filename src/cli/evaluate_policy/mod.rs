//! `mainstay evaluate-policy`.

mod covariates;
mod experiment;
mod json;
mod text;

use std::path::PathBuf;

use clap::Args as ClapArgs;
use mainstay_models::lifetime::Margin;
use mainstay_models::policy::{Evaluation, Policy, PolicyError, Records, Uplift, evaluate};

use self::experiment::{Experiment, Groups};
use super::output;
use crate::failure::{Failure, Kind};

/// With fewer of the rarer outcome under an action, an interval from drawing the records is too narrow: where nothing helps,
/// 1 in 14 trials of 100 records an action and 2 % lost would be called sure, and 1 in 80 by Newcombe's interval.
const FEWEST_OF_THE_RARER: u64 = 10;

#[derive(ClapArgs)]
pub(super) struct Args {
    /// What was tried: a table (CSV or Parquet) with a row per customer and trial
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// The column that says which action was assigned, whether or not it reached the customer
    #[arg(long, value_name = "COLUMN")]
    action: String,
    /// The action that others are compared with
    #[arg(long, value_name = "ACTION", default_value = mainstay_models::decision::DO_NOTHING)]
    control: String,
    /// The column that says whose the row is [default: every row is a customer of its own]
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// The column with the chance that the assigned action had [default: the same for everybody, the share seen]
    #[arg(long, value_name = "COLUMN", conflicts_with = "propensity_of")]
    propensity: Option<String>,
    /// The column with the chance that an action had, one for every action
    #[arg(long, value_name = "ACTION=COLUMN", value_parser = parse_pair)]
    propensity_of: Vec<(String, String)>,
    /// The column with what the customer brought in, after the cost of goods
    #[arg(long, value_name = "COLUMN", conflicts_with_all = ["revenue", "outcome_value"])]
    profit: Option<String>,
    /// The column with what the customer paid
    #[arg(long, value_name = "COLUMN", conflicts_with = "outcome_value")]
    revenue: Option<String>,
    /// The share of the revenue that is left after the cost of goods [default: 0.3]
    #[arg(long, value_name = "SHARE", requires = "revenue")]
    margin: Option<Margin>,
    /// The column that says whether what was hoped for came about, such as a purchase: 0 or 1
    #[arg(long, value_name = "COLUMN", conflicts_with = "churn")]
    outcome: Option<String>,
    /// The column that says whether the customer was lost: 0 or 1
    #[arg(long, value_name = "COLUMN")]
    churn: Option<String>,
    /// What an outcome, or a customer who was not lost, is worth
    #[arg(long, allow_negative_numbers = true, value_name = "AMOUNT", value_parser = parse_worth)]
    outcome_value: Option<f64>,
    /// What assigning an action costs
    #[arg(long, value_name = "ACTION=AMOUNT", value_parser = parse_cost)]
    cost: Vec<(String, f64)>,
    /// Columns with what was known before, for a policy by model
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    covariates: Vec<String>,
    /// A column with the action that a plan or another system recommended
    #[arg(long, value_name = "COLUMN")]
    policy: Option<String>,
    /// Where all randomness starts
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

/// What the policies are worth, and of what.
struct Outcome {
    experiment: Experiment,
    records: Records,
    evaluation: Evaluation,
    /// How many of the first policies are one action for everybody, the control's first.
    singles: usize,
}

impl Outcome {
    fn groups(&self) -> Option<&Groups> {
        self.experiment.groups.as_ref()
    }

    /// The actions with too few of the rarer outcome for intervals that come from drawing the records, and how many there are.
    fn rare(&self) -> impl Iterator<Item = (&String, u64)> {
        let groups = self.groups().map_or(&[][..], |groups| &groups.groups);
        let rarer = self.records.actions().iter().zip(groups).map(|(action, group)| (action, group.rarer()));
        rarer.filter(|&(_, rarer)| rarer < FEWEST_OF_THE_RARER)
    }

    /// What each action but the control does, where those assigned to one can be compared with those assigned to another.
    fn uplifts(&self) -> Vec<(&String, Uplift)> {
        let Some((control, treated)) = self.groups().and_then(|groups| groups.groups.split_first()) else {
            return Vec::new();
        };
        if !self.records.is_uniform() {
            return Vec::new();
        }
        let actions = self.records.actions().iter().skip(1);
        actions
            .zip(treated)
            .filter_map(|(action, group)| Some((action, Uplift::of(*group, *control)?)))
            .collect()
    }
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    if [&args.profit, &args.revenue, &args.outcome, &args.churn].into_iter().all(Option::is_none) {
        return Err(Failure::new(
            Kind::Usage,
            "nothing says what came of it: name a column with --profit, --revenue, --outcome or --churn",
        ));
    }
    if args.outcome_value.is_some() && args.outcome.is_none() && args.churn.is_none() {
        return Err(Failure::new(Kind::Usage, "--outcome-value needs --outcome or --churn"));
    }
    let (experiment, logged) = Experiment::read(args)?;
    let table = &experiment.table;
    // A record is a row: complaints name it.
    let refused = |error: PolicyError| {
        let row = error.record().map_or(String::new(), |record| format!("row {}: ", record + 1));
        let kind = if error.is_unanswerable() { Kind::TooLittleData } else { Kind::BadInput };
        Failure { kind, ..table.bad(format!("{row}{error}")) }
    };
    let records = Records::new(logged).map_err(refused)?;
    let singles = records.actions().len();
    let mut policies: Vec<Policy> = (0..singles).map(Policy::Always).collect();
    if !args.covariates.is_empty() {
        policies.push(Policy::ByModel);
    }
    if let (Some(name), Some(choices)) = (&args.policy, &experiment.recommended) {
        policies.push(Policy::Recommended { name: name.clone(), choices: choices.clone() });
    }
    let evaluation = evaluate(&records, &policies, args.seed).map_err(refused)?;
    let outcome = Outcome { experiment, records, evaluation, singles };
    if args.json { output::print_json(&json::of(&outcome)) } else { output::print(&text::of(&outcome)) }
}

fn parse_pair(text: &str) -> Result<(String, String), String> {
    // Names of actions may have a sign of equality in them; what follows the last has none.
    let pair = text.rsplit_once('=').filter(|(action, rest)| !action.is_empty() && !rest.is_empty());
    pair.map(|(action, rest)| (action.to_owned(), rest.to_owned()))
        .ok_or_else(|| format!("{text:?} is not ACTION=… with an action and something behind the ="))
}

fn parse_cost(text: &str) -> Result<(String, f64), String> {
    let (action, amount) = parse_pair(text)?;
    Ok((action, parse_worth(&amount)?))
}

/// Nothing here costs, or is worth, less than nothing: with a sign the wrong way round an action would earn what it costs.
fn parse_worth(text: &str) -> Result<f64, String> {
    let amount = text.trim().parse().ok().filter(|amount: &f64| amount.is_finite() && *amount >= 0.0);
    amount.ok_or_else(|| format!("{text:?} is not an amount of 0 or more, such as 0.05"))
}
