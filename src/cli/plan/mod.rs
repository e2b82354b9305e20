//! `mainstay plan`.

mod json;
mod text;

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use mainstay_features::units::{Money, ParseUnitError};
use mainstay_models::decision::{Catalogue, Terms};
use mainstay_models::plan::{Choices, Limits};

use super::output;
use super::settings::{ListArgs, ListOffers, check_folder};
use super::show::OutArgs;
use crate::at_risk::{AtRisk, Filter, Order};
use crate::failure::{Failure, Kind};
use crate::plan::{Comparison, MOST_OFFERS, Planned, choices, compare, curve};
use crate::scores::{ListBasis, Scores};
use crate::store::write_whole;
use crate::trial::{Holdout, Share, Trial};

/// So many customers of the plan are printed.
const PRINTED: usize = 10;

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    list: ListArgs,
    /// The most that may be expected to be spent, on contacts and on incentives that are redeemed [default: no limit]
    #[arg(long, allow_negative_numbers = true, value_name = "AMOUNT", value_parser = parse_amount)]
    budget: Option<Money>,
    /// How many customers can get an offer, as in call=500; may be given for several [default: the catalogue's]
    #[arg(long, value_name = "OFFER=N", value_parser = parse_capacity)]
    capacity: Vec<(String, u64)>,
    /// The offers there are, a TOML file [default: the built-in catalogue]
    #[arg(long, value_name = "FILE")]
    offers: Option<PathBuf>,
    /// Write profit against budget as a table into this file, .csv
    #[arg(long, value_name = "FILE")]
    curve: Option<PathBuf>,
    /// Draw profit against budget into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Hold some of these customers out by chance: the plan then lists none of them. This file, .csv, will say who is held out and
    /// who is not, for mainstay trial to tell what the offers did
    #[arg(long, value_name = "FILE")]
    trial: Option<PathBuf>,
    /// How many are held out
    #[arg(long, value_name = "SHARE", default_value = "10%", requires = "trial")]
    holdout: Share,
    /// The trial's name: plans of one name hold out the same customers, of another one others
    #[arg(long, value_name = "NAME", default_value = "holdout", requires = "trial")]
    trial_name: String,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    out: OutArgs,
}

/// What a plan came to.
struct Outcome<'a> {
    scores: &'a Scores,
    catalogue: &'a Catalogue,
    /// What decided the list; `None` where it does not tell.
    decided_by: Option<ListBasis>,
    /// Whether other offers decided the list; `None` where it does not tell.
    offers_are_others: Option<bool>,
    choices: &'a Choices,
    planned: &'a Planned,
    /// Who is held out, if anybody is.
    trial: Option<&'a Trial>,
    comparisons: Vec<Comparison>,
}

impl Outcome<'_> {
    /// Whether some customers are given something that others are not, or more of it.
    fn terms_differ(&self) -> bool {
        let mut incentives = self.scores.rows.iter().map(|row| row.incentive);
        let first = incentives.next();
        incentives.any(|incentive| Some(incentive) != first)
    }

    /// What those who are not held out are expected to cost and to earn.
    fn of_the_others(&self) -> (f64, f64) {
        let picked = self.scores.rows.iter().filter(|row| row.pays.is_some());
        picked.fold((0.0, 0.0), |(spend, earned), row| {
            (spend + self.scores.ledger_of(row).spend().get(), earned + row.net_value)
        })
    }

    /// What is spent if everybody who gets an offer takes its incentive: no plan costs more.
    fn most_spend(&self) -> f64 {
        let most = |terms: Terms| terms.contact_cost.get() + terms.incentive.get();
        self.scores.rows.iter().map(|row| most(self.scores.terms_of(row))).sum()
    }
}

fn parse_amount(text: &str) -> Result<Money, ParseUnitError> {
    let amount = text.trim().parse().ok().and_then(Money::new).filter(|&amount| amount >= Money::ZERO);
    amount.ok_or_else(|| ParseUnitError::new(text, "an amount of 0 or more, such as 5000"))
}

