//! The four curves of a report, from numbers alone.

use mainstay_models::language::Language;

use crate::chart::{Axis, Colour, Figure, Marker, Panel, Series, Shape, Unit};
use crate::readable::grouped;

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
        .map(|(line, colour)| {
            // What the first is compared with is told from it without colours, too.
            let shape = if colour == Colour::Blue { Shape::Line } else { Shape::Dashed };
            series(&line.name, shape, colour, line.points.clone())
        })
        .collect()
}

fn axis(label: &str, from: f64, to: f64, unit: Unit) -> Axis {
    Axis { label: label.to_owned(), from, to, unit }
}

fn figure(title: &str, description: String, panel: Panel) -> Figure {
    Figure { title: title.to_owned(), description, panels: vec![panel] }
}

/// What is drawn of one colour, under a name.
fn series(name: &str, shape: Shape, colour: Colour, points: Vec<(f64, f64)>) -> Series {
    Series { name: name.to_owned(), shape, colour, points }
}

/// Customers in the order of their risk, on an axis of shares.
fn contacted(language: Language) -> Axis {
    let label = language
        .either("customers contacted, most likely to leave first", "联系的客户比例（最可能流失的在前）");
    axis(label, 0.0, 1.0, Unit::Percent(language.percent_sign()))
}

/// Said against what happened, a dot for each tenth.
pub(super) fn reliability(tenths: &[Tenth], language: Language) -> Figure {
    let say = |english, chinese| language.either(english, chinese);
    let highest = tenths.iter().fold(0.0, |most: f64, tenth| most.max(tenth.predicted).max(tenth.interval.1));
    let lowest = tenths.iter().fold(highest, |least: f64, t| least.min(t.predicted).min(t.interval.0));
    // Round to tenths, so that both axes begin and end alike.
    let (from, to) = ((10.0 * lowest).floor() / 10.0, ((10.0 * highest).ceil() / 10.0).max(0.1));
    let ranges = tenths.iter().flat_map(|t| [(t.predicted, t.interval.0), (t.predicted, t.interval.1)]);
    let dots = tenths.iter().map(|t| (t.predicted, t.observed));
    let (within, all) = (
        tenths.iter().filter(|t| t.interval.0 <= t.predicted && t.predicted <= t.interval.1).count(),
        tenths.len(),
    );
    let panel = Panel {
        title: say(
            "Each dot is a tenth of the customers; on the dashed line, as many left as was said",
            "每个点是十分之一的客户；在虚线上，实际流失与预测一致",
        )
        .to_owned(),
        x: axis(
            say("said: mean probability of leaving", "预测：平均流失概率"),
            from,
            to,
            Unit::Percent(language.percent_sign()),
        ),
        y: axis(
            say("happened: share who left", "实际：流失比例"),
            from,
            to,
            Unit::Percent(language.percent_sign()),
        ),
        series: vec![
            series(say("as said", "与预测一致"), Shape::Dashed, Colour::Grey, vec![(from, from), (to, to)]),
            series(say("95 % interval", "95%置信区间"), Shape::Ranges, Colour::Blue, ranges.collect()),
            series(say("a tenth", "十分之一的客户"), Shape::Dots, Colour::Blue, dots.collect()),
        ],
        markers: Vec::new(),
    };
    let off = tenths.iter().map(|t| (t.observed - t.predicted).abs()).sum::<f64>() / all.max(1) as f64;
    let points = 100.0 * off;
    let description = language.either(
        format!(
            "On average over the tenths the probability said is off by {points:.1} points; in {within} of {all} that is within chance"
        ),
        format!("各组预测概率与实际流失率平均相差{points:.1}个百分点；{all}组中有{within}组的差别在偶然范围之内"),
    );
    figure(say("Do probabilities mean what they say?", "预测概率准不准？"), description, panel)
}

