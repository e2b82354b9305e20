//! From a table to records of what was tried.

use std::collections::BTreeSet;

use mainstay_features::id::fingerprint;
use mainstay_models::lifetime::Margin;
use mainstay_models::policy::{Group, Logged, Propensities};

use super::{Args, covariates};
use crate::failure::{Failure, Kind};
use crate::table_file::TableFile;

/// What was tried, and the flags' part in it.
pub(super) struct Experiment {
    /// The table, for complaints.
    pub(super) table: TableFile,
    /// What the policy in the file recommends, by the actions' places.
    pub(super) recommended: Option<Vec<usize>>,
    /// How the profit is made up, in words.
    pub(super) profit: String,
    /// What an action costs, in their order.
    pub(super) costs: Vec<f64>,
    /// Who was lost, or failed to do what was hoped for, among those assigned each action.
    pub(super) groups: Option<Groups>,
    /// Whether the propensities are the file's.
    pub(super) has_propensities: bool,
}

/// The customers by action, with what is counted of them.
pub(super) struct Groups {
    /// The column.
    pub(super) column: String,
    /// Whether the column says who was lost.
    pub(super) is_churn: bool,
    /// By action; those who are counted as lost are those of whom the column says 1, or 0 where 1 is what was hoped for.
    pub(super) groups: Vec<Group>,
}

impl Groups {
    /// The share of a group that the column says 1 of.
    pub(super) fn share(&self, group: &Group) -> f64 {
        if self.is_churn { group.churn() } else { 1.0 - group.churn() }
    }
}

impl Experiment {
    /// Reads the table that the flags name, and its rows as records.
    pub(super) fn read(args: &Args) -> Result<(Self, Logged), Failure> {
        let named = [&args.id, &args.propensity, &args.profit, &args.revenue, &args.outcome, &args.churn];
        let mut columns: Vec<&str> = named.into_iter().flatten().map(String::as_str).collect();
        columns.push(&args.action);
        columns.extend(args.policy.as_deref());
        columns.extend(args.covariates.iter().map(String::as_str));
        columns.extend(args.propensity_of.iter().map(|(_, column)| column.as_str()));
        let table = TableFile::read(&args.data, &columns)?;

        let assigned = table.texts(&args.action)?;
        let actions = actions(args, &table, &assigned)?;
        let assigned = places(&table, &args.action, &actions, assigned)?;
        let recommended = match &args.policy {
            Some(column) => Some(places(&table, column, &actions, table.texts(column)?)?),
            None => None,
        };
        let costs = costs(args, &actions)?;
        let (earned, profit) = earned(args, &table)?;
        let profits = earned.iter().zip(&assigned).map(|(earned, &action)| earned - costs[action]).collect();
        let logged = Logged {
            customers: customers(args, &table)?,
            propensities: propensities(args, &table, &actions)?,
            covariates: covariates::of(&table, &args.covariates)?,
            actions,
            assigned,
            profits,
        };
        let groups = groups(args, &table, &logged)?;
        let has_propensities = !matches!(logged.propensities, Propensities::SharesSeen);
        Ok((Self { table, recommended, profit, costs, groups, has_propensities }, logged))
    }
}

/// All actions there are, the control first, the others by name.
fn actions(args: &Args, table: &TableFile, assigned: &[String]) -> Result<Vec<String>, Failure> {
    let found: BTreeSet<&String> = assigned.iter().collect();
    if !found.contains(&args.control) {
        let known: Vec<String> = found.iter().take(20).map(|action| format!("{action:?}")).collect();
        return Err(table.bad(format!(
            "no row of column {:?} has {:?}; name the action that others are compared with: --control with one of {}",
            args.action,
            args.control,
            known.join(", ")
        )));
    }
    let others = found.into_iter().filter(|&action| *action != args.control).cloned();
    Ok(std::iter::once(args.control.clone()).chain(others).collect())
}

fn place(actions: &[String], action: &str) -> Option<usize> {
    actions.iter().position(|known| known == action)
}

/// The places of the actions that a column names.
fn places(
    table: &TableFile,
    column: &str,
    actions: &[String],
    named: Vec<String>,
) -> Result<Vec<usize>, Failure> {
    let of = |(row, action): (usize, String)| {
        place(actions, &action).ok_or_else(|| {
            table.bad_cell(
                row,
                column,
                format!("{action:?} was never assigned: what it would have earned is not known"),
            )
        })
    };
    named.into_iter().enumerate().map(of).collect()
}

