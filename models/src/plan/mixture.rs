//! The best mixture of some plans within limits: a small linear programme, solved by the simplex method.
//!
//! max Σ λₖ valueₖ with Σ λₖ usesₖ ≤ 1 for every limit, Σ λₖ ≤ 1 and λ ≥ 0. Limits are scaled to 1.

/// Reduced costs below are taken for 0, where values are about 1.
const TOLERANCE: f64 = 1e-12;

/// One plan, as it can be part of a mixture.
pub(super) struct Ingredient {
    pub(super) value: f64,
    /// The shares of the limits it uses.
    pub(super) uses: Vec<f64>,
}

/// The best mixture.
pub(super) struct Mixture {
    pub(super) value: f64,
    /// What one more of each limit would be worth; 0 or more.
    pub(super) prices: Vec<f64>,
    /// The ingredients that are in it, with their shares, which are at most 1 together.
    pub(super) shares: Vec<(usize, f64)>,
}

impl Mixture {
    /// The best mixture of some ingredients under so many limits.
    pub(super) fn best(ingredients: &[Ingredient], limits: usize) -> Self {
        let mut tableau = Tableau::new(ingredients, limits);
        // The textbook rule is quick and may go round in circles where several solutions are one; Bland's does not.
        let patience = 20 * (limits + 5);
        for step in 0..50 * patience {
            if !tableau.step(step > patience) {
                break;
            }
        }
        tableau.mixture(ingredients.len(), limits)
    }
}

/// Rows of ingredients, slacks and right side; the last is the objective, with its sign turned.
struct Tableau {
    rows: Vec<Vec<f64>>,
    /// The variable that each row but the last is solved for.
    basis: Vec<usize>,
}

impl Tableau {
    fn new(ingredients: &[Ingredient], limits: usize) -> Self {
        let (columns, slacks) = (ingredients.len(), limits + 1);
        let row = |place: usize| {
            let mut row: Vec<f64> = ingredients
                .iter()
                .map(|ingredient| match place {
                    _ if place < limits => ingredient.uses[place],
                    _ if place == limits => 1.0,
                    _ => -ingredient.value,
                })
                .collect();
            row.extend((0..slacks).map(|slack| f64::from(u8::from(slack == place))));
            row.push(if place <= limits { 1.0 } else { 0.0 });
            row
        };
        Self { rows: (0..=slacks).map(row).collect(), basis: (columns..columns + slacks).collect() }
    }

    /// One pivot; whether there was anything to win.
    fn step(&mut self, careful: bool) -> bool {
        let Some((objective, rows)) = self.rows.split_last() else { return false };
        let right = objective.len() - 1;
        let winners = (0..right).filter(|&column| objective[column] < -TOLERANCE);
        let entering = if careful {
            winners.min()
        } else {
            winners.min_by(|&a, &b| objective[a].total_cmp(&objective[b]))
        };
        let Some(entering) = entering else { return false };
        let ratio = |row: usize| rows[row][right].max(0.0) / rows[row][entering];
        let leaving = (0..rows.len())
            .filter(|&row| rows[row][entering] > 1e-11)
            .min_by(|&a, &b| ratio(a).total_cmp(&ratio(b)).then(self.basis[a].cmp(&self.basis[b])));
        let Some(leaving) = leaving else { return false };
        self.pivot(leaving, entering);
        true
    }

    fn pivot(&mut self, leaving: usize, entering: usize) {
        let pivot = self.rows[leaving][entering];
        self.rows[leaving].iter_mut().for_each(|number| *number /= pivot);
        let pivot_row = self.rows[leaving].clone();
        for (place, row) in self.rows.iter_mut().enumerate().filter(|(place, _)| *place != leaving) {
            let factor = row[entering];
            if factor != 0.0 {
                row.iter_mut().zip(&pivot_row).for_each(|(number, pivot)| *number -= factor * pivot);
                row[entering] = 0.0;
            }
            debug_assert!(place != leaving);
        }
        self.basis[leaving] = entering;
    }

    fn mixture(&self, columns: usize, limits: usize) -> Mixture {
        let (Some(objective), right) = (self.rows.last(), columns + limits + 1) else {
            return Mixture { value: 0.0, prices: vec![0.0; limits], shares: Vec::new() };
        };
        let shares = self.basis.iter().enumerate().filter(|&(_, &variable)| variable < columns);
        Mixture {
            value: objective[right],
            prices: objective[columns..columns + limits].iter().map(|price| price.max(0.0)).collect(),
            shares: shares
                .map(|(row, &variable)| (variable, self.rows[row][right].clamp(0.0, 1.0)))
                .collect(),
        }
    }
}
