//! `mainstay offers`: the catalogue, shown, checked, and what every offer would earn with every customer.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand};
use mainstay_features::units::Money;
use mainstay_models::decision::{Catalogue, Eligibility, Incentive, Offer, SaveRate};
use mainstay_models::language::Language;
use mainstay_models::segments::Cause;

use super::output;
use super::settings::{ListArgs, ListOffers, check_folder, out_format, read_offers};
use crate::failure::Failure;
use crate::offers;
use crate::scores::write_ledger;
use crate::store::write_whole;

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check a catalogue and say what it means; an impossible number is refused with the reason
    Check(CheckArgs),
    /// Print the built-in catalogue's file, to begin one's own with
    Show,
    /// Write what every offer would earn with every customer of the newest scored list, and what that is made of
    Ledger(LedgerArgs),
}

#[derive(ClapArgs)]
struct LedgerArgs {
    #[command(flatten)]
    list: ListArgs,
    /// The offers there are, a TOML file [default: the built-in catalogue]
    #[arg(long, value_name = "FILE")]
    offers: Option<PathBuf>,
    /// The file to write, .parquet or .csv
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(ClapArgs)]
struct CheckArgs {
    /// The catalogue, a TOML file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match &args.command {
        Command::Check(args) => {
            let catalogue = read_offers(&args.file)?;
            if args.json {
                return output::print_json(&serde_json::json!(offers::told(&catalogue)));
            }
            output::print(&to_text(&args.file, &catalogue))
        }
        Command::Show => output::print(Catalogue::built_in_file()),
        Command::Ledger(args) => ledger(args),
    }
}

fn ledger(args: &LedgerArgs) -> Result<(), Failure> {
    let format = out_format(&args.out)?;
    check_folder(&args.out)?;
    let ListOffers { catalogue, .. } = args.list.offers(args.offers.as_deref(), Language::English)?;
    let scores = args.list.load()?;
    write_whole(&args.out, |out| write_ledger(&scores, &catalogue, format, out))?;
    output::print(&format!(
        "{} customers and {} offers, as of {}, in {}\n",
        scores.rows.len(),
        catalogue.offers().len(),
        scores.as_of,
        args.out.display()
    ))
}

fn to_text(file: &Path, catalogue: &Catalogue) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(text, "{}: {} offers, and doing nothing", file.display(), catalogue.offers().len());
    for offer in catalogue.offers() {
        let _ = writeln!(
            text,
            "\n{}{}",
            offer.name(),
            offer.channel().map_or(String::new(), |by| format!(", by {by}"))
        );
        let rate = offer.save_rate();
        let _ = writeln!(
            text,
            "  costs {:.2} a contact, and {} when redeemed\n  keeps {:.1} % of those who would leave{}, {:.0} % of the others take \
             the incentive, {:.1} % of them are driven away",
            offer.contact_cost().get(),
            incentive(offer),
            100.0 * rate.mean(),
            give_or_take(rate),
            100.0 * offer.take_up(),
            100.0 * offer.driven_away(),
        );
        let _ = match offer.win_back_rate() {
            Some(rate) => writeln!(
                text,
                "  brings back {:.2} % of those who have left{} (mainstay winback)",
                100.0 * rate.mean(),
                give_or_take(rate)
            ),
            None => writeln!(text, "  is not tried on who has left: it has no win_back_rate"),
        };
        let _ = writeln!(text, "  {}", for_whom(offer));
        if let Some(capacity) = offer.capacity() {
            let _ = writeln!(text, "  for at most {capacity} customers at a time (mainstay plan)");
        }
        for doubt in doubts(offer) {
            let _ = writeln!(text, "  note: {doubt}");
        }
    }
    text
}

fn give_or_take(rate: &SaveRate) -> String {
    if rate.sd() > 0.0 { format!(", give or take {:.2}", 100.0 * rate.sd()) } else { String::new() }
}

fn incentive(offer: &Offer) -> String {
    match offer.incentive() {
        Incentive::Fixed(amount) => format!("{:.2}", amount.get()),
        Incentive::ShareOfNextOrder { share, cap } => {
            let cap = cap.map_or(String::new(), |cap| format!(", at most {:.2},", cap.get()));
            format!("{:.0} % of the next order{cap}", 100.0 * share)
        }
    }
}

fn for_whom(offer: &Offer) -> String {
    let Eligibility { tiers, causes, churn_probability: (from, to), days_since_contact, requires_consent } =
        offer.eligibility();
    let tiers = match tiers {
        Some(tiers) => tiers.iter().map(|tier| tier.name()).collect::<Vec<_>>().join(" and "),
        None => "all but problem".to_owned(),
    };
    let mut parts = vec![format!("for {tiers} customers")];
    let left_out: Vec<&str> =
        Cause::ALL.into_iter().filter(|cause| !causes.contains(cause)).map(Cause::name).collect();
    if !left_out.is_empty() {
        parts.push(format!("not where the cause is {}", left_out.join(" or ")));
    }
    if (*from, *to) != (0.0, 1.0) {
        parts.push(format!("with a churn probability from {from} to {to}"));
    }
    if *days_since_contact > 0.0 {
        parts.push(format!("not contacted for {days_since_contact} days"));
    }
    if *requires_consent {
        parts.push("who have said yes to the channel".to_owned());
    }
    parts.join(", ")
}

/// What is possible and yet seldom meant.
fn doubts(offer: &Offer) -> Vec<String> {
    let mut doubts = Vec::new();
    if offer.save_rate().sd() == 0.0 {
        doubts.push("a save rate known exactly: with save_rate_sd = 0, how sure it is that the offer pays says too much".to_owned());
    }
    if offer.save_rate().mean() == 1.0 {
        doubts.push("it keeps everybody who would leave: no offer does".to_owned());
    }
    if offer.contact_cost() == Money::ZERO && offer.incentive() == Incentive::Fixed(Money::ZERO) {
        doubts.push("it costs nothing, so that everybody gets it whom it does not drive away: is the contact free, too?".to_owned());
    }
    if offer.save_rate().mean() == 0.0 {
        doubts.push("it keeps nobody, and will never be made".to_owned());
    }
    if offer.win_back_rate().is_some_and(|rate| rate.mean() - rate.sd() > offer.save_rate().mean()) {
        doubts.push(
            "it is to bring back more of those who have left than it keeps of those who would: few offers do"
                .to_owned(),
        );
    }
    if offer.eligibility().requires_consent && offer.channel().is_none() {
        doubts.push("it asks for consent and has no channel: nobody can have consented".to_owned());
    }
    for (language, name) in Language::ALL.into_iter().zip(["English", "Chinese"]) {
        if offer.words().of(language).is_empty() {
            doubts.push(format!("no words in {name}"));
        }
    }
    doubts
}
