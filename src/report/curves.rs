//! The four curves of a report, from numbers alone.

use crate::chart::{Axis, Colour, Figure, Marker, Panel, Series, Shape, Unit};

/// Points of one ranking.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Whose.
    pub name: String,
    /// The points, x ascending.
    pub points: Vec<(f64, f64)>,
}

/// A tenth of the customers, by the probability they were given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tenth {
    /// Their mean probability of leaving.
    pub predicted: f64,
    /// The share who left…
    pub observed: f64,
    /// …and its 95 % interval.
    pub interval: (f64, f64),
}

const COLOURS: [Colour; 3] = [Colour::Blue, Colour::Vermillion, Colour::Grey];

fn lines(lines: &[Line]) -> Vec<Series> {
    lines
        .iter()
        .zip(COLOURS)
        .map(|(line, colour)| Series {
            name: line.name.clone(),
            shape: if colour == Colour::Grey { Shape::Dashed } else { Shape::Line },
            colour,
            points: line.points.clone(),
        })
        .collect()
}

fn axis(label: &str, from: f64, to: f64, unit: Unit) -> Axis {
    Axis { label: label.to_owned(), from, to, unit }
}

fn figure(title: &str, description: String, panel: Panel) -> Figure {
    Figure { title: title.to_owned(), description, panels: vec![panel] }
}

/// Said against what happened, a dot for each tenth.
pub(super) fn reliability(tenths: &[Tenth]) -> Figure {
    let highest = tenths.iter().fold(0.0, |most: f64, tenth| most.max(tenth.predicted).max(tenth.interval.1));
    let lowest = tenths.iter().fold(highest, |least: f64, t| least.min(t.predicted).min(t.interval.0));
    // Round to tenths, so that both axes begin and end alike.
    let (from, to) = ((10.0 * lowest).floor() / 10.0, ((10.0 * highest).ceil() / 10.0).max(0.1));
    let ranges = tenths.iter().flat_map(|t| [(t.predicted, t.interval.0), (t.predicted, t.interval.1)]);
    let series = |name: &str, shape, colour, points| Series { name: name.to_owned(), shape, colour, points };
    let diagonal = vec![(from, from), (to, to)];
    let within = tenths.iter().filter(|t| t.interval.0 <= t.predicted && t.predicted <= t.interval.1).count();
    let panel = Panel {
        title: "Each dot is a tenth of the customers; on the dashed line, as many left as was said"
            .to_owned(),
        x: axis("said: mean probability of leaving", from, to, Unit::Percent),
        y: axis("happened: share who left", from, to, Unit::Percent),
        series: vec![
            series("as said", Shape::Dashed, Colour::Grey, diagonal),
            series("95 % interval", Shape::Ranges, Colour::Blue, ranges.collect()),
            series(
                "a tenth",
                Shape::Dots,
                Colour::Blue,
                tenths.iter().map(|t| (t.predicted, t.observed)).collect(),
            ),
        ],
        markers: Vec::new(),
    };
    let description = format!(
        "In {within} of {} tenths the probability said is within the interval of what happened",
        tenths.len()
    );
    figure("Do probabilities mean what they say?", description, panel)
}

/// The share of leavers found among the customers contacted first.
pub(super) fn gain(found: &[Line]) -> Figure {
    let fifth = found.first().and_then(|line| at(&line.points, 0.2));
    let mut series = vec![Series {
        name: "by chance".to_owned(),
        shape: Shape::Dashed,
        colour: Colour::Grey,
        points: vec![(0.0, 0.0), (1.0, 1.0)],
    }];
    series.extend(lines(found));
    let marker = fifth.map(|share| Marker {
        x: 0.2,
        y: share,
        label: format!("{:.0} % of leavers", 100.0 * share),
        colour: Colour::Blue,
    });
    let panel = Panel {
        title: "Of all who left, how many are among those contacted first".to_owned(),
        x: axis("customers contacted, most likely to leave first", 0.0, 1.0, Unit::Percent),
        y: axis("leavers among them", 0.0, 1.0, Unit::Percent),
        series,
        markers: marker.into_iter().collect(),
    };
    let description = fifth.map_or(String::new(), |share| {
        format!("Contacting the fifth most likely to leave reaches {:.0} % of those who leave", 100.0 * share)
    });
    figure("How many leavers does a list of a given length reach?", description, panel)
}