/// The share of leavers found among the customers contacted first.
pub(super) fn gain(found: &[Line], language: Language) -> Figure {
    let say = |english, chinese| language.either(english, chinese);
    let fifth = found.first().and_then(|line| at(&line.points, 0.2)).map(|share| (share, 100.0 * share));
    let chance =
        series(say("by chance", "随机联系"), Shape::Dashed, Colour::Grey, vec![(0.0, 0.0), (1.0, 1.0)]);
    let marker = fifth.map(|(share, percent)| Marker {
        x: 0.2,
        y: share,
        label: format!("{percent:.0}{}", language.percent_sign()),
        colour: Colour::Blue,
    });
    let panel = Panel {
        title: say(
            "Of all who left, how many are among those contacted first",
            "全部流失客户中，先联系的客户覆盖了多少",
        )
        .to_owned(),
        x: contacted(language),
        y: axis(
            say("leavers among them", "覆盖的流失客户比例"),
            0.0,
            1.0,
            Unit::Percent(language.percent_sign()),
        ),
        series: std::iter::once(chance).chain(lines(found)).collect(),
        markers: marker.into_iter().collect(),
    };
    let description = fifth.map_or(String::new(), |(_, percent)| {
        language.either(
            format!(
                "Contacting the fifth most likely to leave reaches {percent:.0} % of those who leave; a fifth by chance reaches 20 %"
            ),
            format!("联系最可能流失的五分之一客户，能覆盖{percent:.0}%的流失客户；随机联系五分之一的客户则为20%"),
        )
    });
    let title =
        say("How many leavers does a list of a given length reach?", "一定长度的名单能覆盖多少流失客户？");
    figure(title, description, panel)
}

/// The lift of each tenth, the most likely to leave first.
pub(super) fn lift(tenths: &[f64], language: Language) -> Figure {
    let say = |english, chinese| language.either(english, chinese);
    let highest = tenths.iter().fold(1.0, |most: f64, &lift| most.max(lift));
    let end = tenths.len() as f64;
    let mut points: Vec<(f64, f64)> = tenths.iter().enumerate().map(|(i, &lift)| (i as f64, lift)).collect();
    points.push((end, 0.0));
    let panel = Panel {
        title: say(
            "Churn rate of each tenth of the customers, as a multiple of everybody's",
            "每十分之一客户的流失率是全体流失率的多少倍",
        )
        .to_owned(),
        x: axis(
            say("tenths of the customers, most likely to leave first", "客户按流失风险从高到低分为十组"),
            0.0,
            end,
            Unit::Number,
        ),
        y: axis(say("times the churn rate of all", "全体流失率的倍数"), 0.0, 1.1 * highest, Unit::Number),
        series: vec![
            series(say("churn rate of the tenth", "该组流失率"), Shape::Bars, Colour::Blue, points),
            series(
                say("churn rate of all", "全体流失率"),
                Shape::Dashed,
                Colour::Grey,
                vec![(0.0, 1.0), (end, 1.0)],
            ),
        ],
        markers: Vec::new(),
    };
    let description = tenths.first().map_or(String::new(), |first| {
        language.either(
            format!("In the tenth most likely to leave, {first:.2} times as many leave as on average"),
            format!("最可能流失的十分之一客户，流失率是平均的{first:.2}倍"),
        )
    });
    figure(say("Does the risk fall from tenth to tenth?", "风险是否逐组递减？"), description, panel)
}

/// What contacting the customers most likely to leave earns, per customer of the population.
pub(super) fn profit(earned: &[Line], language: Language) -> Figure {
    let say = |english, chinese| language.either(english, chinese);
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
        label: grouped(&format!("{earned:.2}")),
        colour: Colour::Blue,
    });
    let nothing =
        series(say("do nothing", "不采取行动"), Shape::Dashed, Colour::Grey, vec![(0.0, 0.0), (1.0, 0.0)]);
    let panel = Panel {
        title: say("What a campaign earns, by how many are contacted", "联系不同比例的客户，活动能赚多少")
            .to_owned(),
        x: contacted(language),
        y: axis(
            say("money per customer of the population", "按全部客户平均，每位的收益"),
            lowest - if lowest < 0.0 { room } else { 0.0 },
            highest + room,
            Unit::Number,
        ),
        series: std::iter::once(nothing).chain(lines(earned)).collect(),
        markers: marker.into_iter().collect(),
    };
    let description = best.map_or(String::new(), |(contacted, earned)| {
        let share = 100.0 * contacted;
        language.either(
            format!("The most, {earned:.2} per customer, is earned by contacting {share:.0} % of them"),
            format!("联系{share:.0}%的客户时收益最高，平均每位客户{earned:.2}"),
        )
    });
    figure(say("What does contacting them earn?", "联系他们能赚多少？"), description, panel)
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
        let language = Language::English;
        let figures = [
            reliability(&[], language),
            gain(&lines, language),
            lift(&[], language),
            profit(&lines, language),
            profit(&[], language),
        ];
        for figure in figures {
            let svg = figure.to_svg();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{}", figure.title);
        }
    }
}
