//! What was tried: who got which action, with what chance, and what came of it.

use mainstay_features::units::Probability;
use ndarray::Array2;

use super::PolicyError;

/// Below so many records of an action chance alone decides what it seems to be worth.
pub const FEWEST_OF_EACH: usize = 20;
/// Propensities of a record may miss 1 by this much: files round them.
const ROUNDING: f64 = 0.011;

/// Records as they are in a file, nothing of them checked yet. All lists but `actions` have one entry per record.
#[derive(Clone, Debug, Default)]
pub struct Logged {
    /// Whose it is, as a fingerprint: records of one customer are in one fold and are drawn together.
    pub customers: Vec<u64>,
    /// What could be done, by name; the first is the control, which others are compared with.
    pub actions: Vec<String>,
    /// Which of the actions was assigned, whether or not it reached the customer.
    pub assigned: Vec<usize>,
    /// With what chance.
    pub propensities: Propensities,
    /// What the customer then brought in, less what the action cost, in money.
    pub profits: Vec<f64>,
    /// What was known of the customer before, a list per covariate.
    pub covariates: Vec<Vec<f64>>,
}

/// With what chance actions were assigned.
#[derive(Clone, Debug, Default)]
pub enum Propensities {
    /// The same for everybody: an action's is its share of the records.
    #[default]
    SharesSeen,
    /// Of the action that was assigned, one per record.
    OfAssigned(Vec<f64>),
    /// Of every action, in their order, each with one per record.
    OfEach(Vec<Vec<f64>>),
}

/// Records that can tell what a policy is worth.
#[derive(Clone, Debug)]
pub struct Records {
    customers: Vec<u64>,
    actions: Vec<String>,
    assigned: Vec<usize>,
    propensities: Vec<f64>,
    of_each: Option<Vec<Vec<f64>>>,
    profits: Vec<f64>,
    covariates: Array2<f64>,
}

impl Records {
    /// Records, checked.
    ///
    /// # Errors
    /// When there are fewer than two actions or fewer than [`FEWEST_OF_EACH`] records of one, when lists differ in
    /// length, when a propensity is not a chance above 0, those of a record do not add up to 1, or a number is none.
    pub fn new(logged: Logged) -> Result<Self, PolicyError> {
        let Logged { customers, actions, assigned, propensities, profits, covariates } = logged;
        let rows = customers.len();
        let lists = covariates.iter().map(Vec::len).chain([assigned.len(), profits.len()]);
        check_lengths(rows, lists)?;
        if actions.len() < 2 {
            return Err(PolicyError::OneAction);
        }
        let mut counts = vec![0_usize; actions.len()];
        for (record, &action) in assigned.iter().enumerate() {
            *counts.get_mut(action).ok_or(PolicyError::NoSuchAction { record })? += 1;
        }
        if let Some(action) = counts.iter().position(|&count| count < FEWEST_OF_EACH) {
            return Err(PolicyError::TooFew { action: actions[action].clone(), records: counts[action] });
        }
        let (propensities, of_each) = match propensities {
            Propensities::SharesSeen => {
                (assigned.iter().map(|&action| counts[action] as f64 / rows as f64).collect(), None)
            }
            Propensities::OfAssigned(propensities) => (propensities, None),
            Propensities::OfEach(each) => {
                let of_assigned = check_each(&each, &assigned, actions.len())?;
                (of_assigned, Some(each))
            }
        };
        check_lengths(rows, [propensities.len()])?;
        for (record, &propensity) in propensities.iter().enumerate() {
            if Probability::new(propensity).is_none_or(|propensity| propensity.get() == 0.0) {
                let action = actions[assigned[record]].clone();
                return Err(PolicyError::Propensity { record, action, propensity });
            }
        }
        let not_finite = |list: &Vec<f64>| list.iter().position(|value| !value.is_finite());
        if let Some(record) = not_finite(&profits).or_else(|| covariates.iter().find_map(not_finite)) {
            return Err(PolicyError::NoNumber { record });
        }
        let covariates =
            Array2::from_shape_fn((rows, covariates.len()), |(row, covariate)| covariates[covariate][row]);
        Ok(Self { customers, actions, assigned, propensities, of_each, profits, covariates })
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.customers.len()
    }

    /// Whether there are none; there always are some.
    pub fn is_empty(&self) -> bool {
        self.customers.is_empty()
    }

    /// What could be done, by name; the first is the control.
    pub fn actions(&self) -> &[String] {
        &self.actions
    }

    /// Which action each record was assigned.
    pub fn assigned(&self) -> &[usize] {
        &self.assigned
    }

    /// The chance of what each record was assigned, in (0, 1].
    pub fn propensities(&self) -> &[f64] {
        &self.propensities
    }

    /// Whether every record had the same chance of the same action: only then can those of one action be compared with
    /// those of another as they are.
    pub fn is_uniform(&self) -> bool {
        let mut chances = vec![None; self.actions.len()];
        self.assigned.iter().zip(&self.propensities).all(|(&action, &propensity)| {
            (*chances[action].get_or_insert(propensity) - propensity).abs() <= 1e-9
        })
    }

