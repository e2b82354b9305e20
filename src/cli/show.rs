//! How a list of customers is shown: which columns, how many rows, printed or in a file.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use mainstay_models::language::Language;

use super::output;
use super::settings::check_folder;
use crate::at_risk::{
    AtRisk, Column, columns_named, for_people, to_csv, to_json, to_table_cells, write_sheet,
};
use crate::failure::{Failure, Kind};
use crate::scores::Scores;
use crate::store::write_whole;

#[derive(Args)]
pub(super) struct ShowArgs {
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
    pub(super) language: Language,
    /// How to print
    #[arg(long, value_enum, conflicts_with = "out")]
    format: Option<Printed>,
    /// Write to a file instead: .csv, .xlsx or .json
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
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

/// A place to show a list at, looked at before the work begins.
pub(super) struct Show<'a> {
    args: &'a ShowArgs,
    out: Option<(&'a Path, Written)>,
    sheet: fn(Language) -> &'static str,
}

impl ShowArgs {
    /// Looks at the place; `sheet` is what a spreadsheet calls the list.
    pub(super) fn check(&self, sheet: fn(Language) -> &'static str) -> Result<Show<'_>, Failure> {
        let out = self.out.as_deref().map(|out| Ok::<_, Failure>((out, written(out)?))).transpose()?;
        Ok(Show { args: self, out, sheet })
    }

    /// The file that is written, if one is.
    pub(super) fn out(&self) -> Option<&Path> {
        self.out.as_deref()
    }

    /// The most rows that are shown.
    pub(super) fn most(&self) -> usize {
        if self.all { usize::MAX } else { self.top }
    }
}

impl Show<'_> {
    /// Shows a list: of all the columns it has those that are asked for, or all, or in a table those usual there.
    pub(super) fn show(
        self,
        list: &AtRisk<'_>,
        all: Vec<Column>,
        of_a_table: Vec<Column>,
    ) -> Result<(), Failure> {
        let named = columns_named(&all, &self.args.columns)
            .map_err(|error| Failure::new(Kind::Usage, error.to_string()))?;
        let columns = |usual: Vec<Column>| if named.is_empty() { usual } else { named.clone() };
        let Some((out, written)) = self.out else {
            return match self.args.format.unwrap_or(Printed::Table) {
                Printed::Table => output::print(&to_table(list, &columns(of_a_table))),
                Printed::Json => output::print_json(&to_json(list, &columns(all))),
                Printed::Csv => output::print(&String::from_utf8_lossy(&csv(list, &columns(all))?)),
            };
        };
        let columns = columns(match written {
            Written::Xlsx => for_people(all),
            Written::Csv | Written::Json => all,
        });
        let content = match written {
            Written::Csv => csv(list, &columns)?,
            Written::Json => format!("{:#}\n", to_json(list, &columns)).into_bytes(),
            Written::Xlsx => write_sheet(list, &columns, (self.sheet)(list.language))
                .map_err(|error| Failure::output(out, format!("{error}; show fewer with --top")))?,
        };
        write_whole(out, |file| file.write_all(&content))?;
        output::note(&format!(
            "{} customers as of {} in {}",
            list.rows.len(),
            list.scores.as_of,
            out.display()
        ));
        Ok(())
    }
}

/// That every name is one of an action.
pub(super) fn check_actions(asked: &[String], list: &Scores) -> Result<(), Failure> {
    let known = || list.actions.iter().map(|action| action.name.as_str());
    match asked.iter().find(|asked| known().all(|action| action != *asked)) {
        Some(unknown) => {
            let known = known().collect::<Vec<_>>().join(", ");
            Err(Failure::new(
                Kind::Usage,
                format!("--offer {unknown:?}: no action of this list; there are: {known}"),
            ))
        }
        None => Ok(()),
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

/// The rows as a table for people.
pub(super) fn to_table(list: &AtRisk<'_>, columns: &[Column]) -> String {
    let header: Vec<String> = columns.iter().map(|column| list.heading(column).replace('_', " ")).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    output::table(&header, &to_table_cells(list, columns))
}
