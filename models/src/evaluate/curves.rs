//! The same measures as curves, for charts: plain numbers, ready to be drawn.

use serde::{Deserialize, Serialize};

use super::order::{ascending, bins, churners_among, descending, ties};
use super::profit::{Campaign, Profit};

/// How many bins a reliability curve has.
const BINS: usize = 10;
/// Curves over the share contacted have a point at each of 0/100, 1/100, … 100/100.
const STEPS: usize = 100;

/// A tenth of the customers, by probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReliabilityBin {
    /// How many customers, at least one.
    pub customers: usize,
    /// The mean of their probabilities, in [0, 1].
    pub stated: f64,
    /// The share of them that churned, in [0, 1]. Right probabilities have it near `stated`.
    pub observed: f64,
}

/// A point of the cumulative gain curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GainPoint {
    /// The share of customers contacted, highest scores first, in [0, 1].
    pub contacted: f64,
    /// The share of all churners who are among them, in [0, 1]; contacting at random gives `contacted`.
    pub reached: f64,
}

/// Every curve of one model on labelled rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Curves {
    /// Ten bins of equal count, lowest probabilities first; fewer below ten rows.
    pub reliability: Vec<ReliabilityBin>,
    /// 101 points, from nobody to everybody contacted; empty without churners.
    pub gain: Vec<GainPoint>,
    /// Churn rate in each tenth, highest scores first, over the churn rate of all; empty below ten rows or without
    /// churners. The first is [`lift_at_10`](super::Metrics::lift_at_10).
    pub lift_by_tenth: Vec<f64>,
    /// 101 points, from nobody to everybody contacted: what it earns per customer of the population at the campaign's mean
    /// save rate; empty without rows.
    pub profit: Vec<Profit>,
}

impl Curves {
    /// The curves of probabilities against outcomes, both of one length.
    pub fn of(probabilities: &[f64], churned: &[bool], campaign: &Campaign) -> Self {
        let ascending = ascending(probabilities);
        let all = churners_among(&ascending, churned);
        let contacts = contacts(probabilities, churned, &ascending);
        let save_rate = campaign.save_rate.mean();
        Self {
            reliability: reliability(probabilities, churned, &ascending),
            gain: if all > 0.0 {
                let reached = |contact: &Contact| contact.churners / all;
                let point = |contact| GainPoint {
                    contacted: contact_share(contact, &ascending),
                    reached: reached(contact),
                };
                contacts.iter().map(point).collect()
            } else {
                Vec::new()
            },
            lift_by_tenth: lift_by_tenth(probabilities, churned),
            profit: contacts
                .iter()
                .map(|contact| {
                    let stayers = contact.customers - contact.churners;
                    let earned = contact.churners * campaign.of_contact(save_rate, true)
                        + stayers * campaign.of_contact(save_rate, false);
                    let contacted = contact_share(contact, &ascending);
                    Profit { per_customer: earned / ascending.len() as f64, contacted }
                })
                .collect(),
        }
    }
}

fn reliability(probabilities: &[f64], churned: &[bool], ascending: &[usize]) -> Vec<ReliabilityBin> {
    bins(ascending, BINS)
        .filter(|bin| !bin.is_empty())
        .map(|bin| {
            let customers = bin.len() as f64;
            let stated = bin.iter().map(|&row| probabilities[row]).sum::<f64>() / customers;
            ReliabilityBin {
                customers: bin.len(),
                stated,
                observed: churners_among(bin, churned) / customers,
            }
        })
        .collect()
}

fn lift_by_tenth(scores: &[f64], churned: &[bool]) -> Vec<f64> {
    let rows = descending(scores);
    let all = churners_among(&rows, churned) / rows.len() as f64;
    if rows.len() < 10 || all == 0.0 {
        return Vec::new();
    }
    let tenth = |number: usize| &rows[number * rows.len() / 10..(number + 1) * rows.len() / 10];
    (0..10).map(|number| churners_among(tenth(number), churned) / tenth(number).len() as f64 / all).collect()
}

/// Those contacted so far.
struct Contact {
    customers: f64,
    churners: f64,
}

fn contact_share(contact: &Contact, rows: &[usize]) -> f64 {
    contact.customers / rows.len() as f64
}

