//! `mainstay trial`: what the offers of plans did, by those whom chance held out.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use mainstay_features::label::Label;
use mainstay_features::units::{Days, Instant};
use mainstay_models::drift::Interval;
use mainstay_models::policy::Uplift;
use serde_json::{Value, json};

use super::input::InputArgs;
use super::output;
use super::progress::Progress;
use super::settings::StoreArgs;
use crate::failure::{Failure, Kind};
use crate::store::Store;
use crate::trial::{Arm, OfferOutcome, Trial, TrialOutcome, outcome};

#[derive(ClapArgs)]
pub(super) struct Args {
    /// The files that mainstay plan --trial wrote, of one plan or of several
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    trial: Vec<PathBuf>,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    store: StoreArgs,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

/// A log that ends on a day is taken to know all of it.
const GRACE: Days = Days::new(1).unwrap();
/// With fewer who left in one of the groups, a save rate is not told.
const FEWEST_WHO_LEFT: u64 = 10;

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let trials: Vec<Trial> = args.trial.iter().map(|path| Trial::read(path)).collect::<Result<_, _>>()?;
    let progress = Progress::new();
    let histories = args.input.read(&Store::at(&args.store.store), &[], &progress)?;
    let label = Label::where_given(histories.given());
    for (trial, path) in trials.iter().zip(&args.trial) {
        if trial.label != label {
            let message = format!(
                "{}: lost is {} there, and {label} in this history: give the files that the plan's list was scored with",
                path.display(),
                trial.label
            );
            return Err(Failure::new(Kind::OtherLabel, message));
        }
        if trial.share != trials[0].share {
            // Who was likelier to be held out would be compared with who was not.
            let message = format!(
                "{} holds out {}, and {} {}: look at each alone",
                path.display(),
                trial.share,
                args.trial[0].display(),
                trials[0].share
            );
            return Err(Failure::new(Kind::Usage, message));
        }
    }
    for (trial, path) in trials.iter().zip(&args.trial) {
        trial
            .check_alike()
            .map_err(|uneven| Failure::new(Kind::BadInput, format!("{}: {uneven}", path.display())))?;
    }
    let last = histories.known_until(Instant::MAX)?.unwrap_or(Instant::MIN);
    for (trial, path) in trials.iter().zip(&args.trial) {
        let known_from = trial.known_from();
        if known_from > last.plus(GRACE) {
            let Trial { as_of, horizon, .. } = trial;
            let message = format!(
                "{}: who of it left is known from {known_from} on, {} days after {as_of}; the history ends on {last}",
                path.display(),
                horizon.get(),
            );
            return Err(Failure::new(Kind::TooLittleData, message));
        }
    }
    let outcome = outcome(&trials, &histories)?;
    if args.json {
        output::print_json(&to_json(&trials, &outcome))
    } else {
        output::print(&to_text(&trials, &outcome))
    }
}

/// What an outcome says of a save rate.
enum Told {
    /// This, with its standard error.
    Rate(f64, f64),
    /// Nothing beyond chance.
    Chance,
    /// More left of those who were to get it, beyond chance.
    DrivesAway,
    /// Too few left in one of the groups.
    TooFew,
}

impl Told {
    fn of(offer: &OfferOutcome) -> Self {
        let few = [offer.given, offer.held_out].iter().any(|arm| arm.lost < FEWEST_WHO_LEFT);
        match (few, offer.uplift(), offer.save_rate()) {
            // Whoever is driven away counts, however few there are.
            (_, Some(uplift), _) if uplift.kept.high < 0.0 => Self::DrivesAway,
            (false, Some(uplift), Some(rate)) if uplift.kept.low > 0.0 => {
                Self::Rate(rate.estimate, rate.standard_error)
            }
            (false, Some(_), Some(_)) => Self::Chance,
            _ => Self::TooFew,
        }
    }
}

fn to_text(trials: &[Trial], outcome: &TrialOutcome) -> String {
    let mut text: String = trials
        .iter()
        .map(|trial| {
            let (name, as_of, days) = (&trial.name, trial.as_of, trial.horizon.get());
            let (customers, held_out) = (trial.customers.len(), trial.held_out());
            format!(
                "trial {name}, as of {as_of}: {customers} customers, {held_out} of them held out; lost is {} within {days} days\n",
                trial.label
            )
        })
        .collect();
    text += "\n";
    let header = [
        "offer",
        "to get it",
        "lost",
        "held out",
        "lost",
        "kept more",
        "95 % interval",
        "chance it helps",
        "save rate",
        "assumed",
    ];
    text += &output::table(&header, &outcome.offers.iter().map(kept).collect::<Vec<_>>());
    text += "\n";
    let mut header = vec!["offer", "a customer bought more", "95 % interval"];
    if outcome.has_contacts {
        header.extend(["contacted with it", "of those held out"]);
    }
    let rows: Vec<Vec<String>> =
        outcome.offers.iter().map(|offer| bought(offer, outcome.has_contacts)).collect();
    text += &output::table(&header, &rows);
    text += "by intention to treat: of all who were to get an offer, reached or not, against those held out of the same offer; kept more \
             in points, bought more within the time in money, before what the offer cost\n";
    for offer in &outcome.offers {
        text += &said(offer);
    }
    if outcome.has_contacts && outcome.offers.iter().any(|offer| offer.held_out.contacted > 0) {
        text += "beware: some who were held out were contacted with the offer all the same: it does more than it seems to\n";
    }
    let otherwise = |arm: fn(&OfferOutcome) -> &Arm| {
        outcome.offers.iter().map(|offer| arm(offer).contacted_otherwise).sum::<u64>()
    };
    let (given, held_out) = (otherwise(|offer| &offer.given), otherwise(|offer| &offer.held_out));
    if held_out > 0 {
        text += &format!(
            "beware: {held_out} who were held out, and {given} who were to get an offer, were contacted with another one or with none \
             that the contacts name: if it was this one after all, it does more than it seems to\n"
        );
    }
    if outcome.repeated > 0 {
        text += &format!(
            "beware: {} customers are in several of these trials and are counted in each: intervals are too narrow\n",
            outcome.repeated
        );
    }
    if outcome.unknown > 0 {
        text += &format!("{} customers are not in the history and were left out\n", outcome.unknown);
    }
    text
}