/// The lift of each tenth, the most likely to leave first.
pub(super) fn lift(tenths: &[f64]) -> Figure {
    let highest = tenths.iter().fold(1.0, |most: f64, &lift| most.max(lift));
    let mut points: Vec<(f64, f64)> = tenths.iter().enumerate().map(|(i, &lift)| (i as f64, lift)).collect();
    points.push((tenths.len() as f64, 0.0));
    let one = vec![(0.0, 1.0), (tenths.len() as f64, 1.0)];
    let bars = Series {
        name: "churn rate of the tenth".to_owned(),
        shape: Shape::Bars,
        colour: Colour::Blue,
        points,
    };
    let average = Series {
        name: "churn rate of all".to_owned(),
        shape: Shape::Dashed,
        colour: Colour::Grey,
        points: one,
    };
    let panel = Panel {
        title: "Churn rate of each tenth of the customers, as a multiple of everybody's".to_owned(),
        x: axis(
            "tenths of the customers, most likely to leave first",
            0.0,
            tenths.len() as f64,
            Unit::Number,
        ),
        y: axis("times the churn rate of all", 0.0, 1.1 * highest, Unit::Number),
        series: vec![bars, average],
        markers: Vec::new(),
    };
    let description = tenths.first().map_or(String::new(), |first| {
        format!("In the tenth most likely to leave, {first:.2} times as many leave as on average")
    });
    figure("Does the risk fall from tenth to tenth?", description, panel)
}

/// What contacting the customers most likely to leave earns, per customer of the population.
pub(super) fn profit(earned: &[Line]) -> Figure {
    let values = || earned.iter().flat_map(|line| &line.points).map(|point| point.1);
    let highest = values().fold(0.0, f64::max);
    let lowest = values().fold(0.0, f64::min);
    let room = 0.1 * (highest - lowest).max(1e-9);
    let best = earned.first().and_then(|line| {
        line.points.iter().copied().filter(|point| point.1.is_finite()).max_by(|a, b| a.1.total_cmp(&b.1))
    });
    let marker = best.map(|(contacted, earned)| Marker {
        x: contacted,
        y: earned,
        label: format!("{earned:.2}"),
        colour: Colour::Blue,
    });
    let mut series = vec![Series {
        name: "do nothing".to_owned(),
        shape: Shape::Dashed,
        colour: Colour::Grey,
        points: vec![(0.0, 0.0), (1.0, 0.0)],
    }];
    series.extend(lines(earned));
    let panel = Panel {
        title: "What a campaign earns, by how many are contacted".to_owned(),
        x: axis("customers contacted, most likely to leave first", 0.0, 1.0, Unit::Percent),
        y: axis(
            "money per customer of the population",
            lowest - if lowest < 0.0 { room } else { 0.0 },
            highest + room,
            Unit::Number,
        ),
        series,
        markers: marker.into_iter().collect(),
    };
    let description = best.map_or(String::new(), |(contacted, earned)| {
        format!(
            "The most, {earned:.2} per customer, is earned by contacting {:.0} % of them",
            100.0 * contacted
        )
    });
    figure("What does contacting them earn?", description, panel)
}

/// The value of a line at x, between its points.
fn at(points: &[(f64, f64)], x: f64) -> Option<f64> {
    let after = points.partition_point(|point| point.0 < x);
    let (&(right, high), before) = (points.get(after)?, after.checked_sub(1).and_then(|i| points.get(i)));
    let &(left, low) = before.unwrap_or(&(right, high));
    let share = if right > left { (x - left) / (right - left) } else { 1.0 };
    Some(low + share * (high - low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_between_its_points() {
        let points = [(0.0, 0.0), (0.1, 0.4), (0.3, 0.8), (1.0, 1.0)];
        assert!((at(&points, 0.2).unwrap() - 0.6).abs() < 1e-12);
        assert_eq!(at(&points, 0.0), Some(0.0));
        assert_eq!(at(&points, 1.5), None);
        assert_eq!(at(&[], 0.5), None);
    }

    #[test]
    fn curves_of_nothing_are_drawn() {
        let lines = [Line { name: "model".to_owned(), points: Vec::new() }];
        for figure in [reliability(&[]), gain(&lines), lift(&[]), profit(&lines), profit(&[])] {
            let svg = figure.to_svg();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{}", figure.title);
        }
    }
}
