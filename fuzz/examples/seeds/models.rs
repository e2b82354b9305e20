//! Small models of made-up customers: one trained where they buy as they like, one where contracts say who left, and of the
//! first others that answer in other ways.

use mainstay_features::ingest::{Input, read};
use mainstay_features::units::Instant;
use mainstay_features::watch::Unwatched;
use mainstay_fuzz::model_file::{Parts, unsealed};
use mainstay_fuzz::options::source;
use mainstay_models::artifact::Artifact;
use mainstay_models::calibrate::Calibration;
use mainstay_models::forest::Forest;
use mainstay_models::gate::Grade;
use mainstay_models::model::{Kind, Serving};
use mainstay_models::season::ShiftKind;
use mainstay_models::training::{SeasonShift, Settings, train};

use super::{Outcome, save};

/// So many trees of a forest are kept: more are of no other kind.
const TREES: usize = 6;
const CUSTOMERS: i64 = 400;
/// The first day, 2023-01-01, since 1970-01-01.
const FIRST_DAY: i64 = 19_358;
const DAYS: i64 = 400;

/// How the bytes behind the first are read: see targets/model.rs.
const AS_FILE: u8 = 0;
const UNSEALED: u8 = 1;
const FOREST: u8 = 2;
const HEADER: u8 = 3;
const EDITS: u8 = 4;

pub(super) fn models() -> Outcome<()> {
    let (purchases, contracts) = (purchases()?, contracts()?);
    let bought = trained(Input { purchases: vec![source(purchases.as_bytes())], ..Input::default() })?;
    let contracts = trained(Input {
        purchases: vec![source(purchases.as_bytes())],
        contracts: vec![source(contracts.as_bytes())],
        ..Input::default()
    })?;
    let isotonic = Calibration::Isotonic(vec![(-2.0, -1.5), (0.0, 0.25), (1.5, 1.25)]);
    let beta = Calibration::Beta { of_churners: 1.25, of_stayers: 0.75, level: -0.5 };
    for (place, (name, model)) in [
        ("rule", serving(&bought, Kind::Rule, Calibration::None)),
        ("forest-isotonic", serving(&bought, Kind::Forest, isotonic)),
        ("average-beta", serving(&bought, Kind::Average, beta)),
        ("contracts", serving(&contracts, Kind::Logistic, Calibration::None)),
    ]
    .into_iter()
    .enumerate()
    {
        let file = model.to_bytes();
        let first = |form: u8| [form | (place as u8) << 3];
        let parts = Parts::of(unsealed(&file)).ok_or("a model without parts")?;
        save("model", name, &first(UNSEALED), unsealed(&file))?;
        save("model", &format!("{name}-edits"), &first(EDITS), &[place as u8; 22])?;
        if place == 1 {
            save("model", &format!("{name}-file"), &first(AS_FILE), &file)?;
            save("model", &format!("{name}-trees"), &first(FOREST), parts.forest)?;
            save("model", &format!("{name}-header"), &first(HEADER), parts.header)?;
        }
    }
    Ok(())
}

fn trained(input: Input) -> Outcome<Artifact> {
    let history = read(&input, &Unwatched)?.history;
    let settings =
        Settings { horizon: "30d".parse()?, lookback: "60d".parse()?, seed: 1, trainer: Default::default() };
    let span = history.summary().span.ok_or("a history without orders")?;
    let mut training = train(&history, &settings, span.1, None, &Unwatched)?;
    let (forest, width) = (&training.models.forest, training.models.inputs.width());
    let ends: Vec<u32> = forest.ends().iter().copied().take(TREES).collect();
    let nodes = forest.nodes()[..ends.last().map_or(0, |&end| end as usize)].to_vec();
    training.models.forest = Forest::new(nodes, ends, width)?;
    Ok(Artifact::new(settings, span, training))
}

/// The same, with an answer of its own.
fn serving(model: &Artifact, kind: Kind, calibration: Calibration) -> Artifact {
    let mut training = model.training.clone();
    training.verdict.grade = if kind == Kind::Rule { Grade::NoBetter } else { Grade::ClearlyBetter };
    training.chosen = Serving { kind, calibration };
    training.shift = SeasonShift { kind: ShiftKind::Level, log_odds: 0.125, ..training.shift };
    Artifact::new(model.settings, model.data_span, training)
}

/// Each buys at a pace of their own, until some stop.
fn purchases() -> Outcome<String> {
    let mut text = "customer_id,order_id,ts,amount\n".to_owned();
    for customer in 0..CUSTOMERS {
        let pace = 5 + customer * 7 % 23;
        let until = if customer % 3 == 0 { DAYS } else { 60 + customer * 37 % DAYS };
        for day in (customer % 30..until.min(DAYS)).step_by(pace as usize) {
            let amount = 5 + (customer + day) % 17;
            text += &format!("c{customer},{customer}-{day},{},{}\n", at(day)?, amount);
        }
    }
    Ok(text)
}

/// Each has one from the first day; most end.
fn contracts() -> Outcome<String> {
    let mut text = "customer_id,start,end\n".to_owned();
    for customer in 0..CUSTOMERS {
        let end = if customer % 4 == 0 { String::new() } else { at(90 + customer * 53 % DAYS)?.to_string() };
        text += &format!("c{customer},{},{end}\n", at(0)?);
    }
    Ok(text)
}

/// Midnight of a day of the history.
fn at(day: i64) -> Outcome<Instant> {
    Ok(Instant::from_micros((FIRST_DAY + day) * 86_400_000_000).ok_or("no such day")?)
}