fn kept(offer: &OfferOutcome) -> Vec<String> {
    let share = |arm: &Arm| match arm.group() {
        Some(group) => format!("{:.2} %", 100.0 * group.churn()),
        None => "–".to_owned(),
    };
    let uplift = offer.uplift();
    let of_uplift = |of: &dyn Fn(&Uplift) -> String| uplift.as_ref().map_or("–".to_owned(), of);
    vec![
        offer.offer.clone(),
        offer.given.customers.to_string(),
        share(&offer.given),
        offer.held_out.customers.to_string(),
        share(&offer.held_out),
        of_uplift(&|uplift| points(uplift.kept.estimate)),
        of_uplift(&|uplift| format!("{} to {}", points(uplift.kept.low), points(uplift.kept.high))),
        of_uplift(&|uplift| format!("{:.3}", uplift.posterior.above_zero)),
        match Told::of(offer) {
            Told::Rate(rate, error) => format!("{rate:.3} ± {error:.3}"),
            Told::Chance => "not told".to_owned(),
            Told::DrivesAway => "none".to_owned(),
            Told::TooFew => "too few".to_owned(),
        },
        format!("{:.3}", offer.assumed),
    ]
}

fn bought(offer: &OfferOutcome, has_contacts: bool) -> Vec<String> {
    let [more, interval] = match offer.bought_more() {
        Some(Interval { estimate, low, high }) => {
            [format!("{estimate:+.2}"), format!("{low:+.2} to {high:+.2}")]
        }
        None => ["–".to_owned(), "–".to_owned()],
    };
    let mut row = vec![offer.offer.clone(), more, interval];
    if has_contacts {
        row.extend([offer.given.contacted.to_string(), offer.held_out.contacted.to_string()]);
    }
    row
}

/// What to write into the offers file, or why nothing.
fn said(offer: &OfferOutcome) -> String {
    let name = &offer.offer;
    match Told::of(offer) {
        Told::Rate(rate, error) => format!(
            "{name}: for the offers file, if it drives nobody away: save_rate = {rate:.3}, save_rate_sd = {error:.3} (assumed were {:.3})\n",
            offer.assumed
        ),
        Told::Chance => format!(
            "{name}: whether it keeps anybody is not told beyond chance: hold out more, or try longer\n"
        ),
        Told::DrivesAway => format!(
            "{name}: more left of those who were to get it than of those held out, beyond chance: it drives customers away. Stop it\n"
        ),
        Told::TooFew => {
            format!("{name}: fewer than {FEWEST_WHO_LEFT} left in one of the groups: no save rate is told\n")
        }
    }
}

fn points(share: f64) -> String {
    format!("{:+.2}", 100.0 * share)
}

fn to_json(trials: &[Trial], outcome: &TrialOutcome) -> Value {
    let arm = |arm: &Arm| {
        json!({
            "customers": arm.customers,
            "lost": arm.lost,
            "expected_to_leave": arm.expected_to_leave,
            "contacted": outcome.has_contacts.then_some(arm.contacted),
            "contacted_otherwise": outcome.has_contacts.then_some(arm.contacted_otherwise),
            "bought": arm.bought.sum,
        })
    };
    let offer = |offer: &OfferOutcome| {
        json!({
            "offer": offer.offer,
            "save_rate_assumed": offer.assumed,
            "given": arm(&offer.given),
            "held_out": arm(&offer.held_out),
            "uplift": offer.uplift(),
            "save_rate": offer.save_rate(),
            "is_told": matches!(Told::of(offer), Told::Rate(..)),
            "drives_away": matches!(Told::of(offer), Told::DrivesAway),
            "bought_more": offer.bought_more(),
        })
    };
    let trial = |trial: &Trial| {
        json!({
            "name": trial.name,
            "as_of": trial.as_of.to_string(),
            "label": trial.label.to_string(),
            "horizon_days": trial.horizon.get(),
            "share": trial.share.get(),
            "customers": trial.customers.len(),
            "held_out": trial.held_out(),
        })
    };
    json!({
        "trials": trials.iter().map(trial).collect::<Vec<_>>(),
        "offers": outcome.offers.iter().map(offer).collect::<Vec<_>>(),
        "customers_in_several": outcome.repeated,
        "customers_unknown": outcome.unknown,
    })
}
