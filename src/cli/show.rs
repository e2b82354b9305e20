//! How a list of customers is shown: which columns, how many rows, printed or in a file.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use mainstay_models::decision::DO_NOTHING;
use mainstay_models::language::Language;

use super::output;
use super::settings::check_folder;
use crate::at_risk::{
    AtRisk, Column, Filter, columns_named, for_people, to_csv, to_json, to_table_cells, write_sheet,
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
    /// How to print
    #[arg(long, value_enum, conflicts_with = "out")]
    format: Option<Printed>,
    #[command(flatten)]
    pub(super) out: OutArgs,
}

/// What of a list goes into a file, and how people read it.
#[derive(Args)]
pub(super) struct OutArgs {
    /// These columns instead of the usual ones, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    columns: Vec<String>,
    /// In which language people read it: en or zh. In CSV and JSON the names of columns, tiers, stages, causes and actions
    /// stay English, as scripts read them; sentences do not
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    pub(super) language: Language,
    /// Write the list to a file: .csv, .xlsx or .json
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Printed {
    Table,
    Csv,
    Json,
}

/// What is printed in place of a table without rows.
const NOBODY: [&str; 2] = ["no customer passes these filters\n", "没有符合条件的客户\n"];

/// How a file is written.
enum Written {
    Csv,
    Xlsx,
    Json,
}

/// A file to write a list into, looked at before the work begins.
pub(super) struct OutFile<'a> {
    out: &'a Path,
    written: Written,
    columns: &'a [String],
    sheet: fn(Language) -> &'static str,
}

impl OutArgs {
    /// All the usual columns, in a file.
    pub(super) fn all_in(out: &Path, language: Language) -> Self {
        Self { columns: Vec::new(), language, out: Some(out.to_owned()) }
    }

    /// Looks at the file, if there is one; `sheet` is what a spreadsheet calls the list.
    pub(super) fn check(&self, sheet: fn(Language) -> &'static str) -> Result<Option<OutFile<'_>>, Failure> {
        let file = |out| Ok(OutFile { out, written: written(out)?, columns: &self.columns, sheet });
        self.out.as_deref().map(file).transpose()
    }

    /// The file that is written, if one is.
    pub(super) fn path(&self) -> Option<&Path> {
        self.out.as_deref()
    }
}

impl OutFile<'_> {
    /// Writes a list: of all the columns it has those that are asked for, or all that whoever opens such a file reads.
    pub(super) fn write(self, list: &AtRisk<'_>, all: Vec<Column>) -> Result<(), Failure> {
        let columns = asked(self.columns, all, |all| match self.written {
            Written::Xlsx => for_people(all),
            Written::Csv | Written::Json => all,
        })?;
        let content = match self.written {
            Written::Csv => csv(list, &columns)?,
            Written::Json => format!("{:#}\n", to_json(list, &columns)).into_bytes(),
            Written::Xlsx => write_sheet(list, &columns, (self.sheet)(list.language))
                .map_err(|error| Failure::output(self.out, format!("{error}; show fewer with --top")))?,
        };
        write_whole(self.out, |file| file.write_all(&content))?;
        let (rows, as_of, out) = (list.rows.len(), list.scores.as_of, self.out.display());
        output::note(&list.language.either(
            format!("{rows} customers as of {as_of} in {out}"),
            format!("{rows}位客户（截至{as_of}）已写入 {out}"),
        ));
        Ok(())
    }
}

impl ShowArgs {
    /// The most rows that are shown.
    pub(super) fn most(&self) -> usize {
        if self.all { usize::MAX } else { self.top }
    }

    /// Whether a table for people is printed.
    pub(super) fn prints_table(&self) -> bool {
        self.out.path().is_none() && matches!(self.format, None | Some(Printed::Table))
    }

    /// Writes a list into the file, or prints it: of all the columns it has those that are asked for, or all, or in a
    /// table those usual there.
    pub(super) fn show(
        &self,
        file: Option<OutFile<'_>>,
        list: &AtRisk<'_>,
        all: Vec<Column>,
        of_a_table: Vec<Column>,
    ) -> Result<(), Failure> {
        if let Some(file) = file {
            return file.write(list, all);
        }
        let columns =
            |of_a_table: Option<Vec<Column>>| asked(&self.out.columns, all, |all| of_a_table.unwrap_or(all));
        match self.format.unwrap_or(Printed::Table) {
            Printed::Table if list.rows.is_empty() => {
                columns(Some(of_a_table))?;
                output::print(list.language.either(NOBODY[0], NOBODY[1]))
            }
            Printed::Table => output::print(&to_table(list, &columns(Some(of_a_table))?)),
            Printed::Json => output::print_json(&to_json(list, &columns(None)?)),
            Printed::Csv => output::print(&String::from_utf8_lossy(&csv(list, &columns(None)?)?)),
        }
    }
}

/// Of all columns those of these names, or without any the usual ones.
fn asked(
    names: &[String],
    all: Vec<Column>,
    usual: impl FnOnce(Vec<Column>) -> Vec<Column>,
) -> Result<Vec<Column>, Failure> {
    let named = columns_named(&all, names).map_err(|error| Failure::new(Kind::Usage, error.to_string()))?;
    Ok(if named.is_empty() { usual(all) } else { named })
}

/// That every name is one of an action.
pub(super) fn check_actions(asked: &[String], list: &Scores) -> Result<(), Failure> {
    let known = || list.actions.iter().map(|action| action.name.as_str());
    match asked.iter().find(|asked| *asked != DO_NOTHING && known().all(|action| action != *asked)) {
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

/// That every attribute is one that the list shows.
pub(super) fn check_attributes(filter: &Filter, list: &Scores) -> Result<(), Failure> {
    match filter.unknown_attribute(list) {
        Some(name) => {
            let known = match list.shown.join(", ") {
                none if none.is_empty() => "customers files gave none".to_owned(),
                known => format!("there are: {known}"),
            };
            Err(Failure::new(Kind::Usage, format!("--attribute {name}: no attribute of this list; {known}")))
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