/// An action that a flag names must be one that was tried.
fn place_of_flag(flag: &str, actions: &[String], action: &str) -> Result<usize, Failure> {
    place(actions, action).ok_or_else(|| {
        Failure::new(Kind::Usage, format!("{flag}: no row has the action {action:?}; there are {actions:?}"))
    })
}

fn costs(args: &Args, actions: &[String]) -> Result<Vec<f64>, Failure> {
    let mut costs = vec![0.0; actions.len()];
    for (action, amount) in &args.cost {
        costs[place_of_flag("--cost", actions, action)?] = *amount;
    }
    let counts_money = args.profit.is_some() || args.revenue.is_some() || args.outcome_value.is_some();
    if !args.cost.is_empty() && !counts_money {
        return Err(Failure::new(
            Kind::Usage,
            "--cost is money, and the outcome is not: say with --outcome-value what one is worth",
        ));
    }
    Ok(costs)
}

/// What each row brought in, before costs, and how that is made up.
fn earned(args: &Args, table: &TableFile) -> Result<(Vec<f64>, String), Failure> {
    if let Some(column) = &args.profit {
        return Ok((table.numbers(column)?, column.clone()));
    }
    if let Some(column) = &args.revenue {
        let margin = args.margin.unwrap_or(Margin::DEFAULT).get();
        let earned = table.numbers(column)?.iter().map(|paid| margin * paid).collect();
        return Ok((earned, format!("{margin} of {column}")));
    }
    let (column, good) = match (&args.outcome, &args.churn) {
        (Some(column), _) => (column, true),
        (None, Some(column)) => (column, false),
        (None, None) => return Err(Failure::new(Kind::Internal, "no column says what came of it")),
    };
    let worth = args.outcome_value.unwrap_or(1.0);
    let earned = table.flags(column)?.iter().map(|&flag| if flag == good { worth } else { 0.0 }).collect();
    Ok((earned, format!("{worth} where {column} is {}", u8::from(good))))
}

fn customers(args: &Args, table: &TableFile) -> Result<Vec<u64>, Failure> {
    match &args.id {
        Some(column) => Ok(table.texts(column)?.iter().map(|id| fingerprint(id)).collect()),
        None => Ok((0..table.rows()).map(|row| fingerprint(&row.to_string())).collect()),
    }
}

fn propensities(args: &Args, table: &TableFile, actions: &[String]) -> Result<Propensities, Failure> {
    if let Some(column) = &args.propensity {
        let given = table.numbers(column)?;
        if let Some(row) = given.iter().position(|&propensity| !(propensity > 0.0 && propensity <= 1.0)) {
            let problem = format!("{} is no chance above 0 and up to 1", given[row]);
            return Err(table.bad_cell(row, column, problem));
        }
        return Ok(Propensities::OfAssigned(given));
    }
    if args.propensity_of.is_empty() {
        return Ok(Propensities::SharesSeen);
    }
    let mut of_each = vec![Vec::new(); actions.len()];
    for (action, column) in &args.propensity_of {
        of_each[place_of_flag("--propensity-of", actions, action)?] = table.numbers(column)?;
    }
    match of_each.iter().position(Vec::is_empty) {
        Some(action) => {
            let message =
                format!("--propensity-of: none for {:?}; name a column for every action", actions[action]);
            Err(Failure::new(Kind::Usage, message))
        }
        None => Ok(Propensities::OfEach(of_each)),
    }
}

fn groups(args: &Args, table: &TableFile, logged: &Logged) -> Result<Option<Groups>, Failure> {
    let (column, is_churn) = match (&args.churn, &args.outcome) {
        (Some(column), _) => (column, true),
        (None, Some(column)) => (column, false),
        (None, None) => return Ok(None),
    };
    let mut counts = vec![(0, 0); logged.actions.len()];
    for (&action, flag) in logged.assigned.iter().zip(table.flags(column)?) {
        let (customers, lost) = &mut counts[action];
        *customers += 1;
        *lost += u64::from(flag == is_churn);
    }
    let groups = counts.into_iter().filter_map(|(customers, lost)| Group::new(customers, lost)).collect();
    Ok(Some(Groups { column: column.clone(), is_churn, groups }))
}
