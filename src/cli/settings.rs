//! The flags that several commands have besides the input's: what to train for, where state lives, what the money rests on.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;
use mainstay_features::units::Days;
use mainstay_models::decision::{Catalogue, DO_NOTHING};
use mainstay_models::forest::train::Trainer;
use mainstay_models::language::Language;
use mainstay_models::lifetime::{Margin, YearlyDiscount};
use mainstay_models::training::Settings;

use super::output;
use super::reading::note_currencies;
use super::small;
use crate::failure::{Failure, Kind};
use crate::scores::{self, Format, ListAbout, ListBasis, Scores};
use crate::service::Assumptions;
use crate::store::{Store, check_writable, folder_of};

/// What to train for.
#[derive(Args)]
pub(super) struct SettingsArgs {
    /// Churned means no purchase, or with contracts that they ended, within this time
    #[arg(long, value_name = "DAYS")]
    horizon: Days,
    /// The population is who bought within this time, or with contracts whose runs
    #[arg(long, value_name = "DAYS", default_value = "365d")]
    lookback: Days,
    /// Where all randomness starts
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Who grows the forests: histogram (our own) or smartcore (slow, for comparison)
    #[arg(long, value_name = "TRAINER", default_value = "histogram")]
    forest: ForestArg,
}

/// Who grows the forests.
#[derive(Clone, Copy, clap::ValueEnum)]
enum ForestArg {
    Histogram,
    Smartcore,
}

impl SettingsArgs {
    pub(super) fn settings(&self) -> Settings {
        let trainer = match self.forest {
            ForestArg::Histogram => Trainer::Histogram,
            ForestArg::Smartcore => Trainer::Smartcore,
        };
        Settings { horizon: self.horizon, lookback: self.lookback, seed: self.seed, trainer }
    }
}

/// Where state lives.
#[derive(Args)]
pub(super) struct StoreArgs {
    /// The folder the kept history, the model and the newest scored list live in
    #[arg(long, value_name = "DIR", default_value = "./var")]
    pub(super) store: PathBuf,
}

impl StoreArgs {
    /// The store, for who asks what is in it: one that is not there is a slip, and not made.
    pub(super) fn existing(&self) -> Result<Store, Failure> {
        if self.store.is_dir() {
            return Ok(Store::at(&self.store));
        }
        let folder = self.store.display();
        Err(Failure::new(
            Kind::NoModel,
            format!("no store {folder}: there is no such folder; mainstay train makes one"),
        ))
    }
}

/// Which scored list.
#[derive(Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    pub(super) store: StoreArgs,
    /// Take this scored list instead of the store's newest; the store still tells who has objected to marketing
    #[arg(long, value_name = "FILE")]
    pub(super) scores: Option<PathBuf>,
}

impl ListArgs {
    /// The offers of a file, or the built-in ones, beside those that decided the list. Says where these are others, where
    /// those are nobody's own, where no model decided, and where the amounts of the kept history are in several currencies.
    pub(super) fn offers(&self, file: Option<&Path>, language: Language) -> Result<ListOffers, Failure> {
        let catalogue = file.map_or_else(built_in_offers, read_offers)?;
        let decided_by = self.about().and_then(|about| about.basis);
        let are_others = decided_by.as_ref().map(|basis| !basis.has_offers(&catalogue));
        if are_others == Some(true) {
            let file = file.map(|file| file.display().to_string());
            output::note(&language.either(
                format!(
                    "other offers than {} decided the list: give the file that it was scored with as --offers",
                    file.as_ref().map_or("the built-in ones".to_owned(), |file| format!("those of {file}"))
                ),
                format!(
                    "名单不是按{}评分的：请用 --offers 给出评分时的方案文件",
                    file.as_ref().map_or("内置方案".to_owned(), |file| format!(" {file} 的方案"))
                ),
            ));
        } else if file.is_none() {
            output::note(built_in_are_assumed(language));
        }
        if let Some(why) = decided_by.as_ref().and_then(|basis| basis.why_by_rule(language)) {
            output::note(&why);
        }
        // A list of a file may be of another history.
        if self.scores.is_none()
            && let Ok(kept) = Store::at(&self.store.store).history()
        {
            note_currencies(kept.currencies(), language);
        }
        Ok(ListOffers { catalogue, decided_by, are_others })
    }