    /// Whether no two records are of one customer.
    pub fn is_one_each(&self) -> bool {
        let mut customers = self.customers.clone();
        customers.sort_unstable();
        customers.windows(2).all(|pair| pair[0] != pair[1])
    }

    /// Whether a record could have been assigned an action, as far as is known.
    pub fn could_have(&self, record: usize, action: usize) -> bool {
        self.of_each.as_ref().is_none_or(|each| each[action][record] > 0.0)
    }

    pub(super) fn customers(&self) -> &[u64] {
        &self.customers
    }

    pub(super) fn profits(&self) -> &[f64] {
        &self.profits
    }

    pub(super) fn covariates(&self) -> &Array2<f64> {
        &self.covariates
    }
}

fn check_lengths(expected: usize, lists: impl IntoIterator<Item = usize>) -> Result<(), PolicyError> {
    match lists.into_iter().find(|&found| found != expected) {
        Some(found) => Err(PolicyError::Lengths { found, expected }),
        None => Ok(()),
    }
}

/// The propensities of what was assigned, out of those of every action, which must add up to 1.
fn check_each(each: &[Vec<f64>], assigned: &[usize], actions: usize) -> Result<Vec<f64>, PolicyError> {
    check_lengths(actions, [each.len()])?;
    check_lengths(assigned.len(), each.iter().map(Vec::len))?;
    for record in 0..assigned.len() {
        let sum: f64 = each.iter().map(|of| of[record]).sum();
        let are_chances = each.iter().all(|of| Probability::new(of[record]).is_some());
        if !are_chances || (sum - 1.0).abs() > ROUNDING {
            return Err(PolicyError::Sum { record, sum });
        }
    }
    Ok(assigned.iter().enumerate().map(|(record, &action)| each[action][record]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forty records, every other of them mailed.
    fn logged() -> Logged {
        Logged {
            customers: (0..40).collect(),
            actions: vec!["nothing".to_owned(), "mail".to_owned()],
            assigned: (0..40).map(|record| record % 2).collect(),
            profits: vec![1.0; 40],
            ..Logged::default()
        }
    }

    fn refused(change: impl FnOnce(&mut Logged)) -> String {
        let mut logged = logged();
        change(&mut logged);
        Records::new(logged).unwrap_err().to_string()
    }

    #[test]
    fn shares_are_the_propensities_where_none_are_given() {
        let records = Records::new(logged()).unwrap();
        assert!(records.propensities().iter().all(|&propensity| propensity == 0.5) && records.is_uniform());
        let uneven = Logged {
            propensities: Propensities::OfAssigned(
                (0..40).map(|record| 0.1 + record as f64 / 50.0).collect(),
            ),
            ..logged()
        };
        assert!(!Records::new(uneven).unwrap().is_uniform());
    }

    #[test]
    fn what_cannot_tell_is_refused() {
        for bad in [0.0, -0.1, 1.1, f64::NAN] {
            let message = refused(|logged| {
                let mut given = vec![0.5; 40];
                given[3] = bad;
                logged.propensities = Propensities::OfAssigned(given);
            });
            assert!(message.starts_with("the propensity of \"mail\" is "), "{message}");
        }
        assert!(refused(|logged| logged.assigned = vec![0; 40]).contains("0 records of \"mail\""));
        assert!(refused(|logged| logged.actions.truncate(1)).contains("at least two actions"));
        assert!(refused(|logged| logged.profits[7] = f64::INFINITY).contains("finite"));
        assert!(refused(|logged| logged.covariates = vec![vec![1.0; 39]]).contains("39"));
        assert!(refused(|logged| logged.assigned[5] = 2).contains("no such action"));
        let of_each = |mail: f64| Propensities::OfEach(vec![vec![0.5; 40], vec![mail; 40]]);
        assert!(refused(|logged| logged.propensities = of_each(0.4)).contains("add up to 0.9"));
        assert!(Records::new(Logged { propensities: of_each(0.5), ..logged() }).is_ok());
    }

    #[test]
    fn two_records_of_one_customer_are_seen() {
        assert!(Records::new(logged()).unwrap().is_one_each());
        let mut twice = logged();
        twice.customers[30] = 2;
        assert!(!Records::new(twice).unwrap().is_one_each());
    }

    #[test]
    fn what_a_record_had_no_chance_of_is_known() {
        let mut given = logged();
        let mail: Vec<f64> = (0..40).map(|record| if record % 4 == 1 { 1.0 } else { 0.5 }).collect();
        given.propensities =
            Propensities::OfEach(vec![mail.iter().map(|chance| 1.0 - chance).collect(), mail]);
        let records = Records::new(given).unwrap();
        assert!(!records.could_have(1, 0) && records.could_have(1, 1) && records.could_have(2, 0));
    }
}
