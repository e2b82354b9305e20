//! Ranking, honesty and lift.

use serde::{Deserialize, Serialize};

use super::order::{ascending, bins, churners_among, descending, ties};

/// Log loss clips probabilities to [this, 1 − this].
const CLIP: f64 = 1e-6;
const ECE_BINS: usize = 10;

/// The measures of one model on labelled rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Area under the ROC curve: the chance that a churner is scored above a stayer, ties half; `None` without both.
    pub auc: Option<f64>,
    /// Average precision: Σ (recall step × precision) over the distinct scores, highest first; `None` without churners.
    pub pr_auc: Option<f64>,
    /// Mean of −ln(probability given to what happened), probabilities clipped to [1e-6, 1 − 1e-6].
    pub log_loss: f64,
    /// Mean squared distance between probability and outcome.
    pub brier: f64,
    /// Expected calibration error: ten bins of equal count in order of score (ties in input order), mean distance
    /// between mean score and churn rate, weighted by count.
    pub ece: f64,
    /// Churn rate among the ⌊n/10⌋ highest scores (ties in input order) over the churn rate of all; `None` below ten
    /// rows or without churners.
    pub lift_at_10: Option<f64>,
}

impl Metrics {
    /// Measures probabilities against outcomes; both of one length, at least one row.
    pub fn of(probabilities: &[f64], churned: &[bool]) -> Self {
        let rows = probabilities.len() as f64;
        let outcome = |row: usize| f64::from(u8::from(churned[row]));
        let mean = |f: &dyn Fn(usize) -> f64| (0..probabilities.len()).map(f).sum::<f64>() / rows;
        let ascending = ascending(probabilities);
        Self {
            auc: auc(probabilities, churned, &ascending),
            pr_auc: average_precision(probabilities, churned, &ascending),
            log_loss: mean(&|row| {
                let p = probabilities[row].clamp(CLIP, 1.0 - CLIP);
                -if churned[row] { p.ln() } else { (1.0 - p).ln() }
            }),
            brier: mean(&|row| (probabilities[row] - outcome(row)).powi(2)),
            ece: expected_calibration_error(probabilities, churned, &ascending),
            lift_at_10: lift_at_10(probabilities, churned),
        }
    }
}

fn auc(scores: &[f64], churned: &[bool], ascending: &[usize]) -> Option<f64> {
    let (mut stayers_below, mut churners, mut wins) = (0.0, 0.0, 0.0);
    for tie in ties(scores, ascending) {
        let tied_churners = churners_among(tie, churned);
        let tied_stayers = tie.len() as f64 - tied_churners;
        wins += tied_churners * (stayers_below + tied_stayers / 2.0);
        churners += tied_churners;
        stayers_below += tied_stayers;
    }
    (churners > 0.0 && stayers_below > 0.0).then(|| wins / (churners * stayers_below))
}

fn average_precision(scores: &[f64], churned: &[bool], ascending: &[usize]) -> Option<f64> {
    let (mut rows, mut churners, mut area) = (0.0, 0.0, 0.0);
    for tie in ties(scores, ascending).rev() {
        let tied_churners = churners_among(tie, churned);
        rows += tie.len() as f64;
        churners += tied_churners;
        area += tied_churners * churners / rows;
    }
    (churners > 0.0).then(|| area / churners)
}

fn expected_calibration_error(scores: &[f64], churned: &[bool], ascending: &[usize]) -> f64 {
    let error = |bin: &[usize]| {
        let scored: f64 = bin.iter().map(|&row| scores[row]).sum();
        (scored - churners_among(bin, churned)).abs()
    };
    bins(ascending, ECE_BINS).map(error).sum::<f64>() / ascending.len() as f64
}

fn lift_at_10(scores: &[f64], churned: &[bool]) -> Option<f64> {
    let top = scores.len() / 10;
    let descending = descending(scores);
    let share = |rows: &[usize]| churners_among(rows, churned) / rows.len() as f64;
    let all = share(&descending);
    (top > 0 && all > 0.0).then(|| share(&descending[..top]) / all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_worked_out_by_hand() {
        // Scores in order: 0.1 stays, 0.4 leaves, 0.4 stays, 0.8 leaves.
        let metrics = Metrics::of(&[0.1, 0.4, 0.4, 0.8], &[false, true, false, true]);
        // Pairs (leaver, stayer): 0.4 > 0.1, 0.4 = 0.4 (half), 0.8 > both: 3.5 of 4.
        assert_eq!(metrics.auc, Some(0.875));
        // Highest first: 0.8 → 1/1 over half of the leavers; then the tie → 2/3 over the other half.
        assert!((metrics.pr_auc.unwrap() - (0.5 + 0.5 * 2.0 / 3.0)).abs() < 1e-12);
        let log_loss = -(0.9_f64.ln() + 0.4_f64.ln() + 0.6_f64.ln() + 0.8_f64.ln()) / 4.0;
        assert!((metrics.log_loss - log_loss).abs() < 1e-12);
        assert!((metrics.brier - (0.01 + 0.36 + 0.16 + 0.04) / 4.0).abs() < 1e-12);
        // One row a bin, six bins empty: |0.1 − 0|, |0.4 − 1|, |0.4 − 0|, |0.8 − 1|.
        assert!((metrics.ece - (0.1 + 0.6 + 0.4 + 0.2) / 4.0).abs() < 1e-12);
        assert_eq!(metrics.lift_at_10, None, "ten rows make the smallest tenth");
    }

    #[test]
    fn ties_keep_the_input_order_in_lift() {
        let mut churned = [false; 20];
        churned[0] = true;
        let metrics = Metrics::of(&[0.5; 20], &churned);
        assert_eq!(metrics.lift_at_10, Some(10.0), "rows 0 and 1 are the top tenth: 1/2 over 1/20");
        assert_eq!(metrics.auc, Some(0.5));
    }

    #[test]
    fn one_class_has_no_ranking_and_certainty_costs_no_infinity() {
        let metrics = Metrics::of(&[1.0; 10], &[false; 10]);
        assert_eq!((metrics.auc, metrics.pr_auc, metrics.lift_at_10), (None, None, None));
        assert!((metrics.log_loss - -(CLIP.ln())).abs() < 1e-9);
    }
}