fn parse_capacity(text: &str) -> Result<(String, u64), ParseUnitError> {
    let parts = text.rsplit_once('=');
    let capacity =
        parts.and_then(|(offer, number)| Some((offer.trim().to_owned(), number.trim().parse().ok()?)));
    capacity.ok_or_else(|| ParseUnitError::new(text, "an offer and a whole number, such as call=500"))
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let show = args.out.check(|language| language.either("plan", "挽留计划"))?;
    for out in [&args.curve, &args.svg].into_iter().flatten() {
        check_folder(out)?;
    }
    if let Some(trial) = &args.trial {
        check_trial_file(trial, &[args.curve.as_deref(), args.svg.as_deref(), args.out.path()])?;
    }
    let ListOffers { catalogue, decided_by, are_others } =
        args.list.offers(args.offers.as_deref(), args.out.language)?;
    let capacities = capacities(args, &catalogue)?;
    let mut scores = args.list.load()?;
    let choices = choices(&scores, &catalogue);
    let planned = Planned::of(&choices, Limits { budget: args.budget, capacities });
    let holdout = Holdout::new(args.trial_name.clone(), args.holdout);
    let trial = match &args.trial {
        Some(_) => {
            let asked = decided_by.as_ref().and_then(|basis| basis.question.as_ref()?.asked());
            let trial = Trial::draw(&holdout, asked.ok_or_else(no_horizon)?, (&scores, &planned, &catalogue));
            trial.check_alike().map_err(|uneven| Failure::new(Kind::Usage, uneven.to_string()))?;
            Some(trial)
        }
        None => None,
    };
    planned.apply(&mut scores, &catalogue, |row| trial.is_some() && holdout.has(&row.customer_id));
    if let (Some(trial), Some(file)) = (&trial, &args.trial) {
        // Before any list: who is held out must be on record when the offers go out.
        trial.write(file)?;
    }
    if args.curve.is_some() || args.svg.is_some() {
        let curve = curve(&choices, &planned);
        let written = |out: Option<&Path>, text: String| match out {
            Some(out) => write_whole(out, |file| file.write_all(text.as_bytes())),
            None => Ok(()),
        };
        written(args.curve.as_deref(), curve.to_csv())?;
        written(args.svg.as_deref(), curve.figure(&planned, args.out.language).to_svg())?;
    }
    let chosen = Filter {
        actions: catalogue.offers().iter().map(|offer| offer.name().to_owned()).collect(),
        ..Filter::default()
    };
    let list = |top| {
        // A filter without actions lets everyone pass.
        let top = if chosen.actions.is_empty() { 0 } else { top };
        AtRisk::of(&scores, &catalogue, None, args.out.language, (&chosen, Order::NetValue, top))
    };
    let outcome = Outcome {
        scores: &scores,
        catalogue: &catalogue,
        decided_by,
        offers_are_others: are_others,
        choices: &choices,
        planned: &planned,
        trial: trial.as_ref(),
        comparisons: compare(&scores),
    };
    if args.json {
        output::print_json(&json::of(&outcome))?;
    } else {
        output::print(&text::of(&outcome, &list(PRINTED), args.out.language))?;
    }
    match show {
        Some(show) => {
            let list = list(usize::MAX);
            show.write(&list, list.columns())
        }
        None => Ok(()),
    }
}

/// Nothing else tells who was held out: no other output may take its place.
fn check_trial_file(file: &Path, outputs: &[Option<&Path>]) -> Result<(), Failure> {
    let usage = |why: &str| Err(Failure::new(Kind::Usage, format!("--trial {}: {why}", file.display())));
    check_folder(file)?;
    if file.extension().is_none_or(|extension| extension != "csv") {
        return usage("a trial is written as .csv");
    }
    // Of what is not there yet, the folder is.
    let place = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some((folder.canonicalize().ok()?, path.file_name()?.to_owned()))
    };
    if outputs.iter().flatten().any(|output| place(output) == place(file)) {
        return usage("another output would take its place: name another file");
    }
    Ok(())
}

fn no_horizon() -> Failure {
    let message = "--trial: the list does not tell within which time customers leave, as lists in CSV do not: score into .parquet";
    Failure::new(Kind::Usage, message)
}

/// Each offer's capacity: that of the flag, or the catalogue's.
fn capacities(args: &Args, catalogue: &Catalogue) -> Result<Vec<Option<u64>>, Failure> {
    let offers = catalogue.offers();
    let usage = |message: String| Failure::new(Kind::Usage, message);
    if offers.len() > MOST_OFFERS {
        return Err(usage(format!("{} offers: a plan is made of at most {MOST_OFFERS}", offers.len())));
    }
    let mut capacities: Vec<Option<u64>> = offers.iter().map(|offer| offer.capacity()).collect();
    for (given, (name, capacity)) in args.capacity.iter().enumerate() {
        if args.capacity[..given].iter().any(|(before, _)| before == name) {
            return Err(usage(format!("--capacity {name}={capacity}: given before: give each offer's once")));
        }
        let Some(place) = offers.iter().position(|offer| offer.name() == name) else {
            let known = offers.iter().map(|offer| offer.name()).collect::<Vec<_>>().join(", ");
            return Err(usage(format!("--capacity {name}={capacity}: no such offer; there are: {known}")));
        };
        capacities[place] = Some(*capacity);
    }
    Ok(capacities)
}