    /// What the list tells of itself as a whole; `None` where that is nothing, as in CSV, or cannot be read.
    fn about(&self) -> Option<ListAbout> {
        match &self.scores {
            Some(path) => ListAbout::read(File::open(path).ok()?).ok().flatten(),
            None => Store::at(&self.store.store).load_list_about().ok().flatten(),
        }
    }

    /// The list, without who has objected to marketing by now.
    pub(super) fn load(&self) -> Result<Scores, Failure> {
        self.load_keeping(Scores::append)
    }

    /// [`Self::load`], where `keep` adds to the list what is to be kept of some rows at a time.
    pub(super) fn load_keeping(&self, mut keep: impl FnMut(&mut Scores, Scores)) -> Result<Scores, Failure> {
        let store = Store::at(&self.store.store);
        match &self.scores {
            Some(path) => {
                let file = File::open(path).map_err(|cause| Failure::unreadable(path, cause))?;
                let suppressed = store.load_suppressed()?;
                scores::read(file, path, |kept, some| keep(kept, some.without(&suppressed)))
            }
            None => store.load_scores_keeping(keep),
        }
    }
}

/// The format that an output's name asks for.
pub(super) fn out_format(out: &Path) -> Result<Format, Failure> {
    Format::of(out).ok_or_else(|| {
        Failure::new(Kind::Usage, format!("--out {}: it is written as .parquet or .csv", out.display()))
    })
}

/// What the money rests on.
#[derive(Args)]
pub(super) struct MoneyArgs {
    /// The offers there are, a TOML file [default: the built-in catalogue, see docs/economics.md]
    #[arg(long, value_name = "FILE")]
    offers: Option<PathBuf>,
    /// The share of the amount paid that is left after the cost of goods
    #[arg(long, allow_negative_numbers = true, value_name = "SHARE", default_value = "0.3")]
    margin: Margin,
    /// By how much a year's wait lowers what an amount is worth
    #[arg(long, allow_negative_numbers = true, value_name = "RATE", default_value = "0.1")]
    discount: YearlyDiscount,
}

impl MoneyArgs {
    pub(super) fn assumptions(&self) -> Assumptions {
        Assumptions { margin: self.margin, discount: self.discount }
    }

    /// Says where the offers are nobody's own.
    pub(super) fn note_assumed(&self) {
        if self.offers.is_none() {
            output::note(built_in_are_assumed(Language::English));
        }
    }

    pub(super) fn catalogue(&self) -> Result<Catalogue, Failure> {
        self.offers.as_deref().map_or_else(built_in_offers, read_offers)
    }
}

/// The offers that a list is read with, beside those that decided it.
pub(super) struct ListOffers {
    /// The offers.
    pub(super) catalogue: Catalogue,
    /// What decided the list; `None` where it does not tell.
    pub(super) decided_by: Option<ListBasis>,
    /// Whether that was other offers; `None` likewise.
    pub(super) are_others: Option<bool>,
}

/// What is to be known where money rests on the built-in offers.
pub(super) fn built_in_are_assumed(language: Language) -> &'static str {
    language.either(
        "the amounts rest on the built-in offers, whose save rates and costs are assumptions, none of this shop's: give its \
         own as --offers (docs/economics.md)",
        "金额以内置方案为依据，其成功率和成本只是假设，并非本店数据：请用 --offers 给出本店的方案（docs/economics.md）",
    )
}

/// The offers of a file. Says where there are none, which is allowed and seldom meant.
pub(super) fn read_offers(path: &Path) -> Result<Catalogue, Failure> {
    let text = small::read(path, small::SETTINGS)?;
    let catalogue = Catalogue::from_toml(&text).map_err(|error| Failure::offers(path, &error))?;
    if catalogue.offers().is_empty() {
        output::note(&format!(
            "{} has no offers: nothing but {DO_NOTHING:?} can be recommended",
            path.display()
        ));
    }
    Ok(catalogue)
}

/// The built-in offers.
pub(super) fn built_in_offers() -> Result<Catalogue, Failure> {
    Catalogue::built_in().map_err(|error| Failure::offers(Path::new("built-in offers"), &error))
}

/// An output's folder must be there before work that may take minutes begins.
pub(super) fn check_folder(out: &Path) -> Result<(), Failure> {
    let folder = folder_of(out);
    if !folder.is_dir() {
        return Err(Failure::output(out, format!("there is no folder {}", folder.display())));
    }
    if out.is_dir() {
        return Err(Failure::output(out, "it is a folder"));
    }
    check_writable(folder)
}