/// After every hundredth of the rows, highest scores first. Equal scores are contacted in any order: of a part of them as
/// many churn as of all.
fn contacts(scores: &[f64], churned: &[bool], ascending: &[usize]) -> Vec<Contact> {
    let rows = ascending.len() as f64;
    let mut points = Vec::with_capacity(STEPS + 1);
    let mut before = Contact { customers: 0.0, churners: 0.0 };
    for tie in ties(scores, ascending).rev() {
        let (size, tied_churners) = (tie.len() as f64, churners_among(tie, churned));
        while points.len() <= STEPS && points.len() as f64 * rows / STEPS as f64 <= before.customers + size {
            let customers = points.len() as f64 * rows / STEPS as f64;
            let share = (customers - before.customers) / size;
            points.push(Contact { customers, churners: before.churners + share * tied_churners });
        }
        before = Contact { customers: before.customers + size, churners: before.churners + tied_churners };
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Metrics;

    const CAMPAIGN: Campaign = Campaign::VERBRAKEN;

    /// Twenty customers with probabilities 0.05, 0.10, … 1.00, of whom the upper half and the lowest churn.
    fn twenty() -> (Vec<f64>, Vec<bool>) {
        (1..=20).map(|i| (f64::from(i) / 20.0, i == 1 || i > 10)).unzip()
    }

    #[test]
    fn curves_worked_out_by_hand() {
        let (probabilities, churned) = twenty();
        let curves = Curves::of(&probabilities, &churned, &CAMPAIGN);
        assert_eq!(curves.reliability.len(), 10);
        let lowest = curves.reliability[0];
        assert_eq!((lowest.customers, lowest.observed), (2, 0.5));
        assert!((lowest.stated - 0.075).abs() < 1e-12);

        assert_eq!(curves.gain.len(), 101);
        let gain = |percent: usize| curves.gain[percent];
        assert_eq!((gain(0).contacted, gain(0).reached), (0.0, 0.0));
        assert!((gain(50).reached - 10.0 / 11.0).abs() < 1e-12);
        assert!((gain(95).reached - 10.0 / 11.0).abs() < 1e-12);
        assert!((gain(100).contacted - 1.0).abs() < 1e-12 && (gain(100).reached - 1.0).abs() < 1e-12);

        let lift: Vec<f64> = curves.lift_by_tenth.iter().map(|lift| lift * 11.0 / 20.0).collect();
        for (lift, rate) in lift.iter().zip([1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.5]) {
            assert!((lift - rate).abs() < 1e-12, "{lift:?}");
        }
        assert_eq!(curves.lift_by_tenth[0], Metrics::of(&probabilities, &churned).lift_at_10.unwrap());

        // 56 for a churner, −11 for a stayer.
        let earned = |percent: usize| curves.profit[percent].per_customer * 20.0;
        for (percent, expected) in [(0, 0.0), (50, 560.0), (95, 560.0 - 99.0), (100, 560.0 - 99.0 + 56.0)] {
            assert!((earned(percent) - expected).abs() < 1e-9, "{percent}: {}", earned(percent));
        }
    }

    #[test]
    fn equal_scores_are_contacted_in_any_order() {
        let churned = [true, false, false, false];
        let curves = Curves::of(&[0.5; 4], &churned, &CAMPAIGN);
        for point in &curves.gain {
            assert!((point.reached - point.contacted).abs() < 1e-12);
        }
        assert_eq!(curves.gain.len(), 101);
    }

    #[test]
    fn the_best_point_is_the_maximum_profit() {
        let (probabilities, churned) = twenty();
        let curves = Curves::of(&probabilities, &churned, &CAMPAIGN);
        let best = curves.profit.iter().map(|point| point.per_customer).fold(0.0, f64::max);
        let maximum = super::super::profit::maximum(&probabilities, &churned, &CAMPAIGN, 0.3);
        assert!((best - maximum.per_customer).abs() < 1e-12);
    }

    #[test]
    fn nothing_gives_no_curves() {
        let none = Curves::of(&[], &[], &CAMPAIGN);
        assert!(none.reliability.is_empty() && none.gain.is_empty() && none.profit.is_empty());
        let one = Curves::of(&[0.5], &[false], &CAMPAIGN);
        assert_eq!(one.reliability, [ReliabilityBin { customers: 1, stated: 0.5, observed: 0.0 }]);
        assert!(one.gain.is_empty() && one.lift_by_tenth.is_empty());
        assert_eq!(one.profit.len(), 101);
    }
}
