//! The command line: one file per subcommand.

mod backtest;
mod caveats;
mod check;
mod config;
mod demo;
mod drift;
mod evaluate_policy;
mod export;
mod features;
mod forget;
mod gone;
mod horizon;
mod ids;
mod ingest;
mod input;
mod keys;
mod lifetime;
mod list;
mod models;
mod newcomers;
mod nightly;
mod offers;
mod output;
mod plan;
mod progress;
mod reading;
mod report;
mod running;
mod score;
mod scored_out;
mod serve;
mod settings;
mod show;
mod simulate;
mod small;
mod strangers;
mod suppress;
mod totals;
mod train;
mod trial;
mod verdict;
mod winback;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::failure::{Failure, Kind};

/// From a shop's purchase history to retention decisions: who is leaving, what each customer is worth, what to do
/// about it and what that should earn.
#[derive(Parser)]
#[command(name = "mainstay", version, after_help = EXIT_CODES)]
struct Cli {
    /// Use so many threads [default: one per processor]; the results are the same for any number
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 2 usage, 3 bad input, 4 too little data, 5 no usable model or list, \
                          6 output cannot be written, 7 drift (only with drift --exit-code), 70 internal error. score and nightly, for a \
                          scheduler: 0 done, 1 failed, 2 usage or configuration, 3 the data, 4 no model that may serve";

#[derive(Subcommand)]
enum Command {
    /// Try everything on the bundled CDNOW purchase log: train, back-test, score, decide
    Demo(demo::Args),
    /// Report what the files are like, and what in them would mislead a model
    #[command(mut_arg("purchases", |flag| flag.help(NEEDED_PURCHASES)), mut_arg("memory", |flag| flag.hide(true)))]
    Check(check::Args),
    /// Keep purchases, complaints, contacts, what customers are like and contracts in the store's history; a file that is there already changes nothing
    #[command(mut_arg("purchases", |flag| flag.help(NEW_PURCHASES)))]
    Ingest(ingest::Args),
    /// Advise the horizon: after how long a silence few customers come back, and what each choice would mean
    Horizon(horizon::Args),
    /// Train both models on a purchase log and keep them in the store
    Train(train::Args),
    /// Measure the models on the last horizon of a log, trained on what was known before it
    Backtest(backtest::Args),
    /// Write the features of everyone in the population at one or more instants
    Features(features::Args),
    /// Score everyone in the population: churn probability, lifetime value, action, net value; the list is the store's newest
    Score(score::Args),
    /// Do all of a night's work: check the feed, keep what is new, score, look for drift, write the list
    Nightly(nightly::Args),
    /// Show whom to contact: the newest scored list, highest net value first
    List(list::Args),
    /// Show whom to win back: customers who have lapsed and are worth the attempt, highest net value first
    Winback(winback::Args),
    /// Plan who gets which offer within a budget and what the offers can be made to
    Plan(plan::Args),
    /// Tell what the offers of plans did, by the customers whom chance held out
    Trial(trial::Args),
    /// Show and check the offers there are
    Offers(offers::Args),
    /// Keep who has objected to marketing: never listed, never recommended anything
    Suppress(suppress::Args),
    /// Erase customers: out of all that the store holds, and kept out of it
    Forget(forget::Args),
    /// Compare today's customers with those the model in service was trained on, and what it said with what happened
    Drift(drift::Args),
    /// Estimate what deciding in some way would have earned, by records of what was tried at random
    EvaluatePolicy(Box<evaluate_policy::Args>),
    /// Tell over time who stayed and who left: retention and churn, in customers and in what they bought, by segment
    Report(report::Args),
    /// Write a model's raw score as ONNX, for other programs to compute
    Export(export::Args),
    /// List the store's models, describe one, choose which is in service
    Models(models::Args),
    /// Make, show and revoke the keys of those who may ask the score API
    Keys(keys::Args),
    /// Serve the score API
    Serve(serve::Args),
    /// Write the files of a made-up shop, and the truth about its customers
    Simulate(simulate::Args),
}

/// What `--purchases` is where the kept history does not stand in for it.
const NEEDED_PURCHASES: &str = "Purchases, Parquet or CSV (also packed with gzip or zstd): files, folders, patterns such as \
                                'log/*.csv', or - for CSV on standard input; with customer_id, order_id, ts, amount and, where \
                                there are, cancels_order_id, product_id, discount";
const NEW_PURCHASES: &str = "Purchases, Parquet or CSV (also packed with gzip or zstd): files, folders or patterns such as \
                             'log/*.csv'; with customer_id, order_id, ts, amount and, where there are, cancels_order_id, product_id, \
                             discount. With no files at all, what has come over the API is taken in";

/// Runs the command and says how it ended.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let exit_code = match &cli.command {
        Command::Score(_) | Command::Nightly(_) => |kind: Kind| kind.told().run_exit_code,
        _ => |kind: Kind| kind.told().exit_code,
    };
    match outlive_full_files()
        .and_then(|()| heed_signals())
        .and_then(|()| threads(cli.threads))
        .and_then(|()| dispatch(cli.command))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::note(&format!("error: {failure}"));
            ExitCode::from(exit_code(failure.kind))
        }
    }
}

/// A file that may not grow any more (`ulimit -f`) is an error like a full disk, and no end without a word.
fn outlive_full_files() -> Result<(), Failure> {
    let registered = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
    registered.map(drop).map_err(|cause| Failure::new(Kind::Internal, cause.to_string()))
}

/// The first process of a container is not ended by signals it does not take itself: it ends at once by those that would end any
/// other, with the code that a shell has for that. A server takes them itself: it answers what it has begun with.
fn heed_signals() -> Result<(), Failure> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    if std::process::id() != 1 {
        return Ok(());
    }
    let always = Arc::new(std::sync::atomic::AtomicBool::new(true));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&always))
            .map_err(|cause| Failure::new(Kind::Internal, cause.to_string()))?;
    }
    Ok(())
}

fn threads(threads: Option<u16>) -> Result<(), Failure> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.map_or(0, usize::from))
        .build_global()
        .map_err(|error| Failure::new(Kind::Internal, error.to_string()))
}

fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo(args) => demo::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Ingest(args) => ingest::run(&args),
        Command::Horizon(args) => horizon::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Backtest(args) => backtest::run(&args),
        Command::Features(args) => features::run(&args),
        Command::Score(args) => score::run(&args),
        Command::Nightly(args) => nightly::run(&args),
        Command::List(args) => list::run(&args),
        Command::Winback(args) => winback::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Trial(args) => trial::run(&args),
        Command::Offers(args) => offers::run(&args),
        Command::Suppress(args) => suppress::run(&args),
        Command::Forget(args) => forget::run(&args),
        Command::Drift(args) => drift::run(&args),
        Command::EvaluatePolicy(args) => evaluate_policy::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Models(args) => models::run(&args),
        Command::Keys(args) => keys::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Simulate(args) => simulate::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
