//! `mainstay demo`: the main job on the bundled log.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use mainstay_features::history::Histories;
use mainstay_features::units::ParseUnitError;
use mainstay_models::backtest::backtest;
use mainstay_models::language::Language;
use mainstay_models::training::Settings;
use serde_json::{Value, json};

use super::input::Settled;
use super::progress::Progress;
use super::reading::{known_until, read};
use super::serve::{ListenArgs, run_on};
use super::settings::built_in_offers;
use super::{backtest as backtest_command, output, score, show};
use crate::api::{App, Listener};
use crate::at_risk::{AtRisk, Filter, Order};
use crate::clock;
use crate::failure::{Failure, Kind};
use crate::promotion;
use crate::sample;
use crate::scores::Scores;
use crate::service::{Assumptions, Service};
use crate::store::Store;

#[derive(ClapArgs)]
pub(super) struct Args {
    /// Serve the score API afterwards
    #[arg(long)]
    serve: bool,
    #[command(flatten)]
    listen: ListenArgs,
    /// The folder for the demo's model and scored list
    #[arg(long, value_name = "DIR", default_value = "./var/demo")]
    store: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    // An address that is taken should be heard of before the work, not after it.
    let listener = if args.serve { Some(Listener::bind(args.listen.listen)?) } else { None };
    let progress = Progress::new();
    let settings = settings().map_err(|error| Failure::new(Kind::Internal, error.to_string()))?;
    let history = read(&Settled::of(sample::cdnow()), &progress)?;

    let known_until = known_until(&history, clock::now())?;
    let judged = backtest(&history, &settings, known_until, &progress)?;
    output::print(&format!(
        "\nBack-test on CDNOW: who stays away for {} days, among who bought in the {} before\n{}\n",
        settings.horizon.get(),
        settings.lookback.get(),
        backtest_command::to_text(&judged, &progress)
    ))?;

    let store = Store::at(&args.store);
    let (artifact, _) = promotion::train(&history, &settings, known_until, &store, true, &progress)?;
    let service = Service::new(artifact, built_in_offers()?, Assumptions::default());
    let scored = score::score(&service, &store, &history, known_until, false, &progress)?;
    let (list, totals) = score::write(&scored, &service, &store, Language::English, &progress)?;
    list.commit()?;
    let scores = store.load_scores()?;
    let place = format!("in {}", store.scores_path().display());
    let catalogue = service.catalogue();
    let shown = (&Filter::default(), Order::NetValue, 10);
    let ten = AtRisk::of(&scores, catalogue, None, Language::English, shown);
    output::print(&format!(
        "\n{}\nThe ten with the highest net value (offers and margin are assumptions: see docs/economics.md)\n{}",
        totals.summary(&service, &place),
        show::to_table(&ten, &ten.columns_of_a_table())
    ))?;

    let at = args.store.display();
    output::print(&format!(
        "\nmainstay list --store {at} shows more, mainstay plan --budget 1000 --store {at} whom 1000 is for\n"
    ))?;
    match listener {
        Some(listener) => {
            if let Some(call) = curl(&listener, &history, &scores) {
                output::print(&format!("\n{call}"))?;
            }
            let app = App::new(store, args.listen.limits(), |store| {
                Ok(Service::new(store.load_model()?, built_in_offers()?, Assumptions::default()))
            })?;
            run_on(listener, app)
        }
        None => Ok(()),
    }
}

/// What CDNOW is usually cut by: a quarter ahead, half a year back.
fn settings() -> Result<Settings, ParseUnitError> {
    Ok(Settings { horizon: "90d".parse()?, lookback: "180d".parse()?, seed: 0, trainer: Default::default() })
}

/// A call to try: the purchases of the customer with the highest net value.
fn curl(listener: &Listener, histories: &Histories, scores: &Scores) -> Option<String> {
    let history = histories.whole()?;
    let best = Order::NetValue.first(scores.rows.iter().collect(), 1).pop()?;
    let customer =
        (0..history.len()).find(|&customer| *history.customer_id(customer) == *best.customer_id)?;
    let purchases: Vec<Value> = history
        .customer(customer)
        .orders
        .iter()
        .enumerate()
        .map(|(number, order)| {
            json!({"order_id": number + 1, "ts": order.instant.to_string(), "amount": order.amount.get()})
        })
        .collect();
    let request =
        json!({"customer_id": &*best.customer_id, "as_of": scores.as_of.to_string(), "purchases": purchases});
    Some(format!(
        "curl -s http://{}/v1/score -H 'content-type: application/json' -d '{request}'\n",
        listener.address()
    ))
}
